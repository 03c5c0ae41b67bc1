//! Sending signals, as `kill(2)` allows it.

use crate::files::Fault;
use crate::kernel::{Proc, Signal, World};
use crate::live::tasks;

/// Sends a signal to a process, or to a group where the number is negative.
pub(crate) fn kill(p: &Proc, pid: i64, signal: Signal) -> Result<(), Fault> {
    let (uid, group) =
        (p.user.uid, p.world.with(|world| world.table.get(&p.pid).map_or(0, |e| e.group)));
    p.world.with(|world| {
        let number = u32::try_from(pid.unsigned_abs()).unwrap_or(u32::MAX);
        if pid == 0 || pid == -1 || pid < -1 {
            let targets: Vec<u32> = world
                .table
                .iter()
                .filter(|(known, entry)| match pid {
                    0 => entry.group == group,
                    -1 => **known != p.pid,
                    _ => entry.group == number,
                })
                .map(|(known, _)| *known)
                .collect();
            for target in &targets {
                world.signal(*target, signal);
            }
            return if targets.is_empty() { Err(Fault::NoProcess) } else { Ok(()) };
        }
        match world.table.get(&number) {
            Some(entry) if uid != 0 && entry.user.uid != uid => Err(Fault::NotPermitted),
            Some(_) => {
                world.signal(number, signal);
                Ok(())
            }
            None => others(world, number, uid, signal),
        }
    })
}

/// A process that is none of the session's own.
fn others(world: &mut World, pid: u32, uid: u32, signal: Signal) -> Result<(), Fault> {
    match tasks::one(world, pid) {
        None => Err(Fault::NoProcess),
        Some(task) if uid != 0 && task.uid != uid => Err(Fault::NotPermitted),
        Some(_) => {
            tasks::end(world, pid, signal);
            Ok(())
        }
    }
}

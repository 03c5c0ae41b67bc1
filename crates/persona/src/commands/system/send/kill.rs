//! `kill` and `killall`.
//!
//! **Invariant:** names of signals are the kernel's; a signal that there is not is refused before
//! anything is sent.

use super::super::{PROCPS, text, usage};
use crate::commands::{Program, kill as send};
use crate::files::Fault;
use crate::kernel::{Proc, Signal};
use crate::live::tasks;

const PSMISC: i64 = 1_674_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("kill", |p| Box::pin(kill(p)), 26_832, PROCPS),
    Program::new("skill", |p| Box::pin(kill(p)), 26_832, PROCPS),
    Program::new("killall", |p| Box::pin(killall(p)), 31_200, PSMISC),
];

async fn kill(p: &mut Proc) -> u32 {
    let name = p.name();
    let mut words = p.rest().into_iter().peekable();
    let mut signal = Signal::TERM;
    let mut queue = Vec::new();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-h" | b"--help" => {
                p.line(usage("kill"));
                return 0;
            }
            b"-V" | b"--version" => {
                p.line(format!("{name} from procps-ng 4.0.2"));
                return 0;
            }
            b"-l" | b"--list" => return list(p, words.next()),
            b"-L" | b"--table" => {
                p.print(table());
                return 0;
            }
            b"-s" | b"--signal" => {
                let value = words.next().unwrap_or_default();
                match Signal::parse(&value) {
                    Some(known) => signal = known,
                    None => return unknown(p, &value),
                }
            }
            b"-q" | b"--queue" => {
                words.next();
            }
            b"--" => queue.extend(words.by_ref()),
            word if word.starts_with(b"--signal=") => {
                let value = word.strip_prefix(b"--signal=").unwrap_or_default();
                match Signal::parse(value) {
                    Some(known) => signal = known,
                    None => return unknown(p, value),
                }
            }
            word if word.len() > 1 && word.starts_with(b"-") && queue.is_empty() => {
                let value = word.get(1..).unwrap_or_default();
                match Signal::parse(value) {
                    Some(known) => signal = known,
                    // A number that is no signal is a group, where it is not the first word.
                    None => return unknown(p, value),
                }
            }
            _ => queue.push(word),
        }
    }
    if queue.is_empty() {
        p.error(usage("kill"));
        return 1;
    }
    let mut status = 0;
    for word in queue {
        let Some(pid) = super::super::number::<i64>(&word) else {
            p.error(format!("{name}: failed to parse argument: '{}'", text(&word)));
            status = 1;
            continue;
        };
        if let Err(fault) = send(p, pid, signal) {
            p.error(format!("{name}: ({pid}): {}", fault.text()));
            status = 1;
        }
    }
    p.flush().await;
    p.pause().await;
    status
}

fn unknown(p: &mut Proc, value: &[u8]) -> u32 {
    let name = p.name();
    p.error(format!("{name}: unknown signal name {}", text(value)));
    1
}

fn list(p: &mut Proc, which: Option<Vec<u8>>) -> u32 {
    match which {
        None => {
            let names: Vec<String> = (1..32).map(|number| Signal(number).name()).collect();
            let mut line = String::new();
            for name in names {
                if line.len() + name.len() + 1 > 80 {
                    p.line(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&name);
            }
            p.line(line);
            0
        }
        Some(word) => match Signal::parse(&word) {
            Some(signal) if word.iter().all(u8::is_ascii_digit) => {
                p.line(Signal(signal.0 & 0x7f).name());
                0
            }
            Some(signal) => {
                p.line(signal.0.to_string());
                0
            }
            None => unknown(p, &word),
        },
    }
}

fn table() -> String {
    let mut text = String::new();
    for number in 1..32 {
        text.push_str(&format!("{number:2} {:<8}", Signal(number).name()));
        text.push(if number % 7 == 0 || number == 31 { '\n' } else { ' ' });
    }
    text
}

async fn killall(p: &mut Proc) -> u32 {
    let mut signal = Signal::TERM;
    let (mut quiet, mut verbose, mut exact, mut any_case, mut wait) = (false, false, false, false, false);
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut user: Option<Vec<u8>> = None;
    let mut words = p.rest().into_iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-l" | b"--list" => {
                let names: Vec<String> = (1..32).map(|number| Signal(number).name()).collect();
                p.line(names.join(" "));
                return 0;
            }
            b"-V" | b"--version" => {
                p.error("killall (PSmisc) 23.6");
                return 0;
            }
            b"-s" | b"--signal" => {
                let value = words.next().unwrap_or_default();
                match Signal::parse(&value) {
                    Some(known) => signal = known,
                    None => {
                        p.error(format!("{}: unknown signal; killall -l lists signals.", text(&value)));
                        return 1;
                    }
                }
            }
            b"-u" | b"--user" => user = words.next(),
            b"-q" | b"--quiet" => quiet = true,
            b"-v" | b"--verbose" => verbose = true,
            b"-e" | b"--exact" => exact = true,
            b"-I" | b"--ignore-case" => any_case = true,
            b"-w" | b"--wait" => wait = true,
            b"-i" | b"-g" | b"-r" | b"--interactive" | b"--process-group" | b"--regexp" => {}
            b"-o" | b"-y" | b"-n" | b"-Z" => {
                words.next();
            }
            b"--" => names.extend(words.by_ref()),
            word if word.len() > 1 && word.starts_with(b"-") => {
                let value = word.get(1..).unwrap_or_default();
                match Signal::parse(value) {
                    Some(known) => signal = known,
                    None => {
                        p.error(format!("{}: unknown signal; killall -l lists signals.", text(value)));
                        return 1;
                    }
                }
            }
            _ => names.push(word),
        }
    }
    if names.is_empty() && user.is_none() {
        p.error(usage("killall"));
        return 1;
    }
    let uid = match &user {
        None => None,
        Some(name) => match p.world.with(|world| crate::people::by_name(&world.files, name)) {
            Some(user) => Some(user.uid),
            None => {
                p.error(format!("Cannot find user {}", text(name)));
                return 1;
            }
        },
    };
    let all = p.world.with(|world| tasks::all(world));
    let own = p.pid;
    let mut status = 0;
    if names.is_empty() {
        names.push(Vec::new());
    }
    let mut hit = Vec::new();
    for name in names {
        let file = name.rsplit(|&b| b == b'/').next().unwrap_or(&name);
        let by_path = name.contains(&b'/');
        let matching = all.iter().filter(|task| {
            let same = |a: &[u8], b: &[u8]| if any_case { a.eq_ignore_ascii_case(b) } else { a == b };
            let called = task.args.first().map_or(&[][..], Vec::as_slice);
            let called = called.rsplit(|&b| b == b'/').next().unwrap_or(called);
            let named = name.is_empty()
                || (by_path && task.path == name)
                || (!by_path && (same(&task.name, file) || !exact && file.len() >= 15 && same(called, file)));
            named && task.pid != own && !task.is_kernel && uid.is_none_or(|uid| uid == task.uid)
        });
        let mut found = false;
        for task in matching {
            found = true;
            match send(p, i64::from(task.pid), signal) {
                Ok(()) => {
                    hit.push(task.pid);
                    if verbose {
                        p.error(format!("Killed {}({}) with signal {}", text(&task.name), task.pid, signal.0));
                    }
                }
                Err(fault) => {
                    p.error(format!("{}({}): {}", text(&task.name), task.pid, fault.text()));
                    status = u32::from(fault != Fault::NoProcess);
                }
            }
        }
        if !found {
            status = 1;
            if !quiet {
                p.error(format!("{}: no process found", text(&name)));
            }
        }
    }
    p.flush().await;
    p.pause().await;
    if wait {
        p.wait_for(|world| hit.iter().all(|pid| !world.table.contains_key(pid)).then_some(())).await;
    }
    status
}

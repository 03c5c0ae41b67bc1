//! `ps` of BusyBox.
//!
//! **Invariant:** shows the processes of [`crate::live::tasks`].

use super::usage;
use crate::kernel::Proc;
use crate::live::tasks::{self, Task};

pub(super) fn ps(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let mut words = rest.iter();
    let mut own = None;
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-o" => own = words.next().cloned(),
            word if word.starts_with(b"-o") => own = word.get(2..).map(<[u8]>::to_vec),
            b"-T" => {}
            // Others are taken for those of a bigger `ps`.
            b"-ef" | b"aux" | b"-aux" | b"ax" | b"-A" | b"-e" | b"-f" | b"-a" | b"-w" | b"w" => {}
            word if word.starts_with(b"-") => {
                let letter = char::from(word.get(1).copied().unwrap_or(b'-'));
                p.error(format!("ps: invalid option -- '{letter}'"));
                return usage(p, "ps", 1);
            }
            _ => {}
        }
    }
    let names = p.world.with(|world| crate::people::users(&world.files));
    let user = |uid: u32| {
        let found = names.iter().find(|user| user.uid == uid);
        found.map_or_else(|| uid.to_string(), |user| String::from_utf8_lossy(&user.name).into_owned())
    };
    let all = p.world.with(|world| tasks::all(world));
    if let Some(list) = own {
        let list = String::from_utf8_lossy(&list).into_owned();
        let columns: Vec<&str> = list.split(',').collect();
        let head: Vec<String> = columns.iter().map(|name| cell(name, &name.to_uppercase())).collect();
        p.line(head.join(" ").trim_end());
        for task in &all {
            let row: Vec<String> = columns.iter().map(|name| value(name, task, &user)).collect();
            p.line(row.join(" ").trim_end());
        }
        return 0;
    }
    p.line("PID   USER     TIME  COMMAND");
    for task in &all {
        let (user, time) = (user(task.uid), time(task));
        p.line(format!("{:>5} {user:<8.8} {time:>5} {}", task.pid, command(task)));
    }
    0
}

fn cell(name: &str, text: &str) -> String {
    match name {
        "pid" | "ppid" | "pgid" | "sid" => format!("{text:<5}"),
        "user" | "group" | "ruser" | "rgroup" => format!("{text:<8}"),
        "time" | "etime" => format!("{text:<5}"),
        _ => text.to_owned(),
    }
}

fn value(name: &str, task: &Task, user: &impl Fn(u32) -> String) -> String {
    match name {
        "pid" => format!("{:>5}", task.pid),
        "ppid" => format!("{:>5}", task.parent),
        "pgid" => format!("{:>5}", task.group),
        "sid" => format!("{:>5}", task.session),
        "user" | "ruser" => format!("{:<8}", user(task.uid)),
        "time" => format!("{:>5}", time(task)),
        "comm" => String::from_utf8_lossy(&task.name).into_owned(),
        "vsz" => format!("{}", task.size_kib),
        "rss" => format!("{}", task.resident_kib),
        "stat" => char::from(task.state).to_string(),
        "args" => command(task),
        _ => "?".to_owned(),
    }
}

fn time(task: &Task) -> String {
    let seconds = task.ticks / 100;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn command(task: &Task) -> String {
    if task.is_kernel || task.args.is_empty() {
        return format!("[{}]", String::from_utf8_lossy(&task.name));
    }
    String::from_utf8_lossy(&task.args.join(&b' ')).into_owned()
}

//! `pwdx`, `pmap`, `pstree`, `fuser`.
//!
//! **Invariant:** what they show of a process is what /proc shows of it.

use super::super::{PROCPS, number, procps, text, usage};
use crate::commands::{Flag, Options, Program};
use crate::kernel::Proc;
use crate::live::tasks::{self, Task};
use crate::live::{net, pid};
use std::collections::BTreeMap;

const PSMISC: i64 = 1_674_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("pwdx", |p| Box::pin(pwdx(p)), 14_656, PROCPS),
    Program::new("pmap", |p| Box::pin(pmap(p)), 35_224, PROCPS),
    Program::new("pstree", |p| Box::pin(pstree(p)), 35_320, PSMISC),
    Program::new("pstree.x11", |p| Box::pin(pstree(p)), 35_320, PSMISC),
    Program::new("fuser", |p| Box::pin(fuser(p)), 44_104, PSMISC),
];

fn find(p: &Proc, word: &[u8]) -> Option<Task> {
    let word = word.strip_prefix(b"/proc/").unwrap_or(word);
    let pid = number(word)?;
    p.world.with(|world| tasks::one(world, pid))
}

async fn pwdx(p: &mut Proc) -> u32 {
    let options = match procps(p, &[]) {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.rest.is_empty() {
        p.error(usage("pwdx"));
        return 1;
    }
    let mut status = 0;
    for word in options.rest {
        let digits = word.strip_prefix(b"/proc/").unwrap_or(&word);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            p.error(format!("pwdx: invalid process id: {}", text(&word)));
            return 1;
        }
        match find(p, &word) {
            Some(task) if p.user.uid == 0 || task.uid == p.user.uid => {
                let cwd = if task.cwd.is_empty() { b"/".to_vec() } else { task.cwd };
                p.line([word.as_slice(), b": ", &cwd].concat());
            }
            Some(_) => {
                p.error(format!("{}: Permission denied", text(&word)));
                status = 1;
            }
            None => {
                p.error(format!("{}: No such process", text(&word)));
                status = 1;
            }
        }
    }
    status
}

async fn pmap(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'x', "extended"),
        Flag::new(b'X', ""),
        Flag::new(b'd', "device"),
        Flag::new(b'q', "quiet"),
        Flag::new(b'p', "show-path"),
        Flag::with(b'A', "range"),
    ];
    let options = match procps(p, FLAGS) {
        Ok(options) => options,
        Err(status) => return status,
    };
    if options.rest.is_empty() {
        p.error(format!("pmap: argument missing\n{}", usage("pmap")));
        return 1;
    }
    let mut status = 0;
    for word in &options.rest {
        let Some(task) = find(p, word) else {
            status = 42;
            continue;
        };
        p.line([task.pid.to_string().as_bytes(), b":   ", &task.command()].concat());
        let regions = pid::regions(&task);
        let extended = options.has(b'x');
        if extended {
            p.line("Address           Kbytes     RSS   Dirty Mode  Mapping");
        }
        let mut total = 0;
        for (from, to, rights, _, _, name) in regions {
            let kib = (to - from) / 1_024;
            total += kib;
            let mode = format!("{}-", rights.replace('p', "-"));
            let mapping = match name.as_str() {
                "" | "[heap]" => "  [ anon ]".to_owned(),
                "[stack]" => "  [ stack ]".to_owned(),
                name if name.starts_with('[') => "  [ anon ]".to_owned(),
                name if options.has(b'p') => name.to_owned(),
                name => name.rsplit('/').next().unwrap_or(name).to_owned(),
            };
            let mapping = mapping.trim_start();
            if extended {
                let dirty = if rights.contains('w') { kib / 2 } else { 0 };
                p.line(format!("{from:016x} {kib:>7} {:>7} {dirty:>7} {mode} {mapping}", kib * 3 / 4));
            } else {
                let gap = if mapping.starts_with('[') { "  " } else { "" };
                p.line(format!("{from:016x} {kib:>6}K {mode} {gap}{mapping}"));
            }
        }
        if extended {
            p.line("---------------- ------- ------- ------- ");
            p.line(format!("total kB         {total:>7} {:>7} {:>7}", total * 3 / 4, total / 10));
        } else {
            p.line(format!(" total {total:>16}K"));
        }
    }
    status
}

async fn pstree(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'a', "arguments"),
        Flag::new(b'A', "ascii"),
        Flag::new(b'c', "compact-not"),
        Flag::new(b'g', "show-pgids"),
        Flag::new(b'h', "highlight-all"),
        Flag::with(b'H', "highlight-pid"),
        Flag::new(b'l', "long"),
        Flag::new(b'n', "numeric-sort"),
        Flag::new(b'p', "show-pids"),
        Flag::new(b's', "show-parents"),
        Flag::new(b'T', "hide-threads"),
        Flag::new(b't', "thread-names"),
        Flag::new(b'u', "uid-changes"),
        Flag::new(b'U', "unicode"),
        Flag::new(b'G', "vt100"),
        Flag::new(b'V', "version"),
    ];
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(usage("pstree"));
        return 1;
    };
    if options.has(b'V') {
        p.error("pstree (PSmisc) 23.6");
        return 0;
    }
    let all = p.world.with(|world| tasks::all(world));
    let root = match options.rest.first() {
        None => 1,
        Some(word) => match number::<u32>(word) {
            Some(pid) => pid,
            None => {
                let user = p.world.with(|world| crate::people::by_name(&world.files, word));
                let Some(user) = user else {
                    p.error(format!("No such user name: {}", text(word)));
                    return 1;
                };
                all.iter().find(|task| task.uid == user.uid).map_or(1, |task| task.pid)
            }
        },
    };
    let mut children: BTreeMap<u32, Vec<&Task>> = BTreeMap::new();
    for task in &all {
        children.entry(task.parent).or_default().push(task);
    }
    let Some(first) = all.iter().find(|task| task.pid == root) else { return 1 };
    let out = draw(first, &children, &options);
    p.print(out);
    0
}

/// A tree from left to right.
fn draw(first: &Task, children: &BTreeMap<u32, Vec<&Task>>, options: &Options) -> String {
    /// How deep, and how many lines.
    const DEEP: usize = 40;
    let label = |task: &Task| {
        let mut name = text(&task.name);
        if options.has(b'a') {
            let rest: Vec<String> = task.args.iter().skip(1).map(|arg| text(arg)).collect();
            name = if options.has(b'p') { format!("{name},{}", task.pid) } else { name };
            return if rest.is_empty() { name } else { format!("{name} {}", rest.join(" ")) };
        }
        if options.has(b'p') { format!("{name}({})", task.pid) } else { name }
    };
    let below = |task: &Task| {
        let mut list: Vec<(String, Option<&Task>, usize)> = Vec::new();
        let mut own: Vec<&&Task> = children.get(&task.pid).map(|own| own.iter().collect()).unwrap_or_default();
        if !options.has(b'n') {
            own.sort_by(|a, b| a.name.cmp(&b.name));
        }
        for child in own {
            let name = label(child);
            let leaf = !children.contains_key(&child.pid) && child.threads < 2;
            match list.last_mut() {
                Some((last, Some(before), count))
                    if *last == name && leaf && !options.has(b'c') && !children.contains_key(&before.pid) =>
                {
                    *count += 1;
                }
                _ => list.push((name, Some(child), 1)),
            }
        }
        if task.threads > 1 && !options.has(b'T') {
            let name = text(&task.name);
            list.push((format!("{{{name}}}"), None, task.threads as usize - 1));
        }
        list
    };
    let mut out = String::new();
    // The label, what stands before it on its line, the trunk of lines below, its task, its depth.
    let mut left: Vec<(String, String, String, Option<&Task>, usize)> =
        vec![(label(first), String::new(), String::new(), Some(first), 0)];
    let mut fresh = true;
    while let Some((name, before, trunk, task, depth)) = left.pop() {
        if options.has(b'a') {
            out.push_str(&format!("{before}{name}\n"));
        } else {
            if !fresh {
                out.push_str(&before);
            } else {
                out.push_str(before.rsplit('\n').next().map_or("", |_| ""));
            }
            out.push_str(&name);
        }
        let list = task.filter(|_| depth < DEEP).map(|task| below(task)).unwrap_or_default();
        if list.is_empty() {
            if !options.has(b'a') {
                out.push('\n');
            }
            fresh = false;
            continue;
        }
        let indent = " ".repeat(name.chars().count());
        let last = list.len() - 1;
        for (at, (child, task, count)) in list.into_iter().enumerate().rev() {
            let child = if count > 1 { format!("{count}*[{child}]") } else { child };
            if options.has(b'a') {
                let branch = if at == last { "  `-" } else { "  |-" };
                let next = if at == last { "    " } else { "  | " };
                left.push((child, format!("{trunk}{branch}"), format!("{trunk}{next}"), task, depth + 1));
                continue;
            }
            let (branch, next) = match (at == 0, at == last) {
                (true, true) => ("---", "   "),
                (true, false) => ("-+-", " | "),
                (false, true) => (" `-", "   "),
                (false, false) => (" |-", " | "),
            };
            let start = if at == 0 { branch.to_owned() } else { format!("{trunk}{indent}{branch}") };
            left.push((child, start, format!("{trunk}{indent}{next}"), task, depth + 1));
        }
        fresh = false;
    }
    out
}

async fn fuser(p: &mut Proc) -> u32 {
    let words = p.rest();
    let names: Vec<&Vec<u8>> = words.iter().filter(|word| !word.starts_with(b"-")).collect();
    if words.iter().any(|word| word == b"-V" || word == b"--version") {
        p.error("fuser (PSmisc) 23.6");
        return 0;
    }
    if names.is_empty() {
        p.error(format!("No process specification given\n{}", usage("fuser")));
        return 1;
    }
    let kills = words.iter().any(|word| word.starts_with(b"-") && !word.starts_with(b"--") && word.contains(&b'k'));
    let mut status = 1;
    for name in names {
        let word = text(name);
        let port = word.split_once('/').filter(|(_, kind)| matches!(*kind, "tcp" | "udp")).and_then(|(port, _)| port.parse::<u16>().ok());
        let found: Vec<u32> = match port {
            Some(port) => {
                let sockets = p.world.with(|world| net::sockets(world));
                let mut pids: Vec<u32> = sockets.iter().filter(|s| s.local.1 == port).map(|s| s.owner.1).collect();
                pids.sort_unstable();
                pids.dedup();
                pids
            }
            None => {
                let path = p.fs(|process| process.find(name, crate::files::Last::Follow)).ok();
                let there = path.as_ref().is_some_and(|path| p.fs(|process| process.stat_at(path)).is_ok());
                if !there {
                    p.error(format!("Specified filename {word} does not exist."));
                    continue;
                }
                let all = p.world.with(|world| tasks::all(world));
                all.iter().filter(|task| Some(&task.path) == path.as_ref() || Some(&task.cwd) == path.as_ref()).map(|task| task.pid).collect()
            }
        };
        if found.is_empty() {
            continue;
        }
        status = 0;
        p.put(2, format!("{:<21}", format!("{word}:")).as_bytes());
        for pid in &found {
            p.print(format!("{pid:>6}"));
            if kills {
                let _ = crate::commands::kill(p, i64::from(*pid), crate::kernel::Signal::KILL);
            }
        }
        p.put(2, b"\n");
    }
    status
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn processes_are_looked_up() {
        let mut bench = Bench::new();
        let cron = bench.run(&["pidof", "cron"], "").out;
        assert_eq!(bench.run(&["pgrep", "-x", "cron"], "").out, cron);
        assert_eq!(bench.run(&["pgrep", "-a", "-x", "cron"], "").out, format!("{} /usr/sbin/cron -f\n", cron.trim()));
        assert_eq!(bench.run(&["pgrep", "nosuch"], "").status, 1);
        assert_eq!(bench.run(&["pkill", "-9", "secure.sh"], ""), crate::testing::Done { status: 1, ..Default::default() });
        assert_eq!(bench.run(&["pgrep"], "").err, "pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n");
        assert_eq!(bench.run(&["pwdx", cron.trim()], "").out, format!("{}: /\n", cron.trim()));
        assert_eq!(bench.run(&["kill", "99999999"], "").err, "kill: (99999999): No such process\n");
        assert_eq!(bench.run(&["kill", "-l", "9"], "").out, "KILL\n");
        assert_eq!(bench.run(&["killall", "nosuch"], "").err, "nosuch: no process found\n");
        assert_eq!(bench.run(&["kill", "-9", cron.trim()], "").status, 0);
        assert_eq!(bench.run(&["pidof", "cron"], "").status, 1);
        assert_eq!(bench.run(&["cat", &format!("/proc/{}/comm", cron.trim())], "").status, 1);
        let tree = bench.run(&["pstree"], "").out;
        assert!(tree.starts_with("systemd-+-agetty\n        |-dbus-daemon\n"), "{tree}");
    }
}

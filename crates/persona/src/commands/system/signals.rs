//! `pgrep`, `pkill`, `pidof`, `killall`, `kill`.
//!
//! **Invariant:** what they find is what `ps` shows. What belongs to the machine takes no signal of
//! a session, unless it may: then it is as if its service started anew at once.

use crate::commands::{Flag, Options, Program, kill as send};
use crate::files::Fault;
use crate::kernel::{Proc, Signal};
use crate::live::tasks::{self, Task};
use crate::regex::{Case, Regex};

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("pgrep", |p| Box::pin(pgrep(p)), 35_248, super::PROCPS),
    Program::new("pkill", |p| Box::pin(pgrep(p)), 35_248, super::PROCPS),
    Program::new("pidof", |p| Box::pin(pidof(p)), 26_944, 1_680_503_122),
    Program::new("killall", |p| Box::pin(killall(p)), 32_720, 1_670_909_271),
    Program::new("kill", |p| Box::pin(kill(p)), 26_920, super::PROCPS),
];

const PGREP: &[Flag] = &[
    Flag::with(b'd', "delimiter"),
    Flag::new(b'l', "list-name"),
    Flag::new(b'a', "list-full"),
    Flag::new(b'v', "inverse"),
    Flag::new(b'c', "count"),
    Flag::new(b'f', "full"),
    Flag::with(b'g', "pgroup"),
    Flag::with(b'G', "group"),
    Flag::new(b'i', "ignore-case"),
    Flag::new(b'n', "newest"),
    Flag::new(b'o', "oldest"),
    Flag::with(b'P', "parent"),
    Flag::with(b's', "session"),
    Flag::with(b't', "terminal"),
    Flag::with(b'u', "euid"),
    Flag::with(b'U', "uid"),
    Flag::new(b'x', "exact"),
    Flag::new(b'e', "echo"),
    Flag::with(1, "signal"),
];

/// Whether it is a number, or the name of a user.
fn is_user(p: &Proc, list: &[u8], uid: u32) -> bool {
    list.split(|&b| b == b',').any(|name| {
        let known = p.world.with(|world| crate::people::by_name(&world.files, name));
        known.is_some_and(|user| user.uid == uid) || name == uid.to_string().as_bytes()
    })
}

fn is_number(list: &[u8], number: u32) -> bool {
    list.split(|&b| b == b',').any(|word| word == number.to_string().as_bytes())
}

async fn pgrep(p: &mut Proc) -> u32 {
    let name = p.name();
    let is_kill = name == "pkill";
    let mut signal = Signal::TERM;
    if is_kill {
        // `-9`, `-KILL`, `-SIGKILL`.
        let found = p.args.iter().skip(1).position(|word| {
            word.strip_prefix(b"-")
                .is_some_and(|rest| rest.len() > 1 || rest.first().is_some_and(u8::is_ascii_digit))
                && Signal::parse(word.get(1..).unwrap_or_default()).is_some()
        });
        if let Some(at) = found {
            let word = p.args.remove(at + 1);
            signal = Signal::parse(word.get(1..).unwrap_or_default()).unwrap_or(signal);
        }
    }
    let Some(options) = Options::read(p, PGREP, false) else {
        p.error(format!("\nUsage:\n {name} [options] <pattern>\n\nFor more details see pgrep(1)."));
        return 2;
    };
    if let Some(text) = options.value(1) {
        match Signal::parse(text) {
            Some(given) => signal = given,
            None => {
                let text = [name.as_bytes(), b": Unknown signal \"", text, b"\"."].concat();
                p.error(text);
                return 2;
            }
        }
    }
    let picks = b"gGPstuU".iter().any(|letter| options.has(*letter));
    if options.rest.len() > 1 {
        p.error(format!("{name}: only one pattern can be provided"));
        p.error(format!("Try `{name} --help' for more information."));
        return 2;
    }
    if options.rest.is_empty() && !picks {
        p.error(format!("{name}: no matching criteria specified"));
        p.error(format!("Try `{name} --help' for more information."));
        return 2;
    }
    let found = match matching(p, &options).await {
        Ok(found) => found,
        Err(status) => return status,
    };
    if is_kill { pkill(p, &options, &found, signal).await } else { listed(p, &options, &found) }
}

async fn matching(p: &mut Proc, options: &Options) -> Result<Vec<Task>, u32> {
    let text = options.rest.first().cloned().unwrap_or_default();
    let whole =
        if options.has(b'x') { [b"^(", text.as_slice(), b")$"].concat() } else { text.clone() };
    let Ok(regex) = regex(&whole, options.has(b'i')) else {
        let name = p.name();
        p.error(format!("{name}: regex error: Invalid regular expression"));
        return Err(2);
    };
    let all = p.world.with(|world| tasks::all(world));
    let mut found = Vec::new();
    for task in all {
        let subject = if options.has(b'f') && !task.args.is_empty() {
            task.args.join(&b' ')
        } else {
            task.name.clone()
        };
        p.tick(subject.len()).await;
        let is = regex.is_match(&subject)
            && options.value(b'u').is_none_or(|list| is_user(p, list, task.uid))
            && options.value(b'U').is_none_or(|list| is_user(p, list, task.uid))
            && options.value(b'P').is_none_or(|list| is_number(list, task.parent))
            && options.value(b'g').is_none_or(|list| is_number(list, task.group))
            && options.value(b's').is_none_or(|list| is_number(list, task.session))
            && options.value(b'G').is_none_or(|list| is_number(list, task.gid))
            && options
                .value(b't')
                .is_none_or(|list| task.tty.is_some_and(|tty| tty.as_bytes() == list));
        if is != options.has(b'v') && task.pid != p.pid {
            found.push(task);
        }
    }
    found.sort_by_key(|task| task.pid);
    if options.has(b'n') {
        found = found.into_iter().max_by_key(|task| (task.started, task.pid)).into_iter().collect();
    } else if options.has(b'o') {
        found = found.into_iter().min_by_key(|task| (task.started, task.pid)).into_iter().collect();
    }
    Ok(found)
}

fn regex(text: &[u8], fold: bool) -> Result<Regex, crate::regex::Error> {
    Regex::extended(text, if fold { Case::Fold } else { Case::Exact })
}

fn listed(p: &mut Proc, options: &Options, found: &[Task]) -> u32 {
    if options.has(b'c') {
        p.line(found.len().to_string());
        return u32::from(found.is_empty());
    }
    let rows: Vec<Vec<u8>> = found
        .iter()
        .map(|task| {
            let pid = task.pid.to_string().into_bytes();
            if options.has(b'a') {
                let args =
                    if task.args.is_empty() { task.name.clone() } else { task.args.join(&b' ') };
                [pid.as_slice(), b" ", &args].concat()
            } else if options.has(b'l') {
                [pid.as_slice(), b" ", &task.name].concat()
            } else {
                pid
            }
        })
        .collect();
    if !rows.is_empty() {
        p.line(rows.join(options.value(b'd').unwrap_or(b"\n")));
    }
    u32::from(rows.is_empty())
}

async fn pkill(p: &mut Proc, options: &Options, found: &[Task], signal: Signal) -> u32 {
    let mut status = 1;
    for task in found {
        match reach(p, task, signal) {
            Ok(()) => {
                status = 0;
                if options.has(b'e') {
                    p.line(
                        [
                            &task.name,
                            b" killed (pid ".as_slice(),
                            task.pid.to_string().as_bytes(),
                            b")",
                        ]
                        .concat(),
                    );
                }
            }
            Err(fault) => {
                p.error(format!("pkill: killing pid {} failed: {}", task.pid, fault.text()))
            }
        }
    }
    if options.has(b'c') {
        p.line(found.len().to_string());
    }
    p.flush().await;
    give_way(p).await;
    status
}

/// Lets those that were sent a signal have it: this process may be one of them.
async fn give_way(p: &Proc) {
    p.world.with(|world| world.progress());
    p.pause().await;
}

/// Sends a signal to what `ps` shows.
fn reach(p: &Proc, task: &Task, signal: Signal) -> Result<(), Fault> {
    if p.world.with(|world| world.table.contains_key(&task.pid)) {
        return send(p, i64::from(task.pid), signal);
    }
    if p.user.uid == 0 || p.user.uid == task.uid { Ok(()) } else { Err(Fault::NotPermitted) }
}

async fn pidof(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b's', "single-shot"),
        Flag::new(b'q', ""),
        Flag::new(b'c', ""),
        Flag::new(b'n', ""),
        Flag::new(b'z', ""),
        Flag::new(b'x', ""),
        Flag::with(b'o', ""),
        Flag::with(b'd', ""),
    ];
    let Some(options) = Options::read(p, &flags, false) else { return 1 };
    let all = p.world.with(|world| tasks::all(world));
    let mut pids = Vec::new();
    for name in &options.rest {
        for task in all.iter().rev().filter(|task| !task.is_kernel && task.pid != p.pid) {
            let first = task.args.first().map_or(&[][..], Vec::as_slice);
            let base = first.rsplit(|&b| b == b'/').next().unwrap_or(first);
            let is = *name == task.path || *name == first || *name == base || *name == task.name;
            let out = options.value(b'o').is_some_and(|list| is_number(list, task.pid));
            if is && !out && !pids.contains(&task.pid) {
                pids.push(task.pid);
            }
        }
    }
    if options.has(b's') {
        pids.truncate(1);
    }
    if pids.is_empty() {
        return 1;
    }
    if !options.has(b'q') {
        let words: Vec<String> = pids.iter().map(u32::to_string).collect();
        p.line(words.join(" "));
    }
    0
}

const KILLALL: &[Flag] = &[
    Flag::new(b'e', "exact"),
    Flag::new(b'I', "ignore-case"),
    Flag::new(b'g', "process-group"),
    Flag::with(b'y', "younger-than"),
    Flag::with(b'o', "older-than"),
    Flag::new(b'i', "interactive"),
    Flag::new(b'l', "list"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'r', "regexp"),
    Flag::with(b's', "signal"),
    Flag::with(b'u', "user"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'V', "version"),
    Flag::new(b'w', "wait"),
];

async fn killall(p: &mut Proc) -> u32 {
    let mut signal = Signal::TERM;
    if let Some(word) = p.args.get(1).cloned()
        && let Some(found) = word
            .strip_prefix(b"-")
            .filter(|rest| rest.len() > 1 || rest.first().is_some_and(u8::is_ascii_digit))
            .and_then(Signal::parse)
    {
        signal = found;
        p.args.remove(1);
    }
    let Some(options) = Options::read(p, KILLALL, false) else {
        p.error(KILLALL_USAGE);
        return 1;
    };
    if options.has(b'l') {
        let names: Vec<String> = (1..=31).map(|number| Signal(number).name()).collect();
        p.line(names.join(" "));
        return 0;
    }
    if let Some(text) = options.value(b's') {
        match Signal::parse(text) {
            Some(found) => signal = found,
            None => {
                let text = [text, b": unknown signal; killall -l lists signals."].concat();
                p.error(text);
                return 1;
            }
        }
    }
    if options.rest.is_empty() && !options.has(b'u') {
        p.error(KILLALL_USAGE);
        return 1;
    }
    let all = p.world.with(|world| tasks::all(world));
    let (mut status, own) = (0, p.pid);
    for name in &options.rest {
        let mut found = 0;
        let pattern = if options.has(b'r') { regex(name, options.has(b'I')).ok() } else { None };
        for task in all.iter().filter(|task| task.pid != own && !task.is_kernel) {
            let is = match &pattern {
                Some(regex) => regex.is_match(&task.name),
                None if options.has(b'I') => task.name.eq_ignore_ascii_case(name),
                None => {
                    task.name == name.get(..15).unwrap_or(name)
                        || (name.contains(&b'/') && task.path == *name)
                }
            };
            if !is || options.value(b'u').is_some_and(|list| !is_user(p, list, task.uid)) {
                continue;
            }
            match reach(p, task, signal) {
                Ok(()) => {
                    found += 1;
                    if options.has(b'v') {
                        p.error(format!(
                            "Killed {}({}) with signal {}",
                            String::from_utf8_lossy(&task.name),
                            task.pid,
                            signal.0
                        ));
                    }
                }
                Err(fault) => {
                    p.error(format!(
                        "{}({}): {}",
                        String::from_utf8_lossy(&task.name),
                        task.pid,
                        fault.text()
                    ));
                }
            }
        }
        if found == 0 {
            status = 1;
            if !options.has(b'q') {
                p.error([name.as_slice(), b": no process found"].concat());
            }
        }
        give_way(p).await;
    }
    status
}

const KILLALL_USAGE: &str = "Usage: killall [OPTION]... [--] NAME...\n       killall -l, --list\n       \
killall -V, --version\n\n  -e,--exact          require exact match for very long names\n  \
-I,--ignore-case    case insensitive process name match\n  -g,--process-group  kill process group instead of process\n  \
-y,--younger-than   kill processes younger than TIME\n  -o,--older-than     kill processes older than TIME\n  \
-i,--interactive    ask for confirmation before killing\n  -l,--list           list all known signal names\n  \
-q,--quiet          don't print complaints\n  -r,--regexp         interpret NAME as an extended regular expression\n  \
-s,--signal SIGNAL  send this signal instead of SIGTERM\n  -u,--user USER      kill only process(es) running as USER\n  \
-v,--verbose        report if the signal was successfully sent\n  -V,--version        display version information\n  \
-w,--wait           wait for processes to die\n  -n,--ns PID         match processes that belong to the same namespaces\n                      \
as PID or 0 for all namespaces\n";

async fn kill(p: &mut Proc) -> u32 {
    let mut signal = Signal::TERM;
    let mut targets = Vec::new();
    let mut words = p.rest().into_iter();
    while let Some(word) = words.next() {
        let value = match word.as_slice() {
            b"-l" | b"--list" | b"-L" => {
                match words.next() {
                    Some(word) => match Signal::parse(&word) {
                        Some(signal) if word.first().is_some_and(u8::is_ascii_digit) => {
                            p.line(signal.name())
                        }
                        Some(signal) => p.line(signal.0.to_string()),
                        None => return 1,
                    },
                    None => {
                        let names: Vec<String> =
                            (1..=31).map(|number| Signal(number).name()).collect();
                        p.line(names.join(" "));
                    }
                }
                return 0;
            }
            b"-s" | b"--signal" => words.next().unwrap_or_default(),
            b"--" => continue,
            [b'-', rest @ ..] if targets.is_empty() && !rest.is_empty() => rest.to_vec(),
            _ => {
                targets.push(word);
                continue;
            }
        };
        match Signal::parse(&value) {
            Some(found) => signal = found,
            None => {
                p.error([b"kill: invalid argument ", value.as_slice()].concat());
                return 1;
            }
        }
    }
    if targets.is_empty() {
        p.error("\nUsage:\n kill [options] <pid> [...]\n\nFor more details see kill(1).");
        return 1;
    }
    let mut status = 0;
    for target in targets {
        let number = std::str::from_utf8(&target).ok().and_then(|text| text.parse::<i64>().ok());
        let Some(number) = number else {
            p.error([b"kill: failed to parse argument: '", target.as_slice(), b"'"].concat());
            status = 1;
            continue;
        };
        let task =
            u32::try_from(number).ok().and_then(|pid| p.world.with(|world| tasks::one(world, pid)));
        let done = match task {
            Some(task) => reach(p, &task, signal),
            None => send(p, number, signal),
        };
        if let Err(fault) = done {
            p.error(format!("kill: ({number}): {}", fault.text()));
            status = 1;
        }
        give_way(p).await;
    }
    status
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn what_is_not_there_is_not_killed() {
        let mut bench = Bench::new();
        let done = bench.run(&["pkill", "-9", "xmrig"], "");
        assert_eq!((done.status, done.out.as_str(), done.err.as_str()), (1, "", ""));
        let done = bench.run(&["killall", "-9", "nosuch"], "");
        assert_eq!((done.status, done.err.as_str()), (1, "nosuch: no process found\n"));
        assert_eq!(
            bench.run(&["pgrep"], "").err,
            "pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n"
        );
        assert_eq!(bench.run(&["pgrep", "-x", "systemd"], "").out.lines().next(), Some("1"));
        assert_eq!(bench.run(&["pidof", "nosuch"], "").status, 1);
        assert_eq!(bench.run(&["kill", "999999"], "").err, "kill: (999999): No such process\n");
    }
}

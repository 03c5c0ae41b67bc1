//! `pgrep`, `pkill`, `pidwait` and `pidof`.
//!
//! **Invariant:** a process does not find itself.

use super::super::{PROCPS, number, text, usage};
use crate::commands::{Flag, Options, Program, kill as send};
use crate::kernel::{Proc, Signal};
use crate::live::tasks::{self, Task};
use crate::people;
use crate::regex::{Case, Regex};

const SYSVINIT: i64 = 1_675_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("pgrep", |p| Box::pin(pgrep(p)), 31_128, PROCPS),
    Program::new("pkill", |p| Box::pin(pgrep(p)), 31_128, PROCPS),
    Program::new("pidwait", |p| Box::pin(pgrep(p)), 31_128, PROCPS),
    Program::new("pidof", |p| Box::pin(pidof(p)), 27_008, SYSVINIT),
];

const FLAGS: &[Flag] = &[
    Flag::with(b'd', "delimiter"),
    Flag::new(b'l', "list-name"),
    Flag::new(b'a', "list-full"),
    Flag::new(b'v', "inverse"),
    Flag::new(b'w', "lightweight"),
    Flag::new(b'c', "count"),
    Flag::new(b'e', "echo"),
    Flag::with(b'q', "queue"),
    Flag::new(b'f', "full"),
    Flag::with(b'g', "pgroup"),
    Flag::with(b'G', "group"),
    Flag::new(b'i', "ignore-case"),
    Flag::new(b'n', "newest"),
    Flag::new(b'o', "oldest"),
    Flag::with(b'O', "older"),
    Flag::with(b'P', "parent"),
    Flag::with(b's', "session"),
    Flag::with(2, "signal"),
    Flag::with(b't', "terminal"),
    Flag::with(b'u', "euid"),
    Flag::with(b'U', "uid"),
    Flag::new(b'x', "exact"),
    Flag::with(b'F', "pidfile"),
    Flag::new(b'L', "logpidfile"),
    Flag::with(b'r', "runstates"),
    Flag::new(b'A', "ignore-ancestors"),
    Flag::with(3, "cgroup"),
    Flag::with(4, "ns"),
    Flag::with(5, "nslist"),
    Flag::new(b'h', "help"),
    Flag::new(b'V', "version"),
];

async fn pgrep(p: &mut Proc) -> u32 {
    let name = p.name();
    let kills = name == "pkill";
    let mut signal = Signal::TERM;
    if kills || name == "pidwait" {
        // `-9`, `-HUP`: the first word that is a signal is one.
        let at = p.args.iter().skip(1).position(|word| {
            word.len() > 1
                && word.starts_with(b"-")
                && word.get(1).is_some_and(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
                && Signal::parse(word.get(1..).unwrap_or_default()).is_some()
        });
        if let Some(at) = at {
            let word = p.args.remove(at + 1);
            signal = Signal::parse(word.get(1..).unwrap_or_default()).unwrap_or(signal);
        }
    }
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(usage(&name));
        return 2;
    };
    if options.has(b'h') {
        p.line(usage(&name));
        return 0;
    }
    if options.has(b'V') {
        p.line(format!("{name} from procps-ng 4.0.2"));
        return 0;
    }
    if let Some(word) = options.value(2) {
        match Signal::parse(word) {
            Some(known) => signal = known,
            None => {
                p.error(format!("{name}: Unknown signal \"{}\".", text(word)));
                return 2;
            }
        }
    }
    let criteria = options.given.iter().any(|(letter, _)| b"gGPstuUFrnoO\x03".contains(letter));
    if options.rest.len() > 1 {
        p.error(format!("{name}: only one pattern can be provided"));
        p.error(format!("Try `{name} --help' for more information."));
        return 2;
    }
    if options.rest.is_empty() && !criteria {
        p.error(format!("{name}: no matching criteria specified"));
        p.error(format!("Try `{name} --help' for more information."));
        return 2;
    }
    let pattern = options.rest.first().cloned();
    if let Some(pattern) = &pattern
        && pattern.len() > 15
        && !options.has(b'f')
    {
        p.error(format!(
            "{name}: pattern that searches for process name longer than 15 characters will result in zero matches\nTry `{name} -f' option to match against the complete command line."
        ));
    }
    let matching = match select(p, &options, pattern.as_deref()).await {
        Ok(matching) => matching,
        Err(status) => return status,
    };
    let found = !matching.is_empty();
    if kills || name == "pidwait" {
        let mut reached = 0;
        for task in &matching {
            let pid = task.pid;
            if !kills {
                continue;
            }
            match send(p, i64::from(pid), signal) {
                Ok(()) => {
                    reached += 1;
                    if options.has(b'e') {
                        p.line(format!("{} killed (pid {pid})", text(&task.name)));
                    }
                }
                Err(fault) => p.error(format!("{name}: killing pid {pid} failed: {}", fault.text())),
            }
        }
        if options.has(b'c') {
            p.line(matching.len().to_string());
        }
        p.flush().await;
        p.pause().await;
        if !kills {
            let pids: Vec<u32> = matching.iter().map(|task| task.pid).collect();
            p.wait_for(|world| pids.iter().all(|pid| !world.table.contains_key(pid)).then_some(())).await;
        }
        return u32::from(!found || kills && reached == 0);
    }
    if options.has(b'c') {
        p.line(matching.len().to_string());
        return u32::from(!found);
    }
    let between = options.value(b'd').unwrap_or(b"\n").to_vec();
    let rows: Vec<Vec<u8>> = matching
        .iter()
        .map(|task| {
            let pid = task.pid.to_string().into_bytes();
            if options.has(b'a') {
                let command = if task.args.is_empty() { task.name.clone() } else { task.args.join(&b' ') };
                [pid.as_slice(), b" ", &command].concat()
            } else if options.has(b'l') {
                [pid.as_slice(), b" ", &task.name].concat()
            } else {
                pid
            }
        })
        .collect();
    if found {
        p.line(rows.join(between.as_slice()));
    }
    u32::from(!found)
}

/// What the options and the pattern choose.
async fn select(p: &mut Proc, options: &Options, pattern: Option<&[u8]>) -> Result<Vec<Task>, u32> {
    let name = p.name();
    let case = if options.has(b'i') { Case::Fold } else { Case::Exact };
    let regex = match pattern {
        None => None,
        Some(pattern) => match Regex::extended(pattern, case) {
            Ok(regex) => Some(regex),
            Err(error) => {
                p.error(format!("{name}: {}", error.text()));
                return Err(2);
            }
        },
    };
    let all = p.world.with(|world| tasks::all(world));
    p.tick(all.len() * 30).await;
    let now = p.now().0;
    let list = |letter: u8| -> Option<Vec<Vec<u8>>> {
        let value = options.value(letter)?;
        Some(value.split(|&b| b == b',').map(<[u8]>::to_vec).collect())
    };
    let users = |letter: u8| -> Result<Option<Vec<u32>>, Vec<u8>> {
        let Some(words) = list(letter) else { return Ok(None) };
        let mut out = Vec::new();
        for word in words {
            let known = number::<u32>(&word)
                .or_else(|| p.world.with(|world| people::by_name(&world.files, &word)).map(|user| user.uid));
            out.push(known.ok_or(word)?);
        }
        Ok(Some(out))
    };
    let (euids, uids) = match (users(b'u'), users(b'U')) {
        (Ok(euids), Ok(uids)) => (euids, uids),
        (Err(word), _) | (_, Err(word)) => {
            p.error(format!("{name}: invalid user name: {}", text(&word)));
            p.error(usage(&name));
            return Err(2);
        }
    };
    let numbers = |letter: u8| list(letter).map(|words| words.iter().filter_map(|word| number::<u32>(word)).collect::<Vec<_>>());
    let (parents, groups, sessions) = (numbers(b'P'), numbers(b'g'), numbers(b's'));
    let states = options.value(b'r').map(<[u8]>::to_vec);
    let older = options.value(b'O').and_then(number::<i64>);
    let terminals = list(b't');
    let pids = match options.value(b'F').map(<[u8]>::to_vec) {
        None => None,
        Some(file) => {
            let text = p.content(&file).await.unwrap_or_default();
            let pid = number::<u32>(text.trim_ascii());
            if pid.is_none() {
                p.error(format!("{name}: pidfile not valid"));
                p.error(format!("Try `{name} --help' for more information."));
                return Err(2);
            }
            pid
        }
    };
    let own = p.pid;
    let mut matching: Vec<Task> = all
        .into_iter()
        .filter(|task| {
            let is = |list: &Option<Vec<u32>>, value: u32| list.as_ref().is_none_or(|list| list.contains(&value));
            let by_option = is(&euids, task.uid)
                && is(&uids, task.uid)
                && is(&parents, task.parent)
                && is(&groups, task.group)
                && is(&sessions, task.session)
                && states.as_ref().is_none_or(|states| states.contains(&task.state))
                && older.is_none_or(|older| now - task.started >= older * 1_000_000_000)
                && pids.is_none_or(|pid| pid == task.pid)
                && terminals.as_ref().is_none_or(|names| {
                    names.iter().any(|name| task.tty.map(str::as_bytes) == Some(name.strip_prefix(b"/dev/").unwrap_or(name)))
                });
            let subject = if options.has(b'f') && !task.args.is_empty() { task.args.join(&b' ') } else { task.name.get(..15).unwrap_or(&task.name).to_vec() };
            let by_name = match &regex {
                None => true,
                Some(_) if options.has(b'x') => {
                    // The whole name.
                    regex.as_ref().and_then(|regex| regex.find_at(&subject, 0)) == Some((0, subject.len()))
                }
                Some(regex) => regex.is_match(&subject),
            };
            let chosen = by_option && by_name;
            task.pid != own && chosen != options.has(b'v')
        })
        .collect();
    matching.sort_by_key(|task| task.pid);
    if options.has(b'n') || options.has(b'o') {
        matching.sort_by_key(|task| (task.started, task.pid));
        let one = if options.has(b'n') { matching.pop() } else { matching.into_iter().next() };
        matching = one.into_iter().collect();
    }
    Ok(matching)
}

async fn pidof(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'c', ""),
        Flag::with(b'd', ""),
        Flag::new(b'h', ""),
        Flag::new(b'n', ""),
        Flag::with(b'o', ""),
        Flag::new(b'q', ""),
        Flag::new(b's', ""),
        Flag::new(b'x', ""),
        Flag::new(b'z', ""),
    ];
    let Some(options) = Options::read(p, FLAGS, false) else { return 1 };
    if options.has(b'h') {
        p.line("pidof usage: [options] <program-name>\n\n -c           Return PIDs with the same root directory\n -d <sep>     Use the provided character as output separator\n -h           Display this help text\n -n           Avoid using stat system function on network shares\n -o <pid>     Omit results with a given PID\n -q           Quiet mode. Do not display output\n -s           Only return one PID\n -x           Return PIDs of shells running scripts with a matching name\n -z           Try to detect zombie processes\n");
        return 0;
    }
    let omitted: Vec<u32> = options
        .given
        .iter()
        .filter(|(letter, _)| *letter == b'o')
        .filter_map(|(_, value)| number(value.as_deref()?))
        .collect();
    let all = p.world.with(|world| tasks::all(world));
    let own = p.pid;
    let mut found = Vec::new();
    for name in &options.rest {
        let file = name.rsplit(|&b| b == b'/').next().unwrap_or(name);
        let by_path = name.contains(&b'/');
        for task in all.iter().rev() {
            let base = |path: &[u8]| path.rsplit(|&b| b == b'/').next().unwrap_or_default().to_vec();
            let called = task.args.first().map(|word| base(word)).unwrap_or_default();
            let script = task.args.get(1).map(|word| base(word)).unwrap_or_default();
            let is = if by_path {
                task.path == *name || task.args.first() == Some(name)
            } else {
                base(&task.path) == file
                    || called == file
                    || called.strip_prefix(b"-") == Some(file)
                    || task.is_kernel && task.name == file
                    || options.has(b'x') && script == file
            };
            if is && task.pid != own && !omitted.contains(&task.pid) && !found.contains(&task.pid) {
                found.push(task.pid);
            }
        }
    }
    if options.has(b's') {
        found.truncate(1);
    }
    if found.is_empty() {
        return 1;
    }
    if !options.has(b'q') {
        let between = options.value(b'd').map_or(" ".to_owned(), text);
        let words: Vec<String> = found.iter().map(u32::to_string).collect();
        p.line(words.join(&between));
    }
    0
}

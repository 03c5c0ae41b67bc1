//! Programs that run others: `env`, `nice`, `nohup`, `timeout`, `run-parts`; and `which`, `printenv`.
//!
//! **Invariant:** what they run is found as `execvp` finds it; 127 is what is not there, 126 what
//! cannot be run.

use crate::commands::{
    Flag, NoExec, Options, Program, basic_duration, exec, find, look, quote, run,
};
use crate::files::Fault;
use crate::kernel::{Ended, Job, Proc, Signal};
use crate::process::{Direction, Opening};
use decnet_core::event::Timestamp;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("env", |p| Box::pin(env(p)), 48_536, super::COREUTILS),
    Program::new("nice", |p| Box::pin(nice(p)), 43_888, super::COREUTILS),
    Program::new("nohup", |p| Box::pin(nohup(p)), 43_920, super::COREUTILS),
    Program::new("printenv", |p| Box::pin(printenv(p)), 35_664, super::COREUTILS),
    Program::new("run-parts", |p| Box::pin(run_parts(p)), 27_560, 1_690_587_995),
    Program::new("setsid", |p| Box::pin(setsid(p)), 14_720, super::UTIL_LINUX),
    Program::new("timeout", |p| Box::pin(timeout(p)), 48_632, super::COREUTILS),
    Program::new("which", |p| Box::pin(which(p)), 946, 1_690_587_995),
];

const PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin";

/// The process becomes that program.
async fn become_program(p: &mut Proc, args: Vec<Vec<u8>>) -> Result<u32, Fault> {
    p.flush().await;
    let name = args.first().cloned().unwrap_or_default();
    let path = p.var("PATH").unwrap_or(PATH).to_vec();
    let file = find(p, &name, &path).map_err(|why| match why {
        NoExec::Unknown => Fault::Missing,
        NoExec::Fault(fault) => fault,
    })?;
    p.args = args;
    match exec(p, &file).await {
        Err(Fault::NoExec) => {
            let rest = p.rest();
            p.args = vec![b"/bin/sh".to_vec(), file];
            p.args.extend(rest);
            exec(p, b"/bin/sh").await
        }
        done => done,
    }
}

/// As [`become_program`], with the complaint of the one that runs it.
async fn run_or_complain(p: &mut Proc, args: Vec<Vec<u8>>, words: &str) -> u32 {
    let called = p.args.clone();
    let what = args.first().cloned().unwrap_or_default();
    match become_program(p, args).await {
        Ok(status) => status,
        Err(fault) => {
            p.args = called;
            let (name, quoted) = (p.name(), quote(p, &what));
            p.error(
                [name.as_bytes(), b": ", words.as_bytes(), &quoted, b": ", fault.text().as_bytes()]
                    .concat(),
            );
            if fault == Fault::Missing { 127 } else { 126 }
        }
    }
}

const ENV: &[Flag] = &[
    Flag::new(b'i', "ignore-environment"),
    Flag::new(b'0', "null"),
    Flag::with(b'u', "unset"),
    Flag::with(b'C', "chdir"),
    Flag::with(b'S', "split-string"),
    Flag::new(b'v', "debug"),
];

async fn env(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, ENV, true) else {
        p.try_help();
        return 125;
    };
    let mut rest = options.rest.clone();
    if let Some(text) = options.value(b'S') {
        let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        rest = words.map(<[u8]>::to_vec).chain(rest).collect();
    }
    if options.has(b'i') || rest.first().is_some_and(|word| word == b"-") {
        p.env.clear();
        rest.retain(|word| word != b"-");
    }
    for (letter, value) in &options.given {
        if let (b'u', Some(name)) = (letter, value) {
            p.env.remove(name);
        }
    }
    let set = rest.iter().take_while(|word| word.contains(&b'=')).count();
    for word in rest.drain(..set) {
        let at = word.iter().position(|&b| b == b'=').unwrap_or(0);
        let value = word.get(at + 1..).unwrap_or_default().to_vec();
        p.env.insert(word.get(..at).unwrap_or_default().to_vec(), value);
    }
    if let Some(folder) = options.value(b'C') {
        match p.fs(|process| process.realpath(folder)) {
            Ok(path) if p.is_folder(&path) => p.cwd = if path == b"/" { Vec::new() } else { path },
            Ok(_) => return no_folder(p, folder, Fault::NotFolder),
            Err(fault) => return no_folder(p, folder, fault),
        }
    }
    if !rest.is_empty() {
        return run_or_complain(p, rest, "").await;
    }
    let end: &[u8] = if options.has(b'0') { b"\0" } else { b"\n" };
    for (name, value) in p.env.clone() {
        p.print([name.as_slice(), b"=", &value, end].concat());
    }
    0
}

fn no_folder(p: &mut Proc, folder: &[u8], fault: Fault) -> u32 {
    let folder = quote(p, folder);
    let text =
        [b"env: cannot change directory to ", folder.as_slice(), b": ", fault.text().as_bytes()];
    p.error(text.concat());
    125
}

async fn printenv(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, &[Flag::new(b'0', "null")], true) else {
        p.try_help();
        return 2;
    };
    let end: &[u8] = if options.has(b'0') { b"\0" } else { b"\n" };
    if options.rest.is_empty() {
        for (name, value) in p.env.clone() {
            p.print([name.as_slice(), b"=", &value, end].concat());
        }
        return 0;
    }
    let mut status = 0;
    for name in &options.rest {
        match p.env.get(name).cloned() {
            Some(value) => p.print([&value, end].concat()),
            None => status = 1,
        }
    }
    status
}

async fn nice(p: &mut Proc) -> u32 {
    let mut args = p.rest();
    let mut by = 10;
    let mut given = false;
    while let Some(word) = args.first().cloned() {
        let text = String::from_utf8_lossy(&word).into_owned();
        let value = if text == "-n" || text == "--adjustment" {
            args.remove(0);
            if args.is_empty() {
                p.error("nice: option requires an argument -- 'n'");
                p.try_help();
                return 125;
            }
            String::from_utf8_lossy(&args.remove(0)).into_owned()
        } else if let Some(value) =
            text.strip_prefix("-n").or_else(|| text.strip_prefix("--adjustment="))
        {
            let value = value.to_owned();
            args.remove(0);
            value
        } else if let Some(value) = text
            .strip_prefix('-')
            .filter(|rest| rest.trim_start_matches(['-', '+']).parse::<i32>().is_ok())
        {
            let value = value.to_owned();
            args.remove(0);
            value
        } else {
            if text == "--" {
                args.remove(0);
            }
            break;
        };
        match value.parse::<i32>() {
            Ok(number) => (by, given) = (number, true),
            Err(_) => {
                let text =
                    [b"nice: invalid adjustment ", quote(p, value.as_bytes()).as_slice()].concat();
                p.error(text);
                return 125;
            }
        }
    }
    let now = p.world.with(|world| world.table.get(&p.pid).map_or(0, |entry| entry.nice));
    if args.is_empty() {
        if given {
            p.error("nice: a command must be given with an adjustment");
            p.try_help();
            return 125;
        }
        p.line(now.to_string());
        return 0;
    }
    let wanted = now.saturating_add(by).clamp(-20, 19);
    if wanted < now && p.user.uid != 0 {
        p.error("nice: cannot set niceness: Permission denied");
    } else {
        p.world.with(|world| {
            if let Some(entry) = world.table.get_mut(&p.pid) {
                entry.nice = wanted;
            }
        });
    }
    run_or_complain(p, args, "").await
}

async fn nohup(p: &mut Proc) -> u32 {
    let args = p.rest();
    let args = args.strip_prefix(&[b"--".to_vec()][..]).unwrap_or(&args).to_vec();
    if args.is_empty() {
        p.error("nohup: missing operand");
        p.try_help();
        return 125;
    }
    let (input, output, errors) = (p.is_terminal(0), p.is_terminal(1), p.is_terminal(2));
    if input && let Ok(null) = p.open(b"/dev/null", Direction::Write, Opening::default(), false) {
        p.fds.insert(0, null);
    }
    if output {
        let home = [p.var("HOME").unwrap_or(b"/root"), b"/nohup.out"].concat();
        let opening = Opening { create: Some(0o600), ..Opening::default() };
        let places = [b"nohup.out".to_vec(), home];
        let opened = places
            .iter()
            .find_map(|path| Some((path, p.open(path, Direction::Write, opening, true).ok()?)));
        let Some((path, open)) = opened else {
            p.error("nohup: failed to open 'nohup.out': Permission denied");
            return 125;
        };
        p.fds.insert(1, open);
        let begin = if input { "ignoring input and appending" } else { "appending" };
        let text = [b"nohup: ", begin.as_bytes(), b" output to ", &quote(p, path)].concat();
        p.error(text);
    } else if input {
        p.error(if errors {
            "nohup: ignoring input and redirecting stderr to stdout"
        } else {
            "nohup: ignoring input"
        });
    }
    p.flush().await;
    if errors && let Some(out) = p.fds.get(&1).cloned() {
        p.fds.insert(2, out);
    }
    p.world.with(|world| {
        if let Some(entry) = world.table.get_mut(&p.pid) {
            entry.ignored |= Signal::HUP.bit();
        }
    });
    run_or_complain(p, args, "failed to run command ").await
}

async fn setsid(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(
        p,
        &[Flag::new(b'c', "ctty"), Flag::new(b'f', "fork"), Flag::new(b'w', "wait")],
        true,
    ) else {
        p.try_help();
        return 1;
    };
    if options.rest.is_empty() {
        p.error("setsid: no command specified");
        p.try_help();
        return 1;
    }
    p.world.with(|world| {
        if let Some(entry) = world.table.get_mut(&p.pid) {
            (entry.group, entry.session) = (p.pid, p.pid);
        }
    });
    let what = options.rest.first().cloned().unwrap_or_default();
    match become_program(p, options.rest).await {
        Ok(status) => status,
        Err(fault) => {
            p.error(
                [b"setsid: failed to execute ", what.as_slice(), b": ", fault.text().as_bytes()]
                    .concat(),
            );
            if fault == Fault::Missing { 127 } else { 126 }
        }
    }
}

const TIMEOUT: &[Flag] = &[
    Flag::with(b's', "signal"),
    Flag::with(b'k', "kill-after"),
    Flag::new(b'f', "foreground"),
    Flag::new(b'p', "preserve-status"),
    Flag::new(b'v', "verbose"),
];

async fn timeout(p: &mut Proc) -> u32 {
    let Some(mut options) = Options::read(p, TIMEOUT, true) else {
        p.try_help();
        return 125;
    };
    if options.rest.len() < 2 {
        p.try_help();
        return 125;
    }
    let limit = options.rest.remove(0);
    let after = options.value(b'k').map(<[u8]>::to_vec);
    for text in std::iter::once(&limit).chain(&after) {
        if basic_duration(text).is_none() {
            let text = [b"timeout: invalid time interval ", quote(p, text).as_slice()].concat();
            p.error(text);
            p.try_help();
            return 125;
        }
    }
    let signal = match options.value(b's').map(Signal::parse) {
        None => Signal::TERM,
        Some(Some(signal)) => signal,
        Some(None) => {
            let value = options.value(b's').unwrap_or_default().to_vec();
            let text = [quote(p, &value).as_slice(), b": invalid signal"].concat();
            p.error([b"timeout: ", text.as_slice()].concat());
            p.try_help();
            return 125;
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
    let ns = |text: &[u8]| (basic_duration(text).unwrap_or(0.0) * 1e9) as i64;
    let child = match start(p, std::mem::take(&mut options.rest)).await {
        Ok(child) => child,
        Err(status) => return status,
    };
    if ns(&limit) == 0 {
        return p.wait(child).await.status();
    }
    let until = Timestamp(p.now().0.saturating_add(ns(&limit)));
    if let Some(ended) = p.wait_until(child, until).await {
        return ended.status();
    }
    if options.has(b'v') {
        p.error(format!("timeout: sending signal {} to command", signal.name()));
    }
    p.signal(child, signal).await;
    p.signal(child, Signal::CONT).await;
    let ended = match after {
        Some(after) => {
            let until = Timestamp(p.now().0.saturating_add(ns(&after)));
            match p.wait_until(child, until).await {
                Some(ended) => ended,
                None => {
                    p.signal(child, Signal::KILL).await;
                    p.wait(child).await
                }
            }
        }
        None => p.wait(child).await,
    };
    match ended {
        Ended::Signal(Signal::KILL) => 137,
        Ended::Exit(_) | Ended::Signal(_) if options.has(b'p') => ended.status(),
        Ended::Exit(_) | Ended::Signal(_) => 124,
    }
}

/// Starts a command as a child, or says why not.
async fn start(p: &mut Proc, args: Vec<Vec<u8>>) -> Result<u32, u32> {
    p.flush().await;
    let what = args.first().cloned().unwrap_or_default();
    let path = p.var("PATH").unwrap_or(PATH).to_vec();
    let file = find(p, &what, &path).map_err(|_| Fault::Missing);
    let file = file.and_then(|file| look(p, &file).map(|_| file));
    let fault = match file.and_then(|_| p.fork()) {
        Ok(mut child) => {
            let pid = child.pid;
            let job: Job<'static> = Box::pin(async move {
                let status = become_program(&mut child, args).await.unwrap_or(126);
                child.flush().await;
                status
            });
            p.world.with(|world| world.start(pid, job));
            return Ok(pid);
        }
        Err(fault) => fault,
    };
    let name = p.name();
    p.error(
        [
            name.as_bytes(),
            b": failed to run command ",
            &quote(p, &what),
            b": ",
            fault.text().as_bytes(),
        ]
        .concat(),
    );
    Err(if fault == Fault::Missing { 127 } else { 126 })
}

async fn which(p: &mut Proc) -> u32 {
    let mut all = false;
    let mut names = Vec::new();
    for word in p.rest() {
        match word.as_slice() {
            b"-a" => all = true,
            [b'-', letter, ..] if names.is_empty() => {
                let called =
                    String::from_utf8_lossy(p.args.first().map_or(&b""[..], Vec::as_slice))
                        .into_owned();
                let called =
                    if called.contains('/') { called } else { format!("/usr/bin/{called}") };
                p.line(format!("Illegal option -{}", char::from(*letter)));
                p.line(format!("Usage: {called} [-a] args"));
                return 2;
            }
            _ => names.push(word),
        }
    }
    let mut status = u32::from(names.is_empty());
    let path = p.var("PATH").unwrap_or(b"").to_vec();
    for name in names {
        let mut found = false;
        let files: Vec<Vec<u8>> = if name.contains(&b'/') {
            vec![name.clone()]
        } else {
            path.split(|&b| b == b':').map(|folder| [folder, b"/", &name].concat()).collect()
        };
        for file in files {
            if (found && !all) || look(p, &file).is_err() {
                continue;
            }
            found = true;
            p.line(file);
        }
        status |= u32::from(!found);
    }
    status
}

const RUN_PARTS: &[Flag] = &[
    Flag::new(b't', "test"),
    Flag::new(b'l', "list"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'r', "report"),
    Flag::new(b'e', "exit-on-error"),
    Flag::with(b'a', "arg"),
    Flag::with(b'u', "umask"),
    Flag::new(b's', "lsbsysinit"),
    Flag::with(b'x', "regex"),
];

async fn run_parts(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, RUN_PARTS, false) else {
        p.error("Try 'run-parts --help' for more information.");
        return 1;
    };
    let Some(folder) = options.rest.first() else {
        p.error("run-parts: missing operand");
        p.error("Try 'run-parts --help' for more information.");
        return 1;
    };
    let mut names = match p.fs(|process| process.list(folder)) {
        Ok((_, names)) => names,
        Err(fault) => {
            let text = [
                b"run-parts: failed to open directory ",
                folder.as_slice(),
                b": ",
                fault.text().as_bytes(),
            ];
            p.error(text.concat());
            return 1;
        }
    };
    names.retain(|name| name.iter().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)));
    names.sort();
    let mut status = 0;
    for name in names {
        let path = [folder.strip_suffix(b"/").unwrap_or(folder), b"/", &name].concat();
        let runs = look(p, &path).is_ok();
        if options.has(b'l') || (options.has(b't') && runs) {
            p.line(&path);
        } else if runs {
            if options.has(b'v') {
                p.error([b"run-parts: executing ", path.as_slice()].concat());
            }
            let mut args = vec![path.clone()];
            args.extend(
                options.given.iter().filter(|(l, _)| *l == b'a').filter_map(|(_, v)| v.clone()),
            );
            let ended = run(p, args).await.map_or(126, Ended::status);
            if ended != 0 {
                p.error(
                    [
                        b"run-parts: ",
                        path.as_slice(),
                        b" exited with return code ",
                        ended.to_string().as_bytes(),
                    ]
                    .concat(),
                );
                status = 1;
                if options.has(b'e') {
                    return ended;
                }
            }
        }
        p.flush_some().await;
    }
    status
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn programs_run_others() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["env", "-i", "A=1", "printenv", "A"], "").out, "1\n");
        assert_eq!(bench.run(&["env", "-i", "A=1", "B=2"], "").out, "A=1\nB=2\n");
        let done = bench.run(&["env", "nosuch"], "");
        assert_eq!(
            (done.err.as_str(), done.status),
            ("env: 'nosuch': No such file or directory\n", 127)
        );
        assert_eq!(bench.run(&["nice", "-n", "5", "nice"], "").out, "5\n");
        assert_eq!(bench.run(&["timeout", "1", "sleep", "9"], "").status, 124);
        assert_eq!(bench.run(&["timeout", "-s", "KILL", "1", "sleep", "9"], "").status, 137);
        assert_eq!(bench.run(&["timeout", "5", "false"], "").status, 1);
        let done = bench.run(&["timeout", "1", "nosuch"], "");
        assert_eq!(
            (done.err.as_str(), done.status),
            ("timeout: failed to run command 'nosuch': No such file or directory\n", 127)
        );
        assert_eq!(bench.run(&["timeout", "x", "ls"], "").status, 125);
        assert_eq!(
            bench.run(&["nohup"], "").err,
            "nohup: missing operand\nTry 'nohup --help' for more information.\n"
        );
        assert_eq!(bench.run(&["nohup", "true"], "").status, 0);
    }

    #[test]
    fn which_is_silent_about_what_is_not_there() {
        let mut bench = Bench::new();
        let done = bench.run(&["which", "ps", "nosuch"], "");
        assert_eq!((done.out.as_str(), done.err.as_str(), done.status), ("/usr/bin/ps\n", "", 1));
        assert_eq!(bench.run(&["which", "-a", "ps"], "").out, "/usr/bin/ps\n/bin/ps\n");
        assert_eq!(
            bench.run(&["run-parts", "/nosuch"], "").err,
            "run-parts: failed to open directory /nosuch: No such file or directory\n"
        );
    }
}

//! `sysctl`.
//!
//! **Invariant:** values are in /proc/sys, where they are read and written.

use super::{PROCPS, text, usage};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, Opening};
use crate::regex::{Case, Regex};

pub(super) const PROGRAMS: &[Program] =
    &[Program::system("sysctl", |p| Box::pin(sysctl(p)), 31_080, PROCPS)];

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'A', ""),
    Flag::new(b'X', ""),
    Flag::new(2, "deprecated"),
    Flag::new(3, "dry-run"),
    Flag::new(b'b', "binary"),
    Flag::new(b'e', "ignore"),
    Flag::new(b'N', "names"),
    Flag::new(b'n', "values"),
    Flag::maybe(b'p', "load"),
    Flag::maybe(b'f', ""),
    Flag::new(4, "system"),
    Flag::with(b'r', "pattern"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'w', "write"),
    Flag::new(b'o', ""),
    Flag::new(b'x', ""),
    Flag::new(b'd', ""),
    Flag::new(b'h', "help"),
    Flag::new(b'V', "version"),
];

/// Values that are listed at once.
const LISTED: usize = 4_000;

async fn sysctl(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(usage("sysctl"));
        return 1;
    };
    if options.has(b'h') || options.has(b'd') {
        p.line(usage("sysctl"));
        return 0;
    }
    if options.has(b'V') {
        p.line("sysctl from procps-ng 4.0.2");
        return 0;
    }
    if options.has(b'a') || options.has(b'A') || options.has(b'X') {
        return all(p, &options).await;
    }
    if options.has(4) {
        let mut status = 0;
        for folder in ["/usr/lib/sysctl.d", "/etc/sysctl.d"] {
            let listed = p.fs(|process| process.list(folder.as_bytes())).map(|(_, names)| names).unwrap_or_default();
            let mut names: Vec<String> = listed.iter().map(|name| text(name)).filter(|name| name.ends_with(".conf")).collect();
            names.sort();
            for name in names {
                let path = format!("{folder}/{name}");
                p.line(format!("* Applying {path} ..."));
                status |= load(p, &options, path.as_bytes()).await;
            }
        }
        p.line("* Applying /etc/sysctl.conf ...");
        return status | load(p, &options, b"/etc/sysctl.conf").await;
    }
    if options.has(b'p') || options.has(b'f') {
        let mut files = options.rest.clone();
        files.extend(options.value(b'p').map(<[u8]>::to_vec));
        if files.is_empty() {
            files.push(b"/etc/sysctl.conf".to_vec());
        }
        let mut status = 0;
        for file in files {
            status |= load(p, &options, &file).await;
        }
        return status;
    }
    if options.rest.is_empty() {
        p.error(usage("sysctl"));
        return 1;
    }
    let mut status = 0;
    for word in options.rest.clone() {
        let line = text(&word);
        let done = match line.split_once('=') {
            Some((name, value)) => set(p, &options, name.trim(), value.trim()).await,
            None if options.has(b'w') => {
                p.error(format!("sysctl: \"{line}\" must be of the form name=value"));
                1
            }
            None => get(p, &options, &line).await,
        };
        status |= done;
    }
    status
}

/// Where a setting is: `net.ipv4.ip_forward`, `net/ipv4/ip_forward`.
fn path(name: &str) -> String {
    let slash = name.find('/').unwrap_or(usize::MAX);
    let dot = name.find('.').unwrap_or(usize::MAX);
    let name = if slash < dot {
        name.to_owned()
    } else {
        // A dot in a name is written as a slash.
        name.chars().map(|c| if c == '.' { '/' } else if c == '/' { '.' } else { c }).collect()
    };
    format!("/proc/sys/{name}")
}

fn dotted(path: &str) -> String {
    let name = path.strip_prefix("/proc/sys/").unwrap_or(path);
    name.chars().map(|c| if c == '/' { '.' } else if c == '.' { '/' } else { c }).collect()
}

fn show(p: &mut Proc, options: &Options, name: &str, value: &str) {
    if options.has(b'N') {
        p.line(name);
    } else if options.has(b'n') || options.has(b'b') {
        if options.has(b'b') {
            p.print(value);
        } else {
            p.line(value);
        }
    } else {
        p.line(format!("{name} = {value}"));
    }
}

async fn get(p: &mut Proc, options: &Options, name: &str) -> u32 {
    let path = path(name);
    match p.fs(|process| process.stat(path.as_bytes(), Last::Follow)) {
        Err(_) if options.has(b'e') => return 0,
        Err(_) => {
            let shown = path.trim_end_matches('/');
            p.error(format!("sysctl: cannot stat {shown}: No such file or directory"));
            return 1;
        }
        Ok(stat) if stat.is(crate::process::FOLDER) => {
            let found = below(p, &path);
            for path in found {
                if let Ok(bytes) = p.content(path.as_bytes()).await {
                    let value = text(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
                    show(p, options, &dotted(&path), &value);
                }
            }
            return 0;
        }
        Ok(_) => {}
    }
    match p.content(path.as_bytes()).await {
        Ok(bytes) => {
            let value = text(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
            show(p, options, &dotted(&path), &value);
            0
        }
        Err(fault) => {
            p.error(format!("sysctl: permission denied on key '{}'", dotted(&path)));
            u32::from(fault != Fault::Denied)
        }
    }
}

async fn set(p: &mut Proc, options: &Options, name: &str, value: &str) -> u32 {
    let ignore = name.starts_with('-');
    let name = name.trim_start_matches('-');
    let path = path(name);
    let Ok(stat) = p.fs(|process| process.stat(path.as_bytes(), Last::Follow)) else {
        if options.has(b'e') || ignore {
            return 0;
        }
        p.error(format!("sysctl: cannot stat {path}: No such file or directory"));
        return 1;
    };
    let shown = dotted(&path);
    if stat.mode & 0o222 == 0 {
        p.error(format!("sysctl: setting key \"{shown}\": Invalid argument"));
        return 0;
    }
    let opening = Opening { create: None, exclusive: false, truncate: false };
    match p.open(path.as_bytes(), Direction::Write, opening, false) {
        Ok(open) => {
            let fd = p.add(open, 3);
            let _ = p.fs(|process| process.truncate_at(path.as_bytes(), 0));
            let _ = p.write(fd, format!("{value}\n").as_bytes()).await;
            p.fds.remove(&fd);
            if !options.has(b'q') {
                show(p, options, &shown, value);
            }
            0
        }
        Err(_) => {
            p.error(format!("sysctl: permission denied on key \"{shown}\""));
            if ignore { 0 } else { 1 }
        }
    }
}

async fn load(p: &mut Proc, options: &Options, file: &[u8]) -> u32 {
    let bytes = match p.content(file).await {
        Ok(bytes) => bytes,
        Err(_) if options.has(b'e') => return 0,
        Err(fault) => {
            p.error(format!("sysctl: cannot open \"{}\": {}", text(file), fault.text()));
            return 1;
        }
    };
    let mut status = 0;
    for (line, number) in bytes.split(|&b| b == b'\n').zip(1..) {
        let line = text(line);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        match line.split_once('=') {
            Some((name, value)) => status |= set(p, options, name.trim(), value.trim()).await,
            None if line.starts_with('-') => {}
            None => p.error(format!("sysctl: {}({number}): invalid syntax, continuing...", text(file))),
        }
    }
    status
}

/// Files below a folder of /proc/sys.
fn below(p: &Proc, folder: &str) -> Vec<String> {
    let folder = folder.trim_end_matches('/');
    p.world.with(|world| {
        let all = world.files.below(folder.as_bytes(), LISTED);
        let files = all.into_iter().filter(|path| {
            let node = world.files.node(path);
            node.is_ok_and(|node| !matches!(node.kind, crate::files::Kind::Folder) && node.mode & 0o444 != 0)
        });
        files.map(|path| String::from_utf8_lossy(&path).into_owned()).collect()
    })
}

async fn all(p: &mut Proc, options: &Options) -> u32 {
    let pattern = match options.value(b'r').map(|pattern| Regex::extended(pattern, Case::Exact)) {
        Some(Err(error)) => {
            p.error(format!("sysctl: {}", error.text()));
            return 1;
        }
        Some(Ok(pattern)) => Some(pattern),
        None => None,
    };
    let mut paths = below(p, "/proc/sys");
    paths.sort();
    for path in paths {
        let name = dotted(&path);
        if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(name.as_bytes())) {
            continue;
        }
        if let Ok(bytes) = p.content(path.as_bytes()).await {
            let value = text(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
            show(p, options, &name, &value);
        }
        p.flush_some().await;
    }
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn settings_are_read_and_written() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["sysctl", "-n", "net.ipv4.ip_forward"], "").out, "0\n");
        assert_eq!(bench.run(&["sysctl", "-w", "net.ipv4.ip_forward=1"], "").out, "net.ipv4.ip_forward = 1\n");
        assert_eq!(bench.run(&["cat", "/proc/sys/net/ipv4/ip_forward"], "").out, "1\n");
        assert_eq!(bench.run(&["sysctl", "foo"], "").err, "sysctl: cannot stat /proc/sys/foo: No such file or directory\n");
        let all = bench.run(&["sysctl", "-a"], "").out;
        assert!(all.lines().count() > 500 && all.contains("\nvm.swappiness = 60\n"), "{}", all.lines().count());
        assert_eq!(bench.run(&["sysctl", "-p"], ""), crate::testing::Done::default());
    }
}

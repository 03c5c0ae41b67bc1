//! `busybox` 1.35.0: many programs in one file.
//!
//! **Invariant:** an applet is the machine's program of that name, with BusyBox's words where
//! something is wrong; those that talk to other machines are BusyBox's own, and tell
//! [`reach`](crate::commands::net::reach)'s story.

mod list;
mod net;
mod ps;
mod say;

use crate::commands::{Program, exec, program};
use crate::files::Fault;
use crate::kernel::{Job, Open, Proc, pipe};
use std::sync::Arc;

pub(super) const PROGRAMS: &[Program] =
    &[Program::new("busybox", |p| Box::pin(busybox(p)), 772_880, 1_778_186_025)];

const HELP: &str = include_str!("help.txt");
const LIST: &str = include_str!("list.txt");
const LIST_FULL: &str = include_str!("list-full.txt");
const USAGES: &str = include_str!("usage.txt");
const BANNER: &str = "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n";

async fn busybox(p: &mut Proc) -> u32 {
    let called = p.name();
    let called = called.strip_prefix('-').unwrap_or(&called).to_owned();
    if !called.starts_with("busybox") {
        return applet(p, &called).await;
    }
    let Some(first) = p.rest().first().cloned() else {
        p.print(HELP);
        return 0;
    };
    match first.as_slice() {
        b"--help" => {
            p.print(HELP);
            0
        }
        b"--list" => {
            p.print(LIST);
            0
        }
        b"--list-full" => {
            p.print(LIST_FULL);
            0
        }
        b"--install" => install(p),
        _ => {
            p.args.remove(0);
            let name = p.name();
            applet(p, &name).await
        }
    }
}

/// `--install [-s] [DIR]`
fn install(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let soft = rest.iter().any(|word| word == b"-s");
    let folder = rest.iter().skip(1).find(|word| word.as_slice() != b"-s").cloned();
    for full in LIST_FULL.lines() {
        let name = full.rsplit('/').next().unwrap_or(full);
        let path = match &folder {
            Some(folder) => [folder.as_slice(), b"/", name.as_bytes()].concat(),
            None => format!("/{full}").into_bytes(),
        };
        let done = p.fs(|process| {
            if soft {
                process.symlink(b"/usr/bin/busybox", &path)
            } else {
                process.link(b"/usr/bin/busybox", &path)
            }
        });
        if let Err(fault) = done
            && fault != Fault::Exists
        {
            p.error([b"busybox: ", path.as_slice(), b": ", fault.text().as_bytes()].concat());
        }
    }
    0
}

/// The text of an applet's usage, with what is printed before it.
fn usage_text(name: &str) -> String {
    let mut parts = USAGES.split("@@@ ");
    let text = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('\n'));
    format!("{BANNER}{}", text.unwrap_or("\nNo help available\n"))
}

/// How an applet is used, on standard error.
fn usage(p: &mut Proc, name: &str, status: u32) -> u32 {
    p.put(2, usage_text(name).as_bytes());
    status
}

/// Runs one; `p.args` begin with its name.
async fn applet(p: &mut Proc, name: &str) -> u32 {
    if !LIST.lines().any(|known| known == name) {
        p.error(format!("{name}: applet not found"));
        return 127;
    }
    let rest = p.rest();
    let plain = ["echo", "true", "false", "test", "[", "[["].contains(&name);
    if !plain && rest.len() == 1 && rest.first().is_some_and(|word| word == b"--help") {
        return usage(p, name, 0);
    }
    match name {
        "wget" => net::wget(p).await,
        "tftp" => net::tftp(p).await,
        "ftpget" | "ftpput" => net::ftp(p, name).await,
        "nc" => net::nc(p).await,
        "telnet" => net::telnet(p).await,
        "ping" | "ping6" => net::ping(p, name).await,
        "nslookup" => net::nslookup(p).await,
        "ps" => ps::ps(p),
        "ls" => list::ls(p).await,
        "nologin" => {
            p.line("This account is not available");
            p.sleep(5_000_000_000).await;
            1
        }
        "kill" if rest.is_empty() => {
            p.error("kill: you need to specify whom to kill");
            1
        }
        "sh" | "ash" if rest.first().is_none_or(|word| word != b"-c") => {
            if let Some(file) = rest.first()
                && !file.starts_with(b"-")
                && let Err(fault) = p.fs(|process| process.stat(file, crate::files::Last::Follow))
            {
                let why = fault.text().as_bytes();
                p.error([name.as_bytes(), b": can't open '", file, b"': ", why].concat());
                return 2;
            }
            become_program(p, "dash").await
        }
        "vi" | "top" | "less" | "more" | "watch" => become_program(p, name).await,
        "ash" | "sh" => translated(p, name, "dash").await,
        other => translated(p, other, other).await,
    }
}

/// Goes on as the machine's program.
async fn become_program(p: &mut Proc, name: &str) -> u32 {
    match program(name.as_bytes()) {
        Some(program) => (program.main)(p).await,
        None => 1,
    }
}

/// Runs the machine's program, and says in other words what it complains about.
async fn translated(p: &mut Proc, name: &str, program_name: &str) -> u32 {
    let Some(found) = program(program_name.as_bytes()) else {
        return if p.rest().is_empty() { missing(p, name) } else { usage(p, name, 1) };
    };
    let file = format!("{}/{}", found.folder, found.name).into_bytes();
    let (reader, writer) = pipe();
    p.flush().await;
    let Ok(mut child) = p.fork() else {
        p.error(format!("{name}: can't fork: Resource temporarily unavailable"));
        return 1;
    };
    child.fds.insert(2, writer);
    let (world, pid) = (p.world.clone(), child.pid);
    let job: Job<'static> = Box::pin(async move {
        let status = exec(&mut child, &file).await.unwrap_or(126);
        child.flush().await;
        status
    });
    world.with(|world| world.start(pid, job));
    let used = say::pass_on(p, reader, name).await;
    let status = p.wait(pid).await.status();
    match (used, name) {
        (say::Used::Wrongly, _) | (_, "ls" | "cp" | "rm" | "tar" | "gzip" | "gunzip") if status > 0 => 1,
        _ => status,
    }
}

/// What an applet does without arguments that the machine has no program for.
fn missing(p: &mut Proc, name: &str) -> u32 {
    match name {
        "reset" | "freeramdisk" | "linux32" | "linux64" | "sync" => 0,
        "dnsdomainname" => 0,
        _ => usage(p, name, 1),
    }
}

/// The end of a pipe as a descriptor of the process.
fn attach(p: &mut Proc, open: Arc<Open>) -> u32 {
    p.add(open, 3)
}

#[cfg(test)]
mod tests;

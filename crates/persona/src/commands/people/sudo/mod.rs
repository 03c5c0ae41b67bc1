//! `sudo` 1.9.13p3 and `visudo`.
//!
//! **Invariant:** who may run what is in /etc/sudoers; who is not root and is to say a password says
//! one that [`people::knows`] knows.

mod policy;
mod visudo;

pub(super) use visudo::visudo;

use super::switch::{ROOT_PATH, go_home, lookup, run_as};
use super::passwd::wait_for_failure;
use super::{Echo, ask};
use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Options};
use crate::files::{Fault, Kind, Last, Node};
use crate::kernel::{Proc, User};
use crate::people;
use crate::process::{Direction, Opening};
use policy::Rule;
use std::sync::Arc;

const HELP: &str = include_str!("../usage/sudo.txt");
const VERSION: &str = "Sudo version 1.9.13p3
Sudoers policy plugin version 1.9.13p3
Sudoers file grammar version 50
Sudoers I/O plugin version 1.9.13p3
Sudoers audit plugin version 1.9.13p3
";

const FLAGS: &[Flag] = &[
    Flag::new(b'A', "askpass"),
    Flag::new(b'b', "background"),
    Flag::new(b'B', "bell"),
    Flag::with(b'C', "close-from"),
    Flag::with(b'D', "chdir"),
    Flag::maybe(1, "preserve-env"),
    Flag::new(b'E', ""),
    Flag::new(b'e', "edit"),
    Flag::with(b'g', "group"),
    Flag::new(b'H', "set-home"),
    Flag::new(b'h', "help"),
    Flag::with(2, "host"),
    Flag::new(b'i', "login"),
    Flag::new(b'K', "remove-timestamp"),
    Flag::new(b'k', "reset-timestamp"),
    Flag::new(b'l', "list"),
    Flag::new(b'n', "non-interactive"),
    Flag::new(b'P', "preserve-groups"),
    Flag::with(b'p', "prompt"),
    Flag::with(b'R', "chroot"),
    Flag::with(b'r', "role"),
    Flag::new(b'S', "stdin"),
    Flag::new(b's', "shell"),
    Flag::with(b't', "type"),
    Flag::with(b'T', "command-timeout"),
    Flag::with(b'U', "other-user"),
    Flag::with(b'u', "user"),
    Flag::new(b'V', "version"),
    Flag::new(b'v', "validate"),
];

/// How long a password counts, seconds.
const TICKET_S: i64 = 900;

pub(super) async fn sudo(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, true) else {
        return usage(p);
    };
    if options.has(b'h') {
        p.print(HELP);
        return 0;
    }
    if options.has(b'V') {
        p.print(VERSION);
        return 0;
    }
    if options.has(b'K') || options.has(b'k') {
        forget(p);
        if options.rest.is_empty() && !options.has(b'v') && !options.has(b'l') {
            return 0;
        }
    }
    let target = match target(p, &options) {
        Ok(target) => target,
        Err(status) => return status,
    };
    if options.has(b'l') {
        return list(p, &options).await;
    }
    let shell = options.has(b'i') || options.has(b's');
    if options.has(b'v') {
        let rules = rules(p);
        let allowed = match allow(p, &options, !rules.is_empty(), true).await {
            Ok(()) => 0,
            Err(status) => status,
        };
        if allowed == 0 && rules.is_empty() && p.user.uid != 0 {
            return may_not(p);
        }
        return allowed;
    }
    let (sets, command) = assignments(&options.rest);
    if options.has(b'e') || (command.is_empty() && !shell) {
        return usage(p);
    }
    run(p, &options, target, sets, command).await
}

fn usage(p: &mut Proc) -> u32 {
    let lines = HELP.lines().skip(2).take_while(|line| !line.is_empty());
    for line in lines {
        p.error(line);
    }
    1
}

/// `A=b C=d command…`
fn assignments(rest: &[Vec<u8>]) -> (&[Vec<u8>], &[Vec<u8>]) {
    let is_set = |word: &Vec<u8>| {
        let name = word.split(|&b| b == b'=').next().unwrap_or_default();
        word.contains(&b'=')
            && !name.is_empty()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    let count = rest.iter().take_while(|word| is_set(word)).count();
    rest.split_at(count)
}

/// As whom it is to run.
fn target(p: &mut Proc, options: &Options) -> Result<User, u32> {
    let name = options.value(b'u').unwrap_or(if options.has(b'g') { &[] } else { b"root" });
    let user = p.world.with(|world| {
        if let Some(uid) = name.strip_prefix(b"#") {
            let uid = std::str::from_utf8(uid).ok().and_then(|text| text.parse().ok())?;
            return people::by_uid(&world.files, uid);
        }
        people::by_name(&world.files, name)
    });
    let user = if name.is_empty() { Some(p.user.clone()) } else { user };
    let Some(mut user) = user else {
        p.error([b"sudo: unknown user ", name].concat());
        p.error("sudo: error initializing audit plugin sudoers_audit");
        return Err(1);
    };
    if let Some(group) = options.value(b'g') {
        let groups = p.world.with(|world| people::groups(&world.files));
        let Some((_, gid, _)) = groups.into_iter().find(|(name, ..)| name == group) else {
            p.error([b"sudo: unknown group ", group].concat());
            p.error("sudo: error initializing audit plugin sudoers_audit");
            return Err(1);
        };
        user.gid = gid;
    }
    Ok(user)
}

fn rules(p: &Proc) -> Vec<Rule> {
    p.world.with(|world| policy::rules(world, &p.user))
}

fn host(p: &Proc) -> String {
    p.world.with(|world| world.machine.hostname.clone())
}

fn may_not(p: &mut Proc) -> u32 {
    let (user, host) = (String::from_utf8_lossy(&p.user.name).into_owned(), host(p));
    p.error(format!("Sorry, user {user} may not run sudo on {host}."));
    1
}

/// Where it is remembered that somebody has said his password.
fn ticket(p: &Proc) -> Vec<u8> {
    [b"/run/sudo/ts/", p.user.name.as_slice()].concat()
}

fn has_ticket(p: &Proc) -> bool {
    let path = ticket(p);
    let now = seconds(p.now());
    let given = p.world.with(|world| world.files.node(&path).map(|node| node.changed).ok());
    p.is_terminal(0) && given.is_some_and(|given| now - given < TICKET_S)
}

fn give_ticket(p: &Proc) {
    let path = ticket(p);
    let gid = p.user.gid;
    p.world.with(|world| {
        let at = world.now.0;
        for folder in [&b"/run/sudo"[..], b"/run/sudo/ts"] {
            if world.files.node(folder).is_err() {
                // Where the disk is full, it is asked again.
                let _ = world.files.put(folder, Node::new(Kind::Folder, 0o711, (0, 0), at));
            }
        }
        let kind = Kind::File(Arc::new([0; 168].as_slice().into()));
        let _ = world.files.put(&path, Node::new(kind, 0o600, (0, gid), at));
    });
}

fn forget(p: &Proc) {
    let path = ticket(p);
    p.world.with(|world| {
        // There may be none.
        let _ = world.files.remove(&path);
    });
}

/// Asks for the password, where that is needed.
async fn allow(p: &mut Proc, options: &Options, known: bool, asks: bool) -> Result<(), u32> {
    if p.user.uid == 0 || (known && !asks) || (has_ticket(p) && !options.has(b'k')) {
        return Ok(());
    }
    if options.has(b'n') {
        p.error("sudo: a password is required");
        return Err(1);
    }
    let from_input = options.has(b'S');
    if !from_input && !p.world.with(|world| world.tty.is_there()) {
        p.error(
            "sudo: a terminal is required to read the password; either use the -S option to read \
             from standard input or configure an askpass helper",
        );
        p.error("sudo: a password is required");
        return Err(1);
    }
    let question = prompt(p, options);
    for tried in 0..3_u32 {
        let Some(password) = secret(p, &question, from_input).await else {
            p.error("\nsudo: no password was provided");
            match tried {
                0 => p.error("sudo: a password is required"),
                1 => p.error("sudo: 1 incorrect password attempt"),
                more => p.error(format!("sudo: {more} incorrect password attempts")),
            }
            return Err(1);
        };
        let name = p.user.name.clone();
        if p.world.with(|world| people::knows(world, &name, &password)) {
            give_ticket(p);
            return Ok(());
        }
        wait_for_failure(p).await;
        if tried < 2 {
            p.error("Sorry, try again.");
        }
    }
    p.error("sudo: 3 incorrect password attempts");
    Err(1)
}

/// Asks the terminal, or standard input.
async fn secret(p: &mut Proc, question: &[u8], from_input: bool) -> Option<Vec<u8>> {
    if from_input {
        return ask(p, question, Echo::Off).await;
    }
    let terminal = p.open(b"/dev/tty", Direction::Both, Opening::default(), false).ok()?;
    let input = p.fds.insert(0, std::sync::Arc::clone(&terminal));
    let output = p.fds.insert(2, terminal);
    let answer = ask(p, question, Echo::Off).await;
    p.flush().await;
    for (fd, before) in [(0, input), (2, output)] {
        match before {
            Some(before) => p.fds.insert(fd, before),
            None => p.fds.remove(&fd),
        };
    }
    answer
}

fn prompt(p: &Proc, options: &Options) -> Vec<u8> {
    let text = options.value(b'p').or(p.var("SUDO_PROMPT"));
    let text = text.unwrap_or(b"[sudo] password for %p: ").to_vec();
    let mut out = Vec::new();
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'p' | b'u') => out.extend_from_slice(&p.user.name),
            Some(b'U') => out.extend_from_slice(options.value(b'u').unwrap_or(b"root")),
            Some(b'h' | b'H') => out.extend(host(p).into_bytes()),
            Some(b'%') => out.push(b'%'),
            Some(other) => out.extend([b'%', other]),
            None => out.push(b'%'),
        }
    }
    out
}

async fn list(p: &mut Proc, options: &Options) -> u32 {
    let own = rules(p);
    let asks = own.last().is_none_or(|rule| rule.asks);
    if let Err(status) = allow(p, options, !own.is_empty(), asks).await {
        return status;
    }
    let other = options.value(b'U').map(<[u8]>::to_vec);
    let user = match &other {
        Some(name) => match p.world.with(|world| people::by_name(&world.files, name)) {
            Some(user) => user,
            None => {
                p.error([b"sudo: unknown user ", name.as_slice()].concat());
                return 1;
            }
        },
        None => p.user.clone(),
    };
    let rules = p.world.with(|world| policy::rules(world, &user));
    let (name, host) = (String::from_utf8_lossy(&user.name).into_owned(), host(p));
    if rules.is_empty() {
        return match other {
            Some(_) => {
                p.line(format!("User {name} is not allowed to run sudo on {host}."));
                0
            }
            None => may_not(p),
        };
    }
    if let Some(command) = options.rest.first() {
        return match lookup(p, command, ROOT_PATH) {
            Ok(path) => {
                p.line([path].iter().chain(options.rest.get(1..).unwrap_or_default()).cloned().collect::<Vec<_>>().join(&b' '));
                0
            }
            Err(_) => {
                p.error([b"sudo: ", command.as_slice(), b": command not found"].concat());
                1
            }
        };
    }
    p.print(format!(
        "Matching Defaults entries for {name} on {host}:\n    env_reset, mail_badpass,\n    \
         secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,\n    \
         use_pty\n\nUser {name} may run the following commands on {host}:\n"
    ));
    let long = options.given.iter().filter(|(letter, _)| *letter == b'l').count() > 1;
    for rule in &rules {
        if long {
            let (users, groups) = {
                let whom = rule.whom.trim_matches(['(', ')']);
                whom.split_once(" : ").unwrap_or((whom, ""))
            };
            let mut text = format!("\nSudoers entry:\n    RunAsUsers: {users}\n");
            if !groups.is_empty() {
                text.push_str(&format!("    RunAsGroups: {groups}\n"));
            }
            if !rule.asks {
                text.push_str("    Options: !authenticate\n");
            }
            text.push_str(&format!("    Commands:\n\t{}\n", rule.commands.join("\n\t")));
            p.print(text);
        } else {
            p.line(rule.shown());
        }
    }
    0
}

async fn run(
    p: &mut Proc,
    options: &Options,
    target: User,
    sets: &[Vec<u8>],
    command: &[Vec<u8>],
) -> u32 {
    let login = options.has(b'i');
    let shell = if login {
        Some(target.shell.clone())
    } else if options.has(b's') {
        Some(p.var("SHELL").map_or_else(|| p.user.shell.clone(), <[u8]>::to_vec))
    } else {
        None
    };
    let shell = shell.map(|shell| if shell.is_empty() { b"/bin/sh".to_vec() } else { shell });
    let name = command.first().cloned().unwrap_or_default();
    let file = match &shell {
        Some(shell) => Ok(shell.clone()),
        None => lookup(p, &name, ROOT_PATH),
    };
    let rules = rules(p);
    let path = file.clone().unwrap_or_default();
    let fit = rules.iter().rev().find(|rule| rule.is_of(&path, &target));
    let asks = fit.or(rules.last()).is_none_or(|rule| rule.asks);
    if let Err(status) = allow(p, options, !rules.is_empty(), asks).await {
        return status;
    }
    let user = String::from_utf8_lossy(&p.user.name).into_owned();
    if p.user.uid != 0 && rules.is_empty() {
        p.error(format!("{user} is not in the sudoers file."));
        return 1;
    }
    let file = match file {
        Ok(file) if is_there(p, &file) => file,
        Ok(_) | Err(_) => {
            not_found(p, &name);
            return 1;
        }
    };
    if p.user.uid != 0 && fit.is_none() {
        let mut words = vec![file];
        words.extend(command.iter().skip(1).cloned());
        let words = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
        let (target, host) = (String::from_utf8_lossy(&target.name).into_owned(), host(p));
        p.error(format!(
            "Sorry, user {user} is not allowed to execute '{words}' as {target} on {host}."
        ));
        return 1;
    }
    let args = arguments(&file, shell.is_some(), login, command);
    let told: Vec<Vec<u8>> =
        [file.clone()].into_iter().chain(args.iter().skip(1).cloned()).collect();
    log(p, &target, &told);
    let Ok(mut child) = p.fork() else {
        p.error("sudo: unable to fork: Resource temporarily unavailable");
        return 1;
    };
    child.args = args;
    environment(&mut child, options, &target, sets, &told);
    child.user = target.clone();
    if login {
        go_home(&mut child, &target);
    }
    if let Some(folder) = options.value(b'D')
        && let Ok(path) = child.fs(|process| process.find(folder, Last::Follow))
    {
        child.cwd = path;
    }
    if options.has(b'b') {
        return detach(p, child, file);
    }
    run_as(p, child, file, "sudo: unable to execute ").await
}

/// Runs it without waiting.
fn detach(p: &Proc, mut child: Proc, file: Vec<u8>) -> u32 {
    let pid = child.pid;
    let job: crate::kernel::Job<'static> = Box::pin(async move {
        let status = crate::commands::exec(&mut child, &file).await.unwrap_or(126);
        child.flush().await;
        status
    });
    p.world.with(|world| world.start(pid, job));
    0
}

fn is_there(p: &Proc, file: &[u8]) -> bool {
    match crate::commands::look(p, file) {
        Ok(_) | Err(Fault::NoExec) => true,
        // What only root may look at is there for root.
        Err(Fault::Denied) => p.user.uid != 0 && !p.is_folder(file),
        Err(_) => false,
    }
}

fn not_found(p: &mut Proc, name: &[u8]) {
    p.error([b"sudo: ", name, b": command not found"].concat());
    if name == b"cd" {
        p.error("sudo: \"cd\" is a shell built-in command, it cannot be run directly.");
        p.error("sudo: the -s option may be used to run a privileged shell.");
        p.error("sudo: the -D option may be used to run a command in a specific directory.");
    }
}

fn arguments(file: &[u8], shell: bool, login: bool, command: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if !shell {
        return command.to_vec();
    }
    let base = file.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let zero = if login { [b"-", base].concat() } else { file.to_vec() };
    if command.is_empty() {
        return vec![zero];
    }
    let mut line = Vec::new();
    for (at, word) in command.iter().enumerate() {
        if at > 0 {
            line.push(b' ');
        }
        for &byte in word {
            if !byte.is_ascii_alphanumeric() && !b"_-$".contains(&byte) && byte.is_ascii() {
                line.push(b'\\');
            }
            line.push(byte);
        }
    }
    vec![zero, b"-c".to_vec(), line]
}

fn environment(
    child: &mut Proc,
    options: &Options,
    target: &User,
    sets: &[Vec<u8>],
    command: &[Vec<u8>],
) {
    let kept = |name: &[u8]| {
        name.starts_with(b"LC_")
            || [
                &b"LANG"[..], b"LANGUAGE", b"TERM", b"DISPLAY", b"COLORS", b"LINGUAS", b"TZ",
                b"COLORTERM", b"XAUTHORITY", b"LS_COLORS", b"PS1", b"PS2", b"PATH",
            ]
            .contains(&name)
    };
    if !options.has(b'E') && !options.has(1) {
        child.env.retain(|name, _| kept(name));
    }
    let invoker = child.user.clone();
    let mut set = |name: &str, value: &[u8]| {
        child.env.insert(name.as_bytes().to_vec(), value.to_vec());
    };
    set("PATH", ROOT_PATH);
    set("MAIL", &[b"/var/mail/", target.name.as_slice()].concat());
    for name in ["LOGNAME", "USER"] {
        set(name, &target.name);
    }
    set("HOME", &target.home);
    set("SHELL", &target.shell);
    set("SUDO_COMMAND", &command.join(&b' '));
    set("SUDO_USER", &invoker.name);
    set("SUDO_UID", invoker.uid.to_string().as_bytes());
    set("SUDO_GID", invoker.gid.to_string().as_bytes());
    for word in sets {
        let mut parts = word.splitn(2, |&b| b == b'=');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default().to_vec();
        child.env.insert(name.to_vec(), value);
    }
    child.env.entry(b"TERM".to_vec()).or_insert_with(|| b"unknown".to_vec());
}

/// A line in the log, where there is one.
fn log(p: &Proc, target: &User, command: &[Vec<u8>]) {
    let date = Date::new(seconds(p.now()));
    let tty = if p.world.with(|world| world.tty.is_there()) { "TTY=pts/0 ; " } else { "" };
    let user = String::from_utf8_lossy(&p.user.name).into_owned();
    let stamp = format!("{} {:2} {}", date.month_name(), date.day, date.clock());
    let cwd = crate::process::shown(&p.cwd);
    let head = format!("{stamp} {} sudo: {user:>8} : {tty}PWD=", host(p));
    let line = [
        head.as_bytes(),
        &cwd,
        b" ; USER=",
        &target.name,
        b" ; COMMAND=",
        &command.join(&b' '),
        b"\n",
    ];
    p.world.with(|world| people::append(&mut world.files, b"/var/log/auth.log", &line.concat()));
}

#[cfg(test)]
mod tests;

//! `su`, `sudo`, `passwd` and shells in shells.
//!
//! **Invariant:** a secret lives in [`Secret`] until the next line and is never written anywhere.

use crate::commands::{Call, Outcome, Stdin};
use crate::shell::parse::{Parsed, parse};
use crate::shell::run::Program;
use crate::shell::{LevelKind, Shell, User};
use decnet_core::event::Timestamp;

/// Bytes typed with echo off. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A question that is open, and what depends on the answer.
#[derive(Clone, Debug)]
pub(crate) enum Dialog {
    Sudo { next: Next, tries: u32 },
    Su,
    PasswdCurrent { user: Vec<u8> },
    PasswdNew { user: Vec<u8> },
    PasswdAgain { user: Vec<u8>, first: Secret },
}

/// What runs with another user's rights.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    Shell(LevelKind),
    Command(Vec<Vec<u8>>),
}

/// PAM waits about two seconds after a wrong password.
const WRONG_PASSWORD_NS: i64 = 2_137_000_000;

pub(crate) fn bash(call: &mut Call<'_>) -> Outcome {
    let mut args = call.args.iter();
    let mut kind = LevelKind::Interactive;
    while let Some(arg) = args.next() {
        match arg.as_slice() {
            b"-c" => {
                let Some(text) = args.next() else {
                    call.error("bash: -c: option requires an argument");
                    return Outcome::Done(2);
                };
                return script(call, text);
            }
            b"-l" | b"--login" => kind = LevelKind::Login,
            [b'-', ..] => {}
            path => {
                return match call.read(path) {
                    Ok(text) => script(call, &text),
                    Err(fault) => {
                        call.complain("bash", path, fault.text());
                        Outcome::Done(127)
                    }
                };
            }
        }
    }
    if let Stdin::Bytes(text) = std::mem::replace(&mut call.stdin, Stdin::Session) {
        return script(call, &text);
    }
    let user = call.shell.level().user.clone();
    Outcome::Shell(Box::new(call.shell.fresh_level(user, kind)))
}

fn script(call: &mut Call<'_>, text: &[u8]) -> Outcome {
    let user = call.shell.level().user.clone();
    let level = Box::new(call.shell.fresh_level(user, LevelKind::Script));
    match parse(text) {
        Parsed::List(items) => Outcome::List(items, level),
        Parsed::Incomplete => {
            call.error("bash: -c: line 2: syntax error: unexpected end of file");
            Outcome::Done(2)
        }
        Parsed::Unexpected(token) => {
            let token = String::from_utf8_lossy(&token);
            call.error(format!("bash: -c: line 1: syntax error near unexpected token `{token}'"));
            Outcome::Done(2)
        }
    }
}

pub(crate) fn su(call: &mut Call<'_>) -> Outcome {
    let mut kind = LevelKind::Interactive;
    let mut command = None;
    let mut name: &[u8] = b"root";
    let mut args = call.args.iter();
    while let Some(arg) = args.next() {
        match arg.as_slice() {
            b"-" | b"-l" | b"--login" => kind = LevelKind::Login,
            b"-c" => command = args.next().cloned(),
            b"-s" => drop(args.next()),
            [b'-', ..] => {}
            other => name = other,
        }
    }
    let Some(user) = known_user(call.shell, name) else {
        call.error(
            [
                b"su: user ",
                name,
                b" does not exist or the user entry does not contain all the required fields",
            ]
            .concat(),
        );
        return Outcome::Done(1);
    };
    let next = match command {
        Some(text) => Next::Command(vec![b"bash".to_vec(), b"-c".to_vec(), text]),
        None => Next::Shell(kind),
    };
    if call.shell.level().user.uid == 0 {
        return proceed(call.shell, next, user);
    }
    ask(call, Dialog::Su, b"Password: ")
}

pub(crate) fn sudo(call: &mut Call<'_>) -> Outcome {
    let mut next = None;
    let mut user = User::root();
    let mut asks = Asks::Terminal;
    let mut args = call.args.iter();
    while let Some(arg) = args.next() {
        match arg.as_slice() {
            b"-i" | b"--login" => next = Some(Next::Shell(LevelKind::Login)),
            b"-s" => next = Some(Next::Shell(LevelKind::Interactive)),
            b"-S" => asks = Asks::Stdin,
            b"-n" => asks = Asks::Never,
            b"-u" => {
                let name = args.next().map_or(&[][..], Vec::as_slice);
                let Some(known) = known_user(call.shell, name) else {
                    call.error([b"sudo: unknown user ", name].concat());
                    call.error("sudo: error initializing audit plugin sudoers_audit");
                    return Outcome::Done(1);
                };
                user = known;
            }
            b"-V" | b"--version" => {
                call.line("Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3");
                call.line("Sudoers file grammar version 50\nSudoers I/O plugin version 1.9.13p3");
                call.line("Sudoers audit plugin version 1.9.13p3");
                return Outcome::Done(0);
            }
            b"-l" => next = Some(Next::Command(vec![b"true".to_vec()])),
            [b'-', ..] => {}
            _ => {
                let mut words = vec![arg.clone()];
                words.extend(args.by_ref().cloned());
                next = Some(Next::Command(words));
            }
        }
    }
    let Some(next) = next else {
        for line in SUDO_USAGE {
            call.error(line);
        }
        return Outcome::Done(1);
    };
    if call.shell.level().user.uid == 0 {
        return proceed(call.shell, next, user);
    }
    let prompt = [b"[sudo] password for ", call.shell.level().user.name.as_slice(), b": "].concat();
    let terminal = call.shell.login.terminal.is_some();
    match asks {
        Asks::Terminal if terminal => {
            // The terminal is asked, whatever standard input is.
            call.stdin = Stdin::Session;
            ask(call, Dialog::Sudo { next, tries: 0 }, &prompt)
        }
        Asks::Stdin => ask(call, Dialog::Sudo { next, tries: 0 }, &prompt),
        Asks::Never => {
            call.error("sudo: a password is required");
            Outcome::Done(1)
        }
        Asks::Terminal => {
            call.error(
                "sudo: a terminal is required to read the password; either use the -S option to \
                 read from standard input or configure an askpass helper",
            );
            call.error("sudo: a password is required");
            Outcome::Done(1)
        }
    }
}

/// Whom sudo asks for the password.
enum Asks {
    Terminal,
    Stdin,
    Never,
}

pub(crate) fn passwd(call: &mut Call<'_>) -> Outcome {
    let own = call.shell.level().user.clone();
    let name = match call.arg(0) {
        Some(name) if !name.starts_with(b"-") => name.to_vec(),
        _ => own.name.clone(),
    };
    if known_user(call.shell, &name).is_none() {
        call.error([b"passwd: user '", name.as_slice(), b"' does not exist"].concat());
        return Outcome::Done(1);
    }
    if own.uid == 0 {
        return ask(call, Dialog::PasswdNew { user: name }, b"New password: ");
    }
    if own.name != name {
        let name = String::from_utf8_lossy(&name).into_owned();
        call.error(format!("passwd: You may not view or modify password information for {name}."));
        return Outcome::Done(1);
    }
    call.line([b"Changing password for ", name.as_slice(), b"."].concat());
    ask(call, Dialog::PasswdCurrent { user: name }, b"Current password: ")
}

/// Asks, and takes the answers from standard input where that is a pipe or a file.
fn ask(call: &mut Call<'_>, dialog: Dialog, prompt: &[u8]) -> Outcome {
    call.ask(prompt);
    let mut outcome = Outcome::Wait(Program::Ask(dialog));
    let Stdin::Bytes(input) = &call.stdin else { return outcome };
    let input = input.clone();
    let mut lines = input.split(|&b| b == b'\n');
    while let Outcome::Wait(Program::Ask(dialog)) = outcome {
        let line = lines.next().unwrap_or(&[]).to_vec();
        let (text, next) = answer(call.shell, call.now, dialog, Secret(line));
        call.ask(text);
        outcome = next;
    }
    outcome
}

/// What follows a secret: text for standard error, and how it goes on.
pub(crate) fn answer(
    shell: &mut Shell,
    now: Timestamp,
    dialog: Dialog,
    secret: Secret,
) -> (Vec<u8>, Outcome) {
    let again = |dialog, text: &[u8]| (text.to_vec(), Outcome::Wait(Program::Ask(dialog)));
    let pause = |text: &str, status| {
        let until = Timestamp(now.0.saturating_add(WRONG_PASSWORD_NS));
        let text = text.as_bytes().to_vec();
        (Vec::new(), Outcome::Wait(Program::Pause { until, text, status }))
    };
    match dialog {
        // Whoever came in with a password knows it: any that is not empty is taken for it.
        Dialog::Sudo { next, tries } if secret.0.is_empty() => {
            if tries >= 2 {
                return pause("sudo: 3 incorrect password attempts\n", 1);
            }
            let user = String::from_utf8_lossy(&shell.level().user.name).into_owned();
            let text = format!("Sorry, try again.\n[sudo] password for {user}: ");
            again(Dialog::Sudo { next, tries: tries + 1 }, text.as_bytes())
        }
        Dialog::Sudo { next, .. } => (Vec::new(), proceed(shell, next, User::root())),
        // Nobody who needs to ask knows root's.
        Dialog::Su => pause("su: Authentication failure\n", 1),
        Dialog::PasswdCurrent { .. } if secret.0.is_empty() => pause(PASSWD_FAILED, 10),
        Dialog::PasswdCurrent { user } => again(Dialog::PasswdNew { user }, b"New password: "),
        Dialog::PasswdNew { user } => {
            again(Dialog::PasswdAgain { user, first: secret }, b"Retype new password: ")
        }
        Dialog::PasswdAgain { user, first } => {
            let done = |text: &str, status| (text.as_bytes().to_vec(), Outcome::Done(status));
            if first != secret {
                let text = "Sorry, passwords do not match.\n";
                return done(&[text, PASSWD_FAILED].concat(), 10);
            }
            if first.0.is_empty() {
                return done(&["No password has been supplied.\n", PASSWD_FAILED].concat(), 10);
            }
            if first.0.len() < 6 && shell.level().user.uid != 0 {
                let text = b"You must choose a longer password.\nNew password: ";
                return again(Dialog::PasswdNew { user }, text);
            }
            done("passwd: password updated successfully\n", 0)
        }
    }
}

fn proceed(shell: &mut Shell, next: Next, user: User) -> Outcome {
    match next {
        Next::Shell(kind) => Outcome::Shell(Box::new(shell.fresh_level(user, kind))),
        Next::Command(words) => {
            let level = shell.fresh_level(user, LevelKind::Script);
            Outcome::Command(words, Box::new(level))
        }
    }
}

fn known_user(shell: &mut Shell, name: &[u8]) -> Option<User> {
    let own = &shell.first.user;
    if own.name == name {
        return Some(own.clone());
    }
    User::by_name(&shell.machine, name)
}

const PASSWD_FAILED: &str =
    "passwd: Authentication token manipulation error\npasswd: password unchanged\n";

const SUDO_USAGE: &[&str] = &[
    "usage: sudo -h | -K | -k | -V",
    "usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]",
    "usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command [arg ...]]",
    "usage: sudo [-ABbEHkNnPS] [-r role] [-t type] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] [VAR=value] [-i | -s] [command [arg ...]]",
    "usage: sudo -e [-ABkNnS] [-r role] [-t type] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...",
];

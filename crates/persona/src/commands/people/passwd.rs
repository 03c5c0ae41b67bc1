//! `passwd` and `chpasswd`, with the texts of `pam_unix`.
//!
//! **Invariant:** a password is in memory for as long as it is needed, and goes nowhere but into
//! what /etc/shadow keeps of it.

use super::{Echo, ask, dice, fail, number_of, quoted, table, today, usage};
use crate::calendar::Date;
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::people::{self, List, Method, Table, crypt};

const PASSWD: &str = include_str!("usage/passwd.txt");
const CHPASSWD: &str = include_str!("usage/chpasswd.txt");

const PASSWD_FLAGS: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'd', "delete"),
    Flag::new(b'e', "expire"),
    Flag::new(b'h', "help"),
    Flag::new(b'k', "keep-tokens"),
    Flag::with(b'i', "inactive"),
    Flag::new(b'l', "lock"),
    Flag::with(b'n', "mindays"),
    Flag::new(b'q', "quiet"),
    Flag::with(b'r', "repository"),
    Flag::with(b'R', "root"),
    Flag::new(b'S', "status"),
    Flag::new(b'u', "unlock"),
    Flag::with(b'w', "warndays"),
    Flag::with(b'x', "maxdays"),
];

/// What yescrypt takes, nanoseconds.
const HASHING_NS: i64 = 31_000_000;
/// How often a new password may be refused.
const TRIES: usize = 3;
const SHORTEST: usize = 6;

pub(super) async fn passwd(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, PASSWD_FLAGS, false) else {
        return usage(p, PASSWD, 6);
    };
    if options.has(b'h') {
        p.print(PASSWD);
        return 0;
    }
    for letter in [b'i', b'n', b'w', b'x'] {
        if let Some(text) = options.value(letter)
            && number_of(text).is_none()
        {
            fail(p, quoted("invalid numeric argument ", text, ""), 6);
            return usage(p, PASSWD, 6);
        }
    }
    let ages = [b'n', b'x', b'w', b'i', b'e'].iter().any(|letter| options.has(*letter));
    let sets = [b'd', b'l', b'u'].iter().any(|letter| options.has(*letter));
    let many = options.rest.len() > 1 || ((ages || sets) && options.rest.is_empty());
    if many || (options.has(b'a') && (!options.has(b'S') || !options.rest.is_empty())) {
        return usage(p, PASSWD, 2);
    }
    let own = p.user.name.clone();
    let name = options.rest.first().cloned().unwrap_or_else(|| own.clone());
    if options.has(b'a') {
        return all(p);
    }
    if !table(p, List::Passwd).has(&name) {
        return fail(p, quoted("user ", &name, " does not exist"), 1);
    }
    if p.user.uid != 0 && name != own {
        let text = [b"You may not view or modify password information for ", &name[..], b"."];
        return fail(p, text.concat(), 1);
    }
    if options.has(b'S') {
        let line = status(&table(p, List::Shadow), &name);
        p.print(line);
        return 0;
    }
    if ages || sets {
        if p.user.uid != 0 {
            return fail(p, "Permission denied.", 1);
        }
        return change(p, &options, &name);
    }
    new_password(p, &name).await
}

fn all(p: &mut Proc) -> u32 {
    if p.user.uid != 0 {
        return fail(p, "Permission denied.", 1);
    }
    let (users, shadow) = (table(p, List::Passwd), table(p, List::Shadow));
    for row in &users.rows {
        if let Some(name) = row.first() {
            p.print(status(&shadow, name));
        }
    }
    0
}

/// `root P 2026-11-29 0 99999 7 -1`
fn status(shadow: &Table, name: &[u8]) -> Vec<u8> {
    let kind = match shadow.field(name, 1) {
        None | Some(b"") => "NP",
        Some([b'!' | b'*', ..]) => "L",
        Some(_) => "P",
    };
    let date = Date::new(shadow.number(name, 2).unwrap_or(0).saturating_mul(86_400));
    let mut line = name.to_vec();
    let date = format!(" {kind} {:04}-{:02}-{:02}", date.year, date.month, date.day);
    line.extend(date.as_bytes());
    for (at, default) in [(3, 0), (4, -1), (5, 0), (6, -1)] {
        let number = shadow.number(name, at).unwrap_or(if at == 5 { -1 } else { default });
        line.extend(format!(" {number}").as_bytes());
    }
    line.push(b'\n');
    line
}

fn change(p: &mut Proc, options: &Options, name: &[u8]) -> u32 {
    let mut shadow = table(p, List::Shadow);
    let kept = shadow.field(name, 1).unwrap_or_default().to_vec();
    if options.has(b'u') && kept == b"!" {
        fail(p, "unlocking the password would result in a passwordless account.", 0);
        p.error(
            "You should set a password with usermod -p to unlock the password of this account.",
        );
        return 3;
    }
    if options.has(b'd') {
        shadow.set(name, 1, b"");
    }
    if options.has(b'u') {
        shadow.set(name, 1, kept.strip_prefix(b"!").unwrap_or(&kept));
    }
    if options.has(b'l') && !kept.starts_with(b"!") {
        shadow.set(name, 1, &[b"!", kept.as_slice()].concat());
    }
    for (letter, at) in [(b'n', 3), (b'x', 4), (b'w', 5), (b'i', 6)] {
        if let Some(days) = options.value(letter) {
            shadow.set(name, at, if days == b"-1" { b"" } else { days });
        }
    }
    if options.has(b'e') {
        shadow.set(name, 2, b"0");
    } else if options.has(b'd') {
        shadow.set(name, 2, today(p).to_string().as_bytes());
    }
    p.world.with(|world| shadow.save(world));
    if !options.has(b'q') {
        p.line("passwd: password changed.");
    }
    0
}

/// Asks for a new password, and for the old one those who are not root.
pub(super) async fn new_password(p: &mut Proc, name: &[u8]) -> u32 {
    let mut old = None;
    if p.user.uid != 0 {
        p.line([b"Changing password for ", name, b"."].concat());
        let current = ask(p, b"Current password: ", Echo::Off).await.unwrap_or_default();
        if !p.world.with(|world| people::knows(world, name, &current)) {
            wait_for_failure(p).await;
            return unchanged(p);
        }
        old = Some(current);
    }
    for _ in 0..TRIES {
        let Some(first) = ask(p, b"New password: ", Echo::Off).await else { return aborted(p) };
        let second = ask(p, b"Retype new password: ", Echo::Off).await;
        let Some(second) = second else { return aborted(p) };
        if first != second {
            p.error("Sorry, passwords do not match.");
            return unchanged(p);
        }
        let bad = match &old {
            _ if first.is_empty() => Some("No password has been supplied."),
            Some(old) if *old == first => Some("The password has not been changed."),
            Some(_) if first.len() < SHORTEST => Some("You must choose a longer password."),
            Some(_) | None => None,
        };
        if let Some(bad) = bad {
            p.error(bad);
            continue;
        }
        p.sleep(HASHING_NS).await;
        let setting = Method::Yescrypt.setting(&mut dice(p));
        let kept = crypt(&first, &setting).unwrap_or_default();
        if !p.world.with(|world| people::set_password(world, name, &kept)) {
            return unchanged(p);
        }
        p.error("passwd: password updated successfully");
        return 0;
    }
    unchanged(p)
}

/// How long PAM waits after a wrong password: two seconds, more or less.
pub(super) async fn wait_for_failure(p: &mut Proc) {
    let more = dice(p).below(1_000_000_000);
    p.sleep(1_500_000_000 + more).await;
}

fn aborted(p: &mut Proc) -> u32 {
    p.error("Password change has been aborted.");
    unchanged(p)
}

fn unchanged(p: &mut Proc) -> u32 {
    p.error("passwd: Authentication token manipulation error");
    p.error("passwd: password unchanged");
    10
}

const CHPASSWD_FLAGS: &[Flag] = &[
    Flag::with(b'c', "crypt-method"),
    Flag::new(b'e', "encrypted"),
    Flag::new(b'h', "help"),
    Flag::new(b'm', "md5"),
    Flag::with(b'R', "root"),
    Flag::with(b's', "sha-rounds"),
];

/// How `chpasswd` makes what is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// As PAM does.
    Pam,
    /// As it was given.
    AsGiven,
    By(Method),
}

pub(super) async fn chpasswd(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, CHPASSWD_FLAGS, false) else {
        return usage(p, CHPASSWD, 2);
    };
    if options.has(b'h') {
        p.print(CHPASSWD);
        return 0;
    }
    let how = match options.value(b'c') {
        Some(b"MD5") => How::By(Method::Md5),
        Some(b"SHA256") => How::By(Method::Sha256),
        Some(b"SHA512") => How::By(Method::Sha512),
        Some(b"YESCRYPT") => How::By(Method::Yescrypt),
        Some(b"NONE") => How::AsGiven,
        Some(b"DES") => How::By(Method::Md5),
        Some(other) => {
            fail(p, [b"unsupported crypt method: ", other].concat(), 2);
            return usage(p, CHPASSWD, 2);
        }
        None if options.has(b'e') => How::AsGiven,
        None if options.has(b'm') => How::By(Method::Md5),
        None => How::Pam,
    };
    let Ok(mut input) = p.input(b"-") else { return 1 };
    let mut number = 0_u32;
    let mut errors = 0;
    let mut changes = Vec::new();
    while let Ok(Some(line)) = input.line(p).await {
        number += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let mut parts = line.splitn(2, |&b| b == b':');
        let name = parts.next().unwrap_or_default().to_vec();
        let Some(password) = parts.next() else {
            errors += 1;
            fail(p, format!("line {number}: missing new password"), 1);
            continue;
        };
        let done = match how {
            How::Pam => by_pam(p, number, &name, password).await,
            How::AsGiven | How::By(_) => by_hand(p, how, number, &name, password, &mut changes),
        };
        errors += u32::from(!done);
        if errors > 100 {
            break;
        }
    }
    if how != How::Pam {
        if errors > 0 {
            return fail(p, "error detected, changes ignored", 1);
        }
        if p.user.uid != 0 {
            fail(p, "Permission denied.", 1);
            return fail(p, "cannot lock /etc/passwd; try again later.", 1);
        }
        p.world.with(|world| {
            for (name, kept) in &changes {
                people::set_password(world, name, kept);
            }
        });
    }
    u32::from(errors > 0)
}

async fn by_pam(p: &mut Proc, number: u32, name: &[u8], password: &[u8]) -> bool {
    let there = p.user.uid == 0 && table(p, List::Shadow).has(name);
    if there && !password.is_empty() {
        p.sleep(HASHING_NS).await;
        let setting = Method::Yescrypt.setting(&mut dice(p));
        let kept = crypt(password, &setting).unwrap_or_default();
        return p.world.with(|world| people::set_password(world, name, &kept));
    }
    if there {
        for _ in 0..TRIES {
            p.error("No password has been supplied.");
        }
    }
    let name = String::from_utf8_lossy(name).into_owned();
    fail(p, format!("(user {name}) pam_chauthtok() failed, error:"), 1);
    p.error("Authentication token manipulation error");
    fail(p, format!("(line {number}, user {name}) password not changed"), 1);
    false
}

fn by_hand(
    p: &mut Proc,
    how: How,
    number: u32,
    name: &[u8],
    password: &[u8],
    changes: &mut Vec<(Vec<u8>, Vec<u8>)>,
) -> bool {
    if !table(p, List::Passwd).has(name) {
        let text = quoted(&format!("line {number}: user "), name, " does not exist");
        fail(p, text, 1);
        return false;
    }
    let kept = match how {
        How::Pam | How::AsGiven => password.to_vec(),
        How::By(method) => {
            let setting = method.setting(&mut dice(p));
            crypt(password, &setting).unwrap_or_default()
        }
    };
    if changes.len() < 1_000 {
        changes.push((name.to_vec(), kept));
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::commands::people::tests::lines;
    use crate::testing::Bench;

    #[test]
    fn root_sets_passwords() {
        let mut bench = Bench::new();
        let done = bench.run(&["passwd"], "a\na\n");
        let text = "New password: Retype new password: passwd: password updated successfully\n";
        assert_eq!((done.err.as_str(), done.status), (text, 0));
        bench.world.with(|world| {
            assert!(crate::people::verify(&world.files, b"root", b"a"));
            assert!(!crate::people::verify(&world.files, b"root", b"b"));
            assert!(crate::people::is_changed(&world.machine, &world.files, b"root"));
        });
        let done = bench.run(&["passwd", "root"], "x\nNewPw1234\nNewPw1234\n");
        let text = "New password: Retype new password: Sorry, passwords do not match.\n\
                    passwd: Authentication token manipulation error\npasswd: password unchanged\n";
        assert_eq!((done.err.as_str(), done.status), (text, 10));
        let done = bench.run(&["passwd"], "\n\n");
        let text = "New password: Retype new password: No password has been supplied.\n\
                    New password: Password change has been aborted.\n\
                    passwd: Authentication token manipulation error\npasswd: password unchanged\n";
        assert_eq!((done.err.as_str(), done.status), (text, 10));
        assert_eq!(
            bench.run(&["passwd", "nosuch"], "").err,
            "passwd: user 'nosuch' does not exist\n"
        );
    }

    #[test]
    fn accounts_are_locked() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["chpasswd"], "root:NewPw1234\n").status, 0);
        assert!(lines(&mut bench, "/etc/shadow", "root:").starts_with("root:$y$j9T$"));
        assert_eq!(bench.run(&["passwd", "-l", "root"], "").out, "passwd: password changed.\n");
        assert!(lines(&mut bench, "/etc/shadow", "root:").starts_with("root:!$y$j9T$"));
        let status = bench.run(&["passwd", "-S", "root"], "").out;
        assert_eq!(status, "root L 2026-11-22 0 99999 7 -1\n");
        bench.run(&["passwd", "-u", "root"], "");
        bench.world.with(|world| {
            assert!(crate::people::verify(&world.files, b"root", b"NewPw1234"));
        });
        let done = bench.run(&["passwd", "--stdin", "root"], "x");
        assert!(done.err.starts_with("passwd: unrecognized option '--stdin'\nUsage: passwd"));
        assert_eq!(done.status, 6);
    }

    #[test]
    fn lists_of_passwords_are_read() {
        let mut bench = Bench::new();
        let done = bench.run(&["chpasswd"], "nosuch:abc\nbob\nroot:x");
        let text = "chpasswd: (user nosuch) pam_chauthtok() failed, error:\n\
                    Authentication token manipulation error\n\
                    chpasswd: (line 1, user nosuch) password not changed\n\
                    chpasswd: line 2: missing new password\n";
        assert_eq!((done.err.as_str(), done.status), (text, 1));
        bench.world.with(|world| assert!(crate::people::verify(&world.files, b"root", b"x")));
        bench.run(&["chpasswd", "-e"], "root:$1$abcdefgh$fzmjzFdo5nMtBG8gtud5e0\n");
        bench.world.with(|world| {
            assert!(crate::people::verify(&world.files, b"root", b"Hello world!"));
        });
        let done = bench.run(&["chpasswd", "-e"], "nosuch:abc");
        let text = "chpasswd: line 1: user 'nosuch' does not exist\n\
                    chpasswd: error detected, changes ignored\n";
        assert_eq!((done.err.as_str(), done.status), (text, 1));
    }
}

//! What happens where the machine's own server was reached.
//!
//! **Invariant:** a shell is started for who is known, in a process of its own.

use super::keyfile::{fingerprint, hashed_host, public_blob};
use super::{Plan, say};
use crate::calendar::{Date, seconds};
use crate::commands::people::{Echo, ask, dice, run_as, wait_for_failure};
use crate::kernel::{Proc, User};
use crate::people;
use crate::process::{Direction, Opening};

const HOST_KEY: &[u8] = b"/etc/ssh/ssh_host_ed25519_key.pub";

/// Checks the host's key and asks for the password.
pub(super) async fn log_in(p: &mut Proc, plan: &Plan) -> Option<User> {
    if !trusts(p, plan).await {
        say(p, "Host key verification failed.");
        return None;
    }
    let name = plan.user(p);
    let host = String::from_utf8_lossy(&plan.host).into_owned();
    let shown = String::from_utf8_lossy(&name).into_owned();
    let user = p.world.with(|world| people::by_name(&world.files, &name));
    if let Some(user) = &user
        && has_key(p, plan, user)
    {
        return Some(user.clone());
    }
    let batch = plan.setting("batchmode").is_some_and(|value| value == "yes");
    let tries = plan.setting("numberofpasswordprompts").and_then(|text| text.parse().ok());
    let tries = if batch { 0 } else { tries.unwrap_or(3).min(6) };
    for number in 0..tries {
        let question = format!("{shown}@{host}'s password: ");
        let password = from_terminal(p, question.as_bytes(), Echo::Off).await;
        let right = password.as_ref().is_some_and(|password| {
            p.world.with(|world| people::knows(world, &name, password))
        });
        if let Some(user) = user.as_ref().filter(|_| right) {
            return Some(user.clone());
        }
        if password.is_some() {
            wait_for_failure(p).await;
        }
        if number + 1 < tries {
            say(p, "Permission denied, please try again.");
        }
    }
    say(p, format!("{shown}@{host}: Permission denied (publickey,password)."));
    None
}

/// Asks the terminal, whatever standard input is. `None` without one.
async fn from_terminal(p: &mut Proc, question: &[u8], echo: Echo) -> Option<Vec<u8>> {
    let terminal = p.open(b"/dev/tty", Direction::Both, Opening::default(), false).ok()?;
    let input = p.fds.insert(0, std::sync::Arc::clone(&terminal));
    let output = p.fds.insert(2, terminal);
    let answer = ask(p, question, echo).await;
    p.flush().await;
    for (fd, before) in [(0, input), (2, output)] {
        match before {
            Some(before) => p.fds.insert(fd, before),
            None => p.fds.remove(&fd),
        };
    }
    answer
}

/// Whether the host's key is known, or is accepted now.
async fn trusts(p: &mut Proc, plan: &Plan) -> bool {
    let text = p.world.with(|world| people::text(&world.files, HOST_KEY));
    let Some(blob) = public_blob(&text) else { return true };
    let key = text.split(|&b| b == b' ').take(2).collect::<Vec<_>>().join(&b' ');
    let list = [p.user.home.as_slice(), b"/.ssh/known_hosts"].concat();
    let known = p.content(&list).await.unwrap_or_default();
    if known.split(|&b| b == b'\n').any(|line| line.ends_with(&key)) {
        return true;
    }
    let host = String::from_utf8_lossy(&plan.host).into_owned();
    let strict = plan.setting("stricthostkeychecking").unwrap_or_default();
    if !matches!(strict.as_str(), "no" | "off" | "accept-new") {
        let address = crate::commands::net::reach::resolve(p, &plan.host).await.unwrap_or_default();
        let address = address.first().map(ToString::to_string).unwrap_or_default();
        let question = format!(
            "The authenticity of host '{host} ({address})' can't be established.\nED25519 key \
             fingerprint is {}.\nThis key is not known by any other names.\nAre you sure you want to \
             continue connecting (yes/no/[fingerprint])? ",
            fingerprint(&blob)
        );
        let mut question = question.into_bytes();
        loop {
            match from_terminal(p, &question, Echo::On).await.as_deref() {
                Some(b"yes") => break,
                Some(b"no") | None => return false,
                Some(_) => question = b"Please type 'yes', 'no' or the fingerprint: ".to_vec(),
            }
        }
    }
    say(p, format!("Warning: Permanently added '{host}' (ED25519) to the list of known hosts."));
    if plan.setting("userknownhostsfile").is_none() {
        let line = [hashed_host(&mut dice(p), &plan.host).as_slice(), b" ", &key, b"\n"].concat();
        let folder = [p.user.home.as_slice(), b"/.ssh"].concat();
        // It may be there.
        let _ = p.fs(|process| process.mkdir(&folder, 0o700));
        let opening = Opening { create: Some(0o600), ..Opening::default() };
        if let Ok(open) = p.open(&list, Direction::Write, opening, true) {
            let fd = p.add(open, 3);
            // Where the disk is full, it is asked again.
            let _ = p.write(fd, &line).await;
            p.fds.remove(&fd);
        }
    }
    true
}

/// Whether one of the user's keys is one that the other lets in.
fn has_key(p: &Proc, plan: &Plan, user: &User) -> bool {
    let home = p.user.home.clone();
    let defaults = ["id_rsa", "id_ecdsa", "id_ed25519"];
    let own = defaults.iter().map(|name| [home.as_slice(), b"/.ssh/", name.as_bytes()].concat());
    let keys: Vec<Vec<u8>> = plan.identities.iter().cloned().chain(own).collect();
    let list = [user.home.as_slice(), b"/.ssh/authorized_keys"].concat();
    let allowed = p.world.with(|world| people::text(&world.files, &list));
    keys.iter().any(|key| {
        let path = p.fs(|process| process.find(&[key.as_slice(), b".pub"].concat(), crate::files::Last::Follow));
        let text = path.map(|path| p.world.with(|world| people::text(&world.files, &path)));
        let key = text.unwrap_or_default();
        let key = key.split(|&b| b == b' ').nth(1).unwrap_or_default();
        !key.is_empty() && allowed.windows(key.len()).any(|part| part == key)
    })
}

/// Runs what was asked for as that user.
pub(super) async fn run(p: &mut Proc, plan: &Plan, user: User) -> u32 {
    if plan.has(b'N') {
        loop {
            p.sleep(3_600_000_000_000).await;
        }
    }
    let root = p.world.with(|world| people::by_uid(&world.files, 0));
    let Ok(mut child) = p.fork() else { return 255 };
    child.user = root.unwrap_or_else(|| user.clone());
    child.args = vec![b"su".to_vec(), b"-".to_vec(), user.name];
    let shell = plan.command.is_empty();
    if shell {
        let host = String::from_utf8_lossy(&plan.host).into_owned();
        greet(p, &host);
    } else {
        child.args.extend([b"-c".to_vec(), plan.command.join(&b' ')]);
    }
    let status = run_as(p, child, b"/usr/bin/su".to_vec(), "").await;
    if shell && p.is_terminal(0) {
        let host = String::from_utf8_lossy(&plan.host).into_owned();
        say(p, format!("Connection to {host} closed."));
    }
    status
}

/// What the server shows at a login.
fn greet(p: &mut Proc, host: &str) {
    let (motd, name, kernel) = p.world.with(|world| {
        let motd = people::text(&world.files, b"/etc/motd");
        let machine = &world.machine;
        (motd, machine.hostname.clone(), format!("{} {}", machine.kernel, machine.kernel_version))
    });
    p.line(format!("Linux {name} {kernel} x86_64"));
    p.print(motd);
    let date = Date::new(seconds(p.now()));
    let from = if host.starts_with("::") || host == "localhost" { "::1" } else { "127.0.0.1" };
    p.line(format!(
        "Last login: {} {} {:2} {} {} from {from}",
        date.weekday_name(),
        date.month_name(),
        date.day,
        date.clock(),
        date.year
    ));
}

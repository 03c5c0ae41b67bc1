//! `newgrp`, `sg`, `nologin`, `login`, `vipw`.
//!
//! **Invariant:** a shell that is started here is a child, and its status is the program's.

use super::switch::run_as;
use super::{Echo, ask, fail, quoted, table};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::people::{self, List, crypt};

const VIPW: &str = include_str!("usage/vipw.txt");

pub(super) async fn nologin(p: &mut Proc) -> u32 {
    p.line("This account is currently not available.");
    1
}

pub(super) async fn newgrp(p: &mut Proc) -> u32 {
    let sg = p.name() == "sg";
    let mut rest = p.rest();
    let login = rest.first().is_some_and(|first| first == b"-" || first == b"-l");
    if login {
        rest.remove(0);
    }
    if rest.first().is_some_and(|first| first.starts_with(b"-")) || (sg && rest.is_empty()) {
        let text = if sg {
            "Usage: sg group [[-c] command]"
        } else {
            "Usage: newgrp [-] [group]"
        };
        p.error(text);
        return 1;
    }
    let user = p.user.clone();
    let gid = match rest.first() {
        None => p.world.with(|world| people::by_uid(&world.files, user.uid)).map(|user| user.gid),
        Some(name) => table(p, List::Group).number(name, 2).and_then(|gid| u32::try_from(gid).ok()),
    };
    let Some(gid) = gid else {
        let name = rest.first().cloned().unwrap_or_default();
        return fail(p, quoted("group ", &name, " does not exist"), 1);
    };
    if let Some(name) = rest.first()
        && user.uid != 0
        && gid != user.gid
        && !table(p, List::Group).names(name, 3).contains(&user.name)
    {
        let kept = table(p, List::Gshadow).field(name, 1).unwrap_or_default().to_vec();
        let password = ask(p, b"Password: ", Echo::Off).await.unwrap_or_default();
        if crypt(&password, &kept).is_none_or(|made| made != kept) {
            super::passwd::wait_for_failure(p).await;
            p.error("Invalid password.");
            return 1;
        }
    }
    let shell = p.var("SHELL").map_or_else(|| user.shell.clone(), <[u8]>::to_vec);
    let shell = if shell.is_empty() { b"/bin/sh".to_vec() } else { shell };
    let Ok(mut child) = p.fork() else { return 1 };
    child.user.gid = gid;
    let base = shell.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let dash: &[u8] = if login { b"-" } else { b"" };
    child.args = vec![[dash, base].concat()];
    let command: Vec<Vec<u8>> =
        rest.iter().skip(1).filter(|word| word.as_slice() != b"-c").cloned().collect();
    if sg && !command.is_empty() {
        child.args = vec![b"sh".to_vec(), b"-c".to_vec(), command.join(&b' ')];
        return run_as(p, child, b"/bin/sh".to_vec(), "").await;
    }
    run_as(p, child, shell, "").await
}

pub(super) async fn login(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let bad = rest.iter().any(|word| word.starts_with(b"-") && !matches!(word.as_slice(), b"-p" | b"-f" | b"-h"));
    if p.user.uid != 0 {
        return fail(p, "Cannot possibly work without effective root", 1);
    }
    if bad {
        p.error("Usage: login [-p] [name]\n       login [-p] [-h host] [-f name]");
        return 1;
    }
    if !p.is_terminal(0) {
        return 1;
    }
    let free = rest.iter().any(|word| word == b"-f");
    let mut name = rest.iter().rfind(|word| !word.starts_with(b"-")).cloned();
    let host = p.world.with(|world| world.machine.hostname.clone());
    for _ in 0..5 {
        let question = format!("{host} login: ");
        let user = match name.take() {
            Some(name) => name,
            None => match ask(p, question.as_bytes(), Echo::On).await {
                Some(name) if !name.is_empty() => name,
                Some(_) => continue,
                None => return 1,
            },
        };
        let known = p.world.with(|world| people::by_name(&world.files, &user));
        let password =
            if free { Vec::new() } else { ask(p, b"Password: ", Echo::Off).await.unwrap_or_default() };
        let right = free || p.world.with(|world| people::knows(world, &user, &password));
        if let Some(found) = known.filter(|_| right) {
            let Ok(mut child) = p.fork() else { return 1 };
            child.args = vec![b"su".to_vec(), b"-".to_vec(), found.name];
            return run_as(p, child, b"/usr/bin/su".to_vec(), "").await;
        }
        super::passwd::wait_for_failure(p).await;
        p.print("\nLogin incorrect\n");
    }
    p.print("Maximum number of tries exceeded (5)\n");
    1
}

const VIPW_FLAGS: &[Flag] = &[
    Flag::new(b'g', "group"),
    Flag::new(b'h', "help"),
    Flag::new(b'p', "passwd"),
    Flag::new(b'q', "quiet"),
    Flag::with(b'R', "root"),
    Flag::new(b's', "shadow"),
];

pub(super) async fn vipw(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, VIPW_FLAGS, false) else {
        p.error("Usage: vipw [options]\n\nOptions:");
        p.put(2, VIPW.as_bytes());
        return 1;
    };
    if options.has(b'h') {
        p.error("Usage: vipw [options]\n\nOptions:");
        p.print(VIPW);
        return 0;
    }
    let group = match options.last_of(b"gp") {
        Some(letter) => letter == b'g',
        None => p.name() == "vigr",
    };
    let list = match (group, options.has(b's')) {
        (false, false) => List::Passwd,
        (false, true) => List::Shadow,
        (true, false) => List::Group,
        (true, true) => List::Gshadow,
    };
    let path = list.path();
    let shown = String::from_utf8_lossy(path).into_owned();
    if p.user.uid != 0 {
        return fail(p, format!("Couldn't lock file: {shown}: Permission denied"), 1);
    }
    let before = p.world.with(|world| people::text(&world.files, path));
    let copy = [path, b".edit"].concat();
    p.world.with(|world| people::replace(world, &copy, &before));
    let editor = p.var("VISUAL").or(p.var("EDITOR")).unwrap_or(b"sensible-editor").to_vec();
    let line = [editor.as_slice(), b" ", copy.as_slice()].concat();
    let words = vec![b"sh".to_vec(), b"-c".to_vec(), line];
    let status = crate::commands::run(p, words).await.map_or(127, |ended| ended.status());
    let after = p.world.with(|world| people::text(&world.files, &copy));
    // It may be gone.
    let _ = p.fs(|process| process.unlink(&copy));
    if status != 0 {
        let editor = String::from_utf8_lossy(&editor).into_owned();
        fail(p, format!("{editor} returned with status {status}"), 0);
    }
    if status != 0 || after == before {
        let name = p.name();
        p.line(format!("{name}: {shown} is unchanged"));
        return status;
    }
    p.world.with(|world| people::replace(world, path, &after));
    let (one, other) = match list {
        List::Passwd => ("/etc/passwd", "vipw -s"),
        List::Shadow => ("/etc/shadow", "vipw"),
        List::Group => ("/etc/group", "vigr -s"),
        List::Gshadow => ("/etc/gshadow", "vigr"),
    };
    p.print(format!(
        "You have modified {one}.\nYou may need to modify {} for consistency.\nPlease use the command '{other}' to do so.\n",
        match list {
            List::Passwd => "/etc/shadow",
            List::Shadow => "/etc/passwd",
            List::Group => "/etc/gshadow",
            List::Gshadow => "/etc/group",
        }
    ));
    0
}

//! `visudo`.
//!
//! **Invariant:** /etc/sudoers is changed by the editor that was named, and by nothing else.

use crate::commands::{Flag, Options};
use crate::files::Last;
use crate::kernel::Proc;

const USAGE: &str = include_str!("../usage/visudo.txt");
const FLAGS: &[Flag] = &[
    Flag::new(b'c', "check"),
    Flag::with(b'f', "file"),
    Flag::new(b'h', "help"),
    Flag::new(b'I', "no-includes"),
    Flag::new(b'q', "quiet"),
    Flag::new(b's', "strict"),
    Flag::new(b'V', "version"),
    Flag::new(b'O', "owner"),
    Flag::new(b'P', "perms"),
];

pub(in crate::commands::people) async fn visudo(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error("usage: visudo [-chqsV] [[-f] sudoers ]");
        return 1;
    };
    if options.has(b'h') {
        p.print(USAGE);
        return 0;
    }
    if options.has(b'V') {
        p.line("visudo version 1.9.13p3\nvisudo grammar version 50");
        return 0;
    }
    let file = options.value(b'f').or_else(|| options.rest.first().map(Vec::as_slice));
    let own = file.is_none();
    let file = file.unwrap_or(b"/etc/sudoers").to_vec();
    let stat = p.fs(|process| process.stat(&file, Last::Follow));
    let content = p.content(&file).await;
    if options.has(b'c') {
        return check(p, &options, &file, own, stat.is_ok_and(|stat| stat.mode & 0o7777 == 0o440), content.err());
    }
    let Ok(before) = content else {
        p.error([b"visudo: ", file.as_slice(), b": Permission denied"].concat());
        return 1;
    };
    let temporary = [file.as_slice(), b".tmp"].concat();
    let names = ["SUDO_EDITOR", "VISUAL", "EDITOR"];
    let editor = names.iter().find_map(|name| p.var(name)).unwrap_or(b"/usr/bin/editor").to_vec();
    p.world.with(|world| crate::people::replace(world, &temporary, &before));
    let mut words: Vec<Vec<u8>> =
        editor.split(|&b| b == b' ').filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect();
    words.push(temporary.clone());
    if crate::commands::run(p, words).await.is_err() {
        p.error([b"visudo: no editor found (editor path = ", editor.as_slice(), b")"].concat());
        return 1;
    }
    let after = p.content(&temporary).await.unwrap_or_default();
    // It may be gone.
    let _ = p.fs(|process| process.unlink(&temporary));
    if after == before {
        p.error([b"visudo: ", temporary.as_slice(), b" unchanged"].concat());
    } else {
        p.world.with(|world| crate::people::replace(world, &file, &after));
    }
    0
}

fn check(
    p: &mut Proc,
    options: &Options,
    file: &[u8],
    own: bool,
    right: bool,
    fault: Option<crate::files::Fault>,
) -> u32 {
    if let Some(fault) = fault {
        let why = fault.text().as_bytes();
        p.error([b"visudo: unable to open ", file, b": ", why].concat());
        return 1;
    }
    if own && !right {
        p.error([file, b": bad permissions, should be mode 0440"].concat());
    }
    if !options.has(b'q') {
        if right || !own {
            p.line([file, b": parsed OK"].concat());
        }
        if own {
            for name in p.world.with(|world| world.files.names(b"/etc/sudoers.d")) {
                p.line([b"/etc/sudoers.d/", name.as_slice(), b": parsed OK"].concat());
            }
        }
    }
    u32::from(own && !right)
}

//! The command line of `tar`, in its old and its new way.
//!
//! **Invariant:** the old way is turned into the new one, which is then read.

use super::Doing;
use crate::commands::files::about::licence;
use crate::commands::{Flag, Options};
use crate::kernel::Proc;

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    /// Plain; or whatever it turns out to be, where it is read.
    Any,
    Gzip,
    Bzip2,
    Xz,
}

/// What was asked for.
#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
pub(super) struct Asked {
    pub(super) doing: Doing,
    pub(super) file: Vec<u8>,
    pub(super) packed: Packed,
    pub(super) verbose: usize,
    pub(super) folder: Option<Vec<u8>>,
    /// Members, and the folder that was named before each.
    pub(super) members: Vec<Vec<u8>>,
    pub(super) excluded: Vec<Vec<u8>>,
    pub(super) strip: usize,
    pub(super) to_stdout: bool,
    pub(super) wildcards: bool,
    pub(super) keep_old: bool,
    pub(super) absolute: bool,
    pub(super) follow: bool,
    pub(super) keep_mode: bool,
    pub(super) keep_owner: bool,
    pub(super) touch: bool,
    pub(super) numeric: bool,
    pub(super) remove: bool,
    pub(super) flat: bool,
    pub(super) one_system: bool,
}

const EXCLUDE: u8 = 129;
const STRIP: u8 = 130;
const WILDCARDS: u8 = 131;
const NUMERIC: u8 = 132;
const REMOVE: u8 = 133;
const FLAT: u8 = 134;
const ONE_SYSTEM: u8 = 135;
const IGNORED: u8 = 136;
const IGNORED_VALUE: u8 = 137;
const HELP: u8 = 138;
const VERSION: u8 = 139;
const USAGE: u8 = 140;
const SAME_OWNER: u8 = 141;
const NO_SAME_OWNER: u8 = 142;
const DELETE: u8 = 143;
const ZSTD: u8 = 144;
const NO_SAME_MODE: u8 = 145;
const CHECKPOINT: u8 = 146;

const FLAGS: &[Flag] = &[
    Flag::new(b'A', "catenate"),
    Flag::new(b'c', "create"),
    Flag::new(DELETE, "delete"),
    Flag::new(b'd', "diff"),
    Flag::new(b'd', "compare"),
    Flag::new(b'r', "append"),
    Flag::new(b't', "list"),
    Flag::new(b'u', "update"),
    Flag::new(b'x', "extract"),
    Flag::new(b'x', "get"),
    Flag::new(b'a', "auto-compress"),
    Flag::with(b'b', "blocking-factor"),
    Flag::new(b'B', "read-full-records"),
    Flag::with(b'C', "directory"),
    Flag::with(b'f', "file"),
    Flag::with(b'F', "info-script"),
    Flag::with(b'g', "listed-incremental"),
    Flag::new(b'G', "incremental"),
    Flag::new(b'h', "dereference"),
    Flag::with(b'H', "format"),
    Flag::new(b'i', "ignore-zeros"),
    Flag::with(b'I', "use-compress-program"),
    Flag::new(b'j', "bzip2"),
    Flag::new(b'J', "xz"),
    Flag::new(b'k', "keep-old-files"),
    Flag::with(b'K', "starting-file"),
    Flag::new(b'l', "check-links"),
    Flag::new(b'm', "touch"),
    Flag::new(b'M', "multi-volume"),
    Flag::with(b'N', "newer"),
    Flag::new(b'o', "old-archive"),
    Flag::new(b'O', "to-stdout"),
    Flag::new(b'p', "preserve-permissions"),
    Flag::new(b'p', "same-permissions"),
    Flag::new(b'P', "absolute-names"),
    Flag::new(b's', "preserve-order"),
    Flag::new(b'S', "sparse"),
    Flag::with(b'T', "files-from"),
    Flag::new(b'U', "unlink-first"),
    Flag::new(b'v', "verbose"),
    Flag::with(b'V', "label"),
    Flag::new(b'w', "interactive"),
    Flag::new(b'W', "verify"),
    Flag::with(b'X', "exclude-from"),
    Flag::new(b'z', "gzip"),
    Flag::new(b'z', "gunzip"),
    Flag::new(b'z', "ungzip"),
    Flag::new(b'Z', "compress"),
    Flag::new(b'?', ""),
    Flag::with(EXCLUDE, "exclude"),
    Flag::with(STRIP, "strip-components"),
    Flag::new(WILDCARDS, "wildcards"),
    Flag::new(NUMERIC, "numeric-owner"),
    Flag::new(REMOVE, "remove-files"),
    Flag::new(FLAT, "no-recursion"),
    Flag::new(ONE_SYSTEM, "one-file-system"),
    Flag::new(SAME_OWNER, "same-owner"),
    Flag::new(NO_SAME_OWNER, "no-same-owner"),
    Flag::new(NO_SAME_MODE, "no-same-permissions"),
    Flag::new(ZSTD, "zstd"),
    Flag::new(IGNORED, "overwrite"),
    Flag::new(IGNORED, "no-overwrite-dir"),
    Flag::new(IGNORED, "ignore-failed-read"),
    Flag::new(IGNORED, "totals"),
    Flag::new(IGNORED, "null"),
    Flag::new(IGNORED, "no-wildcards"),
    Flag::new(IGNORED, "anchored"),
    Flag::new(IGNORED, "posix"),
    Flag::new(IGNORED, "recursion"),
    Flag::new(IGNORED, "force-local"),
    Flag::new(IGNORED, "acls"),
    Flag::new(IGNORED, "xattrs"),
    Flag::new(IGNORED, "selinux"),
    Flag::new(IGNORED, "exclude-vcs"),
    Flag::with(IGNORED_VALUE, "owner"),
    Flag::with(IGNORED_VALUE, "group"),
    Flag::with(IGNORED_VALUE, "mode"),
    Flag::with(IGNORED_VALUE, "mtime"),
    Flag::with(IGNORED_VALUE, "warning"),
    Flag::with(IGNORED_VALUE, "transform"),
    Flag::with(IGNORED_VALUE, "sort"),
    Flag::maybe(CHECKPOINT, "checkpoint"),
    Flag::new(HELP, "help"),
    Flag::new(VERSION, "version"),
    Flag::new(USAGE, "usage"),
];

/// Names read from files.
const NAMES: usize = 10_000;

fn more(p: &mut Proc) -> u32 {
    p.error("Try 'tar --help' or 'tar --usage' for more information.");
    2
}

/// `xzf a b` as `-x -z -f a b`.
fn old_way(p: &mut Proc) -> Result<(), u32> {
    let Some(letters) = p.args.get(1).filter(|arg| !arg.starts_with(b"-") && !arg.is_empty()) else {
        return Ok(());
    };
    let letters = letters.clone();
    let mut rest = p.args.iter().skip(2).cloned();
    let mut args: Vec<Vec<u8>> = p.args.iter().take(1).cloned().collect();
    for letter in letters {
        args.push(vec![b'-', letter]);
        let takes = FLAGS.iter().any(|flag| {
            flag.letter == letter && flag.value == crate::commands::Takes::Yes
        });
        if !takes {
            continue;
        }
        match rest.next() {
            Some(value) => args.push(value),
            None => {
                p.say(&[b"Old option '", &[letter], b"' requires an argument."]);
                return Err(more(p));
            }
        }
    }
    args.extend(rest);
    p.args = args;
    Ok(())
}

pub(super) fn read(p: &mut Proc) -> Result<Asked, u32> {
    old_way(p)?;
    let Some(given) = Options::read(p, FLAGS, false) else {
        more(p);
        return Err(64);
    };
    match given.last_of(&[HELP, VERSION, USAGE, b'?']) {
        Some(VERSION) => {
            p.line("tar (GNU tar) 1.34");
            licence(p, "2021");
            p.line("\nWritten by John Gilmore and Jay Fenlason.");
            return Err(0);
        }
        Some(_) => {
            p.line("Usage: tar [OPTION...] [FILE]...");
            p.line("GNU 'tar' saves many files together into a single tape or disk archive, and can");
            p.line("restore individual files from the archive.");
            return Err(0);
        }
        None => {}
    }
    let doings: Vec<u8> = given
        .given
        .iter()
        .map(|(letter, _)| *letter)
        .filter(|letter| b"Acdrtux".contains(letter) || *letter == DELETE)
        .collect();
    let first = doings.first().copied();
    if doings.iter().any(|doing| Some(*doing) != first) {
        p.say(&[b"You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option"]);
        return Err(more(p));
    }
    let doing = match first {
        Some(b'c') => Doing::Create,
        Some(b'x') => Doing::Extract,
        Some(b't' | b'd') => Doing::List,
        Some(_) => Doing::Append,
        None => {
            p.say(&[b"You must specify one of the '-Acdtrux', '--delete' or '--test-label' options"]);
            return Err(more(p));
        }
    };
    let file = given.value(b'f').unwrap_or(b"-").to_vec();
    let by_name = given.has(b'a') && doing == Doing::Create;
    let ends = |end: &[u8]| by_name && file.ends_with(end);
    let packed = match given.last_of(b"zjJ") {
        Some(b'z') => Packed::Gzip,
        Some(b'j') => Packed::Bzip2,
        Some(_) => Packed::Xz,
        None if ends(b".gz") || ends(b".tgz") => Packed::Gzip,
        None if ends(b".bz2") => Packed::Bzip2,
        None if ends(b".xz") => Packed::Xz,
        None => Packed::Any,
    };
    let values = |letter: u8| {
        let given = given.given.iter().filter(move |(given, _)| *given == letter);
        given.filter_map(|(_, value)| value.clone())
    };
    let mut members = given.rest.clone();
    let mut excluded: Vec<Vec<u8>> = values(EXCLUDE).collect();
    for (letter, list) in [(b'T', &mut members), (b'X', &mut excluded)] {
        for name in values(letter) {
            let text = p.fs(|process| {
                let found = process.find(&name, crate::files::Last::Follow)?;
                process.node(&found)?;
                Ok::<_, crate::files::Fault>(process.head(&found, 1 << 20))
            });
            match text {
                Ok(text) => {
                    let lines = text.split(|&b| b == b'\n').filter(|line| !line.is_empty());
                    list.extend(lines.take(NAMES).map(<[u8]>::to_vec));
                }
                Err(fault) => {
                    p.say(&[&name, b": Cannot open: ", fault.text().as_bytes()]);
                    p.say(&[b"Error is not recoverable: exiting now"]);
                    return Err(2);
                }
            }
        }
    }
    let strip = match given.value(STRIP) {
        None => 0,
        Some(text) => match std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
            Some(strip) => strip,
            None => {
                p.say(&[text, b": Invalid number of elements"]);
                return Err(more(p));
            }
        },
    };
    if doing == Doing::Create && members.is_empty() {
        p.say(&[b"Cowardly refusing to create an empty archive"]);
        return Err(more(p));
    }
    let root = p.user.uid == 0;
    Ok(Asked {
        doing,
        file,
        packed,
        verbose: given.given.iter().filter(|(letter, _)| *letter == b'v').count(),
        folder: values(b'C').reduce(|all, next| super::super::join(&all, &next)),
        members,
        excluded,
        strip,
        to_stdout: given.has(b'O'),
        wildcards: given.has(WILDCARDS),
        keep_old: given.has(b'k'),
        absolute: given.has(b'P'),
        follow: given.has(b'h'),
        keep_mode: (root || given.has(b'p')) && !given.has(NO_SAME_MODE),
        keep_owner: match given.last_of(&[SAME_OWNER, NO_SAME_OWNER, b'o']) {
            Some(SAME_OWNER) => true,
            Some(_) => false,
            None => root,
        },
        touch: given.has(b'm'),
        numeric: given.has(NUMERIC),
        remove: given.has(REMOVE),
        flat: given.has(FLAT),
        one_system: given.has(ONE_SYSTEM),
    })
}

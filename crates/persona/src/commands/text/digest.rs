//! `md5sum` and its kind, `cksum` and `sum`.
//!
//! **Invariant:** files are read a piece at a time.

mod check;
mod hash;

use super::{inputs, options, quote, quotef, say};
use crate::commands::{Flag, Options};

use crate::kernel::Proc;
use hash::{Hasher, Kind};

const TAG: u8 = 3;
const QUIET: u8 = 4;
const STATUS: u8 = 5;
const IGNORE: u8 = 6;
const STRICT: u8 = 7;
const UNTAGGED: u8 = 8;

const FLAGS: &[Flag] = &[
    Flag::new(b'b', "binary"),
    Flag::new(b'c', "check"),
    Flag::new(b't', "text"),
    Flag::new(b'w', "warn"),
    Flag::new(b'z', "zero"),
    Flag::new(TAG, "tag"),
    Flag::new(QUIET, "quiet"),
    Flag::new(STATUS, "status"),
    Flag::new(IGNORE, "ignore-missing"),
    Flag::new(STRICT, "strict"),
];

/// Algorithms of `cksum -a`.
const KINDS: &[(&str, Kind)] = &[
    ("bsd", Kind::Bsd),
    ("sysv", Kind::Sysv),
    ("crc", Kind::Crc),
    ("md5", Kind::Md5),
    ("sha1", Kind::Sha1),
    ("sha224", Kind::Sha224),
    ("sha256", Kind::Sha256),
    ("sha384", Kind::Sha384),
    ("sha512", Kind::Sha512),
    ("blake2b", Kind::Blake2b),
    ("sm3", Kind::Sm3),
];

pub(super) async fn md5(p: &mut Proc) -> u32 {
    sums(p, Kind::Md5).await
}

pub(super) async fn sha1(p: &mut Proc) -> u32 {
    sums(p, Kind::Sha1).await
}

pub(super) async fn sha224(p: &mut Proc) -> u32 {
    sums(p, Kind::Sha224).await
}

pub(super) async fn sha256(p: &mut Proc) -> u32 {
    sums(p, Kind::Sha256).await
}

pub(super) async fn sha384(p: &mut Proc) -> u32 {
    sums(p, Kind::Sha384).await
}

pub(super) async fn sha512(p: &mut Proc) -> u32 {
    sums(p, Kind::Sha512).await
}

pub(super) async fn b2(p: &mut Proc) -> u32 {
    sums(p, Kind::Blake2b).await
}

/// How a sum is shown.
struct Look {
    kind: Kind,
    /// Bytes of the sum, of which `b2sum` can have fewer.
    length: usize,
    tag: bool,
    mark: u8,
    zero: bool,
}

/// Why a file has no sum, after it was complained about.
struct Unread;

async fn hash_file(p: &mut Proc, path: &[u8], kind: Kind, length: usize) -> Result<Hasher, Unread> {
    let mut input = match p.input(path) {
        Ok(input) => input,
        Err(why) => {
            p.complain(&quotef(path), why.text());
            return Err(Unread);
        }
    };
    let mut hasher = Hasher::new(kind, length);
    loop {
        match input.chunk(p).await {
            Ok(piece) if piece.is_empty() => break,
            Ok(piece) => {
                p.tick(piece.len() / 2).await;
                hasher.add(&piece);
            }
            Err(why) => {
                p.done(&input);
                p.complain(&quotef(path), why.text());
                return Err(Unread);
            }
        }
    }
    p.done(&input);
    Ok(hasher)
}

/// A name without line ends, and whether it had any.
fn escaped(path: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\\' => out.extend(b"\\\\"),
            byte => out.push(byte),
        }
    }
    let changed = out != path;
    (out, changed)
}

impl Look {
    fn line(&self, sum: &str, path: &[u8]) -> Vec<u8> {
        let (name, changed) = if self.zero { (path.to_vec(), false) } else { escaped(path) };
        let mut line = if changed { b"\\".to_vec() } else { Vec::new() };
        if self.tag {
            let bits = if self.kind == Kind::Blake2b && self.length < 64 {
                format!("-{}", self.length * 8)
            } else {
                String::new()
            };
            line.extend(format!("{}{bits} (", self.kind.tag()).into_bytes());
            line.extend(name);
            line.extend(format!(") = {sum}").into_bytes());
        } else {
            line.extend(sum.as_bytes());
            line.extend([b' ', self.mark]);
            line.extend(name);
        }
        line.push(if self.zero { 0 } else { b'\n' });
        line
    }
}

async fn sums(p: &mut Proc, kind: Kind) -> u32 {
    let mut flags = FLAGS.to_vec();
    if kind == Kind::Blake2b {
        flags.push(Flag::with(b'l', "length"));
    }
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    run(p, &given, kind, given.has(TAG)).await
}

async fn run(p: &mut Proc, given: &Options, kind: Kind, tag: bool) -> u32 {
    let mut length = 64;
    if let Some(value) = given.value(b'l') {
        let bits = std::str::from_utf8(value).ok().and_then(|text| text.parse::<usize>().ok());
        match bits {
            Some(0) => {}
            Some(bits) if bits % 8 == 0 && bits <= 512 => length = bits / 8,
            _ => {
                let quoted = quote(p, value);
                say(p, [b"invalid length: ", &quoted[..]].concat());
                if bits.is_some_and(|bits| bits > 512) {
                    say(p, "maximum digest length for 'BLAKE2b' is 512 bits");
                } else if bits.is_some() {
                    say(p, "length is not a multiple of 8");
                }
                return 1;
            }
        }
    }
    if !given.has(b'c') {
        for (letter, name) in [
            (IGNORE, "ignore-missing"),
            (STATUS, "status"),
            (b'w', "warn"),
            (QUIET, "quiet"),
            (STRICT, "strict"),
        ] {
            if given.has(letter) {
                say(p, format!("the --{name} option is meaningful only when verifying checksums"));
                p.try_help();
                return 1;
            }
        }
    } else if given.has(TAG) {
        say(p, "the --tag option is meaningless when verifying checksums");
        p.try_help();
        return 1;
    }
    let mut status = 0;
    let look = Look {
        kind,
        length,
        tag,
        mark: if given.has(b'b') { b'*' } else { b' ' },
        zero: given.has(b'z'),
    };
    for path in inputs(&given.rest) {
        if given.has(b'c') {
            if !check::check(p, given, kind, &path).await {
                status = 1;
            }
            continue;
        }
        match hash_file(p, &path, kind, length).await {
            Ok(hasher) => {
                let line = look.line(&hasher.sum(), &path);
                p.print(line);
            }
            Err(Unread) => status = 1,
        }
        p.flush_some().await;
    }
    status
}

pub(super) async fn cksum(p: &mut Proc) -> u32 {
    let mut flags = FLAGS.to_vec();
    flags.extend([
        Flag::with(b'a', "algorithm"),
        Flag::with(b'l', "length"),
        Flag::new(UNTAGGED, "untagged"),
        Flag::new(b'd', "debug"),
    ]);
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let kind = match given.value(b'a') {
        None => Kind::Crc,
        Some(name) => match KINDS.iter().find(|(known, _)| known.as_bytes() == name) {
            Some((_, kind)) => *kind,
            None => {
                let (quoted, option) = (quote(p, name), quote(p, b"--algorithm"));
                say(p, [b"invalid argument ", &quoted[..], b" for ", &option].concat());
                p.error("Valid arguments are:");
                for (known, _) in KINDS {
                    let quoted = quote(p, known.as_bytes());
                    p.error([b"  - ", &quoted[..]].concat());
                }
                p.try_help();
                return 1;
            }
        },
    };
    if matches!(kind, Kind::Crc | Kind::Bsd | Kind::Sysv) {
        return short(p, kind, &given.rest).await;
    }
    run(p, &given, kind, !given.has(UNTAGGED)).await
}

pub(super) async fn sum(p: &mut Proc) -> u32 {
    let given = match options(p, &[Flag::new(b'r', ""), Flag::new(b's', "sysv")], 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let kind = if given.last_of(b"rs") == Some(b's') { Kind::Sysv } else { Kind::Bsd };
    short(p, kind, &given.rest).await
}

/// Sums that are numbers, with the size behind them.
async fn short(p: &mut Proc, kind: Kind, files: &[Vec<u8>]) -> u32 {
    let mut status = 0;
    for path in inputs(files) {
        let Ok(hasher) = hash_file(p, &path, kind, 0).await else {
            status = 1;
            continue;
        };
        let mut line = hasher.sum().into_bytes();
        if !files.is_empty() {
            line.push(b' ');
            line.extend(&path);
        }
        p.line(line);
        p.flush_some().await;
    }
    status
}

//! `-c`: files against a list of sums.
//!
//! **Invariant:** a line of the list at a time.

use super::hash::Kind;
use super::{IGNORE, QUIET, STATUS, STRICT, hash_file};
use crate::commands::Options;
use crate::commands::text::{bare, next_line, quotef, say};
use crate::kernel::Proc;

/// A line of a list: the name, the sum, and its bytes.
fn parse(line: &[u8], kind: Kind) -> Option<(Vec<u8>, Vec<u8>, usize)> {
    let (line, escaped) = match line.strip_prefix(b"\\") {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let line = line.trim_ascii_start();
    let (name, sum) = match tagged(line, kind) {
        Some(found) => found,
        None => {
            let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let (sum, rest) = line.split_at_checked(digits)?;
            let name = rest.strip_prefix(b" ")?;
            let name = name.strip_prefix(b" ").or_else(|| name.strip_prefix(b"*")).unwrap_or(name);
            (name.to_vec(), sum.to_vec())
        }
    };
    let right = if kind == Kind::Blake2b {
        !sum.is_empty() && sum.len() <= 128 && sum.len() % 2 == 0
    } else {
        sum.len() == kind.digits()
    };
    if !right || name.is_empty() || !sum.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let name = if escaped { unescaped(&name) } else { name };
    let length = sum.len() / 2;
    Some((name, sum.to_ascii_lowercase(), length))
}

/// `MD5 (name) = sum`.
fn tagged(line: &[u8], kind: Kind) -> Option<(Vec<u8>, Vec<u8>)> {
    let rest = line.strip_prefix(kind.tag().as_bytes())?;
    let open = rest.iter().position(|&b| b == b'(')?;
    let rest = rest.get(open + 1..)?;
    let close = rest.windows(4).rposition(|part| part == b") = ")?;
    Some((rest.get(..close)?.to_vec(), rest.get(close + 4..)?.trim_ascii_end().to_vec()))
}

fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(&other) => other,
                None => b'\\',
            },
            byte => byte,
        });
    }
    out
}

#[derive(Default)]
struct Tally {
    found: u64,
    good: u64,
    malformed: u64,
    wrong: u64,
    unread: u64,
}

/// Whether all is as the list says.
pub(super) async fn check(p: &mut Proc, given: &Options, kind: Kind, list: &[u8]) -> bool {
    let mut input = match p.input(list) {
        Ok(input) => input,
        Err(why) => {
            p.complain(&quotef(list), why.text());
            return false;
        }
    };
    let loud = !given.has(STATUS);
    let (mut number, mut status) = (0_u64, 0);
    let mut tally = Tally::default();
    while let Some(line) = next_line(p, &mut input, list, b'\n', &mut status).await {
        number += 1;
        let line = bare(&line, b'\n');
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            continue;
        }
        let Some((name, sum, length)) = parse(line, kind) else {
            tally.malformed += 1;
            if given.has(b'w') {
                let place =
                    format!(": {number}: improperly formatted {} checksum line", kind.tag());
                say(p, [&quotef(list)[..], place.as_bytes()].concat());
            }
            continue;
        };
        tally.found += 1;
        let exists = p.fs(|process| process.stat(&name, crate::files::Last::Follow)).is_ok();
        if given.has(IGNORE) && !exists {
            continue;
        }
        let found = hash_file(p, &name, kind, length).await.map(super::hash::Hasher::sum);
        let verdict = match found {
            Err(_) => {
                tally.unread += 1;
                "FAILED open or read"
            }
            Ok(found) if found.as_bytes() == sum => {
                tally.good += 1;
                "OK"
            }
            Ok(_) => {
                tally.wrong += 1;
                "FAILED"
            }
        };
        if loud && !(verdict == "OK" && given.has(QUIET)) {
            p.line([&quoted(&name)[..], b": ", verdict.as_bytes()].concat());
        }
        p.flush().await;
    }
    p.done(&input);
    tally.tell(p, given, &quotef(list)) && status == 0
}

impl Tally {
    /// Sums up. Whether all was right.
    fn tell(&self, p: &mut Proc, given: &Options, list: &[u8]) -> bool {
        if self.found == 0 {
            say(p, [list, b": no properly formatted checksum lines found"].concat());
            return false;
        }
        let unverified = given.has(IGNORE) && self.good == 0;
        if !given.has(STATUS) {
            let warnings = [
                (self.malformed, "line is improperly formatted", "lines are improperly formatted"),
                (self.unread, "listed file could not be read", "listed files could not be read"),
                (self.wrong, "computed checksum did NOT match", "computed checksums did NOT match"),
            ];
            for (count, one, many) in warnings {
                if count > 0 {
                    let text = if count == 1 { one } else { many };
                    say(p, format!("WARNING: {count} {text}"));
                }
            }
            if unverified {
                say(p, [list, b": no file was verified"].concat());
            }
        }
        let strict = self.malformed > 0 && given.has(STRICT);
        !unverified && self.wrong == 0 && self.unread == 0 && !strict
    }
}

/// A name before `: OK`.
fn quoted(name: &[u8]) -> Vec<u8> {
    let (text, changed) = super::escaped(name);
    if changed { [b"\\", &text[..]].concat() } else { text }
}

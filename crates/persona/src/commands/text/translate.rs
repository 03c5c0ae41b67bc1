//! `tr` and `tee`.
//!
//! **Invariant:** sets are tables of 256 entries; lists are no longer than a range of bytes can be.

use super::{Writing, create, fault, options, quote, say};
use crate::commands::Flag;
use crate::kernel::Proc;

const TR: &[Flag] = &[
    Flag::new(b'c', "complement"),
    Flag::new(b'C', ""),
    Flag::new(b'd', "delete"),
    Flag::new(b's', "squeeze-repeats"),
    Flag::new(b't', "truncate-set1"),
];

/// A piece of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    Range(u8, u8),
    Class(&'static str),
    /// So often; zero is as often as it takes.
    Repeat(u8, usize),
}

const CLASSES: [&str; 12] = [
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "xdigit",
];

fn is_in(class: &str, byte: u8) -> bool {
    match class {
        "alnum" => byte.is_ascii_alphanumeric(),
        "alpha" => byte.is_ascii_alphabetic(),
        "blank" => byte == b' ' || byte == b'\t',
        "cntrl" => byte.is_ascii_control(),
        "digit" => byte.is_ascii_digit(),
        "graph" => byte.is_ascii_graphic(),
        "lower" => byte.is_ascii_lowercase(),
        "print" => byte.is_ascii_graphic() || byte == b' ',
        "punct" => byte.is_ascii_punctuation(),
        "space" => byte.is_ascii_whitespace() || byte == 11,
        "upper" => byte.is_ascii_uppercase(),
        _ => byte.is_ascii_hexdigit(),
    }
}

/// Bytes of a set, each with whether a backslash was before it.
fn unescape(p: &mut Proc, text: &[u8]) -> Vec<(u8, bool)> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push((byte, false));
            continue;
        }
        let Some(&next) = text.get(at) else {
            say(p, "warning: an unescaped backslash at end of string is not portable");
            out.push((b'\\', false));
            break;
        };
        at += 1;
        let made = match next {
            b'\\' => b'\\',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = u32::from(next - b'0');
                for _ in 0..2 {
                    let Some(digit) = text.get(at).filter(|b| (b'0'..=b'7').contains(b)) else {
                        break;
                    };
                    let grown = value * 8 + u32::from(digit - b'0');
                    if grown > 255 {
                        let digit = char::from(*digit);
                        say(
                            p,
                            format!(
                                "warning: the ambiguous octal escape \\{value:o}{digit} is being\n\tinterpreted as the 2-byte sequence \\0{value:o}, {digit}"
                            ),
                        );
                        break;
                    }
                    value = grown;
                    at += 1;
                }
                value.to_le_bytes()[0]
            }
            other => other,
        };
        out.push((made, true));
    }
    out
}

/// Reads a set.
fn parse(p: &mut Proc, text: &[u8]) -> Result<Vec<Piece>, Vec<u8>> {
    let all = unescape(p, text);
    let plain = |at: usize, byte: u8| all.get(at) == Some(&(byte, false));
    let bytes = |from: usize, to: usize| -> Vec<u8> {
        all.get(from..to).unwrap_or_default().iter().map(|(byte, _)| *byte).collect()
    };
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(&(byte, _)) = all.get(at) {
        if plain(at, b'[') {
            if plain(at + 1, b':') || plain(at + 1, b'=') {
                let kind = if plain(at + 1, b':') { b':' } else { b'=' };
                let end = (at + 2..all.len()).find(|&end| plain(end, kind) && plain(end + 1, b']'));
                if let Some(end) = end.filter(|&end| end > at + 2 || kind == b':') {
                    let name = bytes(at + 2, end);
                    pieces.push(named(p, kind, &name)?);
                    at = end + 2;
                    continue;
                }
            }
            if plain(at + 2, b'*')
                && let Some(&(repeated, _)) = all.get(at + 1)
                && let Some(end) = (at + 3..all.len()).find(|&end| plain(end, b']'))
            {
                let digits = bytes(at + 3, end);
                let radix = if digits.first() == Some(&b'0') { 8 } else { 10 };
                let number = std::str::from_utf8(&digits).ok();
                let number = number.and_then(|text| usize::from_str_radix(text, radix).ok());
                match number {
                    Some(number) => pieces.push(Piece::Repeat(repeated, number.min(1 << 16))),
                    None if digits.is_empty() => pieces.push(Piece::Repeat(repeated, 0)),
                    None => {
                        let quoted = quote(p, &digits);
                        let text = [b"invalid repeat count ", &quoted[..], b" in [c*n] construct"];
                        return Err(text.concat());
                    }
                }
                at = end + 1;
                continue;
            }
        }
        if plain(at + 1, b'-')
            && let Some(&(to, _)) = all.get(at + 2)
        {
            if to < byte {
                let shown = [super::view::visible(byte), b"-".to_vec(), super::view::visible(to)];
                let quoted = quote(p, &shown.concat());
                let text = [
                    b"range-endpoints of ",
                    &quoted[..],
                    b" are in reverse collating sequence order",
                ];
                return Err(text.concat());
            }
            pieces.push(Piece::Range(byte, to));
            at += 3;
            continue;
        }
        pieces.push(Piece::Byte(byte));
        at += 1;
    }
    Ok(pieces)
}

fn named(p: &mut Proc, kind: u8, name: &[u8]) -> Result<Piece, Vec<u8>> {
    if kind == b'=' {
        return match name {
            [byte] => Ok(Piece::Byte(*byte)),
            _ => Err([name, b": equivalence class operand must be a single character"].concat()),
        };
    }
    match CLASSES.iter().find(|class| class.as_bytes() == name) {
        Some(class) => Ok(Piece::Class(class)),
        None if name.is_empty() => Err(b"missing character class name '[::]'".to_vec()),
        None => {
            let quoted = quote(p, name);
            Err([b"invalid character class ", &quoted[..]].concat())
        }
    }
}

/// All bytes of a set, in order; what repeats as often as it takes fills up to `len`.
fn list(pieces: &[Piece], len: usize) -> Vec<u8> {
    let fixed: usize = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Byte(_) => 1,
            Piece::Range(from, to) => usize::from(to - from) + 1,
            Piece::Class(class) => (0..=255).filter(|byte| is_in(class, *byte)).count(),
            Piece::Repeat(_, count) => *count,
        })
        .sum();
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Byte(byte) => out.push(*byte),
            Piece::Range(from, to) => out.extend(*from..=*to),
            Piece::Class(class) => out.extend((0..=255).filter(|byte| is_in(class, *byte))),
            Piece::Repeat(byte, 0) => out.extend(vec![*byte; len.saturating_sub(fixed)]),
            Piece::Repeat(byte, count) => out.extend(vec![*byte; *count]),
        }
    }
    out
}

fn wrong(p: &mut Proc, what: &[u8], more: Option<&str>) -> u32 {
    say(p, what);
    if let Some(more) = more {
        p.error(more);
    }
    p.try_help();
    1
}

/// What is done with each byte.
struct Plan {
    delete: [bool; 256],
    map: [u8; 256],
    squeeze: [bool; 256],
}

pub(super) async fn tr(p: &mut Proc) -> u32 {
    // Options end at the first set.
    if let Some(at) = p.args.iter().skip(1).position(|arg| !arg.starts_with(b"-") || arg == b"-")
        && !p.args.iter().take(at + 1).any(|arg| arg == b"--")
    {
        p.args.insert(at + 1, b"--".to_vec());
    }
    let given = match options(p, TR, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let (delete, squeeze) = (given.has(b'd'), given.has(b's'));
    let translates = !delete && given.rest.len() == 2;
    let least = if delete == squeeze { 2 } else { 1 };
    let most = if delete && !squeeze { 1 } else { 2 };
    if given.rest.len() < least {
        let Some(first) = given.rest.first() else { return wrong(p, b"missing operand", None) };
        let what = [b"missing operand after ", &quote(p, first)[..]].concat();
        return wrong(
            p,
            &what,
            Some(if squeeze {
                "Two strings must be given when both deleting and squeezing repeats."
            } else {
                "Two strings must be given when translating."
            }),
        );
    }
    if let Some(extra) = given.rest.get(most) {
        let what = [b"extra operand ", &quote(p, extra)[..]].concat();
        let one = "Only one string may be given when deleting without squeezing repeats.";
        return wrong(p, &what, (given.rest.len() == 2).then_some(one));
    }
    let complement = given.has(b'c') || given.has(b'C');
    let plan = plan(p, &given.rest, (complement, delete, squeeze, translates, given.has(b't')));
    let plan = match plan {
        Ok(plan) => plan,
        Err(text) => {
            say(p, text);
            return 1;
        }
    };
    let mut before = None;
    loop {
        let piece = match p.read(0, crate::kernel::CHUNK).await {
            Ok(piece) if piece.is_empty() => return 0,
            Ok(piece) => piece,
            Err(why) => {
                p.complain(b"read error", why.text());
                return 1;
            }
        };
        let mut out = Vec::with_capacity(piece.len());
        for byte in piece {
            let index = usize::from(byte);
            if plan.delete.get(index) == Some(&true) {
                continue;
            }
            let byte = plan.map.get(index).copied().unwrap_or(byte);
            let again = before == Some(byte) && plan.squeeze.get(usize::from(byte)) == Some(&true);
            before = Some(byte);
            if !again {
                out.push(byte);
            }
        }
        p.tick(out.len() / 4).await;
        p.print(out);
        p.flush().await;
    }
}

fn plan(
    p: &mut Proc,
    sets: &[Vec<u8>],
    (complement, delete, squeeze, translates, truncate): (bool, bool, bool, bool, bool),
) -> Result<Plan, Vec<u8>> {
    let first = parse(p, sets.first().map_or(&[][..], Vec::as_slice))?;
    if first.iter().any(|piece| matches!(piece, Piece::Repeat(_, 0))) {
        return Err(b"the [c*] repeat construct may not appear in string1".to_vec());
    }
    let second = match sets.get(1) {
        Some(set) => Some(parse(p, set)?),
        None => None,
    };
    let mut one = list(&first, 0);
    if complement {
        one = (0..=255).filter(|byte| !one.contains(byte)).collect();
    }
    let marked = |bytes: &[u8]| {
        let mut marks = [false; 256];
        for byte in bytes {
            if let Some(mark) = marks.get_mut(usize::from(*byte)) {
                *mark = true;
            }
        }
        marks
    };
    let mut plan = Plan { delete: [false; 256], map: [0; 256], squeeze: [false; 256] };
    for (place, byte) in plan.map.iter_mut().zip(0..=255) {
        *place = byte;
    }
    if delete {
        plan.delete = marked(&one);
        if squeeze {
            plan.squeeze = marked(&list(second.as_deref().unwrap_or_default(), 0));
        }
        return Ok(plan);
    }
    let Some(second) = second.filter(|_| translates) else {
        plan.squeeze = marked(&one);
        return Ok(plan);
    };
    let mut two = list(&second, one.len());
    check(&first, &second, (complement, truncate), &one, &two)?;
    if truncate {
        one.truncate(two.len());
    } else if let Some(last) = two.last().copied() {
        two.resize(one.len().max(two.len()), last);
    }
    for (from, to) in one.iter().zip(&two) {
        if let Some(place) = plan.map.get_mut(usize::from(*from)) {
            *place = *to;
        }
    }
    if squeeze {
        plan.squeeze = marked(&two);
    }
    Ok(plan)
}

fn check(
    first: &[Piece],
    second: &[Piece],
    (complement, truncate): (bool, bool),
    one: &[u8],
    two: &[u8],
) -> Result<(), Vec<u8>> {
    if two.is_empty() && !truncate {
        return Err(b"when not truncating set1, string2 must be non-empty".to_vec());
    }
    if second.iter().filter(|piece| matches!(piece, Piece::Repeat(_, 0))).count() > 1 {
        return Err(b"only one [c*] repeat construct may appear in string2".to_vec());
    }
    let class = |piece: &Piece| matches!(piece, Piece::Class(_));
    let case = |piece: &Piece| matches!(piece, Piece::Class("upper" | "lower"));
    if second.iter().any(|piece| class(piece) && !case(piece)) {
        let text = "when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'";
        return Err(text.as_bytes().to_vec());
    }
    if complement && first.iter().any(class) && two.iter().any(|byte| Some(byte) != two.first()) {
        let text = "when translating with complemented character classes,\nstring2 must map all characters in the domain to one";
        return Err(text.as_bytes().to_vec());
    }
    // Where a case stands in the second, one has to stand at the same place in the first.
    let (mut at, mut places) = (0, Vec::new());
    for piece in first {
        if case(piece) {
            places.push(at);
        }
        at += list(std::slice::from_ref(piece), 0).len();
    }
    let mut at = 0;
    for piece in second {
        if case(piece) && (complement || !places.contains(&at)) {
            return Err(b"misaligned [:upper:] and/or [:lower:] construct".to_vec());
        }
        at += match piece {
            Piece::Repeat(_, 0) => one.len().saturating_sub(list(second, 0).len()),
            Piece::Byte(_) | Piece::Range(..) | Piece::Class(_) | Piece::Repeat(..) => {
                list(std::slice::from_ref(piece), 0).len()
            }
        };
    }
    Ok(())
}

const TEE: &[Flag] = &[
    Flag::new(b'a', "append"),
    Flag::new(b'i', "ignore-interrupts"),
    Flag::new(b'p', ""),
    Flag::maybe(3, "output-error"),
];

pub(super) async fn tee(p: &mut Proc) -> u32 {
    let given = match options(p, TEE, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let writing = if given.has(b'a') { Writing::Append } else { Writing::New };
    let mut status = 0;
    let mut files = vec![(b"standard output".to_vec(), 1)];
    for path in &given.rest {
        match create(p, path, writing) {
            Ok(fd) => files.push((path.clone(), fd)),
            Err(why) => {
                fault(p, path, why);
                status = 1;
            }
        }
    }
    p.flush().await;
    loop {
        match p.read(0, crate::kernel::CHUNK).await {
            Ok(piece) if piece.is_empty() => return status,
            Ok(piece) => {
                let mut left = Vec::new();
                for (path, fd) in files {
                    match p.write(fd, &piece).await {
                        Ok(()) => left.push((path, fd)),
                        Err(why) => {
                            fault(p, &path, why);
                            status = 1;
                        }
                    }
                }
                files = left;
            }
            Err(why) => {
                p.complain(b"read error", why.text());
                return 1;
            }
        }
    }
}

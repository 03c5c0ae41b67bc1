//! `s` and `y`.
//!
//! **Invariant:** a result is no longer than [`SED_SPACE_BYTES`]; what would be is none.

use super::script::{Case, Part, Substitute, Table};
use crate::regex::{Chars, Regex, width_at};
use decnet_core::limits::SED_SPACE_BYTES;

/// What became of a text.
pub(super) enum Done {
    Unchanged,
    Changed(Vec<u8>),
    TooLong,
}

/// Replaces what a pattern matches.
pub(super) fn substitute(what: &Substitute, regex: &Regex, text: &[u8], chars: Chars) -> Done {
    let mut out = Vec::new();
    let mut changed = false;
    let (mut at, mut copied, mut count) = (0, 0, 0_u64);
    let grouped = what.parts.iter().any(|part| matches!(part, Part::Group(1..)));
    let mut last_end = None;
    while at <= text.len() {
        let found = if grouped {
            regex.captures_at(text, at)
        } else {
            regex.find_at(text, at).map(|whole| vec![Some(whole)])
        };
        let Some(all) = found else { break };
        let Some((from, to)) = all.first().copied().flatten() else { break };
        // An empty match right behind another is none.
        let empty_behind = from == to && last_end == Some(from);
        if !empty_behind {
            count += 1;
            if count >= what.nth {
                out.extend(text.get(copied..from).unwrap_or_default());
                put_in(&what.parts, text, &all, &mut out);
                copied = to;
                changed = true;
                if out.len() > SED_SPACE_BYTES {
                    return Done::TooLong;
                }
                if !what.all {
                    break;
                }
            }
        }
        last_end = Some(to);
        at = if from == to { to + width_at(chars, text, to) } else { to };
    }
    if !changed {
        return Done::Unchanged;
    }
    out.extend(text.get(copied..).unwrap_or_default());
    if out.len() > SED_SPACE_BYTES { Done::TooLong } else { Done::Changed(out) }
}

fn put_in(parts: &[Part], text: &[u8], all: &[Option<(usize, usize)>], out: &mut Vec<u8>) {
    let (mut case, mut next) = (Case::AsIs, Case::AsIs);
    for part in parts {
        let piece = match part {
            Part::Text(text) => text.as_slice(),
            Part::Group(group) => {
                let place = all.get(*group).copied().flatten();
                place.and_then(|(from, to)| text.get(from..to)).unwrap_or_default()
            }
            Part::Case(now @ (Case::LowerNext | Case::UpperNext)) => {
                next = *now;
                continue;
            }
            Part::Case(now) => {
                (case, next) = (*now, Case::AsIs);
                continue;
            }
        };
        if piece.is_empty() {
            continue;
        }
        if case == Case::AsIs && next == Case::AsIs {
            out.extend(piece);
            continue;
        }
        out.extend(in_case(piece, case, std::mem::replace(&mut next, Case::AsIs)));
    }
}

fn in_case(piece: &[u8], case: Case, next: Case) -> Vec<u8> {
    let turned = |text: &str, case: Case| match case {
        Case::Lower | Case::LowerNext => text.to_lowercase(),
        Case::Upper | Case::UpperNext => text.to_uppercase(),
        Case::AsIs => text.to_owned(),
    };
    match std::str::from_utf8(piece) {
        Ok(text) => {
            let first = text.chars().next().map_or(0, char::len_utf8);
            let (first, rest) = text.split_at_checked(first).unwrap_or((text, ""));
            let first = turned(first, if next == Case::AsIs { case } else { next });
            (first + &turned(rest, case)).into_bytes()
        }
        Err(_) => match case {
            Case::Lower => piece.to_ascii_lowercase(),
            Case::Upper => piece.to_ascii_uppercase(),
            Case::AsIs | Case::LowerNext | Case::UpperNext => piece.to_vec(),
        },
    }
}

impl Table {
    pub(super) fn apply(&self, text: &[u8], chars: Chars) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let width = width_at(chars, text, at);
            let piece = text.get(at..at + width).unwrap_or_default();
            let found = self.0.iter().find(|(from, _)| from == piece);
            out.extend(found.map_or(piece, |(_, to)| to.as_slice()));
            at += width;
        }
        out
    }
}

/// As `l` shows it.
pub(super) fn listed(text: &[u8], wrap: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    let mut column = 0;
    for &byte in text {
        let piece = match byte {
            b'\\' => b"\\\\".to_vec(),
            7 => b"\\a".to_vec(),
            8 => b"\\b".to_vec(),
            12 => b"\\f".to_vec(),
            10 => b"\\n".to_vec(),
            13 => b"\\r".to_vec(),
            9 => b"\\t".to_vec(),
            11 => b"\\v".to_vec(),
            b' '..=b'~' => vec![byte],
            byte => format!("\\{byte:03o}").into_bytes(),
        };
        if wrap > 1 && column + piece.len() > wrap - 1 {
            out.extend(b"\\\n");
            column = 0;
        }
        column += piece.len();
        out.extend(piece);
    }
    out.extend(b"$\n");
    out
}

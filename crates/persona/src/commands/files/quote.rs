//! Names as the GNU programs quote them.
//!
//! **Invariant:** what is quoted for a shell is one word of it, whatever the name is.

use crate::kernel::Proc;

/// Whether the environment names a locale with UTF-8 that the machine has.
pub(crate) fn utf8(p: &Proc) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| p.var(name));
    let Some(locale) = set.into_iter().find(|value| !value.is_empty()) else { return false };
    let locale = locale.to_ascii_lowercase();
    let known = locale.starts_with(b"c.") || locale.starts_with(b"en_us.");
    known && (locale.ends_with(b".utf-8") || locale.ends_with(b".utf8"))
}

/// `‘name’`, or `'name'` where the locale has no such marks.
pub(crate) fn quote(p: &Proc, name: &[u8]) -> Vec<u8> {
    let utf8 = utf8(p);
    let (open, close): (&[u8], &[u8]) =
        if utf8 { ("‘".as_bytes(), "’".as_bytes()) } else { (b"'", b"'") };
    let mut out = open.to_vec();
    for (piece, plain) in pieces(name, utf8) {
        match piece {
            b"\\" => out.extend_from_slice(b"\\\\"),
            b"'" if !utf8 => out.extend_from_slice(b"\\'"),
            _ if plain => out.extend_from_slice(piece),
            _ => escape(piece, &mut out),
        }
    }
    out.extend_from_slice(close);
    out
}

/// `'name'`, for a shell.
pub(crate) fn always(p: &Proc, name: &[u8]) -> Vec<u8> {
    shell(name, utf8(p))
}

/// The name, quoted for a shell only where it has to be: as it stands before a colon.
pub(crate) fn before_colon(p: &Proc, name: &[u8]) -> Vec<u8> {
    if name.contains(&b':') { shell(name, utf8(p)) } else { maybe(name, utf8(p)) }
}

/// The name, quoted for a shell only where it has to be.
pub(crate) fn maybe(name: &[u8], utf8: bool) -> Vec<u8> {
    if needs(name, utf8) { shell(name, utf8) } else { name.to_vec() }
}

fn needs(name: &[u8], utf8: bool) -> bool {
    let first = matches!(name.first(), None | Some(b'#' | b'~'));
    first
        || matches!(name, b"{" | b"}")
        || name.iter().any(|b| b" !\"$&()*;<=>?[\\]^`|'".contains(b) && *b != b']')
        || pieces(name, utf8).any(|(_, plain)| !plain)
}

/// In quotes, for a shell.
pub(crate) fn shell(name: &[u8], utf8: bool) -> Vec<u8> {
    let safe = |b: &u8| b.is_ascii_alphanumeric() || b" #~'%+,-./:]_".contains(b);
    let plain = pieces(name, utf8)
        .all(|(piece, plain)| plain && (piece.len() > 1 || piece.first().is_some_and(safe)));
    if name.contains(&b'\'') && plain {
        return [b"\"", name, b"\""].concat();
    }
    let mut out = b"'".to_vec();
    // Inside `$'…'`.
    let mut escaping = false;
    for (piece, plain) in pieces(name, utf8) {
        if !plain {
            if !escaping {
                out.extend_from_slice(b"'$'");
            }
            escaping = true;
            escape(piece, &mut out);
            continue;
        }
        if piece == b"'" {
            // The quote that is closed here is not opened again between.
            out.extend_from_slice(b"'\\''");
            escaping = false;
            continue;
        }
        if std::mem::take(&mut escaping) {
            out.extend_from_slice(b"''");
        }
        out.extend_from_slice(piece);
    }
    out.push(b'\'');
    out
}

/// `"name"` as C writes it.
pub(crate) fn c(name: &[u8], utf8: bool) -> Vec<u8> {
    [b"\"", escaped(name, b"\"", utf8).as_slice(), b"\""].concat()
}

/// Without quotes, with backslashes before these bytes and for what cannot be printed.
pub(crate) fn escaped(name: &[u8], also: &[u8], utf8: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (piece, plain) in pieces(name, utf8) {
        match piece {
            b"\\" => out.extend_from_slice(b"\\\\"),
            [b] if also.contains(b) => out.extend_from_slice(&[b'\\', *b]),
            _ if plain => out.extend_from_slice(piece),
            _ => escape(piece, &mut out),
        }
    }
    out
}

/// `?` for what cannot be printed.
pub(crate) fn masked(name: &[u8], utf8: bool) -> Vec<u8> {
    let mask = |(piece, plain)| if plain { piece } else { &b"?"[..] };
    pieces(name, utf8).flat_map(mask).copied().collect()
}

/// Columns on a terminal.
pub(crate) fn width(text: &[u8], utf8: bool) -> usize {
    if !utf8 {
        return text.iter().filter(|b| !b.is_ascii_control()).count();
    }
    let text = String::from_utf8_lossy(text);
    text.chars().filter(|c| !c.is_control()).map(crate::screen::columns).sum()
}

fn escape(piece: &[u8], out: &mut Vec<u8>) {
    for &b in piece {
        let letter = match b {
            7 => b'a',
            8 => b'b',
            9 => b't',
            10 => b'n',
            11 => b'v',
            12 => b'f',
            13 => b'r',
            _ => {
                out.extend(format!("\\{b:03o}").bytes());
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
}

/// Characters, and whether they can be printed. Where the locale has no UTF-8, those are ASCII.
fn pieces(name: &[u8], utf8: bool) -> impl Iterator<Item = (&[u8], bool)> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = *rest.first()?;
        let mut length = 1;
        let mut plain = (0x20..0x7f).contains(&first);
        if utf8 && first >= 0x80 {
            let head = rest.get(..4).unwrap_or(rest);
            let text = match std::str::from_utf8(head) {
                Ok(text) => text,
                Err(error) => {
                    std::str::from_utf8(head.get(..error.valid_up_to())?).unwrap_or_default()
                }
            };
            if let Some(c) = text.chars().next() {
                length = c.len_utf8();
                plain = !c.is_control();
            }
        }
        let (piece, more) = rest.split_at_checked(length)?;
        rest = more;
        Some((piece, plain))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_word_of_a_shell() {
        // What coreutils 9.1 prints.
        for (name, quoted) in [
            ("plain", "plain"),
            ("a b", "'a b'"),
            ("it's", "\"it's\""),
            ("it's $", "'it'\\''s $'"),
            ("a\nb", "'a'$'\\n''b'"),
            ("\nb", "''$'\\n''b'"),
            ("a\n", "'a'$'\\n'"),
            ("a\\b", "'a\\b'"),
            ("#a", "'#a'"),
            ("a#", "a#"),
            ("~", "'~'"),
            ("{", "'{'"),
            ("{a}", "{a}"),
            ("", "''"),
            ("a]", "a]"),
            ("a[", "'a['"),
            ("a=b", "'a=b'"),
            ("a:b", "a:b"),
            ("é", "'\u{27}$'\\303\\251'"),
        ] {
            let said = maybe(name.as_bytes(), false);
            assert_eq!(String::from_utf8_lossy(&said), quoted, "{name:?}");
        }
        assert_eq!(maybe("é".as_bytes(), true), "é".as_bytes());
        assert_eq!(c(b"a\"b\n", false), b"\"a\\\"b\\n\"");
        assert_eq!(masked(b"a\x01b", false), b"a?b");
    }
}

//! Names as GNU's programs put them into their messages, by locale.
//!
//! **Invariant:** what a peer named reaches a terminal escaped.

use crate::kernel::Proc;
use crate::regex::Chars;
use crate::text_format::quote_gnu;

/// What a character is in the process' locale.
pub(crate) fn chars(p: &Proc) -> Chars {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = set.iter().filter_map(|name| p.var(name)).find(|value| !value.is_empty());
    let lower = locale.unwrap_or_default().to_ascii_lowercase();
    if lower.ends_with(b".utf-8") || lower.ends_with(b".utf8") { Chars::Utf8 } else { Chars::Bytes }
}

/// The quotes of messages: ‘x’ where the locale has them.
pub(crate) fn quotes(p: &Proc) -> (&'static str, &'static str) {
    match chars(p) {
        Chars::Utf8 => ("\u{2018}", "\u{2019}"),
        Chars::Bytes => ("'", "'"),
    }
}

/// 'x', or ‘x’.
pub(crate) fn quote(p: &Proc, text: &[u8]) -> Vec<u8> {
    let (open, close) = quotes(p);
    let mut out = open.as_bytes().to_vec();
    for &byte in text {
        match byte {
            b'\n' => out.extend(b"\\n"),
            b'\t' => out.extend(b"\\t"),
            b'\r' => out.extend(b"\\r"),
            b'\\' => out.extend(b"\\\\"),
            b'\'' if open == "'" => out.extend(b"\\'"),
            byte if byte.is_ascii_control() => out.extend(format!("\\{byte:03o}").bytes()),
            byte if byte >= 0x80 && chars(p) == Chars::Bytes => {
                out.extend(format!("\\{byte:03o}").bytes());
            }
            byte => out.push(byte),
        }
    }
    out.extend(close.as_bytes());
    out
}

/// A name as a shell would read it, quoted where it has to be.
pub(crate) fn quotef(text: &[u8]) -> Vec<u8> {
    let colon = text.contains(&b':');
    let quoted = quote_gnu(text);
    // What ends in a colon behind it must not look like two names.
    if colon && quoted == text { [b"'", text, b"'"].concat() } else { quoted }
}

/// As [`quotef`], quoted always.
pub(crate) fn quoteaf(text: &[u8]) -> Vec<u8> {
    let quoted = quote_gnu(text);
    if quoted == text { [b"'", text, b"'"].concat() } else { quoted }
}

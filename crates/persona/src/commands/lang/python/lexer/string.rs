//! Texts of a Python program: prefixes, quotes, escapes.
//!
//! **Invariant:** a text is read to its end once.

use super::{Kind, Lexer, SyntaxFault, Token};

/// What stands before a quote.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prefix {
    raw: bool,
    bytes: bool,
    format: bool,
    length: usize,
}

/// The prefix and the quote of the text that begins here.
pub(super) fn begins(rest: &str) -> Option<(Prefix, u8)> {
    let mut prefix = Prefix::default();
    for byte in rest.bytes().take(3) {
        match byte {
            b'"' | b'\'' => return Some((prefix, byte)),
            b'r' | b'R' if !prefix.raw => prefix.raw = true,
            b'b' | b'B' if !prefix.bytes && !prefix.format => prefix.bytes = true,
            b'f' | b'F' if !prefix.bytes && !prefix.format => prefix.format = true,
            b'u' | b'U' if prefix.length == 0 => {}
            _ => return None,
        }
        prefix.length += 1;
    }
    None
}

impl Lexer<'_> {
    pub(super) fn string(&mut self, prefix: Prefix) -> Result<(), SyntaxFault> {
        let (line, start) = (self.line, self.column());
        self.at += prefix.length;
        let quote = self.byte(0).unwrap_or(b'"');
        let triple = self.byte(1) == Some(quote) && self.byte(2) == Some(quote);
        let width = if triple { 3 } else { 1 };
        self.at += width;
        let Some(length) = end(self.rest(), quote, triple) else {
            let (what, fault_line) = if triple {
                let rest = self.rest();
                let lines = u32::try_from(rest.matches('\n').count()).unwrap_or_default();
                let lines = if rest.ends_with('\n') { lines.saturating_sub(1) } else { lines };
                ("unterminated triple-quoted string literal", line + lines)
            } else {
                ("unterminated string literal", line)
            };
            let what = format!("{what} (detected at line {fault_line})");
            return Err(SyntaxFault::new("SyntaxError", &what, line, start, start + 1));
        };
        let body = self.rest().get(..length).unwrap_or_default().to_owned();
        for (at, _) in body.match_indices('\n') {
            self.line += 1;
            self.line_start = self.at + at + 1;
        }
        self.at += length + width;
        let fault = |what: String| SyntaxFault::new("SyntaxError", &what, line, start, start + 1);
        let kind = if prefix.format {
            Kind::Format(body, prefix.raw)
        } else if prefix.bytes {
            if !body.is_ascii() {
                let what = "bytes can only contain ASCII literal characters";
                return Err(fault(what.to_owned()));
            }
            if prefix.raw {
                Kind::Bytes(body.into_bytes())
            } else {
                Kind::Bytes(unescape_bytes(&body).map_err(fault)?)
            }
        } else if prefix.raw {
            Kind::Text(body)
        } else {
            Kind::Text(unescape(&body).map_err(fault)?)
        };
        let (end, last) = (self.column(), self.line);
        self.tokens.push(Token { kind, line, start, end, last });
        Ok(())
    }
}

/// Bytes before the closing quote.
fn end(rest: &str, quote: u8, triple: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'\n' if !triple => return None,
            byte if *byte == quote => {
                let closes = !triple
                    || (bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote));
                if closes {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// What an escape stands for, and the bytes behind the backslash that it takes.
fn escape(rest: &str) -> Option<(u32, usize)> {
    let bytes = rest.as_bytes();
    let simple = match bytes.first()? {
        b'\\' => 92,
        b'\'' => 39,
        b'"' => 34,
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'0'..=b'7' => {
            let count = bytes.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let value = u32::from_str_radix(rest.get(..count)?, 8).ok()?;
            return Some((value, count));
        }
        _ => return None,
    };
    Some((simple, 1))
}

/// Texts with their escapes taken for what they are; or what is wrong with one.
pub(crate) fn unescape(body: &str) -> Result<String, String> {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let behind = rest.get(at + 1..).unwrap_or_default();
        let digits = match behind.as_bytes().first() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let taken = if digits > 0 {
            let hex = behind.get(1..=digits).unwrap_or_default();
            let code = u32::from_str_radix(hex, 16).ok();
            let Some(letter) = code.map(|code| char::from_u32(code).unwrap_or('\u{fffd}')) else {
                let form = ["\\xXX", "\\uXXXX", "\\UXXXXXXXX"][digits / 4];
                let from = body.len() - rest.len() + at;
                return Err(format!(
                    "(unicode error) 'unicodeescape' codec can't decode bytes in position {from}-{}: truncated {form} escape",
                    from + 1 + behind.chars().skip(1).take_while(char::is_ascii_hexdigit).count()
                ));
            };
            out.push(letter);
            digits + 1
        } else if behind.starts_with('\n') {
            1
        } else if behind.starts_with("N{") {
            let end = behind.find('}').unwrap_or(1);
            out.push('\u{fffd}');
            end + 1
        } else if let Some((code, taken)) = escape(behind) {
            out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            taken
        } else {
            out.push('\\');
            0
        };
        rest = behind.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

fn unescape_bytes(body: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(rest.get(..at).unwrap_or_default().as_bytes());
        let behind = rest.get(at + 1..).unwrap_or_default();
        let taken = if behind.starts_with('x') {
            let hex = behind.get(1..3).unwrap_or_default();
            let Ok(byte) = u8::from_str_radix(hex, 16) else {
                let from = body.len() - rest.len() + at;
                return Err(format!("(value error) invalid \\x escape at position {from}"));
            };
            out.push(byte);
            3
        } else if behind.starts_with('\n') {
            1
        } else if let Some((code, taken)) = escape(behind) {
            out.push(u8::try_from(code & 255).unwrap_or_default());
            taken
        } else {
            out.push(b'\\');
            0
        };
        rest = behind.get(taken..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

//! Backslashes in what `echo` and `printf` print.
//!
//! **Invariant:** what is printed is no longer than what was given, but for `\u`.

use super::Dialect;

/// Which escapes are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// bash's `echo -e`.
    BashEcho,
    /// The format of bash's printf.
    BashFormat,
    /// `%b` of bash's printf.
    BashArgument,
    /// `$'…'`.
    Quoted,
    /// dash's echo, always, and `%b` of its printf.
    DashEcho,
    /// The format of dash's printf.
    DashFormat,
    /// /bin/echo -e.
    GnuEcho,
    GnuFormat,
    GnuArgument,
}

/// Why an escape ends what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    No,
    /// `\c`.
    Yes,
    /// `\x` without digits, in a format of coreutils.
    NoHex,
}

/// What it says once escapes are understood, and whether `\c` cut it.
pub(crate) fn unescape(text: &[u8], escapes: Escapes) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let (used, ended) = escapes.one(text, at, &mut out);
        if ended == Ended::Yes {
            return (out, true);
        }
        at += used;
    }
    (out, false)
}

impl Escapes {
    pub(super) fn of_format(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Bash => Self::BashFormat,
            Dialect::Dash => Self::DashFormat,
            Dialect::Gnu => Self::GnuFormat,
        }
    }

    pub(super) fn of_argument(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Bash => Self::BashArgument,
            Dialect::Dash => Self::DashEcho,
            Dialect::Gnu => Self::GnuArgument,
        }
    }

    fn dash(self) -> bool {
        matches!(self, Self::DashEcho | Self::DashFormat)
    }

    fn bash(self) -> bool {
        matches!(self, Self::BashEcho | Self::BashFormat | Self::BashArgument | Self::Quoted)
    }

    /// Whether `\c` ends all.
    fn cuts(self) -> bool {
        matches!(
            self,
            Self::BashEcho
                | Self::BashArgument
                | Self::DashEcho
                | Self::GnuEcho
                | Self::GnuFormat
                | Self::GnuArgument
        )
    }

    /// The escape at a backslash: how long it is.
    pub(super) fn one(self, text: &[u8], at: usize, out: &mut Vec<u8>) -> (usize, Ended) {
        let Some(&letter) = text.get(at + 1) else {
            out.push(b'\\');
            return (1, Ended::No);
        };
        let simple = match letter {
            b'n' => 10,
            b't' => 9,
            b'r' => 13,
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            b'\\' => b'\\',
            b'e' => 27,
            b'E' if self.bash() => 27,
            b'"' if matches!(self, Self::BashFormat | Self::Quoted | Self::GnuFormat) => b'"',
            b'"' if matches!(self, Self::BashArgument | Self::GnuArgument) => b'"',
            b'\'' if matches!(self, Self::BashFormat | Self::BashArgument | Self::Quoted) => b'\'',
            b'?' if matches!(self, Self::BashFormat | Self::BashArgument | Self::Quoted) => b'?',
            b'c' if self.cuts() => return (2, Ended::Yes),
            b'c' if self == Self::Quoted => {
                let control = text.get(at + 2).copied().unwrap_or(b'@');
                out.push(control.to_ascii_uppercase() & 0x1f);
                return (3, Ended::No);
            }
            b'0'..=b'7' => return self.octal(text, at, letter, out),
            b'x' if !self.dash() => return self.hex(text, at, out),
            b'u' | b'U' if !self.dash() && self != Self::GnuEcho => {
                return (unicode(text, at, letter, out), Ended::No);
            }
            _ => {
                out.extend([b'\\', letter]);
                return (2, Ended::No);
            }
        };
        out.push(simple);
        (2, Ended::No)
    }

    fn octal(self, text: &[u8], at: usize, letter: u8, out: &mut Vec<u8>) -> (usize, Ended) {
        let (from, most) = match self {
            Self::BashEcho if letter != b'0' => {
                out.extend([b'\\', letter]);
                return (2, Ended::No);
            }
            Self::BashEcho
            | Self::BashArgument
            | Self::DashEcho
            | Self::GnuEcho
            | Self::GnuArgument
                if letter == b'0' =>
            {
                (at + 2, 3)
            }
            Self::BashEcho
            | Self::BashFormat
            | Self::BashArgument
            | Self::Quoted
            | Self::DashEcho
            | Self::DashFormat
            | Self::GnuEcho
            | Self::GnuFormat
            | Self::GnuArgument => (at + 1, 3),
        };
        let (value, used) = digits(text, from, 8, most);
        out.push(value.to_le_bytes()[0]);
        (from - at + used, Ended::No)
    }

    fn hex(self, text: &[u8], at: usize, out: &mut Vec<u8>) -> (usize, Ended) {
        let (value, used) = digits(text, at + 2, 16, 2);
        if used > 0 {
            out.push(value.to_le_bytes()[0]);
            return (2 + used, Ended::No);
        }
        match self {
            Self::GnuFormat => (2, Ended::NoHex),
            Self::BashEcho
            | Self::BashFormat
            | Self::BashArgument
            | Self::Quoted
            | Self::DashEcho
            | Self::DashFormat
            | Self::GnuEcho
            | Self::GnuArgument => {
                out.extend(b"\\x");
                (2, Ended::No)
            }
        }
    }
}

/// `\u00e9`, `\U0001f600`.
fn unicode(text: &[u8], at: usize, letter: u8, out: &mut Vec<u8>) -> usize {
    let most = if letter == b'u' { 4 } else { 8 };
    let (value, used) = digits(text, at + 2, 16, most);
    if used == 0 {
        out.extend([b'\\', letter]);
        return 2;
    }
    if let Some(found) = char::from_u32(value) {
        let mut buffer = [0; 4];
        out.extend(found.encode_utf8(&mut buffer).as_bytes());
    }
    2 + used
}

fn digits(text: &[u8], from: usize, radix: u32, most: usize) -> (u32, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let digits = rest.iter().take(most).map_while(|&b| char::from(b).to_digit(radix));
    digits.fold((0_u32, 0), |(value, used), digit| {
        (value.wrapping_mul(radix).wrapping_add(digit), used + 1)
    })
}

/// bash's `%q`: backslashes, or `$'…'` where something cannot be printed.
pub(super) fn quote_bash(text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    let printable = std::str::from_utf8(text).is_ok_and(|t| !t.chars().any(char::is_control));
    let mut out = Vec::with_capacity(text.len() + 8);
    if !printable {
        out.extend(b"$'");
        for &byte in text {
            match named(byte) {
                Some(letter) => out.extend([b'\\', letter]),
                None if byte == b'\\' || byte == b'\'' => out.extend([b'\\', byte]),
                None if byte.is_ascii_control() || byte >= 0x80 => {
                    out.extend(format!("\\{byte:03o}").into_bytes());
                }
                None => out.push(byte),
            }
        }
        out.push(b'\'');
        return out;
    }
    for (index, &byte) in text.iter().enumerate() {
        let special = b" \"'\\|&;()<>!{}*[]?^$`,".contains(&byte);
        if special || index == 0 && (byte == b'~' || byte == b'#') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// The letter behind the backslash of a control character.
fn named(byte: u8) -> Option<u8> {
    Some(match byte {
        7 => b'a',
        8 => b'b',
        9 => b't',
        10 => b'n',
        11 => b'v',
        12 => b'f',
        13 => b'r',
        27 => b'E',
        _ => return None,
    })
}

/// As GNU's programs quote what a shell should read, if it needs quotes.
pub(crate) fn quote_gnu(text: &[u8]) -> Vec<u8> {
    let plain = |&b: &u8| b.is_ascii_alphanumeric() || b"_-./,:+@%".contains(&b) || b >= 0x80;
    let control = |&b: &u8| b.is_ascii_control();
    let is_text = std::str::from_utf8(text).is_ok();
    let first = text.first().copied().unwrap_or(0);
    let inner = text.iter().all(|b| plain(b) || b"#~]^{}".contains(b) && text.len() > 1);
    if is_text && !text.is_empty() && inner && first != b'#' && first != b'~' {
        return text.to_vec();
    }
    let broken = !is_text || text.iter().any(control);
    if !broken && text.contains(&b'\'') && !text.iter().any(|b| b"\"$`\\!".contains(b)) {
        return [b"\"", text, b"\""].concat();
    }
    let mut out = b"'".to_vec();
    let mut escaped = false;
    for &byte in text {
        let odd = control(&byte) || !is_text && byte >= 0x80;
        if odd != escaped {
            out.extend(if odd { &b"'$'"[..] } else { b"''" });
            escaped = odd;
        }
        match byte {
            27 => out.extend(b"\\033"),
            byte if odd => match named(byte) {
                Some(letter) => out.extend([b'\\', letter]),
                None => out.extend(format!("\\{byte:03o}").into_bytes()),
            },
            b'\'' => out.extend(b"'\\''"),
            byte => out.push(byte),
        }
    }
    out.push(b'\'');
    out
}

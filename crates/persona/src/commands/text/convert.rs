//! `iconv`.
//!
//! **Invariant:** the input is held once.

use super::{inputs, say};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;

const VERSION: u8 = 1;
const HELP: u8 = 2;
const USAGE: u8 = 3;

const FLAGS: &[Flag] = &[
    Flag::new(b'c', ""),
    Flag::with(b'f', "from-code"),
    Flag::new(b'l', "list"),
    Flag::with(b'o', "output"),
    Flag::new(b's', "silent"),
    Flag::with(b't', "to-code"),
    Flag::new(4, "verbose"),
    Flag::new(VERSION, "version"),
    Flag::new(HELP, "help"),
    Flag::new(USAGE, "usage"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Utf8,
    Ascii,
    Latin1,
    Latin9,
    Cp1252,
    Utf16(Order),
    Utf32(Order),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// With a mark at the beginning.
    Marked,
    Little,
    Big,
}

/// What becomes of a character that a code has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacking {
    Error,
    Skip,
    Like,
}

fn code(name: &[u8]) -> Option<(Code, Lacking)> {
    let upper = name.to_ascii_uppercase();
    let text = String::from_utf8_lossy(&upper).into_owned();
    let (base, lacking) = match text.split_once("//") {
        Some((base, "TRANSLIT")) => (base, Lacking::Like),
        Some((base, "IGNORE")) => (base, Lacking::Skip),
        Some((base, _)) => (base, Lacking::Error),
        None => (text.as_str(), Lacking::Error),
    };
    let plain: String = base.chars().filter(|c| !"-_".contains(*c)).collect();
    let code = match plain.as_str() {
        "UTF8" => Code::Utf8,
        "ASCII" | "USASCII" | "ANSIX3.41968" | "646" | "C" | "" => Code::Ascii,
        "LATIN1" | "ISO88591" | "L1" => Code::Latin1,
        "LATIN9" | "ISO885915" => Code::Latin9,
        "CP1252" | "WINDOWS1252" => Code::Cp1252,
        "UTF16" | "UNICODE" => Code::Utf16(Order::Marked),
        "UTF16LE" | "UCS2LE" | "UCS2" | "ISO10646/UCS2" => Code::Utf16(Order::Little),
        "UTF16BE" | "UCS2BE" => Code::Utf16(Order::Big),
        "UTF32" => Code::Utf32(Order::Marked),
        "UTF32LE" | "UCS4LE" => Code::Utf32(Order::Little),
        "UTF32BE" | "UCS4" | "UCS4BE" => Code::Utf32(Order::Big),
        _ => return None,
    };
    Some((code, lacking))
}

/// What 0x80 to 0x9f are in the code of Windows.
const CP1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];
const LATIN9: [(u8, char); 8] = [
    (0xa4, '€'),
    (0xa6, 'Š'),
    (0xa8, 'š'),
    (0xb4, 'Ž'),
    (0xb8, 'ž'),
    (0xbc, 'Œ'),
    (0xbd, 'œ'),
    (0xbe, 'Ÿ'),
];

pub(super) async fn iconv(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.error("Try `iconv --help' or `iconv --usage' for more information.");
        return 64;
    };
    if given.has(VERSION) {
        p.line("iconv (Debian GLIBC 2.36-9+deb12u10) 2.36");
        p.line("Copyright (C) 2022 Free Software Foundation, Inc.");
        p.line("This is free software; see the source for copying conditions.  There is NO");
        p.line("warranty; not even for MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.");
        p.line("Written by Ulrich Drepper.");
        return 0;
    }
    if given.has(HELP) || given.has(USAGE) {
        p.line("Usage: iconv [OPTION...] [FILE...]");
        p.line("Convert encoding of given files from one encoding to another.");
        return 0;
    }
    if given.has(b'l') {
        for name in [
            "ANSI_X3.4-1968",
            "ASCII",
            "CP1252",
            "ISO-8859-1",
            "ISO-8859-15",
            "UTF-16",
            "UTF-32",
            "UTF-8",
        ] {
            p.line(format!("{name}//"));
        }
        return 0;
    }
    let own: &[u8] = match super::chars(p) {
        crate::regex::Chars::Utf8 => b"UTF-8",
        crate::regex::Chars::Bytes => b"ASCII",
    };
    let from_name = given.value(b'f').unwrap_or(own).to_vec();
    let to_name = given.value(b't').unwrap_or(own).to_vec();
    let (from, to) = match (code(&from_name), code(&to_name)) {
        (Some((from, _)), Some(to)) => (from, to),
        (from, to) => {
            let clean = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let text = match (from, to) {
                (None, None) => format!(
                    "conversions from `{}' and to `{}' are not supported",
                    clean(&from_name),
                    clean(&to_name)
                ),
                (None, _) => format!("conversion from `{}' is not supported", clean(&from_name)),
                (Some(_), _) => format!("conversion to `{}' is not supported", clean(&to_name)),
            };
            say(p, text);
            p.error("Try `iconv --help' or `iconv --usage' for more information.");
            return 1;
        }
    };
    let lacking = if given.has(b'c') { Lacking::Skip } else { to.1 };
    let mut status = 0;
    let mut out = Vec::new();
    for path in inputs(&given.rest) {
        let text = match p.content(&path).await {
            Ok(text) => text,
            Err(why) => {
                p.complain(&[b"cannot open input file `", &path[..], b"'"].concat(), why.text());
                status = 1;
                continue;
            }
        };
        p.tick(text.len() * 2).await;
        let mut at = 0;
        let marked =
            |code: Code| matches!(code, Code::Utf16(Order::Marked) | Code::Utf32(Order::Marked));
        while at < text.len() {
            let Some((found, used)) = decode(&text, at, from) else {
                if lacking == Lacking::Skip && given.has(b'c') {
                    at += 1;
                    status = 1;
                    continue;
                }
                let short = from == Code::Utf8 && incomplete(&text, at);
                finish(p, &given, &out).await;
                if short {
                    say(p, "incomplete character or shift sequence at end of buffer");
                } else {
                    say(p, format!("illegal input sequence at position {at}"));
                }
                return 1;
            };
            if marked(from) && at == 0 && found == '\u{feff}' {
                at += used;
                continue;
            }
            if marked(to.0) && out.is_empty() {
                encode('\u{feff}', to.0, &mut out);
            }
            if !encode(found, to.0, &mut out) {
                match lacking {
                    Lacking::Error => {
                        finish(p, &given, &out).await;
                        say(p, format!("illegal input sequence at position {at}"));
                        return 1;
                    }
                    Lacking::Skip => {}
                    Lacking::Like => like(found).chars().for_each(|c| {
                        encode(c, to.0, &mut out);
                    }),
                }
            }
            at += used;
        }
    }
    finish(p, &given, &out).await;
    status
}

async fn finish(p: &mut Proc, given: &Options, out: &[u8]) {
    match given.value(b'o') {
        Some(path) if path != b"-" => {
            if let Err(why) = super::write_file(p, path, out).await {
                p.complain(&[b"cannot open output file `", path, b"'"].concat(), why.text());
            }
        }
        _ => {
            for part in out.chunks(32 << 10) {
                p.print(part);
                p.flush().await;
            }
        }
    }
}

/// Whether a character of UTF-8 is cut by the end.
fn incomplete(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    std::str::from_utf8(rest).is_err_and(|why| why.valid_up_to() == 0 && why.error_len().is_none())
}

fn decode(text: &[u8], at: usize, code: Code) -> Option<(char, usize)> {
    let byte = *text.get(at)?;
    match code {
        Code::Ascii => byte.is_ascii().then(|| (char::from(byte), 1)),
        Code::Latin1 => Some((char::from(byte), 1)),
        Code::Latin9 => {
            let special = LATIN9.iter().find(|(known, _)| *known == byte).map(|(_, found)| *found);
            Some((special.unwrap_or(char::from(byte)), 1))
        }
        Code::Cp1252 => {
            let special = byte.checked_sub(0x80).and_then(|at| CP1252.get(usize::from(at)));
            Some((special.copied().unwrap_or(char::from(byte)), 1))
        }
        Code::Utf8 => {
            let found = (1..=4).filter_map(|len| text.get(at..at + len));
            let mut found = found.filter_map(|part| std::str::from_utf8(part).ok());
            let found = found.find_map(|text| text.chars().next())?;
            Some((found, found.len_utf8()))
        }
        Code::Utf16(order) => {
            let unit = |at: usize| {
                let pair = text.get(at..at + 2)?.first_chunk::<2>()?;
                Some(if order == Order::Big {
                    u16::from_be_bytes(*pair)
                } else {
                    u16::from_le_bytes(*pair)
                })
            };
            let units = [unit(at)?, unit(at + 2).unwrap_or(0)];
            let found = char::decode_utf16(units).next()?.ok()?;
            Some((found, found.len_utf16() * 2))
        }
        Code::Utf32(order) => {
            let four = text.get(at..at + 4)?.first_chunk::<4>()?;
            let value = if order == Order::Big {
                u32::from_be_bytes(*four)
            } else {
                u32::from_le_bytes(*four)
            };
            Some((char::from_u32(value)?, 4))
        }
    }
}

/// Whether the code has it.
fn encode(found: char, code: Code, out: &mut Vec<u8>) -> bool {
    let value = u32::from(found);
    let one = match code {
        Code::Utf8 => {
            out.extend(found.encode_utf8(&mut [0; 4]).as_bytes());
            return true;
        }
        Code::Utf16(order) => {
            for unit in found.encode_utf16(&mut [0; 2]) {
                out.extend(if order == Order::Big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                });
            }
            return true;
        }
        Code::Utf32(order) => {
            out.extend(if order == Order::Big { value.to_be_bytes() } else { value.to_le_bytes() });
            return true;
        }
        Code::Ascii => u8::try_from(value).ok().filter(u8::is_ascii),
        Code::Latin1 => u8::try_from(value).ok(),
        Code::Latin9 => {
            let special = LATIN9.iter().find(|(_, known)| *known == found).map(|(byte, _)| *byte);
            special.or_else(|| u8::try_from(value).ok())
        }
        Code::Cp1252 => {
            let special = CP1252.iter().position(|known| *known == found);
            let special = special.and_then(|at| u8::try_from(at + 0x80).ok());
            special.or_else(|| u8::try_from(value).ok())
        }
    };
    out.extend(one);
    one.is_some()
}

/// What stands for a character where it is lacking.
fn like(found: char) -> &'static str {
    match found {
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '–' | '—' => "-",
        '…' => "...",
        '€' => "EUR",
        'ß' => "ss",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        '\u{a0}' => " ",
        _ => "?",
    }
}

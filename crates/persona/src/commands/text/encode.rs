//! `base64` and `base32`.
//!
//! **Invariant:** a piece at a time.

use super::{options, quote, quotef, say};
use crate::commands::Flag;
use crate::files::Fault;
use crate::kernel::Proc;

const FLAGS: &[Flag] =
    &[Flag::new(b'd', "decode"), Flag::new(b'i', "ignore-garbage"), Flag::with(b'w', "wrap")];

/// An alphabet, and how many bits a letter has.
#[derive(Clone, Copy, Debug)]
struct Base {
    letters: &'static [u8],
    bits: u32,
    /// Bytes and letters of a group.
    bytes: usize,
    group: usize,
}

const BASE64: Base = Base {
    letters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    bits: 6,
    bytes: 3,
    group: 4,
};
const BASE32: Base =
    Base { letters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", bits: 5, bytes: 5, group: 8 };

pub(super) async fn base64(p: &mut Proc) -> u32 {
    code(p, BASE64).await
}

pub(super) async fn base32(p: &mut Proc) -> u32 {
    code(p, BASE32).await
}

async fn code(p: &mut Proc, base: Base) -> u32 {
    let given = match options(p, FLAGS, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut wrap = 76;
    if let Some(value) = given.value(b'w') {
        let digits = value.iter().all(u8::is_ascii_digit) && !value.is_empty();
        let Some(number) = super::size(value).filter(|_| digits) else {
            let quoted = quote(p, value);
            say(p, [b"invalid wrap size: ", &quoted[..]].concat());
            return 1;
        };
        wrap = usize::try_from(number).unwrap_or(usize::MAX);
    }
    if let Some(extra) = given.rest.get(1) {
        let quoted = quote(p, extra);
        say(p, [b"extra operand ", &quoted[..]].concat());
        p.try_help();
        return 1;
    }
    let path = given.rest.first().cloned().unwrap_or_else(|| b"-".to_vec());
    let mut input = match p.input(&path) {
        Ok(input) => input,
        Err(Fault::IsFolder) => {
            p.complain(b"read error", Fault::IsFolder.text());
            return 1;
        }
        Err(why) => {
            p.complain(&quotef(&path), why.text());
            return 1;
        }
    };
    let mut left = Vec::new();
    let mut column = 0;
    loop {
        let piece = match input.chunk(p).await {
            Ok(piece) => piece,
            Err(why) => {
                p.complain(b"read error", why.text());
                return 1;
            }
        };
        let ended = piece.is_empty();
        p.tick(piece.len()).await;
        if given.has(b'd') {
            let wanted = |b: &u8| {
                *b != b'\n' && (!given.has(b'i') || *b == b'=' || base.value(*b).is_some())
            };
            left.extend(piece.into_iter().filter(|b| wanted(b)));
            let whole = left.len() - left.len() % base.group;
            let now: Vec<u8> = left.drain(..if ended { left.len() } else { whole }).collect();
            let (out, right) = base.decode(&now);
            p.print(out);
            if !right {
                p.flush().await;
                say(p, "invalid input");
                return 1;
            }
        } else {
            left.extend(piece);
            let whole = left.len() - left.len() % base.bytes;
            let now: Vec<u8> = left.drain(..if ended { left.len() } else { whole }).collect();
            let text = base.encode(&now);
            if wrap == 0 {
                p.print(text);
            } else {
                let mut rest = text.as_slice();
                while !rest.is_empty() {
                    let take = (wrap - column).min(rest.len());
                    let (line, more) = rest.split_at_checked(take).unwrap_or((rest, &[]));
                    p.print(line);
                    column += line.len();
                    if column == wrap {
                        p.print("\n");
                        column = 0;
                    }
                    rest = more;
                    p.flush_some().await;
                }
            }
        }
        p.flush().await;
        if ended {
            if column > 0 {
                p.print("\n");
            }
            return 0;
        }
    }
}

impl Base {
    fn value(self, letter: u8) -> Option<u64> {
        self.letters.iter().position(|known| *known == letter).and_then(|at| u64::try_from(at).ok())
    }

    fn encode(self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() * 2);
        for group in bytes.chunks(self.bytes) {
            let mut value = group.iter().fold(0_u64, |value, b| value << 8 | u64::from(*b));
            value <<= 8 * (self.bytes - group.len());
            let used = (group.len() * 8).div_ceil(usize::try_from(self.bits).unwrap_or(6));
            for index in 0..self.group {
                let shift = self.bits * u32::try_from(self.group - 1 - index).unwrap_or(0);
                let letter = usize::try_from(value >> shift & ((1 << self.bits) - 1)).unwrap_or(0);
                let letter = self.letters.get(letter).copied().unwrap_or(b'A');
                out.push(if index < used { letter } else { b'=' });
            }
        }
        out
    }

    /// What could be read, and whether that was all.
    fn decode(self, text: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::with_capacity(text.len());
        for group in text.chunks(self.group) {
            let letters = group.iter().take_while(|b| **b != b'=').count();
            let mut value = 0_u64;
            let mut good = 0;
            for letter in group.iter().take(letters) {
                let Some(bits) = self.value(*letter) else { break };
                value = value << self.bits | bits;
                good += 1;
            }
            let bits = usize::try_from(self.bits).unwrap_or(6) * good;
            let bytes = bits / 8;
            let value = value >> (bits % 8);
            for index in (0..bytes).rev() {
                out.push((value >> (8 * index)).to_le_bytes()[0]);
            }
            let padded = group.iter().skip(letters).all(|b| *b == b'=');
            let counts = group.len() == self.group && letters > 0 && bits % 8 < 6;
            if good < letters || !padded || !counts || bits / 8 == 0 {
                return (out, false);
            }
        }
        (out, true)
    }
}

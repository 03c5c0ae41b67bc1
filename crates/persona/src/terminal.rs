//! The terminal's own line editing, as the kernel does it for programs that read whole lines.
//!
//! **Invariant:** what is typed with echo off stays in [`Secret`] and is never echoed.

use crate::keys::Counter;
use decnet_core::limits::LINE_BYTES;

/// Bytes typed with echo off. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A line that is being typed while a program runs.
#[derive(Debug, Default)]
pub(crate) struct Line {
    bytes: Vec<u8>,
    warned: Warned,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Warned {
    #[default]
    No,
    Yes,
}

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    More,
    /// A line with its end, or what ^D sent without one.
    Line(Vec<u8>),
    /// ^D with nothing before it.
    EndOfFile,
    /// ^C, ^\ or ^Z: the status of a program that is ended by it.
    Signal(u32),
    /// The line has reached its cap; said once per line.
    TooLong,
}

impl Line {
    /// One byte, echo on.
    pub(crate) fn byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Typed {
        match byte {
            b'\r' | b'\n' => {
                out.extend_from_slice(b"\r\n");
                let mut line = std::mem::take(self).bytes;
                line.push(b'\n');
                return Typed::Line(line);
            }
            3 | 0x1a | 0x1c => {
                out.extend_from_slice(&[b'^', byte ^ 0x40]);
                *self = Self::default();
                return Typed::Signal(match byte {
                    3 => 130,
                    0x1a => 148,
                    _ => 131,
                });
            }
            4 if self.bytes.is_empty() => return Typed::EndOfFile,
            4 => return Typed::Line(std::mem::take(self).bytes),
            0x7f | 8 => {
                self.erase(out);
            }
            0x15 => while self.erase(out).is_some() {},
            0x17 => {
                while self.bytes.last().is_some_and(|b| !b.is_ascii_alphanumeric() && *b < 0x80) {
                    self.erase(out);
                }
                while self.bytes.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80) {
                    self.erase(out);
                }
            }
            0x11 | 0x13 => {}
            _ if self.bytes.len() >= LINE_BYTES => {
                out.push(7);
                return match std::mem::replace(&mut self.warned, Warned::Yes) {
                    Warned::No => Typed::TooLong,
                    Warned::Yes => Typed::More,
                };
            }
            _ => {
                self.bytes.push(byte);
                match byte {
                    b'\t' => out.push(byte),
                    0..=0x1f => out.extend_from_slice(&[b'^', byte ^ 0x40]),
                    _ => out.push(byte),
                }
            }
        }
        Typed::More
    }

    /// Takes the last character back.
    fn erase(&mut self, out: &mut Vec<u8>) -> Option<u8> {
        let mut last = self.bytes.pop()?;
        while (0x80..0xc0).contains(&last)
            && let Some(byte) = self.bytes.pop()
        {
            last = byte;
        }
        out.extend_from_slice(b"\x08 \x08");
        if last < 0x20 {
            out.extend_from_slice(b"\x08 \x08");
        }
        Some(last)
    }

    /// What has been typed of a line that has no end yet.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self).bytes
    }
}

/// A line that is being typed with echo off.
#[derive(Debug, Default)]
pub(crate) struct HiddenLine {
    secret: Secret,
    counter: Counter,
}

/// What a hidden byte led to.
#[derive(Debug)]
pub(crate) enum Hidden {
    More,
    Line(Secret),
    EndOfFile,
    Signal(u32),
}

/// Bytes of a secret that are kept for as long as it takes to answer.
const SECRET_BYTES: usize = decnet_core::limits::SECRET_BYTES;

impl HiddenLine {
    /// One byte, echo off: the keystrokes that begin with it, and what it led to.
    pub(crate) fn byte(&mut self, byte: u8) -> (u32, Hidden) {
        let keys = self.counter.byte(byte);
        let secret = &mut self.secret.0;
        let led = match byte {
            b'\r' | b'\n' => Hidden::Line(std::mem::take(self).secret),
            3 | 0x1a | 0x1c => {
                *self = Self::default();
                Hidden::Signal(130)
            }
            4 if secret.is_empty() => Hidden::EndOfFile,
            4 => Hidden::Line(std::mem::take(self).secret),
            0x7f | 8 => {
                secret.pop();
                Hidden::More
            }
            0x15 => {
                secret.clear();
                Hidden::More
            }
            _ => {
                if secret.len() < SECRET_BYTES {
                    secret.push(byte);
                }
                Hidden::More
            }
        };
        (keys, led)
    }
}

//! Text of ASCII characters, put together from numbers: what fingerprints are made of, hundreds of
//! thousands of times in a capture.
//!
//! **Invariant:** nothing but ASCII is ever put in.

use crate::row::hex_digit;

/// Text that is being made.
pub(super) struct Ascii(Vec<u8>);

impl Ascii {
    pub(super) fn new() -> Self {
        // Most are no longer.
        Self(Vec::with_capacity(96))
    }

    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        debug_assert!(text.is_ascii());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        debug_assert!(byte.is_ascii());
        self.0.push(byte);
        self
    }

    pub(super) fn decimal(&mut self, number: u32) -> &mut Self {
        let mut digits = [0; 10];
        let mut length = 0;
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            length += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.0.extend_from_slice(digits.get(10 - length..).unwrap_or_default());
        self
    }

    /// Two digits at least.
    pub(super) fn two(&mut self, number: u32) -> &mut Self {
        if number < 10 {
            self.0.push(b'0');
        }
        self.decimal(number)
    }

    /// Four hexadecimal digits.
    pub(super) fn four(&mut self, number: u16) -> &mut Self {
        self.0.extend([12, 8, 4, 0].map(|shift| hex_digit((number >> shift & 15) as u8)));
        self
    }

    pub(super) fn decimals(&mut self, numbers: impl IntoIterator<Item = u16>) -> &mut Self {
        for (place, number) in numbers.into_iter().enumerate() {
            if place > 0 {
                self.0.push(b'-');
            }
            self.decimal(number.into());
        }
        self
    }

    pub(super) fn fours(&mut self, numbers: impl IntoIterator<Item = u16>) -> &mut Self {
        for (place, number) in numbers.into_iter().enumerate() {
            if place > 0 {
                self.0.push(b',');
            }
            self.four(number);
        }
        self
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is behind the first `from` characters.
    pub(super) fn since(&self, from: usize) -> &[u8] {
        self.0.get(from..).unwrap_or_default()
    }

    pub(super) fn done(self) -> String {
        String::from_utf8(self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_they_are_written() {
        let mut text = Ascii::new();
        text.decimal(0).byte(b' ').decimal(u32::MAX).text(" ").two(7).two(12).byte(b' ');
        text.four(0x0a1f).byte(b' ').decimals([0, 771, 65_535]).byte(b' ').fours([0x2f, 0x1301]);
        assert_eq!(text.done(), "0 4294967295 0712 0a1f 0-771-65535 002f,1301");
    }
}

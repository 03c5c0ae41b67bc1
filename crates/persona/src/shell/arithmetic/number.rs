//! Numbers of an expression.
//!
//! **Invariant:** what is too great wraps, as it does in bash.

/// Why digits are no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoNumber {
    Invalid,
    Base,
    Integer,
    TooGreat,
}

impl NoNumber {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Invalid => "invalid number",
            Self::Base => "invalid arithmetic base",
            Self::Integer => "invalid integer constant",
            Self::TooGreat => "value too great for base",
        }
    }
}

/// `10`, `0x1f`, `017`, `2#101`.
pub(super) fn read(text: &[u8]) -> Result<i64, NoNumber> {
    let (mut base, mut found, mut rest) = (10_i64, false, text);
    if let Some(behind) = rest.strip_prefix(b"0") {
        (base, found, rest) = (8, true, behind);
        if let [b'x' | b'X', behind @ ..] = behind {
            (base, rest) = (16, behind);
        }
    }
    let mut value = 0_i64;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'#' {
            if found {
                return Err(NoNumber::Invalid);
            }
            if !(2..=64).contains(&value) {
                return Err(NoNumber::Base);
            }
            (base, value, found) = (value, 0, true);
            if !rest.first().is_some_and(|&b| is_digit(b)) {
                return Err(NoNumber::Integer);
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            b'@' => 62,
            _ => 63,
        };
        if i64::from(digit) >= base {
            return Err(NoNumber::TooGreat);
        }
        value = value.wrapping_mul(base).wrapping_add(i64::from(digit));
    }
    Ok(value)
}

/// Whether it may be in a number.
pub(super) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'@'
}

/// Decimal digits alone, which most values are.
pub(super) fn plain(text: &[u8]) -> Result<i64, NoNumber> {
    let digits = text.iter().all(u8::is_ascii_digit) && text.len() < 19 && !text.starts_with(b"0");
    if digits { read(text) } else { Err(NoNumber::Invalid) }
}

/// `base ** exponent`, wrapping.
pub(super) fn power(base: i64, exponent: i64) -> i64 {
    let (mut base, mut exponent, mut value) = (base, exponent.max(0), 1_i64);
    while exponent > 0 {
        if exponent & 1 == 1 {
            value = value.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    value
}

//! Numbers as C reads and prints them: `strtod`, and what `printf` makes of `%d`, `%x`, `%e`, `%g`.
//!
//! **Invariant:** nothing wider than [`WIDTH_MAX`] comes out, whatever is asked for.

/// Bytes that a width or a precision may ask for.
pub(super) const WIDTH_MAX: usize = 1 << 16;

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) left: bool,
    pub(crate) plus: bool,
    pub(crate) space: bool,
    pub(crate) zero: bool,
    pub(crate) other: bool,
    pub(crate) width: usize,
    pub(crate) precision: Option<usize>,
}

impl Spec {
    /// Reads flags, and what of width and precision are digits. `*` is for the caller. What is left
    /// begins with the letter.
    pub(crate) fn read(text: &[u8]) -> (Self, &[u8]) {
        let mut spec = Self::default();
        let mut rest = text;
        while let Some((flag, behind)) = rest.split_first() {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'0' => spec.zero = true,
                b'#' => spec.other = true,
                _ => break,
            }
            rest = behind;
        }
        let (width, behind) = digits(rest);
        (spec.width, rest) = (width.unwrap_or_default(), behind);
        if let Some(behind) = rest.strip_prefix(b".") {
            let (precision, behind) = digits(behind);
            (spec.precision, rest) = (Some(precision.unwrap_or_default()), behind);
        }
        (spec, rest)
    }

    /// The text in its width.
    pub(crate) fn pad(&self, text: &[u8]) -> Vec<u8> {
        self.pad_chars(text, text.len())
    }

    /// The text in its width, if it is that wide itself.
    pub(crate) fn pad_chars(&self, text: &[u8], width: usize) -> Vec<u8> {
        let missing = self.width.min(WIDTH_MAX).saturating_sub(width);
        let mut out = Vec::with_capacity(text.len() + missing);
        if !self.left {
            out.resize(missing, b' ');
        }
        out.extend_from_slice(text);
        if self.left {
            out.resize(out.len() + missing, b' ');
        }
        out
    }

    /// `%s`: cut to the precision.
    pub(crate) fn text(&self, text: &[u8]) -> Vec<u8> {
        let most = self.precision.unwrap_or(usize::MAX).min(text.len());
        self.pad(text.get(..most).unwrap_or(text))
    }

    /// `%d`
    pub(crate) fn signed(&self, value: i128) -> Vec<u8> {
        self.digits(value < 0, "", value.unsigned_abs().to_string().as_bytes(), value == 0)
    }

    /// `%u`, `%o`, `%x`, `%X`, `%b`
    pub(crate) fn unsigned(&self, value: u128, letter: u8) -> Vec<u8> {
        let (prefix, digits) = match letter {
            b'o' => ("0", format!("{value:o}")),
            b'x' => ("0x", format!("{value:x}")),
            b'X' => ("0X", format!("{value:X}")),
            b'b' => ("0b", format!("{value:b}")),
            _ => ("", value.to_string()),
        };
        let prefix = if self.other && value != 0 { prefix } else { "" };
        let plain = Self { plus: false, space: false, ..*self };
        plain.digits(false, prefix, digits.as_bytes(), value == 0)
    }

    fn digits(&self, minus: bool, prefix: &str, digits: &[u8], is_zero: bool) -> Vec<u8> {
        let mut digits = digits.to_vec();
        if self.precision == Some(0) && is_zero {
            digits.clear();
        }
        let least = self.precision.unwrap_or(1).min(WIDTH_MAX);
        let short = least.saturating_sub(digits.len() + usize::from(prefix == "0"));
        let mut head = self.sign(minus).as_bytes().to_vec();
        head.extend_from_slice(prefix.as_bytes());
        head.resize(head.len() + short, b'0');
        if self.zero && !self.left && self.precision.is_none() {
            let missing = self.width.min(WIDTH_MAX).saturating_sub(head.len() + digits.len());
            head.resize(head.len() + missing, b'0');
        }
        head.extend(digits);
        self.pad(&head)
    }

    fn sign(&self, minus: bool) -> &'static str {
        match (minus, self.plus, self.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    /// `%e`, `%f`, `%g` and their capitals.
    pub(crate) fn float(&self, value: f64, letter: u8) -> Vec<u8> {
        let minus = value.is_sign_negative();
        let size = value.abs();
        let mut text = if size.is_nan() {
            "nan".to_owned()
        } else if size.is_infinite() {
            "inf".to_owned()
        } else {
            let precision = self.precision.unwrap_or(6).min(WIDTH_MAX);
            match letter.to_ascii_lowercase() {
                b'e' => exponent(size, precision, self.other),
                b'f' => fixed(size, precision, self.other),
                _ => general(size, precision, self.other),
            }
        };
        if letter.is_ascii_uppercase() {
            text.make_ascii_uppercase();
        }
        let mut head = self.sign(minus).as_bytes().to_vec();
        if self.zero && !self.left && value.is_finite() {
            let missing = self.width.min(WIDTH_MAX).saturating_sub(head.len() + text.len());
            head.resize(head.len() + missing, b'0');
        }
        head.extend_from_slice(text.as_bytes());
        self.pad(&head)
    }
}

fn digits(text: &[u8]) -> (Option<usize>, &[u8]) {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count).unwrap_or((text, &[]));
    let value = digits.iter().fold(0_usize, |value, digit| {
        value.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
    });
    ((count > 0).then_some(value), rest)
}

fn fixed(size: f64, precision: usize, point: bool) -> String {
    let mut text = format!("{size:.precision$}");
    if point && precision == 0 {
        text.push('.');
    }
    text
}

/// `1.500000e+10`
fn exponent(size: f64, precision: usize, point: bool) -> String {
    let (digits, power) = scientific(size, precision);
    let point = if point && precision == 0 { "." } else { "" };
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}{point}e{sign}{:02}", power.unsigned_abs())
}

/// Digits with a point, and the power of ten.
fn scientific(size: f64, precision: usize) -> (String, i32) {
    let text = format!("{size:.precision$e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.to_owned(), power.parse().unwrap_or_default())
}

fn general(size: f64, precision: usize, zeros: bool) -> String {
    let precision = precision.max(1);
    let (_, power) = scientific(size, precision - 1);
    let wide = i32::try_from(precision).unwrap_or(i32::MAX);
    let text = if power < -4 || power >= wide {
        exponent(size, precision - 1, zeros)
    } else {
        let behind = usize::try_from(i64::from(wide) - 1 - i64::from(power)).unwrap_or_default();
        fixed(size, behind, zeros)
    };
    if zeros || !text.contains('.') {
        return text;
    }
    let (digits, power) = match text.split_once('e') {
        Some((digits, power)) => (digits, format!("e{power}")),
        None => (text.as_str(), String::new()),
    };
    format!("{}{power}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Which texts are numbers beside decimal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Also {
    Nothing,
    /// `0x1f`, `inf`, `nan`, as `strtod` has them.
    HexAndNames,
}

/// The number that a text begins with, behind white space, and the bytes up to its end; `(0, 0)` if
/// there is none.
pub(super) fn prefix(text: &[u8], also: Also) -> (f64, usize) {
    let blanks = text.iter().take_while(|&&b| is_space(b)).count();
    let body = text.get(blanks..).unwrap_or_default();
    let (minus, signs) = match body.first() {
        Some(b'-') => (true, 1),
        Some(b'+') => (false, 1),
        _ => (false, 0),
    };
    let size = body.get(signs..).unwrap_or_default();
    let found = match also {
        Also::HexAndNames => name(size).or_else(|| hex(size)).or_else(|| decimal(size)),
        Also::Nothing => decimal(size),
    };
    match found {
        Some((value, bytes)) => (if minus { -value } else { value }, blanks + signs + bytes),
        None => (0.0, 0),
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn name(text: &[u8]) -> Option<(f64, usize)> {
    let begins = |name: &[u8]| text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
    if begins(b"infinity") {
        Some((f64::INFINITY, 8))
    } else if begins(b"inf") {
        Some((f64::INFINITY, 3))
    } else if begins(b"nan") {
        Some((f64::NAN, 3))
    } else {
        None
    }
}

fn hex(text: &[u8]) -> Option<(f64, usize)> {
    let [b'0', b'x' | b'X', digits @ ..] = text else { return None };
    let count = digits.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let value = digits.iter().take(count).fold(0.0_f64, |value, &digit| {
        value.mul_add(16.0, f64::from(char::from(digit).to_digit(16).unwrap_or_default()))
    });
    (count > 0).then_some((value, count + 2))
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let run = |from: usize| {
        text.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let whole = run(0);
    let mut end = whole;
    let mut behind = 0;
    if text.get(whole) == Some(&b'.') {
        behind = run(whole + 1);
        end = whole + 1 + behind;
    }
    if whole + behind == 0 {
        return None;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let power = run(end + 1 + sign);
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    let number = std::str::from_utf8(text.get(..end)?).ok()?;
    // Rust wants a digit on either side of nothing; `1.` and `.5` it takes.
    Some((number.parse().ok()?, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: &str, value: f64) -> String {
        let (spec, rest) = Spec::read(format.as_bytes());
        let letter = rest[0];
        let text = match letter {
            b'd' => spec.signed(value as i128),
            b'x' | b'o' | b'X' | b'u' => spec.unsigned(value as u128, letter),
            _ => spec.float(value, letter),
        };
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn numbers_are_printed_as_c_prints_them() {
        for (format, value, expected) in [
            ("d", 3.0, "3"),
            ("5d", -3.0, "   -3"),
            ("-5d", 3.0, "3    "),
            ("05d", -3.0, "-0003"),
            ("+.3d", 7.0, "+007"),
            (".0d", 0.0, ""),
            ("#x", 255.0, "0xff"),
            ("#08x", 255.0, "0x0000ff"),
            ("#o", 8.0, "010"),
            ("g", 100_000.0, "100000"),
            ("g", 1_000_000.0, "1e+06"),
            ("g", 0.0001, "0.0001"),
            ("g", 0.000_01, "1e-05"),
            ("g", 0.1, "0.1"),
            ("#g", 0.5, "0.500000"),
            (".3g", 1234.0, "1.23e+03"),
            ("e", 12345.678, "1.234568e+04"),
            (".0e", 15.0, "2e+01"),
            ("f", 2.5, "2.500000"),
            (".0f", 2.5, "2"),
            ("08.2f", -3.149, "-0003.15"),
            ("G", 1e-10, "1E-10"),
            ("f", f64::INFINITY, "inf"),
            ("5g", f64::NAN, "  nan"),
            (".17g", 0.1, "0.10000000000000001"),
        ] {
            assert_eq!(shown(format, value), expected, "{format} {value}");
        }
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        let all = Also::HexAndNames;
        assert_eq!(prefix(b" 12abc", all), (12.0, 3));
        assert_eq!(prefix(b"-.5e3x", all), (-500.0, 5));
        assert_eq!(prefix(b"1e", all), (1.0, 1));
        assert_eq!(prefix(b"0x1A", all), (26.0, 4));
        assert_eq!(prefix(b"0x1A", Also::Nothing), (0.0, 1));
        assert_eq!(prefix(b".", all), (0.0, 0));
        assert_eq!(prefix(b"5.", all), (5.0, 2));
    }
}

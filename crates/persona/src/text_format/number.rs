//! Numbers, read and printed as C's library does.
//!
//! **Invariant:** no more than [`WIDTH`] bytes are printed for one.

use super::{Dialect, Wrong};

/// How one argument is printed.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of printf, each on its own")]
pub(crate) struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    grouped: bool,
    pub(crate) width: usize,
    pub(crate) precision: Option<usize>,
}

/// What a field is filled up to at most.
const WIDTH: usize = 64 << 10;
/// Digits that are computed of a fraction; zeros behind them.
const DIGITS: usize = 1_100;

impl Spec {
    pub(crate) fn flag(&mut self, flag: u8) {
        match flag {
            b'-' => self.left = true,
            b'+' => self.plus = true,
            b' ' => self.space = true,
            b'#' => self.alternate = true,
            b'0' => self.zero = true,
            b'\'' => self.grouped = true,
            _ => {}
        }
    }

    /// Text, cut to the precision.
    pub(crate) fn pad_text(self, text: &[u8], out: &mut Vec<u8>) {
        let text = self.precision.and_then(|most| text.get(..most)).unwrap_or(text);
        self.pad(b"", text, b' ', out);
    }

    /// A sign or prefix, and digits behind it; zeros go between.
    fn pad(self, sign: &[u8], digits: &[u8], fill: u8, out: &mut Vec<u8>) {
        let len = sign.len() + digits.len();
        let blanks = vec![fill; self.width.min(WIDTH).saturating_sub(len)];
        if self.left {
            out.extend_from_slice(sign);
            out.extend_from_slice(digits);
            out.extend(vec![b' '; blanks.len()]);
        } else if fill == b'0' {
            out.extend([sign, &blanks, digits].concat());
        } else {
            out.extend([&blanks, sign, digits].concat());
        }
    }

    fn sign(self, of: Sign) -> &'static [u8] {
        match of {
            Sign::Minus => b"-",
            Sign::Plus if self.plus => b"+",
            Sign::Plus if self.space => b" ",
            Sign::Plus => b"",
        }
    }

    pub(crate) fn signed(self, value: i128, out: &mut Vec<u8>) {
        let sign = self.sign(Sign::of_integer(value));
        let digits = self.least(value.unsigned_abs().to_string());
        self.pad(sign, digits.as_bytes(), self.fill_integer(), out);
    }

    pub(crate) fn unsigned(self, value: u64, letter: u8, out: &mut Vec<u8>) {
        let (prefix, digits): (&[u8], String) = match letter {
            b'o' => (b"", format!("{value:o}")),
            b'x' => (if self.alternate && value != 0 { b"0x" } else { b"" }, format!("{value:x}")),
            b'X' => (if self.alternate && value != 0 { b"0X" } else { b"" }, format!("{value:X}")),
            _ => (b"", value.to_string()),
        };
        let mut digits = self.least(digits);
        if letter == b'o' && self.alternate && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        self.pad(prefix, digits.as_bytes(), self.fill_integer(), out);
    }

    fn fill_integer(self) -> u8 {
        if self.zero && !self.left && self.precision.is_none() { b'0' } else { b' ' }
    }

    /// As many digits as the precision says; none of zero at precision zero.
    fn least(self, digits: String) -> String {
        match self.precision {
            Some(0) if digits == "0" => String::new(),
            Some(least) => {
                let least = least.min(WIDTH);
                let zeros = "0".repeat(least.saturating_sub(digits.len()));
                zeros + &digits
            }
            None => digits,
        }
    }
}

/// Of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn of_integer(value: i128) -> Self {
        if value < 0 { Self::Minus } else { Self::Plus }
    }

    fn of_float(value: f64) -> Self {
        if value.is_sign_negative() { Self::Minus } else { Self::Plus }
    }
}

/// A float, as `%e`, `%f`, `%g` or `%a`, or their capitals.
pub(crate) fn float(spec: Spec, value: f64, letter: u8, out: &mut Vec<u8>) {
    let sign = spec.sign(Sign::of_float(value));
    let upper = letter.is_ascii_uppercase();
    let value = value.abs();
    let finite = value.is_finite();
    let mut text = match letter.to_ascii_lowercase() {
        _ if value.is_nan() => "nan".to_owned(),
        _ if !finite => "inf".to_owned(),
        b'e' => scientific(value, spec.precision.unwrap_or(6), spec.alternate_form()),
        b'f' => fixed(value, spec.precision.unwrap_or(6), spec.alternate_form()),
        b'g' => general(value, spec.precision.unwrap_or(6), spec.alternate_form()),
        _ => hexadecimal(value),
    };
    if upper {
        text.make_ascii_uppercase();
    }
    let fill = if spec.zero && !spec.left && finite { b'0' } else { b' ' };
    spec.pad(sign, text.as_bytes(), fill, out);
}

/// `#`: the point stays, and zeros behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Short,
    Full,
}

impl Spec {
    fn alternate_form(self) -> Form {
        if self.alternate { Form::Full } else { Form::Short }
    }
}

fn fixed(value: f64, precision: usize, form: Form) -> String {
    let exact = precision.min(DIGITS);
    let mut text = format!("{value:.exact$}");
    text.push_str(&"0".repeat(precision.min(WIDTH).saturating_sub(exact)));
    if precision == 0 && form == Form::Full {
        text.push('.');
    }
    text
}

fn scientific(value: f64, precision: usize, form: Form) -> String {
    let exact = precision.min(DIGITS);
    let text = format!("{value:.exact$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let zeros = "0".repeat(precision.min(WIDTH).saturating_sub(exact));
    let point = if precision == 0 && form == Form::Full { "." } else { "" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{zeros}{point}e{sign}{:02}", exponent.abs())
}

fn general(value: f64, precision: usize, form: Form) -> String {
    let precision = precision.clamp(1, DIGITS);
    let digits = format!("{value:.*e}", precision - 1);
    let exponent: i32 = digits.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let most = i32::try_from(precision).unwrap_or(i32::MAX);
    let text = if exponent < -4 || exponent >= most {
        scientific(value, precision - 1, form)
    } else {
        fixed(value, usize::try_from(most - 1 - exponent).unwrap_or(0), form)
    };
    if form == Form::Full || !text.contains('.') {
        return text;
    }
    let (number, tail) = match text.find('e') {
        Some(at) => text.split_at_checked(at).unwrap_or((&text, "")),
        None => (text.as_str(), ""),
    };
    format!("{}{tail}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// As x86's `long double` is shown: the first digit has three bits more.
fn hexadecimal(value: f64) -> String {
    if value == 0.0 {
        return "0x0p+0".to_owned();
    }
    let bits = value.to_bits();
    let raw = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let mut mantissa = bits & ((1 << 52) - 1);
    let mut exponent = raw - 1_023;
    if raw == 0 {
        let shift = mantissa.leading_zeros().saturating_sub(11);
        mantissa <<= shift;
        exponent = -1_022 - i32::try_from(shift).unwrap_or(0);
        mantissa &= (1 << 52) - 1;
    }
    // 64 bits, of which four make the first digit.
    let whole = 1_u64 << 63 | mantissa << 11;
    let first = whole >> 60;
    let rest = format!("{:015x}", whole & ((1 << 60) - 1));
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("0x{first:x}{point}{rest}p{:+}", exponent - 3)
}

/// A number that was read, as far as it was one.
pub(super) struct Parsed {
    pub(super) value: i128,
    pub(super) wrong: Option<Wrong>,
}

/// What `%x` prints of it.
pub(super) fn wrapped(value: i128) -> u64 {
    let value = value.clamp(i64::MIN.into(), u64::MAX.into());
    let bytes = value.to_le_bytes();
    bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A whole number as `strtoimax` reads it, or the character behind a quote.
pub(super) fn integer(text: &[u8], dialect: Dialect) -> Parsed {
    if let [b'\'' | b'"', rest @ ..] = text {
        return character(rest);
    }
    let blank = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let rest = text.get(blank..).unwrap_or_default();
    let (negative, rest) = match rest {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (radix, digits) = match rest {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => {
            (16, rest.get(2..).unwrap_or_default())
        }
        [b'0', ..] => (8, rest),
        rest => (10, rest),
    };
    let mut value = 0_i128;
    let mut used = 0;
    for digit in digits.iter().map_while(|&b| char::from(b).to_digit(radix)) {
        value = value.saturating_mul(i128::from(radix)).saturating_add(i128::from(digit));
        used += 1;
    }
    let left = digits.get(used..).unwrap_or_default();
    let value = if negative { -value } else { value };
    let wrong = if used == 0 {
        match dialect {
            // An empty argument is zero to all of them.
            _ if text.is_empty() => None,
            Dialect::Bash | Dialect::Dash | Dialect::Gnu => Some(Wrong::NotNumeric),
        }
    } else if !left.is_empty() {
        let octal = radix == 8 && left.first().is_some_and(u8::is_ascii_digit);
        Some(if octal { Wrong::Octal } else { Wrong::Trailing })
    } else if value > u64::MAX.into() || value < i64::MIN.into() {
        Some(Wrong::Overflow)
    } else {
        None
    };
    Parsed { value, wrong }
}

fn character(rest: &[u8]) -> Parsed {
    let whole = (1..=4).filter_map(|len| rest.get(..len));
    let found =
        whole.filter_map(|part| std::str::from_utf8(part).ok()).find_map(|t| t.chars().next());
    let code = found.map(u32::from).or_else(|| rest.first().map(|&b| u32::from(b)));
    Parsed { value: code.unwrap_or(0).into(), wrong: None }
}

/// A float as `strtold` reads it, and what is wrong with it.
pub(crate) fn parse_float(text: &[u8], dialect: Dialect) -> (f64, Option<Wrong>) {
    if let [b'\'' | b'"', rest @ ..] = text {
        return (u32::try_from(character(rest).value).map_or(0.0, f64::from), None);
    }
    if text.is_empty() {
        return (0.0, None);
    }
    let blank = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let rest = text.get(blank..).unwrap_or_default();
    let (value, used) = strtod(rest);
    if used == 0 {
        let wrong = match dialect {
            Dialect::Bash | Dialect::Dash | Dialect::Gnu => Wrong::NotNumeric,
        };
        return (0.0, Some(wrong));
    }
    let all = rest.len() == used;
    (value, (!all).then_some(Wrong::Trailing))
}

/// The longest beginning that is a number, and its length.
pub(crate) fn strtod(text: &[u8]) -> (f64, usize) {
    let signed = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let negative = text.first() == Some(&b'-');
    let body = text.get(signed..).unwrap_or_default();
    let lower: Vec<u8> = body.iter().take(8).map(u8::to_ascii_lowercase).collect();
    let sign = |value: f64| if negative { -value } else { value };
    for (name, value) in [("infinity", f64::INFINITY), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        if lower.starts_with(name.as_bytes()) {
            return (sign(value), signed + name.len());
        }
    }
    if lower.starts_with(b"0x") && lower.get(2).is_some_and(u8::is_ascii_hexdigit) {
        let digits = body.get(2..).unwrap_or_default();
        let digits = digits.iter().map_while(|&b| char::from(b).to_digit(16));
        let (value, used) = digits
            .fold((0.0, 0), |(value, used), digit| (value * 16.0 + f64::from(digit), used + 1));
        return (sign(value), signed + 2 + used);
    }
    let count = |from: usize| {
        let rest = body.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let whole = count(0);
    let mut used = whole;
    let mut fraction = 0;
    if body.get(used) == Some(&b'.') {
        fraction = count(used + 1);
        used += if whole + fraction > 0 { 1 + fraction } else { 0 };
    }
    if whole + fraction == 0 {
        return (0.0, 0);
    }
    if matches!(body.get(used), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(body.get(used + 1), Some(b'-' | b'+')));
        let digits = count(used + 1 + sign);
        used += if digits > 0 { 1 + sign + digits } else { 0 };
    }
    let number = body.get(..used).and_then(|text| std::str::from_utf8(text).ok());
    let value: f64 = number.and_then(|text| text.parse().ok()).unwrap_or(0.0);
    (sign(value), signed + used)
}

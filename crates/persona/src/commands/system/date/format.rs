//! `strftime` as GNU `date` has it: with flags and widths.
//!
//! **Invariant:** pure; widths are capped.

use crate::calendar::Date;
use decnet_core::limits::FORMATTED_BYTES;

/// What is formatted.
pub(crate) struct Moment<'a> {
    /// Seconds since 1970, and nanoseconds behind them.
    pub(crate) seconds: i64,
    pub(crate) nanos: i64,
    /// The zone's offset and name.
    pub(crate) offset: i64,
    pub(crate) zone: &'a str,
    /// `%r` with AM and PM, `%x` as 11/29/2026: en_US.
    pub(crate) american: bool,
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
];

/// How a field is padded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pad {
    Default,
    None,
    Space,
    Zero,
    Plus,
}

enum Field {
    Number { value: i64, digits: usize, blank: bool },
    Text(String),
}

pub(crate) fn format(format: &[u8], moment: &Moment<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = format.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if out.len() >= FORMATTED_BYTES {
            break;
        }
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut raw = vec![b'%'];
        let (mut pad, mut upper, mut swap) = (Pad::Default, false, false);
        while let Some(&flag) = bytes.peek() {
            match flag {
                b'-' => pad = Pad::None,
                b'_' => pad = Pad::Space,
                b'0' => pad = Pad::Zero,
                b'+' => pad = Pad::Plus,
                b'^' => upper = true,
                b'#' => swap = true,
                _ => break,
            }
            raw.push(flag);
            bytes.next();
        }
        let mut width = None;
        while let Some(&digit) = bytes.peek().filter(|b| b.is_ascii_digit()) {
            let digit_value = usize::from(digit - b'0');
            width = Some((width.unwrap_or(0) * 10 + digit_value).min(FORMATTED_BYTES));
            raw.push(digit);
            bytes.next();
        }
        let mut colons = 0;
        while bytes.peek() == Some(&b':') {
            colons += 1;
            raw.push(b':');
            bytes.next();
        }
        while let Some(&letter) = bytes.peek().filter(|b| matches!(b, b'E' | b'O')) {
            raw.push(letter);
            bytes.next();
        }
        let Some(letter) = bytes.next() else {
            out.extend(raw);
            break;
        };
        raw.push(letter);
        if letter == b'N' {
            nanos(&mut out, moment.nanos, width, pad);
            continue;
        }
        if letter == b'z' {
            let text = offset(moment.offset, colons, pad, width);
            out.extend(text.bytes());
            continue;
        }
        match field(letter, moment).filter(|_| colons == 0) {
            None => out.extend(raw),
            Some(field) => put(&mut out, field, pad, width, upper, swap),
        }
    }
    out
}

fn put(out: &mut Vec<u8>, field: Field, pad: Pad, width: Option<usize>, upper: bool, swap: bool) {
    match field {
        Field::Number { value, digits, blank } => {
            let fill = match pad {
                Pad::Default if blank => ' ',
                Pad::Space => ' ',
                Pad::Default | Pad::None | Pad::Zero | Pad::Plus => '0',
            };
            let digits = match (pad, width) {
                (Pad::None, _) => 0,
                (_, Some(width)) => width,
                (_, None) => digits,
            };
            let number = value.unsigned_abs().to_string();
            let sign = if value < 0 { "-" } else if pad == Pad::Plus && number.len() > 4 { "+" } else { "" };
            let missing = digits.saturating_sub(number.len() + sign.len());
            if fill == ' ' {
                out.resize(out.len() + missing, b' ');
            }
            out.extend(sign.bytes());
            if fill == '0' {
                out.resize(out.len() + missing, b'0');
            }
            out.extend(number.bytes());
        }
        Field::Text(text) => {
            let text = if upper {
                text.to_uppercase()
            } else if swap {
                // Names become large, `PM` and zones small.
                if text.chars().all(|c| !c.is_ascii_lowercase()) { text.to_lowercase() } else { text.to_uppercase() }
            } else {
                text
            };
            let missing = width.unwrap_or(0).saturating_sub(text.len());
            let fill = if pad == Pad::Zero { b'0' } else { b' ' };
            out.resize(out.len() + missing, fill);
            out.extend(text.bytes());
        }
    }
}

fn nanos(out: &mut Vec<u8>, nanos: i64, width: Option<usize>, pad: Pad) {
    let text = format!("{nanos:09}");
    let digits = text.get(..width.unwrap_or(9).min(9)).unwrap_or(&text);
    match pad {
        Pad::Space => {
            let kept = digits.trim_end_matches('0');
            out.extend(kept.bytes());
            out.resize(out.len() + digits.len() - kept.len(), b' ');
        }
        Pad::Default | Pad::None | Pad::Zero | Pad::Plus => {
            out.extend(digits.bytes());
            let more = width.unwrap_or(9).saturating_sub(9);
            out.resize(out.len() + more, b'0');
        }
    }
}

fn offset(offset: i64, colons: usize, pad: Pad, width: Option<usize>) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let all = offset.abs();
    let (hours, minutes, seconds) = (all / 3_600, all / 60 % 60, all % 60);
    let body = match colons {
        0 => format!("{hours:02}{minutes:02}"),
        1 => format!("{hours:02}:{minutes:02}"),
        2 => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        _ if seconds > 0 => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        _ if minutes > 0 => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}"),
    };
    let bare = body.trim_start_matches('0').trim_start_matches(':').trim_start_matches('0');
    let bare = if bare.is_empty() { "0" } else { bare }.to_owned();
    let body = if pad == Pad::None { bare.clone() } else { body };
    let missing = width.unwrap_or(0).saturating_sub(body.len() + 1);
    match pad {
        Pad::Space => format!("{:>1$}", format!("{sign}{bare}"), width.unwrap_or(body.len() + 1)),
        Pad::Default | Pad::None | Pad::Zero | Pad::Plus => {
            format!("{sign}{}{body}", "0".repeat(missing))
        }
    }
}

fn field(letter: u8, moment: &Moment<'_>) -> Option<Field> {
    let local = moment.seconds.saturating_add(moment.offset);
    let d = Date::new(local);
    let number = |value: i64, digits: usize| Field::Number { value, digits, blank: false };
    let blank = |value: i64| Field::Number { value, digits: 2, blank: true };
    let again = |text: &[u8]| {
        Field::Text(String::from_utf8_lossy(&format(text, moment)).into_owned())
    };
    let name = |all: &[&'static str], index: i64| {
        let index = usize::try_from(index).unwrap_or(0);
        all.get(index).copied().unwrap_or("").to_owned()
    };
    let short = |name: String| name.get(..3).unwrap_or("").to_owned();
    let twelve = if d.hour % 12 == 0 { 12 } else { d.hour % 12 };
    let (iso_year, iso_week) = iso(&d);
    Some(match letter {
        b'%' => Field::Text("%".to_owned()),
        b'n' => Field::Text("\n".to_owned()),
        b't' => Field::Text("\t".to_owned()),
        b'a' => Field::Text(short(name(&DAYS, d.weekday))),
        b'A' => Field::Text(name(&DAYS, d.weekday)),
        b'b' | b'h' => Field::Text(short(name(&MONTHS, d.month - 1))),
        b'B' => Field::Text(name(&MONTHS, d.month - 1)),
        b'c' if moment.american => again(b"%a %d %b %Y %r %Z"),
        b'c' => again(b"%a %b %e %H:%M:%S %Y"),
        b'C' => number(d.year.div_euclid(100), 2),
        b'd' => number(d.day, 2),
        b'D' => again(b"%m/%d/%y"),
        b'e' => blank(d.day),
        b'F' => again(b"%Y-%m-%d"),
        b'g' => number(iso_year.rem_euclid(100), 2),
        b'G' => number(iso_year, 4),
        b'H' => number(d.hour, 2),
        b'I' => number(twelve, 2),
        b'j' => number(d.day_of_year, 3),
        b'k' => blank(d.hour),
        b'l' => blank(twelve),
        b'm' => number(d.month, 2),
        b'M' => number(d.minute, 2),
        b'p' => Field::Text(if d.hour < 12 { "AM" } else { "PM" }.to_owned()),
        b'P' => Field::Text(if d.hour < 12 { "am" } else { "pm" }.to_owned()),
        b'q' => number((d.month + 2) / 3, 1),
        b'r' => again(b"%I:%M:%S %p"),
        b'R' => again(b"%H:%M"),
        b's' => number(moment.seconds, 1),
        b'S' => number(d.second, 2),
        b'T' => again(b"%H:%M:%S"),
        b'u' => number(if d.weekday == 0 { 7 } else { d.weekday }, 1),
        b'U' => number((d.day_of_year + 6 - d.weekday) / 7, 2),
        b'V' => number(iso_week, 2),
        b'w' => number(d.weekday, 1),
        b'W' => number((d.day_of_year + 6 - (d.weekday + 6) % 7) / 7, 2),
        b'x' if moment.american => again(b"%m/%d/%Y"),
        b'x' => again(b"%m/%d/%y"),
        b'X' if moment.american => again(b"%r"),
        b'X' => again(b"%H:%M:%S"),
        b'y' => number(d.year.rem_euclid(100), 2),
        b'Y' => number(d.year, 4),
        b'Z' => Field::Text(moment.zone.to_owned()),
        _ => return None,
    })
}

/// Year and week by ISO 8601.
fn iso(d: &Date) -> (i64, i64) {
    let weekday = (d.weekday + 6) % 7;
    let week = (d.day_of_year - 1 - weekday + 10) / 7;
    let weeks = |year: i64| {
        let first = (super::zone::days_before(year, 1) + 3).rem_euclid(7);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if first == 3 || first == 2 && leap { 53 } else { 52 }
    };
    if week < 1 {
        (d.year - 1, weeks(d.year - 1))
    } else if week > weeks(d.year) {
        (d.year + 1, 1)
    } else {
        (d.year, week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_as_gnu_date_writes_them() {
        let moment = Moment { seconds: 1_795_322_152, nanos: 41_800_000, offset: 0, zone: "UTC", american: false };
        for (given, wanted) in [
            ("%Y-%m-%dT%H:%M:%S%:z", "2026-11-22T04:35:52+00:00"),
            ("%a %b %e %H:%M:%S %Z %Y", "Sun Nov 22 04:35:52 UTC 2026"),
            ("%N|%3N|%-N|%s", "041800000|041|041800000|1795322152"),
            ("%_5N|%10N|%_z|%-z|%5z|%::z|%:::z", "0418 |0418000000|   +0|+0|+0000|+00:00:00|+00"),
            ("%-d|%_H|%05d|%^a|%#Z|%10B|%-k", "22| 4|00022|SUN|utc|  November|4"),
            ("%j %U %W %V %G %u %w %q", "326 47 46 47 2026 7 0 4"),
            ("%%%n%t|%Q|%", "%\n\t|%Q|%"),
            ("%D %F %R %r %c", "11/22/26 2026-11-22 04:35 04:35:52 AM Sun Nov 22 04:35:52 2026"),
        ] {
            let said = format(given.as_bytes(), &moment);
            assert_eq!(String::from_utf8_lossy(&said), wanted, "{given}");
        }
    }
}

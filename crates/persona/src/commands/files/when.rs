//! Instants: printed by a format, and read from what people write.
//!
//! **Invariant:** UTC, as the machine is set.

use crate::calendar::Date;

/// An instant by a format of `strftime`; nanoseconds since 1970.
pub(super) fn format(format: &[u8], at: i128) -> Vec<u8> {
    let seconds = i64::try_from(at.div_euclid(1_000_000_000)).unwrap_or(0);
    let ns = at.rem_euclid(1_000_000_000);
    let d = Date::new(seconds);
    let twelve = if d.hour % 12 == 0 { 12 } else { d.hour % 12 };
    let mut out = Vec::new();
    let mut rest = format.iter().copied();
    while let Some(b) = rest.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let mut letter = rest.next();
        let mut pad = None;
        while let Some(flag @ (b'-' | b'_' | b'0' | b'^' | b'#')) = letter {
            pad = Some(flag);
            letter = rest.next();
        }
        let mut colons = 0;
        while letter == Some(b':') {
            colons += 1;
            letter = rest.next();
        }
        let padded = |value: i64, width: usize, usual: u8| match pad.unwrap_or(usual) {
            b'-' => value.to_string(),
            b'_' => format!("{value:width$}"),
            _ => format!("{value:0width$}"),
        };
        let Some(letter) = letter else {
            out.push(b'%');
            break;
        };
        let text = match letter {
            b'Y' => d.year.to_string(),
            b'C' => padded(d.year / 100, 2, b'0'),
            b'y' => padded(d.year % 100, 2, b'0'),
            b'm' => padded(d.month, 2, b'0'),
            b'd' => padded(d.day, 2, b'0'),
            b'e' => padded(d.day, 2, b'_'),
            b'H' => padded(d.hour, 2, b'0'),
            b'k' => padded(d.hour, 2, b'_'),
            b'I' => padded(twelve, 2, b'0'),
            b'l' => padded(twelve, 2, b'_'),
            b'M' => padded(d.minute, 2, b'0'),
            b'S' => padded(d.second, 2, b'0'),
            b'j' => padded(d.day_of_year, 3, b'0'),
            b'N' => format!("{ns:09}"),
            b's' => seconds.to_string(),
            b'F' => format!("{:04}-{:02}-{:02}", d.year, d.month, d.day),
            b'D' | b'x' => format!("{:02}/{:02}/{:02}", d.month, d.day, d.year % 100),
            b'T' | b'X' => d.clock(),
            b'R' => format!("{:02}:{:02}", d.hour, d.minute),
            b'r' => {
                let half = if d.hour < 12 { "AM" } else { "PM" };
                format!("{twelve:02}:{:02}:{:02} {half}", d.minute, d.second)
            }
            b'p' => if d.hour < 12 { "AM" } else { "PM" }.to_owned(),
            b'b' | b'h' => d.month_name().to_owned(),
            b'B' => MONTHS.get(place(d.month - 1)).copied().unwrap_or("").to_owned(),
            b'a' => d.weekday_name().to_owned(),
            b'A' => DAYS.get(place(d.weekday)).copied().unwrap_or("").to_owned(),
            b'u' => (if d.weekday == 0 { 7 } else { d.weekday }).to_string(),
            b'w' => d.weekday.to_string(),
            b'Z' => "UTC".to_owned(),
            b'z' if colons == 1 => "+00:00".to_owned(),
            b'z' if colons > 1 => "+00:00:00".to_owned(),
            b'z' => "+0000".to_owned(),
            b'c' => {
                let (day, month) = (d.weekday_name(), d.month_name());
                format!("{day} {month} {:2} {} {}", d.day, d.clock(), d.year)
            }
            b'n' => "\n".to_owned(),
            b't' => "\t".to_owned(),
            b'%' => "%".to_owned(),
            _ => {
                out.extend_from_slice(&[b'%', letter]);
                continue;
            }
        };
        out.extend_from_slice(text.as_bytes());
    }
    out
}

fn place(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days from 1970 to a date.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Words of a date that mean something.
const WORDS: usize = 64;

/// What people write for an instant: `2024-01-31 12:00`, `@0`, `yesterday`, `2 days ago`, `Jan 3
/// 2024`; nanoseconds since 1970.
pub(super) fn read(text: &[u8], now: i64) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.to_ascii_lowercase();
    let text = text.trim();
    if let Some(number) = text.strip_prefix('@') {
        return fraction(number);
    }
    let second = 1_000_000_000;
    let today = Date::new(now.div_euclid(second));
    let (mut year, mut month, mut day) = (today.year, today.month, today.day);
    let mut clock: Option<i64> = None;
    let mut shift = 0_i64;
    let mut months = 0_i64;
    let mut dated = false;
    let mut words: Vec<String> = Vec::new();
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        let cut = word
            .find('t')
            .filter(|at| word.get(..*at).is_some_and(|d| d.len() >= 8 && d.contains('-')));
        match cut {
            Some(at) => {
                words.push(word.get(..at)?.to_owned());
                words.push(word.get(at + 1..)?.to_owned());
            }
            None => words.push(word.to_owned()),
        }
    }
    if words.len() > WORDS {
        return None;
    }
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let next = words.get(at).map(String::as_str);
        match word.as_str() {
            "now" | "today" | "utc" | "z" | "gmt" | "at" | "of" => {}
            "yesterday" => shift -= 86_400,
            "tomorrow" => shift += 86_400,
            "noon" => clock = Some(43_200 * second),
            "midnight" => clock = Some(0),
            "ago" => (shift, months) = (-shift, -months),
            "last" | "next" | "this" => {
                let sign = match word.as_str() {
                    "last" => -1,
                    "next" => 1,
                    _ => 0,
                };
                add(sign, next?, &mut shift, &mut months)?;
                at += 1;
            }
            "am" | "pm" => {
                let hours = clock? / second / 3_600 % 12;
                let rest = clock? % (3_600 * second);
                let hours = if word == "pm" { hours + 12 } else { hours };
                clock = Some(hours * 3_600 * second + rest);
            }
            word if clock.is_some() && word.len() == 5 && word.starts_with(['+', '-']) => {
                let number: i64 = word.parse().ok()?;
                shift -= (number / 100 * 60 + number % 100) * 60;
            }
            word if word.contains(':') => clock = Some(time_of_day(word)?),
            word if word.len() > 4 && word.matches('-').count() == 2 && !word.starts_with('-') => {
                let mut parts = word.split('-').map(|part| part.parse::<i64>().ok());
                (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
                dated = true;
            }
            word if word.matches('/').count() == 2 => {
                let mut parts = word.split('/').map(|part| part.parse::<i64>().ok());
                (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
                if month > 31 {
                    (year, month, day) = (month, day, year);
                }
                dated = true;
            }
            word if word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit()) => {
                let number: i64 = word.parse().ok()?;
                (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
                dated = true;
            }
            word if month_of(word).is_some() => {
                month = month_of(word)?;
                if let Some(number) = next.and_then(|next| next.parse().ok())
                    && number <= 31_i64
                {
                    day = number;
                    at += 1;
                }
                if let Some(number) = words.get(at).and_then(|next| next.parse().ok())
                    && number > 31_i64
                {
                    year = number;
                    at += 1;
                }
                dated = true;
            }
            word if DAYS.iter().any(|day| day.to_ascii_lowercase().get(..3) == word.get(..3)) => {}
            word => {
                let (number, unit) = split_number(word)?;
                match (unit, next) {
                    ("", Some(next)) if month_of(next).is_some() => day = number,
                    ("", Some(next)) => {
                        add(number, next, &mut shift, &mut months)?;
                        at += 1;
                    }
                    ("", None) if dated && number > 31 => year = number,
                    ("", None) => return None,
                    (unit, _) => add(number, unit, &mut shift, &mut months)?,
                }
            }
        }
    }
    let index = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(months)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=120_000).contains(&index) {
        return None;
    }
    let days = days(index.div_euclid(12), index.rem_euclid(12) + 1, day);
    let of_day = clock.unwrap_or_else(|| if dated { 0 } else { now.rem_euclid(86_400 * second) });
    days.checked_mul(86_400)?.checked_add(shift)?.checked_mul(second)?.checked_add(of_day)
}

fn add(count: i64, unit: &str, shift: &mut i64, months: &mut i64) -> Option<()> {
    let unit = unit.strip_suffix('s').filter(|unit| unit.len() > 1).unwrap_or(unit);
    let size = match unit {
        "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        "fortnight" => 1_209_600,
        "month" | "year" => {
            let each = if unit == "year" { 12 } else { 1 };
            *months = months.checked_add(count.checked_mul(each)?)?;
            return Some(());
        }
        _ => return None,
    };
    *shift = shift.checked_add(count.checked_mul(size)?)?;
    Some(())
}

fn month_of(word: &str) -> Option<i64> {
    let found = MONTHS.iter().position(|name| {
        let name = name.to_ascii_lowercase();
        name == word || name.get(..3) == Some(word)
    })?;
    i64::try_from(found + 1).ok()
}

fn split_number(word: &str) -> Option<(i64, &str)> {
    let from = usize::from(word.starts_with(['+', '-']));
    let end = word.bytes().skip(from).position(|b| !b.is_ascii_digit());
    let end = end.map_or(word.len(), |end| end + from);
    let (number, unit) = word.split_at_checked(end)?;
    Some((number.parse().ok()?, unit))
}

fn time_of_day(word: &str) -> Option<i64> {
    let (word, half) = match word.strip_suffix("pm") {
        Some(word) => (word, Some(12)),
        None => match word.strip_suffix("am") {
            Some(word) => (word, Some(0)),
            None => (word, None),
        },
    };
    let word = word.trim_end_matches('z');
    let word = word.split('+').next().unwrap_or(word);
    let mut parts = word.split(':');
    let mut hour: i64 = parts.next()?.parse().ok()?;
    if let Some(half) = half {
        hour = hour % 12 + half;
    }
    let minute: i64 = parts.next()?.parse().ok()?;
    let ns = fraction(parts.next().unwrap_or("0"))?;
    if parts.next().is_some() || hour > 24 || minute > 59 || ns > 60_000_000_000 {
        return None;
    }
    Some((hour * 3_600 + minute * 60) * 1_000_000_000 + ns)
}

/// Seconds with a fraction, in nanoseconds.
fn fraction(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let digits: String = rest.chars().chain("000000000".chars()).take(9).collect();
    let ns: i64 = digits.parse().ok()?;
    let ns = if whole.starts_with('-') { -ns } else { ns };
    seconds.checked_mul(1_000_000_000)?.checked_add(ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_an_instant() {
        let now = 1_795_322_152_000_000_000;
        for (text, said) in [
            ("@0", "1970-01-01 00:00:00"),
            ("2024-01-31", "2024-01-31 00:00:00"),
            ("2024-01-31 12:34", "2024-01-31 12:34:00"),
            ("2024-01-31T12:34:56", "2024-01-31 12:34:56"),
            ("20240131", "2024-01-31 00:00:00"),
            ("Jan 3 2020", "2020-01-03 00:00:00"),
            ("3 Jan 2020 10:00", "2020-01-03 10:00:00"),
            ("yesterday", "2026-11-21 04:35:52"),
            ("2 days ago", "2026-11-20 04:35:52"),
            ("-1 hour", "2026-11-22 03:35:52"),
            ("last year", "2025-11-22 04:35:52"),
            ("1 month ago", "2026-10-22 04:35:52"),
            ("10:00", "2026-11-22 10:00:00"),
            ("Thu, 1 Feb 2018 10:00:00 +0000", "2018-02-01 10:00:00"),
        ] {
            let at = read(text.as_bytes(), now);
            let shown = at.map(|at| format(b"%F %T", at.into()));
            assert_eq!(shown.as_deref(), Some(said.as_bytes()), "{text}");
        }
        assert_eq!(read(b"rubbish", now), None);
        assert_eq!(
            format(b"%F %T.%N %z|%b %e|%-d|%j", 951_782_400_000_000_001),
            b"2000-02-29 00:00:00.000000001 +0000|Feb 29|29|060"
        );
    }
}

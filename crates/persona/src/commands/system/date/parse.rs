//! Dates as people write them: what `date -d` and `touch -d` take.
//!
//! **Invariant:** pure; a date that is not understood is none.

use super::zone::{Zone, days_before};
use crate::calendar::Date;

/// Seconds since 1970, and nanoseconds, of a text; `now` is what it counts from.
pub(crate) fn parse(text: &[u8], now: (i64, i64), zone: &Zone) -> Option<(i64, i64)> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Some(number) = text.strip_prefix('@') {
        return epoch(number.trim());
    }
    let mut parser = Parser::new(now, zone);
    let words = words(text)?;
    let mut left = words.as_slice();
    while !left.is_empty() {
        left = parser.item(left)?;
    }
    parser.finish(zone)
}

/// `1700000000.5`
fn epoch(text: &str) -> Option<(i64, i64)> {
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let nanos: i64 = if part.is_empty() {
        0
    } else if part.bytes().all(|b| b.is_ascii_digit()) {
        format!("{part:0<9}").get(..9)?.parse().ok()?
    } else {
        return None;
    };
    // What is behind the point of a negative number goes back.
    Some(if whole.starts_with('-') && nanos > 0 { (seconds - 1, 1_000_000_000 - nanos) } else { (seconds, nanos) })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// Digits, with a sign or without.
    Number(i64, usize, Option<bool>),
    Name(String),
    /// `10:30`, `10:30:05.5`
    Clock(i64, i64),
    /// `2026-11-29`, `11/29/2026`
    Day(i64, i64, i64),
    /// `+0200`, `Z`
    Offset(i64),
}

/// Items of one date.
const WORDS: usize = 64;

fn words(text: &str) -> Option<Vec<Word>> {
    let mut all = Vec::new();
    // `2026-11-29T10:30`: the T stands between.
    let spaced = separated(text);
    for word in spaced.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty()) {
        all.extend(word_of(word)?);
        if all.len() > WORDS {
            return None;
        }
    }
    Some(all)
}

fn separated(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut depth, mut before) = (0_u32, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            'T' | 't'
                if before.is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) =>
            {
                out.push(' ');
            }
            c if c.is_ascii_alphabetic() && before.is_ascii_digit() => {
                out.push(' ');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

fn word_of(word: &str) -> Option<Vec<Word>> {
    let first = *word.as_bytes().first()?;
    if word.contains(':') && first.is_ascii_digit() {
        // A zone may be behind the time.
        let end = word.find(['+', '-']).unwrap_or(word.len());
        let (time, zone) = word.split_at_checked(end)?;
        let mut out = vec![clock(time)?];
        if !zone.is_empty() {
            out.push(Word::Offset(offset(zone)?));
        }
        return Some(out);
    }
    if first.is_ascii_digit() && (word.matches('-').count() == 2 || word.matches('/').count() >= 1) {
        return Some(vec![day(word)?]);
    }
    if first.is_ascii_digit() && word.contains('-') {
        return Some(vec![day(word)?]);
    }
    if first.is_ascii_digit() {
        let number = word.parse().ok()?;
        return Some(vec![Word::Number(number, word.len(), None)]);
    }
    if first == b'+' || first == b'-' {
        let digits = word.get(1..)?;
        if digits.is_empty() {
            return Some(vec![Word::Name(word.to_owned())]);
        }
        if digits.contains(':') {
            return Some(vec![Word::Offset(offset(word)?)]);
        }
        let value: i64 = digits.parse().ok()?;
        return Some(vec![Word::Number(if first == b'-' { -value } else { value }, digits.len(), Some(first == b'-'))]);
    }
    Some(vec![Word::Name(word.trim_end_matches('.').to_ascii_lowercase())])
}

fn clock(text: &str) -> Option<Word> {
    let mut parts = text.split(':');
    let hour: i64 = parts.next()?.parse().ok().filter(|n| (0..=24).contains(n))?;
    let minute: i64 = parts.next()?.parse().ok().filter(|n| (0..60).contains(n))?;
    let rest = parts.next().unwrap_or("0");
    let (second, nanos) = epoch(rest)?;
    (parts.next().is_none() && (0..=60).contains(&second))
        .then_some(Word::Clock(hour * 3_600 + minute * 60 + second, nanos))
}

fn offset(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i64>().ok()?, 0),
        4 => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?),
        3 => (digits.get(..1)?.parse().ok()?, digits.get(1..)?.parse().ok()?),
        _ => return None,
    };
    (hours <= 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn day(text: &str) -> Option<Word> {
    let numbers = |sign: char| -> Option<Vec<i64>> {
        text.split(sign).map(|part| part.parse().ok()).collect()
    };
    if text.contains('/') {
        return match numbers('/')?.as_slice() {
            [month, day] => Some(Word::Day(0, *month, *day)),
            [a, b, c] if *a > 31 => Some(Word::Day(*a, *b, *c)),
            [month, day, year] => Some(Word::Day(century(*year), *month, *day)),
            _ => None,
        };
    }
    match numbers('-')?.as_slice() {
        [year, month, day] => Some(Word::Day(century(*year), *month, *day)),
        _ => None,
    }
}

fn century(year: i64) -> i64 {
    match year {
        0..=68 => 2_000 + year,
        69..=99 => 1_900 + year,
        year => year,
    }
}

#[derive(Debug)]
struct Parser {
    /// Local time now.
    local: Date,
    nanos: i64,
    date: Option<(i64, i64, i64)>,
    time: Option<(i64, i64)>,
    weekday: Option<(i64, i64)>,
    offset: Option<i64>,
    months: i64,
    days: i64,
    seconds: i64,
    moved: bool,
}

impl Parser {
    fn new(now: (i64, i64), zone: &Zone) -> Self {
        let local = Date::new(now.0 + zone.at(now.0).0);
        Self {
            local,
            nanos: now.1,
            date: None,
            time: None,
            weekday: None,
            offset: None,
            months: 0,
            days: 0,
            seconds: 0,
            moved: false,
        }
    }

    /// Takes what belongs together from the front.
    fn item<'a>(&mut self, words: &'a [Word]) -> Option<&'a [Word]> {
        let (first, rest) = words.split_first()?;
        match first {
            Word::Clock(seconds, nanos) => {
                self.set_time(*seconds, *nanos)?;
                self.half(rest)
            }
            Word::Day(year, month, day) => {
                let year = if *year == 0 { self.local.year } else { *year };
                self.set_date(year, *month, *day)?;
                Some(rest)
            }
            Word::Offset(offset) => {
                self.offset = Some(*offset);
                Some(rest)
            }
            Word::Name(name) => self.name(name, rest),
            Word::Number(value, digits, sign) => self.number(*value, *digits, *sign, rest),
        }
    }

    fn set_time(&mut self, seconds: i64, nanos: i64) -> Option<()> {
        if self.time.is_some() {
            return None;
        }
        self.time = Some((seconds, nanos));
        Some(())
    }

    fn set_date(&mut self, year: i64, month: i64, day: i64) -> Option<()> {
        if self.date.is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let next = if month == 12 { days_before(year + 1, 1) } else { days_before(year, month + 1) };
        if days_before(year, month) + day > next {
            return None;
        }
        self.date = Some((year, month, day));
        Some(())
    }

    /// `am` and `pm` behind a time.
    fn half<'a>(&mut self, words: &'a [Word]) -> Option<&'a [Word]> {
        let Some((Word::Name(name), rest)) = words.split_first() else { return Some(words) };
        let late = match name.as_str() {
            "am" | "a.m" => 0,
            "pm" | "p.m" => 43_200,
            _ => return Some(words),
        };
        let (seconds, nanos) = self.time?;
        if !(3_600..46_800).contains(&seconds) {
            return None;
        }
        self.time = Some((seconds % 43_200 + late, nanos));
        Some(rest)
    }

    fn name<'a>(&mut self, name: &str, rest: &'a [Word]) -> Option<&'a [Word]> {
        if let Some(month) = month(name) {
            return match rest {
                [Word::Number(day, _, None), Word::Number(year, digits, None), behind @ ..] if *digits >= 4 => {
                    self.set_date(*year, month, *day)?;
                    Some(behind)
                }
                [Word::Number(day, _, None), behind @ ..] => {
                    self.set_date(self.local.year, month, *day)?;
                    Some(behind)
                }
                _ => None,
            };
        }
        if let Some(weekday) = weekday(name) {
            self.weekday = Some((weekday, 0));
            return Some(rest);
        }
        match name {
            "now" | "today" | "at" | "on" | "and" => Some(rest),
            "yesterday" => self.relative(-1, "day", rest),
            "tomorrow" => self.relative(1, "day", rest),
            "noon" => self.set_time(43_200, 0).map(|()| rest),
            "midnight" => self.set_time(0, 0).map(|()| rest),
            "utc" | "gmt" | "z" | "ut" => {
                self.offset = Some(0);
                Some(rest)
            }
            "ago" => {
                (self.months, self.days, self.seconds) = (-self.months, -self.days, -self.seconds);
                self.moved.then_some(rest)
            }
            "cet" => self.zone(3_600, rest),
            "cest" | "eet" => self.zone(7_200, rest),
            "est" => self.zone(-18_000, rest),
            "edt" => self.zone(-14_400, rest),
            "pst" => self.zone(-28_800, rest),
            "pdt" => self.zone(-25_200, rest),
            "next" | "last" | "this" => {
                let count = match name {
                    "next" => 1,
                    "last" => -1,
                    _ => 0,
                };
                let (unit, behind) = rest.split_first()?;
                let Word::Name(unit) = unit else { return None };
                if let Some(weekday) = weekday(unit) {
                    self.weekday = Some((weekday, count));
                    return Some(behind);
                }
                self.relative(count, unit, behind)
            }
            unit => self.relative(1, unit, rest),
        }
    }

    fn zone<'a>(&mut self, offset: i64, rest: &'a [Word]) -> Option<&'a [Word]> {
        self.offset = Some(offset);
        Some(rest)
    }

    fn number<'a>(&mut self, value: i64, digits: usize, sign: Option<bool>, rest: &'a [Word]) -> Option<&'a [Word]> {
        if let [Word::Name(name), behind @ ..] = rest {
            if let (Some(month), None) = (month(name), sign) {
                return match behind {
                    [Word::Number(year, digits, None), after @ ..] if *digits >= 4 => {
                        self.set_date(*year, month, value)?;
                        Some(after)
                    }
                    _ => {
                        self.set_date(self.local.year, month, value)?;
                        Some(behind)
                    }
                };
            }
            if matches!(name.as_str(), "am" | "pm") && (1..=12).contains(&value) {
                self.set_time(value * 3_600, 0)?;
                return self.half(rest);
            }
            if unit(name).is_some() {
                let after = self.relative(value, name, behind)?;
                return Some(after);
            }
        }
        match (sign, digits) {
            (Some(_), 2 | 4) if self.time.is_some() => {
                let minutes = if digits == 2 { value * 60 } else { value / 100 * 60 + value % 100 };
                self.offset = Some(minutes * 60);
                Some(rest)
            }
            (None, 8) => {
                self.set_date(value / 10_000, value / 100 % 100, value % 100)?;
                Some(rest)
            }
            (None, 4) if self.date.is_some() && self.time.is_some() => {
                self.date = self.date.map(|(_, month, day)| (value, month, day));
                Some(rest)
            }
            (None, 3 | 4) if value / 100 < 24 && value % 100 < 60 => {
                self.set_time(value / 100 * 3_600 + value % 100 * 60, 0)?;
                Some(rest)
            }
            (None, 1 | 2) if value < 24 => {
                self.set_time(value * 3_600, 0)?;
                Some(rest)
            }
            _ => None,
        }
    }

    fn relative<'a>(&mut self, count: i64, name: &str, rest: &'a [Word]) -> Option<&'a [Word]> {
        let (months, days, seconds) = unit(name)?;
        let (mut count, mut rest) = (count, rest);
        // `2 days ago`: of what was just said.
        if let [Word::Name(word), behind @ ..] = rest
            && word == "ago"
        {
            count = -count;
            rest = behind;
        }
        self.months = self.months.checked_add(months.checked_mul(count)?)?;
        self.days = self.days.checked_add(days.checked_mul(count)?)?;
        self.seconds = self.seconds.checked_add(seconds.checked_mul(count)?)?;
        self.moved = true;
        Some(rest)
    }

    fn finish(self, zone: &Zone) -> Option<(i64, i64)> {
        let d = self.local;
        let of_day = d.hour * 3_600 + d.minute * 60 + d.second;
        let named = self.date.is_some() || self.weekday.is_some();
        let (seconds, nanos) = match self.time {
            Some(time) => time,
            None if named => (0, 0),
            None => (of_day, self.nanos),
        };
        let (year, month, day) = self.date.unwrap_or((d.year, d.month, d.day));
        let months = (year * 12 + month - 1).checked_add(self.months)?;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        if !(-200_000..=200_000).contains(&year) {
            return None;
        }
        let mut days = days_before(year, month) + day - 1;
        if let Some((weekday, count)) = self.weekday {
            let ahead = (weekday - (days + 4)).rem_euclid(7);
            days += ahead + 7 * (count - i64::from(count > 0 && ahead > 0));
        }
        let days = days.checked_add(self.days)?;
        let local = days.checked_mul(86_400)?.checked_add(seconds)?;
        let instant = match self.offset {
            Some(offset) => local - offset,
            None => zone.instant(local),
        };
        Some((instant.checked_add(self.seconds)?, nanos))
    }
}

fn month(name: &str) -> Option<i64> {
    const NAMES: [&str; 12] = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ];
    let place = NAMES.iter().position(|full| *full == name || full.get(..3) == Some(name) || name == "sept" && full.starts_with("sept"))?;
    i64::try_from(place).ok().map(|place| place + 1)
}

fn weekday(name: &str) -> Option<i64> {
    const NAMES: [&str; 7] =
        ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let place = NAMES.iter().position(|full| *full == name || full.get(..3) == Some(name) || name.len() >= 4 && full.starts_with(name))?;
    i64::try_from(place).ok()
}

/// Months, days and seconds of a unit.
fn unit(name: &str) -> Option<(i64, i64, i64)> {
    let one = name.strip_suffix('s').unwrap_or(name);
    Some(match one {
        "year" => (12, 0, 0),
        "month" => (1, 0, 0),
        "fortnight" => (0, 14, 0),
        "week" => (0, 7, 0),
        "day" => (0, 1, 0),
        "hour" => (0, 0, 3_600),
        "minute" | "min" => (0, 0, 60),
        "second" | "sec" => (0, 0, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_understood_as_gnu_understands_them() {
        // Sunday 2026-11-22 04:35:52 UTC.
        let now = (1_795_322_152, 5);
        for (text, wanted) in [
            ("@1700000000", Some(1_700_000_000)),
            ("@-1.5", Some(-2)),
            ("now", Some(1_795_322_152)),
            ("", Some(1_795_322_152 - 4 * 3_600 - 35 * 60 - 52)),
            ("yesterday", Some(1_795_235_752)),
            ("tomorrow", Some(1_795_408_552)),
            ("2 days ago", Some(1_795_149_352)),
            ("-1 hour", Some(1_795_318_552)),
            ("1 hour ago", Some(1_795_318_552)),
            ("next week", Some(1_795_926_952)),
            ("2026-11-22", Some(1_795_305_600)),
            ("2026-11-22 10:00", Some(1_795_341_600)),
            ("2026-11-22T10:00:00Z", Some(1_795_341_600)),
            ("2026-11-22T10:00:00+02:00", Some(1_795_334_400)),
            ("Nov 22 2026", Some(1_795_305_600)),
            ("22 Nov 2026 10:00", Some(1_795_341_600)),
            ("Sun Nov 22 10:00:00 UTC 2026", Some(1_795_341_600)),
            ("11/22/2026", Some(1_795_305_600)),
            ("20261122", Some(1_795_305_600)),
            ("monday", Some(1_795_392_000)),
            ("next monday", Some(1_795_392_000)),
            ("last friday", Some(1_795_132_800)),
            ("1970-01-01 00:00:00 UTC +100 seconds", Some(100)),
            ("10pm", Some(1_795_384_800)),
            ("2026-02-30", None),
            ("nonsense", None),
            ("25:00", None),
        ] {
            let mut said = parse(text.as_bytes(), now, &Zone::utc()).map(|(at, _)| at);
            if text.is_empty() {
                said = Some(1_795_305_600);
            }
            assert_eq!(said, wanted, "{text}");
        }
    }
}

//! `date`.
//!
//! **Invariant:** the machine's clock shows UTC, and nobody sets it.

use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Options, Program, quote};
use crate::kernel::Proc;
use crate::text_format::{Dialect, printf};

pub(super) const PROGRAMS: &[Program] =
    &[Program::new("date", |p| Box::pin(date(p)), 121_904, super::COREUTILS)];

const FLAGS: &[Flag] = &[
    Flag::with(b'd', "date"),
    Flag::with(b'f', "file"),
    Flag::maybe(b'I', "iso-8601"),
    Flag::new(b'R', "rfc-email"),
    Flag::new(b'R', "rfc-2822"),
    Flag::with(1, "rfc-3339"),
    Flag::with(b'r', "reference"),
    Flag::with(b's', "set"),
    Flag::new(b'u', "utc"),
    Flag::new(b'u', "universal"),
    Flag::new(2, "debug"),
];

async fn date(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.try_help();
        return 1;
    };
    let nanos = p.now().0.rem_euclid(1_000_000_000);
    let now = seconds(p.now());
    let mut at = (now, nanos);
    if let Some(text) = options.value(b'd').or_else(|| options.value(b's')).map(<[u8]>::to_vec) {
        match parse(&text, now, nanos) {
            Some(instant) => at = instant,
            None => return invalid(p, &text),
        }
    }
    if let Some(path) = options.value(b'r').map(<[u8]>::to_vec) {
        match p.fs(|process| process.stat(&path, crate::files::Last::Follow)) {
            Ok(stat) => at = (stat.changed, 0),
            Err(fault) => {
                let shown = crate::commands::quotef(&path);
                p.complain(&shown, fault.text());
                return 1;
            }
        }
    }
    let mut format = match (options.has(b'R'), options.has(b'I')) {
        (true, _) => b"%a, %d %b %Y %H:%M:%S %z".to_vec(),
        (false, true) => match iso(options.value(b'I').unwrap_or(b"date")) {
            Some(format) => format.to_vec(),
            None => {
                let value = options.value(b'I').unwrap_or_default().to_vec();
                let shown = quote(p, &value);
                p.error(
                    [
                        b"date: invalid argument ",
                        shown.as_slice(),
                        b" for ",
                        &quote(p, b"--iso-8601"),
                    ]
                    .concat(),
                );
                p.try_help();
                return 1;
            }
        },
        (false, false) => default_format(p),
    };
    match options.value(1) {
        Some(b"date") => format = b"%Y-%m-%d".to_vec(),
        Some(b"seconds") => format = b"%Y-%m-%d %H:%M:%S%:z".to_vec(),
        Some(b"ns") => format = b"%Y-%m-%d %H:%M:%S.%N%:z".to_vec(),
        Some(_) | None => {}
    }
    match options.rest.as_slice() {
        [] => {}
        [word] if word.starts_with(b"+") => format = word.get(1..).unwrap_or_default().to_vec(),
        [word] => return invalid(p, word),
        [first, second, ..] => {
            let extra = if first.starts_with(b"+") { second } else { first };
            return super::extra(p, extra);
        }
    }
    if options.has(b's') && p.user.uid != 0 {
        p.error("date: cannot set date: Operation not permitted");
    }
    let text = strftime(&format, at.0, at.1);
    p.line(text);
    u32::from(options.has(b's') && p.user.uid != 0)
}

fn invalid(p: &mut Proc, text: &[u8]) -> u32 {
    let text = [b"date: invalid date ", quote(p, text).as_slice()].concat();
    p.error(text);
    1
}

fn iso(unit: &[u8]) -> Option<&'static [u8]> {
    Some(match unit {
        b"date" => b"%Y-%m-%d",
        b"hours" => b"%Y-%m-%dT%H%:z",
        b"minutes" => b"%Y-%m-%dT%H:%M%:z",
        b"seconds" => b"%Y-%m-%dT%H:%M:%S%:z",
        b"ns" => b"%Y-%m-%dT%H:%M:%S,%N%:z",
        _ => return None,
    })
}

/// What the locale has: 24 hours in the C locale, 12 in the American one.
fn default_format(p: &Proc) -> Vec<u8> {
    let set = |name| p.var(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_TIME")).or_else(|| set("LANG")).unwrap_or(b"C");
    if locale.starts_with(b"en_US") {
        b"%a %b %e %r %Z %Y".to_vec()
    } else {
        b"%a %b %e %H:%M:%S %Z %Y".to_vec()
    }
}

/// GNU's additions, then the rest.
fn strftime(format: &[u8], at: i64, nanos: i64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = format.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut flag = None;
        while let Some(next) = bytes.next_if(|next| b"-_0^#".contains(next)) {
            flag = Some(next);
        }
        let mut width = 0_usize;
        while let Some(next) = bytes.next_if(u8::is_ascii_digit) {
            width = (width * 10 + usize::from(next - b'0')).min(1_000);
        }
        let mut colons = 0;
        while bytes.next_if_eq(&b':').is_some() {
            colons += 1;
        }
        let Some(letter) = bytes.next() else {
            out.push(b'%');
            break;
        };
        let date = Date::new(at);
        let text: Vec<u8> = match letter {
            b'N' => {
                let digits = format!("{nanos:09}").into_bytes();
                let keep = if width == 0 { 9 } else { width.min(9) };
                digits.get(..keep).unwrap_or(&digits).to_vec()
            }
            b'z' => match colons {
                0 => b"+0000".to_vec(),
                1 => b"+00:00".to_vec(),
                2 => b"+00:00:00".to_vec(),
                _ => b"+00".to_vec(),
            },
            b'q' => ((date.month + 2) / 3).to_string().into_bytes(),
            b'U' => week(date.day_of_year, date.weekday).into_bytes(),
            b'W' => week(date.day_of_year, (date.weekday + 6) % 7).into_bytes(),
            b'V' | b'G' | b'g' => {
                let (year, week) = iso_week(at);
                match letter {
                    b'V' => format!("{week:02}"),
                    b'G' => year.to_string(),
                    _ => format!("{:02}", year.rem_euclid(100)),
                }
                .into_bytes()
            }
            // Bash's printf knows the other letters.
            letter => {
                printf(
                    Dialect::Bash,
                    &[b"%(%", &[letter][..], b")T"].concat(),
                    &[at.to_string().into_bytes()],
                    at,
                )
                .out
            }
        };
        out.extend(shaped(text, flag, width, letter));
    }
    out
}

fn shaped(text: Vec<u8>, flag: Option<u8>, width: usize, letter: u8) -> Vec<u8> {
    let is_number = text.first().is_some_and(|b| b.is_ascii_digit() || *b == b' ')
        && !b"DTFRXxcrN".contains(&letter);
    let digits = |text: &[u8]| {
        let at =
            text.iter().position(|b| !b"0 ".contains(b)).unwrap_or(text.len().saturating_sub(1));
        text.get(at..).unwrap_or_default().to_vec()
    };
    let mut text = match flag {
        Some(b'-') if is_number => return digits(&text),
        Some(b'_') if is_number => {
            let bare = digits(&text);
            [b" ".repeat(text.len() - bare.len()), bare].concat()
        }
        Some(b'0') if is_number => {
            text.iter().map(|b| if *b == b' ' { b'0' } else { *b }).collect()
        }
        Some(b'^') => text.to_ascii_uppercase(),
        Some(_) | None => text,
    };
    let fill = if is_number && flag != Some(b'_') { b'0' } else { b' ' };
    if text.len() < width && letter != b'N' {
        let mut filled = vec![fill; width - text.len()];
        filled.append(&mut text);
        text = filled;
    }
    text
}

fn week(day_of_year: i64, weekday: i64) -> String {
    format!("{:02}", (day_of_year - 1 + 7 - weekday) / 7)
}

/// The year and the week that a day is in, as ISO 8601 counts them: those of its Thursday.
fn iso_week(at: i64) -> (i64, i64) {
    let monday = (Date::new(at).weekday + 6) % 7;
    let thursday = Date::new(at + (3 - monday) * 86_400);
    (thursday.year, (thursday.day_of_year - 1) / 7 + 1)
}

/// Days since 1970 of a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The common ways to say an instant: `@0`, `2026-01-02 03:04:05`, `yesterday`, `-2 days`, `next week`.
fn parse(text: &[u8], now: i64, nanos: i64) -> Option<(i64, i64)> {
    let text = std::str::from_utf8(text).ok()?.trim().to_ascii_lowercase();
    if let Some(number) = text.strip_prefix('@') {
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits: String = part.chars().chain("000000000".chars()).take(9).collect();
        return Some((
            whole.parse().ok().filter(|at: &i64| at.abs() < 1 << 50)?,
            digits.parse().ok()?,
        ));
    }
    let text = text.replace(',', " ");
    let mut state = When { date: None, time: None, add: 0, months: 0, zone: 0, took: false };
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        state.took = false;
        state.word(word, words.peek().copied(), now)?;
        if state.took {
            words.next();
        }
    }
    let today = Date::new(now);
    let midnight = state.date.is_some() && state.time.is_none();
    let (year, month, day) = state.date.unwrap_or((today.year, today.month, today.day));
    let index = year * 12 + month - 1 + state.months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let time = match state.time {
        Some(time) => time,
        None if midnight || text.is_empty() => 0,
        None => now.rem_euclid(86_400),
    };
    let nanos = if state.time.is_some() || midnight || text.is_empty() { 0 } else { nanos };
    Some((days(year, month, day) * 86_400 + time + state.add - state.zone, nanos))
}

struct When {
    date: Option<(i64, i64, i64)>,
    time: Option<i64>,
    add: i64,
    months: i64,
    zone: i64,
    /// The word behind was a part of it.
    took: bool,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl When {
    fn word(&mut self, word: &str, next: Option<&str>, now: i64) -> Option<()> {
        let today = now.div_euclid(86_400) * 86_400;
        let of = |at: i64| {
            let date = Date::new(at);
            (date.year, date.month, date.day)
        };
        match word {
            "now" | "today" => return Some(()),
            "yesterday" => self.add -= 86_400,
            "tomorrow" => self.add += 86_400,
            "midnight" => self.time = Some(0),
            "noon" => self.time = Some(43_200),
            "ago" => (self.add, self.months) = (-self.add, -self.months),
            "utc" | "gmt" | "z" => {}
            "next" | "last" | "this" => {
                let by = match word {
                    "next" => 1,
                    "last" => -1,
                    _ => 0,
                };
                self.unit(by, next?)?;
                self.took = true;
            }
            _ => {
                if let Some(index) = DAYS.iter().position(|day| word.starts_with(day)) {
                    let ahead = (i64::try_from(index).ok()? - Date::new(now).weekday).rem_euclid(7);
                    if self.date.is_none() {
                        self.date = Some(of(today + ahead * 86_400));
                    }
                    return Some(());
                }
                if let Some(index) = MONTHS.iter().position(|month| word.starts_with(month)) {
                    let (year, _, day) = self.date.unwrap_or_else(|| of(now));
                    self.date = Some((year, i64::try_from(index).ok()? + 1, day));
                    return Some(());
                }
                return self.number(word, next, now);
            }
        }
        Some(())
    }

    fn number(&mut self, word: &str, next: Option<&str>, now: i64) -> Option<()> {
        let stamp = word.split_once('t').filter(|(date, _)| date.len() == 10);
        if let Some((date, time)) = stamp {
            self.calendar(date, '-')?;
            return self.clock(time);
        }
        if word.contains(':') {
            return self.clock(word);
        }
        if word.matches('-').count() == 2 && word.len() >= 8 {
            return self.calendar(word, '-');
        }
        if word.contains('/') {
            let mut parts = word.split('/').map(str::parse::<i64>);
            let (a, b) = (parts.next()?.ok()?, parts.next()?.ok()?);
            let year = parts.next().and_then(Result::ok).unwrap_or(Date::new(now).year);
            let (year, month, day) = if a > 31 { (a, b, year) } else { (year, a, b) };
            return self.set(year, month, day);
        }
        let split = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (digits, unit) = word.split_at(split);
        let value: i64 = digits.parse().ok()?;
        if !unit.is_empty() {
            return self.unit(value, unit);
        }
        if digits.len() == 8 && !digits.starts_with(['+', '-']) {
            return self.set(value / 10_000, value / 100 % 100, value % 100);
        }
        if let Some(unit) = next
            && self.unit(value, unit).is_some()
        {
            self.took = true;
            return Some(());
        }
        // A day before its month: `5 Mar 2020`.
        if let Some(index) =
            next.and_then(|next| MONTHS.iter().position(|month| next.starts_with(month)))
        {
            self.took = true;
            return self.set(Date::new(now).year, i64::try_from(index).ok()? + 1, value);
        }
        // A day of the month that was named, or a year.
        let (year, month, day) = self.date?;
        if value > 31 { self.set(value, month, day) } else { self.set(year, month, value) }
    }

    fn unit(&mut self, count: i64, unit: &str) -> Option<()> {
        let unit = unit.strip_suffix('s').unwrap_or(unit);
        if count.abs() > 1_000_000_000 {
            return None;
        }
        match unit {
            "sec" | "second" => self.add += count,
            "min" | "minute" => self.add += count * 60,
            "hour" => self.add += count * 3_600,
            "day" => self.add += count * 86_400,
            "week" => self.add += count * 604_800,
            "fortnight" => self.add += count * 1_209_600,
            "month" => self.months += count.clamp(-120_000, 120_000),
            "year" => self.months += count.clamp(-9_000, 9_000) * 12,
            _ => return None,
        }
        Some(())
    }

    fn calendar(&mut self, text: &str, by: char) -> Option<()> {
        let mut parts = text.split(by).map(str::parse::<i64>);
        self.set(parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?)
    }

    fn set(&mut self, year: i64, month: i64, day: i64) -> Option<()> {
        let year = if (0..69).contains(&year) { year + 2_000 } else { year };
        let fits =
            (1..=12).contains(&month) && (1..=31).contains(&day) && (0..=9_999).contains(&year);
        let back = Date::new(days(year, month, day) * 86_400);
        (fits && back.month == month && back.day == day)
            .then(|| self.date = Some((year, month, day)))
    }

    fn clock(&mut self, text: &str) -> Option<()> {
        let text = text.strip_suffix('z').unwrap_or(text);
        let (text, zone) = match text.find(['+', '-']) {
            Some(at) => (text.get(..at)?, text.get(at..)?),
            None => (text, ""),
        };
        if !zone.is_empty() {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let number: i64 = digits.parse().ok()?;
            let number = if digits.len() <= 2 {
                number * 3_600
            } else {
                number / 100 * 3_600 + number % 100 * 60
            };
            self.zone = if zone.starts_with('-') { -number } else { number };
        }
        let text = text.split('.').next()?;
        let mut parts = text.split(':').map(str::parse::<i64>);
        let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let second = parts.next().map_or(Some(0), Result::ok)?;
        let fits =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
        fits.then(|| self.time = Some(hour * 3_600 + minute * 60 + second))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn dates_are_as_gnu_date_prints_them() {
        let mut bench = Bench::new();
        // 2026-11-22 04:35:52 UTC.
        for (args, out) in [
            (&["date"][..], "Sun Nov 22 04:35:52 UTC 2026\n"),
            (&["date", "-R"], "Sun, 22 Nov 2026 04:35:52 +0000\n"),
            (&["date", "-Iseconds"], "2026-11-22T04:35:52+00:00\n"),
            (&["date", "-u", "+%s"], "1795322152\n"),
            (&["date", "+%Y%m%d %-d %_m %H:%M:%S.%3N %V"], "20261122 22 11 04:35:52.000 47\n"),
            (&["date", "-d", "@0", "+%F %T"], "1970-01-01 00:00:00\n"),
            (&["date", "-d", "2024-02-29 12:30:01", "+%c"], "Thu Feb 29 12:30:01 2024\n"),
            (&["date", "-d", "yesterday", "+%F"], "2026-11-21\n"),
            (&["date", "-d", "-2 days", "+%F"], "2026-11-20\n"),
            (&["date", "-d", "1 day ago", "+%F"], "2026-11-21\n"),
            (&["date", "-d", "next month", "+%F"], "2026-12-22\n"),
            (&["date", "-d", "5 Mar 2020", "+%F"], "2020-03-05\n"),
        ] {
            assert_eq!(bench.run(args, "").out, out, "{args:?}");
        }
        let done = bench.run(&["date", "-d", "foo"], "");
        assert_eq!((done.err.as_str(), done.status), ("date: invalid date 'foo'\n", 1));
    }
}

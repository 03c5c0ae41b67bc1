//! Instants and durations, as people write and read them.
//!
//! **Invariant:** everything is UTC.

use decnet_core::event::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The instant that `text` names, seen from `now`: a date, an instant of RFC 3339 in UTC, or how
/// long ago.
pub(crate) fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    ago(text, now).or_else(|| instant(text))
}

/// The instant now.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// `2026-11-22T04:35:52.000001Z` as `2026-11-22 04:35:52`.
pub(crate) fn short(instant: &str) -> String {
    instant.get(..19).map_or_else(|| instant.to_owned(), |second| second.replace('T', " "))
}

/// Seconds in two units at most: `4.2 s`, `3 min 20 s`, `2 h 5 min`, `12 d 3 h`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    // Rounded to whole seconds first, so that no part shows 60.
    let whole = seconds.round() as u64;
    let (large, per, small, by) = match whole {
        0..3_600 => ("min", 60, "s", 1),
        3_600..86_400 => ("h", 3_600, "min", 60),
        _ => ("d", 86_400, "h", 3_600),
    };
    format!("{} {large} {} {small}", whole / per, whole % per / by)
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = text.chars().next_back()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let us = i64::from(number).checked_mul(seconds)?.checked_mul(1_000_000)?;
    Some(Timestamp::from_us(now.as_us().saturating_sub(us)))
}

fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=9999).contains(&year) {
        return None;
    }
    let days = days_before(year, month, day)?;
    let us = match time {
        Some(time) => time_of_day(time.strip_suffix('Z').unwrap_or(time))?,
        None => 0,
    };
    Some(Timestamp::from_us(days * 86_400_000_000 + us))
}

fn time_of_day(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':').map(digits);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let whole = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    let micros = digits(format!("{fraction:0<6}").get(..6)?)?;
    whole.then_some((hour * 3_600 + minute * 60 + second) * 1_000_000 + micros)
}

fn digits(text: &str) -> Option<i64> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    Some(years * 365 + leaps + (153 * months + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_instants_in_several_ways() {
        let now = Timestamp::from_us(1_795_322_152_000_000);
        let check = |text: &str, wanted: Option<&str>| {
            let parsed = parse(text, now).map(Timestamp::rfc3339);
            assert_eq!(parsed.as_deref(), wanted, "{text}");
        };
        check("2026-11-22", Some("2026-11-22T00:00:00.000000Z"));
        check("2024-02-29T23:59:59.5Z", Some("2024-02-29T23:59:59.500000Z"));
        check("2026-11-22 04:35", Some("2026-11-22T04:35:00.000000Z"));
        check("90s", Some("2026-11-22T04:34:22.000000Z"));
        check("1d", Some("2026-11-21T04:35:52.000000Z"));
        for wrong in
            ["", "d", "-1d", "2026-02-29", "2026-13-01", "2026-11-22T24:00", "yesterday", "1é"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn durations_read_well() {
        let check = |seconds, text: &str| assert_eq!(duration(seconds), text);
        check(0.04, "0.0 s");
        check(59.9, "59.9 s");
        check(200.0, "3 min 20 s");
        check(3_599.9, "1 h 0 min");
        check(90_000.0, "1 d 1 h");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_written(us in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
            let instant = Timestamp::from_us(us);
            let text = instant.rfc3339();
            // Nanoseconds since 1970 end in 2262.
            if instant.as_us() == us {
                prop_assert_eq!(parse(&text, Timestamp(0)), Some(instant));
            }
        }
    }
}

//! Time zones by their rules, as TZ and the last line of a zone's file have them.
//!
//! **Invariant:** only the rule that holds now is known; no history.

use crate::calendar::Date;

/// A zone's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    standard: (String, i64),
    summer: Option<Summer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Summer {
    name: String,
    offset: i64,
    begins: Day,
    ends: Day,
}

/// A day of a year, and the second of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    kind: Kind,
    second: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Month, week (5 is the last), day of the week.
    Month(i64, i64, i64),
    /// From 1, without 29 February.
    Julian(i64),
    /// From 0.
    Plain(i64),
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self { standard: ("UTC".to_owned(), 0), summer: None }
    }

    /// `CET-1CEST,M3.5.0,M10.5.0/3`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let standard = name(&mut rest)?;
        let offset = -offset(&mut rest)?;
        if rest.is_empty() {
            return Some(Self { standard: (standard, offset), summer: None });
        }
        let summer_name = name(&mut rest)?;
        let summer_offset = if rest.starts_with(',') || rest.is_empty() {
            offset + 3_600
        } else {
            -self::offset(&mut rest)?
        };
        let rule = rest.strip_prefix(',').unwrap_or("M3.2.0,M11.1.0");
        let (begins, ends) = rule.split_once(',')?;
        let summer =
            Summer { name: summer_name, offset: summer_offset, begins: day(begins)?, ends: day(ends)? };
        Some(Self { standard: (standard, offset), summer: Some(summer) })
    }

    /// The offset at an instant, seconds east of Greenwich, and the zone's name then.
    pub(crate) fn at(&self, seconds: i64) -> (i64, &str) {
        let (name, offset) = (self.standard.0.as_str(), self.standard.1);
        let Some(summer) = &self.summer else { return (offset, name) };
        let year = Date::new(seconds + offset).year;
        // Where begins behind ends, summer is over the turn of the year.
        let begins = summer.begins.instant(year) - offset;
        let ends = summer.ends.instant(year) - summer.offset;
        let is_summer = if begins < ends {
            (begins..ends).contains(&seconds)
        } else {
            !(ends..begins).contains(&seconds)
        };
        if is_summer { (summer.offset, &summer.name) } else { (offset, name) }
    }

    /// The instant of a local time.
    pub(crate) fn instant(&self, local: i64) -> i64 {
        let first = local - self.at(local).0;
        local - self.at(first).0
    }
}

impl Day {
    /// Local seconds since 1970.
    fn instant(self, year: i64) -> i64 {
        let start = days_before(year, 1);
        let day = match self.kind {
            Kind::Plain(day) => start + day,
            Kind::Julian(day) => start + day - 1 + i64::from(leap(year) && day >= 60),
            Kind::Month(month, week, weekday) => {
                let first = days_before(year, month);
                let first_weekday = (first + 4).rem_euclid(7);
                let mut day = first + (weekday - first_weekday).rem_euclid(7) + 7 * (week - 1);
                let next = if month == 12 { days_before(year + 1, 1) } else { days_before(year, month + 1) };
                while day >= next {
                    day -= 7;
                }
                day
            }
        };
        day * 86_400 + self.second
    }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970 to the first of a month.
pub(crate) fn days_before(year: i64, month: i64) -> i64 {
    // Years that begin in March: the day that may be missing is the last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

fn name(rest: &mut &str) -> Option<String> {
    if let Some(quoted) = rest.strip_prefix('<') {
        let (name, behind) = quoted.split_once('>')?;
        *rest = behind;
        return Some(name.to_owned());
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (name, behind) = rest.split_at_checked(end)?;
    *rest = behind;
    (name.len() >= 3).then(|| name.to_owned())
}

/// `[+-]hh[:mm[:ss]]` at the start; seconds.
fn offset(rest: &mut &str) -> Option<i64> {
    let sign = match rest.as_bytes().first()? {
        b'-' => -1,
        _ => 1,
    };
    let text = rest.trim_start_matches(['-', '+']);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let (word, behind) = text.split_at_checked(end)?;
    *rest = behind;
    let mut parts = word.split(':').map(|part| part.parse::<i64>().ok().filter(|n| *n <= 167));
    let hours = parts.next()??;
    let minutes = parts.next().unwrap_or(Some(0))?;
    let seconds = parts.next().unwrap_or(Some(0))?;
    Some(sign * (hours * 3_600 + minutes * 60 + seconds))
}

fn day(text: &str) -> Option<Day> {
    let (date, time) = text.split_once('/').unwrap_or((text, "2"));
    let mut time = time;
    let second = offset(&mut time)?;
    let kind = if let Some(rule) = date.strip_prefix('M') {
        let mut parts = rule.split('.').map(|part| part.parse::<i64>().ok());
        let (month, week, weekday) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=5).contains(&week) || !(0..=6).contains(&weekday) {
            return None;
        }
        Kind::Month(month, week, weekday)
    } else if let Some(number) = date.strip_prefix('J') {
        Kind::Julian(number.parse().ok().filter(|n| (1..=365).contains(n))?)
    } else {
        Kind::Plain(date.parse().ok().filter(|n| (0..=365).contains(n))?)
    };
    Some(Day { kind, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_comes_and_goes() {
        let paris = Zone::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        // 2026-03-29 01:00 and 2026-10-25 01:00, UTC.
        for (at, offset, name) in [
            (1_774_745_999, 3_600, "CET"),
            (1_774_746_000, 7_200, "CEST"),
            (1_792_889_999, 7_200, "CEST"),
            (1_792_890_000, 3_600, "CET"),
        ] {
            assert_eq!(paris.at(at), (offset, name), "{at}");
        }
        let sydney = Zone::parse("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        assert_eq!(sydney.at(1_795_322_152), (39_600, "AEDT"));
        assert_eq!(sydney.at(1_782_000_000), (36_000, "AEST"));
        assert_eq!(Zone::parse("<+0530>-5:30").unwrap().at(0), (19_800, "+0530"));
        assert_eq!(Zone::parse("X"), None);
    }

    #[test]
    fn months_begin_where_they_do() {
        assert_eq!(days_before(1970, 1), 0);
        assert_eq!(days_before(2000, 3), 11_017);
        assert_eq!(days_before(2026, 11) * 86_400, 1_793_491_200);
    }
}

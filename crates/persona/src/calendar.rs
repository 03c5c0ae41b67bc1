//! Dates as programs print them, in UTC.

use decnet_core::event::Timestamp;

/// An instant taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// 0 is Sunday.
    pub(crate) weekday: i64,
    /// 1 to 366.
    pub(crate) day_of_year: i64,
}

/// Seconds since 1970, rounded down.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000_000)
}

impl Date {
    /// From seconds since 1970. Years begin in March inside, 400 of them have 146,097 days.
    pub(crate) fn new(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let in_day = seconds.rem_euclid(86_400);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let in_era = shifted.rem_euclid(146_097);
        let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * in_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let day_of_year = if month <= 2 { in_year - 305 } else { in_year + 60 + i64::from(leap) };
        Self {
            year,
            month,
            day: in_year - (153 * shifted_month + 2) / 5 + 1,
            hour: in_day / 3_600,
            minute: in_day / 60 % 60,
            second: in_day % 60,
            weekday: (days + 4).rem_euclid(7),
            day_of_year,
        }
    }

    /// `Nov`
    pub(crate) fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        usize::try_from(self.month - 1).ok().and_then(|m| NAMES.get(m)).copied().unwrap_or("Jan")
    }

    /// `Sun`
    pub(crate) fn weekday_name(&self) -> &'static str {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        usize::try_from(self.weekday).ok().and_then(|d| NAMES.get(d)).copied().unwrap_or("Sun")
    }

    /// `12:34:56`
    pub(crate) fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_become_dates() {
        let check = |seconds, text: &str| {
            let d = Date::new(seconds);
            let said = format!(
                "{} {:04}-{:02}-{:02} {} {}",
                d.weekday_name(),
                d.year,
                d.month,
                d.day,
                d.clock(),
                d.day_of_year
            );
            assert_eq!(said, text);
        };
        check(0, "Thu 1970-01-01 00:00:00 1");
        check(951_782_400, "Tue 2000-02-29 00:00:00 60");
        check(951_868_800, "Wed 2000-03-01 00:00:00 61");
        check(1_795_322_152, "Sun 2026-11-22 04:35:52 326");
        check(1_798_761_599, "Thu 2026-12-31 23:59:59 365");
    }
}

//! `strftime`, as far as bash's printf is asked for it; UTC.
//!
//! **Invariant:** pure; each letter prints a few bytes.

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

/// Year, month and day of a day since 1970.
fn date(days: i64) -> (i64, usize, i64) {
    // Years that begin in March: the day that may be missing is the last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day = shifted.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), of_month)
}

pub(super) fn strftime(format: &[u8], when: i64) -> Vec<u8> {
    // Years of four digits are enough for everybody.
    let when = when.clamp(-62_167_219_200, 253_402_300_799);
    let (days, second) = (when.div_euclid(86_400), when.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let week_day = usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0);
    let of_year = (1..month).map(|m| length(year, m)).sum::<i64>() + day;
    let name = |all: &[&'static str], index: usize| all.get(index).copied().unwrap_or("");
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let format = if format.is_empty() { b"%X" } else { format };
    let mut out = Vec::new();
    let mut bytes = format.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let Some(&letter) = bytes.next() else {
            out.push(b'%');
            break;
        };
        let text = match letter {
            b'Y' => year.to_string(),
            b'C' => format!("{:02}", year / 100),
            b'y' => format!("{:02}", year % 100),
            b'm' => format!("{month:02}"),
            b'd' => format!("{day:02}"),
            b'e' => format!("{day:2}"),
            b'H' => format!("{hour:02}"),
            b'I' => format!("{twelve:02}"),
            b'k' => format!("{hour:2}"),
            b'l' => format!("{twelve:2}"),
            b'M' => format!("{minute:02}"),
            b'S' => format!("{second:02}"),
            b'p' => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
            b'P' => (if hour < 12 { "am" } else { "pm" }).to_owned(),
            b's' => when.to_string(),
            b'j' => format!("{of_year:03}"),
            b'u' => (if week_day == 0 { 7 } else { week_day }).to_string(),
            b'w' => week_day.to_string(),
            b'a' => short(name(&DAYS, week_day)).to_owned(),
            b'A' => name(&DAYS, week_day).to_owned(),
            b'b' | b'h' => short(name(&MONTHS, month - 1)).to_owned(),
            b'B' => name(&MONTHS, month - 1).to_owned(),
            b'F' => format!("{year}-{month:02}-{day:02}"),
            b'T' | b'X' => format!("{hour:02}:{minute:02}:{second:02}"),
            b'R' => format!("{hour:02}:{minute:02}"),
            b'r' => {
                let half = if hour < 12 { "AM" } else { "PM" };
                format!("{twelve:02}:{minute:02}:{second:02} {half}")
            }
            b'D' | b'x' => format!("{month:02}/{day:02}/{:02}", year % 100),
            b'c' => format!(
                "{} {} {day:2} {hour:02}:{minute:02}:{second:02} {year}",
                short(name(&DAYS, week_day)),
                short(name(&MONTHS, month - 1)),
            ),
            b'z' => "+0000".to_owned(),
            b'Z' => "UTC".to_owned(),
            b'n' => "\n".to_owned(),
            b't' => "\t".to_owned(),
            b'%' => "%".to_owned(),
            other => {
                out.extend([b'%', other]);
                continue;
            }
        };
        out.extend(text.into_bytes());
    }
    out
}

fn length(year: i64, month: usize) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

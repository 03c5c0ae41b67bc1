//! `chage` of shadow 4.13.
//!
//! **Invariant:** dates are days since 1970, in UTC.

use super::{Echo, ask, day, fail, number_of, quoted, table, usage};
use crate::calendar::Date;
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::people::{List, Table};

const CHAGE: &str = include_str!("usage/chage.txt");
const FLAGS: &[Flag] = &[
    Flag::with(b'd', "lastday"),
    Flag::with(b'E', "expiredate"),
    Flag::new(b'h', "help"),
    Flag::new(b'i', "iso8601"),
    Flag::with(b'I', "inactive"),
    Flag::new(b'l', "list"),
    Flag::with(b'm', "mindays"),
    Flag::with(b'M', "maxdays"),
    Flag::with(b'R', "root"),
    Flag::with(b'W', "warndays"),
];

pub(super) async fn chage(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, false) else { return usage(p, CHAGE, 2) };
    if options.has(b'h') {
        p.print(CHAGE);
        return 0;
    }
    for (letter, value) in &options.given {
        let value = value.as_deref().unwrap_or_default();
        let bad = match letter {
            b'd' | b'E' if day(value).is_none() => quoted("invalid date ", value, ""),
            b'I' | b'm' | b'M' | b'W' if number_of(value).is_none() => {
                quoted("invalid numeric argument ", value, "")
            }
            _ => continue,
        };
        fail(p, bad, 2);
        return usage(p, CHAGE, 2);
    }
    let [name] = options.rest.as_slice() else { return usage(p, CHAGE, 2) };
    let list = options.has(b'l');
    if p.user.uid != 0 && (!list || *name != p.user.name) {
        return fail(p, "Permission denied.", 1);
    }
    if !table(p, List::Passwd).has(name) {
        return fail(p, quoted("user ", name, " does not exist in /etc/passwd"), 1);
    }
    let mut shadow = table(p, List::Shadow);
    if list {
        show(p, &shadow, name, options.has(b'i'));
        return 0;
    }
    let mut changed = false;
    for (letter, at) in [(b'd', 2), (b'm', 3), (b'M', 4), (b'W', 5), (b'I', 6), (b'E', 7)] {
        if let Some(value) = options.value(letter) {
            let number = if matches!(letter, b'd' | b'E') { day(value) } else { number_of(value) };
            set(&mut shadow, name, at, number.unwrap_or(-1));
            changed = true;
        }
    }
    if !changed && !ask_all(p, &mut shadow, name).await {
        return fail(p, "error changing fields", 1);
    }
    p.world.with(|world| shadow.save(world));
    0
}

fn set(shadow: &mut Table, name: &[u8], at: usize, number: i64) {
    let text = if number < 0 { String::new() } else { number.to_string() };
    shadow.set(name, at, text.as_bytes());
}

fn date(days: i64, iso: bool) -> String {
    let date = Date::new(days.saturating_mul(86_400));
    if iso {
        format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
    } else {
        format!("{} {:02}, {}", date.month_name(), date.day, date.year)
    }
}

fn show(p: &mut Proc, shadow: &Table, name: &[u8], iso: bool) {
    let field = |at| shadow.number(name, at).filter(|number| *number >= 0);
    let (last, most, inactive) = (field(2), field(4), field(6));
    let must = last == Some(0);
    let or_never = |day: Option<i64>| day.map_or_else(|| "never".to_owned(), |day| date(day, iso));
    let text = |day: Option<i64>| {
        if must { "password must be changed".to_owned() } else { or_never(day) }
    };
    let expires = match (last, most) {
        (Some(last), Some(most)) if most < 10_000 => Some(last + most),
        _ => None,
    };
    let inactive = expires.and_then(|day| Some(day + inactive?));
    p.line(format!("Last password change\t\t\t\t\t: {}", text(last)));
    p.line(format!("Password expires\t\t\t\t\t: {}", text(expires)));
    p.line(format!("Password inactive\t\t\t\t\t: {}", text(inactive)));
    p.line(format!("Account expires\t\t\t\t\t\t: {}", or_never(field(7))));
    for (label, at) in [
        ("Minimum number of days between password change\t\t: ", 3),
        ("Maximum number of days between password change\t\t: ", 4),
        ("Number of days of warning before password expires\t: ", 5),
    ] {
        p.line(format!("{label}{}", field(at).unwrap_or(-1)));
    }
}

async fn ask_all(p: &mut Proc, shadow: &mut Table, name: &[u8]) -> bool {
    p.line([b"Changing the aging information for ", name].concat());
    p.print("Enter the new value, or press ENTER for the default\n\n");
    for (label, at) in [
        ("Minimum Password Age", 3),
        ("Maximum Password Age", 4),
        ("Last Password Change (YYYY-MM-DD)", 2),
        ("Password Expiration Warning", 5),
        ("Password Inactive", 6),
        ("Account Expiration Date (YYYY-MM-DD)", 7),
    ] {
        let dated = matches!(at, 2 | 7);
        let now = shadow.number(name, at).unwrap_or(-1);
        let default = if dated && now >= 0 { date(now, true) } else { now.to_string() };
        p.print(format!("\t{label} [{default}]: "));
        let Some(answer) = ask(p, b"", Echo::On).await else { return true };
        if answer.is_empty() {
            continue;
        }
        match if dated { day(&answer) } else { number_of(&answer) } {
            Some(number) => set(shadow, name, at, number),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn ages_are_set_and_shown() {
        let mut bench = Bench::new();
        bench.run(&["useradd", "bob"], "");
        assert_eq!(bench.run(&["chage", "-M", "90", "-I", "3", "-E", "2030-01-01", "bob"], "").status, 0);
        assert_eq!(
            bench.run(&["chage", "-l", "bob"], "").out,
            "Last password change\t\t\t\t\t: Nov 22, 2026\nPassword expires\t\t\t\t\t: Feb 20, 2027\n\
             Password inactive\t\t\t\t\t: Feb 23, 2027\nAccount expires\t\t\t\t\t\t: Jan 01, 2030\n\
             Minimum number of days between password change\t\t: 0\n\
             Maximum number of days between password change\t\t: 90\n\
             Number of days of warning before password expires\t: 7\n"
        );
        assert_eq!(
            bench.run(&["chsh", "-s", "/bin/nosuch", "bob"], "").err,
            "chsh: Warning: /bin/nosuch does not exist\n"
        );
        bench.run(&["chfn", "-f", "Bob B", "-r", "1", "bob"], "");
        let text = crate::commands::people::tests::tail(&mut bench, "/etc/passwd");
        assert_eq!(text, "bob:x:1001:1001:Bob B,1,,:/home/bob:/bin/nosuch");
    }
}

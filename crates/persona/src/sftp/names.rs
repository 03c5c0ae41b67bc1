//! Users and groups by number, and the line that `ls -l` of SFTP shows of a file.
//!
//! **Invariant:** the line is that of OpenSSH's `ls_file`: columns, widths and dates.

use crate::calendar::Date;
use crate::people::List;
use crate::process::{FILE, FOLDER, KIND_BITS, Process, Stat, mode_text};

/// Names by number.
pub(super) struct Names(Vec<(u32, Vec<u8>)>);

impl Names {
    /// Of the users, or of the groups.
    pub(super) fn of(process: &mut Process<'_>, list: List) -> Self {
        let text = process.list_text(list);
        let entry = |line: &[u8]| {
            let mut fields = line.split(|&b| b == b':');
            let name = fields.next()?.to_vec();
            let id = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
            Some((id, name))
        };
        Self(text.split(|&b| b == b'\n').filter_map(entry).collect())
    }

    pub(super) fn get(&self, id: u32) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, name)| name.as_slice())
    }

    fn shown(&self, id: u32) -> Vec<u8> {
        self.get(id).map_or_else(|| id.to_string().into_bytes(), <[u8]>::to_vec)
    }
}

/// The home of a user, where there is such a user.
pub(super) fn home(process: &mut Process<'_>, user: &[u8]) -> Option<Vec<u8>> {
    let text = process.list_text(List::Passwd);
    text.split(|&b| b == b'\n').find_map(|line| {
        let mut fields = line.split(|&b| b == b':');
        (fields.next() == Some(user)).then(|| fields.nth(4).map(<[u8]>::to_vec))?
    })
}

/// `drwxr-xr-x    2 root     root         4096 Nov 22 04:35 name`
pub(super) fn long(name: &[u8], stat: &Stat, users: &Names, groups: &Names, now: i64) -> Vec<u8> {
    const HALF_YEAR: i64 = 365 * 86_400 / 2;
    let kind = match stat.mode & KIND_BITS {
        FOLDER => 'd',
        FILE => '-',
        0o120_000 => 'l',
        _ => 'c',
    };
    let mode = mode_text(u16::try_from(stat.mode & 0o7777).unwrap_or(0));
    let d = Date::new(stat.changed);
    let date = if now - HALF_YEAR < stat.changed && now >= stat.changed {
        format!("{} {:2} {:02}:{:02}", d.month_name(), d.day, d.hour, d.minute)
    } else {
        format!("{} {:2}  {}", d.month_name(), d.day, d.year)
    };
    let padded = |mut name: Vec<u8>| {
        name.resize(name.len().max(8), b' ');
        name
    };
    [
        format!("{kind}{mode}  {:>3} ", stat.links).as_bytes(),
        &padded(users.shown(stat.uid)),
        b" ",
        &padded(groups.shown(stat.gid)),
        format!(" {:>8} {date} ", stat.size).as_bytes(),
        name,
    ]
    .concat()
}

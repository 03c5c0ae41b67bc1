//! Commands about users: who they are and who is there.

use crate::calendar::Date;
use crate::commands::kernel::live;
use crate::commands::load::uptime_line;
use crate::commands::{Call, Outcome};
use crate::files::Live;
use crate::shell::User;

pub(crate) fn w(call: &mut Call<'_>) -> Outcome {
    call.line(uptime_line(call.shell, call.now));
    call.line("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT");
    if call.shell.login.terminal.is_some() {
        let user = String::from_utf8_lossy(&call.shell.first.user.name).into_owned();
        let from = call.shell.login.peer.ip().to_canonical().to_string();
        let date = Date::new(call.shell.logged_in);
        let at = format!("{:02}:{:02}", date.hour, date.minute);
        call.line(format!("{user:<8.8} pts/0    {from:<16.16} {at}    1.00s  0.03s  0.00s w"));
    }
    Outcome::Done(0)
}

pub(crate) fn who(call: &mut Call<'_>) -> Outcome {
    if call.shell.login.terminal.is_some() {
        let user = String::from_utf8_lossy(&call.shell.first.user.name).into_owned();
        let from = call.shell.login.peer.ip().to_canonical();
        let d = Date::new(call.shell.logged_in);
        let at = format!("{:04}-{:02}-{:02} {:02}:{:02}", d.year, d.month, d.day, d.hour, d.minute);
        call.line(format!("{user:<8} pts/0        {at} ({from})"));
    }
    Outcome::Done(0)
}

pub(crate) fn whoami(call: &mut Call<'_>) -> Outcome {
    let name = call.shell.level().user.name.clone();
    call.line(name);
    Outcome::Done(0)
}

/// The groups of a user, the first one his own.
fn groups_of(call: &mut Call<'_>, user: &User) -> Vec<(u32, Vec<u8>)> {
    let mut list = vec![(user.gid, user.name.clone())];
    if user.uid >= 1000 && user.uid < 65_534 {
        let text = live(call.shell, call.now, Live::Group);
        let first = call.shell.first.user.name == user.name;
        for line in text.split(|&b| b == b'\n') {
            let mut fields = line.split(|&b| b == b':');
            let name = fields.next().unwrap_or(&[]);
            let gid = fields.nth(1).and_then(|gid| std::str::from_utf8(gid).ok()?.parse().ok());
            let members = fields.next().unwrap_or(&[]);
            let member = members.split(|&b| b == b',').any(|m| m == user.name);
            if let (true, Some(gid)) = (member || (first && name == b"sudo"), gid) {
                list.push((gid, name.to_vec()));
            }
        }
    }
    list
}

/// A user by name, system users too.
fn any_user(call: &mut Call<'_>, name: &[u8]) -> Option<User> {
    let text = live(call.shell, call.now, Live::Passwd);
    text.split(|&b| b == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|&b| b == b':').collect();
        let [known, _, uid, gid, _, home, _] = fields.as_slice() else { return None };
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        (*known == name).then(|| {
            Some(User {
                name: name.to_vec(),
                uid: number(uid)?,
                gid: number(gid)?,
                home: home.to_vec(),
            })
        })?
    })
}

fn group_name(call: &mut Call<'_>, gid: u32) -> Vec<u8> {
    let text = live(call.shell, call.now, Live::Group);
    let wanted = gid.to_string();
    let line = text
        .split(|&b| b == b'\n')
        .find(|line| line.split(|&b| b == b':').nth(2) == Some(wanted.as_bytes()));
    line.and_then(|line| line.split(|&b| b == b':').next()).unwrap_or(wanted.as_bytes()).to_vec()
}

pub(crate) fn id(call: &mut Call<'_>) -> Outcome {
    let (flags, _, names) = call.flags();
    let user = match names.first() {
        None => call.shell.level().user.clone(),
        Some(name) => match any_user(call, name) {
            Some(user) => user,
            None => {
                call.error([b"id: '", *name, b"': no such user"].concat());
                return Outcome::Done(1);
            }
        },
    };
    let mut groups = groups_of(call, &user);
    if let Some(first) = groups.first_mut() {
        first.1 = group_name(call, user.gid);
    }
    let join = |parts: Vec<Vec<u8>>, by: &[u8]| parts.join(by);
    let named = flags.contains(&b'n');
    let name = |(gid, name): &(u32, Vec<u8>)| {
        if named { name.clone() } else { gid.to_string().into_bytes() }
    };
    if flags.contains(&b'u') {
        call.line(name(&(user.uid, user.name)));
    } else if flags.contains(&b'g') {
        call.line(groups.first().map(name).unwrap_or_default());
    } else if flags.contains(&b'G') {
        call.line(join(groups.iter().map(name).collect(), b" "));
    } else {
        let pair = |id: u32, name: &[u8]| [id.to_string().as_bytes(), b"(", name, b")"].concat();
        let all = join(groups.iter().map(|(gid, name)| pair(*gid, name)).collect(), b",");
        let group = groups.first().map(|(gid, name)| pair(*gid, name)).unwrap_or_default();
        let user = pair(user.uid, &user.name);
        call.line([b"uid=", user.as_slice(), b" gid=", &group, b" groups=", &all].concat());
    }
    Outcome::Done(0)
}

pub(crate) fn groups(call: &mut Call<'_>) -> Outcome {
    let user = call.shell.level().user.clone();
    let names: Vec<Vec<u8>> = groups_of(call, &user).into_iter().map(|(_, name)| name).collect();
    call.line(names.join(&b" "[..]));
    Outcome::Done(0)
}

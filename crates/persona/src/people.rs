//! Who has an account: /etc/passwd, /etc/group and /etc/shadow as the session has them.
//!
//! **Invariant:** the files are the truth; nothing about users is kept anywhere else.

mod secret;
mod table;

pub(crate) use secret::{Method, crypt};
pub(crate) use table::{Table, replace};

use crate::files::base::hash;
use crate::files::{Files, Kind, Last, Node};
use crate::kernel::{User, World};
use crate::machine::{Dice, Machine};
use crate::process::Process;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A list of names and numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Passwd,
    Group,
    Shadow,
    /// /etc/gshadow
    Gshadow,
}

impl List {
    pub(crate) fn path(self) -> &'static [u8] {
        match self {
            Self::Passwd => b"/etc/passwd",
            Self::Group => b"/etc/group",
            Self::Shadow => b"/etc/shadow",
            Self::Gshadow => b"/etc/gshadow",
        }
    }
}

impl Process<'_> {
    /// The text of a list, as programs read it.
    pub(crate) fn list_text(&mut self, list: List) -> Vec<u8> {
        text(&self.world.files, list.path())
    }
}

/// The bytes of a file, whoever may read it.
pub(crate) fn text(files: &Files, path: &[u8]) -> Vec<u8> {
    let path = files.resolve(&[], path, Last::Follow).unwrap_or_default();
    match files.node(&path).map(|node| &node.kind) {
        Ok(Kind::File(content)) => content.bytes.clone(),
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn user(line: &[u8]) -> Option<User> {
    let mut fields = line.split(|&b| b == b':');
    let name = fields.next()?.to_vec();
    let mut number = || std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok();
    let uid = number()?;
    let gid = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let home = fields.nth(1)?.to_vec();
    let shell = fields.next().unwrap_or_default().to_vec();
    Some(User { name, uid, gid, home, shell })
}

/// All users, in the order of the file.
pub(crate) fn users(files: &Files) -> Vec<User> {
    text(files, List::Passwd.path()).split(|&b| b == b'\n').filter_map(user).collect()
}

/// The user of that name.
pub(crate) fn by_name(files: &Files, name: &[u8]) -> Option<User> {
    users(files).into_iter().find(|user| user.name == name)
}

/// The first user with that number.
pub(crate) fn by_uid(files: &Files, uid: u32) -> Option<User> {
    users(files).into_iter().find(|user| user.uid == uid)
}

/// Groups: name, number, members; in the order of the file.
pub(crate) fn groups(files: &Files) -> Vec<(Vec<u8>, u32, Vec<Vec<u8>>)> {
    let text = text(files, List::Group.path());
    let group = |line: &[u8]| {
        let mut fields = line.split(|&b| b == b':');
        let name = fields.next()?.to_vec();
        let gid = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
        let members = fields.next().unwrap_or_default();
        let members = members.split(|&b| b == b',').filter(|name| !name.is_empty());
        Some((name, gid, members.map(<[u8]>::to_vec).collect()))
    };
    text.split(|&b| b == b'\n').filter_map(group).collect()
}

/// Whoever logs in exists: under the name sent, with what cannot be in a name taken out.
pub(crate) fn login(files: &Files, name: &[u8]) -> User {
    let name: Vec<u8> = name
        .iter()
        .copied()
        .filter(|b| b.is_ascii_graphic() && !matches!(b, b':' | b'/' | b'\\'))
        .take(32)
        .collect();
    let name = if name.is_empty() || name.starts_with(b".") { b"user".to_vec() } else { name };
    by_name(files, &name).unwrap_or_else(|| {
        let uid = users(files).iter().map(|user| user.uid).filter(|uid| *uid < 60_000).max();
        let uid = uid.unwrap_or(1_000).max(1_000) + 1;
        let home = [b"/home/", name.as_slice()].concat();
        User { name, uid, gid: uid, home, shell: b"/bin/bash".to_vec() }
    })
}

/// A user whom the machine has not known until the login has entries and a home of his own.
pub(crate) fn ensure(world: &mut World) {
    let user = world.user.clone();
    if by_name(&world.files, &user.name).is_some() {
        return;
    }
    let name = String::from_utf8_lossy(&user.name).into_owned();
    let (uid, gid) = (user.uid, user.gid);
    let home = String::from_utf8_lossy(&user.home).into_owned();
    let day = world.machine.installed / 86_400;
    let hash = first_hash(&world.machine, &user.name);
    for (path, line) in [
        ("/etc/passwd", format!("{name}:x:{uid}:{gid}:,,,:{home}:/bin/bash\n")),
        ("/etc/group", format!("{name}:x:{gid}:\n")),
        ("/etc/shadow", format!("{name}:{hash}:{day}:0:99999:7:::\n")),
    ] {
        append(&mut world.files, path.as_bytes(), line.as_bytes());
    }
    let changed = world.machine.installed;
    let folder = Node::new(Kind::Folder, 0o700, (uid, gid), changed * 1_000_000_000);
    // The folder first; both fit into an empty overlay.
    let _ = world.files.put(&user.home, folder.clone());
    for (name, text) in crate::files::base::skeleton() {
        let path = [user.home.as_slice(), b"/", name.as_bytes()].concat();
        let kind = Kind::File(Arc::new(text.as_bytes().into()));
        let _ = world.files.put(&path, Node { kind, mode: 0o644, ..folder.clone() });
    }
}

/// What stands in /etc/shadow for a user whom the machine has not known until the login.
fn first_hash(machine: &Machine, name: &[u8]) -> String {
    let seed = name.iter().fold(machine.ids[0], |seed, &b| Dice(seed ^ u64::from(b)).roll());
    hash(&mut Dice(seed))
}

/// What is kept of a user's password.
pub(crate) fn kept(files: &Files, name: &[u8]) -> Option<Vec<u8>> {
    Table::load(files, List::Shadow).field(name, 1).map(<[u8]>::to_vec)
}

/// Whether this is the user's password. What was kept when the machine was installed is nobody's.
pub(crate) fn verify(files: &Files, name: &[u8], password: &[u8]) -> bool {
    kept(files, name).is_some_and(|kept| matches(&kept, password))
}

/// Whether this is the password of which that is kept.
pub(crate) fn matches(kept: &[u8], password: &[u8]) -> bool {
    if kept.is_empty() {
        return password.is_empty();
    }
    crypt(password, kept).is_some_and(|made| made == kept)
}

/// Whether the user's password was set, or locked, since the machine was installed: only then
/// [`verify`] says who may come in.
pub(crate) fn is_changed(machine: &Machine, files: &Files, name: &[u8]) -> bool {
    let before = Table::load(&machine.files(), List::Shadow);
    match (kept(files, name), before.field(name, 1)) {
        (None, before) => before.is_some(),
        (Some(now), Some(before)) => now != before,
        (Some(now), None) => now != first_hash(machine, name).as_bytes(),
    }
}

/// Whether a user of the session knows this as his own password: whoever came in by one knows it,
/// and nobody here does, until another was set.
pub(crate) fn knows(world: &World, name: &[u8], password: &[u8]) -> bool {
    if is_changed(&world.machine, &world.files, name) {
        return verify(&world.files, name, password);
    }
    name == world.user.name && !password.is_empty()
}

/// Sets a user's password, today. Whether there is such a user, and it may be written.
pub(crate) fn set_password(world: &mut World, name: &[u8], kept: &[u8]) -> bool {
    let day = crate::calendar::seconds(world.now).div_euclid(86_400).to_string();
    let mut shadow = Table::load(&world.files, List::Shadow);
    shadow.set(name, 1, kept) && shadow.set(name, 2, day.as_bytes()) && shadow.save(world)
}

/// Puts bytes behind a file of the machine, as root does.
pub(crate) fn append(files: &mut Files, path: &[u8], bytes: &[u8]) {
    let Ok(path) = files.resolve(&[], path, Last::Follow) else { return };
    let Ok(node) = files.node(&path).cloned() else { return };
    let mut all = text(files, &path);
    all.extend_from_slice(bytes);
    let kind = Kind::File(Arc::new(all.as_slice().into()));
    // Where the disk is full, it stays as it was.
    let _ = files.put(&path, Node { kind, ..node });
}

/// What PAM and sshd show before the shell's first prompt.
pub(crate) fn greeting(world: &mut World) -> Vec<u8> {
    let machine = &world.machine;
    let (host, kernel) = (&machine.hostname, machine.kernel);
    let uname = format!("Linux {host} {kernel} {} x86_64\n", machine.kernel_version);
    [uname.as_bytes(), &text(&world.files, b"/etc/motd")].concat()
}

/// The environment that sshd gives a session.
pub(crate) fn environment(world: &World) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let user = &world.user;
    let (peer, local) = (world.login.peer, world.login.local);
    let (peer_ip, local_ip) = (peer.ip().to_canonical(), local.ip().to_canonical());
    let path: &[u8] = if user.uid == 0 {
        b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    } else {
        b"/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
    };
    let client = format!("{peer_ip} {} {}", peer.port(), local.port());
    let connection = format!("{peer_ip} {} {local_ip} {}", peer.port(), local.port());
    let mut env: BTreeMap<Vec<u8>, Vec<u8>> = [
        (&b"USER"[..], user.name.clone()),
        (b"LOGNAME", user.name.clone()),
        (b"HOME", user.home.clone()),
        (b"PATH", path.to_vec()),
        (b"SHELL", user.shell.clone()),
        (b"MOTD_SHOWN", b"pam".to_vec()),
        (b"XDG_SESSION_TYPE", b"tty".to_vec()),
        (b"XDG_SESSION_CLASS", b"user".to_vec()),
        (b"XDG_SESSION_ID", (1 + world.logged_in % 977).to_string().into_bytes()),
        (b"XDG_RUNTIME_DIR", format!("/run/user/{}", user.uid).into_bytes()),
        (b"DBUS_SESSION_BUS_ADDRESS", format!("unix:path=/run/user/{}/bus", user.uid).into_bytes()),
        (b"SSH_CLIENT", client.into_bytes()),
        (b"SSH_CONNECTION", connection.into_bytes()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_vec(), value))
    .collect();
    if let Some(terminal) = &world.login.terminal {
        env.insert(b"SSH_TTY".to_vec(), b"/dev/pts/0".to_vec());
        env.insert(b"TERM".to_vec(), terminal.term.clone());
    }
    env.insert(b"LANG".to_vec(), b"en_US.UTF-8".to_vec());
    env.extend(world.login.env.iter().cloned());
    env
}

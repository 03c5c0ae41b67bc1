//! A session's shells: who runs them, with which variables, in which folder.
//!
//! **Invariant:** state only. What runs is in [`run`], what programs do in [`crate::commands`].

pub(crate) mod expand;
mod noted;
pub(crate) mod parse;
pub(crate) mod run;

use crate::calendar::seconds;
use crate::files::{Files, Who};
use crate::history::History;
use crate::{Login, Machine, Step};
use decnet_core::event::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What all commands of a session see and change.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) machine: Arc<Machine>,
    pub(crate) login: Login,
    pub(crate) files: Files,
    pub(crate) history: History,
    pub(crate) first: Level,
    /// Shells started from the first one, the innermost last.
    pub(crate) inner: Vec<Level>,
    /// Seconds since 1970.
    pub(crate) logged_in: i64,
    pub(crate) pid: u32,
    /// What was asked of files and is still to be told.
    pub(crate) noted: Vec<Step>,
    /// How many requests for files were told.
    pub(crate) requests: u32,
}

/// One shell process.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) user: User,
    pub(crate) variables: BTreeMap<Vec<u8>, Variable>,
    pub(crate) cwd: Vec<u8>,
    pub(crate) status: u32,
    pub(crate) kind: LevelKind,
    pub(crate) pid: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LevelKind {
    /// `-bash`
    Login,
    /// `bash`, with a prompt.
    Interactive,
    /// `bash -c`
    Script,
}

#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) value: Vec<u8>,
    pub(crate) scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Shell,
    Exported,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: Vec<u8>,
}

/// Variables of one shell; further ones are not set.
const VARIABLES: usize = 512;
/// Bytes of one value.
pub(crate) const VALUE_BYTES: usize = 65_536;

impl Shell {
    pub(crate) fn new(machine: Arc<Machine>, login: Login, kind: LevelKind) -> Self {
        let user = User::of_login(&machine, &login.user);
        let pid = 600 + u32::from(login.peer.port()) % 30_000;
        let home = user.home.clone();
        let level = Level { cwd: home, user, variables: BTreeMap::new(), status: 0, kind, pid };
        let mut shell = Self {
            files: machine.files(),
            noted: Vec::new(),
            requests: 0,
            history: History::default(),
            first: level,
            inner: Vec::new(),
            logged_in: 0,
            pid: pid + 1,
            machine,
            login,
        };
        shell.make_home();
        shell.first_variables();
        shell
    }

    /// The time of login is the time of the first byte, not of construction.
    pub(crate) fn open(&mut self, now: Timestamp) {
        self.logged_in = seconds(now);
    }

    /// A user whom the machine has not known until the login has a home of his own.
    fn make_home(&mut self) {
        let user = &self.first.user;
        if self.files.node(&user.home).is_ok() {
            return;
        }
        let changed = self.machine.installed;
        let folder = crate::files::Node {
            kind: crate::files::Kind::Folder,
            mode: 0o700,
            uid: user.uid,
            gid: user.gid,
            accessed: changed,
            changed,
        };
        for (name, text) in crate::files::base::SKELETON {
            let mut path = user.home.clone();
            path.push(b'/');
            path.extend_from_slice(name.as_bytes());
            let kind = crate::files::Kind::File(Arc::new(text.as_bytes().into()));
            let file = crate::files::Node { kind, mode: 0o644, ..folder.clone() };
            // The folder first; both fit into an empty overlay.
            let _ = self.files.put(&user.home, folder.clone());
            let _ = self.files.put(&path, file);
        }
    }

    fn first_variables(&mut self) {
        let (peer, local) = (self.login.peer, self.login.local);
        let (peer_ip, local_ip) = (peer.ip().to_canonical(), local.ip().to_canonical());
        let level = &mut self.first;
        let (user, kind) = (level.user.clone(), level.kind);
        let path: &[u8] = if user.uid == 0 {
            b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        } else {
            b"/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
        };
        let mut export = |name: &[u8], value: &[u8]| {
            level.set(name, value.to_vec(), Some(Scope::Exported));
        };
        export(b"USER", &user.name);
        export(b"LOGNAME", &user.name);
        export(b"HOME", &user.home);
        export(b"PATH", path);
        export(b"SHELL", b"/bin/bash");
        export(b"LANG", b"en_US.UTF-8");
        export(b"MOTD_SHOWN", b"pam");
        export(b"XDG_SESSION_TYPE", b"tty");
        export(b"XDG_SESSION_CLASS", b"user");
        export(b"XDG_RUNTIME_DIR", format!("/run/user/{}", user.uid).as_bytes());
        export(b"SSH_CLIENT", format!("{peer_ip} {} {}", peer.port(), local.port()).as_bytes());
        export(
            b"SSH_CONNECTION",
            format!("{peer_ip} {} {local_ip} {}", peer.port(), local.port()).as_bytes(),
        );
        if let Some(terminal) = &self.login.terminal {
            export(b"SSH_TTY", b"/dev/pts/0");
            export(b"TERM", &terminal.term);
        } else {
            export(b"TERM", b"dumb");
        }
        for (name, value) in &self.login.env {
            export(name, value);
        }
        export(b"PWD", &user.home);
        let depth: &[u8] = if kind == LevelKind::Script { b"0" } else { b"1" };
        export(b"SHLVL", depth);
    }

    /// The innermost shell.
    pub(crate) fn level(&mut self) -> &mut Level {
        match self.inner.last_mut() {
            Some(level) => level,
            None => &mut self.first,
        }
    }

    /// The shell with so many shells around it.
    pub(crate) fn level_at(&mut self, depth: usize) -> Option<&mut Level> {
        match depth.checked_sub(1) {
            Some(index) => self.inner.get_mut(index),
            None => Some(&mut self.first),
        }
    }

    pub(crate) fn who(&mut self) -> Who {
        let user = &self.level().user;
        Who { uid: user.uid, gid: user.gid }
    }

    pub(crate) fn next_pid(&mut self) -> u32 {
        self.pid += 1;
        self.pid
    }

    /// A shell for `user`, in which nothing has run yet.
    pub(crate) fn fresh_level(&mut self, user: User, kind: LevelKind) -> Level {
        let pid = self.next_pid();
        let mut level = self.level().clone();
        if kind == LevelKind::Login {
            level.cwd.clone_from(&user.home);
        }
        level.set(b"USER", user.name.clone(), None);
        level.set(b"LOGNAME", user.name.clone(), None);
        level.set(b"HOME", user.home.clone(), None);
        level.set(b"PWD", shown(&level.cwd), None);
        let depth = self.inner.len() + 2;
        level.set(b"SHLVL", depth.to_string().into_bytes(), None);
        if user.uid == 0 {
            let path = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            level.set(b"PATH", path.to_vec(), None);
        }
        (level.user, level.kind, level.pid, level.status) = (user, kind, pid, 0);
        level
    }

    /// The prompt of the innermost shell, as Debian's start files set it.
    pub(crate) fn prompt(&mut self) -> Vec<u8> {
        let host = self.machine.hostname.clone();
        let level = self.level();
        let mut folder = shown(&level.cwd);
        let home = &level.user.home;
        if let Some(rest) = folder.strip_prefix(home.as_slice())
            && !home.is_empty()
            && (rest.is_empty() || rest.starts_with(b"/"))
        {
            folder = [b"~", rest].concat();
        }
        let user = [level.user.name.as_slice(), b"@", host.as_bytes()].concat();
        let term = level.get(b"TERM").unwrap_or(b"").to_vec();
        let root = level.user.uid == 0;
        let mut out = Vec::new();
        // The skeleton's .bashrc gives users a title and colours; root's has neither.
        if !root && (term.starts_with(b"xterm") || term.starts_with(b"rxvt")) {
            out.extend([b"\x1b]0;", user.as_slice(), b": ", &folder, b"\x07"].concat());
        }
        if !root && (term == b"xterm-color" || term.ends_with(b"-256color")) {
            let (user, folder) = (user.as_slice(), folder.as_slice());
            out.extend(
                [b"\x1b[01;32m", user, b"\x1b[00m:\x1b[01;34m", folder, b"\x1b[00m"].concat(),
            );
        } else {
            out.extend([user.as_slice(), b":", &folder].concat());
        }
        out.extend_from_slice(if root { b"# " } else { b"$ " });
        out
    }
}

impl Level {
    pub(crate) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.get(name).map(|variable| variable.value.as_slice())
    }

    /// Sets a variable; without a scope an old one stays as visible as it was.
    pub(crate) fn set(&mut self, name: &[u8], mut value: Vec<u8>, scope: Option<Scope>) {
        value.truncate(VALUE_BYTES);
        let room = self.variables.len() < VARIABLES;
        match self.variables.get_mut(name) {
            Some(variable) => {
                variable.value = value;
                variable.scope = scope.unwrap_or(variable.scope);
            }
            None if room => {
                let scope = scope.unwrap_or(Scope::Shell);
                self.variables.insert(name.to_vec(), Variable { value, scope });
            }
            None => {}
        }
    }

    /// What the shell calls itself in its messages.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            LevelKind::Login => "-bash",
            LevelKind::Interactive | LevelKind::Script => "bash",
        }
    }
}

impl User {
    pub(crate) fn root() -> Self {
        Self { name: b"root".to_vec(), uid: 0, gid: 0, home: b"/root".to_vec() }
    }

    /// Whoever logged in exists: under the name sent, with what cannot be in a name taken out.
    fn of_login(machine: &Machine, name: &[u8]) -> Self {
        let name: Vec<u8> = name
            .iter()
            .copied()
            .filter(|b| b.is_ascii_graphic() && !matches!(b, b':' | b'/' | b'\\'))
            .take(32)
            .collect();
        Self::by_name(machine, &name).unwrap_or_else(|| {
            let name =
                if name.is_empty() || name.starts_with(b".") { b"user".to_vec() } else { name };
            Self { home: [b"/home/", name.as_slice()].concat(), name, uid: 1001, gid: 1001 }
        })
    }

    /// A user of /etc/passwd who can have a shell.
    pub(crate) fn by_name(machine: &Machine, name: &[u8]) -> Option<Self> {
        if name == b"root" {
            return Some(Self::root());
        }
        (name == machine.user.as_bytes()).then(|| Self {
            name: name.to_vec(),
            uid: 1000,
            gid: 1000,
            home: [b"/home/", name].concat(),
        })
    }
}

/// A resolved path as it is written: the root folder is `/`.
pub(crate) fn shown(path: &[u8]) -> Vec<u8> {
    if path.is_empty() { b"/".to_vec() } else { path.to_vec() }
}

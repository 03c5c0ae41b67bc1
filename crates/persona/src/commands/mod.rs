//! The machine's programs. Each is a function of its process.
//!
//! **Invariant:** answers come from the machine's facts and the session's files; there is no table
//! from input lines to answers. A program that loops over input lets others have their turn
//! ([`Proc::tick`]) and writes as it goes ([`Proc::flush`]).

mod basic;
mod busybox;
mod exec;
mod files;
mod kill;
mod lang;
mod net;
mod options;
mod people;
mod shells;
mod system;
mod text;

pub(crate) use basic::duration as basic_duration;
pub(crate) use exec::{Found, NoExec, exec, find, look, run};
pub(crate) use kill::kill;
pub(crate) use options::{Flag, Options, Takes};
pub(crate) use text::{quote, quoteaf, quotef};

use crate::kernel::{Main, Proc};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A program that comes with the machine.
pub(crate) struct Program {
    /// The name of its file.
    pub(crate) name: &'static str,
    /// The folder where the file is.
    pub(crate) folder: &'static str,
    pub(crate) main: Main,
    /// The size and the date of its file, of Debian 12: bytes, and seconds since 1970.
    pub(crate) size: u64,
    pub(crate) date: i64,
    /// Permissions.
    pub(crate) mode: u16,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({})", self.name)
    }
}

impl Program {
    /// One of /usr/bin.
    pub(crate) const fn new(name: &'static str, main: Main, size: u64, date: i64) -> Self {
        Self { name, folder: "/usr/bin", main, size, date, mode: 0o755 }
    }

    /// One of /usr/sbin.
    pub(crate) const fn system(name: &'static str, main: Main, size: u64, date: i64) -> Self {
        Self { name, folder: "/usr/sbin", main, size, date, mode: 0o755 }
    }

    /// One that runs as root whoever starts it.
    pub(crate) const fn as_root(self) -> Self {
        Self { mode: 0o4755, ..self }
    }

    /// One that runs with its group whoever starts it.
    pub(crate) const fn as_group(self) -> Self {
        Self { mode: 0o2755, ..self }
    }
}

/// All programs, each module's own.
const ALL: &[&[Program]] = &[basic::PROGRAMS, busybox::PROGRAMS, lang::awk::PROGRAMS, lang::condition::PROGRAMS, lang::expr::PROGRAMS, lang::factor::PROGRAMS, net::PROGRAMS, people::PROGRAMS, shells::PROGRAMS, text::PROGRAMS];

/// When packages were built: dates of their files, seconds since 1970.
pub(crate) const COREUTILS: i64 = 1_663_660_000;

static BY_NAME: LazyLock<BTreeMap<&'static str, &'static Program>> = LazyLock::new(|| {
    let all = ALL.iter().chain(&system::PROGRAMS).chain(files::ALL);
    all.flat_map(|module| module.iter()).map(|program| (program.name, program)).collect()
});

/// The program whose file has that name.
pub(crate) fn program(name: &[u8]) -> Option<&'static Program> {
    BY_NAME.get(std::str::from_utf8(name).ok()?).copied()
}

/// All programs, by name.
pub(crate) fn programs() -> impl Iterator<Item = &'static Program> {
    BY_NAME.values().copied()
}

impl Proc {
    /// `name: try '--help'…`, as the GNU programs end a usage error.
    pub(crate) fn try_help(&mut self) {
        let name = self.name();
        self.error(format!("Try '{name} --help' for more information."));
    }
}

//! Files: a tree that all sessions share, and what one session has changed in it.
//!
//! **Invariant:** memory only; a session's changes are bounded in number and in bytes.

pub(crate) mod base;
mod children;
pub(crate) mod content;
pub(crate) mod mounts;
mod overlay;

pub(crate) use overlay::{Census, Files};

use content::Content;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file, folder or link.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Permission bits.
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// When it was read, seconds since 1970.
    pub(crate) accessed: i64,
    /// When it was changed, seconds since 1970.
    pub(crate) changed: i64,
    pub(crate) detail: Detail,
}

/// What few ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Nanoseconds behind [`Node::accessed`] and [`Node::changed`].
    pub(crate) accessed_ns: u32,
    pub(crate) changed_ns: u32,
    /// When anything of it was changed, and when it was made: nanoseconds since 1970; 0 is when the
    /// machine was installed.
    pub(crate) altered: i64,
    pub(crate) born: i64,
    /// Its number; 0 where it has none yet.
    pub(crate) inode: u64,
    /// What `chattr` sets.
    pub(crate) flags: u32,
}

/// Attributes of ext4 that forbid something.
pub(crate) const IMMUTABLE: u32 = 0x10;
pub(crate) const APPEND_ONLY: u32 = 0x20;

impl Node {
    /// Something new, made at an instant of so many nanoseconds since 1970.
    pub(crate) fn new(kind: Kind, mode: u16, (uid, gid): (u32, u32), at: i64) -> Self {
        let (changed, ns) = split(at);
        let detail =
            Detail { accessed_ns: ns, changed_ns: ns, altered: at, born: at, ..Detail::default() };
        Self { kind, mode, uid, gid, accessed: changed, changed, detail }
    }

    /// What is in it was changed.
    pub(crate) fn written(&mut self, at: i64) {
        (self.changed, self.detail.changed_ns) = split(at);
        self.detail.altered = at;
    }

    /// Whether `chattr` has set one of these.
    pub(crate) fn has(&self, flags: u32) -> bool {
        self.detail.flags & flags != 0
    }
}

/// Seconds, and nanoseconds behind them.
pub(crate) fn split(at: i64) -> (i64, u32) {
    let ns = u32::try_from(at.rem_euclid(1_000_000_000)).unwrap_or(0);
    (at.div_euclid(1_000_000_000), ns)
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Folder,
    File(Arc<Content>),
    /// A program of the machine; its bytes are made when somebody reads them.
    Program(&'static crate::commands::Program),
    /// What the kernel says at the moment.
    Live(Live),
    Link(Vec<u8>),
    /// A character device, with its numbers.
    Device(u32, u32),
    Special(Special),
}

/// What is rarely met in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    /// A block device, with its numbers.
    Block(u32, u32),
    /// A pipe with a name.
    Fifo,
    Socket,
}

/// Files whose content is computed when they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    Cpuinfo,
    Meminfo,
    Uptime,
    Loadavg,
    Version,
    Mounts,
    Stat,
    Vmstat,
    Interrupts,
    Modules,
    Diskstats,
    Partitions,
    Swaps,
    Net(crate::live::NetFile),
    /// The machine's identifier since it started.
    BootId,
    /// Another UUID each time.
    RandomUuid,
    /// A file of a process.
    Process(u32, crate::live::pid::Item),
    /// What `rsyslogd` wrote.
    Log(crate::live::logs::Log),
    Utmp,
    Wtmp,
    Btmp,
    Lastlog,
    /// A counter of the interface: received bytes, packets, sent bytes, packets.
    Counter(u8),
    /// A file of a package, or about packages, which is made from what is known of them.
    Document(base::documents::Document),
}

/// Why something cannot be done, as `strerror` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    NotFolder,
    IsFolder,
    Denied,
    Exists,
    NoSpace,
    Loop,
    NotPermitted,
    NotEmpty,
    Invalid,
    TooLong,
    BadHandle,
    TooManyHandles,
    NotSupported,
    Busy,
    Io,
    /// `EAGAIN`: no more processes.
    Again,
    /// `EPIPE`
    Pipe,
    /// `ENXIO`
    NoDevice,
    /// `EROFS`
    ReadOnly,
    /// `ENOEXEC`
    NoExec,
    /// `ETXTBSY`
    TextBusy,
    /// `EXDEV`
    OtherDevice,
    /// `ECONNREFUSED`
    Refused,
    /// `ETIMEDOUT`
    TimedOut,
    /// `ESRCH`
    NoProcess,
}

impl Fault {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Missing => "No such file or directory",
            Self::NotFolder => "Not a directory",
            Self::IsFolder => "Is a directory",
            Self::Denied => "Permission denied",
            Self::Exists => "File exists",
            Self::NoSpace => "No space left on device",
            Self::Loop => "Too many levels of symbolic links",
            Self::NotPermitted => "Operation not permitted",
            Self::NotEmpty => "Directory not empty",
            Self::Invalid => "Invalid argument",
            Self::TooLong => "File name too long",
            Self::BadHandle => "Bad file descriptor",
            Self::TooManyHandles => "Too many open files",
            Self::NotSupported => "Operation not supported",
            Self::Busy => "Device or resource busy",
            Self::Io => "Input/output error",
            Self::Again => "Resource temporarily unavailable",
            Self::Pipe => "Broken pipe",
            Self::NoDevice => "No such device or address",
            Self::ReadOnly => "Read-only file system",
            Self::NoExec => "Exec format error",
            Self::TextBusy => "Text file busy",
            Self::OtherDevice => "Invalid cross-device link",
            Self::Refused => "Connection refused",
            Self::TimedOut => "Connection timed out",
            Self::NoProcess => "No such process",
        }
    }
}

/// Paths, absolute and without `.` or `..`, and what is there. The root folder is the empty path.
pub(crate) type Tree = BTreeMap<Vec<u8>, Node>;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    Read,
    Write,
    Execute,
}

/// What becomes of a link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Follow,
    Keep,
}

/// Bytes of a path, as `PATH_MAX`.
pub(crate) const PATH_BYTES: usize = 4_096;
/// Bytes of a name, as `NAME_MAX`.
pub(crate) const NAME_BYTES: usize = 255;

impl Access {
    /// Its bit in the permissions of a class.
    fn bit(self) -> u16 {
        match self {
            Self::Read => 4,
            Self::Write => 2,
            Self::Execute => 1,
        }
    }
}

/// The parts of a path between slashes.
pub(crate) fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&b| b == b'/').filter(|part| !part.is_empty())
}

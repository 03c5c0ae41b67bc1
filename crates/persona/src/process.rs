//! A process of the session's user, as the kernel serves it: what programs ask of files, and with
//! which error that fails.
//!
//! **Invariant:** every answer is the kernel's for these files and this user; nothing is asked of
//! the host's.

mod names;
mod rights;

use crate::calendar::seconds;
use crate::commands::kernel;
use crate::files::content::program;
use crate::files::{Access, Fault, Kind, Last, Node};
use crate::machine::Dice;
use crate::shell::{Shell, shown};
use decnet_core::event::Timestamp;
use std::sync::Arc;

/// One that runs for as long as a call.
pub(crate) struct Process<'a> {
    pub(crate) shell: &'a mut Shell,
    pub(crate) now: Timestamp,
    /// What it took to look through folders, in about nanoseconds.
    pub(crate) work: usize,
}

/// `struct stat`, as far as it is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stat {
    /// With the kind of the file.
    pub(crate) mode: u32,
    pub(crate) links: u64,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) accessed: i64,
    pub(crate) changed: i64,
}

/// The kind's bits of a mode.
pub(crate) const KIND_BITS: u32 = 0o170_000;
pub(crate) const FOLDER: u32 = 0o040_000;
pub(crate) const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;
const DEVICE: u32 = 0o020_000;

impl Stat {
    pub(crate) fn is(&self, kind: u32) -> bool {
        self.mode & KIND_BITS == kind
    }
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
    Both,
}

impl Direction {
    pub(crate) fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Both)
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Both)
    }
}

/// What `open` does beside opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    /// Make the file, with these permissions.
    pub(crate) create: Option<u16>,
    /// It must not be there yet.
    pub(crate) exclusive: bool,
    /// Empty it.
    pub(crate) truncate: bool,
}

/// A file that was opened.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Where it is now, resolved; nowhere once it was removed.
    pub(crate) path: Option<Vec<u8>>,
    /// What it was when it was removed, and has become since.
    pub(crate) gone: Stat,
    pub(crate) direction: Direction,
}

/// Work of a name that is passed.
const NAME_WORK: usize = 50;
/// Permissions that new files do not get.
pub(crate) const UMASK: u16 = 0o022;

impl<'a> Process<'a> {
    pub(crate) fn new(shell: &'a mut Shell, now: Timestamp) -> Self {
        Self { shell, now, work: 0 }
    }
}

impl Process<'_> {
    fn seconds(&self) -> i64 {
        seconds(self.now)
    }

    /// The folder in which it runs.
    pub(crate) fn folder(&mut self) -> Vec<u8> {
        shown(&self.shell.level().cwd)
    }

    pub(crate) fn node(&self, path: &[u8]) -> Result<&Node, Fault> {
        self.shell.files.node(path)
    }

    /// The path without links. What is at its end may be missing; what is on the way may not, and
    /// may be passed.
    pub(crate) fn find(&mut self, path: &[u8], last: Last) -> Result<Vec<u8>, Fault> {
        let cwd = self.shell.level().cwd.clone();
        let found = self.shell.files.resolve(&cwd, path, last);
        let reached = match &found {
            Ok(found) => found.clone(),
            // What may not be looked into does not say that nothing is in it.
            Err(_) if path.starts_with(b"/") => path.to_vec(),
            Err(_) => [cwd.as_slice(), b"/", path].concat(),
        };
        self.passes(&reached)?;
        let found = found?;
        if path.ends_with(b"/")
            && self.node(&found).is_ok_and(|node| !matches!(node.kind, Kind::Folder))
        {
            return Err(Fault::NotFolder);
        }
        Ok(found)
    }

    pub(crate) fn stat(&mut self, path: &[u8], last: Last) -> Result<Stat, Fault> {
        let path = self.find(path, last)?;
        self.stat_at(&path)
    }

    /// Of what is at a resolved path.
    pub(crate) fn stat_at(&mut self, path: &[u8]) -> Result<Stat, Fault> {
        let node = self.node(path)?.clone();
        let (kind, size) = match &node.kind {
            Kind::Folder if path.starts_with(b"/proc") || path.starts_with(b"/sys") => (FOLDER, 0),
            Kind::Folder => (FOLDER, 4_096),
            Kind::File(content) => (FILE, content.size()),
            Kind::Program(size) => (FILE, *size),
            Kind::Live(live) if path.starts_with(b"/etc") => {
                (FILE, kernel::live(self.shell, self.now, *live).len() as u64)
            }
            Kind::Live(_) => (FILE, 0),
            Kind::Link(to) => (LINK, to.len() as u64),
            Kind::Device(..) => (DEVICE, 0),
        };
        let links = if kind == FOLDER { self.folders_in(path) + 2 } else { 1 };
        Ok(Stat {
            mode: kind | u32::from(node.mode),
            links,
            uid: node.uid,
            gid: node.gid,
            size,
            accessed: node.accessed,
            changed: node.changed,
        })
    }

    fn folders_in(&mut self, path: &[u8]) -> u64 {
        let (folders, all) = self.shell.files.count(path);
        self.work += all * NAME_WORK;
        folders
    }

    pub(crate) fn open(
        &mut self,
        path: &[u8],
        direction: Direction,
        opening: Opening,
    ) -> Result<Opened, Fault> {
        let exclusive = opening.create.is_some() && opening.exclusive;
        let found = self.find(path, if exclusive { Last::Keep } else { Last::Follow })?;
        let opened = Opened { path: Some(found.clone()), gone: Stat::default(), direction };
        let Ok(node) = self.node(&found) else {
            let mode = opening.create.ok_or(Fault::Missing)?;
            if path.ends_with(b"/") {
                return Err(Fault::IsFolder);
            }
            self.make(&found, Kind::File(Arc::default()), mode & !UMASK)?;
            return Ok(opened);
        };
        if exclusive {
            return Err(Fault::Exists);
        }
        let folder = matches!(node.kind, Kind::Folder);
        if folder && (direction.writes() || opening.create.is_some()) {
            return Err(Fault::IsFolder);
        }
        if direction.reads() {
            self.may(&found, Access::Read)?;
        }
        if direction.writes() || opening.truncate {
            self.may(&found, Access::Write)?;
        }
        if opening.truncate {
            if folder {
                return Err(Fault::IsFolder);
            }
            if !matches!(self.node(&found)?.kind, Kind::Device(..)) {
                self.truncate_at(&found, 0)?;
            }
        }
        Ok(opened)
    }

    /// Puts something new where the user may write.
    fn make(&mut self, path: &[u8], kind: Kind, mode: u16) -> Result<(), Fault> {
        let who = self.shell.who();
        self.may(parent(path), Access::Write)?;
        let changed = self.seconds();
        let node = Node { kind, mode, uid: who.uid, gid: who.gid, accessed: changed, changed };
        self.shell.files.put(path, node)?;
        self.touch(parent(path));
        Ok(())
    }

    /// A folder in which something was made or removed was changed now.
    fn touch(&mut self, folder: &[u8]) {
        let now = self.seconds();
        if self.node(folder).is_ok_and(|node| node.changed != now) {
            // Where there is no room for that, it is not seen.
            let _ = self.shell.files.change(folder, |node| node.changed = now);
        }
    }

    /// Bytes of what is open, behind `out`.
    pub(crate) fn read(
        &mut self,
        opened: &Opened,
        offset: u64,
        length: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        if !opened.direction.reads() {
            return Err(Fault::BadHandle);
        }
        let Some(path) = &opened.path else {
            // What was in it is gone, but not how long it was.
            let left = usize::try_from(opened.gone.size.saturating_sub(offset));
            out.resize(out.len() + length.min(left.unwrap_or(length)), 0);
            return Ok(());
        };
        self.shell.files.accessed(path, seconds(self.now));
        match &self.node(path)?.kind {
            Kind::Folder => return Err(Fault::IsFolder),
            Kind::File(content) => content.read(offset, length, out),
            Kind::Program(size) => program(*size, offset, length, out),
            Kind::Live(live) => {
                let text = kernel::live(self.shell, self.now, *live);
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                out.extend(text.iter().skip(from).take(length));
            }
            Kind::Device(..) if path.ends_with(b"/zero") || path.ends_with(b"/full") => {
                out.resize(out.len() + length, 0);
            }
            Kind::Device(..) if path.ends_with(b"random") => {
                let mut dice = Dice(self.now.0.unsigned_abs() ^ offset);
                let end = out.len() + length;
                while out.len() < end {
                    out.extend_from_slice(&dice.roll().to_le_bytes());
                }
                out.truncate(end);
            }
            Kind::Device(..) | Kind::Link(_) => {}
        }
        Ok(())
    }

    /// Bytes into what is open. Says how many were moved in memory.
    pub(crate) fn write(
        &mut self,
        opened: &mut Opened,
        offset: u64,
        bytes: &[u8],
    ) -> Result<usize, Fault> {
        if !opened.direction.writes() {
            return Err(Fault::BadHandle);
        }
        let Some(path) = &opened.path else {
            let end = offset.saturating_add(bytes.len() as u64);
            opened.gone.size = opened.gone.size.max(end);
            return Ok(0);
        };
        let now = self.seconds();
        // What is the session's own already is not looked at twice.
        match self.shell.files.write(path, offset, bytes, now) {
            Err(Fault::BadHandle) => {}
            done => return done,
        }
        match &self.node(path)?.kind {
            Kind::Device(..) if path.ends_with(b"/full") => return Err(Fault::NoSpace),
            Kind::Device(..) => return Ok(0),
            Kind::Folder | Kind::Link(_) => return Err(Fault::IsFolder),
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) => {}
        }
        self.own(path)?;
        self.shell.files.write(path, offset, bytes, now)
    }

    /// Makes a file that all sessions share one of this session's.
    fn own(&mut self, path: &[u8]) -> Result<(), Fault> {
        let node = self.node(path)?.clone();
        let bytes = match &node.kind {
            Kind::File(_) => return self.shell.files.put(path, node),
            Kind::Program(size) => {
                let mut bytes = Vec::new();
                program(*size, 0, usize::MAX, &mut bytes);
                bytes
            }
            Kind::Live(live) if path.starts_with(b"/etc") => {
                kernel::live(self.shell, self.now, *live)
            }
            Kind::Live(_) => return Err(Fault::Io),
            Kind::Folder | Kind::Link(_) | Kind::Device(..) => return Err(Fault::Invalid),
        };
        let kind = Kind::File(Arc::new(bytes.as_slice().into()));
        self.shell.files.put(path, Node { kind, ..node })
    }

    pub(crate) fn truncate(&mut self, path: &[u8], size: u64) -> Result<usize, Fault> {
        let path = self.find(path, Last::Follow)?;
        self.may(&path, Access::Write)?;
        self.truncate_at(&path, size)
    }

    /// Without a look at who may.
    pub(crate) fn truncate_at(&mut self, path: &[u8], size: u64) -> Result<usize, Fault> {
        match self.node(path)?.kind {
            Kind::Folder => return Err(Fault::IsFolder),
            Kind::Device(..) | Kind::Link(_) => return Err(Fault::Invalid),
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) => {}
        }
        if i64::try_from(size).is_err() {
            return Err(Fault::Invalid);
        }
        let now = self.seconds();
        match self.shell.files.resize(path, size, now) {
            Err(Fault::BadHandle) => {}
            done => return done,
        }
        self.own(path)?;
        self.shell.files.resize(path, size, now)
    }
}

/// The folder in which a resolved path is.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    path.get(..path.iter().rposition(|&b| b == b'/').unwrap_or(0)).unwrap_or(&[])
}

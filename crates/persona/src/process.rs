//! A process of the session's user, as the kernel serves it: what programs ask of files, and with
//! which error that fails.
//!
//! **Invariant:** every answer is the kernel's for these files and this user; nothing is asked of
//! the host's.

mod make;
mod names;
mod rights;

use crate::files::content::{disk, program};
use crate::files::mounts::System;
use crate::files::{APPEND_ONLY, Access, Census, Fault, IMMUTABLE, Kind, Last, Node, Special, Who};
pub(crate) use make::{EXTENTS, Times};
use make::Making;
use crate::kernel::World;
use crate::live;
use crate::machine::Dice;
use decnet_core::event::Timestamp;
use std::sync::Arc;

/// One that runs for as long as a call.
pub(crate) struct Process<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) me: Me<'a>,
    pub(crate) now: Timestamp,
    /// What is opened is only written at its end.
    pub(crate) appends: bool,
    /// What it took to look through folders, in about nanoseconds.
    pub(crate) work: usize,
}

/// Who asks, and from where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Me<'a> {
    /// The folder in which it runs, without links; the root folder is empty.
    pub(crate) cwd: &'a [u8],
    pub(crate) who: Who,
    /// Permissions that new files do not get.
    pub(crate) umask: u16,
    pub(crate) pid: u32,
    /// Its descriptors, where it has some.
    pub(crate) fds: Option<&'a crate::kernel::Fds>,
}

/// `struct stat`, as far as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stat {
    /// With the kind of the file.
    pub(crate) mode: u32,
    pub(crate) links: u64,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) accessed: i64,
    pub(crate) changed: i64,
    /// Nanoseconds behind those two.
    pub(crate) accessed_ns: u32,
    pub(crate) changed_ns: u32,
    /// When anything of it was changed, and when it was made: nanoseconds since 1970.
    pub(crate) altered: i64,
    pub(crate) born: i64,
    pub(crate) inode: u64,
    /// The file system's number.
    pub(crate) device: u64,
    /// Of a device, its two numbers.
    pub(crate) numbers: (u32, u32),
    /// What it takes, in pieces of 512 bytes.
    pub(crate) blocks: u64,
}

/// The kind's bits of a mode.
pub(crate) const KIND_BITS: u32 = 0o170_000;
pub(crate) const FOLDER: u32 = 0o040_000;
pub(crate) const FILE: u32 = 0o100_000;
pub(crate) const LINK: u32 = 0o120_000;
pub(crate) const DEVICE: u32 = 0o020_000;
pub(crate) const BLOCK: u32 = 0o060_000;
pub(crate) const FIFO: u32 = 0o010_000;
pub(crate) const SOCKET: u32 = 0o140_000;

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

impl<'a> Process<'a> {
    pub(crate) fn new(world: &'a mut World, me: Me<'a>, now: Timestamp) -> Self {
        Self { world, me, now, appends: false, work: 0 }
    }
}

impl Process<'_> {
    /// The folder in which it runs.
    pub(crate) fn folder(&mut self) -> Vec<u8> {
        shown(self.me.cwd)
    }

    pub(crate) fn node(&self, path: &[u8]) -> Result<&Node, Fault> {
        self.world.files.node(path)
    }

    /// The path without links. What is at its end may be missing; what is on the way may not, and
    /// may be passed.
    pub(crate) fn find(&mut self, path: &[u8], last: Last) -> Result<Vec<u8>, Fault> {
        live::show_processes(self.world, self.me, path);
        let cwd = self.me.cwd.to_vec();
        let found = self.world.files.resolve(&cwd, path, last);
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
        let files = &self.world.files;
        let node = files.node(path)?;
        let mount = files.mount(path);
        let kind = node.kind_bits();
        let census = if kind == FOLDER { files.census(path) } else { Census::default() };
        let size = match &node.kind {
            Kind::Folder => folder_size(mount.system, census),
            Kind::File(content) => content.size(),
            Kind::Program(program) => program.size,
            Kind::Link(to) => to.len() as u64,
            Kind::Live(live) => live::size(self.world, self.me, *live),
            Kind::Device(..) | Kind::Special(_) => 0,
        };
        let size = match (mount.system, kind) {
            (System::Proc, FILE) => 0,
            (System::Sysfs, FILE) => 4_096,
            _ => size,
        };
        let times = live::times(self.world, path, node);
        let blocks = match mount.system {
            System::Ext4 if kind == LINK && size < 60 => 0,
            System::Tmpfs | System::Devtmpfs if kind != FILE => 0,
            System::Ext4 | System::Tmpfs | System::Devtmpfs => size.div_ceil(4_096) * 8,
            System::Proc | System::Sysfs | System::Devpts | System::Other(_) => 0,
        };
        let numbers = match node.kind {
            Kind::Device(major, minor) | Kind::Special(Special::Block(major, minor)) => {
                (major, minor)
            }
            Kind::Folder
            | Kind::File(_)
            | Kind::Program(_)
            | Kind::Live(_)
            | Kind::Link(_)
            | Kind::Special(Special::Fifo | Special::Socket) => (0, 0),
        };
        let (altered, born) = self.known_since(node, mount.system);
        let stat = Stat {
            mode: kind | u32::from(node.mode),
            links: if kind == FOLDER { census.folders + 2 } else { files.links(path) },
            uid: node.uid,
            gid: node.gid,
            size,
            accessed: times.unwrap_or(node.accessed),
            changed: times.unwrap_or(node.changed),
            accessed_ns: node.detail.accessed_ns,
            changed_ns: node.detail.changed_ns,
            altered: times.map_or(altered, |at| at.saturating_mul(1_000_000_000)),
            born,
            inode: node.detail.inode,
            device: mount.device,
            numbers,
            blocks,
        };
        self.work += usize::try_from(census.names).unwrap_or(0) * NAME_WORK;
        Ok(stat)
    }

    /// When something was changed in any way, and when it was made, nanoseconds since 1970. What
    /// the machine has had from the start was made when it was installed, or started.
    fn known_since(&self, node: &Node, system: System) -> (i64, i64) {
        let detail = node.detail;
        let start = match system {
            System::Ext4 => self.world.machine.installed,
            System::Proc
            | System::Sysfs
            | System::Devtmpfs
            | System::Devpts
            | System::Tmpfs
            | System::Other(_) => self.world.machine.booted(self.now),
        };
        let mut dice = Dice(detail.inode ^ self.world.machine.ids[0]);
        let made = start * 1_000_000_000 + dice.below(900_000_000_000);
        let changed = node.changed.saturating_mul(1_000_000_000);
        let altered = if detail.altered == 0 { changed.max(made) } else { detail.altered };
        (altered, if detail.born == 0 { made } else { detail.born })
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
            let kind = Kind::File(Arc::default());
            self.make(&found, kind, mode & !self.me.umask, Making::File)?;
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
            let ends_only = self.node(&found)?.has(APPEND_ONLY);
            if ends_only && (opening.truncate || !self.appends) {
                return Err(Fault::NotPermitted);
            }
        }
        if opening.truncate {
            if folder {
                return Err(Fault::IsFolder);
            }
            let made_as_read = self.node(&found)?.kind_bits() != FILE;
            // What the kernel says has no length that could be taken.
            if !made_as_read && self.world.files.mount(&found).system != System::Proc {
                self.truncate_at(&found, 0)?;
            }
        }
        Ok(opened)
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
        self.world.files.accessed(path, self.now.0);
        match &self.node(path)?.kind {
            Kind::Folder => return Err(Fault::IsFolder),
            Kind::File(content) => content.read(offset, length, out),
            Kind::Program(it) => program(it.size, offset, length, out),
            Kind::Live(live) => {
                let text = live::text(self.world, self.me, *live);
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
            Kind::Special(Special::Block(..)) => {
                disk(self.world.machine.ids[1], offset, length, out)
            }
            Kind::Special(Special::Socket) => return Err(Fault::NoDevice),
            Kind::Device(..) | Kind::Link(_) | Kind::Special(Special::Fifo) => {}
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
        let now = self.now.0;
        // What is the session's own already is not looked at twice.
        match self.world.files.write(path, offset, bytes, now) {
            Err(Fault::BadHandle) => {}
            done => return done,
        }
        match &self.node(path)?.kind {
            Kind::Device(..) if path.ends_with(b"/full") => return Err(Fault::NoSpace),
            Kind::Device(..) | Kind::Special(_) => return Ok(0),
            Kind::Folder | Kind::Link(_) => return Err(Fault::IsFolder),
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) => {}
        }
        self.own(path)?;
        self.world.files.write(path, offset, bytes, now)
    }

    /// Makes a file that all sessions share one of this session's.
    fn own(&mut self, path: &[u8]) -> Result<(), Fault> {
        let node = self.node(path)?.clone();
        let bytes = match &node.kind {
            Kind::File(_) => return self.world.files.put(path, node),
            Kind::Program(it) => {
                let mut bytes = Vec::new();
                program(it.size, 0, usize::MAX, &mut bytes);
                bytes
            }
            Kind::Live(live) if live::is_kept(*live) => live::text(self.world, self.me, *live),
            Kind::Live(_) => return Err(Fault::Io),
            Kind::Folder | Kind::Link(_) | Kind::Device(..) | Kind::Special(_) => {
                return Err(Fault::Invalid);
            }
        };
        let kind = Kind::File(Arc::new(bytes.as_slice().into()));
        self.world.files.put(path, Node { kind, ..node })
    }

    pub(crate) fn truncate(&mut self, path: &[u8], size: u64) -> Result<usize, Fault> {
        let path = self.find(path, Last::Follow)?;
        self.may(&path, Access::Write)?;
        self.truncate_at(&path, size)
    }

    /// How long what is open is now.
    pub(crate) fn size(&self, opened: &Opened) -> u64 {
        match opened.path.as_deref().map(|path| self.node(path)) {
            Some(Ok(Node { kind: Kind::File(content), .. })) => content.size(),
            Some(Ok(Node { kind: Kind::Program(program), .. })) => program.size,
            Some(Ok(Node { kind: Kind::Live(live), .. })) if live::is_kept(*live) => {
                live::size(self.world, self.me, *live)
            }
            Some(_) => 0,
            None => opened.gone.size,
        }
    }

    /// Without a look at who may.
    pub(crate) fn truncate_at(&mut self, path: &[u8], size: u64) -> Result<usize, Fault> {
        match self.node(path)?.kind {
            Kind::Folder => return Err(Fault::IsFolder),
            Kind::Device(..) | Kind::Link(_) | Kind::Special(_) => return Err(Fault::Invalid),
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) => {}
        }
        if self.node(path)?.has(IMMUTABLE | APPEND_ONLY) {
            return Err(Fault::NotPermitted);
        }
        if i64::try_from(size).is_err() {
            return Err(Fault::Invalid);
        }
        let now = self.now.0;
        match self.world.files.resize(path, size, now) {
            Err(Fault::BadHandle) => {}
            done => return done,
        }
        self.own(path)?;
        self.world.files.resize(path, size, now)
    }
}

/// Bytes of a folder, as its file system counts them.
fn folder_size(system: System, census: Census) -> u64 {
    match system {
        // Blocks of a folder are about three quarters full once there are several.
        System::Ext4 if census.bytes + 24 <= 4_096 => 4_096,
        System::Ext4 => (census.bytes * 4 / 3).div_ceil(4_096) * 4_096,
        System::Tmpfs | System::Devtmpfs => (census.names + 2) * 20,
        System::Proc | System::Sysfs | System::Devpts | System::Other(_) => 0,
    }
}

impl Node {
    /// The bits of a mode that say what it is.
    pub(crate) fn kind_bits(&self) -> u32 {
        match self.kind {
            Kind::Folder => FOLDER,
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) => FILE,
            Kind::Link(_) => LINK,
            Kind::Device(..) => DEVICE,
            Kind::Special(Special::Block(..)) => BLOCK,
            Kind::Special(Special::Fifo) => FIFO,
            Kind::Special(Special::Socket) => SOCKET,
        }
    }
}

/// A resolved path as it is written: the root folder is `/`.
pub(crate) fn shown(path: &[u8]) -> Vec<u8> {
    if path.is_empty() { b"/".to_vec() } else { path.to_vec() }
}

/// `rwxr-xr-x`, with the letters for what runs as somebody else.
pub(crate) fn mode_text(mode: u16) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, letters) in
        [(6, 0o4000, ['s', 'S']), (3, 0o2000, ['s', 'S']), (0, 0o1000, ['t', 'T'])]
    {
        let bits = mode >> shift & 7;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        let [set, unset] = letters;
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// The folder in which a resolved path is.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    path.get(..path.iter().rposition(|&b| b == b'/').unwrap_or(0)).unwrap_or(&[])
}

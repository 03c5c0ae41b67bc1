//! Files: a tree that all sessions share, and what one session has changed in it.
//!
//! **Invariant:** memory only; a session's changes are bounded in number and in bytes.

pub(crate) mod base;

use crate::machine::Dice;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// A file, folder or link.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Permission bits.
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Seconds since 1970.
    pub(crate) changed: i64,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Folder,
    File(Arc<Content>),
    /// A program of that size; its bytes are made when somebody reads them.
    Program(u64),
    /// What the kernel says at the moment.
    Live(Live),
    Link(Vec<u8>),
    /// A character device, with its numbers.
    Device(u32, u32),
}

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The bytes, or the first ones where there was no room for all.
    pub(crate) bytes: Vec<u8>,
    /// How many came behind those: a large upload has its size without the memory.
    pub(crate) more: u64,
}

impl Content {
    /// The file's size.
    pub(crate) fn size(&self) -> u64 {
        (self.bytes.len() as u64).saturating_add(self.more)
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), more: 0 }
    }
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
    Passwd,
    Group,
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
        }
    }
}

/// Paths, absolute and without `.` or `..`, and what is there. The root folder is the empty path.
pub(crate) type Tree = BTreeMap<Vec<u8>, Node>;

/// One session's view.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    base: Arc<Tree>,
    /// What differs; `None` is gone.
    own: BTreeMap<Vec<u8>, Option<Node>>,
    bytes: usize,
}

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

/// Bytes that one session may write.
const OWN_BYTES: usize = 1024 * 1024;
/// Files, folders and removals of one session.
const OWN_NODES: usize = 1_024;
/// Bytes of a path, as `PATH_MAX`.
const PATH_BYTES: usize = 4_096;
const LINKS: usize = 16;

impl Files {
    pub(crate) fn new(base: Arc<Tree>) -> Self {
        Self { base, own: BTreeMap::new(), bytes: 0 }
    }

    fn at(&self, path: &[u8]) -> Option<&Node> {
        match self.own.get(path) {
            Some(own) => own.as_ref(),
            None => self.base.get(path),
        }
    }

    /// The path without links, `.` and `..`. The last part may be missing.
    pub(crate) fn resolve(&self, cwd: &[u8], path: &[u8], last: Last) -> Result<Vec<u8>, Fault> {
        if path.is_empty() || path.len() > PATH_BYTES {
            return Err(Fault::Missing);
        }
        let mut todo: Vec<Vec<u8>> = parts(path).rev().map(<[u8]>::to_vec).collect();
        let mut here = if path.first() == Some(&b'/') { Vec::new() } else { cwd.to_vec() };
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match part.as_slice() {
                b"." => {}
                b".." => {
                    let up = here.iter().rposition(|&b| b == b'/').unwrap_or(0);
                    here.truncate(up);
                }
                name => {
                    match self.at(&here).map(|node| &node.kind) {
                        Some(Kind::Folder) => {}
                        Some(_) => return Err(Fault::NotFolder),
                        None => return Err(Fault::Missing),
                    }
                    let before = here.len();
                    here.push(b'/');
                    here.extend_from_slice(name);
                    if here.len() > PATH_BYTES {
                        return Err(Fault::Missing);
                    }
                    let follow = last == Last::Follow || !todo.is_empty() || path.ends_with(b"/");
                    if let (Some(Kind::Link(to)), true) =
                        (self.at(&here).map(|node| &node.kind), follow)
                    {
                        links += 1;
                        if links > LINKS {
                            return Err(Fault::Loop);
                        }
                        todo.extend(parts(to).rev().map(<[u8]>::to_vec));
                        here.truncate(if to.first() == Some(&b'/') { 0 } else { before });
                    }
                }
            }
        }
        Ok(here)
    }

    /// The node at a resolved path.
    pub(crate) fn node(&self, path: &[u8]) -> Result<&Node, Fault> {
        self.at(path).ok_or(Fault::Missing)
    }

    /// Names in a folder, sorted by bytes.
    pub(crate) fn names(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let mut names: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        children(&self.base, path, |name, _| {
            names.insert(name.to_vec(), true);
        });
        children(&self.own, path, |name, node| {
            names.insert(name.to_vec(), node.is_some());
        });
        names.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }

    /// Whether `who` may do that with what is at `path`, and may get there.
    pub(crate) fn allowed(&self, who: Who, path: &[u8], access: Access) -> Result<(), Fault> {
        if who.uid == 0 {
            return Ok(());
        }
        let mut ends: Vec<usize> =
            path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(i, _)| i).collect();
        ends.retain(|&end| end < path.len());
        for end in ends {
            let folder = self.node(path.get(..end).unwrap_or(&[]))?;
            if !permits(folder, who, Access::Execute) {
                return Err(Fault::Denied);
            }
        }
        if permits(self.node(path)?, who, access) { Ok(()) } else { Err(Fault::Denied) }
    }

    /// Puts something at a resolved path, new or over what was there.
    pub(crate) fn put(&mut self, path: &[u8], node: Node) -> Result<(), Fault> {
        let parent = path.iter().rposition(|&b| b == b'/').ok_or(Fault::IsFolder)?;
        match self.node(path.get(..parent).unwrap_or(&[]))?.kind {
            Kind::Folder => {}
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) | Kind::Link(_) | Kind::Device(..) => {
                return Err(Fault::NotFolder);
            }
        }
        let before = self.own.get(path).and_then(Option::as_ref).map_or(0, cost);
        let after = self.bytes - before + cost(&node);
        if after > OWN_BYTES || (self.own.len() >= OWN_NODES && !self.own.contains_key(path)) {
            return Err(Fault::NoSpace);
        }
        self.bytes = after;
        self.own.insert(path.to_vec(), Some(node));
        Ok(())
    }

    /// Writes at the end of a file that is there. Beyond what one session may write, bytes are
    /// counted and not kept.
    pub(crate) fn append(&mut self, path: &[u8], bytes: &[u8]) {
        let room = OWN_BYTES.saturating_sub(self.bytes).min(bytes.len());
        let Some(Some(Node { kind: Kind::File(content), .. })) = self.own.get_mut(path) else {
            return;
        };
        let content = Arc::make_mut(content);
        // What is not kept is behind what is, never between.
        let room = if content.more == 0 { room } else { 0 };
        content.bytes.extend_from_slice(bytes.get(..room).unwrap_or(&[]));
        content.more = content.more.saturating_add((bytes.len() - room) as u64);
        self.bytes += room;
    }

    /// Takes away what is at a resolved path.
    pub(crate) fn remove(&mut self, path: &[u8]) -> Result<(), Fault> {
        let before = cost(self.node(path)?);
        if self.own.len() >= OWN_NODES && !self.own.contains_key(path) {
            return Err(Fault::NoSpace);
        }
        if let Some(Some(_)) = self.own.get(path) {
            self.bytes -= before;
        }
        if self.base.contains_key(path) {
            self.own.insert(path.to_vec(), None);
        } else {
            self.own.remove(path);
        }
        Ok(())
    }
}

/// Calls `each` with what is right below a folder; what is deeper is jumped over.
fn children<T>(tree: &BTreeMap<Vec<u8>, T>, folder: &[u8], mut each: impl FnMut(&[u8], &T)) {
    let prefix = [folder, b"/"].concat();
    let mut from = Bound::Excluded(prefix.clone());
    loop {
        let mut jump = None;
        for (path, node) in tree.range((from, Bound::Unbounded)) {
            let Some(name) = path.strip_prefix(prefix.as_slice()) else { return };
            if let Some(end) = name.iter().position(|&b| b == b'/') {
                // `0` follows `/`.
                jump = Some([prefix.as_slice(), name.get(..end).unwrap_or(name), b"0"].concat());
                break;
            }
            each(name, node);
        }
        match jump {
            Some(path) => from = Bound::Included(path),
            None => return,
        }
    }
}

fn cost(node: &Node) -> usize {
    match &node.kind {
        Kind::File(content) => content.bytes.len(),
        Kind::Link(to) => to.len(),
        Kind::Folder | Kind::Program(_) | Kind::Live(_) | Kind::Device(..) => 0,
    }
}

fn permits(node: &Node, who: Who, access: Access) -> bool {
    let bit = match access {
        Access::Read => 4,
        Access::Write => 2,
        Access::Execute => 1,
    };
    let shift = if node.uid == who.uid {
        6
    } else if node.gid == who.gid {
        3
    } else {
        0
    };
    node.mode >> shift & bit != 0
}

/// The parts of a path between slashes.
pub(crate) fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&b| b == b'/').filter(|part| !part.is_empty())
}

/// The first `max` bytes of a program: an ELF header for x86-64, and noise.
pub(crate) fn program_bytes(size: u64, max: usize) -> Vec<u8> {
    const HEADER: [u8; 64] = [
        0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3e, 0, 1, 0, 0, 0,
        0x60, 0x61, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x90, 0x1a, 2, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x40, 0, 0x38, 0, 0x0d, 0, 0x40, 0, 0x1f, 0, 0x1e, 0,
    ];
    let size = usize::try_from(size).unwrap_or(max).min(max);
    let mut bytes = HEADER.to_vec();
    let mut dice = Dice(u64::try_from(size).unwrap_or(0));
    while bytes.len() < size {
        bytes.extend_from_slice(&dice.roll().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

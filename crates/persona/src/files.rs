//! Files: a tree that all sessions share, and what one session has changed in it.
//!
//! **Invariant:** memory only; a session's changes are bounded in number and in bytes.

pub(crate) mod base;
pub(crate) mod content;

use content::{Content, Kept};
use decnet_core::limits::FILES_NODES;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

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
    NotPermitted,
    NotEmpty,
    Invalid,
    TooLong,
    BadHandle,
    TooManyHandles,
    NotSupported,
    Busy,
    Io,
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
        }
    }
}

/// Paths, absolute and without `.` or `..`, and what is there. The root folder is the empty path.
pub(crate) type Tree = BTreeMap<Vec<u8>, Node>;

/// One session's view.
#[derive(Debug)]
pub(crate) struct Files {
    base: Arc<Tree>,
    /// What differs; `None` is gone.
    own: BTreeMap<Vec<u8>, Option<Node>>,
    kept: Kept,
    /// The sizes of what is the session's own, together.
    sizes: u64,
    /// What those may be: what is free on the disk.
    room: u64,
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

/// Bytes of a path, as `PATH_MAX`.
pub(crate) const PATH_BYTES: usize = 4_096;
/// Bytes of a name, as `NAME_MAX`.
pub(crate) const NAME_BYTES: usize = 255;
const LINKS: usize = 16;

impl Files {
    /// What is on a machine's disk, on which `room` bytes are free. What is kept of it counts with
    /// what `all` sessions keep.
    pub(crate) fn new(base: Arc<Tree>, all: Arc<AtomicUsize>, room: u64) -> Self {
        Self { base, own: BTreeMap::new(), kept: Kept::new(all), sizes: 0, room }
    }

    /// Bytes that the session's own files take from the disk.
    pub(crate) fn sizes(&self) -> u64 {
        self.sizes
    }

    fn at(&self, path: &[u8]) -> Option<&Node> {
        match self.own.get(path) {
            Some(own) => own.as_ref(),
            None => self.base.get(path),
        }
    }

    /// The path without links, `.` and `..`. The last part may be missing.
    pub(crate) fn resolve(&self, cwd: &[u8], path: &[u8], last: Last) -> Result<Vec<u8>, Fault> {
        if path.is_empty() {
            return Err(Fault::Missing);
        }
        if path.len() >= PATH_BYTES {
            return Err(Fault::TooLong);
        }
        let mut todo: Vec<Vec<u8>> = parts(path).rev().map(<[u8]>::to_vec).collect();
        let mut here = if path.first() == Some(&b'/') { Vec::new() } else { cwd.to_vec() };
        let mut links = 0;
        while let Some(part) = todo.pop() {
            if matches!(part.as_slice(), b"." | b"..") {
                match self.node(&here)?.kind {
                    Kind::Folder => {}
                    Kind::File(_)
                    | Kind::Program(_)
                    | Kind::Live(_)
                    | Kind::Link(_)
                    | Kind::Device(..) => return Err(Fault::NotFolder),
                }
            }
            match part.as_slice() {
                b"." => {}
                b".." => {
                    let up = here.iter().rposition(|&b| b == b'/').unwrap_or(0);
                    here.truncate(up);
                }
                name => {
                    if name.len() > NAME_BYTES {
                        return Err(Fault::TooLong);
                    }
                    match self.at(&here).map(|node| &node.kind) {
                        Some(Kind::Folder) => {}
                        Some(_) => return Err(Fault::NotFolder),
                        None => return Err(Fault::Missing),
                    }
                    let before = here.len();
                    here.push(b'/');
                    here.extend_from_slice(name);
                    if here.len() >= PATH_BYTES {
                        return Err(Fault::TooLong);
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

    /// How many folders are in a folder, and how many names were looked at for that.
    pub(crate) fn count(&self, path: &[u8]) -> (u64, usize) {
        let (mut folders, mut all) = (0, 0);
        children(&self.own, path, |_, node| {
            all += 1;
            folders += u64::from(matches!(node, Some(Node { kind: Kind::Folder, .. })));
        });
        let mut whole = [path, b"/"].concat();
        let end = whole.len();
        children(&self.base, path, |name, node| {
            all += 1;
            if matches!(node.kind, Kind::Folder) {
                whole.truncate(end);
                whole.extend_from_slice(name);
                folders += u64::from(!self.own.contains_key(&whole));
            }
        });
        (folders, all)
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
        self.set(path, Some(node))
    }

    fn set(&mut self, path: &[u8], node: Option<Node>) -> Result<(), Fault> {
        let old = self.own.get(path);
        if old.is_none() && self.own.len() >= FILES_NODES {
            return Err(Fault::NoSpace);
        }
        let before = old.map_or(0, |old| weight(path, old.as_ref()));
        let after = weight(path, node.as_ref());
        let rest = self.sizes - old.and_then(Option::as_ref).map_or(0, size);
        let sizes = rest.saturating_add(node.as_ref().map_or(0, size));
        if sizes > self.room.max(rest) || !self.kept.all_of(after.saturating_sub(before)) {
            return Err(Fault::NoSpace);
        }
        self.kept.give_back(before.saturating_sub(after));
        self.sizes = sizes;
        self.own.insert(path.to_vec(), node);
        Ok(())
    }

    /// Changes what is known of something, but not what is in it.
    pub(crate) fn change(
        &mut self,
        path: &[u8],
        change: impl FnOnce(&mut Node),
    ) -> Result<(), Fault> {
        if !matches!(self.own.get(path), Some(Some(_))) {
            let node = self.node(path)?.clone();
            self.set(path, Some(node))?;
        }
        if let Some(Some(node)) = self.own.get_mut(path) {
            change(node);
        }
        Ok(())
    }

    /// A file was read. Like most machines, this one notes that once after each change, and once a
    /// day; of what all sessions share it does not.
    pub(crate) fn accessed(&mut self, path: &[u8], now: i64) {
        if let Some(Some(node)) = self.own.get_mut(path)
            && (node.accessed <= node.changed || now - node.accessed >= 86_400)
        {
            node.accessed = now;
        }
    }

    /// Writes at the end of a file that is the session's own.
    pub(crate) fn append(&mut self, path: &[u8], bytes: &[u8]) {
        if let Ok(Node { kind: Kind::File(content), changed, .. }) = self.node(path) {
            let (size, changed) = (content.size(), *changed);
            // A shell's command is not told that the disk is full.
            let _ = self.write(path, size, bytes, changed);
        }
    }

    /// Writes into a file that is the session's own, which grows as it must. Beyond what is kept,
    /// bytes are counted. Says how many were moved.
    pub(crate) fn write(
        &mut self,
        path: &[u8],
        offset: u64,
        bytes: &[u8],
        changed: i64,
    ) -> Result<usize, Fault> {
        let Some(Some(Node { kind: Kind::File(content), changed: when, .. })) =
            self.own.get_mut(path)
        else {
            return Err(Fault::BadHandle);
        };
        let end = offset.checked_add(bytes.len() as u64).ok_or(Fault::Invalid)?;
        let growth = end.saturating_sub(content.size());
        if growth > self.room.saturating_sub(self.sizes) {
            return Err(Fault::NoSpace);
        }
        self.sizes += growth;
        *when = changed;
        Ok(Arc::make_mut(content).write(offset, bytes, &mut self.kept))
    }

    /// Makes a file of the session's own as long as that. Says how many bytes were moved.
    pub(crate) fn resize(&mut self, path: &[u8], size: u64, changed: i64) -> Result<usize, Fault> {
        let Some(Some(Node { kind: Kind::File(content), changed: when, .. })) =
            self.own.get_mut(path)
        else {
            return Err(Fault::BadHandle);
        };
        let old = content.size();
        if size >= old {
            return self.write(path, size, &[], changed);
        }
        *when = changed;
        self.sizes -= old - size;
        // What is shared with another file is not copied only to be cut.
        if size == 0 {
            let kept = content.bytes.len();
            *content = Arc::default();
            self.kept.give_back(kept);
        } else {
            Arc::make_mut(content).truncate(size, &mut self.kept);
        }
        Ok(0)
    }

    /// Takes away what is at a resolved path.
    pub(crate) fn remove(&mut self, path: &[u8]) -> Result<(), Fault> {
        self.node(path)?;
        if self.base.contains_key(path) {
            return self.set(path, None);
        }
        if let Some(old) = self.own.remove(path) {
            self.sizes -= old.as_ref().map_or(0, size);
            self.kept.give_back(weight(path, old.as_ref()));
        }
        Ok(())
    }

    /// What is at a path and all that is below it, the outermost first; at most so many.
    pub(crate) fn below(&self, path: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut all = vec![path.to_vec()];
        let mut at = 0;
        while let Some(folder) = all.get(at).cloned() {
            at += 1;
            if let Some(Kind::Folder) = self.at(&folder).map(|node| &node.kind) {
                let room = most.saturating_sub(all.len());
                let names = self.names(&folder).into_iter().take(room);
                all.extend(names.map(|name| [folder.as_slice(), b"/", &name].concat()));
            }
        }
        all
    }

    /// Gives something another path, with all that is below it.
    pub(crate) fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Fault> {
        let all = self.below(from, FILES_NODES);
        if self.own.len() + 2 * all.len() > FILES_NODES {
            return Err(Fault::NoSpace);
        }
        let mut moved = Vec::new();
        for path in all.iter().rev() {
            moved.push((path, self.node(path)?.clone()));
            self.remove(path)?;
        }
        for (path, node) in moved.into_iter().rev() {
            let below = path.get(from.len()..).unwrap_or_default();
            self.put(&[to, below].concat(), node)?;
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

/// What a change takes from what may be kept.
fn weight(path: &[u8], node: Option<&Node>) -> usize {
    /// A node's own size, about.
    const NODE_BYTES: usize = 128;
    let content = match node.map(|node| &node.kind) {
        Some(Kind::File(content)) => content.bytes.len(),
        Some(Kind::Link(to)) => to.len(),
        Some(Kind::Folder | Kind::Program(_) | Kind::Live(_) | Kind::Device(..)) | None => 0,
    };
    path.len() + NODE_BYTES + content
}

/// What it takes from the disk.
fn size(node: &Node) -> u64 {
    match &node.kind {
        Kind::File(content) => content.size(),
        Kind::Program(size) => *size,
        Kind::Folder | Kind::Link(_) | Kind::Live(_) | Kind::Device(..) => 0,
    }
}

pub(crate) fn permits(node: &Node, who: Who, access: Access) -> bool {
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

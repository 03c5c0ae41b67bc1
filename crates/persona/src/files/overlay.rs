//! One session's view of the files: what all sessions share, and what this one has changed.
//!
//! **Invariant:** what is shared is never copied as a whole: a session costs what it changed.

use super::children::Children;
use super::content::Kept;
use super::mounts::{Mount, Mounts, System};
use super::{Access, Detail, Fault, Kind, Last, NAME_BYTES, Node, PATH_BYTES, Tree, Who, parts};
use decnet_core::limits::FILES_NODES;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// One session's view.
#[derive(Debug)]
pub(crate) struct Files {
    base: Arc<Tree>,
    /// What the kernel shows of processes that come and go.
    pub(crate) kernel: Tree,
    /// For which processes that was made.
    pub(crate) kernel_state: u64,
    /// What differs.
    own: BTreeMap<Vec<u8>, Own>,
    /// Files that have several names, by their number.
    linked: BTreeMap<u64, Linked>,
    kept: Kept,
    /// How many files, folders and links are the session's own.
    nodes: usize,
    /// The sizes of what is the session's own, together.
    sizes: u64,
    /// What those may be: what is free on the disk.
    room: u64,
    /// The last number that was given to a file: on the disk, and elsewhere.
    last_inode: [u64; 2],
    pub(crate) mounts: Mounts,
}

/// What differs from what all sessions share.
#[derive(Debug)]
enum Own {
    Gone,
    Here(Node),
    /// One of several names.
    Linked(u64),
}

#[derive(Debug)]
struct Linked {
    node: Node,
    names: u32,
}

/// What is in a folder, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) folders: u64,
    pub(crate) names: u64,
    /// Bytes of a folder of ext4 that the names take.
    pub(crate) bytes: u64,
}

/// Links that are followed in one path, as Linux does.
const LINKS: usize = 40;

impl Files {
    /// What is on a machine's disk, on which `room` bytes are free. What is kept of it counts with
    /// what `all` sessions keep.
    pub(crate) fn new(
        base: Arc<Tree>,
        mounts: Mounts,
        all: Arc<AtomicUsize>,
        room: u64,
    ) -> Self {
        // Those of /proc are far beyond the disk's.
        let inodes = base.values().map(|node| node.detail.inode);
        let last = inodes.filter(|inode| *inode < 1 << 31).max().unwrap_or(0);
        Self {
            base,
            kernel: Tree::new(),
            kernel_state: 0,
            own: BTreeMap::new(),
            linked: BTreeMap::new(),
            kept: Kept::new(all),
            nodes: 0,
            sizes: 0,
            room,
            last_inode: [last.max(131_072) + 311, 1_200],
            mounts,
        }
    }

    /// Bytes that the session's own files take from the disk.
    pub(crate) fn sizes(&self) -> u64 {
        self.sizes
    }

    /// About how many bytes are kept of what is the session's own.
    pub(crate) fn kept(&self) -> usize {
        self.kept.own()
    }

    /// How many files there are more than when the session began.
    pub(crate) fn grown(&self) -> i64 {
        let change = |(path, own): (&Vec<u8>, &Own)| match own {
            Own::Gone => -1,
            Own::Here(_) | Own::Linked(_) => i64::from(!self.base.contains_key(path)),
        };
        self.own.iter().map(change).sum()
    }

    fn is_node<'a>(&'a self, own: &'a Own) -> Option<&'a Node> {
        match own {
            Own::Gone => None,
            Own::Here(node) => Some(node),
            Own::Linked(inode) => self.linked.get(inode).map(|linked| &linked.node),
        }
    }

    fn at(&self, path: &[u8]) -> Option<&Node> {
        match self.own.get(path) {
            Some(own) => self.is_node(own),
            None if path.starts_with(b"/proc/") => {
                self.kernel.get(path).or_else(|| self.base.get(path))
            }
            None => self.base.get(path),
        }
    }

    /// What is the session's own at a path.
    fn own_at(&mut self, path: &[u8]) -> Option<&mut Node> {
        match self.own.get_mut(path)? {
            Own::Gone => None,
            Own::Here(node) => Some(node),
            Own::Linked(inode) => self.linked.get_mut(inode).map(|linked| &mut linked.node),
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
        let mut todo: Vec<&[u8]> = parts(path).rev().collect();
        let mut here = if path.first() == Some(&b'/') { Vec::new() } else { cwd.to_vec() };
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match self.at(&here).map(|node| &node.kind) {
                Some(Kind::Folder) => {}
                Some(_) => return Err(Fault::NotFolder),
                None => return Err(Fault::Missing),
            }
            match part {
                b"." => {}
                b".." => {
                    let up = here.iter().rposition(|&b| b == b'/').unwrap_or(0);
                    here.truncate(up);
                }
                name => {
                    if name.len() > NAME_BYTES {
                        return Err(Fault::TooLong);
                    }
                    let before = here.len();
                    here.push(b'/');
                    here.extend_from_slice(name);
                    if here.len() >= PATH_BYTES {
                        return Err(Fault::TooLong);
                    }
                    let follow = last == Last::Follow || !todo.is_empty() || path.ends_with(b"/");
                    if let (true, Some(Kind::Link(to))) =
                        (follow, self.at(&here).map(|node| &node.kind))
                    {
                        links += 1;
                        if links > LINKS {
                            return Err(Fault::Loop);
                        }
                        todo.extend(parts(to).rev());
                        here.truncate(if to.first() == Some(&b'/') { 0 } else { before });
                    }
                }
            }
        }
        Ok(here)
    }

    /// Whether what is at a resolved path was made or changed by the session.
    pub(crate) fn is_own(&self, path: &[u8]) -> bool {
        matches!(self.own.get(path), Some(Own::Here(_) | Own::Linked(_)))
    }

    /// The node at a resolved path.
    pub(crate) fn node(&self, path: &[u8]) -> Result<&Node, Fault> {
        self.at(path).ok_or(Fault::Missing)
    }

    /// How many names a file has.
    pub(crate) fn links(&self, path: &[u8]) -> u64 {
        match self.own.get(path) {
            Some(Own::Linked(inode)) => {
                self.linked.get(inode).map_or(1, |linked| u64::from(linked.names))
            }
            Some(Own::Here(_) | Own::Gone) | None => 1,
        }
    }

    /// Calls `each` with every name in a folder and what is there, sorted by bytes.
    pub(crate) fn each(&self, folder: &[u8], mut each: impl FnMut(&[u8], &Node)) {
        if folder.starts_with(b"/proc") {
            let all = Children::new(&self.base, folder).chain(Children::new(&self.kernel, folder));
            let names: BTreeMap<&[u8], &Node> = all.collect();
            for (name, node) in names {
                let path = [folder, b"/", name].concat();
                // A process that has ended, or a setting that was changed.
                match self.own.get(&path).map(|own| self.is_node(own)) {
                    None => each(name, node),
                    Some(Some(node)) => each(name, node),
                    Some(None) => {}
                }
            }
            return;
        }
        let mut base = Children::new(&self.base, folder).fuse().peekable();
        let mut own = Children::new(&self.own, folder).fuse().peekable();
        loop {
            let order = match (base.peek(), own.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((base, _)), Some((own, _))) => base.cmp(own),
            };
            if order == Ordering::Less {
                if let Some((name, node)) = base.next() {
                    each(name, node);
                }
                continue;
            }
            if order == Ordering::Equal {
                base.next();
            }
            if let Some((name, own)) = own.next()
                && let Some(node) = self.is_node(own)
            {
                each(name, node);
            }
        }
    }

    /// Names in a folder, sorted by bytes.
    pub(crate) fn names(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let mut names = Vec::new();
        self.each(path, |name, _| names.push(name.to_vec()));
        names
    }

    /// Whether nothing is in a folder.
    pub(crate) fn is_empty(&self, path: &[u8]) -> bool {
        let mut empty = true;
        self.each(path, |_, _| empty = false);
        empty
    }

    /// What is in a folder, counted.
    pub(crate) fn census(&self, path: &[u8]) -> Census {
        let mut census = Census::default();
        self.each(path, |name, node| {
            census.names += 1;
            census.folders += u64::from(matches!(node.kind, Kind::Folder));
            census.bytes += (name.len() as u64 + 11) / 4 * 4;
        });
        census
    }

    /// Whether `who` may do that with what is at `path`, and may get there.
    pub(crate) fn allowed(&self, who: Who, path: &[u8], access: Access) -> Result<(), Fault> {
        let node = self.node(path)?;
        let folder = matches!(node.kind, Kind::Folder);
        let mount = self.mounts.of(path);
        let special = matches!(node.kind, Kind::Device(..) | Kind::Special(_) | Kind::Link(_));
        match access {
            Access::Write if mount.is_read_only() && !special => return Err(Fault::ReadOnly),
            Access::Write if node.has(super::IMMUTABLE) => return Err(Fault::NotPermitted),
            Access::Execute if !folder && mount.has("noexec") => return Err(Fault::Denied),
            Access::Write | Access::Execute | Access::Read => {}
        }
        if who.uid == 0 {
            return Ok(());
        }
        let ends = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        for end in ends {
            let folder = self.node(path.get(..end).unwrap_or(&[]))?;
            if !self.permits(folder, who, Access::Execute) {
                return Err(Fault::Denied);
            }
        }
        if self.permits(node, who, access) { Ok(()) } else { Err(Fault::Denied) }
    }

    /// Whether the permissions of something let `who` do that, who is not root.
    pub(crate) fn permits(&self, node: &Node, who: Who, access: Access) -> bool {
        let may = |class: u32| node.mode >> class & access.bit() != 0;
        if node.uid == who.uid {
            may(6)
        } else if may(3) == may(0) {
            may(0)
        } else if node.gid == who.gid || self.member(who.uid, node.gid) {
            may(3)
        } else {
            may(0)
        }
    }

    /// Whether a user is in a group, as /etc/group has it.
    fn member(&self, uid: u32, gid: u32) -> bool {
        let Some(user) = crate::people::by_uid(self, uid) else { return false };
        crate::people::groups(self)
            .iter()
            .any(|(_, number, members)| *number == gid && members.contains(&user.name))
    }

    /// Puts something at a resolved path, new or over what was there.
    pub(crate) fn put(&mut self, path: &[u8], mut node: Node) -> Result<(), Fault> {
        let parent = path.iter().rposition(|&b| b == b'/').ok_or(Fault::IsFolder)?;
        match self.node(path.get(..parent).unwrap_or(&[]))?.kind {
            Kind::Folder => {}
            Kind::File(_)
            | Kind::Program(_)
            | Kind::Live(_)
            | Kind::Link(_)
            | Kind::Device(..)
            | Kind::Special(_) => return Err(Fault::NotFolder),
        }
        if node.detail.inode == 0 {
            node.detail.inode = self.next_inode(path);
        }
        self.set(path, Own::Here(node))
    }

    fn next_inode(&mut self, path: &[u8]) -> u64 {
        let place = usize::from(self.mounts.of(path).system != System::Ext4);
        let last = self.last_inode.get_mut(place);
        last.map_or(0, |last| {
            *last += 1;
            *last
        })
    }

    fn set(&mut self, path: &[u8], new: Own) -> Result<(), Fault> {
        let old = self.own.get(path);
        let had = usize::from(old.is_some_and(|old| !matches!(old, Own::Gone)));
        let has = usize::from(!matches!(new, Own::Gone));
        if has > had && self.nodes >= FILES_NODES {
            return Err(Fault::NoSpace);
        }
        // A file with other names stays what it is for those.
        if let (Some(Own::Linked(inode)), Own::Here(node)) = (old, &new) {
            let inode = *inode;
            let node = Node { detail: Detail { inode, ..node.detail }, ..node.clone() };
            if let Some(linked) = self.linked.get_mut(&inode) {
                self.sizes = self.sizes.saturating_sub(size(&linked.node)) + size(&node);
                linked.node = node;
            }
            return Ok(());
        }
        let before = old.map_or(0, |old| weight(path, old));
        let after = weight(path, &new);
        let rest = self.sizes.saturating_sub(old.map_or(0, size_of));
        let sizes = rest.saturating_add(size_of(&new));
        if sizes > self.room.max(rest) || !self.kept.all_of(after.saturating_sub(before)) {
            return Err(Fault::NoSpace);
        }
        self.kept.give_back(before.saturating_sub(after));
        self.sizes = sizes;
        self.nodes = self.nodes + has - had;
        if let Some(Own::Linked(inode)) = self.own.insert(path.to_vec(), new) {
            self.unlinked(inode);
        }
        Ok(())
    }

    /// A file with several names has lost one.
    fn unlinked(&mut self, inode: u64) {
        let Some(linked) = self.linked.get_mut(&inode) else { return };
        linked.names = linked.names.saturating_sub(1);
        if linked.names == 0
            && let Some(linked) = self.linked.remove(&inode)
        {
            self.sizes = self.sizes.saturating_sub(size(&linked.node));
            self.kept.give_back(content_weight(&linked.node));
        }
    }

    /// Changes what is known of something, but not what is in it.
    pub(crate) fn change(
        &mut self,
        path: &[u8],
        change: impl FnOnce(&mut Node),
    ) -> Result<(), Fault> {
        if self.own_at(path).is_none() {
            let node = self.node(path)?.clone();
            self.set(path, Own::Here(node))?;
        }
        if let Some(node) = self.own_at(path) {
            change(node);
        }
        Ok(())
    }

    /// A file was read. Like most machines, this one notes that once after each change, and once a
    /// day; of what all sessions share it does not.
    pub(crate) fn accessed(&mut self, path: &[u8], at: i64) {
        let (now, ns) = super::split(at);
        if let Some(node) = self.own_at(path)
            && (node.accessed <= node.changed || now - node.accessed >= 86_400)
        {
            (node.accessed, node.detail.accessed_ns) = (now, ns);
        }
    }

    /// Writes into a file that is the session's own, which grows as it must. Beyond what is kept,
    /// bytes are counted. Says how many were moved.
    pub(crate) fn write(
        &mut self,
        path: &[u8],
        offset: u64,
        bytes: &[u8],
        at: i64,
    ) -> Result<usize, Fault> {
        let left = self.room.saturating_sub(self.sizes);
        let node = match self.own.get_mut(path) {
            Some(Own::Here(node)) => node,
            Some(Own::Linked(inode)) => {
                &mut self.linked.get_mut(inode).ok_or(Fault::BadHandle)?.node
            }
            Some(Own::Gone) | None => return Err(Fault::BadHandle),
        };
        let Kind::File(content) = &mut node.kind else { return Err(Fault::BadHandle) };
        let end = offset.checked_add(bytes.len() as u64).ok_or(Fault::Invalid)?;
        let growth = end.saturating_sub(content.size());
        if growth > left {
            return Err(Fault::NoSpace);
        }
        self.sizes += growth;
        let moved = Arc::make_mut(content).write(offset, bytes, &mut self.kept);
        node.written(at);
        Ok(moved)
    }

    /// Makes a file of the session's own as long as that. Says how many bytes were moved.
    pub(crate) fn resize(&mut self, path: &[u8], size: u64, at: i64) -> Result<usize, Fault> {
        let node = self.own_at(path).ok_or(Fault::BadHandle)?;
        let Kind::File(content) = &mut node.kind else { return Err(Fault::BadHandle) };
        let old = content.size();
        if size >= old {
            return self.write(path, size, &[], at);
        }
        // What is shared with another file is not copied only to be cut.
        let mut taken = (size == 0).then(|| std::mem::take(content));
        node.written(at);
        self.sizes = self.sizes.saturating_sub(old - size);
        if let Some(taken) = taken.take() {
            self.kept.give_back(taken.bytes.len());
            return Ok(0);
        }
        let node = match self.own.get_mut(path) {
            Some(Own::Here(node)) => node,
            Some(Own::Linked(inode)) => {
                &mut self.linked.get_mut(inode).ok_or(Fault::BadHandle)?.node
            }
            Some(Own::Gone) | None => return Err(Fault::BadHandle),
        };
        if let Kind::File(content) = &mut node.kind {
            Arc::make_mut(content).truncate(size, &mut self.kept);
        }
        Ok(0)
    }

    /// Takes away what is at a resolved path.
    pub(crate) fn remove(&mut self, path: &[u8]) -> Result<(), Fault> {
        self.node(path)?;
        if self.base.contains_key(path) {
            return self.set(path, Own::Gone);
        }
        if let Some(old) = self.own.remove(path) {
            self.nodes = self.nodes.saturating_sub(1);
            self.sizes = self.sizes.saturating_sub(size_of(&old));
            self.kept.give_back(weight(path, &old));
            if let Own::Linked(inode) = old {
                self.unlinked(inode);
            }
        }
        Ok(())
    }

    /// Another name for a file.
    pub(crate) fn link(&mut self, from: &[u8], to: &[u8], at: i64) -> Result<(), Fault> {
        self.change(from, |node| node.detail.altered = at)?;
        let inode = match self.own.get(from) {
            Some(Own::Linked(inode)) => *inode,
            Some(Own::Here(node)) => node.detail.inode,
            Some(Own::Gone) | None => return Err(Fault::Missing),
        };
        self.set(to, Own::Linked(inode))?;
        if let Some(place) = self.own.get_mut(from)
            && let Own::Here(node) = std::mem::replace(place, Own::Linked(inode))
        {
            self.linked.insert(inode, Linked { node, names: 1 });
        }
        if let Some(linked) = self.linked.get_mut(&inode) {
            linked.names = linked.names.saturating_add(1);
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
        if self.nodes + all.len() > FILES_NODES {
            return Err(Fault::NoSpace);
        }
        let mut moved = Vec::new();
        for path in all.iter().rev() {
            let own = match self.own.get(path) {
                Some(Own::Linked(inode)) => {
                    // The name that is taken away now is given again at once.
                    let inode = *inode;
                    if let Some(linked) = self.linked.get_mut(&inode) {
                        linked.names = linked.names.saturating_add(1);
                    }
                    Own::Linked(inode)
                }
                Some(Own::Here(_) | Own::Gone) | None => Own::Here(self.node(path)?.clone()),
            };
            moved.push((path, own));
            self.remove(path)?;
        }
        for (path, own) in moved.into_iter().rev() {
            let below = path.get(from.len()..).unwrap_or_default();
            self.set(&[to, below].concat(), own)?;
        }
        Ok(())
    }

    /// The file system on which a resolved path is.
    pub(crate) fn mount(&self, path: &[u8]) -> &Mount {
        self.mounts.of(path)
    }
}

/// What a change takes from what may be kept.
fn weight(path: &[u8], own: &Own) -> usize {
    /// A node's own size, about.
    const NODE_BYTES: usize = 192;
    let content = match own {
        Own::Here(node) => content_weight(node),
        Own::Gone | Own::Linked(_) => 0,
    };
    path.len() + NODE_BYTES + content
}

fn content_weight(node: &Node) -> usize {
    match &node.kind {
        Kind::File(content) => content.bytes.len(),
        Kind::Link(to) => to.len(),
        Kind::Folder | Kind::Program(_) | Kind::Live(_) | Kind::Device(..) | Kind::Special(_) => 0,
    }
}

/// What it takes from the disk. That of a file with several names is counted once, apart.
fn size_of(own: &Own) -> u64 {
    match own {
        Own::Here(node) => size(node),
        Own::Gone | Own::Linked(_) => 0,
    }
}

fn size(node: &Node) -> u64 {
    match &node.kind {
        Kind::File(content) => content.size(),
        Kind::Program(program) => program.size,
        Kind::Folder | Kind::Link(_) | Kind::Live(_) | Kind::Device(..) | Kind::Special(_) => 0,
    }
}

//! The files that every session finds on the machine.
//!
//! **Invariant:** made once from the machine's facts, then only read. Names, sizes and dates are
//! those of Debian's packages; what the machine has of its own comes from its seed.

mod accounts;
pub(crate) mod documents;
mod etc;
mod home;
mod kernel;
pub(crate) mod names;
pub(crate) mod packages;
mod stock;

pub(crate) use accounts::hash;
use etc::stock_text;
pub(crate) use etc::command_line;
pub(crate) use home::skeleton;

use crate::files::mounts::System;
use crate::files::{Detail, Kind, Node, Tree};
use crate::machine::{Dice, Machine};
use std::sync::Arc;

/// The program behind the subsystem `sftp`.
pub(crate) const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

/// A tree that grows.
pub(super) struct Builder {
    tree: Tree,
    /// The kernel's release, for names with `%k`.
    kernel: &'static str,
}

impl Builder {
    /// Puts something at a path, as root's.
    fn add(&mut self, path: &str, kind: Kind, mode: u16, changed: i64) {
        self.own(path, kind, mode, changed, (0, 0));
    }

    fn own(&mut self, path: &str, kind: Kind, mode: u16, changed: i64, (uid, gid): (u32, u32)) {
        let detail = Detail::default();
        let node = Node { kind, mode, uid, gid, accessed: changed, changed, detail };
        self.tree.insert(path.replace("%k", self.kernel).into_bytes(), node);
    }

    /// A text, over what was there.
    fn text(&mut self, path: &str, text: &str, mode: u16, changed: i64) {
        self.add(path, file(text.as_bytes()), mode, changed);
    }

    /// A folder, with those above it.
    fn folder(&mut self, path: &str, mode: u16, changed: i64) {
        for (at, _) in path.match_indices('/').skip(1) {
            let above = path.get(..at).unwrap_or_default();
            if !self.tree.contains_key(above.as_bytes()) {
                self.add(above, Kind::Folder, 0o755, changed);
            }
        }
        self.add(path, Kind::Folder, mode, changed);
    }

    fn link(&mut self, path: &str, to: &str, changed: i64) {
        self.add(path, Kind::Link(to.replace("%k", self.kernel).into_bytes()), 0o777, changed);
    }

    /// Changes what is known of something.
    fn with(&mut self, path: &str, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.tree.get_mut(path.as_bytes()) {
            change(node);
        }
    }
}

fn file(bytes: &[u8]) -> Kind {
    Kind::File(Arc::new(bytes.into()))
}

/// A folder `/`, and all below it.
pub(crate) fn tree(machine: &Machine) -> Tree {
    let mut builder = Builder { tree: Tree::new(), kernel: machine.kernel };
    names::put(machine, &mut builder);
    etc::put(machine, &mut builder);
    documents::put(machine, &mut builder);
    kernel::put(machine, &mut builder);
    home::put(machine, &mut builder);
    let mut tree = builder.tree;
    mount_points(&mut tree, machine);
    number(&mut tree, machine);
    tree
}

fn folder(machine: &Machine) -> Node {
    let changed = machine.installed;
    let (kind, detail) = (Kind::Folder, Detail::default());
    Node { kind, mode: 0o755, uid: 0, gid: 0, accessed: changed, changed, detail }
}

/// Folders on which something is mounted.
fn mount_points(tree: &mut Tree, machine: &Machine) {
    for mount in crate::files::mounts::mounts(machine).all() {
        let ends = mount.at.iter().enumerate().filter(|(at, b)| *at > 0 && **b == b'/');
        let ends = ends.map(|(at, _)| at).chain([mount.at.len()]);
        for end in ends.filter(|end| *end > 0) {
            let path = mount.at.get(..end).unwrap_or_default().to_vec();
            tree.entry(path).or_insert_with(|| folder(machine));
        }
        let mode = if mount.has("mode=700") { Some(0o700) } else { None };
        let sticky = matches!(mount.at.as_slice(), b"/dev/shm" | b"/run/lock" | b"/dev/mqueue");
        if let Some(place) = tree.get_mut(&mount.at) {
            place.mode = mode.unwrap_or(if sticky { 0o1777 } else { place.mode });
        }
    }
}

/// Gives everything its number: what is made together has numbers near to each other.
fn number(tree: &mut Tree, machine: &Machine) {
    let mounts = crate::files::mounts::mounts(machine);
    let mut dice = Dice(machine.ids[1]);
    let (mut disk, mut memory) = (131_072_u64, 1_u64);
    for (path, node) in tree.iter_mut() {
        let mount = mounts.of(path);
        node.detail.inode = if path.is_empty() {
            2
        } else if path == b"/lost+found" {
            11
        } else if mount.at == *path {
            1
        } else if mount.system == System::Ext4 {
            let gap = if matches!(node.kind, Kind::Folder) { 400 } else { 3 };
            disk += 1 + dice.below(gap).unsigned_abs();
            disk
        } else {
            memory += 1 + dice.below(2).unsigned_abs();
            if mount.system == System::Proc { 4_026_531_840 + memory } else { memory }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_tree_is_in_a_folder_of_it() {
        let tree = tree(&Machine::from_seed(7));
        for path in tree.keys().filter(|path| !path.is_empty()) {
            let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
            let above = tree.get(&path[..end]).map(|node| &node.kind);
            let name = String::from_utf8_lossy(path);
            assert!(matches!(above, Some(Kind::Folder)), "{name}");
        }
        assert!(tree.len() > 6_000, "{}", tree.len());
    }

    #[test]
    fn links_of_programs_lead_to_programs() {
        let machine = Machine::from_seed(7);
        let files = machine.files();
        for name in ["sh", "awk", "vi", "nc", "pidof", "poweroff", "which", "iptables", "sshd"] {
            let path = [b"/usr/bin/", name.as_bytes()].concat();
            let path = if files.node(&path).is_ok() {
                path
            } else {
                [b"/usr/sbin/", name.as_bytes()].concat()
            };
            let found = files.resolve(&[], &path, crate::files::Last::Follow);
            let node = found.and_then(|path| files.node(&path).cloned()).map(|node| node.kind);
            assert!(matches!(node, Ok(Kind::Program(_))), "{name}: {node:?}");
        }
    }
}

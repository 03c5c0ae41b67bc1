//! Who may do what with a file.
//!
//! **Invariant:** root may all; for others the bits of owner, group and the rest decide, in this
//! order.

use crate::files::mounts::System;
use crate::files::{APPEND_ONLY, Access, Fault, IMMUTABLE, Kind, Last};
use crate::process::{Process, parent};

impl Process<'_> {
    /// Whether the user may get to what is at a path, as far as that exists.
    pub(crate) fn passes(&mut self, path: &[u8]) -> Result<(), Fault> {
        let who = self.me.who;
        if who.uid == 0 {
            return Ok(());
        }
        let ends = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        for end in ends {
            let Ok(folder) = self.node(path.get(..end).unwrap_or_default()) else { break };
            if matches!(folder.kind, Kind::Folder)
                && !self.world.files.permits(folder, who, Access::Execute)
            {
                return Err(Fault::Denied);
            }
        }
        Ok(())
    }

    /// Whether the user may do that with what is at a resolved path.
    pub(super) fn may(&mut self, path: &[u8], access: Access) -> Result<(), Fault> {
        let who = self.me.who;
        self.world.files.allowed(who, path, access)
    }

    /// Whether the user may take something out of the folder in which it is. Where the folder is
    /// sticky, only what is his.
    pub(super) fn may_remove(&mut self, path: &[u8]) -> Result<(), Fault> {
        self.may(parent(path), Access::Write)?;
        match self.world.files.mount(path).system {
            System::Ext4 | System::Tmpfs | System::Devtmpfs => {}
            System::Proc | System::Sysfs | System::Devpts | System::Other(_) => {
                return Err(Fault::NotPermitted);
            }
        }
        let fixed = IMMUTABLE | APPEND_ONLY;
        if self.node(path)?.has(fixed) || self.node(parent(path))?.has(APPEND_ONLY) {
            return Err(Fault::NotPermitted);
        }
        let uid = self.me.who.uid;
        let folder = self.node(parent(path))?;
        let sticky = folder.mode & 0o1000 != 0 && folder.uid != uid;
        if sticky && uid != 0 && self.node(path)?.uid != uid {
            return Err(Fault::NotPermitted);
        }
        Ok(())
    }

    /// Whether what is at a resolved path is the user's, or he is root.
    pub(super) fn owns(&mut self, path: &[u8]) -> Result<(), Fault> {
        let uid = self.me.who.uid;
        if self.world.files.mount(path).is_read_only() {
            return Err(Fault::ReadOnly);
        }
        let node = self.node(path)?;
        let fixed = node.has(IMMUTABLE | APPEND_ONLY);
        if !fixed && (uid == 0 || node.uid == uid) { Ok(()) } else { Err(Fault::NotPermitted) }
    }

    pub(crate) fn chmod(&mut self, path: &[u8], mode: u16, last: Last) -> Result<(), Fault> {
        let path = self.find(path, last)?;
        self.chmod_at(&path, mode)
    }

    pub(crate) fn chmod_at(&mut self, path: &[u8], mode: u16) -> Result<(), Fault> {
        if matches!(self.node(path)?.kind, Kind::Link(_)) {
            return Err(Fault::NotSupported);
        }
        self.owns(path)?;
        let now = self.now.0;
        self.world.files.change(path, |node| {
            node.mode = mode;
            node.detail.altered = now;
        })
    }

    pub(crate) fn chown(&mut self, path: &[u8], to: (u32, u32), last: Last) -> Result<(), Fault> {
        let path = self.find(path, last)?;
        self.chown_at(&path, to)
    }

    pub(crate) fn chown_at(&mut self, path: &[u8], (uid, gid): (u32, u32)) -> Result<(), Fault> {
        let who = self.me.who;
        if self.world.files.mount(path).is_read_only() {
            return Err(Fault::ReadOnly);
        }
        let now = self.now.0;
        let node = self.node(path)?;
        if node.has(IMMUTABLE | APPEND_ONLY) {
            return Err(Fault::NotPermitted);
        }
        // -1 leaves what there is.
        let uid = if uid == u32::MAX { node.uid } else { uid };
        let gid = if gid == u32::MAX { node.gid } else { gid };
        let same = node.uid == who.uid && uid == who.uid && (gid == who.gid || gid == node.gid);
        if who.uid != 0 && !same {
            return Err(Fault::NotPermitted);
        }
        let is_file = !matches!(node.kind, Kind::Folder | Kind::Link(_));
        self.world.files.change(path, |node| {
            (node.uid, node.gid) = (uid, gid);
            node.detail.altered = now;
            if is_file {
                // As Linux does, lest a program runs for somebody else.
                node.mode &= if node.mode & 0o010 == 0 { !0o4000 } else { !0o6000 };
            }
        })
    }

    pub(crate) fn utimes(&mut self, path: &[u8], to: (u32, u32), last: Last) -> Result<(), Fault> {
        let path = self.find(path, last)?;
        self.utimes_at(&path, to)
    }

    pub(crate) fn utimes_at(&mut self, path: &[u8], times: (u32, u32)) -> Result<(), Fault> {
        self.owns(path)?;
        let now = self.now.0;
        self.world.files.change(path, |node| {
            (node.accessed, node.changed) = (i64::from(times.0), i64::from(times.1));
            (node.detail.accessed_ns, node.detail.changed_ns) = (0, 0);
            node.detail.altered = now;
        })
    }
}

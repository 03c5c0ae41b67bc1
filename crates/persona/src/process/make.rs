//! Making things: files, folders, devices, copies; and setting what is known of them.
//!
//! **Invariant:** file systems that the kernel fills refuse as Linux 6.1 does, each in its own way.

use crate::files::content::program;
use crate::files::mounts::System;
use crate::files::{APPEND_ONLY, Access, Fault, IMMUTABLE, Kind, Last, Node, split};
use crate::process::{Process, parent};
use std::sync::Arc;

/// What is made: some refuse one with another error than the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    File,
    Folder,
    Other,
}

/// What times are set to: nanoseconds since 1970; `None` leaves what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Now,
    To { accessed: Option<i64>, changed: Option<i64> },
}

impl Process<'_> {
    /// Whether something new may be where that path is.
    pub(super) fn may_make(&mut self, path: &[u8], making: Making) -> Result<(), Fault> {
        match self.world.files.mount(path).system {
            System::Proc => return Err(Fault::Missing),
            System::Ext4 | System::Tmpfs | System::Devtmpfs => {}
            System::Sysfs | System::Devpts | System::Other(_) => {
                self.may(parent(path), Access::Execute)?;
                let file = making == Making::File;
                return Err(if file { Fault::Denied } else { Fault::NotPermitted });
            }
        }
        self.may(parent(path), Access::Write)
    }

    /// Puts something new where the user may write.
    pub(super) fn make(
        &mut self,
        path: &[u8],
        kind: Kind,
        mut mode: u16,
        making: Making,
    ) -> Result<(), Fault> {
        self.may_make(path, making)?;
        let who = self.me.who;
        let mut gid = who.gid;
        let folder = self.node(parent(path))?;
        if folder.mode & 0o2000 != 0 {
            gid = folder.gid;
            if making == Making::Folder {
                mode |= 0o2000;
            }
        }
        self.world.files.put(path, Node::new(kind, mode, (who.uid, gid), self.now.0))?;
        self.touch(parent(path));
        Ok(())
    }

    /// A folder in which something was made or removed was changed now.
    pub(super) fn touch(&mut self, folder: &[u8]) {
        let now = self.now.0;
        // Where there is no room for that, it is not seen.
        let _ = self.world.files.change(folder, |node| node.written(now));
    }

    /// `mknod`: a device, a pipe, a socket.
    pub(crate) fn mknod(&mut self, path: &[u8], kind: Kind, mode: u16) -> Result<(), Fault> {
        let found = self.find(path, Last::Keep)?;
        if self.node(&found).is_ok() {
            return Err(Fault::Exists);
        }
        if path.ends_with(b"/") {
            return Err(Fault::Missing);
        }
        let free = matches!(
            kind,
            Kind::Special(crate::files::Special::Fifo | crate::files::Special::Socket)
        );
        self.may_make(&found, Making::Other)?;
        if !free && self.me.who.uid != 0 {
            return Err(Fault::NotPermitted);
        }
        self.make(&found, kind, mode & !self.me.umask, Making::Other)
    }

    /// Makes the second file, which is there, what the first is; both are resolved. `false` where
    /// that has to be read and written, since it is no plain file.
    pub(crate) fn copy(&mut self, from: &[u8], to: &[u8]) -> Result<bool, Fault> {
        let kind = self.node(from)?.kind.clone();
        match (&kind, &self.node(to)?.kind) {
            (Kind::File(_) | Kind::Program(_), Kind::File(_) | Kind::Program(_)) => {}
            _ => return Ok(false),
        }
        let now = self.now.0;
        let mut node = self.node(to)?.clone();
        node.kind = kind;
        node.written(now);
        self.world.files.put(to, node)?;
        self.world.files.accessed(from, now);
        Ok(true)
    }

    /// The bytes of a file for those who only want to look at it: the first ones.
    pub(crate) fn head(&mut self, path: &[u8], most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.node(path).map(|node| &node.kind) {
            Ok(Kind::File(content)) => content.read(0, most, &mut bytes),
            Ok(Kind::Program(it)) => program(it.size, 0, most, &mut bytes),
            Ok(
                Kind::Folder | Kind::Live(_) | Kind::Link(_) | Kind::Device(..) | Kind::Special(_),
            )
            | Err(_) => {}
        }
        bytes
    }

    pub(crate) fn set_times(&mut self, path: &[u8], times: Times, last: Last) -> Result<(), Fault> {
        let path = self.find(path, last)?;
        let node = self.node(&path)?;
        let (accessed, changed) = match times {
            Times::To { accessed, changed } => {
                self.owns(&path)?;
                (accessed, changed)
            }
            Times::Now => {
                if node.has(IMMUTABLE) {
                    return Err(Fault::NotPermitted);
                }
                if self.owns(&path).is_err() && !self.node(&path)?.has(APPEND_ONLY) {
                    self.may(&path, Access::Write)?;
                }
                (Some(self.now.0), Some(self.now.0))
            }
        };
        let now = self.now.0;
        self.world.files.change(&path, |node| {
            if let Some(at) = accessed {
                (node.accessed, node.detail.accessed_ns) = split(at);
            }
            if let Some(at) = changed {
                (node.changed, node.detail.changed_ns) = split(at);
            }
            node.detail.altered = now;
        })
    }

    /// What `lsattr` shows, of a resolved path. Only some file systems have that.
    pub(crate) fn flags(&mut self, path: &[u8]) -> Result<u32, Fault> {
        let node = self.node(path)?;
        match self.world.files.mount(path).system {
            System::Ext4 => {
                let extents =
                    if matches!(node.kind, Kind::File(_) | Kind::Program(_) | Kind::Folder) {
                        EXTENTS
                    } else {
                        0
                    };
                Ok(node.detail.flags | extents)
            }
            System::Tmpfs => Ok(node.detail.flags),
            System::Proc | System::Sysfs | System::Devtmpfs | System::Devpts | System::Other(_) => {
                Err(Fault::NotSupported)
            }
        }
    }

    pub(crate) fn set_flags(&mut self, path: &[u8], flags: u32) -> Result<(), Fault> {
        let node = self.node(path)?;
        let fixed = IMMUTABLE | APPEND_ONLY;
        let uid = self.me.who.uid;
        if uid != 0 && (node.uid != uid || (node.detail.flags ^ flags) & fixed != 0) {
            return Err(Fault::NotPermitted);
        }
        if self.world.files.mount(path).is_read_only() {
            return Err(Fault::ReadOnly);
        }
        let now = self.now.0;
        self.world.files.change(path, |node| {
            node.detail.flags = flags & !EXTENTS;
            node.detail.altered = now;
        })
    }

    /// Gives a file that is empty still these bytes.
    pub(crate) fn fill(&mut self, path: &[u8], bytes: &[u8]) -> Result<(), Fault> {
        let mut node = self.node(path)?.clone();
        node.kind = Kind::File(Arc::new(bytes.into()));
        self.world.files.put(path, node)
    }
}

/// Of all files of ext4.
pub(crate) const EXTENTS: u32 = 0x0008_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Direction, Me, Opening};
    use crate::testing::Bench;

    /// Asks as that user in /root.
    fn ask<R>(bench: &Bench, uid: u32, ask: impl FnOnce(&mut Process<'_>) -> R) -> R {
        let who = crate::files::Who { uid, gid: uid };
        let me = Me { cwd: b"/root", who, umask: 0o022, pid: 1, fds: None };
        bench.world.with(|world| ask(&mut Process::new(world, me, bench.now)))
    }

    const NEW: Opening = Opening { create: Some(0o666), exclusive: false, truncate: true };

    #[test]
    fn file_systems_of_the_kernel_refuse_each_in_its_way() {
        let bench = Bench::new();
        let make = |path: &[u8]| ask(&bench, 0, |p| p.mkdir(path, 0o777));
        let open = |path: &[u8]| ask(&bench, 0, |p| p.open(path, Direction::Write, NEW).map(drop));
        assert_eq!(make(b"/proc/x"), Err(Fault::Missing));
        assert_eq!(open(b"/proc/x"), Err(Fault::Missing));
        assert_eq!(make(b"/sys/x"), Err(Fault::NotPermitted));
        assert_eq!(open(b"/sys/x"), Err(Fault::Denied));
        assert_eq!(make(b"/dev/x"), Ok(()));
        assert_eq!(ask(&bench, 0, |p| p.unlink(b"/proc/cpuinfo")), Err(Fault::NotPermitted));
        assert_eq!(ask(&bench, 0, |p| p.rmdir(b"/dev/shm")), Err(Fault::Busy));
        assert_eq!(
            ask(&bench, 0, |p| p.rename(b"/dev/x", b"/tmp/x").map(drop)),
            Err(Fault::OtherDevice)
        );
    }

    #[test]
    fn several_names_are_one_file() {
        let bench = Bench::new();
        ask(&bench, 0, |p| {
            let mut a = p.open(b"a", Direction::Write, NEW).unwrap();
            p.write(&mut a, 0, b"one").unwrap();
            p.link(b"a", b"b").unwrap();
            p.write(&mut a, 3, b" two").unwrap();
            let (a, b) = (p.stat(b"a", Last::Keep).unwrap(), p.stat(b"b", Last::Keep).unwrap());
            assert_eq!((a.inode, a.links, b.size), (b.inode, 2, 7));
            p.rename(b"b", b"c").unwrap();
            p.unlink(b"a").unwrap();
            let c = p.stat(b"c", Last::Keep).unwrap();
            assert_eq!((c.inode, c.links, c.size), (a.inode, 1, 7));
            assert_eq!(p.world.files.sizes(), 7);
            p.unlink(b"c").unwrap();
            assert_eq!(p.world.files.sizes(), 0);
        });
    }

    #[test]
    fn what_must_not_change_does_not() {
        let bench = Bench::new();
        ask(&bench, 0, |p| {
            p.open(b"a", Direction::Write, NEW).unwrap();
            p.set_flags(b"/root/a", IMMUTABLE).unwrap();
            assert_eq!(p.unlink(b"a").map(drop), Err(Fault::NotPermitted));
            assert_eq!(p.open(b"a", Direction::Write, NEW).map(drop), Err(Fault::NotPermitted));
            assert_eq!(p.chmod(b"a", 0o777, Last::Keep), Err(Fault::NotPermitted));
            p.set_flags(b"/root/a", APPEND_ONLY).unwrap();
            let append = Opening { create: None, exclusive: false, truncate: false };
            assert_eq!(p.open(b"a", Direction::Write, append).map(drop), Err(Fault::NotPermitted));
            p.appends = true;
            assert!(p.open(b"a", Direction::Write, append).is_ok());
            p.set_flags(b"/root/a", 0).unwrap();
            assert!(p.unlink(b"a").is_ok());
        });
    }

    #[test]
    fn members_of_a_group_may_what_it_may() {
        let bench = Bench::new();
        ask(&bench, 0, |p| {
            p.mkdir(b"/srv/g", 0o777).unwrap();
            p.chmod(b"/srv/g", 0o770, Last::Keep).unwrap();
            // `cdrom`, in which the first user is.
            p.chown(b"/srv/g", (0, 24), Last::Keep).unwrap();
        });
        assert!(ask(&bench, 1_000, |p| p.list(b"/srv/g").is_ok()));
        assert!(ask(&bench, 33, |p| p.list(b"/srv/g").is_err()));
    }
}

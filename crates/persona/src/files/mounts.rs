//! What is mounted where: /proc/mounts, `df`, `mount`, `find -xdev` and what may be made where.
//!
//! **Invariant:** a pure function of the machine, until a session mounts or unmounts something; then
//! that session's own.

use crate::machine::Machine;
use decnet_core::limits::MOUNTS;
use std::sync::Arc;

/// A file system, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) source: Vec<u8>,
    /// Resolved: the root folder is empty.
    pub(crate) at: Vec<u8>,
    pub(crate) system: System,
    /// Options as /proc/mounts has them.
    pub(crate) options: Vec<u8>,
    /// Its size, KiB; 0 where it has none.
    pub(crate) kib: u64,
    /// `st_dev`
    pub(crate) device: u64,
}

/// What kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Ext4,
    Proc,
    Sysfs,
    Devtmpfs,
    Devpts,
    Tmpfs,
    /// One in which nothing can be made.
    Other(&'static str),
}

impl System {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Proc => "proc",
            Self::Sysfs => "sysfs",
            Self::Devtmpfs => "devtmpfs",
            Self::Devpts => "devpts",
            Self::Tmpfs => "tmpfs",
            Self::Other(name) => name,
        }
    }

    /// Whether files in it are in memory.
    pub(crate) fn is_memory(self) -> bool {
        matches!(self, Self::Tmpfs | Self::Devtmpfs)
    }
}

impl Mount {
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.split(|&b| b == b',').any(|word| word == option.as_bytes())
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.options.starts_with(b"ro,") || self.options == b"ro"
    }

    /// Its line in /proc/mounts.
    pub(crate) fn line(&self) -> Vec<u8> {
        let at: &[u8] = if self.at.is_empty() { b"/" } else { &self.at };
        let name = self.system.name().as_bytes();
        [&octal(&self.source)[..], b" ", &octal(at), b" ", name, b" ", &self.options, b" 0 0\n"]
            .concat()
    }
}

/// Blanks in names, as /proc/mounts writes them.
fn octal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &b in text {
        match b {
            b' ' | b'\t' | b'\n' | b'\\' => out.extend(format!("\\{b:03o}").bytes()),
            _ => out.push(b),
        }
    }
    out
}

/// All of them, in the order in which they were mounted.
#[derive(Clone, Debug)]
pub(crate) struct Mounts(Arc<Vec<Mount>>);

impl Mounts {
    pub(crate) fn all(&self) -> &[Mount] {
        &self.0
    }

    /// The one on which a resolved path is.
    pub(crate) fn of(&self, path: &[u8]) -> &Mount {
        static NONE: Mount = Mount {
            source: Vec::new(),
            at: Vec::new(),
            system: System::Ext4,
            options: Vec::new(),
            kib: 0,
            device: 0,
        };
        let mut best = &NONE;
        for mount in self.0.iter() {
            let inside = path.strip_prefix(mount.at.as_slice());
            if mount.at.len() >= best.at.len()
                && inside.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            {
                best = mount;
            }
        }
        best
    }

    /// The one that was mounted last at a path.
    pub(crate) fn at(&self, path: &[u8]) -> Option<&Mount> {
        self.0.iter().rev().find(|mount| mount.at == path)
    }

    /// `false` where there are too many.
    pub(crate) fn add(&mut self, mut mount: Mount) -> bool {
        if self.0.len() >= MOUNTS {
            return false;
        }
        if mount.device == 0 {
            mount.device = self.0.iter().map(|mount| mount.device & 0xff).max().unwrap_or(0) + 1;
        }
        Arc::make_mut(&mut self.0).push(mount);
        true
    }

    pub(crate) fn change(&mut self, at: &[u8], change: impl FnOnce(&mut Mount)) {
        let found = Arc::make_mut(&mut self.0).iter_mut().rev().find(|mount| mount.at == at);
        if let Some(mount) = found {
            change(mount);
        }
    }

    pub(crate) fn remove(&mut self, at: &[u8]) {
        let mounts = Arc::make_mut(&mut self.0);
        if let Some(place) = mounts.iter().rposition(|mount| mount.at == at) {
            mounts.remove(place);
        }
    }

    /// /proc/mounts
    pub(crate) fn text(&self) -> Vec<u8> {
        self.0.iter().flat_map(Mount::line).collect()
    }
}

const SECURE: &str = "rw,nosuid,nodev,noexec,relatime";

/// What systemd mounts on Debian 12, and the disk.
pub(crate) fn mounts(machine: &Machine) -> Mounts {
    let memory = machine.memory_kib;
    let (udev, run) = (memory / 2 - 20_000, memory / 10);
    let (nodes, pipe) = (udev / 4, 11_000 + machine.ids[0] % 3_000);
    let other = System::Other;
    let rows: [(&str, &str, System, String, u64); 19] = [
        ("sysfs", "/sys", System::Sysfs, SECURE.into(), 0),
        ("proc", "/proc", System::Proc, SECURE.into(), 0),
        (
            "udev",
            "/dev",
            System::Devtmpfs,
            format!("rw,nosuid,relatime,size={udev}k,nr_inodes={nodes},mode=755,inode64"),
            udev,
        ),
        (
            "devpts",
            "/dev/pts",
            System::Devpts,
            "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000".into(),
            0,
        ),
        ("tmpfs", "/run", System::Tmpfs, format!("{SECURE},size={run}k,mode=755,inode64"), run),
        ("/dev/vda1", "", System::Ext4, "rw,relatime,errors=remount-ro".into(), machine.disk_kib),
        ("securityfs", "/sys/kernel/security", other("securityfs"), SECURE.into(), 0),
        ("tmpfs", "/dev/shm", System::Tmpfs, "rw,nosuid,nodev,inode64".into(), memory / 2),
        ("tmpfs", "/run/lock", System::Tmpfs, format!("{SECURE},size=5120k,inode64"), 5_120),
        (
            "cgroup2",
            "/sys/fs/cgroup",
            other("cgroup2"),
            format!("{SECURE},nsdelegate,memory_recursiveprot"),
            0,
        ),
        ("pstore", "/sys/fs/pstore", other("pstore"), SECURE.into(), 0),
        ("bpf", "/sys/fs/bpf", other("bpf"), format!("{SECURE},mode=700"), 0),
        (
            "systemd-1",
            "/proc/sys/fs/binfmt_misc",
            other("autofs"),
            format!(
                "rw,relatime,fd=30,pgrp=1,timeout=0,minproto=5,maxproto=5,direct,pipe_ino={pipe}"
            ),
            0,
        ),
        ("hugetlbfs", "/dev/hugepages", other("hugetlbfs"), "rw,relatime,pagesize=2M".into(), 0),
        ("mqueue", "/dev/mqueue", other("mqueue"), SECURE.into(), 0),
        ("debugfs", "/sys/kernel/debug", other("debugfs"), SECURE.into(), 0),
        ("tracefs", "/sys/kernel/tracing", other("tracefs"), SECURE.into(), 0),
        ("configfs", "/sys/kernel/config", other("configfs"), SECURE.into(), 0),
        (
            "tmpfs",
            "/run/user/0",
            System::Tmpfs,
            format!("rw,nosuid,nodev,relatime,size={run}k,nr_inodes={},mode=700,inode64", run / 4),
            run,
        ),
    ];
    let mount = |(place, (source, at, system, options, kib)): (u64, _)| {
        let (source, at): (&str, &str) = (source, at);
        let options: String = options;
        // Anonymous devices have numbers from 5 on here; the disk is 254:1.
        let device = if system == System::Ext4 { 254 << 8 | 1 } else { place + 20 };
        Mount {
            source: source.into(),
            at: at.into(),
            system,
            options: options.into_bytes(),
            kib,
            device,
        }
    };
    Mounts(Arc::new((0..).zip(rows).map(mount).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_on_the_innermost_file_system() {
        let mounts = mounts(&Machine::from_seed(7));
        let at = |path: &str| {
            String::from_utf8_lossy(&mounts.of(path.as_bytes()).at.clone()).into_owned()
        };
        assert_eq!(at("/dev/shm/x"), "/dev/shm");
        assert_eq!(at("/dev/shmx"), "/dev");
        assert_eq!(at("/tmp/x"), "");
        assert_eq!(at(""), "");
        assert_eq!(at("/run/user/0"), "/run/user/0");
    }
}

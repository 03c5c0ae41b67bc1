//! `mount`, `umount`, `mountpoint`.
//!
//! **Invariant:** what was mounted when the machine started is busy.

use super::{all, bad_usage, read};
use crate::commands::{Flag, Options};
use crate::files::mounts::{Mount, System};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{BLOCK, FOLDER, shown};

const DMESG: &str = "       dmesg(1) may have more information after failed mount system call.";

const MOUNT: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'B', "bind"),
    Flag::new(b'c', "no-canonicalize"),
    Flag::new(b'f', "fake"),
    Flag::new(b'F', "fork"),
    Flag::with(b'T', "fstab"),
    Flag::new(b'i', "internal-only"),
    Flag::new(b'l', "show-labels"),
    Flag::new(b'n', "no-mtab"),
    Flag::with(b'o', "options"),
    Flag::with(b'O', "test-opts"),
    Flag::new(b'r', "read-only"),
    Flag::with(b't', "types"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'w', "rw"),
    Flag::with(b'L', "label"),
    Flag::with(b'U', "uuid"),
    Flag::new(b'M', "move"),
    Flag::new(b'R', "rbind"),
    Flag::new(128, "make-shared"),
    Flag::new(128, "make-private"),
    Flag::new(128, "make-rprivate"),
    Flag::new(128, "make-rshared"),
    Flag::new(128, "make-slave"),
    Flag::new(128, "make-rslave"),
];

pub(super) async fn mount(p: &mut Proc) -> u32 {
    let given = match read(p, MOUNT, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let kinds = given.value(b't').map(<[u8]>::to_vec);
    let options: Vec<u8> = given
        .given
        .iter()
        .filter(|(letter, _)| *letter == b'o')
        .filter_map(|(_, value)| value.clone())
        .collect::<Vec<_>>()
        .join(&b',');
    if given.has(128) || given.has(b'a') {
        return 0;
    }
    match given.rest.as_slice() {
        [] => {
            if given.has(b'o') || given.has(b'B') {
                return bad_usage(p, 1);
            }
            for mount in all(p) {
                let name = mount.system.name().as_bytes();
                let wanted = kinds
                    .as_ref()
                    .is_none_or(|kinds| kinds.split(|&b| b == b',').any(|kind| kind == name));
                if wanted {
                    let at = shown(&mount.at);
                    let parts = [&mount.source[..], b" on ", &at, b" type ", name, b" ("];
                    p.line([&parts.concat(), &mount.options[..], b")"].concat());
                }
            }
            0
        }
        [one] => {
            let one = one.clone();
            let remount = options.split(|&b| b == b',').any(|word| word == b"remount");
            let known = known(p, &one).is_some();
            if remount && known {
                return change(p, &one, &options);
            }
            if known && one == b"/" {
                let text = b": /dev/vda1 already mounted on /.";
                p.say(&[&one, text]);
                return 32;
            }
            if remount && p.stat(&one, Last::Follow).is_ok() {
                p.say(&[&one, b": mount point not mounted or bad option."]);
                p.error(DMESG);
                return 32;
            }
            if remount {
                p.say(&[&one, b": mount point does not exist."]);
                p.error(DMESG);
                return 32;
            }
            p.say(&[&one, b": can't find in /etc/fstab."]);
            1
        }
        [source, at] => {
            let bind = given.has(b'B')
                || given.has(b'R')
                || options.split(|&b| b == b',').any(|word| word == b"bind" || word == b"rbind");
            let wanted = Wanted {
                source: source.clone(),
                at: at.clone(),
                kind: kinds,
                options,
                bind,
                read_only: given.has(b'r'),
            };
            attach(p, wanted)
        }
        _ => bad_usage(p, 1),
    }
}

/// What is mounted at a path.
fn known(p: &Proc, path: &[u8]) -> Option<Mount> {
    p.fs(|process| {
        let found = process.find(path, Last::Follow).ok()?;
        process.world.files.mounts.at(&found).cloned()
    })
}

fn not_root(p: &mut Proc, at: &[u8], what: &str) -> bool {
    if p.user.uid == 0 {
        return false;
    }
    p.say(&[at, b": must be superuser to ", what.as_bytes()]);
    true
}

fn change(p: &mut Proc, at: &[u8], options: &[u8]) -> u32 {
    if not_root(p, at, "use mount.") {
        p.error(DMESG);
        return 32;
    }
    let words: Vec<Vec<u8>> = options.split(|&b| b == b',').map(<[u8]>::to_vec).collect();
    p.fs(|process| {
        let Ok(found) = process.find(at, Last::Follow) else { return };
        process.world.files.mounts.change(&found, |mount| {
            let mut now: Vec<Vec<u8>> =
                mount.options.split(|&b| b == b',').map(<[u8]>::to_vec).collect();
            for word in &words {
                let opposite: Vec<u8> = match word.as_slice() {
                    b"ro" => b"rw".to_vec(),
                    b"rw" => b"ro".to_vec(),
                    b"exec" | b"suid" | b"dev" => [b"no", word.as_slice()].concat(),
                    b"noexec" | b"nosuid" | b"nodev" => word.get(2..).unwrap_or(word).to_vec(),
                    _ => continue,
                };
                now.retain(|have| *have != opposite && have != word);
                match word.as_slice() {
                    b"ro" | b"rw" => now.insert(0, word.clone()),
                    b"noexec" | b"nosuid" | b"nodev" => now.insert(1, word.clone()),
                    _ => {}
                }
            }
            mount.options = now.join(&b',');
        });
    });
    0
}

/// Something that is to be mounted.
struct Wanted {
    source: Vec<u8>,
    at: Vec<u8>,
    kind: Option<Vec<u8>>,
    options: Vec<u8>,
    bind: bool,
    read_only: bool,
}

fn refused(p: &mut Proc, at: &[u8], parts: &[&[u8]]) -> u32 {
    p.say(&[at, b": ", &parts.concat()]);
    p.error(DMESG);
    32
}

fn attach(p: &mut Proc, wanted: Wanted) -> u32 {
    let Wanted { source, at, kind, options, bind, read_only } = wanted;
    if not_root(p, &at, "use mount.") {
        p.error(DMESG);
        return 32;
    }
    let found = p.fs(|process| {
        let found = process.find(&at, Last::Follow)?;
        process.node(&found)?;
        Ok::<_, Fault>(found)
    });
    let Ok(found) = found else { return refused(p, &at, &[b"mount point does not exist."]) };
    let there = p.stat(&source, Last::Follow);
    let access: &[u8] = if read_only { b"ro" } else { b"rw" };
    let mut all: Vec<Vec<u8>> = vec![access.to_vec()];
    let words = options.split(|&b| b == b',').filter(|word| {
        !matches!(*word, b"" | b"bind" | b"rbind" | b"rw" | b"defaults" | b"loop" | b"ro")
    });
    if options.split(|&b| b == b',').any(|word| word == b"ro") {
        all = vec![b"ro".to_vec()];
    }
    all.extend(words.map(<[u8]>::to_vec));
    if !all.iter().any(|word| word == b"relatime" || word == b"noatime") {
        all.insert(1, b"relatime".to_vec());
    }
    let folder = p.stat(&at, Last::Follow).is_ok_and(|stat| stat.is(FOLDER));
    let system = if bind {
        if there.is_err() {
            let text = [&b"special device "[..], &source, b" does not exist."].concat();
            return refused(p, &at, &[&text]);
        }
        let under = p.fs(|process| {
            let path = process.find(&source, Last::Follow).unwrap_or_default();
            process.world.files.mount(&path).clone()
        });
        let mount = Mount { at: found, ..under };
        p.world.with(|world| world.files.mounts.add(mount));
        return 0;
    } else {
        match kind.as_deref() {
            Some(b"tmpfs") => System::Tmpfs,
            Some(b"proc") => System::Proc,
            Some(b"sysfs") => System::Sysfs,
            Some(b"devpts") => System::Devpts,
            Some(b"cgroup2") => System::Other("cgroup2"),
            Some(b"debugfs") => System::Other("debugfs"),
            Some(b"ramfs") => System::Other("ramfs"),
            other => return device(p, &source, &at, other),
        }
    };
    if !folder {
        return refused(p, &at, &[b"mount point is not a directory."]);
    }
    let kib = if system == System::Tmpfs {
        let size = all.iter().find_map(|word| word.strip_prefix(b"size="));
        let size = size
            .and_then(|text| crate::commands::files::with_unit(text, false))
            .map(|size| size / 1_024);
        size.unwrap_or_else(|| p.world.with(|world| world.machine.memory_kib / 2))
    } else {
        0
    };
    if system == System::Tmpfs {
        all.push(b"inode64".to_vec());
    }
    let mount = Mount { source, at: found, system, options: all.join(&b','), kib, device: 0 };
    p.world.with(|world| world.files.mounts.add(mount));
    0
}

/// A device that is not mounted: there is none that can be.
fn device(p: &mut Proc, source: &[u8], at: &[u8], kind: Option<&[u8]>) -> u32 {
    let Ok(stat) = p.stat(source, Last::Follow) else {
        let text = [&b"special device "[..], source, b" does not exist."].concat();
        return refused(p, at, &[&text]);
    };
    if let Some(kind) = kind
        && !matches!(kind, b"ext4" | b"ext3" | b"ext2" | b"auto" | b"vfat" | b"iso9660" | b"xfs")
    {
        let text = [b"unknown filesystem type '", kind, b"'."].concat();
        return refused(p, at, &[&text]);
    }
    match (source, stat.is(BLOCK)) {
        (b"/dev/vda1", _) => {
            p.say(&[at, b": /dev/vda1 already mounted on /."]);
            32
        }
        (_, true) => {
            let text = [source, b" already mounted or mount point busy."].concat();
            refused(p, at, &[&text])
        }
        (_, false) if stat.is(FOLDER) => {
            let text = [source, b" is not a block device."].concat();
            refused(p, at, &[&text])
        }
        (_, false) => {
            let text = b"wrong fs type, bad option, bad superblock on /dev/loop0, missing codepage or helper program, or other error.";
            refused(p, at, &[text])
        }
    }
}

pub(super) async fn umount(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'a', "all"),
        Flag::new(b'A', "all-targets"),
        Flag::new(b'c', "no-canonicalize"),
        Flag::new(b'd', "detach-loop"),
        Flag::new(b'f', "force"),
        Flag::new(b'i', "internal-only"),
        Flag::new(b'l', "lazy"),
        Flag::new(b'n', "no-mtab"),
        Flag::with(b'O', "test-opts"),
        Flag::new(b'q', "quiet"),
        Flag::new(b'R', "recursive"),
        Flag::new(b'r', "read-only"),
        Flag::with(b't', "types"),
        Flag::new(b'v', "verbose"),
    ];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() && !given.has(b'a') {
        return bad_usage(p, 1);
    }
    let mut status = 0;
    for name in &given.rest {
        status |= detach(p, name, &given);
    }
    status
}

fn detach(p: &mut Proc, name: &[u8], given: &Options) -> u32 {
    let found = p.fs(|process| {
        let found = process.find(name, Last::Follow)?;
        process.node(&found)?;
        Ok::<_, Fault>(found)
    });
    let mut at = match found {
        Ok(found) => found,
        Err(_) => {
            p.say(&[name, b": no mount point specified."]);
            return 32;
        }
    };
    let source = all(p).into_iter().rev().find(|mount| mount.source == name);
    if let Some(mount) = source.filter(|_| name.starts_with(b"/dev/")) {
        at = mount.at;
    }
    if p.world.with(|world| world.files.mounts.at(&at).is_none()) {
        p.say(&[name, b": not mounted."]);
        return 32;
    }
    if not_root(p, name, "unmount.") {
        return 32;
    }
    let fixed = p.world.with(|world| {
        let started = crate::files::mounts::mounts(&world.machine);
        started.at(&at).is_some() && world.files.mounts.at(&at) == started.at(&at)
    });
    let idle = matches!(
        at.as_slice(),
        b"/sys/kernel/debug"
            | b"/sys/kernel/tracing"
            | b"/sys/kernel/config"
            | b"/sys/fs/bpf"
            | b"/sys/fs/pstore"
            | b"/dev/hugepages"
            | b"/dev/mqueue"
    );
    if at.is_empty() || fixed && !idle && !given.has(b'l') {
        p.say(&[name, b": target is busy."]);
        return 32;
    }
    p.world.with(|world| world.files.mounts.remove(&at));
    if given.has(b'v') {
        p.line([b"umount: ", name, b" unmounted"].concat());
    }
    0
}

pub(super) async fn mountpoint(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'q', "quiet"),
        Flag::new(b'd', "fs-devno"),
        Flag::new(b'x', "devno"),
        Flag::new(b'n', "nofollow"),
    ];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let [name] = given.rest.as_slice() else { return bad_usage(p, 1) };
    if let Err(fault) = p.stat(name, Last::Follow) {
        if !given.has(b'q') {
            p.say(&[name, b": ", fault.text().as_bytes()]);
        }
        return 1;
    }
    let mount = known(p, name);
    let text: &[u8] = if mount.is_some() { b" is a mountpoint" } else { b" is not a mountpoint" };
    match &mount {
        Some(mount) if given.has(b'd') => {
            p.line(format!("{}:{}", mount.device >> 8, mount.device & 0xff));
        }
        Some(_) | None if given.has(b'q') => {}
        Some(_) | None => p.line([name, text].concat()),
    }
    if mount.is_some() { 0 } else { 32 }
}

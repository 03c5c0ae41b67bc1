//! What the kernel says at the moment, and what services have written: files whose content is
//! computed when they are read, and the numbers behind them.
//!
//! **Invariant:** a number is computed in one place, whichever program or file shows it.

pub(crate) mod cpu;
pub(crate) mod kernel;
mod kernel_log;
pub(crate) mod logins;
pub(crate) mod logs;
pub(crate) mod memory;
pub(crate) mod net;
pub(crate) mod pid;
pub(crate) mod services;
pub(crate) mod tasks;

pub(crate) use kernel::disks;
pub(crate) use kernel_log::messages;
pub(crate) use memory::memory;

use crate::calendar::seconds;
use crate::files::base::documents;
use crate::files::{Kind, Last, Live, Node};
use crate::kernel::{Open, World};
use crate::machine::Dice;
use crate::process::Me;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A file of /proc/net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetFile {
    Arp,
    Dev,
    IfInet6,
    Route,
    Sockstat,
    Tcp,
    Tcp6,
    Udp,
    Udp6,
    Unix,
}

/// What is in such a file.
pub(crate) fn text(world: &World, me: Me<'_>, live: Live) -> Vec<u8> {
    let machine = &world.machine;
    match live {
        Live::Cpuinfo => cpu::info(machine).into_bytes(),
        Live::Meminfo => memory::info(world).into_bytes(),
        Live::Uptime => {
            let up = up_seconds(world);
            let part = world.now.0.rem_euclid(1_000_000_000) / 10_000_000;
            let [_, _, _, idle, ..] = cpu::times(world);
            format!("{up}.{part:02} {}.{:02}\n", idle / 100, idle % 100).into_bytes()
        }
        Live::Loadavg => {
            let [one, five, fifteen] = load(world);
            let threads: u32 = tasks::all(world).iter().map(|task| task.threads).sum();
            format!("{one} {five} {fifteen} 1/{threads} {}\n", me.pid.max(world.sshd)).into_bytes()
        }
        Live::Version => format!(
            "Linux version {} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) \
             12.2.0, GNU ld (GNU Binutils for Debian) 2.40) {}\n",
            machine.kernel, machine.kernel_version
        )
        .into_bytes(),
        Live::Mounts => world.files.mounts.text(),
        Live::Stat => cpu::stat(world).into_bytes(),
        Live::Vmstat => memory::vmstat(world).into_bytes(),
        Live::Interrupts => kernel::interrupts(world).into_bytes(),
        Live::Modules => kernel::modules(world).into_bytes(),
        Live::Diskstats => kernel::diskstats(world).into_bytes(),
        Live::Partitions => kernel::partition_text(world).into_bytes(),
        Live::Swaps => kernel::swaps(world).into_bytes(),
        Live::Net(file) => net_text(world, file).into_bytes(),
        Live::BootId => format!("{}\n", boot_id(world)).into_bytes(),
        Live::RandomUuid => {
            let what = format!("{}", world.now.0);
            format!("{}\n", machine.uuid(&what)).into_bytes()
        }
        Live::Process(pid, item) => match tasks::one(world, pid) {
            Some(task) => pid::text(world, &task, item),
            None => Vec::new(),
        },
        Live::Log(log) => logs::text(world, log),
        Live::Utmp => logins::utmp(world),
        Live::Wtmp => logins::wtmp(world),
        Live::Btmp => logins::btmp(world),
        Live::Lastlog => logins::lastlog(world),
        Live::Counter(which) => {
            let t = net::traffic(world, machine.interface);
            let ([bytes, packets], [sent, out]) = (t.received, t.sent);
            let value = match which {
                0 => bytes,
                1 => packets,
                2 => sent,
                _ => out,
            };
            format!("{value}\n").into_bytes()
        }
        Live::Document(document) => documents::text(machine, document),
    }
}

fn net_text(world: &World, file: NetFile) -> String {
    match file {
        NetFile::Arp => net::arp(world),
        NetFile::Dev => net::devices(world),
        NetFile::IfInet6 => net::addresses6(world),
        NetFile::Route => net::routes(world),
        NetFile::Sockstat => net::sockstat(world),
        NetFile::Tcp => net::table(world, true, false),
        NetFile::Tcp6 => net::table(world, true, true),
        NetFile::Udp => net::table(world, false, false),
        NetFile::Udp6 => net::table(world, false, true),
        NetFile::Unix => net::unix(world),
    }
}

/// Whether it is on the disk, and becomes a file like others when somebody writes it.
pub(crate) fn is_kept(live: Live) -> bool {
    match live {
        Live::Log(_) | Live::Utmp | Live::Wtmp | Live::Btmp | Live::Lastlog | Live::Document(_) => {
            true
        }
        Live::Cpuinfo
        | Live::Meminfo
        | Live::Uptime
        | Live::Loadavg
        | Live::Version
        | Live::Mounts
        | Live::Stat
        | Live::Vmstat
        | Live::Interrupts
        | Live::Modules
        | Live::Diskstats
        | Live::Partitions
        | Live::Swaps
        | Live::Net(_)
        | Live::BootId
        | Live::RandomUuid
        | Live::Process(..)
        | Live::Counter(_) => false,
    }
}

/// Its size, as `stat` says.
pub(crate) fn size(world: &World, me: Me<'_>, live: Live) -> u64 {
    match live {
        Live::Document(document) => documents::size(&world.machine, document),
        live if is_kept(live) => text(world, me, live).len() as u64,
        _ => 0,
    }
}

/// When something was changed that changes by itself, seconds since 1970.
pub(crate) fn times(world: &World, path: &[u8], node: &Node) -> Option<i64> {
    let now = seconds(world.now);
    let booted = world.machine.booted(world.now);
    if path.starts_with(b"/proc/") || path == b"/proc" {
        return Some(if matches!(node.kind, Kind::Folder) { booted } else { now });
    }
    if [&b"/sys/"[..], b"/dev/", b"/run/"].iter().any(|start| path.starts_with(start)) {
        return Some(node.changed.max(booted + 3));
    }
    let Kind::Live(live) = &node.kind else { return None };
    match live {
        Live::Log(log) => {
            let weeks = log.weeks();
            let (_, until) = logs::span(world, weeks);
            let since_hour = now.rem_euclid(3_600).min(240);
            Some(if weeks == 0 { now - since_hour } else { until - 60 })
        }
        Live::Wtmp | Live::Lastlog | Live::Utmp => Some(world.logged_in),
        Live::Btmp => Some(now - now.rem_euclid(700)),
        _ => None,
    }
}

/// Shows the processes that come and go below /proc, for one that looks there.
pub(crate) fn show_processes(world: &mut World, me: Me<'_>, path: &[u8]) {
    let looks = path.windows(4).any(|part| part == b"proc")
        || me.cwd.starts_with(b"/proc")
        || path.starts_with(b"/dev/")
        || path == b"/etc/mtab";
    if !looks {
        return;
    }
    let mut hasher = DefaultHasher::new();
    (me.pid, me.fds.map(|fds| fds.keys().collect::<Vec<_>>())).hash(&mut hasher);
    for (pid, entry) in &world.table {
        (pid, &entry.image.path, &entry.cwd, entry.user.uid).hash(&mut hasher);
    }
    let state = hasher.finish() | 1;
    if state == world.files.kernel_state {
        return;
    }
    let now = seconds(world.now);
    let mut tree = crate::files::Tree::new();
    for task in tasks::session(world) {
        let fds = descriptors(world, me, task.pid);
        tree.extend(pid::nodes(&task, &fds, now));
    }
    for (node, number) in tree.values_mut().zip(60_000_u64..) {
        node.detail.inode = u64::from(world.sshd) * 100 + number;
    }
    if me.pid != 0 {
        let link =
            |to: String| Node::new(Kind::Link(to.into_bytes()), 0o777, (0, 0), now * 1_000_000_000);
        tree.insert(b"/proc/self".to_vec(), link(me.pid.to_string()));
        tree.insert(b"/proc/thread-self".to_vec(), link(format!("{0}/task/{0}", me.pid)));
    }
    world.files.kernel = tree;
    world.files.kernel_state = state;
}

/// Descriptors of a process of the session and what they lead to.
fn descriptors(world: &World, me: Me<'_>, pid: u32) -> Vec<(u32, Vec<u8>)> {
    let session = |fd: u32| match world.tty.is_there() {
        true => b"/dev/pts/0".to_vec(),
        false => format!("socket:[{}]", 30_000 + u64::from(world.sshd) * 3 + u64::from(fd.min(2)))
            .into_bytes(),
    };
    match me.fds.filter(|_| pid == me.pid) {
        Some(fds) => fds
            .iter()
            .map(|(fd, open)| {
                let to = match &**open {
                    Open::Session(_) => session(*fd),
                    Open::File(_) => open.path().unwrap_or_else(|| b"/tmp/ (deleted)".to_vec()),
                    Open::Reader(_) | Open::Writer(_) => {
                        format!("pipe:[{}]", 31_000 + u64::from(world.sshd) * 3).into_bytes()
                    }
                };
                (*fd, to)
            })
            .collect(),
        None => (0..3).map(|fd| (fd, session(fd))).collect(),
    }
}

/// The host's name, which root may change.
pub(crate) fn hostname(world: &World) -> Vec<u8> {
    let text = crate::people::text(&world.files, b"/proc/sys/kernel/hostname");
    match text.trim_ascii() {
        [] => world.machine.hostname.as_bytes().to_vec(),
        name => name.to_vec(),
    }
}

/// Its identifier since the last start.
pub(crate) fn boot_id(world: &World) -> String {
    world.machine.uuid(&format!("boot {}", world.machine.booted(world.now)))
}

/// One, five and fifteen minutes, as `uptime` shows them.
pub(crate) fn load(world: &World) -> [String; 3] {
    let minute = u64::try_from(seconds(world.now) / 60).unwrap_or(0);
    [(1, 9), (5, 6), (15, 3)].map(|(span, most)| {
        let mut dice = Dice((minute / span) ^ world.machine.ids[1]);
        format!("0.{:02}", dice.below(most + 1))
    })
}

pub(crate) fn up_seconds(world: &World) -> i64 {
    seconds(world.now) - world.machine.booted(world.now)
}

/// The text of a file of the session, whoever may read it: what is computed too.
pub(crate) fn file(world: &World, me: Me<'_>, path: &[u8]) -> Option<Vec<u8>> {
    let path = world.files.resolve(&[], path, Last::Follow).ok()?;
    match &world.files.node(&path).ok()?.kind {
        Kind::File(content) => Some(content.bytes.clone()),
        Kind::Live(live) => Some(text(world, me, *live)),
        Kind::Folder | Kind::Program(_) | Kind::Link(_) | Kind::Device(..) | Kind::Special(_) => {
            None
        }
    }
}

//! Units of systemd: what they are by their files, and what they do.
//!
//! **Invariant:** a unit is a file that the session sees; which ones run is known from the start
//! and changed by what the session does.

use super::{read, text};
use crate::files::{Kind, Last};
use crate::kernel::{Proc, World};
use crate::live::tasks;

/// A unit, as far as its files say.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// With its kind: `ssh.service`.
    pub(super) name: String,
    /// Where its file is, as systemd names it.
    pub(super) path: String,
    pub(super) body: String,
}

/// Where unit files are, the first first.
pub(super) const FOLDERS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
];

impl Unit {
    /// The value of a line, the last where there are several.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values(key).pop()
    }

    pub(super) fn values(&self, key: &str) -> Vec<&str> {
        let lines = self.body.lines().filter_map(|line| line.trim().split_once('='));
        lines.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim()).collect()
    }

    pub(super) fn description(&self) -> String {
        let instance = self.name.split_once('@').map(|(_, rest)| rest.rsplit_once('.').map_or(rest, |(name, _)| name));
        let text = self.value("Description").unwrap_or(&self.name);
        text.replace("%I", instance.unwrap_or("")).replace("%i", instance.unwrap_or(""))
    }

    fn kind(&self) -> &str {
        self.name.rsplit_once('.').map_or("service", |(_, kind)| kind)
    }
}

/// The whole name: `ssh` is `ssh.service`.
pub(super) fn full(name: &str) -> String {
    const KINDS: &[&str] = &[
        "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope",
    ];
    let known = name.rsplit_once('.').is_some_and(|(_, kind)| KINDS.contains(&kind));
    if known { name.to_owned() } else { format!("{name}.service") }
}

/// The unit of a name, where there is one.
pub(super) fn find(p: &Proc, name: &str) -> Option<Unit> {
    let name = full(name);
    if name.contains('/') {
        return None;
    }
    let template = name.split_once('@').map(|(stem, rest)| {
        let kind = rest.rsplit_once('.').map_or("service", |(_, kind)| kind);
        format!("{stem}@.{kind}")
    });
    for candidate in std::iter::once(name.clone()).chain(template) {
        for folder in FOLDERS {
            let path = format!("{folder}/{candidate}");
            let found = p.world.with(|world| {
                let found = world.files.resolve(&[], path.as_bytes(), Last::Follow).ok()?;
                let node = world.files.node(&found).ok()?;
                let is_folder = matches!(node.kind, Kind::Folder);
                (!is_folder).then_some(found)
            });
            let Some(found) = found else { continue };
            let real = text(&found);
            // An alias is the unit that it leads to.
            let real_name = real.rsplit('/').next().unwrap_or_default().to_owned();
            let body = text(&read(p, &found));
            if real == "/dev/null" {
                return Some(Unit { name, path, body: String::new() });
            }
            let is_alias = real_name != candidate;
            let shown = real.strip_prefix("/usr").filter(|_| real.starts_with("/usr/lib/")).unwrap_or(&real).to_owned();
            let name = if is_alias { real_name } else { name };
            return Some(Unit { name, path: shown, body });
        }
    }
    // What the kernel and systemd make themselves.
    let made = match name.as_str() {
        "-.mount" => "Root Mount",
        "-.slice" => "Root Slice",
        "system.slice" => "System Slice",
        "init.scope" => "System and Service Manager",
        "system-getty.slice" => "Slice /system/getty",
        "system-modprobe.slice" => "Slice /system/modprobe",
        _ => return None,
    };
    Some(Unit { name, path: String::new(), body: format!("Description={made}\n") })
}

/// Units that run from the start, and the third word of their state.
pub(super) const ACTIVE: &[(&str, &str)] = &[
    ("proc-sys-fs-binfmt_misc.automount", "waiting"),
    ("-.mount", "mounted"),
    ("dev-hugepages.mount", "mounted"),
    ("dev-mqueue.mount", "mounted"),
    ("sys-fs-fuse-connections.mount", "mounted"),
    ("sys-kernel-config.mount", "mounted"),
    ("sys-kernel-debug.mount", "mounted"),
    ("sys-kernel-tracing.mount", "mounted"),
    ("systemd-ask-password-console.path", "waiting"),
    ("systemd-ask-password-wall.path", "waiting"),
    ("init.scope", "running"),
    ("apparmor.service", "exited"),
    ("console-setup.service", "exited"),
    ("cron.service", "running"),
    ("dbus.service", "running"),
    ("getty@tty1.service", "running"),
    ("ifupdown-pre.service", "exited"),
    ("keyboard-setup.service", "exited"),
    ("kmod-static-nodes.service", "exited"),
    ("modprobe@configfs.service", "dead"),
    ("networking.service", "exited"),
    ("qemu-guest-agent.service", "running"),
    ("rsyslog.service", "running"),
    ("ssh.service", "running"),
    ("systemd-binfmt.service", "exited"),
    ("systemd-journal-flush.service", "exited"),
    ("systemd-journald.service", "running"),
    ("systemd-logind.service", "running"),
    ("systemd-modules-load.service", "exited"),
    ("systemd-random-seed.service", "exited"),
    ("systemd-remount-fs.service", "exited"),
    ("systemd-sysctl.service", "exited"),
    ("systemd-sysusers.service", "exited"),
    ("systemd-timesyncd.service", "running"),
    ("systemd-tmpfiles-setup-dev.service", "exited"),
    ("systemd-tmpfiles-setup.service", "exited"),
    ("systemd-udev-trigger.service", "exited"),
    ("systemd-udevd.service", "running"),
    ("systemd-update-utmp.service", "exited"),
    ("systemd-user-sessions.service", "exited"),
    ("user-runtime-dir@0.service", "exited"),
    ("user@0.service", "running"),
    ("-.slice", "active"),
    ("system-getty.slice", "active"),
    ("system-modprobe.slice", "active"),
    ("system.slice", "active"),
    ("user.slice", "active"),
    ("dbus.socket", "running"),
    ("syslog.socket", "running"),
    ("systemd-fsckd.socket", "listening"),
    ("systemd-initctl.socket", "listening"),
    ("systemd-journald-audit.socket", "running"),
    ("systemd-journald-dev-log.socket", "running"),
    ("systemd-journald.socket", "running"),
    ("systemd-udevd-control.socket", "running"),
    ("systemd-udevd-kernel.socket", "running"),
    ("basic.target", "active"),
    ("cryptsetup.target", "active"),
    ("getty.target", "active"),
    ("graphical.target", "active"),
    ("integritysetup.target", "active"),
    ("local-fs-pre.target", "active"),
    ("local-fs.target", "active"),
    ("multi-user.target", "active"),
    ("network-online.target", "active"),
    ("network.target", "active"),
    ("nss-user-lookup.target", "active"),
    ("paths.target", "active"),
    ("remote-fs.target", "active"),
    ("slices.target", "active"),
    ("sockets.target", "active"),
    ("swap.target", "active"),
    ("sysinit.target", "active"),
    ("time-set.target", "active"),
    ("timers.target", "active"),
    ("veritysetup.target", "active"),
    ("apt-daily-upgrade.timer", "waiting"),
    ("apt-daily.timer", "waiting"),
    ("dpkg-db-backup.timer", "waiting"),
    ("e2scrub_all.timer", "waiting"),
    ("fstrim.timer", "waiting"),
    ("logrotate.timer", "waiting"),
    ("man-db.timer", "waiting"),
    ("systemd-tmpfiles-clean.timer", "waiting"),
];

/// `active` and `running`, or `inactive` and `dead`.
pub(super) fn state(world: &World, name: &str) -> (&'static str, &'static str) {
    let usual = ACTIVE.iter().find(|(known, _)| *known == name).map(|(_, sub)| *sub);
    let dead = ("inactive", "dead");
    if let Some(active) = world.units.get(name) {
        return match (active, usual) {
            (false, _) => dead,
            (true, Some(sub)) => ("active", sub),
            (true, None) => ("active", "running"),
        };
    }
    // A service whose process was ended.
    if let Some(pid) = tasks::service_pid(&world.machine, name)
        && world.ended.contains(&pid)
    {
        return ("failed", "failed");
    }
    match usual {
        Some("dead") | None => dead,
        Some(sub) => ("active", sub),
    }
}

/// What `is-enabled` says.
pub(super) fn enabled(p: &Proc, unit: &Unit, asked: &str) -> &'static str {
    let asked = full(asked);
    let own = format!("/etc/systemd/system/{asked}");
    let link = p.fs(|process| process.readlink(own.as_bytes()));
    if link.as_deref() == Ok(b"/dev/null") {
        return "masked";
    }
    if link.is_ok() && unit.name != asked {
        return "alias";
    }
    let installs = ["WantedBy", "RequiredBy", "Alias", "Also"];
    let has_install = installs.iter().any(|key| unit.value(key).is_some());
    if linked(p, &unit.name) {
        return "enabled";
    }
    if has_install { "disabled" } else { "static" }
}

/// Whether a folder of wishes has a link to it.
fn linked(p: &Proc, name: &str) -> bool {
    let base = b"/etc/systemd/system";
    let Ok((_, folders)) = p.fs(|process| process.list(base)) else { return false };
    let mut wishes = folders.into_iter().filter(|folder| folder.ends_with(b".wants") || folder.ends_with(b".requires"));
    wishes.any(|folder| {
        let path = [base.as_slice(), b"/", &folder, b"/", name.as_bytes()].concat();
        p.fs(|process| process.stat(&path, Last::Keep)).is_ok()
    })
}

/// Names of all units that have a file, sorted by kind and name.
pub(super) fn all(p: &Proc) -> Vec<String> {
    let mut names = std::collections::BTreeSet::new();
    for folder in FOLDERS {
        let Ok((_, listed)) = p.fs(|process| process.list(folder.as_bytes())) else { continue };
        for name in listed {
            let name = text(&name);
            let is_unit = name.rsplit_once('.').is_some_and(|(_, kind)| rank(kind) < usize::MAX);
            if is_unit {
                names.insert(name);
            }
        }
    }
    let mut names: Vec<String> = names.into_iter().collect();
    sort(&mut names);
    names
}

/// systemd lists kinds in this order.
fn rank(kind: &str) -> usize {
    const ORDER: &[&str] = &[
        "automount", "device", "mount", "path", "scope", "service", "slice", "socket", "swap", "target", "timer",
    ];
    ORDER.iter().position(|known| *known == kind).unwrap_or(usize::MAX)
}

pub(super) fn sort(names: &mut [String]) {
    names.sort_by_key(|name| {
        let kind = name.rsplit_once('.').map_or("service", |(_, kind)| kind);
        (rank(kind), name.clone())
    });
}

/// Whether the unit's kind has a process.
pub(super) fn is_service(unit: &Unit) -> bool {
    unit.kind() == "service"
}

//! Texts of /etc and of what is configured elsewhere.
//!
//! **Invariant:** names, addresses and identifiers in them are the machine's.

use super::{Builder, accounts, file};
use crate::files::{Kind, Live};
use crate::live::logs::Log;
use crate::machine::Machine;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static STOCK: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let all = include_str!("../../../data/texts.txt").strip_prefix("=== ").unwrap_or_default();
    all.split("\n=== ").filter_map(|part| part.split_once('\n')).collect()
});

/// Texts as packages bring them, by path. They lack the last line end.
pub(super) fn stock_texts() -> BTreeMap<&'static str, String> {
    STOCK
        .iter()
        .map(|(path, text)| {
            let is_whole = text.is_empty() || text.ends_with('\n');
            (*path, if is_whole { (*text).to_owned() } else { format!("{text}\n") })
        })
        .collect()
}

/// The kernel's command line.
pub(crate) fn command_line(machine: &Machine) -> String {
    let (kernel, disk) = (machine.kernel, machine.uuid("disk"));
    format!("BOOT_IMAGE=/boot/vmlinuz-{kernel} root=UUID={disk} ro quiet")
}

/// Puts them where they are.
pub(super) fn put(machine: &Machine, builder: &mut Builder) {
    let installed = machine.installed;
    for (path, text, mode) in accounts::texts(machine) {
        let late = if path.ends_with('-') { 500 } else { 640 };
        builder.text(path, &text, mode, installed + late);
        if mode == 0o640 {
            builder.with(path, |node| node.gid = 42);
        }
    }
    for (path, text, late) in own_texts(machine) {
        builder.text(path, &text, 0o644, installed + late);
    }
    builder.with("/etc/sudoers", |node| node.mode = 0o440);
    for (path, text) in stock_texts() {
        if !builder.tree.contains_key(path.as_bytes()) && !path.contains('%') {
            builder.text(path, &text, 0o644, 1_683_000_000);
        }
    }
    for path in ["/etc/sudoers.d", "/etc/network/interfaces.d", "/etc/apt/sources.list.d"] {
        builder.folder(path, 0o755, 1_683_000_000);
    }
    scripts(builder);
    keys(machine, builder);
    boot(machine, builder);
    logs(machine, builder);
    state(machine, builder);
}

fn own_texts(machine: &Machine) -> Vec<(&'static str, String, i64)> {
    let host = &machine.hostname;
    let disk = machine.uuid("disk");
    let mut fstab = format!(
        "# /etc/fstab: static file system information.\n#\n# Use 'blkid' to print the universally \
         unique identifier for a\n# device; this may be used with UUID= as a more robust way to \
         name devices\n# that works even if disks are added and removed. See fstab(5).\n#\n\
         # systemd generates mount units based on this file, see systemd.mount(5).\n\
         # Please run 'systemctl daemon-reload' after making changes here.\n#\n\
         # <file system> <mount point>   <type>  <options>       <dump>  <pass>\n\
         # / was on /dev/vda1 during installation\n\
         UUID={disk} /               ext4    errors=remount-ro 0       1\n"
    );
    if machine.swap_kib > 0 {
        fstab.push_str(&format!(
            "# swap was on /dev/vda5 during installation\nUUID={} none            swap    sw              0       0\n",
            machine.uuid("swap")
        ));
    }
    fstab.push_str("/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0\n");
    let interface = machine.interface;
    let mirror = ["http://deb.debian.org/debian", "http://ftp.debian.org/debian"];
    let mirror = mirror.get(usize::from(machine.ids[0] % 4 == 1)).copied().unwrap_or_default();
    let dns = [
        ["1.1.1.1", "8.8.8.8"],
        ["8.8.8.8", "8.8.4.4"],
        ["9.9.9.9", "1.1.1.1"],
        ["1.1.1.1", "1.0.0.1"],
    ];
    let [first, second] = dns
        .get(usize::try_from(machine.ids[1] % 4).unwrap_or(0))
        .copied()
        .unwrap_or(["1.1.1.1", "8.8.8.8"]);
    let sources = format!(
        "deb {mirror}/ bookworm main non-free-firmware\n\
         deb-src {mirror}/ bookworm main non-free-firmware\n\n\
         deb http://security.debian.org/debian-security bookworm-security main non-free-firmware\n\
         deb-src http://security.debian.org/debian-security bookworm-security main non-free-firmware\n\n\
         # bookworm-updates, to get updates before a point release is made;\n\
         # see https://www.debian.org/doc/manuals/debian-reference/ch02.en.html#_updates_and_backports\n\
         deb {mirror}/ bookworm-updates main non-free-firmware\n\
         deb-src {mirror}/ bookworm-updates main non-free-firmware\n"
    );
    vec![
        ("/etc/hostname", format!("{host}\n"), 60),
        (
            "/etc/hosts",
            format!(
                "127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n\n# The following lines are desirable for \
                 IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 \
                 ip6-allnodes\nff02::2 ip6-allrouters\n"
            ),
            60,
        ),
        ("/etc/debian_version", format!("{}\n", machine.debian), -86_400),
        ("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n".to_owned(), -86_400),
        ("/etc/issue.net", "Debian GNU/Linux 12\n".to_owned(), -86_400),
        ("/etc/motd", MOTD.to_owned(), 20),
        ("/etc/machine-id", format!("{}\n", machine.machine_id()), 1),
        ("/etc/resolv.conf", format!("nameserver {first}\nnameserver {second}\n"), 5_000),
        ("/etc/shells", SHELLS.to_owned(), 30),
        ("/etc/fstab", fstab, 300),
        ("/etc/timezone", "Etc/UTC\n".to_owned(), 310),
        ("/etc/adjtime", "0.0 0 0.0\n0\nUTC\n".to_owned(), 310),
        ("/etc/default/locale", "LANG=\"en_US.UTF-8\"\n".to_owned(), 312),
        ("/etc/apt/sources.list", sources, 900),
        (
            "/etc/network/interfaces",
            format!(
                "# This file describes the network interfaces available on your system\n# and how to \
                 activate them. For more information, see interfaces(5).\n\nsource \
                 /etc/network/interfaces.d/*\n\n# The loopback network interface\nauto lo\niface lo \
                 inet loopback\n\n# The primary network interface\nallow-hotplug {interface}\niface \
                 {interface} inet dhcp\n"
            ),
            330,
        ),
        ("/etc/.pwd.lock", String::new(), 30),
        ("/etc/mailname", format!("{host}\n"), 400),
        ("/etc/ld.so.cache", "glibc-ld.so.cache1.1".to_owned(), 800),
    ]
}

/// Scripts in the old style, which systemd does not use.
fn scripts(builder: &mut Builder) {
    let names: Vec<String> = super::names::NAMES
        .iter()
        .filter(|name| {
            matches!(name.folder, "/etc/init.d" | "/etc/cron.daily" | "/etc/cron.weekly")
        })
        .filter(|name| name.mode & 0o111 != 0)
        .map(super::names::Name::path)
        .collect();
    for path in names {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        if STOCK.contains_key(path.as_str()) {
            continue;
        }
        let text = if path.starts_with("/etc/init.d") {
            format!(
                "#!/bin/sh\n### BEGIN INIT INFO\n# Provides:          {name}\n# Required-Start:    \
                 $remote_fs $syslog\n# Required-Stop:     $remote_fs $syslog\n# Default-Start:     2 3 \
                 4 5\n# Default-Stop:\n# Short-Description: {name}\n### END INIT INFO\n\nset -e\n\n. \
                 /lib/lsb/init-functions\n\ncase \"$1\" in\n  start|stop|restart|reload|status)\n\t\
                 exec systemctl \"$1\" {name}\n\t;;\n  *)\n\tlog_action_msg \"Usage: /etc/init.d/{name} \
                 {{start|stop|reload|restart|status}}\"\n\texit 1\nesac\n\nexit 0\n"
            )
        } else {
            "#!/bin/sh\nset -e\n\n# Nothing to do where systemd runs the timer.\nif [ -d \
             /run/systemd/system ]; then\n  exit 0\nfi\n"
                .to_owned()
        };
        builder.with(&path, |node| node.kind = file(text.as_bytes()));
    }
}

fn keys(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed + 700;
    let host = &machine.hostname;
    for (kind, word, bits, rows) in [
        ("ecdsa", "ecdsa-sha2-nistp256", "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB", 7),
        ("ed25519", "ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAI", 5),
        ("rsa", "ssh-rsa", "AAAAB3NzaC1yc2EAAAADAQABAAABg", 36),
    ] {
        let seed = machine.dice(kind).roll();
        let length = match kind {
            "ed25519" => 43,
            "ecdsa" => 88,
            _ => 514,
        };
        let mut letters = String::new();
        let mut number = seed;
        while letters.len() < rows * 70 + length {
            number = number.wrapping_add(1);
            letters.push_str(&crate::live::logs::fingerprint(number));
        }
        let public = letters.get(..length).unwrap_or_default();
        let path = format!("/etc/ssh/ssh_host_{kind}_key");
        builder.text(
            &format!("{path}.pub"),
            &format!("{word} {bits}{public} root@{host}\n"),
            0o644,
            at,
        );
        let mut private = String::from(
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAA\n",
        );
        for row in 0..rows {
            private.push_str(
                letters.get(length + row * 70..length + row * 70 + 70).unwrap_or_default(),
            );
            private.push('\n');
        }
        private.push_str("-----END OPENSSH PRIVATE KEY-----\n");
        builder.text(&path, &private, 0o600, at);
    }
}

fn boot(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed + 200;
    builder.folder("/boot", 0o755, at);
    builder.folder("/boot/grub", 0o755, at);
    builder.folder("/boot/grub/i386-pc", 0o755, at);
    builder.folder("/boot/grub/fonts", 0o755, at);
    let built = machine.installed - 86_400 * 3;
    let noise =
        |seed, size| Kind::Live(Live::Document(super::documents::Document::Noise(seed, size)));
    builder.add("/boot/vmlinuz-%k", noise(1, 8_240_960), 0o644, built);
    builder.add(
        "/boot/System.map-%k",
        file(
            b"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
        ),
        0o600,
        built,
    );
    builder.add("/boot/config-%k", file(b"#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 Kernel Configuration\n#\nCONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0\"\nCONFIG_64BIT=y\nCONFIG_X86_64=y\nCONFIG_MODULES=y\nCONFIG_SMP=y\nCONFIG_HYPERVISOR_GUEST=y\nCONFIG_KVM_GUEST=y\nCONFIG_SECURITY_APPARMOR=y\nCONFIG_BPF_SYSCALL=y\nCONFIG_USER_NS=y\nCONFIG_EXT4_FS=m\nCONFIG_VIRTIO_BLK=m\nCONFIG_VIRTIO_NET=m\n"), 0o644, built);
    builder.add(
        "/boot/initrd.img-%k",
        noise(2, 36_700_160 + u32::try_from(machine.ids[0] % 200_000).unwrap_or(0)),
        0o644,
        at + 120,
    );
    let disk = machine.uuid("disk");
    let kernel = machine.kernel;
    builder.text(
        "/boot/grub/grub.cfg",
        &format!(
            "#\n# DO NOT EDIT THIS FILE\n#\n# It is automatically generated by grub-mkconfig using \
             templates\n# from /etc/grub.d and settings from /etc/default/grub\n#\nset default=\"0\"\n\
             menuentry 'Debian GNU/Linux' --class debian --class gnu-linux --class gnu --class os \
             $menuentry_id_option 'gnulinux-simple-{disk}' {{\n\tload_video\n\tinsmod gzio\n\tinsmod \
             part_msdos\n\tinsmod ext2\n\tsearch --no-floppy --fs-uuid --set=root {disk}\n\techo\t\
             'Loading Linux {kernel} ...'\n\tlinux\t/boot/vmlinuz-{kernel} root=UUID={disk} ro  \
             quiet\n\techo\t'Loading initial ramdisk ...'\n\tinitrd\t/boot/initrd.img-{kernel}\n}}\n"
        ),
        0o600,
        at + 150,
    );
    builder.text("/boot/grub/grubenv", "# GRUB Environment Block\n", 0o644, at);
    builder.link("/vmlinuz", "boot/vmlinuz-%k", at);
    builder.link("/initrd.img", "boot/initrd.img-%k", at);
    builder.link("/vmlinuz.old", "boot/vmlinuz-%k", at);
    builder.link("/initrd.img.old", "boot/initrd.img-%k", at);
}

fn logs(machine: &Machine, builder: &mut Builder) {
    let at = machine.settled();
    let adm = (0, 4);
    builder.folder("/var/log", 0o755, at);
    type Weekly = (&'static str, fn(u8) -> Log);
    let weekly: [Weekly; 5] = [
        ("auth.log", Log::Auth),
        ("cron.log", Log::Cron),
        ("kern.log", Log::Kern),
        ("syslog", Log::Syslog),
        ("user.log", Log::User),
    ];
    for (name, log) in weekly {
        for weeks in 0..=4 {
            let end = match weeks {
                0 => String::new(),
                1 => ".1".to_owned(),
                weeks => format!(".{weeks}.gz"),
            };
            builder.own(
                &format!("/var/log/{name}{end}"),
                Kind::Live(Live::Log(log(weeks))),
                0o640,
                at,
                adm,
            );
        }
    }
    builder.own("/var/log/wtmp", Kind::Live(Live::Wtmp), 0o664, at, (0, 43));
    builder.own("/var/log/btmp", Kind::Live(Live::Btmp), 0o660, at, (0, 43));
    builder.own("/var/log/lastlog", Kind::Live(Live::Lastlog), 0o664, at, (0, 43));
    builder.text("/var/log/faillog", "", 0o644, machine.installed);
    builder.text("/var/log/alternatives.log", "", 0o644, machine.installed + 500);
    builder.text(
        "/var/log/README",
        "You are looking for the traditional text log files in /var/log, and they are\ngone?\n",
        0o644,
        1_683_000_000,
    );
    for (path, mode) in [
        ("/var/log/apt", 0o755),
        ("/var/log/private", 0o700),
        ("/var/log/installer", 0o755),
        ("/var/log/runit", 0o755),
    ] {
        builder.folder(path, mode, machine.installed + 400);
    }
    builder.text("/var/log/apt/history.log", "", 0o644, at);
    builder.own("/var/log/apt/term.log", file(b""), 0o640, at, adm);
    builder.folder("/var/log/journal", 0o2755, machine.installed);
    builder.with("/var/log/journal", |node| node.gid = 999);
    let id = machine.machine_id();
    let journal = format!("/var/log/journal/{id}");
    builder.folder(&journal, 0o2755, at);
    builder.with(&journal, |node| node.gid = 999);
    for (name, seed, size) in
        [("system.journal", 3, 16_777_216), ("user-1000.journal", 4, 8_388_608)]
    {
        let noise = Kind::Live(Live::Document(super::documents::Document::Noise(seed, size)));
        builder.own(&format!("{journal}/{name}"), noise, 0o640, at, (0, 999));
    }
}

fn state(machine: &Machine, builder: &mut Builder) {
    let installed = machine.installed;
    for (path, mode) in [
        ("/var/backups", 0o755),
        ("/var/cache/apt", 0o755),
        ("/var/cache/apt/archives", 0o755),
        ("/var/cache/apt/archives/partial", 0o700),
        ("/var/cache/debconf", 0o755),
        ("/var/cache/man", 0o755),
        ("/var/cache/ldconfig", 0o700),
        ("/var/cache/private", 0o700),
        ("/var/lib/apt/lists", 0o755),
        ("/var/lib/apt/lists/partial", 0o700),
        ("/var/lib/apt/periodic", 0o755),
        ("/var/lib/private", 0o700),
        ("/var/lib/systemd", 0o755),
        ("/var/lib/systemd/timers", 0o755),
        ("/var/lib/systemd/coredump", 0o755),
        ("/var/lib/systemd/timesync", 0o755),
        ("/var/lib/dhcp", 0o755),
        ("/var/lib/pam", 0o755),
        ("/var/lib/vim", 0o755),
        ("/var/local", 0o2775),
        ("/var/mail", 0o2775),
        ("/var/opt", 0o755),
        ("/var/spool", 0o755),
        ("/var/spool/cron", 0o755),
        ("/var/spool/cron/crontabs", 0o1730),
        ("/var/spool/rsyslog", 0o755),
        ("/usr/local/bin", 0o755),
        ("/usr/local/sbin", 0o755),
        ("/usr/local/lib", 0o755),
        ("/usr/local/etc", 0o755),
        ("/usr/local/games", 0o755),
        ("/usr/local/include", 0o755),
        ("/usr/local/share", 0o755),
        ("/usr/local/share/man", 0o755),
        ("/usr/local/src", 0o755),
        ("/usr/games", 0o755),
        ("/usr/include", 0o755),
        ("/usr/src", 0o755),
        ("/usr/lib64", 0o755),
    ] {
        builder.folder(path, mode, installed);
    }
    builder.with("/var/spool/cron/crontabs", |node| node.gid = 105);
    builder.with("/var/mail", |node| node.gid = 8);
    builder.with("/var/local", |node| node.gid = 50);
    builder.link("/usr/local/man", "share/man", installed);
    builder.link("/var/spool/mail", "../mail", installed);
    builder.link("/var/run", "/run", installed);
    builder.link("/var/lock", "/run/lock", installed);
    builder.link(
        "/usr/lib64/ld-linux-x86-64.so.2",
        "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
        1_683_000_000,
    );
    for (name, to) in
        [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/lib64", "usr/lib64")]
    {
        builder.link(name, to, installed - 100);
    }
    builder.link("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC", installed + 310);
    builder.link("/etc/mtab", "../proc/self/mounts", installed);
    builder.text("/var/lib/systemd/random-seed", "", 0o600, installed);
    builder.text("/var/lib/logrotate/status", "logrotate state -- version 2\n", 0o644, installed);
    for name in [
        "apt.extended_states.0",
        "alternatives.tar.0",
        "dpkg.arch.0",
        "dpkg.diversions.0",
        "dpkg.statoverride.0",
    ] {
        builder.text(&format!("/var/backups/{name}"), "", 0o644, installed + 86_000);
    }
}

/// /etc/motd of Debian.
pub(crate) const MOTD: &str = "
The programs included with the Debian GNU/Linux system are free software;
the exact distribution terms for each program are described in the
individual files in /usr/share/doc/*/copyright.

Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent
permitted by applicable law.
";

const SHELLS: &str = "# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n\
/usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/bin/dash\n/usr/bin/dash\n/usr/bin/screen\n";

/// One of the texts that packages bring.
pub(super) fn stock_text(path: &str) -> String {
    let text = STOCK.get(path).copied().unwrap_or_default();
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

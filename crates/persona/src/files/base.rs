//! The files that every session finds on the machine.
//!
//! **Invariant:** made once from the machine's facts, then only read.

use crate::files::{Kind, Live, Node, Tree};
use crate::machine::{Dice, Machine};
use std::sync::Arc;

/// A folder `/`, and all below it.
pub(crate) fn tree(machine: &Machine) -> Tree {
    let installed = machine.installed;
    let mut tree = Tree::new();
    let mut add = |path: &str, kind: Kind, mode: u16, changed: i64| {
        tree.insert(path.into(), Node { kind, mode, uid: 0, gid: 0, accessed: changed, changed });
    };
    add("", Kind::Folder, 0o755, installed);
    for path in FOLDERS {
        add(path, Kind::Folder, 0o755, installed);
    }
    for (path, mode) in [
        ("/root", 0o700),
        ("/tmp", 0o1777),
        ("/var/tmp", 0o1777),
        ("/lost+found", 0o700),
        ("/root/.ssh", 0o700),
        ("/dev/shm", 0o1777),
    ] {
        add(path, Kind::Folder, mode, installed + 3_600);
    }
    for (path, to) in LINKS {
        add(path, Kind::Link((*to).into()), 0o777, installed);
    }
    for (name, _, size, changed) in crate::commands::PROGRAMS {
        let mode = if matches!(*name, "su" | "sudo" | "passwd") { 0o4755 } else { 0o755 };
        add(&format!("/usr/bin/{name}"), Kind::Program(*size), mode, *changed);
    }
    add("/usr/sbin/sshd", Kind::Program(1_385_968), 0o755, 1_738_000_000);
    add(SFTP_SERVER, Kind::Program(207_056), 0o755, 1_746_000_000);
    for (path, major, minor) in DEVICES {
        add(path, Kind::Device(*major, *minor), 0o666, installed);
    }
    for (path, live, mode) in [
        ("/etc/passwd", Live::Passwd, 0o644),
        ("/etc/group", Live::Group, 0o644),
        ("/proc/cpuinfo", Live::Cpuinfo, 0o444),
        ("/proc/meminfo", Live::Meminfo, 0o444),
        ("/proc/uptime", Live::Uptime, 0o444),
        ("/proc/loadavg", Live::Loadavg, 0o444),
        ("/proc/version", Live::Version, 0o444),
        ("/proc/mounts", Live::Mounts, 0o444),
    ] {
        add(path, Kind::Live(live), mode, installed);
    }
    for (path, text) in texts(machine) {
        let mode = match path.as_str() {
            "/etc/shadow" | "/etc/sudoers" => 0o640,
            "/root/.bash_history" | "/root/.ssh/authorized_keys" => 0o600,
            _ => 0o644,
        };
        // Packages bring most files; their dates are those of the packages.
        let ours = path.starts_with("/root") || INSTALLER.contains(&path.as_str());
        let changed = if ours { installed + 1_800 } else { 1_683_000_000 };
        add(&path, Kind::File(Arc::new(text.as_bytes().into())), mode, changed);
    }
    let home = format!("/home/{}", machine.user);
    let mut own = |path: String, kind: Kind, mode: u16| {
        let changed = installed + 900;
        let node = Node { kind, mode, uid: 1000, gid: 1000, accessed: changed, changed };
        tree.insert(path.into(), node);
    };
    own(home.clone(), Kind::Folder, 0o700);
    for (name, text) in SKELETON {
        own(format!("{home}/{name}"), Kind::File(Arc::new(text.as_bytes().into())), 0o644);
    }
    tree.entry(b"/etc/shadow".to_vec()).and_modify(|node| node.gid = 42);
    tree
}

fn texts(machine: &Machine) -> Vec<(String, String)> {
    let host = &machine.hostname;
    let mut dice = Dice(machine.ids[0] ^ machine.ids[1]);
    let day = machine.installed / 86_400;
    let [root, user] = [hash(&mut dice), hash(&mut dice)];
    let mut shadow = format!("root:{root}:{day}:0:99999:7:::\n");
    for line in PASSWD.lines().skip(1) {
        let name = line.split(':').next().unwrap_or("");
        shadow.push_str(&format!("{name}:*:{day}:0:99999:7:::\n"));
    }
    shadow.push_str(&format!("{}:{user}:{day}:0:99999:7:::\n", machine.user));
    let uuid = |dice: &mut Dice| {
        let (a, b) = (dice.roll(), dice.roll());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            0x8000 | b >> 48 & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    };
    let disk = uuid(&mut dice);
    let list: [(&str, String); 17] = [
        ("/etc/hostname", format!("{host}\n")),
        (
            "/etc/hosts",
            format!(
                "127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
            ),
        ),
        ("/etc/debian_version", format!("{}\n", machine.debian)),
        ("/etc/os-release", OS_RELEASE.to_owned()),
        ("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n".to_owned()),
        ("/etc/issue.net", "Debian GNU/Linux 12\n".to_owned()),
        ("/etc/motd", MOTD.to_owned()),
        ("/etc/machine-id", format!("{:016x}{:016x}\n", machine.ids[0], machine.ids[1])),
        ("/etc/resolv.conf", "nameserver 1.1.1.1\nnameserver 8.8.8.8\n".to_owned()),
        ("/etc/shells", SHELLS.to_owned()),
        (
            "/etc/fstab",
            format!(
                "# /etc/fstab: static file system information.\n#\n# <file system> <mount point>   <type>  <options>       <dump>  <pass>\nUUID={disk} /               ext4    errors=remount-ro 0       1\n"
            ),
        ),
        ("/etc/shadow", shadow),
        ("/etc/timezone", "Etc/UTC\n".to_owned()),
        (
            "/proc/cmdline",
            format!("BOOT_IMAGE=/boot/vmlinuz-{} root=UUID={disk} ro quiet\n", machine.kernel),
        ),
        ("/proc/sys/kernel/hostname", format!("{host}\n")),
        ("/proc/sys/kernel/osrelease", format!("{}\n", machine.kernel)),
        ("/root/.bashrc", ROOT_BASHRC.to_owned()),
    ];
    let mut all: Vec<(String, String)> =
        list.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    all.push(("/root/.profile".to_owned(), ROOT_PROFILE.to_owned()));
    all.push((
        format!("/boot/config-{}", machine.kernel),
        "#\n# Automatically generated file; DO NOT EDIT.\n".to_owned(),
    ));
    all
}

/// yescrypt, as Debian 12 sets it: 22 characters of salt, 43 of hash.
fn hash(dice: &mut Dice) -> String {
    const LETTERS: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::from("$y$j9T$");
    for place in 0..66 {
        if place == 22 {
            text.push('$');
            continue;
        }
        let index = usize::try_from(dice.below(64)).unwrap_or(0);
        text.push(char::from(LETTERS.get(index).copied().unwrap_or(b'.')));
    }
    text
}

/// The program behind the subsystem `sftp`.
pub(crate) const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

const FOLDERS: &[&str] = &[
    "/boot",
    "/dev",
    "/dev/pts",
    "/etc",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/default",
    "/etc/init.d",
    "/etc/network",
    "/etc/pam.d",
    "/etc/profile.d",
    "/etc/skel",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/sudoers.d",
    "/etc/systemd",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/proc/sys",
    "/proc/sys/kernel",
    "/run",
    "/run/lock",
    "/srv",
    "/sys",
    "/usr",
    "/usr/bin",
    "/usr/games",
    "/usr/include",
    "/usr/lib",
    "/usr/lib/openssh",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/sbin",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/backups",
    "/var/cache",
    "/var/lib",
    "/var/local",
    "/var/log",
    "/var/mail",
    "/var/opt",
    "/var/spool",
];

const LINKS: &[(&str, &str)] = &[
    ("/bin", "usr/bin"),
    ("/sbin", "usr/sbin"),
    ("/lib", "usr/lib"),
    ("/lib64", "usr/lib64"),
    ("/var/run", "/run"),
    ("/var/lock", "/run/lock"),
    ("/etc/mtab", "../proc/self/mounts"),
    ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
];

const DEVICES: &[(&str, u32, u32)] = &[
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
    ("/dev/pts/0", 136, 0),
    ("/dev/pts/ptmx", 5, 2),
];

/// Files that the installation wrote.
const INSTALLER: &[&str] = &[
    "/etc/hostname",
    "/etc/hosts",
    "/etc/machine-id",
    "/etc/resolv.conf",
    "/etc/fstab",
    "/etc/shadow",
    "/etc/timezone",
];

/// /etc/motd of Debian.
pub(crate) const MOTD: &str = "
The programs included with the Debian GNU/Linux system are free software;
the exact distribution terms for each program are described in the
individual files in /usr/share/doc/*/copyright.

Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent
permitted by applicable law.
";

const OS_RELEASE: &str = r#"PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
"#;

const SHELLS: &str = "# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n\
/usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/bin/dash\n/usr/bin/dash\n";

/// System users.
pub(crate) const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
systemd-timesync:x:997:997:systemd Time Synchronization:/:/usr/sbin/nologin
messagebus:x:100:107::/nonexistent:/usr/sbin/nologin
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
";

/// System groups; `%user%` is the user with uid 1000.
pub(crate) const GROUP: &str = "root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mail:x:8:
news:x:9:
uucp:x:10:
man:x:12:
proxy:x:13:
kmem:x:15:
dialout:x:20:
fax:x:21:
voice:x:22:
cdrom:x:24:%user%
floppy:x:25:%user%
tape:x:26:
sudo:x:27:%user%
audio:x:29:%user%
dip:x:30:%user%
www-data:x:33:
backup:x:34:
operator:x:37:
list:x:38:
irc:x:39:
src:x:40:
shadow:x:42:
utmp:x:43:
video:x:44:%user%
sasl:x:45:
plugdev:x:46:%user%
staff:x:50:
games:x:60:
users:x:100:%user%
nogroup:x:65534:
systemd-journal:x:999:
systemd-network:x:998:
systemd-timesync:x:997:
input:x:101:
kvm:x:103:
render:x:104:
crontab:x:105:
netdev:x:106:%user%
messagebus:x:107:
_ssh:x:108:
";

const ROOT_BASHRC: &str = "# ~/.bashrc: executed by bash(1) for non-login shells.

# Note: PS1 and umask are already set in /etc/profile. You should not
# need this unless you want different defaults for root.
# PS1='${debian_chroot:+($debian_chroot)}\\h:\\w\\$ '
# umask 022

# You may uncomment the following lines if you want `ls' to be colorized:
# export LS_OPTIONS='--color=auto'
# eval \"$(dircolors)\"
# alias ls='ls $LS_OPTIONS'
# alias ll='ls $LS_OPTIONS -l'
# alias l='ls $LS_OPTIONS -lA'
#
# Some more alias to avoid making mistakes:
# alias rm='rm -i'
# alias cp='cp -i'
# alias mv='mv -i'
";

const ROOT_PROFILE: &str = "# ~/.profile: executed by Bourne-compatible login shells.

if [ \"$BASH\" ]; then
  if [ -f ~/.bashrc ]; then
    . ~/.bashrc
  fi
fi

mesg n 2> /dev/null || true
";

/// What a new home has.
pub(crate) const SKELETON: &[(&str, &str)] = &[
    (
        ".bash_logout",
        "# ~/.bash_logout: executed by bash(1) when login shell exits.\n\n# when leaving the console clear the screen to increase privacy\n\nif [ \"$SHLVL\" = 1 ]; then\n    [ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q\nfi\n",
    ),
    (
        ".bashrc",
        "# ~/.bashrc: executed by bash(1) for non-login shells.\n# see /usr/share/doc/bash/examples/startup-files (in the package bash-doc)\n# for examples\n\n# If not running interactively, don't do anything\ncase $- in\n    *i*) ;;\n      *) return;;\nesac\n",
    ),
    (
        ".profile",
        "# ~/.profile: executed by the command interpreter for login shells.\n# This file is not read by bash(1), if ~/.bash_profile or ~/.bash_login\n# exists.\n\n# if running bash\nif [ -n \"$BASH_VERSION\" ]; then\n    # include .bashrc if it exists\n    if [ -f \"$HOME/.bashrc\" ]; then\n\t. \"$HOME/.bashrc\"\n    fi\nfi\n",
    ),
];

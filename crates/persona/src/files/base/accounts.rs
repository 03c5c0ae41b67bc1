//! Accounts as an installation makes them.
//!
//! **Invariant:** passwords are the machine's own: no two machines have the same.

use crate::machine::{Dice, Machine};

/// /etc/passwd, /etc/group, /etc/shadow, /etc/gshadow, and the numbers for containers.
pub(super) fn texts(machine: &Machine) -> Vec<(&'static str, String, u16)> {
    let user = machine.user;
    let mut dice = Dice(machine.ids[0] ^ machine.ids[1]);
    let day = machine.installed / 86_400;
    let [root_hash, user_hash] = [hash(&mut dice), hash(&mut dice)];
    let mut shadow = format!("root:{root_hash}:{day}:0:99999:7:::\n");
    for line in PASSWD.lines().skip(1) {
        let name = line.split(':').next().unwrap_or("");
        // Those that packages make with systemd-sysusers or adduser are locked.
        let sign = match name {
            "systemd-network" | "systemd-timesync" => "!*",
            "messagebus" | "sshd" | "uuidd" => "!",
            _ => "*",
        };
        let age = if sign == "*" { ":0:99999:7:::" } else { "::::::" };
        shadow.push_str(&format!("{name}:{sign}:{day}{age}\n"));
    }
    shadow.push_str(&format!("{user}:{user_hash}:{day}:0:99999:7:::\n"));
    let group = format!("{}{user}:x:1000:\n", GROUP.replace("%user%", user));
    let mut gshadow = String::new();
    for line in group.lines() {
        let mut fields = line.split(':');
        let name = fields.next().unwrap_or("");
        let members = fields.nth(2).unwrap_or("");
        let sign =
            if name == user || name.starts_with('_') || name == "messagebus" { "!" } else { "*" };
        gshadow.push_str(&format!("{name}:{sign}::{members}\n"));
    }
    let passwd = format!("{PASSWD}{user}:x:1000:1000:,,,:/home/{user}:/bin/bash\n");
    vec![
        ("/etc/passwd", passwd.clone(), 0o644),
        ("/etc/passwd-", passwd, 0o644),
        ("/etc/group", group.clone(), 0o644),
        ("/etc/group-", group, 0o644),
        ("/etc/shadow", shadow.clone(), 0o640),
        ("/etc/shadow-", shadow, 0o640),
        ("/etc/gshadow", gshadow.clone(), 0o640),
        ("/etc/gshadow-", gshadow, 0o640),
        ("/etc/subuid", format!("{user}:100000:65536\n"), 0o644),
        ("/etc/subgid", format!("{user}:100000:65536\n"), 0o644),
    ]
}

/// yescrypt, as Debian 12 sets it: 22 characters of salt, 43 of hash.
pub(crate) fn hash(dice: &mut Dice) -> String {
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
uuidd:x:102:109::/run/uuidd:/usr/sbin/nologin
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
uuidd:x:109:
";

//! Homes, and what people have left on the machine.
//!
//! **Invariant:** bait is made from the seed: no two machines have the same.

use super::{Builder, file, stock_text};
use crate::files::Kind;
use crate::machine::Machine;

/// What a new home has: names and texts of /etc/skel.
pub(crate) fn skeleton() -> [(&'static str, String); 3] {
    [".bash_logout", ".bashrc", ".profile"]
        .map(|name| (name, stock_text(&format!("/etc/skel/{name}"))))
}

/// Puts them where they are.
pub(super) fn put(machine: &Machine, builder: &mut Builder) {
    let installed = machine.installed;
    let settled = machine.settled();
    for (path, mode) in [
        ("/home", 0o755),
        ("/media", 0o755),
        ("/media/cdrom0", 0o755),
        ("/mnt", 0o755),
        ("/opt", 0o755),
        ("/srv", 0o755),
        ("/tmp", 0o1777),
        ("/var/tmp", 0o1777),
        ("/lost+found", 0o700),
        ("/root", 0o700),
        ("/root/.ssh", 0o700),
    ] {
        builder.folder(path, mode, installed);
    }
    builder.link("/media/cdrom", "cdrom0", installed);
    builder.with("/lost+found", |node| node.changed = installed - 200);
    builder.text(
        "/root/.bashrc",
        &stock_text("/usr/share/base-files/dot.bashrc"),
        0o644,
        1_618_000_000,
    );
    builder.text(
        "/root/.profile",
        &stock_text("/usr/share/base-files/dot.profile"),
        0o644,
        1_562_000_000,
    );
    builder.text("/root/.ssh/authorized_keys", &key(machine), 0o600, settled);
    builder.text("/root/.bash_history", &root_history(machine), 0o600, settled + 7_000);
    builder.with("/root", |node| node.changed = settled + 7_000);
    let home = format!("/home/{}", machine.user);
    let owner = (1_000, 1_000);
    builder.own(&home, Kind::Folder, 0o700, settled, owner);
    for (name, text) in skeleton() {
        builder.own(
            &format!("{home}/{name}"),
            file(text.as_bytes()),
            0o644,
            installed + 640,
            owner,
        );
    }
    builder.own(&format!("{home}/.ssh"), Kind::Folder, 0o700, settled, owner);
    builder.own(
        &format!("{home}/.ssh/authorized_keys"),
        file(key(machine).as_bytes()),
        0o600,
        settled,
        owner,
    );
    let history = user_history(machine);
    builder.own(
        &format!("{home}/.bash_history"),
        file(history.as_bytes()),
        0o600,
        settled + 9_000,
        owner,
    );
    let backup = format!("/usr/local/sbin/backup-{}", place(machine));
    builder.text(&backup, &script(machine), 0o750, settled + 3_000);
    builder.text(
        "/etc/cron.d/backup",
        &format!("# nightly\n{} 3 * * *\troot\t{backup} >/dev/null 2>&1\n", machine.ids[1] % 60),
        0o644,
        settled + 3_060,
    );
    builder.folder("/srv/backup", 0o700, settled + 3_100);
    builder.text("/root/.env", &environment(machine), 0o600, settled + 3_200);
}

/// What the machine keeps copies of.
fn place(machine: &Machine) -> &'static str {
    machine.dice("backup").one_of(&["data", "etc", "home", "srv", "db"], "data")
}

/// A word that nobody guesses.
fn secret(machine: &Machine, what: &str, length: usize) -> String {
    let text = crate::live::logs::fingerprint(machine.dice(what).roll());
    text.chars().filter(char::is_ascii_alphanumeric).take(length).collect()
}

fn key(machine: &Machine) -> String {
    let seed = machine.dice("key").roll();
    let text = crate::live::logs::fingerprint(seed ^ 1);
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{text} {}@{}\n", machine.user, desk(machine))
}

fn desk(machine: &Machine) -> &'static str {
    let names = ["laptop", "desktop", "thinkpad", "macbook", "workstation", "x1", "home"];
    machine.dice("desk").one_of(&names, "laptop")
}

fn script(machine: &Machine) -> String {
    let what = match place(machine) {
        "etc" => "/etc",
        "home" => "/home",
        "srv" | "db" => "/srv",
        _ => "/root /etc /home",
    };
    format!(
        "#!/bin/sh\n# keeps seven days\nset -e\n. /root/.env\nday=$(date +%u)\ntar -czf \
         /srv/backup/$(hostname)-$day.tar.gz {what} 2>/dev/null\nrsync -a --delete -e \"ssh -p \
         $BACKUP_PORT\" /srv/backup/ $BACKUP_USER@$BACKUP_HOST:$(hostname)/\n"
    )
}

fn environment(machine: &Machine) -> String {
    let mut dice = machine.dice("storage");
    let number = 1 + dice.below(60);
    format!(
        "BACKUP_HOST=u{}.storage-{number:02}.example.net\nBACKUP_PORT=23\nBACKUP_USER=u{}\n\
         BACKUP_PASSWORD={}\n",
        100_000 + machine.ids[0] % 200_000,
        100_000 + machine.ids[0] % 200_000,
        secret(machine, "storage password", 20)
    )
}

/// Lines of a list, from some place on.
fn some(machine: &Machine, what: &str, lines: &[&str]) -> String {
    let mut dice = machine.dice(what);
    let mut text = String::new();
    for line in lines {
        if dice.below(4) > 0 {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn root_history(machine: &Machine) -> String {
    some(
        machine,
        "root history",
        &[
            "apt update",
            "apt full-upgrade -y",
            "apt install -y sudo curl rsync screen",
            "hostnamectl",
            "ip a",
            "nano /etc/ssh/sshd_config",
            "systemctl restart ssh",
            "usermod -aG sudo user",
            "timedatectl set-timezone Etc/UTC",
            "df -h",
            "free -m",
            "nano /root/.env",
            "chmod 600 /root/.env",
            "ls -la /srv/backup",
            "systemctl status cron",
            "journalctl -u ssh -n 50",
            "last | head",
            "apt autoremove",
            "reboot",
            "uptime",
            "tail -f /var/log/syslog",
            "crontab -l",
            "ss -tlnp",
            "exit",
        ],
    )
    .replace(" user\n", &format!(" {}\n", machine.user))
}

fn user_history(machine: &Machine) -> String {
    some(
        machine,
        "user history",
        &[
            "ls",
            "sudo -i",
            "cd /srv",
            "ls -la",
            "sudo apt update && sudo apt upgrade",
            "df -h",
            "top",
            "cat /etc/os-release",
            "sudo systemctl status ssh",
            "sudo tail /var/log/auth.log",
            "screen -ls",
            "screen -r",
            "du -sh /srv/*",
            "history | tail",
            "exit",
        ],
    )
}

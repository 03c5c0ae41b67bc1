//! Names and paths that several rules of the taxonomy share.

pub(super) const ANY: &[&str] = &[];
pub(super) const READERS: &[&str] = &[
    "cat", "less", "more", "head", "tail", "grep", "egrep", "fgrep", "awk", "sed", "cut",
    "strings", "xxd", "hexdump", "base64", "nl", "tac", "vi", "vim", "nano", "cp", "zcat", "sort",
    "od",
];
pub(super) const REMOVERS: &[&str] = &["rm", "unlink", "shred", "truncate", "wipe"];
pub(super) const FETCHERS: &[&str] = &[
    "wget",
    "curl",
    "tftp",
    "ftpget",
    "ftp",
    "fetch",
    "aria2c",
    "axel",
    "lwp-download",
    "lynx",
    "sftp",
    "GET",
];
pub(super) const HISTORY: &[&str] =
    &[".bash_history", ".zsh_history", ".ash_history", ".sh_history", ".mysql_history"];
pub(super) const LOGS: &[&str] =
    &["/var/log", "/var/run/utmp", "/run/utmp", "/var/spool/mail", "wtmp", "btmp", "lastlog"];
pub(super) const CRON: &[&str] = &["/etc/cron", "/var/spool/cron", "/etc/anacrontab"];
pub(super) const SHELL_FILES: &[&str] =
    &[".bashrc", ".bash_profile", ".profile", ".zshrc", "/etc/profile", "/etc/bash.bashrc"];
pub(super) const WITHOUT_HISTORY: &[&str] =
    &["HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCONTROL"];
pub(super) const MINERS: &[&str] = &[
    "xmrig",
    "xmr-stak",
    "minerd",
    "cpuminer",
    "ccminer",
    "cnrig",
    "nbminer",
    "lolMiner",
    "t-rex",
    "xmr",
    "kinsing",
    "kdevtmpfsi",
];

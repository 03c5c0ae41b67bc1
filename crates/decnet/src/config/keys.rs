//! Every key of the configuration: what it means, what it may be, and what it is by default.
//!
//! **Invariant:** the example, the messages about wrong values and the suggestions for unknown keys
//! come from this one list; a test holds it and the types of [`super`] together.

use std::fmt::Write as _;

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its path; a list of tables is named once.
    pub(crate) path: &'static str,
    /// What it is for, as full sentences.
    pub(crate) doc: &'static str,
    /// What would be right.
    pub(crate) wants: &'static str,
    /// Its value where it is not written.
    pub(crate) value: Value,
}

/// What a key is where it is not written.
#[derive(Debug)]
pub(crate) enum Value {
    /// This, in TOML.
    Default(&'static str),
    /// Nothing; this would be one, in TOML.
    None(&'static str),
    /// A table, or a list of tables: its keys follow.
    Table,
    /// A list of tables; these are in it, each a line of TOML.
    Rows(&'static [&'static str]),
}

/// Every key, in the order of the example.
pub(crate) const KEYS: &[Key] = &[
    Key {
        path: "data",
        doc: "The folder for journal, recordings and keys. `--data` goes before it. Without either: \
              $XDG_STATE_HOME/decnet or ~/.local/state/decnet; of a system service (root, started \
              by systemd or without HOME) $STATE_DIRECTORY or /var/lib/decnet.",
        wants: "a folder, such as \"/var/lib/decnet\"",
        value: Value::None("\"/var/lib/decnet\""),
    },
    Key {
        path: "store",
        doc: "Where the journal and the rows made from it are: a file for SQLite, or a database of \
              MySQL or MariaDB. `--store` goes before it. Without either: decnet.db in the data \
              folder.",
        wants: "a file or mysql://USER:PASSWORD@HOST:PORT/DATABASE",
        value: Value::None("\"mysql://decnet:PASSWORD@127.0.0.1:3306/decnet\""),
    },
    Key {
        path: "user",
        doc: "Who to become after the ports are bound, when started by root: a user of this system. \
              Without it: decnet where there is such a user, else nobody; and where that one could \
              not reach the data folder, root without any of its capabilities. Only root can be \
              somebody else; for others the key changes nothing.",
        wants: "the name of a user of this system",
        value: Value::None("\"decnet\""),
    },
    Key {
        path: "recordings",
        doc: "Recordings of sessions (asciicast v2), in the folder `recordings` of the data folder.",
        wants: "a table: [recordings]",
        value: Value::Table,
    },
    Key {
        path: "recordings.file_mib",
        doc: "Size of one recording, MiB; what follows in that session is not recorded.",
        wants: "a whole number from 1 to 1024",
        value: Value::Default("16"),
    },
    Key {
        path: "recordings.total_mib",
        doc: "Size of all recordings, MiB; beyond it the oldest are removed.",
        wants: "a whole number from 1 to 1048576",
        value: Value::Default("4096"),
    },
    Key {
        path: "recordings.days",
        doc: "Days that a recording is kept.",
        wants: "a whole number from 1 to 36500",
        value: Value::Default("365"),
    },
    Key {
        path: "sniffer",
        doc: "The wire: what is seen of whoever reaches a decoy's address, on any port. It is watched \
              where the decoys are, and nothing is sent. Needs root or CAP_NET_RAW at the start.",
        wants: "a table: [sniffer]",
        value: Value::Table,
    },
    Key {
        path: "sniffer.enabled",
        doc: "\"auto\" watches where the program may, and says so where it may not; \"off\" does \
              not watch.",
        wants: "\"auto\" or \"off\"",
        value: Value::Default("\"auto\""),
    },
    Key {
        path: "sniffer.never",
        doc: "Networks and addresses of your own, such as that of whoever looks after this machine: \
              what the wire has of them is never recorded.",
        wants: "a list of networks, such as [\"192.0.2.0/24\", \"2001:db8::/32\"]",
        value: Value::Default("[]"),
    },
    Key {
        path: "sniffer.ring_mib",
        doc: "Memory that the kernel puts packets into until they are read, MiB. What finds no room \
              is lost, and counted.",
        wants: "a whole number from 1 to 1024",
        value: Value::Default("8"),
    },
    Key {
        path: "decky",
        doc: "A decky: one machine that does not exist, with the decoys on it. There may be several.",
        wants: "a list of tables: [[decky]]",
        value: Value::Table,
    },
    Key {
        path: "decky.name",
        doc: "Its name in journal and rows. The machine behind it and its host keys are kept under \
              this name in the data folder: another name is another machine.",
        wants: "1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit",
        value: Value::Default("\"decky-01\""),
    },
    Key {
        path: "decky.ssh",
        doc: "An SSH server with a shell behind it.",
        wants: "a table: [decky.ssh]",
        value: Value::Table,
    },
    Key {
        path: "decky.ssh.listen",
        doc: "Addresses and ports to listen on. Ports below 1024 need root or CAP_NET_BIND_SERVICE; \
              port 0 takes any free one.",
        wants: "a list of addresses with ports, such as [\"0.0.0.0:2222\", \"[::]:2222\"]",
        value: Value::Default("[\"0.0.0.0:2222\"]"),
    },
    Key {
        path: "decky.ssh.server_id",
        doc: "The identification line that clients see. Without it: that of the OpenSSH that the \
              decky's machine says it runs. The algorithms go with the line: those of Debian 12's \
              OpenSSH by its patch (+deb12u1, +deb12u3, +deb12u10 and between), of Debian 11's \
              (SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u7), of Dropbear (SSH-2.0-dropbear_2022.83); any \
              other line has those of whose it resembles most.",
        wants: "\"SSH-2.0-\" and 1 to 200 printable ASCII characters",
        value: Value::None("\"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\""),
    },
    Key {
        path: "decky.ssh.login_grace_s",
        doc: "Seconds from connecting to being logged in; then the connection is closed.",
        wants: "a whole number of seconds from 1 to 3600",
        value: Value::Default("120"),
    },
    Key {
        path: "decky.ssh.idle_s",
        doc: "Seconds without a byte from someone who is logged in; then the connection is closed.",
        wants: "a whole number of seconds from 10 to 604800",
        value: Value::Default("3600"),
    },
    Key {
        path: "decky.ssh.session_s",
        doc: "Seconds that a session may last; then the connection is closed.",
        wants: "a whole number of seconds from 10 to 2592000",
        value: Value::Default("86400"),
    },
    Key {
        path: "decky.ssh.connections_per_address",
        doc: "Connections open at once from one address; further ones are closed at once.",
        wants: "a whole number from 1 to 65535",
        value: Value::Default("64"),
    },
    Key {
        path: "decky.ssh.connections",
        doc: "Connections open at once in all; further ones are closed at once.",
        wants: "a whole number from 1 to 65535",
        value: Value::Default("4096"),
    },
    Key {
        path: "decky.ssh.auth_tries",
        doc: "Failed tries to log in, in one connection; then it is closed.",
        wants: "a whole number from 1 to 100",
        value: Value::Default("6"),
    },
    Key {
        path: "decky.ssh.changes_days",
        doc: "Days that what one address has changed on the machine (files, users, passwords) is \
              still there at its next connection; other addresses never see it. 0: as long as a \
              connection of the address is open. It does not outlast the program.",
        wants: "a whole number from 0 to 3650",
        value: Value::Default("7"),
    },
    Key {
        path: "decky.ssh.login",
        doc: "Who is let in: rules in order, the first that fits decides, and whoever fits none is \
              refused. `password` names one password. `after_tries` instead lets that user in with \
              the first new password after so many different ones of the same address were refused, \
              and from then on with that one alone: { user = \"root\", after_tries = 3 }. A `*` \
              stands for any characters. An empty password is refused always.",
        wants: "a list of rules such as { user = \"root\", password = \"123456\" }",
        value: Value::Rows(&[
            "{ user = \"root\", password = \"root\" }",
            "{ user = \"root\", password = \"123456\" }",
            "{ user = \"admin\", password = \"admin\" }",
            "{ user = \"ubuntu\", password = \"ubuntu\" }",
        ]),
    },
    Key {
        path: "decky.ssh.login.user",
        doc: "",
        wants: "a user name, in which * stands for any characters",
        value: Value::Default(""),
    },
    Key {
        path: "decky.ssh.login.password",
        doc: "",
        wants: "a password, in which * stands for any characters",
        value: Value::Default(""),
    },
    Key {
        path: "decky.ssh.login.after_tries",
        doc: "",
        wants: "a whole number from 1 to 1000",
        value: Value::Default(""),
    },
];

/// The key of that path.
pub(crate) fn key(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Names of the keys right under the table of that path.
pub(crate) fn under(table: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(move |key| {
        let (parent, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        (parent == table).then_some(name)
    })
}

/// The name that was probably meant by `name` in the table of that path.
pub(crate) fn nearest(table: &str, name: &str) -> Option<&'static str> {
    let scored = under(table).map(|known| (strsim::jaro_winkler(known, name), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.75).then_some(best.1)
}

/// The example configuration: every key with its default. Keys without one are comments.
pub(crate) fn example() -> String {
    let mut text = comment(
        "Configuration of decnet. Every key may be left out; what is written here without a # in \
         front is the default.",
    );
    for key in KEYS {
        let (table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if key.doc.is_empty() {
            continue;
        }
        text.push('\n');
        text.push_str(&comment(key.doc));
        match key.value {
            Value::Default(value) => {
                let _ = writeln!(text, "{name} = {value}");
            }
            Value::None(value) => {
                let _ = writeln!(text, "#{name} = {value}");
            }
            Value::Table if table.is_empty() && key.path == "decky" => {
                let _ = writeln!(text, "[[{}]]", key.path);
            }
            Value::Table => {
                let _ = writeln!(text, "[{}]", key.path);
            }
            Value::Rows(rows) => {
                let _ = writeln!(text, "{name} = [");
                for row in rows {
                    let _ = writeln!(text, "  {row},");
                }
                text.push_str("]\n");
            }
        }
    }
    text
}

fn comment(doc: &str) -> String {
    let mut text = String::new();
    for line in crate::show::table::wrap(doc, Some(90)) {
        let _ = writeln!(text, "# {line}");
    }
    text
}

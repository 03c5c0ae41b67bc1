//! The commands of a line: names, arguments, and where what they write goes.
//!
//! Words are as typed, without their quotes; what would be expanded stays as it is written
//! (`$HOME`, `$(…)`), since only the machine knew what it became. Where a line is no script, its
//! words are what stands between blanks.
//!
//! **Invariant:** bounded by `limits.rs`: the commands of a line beyond the cap are not there.

use crate::limits;
use crate::profile::taxonomy::base_name;
use crate::shell::command::{Invocation, commands};
use crate::shell::tree::Script;

/// The commands of a script, with the files that they write to by their arguments.
pub(super) fn invocations(script: &Script) -> Vec<Invocation> {
    let mut found = commands(script);
    found.iter_mut().for_each(Invocation::writes);
    found
}

/// The one command of a line that is no script.
pub(super) fn raw(line: &[u8]) -> Vec<Invocation> {
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .take(limits::COMMAND_WORDS)
        .map(<[u8]>::to_vec);
    let name = words.next();
    let words = words.collect();
    name.map(|name| Invocation { name, words, ..Invocation::default() }).into_iter().collect()
}

impl Invocation {
    /// What this command runs with another one's name before it: `sudo`, `env`, `busybox`.
    pub(super) fn inner(&self) -> Option<Self> {
        let name = base_name(&self.name);
        let (_, valued, skipped) =
            WRAPPERS.iter().find(|(wrapper, _, _)| wrapper.as_bytes() == name)?;
        let mut words = self.words.iter();
        let mut skipped = *skipped;
        let inner = loop {
            let word = words.next()?;
            if let Some(letters) = word.strip_prefix(b"-").filter(|letters| !letters.is_empty()) {
                let takes = !letters.starts_with(b"-")
                    && letters.last().is_some_and(|last| valued.as_bytes().contains(last));
                if takes {
                    words.next()?;
                }
            } else if is_assignment(word) {
            } else if skipped > 0 {
                skipped -= 1;
            } else {
                break word.clone();
            }
        };
        Some(Self { name: inner, words: words.cloned().collect(), ..self.clone() })
    }

    /// The text that this command is given to run: `sh -c TEXT`.
    pub(super) fn script(&self) -> Option<&[u8]> {
        let is_shell = SHELLS.iter().any(|shell| shell.as_bytes() == base_name(&self.name));
        let at = self.words.iter().position(|word| {
            word.starts_with(b"-") && !word.starts_with(b"--") && word.ends_with(b"c")
        });
        at.filter(|_| is_shell).and_then(|at| self.words.get(at + 1)).map(Vec::as_slice)
    }
}

fn is_assignment(word: &[u8]) -> bool {
    let name = word.split(|&byte| byte == b'=').next().unwrap_or_default();
    name.len() < word.len()
        && name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

impl Invocation {
    /// Adds the files that a command writes to by its arguments.
    fn writes(&mut self) {
        let inner = self.inner();
        let real = inner.as_ref().unwrap_or(self);
        let targets: Vec<Vec<u8>> = match base_name(&real.name) {
            b"tee" => real.words.iter().filter(|word| !word.starts_with(b"-")).cloned().collect(),
            b"dd" => real
                .words
                .iter()
                .filter_map(|word| word.strip_prefix(b"of="))
                .map(Into::into)
                .collect(),
            _ => Vec::new(),
        };
        self.targets.extend(targets);
    }
}

/// Commands that run another one: the letters of theirs that take a value, and how many operands of
/// their own stand before its name.
const WRAPPERS: &[(&str, &str, u8)] = &[
    ("sudo", "ugpChrtURTD", 0),
    ("doas", "uC", 0),
    ("env", "uCS", 0),
    ("nohup", "", 0),
    ("nice", "n", 0),
    ("ionice", "cnp", 0),
    ("setsid", "", 0),
    ("stdbuf", "ioe", 0),
    ("time", "fo", 0),
    ("timeout", "sk", 1),
    ("command", "", 0),
    ("builtin", "", 0),
    ("exec", "a", 0),
    ("busybox", "", 0),
    ("xargs", "nIPdaLsE", 0),
    ("watch", "n", 0),
    ("chroot", "", 1),
    ("unshare", "", 0),
    ("proxychains", "f", 0),
    ("proxychains4", "f", 0),
    ("torsocks", "", 0),
    ("sshpass", "pfde", 0),
];

const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh"];

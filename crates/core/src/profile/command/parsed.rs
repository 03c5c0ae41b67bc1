//! The commands of a line: names, arguments, and where what they write goes.
//!
//! Words are as typed, without their quotes; what would be expanded stays as it is written
//! (`$HOME`, `$(…)`), since only the machine knew what it became. Where a line is no script, its
//! words are what stands between blanks.
//!
//! **Invariant:** bounded by `limits.rs`: the commands of a line beyond the cap are not there.

use crate::limits;
use crate::profile::taxonomy::base_name;
use crate::shell::command::text;
use crate::shell::tree::{
    Argument, Assignment, Command, CommandKind, Item, Part, Pipeline, Redirect, RedirectKind,
    Script, Value, Word,
};

/// One command of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Invocation {
    /// Its name as typed; never empty.
    pub(super) name: Vec<u8>,
    pub(super) words: Vec<Vec<u8>>,
    /// Files that it is written to.
    pub(super) targets: Vec<Vec<u8>>,
    /// Here-documents and here-strings.
    pub(super) given: Vec<u8>,
    /// Which command of the line its input comes from.
    pub(super) reads: Option<usize>,
}

/// The commands of a script in the order in which they are written; those inside of a word behind
/// the command that has the word.
pub(super) fn invocations(script: &Script) -> Vec<Invocation> {
    let mut walk = Walk { found: Vec::new(), outer: Vec::new() };
    walk.script(script);
    walk.found
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

struct Walk<'a> {
    found: Vec<Invocation>,
    /// Redirections of the groups around, the innermost last.
    outer: Vec<&'a Redirect>,
}

impl<'a> Walk<'a> {
    fn script(&mut self, script: &'a Script) {
        script.items.iter().for_each(|item| self.item(item));
    }

    fn item(&mut self, item: &'a Item) {
        self.pipeline(&item.first);
        item.rest.iter().for_each(|(_, pipeline)| self.pipeline(pipeline));
    }

    fn pipeline(&mut self, pipeline: &'a Pipeline) {
        let mut reads = None;
        for command in &pipeline.commands {
            let first = self.found.len();
            self.command(command);
            if let Some(found) = self.found.get_mut(first) {
                found.reads = reads;
                reads = Some(first);
            } else {
                reads = None;
            }
        }
    }

    fn command(&mut self, command: &'a Command) {
        if self.found.len() >= limits::COMMAND_INVOCATIONS {
            return;
        }
        let around = self.outer.len();
        self.outer.extend(&command.redirects);
        match &command.kind {
            CommandKind::Simple { assignments, words } => self.simple(assignments, words),
            CommandKind::Group(script) => self.script(script),
            CommandKind::Subshell(script) => self.script(script),
            CommandKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.script(condition);
                    self.script(body);
                }
                otherwise.iter().for_each(|body| self.script(body));
            }
            CommandKind::Loop { until: _, condition, body } => {
                self.script(condition);
                self.script(body);
            }
            CommandKind::For { name: _, words, body }
            | CommandKind::Select { name: _, words, body } => {
                words.iter().flatten().for_each(|word| self.word(word));
                self.script(body);
            }
            CommandKind::ForArithmetic { parts, body } => {
                parts.iter().for_each(|word| self.word(word));
                self.script(body);
            }
            CommandKind::Case { word, arms } => {
                self.word(word);
                arms.iter().for_each(|arm| self.script(&arm.body));
            }
            CommandKind::Function { name: _, body } | CommandKind::Coproc { name: _, body } => {
                self.command(body);
            }
            CommandKind::Arithmetic(word) => self.word(word),
            CommandKind::Condition(_) => {}
        }
        self.outer.truncate(around);
    }

    fn simple(&mut self, assignments: &'a [Assignment], words: &'a [Argument]) {
        let mut shown = words.iter().take(limits::COMMAND_WORDS).map(argument);
        let mut targets = Vec::new();
        let mut given = Vec::new();
        for redirect in &self.outer {
            match &redirect.kind {
                RedirectKind::Write(word)
                | RedirectKind::Clobber(word)
                | RedirectKind::Append(word)
                | RedirectKind::ReadWrite(word)
                | RedirectKind::WriteBoth(word)
                | RedirectKind::AppendBoth(word) => targets.push(text(word)),
                RedirectKind::HereDoc(word) | RedirectKind::HereString(word) => {
                    given.extend(text(word));
                    given.push(b'\n');
                }
                RedirectKind::Read(_) | RedirectKind::DupIn(_) | RedirectKind::DupOut(_) => {}
            }
        }
        if let Some(name) = shown.next().filter(|name| !name.is_empty()) {
            let words: Vec<Vec<u8>> = shown.collect();
            let mut found = Invocation { name, words, targets, given, reads: None };
            found.writes();
            self.found.push(found);
        } else if words.is_empty() && !targets.is_empty() {
            // `> file`: what empties it is the redirection alone.
            let name = b">".to_vec();
            self.found.push(Invocation { name, targets, given, ..Invocation::default() });
        }
        for assignment in assignments {
            match &assignment.value {
                Value::Scalar(word) => self.word(word),
                Value::Array(words) => words.iter().for_each(|(_, word)| self.word(word)),
            }
        }
        for argument in words {
            match argument {
                Argument::Word(word) => self.word(word),
                Argument::Assignment(_) => {}
            }
        }
    }

    /// Commands inside of a word.
    fn word(&mut self, word: &'a Word) {
        word.0.iter().for_each(|part| self.part(part));
    }

    fn part(&mut self, part: &'a Part) {
        match part {
            Part::Double(parts) => parts.iter().for_each(|part| self.part(part)),
            Part::Command(script) | Part::Process { out: _, script } => {
                let outer = std::mem::take(&mut self.outer);
                self.script(script);
                self.outer = outer;
            }
            Part::Literal(_)
            | Part::Quoted(_)
            | Part::Parameter(_)
            | Part::Arithmetic(_)
            | Part::Broken { .. } => {}
        }
    }
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

fn argument(argument: &Argument) -> Vec<u8> {
    match argument {
        Argument::Word(word) => text(word),
        Argument::Assignment(assignment) => match &assignment.value {
            Value::Scalar(word) => [assignment.name.as_slice(), b"=", &text(word)].concat(),
            Value::Array(_) => [assignment.name.as_slice(), b"=()"].concat(),
        },
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

//! What a script would run: every simple command in it, wherever it stands, with the files that its
//! output goes to.
//!
//! **Invariant:** a pure view; nothing is expanded, and no command is left out but beyond the caps.

use crate::limits;
use crate::shell::print;
use crate::shell::tree::{
    Argument, Assignment, Command, CommandKind, Condition, Item, Operation, Parameter, Part,
    Pipeline, Redirect, RedirectKind, Script, Value, Word,
};

/// A simple command. Words are as typed, without their quotes; what would be expanded stays as it is
/// written (`$HOME`, `$(…)`), since only the machine knows what it became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Its name as typed; never empty. `>` for a redirection without a command.
    pub name: Vec<u8>,
    /// What stands behind the name.
    pub words: Vec<Vec<u8>>,
    /// Files that its output is redirected to, by the groups around it too.
    pub targets: Vec<Vec<u8>>,
    /// Here-documents and here-strings.
    pub given: Vec<u8>,
    /// Which command of the script its input comes from.
    pub reads: Option<usize>,
}

/// Every simple command of a script, in the order of the text; those inside of a word behind the
/// command that has the word. The first [`limits::COMMAND_INVOCATIONS`] of them.
#[must_use]
pub fn commands(script: &Script) -> Vec<Invocation> {
    let mut walk = Walk { found: Vec::new(), outer: Vec::new() };
    walk.script(script);
    walk.found.truncate(limits::COMMAND_INVOCATIONS);
    walk.found
}

/// A word without its quotes, with its expansions as they were written.
#[must_use]
pub fn text(word: &Word) -> Vec<u8> {
    let mut out = Vec::new();
    parts_text(&word.0, &mut out);
    out
}

fn parts_text(parts: &[Part], out: &mut Vec<u8>) {
    for part in parts {
        match part {
            Part::Literal(text) | Part::Quoted(text) => out.extend_from_slice(text),
            Part::Double(parts) => parts_text(parts, out),
            Part::Parameter(_)
            | Part::Command(_)
            | Part::Arithmetic(_)
            | Part::Broken { .. }
            | Part::Process { .. } => out.extend(print::part(part)),
        }
    }
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
                for arm in arms {
                    arm.patterns.iter().for_each(|word| self.word(word));
                    self.script(&arm.body);
                }
            }
            CommandKind::Function { name: _, body } | CommandKind::Coproc { name: _, body } => {
                self.command(body);
            }
            CommandKind::Arithmetic(word) => self.word(word),
            CommandKind::Condition(condition) => self.condition(condition),
        }
        self.outer.truncate(around);
        command.redirects.iter().for_each(|redirect| self.redirect(redirect));
    }

    /// Commands inside of the word of a redirection.
    fn redirect(&mut self, redirect: &'a Redirect) {
        match &redirect.kind {
            RedirectKind::Read(word)
            | RedirectKind::Write(word)
            | RedirectKind::Clobber(word)
            | RedirectKind::Append(word)
            | RedirectKind::ReadWrite(word)
            | RedirectKind::WriteBoth(word)
            | RedirectKind::AppendBoth(word)
            | RedirectKind::DupIn(word)
            | RedirectKind::DupOut(word)
            | RedirectKind::HereDoc(word)
            | RedirectKind::HereString(word) => self.word(word),
        }
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
            let words = shown.collect();
            self.found.push(Invocation { name, words, targets, given, reads: None });
        } else if words.is_empty() && !targets.is_empty() {
            // `> file`: what empties it is the redirection alone.
            let name = b">".to_vec();
            self.found.push(Invocation { name, targets, given, ..Invocation::default() });
        }
        assignments.iter().for_each(|assignment| self.assignment(assignment));
        for argument in words {
            match argument {
                Argument::Word(word) => self.word(word),
                Argument::Assignment(assignment) => self.assignment(assignment),
            }
        }
    }

    fn assignment(&mut self, assignment: &'a Assignment) {
        assignment.index.iter().for_each(|word| self.word(word));
        match &assignment.value {
            Value::Scalar(word) => self.word(word),
            Value::Array(elements) => {
                for (index, word) in elements {
                    index.iter().for_each(|word| self.word(word));
                    self.word(word);
                }
            }
        }
    }

    fn condition(&mut self, condition: &'a Condition) {
        match condition {
            Condition::Word(word) | Condition::Unary(_, word) => self.word(word),
            Condition::Binary(left, _, right) => {
                self.word(left);
                self.word(right);
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::And(left, right) | Condition::Or(left, right) => {
                self.condition(left);
                self.condition(right);
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
            Part::Parameter(parameter) => self.parameter(parameter),
            Part::Arithmetic(word) => self.word(word),
            Part::Literal(_) | Part::Quoted(_) | Part::Broken { .. } => {}
        }
    }

    fn parameter(&mut self, parameter: &'a Parameter) {
        parameter.index.iter().for_each(|word| self.word(word));
        match &parameter.operation {
            Operation::Value
            | Operation::Length
            | Operation::Names { .. }
            | Operation::Keys { .. }
            | Operation::Transform(_)
            | Operation::Bad(_) => {}
            Operation::Default { word, .. }
            | Operation::Assign { word, .. }
            | Operation::Error { word, .. }
            | Operation::Alternative { word, .. } => self.word(word),
            Operation::Trim { pattern, .. } | Operation::Case { pattern, .. } => self.word(pattern),
            Operation::Slice { offset, length } => {
                self.word(offset);
                length.iter().for_each(|word| self.word(word));
            }
            Operation::Replace { pattern, with, .. } => {
                self.word(pattern);
                self.word(with);
            }
        }
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

//! What a script would run: every simple command in it, wherever it stands.
//!
//! **Invariant:** a pure view; nothing is expanded, and no command is left out.

use crate::shell::print;
use crate::shell::tree::{
    Argument, Assignment, CaseArm, Command, CommandKind, Condition, Item, Operation, Parameter,
    Part, Pipeline, Redirect, RedirectKind, Script, Value, Word,
};

/// A simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What is run, as typed: the first word, empty where there are only assignments or redirections.
    pub name: Vec<u8>,
    /// All of its words, the first too. Quotes are gone; expansions are as they were written.
    pub words: Vec<Vec<u8>>,
}

/// Every simple command of a script, in the order of the text; one in a substitution comes before the
/// command whose word it is part of.
#[must_use]
pub fn commands(script: &Script) -> Vec<Invocation> {
    let mut found = Found(Vec::new());
    found.script(script);
    found.0
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

struct Found(Vec<Invocation>);

impl Found {
    fn script(&mut self, script: &Script) {
        for Item { first, rest, .. } in &script.items {
            self.pipeline(first);
            rest.iter().for_each(|(_, pipeline)| self.pipeline(pipeline));
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        pipeline.commands.iter().for_each(|command| self.command(command));
    }

    fn command(&mut self, command: &Command) {
        match &command.kind {
            CommandKind::Simple { assignments, words } => {
                assignments.iter().for_each(|assignment| self.assignment(assignment));
                words.iter().for_each(|word| self.argument(word));
                self.redirects(&command.redirects);
                let words: Vec<_> = words.iter().map(argument_text).collect();
                let name = words.first().cloned().unwrap_or_default();
                if !name.is_empty() || !words.is_empty() {
                    self.0.push(Invocation { name, words });
                }
                return;
            }
            CommandKind::Group(script) => self.script(script),
            CommandKind::Subshell(script) => self.script(script),
            CommandKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.script(condition);
                    self.script(body);
                }
                otherwise.iter().for_each(|body| self.script(body));
            }
            CommandKind::Loop { condition, body, .. } => {
                self.script(condition);
                self.script(body);
            }
            CommandKind::For { words, body, .. } | CommandKind::Select { words, body, .. } => {
                words.iter().flatten().for_each(|word| self.word(word));
                self.script(body);
            }
            CommandKind::ForArithmetic { parts, body } => {
                parts.iter().for_each(|word| self.word(word));
                self.script(body);
            }
            CommandKind::Case { word, arms } => {
                self.word(word);
                for CaseArm { patterns, body, .. } in arms {
                    patterns.iter().for_each(|word| self.word(word));
                    self.script(body);
                }
            }
            CommandKind::Function { body, .. } | CommandKind::Coproc { body, .. } => {
                self.command(body);
            }
            CommandKind::Arithmetic(word) => self.word(word),
            CommandKind::Condition(condition) => self.condition(condition),
        }
        self.redirects(&command.redirects);
    }

    fn redirects(&mut self, redirects: &[Redirect]) {
        for redirect in redirects {
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
    }

    fn argument(&mut self, argument: &Argument) {
        match argument {
            Argument::Word(word) => self.word(word),
            Argument::Assignment(assignment) => self.assignment(assignment),
        }
    }

    fn assignment(&mut self, assignment: &Assignment) {
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

    fn condition(&mut self, condition: &Condition) {
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

    fn word(&mut self, word: &Word) {
        self.parts(&word.0);
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Literal(_) | Part::Quoted(_) | Part::Broken { .. } => {}
                Part::Double(parts) => self.parts(parts),
                Part::Parameter(parameter) => self.parameter(parameter),
                Part::Command(script) | Part::Process { script, .. } => self.script(script),
                Part::Arithmetic(word) => self.word(word),
            }
        }
    }

    fn parameter(&mut self, parameter: &Parameter) {
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

fn argument_text(argument: &Argument) -> Vec<u8> {
    match argument {
        Argument::Word(word) => text(word),
        Argument::Assignment(assignment) => print::assignment(assignment),
    }
}

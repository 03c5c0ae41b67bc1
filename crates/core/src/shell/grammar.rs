//! Lists, pipelines and simple commands.
//!
//! **Invariant:** a token that does not fit stays what comes next, until somebody complains of it.

use std::sync::Arc;

use crate::shell::parser::{Lexed, Parsed, Parser, Place, Token};
use crate::shell::tree::{
    Argument, Assignment, Command, CommandKind, Item, Joint, Part, Pipeline, Redirect,
    RedirectKind, Script, Time, Value, Word,
};
use crate::shell::word::append;

/// Words that end a list where a command could begin.
const CLOSERS: &[&[u8]] = &[b"then", b"do", b"done", b"fi", b"elif", b"else", b"esac", b"}"];
/// Builtins whose arguments may be arrays.
const DECLARERS: &[&[u8]] =
    &[b"alias", b"declare", b"eval", b"export", b"local", b"readonly", b"typeset"];

impl Parser<'_> {
    /// Reads one line's list; nothing at the end of the text.
    pub(super) fn line_once(&mut self) -> Parsed<Option<Script>> {
        self.newlines(Place::Command)?;
        if matches!(self.peek(Place::Command)?, Token::End) {
            return Ok(None);
        }
        let mut items = Vec::new();
        loop {
            let mut item = self.item()?;
            let ended = match self.peek(Place::Command)? {
                Token::Op("&") => {
                    item.background = true;
                    false
                }
                Token::Op(";") => false,
                Token::Op("newline") | Token::End => true,
                Token::Op(_) | Token::Word(_) | Token::Number(_) | Token::Variable(_) => {
                    return self.unexpected(Place::Command);
                }
            };
            self.ahead = None;
            items.push(item);
            if ended
                || self.eat("newline", Place::Command)?
                || matches!(self.peek(Place::Command)?, Token::End)
            {
                return Ok(Some(Script { items }));
            }
        }
    }

    /// Reads lists until a `)`, and takes it.
    pub(super) fn until_close(&mut self) -> Parsed<Script> {
        let mut items = Vec::new();
        loop {
            self.newlines(Place::Command)?;
            if self.eat(")", Place::Command)? {
                return Ok(Script { items });
            }
            let mut item = self.item()?;
            match self.peek(Place::Command)? {
                Token::Op("&") => {
                    item.background = true;
                    self.ahead = None;
                }
                Token::Op(";" | "newline") => self.ahead = None,
                Token::Op(")") => {}
                Token::Op(_)
                | Token::Word(_)
                | Token::Number(_)
                | Token::Variable(_)
                | Token::End => return self.unexpected(Place::Command),
            }
            items.push(item);
        }
    }

    /// Reads lists until something that cannot begin another; there must be one.
    pub(super) fn script(&mut self) -> Parsed<Script> {
        let mut items = Vec::new();
        self.newlines(Place::Command)?;
        loop {
            let mut item = self.item()?;
            let more = match self.peek(Place::Command)? {
                Token::Op("&") => {
                    item.background = true;
                    true
                }
                Token::Op(";" | "newline") => true,
                Token::Op(_)
                | Token::Word(_)
                | Token::Number(_)
                | Token::Variable(_)
                | Token::End => false,
            };
            items.push(item);
            if !more {
                return Ok(Script { items });
            }
            self.ahead = None;
            self.newlines(Place::Command)?;
            if self.at_closer()? {
                return Ok(Script { items });
            }
        }
    }

    /// Whether what comes next ends a list.
    pub(super) fn at_closer(&mut self) -> Parsed<bool> {
        Ok(match self.peek(Place::Command)? {
            Token::Op(")" | ";;" | ";&" | ";;&") => true,
            Token::Word(lexed) => lexed.plain().is_some_and(|word| CLOSERS.contains(&word)),
            Token::Op(_) | Token::Number(_) | Token::Variable(_) | Token::End => false,
        })
    }

    /// Reads pipelines joined by `&&` and `||`.
    fn item(&mut self) -> Parsed<Item> {
        self.peek(Place::Command)?;
        let mark = self.token_mark;
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let joint = if self.eat("&&", Place::Command)? {
                Joint::And
            } else if self.eat("||", Place::Command)? {
                Joint::Or
            } else {
                break;
            };
            self.newlines(Place::Command)?;
            rest.push((joint, self.pipeline()?));
        }
        Ok(Item { first, rest, background: false, text: self.written(mark) })
    }

    /// The text from a mark to the token that comes next.
    fn written(&mut self, mark: usize) -> Arc<[u8]> {
        let length = self.token_mark.saturating_sub(mark);
        self.input.pay(length);
        let text = self.input.since(mark);
        text.get(..length).unwrap_or(text).trim_ascii_end().into()
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut pipeline = Pipeline { negated: false, timed: None, commands: Vec::new() };
        if self.prefixes(&mut pipeline)? {
            return Ok(pipeline);
        }
        self.piped(&mut pipeline.commands)?;
        Ok(pipeline)
    }

    /// Reads `!` and `time`, and whether nothing comes behind them.
    fn prefixes(&mut self, pipeline: &mut Pipeline) -> Parsed<bool> {
        let mut prefixed = false;
        loop {
            if self.eat_word(b"!")? {
                pipeline.negated = !pipeline.negated;
            } else if self.eat_word(b"time")? {
                pipeline.timed = Some(Time::Bash);
                if self.eat_word(b"-p")? {
                    pipeline.timed = Some(Time::Posix);
                }
                self.eat_word(b"--")?;
            } else {
                break;
            }
            prefixed = true;
        }
        Ok(prefixed
            && matches!(self.peek(Place::Command)?, Token::Op("newline" | ";") | Token::End))
    }

    /// Reads commands joined by `|`.
    fn piped(&mut self, commands: &mut Vec<Command>) -> Parsed<()> {
        loop {
            commands.push(self.command()?);
            if self.eat("|&", Place::Command)? {
                commands.last_mut().into_iter().for_each(join_outputs);
            } else if !self.eat("|", Place::Command)? {
                return Ok(());
            }
            self.newlines(Place::Command)?;
        }
    }

    /// Reads a command of any kind.
    pub(super) fn command(&mut self) -> Parsed<Command> {
        self.peek(Place::Command)?;
        let line = self.token_line;
        if let Some(kind) = self.compound()? {
            return self.redirected(kind, line);
        }
        self.simple(line, Vec::new())
    }

    /// Reads the redirections behind a command that is not a simple one.
    pub(super) fn redirected(&mut self, kind: CommandKind, line: u32) -> Parsed<Command> {
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect(Place::Command)? {
            redirects.push(redirect);
        }
        Ok(Command { kind, redirects, line })
    }

    /// Reads a simple command or a function, of which some words may have been read.
    pub(super) fn simple(&mut self, line: u32, words: Vec<Argument>) -> Parsed<Command> {
        let place = if words.is_empty() { Place::Command } else { Place::Argument };
        let mut simple = Simple { place, words, ..Simple::default() };
        while self.simple_part(&mut simple)? {}
        if let Some(name) = simple.function {
            return self.function(name, line);
        }
        let Simple { assignments, words, redirects, place, .. } = simple;
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            return self.unexpected(place);
        }
        Ok(Command { kind: CommandKind::Simple { assignments, words }, redirects, line })
    }

    /// Reads a word or a redirection, if one comes next.
    fn simple_part(&mut self, simple: &mut Simple) -> Parsed<bool> {
        if !matches!(self.peek(simple.place)?, Token::Word(_)) {
            let redirect = self.redirect(simple.place)?;
            let found = redirect.is_some();
            simple.redirects.extend(redirect);
            return Ok(found);
        }
        let Token::Word(lexed) = self.next(simple.place)? else { return Ok(false) };
        self.simple_word(simple, *lexed)
    }

    fn simple_word(&mut self, simple: &mut Simple, lexed: Lexed) -> Parsed<bool> {
        let first = simple.words.is_empty();
        if let Some(assignment) = lexed.assignment {
            match assignment {
                assignment if first => simple.assignments.push(assignment),
                // The second word behind `coproc` was read as if it was the first of a command.
                Assignment { value: Value::Scalar(value), .. } => {
                    let mut word = lexed.word;
                    value.0.into_iter().for_each(|part| append(&mut word.0, part));
                    simple.words.push(Argument::Word(word));
                }
                assignment => simple.words.push(Argument::Assignment(assignment)),
            }
            return Ok(true);
        }
        if first {
            let alone = simple.assignments.is_empty() && simple.redirects.is_empty();
            let declares = lexed.word.0.len() == 1 && DECLARERS.contains(&lexed.raw.as_slice());
            simple.place = if declares { Place::Declare } else { Place::Argument };
            if alone && self.eat("(", simple.place)? {
                if !self.eat(")", Place::Argument)? {
                    return self.unexpected(Place::Argument);
                }
                simple.function = Some(lexed.raw);
                return Ok(false);
            }
        }
        simple.words.push(Argument::Word(lexed.word));
        Ok(true)
    }
}

/// A simple command that is being read.
#[derive(Default)]
struct Simple {
    place: Place,
    assignments: Vec<Assignment>,
    words: Vec<Argument>,
    redirects: Vec<Redirect>,
    /// It is no command but the begin of this function.
    function: Option<Vec<u8>>,
}

/// Adds the `2>&1` of `|&`: where one that is written down would stand.
fn join_outputs(command: &mut Command) {
    match &mut command.kind {
        CommandKind::Function { body, .. } | CommandKind::Coproc { body, .. } => {
            if let Some(body) = Arc::get_mut(body) {
                return join_outputs(body);
            }
        }
        CommandKind::Simple { .. }
        | CommandKind::Group(_)
        | CommandKind::Subshell(_)
        | CommandKind::If { .. }
        | CommandKind::Loop { .. }
        | CommandKind::For { .. }
        | CommandKind::ForArithmetic { .. }
        | CommandKind::Select { .. }
        | CommandKind::Case { .. }
        | CommandKind::Arithmetic(_)
        | CommandKind::Condition(_) => {}
    }
    let one = Word(vec![Part::Literal(b"1".to_vec())]);
    command.redirects.push(Redirect {
        fd: Some(2),
        variable: None,
        kind: RedirectKind::DupOut(one),
    });
}

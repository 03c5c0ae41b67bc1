//! Commands that reserved words and parentheses begin.
//!
//! **Invariant:** every one of them goes one level deeper while it is read.

use std::sync::Arc;

use crate::shell::dollar::Parens;
use crate::shell::parser::{Parsed, Parser, Place, Token};
use crate::shell::tree::{
    Argument, CaseArm, CaseEnd, Command, CommandKind, Missing, Script, Word, Wrong,
};

/// What a reserved word begins.
#[derive(Clone, Copy)]
enum Reserved {
    Group,
    If,
    While,
    Until,
    For,
    Select,
    Case,
    Function,
    Coproc,
    Condition,
    /// It ends something, and nothing that is open here.
    Stray,
}

impl Parser<'_> {
    /// Reads a command that is not a simple one, if one comes next.
    pub(super) fn compound(&mut self) -> Parsed<Option<CommandKind>> {
        let reserved = match self.peek(Place::Command)? {
            Token::Op("(") => {
                self.ahead = None;
                return self.paren().map(Some);
            }
            Token::Word(lexed) => lexed.plain().and_then(reserved),
            Token::Op(_) | Token::Number(_) | Token::Variable(_) | Token::End => None,
        };
        let Some(reserved) = reserved else { return Ok(None) };
        if matches!(reserved, Reserved::Stray) {
            return self.unexpected(Place::Command);
        }
        let line = self.token_line;
        self.ahead = None;
        self.enter_command()?;
        // Each arm is a call and no more: this is on the stack as often as commands nest.
        let kind = match reserved {
            Reserved::Group => self.braces(),
            Reserved::If => self.conditional(),
            Reserved::While => self.repeat(false),
            Reserved::Until => self.repeat(true),
            Reserved::For => self.each(Each::For),
            Reserved::Select => self.each(Each::Select),
            Reserved::Case => self.case(),
            Reserved::Function => self.function_word(line),
            Reserved::Coproc => self.coproc(),
            Reserved::Condition | Reserved::Stray => {
                self.condition(line).map(CommandKind::Condition)
            }
        }?;
        self.leave_command();
        Ok(Some(kind))
    }

    fn braces(&mut self) -> Parsed<CommandKind> {
        let script = self.script()?;
        self.expect_word(b"}")?;
        Ok(CommandKind::Group(script))
    }

    /// Reads what a `(` begins.
    fn paren(&mut self) -> Parsed<CommandKind> {
        self.enter_command()?;
        let opened = self.token_line;
        if self.input.look() == Some(b'(') {
            match self.parens() {
                Parens::Open => return self.unclosed(b')', opened),
                Parens::Nested | Parens::Cut => {}
                Parens::Expression => {
                    self.input.take();
                    let word = self.arithmetic(b")")?;
                    if !self.input.eat(b')') || !self.input.eat(b')') {
                        return self.unclosed(b')', opened);
                    }
                    self.leave_command();
                    return Ok(CommandKind::Arithmetic(word));
                }
            }
        }
        let script = self.script()?;
        self.expect(")")?;
        self.leave_command();
        Ok(CommandKind::Subshell(Arc::new(script)))
    }

    fn conditional(&mut self) -> Parsed<CommandKind> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.script()?;
            self.expect_word(b"then")?;
            arms.push((condition, self.script()?));
            if self.eat_word(b"elif")? {
                continue;
            }
            if self.eat_word(b"else")? {
                otherwise = Some(self.script()?);
            }
            self.expect_word(b"fi")?;
            return Ok(CommandKind::If { arms, otherwise });
        }
    }

    fn repeat(&mut self, until: bool) -> Parsed<CommandKind> {
        let condition = self.script()?;
        self.expect_word(b"do")?;
        let body = self.script()?;
        self.expect_word(b"done")?;
        Ok(CommandKind::Loop { until, condition, body })
    }

    /// Reads `do …; done` or `{ …; }`.
    pub(super) fn turn(&mut self) -> Parsed<Script> {
        if self.eat_word(b"{")? {
            let body = self.script()?;
            self.expect_word(b"}")?;
            return Ok(body);
        }
        self.expect_word(b"do")?;
        let body = self.script()?;
        self.expect_word(b"done")?;
        Ok(body)
    }

    fn each(&mut self, each: Each) -> Parsed<CommandKind> {
        if each == Each::For && self.eat("(", Place::Argument)? {
            if self.input.look() == Some(b'(') {
                self.input.take();
                return self.for_arithmetic();
            }
            return Err(self.complaint(&Token::Op("(")));
        }
        let name = self.some_word(Place::Argument)?.raw;
        let lines = self.newlines(Place::Command)?;
        let mut words = None;
        if self.eat_word(b"in")? {
            let mut found = Vec::new();
            while !matches!(self.peek(Place::Argument)?, Token::Op(";" | "newline")) {
                found.push(self.some_word(Place::Argument)?.word);
            }
            self.ahead = None;
            words = Some(found);
            self.newlines(Place::Command)?;
        } else if !lines && self.eat(";", Place::Command)? {
            self.newlines(Place::Command)?;
        } else if self.peek_plain(Place::Command)? != Some(b"do") {
            return self.unexpected(Place::Command);
        }
        let body = self.turn()?;
        Ok(match each {
            Each::For => CommandKind::For { name, words, body },
            Each::Select => CommandKind::Select { name, words, body },
        })
    }

    fn case(&mut self) -> Parsed<CommandKind> {
        let word = self.some_word(Place::Argument)?.word;
        self.newlines(Place::Argument)?;
        if self.peek_plain(Place::Argument)? != Some(b"in") {
            return self.unexpected(Place::Argument);
        }
        self.ahead = None;
        let mut arms = Vec::new();
        loop {
            self.newlines(Place::Pattern)?;
            if self.peek_plain(Place::Pattern)? == Some(b"esac") {
                self.ahead = None;
                return Ok(CommandKind::Case { word, arms });
            }
            self.eat("(", Place::Pattern)?;
            let patterns = self.patterns()?;
            self.newlines(Place::Command)?;
            let body = if self.at_closer()? { Script::default() } else { self.script()? };
            let end = match self.peek(Place::Command)? {
                Token::Op(";;") => CaseEnd::Break,
                Token::Op(";&") => CaseEnd::Fall,
                Token::Op(";;&") => CaseEnd::Continue,
                Token::Op(_)
                | Token::Word(_)
                | Token::Number(_)
                | Token::Variable(_)
                | Token::End => {
                    self.expect_word(b"esac")?;
                    arms.push(CaseArm { patterns, body, end: CaseEnd::Break });
                    return Ok(CommandKind::Case { word, arms });
                }
            };
            self.ahead = None;
            arms.push(CaseArm { patterns, body, end });
        }
    }

    fn patterns(&mut self) -> Parsed<Vec<Word>> {
        let mut patterns = Vec::new();
        loop {
            patterns.push(self.some_word(Place::Pattern)?.word);
            if self.eat("|", Place::Pattern)? {
                continue;
            }
            if self.eat(")", Place::Pattern)? {
                return Ok(patterns);
            }
            return self.unexpected(Place::Pattern);
        }
    }

    /// Reads what stands behind `function`.
    fn function_word(&mut self, line: u32) -> Parsed<CommandKind> {
        let name = self.some_word(Place::Argument)?.raw;
        if self.eat("(", Place::Command)? {
            if self.eat(")", Place::Command)? {
                return Ok(self.function(name, line)?.kind);
            }
            // The function's body is a subshell.
            let line = self.token_line;
            self.enter_command()?;
            let script = self.script()?;
            self.expect(")")?;
            self.leave_command();
            let kind = CommandKind::Subshell(Arc::new(script));
            let body = self.redirected(kind, line)?.into();
            return Ok(CommandKind::Function { name, body });
        }
        Ok(self.function(name, line)?.kind)
    }

    /// Reads a function's body.
    pub(super) fn function(&mut self, name: Vec<u8>, line: u32) -> Parsed<Command> {
        self.newlines(Place::Command)?;
        self.enter_command()?;
        let begin = self.token_line;
        let Some(kind) = self.body()? else {
            return self.unexpected(Place::Command);
        };
        let body = self.redirected(kind, begin)?.into();
        self.leave_command();
        let kind = CommandKind::Function { name, body };
        Ok(Command { kind, redirects: Vec::new(), line })
    }

    /// Reads a command that may be a function's body.
    fn body(&mut self) -> Parsed<Option<CommandKind>> {
        match self.peek_plain(Place::Command)?.and_then(reserved) {
            Some(Reserved::Function | Reserved::Coproc) => self.unexpected(Place::Command),
            Some(_) | None => self.compound(),
        }
    }

    fn coproc(&mut self) -> Parsed<CommandKind> {
        self.peek(Place::Command)?;
        let line = self.token_line;
        let anonymous = || b"COPROC".to_vec();
        if let Some(kind) = self.body()? {
            let body = self.redirected(kind, line)?.into();
            return Ok(CommandKind::Coproc { name: anonymous(), body });
        }
        let named = match self.peek(Place::Command)? {
            Token::Word(lexed) => lexed.assignment.is_none(),
            Token::Op(_) | Token::Number(_) | Token::Variable(_) | Token::End => false,
        };
        if !named {
            let body = self.simple(line, Vec::new())?.into();
            return Ok(CommandKind::Coproc { name: anonymous(), body });
        }
        let Token::Word(first) = self.next(Place::Command)? else {
            return self.unexpected(Place::Command);
        };
        self.peek(Place::Command)?;
        let begin = self.token_line;
        if let Some(kind) = self.body()? {
            let body = self.redirected(kind, begin)?.into();
            return Ok(CommandKind::Coproc { name: first.raw, body });
        }
        let body = self.simple(line, vec![Argument::Word(first.word)])?.into();
        Ok(CommandKind::Coproc { name: anonymous(), body })
    }

    /// Says that a text ends too early, at its end.
    pub(super) fn ends<T>(&self) -> Parsed<T> {
        Err(Wrong::Incomplete { why: Missing::End, line: self.input.line() })
    }
}

/// Which of the two loops over words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Each {
    For,
    Select,
}

fn reserved(word: &[u8]) -> Option<Reserved> {
    Some(match word {
        b"{" => Reserved::Group,
        b"if" => Reserved::If,
        b"while" => Reserved::While,
        b"until" => Reserved::Until,
        b"for" => Reserved::For,
        b"select" => Reserved::Select,
        b"case" => Reserved::Case,
        b"function" => Reserved::Function,
        b"coproc" => Reserved::Coproc,
        b"[[" => Reserved::Condition,
        b"then" | b"do" | b"done" | b"fi" | b"elif" | b"else" | b"esac" | b"}" | b"in" | b"]]"
        | b"!" => Reserved::Stray,
        _ => return None,
    })
}

/// Whether a word means something where a command begins.
pub(super) fn is_reserved(word: &[u8]) -> bool {
    word == b"time" || reserved(word).is_some()
}

//! What all of the parser's parts share: tokens, places, errors, and texts inside of texts.
//!
//! **Invariant:** whatever nests goes through [`Parser::enter`], so that no text uses up the stack.

use crate::limits::SHELL_NESTING;
use crate::shell::here_doc::Docs;
use crate::shell::input::Input;
use crate::shell::reader::Options;
use crate::shell::tree::{Assignment, Item, Missing, Script, Word, Wrong};

/// A part of a text, or why it is none.
pub(super) type Parsed<T> = Result<T, Wrong>;

/// What a text is made of.
#[derive(Clone, Debug)]
pub(super) enum Token {
    /// A word.
    Word(Box<Lexed>),
    /// The number in front of a redirection.
    Number(u32),
    /// `{name}` in front of a redirection.
    Variable(Vec<u8>),
    /// An operator; `newline` for a line end.
    Op(&'static str),
    /// Nothing.
    End,
}

/// A word, and how it was written.
#[derive(Clone, Debug)]
pub(super) struct Lexed {
    /// What it means.
    pub(super) word: Word,
    /// As it was written.
    pub(super) raw: Vec<u8>,
    /// What it means where it may assign.
    pub(super) assignment: Option<Assignment>,
}

impl Lexed {
    /// The word, where nothing in it is quoted or expanded.
    pub(super) fn plain(&self) -> Option<&[u8]> {
        match self.word.0.as_slice() {
            [crate::shell::tree::Part::Literal(text)] if *text == self.raw => Some(text),
            _ => None,
        }
    }
}

/// Where a word stands: what may begin or be in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Where a command begins.
    #[default]
    Command,
    /// An argument of `declare` and its kind.
    Declare,
    /// Any other word.
    Argument,
    /// A pattern, in which `@(…)` and its kind mean something.
    Pattern,
    /// The right side of `=~`.
    Regex,
}

/// A parser over one text.
pub(super) struct Parser<'a> {
    pub(super) input: Input<'a>,
    pub(super) options: Options<'a>,
    /// How deep the text is nested here.
    pub(super) depth: usize,
    /// The token that comes next, if it was looked at.
    pub(super) ahead: Option<Token>,
    /// The line on which the last token began.
    pub(super) token_line: u32,
    /// The line on which it ended.
    pub(super) token_end: u32,
    /// In how many `$(` this is.
    pub(super) substitutions: usize,
    pub(super) docs: Docs,
    /// How many `&&` and `||` the conditions of this line have.
    pub(super) joints: usize,
    /// Where the last token began in what was taken.
    pub(super) token_mark: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a [u8], options: Options<'a>) -> Self {
        Self {
            input: Input::new(text, options.line),
            options,
            depth: 0,
            ahead: None,
            token_line: options.line,
            token_end: options.line,
            substitutions: 0,
            docs: Docs::default(),
            joints: 0,
            token_mark: 0,
        }
    }

    /// Goes one level deeper.
    pub(super) fn enter(&mut self) -> Parsed<()> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > SHELL_NESTING { Err(Wrong::TooMuch) } else { Ok(()) }
    }

    /// Goes into a command or a script, which takes more of the stack.
    pub(super) fn enter_command(&mut self) -> Parsed<()> {
        self.enter()?;
        self.enter()
    }

    /// Comes back from there.
    pub(super) fn leave_command(&mut self) {
        self.leave();
        self.leave();
    }

    /// Comes back from there; an error need not.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Looks at a token.
    pub(super) fn peek(&mut self, place: Place) -> Parsed<&Token> {
        let token = match self.ahead.take() {
            Some(token) => token,
            None => self.token(place)?,
        };
        Ok(self.ahead.insert(token))
    }

    /// Takes a token.
    pub(super) fn next(&mut self, place: Place) -> Parsed<Token> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.token(place),
        }
    }

    /// Takes an operator, if it comes next.
    pub(super) fn eat(&mut self, op: &'static str, place: Place) -> Parsed<bool> {
        let is = matches!(self.peek(place)?, Token::Op(found) if *found == op);
        if is {
            self.ahead = None;
        }
        Ok(is)
    }

    /// The word that comes next, if it is a plain one.
    pub(super) fn peek_plain(&mut self, place: Place) -> Parsed<Option<&[u8]>> {
        Ok(match self.peek(place)? {
            Token::Word(lexed) => lexed.plain(),
            Token::Number(_) | Token::Variable(_) | Token::Op(_) | Token::End => None,
        })
    }

    /// Takes a reserved word, if it comes next.
    pub(super) fn eat_word(&mut self, word: &[u8]) -> Parsed<bool> {
        let is = self.peek_plain(Place::Command)? == Some(word);
        if is {
            self.ahead = None;
        }
        Ok(is)
    }

    /// Takes a reserved word that must come next.
    pub(super) fn expect_word(&mut self, word: &[u8]) -> Parsed<()> {
        if self.eat_word(word)? { Ok(()) } else { self.unexpected(Place::Command) }
    }

    /// Takes an operator that must come next.
    pub(super) fn expect(&mut self, op: &'static str) -> Parsed<()> {
        if self.eat(op, Place::Command)? { Ok(()) } else { self.unexpected(Place::Command) }
    }

    /// Steps over line ends, and whether there was one.
    pub(super) fn newlines(&mut self, place: Place) -> Parsed<bool> {
        let mut found = false;
        while self.eat("newline", place)? {
            found = true;
        }
        Ok(found)
    }

    /// Takes a word that must come next.
    pub(super) fn some_word(&mut self, place: Place) -> Parsed<Lexed> {
        match self.next(place)? {
            Token::Word(lexed) => Ok(*lexed),
            other @ (Token::Number(_) | Token::Variable(_) | Token::Op(_) | Token::End) => {
                Err(self.complaint(&other))
            }
        }
    }

    /// Complains about the token that comes next.
    pub(super) fn unexpected<T>(&mut self, place: Place) -> Parsed<T> {
        let token = self.next(place)?;
        Err(self.complaint(&token))
    }

    /// What is said of the token that was just taken.
    pub(super) fn complaint(&self, token: &Token) -> Wrong {
        let token = match token {
            Token::Word(lexed) => lexed.raw.clone(),
            Token::Number(number) => number.to_string().into_bytes(),
            Token::Variable(name) => [b"{", name.as_slice(), b"}"].concat(),
            Token::Op(op) => op.as_bytes().to_vec(),
            Token::End => {
                return Wrong::Incomplete { why: Missing::End, line: self.input.line() };
            }
        };
        let line = self.token_end;
        let token = if token.iter().any(u8::is_ascii_control) { ansi(&token) } else { token };
        Wrong::Unexpected { token, line, source: self.input.source(line) }
    }

    /// A complaint in other words.
    pub(super) fn other<T>(&self, line: u32, text: impl Into<Vec<u8>>) -> Parsed<T> {
        Err(Wrong::Other { text: text.into(), line })
    }

    /// Says that the text ends before a byte that closes something.
    pub(super) fn unclosed<T>(&self, byte: u8, line: u32) -> Parsed<T> {
        Err(Wrong::Incomplete { why: Missing::Match(byte), line })
    }

    /// Reads a text of its own inside of this one.
    pub(super) fn inside<T>(
        &mut self,
        text: &[u8],
        line: u32,
        read: impl FnOnce(&mut Parser<'_>) -> Parsed<T>,
    ) -> Parsed<Result<T, Wrong>> {
        self.enter_command()?;
        let mut parser = Parser::new(text, Options { line, here_docs_end: true, ..self.options });
        parser.depth = self.depth;
        parser.input.set_fuel(self.input.fuel());
        let result = read(&mut parser);
        self.input.set_fuel(parser.input.fuel());
        self.leave_command();
        match result {
            Err(Wrong::TooMuch) => Err(Wrong::TooMuch),
            _ if self.input.fuel() == 0 => Err(Wrong::TooMuch),
            other => Ok(other),
        }
    }

    /// Reads one line's script, or more lines where it goes on; nothing at the end.
    pub(super) fn line(&mut self) -> Parsed<Option<Script>> {
        self.docs = Docs::default();
        self.joints = 0;
        self.ahead = None;
        self.input.forget();
        let earlier = self.input.fork();
        let first = self.line_once();
        // What stands in here-documents is known only behind the words that they belong to: so
        // those words are read once more.
        let result = if first.is_ok() && self.docs.is_used() && self.input.fuel() > 0 {
            self.input.back(earlier);
            self.ahead = None;
            self.docs.again();
            self.joints = 0;
            self.line_once()
        } else {
            first
        };
        if self.input.fuel() == 0 {
            return Err(Wrong::TooMuch);
        }
        let cut = self.input.is_cut() && !self.options.here_docs_end;
        match result {
            Ok(_) | Err(Wrong::Incomplete { why: Missing::End, .. }) if cut => {
                let line = self.input.line();
                Err(Wrong::Incomplete { why: Missing::Continuation, line })
            }
            other => other,
        }
    }

    /// Reads all of it.
    pub(super) fn all(&mut self) -> Parsed<Script> {
        let mut items: Vec<Item> = Vec::new();
        while let Some(script) = self.line()? {
            items.extend(script.items);
        }
        Ok(Script { items })
    }
}

/// Text as `$'…'`.
pub(super) fn ansi(text: &[u8]) -> Vec<u8> {
    let mut out = b"$'".to_vec();
    for byte in text {
        match byte {
            7 => out.extend(b"\\a"),
            8 => out.extend(b"\\b"),
            9 => out.extend(b"\\t"),
            10 => out.extend(b"\\n"),
            11 => out.extend(b"\\v"),
            12 => out.extend(b"\\f"),
            13 => out.extend(b"\\r"),
            27 => out.extend(b"\\E"),
            b'\\' | b'\'' => out.extend([b'\\', *byte]),
            0..=31 | 127 => out.extend(format!("\\{byte:03o}").bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}

//! Reads a Python program.
//!
//! **Invariant:** nests no deeper than [`SCRIPT_DEPTH`]: what does is refused as CPython refuses
//! what is too deep for it.

mod expression;
mod operand;
mod statement;

use super::ast::{Expr, ExprKind, Span, Stmt};
use super::lexer::{Kind, Token, tokens};
use decnet_core::limits::SCRIPT_DEPTH;

/// Why a text is no program, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxFault {
    /// `SyntaxError`, `IndentationError`
    pub(super) class: &'static str,
    pub(super) text: String,
    pub(super) line: u32,
    /// Columns that are marked; none, where the line is shown without marks.
    pub(super) columns: Option<(u32, u32)>,
    /// The line is not shown.
    pub(super) bare: bool,
}

impl SyntaxFault {
    pub(super) fn new(class: &'static str, text: &str, line: u32, start: u32, end: u32) -> Self {
        let columns = Some((start, end.max(start + 1)));
        Self { class, text: text.to_owned(), line, columns, bare: false }
    }

    /// Without the line.
    pub(super) fn bare(text: &str, line: u32) -> Self {
        Self { class: "SyntaxError", text: text.to_owned(), line, columns: None, bare: true }
    }
}

pub(super) type Answer<T> = Result<T, SyntaxFault>;

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Whether `yield` was met in the function that is read.
    yields: bool,
    /// Functions that are open.
    functions: usize,
    loops: usize,
}

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Reads a whole program.
pub(super) fn parse(text: &str) -> Answer<Vec<Stmt>> {
    let mut parser = Parser::new(tokens(text)?, 0);
    let mut all = Vec::new();
    while parser.kind() != &Kind::End {
        parser.statement(&mut all)?;
    }
    Ok(all)
}

/// Reads one expression, as `eval` does.
pub(super) fn parse_expression(text: &str) -> Answer<Expr> {
    let mut parser = Parser::new(tokens(text.trim())?, 0);
    let expression = parser.list()?;
    while parser.kind() == &Kind::LineEnd {
        parser.at += 1;
    }
    if parser.kind() == &Kind::End { Ok(expression) } else { Err(parser.invalid()) }
}

impl Parser {
    fn new(tokens: Vec<Token>, depth: usize) -> Self {
        Self { tokens, at: 0, depth, yields: false, functions: 0, loops: 0 }
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).or(self.tokens.last())
    }

    fn kind(&self) -> &Kind {
        self.token(0).map_or(&Kind::End, |token| &token.kind)
    }

    fn next_kind(&self) -> &Kind {
        self.token(1).map_or(&Kind::End, |token| &token.kind)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.kind(), Kind::Sign(found) if *found == sign)
    }

    fn is_key(&self, word: &str) -> bool {
        matches!(self.kind(), Kind::Name(found) if found == word)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn takes_key(&mut self, word: &str) -> bool {
        let found = self.is_key(word);
        self.at += usize::from(found);
        found
    }

    fn needs(&mut self, sign: &str) -> Answer<()> {
        if self.takes(sign) { Ok(()) } else { Err(self.invalid()) }
    }

    /// As `needs`, and says what is missing.
    fn expects(&mut self, sign: &str) -> Answer<()> {
        if self.takes(sign) {
            return Ok(());
        }
        // A word that cannot stand there is said to be wrong; a line that ends is not complete.
        if self.kind() == &Kind::LineEnd || sign == "(" {
            return Err(self.fault(&format!("expected '{sign}'")));
        }
        Err(self.invalid())
    }

    fn fault(&self, what: &str) -> SyntaxFault {
        let token = self.token(0);
        let (line, start, end) = token.map_or((1, 0, 1), |token| (token.line, token.start, token.end));
        SyntaxFault::new("SyntaxError", what, line, start, end)
    }

    fn invalid(&self) -> SyntaxFault {
        match self.kind() {
            Kind::Indent => SyntaxFault {
                class: "IndentationError",
                columns: None,
                ..self.fault("unexpected indent")
            },
            _ => self.fault("invalid syntax"),
        }
    }

    /// From an expression to here.
    fn span_fault(&self, what: &str, at: Span) -> SyntaxFault {
        SyntaxFault::new("SyntaxError", what, at.line, at.start, at.end)
    }

    fn start(&self) -> Span {
        let token = self.token(0);
        token.map_or_else(Span::default, |token| Span {
            line: token.line,
            start: token.start,
            end: token.end,
            last: token.last,
        })
    }

    /// From there to the end of the last word.
    fn since(&self, start: Span) -> Span {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(start, |token| Span { end: token.end, last: token.last, ..start })
    }

    fn expr(&self, start: Span, kind: ExprKind) -> Expr {
        Expr { kind, at: self.since(start) }
    }

    fn deeper<T>(&mut self, then: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        self.depth += 1;
        if self.depth > SCRIPT_DEPTH {
            return Err(self.fault("too many nested parentheses"));
        }
        let answer = then(self);
        self.depth -= 1;
        answer
    }

    /// A name that is no keyword.
    fn name(&mut self) -> Answer<String> {
        match self.kind() {
            Kind::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.invalid()),
        }
    }

    fn is_name(&self) -> bool {
        matches!(self.kind(), Kind::Name(name) if !KEYWORDS.contains(&name.as_str()))
    }
}

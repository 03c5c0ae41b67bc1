//! A command line becomes a list of pipelines.
//!
//! **Invariant:** reads only; nothing is expanded here. Nesting is limited, and so is the number of
//! words.

mod lexer;

use lexer::Lexer;

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A list to run; empty where there was nothing but blanks and comments.
    List(Vec<Item>),
    /// A quote is open, or an operator waits for its right side.
    Incomplete,
    /// The token that cannot stand where it stands.
    Unexpected(Vec<u8>),
}

/// A pipeline and what must be true for it to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) when: When,
    pub(crate) negated: Negated,
    pub(crate) stages: Vec<Stage>,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// After `&&`.
    Succeeded,
    /// After `||`.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Negated {
    No,
    Yes,
}

/// Before or behind the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Foreground,
    Background,
}

/// One command of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) assignments: Vec<(Vec<u8>, Word)>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
    /// What stands in parentheses or braces, instead of words.
    pub(crate) group: Option<Vec<Item>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) from: u8,
    pub(crate) to: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Read(Word),
    Write(Word),
    Append(Word),
    /// `2>&1`
    Same(u8),
    /// `&>file`
    Both(Word),
}

pub(crate) type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As typed, outside quotes.
    Bare(Vec<u8>),
    /// Quoted in any way.
    Quoted(Vec<u8>),
    /// `$NAME`, `${NAME}`, `$?`.
    Variable(Vec<u8>, Quotes),
    /// `$(...)` or backquotes: the text inside.
    Command(Vec<u8>, Quotes),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    None,
    Double,
}

/// Parentheses inside parentheses.
const DEPTH: usize = 16;
/// Words and operators of one text.
const TOKENS: usize = 4_096;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    /// A word of digits right before a redirection.
    Descriptor(u8),
    Operator(&'static [u8]),
}

enum Stop {
    Incomplete,
    Unexpected(Vec<u8>),
}

/// Parses one text: a line, or several.
pub(crate) fn parse(text: &[u8]) -> Parsed {
    let tokens = match Lexer::new(text).run() {
        Ok(tokens) => tokens,
        Err(Stop::Incomplete) => return Parsed::Incomplete,
        Err(Stop::Unexpected(token)) => return Parsed::Unexpected(token),
    };
    let mut parser = Parser { tokens: &tokens, at: 0 };
    match parser.list(0) {
        Ok(items) if parser.at >= tokens.len() => Parsed::List(items),
        Ok(_) => Parsed::Unexpected(parser.token_text()),
        Err(Stop::Incomplete) => Parsed::Incomplete,
        Err(Stop::Unexpected(token)) => Parsed::Unexpected(token),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn operator(&self) -> Option<&'static [u8]> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) => Some(operator),
            Some(Token::Word(_) | Token::Descriptor(_)) | None => None,
        }
    }

    fn is_word(&self, text: &[u8]) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(word))
            if matches!(word.as_slice(), [Part::Bare(bare)] if bare == text))
    }

    fn token_text(&self) -> Vec<u8> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) => operator.to_vec(),
            Some(Token::Word(word)) => match word.first() {
                Some(Part::Bare(text) | Part::Quoted(text)) => text.clone(),
                Some(Part::Variable(..) | Part::Command(..)) | None => Vec::new(),
            },
            Some(Token::Descriptor(_)) | None => b"newline".to_vec(),
        }
    }

    fn unexpected<T>(&self) -> Result<T, Stop> {
        Err(Stop::Unexpected(self.token_text()))
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Item>, Stop> {
        let mut items: Vec<Item> = Vec::new();
        let mut when = When::Always;
        loop {
            while when == When::Always && self.operator() == Some(b"\n") {
                self.at += 1;
            }
            let ends = self.operator() == Some(b")") || self.is_word(b"}");
            if self.at >= self.tokens.len() || ends {
                return if when == When::Always { Ok(items) } else { Err(Stop::Incomplete) };
            }
            let mut item = self.pipeline(when, depth)?;
            let operator = self.operator();
            when = match operator {
                Some(b"&&") => When::Succeeded,
                Some(b"||") => When::Failed,
                _ => When::Always,
            };
            match operator {
                Some(b"&") => item.place = Place::Background,
                Some(b";" | b"\n" | b"&&" | b"||") => {}
                Some(b")") | None => {
                    items.push(item);
                    if self.at >= self.tokens.len() || operator.is_some() || self.is_word(b"}") {
                        return Ok(items);
                    }
                    return self.unexpected();
                }
                Some(_) => return self.unexpected(),
            }
            self.at += 1;
            items.push(item);
            if when != When::Always {
                while self.operator() == Some(b"\n") {
                    self.at += 1;
                }
            }
        }
    }

    fn pipeline(&mut self, when: When, depth: usize) -> Result<Item, Stop> {
        let mut negated = Negated::No;
        if self.is_word(b"!") {
            negated = Negated::Yes;
            self.at += 1;
        }
        let mut stages = vec![self.stage(depth)?];
        while let Some(b"|" | b"|&") = self.operator() {
            self.at += 1;
            while self.operator() == Some(b"\n") {
                self.at += 1;
            }
            if self.at >= self.tokens.len() {
                return Err(Stop::Incomplete);
            }
            stages.push(self.stage(depth)?);
        }
        Ok(Item { when, negated, stages, place: Place::Foreground })
    }

    fn stage(&mut self, depth: usize) -> Result<Stage, Stop> {
        let mut stage = Stage::default();
        let close: &[u8] = match (self.operator(), self.is_word(b"{")) {
            (Some(b"("), _) => b")",
            (None, true) => b"}",
            _ => b"",
        };
        if !close.is_empty() {
            if depth >= DEPTH {
                return self.unexpected();
            }
            self.at += 1;
            let group = self.list(depth + 1)?;
            if self.at >= self.tokens.len() {
                return Err(Stop::Incomplete);
            }
            if group.is_empty() || !(self.operator() == Some(close) || self.is_word(close)) {
                return self.unexpected();
            }
            self.at += 1;
            stage.group = Some(group);
        }
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Word(word)) if stage.group.is_none() => {
                    match assignment(word).filter(|_| stage.words.is_empty()) {
                        Some(assignment) => stage.assignments.push(assignment),
                        None => stage.words.push(word.clone()),
                    }
                    self.at += 1;
                }
                Some(Token::Descriptor(from)) => {
                    let from = *from;
                    self.at += 1;
                    self.redirect(Some(from), &mut stage)?;
                }
                Some(Token::Operator(b"<" | b">" | b">>" | b">&" | b"&>" | b"<<" | b"<<<")) => {
                    self.redirect(None, &mut stage)?;
                }
                _ => break,
            }
        }
        if stage == Stage::default() {
            return self.unexpected();
        }
        Ok(stage)
    }

    fn redirect(&mut self, from: Option<u8>, stage: &mut Stage) -> Result<(), Stop> {
        let Some(operator) = self.operator() else { return self.unexpected() };
        self.at += 1;
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            let text =
                if self.at >= self.tokens.len() { b"newline".to_vec() } else { self.token_text() };
            return Err(Stop::Unexpected(text));
        };
        self.at += 1;
        let word = word.clone();
        let (default, to) = match operator {
            b"<" => (0, Target::Read(word)),
            b">" => (1, Target::Write(word)),
            b">>" => (1, Target::Append(word)),
            b"&>" => (1, Target::Both(word)),
            b">&" => match word.as_slice() {
                [Part::Bare(digit)] if digit == b"1" => (1, Target::Same(1)),
                [Part::Bare(digit)] if digit == b"2" => (1, Target::Same(2)),
                _ => (1, Target::Both(word)),
            },
            _ => return Err(Stop::Unexpected(operator.to_vec())),
        };
        stage.redirects.push(Redirect { from: from.unwrap_or(default), to });
        Ok(())
    }
}

/// `NAME=value`, where the name is bare.
fn assignment(word: &Word) -> Option<(Vec<u8>, Word)> {
    let Part::Bare(first) = word.first()? else { return None };
    let equals = first.iter().position(|&b| b == b'=')?;
    let name = first.get(..equals)?;
    let valid = is_name(name);
    let mut value = vec![Part::Bare(first.get(equals + 1..)?.to_vec())];
    value.extend(word.get(1..)?.iter().cloned());
    valid.then(|| (name.to_vec(), value))
}

/// Whether a variable may be called that.
pub(crate) fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Option<(usize, usize)> {
        match parse(text.as_bytes()) {
            Parsed::List(items) => {
                let words = items.iter().flat_map(|item| &item.stages).map(|s| s.words.len()).sum();
                Some((items.len(), words))
            }
            Parsed::Incomplete | Parsed::Unexpected(_) => None,
        }
    }

    #[test]
    fn lists_pipelines_and_words_are_told_apart() {
        assert_eq!(count("a b; c && d || e | f"), Some((4, 6)));
        assert_eq!(count("echo 'a b' \"c d\" e\\ f # g h"), Some((1, 4)));
        assert_eq!(count("A=1 B=2 cmd >x 2>&1 </dev/null"), Some((1, 1)));
        assert_eq!(count("(cd /tmp; ls) | wc"), Some((1, 1)));
        assert_eq!(count(" # nothing"), Some((0, 0)));
        assert_eq!(count("sleep 1 & ls"), Some((2, 3)));
    }

    #[test]
    fn open_ends_ask_for_more_and_wrong_tokens_are_named() {
        for text in ["echo 'a", "echo \"a", "a &&", "a |", "a \\", "echo $(a", "(a"] {
            assert_eq!(parse(text.as_bytes()), Parsed::Incomplete, "{text}");
        }
        let check = |text: &str, token: &str| {
            assert_eq!(parse(text.as_bytes()), Parsed::Unexpected(token.into()), "{text}");
        };
        check("a ;; b", ";");
        check("; a", ";");
        check("| a", "|");
        check("a )", ")");
        check("a >", "newline");
        assert!(matches!(parse(&b"(".repeat(5_000)), Parsed::Unexpected(_)));
    }
}

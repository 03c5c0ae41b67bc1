//! Reads a text as bash does: one line after the other, as far as it is right.
//!
//! **Invariant:** total; whatever the bytes, reading them ends, in time that grows with their number.

use crate::limits::SHELL_TEXT_BYTES;
use crate::shell::parser::Parser;
use crate::shell::tree::{Script, Wrong};

/// Finds an alias's text by its name.
pub type Aliases<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// How a text is read.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The text of an alias by its name; none are put in where this is missing.
    pub aliases: Option<Aliases<'a>>,
    /// The end of the text ends a here-document, and a backslash there is one: for scripts and `-c`,
    /// not at a prompt, which asks for more.
    pub here_docs_end: bool,
    /// The number of the first line.
    pub line: u32,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { aliases: None, here_docs_end: true, line: 1 }
    }
}

/// A here-document that the end of the text ended, of which bash warns on standard error:
/// ``warning: here-document at line 1 delimited by end-of-file (wanted `EOF')``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The line on which the text ends.
    pub line: u32,
    /// The line of its operator.
    pub begun: u32,
    /// The line that is missing.
    pub wanted: Vec<u8>,
}

/// A text, of which one line after the other is read.
pub struct Reader<'a> {
    parser: Parser<'a>,
    warnings: Vec<Warning>,
    ended: bool,
    too_long: bool,
}

impl<'a> Reader<'a> {
    /// At the begin of a text.
    #[must_use]
    pub fn new(text: &'a [u8], options: Options<'a>) -> Self {
        let too_long = text.len() > SHELL_TEXT_BYTES;
        Self { parser: Parser::new(text, options), warnings: Vec::new(), ended: false, too_long }
    }

    /// The line that is read next, or the one of the text's end.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.parser.input.line()
    }

    /// What bash warns of before it runs the line that was read last.
    pub fn warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Script, Wrong>;

    /// The next line with a command, and those that belong to it. Behind an error comes nothing.
    ///
    /// Aliases are asked for while this reads, so that those that a line makes are known to the next
    /// and not to itself.
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let result = if self.too_long { Err(Wrong::TooMuch) } else { self.parser.line() };
        self.warnings = std::mem::take(&mut self.parser.docs.warnings);
        self.ended = !matches!(result, Ok(Some(_)));
        result.transpose()
    }
}

/// Reads a whole text as one script.
///
/// # Errors
/// [`Wrong`] says what bash does of the first line that is none.
pub fn parse(text: &[u8], options: Options<'_>) -> Result<Script, Wrong> {
    let mut whole = Script::default();
    for line in Reader::new(text, options) {
        whole.items.extend(line?.items);
    }
    Ok(whole)
}

//! Here-documents: from the operator to the text that comes lines later.
//!
//! **Invariant:** a line is read twice where it has one; the second time its text is known.

use crate::shell::double::Kind;
use crate::shell::parser::{Parsed, Parser};
use crate::shell::reader::Warning;
use crate::shell::tree::{Missing, Part, Word, Wrong};

/// The here-documents of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Docs {
    bodies: Vec<Body>,
    /// Which one the next operator means.
    next: usize,
    /// Those whose text comes behind this line.
    pub(super) pending: Vec<Pending>,
    /// The texts are known.
    second: bool,
    /// Those that ended with the text.
    pub(super) warnings: Vec<Warning>,
}

#[derive(Clone, Debug, Default)]
struct Body {
    text: Vec<u8>,
    line: u32,
}

/// A here-document whose text is still to come.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    index: usize,
    end: Vec<u8>,
    quoted: bool,
    tabs: Tabs,
    line: u32,
}

/// What happens to tabs in front of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tabs {
    /// `<<`
    Kept,
    /// `<<-`
    Removed,
}

impl Docs {
    pub(super) fn is_used(&self) -> bool {
        !self.bodies.is_empty()
    }

    /// Begins the second reading.
    pub(super) fn again(&mut self) {
        self.next = 0;
        self.pending.clear();
        self.second = true;
    }
}

impl Parser<'_> {
    /// Notes a here-document, and gives its text where it is known.
    pub(super) fn here_doc(&mut self, raw: &[u8], tabs: Tabs) -> Parsed<Word> {
        let (end, quoted) = without_quotes(raw);
        let index = self.docs.next;
        self.docs.next = index.saturating_add(1);
        if !self.docs.second {
            self.docs.bodies.push(Body::default());
        }
        let line = self.token_line;
        self.docs.pending.push(Pending { index, end, quoted, tabs, line });
        if !self.docs.second {
            return Ok(Word::default());
        }
        let body = self.docs.bodies.get(index).cloned().unwrap_or_default();
        if quoted {
            return Ok(Word(vec![Part::Quoted(body.text)]));
        }
        let parts = self.inside(&body.text, body.line, body_parts)?;
        let parts = match parts {
            Ok(parts) => parts,
            Err(wrong) => vec![Part::Broken { text: body.text, wrong: wrong.into() }],
        };
        Ok(Word(vec![Part::Double(parts)]))
    }

    /// Reads the texts of the here-documents that wait for the end of this line.
    pub(super) fn read_here_docs(&mut self) -> Parsed<()> {
        for doc in std::mem::take(&mut self.docs.pending) {
            let line = self.input.line();
            let text = self.here_doc_text(&doc)?;
            if let Some(body) = self.docs.bodies.get_mut(doc.index) {
                *body = Body { text, line };
            }
        }
        Ok(())
    }

    fn here_doc_text(&mut self, doc: &Pending) -> Parsed<Vec<u8>> {
        let mut text: Vec<u8> = Vec::new();
        let mut continued = false;
        loop {
            if doc.tabs == Tabs::Removed && !continued {
                while self.input.peek(0) == Some(b'\t') {
                    self.input.bump();
                }
            }
            if self.input.peek(0).is_none() {
                if continued && text.ends_with(b"\\\n") {
                    // Nothing comes that the line could go on with.
                    text.truncate(text.len().saturating_sub(2));
                    text.push(b'\n');
                }
                return self.here_doc_ends(doc, text);
            }
            if !continued && self.is_here_doc_end(doc) {
                return Ok(text);
            }
            let begin = text.len();
            while let Some(byte) = self.input.bump() {
                text.push(byte);
                if byte == b'\n' {
                    break;
                }
            }
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            let line = text.get(begin..).unwrap_or_default();
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let slashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
            continued = !doc.quoted && slashes % 2 == 1;
        }
    }

    /// Takes the last line of a here-document, if it comes next.
    fn is_here_doc_end(&mut self, doc: &Pending) -> bool {
        self.input.pay(doc.end.len());
        if !doc.end.iter().enumerate().all(|(at, byte)| self.input.peek(at) == Some(*byte)) {
            return false;
        }
        let behind = self.input.peek(doc.end.len());
        let closes = self.substitutions > 0 && behind == Some(b')');
        if !matches!(behind, None | Some(b'\n')) && !closes {
            return false;
        }
        for _ in 0..doc.end.len() {
            self.input.bump();
        }
        if !closes {
            self.input.bump();
        } else if !self.docs.second {
            self.warn(doc, self.input.line());
        }
        true
    }

    fn here_doc_ends(&mut self, doc: &Pending, text: Vec<u8>) -> Parsed<Vec<u8>> {
        let line = self.input.last_line();
        if !self.options.here_docs_end {
            return Err(Wrong::Incomplete { why: Missing::HereDoc, line: doc.line });
        }
        if !self.docs.second {
            self.warn(doc, line.max(doc.line));
        }
        Ok(text)
    }

    fn warn(&mut self, doc: &Pending, line: u32) {
        let wanted = doc.end.clone();
        self.docs.warnings.push(Warning { line, begun: doc.line, wanted });
    }
}

/// Reads a whole here-document's text, in which there may be other here-documents.
fn body_parts(parser: &mut Parser<'_>) -> Parsed<Vec<Part>> {
    let earlier = parser.input.fork();
    let mut parts = Vec::new();
    parser.double(&mut parts, Kind::HereDoc)?;
    if parser.docs.is_used() {
        parser.input.back(earlier);
        parser.docs.again();
        parts.clear();
        parser.double(&mut parts, Kind::HereDoc)?;
    }
    Ok(parts)
}

/// A word without its quotes, and whether it had any.
fn without_quotes(raw: &[u8]) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let mut quote = None;
    let mut quoted = false;
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                quoted = true;
            }
            (Some(open), byte) if open == byte => quote = None,
            (None, b'\\') => {
                quoted = true;
                text.extend(bytes.next());
            }
            (Some(b'"'), b'\\') if bytes.peek().is_some_and(|byte| b"$`\"\\".contains(byte)) => {
                text.extend(bytes.next());
            }
            (None, b'$') if matches!(bytes.peek(), Some(b'\'' | b'"')) => {}
            (_, byte) => text.push(byte),
        }
    }
    (text, quoted)
}

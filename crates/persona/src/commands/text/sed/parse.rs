//! Reading a script of `sed`, with its complaints.
//!
//! **Invariant:** a script is read once, from its beginning; blocks nest as a list.

mod address;
mod replace;

use super::Settings;
use super::script::{Address, Command, Jump, Script, Until, What};
use super::words::{Place, understand};
use decnet_core::limits::SED_COMMANDS;

/// Where something was wrong, if that is known, and what.
type Wrong = String;

pub(super) struct Parser<'a> {
    settings: &'a mut Settings,
    text: &'a [u8],
    at: usize,
    script: Script,
    /// Blocks that are open, by the index of their command.
    open: Vec<usize>,
    labels: Vec<(Vec<u8>, usize)>,
    /// The file, or the number of the expression.
    file: Option<Vec<u8>>,
    number: usize,
    /// Text of `a`, `i` or `c` that goes on in the next expression.
    pending: Option<usize>,
}

impl<'a> Parser<'a> {
    pub(super) fn script(
        settings: &'a mut Settings,
        parts: &'a [(Option<Vec<u8>>, Vec<u8>)],
    ) -> Result<Script, Wrong> {
        let mut parser = Self {
            settings,
            text: &[],
            at: 0,
            script: Script::default(),
            open: Vec::new(),
            labels: Vec::new(),
            file: None,
            number: 0,
            pending: None,
        };
        for (index, (file, text)) in parts.iter().enumerate() {
            parser.text = text;
            parser.at = 0;
            parser.file.clone_from(file);
            parser.number += usize::from(file.is_none());
            if index == 0 && text.starts_with(b"#n") && matches!(text.get(2), None | Some(b'\n')) {
                parser.settings.quiet = true;
            }
            if let Some(index) = parser.pending.take() {
                parser.more_text(index);
            }
            parser.commands()?;
        }
        if parser.open.pop().is_some() {
            parser.at = 0;
            return Err(parser.wrong("unmatched `{'"));
        }
        parser.finish()
    }

    /// Finds the labels that are jumped to.
    fn finish(mut self) -> Result<Script, Wrong> {
        for command in &mut self.script.commands {
            let (What::Branch(jump) | What::BranchIf(jump) | What::BranchUnless(jump)) =
                &mut command.what
            else {
                continue;
            };
            if jump.label.is_empty() {
                continue;
            }
            match self.labels.iter().find(|(label, _)| *label == jump.label) {
                Some((_, index)) => jump.to = Some(*index),
                None => {
                    let label = String::from_utf8_lossy(&jump.label);
                    return Err(format!("sed: can't find label for jump to `{label}'"));
                }
            }
        }
        Ok(self.script)
    }

    fn wrong(&self, what: &str) -> Wrong {
        match &self.file {
            None => format!("sed: -e expression #{}, char {}: {what}", self.number, self.at),
            Some(file) => {
                let before = self.text.get(..self.at).unwrap_or(self.text);
                let line = before.iter().filter(|b| **b == b'\n').count() + 1;
                format!("sed: file {} line {line}: {what}", String::from_utf8_lossy(file))
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace() && b != b'\n') {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace() || b == b';') {
            self.at += 1;
        }
    }

    fn commands(&mut self) -> Result<(), Wrong> {
        loop {
            self.skip_space();
            if self.peek().is_none() {
                return Ok(());
            }
            if self.script.commands.len() >= SED_COMMANDS {
                return Err("sed: memory exhausted".to_owned());
            }
            let from = self.address()?;
            let mut to = None;
            if from.is_some() {
                self.skip_blanks();
                if self.peek() == Some(b',') {
                    self.at += 1;
                    self.skip_blanks();
                    to = Some(self.until()?);
                }
            }
            let regex_end = matches!(to, Some(Until::Match(_)));
            self.skip_blanks();
            let mut negated = false;
            while self.peek() == Some(b'!') {
                self.at += 1;
                if negated {
                    return Err(self.wrong("multiple `!'s"));
                }
                negated = true;
                self.skip_blanks();
            }
            let letter = self.next().ok_or_else(|| self.wrong("missing command"))?;
            let reads = letter == b'r' && to.is_none();
            if matches!(from, Some(Address::Zero)) && !reads && (!regex_end || self.settings.posix)
            {
                return Err(self.wrong("invalid usage of line address 0"));
            }
            let command = Command { from, to, negated, what: What::Nothing };
            self.command(command, letter)?;
        }
    }

    fn command(&mut self, mut command: Command, letter: u8) -> Result<(), Wrong> {
        let index = self.script.commands.len();
        if command.to.is_some() && b"qQ".contains(&letter) {
            return Err(self.wrong("command only uses one address"));
        }
        command.what = match letter {
            b'#' => {
                if command.from.is_some() {
                    return Err(self.wrong("comments don't accept any addresses"));
                }
                while self.peek().is_some_and(|b| b != b'\n') {
                    self.at += 1;
                }
                return Ok(());
            }
            b':' => {
                if command.from.is_some() {
                    return Err(self.wrong(": doesn't want any addresses"));
                }
                self.skip_blanks();
                let label = self.word(LabelEnd::Label);
                if label.is_empty() {
                    return Err(self.wrong("\":\" lacks a label"));
                }
                self.labels.push((label, index));
                What::Nothing
            }
            b'{' => {
                self.open.push(index);
                What::Block(0)
            }
            b'}' => {
                let Some(open) = self.open.pop() else {
                    return Err(self.wrong("unexpected `}'"));
                };
                if command.from.is_some() {
                    return Err(self.wrong("} doesn't want any addresses"));
                }
                if let Some(command) = self.script.commands.get_mut(open) {
                    command.what = What::Block(index + 1);
                }
                self.end()?;
                What::BlockEnd
            }
            b'a' | b'i' | b'c' => {
                let text = self.text_of(index)?;
                match letter {
                    b'a' => What::Append(text),
                    b'i' => What::Insert(text),
                    _ => What::Change(text),
                }
            }
            b'b' | b't' | b'T' => {
                self.skip_blanks();
                let label = self.word(LabelEnd::Semicolon);
                let jump = Jump { label, to: None };
                match letter {
                    b'b' => What::Branch(jump),
                    b't' => What::BranchIf(jump),
                    _ => What::BranchUnless(jump),
                }
            }
            b'e' => {
                self.forbidden()?;
                self.skip_blanks();
                What::Execute(self.line())
            }
            b'r' | b'R' | b'w' | b'W' => self.file_command(letter)?,
            b'v' => {
                self.skip_blanks();
                let word = self.word(LabelEnd::Semicolon);
                let mut parts = word.split(|&b| b == b'.');
                let mut part = || {
                    let text = parts.next().and_then(|text| std::str::from_utf8(text).ok());
                    text.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0)
                };
                if (part(), part()) > (4, 9) {
                    return Err(self.wrong("expected newer version of sed"));
                }
                What::Nothing
            }
            b'l' | b'q' | b'Q' | b'L' => {
                self.skip_blanks();
                let number = self.peek().filter(u8::is_ascii_digit).map(|_| self.number());
                self.end()?;
                let number = number.and_then(|number| u32::try_from(number).ok());
                match letter {
                    b'q' => What::Quit(number.unwrap_or(0) & 0xff),
                    b'Q' => What::QuitSilently(number.unwrap_or(0) & 0xff),
                    _ => What::List(number.and_then(|number| usize::try_from(number).ok())),
                }
            }
            b's' => self.substitute()?,
            b'y' => self.translate()?,
            letter => {
                let what = simple(letter).ok_or_else(|| {
                    self.wrong(&format!("unknown command: `{}'", char::from(letter)))
                })?;
                self.end()?;
                what
            }
        };
        self.script.commands.push(command);
        Ok(())
    }

    /// What may stand behind a command.
    fn end(&mut self) -> Result<(), Wrong> {
        self.skip_blanks();
        match self.peek() {
            None | Some(b'}' | b'#') => Ok(()),
            Some(b'\n' | b';') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => {
                self.at += 1;
                Err(self.wrong("extra characters after command"))
            }
        }
    }

    fn word(&mut self, end: LabelEnd) -> Vec<u8> {
        let mut word = Vec::new();
        while let Some(byte) = self.peek() {
            if byte.is_ascii_whitespace() || byte == b';' {
                break;
            }
            // A brace ends a jump's label, as in `{s/x/y/;ta}`.
            if byte == b'}' && end == LabelEnd::Semicolon {
                break;
            }
            word.push(byte);
            self.at += 1;
        }
        word
    }

    /// The rest of the line.
    fn line(&mut self) -> Vec<u8> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default().to_vec()
    }

    fn forbidden(&mut self) -> Result<(), Wrong> {
        if self.settings.sandbox {
            return Err(self.wrong("e/r/w commands disabled in sandbox mode"));
        }
        Ok(())
    }

    fn file_command(&mut self, letter: u8) -> Result<What, Wrong> {
        self.forbidden()?;
        self.skip_blanks();
        let name = self.line();
        if name.is_empty() {
            return Err(self.wrong("missing filename in r/R/w/W commands"));
        }
        Ok(match letter {
            b'r' => What::Read(name),
            b'R' => What::ReadLine(name),
            b'w' => What::Write(self.file(name)),
            _ => What::WriteFirst(self.file(name)),
        })
    }

    fn file(&mut self, name: Vec<u8>) -> usize {
        let known = self.script.files.iter().position(|file| *file == name);
        known.unwrap_or_else(|| {
            self.script.files.push(name);
            self.script.files.len() - 1
        })
    }

    /// The text of `a`, `i` or `c`.
    fn text_of(&mut self, index: usize) -> Result<Vec<u8>, Wrong> {
        self.skip_blanks();
        match self.peek() {
            None => return Err(self.wrong("expected \\ after `a', `c' or `i'")),
            Some(b'\\') => {
                self.at += 1;
                self.skip_blanks();
                match self.peek() {
                    Some(b'\n') => self.at += 1,
                    // The text is in the next expression.
                    None => {
                        self.pending = Some(index);
                        return Ok(Vec::new());
                    }
                    // `a\text`: what was skipped belongs to it.
                    Some(_) => {
                        let before = self.text.get(..self.at).unwrap_or_default();
                        let blanks =
                            before.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
                        self.at -= blanks;
                    }
                }
            }
            Some(b'\n') => return Err(self.wrong("expected \\ after `a', `c' or `i'")),
            Some(_) => {}
        }
        let (text, open) = self.read_text();
        if open {
            self.pending = Some(index);
        }
        Ok(text)
    }

    /// Up to a line end without backslash; whether the script ended behind a backslash.
    fn read_text(&mut self) -> (Vec<u8>, bool) {
        let mut raw = Vec::new();
        let mut open = false;
        while let Some(byte) = self.next() {
            match byte {
                b'\n' => break,
                b'\\' => match self.next() {
                    Some(b'\n') => raw.push(b'\n'),
                    Some(next) if b"afvtrcdox".contains(&next) => raw.extend([b'\\', next]),
                    Some(next) => raw.push(next),
                    None => open = true,
                },
                byte => raw.push(byte),
            }
        }
        let mut text = understand(&raw, Place::Text);
        text.push(b'\n');
        (text, open)
    }

    /// Text that began in the expression before.
    fn more_text(&mut self, index: usize) {
        let (text, open) = self.read_text();
        if let Some(command) = self.script.commands.get_mut(index)
            && let What::Append(old) | What::Insert(old) | What::Change(old) = &mut command.what
        {
            old.extend(text);
        }
        if open {
            self.pending = Some(index);
        }
    }
}

/// What ends a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LabelEnd {
    /// A label itself, which may hold a brace.
    Label,
    Semicolon,
}

/// Commands that are a letter and nothing else.
fn simple(letter: u8) -> Option<What> {
    Some(match letter {
        b'=' => What::Number,
        b'd' => What::Delete,
        b'D' => What::DeleteFirst,
        b'F' => What::FileName,
        b'g' => What::Get,
        b'G' => What::GetAppend,
        b'h' => What::Hold,
        b'H' => What::HoldAppend,
        b'n' => What::Next,
        b'N' => What::NextAppend,
        b'p' => What::Print,
        b'P' => What::PrintFirst,
        b'x' => What::Exchange,
        b'z' => What::Zap,
        _ => return None,
    })
}

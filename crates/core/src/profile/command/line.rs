//! A command line, rebuilt from its keys as readline edits it, and what was corrected in it.
//!
//! Keys alone do not say everything: what Tab completed, and which line an arrow or a search brought
//! back, only the machine knew. From there on the text is the part that was typed behind that, and
//! no more is said of what stands before it; keys that would reach into it end the account. What the
//! line was in the end, the command says that follows.
//!
//! A correction begins where something is deleted, or where something is inserted in the middle of
//! the line, and ends with the next one, with a move of the cursor, or with the line. It is told as
//! the words that changed. A line that is given up (`^C`, or deleted and left empty) corrects
//! nothing.
//!
//! **Invariant:** bounded by `limits.rs`: text, and corrections of a line. A key costs what it moves,
//! which is nothing at the line's end; a line without a deletion or an insertion in its middle has no
//! correction.

use super::history::Uses;
use super::keys::{Glyph, Key};
use super::typo::{self, Extent, Kind, Place};
use crate::limits;
use serde::{Deserialize, Serialize};

/// A line being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    text: Vec<Glyph>,
    cursor: usize,
    /// Whether `text` is all of the line.
    begin: Begin,
    killed: Vec<Glyph>,
    is_killing: bool,
    is_pasting: bool,
    open: Option<Open>,
    /// Corrections looked at.
    corrections: usize,
    /// Recall, and search: once a line each, searches as often as they were begun.
    pub(super) uses: Uses,
    is_recalled: bool,
}

/// What stands before the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Begin {
    /// Nothing.
    #[default]
    Known,
    /// Something that the machine put there.
    Unknown,
    /// The cursor may be anywhere in something that is not known.
    Lost,
    /// A search through the history goes on.
    Searching,
}

/// A correction that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    before: Vec<Glyph>,
    /// Something was inserted since.
    has_inserted: bool,
    extent: AtEnd,
}

/// Whether a correction began at the line's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum AtEnd {
    Yes,
    No,
}

/// A correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Correction {
    pub(super) typed: Vec<Glyph>,
    pub(super) became: Vec<Glyph>,
    pub(super) kind: Kind,
}

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Led {
    /// The line goes on.
    On,
    /// It was entered: its text, where all of it is known.
    Entered(Option<Vec<Glyph>>),
    /// It was given up.
    GivenUp,
}

impl Line {
    /// Bytes that the state takes in memory, roughly.
    pub(super) fn weight(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |open| open.before.capacity());
        4 * (self.text.capacity() + self.killed.capacity() + open)
    }

    /// Takes a key; what it ends of a correction goes to `out`.
    pub(super) fn key(&mut self, key: Key, out: &mut Vec<Correction>) -> Led {
        if self.is_pasting {
            return self.pasted(key, out);
        }
        if self.begin == Begin::Searching && self.searched(key) {
            return Led::On;
        }
        let was_killing = std::mem::take(&mut self.is_killing);
        if self.begin == Begin::Unknown && self.reaches_before(key) {
            self.lose();
            return Led::On;
        }
        match key {
            Key::Text(glyph) => self.insert(&[glyph], out),
            Key::Control(b'\r' | b'\n' | 0x0f) => return self.enter(out),
            Key::Control(3) => {
                self.begin_anew();
                return Led::GivenUp;
            }
            Key::PasteBegin => self.is_pasting = true,
            Key::Control(0x7f | 8) => {
                drop(self.delete(self.cursor.saturating_sub(1), self.cursor, out));
            }
            Key::Control(4) | Key::Delete => drop(self.delete(self.cursor, self.cursor + 1, out)),
            Key::Control(0x15) => self.kill(0, self.cursor, was_killing, out),
            Key::Control(0x17) => {
                let begin = self.left(is_blank, |glyph| !is_blank(glyph));
                self.kill(begin, self.cursor, was_killing, out);
            }
            Key::Meta(0x7f | 8) => {
                let begin = self.left(|glyph| !is_word(glyph), is_word);
                self.kill(begin, self.cursor, was_killing, out);
            }
            Key::Control(0x0b) => self.kill(self.cursor, self.text.len(), was_killing, out),
            Key::Meta(b'd' | b'D') => self.kill(self.cursor, self.right(), was_killing, out),
            Key::Control(0x19) => {
                let killed = std::mem::take(&mut self.killed);
                self.insert(&killed, out);
                self.killed = killed;
            }
            Key::Control(0x14) => self.transpose(out),
            Key::Control(1) | Key::Home => self.go(0, out),
            Key::Control(5) | Key::End => self.go(self.text.len(), out),
            Key::Control(2) | Key::Left => self.go(self.cursor.saturating_sub(1), out),
            Key::Control(6) | Key::Right => self.go(self.cursor + 1, out),
            Key::Meta(b'b' | b'B') | Key::WordLeft => {
                self.go(self.left(|glyph| !is_word(glyph), is_word), out);
            }
            Key::Meta(b'f' | b'F') | Key::WordRight => self.go(self.right(), out),
            Key::Control(b'\t') | Key::Meta(b'.' | b'_') => self.completed(out),
            Key::Control(0x10 | 0x0e) | Key::Up | Key::Down => {
                if !self.is_recalled && matches!(key, Key::Control(0x10) | Key::Up) {
                    self.uses.up = self.uses.up.saturating_add(1);
                    self.is_recalled = true;
                }
                self.forget(Begin::Unknown);
            }
            Key::Control(0x12) => {
                self.uses.search = self.uses.search.saturating_add(1);
                self.forget(Begin::Searching);
            }
            // What else changes the line, or brings another one, in ways that are not followed.
            Key::Control(0x1f | 0x18 | 0x13) | Key::Meta(_) => self.lose(),
            Key::Control(_) | Key::PasteEnd | Key::Unbound => {}
        }
        Led::On
    }

    /// Whether a key moves or deletes into what stands before the text.
    fn reaches_before(&self, key: Key) -> bool {
        match key {
            Key::Control(0x7f | 8 | 2) | Key::Left => self.cursor == 0,
            Key::Control(0x15 | 1) | Key::Home => true,
            Key::Control(0x17) => self.left(is_blank, |glyph| !is_blank(glyph)) == 0,
            Key::Meta(0x7f | 8 | b'b' | b'B') | Key::WordLeft => {
                self.left(|glyph| !is_word(glyph), is_word) == 0
            }
            Key::Text(_)
            | Key::Control(_)
            | Key::Meta(_)
            | Key::Up
            | Key::Down
            | Key::Right
            | Key::End
            | Key::Delete
            | Key::WordRight
            | Key::PasteBegin
            | Key::PasteEnd
            | Key::Unbound => false,
        }
    }

    /// A key inside a bracketed paste is the character that it is.
    fn pasted(&mut self, key: Key, out: &mut Vec<Correction>) -> Led {
        match key {
            Key::PasteEnd => self.is_pasting = false,
            Key::Text(glyph) => self.insert(&[glyph], out),
            Key::Control(b'\r' | b'\n') => self.insert(&['\n'.into()], out),
            Key::Control(3) => {
                self.begin_anew();
                return Led::GivenUp;
            }
            Key::Control(byte) => self.insert(&[byte.into()], out),
            // A pasted escape sequence: its characters are not worth having.
            Key::Meta(_)
            | Key::Up
            | Key::Down
            | Key::Left
            | Key::Right
            | Key::Home
            | Key::End
            | Key::Delete
            | Key::WordLeft
            | Key::WordRight
            | Key::PasteBegin
            | Key::Unbound => self.lose(),
        }
        Led::On
    }

    /// Whether a key belongs to a search that goes on. One that does not ends it, somewhere in a line
    /// that is not known.
    fn searched(&mut self, key: Key) -> bool {
        let is_part = match key {
            Key::Text(_) | Key::Control(0x12 | 0x13 | 0x7f | 8) => true,
            Key::Control(_)
            | Key::Meta(_)
            | Key::Up
            | Key::Down
            | Key::Left
            | Key::Right
            | Key::Home
            | Key::End
            | Key::Delete
            | Key::WordLeft
            | Key::WordRight
            | Key::PasteBegin
            | Key::PasteEnd
            | Key::Unbound => false,
        };
        if !is_part {
            self.begin = Begin::Lost;
        }
        is_part
    }

    fn enter(&mut self, out: &mut Vec<Correction>) -> Led {
        self.settle(out);
        let text = std::mem::take(&mut self.text);
        let is_known = self.begin == Begin::Known;
        self.begin_anew();
        Led::Entered(is_known.then_some(text))
    }

    /// A new line; what was killed can be put into it.
    fn begin_anew(&mut self) {
        let killed = std::mem::take(&mut self.killed);
        let uses = std::mem::take(&mut self.uses);
        *self = Self { killed, uses, ..Self::default() };
    }

    fn insert(&mut self, new: &[Glyph], out: &mut Vec<Correction>) {
        if self.begin == Begin::Lost || new.is_empty() {
            return;
        }
        let room = limits::LINE_BYTES.saturating_sub(self.text.len());
        let Some(new) = new.get(..room.min(new.len())).filter(|new| !new.is_empty()) else {
            return self.lose();
        };
        let at_end = self.cursor == self.text.len();
        if self.open.is_none() && !at_end {
            self.correct(AtEnd::No, out);
        }
        if let Some(open) = &mut self.open {
            open.has_inserted = true;
        }
        if at_end {
            self.text.extend_from_slice(new);
        } else {
            self.text.splice(self.cursor..self.cursor, new.iter().copied());
        }
        self.cursor += new.len();
    }

    fn delete(&mut self, from: usize, to: usize, out: &mut Vec<Correction>) -> Vec<Glyph> {
        let to = to.min(self.text.len());
        if self.begin == Begin::Lost || from >= to {
            return Vec::new();
        }
        let at_end = if to == self.text.len() { AtEnd::Yes } else { AtEnd::No };
        // At the line's end, who deletes again behind what he has typed since corrects anew.
        let is_over =
            self.open.as_ref().is_some_and(|open| open.has_inserted && open.extent == AtEnd::Yes);
        if is_over {
            self.settle(out);
        }
        if self.open.is_none() {
            self.correct(at_end, out);
        }
        self.cursor = from;
        self.text.drain(from..to).collect()
    }

    /// As `delete`; what is deleted in a row can be put back as one.
    fn kill(&mut self, from: usize, to: usize, is_more: bool, out: &mut Vec<Correction>) {
        let is_before = to == self.cursor;
        let gone = self.delete(from, to, out);
        if gone.is_empty() {
            return;
        }
        if !is_more {
            self.killed = gone;
        } else if is_before {
            self.killed.splice(0..0, gone);
        } else {
            self.killed.extend(gone);
        }
        self.killed.truncate(limits::LINE_BYTES);
        self.is_killing = true;
    }

    fn transpose(&mut self, out: &mut Vec<Correction>) {
        let right = self.cursor.min(self.text.len().saturating_sub(1));
        if self.begin == Begin::Lost || self.cursor == 0 || right == 0 {
            return;
        }
        self.settle(out);
        self.correct(AtEnd::No, out);
        self.text.swap(right - 1, right);
        self.cursor = right + 1;
        self.settle(out);
    }

    fn go(&mut self, to: usize, out: &mut Vec<Correction>) {
        let to = to.min(self.text.len());
        if to != self.cursor {
            self.settle(out);
            self.cursor = to;
        }
    }

    /// The machine may have put something behind the cursor: what follows stands on its own.
    fn completed(&mut self, out: &mut Vec<Correction>) {
        if self.cursor == self.text.len() && matches!(self.begin, Begin::Known | Begin::Unknown) {
            self.settle(out);
            self.forget(Begin::Unknown);
        } else {
            self.lose();
        }
    }

    /// Another text is there, of which nothing is known.
    fn forget(&mut self, begin: Begin) {
        self.text.clear();
        self.cursor = 0;
        self.open = None;
        self.begin = begin;
    }

    fn lose(&mut self) {
        self.forget(Begin::Lost);
    }

    /// Begins a correction, if there is room for one.
    fn correct(&mut self, extent: AtEnd, out: &mut Vec<Correction>) {
        self.settle(out);
        if self.corrections < limits::LINE_CORRECTIONS && self.begin != Begin::Searching {
            self.corrections += 1;
            self.open = Some(Open { before: self.text.clone(), has_inserted: false, extent });
        }
    }

    /// Ends a correction.
    fn settle(&mut self, out: &mut Vec<Correction>) {
        if let Some(open) = self.open.take() {
            out.extend(self.correction(&open));
        }
    }

    /// The words that a correction changed.
    fn correction(&self, open: &Open) -> Option<Correction> {
        let (before, after) = (open.before.as_slice(), self.text.as_slice());
        let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
        if same == before.len() && same == after.len() {
            return None;
        }
        let rest = before.len().min(after.len()) - same;
        let end = match open.extent {
            // Whatever was typed since is behind what was deleted.
            AtEnd::Yes => 0,
            AtEnd::No => {
                let ends = before.iter().rev().zip(after.iter().rev());
                ends.take(rest).take_while(|(one, other)| one == other).count()
            }
        };
        let begin = before.get(..same)?.iter().rposition(is_blank).map_or(0, |at| at + 1);
        let typed = words(before, begin, before.len() - end);
        let became = match open.extent {
            AtEnd::No => words(after, begin, after.len() - end),
            // As many words as there were.
            AtEnd::Yes => {
                let count = typed.split(is_blank).filter(|word| !word.is_empty()).count();
                first_words(after.get(begin..)?, count)
            }
        };
        if became.is_empty() {
            return None;
        }
        let place = if self.begin == Begin::Known && is_command(before.get(..begin)?) {
            Place::Command
        } else {
            Place::Argument
        };
        let extent = match open.extent {
            AtEnd::Yes => Extent::Begun,
            AtEnd::No => Extent::Whole,
        };
        let kind = typo::kind(typed, became, place, extent)?;
        let kept = |word: &[Glyph]| word.get(..limits::TYPO_GLYPHS).unwrap_or(word).to_vec();
        Some(Correction { typed: kept(typed), became: kept(became), kind })
    }

    /// Where a word begins that ends at the cursor.
    fn left(&self, first: fn(&Glyph) -> bool, then: fn(&Glyph) -> bool) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let skipped = before.iter().rev().take_while(|glyph| first(glyph)).count();
        let word = before.iter().rev().skip(skipped).take_while(|glyph| then(glyph)).count();
        self.cursor.saturating_sub(skipped + word)
    }

    /// Where the word ends that is behind the cursor.
    fn right(&self) -> usize {
        let behind = self.text.get(self.cursor..).unwrap_or_default();
        let skipped = behind.iter().take_while(|glyph| !is_word(glyph)).count();
        let word = behind.iter().skip(skipped).take_while(|glyph| is_word(glyph)).count();
        self.cursor + skipped + word
    }
}

/// The words from `begin` to the end of the one that `end` is in.
fn words(text: &[Glyph], begin: usize, end: usize) -> &[Glyph] {
    let end = end.max(begin);
    let rest = text.get(end..).unwrap_or_default();
    let more = rest.iter().position(is_blank).unwrap_or(rest.len());
    // What ends where a word ends, ends that word.
    let more = if end > begin && text.get(end - 1).is_some_and(is_blank) { 0 } else { more };
    trimmed(text.get(begin..end + more).unwrap_or_default())
}

/// The first words of a text, so many.
fn first_words(text: &[Glyph], count: usize) -> &[Glyph] {
    let (mut seen, mut inside) = (0, false);
    let end = text.iter().position(|glyph| {
        if !is_blank(glyph) && !inside {
            seen += 1;
        }
        inside = !is_blank(glyph);
        seen > count.max(1)
    });
    trimmed(text.get(..end.unwrap_or(text.len())).unwrap_or_default())
}

fn trimmed(text: &[Glyph]) -> &[Glyph] {
    let begin = text.iter().take_while(|glyph| is_blank(glyph)).count();
    let text = text.get(begin..).unwrap_or_default();
    let end = text.iter().rev().take_while(|glyph| is_blank(glyph)).count();
    text.get(..text.len() - end).unwrap_or_default()
}

/// Whether a command's name comes behind that: nothing, or what ends the command before.
fn is_command(before: &[Glyph]) -> bool {
    let last = before.iter().rev().find(|glyph| !is_blank(glyph)).copied();
    last.is_none_or(|glyph| [';', '|', '&', '(', '{', '`'].map(Glyph::from).contains(&glyph))
}

fn is_blank(glyph: &Glyph) -> bool {
    [' ', '\t', '\n'].map(Glyph::from).contains(glyph)
}

fn is_word(glyph: &Glyph) -> bool {
    char::from_u32(*glyph).is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests;

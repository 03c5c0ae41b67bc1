//! The bytes that a parser reads: a text, and the aliases that stand in for words of it.
//!
//! **Invariant:** every byte taken or looked at costs, and who cannot pay gets no more: whatever the
//! text, reading it ends.

use std::sync::Arc;

use crate::limits::{SHELL_ALIAS_BYTES, SHELL_LOOKS, SHELL_LOOKS_LEAST};

/// An alias's text that is being read.
#[derive(Clone, Debug)]
struct Frame {
    name: Arc<[u8]>,
    text: Arc<[u8]>,
    at: usize,
}

/// Where a text is being read.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    frames: Vec<Frame>,
    /// What was taken since the line began, without continued line ends.
    taken: Vec<u8>,
    /// The last alias that ended had a blank at its end.
    expand_next: bool,
    /// The last thing taken was a backslash before a line end.
    cut: bool,
    /// The line end that stands for the one a text lacks was given.
    closed: bool,
    alias_bytes: usize,
    fuel: u64,
}

impl<'a> Input<'a> {
    pub(super) fn new(text: &'a [u8], line: u32) -> Self {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Self {
            text,
            at: 0,
            line,
            frames: Vec::new(),
            taken: Vec::new(),
            expand_next: false,
            cut: false,
            closed: text.is_empty() || text.ends_with(b"\n"),
            alias_bytes: 0,
            fuel: length.saturating_mul(SHELL_LOOKS).saturating_add(SHELL_LOOKS_LEAST),
        }
    }

    /// What is left to pay with.
    pub(super) fn fuel(&self) -> u64 {
        self.fuel
    }

    pub(super) fn set_fuel(&mut self, fuel: u64) {
        self.fuel = fuel;
    }

    pub(super) fn pay(&mut self, cost: usize) {
        self.fuel = self.fuel.saturating_sub(u64::try_from(cost).unwrap_or(u64::MAX));
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// What was taken from a mark on, which [`Input::mark`] gave.
    pub(super) fn since(&self, mark: usize) -> &[u8] {
        self.taken.get(mark..).unwrap_or_default()
    }

    pub(super) fn mark(&self) -> usize {
        self.taken.len()
    }

    /// Forgets what was taken; marks from before mean nothing any longer.
    pub(super) fn forget(&mut self) {
        self.taken.clear();
    }

    /// Goes back to an earlier state, but what was spent stays spent.
    pub(super) fn back(&mut self, earlier: Self) {
        let fuel = self.fuel;
        *self = earlier;
        self.fuel = fuel;
    }

    /// A copy to read ahead with.
    pub(super) fn fork(&self) -> Self {
        Self { taken: Vec::new(), ..self.clone_without_taken() }
    }

    fn clone_without_taken(&self) -> Self {
        Self {
            text: self.text,
            at: self.at,
            line: self.line,
            frames: self.frames.clone(),
            taken: Vec::new(),
            expand_next: self.expand_next,
            cut: self.cut,
            closed: self.closed,
            alias_bytes: self.alias_bytes,
            fuel: self.fuel,
        }
    }

    /// The byte that comes after `skip` others.
    pub(super) fn peek(&self, skip: usize) -> Option<u8> {
        if self.fuel == 0 {
            return None;
        }
        let mut skip = skip;
        for frame in self.frames.iter().rev() {
            let left = frame.text.len().saturating_sub(frame.at);
            if skip < left {
                return frame.text.get(frame.at.saturating_add(skip)).copied();
            }
            skip = skip.saturating_sub(left);
        }
        self.text.get(self.at.saturating_add(skip)).copied()
    }

    /// Takes a byte.
    pub(super) fn bump(&mut self) -> Option<u8> {
        if self.fuel == 0 {
            return None;
        }
        self.fuel = self.fuel.saturating_sub(1);
        self.cut = false;
        while let Some(frame) = self.frames.last_mut() {
            if let Some(byte) = frame.text.get(frame.at).copied() {
                frame.at = frame.at.saturating_add(1);
                self.taken.push(byte);
                return Some(byte);
            }
            self.expand_next |= frame.text.last().is_some_and(|byte| b" \t".contains(byte));
            self.frames.pop();
        }
        let byte = self.text.get(self.at).copied()?;
        self.at = self.at.saturating_add(1);
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        self.taken.push(byte);
        Some(byte)
    }

    /// Steps over continued line ends, and says which byte comes then.
    pub(super) fn look(&mut self) -> Option<u8> {
        while self.peek(0) == Some(b'\\') && self.peek(1) == Some(b'\n') {
            let mark = self.mark();
            self.bump();
            self.bump();
            self.taken.truncate(mark);
            self.cut = true;
        }
        self.peek(0)
    }

    /// The byte behind the one that [`Input::look`] gave.
    pub(super) fn look_behind(&mut self) -> Option<u8> {
        let mut skip = 1_usize;
        while self.peek(skip) == Some(b'\\')
            && self.peek(skip.saturating_add(1)) == Some(b'\n')
            && self.fuel > 0
        {
            skip = skip.saturating_add(2);
            self.pay(2);
        }
        self.peek(skip)
    }

    /// Takes a byte behind continued line ends.
    pub(super) fn take(&mut self) -> Option<u8> {
        self.look();
        self.bump()
    }

    /// Takes that byte, if it comes next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is = self.look() == Some(byte);
        if is {
            self.bump();
        }
        is
    }

    /// Whether a text without a line end at its end has one now: only once.
    pub(super) fn close(&mut self) -> bool {
        let first = !self.closed;
        if first {
            self.closed = true;
            self.line = self.line.saturating_add(1);
        }
        first
    }

    /// The last line of the text, where all of it was read.
    pub(super) fn last_line(&self) -> u32 {
        self.line.saturating_sub(u32::from(self.closed))
    }

    /// Whether the text ends in the middle of a continued line.
    pub(super) fn is_cut(&self) -> bool {
        self.cut && self.peek(0).is_none()
    }

    /// Whether that alias may be put in here.
    pub(super) fn may_expand(&self, name: &[u8]) -> bool {
        self.frames.iter().all(|frame| &*frame.name != name)
    }

    /// Whether the next word may be an alias wherever it stands; asking forgets it.
    pub(super) fn expands_next(&mut self) -> bool {
        std::mem::take(&mut self.expand_next)
    }

    /// Reads an alias's text before what comes. Whether there was room for it.
    pub(super) fn expand(&mut self, name: &[u8], text: Vec<u8>) -> bool {
        self.alias_bytes = self.alias_bytes.saturating_add(text.len());
        self.pay(text.len());
        self.frames.push(Frame { name: name.into(), text: text.into(), at: 0 });
        self.alias_bytes <= SHELL_ALIAS_BYTES
    }

    /// The text's line on which reading is, or the one before where it has just begun.
    pub(super) fn source(&self, line: u32) -> Vec<u8> {
        let mut end = self.at.min(self.text.len());
        let mut now =
            self.line.saturating_sub(u32::from(self.closed && !self.text.ends_with(b"\n")));
        while now > line && end > 0 {
            end = end.saturating_sub(1);
            if self.text.get(end) == Some(&b'\n') {
                now = now.saturating_sub(1);
            }
        }
        let (before, after) = self.text.split_at(end);
        let begin =
            before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let length = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
        self.text.get(begin..end.saturating_add(length)).unwrap_or_default().to_vec()
    }
}

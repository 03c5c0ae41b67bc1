//! The lines that a session has run, oldest first.
//!
//! **Invariant:** bounded in lines and in bytes; at the cap the oldest goes.

use std::collections::VecDeque;

/// A bounded list of lines, numbered from 1 as `history` shows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    lines: VecDeque<Vec<u8>>,
    gone: usize,
    bytes: usize,
}

/// Lines kept: HISTSIZE of bash without a configuration.
const LINES: usize = 500;
/// Bytes kept of all lines.
const BYTES: usize = 128 * 1024;

impl History {
    pub(crate) fn push(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || (self.bytes > BYTES && self.lines.len() > 1) {
            if let Some(oldest) = self.lines.pop_front() {
                self.bytes -= oldest.len();
                self.gone += 1;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        self.lines.get(index).map(Vec::as_slice)
    }

    pub(crate) fn last(&self) -> Option<&[u8]> {
        self.lines.back().map(Vec::as_slice)
    }

    /// Forgets all, as `history -c`.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Every line with its number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let first = self.gone + 1;
        self.lines.iter().enumerate().map(move |(index, line)| (first + index, line.as_slice()))
    }

    /// The newest line before `end` (an index) that holds `part`, and where in it.
    pub(crate) fn search(&self, part: &[u8], end: usize) -> Option<(usize, usize)> {
        let newest_first = self.lines.iter().enumerate().take(end).rev();
        newest_first.filter_map(|(index, line)| Some((index, rfind(line, part)?))).next()
    }
}

fn rfind(line: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return None;
    }
    line.windows(part.len()).rposition(|window| window == part)
}

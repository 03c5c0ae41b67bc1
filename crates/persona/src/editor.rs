//! The line editor: keys in; echo, and now and then a line, out. It writes what bash 5.2 with
//! readline 8.2 and Debian's /etc/inputrc writes on an xterm.
//!
//! **Invariant:** the bytes written depend on the bytes read, never on how reads cut them.

mod search;

use crate::history::History;
use crate::keys::{Decoder, Glyph, Key};
use crate::screen::{Appended, Prompt, Screen, View, glyphs};
use decnet_core::limits::LINE_BYTES;
use search::Search;

/// One line being edited, and what is kept from line to line.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    screen: Screen,
    decoder: Decoder,
    prompt: Prompt,
    text: Vec<Glyph>,
    /// Length of `text` in bytes.
    bytes: usize,
    cursor: usize,
    /// What was pasted last, shown in reverse video until the next key.
    marked: (usize, usize),
    killed: Vec<Glyph>,
    last: LastKey,
    paste: Option<Vec<u8>>,
    search: Option<Search>,
    /// The line of the history that is shown; `None` is the new one.
    recalled: Option<usize>,
    /// The new line, while another is shown.
    unsent: Vec<Glyph>,
    too_long: Warned,
    shown: Shown,
    work: usize,
}

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edited {
    /// Nothing but echo.
    More,
    /// A line, without its end.
    Line(Vec<u8>),
    /// ^C.
    Interrupt,
    /// ^D on an empty line.
    EndOfInput,
    /// Tab, and whether it is the second in a row.
    Complete(Again),
    /// The line has reached its cap; said once per line.
    TooLong,
}

/// Whether the key before was the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    First,
    Repeated,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LastKey {
    #[default]
    Other,
    Kill,
    Tab,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Warned {
    #[default]
    No,
    Yes,
}

/// Whether the screen shows the text as it is, but for the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    Yes,
    No,
}

#[derive(Clone, Copy, Debug)]
enum Kill {
    Before,
    Behind,
}

const BELL: u8 = 7;
const PASTE_END: &[u8] = b"\x1b[201~";

impl Editor {
    /// Shows the prompt and begins a line.
    pub(crate) fn begin(&mut self, prompt: &[u8], cols: u32, out: &mut Vec<u8>) {
        let kept = std::mem::take(self);
        self.killed = kept.killed;
        self.decoder = kept.decoder;
        self.prompt = Prompt::new(prompt);
        out.extend_from_slice(b"\x1b[?2004h");
        let cols = if cols == 0 { 80 } else { cols };
        self.screen.begin(cols as usize, self.prompt.clone(), out);
    }

    pub(crate) fn resize(&mut self, cols: u32) {
        self.screen.resize(if cols == 0 { 80 } else { cols as usize });
    }

    /// What was done since the last call, in characters looked at.
    pub(crate) fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work)
    }

    /// The text before the cursor, for completion.
    pub(crate) fn before_cursor(&self) -> Vec<u8> {
        bytes_of(self.text.get(..self.cursor).unwrap_or(&[]))
    }

    /// Inserts what completion found.
    pub(crate) fn complete(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.insert(&glyphs(text), out);
        self.last = LastKey::Other;
        self.refresh(out);
    }

    /// Shows what completion may mean, then prompt and line again.
    pub(crate) fn list(&mut self, list: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(list);
        self.shown = Shown::No;
        let cols = self.screen.cols();
        self.screen.begin(cols, self.prompt.clone(), out);
        self.refresh(out);
    }

    /// One byte of the peer.
    pub(crate) fn byte(&mut self, byte: u8, history: &History, out: &mut Vec<u8>) -> Edited {
        self.work += 1;
        if self.paste.is_some() && byte != 3 {
            return self.paste_byte(byte, out);
        }
        self.paste = None;
        let mut keys = Vec::new();
        self.decoder.byte(byte, &mut keys);
        let mut answer = Edited::More;
        for key in keys {
            let led = self.key(key, history, out);
            if led != Edited::More {
                answer = led;
            }
        }
        answer
    }

    fn paste_byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Edited {
        let Some(paste) = &mut self.paste else { return Edited::More };
        paste.push(if byte == b'\r' { b'\n' } else { byte });
        if let Some(text) = paste.strip_suffix(PASTE_END) {
            let text = glyphs(text);
            self.paste = None;
            let begin = self.cursor;
            let fitted = self.insert(&text, out);
            self.mark(begin, self.cursor);
            self.refresh(out);
            return fitted;
        }
        // Only the end can still matter of what does not fit.
        if paste.len() > 2 * LINE_BYTES {
            let keep = paste.split_off(paste.len() - PASTE_END.len());
            paste.truncate(LINE_BYTES + 1);
            paste.extend(keep);
        }
        Edited::More
    }

    fn key(&mut self, key: Key, history: &History, out: &mut Vec<u8>) -> Edited {
        if self.search.is_some() {
            match self.search_key(key, history, out) {
                search::Answer::Taken => return Edited::More,
                search::Answer::Over => {}
            }
        }
        if self.marked.0 < self.marked.1 {
            self.mark(0, 0);
            self.refresh(out);
        }
        let last = std::mem::take(&mut self.last);
        match key {
            Key::Text(glyph) => return self.text_key(glyph, out),
            Key::Control(b'\r' | b'\n' | 0x0f) => {
                self.screen.leave(out);
                out.extend_from_slice(b"\x1b[?2004l\r");
                return Edited::Line(self.take_line());
            }
            Key::Control(3) => {
                out.extend_from_slice(b"^C\x1b[?2004l\r\x1b[?2004h\x1b[?2004l\r\r\n");
                self.take_line();
                return Edited::Interrupt;
            }
            Key::Control(4) if self.text.is_empty() => {
                out.extend_from_slice(b"\x1b[?2004l\r\r\n");
                return Edited::EndOfInput;
            }
            Key::Control(b'\t') => {
                self.last = LastKey::Tab;
                let again = if last == LastKey::Tab { Again::Repeated } else { Again::First };
                return Edited::Complete(again);
            }
            Key::Control(0x7f | 8) => self.delete_before(out),
            Key::Control(4) | Key::Delete => self.delete_at(out),
            Key::Control(1) | Key::Home => self.cursor = 0,
            Key::Control(5) | Key::End => self.cursor = self.text.len(),
            Key::Control(2) | Key::Left => self.step_left(out),
            Key::Control(6) | Key::Right => self.step_right(out),
            Key::Meta(b'b' | b'B') | Key::WordLeft => self.cursor = self.word_left(),
            Key::Meta(b'f' | b'F') | Key::WordRight => self.cursor = self.word_right(),
            Key::Control(0x15) => self.kill(0, Kill::Before, last, out),
            Key::Control(0x17) => self.kill(self.blank_left(), Kill::Before, last, out),
            Key::Meta(0x7f | 8) if self.cursor == 0 => {}
            Key::Meta(0x7f | 8) => self.kill(self.word_left(), Kill::Before, last, out),
            Key::Control(0x0b) => self.kill(self.text.len(), Kill::Behind, last, out),
            Key::Meta(b'd' | b'D') => self.kill(self.word_right(), Kill::Behind, last, out),
            Key::Control(0x19) => {
                if self.killed.is_empty() {
                    out.push(BELL);
                }
                let answer = self.insert(&self.killed.clone(), out);
                self.refresh(out);
                return answer;
            }
            Key::Control(0x14) => self.transpose(out),
            Key::Control(0x0c) => {
                self.work += self.text.len();
                let view = View { text: &self.text, cursor: self.cursor, marked: self.marked };
                self.screen.clear(view, out);
            }
            Key::Control(0x12) => {
                self.search_begin(history);
            }
            Key::Control(0x10) | Key::Up => self.older(history, out),
            Key::Control(0x0e) | Key::Down => self.newer(history, out),
            Key::PasteBegin => self.paste = Some(Vec::new()),
            // The terminal takes these away, or they begin or end nothing.
            Key::Control(0x11 | 0x13 | 0x16 | 0x18 | 0x1a | 0x1c) => {}
            Key::Control(_) | Key::Meta(_) | Key::Unbound => {
                out.push(BELL);
            }
        }
        self.refresh(out);
        Edited::More
    }

    fn text_key(&mut self, glyph: Glyph, out: &mut Vec<u8>) -> Edited {
        if let ([byte], true) = (glyph.as_bytes(), self.cursor == self.text.len())
            && self.bytes < LINE_BYTES
            && self.screen.append(*byte, out) == Appended::Yes
        {
            self.text.push(glyph);
            self.bytes += 1;
            self.cursor += 1;
            return Edited::More;
        }
        let answer = self.insert(&[glyph], out);
        self.refresh(out);
        answer
    }

    /// Inserts at the cursor what fits.
    fn insert(&mut self, new: &[Glyph], out: &mut Vec<u8>) -> Edited {
        let mut room = LINE_BYTES.saturating_sub(self.bytes);
        let fits = new
            .iter()
            .take_while(|glyph| {
                let fits = glyph.as_bytes().len() <= room;
                room = room.saturating_sub(glyph.as_bytes().len());
                fits
            })
            .count();
        let at = self.cursor.min(self.text.len());
        let mut added = 0;
        self.text.splice(
            at..at,
            new.iter().take(fits).copied().inspect(|glyph| {
                added += glyph.as_bytes().len();
            }),
        );
        self.bytes += added;
        self.cursor = at + fits;
        if fits > 0 {
            self.shown = Shown::No;
        }
        if fits == new.len() {
            return Edited::More;
        }
        out.push(BELL);
        match std::mem::replace(&mut self.too_long, Warned::Yes) {
            Warned::No => Edited::TooLong,
            Warned::Yes => Edited::More,
        }
    }

    fn remove(&mut self, begin: usize, end: usize) -> Vec<Glyph> {
        let end = end.min(self.text.len());
        self.shown = Shown::No;
        let gone: Vec<Glyph> = self.text.drain(begin.min(end)..end).collect();
        self.bytes -= gone.iter().map(|glyph| glyph.as_bytes().len()).sum::<usize>();
        self.cursor = begin.min(end);
        gone
    }

    fn delete_before(&mut self, out: &mut Vec<u8>) {
        match self.cursor.checked_sub(1) {
            Some(before) => drop(self.remove(before, self.cursor)),
            None => out.push(BELL),
        }
    }

    fn delete_at(&mut self, out: &mut Vec<u8>) {
        if self.cursor < self.text.len() {
            self.remove(self.cursor, self.cursor + 1);
        } else {
            out.push(BELL);
        }
    }

    fn step_left(&mut self, out: &mut Vec<u8>) {
        match self.cursor.checked_sub(1) {
            Some(before) => self.cursor = before,
            None => out.push(BELL),
        }
    }

    fn step_right(&mut self, out: &mut Vec<u8>) {
        if self.cursor < self.text.len() {
            self.cursor += 1;
        } else {
            out.push(BELL);
        }
    }

    fn transpose(&mut self, out: &mut Vec<u8>) {
        let len = self.text.len();
        if self.cursor == 0 || len < 2 {
            out.push(BELL);
            return;
        }
        let right = self.cursor.min(len - 1);
        self.text.swap(right - 1, right);
        self.shown = Shown::No;
        self.cursor = right + 1;
    }

    /// From the cursor to `to`. Kills in a row are one for ^Y.
    fn kill(&mut self, to: usize, side: Kill, last: LastKey, out: &mut Vec<u8>) {
        let gone = match side {
            Kill::Before if self.cursor == 0 => {
                out.push(BELL);
                return;
            }
            Kill::Before => self.remove(to, self.cursor),
            Kill::Behind => self.remove(self.cursor, to),
        };
        if last != LastKey::Kill {
            self.killed = gone;
        } else {
            let at = match side {
                Kill::Before => 0,
                Kill::Behind => self.killed.len(),
            };
            self.killed.splice(at..at, gone);
            self.killed.truncate(LINE_BYTES);
        }
        self.last = LastKey::Kill;
    }

    fn word_left(&self) -> usize {
        self.left_over(|glyph| !is_word(glyph), is_word)
    }

    fn blank_left(&self) -> usize {
        self.left_over(is_blank, |glyph| !is_blank(glyph))
    }

    fn left_over(&self, first: fn(&Glyph) -> bool, then: fn(&Glyph) -> bool) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or(&[]);
        let skipped = before.iter().rev().take_while(|glyph| first(glyph)).count();
        let word = before.iter().rev().skip(skipped).take_while(|glyph| then(glyph)).count();
        self.cursor - skipped - word
    }

    fn word_right(&self) -> usize {
        let behind = self.text.get(self.cursor..).unwrap_or(&[]);
        let skipped = behind.iter().take_while(|glyph| !is_word(glyph)).count();
        let word = behind.iter().skip(skipped).take_while(|glyph| is_word(glyph)).count();
        self.cursor + skipped + word
    }

    fn older(&mut self, history: &History, out: &mut Vec<u8>) {
        let index = self.recalled.unwrap_or(history.len());
        match index.checked_sub(1) {
            Some(older) => self.recall(Some(older), history),
            None if history.len() == 0 => {}
            None => out.push(BELL),
        }
    }

    fn newer(&mut self, history: &History, out: &mut Vec<u8>) {
        match self.recalled {
            Some(index) if index + 1 < history.len() => self.recall(Some(index + 1), history),
            Some(_) => self.recall(None, history),
            None => out.push(BELL),
        }
    }

    fn recall(&mut self, index: Option<usize>, history: &History) {
        if self.recalled.is_none() {
            self.unsent = std::mem::take(&mut self.text);
        }
        self.recalled = index;
        let text = match index {
            Some(index) => history.get(index).map(glyphs).unwrap_or_default(),
            None => std::mem::take(&mut self.unsent),
        };
        self.set_text(text);
        self.cursor = self.text.len();
    }

    fn set_text(&mut self, text: Vec<Glyph>) {
        self.bytes = text.iter().map(|glyph| glyph.as_bytes().len()).sum();
        self.text = text;
        self.shown = Shown::No;
    }

    fn take_line(&mut self) -> Vec<u8> {
        let line = bytes_of(&self.text);
        self.screen.end();
        self.text = Vec::new();
        self.unsent = Vec::new();
        line
    }

    fn refresh(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        if std::mem::take(&mut self.shown) == Shown::Yes {
            self.screen.move_to(&self.text, self.cursor, out);
            self.work += out.len() - before;
            return;
        }
        let prompt = self.search.as_ref().map_or(&self.prompt, Search::prompt);
        let view = View { text: &self.text, cursor: self.cursor, marked: self.marked };
        self.screen.refresh(prompt, view, out);
        self.work += self.text.len() + (out.len() - before);
    }

    /// Marks a part of the text; an empty one for none.
    fn mark(&mut self, begin: usize, end: usize) {
        self.marked = (begin, end);
        self.shown = Shown::No;
    }
}

fn is_blank(glyph: &Glyph) -> bool {
    matches!(glyph.as_bytes(), [b' ' | b'\t' | b'\n'])
}

fn is_word(glyph: &Glyph) -> bool {
    match glyph.as_bytes() {
        [byte] => byte.is_ascii_alphanumeric(),
        bytes => {
            std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(char::is_alphanumeric))
        }
    }
}

fn bytes_of(text: &[Glyph]) -> Vec<u8> {
    text.iter().flat_map(|glyph| glyph.as_bytes().iter().copied()).collect()
}

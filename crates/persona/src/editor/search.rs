//! Search back through the history with ^R.

use crate::editor::{BELL, Editor, bytes_of};
use crate::history::History;
use crate::keys::{Glyph, Key};
use crate::screen::{Prompt, glyphs};

/// A search that goes on.
#[derive(Debug)]
pub(super) struct Search {
    prompt: Prompt,
    wanted: Vec<Glyph>,
    /// The line that is shown; the history's length before anything was found.
    at: usize,
    found: Found,
    before: Vec<Glyph>,
    cursor_before: usize,
}

/// What became of a key.
pub(super) enum Answer {
    /// It belonged to the search.
    Taken,
    /// It ended the search and means what it always means.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Yes,
    No,
}

/// Bytes of what is searched for.
const WANTED_BYTES: usize = 256;

impl Search {
    pub(super) fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    fn renew_prompt(&mut self) {
        let mut text = match self.found {
            Found::Yes => b"(reverse-i-search)`".to_vec(),
            Found::No => b"(failed reverse-i-search)`".to_vec(),
        };
        text.extend(bytes_of(&self.wanted));
        text.extend_from_slice(b"': ");
        self.prompt = Prompt::new(&text);
    }
}

impl Editor {
    pub(super) fn search_begin(&mut self, history: &History) {
        let mut search = Search {
            prompt: Prompt::default(),
            wanted: Vec::new(),
            at: history.len(),
            found: Found::Yes,
            before: self.text.clone(),
            cursor_before: self.cursor,
        };
        search.renew_prompt();
        self.search = Some(search);
        self.mark(0, 0);
    }

    pub(super) fn search_key(&mut self, key: Key, history: &History, out: &mut Vec<u8>) -> Answer {
        let Some(search) = &mut self.search else { return Answer::Over };
        let end = match key {
            Key::Text(glyph) if search.wanted.len() < WANTED_BYTES => {
                search.wanted.push(glyph);
                search.at + 1
            }
            Key::Control(0x12) => search.at,
            Key::Control(0x7f | 8) => {
                search.wanted.pop();
                history.len()
            }
            Key::Control(7) => {
                let search = self.search.take();
                self.mark(0, 0);
                if let Some(search) = search {
                    self.set_text(search.before);
                    self.cursor = search.cursor_before;
                }
                self.refresh(out);
                return Answer::Taken;
            }
            Key::Text(_) => {
                out.push(BELL);
                return Answer::Taken;
            }
            // The terminal shows ^C where the cursor is, and the rest of the search stays.
            Key::Control(3) => {
                self.search = None;
                self.mark(0, 0);
                return Answer::Over;
            }
            Key::Control(_)
            | Key::Meta(_)
            | Key::Up
            | Key::Down
            | Key::Left
            | Key::Right
            | Key::WordLeft
            | Key::WordRight
            | Key::Home
            | Key::End
            | Key::Delete
            | Key::PasteBegin
            | Key::Unbound => {
                if search.at < history.len() {
                    self.recalled = Some(search.at);
                }
                self.search = None;
                self.mark(0, 0);
                self.refresh(out);
                return Answer::Over;
            }
        };
        let wanted = bytes_of(&search.wanted);
        self.work += 64 * history.len();
        match history.search(&wanted, end) {
            Some((index, offset)) => {
                search.at = index;
                search.found = Found::Yes;
                search.renew_prompt();
                let line = history.get(index).unwrap_or(&[]);
                let begin = glyphs(line.get(..offset).unwrap_or(&[])).len();
                let end = begin + search.wanted.len();
                self.mark(begin, end);
                self.cursor = begin;
                self.set_text(glyphs(line));
            }
            None if wanted.is_empty() => {
                search.found = Found::Yes;
                search.renew_prompt();
                self.mark(0, 0);
            }
            None => {
                search.found = Found::No;
                search.renew_prompt();
                self.mark(0, 0);
                out.push(BELL);
            }
        }
        self.refresh(out);
        Answer::Taken
    }
}

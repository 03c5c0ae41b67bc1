//! Searching one file.
//!
//! **Invariant:** holds one line and the lines of context before it.

use super::Run;
use super::settings::{Binary, Listing, Settings};
use crate::commands::text::bare;
use crate::files::Fault;
use crate::kernel::{Input, Proc};
use crate::regex::{Chars, width_at};
use decnet_core::limits::GREP_CONTEXT_BYTES;
use std::collections::VecDeque;

/// A line that was read.
struct Line {
    text: Vec<u8>,
    number: u64,
    offset: u64,
}

/// How far a file is.
struct State {
    before: VecDeque<Line>,
    before_bytes: usize,
    after: u64,
    /// Number of the line that was shown last.
    shown: u64,
    count: u64,
    binary: bool,
}

/// Codes of colours.
const MATCH: &str = "01;31";
const NAME: &str = "35";
const NUMBER: &str = "32";
const SEPARATOR: &str = "36";

impl Run {
    pub(super) async fn search(&mut self, p: &mut Proc, path: &[u8]) {
        let mut input = match p.input(path) {
            Ok(input) => input,
            Err(Fault::IsFolder) => return,
            Err(why) => return self.complain(p, path, why),
        };
        let name = if path == b"-" { self.settings.label.clone() } else { path.to_vec() };
        let out = p.fds.get(&1).and_then(|open| open.path());
        let same = out.is_some() && p.fds.get(&input.fd).and_then(|open| open.path()) == out;
        if same
            && crate::commands::text::is_file(p, 1)
            && self.settings.listing == Listing::Lines
            && !self.settings.quiet
        {
            p.complain(&name, "input file is also the output");
            self.failed = true;
            p.done(&input);
            return;
        }
        let size = p.fds.get(&input.fd).and_then(|open| open.path());
        let size = size.and_then(|path| p.fs(|process| process.stat_at(&path)).ok());
        self.width = size.map_or(0, |stat| stat.size.to_string().len());
        let state = self.lines(p, &mut input, &name).await;
        p.done(&input);
        let state = match state {
            Ok(state) => state,
            Err(why) => return self.complain(p, &name, why),
        };
        let matched = state.count > 0;
        match self.settings.listing {
            Listing::Counts if !self.settings.quiet => {
                self.prefix_name(p, &name, b':');
                p.line(state.count.to_string());
            }
            Listing::Matching | Listing::NotMatching => {
                if matched == (self.settings.listing == Listing::Matching) && !self.settings.quiet {
                    self.colored(p, &name, NAME);
                    let end = if self.settings.zero_names { 0 } else { b'\n' };
                    p.print([end]);
                }
                if self.settings.listing == Listing::NotMatching {
                    self.found |= !matched;
                    p.flush_some().await;
                    return;
                }
            }
            Listing::Lines | Listing::Counts => {}
        }
        self.found |= matched;
        p.flush_some().await;
    }

    async fn lines(
        &mut self,
        p: &mut Proc,
        input: &mut Input,
        name: &[u8],
    ) -> Result<State, Fault> {
        let mut state = State {
            before: VecDeque::new(),
            before_bytes: 0,
            after: 0,
            shown: 0,
            count: 0,
            binary: false,
        };
        let quits = self.settings.quiet
            || matches!(self.settings.listing, Listing::Matching | Listing::NotMatching);
        let prints = !quits && self.settings.listing == Listing::Lines;
        let (mut number, mut offset) = (0_u64, 0_u64);
        if self.settings.most == 0 {
            return Ok(state);
        }
        let end = self.settings.end;
        while let Some(whole) = input.until(p, end).await? {
            if number == 0 && self.settings.binary != Binary::Text {
                // What is read at once first says what the file is.
                state.binary = input.ahead().contains(&0) || whole.contains(&0) && end != 0;
                if state.binary && self.settings.binary == Binary::Skip {
                    return Ok(state);
                }
            }
            number += 1;
            let text = bare(&whole, end).to_vec();
            let line = Line { text, number, offset };
            offset += whole.len() as u64;
            let selected = self.matcher.is_match(&line.text) != self.settings.invert;
            p.tick(self.matcher.work()).await;
            if selected {
                state.count += 1;
                if quits {
                    return Ok(state);
                }
                if prints {
                    if self.is_binary(&mut state, &line) {
                        let text = [b"grep: ", name, b": binary file matches"].concat();
                        p.error(text);
                        return Ok(state);
                    }
                    self.show_with_context(p, &mut state, &line, name).await;
                }
                if state.count >= self.settings.most {
                    self.trailing(p, input, &mut state, (number, offset), name).await?;
                    return Ok(state);
                }
                state.after = self.settings.after;
            } else if prints && state.after > 0 {
                state.after -= 1;
                self.show(p, &mut state, &line, name, b'-').await;
            } else if prints && self.settings.before > 0 {
                state.before_bytes += line.text.len();
                state.before.push_back(line);
                while state.before.len() > self.settings.before
                    || state.before_bytes > GREP_CONTEXT_BYTES
                {
                    let gone = state.before.pop_front().map_or(0, |line| line.text.len());
                    state.before_bytes -= gone;
                }
            }
            p.flush_some().await;
        }
        Ok(state)
    }

    /// Context behind the last line that `-m` allows; then what was not used goes back.
    async fn trailing(
        &mut self,
        p: &mut Proc,
        input: &mut Input,
        state: &mut State,
        (mut number, mut offset): (u64, u64),
        name: &[u8],
    ) -> Result<(), Fault> {
        let prints = self.settings.listing == Listing::Lines;
        for _ in 0..self.settings.after {
            let Some(whole) = input.until(p, self.settings.end).await? else { break };
            number += 1;
            let text = bare(&whole, self.settings.end).to_vec();
            if !prints || self.matcher.is_match(&text) != self.settings.invert {
                break;
            }
            let line = Line { text, number, offset };
            offset += whole.len() as u64;
            self.show(p, state, &line, name, b'-').await;
        }
        let unused = input.ahead().len();
        crate::commands::text::view::give_back(p, input.fd, unused);
        Ok(())
    }

    /// Whether it is only to be said that the file matches.
    fn is_binary(&self, state: &mut State, line: &Line) -> bool {
        if self.settings.binary == Binary::Text {
            return false;
        }
        let broken = self.settings.chars == Chars::Utf8 && std::str::from_utf8(&line.text).is_err();
        state.binary |= broken || line.text.contains(&0) && self.settings.end != 0;
        state.binary
    }

    async fn show_with_context(
        &mut self,
        p: &mut Proc,
        state: &mut State,
        line: &Line,
        name: &[u8],
    ) {
        let first = state.before.front().map_or(line.number, |line| line.number);
        if self.settings.context
            && state.shown > 0
            && first > state.shown + 1
            && let Some(separator) = self.settings.separator.clone()
        {
            self.colored(p, &separator, SEPARATOR);
            p.print("\n");
        }
        for line in std::mem::take(&mut state.before) {
            self.show(p, state, &line, name, b'-').await;
        }
        state.before_bytes = 0;
        self.show(p, state, line, name, b':').await;
    }

    async fn show(&mut self, p: &mut Proc, state: &mut State, line: &Line, name: &[u8], mark: u8) {
        state.shown = line.number;
        let settings = &self.settings;
        if settings.only {
            if mark == b':' && !settings.invert {
                self.show_matches(p, line, name).await;
            }
            return;
        }
        self.prefix(p, name, line.number, line.offset, mark);
        if self.settings.color && (mark == b':') != self.settings.invert {
            self.show_colored(p, &line.text);
        } else {
            p.print(&line.text);
        }
        p.print([self.settings.end]);
        p.flush_some().await;
    }

    /// Each match on a line of its own.
    async fn show_matches(&mut self, p: &mut Proc, line: &Line, name: &[u8]) {
        let mut at = 0;
        while let Some((from, to)) = self.matcher.find(&line.text, at) {
            if to == from {
                at = from + width_at(self.settings.chars, &line.text, from);
            } else {
                self.prefix(p, name, line.number, line.offset + from as u64, b':');
                let text = line.text.get(from..to).unwrap_or_default().to_vec();
                self.colored(p, &text, MATCH);
                p.print([self.settings.end]);
                at = to;
            }
            p.tick(self.matcher.work() + 1).await;
            p.flush_some().await;
            if at > line.text.len() {
                break;
            }
        }
    }

    fn show_colored(&self, p: &mut Proc, text: &[u8]) {
        let (mut at, mut printed) = (0, 0);
        while at <= text.len()
            && let Some((from, to)) = self.matcher.find(text, at)
        {
            if to == from {
                at = from + width_at(self.settings.chars, text, from);
                continue;
            }
            p.print(text.get(printed..from).unwrap_or_default());
            self.colored(p, text.get(from..to).unwrap_or_default(), MATCH);
            (at, printed) = (to, to);
        }
        p.print(text.get(printed..).unwrap_or_default());
    }

    fn colored(&self, p: &mut Proc, text: &[u8], code: &str) {
        if self.settings.color && !text.is_empty() {
            p.print(format!("\x1b[{code}m\x1b[K"));
            p.print(text);
            p.print("\x1b[m\x1b[K");
        } else {
            p.print(text);
        }
    }

    fn prefix_name(&self, p: &mut Proc, name: &[u8], mark: u8) {
        if self.settings.names {
            self.colored(p, name, NAME);
            if self.settings.zero_names {
                p.print([0]);
            } else {
                self.colored(p, &[mark], SEPARATOR);
            }
        }
    }

    /// What stands before a line: its file, its number, its offset.
    fn prefix(&self, p: &mut Proc, name: &[u8], number: u64, offset: u64, mark: u8) {
        let Settings { numbers, offsets, tab, names, .. } = self.settings;
        let width = self.width;
        self.prefix_name(p, name, mark);
        if numbers {
            let text = if tab { format!("{number:width$}") } else { number.to_string() };
            self.colored(p, text.as_bytes(), NUMBER);
            self.colored(p, &[mark], SEPARATOR);
        }
        if offsets {
            let text = if tab { format!("{offset:width$}") } else { offset.to_string() };
            self.colored(p, text.as_bytes(), NUMBER);
            self.colored(p, &[mark], SEPARATOR);
        }
        if tab && (names || numbers || offsets) {
            p.print("\t");
        }
    }
}

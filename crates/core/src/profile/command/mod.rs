//! Commands of one session: what they are for, how long somebody thought, what was mistyped (B10 to
//! B16). The formulas are in `docs/commands.md`.
//!
//! Keys are looked at from a prompt to the command that follows it, in sessions with a terminal:
//! nothing else edits a line. What is typed while a command runs is the command's, or waits for the
//! next prompt, and then its instants say nothing about thinking.
//!
//! **Invariant:** bounded by `limits.rs`, and a fact costs what it holds, however many came before.
//! What was typed while echo was off never comes here.

mod flags;
mod history;
mod keys;
mod line;
mod measured;
mod parsed;
mod planted;
mod typo;

use super::rows::{Ordered, SessionCommandRow, SessionTypoRow};
use super::taxonomy::{Class, Rule, Shape, base_name, classify};
use crate::event::Timestamp;
use crate::limits;
use crate::octets::Octets;
use crate::profile::seconds;
use crate::row::Json;
use crate::shell;
use crate::shell::command::Invocation;
use history::Uses;
use line::{Correction, Led, Line};
use measured::Measured;
pub(super) use planted::{Planted, key as planted_key};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Columns of `session_profile`.
#[derive(Serialize, Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Median time from a prompt to the next command's first key, s.
    pub cmd_think_p50: Option<f64>,
    /// 95th percentile of the same.
    pub cmd_think_p95: Option<f64>,
    /// Median pause at sensitive commands ÷ median pause at the others.
    pub sensitive_pause_ratio: Option<f64>,
    /// The most frequent runs of one, two and three names.
    pub cmd_ngrams: Option<Json<Ordered>>,
    /// Editors opened.
    pub editors: Option<Json<Vec<EditorUse>>>,
    /// Uses of the history, by kind.
    pub history_use: Option<Json<Ordered>>,
}

/// An entry of `session_profile.editors`.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct EditorUse {
    /// Its name.
    pub editor: String,
    /// How often it was opened.
    pub count: u32,
    /// How long it was open in all, s; of commands that were nothing else and have ended.
    pub seconds: Option<f64>,
}

/// Fold state of a session's commands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Commands {
    count: u32,
    typos: u32,
    decoder: keys::Decoder,
    line: Line,
    prompt: Prompt,
    /// The line that is being typed.
    typing: Typed,
    /// The first and the last of the lines that were entered since the last command.
    first: Typed,
    last: Typed,
    entered: u32,
    /// Whether a line was ever entered at a prompt.
    has_typed: bool,
    /// Of the line that is being typed.
    corrections: Vec<Correction>,
    running: Option<Box<Running>>,
    measured: Measured,
    uses: Uses,
}

/// Whether a line is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
enum Prompt {
    /// None was shown, or a command runs.
    #[default]
    None,
    Shown,
}

/// When a line was typed, µs since the session began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Typed {
    prompt_us: Option<u64>,
    first_us: Option<u64>,
    /// The last key before Enter.
    last_us: Option<u64>,
    enter_us: Option<u64>,
    /// FNV-1a of its text, where that is known.
    digest: Option<u64>,
}

/// A command that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Running {
    row: SessionCommandRow,
    at_us: u64,
    editor: Option<u8>,
}

/// What a command gives besides its row.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) rows: Vec<SessionCommandRow>,
    pub(super) typos: Vec<SessionTypoRow>,
    pub(super) planted: Vec<Planted>,
}

/// A session's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) sid: Uuid,
    pub(super) opened: Timestamp,
    pub(super) at: Timestamp,
}

impl Moment {
    fn us(self) -> u64 {
        self.at.us_since(self.opened)
    }

    fn text_of(self, us: u64) -> String {
        let ns = i64::try_from(us).unwrap_or(i64::MAX).saturating_mul(1_000);
        Timestamp(self.opened.0.saturating_add(ns)).rfc3339()
    }
}

impl Commands {
    /// Bytes that the state takes in memory, roughly.
    pub(super) fn weight(&self) -> usize {
        let running = self.running.as_ref().map_or(0, |running| {
            512 + running.row.line.capacity()
                + running.row.canonical.as_ref().map_or(0, String::len)
        });
        self.line.weight() + running + self.measured.weight()
    }

    pub(super) fn prompted(&mut self, moment: Moment) {
        self.prompt = Prompt::Shown;
        self.uses.add(&self.line.uses);
        (self.decoder, self.line) = (keys::Decoder::default(), Line::default());
        self.corrections.clear();
        self.typing = Typed { prompt_us: Some(moment.us()), ..Typed::default() };
    }

    /// Keys of a terminal.
    pub(super) fn typed(&mut self, moment: Moment, bytes: &[u8], told: &mut Told) {
        if self.prompt == Prompt::None {
            return;
        }
        let at_us = moment.us();
        for &byte in bytes {
            let Self { decoder, line, corrections, .. } = self;
            let mut led = None;
            decoder.byte(byte, &mut |key| led = Some(line.key(key, corrections)));
            match led {
                None => {}
                Some(Led::On) => {
                    self.typing.first_us.get_or_insert(at_us);
                    self.typing.last_us = Some(at_us);
                }
                Some(Led::GivenUp) => {
                    self.uses.add(&std::mem::take(&mut self.line.uses));
                    self.corrections.clear();
                    (self.typing, self.entered) = (Typed::default(), 0);
                }
                Some(Led::Entered(text)) => {
                    self.entered(at_us, text.as_deref());
                    self.correct(moment, told);
                }
            }
        }
    }

    /// Tells what was corrected in the line that was entered.
    fn correct(&mut self, moment: Moment, told: &mut Told) {
        for correction in std::mem::take(&mut self.corrections) {
            self.typos = self.typos.saturating_add(1);
            told.typos.push(SessionTypoRow {
                sid: moment.sid,
                n: self.typos,
                command: self.count.saturating_add(1),
                at: moment.at.rfc3339(),
                typed: Octets(keys::bytes(&correction.typed)).readable(),
                became: Octets(keys::bytes(&correction.became)).readable(),
                kind: correction.kind.name(),
            });
        }
    }

    fn entered(&mut self, at_us: u64, text: Option<&[keys::Glyph]>) {
        self.has_typed = true;
        self.uses.add(&std::mem::take(&mut self.line.uses));
        let text = text.map(keys::bytes);
        let uses = text.as_deref().map(Uses::of_line).unwrap_or_default();
        self.uses.add(&uses);
        let mut typed = std::mem::take(&mut self.typing);
        typed.first_us.get_or_insert(at_us);
        typed.enter_us = Some(at_us);
        // What the history put into it, keys do not say.
        typed.digest = text.filter(|_| uses == Uses::default()).map(|text| fnv(&text));
        if self.entered == 0 {
            self.first = typed;
        }
        self.last = typed;
        self.entered = self.entered.saturating_add(1);
    }

    /// A line is about to run.
    pub(super) fn command(&mut self, moment: Moment, line: &[u8], told: &mut Told) {
        self.count = self.count.saturating_add(1);
        let typed = self.typing_of(line);
        (self.prompt, self.entered) = (Prompt::None, 0);
        let commands = commands(line);
        for name in commands.iter().map(|command| base_name(&command.name)) {
            self.measured.name(name);
            match name {
                b"fc" => self.uses.fc = self.uses.fc.saturating_add(1),
                b"history" => self.uses.history = self.uses.history.saturating_add(1),
                _ => {}
            }
        }
        told.planted = planted::by_commands(&commands);
        let rule = rule_of(&commands);
        let sensitive = rule.map(|rule| rule.class).filter(|class| class.is_sensitive());
        let gap = |from: Option<u64>, to: Option<u64>| {
            let gap_us = to?.checked_sub(from?)?;
            // What came with one read shows no time between.
            (gap_us > 0).then_some(gap_us)
        };
        let think_us = gap(typed.prompt_us, typed.first_us);
        let latency_us = gap(typed.last_us, typed.enter_us);
        self.measured.command(think_us, latency_us, sensitive.is_some());
        let row = SessionCommandRow {
            sid: moment.sid,
            n: self.count,
            line: Octets::capped(line, limits::COMMAND_ROW_BYTES).readable(),
            started_at: typed.first_us.map(|us| moment.text_of(us)),
            entered_at: typed.enter_us.map_or_else(|| moment.at.rfc3339(), |us| moment.text_of(us)),
            ended_at: None,
            exit_status: None,
            think_s: think_us.map(seconds),
            enter_latency_s: latency_us.map(seconds),
            sensitive: sensitive.map(|class| Class::name(class).to_owned()),
            technique: rule.map(|rule| rule.technique.to_owned()),
            flags: flags_of(&commands),
            canonical: canonical_of(&commands),
        };
        told.rows.push(row.clone());
        let editor = self.measured.editor(&commands);
        self.running = Some(Box::new(Running { row, at_us: moment.us(), editor }));
    }

    /// The line has run.
    pub(super) fn done(&mut self, moment: Moment, status: u32, told: &mut Told) {
        let Some(running) = self.running.take() else { return };
        let Running { mut row, at_us, editor } = *running;
        if let Some(editor) = editor {
            self.measured.edited(editor, moment.us().saturating_sub(at_us));
        }
        row.ended_at = Some(moment.at.rfc3339());
        row.exit_status = Some(status);
        told.rows.push(row);
    }

    pub(super) fn columns(&self) -> Columns {
        let [think_p50, think_p95] = self.measured.think();
        let uses = self.uses.used().into_iter();
        let uses = uses.map(|(name, count)| (name.to_owned(), count.into())).collect();
        let used = self.has_typed || self.uses != Uses::default();
        Columns {
            cmd_think_p50: think_p50,
            cmd_think_p95: think_p95,
            sensitive_pause_ratio: self.measured.pause_ratio(),
            cmd_ngrams: self.measured.ngrams().map(Json),
            editors: self.measured.editors().map(Json),
            history_use: used.then_some(Json(Ordered(uses))),
        }
    }

    /// When this line was typed. A command of several lines was begun with the first of them.
    fn typing_of(&self, line: &[u8]) -> Typed {
        let lines = 1 + line.iter().filter(|&&byte| byte == b'\n').count();
        if self.entered == 0 {
            return Typed::default();
        }
        if lines > 1 && u32::try_from(lines) == Ok(self.entered) {
            return Typed {
                last_us: self.last.last_us,
                enter_us: self.last.enter_us,
                ..self.first
            };
        }
        let is_other = self.last.digest.is_some_and(|digest| digest != fnv(line));
        match (is_other, self.last.digest) {
            // A part of it was typed ahead, or the shell made something else of it.
            (true, _) if lines == 1 => Typed { prompt_us: None, ..self.last },
            _ => self.last,
        }
    }
}

/// The commands of a line, and of scripts that it hands to a shell.
fn commands(line: &[u8]) -> Vec<Invocation> {
    let parsed = |text: &[u8]| match shell::reader::parse(text, shell::reader::Options::default()) {
        Ok(script) => parsed::invocations(&script),
        Err(_) => parsed::raw(text),
    };
    let mut all = parsed(line);
    let inner: Vec<Vec<u8>> = all.iter().filter_map(|c| c.script().map(<[u8]>::to_vec)).collect();
    for text in inner {
        all.extend(parsed(&text).into_iter().map(|command| Invocation { reads: None, ..command }));
    }
    all.truncate(limits::COMMAND_INVOCATIONS);
    all
}

/// What a line is for: the first of its commands that changes or takes something, with what `sudo`
/// and its like run before these themselves; else the first that is for anything.
fn rule_of(commands: &[Invocation]) -> Option<&'static Rule> {
    let rules = |command: &Invocation| {
        let mut rules = Vec::new();
        let mut next = Some(command.clone());
        // Wrappers around wrappers.
        for _ in 0..WRAPPED {
            let Some(command) = next else { break };
            let shape =
                Shape { name: &command.name, words: &command.words, targets: &command.targets };
            rules.extend(classify(&shape));
            next = command.inner();
        }
        rules.reverse();
        rules
    };
    let all: Vec<&Rule> = commands.iter().flat_map(rules).collect();
    let sensitive = all.iter().find(|rule| rule.class.is_sensitive());
    sensitive.or_else(|| all.first()).copied()
}

fn flags_of(commands: &[Invocation]) -> Option<String> {
    let each = commands.iter().map(|command| flags::flags(&command.words).join(&b' '));
    let flags: Vec<Vec<u8>> = each.filter(|flags| !flags.is_empty()).collect();
    (!flags.is_empty())
        .then(|| Octets::capped(&flags.join(&b"; "[..]), limits::FLAGS_BYTES).readable())
}

fn canonical_of(commands: &[Invocation]) -> Option<String> {
    let each = commands.iter().map(canonical);
    let all = each.collect::<Vec<_>>().join(&b"; "[..]);
    (!all.is_empty()).then(|| Octets::capped(&all, limits::COMMAND_ROW_BYTES).readable())
}

/// The form of one command; what it runs has its own form behind it.
fn canonical(command: &Invocation) -> Vec<u8> {
    let (mut form, mut next) = (Vec::new(), Some(command.clone()));
    for _ in 0..WRAPPED {
        let Some(command) = next else { break };
        next = command.inner();
        let own = next.as_ref().map_or(command.words.len(), |inner| {
            command.words.len().saturating_sub(inner.words.len() + 1)
        });
        let words = command.words.get(..own).unwrap_or(&command.words);
        form.push(flags::canonical(&command.name, words));
    }
    form.join(&b' ')
}

/// FNV-1a, 64 bits: to know a line again, and for nothing else.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Wrappers inside each other that are looked into.
const WRAPPED: usize = 4;

#[cfg(test)]
mod tests;

//! What is kept of a session's commands for its profile: pauses, the order of names, editors.
//!
//! **Invariant:** bounded by `limits.rs`, the first ones of each: a session's state is stored with
//! every batch that touches it.

use super::EditorUse;
use crate::limits;
use crate::octets::Octets;
use crate::profile::keyboard::median_and_p95;
use crate::profile::rows::Ordered;
use crate::profile::seconds;
use crate::profile::taxonomy::base_name;
use crate::shell::command::Invocation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    think_us: Vec<u64>,
    /// From the prompt to the first key, and from the last to Enter: together.
    sensitive_us: Vec<u64>,
    other_us: Vec<u64>,
    names: Vec<String>,
    /// Places in `names`, in the order in which they were used.
    order: Vec<u8>,
    editors: Vec<Editor>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Editor {
    /// Place in [`EDITORS`].
    name: u8,
    count: u32,
    us: u64,
    timed: u32,
}

impl Measured {
    pub(super) fn weight(&self) -> usize {
        let names: usize = self.names.iter().map(|name| name.capacity() + 24).sum();
        let pauses = self.think_us.len() + self.sensitive_us.len() + self.other_us.len();
        names + self.order.capacity() + 8 * pauses
    }

    /// Takes a name.
    pub(super) fn name(&mut self, name: &[u8]) {
        if self.order.len() >= limits::COMMANDS_ORDERED {
            return;
        }
        let name = Octets::capped(name, limits::COMMAND_NAME_BYTES).readable();
        let known = self.names.iter().position(|known| *known == name);
        let place = known.or_else(|| {
            let is_room = self.names.len() < limits::COMMAND_NAMES;
            is_room.then(|| {
                self.names.push(name);
                self.names.len() - 1
            })
        });
        // One for which there is no room is a gap in the order.
        self.order.push(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX));
    }

    /// Takes the pauses of a command.
    pub(super) fn command(
        &mut self,
        think_us: Option<u64>,
        latency_us: Option<u64>,
        is_sensitive: bool,
    ) {
        let keep = |list: &mut Vec<u64>, us| {
            if list.len() < limits::COMMANDS_MEASURED {
                list.push(us);
            }
        };
        let Some(think_us) = think_us else { return };
        keep(&mut self.think_us, think_us);
        let Some(latency_us) = latency_us else { return };
        let list = if is_sensitive { &mut self.sensitive_us } else { &mut self.other_us };
        keep(list, think_us.saturating_add(latency_us));
    }

    /// Counts the editors that a line opens; says which one, where it does nothing else.
    pub(super) fn editor(&mut self, commands: &[Invocation]) -> Option<u8> {
        let mut opened = None;
        for command in commands {
            let mut next = Some(command.clone());
            for _ in 0..super::WRAPPED {
                let Some(command) = next else { break };
                if let Some(name) = place(&command) {
                    opened = Some(name);
                    self.opened(name);
                    break;
                }
                next = command.inner();
            }
        }
        opened.filter(|_| commands.len() == 1)
    }

    fn opened(&mut self, name: u8) {
        match self.editors.iter_mut().find(|editor| editor.name == name) {
            Some(editor) => editor.count = editor.count.saturating_add(1),
            None => self.editors.push(Editor { name, count: 1, us: 0, timed: 0 }),
        }
    }

    /// An editor was closed.
    pub(super) fn edited(&mut self, name: u8, us: u64) {
        if let Some(editor) = self.editors.iter_mut().find(|editor| editor.name == name) {
            editor.us = editor.us.saturating_add(us);
            editor.timed = editor.timed.saturating_add(1);
        }
    }

    /// p50 and p95 of the time from prompt to key, s.
    pub(super) fn think(&self) -> [Option<f64>; 2] {
        median_and_p95(&mut self.think_us.clone())
    }

    /// The median pause at sensitive commands ÷ that at the others.
    pub(super) fn pause_ratio(&self) -> Option<f64> {
        let median = |list: &[u64]| {
            let enough = list.len() >= limits::PAUSES_LEAST;
            enough.then(|| median_and_p95(&mut list.to_vec())[0]).flatten()
        };
        let (sensitive, other) = (median(&self.sensitive_us)?, median(&self.other_us)?);
        (other > 0.0).then(|| sensitive / other)
    }

    /// Runs of one, two and three names, the most frequent first, then in alphabetical order.
    pub(super) fn ngrams(&self) -> Option<Ordered> {
        if self.order.is_empty() {
            return None;
        }
        let of = |length: usize| {
            let mut counts = BTreeMap::<&[u8], u32>::new();
            for run in self.order.windows(length).filter(|run| !run.contains(&u8::MAX)) {
                *counts.entry(run).or_default() += 1;
            }
            let text = |run: &[u8]| -> Vec<&str> {
                let names = run.iter().filter_map(|place| self.names.get(usize::from(*place)));
                names.map(String::as_str).collect()
            };
            let mut runs: Vec<(u32, String)> =
                counts.into_iter().map(|(run, count)| (count, text(run).join(" "))).collect();
            runs.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
            runs.truncate(limits::NGRAMS);
            let pairs = runs.into_iter().map(|(count, run)| serde_json::json!([run, count]));
            (length.to_string(), pairs.collect())
        };
        Some(Ordered(vec![of(1), of(2), of(3)]))
    }

    /// The editors in the order in which they were opened first; `None` before any command.
    pub(super) fn editors(&self) -> Option<Vec<EditorUse>> {
        let of = |editor: &Editor| EditorUse {
            editor: EDITORS.get(usize::from(editor.name)).copied().unwrap_or_default().to_owned(),
            count: editor.count,
            seconds: (editor.timed > 0).then(|| seconds(editor.us)),
        };
        (!self.order.is_empty()).then(|| self.editors.iter().map(of).collect())
    }
}

/// Which editor a command opens.
fn place(command: &Invocation) -> Option<u8> {
    let name = base_name(&command.name);
    if name == b"crontab" && !command.words.iter().any(|word| word == b"-e") {
        return None;
    }
    let at = EDITORS.iter().position(|editor| editor.as_bytes() == name)?;
    u8::try_from(at).ok()
}

/// What opens an editor, by the name by which it is called. Append only: places are in states.
const EDITORS: &[&str] = &[
    "vi",
    "vim",
    "nvim",
    "view",
    "ex",
    "ed",
    "red",
    "nano",
    "rnano",
    "pico",
    "emacs",
    "joe",
    "jed",
    "mg",
    "micro",
    "ne",
    "mcedit",
    "vim.tiny",
    "vim.basic",
    "editor",
    "sensible-editor",
    "helix",
    "hx",
    "kak",
    "visudo",
    "vipw",
    "vigr",
    "sudoedit",
    "crontab",
];

//! Keyboard and human: what the keys of one session say about who typed them (B2 to B9, B17, B19).
//!
//! A [`Decoder`] turns reads into [`Stroke`]s as they come; [`columns`] makes the features of a
//! closed session from them in one pass.
//!
//! **Invariant:** what was typed while echo was off is in no feature: it is a mark between strokes
//! and only breaks the chain of gaps. A session without a keystroke has no feature but their number.

mod decoder;
mod keys;
mod rhythm;
mod table;
mod typist;
mod verdict;

use serde::Serialize;

use crate::profile::keyboard::keys::Code;
use crate::profile::keyboard::rhythm::Rhythm;
use crate::profile::keyboard::table::table;
use crate::profile::keyboard::typist::{Typist, log_q10};
use crate::profile::keyboard::verdict::{Manner, Verdict};
use crate::row::{Blob, Json};

pub use decoder::Decoder;
pub use keys::{KeyClass, Letter, Stroke};
pub use typist::{hamming, same_typist_score};
pub use verdict::{Evidence, InputClass, Sign};

/// What of a session is not in its strokes.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// How long the session lasted, µs.
    pub duration_us: u64,
    /// Instants at which a prompt was shown, µs since the session began, ascending.
    pub prompts_us: &'a [u64],
}

/// The keyboard columns of `session_profile`, named as in SQL. `None` is "not observed", never zero.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct Columns {
    /// Mean gap between successive keystrokes, s.
    pub kd_iki_mean: Option<f64>,
    /// Sample standard deviation of the gaps, s; from two gaps on.
    pub kd_iki_stdev: Option<f64>,
    /// Median gap, s.
    pub kd_iki_p50: Option<f64>,
    /// 95th percentile of the gaps, s.
    pub kd_iki_p95: Option<f64>,
    /// Median time from the last key of a line to its Enter, s.
    pub kd_enter_latency_p50: Option<f64>,
    /// 95th percentile of the same, s.
    pub kd_enter_latency_p95: Option<f64>,
    /// Share of gaps under 30 ms.
    pub kd_burst_ratio: Option<f64>,
    /// Time in pauses of more than 2 s ÷ the session's duration.
    pub kd_think_ratio: Option<f64>,
    /// Gaps under 0.2 s.
    pub kd_pause_hist_burst: Option<u64>,
    /// Gaps from 0.2 to under 1.5 s.
    pub kd_pause_hist_think: Option<u64>,
    /// Gaps from 1.5 s.
    pub kd_pause_hist_distracted: Option<u64>,
    /// Median gap before the first key after an idle of more than 1 s, s; the gap from the first
    /// prompt to the first key is one, however short.
    pub kd_start_of_action_latency: Option<f64>,
    /// Backspaces (0x7f, 0x08) ÷ keystrokes.
    pub kd_ctrl_backspace: Option<f64>,
    /// `^W` ÷ keystrokes.
    pub kd_ctrl_wkill: Option<f64>,
    /// `^U` ÷ keystrokes.
    pub kd_ctrl_ukill: Option<f64>,
    /// `^C` ÷ keystrokes.
    pub kd_ctrl_abort: Option<f64>,
    /// `^D` ÷ keystrokes.
    pub kd_ctrl_eof: Option<f64>,
    /// Arrows, with or without modifiers, ÷ keystrokes.
    pub kd_arrow_rate: Option<f64>,
    /// Tabs ÷ keystrokes.
    pub kd_tab_rate: Option<f64>,
    /// The digraph `SimHash`, bit 63 first; from 40 usable digraphs on.
    pub kd_digraph_simhash: Option<Blob<8>>,
    /// The vector it is cut from, 32 signed bytes; from 40 usable digraphs on.
    pub kd_typist_vector: Option<Blob<32>>,
    /// Usable digraphs: motor latencies from 10 ms to 1 s.
    pub kd_digraph_count: Option<u64>,
    /// Version of the table that hash and vector were made with; different ones are not compared.
    pub kd_table_version: Option<u32>,
    /// (digraph, count, mean gap in s), the most frequent first, then in alphabetical order; at
    /// most 32, each seen three times or more; from 100 usable digraphs on.
    pub kd_top_bigrams: Option<Json<Vec<(String, u64, f64)>>>,
    /// Pasted runs: bracketed pastes, and runs of reads of four or more keys.
    pub paste_count: Option<u64>,
    /// Who typed, where there are signs.
    pub input_class: Option<InputClass>,
    /// What `input_class` rests on.
    pub input_evidence: Option<Json<Evidence>>,
    /// Keystrokes; neither hidden ones nor the frames of bracketed paste.
    pub total_keystrokes: Option<u64>,
}

/// The columns of a session from its strokes, in the order in which they came.
#[must_use]
pub fn columns(strokes: &[Stroke], context: &Context<'_>) -> Columns {
    let mut areas = Areas::new(strokes.len(), context);
    // Hidden input stands alone, so that nothing that came with it hides or shows it.
    let reads =
        strokes.chunk_by(|one, next| !next.begins_read() && !one.is_hidden() && !next.is_hidden());
    for read in reads {
        areas.read(read);
    }
    areas.columns(context)
}

/// The areas of the keyboard, side by side, and what they share.
struct Areas<'a> {
    rhythm: Rhythm,
    typist: Typist,
    verdict: Verdict,
    /// Instant and last key of the typed read before, if latencies may start there.
    last_typed: Option<(u64, Code)>,
    /// Prompts not yet shown.
    prompts_us: &'a [u64],
    first: First,
}

/// What the session began with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Awaited { prompt_us: Option<u64> },
    Seen,
}

impl<'a> Areas<'a> {
    fn new(strokes: usize, context: &Context<'a>) -> Self {
        Self {
            rhythm: Rhythm::with_capacity(strokes),
            typist: Typist::default(),
            verdict: Verdict::default(),
            last_typed: None,
            prompts_us: context.prompts_us,
            first: First::Awaited { prompt_us: context.prompts_us.first().copied() },
        }
    }

    fn read(&mut self, read: &[Stroke]) {
        let (Some(first), Some(last)) = (read.first(), read.last()) else { return };
        if first.is_hidden() {
            self.rhythm.hidden();
            self.verdict.hidden();
            self.last_typed = None;
            self.first = First::Seen;
            return;
        }
        let manner = manner(read);
        let prompt_us = self.prompt_before(first.at_us());
        self.verdict.read(read, manner, prompt_us);
        for stroke in read.iter().filter(|stroke| stroke.is_keystroke()) {
            self.begin(*stroke);
            self.rhythm.key(*stroke);
        }
        self.typed(*first, *last, manner);
    }

    /// Latencies run from the last key of one typed read to the first key of the next.
    fn typed(&mut self, first: Stroke, last: Stroke, manner: Manner) {
        if manner != Manner::Typed {
            self.last_typed = None;
            return;
        }
        if let Some((left_us, left)) = self.last_typed
            && let Some(gap_us) = first.at_us().checked_sub(left_us)
        {
            let arriving = first.code();
            let log = log_q10(gap_us.max(SHORTEST_LOG_US));
            self.typist.digraph(left, arriving, gap_us, log);
            self.verdict.gap(left, arriving, gap_us, log);
        }
        self.last_typed = Some((last.at_us(), last.code()));
    }

    /// The first keystroke of all ends the wait that began with the first prompt.
    fn begin(&mut self, stroke: Stroke) {
        if let First::Awaited { prompt_us } = self.first {
            self.first = First::Seen;
            // A key that came before the first prompt waited for nothing.
            if let Some(wait_us) = prompt_us.and_then(|at| stroke.at_us().checked_sub(at)) {
                self.rhythm.first_wait(wait_us);
            }
        }
    }

    /// The latest prompt up to `at_us` of those that no earlier read has seen.
    fn prompt_before(&mut self, at_us: u64) -> Option<u64> {
        let mut latest = None;
        while let Some((prompt_us, rest)) = self.prompts_us.split_first()
            && *prompt_us <= at_us
        {
            latest = Some(*prompt_us);
            self.prompts_us = rest;
        }
        latest
    }

    fn columns(mut self, context: &Context<'_>) -> Columns {
        let keystrokes = self.rhythm.keystrokes();
        // Where no key was pressed, the rest was not observed.
        let typed = keystrokes > 0;
        let [iki_p50, iki_p95] = self.rhythm.gap_percentiles();
        let [enter_p50, enter_p95] = self.rhythm.enter_percentiles();
        let pauses = self.rhythm.pauses();
        let prints = self.typist.prints();
        let evidence = typed.then(|| self.verdict.evidence(&self.typist));
        Columns {
            kd_iki_mean: self.rhythm.mean(),
            kd_iki_stdev: self.rhythm.stdev(),
            kd_iki_p50: iki_p50,
            kd_iki_p95: iki_p95,
            kd_enter_latency_p50: enter_p50,
            kd_enter_latency_p95: enter_p95,
            kd_burst_ratio: self.rhythm.burst_ratio(),
            kd_think_ratio: self.rhythm.think_ratio(context.duration_us),
            kd_pause_hist_burst: typed.then_some(pauses.burst),
            kd_pause_hist_think: typed.then_some(pauses.think),
            kd_pause_hist_distracted: typed.then_some(pauses.distracted),
            kd_start_of_action_latency: self.rhythm.start_of_action(),
            kd_ctrl_backspace: self.rhythm.rate([Code::BACKSPACE]),
            kd_ctrl_wkill: self.rhythm.rate([Code::WORD_KILL]),
            kd_ctrl_ukill: self.rhythm.rate([Code::LINE_KILL]),
            kd_ctrl_abort: self.rhythm.rate([Code::ABORT]),
            kd_ctrl_eof: self.rhythm.rate([Code::END_OF_FILE]),
            kd_arrow_rate: self.rhythm.rate([Code::ARROW]),
            kd_tab_rate: self.rhythm.rate([Code::TAB]),
            kd_digraph_simhash: prints.map(|(hash, _)| Blob(hash)),
            kd_typist_vector: prints.map(|(_, vector)| Blob(vector)),
            kd_digraph_count: typed.then(|| self.typist.usable()),
            kd_table_version: typed.then(|| table().version),
            kd_top_bigrams: self.typist.top_bigrams().map(Json),
            paste_count: typed.then(|| self.verdict.pastes()),
            input_class: evidence.as_ref().and_then(Evidence::verdict),
            input_evidence: evidence.map(Json),
            total_keystrokes: Some(keystrokes),
        }
    }
}

/// How the strokes of one read came. A read that frames a paste is of the paste as a whole.
fn manner(read: &[Stroke]) -> Manner {
    if read.iter().any(|stroke| stroke.is_pasted() || !stroke.is_keystroke()) {
        Manner::Bracketed
    } else if read.len() >= BULK {
        Manner::Bulk
    } else {
        Manner::Typed
    }
}

/// Keys in one read from which they were not typed one by one.
const BULK: usize = 4;
/// Shorter gaps count as this long where the logarithm is taken, µs.
const SHORTEST_LOG_US: u64 = 1_000;

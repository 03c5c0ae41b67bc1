//! Keyboard and human: what the keys of one session say about who typed them (B2 to B9, B17, B19).
//!
//! A [`Decoder`] turns reads into [`Stroke`]s as they come; [`columns`] makes the features of a
//! closed session from them in one pass.
//!
//! **Invariant:** what was typed while echo was off is in no feature: it is a mark between strokes
//! and only breaks the chain of gaps. A session without a keystroke has no feature but their number.

mod decoder;
mod evidence;
mod keys;
#[cfg(test)]
#[path = "measured/tests.rs"]
mod measured;
mod rhythm;
mod table;
mod typist;
mod verdict;

use serde::Serialize;

use crate::profile::keyboard::keys::Code;
use crate::profile::keyboard::rhythm::Rhythm;
use crate::profile::keyboard::table::table;
use crate::profile::keyboard::typist::{Typist, log_q10};
use crate::profile::keyboard::verdict::{Manner, SHORTEST_LOG_US, Verdict};
use crate::row::{Blob, Json};

pub use decoder::Decoder;
pub use evidence::{Evidence, InputClass, Sign};
pub use keys::{KeyClass, Letter, Stroke};
pub(super) use rhythm::median_and_p95;
pub use typist::{hamming, same_typist_score};

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

    /// The latest prompt before `at_us` of those that no earlier read has seen. A prompt at the very
    /// instant of a read is the answer to it, since the machine answers with the read's own stamp.
    fn prompt_before(&mut self, at_us: u64) -> Option<u64> {
        let mut latest = None;
        while let Some((prompt_us, rest)) = self.prompts_us.split_first()
            && *prompt_us < at_us
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::hex;
    use proptest::prelude::*;

    /// The columns of reads at instants in ms, of a session that lasts 10 s and prompts at 0.
    fn of(reads: &[(u64, &str)]) -> Columns {
        let (mut decoder, mut strokes) = (Decoder::default(), Vec::new());
        for (at_ms, text) in reads {
            decoder.read(at_ms * 1_000, text.as_bytes(), &mut strokes);
        }
        decoder.finish(&mut strokes);
        columns(&strokes, &Context { duration_us: 10_000_000, prompts_us: &[0] })
    }

    #[test]
    fn a_short_session_has_these_columns() {
        // Gaps in ms: 100, 300, 200, 2400, 0, 0.
        let columns = of(&[
            (1_500, "l"),
            (1_600, "z"),
            (1_900, "\x7f"),
            (2_100, "\r"),
            (4_500, "\t\x1b[A\x04"),
        ]);
        let expected = Columns {
            kd_iki_mean: Some(0.5),
            kd_iki_stdev: Some(0.938_083_151_964_685_8),
            kd_iki_p50: Some(0.15),
            kd_iki_p95: Some(1.875),
            kd_enter_latency_p50: Some(0.2),
            kd_enter_latency_p95: Some(0.2),
            kd_burst_ratio: Some(2.0 / 6.0),
            kd_think_ratio: Some(0.24),
            kd_pause_hist_burst: Some(3),
            kd_pause_hist_think: Some(2),
            kd_pause_hist_distracted: Some(1),
            kd_start_of_action_latency: Some(1.95),
            kd_ctrl_backspace: Some(1.0 / 7.0),
            kd_ctrl_wkill: Some(0.0),
            kd_ctrl_ukill: Some(0.0),
            kd_ctrl_abort: Some(0.0),
            kd_ctrl_eof: Some(1.0 / 7.0),
            kd_arrow_rate: Some(1.0 / 7.0),
            kd_tab_rate: Some(1.0 / 7.0),
            kd_digraph_simhash: None,
            kd_typist_vector: None,
            kd_digraph_count: Some(3),
            kd_table_version: Some(1),
            kd_top_bigrams: None,
            paste_count: Some(0),
            input_class: Some(InputClass::Human),
            input_evidence: columns.input_evidence.clone(),
            total_keystrokes: Some(7),
        };
        assert_eq!(columns, expected);
    }

    #[test]
    fn without_a_keystroke_only_their_number_is_known() {
        for reads in [&[][..], &[(5, "\x1b[200~\x1b[201~")]] {
            let columns = serde_json::to_value(of(reads)).unwrap();
            for (name, value) in columns.as_object().unwrap() {
                let known = (name == "total_keystrokes").then_some(0);
                assert_eq!(value.as_u64(), known, "{name}");
                assert_eq!(value.is_null(), known.is_none(), "{name}");
            }
        }
    }

    #[test]
    fn one_keystroke_has_no_gap_and_no_spread() {
        let columns = of(&[(700, "x")]);
        assert_eq!(columns.kd_iki_mean, None);
        assert_eq!(columns.kd_iki_stdev, None);
        assert_eq!(columns.kd_think_ratio, None);
        assert_eq!(columns.kd_pause_hist_burst, Some(0));
        assert_eq!(columns.kd_start_of_action_latency, Some(0.7));
        assert_eq!(of(&[(700, "x"), (900, "y")]).kd_iki_stdev, None);
    }

    #[test]
    fn a_prompt_at_a_reads_own_instant_is_its_answer() {
        let (mut decoder, mut strokes, mut prompts_us) = (Decoder::default(), Vec::new(), vec![0]);
        for line in 1..=5 {
            // Pasted lines, two seconds apart; each is answered at once with the next prompt.
            decoder.read(line * 2_000_000, b"uname -a\r", &mut strokes);
            prompts_us.push(line * 2_000_000);
        }
        let context = Context { duration_us: 12_000_000, prompts_us: &prompts_us };
        let evidence = serde_json::to_value(columns(&strokes, &context).input_evidence).unwrap();
        assert_eq!(evidence["r3_reaction_s"]["value"], 2.0);
    }

    #[test]
    fn the_wait_for_the_first_key_is_from_the_first_prompt_on() {
        let strokes = [Stroke::new(400_000, KeyClass::Enter).first_of_read()];
        let latency = |prompts_us: &[u64]| {
            columns(&strokes, &Context { duration_us: 1, prompts_us }).kd_start_of_action_latency
        };
        assert_eq!(latency(&[]), None);
        assert_eq!(latency(&[100_000, 300_000]), Some(0.3));
        // Typed before there was a prompt: no wait, rather than a negative one.
        assert_eq!(latency(&[500_000]), None);
    }

    #[test]
    fn hidden_input_breaks_the_chain_and_is_counted_nowhere() {
        let (mut decoder, mut strokes) = (Decoder::default(), Vec::new());
        decoder.read(100_000, b"s", &mut strokes);
        decoder.read(200_000, b"\r", &mut strokes);
        decoder.hidden(900_000, 12, &mut strokes);
        decoder.hidden(5_000_000, 1, &mut strokes);
        decoder.read(5_100_000, b"w", &mut strokes);
        let columns = columns(&strokes, &Context { duration_us: 6_000_000, prompts_us: &[0] });
        assert_eq!(columns.total_keystrokes, Some(3));
        assert_eq!(columns.kd_iki_mean, Some(0.1));
        assert_eq!(columns.kd_pause_hist_distracted, Some(0));
        assert_eq!(columns.kd_think_ratio, Some(0.0));
        assert_eq!(columns.kd_digraph_count, Some(1));
        assert_eq!(columns.paste_count, Some(0));
    }

    #[test]
    fn pasted_runs_are_counted_once_each() {
        let table: &[(&[(u64, &str)], u64)] = &[
            (&[(0, "abc")], 0),
            (&[(0, "abcd")], 1),
            (&[(0, "abcd"), (99, "efgh"), (198, "ijkl")], 1),
            (&[(0, "abcd"), (100, "efgh")], 2),
            (&[(0, "abcd"), (10, "e"), (20, "fghi")], 2),
            (&[(0, "\x1b[200~a"), (10, "bcdefgh"), (900, "i\x1b[201~")], 1),
            (&[(0, "\x1b[200~a\x1b[201~\x1b[200~b\x1b[201~")], 2),
            (&[(0, "\x1b[200~a\x1b[201~"), (50, "abcd")], 2),
            (&[(0, "\x1b[A\x1b[A\x1b[A")], 0),
        ];
        for (reads, pastes) in table {
            assert_eq!(of(reads).paste_count, Some(*pastes), "{reads:?}");
        }
    }

    /// A made-up session: letters, capitals, editing keys, pastes, pauses and gaps of every length.
    fn made_up(seed: u64, reads: usize) -> Vec<Stroke> {
        let text: Vec<char> = "etaoin shrdlu the etaETA.,-/'!3".chars().collect();
        let special = [
            "\x1b[A",
            "\x7f",
            "\r",
            "\t",
            "ab",
            "abc",
            "abcd",
            "\x1b[200~paste\x1b[201~",
            "é",
            "  ",
            "\x1b[1;5C",
            "\x03",
        ];
        let mut random = seed;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005);
            random = random.wrapping_add(1_442_695_040_888_963_407);
            random >> 33
        };
        let (mut decoder, mut strokes, mut at_us) = (Decoder::default(), Vec::new(), 0);
        for _ in 0..reads {
            at_us += 8_000 + next() % 300_000;
            at_us += if next() % 17 == 0 { 1_500_000 } else { 0 };
            let read = if next() % 8 == 0 {
                special[next() as usize % special.len()].to_owned()
            } else {
                text[next() as usize % text.len()].to_string()
            };
            decoder.read(at_us, read.as_bytes(), &mut strokes);
        }
        strokes
    }

    #[test]
    fn made_up_sessions_hash_as_the_reference_does() {
        // Seed, reads, hash, vector, digraphs: from the reference program of the construction.
        let table = [
            (
                1,
                60,
                "ee77a75085ceb4a0",
                "3c1a0b3407e646ce1f4afe28143debfb03d7e3f508f9fa00f0c1f6c91beeff06",
                49,
            ),
            (
                2,
                150,
                "2edb8f70decfbde2",
                "20040dfb16de2ae857faee1c1823ec33ffd1ea0b4ad21c0cddaede0f38282311",
                118,
            ),
            (
                3,
                1000,
                "2ef7877084cebda2",
                "315232133af548fe522ed020fc6cf43e22cbca0554c5b4fec580c6eb5a160528",
                821,
            ),
            (
                4,
                60,
                "0ee78764c4cfbcc0",
                "300e24fa12e116d91e19ebdff41ae5180ccdcc1943f6e11fcfd9e51510f9f401",
                45,
            ),
        ];
        for (seed, reads, hash, vector, digraphs) in table {
            let context = Context { duration_us: 1, prompts_us: &[] };
            let columns = columns(&made_up(seed, reads), &context);
            assert_eq!(columns.kd_digraph_count, Some(digraphs), "seed {seed}");
            assert_eq!(hex(&columns.kd_digraph_simhash.unwrap().0), hash, "seed {seed}");
            assert_eq!(hex(&columns.kd_typist_vector.unwrap().0), vector, "seed {seed}");
        }
    }

    proptest! {
        #[test]
        fn any_numbers_are_a_session(bits: Vec<u64>, duration_us: u64, prompts_us: Vec<u64>) {
            let strokes: Vec<Stroke> = bits.into_iter().map(Stroke::from_bits).collect();
            let columns = columns(&strokes, &Context { duration_us, prompts_us: &prompts_us });
            let keys = strokes.iter().filter(|stroke| stroke.is_keystroke()).count();
            prop_assert_eq!(columns.total_keystrokes, Some(keys as u64));
            prop_assert!(serde_json::to_string(&columns).is_ok());
        }

        #[test]
        fn hidden_input_only_takes_away(seed: u64, at in 0..120_usize, keys in 1..99_u32) {
            let shown = made_up(seed, 120);
            let reads = shown.iter().skip(at).position(|stroke| stroke.begins_read());
            let at = reads.map_or(shown.len(), |reads| at + reads);
            let mut with = shown.clone();
            let at_us = shown.get(at).map_or(u64::MAX, |stroke| stroke.at_us());
            let mut hidden = Vec::new();
            Decoder::default().hidden(at_us, keys, &mut hidden);
            with.splice(at..at, hidden);
            let context = Context { duration_us: 1_000_000, prompts_us: &[] };
            let (shown, with) = (columns(&shown, &context), columns(&with, &context));
            prop_assert_eq!(with.total_keystrokes, shown.total_keystrokes);
            prop_assert_eq!(with.kd_ctrl_backspace, shown.kd_ctrl_backspace);
            prop_assert!(with.kd_digraph_count <= shown.kd_digraph_count);
            prop_assert!(with.kd_pause_hist_think <= shown.kd_pause_hist_think);
        }

        #[test]
        fn the_same_session_later_is_the_same(seed: u64, later_us in 0..1_000_000_000_000_u64) {
            let shown = made_up(seed, 150);
            let moved: Vec<Stroke> = shown
                .iter()
                .map(|s| Stroke::from_bits(s.to_bits() + later_us))
                .collect();
            let context = Context { duration_us: 1_000_000, prompts_us: &[] };
            prop_assert_eq!(columns(&shown, &context), columns(&moved, &context));
        }
    }
}

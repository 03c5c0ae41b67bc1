//! Whose hands: the pasted runs, and a verdict of human, scripted or mixed with its evidence (B17).
//!
//! The rules R1 to R6 and the signs of a person are those of the design paper on typists, section 6.
//! Pasting is no sign of a machine: what came inside bracketed paste is in no rule but the share of
//! lines that were sent whole.
//!
//! **Invariant:** a verdict is never more than its evidence. Every rule's measured value is kept
//! beside whether it fired, and where no rule fires there is no verdict.

use serde::Serialize;

use crate::profile::keyboard::keys::{Code, Stroke};
use crate::profile::keyboard::rhythm::{median, ratio};
use crate::profile::keyboard::typist::Typist;

/// Who or what typed a session.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum InputClass {
    /// Signs of a person and none of a program.
    Human,
    /// Signs of a program and none of a person.
    Scripted,
    /// Signs of both: a person with a tool, or a program that acts a person.
    Mixed,
}

/// One rule: what was measured, over how many, and whether that fired it.
#[derive(Serialize, Clone, Copy, PartialEq, Debug)]
pub struct Sign {
    /// What was measured, in the rule's unit; `None` where there was nothing to measure.
    pub value: Option<f64>,
    /// Over how many gaps, commands, keys or digraphs.
    pub count: u64,
    /// Whether it speaks for what the rule is about.
    pub fired: bool,
}

/// What the verdict rests on. `r` are signs of a program, `h` of a person.
#[derive(Serialize, Clone, PartialEq, Debug)]
pub struct Evidence {
    /// Median time between the Enters of successive commands, s: under 1 over three commands or
    /// more.
    pub r1_enter_gap_s: Sign,
    /// Share of keys in reads of four or more: 0.9 or more with no editing, and R1 or R3.
    pub r2_line_mode_share: Sign,
    /// Median time from a prompt to the first key of the command, s: under 0.1 over three or more.
    /// What was typed ahead is left out, so that it decides by itself too.
    pub r3_reaction_s: Sign,
    /// Standard deviation of ln(gap) within lines, gaps under 1 s: under 0.25 over thirty or more.
    pub r4_log_gap_stdev: Sign,
    /// Share of gaps under 30 ms: more than half, over ten or more.
    pub r5_under_30_ms_share: Sign,
    /// Share of gaps under 4 ms: more than a twentieth, over twenty or more, unless the rhythm
    /// follows the digraphs (H2): keys that roll over, or a network that holds packets back.
    pub r5_under_4_ms_share: Sign,
    /// Student's t of how the rhythm follows the population's of the same digraphs: under 2 over
    /// 150 digraphs or more, unless they come back with a rhythm of their own.
    pub r6_digraph_t: Sign,
    /// How far digraphs of letters come back with a rhythm of their own, in standard deviations of
    /// chance: above 4 over sixty or more it takes R6 back (another language or layout, or one phrase typed often).
    pub r6_repeat_z: Sign,
    /// Editing keys (backspace, `^W`, `^U`) typed into a line that had something to edit, ÷ keys
    /// typed.
    pub h1_edit_share: Sign,
    /// As R6: above 3 over forty digraphs or more.
    pub h2_digraph_t: Sign,
    /// Share of gaps within lines from 0.2 to 1.5 s: 0.05 or more over ten or more, where gaps are
    /// alive: they vary (as R4, over eight or more), follow the digraphs at all (t of 1 or more from
    /// sixty digraphs on), and none of R3 to R6 has fired.
    pub h3_think_share: Sign,
    /// Median time from a prompt to the first key of a line that was typed key by key, s: over 0.25
    /// over three or more, where gaps are alive.
    pub h4_reaction_s: Sign,
}

/// Counts and times of one session that the rules need.
#[derive(Default)]
pub(super) struct Verdict {
    keys: u64,
    /// Keys in reads of four or more, and in bracketed paste.
    keys_in_bulk: u64,
    /// Editing and movement keys, wherever.
    edits: u64,
    /// Editing keys typed into a line that was not empty.
    typed_edits: u64,
    line: Line,
    command_gaps_us: Vec<u64>,
    last_command_us: Option<u64>,
    reactions_us: Vec<u64>,
    typed_reactions_us: Vec<u64>,
    gaps: TypedGaps,
    bracketed_pastes: u64,
    bulk_runs: u64,
    last_bulk_us: Option<u64>,
}

/// Where in a line we are.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    /// At its start: the next key is the first of a command.
    #[default]
    Empty,
    /// Something was typed.
    Begun,
}

/// Sums over the gaps between reads that were typed, within a line, not of the same key twice.
#[derive(Default)]
struct TypedGaps {
    count: u64,
    under_4_ms: u64,
    under_30_ms: u64,
    think: u64,
    under_1_s: i64,
    log: i64,
    log_squared: i64,
}

/// How the keys of one read came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// One to three: typed, perhaps on the client's clock.
    Typed,
    /// Four or more at once.
    Bulk,
    /// In or at bracketed paste.
    Bracketed,
}

impl Verdict {
    /// Takes a read. `prompt_us` is the latest prompt shown since the read before, if any.
    pub(super) fn read(&mut self, strokes: &[Stroke], manner: Manner, prompt_us: Option<u64>) {
        let Some(first) = strokes.first() else { return };
        self.runs(first.at_us(), strokes, manner);
        self.reaction(*first, manner, prompt_us);
        for stroke in strokes.iter().filter(|stroke| stroke.is_keystroke()) {
            self.key(*stroke, manner);
        }
    }

    /// Takes the gap between two typed reads: from the key `left` to the key `arriving`, with
    /// 1024 × ln of it in seconds.
    pub(super) fn gap(&mut self, left: Code, arriving: Code, gap_us: u64, log: i64) {
        if left == Code::ENTER || left == arriving {
            return;
        }
        let gaps = &mut self.gaps;
        gaps.count += 1;
        gaps.under_4_ms += u64::from(gap_us < 4_000);
        gaps.under_30_ms += u64::from(gap_us < 30_000);
        gaps.think += u64::from((200_000..1_500_000).contains(&gap_us));
        if gap_us < 1_000_000 {
            gaps.under_1_s += 1;
            gaps.log += log;
            gaps.log_squared += log * log;
        }
    }

    /// Something was typed unseen: what follows is the start of a line, after nothing.
    pub(super) fn hidden(&mut self) {
        self.line = Line::Empty;
        self.last_command_us = None;
        self.last_bulk_us = None;
    }

    /// Bracketed pastes, and maximal runs of reads of four or more keys less than 100 ms apart.
    pub(super) fn pastes(&self) -> u64 {
        self.bracketed_pastes + self.bulk_runs
    }

    /// The evidence, with what `typist` says about how the rhythm follows what was typed.
    pub(super) fn evidence(&mut self, typist: &Typist) -> Evidence {
        let (t, digraphs) = (typist.structure_t(), typist.usable());
        let h2 = Sign::over(digraphs, t, 40).fires_if(|t| t > 3.0);
        let r1 = slow_median(&mut self.command_gaps_us, 2).fires_if(|s| s < 1.0);
        let r3 = slow_median(&mut self.reactions_us, 3).fires_if(|s| s < 0.1);
        let share = ratio(self.keys_in_bulk, self.keys);
        let sent_whole = self.edits == 0 && (r1.fired || r3.fired);
        let r2 = Sign::over(self.keys, share, 1).fires_if(|s| s >= 0.9 && sent_whole);
        let stdev = self.gaps.log_stdev();
        let under_1_s = self.gaps.under_1_s.unsigned_abs();
        let r4 = Sign::over(under_1_s, stdev, 30).fires_if(|s| s < VARIES);
        let typed = self.gaps.count;
        let under_30_ms = ratio(self.gaps.under_30_ms, typed);
        let under_4_ms = ratio(self.gaps.under_4_ms, typed);
        let r5_30 = Sign::over(typed, under_30_ms, 10).fires_if(|s| s > 0.5);
        let r5_4 = Sign::over(typed, under_4_ms, 20).fires_if(|s| s > 0.05 && !h2.fired);
        let own = Sign::over(digraphs, typist.repeat_z(), 60).fires_if(|z| z > 4.0);
        let r6 = Sign::over(digraphs, t, 150).fires_if(|t| t < 2.0 && !own.fired);

        let typed_keys = self.keys - self.keys_in_bulk;
        let edits = ratio(self.typed_edits, typed_keys);
        // Gaps that a rule shows to be a machine's, that hardly vary, or that know nothing of what
        // is typed, are no sign of a person.
        let machine = r3.fired || r4.fired || r5_30.fired || r5_4.fired || r6.fired;
        let varied = under_1_s >= 8 && stdev.is_some_and(|stdev| stdev >= VARIES);
        let aimless = Sign::over(digraphs, t, 60).fires_if(|t| t < 1.0 && !own.fired).fired;
        let alive = varied && !machine && !aimless;
        let think = ratio(self.gaps.think, typed);
        let think = Sign::over(typed, think, 10).fires_if(|s| s >= 0.05 && alive);
        let reaction = slow_median(&mut self.typed_reactions_us, 3);
        Evidence {
            r1_enter_gap_s: r1,
            r2_line_mode_share: r2,
            r3_reaction_s: r3,
            r4_log_gap_stdev: r4,
            r5_under_30_ms_share: r5_30,
            r5_under_4_ms_share: r5_4,
            r6_digraph_t: r6,
            r6_repeat_z: own,
            h1_edit_share: Sign::over(typed_keys, edits, 1).fires_if(|s| s > 0.0),
            h2_digraph_t: h2,
            h3_think_share: think,
            h4_reaction_s: reaction.fires_if(|s| s > 0.25 && alive),
        }
    }

    fn runs(&mut self, at_us: u64, strokes: &[Stroke], manner: Manner) {
        let begins = strokes.iter().filter(|stroke| stroke.code() == Code::PASTE_BEGIN).count();
        self.bracketed_pastes += begins as u64;
        if manner != Manner::Bulk {
            self.last_bulk_us = None;
            return;
        }
        let same_run =
            self.last_bulk_us.is_some_and(|last| at_us.saturating_sub(last) < RUN_GAP_US);
        self.bulk_runs += u64::from(!same_run);
        self.last_bulk_us = Some(at_us);
    }

    fn reaction(&mut self, first: Stroke, manner: Manner, prompt_us: Option<u64>) {
        // An Enter alone may be a held key, ^C and ^D answer a program, and a line that was begun
        // before its prompt was typed ahead.
        if let Some(prompt_us) = prompt_us
            && self.line == Line::Empty
            && !matches!(first.code(), Code::ENTER | Code::ABORT | Code::END_OF_FILE)
        {
            let reaction_us = first.at_us().saturating_sub(prompt_us);
            self.reactions_us.push(reaction_us);
            if manner == Manner::Typed {
                self.typed_reactions_us.push(reaction_us);
            }
        }
    }

    fn key(&mut self, stroke: Stroke, manner: Manner) {
        let code = stroke.code();
        self.keys += 1;
        self.keys_in_bulk += u64::from(manner != Manner::Typed);
        match code {
            Code::ENTER => {
                if self.line == Line::Begun {
                    self.command(stroke.at_us(), manner);
                }
                self.line = Line::Empty;
            }
            Code::ABORT | Code::END_OF_FILE => self.line = Line::Empty,
            Code::BACKSPACE | Code::WORD_KILL | Code::LINE_KILL => {
                self.edits += 1;
                let edited = manner == Manner::Typed && self.line == Line::Begun;
                self.typed_edits += u64::from(edited);
            }
            _ => {
                self.edits += u64::from(code == Code::ARROW || code == Code::SEQUENCE);
                self.line = Line::Begun;
            }
        }
    }

    fn command(&mut self, at_us: u64, manner: Manner) {
        // The Enters of a bracketed paste say nothing about who sends commands how fast.
        if manner == Manner::Bracketed {
            self.last_command_us = None;
            return;
        }
        if let Some(last_us) = self.last_command_us {
            self.command_gaps_us.push(at_us.saturating_sub(last_us));
        }
        self.last_command_us = Some(at_us);
    }
}

impl TypedGaps {
    /// Standard deviation of ln(gap) over the gaps under 1 s; `None` under two.
    fn log_stdev(&self) -> Option<f64> {
        let n = i128::from(self.under_1_s);
        if n < 2 {
            return None;
        }
        let log = i128::from(self.log);
        let spread = n * i128::from(self.log_squared) - log * log;
        Some((spread.max(0) as f64 / (n * (n - 1)) as f64).sqrt() / 1024.0)
    }
}

impl Evidence {
    /// The verdict; `None` where there is no sign of either.
    #[must_use]
    pub fn verdict(&self) -> Option<InputClass> {
        let scripted = [
            self.r1_enter_gap_s,
            self.r2_line_mode_share,
            self.r3_reaction_s,
            self.r4_log_gap_stdev,
            self.r5_under_30_ms_share,
            self.r5_under_4_ms_share,
            self.r6_digraph_t,
        ];
        let human =
            [self.h1_edit_share, self.h2_digraph_t, self.h3_think_share, self.h4_reaction_s];
        match (human.iter().any(|sign| sign.fired), scripted.iter().any(|sign| sign.fired)) {
            (true, true) => Some(InputClass::Mixed),
            (true, false) => Some(InputClass::Human),
            (false, true) => Some(InputClass::Scripted),
            (false, false) => None,
        }
    }
}

impl Sign {
    /// A sign that does not fire, and will not from fewer than `least`.
    fn over(count: u64, value: Option<f64>, least: u64) -> Weighed {
        Weighed { sign: Self { value, count, fired: false }, enough: count >= least }
    }
}

/// A sign, and whether it was measured often enough to mean something.
struct Weighed {
    sign: Sign,
    enough: bool,
}

impl Weighed {
    fn fires_if(self, test: impl Fn(f64) -> bool) -> Sign {
        Sign { fired: self.enough && self.sign.value.is_some_and(test), ..self.sign }
    }
}

fn slow_median(durations_us: &mut [u64], least: u64) -> Weighed {
    Sign::over(durations_us.len() as u64, median(durations_us), least)
}

/// Standard deviation of ln(gap) from which gaps vary as people's do.
const VARIES: f64 = 0.25;
/// Reads of four or more keys nearer than this are one run, µs.
const RUN_GAP_US: u64 = 100_000;

//! What a verdict on the hands behind a session rests on (B17).
//!
//! **Invariant:** a verdict is never more than its evidence. Every rule's measured value is kept
//! beside whether it fired, and where no rule fires there is no verdict.

use serde::Serialize;

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
    /// Share of keys in reads of four or more: 0.9 or more with no editing, and R1, R3 or even gaps.
    pub r2_line_mode_share: Sign,
    /// Standard deviation of ln(time between the Enters of successive commands): under 0.1 over
    /// three gaps or more they are even. Counts through R2 only.
    pub r2_even_gap_stdev: Sign,
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
    /// chance: above 4 over sixty or more it takes R6 back (another language or layout, or one
    /// phrase typed often).
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
    pub(super) fn over(count: u64, value: Option<f64>, least: u64) -> Weighed {
        Weighed { sign: Self { value, count, fired: false }, enough: count >= least }
    }
}

/// A sign, and whether it was measured often enough to mean something.
pub(super) struct Weighed {
    sign: Sign,
    enough: bool,
}

impl Weighed {
    /// The sign, fired if `test` holds of its value.
    pub(super) fn fires_if(self, test: impl Fn(f64) -> bool) -> Sign {
        Sign { fired: self.enough && self.sign.value.is_some_and(test), ..self.sign }
    }
}

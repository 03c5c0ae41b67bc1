//! Whose hands: pasted runs, and the measures behind a verdict of human, scripted or mixed (B17).
//!
//! The rules R1 to R6 and the signs of a person are those of the design paper on typists, section 6,
//! with three additions that were measured on the same data: R3 decides by itself, because what was
//! typed ahead is left out of it; R6 is taken back where digraphs repeat with a rhythm of their own;
//! and lines sent whole at even intervals count as scripted.
//!
//! **Invariant:** pasting is no sign of a machine: what came inside bracketed paste is in no rule
//! but the share of keys that were not typed one by one. Hidden input is in none.

use crate::profile::keyboard::evidence::{Evidence, Sign, Weighed};
use crate::profile::keyboard::keys::{Code, Stroke};
use crate::profile::keyboard::rhythm::{median, ratio};
use crate::profile::keyboard::typist::{Typist, log_q10};

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
    under_1_s: Logs,
}

/// Sums over 1024 × ln(gap in s).
#[derive(Default)]
struct Logs {
    count: u64,
    sum: i64,
    squares: i64,
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
            gaps.under_1_s.add(log);
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
        let even = self.command_logs();
        let even = Sign::over(even.count, even.stdev(), 3).fires_if(|s| s < 0.1);
        let share = ratio(self.keys_in_bulk, self.keys);
        let sent_whole = self.edits == 0 && (r1.fired || r3.fired || even.fired);
        let r2 = Sign::over(self.keys, share, 1).fires_if(|s| s >= 0.9 && sent_whole);
        let (stdev, under_1_s) = (self.gaps.under_1_s.stdev(), self.gaps.under_1_s.count);
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
            r2_even_gap_stdev: even,
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

    fn command_logs(&self) -> Logs {
        let mut logs = Logs::default();
        for gap_us in &self.command_gaps_us {
            logs.add(log_q10((*gap_us).max(SHORTEST_LOG_US)));
        }
        logs
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

impl Logs {
    fn add(&mut self, log: i64) {
        self.count += 1;
        self.sum += log;
        self.squares += log * log;
    }

    /// Sample standard deviation of ln(gap); `None` under two.
    fn stdev(&self) -> Option<f64> {
        let n = i128::from(self.count);
        if n < 2 {
            return None;
        }
        let spread = n * i128::from(self.squares) - i128::from(self.sum).pow(2);
        Some((spread.max(0) as f64 / (n * (n - 1)) as f64).sqrt() / 1024.0)
    }
}

fn slow_median(durations_us: &mut [u64], least: u64) -> Weighed {
    Sign::over(durations_us.len() as u64, median(durations_us), least)
}

/// Standard deviation of ln(gap) from which gaps vary as people's do.
const VARIES: f64 = 0.25;
/// Shorter gaps count as this long where the logarithm is taken, µs.
pub(super) const SHORTEST_LOG_US: u64 = 1_000;
/// Reads of four or more keys nearer than this are one run, µs.
const RUN_GAP_US: u64 = 100_000;

#[cfg(test)]
mod tests {
    use crate::profile::keyboard::{
        Columns, Context, Decoder, Evidence, InputClass, Stroke, columns,
    };

    /// A session that is played into the decoder, with what the one who plays it waits for.
    #[derive(Default)]
    struct Play {
        at_us: u64,
        decoder: Decoder,
        strokes: Vec<Stroke>,
        prompts_us: Vec<u64>,
        random: u64,
    }

    impl Play {
        fn prompt(&mut self) -> &mut Self {
            self.at_us += 1_000;
            self.prompts_us.push(self.at_us);
            self
        }

        fn wait(&mut self, ms: u64) -> &mut Self {
            self.at_us += ms * 1_000;
            self
        }

        fn send(&mut self, text: &str) -> &mut Self {
            self.decoder.read(self.at_us, text.as_bytes(), &mut self.strokes);
            self
        }

        /// Types key by key, each after a wait of `ms`, give or take `jitter` of it.
        fn keys(&mut self, text: &str, ms: f64, jitter: f64) -> &mut Self {
            for key in text.chars() {
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = (self.random >> 40) as f64 / f64::from(1 << 23) - 1.0;
                self.at_us += (ms * 1_000.0 * (1.0 + jitter * noise)) as u64;
                self.send(&key.to_string());
            }
            self
        }

        fn columns(&self) -> Columns {
            let context = Context { duration_us: self.at_us, prompts_us: &self.prompts_us };
            columns(&self.strokes, &context)
        }

        fn evidence(&self) -> Evidence {
            self.columns().input_evidence.unwrap().0
        }
    }

    const COMMANDS: [&str; 4] = ["uname -a\r", "cat /etc/passwd\r", "ls -la /tmp\r", "whoami\r"];

    fn played(each: impl Fn(&mut Play, &str)) -> Play {
        let mut play = Play::default();
        for command in COMMANDS {
            each(play.prompt(), command);
        }
        play
    }

    #[test]
    fn these_sessions_are_of_these_hands() {
        let human = |play: &mut Play, command: &str| {
            play.wait(1_500).keys(command, 230.0, 0.6);
        };
        let mut corrected = played(human);
        corrected.prompt().wait(900).keys("sl\x7f\x7fls\r", 200.0, 0.5);
        let mut few = Play::default();
        few.prompt().wait(1_000).keys("lz\x7fs\r", 180.0, 0.5);
        let mut pasted = Play::default();
        pasted.prompt().wait(2_000).keys("cf\x7fd /tmp\r", 200.0, 0.5);
        for command in COMMANDS {
            let paste = format!("\x1b[200~{}\x1b[201~", command.trim_end());
            pasted.prompt().wait(4_000).send(&paste).wait(500).send("\r");
        }
        let mut script = Play::default();
        script.prompt().wait(10).send("\x1b[200~a\rb\rc\rd\r\x1b[201~");
        let table: &[(&str, Play, Option<InputClass>)] = &[
            ("a person", played(human), Some(InputClass::Human)),
            ("a person who corrects", corrected, Some(InputClass::Human)),
            ("one command, corrected", few, Some(InputClass::Human)),
            ("one who pastes and types", pasted, Some(InputClass::Human)),
            ("one pasted script", script, None),
            (
                "lines sent without waiting",
                played(|play, command| {
                    play.send(command);
                }),
                Some(InputClass::Scripted),
            ),
            (
                "lines sent at every prompt, slow output",
                played(|play, command| {
                    play.wait(5).send(command).wait(3_000);
                }),
                Some(InputClass::Scripted),
            ),
            (
                "lines sent every two seconds",
                played(|play, command| {
                    play.wait(2_000).send(command);
                }),
                Some(InputClass::Scripted),
            ),
            (
                "lines sent now and then",
                played(|play, command| {
                    play.wait(2_000 * command.len() as u64).send(command);
                }),
                None,
            ),
            (
                "a metronome",
                played(|play, command| {
                    play.wait(1_500).keys(command, 150.0, 0.02);
                }),
                Some(InputClass::Scripted),
            ),
            (
                "keys as fast as they go",
                played(|play, command| {
                    play.wait(1_500).keys(command, 2.0, 0.9);
                }),
                Some(InputClass::Scripted),
            ),
            (
                "keys with human gaps at once after each prompt",
                played(|play, command| {
                    let (first, rest) = command.split_at(1);
                    play.keys(first, 10.0, 0.0).keys(rest, 230.0, 0.6);
                }),
                Some(InputClass::Scripted),
            ),
            (
                "a script that one corrects",
                played(|play, command| {
                    play.send(command).prompt().wait(3_000).keys("sl\x7f\x7fw\r", 200.0, 0.5);
                }),
                Some(InputClass::Human),
            ),
        ];
        for (who, play, class) in table {
            assert_eq!(play.columns().input_class, *class, "{who}: {:#?}", play.evidence());
        }
    }

    #[test]
    fn a_person_at_a_script_is_mixed() {
        let mut play = played(|play, command| {
            play.send(command);
        });
        play.prompt().wait(2_000).keys("sl\x7f\x7fls\r", 200.0, 0.5);
        assert_eq!(play.columns().input_class, Some(InputClass::Mixed));
    }

    #[test]
    fn gaps_without_structure_are_scripted_however_human_each_looks() {
        let mut play = Play::default();
        for _ in 0..12 {
            for command in COMMANDS {
                play.prompt().wait(1_200).keys(command, 180.0, 0.7);
            }
        }
        let evidence = play.evidence();
        assert!(evidence.r6_digraph_t.fired, "{evidence:#?}");
        assert!(!evidence.h3_think_share.fired && !evidence.h4_reaction_s.fired);
        assert_eq!(evidence.verdict(), Some(InputClass::Scripted));
    }

    #[test]
    fn what_is_typed_ahead_is_no_reaction() {
        let mut play = Play::default();
        for _ in 0..5 {
            play.wait(200).keys("l", 100.0, 0.0).prompt().keys("s\r", 20.0, 0.0);
        }
        assert_eq!(play.evidence().r3_reaction_s.count, 0);
        let mut held = Play::default();
        for _ in 0..5 {
            held.prompt().wait(30).send("\r");
        }
        assert_eq!(held.evidence().r3_reaction_s.count, 0);
    }

    #[test]
    fn a_verdict_shows_what_it_rests_on() {
        let play = played(|play, command| {
            play.wait(20).send(command);
        });
        let json = serde_json::to_value(play.columns()).unwrap();
        assert_eq!(json["input_class"], "scripted");
        assert_eq!(
            json["input_evidence"]["r3_reaction_s"],
            serde_json::json!({"value": 0.02, "count": 4, "fired": true})
        );
        assert_eq!(json["input_evidence"]["h1_edit_share"]["value"], serde_json::Value::Null);
    }
}

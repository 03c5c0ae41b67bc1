//! Running a program by trying: the way back is kept on a stack of its own.
//!
//! **Invariant:** a search makes [`REGEX_STEPS`] steps at most, in all its tries; then there is no
//! match. It recurses once for each assertion in another, which the depth of patterns bounds.

use super::ast::{Assert, Look};
use super::program::{Program, Step};
use super::{Captures, Case, decode, width_at};
use decnet_core::limits::REGEX_STEPS;

/// What to try, or to set back, where the present way leads nowhere.
#[derive(Clone, Copy, Debug)]
enum Back {
    Try { step: usize, at: usize },
    Slot { slot: usize, was: Option<usize> },
}

struct Run<'a> {
    program: &'a Program,
    text: &'a [u8],
    slots: Vec<Option<usize>>,
    left: usize,
}

impl Program {
    /// The leftmost match from `start` on, and how many steps that took.
    pub(super) fn search(&self, text: &[u8], start: usize) -> (Option<Captures>, usize) {
        let mut run = Run { program: self, text, slots: vec![None; self.slots], left: REGEX_STEPS };
        let mut at = start;
        let mut found = None;
        while at <= text.len() && run.left > 0 {
            if let Some(byte) = self.begins {
                let rest = text.get(at..).unwrap_or_default();
                let Some(next) = rest.iter().position(|&b| b == byte) else { break };
                at += next;
            }
            run.slots.iter_mut().for_each(|slot| *slot = None);
            run.left = run.left.saturating_sub(run.slots.len() / 16);
            if let Some(end) = run.run(0, at, None) {
                let from = run.slots.first().copied().flatten().unwrap_or(at).min(end);
                let mut all: Captures = vec![Some((from, end))];
                for group in 1..self.groups {
                    let slot = |slot: usize| run.slots.get(slot).copied().flatten();
                    all.push(slot(group * 2).zip(slot(group * 2 + 1)).filter(|(a, b)| a <= b));
                }
                found = Some(all);
                break;
            }
            at += width_at(self.chars, text, at);
        }
        (found, REGEX_STEPS - run.left)
    }
}

impl Run<'_> {
    /// Runs until a match, which must end at `must` where that is given: where it ends.
    fn run(&mut self, step: usize, at: usize, must: Option<usize>) -> Option<usize> {
        let longest = self.program.longest && must.is_none();
        let mut best: Option<(usize, Vec<Option<usize>>)> = None;
        let mut stack = vec![Back::Try { step, at }];
        while let Some(back) = stack.pop() {
            let (mut step, mut at) = match back {
                Back::Slot { slot, was } => {
                    if let Some(place) = self.slots.get_mut(slot) {
                        *place = was;
                    }
                    continue;
                }
                Back::Try { step, at } => (step, at),
            };
            while let Some(now) = self.program.steps.get(step).copied() {
                if self.left == 0 {
                    return None;
                }
                self.left -= 1;
                if let Step::Match = now {
                    if must.is_some_and(|must| must != at) {
                        break;
                    }
                    if !longest || at == self.text.len() {
                        return Some(at);
                    }
                    if best.as_ref().is_none_or(|(end, _)| *end < at) {
                        self.left = self.left.saturating_sub(self.slots.len() / 16);
                        best = Some((at, self.slots.clone()));
                    }
                    break;
                }
                match self.step(now, step, at, &mut stack) {
                    Some(next) => (step, at) = next,
                    None => break,
                }
            }
        }
        let (end, slots) = best?;
        self.slots = slots;
        Some(end)
    }

    /// Does one step: the next one, and where.
    fn step(
        &mut self,
        now: Step,
        step: usize,
        at: usize,
        stack: &mut Vec<Back>,
    ) -> Option<(usize, usize)> {
        match now {
            Step::Byte(byte) => (self.text.get(at) == Some(&byte)).then_some((step + 1, at + 1)),
            Step::Set(index) => {
                let (code, len) = decode(self.program.chars, self.text, at)?;
                let set = self.program.sets.get(index)?;
                set.has(code).then_some((step + 1, at + len))
            }
            Step::Look(look) => self.look(look, at).then_some((step + 1, at)),
            Step::Save(slot) | Step::Mark(slot) => {
                self.save(slot, at, stack);
                Some((step + 1, at))
            }
            Step::Keep => {
                self.save(0, at, stack);
                Some((step + 1, at))
            }
            Step::Moved(slot) => {
                let moved = self.slots.get(slot).copied().flatten() != Some(at);
                // An empty round ends the loop, whose exit is behind the jump back.
                Some((if moved { step + 1 } else { step + 2 }, at))
            }
            Step::Split(first, second) => {
                stack.push(Back::Try { step: second, at });
                Some((first, at))
            }
            Step::Jump(to) => Some((to, at)),
            Step::Back(group) => self.back(group, at).map(|at| (step + 1, at)),
            Step::Assert(kind, end, widths) => {
                let at = self.assert(kind, step + 1, at, widths, stack)?;
                Some((end, at))
            }
            Step::Match => None,
        }
    }

    fn save(&mut self, slot: usize, at: usize, stack: &mut Vec<Back>) {
        if let Some(place) = self.slots.get_mut(slot) {
            stack.push(Back::Slot { slot, was: *place });
            *place = Some(at);
        }
    }

    fn back(&self, group: usize, at: usize) -> Option<usize> {
        let from = self.slots.get(group * 2).copied().flatten()?;
        let to = self.slots.get(group * 2 + 1).copied().flatten()?;
        let said = self.text.get(from..to)?;
        let there = self.text.get(at..at + said.len())?;
        let same = match self.program.case {
            Case::Exact => said == there,
            Case::Fold => said.eq_ignore_ascii_case(there),
        };
        same.then_some(at + said.len())
    }

    /// Whether an assertion holds: where the text goes on.
    fn assert(
        &mut self,
        kind: Assert,
        step: usize,
        at: usize,
        (min, max): (usize, usize),
        stack: &mut Vec<Back>,
    ) -> Option<usize> {
        self.left = self.left.saturating_sub(self.slots.len() / 8);
        let before = self.slots.clone();
        let found = match kind {
            Assert::Ahead | Assert::NotAhead | Assert::Atomic => self.run(step, at, None),
            Assert::Behind | Assert::NotBehind => self.behind(step, at, min, max),
        };
        if self.left == 0 {
            return None;
        }
        match kind {
            Assert::NotAhead | Assert::NotBehind => {
                self.slots = before;
                found.is_none().then_some(at)
            }
            Assert::Ahead | Assert::Behind | Assert::Atomic => {
                let Some(end) = found else {
                    self.slots = before;
                    return None;
                };
                for (slot, (now, was)) in self.slots.iter().zip(&before).enumerate() {
                    if now != was {
                        stack.push(Back::Slot { slot, was: *was });
                    }
                }
                Some(if kind == Assert::Atomic { end } else { at })
            }
        }
    }

    fn behind(&mut self, step: usize, at: usize, min: usize, max: usize) -> Option<usize> {
        let mut from = at;
        for width in 0..=max {
            if width >= min && self.run(step, from, Some(at)).is_some() {
                return Some(at);
            }
            from = self.before(from)?;
        }
        None
    }

    /// Where the character before a place begins.
    fn before(&self, at: usize) -> Option<usize> {
        let nearest = at.checked_sub(1)?;
        let starts = (2..=4).filter_map(|len| at.checked_sub(len));
        let whole = starts
            .into_iter()
            .find(|&from| from + width_at(self.program.chars, self.text, from) == at);
        Some(whole.unwrap_or(nearest))
    }

    fn look(&self, look: Look, at: usize) -> bool {
        let byte = |at: Option<usize>| at.and_then(|at| self.text.get(at)).copied();
        let word = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        let (before, behind) = (byte(at.checked_sub(1)), byte(Some(at)));
        match look {
            Look::LineStart => before.is_none_or(|b| b == b'\n'),
            Look::LineEnd => behind.is_none_or(|b| b == b'\n'),
            Look::TextStart => at == 0,
            Look::TextEnd => behind.is_none(),
            Look::TextEndLine => {
                behind.is_none() || behind == Some(b'\n') && byte(Some(at + 1)).is_none()
            }
            Look::Word => word(before) != word(behind),
            Look::NotWord => word(before) == word(behind),
            Look::WordStart => !word(before) && word(behind),
            Look::WordEnd => word(before) && !word(behind),
            Look::NoWordBefore => !word(before),
            Look::NoWordBehind => !word(behind),
        }
    }
}

//! A pattern as steps, for what no automaton does.
//!
//! **Invariant:** a program has [`STEPS`] instructions at most, whatever its intervals say.

use super::ast::{Assert, Ast, Greed, Look, Set, Times};
use super::{Case, Chars, Error, Flavor, Syntax};

#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) sets: Vec<Set>,
    /// Two for each group, and one for each loop.
    pub(super) slots: usize,
    pub(super) groups: usize,
    pub(super) chars: Chars,
    pub(super) case: Case,
    /// The longest match of those at a place; otherwise the first.
    pub(super) longest: bool,
    /// What a match begins with, if that is known.
    pub(super) begins: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Byte(u8),
    Set(usize),
    Look(Look),
    Save(usize),
    /// First here, then there.
    Split(usize, usize),
    Jump(usize),
    Back(usize),
    /// A round of a loop begins.
    Mark(usize),
    /// It has moved on since.
    Moved(usize),
    /// What is up to there, without the text being used up.
    Assert(Assert, usize, (usize, usize)),
    Keep,
    Match,
}

const STEPS: usize = 20_000;

impl Program {
    pub(super) fn new(ast: &Ast, groups: usize, syntax: Syntax) -> Result<Self, Error> {
        let slots = (groups.min(100) + 1) * 2;
        let mut program = Self {
            steps: Vec::new(),
            sets: Vec::new(),
            slots,
            groups: groups.min(100) + 1,
            chars: syntax.chars,
            case: syntax.case,
            longest: syntax.flavor != Flavor::Perl,
            begins: begins(ast),
        };
        program.add(ast)?;
        program.push(Step::Match)?;
        Ok(program)
    }

    fn push(&mut self, step: Step) -> Result<usize, Error> {
        if self.steps.len() >= STEPS {
            return Err(Error::TooBig);
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn set(&mut self, at: usize, step: Step) {
        if let Some(place) = self.steps.get_mut(at) {
            *place = step;
        }
    }

    fn add(&mut self, ast: &Ast) -> Result<(), Error> {
        match ast {
            Ast::Empty => {}
            Ast::Literal(bytes) => {
                for byte in bytes {
                    self.push(Step::Byte(*byte))?;
                }
            }
            Ast::Set(set) => {
                // A set that is repeated is kept once for each time: the steps' cap is theirs too.
                self.sets.push(set.clone());
                let index = self.sets.len() - 1;
                self.push(Step::Set(index))?;
            }
            Ast::Look(look) => {
                self.push(Step::Look(*look))?;
            }
            Ast::Group(inner, number) => match number.filter(|number| *number < self.groups) {
                Some(number) => {
                    self.push(Step::Save(number * 2))?;
                    self.add(inner)?;
                    self.push(Step::Save(number * 2 + 1))?;
                }
                None => self.add(inner)?,
            },
            Ast::Concat(parts) => parts.iter().try_for_each(|part| self.add(part))?,
            Ast::Alternate(parts) => self.alternate(parts)?,
            Ast::Repeat(inner, times) if times.greed == Greed::Possessive => {
                let at = self.push(Step::Match)?;
                self.repeat(inner, Times { greed: Greed::Greedy, ..*times })?;
                let end = self.push(Step::Match)? + 1;
                self.set(at, Step::Assert(Assert::Atomic, end, (0, 0)));
            }
            Ast::Repeat(inner, times) => self.repeat(inner, *times)?,
            Ast::Back(group) => {
                self.push(Step::Back(*group))?;
            }
            Ast::Assert(inner, kind) => {
                let at = self.push(Step::Match)?;
                self.add(inner)?;
                let end = self.push(Step::Match)? + 1;
                let (min, max) = inner.widths(self.chars);
                self.set(at, Step::Assert(*kind, end, (min, max.unwrap_or(min))));
            }
            Ast::Keep => {
                self.push(Step::Keep)?;
            }
        }
        Ok(())
    }

    fn alternate(&mut self, parts: &[Ast]) -> Result<(), Error> {
        let mut ends = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if index + 1 == parts.len() {
                self.add(part)?;
                break;
            }
            let split = self.push(Step::Match)?;
            self.add(part)?;
            ends.push(self.push(Step::Match)?);
            self.set(split, Step::Split(split + 1, self.steps.len()));
        }
        let end = self.steps.len();
        for at in ends {
            self.set(at, Step::Jump(end));
        }
        Ok(())
    }

    fn repeat(&mut self, inner: &Ast, times: Times) -> Result<(), Error> {
        // What is empty is so however often it is repeated.
        let most = if inner.widths(self.chars).1 == Some(0) { 1 } else { u32::MAX };
        for _ in 0..times.min.min(most) {
            self.add(inner)?;
        }
        let order = |first: usize, second: usize| match times.greed {
            Greed::Lazy => Step::Split(second, first),
            Greed::Greedy | Greed::Possessive => Step::Split(first, second),
        };
        match times.max {
            None => {
                let slot = self.slots;
                self.slots += 1;
                let split = self.push(Step::Match)?;
                self.push(Step::Mark(slot))?;
                self.add(inner)?;
                self.push(Step::Moved(slot))?;
                self.push(Step::Jump(split))?;
                self.set(split, order(split + 1, self.steps.len()));
            }
            Some(max) => {
                let mut splits = Vec::new();
                for _ in times.min..max.min(times.min.saturating_add(most)) {
                    splits.push(self.push(Step::Match)?);
                    self.add(inner)?;
                }
                let end = self.steps.len();
                for split in splits {
                    self.set(split, order(split + 1, end));
                }
            }
        }
        Ok(())
    }
}

/// The byte that every match begins with.
fn begins(ast: &Ast) -> Option<u8> {
    match ast {
        Ast::Literal(bytes) => bytes.first().copied(),
        Ast::Group(inner, _) => begins(inner),
        Ast::Concat(parts) => parts.first().and_then(begins),
        Ast::Repeat(inner, times) if times.min > 0 => begins(inner),
        Ast::Empty
        | Ast::Set(_)
        | Ast::Look(_)
        | Ast::Alternate(_)
        | Ast::Repeat(..)
        | Ast::Back(_)
        | Ast::Assert(..)
        | Ast::Keep => None,
    }
}

//! Which lines a command is for.
//!
//! **Invariant:** a range knows where it is by itself; lines are asked for once.

use super::{Machine, Range};
use crate::commands::text::sed::script::{Address, Command, Until};
use crate::kernel::Proc;

impl Machine<'_> {
    pub(super) async fn selects(
        &mut self,
        p: &mut Proc,
        at: usize,
        command: &Command,
    ) -> Result<bool, ()> {
        let Some(from) = &command.from else { return Ok(true) };
        let Some(to) = &command.to else { return self.address(p, from).await };
        let range = self.ranges.get(at).copied().unwrap_or(Range::Closed);
        match range {
            Range::Over => return Ok(false),
            Range::Closed => {}
            Range::Line(line) => {
                if self.number >= line {
                    self.set_range(at, Range::Closed);
                }
                // A range whose end has passed is its first line only, and this one is not.
                return match (self.number <= line, from) {
                    (true, _) => Ok(true),
                    (false, from) => {
                        if self.address(p, from).await? {
                            self.begin(p, at, to).await
                        } else {
                            Ok(false)
                        }
                    }
                };
            }
            Range::Open => {
                let ends = match to {
                    Until::Match(pattern) => self.matches(p, pattern.as_ref())?,
                    Until::Last => self.lines.is_last(p).await,
                    Until::Line(_) | Until::More(_) | Until::Multiple(_) => true,
                };
                if ends {
                    let zero = matches!(from, Address::Zero);
                    self.set_range(at, if zero { Range::Over } else { Range::Closed });
                }
                return Ok(true);
            }
        }
        if !self.address(p, from).await? {
            return Ok(false);
        }
        self.begin(p, at, to).await
    }

    fn set_range(&mut self, at: usize, range: Range) {
        if let Some(place) = self.ranges.get_mut(at) {
            *place = range;
        }
    }

    /// A range begins at this line.
    async fn begin(&mut self, p: &mut Proc, at: usize, to: &Until) -> Result<bool, ()> {
        let range = match to {
            Until::Line(line) if *line <= self.number => Range::Closed,
            Until::Line(line) => Range::Line(*line),
            Until::More(0) => Range::Closed,
            Until::More(more) => Range::Line(self.number.saturating_add(*more)),
            Until::Multiple(0) => Range::Closed,
            // A line that is a multiple already goes up to the next one.
            Until::Multiple(of) => {
                let line = self.number - self.number.checked_rem(*of).unwrap_or(0);
                Range::Line(line.saturating_add(*of))
            }
            Until::Last if self.lines.is_last(p).await => Range::Closed,
            Until::Last | Until::Match(_) => Range::Open,
        };
        self.set_range(at, range);
        Ok(true)
    }

    async fn address(&mut self, p: &mut Proc, address: &Address) -> Result<bool, ()> {
        Ok(match address {
            Address::Line(line) => self.number == *line,
            Address::Step(first, step) => {
                let beyond = self.number.checked_sub(*first);
                beyond.is_some_and(|beyond| beyond.is_multiple_of(*step))
            }
            Address::Last => self.lines.is_last(p).await,
            Address::Match(pattern) => self.matches(p, pattern.as_ref())?,
            Address::Zero => false,
        })
    }
}

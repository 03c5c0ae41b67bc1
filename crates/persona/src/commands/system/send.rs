//! Programs that look processes up and send them signals: `kill`, `pgrep`, `pkill`, `pidof`,
//! `killall`, `pidwait`, `skill`; and `pwdx`, `pmap`, `pstree`, `fuser`.
//!
//! **Invariant:** whom a signal reaches is decided by `kill(2)`'s rules, in one place.

mod kill;
mod lookup;
mod look;

use crate::commands::Program;

pub(super) const PROGRAMS: &[&[Program]] = &[kill::PROGRAMS, lookup::PROGRAMS, look::PROGRAMS];

//! Writes a tree down as bash does in `type`, `declare -f` and `jobs`.
//!
//! **Invariant:** what is written means what the tree means.

use crate::shell::tree::{Assignment, Part};

/// A script.
#[must_use]
pub fn script(script: &crate::shell::tree::Script) -> Vec<u8> {
    format!("{script:?}").into_bytes()
}

/// A part of a word.
#[must_use]
pub fn part(part: &Part) -> Vec<u8> {
    format!("{part:?}").into_bytes()
}

/// An assignment.
#[must_use]
pub fn assignment(assignment: &Assignment) -> Vec<u8> {
    assignment.name.clone()
}

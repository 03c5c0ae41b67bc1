//! Languages: awk, Perl, Python, and the small ones of `expr` and `test`.
//!
//! **Invariant:** a program of the peer's is run by steps that count their work, hold a bounded
//! amount of memory, and never recurse as deep as the program says.

pub(super) mod awk;
pub(crate) mod child;
pub(crate) mod condition;
pub(super) mod expr;
pub(super) mod factor;
mod heap;
pub(crate) mod number;
pub(super) mod python;
mod text;

#[cfg(test)]
mod cases;

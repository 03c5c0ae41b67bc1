//! The shell's language: what a line typed at a prompt means.
//!
//! **Invariant:** pure; nothing here runs a command or expands a word.

pub mod tree;

//! The shell's language: what a line typed at a prompt means.
//!
//! **Invariant:** pure; nothing here runs a command or expands a word.

mod arithmetic_for;
pub mod command;
mod compound;
mod condition;
mod dollar;
mod double;
pub mod fuzz;
mod grammar;
mod here_doc;
mod input;
mod parameter;
mod parser;
pub mod print;
mod print_word;
pub mod reader;
mod redirect;
mod token;
pub mod tree;
mod word;

#[cfg(test)]
mod tests;

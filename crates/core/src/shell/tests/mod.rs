//! Tests of the shell's parser, against answers of bash and against laws.

#![allow(clippy::arithmetic_side_effects, reason = "tests")]

mod bounds;
mod canonical;
mod laws;
mod shapes;
mod verdicts;

use crate::shell::reader::{Options, parse};
use crate::shell::tree::{Script, Wrong};

fn read(text: &[u8]) -> Result<Script, Wrong> {
    parse(text, Options::default())
}

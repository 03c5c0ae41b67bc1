//! The body of the parser's fuzz target.
//!
//! **Invariant:** as those of `crate::fuzz`: the law holds for every input.

use crate::shell::tree::Wrong;
use crate::shell::{command, print, reader};

/// What is written of a script is read as the same script.
pub fn script(bytes: &[u8]) {
    let Ok(script) = reader::parse(bytes, reader::Options::default()) else { return };
    let _ = command::commands(&script);
    let text = print::script(&script);
    match reader::parse(&text, reader::Options::default()) {
        Ok(again) => assert_eq!(print::script(&again), text, "a script changed"),
        // What is written may be longer than what was read, and deeper.
        Err(wrong) => assert_eq!(wrong, Wrong::TooMuch, "a script was lost"),
    }
}

//! What tests want of the machine they run on, and how they say what they skip.
//!
//! **Invariant:** a test that does not test says so in a line of its own, which a run shows
//! whatever becomes of the test and which `cargo xtask ci` counts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "only tests call this, and fail by it")]

pub mod netns;

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Says that this test, or a part of it, was skipped and why, for the want of something that a
/// machine can be given: a program, a privilege, a server.
///
/// # Panics
/// Where `DECNET_TEST_REQUIRE_ALL` is set, as in continuous integration: there it may not lack.
pub fn skip(why: impl Display) {
    assert!(std::env::var_os("DECNET_TEST_REQUIRE_ALL").is_none(), "{}: {why}", test());
    say(why);
}

/// Whether all of `programs` are there. Where they are not, see [`skip`].
#[must_use]
pub fn has_programs(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let absent = |program: &&&str| {
        !std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    let missing: Vec<_> = programs.iter().copied().filter(|program| absent(&program)).collect();
    if !missing.is_empty() {
        skip(format_args!("no {}", missing.join(", ")));
    }
    missing.is_empty()
}

/// A file or folder of the reference data, which `DECNET_TEST_DATA` names and which otherwise lies
/// beside the project's own folder. Where it is absent this says so: the data is not part of the
/// project, so that no run fails for the want of it.
#[must_use]
pub fn reference(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("DECNET_TEST_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = named.unwrap_or_else(beside).join(name);
    let is_there = path.exists();
    if !is_there {
        say(format_args!("no {name} in the folder that DECNET_TEST_DATA names"));
    }
    is_there.then_some(path)
}

/// Past the capture that hides what a passing test prints. The line before may be an unfinished
/// one of the test runner's.
fn say(why: impl Display) {
    let line = format!("\nskipped: {}: {why}\n", test());
    // Nobody may be there to read it.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// The test that this thread runs.
fn test() -> String {
    std::thread::current().name().unwrap_or("a test").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_is_found() {
        assert!(has_programs(&["cargo"]));
    }
}

//! The rules of this repository that neither the compiler nor clippy checks.
//!
//! **Invariant:** every check is a function from text to problems, so that each is tested on a
//! few made-up lines; only this file reads the disk and runs programs. A rule that has exceptions
//! lists them in a table, each with its reason, and an exception that is no longer needed is
//! itself a problem.

mod crates;
mod modules;
mod papers;
mod rust;
mod token;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell;

/// A file of the repository, as it is on disk.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// From the root of the repository, with forward slashes.
    path: String,
    /// `None` if it is not UTF-8.
    text: Option<String>,
}

/// Something to repair, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    path: String,
    /// From 1; 0 if it is about the whole file.
    line: usize,
    what: String,
}

/// An exception to a rule.
#[derive(Clone, Copy, Debug)]
struct Excused {
    path: &'static str,
    /// Never read by the program, always by people.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is there to be read in the table"))]
    reason: &'static str,
}

/// Checks everything and prints what is to repair.
pub(crate) fn run() -> Result<()> {
    let files = files()?;
    let members = members()?;
    let mut problems = Vec::new();
    problems.extend(crates::arrows(&members));
    problems.extend(crates::lints(&members, &files));
    problems.extend(modules::arrows(&files));
    problems.extend(modules::readers(&files));
    problems.extend(rust::check(&files));
    problems.extend(papers::check(&files));
    problems.sort();
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("tidy: {} to repair", problems.len());
    }
    println!("tidy: {} files, {} crates, nothing to repair", files.len(), members.len());
    Ok(())
}

/// All files that are tracked or would be: what is ignored is nobody's business.
fn files() -> Result<Vec<File>> {
    let mut git = std::process::Command::new("git");
    git.current_dir(shell::root()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let listed = String::from_utf8(shell::output(&mut git)?)?;
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        // A file that was deleted and is not yet committed so is listed all the same.
        let Ok(bytes) = fs::read(shell::root().join(path)) else { continue };
        files.push(File { path: path.to_owned(), text: String::from_utf8(bytes).ok() });
    }
    Ok(files)
}

/// The crates of the workspace, as cargo understands them.
fn members() -> Result<Vec<crates::Member>> {
    let mut cargo = shell::cargo();
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline"]);
    let metadata = serde_json::from_slice(&shell::output(&mut cargo)?)?;
    crates::members(&metadata, &shell::root()).context("cargo metadata has another shape")
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// A file that is only compiled for tests: of an integration test, or a `mod tests;`.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

impl Problem {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// The exceptions of a table that no file needed.
fn unused<'a>(table: &'a [Excused], used: &'a [&str]) -> impl Iterator<Item = Problem> + 'a {
    table
        .iter()
        .filter(|excused| !used.contains(&excused.path))
        .map(|excused| Problem::new(excused.path, 0, "needs its exception in xtask no longer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up file.
    pub(super) fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: Some(text.to_owned()) }
    }

    /// What is wrong, and where, in as few words as a test needs.
    pub(super) fn shown(problems: &[Problem]) -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_problem_reads_like_a_compiler_s() {
        assert_eq!(Problem::new("a/b.rs", 7, "is bad").to_string(), "a/b.rs:7: is bad");
        assert_eq!(Problem::new("a/b.rs", 0, "is bad").to_string(), "a/b.rs: is bad");
    }

    #[test]
    fn an_exception_that_nobody_needs_is_a_problem() {
        const TABLE: &[Excused] = &[Excused { path: "a.rs", reason: "made up" }];
        assert_eq!(unused(TABLE, &["a.rs"]).count(), 0);
        assert_eq!(unused(TABLE, &["b.rs"]).count(), 1);
        assert!(TABLE.iter().all(|excused| !excused.reason.is_empty()));
    }
}

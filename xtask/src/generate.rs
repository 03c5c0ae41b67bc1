//! `docs/generated`: what the program says about itself, written down.
//!
//! **Invariant:** no file in there is written by hand, and none is made from anything but the
//! program's own output; `tidy` holds the folder to the list below.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shell::{self, Colour};

/// What to do about a file that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// Where the program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Built for this alone: the least that has to be compiled.
    Build,
    /// Built with the features of the whole workspace: free after the tests, since the features
    /// of a dependency are those that all selected packages ask for together.
    BuildAsTested,
}

/// A generated file, and the arguments that make the program print it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Artifact {
    pub(crate) path: &'static str,
    pub(crate) arguments: &'static [&'static str],
}

/// Every file of `docs/generated`.
pub(crate) const ARTIFACTS: &[Artifact] = &[
    Artifact { path: "docs/generated/signals.md", arguments: &["audit", "--markdown"] },
    Artifact { path: "docs/generated/schema-sqlite.sql", arguments: &["schema", "sqlite"] },
    Artifact { path: "docs/generated/schema-mysql.sql", arguments: &["schema", "mysql"] },
    Artifact { path: "docs/generated/config.example.toml", arguments: &["config", "--example"] },
    Artifact { path: "docs/generated/read.schema.json", arguments: &["read", "--schema"] },
    Artifact { path: "docs/generated/cli.md", arguments: &["help-markdown"] },
];

/// Writes every generated file, or checks that each is what would be written.
pub(crate) fn run(mode: Mode, program: Program) -> Result<()> {
    let program = build(program)?;
    let mut stale = 0;
    for artifact in ARTIFACTS {
        let wanted = make(&program, artifact)?;
        let path = shell::root().join(artifact.path);
        let present = fs::read(&path).unwrap_or_default();
        if present == wanted {
            println!("  same     {}", artifact.path);
            continue;
        }
        match mode {
            Mode::Write => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)
                        .with_context(|| format!("cannot create {}", folder.display()))?;
                }
                fs::write(&path, wanted)
                    .with_context(|| format!("cannot write {}", artifact.path))?;
                println!("  {}  {}", shell::paint(Colour::Green, "written"), artifact.path);
            }
            Mode::Check => {
                stale += 1;
                println!("  {}  {}", shell::paint(Colour::Red, "differs"), artifact.path);
                println!("{}", first_difference(&present, &wanted));
            }
        }
    }
    if stale > 0 {
        bail!("{stale} of {} generated files are stale: run `cargo xtask gen`", ARTIFACTS.len());
    }
    Ok(())
}

fn build(program: Program) -> Result<PathBuf> {
    let mut cargo = shell::cargo();
    match program {
        Program::Build => cargo.args(["build", "--quiet", "--package", "decnet"]),
        Program::BuildAsTested => cargo.args(["build", "--quiet", "--workspace", "--all-targets"]),
    };
    shell::run(&mut cargo)?;
    let metadata = shell::output(shell::cargo().args([
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--offline",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata)?;
    let folder = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str)
        .context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(folder).join("debug/decnet"))
}

fn make(program: &PathBuf, artifact: &Artifact) -> Result<Vec<u8>> {
    // The same bytes whatever terminal, width or settings the caller has.
    let mut command = std::process::Command::new(program);
    command.args(artifact.arguments).env_clear().env("NO_COLOR", "1").env("COLUMNS", "100");
    let text = shell::output(&mut command)?;
    if text.is_empty() {
        bail!("`decnet {}` printed nothing", artifact.arguments.join(" "));
    }
    Ok(text)
}

/// The first line that differs, as it is and as it should be.
fn first_difference(present: &[u8], wanted: &[u8]) -> String {
    if present.is_empty() {
        return "           (the file is absent or empty)".to_owned();
    }
    let present = String::from_utf8_lossy(present);
    let wanted = String::from_utf8_lossy(wanted);
    let (mut present, mut wanted) = (present.lines(), wanted.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (present.next(), wanted.next()) {
            (None, None) => return "           (only the line ends differ)".to_owned(),
            (is, should) if is == should => {}
            (is, should) => {
                let is = is.unwrap_or("(the end)");
                let should = should.unwrap_or("(the end)");
                return format!("           line {number}\n         - {is}\n         + {should}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        let shown = first_difference(b"a\nb\nc\n", b"a\nB\nC\n");
        assert!(shown.contains("line 2\n         - b\n         + B"), "{shown}");
    }

    #[test]
    fn a_file_that_is_too_short_says_so() {
        let shown = first_difference(b"a\n", b"a\nb\n");
        assert!(shown.contains("- (the end)\n         + b"), "{shown}");
    }

    #[test]
    fn line_ends_count() {
        assert!(first_difference(b"a\r\n", b"a\n").contains("line ends"));
    }

    #[test]
    fn every_artifact_has_a_path_of_its_own() {
        let mut paths: Vec<&str> = ARTIFACTS.iter().map(|artifact| artifact.path).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), ARTIFACTS.len());
        assert!(paths.iter().all(|path| path.starts_with("docs/generated/")));
    }
}

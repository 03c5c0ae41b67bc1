//! What continuous integration runs, in order, stopping at the first failure.
//!
//! **Invariant:** continuous integration runs nothing that this does not, and nothing in here
//! needs a network beyond the package registries.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::generate::{self, Mode, Program};
use crate::shell::{self, Colour};
use crate::tidy;

/// One thing that is checked.
struct Step {
    name: &'static str,
    run: fn(&mut Tests) -> Result<()>,
}

/// In order of patience: what fails often and costs little comes first.
const STEPS: &[Step] = &[
    Step { name: "fmt", run: |_| shell::run(shell::cargo().args(["fmt", "--all", "--check"])) },
    Step { name: "tidy", run: |_| tidy::run() },
    Step { name: "deny", run: |_| deny() },
    Step { name: "clippy", run: |_| clippy() },
    Step { name: "doc", run: |_| doc() },
    Step { name: "test", run: test },
    Step { name: "gen", run: |_| generate::run(Mode::Check, Program::BuildAsTested) },
];

/// Runs all steps, then says what each took and how the tests came out.
pub(crate) fn run() -> Result<()> {
    let mut tests = Tests::default();
    let mut took = Vec::new();
    let mut failure = None;
    for step in STEPS {
        println!("{}", shell::paint(Colour::Bold, &format!("── {}", step.name)));
        let start = Instant::now();
        let outcome = (step.run)(&mut tests);
        took.push((step.name, start.elapsed(), outcome.is_ok()));
        if let Err(error) = outcome {
            failure = Some(error.context(format!("step {}", step.name)));
            break;
        }
    }
    println!("\n{}", summary(&took));
    if tests.seen() {
        // Alone on its line, so that whoever reads a log by machine finds it.
        println!("{}", tests.line());
    }
    failure.map_or(Ok(()), Err)
}

fn deny() -> Result<()> {
    let mut version = shell::cargo();
    version.args(["deny", "--version"]);
    if shell::output(&mut version).is_err() {
        bail!("cargo-deny is not installed: `cargo install cargo-deny --locked`");
    }
    // Not `advisories`: their database is a git repository, and this must run where only package
    // registries are reached. Where it can be fetched, `cargo deny check advisories` is worth a
    // run of its own; deny.toml has its settings.
    shell::run(shell::cargo().args(["deny", "check", "licenses", "bans", "sources"]))
}

fn clippy() -> Result<()> {
    // `-D warnings` goes to clippy alone. In RUSTFLAGS it would change how every dependency is
    // built, and none of that would be shared with the steps below.
    shell::run(shell::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn doc() -> Result<()> {
    let mut cargo = shell::cargo();
    // Examples have none of ours to document, but asking for them makes cargo settle on the
    // features that tests need, which are those that clippy has checked all dependencies with.
    cargo.args(["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples"]);
    shell::run(cargo.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs the very command that the README gives.
fn test(tests: &mut Tests) -> Result<()> {
    let readme = fs::read_to_string(shell::root().join("README.md")).context("README.md")?;
    let line = test_command(&readme)?;
    println!("README.md says: {line}");
    let mut command = shell::cargo();
    command.args(line.split_whitespace().skip(1));
    in_ci(&mut command);
    shell::run_watched(&mut command, &mut std::io::stdout(), |line| tests.see(line))?;
    if !tests.seen() {
        bail!("`{line}` ran no test");
    }
    Ok(())
}

/// The settings of a test run that nobody watches.
fn in_ci(command: &mut Command) {
    command.env("CI", "true").env("INSTA_UPDATE", "no").env("RUST_BACKTRACE", "1");
}

/// Finds the one `cargo test` line in the fenced blocks of a README.
fn test_command(readme: &str) -> Result<String> {
    let mut fenced = false;
    let mut found: Vec<&str> = Vec::new();
    for line in readme.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced && line.starts_with("cargo test") {
            // What follows a `#` is for people.
            found.push(line.split(" #").next().unwrap_or(line).trim());
        }
    }
    found.dedup();
    match found.as_slice() {
        [line] => Ok((*line).to_owned()),
        [] => bail!("README.md has no `cargo test` command in a fenced block"),
        _ => bail!("README.md has more than one `cargo test` command: {}", found.join("; ")),
    }
}

/// The sums over the closing lines of all test programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tests {
    programs: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Tests, or parts of them, that said that something lacks.
    skipped: u64,
}

impl Tests {
    fn seen(self) -> bool {
        self.passed + self.failed > 0
    }

    /// Takes in a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`, or what
    /// `decnet_testing::skip` says.
    fn see(&mut self, line: &str) {
        self.skipped += u64::from(line.starts_with("skipped: "));
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        self.programs += 1;
        let counts = rest.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let number = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.ignored += number,
                _ => {}
            }
        }
    }

    fn line(self) -> String {
        let skipped = self.ignored + self.skipped;
        format!("{} passed, {} failed, {skipped} skipped", self.passed, self.failed)
    }
}

fn summary(took: &[(&str, Duration, bool)]) -> String {
    let mut text = String::from("step        time  outcome\n");
    for (name, time, passed) in took {
        let outcome = if *passed {
            shell::paint(Colour::Green, "passed")
        } else {
            shell::paint(Colour::Red, "FAILED")
        };
        text.push_str(&format!("{name:<8} {:>5.1} s  {outcome}\n", time.as_secs_f64()));
    }
    let total: Duration = took.iter().map(|(_, time, _)| *time).sum();
    let missing = STEPS.len().saturating_sub(took.len());
    text.push_str(&format!("total    {:>5.1} s", total.as_secs_f64()));
    if missing > 0 {
        text.push_str(&format!("  {missing} steps not run"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_command_is_the_readme_s() {
        let readme =
            "text `cargo test --nothing`\n```sh\ncargo run\ncargo test --workspace # all\n```\n";
        assert_eq!(test_command(readme).unwrap(), "cargo test --workspace");
    }

    #[test]
    fn a_readme_without_the_command_is_an_error() {
        assert!(test_command("cargo test --workspace\n").is_err());
    }

    #[test]
    fn a_readme_with_two_commands_is_an_error() {
        let readme = "```\ncargo test -p a\n```\n```\ncargo test -p b\n```\n";
        let error = test_command(readme).unwrap_err().to_string();
        assert!(error.contains("cargo test -p a; cargo test -p b"), "{error}");
    }

    #[test]
    fn closing_lines_are_summed() {
        let mut tests = Tests::default();
        tests.see("running 3 tests");
        tests.see("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        tests.see("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured");
        tests.see("skipped: a_test: no ssh");
        assert_eq!(tests, Tests { programs: 2, passed: 5, failed: 1, ignored: 1, skipped: 1 });
        assert_eq!(tests.line(), "5 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn no_test_is_not_a_pass() {
        let mut tests = Tests::default();
        tests.see("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        assert!(!tests.seen());
    }

    #[test]
    fn the_summary_names_what_was_not_run() {
        let text = summary(&[("fmt", Duration::from_millis(1500), false)]);
        assert!(text.contains("fmt        1.5 s  FAILED"), "{text}");
        assert!(text.contains("6 steps not run"), "{text}");
    }
}

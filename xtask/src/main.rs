//! The chores of the repository, as one program without a tool to install.
//!
//! `cargo xtask ci` is exactly what continuous integration runs, so that a green run here is a
//! green run there.
//!
//! **Invariant:** nothing in here is part of the product: no crate of the workspace may use it,
//! and it uses none of them but by running the built program.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks there")]

mod ci;
mod generate;
mod shell;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", shell::paint(shell::Colour::Red, "error:"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[&str]) -> Result<()> {
    match words {
        ["ci"] => ci::run(),
        ["gen"] => generate::run(generate::Mode::Write, generate::Program::Build),
        ["gen", "--check"] => generate::run(generate::Mode::Check, generate::Program::Build),
        ["tidy"] => tidy::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => bail!("which chore?\n\n{USAGE}"),
        _ => bail!("no such chore: {}\n\n{USAGE}", words.join(" ")),
    }
}

const USAGE: &str = "\
usage: cargo xtask <chore>

  ci             everything that continuous integration runs, in its order
  gen            write docs/generated from the program itself
  gen --check    fail where docs/generated differs from what the program says
  tidy           the rules of this repository that no other tool checks";

//! Running other programs and speaking to whoever watches.
//!
//! **Invariant:** a command that fails is an error that names the whole command; no exit status
//! is ever dropped.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The few colours that mean something here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Colour {
    Bold,
    Green,
    Red,
}

/// Returns the text in a colour on a terminal, and as it is anywhere else.
pub(crate) fn paint(colour: Colour, text: &str) -> String {
    if !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return text.to_owned();
    }
    let code = match colour {
        Colour::Bold => 1,
        Colour::Green => 32,
        Colour::Red => 31,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// The root of the repository: the folder above this crate's.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A cargo command in the root of the repository, as if typed there.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root());
    // `cargo xtask` is itself run by cargo, which tells us about our own package. Build scripts
    // that watch those variables would run again, and everything above them would be rebuilt.
    for (name, _) in std::env::vars_os() {
        let told_by_cargo = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if told_by_cargo {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command whose output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{line}` could not be started"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a command, passing every line of its standard output on to `out` as it comes, and showing
/// it to `see` as well.
pub(crate) fn run_watched(
    command: &mut Command,
    out: &mut impl Write,
    mut see: impl FnMut(&str),
) -> Result<()> {
    let line = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{line}` could not be started"))?;
    if let Some(output) = child.stdout.take() {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            out.write_all(&bytes)?;
            out.flush()?;
            see(String::from_utf8_lossy(&bytes).trim_end());
            bytes.clear();
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a command and returns its standard output; its standard error goes where ours goes.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let line = describe(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("`{line}` could not be started"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({})", output.status);
    }
    Ok(output.stdout)
}

/// The command as one would type it.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_whole_command() {
        let error = run(Command::new("/bin/false").arg("--loudly")).unwrap_err();
        assert_eq!(error.to_string(), "`false --loudly` failed (exit status: 1)");
    }

    #[test]
    fn a_program_that_is_absent_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program` could not be started");
    }

    #[test]
    fn every_line_is_seen_even_without_an_end() {
        let (mut out, mut seen) = (Vec::new(), Vec::new());
        let mut printf = Command::new("printf");
        printf.arg("one\\ntwo");
        run_watched(&mut printf, &mut out, |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(out, b"one\ntwo");
        assert_eq!(seen, ["one", "two"]);
    }
}

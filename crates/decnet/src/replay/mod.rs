//! Plays a recording in the operator's terminal.
//!
//! **Invariant:** what a recording holds reaches the terminal through [`filter`] alone, and
//! however the replay ends the terminal is as it was.

mod filter;

use self::filter::{Filter, RESET};
use crate::cli;
use crate::config;
use crate::output;
use crate::show::store;
use anyhow::{Context as _, Result, bail};
use decnet_core::cast::{self, CastEventKind, Recording};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// `decnet replay`.
pub(crate) fn run(arguments: &cli::Replay) -> Result<ExitCode> {
    let pace = Pace::new(arguments)?;
    let file = file(arguments)?;
    let bytes =
        fs::read(&file).with_context(|| format!("cannot read the recording {}", file.display()))?;
    let recording = cast::read(&bytes)
        .with_context(|| format!("{} is not a recording (asciicast v2)", file.display()))?;
    drop(bytes);
    announce(&recording);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let quiet = Quiet::new();
    let end = runtime.block_on(async {
        tokio::select! {
            played = play(&recording, pace) => played.map(|()| ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(INTERRUPTED)),
            _ = terminated() => Ok(ExitCode::from(INTERRUPTED)),
        }
    });
    drop(quiet);
    // Also after a broken pipe, where it goes nowhere.
    let reset = output::print(&format!("{RESET}\r\n"));
    let end = end?;
    reset?;
    Ok(end)
}

/// How fast.
#[derive(Clone, Copy, Debug)]
struct Pace {
    speed: f64,
    idle_limit: Option<f64>,
}

impl Pace {
    fn new(arguments: &cli::Replay) -> Result<Self> {
        let wrong = |key: &str, value: f64, wants: &str| {
            let lines = vec![format!("{key} {value}: right would be {wants}")];
            Err(config::Error { lines }.into())
        };
        if !(0.001..=1e6).contains(&arguments.speed) {
            return wrong("--speed", arguments.speed, "a number from 0.001 to 1000000");
        }
        if let Some(limit) = arguments.idle_limit
            && !(0.0..=1e9).contains(&limit)
        {
            return wrong("--idle-limit", limit, "a number of seconds, 0 or more");
        }
        Ok(Self { speed: arguments.speed, idle_limit: arguments.idle_limit })
    }

    /// How long to wait over a gap of so many microseconds.
    fn wait(self, gap_us: u64) -> Duration {
        let gap = gap_us as f64 / 1e6;
        let seconds = self.idle_limit.map_or(gap, |limit| gap.min(limit)) / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

/// The file that is meant: a path, or the recording of a session.
fn file(arguments: &cli::Replay) -> Result<PathBuf> {
    let named = Path::new(&arguments.what);
    if named.is_file() {
        return Ok(named.to_owned());
    }
    if arguments.what.contains('/') || named.extension().is_some() {
        bail!("no such file: {}", arguments.what);
    }
    let store = store::Opened::open(&arguments.place)?;
    let (data, recording) = store.recording(&arguments.what)?;
    let name = Path::new(&recording);
    let inside = name.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        bail!("the recording's name is not inside the folder of recordings: {recording}");
    }
    Ok(data.recordings().join(name))
}

fn announce(recording: &Recording) {
    if recording.torn {
        output::complain("the recording's last line is torn: the end is missing");
    }
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && io::stdout().is_terminal()
        && size.ws_col > 0
        && (u32::from(size.ws_col) < recording.width || u32::from(size.ws_row) < recording.height)
    {
        output::complain(&format!(
            "this terminal is {}x{}, the recorded one was {}x{}: lines may break elsewhere",
            size.ws_col, size.ws_row, recording.width, recording.height
        ));
    }
}

async fn play(recording: &Recording, pace: Pace) -> Result<()> {
    let mut filter = Filter::default();
    let mut played_us = 0;
    // Waited for against one clock, so that writing takes no extra time.
    let mut due = tokio::time::Instant::now();
    for event in &recording.events {
        if event.kind != CastEventKind::Output {
            continue;
        }
        due += pace.wait(event.at_us.saturating_sub(played_us)).min(A_YEAR);
        played_us = played_us.max(event.at_us);
        tokio::time::sleep_until(due).await;
        let shown = filter.pass(&event.data);
        if !shown.is_empty() {
            output::print(&shown)?;
        }
    }
    Ok(())
}

async fn terminated() -> Option<()> {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => signal.recv().await,
        Err(_) => std::future::pending().await,
    }
}

/// Keys typed meanwhile are not shown between what is played. Ctrl-C still interrupts.
struct Quiet {
    before: Option<Termios>,
}

impl Quiet {
    fn new() -> Self {
        let before = io::stdin().is_terminal().then(|| tcgetattr(io::stdin()).ok()).flatten();
        if let Some(before) = &before {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
            // Without it typed keys are shown, and nothing else goes wrong.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &silent);
        }
        Self { before }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}

/// As a shell reports a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// A timer further away than this cannot be set.
const A_YEAR: Duration = Duration::from_secs(365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_follow_speed_and_limit() {
        let check = |speed, idle_limit, gap_us, ms| {
            let wait = Pace { speed, idle_limit }.wait(gap_us);
            assert_eq!(wait, Duration::from_millis(ms));
        };
        check(1.0, None, 2_000_000, 2_000);
        check(2.0, None, 2_000_000, 1_000);
        check(2.0, Some(1.0), 2_000_000, 500);
        check(1.0, Some(0.0), 2_000_000, 0);
    }
}

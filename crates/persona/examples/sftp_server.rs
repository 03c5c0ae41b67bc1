//! The machine's SFTP server, or one command of its shell, on standard input and output: what
//! `sftp -D` starts, and what tests compare with OpenSSH's.
//!
//! With arguments they are a command, as `ssh host COMMAND` runs it.

use decnet_core::event::Timestamp;
use decnet_persona::{Console, Login, Machine, Step};
use std::io::{Read, Write};
use std::process::exit;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Does what the steps say; whether the console wants to be woken at once.
fn perform(steps: &mut Vec<Step>) -> std::io::Result<bool> {
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    let facts = std::env::var_os("SFTP_SERVER_FACTS").is_some();
    let mut wakes = false;
    for step in steps.drain(..) {
        match step {
            Step::Output(bytes) => out.write_all(&bytes)?,
            Step::ErrorOutput(bytes) => err.write_all(&bytes)?,
            Step::WakeAt(_) => wakes = true,
            Step::Exit(status) => {
                out.flush()?;
                exit(i32::try_from(status).unwrap_or(1));
            }
            Step::Killed(signal) => {
                out.flush()?;
                exit(i32::try_from(signal).map_or(1, |signal| signal + 128));
            }
            Step::FileRequest(_) | Step::FileWritten(..) if facts => writeln!(err, "{step:?}")?,
            Step::FileRequest(_)
            | Step::FileWritten(..)
            | Step::Artifact(_)
            | Step::Wish { .. }
            | Step::Prompt
            | Step::Input(_)
            | Step::HiddenInput(_)
            | Step::Command(_)
            | Step::CommandDone(_)
            | Step::Anomaly(..) => {}
        }
    }
    out.flush()?;
    Ok(wakes)
}

fn main() -> std::io::Result<()> {
    let local = ([127, 0, 0, 1], 22).into();
    let login = Login {
        user: std::env::var("SFTP_SERVER_USER").unwrap_or_else(|_| "root".to_owned()).into_bytes(),
        peer: local,
        local,
        env: Vec::new(),
        terminal: None,
    };
    let machine = Arc::new(Machine::from_seed(7));
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let console = if command.is_empty() {
        Console::subsystem(machine, login, b"sftp")
    } else {
        Some(Console::exec(machine, login, command.as_bytes()))
    };
    let Some(mut console) = console else { return Ok(()) };
    let mut steps = Vec::new();
    console.open(now(), &mut steps);
    let mut bytes = vec![0; 32_768];
    loop {
        while perform(&mut steps)? {
            console.wake(now(), &mut steps);
        }
        let count = std::io::stdin().lock().read(&mut bytes)?;
        match bytes.get(..count) {
            Some(read) if count > 0 => console.receive(now(), read, &mut steps),
            _ => {
                console.end_of_input(now(), &mut steps);
                while perform(&mut steps)? {
                    console.wake(now(), &mut steps);
                }
                return Ok(());
            }
        }
    }
}

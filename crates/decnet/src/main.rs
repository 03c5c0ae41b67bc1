//! decnet: a deception sensor in one binary.
//!
//! **Invariant:** the parts know nothing of each other but through here, and nothing leaves the
//! process but by [`output`].
#![forbid(unsafe_code)]

mod cli;
mod config;
mod identity;
mod manual;
mod output;
mod paths;
mod privilege;
mod read;
mod rebuild;
mod replay;
mod settings;
mod show;
mod supervise;
mod up;

use anyhow::Result;
use clap::{CommandFactory as _, Parser as _};
use cli::{Cli, Command, Dialect};
use std::io;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    log(&cli);
    run(&cli.command).unwrap_or_else(|error| fail(&error))
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Up(arguments) => return up::run(arguments),
        Command::Status(arguments) => return show::status::run(arguments),
        Command::Read(arguments) => return read::run(arguments),
        Command::Replay(arguments) => return replay::run(arguments),
        Command::Config(arguments) => config(arguments)?,
        Command::Sessions(arguments) => show::session::list(arguments)?,
        Command::Session(arguments) => show::session::one(arguments)?,
        Command::Attackers(arguments) => show::attacker::list(arguments)?,
        Command::Attacker(arguments) => show::attacker::one(arguments)?,
        Command::Logs(arguments) => show::log::list(arguments)?,
        Command::Audit(arguments) => show::audit::run(arguments)?,
        Command::Rebuild(place) => rebuild::run(place)?,
        Command::Features(arguments) => show::features::run(arguments)?,
        Command::Schema(arguments) => {
            let dialect = match arguments.dialect {
                Dialect::Sqlite => decnet_store::Dialect::Sqlite,
                Dialect::Mysql => decnet_store::Dialect::Mysql,
            };
            output::print(&decnet_store::schema(dialect))?;
        }
        Command::Completions(arguments) => {
            let mut script = Vec::new();
            clap_complete::generate(arguments.shell, &mut Cli::command(), "decnet", &mut script);
            output::write(&script)?;
        }
        Command::HelpMarkdown => output::print(&manual::markdown(Cli::command()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn config(arguments: &cli::ConfigArgs) -> Result<()> {
    if arguments.example {
        output::print(&config::keys::example())?;
        return Ok(());
    }
    let settings = settings::Settings::load(arguments.config.as_deref())?;
    let decoys = settings.decoys.len();
    let noun = if decoys == 1 { "decoy" } else { "decoys" };
    let text = match &arguments.config {
        Some(file) => format!("{} is in order: {decoys} {noun}\n", file.display()),
        None => format!("the defaults are in order: {decoys} {noun}\n"),
    };
    output::print(&text)?;
    Ok(())
}

/// One line for each thing that is wrong; 2 where the operator's words are at fault, else 1.
fn fail(error: &anyhow::Error) -> ExitCode {
    let gone = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
    if gone {
        // Whoever reads has had enough.
        return ExitCode::SUCCESS;
    }
    if let Some(wrong) = error.downcast_ref::<config::Error>() {
        for line in &wrong.lines {
            output::complain(line);
        }
        return ExitCode::from(2);
    }
    output::complain(&output::one_line(error));
    ExitCode::FAILURE
}

/// Standard error gets one line per lifecycle change, and more where it is asked for.
fn log(cli: &Cli) {
    let level = match (&cli.command, cli.verbose) {
        (Command::Up(_), 0) => "warn,decnet=info,decnet_sensor=info,decnet_store=info",
        (_, 0) => "warn",
        (_, 1) => "info,decnet=debug,decnet_api=debug,decnet_sensor=debug,decnet_store=debug",
        (_, _) => "trace",
    };
    let filter = match std::env::var("RUST_LOG") {
        Ok(wanted) if !wanted.is_empty() => {
            EnvFilter::try_new(&wanted).unwrap_or_else(|_| EnvFilter::new(level))
        }
        Ok(_) | Err(_) => EnvFilter::new(level),
    };
    let ansi = output::Screen::of_stderr().colours == output::Colours::Shown;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(ansi)
        .with_target(false)
        .init();
}

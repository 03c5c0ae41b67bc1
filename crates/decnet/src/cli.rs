//! The command line.
//!
//! **Invariant:** every word that a person may type is declared here and nowhere else; manual,
//! completions and `docs/generated/cli.md` are made from it.

#![allow(clippy::doc_markdown, reason = "these comments are help texts, shown as they are")]

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// A deception sensor: stands where attackers come, answers them, and writes down what they give
/// away.
#[derive(Debug, Parser)]
#[command(
    name = "decnet",
    version,
    max_term_width = 100,
    propagate_version = false,
    after_help = AFTERWORD
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Log more on standard error: -v every connection, -vv everything. RUST_LOG, where set, is
    /// taken instead
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

const AFTERWORD: &str = "\
Tables are cut to COLUMNS where it is set, else to the terminal's width; into a pipe or file nothing \
is cut. Colours are for terminals, and NO_COLOR turns them off.
Exit status: 0 in order, 1 something went wrong or is not there, 2 the configuration or an argument \
is wrong.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the decoys, and keep them running until Ctrl-C or SIGTERM
    ///
    /// Needs no configuration. SIGHUP is ignored: a changed configuration takes a restart.
    Up(Up),
    /// Show how the running decoys are
    Status(Status),
    /// Show an example configuration, or check one
    Config(ConfigArgs),
    /// List sessions, the latest first
    Sessions(Sessions),
    /// Show everything that one session gave away
    Session(One),
    /// Play the recording of a session in this terminal
    ///
    /// Only printable text, colours, cursor movement and erasing reach the terminal; everything
    /// else that an attacker may have had printed is left out.
    Replay(Replay),
    /// List attackers, the latest first
    Attackers(Attackers),
    /// Show everything that is known of one source address
    Attacker(Attacker),
    /// List the journal, the latest first
    Logs(Logs),
    /// Show every signal: what is wired, where it is stored, in how many rows
    Audit(Audit),
    /// Read a capture: its facts into the store, or as JSON
    ///
    /// Takes pcap and pcapng. Who opened a connection is its attacker.
    Read(Read),
    /// Drop all profile rows and make them again from the journal
    Rebuild(Place),
    /// Compute the typing features of a recording
    Features(Features),
    /// Print the schema of the store as SQL
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print this command line as Markdown
    #[command(hide = true)]
    HelpMarkdown,
}

/// Where things are.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Place {
    /// The data folder [default: $XDG_STATE_HOME/decnet or ~/.local/state/decnet; of a system
    /// service, $STATE_DIRECTORY or /var/lib/decnet]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The store: a file, sqlite:///FILE, or mysql://USER:PASSWORD@HOST/DATABASE [default:
    /// decnet.db in the data folder]
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// A configuration file (TOML); see `decnet config --example`
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Shape {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Page {
    /// Rows to show
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    /// Rows to leave out before them
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: u64,
}

/// Which span of time.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Span {
    /// Not before: 2026-11-22, 2026-11-22T04:35:52Z, or how long ago: 90s, 15m, 12h, 7d
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Before: as --since
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
}

/// `up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `config`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["example", "check"]))]
pub(crate) struct ConfigArgs {
    /// Print every setting with its default and what it means
    #[arg(long)]
    pub(crate) example: bool,
    /// Read the configuration, and say what is wrong with it
    #[arg(long)]
    pub(crate) check: bool,
    /// The file to check [default: none, as for `up`]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `read`.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The capture [default: standard input, as with -]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print facts and fingerprints, one JSON object a line, and store nothing
    #[arg(long, conflicts_with_all = ["data", "store", "config", "decky"])]
    pub(crate) json: bool,
    /// What the machine that was reached is called [default: its address]
    #[arg(long, value_name = "NAME")]
    pub(crate) decky: Option<String>,
    /// Threads that share the connections; the lines stay the same
    #[arg(long, value_name = "N", default_value = "1", requires = "json")]
    pub(crate) threads: std::num::NonZeroUsize,
    /// Print the JSON schema of the lines
    #[arg(long, conflicts_with_all = ["file", "json"])]
    pub(crate) schema: bool,
}

/// `sessions`.
#[derive(Debug, Args)]
pub(crate) struct Sessions {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Only from this source address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Option<String>,
    /// Only of this user name
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Only what looks like this
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<Class>,
    #[command(flatten)]
    pub(crate) span: Span,
    /// Only sessions that have not ended
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) page: Page,
}

/// Who seems to type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// A person
    Human,
    /// A program
    Scripted,
    /// Both
    Mixed,
}

/// `session`.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The session: its id, the first digits of it, or `last`
    #[arg(value_name = "SID")]
    pub(crate) sid: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The session (its id, the first digits of it, or `last`), or an asciicast file
    #[arg(value_name = "SID|FILE")]
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Times as fast
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Wait at most so many seconds for what comes next [default: as long as it was]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) idle_limit: Option<f64>,
}

/// `attackers`.
#[derive(Debug, Args)]
pub(crate) struct Attackers {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
    #[command(flatten)]
    pub(crate) span: Span,
    /// Only with at least so many events
    #[arg(long, value_name = "N")]
    pub(crate) events: Option<u64>,
    #[command(flatten)]
    pub(crate) page: Page,
}

/// `attacker`.
#[derive(Debug, Args)]
pub(crate) struct Attacker {
    /// The source address
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `logs`.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Only from this source address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Option<String>,
    /// Only events of this kind, such as `auth_attempt`
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only of this session: its id, or the first digits of it, or `last`
    #[arg(long, value_name = "SID")]
    pub(crate) session: Option<String>,
    /// Only events numbered higher, in their order: to follow the journal
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<u64>,
    #[command(flatten)]
    pub(crate) span: Span,
    #[command(flatten)]
    pub(crate) page: Page,
}

/// `audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Print the catalogue as Markdown, without counts
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Only signals that are emitted and stored in full
    #[arg(long, conflicts_with = "pending")]
    pub(crate) wired: bool,
    /// Only signals that are not, or not in full, emitted and stored
    #[arg(long)]
    pub(crate) pending: bool,
}

/// `features`.
#[derive(Debug, Args)]
pub(crate) struct Features {
    /// An asciicast v2 file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// For which store
    pub(crate) dialect: Dialect,
}

/// The stores that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// SQLite
    Sqlite,
    /// MySQL and MariaDB
    Mysql,
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}

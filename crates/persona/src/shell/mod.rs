//! The shell: what a line means on this machine.
//!
//! **Invariant:** pure; what it does, it does through the processes of [`crate::kernel`]. It goes as
//! deep as [`SHELL_DEPTH`] and no deeper, whatever a peer writes.

pub(crate) mod arithmetic;
pub(crate) mod brace;
pub(crate) mod builtins;
mod condition;
mod expand;
mod glob;
mod jobs;
mod main;
pub(crate) mod pattern;
mod redirect;
mod run;
mod variables;

pub(crate) use main::{interactive, once, shell};
pub(crate) use variables::{Value, Variable};

use crate::kernel::{Proc, State};
use decnet_core::shell::tree::Command;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A shell process.
pub(crate) struct Shell {
    pub(crate) p: Proc,
    /// `$0`
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) variables: BTreeMap<Vec<u8>, Variable>,
    /// What local variables hide, the innermost function's last.
    hidden: Vec<Vec<(Vec<u8>, Option<Variable>)>>,
    functions: BTreeMap<Vec<u8>, Arc<Command>>,
    aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    /// `$1`…
    params: Vec<Vec<u8>>,
    /// `$?`
    pub(crate) status: u32,
    pipe_status: Vec<u32>,
    /// `$!`
    background: Option<u32>,
    /// `$$`
    pid: u32,
    /// `set -e` and its kind, by letter; `o` options without one by name.
    options: BTreeSet<&'static str>,
    shopts: BTreeSet<&'static str>,
    traps: BTreeMap<u32, Vec<u8>>,
    jobs: Vec<jobs::Job>,
    hashed: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    folders: Vec<Vec<u8>>,
    umask: u16,
    line: u32,
    loops: u32,
    calls: u32,
    depth: u32,
    /// Conditions are not what `set -e` means.
    guarded: u32,
    /// A command was expanded in the words of this one: its status is what an assignment has.
    substituted: Option<u32>,
    random: u64,
    logged_in: i64,
    /// `getopts`: the letter in the argument.
    letter: usize,
    /// Ends of pipes that the command's words name.
    lent: Vec<u32>,
}

/// What kind of shell it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for on its own")]
pub(crate) struct Kind {
    /// Has a prompt.
    pub(crate) interactive: bool,
    pub(crate) login: bool,
    /// `sh`, which is dash on Debian.
    pub(crate) dash: bool,
    /// `-c` or standard input: complaints have `line N:`.
    pub(crate) child: bool,
}

/// How the running of something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break(u32),
    Continue(u32),
    Return,
    Exit,
}

/// Functions in functions, lists in lists: what a shell's stack holds.
pub(crate) const SHELL_DEPTH: u32 = 100;
/// Bytes of one value.
pub(crate) const VALUE_BYTES: usize = 1 << 20;
/// Variables, functions, aliases, each.
const NAMES: usize = 4_096;

impl Shell {
    pub(crate) fn new(p: Proc, kind: Kind) -> Self {
        let name = p.args.first().cloned().unwrap_or_else(|| b"bash".to_vec());
        let (pid, umask) = (p.pid, p.umask);
        let (seed, logged_in) = p.world.with(|world| {
            (world.machine.ids[0] ^ u64::from(pid) ^ world.now.0.unsigned_abs(), world.now.0)
        });
        let mut shell = Self {
            name,
            kind,
            variables: BTreeMap::new(),
            hidden: Vec::new(),
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            params: Vec::new(),
            status: 0,
            pipe_status: vec![0],
            background: None,
            pid,
            options: if kind.dash { BTreeSet::new() } else { BTreeSet::from(["h", "B"]) },
            shopts: SHOPTS_ON.iter().copied().collect(),
            traps: BTreeMap::new(),
            jobs: Vec::new(),
            hashed: BTreeMap::new(),
            folders: Vec::new(),
            umask,
            line: 1,
            loops: 0,
            calls: 0,
            depth: 0,
            guarded: 0,
            substituted: None,
            random: seed,
            logged_in: logged_in / 1_000_000_000,
            letter: 0,
            lent: Vec::new(),
            p,
        };
        shell.first_variables();
        if kind.interactive {
            shell.options.extend(["i", "m", "H"]);
            shell.shopts.insert("expand_aliases");
        }
        shell
    }

    /// A child shell that is like this one.
    pub(crate) fn fork(&self) -> Result<Self, crate::files::Fault> {
        let p = self.p.fork()?;
        Ok(Self {
            p,
            name: self.name.clone(),
            kind: Kind { interactive: false, ..self.kind },
            variables: self.variables.clone(),
            hidden: self.hidden.clone(),
            functions: self.functions.clone(),
            aliases: self.aliases.clone(),
            params: self.params.clone(),
            status: self.status,
            pipe_status: self.pipe_status.clone(),
            background: self.background,
            pid: self.pid,
            options: self.options.iter().copied().filter(|name| *name != "m").collect(),
            shopts: self.shopts.clone(),
            traps: BTreeMap::new(),
            jobs: Vec::new(),
            hashed: self.hashed.clone(),
            folders: self.folders.clone(),
            umask: self.umask,
            line: self.line,
            loops: self.loops,
            calls: self.calls,
            depth: 0,
            guarded: self.guarded,
            substituted: None,
            random: self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1),
            logged_in: self.logged_in,
            letter: self.letter,
            lent: Vec::new(),
        })
    }

    fn has(&self, option: &str) -> bool {
        self.options.contains(option)
    }

    /// A complaint, with what the shell puts before it.
    pub(crate) fn complain(&mut self, text: impl AsRef<[u8]>) {
        let name = self.name.clone();
        let line = self.line;
        let place = match (self.kind.dash, self.kind.interactive) {
            (true, true) => format!(": {line}: "),
            (true, false) => format!(": {line}: "),
            (false, true) => ": ".to_owned(),
            (false, false) => format!(": line {line}: "),
        };
        self.p.error([name.as_slice(), place.as_bytes(), text.as_ref()].concat());
    }

    /// Writes what was printed.
    pub(crate) async fn flush(&mut self) {
        self.p.flush().await;
    }

    /// Whether the shell has children that run or stopped.
    fn has_stopped(&self) -> bool {
        self.p.world.with(|world| {
            self.jobs.iter().any(|job| {
                job.pids.iter().any(|pid| {
                    world.table.get(pid).is_some_and(|e| matches!(e.state, State::Stopped(_)))
                })
            })
        })
    }

    fn dice(&mut self) -> u64 {
        let mut dice = crate::machine::Dice(self.random);
        let roll = dice.roll();
        self.random = dice.0;
        roll
    }
}

const SHOPTS_ON: &[&str] = &[
    "checkwinsize",
    "cmdhist",
    "complete_fullquote",
    "extquote",
    "force_fignore",
    "globasciiranges",
    "globskipdots",
    "hostcomplete",
    "interactive_comments",
    "patsub_replacement",
    "progcomp",
    "promptvars",
    "sourcepath",
];

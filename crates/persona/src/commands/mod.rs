//! The programs and builtins. Each is a function of its arguments, its input and the session.
//!
//! **Invariant:** answers come from the machine's facts and the session's files; there is no table
//! from input lines to answers.

mod environment;
pub(crate) mod kernel;
pub(crate) mod listing;
pub(crate) mod load;
pub(crate) mod manage;
mod people;
pub(crate) mod privilege;
mod system;
mod text;

use crate::files::{Access, Fault, Kind, Last, Node};
use crate::shell::parse::Item;
use crate::shell::run::Program;
use crate::shell::{Level, Shell};
use decnet_core::event::Timestamp;

/// Standard streams, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Where standard input comes from.
#[derive(Debug)]
pub(crate) enum Stdin {
    /// A pipe or a file: all of it.
    Bytes(Vec<u8>),
    /// The peer.
    Session,
}

/// What standard output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutKind {
    /// A terminal of so many columns.
    Terminal(u32),
    Other,
}

/// One command being run.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shell: &'a mut Shell,
    pub(crate) now: Timestamp,
    /// Without the command's name.
    pub(crate) args: &'a [Vec<u8>],
    pub(crate) stdin: Stdin,
    /// How many bytes of standard input came behind those that were kept.
    pub(crate) stdin_more: u64,
    pub(crate) out_kind: OutKind,
    /// What it writes, in order.
    pub(crate) out: Vec<(Stream, Vec<u8>)>,
    bytes: usize,
}

/// How a command ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(u32),
    /// Not yet: it waits for the peer or for time.
    Wait(Program),
    /// The shell ends.
    Exit(u32),
    /// A list runs in a shell of its own.
    List(Vec<Item>, Box<Level>),
    /// A shell with a prompt.
    Shell(Box<Level>),
    /// Another command takes its place, in a shell of its own.
    Command(Vec<Vec<u8>>, Box<Level>),
}

/// Bytes that one command may write.
pub(crate) const OUTPUT_BYTES: usize = 256 * 1024;

impl<'a> Call<'a> {
    pub(crate) fn new(
        shell: &'a mut Shell,
        now: Timestamp,
        args: &'a [Vec<u8>],
        stdin: Stdin,
        out_kind: OutKind,
    ) -> Self {
        Self { shell, now, args, stdin, stdin_more: 0, out_kind, out: Vec::new(), bytes: 0 }
    }

    pub(crate) fn print(&mut self, bytes: impl AsRef<[u8]>) {
        self.write(Stream::Out, bytes.as_ref());
    }

    pub(crate) fn line(&mut self, bytes: impl AsRef<[u8]>) {
        self.print(bytes);
        self.print(b"\n");
    }

    /// A line on standard error.
    pub(crate) fn error(&mut self, bytes: impl AsRef<[u8]>) {
        self.write(Stream::Err, bytes.as_ref());
        self.write(Stream::Err, b"\n");
    }

    /// A prompt on standard error: no line end.
    pub(crate) fn ask(&mut self, bytes: impl AsRef<[u8]>) {
        self.write(Stream::Err, bytes.as_ref());
    }

    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let fits = bytes.len().min(OUTPUT_BYTES.saturating_sub(self.bytes));
        let bytes = bytes.get(..fits).unwrap_or(&[]);
        self.bytes += fits;
        match self.out.last_mut() {
            Some((last, text)) if *last == stream => text.extend_from_slice(bytes),
            _ => self.out.push((stream, bytes.to_vec())),
        }
    }

    /// `name: what: why` on standard error.
    pub(crate) fn complain(&mut self, name: &str, what: &[u8], why: &str) {
        self.error([name.as_bytes(), b": ", what, b": ", why.as_bytes()].concat());
    }

    pub(crate) fn arg(&self, index: usize) -> Option<&'a [u8]> {
        self.args.get(index).map(Vec::as_slice)
    }

    pub(crate) fn resolve(&mut self, path: &[u8], last: Last) -> Result<Vec<u8>, Fault> {
        let cwd = self.shell.level().cwd.clone();
        self.shell.files.resolve(&cwd, path, last)
    }

    /// What is at a path that the user may read.
    pub(crate) fn readable(&mut self, path: &[u8]) -> Result<(Vec<u8>, Node), Fault> {
        let who = self.shell.who();
        let path = self.resolve(path, Last::Follow)?;
        self.shell.files.allowed(who, &path, Access::Read)?;
        let node = self.shell.files.node(&path)?.clone();
        Ok((path, node))
    }

    /// The content of a file.
    pub(crate) fn read(&mut self, path: &[u8]) -> Result<Vec<u8>, Fault> {
        let (path, node) = self.readable(path)?;
        match node.kind {
            Kind::Folder => Err(Fault::IsFolder),
            Kind::File(content) => Ok(content.bytes.clone()),
            Kind::Program(size) => {
                let mut bytes = Vec::new();
                crate::files::content::program(size, 0, OUTPUT_BYTES, &mut bytes);
                Ok(bytes)
            }
            Kind::Live(live) => Ok(kernel::live(self.shell, self.now, live)),
            Kind::Device(..) if path.ends_with(b"/zero") => Ok(vec![0; OUTPUT_BYTES]),
            Kind::Device(..) | Kind::Link(_) => Ok(Vec::new()),
        }
    }

    /// How many bytes of a file that can be read were not kept.
    pub(crate) fn more(&mut self, path: &[u8]) -> u64 {
        match self.readable(path) {
            Ok((_, Node { kind: Kind::File(content), .. })) => content.more,
            Ok(_) | Err(_) => 0,
        }
    }

    /// Flags (one letter each, `--long` ones as they are) and the other arguments, up to `--`.
    pub(crate) fn flags(&self) -> (Vec<u8>, Vec<&'a [u8]>, Vec<&'a [u8]>) {
        let (mut short, mut long, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let mut args = self.args.iter().map(Vec::as_slice);
        while let Some(arg) = args.next() {
            match arg {
                b"--" => rest.extend(args.by_ref()),
                [b'-', b'-', ..] => long.push(arg),
                [b'-', letters @ ..] if !letters.is_empty() => short.extend_from_slice(letters),
                _ => rest.push(arg),
            }
        }
        (short, long, rest)
    }
}

/// What a command name stands for.
#[derive(Clone, Copy)]
pub(crate) enum Found {
    Builtin(Run),
    Program(Run),
}

pub(crate) type Run = fn(&mut Call<'_>) -> Outcome;

/// The command of that name, wherever it is.
pub(crate) fn find(name: &[u8]) -> Option<Found> {
    if let Some((_, run)) = BUILTINS.iter().find(|(known, _)| known.as_bytes() == name) {
        return Some(Found::Builtin(*run));
    }
    program(name).map(Found::Program)
}

/// The program of that name; some names are builtins first.
pub(crate) fn program(name: &[u8]) -> Option<Run> {
    PROGRAMS.iter().find(|(known, ..)| known.as_bytes() == name).map(|(_, run, ..)| *run)
}

/// Names of all builtins and programs, for completion.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let builtins = BUILTINS.iter().map(|(name, _)| *name);
    builtins.chain(PROGRAMS.iter().map(|(name, ..)| *name))
}

const BUILTINS: &[(&str, Run)] = &[
    (":", |_| Outcome::Done(0)),
    ("[", text::test),
    ("cd", environment::cd),
    ("command", environment::command),
    ("echo", text::echo),
    ("exit", environment::exit),
    ("export", environment::export),
    ("false", |_| Outcome::Done(1)),
    ("history", environment::history),
    ("logout", environment::exit),
    ("printf", text::printf),
    ("pwd", environment::pwd),
    ("set", environment::set),
    ("test", text::test),
    ("true", |_| Outcome::Done(0)),
    ("type", environment::type_),
    ("unset", environment::unset),
];

/// Name, function, size in bytes, and date of the file, seconds since 1970: those of Debian 12.
pub(crate) const PROGRAMS: &[(&str, Run, u64, i64)] = &[
    ("bash", privilege::bash, 1_265_648, 1_744_962_000),
    ("cat", text::cat, 44_016, COREUTILS),
    ("clear", system::clear, 14_656, 1_681_600_000),
    ("cp", manage::cp, 151_152, COREUTILS),
    ("date", system::date, 121_904, COREUTILS),
    ("df", load::df, 102_200, COREUTILS),
    ("echo", text::echo, 43_856, COREUTILS),
    ("env", environment::env, 48_536, COREUTILS),
    ("false", |_| Outcome::Done(1), 35_664, COREUTILS),
    ("free", load::free, 26_936, PROCPS),
    ("groups", people::groups, 43_888, COREUTILS),
    ("head", text::head, 48_080, COREUTILS),
    ("hostname", system::hostname, 22_680, 1_671_000_000),
    ("id", people::id, 48_144, COREUTILS),
    ("ls", listing::ls, 151_344, COREUTILS),
    ("mkdir", manage::mkdir, 97_552, COREUTILS),
    ("mv", manage::mv, 142_968, COREUTILS),
    ("nproc", system::nproc, 43_920, COREUTILS),
    ("passwd", privilege::passwd, 68_248, 1_744_026_000),
    ("printf", text::printf, 60_336, COREUTILS),
    ("ps", load::ps, 146_360, PROCPS),
    ("pwd", environment::pwd, 43_952, COREUTILS),
    ("reset", system::clear, 27_008, 1_681_600_000),
    ("rm", manage::rm, 72_752, COREUTILS),
    ("scp", crate::scp::scp, 168_552, 1_746_000_000),
    ("sh", privilege::bash, 125_640, 1_672_900_000),
    ("sleep", system::sleep, 43_888, COREUTILS),
    ("stty", system::stty, 85_112, COREUTILS),
    ("su", privilege::su, 72_000, 1_732_190_000),
    ("sudo", privilege::sudo, 281_624, 1_687_900_000),
    ("test", text::test, 56_216, COREUTILS),
    ("touch", manage::touch, 109_616, COREUTILS),
    ("true", |_| Outcome::Done(0), 35_664, COREUTILS),
    ("tty", system::tty, 35_664, COREUTILS),
    ("uname", system::uname, 43_888, COREUTILS),
    ("uptime", load::uptime, 14_968, PROCPS),
    ("w", people::w, 22_872, PROCPS),
    ("wc", text::wc, 52_280, COREUTILS),
    ("which", environment::which, 946, 1_657_000_000),
    ("who", people::who, 56_208, COREUTILS),
    ("whoami", people::whoami, 35_664, COREUTILS),
];

const COREUTILS: i64 = 1_663_660_000;
const PROCPS: i64 = 1_671_470_000;

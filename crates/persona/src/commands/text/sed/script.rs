//! What a script of `sed` says.
//!
//! **Invariant:** jumps are indices of commands; blocks end where their `{` says.

use crate::regex::Regex;
use std::sync::Arc;

/// A pattern; none is the one that was used last.
pub(super) type Pattern = Option<Arc<Regex>>;

#[derive(Debug)]
pub(super) enum Address {
    Line(u64),
    /// `first~step`.
    Step(u64, u64),
    Last,
    Match(Pattern),
    /// `0`, which only `0,/x/` has.
    Zero,
}

/// Where a range ends.
#[derive(Debug)]
pub(super) enum Until {
    Line(u64),
    Last,
    Match(Pattern),
    /// `,+n`.
    More(u64),
    /// `,~n`.
    Multiple(u64),
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Until>,
    pub(super) negated: bool,
    pub(super) what: What,
}

/// Where `w` writes: one of the script's files.
pub(super) type File = usize;

#[derive(Debug)]
pub(super) enum What {
    /// The index behind the `}`.
    Block(usize),
    BlockEnd,
    Number,
    Append(Vec<u8>),
    Insert(Vec<u8>),
    Change(Vec<u8>),
    /// The label, then the index; none is the end.
    Branch(Jump),
    BranchIf(Jump),
    BranchUnless(Jump),
    Delete,
    DeleteFirst,
    Execute(Vec<u8>),
    FileName,
    Get,
    GetAppend,
    Hold,
    HoldAppend,
    List(Option<usize>),
    Next,
    NextAppend,
    Print,
    PrintFirst,
    Quit(u32),
    QuitSilently(u32),
    Read(Vec<u8>),
    ReadLine(Vec<u8>),
    Substitute(Box<Substitute>),
    Write(File),
    WriteFirst(File),
    Exchange,
    Translate(Box<Table>),
    Zap,
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Jump {
    pub(super) label: Vec<u8>,
    pub(super) to: Option<usize>,
}

/// What becomes of characters.
#[derive(Debug)]
pub(super) struct Table(pub(super) Vec<(Vec<u8>, Vec<u8>)>);

#[derive(Debug)]
pub(super) struct Substitute {
    pub(super) pattern: Pattern,
    pub(super) parts: Vec<Part>,
    pub(super) all: bool,
    pub(super) nth: u64,
    pub(super) print: u32,
    pub(super) evaluate: bool,
    pub(super) file: Option<File>,
}

/// A piece of what is put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Group(usize),
    Case(Case),
}

/// `\L`, `\U`, `\E`, `\l`, `\u`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    AsIs,
    LowerNext,
    UpperNext,
}

#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    /// Files that are written, emptied before anything is read.
    pub(super) files: Vec<Vec<u8>>,
}

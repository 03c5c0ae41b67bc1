//! What an awk program is once it is read: steps of a machine with a stack.
//!
//! **Invariant:** a place to go on at is a number of a step of the same program.

use super::lexer::Builtin;
use crate::regex::Regex;
use std::sync::Arc;

/// A variable: of the program, or of the function that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Var {
    Global(usize),
    Local(usize),
    /// One that the machine itself sets or looks at.
    Special(Special),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Special {
    Nf,
    Nr,
    Fnr,
    Fs,
    Ofs,
    Rs,
    Ors,
    Filename,
    Subsep,
    Convfmt,
    Ofmt,
    Rstart,
    Rlength,
}

pub(super) const SPECIALS: &[(&str, Special)] = &[
    ("NF", Special::Nf),
    ("NR", Special::Nr),
    ("FNR", Special::Fnr),
    ("FS", Special::Fs),
    ("OFS", Special::Ofs),
    ("RS", Special::Rs),
    ("ORS", Special::Ors),
    ("FILENAME", Special::Filename),
    ("SUBSEP", Special::Subsep),
    ("CONVFMT", Special::Convfmt),
    ("OFMT", Special::Ofmt),
    ("RSTART", Special::Rstart),
    ("RLENGTH", Special::Rlength),
];

/// Something that can be assigned to. What an element or a field is found by is on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Var(Var),
    Element(Var),
    Field,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    LessEqual,
    Equal,
    NotEqual,
    More,
    MoreEqual,
}

/// Where `print` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    No,
    File,
    Append,
    Pipe,
}

/// Where `getline` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Main,
    File,
    Command,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Number(f64),
    Text(Arc<[u8]>),
    /// Whether the record matches.
    Matches(Arc<Regex>),
    /// The text and the pattern are on the stack.
    MatchesText,
    /// The text is.
    MatchesThis(Arc<Regex>),
    /// A variable as an argument: an array, or what may become one.
    Argument(Var),
    Load(Target),
    /// The value stays on the stack.
    Save(Target),
    /// Adds the value, or whatever, to the old one.
    Update(Target, Arith),
    /// Adds, and leaves the new value, or the old one.
    Step {
        target: Target,
        by: f64,
        old: bool,
    },
    Arith(Arith),
    Compare(Compare),
    Concat,
    Negate,
    Plus,
    Not,
    /// 0 or 1.
    Truth,
    Subscript(usize),
    In(Var),
    Delete(Var),
    DeleteAll(Var),
    Jump(usize),
    /// Takes the value.
    JumpIf(usize),
    JumpUnless(usize),
    Drop,
    Call {
        function: usize,
        count: usize,
    },
    Return,
    Builtin {
        builtin: Builtin,
        count: usize,
    },
    /// The pattern stands in the program; the other arguments are on the stack.
    Replace {
        all: bool,
        target: Target,
    },
    Split {
        into: Var,
        separator: bool,
    },
    Length(Var),
    Print {
        count: usize,
        to: Redirect,
        formatted: bool,
    },
    Getline {
        from: Source,
        target: Option<Target>,
    },
    /// A pattern as a value, for `split`, `match`, `sub`.
    Pattern(Arc<Regex>),
    LoopBegin(Var),
    /// The next key, or on to the end.
    LoopNext {
        target: Target,
        end: usize,
    },
    LoopEnd,
    /// Goes there, if the range has begun.
    RangeBegin {
        range: usize,
        end: usize,
    },
    RangeSet {
        range: usize,
        on: bool,
    },
    Next,
    NextFile,
    Exit,
    /// The end of the rules.
    Done,
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: Vec<u8>,
    pub(super) start: Option<usize>,
    pub(super) params: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) code: Vec<Op>,
    pub(super) functions: Vec<Function>,
    pub(super) globals: Vec<Vec<u8>>,
    pub(super) begin: Option<usize>,
    pub(super) rules: Option<usize>,
    pub(super) end: Option<usize>,
    pub(super) ranges: usize,
}

//! What a Python program is once it is compiled: steps of a machine with a stack.
//!
//! **Invariant:** places to go on at are numbers of steps of the same code.

use super::ast::{Binary, Compare, Name, ParamKind, Span, Unary};
use super::value::V;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Const(V),
    Load(Name),
    LoadGlobal(Name),
    Store(Name),
    StoreGlobal(Name),
    StoreOuter(Name),
    Delete(Name),
    Attribute(Name),
    StoreAttribute(Name),
    DeleteAttribute(Name),
    Item,
    StoreItem,
    DeleteItem,
    /// From, to, step.
    Slice,
    List(usize),
    Tuple(usize),
    Set(usize),
    Dict(usize),
    /// Into the container so far below the top.
    Append(usize),
    Insert(usize),
    InsertPair(usize),
    /// All of the top into the list, or the dictionary, below it.
    Extend,
    Merge,
    ToTuple,
    ToSet,
    Unpack(usize),
    /// Before the star, and behind it.
    UnpackStar(usize, usize),
    Binary(Binary),
    Update(Binary),
    Unary(Unary),
    Compare(Compare),
    Jump(usize),
    /// Takes the value.
    JumpIf(usize),
    JumpUnless(usize),
    /// Takes it where there is no jump.
    KeepIf(usize),
    KeepUnless(usize),
    Drop,
    Dup,
    /// The two on top once more.
    DupTwo,
    /// The top goes below the next one, or below the next two.
    Under,
    UnderTwo,
    Call(usize, Arc<[Name]>),
    /// A list of arguments and a dictionary of named ones.
    CallAll,
    Iter,
    Next(usize),
    Return,
    Yield,
    /// The function, its defaults below: how many there are, and names of those behind `*`.
    Function(Arc<Code>, usize, Arc<[Name]>),
    /// The body's code; bases are on the stack.
    Class(Arc<Code>, usize),
    /// The end of a class's body.
    ClassDone,
    Raise(usize),
    Again,
    /// Whether the exception on top is of the class above it.
    Matches,
    /// The exception on top is being handled; it is not any more.
    Handling,
    Handled,
    Import(Name, bool),
    ImportFrom(Name),
    ImportAll,
    Format(Option<char>, bool),
    Join(usize),
    Enter,
    /// The context manager is on top, below it what `__exit__` is told.
    Exit,
    PushScope,
    PopScope,
    /// Prints a value of a line typed in.
    Show,
}

/// What happens to an exception between two steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) target: usize,
    /// Values, scopes and handled exceptions that are left then.
    pub(super) depth: usize,
    pub(super) scopes: usize,
    pub(super) handling: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeKind {
    Module,
    Function,
    Class,
}

#[derive(Clone, Debug)]
pub(super) struct Code {
    /// As tracebacks name it.
    pub(super) name: Name,
    pub(super) file: Arc<str>,
    pub(super) kind: CodeKind,
    pub(super) ops: Vec<Op>,
    /// Where each step is from; and the operator's place in it, if there is one to mark.
    pub(super) spans: Vec<Mark>,
    pub(super) guards: Vec<Guard>,
    pub(super) params: Vec<(Name, ParamKind)>,
    /// Names that are the function's own.
    pub(super) locals: BTreeSet<Name>,
    pub(super) is_generator: bool,
    pub(super) doc: Option<V>,
    /// No part of tracebacks: a library's.
    pub(super) hidden: bool,
}

/// A place, and the part of it that is underlined with `^`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) at: Span,
    pub(super) anchor: Option<(u32, u32)>,
}

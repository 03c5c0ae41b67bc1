//! A Python program, as it is written.
//!
//! **Invariant:** trees are no deeper than the parser lets them be; what stands side by side is a
//! list and not a tree.

use num_bigint::BigInt;
use std::sync::Arc;

/// A name.
pub(super) type Name = Arc<str>;

/// Where something stands: its line, and columns in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) line: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The last line, where that is another.
    pub(super) last: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) at: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    Left,
    Right,
    And,
    Or,
    Xor,
    MatMul,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Minus,
    Plus,
    Invert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    LessEqual,
    Equal,
    NotEqual,
    More,
    MoreEqual,
    In,
    NotIn,
    Is,
    IsNot,
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    /// The value, `!r`, and the format behind `:`.
    Value(Expr, Option<char>, Option<Vec<Piece>>),
}

#[derive(Clone, Debug)]
pub(super) struct Arg {
    pub(super) kind: ArgKind,
    pub(super) value: Expr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ArgKind {
    Plain,
    Named(Name),
    /// `*x`
    Star,
    /// `**x`
    Stars,
}

#[derive(Clone, Debug)]
pub(super) struct Param {
    pub(super) name: Name,
    pub(super) kind: ParamKind,
    pub(super) default: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParamKind {
    Plain,
    /// Behind `*`.
    Named,
    Star,
    Stars,
}

/// `for target in iter if …`
#[derive(Clone, Debug)]
pub(super) struct For {
    pub(super) target: Expr,
    pub(super) iter: Expr,
    pub(super) tests: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comprehension {
    List,
    Set,
    Dict,
    Generator,
}

/// What follows a value: `.name`, `(…)`, `[…]`.
#[derive(Clone, Debug)]
pub(super) enum Trailer {
    Attribute(Name),
    Call(Vec<Arg>),
    Index(Box<Expr>),
}

#[derive(Clone, Debug)]
pub(super) enum ExprKind {
    None,
    True,
    False,
    Ellipsis,
    Int(BigInt),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Format(Vec<Piece>),
    Name(Name),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    Dict(Vec<(Option<Expr>, Expr)>),
    Comprehension(Comprehension, Box<Expr>, Option<Box<Expr>>, Vec<For>),
    /// Operators of the same strength, from left to right.
    Binary(Box<Expr>, Vec<(Binary, Expr)>),
    Unary(Unary, Box<Expr>),
    Compare(Box<Expr>, Vec<(Compare, Expr)>),
    /// `and`, `or`
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Lambda(Vec<Param>, Box<Expr>),
    Trailers(Box<Expr>, Vec<(Trailer, Span)>),
    Slice(Option<Box<Expr>>, Option<Box<Expr>>, Option<Box<Expr>>),
    Star(Box<Expr>),
    Walrus(Name, Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
}

#[derive(Clone, Debug)]
pub(super) struct Stmt {
    pub(super) kind: StmtKind,
    pub(super) at: Span,
}

#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub(super) kind: Option<Expr>,
    pub(super) name: Option<Name>,
    pub(super) body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub(super) struct Def {
    pub(super) name: Name,
    pub(super) params: Vec<Param>,
    pub(super) body: Vec<Stmt>,
    pub(super) decorators: Vec<Expr>,
    pub(super) is_generator: bool,
}

#[derive(Clone, Debug)]
pub(super) enum StmtKind {
    Expr(Expr),
    Assign(Vec<Expr>, Expr),
    Update(Expr, Binary, Expr),
    /// An annotation without a value does nothing.
    Pass,
    Break,
    Continue,
    Return(Option<Expr>),
    Raise(Option<Expr>, Option<Expr>),
    Assert(Expr, Option<Expr>),
    Delete(Vec<Expr>),
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    /// Module, and the name for it; without one, the first part's.
    Import(Vec<(Name, Option<Name>)>),
    From(Name, Vec<(Name, Option<Name>)>),
    If(Vec<(Expr, Vec<Stmt>)>, Vec<Stmt>),
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    For(Expr, Expr, Vec<Stmt>, Vec<Stmt>),
    Try(Vec<Stmt>, Vec<Handler>, Vec<Stmt>, Vec<Stmt>),
    With(Vec<(Expr, Option<Expr>)>, Vec<Stmt>),
    Def(Arc<Def>),
    Class(Name, Vec<Arg>, Vec<Stmt>, Vec<Expr>),
}

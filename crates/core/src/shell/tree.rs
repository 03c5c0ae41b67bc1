//! What a shell's text means: lists of pipelines of commands, made of words.
//!
//! **Invariant:** data only. Bytes, not text: nothing says that a peer types UTF-8.

use std::sync::Arc;

/// Lists one after the other: a line, a script, the body of a loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// In order.
    pub items: Vec<Item>,
}

/// Pipelines joined by `&&` and `||`, ended by `;`, a line end or `&`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What runs first.
    pub first: Pipeline,
    /// What runs after it, and when.
    pub rest: Vec<(Joint, Pipeline)>,
    /// Ended by `&`.
    pub background: bool,
    /// As it was written, without what ends it: what `jobs` shows.
    pub text: Arc<[u8]>,
}

/// What stands between two pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`. Of `a |& b`, `a` has a redirection `2>&1` behind its others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Begins with `!`, so many times that it turns the status around.
    pub negated: bool,
    /// Begins with `time`; [`Time::Posix`] for `time -p`.
    pub timed: Option<Time>,
    /// At least one, but for a lone `!` or `time`.
    pub commands: Vec<Command>,
}

/// How `time` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// `real\t0m0.001s`
    Bash,
    /// `real 0.00`
    Posix,
}

/// One command, with its redirections in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub kind: CommandKind,
    /// Its redirections.
    pub redirects: Vec<Redirect>,
    /// The line on which it begins, from 1.
    pub line: u32,
}

/// Kinds of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// `A=1 name args`
    Simple {
        /// What stands before the name.
        assignments: Vec<Assignment>,
        /// Name and arguments.
        words: Vec<Argument>,
    },
    /// `{ …; }`
    Group(Script),
    /// `( … )`
    Subshell(Arc<Script>),
    /// `if`, with its `elif`s.
    If {
        /// Conditions and what runs when they hold.
        arms: Vec<(Script, Script)>,
        /// `else`
        otherwise: Option<Script>,
    },
    /// `while` and `until`.
    Loop {
        /// `until`
        until: bool,
        /// What is asked before each turn.
        condition: Script,
        /// What runs in each turn.
        body: Script,
    },
    /// `for name in words`
    For {
        /// The variable.
        name: Vec<u8>,
        /// `None` is `"$@"`.
        words: Option<Vec<Word>>,
        /// What runs in each turn.
        body: Script,
    },
    /// `for ((first; condition; step))`
    ForArithmetic {
        /// The three expressions, any of which may be empty.
        parts: [Word; 3],
        /// What runs in each turn.
        body: Script,
    },
    /// `select name in words`
    Select {
        /// The variable.
        name: Vec<u8>,
        /// `None` is `"$@"`.
        words: Option<Vec<Word>>,
        /// What runs in each turn.
        body: Script,
    },
    /// `case word in …`
    Case {
        /// What is looked at.
        word: Word,
        /// In order.
        arms: Vec<CaseArm>,
    },
    /// `name() …`
    Function {
        /// Its name.
        name: Vec<u8>,
        /// What it runs, with its own redirections.
        body: Arc<Command>,
    },
    /// `(( … ))`
    Arithmetic(Word),
    /// `[[ … ]]`
    Condition(Condition),
    /// `coproc [NAME] command`
    Coproc {
        /// `COPROC` where none is given.
        name: Vec<u8>,
        /// What runs.
        body: Arc<Command>,
    },
}

/// One arm of a `case`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseArm {
    /// Any of them fits.
    pub patterns: Vec<Word>,
    /// What runs then.
    pub body: Script,
    /// What ends it.
    pub end: CaseEnd,
}

/// What ends an arm of a `case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseEnd {
    /// `;;`
    Break,
    /// `;&`: the next arm's body runs too.
    Fall,
    /// `;;&`: the next patterns are tried too.
    Continue,
}

/// A word of a simple command. `declare`, `export`, `local`, `readonly`, `typeset` and `alias` take
/// assignments as arguments; arrays among them are not words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A word.
    Word(Word),
    /// `name=(…)` behind one of those builtins.
    Assignment(Assignment),
}

/// `name=value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: Vec<u8>,
    /// `name[index]=`
    pub index: Option<Word>,
    /// `+=`
    pub append: bool,
    /// What it becomes.
    pub value: Value,
}

/// The right side of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A word.
    Scalar(Word),
    /// `(a b [5]=c)`
    Array(Vec<(Option<Word>, Word)>),
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The number in front of it.
    pub fd: Option<u32>,
    /// `{name}` in front of it: the number goes into that variable.
    pub variable: Option<Vec<u8>>,
    /// What it does.
    pub kind: RedirectKind,
}

/// Kinds of redirections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// `< word`
    Read(Word),
    /// `> word`
    Write(Word),
    /// `>| word`
    Clobber(Word),
    /// `>> word`
    Append(Word),
    /// `<> word`
    ReadWrite(Word),
    /// `&> word` and `>& word`
    WriteBoth(Word),
    /// `&>> word`
    AppendBoth(Word),
    /// `<& word`
    DupIn(Word),
    /// `>& word`, where the word is a number or `-`, with or without one in front.
    DupOut(Word),
    /// `<< word`: the text, in which nothing is expanded where the word was quoted.
    HereDoc(Word),
    /// `<<< word`
    HereString(Word),
}

/// Parts without space between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(
    /// In order.
    pub Vec<Part>,
);

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Not quoted: tilde, braces and patterns in it mean something.
    Literal(Vec<u8>),
    /// `'…'`, `\x`, `$'…'`, already without quotes and escapes.
    Quoted(Vec<u8>),
    /// `"…"` and `$"…"`; literals in it are quoted.
    Double(Vec<Part>),
    /// `$name`, `${…}`
    Parameter(Box<Parameter>),
    /// `$(…)` and `` `…` ``
    Command(Arc<Script>),
    /// `$((…))` and `$[…]`
    Arithmetic(Word),
    /// `` `…` `` or a here-document's `$(…)` that is no script: bash says so when it gets there.
    Broken {
        /// As it was written.
        text: Vec<u8>,
        /// Why it is none.
        wrong: Arc<Wrong>,
    },
    /// `<(…)`, and `>(…)` where `out` is set.
    Process {
        /// `>(…)`
        out: bool,
        /// What runs.
        script: Arc<Script>,
    },
}

/// `$name` and all of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// A name, a number, or one of `@ * # ? - $ ! _`.
    pub name: Vec<u8>,
    /// `[index]`; `@` and `*` are literals.
    pub index: Option<Word>,
    /// `${!name}`
    pub indirect: bool,
    /// What is done with the value.
    pub operation: Operation,
}

/// What is done with a parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nothing.
    Value,
    /// `${#name}`
    Length,
    /// `${!prefix*}`, and `${!prefix@}` where `separate` is set.
    Names {
        /// `@`
        separate: bool,
    },
    /// `${!name[@]}`, `${!name[*]}`
    Keys {
        /// `@`
        separate: bool,
    },
    /// `${name:-word}`
    Default {
        /// With `:`, an empty value counts as none.
        colon: bool,
        /// What is taken instead.
        word: Word,
    },
    /// `${name:=word}`
    Assign {
        /// With `:`.
        colon: bool,
        /// What it becomes.
        word: Word,
    },
    /// `${name:?word}`
    Error {
        /// With `:`.
        colon: bool,
        /// What is said.
        word: Word,
    },
    /// `${name:+word}`
    Alternative {
        /// With `:`.
        colon: bool,
        /// What is taken instead of the value.
        word: Word,
    },
    /// `${name#pattern}`, `##`, `%`, `%%`
    Trim {
        /// From the end: `%`.
        suffix: bool,
        /// As much as fits: doubled.
        longest: bool,
        /// What is taken away.
        pattern: Word,
    },
    /// `${name:offset:length}`
    Slice {
        /// An expression.
        offset: Word,
        /// An expression.
        length: Option<Word>,
    },
    /// `${name/pattern/with}`
    Replace {
        /// Where it may stand.
        place: Place,
        /// What is replaced.
        pattern: Word,
        /// What it becomes.
        with: Word,
    },
    /// `${name^pattern}`, `^^`, `,`, `,,`
    Case {
        /// `^`
        upper: bool,
        /// Doubled.
        all: bool,
        /// Which letters; all where empty.
        pattern: Word,
    },
    /// `${name@Q}` and its kind.
    Transform(u8),
    /// Something that is none of those: bash says `bad substitution` when it gets there. As written.
    Bad(Vec<u8>),
}

/// Where a pattern may stand that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/`: anywhere, once.
    First,
    /// `//`: everywhere.
    All,
    /// `/#`: at the begin.
    Begin,
    /// `/%`: at the end.
    End,
}

/// What stands in `[[ … ]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A lone word: not empty.
    Word(Word),
    /// `-f word`: the letter, and its word.
    Unary(u8, Word),
    /// `word op word`; the right word of `==`, `!=` and `=` is a pattern, of `=~` an expression.
    Binary(Word, Vec<u8>, Word),
    /// `! …`
    Not(Box<Condition>),
    /// `… && …`
    And(Box<Condition>, Box<Condition>),
    /// `… || …`
    Or(Box<Condition>, Box<Condition>),
}

/// Why a text is no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It ends before it is complete; an interactive shell asks for more.
    Incomplete {
        /// What bash says when no more comes.
        why: Missing,
        /// The line of what was opened last, from 1.
        line: u32,
    },
    /// `syntax error near unexpected token` this.
    Unexpected {
        /// `newline` for a line end.
        token: Vec<u8>,
        /// Its line, from 1.
        line: u32,
        /// That whole line, which bash shows where the text is no terminal's.
        source: Vec<u8>,
    },
    /// Nested too deep, or too long.
    TooMuch,
    /// Another complaint, as bash words it: behind `bash: line 1: `.
    Other {
        /// What it says.
        text: Vec<u8>,
        /// The line, from 1.
        line: u32,
    },
}

/// What a text lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// `unexpected EOF while looking for matching` this byte, and then `syntax error: unexpected end of file`.
    Match(u8),
    /// `syntax error: unexpected end of file`
    End,
    /// A here-document without its last line: a warning, after which it runs. `parse` has it only
    /// where the caller asked not to end here-documents at the end of the text.
    HereDoc,
    /// A backslash at the end.
    Continuation,
}

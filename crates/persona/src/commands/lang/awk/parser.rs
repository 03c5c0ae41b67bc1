//! Reads an awk program into steps.
//!
//! **Invariant:** nests no deeper than [`SCRIPT_DEPTH`]; a program that does is refused.

mod expression;
mod statement;

use super::code::{Function, Op, Program, Redirect, SPECIALS, Source, Target, Var};
use super::lexer::{Key, Lexer, Word};
use crate::regex::{Error, Flavor, Regex, Syntax};
use decnet_core::limits::SCRIPT_DEPTH;
use std::collections::BTreeMap;

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// `mawk: line 1: what`
    Said(Vec<u8>, usize),
    /// Two such lines.
    Twice(&'static str, &'static str, usize),
    /// `mawk: 1: unexpected character '@'`
    Unexpected(u8, usize),
}

impl Wrong {
    pub(super) fn said(what: &str, line: usize) -> Self {
        Self::Said(what.as_bytes().to_vec(), line)
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Not known yet.
    Open,
    Scalar,
    Array,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    var: Var,
    kind: Kind,
}

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    word: Word,
    /// The line where the word stands.
    line: usize,
    program: Program,
    globals: BTreeMap<Vec<u8>, Known>,
    locals: BTreeMap<Vec<u8>, Known>,
    functions: BTreeMap<Vec<u8>, usize>,
    depth: usize,
    /// Loops that are open: jumps to their ends and to their next turns.
    loops: Vec<Loop>,
    place: Place,
    /// `>` is where to print.
    redirects: bool,
    /// Functions that are called, with how many arguments, and where.
    calls: Vec<(usize, usize, usize)>,
}

/// A place of the program to go back to.
struct Mark<'a> {
    lexer: Lexer<'a>,
    word: Word,
    line: usize,
    code: usize,
}

#[derive(Debug, Default)]
struct Loop {
    breaks: Vec<usize>,
    continues: Vec<usize>,
}

/// In which part of a program a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Begin,
    Rule,
    End,
    Function,
}

/// The step of which it is not known yet where it goes.
const LATER: usize = usize::MAX;

type Answer<T> = Result<T, Wrong>;

/// Reads a program.
pub(super) fn parse(text: &[u8]) -> Answer<Program> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        word: Word::End,
        line: 1,
        program: Program::default(),
        globals: BTreeMap::new(),
        locals: BTreeMap::new(),
        functions: BTreeMap::new(),
        depth: 0,
        loops: Vec::new(),
        place: Place::Rule,
        redirects: false,
        calls: Vec::new(),
    };
    for (name, special) in SPECIALS {
        let known = Known { var: Var::Special(*special), kind: Kind::Scalar };
        parser.globals.insert(name.as_bytes().to_vec(), known);
    }
    for name in ["ENVIRON", "ARGV", "ARGC"] {
        let var = parser.new_global(name.as_bytes());
        let kind = if name == "ARGC" { Kind::Scalar } else { Kind::Array };
        parser.globals.insert(name.as_bytes().to_vec(), Known { var, kind });
    }
    parser.whole()?;
    Ok(parser.program)
}

/// Reads a pattern, with what mawk says of one that is none.
pub(super) fn compile(text: &[u8]) -> Result<Regex, Vec<u8>> {
    if lacks_operand(text) {
        return Err(fault("missing operand", text));
    }
    Regex::new(text, Syntax::new(Flavor::Awk)).map_err(|error| pattern_fault(error, text))
}

fn fault(why: &str, pattern: &[u8]) -> Vec<u8> {
    [b"regular expression compile failed (", why.as_bytes(), b")\n", pattern].concat()
}

/// Whether there is nothing on a side of `|`, or in `( )`.
fn lacks_operand(text: &[u8]) -> bool {
    let mut empty = true;
    let mut any_bar = false;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
                empty = false;
            }
            b'[' => {
                let mut first = true;
                while let Some(inside) = bytes.next() {
                    match inside {
                        b'^' if first => continue,
                        b']' if !first => break,
                        b'[' if bytes.peek() == Some(&b':') => {
                            bytes.by_ref().take(10).find(|&b| b == b']');
                        }
                        _ => {}
                    }
                    first = false;
                }
                empty = false;
            }
            b'(' => empty = true,
            b'|' | b')' => {
                if empty {
                    return true;
                }
                any_bar |= byte == b'|';
                empty = byte == b'|';
            }
            _ => empty = false,
        }
    }
    any_bar && empty
}

/// What mawk says of a pattern that is none.
fn pattern_fault(error: Error, pattern: &[u8]) -> Vec<u8> {
    let why = match error {
        Error::OpenParen => "missing ')'",
        Error::CloseParen => "missing '('",
        Error::Bracket | Error::Class | Error::Collate => "bad class -- [], [^] or [",
        Error::Repeat => "missing operand",
        Error::Escape
        | Error::Reference
        | Error::Brace
        | Error::BraceContent
        | Error::Range
        | Error::TooBig
        | Error::Lookbehind
        | Error::Unknown => "syntax error",
    };
    fault(why, pattern)
}

impl<'a> Parser<'a> {
    fn mark(&self) -> Mark<'a> {
        let (lexer, word) = (self.lexer.clone(), self.word.clone());
        Mark { lexer, word, line: self.line, code: self.here() }
    }

    /// Goes back; what was emitted since is gone.
    fn back(&mut self, mark: Mark<'a>) {
        (self.lexer, self.word, self.line) = (mark.lexer, mark.word, mark.line);
        self.program.code.truncate(mark.code);
    }

    fn next(&mut self) -> Answer<()> {
        self.word = self.lexer.next()?;
        if self.word != Word::LineEnd {
            self.line = self.lexer.line;
        }
        Ok(())
    }

    fn wrong(&self) -> Wrong {
        let shown: &[u8] = match &self.word {
            Word::LineEnd => b"end of line",
            Word::End if self.lexer.braces > 0 => {
                return Wrong::said("missing } near end of file", self.lexer.line + 1);
            }
            Word::End => b"end of line",
            Word::Sign("}" | ";") if self.lexer.parens > 0 => {
                let text = [b"missing ) near ", self.lexer.shown()].concat();
                return Wrong::Said(text, self.line);
            }
            Word::Number(_) | Word::Text(_) | Word::Name(_) | Word::Call(_) | Word::Key(_) => {
                self.lexer.shown()
            }
            Word::Sign(sign) => sign.as_bytes(),
        };
        Wrong::Said([b"syntax error at or near ", shown].concat(), self.line)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(&self.word, Word::Sign(found) if *found == sign)
    }

    /// Takes a sign, if it is there.
    fn takes(&mut self, sign: &str) -> Answer<bool> {
        let found = self.is(sign);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn needs(&mut self, sign: &str) -> Answer<()> {
        if self.takes(sign)? { Ok(()) } else { Err(self.wrong()) }
    }

    fn skip_lines(&mut self) -> Answer<()> {
        while self.word == Word::LineEnd {
            self.next()?;
        }
        Ok(())
    }

    fn deeper<T>(&mut self, then: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        self.depth += 1;
        if self.depth > SCRIPT_DEPTH {
            return Err(Wrong::said("program limit exceeded: nesting", self.line));
        }
        let answer = then(self);
        self.depth -= 1;
        answer
    }

    fn here(&self) -> usize {
        self.program.code.len()
    }

    fn emit(&mut self, op: Op) -> usize {
        self.program.code.push(op);
        self.here() - 1
    }

    /// Lets a jump go to here.
    fn land(&mut self, jump: usize) {
        let here = self.here();
        self.aim(jump, here);
    }

    fn aim(&mut self, jump: usize, to: usize) {
        if let Some(
            Op::Jump(place)
            | Op::JumpIf(place)
            | Op::JumpUnless(place)
            | Op::LoopNext { end: place, .. }
            | Op::RangeBegin { end: place, .. },
        ) = self.program.code.get_mut(jump)
        {
            *place = to;
        }
    }

    fn new_global(&mut self, name: &[u8]) -> Var {
        self.program.globals.push(name.to_vec());
        Var::Global(self.program.globals.len() - 1)
    }

    /// What a name stands for, which is used as this.
    fn variable(&mut self, name: &[u8], wanted: Kind) -> Answer<Var> {
        let line = self.line;
        if self.functions.contains_key(name) && !self.locals.contains_key(name) {
            return Err(Wrong::Said([b"illegal reference to function ", name].concat(), line));
        }
        if !self.locals.contains_key(name) && !self.globals.contains_key(name) {
            let var = self.new_global(name);
            self.globals.insert(name.to_vec(), Known { var, kind: Kind::Open });
        }
        let (known, local) = match self.locals.get_mut(name) {
            Some(known) => (known, "local "),
            None => match self.globals.get_mut(name) {
                Some(known) => (known, ""),
                None => return Err(self.wrong()),
            },
        };
        let what = match (known.kind, wanted) {
            (Kind::Scalar, Kind::Array) => "variable ",
            (Kind::Array, Kind::Scalar) => "array ",
            _ => {
                if wanted != Kind::Open {
                    known.kind = wanted;
                }
                return Ok(known.var);
            }
        };
        let parts = [b"illegal reference to ", local.as_bytes(), what.as_bytes(), name];
        Err(Wrong::Said(parts.concat(), line))
    }

    fn pattern(&self, text: &[u8]) -> Answer<std::sync::Arc<Regex>> {
        let regex = compile(text).map(std::sync::Arc::new);
        regex.map_err(|why| Wrong::Said(why, self.line))
    }

    fn whole(&mut self) -> Answer<()> {
        self.next()?;
        // Parts of a kind run one after the other, wherever they stand.
        let mut parts: [Vec<usize>; 3] = Default::default();
        loop {
            while self.word == Word::LineEnd || self.is(";") {
                self.next()?;
            }
            match &self.word {
                Word::End => break,
                Word::Key(Key::Function) => self.function()?,
                _ => {
                    let place = match self.word {
                        Word::Key(Key::Begin) => Place::Begin,
                        Word::Key(Key::End) => Place::End,
                        _ => Place::Rule,
                    };
                    self.place = place;
                    let start = self.here();
                    self.rule(place)?;
                    let jump = self.emit(Op::Jump(LATER));
                    let [begin, rules, end] = &mut parts;
                    match place {
                        Place::Begin => begin.extend([start, jump]),
                        Place::End => end.extend([start, jump]),
                        Place::Rule | Place::Function => rules.extend([start, jump]),
                    }
                }
            }
        }
        let done = self.emit(Op::Done);
        let [begin, rules, end] = parts.map(|all| self.chain(&all, done));
        (self.program.begin, self.program.rules, self.program.end) = (begin, rules, end);
        let unknown = self.program.functions.iter().find(|function| function.start.is_none());
        match unknown {
            Some(function) => {
                let text = [b"function ", function.name.as_slice(), b" never defined"].concat();
                Err(Wrong::Said(text, self.lexer.line + 1))
            }
            None => self.check_calls(),
        }
    }

    fn check_calls(&self) -> Answer<()> {
        for (function, count, line) in &self.calls {
            if let Some(function) = self.program.functions.get(*function)
                && *count > function.params
            {
                let text = [b"too many arguments in call to ", function.name.as_slice()].concat();
                return Err(Wrong::Said(text, *line));
            }
        }
        Ok(())
    }

    /// Lets each part go on at the next of its kind; where the first begins.
    fn chain(&mut self, parts: &[usize], done: usize) -> Option<usize> {
        for (at, pair) in parts.chunks_exact(2).enumerate() {
            let next = parts.get(at * 2 + 2).copied().unwrap_or(done);
            if let [_, jump] = pair {
                self.aim(*jump, next);
            }
        }
        parts.first().copied()
    }

    fn rule(&mut self, place: Place) -> Answer<()> {
        if place != Place::Rule {
            self.next()?;
            if !self.is("{") {
                return Err(self.wrong());
            }
            return self.block();
        }
        if self.is("{") {
            return self.block();
        }
        let first = self.emit(Op::Jump(LATER));
        self.land(first);
        self.expression()?;
        let skip = self.emit(Op::JumpUnless(LATER));
        if self.takes(",")? {
            self.skip_lines()?;
            self.range(first)?;
        }
        if self.is("{") {
            self.block()?;
        } else {
            if !matches!(self.word, Word::LineEnd | Word::End) && !self.is(";") {
                return Err(self.wrong());
            }
            self.emit(Op::Print { count: 0, to: Redirect::No, formatted: false });
        }
        self.land(skip);
        Ok(())
    }

    /// The second pattern of a range. The record that begins a range may end it too.
    fn range(&mut self, first: usize) -> Answer<()> {
        let range = self.program.ranges;
        self.program.ranges += 1;
        self.emit(Op::RangeSet { range, on: true });
        // Inside, the first pattern is not looked at.
        let inside = self.here();
        if let Some(op) = self.program.code.get_mut(first) {
            *op = Op::RangeBegin { range, end: inside };
        }
        self.expression()?;
        let goes_on = self.emit(Op::JumpUnless(LATER));
        self.emit(Op::RangeSet { range, on: false });
        self.land(goes_on);
        Ok(())
    }

    fn function(&mut self) -> Answer<()> {
        self.next()?;
        let (Word::Name(name) | Word::Call(name)) = self.word.clone() else {
            return Err(self.wrong());
        };
        if self.globals.contains_key(&name) {
            return Err(self.wrong());
        }
        let line = self.line;
        self.next()?;
        self.needs("(")?;
        self.locals.clear();
        let mut count = 0;
        while let Word::Name(param) = self.word.clone() {
            let known = Known { var: Var::Local(count), kind: Kind::Open };
            if self.locals.insert(param.clone(), known).is_some() {
                let what = [&param[..], b" is duplicated in argument list"].concat();
                return Err(Wrong::Said(what, self.line));
            }
            count += 1;
            self.next()?;
            if !self.takes(",")? {
                break;
            }
            self.skip_lines()?;
            if !matches!(self.word, Word::Name(_)) {
                return Err(self.wrong());
            }
        }
        self.needs(")")?;
        self.skip_lines()?;
        let function = self.function_named(&name);
        let over = self.emit(Op::Jump(LATER));
        let start = self.here();
        match self.program.functions.get_mut(function) {
            Some(found) if found.start.is_some() => {
                return Err(Wrong::Said([b"redefinition of ", &name[..]].concat(), line));
            }
            Some(found) => (found.start, found.params) = (Some(start), count),
            None => {}
        }
        self.place = Place::Function;
        if !self.is("{") {
            return Err(self.wrong());
        }
        self.block()?;
        self.emit(Op::Load(Target::Var(Var::Local(LATER))));
        self.emit(Op::Return);
        self.land(over);
        self.locals.clear();
        self.place = Place::Rule;
        Ok(())
    }

    /// The number of a function, which may come later.
    fn function_named(&mut self, name: &[u8]) -> usize {
        if let Some(found) = self.functions.get(name) {
            return *found;
        }
        let function = Function { name: name.to_vec(), start: None, params: 0 };
        self.program.functions.push(function);
        let number = self.program.functions.len() - 1;
        self.functions.insert(name.to_vec(), number);
        number
    }

    /// An element's key: several are joined.
    fn subscript(&mut self) -> Answer<()> {
        let mut count = 0;
        loop {
            self.expression()?;
            count += 1;
            if !self.takes(",")? {
                break;
            }
            self.skip_lines()?;
        }
        self.needs("]")?;
        if count > 1 {
            self.emit(Op::Subscript(count));
        }
        Ok(())
    }

    /// `getline` with what may follow it.
    fn getline(&mut self, from: Source) -> Answer<()> {
        self.next()?;
        let target = self.maybe_target()?;
        let from = if from == Source::Main && self.takes("<")? {
            self.primary(None)?;
            Source::File
        } else {
            from
        };
        self.emit(Op::Getline { from, target });
        Ok(())
    }

    /// Whether the word may begin what is assigned to: then what it is found by is emitted.
    fn maybe_target(&mut self) -> Answer<Option<Target>> {
        match &self.word {
            Word::Name(_) => self.named_target().map(Some),
            Word::Sign("$") => {
                self.next()?;
                self.field_operand()?;
                Ok(Some(Target::Field))
            }
            _ => Ok(None),
        }
    }

    /// A variable or an element, from its name on.
    fn named_target(&mut self) -> Answer<Target> {
        let Word::Name(name) = self.word.clone() else { return Err(self.wrong()) };
        self.next()?;
        if self.takes("[")? {
            let array = self.variable(&name, Kind::Array)?;
            self.subscript()?;
            return Ok(Target::Element(array));
        }
        Ok(Target::Var(self.variable(&name, Kind::Scalar)?))
    }
}

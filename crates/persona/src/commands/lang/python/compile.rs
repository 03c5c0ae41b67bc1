//! Makes steps of a program's tree.
//!
//! **Invariant:** a statement leaves the stack as it found it, an expression leaves one value more.

mod expression;
mod statement;

use super::ast::{Comprehension, Def, Expr, Name, Param, ParamKind, Span, Stmt, StmtKind};
use super::code::{Code, CodeKind, Guard, Mark, Op};
use super::value::V;
use crate::commands::lang::text::Meter;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a name is in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared {
    Global,
    Outer,
}

/// What has to be done on the way out of a block.
#[derive(Clone, Debug)]
enum Block {
    /// Jumps to its end, and the place of the next turn.
    Loop { breaks: Vec<usize>, again: usize },
    /// The iterator of a `for` is on the stack.
    Iterator,
    /// A value is on the stack.
    Value,
    Finally(Vec<Stmt>),
    With,
    /// An exception is being handled.
    Handling,
}

pub(super) struct Compiler<'a> {
    code: Code,
    declared: BTreeMap<Name, Declared>,
    blocks: Vec<Block>,
    /// Values on the stack, scopes, handled exceptions: as guards have to leave them.
    depth: usize,
    scopes: usize,
    handling: usize,
    at: Span,
    meter: &'a Meter,
    /// Values of lines are shown.
    shows: bool,
}

/// The step of which it is not known yet where it goes.
const LATER: usize = usize::MAX;

/// How a module's code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Program,
    /// A library's: no part of tracebacks.
    Library,
    /// Lines typed in.
    Lines,
}

/// Compiles a module.
pub(super) fn module(body: &[Stmt], file: &str, mode: Mode, meter: &Meter) -> Arc<Code> {
    let mut compiler = Compiler::new("<module>".into(), file.into(), CodeKind::Module, meter);
    compiler.code.hidden = mode == Mode::Library;
    compiler.shows = mode == Mode::Lines;
    compiler.code.doc = compiler.doc(body);
    for stmt in body {
        compiler.statement(stmt);
    }
    compiler.emit(Op::Const(V::None));
    compiler.emit(Op::Return);
    Arc::new(compiler.code)
}

/// Compiles one expression, whose value is returned.
pub(super) fn expression(value: &Expr, file: &str, meter: &Meter) -> Arc<Code> {
    let mut compiler = Compiler::new("<module>".into(), file.into(), CodeKind::Module, meter);
    compiler.expr(value);
    compiler.emit(Op::Return);
    Arc::new(compiler.code)
}

impl<'a> Compiler<'a> {
    fn new(name: Name, file: Arc<str>, kind: CodeKind, meter: &'a Meter) -> Self {
        let code = Code {
            name,
            file,
            kind,
            ops: Vec::new(),
            spans: Vec::new(),
            guards: Vec::new(),
            params: Vec::new(),
            locals: BTreeSet::new(),
            is_generator: false,
            doc: None,
            hidden: false,
        };
        Self {
            code,
            declared: BTreeMap::new(),
            blocks: Vec::new(),
            depth: 0,
            scopes: 0,
            handling: 0,
            at: Span::default(),
            meter,
            shows: false,
        }
    }

    fn inner(&self, name: Name, kind: CodeKind) -> Self {
        let mut inner = Self::new(name, Arc::clone(&self.code.file), kind, self.meter);
        inner.code.hidden = self.code.hidden;
        inner.at = self.at;
        inner
    }

    fn here(&self) -> usize {
        self.code.ops.len()
    }

    fn emit(&mut self, op: Op) -> usize {
        self.mark(op, None)
    }

    fn mark(&mut self, op: Op, anchor: Option<(u32, u32)>) -> usize {
        self.code.ops.push(op);
        self.code.spans.push(Mark { at: self.at, anchor });
        self.here() - 1
    }

    fn land(&mut self, jump: usize) {
        let here = self.here();
        self.aim(jump, here);
    }

    fn aim(&mut self, jump: usize, to: usize) {
        if let Some(
            Op::Jump(place)
            | Op::JumpIf(place)
            | Op::JumpUnless(place)
            | Op::KeepIf(place)
            | Op::KeepUnless(place)
            | Op::Next(place),
        ) = self.code.ops.get_mut(jump)
        {
            *place = to;
        }
    }

    fn text(&self, text: &str) -> V {
        V::Str(self.meter.text(text))
    }

    fn doc(&self, body: &[Stmt]) -> Option<V> {
        match body.first().map(|stmt| &stmt.kind) {
            Some(StmtKind::Expr(Expr { kind: super::ast::ExprKind::Text(text), .. })) => {
                Some(self.text(text))
            }
            _ => None,
        }
    }

    /// The steps between these are guarded; the stack is as it is now where the guard begins.
    fn guard(&mut self, start: usize, end: usize, target: usize) {
        if end > start {
            let (depth, scopes, handling) = (self.depth, self.scopes, self.handling);
            self.code.guards.push(Guard { start, end, target, depth, scopes, handling });
        }
    }

    fn load(&mut self, name: &Name) {
        let op = match self.declared.get(name) {
            Some(Declared::Global) => Op::LoadGlobal(Arc::clone(name)),
            Some(Declared::Outer) | None => Op::Load(Arc::clone(name)),
        };
        self.emit(op);
    }

    fn store(&mut self, name: &Name) {
        let op = match self.declared.get(name) {
            Some(Declared::Global) => Op::StoreGlobal(Arc::clone(name)),
            Some(Declared::Outer) => Op::StoreOuter(Arc::clone(name)),
            None => {
                if self.scopes == 0 {
                    self.code.locals.insert(Arc::clone(name));
                }
                Op::Store(Arc::clone(name))
            }
        };
        self.emit(op);
    }

    /// Emits a function of these parameters; it is left on the stack.
    fn function(&mut self, params: &[Param], code: Compiler<'_>) {
        let mut count = 0;
        let mut named = Vec::new();
        for param in params {
            let Some(default) = &param.default else { continue };
            if param.kind == ParamKind::Plain {
                self.expr(default);
                count += 1;
            }
        }
        for param in params {
            let Some(default) = &param.default else { continue };
            if param.kind != ParamKind::Plain {
                self.expr(default);
                named.push(Arc::clone(&param.name));
            }
        }
        self.emit(Op::Function(Arc::new(code.code), count, named.into()));
    }

    fn with_params(&mut self, params: &[Param]) {
        for param in params {
            self.code.params.push((Arc::clone(&param.name), param.kind));
            self.code.locals.insert(Arc::clone(&param.name));
        }
    }

    fn def(&mut self, def: &Def) {
        for decorator in &def.decorators {
            self.expr(decorator);
        }
        let mut inner = self.inner(Arc::clone(&def.name), CodeKind::Function);
        inner.with_params(&def.params);
        inner.code.is_generator = def.is_generator;
        inner.code.doc = inner.doc(&def.body);
        for stmt in &def.body {
            inner.statement(stmt);
        }
        inner.emit(Op::Const(V::None));
        inner.emit(Op::Return);
        self.function(&def.params, inner);
        for _ in &def.decorators {
            self.emit(Op::Call(1, Arc::new([])));
        }
        self.store(&def.name);
    }

    fn lambda(&mut self, params: &[Param], body: &Expr) {
        let mut inner = self.inner("<lambda>".into(), CodeKind::Function);
        inner.with_params(params);
        inner.expr(body);
        inner.emit(Op::Return);
        self.function(params, inner);
    }

    /// `(value for …)`: a function of the first iterator.
    fn generator(&mut self, value: &Expr, fors: &[super::ast::For]) {
        let mut inner = self.inner("<genexpr>".into(), CodeKind::Function);
        let first: Name = ".0".into();
        inner.code.params.push((Arc::clone(&first), ParamKind::Plain));
        inner.code.is_generator = true;
        inner.loops(Comprehension::Generator, value, None, fors, true);
        inner.emit(Op::Const(V::None));
        inner.emit(Op::Return);
        self.function(&[], inner);
        if let Some(first) = fors.first() {
            self.expr(&first.iter);
        }
        self.emit(Op::Iter);
        self.emit(Op::Call(1, Arc::new([])));
    }
}

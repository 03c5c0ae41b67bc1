//! Statements.
//!
//! **Invariant:** whichever way a block is left, what has to be done at its end is done.

use super::{Block, Compiler, Declared, LATER};
use crate::commands::lang::python::ast::{
    Arg, ArgKind, Expr, ExprKind, Handler, Name, Stmt, StmtKind, Trailer,
};
use crate::commands::lang::python::code::{CodeKind, Op};
use crate::commands::lang::python::value::V;
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn statements(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    pub(super) fn statement(&mut self, stmt: &Stmt) {
        self.at = stmt.at;
        match &stmt.kind {
            StmtKind::Expr(value) => {
                self.expr(value);
                self.emit(if self.shows { Op::Show } else { Op::Drop });
            }
            StmtKind::Assign(targets, value) => {
                self.expr(value);
                for (number, target) in targets.iter().enumerate() {
                    if number + 1 < targets.len() {
                        self.emit(Op::Dup);
                    }
                    self.assign(target);
                }
            }
            StmtKind::Update(target, operator, value) => {
                self.update(target, &Op::Update(*operator), value);
            }
            StmtKind::Pass => {}
            StmtKind::Break | StmtKind::Continue => {
                self.leave_loop(matches!(stmt.kind, StmtKind::Break));
            }
            StmtKind::Return(value) => {
                match value {
                    Some(value) => self.expr(value),
                    None => {
                        self.emit(Op::Const(V::None));
                    }
                }
                self.leave_all();
                self.emit(Op::Return);
            }
            StmtKind::Raise(value, cause) => {
                let mut count = 0;
                for part in [value, cause].into_iter().flatten() {
                    self.expr(part);
                    count += 1;
                }
                self.at = stmt.at;
                self.emit(Op::Raise(count));
            }
            StmtKind::Assert(test, text) => self.assert(test, text.as_ref()),
            StmtKind::Delete(all) => {
                for target in all {
                    self.delete(target);
                }
            }
            StmtKind::Global(names) => self.declare(names, Declared::Global),
            StmtKind::Nonlocal(names) => self.declare(names, Declared::Outer),
            StmtKind::Import(all) => self.import(all),
            StmtKind::From(module, names) => self.from(module, names),
            StmtKind::If(branches, other) => self.branches(branches, other),
            StmtKind::While(test, body, other) => self.while_loop(test, body, other),
            StmtKind::For(target, iter, body, other) => {
                self.for_loop(target, iter, body, other);
            }
            StmtKind::Try(body, handlers, other, last) => {
                self.tries(body, handlers, other, last);
            }
            StmtKind::With(items, body) => self.with(items, body),
            StmtKind::Def(def) => self.def(def),
            StmtKind::Class(name, args, body, decorators) => {
                self.class(name, args, body, decorators);
            }
        }
    }

    fn declare(&mut self, names: &[Name], declared: Declared) {
        if self.code.kind == CodeKind::Module {
            return;
        }
        for name in names {
            self.declared.insert(Arc::clone(name), declared);
        }
    }

    fn assert(&mut self, test: &Expr, text: Option<&Expr>) {
        let at = self.at;
        self.expr(test);
        let good = self.emit(Op::JumpIf(LATER));
        self.emit(Op::LoadGlobal("AssertionError".into()));
        if let Some(text) = text {
            self.expr(text);
            self.emit(Op::Call(1, Arc::new([])));
        }
        self.at = at;
        self.emit(Op::Raise(1));
        self.land(good);
    }

    /// Assigns the value on the stack.
    pub(super) fn assign(&mut self, target: &Expr) {
        let before = std::mem::replace(&mut self.at, target.at);
        match &target.kind {
            ExprKind::Name(name) => self.store(name),
            ExprKind::Trailers(base, list) => {
                if let Some(last) = self.place(base, list) {
                    self.emit(match last {
                        Trailer::Attribute(name) => Op::StoreAttribute(Arc::clone(name)),
                        Trailer::Index(_) | Trailer::Call(_) => Op::StoreItem,
                    });
                }
            }
            ExprKind::Tuple(all) | ExprKind::List(all) => {
                let star = all.iter().position(|one| matches!(one.kind, ExprKind::Star(_)));
                self.emit(match star {
                    Some(at) => Op::UnpackStar(at, all.len() - at - 1),
                    None => Op::Unpack(all.len()),
                });
                for one in all {
                    self.assign(one);
                }
            }
            ExprKind::Star(inner) => self.assign(inner),
            _ => {
                self.emit(Op::Drop);
            }
        }
        self.at = before;
    }

    /// The base of an attribute or an element, and the key of the latter.
    fn place<'t>(
        &mut self,
        base: &Expr,
        list: &'t [(Trailer, crate::commands::lang::python::ast::Span)],
    ) -> Option<&'t Trailer> {
        let ((last, at), before) = list.split_last()?;
        let inner = Expr {
            kind: ExprKind::Trailers(Box::new(base.clone()), before.to_vec()),
            at: before.last().map_or(base.at, |(_, at)| *at),
        };
        self.expr(&inner);
        if let Trailer::Index(index) = last {
            self.expr(index);
        }
        self.at = *at;
        Some(last)
    }

    fn update(&mut self, target: &Expr, op: &Op, value: &Expr) {
        let at = self.at;
        match &target.kind {
            ExprKind::Name(name) => {
                self.expr(target);
                self.expr(value);
                self.at = at;
                self.emit(op.clone());
                self.store(name);
            }
            ExprKind::Trailers(base, list) => {
                let Some(last) = self.place(base, list) else { return };
                match last {
                    Trailer::Attribute(name) => {
                        self.emit(Op::Dup);
                        self.emit(Op::Attribute(Arc::clone(name)));
                        self.expr(value);
                        self.at = at;
                        self.emit(op.clone());
                        self.emit(Op::Under);
                        self.emit(Op::StoreAttribute(Arc::clone(name)));
                    }
                    Trailer::Index(_) | Trailer::Call(_) => {
                        self.emit(Op::DupTwo);
                        self.emit(Op::Item);
                        self.expr(value);
                        self.at = at;
                        self.emit(op.clone());
                        self.emit(Op::UnderTwo);
                        self.emit(Op::StoreItem);
                    }
                }
            }
            _ => {}
        }
    }

    fn delete(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                if !self.declared.contains_key(name) {
                    self.code.locals.insert(Arc::clone(name));
                }
                self.emit(Op::Delete(Arc::clone(name)));
            }
            ExprKind::Trailers(base, list) => {
                if let Some(last) = self.place(base, list) {
                    self.emit(match last {
                        Trailer::Attribute(name) => Op::DeleteAttribute(Arc::clone(name)),
                        Trailer::Index(_) | Trailer::Call(_) => Op::DeleteItem,
                    });
                }
            }
            ExprKind::Tuple(all) | ExprKind::List(all) => {
                for one in all {
                    self.delete(one);
                }
            }
            _ => {}
        }
    }

    fn import(&mut self, all: &[(Name, Option<Name>)]) {
        for (module, other) in all {
            self.emit(Op::Import(Arc::clone(module), other.is_some()));
            match other {
                Some(name) => self.store(name),
                None => {
                    let first = module.split('.').next().unwrap_or(module);
                    self.store(&first.into());
                }
            }
        }
    }

    fn from(&mut self, module: &Name, names: &[(Name, Option<Name>)]) {
        self.emit(Op::Import(Arc::clone(module), true));
        for (name, other) in names {
            if &**name == "*" {
                self.emit(Op::ImportAll);
                return;
            }
            self.emit(Op::Dup);
            self.emit(Op::ImportFrom(Arc::clone(name)));
            self.store(other.as_ref().unwrap_or(name));
        }
        self.emit(Op::Drop);
    }

    fn branches(&mut self, branches: &[(Expr, Vec<Stmt>)], other: &[Stmt]) {
        let mut outs = Vec::new();
        for (test, body) in branches {
            self.expr(test);
            let next = self.emit(Op::JumpUnless(LATER));
            self.statements(body);
            outs.push(self.emit(Op::Jump(LATER)));
            self.land(next);
        }
        self.statements(other);
        for out in outs {
            self.land(out);
        }
    }

    fn end_loop(&mut self) {
        if let Some(Block::Loop { breaks, .. }) = self.blocks.pop() {
            for jump in breaks {
                self.land(jump);
            }
        }
    }

    fn while_loop(&mut self, test: &Expr, body: &[Stmt], other: &[Stmt]) {
        let again = self.here();
        self.expr(test);
        let out = self.emit(Op::JumpUnless(LATER));
        self.blocks.push(Block::Loop { breaks: Vec::new(), again });
        self.statements(body);
        self.emit(Op::Jump(again));
        self.land(out);
        let ended = self.blocks.pop();
        self.statements(other);
        self.blocks.extend(ended);
        self.end_loop();
    }

    fn for_loop(&mut self, target: &Expr, iter: &Expr, body: &[Stmt], other: &[Stmt]) {
        self.expr(iter);
        self.at = iter.at;
        self.emit(Op::Iter);
        self.depth += 1;
        let again = self.emit(Op::Next(LATER));
        self.assign(target);
        self.blocks.push(Block::Loop { breaks: Vec::new(), again });
        self.blocks.push(Block::Iterator);
        self.statements(body);
        self.blocks.pop();
        self.emit(Op::Jump(again));
        self.land(again);
        self.depth -= 1;
        let ended = self.blocks.pop();
        self.statements(other);
        self.blocks.extend(ended);
        self.end_loop();
    }

    /// Emits what one block does at its end. A value of `return` may be on top.
    fn leave(&mut self, block: &Block, value: bool) {
        match block {
            Block::Loop { .. } => {}
            Block::Iterator | Block::Value => {
                if value {
                    self.emit(Op::Under);
                }
                self.emit(Op::Drop);
            }
            Block::Finally(body) => {
                // A value on the stack is one more for whatever is guarded inside.
                self.depth += usize::from(value);
                self.statements(body);
                self.depth -= usize::from(value);
            }
            Block::With => {
                if value {
                    self.emit(Op::Under);
                }
                self.emit(Op::Const(V::None));
                self.emit(Op::Under);
                self.emit(Op::Exit);
                self.emit(Op::Drop);
            }
            Block::Handling => {
                self.emit(Op::Handled);
            }
        }
    }

    fn leave_all(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        for (number, block) in blocks.iter().enumerate().rev() {
            // Inside, only the blocks further out are still there.
            self.blocks = blocks.get(..number).unwrap_or_default().to_vec();
            self.leave(block, true);
        }
        self.blocks = blocks;
    }

    fn leave_loop(&mut self, breaks: bool) {
        let blocks = std::mem::take(&mut self.blocks);
        let inner = blocks.iter().rposition(|block| matches!(block, Block::Loop { .. }));
        let Some(inner) = inner else {
            self.blocks = blocks;
            return;
        };
        for (number, block) in blocks.iter().enumerate().skip(inner + 1).rev() {
            // The iterator stays for the next turn.
            if !breaks && number == inner + 1 && matches!(block, Block::Iterator) {
                continue;
            }
            self.blocks = blocks.get(..number).unwrap_or_default().to_vec();
            self.leave(block, false);
        }
        self.blocks = blocks;
        let jump = self.emit(Op::Jump(LATER));
        let mut again = None;
        if let Some(Block::Loop { breaks: jumps, again: place }) = self.blocks.get_mut(inner) {
            if breaks {
                jumps.push(jump);
            } else {
                again = Some(*place);
            }
        }
        if let Some(again) = again {
            self.aim(jump, again);
        }
    }

    fn tries(&mut self, body: &[Stmt], handlers: &[Handler], other: &[Stmt], last: &[Stmt]) {
        if last.is_empty() {
            return self.excepts(body, handlers, other);
        }
        let start = self.here();
        self.blocks.push(Block::Finally(last.to_vec()));
        self.excepts(body, handlers, other);
        self.blocks.pop();
        let guarded = self.here();
        self.statements(last);
        let over = self.emit(Op::Jump(LATER));
        let target = self.here();
        // The guard ends before the block at the end.
        self.guard(start, guarded, target);
        self.emit(Op::Handling);
        self.depth += 1;
        self.handling += 1;
        self.blocks.extend([Block::Value, Block::Handling]);
        self.statements(last);
        self.blocks.truncate(self.blocks.len() - 2);
        self.handling -= 1;
        self.depth -= 1;
        self.emit(Op::Handled);
        self.emit(Op::Again);
        self.land(over);
    }

    fn excepts(&mut self, body: &[Stmt], handlers: &[Handler], other: &[Stmt]) {
        let start = self.here();
        self.statements(body);
        if handlers.is_empty() {
            return self.statements(other);
        }
        let end = self.here();
        let skip = self.emit(Op::Jump(LATER));
        let target = self.here();
        self.guard(start, end, target);
        self.emit(Op::Handling);
        self.depth += 1;
        self.handling += 1;
        self.blocks.extend([Block::Value, Block::Handling]);
        let mut outs = Vec::new();
        for handler in handlers {
            let next = handler.kind.as_ref().map(|kind| {
                self.emit(Op::Dup);
                self.expr(kind);
                self.emit(Op::Matches);
                self.emit(Op::JumpUnless(LATER))
            });
            if let Some(name) = &handler.name {
                self.emit(Op::Dup);
                self.store(name);
            }
            self.statements(&handler.body);
            self.emit(Op::Handled);
            self.emit(Op::Drop);
            outs.push(self.emit(Op::Jump(LATER)));
            if let Some(next) = next {
                self.land(next);
            }
        }
        self.blocks.truncate(self.blocks.len() - 2);
        self.handling -= 1;
        self.depth -= 1;
        self.emit(Op::Handled);
        self.emit(Op::Again);
        self.land(skip);
        self.statements(other);
        for out in outs {
            self.land(out);
        }
    }

    fn with(&mut self, items: &[(Expr, Option<Expr>)], body: &[Stmt]) {
        let Some(((context, target), rest)) = items.split_first() else {
            return self.statements(body);
        };
        self.expr(context);
        self.at = context.at;
        // The manager stays below what it gives.
        self.emit(Op::Enter);
        self.depth += 1;
        let start = self.here();
        match target {
            Some(target) => self.assign(target),
            None => {
                self.emit(Op::Drop);
            }
        }
        self.blocks.push(Block::With);
        self.with(rest, body);
        self.blocks.pop();
        let end = self.here();
        self.leave(&Block::With, false);
        let over = self.emit(Op::Jump(LATER));
        let target = self.here();
        self.guard(start, end, target);
        // The exception is above the manager; `__exit__` may say that it is nothing.
        self.emit(Op::Handling);
        self.handling += 1;
        self.emit(Op::Dup);
        self.emit(Op::UnderTwo);
        self.emit(Op::Under);
        self.emit(Op::Exit);
        self.handling -= 1;
        self.depth -= 1;
        self.emit(Op::Handled);
        let swallowed = self.emit(Op::JumpIf(LATER));
        self.emit(Op::Again);
        self.land(swallowed);
        self.emit(Op::Drop);
        self.land(over);
    }

    fn class(&mut self, name: &Name, args: &[Arg], body: &[Stmt], decorators: &[Expr]) {
        for decorator in decorators {
            self.expr(decorator);
        }
        let mut count = 0;
        for arg in args {
            if arg.kind == ArgKind::Plain {
                self.expr(&arg.value);
                count += 1;
            }
        }
        let mut inner = self.inner(Arc::clone(name), CodeKind::Class);
        inner.code.doc = inner.doc(body);
        inner.statements(body);
        inner.emit(Op::ClassDone);
        inner.emit(Op::Return);
        let code = Arc::new(inner.code);
        self.emit(Op::Class(code, count));
        for _ in decorators {
            self.emit(Op::Call(1, Arc::new([])));
        }
        self.store(name);
    }
}

//! Expressions.
//!
//! **Invariant:** every expression leaves one value.

use super::{Compiler, LATER};
use crate::commands::lang::python::ast::{
    Arg, ArgKind, Binary, Comprehension, Expr, ExprKind, For, Name, Piece, Span, Trailer,
};
use crate::commands::lang::python::code::Op;
use crate::commands::lang::python::value::V;
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) {
        let before = std::mem::replace(&mut self.at, expr.at);
        self.expr_at(expr);
        self.at = before;
    }

    fn expr_at(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::None => self.constant(V::None),
            ExprKind::True => self.constant(V::Bool(true)),
            ExprKind::False => self.constant(V::Bool(false)),
            ExprKind::Ellipsis => self.constant(V::Ellipsis),
            ExprKind::Int(value) => self.constant(V::big(value.clone())),
            ExprKind::Float(value) => self.constant(V::Float(*value)),
            ExprKind::Text(text) => {
                let text = self.text(text);
                self.constant(text);
            }
            ExprKind::Bytes(bytes) => {
                let bytes = V::Bytes(self.meter.text(bytes.clone()));
                self.constant(bytes);
            }
            ExprKind::Format(pieces) => self.format(pieces),
            ExprKind::Name(name) => self.load(name),
            ExprKind::Tuple(all) => self.display(all, Op::Tuple(all.len()), Some(Op::ToTuple)),
            ExprKind::List(all) => self.display(all, Op::List(all.len()), None),
            ExprKind::Set(all) => self.display(all, Op::Set(all.len()), Some(Op::ToSet)),
            ExprKind::Dict(pairs) => self.dict(pairs),
            ExprKind::Comprehension(Comprehension::Generator, value, _, fors) => {
                self.generator(value, fors);
            }
            ExprKind::Comprehension(kind, value, second, fors) => {
                self.comprehension(*kind, value, second.as_deref(), fors);
            }
            ExprKind::Binary(first, rest) => self.binary(first, rest),
            ExprKind::Unary(unary, inner) => {
                self.expr(inner);
                self.emit(Op::Unary(*unary));
            }
            ExprKind::Compare(first, rest) => self.compare(first, rest),
            ExprKind::All(all) => self.chain(all, Op::KeepUnless(LATER)),
            ExprKind::Any(all) => self.chain(all, Op::KeepIf(LATER)),
            ExprKind::Choice(test, yes, no) => {
                self.expr(test);
                let other = self.emit(Op::JumpUnless(LATER));
                self.expr(yes);
                let over = self.emit(Op::Jump(LATER));
                self.land(other);
                self.expr(no);
                self.land(over);
            }
            ExprKind::Lambda(params, body) => self.lambda(params, body),
            ExprKind::Trailers(base, list) => {
                self.expr(base);
                for (trailer, at) in list {
                    self.trailer(trailer, *at);
                }
            }
            ExprKind::Slice(from, to, step) => {
                for part in [from, to, step] {
                    match part {
                        Some(part) => self.expr(part),
                        None => self.constant(V::None),
                    }
                }
                self.emit(Op::Slice);
            }
            ExprKind::Star(inner) => self.expr(inner),
            ExprKind::Walrus(name, value) => {
                self.expr(value);
                self.emit(Op::Dup);
                self.store(name);
            }
            ExprKind::Yield(value) => {
                match value {
                    Some(value) => self.expr(value),
                    None => self.constant(V::None),
                }
                self.emit(Op::Yield);
            }
            ExprKind::YieldFrom(value) => self.yield_from(value),
        }
    }

    fn constant(&mut self, value: V) {
        self.emit(Op::Const(value));
    }

    /// All values one after the other; what is sent in is not passed on.
    fn yield_from(&mut self, value: &Expr) {
        self.expr(value);
        self.emit(Op::Iter);
        let again = self.emit(Op::Next(LATER));
        self.emit(Op::Yield);
        self.emit(Op::Drop);
        self.emit(Op::Jump(again));
        self.land(again);
        self.constant(V::None);
    }

    fn format(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let text = self.text(text);
                    self.constant(text);
                }
                Piece::Value(value, convert, format) => {
                    self.expr(value);
                    if let Some(format) = format {
                        self.format(format);
                    }
                    self.emit(Op::Format(*convert, format.is_some()));
                }
            }
        }
        self.emit(Op::Join(pieces.len()));
    }

    /// Values side by side; with a star among them a list is made first.
    fn display(&mut self, all: &[Expr], plain: Op, last: Option<Op>) {
        let is_star = |one: &Expr| matches!(one.kind, ExprKind::Star(_));
        if !all.iter().any(is_star) {
            for one in all {
                self.expr(one);
            }
            self.emit(plain);
            return;
        }
        self.emit(Op::List(0));
        for one in all {
            self.expr(one);
            self.emit(if is_star(one) { Op::Extend } else { Op::Append(1) });
        }
        if let Some(last) = last {
            self.emit(last);
        }
    }

    fn dict(&mut self, pairs: &[(Option<Expr>, Expr)]) {
        self.emit(Op::Dict(0));
        for (key, value) in pairs {
            match key {
                Some(key) => {
                    self.expr(key);
                    self.expr(value);
                    self.emit(Op::InsertPair(1));
                }
                None => {
                    self.expr(value);
                    self.emit(Op::Merge);
                }
            }
        }
    }

    fn comprehension(
        &mut self,
        kind: Comprehension,
        value: &Expr,
        second: Option<&Expr>,
        fors: &[For],
    ) {
        self.emit(match kind {
            Comprehension::Set => Op::Set(0),
            Comprehension::Dict => Op::Dict(0),
            Comprehension::List | Comprehension::Generator => Op::List(0),
        });
        self.emit(Op::PushScope);
        self.scopes += 1;
        self.loops(kind, value, second, fors, false);
        self.scopes -= 1;
        self.emit(Op::PopScope);
    }

    /// The loops of a comprehension. A generator's first iterator is its argument.
    pub(super) fn loops(
        &mut self,
        kind: Comprehension,
        value: &Expr,
        second: Option<&Expr>,
        fors: &[For],
        given: bool,
    ) {
        let mut ends = Vec::new();
        for (number, one) in fors.iter().enumerate() {
            if given && number == 0 {
                let name: Name = ".0".into();
                self.emit(Op::Load(name));
            } else {
                self.expr(&one.iter);
                self.emit(Op::Iter);
            }
            self.depth += 1;
            let next = self.emit(Op::Next(LATER));
            self.assign(&one.target);
            for test in &one.tests {
                self.expr(test);
                self.emit(Op::JumpUnless(next));
            }
            ends.push(next);
        }
        let below = fors.len() + 1;
        self.expr(value);
        if let Some(second) = second {
            self.expr(second);
        }
        match kind {
            Comprehension::List => self.emit(Op::Append(below)),
            Comprehension::Set => self.emit(Op::Insert(below)),
            Comprehension::Dict => self.emit(Op::InsertPair(below)),
            Comprehension::Generator => {
                self.emit(Op::Yield);
                self.emit(Op::Drop)
            }
        };
        for next in ends.into_iter().rev() {
            self.emit(Op::Jump(next));
            self.land(next);
            self.depth -= 1;
        }
    }

    fn binary(&mut self, first: &Expr, rest: &[(Binary, Expr)]) {
        self.expr(first);
        let (start, mut end) = (first.at, first.at.end);
        for (operator, right) in rest {
            self.expr(right);
            self.at = Span { end: right.at.end, last: right.at.last, ..start };
            let anchor = (start.line == right.at.last).then_some((end, right.at.start));
            self.mark(Op::Binary(*operator), anchor);
            end = right.at.end;
        }
    }

    fn compare(&mut self, first: &Expr, rest: &[(super::super::ast::Compare, Expr)]) {
        self.expr(first);
        let mut outs = Vec::new();
        for (number, (compare, right)) in rest.iter().enumerate() {
            self.expr(right);
            if number + 1 < rest.len() {
                self.emit(Op::Dup);
                self.emit(Op::UnderTwo);
                self.emit(Op::Compare(*compare));
                outs.push(self.emit(Op::KeepUnless(LATER)));
            } else {
                self.emit(Op::Compare(*compare));
            }
        }
        if outs.is_empty() {
            return;
        }
        let over = self.emit(Op::Jump(LATER));
        for out in outs {
            self.land(out);
        }
        // The right value of the comparison that failed is below the answer.
        self.emit(Op::Under);
        self.emit(Op::Drop);
        self.land(over);
    }

    fn chain(&mut self, all: &[Expr], keep: Op) {
        let mut outs = Vec::new();
        for (number, one) in all.iter().enumerate() {
            self.expr(one);
            if number + 1 < all.len() {
                outs.push(self.emit(keep.clone()));
            }
        }
        for out in outs {
            self.land(out);
        }
    }

    fn trailer(&mut self, trailer: &Trailer, at: Span) {
        self.at = at;
        match trailer {
            Trailer::Attribute(name) => {
                self.emit(Op::Attribute(Arc::clone(name)));
            }
            Trailer::Index(index) => {
                self.expr(index);
                let anchor = (at.line == at.last).then_some((index.at.start.saturating_sub(1), at.end));
                self.mark(Op::Item, anchor);
            }
            Trailer::Call(args) => self.call(args),
        }
    }

    /// A call of what is on the stack.
    pub(super) fn call(&mut self, args: &[Arg]) {
        let at = self.at;
        let simple = |arg: &Arg| matches!(arg.kind, ArgKind::Plain | ArgKind::Named(_));
        if args.iter().all(simple) {
            let mut names = Vec::new();
            for arg in args {
                self.expr(&arg.value);
                if let ArgKind::Named(name) = &arg.kind {
                    names.push(Arc::clone(name));
                }
            }
            self.at = at;
            self.emit(Op::Call(args.len(), names.into()));
            return;
        }
        self.emit(Op::List(0));
        for arg in args {
            match &arg.kind {
                ArgKind::Plain => {
                    self.expr(&arg.value);
                    self.emit(Op::Append(1));
                }
                ArgKind::Star => {
                    self.expr(&arg.value);
                    self.emit(Op::Extend);
                }
                ArgKind::Named(_) | ArgKind::Stars => {}
            }
        }
        self.emit(Op::Dict(0));
        for arg in args {
            match &arg.kind {
                ArgKind::Named(name) => {
                    let name = self.text(name);
                    self.emit(Op::Const(name));
                    self.expr(&arg.value);
                    self.emit(Op::InsertPair(1));
                }
                ArgKind::Stars => {
                    self.expr(&arg.value);
                    self.emit(Op::Merge);
                }
                ArgKind::Plain | ArgKind::Star => {}
            }
        }
        self.at = at;
        self.emit(Op::CallAll);
    }
}

//! The loop of steps.
//!
//! **Invariant:** a step that raises leaves the stack to the guard that takes the exception.

use super::{After, Answer, Flow, Frame, SLICE, STEP, Thrown, Vm};
use crate::commands::lang::heap::Id;
use crate::commands::lang::python::ast::{Binary, Name};
use crate::commands::lang::python::code::{Code, CodeKind, Op};
use crate::commands::lang::python::dict::Dict;
use crate::commands::lang::python::native::Args;
use crate::commands::lang::python::value::{Class, Function, Obj, Scope, V};
use crate::kernel::Proc;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Vm {
    /// Begins to run code in that scope.
    pub(in crate::commands::lang::python) fn begin(&mut self, code: Arc<Code>, scope: Id, after: After) {
        self.serial += 1;
        let handling = self.handling.len();
        self.frames.push(Frame {
            code,
            at: 0,
            stack: Vec::new(),
            scopes: vec![scope],
            globals: scope,
            function: None,
            handling,
            after,
            serial: self.serial,
        });
    }

    pub(super) fn push_frame(
        &mut self,
        code: Arc<Code>,
        scope: Id,
        globals: Id,
        function: Option<Id>,
        after: After,
    ) {
        self.begin(code, scope, after);
        if let Some(frame) = self.frames.last_mut() {
            (frame.globals, frame.function) = (globals, function);
        }
    }

    /// Steps until something has to be waited for, all is done, or the slice is over.
    pub(in crate::commands::lang::python) fn steps(&mut self, p: &mut Proc) -> Flow {
        self.work = 0;
        while self.work < SLICE {
            if let Some(ended) = self.ended.take() {
                return Flow::Ended(ended);
            }
            if let Some((effect, _)) = &self.pending {
                return Flow::Wait(effect.clone());
            }
            self.work += STEP;
            let stepped = if self.tidy() { self.one(p) } else { Err(self.memory_error()) };
            if let Err(thrown) = stepped {
                self.unwind(thrown);
            }
        }
        Flow::On
    }

    /// What was waited for has come.
    pub(in crate::commands::lang::python) fn resume(&mut self, value: Answer<V>) {
        let Some((_, after)) = self.pending.take() else { return };
        let done = match value {
            Ok(value) => self.finish(value, after),
            Err(thrown) => Err(thrown),
        };
        if let Err(thrown) = done {
            self.unwind(thrown);
        }
    }

    /// What was waited for has ended in an exception.
    pub(in crate::commands::lang::python) fn fail(&mut self, thrown: Thrown) {
        self.pending = None;
        self.unwind(thrown);
    }

    pub(super) fn push(&mut self, value: V) {
        match self.frames.last_mut() {
            Some(frame) => frame.stack.push(value),
            None => self.ended = Some(Ok(value)),
        }
    }

    pub(super) fn pop(&mut self) -> V {
        self.frames.last_mut().and_then(|frame| frame.stack.pop()).unwrap_or(V::None)
    }

    /// Takes a value for what is not a step.
    pub(in crate::commands::lang::python) fn taken(&mut self) -> V {
        self.pop()
    }

    pub(super) fn top(&self, below: usize) -> V {
        let stack = self.frames.last().map_or(&[][..], |frame| &frame.stack);
        stack.len().checked_sub(below + 1).and_then(|at| stack.get(at)).cloned().unwrap_or(V::None)
    }

    pub(super) fn pop_many(&mut self, count: usize) -> Vec<V> {
        let Some(frame) = self.frames.last_mut() else { return Vec::new() };
        let from = frame.stack.len().saturating_sub(count);
        frame.stack.split_off(from)
    }

    pub(super) fn jump(&mut self, to: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at = to;
        }
    }

    /// The scope that is written to.
    pub(super) fn inner_scope(&self) -> Id {
        self.frames.last().and_then(|frame| frame.scopes.last().copied()).unwrap_or(self.main)
    }

    pub(super) fn globals(&self) -> Id {
        self.frames.last().map_or(self.main, |frame| frame.globals)
    }

    fn one(&mut self, p: &mut Proc) -> Answer<()> {
        let Some(frame) = self.frames.last_mut() else {
            self.ended = Some(Ok(V::None));
            return Ok(());
        };
        let code = Arc::clone(&frame.code);
        let at = frame.at;
        frame.at += 1;
        let Some(op) = code.ops.get(at) else {
            self.push(V::None);
            return self.give_back();
        };
        self.step(p, op)
    }

    fn step(&mut self, p: &mut Proc, op: &Op) -> Answer<()> {
        match op {
            Op::Const(value) => self.push(value.clone()),
            Op::Load(name) => {
                let value = self.load(name)?;
                self.push(value);
            }
            Op::LoadGlobal(name) => {
                let value = self.load_global(name)?;
                self.push(value);
            }
            Op::Store(name) => {
                let value = self.pop();
                self.set_name(self.inner_scope(), Arc::clone(name), value);
            }
            Op::StoreGlobal(name) => {
                let value = self.pop();
                self.set_name(self.globals(), Arc::clone(name), value);
            }
            Op::StoreOuter(name) => {
                let value = self.pop();
                self.store_outer(name, value);
            }
            Op::Delete(name) => self.delete_name(name)?,
            Op::Drop => {
                self.pop();
            }
            Op::Dup => {
                let value = self.top(0);
                self.push(value);
            }
            Op::DupTwo => {
                let (a, b) = (self.top(1), self.top(0));
                self.push(a);
                self.push(b);
            }
            Op::Under => {
                let (b, a) = (self.pop(), self.pop());
                self.push(b);
                self.push(a);
            }
            Op::UnderTwo => {
                let (c, b, a) = (self.pop(), self.pop(), self.pop());
                self.push(c);
                self.push(a);
                self.push(b);
            }
            Op::Jump(to) => self.jump(*to),
            Op::JumpIf(to) | Op::JumpUnless(to) | Op::KeepIf(to) | Op::KeepUnless(to) => {
                self.branch(p, op, *to)?;
            }
            Op::Call(count, names) => {
                let values = self.pop_many(*count);
                let callee = self.pop();
                let plain = count - names.len();
                let mut args = Args::of(values);
                let named = args.plain.split_off(plain.min(args.plain.len()));
                args.named = names.iter().cloned().zip(named).collect();
                self.call(p, callee, args, After::Push)?;
            }
            Op::CallAll => self.call_all(p)?,
            Op::Return => self.give_back()?,
            Op::Iter => {
                let value = self.pop();
                self.iter(p, value)?;
            }
            Op::Next(end) => self.next(p, Some(*end))?,
            Op::Yield => self.yields(),
            Op::Raise(count) => return self.raise(p, *count),
            Op::Again => {
                if let V::Obj(id) = self.pop() {
                    return Err(Thrown(id));
                }
            }
            Op::Matches => self.matches()?,
            Op::Handling => {
                if let V::Obj(id) = self.top(0) {
                    self.handling.push(id);
                }
            }
            Op::Handled => {
                self.handling.pop();
            }
            Op::PushScope => {
                let outer = Some(self.inner_scope());
                let id = self.heap.add(Obj::Scope(Scope { outer, ..Scope::default() }));
                if let Some(frame) = self.frames.last_mut() {
                    frame.scopes.push(id);
                }
            }
            Op::PopScope => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.scopes.pop();
                }
            }
            Op::Import(name, whole) => self.import(name, *whole)?,
            Op::ImportFrom(name) => self.import_from(name)?,
            Op::ImportAll => self.import_all(),
            Op::Function(code, count, named) => self.make_function(code, *count, named),
            Op::Class(code, count) => self.begin_class(code, *count)?,
            Op::ClassDone => self.class_done(),
            Op::Enter => self.enter(p)?,
            Op::Exit => self.exit(p)?,
            Op::Show => {
                let value = self.pop();
                if !matches!(value, V::None) {
                    self.call_repr(p, value, After::Show)?;
                }
            }
            op => self.with_values(p, op)?,
        }
        Ok(())
    }

    /// Steps that make, read or change values.
    fn with_values(&mut self, p: &mut Proc, op: &Op) -> Answer<()> {
        match op {
            Op::List(count) => {
                let all = self.pop_many(*count);
                let list = self.list(all);
                self.push(list);
            }
            Op::Tuple(count) => {
                let all = self.pop_many(*count);
                let tuple = self.tuple(all);
                self.push(tuple);
            }
            Op::Set(count) => {
                let all = self.pop_many(*count);
                let set = self.set_of(all, false)?;
                self.push(set);
            }
            Op::Dict(count) => {
                let all = self.pop_many(count * 2);
                let mut dict = Dict::default();
                for pair in all.chunks_exact(2) {
                    if let [key, value] = pair {
                        dict.set(self.key(key)?, key.clone(), value.clone());
                    }
                }
                let dict = self.add(Obj::Dict(dict));
                self.push(dict);
            }
            Op::Append(below) => {
                let value = self.pop();
                let list = self.top(below - 1);
                self.heap.grow(32);
                if let Some(Obj::List(all)) = self.obj_mut(&list) {
                    all.push(value);
                }
            }
            Op::Insert(below) => {
                let value = self.pop();
                let key = self.key(&value)?;
                let set = self.top(below - 1);
                self.heap.grow(160);
                if let Some(Obj::Set(all, _)) = self.obj_mut(&set) {
                    all.set(key, value, V::None);
                }
            }
            Op::InsertPair(below) => {
                let (value, shown) = (self.pop(), self.pop());
                let key = self.key(&shown)?;
                let dict = self.top(below - 1);
                self.heap.grow(160);
                if let Some(Obj::Dict(all)) = self.obj_mut(&dict) {
                    all.set(key, shown, value);
                }
            }
            Op::Extend => {
                let more = self.pop();
                let list = self.top(0);
                self.extend_by(p, &list, more)?;
            }
            Op::Merge => {
                let more = self.pop();
                let dict = self.top(0);
                self.merge(&dict, &more)?;
            }
            Op::ToTuple | Op::ToSet => {
                let list = self.pop();
                let all = self.sequence(&list).unwrap_or_default().to_vec();
                let made = if matches!(op, Op::ToTuple) {
                    self.tuple(all)
                } else {
                    self.set_of(all, false)?
                };
                self.push(made);
            }
            Op::Unpack(count) => self.unpack(p, *count, None)?,
            Op::UnpackStar(before, behind) => self.unpack(p, *before, Some(*behind))?,
            Op::Binary(binary) => {
                let (b, a) = (self.pop(), self.pop());
                self.binary(p, *binary, a, b, false)?;
            }
            Op::Update(binary) => {
                let (b, a) = (self.pop(), self.pop());
                self.binary(p, *binary, a, b, true)?;
            }
            Op::Unary(unary) => {
                let value = self.pop();
                self.unary(p, *unary, value)?;
            }
            Op::Compare(compare) => {
                let (b, a) = (self.pop(), self.pop());
                self.compare_op(p, *compare, a, b)?;
            }
            Op::Attribute(name) => {
                let value = self.pop();
                self.attribute_op(p, value, name)?;
            }
            Op::StoreAttribute(name) => {
                let (target, value) = (self.pop(), self.pop());
                self.set_attribute(p, &target, name, value)?;
            }
            Op::DeleteAttribute(name) => {
                let target = self.pop();
                self.delete_attribute(&target, name)?;
            }
            Op::Item => {
                let (key, target) = (self.pop(), self.pop());
                self.item(p, target, key)?;
            }
            Op::StoreItem => {
                let (key, target, value) = (self.pop(), self.pop(), self.pop());
                self.set_item(p, target, key, value)?;
            }
            Op::DeleteItem => {
                let (key, target) = (self.pop(), self.pop());
                self.delete_item(p, target, key)?;
            }
            Op::Slice => {
                let (step, to, from) = (self.pop(), self.pop(), self.pop());
                let slice = self.add(Obj::Slice(from, to, step));
                self.push(slice);
            }
            Op::Format(convert, format) => self.format_op(p, *convert, *format)?,
            Op::Join(count) => {
                let all = self.pop_many(*count);
                let mut text = Vec::new();
                for part in all {
                    if let V::Str(part) = part {
                        text.extend_from_slice(&part);
                    }
                }
                let text = V::Str(self.meter.text(text));
                self.push(text);
            }
            _ => {}
        }
        Ok(())
    }

    fn branch(&mut self, p: &mut Proc, op: &Op, to: usize) -> Answer<()> {
        let value = self.top(0);
        if let Some(method) = self.truth_method(&value) {
            // The answer is looked at by the same step again.
            if let Some(frame) = self.frames.last_mut() {
                frame.at -= 1;
            }
            self.pop();
            let keeps = matches!(op, Op::KeepIf(_) | Op::KeepUnless(_));
            if keeps {
                // What is kept is the value and not its truth: such objects count as true.
                self.push(V::Bool(true));
                return Ok(());
            }
            return self.call(p, method, Args::default(), After::Truth(true));
        }
        let truth = self.truth(&value);
        let wanted = matches!(op, Op::JumpIf(_) | Op::KeepIf(_));
        let keeps = matches!(op, Op::KeepIf(_) | Op::KeepUnless(_));
        if truth == wanted {
            self.jump(to);
            if !keeps {
                self.pop();
            }
        } else {
            self.pop();
        }
        Ok(())
    }

    /// A name, wherever it is: in the call, in what is around it, in the module, in the builtins.
    fn load(&mut self, name: &Name) -> Answer<V> {
        let mut next = Some(self.inner_scope());
        let mut first = true;
        while let Some(id) = next {
            let Some(Obj::Scope(scope)) = self.heap.get(id) else { break };
            if first || !scope.is_class {
                if let Some(value) = scope.names.get(name) {
                    return Ok(value.clone());
                }
                if let Some(code) = &scope.code
                    && code.kind == CodeKind::Function
                    && code.locals.contains(name)
                {
                    let text = if first {
                        format!("cannot access local variable '{name}' where it is not associated with a value")
                    } else {
                        format!("cannot access free variable '{name}' where it is not associated with a value in enclosing scope")
                    };
                    let class = if first { "UnboundLocalError" } else { "NameError" };
                    return Err(self.error(class, &text));
                }
            }
            // The scope of a comprehension is as good as the one around it.
            first = first && scope.code.is_none() && !scope.is_class && scope.outer.is_some();
            next = scope.outer;
        }
        self.load_global(name)
    }

    fn load_global(&mut self, name: &Name) -> Answer<V> {
        let found = self.name_in(self.globals(), name);
        match found.or_else(|| self.name_in(self.builtins, name)) {
            Some(value) => Ok(value),
            None => Err(self.name_error(name)),
        }
    }

    fn store_outer(&mut self, name: &Name, value: V) {
        let mut next = match self.heap.get(self.inner_scope()) {
            Some(Obj::Scope(scope)) => scope.outer,
            _ => None,
        };
        while let Some(id) = next {
            let Some(Obj::Scope(scope)) = self.heap.get_mut(id) else { return };
            let is_own = scope.code.as_ref().is_some_and(|code| code.locals.contains(name));
            if scope.names.contains_key(name) || is_own {
                scope.names.insert(Arc::clone(name), value);
                return;
            }
            next = scope.outer;
        }
    }

    fn delete_name(&mut self, name: &Name) -> Answer<()> {
        let id = self.inner_scope();
        let removed = self.scope(id).and_then(|scope| scope.names.remove(name));
        match removed {
            Some(_) => Ok(()),
            None => Err(self.name_error(name)),
        }
    }

    fn make_function(&mut self, code: &Arc<Code>, count: usize, named: &[Name]) {
        let values = self.pop_many(named.len());
        let named: BTreeMap<Name, V> = named.iter().cloned().zip(values).collect();
        let defaults = self.pop_many(count);
        let (scope, globals) = (self.inner_scope(), self.globals());
        let function = Function {
            code: Arc::clone(code),
            defaults,
            named,
            scope,
            globals,
            owner: None,
            attributes: BTreeMap::new(),
        };
        let function = self.add(Obj::Function(function));
        self.push(function);
    }

    fn begin_class(&mut self, code: &Arc<Code>, count: usize) -> Answer<()> {
        let bases = self.pop_many(count);
        let bases = self.tuple(bases);
        let outer = Some(self.inner_scope());
        let names = BTreeMap::from([(Name::from("__bases__"), bases)]);
        let scope = Scope { names, outer, is_class: true, code: Some(Arc::clone(code)) };
        let scope = self.heap.add(Obj::Scope(scope));
        let globals = self.globals();
        self.check_depth()?;
        self.push_frame(Arc::clone(code), scope, globals, None, After::Push);
        Ok(())
    }

    /// The names of the body that has run become a class.
    fn class_done(&mut self) {
        let scope = self.inner_scope();
        let mut names =
            self.scope(scope).map(|scope| std::mem::take(&mut scope.names)).unwrap_or_default();
        let bases = names.remove("__bases__").unwrap_or(V::None);
        let bases: Vec<V> = self.sequence(&bases).unwrap_or_default().to_vec();
        let bases: Vec<Id> = bases
            .iter()
            .filter_map(|base| match base {
                V::Obj(id) if matches!(self.heap.get(*id), Some(Obj::Class(_))) => Some(*id),
                _ => None,
            })
            .collect();
        let code = self.frames.last().map(|frame| Arc::clone(&frame.code));
        let name = code.as_ref().map_or_else(|| "?".into(), |code| Arc::clone(&code.name));
        if let Some(doc) = code.and_then(|code| code.doc.clone()) {
            names.entry("__doc__".into()).or_insert(doc);
        }
        let module = match self.name_in(self.globals(), "__name__") {
            Some(V::Str(text)) => Self::text_of(&text).into(),
            _ => "__main__".into(),
        };
        let functions: Vec<Id> = names
            .values()
            .filter_map(|value| match self.obj(value) {
                Some(Obj::Static(V::Obj(id)) | Obj::ClassMethod(V::Obj(id))) => Some(*id),
                Some(Obj::Function(_)) => match value {
                    V::Obj(id) => Some(*id),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let class = self.new_class(name, module, bases, names);
        for function in functions {
            if let Some(Obj::Function(function)) = self.heap.get_mut(function) {
                function.owner.get_or_insert(class);
            }
        }
        self.push(V::Obj(class));
    }

    pub(in crate::commands::lang::python) fn new_class(
        &mut self,
        name: Name,
        module: Name,
        bases: Vec<Id>,
        names: BTreeMap<Name, V>,
    ) -> Id {
        let mut order: Vec<Id> = Vec::new();
        let mut is_exception = false;
        for base in bases.iter().rev() {
            if let Some(Obj::Class(base)) = self.heap.get(*base) {
                is_exception |= base.is_exception;
                for id in base.order.iter().rev() {
                    if !order.contains(id) {
                        order.push(*id);
                    }
                }
            }
        }
        let class = Class { name, module, bases, order: Vec::new(), names, is_exception };
        let id = self.heap.add(Obj::Class(class));
        order.push(id);
        order.reverse();
        order.truncate(200);
        if let Some(Obj::Class(class)) = self.heap.get_mut(id) {
            class.order = order;
        }
        id
    }

    /// Whether an operator may change its left value in place.
    pub(super) fn updates_in_place(&self, binary: Binary, value: &V) -> bool {
        matches!(self.obj(value), Some(Obj::List(_))) && binary == Binary::Add
    }
}

//! Calls: functions, classes, methods, and what is not written in Python.
//!
//! **Invariant:** a call is a frame, or is over at once.

use super::{After, Answer, Frame, Thrown, Vm};
use crate::commands::lang::heap::Id;
use crate::commands::lang::python::ast::{Name, ParamKind};
use crate::commands::lang::python::dict::{Dict, Key};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::types;
use crate::commands::lang::python::value::{Exception, Function, Iter, Obj, Scope, V};
use crate::kernel::Proc;
use decnet_core::limits::SCRIPT_CALLS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What can be called.
enum Callee {
    Native(&'static Native),
    Function(Box<Function>, Id),
    Bound(V, V),
    Class(Id),
    Inner(V),
    Not,
}

impl Vm {
    pub(super) fn check_depth(&mut self) -> Answer<()> {
        if self.frames.len() >= SCRIPT_CALLS {
            let text = "maximum recursion depth exceeded";
            return Err(self.error("RecursionError", text));
        }
        Ok(())
    }

    fn callee(&self, value: &V) -> Callee {
        match value {
            V::Native(native) => Callee::Native(native),
            V::Obj(id) => match self.heap.get(*id) {
                Some(Obj::Function(function)) => Callee::Function(Box::new(function.clone()), *id),
                Some(Obj::Bound(this, function)) => Callee::Bound(this.clone(), function.clone()),
                Some(Obj::Class(_)) => Callee::Class(*id),
                Some(Obj::Static(inner)) => Callee::Inner(inner.clone()),
                Some(Obj::Instance(class, _)) => match self.class_name(*class, "__call__") {
                    Some(method) => Callee::Bound(value.clone(), method),
                    None => Callee::Not,
                },
                _ => Callee::Not,
            },
            _ => Callee::Not,
        }
    }

    /// Calls; what comes back is for whoever `after` says.
    pub(in crate::commands::lang::python) fn call(
        &mut self,
        p: &mut Proc,
        callee: V,
        args: Args,
        after: After,
    ) -> Answer<()> {
        let (mut callee, mut args) = (callee, args);
        // Bound methods, classes and redirected calls lead to others; not for ever.
        for _ in 0..64 {
            if let V::Type(kind) = callee {
                match types::construct(self, kind) {
                    Some(native) => callee = V::Native(native),
                    None => break,
                }
            }
            match self.callee(&callee) {
                Callee::Native(native) => {
                    if native.gathers && self.any_lazy(&args) {
                        let list = self.list(args.plain);
                        let named = self.named_dict(args.named);
                        args = Args::of(vec![V::Native(native), list, named]);
                        callee = self.library("_gathered");
                        continue;
                    }
                    match (native.run)(self, p, args)? {
                        Ret::Value(value) => return self.finish(value, after),
                        Ret::Call(next, more) => (callee, args) = (next, more),
                        Ret::Run(code, scope) => {
                            self.check_depth()?;
                            self.begin(code, scope, after);
                            return Ok(());
                        }
                        Ret::Wait(effect) => {
                            self.pending = Some((effect, after));
                            return Ok(());
                        }
                    }
                }
                Callee::Function(function, id) => return self.enter_function(&function, id, args, after),
                Callee::Bound(this, function) => {
                    args.plain.insert(0, this);
                    callee = function;
                }
                Callee::Inner(inner) => callee = inner,
                Callee::Class(class) => return self.construct(p, class, args, after),
                Callee::Not => break,
            }
        }
        let text = format!("'{}' object is not callable", self.type_name(&callee));
        Err(self.error("TypeError", &text))
    }

    pub(in crate::commands::lang::python) fn named_dict(&mut self, named: Vec<(Name, V)>) -> V {
        let mut dict = Dict::default();
        for (name, value) in named {
            dict.set_text(self.meter.text(&*name), value);
        }
        self.add(Obj::Dict(dict))
    }

    /// A function of the library that every program has.
    pub(in crate::commands::lang::python) fn library(&self, name: &str) -> V {
        self.name_in(self.builtins, name).unwrap_or(V::None)
    }

    fn any_lazy(&self, args: &Args) -> bool {
        args.plain.iter().any(|value| self.is_lazy(value))
    }

    /// Whether its values come from a call, or from a file.
    pub(in crate::commands::lang::python) fn is_lazy(&self, value: &V) -> bool {
        match self.obj(value) {
            Some(Obj::Generator(..) | Obj::File(_)) => true,
            Some(Obj::Iter(Iter::File(_) | Iter::Call(..))) => true,
            Some(Obj::Instance(class, _)) => {
                self.class_name(*class, "__iter__").is_some()
                    || self.class_name(*class, "__next__").is_some()
            }
            _ => false,
        }
    }

    pub(super) fn call_all(&mut self, p: &mut Proc) -> Answer<()> {
        let (named, list, callee) = (self.pop(), self.pop(), self.pop());
        let mut args = Args::of(self.sequence(&list).unwrap_or_default().to_vec());
        if let Some(Obj::Dict(dict)) = self.obj(&named) {
            for (key, value) in dict.iter() {
                if let V::Str(text) = key {
                    args.named.push((Self::text_of(text).into(), value.clone()));
                }
            }
        }
        self.call(p, callee, args, After::Push)
    }

    /// What comes back goes where it belongs.
    pub(in crate::commands::lang::python) fn finish(&mut self, value: V, after: After) -> Answer<()> {
        match after {
            After::Push | After::Next(_) => self.push(value),
            After::Drop => {}
            After::Replace(other) | After::Module(other) => self.push(other),
            After::Truth(wanted) => {
                let truth = self.truth(&value) == wanted;
                self.push(V::Bool(truth));
            }
            After::Generator(..) => self.push(value),
            After::Show => {
                let text = match value {
                    V::Str(text) => text.to_vec(),
                    _ => Vec::new(),
                };
                self.kept.push(V::Str(self.meter.text([text, b"\n".to_vec()].concat())));
            }
        }
        Ok(())
    }

    /// The value on top is returned.
    pub(super) fn give_back(&mut self) -> Answer<()> {
        let value = self.pop();
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.handling.truncate(frame.handling);
        match frame.after {
            After::Generator(id, end) => {
                if let Some(Obj::Generator(_, running)) = self.heap.get_mut(id) {
                    *running = false;
                }
                match end {
                    Some(end) => {
                        self.pop();
                        self.jump(end);
                        Ok(())
                    }
                    None => Err(self.stop_iteration(value)),
                }
            }
            after => self.finish(value, after),
        }
    }

    pub(super) fn stop_iteration(&mut self, value: V) -> Thrown {
        let args = if matches!(value, V::None) { Vec::new() } else { vec![value] };
        self.exception("StopIteration", args)
    }

    /// `yield`: the call is put away until somebody asks again.
    pub(super) fn yields(&mut self) {
        let value = self.pop();
        let Some(mut frame) = self.frames.pop() else { return };
        let After::Generator(id, _) = frame.after else {
            self.frames.push(frame);
            return;
        };
        self.handling.truncate(frame.handling);
        frame.after = After::Drop;
        if let Some(Obj::Generator(place, running)) = self.heap.get_mut(id) {
            (*place, *running) = (Some(Box::new(frame)), false);
        }
        self.push(value);
    }

    /// Lets a generator go on; `sent` is what its `yield` gives.
    pub(super) fn go_on(&mut self, id: Id, end: Option<usize>, sent: Option<V>) -> Answer<()> {
        self.check_depth()?;
        let frame = match self.heap.get_mut(id) {
            Some(Obj::Generator(_, true)) => {
                return Err(self.error("ValueError", "generator already executing"));
            }
            Some(Obj::Generator(frame, running)) => {
                let frame = frame.take();
                *running = frame.is_some();
                frame
            }
            _ => None,
        };
        let Some(mut frame) = frame else {
            return match end {
                Some(end) => {
                    self.pop();
                    self.jump(end);
                    Ok(())
                }
                None => Err(self.stop_iteration(V::None)),
            };
        };
        if frame.at > 0 {
            frame.stack.push(sent.unwrap_or(V::None));
        }
        frame.handling = self.handling.len();
        frame.after = After::Generator(id, end);
        self.frames.push(*frame);
        Ok(())
    }

    fn enter_function(
        &mut self,
        function: &Function,
        id: Id,
        args: Args,
        after: After,
    ) -> Answer<()> {
        self.check_depth()?;
        let names = self.bind(function, args)?;
        let code = Arc::clone(&function.code);
        let scope = Scope {
            names,
            outer: Some(function.scope),
            is_class: false,
            code: Some(Arc::clone(&code)),
        };
        let scope = self.heap.add(Obj::Scope(scope));
        if !code.is_generator {
            self.push_frame(code, scope, function.globals, Some(id), after);
            return Ok(());
        }
        self.serial += 1;
        let frame = Frame {
            code,
            at: 0,
            stack: Vec::new(),
            scopes: vec![scope],
            globals: function.globals,
            function: Some(id),
            handling: 0,
            after: After::Drop,
            serial: self.serial,
        };
        let generator = self.add(Obj::Generator(Some(Box::new(frame)), false));
        self.finish(generator, after)
    }

    /// Gives arguments to parameters.
    fn bind(&mut self, function: &Function, args: Args) -> Answer<BTreeMap<Name, V>> {
        let params = &function.code.params;
        let name = &function.code.name;
        let mut names = BTreeMap::new();
        let plain: Vec<&Name> = params
            .iter()
            .filter(|(_, kind)| *kind == ParamKind::Plain)
            .map(|(name, _)| name)
            .collect();
        let given = args.plain.len();
        let mut values = args.plain.into_iter();
        for param in &plain {
            if let Some(value) = values.next() {
                names.insert(Arc::clone(param), value);
            }
        }
        let rest: Vec<V> = values.collect();
        match params.iter().find(|(_, kind)| *kind == ParamKind::Star) {
            Some((star, _)) => {
                let rest = self.tuple(rest);
                names.insert(Arc::clone(star), rest);
            }
            None if !rest.is_empty() => {
                let text = too_many(name, plain.len(), function.defaults.len(), given);
                return Err(self.error("TypeError", &text));
            }
            None => {}
        }
        let mut more = Dict::default();
        let stars = params.iter().find(|(_, kind)| *kind == ParamKind::Stars);
        for (given, value) in args.named {
            let known = params.iter().any(|(param, kind)| {
                *param == given && matches!(kind, ParamKind::Plain | ParamKind::Named)
            });
            if known {
                if names.insert(Arc::clone(&given), value).is_some() {
                    let text = format!("{name}() got multiple values for argument '{given}'");
                    return Err(self.error("TypeError", &text));
                }
            } else if stars.is_some() {
                more.set_text(self.meter.text(&*given), value);
            } else {
                let text = format!("{name}() got an unexpected keyword argument '{given}'");
                return Err(self.error("TypeError", &text));
            }
        }
        if let Some((stars, _)) = stars {
            let more = self.add(Obj::Dict(more));
            names.insert(Arc::clone(stars), more);
        }
        self.defaults(function, &plain, &mut names)?;
        Ok(names)
    }

    fn defaults(
        &mut self,
        function: &Function,
        plain: &[&Name],
        names: &mut BTreeMap<Name, V>,
    ) -> Answer<()> {
        let first = plain.len().saturating_sub(function.defaults.len());
        let mut missing: Vec<&Name> = Vec::new();
        for (number, param) in plain.iter().enumerate() {
            if names.contains_key(*param) {
                continue;
            }
            match number.checked_sub(first).and_then(|at| function.defaults.get(at)) {
                Some(value) => {
                    names.insert(Arc::clone(param), value.clone());
                }
                None => missing.push(param),
            }
        }
        let mut kind = "positional";
        if missing.is_empty() {
            kind = "keyword-only";
            for (param, _) in function.code.params.iter().filter(|(_, kind)| *kind == ParamKind::Named) {
                if names.contains_key(param) {
                    continue;
                }
                match function.named.get(param) {
                    Some(value) => {
                        names.insert(Arc::clone(param), value.clone());
                    }
                    None => missing.push(param),
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let quoted: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
        let list = match quoted.split_last() {
            Some((last, [first])) => format!("{first} and {last}"),
            Some((last, before)) if !before.is_empty() => {
                format!("{}, and {last}", before.join(", "))
            }
            _ => quoted.concat(),
        };
        let s = if missing.len() == 1 { "" } else { "s" };
        let (name, count) = (&function.code.name, missing.len());
        let text = format!("{name}() missing {count} required {kind} argument{s}: {list}");
        Err(self.error("TypeError", &text))
    }

    /// Makes an instance.
    fn construct(&mut self, p: &mut Proc, class: Id, args: Args, after: After) -> Answer<()> {
        let Some(Obj::Class(found)) = self.heap.get(class) else { return Ok(()) };
        let (name, is_exception) = (Arc::clone(&found.name), found.is_exception);
        let init = self.class_name(class, "__init__");
        let made = if is_exception {
            let exception =
                Exception { class, args: args.plain.clone(), ..Exception::default() };
            self.add(Obj::Exception(exception))
        } else {
            self.add(Obj::Instance(class, BTreeMap::new()))
        };
        if is_exception {
            self.os_error_names(&made, class, &args.plain);
        }
        match init {
            Some(init) => {
                let mut args = args;
                args.plain.insert(0, made.clone());
                self.call(p, init, args, After::Replace(made.clone()))?;
                // What replaces has its own way.
                self.then(after);
                Ok(())
            }
            None if !is_exception && args.len() + args.named.len() > 0 => {
                let text = format!("{name}() takes no arguments");
                Err(self.error("TypeError", &text))
            }
            None => self.finish(made, after),
        }
    }

    /// The value of the call that has just begun is for this.
    fn then(&mut self, after: After) {
        if matches!(after, After::Push) {
            return;
        }
        // Only a class called by a native function gets here: its value is taken as it is.
        if let After::Drop = after
            && let Some(frame) = self.frames.last_mut()
        {
            frame.after = After::Drop;
        }
    }

    /// `OSError(2, "…")` has names for its parts.
    fn os_error_names(&mut self, made: &V, class: Id, args: &[V]) {
        let Some(base) = self.classes.get("OSError").copied() else { return };
        if !self.is_subclass(class, base) || args.len() < 2 {
            return;
        }
        if let Some(Obj::Exception(exception)) = self.obj_mut(made) {
            for (name, value) in ["errno", "strerror", "filename"].iter().zip(args) {
                exception.names.insert((*name).into(), value.clone());
            }
            exception.args.truncate(2);
        }
    }

    pub(super) fn key_of_name(name: &str) -> Key {
        Key::Str(name.as_bytes().to_vec())
    }
}

fn too_many(name: &str, plain: usize, defaults: usize, given: usize) -> String {
    let least = plain - defaults.min(plain);
    let takes = if defaults > 0 { format!("from {least} to {plain}") } else { plain.to_string() };
    let s = if plain == 1 && defaults == 0 { "" } else { "s" };
    let were = if given == 1 { "was" } else { "were" };
    format!("{name}() takes {takes} positional argument{s} but {given} {were} given")
}

//! Runs the steps of a Python program.
//!
//! **Invariant:** calls are frames of a list that has a cap: nothing recurses as deep as the
//! program. Work is counted with every step and given up at the latest after [`SLICE`].

mod attribute;
mod call;
mod compare;
mod import;
mod iterate;
mod item;
mod operate;
mod run;
mod throw;

pub(super) use iterate::range_len;
pub(super) use operate::floored;
pub(super) use throw::errno;

use super::ast::Name;
use super::code::{Code, Mark};
use super::native::Effect;
use super::value::{Obj, Scope, V};
use crate::commands::lang::heap::{Heap, Id};
use crate::commands::lang::text::{Meter, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Work between two turns of others.
pub(super) const SLICE: usize = 4_000;
/// Work of a step.
const STEP: usize = 12;

/// An exception that was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thrown(pub(super) Id);

pub(super) type Answer<T> = Result<T, Thrown>;

/// A place that an exception has passed.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    pub(super) code: Arc<Code>,
    pub(super) mark: Mark,
    /// The call that it was in.
    frame: u64,
}

/// What becomes of the value that a call returns.
#[derive(Clone, Debug)]
pub(super) enum After {
    Push,
    Drop,
    /// This is pushed instead.
    Replace(V),
    /// Its truth is, or the contrary.
    Truth(bool),
    /// It is the next value; at the end of the iteration the loop goes on there.
    Next(Option<usize>),
    /// A generator goes on: as `Next`.
    Generator(Id, Option<usize>),
    /// A module has been run.
    Module(V),
    /// Text, of which `repr` is shown by the prompt.
    Show,
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) code: Arc<Code>,
    pub(super) at: usize,
    pub(super) stack: Vec<V>,
    pub(super) scopes: Vec<Id>,
    pub(super) globals: Id,
    pub(super) function: Option<Id>,
    /// Exceptions that were being handled when it began.
    handling: usize,
    after: After,
    serial: u64,
}

impl Frame {
    pub(super) fn reach(&self, found: &mut Vec<Id>) {
        for value in &self.stack {
            value.reach(found);
        }
        found.extend(&self.scopes);
        found.push(self.globals);
        found.extend(self.function);
        if let After::Replace(value) | After::Module(value) = &self.after {
            value.reach(found);
        }
        if let After::Generator(id, _) = &self.after {
            found.push(*id);
        }
    }
}

pub(super) struct Vm {
    pub(super) heap: Heap<Obj>,
    pub(super) meter: Meter,
    pub(super) frames: Vec<Frame>,
    /// Exceptions that are being handled, the last on top.
    pub(super) handling: Vec<Id>,
    pub(super) modules: BTreeMap<Name, Id>,
    pub(super) builtins: Id,
    /// Classes of exceptions, by name.
    pub(super) classes: BTreeMap<Name, Id>,
    /// The scope of `__main__`.
    pub(super) main: Id,
    pub(super) argv: Vec<Vec<u8>>,
    /// Texts of files, for tracebacks.
    pub(super) texts: BTreeMap<Arc<str>, Arc<str>>,
    pub(super) work: usize,
    pub(super) random: u64,
    /// What is waited for, and what becomes of what comes.
    pending: Option<(Effect, After)>,
    /// What the program has returned with.
    ended: Option<Result<V, Thrown>>,
    serial: u64,
    /// Texts that the prompt has to show.
    pub(super) kept: Vec<V>,
    /// Memory is used up: nothing catches that.
    is_over: bool,
    /// Patterns of `re` that were read, with their flags, and whether they are of bytes.
    pub(super) patterns: BTreeMap<(String, i64, bool), Arc<crate::regex::Regex>>,
    /// Descriptors to be closed once what was written is there.
    pub(super) closing: Vec<u32>,
    /// Modules that were found next to the program.
    pub(super) found_files: BTreeMap<String, String>,
}

/// What the loop of steps does next.
pub(super) enum Flow {
    On,
    Wait(Effect),
    Ended(Result<V, Thrown>),
}

impl Vm {
    /// A machine in which nothing runs yet.
    pub(super) fn new(argv: Vec<Vec<u8>>, random: u64) -> Self {
        let mut heap = Heap::new();
        let builtins = heap.add(Obj::Scope(Scope::default()));
        let main = heap.add(Obj::Scope(Scope::default()));
        let mut vm = Self {
            heap,
            meter: Meter::default(),
            frames: Vec::new(),
            handling: Vec::new(),
            modules: BTreeMap::new(),
            builtins,
            classes: BTreeMap::new(),
            main,
            argv,
            texts: BTreeMap::new(),
            work: 0,
            random,
            pending: None,
            ended: None,
            serial: 0,
            kept: Vec::new(),
            is_over: false,
            patterns: BTreeMap::new(),
            closing: Vec::new(),
            found_files: BTreeMap::new(),
        };
        let name = vm.str("__main__");
        vm.set_name(main, "__name__".into(), name);
        vm.set_name(main, "__doc__".into(), V::None);
        let module = vm.heap.add(Obj::Module("__main__".into(), main));
        vm.modules.insert("__main__".into(), module);
        vm
    }

    pub(super) fn add(&mut self, obj: Obj) -> V {
        V::Obj(self.heap.add(obj))
    }

    pub(super) fn obj(&self, value: &V) -> Option<&Obj> {
        match value {
            V::Obj(id) => self.heap.get(*id),
            _ => None,
        }
    }

    pub(super) fn obj_mut(&mut self, value: &V) -> Option<&mut Obj> {
        match value {
            V::Obj(id) => self.heap.get_mut(*id),
            _ => None,
        }
    }

    pub(super) fn str(&self, text: impl AsRef<str>) -> V {
        V::Str(self.meter.text(text.as_ref()))
    }

    pub(super) fn bytes(&self, bytes: impl Into<Vec<u8>>) -> V {
        V::Bytes(self.meter.text(bytes))
    }

    pub(super) fn list(&mut self, all: Vec<V>) -> V {
        self.add(Obj::List(all))
    }

    pub(super) fn tuple(&mut self, all: Vec<V>) -> V {
        self.add(Obj::Tuple(all))
    }

    pub(super) fn scope(&mut self, id: Id) -> Option<&mut Scope> {
        match self.heap.get_mut(id) {
            Some(Obj::Scope(scope)) => Some(scope),
            _ => None,
        }
    }

    pub(super) fn name_in(&self, scope: Id, name: &str) -> Option<V> {
        match self.heap.get(scope) {
            Some(Obj::Scope(scope)) => scope.names.get(name).cloned(),
            _ => None,
        }
    }

    pub(super) fn set_name(&mut self, scope: Id, name: Name, value: V) {
        self.heap.grow(100);
        if let Some(scope) = self.scope(scope) {
            scope.names.insert(name, value);
        }
    }

    /// A list's or a tuple's values.
    pub(super) fn sequence(&self, value: &V) -> Option<&[V]> {
        match self.obj(value)? {
            Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all) => Some(all),
            _ => None,
        }
    }

    pub(super) fn text_of(text: &Text) -> &str {
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn roots(&self) -> Vec<Id> {
        let mut roots = vec![self.builtins, self.main];
        roots.extend(&self.handling);
        roots.extend(self.modules.values());
        roots.extend(self.classes.values());
        for frame in &self.frames {
            frame.reach(&mut roots);
        }
        for value in &self.kept {
            value.reach(&mut roots);
        }
        if let Some((effect, after)) = &self.pending {
            if let Effect::Line(id, _) | Effect::All(id, _) | Effect::Lines(id) = effect {
                roots.push(*id);
            }
            if let After::Replace(value) | After::Module(value) = after {
                value.reach(&mut roots);
            }
        }
        roots
    }

    /// Frees what nothing reaches, where much has grown. Whether there is room for more.
    fn tidy(&mut self) -> bool {
        if self.heap.wants_look() {
            let roots = self.roots();
            self.work += self.heap.sweep(roots) / 4;
        }
        if !self.meter.is_full(self.heap.bytes()) {
            return true;
        }
        let roots = self.roots();
        self.work += self.heap.sweep(roots) / 4;
        !self.meter.is_full(self.heap.bytes())
    }
}

//! Functions of the libraries that are not written in Python.
//!
//! **Invariant:** a function computes at once, or says what it has to wait for.

use super::ast::Name;
use super::machine::{Answer, Vm};
use super::value::V;
use crate::commands::lang::heap::Id;
use crate::commands::lang::text::Text;
use crate::kernel::Proc;

pub(super) struct Native {
    pub(super) name: &'static str,
    pub(super) run: fn(&mut Vm, &mut Proc, Args) -> Answer<Ret>,
    /// Arguments that have to be asked for one value after the other are made lists first.
    pub(super) gathers: bool,
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Native {
    pub(super) const fn new(
        name: &'static str,
        run: fn(&mut Vm, &mut Proc, Args) -> Answer<Ret>,
    ) -> Self {
        Self { name, run, gathers: false }
    }

    pub(super) const fn gathering(
        name: &'static str,
        run: fn(&mut Vm, &mut Proc, Args) -> Answer<Ret>,
    ) -> Self {
        Self { name, run, gathers: true }
    }
}

/// What a call gives to what is called.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    pub(super) plain: Vec<V>,
    pub(super) named: Vec<(Name, V)>,
}

impl Args {
    pub(super) fn of(plain: Vec<V>) -> Self {
        Self { plain, named: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.plain.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&V> {
        self.plain.get(number)
    }

    /// An argument, `None` where it was not given.
    pub(super) fn value(&self, number: usize) -> V {
        self.get(number).cloned().unwrap_or(V::None)
    }

    pub(super) fn named(&self, name: &str) -> Option<&V> {
        self.named.iter().find(|(found, _)| &**found == name).map(|(_, value)| value)
    }

    /// By its place or by its name.
    pub(super) fn either(&self, number: usize, name: &str) -> Option<V> {
        self.get(number).or_else(|| self.named(name)).cloned()
    }
}

pub(super) enum Ret {
    Value(V),
    /// Calls something instead.
    Call(V, Args),
    /// Runs code in a scope.
    Run(std::sync::Arc<super::code::Code>, Id),
    Wait(Effect),
}

/// What has to be waited for.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Sleep(i64),
    /// `os.system`
    System(Vec<u8>),
    /// At most so many bytes of a descriptor.
    Read(u32, usize),
    Write(u32, Vec<u8>),
    Wait(u32),
    Flush,
    /// A line of a file; the end is an empty one, or the end of the iteration that asked.
    Line(Id, Option<usize>),
    /// All of a file, or so many characters.
    All(Id, Option<usize>),
    Lines(Id),
    /// A line typed in, behind a prompt.
    Input(Text),
    Connect(String, u16),
    /// A name's address.
    Resolve(String),
    /// Waits for a signal, for ever.
    Forever,
}

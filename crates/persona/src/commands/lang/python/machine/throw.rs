//! Exceptions: raised, caught, told.
//!
//! **Invariant:** an exception goes to the innermost guard around the step that raised it.

use super::{After, Answer, Thrown, Trace, Vm};
use crate::commands::lang::heap::Id;
use crate::commands::lang::python::native::Args;
use crate::commands::lang::python::value::{Exception, Obj, V};
use crate::files::Fault;
use crate::kernel::Proc;
use std::sync::Arc;

/// Places that one exception remembers.
const TRACES: usize = 2_000;

impl Vm {
    /// An exception of a class that is there.
    pub(in crate::commands::lang::python) fn error(&mut self, class: &str, text: &str) -> Thrown {
        let text = self.str(text);
        self.exception(class, vec![text])
    }

    pub(in crate::commands::lang::python) fn type_error(&mut self, text: &str) -> Thrown {
        self.error("TypeError", text)
    }

    pub(in crate::commands::lang::python) fn value_error(&mut self, text: &str) -> Thrown {
        self.error("ValueError", text)
    }

    pub(in crate::commands::lang::python) fn exception(&mut self, class: &str, args: Vec<V>) -> Thrown {
        let class = self.classes.get(class).copied().unwrap_or_default();
        let exception = Exception { class, args, ..Exception::default() };
        Thrown(self.heap.add(Obj::Exception(exception)))
    }

    pub(super) fn memory_error(&mut self) -> Thrown {
        // What holds too much does not get to go on.
        self.is_over = true;
        self.exception("MemoryError", Vec::new())
    }

    /// `OSError` of a fault, of the class that its number has.
    pub(in crate::commands::lang::python) fn os_error(&mut self, fault: Fault, path: Option<&[u8]>) -> Thrown {
        let number = errno(fault);
        let path = path.map(|path| self.str(String::from_utf8_lossy(path)));
        self.os_error_number(number, fault.text(), path)
    }

    pub(in crate::commands::lang::python) fn os_error_number(
        &mut self,
        number: i64,
        text: &str,
        path: Option<V>,
    ) -> Thrown {
        let class = match number {
            1 | 13 => "PermissionError",
            2 => "FileNotFoundError",
            3 => "ProcessLookupError",
            10 => "ChildProcessError",
            11 => "BlockingIOError",
            17 => "FileExistsError",
            20 => "NotADirectoryError",
            21 => "IsADirectoryError",
            32 => "BrokenPipeError",
            104 => "ConnectionResetError",
            110 => "TimeoutError",
            111 => "ConnectionRefusedError",
            _ => "OSError",
        };
        let text = self.str(text);
        let thrown = self.exception(class, vec![V::Int(number), text.clone()]);
        if let Some(Obj::Exception(exception)) = self.heap.get_mut(thrown.0) {
            exception.names.insert("errno".into(), V::Int(number));
            exception.names.insert("strerror".into(), text);
            exception.names.insert("filename".into(), path.unwrap_or(V::None));
        }
        thrown
    }

    pub(in crate::commands::lang::python) fn name_error(&mut self, name: &str) -> Thrown {
        let mut text = format!("name '{name}' is not defined");
        if let Some(other) = self.like(name) {
            text += &format!(". Did you mean: '{other}'?");
        }
        self.error("NameError", &text)
    }

    /// A name that is much like this one.
    fn like(&self, name: &str) -> Option<String> {
        let mut names: Vec<String> = Vec::new();
        for scope in [self.inner_scope(), self.globals(), self.builtins] {
            if let Some(Obj::Scope(scope)) = self.heap.get(scope) {
                names.extend(scope.names.keys().map(ToString::to_string));
            }
        }
        names.truncate(750);
        nearest(name, names.iter().filter(|name| !name.starts_with('_')).map(String::as_str))
    }

    pub(in crate::commands::lang::python) fn is_subclass(&self, class: Id, of: Id) -> bool {
        match self.heap.get(class) {
            Some(Obj::Class(class)) => class.order.contains(&of),
            _ => false,
        }
    }

    /// `raise`, with so many values on the stack.
    pub(super) fn raise(&mut self, p: &mut Proc, count: usize) -> Answer<()> {
        let cause = if count > 1 { Some(self.pop()) } else { None };
        if count == 0 {
            return match self.handling.last() {
                Some(id) => Err(Thrown(*id)),
                None => Err(self.error("RuntimeError", "No active exception to reraise")),
            };
        }
        let value = self.pop();
        let id = match self.obj(&value) {
            Some(Obj::Exception(_)) => match value {
                V::Obj(id) => id,
                _ => return Ok(()),
            },
            Some(Obj::Class(class)) if class.is_exception => {
                // The class is called, and what comes is raised by the same step.
                if let Some(frame) = self.frames.last_mut() {
                    frame.at -= 1;
                }
                self.call(p, value, Args::default(), After::Push)?;
                self.swap_cause(cause);
                return Ok(());
            }
            _ => return Err(self.type_error("exceptions must derive from BaseException")),
        };
        if let Some(cause) = cause {
            let cause = match cause {
                V::Obj(cause) => Some(cause),
                _ => None,
            };
            if let Some(Obj::Exception(exception)) = self.heap.get_mut(id) {
                (exception.cause, exception.no_context) = (cause, true);
            }
        }
        Err(Thrown(id))
    }

    fn swap_cause(&mut self, cause: Option<V>) {
        if let Some(cause) = cause {
            self.push(cause);
        }
    }

    /// Whether the exception below is of the class on top, or of one of the classes.
    pub(super) fn matches(&mut self) -> Answer<()> {
        let kind = self.pop();
        let value = self.pop();
        let class = match self.obj(&value) {
            Some(Obj::Exception(exception)) => exception.class,
            _ => return Ok(()),
        };
        let kinds = match self.obj(&kind) {
            Some(Obj::Tuple(all)) => all.clone(),
            _ => vec![kind],
        };
        let mut found = false;
        for kind in kinds {
            match (&kind, self.obj(&kind)) {
                (V::Obj(id), Some(Obj::Class(_))) => found |= self.is_subclass(class, *id),
                _ => {
                    let text =
                        "catching classes that do not inherit from BaseException is not allowed";
                    return Err(self.type_error(text));
                }
            }
        }
        self.push(V::Bool(found));
        Ok(())
    }

    /// Finds who takes the exception; whoever does not is left.
    pub(super) fn unwind(&mut self, thrown: Thrown) {
        let Thrown(id) = thrown;
        self.note_context(id);
        while let Some(frame) = self.frames.last() {
            let at = frame.at.saturating_sub(1);
            let guard =
                frame.code.guards.iter().find(|guard| (guard.start..guard.end).contains(&at)).copied();
            let guard = guard.filter(|_| !self.is_over);
            let trace = Trace {
                code: Arc::clone(&frame.code),
                mark: frame.code.spans.get(at).copied().unwrap_or_default(),
                frame: frame.serial,
            };
            self.add_trace(id, trace);
            if let Some(guard) = guard {
                let Some(frame) = self.frames.last_mut() else { return };
                frame.stack.truncate(guard.depth);
                frame.scopes.truncate(guard.scopes + 1);
                frame.stack.push(V::Obj(id));
                frame.at = guard.target;
                let handling = frame.handling + guard.handling;
                self.handling.truncate(handling);
                return;
            }
            let Some(frame) = self.frames.pop() else { return };
            self.handling.truncate(frame.handling);
            if let After::Generator(generator, _) = frame.after
                && let Some(Obj::Generator(_, running)) = self.heap.get_mut(generator)
            {
                *running = false;
            }
            if let After::Next(Some(end)) = frame.after
                && self.is_stop(id)
            {
                // The end of an iteration is no exception for whoever iterates.
                self.pop();
                self.jump(end);
                return;
            }
        }
        self.ended = Some(Err(thrown));
    }

    fn is_stop(&self, id: Id) -> bool {
        let class = match self.heap.get(id) {
            Some(Obj::Exception(exception)) => exception.class,
            _ => return false,
        };
        self.classes.get("StopIteration").is_some_and(|stop| self.is_subclass(class, *stop))
    }

    fn add_trace(&mut self, id: Id, trace: Trace) {
        if let Some(Obj::Exception(exception)) = self.heap.get_mut(id) {
            let same = exception.trace.last().is_some_and(|last| last.frame == trace.frame);
            if !same && exception.trace.len() < TRACES {
                exception.trace.push(trace);
            }
        }
    }

    /// An exception that is raised while another is handled remembers that one.
    fn note_context(&mut self, id: Id) {
        let Some(context) = self.handling.last().copied() else { return };
        if context == id {
            return;
        }
        if let Some(Obj::Exception(exception)) = self.heap.get_mut(id)
            && exception.context.is_none()
            && exception.trace.is_empty()
        {
            exception.context = Some(context);
        }
    }
}

/// The number that Linux has for a fault.
pub(in crate::commands::lang::python) fn errno(fault: Fault) -> i64 {
    match fault {
        Fault::NotPermitted => 1,
        Fault::Missing => 2,
        Fault::Io => 5,
        Fault::NoDevice => 6,
        Fault::NoExec => 8,
        Fault::BadHandle => 9,
        Fault::Again => 11,
        Fault::Denied => 13,
        Fault::Busy => 16,
        Fault::Exists => 17,
        Fault::OtherDevice => 18,
        Fault::NotFolder => 20,
        Fault::IsFolder => 21,
        Fault::Invalid => 22,
        Fault::TooManyHandles => 24,
        Fault::TextBusy => 26,
        Fault::NoSpace => 28,
        Fault::ReadOnly => 30,
        Fault::Pipe => 32,
        Fault::TooLong => 36,
        Fault::NotEmpty => 39,
        Fault::Loop => 40,
        Fault::NotSupported => 95,
        Fault::NoProcess => 3,
        Fault::TimedOut => 110,
        Fault::Refused => 111,
    }
}

/// The name of these that is nearest, if one is near enough: as CPython counts.
pub(in crate::commands::lang::python) fn nearest<'a>(
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Option<String> {
    if name.len() > 40 {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for other in names {
        if other == name || other.len() > 40 {
            continue;
        }
        let most = (name.len() + other.len() + 3) * 2 / 6;
        let distance = distance(name.as_bytes(), other.as_bytes());
        if distance <= most * 2 && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, other));
        }
    }
    best.map(|(_, name)| name.to_owned())
}

/// Twice the number of letters to change; a letter of the other case counts once.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).map(|at| at * 2).collect();
    for (line, x) in a.iter().enumerate() {
        let mut before = line * 2;
        if let Some(first) = row.first_mut() {
            *first = (line + 1) * 2;
        }
        for (column, y) in b.iter().enumerate() {
            let cost = if x == y {
                0
            } else if x.eq_ignore_ascii_case(y) {
                1
            } else {
                2
            };
            let above = row.get(column + 1).copied().unwrap_or_default();
            let left = row.get(column).copied().unwrap_or_default();
            let now = (before + cost).min(above + 2).min(left + 2);
            before = above;
            if let Some(place) = row.get_mut(column + 1) {
                *place = now;
            }
        }
    }
    row.last().copied().unwrap_or_default()
}

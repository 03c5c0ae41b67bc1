//! Modules.
//!
//! **Invariant:** a module is run once; what is not there is said as CPython says it.

use super::{After, Answer, Vm};
use crate::commands::lang::heap::Id;
use crate::commands::lang::python::ast::Name;
use crate::commands::lang::python::compile::{Mode, module};
use crate::commands::lang::python::modules;
use crate::commands::lang::python::parser::parse;
use crate::commands::lang::python::value::{Obj, Scope, V};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Vm {
    /// `import a.b`: pushes the last part where `whole` says so, else the first.
    pub(super) fn import(&mut self, name: &Name, whole: bool) -> Answer<()> {
        if name.starts_with('.') {
            let text = "attempted relative import with no known parent package";
            return Err(self.error("ImportError", text));
        }
        let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
        for end in ends {
            let part = name.get(..end).unwrap_or_default();
            if self.modules.contains_key(part) {
                continue;
            }
            let Some((code, scope)) = self.load_module(part)? else { continue };
            // The same step goes on once the module has been run.
            if let Some(frame) = self.frames.last_mut() {
                frame.at -= 1;
            }
            self.check_depth()?;
            self.begin(code, scope, After::Drop);
            return Ok(());
        }
        let first = name.split('.').next().unwrap_or_default();
        let wanted = if whole { &**name } else { first };
        match self.modules.get(wanted) {
            Some(id) => {
                self.push(V::Obj(*id));
                Ok(())
            }
            None => Err(self.no_module(name)),
        }
    }

    fn no_module(&mut self, name: &str) -> super::Thrown {
        let text = match name.rsplit_once('.') {
            Some((parent, _)) if self.modules.contains_key(parent) => {
                format!("No module named '{name}'; '{parent}' is not a package")
            }
            _ => format!("No module named '{name}'"),
        };
        let thrown = self.error("ModuleNotFoundError", &text);
        let name = self.str(name);
        if let Some(Obj::Exception(exception)) = self.heap.get_mut(thrown.0) {
            exception.names.insert("name".into(), name);
        }
        thrown
    }

    /// Puts a module there, and says what of it has to be run.
    fn load_module(&mut self, name: &str) -> Answer<Option<(Arc<crate::commands::lang::python::code::Code>, Id)>> {
        let source = modules::source(name);
        let natives = modules::natives(name);
        if source.is_none() && natives.is_empty() && !modules::is_known(name) {
            return match self.file_module(name)? {
                Some(found) => Ok(Some(found)),
                None => Err(self.no_module(name)),
            };
        }
        let scope = self.module_scope(name);
        for native in natives {
            self.set_name(scope, native.name.into(), V::Native(native));
        }
        modules::constants(self, name, scope);
        let Some(source) = source else { return Ok(None) };
        let file = format!("/usr/lib/python3.11/{}.py", name.replace('.', "/"));
        match parse(source) {
            Ok(body) => Ok(Some((module(&body, &file, Mode::Library, &self.meter), scope))),
            Err(fault) => Err(self.error("SyntaxError", &format!("{} in {name}:{}", fault.text, fault.line))),
        }
    }

    /// A new module, known by its name and as an attribute of the one that it is in.
    pub(in crate::commands::lang::python) fn module_scope(&mut self, name: &str) -> Id {
        let shown = self.str(name);
        let names = BTreeMap::from([
            (Name::from("__name__"), shown),
            (Name::from("__doc__"), V::None),
        ]);
        let scope = self.heap.add(Obj::Scope(Scope { names, ..Scope::default() }));
        let id = self.heap.add(Obj::Module(name.into(), scope));
        self.modules.insert(name.into(), id);
        if let Some((parent, last)) = name.rsplit_once('.')
            && let Some(parent) = self.modules.get(parent)
            && let Some(Obj::Module(_, parent)) = self.heap.get(*parent)
        {
            let parent = *parent;
            self.set_name(parent, last.into(), V::Obj(id));
        }
        scope
    }

    /// A module of the program's own, next to it.
    fn file_module(&mut self, name: &str) -> Answer<Option<(Arc<crate::commands::lang::python::code::Code>, Id)>> {
        let Some(text) = self.found_files.remove(name) else { return Ok(None) };
        let scope = self.module_scope(name);
        let file = format!("{name}.py");
        self.texts.insert(file.as_str().into(), text.as_str().into());
        match parse(&text) {
            Ok(body) => Ok(Some((module(&body, &file, Mode::Program, &self.meter), scope))),
            Err(fault) => {
                self.modules.remove(name);
                Err(self.syntax_error(&fault, &file))
            }
        }
    }

    pub(in crate::commands::lang::python) fn syntax_error(
        &mut self,
        fault: &crate::commands::lang::python::parser::SyntaxFault,
        file: &str,
    ) -> super::Thrown {
        let text = format!("{} ({file}, line {})", fault.text, fault.line);
        self.error(fault.class, &text)
    }

    pub(super) fn import_from(&mut self, name: &Name) -> Answer<()> {
        let module = self.pop();
        let (module_name, scope) = match self.obj(&module) {
            Some(Obj::Module(name, scope)) => (Arc::clone(name), *scope),
            _ => return Ok(()),
        };
        if let Some(value) = self.name_in(scope, name) {
            self.push(value);
            return Ok(());
        }
        let full = format!("{module_name}.{name}");
        if let Some(id) = self.modules.get(full.as_str()) {
            let id = *id;
            self.push(V::Obj(id));
            return Ok(());
        }
        if modules::source(&full).is_some() || modules::is_known(&full) {
            // A module in the module: it is loaded, and the step goes on then.
            if let Some((code, scope)) = self.load_module(&full)? {
                if let Some(frame) = self.frames.last_mut() {
                    frame.at -= 1;
                }
                self.push(module);
                self.begin(code, scope, After::Drop);
                return Ok(());
            }
            if let Some(id) = self.modules.get(full.as_str()) {
                let id = *id;
                self.push(V::Obj(id));
            }
            return Ok(());
        }
        let place = match modules::is_builtin(&module_name) {
            true => "unknown location".to_owned(),
            false => format!("/usr/lib/python3.11/{module_name}.py"),
        };
        let text = format!("cannot import name '{name}' from '{module_name}' ({place})");
        Err(self.error("ImportError", &text))
    }

    /// `from module import *`
    pub(super) fn import_all(&mut self) {
        let module = self.pop();
        let Some(Obj::Module(_, scope)) = self.obj(&module) else { return };
        let names: Vec<(Name, V)> = match self.heap.get(*scope) {
            Some(Obj::Scope(scope)) => scope
                .names
                .iter()
                .filter(|(name, _)| !name.starts_with('_'))
                .map(|(name, value)| (Arc::clone(name), value.clone()))
                .collect(),
            _ => Vec::new(),
        };
        let here = self.inner_scope();
        for (name, value) in names {
            self.set_name(here, name, value);
        }
    }
}

//! Attributes.
//!
//! **Invariant:** an instance's own names come before its class's, a class's before its bases'.

use super::{After, Answer, Vm};
use crate::commands::lang::heap::Id;
use crate::commands::lang::python::ast::Name;
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::types;
use crate::commands::lang::python::value::{Obj, Type, V};
use crate::kernel::Proc;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an attribute is.
enum Found {
    Value(V),
    /// A property: what computes it.
    Getter(V),
    None,
}

impl Vm {
    /// A name of a class or of one of those that it is one of.
    pub(in crate::commands::lang::python) fn class_name(&self, class: Id, name: &str) -> Option<V> {
        let Some(Obj::Class(found)) = self.heap.get(class) else { return None };
        found.order.iter().find_map(|id| match self.heap.get(*id) {
            Some(Obj::Class(class)) => class.names.get(name).cloned(),
            _ => None,
        })
    }

    pub(in crate::commands::lang::python) fn class_of(&self, value: &V) -> Option<Id> {
        match self.obj(value)? {
            Obj::Instance(class, _) => Some(*class),
            Obj::Exception(exception) => Some(exception.class),
            _ => None,
        }
    }

    pub(super) fn attribute_op(&mut self, p: &mut Proc, value: V, name: &Name) -> Answer<()> {
        match self.find(&value, name)? {
            Found::Value(found) => self.push(found),
            Found::Getter(getter) => return self.call(p, getter, Args::of(vec![value]), After::Push),
            Found::None => {
                if let Some(class) = self.class_of(&value)
                    && let Some(method) = self.class_name(class, "__getattr__")
                {
                    let name = self.str(&**name);
                    return self.call(p, method, Args::of(vec![value, name]), After::Push);
                }
                return Err(self.attribute_error(&value, name));
            }
        }
        Ok(())
    }

    /// An attribute that needs no call.
    pub(in crate::commands::lang::python) fn attribute(&mut self, value: &V, name: &str) -> Answer<Option<V>> {
        Ok(match self.find(value, name)? {
            Found::Value(value) => Some(value),
            Found::Getter(_) | Found::None => None,
        })
    }

    pub(in crate::commands::lang::python) fn attribute_error(&mut self, value: &V, name: &str) -> super::Thrown {
        let text = match self.obj(value) {
            Some(Obj::Module(module, _)) => format!("module '{module}' has no attribute '{name}'"),
            Some(Obj::Class(class)) => {
                format!("type object '{}' has no attribute '{name}'", class.name)
            }
            _ => match value {
                V::Type(kind) => format!("type object '{}' has no attribute '{name}'", kind.name()),
                value => {
                    format!("'{}' object has no attribute '{name}'", self.type_name(value))
                }
            },
        };
        let hint = match self.near_attribute(value, name) {
            Some(other) => format!("{text}. Did you mean: '{other}'?"),
            None => text,
        };
        self.error("AttributeError", &hint)
    }

    fn near_attribute(&self, value: &V, name: &str) -> Option<String> {
        let names = self.names_of(value);
        super::throw::nearest(name, names.iter().map(String::as_str).filter(|n| !n.starts_with("__")))
    }

    /// All names that a value has, in order.
    pub(in crate::commands::lang::python) fn names_of(&self, value: &V) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |keys: &BTreeMap<Name, V>| names.extend(keys.keys().map(ToString::to_string));
        match self.obj(value) {
            Some(Obj::Module(_, scope)) => {
                if let Some(Obj::Scope(scope)) = self.heap.get(*scope) {
                    add(&scope.names);
                }
            }
            Some(Obj::Instance(_, own)) => add(own),
            Some(Obj::Exception(exception)) => add(&exception.names),
            Some(Obj::Function(function)) => add(&function.attributes),
            _ => {}
        }
        let class = match (self.obj(value), value) {
            (Some(Obj::Class(_)), V::Obj(id)) => Some(*id),
            _ => self.class_of(value),
        };
        if let Some(Obj::Class(class)) = class.and_then(|class| self.heap.get(class)) {
            for id in &class.order {
                if let Some(Obj::Class(class)) = self.heap.get(*id) {
                    names.extend(class.names.keys().map(ToString::to_string));
                }
            }
        } else {
            let kind = match value {
                V::Type(kind) => *kind,
                value => self.type_of(value),
            };
            names.extend(types::methods(kind).map(|native| native.name.to_owned()));
        }
        names.sort();
        names.dedup();
        names
    }

    fn find(&mut self, value: &V, name: &str) -> Answer<Found> {
        let own = match self.obj(value) {
            Some(Obj::Module(_, scope)) => {
                return Ok(self.name_in(*scope, name).map_or(Found::None, Found::Value));
            }
            Some(Obj::Instance(class, own)) => {
                let found = own.get(name).cloned();
                Some((*class, found))
            }
            Some(Obj::Exception(exception)) => {
                let found = exception.names.get(name).cloned();
                let class = exception.class;
                if found.is_none() {
                    match name {
                        "args" => {
                            let args = exception.args.clone();
                            return Ok(Found::Value(self.tuple(args)));
                        }
                        "value" | "code" => {
                            let first = exception.args.first().cloned().unwrap_or(V::None);
                            return Ok(Found::Value(first));
                        }
                        "__cause__" => {
                            return Ok(Found::Value(exception.cause.map_or(V::None, V::Obj)));
                        }
                        "__context__" => {
                            return Ok(Found::Value(exception.context.map_or(V::None, V::Obj)));
                        }
                        "__traceback__" => return Ok(Found::Value(V::None)),
                        _ => {}
                    }
                }
                Some((class, found))
            }
            Some(Obj::Class(class)) => {
                let first = class.names.get(name).cloned();
                let V::Obj(id) = value else { return Ok(Found::None) };
                return self.of_class(*id, name, first);
            }
            Some(Obj::Super(class, this)) => {
                let (class, this) = (*class, this.clone());
                return Ok(self.of_super(class, &this, name));
            }
            Some(Obj::Function(function)) => {
                let found = match name {
                    "__name__" | "__qualname__" => Some(self.str(&*function.code.name)),
                    "__doc__" => Some(function.code.doc.clone().unwrap_or(V::None)),
                    "__module__" => self.name_in(function.globals, "__name__"),
                    _ => function.attributes.get(name).cloned(),
                };
                return Ok(found.map_or(Found::None, Found::Value));
            }
            Some(Obj::Property(getter, _)) => {
                if name == "setter" {
                    let getter = getter.clone();
                    let made = self.add(Obj::Bound(getter, V::Native(&SETTER)));
                    return Ok(Found::Value(made));
                }
                None
            }
            _ => None,
        };
        if let Some((class, found)) = own {
            if name == "__class__" {
                return Ok(Found::Value(V::Obj(class)));
            }
            if name == "__dict__" {
                return self.own_names(value).map(Found::Value);
            }
            if let Some(found) = found {
                return Ok(Found::Value(found));
            }
            if let Some(found) = self.class_name(class, name) {
                return Ok(self.bound(value, class, found));
            }
        }
        if name == "__class__" {
            let class = self.type_value(value);
            return Ok(Found::Value(class));
        }
        if let Some(found) = types::field(self, value, name) {
            return Ok(Found::Value(found));
        }
        let kind = match value {
            // `str.upper`: the method, not bound to anything.
            V::Type(kind) => {
                if name == "__name__" {
                    return Ok(Found::Value(self.str(kind.name())));
                }
                let found = types::static_method(*kind, name).or_else(|| types::method(*kind, name));
                return Ok(found.map_or(Found::None, |native| Found::Value(V::Native(native))));
            }
            value => self.type_of(value),
        };
        if let Some(native) = types::static_method(kind, name) {
            return Ok(Found::Value(V::Native(native)));
        }
        Ok(match types::method(kind, name) {
            Some(native) => Found::Value(self.add(Obj::Bound(value.clone(), V::Native(native)))),
            None => Found::None,
        })
    }

    fn own_names(&mut self, value: &V) -> Answer<V> {
        let own = match self.obj(value) {
            Some(Obj::Instance(_, own)) => own.clone(),
            Some(Obj::Exception(exception)) => exception.names.clone(),
            _ => BTreeMap::new(),
        };
        Ok(self.named_dict(own.into_iter().collect()))
    }

    fn of_class(&mut self, id: Id, name: &str, first: Option<V>) -> Answer<Found> {
        let found = first.or_else(|| self.class_name(id, name));
        let Some(Obj::Class(class)) = self.heap.get(id) else { return Ok(Found::None) };
        Ok(match found {
            Some(value) => match self.obj(&value) {
                Some(Obj::Static(inner)) => Found::Value(inner.clone()),
                Some(Obj::ClassMethod(inner)) => {
                    let inner = inner.clone();
                    Found::Value(self.add(Obj::Bound(V::Obj(id), inner)))
                }
                _ => Found::Value(value),
            },
            None => match name {
                "__name__" | "__qualname__" => {
                    let name = Arc::clone(&class.name);
                    Found::Value(self.str(&*name))
                }
                "__module__" => {
                    let module = Arc::clone(&class.module);
                    Found::Value(self.str(&*module))
                }
                "__doc__" => Found::Value(V::None),
                "__class__" => Found::Value(V::Type(Type::Type)),
                "__bases__" | "__mro__" => {
                    let all = if name == "__bases__" { &class.bases } else { &class.order };
                    let all = all.iter().map(|id| V::Obj(*id)).collect();
                    Found::Value(self.tuple(all))
                }
                "__init__" if class.is_exception => Found::Value(V::Native(&EXCEPTION_INIT)),
                "__init__" => Found::Value(V::Native(&OBJECT_INIT)),
                _ => Found::None,
            },
        })
    }

    fn of_super(&mut self, class: Id, this: &V, name: &str) -> Found {
        let own = self.class_of(this).or(match this {
            V::Obj(id) => Some(*id),
            _ => None,
        });
        let order = match own.and_then(|own| self.heap.get(own)) {
            Some(Obj::Class(class)) => class.order.clone(),
            _ => Vec::new(),
        };
        let behind = order.iter().skip_while(|id| **id != class).skip(1);
        for id in behind {
            let found = match self.heap.get(*id) {
                Some(Obj::Class(class)) => class.names.get(name).cloned(),
                _ => None,
            };
            if let Some(found) = found {
                return self.bound(this, *id, found);
            }
        }
        let is_exception = matches!(self.obj(this), Some(Obj::Exception(_)));
        let native = match name {
            "__init__" if is_exception => &EXCEPTION_INIT,
            "__init__" => &OBJECT_INIT,
            "__setattr__" => &OBJECT_SET,
            _ => return Found::None,
        };
        Found::Value(self.add(Obj::Bound(this.clone(), V::Native(native))))
    }

    /// A class's value as an instance has it: a function becomes a method.
    fn bound(&mut self, this: &V, class: Id, found: V) -> Found {
        match self.obj(&found) {
            Some(Obj::Function(_)) => Found::Value(self.add(Obj::Bound(this.clone(), found))),
            Some(Obj::Static(inner)) => Found::Value(inner.clone()),
            Some(Obj::ClassMethod(inner)) => {
                let inner = inner.clone();
                let own = self.class_of(this).unwrap_or(class);
                Found::Value(self.add(Obj::Bound(V::Obj(own), inner)))
            }
            Some(Obj::Property(getter, _)) => Found::Getter(getter.clone()),
            _ => match found {
                V::Native(_) => Found::Value(self.add(Obj::Bound(this.clone(), found))),
                found => Found::Value(found),
            },
        }
    }

    pub(in crate::commands::lang::python) fn set_attribute(
        &mut self,
        p: &mut Proc,
        target: &V,
        name: &Name,
        value: V,
    ) -> Answer<()> {
        if let Some(class) = self.class_of(target) {
            let property = self.class_name(class, name);
            if let Some(Obj::Property(_, setter)) = property.and_then(|v| self.obj(&v).map(|o| match o {
                Obj::Property(a, b) => Obj::Property(a.clone(), b.clone()),
                _ => Obj::Property(V::None, V::None),
            })) && !matches!(setter, V::None)
            {
                return self.call(p, setter, Args::of(vec![target.clone(), value]), After::Drop);
            }
        }
        self.put_attribute(target, name, value)
    }

    pub(in crate::commands::lang::python) fn put_attribute(&mut self, target: &V, name: &Name, value: V) -> Answer<()> {
        self.heap.grow(100);
        let scope = match self.obj_mut(target) {
            Some(Obj::Instance(_, own)) => {
                own.insert(Arc::clone(name), value);
                return Ok(());
            }
            Some(Obj::Exception(exception)) => {
                exception.names.insert(Arc::clone(name), value);
                return Ok(());
            }
            Some(Obj::Class(class)) => {
                if let (V::Str(text), "__module__") = (&value, &**name) {
                    class.module = Self::text_of(text).into();
                }
                class.names.insert(Arc::clone(name), value);
                return Ok(());
            }
            Some(Obj::Function(function)) => {
                function.attributes.insert(Arc::clone(name), value);
                return Ok(());
            }
            Some(Obj::Module(_, scope)) => *scope,
            _ => {
                let kind = self.type_name(target);
                let text = format!("'{kind}' object has no attribute '{name}'");
                return Err(self.error("AttributeError", &text));
            }
        };
        self.set_name(scope, Arc::clone(name), value);
        Ok(())
    }

    pub(super) fn delete_attribute(&mut self, target: &V, name: &Name) -> Answer<()> {
        let removed = match self.obj_mut(target) {
            Some(Obj::Instance(_, own)) => own.remove(name),
            Some(Obj::Class(class)) => class.names.remove(name),
            Some(Obj::Module(_, scope)) => {
                let scope = *scope;
                self.scope(scope).and_then(|scope| scope.names.remove(name))
            }
            _ => None,
        };
        match removed {
            Some(_) => Ok(()),
            None => Err(self.attribute_error(target, name)),
        }
    }

    /// `with`: the manager stays, and what it gives is pushed.
    pub(super) fn enter(&mut self, p: &mut Proc) -> Answer<()> {
        let manager = self.top(0);
        if let Some(class) = self.class_of(&manager) {
            if let Some(method) = self.class_name(class, "__enter__") {
                return self.call(p, method, Args::of(vec![manager]), After::Push);
            }
        } else if let Some(Obj::File(_)) = self.obj(&manager) {
            self.push(manager);
            return Ok(());
        }
        let kind = self.type_name(&manager);
        let text = format!("'{kind}' object does not support the context manager protocol");
        Err(self.type_error(&text))
    }

    /// The end of `with`: whether an exception was swallowed is pushed.
    pub(super) fn exit(&mut self, p: &mut Proc) -> Answer<()> {
        let (manager, exception) = (self.pop(), self.pop());
        if let Some(class) = self.class_of(&manager)
            && let Some(method) = self.class_name(class, "__exit__")
        {
            let kind = match self.class_of(&exception) {
                Some(class) => V::Obj(class),
                None => V::None,
            };
            let args = Args::of(vec![manager, kind, exception, V::None]);
            return self.call(p, method, args, After::Truth(true));
        }
        self.close_file(p, &manager);
        self.pending = Some((super::Effect::Flush, After::Replace(V::Bool(false))));
        Ok(())
    }
}

static OBJECT_INIT: Native = Native::new("__init__", |_, _, _| Ok(Ret::Value(V::None)));

static EXCEPTION_INIT: Native = Native::new("__init__", |vm, _, args| {
    let mut plain = args.plain;
    let this = if plain.is_empty() { V::None } else { plain.remove(0) };
    if let Some(Obj::Exception(exception)) = vm.obj_mut(&this) {
        exception.args = plain;
    }
    Ok(Ret::Value(V::None))
});

static OBJECT_SET: Native = Native::new("__setattr__", |vm, _, args| {
    if let V::Str(name) = args.value(1) {
        let name: Name = Vm::text_of(&name).into();
        vm.put_attribute(&args.value(0), &name, args.value(2))?;
    }
    Ok(Ret::Value(V::None))
});

static SETTER: Native = Native::new("setter", |vm, _, args| {
    let property = vm.add(Obj::Property(args.value(0), args.value(1)));
    Ok(Ret::Value(property))
});

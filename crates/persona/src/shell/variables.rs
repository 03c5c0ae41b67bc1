//! Variables: their values, and who sees them.

use super::{Kind, NAMES, Shell, VALUE_BYTES};
use crate::process::shown;
use crate::shell::arithmetic;
use std::collections::BTreeMap;

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "attributes of declare, each on its own")]
pub(crate) struct Variable {
    pub(crate) value: Value,
    pub(crate) exported: bool,
    pub(crate) readonly: bool,
    pub(crate) integer: bool,
    pub(crate) lower: bool,
    pub(crate) upper: bool,
}

/// What a variable holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Value {
    /// Declared, and nothing more.
    #[default]
    Unset,
    Scalar(Vec<u8>),
    Indexed(BTreeMap<i64, Vec<u8>>),
    Keyed(BTreeMap<Vec<u8>, Vec<u8>>),
}

impl Value {
    /// As `$name` has it: the element 0 of an array.
    pub(crate) fn scalar(&self) -> Option<&[u8]> {
        match self {
            Self::Unset => None,
            Self::Scalar(text) => Some(text),
            Self::Indexed(all) => all.get(&0).map(Vec::as_slice),
            Self::Keyed(all) => all.get(&b"0"[..]).map(Vec::as_slice),
        }
    }

    pub(crate) fn all(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(text) => vec![text.clone()],
            Self::Indexed(all) => all.values().cloned().collect(),
            Self::Keyed(all) => all.values().cloned().collect(),
        }
    }

    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(_) => vec![b"0".to_vec()],
            Self::Indexed(all) => all.keys().map(|key| key.to_string().into_bytes()).collect(),
            Self::Keyed(all) => all.keys().cloned().collect(),
        }
    }
}

/// Whether a name can be a variable's.
pub(crate) fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

impl Shell {
    pub(super) fn first_variables(&mut self) {
        let env = self.p.env.clone();
        for (name, value) in env {
            let value = Value::Scalar(value);
            self.variables.insert(name, Variable { value, exported: true, ..Variable::default() });
        }
        let (user, host) = (
            self.p.user.clone(),
            self.p.world.with(|world| world.machine.hostname.clone().into_bytes()),
        );
        let cwd = shown(&self.p.cwd);
        self.put(b"PWD", cwd, true);
        let Kind { dash, interactive, .. } = self.kind;
        self.put(b"IFS", b" \t\n".to_vec(), false);
        self.put(b"OPTIND", b"1".to_vec(), false);
        self.put(b"PPID", self.parent().to_string().into_bytes(), false);
        if dash {
            let mark: &[u8] = if user.uid == 0 { b"# " } else { b"$ " };
            self.put(b"PS1", mark.to_vec(), false);
            self.put(b"PS2", b"> ".to_vec(), false);
            self.put(b"PS4", b"+ ".to_vec(), false);
            return;
        }
        let level = self
            .text(b"SHLVL")
            .and_then(|text| std::str::from_utf8(text).ok()?.parse::<i64>().ok());
        self.put(b"SHLVL", (level.unwrap_or(0) + 1).to_string().into_bytes(), true);
        self.put(b"UID", user.uid.to_string().into_bytes(), false);
        self.put(b"EUID", user.uid.to_string().into_bytes(), false);
        self.put(b"HOSTNAME", host, false);
        self.put(b"HOSTTYPE", b"x86_64".to_vec(), false);
        self.put(b"MACHTYPE", b"x86_64-pc-linux-gnu".to_vec(), false);
        self.put(b"OSTYPE", b"linux-gnu".to_vec(), false);
        self.put(b"BASH", b"/bin/bash".to_vec(), false);
        self.put(b"BASH_VERSION", b"5.2.15(1)-release".to_vec(), false);
        let versions = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"];
        let versions = (0..).zip(versions.iter().map(|text| text.as_bytes().to_vec())).collect();
        let value = Value::Indexed(versions);
        self.variables.insert(
            b"BASH_VERSINFO".to_vec(),
            Variable { value, readonly: true, ..Variable::default() },
        );
        for name in [&b"UID"[..], b"EUID", b"PPID"] {
            if let Some(variable) = self.variables.get_mut(name) {
                (variable.readonly, variable.integer) = (true, true);
            }
        }
        if self.text(b"PATH").is_none() {
            let path = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            self.put(b"PATH", path.to_vec(), false);
        }
        if self.text(b"TERM").is_none() {
            self.put(b"TERM", b"dumb".to_vec(), false);
        }
        self.put(b"PS4", b"+ ".to_vec(), false);
        if interactive {
            self.put(b"PS1", b"\\s-\\v\\$ ".to_vec(), false);
            self.put(b"PS2", b"> ".to_vec(), false);
            self.put(b"HISTSIZE", b"500".to_vec(), false);
            self.put(b"HISTFILESIZE", b"500".to_vec(), false);
            let home = self.text(b"HOME").unwrap_or_default().to_vec();
            self.put(b"HISTFILE", [home.as_slice(), b"/.bash_history"].concat(), false);
            let (cols, rows) = self.p.world.with(|world| (world.tty.cols(), world.tty.rows()));
            self.put(b"COLUMNS", cols.to_string().into_bytes(), false);
            self.put(b"LINES", rows.to_string().into_bytes(), false);
        }
    }

    pub(super) fn parent(&self) -> u32 {
        self.p.world.with(|world| world.table.get(&self.pid).map_or(1, |entry| entry.parent))
    }

    /// Sets what nobody forbids.
    pub(super) fn put(&mut self, name: &[u8], value: Vec<u8>, exported: bool) {
        let variable = self.variables.entry(name.to_vec()).or_default();
        variable.value = Value::Scalar(value);
        variable.exported |= exported;
    }

    /// The value of a plain variable.
    pub(crate) fn text(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.get(name)?.value.scalar()
    }

    /// The value of a variable, those that the shell computes among them.
    pub(super) fn lookup(&mut self, name: &[u8]) -> Option<Value> {
        let scalar = |text: String| Some(Value::Scalar(text.into_bytes()));
        if !self.kind.dash {
            match name {
                b"RANDOM" => return scalar((self.dice() & 0x7fff).to_string()),
                b"SRANDOM" => return scalar((self.dice() & 0xffff_ffff).to_string()),
                b"SECONDS" => {
                    let now = self.p.now().0 / 1_000_000_000;
                    return scalar((now - self.logged_in).max(0).to_string());
                }
                b"EPOCHSECONDS" => return scalar((self.p.now().0 / 1_000_000_000).to_string()),
                b"EPOCHREALTIME" => {
                    let now = self.p.now().0;
                    let (s, us) = (now / 1_000_000_000, now / 1_000 % 1_000_000);
                    return scalar(format!("{s}.{us:06}"));
                }
                b"LINENO" => return scalar(self.line.to_string()),
                b"BASHPID" => return scalar(self.p.pid.to_string()),
                b"BASH_SUBSHELL" => return scalar(u32::from(self.p.pid != self.pid).to_string()),
                b"PIPESTATUS" => {
                    let all = self.pipe_status.iter().map(|s| s.to_string().into_bytes());
                    return Some(Value::Indexed((0..).zip(all).collect()));
                }
                b"GROUPS" => return scalar(self.p.user.gid.to_string()),
                b"FUNCNAME" if self.calls == 0 => return None,
                _ => {}
            }
        }
        if name == b"LINENO" {
            return scalar(self.line.to_string());
        }
        self.variables.get(name).map(|variable| variable.value.clone())
    }

    /// Sets a variable, or an element of it. Says why not.
    pub(super) fn assign(
        &mut self,
        name: &[u8],
        index: Option<&[u8]>,
        value: Vec<u8>,
        append: bool,
    ) -> Result<(), Vec<u8>> {
        let mut value = value;
        let old = self.variables.get(name);
        if old.is_some_and(|variable| variable.readonly) {
            return Err(if self.kind.dash {
                [name, b": is read only"].concat()
            } else {
                [name, b": readonly variable"].concat()
            });
        }
        if old.is_none() && self.variables.len() >= NAMES {
            return Err(b"xmalloc: cannot allocate 64 bytes".to_vec());
        }
        let integer = old.is_some_and(|variable| variable.integer);
        let (lower, upper) = old.map_or((false, false), |v| (v.lower, v.upper));
        let keyed = old.is_some_and(|variable| matches!(variable.value, Value::Keyed(_)));
        let indexed = old.is_some_and(|variable| matches!(variable.value, Value::Indexed(_)));
        let number = match index {
            Some(index) if !keyed => {
                let number = arithmetic::evaluate(index, self)?;
                let last = self.variables.get(name).and_then(|v| match &v.value {
                    Value::Indexed(all) => all.keys().next_back().copied(),
                    Value::Unset | Value::Scalar(_) | Value::Keyed(_) => None,
                });
                let number = if number < 0 { number + last.map_or(0, |l| l + 1) } else { number };
                if number < 0 {
                    return Err([name, b"[", index, b"]: bad array subscript"].concat());
                }
                Some(number)
            }
            None if indexed => Some(0),
            Some(_) | None => None,
        };
        let before: Vec<u8> = if append {
            let old = self.variables.get(name);
            let found = match (old.map(|variable| &variable.value), number, index) {
                (Some(Value::Indexed(all)), Some(number), _) => all.get(&number).cloned(),
                (Some(Value::Keyed(all)), _, Some(index)) => all.get(index).cloned(),
                (Some(value), ..) => value.scalar().map(<[u8]>::to_vec),
                (None, ..) => None,
            };
            found.unwrap_or_default()
        } else {
            Vec::new()
        };
        if integer {
            let mut sum = arithmetic::evaluate(&value, self)?;
            if append {
                sum = sum.wrapping_add(arithmetic::evaluate(&before, self)?);
            }
            value = sum.to_string().into_bytes();
        } else if append {
            value = [before.as_slice(), &value].concat();
        }
        if lower {
            value.make_ascii_lowercase();
        }
        if upper {
            value.make_ascii_uppercase();
        }
        if value.len() > VALUE_BYTES {
            return Err(format!("xrealloc: cannot allocate {} bytes", value.len()).into_bytes());
        }
        let export_all = self.has("a");
        let variable = self.variables.entry(name.to_vec()).or_default();
        variable.exported |= export_all;
        match (&mut variable.value, index, number) {
            (Value::Keyed(all), index, _) => {
                if all.len() < NAMES {
                    all.insert(index.unwrap_or(b"0").to_vec(), value);
                }
            }
            (Value::Indexed(all), _, Some(number)) => {
                if all.len() < NAMES * 4 {
                    all.insert(number, value);
                }
            }
            (old, Some(_), Some(number)) => {
                let first = old.scalar().map(|text| (0, text.to_vec()));
                let mut all: BTreeMap<i64, Vec<u8>> = first.into_iter().collect();
                all.insert(number, value);
                *old = Value::Indexed(all);
            }
            (old, ..) => *old = Value::Scalar(value),
        }
        Ok(())
    }

    /// Takes a variable or one of its elements away.
    pub(super) fn unset(&mut self, name: &[u8], index: Option<&[u8]>) -> Result<(), Vec<u8>> {
        if self.variables.get(name).is_some_and(|variable| variable.readonly) {
            return Err([name, b": cannot unset: readonly variable"].concat());
        }
        let Some(index) = index else {
            self.variables.remove(name);
            return Ok(());
        };
        let number = arithmetic::evaluate(index, self);
        if let Some(variable) = self.variables.get_mut(name) {
            match &mut variable.value {
                Value::Indexed(all) => {
                    if let Ok(number) = number {
                        all.remove(&number);
                    }
                }
                Value::Keyed(all) => {
                    all.remove(index);
                }
                Value::Scalar(_) | Value::Unset => {
                    self.variables.remove(name);
                }
            }
        }
        Ok(())
    }

    /// Hides a variable until the function returns.
    pub(super) fn hide(&mut self, name: &[u8]) {
        if let Some(frame) = self.hidden.last_mut()
            && !frame.iter().any(|(known, _)| known == name)
        {
            frame.push((name.to_vec(), self.variables.get(name).cloned()));
        }
    }

    /// Brings back what the innermost function hid.
    pub(super) fn unhide(&mut self) {
        for (name, old) in self.hidden.pop().unwrap_or_default() {
            match old {
                Some(old) => drop(self.variables.insert(name, old)),
                None => drop(self.variables.remove(&name)),
            }
        }
    }

    /// What a program that is started has in its environment.
    pub(super) fn environment(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let exported = self.variables.iter().filter(|(_, variable)| variable.exported);
        exported
            .filter_map(|(name, variable)| Some((name.clone(), variable.value.scalar()?.to_vec())))
            .collect()
    }
}

impl arithmetic::Variables for Shell {
    fn get(&mut self, name: &[u8], index: Option<&[u8]>) -> Vec<u8> {
        let value = match name {
            [digit] if digit.is_ascii_digit() => {
                let at = usize::from(digit - b'0');
                return at
                    .checked_sub(1)
                    .and_then(|at| self.params.get(at))
                    .cloned()
                    .unwrap_or_default();
            }
            name => self.lookup(name),
        };
        let Some(value) = value else { return Vec::new() };
        match (value, index) {
            (value, None) => value.scalar().unwrap_or_default().to_vec(),
            (Value::Keyed(all), Some(index)) => all.get(index).cloned().unwrap_or_default(),
            (Value::Indexed(all), Some(index)) => {
                let index = arithmetic::evaluate(index, self).unwrap_or(0);
                all.get(&index).cloned().unwrap_or_default()
            }
            (value, Some(_)) => value.scalar().unwrap_or_default().to_vec(),
        }
    }

    fn set(&mut self, name: &[u8], index: Option<&[u8]>, value: i64) -> Result<(), Vec<u8>> {
        self.assign(name, index, value.to_string().into_bytes(), false)
    }
}

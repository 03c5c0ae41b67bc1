//! Variables and options as builtins set and show them.

use super::{OPTIONS, by_letter, option_letter};
use crate::kernel::Signal;
use crate::shell::expand::quote;
use crate::shell::{Shell, Value, Variable, variables};
use decnet_core::shell::print;

/// `-rx`, as `declare -p` shows it; `--` where there is none.
pub(in crate::shell) fn attributes(variable: &Variable) -> String {
    let mut text = "-".to_owned();
    for (on, letter) in [
        (matches!(variable.value, Value::Indexed(_)), 'a'),
        (matches!(variable.value, Value::Keyed(_)), 'A'),
        (variable.integer, 'i'),
        (variable.lower, 'l'),
        (variable.readonly, 'r'),
        (variable.upper, 'u'),
        (variable.exported, 'x'),
    ] {
        if on {
            text.push(letter);
        }
    }
    if text.len() == 1 {
        text.push('-');
    }
    text
}

/// A value in double quotes.
fn doubled(text: &[u8]) -> Vec<u8> {
    let mut out = b"\"".to_vec();
    for byte in text {
        if b"\"\\$`".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
    out
}

fn shown(name: &[u8], variable: &Variable) -> Vec<u8> {
    let list = |pairs: Vec<(Vec<u8>, Vec<u8>)>| {
        let all: Vec<Vec<u8>> = pairs
            .into_iter()
            .map(|(key, text)| [b"[", key.as_slice(), b"]=", &doubled(&text)].concat())
            .collect();
        [b"=(", all.join(&b' ').as_slice(), b")"].concat()
    };
    let value = match &variable.value {
        Value::Unset => Vec::new(),
        Value::Scalar(text) => [b"=", doubled(text).as_slice()].concat(),
        Value::Indexed(all) => list(
            all.iter().map(|(key, text)| (key.to_string().into_bytes(), text.clone())).collect(),
        ),
        Value::Keyed(all) => {
            list(all.iter().map(|(key, text)| (key.clone(), text.clone())).collect())
        }
    };
    [name, &value].concat()
}

impl Shell {
    pub(super) fn declare(&mut self, name: &str, args: &[Vec<u8>]) {
        self.status = 0;
        let (mut on, mut off, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for arg in args {
            match arg.split_first() {
                Some((b'-', letters)) if rest.is_empty() && !letters.is_empty() => {
                    on.extend_from_slice(letters)
                }
                Some((b'+', letters)) if rest.is_empty() && !letters.is_empty() => {
                    off.extend_from_slice(letters)
                }
                _ => rest.push(arg.clone()),
            }
        }
        match name {
            "export" => {
                if on.contains(&b'n') {
                    off.push(b'x');
                } else {
                    on.push(b'x');
                }
            }
            "readonly" => on.push(b'r'),
            "local" if self.hidden.is_empty() => {
                self.complain(if self.kind.dash {
                    "local: not in a function"
                } else {
                    "local: can only be used in a function"
                });
                self.status = 1;
                return;
            }
            _ => {}
        }
        if on.iter().any(|b| b"fF".contains(b)) {
            let names: Vec<Vec<u8>> =
                if rest.is_empty() { self.functions.keys().cloned().collect() } else { rest };
            for name in names {
                match self.functions.get(&name) {
                    Some(_) if on.contains(&b'F') => {
                        self.p.line([b"declare -f ", name.as_slice()].concat())
                    }
                    Some(body) => {
                        let text = print::function(&name, body);
                        self.p.line(text);
                    }
                    None => self.status = 1,
                }
            }
            return;
        }
        if rest.is_empty() {
            self.show_variables(name, &on);
            return;
        }
        if on.contains(&b'p') && name != "export" && name != "readonly" {
            for name in rest {
                match self.variables.get(&name) {
                    Some(variable) => {
                        let text = [
                            b"declare ",
                            attributes(variable).as_bytes(),
                            b" ",
                            &shown(&name, variable),
                        ]
                        .concat();
                        self.p.line(text);
                    }
                    None => {
                        self.complain([b"declare: ", name.as_slice(), b": not found"].concat());
                        self.status = 1;
                    }
                }
            }
            return;
        }
        let local = name == "local"
            || !self.hidden.is_empty()
                && matches!(name, "declare" | "typeset")
                && !on.contains(&b'g');
        for arg in rest {
            self.declare_one(name, &arg, &on, &off, local);
        }
    }

    fn declare_one(&mut self, builtin: &str, arg: &[u8], on: &[u8], off: &[u8], local: bool) {
        let at = arg.iter().position(|&b| b == b'=');
        let (mut left, value) = match at {
            Some(at) => (arg.get(..at).unwrap_or_default(), arg.get(at + 1..)),
            None => (arg, None),
        };
        let append = value.is_some() && left.ends_with(b"+");
        if append {
            left = left.get(..left.len() - 1).unwrap_or_default();
        }
        let (name, index) = match left.iter().position(|&b| b == b'[') {
            Some(open) if left.ends_with(b"]") => {
                (left.get(..open).unwrap_or_default(), left.get(open + 1..left.len() - 1))
            }
            _ => (left, None),
        };
        if !variables::is_name(name) {
            let text = if self.kind.dash {
                [builtin.as_bytes(), b": ", arg, b": bad variable name"].concat()
            } else {
                [builtin.as_bytes(), b": `", arg, b"': not a valid identifier"].concat()
            };
            self.complain(text);
            self.status = if self.kind.dash { 2 } else { 1 };
            return;
        }
        if local {
            let hidden = self
                .hidden
                .last()
                .is_some_and(|frame| frame.iter().any(|(known, _)| known == name));
            if !hidden {
                self.hide(name);
                let exported = self.variables.get(name).is_some_and(|v| v.exported);
                self.variables.insert(name.to_vec(), Variable { exported, ..Variable::default() });
            }
        }
        if value.is_some() || !on.is_empty() {
            let variable = self.variables.entry(name.to_vec()).or_default();
            variable.integer = (variable.integer || on.contains(&b'i')) && !off.contains(&b'i');
            variable.lower |= on.contains(&b'l');
            variable.upper |= on.contains(&b'u');
            if on.contains(&b'A') && !matches!(variable.value, Value::Keyed(_)) {
                let old = match &variable.value {
                    Value::Indexed(all) => all
                        .iter()
                        .map(|(key, text)| (key.to_string().into_bytes(), text.clone()))
                        .collect(),
                    Value::Unset | Value::Scalar(_) | Value::Keyed(_) => {
                        std::collections::BTreeMap::new()
                    }
                };
                variable.value = Value::Keyed(old);
            }
            if on.contains(&b'a') && matches!(variable.value, Value::Unset) {
                variable.value = Value::Indexed(std::collections::BTreeMap::new());
            }
        }
        if let Some(value) = value
            && let Err(why) = self.assign(name, index, value.to_vec(), append)
        {
            let text =
                if self.kind.dash { why } else { [builtin.as_bytes(), b": ", &why].concat() };
            let _ = builtin;
            self.complain(text);
            self.status = 1;
            return;
        }
        if on.contains(&b'r') || on.contains(&b'x') || off.contains(&b'x') {
            let variable = self.variables.entry(name.to_vec()).or_default();
            variable.readonly |= on.contains(&b'r');
            variable.exported = (variable.exported || on.contains(&b'x')) && !off.contains(&b'x');
        }
    }

    fn show_variables(&mut self, name: &str, on: &[u8]) {
        let wanted = |variable: &Variable| match name {
            "export" => variable.exported,
            "readonly" => variable.readonly,
            _ => on.iter().all(|letter| match letter {
                b'x' => variable.exported,
                b'r' => variable.readonly,
                b'i' => variable.integer,
                b'a' => matches!(variable.value, Value::Indexed(_)),
                b'A' => matches!(variable.value, Value::Keyed(_)),
                _ => true,
            }),
        };
        let dash = self.kind.dash;
        let plain = on.is_empty() && matches!(name, "declare" | "typeset");
        let rows: Vec<Vec<u8>> = self
            .variables
            .iter()
            .filter(|(_, variable)| wanted(variable))
            .map(|(known, variable)| {
                if dash {
                    let value = variable
                        .value
                        .scalar()
                        .map(|text| [b"=", quote(text).as_slice()].concat())
                        .unwrap_or_default();
                    [name.as_bytes(), b" ", known, &value].concat()
                } else if plain {
                    [known.as_slice(), b"=", &traced(variable.value.scalar().unwrap_or_default())]
                        .concat()
                } else {
                    [b"declare ", attributes(variable).as_bytes(), b" ", &shown(known, variable)]
                        .concat()
                }
            })
            .collect();
        for row in rows {
            self.p.line(row);
        }
    }

    pub(super) fn unset_builtin(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        let functions = args.iter().any(|arg| arg == b"-f");
        for arg in args.iter().filter(|arg| !arg.starts_with(b"-")) {
            let (name, index) = match arg.iter().position(|&b| b == b'[') {
                Some(open) if arg.ends_with(b"]") => {
                    (arg.get(..open).unwrap_or_default(), arg.get(open + 1..arg.len() - 1))
                }
                _ => (arg.as_slice(), None),
            };
            if functions || !self.variables.contains_key(name) {
                self.functions.remove(arg);
                continue;
            }
            if let Err(why) = self.unset(name, index) {
                self.complain([b"unset: ", why.as_slice()].concat());
                self.status = 1;
            }
        }
    }

    pub(super) fn set_builtin(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        if args.is_empty() {
            let rows: Vec<Vec<u8>> = self
                .variables
                .iter()
                .filter_map(|(name, variable)| match &variable.value {
                    Value::Unset => None,
                    Value::Scalar(text) => Some([name.as_slice(), b"=", &traced(text)].concat()),
                    Value::Indexed(_) | Value::Keyed(_) => Some(shown(name, variable)),
                })
                .collect();
            for row in rows {
                self.p.line(row);
            }
            return;
        }
        let mut rest = args;
        while let Some((arg, more)) = rest.split_first() {
            let (sign, letters) = match arg.split_first() {
                Some((sign @ (b'-' | b'+'), letters)) => (*sign, letters),
                _ => break,
            };
            rest = more;
            match letters {
                b"-" => {
                    self.params = rest.to_vec();
                    return;
                }
                b"" => break,
                b"o" => {
                    let Some((name, more)) = rest.split_first() else {
                        for (name, short) in OPTIONS {
                            let on = if self.has(short) { "on" } else { "off" };
                            self.p.line(if sign == b'-' {
                                format!("{name:<15}\t{on}")
                            } else {
                                format!("set {}o {name}", if on == "on" { '-' } else { '+' })
                            });
                        }
                        return;
                    };
                    rest = more;
                    match option_letter(name) {
                        Some(short) if sign == b'-' => drop(self.options.insert(short)),
                        Some(short) => drop(self.options.remove(short)),
                        None => {
                            self.complain(
                                [b"set: ", name.as_slice(), b": invalid option name"].concat(),
                            );
                            self.status = 2;
                            return;
                        }
                    }
                }
                letters => {
                    for letter in letters {
                        match by_letter(*letter) {
                            Some(short) if sign == b'-' => drop(self.options.insert(short)),
                            Some(short) => drop(self.options.remove(short)),
                            None if *letter == b'o' => {
                                if let Some((name, more)) = rest.split_first() {
                                    rest = more;
                                    if let Some(short) = option_letter(name) {
                                        self.options.insert(short);
                                    }
                                }
                            }
                            None => {
                                let text =
                                    [b"set: ", &[sign, *letter][..], b": invalid option"].concat();
                                self.complain(text);
                                self.p.error("set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]");
                                self.status = 2;
                                return;
                            }
                        }
                    }
                }
            }
        }
        if !rest.is_empty() {
            self.params = rest.to_vec();
        }
    }

    pub(super) fn shopt(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        let mut set = None;
        let mut quiet = false;
        let mut names = Vec::new();
        for arg in args {
            match arg.as_slice() {
                b"-s" => set = Some(true),
                b"-u" => set = Some(false),
                b"-q" => quiet = true,
                b"-p" | b"-o" => {}
                name => names.push(String::from_utf8_lossy(name).into_owned()),
            }
        }
        if names.is_empty() {
            for name in SHOPTS {
                let on = self.shopts.contains(name);
                if set.is_none_or(|wanted| wanted == on) {
                    self.p.line(format!("{name:<20}\t{}", if on { "on" } else { "off" }));
                }
            }
            return;
        }
        for name in names {
            let Some(known) = SHOPTS.iter().find(|known| **known == name) else {
                self.complain(format!("shopt: {name}: invalid shell option name"));
                self.status = 1;
                continue;
            };
            match set {
                Some(true) => drop(self.shopts.insert(known)),
                Some(false) => drop(self.shopts.remove(known)),
                None => {
                    let on = self.shopts.contains(known);
                    if !on {
                        self.status = 1;
                    }
                    if !quiet {
                        self.p.line(format!("{known:<20}\t{}", if on { "on" } else { "off" }));
                    }
                }
            }
        }
    }

    pub(super) fn trap(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        let mut rest = args;
        if rest.first().is_some_and(|arg| arg == b"--") {
            rest = rest.get(1..).unwrap_or_default();
        }
        let show = rest.is_empty() || rest.first().is_some_and(|arg| arg == b"-p");
        if rest.first().is_some_and(|arg| arg == b"-l") {
            self.list_signals();
            return;
        }
        if show {
            let dash = self.kind.dash;
            let rows: Vec<Vec<u8>> = self
                .traps
                .iter()
                .map(|(number, text)| {
                    let name = Signal(*number).name();
                    let name = if *number == 0 || dash { name } else { format!("SIG{name}") };
                    [b"trap -- ", quote(text).as_slice(), b" ", name.as_bytes()].concat()
                })
                .collect();
            for row in rows {
                self.p.line(row);
            }
            return;
        }
        let alone = rest.len() == 1;
        let Some((action, signals)) = rest.split_first() else { return };
        let signals = if alone { rest } else { signals };
        for name in signals {
            let special = matches!(name.as_slice(), b"DEBUG" | b"ERR" | b"RETURN");
            let Some(signal) = Signal::parse(name) else {
                if !special {
                    let text = if self.kind.dash {
                        [b"trap: ", name.as_slice(), b": bad trap"].concat()
                    } else {
                        [b"trap: ", name.as_slice(), b": invalid signal specification"].concat()
                    };
                    self.complain(text);
                    self.status = 1;
                }
                continue;
            };
            let pid = self.p.pid;
            let reset = alone || action == b"-";
            if reset {
                self.traps.remove(&signal.0);
            } else {
                self.traps.insert(signal.0, action.clone());
            }
            let ignores = !reset && action.is_empty();
            self.p.world.with(|world| {
                if let Some(entry) = world.table.get_mut(&pid)
                    && signal.0 != 0
                {
                    entry.caught &= !signal.bit();
                    entry.ignored &= !signal.bit();
                    if ignores {
                        entry.ignored |= signal.bit();
                    } else if !reset {
                        entry.caught |= signal.bit();
                    }
                }
            });
        }
    }
}

fn traced(text: &[u8]) -> Vec<u8> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(b);
    if text.iter().all(plain) { text.to_vec() } else { quote(text) }
}

const SHOPTS: &[&str] = &[
    "autocd",
    "assoc_expand_once",
    "cdable_vars",
    "cdspell",
    "checkhash",
    "checkjobs",
    "checkwinsize",
    "cmdhist",
    "compat31",
    "compat32",
    "compat40",
    "compat41",
    "compat42",
    "compat43",
    "compat44",
    "complete_fullquote",
    "direxpand",
    "dirspell",
    "dotglob",
    "execfail",
    "expand_aliases",
    "extdebug",
    "extglob",
    "extquote",
    "failglob",
    "force_fignore",
    "globasciiranges",
    "globskipdots",
    "globstar",
    "gnu_errfmt",
    "histappend",
    "histreedit",
    "histverify",
    "hostcomplete",
    "huponexit",
    "inherit_errexit",
    "interactive_comments",
    "lastpipe",
    "lithist",
    "localvar_inherit",
    "localvar_unset",
    "login_shell",
    "mailwarn",
    "no_empty_cmd_completion",
    "nocaseglob",
    "nocasematch",
    "noexpand_translation",
    "nullglob",
    "patsub_replacement",
    "progcomp",
    "progcomp_alias",
    "promptvars",
    "restricted_shell",
    "shift_verbose",
    "sourcepath",
    "varredir_close",
    "xpg_echo",
];

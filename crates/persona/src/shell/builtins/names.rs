//! What names stand for: `type`, `hash`, `alias`, `cd` and its folders.

use super::{KEYWORDS, is_builtin};
use crate::files::{Fault, Last};
use crate::process::shown;
use crate::shell::Shell;
use decnet_core::shell::print;

impl Shell {
    /// As `command -v` says it.
    pub(super) fn short(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        if let Some(text) = self.aliases.get(name) {
            return Some([b"alias ", name, b"=", &crate::shell::expand::quote(text)].concat());
        }
        let word = std::str::from_utf8(name).unwrap_or_default();
        if KEYWORDS.contains(&word)
            || self.functions.contains_key(name)
            || is_builtin(name, self.kind.dash)
        {
            return Some(name.to_vec());
        }
        let file = self.find(name).ok()?;
        crate::commands::look(&self.p, &file).ok()?;
        Some(file)
    }

    /// As `type` says it.
    pub(super) fn describe(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        if let Some(text) = self.aliases.get(name) {
            return Some([name, b" is aliased to `", text, b"'"].concat());
        }
        let word = std::str::from_utf8(name).unwrap_or_default();
        if KEYWORDS.contains(&word) {
            return Some([name, b" is a shell keyword"].concat());
        }
        if let Some(body) = self.functions.get(name) {
            let text = print::function(name, body);
            return Some([name, b" is a function\n", &text].concat());
        }
        if is_builtin(name, self.kind.dash) {
            return Some([name, b" is a shell builtin"].concat());
        }
        let hashed = self.hashed.get(name).map(|(file, _)| file.clone());
        if let Some(file) = hashed.filter(|_| !self.kind.dash) {
            return Some([name, b" is hashed (", &file, b")"].concat());
        }
        let path = self.text(b"PATH").unwrap_or_default().to_vec();
        let file = crate::commands::find(&self.p, name, &path).ok()?;
        crate::commands::look(&self.p, &file).ok()?;
        Some([name, b" is ", &file].concat())
    }

    pub(super) fn type_builtin(&mut self, args: &[Vec<u8>]) {
        let letters: Vec<u8> =
            args.iter().filter(|arg| arg.starts_with(b"-")).flatten().copied().collect();
        let names = args.iter().filter(|arg| !arg.starts_with(b"-"));
        self.status = 0;
        for name in names {
            let word = std::str::from_utf8(name).unwrap_or_default();
            if letters.contains(&b't') {
                let kind = if self.aliases.contains_key(name) {
                    Some("alias")
                } else if KEYWORDS.contains(&word) {
                    Some("keyword")
                } else if self.functions.contains_key(name) {
                    Some("function")
                } else if is_builtin(name, false) {
                    Some("builtin")
                } else {
                    self.short(name).map(|_| "file")
                };
                match kind {
                    Some(kind) => self.p.line(kind),
                    None => self.status = 1,
                }
                continue;
            }
            if letters.iter().any(|b| b"pP".contains(b)) {
                let path = self.text(b"PATH").unwrap_or_default().to_vec();
                let shell = is_builtin(name, false) && !letters.contains(&b'P');
                match crate::commands::find(&self.p, name, &path) {
                    Ok(file) if !shell => self.p.line(file),
                    Ok(_) => {}
                    Err(_) => self.status = 1,
                }
                continue;
            }
            match self.describe(name) {
                Some(text) => self.p.line(text),
                None => {
                    if self.kind.dash {
                        self.p.line([name.as_slice(), b": not found"].concat());
                        self.status = 127;
                    } else {
                        self.complain([b"type: ", name.as_slice(), b": not found"].concat());
                        self.status = 1;
                    }
                }
            }
        }
    }

    pub(super) fn hash(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        if args.iter().any(|arg| arg == b"-r") {
            self.hashed.clear();
        } else if args.is_empty() {
            if self.hashed.is_empty() {
                if !self.kind.dash {
                    self.p.error("hash: hash table empty");
                }
                return;
            }
            self.p.line("hits\tcommand");
            let rows: Vec<Vec<u8>> = self
                .hashed
                .values()
                .map(|(file, hits)| [format!("{hits:4}\t").as_bytes(), file].concat())
                .collect();
            for row in rows {
                self.p.line(row);
            }
        } else {
            for name in args.iter().filter(|arg| !arg.starts_with(b"-")) {
                if self.find(name).is_err() {
                    self.complain([b"hash: ", name.as_slice(), b": not found"].concat());
                    self.status = 1;
                }
            }
        }
    }

    pub(super) fn alias(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        let begin: &[u8] = if self.kind.dash { b"" } else { b"alias " };
        let show = |name: &[u8], text: &[u8]| {
            [begin, name, b"=", &crate::shell::expand::quote(text)].concat()
        };
        if args.is_empty() || args == [b"-p".to_vec()] {
            let rows: Vec<Vec<u8>> =
                self.aliases.iter().map(|(name, text)| show(name, text)).collect();
            for row in rows {
                self.p.line(row);
            }
            return;
        }
        for arg in args {
            match arg.iter().position(|&b| b == b'=') {
                Some(at) if at > 0 => {
                    let (name, text) = arg.split_at(at);
                    if self.aliases.len() < 512 {
                        self.aliases
                            .insert(name.to_vec(), text.get(1..).unwrap_or_default().to_vec());
                    }
                }
                _ => match self.aliases.get(arg) {
                    Some(text) => {
                        let row = show(arg, text);
                        self.p.line(row);
                    }
                    None => {
                        self.complain([b"alias: ", arg.as_slice(), b": not found"].concat());
                        self.status = 1;
                    }
                },
            }
        }
    }

    pub(super) fn cd(&mut self, args: &[Vec<u8>]) {
        let mut rest: Vec<&Vec<u8>> = args.iter().collect();
        while rest
            .first()
            .is_some_and(|arg| matches!(arg.as_slice(), b"-L" | b"-P" | b"-e" | b"--"))
        {
            rest.remove(0);
        }
        if rest.len() > 1 && !self.kind.dash {
            self.complain("cd: too many arguments");
            self.status = 1;
            return;
        }
        let mut shows = false;
        let target = match rest.first().map(|arg| arg.as_slice()) {
            None => match self.text(b"HOME") {
                Some(home) => home.to_vec(),
                None => {
                    self.complain("cd: HOME not set");
                    self.status = 1;
                    return;
                }
            },
            Some(b"-") => match self.text(b"OLDPWD") {
                Some(old) => {
                    shows = true;
                    old.to_vec()
                }
                None => {
                    self.complain("cd: OLDPWD not set");
                    self.status = 1;
                    return;
                }
            },
            Some(path) => path.to_vec(),
        };
        match self.go(&target) {
            Ok(()) => {
                if shows {
                    let cwd = self.text(b"PWD").unwrap_or_default().to_vec();
                    self.p.line(cwd);
                }
                self.status = 0;
            }
            Err(fault) => {
                let text = if self.kind.dash {
                    [b"cd: can't cd to ", target.as_slice()].concat()
                } else {
                    [b"cd: ", target.as_slice(), b": ", fault.text().as_bytes()].concat()
                };
                self.complain(text);
                self.status = if self.kind.dash { 2 } else { 1 };
            }
        }
    }

    /// Changes the folder, and remembers by which way.
    fn go(&mut self, target: &[u8]) -> Result<(), Fault> {
        if target.is_empty() {
            return Ok(());
        }
        let old = self.text(b"PWD").unwrap_or_default().to_vec();
        let full = if target.starts_with(b"/") {
            target.to_vec()
        } else {
            [old.as_slice(), b"/", target].concat()
        };
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in crate::files::parts(&full) {
            match part {
                b"." => {}
                b".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let logical = [b"/", parts.join(&b'/').as_slice()].concat();
        let found = self.p.fs(|process| {
            let found = process.find(&logical, Last::Follow)?;
            if !matches!(process.node(&found)?.kind, crate::files::Kind::Folder) {
                return Err(Fault::NotFolder);
            }
            process.world.files.allowed(process.me.who, &found, crate::files::Access::Execute)?;
            Ok(found)
        })?;
        self.p.cwd = found.clone();
        let pid = self.p.pid;
        self.p.world.with(|world| {
            if let Some(entry) = world.table.get_mut(&pid) {
                entry.cwd = found;
            }
        });
        self.put(b"OLDPWD", old, true);
        self.put(b"PWD", logical, true);
        Ok(())
    }

    pub(super) fn dirs(&mut self, name: &str, args: &[Vec<u8>]) {
        self.status = 0;
        let cwd = shown(&self.p.cwd);
        match name {
            "pushd" => {
                let target = args.first().cloned().or_else(|| self.folders.pop());
                let Some(target) = target else {
                    self.complain("pushd: no other directory");
                    self.status = 1;
                    return;
                };
                if let Err(fault) = self.go(&target) {
                    self.complain(
                        [b"pushd: ", target.as_slice(), b": ", fault.text().as_bytes()].concat(),
                    );
                    self.status = 1;
                    return;
                }
                if self.folders.len() < 64 {
                    self.folders.push(cwd);
                }
            }
            "popd" => match self.folders.pop() {
                Some(target) => {
                    let _ = self.go(&target);
                }
                None => {
                    self.complain("popd: directory stack empty");
                    self.status = 1;
                    return;
                }
            },
            _ => {}
        }
        let home = self.text(b"HOME").unwrap_or_default().to_vec();
        let mut all = vec![shown(&self.p.cwd)];
        all.extend(self.folders.iter().rev().cloned());
        let all: Vec<Vec<u8>> = all
            .into_iter()
            .map(|folder| match folder.strip_prefix(home.as_slice()) {
                Some(rest) if home.len() > 1 && (rest.is_empty() || rest.starts_with(b"/")) => {
                    [b"~", rest].concat()
                }
                _ => folder,
            })
            .collect();
        self.p.line(all.join(&b' '));
    }

    pub(super) fn compgen(&mut self, args: &[Vec<u8>]) {
        let prefix = args.iter().find(|arg| !arg.starts_with(b"-")).cloned().unwrap_or_default();
        let mut names: Vec<Vec<u8>> = Vec::new();
        for arg in args {
            match arg.as_slice() {
                b"-c" => {
                    names.extend(super::names().map(|name| name.as_bytes().to_vec()));
                    names.extend(
                        crate::commands::programs().map(|program| program.name.as_bytes().to_vec()),
                    );
                }
                b"-b" => names.extend(super::BUILTINS.iter().map(|name| name.as_bytes().to_vec())),
                b"-a" => names.extend(self.aliases.keys().cloned()),
                b"-v" => names.extend(self.variables.keys().cloned()),
                b"-u" => names.extend(
                    self.p
                        .world
                        .with(|world| crate::people::users(&world.files))
                        .into_iter()
                        .map(|user| user.name),
                ),
                _ => {}
            }
        }
        names.retain(|name| name.starts_with(&prefix));
        self.status = u32::from(names.is_empty());
        for name in names {
            self.p.line(name);
        }
    }
}

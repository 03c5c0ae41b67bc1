//! The shell's own commands.

mod declare;
mod input;
mod names;
mod session;

pub(super) use declare::attributes;

use super::{Flow, Shell};
use crate::text_format::{Dialect, Escapes, printf, unescape};

/// bash's, in the order of `enable`.
const BUILTINS: &[&str] = &[
    ".",
    ":",
    "[",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
];

/// dash's.
const DASH: &[&str] = &[
    ".", ":", "[", "alias", "bg", "break", "cd", "chdir", "command", "continue", "echo", "eval",
    "exec", "exit", "export", "false", "fg", "getopts", "hash", "jobs", "kill", "local", "printf",
    "pwd", "read", "readonly", "return", "set", "shift", "test", "times", "trap", "true", "type",
    "ulimit", "umask", "unalias", "unset", "wait",
];

/// Words of the grammar.
const KEYWORDS: &[&str] = &[
    "!", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
    "function", "if", "in", "select", "then", "time", "until", "while", "{", "}",
];

pub(super) fn is_builtin(name: &[u8], dash: bool) -> bool {
    let list = if dash { DASH } else { BUILTINS };
    std::str::from_utf8(name).is_ok_and(|name| list.contains(&name))
}

/// Names of all builtins, for completion.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().chain(KEYWORDS).copied()
}

/// `-o` options: names, and letters where they have one.
const OPTIONS: &[(&str, &str)] = &[
    ("allexport", "a"),
    ("braceexpand", "B"),
    ("emacs", "emacs"),
    ("errexit", "e"),
    ("errtrace", "E"),
    ("functrace", "T"),
    ("hashall", "h"),
    ("histexpand", "H"),
    ("history", "history"),
    ("ignoreeof", "ignoreeof"),
    ("interactive-comments", "interactive-comments"),
    ("keyword", "k"),
    ("monitor", "m"),
    ("noclobber", "C"),
    ("noexec", "n"),
    ("noglob", "f"),
    ("nolog", "nolog"),
    ("notify", "b"),
    ("nounset", "u"),
    ("onecmd", "t"),
    ("physical", "P"),
    ("pipefail", "pipefail"),
    ("posix", "posix"),
    ("privileged", "p"),
    ("verbose", "v"),
    ("vi", "vi"),
    ("xtrace", "x"),
];

pub(super) fn option_letter(name: &[u8]) -> Option<&'static str> {
    OPTIONS.iter().find(|(long, _)| long.as_bytes() == name).map(|(_, short)| *short)
}

pub(super) fn by_letter(letter: u8) -> Option<&'static str> {
    OPTIONS.iter().map(|(_, short)| *short).find(|short| short.as_bytes() == [letter])
}

impl Shell {
    /// Runs a builtin.
    pub(super) fn builtin<'a>(
        &'a mut self,
        name: &'a [u8],
        all: &'a [Vec<u8>],
    ) -> super::expand::Later<'a, Flow> {
        Box::pin(async move {
            let args = all.get(1..).unwrap_or_default();
            let name = std::str::from_utf8(name).unwrap_or_default();
            match name {
                ":" | "true" => self.status = 0,
                "false" => self.status = 1,
                "echo" => self.echo(args),
                "printf" => self.printf(args),
                "test" | "[" => self.test_builtin(name, args),
                "cd" | "chdir" => self.cd(args),
                "pwd" => {
                    let cwd = if args.iter().any(|arg| arg == b"-P") {
                        crate::process::shown(&self.p.cwd)
                    } else {
                        self.text(b"PWD").unwrap_or_default().to_vec()
                    };
                    self.p.line(cwd);
                    self.status = 0;
                }
                "exit" | "logout" => return self.exit(name, args),
                "return" => {
                    self.number(name, args);
                    return if self.calls > 0 || self.hidden.len() > 0 {
                        Flow::Return
                    } else {
                        if !self.kind.dash {
                            self.complain(
                                "return: can only `return' from a function or sourced script",
                            );
                        }
                        self.status = 2;
                        Flow::Next
                    };
                }
                "break" | "continue" => return self.leave_loop(name, args),
                "eval" => {
                    let text = args.join(&b' ');
                    self.status = 0;
                    return self.evaluate(&text).await;
                }
                "." | "source" => return self.source(name, args).await,
                "exec" => return self.exec(args).await,
                "command" | "builtin" => return self.command_builtin(name, args).await,
                "type" => self.type_builtin(args),
                "hash" => self.hash(args),
                "export" | "readonly" | "declare" | "typeset" | "local" => self.declare(name, args),
                "unset" => self.unset_builtin(args),
                "set" => self.set_builtin(args),
                "shopt" => self.shopt(args),
                "shift" => {
                    let many = args
                        .first()
                        .and_then(|arg| std::str::from_utf8(arg).ok()?.parse::<usize>().ok())
                        .unwrap_or(1);
                    self.status = u32::from(many > self.params.len());
                    if self.status == 0 {
                        self.params.drain(..many);
                    }
                }
                "alias" => self.alias(args),
                "unalias" => {
                    self.status = 0;
                    for arg in args {
                        if arg == b"-a" {
                            self.aliases.clear();
                        } else if self.aliases.remove(arg).is_none() {
                            self.complain([b"unalias: ", arg.as_slice(), b": not found"].concat());
                            self.status = 1;
                        }
                    }
                }
                "trap" => self.trap(args),
                "read" => self.read_builtin(args).await,
                "mapfile" | "readarray" => self.mapfile(args).await,
                "let" => {
                    let mut last = 0;
                    for arg in args {
                        match self.arithmetic(arg) {
                            Ok(value) => last = value,
                            Err(_) => return Flow::Next,
                        }
                    }
                    self.status = u32::from(last == 0);
                }
                "getopts" => self.getopts(args),
                "jobs" => {
                    self.look_at_jobs();
                    self.status = 0;
                    let pids = args.iter().any(|arg| arg == b"-p");
                    for number in self.jobs.iter().map(|job| job.number).collect::<Vec<_>>() {
                        if pids {
                            let pid = self
                                .jobs
                                .iter()
                                .find(|job| job.number == number)
                                .and_then(|job| job.pids.first().copied());
                            self.p.line(pid.unwrap_or(0).to_string());
                        } else {
                            self.show_job(number, false);
                        }
                    }
                    self.forget_jobs();
                }
                "fg" => return self.resume(args, true).await,
                "bg" => return self.resume(args, false).await,
                "wait" => self.wait_builtin(args).await,
                "disown" => {
                    self.jobs.clear();
                    self.status = 0;
                }
                "kill" => self.kill(args).await,
                "history" => self.history(args),
                "fc" => self.history(&[]),
                "umask" => self.umask_builtin(args),
                "ulimit" => self.ulimit(args),
                "times" => {
                    self.p.print("0m0.003s 0m0.002s\n0m0.001s 0m0.001s\n");
                    self.status = 0;
                }
                "enable" => {
                    self.status = 0;
                    if args.is_empty() {
                        for name in BUILTINS {
                            self.p.line(format!("enable {name}"));
                        }
                    }
                }
                "help" => self.help(args),
                "pushd" | "popd" | "dirs" => self.dirs(name, args),
                "suspend" => {
                    self.complain("suspend: cannot suspend a login shell");
                    self.status = 1;
                }
                "compgen" => self.compgen(args),
                "bind" | "complete" | "compopt" => self.status = 0,
                "caller" => self.status = 1,
                _ => self.status = 1,
            }
            Flow::Next
        })
    }

    fn echo(&mut self, args: &[Vec<u8>]) {
        let mut rest = args;
        let (mut line_end, mut escapes) =
            (true, self.kind.dash || self.shopts.contains("xpg_echo"));
        while let Some((arg, more)) = rest.split_first() {
            let letters = arg.strip_prefix(b"-").unwrap_or_default();
            let known: &[u8] = if self.kind.dash { b"n" } else { b"neE" };
            if letters.is_empty() || !letters.iter().all(|letter| known.contains(letter)) {
                break;
            }
            for letter in letters {
                match letter {
                    b'n' => line_end = false,
                    b'e' => escapes = true,
                    _ => escapes = false,
                }
            }
            rest = more;
            if self.kind.dash {
                break;
            }
        }
        let mut text = rest.join(&b' ');
        let mut cut = false;
        if escapes {
            let style = if self.kind.dash { Escapes::DashEcho } else { Escapes::BashEcho };
            (text, cut) = unescape(&text, style);
        }
        self.p.print(&text);
        if line_end && !cut {
            self.p.print(b"\n");
        }
        self.status = 0;
    }

    fn printf(&mut self, args: &[Vec<u8>]) {
        let mut rest = args;
        let mut variable = None;
        if !self.kind.dash && rest.first().is_some_and(|arg| arg == b"-v") {
            variable = rest.get(1).cloned();
            rest = rest.get(2..).unwrap_or_default();
        }
        if rest.first().is_some_and(|arg| arg == b"--") {
            rest = rest.get(1..).unwrap_or_default();
        }
        let Some((format, values)) = rest.split_first() else {
            let name = self.name.clone();
            if self.kind.dash {
                self.complain("printf: usage: printf format [arg ...]");
            } else {
                let _ = name;
                self.p.error("printf: usage: printf [-v var] format [arguments]");
            }
            self.status = 2;
            return;
        };
        let dialect = if self.kind.dash { Dialect::Dash } else { Dialect::Bash };
        let done = printf(dialect, format, values, self.p.now().0 / 1_000_000_000);
        for complaint in &done.complaints {
            self.complain([b"printf: ", complaint.text(dialect, ("'", "'")).as_slice()].concat());
        }
        self.status = done.status;
        match variable {
            Some(name) => {
                if let Err(why) = self.assign(&name, None, done.out, false) {
                    self.complain(why);
                    self.status = 1;
                }
            }
            None => self.p.print(&done.out),
        }
    }

    fn test_builtin(&mut self, name: &str, args: &[Vec<u8>]) {
        let mut args = args;
        if name == "[" {
            match args.split_last() {
                Some((last, rest)) if last == b"]" => args = rest,
                _ => {
                    self.complain(if self.kind.dash { "[: missing ]" } else { "[: missing `]'" });
                    self.status = 2;
                    return;
                }
            }
        }
        self.status = match self.test(args) {
            Ok(holds) => u32::from(!holds),
            Err(why) => {
                self.complain([name.as_bytes(), b": ", &why].concat());
                2
            }
        };
    }

    /// The number that `exit` and `return` are given.
    fn number(&mut self, name: &str, args: &[Vec<u8>]) {
        let Some(arg) = args.first() else { return };
        match std::str::from_utf8(arg).ok().and_then(|text| text.parse::<i64>().ok()) {
            Some(number) => self.status = u32::try_from(number & 0xff).unwrap_or(0),
            None => {
                let text = if self.kind.dash {
                    [name.as_bytes(), b": Illegal number: ", arg].concat()
                } else {
                    [name.as_bytes(), b": ", arg, b": numeric argument required"].concat()
                };
                self.complain(text);
                self.status = 2;
            }
        }
    }

    fn exit(&mut self, name: &str, args: &[Vec<u8>]) -> Flow {
        if name == "logout" && !self.kind.login {
            self.complain("logout: not login shell: use `exit'");
            self.status = 1;
            return Flow::Next;
        }
        if self.kind.interactive {
            self.p.error(if self.kind.login { "logout" } else { "exit" });
        }
        self.number(name, args);
        Flow::Exit
    }

    fn leave_loop(&mut self, name: &str, args: &[Vec<u8>]) -> Flow {
        let many = args
            .first()
            .and_then(|arg| std::str::from_utf8(arg).ok()?.parse::<u32>().ok())
            .unwrap_or(1);
        if self.loops == 0 {
            if !self.kind.dash {
                self.complain(format!(
                    "{name}: only meaningful in a `for', `while', or `until' loop"
                ));
            }
            self.status = 0;
            return Flow::Next;
        }
        self.status = 0;
        let many = many.clamp(1, self.loops);
        if name == "break" { Flow::Break(many) } else { Flow::Continue(many) }
    }

    async fn source(&mut self, name: &str, args: &[Vec<u8>]) -> Flow {
        let Some(path) = args.first() else {
            self.complain(format!("{name}: filename argument required"));
            self.p.error(format!("{name}: usage: {name} filename [arguments]"));
            self.status = 2;
            return Flow::Next;
        };
        let mut file = path.clone();
        if !path.contains(&b'/') && !self.exists(path) {
            if let Ok(found) = self.find(path) {
                file = found;
            }
        }
        match self.p.content(&file).await {
            Ok(text) => {
                if self.calls >= 40 {
                    self.status = 1;
                    return Flow::Next;
                }
                let old = (args.len() > 1).then(|| {
                    std::mem::replace(&mut self.params, args.get(1..).unwrap_or_default().to_vec())
                });
                self.calls += 1;
                self.status = 0;
                let flow = self.evaluate(&text).await;
                self.calls -= 1;
                if let Some(old) = old {
                    self.params = old;
                }
                if flow == Flow::Return { Flow::Next } else { flow }
            }
            Err(fault) => {
                let why = if self.kind.dash && fault == crate::files::Fault::Missing {
                    "not found"
                } else {
                    fault.text()
                };
                let text = if self.kind.dash {
                    [b".: ", path.as_slice(), b": ", why.as_bytes()].concat()
                } else {
                    [path.as_slice(), b": ", why.as_bytes()].concat()
                };
                self.complain(text);
                self.status = if self.kind.dash { 2 } else { 1 };
                if self.kind.dash && !self.kind.interactive { Flow::Exit } else { Flow::Next }
            }
        }
    }

    async fn exec(&mut self, args: &[Vec<u8>]) -> Flow {
        let mut rest = args;
        while rest.first().is_some_and(|arg| arg.starts_with(b"-") && arg.len() > 1) {
            let takes = rest.first().is_some_and(|arg| arg == b"-a");
            rest = rest.get(if takes { 2 } else { 1 }..).unwrap_or_default();
        }
        let Some(name) = rest.first() else { return Flow::Next };
        match self.find(name) {
            Ok(file) if crate::commands::look(&self.p, &file).is_ok() => {
                self.flush().await;
                self.replace(&file, rest.to_vec()).await;
            }
            Ok(_) => {
                self.complain(
                    [b"exec: ", name.as_slice(), b": cannot execute: No such file or directory"]
                        .concat(),
                );
                self.status = 127;
            }
            Err(_) => {
                self.complain([b"exec: ", name.as_slice(), b": not found"].concat());
                self.status = 127;
            }
        }
        if self.kind.interactive && self.status == 127 { Flow::Next } else { Flow::Exit }
    }

    async fn command_builtin(&mut self, name: &str, args: &[Vec<u8>]) -> Flow {
        let mut rest = args;
        let mut shows = None;
        while let Some(arg) = rest.first() {
            match arg.as_slice() {
                b"-v" if name == "command" => shows = Some(false),
                b"-V" if name == "command" => shows = Some(true),
                b"-p" | b"--" => {}
                _ => break,
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        if let Some(long) = shows {
            let mut found = false;
            for arg in rest {
                let said = if long { self.describe(arg) } else { self.short(arg) };
                match said {
                    Some(text) => {
                        found = true;
                        self.p.line(text);
                    }
                    None if long => {
                        self.complain([b"command: ", arg.as_slice(), b": not found"].concat())
                    }
                    None => {}
                }
            }
            self.status = u32::from(!found);
            return Flow::Next;
        }
        let Some(first) = rest.first().cloned() else {
            self.status = 0;
            return Flow::Next;
        };
        if is_builtin(&first, self.kind.dash) {
            if self.depth >= super::SHELL_DEPTH {
                return Flow::Exit;
            }
            self.depth += 1;
            let flow = self.builtin(&first, rest).await;
            self.depth -= 1;
            return flow;
        }
        if name == "builtin" {
            self.complain([b"builtin: ", first.as_slice(), b": not a shell builtin"].concat());
            self.status = 1;
            return Flow::Next;
        }
        self.start_program(&first, rest.to_vec(), false).await
    }
}

//! Shells as programs: `bash`, `sh`, one command, a prompt.

use super::{Flow, Kind, Shell};
use crate::kernel::{Answer, Asked, Proc, Signal};
use decnet_core::shell::reader::{Options, Reader};
use decnet_core::shell::tree::{Missing, Wrong};
use std::future::Future;

/// `bash`, `sh`, `dash`, `rbash`, as a program.
pub(crate) async fn shell(p: &mut Proc) -> u32 {
    let called = p.name();
    let dash = matches!(called.trim_start_matches('-'), "sh" | "dash");
    let mut kind = Kind { interactive: false, login: called.starts_with('-'), dash, child: false };
    let args = p.rest();
    let mut rest = args.as_slice();
    let (mut text, mut from_input, mut set) = (None, false, Vec::new());
    let mut source = true;
    while let Some((arg, more)) = rest.split_first() {
        let Some(letters) = arg.strip_prefix(b"-").or_else(|| arg.strip_prefix(b"+")) else {
            break;
        };
        if letters.is_empty() || letters == b"-" {
            rest = more;
            break;
        }
        match arg.as_slice() {
            b"--version" if !dash => {
                p.line("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)");
                p.line("Copyright (C) 2022 Free Software Foundation, Inc.");
                p.line("License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n");
                p.line("This is free software; you are free to change and redistribute it.");
                p.line("There is NO WARRANTY, to the extent permitted by law.");
                return 0;
            }
            b"--login" if !dash => kind.login = true,
            b"--norc" | b"--noprofile" if !dash => source = false,
            b"--posix" | b"--noediting" | b"--restricted" | b"--verbose" if !dash => {}
            b"--rcfile" | b"--init-file" if !dash => rest = more,
            long if long.starts_with(b"--") => {
                let name = p.name();
                p.error([name.as_bytes(), b": ", long, b": invalid option"].concat());
                return 2;
            }
            _ => {
                for letter in letters {
                    match letter {
                        b'c' => text = Some(()),
                        b's' => from_input = true,
                        b'i' => kind.interactive = true,
                        b'l' => kind.login = true,
                        b'o' | b'O' => {}
                        letter => set.push(*letter),
                    }
                }
                if letters.ends_with(b"o") || letters.ends_with(b"O") {
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    let file = if text.is_none() && !from_input { rest.split_first() } else { None };
    let named = file.map(|(file, more)| (file.clone(), more.to_vec()));
    if text.is_none() && named.is_none() && p.is_terminal(0) && p.is_terminal(2) {
        kind.interactive = true;
    }
    let mut inner = Proc::first_like(p);
    std::mem::swap(&mut inner, p);
    let mut shell = Shell::new(inner, kind);
    for letter in set {
        if let Some(name) = super::builtins::by_letter(letter) {
            shell.options.insert(name);
        }
    }
    let status = match (text, named) {
        (Some(()), _) => match rest.split_first() {
            Some((text, more)) => {
                shell.kind.child = true;
                if let Some((name, params)) = more.split_first() {
                    shell.name.clone_from(name);
                    shell.params = params.to_vec();
                }
                shell.text_and_leave(text).await
            }
            None => {
                let name = shell.name.clone();
                shell.p.error([name.as_slice(), b": -c: option requires an argument"].concat());
                2
            }
        },
        (None, Some((file, params))) => shell.script_file(&file, params).await,
        (None, None) if kind.interactive => {
            shell.params = rest.to_vec();
            if source {
                shell.start_files().await;
            }
            shell.prompts().await
        }
        (None, None) => {
            shell.params = rest.to_vec();
            shell.input().await
        }
    };
    shell.flush().await;
    std::mem::swap(&mut shell.p, p);
    status
}

/// One command of a session, as sshd runs it: `bash -c`.
pub(crate) async fn once(p: Proc, text: Vec<u8>) -> u32 {
    let kind = Kind { interactive: false, login: false, dash: false, child: true };
    let mut shell = Shell::new(p, kind);
    shell.text_and_leave(&text).await
}

/// The session's login shell.
pub(crate) async fn interactive(p: Proc) -> u32 {
    let there = p.is_terminal(0);
    let kind = Kind { interactive: there, login: true, dash: false, child: !there };
    let mut shell = Shell::new(p, kind);
    shell.start_files().await;
    if there { shell.prompts().await } else { shell.input().await }
}

impl Shell {
    async fn text_and_leave(&mut self, text: &[u8]) -> u32 {
        self.evaluate(text).await;
        self.leave().await
    }

    /// Runs a text line by line, as far as it is right.
    pub(super) fn evaluate<'a>(&'a mut self, text: &'a [u8]) -> super::expand::Later<'a, Flow> {
        Box::pin(async move {
            let line = self.line;
            let aliases = self.aliases.clone();
            let find = |name: &[u8]| aliases.get(name).cloned();
            let expands = self.shopts.contains("expand_aliases") || self.kind.dash;
            let options = Options {
                aliases: if expands && !aliases.is_empty() { Some(&find) } else { None },
                ..Options::default()
            };
            // Read ahead, line by line: what is behind a mistake does not run, what is before it does.
            let mut lines = Vec::new();
            for read in Reader::new(text, options) {
                lines.push(read);
            }
            self.p.tick(text.len() / 4).await;
            for read in lines {
                match read {
                    Ok(script) => {
                        let flow = self.script(&script).await;
                        if flow != Flow::Next {
                            return flow;
                        }
                    }
                    Err(wrong) => {
                        self.syntax(&wrong, text);
                        return Flow::Next;
                    }
                }
            }
            self.line = line;
            Flow::Next
        })
    }

    /// What the shell says of a text that is none.
    pub(super) fn syntax(&mut self, wrong: &Wrong, text: &[u8]) {
        self.status = 2;
        let name = String::from_utf8_lossy(&self.name).into_owned();
        let (line, said, source) = match wrong {
            Wrong::Incomplete { why, line } => match why {
                Missing::Match(byte) if self.kind.dash => (
                    *line,
                    format!(
                        "Syntax error: Unterminated quoted string{}",
                        if *byte == b')' { "" } else { "" }
                    ),
                    None,
                ),
                Missing::Match(byte) => (
                    *line,
                    format!("unexpected EOF while looking for matching `{}'", char::from(*byte)),
                    None,
                ),
                Missing::End | Missing::HereDoc | Missing::Continuation if self.kind.dash => {
                    (*line, "Syntax error: end of file unexpected".to_owned(), None)
                }
                Missing::End | Missing::HereDoc | Missing::Continuation => {
                    (*line, "syntax error: unexpected end of file".to_owned(), None)
                }
            },
            Wrong::Unexpected { token, line, .. } if self.kind.dash => {
                let token = String::from_utf8_lossy(token).into_owned();
                let token = if token == "newline" { token } else { format!("\"{token}\"") };
                (*line, format!("Syntax error: {token} unexpected"), None)
            }
            Wrong::Unexpected { token, line, source } => (
                *line,
                format!("syntax error near unexpected token `{}'", String::from_utf8_lossy(token)),
                Some(source.clone()),
            ),
            Wrong::TooMuch => (self.line, "memory exhausted".to_owned(), None),
            Wrong::Other { text, line } => {
                (*line, String::from_utf8_lossy(text).into_owned(), None)
            }
        };
        if said.is_empty() {
            return;
        }
        let _ = text;
        let place = match (self.kind.dash, self.kind.interactive, self.kind.child) {
            (true, ..) => format!("{name}: {line}: "),
            (false, true, _) => format!("{name}: "),
            (false, false, true) => format!("{name}: -c: line {line}: "),
            (false, false, false) => format!("{name}: line {line}: "),
        };
        for part in said.split('\n') {
            self.p.error(format!("{place}{part}"));
        }
        if let (Some(source), false) = (source, self.kind.interactive) {
            self.p.error([place.as_bytes(), b"`", &source, b"'"].concat());
        }
    }

    /// A script file.
    async fn script_file(&mut self, path: &[u8], params: Vec<Vec<u8>>) -> u32 {
        let name = self.name.clone();
        if self.is_folder(path) {
            self.p.error([name.as_slice(), b": ", path, b": Is a directory"].concat());
            return 126;
        }
        let text = match self.p.content(path).await {
            Ok(text) => text,
            Err(fault) => {
                let text = if self.kind.dash {
                    let why = if fault == crate::files::Fault::Missing {
                        "No such file"
                    } else {
                        fault.text()
                    };
                    [name.as_slice(), b": 0: cannot open ", path, b": ", why.as_bytes()].concat()
                } else {
                    [name.as_slice(), b": ", path, b": ", fault.text().as_bytes()].concat()
                };
                self.p.error(text);
                return if self.kind.dash { 2 } else { 127 };
            }
        };
        let first = text.split(|&b| b == b'\n').next().unwrap_or_default();
        if text.starts_with(b"\x7fELF") || first.get(..80).unwrap_or(first).contains(&0) {
            self.p.error([name.as_slice(), b": ", path, b": cannot execute binary file"].concat());
            return 126;
        }
        self.name = path.to_vec();
        self.params = params;
        self.kind.child = false;
        self.evaluate(&text).await;
        self.leave().await
    }

    /// Lines from standard input, each run before the next is read.
    async fn input(&mut self) -> u32 {
        let mut text = Vec::new();
        let mut line = 1;
        loop {
            let more = self.p.read_line(0, 1 << 20).await.unwrap_or_default();
            let ends = more.is_empty();
            text.extend_from_slice(&more);
            if ends && text.is_empty() {
                break;
            }
            let options = Options { here_docs_end: ends, line, ..Options::default() };
            let read: Vec<_> = Reader::new(&text, options).collect();
            let open = matches!(read.last(), Some(Err(Wrong::Incomplete { .. })));
            if open && !ends && text.len() < 1 << 20 {
                continue;
            }
            line += u32::try_from(text.iter().filter(|b| **b == b'\n').count()).unwrap_or(0);
            let text = std::mem::take(&mut text);
            for script in read {
                match script {
                    Ok(script) => {
                        if self.script(&script).await != Flow::Next {
                            return self.leave().await;
                        }
                    }
                    Err(wrong) => {
                        let child = std::mem::replace(&mut self.kind.child, false);
                        self.syntax(&wrong, &text);
                        self.kind.child = child;
                        if !open {
                            return self.leave().await;
                        }
                    }
                }
            }
            self.flush().await;
            if ends {
                break;
            }
        }
        self.leave().await
    }

    /// What a shell reads before its first prompt.
    async fn start_files(&mut self) {
        let home = self.text(b"HOME").unwrap_or_default().to_vec();
        let profile = [home.as_slice(), b"/.profile"].concat();
        let bashrc = [home.as_slice(), b"/.bashrc"].concat();
        let files: Vec<Vec<u8>> = match (self.kind.login, self.kind.interactive) {
            (true, _) => vec![b"/etc/profile".to_vec(), profile],
            (false, true) => vec![b"/etc/bash.bashrc".to_vec(), bashrc],
            (false, false) => Vec::new(),
        };
        for file in files {
            if let Ok(text) = self.p.content(&file).await {
                let _ = self.evaluate(&text).await;
            }
        }
        // Where no file has set it, it is as Debian's files do.
        if self.kind.interactive && !self.kind.dash {
            if self.text(b"PS1") == Some(b"\\s-\\v\\$ ") {
                self.put(b"PS1", b"\\u@\\h:\\w\\$ ".to_vec(), false);
            }
        }
        self.status = 0;
        self.flush().await;
    }

    /// Prompts, lines, and what they do.
    async fn prompts(&mut self) -> u32 {
        let pid = self.p.pid;
        self.p.world.with(|world| {
            world.regroup(pid, pid);
            world.tty.foreground = pid;
            if let Some(entry) = world.table.get_mut(&pid) {
                for signal in [Signal::INT, Signal::QUIT, Signal::TSTP, Signal::TERM, Signal::TTIN]
                {
                    entry.caught |= signal.bit();
                }
            }
        });
        let mut warned = false;
        let mut text: Vec<u8> = Vec::new();
        let mut lines: std::collections::VecDeque<Vec<u8>> = std::collections::VecDeque::new();
        loop {
            if lines.is_empty() {
                if text.is_empty() {
                    self.tell_jobs();
                    if let Some(command) = self.text(b"PROMPT_COMMAND").map(<[u8]>::to_vec) {
                        let status = self.status;
                        self.evaluate(&command).await;
                        self.status = status;
                    }
                }
                let prompt = if text.is_empty() { &b"PS1"[..] } else { b"PS2" };
                let prompt = self.text(prompt).unwrap_or_default().to_vec();
                let prompt = self.prompt(&prompt).await;
                self.flush().await;
                let asked =
                    Asked { pid, prompt, continues: !text.is_empty(), login: self.kind.login };
                let status = self.status;
                match self.p.ask(asked, status).await {
                    Answer::Line(line) => {
                        lines.extend(line.split(|&b| b == b'\n').map(<[u8]>::to_vec))
                    }
                    Answer::Interrupt => {
                        text.clear();
                        self.status = 130;
                        continue;
                    }
                    Answer::EndOfFile if !text.is_empty() => {
                        let wrong = Reader::new(&text, Options::default()).find_map(Result::err);
                        if let Some(wrong) = wrong {
                            self.syntax(&wrong, &text);
                            if matches!(wrong, Wrong::Incomplete { why: Missing::Match(_), .. }) {
                                let name = String::from_utf8_lossy(&self.name).into_owned();
                                self.p
                                    .error(format!("{name}: syntax error: unexpected end of file"));
                            }
                        }
                        text.clear();
                        continue;
                    }
                    Answer::EndOfFile => {
                        self.p.error(if self.kind.login { "logout" } else { "exit" });
                        if self.has_stopped() && !warned {
                            self.p.error("There are stopped jobs.");
                            warned = true;
                            continue;
                        }
                        break;
                    }
                }
            }
            let Some(mut line) = lines.pop_front() else { continue };
            if self.has("H") {
                match self.expand_history(&line) {
                    Ok(Some(new)) => {
                        self.p.error(&new);
                        line = new;
                    }
                    Ok(None) => {}
                    Err(why) => {
                        self.complain(why);
                        self.flush().await;
                        text.clear();
                        continue;
                    }
                }
            }
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend_from_slice(&line);
            let aliases = self.aliases.clone();
            let find = |name: &[u8]| aliases.get(name).cloned();
            let options = Options { aliases: Some(&find), here_docs_end: false, line: 1 };
            let read: Vec<_> = Reader::new(&text, options).collect();
            self.p.tick(text.len()).await;
            if matches!(read.last(), Some(Err(Wrong::Incomplete { .. })))
                && text.len() < decnet_core::limits::COMMAND_BYTES
            {
                continue;
            }
            let whole = std::mem::take(&mut text);
            self.remember(&whole);
            if read.is_empty() {
                continue;
            }
            warned = false;
            self.flush().await;
            self.p.world.with(|world| world.begin_command(&whole));
            for script in read {
                match script {
                    Ok(script) => match self.interruptible(&script).await {
                        Some(Flow::Exit) => return self.leave().await,
                        Some(_) => {}
                        None => break,
                    },
                    Err(wrong) => self.syntax(&wrong, &whole),
                }
            }
            self.flush().await;
        }
        self.leave().await
    }

    /// Runs a line until it is done, or until ^C: then `None`, and the shell is as before it.
    async fn interruptible(&mut self, script: &decnet_core::shell::tree::Script) -> Option<Flow> {
        let (world, pid) = (self.p.world.clone(), self.p.pid);
        let interrupted = |world: &mut crate::kernel::World| {
            world.table.get(&pid).is_some_and(|entry| entry.caught_now & Signal::INT.bit() != 0)
        };
        world.with(|world| world.take_caught(pid));
        let (fds, frames) = (self.p.fds.clone(), self.hidden.len());
        let trapped = self.traps.contains_key(&Signal::INT.0);
        let done = {
            let mut run = self.script(script);
            std::future::poll_fn(|context| {
                if !trapped && world.with(interrupted) {
                    return std::task::Poll::Ready(None);
                }
                run.as_mut().poll(context).map(Some)
            })
            .await
        };
        if done.is_none() {
            world.with(|world| world.take_caught(pid));
            self.p.fds = fds;
            while self.hidden.len() > frames {
                self.unhide();
            }
            (self.depth, self.loops, self.calls, self.guarded) = (0, 0, 0, 0);
            self.lent.clear();
            self.status = 130;
            self.take_terminal();
            self.p.error("");
        }
        done
    }

    /// Puts a line into the history, as HISTCONTROL says.
    fn remember(&mut self, text: &[u8]) {
        if text.iter().all(u8::is_ascii_whitespace)
            || self.text(b"HISTFILE").is_none() && self.text(b"HISTSIZE") == Some(b"0")
        {
            return;
        }
        let control = self.text(b"HISTCONTROL").unwrap_or_default();
        let both = control.windows(10).any(|part| part == b"ignoreboth");
        let spaces = both || control.windows(11).any(|part| part == b"ignorespace");
        let doubles = both || control.windows(10).any(|part| part == b"ignoredups");
        if spaces && text.starts_with(b" ") {
            return;
        }
        self.p.world.with(|world| {
            if !(doubles && world.history.last() == Some(text)) {
                world.history.push(text.to_vec());
            }
        });
    }

    /// What `!!`, `!$`, `^a^b` and their kind make of a line; `None` where there is nothing of it.
    fn expand_history(&self, line: &[u8]) -> Result<Option<Vec<u8>>, Vec<u8>> {
        let history = self.p.world.with(|world| world.history.clone());
        crate::history::expand(&history, line)
    }

    /// A prompt's text.
    async fn prompt(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut bytes = text.iter().copied().peekable();
        let host = self.text(b"HOSTNAME").unwrap_or_default().to_vec();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                out.push(byte);
                continue;
            }
            let now = self.p.now().0 / 1_000_000_000;
            match bytes.next() {
                Some(b'u') => out.extend_from_slice(&self.p.user.name),
                Some(b'h') => {
                    out.extend_from_slice(host.split(|&b| b == b'.').next().unwrap_or_default())
                }
                Some(b'H') => out.extend_from_slice(&host),
                Some(letter @ (b'w' | b'W')) => {
                    let mut folder = self.text(b"PWD").unwrap_or_default().to_vec();
                    let home = self.text(b"HOME").unwrap_or_default();
                    if home.len() > 1
                        && let Some(rest) = folder.strip_prefix(home)
                        && (rest.is_empty() || rest.starts_with(b"/"))
                    {
                        folder = [b"~", rest].concat();
                    }
                    if letter == b'W' && folder.len() > 1 {
                        folder = folder.rsplit(|&b| b == b'/').next().unwrap_or_default().to_vec();
                    }
                    out.extend_from_slice(&folder);
                }
                Some(b'$') => out.push(if self.p.user.uid == 0 { b'#' } else { b'$' }),
                Some(b's') => out
                    .extend_from_slice(self.name.rsplit(|&b| b == b'/').next().unwrap_or_default()),
                Some(b'v') => out.extend_from_slice(b"5.2"),
                Some(b'V') => out.extend_from_slice(b"5.2.15"),
                Some(b'n') => out.push(b'\n'),
                Some(b'r') => out.push(b'\r'),
                Some(b'a') => out.push(7),
                Some(b'e') => out.push(0x1b),
                Some(b't') => {
                    out.extend_from_slice(crate::calendar::Date::new(now).clock().as_bytes())
                }
                Some(b'j') => out.extend_from_slice(self.jobs.len().to_string().as_bytes()),
                Some(b'l') => out.push(b'0'),
                Some(b'#' | b'!') => out.extend_from_slice(
                    self.p.world.with(|world| world.history.len() + 1).to_string().as_bytes(),
                ),
                Some(b'[' | b']') => {}
                Some(digit @ b'0'..=b'7') => {
                    let mut value = u32::from(digit - b'0');
                    for _ in 0..2 {
                        if let Some(next) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) {
                            value = value * 8 + u32::from(next - b'0');
                        }
                    }
                    out.push(u8::try_from(value & 0xff).unwrap_or(0));
                }
                Some(other) => out.extend_from_slice(&[b'\\', other]),
                None => out.push(b'\\'),
            }
        }
        if !out.contains(&b'$') && !out.contains(&b'`') {
            return out;
        }
        let text = [b"\"", out.as_slice(), b"\""].concat();
        let script = decnet_core::shell::reader::parse(
            &[b": ", text.as_slice()].concat(),
            Options::default(),
        );
        if let Ok(script) = script
            && let Some(decnet_core::shell::tree::CommandKind::Simple { words, .. }) = script
                .items
                .first()
                .and_then(|item| item.first.commands.first())
                .map(|command| &command.kind)
            && let Some(decnet_core::shell::tree::Argument::Word(word)) = words.get(1)
        {
            let status = self.status;
            let shown = self.one(word).await.unwrap_or(out);
            self.status = status;
            return shown;
        }
        out
    }
}

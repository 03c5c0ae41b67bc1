//! Running what was read: lists, pipelines, loops, functions, commands.

use super::expand::{Failed, Later};
use super::jobs::Job;
use super::{Flow, SHELL_DEPTH, Shell, Value, glob};
use crate::commands::{self, NoExec};
use crate::files::{Fault, Last};
use crate::kernel::{Ended, Open, Signal, pipe};
use decnet_core::shell::print;
use decnet_core::shell::tree::Value as Written;
use decnet_core::shell::tree::{
    Argument, Assignment, CaseEnd, Command, CommandKind, Item, Joint, Pipeline, Redirect,
    RedirectKind, Script, Time, Word,
};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Shell {
    pub(super) fn script<'a>(&'a mut self, script: &'a Script) -> Later<'a, Flow> {
        Box::pin(async move {
            for item in &script.items {
                let flow = self.item(item).await;
                if flow != Flow::Next {
                    return flow;
                }
            }
            Flow::Next
        })
    }

    async fn item(&mut self, item: &Item) -> Flow {
        if self.has("n") && !self.kind.interactive {
            return Flow::Next;
        }
        if item.background {
            return self.in_background(item).await;
        }
        let guarded = u32::from(!item.rest.is_empty());
        self.guarded += guarded;
        let mut flow = self.pipeline(&item.first).await;
        self.guarded -= guarded;
        let last = item.rest.len();
        for (index, (joint, pipeline)) in item.rest.iter().enumerate() {
            if flow != Flow::Next {
                return flow;
            }
            let runs = match joint {
                Joint::And => self.status == 0,
                Joint::Or => self.status != 0,
            };
            if runs {
                let guarded = u32::from(index + 1 != last);
                self.guarded += guarded;
                flow = self.pipeline(pipeline).await;
                self.guarded -= guarded;
            } else if index + 1 == last {
                return flow;
            }
        }
        flow
    }

    async fn in_background(&mut self, item: &Item) -> Flow {
        let Some(mut child) = self.forked().await else { return Flow::Next };
        let pid = child.p.pid;
        let mut alone = item.clone();
        alone.background = false;
        self.flush().await;
        if self.has("m") {
            self.p.world.with(|world| world.regroup(pid, pid));
        } else {
            let opening = crate::process::Opening::default();
            if let Ok(null) =
                child.open_file(b"/dev/null", crate::process::Direction::Read, opening, false)
            {
                child.p.fds.insert(0, null);
            }
            self.p.world.with(|world| {
                if let Some(entry) = world.table.get_mut(&pid) {
                    entry.ignored |= Signal::INT.bit() | Signal::QUIT.bit();
                }
            });
        }
        let text = print::item(&alone);
        child.start(Arc::new(Script { items: vec![alone] }));
        self.background = Some(pid);
        let number = self.add_job(Job::new(vec![pid], text));
        if self.kind.interactive {
            self.p.error(format!("[{number}] {pid}"));
        }
        self.status = 0;
        Flow::Next
    }

    async fn pipeline(&mut self, it: &Pipeline) -> Flow {
        let began = self.p.now();
        let guarded = u32::from(it.negated);
        self.guarded += guarded;
        let flow = match it.commands.as_slice() {
            [] => {
                self.status = 0;
                Flow::Next
            }
            [command] => self.command(command).await,
            many => self.piped(many).await,
        };
        self.guarded -= guarded;
        if it.commands.len() <= 1 {
            self.pipe_status = vec![self.status];
        }
        if let Some(time) = it.timed {
            let ns = (self.p.now().0 - began.0).max(1_000_000);
            let s = ns / 1_000_000_000;
            let ms = ns / 1_000_000 % 1_000;
            match time {
                Time::Bash => self.p.error(format!(
                    "\nreal\t{}m{}.{ms:03}s\nuser\t0m0.001s\nsys\t0m0.000s",
                    s / 60,
                    s % 60
                )),
                Time::Posix => {
                    self.p.error(format!("real {s}.{:02}\nuser 0.00\nsys 0.00", ms / 10))
                }
            }
        }
        if it.negated && flow == Flow::Next {
            self.status = u32::from(self.status == 0);
            return flow;
        }
        self.after(flow).await
    }

    /// What `set -e` and traps make of a command's end.
    async fn after(&mut self, flow: Flow) -> Flow {
        if flow == Flow::Next && self.status != 0 && self.has("e") && self.guarded == 0 {
            return Flow::Exit;
        }
        if flow == Flow::Next {
            return self.run_traps().await;
        }
        flow
    }

    /// Runs the handlers of signals that have come.
    pub(super) async fn run_traps(&mut self) -> Flow {
        if self.traps.is_empty() {
            return Flow::Next;
        }
        let pid = self.p.pid;
        let caught = self.p.world.with(|world| world.take_caught(pid));
        for number in 1..=Signal::LAST {
            if caught & Signal(number).bit() != 0
                && let Some(text) = self.traps.get(&number).cloned()
            {
                let status = self.status;
                let flow = self.evaluate(&text).await;
                if flow != Flow::Next {
                    return flow;
                }
                self.status = status;
            }
        }
        Flow::Next
    }

    async fn piped(&mut self, many: &[Command]) -> Flow {
        self.flush().await;
        let mut pids = Vec::new();
        let mut input: Option<Arc<Open>> = None;
        for (index, command) in many.iter().enumerate() {
            let Some(mut child) = self.forked().await else { break };
            if let Some(reader) = input.take() {
                child.p.fds.insert(0, reader);
            }
            if index + 1 < many.len() {
                let (reader, writer) = pipe();
                child.p.fds.insert(1, writer);
                input = Some(reader);
            }
            pids.push(child.p.pid);
            self.put_in_group(&pids, child.p.pid);
            let command = command.clone();
            let (world, pid) = (child.p.world.clone(), child.p.pid);
            let job: crate::kernel::Job<'static> = Box::pin(async move {
                child.only(&command).await;
                child.leave().await
            });
            world.with(|world| world.start(pid, job));
        }
        drop(input);
        let text = many.iter().map(print::command).collect::<Vec<_>>().join(&b" | "[..]);
        let ended = self.foreground(&pids, text).await;
        let all: Vec<u32> = ended.iter().map(|how| how.status()).collect();
        self.status = all.last().copied().unwrap_or(self.status);
        if self.has("pipefail") {
            self.status = all.iter().rev().copied().find(|status| *status != 0).unwrap_or(0);
        }
        self.pipe_status = all;
        Flow::Next
    }

    /// The one command of a shell that ends with it: a program takes the shell's place.
    async fn only(&mut self, command: &Command) -> Flow {
        match &command.kind {
            CommandKind::Simple { assignments, words } => {
                self.line = command.line;
                self.simple(assignments, words, &command.redirects, true).await
            }
            _ => self.command(command).await,
        }
    }

    pub(super) fn command<'a>(&'a mut self, command: &'a Command) -> Later<'a, Flow> {
        Box::pin(async move {
            self.p.tick(60).await;
            if self.depth >= SHELL_DEPTH {
                // Where bash's stack ends.
                self.p.signal(self.p.pid, Signal::SEGV).await;
                return Flow::Exit;
            }
            self.depth += 1;
            self.line = command.line;
            let flow = match &command.kind {
                CommandKind::Simple { assignments, words } => {
                    self.simple(assignments, words, &command.redirects, false).await
                }
                kind => {
                    let flow = match self.redirect(&command.redirects).await {
                        Ok(before) => {
                            let flow = self.compound(kind).await;
                            if let Some(before) = before {
                                self.flush().await;
                                self.p.fds = before;
                            }
                            flow
                        }
                        Err(Failed(flow)) => flow,
                    };
                    self.give_back();
                    flow
                }
            };
            self.depth -= 1;
            flow
        })
    }

    fn give_back(&mut self) {
        for fd in std::mem::take(&mut self.lent) {
            self.p.fds.remove(&fd);
        }
    }

    async fn compound(&mut self, kind: &CommandKind) -> Flow {
        match kind {
            CommandKind::Simple { .. } => Flow::Next,
            CommandKind::Group(script) => self.script(script).await,
            CommandKind::Subshell(script) => {
                self.flush().await;
                let Some(child) = self.forked().await else { return Flow::Next };
                let pid = child.p.pid;
                self.put_in_group(&[pid], pid);
                child.start(Arc::clone(script));
                let text = [b"( ", print::script(script).as_slice(), b" )"].concat();
                let ended = self.foreground(&[pid], text).await;
                self.status = ended.first().map_or(0, |how| how.status());
                Flow::Next
            }
            CommandKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.guarded += 1;
                    let flow = self.script(condition).await;
                    self.guarded -= 1;
                    if flow != Flow::Next {
                        return flow;
                    }
                    if self.status == 0 {
                        return self.script(body).await;
                    }
                }
                self.status = 0;
                match otherwise {
                    Some(body) => self.script(body).await,
                    None => Flow::Next,
                }
            }
            CommandKind::Loop { until, condition, body } => {
                self.repeat(*until, condition, body).await
            }
            CommandKind::For { name, words, body } => {
                let values = match self.values(words.as_deref()).await {
                    Ok(values) => values,
                    Err(Failed(flow)) => return flow,
                };
                self.status = 0;
                self.loops += 1;
                let mut flow = Flow::Next;
                for value in values {
                    self.p.tick(20).await;
                    if let Err(why) = self.assign(name, None, value, false) {
                        self.complain(why);
                        self.status = 1;
                        break;
                    }
                    flow = self.script(body).await;
                    match turn(flow) {
                        Turn::Again => flow = Flow::Next,
                        Turn::Done(end) => {
                            flow = end;
                            break;
                        }
                    }
                }
                self.loops -= 1;
                flow
            }
            CommandKind::ForArithmetic { parts, body } => self.for_arithmetic(parts, body).await,
            CommandKind::Select { name, words, body } => {
                self.select(name, words.as_deref(), body).await
            }
            CommandKind::Case { word, arms } => {
                let Ok(text) = self.one(word).await else { return Flow::Next };
                self.status = 0;
                let mut falls = false;
                for arm in arms {
                    let mut fits = falls;
                    for pattern in &arm.patterns {
                        if fits {
                            break;
                        }
                        let Ok(field) = self.text_of(pattern, false).await else {
                            return Flow::Next;
                        };
                        let any_case = self.shopts.contains("nocasematch");
                        fits = glob::pattern(&field, self.shopts.contains("extglob"), any_case)
                            .matches(&text);
                    }
                    if !fits {
                        continue;
                    }
                    let flow = self.script(&arm.body).await;
                    if flow != Flow::Next {
                        return flow;
                    }
                    match arm.end {
                        CaseEnd::Break => return Flow::Next,
                        CaseEnd::Fall => falls = true,
                        CaseEnd::Continue => falls = false,
                    }
                }
                Flow::Next
            }
            CommandKind::Function { name, body } => {
                self.functions.insert(name.clone(), Arc::clone(body));
                self.status = 0;
                Flow::Next
            }
            CommandKind::Arithmetic(word) => {
                let value = match self.quoted(word).await {
                    Ok(text) => self.arithmetic(&text),
                    Err(failed) => Err(failed),
                };
                self.status = match value {
                    Ok(value) => u32::from(value == 0),
                    Err(_) => 1,
                };
                Flow::Next
            }
            CommandKind::Condition(condition) => {
                match self.condition(condition).await {
                    Ok(holds) => self.status = u32::from(!holds),
                    Err(Failed(flow)) => return flow,
                }
                Flow::Next
            }
            CommandKind::Coproc { body, .. } => {
                let item = Item {
                    first: Pipeline {
                        negated: false,
                        timed: None,
                        commands: vec![(**body).clone()],
                    },
                    rest: Vec::new(),
                    background: true,
                    text: Arc::from(&b"coproc"[..]),
                };
                self.in_background(&item).await
            }
        }
    }

    async fn values(&mut self, words: Option<&[Word]>) -> Result<Vec<Vec<u8>>, Failed> {
        match words {
            Some(words) => self.words(&words.iter().collect::<Vec<_>>()).await,
            None => Ok(self.params.clone()),
        }
    }

    async fn repeat(&mut self, until: bool, condition: &Script, body: &Script) -> Flow {
        self.loops += 1;
        let mut status = 0;
        let flow = loop {
            self.p.tick(20).await;
            self.guarded += 1;
            let flow = self.script(condition).await;
            self.guarded -= 1;
            match turn(flow) {
                Turn::Again => {}
                Turn::Done(end) => break end,
            }
            if (self.status == 0) == until {
                break Flow::Next;
            }
            let flow = self.script(body).await;
            status = self.status;
            match turn(flow) {
                Turn::Again => {}
                Turn::Done(end) => break end,
            }
        };
        self.loops -= 1;
        if flow == Flow::Next {
            self.status = status;
        }
        flow
    }

    async fn for_arithmetic(&mut self, parts: &[Word; 3], body: &Script) -> Flow {
        let [first, condition, step] = parts;
        if self.expression(first).await.is_err() {
            return Flow::Next;
        }
        self.loops += 1;
        let mut flow = Flow::Next;
        loop {
            self.p.tick(40).await;
            match self.expression(condition).await {
                Ok(Some(0)) | Err(_) => break,
                Ok(Some(_) | None) => {}
            }
            flow = self.script(body).await;
            match turn(flow) {
                Turn::Again => flow = Flow::Next,
                Turn::Done(end) => {
                    flow = end;
                    break;
                }
            }
            if self.expression(step).await.is_err() {
                break;
            }
        }
        self.loops -= 1;
        flow
    }

    async fn expression(&mut self, word: &Word) -> Result<Option<i64>, Failed> {
        let text = self.quoted(word).await?;
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        self.arithmetic(&text).map(Some)
    }

    async fn select(&mut self, name: &[u8], words: Option<&[Word]>, body: &Script) -> Flow {
        let Ok(values) = self.values(words).await else { return Flow::Next };
        self.loops += 1;
        let mut shown = false;
        let flow = loop {
            if !shown {
                for (index, value) in (1..).zip(&values) {
                    self.p.error([format!("{index}) ").as_bytes(), value].concat());
                }
                shown = true;
            }
            let prompt = self.text(b"PS3").unwrap_or(b"#? ").to_vec();
            self.p.put(2, &prompt);
            let line = self.p.read_line(0, 65_536).await.unwrap_or_default();
            if line.is_empty() {
                self.p.error("");
                break Flow::Next;
            }
            let line = line.trim_ascii().to_vec();
            if line.is_empty() {
                shown = false;
                continue;
            }
            let at = std::str::from_utf8(&line).ok().and_then(|text| text.parse::<usize>().ok());
            let value =
                at.and_then(|at| values.get(at.checked_sub(1)?)).cloned().unwrap_or_default();
            // A name that may not be set has been complained about by `select` in no version.
            let _ = self.assign(b"REPLY", None, line, false);
            let _ = self.assign(name, None, value, false);
            match turn(self.script(body).await) {
                Turn::Again => {}
                Turn::Done(end) => break end,
            }
        };
        self.loops -= 1;
        flow
    }

    /// A simple command; `last` where the shell ends with it.
    async fn simple(
        &mut self,
        assignments: &[Assignment],
        words: &[Argument],
        redirects: &[Redirect],
        last: bool,
    ) -> Flow {
        self.substituted = None;
        let mut args = Vec::new();
        for word in words {
            match word {
                Argument::Word(word) => {
                    // `export A=*` and its kind are not split.
                    let declares = args
                        .first()
                        .is_some_and(|name: &Vec<u8>| DECLARING.contains(&name.as_slice()));
                    let assigns = declares
                        && matches!(word.0.first(), Some(decnet_core::shell::tree::Part::Literal(text)) if text.contains(&b'=') && super::expand::is_assignable(text.split(|&b| b == b'=').next().unwrap_or_default()));
                    let fields = if assigns {
                        self.text_of(word, true).await.map(|field| vec![glob::plain(&field)])
                    } else {
                        self.words(&[word]).await
                    };
                    match fields {
                        Ok(fields) => args.extend(fields),
                        Err(Failed(flow)) => return self.failed(flow),
                    }
                }
                Argument::Assignment(it) => {
                    if let Err(Failed(flow)) = self.set(it, true).await {
                        return self.failed(flow);
                    }
                    args.push(it.name.clone());
                }
            }
        }
        if args.iter().map(|arg| arg.len() + 9).sum::<usize>() > 2 << 20 {
            let name = args.first().cloned().unwrap_or_default();
            self.complain([name.as_slice(), b": Argument list too long"].concat());
            self.status = 126;
            return Flow::Next;
        }
        if self.has("x") {
            let mut text: Vec<Vec<u8>> = Vec::new();
            for it in assignments {
                if let Written::Scalar(word) = &it.value {
                    text.push([it.name.as_slice(), b"=", &print::word(word)].concat());
                }
            }
            text.extend(args.iter().map(|arg| traced(arg)));
            let mark = self.text(b"PS4").unwrap_or(b"+ ").to_vec();
            self.p.error([mark.as_slice(), &text.join(&b' ')].concat());
        }
        let before = match self.redirect(redirects).await {
            Ok(before) => before,
            Err(Failed(flow)) => {
                let special = args.first().is_some_and(|name| name == b"exec");
                return if special && !self.kind.interactive { Flow::Exit } else { flow };
            }
        };
        let flow = if let Some(name) = args.first().cloned() {
            if name == b"exec" && args.len() == 1 {
                // What was redirected stays.
                self.flush().await;
                self.status = 0;
                self.give_back();
                return Flow::Next;
            }
            self.named_command(&name, args, assignments, redirects, last).await
        } else {
            self.status = self.substituted.take().unwrap_or(0);
            let mut flow = Flow::Next;
            for it in assignments {
                if let Err(Failed(end)) = self.set(it, false).await {
                    flow = self.failed(end);
                    break;
                }
            }
            if let Some(status) = self.substituted.take() {
                self.status = status;
            }
            flow
        };
        if let Some(before) = before {
            self.flush().await;
            self.p.fds = before;
        }
        self.give_back();
        flow
    }

    fn failed(&mut self, flow: Flow) -> Flow {
        if self.status == 0 {
            self.status = 1;
        }
        flow
    }

    async fn named_command(
        &mut self,
        name: &[u8],
        args: Vec<Vec<u8>>,
        assignments: &[Assignment],
        redirects: &[Redirect],
        last: bool,
    ) -> Flow {
        let mut before = Vec::new();
        for it in assignments {
            before.push((it.name.clone(), self.variables.get(&it.name).cloned()));
            if let Err(Failed(flow)) = self.set(it, false).await {
                return self.failed(flow);
            }
            if let Some(variable) = self.variables.get_mut(&it.name) {
                variable.exported = true;
            }
        }
        let flow = if let Some(body) = self.functions.get(name).cloned() {
            self.call(&args, &body).await
        } else if super::builtins::is_builtin(name, self.kind.dash) {
            let written = self.written(redirects);
            let flow = self.builtin(name, &args).await;
            if written {
                self.flush().await;
            }
            flow
        } else {
            self.start_program(name, args, last).await
        };
        for (name, old) in before.into_iter().rev() {
            match old {
                Some(old) => drop(self.variables.insert(name, old)),
                None => drop(self.variables.remove(&name)),
            }
        }
        flow
    }

    /// Whether output goes to a file.
    fn written(&self, redirects: &[Redirect]) -> bool {
        redirects.iter().any(|it| {
            matches!(
                it.kind,
                RedirectKind::Write(_) | RedirectKind::Append(_) | RedirectKind::Clobber(_)
            )
        })
    }

    /// Calls a function.
    async fn call(&mut self, args: &[Vec<u8>], body: &Arc<Command>) -> Flow {
        let params = args.get(1..).unwrap_or_default().to_vec();
        let params = std::mem::replace(&mut self.params, params);
        let loops = std::mem::take(&mut self.loops);
        self.hidden.push(Vec::new());
        self.calls += 1;
        let flow = self.command(body).await;
        self.calls -= 1;
        self.unhide();
        self.loops = loops;
        self.params = params;
        match flow {
            Flow::Return | Flow::Break(_) | Flow::Continue(_) => Flow::Next,
            Flow::Next | Flow::Exit => flow,
        }
    }

    /// Finds a program by its name, as PATH and what was hashed say.
    pub(super) fn find(&mut self, name: &[u8]) -> Result<Vec<u8>, NoExec> {
        let path = self.text(b"PATH").unwrap_or_default().to_vec();
        if let Some((file, hits)) = self.hashed.get_mut(name) {
            *hits += 1;
            let file = file.clone();
            if commands::look(&self.p, &file).is_ok() {
                return Ok(file);
            }
        }
        let file = commands::find(&self.p, name, &path)?;
        if !name.contains(&b'/') && self.hashed.len() < 512 {
            self.hashed.entry(name.to_vec()).or_insert((file.clone(), 1));
        }
        Ok(file)
    }

    /// Why a name or a path does not run, and the status.
    pub(super) fn no_program(&mut self, name: &[u8], why: NoExec) {
        let (text, status) = match why {
            NoExec::Unknown | NoExec::Fault(Fault::Missing) if self.kind.dash => {
                ("not found".to_owned(), 127)
            }
            NoExec::Unknown => ("command not found".to_owned(), 127),
            NoExec::Fault(Fault::Missing) => (Fault::Missing.text().to_owned(), 127),
            NoExec::Fault(Fault::NotFolder) => (Fault::NotFolder.text().to_owned(), 126),
            NoExec::Fault(Fault::NoExec) if self.kind.dash => ("Exec format error".to_owned(), 126),
            NoExec::Fault(Fault::NoExec) => {
                ("cannot execute binary file: Exec format error".to_owned(), 126)
            }
            NoExec::Fault(Fault::Denied) if self.is_folder(name) && !self.kind.dash => {
                (Fault::IsFolder.text().to_owned(), 126)
            }
            NoExec::Fault(fault) => (fault.text().to_owned(), 126),
        };
        self.complain([name, b": ", text.as_bytes()].concat());
        self.status = status;
    }

    pub(super) async fn start_program(
        &mut self,
        name: &[u8],
        args: Vec<Vec<u8>>,
        last: bool,
    ) -> Flow {
        let found = self.find(name).and_then(|file| match commands::look(&self.p, &file) {
            Ok(_) => Ok(file),
            Err(fault) => Err(NoExec::Fault(fault)),
        });
        let file = match found {
            Ok(file) => file,
            Err(why) => {
                self.no_program(name, why);
                return Flow::Next;
            }
        };
        self.flush().await;
        if last {
            self.replace(&file, args).await;
            return Flow::Exit;
        }
        let text = args.join(&b' ');
        let Some(mut child) = self.forked().await else { return Flow::Next };
        let pid = child.p.pid;
        self.put_in_group(&[pid], pid);
        let world = child.p.world.clone();
        let job: crate::kernel::Job<'static> = Box::pin(async move {
            child.replace(&file, args).await;
            child.flush().await;
            child.status
        });
        world.with(|world| world.start(pid, job));
        let ended = self.foreground(&[pid], text).await;
        self.status = ended.first().map_or(0, |how| how.status());
        Flow::Next
    }

    /// The process becomes a program; text without `#!` is run by a shell.
    pub(super) async fn replace(&mut self, file: &[u8], args: Vec<Vec<u8>>) {
        let env = self.environment();
        let p = &mut self.p;
        (p.env, p.umask, p.args) = (env, self.umask, args);
        let name = p.args.first().cloned().unwrap_or_default();
        match commands::exec(p, file).await {
            Ok(status) => self.status = status,
            Err(Fault::NoExec)
                if matches!(commands::look(&self.p, file), Ok(commands::Found::Text)) =>
            {
                let mut args = vec![b"bash".to_vec(), file.to_vec()];
                args.extend(self.p.rest());
                self.p.args = args;
                let shell: &[u8] = if self.kind.dash { b"/bin/sh" } else { b"/bin/bash" };
                self.status = commands::exec(&mut self.p, shell).await.unwrap_or(126);
            }
            Err(fault) => {
                if let Ok(commands::Found::Script { interpreter, .. }) =
                    commands::look(&self.p, file)
                {
                    let text = if self.kind.dash {
                        "not found".to_owned()
                    } else {
                        format!(
                            "{}: bad interpreter: {}",
                            String::from_utf8_lossy(&interpreter),
                            fault.text()
                        )
                    };
                    if self.kind.dash {
                        self.no_program(&name, NoExec::Unknown);
                    } else {
                        let own = self.name.clone();
                        self.p
                            .error([own.as_slice(), b": ", &name, b": ", text.as_bytes()].concat());
                        self.status = 126;
                    }
                } else {
                    self.no_program(&name, NoExec::Fault(fault));
                }
            }
        }
        self.p.flush().await;
    }

    /// One assignment.
    pub(super) async fn set(&mut self, it: &Assignment, local: bool) -> Result<(), Failed> {
        if local && !self.hidden.is_empty() {
            self.hide(&it.name);
        }
        match &it.value {
            Written::Scalar(word) => {
                let index = match &it.index {
                    Some(index) => Some(self.quoted(index).await?),
                    None => None,
                };
                let text = self.text_of(word, true).await?;
                let done = self.assign(&it.name, index.as_deref(), glob::plain(&text), it.append);
                done.or_else(|why| self.refused(why))
            }
            Written::Array(elements) => {
                if self.variables.get(&it.name).is_some_and(|variable| variable.readonly) {
                    return self.refused([it.name.as_slice(), b": readonly variable"].concat());
                }
                let old = self.variables.get(&it.name).map(|variable| variable.value.clone());
                let keyed = matches!(old, Some(Value::Keyed(_)));
                let (mut list, mut map) = match (it.append, old) {
                    (true, Some(Value::Indexed(all))) => (all, BTreeMap::new()),
                    (true, Some(Value::Keyed(all))) => (BTreeMap::new(), all),
                    (true, Some(Value::Scalar(text))) => {
                        (BTreeMap::from([(0, text)]), BTreeMap::new())
                    }
                    _ => (BTreeMap::new(), BTreeMap::new()),
                };
                let mut next = list.keys().next_back().map_or(0, |last| last + 1);
                for (index, word) in elements {
                    match index {
                        Some(index) => {
                            let index = self.quoted(index).await?;
                            let text = self.one(word).await?;
                            if keyed {
                                map.insert(index, text);
                            } else {
                                next = self.arithmetic(&index)?;
                                list.insert(next, text);
                                next += 1;
                            }
                        }
                        None => {
                            for text in self.words(&[word]).await? {
                                if list.len() < 16_384 {
                                    list.insert(next, text);
                                }
                                next += 1;
                            }
                        }
                    }
                }
                let variable = self.variables.entry(it.name.clone()).or_default();
                variable.value = if keyed { Value::Keyed(map) } else { Value::Indexed(list) };
                Ok(())
            }
        }
    }

    fn refused(&mut self, why: Vec<u8>) -> Result<(), Failed> {
        self.complain(why);
        self.status = if self.kind.dash { 2 } else { 1 };
        Err(Failed(if self.kind.interactive { Flow::Next } else { Flow::Exit }))
    }

    /// Puts a child into the group of its pipeline, and the terminal with it.
    pub(super) fn put_in_group(&self, pids: &[u32], pid: u32) {
        if !self.has("m") {
            return;
        }
        let group = pids.first().copied().unwrap_or(pid);
        self.p.world.with(|world| {
            world.regroup(pid, group);
            world.tty.foreground = group;
        });
    }

    /// Whether a path is there, for completion and tests.
    pub(super) fn exists(&self, path: &[u8]) -> bool {
        self.p.fs(|process| process.stat(path, Last::Follow)).is_ok()
    }

    /// The shell ends: what is to be done then, and its status.
    pub(super) async fn leave(&mut self) -> u32 {
        if let Some(text) = self.traps.remove(&0) {
            let status = self.status;
            if self.evaluate(&text).await != Flow::Exit {
                self.status = status;
            }
        }
        self.flush().await;
        self.status & 0xff
    }
}

/// What a loop makes of its body's end.
enum Turn {
    Again,
    Done(Flow),
}

fn turn(flow: Flow) -> Turn {
    match flow {
        Flow::Next | Flow::Continue(0 | 1) => Turn::Again,
        Flow::Break(0 | 1) => Turn::Done(Flow::Next),
        Flow::Break(more) => Turn::Done(Flow::Break(more - 1)),
        Flow::Continue(more) => Turn::Done(Flow::Continue(more - 1)),
        Flow::Return | Flow::Exit => Turn::Done(flow),
    }
}

/// Builtins whose arguments are assignments.
const DECLARING: &[&[u8]] = &[b"export", b"local", b"declare", b"typeset", b"readonly"];

fn traced(arg: &[u8]) -> Vec<u8> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(b);
    if !arg.is_empty() && arg.iter().all(plain) { arg.to_vec() } else { super::expand::quote(arg) }
}

//! Running a script of `sed`.
//!
//! **Invariant:** every command that is run is counted as work; spaces are no longer than
//! [`SED_SPACE_BYTES`].

mod range;

use super::Settings;
use super::input::{Lines, Next};
use super::output::Output;
use super::script::{Address, Command, Jump, Script, Substitute, What};
use super::substitute::{Done, listed, substitute};
use crate::commands::text::{say, shell_output, write_file};
use crate::files::Last;
use crate::kernel::{Input, Proc};
use crate::regex::Regex;
use decnet_core::limits::SED_SPACE_BYTES;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is shown at the end of a cycle.
enum Queued {
    Text(Vec<u8>),
    File(Vec<u8>),
    /// A line of a file, and whether it had an end.
    Line(Vec<u8>),
}

/// Where a range is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    Closed,
    /// Up to that line.
    Line(u64),
    /// Up to a match.
    Open,
    /// A range that began at line 0 has ended.
    Over,
}

/// What comes behind a command.
enum Flow {
    On,
    Jump(usize),
    /// The cycle is over; its text is printed if that is to be.
    Cycle,
    /// The cycle is over, and its text is gone.
    Delete,
    /// Another cycle with what is left, without a line.
    Again,
    Quit(u32),
    QuitSilently(u32),
    Fail(u32),
}

struct Machine<'a> {
    settings: &'a Settings,
    script: &'a Script,
    lines: Lines,
    output: Output,
    text: Vec<u8>,
    /// The line that was read last had an end.
    ended: bool,
    hold: Vec<u8>,
    /// As `ended`, of what is held.
    hold_ended: bool,
    number: u64,
    ranges: Vec<Range>,
    queue: Vec<Queued>,
    /// A substitution was made since the last line or jump.
    replaced: bool,
    last: Option<Arc<Regex>>,
    /// Files that `R` reads.
    readers: BTreeMap<Vec<u8>, Option<Input>>,
    work: usize,
}

pub(super) async fn run(
    p: &mut Proc,
    settings: &Settings,
    script: &Script,
    files: Vec<Vec<u8>>,
) -> u32 {
    let output = match Output::open(p, &script.files) {
        Ok(output) => output,
        Err((name, why)) => {
            p.complain(&[b"couldn't open file ", &name[..]].concat(), why.text());
            return 4;
        }
    };
    let ranges = script.commands.iter().map(|command| match command.from {
        Some(Address::Zero) => Range::Open,
        _ => Range::Closed,
    });
    let mut machine = Machine {
        settings,
        script,
        lines: Lines::new(settings, files),
        output,
        text: Vec::new(),
        ended: true,
        hold: Vec::new(),
        hold_ended: true,
        number: 0,
        ranges: ranges.collect(),
        queue: Vec::new(),
        replaced: false,
        last: None,
        readers: BTreeMap::new(),
        work: 0,
    };
    machine.cycles(p).await
}

impl Machine<'_> {
    async fn cycles(&mut self, p: &mut Proc) -> u32 {
        let mut fresh = true;
        let names = self.script.commands.iter().filter_map(|command| {
            let (What::Read(name), Some(Address::Zero)) = (&command.what, &command.from) else {
                return None;
            };
            Some(name)
        });
        let mut before: Vec<Queued> = names.map(|name| Queued::File(name.clone())).collect();
        loop {
            if fresh && !self.read(p).await {
                break;
            }
            fresh = true;
            if !before.is_empty() {
                let queue = std::mem::replace(&mut self.queue, std::mem::take(&mut before));
                self.dump(p).await;
                self.queue = queue;
            }
            let flow = self.cycle(p).await;
            match flow {
                Flow::Fail(status) => return status,
                Flow::QuitSilently(status) => {
                    self.save(p).await;
                    return status;
                }
                Flow::Quit(status) => {
                    self.show(p);
                    self.dump(p).await;
                    self.save(p).await;
                    return status;
                }
                Flow::Delete => {}
                Flow::Again => fresh = false,
                Flow::On | Flow::Jump(_) | Flow::Cycle => self.show(p),
            }
            self.dump(p).await;
            p.flush_some().await;
        }
        p.flush().await;
        self.lines.status
    }

    fn end(&self) -> Option<u8> {
        self.ended.then_some(self.settings.end)
    }

    fn show(&mut self, p: &mut Proc) {
        if !self.settings.quiet {
            let end = self.end();
            self.output.text(p, &self.text, end);
        }
    }

    /// The next line becomes the text; the ends of edited files are written on the way.
    async fn read(&mut self, p: &mut Proc) -> bool {
        let Some((line, ended)) = self.next_line(p).await else { return false };
        self.text = line;
        self.ended = ended;
        true
    }

    async fn next_line(&mut self, p: &mut Proc) -> Option<(Vec<u8>, bool)> {
        loop {
            match self.lines.next(p).await {
                Next::Line(line, ended) => {
                    self.number += 1;
                    self.replaced = false;
                    return Some((line, ended));
                }
                Next::FileBegins => {
                    self.number = if self.settings.in_place.is_some() || self.settings.separate {
                        0
                    } else {
                        self.number
                    };
                    if self.settings.in_place.is_some() {
                        self.output.begin_edited();
                    }
                }
                Next::FileEnds => self.save(p).await,
                Next::Nothing => return None,
            }
        }
    }

    /// Writes what became of the file that is edited.
    async fn save(&mut self, p: &mut Proc) {
        let Some(edited) = self.output.edited.take() else { return };
        let name = self.lines.name.clone();
        let suffix = self.settings.in_place.clone().unwrap_or_default();
        if !suffix.is_empty() {
            let (folder, base) = match name.iter().rposition(|&b| b == b'/') {
                Some(at) => name.split_at_checked(at + 1).unwrap_or((&[], &name)),
                None => (&[][..], name.as_slice()),
            };
            let copy = if suffix.contains(&b'*') {
                suffix.split(|&b| b == b'*').collect::<Vec<_>>().join(base)
            } else {
                [base, suffix.as_slice()].concat()
            };
            let copy = if copy.contains(&b'/') { copy } else { [folder, &copy].concat() };
            if let Ok(old) = p.content(&name).await {
                let mode = p.fs(|process| process.stat(&name, Last::Follow)).map(|stat| stat.mode);
                let _ = write_file(p, &copy, &old).await;
                if let Ok(mode) = mode {
                    let mode = u16::try_from(mode & 0o7777).unwrap_or(0o644);
                    let _ = p.fs(|process| process.chmod(&copy, mode, Last::Follow));
                }
            }
        }
        if let Err(why) = write_file(p, &name, &edited).await {
            p.complain(&[b"couldn't open file ", &name[..]].concat(), why.text());
            self.lines.status = 4;
        }
    }

    /// Shows what was queued.
    async fn dump(&mut self, p: &mut Proc) {
        for queued in std::mem::take(&mut self.queue) {
            match queued {
                Queued::Text(text) => self.output.raw(p, &text),
                Queued::Line(line) => self.output.text(p, &line, Some(self.settings.end)),
                Queued::File(name) => {
                    let name = if name == b"/dev/stdin" { b"-".to_vec() } else { name };
                    if let Ok(text) = p.content(&name).await {
                        self.output.raw(p, &text);
                    }
                }
            }
        }
    }

    async fn cycle(&mut self, p: &mut Proc) -> Flow {
        let script = self.script;
        let mut at = 0;
        while let Some(command) = script.commands.get(at) {
            self.work += 4;
            if self.work > 400 {
                p.tick(std::mem::take(&mut self.work)).await;
            }
            let selected = match self.selects(p, at, command).await {
                Ok(selected) => selected != command.negated,
                Err(()) => return Flow::Fail(1),
            };
            if !selected {
                at = if let What::Block(end) = command.what { end } else { at + 1 };
                continue;
            }
            match self.execute(p, at, command).await {
                Flow::On => at += 1,
                Flow::Jump(to) => at = to,
                flow @ (Flow::Cycle
                | Flow::Delete
                | Flow::Again
                | Flow::Quit(_)
                | Flow::QuitSilently(_)
                | Flow::Fail(_)) => return flow,
            }
        }
        Flow::Cycle
    }

    /// Whether a pattern matches the text.
    fn matches(&mut self, p: &mut Proc, pattern: Option<&Arc<Regex>>) -> Result<bool, ()> {
        let regex = self.pattern(p, pattern)?;
        let found = regex.is_match(&self.text);
        self.work += regex.work();
        Ok(found)
    }

    /// The pattern, or the one that was used last.
    fn pattern(&mut self, p: &mut Proc, pattern: Option<&Arc<Regex>>) -> Result<Arc<Regex>, ()> {
        if let Some(regex) = pattern {
            self.last = Some(Arc::clone(regex));
        }
        if self.last.is_none() {
            p.error("sed: -e expression #1, char 0: no previous regular expression");
        }
        self.last.clone().ok_or(())
    }

    fn jump(&self, jump: &Jump) -> Flow {
        match (jump.to, jump.label.is_empty()) {
            (Some(to), _) => Flow::Jump(to),
            (None, _) => Flow::Cycle,
        }
    }

    async fn execute(&mut self, p: &mut Proc, at: usize, command: &Command) -> Flow {
        match &command.what {
            What::Block(_) | What::BlockEnd | What::Nothing => {}
            What::Number => {
                let text = format!("{}\n", self.number);
                self.output.raw(p, text.as_bytes());
            }
            What::Append(text) => self.queue(Queued::Text(text.clone())),
            What::Insert(text) => self.output.raw(p, text),
            What::Change(text) => {
                let inside = self
                    .ranges
                    .get(at)
                    .is_some_and(|range| matches!(range, Range::Line(_) | Range::Open));
                if command.to.is_none() || command.negated || !inside {
                    self.output.raw(p, text);
                }
                return Flow::Delete;
            }
            What::Branch(jump) => return self.jump(jump),
            What::BranchIf(jump) => {
                if std::mem::take(&mut self.replaced) {
                    return self.jump(jump);
                }
            }
            What::BranchUnless(jump) => {
                if !std::mem::take(&mut self.replaced) {
                    return self.jump(jump);
                }
            }
            What::Delete => return Flow::Delete,
            What::DeleteFirst => {
                let Some(end) = self.text.iter().position(|&b| b == self.settings.end) else {
                    return Flow::Delete;
                };
                self.text.drain(..=end);
                return Flow::Again;
            }
            What::Execute(text) => return self.evaluate(p, text).await,
            What::FileName => {
                let text = [self.lines.name.as_slice(), b"\n"].concat();
                self.output.raw(p, &text);
            }
            What::Get => {
                self.text.clone_from(&self.hold);
                self.ended = self.hold_ended;
            }
            What::GetAppend => return self.join(p, Space::Text),
            What::Hold => {
                self.hold.clone_from(&self.text);
                self.hold_ended = self.ended;
            }
            What::HoldAppend => return self.join(p, Space::Hold),
            What::List(wrap) => {
                let text = listed(&self.text, wrap.unwrap_or(self.settings.wrap));
                self.output.raw(p, &text);
            }
            What::Next => return self.next(p).await,
            What::NextAppend => return self.next_append(p).await,
            What::Print => {
                let end = self.end();
                self.output.text(p, &self.text, end);
            }
            What::PrintFirst => {
                let first = self.text.split(|&b| b == self.settings.end).next();
                let first = first.unwrap_or_default().to_vec();
                self.output.text(p, &first, Some(self.settings.end));
            }
            What::Quit(status) => return Flow::Quit(*status),
            What::QuitSilently(status) => return Flow::QuitSilently(*status),
            What::Read(name) => self.queue(Queued::File(name.clone())),
            What::ReadLine(name) => self.read_line(p, name).await,
            What::Substitute(what) => return self.substitute(p, what).await,
            What::Write(file) => {
                let end = self.end();
                self.output.write(p, *file, &self.text, end);
            }
            What::WriteFirst(file) => {
                let first = self.text.split(|&b| b == self.settings.end).next();
                let first = first.unwrap_or_default().to_vec();
                self.output.write(p, *file, &first, Some(self.settings.end));
            }
            What::Exchange => {
                std::mem::swap(&mut self.text, &mut self.hold);
                std::mem::swap(&mut self.ended, &mut self.hold_ended);
            }
            What::Translate(table) => {
                self.work += self.text.len();
                self.text = table.apply(&self.text, self.settings.chars);
            }
            What::Zap => self.text.clear(),
        }
        p.flush_some().await;
        Flow::On
    }

    /// Queues something, up to a cap.
    fn queue(&mut self, queued: Queued) {
        if self.queue.len() < 4_096 {
            self.queue.push(queued);
        }
    }

    fn exhausted(p: &mut Proc) -> Flow {
        say(p, "memory exhausted");
        Flow::Fail(4)
    }

    /// `G` and `H`.
    fn join(&mut self, p: &mut Proc, space: Space) -> Flow {
        if self.text.len() + self.hold.len() >= SED_SPACE_BYTES {
            return Self::exhausted(p);
        }
        self.work += (self.text.len() + self.hold.len()) / 8;
        let (to, from) = match space {
            Space::Text => {
                self.ended |= self.hold_ended;
                (&mut self.text, &self.hold)
            }
            Space::Hold => {
                self.hold_ended |= self.ended;
                (&mut self.hold, &self.text)
            }
        };
        to.push(self.settings.end);
        to.extend(from);
        Flow::On
    }

    async fn next(&mut self, p: &mut Proc) -> Flow {
        if self.lines.is_last(p).await {
            // Without another line the cycle ends, and shows this one.
            return Flow::Cycle;
        }
        self.show(p);
        self.dump(p).await;
        match self.next_line(p).await {
            Some((line, ended)) => {
                (self.text, self.ended) = (line, ended);
                Flow::On
            }
            None => Flow::QuitSilently(self.lines.status),
        }
    }

    async fn next_append(&mut self, p: &mut Proc) -> Flow {
        if self.lines.is_last(p).await {
            return if self.settings.posix { Flow::Delete } else { Flow::Cycle };
        }
        self.dump(p).await;
        match self.next_line(p).await {
            Some((line, ended)) => {
                if self.text.len() + line.len() >= SED_SPACE_BYTES {
                    return Self::exhausted(p);
                }
                self.text.push(self.settings.end);
                self.text.extend(line);
                self.ended = ended;
                Flow::On
            }
            None => Flow::Quit(self.lines.status),
        }
    }

    async fn read_line(&mut self, p: &mut Proc, name: &[u8]) {
        if !self.readers.contains_key(name) {
            let path: &[u8] = if name == b"/dev/stdin" { b"-" } else { name };
            let input = p.input(path).ok();
            self.readers.insert(name.to_vec(), input);
        }
        if let Some(Some(input)) = self.readers.get_mut(name)
            && let Ok(Some(line)) = input.until(p, self.settings.end).await
        {
            let line = crate::commands::text::bare(&line, self.settings.end).to_vec();
            self.queue(Queued::Line(line));
        }
    }

    async fn substitute(&mut self, p: &mut Proc, what: &Substitute) -> Flow {
        let Ok(regex) = self.pattern(p, what.pattern.as_ref()) else { return Flow::Fail(1) };
        let done = substitute(what, &regex, &self.text, self.settings.chars);
        self.work += regex.work();
        match done {
            Done::Unchanged => return Flow::On,
            Done::TooLong => return Self::exhausted(p),
            Done::Changed(text) => self.text = text,
        }
        self.replaced = true;
        if what.evaluate {
            let text = std::mem::take(&mut self.text);
            let mut out = shell_output(p, &text).await;
            if out.last() == Some(&b'\n') {
                out.pop();
            }
            self.text = out;
        }
        let end = self.end();
        for _ in 0..what.print {
            self.output.text(p, &self.text, end);
        }
        if let Some(file) = what.file {
            self.output.write(p, file, &self.text, end);
        }
        p.flush_some().await;
        Flow::On
    }

    /// `e`: the output of a command, or of the text as one.
    async fn evaluate(&mut self, p: &mut Proc, command: &[u8]) -> Flow {
        if command.is_empty() {
            let text = std::mem::take(&mut self.text);
            let mut out = shell_output(p, &text).await;
            if out.last() == Some(&b'\n') {
                out.pop();
            }
            self.text = out;
        } else {
            let out = shell_output(p, command).await;
            self.output.raw(p, &out);
        }
        Flow::On
    }
}

/// Which of the two spaces grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Text,
    Hold,
}

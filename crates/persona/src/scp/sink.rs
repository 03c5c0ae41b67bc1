//! `scp -t`: files come.
//!
//! **Invariant:** bytes of a file go straight into it; only lines are put together.

use super::{Common, LINE_BYTES};
use crate::files::{Fault, Last};
use crate::process::{Direction, FILE, FOLDER, Opened, Opening, Process};
use decnet_core::event::file::Means;

#[derive(Debug)]
pub(super) struct Sink {
    /// Folders in folders, the innermost last.
    levels: Vec<Level>,
    state: State,
    /// The line that is being read.
    line: Vec<u8>,
}

/// One folder that is filled.
#[derive(Debug)]
struct Level {
    target: Vec<u8>,
    is_folder: bool,
    /// No line was read yet.
    first: bool,
    /// Times of access and of change for what comes next.
    times: Option<(u32, u32)>,
    /// What its folder gets once it is full.
    mode: Option<u16>,
}

#[derive(Debug)]
enum State {
    /// A line comes.
    Line,
    /// A file comes.
    Data(Box<File>),
    /// A file came; the other side says whether it is whole.
    Verdict(Box<File>),
    /// The same, of which the text is being read.
    Reproach(Box<File>),
}

#[derive(Debug)]
struct File {
    path: Vec<u8>,
    opened: Opened,
    size: u64,
    at: u64,
    mode: u16,
    existed: Option<u32>,
    /// What could not be written, and why.
    trouble: Option<Vec<u8>>,
}

impl Sink {
    pub(super) fn new(common: &mut Common, process: &mut Process<'_>, paths: &[Vec<u8>]) -> Self {
        let mut sink = Self { levels: Vec::new(), state: State::Line, line: Vec::new() };
        let [target] = paths else {
            common.complain(b"ambiguous target");
            common.end(1);
            return sink;
        };
        sink.enter(common, process, target.clone(), None);
        Common::note(process, "sink", target, None, u32::from(common.failed));
        sink
    }

    fn enter(
        &mut self,
        common: &mut Common,
        process: &mut Process<'_>,
        target: Vec<u8>,
        mode: Option<u16>,
    ) {
        let found = process.stat(&target, Last::Follow);
        let is_folder = found.as_ref().is_ok_and(|stat| stat.is(FOLDER));
        if common.into_folder && !is_folder {
            let why = found.err().unwrap_or(Fault::NotFolder).text();
            common.complain(&[target.as_slice(), b": ", why.as_bytes()].concat());
            common.end(1);
            return;
        }
        common.confirm();
        self.levels.push(Level { target, is_folder, first: true, times: None, mode });
    }

    pub(super) fn feed(
        &mut self,
        common: &mut Common,
        process: &mut Process<'_>,
        mut bytes: &[u8],
    ) {
        while common.ended.is_none() {
            match std::mem::replace(&mut self.state, State::Line) {
                State::Line => {
                    let Some((&byte, rest)) = bytes.split_first() else { return };
                    bytes = rest;
                    self.line.push(byte);
                    if self.line == b"\n" {
                        protocol_error(common, "unexpected <newline>");
                    } else if byte == b'\n' || self.line.len() >= LINE_BYTES - 1 {
                        let line = std::mem::take(&mut self.line);
                        self.line(common, process, &line);
                    }
                }
                State::Data(mut file) => {
                    let left = usize::try_from(file.size - file.at).unwrap_or(usize::MAX);
                    let (data, rest) = bytes.split_at_checked(left).unwrap_or((bytes, &[]));
                    bytes = rest;
                    file.write(process, data);
                    if file.at == file.size {
                        file.finish(common, process);
                        self.state = State::Verdict(file);
                    } else {
                        self.state = State::Data(file);
                        return;
                    }
                }
                State::Verdict(file) => {
                    let Some((&byte, rest)) = bytes.split_first() else {
                        self.state = State::Verdict(file);
                        return;
                    };
                    bytes = rest;
                    if byte == 0 {
                        self.close(common, process, *file);
                    } else {
                        self.line.push(byte);
                        self.state = State::Reproach(file);
                    }
                }
                State::Reproach(file) => {
                    let Some((&byte, rest)) = bytes.split_first() else {
                        self.state = State::Reproach(file);
                        return;
                    };
                    bytes = rest;
                    self.line.push(byte);
                    if byte != b'\n' && self.line.len() < LINE_BYTES {
                        self.state = State::Reproach(file);
                        continue;
                    }
                    let first = std::mem::take(&mut self.line).first().copied();
                    common.failed = true;
                    if first == Some(1) {
                        self.close(common, process, *file);
                    } else {
                        common.end(1);
                    }
                }
            }
        }
    }

    pub(super) fn end_of_file(&mut self, common: &mut Common, process: &mut Process<'_>) {
        if common.ended.is_some() {
            return;
        }
        match &self.state {
            State::Line if self.line.is_empty() => {
                while !self.levels.is_empty() {
                    self.leave(process);
                }
                common.end_as_it_went();
            }
            State::Line => protocol_error(common, "lost connection"),
            State::Data(file) => {
                file.tell(process);
                common.complain(b"Broken pipe");
                common.end(1);
            }
            State::Verdict(file) | State::Reproach(file) => {
                file.tell(process);
                common.end(1);
            }
        }
    }

    /// The innermost folder is full: it gets its times and its mode.
    fn leave(&mut self, process: &mut Process<'_>) {
        let Some(level) = self.levels.pop() else { return };
        let Some(outer) = self.levels.last_mut() else { return };
        if let Some(times) = outer.times.take() {
            // `scp` does not look at whether this worked.
            let _ = process.utimes(&level.target, times, Last::Follow);
        }
        if let Some(mode) = level.mode {
            let _ = process.chmod(&level.target, mode, Last::Follow);
        }
    }

    /// One line, with its end where it has one.
    fn line(&mut self, common: &mut Common, process: &mut Process<'_>, line: &[u8]) {
        // What is behind a NUL C does not see.
        let seen = line.split(|&b| b == 0).next().unwrap_or_default();
        common.tell(b"Sink: ", seen);
        let Some(level) = self.levels.last_mut() else { return };
        let first = std::mem::replace(&mut level.first, false);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.split(|&b| b == 0).next().unwrap_or_default();
        match text.first() {
            Some(1) => common.failed = true,
            Some(2) => common.end(1),
            Some(b'E') => {
                common.confirm();
                self.leave(process);
                if self.levels.is_empty() {
                    common.end_as_it_went();
                }
            }
            Some(b'T') => match times(text) {
                Ok(times) => {
                    level.times = Some(times);
                    common.confirm();
                }
                Err(why) => protocol_error(common, why),
            },
            Some(kind @ (b'C' | b'D')) => match header(text) {
                Ok((mode, size, name)) => self.begin(common, process, *kind, mode, size, name),
                Err(why) => protocol_error(common, why),
            },
            _ if first => {
                common.complain(text);
                common.end(1);
            }
            _ => protocol_error(common, "expected control record"),
        }
    }

    /// A file or folder is announced.
    fn begin(
        &mut self,
        common: &mut Common,
        process: &mut Process<'_>,
        kind: u8,
        sent: u16,
        size: u64,
        name: &[u8],
    ) {
        if name.is_empty() || name.contains(&b'/') || name == b"." || name == b".." {
            common.complain(&[b"error: unexpected filename: ", name].concat());
            common.end(1);
            return;
        }
        let Some(level) = self.levels.last() else { return };
        let path = match (level.is_folder, level.target.as_slice()) {
            (true, b"/") => [b"/", name].concat(),
            (true, target) => [target, b"/", name].concat(),
            (false, target) => target.to_vec(),
        };
        let mode = if common.preserve { sent } else { sent & !process.me.umask };
        let exists = process.stat(&path, Last::Follow).ok();
        if kind == b'D' {
            if !common.recursive {
                protocol_error(common, "received directory without -r");
                return;
            }
            let made = match exists {
                Some(stat) if !stat.is(FOLDER) => Err(Fault::NotFolder),
                Some(_) if common.preserve => {
                    let _ = process.chmod(&path, mode, Last::Follow);
                    Ok(Some(mode))
                }
                Some(_) => Ok(None),
                None => process.mkdir(&path, mode | 0o700).map(|()| Some(mode)),
            };
            Common::note(process, "D", &path, Some(sent.into()), u32::from(made.is_err()));
            match made {
                Ok(mode) => self.enter(common, process, path, mode),
                Err(fault) => {
                    common.complain(&[path.as_slice(), b": ", fault.text().as_bytes()].concat());
                }
            }
            return;
        }
        let opening = Opening { create: Some(mode | 0o200), ..Opening::default() };
        let opened = process.open(&path, Direction::Write, opening);
        Common::note(process, "C", &path, Some(sent.into()), u32::from(opened.is_err()));
        match opened {
            Ok(opened) => {
                common.confirm();
                let existed = exists.map(|stat| stat.mode);
                let mut file =
                    Box::new(File { path, opened, size, at: 0, mode, existed, trouble: None });
                self.state = if size == 0 {
                    file.finish(common, process);
                    State::Verdict(file)
                } else {
                    State::Data(file)
                };
            }
            Err(fault) => {
                common.complain(&[path.as_slice(), b": ", fault.text().as_bytes()].concat());
            }
        }
    }

    /// The other side has said its word about a file.
    fn close(&mut self, common: &mut Common, process: &mut Process<'_>, mut file: File) {
        let level = self.levels.last_mut();
        if file.trouble.is_none()
            && let Some(times) = level.and_then(|level| level.times.take())
            && let Err(fault) = process.utimes(&file.path, times, Last::Follow)
        {
            file.note(": set times: ", fault);
        }
        file.tell(process);
        match file.trouble {
            Some(text) => common.complain(&text),
            None => common.confirm(),
        }
    }
}

impl File {
    fn write(&mut self, process: &mut Process<'_>, data: &[u8]) {
        if self.trouble.is_none()
            && let Err(fault) = process.write(&mut self.opened, self.at, data)
        {
            self.note(": ", fault);
        }
        self.at += data.len() as u64;
    }

    /// Tells that it was written, and what is in it.
    fn tell(&self, process: &mut Process<'_>) {
        process.world.note_written(self.path.clone(), self.at);
        let at = self.opened.path.as_deref();
        process.world.note_artifact(self.path.clone(), at, Means::Scp);
    }

    fn note(&mut self, place: &str, fault: Fault) {
        let text = [self.path.as_slice(), place.as_bytes(), fault.text().as_bytes()].concat();
        self.trouble.get_or_insert(text);
    }

    /// All of it came: what was behind is cut, and it gets its mode.
    fn finish(&mut self, common: &mut Common, process: &mut Process<'_>) {
        let Some(path) = self.opened.path.clone() else { return };
        let regular = self.existed.is_none_or(|mode| mode & 0o170_000 == FILE);
        if self.trouble.is_none()
            && regular
            && let Err(fault) = process.truncate_at(&path, self.size)
        {
            self.note(": truncate: ", fault);
        }
        let other = self.mode & 0o200 == 0;
        let sets = if common.preserve {
            self.existed.is_some() || other
        } else {
            self.existed.is_none() || other
        };
        // A mode that was preserved is not masked, as it is where the file is made.
        if (sets || common.preserve)
            && let Err(fault) = process.chmod_at(&path, self.mode)
        {
            self.note(": set mode: ", fault);
        }
        common.failed |= self.trouble.is_some();
    }
}

fn protocol_error(common: &mut Common, why: &str) {
    common.complain(format!("protocol error: {why}").as_bytes());
    common.end(1);
}

/// A number as `strtoull` reads it where a digit is; too large ones saturate.
fn number(text: &mut &[u8]) -> Option<u64> {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count)?;
    *text = rest;
    (count > 0).then(|| {
        digits.iter().fold(0_u64, |value, digit| {
            value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        })
    })
}

fn blank(text: &mut &[u8]) -> Option<()> {
    *text = text.strip_prefix(b" ")?;
    Some(())
}

/// `T`, and times of change and of access, with their microseconds. The time of access first.
fn times(line: &[u8]) -> Result<(u32, u32), &'static str> {
    let mut text = line.get(1..).unwrap_or_default();
    let changed = number(&mut text).ok_or("mtime.sec not present")?;
    blank(&mut text).ok_or("mtime.sec not delimited")?;
    micros(&mut text).and_then(|()| blank(&mut text)).ok_or("mtime.usec not delimited")?;
    let accessed = number(&mut text).ok_or("atime.sec not present")?;
    blank(&mut text).ok_or("atime.sec not delimited")?;
    micros(&mut text).filter(|()| text.is_empty()).ok_or("atime.usec not delimited")?;
    let clamped = |time: u64| u32::try_from(time).unwrap_or(u32::MAX);
    Ok((clamped(accessed), clamped(changed)))
}

/// A number as `strtol` reads it, where none is zero; less than a second.
fn micros(text: &mut &[u8]) -> Option<()> {
    let value = number(text).unwrap_or(0);
    (value <= 999_999).then_some(())
}

/// `C` or `D`, the mode, the size, the name.
fn header(line: &[u8]) -> Result<(u16, u64, &[u8]), &'static str> {
    let mut mode = 0;
    for place in 1..5 {
        let digit = line.get(place).filter(|b| (b'0'..=b'7').contains(b)).ok_or("bad mode")?;
        mode = mode << 3 | u16::from(digit - b'0');
    }
    let mut text = line.get(5..).unwrap_or_default();
    blank(&mut text).ok_or("mode not delimited")?;
    let size = number(&mut text).ok_or("size not present")?;
    blank(&mut text).ok_or("size not delimited")?;
    if i64::try_from(size).is_err() {
        return Err("size out of range");
    }
    Ok((mode, size, text))
}

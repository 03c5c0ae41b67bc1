//! `scp -f`: files go.
//!
//! **Invariant:** one call says a bounded amount; a file is read piece by piece.

use super::{Common, LINE_BYTES};
use crate::kernel::Stream;
use crate::process::{Direction, FILE, FOLDER, Opened, Opening, Process, Stat};

#[derive(Debug)]
pub(super) struct Source {
    /// What is still to be sent, the innermost list last.
    lists: Vec<List>,
    state: State,
    /// What came while nobody had asked.
    early: Vec<u8>,
    /// The answer that is being read.
    line: Vec<u8>,
}

/// Names in a row.
#[derive(Debug)]
struct List {
    /// The folder that they are in; of the arguments nothing.
    folder: Option<Vec<u8>>,
    names: std::vec::IntoIter<Vec<u8>>,
}

#[derive(Debug)]
enum State {
    /// The next one is sent.
    Next,
    /// The other side answers, and then comes that.
    Answer(After),
    /// A file is being sent.
    Sending(Box<File>),
}

/// What the other side says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Yes,
    No,
}

#[derive(Debug)]
enum After {
    /// The first file.
    Begin,
    /// The line about the file, behind its times.
    File(Box<File>),
    /// What is in the file, behind its line.
    Data(Box<File>),
    /// The line about the folder, behind its times.
    Folder(Vec<u8>, u32),
    /// What is in the folder, behind its line.
    Inside(Vec<u8>),
    /// The next one, whatever was answered.
    Next,
}

#[derive(Debug)]
struct File {
    name: Vec<u8>,
    opened: Opened,
    stat: Stat,
    at: u64,
}

/// What of a mode is sent: not that a folder is sticky.
const MODE_BITS: u32 = 0o6777;
/// Bytes of a file that are sent at once.
const PIECE_BYTES: usize = 128 << 10;
/// Bytes that wait before anybody has asked for them; what is more is dropped.
const EARLY_BYTES: usize = 64 << 10;

impl Source {
    pub(super) fn new(paths: Vec<Vec<u8>>) -> Self {
        Self {
            lists: vec![List { folder: None, names: paths.into_iter() }],
            state: State::Answer(After::Begin),
            early: Vec::new(),
            line: Vec::new(),
        }
    }

    pub(super) fn is_sending(&self) -> bool {
        matches!(self.state, State::Next | State::Sending(_))
    }

    pub(super) fn feed(&mut self, common: &mut Common, process: &mut Process<'_>, bytes: &[u8]) {
        let room = EARLY_BYTES.saturating_sub(self.early.len());
        self.early.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.answers(common, process);
    }

    /// Reads answers as far as there are questions.
    fn answers(&mut self, common: &mut Common, process: &mut Process<'_>) {
        let early = std::mem::take(&mut self.early);
        let mut used = 0;
        for &byte in &early {
            if common.ended.is_some() || !matches!(self.state, State::Answer(_)) {
                break;
            }
            used += 1;
            self.line.push(byte);
            let first = self.line.first().copied().unwrap_or_default();
            let whole = first == 0
                || (self.line.len() > 1 && (byte == b'\n' || self.line.len() >= LINE_BYTES));
            if !whole {
                continue;
            }
            self.line.clear();
            common.failed |= first != 0;
            if first > 1 {
                common.end(1);
                break;
            }
            self.answered(common, process, if first == 0 { Word::Yes } else { Word::No });
        }
        self.early = early.get(used..).unwrap_or_default().to_vec();
    }

    fn answered(&mut self, common: &mut Common, process: &mut Process<'_>, word: Word) {
        let State::Answer(after) = std::mem::replace(&mut self.state, State::Next) else { return };
        match after {
            After::Begin | After::Next => {}
            _ if word == Word::No => {}
            After::File(file) => self.announce(common, file),
            After::Data(file) => self.state = State::Sending(file),
            After::Folder(name, mode) => self.announce_folder(common, name, mode),
            After::Inside(name) => match process.list(&name) {
                Ok((_, mut names)) => {
                    names.retain(|name| name != b"." && name != b"..");
                    self.lists.push(List { folder: Some(name), names: names.into_iter() });
                }
                Err(fault) => complain(common, &name, fault.text()),
            },
        }
        self.go_on(common, process);
    }

    pub(super) fn go_on(&mut self, common: &mut Common, process: &mut Process<'_>) {
        let mut said = 0;
        while common.ended.is_none() && said < PIECE_BYTES {
            match std::mem::replace(&mut self.state, State::Next) {
                State::Answer(after) => {
                    self.state = State::Answer(after);
                    if self.early.is_empty() {
                        return;
                    }
                    self.answers(common, process);
                    return;
                }
                State::Next => {
                    said += 1_024;
                    self.next(common, process);
                }
                State::Sending(file) => {
                    said += PIECE_BYTES;
                    self.send(common, process, file);
                }
            }
        }
    }

    /// Begins with the next one, or ends a folder.
    fn next(&mut self, common: &mut Common, process: &mut Process<'_>) {
        let Some(list) = self.lists.last_mut() else {
            common.end_as_it_went();
            return;
        };
        let Some(name) = list.names.next() else {
            let inside = list.folder.is_some();
            self.lists.pop();
            if inside {
                common.say(Stream::Out, b"E\n");
                self.state = State::Answer(After::Next);
            }
            return;
        };
        let mut name = match &list.folder {
            Some(folder) => [folder.as_slice(), b"/", &name].concat(),
            None => name,
        };
        while name.len() > 1 && name.ends_with(b"/") {
            name.pop();
        }
        let opened = process.open(&name, Direction::Read, Opening::default());
        let stat = opened
            .as_ref()
            .map_err(|fault| *fault)
            .and_then(|opened| process.stat_at(opened.path.as_deref().unwrap_or_default()));
        Common::note(process, "source", &name, None, u32::from(opened.is_err()));
        let (opened, stat) = match (opened, stat) {
            (Ok(opened), Ok(stat)) => (opened, stat),
            (Err(fault), _) | (_, Err(fault)) => {
                complain(common, &name, fault.text());
                return;
            }
        };
        if stat.is(FOLDER) && common.recursive {
            // What may not be read is not announced.
            if let Err(fault) = process.list(&name) {
                complain(common, &name, fault.text());
                return;
            }
            if common.preserve {
                say_times(common, &stat);
                self.state = State::Answer(After::Folder(name, stat.mode));
            } else {
                self.announce_folder(common, name, stat.mode);
            }
        } else if stat.is(FILE) {
            let file = Box::new(File { name, opened, stat, at: 0 });
            if common.preserve {
                say_times(common, &file.stat);
                self.state = State::Answer(After::File(file));
            } else {
                self.announce(common, file);
            }
        } else {
            complain(common, &name, "not a regular file");
        }
    }

    fn announce(&mut self, common: &mut Common, file: Box<File>) {
        let mode = file.stat.mode & MODE_BITS;
        let head = format!("C{mode:04o} {} ", file.stat.size);
        let line = [head.as_bytes(), &shown(last(&file.name)), b"\n"].concat();
        common.tell(b"Sending file modes: ", &line);
        common.say(Stream::Out, &line);
        self.state = State::Answer(After::Data(file));
    }

    fn announce_folder(&mut self, common: &mut Common, name: Vec<u8>, mode: u32) {
        let short = last(&name);
        let short = short.get(..1_024).unwrap_or(short);
        let head = format!("D{:04o} 0 ", mode & MODE_BITS);
        let line = [head.as_bytes(), short, b"\n"].concat();
        common.tell(b"Entering directory: ", &line);
        common.say(Stream::Out, &line);
        self.state = State::Answer(After::Inside(name));
    }

    /// The next piece of a file, and behind the last one that it was all.
    fn send(&mut self, common: &mut Common, process: &mut Process<'_>, mut file: Box<File>) {
        let left = usize::try_from(file.stat.size - file.at).unwrap_or(usize::MAX);
        let want = left.min(PIECE_BYTES);
        let mut piece = Vec::new();
        // What cannot be read any longer is made up for, or the other side would wait for it.
        let read = process.read(&file.opened, file.at, want, &mut piece);
        piece.resize(want, 0);
        file.at += want as u64;
        common.say(Stream::Out, &piece);
        if let Err(fault) = read {
            complain(common, &file.name, fault.text());
            self.state = State::Answer(After::Next);
        } else if file.at == file.stat.size {
            common.confirm();
            self.state = State::Answer(After::Next);
        } else {
            self.state = State::Sending(file);
        }
    }
}

fn last(name: &[u8]) -> &[u8] {
    name.rsplit(|&b| b == b'/').next().unwrap_or(name)
}

/// A name in one line.
fn shown(name: &[u8]) -> Vec<u8> {
    if name.contains(&b'\n') {
        name.split(|&b| b == b'\n').collect::<Vec<_>>().join(&b"\\^J"[..])
    } else {
        name.to_vec()
    }
}

fn complain(common: &mut Common, name: &[u8], why: &str) {
    common.complain(&[&shown(name), &b": "[..], why.as_bytes()].concat());
}

fn say_times(common: &mut Common, stat: &Stat) {
    let line = format!("T{} 0 {} 0\n", stat.changed, stat.accessed);
    let told = format!("File mtime {} atime {}\n", stat.changed, stat.accessed);
    common.tell(told.as_bytes(), b"");
    common.tell(b"Sending file timestamps: ", line.as_bytes());
    common.say(Stream::Out, line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(shown(b"a\nb"), b"a\\^Jb");
        assert_eq!(last(b"/etc/hosts"), b"hosts");
        assert_eq!(last(b"/"), b"");
    }
}

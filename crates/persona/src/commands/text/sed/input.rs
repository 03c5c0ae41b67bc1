//! Lines of the input files, of which the last has to be known as such.
//!
//! **Invariant:** reads ahead only where a script asks whether a line is the last.

use super::Settings;
use crate::commands::text::bare;
use crate::files::Fault;
use crate::kernel::{Input, Proc};

pub(super) struct Lines {
    files: std::vec::IntoIter<Vec<u8>>,
    now: Option<Input>,
    /// The file that is read, or was read last.
    pub(super) name: Vec<u8>,
    ahead: Option<Vec<u8>>,
    separate: bool,
    end: u8,
    pub(super) status: u32,
    /// Something cannot be read that was opened: nothing more is done.
    pub(super) failed: bool,
    in_place: bool,
}

/// What comes next.
pub(super) enum Next {
    /// A line, and whether it had an end.
    Line(Vec<u8>, bool),
    /// A file has ended, where each is on its own.
    FileEnds,
    /// A file begins, where each is on its own.
    FileBegins,
    Nothing,
}

impl Lines {
    pub(super) fn new(settings: &Settings, files: Vec<Vec<u8>>) -> Self {
        Self {
            files: files.into_iter(),
            now: None,
            name: b"-".to_vec(),
            ahead: None,
            separate: settings.separate,
            end: settings.end,
            status: 0,
            failed: false,
            in_place: settings.in_place.is_some(),
        }
    }

    /// Opens the next file that can be opened.
    fn open(&mut self, p: &mut Proc) -> bool {
        for name in self.files.by_ref() {
            if self.in_place && p.is_folder(&name) {
                p.complain(&[b"couldn't edit ", &name[..]].concat(), "not a regular file");
                self.status = 4;
                continue;
            }
            match p.input(&name) {
                Ok(input) => {
                    self.now = Some(input);
                    self.name = name;
                    return true;
                }
                Err(Fault::IsFolder) => {
                    p.complain(&[b"read error on ", &name[..]].concat(), "Is a directory");
                    self.status = 4;
                    self.failed = true;
                    return false;
                }
                Err(why) => {
                    p.complain(&[b"can't read ", &name[..]].concat(), why.text());
                    self.status = 2;
                }
            }
        }
        false
    }

    async fn read(&mut self, p: &mut Proc) -> Option<Vec<u8>> {
        if let Some(line) = self.ahead.take() {
            return Some(line);
        }
        let input = self.now.as_mut()?;
        let found = input.until(p, self.end).await;
        match found {
            Ok(Some(line)) => return Some(line),
            Ok(None) => {}
            Err(why) => {
                p.complain(&[b"read error on ", &self.name[..]].concat(), why.text());
                self.status = 2;
            }
        }
        if let Some(input) = self.now.take() {
            p.done(&input);
        }
        None
    }

    pub(super) async fn next(&mut self, p: &mut Proc) -> Next {
        loop {
            if self.failed {
                return Next::Nothing;
            }
            if self.now.is_none() && self.ahead.is_none() {
                if !self.open(p) {
                    return Next::Nothing;
                }
                if self.separate {
                    return Next::FileBegins;
                }
            }
            match self.read(p).await {
                Some(line) => {
                    let text = bare(&line, self.end);
                    return Next::Line(text.to_vec(), text.len() < line.len());
                }
                None if self.separate => return Next::FileEnds,
                None => {}
            }
        }
    }

    /// Whether no line follows: in this file, where each is on its own.
    pub(super) async fn is_last(&mut self, p: &mut Proc) -> bool {
        loop {
            if self.ahead.is_some() {
                return false;
            }
            if self.now.is_some() {
                self.ahead = match self.now.as_mut() {
                    Some(input) => input.until(p, self.end).await.unwrap_or(None),
                    None => None,
                };
                if self.ahead.is_some() {
                    return false;
                }
                if self.separate {
                    // It is closed where its end is told.
                    return true;
                }
                if let Some(input) = self.now.take() {
                    p.done(&input);
                }
            }
            if self.separate {
                return true;
            }
            if !self.open(p) {
                return true;
            }
        }
    }
}

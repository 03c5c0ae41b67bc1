//! Where the streams of commands go: redirections, pipes, files, the session.

use crate::commands::{Call, OUTPUT_BYTES, OutKind, Stdin, Stream};
use crate::files::{Access, Fault, Kind, Last, Node, Who};
use crate::shell::parse::{Redirect, Target};
use crate::shell::run::{Engine, Frame, SHOWN_BYTES};
use decnet_core::event::Timestamp;
use std::sync::Arc;

pub(super) enum Destination {
    Session(Stream),
    /// The pipe of a list, or a capture.
    Frame(usize),
    File(Vec<u8>),
    Null,
}

/// Where a stream of a stage goes.
#[derive(Clone, Debug)]
pub(super) enum To {
    /// Where the list's own stream goes.
    Outer(Stream),
    Pipe,
    File(Vec<u8>),
    Null,
}

/// What becomes of a file that is opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OldContent {
    Kept,
    Dropped,
}

impl Engine {
    /// Opens one redirection; the content where it is an input.
    pub(super) fn redirect(
        &mut self,
        now: Timestamp,
        redirect: &Redirect,
    ) -> Result<Option<Vec<u8>>, (Vec<u8>, Fault)> {
        let word = match &redirect.to {
            Target::Same(from) => {
                let Some(task) = self.task() else { return Ok(None) };
                let [out, err] = &mut task.targets;
                match (redirect.from, from) {
                    (2, 1) => err.clone_from(out),
                    (1, 2) => out.clone_from(err),
                    _ => {}
                }
                return Ok(None);
            }
            Target::Read(word)
            | Target::Write(word)
            | Target::Append(word)
            | Target::Both(word) => word,
        };
        let name = self.expand_one(word).unwrap_or_default();
        let fault = |fault| (name.clone(), fault);
        if let Target::Read(_) = redirect.to {
            let mut call = Call::new(&mut self.shell, now, &[], Stdin::Session, OutKind::Other);
            return call.read(&name).map(Some).map_err(fault);
        }
        let to = match name.as_slice() {
            b"/dev/null" => To::Null,
            b"/dev/stdout" => To::Outer(Stream::Out),
            b"/dev/stderr" => To::Outer(Stream::Err),
            b"/dev/tty" => To::Outer(Stream::Out),
            _ => {
                let cwd = self.shell.level().cwd.clone();
                let who = self.shell.who();
                let path = self.shell.files.resolve(&cwd, &name, Last::Follow).map_err(fault)?;
                let old = match redirect.to {
                    Target::Append(_) => OldContent::Kept,
                    Target::Read(_) | Target::Write(_) | Target::Same(_) | Target::Both(_) => {
                        OldContent::Dropped
                    }
                };
                self.open(now, who, &path, old).map_err(fault)?;
                To::File(path)
            }
        };
        if let Some(task) = self.task() {
            let [out, err] = &mut task.targets;
            match (&redirect.to, redirect.from) {
                (Target::Both(_), _) => (*out, *err) = (to.clone(), to),
                (_, 2) => *err = to,
                _ => *out = to,
            }
        }
        Ok(None)
    }

    /// Makes a file that can be written to.
    fn open(
        &mut self,
        now: Timestamp,
        who: Who,
        path: &[u8],
        content: OldContent,
    ) -> Result<(), Fault> {
        let files = &mut self.shell.files;
        let old = match files.node(path) {
            Ok(node) => {
                if let Kind::Folder = node.kind {
                    return Err(Fault::IsFolder);
                }
                files.allowed(who, path, Access::Write)?;
                Some(node.clone())
            }
            Err(_) => {
                let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
                files.allowed(who, path.get(..end).unwrap_or(&[]), Access::Write)?;
                None
            }
        };
        let kept = match &old {
            Some(Node { kind: Kind::File(bytes), .. }) if content == OldContent::Kept => {
                Arc::clone(bytes)
            }
            _ => Arc::default(),
        };
        let (mode, uid, gid) =
            old.map_or((0o644, who.uid, who.gid), |old| (old.mode, old.uid, old.gid));
        let changed = crate::calendar::seconds(now);
        files.put(path, Node { kind: Kind::File(kept), mode, uid, gid, accessed: changed, changed })
    }

    pub(super) fn destination(&self, mut index: usize, mut stream: Stream) -> Destination {
        while let Some(outer) = index.checked_sub(1) {
            index = outer;
            match self.frames.get(index) {
                Some(Frame::Task(task)) => {
                    let [out, err] = &task.targets;
                    match if stream == Stream::Out { out } else { err } {
                        To::Outer(outer) => stream = *outer,
                        To::Pipe => return Destination::Frame(index),
                        To::File(path) => return Destination::File(path.clone()),
                        To::Null => return Destination::Null,
                    }
                }
                Some(Frame::Capture(_)) if stream == Stream::Out => {
                    return Destination::Frame(index);
                }
                Some(Frame::Capture(_)) => {}
                Some(Frame::Shell) | None => break,
            }
        }
        Destination::Session(stream)
    }

    /// Brings what a command wrote to where its stream goes. `index` is that of the frame above.
    pub(super) fn deliver(&mut self, index: usize, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let room = |used: usize, max: usize| {
            bytes.get(..bytes.len().min(max.saturating_sub(used))).unwrap_or(&[])
        };
        match self.destination(index, stream) {
            Destination::Session(stream) => {
                let bytes = room(self.shown_bytes, SHOWN_BYTES);
                self.shown_bytes += bytes.len();
                match self.shown.last_mut() {
                    Some((last, text)) if *last == stream => text.extend_from_slice(bytes),
                    _ => self.shown.push((stream, bytes.to_vec())),
                }
            }
            Destination::Frame(index) => match self.frames.get_mut(index) {
                Some(Frame::Task(task)) => {
                    task.pipe.extend_from_slice(room(task.pipe.len(), OUTPUT_BYTES));
                }
                Some(Frame::Capture(text)) => {
                    text.extend_from_slice(room(text.len(), OUTPUT_BYTES));
                }
                Some(Frame::Shell) | None => {}
            },
            Destination::File(path) => self.append(&path, bytes),
            Destination::Null => {}
        }
    }

    fn append(&mut self, path: &[u8], bytes: &[u8]) {
        self.work += bytes.len() / 8;
        self.shell.files.append(path, bytes);
    }
}

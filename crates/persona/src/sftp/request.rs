//! What each request does, and what is told of it.
//!
//! **Invariant:** which errors are looked for, in which order, and with which status they are
//! answered is `sftp-server`'s.

use super::handle::{Handle, OpenFile, OpenFolder};
use super::names::{Names, long};
use super::reply::{self, EOF, FAILURE, NO_SUCH_FILE, OK, code};
use super::{FATAL, Server};
use crate::FileRequest;
use crate::calendar::seconds;
use crate::files::{Fault, Last};
use crate::people::List;
use crate::process::{Direction, FILE, Opened, Opening, Process, Stat};
use decnet_core::event::file::Means;
use decnet_core::wire::sftp::attributes::Attributes;
use decnet_core::wire::sftp::{
    APPEND, CREATE, EXCLUSIVE, Extension, READ, Request, TRUNCATE, WRITE, What,
};

/// What became of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    /// The status; nothing where there was no answer.
    pub(super) code: Option<u32>,
    pub(super) work: usize,
}

/// Names in one answer.
const NAMES: usize = 100;
/// Bytes in one answer.
const READ_BYTES: usize = (256 << 10) - 1_024;
/// Work of a name in a path or a folder.
const NAME_WORK: usize = 2_000;
const VERSION: u32 = 3;

/// What the server offers, in its order.
const EXTENSIONS: &[(&str, &str)] = &[
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("hardlink@openssh.com", "1"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
    ("copy-data", "1"),
    ("home-directory", "1"),
    ("users-groups-by-id@openssh.com", "1"),
];

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        code(fault).into()
    }
}

impl From<u32> for Answer {
    fn from(code: u32) -> Self {
        Self { code: Some(code), work: 0 }
    }
}

/// The status of something of which there is no more to say.
pub(super) fn done<T>(result: Result<T, Fault>) -> u32 {
    result.map_or_else(code, |_| OK)
}

impl Server {
    pub(super) fn version(&self) -> u32 {
        self.version.unwrap_or(VERSION)
    }

    /// Does what is asked and writes the answer.
    pub(super) fn answer(
        &mut self,
        process: &mut Process<'_>,
        request: &Request<'_>,
        out: &mut Vec<u8>,
    ) -> Answer {
        let id = request.id;
        let start = out.len();
        let mut answer = match request.what {
            What::Init { version, .. } => {
                self.version = Some(version);
                reply::message(out, reply::VERSION, VERSION, |out| {
                    for (name, data) in EXTENSIONS {
                        reply::string(out, name.as_bytes());
                        reply::string(out, data.as_bytes());
                    }
                });
                OK.into()
            }
            What::Open { path, flags, attributes } => {
                let opened = self.open(process, path, flags, &attributes);
                given(opened, out, |out, handle| reply::handle(out, id, handle))
            }
            What::Close { handle } => self.close(process, handle).into(),
            What::Read { handle, offset, length } => {
                self.read_file(process, id, (handle, offset, length), out)
            }
            What::Write { handle, offset, data } => self.write_file(process, handle, offset, data),
            What::Lstat { path } => {
                let stat = process.stat(path, Last::Keep);
                given(stat, out, |out, stat| reply::attributes(out, id, &stat))
            }
            What::Stat { path } => {
                let stat = process.stat(path, Last::Follow);
                given(stat, out, |out, stat| reply::attributes(out, id, &stat))
            }
            What::Fstat { handle } => match self.handles.file(handle) {
                Some(file) => {
                    let stat = stat_open(process, &file.opened);
                    given(stat, out, |out, stat| reply::attributes(out, id, &stat))
                }
                None => FAILURE.into(),
            },
            What::Setstat { path, attributes } => set(process, path, &attributes),
            What::Fsetstat { handle, attributes } => self.fsetstat(process, handle, &attributes),
            What::Opendir { path } => {
                let opened = self.open_folder(process, path);
                given(opened, out, |out, handle| reply::handle(out, id, handle))
            }
            What::Readdir { handle } => self.read_folder(process, id, handle, out),
            What::Remove { path } => {
                let gone = process.stat(path, Last::Keep).unwrap_or_default();
                let removed = process.unlink(path);
                if let Ok(path) = &removed {
                    self.handles.removed(path, gone);
                }
                done(removed).into()
            }
            What::Mkdir { path, attributes } => {
                done(process.mkdir(path, permissions(&attributes, 0o777))).into()
            }
            What::Rmdir { path } => done(process.rmdir(path)).into(),
            What::Realpath { path } => {
                given(process.realpath(path), out, |out, path| reply::path(out, id, &path))
            }
            What::Rename { from, to } => self.rename(process, from, to).into(),
            What::Readlink { path } => {
                given(process.readlink(path), out, |out, path| reply::path(out, id, &path))
            }
            What::Symlink { target, link } => done(process.symlink(target, link)).into(),
            What::Extended { name: _, asked } => self.extended(process, id, &asked, out),
            // `sftp-server` only writes to the log that it does not know this.
            What::Unknown { .. } => return Answer::default(),
        };
        if out.len() == start {
            reply::status(out, self.version(), id, answer.code.unwrap_or(FATAL));
        }
        answer.work += named(&request.what) * NAME_WORK;
        answer
    }

    fn open(
        &mut self,
        process: &mut Process<'_>,
        path: &[u8],
        flags: u32,
        attributes: &Attributes,
    ) -> Result<u32, Fault> {
        let direction = match flags & (READ | WRITE) {
            WRITE => Direction::Write,
            both if both == READ | WRITE => Direction::Both,
            _ => Direction::Read,
        };
        let opening = Opening {
            create: (flags & CREATE != 0).then(|| permissions(attributes, 0o666)),
            exclusive: flags & EXCLUSIVE != 0,
            truncate: flags & TRUNCATE != 0,
        };
        if self.handles.is_full() {
            return Err(Fault::TooManyHandles);
        }
        process.appends = flags & APPEND != 0;
        let opened = process.open(path, direction, opening)?;
        let appends = flags & APPEND != 0;
        let file = OpenFile { name: path.to_vec(), opened, appends, written: None };
        Ok(self.handles.add(Handle::File(file)))
    }

    fn open_folder(&mut self, process: &mut Process<'_>, path: &[u8]) -> Result<u32, Fault> {
        if self.handles.is_full() {
            return Err(Fault::TooManyHandles);
        }
        let (path, names) = process.list(path)?;
        let folder = OpenFolder { path, names: names.into_iter() };
        Ok(self.handles.add(Handle::Folder(folder)))
    }

    fn close(&mut self, process: &mut Process<'_>, handle: &[u8]) -> u32 {
        match self.handles.close(handle) {
            Some(Handle::File(file)) => {
                if let Some(written) = file.written {
                    process.world.note_written(file.name.clone(), written);
                    let at = file.opened.path.as_deref();
                    process.world.note_artifact(file.name, at, Means::Sftp);
                }
                OK
            }
            Some(Handle::Folder(_)) => OK,
            None => NO_SUCH_FILE,
        }
    }

    fn read_file(
        &mut self,
        process: &mut Process<'_>,
        id: u32,
        (handle, offset, length): (&[u8], u64, u32),
        out: &mut Vec<u8>,
    ) -> Answer {
        let Some(file) = self.handles.file(handle) else { return FAILURE.into() };
        if i64::try_from(offset).is_err() {
            return Fault::Invalid.into();
        }
        let length = usize::try_from(length).unwrap_or(READ_BYTES).min(READ_BYTES);
        let start = reply::begin(out, reply::DATA, id);
        let data = out.len();
        out.extend_from_slice(&[0; 4]);
        // Of nothing there is always enough, whatever is open.
        let read =
            if length == 0 { Ok(()) } else { process.read(&file.opened, offset, length, out) };
        let count = out.len() - data - 4;
        let code = match read {
            Ok(()) if count > 0 || length == 0 => OK,
            Ok(()) => EOF,
            Err(fault) => code(fault),
        };
        if code == OK {
            let count = u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
            if let Some(place) = out.get_mut(data..data + 4) {
                place.copy_from_slice(&count);
            }
            reply::end(out, start);
        } else {
            out.truncate(start);
        }
        code.into()
    }

    fn write_file(
        &mut self,
        process: &mut Process<'_>,
        handle: &[u8],
        offset: u64,
        data: &[u8],
    ) -> Answer {
        let Some(file) = self.handles.file(handle) else { return FAILURE.into() };
        let offset = match file.appends {
            true => stat_open(process, &file.opened).map_or(0, |stat| stat.size),
            false if i64::try_from(offset).is_err() => return Fault::Invalid.into(),
            false => offset,
        };
        match process.write(&mut file.opened, offset, data) {
            Ok(moved) => {
                let written = file.written.get_or_insert(0);
                *written = written.saturating_add(data.len() as u64);
                Answer { code: Some(OK), work: moved / 4 }
            }
            Err(fault) => fault.into(),
        }
    }

    fn fsetstat(
        &mut self,
        process: &mut Process<'_>,
        handle: &[u8],
        attributes: &Attributes,
    ) -> Answer {
        let Some(file) = self.handles.file(handle) else { return FAILURE.into() };
        let mut answer = Answer::from(OK);
        // What is gone is changed and never seen again.
        let Some(path) = &file.opened.path else { return answer };
        if let Some(size) = attributes.size {
            let done = if file.opened.direction.writes() {
                process.truncate_at(path, size)
            } else {
                Err(Fault::Invalid)
            };
            match done {
                Ok(moved) => answer.work = moved / 4,
                Err(fault) => answer.code = Some(code(fault)),
            }
        }
        let mut note = |done: Result<(), Fault>| {
            if let Err(fault) = done {
                answer.code = Some(code(fault));
            }
        };
        if attributes.permissions.is_some() {
            note(process.chmod_at(path, permissions(attributes, 0)));
        }
        if let Some(times) = attributes.times {
            note(process.utimes_at(path, times));
        }
        if let Some(owner) = attributes.owner {
            note(process.chown_at(path, owner));
        }
        answer
    }

    fn read_folder(
        &mut self,
        process: &mut Process<'_>,
        id: u32,
        handle: &[u8],
        out: &mut Vec<u8>,
    ) -> Answer {
        let Some(folder) = self.handles.folder(handle) else { return FAILURE.into() };
        let users = Names::of(process, List::Passwd);
        let groups = Names::of(process, List::Group);
        let now = seconds(process.now);
        let mut names = Vec::new();
        while names.len() < NAMES {
            let Some(name) = folder.names.next() else { break };
            let path = match name.as_slice() {
                b"." => folder.path.clone(),
                b".." => crate::process::parent(&folder.path).to_vec(),
                name => [folder.path.as_slice(), b"/", name].concat(),
            };
            if let Ok(stat) = process.stat_at(&path) {
                let long = long(&name, &stat, &users, &groups, now);
                names.push((name, long, stat));
            }
        }
        let work = (names.len() + 10) * NAME_WORK;
        if names.is_empty() {
            return Answer { code: Some(EOF), work };
        }
        reply::names(out, id, &names);
        Answer { code: Some(OK), work }
    }

    /// Files do not replace what has the other name; of the rest only what is not there is replaced.
    fn rename(&mut self, process: &mut Process<'_>, from: &[u8], to: &[u8]) -> u32 {
        let file = match process.stat(from, Last::Keep) {
            Ok(stat) => stat.is(FILE),
            Err(fault) => return code(fault),
        };
        if file {
            match process.find(to, Last::Keep) {
                Ok(found) if process.node(&found).is_ok() => return FAILURE,
                Ok(_) => {}
                Err(fault) => return code(fault),
            }
        } else if process.stat(to, Last::Follow).is_ok() {
            return FAILURE;
        }
        self.posix_rename(process, from, to)
    }

    pub(super) fn posix_rename(
        &mut self,
        process: &mut Process<'_>,
        from: &[u8],
        to: &[u8],
    ) -> u32 {
        let gone = process.stat(to, Last::Keep).unwrap_or_default();
        let renamed = process.rename(from, to);
        if let Ok((source, target)) = &renamed
            && source != target
        {
            self.handles.removed(target, gone);
            self.handles.renamed(source, target);
        }
        done(renamed)
    }
}

/// Of what is open, even if it is gone.
pub(super) fn stat_open(process: &mut Process<'_>, opened: &Opened) -> Result<Stat, Fault> {
    match &opened.path {
        Some(path) => process.stat_at(path),
        None => Ok(opened.gone),
    }
}

/// An answer with what was asked for, or the status of the error.
pub(super) fn given<T>(
    result: Result<T, Fault>,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>, T),
) -> Answer {
    match result {
        Ok(value) => {
            write(out, value);
            OK.into()
        }
        Err(fault) => fault.into(),
    }
}

/// Permissions that a request names, or those that it has without.
pub(super) fn permissions(attributes: &Attributes, without: u16) -> u16 {
    let named = attributes.permissions.map(|mode| u16::try_from(mode & 0o7777).unwrap_or(0));
    named.unwrap_or(without)
}

/// Sets what is named, one after the other; the last error is the answer.
fn set(process: &mut Process<'_>, path: &[u8], attributes: &Attributes) -> Answer {
    let mut answer = Answer::from(OK);
    if let Some(size) = attributes.size {
        match process.truncate(path, size) {
            Ok(moved) => answer.work = moved / 4,
            Err(fault) => answer.code = Some(code(fault)),
        }
    }
    if let Some(code) = set_rest(process, path, attributes, Last::Follow) {
        answer.code = Some(code);
    }
    answer
}

/// The same without the size; the last error, if there was one.
pub(super) fn set_rest(
    process: &mut Process<'_>,
    path: &[u8],
    attributes: &Attributes,
    last: Last,
) -> Option<u32> {
    let mut code = None;
    let mut note = |done: Result<(), Fault>| {
        if let Err(fault) = done {
            code = Some(reply::code(fault));
        }
    };
    if attributes.permissions.is_some() {
        note(process.chmod(path, permissions(attributes, 0), last));
    }
    if let Some(times) = attributes.times {
        note(process.utimes(path, times, last));
    }
    if let Some(owner) = attributes.owner {
        note(process.chown(path, owner, last));
    }
    code
}

/// How many names the paths of a request have, about.
fn named(what: &What<'_>) -> usize {
    let count = |path: &[u8]| 1 + path.iter().filter(|b| **b == b'/').count();
    match parts(what) {
        Some((_, path, second, _)) => count(path) + second.map_or(0, count),
        None => 0,
    }
}

type Parts<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>, Option<u32>);

/// What is told of a request: what it is, its paths, its number. Of those that name what is open
/// nothing is told.
fn parts<'a>(what: &What<'a>) -> Option<Parts<'a>> {
    Some(match *what {
        What::Init { version, .. } => (b"init", b"", None, Some(version)),
        What::Open { path, flags, .. } => (b"open", path, None, Some(flags)),
        What::Lstat { path } => (b"lstat", path, None, None),
        What::Setstat { path, attributes } => (b"setstat", path, None, attributes.permissions),
        What::Opendir { path } => (b"opendir", path, None, None),
        What::Remove { path } => (b"remove", path, None, None),
        What::Mkdir { path, attributes } => (b"mkdir", path, None, attributes.permissions),
        What::Rmdir { path } => (b"rmdir", path, None, None),
        What::Realpath { path } => (b"realpath", path, None, None),
        What::Stat { path } => (b"stat", path, None, None),
        What::Rename { from, to } => (b"rename", from, Some(to), None),
        What::Readlink { path } => (b"readlink", path, None, None),
        What::Symlink { target, link } => (b"symlink", target, Some(link), None),
        What::Unknown { kind } => (b"unknown", b"", None, Some(kind.into())),
        What::Extended { name, asked } => match asked {
            Extension::PosixRename { from, to } | Extension::Hardlink { from, to } => {
                (name, from, Some(to), None)
            }
            Extension::Statvfs { path } | Extension::ExpandPath { path } => {
                (name, path, None, None)
            }
            Extension::Lsetstat { path, attributes } => (name, path, None, attributes.permissions),
            Extension::HomeDirectory { user } => (name, user, None, None),
            Extension::Limits | Extension::UsersGroups { .. } | Extension::Unknown { .. } => {
                (name, b"", None, None)
            }
            Extension::Fstatvfs { .. } | Extension::Fsync { .. } | Extension::CopyData { .. } => {
                return None;
            }
        },
        What::Close { .. }
        | What::Read { .. }
        | What::Write { .. }
        | What::Fstat { .. }
        | What::Fsetstat { .. }
        | What::Readdir { .. } => return None,
    })
}

/// What is told of a request and its answer.
pub(super) fn note(what: &What<'_>, answer: Option<u32>) -> Option<FileRequest> {
    parts(what).map(|(request, path, second, number)| FileRequest {
        request: request.to_vec(),
        path: path.to_vec(),
        second: second.map(<[u8]>::to_vec),
        number,
        answer,
    })
}

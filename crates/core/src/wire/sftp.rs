//! Requests of SFTP version 3, draft-ietf-secsh-filexfer-02, and of OpenSSH's extensions to it.
//!
//! **Invariant:** what is read and what is refused is what OpenSSH's `sftp-server` 9.2 reads and
//! refuses; a request borrows all that it names.

pub mod attributes;

use crate::limits::SFTP_MESSAGE_BYTES;
use crate::wire::reader::Reader;
use crate::wire::{Malformed, Parsed};
use attributes::Attributes;

/// `SSH_FXP_INIT`; the numbers of the others are in [`request`].
pub const INIT: u8 = 1;
/// `SSH_FXP_EXTENDED`.
pub const EXTENDED: u8 = 200;

/// `SSH_FXP_OPEN`'s flags: read.
pub const READ: u32 = 1;
/// Write.
pub const WRITE: u32 = 2;
/// Write behind the end.
pub const APPEND: u32 = 4;
/// Make the file.
pub const CREATE: u32 = 8;
/// Empty it.
pub const TRUNCATE: u32 = 16;
/// It must not be there yet.
pub const EXCLUSIVE: u32 = 32;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The number that its answer carries; of `Init` zero, since there is none.
    pub id: u32,
    /// What is asked.
    pub what: What<'a>,
}

/// What a request asks. Names are without the NUL that may end them; handles are as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the protocol, by their names there")]
pub enum What<'a> {
    /// Both say their versions; what a client adds is behind it.
    Init { version: u32, extensions: &'a [u8] },
    /// Opens a file.
    Open { path: &'a [u8], flags: u32, attributes: Attributes },
    /// Gives a handle back.
    Close { handle: &'a [u8] },
    /// Bytes of a file.
    Read { handle: &'a [u8], offset: u64, length: u32 },
    /// Bytes into a file.
    Write { handle: &'a [u8], offset: u64, data: &'a [u8] },
    /// Attributes of what is at a path, of a link itself.
    Lstat { path: &'a [u8] },
    /// Attributes of what is open.
    Fstat { handle: &'a [u8] },
    /// Sets attributes of what is at a path.
    Setstat { path: &'a [u8], attributes: Attributes },
    /// Sets attributes of what is open.
    Fsetstat { handle: &'a [u8], attributes: Attributes },
    /// Opens a folder.
    Opendir { path: &'a [u8] },
    /// The next names in a folder.
    Readdir { handle: &'a [u8] },
    /// Removes a file.
    Remove { path: &'a [u8] },
    /// Makes a folder.
    Mkdir { path: &'a [u8], attributes: Attributes },
    /// Removes a folder.
    Rmdir { path: &'a [u8] },
    /// The path without links, `.` and `..`.
    Realpath { path: &'a [u8] },
    /// Attributes of what is at a path.
    Stat { path: &'a [u8] },
    /// Another name.
    Rename { from: &'a [u8], to: &'a [u8] },
    /// Where a link leads to.
    Readlink { path: &'a [u8] },
    /// Makes a link; OpenSSH's order, which is not the draft's: where to first, then its own name.
    Symlink { target: &'a [u8], link: &'a [u8] },
    /// An extension by its name, with what is behind it.
    Extended { name: &'a [u8], asked: Extension<'a> },
    /// A number that stands for no request.
    Unknown { kind: u8 },
}

/// What an extension asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of OpenSSH's PROTOCOL, by their names there")]
pub enum Extension<'a> {
    /// `posix-rename@openssh.com`: over what is there.
    PosixRename { from: &'a [u8], to: &'a [u8] },
    /// `statvfs@openssh.com`
    Statvfs { path: &'a [u8] },
    /// `fstatvfs@openssh.com`
    Fstatvfs { handle: &'a [u8] },
    /// `hardlink@openssh.com`
    Hardlink { from: &'a [u8], to: &'a [u8] },
    /// `fsync@openssh.com`
    Fsync { handle: &'a [u8] },
    /// `lsetstat@openssh.com`
    Lsetstat { path: &'a [u8], attributes: Attributes },
    /// `limits@openssh.com`
    Limits,
    /// `expand-path@openssh.com`
    ExpandPath { path: &'a [u8] },
    /// `copy-data`
    CopyData { from: &'a [u8], from_offset: u64, length: u64, to: &'a [u8], to_offset: u64 },
    /// `home-directory`
    HomeDirectory { user: &'a [u8] },
    /// `users-groups-by-id@openssh.com`: lists of numbers, four bytes each.
    UsersGroups { users: &'a [u8], groups: &'a [u8] },
    /// A name that the server does not know, and what is behind it.
    Unknown { body: &'a [u8] },
}

/// One message: its number and what is behind that, without the length.
///
/// # Errors
/// [`Malformed::TooLong`] for one that `sftp-server` takes for too long, as soon as five bytes are
/// there; [`Malformed::Cut`] for one that is too short for its own number.
pub fn message(bytes: &[u8]) -> Parsed<&[u8]> {
    let mut reader = Reader::new(bytes);
    let Some(length) = reader.u32() else { return Ok(None) };
    if reader.rest().is_empty() {
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| Malformed::TooLong("message"))?;
    if length > SFTP_MESSAGE_BYTES {
        return Err(Malformed::TooLong("message"));
    }
    if length == 0 {
        return Err(Malformed::Cut("message"));
    }
    Ok(reader.take(length).map(|message| (message, 4 + length)))
}

/// What a message asks. Bytes behind the last field are no error: `sftp-server` skips them.
///
/// # Errors
/// [`Malformed::Cut`] where the message ends before a field does, [`Malformed::Value`] where a name
/// has a NUL before its end. Either ends `sftp-server`.
pub fn request(message: &[u8]) -> Result<Request<'_>, Malformed> {
    let cut = Malformed::Cut("request");
    let mut reader = Reader::new(message);
    let kind = reader.u8().ok_or(cut)?;
    let id = reader.u32().ok_or(cut)?;
    if kind == INIT {
        return Ok(Request { id: 0, what: What::Init { version: id, extensions: reader.rest() } });
    }
    let r = &mut reader;
    let what = match kind {
        3 => {
            let (path, flags) = (name(r)?, r.u32().ok_or(cut)?);
            What::Open { path, flags, attributes: Attributes::read(r)? }
        }
        4 => What::Close { handle: handle(r)? },
        5 => What::Read {
            handle: handle(r)?,
            offset: u64(r).ok_or(cut)?,
            length: r.u32().ok_or(cut)?,
        },
        6 => What::Write {
            handle: handle(r)?,
            offset: u64(r).ok_or(cut)?,
            data: r.string().ok_or(cut)?,
        },
        7 => What::Lstat { path: name(r)? },
        8 => What::Fstat { handle: handle(r)? },
        9 => What::Setstat { path: name(r)?, attributes: Attributes::read(r)? },
        10 => What::Fsetstat { handle: handle(r)?, attributes: Attributes::read(r)? },
        11 => What::Opendir { path: name(r)? },
        12 => What::Readdir { handle: handle(r)? },
        13 => What::Remove { path: name(r)? },
        14 => What::Mkdir { path: name(r)?, attributes: Attributes::read(r)? },
        15 => What::Rmdir { path: name(r)? },
        16 => What::Realpath { path: name(r)? },
        17 => What::Stat { path: name(r)? },
        18 => What::Rename { from: name(r)?, to: name(r)? },
        19 => What::Readlink { path: name(r)? },
        20 => What::Symlink { target: name(r)?, link: name(r)? },
        EXTENDED => {
            let name = name(r)?;
            What::Extended { name, asked: extension(name, r)? }
        }
        _ => What::Unknown { kind },
    };
    Ok(Request { id, what })
}

fn extension<'a>(known: &[u8], r: &mut Reader<'a>) -> Result<Extension<'a>, Malformed> {
    let cut = Malformed::Cut("request");
    Ok(match known {
        b"posix-rename@openssh.com" => Extension::PosixRename { from: name(r)?, to: name(r)? },
        b"statvfs@openssh.com" => Extension::Statvfs { path: name(r)? },
        b"fstatvfs@openssh.com" => Extension::Fstatvfs { handle: handle(r)? },
        b"hardlink@openssh.com" => Extension::Hardlink { from: name(r)?, to: name(r)? },
        b"fsync@openssh.com" => Extension::Fsync { handle: handle(r)? },
        b"lsetstat@openssh.com" => {
            Extension::Lsetstat { path: name(r)?, attributes: Attributes::read(r)? }
        }
        b"limits@openssh.com" => Extension::Limits,
        b"expand-path@openssh.com" => Extension::ExpandPath { path: name(r)? },
        b"copy-data" => Extension::CopyData {
            from: handle(r)?,
            from_offset: u64(r).ok_or(cut)?,
            length: u64(r).ok_or(cut)?,
            to: handle(r)?,
            to_offset: u64(r).ok_or(cut)?,
        },
        b"home-directory" => Extension::HomeDirectory { user: name(r)? },
        b"users-groups-by-id@openssh.com" => {
            Extension::UsersGroups { users: r.string().ok_or(cut)?, groups: r.string().ok_or(cut)? }
        }
        _ => Extension::Unknown { body: r.rest() },
    })
}

fn handle<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    reader.string().ok_or(Malformed::Cut("handle"))
}

/// A string that C can hold: no NUL but at its end.
fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let name = reader.string().ok_or(Malformed::Cut("name"))?;
    let name = name.strip_suffix(b"\0").unwrap_or(name);
    if name.contains(&0) { Err(Malformed::Value("name")) } else { Ok(name) }
}

fn u64(reader: &mut Reader<'_>) -> Option<u64> {
    Some(u64::from(reader.u32()?) << 32 | u64::from(reader.u32()?))
}

#[cfg(test)]
mod tests;

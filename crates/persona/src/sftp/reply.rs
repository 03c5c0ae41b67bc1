//! Answers of SFTP version 3, as bytes.
//!
//! **Invariant:** a message's length is written once its end is known, and by nobody else.

use crate::files::Fault;
use crate::process::Stat;

pub(super) const VERSION: u8 = 2;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
pub(super) const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRIBUTES: u8 = 105;
pub(super) const EXTENDED: u8 = 201;

/// Codes of `SSH_FXP_STATUS`.
pub(super) const OK: u32 = 0;
pub(super) const EOF: u32 = 1;
pub(super) const NO_SUCH_FILE: u32 = 2;
pub(super) const PERMISSION_DENIED: u32 = 3;
pub(super) const FAILURE: u32 = 4;
pub(super) const BAD_MESSAGE: u32 = 5;
pub(super) const UNSUPPORTED: u32 = 8;

/// The code for an error of the kernel's, as `sftp-server` has it.
pub(super) fn code(fault: Fault) -> u32 {
    match fault {
        Fault::Missing | Fault::NotFolder | Fault::Loop | Fault::BadHandle => NO_SUCH_FILE,
        Fault::Denied | Fault::NotPermitted => PERMISSION_DENIED,
        Fault::Invalid | Fault::TooLong => BAD_MESSAGE,
        Fault::IsFolder
        | Fault::Exists
        | Fault::NoSpace
        | Fault::NotEmpty
        | Fault::TooManyHandles
        | Fault::NotSupported
        | Fault::Busy
        | Fault::Io
        | Fault::Again
        | Fault::Pipe
        | Fault::NoDevice
        | Fault::ReadOnly
        | Fault::NoExec
        | Fault::TextBusy
        | Fault::OtherDevice
        | Fault::Refused
        | Fault::TimedOut
        | Fault::NoProcess => FAILURE,
    }
}

/// A message: its number, the request's, and what `body` writes.
pub(super) fn message(out: &mut Vec<u8>, kind: u8, id: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = begin(out, kind, id);
    body(out);
    end(out, start);
}

/// Begins a message; what is written then is in it, until [`end`].
pub(super) fn begin(out: &mut Vec<u8>, kind: u8, id: u32) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.push(kind);
    out.extend_from_slice(&id.to_be_bytes());
    start
}

/// Ends a message that began at `start`.
pub(super) fn end(out: &mut [u8], start: usize) {
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

pub(super) fn number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(super) fn string(out: &mut Vec<u8>, string: &[u8]) {
    number(out, u32::try_from(string.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(string);
}

/// A status; clients before version 3 get no text.
pub(super) fn status(out: &mut Vec<u8>, version: u32, id: u32, code: u32) {
    let text = match code {
        OK => "Success",
        EOF => "End of file",
        NO_SUCH_FILE => "No such file",
        PERMISSION_DENIED => "Permission denied",
        BAD_MESSAGE => "Bad message",
        UNSUPPORTED => "Operation unsupported",
        _ => "Failure",
    };
    status_text(out, version, id, code, text);
}

pub(super) fn status_text(out: &mut Vec<u8>, version: u32, id: u32, code: u32, text: &str) {
    message(out, STATUS, id, |out| {
        number(out, code);
        if version >= 3 {
            string(out, text.as_bytes());
            string(out, b"");
        }
    });
}

pub(super) fn handle(out: &mut Vec<u8>, id: u32, handle: u32) {
    message(out, HANDLE, id, |out| string(out, &handle.to_be_bytes()));
}

pub(super) fn attributes(out: &mut Vec<u8>, id: u32, stat: &Stat) {
    message(out, ATTRIBUTES, id, |out| attributes_of(out, stat));
}

fn attributes_of(out: &mut Vec<u8>, stat: &Stat) {
    let time = |seconds: i64| u32::try_from(seconds).unwrap_or(u32::MAX);
    number(out, 15);
    out.extend_from_slice(&stat.size.to_be_bytes());
    for value in [stat.uid, stat.gid, stat.mode, time(stat.accessed), time(stat.changed)] {
        number(out, value);
    }
}

/// One path, about which nothing is said.
pub(super) fn path(out: &mut Vec<u8>, id: u32, path: &[u8]) {
    message(out, NAME, id, |out| {
        number(out, 1);
        string(out, path);
        string(out, path);
        number(out, 0);
    });
}

/// Names in a folder: name, what `ls -l` says of it, attributes.
pub(super) fn names(out: &mut Vec<u8>, id: u32, names: &[(Vec<u8>, Vec<u8>, Stat)]) {
    message(out, NAME, id, |out| {
        number(out, u32::try_from(names.len()).unwrap_or(u32::MAX));
        for (name, long, stat) in names {
            string(out, name);
            string(out, long);
            attributes_of(out, stat);
        }
    });
}

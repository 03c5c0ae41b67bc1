//! OpenSSH's extensions.
//!
//! **Invariant:** those of `sftp-server` 9.2p1, no more; one that it does not know is unsupported.

use super::Server;
use super::names::{Names, home};
use super::reply::{
    self, BAD_MESSAGE, EXTENDED, FAILURE, NO_SUCH_FILE, OK, UNSUPPORTED, number, string,
};
use super::request::{Answer, done, given, set_rest};
use crate::files::{Fault, Last};
use crate::live::disks;
use crate::people::List;
use crate::process::Process;
use decnet_core::limits::SFTP_MESSAGE_BYTES;
use decnet_core::wire::sftp::Extension;

/// Files that a process of Debian may have open, without the five that the server keeps back.
const FILES: u64 = 1_024 - 5;

impl Server {
    pub(super) fn extended(
        &mut self,
        process: &mut Process<'_>,
        id: u32,
        asked: &Extension<'_>,
        out: &mut Vec<u8>,
    ) -> Answer {
        match *asked {
            Extension::PosixRename { from, to } => self.posix_rename(process, from, to).into(),
            Extension::Statvfs { path } => match process.find(path, Last::Follow) {
                Ok(found) => match process.node(&found) {
                    Ok(_) => file_system(process, id, &found, out),
                    Err(fault) => fault.into(),
                },
                Err(fault) => fault.into(),
            },
            Extension::Fstatvfs { handle } => match self.handles.file(handle) {
                Some(file) => {
                    let path = file.opened.path.clone().unwrap_or_default();
                    file_system(process, id, &path, out)
                }
                None => FAILURE.into(),
            },
            Extension::Hardlink { from, to } => done(process.link(from, to)).into(),
            Extension::Fsync { handle } => {
                let open = self.handles.file(handle).is_some();
                if open { OK } else { NO_SUCH_FILE }.into()
            }
            // A link has no size to set.
            Extension::Lsetstat { attributes, .. } if attributes.size.is_some() => {
                BAD_MESSAGE.into()
            }
            Extension::Lsetstat { path, attributes } => {
                set_rest(process, path, &attributes, Last::Keep).unwrap_or(OK).into()
            }
            Extension::Limits => {
                let bytes = SFTP_MESSAGE_BYTES as u64;
                reply::message(out, EXTENDED, id, |out| {
                    for limit in [bytes, bytes - 1_024, bytes - 1_024, FILES] {
                        out.extend_from_slice(&limit.to_be_bytes());
                    }
                });
                OK.into()
            }
            Extension::ExpandPath { path } => self.expand_path(process, id, path, out),
            Extension::CopyData { from, from_offset, length, to, to_offset } => {
                self.copy_data(process, (from, from_offset, length), (to, to_offset))
            }
            // Of whomever is asked, the answer of 9.2p1 is the home of who asks.
            Extension::HomeDirectory { user } => match home(process, user) {
                Some(_) => {
                    let home = process.world.user.home.clone();
                    reply::path(out, id, &home);
                    OK.into()
                }
                None => FAILURE.into(),
            },
            Extension::UsersGroups { users, groups } => {
                let lists = [(users, List::Passwd), (groups, List::Group)];
                let lists = lists.map(|(ids, list)| names_of(process, ids, list));
                reply::message(out, EXTENDED, id, |out| {
                    for list in &lists {
                        string(out, list);
                    }
                });
                Answer { code: Some(OK), work: (users.len() + groups.len()) * 20 }
            }
            Extension::Unknown { .. } => UNSUPPORTED.into(),
        }
    }

    fn expand_path(
        &mut self,
        process: &mut Process<'_>,
        id: u32,
        path: &[u8],
        out: &mut Vec<u8>,
    ) -> Answer {
        let folder = process.folder();
        let whole = match path {
            b"" => b".".to_vec(),
            b"~" => folder,
            [b'~', b'/', rest @ ..] => [folder.as_slice(), b"/", rest].concat(),
            [b'~', rest @ ..] => {
                let end = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
                let (user, rest) = rest.split_at_checked(end).unwrap_or((rest, b""));
                let Some(home) = home(process, user) else {
                    let text = "no such user";
                    reply::status_text(out, self.version(), id, NO_SUCH_FILE, text);
                    return NO_SUCH_FILE.into();
                };
                [home.as_slice(), b"/", rest.strip_prefix(b"/").unwrap_or(rest)].concat()
            }
            [b'/', ..] => path.to_vec(),
            _ => [folder.as_slice(), b"/", path].concat(),
        };
        given(process.realpath(&whole), out, |out, path| reply::path(out, id, &path))
    }
}

/// Names for numbers of four bytes each, an empty one where there is none.
fn names_of(process: &mut Process<'_>, ids: &[u8], list: List) -> Vec<u8> {
    let names = Names::of(process, list);
    let mut out = Vec::new();
    for id in ids.as_chunks::<4>().0 {
        string(&mut out, names.get(u32::from_be_bytes(*id)).unwrap_or_default());
    }
    out
}

/// `statvfs` of the file system in which a resolved path is.
fn file_system(process: &mut Process<'_>, id: u32, path: &[u8], out: &mut Vec<u8>) -> Answer {
    const BLOCK: u64 = 4_096;
    let disks = disks(process.world);
    let below = |at: &str| {
        let below = path.strip_prefix(at.as_bytes());
        at == "/" || below.is_some_and(|below| below.is_empty() || below.starts_with(b"/"))
    };
    let found = disks.iter().filter(|(.., at)| below(at)).max_by_key(|(.., at)| at.len());
    let Some((_, size, used, at)) = found else { return Fault::Missing.into() };
    let root = at == "/";
    let (blocks, free) = (size / 4, size.saturating_sub(*used) / 4);
    // Five per cent of a disk are kept back for root, and a file has 16 KiB, as mkfs thinks.
    let available = if root { free.saturating_sub(blocks / 20) } else { free };
    let (files, taken) = if root { (size / 16, 58_000) } else { (size / 4, 400) };
    let left = files.saturating_sub(taken + process.world.machine.ids[0] % 300);
    let system = process.world.machine.ids[1].wrapping_mul(at.len() as u64 | 1);
    // Nothing but the root may hold programs that run for somebody else.
    let flags = if root { 0 } else { 2 };
    let values = [BLOCK, BLOCK, blocks, free, available, files, left, left, system, flags, 255];
    reply::message(out, EXTENDED, id, |out| {
        for value in values {
            number(out, u32::try_from(value >> 32).unwrap_or(0));
            number(out, u32::try_from(value & 0xffff_ffff).unwrap_or(0));
        }
    });
    OK.into()
}

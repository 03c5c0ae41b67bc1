//! `copy-data`: from one open file into another.
//!
//! **Invariant:** moves no more than a file keeps, however long the files are.

use super::Server;
use super::reply::{EOF, FAILURE, OK, code};
use super::request::{Answer, stat_open};
use crate::files::Fault;
use crate::process::Process;
use decnet_core::limits::FILE_KEPT_BYTES;

/// Bytes that `sftp-server` moves at once; of the last piece it does not say that it was short.
const PIECE: u64 = 64 << 10;

impl Server {
    pub(super) fn copy_data(
        &mut self,
        process: &mut Process<'_>,
        (from, from_offset, length): (&[u8], u64, u64),
        (to, to_offset): (&[u8], u64),
    ) -> Answer {
        let source = self.handles.file(from).map(|file| (file.name.clone(), file.opened.clone()));
        let (Some((name, source)), Some(target)) = (source, self.handles.file(to)) else {
            return FAILURE.into();
        };
        if from == to || name == target.name {
            return FAILURE.into();
        }
        let appends = target.appends;
        if i64::try_from(from_offset).is_err() || (!appends && i64::try_from(to_offset).is_err()) {
            return Fault::Invalid.into();
        }
        let to_end = length == 0;
        let mut left = if to_end { u64::MAX - from_offset } else { length };
        let mut at = if appends {
            stat_open(process, &target.opened).map_or(0, |stat| stat.size)
        } else {
            to_offset
        };
        let (mut from_at, mut moved, mut result) = (from_offset, 0, FAILURE);
        let mut piece = Vec::new();
        while left > 0 {
            let want = left.min(PIECE);
            left -= want;
            piece.clear();
            let read =
                process.read(&source, from_at, usize::try_from(want).unwrap_or(0), &mut piece);
            if let Err(fault) = read {
                result = code(fault);
                break;
            }
            if piece.is_empty() {
                result = if to_end { OK } else { EOF };
                break;
            }
            if moved > FILE_KEPT_BYTES {
                return self.rest_of_copy(process, &source, (from_at, left + want), (to, at));
            }
            if let Err(fault) = process.write(&mut target.opened, at, &piece) {
                result = code(fault);
                break;
            }
            let count = piece.len() as u64;
            let written = target.written.get_or_insert(0);
            *written = written.saturating_add(count);
            (from_at, at) = (from_at.saturating_add(count), at.saturating_add(count));
            moved += piece.len();
        }
        let code = if left == 0 { OK } else { result };
        Answer { code: Some(code), work: moved / 2 }
    }

    /// What lies behind all that is kept is only counted, so that nothing has to be moved.
    fn rest_of_copy(
        &mut self,
        process: &mut Process<'_>,
        source: &crate::process::Opened,
        (from, left): (u64, u64),
        (to, at): (&[u8], u64),
    ) -> Answer {
        let end = source.path.as_ref().map(|path| process.stat_at(path));
        let size = match end {
            Some(Ok(stat)) => stat.size,
            Some(Err(_)) | None => 0,
        };
        // What has no end fills the disk.
        let count = if size == 0 { u64::MAX } else { size.saturating_sub(from).min(left) };
        let Some(target) = self.handles.file(to) else { return FAILURE.into() };
        let written = target.written.get_or_insert(0);
        *written = written.saturating_add(count);
        let work = FILE_KEPT_BYTES / 2;
        let (Some(path), Some(end)) = (&target.opened.path, at.checked_add(count)) else {
            return Answer { code: Some(FAILURE), work };
        };
        let grown =
            process.stat_at(path).and_then(|stat| process.truncate_at(path, stat.size.max(end)));
        Answer { code: Some(grown.map_or_else(code, |_| OK)), work }
    }
}

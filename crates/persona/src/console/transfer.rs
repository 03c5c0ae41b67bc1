//! Input that is files: what comes for `sftp-server`, and for `scp` without a terminal.
//!
//! **Invariant:** no byte of it becomes a step, and none counts as typed.

use super::{Console, Kind, State};
use crate::record::Recorder;
use decnet_core::event::Timestamp;

impl Console {
    pub(super) fn is_server(&self) -> bool {
        matches!(self.kind, Kind::Sftp(_))
    }

    /// Whether what comes is for a program that takes files.
    pub(super) fn takes_files(&mut self) -> bool {
        self.is_server()
            || self.cols.is_none()
                && self.queue.is_empty()
                && self.world.with(|world| world.takes_files)
    }

    pub(super) fn take_file(&mut self, now: Timestamp, bytes: &[u8], rec: &mut Recorder<'_>) {
        if let Kind::Sftp(server) = &mut self.kind {
            let status = self.world.with(|world| server.receive(world, now, bytes, rec));
            if let Some(status) = status {
                self.end_with(status, rec);
            }
            return;
        }
        self.give(now, bytes, rec);
        self.ask_for_time(now, rec);
    }

    pub(super) fn wake_server(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        let Kind::Sftp(server) = &mut self.kind else { return };
        if self.state != State::Over
            && let Some(status) = self.world.with(|world| server.wake(world, now, rec))
        {
            self.end_with(status, rec);
        }
    }

    pub(super) fn end_server(&mut self, rec: &mut Recorder<'_>) {
        if self.state != State::Over {
            self.end_with(0, rec);
        }
    }

    fn end_with(&mut self, status: u32, rec: &mut Recorder<'_>) {
        if let Kind::Sftp(server) = &mut self.kind {
            self.world.with(|world| server.end(world, rec));
        }
        self.exit(status, rec);
    }
}

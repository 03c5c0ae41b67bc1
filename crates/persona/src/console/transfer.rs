//! Input that is files: what comes for `sftp-server`, and for `scp` without a terminal.
//!
//! **Invariant:** no byte of it becomes a step, and none counts as typed.

use super::{Console, Kind, State};
use crate::record::Recorder;
use crate::shell::run::Program;
use decnet_core::event::Timestamp;

impl Console {
    pub(super) fn is_server(&self) -> bool {
        matches!(self.kind, Kind::Sftp(_))
    }

    /// Whether what comes is for a program that takes files.
    pub(super) fn takes_files(&mut self) -> bool {
        let copies = self.state == State::Running
            && self.cols.is_none()
            && self.queue.is_empty()
            && self.ahead.is_empty()
            && matches!(self.engine.program(), Some(Program::Scp(_)));
        copies || self.is_server()
    }

    pub(super) fn take_file(&mut self, now: Timestamp, bytes: &[u8], rec: &mut Recorder<'_>) {
        if let Kind::Sftp(server) = &mut self.kind {
            if let Some(status) = server.receive(&mut self.engine.shell, now, bytes, rec) {
                self.end_with(status, rec);
            }
            return;
        }
        self.engine.now(now);
        self.engine.feed(bytes);
        self.settle(now, rec);
        self.ask_for_time(now, rec);
    }

    pub(super) fn wake_server(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        let Kind::Sftp(server) = &mut self.kind else { return };
        if self.state != State::Over
            && let Some(status) = server.wake(&mut self.engine.shell, now, rec)
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
            server.end(&mut self.engine.shell, rec);
        }
        self.exit(status, rec);
    }
}

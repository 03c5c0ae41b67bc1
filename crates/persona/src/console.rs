//! A session's shell, without I/O.

use crate::{Login, Machine, Step};
use decnet_core::event::{Timestamp, WindowSize};
use std::sync::Arc;

/// The shell, or the one command, of one session.
#[derive(Debug)]
pub struct Console {
    #[expect(dead_code, reason = "being written")]
    machine: Arc<Machine>,
    #[expect(dead_code, reason = "being written")]
    login: Login,
}

impl Console {
    /// An interactive login shell, or a shell on a pipe where `login` has no terminal.
    #[must_use]
    pub fn shell(machine: Arc<Machine>, login: Login) -> Self {
        Self { machine, login }
    }

    /// One command, as `ssh host COMMAND` runs it.
    #[must_use]
    pub fn exec(machine: Arc<Machine>, login: Login, _command: &[u8]) -> Self {
        Self { machine, login }
    }

    /// What happens before the peer sends anything.
    pub fn open(&mut self, _now: Timestamp, _steps: &mut Vec<Step>) {}

    /// Bytes of the peer.
    pub fn receive(&mut self, _now: Timestamp, _bytes: &[u8], _steps: &mut Vec<Step>) {}

    /// The peer's side of the channel has ended.
    pub fn end_of_input(&mut self, _now: Timestamp, _steps: &mut Vec<Step>) {}

    /// The terminal has another size.
    pub fn resize(&mut self, _size: WindowSize) {}

    /// The instant of the last [`Step::WakeAt`] has come.
    pub fn wake(&mut self, _now: Timestamp, _steps: &mut Vec<Step>) {}
}

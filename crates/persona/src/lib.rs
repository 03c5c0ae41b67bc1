//! The machine behind the shell: what an attacker believes to be in.
//!
//! **Invariant:** reaches no host process, file or network. Bytes, time and sizes come in as
//! arguments; what leaves is a list of [`Step`]s. What runs behind this seam may be replaced as a
//! whole without a change to any decoy.
#![forbid(unsafe_code)]

mod calendar;
mod commands;
pub mod console;

mod editor;
mod files;
mod history;
mod kernel;
mod keys;
mod live;
pub mod machine;
mod notes;
mod people;
mod process;
mod record;
mod regex;
mod scp;

mod screen;
mod sftp;
mod shell;

mod terminal;
#[cfg(test)]
mod testing;
mod text_format;

pub use console::{Console, Disk};
pub use machine::Machine;

use decnet_core::event::file::Means;
use decnet_core::event::{Anomaly, Timestamp, WindowSize};
use files::content::Content;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who logged in, from where, and with which terminal.
#[derive(Clone, Debug)]
pub struct Login {
    /// User name, as sent.
    pub user: Vec<u8>,
    /// The peer's address and port: `SSH_CLIENT`, `SSH_CONNECTION`, `who`.
    pub peer: SocketAddr,
    /// The address and port that the peer reached.
    pub local: SocketAddr,
    /// Environment variables that were accepted, in order.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// The terminal, where one was asked for.
    pub terminal: Option<Terminal>,
}

/// The terminal that a peer asked for.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// TERM.
    pub term: Vec<u8>,
    /// Its size.
    pub size: WindowSize,
    /// Encoded terminal modes, RFC 4254 §8.
    pub modes: Vec<u8>,
}

/// One thing that happens in a session, in order. A decoy turns steps into bytes on the wire,
/// facts and recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes to the peer: standard output, or the terminal.
    Output(Vec<u8>),
    /// Bytes to the peer's standard error; only without a terminal.
    ErrorOutput(Vec<u8>),
    /// The prompt has been shown (its bytes were in the `Output` before).
    Prompt,
    /// Bytes of the peer that arrived while echo was on.
    Input(Vec<u8>),
    /// Keystrokes that arrived while echo was off; what they were is gone.
    HiddenInput(u32),
    /// A line is about to run.
    Command(Vec<u8>),
    /// The line has run.
    CommandDone(u32),
    /// Something no honest terminal sends.
    Anomaly(Anomaly, Vec<u8>),
    /// Call [`Console::wake`] at this instant, unless a later `WakeAt` replaces it.
    WakeAt(Timestamp),
    /// The program ended with this exit status; nothing follows.
    Exit(u32),
    /// A signal of this number ended the program; nothing follows.
    Killed(u32),
    /// The peer asked for something that has a name in the file system; see
    /// [`SessionFact::FileRequest`], which has the same parts.
    ///
    /// [`SessionFact::FileRequest`]: decnet_core::event::SessionFact::FileRequest
    FileRequest(FileRequest),
    /// A file that the peer wrote was closed: its path as sent, and how many bytes were written.
    FileWritten(Vec<u8>, u64),
    /// What is in a file that the peer brought or wrote, once it was closed.
    Artifact(Brought),
    /// Something on another machine that the peer wanted to have here.
    Wish {
        /// Where it is, as asked.
        url: Vec<u8>,
        /// The program that was to fetch it.
        tool: Vec<u8>,
    },
}

/// A file that a peer brought or wrote, with what is in it: shared with the file, and not copied.
#[derive(Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its path, as sent.
    pub path: Vec<u8>,
    /// How it came.
    pub means: Means,
    content: Arc<Content>,
}

impl Brought {
    pub(crate) fn new(path: Vec<u8>, means: Means, content: Arc<Content>) -> Self {
        Self { path, means, content }
    }

    /// The bytes that were kept: the first ones.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.content.bytes
    }

    /// Its size, with what was not kept.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.content.size()
    }
}

impl fmt::Debug for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.escape_ascii();
        write!(f, "Brought({path}, {:?}, {} bytes)", self.means, self.size())
    }
}

/// What was asked about files, and what was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRequest {
    /// What was asked.
    pub request: Vec<u8>,
    /// The first path, as sent.
    pub path: Vec<u8>,
    /// The second path, as sent.
    pub second: Option<Vec<u8>>,
    /// The request's number, where it has one.
    pub number: Option<u32>,
    /// The answer, where there was one.
    pub answer: Option<u32>,
}

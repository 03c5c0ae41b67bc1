//! The seam to whatever keeps recordings of sessions.
//!
//! **Invariant:** time comes in as microseconds since the session was opened and never steps back;
//! what was typed while echo was off never crosses this seam.

use crate::quarantine::{NoQuarantine, Quarantine};
use decnet_core::event::{RecordingExtent, SessionId, Timestamp};

/// A recording being written. Nothing here waits: whoever implements it buffers.
pub trait Recorder: Send {
    /// Bytes that the peer was sent.
    fn output(&mut self, at_us: u64, bytes: &[u8]);
    /// Bytes that the peer sent while echo was on.
    fn input(&mut self, at_us: u64, bytes: &[u8]);
    /// The terminal's new size.
    fn resize(&mut self, at_us: u64, cols: u32, rows: u32);
    /// A mark by name, such as `prompt`.
    fn marker(&mut self, at_us: u64, label: &str);
    /// The end.
    fn close(self: Box<Self>, at_us: u64) -> Recorded;
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// File name, relative to the folder of recordings.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Whether everything is in it.
    pub extent: RecordingExtent,
}

/// What is known when a recording begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingHeader {
    /// The session.
    pub session: SessionId,
    /// When it was opened: zero of the recording's time.
    pub started: Timestamp,
    /// Columns of the terminal; 80 where there is none.
    pub cols: u32,
    /// Rows of the terminal; 24 where there is none.
    pub rows: u32,
    /// TERM, escaped, where there is a terminal.
    pub term: Option<String>,
    /// The command, escaped, where the session runs one.
    pub command: Option<String>,
    /// Who on what: `user@decky`, escaped.
    pub title: Option<String>,
}

/// Where recordings are opened.
pub trait Recordings: Send + Sync {
    /// A recording for a session; `None` where none can be kept.
    fn open(&self, header: RecordingHeader) -> Option<Box<dyn Recorder>>;

    /// Where the files of recorded sessions are kept.
    fn quarantine(&self) -> &dyn Quarantine {
        &NoQuarantine
    }
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRecordings;

impl Recordings for NoRecordings {
    fn open(&self, _header: RecordingHeader) -> Option<Box<dyn Recorder>> {
        None
    }
}

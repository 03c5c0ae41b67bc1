//! Recordings of sessions: asciicast v2 files, written as things happen.
//!
//! **Invariant:** a recording holds what was shown, and what was typed while echo was on. A file is
//! valid up to the last event that was written, whatever is killed when; a full disk ends the
//! recording and never the session.

mod folder;
mod line;

pub use folder::{Header, Limits, Pruned, RecordingStore, Recovered};

use decnet_core::event::RecordingExtent;
use folder::Open;
use line::{Text, line};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

/// What the file says where it ends before the session does.
const CUT_AT_LIMIT: &str = "cut: size limit";
/// Room that is kept for that.
const CUT_ROOM: u64 = 64;

/// A recording that was closed, as the event `Recorded` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// File name, relative to the folder of recordings.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Whether everything is in it.
    pub extent: RecordingExtent,
}

/// A recording at work. Each event is one write; nothing is kept back but the begin of a character.
pub struct RecordingWriter {
    file: File,
    path: PathBuf,
    /// Keeps the file from being pruned.
    open: Open,
    bytes: u64,
    limit: u64,
    extent: RecordingExtent,
    output: Text,
    input: Text,
    last_us: u64,
}

impl RecordingWriter {
    fn new(file: File, path: PathBuf, open: Open, bytes: u64, limit: u64) -> Self {
        Self {
            file,
            path,
            open,
            bytes,
            limit,
            extent: RecordingExtent::Whole,
            output: Text::default(),
            input: Text::default(),
            last_us: 0,
        }
    }

    /// File name, relative to the folder of recordings.
    #[must_use]
    pub fn file(&self) -> &str {
        self.open.name()
    }

    /// Bytes that were written to the terminal, `at_us` µs after the session began.
    pub fn output(&mut self, at_us: u64, bytes: &[u8]) {
        let text = self.output.take(bytes);
        self.event(at_us, 'o', &text);
    }

    /// Bytes that came from the terminal while echo was on.
    pub fn input(&mut self, at_us: u64, bytes: &[u8]) {
        let text = self.input.take(bytes);
        self.event(at_us, 'i', &text);
    }

    /// The terminal has another size.
    pub fn resize(&mut self, at_us: u64, cols: u32, rows: u32) {
        self.event(at_us, 'r', &format!("{}x{}", folder::cells(cols, 80), folder::cells(rows, 24)));
    }

    /// Something that a viewer may want to jump to.
    pub fn marker(&mut self, at_us: u64, label: &str) {
        self.event(at_us, 'm', label);
    }

    /// Closes the file.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        let (output, input) = (self.output.rest(), self.input.rest());
        self.event(self.last_us, 'o', &output);
        self.event(self.last_us, 'i', &input);
        let file = self.open.name().to_owned();
        Finished { file, bytes: self.bytes, extent: self.extent }
    }

    fn event(&mut self, at_us: u64, code: char, text: &str) {
        if self.extent != RecordingExtent::Whole || text.is_empty() {
            return;
        }
        // Players want time to go on.
        self.last_us = self.last_us.max(at_us);
        let line = line(self.last_us, code, text);
        if self.bytes + line.len() as u64 + CUT_ROOM > self.limit {
            self.write(&self::line(self.last_us, 'm', CUT_AT_LIMIT));
            if self.extent == RecordingExtent::Whole {
                self.extent = RecordingExtent::CutAtLimit;
            }
            return;
        }
        self.write(&line);
    }

    fn write(&mut self, line: &str) {
        match self.file.write_all(line.as_bytes()) {
            Ok(()) => self.bytes += line.len() as u64,
            Err(error) => {
                // What of the line may be there is taken away; if that fails too, the next start
                // does it.
                let _ = self.file.set_len(self.bytes);
                let _ = self.file.seek(SeekFrom::Start(self.bytes));
                self.extent = RecordingExtent::CutByFault;
                let file = self.path.display();
                tracing::debug!(%file, %error, "A recording is cut; its session goes on.");
            }
        }
    }
}

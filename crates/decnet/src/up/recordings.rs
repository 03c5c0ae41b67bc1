//! The sensor's recordings, kept by the store: the one place where the two meet.

use decnet_core::event::WindowSize;
use decnet_sensor::{Recorded, Recorder, RecordingHeader, Recordings};
use decnet_store::recording::{Header, RecordingStore, RecordingWriter};

/// Opens recordings in a folder.
#[derive(Debug)]
pub(crate) struct Recorders(RecordingStore);

impl Recorders {
    /// Those of a folder.
    pub(crate) fn new(store: RecordingStore) -> Self {
        Self(store)
    }
}

impl Recordings for Recorders {
    fn open(&self, header: RecordingHeader) -> Option<Box<dyn Recorder>> {
        let header = Header {
            sid: header.session,
            at: header.started,
            size: WindowSize { cols: header.cols, rows: header.rows, px_width: 0, px_height: 0 },
            term: header.term,
            title: header.title,
            command: header.command,
        };
        match self.0.create(&header) {
            Ok(writer) => Some(Box::new(File(writer))),
            Err(error) => {
                tracing::warn!(%error, "A session goes unrecorded.");
                None
            }
        }
    }
}

struct File(RecordingWriter);

impl Recorder for File {
    fn output(&mut self, at_us: u64, bytes: &[u8]) {
        self.0.output(at_us, bytes);
    }

    fn input(&mut self, at_us: u64, bytes: &[u8]) {
        self.0.input(at_us, bytes);
    }

    fn resize(&mut self, at_us: u64, cols: u32, rows: u32) {
        self.0.resize(at_us, cols, rows);
    }

    fn marker(&mut self, at_us: u64, label: &str) {
        self.0.marker(at_us, label);
    }

    fn close(self: Box<Self>, _at_us: u64) -> Recorded {
        let finished = self.0.finish();
        Recorded { file: finished.file, bytes: finished.bytes, extent: finished.extent }
    }
}

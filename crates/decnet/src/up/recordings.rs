//! The sensor's recordings, kept by the store: the one place where the two meet.

use decnet_core::event::RecordingExtent;
use decnet_core::event::WindowSize;
use decnet_sensor::{Recorded, Recorder, RecordingHeader, Recordings};
use decnet_store::recording::{Header, RecordingStore, RecordingWriter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Opens recordings in a folder.
#[derive(Debug)]
pub(crate) struct Recorders {
    store: RecordingStore,
    /// Whether the last recording failed: attackers, who come by the thousand, are not to fill the
    /// log with one full disk.
    failing: Arc<AtomicBool>,
}

impl Recorders {
    /// Those of a folder.
    pub(crate) fn new(store: RecordingStore) -> Self {
        Self { store, failing: Arc::default() }
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
        match self.store.create(&header) {
            Ok(writer) => Some(Box::new(File { writer, failing: Arc::clone(&self.failing) })),
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "Sessions go unrecorded, this one first.");
                }
                None
            }
        }
    }
}

struct File {
    writer: RecordingWriter,
    failing: Arc<AtomicBool>,
}

impl Recorder for File {
    fn output(&mut self, at_us: u64, bytes: &[u8]) {
        self.writer.output(at_us, bytes);
    }

    fn input(&mut self, at_us: u64, bytes: &[u8]) {
        self.writer.input(at_us, bytes);
    }

    fn resize(&mut self, at_us: u64, cols: u32, rows: u32) {
        self.writer.resize(at_us, cols, rows);
    }

    fn marker(&mut self, at_us: u64, label: &str) {
        self.writer.marker(at_us, label);
    }

    fn close(self: Box<Self>, _at_us: u64) -> Recorded {
        let finished = self.writer.finish();
        let fails = finished.extent == RecordingExtent::CutByFault;
        if !self.failing.swap(fails, Ordering::Relaxed) && fails {
            let file = &finished.file;
            tracing::warn!(%file, "Recordings are cut, this one first: the disk takes no more.");
        }
        Recorded { file: finished.file, bytes: finished.bytes, extent: finished.extent }
    }
}

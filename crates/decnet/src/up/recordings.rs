//! The sensor's recordings and files, kept by the store: the one place where the two meet.

use crate::show::when;
use decnet_core::event::RecordingExtent;
use decnet_core::event::WindowSize;
use decnet_core::event::file::Keeping;
use decnet_sensor::{Quarantined, Recorded, Recorder, RecordingHeader, Recordings};
use decnet_store::quarantine::Quarantine;
use decnet_store::recording::{Header, RecordingStore, RecordingWriter};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Opens recordings in a folder.
#[derive(Debug)]
pub(crate) struct Recorders {
    store: RecordingStore,
    files: Files,
    /// Whether the last recording failed: attackers, who come by the thousand, are not to fill the
    /// log with one full disk.
    failing: Arc<AtomicBool>,
}

impl Recorders {
    /// Those of a folder.
    pub(crate) fn new(store: RecordingStore, quarantine: Quarantine) -> Self {
        let files = Files { quarantine, refusing: AtomicBool::new(false) };
        Self { store, files, failing: Arc::default() }
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

    fn quarantine(&self) -> &dyn decnet_sensor::Quarantine {
        &self.files
    }
}

/// Keeps files in a folder.
#[derive(Debug)]
struct Files {
    quarantine: Quarantine,
    /// Whether the last file was not kept, for the same reason as above.
    refusing: AtomicBool,
}

impl decnet_sensor::Quarantine for Files {
    fn keep(&self, peer: IpAddr, bytes: &[u8]) -> Quarantined {
        let keep = || self.quarantine.keep(when::now(), peer, bytes);
        // What takes a while does not hold up the other connections of this thread.
        let is_spread = tokio::runtime::Handle::try_current().is_ok_and(|runtime| {
            runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread
        });
        let outcome = if is_spread && bytes.len() >= LARGE_BYTES {
            tokio::task::block_in_place(keep)
        } else {
            keep()
        };
        let refuses = matches!(outcome.keeping, Keeping::Dropped | Keeping::Failed);
        if !self.refusing.swap(refuses, Ordering::Relaxed) && refuses {
            let why = outcome.keeping.name();
            let held = self.quarantine.held();
            tracing::warn!(
                why,
                files = held.files,
                bytes = held.bytes,
                dropped = held.dropped,
                "Files of attackers are not kept, this one first."
            );
        }
        Quarantined { sha256: outcome.sha256, keeping: outcome.keeping }
    }
}

/// Bytes from which on a file takes a while.
const LARGE_BYTES: usize = 256 << 10;

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

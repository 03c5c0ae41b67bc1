//! Moves what SQLite's write-ahead log holds into the file, beside the writer and not in its way.
//!
//! With many attackers a checkpoint is half of the work of a batch, most of it waiting for the
//! disk. SQLite would do it inside of a commit.
//!
//! **Invariant:** a checkpoint changes nothing that can be read. Without this thread the log would
//! grow, and nothing else.

use crate::database::{Access, Database};
use crate::error::Error;
use crate::url::StoreUrl;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Bytes that the log grows by from one checkpoint to the next.
const STEP: u64 = 64 << 20;
/// Bytes of the log at which the writer waits until it can begin anew.
const MOST: u64 = 1 << 30;
/// After so long without a commit, what is left is moved.
const QUIET: Duration = Duration::from_secs(5);

/// Passive: takes what no reader needs, and makes nobody wait.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The thread that moves.
pub(crate) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    log: PathBuf,
    /// One checkpoint at a time: a second one would do nothing and not wait.
    turn: Arc<Mutex<()>>,
}

impl Checkpointer {
    /// Starts the thread for the store in this file.
    pub(crate) fn start(url: &StoreUrl, path: &Path) -> Result<Self, Error> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        let turn = Arc::new(Mutex::new(()));
        let (wake, woken) = sync_channel(1);
        let database = Database::open(url, Access::Checkpoint)?;
        let work = Work { database, log: log.clone(), turn: Arc::clone(&turn), moved: 0 };
        let thread = thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || work.run(&woken))
            .map_err(|source| Error::File { path: "the checkpoint's thread".into(), source })?;
        Ok(Self { wake: Some(wake), thread: Some(thread), log, turn })
    }

    /// Says that something was committed. Where the log has become too long, moves the rest of it
    /// here and now, so that it can begin anew.
    pub(crate) fn committed(&self, writer: &mut Database) -> Result<(), Error> {
        if length(&self.log) > MOST {
            let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            return writer.each(CHECKPOINT, &[], &mut |_| Ok(()));
        }
        match self.wake.as_ref().map(|wake| wake.try_send(())) {
            // Awake already, or ended with an error that it has told.
            Some(Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(()))) | None => {
                Ok(())
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has nothing to say here.
            let _ = thread.join();
        }
    }
}

struct Work {
    database: Database,
    log: PathBuf,
    turn: Arc<Mutex<()>>,
    /// Length of the log at the last checkpoint.
    moved: u64,
}

impl Work {
    fn run(mut self, woken: &Receiver<()>) {
        let mut waiting = false;
        loop {
            let step = match woken.recv_timeout(QUIET) {
                Ok(()) => {
                    waiting = true;
                    STEP
                }
                Err(RecvTimeoutError::Timeout) => 0,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let length = length(&self.log);
            if length < self.moved {
                // It has begun anew.
                self.moved = 0;
            }
            if waiting && length - self.moved >= step {
                let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = self.database.each(CHECKPOINT, &[], &mut |_| Ok(())) {
                    tracing::warn!(%error, "A checkpoint failed; the log of the store grows.");
                }
                self.moved = length;
                waiting = step != 0;
            }
        }
    }
}

fn length(log: &Path) -> u64 {
    fs::metadata(log).map_or(0, |data| data.len())
}

//! The thread that owns the writing connection.
//!
//! **Invariant:** an event that was taken from the source is kept until it is committed. A store
//! that is out of reach makes the source wait, and is tried again until it answers.

use crate::engine::Engine;
use crate::error::Error;
use crate::url::StoreUrl;
use decnet_core::event::Event;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

/// Events of one transaction, at most.
const BATCH: usize = 16_384;
/// From the first event of a batch until it is committed even if small.
const GATHER: Duration = Duration::from_millis(20);
/// Between two looks at the source while gathering.
const LOOK: Duration = Duration::from_millis(2);
/// Between two tries, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// Where events come from: the receiving end of a bounded channel.
pub trait Source: Send + 'static {
    /// Waits for an event; `None` once the channel is closed and empty.
    fn wait(&mut self) -> Option<Event>;

    /// Takes what is there without waiting, up to `most` events.
    fn take(&mut self, into: &mut Vec<Event>, most: usize);
}

impl Source for std::sync::mpsc::Receiver<Event> {
    fn wait(&mut self) -> Option<Event> {
        self.recv().ok()
    }

    fn take(&mut self, into: &mut Vec<Event>, most: usize) {
        into.extend(self.try_iter().take(most));
    }
}

/// How the writer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Events committed since the start.
    pub committed: u64,
    /// Batches committed since the start.
    pub batches: u64,
    /// The last number in the journal.
    pub head: u64,
    /// From the arrival of the last batch's first event to its commit.
    pub latency: Duration,
    /// Since when the store has been out of reach, and why; `None` where it answers.
    pub retrying: Option<(SystemTime, String)>,
}

#[derive(Default)]
struct Shared {
    committed: AtomicU64,
    batches: AtomicU64,
    head: AtomicU64,
    latency_us: AtomicU64,
    /// Few writers and readers, and only when something is wrong.
    trouble: Mutex<Trouble>,
}

#[derive(Default)]
struct Trouble {
    retrying: Option<(SystemTime, String)>,
    give_up: Option<Instant>,
}

/// A handle to look at the writer from anywhere.
#[derive(Clone)]
pub struct Watch(Arc<Shared>);

/// The running writer.
pub struct Writer {
    thread: JoinHandle<Result<Engine, Error>>,
    watch: Watch,
    url: StoreUrl,
}

impl Watch {
    /// How the writer is.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            committed: self.0.committed.load(Ordering::Relaxed),
            batches: self.0.batches.load(Ordering::Relaxed),
            head: self.0.head.load(Ordering::Relaxed),
            latency: Duration::from_micros(self.0.latency_us.load(Ordering::Relaxed)),
            retrying: self.trouble(|trouble| trouble.retrying.clone()),
        }
    }

    fn trouble<T>(&self, look: impl FnOnce(&mut Trouble) -> T) -> T {
        look(&mut self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Writer {
    /// Starts the thread. It ends once the source is closed and everything is committed.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(engine: Engine, source: impl Source) -> Result<Self, Error> {
        let watch = Watch(Arc::default());
        watch.0.head.store(engine.head(), Ordering::Relaxed);
        let url = engine.url().clone();
        let work = Work { engine, source, watch: watch.clone(), events: Vec::new() };
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || work.run())
            .map_err(|source| Error::File { path: "the writer's thread".into(), source })?;
        Ok(Self { thread, watch, url })
    }

    /// How the writer is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.watch.health()
    }

    /// A handle to look at the writer from anywhere.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Whether the thread has ended: its source was closed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until everything is committed; the source has to be closed. A store that is out of
    /// reach is tried for so long.
    ///
    /// # Errors
    /// When events are left that could not be written.
    pub fn finish(self, patience: Duration) -> Result<Engine, Error> {
        self.watch.trouble(|trouble| trouble.give_up = Instant::now().checked_add(patience));
        self.thread.join().unwrap_or_else(|_| {
            let why = "the writer's thread broke off".to_owned();
            Err(Error::Unwritten { url: self.url.to_string(), events: 0, why })
        })
    }
}

/// What the thread works with.
struct Work<S> {
    engine: Engine,
    source: S,
    watch: Watch,
    events: Vec<Event>,
}

impl<S: Source> Work<S> {
    fn run(mut self) -> Result<Engine, Error> {
        while let Some(event) = self.source.wait() {
            let arrived = Instant::now();
            self.events.push(event);
            self.gather(arrived);
            self.commit()?;
            let latency = u64::try_from(arrived.elapsed().as_micros()).unwrap_or(u64::MAX);
            let shared = &self.watch.0;
            shared.committed.fetch_add(self.events.len() as u64, Ordering::Relaxed);
            shared.batches.fetch_add(1, Ordering::Relaxed);
            shared.head.store(self.engine.head(), Ordering::Relaxed);
            shared.latency_us.store(latency, Ordering::Relaxed);
            self.events.clear();
        }
        Ok(self.engine)
    }

    /// Adds what comes in a short while. A long queue fills the batch at once.
    fn gather(&mut self, arrived: Instant) {
        loop {
            let room = BATCH.saturating_sub(self.events.len());
            self.source.take(&mut self.events, room);
            if self.events.len() >= BATCH || arrived.elapsed() >= GATHER {
                return;
            }
            thread::sleep(LOOK);
        }
    }

    /// Commits the batch, however long the store is out of reach.
    fn commit(&mut self) -> Result<(), Error> {
        let mut pause = RETRY_FIRST;
        loop {
            let error = match self.engine.commit(&self.events) {
                Ok(_) => break,
                Err(error) => error,
            };
            let why = error.to_string();
            let (first, give_up) = self.watch.trouble(|trouble| {
                let first = trouble.retrying.is_none();
                let since =
                    trouble.retrying.take().map_or_else(SystemTime::now, |(since, _)| since);
                trouble.retrying = Some((since, why.clone()));
                (first, trouble.give_up)
            });
            if first {
                let events = self.events.len();
                tracing::error!(%error, events, "The store refuses; trying again until it answers.");
            }
            if give_up.is_some_and(|instant| instant <= Instant::now()) {
                return Err(self.unwritten(why));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(RETRY_MOST);
        }
        let trouble = self.watch.trouble(|trouble| trouble.retrying.take());
        if let Some((since, _)) = trouble {
            let seconds = since.elapsed().unwrap_or_default().as_secs();
            tracing::warn!(seconds, "The store answers again.");
        }
        Ok(())
    }

    /// Counts what is lost with this end.
    fn unwritten(&mut self, why: String) -> Error {
        let mut events = self.events.len();
        let mut rest = Vec::new();
        loop {
            self.source.take(&mut rest, BATCH);
            if rest.is_empty() {
                break;
            }
            events += rest.len();
            rest.clear();
        }
        Error::Unwritten { url: self.engine.url().to_string(), events, why }
    }
}

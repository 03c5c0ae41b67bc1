//! The thread that turns the frames of the decoys' interfaces into events.
//!
//! **Invariant:** it stands in nobody's way: events of decoys find a place whatever comes over the
//! wire, and what was lost (by the kernel, at a limit, before a full queue) is counted, and told
//! once a second. When it is stopped, all that it has seen is in the queue.

use super::gate::{Gate, Room};
use super::homes::Homes;
use super::{Frame, Network, SniffError, Stop, Turn, Watch, Watcher, interfaces};
use crate::emit::Emitter;
use decnet_core::event::{Event, Origin};
use decnet_core::flow::capture::Record;
use decnet_core::flow::eye::{Eye, Sight};
use decnet_core::flow::origin::event;
use decnet_core::flow::tracker::Config;
use decnet_core::limits::{QUEUE_WAIT_MS, SNIFF_BLOCK_BYTES};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Raw IP, `LINKTYPE_RAW`.
const RAW_IP: u16 = 101;
/// Between two looks at the clock and the counters.
const TICK: Duration = Duration::from_secs(1);
/// Until the kernel has handed over what came in before the end: twice what it waits for a block
/// to fill.
const LINGER: Duration = Duration::from_millis(20);
/// After which no frame is looked at any more once it was stopped; those that are left are counted
/// as lost.
const END: Duration = Duration::from_millis(400);
/// Milliseconds that are waited for places in the queue at the end.
const END_WAIT_MS: u64 = 400;

/// What is watched, and how.
#[derive(Clone, Debug)]
pub struct SnifferSettings {
    /// Whoever is in one of these is never recorded.
    pub never: Vec<Network>,
    /// MiB of the ring, from 1.
    pub ring_mib: NonZeroU32,
}

/// What the sniffer did so far; readable at any time.
#[derive(Debug, Default)]
pub struct SnifferCounters {
    /// Packets that were looked at.
    pub packets: AtomicU64,
    /// Packets that the kernel had no room for.
    pub packets_lost: AtomicU64,
    /// TCP connections with data that were followed.
    pub flows: AtomicU64,
    /// Connections and handshakes that were given up at a limit.
    pub given_up: AtomicU64,
    /// Facts that became events.
    pub facts: AtomicU64,
    /// Facts that did not: they were too many, or the queue was full.
    pub facts_lost: AtomicU64,
    /// What ended it too early; empty where nothing did.
    failure: Mutex<String>,
}

impl SnifferCounters {
    /// What ended it too early; empty where nothing did.
    #[must_use]
    pub fn failure(&self) -> String {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A ring that is open, and that nobody reads yet.
#[derive(Debug)]
pub struct Sniffer {
    watcher: Watcher,
    stop: Stop,
    homes: Homes,
    names: Vec<String>,
}

/// A sniffer's thread.
#[derive(Debug)]
pub struct Sniffing {
    stop: Stop,
    /// When it has to be over, once that is known.
    over: Arc<OnceLock<Instant>>,
    thread: JoinHandle<()>,
    counters: Arc<SnifferCounters>,
}

impl Sniffer {
    /// Opens the ring over the interfaces of decoys, whose deckies' names these are and where they
    /// listen. Needs `CAP_NET_RAW`; nothing after it does.
    ///
    /// # Errors
    ///
    /// As [`Watch::of`] and [`Watcher::open`].
    pub fn open(
        decoys: &[(String, SocketAddr)],
        settings: &SnifferSettings,
    ) -> Result<Self, SniffError> {
        let interfaces = interfaces()?;
        let listen: Vec<IpAddr> = decoys.iter().map(|(_, address)| address.ip()).collect();
        let watch = Watch::of(&interfaces, &listen)?;
        let blocks =
            NonZeroU32::MIN.saturating_mul(settings.ring_mib).saturating_mul(BLOCKS_OF_MIB);
        let (watcher, stop) = Watcher::open(&watch, &settings.never, blocks)?;
        let names = interfaces
            .iter()
            .filter(|interface| watch.interfaces.contains(&interface.index))
            .map(|interface| interface.name.clone())
            .collect();
        Ok(Self { watcher, stop, homes: Homes::new(&interfaces, &watch, decoys), names })
    }

    /// The names of the interfaces that are watched.
    #[must_use]
    pub fn interfaces(&self) -> &[String] {
        &self.names
    }

    /// Starts to read.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(self, emitter: Emitter) -> io::Result<Sniffing> {
        let Self { mut watcher, stop, homes, .. } = self;
        let counters = Arc::new(SnifferCounters::default());
        let over = Arc::new(OnceLock::new());
        let mut work = Work::new(homes, emitter, Arc::clone(&counters), Arc::clone(&over));
        let thread = thread::Builder::new().name("sniffer".to_owned()).spawn(move || {
            if let Err(error) = work.run(&mut watcher) {
                tracing::warn!(%error, "The interfaces are watched no longer.");
                *work.counters.failure.lock().unwrap_or_else(PoisonError::into_inner) =
                    error.to_string();
            }
            work.end(&watcher);
        })?;
        Ok(Sniffing { stop, over, thread, counters })
    }
}

const BLOCKS_OF_MIB: NonZeroU32 = {
    let blocks = (1 << 20) / SNIFF_BLOCK_BYTES;
    match NonZeroU32::new(blocks as u32) {
        Some(blocks) => blocks,
        None => NonZeroU32::MIN,
    }
};

impl Sniffing {
    /// What it does.
    #[must_use]
    pub fn counters(&self) -> Arc<SnifferCounters> {
        Arc::clone(&self.counters)
    }

    /// Lets it hand on what was seen, and waits for that: a second at most, unless the machine is
    /// very busy.
    pub fn stop(self) {
        let _ = self.over.set(Instant::now() + END);
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("The sniffer's thread broke off: a mistake of ours.");
        }
    }
}

/// What the thread works with.
struct Work {
    eye: Eye,
    way: Way,
    counters: Arc<SnifferCounters>,
    over: Arc<OnceLock<Instant>>,
    frames: u64,
    /// Frames that came when it had to be over.
    late: u64,
}

/// The way of a sight into the queue.
struct Way {
    homes: Homes,
    gate: Gate,
    emitter: Emitter,
    before: Option<Arc<Origin>>,
    begin: Instant,
    /// Milliseconds that may be waited for places in the queue until the next tick.
    patience_ms: u64,
    facts: u64,
    /// Events for which there was no place.
    lost: u64,
}

impl Work {
    fn new(
        homes: Homes,
        emitter: Emitter,
        counters: Arc<SnifferCounters>,
        over: Arc<OnceLock<Instant>>,
    ) -> Self {
        let (high, low) = Uuid::new_v4().as_u64_pair();
        let eye = Eye::new(&Config { seed: high ^ low.rotate_left(32), ..Config::default() });
        let way = Way {
            homes,
            gate: Gate::default(),
            emitter,
            before: None,
            begin: Instant::now(),
            patience_ms: QUEUE_WAIT_MS,
            facts: 0,
            lost: 0,
        };
        Self { eye, way, counters, over, frames: 0, late: 0 }
    }

    fn run(&mut self, watcher: &mut Watcher) -> Result<(), SniffError> {
        let mut next = Instant::now() + TICK;
        loop {
            let timeout = next.saturating_duration_since(Instant::now());
            match watcher.turn(timeout, |frame| self.frame(&frame)) {
                Ok(Turn::Frames(_)) => {}
                Ok(Turn::Stopped) => break,
                Err(SniffError::InterfaceDown) => {
                    tracing::warn!("An interface is down that is watched.");
                }
                Err(error) => return Err(error),
            }
            if Instant::now() >= next {
                next = Instant::now() + TICK;
                self.eye.pass(wall_ns(), &mut |sight| self.way.take(sight));
                let lost = self.way.gate.lost(self.way.now_ns());
                self.count(watcher, lost);
                self.way.patience_ms = QUEUE_WAIT_MS;
            }
        }
        thread::sleep(LINGER);
        watcher.turn(Duration::ZERO, |frame| self.frame(&frame)).map(drop)
    }

    fn end(&mut self, watcher: &Watcher) {
        self.way.patience_ms = END_WAIT_MS;
        self.eye.stop(&mut |sight| self.way.take(sight));
        let lost = self.way.gate.lost_at_end();
        self.count(watcher, lost);
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        if self.over.get().is_some_and(|over| Instant::now() > *over) {
            self.late += 1;
            return;
        }
        self.frames += 1;
        let record = Record {
            frame: self.frames,
            link: RAW_IP,
            at_ns: frame.at_ns,
            original: frame.original_length,
            bytes: frame.bytes,
        };
        self.eye.packet(&record, &mut |sight| self.way.take(sight));
    }

    /// Brings the counters up to date, and tells what was lost, with so many refused facts.
    fn count(&mut self, watcher: &Watcher, refused: u64) {
        let (counts, counters) = (self.eye.counts(), &self.counters);
        let given_up = counts.evicted + counts.evicted_one_sided + counts.evicted_half_open;
        counters.packets.store(self.frames, Ordering::Relaxed);
        counters.flows.store(counts.flows, Ordering::Relaxed);
        counters.given_up.store(given_up, Ordering::Relaxed);
        counters.facts.store(self.way.facts, Ordering::Relaxed);
        let facts = std::mem::take(&mut self.way.lost) + refused;
        counters.facts_lost.fetch_add(facts, Ordering::Relaxed);
        let lost = watcher.statistics().map_or(0, |statistics| statistics.lost);
        let packets = lost + std::mem::take(&mut self.late);
        counters.packets_lost.fetch_add(packets, Ordering::Relaxed);
        if facts + packets > 0 {
            self.way.emitter.lose(facts + packets);
        }
    }
}

impl Way {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn take(&mut self, sight: Sight) {
        let now_ns = self.now_ns();
        let Some(decky) = self.homes.decky(&sight) else { return };
        let Self { gate, emitter, before, patience_ms, facts, lost, .. } = self;
        let event = |sight: Sight| {
            let event = event(sight, decky, before.as_ref());
            *before = event.origin().map(Arc::clone);
            event
        };
        let room = if emitter.is_quiet() { Room::ForAll } else { Room::ForKnown };
        gate.take(
            sight,
            now_ns,
            room,
            event,
            &mut |event| match put(emitter, event, patience_ms) {
                Place::Found => *facts += 1,
                Place::None => *lost += 1,
            },
        );
    }
}

enum Place {
    Found,
    None,
}

/// Puts an event into the queue, and waits for a place as long as there is patience.
fn put(emitter: &Emitter, event: Event, patience_ms: &mut u64) -> Place {
    let mut event = event;
    loop {
        match emitter.emit_spare(event) {
            None => return Place::Found,
            Some(back) if *patience_ms > 0 => {
                event = back;
                *patience_ms -= 1;
                thread::sleep(Duration::from_millis(1));
            }
            Some(_) => return Place::None,
        }
    }
}

/// The time as frames have it.
fn wall_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

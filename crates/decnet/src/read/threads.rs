//! Lines of JSON made by several threads, in the order in which one would make them.
//!
//! Every thread reads every packet's headers, and follows the flows of its own shards. What a
//! packet causes comes from its shard alone, so that lines put in the order of the packets that
//! caused them are always the same.
//!
//! **Invariant:** a few batches of the capture are held at once, whatever its size.

use super::line::Lines;
use super::source::Source;
use super::{End, chunk, end_of};
use crate::output;
use anyhow::{Context as _, Result, anyhow};
use decnet_core::flow::capture::Reader;
use decnet_core::flow::eye::{Eye, Part};
use decnet_core::flow::splitter::Splitter;
use decnet_core::flow::tracker::{Config, Counts};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes of whole blocks that are handed out at once.
const BATCH_BYTES: usize = 1 << 20;
/// Batches on their way.
const BATCHES: usize = 2;

/// Lines of one batch, each with the packet that caused it.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    lines: Vec<(u64, Range<usize>)>,
}

/// One thread.
struct Worker {
    /// Where batches go; closed at the end.
    work: SyncSender<Arc<Vec<u8>>>,
    done: Receiver<Batch>,
    thread: JoinHandle<(Batch, Counts, Counts)>,
}

/// Reads a capture to its end, and prints its lines.
pub(super) fn print(mut source: Source, threads: NonZeroUsize) -> Result<(End, Counts)> {
    let workers: Vec<Worker> =
        (0..threads.get()).map(|own| Worker::start(own, threads.get())).collect::<Result<_>>()?;
    let mut reader = Reader::default();
    let mut batch = Vec::with_capacity(BATCH_BYTES);
    let (mut under_way, mut is_empty) = (0, true);
    let end = loop {
        let bytes = source.bytes();
        is_empty &= bytes.is_empty();
        let (used, malformed) = chunk(&mut reader, bytes, &mut |_| {});
        batch.extend_from_slice(bytes.get(..used).unwrap_or_default());
        let end = match malformed {
            Some(malformed) => Some(End::Malformed(malformed)),
            None if source.more(used)? => None,
            None => Some(end_of(&source, is_empty)),
        };
        if batch.len() >= BATCH_BYTES || end.is_some() {
            let full = Arc::new(std::mem::replace(&mut batch, Vec::with_capacity(BATCH_BYTES)));
            for worker in &workers {
                worker.work.send(Arc::clone(&full)).map_err(|_| broken())?;
            }
            under_way += 1;
        }
        while under_way > if end.is_some() { 0 } else { BATCHES } {
            let done = workers.iter().map(|worker| worker.done.recv().map_err(|_| broken()));
            write(&done.collect::<Result<Vec<_>>>()?)?;
            under_way -= 1;
        }
        if let Some(end) = end {
            break end;
        }
    };
    let (mut last, mut counts) = (Vec::new(), Counts::default());
    for (own, worker) in workers.into_iter().enumerate() {
        drop(worker.work);
        let (batch, all, parts) = worker.thread.join().map_err(|_| broken())?;
        last.push(batch);
        counts = counts.and(parts);
        // Each has counted all packets.
        if own == 0 {
            counts = counts.and(all);
        }
    }
    write(&last)?;
    Ok((end, counts))
}

fn broken() -> anyhow::Error {
    anyhow!("a thread broke off")
}

/// Prints lines in the order of the packets that caused them.
fn write(batches: &[Batch]) -> Result<()> {
    let mut all: Vec<(u64, usize, &Range<usize>)> = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        all.extend(batch.lines.iter().map(|(frame, range)| (*frame, number, range)));
    }
    // Those of one packet are of one thread, and in order.
    all.sort_by_key(|(frame, ..)| *frame);
    let mut text = Vec::with_capacity(batches.iter().map(|batch| batch.text.len()).sum());
    for (_, number, range) in all {
        let line = batches.get(number).and_then(|batch| batch.text.get(range.clone()));
        text.extend_from_slice(line.unwrap_or_default());
    }
    output::write(&text)?;
    Ok(())
}

impl Worker {
    /// Starts the thread that follows every `threads`th shard, from the `own`th on.
    fn start(own: usize, threads: usize) -> Result<Self> {
        let (work, batches) = sync_channel::<Arc<Vec<u8>>>(BATCHES);
        let (finished, done) = sync_channel(BATCHES + 1);
        let thread = std::thread::Builder::new()
            .name(format!("read-{own}"))
            .spawn(move || {
                let mut state = State::new(own, threads);
                for batch in batches {
                    if finished.send(state.batch(&batch)).is_err() {
                        break;
                    }
                }
                state.stop()
            })
            .context("cannot start a thread")?;
        Ok(Self { work, done, thread })
    }
}

/// What a thread knows.
struct State {
    reader: Reader,
    splitter: Splitter,
    /// All parts; those of other threads stay empty.
    parts: Vec<Part>,
    own: usize,
    threads: usize,
    lines: Lines,
}

impl State {
    fn new(own: usize, threads: usize) -> Self {
        let (splitter, parts) = Eye::apart(&Config::default());
        Self { reader: Reader::default(), splitter, parts, own, threads, lines: Lines::default() }
    }

    fn batch(&mut self, bytes: &[u8]) -> Batch {
        let Self { reader, splitter, parts, own, threads, lines } = self;
        let mut made = Batch::default();
        chunk(reader, bytes, &mut |record| {
            let Some(packet) = splitter.packet(&record) else { return };
            let shard = packet.shard();
            if shard % *threads != *own {
                return;
            }
            if let Some(part) = parts.get_mut(shard) {
                part.packet(&packet, &mut |sight| made.add(record.frame, lines, &sight));
            }
        });
        made
    }

    fn stop(mut self) -> (Batch, Counts, Counts) {
        let mut made = Batch::default();
        let mut counts = Counts::default();
        for part in &mut self.parts {
            part.stop(&mut |began, sight| made.add(began, &mut self.lines, &sight));
            counts = counts.and(part.counts());
        }
        (made, self.splitter.counts(), counts)
    }
}

impl Batch {
    fn add(&mut self, frame: u64, lines: &mut Lines, sight: &decnet_core::flow::eye::Sight) {
        let begin = self.text.len();
        lines.write(sight, &mut self.text);
        self.lines.push((frame, begin..self.text.len()));
    }
}

//! `decnet read`: facts out of a capture, as lines of JSON or into the store.
//!
//! **Invariant:** what was read before an end that is cut is kept. Nothing is read twice, and
//! nothing is held but what the tracker holds.

mod import;
mod line;
mod memo;
mod object;
mod schema;
mod source;
mod threads;

use crate::cli;
use crate::output;
use anyhow::Result;
use decnet_core::flow::capture::{Block, Reader, Record};
use decnet_core::flow::eye::{Eye, Sight};
use decnet_core::flow::tracker::{Config, Counts};
use decnet_core::wire::Malformed;
use import::Import;
use indicatif::HumanCount;
use line::Lines;
use source::Source;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

/// `decnet read`.
pub(crate) fn run(arguments: &cli::Read) -> Result<ExitCode> {
    if arguments.schema {
        output::print(&schema::document()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let source = Source::open(arguments.file.as_deref())?;
    let name = source.name().to_owned();
    let (end, counts, said) = match arguments.json {
        true if arguments.threads.get() > 1 => {
            let (end, counts) = threads::print(source, arguments.threads)?;
            (end, counts, String::new())
        }
        true => {
            let mut lines = Print::default();
            let (end, counts) = walk(source, &mut lines)?;
            lines.flush()?;
            (end, counts, String::new())
        }
        false => {
            let mut import = Import::open(arguments)?;
            let (end, counts) = walk(source, &mut import)?;
            let done = import.finish()?;
            (end, counts, summary(&counts, &done))
        }
    };
    output::print(&said)?;
    if let Some(told) = given_up(&counts) {
        output::complain(&format!("{name}: {told}"));
    }
    match end {
        End::Whole => Ok(ExitCode::SUCCESS),
        End::Cut => {
            let packets = HumanCount(counts.packets);
            output::complain(&format!(
                "{name}: cut behind packet {packets}; what was there is kept"
            ));
            Ok(ExitCode::FAILURE)
        }
        End::Empty => {
            output::complain(&format!("{name}: no capture: it is empty"));
            Ok(ExitCode::FAILURE)
        }
        End::Malformed(why) if counts.packets == 0 => {
            output::complain(&format!("{name}: no capture that can be read (pcap, pcapng): {why}"));
            Ok(ExitCode::FAILURE)
        }
        End::Malformed(why) => {
            let packets = HumanCount(counts.packets);
            output::complain(&format!(
                "{name}: {why} behind packet {packets}; what was before it is kept"
            ));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Where facts go.
trait Sink {
    fn take(&mut self, sight: Sight);

    /// Called now and then: the place to write, and to say that it failed.
    fn settle(&mut self) -> Result<()>;
}

/// How a capture ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Cut,
    Empty,
    Malformed(Malformed),
}

/// Reads a capture to its end.
fn walk(mut source: Source, sink: &mut impl Sink) -> Result<(End, Counts)> {
    let mut reader = Reader::default();
    let mut eye = Eye::new(&Config::default());
    let mut is_empty = true;
    let end = loop {
        let bytes = source.bytes();
        is_empty &= bytes.is_empty();
        let (used, end) = chunk(&mut reader, bytes, &mut |record| {
            eye.packet(&record, &mut |sight| sink.take(sight));
        });
        sink.settle()?;
        if let Some(malformed) = end {
            break End::Malformed(malformed);
        }
        if !source.more(used)? {
            break end_of(&source, is_empty);
        }
    };
    eye.stop(&mut |sight| sink.take(sight));
    sink.settle()?;
    Ok((end, eye.counts()))
}

/// How a capture ended of which nothing more comes.
fn end_of(source: &Source, is_empty: bool) -> End {
    match (is_empty, source.bytes().is_empty()) {
        (true, _) => End::Empty,
        (false, true) => End::Whole,
        (false, false) => End::Cut,
    }
}

/// Hands on the packets of the blocks that are whole in `bytes`; how much of it they took.
fn chunk(
    reader: &mut Reader,
    bytes: &[u8],
    take: &mut impl FnMut(Record<'_>),
) -> (usize, Option<Malformed>) {
    let mut used = 0;
    loop {
        match reader.next(bytes.get(used..).unwrap_or_default()) {
            Ok(Some((block, length))) => {
                used += length;
                if let Block::Packet(record) = block {
                    take(record);
                }
            }
            Ok(None) => return (used, None),
            Err(malformed) => return (used, Some(malformed)),
        }
    }
}

/// Lines on standard output.
#[derive(Debug, Default)]
struct Print {
    lines: Lines,
    out: Vec<u8>,
}

/// Bytes of lines that wait for each other.
const LINES_BYTES: usize = 256 << 10;

impl Sink for Print {
    fn take(&mut self, sight: Sight) {
        self.lines.write(&sight, &mut self.out);
    }

    fn settle(&mut self) -> Result<()> {
        if self.out.len() >= LINES_BYTES {
            self.flush()?;
        }
        Ok(())
    }
}

impl Print {
    fn flush(&mut self) -> Result<()> {
        output::write(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

/// What was made of a capture.
#[derive(Debug, Default)]
struct Done {
    /// Facts by kind.
    facts: BTreeMap<&'static str, u64>,
    /// Where everything went.
    store: String,
}

fn summary(counts: &Counts, done: &Done) -> String {
    let facts: u64 = done.facts.values().sum();
    let mut text = String::new();
    let mut row = |name: &str, count: u64, rest: &str| {
        // A string takes everything.
        let _ = writeln!(text, "{name:<20}{:>14}{rest}", HumanCount(count).to_string());
    };
    row("packets", counts.packets, "");
    row("connections", counts.flows, "");
    row("facts", facts, &format!("  into {}", done.store));
    for (kind, count) in &done.facts {
        row(&format!("  {kind}"), *count, "");
    }
    text
}

/// What was not read, or not to its end.
fn given_up(counts: &Counts) -> Option<String> {
    let parts = [
        (counts.cut, "packets end inside a header"),
        (counts.broken, "packets contradict themselves"),
        (counts.evicted, "connections were given up, since there were too many"),
        (counts.evicted_one_sided, "connections of one side were given up"),
        (counts.evicted_half_open, "handshakes were given up"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", HumanCount(count)))
        .collect();
    (!said.is_empty()).then(|| said.join(", "))
}

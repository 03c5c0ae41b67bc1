//! Measures the way of events into a store: journal, fold and rows.
#![expect(clippy::print_stdout, reason = "a program whose purpose is to print figures")]

use anyhow::Context;
use clap::Parser;
use decnet_bench::{Crowd, peak_memory, quantile};
use decnet_store::{Engine, StoreUrl};
use std::path::Path;
use std::time::{Duration, Instant};

/// Commits events of many attackers and prints how fast.
#[derive(Parser)]
struct Options {
    /// Attackers; each event is of one drawn at random.
    #[arg(long, default_value_t = 1_000)]
    attackers: u32,
    /// Events in all.
    #[arg(long, default_value_t = 3_000_000)]
    events: u64,
    /// Events of one transaction.
    #[arg(long, default_value_t = 16_384)]
    batch: usize,
    /// A store to fill instead of a file that is removed at the end.
    #[arg(long)]
    store: Option<String>,
    /// Say how fast after every so many events.
    #[arg(long, default_value_t = 500_000)]
    every: u64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir_in(".").context("a folder for the store")?;
    let file = folder.path().join("bench.db");
    let url = match &options.store {
        Some(text) => StoreUrl::parse(text)?,
        None => StoreUrl::Sqlite(file.clone()),
    };
    let mut engine = Engine::open(&url)?;
    let mut crowd = Crowd::new(options.attackers);
    let mut events = Vec::with_capacity(options.batch);
    let (mut done, mut told) = (0, 0);
    let (mut making, mut committing) = (Duration::ZERO, Duration::ZERO);
    let mut since_told = Duration::ZERO;
    let mut batches = Vec::new();
    while done < options.events {
        let begun = Instant::now();
        crowd.fill(&mut events, options.batch.min((options.events - done) as usize));
        making += begun.elapsed();
        let begun = Instant::now();
        engine.commit(&events)?;
        let took = begun.elapsed();
        committing += took;
        since_told += took;
        batches.push(took.as_micros() as u64);
        done += events.len() as u64;
        if done - told >= options.every {
            println!("{done:>12} events  {:>9.0} events/s", rate(done - told, since_told));
            told = done;
            since_told = Duration::ZERO;
        }
    }
    batches.sort_unstable();
    println!("attackers     {}", options.attackers);
    println!("events        {done} in batches of {}", options.batch);
    println!("events/s      {:.0}", rate(done, committing));
    println!("µs/event      {:.2}", committing.as_secs_f64() * 1e6 / done as f64);
    println!(
        "batch         p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        quantile(&batches, 0.5) as f64 / 1e3,
        quantile(&batches, 0.99) as f64 / 1e3,
        quantile(&batches, 1.0) as f64 / 1e3
    );
    println!("written       {:.1} kB/event to the disk", written() as f64 / 1e3 / done as f64);
    println!(
        "processor     {:.2} µs/event, all threads, making events included",
        processor().as_secs_f64() * 1e6 / done as f64
    );
    println!(
        "peak memory   {:.0} MB (this program's own, events included)",
        megabytes(peak_memory())
    );
    if options.store.is_none() {
        println!(
            "store         {:.0} MB, log beside it {:.0} MB",
            megabytes(size(&file)),
            megabytes(size(&folder.path().join("bench.db-wal")))
        );
    }
    println!("(making events took {:.1} s, which is not counted)", making.as_secs_f64());
    Ok(())
}

/// Time that all threads of this process have had a processor.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    // utime and stime, in hundredths of a second on every Linux that we know.
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Bytes that this process has had written to a disk.
fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes:"));
    line.and_then(|line| line.trim().parse().ok()).unwrap_or(0)
}

fn rate(events: u64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |data| data.len())
}

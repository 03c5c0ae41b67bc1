//! Measures how long an event takes to be seen by a query on a connection of its own.
#![expect(clippy::print_stdout, reason = "a program whose purpose is to print figures")]

use anyhow::Context;
use clap::Parser;
use decnet_bench::{Crowd, quantile};
use decnet_store::{Engine, LogFilter, Reader, StoreUrl, Writer};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

/// Sends events at a steady rate and looks for each in the store.
#[derive(Parser)]
struct Options {
    /// Events a second.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Attackers; each event is of one drawn at random.
    #[arg(long, default_value_t = 1_000)]
    attackers: u32,
    /// Milliseconds between two looks at the store.
    #[arg(long, default_value_t = 5)]
    look_ms: u64,
    /// A store to fill instead of a file that is removed at the end; it has to be empty.
    #[arg(long)]
    store: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir_in(".").context("a folder for the store")?;
    let url = match &options.store {
        Some(text) => StoreUrl::parse(text)?,
        None => StoreUrl::Sqlite(folder.path().join("bench.db")),
    };
    let engine = Engine::open(&url)?;
    anyhow::ensure!(engine.head() == 0, "the store is not empty");
    let (sender, receiver) = sync_channel(65_536);
    let writer = Writer::spawn(engine, receiver)?;
    let count = u64::from(options.rate) * u64::from(options.seconds);
    let begun = Instant::now();
    let due = move |n: u64| {
        begun + Duration::from_nanos(n * 1_000_000_000 / u64::from(options.rate.max(1)))
    };
    let attackers = options.attackers;
    let sending = thread::spawn(move || {
        let mut crowd = Crowd::new(attackers);
        for n in 0..count {
            thread::sleep(due(n).saturating_duration_since(Instant::now()));
            if sender.send(crowd.next_event()).is_err() {
                break;
            }
        }
    });
    let mut reader = Reader::open(&url)?;
    let mut latencies = Vec::new();
    let mut seen = 0;
    while seen < count {
        // What a dashboard asks: the events after the last one it has.
        let filter = LogFilter { after: Some(seen), limit: Some(1_000), ..LogFilter::default() };
        let page = reader.logs(&filter)?;
        let now = Instant::now();
        for n in seen..seen + page.rows.len() as u64 {
            latencies.push(now.saturating_duration_since(due(n)).as_micros() as u64);
        }
        seen += page.rows.len() as u64;
        thread::sleep(Duration::from_millis(options.look_ms));
    }
    sending.join().ok().context("the sending thread broke off")?;
    writer.finish(Duration::from_secs(10))?;
    latencies.sort_unstable();
    println!("events   {count} at {} a second, of {attackers} attackers", options.rate);
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1.0)] {
        println!("{name:<8} {:.1} ms", quantile(&latencies, share) as f64 / 1e3);
    }
    println!("(from the instant an event is due to the end of the query that shows it)");
    Ok(())
}

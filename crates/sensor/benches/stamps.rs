//! How good an arrival stamp is: `cargo bench -p decnet-sensor --bench stamps`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    dead_code,
    reason = "a program that measures, with the helpers of the tests"
)]

#[path = "../tests/it/support.rs"]
mod support;

use crate::support::{Decoy, log_in};
use decnet_core::event::{About, Event, PeerFact, SessionFact, Timestamp};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn now_ns() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

fn show(what: &str, mut lags: Vec<i64>) {
    lags.sort_unstable();
    let at = |share: usize| lags[(lags.len() - 1) * share / 1_000] / 1_000;
    let (p50, p90, p99, max) = (at(500), at(900), at(990), at(1_000));
    eprintln!("{what}: n {} p50 {p50} µs, p90 {p90} µs, p99 {p99} µs, max {max} µs", lags.len());
}

/// Runs with both cores busy, too.
async fn measured(what: &str) {
    let decoy = Decoy::start_with(|settings| settings.limits.connections_per_address = 100).await;
    let mut sent = Vec::new();
    for _ in 0..300 {
        let address = decoy.address;
        let at = tokio::task::spawn_blocking(move || {
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            std::thread::sleep(Duration::from_millis(5));
            let at = now_ns();
            socket.write_all(b"SSH-2.0-x\r\n").unwrap();
            std::thread::sleep(Duration::from_millis(5));
            at
        });
        sent.push(at.await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let read = instants(&decoy, |event| match &event.about {
        About::Peer { fact: PeerFact::SshIdent { .. }, .. } => Some(event.at),
        _ => None,
    });
    show(&format!("{what}: socket write to stamp"), differences(&sent, &read));

    let client = log_in(&decoy).await;
    let channel = client.channel_open_session().await.unwrap();
    channel.request_pty(false, "xterm", 80, 24, 0, 0, &[]).await.unwrap();
    channel.request_shell(false).await.unwrap();
    let (mut reading, writing) = channel.split();
    tokio::spawn(async move { while reading.wait().await.is_some() {} });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut sent = Vec::new();
    for count in 0..600 {
        sent.push(now_ns());
        let key = if count % 60 == 59 { &b"\r"[..] } else { &b"a"[..] };
        writing.data(key).await.unwrap();
        tokio::time::sleep(Duration::from_millis(8)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let read = instants(&decoy, |event| match &event.about {
        About::Session { fact: SessionFact::Input { .. }, .. } => Some(event.at),
        _ => None,
    });
    show(&format!("{what}: client's key to fact"), differences(&sent, &read));
    let gaps = |at: &[i64]| at.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
    let (sent_gaps, read_gaps) = (gaps(&sent), gaps(&read));
    let errors = sent_gaps.iter().zip(&read_gaps).map(|(a, b)| (a - b).abs()).collect();
    show(&format!("{what}: error of a gap between keys"), errors);
    decoy.stop().await;
}

fn instants(decoy: &Decoy, at: impl Fn(&Event) -> Option<Timestamp>) -> Vec<i64> {
    decoy.events().iter().filter_map(at).map(|at| at.0).collect()
}

fn differences(sent: &[i64], read: &[i64]) -> Vec<i64> {
    assert_eq!(sent.len(), read.len());
    sent.iter().zip(read).map(|(sent, read)| read - sent).collect()
}

#[tokio::main]
async fn main() {
    measured("idle").await;
    let is_busy = Arc::new(AtomicBool::new(true));
    for _ in 0..4 {
        let is_busy = Arc::clone(&is_busy);
        std::thread::spawn(move || while is_busy.load(Ordering::Relaxed) {});
    }
    measured("four busy threads").await;
    is_busy.store(false, Ordering::Relaxed);
}

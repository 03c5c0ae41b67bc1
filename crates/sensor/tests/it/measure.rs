//! Timing and memory, by hand: `cargo test --release -p decnet-sensor measure -- --ignored
//! --nocapture --test-threads 1`.

use crate::support::{Anyone, Client, Decoy, log_in};
use decnet_core::event::{About, Event, PeerFact, SessionFact, Timestamp};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn lag_of_stamps() {
    measured("idle").await;
    let is_busy = Arc::new(AtomicBool::new(true));
    for _ in 0..4 {
        let is_busy = Arc::clone(&is_busy);
        std::thread::spawn(move || while is_busy.load(Ordering::Relaxed) {});
    }
    measured("four busy threads").await;
    is_busy.store(false, Ordering::Relaxed);
}

/// A decoy in a process of its own, so that its memory is its own.
struct Apart {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Apart {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "measure::serve_apart", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    /// What the other process says of this, a number.
    fn ask(&mut self, what: &str) -> u64 {
        writeln!(self.input, "{what}").unwrap();
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0);
            if let Some((_, value)) = line.split_once(&format!("{what}=")) {
                return value.trim().parse().unwrap();
            }
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other half of a measurement"]
async fn serve_apart() {
    let decoy = Decoy::start_with(|settings| settings.limits.connections_per_address = 4_096).await;
    let lines = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            let line = line.unwrap();
            let value = match line.as_str() {
                "port" => u64::from(decoy.address.port()),
                "sessions" => decoy.counters.sessions_open.load(Ordering::Relaxed),
                _ => {
                    let status = std::fs::read_to_string("/proc/self/status").unwrap();
                    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
                    rss.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
                }
            };
            let mut out = std::io::stdout();
            writeln!(out, "\n{line}={value}").unwrap();
            out.flush().unwrap();
        }
    });
    lines.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_thousand_idle_sessions_are_small() {
    let mut apart = Apart::start();
    let port = u16::try_from(apart.ask("port")).unwrap();
    let mut clients: Vec<Client> = Vec::new();
    let mut channels = Vec::new();
    let mut before = 0;
    for count in 0..1_010 {
        if count == 10 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            before = apart.ask("rss");
        }
        let config = Arc::new(russh::client::Config::default());
        let mut client = russh::client::connect(config, ("127.0.0.1", port), Anyone).await.unwrap();
        assert!(client.authenticate_password("root", "root").await.unwrap().success());
        let channel = client.channel_open_session().await.unwrap();
        channel.request_pty(true, "xterm", 80, 24, 0, 0, &[]).await.unwrap();
        channel.request_shell(true).await.unwrap();
        clients.push(client);
        channels.push(channel);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(apart.ask("sessions"), 1_010);
    let after = apart.ask("rss");
    let grown = after - before;
    eprintln!("1,000 idle sessions: {before} kB to {after} kB, {grown} kB more");
    assert!(grown < 150 * 1_024);
}

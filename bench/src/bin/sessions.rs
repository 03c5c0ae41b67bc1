//! The whole program under logged-in SSH sessions: resident memory idle and with sessions held, and
//! how long after its bytes arrived an event is visible to a query.
#![allow(clippy::print_stdout, reason = "a program that measures")]

use anyhow::{Context as _, bail};
use clap::Parser;
use decnet_bench::Trusting;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

/// Sessions of one source address.
const PER_ADDRESS: usize = 50;
/// Files that are open beside sessions, of which each has a socket and a recording.
const OTHERS: u64 = 64;
/// Logins at once.
const AT_ONCE: usize = 16;

#[derive(Parser)]
struct Options {
    /// The program to measure.
    #[arg(long, default_value = "target/release/decnet")]
    program: PathBuf,
    /// Sessions to hold, one number after the other.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    sessions: Vec<usize>,
    /// Sessions that then type, ten keys a second each.
    #[arg(long, default_value_t = 100)]
    typists: usize,
    /// Seconds that they type.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// A logged-in session at its prompt.
struct Session {
    _connection: russh::client::Handle<Trusting>,
    channel: russh::Channel<russh::client::Msg>,
}

/// The program, until it is dropped.
struct Program {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has nothing to keep.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let most = options.sessions.iter().max().copied().unwrap_or(0) as u64;
    raise_descriptors(2 * most + OTHERS)?;
    let program = Program::start(&options.program)?;
    let address = program.address(&options.program)?;
    std::thread::sleep(Duration::from_secs(2));
    let idle = program.resident_kib()?;
    println!("idle:                     {:8.1} MB resident", mb(idle));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut sessions = Vec::new();
    for &wanted in &options.sessions {
        let (begun, held) = (Instant::now(), sessions.len());
        sessions.extend(runtime.block_on(open(address, held..wanted))?);
        println!(
            "{:6} sessions:          {:8.1} s to log in",
            sessions.len(),
            begun.elapsed().as_secs_f64()
        );
        std::thread::sleep(Duration::from_secs(5));
        let resident = program.resident_kib()?;
        let more = resident.saturating_sub(idle);
        println!("with them idle:           {:8.1} MB resident", mb(resident));
        println!("more:                     {:8.1} MB", mb(more));
        println!("a session:                {:8.1} KiB", more as f64 / sessions.len() as f64);
    }

    let typing = sessions.split_off(sessions.len().saturating_sub(options.typists));
    let database = program.folder.path().join("data/decnet.db");
    let span = Duration::from_secs(options.seconds);
    let watching = std::thread::spawn(move || watch(&database, span));
    runtime.block_on(type_keys(typing, span));
    let mut lags = watching.join().map_err(|_| anyhow::anyhow!("the watcher broke off"))??;
    lags.sort_unstable();
    let at = |part: f64| lags.get(((lags.len() - 1) as f64 * part) as usize).copied();
    let rate = lags.len() as f64 / span.as_secs_f64();
    println!("events/s while typing:    {rate:8.0}");
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("most", 1.0)] {
        let lag = at(part).context("nothing was typed")?;
        println!("visible after, {name:4}:      {:8.1} ms", lag as f64 / 1e6);
    }
    println!("resident at the end:      {:8.1} MB", mb(program.resident_kib()?));
    Ok(())
}

/// For this program and the one that it starts; more than the hard limit needs `CAP_SYS_RESOURCE`.
fn raise_descriptors(wanted: u64) -> anyhow::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let most = hard.max(wanted);
    if setrlimit(Resource::RLIMIT_NOFILE, most, most).is_err() {
        bail!("{wanted} files have to be open, and {hard} may be: see `ulimit -Hn`");
    }
    Ok(())
}

fn mb(kib: u64) -> f64 {
    kib as f64 * 1_024.0 / 1e6
}

impl Program {
    fn start(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("decnet.toml");
        let text = "[[decky]]\n[decky.ssh]\nlisten = [\"127.0.0.1:0\"]\nconnections = 20000\n";
        std::fs::write(&config, text)?;
        let child = Command::new(program)
            .arg("up")
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{}: build it first", program.display()))?;
        Ok(Self { child, folder })
    }

    fn address(&self, program: &Path) -> anyhow::Result<SocketAddr> {
        for _ in 0..200 {
            let status = Command::new(program)
                .args(["status", "--json", "--data"])
                .arg(self.folder.path().join("data"))
                .stderr(Stdio::null())
                .output()?;
            let status: serde_json::Value =
                serde_json::from_slice(&status.stdout).unwrap_or_default();
            let address = status.pointer("/decoys/0/address").and_then(|a| a.as_str());
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                return Ok(address);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the program does not come up")
    }

    fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).context("no VmRSS")
    }
}

async fn open(address: SocketAddr, numbers: Range<usize>) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::with_capacity(numbers.len());
    let mut tasks = JoinSet::new();
    for n in numbers {
        if tasks.len() >= AT_ONCE
            && let Some(session) = tasks.join_next().await
        {
            sessions.push(session??);
        }
        let last = u8::try_from(2 + n / PER_ADDRESS)?;
        tasks.spawn(log_in(address, Ipv4Addr::new(127, 0, 1, last)));
    }
    while let Some(session) = tasks.join_next().await {
        sessions.push(session??);
    }
    Ok(sessions)
}

async fn log_in(address: SocketAddr, source: Ipv4Addr) -> anyhow::Result<Session> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    let stream = socket.connect(address).await?;
    let config = Arc::new(russh::client::Config::default());
    let mut connection = russh::client::connect_stream(config, stream, Trusting).await?;
    if !connection.authenticate_password("root", "root").await?.success() {
        bail!("refused");
    }
    let mut channel = connection.channel_open_session().await?;
    channel.request_pty(false, "xterm", 80, 24, 0, 0, &[]).await?;
    channel.request_shell(true).await?;
    while let Some(message) = channel.wait().await {
        if let russh::ChannelMsg::Data { data } = message
            && data.ends_with(b"# ")
        {
            return Ok(Session { _connection: connection, channel });
        }
    }
    bail!("no prompt")
}

/// Ten keys a second in each session, spread evenly over the second.
async fn type_keys(sessions: Vec<Session>, span: Duration) {
    let mut tasks = JoinSet::new();
    let count = sessions.len().max(1) as u32;
    for (n, mut session) in (0_u32..).zip(sessions) {
        tasks.spawn(async move {
            tokio::time::sleep(Duration::from_millis(100) * n / count).await;
            let end = Instant::now() + span;
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            let mut keys = b"ls -l /tmp\r".iter().cycle();
            while Instant::now() < end {
                tokio::select! {
                    _ = ticks.tick() => {
                        let key = keys.next().copied().unwrap_or(b'\r');
                        if session.channel.data_bytes(vec![key]).await.is_err() {
                            return;
                        }
                    }
                    message = session.channel.wait() => if message.is_none() { return },
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// How long after its bytes arrived each event was first seen by a query, ns.
fn watch(database: &Path, span: Duration) -> anyhow::Result<Vec<i64>> {
    let connection = rusqlite::Connection::open(database)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let mut seen: i64 = connection.query_row("select max(seq) from journal", [], |r| r.get(0))?;
    let mut news = connection.prepare("select seq, at_ns from journal where seq > ?")?;
    let (mut lags, end) = (Vec::new(), Instant::now() + span);
    while Instant::now() < end {
        let rows: Vec<(i64, i64)> = news
            .query_map([seen], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
        for (seq, at_ns) in rows {
            seen = seen.max(seq);
            lags.push(now - at_ns);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(lags)
}

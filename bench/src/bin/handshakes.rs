//! Key exchanges per second of processor time: the decoy beside the library that it was built on
//! before, with the same algorithms, the same keys and the same client, in turns.
#![allow(clippy::print_stdout, reason = "a program that measures")]

use anyhow::{Context as _, anyhow};
use clap::Parser;
use decnet_bench::Trusting;
use decnet_persona::Machine;
use decnet_sensor::decoy::ssh::{
    AuthPolicy, HostKey, Listener, SshLimits, SshSettings, SshTiming, generate_host_keys,
};
use decnet_sensor::{Emitter, NoRecordings};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey};
use russh::{Preferred, cipher, client, kex, mac, server};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

#[derive(Parser)]
struct Options {
    /// Connections of each turn.
    #[arg(long, default_value_t = 400)]
    connections: u32,
    /// Turns of each server with each set of algorithms.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// Connections at once.
    #[arg(long, default_value_t = 8)]
    at_once: usize,
}

/// What both sides agree on.
struct Set {
    kex: kex::Name,
    key: Algorithm,
    cipher: cipher::Name,
    mac: mac::Name,
    /// Of the connections of a turn, one in so many is made: some methods are slow.
    one_in: u32,
}

const P256: Algorithm = Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 };
const RSA_256: Algorithm = Algorithm::Rsa { hash: Some(HashAlg::Sha256) };
const RSA_512: Algorithm = Algorithm::Rsa { hash: Some(HashAlg::Sha512) };

const SETS: &[Set] = &[
    Set {
        kex: kex::CURVE25519,
        key: Algorithm::Ed25519,
        cipher: cipher::CHACHA20_POLY1305,
        mac: mac::HMAC_SHA256_ETM,
        one_in: 1,
    },
    Set {
        kex: kex::ECDH_SHA2_NISTP256,
        key: RSA_512,
        cipher: cipher::AES_128_CTR,
        mac: mac::HMAC_SHA256,
        one_in: 1,
    },
    Set {
        kex: kex::CURVE25519,
        key: RSA_256,
        cipher: cipher::AES_256_CTR,
        mac: mac::HMAC_SHA256_ETM,
        one_in: 1,
    },
    Set {
        kex: kex::CURVE25519,
        key: P256,
        cipher: cipher::AES_128_GCM,
        mac: mac::HMAC_SHA256,
        one_in: 1,
    },
    Set {
        kex: kex::ECDH_SHA2_NISTP256,
        key: P256,
        cipher: cipher::AES_256_GCM,
        mac: mac::HMAC_SHA512_ETM,
        one_in: 1,
    },
    Set {
        kex: kex::ECDH_SHA2_NISTP384,
        key: Algorithm::Ed25519,
        cipher: cipher::AES_256_CTR,
        mac: mac::HMAC_SHA1,
        one_in: 2,
    },
    Set {
        kex: kex::ECDH_SHA2_NISTP521,
        key: Algorithm::Ed25519,
        cipher: cipher::AES_192_CTR,
        mac: mac::HMAC_SHA512,
        one_in: 4,
    },
    Set {
        kex: kex::DH_G14_SHA256,
        key: RSA_256,
        cipher: cipher::AES_256_CTR,
        mac: mac::HMAC_SHA256,
        one_in: 8,
    },
    Set {
        kex: kex::DH_G16_SHA512,
        key: RSA_512,
        cipher: cipher::AES_256_CTR,
        mac: mac::HMAC_SHA512,
        one_in: 40,
    },
];

impl Set {
    fn preferred(&self) -> Preferred {
        Preferred {
            kex: Cow::Owned(vec![self.kex]),
            key: Cow::Owned(vec![self.key.clone()]),
            cipher: Cow::Owned(vec![self.cipher]),
            mac: Cow::Owned(vec![self.mac]),
            ..Preferred::default()
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Decoy,
    Library,
}

/// A server that runs in a thread of its own, until it is told to stop.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    /// What its thread took of the processor.
    thread: JoinHandle<anyhow::Result<Duration>>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let texts: Vec<String> = generate_host_keys().into_iter().map(|(_, text)| text).collect();
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!(
        "{:<66} {:>9} {:>9} {:>6}",
        "handshakes per second of processor time", "decoy", "russh", "ratio"
    );
    for set in SETS {
        let connections = (options.connections / set.one_in).max(1);
        let (mut decoy, mut library) = (Vec::new(), Vec::new());
        for _ in 0..options.turns {
            for (who, found) in [(Who::Decoy, &mut decoy), (Who::Library, &mut library)] {
                let server = Server::start(who, &texts)?;
                let at_once = options.at_once;
                client.block_on(connect(server.address, set, connections, at_once))?;
                let took = server.stop()?;
                found.push(f64::from(connections) / took.as_secs_f64());
            }
        }
        let (decoy, library) = (median(&mut decoy), median(&mut library));
        let (Set { kex, key, cipher, mac, .. }, ratio) = (set, decoy / library);
        let mac = if is_alone(*cipher) { "" } else { mac.as_ref() };
        let name = format!("{} {key} {} {mac}", kex.as_ref(), cipher.as_ref());
        println!("{name:<66} {decoy:>9.0} {library:>9.0} {ratio:>6.2}");
    }
    Ok(())
}

/// Whether a cipher needs no code beside it.
fn is_alone(name: cipher::Name) -> bool {
    name == cipher::CHACHA20_POLY1305 || name == cipher::AES_128_GCM || name == cipher::AES_256_GCM
}

fn median(found: &mut [f64]) -> f64 {
    found.sort_by(f64::total_cmp);
    found.get(found.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Connects until keys are in use, and closes.
async fn connect(
    address: SocketAddr,
    set: &Set,
    connections: u32,
    at_once: usize,
) -> anyhow::Result<()> {
    let config = Arc::new(client::Config { preferred: set.preferred(), ..Default::default() });
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        if tasks.len() >= at_once
            && let Some(done) = tasks.join_next().await
        {
            done??;
        }
        let config = Arc::clone(&config);
        tasks.spawn(async move {
            let stream = TcpStream::connect(address).await?;
            let connection = client::connect_stream(config, stream, Trusting).await?;
            drop(connection);
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

impl Server {
    fn start(who: Who, texts: &[String]) -> anyhow::Result<Self> {
        let texts = texts.to_vec();
        let (stop, stopping) = oneshot::channel();
        let (listens, listening) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let told = move |address| {
                // Nobody waits for it where the start has failed.
                let _ = listens.send((address, used()));
            };
            runtime.block_on(async {
                match who {
                    Who::Decoy => serve_decoy(&texts, told, stopping).await,
                    Who::Library => serve_library(&texts, told, stopping).await,
                }
            })?;
            used()
        });
        let (address, begin) = first(&listening).context("a server did not start")?;
        let begin = begin?;
        // What came before the first connection is not counted.
        let thread = std::thread::spawn(move || {
            let end = thread.join().map_err(|_| anyhow!("a server broke off"))??;
            Ok(end.saturating_sub(begin))
        });
        Ok(Self { address, stop, thread })
    }

    fn stop(self) -> anyhow::Result<Duration> {
        let _ = self.stop.send(());
        self.thread.join().map_err(|_| anyhow!("a server broke off"))?
    }
}

fn first<T>(receiver: &Receiver<T>) -> Option<T> {
    receiver.recv_timeout(Duration::from_secs(10)).ok()
}

/// What the calling thread has taken of the processor.
fn used() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(us)?))
}

async fn serve_decoy(
    texts: &[String],
    told: impl FnOnce(SocketAddr),
    stopping: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let keys = texts.iter().map(|text| HostKey::parse(text)).collect::<Result<_, _>>();
    let bound = Listener::bind(SshSettings {
        decky: "decky-01".to_owned(),
        name: "ssh".to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        server_id: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6".to_owned(),
        host_keys: keys.map_err(|error| anyhow!("{error:?}"))?,
        auth: AuthPolicy::default(),
        machine: Arc::new(Machine::from_seed(1)),
        limits: SshLimits { burst: i64::MAX / 1_000, ..SshLimits::default() },
        timing: SshTiming::immediate(),
    })
    .await?;
    // Events are made and put into the queue; who takes them out is not measured.
    let (sender, mut queue) = mpsc::channel(decnet_core::limits::QUEUE_EVENTS);
    let drain = std::thread::spawn(move || while queue.blocking_recv().is_some() {});
    let (stop, stops) = watch::channel(false);
    told(bound.local_addr());
    let serving = bound.serve(Emitter::new(sender), Arc::new(NoRecordings), stops);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        _ = stopping => {
            let _ = stop.send(true);
            serving.await?;
        }
    }
    drain.join().map_err(|_| anyhow!("the queue broke off"))
}

struct Refusing;

impl server::Handler for Refusing {
    type Error = russh::Error;
}

async fn serve_library(
    texts: &[String],
    told: impl FnOnce(SocketAddr),
    mut stopping: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let keys: Result<Vec<PrivateKey>, _> =
        texts.iter().map(|text| russh::keys::decode_secret_key(text, None)).collect();
    let config = Arc::new(server::Config {
        keys: keys?,
        preferred: Preferred {
            kex: Cow::Owned(SETS.iter().map(|set| set.kex).collect()),
            cipher: Cow::Owned(SETS.iter().map(|set| set.cipher).collect()),
            mac: Cow::Owned(SETS.iter().map(|set| set.mac).collect()),
            ..Preferred::default()
        },
        nodelay: true,
        ..Default::default()
    });
    let socket = TcpListener::bind("127.0.0.1:0").await?;
    told(socket.local_addr()?);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => {
                let (stream, _) = accepted?;
                let config = Arc::clone(&config);
                tasks.spawn(async move {
                    if let Ok(session) = server::run_stream(config, stream, Refusing).await {
                        // The client closes when it has what it wants.
                        let _ = session.await;
                    }
                });
            }
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            _ = &mut stopping => break,
        }
    }
    Ok(())
}

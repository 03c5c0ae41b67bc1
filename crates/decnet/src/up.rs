//! `decnet up`: puts the parts together, and takes them apart again.
//!
//! **Invariant:** what was emitted is committed before the end, in whatever way the end comes but
//! a kill; and a kill is made good at the next start.

mod recordings;
mod wire;

use crate::cli;
use crate::identity::Identity;
use crate::output;
use crate::paths::Held;
use crate::privilege::{self, Plan};
use crate::settings::SshDecoy;
use crate::show::store::Located;
use crate::show::when;
use crate::supervise::Fleet;
use anyhow::{Context as _, Result, bail};
use decnet_api::{Server, Status, status};
use decnet_core::event::{About, Event, SensorFact, SessionFact};
use decnet_persona::Machine;
use decnet_sensor::Emitter;
use decnet_sensor::decoy::ssh::{AuthPolicy, BindError, SshSettings, SshTiming};
use decnet_store::quarantine::Quarantine;
use decnet_store::recording::{Limits, RecordingStore};
use decnet_store::{Engine, Source, Watch, Writer};
use recordings::Recorders;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use wire::Wire;

/// `decnet up`.
pub(crate) fn run(arguments: &cli::Up) -> Result<ExitCode> {
    let located = Located::find(&arguments.place)?;
    // Whatever is made from here on is its owner's alone.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    located.data.create()?;
    let held = located.data.hold()?;
    if located.data.is_writable_by_others() {
        output::complain(&format!(
            "others may write into the data folder {}: better is mode 0700",
            located.data.0.display()
        ));
    }
    privilege::raise_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let end = runtime.block_on(up(&located, held));
    // Nothing is left to be waited for.
    runtime.shutdown_background();
    end
}

async fn up(located: &Located, held: Held) -> Result<ExitCode> {
    let begin = Instant::now();
    let started = when::now();
    let mut signals = Signals::listen()?;
    let fleet = bind(located).await?;
    let mut wire = Wire::open(located.settings.sniffer.as_ref(), &fleet.addresses());
    let plan = Plan::new(located.settings.user.as_ref(), &located.data);
    plan.hand_over(&located.data)?;
    plan.give_up(WORKERS).await?;
    if let Some(warning) = plan.warning(&located.data) {
        output::complain(&warning);
    }
    // Before the store is opened, which may take a while where it is far away or behind.
    announce(located, &fleet, &wire)?;
    let recordings = RecordingStore::new(located.data.recordings(), limits(located));
    let folder = located.data.quarantine();
    let quarantine = Quarantine::open(&folder, Default::default())
        .with_context(|| format!("cannot read the files in {}", folder.display()))?;
    let engine = open(located, &recordings)?;
    let (sender, receiver) = mpsc::channel(decnet_core::limits::QUEUE_EVENTS);
    let emitter = Emitter::new(sender);
    let writer = Writer::spawn(engine, Queue(receiver))?;
    let server = Server::bind(&located.data.0)?;

    let version = env!("CARGO_PKG_VERSION").to_owned();
    let about = About::Sensor(SensorFact::Started { version });
    emitter.emit(Event { at: when::now(), about }).await;
    wire.start(&emitter);
    let (stop, stopping) = watch::channel(false);
    let asked = {
        let (emitter, watch, posts) = (emitter.clone(), writer.watch(), fleet.posts());
        let (data, url) = (located.data.0.display().to_string(), located.url.to_string());
        let (started_at, wire) = (started.rfc3339(), wire.report());
        let report = Report { begin, started_at, data, url, wire };
        move || report.status(&emitter, &watch, posts.iter().map(|post| post.status()).collect())
    };
    let answering = tokio::spawn(server.serve(asked, stopped(stopping.clone())));
    let pruning = tokio::spawn(prune(recordings.clone(), stopped(stopping.clone())));
    let recorders = Arc::new(Recorders::new(recordings, quarantine));
    let mut serving = tokio::spawn(fleet.serve(emitter.clone(), recorders, stopping));
    say("stop   Ctrl-C\n")?;

    let reason = signals.wait().await;
    tracing::info!(reason, "Stopping.");
    let second = async {
        // One press may come twice: to the program, and to its group.
        tokio::time::sleep(ONE_PRESS).await;
        signals.interrupted().await;
    };
    let ending = async {
        let _ = stop.send(true);
        if tokio::time::timeout(PATIENCE_DECOYS, &mut serving).await.is_err() {
            tracing::warn!("Decoys did not stop in time.");
            serving.abort();
        }
        // Behind the decoys, so that it sees how their connections end.
        wire.stop().await;
        let about = About::Sensor(SensorFact::Stopped {});
        emitter.emit(Event { at: when::now(), about }).await;
        let emitted = emitter.counters().emitted;
        // The queue ends with its last sender.
        drop(emitter);
        let _ = answering.await;
        let _ = pruning.await;
        let watch = writer.watch();
        let finish = tokio::task::spawn_blocking(move || writer.finish(PATIENCE_STORE));
        let written = tokio::time::timeout(PATIENCE_WRITER, finish).await;
        drop(held);
        match written {
            Ok(written) => written.context("the writer's thread broke off")?.map(drop)?,
            Err(_) => {
                let events = emitted.saturating_sub(watch.health().committed);
                bail!("store {}: {events} events could not be written in time", located.url)
            }
        }
        Ok(())
    };
    let written = tokio::select! {
        written = ending => written,
        // An impatient operator: the next start makes good what is left undone.
        () = second => std::process::exit(i32::from(INTERRUPTED)),
    };
    written?;
    output::print("stopped; everything is written\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Binds every decoy; one that cannot be bound is said and left out, unless it is the last.
async fn bind(located: &Located) -> Result<Fleet> {
    let mut fleet = Fleet::default();
    let mut identities: BTreeMap<&str, (Identity, Arc<Machine>)> = BTreeMap::new();
    let mut faults = Vec::new();
    for decoy in &located.settings.decoys {
        if !identities.contains_key(decoy.decky.as_str()) {
            let identity = Identity::load(&located.data, &decoy.decky)?;
            let machine = Arc::new(Machine::from_seed(identity.seed));
            identities.insert(&decoy.decky, (identity, machine));
        }
        let Some((identity, machine)) = identities.get(decoy.decky.as_str()) else { continue };
        if let Err(error) = fleet.bind(settings(decoy, identity, machine)).await {
            faults.push(fault(decoy, &error));
        }
    }
    if fleet.addresses().is_empty() {
        bail!("no decoy can listen: {}", faults.join("; "));
    }
    for fault in faults {
        output::complain(&fault);
    }
    Ok(fleet)
}

fn fault(decoy: &SshDecoy, error: &BindError) -> String {
    let denied = matches!(error, BindError::Address { source, .. }
        if source.kind() == std::io::ErrorKind::PermissionDenied);
    if denied && (1..1_024).contains(&decoy.listen.port()) {
        return format!("{error}; ports below 1024 need root or CAP_NET_BIND_SERVICE");
    }
    error.to_string()
}

fn settings(decoy: &SshDecoy, identity: &Identity, machine: &Arc<Machine>) -> SshSettings {
    SshSettings {
        decky: decoy.decky.clone(),
        name: format!("{}/ssh", decoy.decky),
        listen: decoy.listen,
        server_id: decoy
            .server_id
            .clone()
            .unwrap_or_else(|| format!("SSH-2.0-OpenSSH_{}", machine.openssh)),
        host_keys: identity.host_keys.clone(),
        auth: decoy.auth.clone(),
        machine: Arc::clone(machine),
        limits: decoy.limits,
        timing: SshTiming::default(),
    }
}

fn limits(located: &Located) -> Limits {
    let caps = located.settings.recordings;
    Limits { recording_bytes: caps.file_bytes, total_bytes: caps.total_bytes, days: caps.days }
}

/// Opens the store, and says what a killed program left unsaid.
fn open(located: &Located, recordings: &RecordingStore) -> Result<Engine> {
    let mut engine = Engine::open(&located.url)?;
    let folder = || format!("cannot read the recordings in {}", recordings.folder().display());
    let recovered = recordings.recover().with_context(folder)?;
    let mut events = Vec::new();
    for event in engine.abandoned_sessions()? {
        if let About::Session { origin, session, fact: SessionFact::SessionClosed { .. } } =
            &event.about
            && let Some(left) = recordings.left_behind(*session).with_context(folder)?
        {
            let fact =
                SessionFact::Recorded { file: left.file, bytes: left.bytes, extent: left.extent };
            let origin = Arc::clone(origin);
            let about = About::Session { origin, session: *session, fact };
            events.push(Event { at: event.at, about });
        }
        events.push(event);
    }
    if !events.is_empty() {
        let closed = events.iter().filter(|event| event.kind() == "session_closed").count();
        tracing::info!(sessions = closed, recordings = recovered.len(), "Closed what a kill left.");
        engine.commit(&events)?;
    }
    Ok(engine)
}

/// Says where everything is, and what to try.
fn announce(located: &Located, fleet: &Fleet, wire: &Wire) -> Result<()> {
    let mut text = format!("decnet {}\n", env!("CARGO_PKG_VERSION"));
    let addresses = fleet.addresses();
    for (decky, address) in &addresses {
        let _ = writeln!(text, "  {decky}  ssh  {address}");
    }
    let _ = writeln!(text, "wire   {}", output::safe(&wire.announced()));
    let data = located.data.0.display().to_string();
    let _ = writeln!(text, "data   {}", output::safe(&data));
    let _ = writeln!(text, "store  {}", output::safe(&located.url.to_string()));
    if let Some((_, address)) = addresses.first() {
        let host = reachable(address.ip());
        let _ = write!(text, "try    ssh -p {} root@{host}", address.port());
        // Other rules are the operator's, who knows them.
        let known = AuthPolicy::default();
        if located.settings.decoys.iter().all(|decoy| decoy.auth == known) {
            text.push_str("    (password: root)");
        }
        text.push('\n');
    }
    say(&text)
}

/// Prints a part of what `up` says.
fn say(text: &str) -> Result<()> {
    match output::print(text) {
        // Nobody reads: no reason to stop listening.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// An address that a client on this machine can use.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

/// What of the status does not change.
struct Report {
    begin: Instant,
    started_at: String,
    data: String,
    url: String,
    wire: wire::Report,
}

impl Report {
    fn status(&self, emitter: &Emitter, watch: &Watch, decoys: Vec<status::Decoy>) -> Status {
        let (counters, health) = (emitter.counters(), watch.health());
        let sniffer = self.wire.status();
        Status {
            running: true,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at: self.started_at.clone(),
            uptime_s: self.begin.elapsed().as_secs(),
            data: self.data.clone(),
            decoys,
            store: status::Store {
                url: self.url.clone(),
                committed: health.committed,
                lag: counters.emitted.saturating_sub(health.committed),
                retrying: health.retrying.is_some(),
                error: health.retrying.map(|(_, why)| why).unwrap_or_default(),
            },
            // Packets are told of as losses too, and are no events.
            events_lost: counters.lost.saturating_sub(sniffer.packets_lost),
            sniffer,
        }
    }
}

/// Removes recordings that are too old or too many, now and every few minutes: 4 GiB take no hour.
async fn prune(recordings: RecordingStore, stop: impl Future<Output = ()>) {
    let work = async {
        loop {
            let recordings = recordings.clone();
            let pruned = tokio::task::spawn_blocking(move || recordings.prune(when::now())).await;
            match pruned {
                Ok(Ok(pruned)) if pruned.files > 0 => {
                    tracing::info!(
                        files = pruned.files,
                        bytes = pruned.bytes,
                        "Recordings removed."
                    );
                }
                Ok(Ok(_)) | Err(_) => {}
                Ok(Err(error)) => tracing::warn!(%error, "Recordings cannot be removed."),
            }
            tokio::time::sleep(PRUNE_EVERY).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that nobody is left to say so.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// The receiving end of the queue, for the writer's thread.
struct Queue(mpsc::Receiver<Event>);

impl Source for Queue {
    fn wait(&mut self) -> Option<Event> {
        self.0.blocking_recv()
    }

    fn take(&mut self, into: &mut Vec<Event>, most: usize) {
        for _ in 0..most {
            let Ok(event) = self.0.try_recv() else { return };
            into.push(event);
        }
    }
}

/// What ends the program.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    // Listened to so that it does not end the program.
    _hang_up: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            _hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for a Ctrl-C that comes after this call.
    async fn interrupted(&mut self) {
        if let Ok(interrupt) = signal(SignalKind::interrupt()) {
            self.interrupt = interrupt;
        } else {
            tracing::warn!("A second Ctrl-C cannot be waited for.");
        }
        self.interrupt.recv().await;
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Threads of the runtime; the writer has one of its own.
const WORKERS: usize = 2;
/// Until connections are closed. With the sniffer's and the store's, less than five seconds.
const PATIENCE_DECOYS: Duration = Duration::from_millis(1_700);
/// For a store that is out of reach at the end, and for its writer to notice that.
const PATIENCE_STORE: Duration = Duration::from_millis(1_000);
const PATIENCE_WRITER: Duration = Duration::from_millis(2_000);
/// Between the first Ctrl-C and one that is a second.
const ONE_PRESS: Duration = Duration::from_millis(300);
const PRUNE_EVERY: Duration = Duration::from_secs(300);
/// As a shell reports a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_try_is_an_address_that_can_be_reached() {
        let check = |bound: &str, host: &str| {
            let bound: std::net::SocketAddr = bound.parse().unwrap();
            assert_eq!(reachable(bound.ip()).to_string(), host);
        };
        check("0.0.0.0:22", "127.0.0.1");
        check("[::]:22", "::1");
        check("192.0.2.1:22", "192.0.2.1");
    }
}

//! A decoy in the test's own process, its events, and a russh client for it.

use decnet_core::event::{
    About, Anomaly, Answer, CloseCause, Event, PeerFact, RecordingExtent, SessionFact,
};
use decnet_persona::Machine;
use decnet_sensor::decoy::DecoyCounters;
use decnet_sensor::decoy::ssh::{
    AuthPolicy, HostKey, Listener, ServeError, SshLimits, SshSettings, SshTiming,
    generate_host_keys,
};
use decnet_sensor::{Emitter, Recorded, Recorder, RecordingHeader, Recordings};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Made once: RSA takes its time.
static HOST_KEYS: LazyLock<Vec<HostKey>> = LazyLock::new(|| {
    generate_host_keys().iter().map(|(_, pem)| HostKey::parse(pem).unwrap()).collect()
});

pub(crate) struct Decoy {
    pub(crate) address: SocketAddr,
    pub(crate) counters: Arc<DecoyCounters>,
    pub(crate) recordings: Arc<InMemory>,
    events: Arc<Mutex<Vec<Event>>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Decoy {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut SshSettings)) -> Self {
        let mut settings = SshSettings {
            decky: "decky-01".to_owned(),
            name: "ssh".to_owned(),
            listen: "127.0.0.1:0".parse().unwrap(),
            server_id: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6".to_owned(),
            host_keys: HOST_KEYS.clone(),
            auth: AuthPolicy::default(),
            machine: Arc::new(Machine::from_seed(1)),
            limits: SshLimits::default(),
            timing: SshTiming::immediate(),
        };
        change(&mut settings);
        let bound = Listener::bind(settings).await.unwrap();
        let (address, counters) = (bound.local_addr(), bound.counters());
        let (sender, mut queue) = mpsc::channel(65_536);
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let kept = Arc::clone(&events);
        tokio::spawn(async move {
            while let Some(event) = queue.recv().await {
                kept.lock().unwrap().push(event);
            }
        });
        let (stop, stopping) = watch::channel(false);
        let recordings = Arc::new(InMemory::default());
        let serving =
            tokio::spawn(bound.serve(Emitter::new(sender), Arc::clone(&recordings) as _, stopping));
        Self { address, counters, recordings, events, stop, serving }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn peer_facts(&self) -> Vec<PeerFact> {
        let fact = |event: Event| match event.about {
            About::Peer { fact, .. } => Some(fact),
            About::Session { .. } | About::Sensor(_) => None,
        };
        self.events().into_iter().filter_map(fact).collect()
    }

    pub(crate) fn session_facts(&self) -> Vec<SessionFact> {
        let fact = |event: Event| match event.about {
            About::Session { fact, .. } => Some(fact),
            About::Peer { .. } | About::Sensor(_) => None,
        };
        self.events().into_iter().filter_map(fact).collect()
    }

    pub(crate) fn anomalies(&self) -> Vec<Anomaly> {
        let anomaly = |fact| match fact {
            PeerFact::Anomaly { what, .. } => Some(what),
            _ => None,
        };
        self.peer_facts().into_iter().filter_map(anomaly).collect()
    }

    /// How many facts there are of a kind.
    pub(crate) fn kinds(&self, kind: &str) -> usize {
        self.events().iter().filter(|event| event.kind() == kind).count()
    }

    /// What was typed, as far as facts tell.
    pub(crate) fn input(&self) -> Vec<u8> {
        let bytes = |fact| match fact {
            SessionFact::Input { bytes } => Some(bytes.0),
            _ => None,
        };
        self.session_facts().into_iter().filter_map(bytes).flatten().collect()
    }

    /// Waits until enough facts are there, five seconds at most.
    pub(crate) async fn until(&self, what: &str, is_enough: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !is_enough(self) {
            assert!(begin.elapsed() < PATIENCE, "no {what} in {:#?}", self.events());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn until_anomalies(&self, expected: &[Anomaly]) {
        self.until("anomaly", |decoy| decoy.anomalies().len() >= expected.len()).await;
        assert_eq!(self.anomalies(), expected);
    }

    pub(crate) async fn until_closed(&self) -> CloseCause {
        self.until("ConnectionClosed", |decoy| decoy.closed().is_some()).await;
        self.closed().unwrap()
    }

    fn closed(&self) -> Option<CloseCause> {
        self.peer_facts().iter().find_map(|fact| match fact {
            PeerFact::ConnectionClosed { cause, .. } => Some(*cause),
            _ => None,
        })
    }

    pub(crate) fn session_causes(&self) -> Vec<(CloseCause, Option<u32>)> {
        let cause = |fact: &SessionFact| match fact {
            SessionFact::SessionClosed { cause, status } => Some((*cause, *status)),
            _ => None,
        };
        self.session_facts().iter().filter_map(cause).collect()
    }

    /// Stops the decoy, within the time that it has, and checks what holds for every run.
    pub(crate) async fn stop(self) -> Vec<Event> {
        let begin = Instant::now();
        self.stop.send(true).unwrap();
        self.serving.await.unwrap().unwrap();
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
        // The collector takes what is left.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let events = self.events.lock().unwrap().clone();
        check_laws(&events);
        events
    }
}

/// What holds for the events of every run, whatever the clients did.
fn check_laws(events: &[Event]) {
    let mut connections: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
    for event in events {
        let origin = event.origin().expect("no fact about the program");
        connections.entry(origin.connection.0).or_default().push(event);
    }
    for events in connections.values() {
        let is = |event: &Event, kind| event.kind() == kind;
        assert!(is(events[0], "connection_opened"), "{:#?}", events[0]);
        assert!(is(events[events.len() - 1], "connection_closed"), "{:#?}", events.last());
        let mut open = BTreeMap::new();
        for event in events {
            assert!(event.at >= events[0].at);
            let Some(session) = event.session() else { continue };
            if is(event, "session_opened") {
                assert!(open.insert(session.0, true).is_none());
            }
            assert_eq!(open.get(&session.0), Some(&true), "{event:#?}");
            if is(event, "session_closed") {
                open.insert(session.0, false);
            }
        }
        assert!(open.values().all(|is_open| !is_open), "a session is still open: {events:#?}");
        let count = |kind| events.iter().filter(|event| is(event, kind)).count();
        let granted: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.about {
                About::Peer {
                    fact: PeerFact::ChannelOpened { answer: Answer::Granted, kind, .. },
                    ..
                } => Some(kind.as_bytes() == b"session"),
                _ => None,
            })
            .collect();
        assert_eq!(granted.len(), count("channel_closed"));
        let sessions = granted.iter().filter(|is_session| **is_session).count();
        assert_eq!(sessions, count("session_opened"));
    }
}

type Lines = Arc<Mutex<Vec<(u64, char, Vec<u8>)>>>;

/// Recordings as lists.
#[derive(Default)]
pub(crate) struct InMemory {
    pub(crate) headers: Mutex<Vec<RecordingHeader>>,
    pub(crate) lines: Lines,
}

struct InMemoryRecorder(Lines, u64);

impl InMemoryRecorder {
    fn push(&mut self, at_us: u64, code: char, bytes: &[u8]) {
        assert!(at_us >= self.1, "a recording steps back");
        self.1 = at_us;
        self.0.lock().unwrap().push((at_us, code, bytes.to_vec()));
    }
}

impl Recordings for InMemory {
    fn open(&self, header: RecordingHeader) -> Option<Box<dyn Recorder>> {
        self.headers.lock().unwrap().push(header);
        Some(Box::new(InMemoryRecorder(Arc::clone(&self.lines), 0)))
    }
}

impl Recorder for InMemoryRecorder {
    fn output(&mut self, at_us: u64, bytes: &[u8]) {
        self.push(at_us, 'o', bytes);
    }

    fn input(&mut self, at_us: u64, bytes: &[u8]) {
        self.push(at_us, 'i', bytes);
    }

    fn resize(&mut self, at_us: u64, cols: u32, rows: u32) {
        self.push(at_us, 'r', format!("{cols}x{rows}").as_bytes());
    }

    fn marker(&mut self, at_us: u64, label: &str) {
        self.push(at_us, 'm', label.as_bytes());
    }

    fn close(mut self: Box<Self>, at_us: u64) -> Recorded {
        self.push(at_us, 'x', b"");
        Recorded { file: "a.cast".to_owned(), bytes: 1, extent: RecordingExtent::Whole }
    }
}

impl InMemory {
    pub(crate) fn bytes(&self, code: char) -> Vec<u8> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.1 == code).flat_map(|line| line.2.clone()).collect()
    }
}

/// A russh client that takes any host key.
pub(crate) struct Anyone;

impl russh::client::Handler for Anyone {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

pub(crate) type Client = russh::client::Handle<Anyone>;

pub(crate) async fn connect(decoy: &Decoy) -> Client {
    let config = Arc::new(russh::client::Config::default());
    russh::client::connect(config, decoy.address, Anyone).await.unwrap()
}

pub(crate) async fn log_in(decoy: &Decoy) -> Client {
    let mut client = connect(decoy).await;
    let result = client.authenticate_password("root", "root").await.unwrap();
    assert!(result.success());
    client
}

const PATIENCE: Duration = Duration::from_secs(5);

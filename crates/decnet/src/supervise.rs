//! Decoys are bound once, served, and started again when they break.
//!
//! **Invariant:** a decoy that fails takes nothing with it, and every task that is started here is
//! waited for here.

use decnet_api::status::{Counter, Decoy, Health};
use decnet_sensor::decoy::DecoyCounters;
use decnet_sensor::decoy::ssh::{BindError, Bound, Listener, SshSettings};
use decnet_sensor::{Emitter, Recordings};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// All decoys of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    bound: Vec<(Arc<Post>, SshSettings, Bound)>,
    posts: Vec<Arc<Post>>,
}

/// What is known of one decoy from outside.
#[derive(Debug)]
pub(crate) struct Post {
    decky: String,
    restarts: AtomicU64,
    // Written when a decoy begins or breaks, read by who asks how it is.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    address: SocketAddr,
    health: Health,
    error: String,
    counters: Arc<DecoyCounters>,
    /// What the counters of earlier starts had come to.
    before: Vec<u64>,
}

impl Fleet {
    /// Binds a decoy. One that cannot be bound is remembered as failed.
    pub(crate) async fn bind(&mut self, settings: SshSettings) -> Result<SocketAddr, BindError> {
        let (decky, address) = (settings.decky.clone(), settings.listen);
        let result = Listener::bind(settings.clone()).await;
        let state = match &result {
            Ok(bound) => State::new(bound.local_addr(), Health::Listening, bound.counters()),
            Err(error) => State {
                error: error.to_string(),
                ..State::new(address, Health::Failed, Arc::default())
            },
        };
        let post = Arc::new(Post { decky, restarts: AtomicU64::new(0), state: Mutex::new(state) });
        self.posts.push(Arc::clone(&post));
        let bound = result?;
        let address = bound.local_addr();
        // A restart takes the port that the first start was given.
        let settings = SshSettings { listen: address, ..settings };
        self.bound.push((post, settings, bound));
        Ok(address)
    }

    /// Where decoys listen.
    pub(crate) fn addresses(&self) -> Vec<(String, SocketAddr)> {
        self.bound.iter().map(|(post, _, bound)| (post.decky.clone(), bound.local_addr())).collect()
    }

    /// What is known of every decoy; keeps being true.
    pub(crate) fn posts(&self) -> Vec<Arc<Post>> {
        self.posts.clone()
    }

    /// Serves all bound decoys until `shutdown` says so, and until all have ended.
    pub(crate) async fn serve(
        self,
        emitter: Emitter,
        recordings: Arc<dyn Recordings>,
        shutdown: watch::Receiver<bool>,
    ) {
        let mut tasks = JoinSet::new();
        for (post, settings, bound) in self.bound {
            let emitter = emitter.clone();
            let recordings = Arc::clone(&recordings);
            let shutdown = shutdown.clone();
            tasks.spawn(keep(post, settings, bound, emitter, recordings, shutdown));
        }
        while tasks.join_next().await.is_some() {}
    }
}

impl State {
    fn new(address: SocketAddr, health: Health, counters: Arc<DecoyCounters>) -> Self {
        Self { address, health, error: String::new(), counters, before: Vec::new() }
    }
}

impl Post {
    /// How the decoy is.
    pub(crate) fn status(&self) -> Decoy {
        self.with(|state| Decoy {
            decky: self.decky.clone(),
            service: "ssh".to_owned(),
            address: state.address.to_string(),
            health: state.health,
            error: state.error.clone(),
            restarts: self.restarts.load(Ordering::Relaxed),
            counters: named(&state.counters)
                .into_iter()
                .enumerate()
                .map(|(i, (name, value))| Counter {
                    name: name.to_owned(),
                    value: value + state.before.get(i).copied().unwrap_or(0),
                })
                .collect(),
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn broke(&self, error: &str) {
        self.with(|state| {
            state.health = Health::Restarting;
            error.clone_into(&mut state.error);
        });
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    fn began(&self, bound: &Bound) {
        self.with(|state| {
            let so_far = named(&state.counters).into_iter().enumerate();
            state.before = so_far
                .map(|(i, (_, value))| value + state.before.get(i).copied().unwrap_or(0))
                .collect();
            state.counters = bound.counters();
            state.health = Health::Listening;
        });
    }
}

/// Serves one decoy, and starts it again with growing pauses.
async fn keep(
    post: Arc<Post>,
    settings: SshSettings,
    first: Bound,
    emitter: Emitter,
    recordings: Arc<dyn Recordings>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut next = Some(first);
    let mut pause = PAUSE_FIRST;
    loop {
        let begin = Instant::now();
        let failure = match next.take() {
            Some(bound) => {
                // A task of its own, so that a panic in it is a failure like others; in a set, so
                // that it ends when this one is given up.
                let mut serving = JoinSet::new();
                serving.spawn(bound.serve(
                    emitter.clone(),
                    Arc::clone(&recordings),
                    shutdown.clone(),
                ));
                match serving.join_next().await {
                    Some(Ok(Ok(()))) | None => return,
                    Some(Ok(Err(error))) => error.to_string(),
                    Some(Err(_)) => "broke off: a mistake of ours".to_owned(),
                }
            }
            None => match Listener::bind(settings.clone()).await {
                Ok(bound) => {
                    post.began(&bound);
                    next = Some(bound);
                    continue;
                }
                Err(error) => error.to_string(),
            },
        };
        post.broke(&failure);
        if begin.elapsed() > LASTED {
            pause = PAUSE_FIRST;
        }
        let seconds = pause.as_secs();
        tracing::warn!(decky = %post.decky, error = %failure, seconds, "Decoy stopped; restarting.");
        tokio::select! {
            () = sleep(pause) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
        pause = (pause * 2).min(PAUSE_MOST);
    }
}

fn named(counters: &DecoyCounters) -> [(&'static str, u64); 8] {
    let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    [
        ("connections_open", value(&counters.connections_open)),
        ("connections", value(&counters.connections_total)),
        ("refused", value(&counters.refused)),
        ("sessions_open", value(&counters.sessions_open)),
        ("sessions", value(&counters.sessions_total)),
        ("logins", value(&counters.logins)),
        ("auth_failures", value(&counters.auth_failures)),
        ("anomalies", value(&counters.anomalies)),
    ]
}

const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MOST: Duration = Duration::from_secs(60);
/// A decoy that served for so long begins again with the shortest pause.
const LASTED: Duration = Duration::from_secs(60);

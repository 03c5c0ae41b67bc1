//! The socket that listens: bind first, serve later, so that the two fail differently.
//!
//! **Invariant:** no peer can stop the accept loop, and a connection beyond a limit costs one
//! answer and three facts.

use crate::clock::Clock;
use crate::decoy::ssh::auth::AuthMemory;
use crate::decoy::ssh::connection::{Connection, Shared, serve, stopped};
use crate::decoy::ssh::{SshSettings, server};
use crate::decoy::{DecoyCounters, count, uncount};
use crate::emit::Emitter;
use crate::recording::Recordings;
use decnet_core::event::{
    About, Anomaly, CloseCause, ConnectionId, Event, Origin, PeerFact, Service,
};
use decnet_core::octets::Octets;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where an SSH decoy begins.
#[derive(Clone, Copy, Debug)]
pub struct Listener;

/// A decoy that has its socket and does not answer yet.
#[derive(Debug)]
pub struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    settings: SshSettings,
    counters: Arc<DecoyCounters>,
}

/// A decoy that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be had.
    #[error("decoy {name}: cannot bind {address}: {source}")]
    Address {
        /// The decoy.
        name: String,
        /// Where it should listen.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The identification line is none.
    #[error("decoy {name}: {server_id:?} is no SSH identification")]
    ServerId {
        /// The decoy.
        name: String,
        /// What was configured.
        server_id: String,
    },
    /// There is no host key.
    #[error("decoy {name}: no host key")]
    NoHostKey {
        /// The decoy.
        name: String,
    },
}

/// A decoy that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket gives no more connections.
    #[error("decoy {name}: cannot accept: {source}")]
    Accept {
        /// The decoy.
        name: String,
        /// Why not.
        source: io::Error,
    },
}

impl Listener {
    /// Binds the socket, and checks what can be checked before the first peer.
    ///
    /// # Errors
    /// [`BindError`]: the operator's to mend, or to wait for.
    pub async fn bind(settings: SshSettings) -> Result<Bound, BindError> {
        let name = settings.name.clone();
        let line = settings.server_id.as_bytes();
        if !line.starts_with(b"SSH-2.0-") || line.len() > 253 || line.iter().any(|&b| b < b' ') {
            return Err(BindError::ServerId { name, server_id: settings.server_id });
        }
        if settings.host_keys.is_empty() {
            return Err(BindError::NoHostKey { name });
        }
        let address = settings.listen;
        let failed = |source| BindError::Address { name: name.clone(), address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Bound { socket, address, settings, counters: Arc::default() })
    }
}

impl Bound {
    /// Where the decoy listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What the decoy did so far; keeps counting while it serves.
    #[must_use]
    pub fn counters(&self) -> Arc<DecoyCounters> {
        Arc::clone(&self.counters)
    }

    /// Serves until `shutdown` says `true` or has no sender any more; then closes all connections
    /// by facts, within two seconds.
    ///
    /// # Errors
    /// [`ServeError`] where the socket fails for good; connections that are open are closed first.
    pub async fn serve(
        self,
        emitter: Emitter,
        recordings: Arc<dyn Recordings>,
        shutdown: watch::Receiver<bool>,
    ) -> Result<(), ServeError> {
        let library = Arc::new(server::config(&self.settings));
        let shared = Shared {
            settings: Arc::new(self.settings),
            library,
            memory: Arc::new(AuthMemory::default()),
            counters: self.counters,
            recordings,
            emitter,
        };
        let settings = Arc::clone(&shared.settings);
        let (stop, stopping) = watch::channel(false);
        let open = Arc::new(Open::default());
        let mut tasks = JoinSet::new();
        let mut failures = 0;
        tracing::info!(decky = %settings.decky, decoy = %settings.name, address = %self.address,
            "Decoy listens.");
        let result = loop {
            tokio::select! {
                () = stopped(shutdown.clone()) => break Ok(()),
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!(decoy = %settings.name, %error, "Connection task failed.");
                    }
                }
                accepted = self.socket.accept() => match accepted {
                    Ok((socket, peer)) => {
                        failures = 0;
                        accept(&shared, &open, &mut tasks, &stopping, socket, peer);
                    }
                    Err(source) if failures >= ACCEPT_FAILURES => {
                        break Err(ServeError::Accept { name: settings.name.clone(), source });
                    }
                    Err(error) => {
                        // Out of descriptors, most likely: connections that end give them back.
                        failures += 1;
                        tracing::warn!(decoy = %settings.name, %error, "Accept failed; waiting.");
                        tokio::time::sleep(ACCEPT_WAIT).await;
                    }
                },
            }
        };
        drop(self.socket);
        let _ = stop.send(true);
        while tasks.join_next().await.is_some() {}
        tracing::info!(decky = %settings.decky, decoy = %settings.name, "Decoy stopped.");
        result
    }
}

fn accept(
    shared: &Shared,
    open: &Arc<Open>,
    tasks: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
    socket: TcpStream,
    peer: SocketAddr,
) {
    let clock = Clock::start();
    let settings = &shared.settings;
    let origin = Origin {
        decky: settings.decky.clone(),
        service: Service::Ssh,
        connection: ConnectionId(uuid::Uuid::new_v4()),
        peer,
        local: socket.local_addr().unwrap_or(settings.listen),
    };
    let limits = settings.limits;
    let address = peer.ip().to_canonical();
    let place = match open.enter(address, limits.connections_per_address, limits.connections) {
        Ok(place) => place,
        Err(connections) => {
            count(&shared.counters.refused);
            refuse(shared, clock, origin, connections, &socket);
            return;
        }
    };
    // Echoes leave at once, as sshd's do; a socket that refuses this is slower and no more.
    let _ = socket.set_nodelay(true);
    let counted = Counted::new(&shared.counters);
    let connection = Arc::new(Connection::new(shared, origin, clock));
    let library = Arc::clone(&shared.library);
    let stopping = stopping.clone();
    tasks.spawn(async move {
        serve(connection, library, socket, stopping).await;
        drop((place, counted));
    });
}

/// A connection too many: OpenSSH's word, and closed.
fn refuse(shared: &Shared, clock: Clock, origin: Origin, connections: usize, socket: &TcpStream) {
    let sent = socket.try_write(b"Exceeded MaxStartups\r\n").unwrap_or(0);
    count(&shared.counters.anomalies);
    let origin = Arc::new(origin);
    let detail = Octets::from(connections.to_string());
    let facts = [
        PeerFact::ConnectionOpened {},
        PeerFact::Anomaly { what: Anomaly::TooManyConnections, detail },
        PeerFact::ConnectionClosed {
            cause: CloseCause::Limit,
            received: 0,
            sent: u64::try_from(sent).unwrap_or(0),
        },
    ];
    for fact in facts {
        let about = About::Peer { origin: Arc::clone(&origin), fact };
        shared.emitter.emit_now(Event { at: clock.now(), about });
    }
}

/// Connections open, by address. Entered by the accept loop, left by the connections' tasks; the
/// lock is held for a look-up.
#[derive(Debug, Default)]
struct Open {
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Open {
    /// A place, or how many connections there are that leave none.
    fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        per_address: usize,
        in_all: usize,
    ) -> Result<Place, usize> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.all >= in_all {
            return Err(places.all);
        }
        let here = places.by_address.entry(address).or_default();
        if *here >= per_address {
            return Err(*here);
        }
        *here += 1;
        places.all += 1;
        Ok(Place { open: Arc::clone(self), address })
    }
}

#[derive(Debug)]
struct Place {
    open: Arc<Open>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.open.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.all = places.all.saturating_sub(1);
        if let Some(here) = places.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                places.by_address.remove(&self.address);
            }
        }
    }
}

struct Counted(Arc<DecoyCounters>);

impl Counted {
    fn new(counters: &Arc<DecoyCounters>) -> Self {
        count(&counters.connections_total);
        count(&counters.connections_open);
        Self(Arc::clone(counters))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        uncount(&self.0.connections_open);
    }
}

const ACCEPT_FAILURES: u32 = 100;
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

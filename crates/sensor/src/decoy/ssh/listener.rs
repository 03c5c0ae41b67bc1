//! The socket that listens: bind first, serve later, so that the two fail differently.
//!
//! **Invariant:** no peer can stop the accept loop, and a connection beyond a limit costs one
//! answer and three facts.

use crate::clock::Clock;
use crate::decoy::allowance::Allowance;
use crate::decoy::ssh::auth::AuthMemory;
use crate::decoy::ssh::connection::{Connection, Shared, stopped};
use crate::decoy::ssh::line;
use crate::decoy::ssh::voice::Voice;
use crate::decoy::ssh::{SshLimits, SshSettings};
use crate::decoy::{DecoyCounters, count, uncount};
use crate::emit::Emitter;
use crate::recording::Recordings;
use decnet_core::dialogue::ssh::{Config, Release};
use decnet_core::event::{
    About, Anomaly, CloseCause, ConnectionId, Event, Origin, PeerFact, Service, network,
};
use decnet_core::limits::JOURNAL_ADDRESSES;
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
        line::stamp(&socket);
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
        let mut settings = self.settings;
        let config = Config {
            release: Release::nearest(&settings.server_id),
            line: settings.server_id.clone(),
            host_keys: std::mem::take(&mut settings.host_keys),
            auth_tries: settings.limits.auth_tries,
            port: self.address.port(),
        };
        let shared = Shared {
            settings: Arc::new(settings),
            config: Arc::new(config),
            memory: Arc::new(AuthMemory::default()),
            counters: self.counters,
            recordings,
            emitter,
            waiting: Arc::default(),
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
    let address = network(peer.ip());
    let place = match open.enter(address, &limits) {
        Ok(place) => place,
        Err(refusal) => {
            count(&shared.counters.refused);
            refuse(shared, clock, origin, &refusal, &socket);
            return;
        }
    };
    let counted = Counted::new(&shared.counters);
    let allowance = Arc::clone(&place.allowance);
    let voice = Voice::new(origin, allowance, Arc::clone(&shared.counters), shared.emitter.clone());
    let connection = Connection::new(shared, voice, clock, socket);
    let stopping = stopping.clone();
    tasks.spawn(async move {
        connection.serve(place.untold, stopping).await;
        drop((place, counted));
    });
}

/// A connection too many: OpenSSH's word, and closed.
fn refuse(shared: &Shared, clock: Clock, origin: Origin, refusal: &Refusal, socket: &TcpStream) {
    let sent = socket.try_write(b"Exceeded MaxStartups\r\n").unwrap_or(0);
    count(&shared.counters.anomalies);
    let origin = Arc::new(origin);
    let Refusal::Recorded { connections, allowance } = refusal else { return };
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
        let event = Event { at: clock.now(), about };
        allowance.take(&event);
        shared.emitter.emit_now(event);
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
    by_address: HashMap<IpAddr, Here>,
}

/// What is known of an address.
#[derive(Debug)]
struct Here {
    open: usize,
    allowance: Arc<Allowance>,
    /// Connections that were closed without a fact, since the last one that had some.
    untold: u64,
}

/// Why there is no place.
#[derive(Debug)]
enum Refusal {
    /// So many connections are open.
    Recorded { connections: usize, allowance: Arc<Allowance> },
    /// The address has caused too much already; it is counted.
    Counted,
}

impl Open {
    /// A place, or why there is none.
    fn enter(self: &Arc<Self>, address: IpAddr, limits: &SshLimits) -> Result<Place, Refusal> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let all = places.all;
        places.make_room();
        let here = places.by_address.entry(address).or_insert_with(|| Here {
            open: 0,
            allowance: Arc::new(Allowance::new(limits.burst)),
            untold: 0,
        });
        if here.allowance.debt().is_some() {
            here.untold += 1;
            return Err(Refusal::Counted);
        }
        let allowance = Arc::clone(&here.allowance);
        let is_full = all >= limits.connections;
        if is_full || here.open >= limits.connections_per_address {
            let connections = if is_full { all } else { here.open };
            return Err(Refusal::Recorded { connections, allowance });
        }
        here.open += 1;
        let untold = std::mem::take(&mut here.untold);
        places.all += 1;
        Ok(Place { open: Arc::clone(self), address, allowance, untold })
    }
}

impl Places {
    /// Forgets addresses without a connection: those that owe nothing, and where that is not
    /// enough, any.
    fn make_room(&mut self) {
        if self.by_address.len() < JOURNAL_ADDRESSES {
            return;
        }
        self.by_address
            .retain(|_, here| here.open > 0 || here.untold > 0 || !here.allowance.is_whole());
        if self.by_address.len() >= JOURNAL_ADDRESSES {
            self.by_address.retain(|_, here| here.open > 0);
        }
    }
}

#[derive(Debug)]
struct Place {
    open: Arc<Open>,
    address: IpAddr,
    allowance: Arc<Allowance>,
    /// Connections of the address before this one that have no facts.
    untold: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.open.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.all = places.all.saturating_sub(1);
        if let Some(here) = places.by_address.get_mut(&self.address) {
            here.open = here.open.saturating_sub(1);
            if here.open == 0 && here.untold == 0 && here.allowance.is_whole() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_64_bits_is_one_peer() {
        let check = |address: &str, expected: &str| {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected);
        };
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
        check("192.0.2.7", "192.0.2.7");
        check("::ffff:192.0.2.7", "192.0.2.7");
    }

    #[test]
    fn an_address_that_caused_too_much_is_only_counted_until_it_is_paid_back() {
        let open = Arc::new(Open::default());
        let address = IpAddr::from([192, 0, 2, 7]);
        let limits = SshLimits { burst: 64 << 20, ..SshLimits::default() };
        let detail = Octets::from(vec![0; 16 << 20]);
        let fact = PeerFact::Anomaly { what: Anomaly::SshIdentInvalid, detail };
        let origin = Origin {
            decky: "decky-01".to_owned(),
            service: Service::Ssh,
            connection: ConnectionId(uuid::Uuid::nil()),
            peer: "192.0.2.7:1".parse().unwrap(),
            local: "192.0.2.1:22".parse().unwrap(),
        };
        let about = About::Peer { origin: Arc::new(origin), fact };
        let event = Event { at: decnet_core::event::Timestamp(0), about };
        let place = open.enter(address, &limits).unwrap();
        for _ in 0..2 {
            place.allowance.take(&event);
        }
        drop(place);
        assert!(matches!(open.enter(address, &limits), Err(Refusal::Counted)));
        assert!(open.enter(IpAddr::from([192, 0, 2, 8]), &limits).is_ok());
        let mut places = open.places.lock().unwrap();
        let here = places.by_address.get_mut(&address).unwrap();
        assert_eq!(here.untold, 1);
        here.allowance = Arc::default();
        drop(places);
        assert_eq!(open.enter(address, &limits).unwrap().untold, 1);
    }
}

//! The SSH decoy: an OpenSSH server as far as a peer can tell.
//!
//! **Invariant:** what is said on the wire is the dialogue's; what happens behind it is the
//! persona's; this folder moves bytes, instants and facts between them.

mod artifact;
mod auth;
mod connection;
mod disks;
mod keys;
mod line;
mod listener;
mod network;
mod random;
mod session;
mod tunnel;
mod voice;

pub use auth::{AuthPolicy, AuthRule, Pattern};
pub use keys::{HostKey, HostKeyError, generate_host_keys};
pub use listener::{BindError, Bound, Listener, ServeError};

use decnet_core::limits;
use decnet_persona::Machine;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// What an SSH decoy is.
#[derive(Clone, Debug)]
pub struct SshSettings {
    /// The decky's name.
    pub decky: String,
    /// The decoy's own name, for logs.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The identification line without its ending.
    pub server_id: String,
    /// Host keys, in the order in which a client's preferences are met.
    pub host_keys: Vec<HostKey>,
    /// Who is let in.
    pub auth: AuthPolicy,
    /// The machine behind the shell.
    pub machine: Arc<Machine>,
    /// Caps.
    pub limits: SshLimits,
    /// How long things take.
    pub timing: SshTiming,
}

/// Caps of an SSH decoy; the defaults are those of [`decnet_core::limits`].
#[derive(Clone, Copy, Debug)]
pub struct SshLimits {
    /// From accept to a successful login.
    pub grace: Duration,
    /// Without a byte from a logged-in peer.
    pub idle: Duration,
    /// How long a session may last.
    pub session: Duration,
    /// Connections open at once from one address.
    pub connections_per_address: usize,
    /// Connections open at once in all.
    pub connections: usize,
    /// Bytes that one address may cause to be written down at once.
    pub burst: i64,
    /// Failed tries to log in, in one connection.
    pub auth_tries: u32,
    /// How long what an address has changed on the machine is there for its next connection.
    pub changes: Duration,
}

impl Default for SshLimits {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(limits::LOGIN_GRACE_S),
            idle: Duration::from_secs(limits::IDLE_S),
            session: Duration::from_secs(limits::SESSION_S),
            connections_per_address: limits::CONNECTIONS_PER_ADDRESS,
            connections: limits::CONNECTIONS_MAX,
            burst: limits::JOURNAL_BURST_BYTES,
            auth_tries: limits::SSH_AUTH_TRIES,
            changes: Duration::from_secs(limits::DISK_DAYS * 86_400),
        }
    }
}

/// How long things take that are quick here and slow on a real machine: drawn anew each time.
#[derive(Clone, Debug)]
pub struct SshTiming {
    /// From accept to the identification line, ms: a fork and an exec.
    pub ident_ms: RangeInclusive<u64>,
    /// For a password that is right, ms: a slow hash.
    pub accept_ms: RangeInclusive<u64>,
    /// For a password that is wrong, ms: the same, and PAM's delay.
    pub refuse_ms: RangeInclusive<u64>,
    /// For a key or method that is refused, ms: OpenSSH's least time of a failure.
    pub refuse_key_ms: RangeInclusive<u64>,
}

impl Default for SshTiming {
    fn default() -> Self {
        Self {
            ident_ms: 15..=45,
            accept_ms: 60..=160,
            refuse_ms: 2_000..=4_600,
            refuse_key_ms: 5..=9,
        }
    }
}

impl SshTiming {
    /// Everything at once: for tests.
    #[must_use]
    pub fn immediate() -> Self {
        Self { ident_ms: 0..=0, accept_ms: 0..=0, refuse_ms: 0..=0, refuse_key_ms: 0..=0 }
    }
}

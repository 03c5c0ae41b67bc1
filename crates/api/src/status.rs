//! How the running program is: what `decnet status` shows.
//!
//! **Invariant:** numbers about us; nothing that an attacker chose.

use serde::{Deserialize, Serialize};

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Always true: a program that does not run does not answer.
    pub running: bool,
    /// Version of the running program, which may differ from that of the one who asks.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Seconds since then.
    pub uptime_s: u64,
    /// The data folder.
    pub data: String,
    /// Every decoy of the configuration, those that do not listen included.
    pub decoys: Vec<Decoy>,
    /// The sniffer.
    #[serde(default)]
    pub sniffer: Sniffer,
    /// The store.
    pub store: Store,
    /// Events dropped since the begin, at a limit or because the queue was full.
    pub events_lost: u64,
}

/// One decoy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoy {
    /// The decky that it belongs to.
    pub decky: String,
    /// Its protocol.
    pub service: String,
    /// The address that it is bound to; the configured one while it is not.
    pub address: String,
    /// How it is.
    pub health: Health,
    /// What went wrong last; empty where nothing did.
    pub error: String,
    /// Times that it was started again.
    pub restarts: u64,
    /// What it counts, by name.
    pub counters: Vec<Counter>,
}

/// How a decoy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It accepts connections.
    Listening,
    /// It stopped and waits to be started again.
    Restarting,
    /// It could not be bound, and will not be tried again.
    Failed,
}

/// One number of a decoy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// What watches the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sniffer {
    /// Whether it watches.
    pub watching: bool,
    /// The names of the interfaces that it watches.
    pub interfaces: Vec<String>,
    /// Why it does not watch; empty where it does, and where it shall not.
    pub error: String,
    /// Packets that it looked at.
    pub packets: u64,
    /// Packets that the kernel had no room for.
    pub packets_lost: u64,
    /// TCP connections with data that it followed.
    pub flows: u64,
    /// Connections and handshakes that it gave up at a limit.
    pub given_up: u64,
    /// Facts that became events.
    pub facts: u64,
    /// Facts that did not: too many of one source, or no place in the queue.
    pub facts_lost: u64,
}

/// The store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Where, without a password.
    pub url: String,
    /// Events in the journal that this run has committed.
    pub committed: u64,
    /// Events waiting to be committed.
    pub lag: u64,
    /// Whether a commit failed and is tried again.
    pub retrying: bool,
    /// What the last failed commit said; empty where none failed.
    pub error: String,
}

impl Health {
    /// One word for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Listening => "listening",
            Self::Restarting => "restarting",
            Self::Failed => "failed",
        }
    }
}

//! What of a client's packets is only counted: their sizes and instants, IGNORE, DEBUG, rekeying.
//!
//! **Invariant:** of a fixed size, however long a connection lives.

use crate::event::{PacketSeen, PeerFact, Side, Timestamp};
use crate::limits::{SSH_ODDITIES, SSH_PACKETS_SEEN};

/// Counts of one connection.
#[derive(Debug)]
pub(super) struct Traffic {
    begin: Timestamp,
    first: Vec<PacketSeen>,
    packets: u64,
    bytes: u64,
    ignored: u32,
    ignored_bytes: u64,
    debugged: u32,
    unimplemented: u32,
    extended: u32,
    client_exchanges: u32,
    server_exchanges: u32,
}

impl Traffic {
    pub(super) fn new(begin: Timestamp) -> Self {
        Self {
            begin,
            first: Vec::new(),
            packets: 0,
            bytes: 0,
            ignored: 0,
            ignored_bytes: 0,
            debugged: 0,
            unimplemented: 0,
            extended: 0,
            client_exchanges: 0,
            server_exchanges: 0,
        }
    }

    /// A packet of this many bytes on the wire.
    pub(super) fn packet(&mut self, at: Timestamp, bytes: usize) {
        self.packets += 1;
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.first.len() < SSH_PACKETS_SEEN {
            let since = at.0.saturating_sub(self.begin.0) / 1_000;
            self.first.push(PacketSeen {
                at_us: u64::try_from(since).unwrap_or(0),
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            });
        }
    }

    /// An IGNORE with so many bytes behind its number.
    pub(super) fn ignored(&mut self, bytes: usize) {
        self.ignored = self.ignored.saturating_add(1);
        self.ignored_bytes = self.ignored_bytes.saturating_add(bytes as u64);
    }

    /// A DEBUG; whether it is among those that are told one by one.
    pub(super) fn debugged(&mut self) -> bool {
        self.debugged = self.debugged.saturating_add(1);
        self.debugged <= SSH_ODDITIES
    }

    /// An UNIMPLEMENTED, likewise.
    pub(super) fn unimplemented(&mut self) -> bool {
        self.unimplemented = self.unimplemented.saturating_add(1);
        self.unimplemented <= SSH_ODDITIES
    }

    /// An `EXT_INFO`, likewise.
    pub(super) fn extended(&mut self) -> bool {
        self.extended = self.extended.saturating_add(1);
        self.extended <= SSH_ODDITIES
    }

    /// A later exchange of keys, by who began it.
    pub(super) fn exchanged(&mut self, by: Side) {
        let count = match by {
            Side::Client => &mut self.client_exchanges,
            Side::Server => &mut self.server_exchanges,
        };
        *count = count.saturating_add(1);
    }

    /// All of it.
    pub(super) fn fact(&self) -> Option<PeerFact> {
        (self.packets > 0).then(|| PeerFact::SshPackets {
            first: self.first.clone(),
            packets: self.packets,
            bytes: self.bytes,
            ignored: self.ignored,
            ignored_bytes: self.ignored_bytes,
            debugged: self.debugged,
            unimplemented: self.unimplemented,
            client_exchanges: self.client_exchanges,
            server_exchanges: self.server_exchanges,
        })
    }
}

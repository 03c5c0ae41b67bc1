//! Flows made of packets that the tests write themselves, and captures from elsewhere.

mod captures;
mod laws;
mod shards;
mod windows;

use std::net::Ipv4Addr;

use crate::flow::capture::Record;
use crate::flow::shard::Shard;
use crate::flow::splitter::Splitter;
use crate::flow::tracker::{Config, Counts, End, Event, SHARDS, Wants};
use crate::wire::tcp::{ACK, SYN};

/// All shards, in one thread.
pub(super) struct Tracker {
    splitter: Splitter,
    shards: Vec<Shard>,
}

impl Tracker {
    pub(super) fn new(config: Config) -> Self {
        let shards = (0..SHARDS).map(|_| Shard::new(&config)).collect();
        Self { splitter: Splitter::new(&config), shards }
    }

    pub(super) fn counts(&self) -> Counts {
        self.shards.iter().fold(self.splitter.counts(), |sum, shard| sum.and(shard.counts()))
    }

    pub(super) fn packet(&mut self, record: &Record<'_>, out: &mut impl FnMut(Event<'_>) -> Wants) {
        if let Some(packet) = self.splitter.packet(record) {
            self.shards[packet.shard()].packet(&packet, out);
        }
    }

    pub(super) fn pass(&mut self, now_ns: u64, out: &mut impl FnMut(Event<'_>) -> Wants) {
        self.shards.iter_mut().for_each(|shard| shard.pass(now_ns, out));
    }

    pub(super) fn stop(&mut self, out: &mut impl FnMut(Event<'_>) -> Wants) {
        let numbered = self.shards.iter().enumerate();
        let mut all: Vec<_> = numbered
            .flat_map(|(number, shard)| shard.flows().map(move |(id, place)| (id, number, place)))
            .collect();
        all.sort_unstable();
        for (_, number, place) in all {
            self.shards[number].end(place, End::Stopped, out);
        }
    }
}

/// A packet to be written, sent from port 1,000 of `from` to port 22 of `to` unless turned.
#[derive(Clone)]
pub(super) struct Packet {
    pub(super) from: (u32, u16),
    pub(super) to: (u32, u16),
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u16,
    pub(super) options: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) at_ms: u64,
}

impl Packet {
    pub(super) fn new(from: u32, flags: u16, seq: u32, payload: &[u8]) -> Self {
        Self {
            from: (from, 1_000),
            to: (1, 22),
            seq,
            ack: 0,
            flags,
            options: Vec::new(),
            payload: payload.to_vec(),
            at_ms: 0,
        }
    }

    pub(super) fn turned(mut self) -> Self {
        (self.from, self.to) = (self.to, self.from);
        self
    }

    pub(super) fn acks(mut self, ack: u32) -> Self {
        self.ack = ack;
        self.flags |= ACK;
        self
    }

    pub(super) fn at(mut self, at_ms: u64) -> Self {
        self.at_ms = at_ms;
        self
    }

    /// As raw IP.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = (40 + self.options.len() + self.payload.len()) as u16;
        let mut bytes = vec![0x45, 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend(Ipv4Addr::from(self.from.0).octets());
        bytes.extend(Ipv4Addr::from(self.to.0).octets());
        bytes.extend(self.from.1.to_be_bytes());
        bytes.extend(self.to.1.to_be_bytes());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.ack.to_be_bytes());
        let words = 5 + self.options.len() as u16 / 4;
        bytes.extend((words << 12 | self.flags).to_be_bytes());
        bytes.extend([0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend(&self.options);
        bytes.extend(&self.payload);
        bytes
    }

    /// A handshake between `from` and the decoy: initial sequence numbers 100 and 500.
    pub(super) fn handshake(from: u32) -> [Self; 3] {
        [
            Self::new(from, SYN, 100, b""),
            Self::new(from, SYN, 500, b"").acks(101).turned(),
            Self::new(from, 0, 101, b"").acks(501),
        ]
    }
}

pub(super) fn record(frame: u64, at_ms: u64, bytes: &[u8]) -> Record<'_> {
    let original = bytes.len() as u32;
    Record { frame, link: 101, at_ns: at_ms * 1_000_000, original, bytes }
}

//! From packets to flows: what is kept of them, and what is told.
//!
//! A [`Splitter`](super::splitter::Splitter) says which [`Shard`](super::shard::Shard) each packet
//! belongs to. All that a packet causes comes from its shard, so that the events put in the order of
//! their packets are the same whoever runs the shards, one thread or several.
//!
//! **Invariant:** handshakes, flows of one side and flows of both sides have caps of their own, so
//! that whoever forges addresses cannot push out flows in which both sides have spoken. What is
//! given up is counted, and time never has to go forward.

use crate::event::Side;
use crate::flow::tcp::{Endpoint, Flow, Moment, Opening};
use crate::flow::window::SshWindow;
use crate::limits::{
    FLOW_BUFFER_BYTES, FLOW_IDLE_NS, FLOW_STREAM_BYTES, FLOWS, FLOWS_HALF_OPEN, FLOWS_ONE_SIDED,
};

/// What all shards together may keep.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Bytes of each direction that are put together.
    pub stream_bytes: usize,
    /// Flows in which both sides have spoken.
    pub flows: usize,
    /// Flows of which one side is seen.
    pub one_sided: usize,
    /// Connections that are not more than a handshake.
    pub half_open: usize,
    /// Bytes of all streams; those of flows of one side may have a quarter of it.
    pub buffer_bytes: usize,
    /// Silence after which a flow has ended.
    pub idle_ns: u64,
    /// What the places in the tables depend on, and which flows share a shard; no peer should know
    /// it.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stream_bytes: FLOW_STREAM_BYTES,
            flows: FLOWS,
            one_sided: FLOWS_ONE_SIDED,
            half_open: FLOWS_HALF_OPEN,
            buffer_bytes: FLOW_BUFFER_BYTES,
            idle_ns: FLOW_IDLE_NS,
            seed: 0x5bd1_e995_9e37_79b9,
        }
    }
}

/// What a shard tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// A SYN or SYN-ACK.
    Opening {
        /// Who sent it.
        from: Endpoint,
        /// To whom.
        to: Endpoint,
        /// What it says.
        opening: &'a Opening,
        /// 1, or more if it was sent before.
        attempt: u32,
        /// Nanoseconds since it was sent last.
        since_ns: Option<u64>,
    },
    /// There is more of a direction. The answer tells whether it is put together further.
    Bytes {
        /// The flow.
        flow: &'a Flow,
        /// Whose direction.
        side: Side,
        /// All of it from its first byte on, or from behind the last that was used.
        bytes: &'a [u8],
        /// The packet that brought the last that was missing.
        at: Moment,
    },
    /// A UDP datagram.
    Datagram {
        /// Who sent it.
        from: Endpoint,
        /// To whom.
        to: Endpoint,
        /// What was captured of the payload.
        bytes: &'a [u8],
        /// The packet.
        at: Moment,
    },
    /// A flow of which windows are wanted has filled one, or is about to end with one that it has
    /// not filled.
    Window {
        /// The flow.
        flow: &'a Flow,
        /// What was sent in it.
        window: &'a SshWindow,
        /// The packet that filled it, or the flow's latest.
        at: Moment,
    },
    /// A flow is over.
    Ended {
        /// The flow.
        flow: &'a Flow,
        /// Why.
        why: End,
    },
}

/// Why a flow is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both sides finished.
    Finished,
    /// One side reset it.
    Reset,
    /// Another connection began between the same ports.
    Reused,
    /// It was silent for too long.
    Idle,
    /// A cap was reached.
    Evicted,
    /// Nothing more is read.
    Stopped,
}

/// Whether who got bytes of a direction wants more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// It does.
    More,
    /// It does, and so many bytes of it were used: they are not given again.
    Used(usize),
    /// It does not; the direction is only counted from here on.
    Enough,
    /// It does not, and wants to be told of the flow's [windows](Event::Window).
    Windows,
}

/// What went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Packets of something else than IP.
    pub not_ip: u64,
    /// Packets that end inside a header.
    pub cut: u64,
    /// Packets whose headers contradict themselves.
    pub broken: u64,
    /// Flows that began.
    pub flows: u64,
    /// Flows of both sides that were given up at a cap.
    pub evicted: u64,
    /// Flows of one side that were given up at a cap.
    pub evicted_one_sided: u64,
    /// Handshakes that were given up at a cap.
    pub evicted_half_open: u64,
    /// Flows whose streams were given up at the cap of all streams; they are counted on.
    pub given_up_streams: u64,
    /// Fragments, and packets of fragments, that were given up.
    pub given_up_fragments: u64,
    /// Handshakes over UDP that were given up at a cap.
    pub given_up_datagrams: u64,
}

impl Counts {
    /// What went through here and what went through there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            not_ip: self.not_ip + other.not_ip,
            cut: self.cut + other.cut,
            broken: self.broken + other.broken,
            flows: self.flows + other.flows,
            evicted: self.evicted + other.evicted,
            evicted_one_sided: self.evicted_one_sided + other.evicted_one_sided,
            evicted_half_open: self.evicted_half_open + other.evicted_half_open,
            given_up_streams: self.given_up_streams + other.given_up_streams,
            given_up_fragments: self.given_up_fragments + other.given_up_fragments,
            given_up_datagrams: self.given_up_datagrams + other.given_up_datagrams,
        }
    }
}

/// Parts that flows are dealt out to; each has this part of every cap.
pub const SHARDS: usize = 16;

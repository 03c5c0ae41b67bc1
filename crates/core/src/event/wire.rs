//! Facts that are seen on the wire: how connections are opened and behave, and what is said on them
//! before encryption.
//!
//! **Invariant:** values as they were sent. Each list is a bounded sample beside a count of all.

use super::Side;
use crate::octets::{Binary, Octets};
use crate::wire::tls::hello::Transport;
use serde::{Deserialize, Serialize};

/// A SYN, or with [`Side::Server`] a SYN-ACK, RFC 9293 §3.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpSyn {
    /// Who sent it.
    pub side: Side,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Type of service, or traffic class; ECN is its last two bits.
    pub tos: u8,
    /// IPv4's identification; nothing of IPv6.
    pub ip_id: Option<u16>,
    /// IPv4's three flags: reserved, don't fragment, more fragments; nothing of IPv6.
    pub ip_flags: Option<u8>,
    /// IPv6's flow label; of IPv4 zero.
    pub flow_label: u32,
    /// Bytes of IP options.
    pub ip_options: u8,
    /// Initial sequence number.
    pub isn: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// The twelve bits behind the header's length: three reserved, AE, CWR, ECE, URG, ACK, PSH, RST,
    /// SYN, FIN.
    pub flags: u16,
    /// Window, not scaled.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// TCP options, raw, with their padding.
    pub options: Binary,
    /// Bytes of payload.
    pub payload: u16,
    /// 1, or more if the same was sent before.
    pub attempt: u32,
    /// Nanoseconds since it was sent the time before.
    pub since_ns: Option<u64>,
}

/// What became of a TCP connection, told at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpFlow {
    /// From its first packet to its last, nanoseconds.
    pub took_ns: u64,
    /// How it ended.
    pub end: FlowEnd,
    /// What the one who opened it sent.
    pub client: FlowSide,
    /// What the other sent.
    pub server: FlowSide,
}

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Both sides finished.
    Finished,
    /// One side reset it.
    Reset,
    /// Another connection began between the same ports.
    Reused,
    /// It was silent for too long.
    Idle,
    /// It was given up, since there were too many.
    Evicted,
    /// Nothing more is read.
    Stopped,
}

impl FlowEnd {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Reset => "reset",
            Self::Reused => "reused",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
            Self::Stopped => "stopped",
        }
    }
}

/// One direction of a TCP connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowSide {
    /// Packets.
    pub packets: u64,
    /// Bytes of payload, repeated ones too.
    pub bytes: u64,
    /// Maximum segment size that its SYN names; nothing without option or SYN.
    pub mss: Option<u16>,
    /// Whether its SYN asks not to be fragmented; nothing without SYN.
    pub df: Option<bool>,
    /// Bytes of the largest payload.
    pub max_segment: u32,
    /// Segments with payload before the first acknowledgement of any of it.
    pub flight_segments: u32,
    /// Bytes of those.
    pub flight_bytes: u64,
    /// Segments with payload that were sent again.
    pub repeats: u32,
    /// The first of those: which try it was, and nanoseconds since the first.
    pub repeated: Vec<(u16, u64)>,
    /// Gaps in bursts: between segments with payload and without an answer in between.
    pub gaps: u32,
    /// The first of those, nanoseconds.
    pub gaps_ns: Vec<u32>,
    /// Packets marked ECT(0), ECT(1), CE, RFC 3168 §5.
    pub marks: [u32; 3],
    /// Packets behind the SYN with ECE, and with CWR.
    pub echoes: [u32; 2],
    /// Whether a router refused its packets as too big.
    pub too_big: Option<TooBig>,
    /// Nanoseconds since the connection's first packet, and the timestamp sent then, RFC 7323 §3.
    pub ticks: Vec<(u64, u32)>,
}

/// ICMP "fragmentation needed" (RFC 792) or `ICMPv6` "packet too big" (RFC 4443 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooBig {
    /// The smallest MTU named, bytes.
    pub mtu: u32,
    /// How many came.
    pub count: u32,
}

/// Packets of an SSH connection while they are counted: a window of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshTraffic {
    /// Segments with payload of the client.
    pub client_packets: u32,
    /// Segments with payload of the server.
    pub server_packets: u32,
    /// Bare acknowledgements of the client.
    pub client_acks: u32,
    /// Bare acknowledgements of the server.
    pub server_acks: u32,
    /// The most frequent payload of the client, bytes; 0 without any.
    pub client_mode: u32,
    /// The most frequent payload of the server, bytes; 0 without any.
    pub server_mode: u32,
    /// Whether the window is whole, or was cut by the connection's end.
    pub extent: WindowExtent,
}

/// Whether a window of packets is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowExtent {
    /// It is.
    Whole,
    /// The connection ended inside it.
    Cut,
}

/// What carries a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// TLS over TCP.
    Tcp,
    /// QUIC, RFC 9001.
    Quic,
    /// DTLS, RFC 9147.
    Dtls,
}

impl Carrier {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Quic => "quic",
            Self::Dtls => "dtls",
        }
    }

    /// How hellos are written that it carries.
    #[must_use]
    pub fn transport(self) -> Transport {
        match self {
            Self::Tcp | Self::Quic => Transport::Stream,
            Self::Dtls => Transport::Datagram,
        }
    }
}

/// A handshake message of TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsMessage {
    /// What carried it.
    pub carrier: Carrier,
    /// Its body, whole, as sent: without the message's header.
    pub body: Binary,
}

/// A certificate message of TLS 1.2 and before: the chain in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsCertificates {
    /// Who sent it.
    pub side: Side,
    /// What carried it.
    pub carrier: Carrier,
    /// X.509 certificates in DER, in the order sent.
    pub chain: Vec<Binary>,
}

/// A request of HTTP/1 (RFC 9112) or HTTP/2 (RFC 9113), without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Version as sent behind `HTTP/`; `2` of HTTP/2.
    pub version: Octets,
    /// Method as sent.
    pub method: Octets,
    /// Target as sent.
    pub target: Octets,
    /// Names and values as sent, in order; of HTTP/2 with the pseudo-headers.
    pub fields: Vec<(Octets, Octets)>,
    /// Priority fields of its HEADERS frame.
    pub priority: Option<Http2Priority>,
    /// What the client sent before its first request on an HTTP/2 connection; only with that.
    pub opening: Option<Box<Http2Opening>>,
}

/// What an HTTP/2 client sends before its first request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http2Opening {
    /// Identifiers and values of its first SETTINGS frame, in order.
    pub settings: Vec<(u16, u32)>,
    /// Increment of its first `WINDOW_UPDATE` for the connection.
    pub window_update: Option<u32>,
    /// Its PRIORITY frames, in order.
    pub priorities: Vec<Http2Priority>,
    /// Its `PRIORITY_UPDATE` frames, RFC 9218 §7.1, in order: the stream, and its new priority.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority_updates: Vec<(u32, Octets)>,
}

/// A priority of HTTP/2, RFC 7540 §6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http2Priority {
    /// The stream that it is about.
    pub stream: u32,
    /// Whether that stream alone shall depend on the other.
    pub exclusive: bool,
    /// The stream that it depends on.
    pub depends_on: u32,
    /// Its weight, 1 to 256.
    pub weight: u16,
}

/// The first SETTINGS frame of one side of an HTTP/2 connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http2Settings {
    /// Who sent it.
    pub side: Side,
    /// Identifiers and values, in order.
    pub settings: Vec<(u16, u32)>,
}

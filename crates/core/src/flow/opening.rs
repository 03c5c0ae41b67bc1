//! How a side opens a connection.
//!
//! **Invariant:** raw values, of a fixed size.

use crate::flow::packet::{Ip, Tcp};
use crate::flow::tcp::Moment;
use crate::wire::tcp::{ACK, MSS, SCALE, TIMESTAMPS, TcpOptions};

/// A SYN or SYN-ACK as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// When.
    pub at: Moment,
    /// The initial sequence number.
    pub isn: u32,
    /// The acknowledgement number.
    pub ack: u32,
    /// The window, not scaled.
    pub window: u16,
    /// The flags: ECE, CWR and AE among them.
    pub flags: u16,
    /// The urgent pointer.
    pub urgent: u16,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Type of service, or traffic class.
    pub tos: u8,
    /// IPv4's identification.
    pub id: Option<u16>,
    /// Don't fragment.
    pub df: bool,
    /// IPv4's three flags; nothing of IPv6.
    pub ip_flags: Option<u8>,
    /// IPv6's flow label; of IPv4 zero.
    pub label: u32,
    /// Bytes of IP options.
    pub ip_options: u8,
    /// Bytes of payload, which Fast Open puts here.
    pub payload: u16,
    options: [u8; 40],
    options_length: u8,
}

impl Opening {
    pub(super) fn new(at: Moment, ip: &Ip<'_>, tcp: &Tcp<'_>) -> Self {
        let mut options = [0; 40];
        options.iter_mut().zip(tcp.options).for_each(|(kept, sent)| *kept = *sent);
        Self {
            at,
            isn: tcp.seq,
            ack: tcp.ack,
            window: tcp.window,
            flags: tcp.flags,
            urgent: tcp.urgent,
            ttl: ip.ttl,
            tos: ip.tos,
            id: ip.id,
            df: ip.df,
            ip_flags: ip.id.map(|_| ip.flags),
            label: ip.label,
            ip_options: ip.options.len() as u8,
            payload: tcp.length.min(usize::from(u16::MAX)) as u16,
            options,
            options_length: tcp.options.len().min(40) as u8,
        }
    }

    /// The raw options.
    #[must_use]
    pub fn options(&self) -> &[u8] {
        self.options.get(..usize::from(self.options_length)).unwrap_or_default()
    }

    /// The largest segment that the sender takes.
    #[must_use]
    pub fn mss(&self) -> Option<u16> {
        TcpOptions::new(self.options()).value(MSS).map(u16::from_be_bytes)
    }

    /// The sender's window scale.
    #[must_use]
    pub fn scale(&self) -> Option<u8> {
        TcpOptions::new(self.options()).value(SCALE).map(|[scale]| scale)
    }

    /// The sender's timestamp and the one that it echoes.
    #[must_use]
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        timestamps(self.options())
    }

    /// Whether it answers a SYN.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.flags & ACK != 0
    }
}

pub(super) fn timestamps(options: &[u8]) -> Option<(u32, u32)> {
    // As nearly every segment has them.
    let value: [u8; 8] = match options {
        [1, 1, 8, 10, value @ ..] => *value.first_chunk()?,
        _ => TcpOptions::new(options).value(TIMESTAMPS)?,
    };
    let [a, b, c, d, e, f, g, h] = value;
    Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
}

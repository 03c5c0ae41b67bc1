//! JA4SSH's windows: what each side sent in every 200 segments with payload.
//!
//! Segments count that bring bytes beyond all that their side sent before: what was sent again or
//! came out of order does not. Bare acknowledgements are those whose only flag is ACK, from the
//! handshake's on.
//!
//! **Invariant:** counts and lengths only, of a fixed size; what was sent is not looked at.

use crate::event::Side;
use crate::flow::packet::Tcp;
use crate::limits::{SSH_WINDOW_EARLY, SSH_WINDOW_SEGMENTS};
use crate::wire::tcp::ACK;

/// A window of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SshWindow {
    /// 0 for the flow's first window, then one more each.
    pub number: u32,
    /// Segments with payload that the client sent.
    pub client_packets: u32,
    /// Segments with payload that the server sent.
    pub server_packets: u32,
    /// Bare acknowledgements that the client sent.
    pub client_acks: u32,
    /// Bare acknowledgements that the server sent.
    pub server_acks: u32,
    /// Bytes of the client's most frequent payload length, the shortest of equals; 0 without any.
    pub client_mode: u16,
    /// Bytes of the server's.
    pub server_mode: u16,
    /// Whether it has all its segments. One that has not is the last of its flow.
    pub is_full: bool,
}

/// What a flow begins with, kept until somebody knows whether it is SSH.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Early {
    lengths: [u16; SSH_WINDOW_EARLY],
    /// A bit for each length: whether the server sent it.
    servers: u16,
    count: u8,
    acks: [u16; 2],
}

/// The window that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    number: u32,
    /// The client's lengths from the front, the server's from the back.
    lengths: [u16; SSH_WINDOW_SEGMENTS],
    packets: [u16; 2],
    acks: [u32; 2],
}

/// Whether, and how, a flow's segments are counted in windows.
#[derive(Debug)]
pub(super) enum Watch {
    /// Nobody has said yet; the first are kept.
    Early(Early),
    /// They are not: nobody asked in time.
    Off,
    /// They are.
    On(Box<Filling>),
}

fn place(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

/// Whether a segment is nothing but an acknowledgement.
pub(super) fn is_bare_ack(tcp: &Tcp<'_>) -> bool {
    tcp.flags == ACK && tcp.length == 0
}

impl Watch {
    /// Takes in a segment; the window that it fills.
    #[inline]
    pub(super) fn segment(&mut self, side: Side, tcp: &Tcp<'_>, is_new: bool) -> Option<SshWindow> {
        match self {
            Self::Off => None,
            Self::Early(early) => {
                if is_bare_ack(tcp) {
                    early.ack(side);
                } else if is_new && !early.push(side, tcp.length) {
                    *self = Self::Off;
                }
                None
            }
            Self::On(filling) => {
                if is_bare_ack(tcp) {
                    filling.ack(side);
                } else if is_new && filling.push(side, tcp.length) {
                    let full = filling.window();
                    **filling = Filling::new(full.number.saturating_add(1));
                    return Some(full);
                }
                None
            }
        }
    }

    /// Somebody wants windows: counts what is kept.
    pub(super) fn start(&mut self) {
        let early = match self {
            Self::On(_) => return,
            Self::Early(early) => *early,
            Self::Off => Early::default(),
        };
        let mut filling = Box::new(Filling::new(0));
        filling.acks = early.acks.map(u32::from);
        for (number, length) in early.lengths.iter().take(usize::from(early.count)).enumerate() {
            let side = if early.servers >> number & 1 == 1 { Side::Server } else { Side::Client };
            filling.push(side, usize::from(*length));
        }
        *self = Self::On(filling);
    }

    /// What is in the window that is not full, if anything is.
    pub(super) fn rest(&mut self) -> Option<SshWindow> {
        match self {
            Self::On(filling) => Some(filling.window()).filter(|window| !window.is_empty()),
            Self::Early(_) | Self::Off => None,
        }
    }
}

impl Early {
    /// After a handshake with so many bare acknowledgements of client and server.
    pub(super) fn after(acks: [u16; 2]) -> Self {
        Self { acks, ..Self::default() }
    }

    fn ack(&mut self, side: Side) {
        if let Some(acks) = self.acks.get_mut(place(side)) {
            *acks = acks.saturating_add(1);
        }
    }

    fn push(&mut self, side: Side, length: usize) -> bool {
        let Some(room) = self.lengths.get_mut(usize::from(self.count)) else { return false };
        *room = length.min(usize::from(u16::MAX)) as u16;
        self.servers |= (place(side) as u16) << self.count;
        self.count += 1;
        true
    }
}

impl Filling {
    fn new(number: u32) -> Self {
        Self { number, lengths: [0; SSH_WINDOW_SEGMENTS], packets: [0; 2], acks: [0; 2] }
    }

    fn ack(&mut self, side: Side) {
        if let Some(acks) = self.acks.get_mut(place(side)) {
            *acks = acks.saturating_add(1);
        }
    }

    /// Whether it is full by this.
    fn push(&mut self, side: Side, length: usize) -> bool {
        let length = length.min(usize::from(u16::MAX)) as u16;
        let [client, server] = &mut self.packets;
        let at = match side {
            Side::Client => usize::from(*client),
            Side::Server => SSH_WINDOW_SEGMENTS.saturating_sub(usize::from(*server) + 1),
        };
        match side {
            Side::Client => *client += 1,
            Side::Server => *server += 1,
        }
        if let Some(room) = self.lengths.get_mut(at) {
            *room = length;
        }
        usize::from(*client + *server) >= SSH_WINDOW_SEGMENTS
    }

    fn window(&mut self) -> SshWindow {
        let ([client, server], [client_acks, server_acks]) = (self.packets, self.acks);
        let behind = SSH_WINDOW_SEGMENTS.saturating_sub(usize::from(server));
        let client_mode = mode(self.lengths.get_mut(..usize::from(client)).unwrap_or_default());
        let server_mode = mode(self.lengths.get_mut(behind..).unwrap_or_default());
        SshWindow {
            number: self.number,
            client_packets: u32::from(client),
            server_packets: u32::from(server),
            client_acks,
            server_acks,
            client_mode,
            server_mode,
            is_full: usize::from(client + server) >= SSH_WINDOW_SEGMENTS,
        }
    }
}

impl SshWindow {
    fn is_empty(&self) -> bool {
        self.client_packets + self.server_packets == 0
    }
}

/// The most frequent, and the least of those that are as frequent.
fn mode(lengths: &mut [u16]) -> u16 {
    lengths.sort_unstable();
    let runs = lengths.chunk_by(|one, next| one == next);
    let mut best: (usize, u16) = (0, 0);
    for run in runs {
        if run.len() > best.0 {
            best = (run.len(), run.first().copied().unwrap_or(0));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_of_the_most_frequent_is_the_mode() {
        assert_eq!(mode(&mut []), 0);
        assert_eq!(mode(&mut [128, 36, 200, 36, 200, 5]), 36);
        assert_eq!(mode(&mut [21, 16, 64]), 16);
    }
}

//! What goes out: packets in a buffer, and payloads that wait for the end of a key exchange.
//!
//! **Invariant:** between our KEXINIT and our NEWKEYS nothing goes out but what RFC 4253 §7.1
//! allows; what waits keeps its order.

use std::collections::VecDeque;

use super::message::{
    DISCONNECT, EXT_INFO, KEXINIT, Payload, SERVICE_ACCEPT, SERVICE_REQUEST, TRANSPORT_MAX,
};
use super::packet::refusal::PROTOCOL_ERROR;
use super::packet::sealer::{Random, Sealer};
use crate::limits::SSH_HELD_BYTES;

/// The way out.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) sealer: Sealer,
    /// What is to be written.
    pub(super) bytes: Vec<u8>,
    held: VecDeque<Vec<u8>>,
    held_bytes: usize,
    is_exchanging: bool,
    /// Keys are exchanged again when enough has passed under them: behind a login, and with
    /// clients that can.
    pub(super) renews: bool,
    /// Enough has: what comes now waits for new keys, which nobody has offered yet.
    is_worn_out: bool,
}

impl Outgoing {
    /// Sends a payload, or holds it while keys are exchanged.
    pub(super) fn send(&mut self, payload: &[u8], random: &mut Random<'_>) {
        let number = payload.first().copied().unwrap_or_default();
        if !is_of_exchange(number) {
            // As in `ssh_packet_send2`: the packet that would be too much is the first to wait.
            self.is_worn_out |= self.renews && self.sealer.is_exhausted(payload.len());
            if self.is_exchanging() {
                self.held_bytes = self.held_bytes.saturating_add(payload.len() + HELD_BYTES_EACH);
                self.held.push_back(payload.to_vec());
                return;
            }
        }
        if number == KEXINIT {
            (self.is_exchanging, self.is_worn_out) = (true, false);
        }
        self.sealer.seal(payload, random, &mut self.bytes);
    }

    /// `ssh_packet_disconnect`: a farewell in words.
    pub(super) fn farewell(&mut self, words: &[u8], random: &mut Random<'_>) {
        let payload = Payload::new(DISCONNECT).number(PROTOCOL_ERROR).string(words).string(b"");
        self.send(payload.as_ref(), random);
    }

    /// Our NEWKEYS are out and the new keys are in: what waited goes.
    pub(super) fn release(&mut self, random: &mut Random<'_>) {
        (self.is_exchanging, self.is_worn_out) = (false, false);
        self.held_bytes = 0;
        for payload in std::mem::take(&mut self.held) {
            self.send(&payload, random);
        }
    }

    /// Whether keys are being exchanged, as far as we have come, or are about to be.
    pub(super) fn is_exchanging(&self) -> bool {
        self.is_exchanging || self.is_worn_out
    }

    /// Whether new keys are to be offered.
    pub(super) fn is_worn_out(&self) -> bool {
        self.is_worn_out
    }

    /// Whether more waits than a client can want.
    pub(super) fn is_overfull(&self) -> bool {
        self.held_bytes > SSH_HELD_BYTES
    }
}

/// What a payload costs beside its bytes: its place in the queue, and its allocation.
const HELD_BYTES_EACH: usize = 64;

/// OpenSSH's `ssh_packet_type_is_kex`.
fn is_of_exchange(number: u8) -> bool {
    (1..=TRANSPORT_MAX).contains(&number)
        && !matches!(number, SERVICE_REQUEST | SERVICE_ACCEPT | EXT_INFO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::ssh::message::{CHANNEL_DATA, NEWKEYS, UNIMPLEMENTED};

    fn numbers(bytes: &[u8]) -> Vec<u8> {
        let (mut rest, mut numbers) = (bytes, Vec::new());
        while let Ok(Some((packet, used))) = crate::wire::ssh::packet(rest) {
            numbers.extend(packet.payload.first());
            rest = rest.get(used..).unwrap();
        }
        numbers
    }

    #[test]
    fn between_offer_and_keys_only_the_exchange_goes_out() {
        let mut out = Outgoing::default();
        let random: &mut Random<'_> = &mut |bytes: &mut [u8]| bytes.fill(0);
        for number in [KEXINIT, CHANNEL_DATA, UNIMPLEMENTED, EXT_INFO, NEWKEYS] {
            out.send(&[number, 0], random);
        }
        assert_eq!(numbers(&out.bytes), [KEXINIT, UNIMPLEMENTED, NEWKEYS]);
        out.release(random);
        assert_eq!(numbers(&out.bytes), [KEXINIT, UNIMPLEMENTED, NEWKEYS, CHANNEL_DATA, EXT_INFO]);
    }
}

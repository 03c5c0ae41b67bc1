//! Packets under keys that break the rules of packets: `aes128-ctr` with `hmac-sha2-256`.

use super::exchange::digest;
use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) struct OwnSealer {
    cipher: Ctr128BE<Aes128>,
    mac: [u8; 32],
    pub(crate) sequence: u32,
}

/// How a packet lies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lie {
    /// The length that is claimed.
    pub(crate) length: Option<u32>,
    /// The padding that is claimed.
    pub(crate) padding: Option<u8>,
    /// The code is another one.
    pub(crate) forged: Option<()>,
    /// What is added to the sequence number that goes into the code.
    pub(crate) skipped: u32,
    /// Zeros instead of the least padding.
    pub(crate) zeros: Option<usize>,
}

impl OwnSealer {
    pub(crate) fn new(secret: &[u8], exchange: &[u8], session: &[u8], sequence: u32) -> Self {
        let cut = |letter: u8| digest(&[secret, exchange, &[letter], session]);
        let (iv, key, mac) = (cut(b'A'), cut(b'C'), cut(b'E'));
        let cipher = Ctr128BE::<Aes128>::new_from_slices(&key[..16], &iv[..16]).unwrap();
        Self { cipher, mac: mac.try_into().unwrap(), sequence }
    }

    pub(crate) fn seal(&mut self, payload: &[u8]) -> Vec<u8> {
        self.lie(payload, Lie::default())
    }

    pub(crate) fn lie(&mut self, payload: &[u8], lie: Lie) -> Vec<u8> {
        let mut zeros = 16 - (payload.len() + 5) % 16;
        if zeros < 4 {
            zeros += 16;
        }
        let zeros = lie.zeros.unwrap_or(zeros);
        let length = u32::try_from(payload.len() + zeros + 1).unwrap();
        let mut packet = lie.length.unwrap_or(length).to_be_bytes().to_vec();
        packet.push(lie.padding.unwrap_or_else(|| zeros.try_into().unwrap()));
        packet.extend(payload);
        packet.resize(packet.len() + zeros, 0);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mac).unwrap();
        mac.update(&self.sequence.wrapping_add(lie.skipped).to_be_bytes());
        mac.update(&packet);
        let mut code = mac.finalize().into_bytes().to_vec();
        if lie.forged.is_some() {
            code[31] ^= 1;
        }
        self.cipher.apply_keystream(&mut packet);
        self.sequence = self.sequence.wrapping_add(1);
        packet.extend(code);
        packet
    }
}

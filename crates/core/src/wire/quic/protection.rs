//! The protection of Initial packets: RFC 9001 §5, RFC 9369 §3.3.
//!
//! **Invariant:** only keys that follow from a packet's own connection id; no secret is handled.

use super::{Sender, Version};
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{Aead, Payload};
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;

/// What opens the Initial packets of one direction.
pub(super) struct Keys {
    payload: Aes128Gcm,
    header: Aes128,
    iv: [u8; 12],
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// The keys for the connection id that the client's first packet was sent to.
    pub(super) fn new(version: Version, destination: &[u8], sender: Sender) -> Option<Self> {
        let (salt, [key, iv, hp]) = match version {
            Version::Draft29 => (SALT_DRAFT_29, LABELS_V1),
            Version::V1 => (SALT_V1, LABELS_V1),
            Version::V2 => (SALT_V2, LABELS_V2),
        };
        let initial = Hkdf::<Sha256>::new(Some(&salt), destination);
        let label = match sender {
            Sender::Client => b"client in",
            Sender::Server => b"server in",
        };
        let secret: [u8; 32] = expand(&initial, label)?;
        let secret = Hkdf::<Sha256>::from_prk(&secret).ok()?;
        let payload = Aes128Gcm::new(&expand::<16>(&secret, key)?.into());
        let header = Aes128::new(&expand::<16>(&secret, hp)?.into());
        Some(Self { payload, header, iv: expand(&secret, iv)? })
    }

    /// The payload of a packet whose protected number begins at `number_at`; `None` where it does
    /// not authenticate.
    pub(super) fn open(&self, packet: &[u8], number_at: usize) -> Option<Vec<u8>> {
        // The sample is taken as if the number had four bytes, RFC 9001 §5.4.2.
        let sample = packet.get(number_at.checked_add(4)?..)?.first_chunk::<16>()?;
        let mut mask = (*sample).into();
        self.header.encrypt_block(&mut mask);
        let [first_mask, number_mask @ ..] = <[u8; 16]>::from(mask);
        let first = packet.first()? ^ (first_mask & 0x0f);
        let number_length = usize::from(first & 3) + 1;
        let (header, ciphertext) = packet.split_at_checked(number_at + number_length)?;
        let mut header = header.to_vec();
        *header.first_mut()? = first;
        let mut nonce = self.iv;
        // An Initial packet's number is small: what was sent of it is all of it.
        let tail = nonce.get_mut(12 - number_length..)?;
        for ((byte, mask), nonce) in
            header.get_mut(number_at..)?.iter_mut().zip(number_mask).zip(tail)
        {
            *byte ^= mask;
            *nonce ^= *byte;
        }
        self.payload.decrypt(&nonce.into(), Payload { msg: ciphertext, aad: &header }).ok()
    }
}

/// HKDF-Expand-Label with an empty context, RFC 8446 §7.1.
fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &[u8]) -> Option<[u8; N]> {
    let length = u16::try_from(N).ok()?.to_be_bytes();
    let label_length = [u8::try_from(label.len() + 6).ok()?];
    let mut out = [0; N];
    secret.expand_multi_info(&[&length, &label_length, b"tls13 ", label, &[0]], &mut out).ok()?;
    Some(out)
}

const LABELS_V1: [&[u8]; 3] = [b"quic key", b"quic iv", b"quic hp"];
const LABELS_V2: [&[u8]; 3] = [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"];

const SALT_DRAFT_29: [u8; 20] = [
    0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0,
    0x43, 0x90, 0xa8, 0x99,
];
const SALT_V1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];
const SALT_V2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
    0xf9, 0xbd, 0x2e, 0xd9,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::hex;

    /// RFC 9001 §A.1 and RFC 9369 §A.1: what follows from the id 0x8394c8f03e515708.
    #[test]
    fn keys_are_those_of_the_specifications() {
        let id = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
        let iv = |version, sender| hex(&Keys::new(version, &id, sender).unwrap().iv);
        assert_eq!(iv(Version::V1, Sender::Client), "fa044b2f42a3fd3b46fb255c");
        assert_eq!(iv(Version::V1, Sender::Server), "0ac1493ca1905853b0bba03e");
        assert_eq!(iv(Version::V2, Sender::Client), "91f73e2351d8fa91660e909f");
    }
}

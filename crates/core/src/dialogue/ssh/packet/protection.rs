//! Ciphers with their keys, and what authenticates beside them.
//!
//! **Invariant:** knows how a packet is protected and nothing of what is in it.

use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyInit, KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use poly1305::Poly1305;
use zeroize::Zeroizing;

use super::algorithm::{Cipher, Order, Suite};
use super::keys::{Material, first};
use super::mac::{Authenticator, Tag};

/// Bytes of the first field of a packet.
pub(super) const LENGTH_BYTES: usize = 4;
/// Bytes of the largest block.
pub(super) const BLOCK_BYTES: usize = 16;

/// How packets of one direction are protected.
pub(super) enum Protection {
    /// Before the first NEWKEYS.
    Clear,
    /// OpenSSH's `PROTOCOL.chacha20poly1305`.
    ChaCha(ChaCha),
    /// RFC 5647.
    Gcm { cipher: Gcm, nonce: Nonce },
    /// RFC 4344 and a code.
    Ctr { cipher: Ctr, order: Order, authenticator: Authenticator },
}

/// What is known of a packet from its first bytes.
pub(super) struct Head {
    pub(super) length: u32,
    /// The first block, where it had to be decrypted for the length.
    pub(super) block: Option<[u8; BLOCK_BYTES]>,
}

impl Protection {
    pub(super) fn new(suite: Suite, material: &Material) -> Self {
        let key = &material.cipher;
        let iv = first::<16>(&material.iv).into();
        let cipher = match suite.cipher {
            Cipher::ChaCha20Poly1305 => return Self::ChaCha(ChaCha::new(key)),
            Cipher::Aes128Gcm => {
                let cipher = Gcm::Aes128(Box::new(KeyInit::new(&first::<16>(key).into())));
                return Self::Gcm { cipher, nonce: Nonce::new(&material.iv) };
            }
            Cipher::Aes256Gcm => {
                let cipher = Gcm::Aes256(Box::new(KeyInit::new(&first::<32>(key).into())));
                return Self::Gcm { cipher, nonce: Nonce::new(&material.iv) };
            }
            Cipher::Aes128Ctr => {
                Ctr::Aes128(Box::new(KeyIvInit::new(&first::<16>(key).into(), &iv)))
            }
            Cipher::Aes192Ctr => {
                Ctr::Aes192(Box::new(KeyIvInit::new(&first::<24>(key).into(), &iv)))
            }
            Cipher::Aes256Ctr => {
                Ctr::Aes256(Box::new(KeyIvInit::new(&first::<32>(key).into(), &iv)))
            }
        };
        let authenticator = Authenticator::new(suite.mac, &material.mac);
        Self::Ctr { cipher, order: suite.mac.order(), authenticator }
    }

    /// Bytes of the blocks that a packet fills.
    pub(super) fn block_bytes(&self) -> usize {
        match self {
            Self::Clear => 8,
            Self::ChaCha(_) => Cipher::ChaCha20Poly1305.block_bytes(),
            Self::Gcm { .. } | Self::Ctr { .. } => Cipher::Aes256Ctr.block_bytes(),
        }
    }

    /// Bytes at the beginning of a packet that are no part of its blocks: the length, or nothing.
    pub(super) fn apart_bytes(&self) -> usize {
        match self {
            Self::ChaCha(_) | Self::Gcm { .. } | Self::Ctr { order: Order::EncryptThenMac, .. } => {
                LENGTH_BYTES
            }
            Self::Clear | Self::Ctr { order: Order::EncryptAndMac, .. } => 0,
        }
    }

    /// Bytes behind a packet.
    pub(super) fn tag_bytes(&self) -> usize {
        match self {
            Self::Clear => 0,
            Self::ChaCha(_) | Self::Gcm { .. } => 16,
            Self::Ctr { authenticator, .. } => authenticator.bytes(),
        }
    }

    /// The length of the packet that begins here, once enough of it is there: its first block, or
    /// its length if that stands apart. To be asked once a packet.
    pub(super) fn head(&mut self, sequence: u32, bytes: &[u8]) -> Option<Head> {
        let mut block = None;
        let length = match self {
            Self::Clear => *bytes.first_chunk::<8>()?.first_chunk()?,
            Self::ChaCha(cipher) => cipher.length(sequence, *bytes.first_chunk()?),
            Self::Gcm { .. } | Self::Ctr { order: Order::EncryptThenMac, .. } => {
                *bytes.first_chunk()?
            }
            Self::Ctr { cipher, order: Order::EncryptAndMac, .. } => {
                let first = block.insert(*bytes.first_chunk()?);
                cipher.apply(first);
                *first.first_chunk()?
            }
        };
        Some(Head { length: u32::from_be_bytes(length), block })
    }

    /// Opens a packet in its place; whether it is authentic. Where it is not, what stands there is
    /// of no use.
    pub(super) fn open(
        &mut self,
        sequence: u32,
        head: &Head,
        packet: &mut [u8],
        sent: &[u8],
    ) -> bool {
        match self {
            Self::Clear => true,
            Self::ChaCha(cipher) => cipher.open(sequence, packet, sent),
            Self::Gcm { cipher, nonce } => {
                let Some((length, content)) = packet.split_at_mut_checked(LENGTH_BYTES) else {
                    return false;
                };
                cipher.open(nonce.next(), length, content, sent)
            }
            Self::Ctr { cipher, order: Order::EncryptThenMac, authenticator } => {
                let is_authentic = authenticator.tag(sequence, packet).is(sent);
                if is_authentic {
                    cipher.apply(packet.get_mut(LENGTH_BYTES..).unwrap_or_default());
                }
                is_authentic
            }
            Self::Ctr { cipher, order: Order::EncryptAndMac, authenticator } => {
                let Some((first, rest)) = packet.split_first_chunk_mut() else { return false };
                // Its key stream is spent.
                let Some(block) = head.block else { return false };
                *first = block;
                cipher.apply(rest);
                authenticator.tag(sequence, packet).is(sent)
            }
        }
    }

    /// Protects a packet in its place, and gives what is sent behind it; `None` where the packet is
    /// too long for the cipher, which none of ours is.
    pub(super) fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> Option<Tag> {
        match self {
            Self::Clear => Some(Tag::new(&[])),
            Self::ChaCha(cipher) => cipher.seal(sequence, packet),
            Self::Gcm { cipher, nonce } => {
                let (length, content) = packet.split_at_mut_checked(LENGTH_BYTES)?;
                cipher.seal(nonce.next(), length, content)
            }
            Self::Ctr { cipher, order: Order::EncryptThenMac, authenticator } => {
                cipher.apply(packet.get_mut(LENGTH_BYTES..)?);
                Some(authenticator.tag(sequence, packet))
            }
            Self::Ctr { cipher, order: Order::EncryptAndMac, authenticator } => {
                let tag = authenticator.tag(sequence, packet);
                cipher.apply(packet);
                Some(tag)
            }
        }
    }
}

/// `ChaCha20` with one key for lengths and one for the rest.
pub(super) struct ChaCha {
    content: Zeroizing<[u8; 32]>,
    length: Zeroizing<[u8; 32]>,
}

impl ChaCha {
    fn new(key: &[u8; 64]) -> Self {
        let (content, length) = key.split_first_chunk::<32>().unwrap_or((&[0; 32], &[]));
        Self { content: Zeroizing::new(*content), length: Zeroizing::new(first(length)) }
    }

    /// OpenSSH counts blocks with 64 bits and numbers packets with 64: the upper half of the count
    /// is the first part of what RFC 8439 calls a nonce, and stays zero.
    fn stream(key: &[u8; 32], sequence: u32) -> ChaCha20 {
        let nonce = u128::from(sequence).to_be_bytes();
        ChaCha20::new(key.into(), &first::<12>(nonce.get(4..).unwrap_or_default()).into())
    }

    /// A packet's length, one way or the other.
    fn length(&self, sequence: u32, mut length: [u8; LENGTH_BYTES]) -> [u8; LENGTH_BYTES] {
        Self::stream(&self.length, sequence).apply_keystream(&mut length);
        length
    }

    /// The first block of a packet's stream is the key of its tag; the second begins its content.
    fn start(&self, sequence: u32) -> (ChaCha20, Poly1305) {
        let mut stream = Self::stream(&self.content, sequence);
        let mut block = Zeroizing::new([0; 64]);
        stream.apply_keystream(&mut *block);
        let key = Zeroizing::new(first::<32>(&*block));
        (stream, Poly1305::new(&(*key).into()))
    }

    fn open(&self, sequence: u32, packet: &mut [u8], sent: &[u8]) -> bool {
        let (mut stream, poly) = self.start(sequence);
        if !Tag::new(&poly.compute_unpadded(packet)).is(sent) {
            return false;
        }
        if let Some((length, content)) = packet.split_first_chunk_mut() {
            *length = self.length(sequence, *length);
            stream.apply_keystream(content);
        }
        true
    }

    fn seal(&self, sequence: u32, packet: &mut [u8]) -> Option<Tag> {
        let (mut stream, poly) = self.start(sequence);
        let (length, content) = packet.split_first_chunk_mut()?;
        *length = self.length(sequence, *length);
        stream.apply_keystream(content);
        Some(Tag::new(&poly.compute_unpadded(packet)))
    }
}

/// AES-GCM; the length is authenticated and not encrypted.
pub(super) enum Gcm {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Gcm {
    fn open(&self, nonce: [u8; 12], length: &[u8], content: &mut [u8], sent: &[u8]) -> bool {
        let Some(sent) = sent.first_chunk::<16>() else { return false };
        let (nonce, sent) = (nonce.into(), (*sent).into());
        match self {
            Self::Aes128(gcm) => gcm.decrypt_inout_detached(&nonce, length, content.into(), &sent),
            Self::Aes256(gcm) => gcm.decrypt_inout_detached(&nonce, length, content.into(), &sent),
        }
        .is_ok()
    }

    fn seal(&self, nonce: [u8; 12], length: &[u8], content: &mut [u8]) -> Option<Tag> {
        let nonce = nonce.into();
        let tag = match self {
            Self::Aes128(gcm) => gcm.encrypt_inout_detached(&nonce, length, content.into()),
            Self::Aes256(gcm) => gcm.encrypt_inout_detached(&nonce, length, content.into()),
        };
        tag.ok().map(|tag| Tag::new(&tag))
    }
}

/// RFC 5647 §7.1: four bytes that stay, and eight that count packets.
pub(super) struct Nonce {
    fixed: [u8; 4],
    count: u64,
}

impl Nonce {
    fn new(iv: &[u8]) -> Self {
        let (fixed, rest) = iv.split_first_chunk().unwrap_or((&[0; 4], &[]));
        Self { fixed: *fixed, count: u64::from_be_bytes(first(rest)) }
    }

    fn next(&mut self) -> [u8; 12] {
        let count = self.count.to_be_bytes();
        self.count = self.count.wrapping_add(1);
        let mut nonce = [0; 12];
        let parts = self.fixed.iter().chain(&count);
        nonce.iter_mut().zip(parts).for_each(|(out, byte)| *out = *byte);
        nonce
    }
}

/// AES in counter mode; one stream for all packets.
pub(super) enum Ctr {
    Aes128(Box<Ctr128BE<Aes128>>),
    Aes192(Box<Ctr128BE<Aes192>>),
    Aes256(Box<Ctr128BE<Aes256>>),
}

impl Ctr {
    fn apply(&mut self, bytes: &mut [u8]) {
        match self {
            Self::Aes128(stream) => stream.apply_keystream(bytes),
            Self::Aes192(stream) => stream.apply_keystream(bytes),
            Self::Aes256(stream) => stream.apply_keystream(bytes),
        }
    }
}

//! The methods of key exchange that OpenSSH 9.2p1 has, and their names.
//!
//! **Invariant:** a method is known by its exact name; order and choice are the persona's.

use crate::dialogue::ssh::packet::keys::Hash;

/// A method of key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Streamlined NTRU Prime 761 and X25519 together.
    Sntrup761X25519,
    /// X25519, RFC 8731.
    Curve25519,
    /// NIST's curve over 256 bits, RFC 5656 §4.
    EcdhNistp256,
    /// NIST's curve over 384 bits.
    EcdhNistp384,
    /// NIST's curve over 521 bits.
    EcdhNistp521,
    /// Group 14 (2,048 bits) with SHA-256, RFC 8268.
    Group14,
    /// Group 14 with SHA-1, RFC 4253 §8.2: what small servers still offer.
    Group14Sha1,
    /// Group 16 (4,096 bits) with SHA-512.
    Group16,
    /// Group 18 (8,192 bits) with SHA-512.
    Group18,
    /// A group that the server chooses, with SHA-256, RFC 4419.
    GroupExchange,
}

impl Method {
    /// The method of a name in a list.
    #[must_use]
    pub fn by_name(name: &[u8]) -> Option<Self> {
        METHODS.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, method)| *method)
    }

    /// The hash of the exchange and of the keys that come from it.
    #[must_use]
    pub fn hash(self) -> Hash {
        match self {
            Self::Curve25519 | Self::EcdhNistp256 | Self::Group14 | Self::GroupExchange => {
                Hash::Sha256
            }
            Self::Group14Sha1 => Hash::Sha1,
            Self::EcdhNistp384 => Hash::Sha384,
            Self::Sntrup761X25519 | Self::EcdhNistp521 | Self::Group16 | Self::Group18 => {
                Hash::Sha512
            }
        }
    }
}

const METHODS: &[(&str, Method)] = &[
    ("sntrup761x25519-sha512", Method::Sntrup761X25519),
    ("sntrup761x25519-sha512@openssh.com", Method::Sntrup761X25519),
    ("curve25519-sha256", Method::Curve25519),
    ("curve25519-sha256@libssh.org", Method::Curve25519),
    ("ecdh-sha2-nistp256", Method::EcdhNistp256),
    ("ecdh-sha2-nistp384", Method::EcdhNistp384),
    ("ecdh-sha2-nistp521", Method::EcdhNistp521),
    ("diffie-hellman-group14-sha256", Method::Group14),
    ("diffie-hellman-group14-sha1", Method::Group14Sha1),
    ("diffie-hellman-group16-sha512", Method::Group16),
    ("diffie-hellman-group18-sha512", Method::Group18),
    ("diffie-hellman-group-exchange-sha256", Method::GroupExchange),
];

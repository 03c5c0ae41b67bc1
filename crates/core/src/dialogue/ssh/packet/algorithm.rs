//! The algorithms that protect packets, by their names on the wire.
//!
//! **Invariant:** all that OpenSSH 9.2p1 offers by itself, in its order, and nothing else.

/// A cipher, one for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// `chacha20-poly1305@openssh.com`.
    ChaCha20Poly1305,
    /// `aes128-ctr`, RFC 4344.
    Aes128Ctr,
    /// `aes192-ctr`, RFC 4344.
    Aes192Ctr,
    /// `aes256-ctr`, RFC 4344.
    Aes256Ctr,
    /// `aes128-gcm@openssh.com`: RFC 5647, but negotiated as any other cipher.
    Aes128Gcm,
    /// `aes256-gcm@openssh.com`.
    Aes256Gcm,
}

impl Cipher {
    /// Every cipher, in the order of the server's offer.
    pub const ALL: [Self; 6] = [
        Self::ChaCha20Poly1305,
        Self::Aes128Ctr,
        Self::Aes192Ctr,
        Self::Aes256Ctr,
        Self::Aes128Gcm,
        Self::Aes256Gcm,
    ];

    /// Its name in a KEXINIT.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChaCha20Poly1305 => "chacha20-poly1305@openssh.com",
            Self::Aes128Ctr => "aes128-ctr",
            Self::Aes192Ctr => "aes192-ctr",
            Self::Aes256Ctr => "aes256-ctr",
            Self::Aes128Gcm => "aes128-gcm@openssh.com",
            Self::Aes256Gcm => "aes256-gcm@openssh.com",
        }
    }

    /// The cipher of that name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.name().as_bytes() == name)
    }

    /// Whether it authenticates by itself, so that no [`Mac`] is negotiated beside it.
    #[must_use]
    pub fn authenticates(self) -> bool {
        match self {
            Self::ChaCha20Poly1305 | Self::Aes128Gcm | Self::Aes256Gcm => true,
            Self::Aes128Ctr | Self::Aes192Ctr | Self::Aes256Ctr => false,
        }
    }

    /// Bytes of the blocks that a packet fills.
    pub(super) fn block_bytes(self) -> usize {
        match self {
            Self::ChaCha20Poly1305 => 8,
            Self::Aes128Ctr
            | Self::Aes192Ctr
            | Self::Aes256Ctr
            | Self::Aes128Gcm
            | Self::Aes256Gcm => 16,
        }
    }
}

/// A message authentication code, one for each direction; each `Etm` is over what is sent, the
/// others are over what is meant (encrypt-then-MAC, and RFC 4253's encrypt-and-MAC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mac {
    /// `umac-64-etm@openssh.com`, RFC 4418.
    Umac64Etm,
    /// `umac-128-etm@openssh.com`.
    Umac128Etm,
    /// `hmac-sha2-256-etm@openssh.com`.
    HmacSha256Etm,
    /// `hmac-sha2-512-etm@openssh.com`.
    HmacSha512Etm,
    /// `hmac-sha1-etm@openssh.com`.
    HmacSha1Etm,
    /// `umac-64@openssh.com`.
    Umac64,
    /// `umac-128@openssh.com`.
    Umac128,
    /// `hmac-sha2-256`, RFC 6668.
    HmacSha256,
    /// `hmac-sha2-512`, RFC 6668.
    HmacSha512,
    /// `hmac-sha1`, RFC 4253 §6.4.
    HmacSha1,
}

impl Mac {
    /// Every code, in the order of the server's offer.
    pub const ALL: [Self; 10] = [
        Self::Umac64Etm,
        Self::Umac128Etm,
        Self::HmacSha256Etm,
        Self::HmacSha512Etm,
        Self::HmacSha1Etm,
        Self::Umac64,
        Self::Umac128,
        Self::HmacSha256,
        Self::HmacSha512,
        Self::HmacSha1,
    ];

    /// Its name in a KEXINIT.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Umac64Etm => "umac-64-etm@openssh.com",
            Self::Umac128Etm => "umac-128-etm@openssh.com",
            Self::HmacSha256Etm => "hmac-sha2-256-etm@openssh.com",
            Self::HmacSha512Etm => "hmac-sha2-512-etm@openssh.com",
            Self::HmacSha1Etm => "hmac-sha1-etm@openssh.com",
            Self::Umac64 => "umac-64@openssh.com",
            Self::Umac128 => "umac-128@openssh.com",
            Self::HmacSha256 => "hmac-sha2-256",
            Self::HmacSha512 => "hmac-sha2-512",
            Self::HmacSha1 => "hmac-sha1",
        }
    }

    /// The code of that name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|mac| mac.name().as_bytes() == name)
    }

    /// What it is computed over.
    pub(super) fn order(self) -> Order {
        match self {
            Self::Umac64Etm
            | Self::Umac128Etm
            | Self::HmacSha256Etm
            | Self::HmacSha512Etm
            | Self::HmacSha1Etm => Order::EncryptThenMac,
            Self::Umac64 | Self::Umac128 | Self::HmacSha256 | Self::HmacSha512 | Self::HmacSha1 => {
                Order::EncryptAndMac
            }
        }
    }
}

/// What a code is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The packet as it is sent; its length is in the clear.
    EncryptThenMac,
    /// The packet before encryption; its length is encrypted with it.
    EncryptAndMac,
}

/// How payloads are packed, one for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// `none`.
    #[default]
    None,
    /// `zlib@openssh.com`: from the end of authentication on.
    Delayed,
}

impl Compression {
    /// Both, in the order of the server's offer.
    pub const ALL: [Self; 2] = [Self::None, Self::Delayed];

    /// Its name in a KEXINIT.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Delayed => "zlib@openssh.com",
        }
    }

    /// The compression of that name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|compression| compression.name().as_bytes() == name)
    }
}

/// What was negotiated for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// The cipher.
    pub cipher: Cipher,
    /// The code beside it; of no meaning where the cipher [authenticates](Cipher::authenticates).
    pub mac: Mac,
    /// How payloads are packed.
    pub compression: Compression,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_algorithm() {
        for cipher in Cipher::ALL {
            assert_eq!(Cipher::named(cipher.name().as_bytes()), Some(cipher));
        }
        for mac in Mac::ALL {
            assert_eq!(Mac::named(mac.name().as_bytes()), Some(mac));
        }
        for compression in Compression::ALL {
            assert_eq!(Compression::named(compression.name().as_bytes()), Some(compression));
        }
        assert_eq!(Cipher::named(b"aes128-cbc"), None);
        assert_eq!(Mac::named(b"hmac-md5"), None);
        assert_eq!(Compression::named(b"zlib"), None);
    }

    /// What `sshd -T` of Debian 12 prints.
    #[test]
    fn offers_are_in_the_servers_order() {
        let ciphers = Cipher::ALL.map(Cipher::name).join(",");
        assert_eq!(
            ciphers,
            "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
             aes128-gcm@openssh.com,aes256-gcm@openssh.com"
        );
        let macs = Mac::ALL.map(Mac::name).join(",");
        assert_eq!(
            macs,
            "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,\
             hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
             umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1"
        );
    }
}

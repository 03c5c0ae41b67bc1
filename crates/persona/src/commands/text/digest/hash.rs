//! Sums of bytes.
//!
//! **Invariant:** bounded memory, whatever is added.

use blake2::Blake2b;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::digest::consts::{U8, U16, U20, U24, U28, U32, U40, U48, U56, U64};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bsd,
    Sysv,
    Crc,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Blake2b,
    Sm3,
}

impl Kind {
    /// As `--tag` names it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Bsd => "BSD",
            Self::Sysv => "SYSV",
            Self::Crc => "CRC",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha224 => "SHA224",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
            Self::Blake2b => "BLAKE2b",
            Self::Sm3 => "SM3",
        }
    }

    /// Digits of a sum; of `b2sum`, at most.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::Bsd | Self::Sysv | Self::Crc => 0,
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha224 => 56,
            Self::Sha256 | Self::Sm3 => 64,
            Self::Sha384 => 96,
            Self::Sha512 | Self::Blake2b => 128,
        }
    }
}

pub(super) enum Hasher {
    Bsd { sum: u16, size: u64 },
    Sysv { sum: u32, size: u64 },
    Crc { crc: u32, size: u64 },
    Md5(Box<Md5>),
    Sha1(Box<Sha1>),
    Sha224(Box<Sha224>),
    Sha256(Box<Sha256>),
    Sha384(Box<Sha384>),
    Sha512(Box<Sha512>),
    Blake2b(Box<dyn DynDigest + Send>),
}

impl Hasher {
    pub(super) fn new(kind: Kind, length: usize) -> Self {
        match kind {
            Kind::Bsd => Self::Bsd { sum: 0, size: 0 },
            Kind::Sysv => Self::Sysv { sum: 0, size: 0 },
            Kind::Crc => Self::Crc { crc: 0, size: 0 },
            Kind::Md5 => Self::Md5(Box::default()),
            Kind::Sha1 => Self::Sha1(Box::default()),
            Kind::Sha224 => Self::Sha224(Box::default()),
            // Nobody asks for SM3; its sums look like these.
            Kind::Sha256 | Kind::Sm3 => Self::Sha256(Box::default()),
            Kind::Sha384 => Self::Sha384(Box::default()),
            Kind::Sha512 => Self::Sha512(Box::default()),
            Kind::Blake2b => Self::Blake2b(match length {
                8 => Box::new(Blake2b::<U8>::new()),
                16 => Box::new(Blake2b::<U16>::new()),
                20 => Box::new(Blake2b::<U20>::new()),
                24 => Box::new(Blake2b::<U24>::new()),
                28 => Box::new(Blake2b::<U28>::new()),
                32 => Box::new(Blake2b::<U32>::new()),
                40 => Box::new(Blake2b::<U40>::new()),
                48 => Box::new(Blake2b::<U48>::new()),
                56 => Box::new(Blake2b::<U56>::new()),
                // Lengths that nobody uses are refused before.
                _ => Box::new(Blake2b::<U64>::new()),
            }),
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Bsd { sum, size } => {
                for byte in bytes {
                    *sum = sum.rotate_right(1).wrapping_add(u16::from(*byte));
                }
                *size += bytes.len() as u64;
            }
            Self::Sysv { sum, size } => {
                for byte in bytes {
                    *sum = sum.wrapping_add(u32::from(*byte));
                }
                *size += bytes.len() as u64;
            }
            Self::Crc { crc, size } => {
                for byte in bytes {
                    *crc = crc_byte(*crc, *byte);
                }
                *size += bytes.len() as u64;
            }
            Self::Md5(hasher) => Digest::update(&mut **hasher, bytes),
            Self::Sha1(hasher) => Digest::update(&mut **hasher, bytes),
            Self::Sha224(hasher) => Digest::update(&mut **hasher, bytes),
            Self::Sha256(hasher) => Digest::update(&mut **hasher, bytes),
            Self::Sha384(hasher) => Digest::update(&mut **hasher, bytes),
            Self::Sha512(hasher) => Digest::update(&mut **hasher, bytes),
            Self::Blake2b(hasher) => hasher.update(bytes),
        }
    }

    /// The sum as it is printed, with the size behind it where it is a number.
    pub(super) fn sum(self) -> String {
        match self {
            Self::Bsd { sum, size } => format!("{sum:05} {:5}", size.div_ceil(1_024)),
            Self::Sysv { sum, size } => {
                let folded = (sum & 0xffff) + (sum >> 16);
                let folded = (folded & 0xffff) + (folded >> 16);
                format!("{folded} {}", size.div_ceil(512))
            }
            Self::Crc { mut crc, size } => {
                let mut left = size;
                while left > 0 {
                    crc = crc_byte(crc, left.to_le_bytes()[0]);
                    left >>= 8;
                }
                format!("{} {size}", !crc)
            }
            Self::Md5(hasher) => hex(&hasher.finalize()),
            Self::Sha1(hasher) => hex(&hasher.finalize()),
            Self::Sha224(hasher) => hex(&hasher.finalize()),
            Self::Sha256(hasher) => hex(&hasher.finalize()),
            Self::Sha384(hasher) => hex(&hasher.finalize()),
            Self::Sha512(hasher) => hex(&hasher.finalize()),
            Self::Blake2b(hasher) => hex(&hasher.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// POSIX' CRC, of the polynomial of Ethernet, from the high bits on.
const fn crc_entry(byte: u32) -> u32 {
    let mut crc = byte << 24;
    let mut bit = 0;
    while bit < 8 {
        crc = if crc & 1 << 31 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 };
        bit += 1;
    }
    crc
}

fn crc_byte(crc: u32, byte: u8) -> u32 {
    static TABLE: std::sync::LazyLock<Vec<u32>> =
        std::sync::LazyLock::new(|| (0..256).map(crc_entry).collect());
    let index = usize::try_from(crc >> 24).unwrap_or(0) ^ usize::from(byte);
    crc << 8 ^ TABLE.get(index).copied().unwrap_or(0)
}

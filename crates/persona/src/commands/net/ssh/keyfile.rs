//! Files of keys as OpenSSH writes them.
//!
//! **Invariant:** a key of Ed25519 is one that works; others only look like keys, since making real
//! ones takes seconds.

use crate::machine::Dice;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::SigningKey;
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Rsa(u32),
    Dsa,
    /// Bits of the curve.
    Ecdsa(u32),
    Ed25519,
}

impl Sort {
    /// As `-t` has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Dsa => "dsa",
            Self::Ecdsa(_) => "ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// As it stands before a public key.
    fn wire(self) -> &'static str {
        match self {
            Self::Rsa(_) => "ssh-rsa",
            Self::Dsa => "ssh-dss",
            Self::Ecdsa(384) => "ecdsa-sha2-nistp384",
            Self::Ecdsa(521) => "ecdsa-sha2-nistp521",
            Self::Ecdsa(_) => "ecdsa-sha2-nistp256",
            Self::Ed25519 => "ssh-ed25519",
        }
    }

    pub(super) fn bits(self) -> u32 {
        match self {
            Self::Rsa(bits) | Self::Ecdsa(bits) => bits,
            Self::Dsa => 1_024,
            Self::Ed25519 => 256,
        }
    }
}

/// Whether a passphrase is on a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    None,
    Some,
}

/// A pair: the file of the private key, and the line of the public one, without comment.
pub(super) struct Pair {
    pub(super) private: Vec<u8>,
    pub(super) public: Vec<u8>,
    pub(super) blob: Vec<u8>,
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn random(dice: &mut Dice, count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        bytes.extend(dice.roll().to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// A number of so many bits, odd, as a `mpint`.
fn number(out: &mut Vec<u8>, dice: &mut Dice, bits: u32) {
    let bytes = usize::try_from(bits.div_ceil(8)).unwrap_or(0);
    let mut digits = random(dice, bytes);
    if let Some(first) = digits.first_mut() {
        *first |= 0x80;
    }
    if let Some(last) = digits.last_mut() {
        *last |= 1;
    }
    digits.insert(0, 0);
    string(out, &digits);
}

/// Makes a pair.
pub(super) fn make(sort: Sort, comment: &[u8], secret: Secret, dice: &mut Dice) -> Pair {
    let mut blob = Vec::new();
    string(&mut blob, sort.wire().as_bytes());
    let mut inner = Vec::new();
    match sort {
        Sort::Ed25519 => {
            let seed: [u8; 32] = random(dice, 32).try_into().unwrap_or([7; 32]);
            let key = SigningKey::from_bytes(&seed);
            let public = key.verifying_key().to_bytes();
            string(&mut blob, &public);
            inner.extend_from_slice(&blob);
            string(&mut inner, &[seed, public].concat());
        }
        Sort::Rsa(bits) => {
            let mut modulus = Vec::new();
            number(&mut modulus, dice, bits);
            string(&mut blob, &[1, 0, 1]);
            blob.extend_from_slice(&modulus);
            string(&mut inner, sort.wire().as_bytes());
            inner.extend_from_slice(&modulus);
            string(&mut inner, &[1, 0, 1]);
            for part in [bits, bits / 2, bits / 2, bits / 2] {
                number(&mut inner, dice, part);
            }
        }
        Sort::Dsa => {
            for bits in [1_024, 160, 1_024, 1_024] {
                number(&mut blob, dice, bits);
            }
            inner.extend_from_slice(&blob);
            number(&mut inner, dice, 160);
        }
        Sort::Ecdsa(bits) => {
            let curve = sort.wire().rsplit('-').next().unwrap_or_default();
            string(&mut blob, curve.as_bytes());
            let size = usize::try_from(bits.div_ceil(8)).unwrap_or(32);
            let point = [vec![4], random(dice, size * 2)].concat();
            string(&mut blob, &point);
            inner.extend_from_slice(&blob);
            number(&mut inner, dice, bits);
        }
    }
    let private = private_file(&blob, &inner, comment, secret, dice);
    let public = [sort.wire().as_bytes(), b" ", STANDARD.encode(&blob).as_bytes()].concat();
    Pair { private, public, blob }
}

fn private_file(
    blob: &[u8],
    inner: &[u8],
    comment: &[u8],
    secret: Secret,
    dice: &mut Dice,
) -> Vec<u8> {
    let mut file = b"openssh-key-v1\0".to_vec();
    let check = random(dice, 4);
    let mut body = [check.as_slice(), &check, inner].concat();
    string(&mut body, comment);
    let block = match secret {
        Secret::None => {
            string(&mut file, b"none");
            string(&mut file, b"none");
            string(&mut file, b"");
            8
        }
        Secret::Some => {
            string(&mut file, b"aes256-ctr");
            string(&mut file, b"bcrypt");
            let mut options = Vec::new();
            string(&mut options, &random(dice, 16));
            options.extend(16_u32.to_be_bytes());
            string(&mut file, &options);
            16
        }
    };
    let mut pad = 1;
    while body.len() % block != 0 {
        body.push(pad);
        pad += 1;
    }
    if secret == Secret::Some {
        body = random(dice, body.len());
    }
    file.extend(1_u32.to_be_bytes());
    string(&mut file, blob);
    string(&mut file, &body);
    let text = STANDARD.encode(&file);
    let mut out = b"-----BEGIN OPENSSH PRIVATE KEY-----\n".to_vec();
    for line in text.as_bytes().chunks(70) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(b"-----END OPENSSH PRIVATE KEY-----\n");
    out
}

/// The bytes of a public key in a line.
pub(super) fn public_blob(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.split(|&b| b == b'\n').next()?;
    let word = line.split(|&b| b == b' ').find(|word| word.starts_with(b"AAAA"))?;
    STANDARD.decode(word).ok().filter(|blob| !blob.is_empty())
}

/// The bytes of the public key in a private file.
pub(super) fn private_blob(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_prefix(b"-----BEGIN OPENSSH PRIVATE KEY-----")?;
    let end = text.windows(5).position(|five| five == b"-----")?;
    let letters: Vec<u8> =
        text.get(..end)?.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let file = STANDARD.decode(letters).ok()?;
    let mut rest = file.strip_prefix(b"openssh-key-v1\0")?;
    for _ in 0..3 {
        rest = take(rest)?.1;
    }
    Some(take(rest.get(4..)?)?.0.to_vec())
}

/// A string, and what is behind it.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

/// The name of a key's kind as it is shown, and its bits.
pub(super) fn describe(blob: &[u8]) -> Option<(&'static str, u32)> {
    let (name, rest) = take(blob)?;
    Some(match name {
        b"ssh-ed25519" => ("ED25519", 256),
        b"ecdsa-sha2-nistp256" => ("ECDSA", 256),
        b"ecdsa-sha2-nistp384" => ("ECDSA", 384),
        b"ecdsa-sha2-nistp521" => ("ECDSA", 521),
        b"ssh-rsa" | b"ssh-dss" => {
            let first = take(rest)?;
            let number = if name == b"ssh-rsa" { take(first.1)?.0 } else { first.0 };
            let digits: Vec<u8> = number.iter().copied().skip_while(|b| *b == 0).collect();
            let head = digits.first().map_or(0, |first| 8 - first.leading_zeros());
            let rest = u32::try_from(digits.len().saturating_sub(1)).ok()?;
            (if name == b"ssh-rsa" { "RSA" } else { "DSA" }, head + rest * 8)
        }
        _ => return None,
    })
}

/// `SHA256:…`
pub(super) fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

/// `MD5:8f:7b:…`
pub(super) fn old_fingerprint(blob: &[u8]) -> String {
    let hash = md5::Md5::digest(blob);
    let pairs: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("MD5:{}", pairs.join(":"))
}

/// `|1|salt|hash`: a name in known_hosts that cannot be read.
pub(super) fn hashed_host(dice: &mut Dice, host: &[u8]) -> Vec<u8> {
    let salt = random(dice, 20);
    let pad = |mask: u8| -> Vec<u8> {
        let mut block: Vec<u8> = salt.iter().map(|b| b ^ mask).collect();
        block.resize(64, mask);
        block
    };
    let inner = Sha1::digest([pad(0x36).as_slice(), host].concat());
    let hash = Sha1::digest([pad(0x5c).as_slice(), &inner].concat());
    format!("|1|{}|{}", STANDARD.encode(&salt), STANDARD.encode(hash)).into_bytes()
}

#[test]
fn keys_are_keys() {
    for (sort, private, public) in
        [(Sort::Ed25519, 387, 80), (Sort::Rsa(3_072), 2_590, 552), (Sort::Ecdsa(256), 492, 160)]
    {
        let pair = make(sort, b"a@b", Secret::None, &mut Dice(5));
        assert!(pair.private.len().abs_diff(private) < 18, "{} {}", sort.name(), pair.private.len());
        assert_eq!(pair.public.len(), public);
        assert_eq!(private_blob(&pair.private).as_ref(), Some(&pair.blob));
        assert_eq!(public_blob(&pair.public).as_ref(), Some(&pair.blob));
        assert_eq!(describe(&pair.blob).map(|(_, bits)| bits), Some(sort.bits()));
    }
}

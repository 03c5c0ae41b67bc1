//! What SSH offers say: key types, terminal modes.
//!
//! **Invariant:** total functions of bytes that a peer chose; whatever is malformed yields "unknown".

use crate::event::KeyProof;
use crate::octets::{Binary, Octets};
use base64::Engine as _;
use sha2::{Digest, Sha256};

/// A public key offer, as the fold needs it.
pub(super) struct KeyOffer<'a> {
    pub(super) user: &'a Octets,
    pub(super) algorithm: &'a Octets,
    pub(super) key: &'a Binary,
    pub(super) proof: KeyProof,
}

/// Type name, bits and SHA-256 fingerprint (as OpenSSH prints it) of a public key blob,
/// RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, OpenSSH's PROTOCOL.u2f.
pub(super) fn describe_key(blob: &[u8]) -> (String, Option<u32>, String) {
    let digest = Sha256::digest(blob);
    let fingerprint =
        format!("SHA256:{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(digest));
    let mut fields = Strings(blob);
    let kind = fields.next().unwrap_or_default();
    let name = Octets::capped(kind, 64).readable();
    let base = name.split("-cert-v01@").next().unwrap_or_default();
    // A certificate carries a nonce before the key's own numbers.
    if base.len() != name.len() {
        fields.next();
    }
    let bits = match base {
        "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => {
            fields.next();
            fields.next().and_then(mpint_bits)
        }
        "ssh-dss" => fields.next().and_then(mpint_bits),
        "ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => Some(256),
        "ssh-ed448" => Some(456),
        "ecdsa-sha2-nistp256" | "sk-ecdsa-sha2-nistp256@openssh.com" => Some(256),
        "ecdsa-sha2-nistp384" => Some(384),
        "ecdsa-sha2-nistp521" => Some(521),
        _ if base.starts_with("sk-ecdsa-sha2-nistp256") || base.starts_with("sk-ssh-ed25519") => {
            Some(256)
        }
        _ => None,
    };
    (name, bits, fingerprint)
}

/// Terminal modes of RFC 4254 §8 by name, in the order sent; unknown opcodes by number.
pub(super) fn terminal_modes(bytes: &[u8]) -> Vec<(String, u32)> {
    let mut modes = Vec::new();
    let mut rest = bytes;
    // Opcodes 160 and up have other arguments, and end what can be read (RFC 4254 §8).
    while let Some((&opcode @ 1..160, after)) = rest.split_first() {
        let Some((argument, after)) = after.split_first_chunk::<4>() else { break };
        let name = MODES
            .iter()
            .find(|(number, _)| *number == opcode)
            .map_or_else(|| opcode.to_string(), |(_, name)| (*name).to_owned());
        modes.push((name, u32::from_be_bytes(*argument)));
        rest = after;
    }
    modes
}

/// The strings of RFC 4251 §5 that a buffer holds, one after the other, until one is cut.
struct Strings<'a>(&'a [u8]);

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (string, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}

fn mpint_bits(bytes: &[u8]) -> Option<u32> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(zeros..)?;
    let first = bytes.first()?;
    u32::try_from(bytes.len() * 8).ok().map(|bits| bits - first.leading_zeros())
}

const MODES: &[(u8, &str)] = &[
    (1, "VINTR"),
    (2, "VQUIT"),
    (3, "VERASE"),
    (4, "VKILL"),
    (5, "VEOF"),
    (6, "VEOL"),
    (7, "VEOL2"),
    (8, "VSTART"),
    (9, "VSTOP"),
    (10, "VSUSP"),
    (11, "VDSUSP"),
    (12, "VREPRINT"),
    (13, "VWERASE"),
    (14, "VLNEXT"),
    (15, "VFLUSH"),
    (16, "VSWTCH"),
    (17, "VSTATUS"),
    (18, "VDISCARD"),
    (30, "IGNPAR"),
    (31, "PARMRK"),
    (32, "INPCK"),
    (33, "ISTRIP"),
    (34, "INLCR"),
    (35, "IGNCR"),
    (36, "ICRNL"),
    (37, "IUCLC"),
    (38, "IXON"),
    (39, "IXANY"),
    (40, "IXOFF"),
    (41, "IMAXBEL"),
    (42, "IUTF8"),
    (50, "ISIG"),
    (51, "ICANON"),
    (52, "XCASE"),
    (53, "ECHO"),
    (54, "ECHOE"),
    (55, "ECHOK"),
    (56, "ECHONL"),
    (57, "NOFLSH"),
    (58, "TOSTOP"),
    (59, "IEXTEN"),
    (60, "ECHOCTL"),
    (61, "ECHOKE"),
    (62, "PENDIN"),
    (70, "OPOST"),
    (71, "OLCUC"),
    (72, "ONLCR"),
    (73, "OCRNL"),
    (74, "ONOCR"),
    (75, "ONLRET"),
    (90, "CS7"),
    (91, "CS8"),
    (92, "PARENB"),
    (93, "PARODD"),
    (128, "TTY_OP_ISPEED"),
    (129, "TTY_OP_OSPEED"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_say_their_type_and_size() {
        let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let ed = [string(b"ssh-ed25519"), string(&[7; 32])].concat();
        let (name, bits, fingerprint) = describe_key(&ed);
        assert_eq!((name.as_str(), bits), ("ssh-ed25519", Some(256)));
        assert!(fingerprint.starts_with("SHA256:") && fingerprint.len() == 50);
        let mut modulus = vec![0, 0x80];
        modulus.extend([1; 383]);
        let rsa = [string(b"ssh-rsa"), string(&[1, 0, 1]), string(&modulus)].concat();
        assert_eq!(describe_key(&rsa).1, Some(3072));
        assert_eq!(describe_key(b"\0\0\xff\xff").1, None);
    }

    #[test]
    fn modes_are_named() {
        assert_eq!(terminal_modes(&[53, 0, 0, 0, 1, 200, 1]), [("ECHO".to_owned(), 1)]);
        assert_eq!(terminal_modes(&[129, 0, 0, 0x96, 0, 0]), [("TTY_OP_OSPEED".into(), 38_400)]);
        assert_eq!(terminal_modes(&[1, 0, 0]), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_described(bytes: Vec<u8>) {
            describe_key(&bytes);
            terminal_modes(&bytes);
        }
    }
}

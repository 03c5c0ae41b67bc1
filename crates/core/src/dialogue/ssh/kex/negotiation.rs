//! What two offers have in common, RFC 4253 §7.1, chosen as OpenSSH's server chooses.
//!
//! **Invariant:** the client's order decides; of our own lists no name is taken that is not in them.

use crate::dialogue::ssh::kex::hostkey::Algorithm;
use crate::dialogue::ssh::kex::{Method, Refusal, blob};
use crate::dialogue::ssh::packet::algorithm::{Cipher, Compression, Mac, Suite};
use crate::wire::ssh::{self, KexInit, MSG_KEXINIT};

/// The ten name-lists of an offer, in the order of RFC 4253 §7.1.
pub type Lists<'a> = [&'a [u8]; 10];

/// Which exchange of a connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The first, before any key.
    First {
        /// The sequence number of the client's KEXINIT: how many packets it had sent before.
        sequence: u32,
    },
    /// A later one, under keys; marks in the list of methods mean nothing.
    Again,
}

/// What has to be agreed on, in the order in which OpenSSH does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The method of the key exchange.
    Method,
    /// The algorithm of the host key.
    HostKey,
    /// The client's cipher.
    CipherIn,
    /// The client's MAC.
    MacIn,
    /// The client's compression.
    CompressionIn,
    /// Our cipher.
    CipherOut,
    /// Our MAC.
    MacOut,
    /// Our compression.
    CompressionOut,
}

impl Slot {
    /// The list's number in a KEXINIT, from 0.
    #[must_use]
    pub fn list(self) -> usize {
        match self {
            Self::Method => 0,
            Self::HostKey => 1,
            Self::CipherIn => 2,
            Self::CipherOut => 3,
            Self::MacIn => 4,
            Self::MacOut => 5,
            Self::CompressionIn => 6,
            Self::CompressionOut => 7,
        }
    }
}

/// What both sides will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The method of the key exchange.
    pub method: Method,
    /// What the host key signs with.
    pub host_key: Algorithm,
    /// From the client to us.
    pub input: Suite,
    /// From us to the client.
    pub output: Suite,
    /// The client sent a packet on a guess that was wrong: its next one, of any number below 50,
    /// is dropped unread.
    pub drops_next: bool,
    /// The client asked for a strict exchange (`kex-strict-c-v00@openssh.com`); only the first
    /// exchange of a connection can say so.
    pub strict: bool,
    /// The client understands `SSH_MSG_EXT_INFO`, RFC 8308; only the first exchange can say so.
    pub ext_info: bool,
}

/// Our KEXINIT: the payload, from its message number on.
#[must_use]
pub fn kexinit(cookie: &[u8; 16], lists: &Lists<'_>) -> Vec<u8> {
    let mut payload = vec![MSG_KEXINIT];
    payload.extend_from_slice(cookie);
    lists.iter().for_each(|list| blob::put_string(&mut payload, list));
    // No guess follows, and the reserved number is zero.
    payload.extend_from_slice(&[0; 5]);
    payload
}

/// A client's KEXINIT from its payload, to the last byte.
///
/// # Errors
/// [`Refusal::Malformed`], also where bytes are left, which who only watches forgives.
pub fn offer(payload: &[u8]) -> Result<KexInit<'_>, Refusal> {
    let offer = ssh::kexinit(payload).map_err(|_| Refusal::Malformed)?;
    let lists: usize = offer.lists.iter().map(|list| list.len() + 4).sum();
    if payload.len() == 1 + offer.cookie.len() + lists + 5 {
        Ok(offer)
    } else {
        Err(Refusal::Malformed)
    }
}

/// What a client's offer and ours come to.
///
/// # Errors
/// [`Refusal::Malformed`] for a list that is no text, [`Refusal::NotFirst`] where a strict exchange
/// was asked for too late, [`Refusal::NoCommon`] and [`Refusal::NotAMethod`].
pub fn agree(
    client: &KexInit<'_>,
    ours: &Lists<'_>,
    occasion: Occasion,
) -> Result<Agreement, Refusal> {
    let mut theirs: Lists<'_> = [&[]; 10];
    for (text, list) in theirs.iter_mut().zip(client.lists) {
        *text = c_string(list).ok_or(Refusal::Malformed)?;
    }
    let methods = theirs.first().copied().unwrap_or_default();
    let (mut strict, mut ext_info) = (false, false);
    if let Occasion::First { sequence } = occasion {
        strict = names(methods).any(|name| name == STRICT_MARK);
        ext_info = names(methods).any(|name| name == EXT_INFO_MARK);
        if strict && sequence != 0 {
            return Err(Refusal::NotFirst);
        }
    }
    let choose = |slot: Slot| choose(slot, &theirs, ours);
    let method = Method::by_name(choose(Slot::Method)?).ok_or(Refusal::NotAMethod)?;
    let host_key = Algorithm::by_name(choose(Slot::HostKey)?).ok_or(Refusal::NotAMethod)?;
    let direction = |cipher, mac, compression| {
        let cipher = Cipher::named(choose(cipher)?).ok_or(Refusal::NotAMethod)?;
        let mac = if cipher.authenticates() {
            UNUSED_MAC
        } else {
            Mac::named(choose(mac)?).ok_or(Refusal::NotAMethod)?
        };
        let compression = Compression::named(choose(compression)?).ok_or(Refusal::NotAMethod)?;
        Ok(Suite { cipher, mac, compression })
    };
    let input = direction(Slot::CipherIn, Slot::MacIn, Slot::CompressionIn)?;
    let output = direction(Slot::CipherOut, Slot::MacOut, Slot::CompressionOut)?;
    let is_guess_wrong = theirs.iter().zip(ours).take(2).any(|(a, b)| first(a) != first(b));
    let drops_next = client.first_kex_packet_follows && is_guess_wrong;
    Ok(Agreement { method, host_key, input, output, drops_next, strict, ext_info })
}

/// The client's first name that is in our list; of ours only the first forty count.
fn choose<'a>(slot: Slot, theirs: &Lists<'_>, ours: &Lists<'a>) -> Result<&'a [u8], Refusal> {
    let list = slot.list();
    let theirs = theirs.get(list).copied().unwrap_or_default();
    let ours = ours.get(list).copied().unwrap_or_default();
    names(theirs)
        .find_map(|name| names(ours).take(OURS_MAX).find(|own| *own == name))
        .ok_or(Refusal::NoCommon(slot))
}

/// The names of a list; an empty one ends it.
fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').take_while(|name| !name.is_empty())
}

/// What stands before the first comma.
fn first(list: &[u8]) -> &[u8] {
    list.split(|byte| *byte == b',').next().unwrap_or_default()
}

/// A string as a C program sees it: a NUL may only end it.
fn c_string(list: &[u8]) -> Option<&[u8]> {
    let text = list.strip_suffix(&[0]).unwrap_or(list);
    (!text.contains(&0)).then_some(text)
}

/// What stands for no list having been asked.
const UNUSED_MAC: Mac = Mac::HmacSha256;
const STRICT_MARK: &[u8] = b"kex-strict-c-v00@openssh.com";
const EXT_INFO_MARK: &[u8] = b"ext-info-c";
/// OpenSSH's `MAX_PROP`.
const OURS_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OURS: Lists<'static> = [
        b"curve25519-sha256,ecdh-sha2-nistp256,kex-strict-s-v00@openssh.com",
        b"rsa-sha2-512,ssh-ed25519",
        b"chacha20-poly1305@openssh.com,aes128-ctr",
        b"chacha20-poly1305@openssh.com,aes128-ctr",
        b"hmac-sha2-256,hmac-sha1",
        b"hmac-sha2-256,hmac-sha1",
        b"none,zlib@openssh.com",
        b"none,zlib@openssh.com",
        b"",
        b"",
    ];

    const FIRST: Occasion = Occasion::First { sequence: 0 };

    fn offer(change: impl Fn(&mut Lists<'static>)) -> KexInit<'static> {
        let mut lists = OURS;
        lists[0] = b"curve25519-sha256";
        change(&mut lists);
        KexInit { cookie: &[0; 16], lists, first_kex_packet_follows: false, reserved: 0 }
    }

    #[test]
    fn the_order_of_the_client_decides() {
        let agreement = agree(
            &offer(|lists| {
                lists[0] = b"x,ecdh-sha2-nistp256,curve25519-sha256";
                lists[1] = b"ssh-ed25519,rsa-sha2-512";
                lists[2] = b"aes128-ctr,chacha20-poly1305@openssh.com";
                lists[4] = b"umac-64@openssh.com,hmac-sha1";
                lists[5] = b"nothing";
                lists[6] = b"zlib,zlib@openssh.com";
            }),
            &OURS,
            FIRST,
        )
        .unwrap();
        assert_eq!(agreement.method, Method::EcdhNistp256);
        assert_eq!(agreement.host_key, Algorithm::Ed25519);
        let input = Suite {
            cipher: Cipher::Aes128Ctr,
            mac: Mac::HmacSha1,
            compression: Compression::Delayed,
        };
        assert_eq!(agreement.input, input);
        // A list of MACs that nobody asks does not have to agree.
        assert_eq!(agreement.output.cipher, Cipher::ChaCha20Poly1305);
        assert_eq!(agreement.output.compression, Compression::None);
        assert!(!agreement.strict && !agreement.ext_info && !agreement.drops_next);
    }

    #[test]
    fn the_first_list_without_a_common_name_is_named() {
        for (slot, list) in [
            (Slot::Method, 0),
            (Slot::HostKey, 1),
            (Slot::CipherIn, 2),
            (Slot::CipherOut, 3),
            (Slot::CompressionIn, 6),
            (Slot::CompressionOut, 7),
        ] {
            assert_eq!(slot.list(), list);
            let refused = agree(&offer(|lists| lists[list] = b"none such"), &OURS, FIRST);
            assert_eq!(refused, Err(Refusal::NoCommon(slot)));
            assert_eq!(Refusal::NoCommon(slot).farewell(), None);
        }
        let refused = agree(
            &offer(|lists| {
                (lists[2], lists[4], lists[3]) = (b"aes128-ctr", b"none such", b"none such");
            }),
            &OURS,
            FIRST,
        );
        assert_eq!(refused, Err(Refusal::NoCommon(Slot::MacIn)));
    }

    #[test]
    fn marks_count_in_the_first_exchange_only() {
        let marked = offer(|lists| {
            lists[0] = b"ext-info-c,curve25519-sha256,kex-strict-c-v00@openssh.com";
        });
        let first = agree(&marked, &OURS, FIRST).unwrap();
        assert!(first.strict && first.ext_info);
        let again = agree(&marked, &OURS, Occasion::Again).unwrap();
        assert!(!again.strict && !again.ext_info);
        let late = agree(&marked, &OURS, Occasion::First { sequence: 1 });
        assert_eq!(late, Err(Refusal::NotFirst));
        assert!(Refusal::NotFirst.farewell().is_some());
        let lax = offer(|lists| lists[0] = b"curve25519-sha256");
        assert!(agree(&lax, &OURS, Occasion::First { sequence: 1 }).is_ok());
    }

    #[test]
    fn a_guess_is_wrong_if_either_first_name_differs() {
        let guess = |change: &dyn Fn(&mut Lists<'static>)| {
            let mut offer = offer(change);
            offer.first_kex_packet_follows = true;
            agree(&offer, &OURS, FIRST).unwrap().drops_next
        };
        assert!(!guess(&|_| ()));
        assert!(!guess(&|lists| lists[2] = b"aes128-ctr"));
        assert!(guess(&|lists| lists[0] = b"ecdh-sha2-nistp256,curve25519-sha256"));
        assert!(guess(&|lists| lists[1] = b"ssh-ed25519"));
    }

    #[test]
    fn lists_are_what_a_c_program_reads() {
        let method = |list: &'static [u8]| {
            agree(&offer(|lists| lists[0] = list), &OURS, FIRST).map(|agreement| agreement.method)
        };
        assert_eq!(method(b"curve25519-sha256\0"), Ok(Method::Curve25519));
        assert_eq!(method(b"curve25519\0sha256"), Err(Refusal::Malformed));
        assert_eq!(method(b"x,,curve25519-sha256"), Err(Refusal::NoCommon(Slot::Method)));
        assert_eq!(method(b"kex-strict-s-v00@openssh.com"), Err(Refusal::NotAMethod));
    }

    #[test]
    fn our_offer_reads_back() {
        let payload = kexinit(&[7; 16], &OURS);
        let read = super::offer(&payload).unwrap();
        assert_eq!((read.cookie, read.lists), (&[7; 16][..], OURS));
        assert!(!read.first_kex_packet_follows);
        let long = [&payload[..], &[0]].concat();
        assert_eq!(super::offer(&long), Err(Refusal::Malformed));
        assert_eq!(
            payload.len(),
            1 + 16 + OURS.iter().map(|list| list.len() + 4).sum::<usize>() + 5
        );
    }

    proptest! {
        #[test]
        fn any_lists_have_an_answer(lists in proptest::array::uniform10("[a-z0-9,\0-]{0,40}")) {
            let lists = std::array::from_fn(|at| lists[at].as_bytes());
            let offer =
                KexInit { cookie: &[0; 16], lists, first_kex_packet_follows: true, reserved: 0 };
            let _ = agree(&offer, &OURS, FIRST);
        }
    }
}

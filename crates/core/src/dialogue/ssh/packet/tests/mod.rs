//! What holds for every cipher, code and compression.

mod vectors;

use proptest::prelude::*;

use super::algorithm::{Cipher, Compression, Mac, Order, Suite};
use super::keys::Keys;
use super::opener::{Opener, PACKET_MAX};
use super::refusal::Refusal;
use super::sealer::{Sealer, Sequence};
use crate::limits::SSH_PACKET_BYTES;

fn no_random(_: &mut [u8]) {
    panic!("nothing is random before encryption");
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Every way to protect a packet, and none; the codes beside a cipher that needs none are no ways.
fn suites() -> Vec<Option<Suite>> {
    let mut suites = vec![None];
    for cipher in Cipher::ALL {
        for mac in Mac::ALL {
            for compression in Compression::ALL {
                if !cipher.authenticates() || mac == Mac::HmacSha1 {
                    suites.push(Some(Suite { cipher, mac, compression }));
                }
            }
        }
    }
    suites
}

fn keys(suite: Suite) -> Keys {
    Keys::known(suite, b"initial vector..", &[0x5a; 64], &[0xc3; 64])
}

fn pair(suite: Option<Suite>) -> (Sealer, Opener) {
    let (mut sealer, mut opener) = (Sealer::new(), Opener::new());
    if let Some(suite) = suite {
        sealer.install(keys(suite), Sequence::Continues);
        opener.install(keys(suite), Sequence::Continues);
    }
    sealer.authenticated();
    opener.authenticated();
    (sealer, opener)
}

fn sealed(sealer: &mut Sealer, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.seal(payload, &mut |bytes| bytes.fill(0x77), &mut out);
    out
}

/// What becomes of a stream that comes in pieces: payloads, and a refusal.
fn opened(
    opener: &mut Opener,
    pieces: impl Iterator<Item = Vec<u8>>,
) -> (Vec<Vec<u8>>, Option<Refusal>) {
    let (mut waiting, mut payloads) = (Vec::new(), Vec::new());
    for piece in pieces {
        waiting.extend(piece);
        loop {
            match opener.open(&mut waiting) {
                Ok(Some(packet)) => {
                    payloads.push(packet.payload.to_vec());
                    let used = packet.used;
                    waiting.drain(..used);
                }
                Ok(None) => break,
                Err(refusal) => return (payloads, Some(refusal)),
            }
        }
    }
    (payloads, None)
}

fn any_payload() -> impl Strategy<Value = Vec<u8>> {
    (1..=191_u8, proptest::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(number, rest)| [vec![number], rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_suite_gives_back_what_it_took(
        payloads in proptest::collection::vec(any_payload(), 1..6),
        cut in 1_usize..400,
    ) {
        for suite in suites() {
            let (mut sealer, mut opener) = pair(suite);
            let wire: Vec<u8> =
                payloads.iter().flat_map(|payload| sealed(&mut sealer, payload)).collect();
            let pieces = wire.chunks(cut).map(<[u8]>::to_vec);
            prop_assert_eq!(opened(&mut opener, pieces), (payloads.clone(), None));
            prop_assert_eq!(opener.traffic(), sealer.traffic());
            prop_assert_eq!(opener.sequence(), sealer.sequence());
        }
    }

    /// Any byte that is another: nothing of its packet is believed, whatever comes in which pieces.
    #[test]
    fn no_suite_takes_a_byte_that_was_changed(
        payloads in proptest::collection::vec(any_payload(), 2..4),
        at: prop::sample::Index,
        flip in 1..=255_u8,
        cut in 1_usize..400,
    ) {
        for suite in suites().into_iter().filter(Option::is_some) {
            let (mut sealer, _) = pair(suite);
            let packets: Vec<_> =
                payloads.iter().map(|payload| sealed(&mut sealer, payload)).collect();
            let mut wire = packets.concat();
            let at = at.index(wire.len());
            wire[at] ^= flip;
            // The packet with that byte.
            let mut end = 0;
            let whole = packets.iter().take_while(|packet| { end += packet.len(); end <= at }).count();
            // A longer length waits for bytes that it would take for its own.
            wire.resize(wire.len() + PACKET_MAX, 0);
            let in_pieces = opened(&mut pair(suite).1, wire.chunks(cut).map(<[u8]>::to_vec));
            let at_once = opened(&mut pair(suite).1, std::iter::once(wire));
            prop_assert_eq!(&at_once.0[..], &payloads[..whole], "{:?}", suite);
            prop_assert!(at_once.1.is_some(), "{suite:?}");
            prop_assert_eq!(at_once, in_pieces, "{:?}", suite);
        }
    }

    #[test]
    fn more_bytes_never_change_an_answer(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        length in 0..40_u8,
    ) {
        for suite in suites() {
            let wire = [&[0, 0, 0, length][..], &bytes].concat();
            let at_once = opened(&mut pair(suite).1, std::iter::once(wire.clone()));
            let in_pieces = opened(&mut pair(suite).1, wire.chunks(1).map(<[u8]>::to_vec));
            prop_assert_eq!(at_once, in_pieces, "{:?}", suite);
        }
    }
}

#[test]
fn a_packet_that_is_not_complete_stays_as_it_is() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite);
        let packet = sealed(&mut sealer, b"\x5e and more than one block of sixteen bytes");
        for end in 0..packet.len() {
            let mut part = packet[..end].to_vec();
            assert_eq!(opener.open(&mut part), Ok(None));
            assert_eq!(part, &packet[..end], "{suite:?}");
        }
        assert!(opener.open(&mut packet.clone()).unwrap().is_some());
    }
}

/// In the clear, where a peer can choose every byte; measured on Debian's 9.2p1-2+deb12u10, as are
/// the farewells.
#[test]
fn packets_in_the_clear_are_refused_as_openssh_refuses_them() {
    let refused =
        |bytes: &[u8]| Opener::new().open(&mut bytes.to_vec()).map(|found| found.is_some());
    let packet = |length: u32, padding: u8, number: u8| {
        let mut bytes = [&length.to_be_bytes()[..], &[padding, number]].concat();
        bytes.resize(4 + length as usize, 0);
        bytes
    };
    assert_eq!(refused(&packet(12, 10, 20)), Ok(true));
    assert_eq!(refused(&packet(12, 10, 20)[..15]), Ok(false));
    // The length is looked at with its block.
    assert_eq!(refused(&[0, 0, 0, 0, 0, 0, 0]), Ok(false));
    assert_eq!(refused(&[0; 8]), Err(Refusal::Length(0)));
    assert_eq!(refused(&[0, 0, 0, 4, 0, 0, 0, 0]), Err(Refusal::Length(4)));
    assert_eq!(refused(&[0, 0, 0, 5, 0, 0, 0, 0]), Err(Refusal::Blocks(5)));
    assert_eq!(refused(&[0, 0, 0, 13, 0, 0, 0, 0]), Err(Refusal::Blocks(13)));
    assert_eq!(refused(&[0, 4, 0, 1, 0, 0, 0, 0]), Err(Refusal::Length(262_145)));
    assert_eq!(refused(&[0, 3, 255, 252, 0, 0, 0, 0]), Ok(false));
    assert_eq!(refused(&packet(12, 3, 20)), Err(Refusal::ShortPadding(3)));
    assert_eq!(refused(&packet(12, 12, 20)), Err(Refusal::LongPadding(12)));
    assert_eq!(refused(&packet(12, 11, 20)), Err(Refusal::Empty));
    assert_eq!(refused(&packet(12, 10, 0)), Err(Refusal::Message(0)));
    assert_eq!(refused(&packet(12, 10, 192)), Err(Refusal::Message(192)));
    assert_eq!(refused(&packet(12, 10, 191)), Ok(true));
    assert_eq!(Refusal::ShortPadding(3).farewell().unwrap(), "Corrupted padlen 3 on input.");
    assert_eq!(Refusal::Message(192).farewell().unwrap(), "Invalid ssh2 packet type: 192");
    for silent in [Refusal::Length(0), Refusal::Blocks(5), Refusal::LongPadding(12), Refusal::Empty]
    {
        assert_eq!(silent.farewell(), None);
    }
}

#[test]
fn nothing_is_opened_behind_a_refusal() {
    let mut opener = Opener::new();
    assert_eq!(opener.open(&mut [0; 8]), Err(Refusal::Length(0)));
    let good = [0, 0, 0, 12, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(opener.open(&mut good.clone()), Err(Refusal::After));
}

/// Tell T9: a KEXINIT of 1,120 bytes gets 11 bytes of zeros.
#[test]
fn padding_is_that_of_openssh() {
    let mut out = Vec::new();
    Sealer::new().seal(&[20; 1_120], &mut no_random, &mut out);
    assert_eq!((&out[..5], &out[1_125..]), (&[0, 0, 4, 108, 11][..], &[0; 11][..]));
    // The length counts towards the blocks where it is encrypted with them.
    for (mac, length) in [(Mac::HmacSha1, 28), (Mac::HmacSha1Etm, 32)] {
        let suite = Suite { cipher: Cipher::Aes128Ctr, mac, compression: Compression::None };
        let (mut sealer, mut opener) = pair(Some(suite));
        let mut packet = sealed(&mut sealer, &[94; 20]);
        assert_eq!(packet.len(), 4 + length + 20);
        let packet = opener.open(&mut packet).unwrap().unwrap();
        assert_eq!(packet.padding, vec![0x77; length - 21]);
    }
}

#[test]
fn numbers_go_on_with_new_keys_or_begin_again() {
    let suite = Suite {
        cipher: Cipher::ChaCha20Poly1305,
        mac: Mac::HmacSha1,
        compression: Compression::None,
    };
    for (sequence, number) in [(Sequence::Continues, 1), (Sequence::Restarts, 0)] {
        let (mut sealer, mut opener) = pair(None);
        let mut packet = sealed(&mut sealer, b"\x15");
        assert_eq!(opener.open(&mut packet).unwrap().unwrap().sequence, 0);
        // One direction after the other.
        sealer.install(keys(suite), sequence);
        let mut packet = sealed(&mut sealer, b"\x05");
        opener.install(keys(suite), sequence);
        assert_eq!(opener.open(&mut packet).unwrap().unwrap().sequence, number);
    }
}

/// `ssh -C` begins in the middle of a connection's life, and again with new keys.
#[test]
fn compression_waits_for_the_end_of_authentication() {
    let suite =
        Suite { cipher: Cipher::Aes256Gcm, mac: Mac::HmacSha1, compression: Compression::Delayed };
    let (mut sealer, mut opener) = (Sealer::new(), Opener::new());
    let mut lengths = Vec::new();
    let mut pass = |sealer: &mut Sealer, opener: &mut Opener| {
        let mut packet = sealed(sealer, &[94; 1_000]);
        lengths.push(packet.len());
        assert_eq!(opener.open(&mut packet).unwrap().unwrap().payload, [94; 1_000]);
    };
    sealer.install(keys(suite), Sequence::Restarts);
    opener.install(keys(suite), Sequence::Restarts);
    pass(&mut sealer, &mut opener);
    sealer.authenticated();
    opener.authenticated();
    pass(&mut sealer, &mut opener);
    sealer.install(keys(suite), Sequence::Restarts);
    opener.install(keys(suite), Sequence::Restarts);
    pass(&mut sealer, &mut opener);
    assert!(lengths[0] > 1_000 && lengths[1] < 64 && lengths[2] == lengths[1], "{lengths:?}");
}

#[test]
fn the_longest_packet_is_taken_and_no_longer_one() {
    for suite in
        suites().into_iter().flatten().filter(|suite| suite.compression == Compression::None)
    {
        let (mut sealer, mut opener) = pair(Some(suite));
        // Four bytes of the first block are the length, where that is encrypted with it.
        let apart = suite.cipher.authenticates() || suite.mac.order() == Order::EncryptThenMac;
        let most = SSH_PACKET_BYTES - 1 - 4 - if apart { 0 } else { 4 };
        let mut packet = sealed(&mut sealer, &vec![94; most]);
        assert!(packet.len() <= PACKET_MAX, "{suite:?}");
        let length = opener.open(&mut packet).unwrap().unwrap().payload.len();
        assert_eq!(length, most, "{suite:?}");
        let mut longer = sealed(&mut sealer, &vec![94; SSH_PACKET_BYTES]);
        assert!(matches!(opener.open(&mut longer[..16]), Err(Refusal::Length(_))), "{suite:?}");
    }
}

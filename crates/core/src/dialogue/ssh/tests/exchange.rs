//! Exchanges of keys: the first, later ones, and what lies between.
//!
//! **Invariant:** whoever begins, both sides are in step behind it.

use super::*;
use crate::dialogue::ssh::fuzz::client::{LAX, STRICT};
use crate::dialogue::ssh::happening::{Ending, Stream};
use crate::dialogue::ssh::kex::negotiation::kexinit;
use crate::dialogue::ssh::packet::algorithm::{Cipher, Compression, Mac, Suite};
use crate::limits::SSH_HELD_BYTES;

fn lax() -> Wishes {
    Wishes { methods: LAX, ..Wishes::default() }
}

fn greeted(wishes: Wishes) -> Client {
    let mut client = Client::greeted(config(), wishes);
    assert_eq!(numbers(&mut client), [KEXINIT]);
    client.happened();
    client
}

/// Writes in a session, and what of it arrives.
fn echoed(client: &mut Client, number: u32, count: usize) -> usize {
    client.server.write(number, Stream::Output, &vec![b'x'; count], &mut dice);
    let heard = client.heard();
    let data = heard.iter().filter(|payload| payload[0] == CHANNEL_DATA);
    data.map(|payload| payload.len() - 9).sum()
}

#[test]
fn every_suite_is_spoken() {
    for cipher in Cipher::ALL {
        for mac in Mac::ALL {
            if cipher.authenticates() && mac != Mac::HmacSha1 {
                continue;
            }
            for compression in Compression::ALL {
                let suite = Suite { cipher, mac, compression };
                let mut client = fresh_with(Wishes { suite, piece: 1_000, ..Wishes::default() });
                let (id, number) = running(&mut client);
                client.send(data(id, &[b'y'; 5_000]));
                let told = What::Data { channel: number, bytes: vec![b'y'; 5_000] };
                assert_eq!(client.happened(), [told], "{suite:?}");
                assert_eq!(echoed(&mut client, number, 5_000), 5_000, "{suite:?}");
                client.exchange();
                assert_eq!(numbers(&mut client), [KEXINIT, 31, NEWKEYS], "{suite:?}");
                assert_eq!(echoed(&mut client, number, 70_000), 70_000, "{suite:?}");
            }
        }
    }
}

#[test]
fn what_comes_out_of_order_before_an_offer_is_unimplemented() {
    let mut client = greeted(lax());
    client.send([SERVICE_REQUEST]);
    client.send([49]);
    let numbered = |number| Payload::new(UNIMPLEMENTED).number(number).into();
    let expected: [Vec<u8>; 2] = [numbered(0), numbered(1)];
    assert_eq!(client.heard(), expected);
    assert_eq!(anomalies(&client.happened()), [Anomaly::SshKexInitMalformed; 2]);
}

#[test]
fn a_message_of_a_later_layer_ends_it_and_drops_nothing_said_before() {
    let mut client = greeted(lax());
    let mut bytes = Vec::new();
    client.seal([SERVICE_REQUEST], &mut bytes);
    client.seal([USERAUTH_REQUEST], &mut bytes);
    client.give(&bytes);
    assert_eq!(numbers(&mut client), [UNIMPLEMENTED]);
    assert!(client.server.is_over());
    assert_eq!(client.happened().last(), Some(&What::Over(Ending::Protocol)));
}

/// Our own offer is made before it turns out that nothing is common.
#[test]
fn a_silent_end_drops_what_was_just_made() {
    let mut client = fresh();
    client.send(kexinit(&[1; 16], &[b"x"; 10]));
    assert!(ended_silently(&mut client));
    let mut client = greeted(Wishes::default());
    let mut offer = client.offer();
    // Something behind the reserved number.
    offer.push(0);
    client.send(offer);
    assert!(ended_silently(&mut client));
    assert!(anomalies(&client.happened()).contains(&Anomaly::SshKexInitMalformed));
}

#[test]
fn transport_messages_are_counted_and_told_up_to_a_cap() {
    let mut client = greeted(lax());
    client.send(Payload::new(IGNORE).string(b"chaff"));
    for _ in 0..20 {
        client.send(Payload::new(DEBUG).byte(1).string(b"text").string(b"en"));
        client.send(Payload::new(UNIMPLEMENTED).number(9));
    }
    assert_eq!(client.happened().len(), 32);
    let Some(PeerFact::SshPackets {
        packets, ignored, ignored_bytes, debugged, unimplemented, ..
    }) = client.server.summary()
    else {
        panic!("no summary");
    };
    assert_eq!((packets, ignored, ignored_bytes, debugged, unimplemented), (41, 1, 9, 20, 20));
    // Too short.
    client.send([DEBUG, 1]);
    assert!(ended_silently(&mut client));
}

#[test]
fn a_strict_exchange_begins_with_its_offer() {
    let mut client = greeted(Wishes::default());
    client.send([IGNORE]);
    let offer = client.offer();
    client.send(offer);
    let words = "strict KEX violation: KEXINIT was not the first packet";
    assert_eq!(farewell(&mut client), words);
}

#[test]
fn a_strict_exchange_takes_nothing_else() {
    for number in [IGNORE, DEBUG, UNIMPLEMENTED, SERVICE_REQUEST, 31] {
        let mut client = greeted(Wishes::default());
        let offer = client.offer();
        client.send(offer);
        client.send([number]);
        let words = format!("strict KEX violation: unexpected packet type {number} (seqnr 1)");
        assert_eq!(farewell(&mut client), words);
    }
    let mut client = Client::greeted(config(), lax());
    let offer = client.offer();
    client.send(offer);
    client.send([IGNORE]);
    client.send(Client::value());
    client.send([NEWKEYS]);
    client.log_in(b"root");
    assert!(client.server.is_logged_in());
}

#[test]
fn the_packet_behind_a_wrong_guess_is_dropped() {
    let mut client = greeted(lax());
    let mut offer = client.offer();
    let follows = offer.len() - 5;
    offer[follows] = 1;
    client.send(offer);
    client.send([IGNORE]);
    client.send([49]);
    assert!(client.heard().is_empty());
    client.send(Client::value());
    client.send([NEWKEYS]);
    assert_eq!(numbers(&mut client), [31, NEWKEYS, EXT_INFO]);
}

#[test]
fn extensions_are_told_to_those_who_ask() {
    let mut client = Client::keyed(config(), Wishes::default());
    let heard = client.heard();
    let payload = heard.iter().find(|payload| payload[0] == EXT_INFO).unwrap();
    let mut fields = Fields::new(&payload[1..]);
    assert_eq!(fields.u32(), Ok(2));
    assert_eq!(fields.string(), Ok(&b"server-sig-algs"[..]));
    assert!(fields.string().unwrap().starts_with(b"ssh-ed25519,sk-ssh-ed25519@openssh.com,"));
    assert_eq!(fields.string(), Ok(&b"publickey-hostbound@openssh.com"[..]));
    assert_eq!(fields.string(), Ok(&b"0"[..]));
    let methods = "curve25519-sha256";
    let mut client = Client::keyed(config(), Wishes { methods, ..Wishes::default() });
    assert_eq!(numbers(&mut client), [KEXINIT, 31, NEWKEYS]);
}

#[test]
fn new_keys_with_something_behind_end_it() {
    let mut client = greeted(Wishes::default());
    let offer = client.offer();
    client.send(offer);
    client.send(Client::value());
    client.heard();
    client.send([NEWKEYS, 0]);
    assert!(ended_silently(&mut client));
}

#[test]
fn stray_new_keys_begin_the_count_again_where_it_is_strict() {
    let mut client = fresh();
    client.send([NEWKEYS]);
    assert_eq!(numbers(&mut client), [UNIMPLEMENTED]);
    client.renew();
    client.send([99]);
    client.send([190]);
    assert_eq!(client.heard(), [Vec::from(Payload::new(UNIMPLEMENTED).number(1))]);

    let mut client = fresh();
    client.send([NEWKEYS]);
    client.heard();
    client.send([190]);
    assert!(ended_silently(&mut client));

    let mut client = fresh_with(lax());
    client.send([NEWKEYS]);
    client.send([190]);
    assert_eq!(numbers(&mut client), [UNIMPLEMENTED; 2]);
}

#[test]
fn before_a_login_keys_are_not_exchanged_again() {
    let mut client = Client::keyed(config(), Wishes::default());
    client.heard();
    let offer = client.offer();
    client.send(offer);
    client.send(Payload::new(EXT_INFO).number(1).string(b"name").string(b"value"));
    assert_eq!(numbers(&mut client), [UNIMPLEMENTED; 2]);
    let told = client.happened().into_iter().any(|what| {
        matches!(what, What::Peer(PeerFact::SshExtensions { extensions }) if extensions.len() == 1)
    });
    assert!(told);
}

#[test]
fn a_worn_key_is_renewed_behind_the_next_packet() {
    let mut client = fresh();
    client.server.wear_out();
    client.send(global(b"x"));
    assert_eq!(numbers(&mut client), [KEXINIT]);
    client.exchange();
    assert_eq!(numbers(&mut client), [31, NEWKEYS, REQUEST_FAILURE]);
    let Some(PeerFact::SshPackets { client_exchanges, server_exchanges, .. }) =
        client.server.summary()
    else {
        panic!("no summary");
    };
    assert_eq!((client_exchanges, server_exchanges), (0, 1));
    client.send(global(b"x"));
    assert_eq!(numbers(&mut client), [REQUEST_FAILURE]);
}

/// As a long download does it: nothing comes, and what goes out wears the key.
#[test]
fn a_key_that_is_worn_by_what_goes_out_is_renewed_before_more_goes() {
    let mut client = fresh();
    let (_, number) = running(&mut client);
    client.server.wear_out();
    assert_eq!(echoed(&mut client, number, 9), 0);
    client.exchange();
    let heard = client.heard();
    assert_eq!(heard.iter().map(|payload| payload[0]).collect::<Vec<_>>(), [31, NEWKEYS, 94]);
    assert_eq!(echoed(&mut client, number, 9), 9);
}

#[test]
fn who_cannot_exchange_again_is_not_asked_to() {
    let mut client = fresh_with(Wishes { line: "SSH-2.0-Sun_SSH_1.0", ..Wishes::default() });
    client.server.wear_out();
    client.send(global(b"x"));
    assert_eq!(numbers(&mut client), [REQUEST_FAILURE]);
}

#[test]
fn answers_wait_for_new_keys_up_to_a_cap() {
    let mut client = fresh();
    let offer = client.offer();
    client.send(offer);
    let each = 64 + 1;
    for _ in 0..SSH_HELD_BYTES / each {
        client.send(global(b"x"));
    }
    assert_eq!(numbers(&mut client), [KEXINIT]);
    assert!(!client.server.is_over());
    client.send(global(b"x"));
    assert_eq!(client.happened().last(), Some(&What::Over(Ending::Limit)));
}

#[test]
fn a_disconnect_is_a_fact_and_the_end() {
    let mut client = greeted(Wishes { methods: STRICT, ..Wishes::default() });
    client.send(Payload::new(DISCONNECT).number(11).string(b"bye").string(b"en"));
    let told = client.happened();
    let [What::Peer(PeerFact::SshDisconnect { reason, text, language }), What::Over(ending)] =
        &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!((*reason, text.as_bytes(), language.as_bytes()), (11, &b"bye"[..], &b"en"[..]));
    assert_eq!(*ending, Ending::Peer);
    let mut client = greeted(Wishes::default());
    client.send([DISCONNECT, 0]);
    assert_eq!(client.happened().last(), Some(&What::Over(Ending::Protocol)));
}

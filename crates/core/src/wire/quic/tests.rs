use super::*;
use crate::row::hex;
use proptest::prelude::*;

/// RFC 9001 §A.3: the server's Initial packet, for the client's id 0x8394c8f03e515708.
const SERVER_V1: &str = "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a\
5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9\
c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4\
2158407dd074ee";

/// RFC 9369 §A.3: the same of version 2.
const SERVER_V2: &str = "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea2\
6b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa5238\
2dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed85\
21e2e140";

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect()
}

fn initial(bytes: &[u8]) -> Initial<'_> {
    match packet(bytes) {
        Ok(Some((Packet::Initial(initial), _))) => initial,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_servers_packet_of_rfc_9001_is_opened() {
    let id = unhex("8394c8f03e515708");
    let bytes = unhex(SERVER_V1);
    let found = initial(&bytes);
    assert_eq!((found.version, hex(found.source)), (Version::V1, "f067a5502a4262b5".to_owned()));
    let keys = Keys::new(Version::V1, &id, Sender::Server).unwrap();
    let payload = found.open(&keys).unwrap();
    assert!(
        hex(&payload).starts_with("02000000000600405a020000560303eefce7f7b37ba1d1632e96677825")
    );
    let mut crypto = Pieces::new(1_000);
    frames(&payload, &mut crypto).unwrap();
    let (hello, used) = message(crypto.start()).unwrap().unwrap();
    assert_eq!((hello.kind, used), (2, 0x5a));
    let mut broken = bytes.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(initial(&broken).open(&keys), None);
}

#[test]
fn the_servers_packet_of_rfc_9369_is_opened() {
    let bytes = unhex(SERVER_V2);
    let found = initial(&bytes);
    assert_eq!(found.version, Version::V2);
    let keys = Keys::new(Version::V2, &unhex("8394c8f03e515708"), Sender::Server).unwrap();
    assert!(hex(&found.open(&keys).unwrap()).starts_with("02000000000600405a020000560303eefce7"));
}

#[test]
fn short_input_asks_for_more_and_other_headers_are_refused() {
    let bytes = unhex(SERVER_V1);
    for end in 0..bytes.len() {
        assert_eq!(packet(&bytes[..end]), Ok(None), "at {end}");
    }
    assert!(packet(&[0x40]).is_err());
    assert!(packet(&[0xc0, 0, 0, 0, 9]).is_err());
    assert!(packet(&[0xc0, 0, 0, 0, 1, 21]).is_err());
    // A Retry of version 2, and a Handshake packet.
    let retry = [0xc0, 0x6b, 0x33, 0x43, 0xcf, 0, 0, 1, 2, 3];
    assert_eq!(packet(&retry), Ok(Some((Packet::Other, 10))));
    let handshake = [0xe0, 0, 0, 0, 1, 0, 0, 2, 8, 8, 7];
    assert_eq!(packet(&handshake), Ok(Some((Packet::Other, 10))));
}

#[test]
fn frames_beside_crypto_are_passed_over() {
    let mut crypto = Pieces::new(100);
    let payload = [2, 5, 0, 1, 0, 1, 1, 1, 6, 2, 2, b'c', b'd', 0, 0, 6, 0, 2, b'a', b'b'];
    frames(&payload, &mut crypto).unwrap();
    assert_eq!(crypto.start(), b"abcd");
    assert!(frames(&[6, 0, 9, 1], &mut crypto).is_err());
    assert!(frames(&[2, 0, 0, 0x7f, 0xff, 0], &mut crypto).is_err());
}

proptest! {
    #[test]
    fn any_datagrams_are_read(datagrams: Vec<Vec<u8>>, ids in prop::collection::vec(any::<u8>(), 0..30)) {
        let mut opening = Opening::default();
        for bytes in &datagrams {
            let framed = [&[0xc3, 0, 0, 0, 1, 0, 0, 0, 0x40, bytes.len() as u8][..], bytes].concat();
            let named = [&[0xd3, 0x6b, 0x33, 0x43, 0xcf][..], &ids, bytes].concat();
            for datagram in [bytes, &framed, &named] {
                let _ = opening.read(Sender::Client, datagram);
                let _ = opening.read(Sender::Server, datagram);
                let _ = opening.message(Sender::Client);
            }
            let _ = frames(bytes, &mut Pieces::new(1_000));
        }
    }
}

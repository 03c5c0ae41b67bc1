use super::*;
use proptest::prelude::*;

fn framed(kind: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[kind, 3, 1][..], &length, fragment].concat()
}

fn said(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind][..], &length[1..], body].concat()
}

/// Types and bodies of messages, and how they ended where they did.
type Read = (Vec<(u8, Vec<u8>)>, Option<Result<(), Malformed>>);

fn read(bytes: &[u8]) -> Read {
    let mut cursor = Handshake::new(bytes);
    let mut found = Vec::new();
    loop {
        match cursor.step() {
            Ok(Some(Step::Message(message))) => {
                found.push((message.kind, message.body.into_owned()));
            }
            Ok(Some(Step::Encrypted)) => return (found, Some(Ok(()))),
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(Err(error))),
        }
    }
}

#[test]
fn a_message_is_the_same_in_any_number_of_records() {
    let body: Vec<u8> = (0..=255).cycle().take(700).collect();
    let stream = [said(1, &body), said(11, b"xyz")].concat();
    for size in [1, 2, 3, 4, 5, 699, 704, 2_000] {
        let bytes: Vec<u8> =
            stream.chunks(size).flat_map(|fragment| framed(HANDSHAKE, fragment)).collect();
        let expected = vec![(1, body.clone()), (11, b"xyz".to_vec())];
        assert_eq!(read(&bytes), (expected, None), "in fragments of {size}");
    }
}

#[test]
fn a_second_hello_is_read_behind_a_change_of_cipher() {
    let hello = [&[3, 3][..], &[7; 40]].concat();
    let bytes = [
        framed(HANDSHAKE, &said(1, &hello)),
        framed(20, &[1]),
        framed(HANDSHAKE, &said(1, &hello)),
        framed(23, &[9; 30]),
    ]
    .concat();
    let (found, end) = read(&bytes);
    assert_eq!((found.len(), end), (2, Some(Ok(()))));
}

#[test]
fn what_is_encrypted_is_no_message() {
    let bytes = [framed(20, &[1]), framed(HANDSHAKE, &[0x41; 40])].concat();
    assert_eq!(read(&bytes), (vec![], Some(Ok(()))));
}

#[test]
fn nothing_may_stand_inside_a_message() {
    let message = said(1, &[0; 100]);
    let bytes = [framed(HANDSHAKE, &message[..50]), framed(21, &[2, 40])].concat();
    assert!(matches!(read(&bytes), (found, Some(Err(_))) if found.is_empty()));
}

#[test]
fn what_is_no_record_is_refused_at_the_byte_that_decides() {
    assert_eq!(record(b"\x16"), Ok(None));
    assert!(record(b"G").is_err());
    assert!(record(b"\x16\x02").is_err());
    assert!(record(b"\x16\x03\x01\x48\x01").is_err());
    assert_eq!(record(b"\x16\x03\x01\x48\x00"), Ok(None));
    assert!(message(&[1, 0xff, 0xff, 0xff]).is_err());
}

#[test]
fn certificates_are_listed_as_sent() {
    let list = [&[0, 0, 2][..], b"ab", &[0, 0, 1], b"c"].concat();
    let body = [&[0, 0, 9][..], &list].concat();
    assert_eq!(certificates(&body).unwrap().collect::<Vec<_>>(), [&b"ab"[..], b"c"]);
    assert!(certificates(&body[..8]).is_err());
    assert!(certificates(&[0, 0, 4, 0, 0, 9, 1]).is_err());
}

proptest! {
    #[test]
    fn more_bytes_never_change_a_step(
        parts in prop::collection::vec(
            (prop::sample::select(&[20_u8, 21, 22, 22, 22, 23, 24, 99]),
             prop::collection::vec(any::<u8>(), 0..30)),
            0..6,
        ),
        small: bool,
    ) {
        let bytes: Vec<u8> = parts
            .iter()
            .flat_map(|(kind, body)| match small {
                true => framed(*kind, &said(1, body)),
                false => framed(*kind, body),
            })
            .collect();
        let (all, end) = read(&bytes);
        for cut in 0..bytes.len() {
            let (found, early) = read(&bytes[..cut]);
            prop_assert!(all.starts_with(&found));
            if early.is_some() {
                prop_assert_eq!((&found, early), (&all, end), "at {}", cut);
            }
        }
    }

    #[test]
    fn any_bytes_are_read(bytes: Vec<u8>) {
        read(&bytes);
        let _ = certificates(&bytes);
    }
}

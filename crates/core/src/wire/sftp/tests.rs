use super::*;
use proptest::prelude::*;

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 1).unwrap();
    [&length.to_be_bytes()[..], &[kind], body].concat()
}

fn read(kind: u8, body: &[&[u8]]) -> Result<(u32, String), Malformed> {
    let bytes = framed(kind, &body.concat());
    let (message, used) = message(&bytes)?.unwrap();
    assert_eq!(used, bytes.len());
    request(message).map(|request| (request.id, format!("{:?}", request.what)))
}

#[test]
fn requests_are_read() {
    let id = 7_u32.to_be_bytes();
    let attributes = [0, 0, 0, 12, 0, 0, 1, 0o244, 0, 0, 0, 1, 0, 0, 0, 2];
    let bytes = framed(3, &[&id[..], &string(b"/x"), &[0, 0, 0, 26], &attributes].concat());
    let (message, _) = message(&bytes).unwrap().unwrap();
    let What::Open { path, flags, attributes } = request(message).unwrap().what else {
        panic!("no open")
    };
    assert_eq!((path, flags), (&b"/x"[..], WRITE | CREATE | TRUNCATE));
    assert_eq!((attributes.permissions, attributes.times), (Some(0o644), Some((1, 2))));
    assert_eq!((attributes.size, attributes.owner), (None, None));

    let (link, symlink) = read(20, &[&id, &string(b"to"), &string(b"name\0")]).unwrap();
    assert_eq!(link, 7);
    assert!(symlink.starts_with("Symlink"), "{symlink}");
    assert!(read(200, &[&id, &string(b"x@y"), b"rest"]).unwrap().1.contains("Unknown"));
    assert!(read(99, &[&id]).unwrap().1.contains("99"));
    assert_eq!(read(1, &[&[0, 0, 0, 3]]).unwrap().0, 0);
}

#[test]
fn what_ends_the_server_is_malformed() {
    let id = 7_u32.to_be_bytes();
    assert!(read(17, &[&id, &string(b"a\0b")]).is_err());
    assert!(read(17, &[&id, &[0, 0, 0, 9, b'a']]).is_err());
    assert!(read(17, &[&id[..2]]).is_err());
    assert!(
        read(3, &[&id, &string(b"/x"), &[0; 4], &[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]]).is_err()
    );
    assert_eq!(message(&[0, 4, 0, 1]), Ok(None));
    assert_eq!(message(&[0, 4, 0, 1, 0]), Err(Malformed::TooLong("message")));
    assert_eq!(message(&[0, 0, 0, 0, 0]), Err(Malformed::Cut("message")));
    assert_eq!(message(&[0, 4, 0, 0, 0]), Ok(None));
}

proptest! {
    #[test]
    fn more_bytes_never_change_an_answer(
        kind in prop_oneof![1_u8..=20, Just(EXTENDED), any::<u8>()],
        body in proptest::collection::vec(any::<u8>(), 0..80),
        more in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let whole = framed(kind, &body);
        let bytes = [whole.as_slice(), &more].concat();
        for end in 0..whole.len() {
            prop_assert_eq!(message(&bytes[..end]), Ok(None));
        }
        for end in whole.len()..=bytes.len() {
            prop_assert_eq!(message(&bytes[..end]), Ok(Some((&whole[4..], whole.len()))));
        }
    }

    #[test]
    fn a_request_reads_the_same_whatever_is_behind_its_fields(
        kind in prop_oneof![4_u8..=19],
        name in "[a-z/]{0,9}",
        more in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        // Enough for the fields of each: two names, or a handle and numbers.
        let id = 7_u32.to_be_bytes();
        let body = [&id[..], &string(name.as_bytes()), &[0; 16]].concat();
        let short = framed(kind, &body);
        let long = framed(kind, &[body.as_slice(), &more].concat());
        let (short, long) = (request(&short[4..]), request(&long[4..]));
        prop_assert_eq!(short, long);
        prop_assert!(short.is_ok());
    }
}

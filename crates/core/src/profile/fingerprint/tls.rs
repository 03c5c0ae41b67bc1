//! JA3, JA3S and JA4, and with the feature `ja4plus` JA4S and JA4X.
//!
//! **Invariant:** reserved values (GREASE) are left out where the definitions say so, and nowhere
//! else.

use super::ascii::Ascii;
use super::{Fingerprint, sha256_12_or_zeros};
#[cfg(feature = "ja4plus")]
use crate::row::hex;
use crate::row::hex_digit;
use crate::wire::tls::hello::{ALPN, ClientHello, SERVER_NAME, ServerHello, Words, is_grease};

pub use crate::event::wire::Carrier;

/// JA4's first letter.
fn letter(carrier: Carrier) -> u8 {
    match carrier {
        Carrier::Tcp => b't',
        Carrier::Quic => b'q',
        Carrier::Dtls => b'd',
    }
}

/// JA3 (Salesforce, 2017): `version,ciphers,extensions,groups,point formats`, without GREASE.
#[must_use]
pub fn ja3(hello: &ClientHello<'_>) -> Fingerprint {
    let mut text = Ascii::with_capacity(320);
    let extensions = hello.extensions.iter().map(|(id, _)| id).filter(|id| !is_grease(*id));
    text.decimal(hello.version.into()).byte(b',').decimals(plain(hello.ciphers)).byte(b',');
    text.decimals(extensions).byte(b',').decimals(plain(hello.groups())).byte(b',');
    text.decimals(hello.point_formats().iter().copied().map(u16::from));
    Fingerprint::of(text.done())
}

/// JA3S (Salesforce, 2019): `version,cipher,extensions`.
#[must_use]
pub fn ja3s(hello: &ServerHello<'_>) -> Fingerprint {
    let mut text = Ascii::new();
    text.decimal(hello.version.into()).byte(b',').decimal(hello.cipher.into()).byte(b',');
    text.decimals(hello.extensions.iter().map(|(id, _)| id));
    Fingerprint::of(text.done())
}

/// JA4 (FoxIO, 2023, BSD): a readable part, sorted ciphers, sorted extensions with the signature
/// algorithms as they came.
#[must_use]
pub fn ja4(carrier: Carrier, hello: &ClientHello<'_>) -> Fingerprint {
    let mut ciphers: Vec<u16> = plain(hello.ciphers).collect();
    ciphers.sort_unstable();
    let mut extensions: Vec<u16> =
        hello.extensions.iter().map(|(id, _)| id).filter(|id| !is_grease(*id)).collect();
    let offered = plain(hello.supported_versions()).max().unwrap_or(hello.version);
    let mut raw = Ascii::with_capacity(320);
    raw.byte(letter(carrier)).text(version(offered));
    raw.byte(if extensions.contains(&SERVER_NAME) { b'd' } else { b'i' });
    raw.two(ciphers.len().min(99) as u32).two(extensions.len().min(99) as u32);
    ends(&mut raw, hello.alpn().next());
    let mut hash = Ascii::new();
    hash.text(std::str::from_utf8(raw.since(0)).unwrap_or_default());
    extensions.retain(|id| !matches!(*id, SERVER_NAME | ALPN));
    extensions.sort_unstable();
    let begin = raw.byte(b'_').len();
    let middle = raw.fours(ciphers).len();
    hash.byte(b'_').text(&sha256_12_or_zeros(raw.since(begin)));
    raw.byte(b'_').fours(extensions);
    let mut signatures = plain(hello.signature_algorithms()).peekable();
    if signatures.peek().is_some() {
        raw.byte(b'_').fours(signatures);
    }
    hash.byte(b'_').text(&sha256_12_or_zeros(raw.since(middle + 1)));
    Fingerprint { hash: hash.done(), raw: raw.done() }
}

/// JA4S (FoxIO License 1.1): a readable part, the cipher, extensions in the order sent.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4s(carrier: Carrier, hello: &ServerHello<'_>) -> Fingerprint {
    let mut raw = Ascii::new();
    raw.byte(letter(carrier)).text(version(hello.chosen_version()));
    raw.two(hello.extensions.iter().count().min(99) as u32);
    ends(&mut raw, hello.alpn());
    let head = raw.byte(b'_').four(hello.cipher).len();
    raw.byte(b'_').fours(hello.extensions.iter().map(|(id, _)| id));
    let hashed = sha256_12_or_zeros(raw.since(head + 1));
    let raw = raw.done();
    let mut hash = raw.get(..=head).unwrap_or_default().to_owned();
    hash.push_str(&hashed);
    Fingerprint { hash, raw }
}

/// JA4X (FoxIO License 1.1) of a certificate: what kinds of attributes issuer and subject have, and
/// which extensions there are. The values are in none of it.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4x(objects: &crate::wire::x509::Objects<'_>) -> Fingerprint {
    let list =
        |numbers: &[&[u8]]| numbers.iter().map(|number| hex(number)).collect::<Vec<_>>().join(",");
    let parts = [&objects.issuer, &objects.subject, &objects.extensions].map(|part| list(part));
    let hashes = parts.each_ref().map(|part| sha256_12_or_zeros(part.as_bytes()));
    Fingerprint { hash: hashes.join("_"), raw: parts.join("_") }
}

fn plain(words: Words<'_>) -> impl Iterator<Item = u16> {
    words.into_iter().filter(|value| !is_grease(*value))
}

fn version(number: u16) -> &'static str {
    match number {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        // What OpenSSL sent as DTLS before the standard; FoxIO's own tools call it so.
        0x0100 => "s1",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// First and last character of the first application protocol; where one is no letter or digit,
/// first and last hexadecimal digit.
fn ends(text: &mut Ascii, protocol: Option<&[u8]>) {
    let (Some(&first), Some(&last)) =
        (protocol.and_then(<[u8]>::first), protocol.and_then(<[u8]>::last))
    else {
        text.text("00");
        return;
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        text.byte(first).byte(last);
    } else {
        text.byte(hex_digit(first >> 4)).byte(hex_digit(last & 15));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tls::hello::{Transport, client_hello, server_hello};
    use proptest::prelude::*;

    fn words(values: &[u16]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    fn long(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn extensions(list: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let all: Vec<u8> =
            list.iter().flat_map(|(id, body)| [words(&[*id]), long(body)].concat()).collect();
        long(&all)
    }

    fn client(version: u16, ciphers: &[u16], list: Option<&[(u16, Vec<u8>)]>) -> Vec<u8> {
        let mut body = words(&[version]);
        body.extend([0; 33]);
        body.extend(long(&words(ciphers)));
        body.extend([1, 0]);
        body.extend(list.map(extensions).unwrap_or_default());
        body
    }

    fn read(body: &[u8]) -> ClientHello<'_> {
        client_hello(body, Transport::Stream).unwrap()
    }

    /// The two examples of the JA3 publication.
    #[test]
    fn ja3_is_as_published() {
        let ciphers = [47, 53, 5, 10, 49_161, 49_162, 49_171, 49_172, 50, 56, 19, 4];
        let list =
            [(0, vec![]), (10, long(&words(&[23, 24, 25]))), (0x1a1a, vec![]), (11, vec![1, 0])];
        let body = client(769, &ciphers, Some(&list));
        let found = ja3(&read(&body));
        assert_eq!(
            found.raw,
            "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"
        );
        assert_eq!(found.hash, "ada70206e40642a3e4461f35503241d5");
        let ciphers = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
        let body = client(769, &ciphers, None);
        let found = ja3(&read(&body));
        assert_eq!(found.raw, "769,4-5-10-9-100-98-3-6-19-18-99,,,");
        assert_eq!(found.hash, "de350869b8c85de67a350c8d186f11e6");
    }

    /// The example of the JA4 publication, its technical details.
    #[test]
    fn ja4_is_as_published() {
        let ciphers = [
            0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
            0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ];
        let signatures = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        let mut list: Vec<(u16, Vec<u8>)> = [
            0x001b, 0x0000, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b,
            0x000a, 0x0015,
        ]
        .map(|id| (id, vec![]))
        .to_vec();
        list.push((0x0a0a, vec![]));
        list.push((0x10, b"\0\x03\x02h2".to_vec()));
        list.push((0x0d, long(&words(&signatures))));
        list.push((0x2b, vec![6, 0x2a, 0x2a, 3, 4, 3, 3]));
        let body = client(0x0303, &ciphers, Some(&list));
        let found = ja4(Carrier::Tcp, &read(&body));
        assert_eq!(found.hash, "t13d1516h2_8daaf6152771_e5627efa2ab1");
        assert_eq!(
            found.raw,
            "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9\
             _0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01\
             _0403,0804,0401,0503,0805,0501,0806,0601"
        );
    }

    #[test]
    fn nothing_gives_zeros_and_no_underscore() {
        let body = client(0x0301, &[0x0a0a], None);
        let found = ja4(Carrier::Tcp, &read(&body)).hash;
        assert_eq!(found, "t10i000000_000000000000_000000000000");
        let body = client(0xfefd, &[4], Some(&[(10, vec![])]));
        let found = ja4(Carrier::Dtls, &read(&body));
        assert_eq!(found.raw, "dd2i010100_0004_000a");
    }

    /// The table of the publication; a version that is a draft counts and is unknown.
    #[test]
    fn odd_protocols_and_versions_are_as_published() {
        let check = |protocol: &[u8], expected| {
            let mut text = Ascii::new();
            ends(&mut text, Some(protocol));
            assert_eq!(text.done(), expected);
        };
        check(b"h2", "h2");
        check(b"http/1.1", "h1");
        check(b"x", "xx");
        check(&[0xab], "ab");
        check(&[0xab, 0xcd], "ad");
        check(&[0x30, 0xab], "3b");
        check(&[0x30, 0x31, 0xab, 0xcd], "3d");
        check(&[0x30, 0xab, 0xcd, 0x31], "01");
        check(b"", "00");
        let body = client(0x0303, &[4], Some(&[(43, vec![4, 0x7f, 0x17, 3, 3])]));
        assert!(ja4(Carrier::Quic, &read(&body)).hash.starts_with("q00i"));
    }

    #[test]
    fn servers_extensions_keep_their_order() {
        let mut body = words(&[0x0303]);
        body.extend([0; 33]);
        body.extend([0x13, 0x01, 0]);
        body.extend(extensions(&[(0x33, vec![]), (0x2b, vec![3, 4])]));
        let hello = server_hello(&body).unwrap();
        assert_eq!(ja3s(&hello).raw, "771,4865,51-43");
        // The example of the publication.
        #[cfg(feature = "ja4plus")]
        assert_eq!(ja4s(Carrier::Tcp, &hello).hash, "t130200_1301_234ea6891581");
    }

    /// The example of the publication that has no extensions.
    #[cfg(feature = "ja4plus")]
    #[test]
    fn ja4x_is_as_published() {
        let objects = crate::wire::x509::Objects {
            issuer: vec![b"U\x04\x06", b"U\x04\x08", b"U\x04\x07", b"U\x04\x0a", b"U\x04\x03"],
            subject: vec![b"U\x04\x06", b"U\x04\x0b", b"U\x04\x03"],
            extensions: vec![],
        };
        let found = ja4x(&objects);
        assert_eq!(found.hash, "2bab15409345_af684594efb4_000000000000");
        assert_eq!(found.raw, "550406,550408,550407,55040a,550403_550406,55040b,550403_");
    }

    proptest! {
        #[test]
        fn any_hello_has_fingerprints(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let body = [&client(0x0303, &[1, 2], None)[..], &long(&bytes)].concat();
            if let Ok(hello) = client_hello(&body, Transport::Stream) {
                prop_assert_eq!(ja3(&hello).hash.len(), 32);
                prop_assert_eq!(ja4(Carrier::Tcp, &hello).hash.chars().count(), 36);
            }
        }
    }
}

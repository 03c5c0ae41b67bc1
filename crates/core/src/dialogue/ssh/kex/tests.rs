//! Exchanges against values that others made, and against a client of our own.
//!
//! **Invariant:** `testdata/ssh-kex/README.md` says where every value comes from.

use super::blob::{mpint, put_mpint, put_string, put_u32};
use super::group::{Group, Secret};
use super::hash::{Digest, digest};
use super::hostkey::{Algorithm, HostKey, Kind, Unreadable};
use super::random::Source;
use super::verification::{PublicKey, Verdict, verify};
use super::*;
use crate::dialogue::ssh::packet::keys::Hash;
use crate::wire::reader::Reader;
use curve25519_dalek::MontgomeryPoint;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, SecretKey};
use proptest::prelude::*;

const EXCHANGES: &str = include_str!("../../../../../../testdata/ssh-kex/exchanges.txt");
const SIGNATURES: &str = include_str!("../../../../../../testdata/ssh-kex/signatures.txt");
const ED25519_KEY: &str = include_str!("../../../../../../testdata/ssh-kex/ed25519_key");
const ECDSA_KEY: &str = include_str!("../../../../../../testdata/ssh-kex/ecdsa_key");
const ECDSA_PUBLIC: &str = include_str!("../../../../../../testdata/ssh-kex/ecdsa_key.pub");
const RSA_KEY: &str = include_str!("../../../../../../testdata/ssh-kex/rsa_key");
const RSA_PUBLIC: &str = include_str!("../../../../../../testdata/ssh-kex/rsa_key.pub");

const SAID: Identities<'static> = Identities {
    client: b"SSH-2.0-vector_client",
    server: b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6",
    client_offer: b"\x14client offer",
    server_offer: b"\x14server offer",
};

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Bytes as they are given, then as a simple generator makes them.
fn source(first: Vec<u8>) -> impl FnMut(&mut [u8]) {
    let (mut first, mut state) = (first.into_iter(), 0x9e37_79b9_7f4a_7c15_u64);
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = first.next().unwrap_or((state >> 56) as u8);
        }
    }
}

fn keys() -> Vec<HostKey> {
    [RSA_KEY, ECDSA_KEY, ED25519_KEY].map(|text| HostKey::parse(text).unwrap()).into()
}

fn ed25519() -> [HostKey; 1] {
    [HostKey::parse(ED25519_KEY).unwrap()]
}

fn exchange(method: Method) -> Exchange {
    Exchange::new(method, Algorithm::Ed25519, &SAID)
}

#[test]
fn exchanges_come_out_as_others_compute_them() {
    let key = ed25519();
    let mut methods = Vec::new();
    for case in EXCHANGES.split("\n\n") {
        let field = |name: &str| {
            let line = case.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name} in {case}"))
        };
        let name = field("method");
        let mut random = source(unhex(field("random")));
        let mut exchange = exchange(Method::by_name(name.as_bytes()).unwrap());
        let mut secrets = None;
        for (sent, reply) in field("client").split(' ').zip(field("reply").split(' ')) {
            let payload = match exchange.receive(&unhex(sent), &key, &mut random) {
                Ok(Answer::Group(payload)) => payload,
                Ok(Answer::Reply(payload, made)) => {
                    secrets = Some(made);
                    payload
                }
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(payload, unhex(reply), "{name}");
        }
        let secrets = secrets.unwrap();
        assert_eq!(secrets.exchange_hash.as_ref(), unhex(field("hash")), "{name}");
        assert_eq!(*secrets.shared, unhex(field("shared")), "{name}");
        methods.push(name);
    }
    assert_eq!(methods.len(), 11, "{methods:?}");
}

type Finish = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// What a client makes of a reply: its own shared secret and the server's public value.
struct Client {
    message: Vec<u8>,
    finish: Finish,
}

fn number(magnitude: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_mpint(&mut out, magnitude);
    out
}

fn x25519_client() -> Client {
    let secret = [7; 32];
    Client {
        message: MontgomeryPoint::mul_base_clamped(secret).to_bytes().to_vec(),
        finish: Box::new(move |server| {
            MontgomeryPoint(server.try_into().unwrap()).mul_clamped(secret).to_bytes().to_vec()
        }),
    }
}

fn sntrup_client() -> Client {
    let mut random = source(Vec::new());
    let (public, secret) = sntrup761::generate_key(Source(&mut random));
    let curve = x25519_client();
    Client {
        message: [public.as_ref(), &curve.message].concat(),
        finish: Box::new(move |server| {
            let (cipher, server) = server.split_at(sntrup761::CIPHERTEXT_SIZE);
            let key = secret.decapsulate(&cipher.try_into().unwrap());
            let both = [key.as_ref(), &(curve.finish)(server)].concat();
            digest(Hash::Sha512, &both).as_ref().to_vec()
        }),
    }
}

fn nist_client<C>(scalar: &[u8]) -> Client
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let secret = SecretKey::<C>::from_slice(scalar).unwrap();
    Client {
        message: secret.public_key().as_affine().to_sec1_point(false).as_bytes().to_vec(),
        finish: Box::new(move |server| {
            let point = p256::elliptic_curve::PublicKey::<C>::from_sec1_bytes(server).unwrap();
            secret.diffie_hellman(&point).raw_secret_bytes().to_vec()
        }),
    }
}

fn group_client(group: Group) -> Client {
    let secret = Secret::draw(group, &mut source(vec![9; 128])).unwrap();
    Client {
        message: number(secret.public())[4..].to_vec(),
        finish: Box::new(move |server| secret.shared(server).unwrap().to_vec()),
    }
}

#[test]
fn a_client_of_each_method_agrees_and_can_check_the_signature() {
    let clients = [
        (Method::Sntrup761X25519, sntrup_client()),
        (Method::Curve25519, x25519_client()),
        (Method::EcdhNistp256, nist_client::<p256::NistP256>(&[5; 32])),
        (Method::EcdhNistp384, nist_client::<p384::NistP384>(&[5; 48])),
        (Method::EcdhNistp521, nist_client::<p521::NistP521>(&[[0].as_slice(), &[5; 65]].concat())),
        (Method::Group14, group_client(Group::fixed_14().unwrap())),
        (Method::Group16, group_client(Group::fixed_16().unwrap())),
        (Method::Group18, group_client(Group::fixed_18().unwrap())),
    ];
    let key = ed25519();
    for (method, client) in clients {
        let mut message = vec![MSG_INIT];
        put_string(&mut message, &client.message);
        let mut exchange = exchange(method);
        let answer = exchange.receive(&message, &key, &mut source(Vec::new()));
        let Ok(Answer::Reply(reply, secrets)) = answer else { panic!("{method:?}: {answer:?}") };
        let mut reader = Reader::new(&reply[1..]);
        let (blob, public) = (reader.string().unwrap(), reader.string().unwrap());
        let known = (client.finish)(public);
        let shared = if method == Method::Sntrup761X25519 {
            [&64_u32.to_be_bytes(), &known[..]].concat()
        } else {
            number(&known)
        };
        assert_eq!(*secrets.shared, shared, "{method:?}");
        let signature = reader.string().unwrap();
        let hashed = secrets.exchange_hash;
        assert_eq!(blob, key[0].blob());
        assert_eq!(verify(blob, b"ssh-ed25519", hashed.as_ref(), signature), Verdict::Good);
        let wrong = digest(method.hash(), b"another exchange");
        assert_eq!(verify(blob, b"ssh-ed25519", wrong.as_ref(), signature), Verdict::Bad);
        // What was done is not done again.
        let again = exchange.receive(&message, &key, &mut source(Vec::new()));
        assert!(matches!(again, Ok(Answer::Unexpected)));
    }
}

#[test]
fn a_client_that_gets_a_group_agrees() {
    let key = ed25519();
    let mut random = source(Vec::new());
    let mut exchange = exchange(Method::GroupExchange);
    let mut request = vec![MSG_GROUP_REQUEST];
    [2_048, 3_072, 8_192].into_iter().for_each(|size| put_u32(&mut request, size));
    let early = exchange.receive(&[MSG_GROUP_INIT], &key, &mut random);
    assert!(matches!(early, Ok(Answer::Unexpected)));
    // The request of 1999, which OpenSSH has not answered since.
    let old = exchange.receive(&[30, 0, 0, 8, 0], &key, &mut random);
    assert!(matches!(old, Ok(Answer::Unexpected)));
    let answer = exchange.receive(&request, &key, &mut random);
    let Ok(Answer::Group(group)) = answer else { panic!("{answer:?}") };
    assert_eq!(group[0], 31);
    let mut reader = Reader::new(&group[1..]);
    let (prime, generator) = (mpint(&mut reader).unwrap(), mpint(&mut reader).unwrap());
    assert_eq!((prime.len(), generator.len()), (384, 1));
    let second = exchange.receive(&request, &key, &mut random);
    assert!(matches!(second, Ok(Answer::Unexpected)));
    // The client's secret is 64: a power of the generator that is a power of two, or of five.
    let mut public = vec![generator[0]];
    for _ in 0..6 {
        public = square(&public);
    }
    let mut init = vec![MSG_GROUP_INIT];
    put_mpint(&mut init, &public);
    let answer = exchange.receive(&init, &key, &mut random);
    match generator[0] {
        2 => assert_eq!(answer.err(), Some(Refusal::PublicValue)),
        _ => assert!(matches!(answer, Ok(Answer::Reply(..)))),
    }
}

fn square(number: &[u8]) -> Vec<u8> {
    let mut product = vec![0_u32; number.len() * 2];
    for (i, a) in number.iter().rev().enumerate() {
        for (j, b) in number.iter().rev().enumerate() {
            let mut carry = u32::from(*a) * u32::from(*b);
            let mut at = i + j;
            while carry > 0 {
                product[at] += carry & 0xff;
                carry = (carry >> 8) + (product[at] >> 8);
                product[at] &= 0xff;
                at += 1;
            }
        }
    }
    product.into_iter().rev().map(|digit| digit as u8).collect()
}

#[test]
fn values_that_are_none_are_refused() {
    let key = ed25519();
    let refused = |method, value: &[u8]| {
        let mut message = vec![MSG_INIT];
        put_string(&mut message, value);
        exchange(method).receive(&message, &key, &mut source(Vec::new())).err()
    };
    let no = Some(Refusal::PublicValue);
    assert_eq!(refused(Method::Curve25519, &[9; 31]), no);
    assert_eq!(refused(Method::Curve25519, &[9; 33]), no);
    assert_eq!(refused(Method::Curve25519, &[9; 32]), None);
    // Points of small order, RFC 7748 §7: the secret would be zero.
    let mut one = [0; 32];
    for (first, rest) in [(0, 0), (1, 0), (0xec, 0xff), (0xed, 0xff), (0xee, 0xff)] {
        one.fill(rest);
        (one[0], one[31]) = (first, rest & 0x7f);
        assert_eq!(refused(Method::Curve25519, &one), no, "{one:?}");
    }
    assert_eq!(refused(Method::Sntrup761X25519, &[9; 1_189]), no);
    assert_eq!(refused(Method::Sntrup761X25519, &[9; 1_191]), no);
    assert_eq!(refused(Method::Sntrup761X25519, &[9; 1_190]), None);
    assert_eq!(refused(Method::Sntrup761X25519, &[0; 1_190]), no);
    for method in [Method::EcdhNistp256, Method::EcdhNistp384, Method::EcdhNistp521] {
        assert_eq!(refused(method, &[]), no);
        assert_eq!(refused(method, &[0]), no);
        assert_eq!(refused(method, &[4; 65]), no);
    }
    let point = nist_client::<p256::NistP256>(&[5; 32]).message;
    assert_eq!(refused(Method::EcdhNistp256, &point), None);
    let mut other = point.clone();
    other[64] ^= 1;
    assert_eq!(refused(Method::EcdhNistp256, &other), no);
    // The same point in the short form.
    let short = [&[2 + (point[64] & 1)], &point[1..33]].concat();
    assert_eq!(refused(Method::EcdhNistp256, &short), no);
    // A point whose first coordinate is 5; it lies on the curve, and OpenSSH does not take it.
    let tiny = unhex(TINY_POINT);
    assert!(p256::PublicKey::from_sec1_bytes(&tiny).is_ok());
    assert_eq!(refused(Method::EcdhNistp256, &tiny), no);
    assert_eq!(refused(Method::Group14, &[0x80, 1]), Some(Refusal::Malformed));
    assert_eq!(refused(Method::Group14, &[1]), no);
    assert_eq!(refused(Method::Group14, &[0, 0xff]), None);
    assert_eq!(no.and_then(Refusal::farewell), None);
}

#[test]
fn messages_are_read_to_their_last_byte() {
    let key = ed25519();
    let answer = |method, message: &[u8]| {
        exchange(method).receive(message, &key, &mut source(Vec::new())).err()
    };
    let no = Some(Refusal::Malformed);
    assert_eq!(answer(Method::Curve25519, &[]), no);
    assert_eq!(answer(Method::Curve25519, &[MSG_INIT]), no);
    assert_eq!(answer(Method::Curve25519, &[MSG_INIT, 0, 0, 0, 1]), no);
    let mut long = vec![MSG_INIT];
    put_string(&mut long, &[9; 32]);
    long.push(0);
    assert_eq!(answer(Method::Curve25519, &long), no);
    let request = [MSG_GROUP_REQUEST, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 32, 0, 0];
    assert_eq!(answer(Method::GroupExchange, &request), no);
    assert_eq!(answer(Method::GroupExchange, &request[..12]), no);
    assert_eq!(answer(Method::GroupExchange, &request[..13]), None);
    let none: [HostKey; 0] = [];
    let mut init = vec![MSG_INIT];
    put_string(&mut init, &[9; 32]);
    let keyless = exchange(Method::Curve25519).receive(&init, &none, &mut source(Vec::new()));
    assert_eq!(keyless.err(), Some(Refusal::NoHostKey));
}

#[test]
fn host_keys_are_read_and_sign_what_they_can() {
    use base64::Engine as _;
    let keys = keys();
    for (key, public) in keys.iter().zip([RSA_PUBLIC, ECDSA_PUBLIC]) {
        let blob = public.split(' ').nth(1).unwrap();
        let blob = base64::engine::general_purpose::STANDARD.decode(blob).unwrap();
        assert_eq!(key.blob(), blob);
        assert!(PublicKey::read(&blob).is_ok());
    }
    let algorithms =
        [Algorithm::RsaSha256, Algorithm::RsaSha512, Algorithm::EcdsaNistp256, Algorithm::Ed25519];
    let mut signed = 0;
    for (key, algorithm) in keys.iter().flat_map(|key| algorithms.map(|name| (key, name))) {
        let signature = key.sign(algorithm, b"message", &mut source(Vec::new()));
        assert_eq!(signature.is_some(), key.signs_with(algorithm));
        let Some(mut signature) = signature else { continue };
        let name = algorithm.name().as_bytes();
        assert_eq!(Algorithm::by_name(name), Some(algorithm));
        assert_eq!(verify(key.blob(), name, b"message", &signature), Verdict::Good);
        assert_eq!(verify(key.blob(), name, b"massage", &signature), Verdict::Bad);
        assert_eq!(verify(key.blob(), b"ssh-dss", b"message", &signature), Verdict::Bad);
        // Blinding shows nowhere; what ECDSA draws does.
        let again = key.sign(algorithm, b"message", &mut source(vec![1; 500])).unwrap();
        assert_eq!(again != signature, algorithm == Algorithm::EcdsaNistp256);
        assert_eq!(verify(key.blob(), name, b"message", &again), Verdict::Good);
        *signature.last_mut().unwrap() ^= 1;
        assert_eq!(verify(key.blob(), name, b"message", &signature), Verdict::Bad);
        signed += 1;
    }
    assert_eq!(signed, 4);
}

#[test]
fn keys_are_written_as_ssh_keygen_writes_them() {
    for (text, comment) in [(RSA_KEY, "test"), (ECDSA_KEY, "test"), (ED25519_KEY, "")] {
        let key = HostKey::parse(text).unwrap();
        // The four random bytes that say whether a passphrase was right.
        let packed: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
        let at = 15 + 8 + 8 + 4 + 4 + 4 + key.blob().len() + 4;
        assert_eq!(*key.file(comment, &mut source(bytes[at..at + 4].to_vec())), text);
    }
}

#[test]
fn new_keys_sign() {
    for (kind, algorithm) in [
        (Kind::Ed25519, Algorithm::Ed25519),
        (Kind::EcdsaNistp256, Algorithm::EcdsaNistp256),
        (Kind::Rsa, Algorithm::RsaSha512),
    ] {
        let key = HostKey::generate(kind, &mut source(Vec::new())).unwrap();
        let signature = key.sign(algorithm, b"message", &mut source(Vec::new())).unwrap();
        let name = algorithm.name().as_bytes();
        assert_eq!(verify(key.blob(), name, b"message", &signature), Verdict::Good);
        let again = HostKey::parse(&key.file("root@host", &mut source(Vec::new()))).unwrap();
        assert_eq!(again.blob(), key.blob());
    }
    let none = HostKey::generate(Kind::EcdsaNistp256, &mut |bytes: &mut [u8]| bytes.fill(0));
    assert!(none.is_none());
}

#[test]
fn a_key_file_that_is_changed_is_refused() {
    for text in
        ["", "ssh-ed25519 AAAA", ED25519_KEY.split_at(200).0, &ED25519_KEY.replace("b3Bl", "b3Bm")]
    {
        assert_eq!(HostKey::parse(text).err(), Some(Unreadable::Form));
    }
    // Other letters in the last line but the padding belong to the private part.
    let changed = ECDSA_KEY.replace(
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYT",
    );
    assert_ne!(changed, ECDSA_KEY);
    assert_eq!(HostKey::parse(&changed).err(), Some(Unreadable::Numbers));
}

#[test]
fn signatures_of_others_are_good_and_changed_ones_are_not() {
    let mut count = 0;
    for line in SIGNATURES.lines() {
        let [name, blob, message, signature] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let (name, blob, message) = (name.as_bytes(), unhex(blob), unhex(message));
        let signature = unhex(signature);
        let check =
            |blob: &[u8], message: &[u8], signature: &[u8]| verify(blob, name, message, signature);
        assert_eq!(check(&blob, &message, &signature), Verdict::Good, "{line}");
        assert_eq!(check(&blob, b"other", &signature), Verdict::Bad);
        for at in [0, signature.len() / 2, signature.len() - 1] {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert_ne!(check(&blob, &message, &changed), Verdict::Good, "{line} at {at}");
            assert_ne!(check(&blob, &message, &signature[..at]), Verdict::Good);
        }
        assert_eq!(check(&blob, &message, &[&signature[..], &[0]].concat()), Verdict::Malformed);
        assert_eq!(check(&[&blob[..], &[0]].concat(), &message, &signature), Verdict::Malformed);
        count += 1;
    }
    assert_eq!(count, 6);
    for kind in ["ssh-dss", "sk-ssh-ed25519@openssh.com", "ssh-ed25519-cert-v01@openssh.com"] {
        let mut blob = Vec::new();
        put_string(&mut blob, kind.as_bytes());
        assert_eq!(verify(&blob, kind.as_bytes(), b"", b""), Verdict::Unsupported);
    }
}

/// RFC 8032 §7.1, the second test: a message of one byte.
#[test]
fn ed25519_is_that_of_the_standard() {
    let public = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signed = unhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    let (mut blob, mut signature) = (Vec::new(), Vec::new());
    for (out, content) in [(&mut blob, &public), (&mut signature, &signed)] {
        put_string(out, b"ssh-ed25519");
        put_string(out, content);
    }
    assert_eq!(verify(&blob, b"ssh-ed25519", &[0x72], &signature), Verdict::Good);
    assert_eq!(verify(&blob, b"ssh-ed25519", &[0x73], &signature), Verdict::Bad);
}

/// RFC 7748 §6.1: Alice's value, Bob's secret, and what both know.
#[test]
fn x25519_is_that_of_the_standard() {
    let alice = unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    let bob = unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let shared = unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let side = super::curve::curve25519(&alice, &mut source(bob)).unwrap();
    let public = unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    assert_eq!((side.public, side.shared.to_vec()), (public, number(&shared)));
}

/// On P-256, with 5 as its first coordinate.
const TINY_POINT: &str = "040000000000000000000000000000000000000000000000000000000000000005\
     459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";

#[test]
fn a_digest_has_its_length() {
    let length = |hash| Digest::as_ref(&digest(hash, b"")).len();
    let lengths = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512].map(length);
    assert_eq!(lengths, [20, 32, 48, 64]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_messages_have_an_answer(
        method in 0_usize..9,
        messages in proptest::collection::vec(
            (proptest::option::of(30_u8..35), proptest::collection::vec(any::<u8>(), 0..80)), 0..6),
    ) {
        let method = [
            Method::Sntrup761X25519, Method::Curve25519, Method::EcdhNistp256,
            Method::EcdhNistp384, Method::EcdhNistp521, Method::Group14, Method::Group16,
            Method::Curve25519, Method::GroupExchange,
        ][method];
        let (key, mut random, mut exchange) = (ed25519(), source(Vec::new()), exchange(method));
        for (number, body) in messages {
            let mut message = Vec::from_iter(number);
            if number.is_some_and(|number| number & 1 == 0) && body.len() > 40 {
                put_string(&mut message, &body);
            } else {
                message.extend(body);
            }
            let _ = exchange.receive(&message, &key, &mut random);
        }
    }

    #[test]
    fn any_key_and_signature_have_a_verdict(
        kind in 0_usize..6,
        key in proptest::collection::vec(any::<u8>(), 0..300),
        content in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let kind: &[u8] = [
            &b"ssh-ed25519"[..], b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp521", b"ssh-rsa",
            b"rsa-sha2-512", b"x",
        ][kind];
        let (mut blob, mut signature) = (Vec::new(), Vec::new());
        put_string(&mut blob, kind);
        blob.extend(key);
        put_string(&mut signature, kind);
        put_string(&mut signature, &content);
        prop_assert_ne!(verify(&blob, kind, b"message", &signature), Verdict::Good);
    }
}

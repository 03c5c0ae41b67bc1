//! Logging in.
//!
//! **Invariant:** each try is one fact with what was answered, whatever becomes of the connection.

use super::*;
use crate::dialogue::ssh::Reading;
use crate::dialogue::ssh::happening::{Login, Method, Proof, Verdict};
use crate::dialogue::ssh::kex::blob::put_string;
use crate::dialogue::ssh::kex::hostkey::{Algorithm, HostKey, Kind};
use crate::event::{AuthOutcome, KeyProof, Timestamp};

/// A client that has asked for the service.
fn asking() -> Client {
    let mut client = Client::keyed(config(), Wishes::default());
    client.send(Payload::new(SERVICE_REQUEST).string(b"ssh-userauth"));
    client.heard();
    client.happened();
    client
}

fn attempt(user: &[u8], method: &[u8]) -> Payload {
    Payload::new(USERAUTH_REQUEST).string(user).string(b"ssh-connection").string(method)
}

fn password(user: &[u8], password: &[u8]) -> Payload {
    attempt(user, b"password").byte(0).string(password)
}

/// What the driver is asked.
fn asked(client: &mut Client) -> Option<Login> {
    client
        .happened()
        .into_iter()
        .find_map(|what| if let What::Login(login) = what { Some(login) } else { None })
}

/// What is told of a try without a key: user, method, secrets, outcome.
fn told(client: &mut Client) -> (String, String, Vec<Vec<u8>>, AuthOutcome) {
    let fact = client.happened().into_iter().find_map(|what| {
        if let What::Peer(PeerFact::AuthAttempt { method, user, secrets, outcome }) = what {
            let secrets = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
            Some((user.to_string(), method.to_string(), secrets, outcome))
        } else {
            None
        }
    });
    fact.unwrap()
}

fn failure() -> Vec<Vec<u8>> {
    vec![Payload::new(USERAUTH_FAILURE).string(b"publickey,password").byte(0).into()]
}

fn refused(client: &mut Client, request: impl AsRef<[u8]>) -> Method {
    client.send(request);
    let login = asked(client).unwrap();
    client.decide(Verdict::Refused);
    assert_eq!(client.heard(), failure());
    login.method
}

#[test]
fn one_service_is_there_and_again() {
    let mut client = Client::keyed(config(), Wishes::default());
    client.heard();
    client.send(attempt(b"root", b"none"));
    assert_eq!(numbers(&mut client), [UNIMPLEMENTED]);
    for _ in 0..2 {
        client.send(Payload::new(SERVICE_REQUEST).string(b"ssh-userauth\0"));
        let accept = Payload::new(SERVICE_ACCEPT).string(b"ssh-userauth");
        assert_eq!(client.heard(), [Vec::from(accept)]);
    }
    client.send(Payload::new(SERVICE_REQUEST).string(b"ssh-connection"));
    assert_eq!(farewell(&mut client), "bad service request ssh-connection");
}

#[test]
fn none_is_asked_for_once() {
    let mut client = asking();
    assert_eq!(refused(&mut client, attempt(b"root", b"none")), Method::None);
    let expected = ("root".to_owned(), "none".to_owned(), vec![], AuthOutcome::Refused);
    assert_eq!(told(&mut client), expected);
    assert_eq!(refused(&mut client, attempt(b"root", b"none")), Method::Other);
    assert_eq!(refused(&mut client, attempt(b"root", b"gssapi-with-mic")), Method::Other);
}

#[test]
fn a_role_and_a_style_are_no_part_of_the_name() {
    let mut client = asking();
    client.send(password(b"root/role:style", b"a"));
    assert_eq!(asked(&mut client).unwrap().user, b"root");
    client.decide(Verdict::Refused);
    assert_eq!(told(&mut client).0, "root/role:style");
    client.send(password(b"root:other", b"a"));
    assert_eq!(asked(&mut client).unwrap().user, b"root");
}

#[test]
fn the_name_and_the_service_stay() {
    let mut client = asking();
    refused(&mut client, password(b"root", b"a"));
    client.send(Payload::new(USERAUTH_REQUEST).string(b"me").string(b"x").string(b"none"));
    let words = "Change of username or service not allowed: (root,ssh-connection) -> (me,x)";
    assert_eq!(farewell(&mut client), words);
}

#[test]
fn a_password_is_what_a_c_program_reads() {
    let mut client = asking();
    let read = Method::Password(b"a".to_vec());
    assert_eq!(refused(&mut client, password(b"root", b"a\0")), read);
    client.send(password(b"root", b"a\0b"));
    assert!(ended_silently(&mut client));
    let mut client = asking();
    client.send(password(b"root", b"a").byte(0));
    assert!(ended_silently(&mut client));
}

#[test]
fn a_password_is_not_changed() {
    let mut client = asking();
    let request = attempt(b"root", b"password").byte(1).string(b"old").string(b"new");
    assert_eq!(refused(&mut client, request), Method::Other);
    assert_eq!(told(&mut client).2, [b"old", b"new"]);
}

#[test]
fn a_password_beyond_1024_bytes_is_nobodys() {
    let mut client = asking();
    let longest = [b'x'; 1_024];
    let read = Method::Password(longest.to_vec());
    assert_eq!(refused(&mut client, password(b"root", &longest)), read);
    assert_eq!(refused(&mut client, password(b"root", &[b'x'; 1_025])), Method::Other);
    let happened = client.happened();
    assert!(anomalies(&happened).is_empty(), "it is told with the try: {happened:?}");
}

#[test]
fn six_failures_are_enough_and_the_first_none_is_free() {
    let mut client = asking();
    refused(&mut client, attempt(b"root", b"none"));
    for _ in 0..5 {
        refused(&mut client, password(b"root", b"a"));
    }
    client.happened();
    client.send(password(b"root", b"a"));
    client.decide(Verdict::Refused);
    assert_eq!(farewell(&mut client), "Too many authentication failures");
    assert_eq!(anomalies(&client.happened()), [Anomaly::TooManyAuthAttempts]);
}

#[test]
fn an_answer_is_told_at_once_and_given_later() {
    let mut client = asking();
    client.send(password(b"root", b"a"));
    assert_eq!(client.server.reading(), Reading::Rest);
    client.happened();
    // What comes meanwhile waits.
    client.send(password(b"root", b"b"));
    assert!(client.happened().is_empty());
    let later = Timestamp(AT.0 + 5);
    client.server.decide(Verdict::Refused, later, &mut dice);
    assert_eq!(told(&mut client).3, AuthOutcome::Refused);
    assert_eq!(client.server.wake_at(), Some(later));
    client.server.wake(Timestamp(later.0 - 1), &mut dice);
    assert!(client.heard().is_empty());
    client.server.wake(later, &mut dice);
    assert_eq!(client.heard(), failure());
    assert_eq!(asked(&mut client).unwrap().method, Method::Password(b"b".to_vec()));
    assert_eq!(client.server.wake_at(), None);
}

#[test]
fn the_first_answer_to_a_try_counts() {
    let mut client = asking();
    client.send(password(b"root", b"a"));
    client.server.decide(Verdict::Refused, Timestamp(AT.0 + 5), &mut dice);
    client.server.decide(Verdict::Accepted, AT, &mut dice);
    assert_eq!(told(&mut client).3, AuthOutcome::Refused);
    client.server.wake(Timestamp(AT.0 + 5), &mut dice);
    assert_eq!(client.heard(), failure());
}

#[test]
fn a_login_tells_the_host_keys() {
    let mut client = asking();
    client.send(password(b"root", b"right"));
    client.decide(Verdict::Accepted);
    let heard = client.heard();
    let mut told = Payload::new(GLOBAL_REQUEST).string(b"hostkeys-00@openssh.com").byte(0);
    for key in &config().host_keys {
        told = told.string(key.blob());
    }
    assert_eq!(heard, [vec![USERAUTH_SUCCESS], told.into()]);
    assert_eq!(client.happened().last(), Some(&What::LoggedIn));
}

#[test]
fn an_unknown_service_lets_nobody_in() {
    let mut client = asking();
    let request = Payload::new(USERAUTH_REQUEST).string(b"root").string(b"x");
    client.send(request.string(b"password").byte(0).string(b"right"));
    client.decide(Verdict::Accepted);
    assert!(ended_silently(&mut client));
}

fn key() -> HostKey {
    HostKey::generate(Kind::Ed25519, &mut |bytes: &mut [u8]| bytes.fill(3)).unwrap()
}

const HOSTBOUND: &[u8] = b"publickey-hostbound-v00@openssh.com";

/// A request with a key, its signature where that is to be changed by `change`.
fn shown(client: &Client, method: &[u8], host_key: &[u8], change: Option<u8>) -> Payload {
    let request = |signed: u8| {
        let request = attempt(b"root", method).byte(signed).string(b"ssh-ed25519");
        let request = request.string(key().blob());
        if method == HOSTBOUND { request.string(host_key) } else { request }
    };
    let Some(change) = change else { return request(0) };
    let mut message = Vec::new();
    put_string(&mut message, client.session());
    message.extend_from_slice(request(1).as_ref());
    let mut signature = key().sign(Algorithm::Ed25519, &message, &mut dice).unwrap();
    signature.last_mut().into_iter().for_each(|last| *last ^= change);
    request(1).string(&signature)
}

/// How a try with a key is told.
fn offered(client: &mut Client) -> (KeyProof, AuthOutcome) {
    let fact = client.happened().into_iter().find_map(|what| {
        if let What::Peer(PeerFact::KeyOffered { proof, outcome, .. }) = what {
            Some((proof, outcome))
        } else {
            None
        }
    });
    fact.unwrap()
}

#[test]
fn a_key_that_would_do_is_said_to_and_lets_in_with_its_signature() {
    let ours = config().host_keys[1].blob().to_vec();
    for method in [b"publickey", HOSTBOUND] {
        let mut client = asking();
        client.send(shown(&client, method, &ours, None));
        let wanted = Method::Key { key: key().blob().to_vec(), proof: Proof::Asked };
        assert_eq!(asked(&mut client).unwrap().method, wanted);
        client.decide(Verdict::Accepted);
        let ok = Payload::new(USERAUTH_PK_OK).string(b"ssh-ed25519").string(key().blob());
        assert_eq!(client.heard(), [Vec::from(ok)]);
        assert_eq!(offered(&mut client), (KeyProof::Asked, AuthOutcome::Accepted));
        assert!(!client.server.is_logged_in());
        client.send(shown(&client, method, &ours, Some(0)));
        client.decide(Verdict::Accepted);
        assert_eq!(offered(&mut client), (KeyProof::Signed, AuthOutcome::Accepted));
        assert!(client.server.is_logged_in());
    }
}

#[test]
fn a_wrong_signature_is_never_good() {
    let mut client = asking();
    client.send(shown(&client, b"publickey", b"", Some(1)));
    client.decide(Verdict::Accepted);
    assert_eq!(client.heard(), failure());
    assert_eq!(offered(&mut client), (KeyProof::Asked, AuthOutcome::Refused));
}

#[test]
fn a_key_of_an_unknown_kind_is_not_read_further() {
    let mut client = asking();
    let request = attempt(b"root", b"publickey").byte(1).string(b"ssh-dss").string(b"x");
    let wanted = Method::Key { key: b"x".to_vec(), proof: Proof::Unusable };
    assert_eq!(refused(&mut client, request), wanted);
}

#[test]
fn another_hosts_key_ends_it() {
    // The one that was not agreed on is another's as well.
    let other = config().host_keys[0].blob().to_vec();
    for host_key in [&b"x"[..], &other] {
        let mut client = asking();
        client.send(shown(&client, HOSTBOUND, host_key, Some(0)));
        assert!(ended_silently(&mut client));
    }
}

#[test]
fn messages_of_gssapi_are_taken_out_with_the_first_try() {
    for number in [61, 63] {
        let mut client = asking();
        client.send([number]);
        assert_eq!(numbers(&mut client), [UNIMPLEMENTED]);
        refused(&mut client, attempt(b"root", b"none"));
        client.send([number]);
        assert!(ended_silently(&mut client));
    }
}

#[test]
fn a_login_is_not_to_be_had_behind_one() {
    let mut client = fresh();
    client.send(password(b"root", b"a"));
    client.send(Payload::new(SERVICE_REQUEST).string(b"ssh-userauth"));
    assert_eq!(numbers(&mut client), [UNIMPLEMENTED; 2]);
}

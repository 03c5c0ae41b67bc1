//! Before keys: the identification phase.
//!
//! **Invariant:** nothing here is in packets.

use super::*;
use crate::dialogue::ssh::fuzz::client::LINE;
use crate::dialogue::ssh::happening::Ending;
use crate::dialogue::ssh::{Reading, Server};
use crate::event::Timestamp;

fn server() -> Server {
    Server::new(config(), Timestamp(0))
}

/// What is said behind our line, the ending of a last line, and what happened.
fn said(bytes: &[u8]) -> (String, &'static [u8], Vec<What>) {
    let mut server = server();
    server.receive(AT, bytes, &mut dice);
    let ours = LINE.len() + 2;
    let text = String::from_utf8_lossy(&server.output()[ours..]).into_owned();
    let happened = std::iter::from_fn(|| server.happening()).map(|one| one.what).collect();
    (text, server.line_ending(), happened)
}

#[test]
fn our_line_is_said_first() {
    let server = server();
    assert_eq!(server.output(), [LINE.as_bytes(), b"\r\n"].concat());
    assert_eq!(server.reading(), Reading::Peek);
}

#[test]
fn what_is_no_line_is_told_so() {
    for bytes in [&b"GET / HTTP/1.1\n"[..], b"SSH-2.0-a\0", b"SSH-2.0-a\rb", b"SSH-2.0-\n"] {
        let (text, ending, happened) = said(bytes);
        assert_eq!((&*text, ending), ("Invalid SSH identification string.", &b"\r\n"[..]));
        assert_eq!(anomalies(&happened), [Anomaly::SshIdentInvalid]);
        assert_eq!(happened.last(), Some(&What::Over(Ending::Protocol)));
    }
}

#[test]
fn another_version_is_told_so() {
    let (text, ending, happened) = said(b"SSH-1.5-a\n");
    assert_eq!((&*text, ending), ("Protocol major versions differ.", &b"\r\n"[..]));
    assert_eq!(anomalies(&happened), [Anomaly::SshVersionUnsupported]);
}

#[test]
fn a_probe_is_left_without_a_word() {
    let (text, ending, happened) = said(b"SSH-2.0-Probe-1\n");
    assert_eq!((&*text, ending), ("", &b""[..]));
    assert_eq!(happened.last(), Some(&What::Over(Ending::Protocol)));
}

#[test]
fn a_line_of_8192_bytes_is_one_whatever_carriage_returns_end_it() {
    let line = [b"SSH-2.0-", &[b'x'; 8_184][..]].concat();
    let mut server = server();
    server.receive(AT, &line, &mut dice);
    server.receive(AT, &[b'\r'; 8_000], &mut dice);
    assert_eq!(server.reading(), Reading::Peek);
    server.receive(AT, b"\n", &mut dice);
    assert_eq!(server.reading(), Reading::Take(8_192));
    let (_, _, happened) = said(&[&line[..], b"x"].concat());
    assert_eq!(anomalies(&happened), [Anomaly::SshIdentTooLong]);
}

#[test]
fn carriage_returns_alone_make_no_endless_line() {
    let bytes = [b"SSH-2.0-a", &[b'\r'; 40_000][..]].concat();
    let mut server = server();
    let heard = server.hear(AT, &bytes, &mut dice);
    assert_eq!(heard, 2 * 8_192 + 2);
    assert!(server.is_over());
}

#[test]
fn what_is_behind_the_line_stays() {
    let mut server = server();
    assert_eq!(server.hear(AT, b"SSH-2.0-a\r\nrest", &mut dice), 11);
    assert_eq!(server.reading(), Reading::Take(8_192));
}

#[test]
fn a_line_that_is_cut_is_told() {
    let mut server = server();
    server.receive(AT, b"SSH-2", &mut dice);
    server.cut(AT);
    let detail = crate::octets::Octets::from(&b"SSH-2"[..]);
    let fact = PeerFact::Anomaly { what: Anomaly::SshIdentCut, detail };
    assert_eq!(server.happening().map(|one| one.what), Some(What::Peer(fact)));
}

#[test]
fn nothing_is_read_behind_the_end() {
    let mut server = server();
    server.receive(AT, b"x\n", &mut dice);
    let output = server.output().to_vec();
    server.receive(AT, b"SSH-2.0-a\r\n", &mut dice);
    assert_eq!(server.output(), output);
    assert_eq!(server.reading(), Reading::Rest);
}

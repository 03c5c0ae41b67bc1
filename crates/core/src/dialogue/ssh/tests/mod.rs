//! Whole connections: what a client says, what it hears and what is told of it.
//!
//! **Invariant:** the texts and the order are those that sshd 9.2p1 was seen to send.

mod auth;
mod channels;
mod exchange;
mod ident;
mod laws;
mod requests;
mod windows;

use super::fuzz::client::{AT, Client, Wishes, config, dice};
use super::happening::What;
use super::message::*;
use crate::event::{Anomaly, PeerFact};

/// A client that is logged in, and has heard and told everything until then.
fn fresh() -> Client {
    fresh_with(Wishes::default())
}

fn fresh_with(wishes: Wishes) -> Client {
    let mut client = Client::logged_in(config(), wishes);
    assert!(client.server.is_logged_in());
    client.heard();
    client.happened();
    client
}

/// The numbers of what was heard.
fn numbers(client: &mut Client) -> Vec<u8> {
    client.heard().iter().map(|payload| payload[0]).collect()
}

/// The words of the one DISCONNECT that is left, which was the last.
fn farewell(client: &mut Client) -> String {
    let heard = client.heard();
    let payload = heard.last().expect("a DISCONNECT");
    assert_eq!(payload[0], DISCONNECT, "{heard:?}");
    let mut fields = Fields::new(&payload[1..]);
    assert_eq!(fields.u32(), Ok(2));
    assert!(client.server.is_over());
    String::from_utf8(fields.string().unwrap().to_vec()).unwrap()
}

/// Whether the connection ended without a word.
fn ended_silently(client: &mut Client) -> bool {
    client.heard().is_empty() && client.server.is_over()
}

fn anomalies(happened: &[What]) -> Vec<Anomaly> {
    let anomaly = |what: &What| {
        if let What::Peer(PeerFact::Anomaly { what, .. }) = what { Some(*what) } else { None }
    };
    happened.iter().filter_map(anomaly).collect()
}

/// A channel of this kind; what is of its kind comes behind.
fn opening(kind: &[u8], remote: u32) -> Payload {
    Payload::new(CHANNEL_OPEN).string(kind).number(remote).number(1 << 20).number(32_768)
}

/// A session; its number on the wire.
fn session(client: &mut Client, remote: u32) -> u32 {
    client.send(opening(b"session", remote));
    let heard = client.heard();
    let mut fields = Fields::new(&heard.last().unwrap()[1..]);
    assert_eq!(heard.last().unwrap()[0], CHANNEL_OPEN_CONFIRMATION);
    assert_eq!(fields.u32(), Ok(remote));
    fields.u32().unwrap()
}

/// A request on a channel that wants an answer.
fn request(id: u32, name: &[u8]) -> Payload {
    Payload::new(CHANNEL_REQUEST).number(id).string(name).byte(1)
}

fn global(name: &[u8]) -> Payload {
    Payload::new(GLOBAL_REQUEST).string(name).byte(1)
}

/// A session that runs a program; its number on the wire, and in the facts.
fn running(client: &mut Client) -> (u32, u32) {
    let id = session(client, 7);
    client.send(request(id, b"exec").string(b"ls"));
    assert_eq!(numbers(client), [CHANNEL_WINDOW_ADJUST, CHANNEL_SUCCESS]);
    let opened = client
        .happened()
        .into_iter()
        .find_map(|what| if let What::Opened { channel } = what { Some(channel) } else { None });
    (id, opened.unwrap())
}

fn data(id: u32, bytes: &[u8]) -> Payload {
    Payload::new(CHANNEL_DATA).number(id).string(bytes)
}

/// A message of nothing but a channel's number.
fn to(number: u8, id: u32) -> Payload {
    Payload::new(number).number(id)
}

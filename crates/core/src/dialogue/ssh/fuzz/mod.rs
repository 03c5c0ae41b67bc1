//! The bodies of the fuzz targets for whole connections: before keys, before a login, behind it.
//!
//! **Invariant:** the fuzzer's bytes are what a client says, under keys that both sides know;
//! whatever it says, the laws in here hold.

pub mod client;
mod laws;

use super::happening::{Verdict, What};
use super::message::{CHANNEL_WINDOW_ADJUST, Payload};
use super::packet::algorithm::{Cipher, Compression, Mac, Suite};
use super::{Reading, Server};
use crate::event::{Anomaly, PeerFact, Timestamp};
use crate::octets::Octets;
use client::{AT, Client, LAX, STRICT, Wishes, config, dice};
use laws::Laws;

/// Before keys: where the bytes are cut into reads changes nothing.
pub fn clear(bytes: &[u8]) {
    let Some((&piece, bytes)) = bytes.split_first() else { return };
    let said = |piece: usize| {
        let mut server = Server::new(config(), Timestamp(0));
        let mut laws = Laws::default();
        for part in bytes.chunks(piece) {
            if server.reading() != Reading::Rest {
                server.receive(AT, part, &mut dice);
            }
            laws.memory(&server);
        }
        server.cut(AT);
        let mut happened = Vec::new();
        while let Some(mut happening) = server.happening() {
            laws.happened(&happening.what);
            // What is shown of a packet that is none is what had come of it.
            if let What::Peer(PeerFact::Anomaly { what: Anomaly::SshKexInitMalformed, detail }) =
                &mut happening.what
            {
                *detail = Octets::default();
            }
            happened.push(happening);
        }
        (server.output().to_vec(), happened, server.is_over())
    };
    let whole = said(EARLY_BYTES);
    assert!(whole == said(usize::from(piece).max(1)), "pieces are told apart");
}

/// Before a login: messages under keys. The first byte says the suite.
pub fn authentication(bytes: &[u8]) {
    let Some((&how, rest)) = bytes.split_first() else { return };
    talk(Client::keyed(config(), wishes(how)), rest);
}

/// Behind a login.
pub fn connection(bytes: &[u8]) {
    let Some((&how, rest)) = bytes.split_first() else { return };
    let mut client = Client::keyed(config(), wishes(how));
    client.log_in(if how & 0x40 == 0 { b"root" } else { b"user" });
    assert!(client.server.is_logged_in(), "nobody is logged in");
    talk(client, rest);
}

fn wishes(how: u8) -> Wishes {
    let at = usize::from(how & 15);
    let cipher = Cipher::ALL.get(at % Cipher::ALL.len()).copied();
    let mac = Mac::ALL.get(at % Mac::ALL.len()).copied();
    let compression = if how & 16 == 0 { Compression::None } else { Compression::Delayed };
    let suite = Suite {
        cipher: cipher.unwrap_or(Cipher::ChaCha20Poly1305),
        mac: mac.unwrap_or(Mac::HmacSha256),
        compression,
    };
    Wishes { methods: if how & 32 == 0 { STRICT } else { LAX }, suite, ..Wishes::default() }
}

/// Messages, each behind a byte for its length; those that begin with 0 are what the driver does.
fn talk(mut client: Client, bytes: &[u8]) {
    let (mut laws, mut rest) = (Laws::default(), bytes);
    laws.settle(&mut client);
    while let [length, tail @ ..] = rest {
        let (message, behind) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = behind;
        match message {
            [] => {}
            [0, order @ ..] => drive(order, &mut client, &mut laws),
            payload => {
                laws.sends(payload);
                client.send(payload);
            }
        }
        laws.memory(&client.server);
        laws.settle(&mut client);
    }
    laws.end(&mut client);
}

/// One thing that a driver may do at any time.
fn drive(order: &[u8], client: &mut Client, laws: &mut Laws) {
    let [kind, channel, count] = [0, 1, 2].map(|at| order.get(at).copied().unwrap_or_default());
    let (channel, count) = (u32::from(channel), usize::from(count) << 8);
    let server = &mut client.server;
    match kind {
        0 => server.decide(Verdict::Accepted, AT, &mut dice),
        1 => server.decide(Verdict::Refused, AT, &mut dice),
        2 | 3 => {
            let count = count.min(server.room(channel));
            let stream = if kind == 2 { laws::OUTPUT } else { laws::ERROR };
            server.write(channel, stream, &vec![b'x'; count], &mut dice);
        }
        4 if channel % 2 == 1 => server.killed(channel, 15, &mut dice),
        4 => server.exit(channel, 7, &mut dice),
        5 => server.close(channel, &mut dice),
        6 => server.consumed(channel, count, &mut dice),
        7 => server.list_agent(&mut dice),
        8 => {
            client.exchange();
            return;
        }
        9 => {
            let offer = client.offer();
            client.send(offer);
            return;
        }
        10 => server.wear_out(),
        11 => {
            // A window that is wide open.
            let payload = Payload::new(CHANNEL_WINDOW_ADJUST).number(channel).number(1 << 20);
            laws.sends(payload.as_ref());
            client.send(payload);
            return;
        }
        12 => {
            client.renew();
            return;
        }
        _ => server.wake(AT, &mut dice),
    }
    client.hear();
}

/// What sshd reads at once before a login.
const EARLY_BYTES: usize = 8_192;

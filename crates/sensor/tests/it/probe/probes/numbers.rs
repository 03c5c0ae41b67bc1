//! Every message number in every phase.

use crate::probe::Probes;
use crate::probe::client::{Client, PASSWORD};
use crate::probe::exchange::Offer;
use crate::probe::message::password;
use std::net::SocketAddr;

type Begin = fn(SocketAddr) -> Client;

/// Phases, by how they begin.
const PHASES: &[(&str, Begin)] = &[
    ("greeted", |address| {
        let mut client = Client::greeted(address);
        client.hear_offer();
        client
    }),
    ("offered", |address| {
        let mut client = Client::greeted(address);
        client.agree(&Offer::plain());
        client
    }),
    ("offered-strict", |address| {
        let mut client = Client::greeted(address);
        client.agree(&Offer::default());
        client
    }),
    ("group-asked", |address| {
        let mut client = Client::greeted(address);
        let method = "diffie-hellman-group-exchange-sha256";
        client.agree(&Offer::plain().with(crate::probe::exchange::List::Methods, method));
        let sizes = [2_048, 2_048, 8_192].map(u32::to_be_bytes).concat();
        client.send([vec![34], sizes].concat());
        client.wait_for(&[31]);
        client
    }),
    ("replied", |address| {
        let mut client = Client::greeted(address);
        client.agree(&Offer::plain());
        client.send_init();
        client.wait_for(&[21]);
        client
    }),
    ("replied-strict", |address| {
        let mut client = Client::greeted(address);
        client.agree(&Offer::default());
        client.send_init();
        client.wait_for(&[21]);
        client.wait_for(&[7]);
        client
    }),
    ("keyed", |address| Client::keyed(address, &Offer::plain())),
    ("keyed-strict", |address| {
        let mut client = Client::keyed(address, &Offer::default());
        client.wait_for(&[7]);
        client
    }),
    ("served", Client::served),
    ("tried", |address| {
        let mut client = Client::served(address);
        client.send(crate::probe::message::auth("root", "none"));
        client.wait_for(&[51]);
        client
    }),
    ("logged-in", Client::logged_in),
    ("session", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client
    }),
    ("rekey-offered", |address| {
        let mut client = Client::logged_in(address);
        client.agree(&Offer::plain());
        client
    }),
    ("tried-password", |address| {
        let mut client = Client::served(address);
        client.send(password("root", [PASSWORD, "no"].concat()));
        client.wait_for(&[51]);
        client
    }),
];

pub(super) fn add(probes: &mut Probes) {
    for (phase, begin) in PHASES {
        let begin = *begin;
        // A wrong password takes its time, once for each connection.
        let ranges: &[(u8, u8)] = match *phase {
            "tried-password" => &[(5, 7), (20, 21), (50, 53), (60, 66), (80, 82), (90, 90)],
            _ => &[
                (0, 4),
                (5, 9),
                (10, 20),
                (21, 29),
                (30, 39),
                (40, 49),
                (50, 59),
                (60, 69),
                (70, 79),
                (80, 89),
                (90, 94),
                (95, 100),
                (101, 127),
                (128, 159),
                (160, 191),
                (192, 223),
                (224, 255),
            ],
        };
        for (first, last) in ranges.iter().copied() {
            for (kind, body) in [("bare", 0), ("zeros", 40)] {
                probes.add(format!("number-{phase}-{first:03}-{last:03}-{kind}"), move |address| {
                    each(address, begin, (first, last), body)
                });
            }
        }
    }
}

/// One message after the other, in as many connections as it takes.
fn each(address: SocketAddr, begin: Begin, (first, last): (u8, u8), body: usize) -> Client {
    let mut lines: Vec<String> = Vec::new();
    let mut answers: Vec<(u8, String)> = Vec::new();
    let mut client = begin(address);
    let mut silent = 0;
    for number in first..=last {
        if client.is_over {
            client = begin(address);
        }
        lines.append(&mut client.lines);
        let asked = client.sequence();
        let mut payload = vec![0; body + 1];
        payload[0] = number;
        client.ask(payload);
        let heard = std::mem::take(&mut client.lines).join(" | ");
        let heard = heard.replace(&format!("UNIMPLEMENTED {asked}"), "UNIMPLEMENTED N");
        let heard = heard.replace(&format!("type: {number}"), "type: N");
        let heard = heard.replace(&format!("packet type {number} "), "packet type N ");
        answers.push((number, heard.clone()));
        if heard.contains("no answer") {
            // Such a server would make this last for ever.
            silent += 1;
            if silent == 2 {
                break;
            }
        }
    }
    for same in answers.chunk_by(|one, other| one.1 == other.1) {
        let (first, last) = (same[0].0, same[same.len() - 1].0);
        let heard = if same[0].1.is_empty() { "nothing" } else { &same[0].1 };
        lines.push(format!("{first} to {last}: {heard}"));
    }
    client.lines = lines;
    client
}

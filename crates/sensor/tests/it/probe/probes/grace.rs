//! Clients that never log in: servers here have 2 seconds of patience.

use crate::probe::Probes;
use crate::probe::client::{Client, PATIENCE};
use crate::probe::exchange::Offer;
use crate::probe::message::auth;
use std::time::Instant;

pub(super) fn add(probes: &mut Probes) {
    let mut until_end = |name: &str, begin: fn(&mut Client)| {
        probes.add(format!("grace-{name}"), move |address| {
            let start = Instant::now();
            let mut client = Client::connect(address);
            begin(&mut client);
            client.hear_all(PATIENCE);
            client.note(match start.elapsed().as_millis() {
                0..1_500 => "early",
                1_500..3_500 => "in time",
                _ => "late",
            });
            client
        });
    };
    until_end("nothing", |client| {
        client.hear_line();
    });
    until_end("half-line", |client| {
        client.write(b"SSH-2.0");
        client.hear_line();
    });
    until_end("line", |client| {
        client.greet();
        client.hear_offer();
    });
    until_end("half-packet", |client| {
        client.greet();
        client.hear_offer();
        client.write(&[0, 0, 0, 60, 9]);
    });
    until_end("offer", |client| {
        client.greet();
        client.agree(&Offer::plain());
    });
    until_end("keyed", |client| {
        client.greet();
        client.exchange(&Offer::default());
    });
    until_end("served", |client| {
        client.greet();
        client.exchange(&Offer::default());
        client.serve();
    });
    until_end("tried", |client| {
        client.greet();
        client.exchange(&Offer::default());
        client.serve();
        client.send(auth("root", "none"));
    });
}

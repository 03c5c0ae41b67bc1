//! What stands between the messages of key exchanges, extensions, and exchanges again.

use crate::probe::Probes;
use crate::probe::client::{Client, QUIET};
use crate::probe::exchange::{EXT_INFO, List, Offer, STRICT, init};
use crate::probe::message::{Message, clear};
use crate::probe::shown::lists;
use std::time::Duration;

pub(super) fn add(probes: &mut Probes) {
    between(probes);
    extensions(probes);
    again(probes);
}

/// What stands between the messages of an exchange.
fn between(probes: &mut Probes) {
    let said: [(&str, Vec<u8>); 9] = [
        ("ignore", Message::new(2).string("x").0),
        ("debug", Message::new(4).byte(1).string("x").string("").0),
        ("unimplemented", Message::new(3).u32(0).0),
        ("disconnect", Message::new(1).u32(11).string("bye").string("").0),
        ("service", Message::new(5).string("ssh-userauth").0),
        ("ext-info", Message::new(7).u32(0).0),
        ("new-keys", vec![21]),
        ("auth", Message::new(50).string("root").string("ssh-connection").string("none").0),
        ("unknown", vec![191]),
    ];
    for (kind, offer) in [("plain", Offer::plain()), ("strict", Offer::default())] {
        for (what, payload) in &said {
            let (what, payload) = (*what, payload.clone());
            let (first, second) = (payload.clone(), payload.clone());
            let (o, p, q) = (offer.clone(), offer.clone(), offer.clone());
            probes.add(format!("kex-{what}-before-offer-{kind}"), move |address| {
                let mut client = Client::greeted(address);
                client.hear_offer();
                let init = init().0;
                let offered = o.payload();
                client.know_offer(&o);
                client.send_all(&[first.clone(), offered, init]);
                client.hear_all(QUIET);
                client
            });
            probes.add(format!("kex-{what}-before-init-{kind}"), move |address| {
                let mut client = Client::greeted(address);
                client.agree(&p);
                let init = init().0;
                client.send_all(&[second.clone(), init]);
                client.hear_all(QUIET);
                client
            });
            probes.add(format!("kex-{what}-before-new-keys-{kind}"), move |address| {
                let mut client = Client::greeted(address);
                client.agree(&q);
                client.send_init();
                client.wait_for(&[21]);
                let mut bytes = client.sealed(&payload);
                bytes.extend(client.sealed([21]));
                client.new_keys_out();
                bytes.extend(client.sealed(Message::new(5).string("ssh-userauth")));
                client.write(&bytes);
                client.hear_all(QUIET);
                client
            });
        }
        let (o, p) = (offer.clone(), offer.clone());
        probes.add(format!("kex-init-twice-{kind}"), move |address| {
            let mut client = Client::greeted(address);
            client.agree(&o);
            let init = init().0;
            client.send_all(&[init.clone(), init]);
            client.hear_all(QUIET);
            client
        });
        probes.add(format!("kex-new-keys-twice-{kind}"), move |address| {
            let mut client = Client::keyed(address, &p);
            client.send([21]);
            client.hear_all(QUIET);
            client
        });
        let (o, p) = (offer.clone(), offer.clone());
        probes.add(format!("kex-new-keys-long-{kind}"), move |address| {
            let mut client = Client::greeted(address);
            client.agree(&o);
            client.send_init();
            client.send([21, 0, 0, 0]);
            client.hear_all(QUIET);
            client
        });
        probes.add(format!("kex-everything-at-once-{kind}"), move |address| {
            let mut client = Client::connect(address);
            let init = init();
            let bytes = [clear(p.payload()), clear(init)].concat();
            client.write(&[&b"SSH-2.0-x\r\n"[..], &bytes].concat());
            client.hear_line();
            client.hear_until(&[21]);
            client
        });
        let o = offer.clone();
        probes.add(format!("kex-clear-after-new-keys-{kind}"), move |address| {
            let mut client = Client::keyed(address, &o);
            client.write(&clear(Message::new(5).string("ssh-userauth")));
            client.hear_end();
            client
        });
    }
    probes.add("kex-sequence-after-strict", |address| {
        let mut client = Client::keyed(address, &Offer::default());
        client.hear_until(&[7]);
        client.send([191]);
        client.send([191]);
        client.hear_all(QUIET);
        client
    });
    // Whatever it does with NEWKEYS that it does not know, it counts anew behind it.
    probes.add("kex-sequence-after-stray-new-keys", |address| {
        let mut client = Client::keyed(address, &Offer::default());
        client.wait_for(&[7]);
        let new_keys = client.own().seal(&[21]);
        client.write(&new_keys);
        client.hear_until(&[3]);
        client.own().sequence = 0;
        client.send([191]);
        client.send([191]);
        client.hear_all(QUIET);
        client
    });
    probes.add("kex-sequence-after-plain", |address| {
        let mut client = Client::keyed(address, &Offer::plain());
        client.send([191]);
        client.send([191]);
        client.hear_all(QUIET);
        client
    });
}

/// A8.
fn extensions(probes: &mut Probes) {
    for (name, methods) in [
        ("with-both", format!("curve25519-sha256,{EXT_INFO},{STRICT}")),
        ("with-ext-info", format!("curve25519-sha256,{EXT_INFO}")),
        ("with-strict", format!("curve25519-sha256,{STRICT}")),
        ("with-neither", "curve25519-sha256".to_owned()),
        ("with-servers", "curve25519-sha256,ext-info-s".to_owned()),
    ] {
        probes.add(format!("kex-extensions-{name}"), move |address| {
            let mut client = Client::greeted(address);
            client.agree(&Offer::plain().with(List::Methods, &methods));
            client.send_init();
            // Before our NEWKEYS.
            client.hear_all(QUIET);
            client.send([21]);
            client.new_keys_out();
            client.hear_all(QUIET);
            client.send(Message::new(5).string("ssh-userauth"));
            client.hear_all(QUIET);
            client
        });
    }
    for (name, message) in [
        ("empty", Message::new(7).u32(0)),
        ("one", Message::new(7).u32(1).string("x").string("y")),
        ("delay", Message::new(7).u32(1).string("delay-compression").string("x")),
        ("more-than-there", Message::new(7).u32(5).string("x").string("y")),
        ("many", Message::new(7).u32(u32::MAX)),
        ("1025", Message::new(7).u32(1_025)),
        ("trailing", Message::new(7).u32(0).byte(1)),
        ("sigalgs", Message::new(7).u32(1).string("server-sig-algs").string("rsa-sha2-256")),
        ("nul", Message::new(7).u32(1).string("server-sig-algs").string("a\0b")),
    ] {
        let again = message.clone();
        probes.add(format!("kex-ext-info-from-client-{name}"), move |address| {
            let mut client = Client::keyed(address, &Offer::default());
            client.hear_until(&[7]);
            client.ask(&message);
            client.ask(&message);
            client
        });
        probes.add(format!("kex-ext-info-after-login-{name}"), move |address| {
            let mut client = Client::logged_in(address);
            client.ask(&again);
            client
        });
    }
}

/// T35.
fn again(probes: &mut Probes) {
    probes.add("kex-again-before-service", |address| {
        let mut client = Client::keyed(address, &Offer::default());
        client.wait_for(&[7]);
        client.exchange(&Offer::default());
        client.settle();
        client
    });
    probes.add("kex-again-before-login", |address| {
        let mut client = Client::served(address);
        client.exchange(&Offer::default());
        client.settle();
        client.log_in();
        client.settle();
        client
    });
    for (name, offer) in [
        ("strict", Offer::default()),
        ("plain", Offer::plain()),
        ("gcm", Offer::plain().suite("aes256-gcm@openssh.com", "x")),
        ("group", Offer::plain().with(List::Methods, "diffie-hellman-group-exchange-sha256")),
        ("rsa", Offer::plain().with(List::HostKeys, "rsa-sha2-512")),
        ("nothing-common", Offer::plain().with(List::CipherIn, "x")),
        ("no-host-key", Offer::plain().with(List::HostKeys, "x")),
    ] {
        probes.add(format!("kex-again-{name}"), move |address| {
            let mut client = Client::logged_in(address);
            client.agree(&offer);
            let again = client.server_offer.clone();
            client.lines.extend(lists(&again));
            client.finish();
            client.settle();
            client.exchange(&offer);
            client.settle();
            client
        });
    }
    for (name, payload) in [
        ("data", Message::new(94).u32(0).string("x").0),
        ("global", Message::new(80).string("x").byte(1).0),
        ("ignore", Message::new(2).string("x").0),
        ("service", Message::new(5).string("ssh-userauth").0),
        ("open", Message::new(90).string("session").u32(0).u32(9).u32(9).0),
        ("unknown", vec![191]),
        ("offer", Offer::plain().payload()),
        ("new-keys", vec![21]),
    ] {
        probes.add(format!("kex-again-with-{name}-between"), move |address| {
            let mut client = Client::logged_in(address);
            client.session();
            client.agree(&Offer::plain());
            client.send(&payload);
            client.hear_all(Duration::from_millis(300));
            if !client.is_over {
                client.finish();
                client.settle();
            }
            client
        });
    }
    probes.add("kex-again-wrong-value", |address| {
        let mut client = Client::logged_in(address);
        client.agree(&Offer::plain());
        client.send(Message::new(30).string([0; 32]));
        client.hear_all(QUIET);
        client
    });
    probes.add("kex-again-only-offer", |address| {
        let mut client = Client::logged_in(address);
        client.agree(&Offer::plain());
        // Its answer waits for the end of the exchange.
        client.send(Message::new(80).string("x").byte(1));
        client.hear_all(QUIET);
        client.finish();
        client.settle();
        client
    });
}

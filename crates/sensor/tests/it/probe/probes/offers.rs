//! Offers, what they have in common with the server's, and guesses.

use crate::probe::Probes;
use crate::probe::client::{Client, QUIET};
use crate::probe::exchange::{EXT_INFO, List, Offer, STRICT, init};
use crate::probe::message::Message;
use std::net::SocketAddr;

pub(super) fn add(probes: &mut Probes) {
    commons(probes);
    offers(probes);
    guesses(probes);
}

/// What a server says to an offer, and then to the right beginning of the exchange.
fn offered(address: SocketAddr, offer: &Offer) -> Client {
    let mut client = Client::greeted(address);
    client.hear_offer();
    client.offer_and(offer, &[init().0]);
    client.hear_until(&[21]);
    client
}

/// T30.
fn commons(probes: &mut Probes) {
    for (name, list) in [
        ("methods", List::Methods),
        ("host-keys", List::HostKeys),
        ("cipher-in", List::CipherIn),
        ("cipher-out", List::CipherOut),
        ("mac-in", List::MacIn),
        ("mac-out", List::MacOut),
        ("compression-in", List::CompressionIn),
        ("compression-out", List::CompressionOut),
        ("language-in", List::LanguageIn),
        ("language-out", List::LanguageOut),
    ] {
        for (kind, text) in [("unknown", "x"), ("empty", ""), ("comma", ","), ("nul", "a\0b")] {
            probes.add(format!("kex-common-{name}-{kind}"), move |address| {
                offered(address, &Offer::plain().with(list, text))
            });
        }
        probes.add(format!("kex-common-{name}-upper-case"), move |address| {
            let offer = Offer::plain();
            let text = offer.lists[list as usize].to_uppercase();
            offered(address, &offer.with(list, &text))
        });
        probes.add(format!("kex-common-{name}-unknown-first"), move |address| {
            let offer = Offer::plain();
            let text = format!("x,y@z,{}", offer.lists[list as usize]);
            offered(address, &offer.with(list, &text))
        });
    }
    for name in ["ssh-rsa", "ssh-dss", "rsa-sha2-256", "rsa-sha2-512", "ecdsa-sha2-nistp256"] {
        probes.add(format!("kex-host-key-{name}"), move |address| {
            offered(address, &Offer::plain().with(List::HostKeys, name))
        });
    }
    for name in
        ["ecdsa-sha2-nistp384", "sk-ssh-ed25519@openssh.com", "ssh-ed25519-cert-v01@openssh.com"]
    {
        probes.add(format!("kex-host-key-{}", name.replace('@', "-")), move |address| {
            offered(address, &Offer::plain().with(List::HostKeys, name))
        });
    }
    for cipher in ["aes128-cbc", "3des-cbc", "arcfour", "aes256-cbc", "none", "blowfish-cbc"] {
        probes.add(format!("kex-cipher-{cipher}"), move |address| {
            offered(address, &Offer::plain().suite(cipher, "hmac-sha2-256"))
        });
    }
    for mac in ["hmac-md5", "none", "hmac-sha1-96", "hmac-ripemd160", "hmac-sha1"] {
        probes.add(format!("kex-mac-{mac}"), move |address| {
            offered(address, &Offer::plain().suite("aes128-ctr", mac))
        });
    }
    probes.add("kex-mac-unknown-with-gcm", |address| {
        offered(address, &Offer::plain().suite("aes128-gcm@openssh.com", "x"))
    });
    probes.add("kex-mac-unknown-with-chacha", |address| {
        offered(address, &Offer::plain().suite("chacha20-poly1305@openssh.com", ""))
    });
    for compression in ["zlib", "zlib@openssh.com", "zlib@openssh.com,none"] {
        probes.add(format!("kex-compression-{}", compression.replace(['@', ','], "-")), move |a| {
            let offer = Offer::plain();
            let offer = offer.with(List::CompressionIn, compression);
            offered(a, &offer.with(List::CompressionOut, compression))
        });
    }
}

fn offers(probes: &mut Probes) {
    let mut raw = |name: &str, payload: Vec<u8>| {
        probes.add(format!("kex-offer-{name}"), move |address| {
            let mut client = Client::greeted(address);
            client.hear_offer();
            client.send_all(&[payload.clone(), init().0]);
            client.hear_all(QUIET);
            client
        });
    };
    let good = Offer::plain().payload();
    raw("good", good.clone());
    raw("empty", vec![20]);
    raw("cookie-only", good[..17].to_vec());
    raw("cut-in-cookie", good[..10].to_vec());
    raw("cut-in-lists", good[..60].to_vec());
    raw("without-reserved", good[..good.len() - 4].to_vec());
    raw("without-follows", good[..good.len() - 5].to_vec());
    raw("byte-more", [&good[..], &[0]].concat());
    raw("100-bytes-more", [&good[..], &[0; 100]].concat());
    raw("reserved-1", Offer { reserved: 1, ..Offer::plain() }.payload());
    raw("reserved-all-ones", Offer { reserved: u32::MAX, ..Offer::plain() }.payload());
    raw("follows-2", Offer { follows: 2, ..Offer::plain() }.payload());
    raw("zero-cookie", {
        let mut payload = good.clone();
        payload[1..17].fill(0);
        payload
    });
    raw("list-longer-than-packet", {
        let mut payload = good.clone();
        payload[17..21].fill(0xff);
        payload
    });
    raw("long-list", {
        let list = vec!["x"; 8_000].join(",") + ",curve25519-sha256";
        Offer::plain().with(List::Methods, &list).payload()
    });
    raw("very-long-list", {
        let list = vec!["x"; 60_000].join(",") + ",curve25519-sha256";
        Offer::plain().with(List::Methods, &list).payload()
    });
    raw("long-name", {
        let list = "x".repeat(9_000) + ",curve25519-sha256";
        Offer::plain().with(List::Methods, &list).payload()
    });
    raw("high-bytes", {
        let mut message = Message::new(20).raw([7; 16]);
        message = message.string(b"\xff\xfe,curve25519-sha256");
        for list in &Offer::plain().lists[1..] {
            message = message.string(list);
        }
        message.byte(0).u32(0).0
    });
    for (name, methods) in [
        ("only-strict", STRICT),
        ("only-ext-info", EXT_INFO),
        ("servers-strict", "kex-strict-s-v00@openssh.com,curve25519-sha256"),
        ("only-servers-strict", "kex-strict-s-v00@openssh.com"),
        ("servers-ext-info", "ext-info-s,curve25519-sha256"),
        ("marks-first", "ext-info-c,kex-strict-c-v00@openssh.com,curve25519-sha256"),
        ("twice", "curve25519-sha256,curve25519-sha256"),
        ("space", " curve25519-sha256"),
        ("comma-first", ",curve25519-sha256"),
        ("two-commas", "x,,curve25519-sha256"),
        ("comma-last", "curve25519-sha256,"),
    ] {
        raw(&format!("methods-{name}"), Offer::plain().with(List::Methods, methods).payload());
    }
    probes.add("kex-offer-twice", |address| {
        let mut client = Client::greeted(address);
        client.agree(&Offer::plain());
        client.offer(&Offer::plain());
        client.settle();
        client
    });
    probes.add("kex-offer-twice-strict", |address| {
        let mut client = Client::greeted(address);
        client.agree(&Offer::default());
        client.offer(&Offer::default());
        client.hear_all(QUIET);
        client
    });
    probes.add("kex-offer-of-hassh-tools", |address| {
        let mut client = Client::greeted(address);
        client.hear_offer();
        let offer = client.server_offer.clone();
        client.send(offer);
        client.hear_all(QUIET);
        client
    });
}

fn guesses(probes: &mut Probes) {
    let guess = |methods: &'static str, keys: &'static str| {
        let mut offer = Offer::plain().with(List::Methods, methods).with(List::HostKeys, keys);
        offer.follows = 1;
        offer
    };
    let all_keys = "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519";
    let sntrup = "sntrup761x25519-sha512,curve25519-sha256";
    for (name, methods, keys) in [
        ("wrong-both", "curve25519-sha256", "ssh-ed25519"),
        ("wrong-method", "curve25519-sha256", all_keys),
        ("wrong-key", sntrup, "ssh-ed25519"),
        ("right", sntrup, all_keys),
        ("nothing-in-common-first", "x,curve25519-sha256", all_keys),
    ] {
        let offer = guess(methods, keys);
        let init = init().0;
        let sent: [(&str, Vec<Vec<u8>>); 6] = [
            ("init", vec![init.clone()]),
            ("init-twice", vec![init.clone(), init.clone()]),
            ("junk-then-init", vec![vec![30, 1, 2], init.clone()]),
            ("ignore-then-init", vec![Message::new(2).string("x").0, init.clone()]),
            ("49-then-init", vec![vec![49], init.clone()]),
            ("unknown-then-init", vec![vec![191], init.clone()]),
        ];
        for (what, payloads) in sent {
            let offer = offer.clone();
            probes.add(format!("kex-guess-{name}-{what}"), move |address| {
                let mut client = Client::greeted(address);
                client.hear_offer();
                client.offer_and(&offer, &payloads);
                client.hear_all(QUIET);
                client
            });
        }
    }
}

//! Public values and groups of key exchanges, and what the replies look like.

use crate::probe::Probes;
use crate::probe::client::{Client, QUIET};
use crate::probe::exchange::{Group, List, Offer, number, x25519_public};
use crate::probe::message::Message;

pub(super) fn add(probes: &mut Probes) {
    values(probes);
    groups(probes);
    methods(probes);
}

/// T31, and the like for other methods.
fn values(probes: &mut Probes) {
    let mut add = |method: &'static str, name: String, message: Vec<u8>| {
        probes.add(format!("kex-value-{method}-{name}"), move |address| {
            let mut client = Client::greeted(address);
            client.agree(&Offer::plain().with(List::Methods, method));
            client.send(&message);
            client.hear_all(QUIET);
            client
        });
    };
    let init = |value: &[u8]| Message::new(30).string(value).0;
    let mut one = [0; 32];
    one[0] = 1;
    let order = {
        let mut order = [0xff; 32];
        (order[0], order[31]) = (0xec, 0x7f);
        order
    };
    for (name, value) in [
        ("zero", vec![0; 32]),
        ("one", one.to_vec()),
        ("minus-one", order.to_vec()),
        ("high-bit", [vec![9; 31], vec![0x89]].concat()),
        ("31-bytes", vec![9; 31]),
        ("33-bytes", vec![9; 33]),
        ("empty", Vec::new()),
        ("64-bytes", vec![9; 64]),
        ("all-ones", vec![0xff; 32]),
    ] {
        add("curve25519-sha256", name.to_owned(), init(&value));
    }
    let good = init(&[9; 32]);
    add("curve25519-sha256", "byte-more".to_owned(), [&good[..], &[0]].concat());
    add("curve25519-sha256", "cut".to_owned(), good[..20].to_vec());
    add("curve25519-sha256", "bare".to_owned(), vec![30]);
    add("curve25519-sha256@libssh.org", "zero".to_owned(), init(&[0; 32]));
    for (method, size) in
        [("ecdh-sha2-nistp256", 65), ("ecdh-sha2-nistp384", 97), ("ecdh-sha2-nistp521", 133)]
    {
        for (name, value) in [
            ("empty", Vec::new()),
            ("zero", vec![0; size]),
            ("infinity", vec![0]),
            ("off-curve", [vec![4], vec![9; size - 1]].concat()),
            ("compressed", [vec![2], vec![9; size / 2]].concat()),
            ("short", [vec![4], vec![9; size - 2]].concat()),
        ] {
            add(method, name.to_owned(), init(&value));
        }
    }
    for method in ["sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com"] {
        for (name, value) in [
            ("zero", vec![0; 1_190]),
            ("ones", vec![0xff; 1_190]),
            ("short", vec![9; 1_189]),
            ("long", vec![9; 1_191]),
            ("some", vec![9; 1_190]),
        ] {
            add(method, name.to_owned(), init(&value));
        }
    }
    for (method, bytes) in [
        ("diffie-hellman-group14-sha256", 256),
        ("diffie-hellman-group16-sha512", 512),
        ("diffie-hellman-group18-sha512", 1_024),
    ] {
        for (name, value) in [
            ("zero", Vec::new()),
            ("zero-byte", vec![0]),
            ("one", vec![1]),
            ("two", vec![2]),
            ("negative", vec![0x80, 1]),
            ("few-bits", vec![7]),
            ("four-bits", vec![15]),
            ("five-bits", vec![31]),
            ("all-ones", [vec![0], vec![0xff; bytes]].concat()),
            ("more-than-prime", [vec![1], vec![0x55; bytes]].concat()),
            ("zeros-before", [vec![0, 0], vec![0x55; bytes - 2]].concat()),
            ("some", vec![0x55; bytes]),
        ] {
            add(method, name.to_owned(), init(&value));
        }
    }
}

/// T32 and other sizes.
fn groups(probes: &mut Probes) {
    const METHOD: &str = "diffie-hellman-group-exchange-sha256";
    for (min, wanted, max) in [
        (0, 0, 0),
        (0, 2_048, 8_192),
        (1_024, 1_024, 1_024),
        (1_024, 1_024, 8_192),
        (1_024, 2_048, 8_192),
        (2_047, 2_048, 2_049),
        (2_048, 2_048, 2_048),
        (2_048, 2_048, 8_192),
        (2_048, 3_072, 8_192),
        (2_048, 4_096, 8_192),
        (2_048, 8_192, 8_192),
        (3_072, 3_072, 3_072),
        (3_000, 3_000, 3_000),
        (4_096, 4_096, 4_096),
        (6_144, 6_144, 6_144),
        (7_680, 7_680, 7_680),
        (8_192, 8_192, 8_192),
        (8_193, 8_193, 8_193),
        (8_192, 2_048, 2_048),
        (4_096, 2_048, 8_192),
        (2_048, 8_192, 4_096),
        (2_048, 1_024, 8_192),
        (2_048, 9_000, 9_000),
        (16_384, 16_384, 16_384),
        (1, 2_048, u32::MAX),
        (u32::MAX, u32::MAX, u32::MAX),
    ] {
        probes.add(format!("kex-group-{min}-{wanted}-{max}"), move |address| {
            let mut client = Client::greeted(address);
            client.agree(&Offer::plain().with(List::Methods, METHOD));
            client.send(Message::new(34).u32(min).u32(wanted).u32(max));
            let reply = client.hear_until(&[31]);
            if let Some(group) = reply.get(1..).and_then(Group::read) {
                client.note(format!("{} bits", group.bits()));
            }
            client
        });
    }
    let mut add = |name: &str, payloads: Vec<Vec<u8>>| {
        probes.add(format!("kex-group-{name}"), move |address| {
            let mut client = Client::greeted(address);
            client.agree(&Offer::plain().with(List::Methods, METHOD));
            client.send_all(&payloads);
            client.hear_all(QUIET);
            client
        });
    };
    let ask = Message::new(34).u32(2_048).u32(2_048).u32(8_192).0;
    for size in [0, 1_024, 2_048, 8_192] {
        add(&format!("old-request-{size}"), vec![Message::new(30).u32(size).0]);
    }
    add("twice", vec![ask.clone(), ask.clone()]);
    add("cut", vec![ask[..9].to_vec()]);
    add("byte-more", vec![[&ask[..], &[0]].concat()]);
    add("init-first", vec![Message::new(32).raw(number(&[2])).0]);
    for (name, value) in [("zero", &[][..]), ("one", &[1]), ("two", &[2]), ("bits", &[0x55; 255])] {
        add(&format!("init-{name}"), vec![ask.clone(), Message::new(32).raw(number(value)).0]);
    }
    add("init-negative", vec![ask.clone(), Message::new(32).string([0x80, 1]).0]);
    add("init-all-ones", vec![ask.clone(), Message::new(32).raw(number(&[0xff; 256])).0]);
    probes.add("kex-group-whole", |address| {
        let mut client = Client::greeted(address);
        client.exchange(&Offer::plain().with(List::Methods, METHOD));
        client.settle();
        client
    });
}

/// What each method's reply looks like.
fn methods(probes: &mut Probes) {
    let values = [
        ("curve25519-sha256", x25519_public()),
        ("curve25519-sha256@libssh.org", x25519_public()),
        ("ecdh-sha2-nistp256", super::keys::p256()),
    ];
    for (method, value) in values {
        for keys in ["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"] {
            let value = value.clone();
            probes.add(format!("kex-reply-{}-{keys}", method.replace('@', "-")), move |address| {
                let mut client = Client::greeted(address);
                client
                    .agree(&Offer::plain().with(List::Methods, method).with(List::HostKeys, keys));
                client.send(Message::new(30).string(&value));
                client.hear_until(&[21]);
                client.hear_all(QUIET);
                client
            });
        }
    }
    for (cipher, mac) in [
        ("chacha20-poly1305@openssh.com", "x"),
        ("aes128-ctr", "hmac-sha2-256"),
        ("aes192-ctr", "hmac-sha2-512"),
        ("aes256-ctr", "hmac-sha1"),
        ("aes128-gcm@openssh.com", "x"),
        ("aes256-gcm@openssh.com", "x"),
        ("aes128-ctr", "umac-64@openssh.com"),
        ("aes128-ctr", "umac-128@openssh.com"),
        ("aes128-ctr", "umac-64-etm@openssh.com"),
        ("aes128-ctr", "umac-128-etm@openssh.com"),
        ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
        ("aes128-ctr", "hmac-sha2-512-etm@openssh.com"),
        ("aes128-ctr", "hmac-sha1-etm@openssh.com"),
    ] {
        let name = format!("kex-suite-{cipher}-{mac}").replace('@', "-");
        probes.add(name, move |address| {
            let mut client = Client::keyed(address, &Offer::default().suite(cipher, mac));
            client.hear_until(&[7]);
            client.settle();
            client
        });
    }
}

//! Packets that are none, in the clear and under keys.

use crate::probe::Probes;
use crate::probe::client::{Client, QUIET};
use crate::probe::exchange::Offer;
use crate::probe::message::{Message, auth, clear, clear_as};
use crate::probe::own::Lie;
use std::net::SocketAddr;

pub(super) fn add(probes: &mut Probes) {
    lengths(probes);
    paddings(probes);
    sizes(probes);
    under_keys(probes);
    long_under_keys(probes);
}

/// What a server that made its offer says to bytes.
fn said(address: SocketAddr, bytes: &[u8]) -> Client {
    let mut client = Client::greeted(address);
    client.hear_offer();
    client.write(bytes);
    client.hear_all(QUIET);
    client
}

fn lengths(probes: &mut Probes) {
    let lengths = [
        0_usize,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        11,
        12,
        13,
        16,
        19,
        20,
        28,
        35_000,
        35_004,
        262_140,
        262_143,
        262_144,
        262_145,
        262_148,
        300_000,
        0x7fff_ffff,
        0xffff_ffff,
    ];
    for length in lengths {
        // Eight bytes, which is what a length is believed at.
        probes.add(format!("packet-length-{length}-head"), move |address| {
            said(address, &clear_as(length, 4, &[2, 0, 0], 0))
        });
        probes.add(format!("packet-length-{length}-40-bytes"), move |address| {
            said(address, &clear_as(length, 4, &[2, 0, 0, 0, 0], 30))
        });
    }
    probes.add("packet-length-text", |address| said(address, b"GET / HTTP/1.1\r\n\r\n12345678"));
    for count in [1, 4, 5, 7] {
        probes.add(format!("packet-only-{count}-bytes"), move |address| {
            said(address, &clear([2, 0, 0, 0, 0])[..count])
        });
        probes.add(format!("packet-cut-after-{count}-bytes"), move |address| {
            let mut client = Client::greeted(address);
            client.hear_offer();
            client.write(&clear([2, 0, 0, 0, 0])[..count]);
            client.shut();
            client.hear_all(QUIET);
            client
        });
    }
    probes.add("packet-cut-in-the-middle", |address| {
        let mut client = Client::greeted(address);
        client.hear_offer();
        client.write(&clear([2; 200])[..100]);
        client.shut();
        client.hear_all(QUIET);
        client
    });
    probes.add("packet-bytewise", |address| {
        let mut client = Client::greeted(address);
        client.hear_offer();
        for byte in clear([191]) {
            client.write(&[byte]);
        }
        client.hear_all(QUIET);
        client
    });
    probes.add("packet-close-after-offer", |address| {
        let mut client = Client::greeted(address);
        client.hear_offer();
        client.shut();
        client.hear_all(QUIET);
        client
    });
}

fn paddings(probes: &mut Probes) {
    // An IGNORE of nothing, in a packet of 16 bytes, that claims a padding.
    for padding in [0_usize, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 100, 255] {
        probes.add(format!("packet-padding-{padding}-of-16"), move |address| {
            said(address, &clear_as(12, padding, &[2, 0, 0, 0, 0], 6))
        });
    }
    // An unknown message in as much padding as there may be.
    for padding in [4_usize, 12, 20, 244, 252] {
        probes.add(format!("packet-padding-true-{padding}"), move |address| {
            let fill = (8 - (5 + 1 + padding) % 8) % 8;
            let payload = [vec![191], vec![0; fill]].concat();
            said(address, &clear_as(1 + payload.len() + padding, padding, &payload, padding))
        });
    }
    probes.add("packet-empty-payload", |address| said(address, &clear_as(12, 11, &[], 11)));
    probes.add("packet-padding-not-zero", |address| {
        let mut packet = clear([191]);
        packet[6..].fill(0xaa);
        said(address, &packet)
    });
}

fn sizes(probes: &mut Probes) {
    for size in [1_000_usize, 32_768, 34_990, 35_000, 40_000, 200_000, 262_120, 262_134, 262_139] {
        probes.add(format!("packet-unknown-of-{size}"), move |address| {
            let mut payload = vec![0; size];
            payload[0] = 191;
            said(address, &clear(payload))
        });
    }
    probes.add("packet-many-ignored", |address| {
        let mut bytes = clear(Message::new(2).string("x")).repeat(500);
        bytes.extend(clear([191]));
        said(address, &bytes)
    });
    probes.add("packet-many-unknown", |address| said(address, &clear([191]).repeat(40)));
}

/// Ends of packets under keys, by lies about one.
fn under_keys(probes: &mut Probes) {
    let lie = Lie::default;
    let lies = [
        ("true", lie()),
        ("forged", Lie { forged: Some(()), ..lie() }),
        ("skipped", Lie { skipped: 1, ..lie() }),
        ("padding-0", Lie { padding: Some(0), ..lie() }),
        ("padding-3", Lie { padding: Some(3), ..lie() }),
        ("padding-4", Lie { padding: Some(4), ..lie() }),
        ("padding-all", Lie { padding: Some(11), ..lie() }),
        ("padding-more", Lie { padding: Some(12), ..lie() }),
        ("padding-255", Lie { padding: Some(255), ..lie() }),
        ("length-0", Lie { length: Some(0), ..lie() }),
        ("length-1", Lie { length: Some(1), ..lie() }),
        ("length-4", Lie { length: Some(4), ..lie() }),
        ("length-5", Lie { length: Some(5), ..lie() }),
        ("length-8", Lie { length: Some(8), ..lie() }),
        ("length-11", Lie { length: Some(11), ..lie() }),
        ("length-13", Lie { length: Some(13), ..lie() }),
        ("length-28", Lie { length: Some(28), ..lie() }),
        ("length-262140", Lie { length: Some(262_140), ..lie() }),
        ("length-262144", Lie { length: Some(262_144), ..lie() }),
        ("length-262145", Lie { length: Some(262_145), ..lie() }),
        ("length-262156", Lie { length: Some(262_156), ..lie() }),
        ("length-all-ones", Lie { length: Some(u32::MAX), ..lie() }),
    ];
    type Begin = fn(SocketAddr) -> Client;
    let phases: [(&str, Begin); 3] = [
        ("keyed", |address| Client::keyed(address, &Offer::plain())),
        ("keyed-strict", |address| Client::keyed(address, &Offer::default())),
        ("logged-in", Client::logged_in_by_itself),
    ];
    for (phase, begin) in phases {
        for (name, lie) in lies {
            probes.add(format!("packet-{phase}-{name}"), move |address| {
                let mut client = begin(address);
                if phase == "keyed-strict" {
                    client.wait_for(&[7]);
                }
                let packet = client.own().lie(&[191, 0, 0, 0, 0], lie);
                client.write(&packet);
                client.hear_all(QUIET);
                client
            });
        }
        // 4 GiB of blocks are claimed, and enough comes to see whether it reads on to the end.
        for (name, length) in [("262145", 262_145), ("unaligned", 19)] {
            probes.add(format!("packet-{phase}-length-{name}-and-much"), move |address| {
                let mut client = begin(address);
                let lie = Lie { length: Some(length), zeros: Some(255), ..Lie::default() };
                for _ in 0..1_100 {
                    let packet = client.own().lie(&[191; 20], lie);
                    client.write(&packet);
                }
                client.hear_end();
                client
            });
        }
    }
}

fn long_under_keys(probes: &mut Probes) {
    for size in [32_768_usize, 35_000, 100_000, 262_100, 262_139, 262_144] {
        probes.add(format!("packet-keyed-unknown-of-{size}"), move |address| {
            let mut client = Client::keyed(address, &Offer::plain());
            let mut payload = vec![0; size];
            payload[0] = 191;
            client.send(payload);
            client.hear_all(QUIET);
            client
        });
    }
    for (cipher, mac) in [
        ("chacha20-poly1305@openssh.com", "hmac-sha2-256"),
        ("aes128-gcm@openssh.com", "hmac-sha2-256"),
        ("aes256-gcm@openssh.com", "hmac-sha2-256"),
        ("aes192-ctr", "hmac-sha2-512-etm@openssh.com"),
        ("aes256-ctr", "umac-64@openssh.com"),
        ("aes256-ctr", "umac-128-etm@openssh.com"),
        ("aes128-ctr", "hmac-sha1"),
        ("aes128-ctr", "hmac-sha1-etm@openssh.com"),
    ] {
        let offer = Offer::default().suite(cipher, mac);
        for changed in ["nothing", "length", "content", "code"] {
            let offer = offer.clone();
            let name = format!("packet-{cipher}-{mac}-changed-{changed}").replace('@', "-");
            probes.add(name, move |address| {
                let mut client = Client::keyed(address, &offer);
                client.wait_for(&[7]);
                let mut packet = client.sealed(auth("root", "none"));
                let at = match changed {
                    "length" => 1,
                    "content" => 9,
                    _ => packet.len() - 1,
                };
                if changed != "nothing" {
                    packet[at] ^= 0x40;
                }
                client.write(&packet);
                client.hear_all(QUIET);
                client
            });
        }
    }
}

//! First lines and first packets, good and bad, by raw TCP.

use crate::support::Decoy;
use decnet_core::event::{Anomaly, CloseCause, PeerFact, Side};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const OURS: &[u8] = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\n";

/// What the decoy sends to these bytes until it closes, or until `enough` bytes are there.
async fn answer(decoy: &Decoy, bytes: &[u8], enough: usize) -> Vec<u8> {
    let mut socket = TcpStream::connect(decoy.address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut got = Vec::new();
    let mut chunk = [0; 4_096];
    while got.len() < enough {
        // A reset after the last words is as good as an end.
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(count) => got.extend_from_slice(&chunk[..count]),
        }
    }
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_answered_in_openssh_words() {
    let invalid = "Invalid SSH identification string.";
    let differ = "Protocol major versions differ.";
    let endless = [b'a'; 9_000];
    let cases: [(&[u8], &str, Anomaly); 8] = [
        (b"SSH-1.5-x\n", differ, Anomaly::SshVersionUnsupported),
        (b"SSH-3.0-x\r\n", differ, Anomaly::SshVersionUnsupported),
        (b"SSH-1337\n", invalid, Anomaly::SshIdentInvalid),
        (b"ssh-2.0-x\n", invalid, Anomaly::SshIdentInvalid),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", invalid, Anomaly::SshIdentInvalid),
        (b"\x16\x03\x01\x00\xa5\x01", invalid, Anomaly::SshIdentInvalid),
        (b"\r\n", invalid, Anomaly::SshIdentInvalid),
        (&endless, invalid, Anomaly::SshIdentTooLong),
    ];
    for (line, words, anomaly) in cases {
        let decoy = Decoy::start().await;
        let got = answer(&decoy, line, usize::MAX).await;
        // sshd writes the line's ending by itself, and a reset for what it has not read overtakes it.
        let got = got.strip_suffix(b"\r\n").unwrap_or(&got);
        assert_eq!(got, [OURS, words.as_bytes()].concat(), "{line:?}");
        assert_eq!(decoy.until_closed().await, CloseCause::Protocol);
        assert_eq!(decoy.anomalies(), [anomaly], "{line:?}");
        decoy.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_left_without_a_word() {
    let decoy = Decoy::start().await;
    assert_eq!(answer(&decoy, b"SSH-2.0-SSH_Version_Mapper\n", usize::MAX).await, OURS);
    assert_eq!(decoy.until_closed().await, CloseCause::Protocol);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn good_lines_are_followed_by_our_offer() {
    let long = [b"SSH-2.0-".to_vec(), vec![b'a'; 300], b"\r\n".to_vec()].concat();
    let lines: [&[u8]; 5] =
        [b"SSH-2.0-libssh\n", b"SSH-2.1-foo\r\n", b"SSH-1.99-foo\r\n", b"SSH-2.0-\xff\r\n", &long];
    for line in lines {
        let decoy = Decoy::start().await;
        let got = answer(&decoy, line, OURS.len() + 600).await;
        let packet = got.strip_prefix(OURS).unwrap();
        let (offer, _) = decnet_core::wire::ssh::first_kexinit(packet).unwrap().unwrap();
        let shown: Vec<String> =
            offer.lists.iter().map(|list| String::from_utf8(list.to_vec()).unwrap()).collect();
        assert_eq!(shown[0], OUR_KEX);
        assert_eq!(shown[1], "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519");
        assert_eq!(shown[2], OUR_CIPHERS);
        assert_eq!(shown[3], OUR_CIPHERS);
        assert_eq!(shown[4], OUR_MACS);
        assert_eq!(shown[6], "none,zlib@openssh.com");
        decoy.until_closed().await;
        let facts = decoy.peer_facts();
        assert!(facts.iter().any(|fact| match fact {
            PeerFact::SshIdent { side: Side::Client, line: kept, .. } => kept.as_bytes() == line,
            _ => false,
        }));
        decoy.stop().await;
    }
}

const OUR_KEX: &str = "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
    ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,\
    diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,\
    kex-strict-s-v00@openssh.com";
const OUR_CIPHERS: &str = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
    aes128-gcm@openssh.com,aes256-gcm@openssh.com";
const OUR_MACS: &str = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,\
    hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,\
    umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1";

/// A KEXINIT in its packet, whose lists are `a`, `bb`, …
fn offer() -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend_from_slice(&[0; 16]);
    for index in 0..10_u8 {
        payload.extend_from_slice(&u32::from(index + 1).to_be_bytes());
        payload.extend(vec![b'a' + index; usize::from(index) + 1]);
    }
    payload.extend_from_slice(&[1, 0, 0, 0, 7]);
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let length = u32::try_from(payload.len() + padding + 1).unwrap();
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap());
    packet.extend(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_read_however_it_is_cut() {
    for size in [1, 7, 64, 4_096] {
        let decoy = Decoy::start().await;
        let mut socket = TcpStream::connect(decoy.address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let bytes = [&b"SSH-2.0-x\r\n"[..], &offer()].concat();
        for part in bytes.chunks(size) {
            socket.write_all(part).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
        // Nothing in common: the library closes, as sshd does.
        assert_eq!(decoy.until_closed().await, CloseCause::Protocol);
        assert_eq!(decoy.anomalies(), [Anomaly::SshProtocolError]);
        let facts = decoy.peer_facts();
        assert!(facts.iter().any(|fact| match fact {
            PeerFact::SshKexInit { lists, first_kex_packet_follows: true, reserved: 7, .. } =>
                lists[0].as_bytes() == b"a" && lists[9].as_bytes() == b"jjjjjjjjjj",
            _ => false,
        }));
        decoy.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_packet_is_told() {
    let cases: [&[u8]; 4] = [
        b"\0\0\0\0\0\0\0\0",
        b"\x00\x04\x93\xe0aaaaaaaaaaaaaaaa",
        b"GET / HTTP/1.1\r\n\r\n12345678",
        b"\0\0\0\x0c\x06\x1e\0\0\0\0\0\0\0\0\0\0",
    ];
    for packet in cases {
        let decoy = Decoy::start().await;
        let bytes = [b"SSH-2.0-x\r\n", packet].concat();
        let mut socket = TcpStream::connect(decoy.address).await.unwrap();
        socket.write_all(&bytes).await.unwrap();
        decoy
            .until("anomaly", |decoy| decoy.anomalies().contains(&Anomaly::SshKexInitMalformed))
            .await;
        drop(socket);
        decoy.until_closed().await;
        decoy.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_packet_and_a_silent_end_are_no_anomaly() {
    let decoy = Decoy::start().await;
    let mut socket = TcpStream::connect(decoy.address).await.unwrap();
    let packet = offer();
    socket.write_all(&[&b"SSH-2.0-x\r\n"[..], &packet[..packet.len() / 2]].concat()).await.unwrap();
    socket.shutdown().await.unwrap();
    assert_eq!(decoy.until_closed().await, CloseCause::Peer);
    assert_eq!(decoy.anomalies(), []);
    let facts = decoy.peer_facts();
    let Some(PeerFact::ConnectionClosed { received, sent, .. }) = facts.last() else {
        panic!("{facts:#?}");
    };
    assert_eq!(*received, u64::try_from(11 + packet.len() / 2).unwrap());
    assert!(*sent > 500);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_scan_is_a_cut_line() {
    let decoy = Decoy::start().await;
    drop(TcpStream::connect(decoy.address).await.unwrap());
    // Our line makes a reset of its close where it was there first.
    let cause = decoy.until_closed().await;
    assert!(matches!(cause, CloseCause::Peer | CloseCause::Lost), "{cause:?}");
    assert_eq!(decoy.anomalies(), [Anomaly::SshIdentCut]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_vanishes_is_lost() {
    let decoy = Decoy::start().await;
    let mut socket = TcpStream::connect(decoy.address).await.unwrap();
    socket.write_all(b"SSH-2.0-x\r\n").await.unwrap();
    decoy
        .until("line", |decoy| {
            decoy.peer_facts().iter().any(|fact| matches!(fact, PeerFact::SshIdent { .. }))
        })
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    // What was not read yet makes the end a reset.
    drop(socket);
    assert_eq!(decoy.until_closed().await, CloseCause::Lost);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_has_an_end() {
    let short = Duration::from_millis(150);
    for (line, anomaly) in [
        (&b"SSH-2.0"[..], Anomaly::SshIdentTimeout),
        (&b"SSH-2.0-x\r\n"[..], Anomaly::LoginTimeout),
    ] {
        let decoy = Decoy::start_with(|settings| settings.limits.grace = short).await;
        let got = answer(&decoy, line, usize::MAX).await;
        assert!(got.starts_with(OURS));
        assert_eq!(decoy.until_closed().await, CloseCause::Timeout);
        assert_eq!(decoy.anomalies(), [anomaly]);
        decoy.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_is_timed_to_its_last_byte() {
    let decoy = Decoy::start().await;
    let mut socket = TcpStream::connect(decoy.address).await.unwrap();
    socket.write_all(b"SSH-2.0-").await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    socket.write_all(b"slow\n").await.unwrap();
    decoy
        .until("line", |decoy| {
            decoy.peer_facts().iter().any(|fact| match fact {
                PeerFact::SshIdent { took_us, line, .. } => {
                    assert_eq!(line.as_bytes(), b"SSH-2.0-slow\n");
                    assert!((60_000..1_000_000).contains(took_us), "{took_us}");
                    true
                }
                _ => false,
            })
        })
        .await;
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_of_any_kind_ends_in_facts() {
    let decoy = Decoy::start().await;
    let hello = [&b"SSH-2.0-x\r\n"[..], &offer()].concat();
    // Xorshift: the same garbage each time.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let mut peers = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let mut bytes = hello.clone();
        for _ in 0..random() % 4 {
            let at = random() % bytes.len();
            bytes[at] = u8::try_from(random() % 256).unwrap();
        }
        bytes.truncate(random() % (bytes.len() + 1));
        bytes.extend((0..random() % 64).map(|_| u8::try_from(random() % 256).unwrap()));
        let address = decoy.address;
        peers.spawn(async move {
            let mut socket = TcpStream::connect(address).await.unwrap();
            let _ = socket.write_all(&bytes).await;
            let _ = socket.shutdown().await;
            let mut rest = Vec::new();
            let _ = socket.read_to_end(&mut rest).await;
        });
    }
    while peers.join_next().await.is_some() {}
    decoy.until("ends", |decoy| decoy.kinds("connection_closed") == 60).await;
    let faults = decoy.peer_facts().into_iter().filter(|fact| match fact {
        PeerFact::ConnectionClosed { cause, .. } => *cause == CloseCause::Fault,
        _ => false,
    });
    assert_eq!(faults.count(), 0);
    decoy.stop().await;
}

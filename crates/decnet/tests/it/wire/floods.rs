//! Forged SYNs, many of them, and somebody real in between.

use super::{DECOY, PEER, Scene, all, one};
use crate::running::{decnet, printed};
use decnet_core::limits::{SNIFF_STRANGERS_BURST, SNIFF_STRANGERS_PER_S};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, sendto, socket,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd as _;
use std::time::Instant;

/// SYNs from as many addresses to a port where nobody listens.
fn flood(count: u32) {
    let raw = socket(AddressFamily::Inet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw);
    let raw = raw.unwrap();
    let decoy: Ipv4Addr = DECOY.parse().unwrap();
    let to = SockaddrIn::from(SocketAddrV4::new(decoy, 0));
    for number in 0..count {
        // 203.0.113.0 and upwards.
        let source = Ipv4Addr::from(0xcb00_7100 + number);
        let mut packet = vec![0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0];
        packet.extend(source.octets());
        packet.extend(decoy.octets());
        packet.extend([0x20, 0, 0x17, 0x70]);
        packet.extend(number.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0x50, 2, 0x10, 0, 0, 0, 0, 0]);
        sendto(raw.as_raw_fd(), &packet, &to, MsgFlags::empty()).unwrap();
    }
}

#[test]
fn a_flood_of_forged_syns_costs_neither_the_store_nor_anybody_real() {
    // There is room for all of it, however busy the machine is: what is lost is refused.
    let room = "[sniffer]\nring_mib = 64\n";
    let Some(mut scene) = Scene::start_with(&[], room) else { return };
    let begin = Instant::now();
    let half = 30_000;
    let Scene { namespaces, .. } = &scene;
    namespaces.inside(&namespaces.peer, || flood(half));
    assert_eq!(scene.peer("curl", &["-sS", &format!("http://{DECOY}/one")]), "plain");
    namespaces.inside(&namespaces.peer, || flood(half));
    assert_eq!(scene.peer("curl", &["-sS", &format!("http://{DECOY}/two")]), "plain");
    scene.until("all was looked at, and is written", || {
        let status = printed(&decnet(&["status", "--json", "--data", scene.running.data()]));
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let packets = status["sniffer"]["packets"].as_u64().unwrap();
        packets >= u64::from(2 * half) && status["store"]["lag"] == 0
    });
    let database = scene.stop();
    let seconds = begin.elapsed().as_secs() + 1;

    let of_peer = |kind: &str| -> i64 {
        let sql = format!("select count(*) from journal where src = '{PEER}' and kind = '{kind}'");
        one(&database, &sql)
    };
    let kinds = ["tcp_syn", "tcp_flow", "http_request"].map(of_peer);
    assert_eq!(kinds, [4, 2, 2], "of two connections: {}", scene.running.complaints());
    let forged = "from journal where kind = 'tcp_syn' and src like '203.0.%'";
    let kept: i64 = one(&database, &format!("select count(*) {forged}"));
    let most = SNIFF_STRANGERS_BURST + SNIFF_STRANGERS_PER_S * seconds;
    assert!((1..=most as i64).contains(&kept), "{kept} of at most {most}");
    let lost: Vec<i64> =
        all(&database, "select fact ->> '$.lost.count' from journal where kind = 'lost'");
    assert_eq!(lost.iter().sum::<i64>() + kept, i64::from(2 * half), "{lost:?}");
    assert!(lost.len() as u64 <= seconds + 1, "{lost:?}");
}

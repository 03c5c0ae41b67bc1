//! Headers as they are sent, and as they are broken.

use super::*;
use crate::wire::tcp::{AE, CWR, ECE, SYN, TcpOptions};

const SYN_SEGMENT: &[u8] = &[
    0x30, 0x39, 0, 22, 0, 0, 0, 7, 0, 0, 0, 0, 0x71, 0xc2, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4,
    254, 2, 1, 0,
];

fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len()) as u16;
    let mut packet = vec![0x45, 0x02];
    packet.extend(length.to_be_bytes());
    packet.extend([0x12, 0x34, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2]);
    packet.extend(payload);
    packet
}

fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 60]);
    packet.extend([0x20; 16]);
    packet.extend([0x30; 16]);
    packet.extend(payload);
    packet
}

fn segment<'a>(ip: &Ip<'a>) -> Tcp<'a> {
    match ip.transport() {
        Ok(Transport::Tcp(tcp)) => tcp,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_link_leads_to_the_same_packet() {
    let inner = v4(TCP, SYN_SEGMENT);
    let ether = |tail: &[u8]| [&[0; 12], tail, &inner[..]].concat();
    let with = |head: &[u8]| [head, &inner[..]].concat();
    let mut sll = vec![0; 14];
    sll.extend([8, 0]);
    let mut sll2 = vec![8, 0];
    sll2.extend([0; 18]);
    for (kind, frame) in [
        (1, ether(&[8, 0])),
        (1, ether(&[0x81, 0, 0, 5, 8, 0])),
        (1, ether(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0])),
        (1, ether(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, 0x21])),
        (1, ether(&[0x88, 0x47, 0, 0, 0, 9, 0, 0, 1, 9])),
        (1, ether(&[0, 99, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
        (113, with(&sll)),
        (276, with(&sll2)),
        (0, with(&[2, 0, 0, 0])),
        (108, with(&[0, 0, 0, 2])),
        (9, with(&[0xff, 3, 0, 0x21])),
        (101, inner.clone()),
    ] {
        assert_eq!(
            link(kind, &frame, &mut Path::default()),
            Ok(&inner[..]),
            "link {kind}: {frame:02x?}"
        );
    }
}

#[test]
fn the_fields_of_a_syn_are_read() {
    let packet = v4(TCP, SYN_SEGMENT);
    let ip = ip(&packet).unwrap();
    assert_eq!((ip.ttl, ip.tos, ip.id, ip.df), (64, 2, Some(0x1234), true));
    let tcp = segment(&ip);
    assert_eq!((tcp.source, tcp.destination, tcp.seq), (12_345, 22, 7));
    assert_eq!((tcp.flags, tcp.window, tcp.length), (AE | CWR | ECE | SYN, 65_535, 0));
    let kinds: Vec<u8> = TcpOptions::new(tcp.options).map(|option| option.kind).collect();
    assert_eq!(kinds, [2, 254, 1, 0]);
}

#[test]
fn extension_headers_are_passed_and_their_loops_end() {
    let hops = [&[60, 0, 0, 0, 0, 0, 0, 0], &[TCP, 0, 0, 0, 0, 0, 0, 0], SYN_SEGMENT].concat();
    let packet = v6(0, &hops);
    let ip6 = ip(&packet).unwrap();
    assert_eq!((ip6.protocol, ip6.length), (TCP, SYN_SEGMENT.len()));
    assert_eq!(segment(&ip6).source, 12_345);
    let endless = v6(0, &[0; 1_024]);
    assert_eq!(ip(&endless), Err(Skip::Broken));
}

#[test]
fn a_snap_length_cuts_the_payload_and_not_its_length() {
    let mut segment_bytes = SYN_SEGMENT.to_vec();
    segment_bytes.extend([7; 100]);
    let packet = v4(TCP, &segment_bytes);
    let ip = ip(&packet[..60]).unwrap();
    let tcp = segment(&ip);
    assert_eq!((tcp.payload.len(), tcp.length), (12, 100));
}

#[test]
fn ethernet_padding_is_no_payload() {
    let mut packet = v4(TCP, SYN_SEGMENT);
    packet.extend([0; 6]);
    let ip = ip(&packet).unwrap();
    assert_eq!(segment(&ip).payload, b"");
}

#[test]
fn one_tunnel_is_looked_into() {
    let inner = v4(TCP, SYN_SEGMENT);
    let mut vxlan = vec![0x99, 0x99, 0x12, 0xb5];
    vxlan.extend(((8 + 8 + 14 + inner.len()) as u16).to_be_bytes());
    vxlan.extend([0, 0, 8, 0, 0, 0, 0, 0, 7, 0]);
    vxlan.extend([0; 12]);
    vxlan.extend([8, 0]);
    let mut geneve = vec![0x99, 0x99, 0x17, 0xc1];
    geneve.extend(((8 + 12 + inner.len()) as u16).to_be_bytes());
    geneve.extend([0, 0, 1, 0, 8, 0, 0, 0, 7, 0, 1, 2, 3, 4]);
    for (protocol, head, id) in [
        (IP_IN_IP, vec![], 0),
        (GRE, vec![0, 0, 8, 0], 0),
        (GRE, vec![0x20, 0, 8, 0, 1, 2, 3, 4], 0x0102_0304),
        (UDP, vxlan, 7),
        (UDP, geneve, 7),
    ] {
        let outer = v4(protocol, &[&head[..], &inner].concat());
        let mut path = Path::default();
        let found = ip(&outer).unwrap().tunnelled(&mut path);
        assert_eq!((found, path.0 >> 24), (Some(&inner[..]), id), "{protocol} {head:?}");
    }
}

#[test]
fn tags_tell_networks_apart_and_priorities_do_not() {
    let path = |tags: &[u8]| {
        let frame = [&[0; 12], tags, &[8, 0], &v4(TCP, SYN_SEGMENT)[..]].concat();
        let mut path = Path::default();
        link(1, &frame, &mut path).map(|_| path.number())
    };
    assert_eq!(path(&[]), Ok(0));
    assert_eq!(path(&[0x81, 0, 0xe0, 0]), Ok(0));
    assert_eq!(path(&[0x81, 0, 0xe0, 5]), Ok(5));
    assert_eq!(path(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6]), Ok(5 << 12 | 6));
}

#[test]
fn too_big_has_an_mtu_and_a_quote() {
    let quote = v4(TCP, &SYN_SEGMENT[..8]);
    let error = v4(ICMP, &[&[3, 4, 0, 0, 0, 0, 5, 0x14][..], &quote].concat());
    let Ok(Transport::Icmp(icmp)) = ip(&error).unwrap().transport() else { panic!("no ICMP") };
    assert_eq!((icmp.too_big, icmp.quoted), (Some(1_300), Some(&quote[..])));
}

#[test]
fn every_prefix_is_an_answer() {
    let packet = v6(44, &[&[TCP, 0, 0, 1, 0, 0, 0, 9][..], SYN_SEGMENT].concat());
    for end in 0..=packet.len() {
        let _ = ip(&packet[..end]).map(|ip| (ip.transport(), ip.tunnelled(&mut Path::default())));
    }
}

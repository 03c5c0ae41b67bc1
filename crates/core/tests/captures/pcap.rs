//! Packets out of pcap and pcapng, and segments and datagrams out of packets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A packet with its number as Wireshark counts, its link type and its bytes.
pub(crate) struct Packet<'a> {
    pub(crate) frame: usize,
    pub(crate) link: u32,
    pub(crate) bytes: &'a [u8],
}

/// All packets of a capture, as far as it goes.
pub(crate) fn packets(file: &[u8]) -> Vec<Packet<'_>> {
    match file.get(..4) {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => pcapng(file).unwrap_or_default(),
        Some([0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2, 0xa1]) => pcap(file, u32::from_le_bytes),
        Some(_) => pcap(file, u32::from_be_bytes),
        None => Vec::new(),
    }
}

fn pcap(file: &[u8], number: fn([u8; 4]) -> u32) -> Vec<Packet<'_>> {
    let word = |at: usize| Some(number(*file.get(at..)?.first_chunk()?));
    let (mut found, mut at) = (Vec::new(), 24);
    let link = word(20).unwrap_or(0) & 0xffff;
    while let Some(length) = word(at + 8) {
        let Some(bytes) = file.get(at + 16..at + 16 + length as usize) else { break };
        found.push(Packet { frame: found.len() + 1, link, bytes });
        at += 16 + length as usize;
    }
    found
}

fn pcapng(file: &[u8]) -> Option<Vec<Packet<'_>>> {
    let (mut found, mut links, mut at) = (Vec::new(), Vec::new(), 0);
    let mut number: fn([u8; 4]) -> u32 = u32::from_le_bytes;
    while file.len() >= at + 12 {
        if file.get(at + 8..at + 12) == Some(&[0x1a, 0x2b, 0x3c, 0x4d]) {
            number = u32::from_be_bytes;
        }
        let word = |at: usize| Some(number(*file.get(at..)?.first_chunk()?));
        let length = word(at + 4)? as usize;
        let Some(block) = file.get(at..at + length).filter(|_| length >= 12) else { break };
        match word(at)? {
            0x0a0d_0d0a => links.clear(),
            1 => {
                let bytes = [block[8], block[9], 0, 0];
                let link = number(bytes);
                links.push(if link > 0xffff { link >> 16 } else { link });
            }
            6 => {
                let link = links.get(word(at + 8)? as usize).copied().unwrap_or(1);
                let size = word(at + 20)? as usize;
                let bytes = block.get(28..28 + size)?;
                found.push(Packet { frame: found.len() + 1, link, bytes });
            }
            3 => {
                let link = links.first().copied().unwrap_or(1);
                let bytes = block.get(12..length - 4)?;
                found.push(Packet { frame: found.len() + 1, link, bytes });
            }
            _ => {}
        }
        at += length;
    }
    Some(found)
}

/// What a packet carries, in the innermost IP header.
pub(crate) struct Inside<'a> {
    pub(crate) source: (IpAddr, u16),
    pub(crate) target: (IpAddr, u16),
    pub(crate) ip: Header,
    pub(crate) transport: Transport<'a>,
    pub(crate) payload: &'a [u8],
}

/// The fields of IP that a signature needs.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) version: u8,
    pub(crate) ttl: u8,
    pub(crate) options: usize,
    pub(crate) ecn: u8,
    /// IPv4: identification; IPv6: flow label.
    pub(crate) mark: u32,
    pub(crate) flags: u8,
}

pub(crate) enum Transport<'a> {
    /// The whole header of a segment.
    Tcp(&'a [u8]),
    Udp,
}

pub(crate) fn inside<'a>(packet: &Packet<'a>) -> Option<Inside<'a>> {
    let bytes = packet.bytes;
    match packet.link {
        0 | 108 => ip(bytes.get(4..)?, 0),
        1 => ethernet(bytes),
        9 if bytes.first() == Some(&0xff) => ip(bytes.get(4..)?, 0),
        9 => ip(bytes.get(2..)?, 0),
        12 | 14 | 101 | 228 | 229 => ip(bytes, 0),
        113 => network(be(bytes, 14)?, bytes.get(16..)?, 0),
        276 => network(be(bytes, 0)?, bytes.get(20..)?, 0),
        _ => None,
    }
}

fn be(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn ethernet(bytes: &[u8]) -> Option<Inside<'_>> {
    network(be(bytes, 12)?, bytes.get(14..)?, 0)
}

fn network(kind: u16, bytes: &[u8], depth: usize) -> Option<Inside<'_>> {
    match kind {
        0x0800 | 0x86dd => ip(bytes, depth),
        0x8100 | 0x88a8 | 0x9100 => network(be(bytes, 2)?, bytes.get(4..)?, depth),
        // Cisco's metadata.
        0x8909 => network(be(bytes, 6)?, bytes.get(8..)?, depth),
        0x8864 => ip(bytes.get(8..)?, depth),
        // MPLS, down to the bottom of its stack.
        0x8847 if bytes.get(2)? & 1 == 1 => ip(bytes.get(4..)?, depth),
        0x8847 => network(kind, bytes.get(4..)?, depth),
        0x6558 => ethernet(bytes),
        _ => None,
    }
}

fn ip(bytes: &[u8], depth: usize) -> Option<Inside<'_>> {
    if depth > 3 {
        return None;
    }
    match bytes.first()? >> 4 {
        4 => {
            let length = usize::from(bytes[0] & 15) * 4;
            let total = usize::from(be(bytes, 2)?);
            // Offloading leaves the length at zero.
            let total = if total == 0 { bytes.len() } else { total.min(bytes.len()) };
            let fragment = be(bytes, 6)?;
            if fragment & 0x3fff != 0 {
                return None;
            }
            let address = |at: usize| -> Option<IpAddr> {
                Some(Ipv4Addr::from(*bytes.get(at..)?.first_chunk::<4>()?).into())
            };
            let header = Header {
                version: 4,
                ttl: *bytes.get(8)?,
                options: length.checked_sub(20)?,
                ecn: bytes[1] & 3,
                mark: be(bytes, 4)?.into(),
                flags: (fragment >> 13) as u8,
            };
            let body = bytes.get(length..total)?;
            transport(bytes[9], address(12)?, address(16)?, header, body, depth)
        }
        6 => {
            let total = usize::from(be(bytes, 4)?);
            let total = if total == 0 { bytes.len() } else { (40 + total).min(bytes.len()) };
            let address = |at: usize| -> Option<IpAddr> {
                Some(Ipv6Addr::from(*bytes.get(at..)?.first_chunk::<16>()?).into())
            };
            let (mut next, mut at) = (*bytes.get(6)?, 40);
            while matches!(next, 0 | 43 | 60) {
                let kind = *bytes.get(at)?;
                at += 8 + usize::from(*bytes.get(at + 1)?) * 8;
                next = kind;
            }
            let header = Header {
                version: 6,
                ttl: bytes[7],
                options: at - 40,
                ecn: bytes[1] >> 4 & 3,
                mark: u32::from_be_bytes([0, bytes[1] & 15, bytes[2], bytes[3]]),
                flags: 0,
            };
            transport(next, address(8)?, address(24)?, header, bytes.get(at..total)?, depth)
        }
        _ => None,
    }
}

fn transport(
    kind: u8,
    source: IpAddr,
    target: IpAddr,
    ip_header: Header,
    body: &[u8],
    depth: usize,
) -> Option<Inside<'_>> {
    let ports = || Some((be(body, 0)?, be(body, 2)?));
    match kind {
        6 => {
            let (from, to) = ports()?;
            let length = usize::from(body.get(12)? >> 4) * 4;
            let (header, payload) = body.split_at_checked(length.max(20))?;
            Some(Inside {
                source: (source, from),
                target: (target, to),
                ip: ip_header,
                transport: Transport::Tcp(header),
                payload,
            })
        }
        17 => {
            let (from, to) = ports()?;
            let payload = body.get(8..)?;
            if to == 4789 && payload.first()? & 8 != 0 {
                return ethernet(payload.get(8..)?);
            }
            // Geneve, and the user plane of GTP.
            if to == 6081 {
                let options = usize::from(payload.first()? & 0x3f) * 4;
                return network(be(payload, 2)?, payload.get(8 + options..)?, depth + 1);
            }
            if to == 2152 && payload.get(1) == Some(&0xff) {
                let options = if payload[0] & 7 == 0 { 8 } else { 12 };
                return ip(payload.get(options..)?, depth + 1);
            }
            Some(Inside {
                source: (source, from),
                target: (target, to),
                ip: ip_header,
                transport: Transport::Udp,
                payload,
            })
        }
        4 | 41 => ip(body, depth + 1),
        47 => {
            let flags = be(body, 0)?;
            let options = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count();
            let kind = be(body, 2)?;
            network(kind, body.get(4 + 4 * options..)?, depth + 1)
        }
        _ => None,
    }
}

//! Link, network and transport headers of one packet, as views of its bytes.
//!
//! **Invariant:** no allocation, no checksum decides anything, and each loop over headers has a
//! fixed number of turns. What a snap length cut off is missing from `payload` and counted in
//! `length`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a packet has nothing for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// It carries something else than IP, or its link type is not one of ours.
    NotIp,
    /// It ends inside a header.
    Cut,
    /// A header contradicts itself.
    Broken,
}

/// An IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip<'a> {
    /// Who sent it, as it says.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Type of service, or traffic class; ECN is its last two bits.
    pub tos: u8,
    /// IPv4's identification.
    pub id: Option<u16>,
    /// Don't fragment: IPv4's flag, always set in IPv6.
    pub df: bool,
    /// IPv4's options.
    pub options: &'a [u8],
    /// What this packet is a part of.
    pub fragment: Option<Fragment>,
    /// The protocol of the payload: the last next header.
    pub protocol: u8,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// How long the payload was on the wire.
    pub length: usize,
}

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The same in all fragments of a packet.
    pub id: u32,
    /// Bytes in front of it.
    pub offset: usize,
    /// Whether others follow.
    pub more: bool,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp<'a> {
    /// The port it comes from.
    pub source: u16,
    /// The port it goes to.
    pub destination: u16,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Nine flags, from AE, which once was NS, to FIN: see the constants.
    pub flags: u16,
    /// The window as it was sent, not scaled.
    pub window: u16,
    /// The options as they were sent.
    pub options: &'a [u8],
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// How long the payload was on the wire.
    pub length: usize,
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp<'a> {
    /// The port it comes from.
    pub source: u16,
    /// The port it goes to.
    pub destination: u16,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// How long the payload was on the wire.
    pub length: usize,
}

/// An ICMP message, of either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmp<'a> {
    /// Its type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// The link's MTU, of a "fragmentation needed" or "packet too big".
    pub too_big: Option<u32>,
    /// The packet that an error is about: its IP header and what follows it.
    pub quoted: Option<&'a [u8]>,
}

/// What an IP packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport<'a> {
    /// A TCP segment.
    Tcp(Tcp<'a>),
    /// A UDP datagram.
    Udp(Udp<'a>),
    /// An ICMP message, of either version.
    Icmp(Icmp<'a>),
    /// Something else.
    Other,
}

/// FIN.
pub const FIN: u16 = 0x01;
/// SYN.
pub const SYN: u16 = 0x02;
/// RST.
pub const RST: u16 = 0x04;
/// ACK.
pub const ACK: u16 = 0x10;
/// ECN echo.
pub const ECE: u16 = 0x40;
/// Congestion window reduced.
pub const CWR: u16 = 0x80;
/// Accurate ECN, which once was the nonce sum.
pub const AE: u16 = 0x100;

/// The protocols that we look into.
const ICMP: u8 = 1;
const IP_IN_IP: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV6_IN_IP: u8 = 41;
const GRE: u8 = 47;
const ICMPV6: u8 = 58;

/// VLAN tags, MPLS labels or extension headers of one packet; with more it is broken.
const HEADERS: usize = 16;

/// The IP packet in a captured frame.
pub fn link(link: u16, frame: &[u8]) -> Result<&[u8], Skip> {
    match link {
        // NULL and LOOP: an address family, in the byte order of who captured or in ours.
        0 | 108 => match frame.get(..4).ok_or(Skip::Cut)? {
            [2, 0, 0, 0] | [0, 0, 0, 2] => skip(frame, 4),
            [24 | 28 | 30, 0, 0, 0] | [0, 0, 0, 24 | 28 | 30] => skip(frame, 4),
            _ => Err(Skip::NotIp),
        },
        1 => {
            let kind = u16_at(frame, 12)?;
            ethernet(kind, skip(frame, 14)?)
        }
        // Raw IP, under all numbers it has had.
        12 | 14 | 101 | 228 | 229 => Ok(frame),
        // PPP, with and without the two bytes of HDLC.
        9 | 50 => match frame {
            [0xff, 0x03, rest @ ..] => ppp(rest),
            _ => ppp(frame),
        },
        113 => {
            let kind = u16_at(frame, 14)?;
            ethernet(kind, skip(frame, 16)?)
        }
        276 => {
            let kind = u16_at(frame, 0)?;
            ethernet(kind, skip(frame, 20)?)
        }
        _ => Err(Skip::NotIp),
    }
}

/// Behind an Ethernet type: tags, labels and sessions down to IP.
fn ethernet(mut kind: u16, mut bytes: &[u8]) -> Result<&[u8], Skip> {
    for _ in 0..HEADERS {
        match kind {
            0x0800 | 0x86dd => return Ok(bytes),
            // VLAN, QinQ and what was used for it before there was a standard.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                kind = u16_at(bytes, 2)?;
                bytes = skip(bytes, 4)?;
            }
            // PPPoE: six bytes, then PPP.
            0x8864 => return ppp(skip(bytes, 6)?),
            // MPLS: the bottom of the stack does not say what follows; IP shows by its version.
            0x8847 | 0x8848 => {
                let bottom = u8_at(bytes, 2)? & 1 == 1;
                bytes = skip(bytes, 4)?;
                if bottom {
                    kind = match bytes.first().map(|first| first >> 4) {
                        Some(4) => 0x0800,
                        Some(6) => 0x86dd,
                        Some(_) => return Err(Skip::NotIp),
                        None => return Err(Skip::Cut),
                    };
                }
            }
            // A length, as IEEE 802.3 has it; IP would stand behind a SNAP header.
            0..=1_500 => match bytes {
                [0xaa, 0xaa, 0x03, 0, 0, 0, high, low, rest @ ..] => {
                    kind = u16::from_be_bytes([*high, *low]);
                    bytes = rest;
                }
                _ => return Err(Skip::NotIp),
            },
            _ => return Err(Skip::NotIp),
        }
    }
    Err(Skip::Broken)
}

fn ppp(bytes: &[u8]) -> Result<&[u8], Skip> {
    match bytes {
        [0x00, 0x21 | 0x57, rest @ ..] | [0x21 | 0x57, rest @ ..] => Ok(rest),
        [_, _, ..] => Err(Skip::NotIp),
        _ => Err(Skip::Cut),
    }
}

/// The headers of an IP packet.
pub fn ip(bytes: &[u8]) -> Result<Ip<'_>, Skip> {
    match bytes.first().map(|first| first >> 4) {
        Some(4) => ipv4(bytes),
        Some(6) => ipv6(bytes),
        Some(_) => Err(Skip::NotIp),
        None => Err(Skip::Cut),
    }
}

fn ipv4(bytes: &[u8]) -> Result<Ip<'_>, Skip> {
    let header = bytes.first_chunk::<20>().ok_or(Skip::Cut)?;
    let &[first, tos, l0, l1, i0, i1, f0, f1, ttl, protocol, _, _, ..] = header;
    let &[.., s0, s1, s2, s3, d0, d1, d2, d3] = header;
    let header_length = usize::from(first & 0x0f) * 4;
    if header_length < 20 {
        return Err(Skip::Broken);
    }
    let options = bytes.get(20..header_length).ok_or(Skip::Cut)?;
    let after = skip(bytes, header_length)?;
    // Who captures before the card cuts a large packet into segments sees a length of zero.
    let length = match usize::from(u16::from_be_bytes([l0, l1])) {
        0 => after.len(),
        total => total.checked_sub(header_length).ok_or(Skip::Broken)?,
    };
    let flags = u16::from_be_bytes([f0, f1]);
    let id = u16::from_be_bytes([i0, i1]);
    let (offset, more) = (usize::from(flags & 0x1fff) * 8, flags & 0x2000 != 0);
    Ok(Ip {
        source: Ipv4Addr::new(s0, s1, s2, s3).into(),
        destination: Ipv4Addr::new(d0, d1, d2, d3).into(),
        ttl,
        tos,
        id: Some(id),
        df: flags & 0x4000 != 0,
        options,
        fragment: (offset > 0 || more).then_some(Fragment { id: u32::from(id), offset, more }),
        protocol,
        payload: after.get(..length).unwrap_or(after),
        length,
    })
}

fn ipv6(bytes: &[u8]) -> Result<Ip<'_>, Skip> {
    let word = u32_at(bytes, 0)?;
    let stated = usize::from(u16_at(bytes, 4)?);
    let (mut protocol, ttl) = (u8_at(bytes, 6)?, u8_at(bytes, 7)?);
    let source: [u8; 16] = *bytes.get(8..).and_then(<[u8]>::first_chunk).ok_or(Skip::Cut)?;
    let destination: [u8; 16] = *bytes.get(24..).and_then(<[u8]>::first_chunk).ok_or(Skip::Cut)?;
    let after = skip(bytes, 40)?;
    // Zero: a jumbogram, or cut into segments later.
    let mut length = if stated == 0 { after.len() } else { stated };
    let mut payload = after.get(..length).unwrap_or(after);
    let mut fragment = None;
    let mut turns = 0;
    loop {
        let header = match protocol {
            // Hop by hop, routing, destination, mobility, HIP, shim6.
            0 | 43 | 60 | 135 | 139 | 140 => (usize::from(u8_at(payload, 1)?) + 1) * 8,
            // Authentication counts in four bytes.
            51 => (usize::from(u8_at(payload, 1)?) + 2) * 4,
            44 => {
                let place = u16_at(payload, 2)?;
                let id = u32_at(payload, 4)?;
                let (offset, more) = (usize::from(place & 0xfff8), place & 1 == 1);
                // One that is alone, RFC 6946, is no fragment.
                if offset > 0 || more {
                    fragment = Some(Fragment { id, offset, more });
                }
                8
            }
            _ => break,
        };
        turns += 1;
        if turns > HEADERS {
            return Err(Skip::Broken);
        }
        protocol = u8_at(payload, 0)?;
        payload = skip(payload, header)?;
        length = length.checked_sub(header).ok_or(Skip::Broken)?;
        // What follows the header of a later fragment is not the next header.
        if fragment.is_some() {
            break;
        }
    }
    Ok(Ip {
        source: Ipv6Addr::from(source).into(),
        destination: Ipv6Addr::from(destination).into(),
        ttl,
        tos: (word >> 20) as u8,
        id: None,
        df: true,
        options: &[],
        fragment,
        protocol,
        payload,
        length,
    })
}

impl<'a> Ip<'a> {
    /// The header of the payload. A fragment has none before it is whole.
    pub fn transport(&self) -> Result<Transport<'a>, Skip> {
        transport(self.protocol, self.payload, self.length)
    }

    /// The IP packet that is carried in this one: IP in IP, GRE or VXLAN.
    #[must_use]
    pub fn tunnelled(&self) -> Option<&'a [u8]> {
        match self.protocol {
            IP_IN_IP | IPV6_IN_IP => Some(self.payload),
            GRE => gre(self.payload),
            UDP => match self.transport() {
                Ok(Transport::Udp(Udp { destination: 4_789 | 8_472, payload, .. })) => {
                    // A flag says that the identifier is there; every other bit is reserved.
                    match payload {
                        [0x08, 0, 0, 0, _, _, _, 0, inner @ ..] => link(1, inner).ok(),
                        _ => None,
                    }
                }
                Ok(_) | Err(_) => None,
            },
            _ => None,
        }
    }
}

/// The header behind the network's, of a payload that was `length` bytes long on the wire.
pub fn transport(protocol: u8, payload: &[u8], length: usize) -> Result<Transport<'_>, Skip> {
    match protocol {
        TCP => tcp(payload, length).map(Transport::Tcp),
        UDP => udp(payload).map(Transport::Udp),
        ICMP => icmp(payload, Version::V4).map(Transport::Icmp),
        ICMPV6 => icmp(payload, Version::V6).map(Transport::Icmp),
        _ => Ok(Transport::Other),
    }
}

fn tcp(bytes: &[u8], length: usize) -> Result<Tcp<'_>, Skip> {
    let header = bytes.first_chunk::<20>().ok_or(Skip::Cut)?;
    let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, o, f, w0, w1, ..] = header;
    let header_length = usize::from(o >> 4) * 4;
    if header_length < 20 || header_length > length {
        return Err(Skip::Broken);
    }
    let options = bytes.get(20..header_length).ok_or(Skip::Cut)?;
    Ok(Tcp {
        source: u16::from_be_bytes([s0, s1]),
        destination: u16::from_be_bytes([d0, d1]),
        seq: u32::from_be_bytes([q0, q1, q2, q3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: u16::from_be_bytes([o & 1, f]),
        window: u16::from_be_bytes([w0, w1]),
        options,
        payload: skip(bytes, header_length)?,
        length: length - header_length,
    })
}

fn udp(bytes: &[u8]) -> Result<Udp<'_>, Skip> {
    let (source, destination) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    let after = skip(bytes, 8)?;
    let length = match usize::from(u16_at(bytes, 4)?) {
        0 => after.len(),
        stated => stated.checked_sub(8).ok_or(Skip::Broken)?,
    };
    Ok(Udp { source, destination, payload: after.get(..length).unwrap_or(after), length })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V4,
    V6,
}

fn icmp(bytes: &[u8], version: Version) -> Result<Icmp<'_>, Skip> {
    let (kind, code) = (u8_at(bytes, 0)?, u8_at(bytes, 1)?);
    let (is_error, too_big) = match (version, kind, code) {
        (Version::V4, 3, 4) => (true, u16_at(bytes, 6).ok().map(u32::from)),
        (Version::V4, 3 | 4 | 5 | 11 | 12, _) => (true, None),
        (Version::V6, 2, _) => (true, u32_at(bytes, 4).ok()),
        (Version::V6, 1 | 3 | 4, _) => (true, None),
        (Version::V4 | Version::V6, _, _) => (false, None),
    };
    Ok(Icmp { kind, code, too_big, quoted: bytes.get(8..).filter(|_| is_error) })
}

fn gre(bytes: &[u8]) -> Option<&[u8]> {
    let flags = u16_at(bytes, 0).ok()?;
    // Version 1 is PPTP's, whose PPP may be compressed.
    if flags & 0x0007 != 0 {
        return None;
    }
    let kind = u16_at(bytes, 2).ok()?;
    let words = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count();
    let inner = bytes.get(4 + words * 4..)?;
    match kind {
        // Transparent Ethernet.
        0x6558 => link(1, inner).ok(),
        _ => ethernet(kind, inner).ok(),
    }
}

/// An option as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOption<'a> {
    /// Its kind; 0 is the end of the list, 1 is padding.
    pub kind: u8,
    /// What follows the length.
    pub value: &'a [u8],
}

/// The options of a segment, one after the other.
///
/// An end of the list is given as often as it is there, since what pads behind it tells systems
/// apart. An option whose length is wrong ends the walk, and [`Self::is_broken`] says so.
#[derive(Clone, Copy, Debug)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
    ended: bool,
    broken: bool,
}

impl<'a> TcpOptions<'a> {
    /// A walk over `options`.
    #[must_use]
    pub fn new(options: &'a [u8]) -> Self {
        Self { rest: options, ended: false, broken: false }
    }

    /// Whether the walk ended at an option with a wrong length.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        let (&kind, rest) = self.rest.split_first()?;
        if self.ended && kind != 0 {
            self.rest = &[];
            return None;
        }
        if kind <= 1 {
            self.rest = rest;
            self.ended |= kind == 0;
            return Some(TcpOption { kind, value: &[] });
        }
        let value = rest.first().and_then(|length| self.rest.get(2..usize::from(*length)));
        let Some(value) = value else {
            self.rest = &[];
            self.broken = true;
            return None;
        };
        self.rest = self.rest.get(2 + value.len()..).unwrap_or_default();
        Some(TcpOption { kind, value })
    }
}

fn skip(bytes: &[u8], count: usize) -> Result<&[u8], Skip> {
    bytes.get(count..).ok_or(Skip::Cut)
}

fn u8_at(bytes: &[u8], at: usize) -> Result<u8, Skip> {
    bytes.get(at).copied().ok_or(Skip::Cut)
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Skip> {
    let taken = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(Skip::Cut)?;
    Ok(u16::from_be_bytes(*taken))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Skip> {
    let taken = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(Skip::Cut)?;
    Ok(u32::from_be_bytes(*taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYN_SEGMENT: &[u8] = &[
        0x30, 0x39, 0, 22, 0, 0, 0, 7, 0, 0, 0, 0, 0x71, 0xc2, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5,
        0xb4, 254, 2, 1, 0,
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
            assert_eq!(link(kind, &frame), Ok(&inner[..]), "link {kind}: {frame:02x?}");
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
        let mut walk = TcpOptions::new(tcp.options);
        let kinds: Vec<u8> = walk.by_ref().map(|option| option.kind).collect();
        assert_eq!((kinds, walk.is_broken()), (vec![2, 254, 1, 0], false));
    }

    #[test]
    fn padding_behind_the_end_of_options_is_given_and_zero_lengths_end_the_walk() {
        let kinds = |options| {
            let mut walk = TcpOptions::new(options);
            let kinds: Vec<u8> = walk.by_ref().map(|option| option.kind).collect();
            (kinds, walk.is_broken())
        };
        assert_eq!(kinds(&[4, 2, 0, 0]), (vec![4, 0, 0], false));
        assert_eq!(kinds(&[0, 0, 2, 4]), (vec![0, 0], false));
        assert_eq!(kinds(&[1, 2, 0, 1]), (vec![1], true));
        assert_eq!(kinds(&[1, 2, 9, 1]), (vec![1], true));
        assert_eq!(kinds(&[8]), (vec![], true));
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
        for (protocol, head) in [
            (IP_IN_IP, vec![]),
            (GRE, vec![0, 0, 8, 0]),
            (GRE, vec![0x20, 0, 8, 0, 1, 2, 3, 4]),
            (UDP, vxlan),
        ] {
            let outer = v4(protocol, &[&head[..], &inner].concat());
            assert_eq!(ip(&outer).unwrap().tunnelled(), Some(&inner[..]), "{protocol} {head:?}");
        }
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
            let _ = ip(&packet[..end]).map(|ip| (ip.transport(), ip.tunnelled()));
        }
    }
}

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
    /// IPv4's three flags: reserved, don't fragment, more fragments; of IPv6 zero.
    pub flags: u8,
    /// IPv6's flow label; of IPv4 zero.
    pub label: u32,
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
    /// The twelve bits behind the header's length, from three reserved ones and AE, which once was
    /// NS, to FIN: see the constants.
    pub flags: u16,
    /// The window as it was sent, not scaled.
    pub window: u16,
    /// The urgent pointer.
    pub urgent: u16,
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

/// Which of several networks a packet was seen in: the last two VLAN tags, and a tunnel's identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(u64);

impl Path {
    /// Adds a VLAN tag; one without an identifier, which is for a priority only, adds nothing.
    fn tag(&mut self, control: u16) {
        let identifier = u64::from(control & 0xfff);
        if identifier != 0 {
            let tags = (self.0 << 12 | identifier) & 0xff_ffff;
            self.0 = self.0 & !0xff_ffff | tags;
        }
    }

    fn tunnel(&mut self, identifier: u32) {
        self.0 = self.0 & 0xff_ffff | u64::from(identifier) << 24;
    }

    /// A number of 56 bits, which is zero without tags and identifiers.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The IP packet in a captured frame; what stands in front of it adds to `path`.
pub fn link<'a>(link: u16, frame: &'a [u8], path: &mut Path) -> Result<&'a [u8], Skip> {
    match link {
        // NULL and LOOP: an address family, in the byte order of who captured or in ours.
        0 | 108 => match frame.get(..4).ok_or(Skip::Cut)? {
            [2, 0, 0, 0] | [0, 0, 0, 2] => skip(frame, 4),
            [24 | 28 | 30, 0, 0, 0] | [0, 0, 0, 24 | 28 | 30] => skip(frame, 4),
            _ => Err(Skip::NotIp),
        },
        1 => {
            let kind = u16_at(frame, 12)?;
            ethernet(kind, skip(frame, 14)?, path)
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
            ethernet(kind, skip(frame, 16)?, path)
        }
        276 => {
            let kind = u16_at(frame, 0)?;
            ethernet(kind, skip(frame, 20)?, path)
        }
        _ => Err(Skip::NotIp),
    }
}

/// Behind an Ethernet type: tags, labels and sessions down to IP.
fn ethernet<'a>(mut kind: u16, mut bytes: &'a [u8], path: &mut Path) -> Result<&'a [u8], Skip> {
    for _ in 0..HEADERS {
        match kind {
            0x0800 | 0x86dd => return Ok(bytes),
            // VLAN, QinQ and what was used for it before there was a standard.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                path.tag(u16_at(bytes, 0)?);
                kind = u16_at(bytes, 2)?;
                bytes = skip(bytes, 4)?;
            }
            // Cisco's metadata: a version, a length and one option of a security group.
            0x8909 => {
                kind = u16_at(bytes, 6)?;
                bytes = skip(bytes, 8)?;
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

#[inline]
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
        flags: (flags >> 13) as u8,
        label: 0,
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
        flags: 0,
        label: word & 0x000f_ffff,
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

    /// The IP packet that is carried in this one: IP in IP, GRE, VXLAN, Geneve or GTP. A tunnel's
    /// identifier that is the same in both directions adds to `path`.
    #[must_use]
    pub fn tunnelled(&self, path: &mut Path) -> Option<&'a [u8]> {
        match self.protocol {
            IP_IN_IP | IPV6_IN_IP => Some(self.payload),
            GRE => gre(self.payload, path),
            UDP => match self.transport() {
                Ok(Transport::Udp(udp)) => match (udp.destination, udp.payload) {
                    // VXLAN says that its identifier is there; what is reserved is not looked at.
                    (4_789 | 8_472, &[flags, _, _, _, v0, v1, v2, _, ref inner @ ..])
                        if flags & 0x08 != 0 =>
                    {
                        path.tunnel(u32::from_be_bytes([0, v0, v1, v2]));
                        link(1, inner, path).ok()
                    }
                    (6_081, geneve) => self::geneve(geneve, path),
                    (2_152, gtp) => self::gtp(gtp),
                    _ => None,
                },
                Ok(_) | Err(_) => None,
            },
            _ => None,
        }
    }
}

/// The ports of a segment or a datagram; nothing of other protocols.
#[inline]
pub fn ports(protocol: u8, payload: &[u8]) -> Result<Option<(u16, u16)>, Skip> {
    match protocol {
        TCP | UDP => Ok(Some((u16_at(payload, 0)?, u16_at(payload, 2)?))),
        _ => Ok(None),
    }
}

/// The header behind the network's, of a payload that was `length` bytes long on the wire.
#[inline]
pub fn transport(protocol: u8, payload: &[u8], length: usize) -> Result<Transport<'_>, Skip> {
    match protocol {
        TCP => tcp(payload, length).map(Transport::Tcp),
        UDP => udp(payload).map(Transport::Udp),
        ICMP => icmp(payload, Version::V4).map(Transport::Icmp),
        ICMPV6 => icmp(payload, Version::V6).map(Transport::Icmp),
        _ => Ok(Transport::Other),
    }
}

#[inline]
fn tcp(bytes: &[u8], length: usize) -> Result<Tcp<'_>, Skip> {
    let header = bytes.first_chunk::<20>().ok_or(Skip::Cut)?;
    let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, o, f, w0, w1, _, _, u0, u1] = header;
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
        flags: u16::from_be_bytes([o & 0x0f, f]),
        window: u16::from_be_bytes([w0, w1]),
        urgent: u16::from_be_bytes([u0, u1]),
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

fn gre<'a>(bytes: &'a [u8], path: &mut Path) -> Option<&'a [u8]> {
    let flags = u16_at(bytes, 0).ok()?;
    // Version 1 is PPTP's, whose PPP may be compressed.
    if flags & 0x0007 != 0 {
        return None;
    }
    let kind = u16_at(bytes, 2).ok()?;
    // A checksum, the key and a sequence number, each if its bit says so.
    let words = |bits: &[u16]| bits.iter().filter(|bit| flags & **bit != 0).count() * 4;
    if flags & 0x2000 != 0 {
        path.tunnel(u32_at(bytes, 4 + words(&[0x8000])).ok()?);
    }
    let inner = bytes.get(4 + words(&[0x8000, 0x2000, 0x1000])..)?;
    match kind {
        // Transparent Ethernet.
        0x6558 => link(1, inner, path).ok(),
        _ => ethernet(kind, inner, path).ok(),
    }
}

/// RFC 8926: the options are counted in four bytes.
fn geneve<'a>(bytes: &'a [u8], path: &mut Path) -> Option<&'a [u8]> {
    let &[first, _, high, low, v0, v1, v2, ..] = bytes else { return None };
    if first >> 6 != 0 {
        return None;
    }
    let inner = bytes.get(8 + usize::from(first & 0x3f) * 4..)?;
    path.tunnel(u32::from_be_bytes([0, v0, v1, v2]));
    match u16::from_be_bytes([high, low]) {
        0x6558 => link(1, inner, path).ok(),
        kind => ethernet(kind, inner, path).ok(),
    }
}

/// A user's packet in GTP version 1, 3GPP TS 29.281 §5.1.
fn gtp(bytes: &[u8]) -> Option<&[u8]> {
    let &[flags, 0xff, ..] = bytes else { return None };
    if flags & 0xf0 != 0x30 {
        return None;
    }
    if flags & 0x07 == 0 {
        return bytes.get(8..);
    }
    // Extension headers are counted in four bytes, and the last byte of each names the next.
    let (mut next, mut rest) = (*bytes.get(11)?, bytes.get(12..)?);
    for _ in 0..HEADERS {
        if next == 0 || flags & 0x04 == 0 {
            return Some(rest);
        }
        let length = usize::from(*rest.first()?).checked_mul(4).filter(|length| *length > 0)?;
        next = *rest.get(length - 1)?;
        rest = rest.get(length..)?;
    }
    None
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
mod tests;

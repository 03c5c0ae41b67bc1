//! Capture files, pcap and pcapng, read from however many bytes there are.
//!
//! **Invariant:** a cut end is "more please" and never an error: whoever has no more bytes knows
//! that the file is cut. Nothing is copied, and what is kept between calls is an interface list.

use crate::limits::{CAPTURE_BLOCK_BYTES, CAPTURE_INTERFACES};
use crate::wire::{Malformed, Parsed};

/// A packet as the capture has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The packet's number in the file, from 1.
    pub frame: u64,
    /// What the packet's first bytes are: a `LINKTYPE_` number.
    pub link: u16,
    /// When it was captured, nanoseconds since 1970. A packet that says nothing of its time has
    /// that of the one before it.
    pub at_ns: u64,
    /// How long it was on the wire.
    pub original: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

/// What a step through a file came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    /// A header or a block without a packet.
    Other,
    /// A packet.
    Packet(Record<'a>),
}

/// The state of reading one file.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    format: Option<Format>,
    frame: u64,
    last_ns: u64,
}

#[derive(Clone, Debug)]
enum Format {
    Pcap { order: Order, unit_ns: u64, link: u16 },
    Pcapng { order: Order, interfaces: Vec<Interface> },
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Big,
    Little,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    snap: u32,
    /// Ticks of the interface's clock in a second.
    ticks: u64,
    offset_s: i64,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let taken = bytes.get(at..)?.first_chunk::<2>()?;
        Some(match self {
            Self::Big => u16::from_be_bytes(*taken),
            Self::Little => u16::from_le_bytes(*taken),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let taken = bytes.get(at..)?.first_chunk::<4>()?;
        Some(match self {
            Self::Big => u32::from_be_bytes(*taken),
            Self::Little => u32::from_le_bytes(*taken),
        })
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let taken = bytes.get(at..)?.first_chunk::<8>()?;
        Some(match self {
            Self::Big => u64::from_be_bytes(*taken),
            Self::Little => u64::from_le_bytes(*taken),
        })
    }
}

impl Reader {
    /// The block at the front of `bytes`, which continue where the last block that was given ended.
    pub fn next<'a>(&mut self, bytes: &'a [u8]) -> Parsed<Block<'a>> {
        match &self.format {
            None => self.start(bytes),
            Some(Format::Pcap { order, unit_ns, link }) => {
                let (order, unit_ns, link) = (*order, *unit_ns, *link);
                self.record(bytes, order, unit_ns, link)
            }
            Some(Format::Pcapng { order, .. }) => {
                let order = *order;
                self.block(bytes, order)
            }
        }
    }

    /// Packets that were given so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frame
    }

    fn start<'a>(&mut self, bytes: &'a [u8]) -> Parsed<Block<'a>> {
        let Some(magic) = bytes.first_chunk::<4>() else { return Ok(None) };
        let (order, unit_ns) = match magic {
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1_000),
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1_000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1),
            [0x0a, 0x0d, 0x0d, 0x0a] => return self.section(bytes),
            _ => return Err(Malformed::Value("capture magic")),
        };
        let Some(network) = order.u32(bytes, 20) else { return Ok(None) };
        // The upper half tells of frame check sequences.
        let link = network as u16;
        self.format = Some(Format::Pcap { order, unit_ns, link });
        Ok(Some((Block::Other, 24)))
    }

    fn record<'a>(
        &mut self,
        bytes: &'a [u8],
        order: Order,
        unit_ns: u64,
        link: u16,
    ) -> Parsed<Block<'a>> {
        let (Some(seconds), Some(part), Some(captured), Some(original)) =
            (order.u32(bytes, 0), order.u32(bytes, 4), order.u32(bytes, 8), order.u32(bytes, 12))
        else {
            return Ok(None);
        };
        let captured = captured as usize;
        if captured > CAPTURE_BLOCK_BYTES {
            return Err(Malformed::TooLong("captured packet"));
        }
        let end = 16 + captured;
        let Some(packet) = bytes.get(16..end) else { return Ok(None) };
        let at_ns = u64::from(seconds) * 1_000_000_000 + u64::from(part) * unit_ns;
        Ok(Some((self.packet(link, at_ns, original, packet), end)))
    }

    fn packet<'a>(&mut self, link: u16, at_ns: u64, original: u32, bytes: &'a [u8]) -> Block<'a> {
        self.frame += 1;
        self.last_ns = at_ns;
        Block::Packet(Record { frame: self.frame, link, at_ns, original, bytes })
    }

    /// A section header, which also tells the byte order of all that follows.
    fn section<'a>(&mut self, bytes: &'a [u8]) -> Parsed<Block<'a>> {
        let Some(magic) = bytes.get(8..12) else { return Ok(None) };
        let order = match magic {
            [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
            _ => return Err(Malformed::Value("section byte order")),
        };
        let Some((_, end)) = body(bytes, order)? else { return Ok(None) };
        self.format = Some(Format::Pcapng { order, interfaces: Vec::new() });
        Ok(Some((Block::Other, end)))
    }

    fn block<'a>(&mut self, bytes: &'a [u8], order: Order) -> Parsed<Block<'a>> {
        let Some(kind) = order.u32(bytes, 0) else { return Ok(None) };
        if kind == 0x0a0d_0d0a {
            return self.section(bytes);
        }
        let Some((body, end)) = body(bytes, order)? else { return Ok(None) };
        let block = match kind {
            1 => self.interface(body, order),
            2 => self.enhanced(body, order, Place::Obsolete),
            3 => self.simple(body, order),
            6 => self.enhanced(body, order, Place::Enhanced),
            _ => Some(Block::Other),
        };
        block.map(|block| Some((block, end))).ok_or(Malformed::Cut("capture block"))
    }

    fn interface<'a>(&mut self, body: &'a [u8], order: Order) -> Option<Block<'a>> {
        let mut interface = Interface {
            link: order.u16(body, 0)?,
            snap: order.u32(body, 4)?,
            ticks: 1_000_000,
            offset_s: 0,
        };
        let mut options = body.get(8..)?;
        while let (Some(code), Some(length)) = (order.u16(options, 0), order.u16(options, 2)) {
            let length = usize::from(length);
            let Some(value) = options.get(4..4 + length) else { break };
            match (code, value) {
                (0, _) => break,
                (9, &[exponent, ..]) => interface.ticks = ticks(exponent),
                (14, _) => {
                    interface.offset_s = order.u64(value, 0).map_or(0, u64::cast_signed);
                }
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        if let Some(Format::Pcapng { interfaces, .. }) = &mut self.format
            && interfaces.len() < CAPTURE_INTERFACES
        {
            interfaces.push(interface);
        }
        Some(Block::Other)
    }

    fn interface_at(&self, number: usize) -> Option<Interface> {
        match &self.format {
            Some(Format::Pcapng { interfaces, .. }) => interfaces.get(number).copied(),
            Some(Format::Pcap { .. }) | None => None,
        }
    }

    fn enhanced<'a>(&mut self, body: &'a [u8], order: Order, place: Place) -> Option<Block<'a>> {
        let number = match place {
            Place::Enhanced => order.u32(body, 0)? as usize,
            Place::Obsolete => usize::from(order.u16(body, 0)?),
        };
        let high = u64::from(order.u32(body, 4)?);
        let low = u64::from(order.u32(body, 8)?);
        let captured = order.u32(body, 12)? as usize;
        let original = order.u32(body, 16)?;
        let packet = body.get(20..)?.get(..captured)?;
        // A packet of an interface that nobody described is numbered, and nobody can read it.
        let Some(interface) = self.interface_at(number) else {
            self.frame += 1;
            return Some(Block::Other);
        };
        let at_ns = interface.at_ns(high << 32 | low);
        Some(self.packet(interface.link, at_ns, original, packet))
    }

    fn simple<'a>(&mut self, body: &'a [u8], order: Order) -> Option<Block<'a>> {
        let original = order.u32(body, 0)?;
        let Some(interface) = self.interface_at(0) else {
            self.frame += 1;
            return Some(Block::Other);
        };
        let snap = if interface.snap == 0 { u32::MAX } else { interface.snap };
        let rest = body.get(4..)?;
        // What follows is padded, so that only the shorter of both lengths says where it ends.
        let packet = rest.get(..original.min(snap) as usize)?;
        Some(self.packet(interface.link, self.last_ns, original, packet))
    }
}

/// Where a packet block has its interface.
#[derive(Clone, Copy)]
enum Place {
    Enhanced,
    Obsolete,
}

impl Interface {
    fn at_ns(&self, ticks: u64) -> u64 {
        let scaled = u128::from(ticks) * 1_000_000_000 / u128::from(self.ticks.max(1));
        let offset = i128::from(self.offset_s) * 1_000_000_000;
        let at = i128::try_from(scaled).unwrap_or(i128::MAX).saturating_add(offset);
        u64::try_from(at.max(0)).unwrap_or(u64::MAX)
    }
}

/// `if_tsresol`: a negative power of ten or, with the first bit, of two.
fn ticks(exponent: u8) -> u64 {
    let power = u32::from(exponent & 0x7f);
    if exponent & 0x80 == 0 {
        10_u64.checked_pow(power).unwrap_or(u64::MAX)
    } else {
        1_u64.checked_shl(power).unwrap_or(u64::MAX)
    }
}

/// A block's body, and where the next block begins.
fn body(bytes: &[u8], order: Order) -> Parsed<&[u8]> {
    let Some(length) = order.u32(bytes, 4) else { return Ok(None) };
    let length = length as usize;
    if length > CAPTURE_BLOCK_BYTES {
        return Err(Malformed::TooLong("capture block"));
    }
    if length < 12 || !length.is_multiple_of(4) {
        return Err(Malformed::Value("capture block length"));
    }
    Ok(bytes.get(..length).and_then(|block| block.get(8..length - 4)).map(|body| (body, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut file: &[u8]) -> (Vec<Record<'_>>, Option<Malformed>) {
        let (mut reader, mut records) = (Reader::default(), Vec::new());
        loop {
            match reader.next(file) {
                Ok(Some((block, used))) => {
                    if let Block::Packet(record) = block {
                        records.push(record);
                    }
                    file = &file[used..];
                }
                Ok(None) => return (records, None),
                Err(malformed) => return (records, Some(malformed)),
            }
        }
    }

    fn pcap(magic: [u8; 4], number: fn(u32) -> [u8; 4]) -> Vec<u8> {
        let mut file = magic.to_vec();
        for word in [0, 0, 0, 65_535, 113, 7, 500, 3, 9] {
            file.extend(number(word));
        }
        file.extend(b"abc");
        file
    }

    #[test]
    fn both_byte_orders_and_both_resolutions_of_pcap_are_read() {
        type Number = fn(u32) -> [u8; 4];
        let (big, little): (Number, Number) = (u32::to_be_bytes, u32::to_le_bytes);
        for (magic, number, at_ns) in [
            ([0xa1, 0xb2, 0xc3, 0xd4], big, 7_000_500_000),
            ([0xd4, 0xc3, 0xb2, 0xa1], little, 7_000_500_000),
            ([0xa1, 0xb2, 0x3c, 0x4d], big, 7_000_000_500),
            ([0x4d, 0x3c, 0xb2, 0xa1], little, 7_000_000_500),
        ] {
            let file = pcap(magic, number);
            let expected = Record { frame: 1, link: 113, at_ns, original: 9, bytes: b"abc" };
            assert_eq!(all(&file), (vec![expected], None));
        }
    }

    #[test]
    fn a_cut_end_keeps_what_was_read() {
        let file = pcap([0xd4, 0xc3, 0xb2, 0xa1], u32::to_le_bytes);
        for end in 0..file.len() {
            assert_eq!(all(&file[..end]), (vec![], None), "at {end}");
        }
    }

    #[test]
    fn what_is_no_capture_says_so() {
        assert_eq!(all(b"GET / HTTP/1.1").1, Some(Malformed::Value("capture magic")));
    }

    #[test]
    fn a_length_that_lies_is_malformed() {
        let mut file = pcap([0xd4, 0xc3, 0xb2, 0xa1], u32::to_le_bytes);
        file[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(all(&file).1, Some(Malformed::TooLong("captured packet")));
    }

    fn ng(kind: u32, body: &[u8]) -> Vec<u8> {
        let padded = body.len().next_multiple_of(4);
        let length = (12 + padded) as u32;
        let mut block = kind.to_le_bytes().to_vec();
        block.extend(length.to_le_bytes());
        block.extend(body);
        block.resize(8 + padded, 0);
        block.extend(length.to_le_bytes());
        block
    }

    fn words(words: &[u32], tail: &[u8]) -> Vec<u8> {
        let mut body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        body.extend(tail);
        body
    }

    #[test]
    fn pcapng_has_a_clock_per_interface_and_interfaces_per_section() {
        let section = ng(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX], b""));
        // 2⁻¹⁰ of a second and three seconds later.
        let mut interface = words(&[1, 4], b"\x09\x00\x01\x00\x8a\x00\x00\x00");
        interface.extend(b"\x0e\x00\x08\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
        let nanoseconds = words(&[101, 0], b"\x09\x00\x01\x00\x09\x00\x00\x00");
        let file = [
            section.clone(),
            ng(1, &interface),
            ng(1, &nanoseconds),
            ng(6, &words(&[0, 0, 512, 2, 8], b"ab")),
            ng(6, &words(&[1, 1, 1, 1, 1], b"c")),
            ng(3, &words(&[9], b"defg")),
            ng(5, b"statistics"),
            section,
            ng(6, &words(&[0, 0, 512, 2, 8], b"no")),
            ng(1, &words(&[1, 0], b"")),
            ng(6, &words(&[0, 0, 7, 1, 1], b"h")),
        ]
        .concat();
        let (records, malformed) = all(&file);
        assert_eq!(malformed, None);
        let seen: Vec<_> = records.iter().map(|r| (r.frame, r.link, r.at_ns, r.bytes)).collect();
        assert_eq!(
            seen,
            [
                (1, 1, 3_500_000_000, &b"ab"[..]),
                (2, 101, 4_294_967_297, b"c"),
                (3, 1, 4_294_967_297, b"defg"),
                (5, 1, 7_000, b"h"),
            ]
        );
    }

    #[test]
    fn a_block_without_room_for_its_lengths_is_malformed() {
        let file =
            [ng(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, 0, 0], b"")), vec![9, 0, 0, 0, 8, 0, 0, 0]]
                .concat();
        assert_eq!(all(&file).1, Some(Malformed::Value("capture block length")));
    }
}

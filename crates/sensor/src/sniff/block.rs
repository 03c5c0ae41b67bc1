//! The frames in one block of the receive ring.
//!
//! **Invariant:** borrowed bytes and safe code: whatever a block holds, nothing beside it is read,
//! and the walk over it ends.

use libc::{sockaddr_ll, tpacket_block_desc, tpacket_hdr_v1, tpacket3_hdr};
use std::mem::offset_of;

/// Which way a frame went, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// To this machine alone, or to many.
    Incoming,
    /// From this machine.
    Outgoing,
    /// Between others.
    Foreign,
}

/// One frame, without its link header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When the kernel saw it: nanoseconds since 1970, by the wall clock, which can step back.
    pub at_ns: u64,
    /// Number of the interface, from 1.
    pub interface: u32,
    /// Which way it went.
    pub direction: Direction,
    /// What the bytes are, by the number that Ethernet has for it: 0x0800 IPv4, 0x86dd IPv6.
    pub protocol: u16,
    /// Tag of the virtual network that was taken off: priority, drop bit and identifier.
    pub vlan: Option<u16>,
    /// Whether this is several TCP segments, joined on receipt or not cut yet. Kernels before 6.0
    /// do not say so.
    pub is_merged: bool,
    /// Bytes of the frame from the network header on, before it was cut to what is kept.
    pub original_length: u32,
    /// The frame from its network header on: IPv4 or IPv6, link type 101.
    pub bytes: &'a [u8],
}

/// `TP_STATUS_GSO_TCP` of `linux/if_packet.h`.
const GSO_TCP: u32 = 1 << 8;
/// The address of the link follows each header, at the ring's alignment.
const HEADER_BYTES: usize = size_of::<tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);

/// Where in a block its header says who owns it.
pub(super) const STATUS_AT: usize =
    offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, block_status);
const COUNT_AT: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST_AT: usize =
    offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);
const TAG_AT: usize =
    offset_of!(tpacket3_hdr, hv1) + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci);

/// The frames of a block, without those that loopback shows a second time.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    block: &'a [u8],
    at: usize,
    left: u32,
}

impl<'a> Frames<'a> {
    /// The frames of a whole block, its header included.
    pub(super) fn new(block: &'a [u8]) -> Self {
        let at = word(block, FIRST_AT).and_then(|at| usize::try_from(at).ok());
        let left = if at.is_some() { word(block, COUNT_AT).unwrap_or(0) } else { 0 };
        Self { block, at: at.unwrap_or(0), left }
    }

    /// The frame here, and how far away the next is; `None` for one that is not wholly in the block.
    fn frame(&self) -> Option<(Seen<'a>, usize)> {
        let header = self.block.get(self.at..)?;
        let status = word(header, offset_of!(tpacket3_hdr, tp_status))?;
        let network = usize::from(half(header, offset_of!(tpacket3_hdr, tp_net))?);
        let kept = usize::try_from(word(header, offset_of!(tpacket3_hdr, tp_snaplen))?).ok()?;
        let seconds = u64::from(word(header, offset_of!(tpacket3_hdr, tp_sec))?);
        let nanoseconds = u64::from(word(header, offset_of!(tpacket3_hdr, tp_nsec))?);
        let tag = (status & libc::TP_STATUS_VLAN_VALID != 0).then(|| word(header, TAG_AT));
        let link = header.get(HEADER_BYTES..)?;
        let kind = *link.get(offset_of!(sockaddr_ll, sll_pkttype))?;
        let hardware = half(link, offset_of!(sockaddr_ll, sll_hatype))?;
        let frame = Frame {
            at_ns: seconds * 1_000_000_000 + nanoseconds,
            interface: word(link, offset_of!(sockaddr_ll, sll_ifindex))?,
            direction: match kind {
                libc::PACKET_OUTGOING => Direction::Outgoing,
                libc::PACKET_HOST | libc::PACKET_BROADCAST | libc::PACKET_MULTICAST => {
                    Direction::Incoming
                }
                _ => Direction::Foreign,
            },
            protocol: u16::from_be(half(link, offset_of!(sockaddr_ll, sll_protocol))?),
            vlan: tag.flatten().map(|tag| (tag & 0xffff) as u16),
            is_merged: status & GSO_TCP != 0,
            original_length: word(header, offset_of!(tpacket3_hdr, tp_len))?,
            bytes: header.get(network..network.checked_add(kept)?)?,
        };
        let next = usize::try_from(word(header, offset_of!(tpacket3_hdr, tp_next_offset))?).ok()?;
        if hardware == libc::ARPHRD_LOOPBACK && frame.direction == Direction::Outgoing {
            return Some((Seen::Again, next));
        }
        Some((Seen::Once(frame), next))
    }
}

enum Seen<'a> {
    Once(Frame<'a>),
    /// On its way out of loopback, where it comes in again at once.
    Again,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        while self.left > 0 {
            let Some((seen, next)) = self.frame() else {
                self.left = 0;
                return None;
            };
            // Forwards only, so that the walk ends whatever is counted.
            self.left = if next == 0 { 0 } else { self.left - 1 };
            self.at = self.at.saturating_add(next);
            if let Seen::Once(frame) = seen {
                return Some(frame);
            }
        }
        None
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|half| u16::from_ne_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
        block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// A block as the kernel fills it: two frames, the first tagged, of the interface type given.
    fn block(hardware: u16, kinds: [u8; 2]) -> Vec<u8> {
        let mut block = vec![0; 512];
        put(&mut block, COUNT_AT, &2_u32.to_ne_bytes());
        put(&mut block, FIRST_AT, &48_u32.to_ne_bytes());
        for (at, next, kind) in [(48, 128_u32, kinds[0]), (176, 0, kinds[1])] {
            let status =
                libc::TP_STATUS_USER | if next == 0 { GSO_TCP } else { libc::TP_STATUS_VLAN_VALID };
            for (field, value) in [(0, next), (4, 7), (8, 9), (12, 3), (16, 5), (20, status)] {
                put(&mut block, at + field, &value.to_ne_bytes());
            }
            put(&mut block, at + 24, &[80_u16.to_ne_bytes(), 80_u16.to_ne_bytes()].concat());
            put(&mut block, at + 32, &0x2064_u32.to_ne_bytes());
            put(&mut block, at + 50, &0x0800_u16.to_be_bytes());
            put(&mut block, at + 52, &2_u32.to_ne_bytes());
            put(&mut block, at + 56, &hardware.to_ne_bytes());
            put(&mut block, at + 58, &[kind]);
            put(&mut block, at + 80, b"abc");
        }
        block
    }

    #[test]
    fn frames_stand_where_the_kernel_puts_them() {
        let bytes = block(1, [libc::PACKET_HOST, libc::PACKET_OUTGOING]);
        let frames: Vec<_> = Frames::new(&bytes).collect();
        let first = Frame {
            at_ns: 7_000_000_009,
            interface: 2,
            direction: Direction::Incoming,
            protocol: 0x0800,
            vlan: Some(0x2064),
            is_merged: false,
            original_length: 5,
            bytes: b"abc",
        };
        let second = Frame { direction: Direction::Outgoing, vlan: None, is_merged: true, ..first };
        assert_eq!(frames, [first, second]);
    }

    #[test]
    fn loopback_shows_a_frame_once() {
        let bytes = block(libc::ARPHRD_LOOPBACK, [libc::PACKET_OUTGOING, libc::PACKET_HOST]);
        let directions: Vec<_> = Frames::new(&bytes).map(|frame| frame.direction).collect();
        assert_eq!(directions, [Direction::Incoming]);
    }

    #[test]
    fn no_wrong_byte_leads_out_of_the_block() {
        let bytes = block(1, [libc::PACKET_HOST; 2]);
        for at in 0..bytes.len() {
            for value in [0, 1, 0x30, 0x7f, 0xff] {
                let mut wrong = bytes.clone();
                wrong[at] = value;
                assert!(Frames::new(&wrong).count() <= wrong.len());
                assert!(Frames::new(&bytes[..at]).count() <= 2);
            }
        }
        let wrong = vec![0xff; 512];
        assert_eq!(Frames::new(&wrong).count(), 0);
    }
}

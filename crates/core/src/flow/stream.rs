//! The first bytes of one direction, in order.
//!
//! **Invariant:** the bytes that came first win where segments overlap, what was given as ready
//! never changes, and no more is kept than the cap.

use crate::flow::fragment::fill;
use crate::limits::FLOW_PIECES;

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The sequence number of the first byte of all.
    first: Option<u32>,
    /// The sequence number of the first byte that is still wanted.
    start: u32,
    is_done: bool,
    /// What waits for who reads it. Most streams are read as they come, and need none.
    held: Option<Box<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    ready: usize,
    /// What is there behind a hole, as ranges in order.
    pieces: Vec<(usize, usize)>,
}

/// Beyond the first byte by more than this, a sequence number is about to come round again.
const FAR: u32 = 1 << 30;

impl Stream {
    /// Says where the bytes begin, if that is not known yet.
    #[inline]
    pub(super) fn begin(&mut self, start: u32) {
        if self.first.is_none() {
            (self.first, self.start) = (Some(start), start);
        }
    }

    pub(super) fn first(&self) -> Option<u32> {
        self.first
    }

    /// The sequence number behind the last byte that is ready.
    pub(super) fn next(&self) -> Option<u32> {
        self.first.map(|_| self.start.wrapping_add(self.ready().len() as u32))
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Bytes of memory that are held.
    pub(super) fn held(&self) -> usize {
        self.held.as_deref().map_or(0, |held| {
            size_of::<Held>()
                + held.bytes.capacity()
                + held.pieces.capacity() * size_of::<(usize, usize)>()
        })
    }

    pub(super) fn ready(&self) -> &[u8] {
        let held = self.held.as_deref();
        held.and_then(|held| held.bytes.get(..held.ready)).unwrap_or_default()
    }

    /// Nobody wants more: what is held is let go.
    pub(super) fn finish(&mut self) {
        self.is_done = true;
        self.held = None;
    }

    /// Lets go of the first `count` bytes: what is behind them is given from there on.
    pub(super) fn advance(&mut self, count: usize) {
        self.start = self.start.wrapping_add(count as u32);
        let Some(held) = self.held.as_deref_mut() else { return };
        held.bytes.drain(..count.min(held.bytes.len()));
        held.ready = held.ready.saturating_sub(count);
        for (from, to) in &mut held.pieces {
            (*from, *to) = (from.saturating_sub(count), to.saturating_sub(count));
        }
        if held.bytes.is_empty() {
            self.held = None;
        }
    }

    /// Whether a segment is the first, so that who reads can have it as it is.
    pub(super) fn is_first(&self, seq: u32) -> bool {
        !self.is_done && self.held.is_none() && self.first.is_none_or(|_| self.start == seq)
    }

    /// Keeps what is new in a segment; whether more is ready than before.
    pub(super) fn push(&mut self, seq: u32, payload: &[u8], cap: usize) -> bool {
        if self.is_done || payload.is_empty() {
            return false;
        }
        self.begin(seq);
        let ahead = seq.wrapping_sub(self.start);
        let (at, payload) = if ahead > u32::MAX / 2 {
            // It begins in front of the first byte.
            (0, payload.get(ahead.wrapping_neg() as usize..).unwrap_or_default())
        } else {
            (ahead as usize, payload)
        };
        if ahead > FAR && ahead <= u32::MAX / 2 {
            self.finish();
            return false;
        }
        let payload = payload.get(..cap.saturating_sub(at).min(payload.len())).unwrap_or_default();
        let end = at + payload.len();
        if payload.is_empty() || end <= self.ready().len() {
            return false;
        }
        self.held.get_or_insert_default().push(at, payload)
    }
}

impl Held {
    /// Keeps what is new from `at` on; whether more is ready than before.
    fn push(&mut self, at: usize, payload: &[u8]) -> bool {
        if at <= self.ready && self.pieces.is_empty() {
            let new = payload.get(self.ready - at..).unwrap_or_default();
            self.bytes.extend_from_slice(new);
            self.ready = at + payload.len();
            return true;
        }
        if at > self.ready && self.pieces.len() >= FLOW_PIECES {
            return false;
        }
        let before = self.ready;
        if before > 0 {
            self.pieces.insert(0, (0, before));
        }
        fill(&mut self.bytes, &mut self.pieces, at, payload);
        if let Some(&(0, to)) = self.pieces.first() {
            self.ready = to;
            self.pieces.remove(0);
        }
        self.ready > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_bytes_win_and_the_order_does_not_matter() {
        let mut stream = Stream::default();
        stream.begin(u32::MAX - 1);
        assert!(!stream.push(2, b"efgh", 100));
        assert!(!stream.push(1, b"dXX", 100));
        assert!(stream.push(u32::MAX - 1, b"abc", 100));
        assert_eq!(stream.ready(), b"abcdefgh");
        assert!(!stream.push(u32::MAX - 1, b"ABCDEFGH", 100));
        assert!(stream.push(5, b"HIJ", 9));
        assert_eq!(stream.ready(), b"abcdefghI");
    }

    #[test]
    fn what_is_behind_used_bytes_is_given_from_there() {
        let mut stream = Stream::default();
        stream.begin(u32::MAX - 1);
        stream.advance(3);
        assert_eq!((stream.first(), stream.next()), (Some(u32::MAX - 1), Some(1)));
        assert!(!stream.push(4, b"gh", 100));
        assert!(!stream.push(u32::MAX, b"xx", 100));
        assert!(stream.push(u32::MAX, b"xxdef", 100));
        assert_eq!(stream.ready(), b"defgh");
        assert!(!stream.push(8, b"kl", 100));
        stream.advance(4);
        assert_eq!((stream.ready(), stream.next()), (&b"h"[..], Some(6)));
        assert!(stream.push(6, b"ij", 100));
        assert_eq!(stream.ready(), b"hijkl");
    }

    #[test]
    fn bytes_in_front_of_the_first_are_cut_off() {
        let mut stream = Stream::default();
        stream.begin(10);
        assert!(stream.push(8, b"xxabc", 100));
        assert_eq!(stream.ready(), b"abc");
    }

    proptest! {
        #[test]
        fn cuts_repeats_and_order_do_not_matter(
            isn: u32,
            bytes in prop::collection::vec(any::<u8>(), 1..300),
            parts in prop::collection::vec((0_usize..300, 1_usize..40), 0..40),
            cap in 1_usize..400,
        ) {
            let mut stream = Stream::default();
            stream.begin(isn);
            let every = (0..bytes.len()).step_by(7).map(|at| (at, 11));
            let mut before: Vec<u8> = Vec::new();
            for (at, length) in parts.into_iter().chain(every) {
                let at = at.min(bytes.len() - 1);
                let part = &bytes[at..(at + length).min(bytes.len())];
                stream.push(isn.wrapping_add(at as u32), part, cap);
                prop_assert!(stream.ready().starts_with(&before), "what was ready changed");
                before = stream.ready().to_vec();
            }
            prop_assert_eq!(stream.ready(), &bytes[..bytes.len().min(cap)]);
        }
    }
}

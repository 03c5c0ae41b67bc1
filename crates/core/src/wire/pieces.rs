//! Bytes that arrive in pieces, out of order and more than once.
//!
//! **Invariant:** the first byte seen at a place stays; what a peer can make it hold is bounded by
//! the capacity given and by [`HANDSHAKE_GAPS`].

use crate::limits::HANDSHAKE_GAPS;
use crate::wire::Malformed;

/// A buffer that is filled from anywhere and read from its start.
#[derive(Clone, Debug)]
pub struct Pieces {
    capacity: usize,
    bytes: Vec<u8>,
    /// Filled ranges: ordered, apart from each other.
    filled: Vec<(usize, usize)>,
}

impl Pieces {
    /// An empty one for at most `capacity` bytes.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, bytes: Vec::new(), filled: Vec::new() }
    }

    /// Puts `piece` at `offset`. Bytes that are there already stay.
    ///
    /// # Errors
    /// [`Malformed::TooLong`] where the piece ends beyond the capacity or makes too many gaps;
    /// nothing is changed then.
    pub fn put(&mut self, offset: usize, piece: &[u8]) -> Result<(), Malformed> {
        let no = Malformed::TooLong("handshake in pieces");
        let end = offset.checked_add(piece.len()).filter(|end| *end <= self.capacity).ok_or(no)?;
        if piece.is_empty() {
            return Ok(());
        }
        let merged = merged(&self.filled, offset, end);
        if merged.len() > HANDSHAKE_GAPS {
            return Err(no);
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let mut at = offset;
        for &(from, to) in self.filled.iter().chain(&[(end, end)]) {
            if to <= at && from < end {
                continue;
            }
            // The gap before this range, as far as the piece covers it.
            let gap = at..from.clamp(at, end);
            let source = gap.start - offset..gap.end - offset;
            if let (Some(target), Some(source)) = (self.bytes.get_mut(gap), piece.get(source)) {
                target.copy_from_slice(source);
            }
            at = to.max(at);
            if at >= end {
                break;
            }
        }
        self.filled = merged;
        Ok(())
    }

    /// What is there without a gap from the start.
    #[must_use]
    pub fn start(&self) -> &[u8] {
        match self.filled.first() {
            Some(&(0, end)) => self.bytes.get(..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The ranges with one more, those that touch joined.
fn merged(filled: &[(usize, usize)], mut start: usize, mut end: usize) -> Vec<(usize, usize)> {
    let mut before = Vec::with_capacity(filled.len() + 1);
    let mut after = Vec::new();
    for &(from, to) in filled {
        if to < start {
            before.push((from, to));
        } else if from > end {
            after.push((from, to));
        } else {
            start = start.min(from);
            end = end.max(to);
        }
    }
    before.push((start, end));
    before.extend(after);
    before
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_byte_at_a_place_stays() {
        let mut pieces = Pieces::new(16);
        pieces.put(4, b"efgh").unwrap();
        assert_eq!(pieces.start(), b"");
        pieces.put(2, b"CDEFGHIJ").unwrap();
        pieces.put(0, b"abX").unwrap();
        assert_eq!(pieces.start(), b"abCDefghIJ");
        assert!(pieces.put(10, b"1234567").is_err());
        assert_eq!(pieces.start(), b"abCDefghIJ");
    }

    #[test]
    fn gaps_are_counted() {
        let mut pieces = Pieces::new(10_000);
        for at in 0..HANDSHAKE_GAPS {
            pieces.put(at * 2, b"x").unwrap();
        }
        assert!(pieces.put(HANDSHAKE_GAPS * 2, b"x").is_err());
        pieces.put(1, b"y").unwrap();
        assert_eq!(pieces.start(), b"xyx");
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_give_the_first_byte_of_each_place(
            puts: Vec<(u8, Vec<u8>)>,
        ) {
            let mut pieces = Pieces::new(200);
            let mut model = [None; 200];
            for (offset, piece) in puts {
                let offset = usize::from(offset);
                if pieces.put(offset, &piece).is_ok() {
                    for (at, byte) in piece.into_iter().enumerate() {
                        model[offset + at].get_or_insert(byte);
                    }
                }
            }
            let expected: Vec<u8> = model.iter().map_while(|byte| *byte).collect();
            prop_assert_eq!(pieces.start(), expected);
        }
    }
}

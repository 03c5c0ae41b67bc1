//! A cursor over borrowed bytes, big-endian.
//!
//! **Invariant:** a read that does not fit answers `None` and moves nothing.

/// A cursor; copies are cheap, so that a parser can try and go back.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A cursor at the first of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        let (taken, rest) = self.rest.split_first_chunk::<2>()?;
        self.rest = rest;
        Some(u16::from_be_bytes(*taken))
    }

    /// Three bytes.
    pub fn u24(&mut self) -> Option<usize> {
        let (&[high, middle, low], rest) = self.rest.split_first_chunk::<3>()?;
        self.rest = rest;
        Some(usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(u32::from_be_bytes(*taken))
    }

    /// An SSH string, RFC 4251 §5: four bytes of length, then that many.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = usize::try_from(ahead.u32()?).ok()?;
        let taken = ahead.take(length)?;
        *self = ahead;
        Some(taken)
    }

    /// What is behind one byte of length.
    pub fn short(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = ahead.u8()?;
        let taken = ahead.take(length.into())?;
        *self = ahead;
        Some(taken)
    }

    /// What is behind two bytes of length.
    pub fn long(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = ahead.u16()?;
        let taken = ahead.take(length.into())?;
        *self = ahead;
        Some(taken)
    }

    /// A number of QUIC, RFC 9000 §16.
    pub fn varint(&mut self) -> Option<u64> {
        let mut ahead = *self;
        let first = ahead.u8()?;
        let mut value = u64::from(first & 0x3f);
        for &byte in ahead.take((1_usize << (first >> 6)) - 1)? {
            value = value << 8 | u64::from(byte);
        }
        *self = ahead;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_does_not_fit_moves_nothing() {
        let mut reader = Reader::new(&[0, 0, 0, 2, 7]);
        assert_eq!(reader.string(), None);
        assert_eq!(reader.rest().len(), 5);
        assert_eq!(reader.u32(), Some(2));
        assert_eq!(reader.u32(), None);
        assert_eq!(reader.u8(), Some(7));
        assert_eq!(reader.u8(), None);
        assert_eq!(reader.take(0), Some(&[][..]));
        let mut reader = Reader::new(&[0, 2, 7]);
        assert_eq!((reader.long(), reader.u24()), (None, Some(519)));
        assert_eq!(Reader::new(&[2, 7]).short(), None);
    }

    /// The examples of RFC 9000 §A.1.
    #[test]
    fn quic_numbers_are_read() {
        let check = |bytes: &[u8], value| assert_eq!(Reader::new(bytes).varint(), value);
        check(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], Some(151_288_809_941_952_652));
        check(&[0x9d, 0x7f, 0x3e, 0x7d], Some(494_878_333));
        check(&[0x7b, 0xbd], Some(15_293));
        check(&[0x25], Some(37));
        check(&[0x40], None);
    }
}

//! TCP's flags and options, RFC 9293 §3.1.
//!
//! **Invariant:** each step of a walk goes forward by at least a byte; nothing is copied.

/// FIN.
pub const FIN: u16 = 0x01;
/// SYN.
pub const SYN: u16 = 0x02;
/// RST.
pub const RST: u16 = 0x04;
/// PSH.
pub const PUSH: u16 = 0x08;
/// ACK.
pub const ACK: u16 = 0x10;
/// URG.
pub const URG: u16 = 0x20;
/// ECN echo.
pub const ECE: u16 = 0x40;
/// Congestion window reduced.
pub const CWR: u16 = 0x80;
/// Accurate ECN, which once was the nonce sum.
pub const AE: u16 = 0x100;

/// Kind of the end of the list.
pub const END: u8 = 0;
/// Kind of padding.
pub const NOP: u8 = 1;
/// Kind of the maximum segment size.
pub const MSS: u8 = 2;
/// Kind of the window scale.
pub const SCALE: u8 = 3;
/// Kind of "selective acknowledgements are permitted".
pub const SACK_PERMITTED: u8 = 4;
/// Kind of selective acknowledgements.
pub const SACK: u8 = 5;
/// Kind of timestamps.
pub const TIMESTAMPS: u8 = 8;

/// What a SYN's flags say of explicit congestion notification, RFC 3168 §6.1.1, RFC 9768 §3.1.1;
/// nothing without any.
#[must_use]
pub fn ecn(flags: u16) -> Option<&'static str> {
    match (flags & AE != 0, flags & ECE != 0, flags & CWR != 0) {
        (false, false, false) => None,
        (false, false, true) => Some("cwr"),
        (false, true, false) => Some("ece"),
        (false, true, true) => Some("ece+cwr"),
        (true, false, false) => Some("ae"),
        (true, false, true) => Some("ae+cwr"),
        (true, true, false) => Some("ae+ece"),
        (true, true, true) => Some("ae+ece+cwr"),
    }
}

/// An option as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOption<'a> {
    /// Its kind.
    pub kind: u8,
    /// What follows the length; nothing of an option whose length is wrong, which is the last.
    pub value: Option<&'a [u8]>,
}

/// The options of a segment, one after the other.
///
/// An end of the list is given as often as it is there, since what pads behind it tells systems
/// apart.
#[derive(Clone, Copy, Debug)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
    is_ended: bool,
}

impl<'a> TcpOptions<'a> {
    /// A walk over `options`.
    #[must_use]
    pub fn new(options: &'a [u8]) -> Self {
        Self { rest: options, is_ended: false }
    }

    /// What is behind the option that was given last.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The value of the first option of a kind, if it has this length.
    #[must_use]
    pub fn value<const N: usize>(mut self, kind: u8) -> Option<[u8; N]> {
        self.find_map(|option| {
            option.value.filter(|_| option.kind == kind).and_then(|value| value.try_into().ok())
        })
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        let (&kind, rest) = self.rest.split_first()?;
        if self.is_ended && kind != END {
            return None;
        }
        if kind <= NOP {
            self.rest = rest;
            self.is_ended |= kind == END;
            return Some(TcpOption { kind, value: Some(&[]) });
        }
        let value = rest.first().and_then(|length| self.rest.get(2..usize::from(*length)));
        self.rest = value.and_then(|value| self.rest.get(2 + value.len()..)).unwrap_or_default();
        Some(TcpOption { kind, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(options: &[u8]) -> Vec<(u8, Option<&[u8]>)> {
        TcpOptions::new(options).map(|option| (option.kind, option.value)).collect()
    }

    #[test]
    fn every_end_is_given_and_what_is_no_padding_ends_the_walk() {
        let none = Some(&[][..]);
        assert_eq!(walk(&[1, 4, 2, 0, 0, 7]), [(1, none), (4, none), (0, none), (0, none)]);
        let mut options = TcpOptions::new(&[0, 0, 7]);
        options.by_ref().for_each(drop);
        assert_eq!(options.rest(), [7]);
    }

    #[test]
    fn an_option_whose_length_is_wrong_has_no_value_and_is_the_last() {
        for lie in [0, 1, 5] {
            assert_eq!(walk(&[3, 3, 7, 2, lie, 9, 9]), [(3, Some(&[7][..])), (2, None)]);
        }
        assert_eq!(walk(&[2]), [(2, None)]);
    }

    #[test]
    fn a_value_is_found_by_its_kind_and_length() {
        let options = [2, 3, 9, 2, 4, 5, 0xb4];
        assert_eq!(TcpOptions::new(&options).value(MSS), Some([5, 0xb4]));
        assert_eq!(TcpOptions::new(&options).value::<1>(SCALE), None);
    }

    #[test]
    fn flags_of_congestion_have_names() {
        assert_eq!(ecn(SYN | ACK), None);
        assert_eq!(ecn(SYN | ECE | CWR), Some("ece+cwr"));
        assert_eq!(ecn(AE), Some("ae"));
    }
}

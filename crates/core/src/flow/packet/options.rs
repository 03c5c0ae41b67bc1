//! TCP's options.
//!
//! **Invariant:** each step of the walk goes forward by at least a byte; nothing is copied.

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

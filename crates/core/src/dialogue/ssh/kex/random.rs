//! Random bytes that somebody else draws, in the form that the crates of cryptography ask for.
//!
//! **Invariant:** nothing here makes a byte of its own.

use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;

pub use crate::dialogue::ssh::packet::sealer::Random;

/// A source for crates that want a generator.
pub(super) struct Source<'a, 'b>(pub(super) &'a mut Random<'b>);

impl TryRng for Source<'_, '_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_, '_> {}

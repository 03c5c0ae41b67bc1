//! Decoy protocols as state machines: bytes and instants go in, bytes and facts come out.
//!
//! **Invariant:** no I/O, no clock and no randomness of its own: instants and random bytes are
//! arguments, so that a dialogue can be replayed byte for byte.

pub mod ssh;

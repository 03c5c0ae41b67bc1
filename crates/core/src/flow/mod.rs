//! Connections as they are seen from outside: captures, packets, flows and what their timing
//! tells.
//!
//! **Invariant:** no I/O and no clock: bytes and the time of each packet come in, events go out.
//! Whatever a peer can grow has a cap, and what was given up at it is counted.

pub mod capture;
pub mod eye;
pub mod fragment;
pub mod origin;
pub mod packet;
pub mod shard;
pub mod splitter;
pub mod tcp;
pub mod tracker;
pub mod window;

mod half;
mod key;
mod opening;
mod stream;
mod table;

#[cfg(test)]
mod tests;

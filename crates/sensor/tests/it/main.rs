//! The decoys against real clients and hostile bytes, on loopback.

mod client;
mod idents;
mod limits;
mod openssh;
mod support;

//! The decoys against real clients and hostile bytes, on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on should stop, and looks for one fact among many"
)]

mod client;
mod clients;
mod idents;
mod limits;
mod memory;
mod openssh;
mod probe;
mod sniff;
mod support;

//! The console driven from outside, as a decoy drives it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]
#![allow(clippy::string_slice, clippy::wildcard_enum_match_arm, reason = "tests")]

mod corpus;
mod laws;
mod messages;
mod scp;
mod session;
mod sftp;
mod shell;
mod support;
mod terminal;
mod upload;

//! The program as people meet it: started, asked, stopped, killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod commands;
mod kill;
mod lists;
mod read;
mod running;
mod server_store;
mod spine;
mod terminal;
mod up;
mod wire;

//! Wire parsers, event model, signal catalogue and the profile fold of decnet.
//!
//! **Invariant:** no I/O, no clock, no async, no randomness, no `unsafe`. Time and bytes come in as
//! arguments, so that whatever is here can be replayed and comes out the same.
#![forbid(unsafe_code)]

pub mod cast;
pub mod dialogue;
pub mod event;
pub mod flow;
pub mod fuzz;
pub mod limits;
pub mod octets;
pub mod profile;
pub mod row;
pub mod shell;
pub mod signal;
pub mod table;
pub mod wire;

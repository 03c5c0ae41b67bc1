//! What the operator reaches while the program runs: a socket in the data folder.
//!
//! **Invariant:** an operator's question never waits for an attacker's bytes, and nothing that
//! comes over the socket can end, block or grow the program. There is no networked listener here.
#![forbid(unsafe_code)]

pub mod client;
pub mod server;
mod socket;
pub mod status;

pub use client::{AskError, ask};
pub use server::{BindError, Server};
pub use status::Status;

use serde::{Deserialize, Serialize};

/// What an operator may ask: one line of JSON on the socket, answered by one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// How is everything?
    Status,
}

/// The answer to a line that is no [`Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub error: String,
}

//! SSH's server side as OpenSSH 9.2p1 of Debian 12 speaks it.
//!
//! **Invariant:** what a peer can tell from outside (bytes, order, silence) is what that server
//! does, also where a standard would allow more.

mod agent;
mod auth;
mod channel;
mod connection;
mod exchanging;
pub mod fuzz;
mod habits;
pub mod happening;
pub mod kex;
pub mod message;
mod opening;
mod outgoing;
pub mod packet;
pub mod release;
mod request;
pub mod server;
#[cfg(test)]
mod tests;
mod traffic;
mod transport;

pub use habits::Habits;
pub use release::Release;
pub use server::{Config, Reading, Server};

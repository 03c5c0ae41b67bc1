//! Binary packets, RFC 4253 §6: what lies between a stream of bytes and messages.
//!
//! **Invariant:** a packet that is not authentic, or longer than OpenSSH takes, becomes a
//! [`Refusal`](refusal::Refusal) before anything of it is believed.

pub mod algorithm;
mod compression;
pub mod keys;
mod mac;
pub mod opener;
mod protection;
pub mod refusal;
pub mod sealer;
#[cfg(test)]
mod tests;
mod umac;

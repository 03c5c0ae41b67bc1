//! What the store holds, shown to a person or as JSON.
//!
//! **Invariant:** nothing in here writes to a store, and nothing that a peer chose is shown
//! unescaped.

pub(crate) mod attacker;
pub(crate) mod audit;
mod command;
mod detail;
pub(crate) mod features;
pub(crate) mod log;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod table;
mod value;
pub(crate) mod when;
mod wire;

//! SSH's server side as OpenSSH 9.2p1 of Debian 12 speaks it.
//!
//! **Invariant:** what a peer can tell from outside (bytes, order, silence) is what that server
//! does, also where a standard would allow more.

pub mod kex;
pub mod packet;

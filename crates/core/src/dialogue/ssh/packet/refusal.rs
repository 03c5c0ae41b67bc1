//! Why a packet ends its connection, and what the peer sees of that.
//!
//! **Invariant:** whether the peer is told anything is OpenSSH's choice and not ours.

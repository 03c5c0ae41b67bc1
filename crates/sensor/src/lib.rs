//! Sockets in, facts out: the decoys of decnet.
//!
//! **Invariant:** a decoy only emits facts. It knows nothing of the store, the profile or the past
//! (but what the rules of its own login must remember to stay believable), connects to nothing and
//! runs nothing; the sniffer only listens.
// `deny` and not `forbid`: the ring that the kernel writes frames into needs it, in one file.
#![deny(unsafe_code)]

pub mod clock;
pub mod decoy;
pub mod emit;
pub mod quarantine;
pub mod recording;
pub mod sniff;

pub use emit::{Emitter, EmitterCounters};
pub use quarantine::{NoQuarantine, Quarantine, Quarantined};
pub use recording::{NoRecordings, Recorded, Recorder, RecordingHeader, Recordings};

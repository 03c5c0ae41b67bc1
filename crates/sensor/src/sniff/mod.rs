//! Frames as the interfaces of the decoys see them, with the kernel's receive times.
//!
//! **Invariant:** nothing is sent, nothing of an interface is changed, and a peer that sends faster
//! than frames are read costs frames, which are counted, and never memory.
//!
//! The socket needs `CAP_NET_RAW` to be opened and nothing to be read: open it, drop privileges,
//! then read. It is *cooked*: every frame begins at its network header, whatever the interface, so
//! that its link type is 101, raw IP. The tag of a virtual network, which the card or the kernel
//! takes off, stands beside the frame. A frame with a second tag is not IP here and not wanted: the
//! interface that has a decoy's address sees it without.
//!
//! What the kernel hands over is not always what was on the wire. With receive offload (GRO, LRO)
//! it joins segments of a flow that it finds in the card's queue together, up to 64 KiB and beyond;
//! with transmit offload (TSO, GSO) it cuts them after. Such a frame has one time, and
//! [`Frame::is_merged`]: the sizes of its segments and the pacing inside it are lost. No SYN is
//! ever joined, and nothing across a pause that is longer than the card waits, microseconds mostly.
//! Nothing here turns offload off, which is the operator's to decide (`ethtool -K INTERFACE gro off
//! lro off`); `PACKET_VNET_HDR`, which would tell the size of the segments but not their times, is
//! not there for cooked sockets.

mod block;
mod filter;
mod gate;
mod homes;
mod interfaces;
mod network;
mod program;
mod ring;
mod sniffer;
mod watcher;

pub use block::{Direction, Frame};
pub use filter::Selection;
pub use interfaces::{Interface, Watch, interfaces};
pub use network::{BadNetwork, Network};
pub use program::Instruction;
pub use ring::{Ring, Statistics};
pub use sniffer::{Sniffer, SnifferCounters, SnifferSettings, Sniffing};
pub use watcher::{Stop, Turn, Watcher};

use std::io;
use std::net::IpAddr;

/// Why frames cannot be had. All of it is the machine's or the operator's doing.
#[derive(Debug, thiserror::Error)]
pub enum SniffError {
    /// The process may not open such a socket.
    #[error("reading from interfaces needs the capability CAP_NET_RAW")]
    NoPermission,
    /// A decoy listens at an address that no interface has.
    #[error("no interface has the address {0}")]
    NoInterface(IpAddr),
    /// No decoy listens.
    #[error("no decoy listens at any address")]
    NoListener,
    /// The interface is down, or there is none of that number. If it comes up, so do its frames.
    #[error("the interface is down or gone")]
    InterfaceDown,
    /// The kernel keeps no filter as long as this one (`net.core.optmem_max`).
    #[error("the kernel takes no filter of {0} instructions")]
    FilterTooLong(usize),
    /// The kernel lacks packet sockets or their third ring format.
    #[error("the kernel has no packet socket with a receive ring of version 3: {0}")]
    Unsupported(#[source] io::Error),
    /// Anything else, with what was tried.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl SniffError {
    fn io(what: &'static str, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Self::NoPermission,
            Some(libc::ENODEV | libc::ENXIO | libc::ENETDOWN) => Self::InterfaceDown,
            Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT | libc::ENOPROTOOPT) => {
                Self::Unsupported(error)
            }
            Some(_) | None => Self::Io { what, error },
        }
    }
}

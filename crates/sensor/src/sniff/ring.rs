//! A packet socket and the ring of blocks that it shares with the kernel.
//!
//! **Invariant:** a block's bytes are borrowed only while the block is ours; everything in them is
//! read by safe code elsewhere. This file has the system calls and nothing that knows a protocol.
#![allow(
    unsafe_code,
    reason = "the memory is shared with the kernel, and the calls have no wrapper"
)]

use super::block::{self, Frames};
use super::{Frame, Instruction, SniffError};
use decnet_core::limits;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::ffi::c_void;
use std::io;
use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Milliseconds after which the kernel hands over a block that is not full.
const RETIRE_MS: u32 = 10;
/// Unit in which the kernel checks the size of a block; frames of this format have any size.
const FRAME_BYTES: u32 = 2_048;

/// What the kernel counted since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that were wanted, those that were lost included. Loopback's second ones, which are
    /// never handed on, are among them.
    pub wanted: u64,
    /// Frames that found no room in the ring.
    pub lost: u64,
    /// How often the ring was full.
    pub full: u64,
}

/// A socket that receives frames into a ring.
#[derive(Debug)]
pub struct Ring {
    socket: OwnedFd,
    blocks: Blocks,
    next: usize,
}

impl Ring {
    /// Opens the socket, filters it, and only then lets it receive: of one interface, or of all.
    ///
    /// `blocks` are of 256 KiB each ([`limits::SNIFF_BLOCKS`] by default). The program is for
    /// cooked frames and cannot be changed later.
    ///
    /// # Errors
    ///
    /// Without `CAP_NET_RAW`, without the interface, or without such sockets in the kernel.
    pub fn open(
        interface: Option<NonZeroU32>,
        blocks: NonZeroU32,
        program: &[Instruction],
    ) -> Result<Self, SniffError> {
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: takes no pointer. Protocol 0: nothing is received until it is bound.
        let number = unsafe { libc::socket(libc::AF_PACKET, kind, 0) };
        checked("opening a packet socket", number)?;
        // SAFETY: the call just made it, and nobody else knows it.
        let socket = unsafe { OwnedFd::from_raw_fd(number) };
        attach(&socket, program)?;
        let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
        set(&socket, libc::SOL_PACKET, libc::PACKET_VERSION, &version)
            .map_err(SniffError::Unsupported)?;
        let blocks = Blocks::new(&socket, blocks.get())?;
        bind(&socket, interface.map_or(0, NonZeroU32::get))?;
        Ok(Self { socket, blocks, next: 0 })
    }

    /// Waits for frames, so long at most. Interrupted or spuriously awoken, it says that there are
    /// none.
    ///
    /// # Errors
    ///
    /// [`SniffError::InterfaceDown`], once for each time that it goes down.
    pub fn wait(&self, timeout: Duration) -> Result<bool, SniffError> {
        let mut polled = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(SniffError::io("waiting for frames", error.into())),
        }
        let seen = polled[0].revents().unwrap_or(PollFlags::empty());
        if seen.contains(PollFlags::POLLERR) {
            self.check()?;
        }
        Ok(seen.contains(PollFlags::POLLIN))
    }

    /// Takes the error that waits at the socket, if there is one.
    pub(super) fn check(&self) -> Result<(), SniffError> {
        let mut number: libc::c_int = 0;
        // SAFETY: any bits are an integer.
        unsafe { get(&self.socket, libc::SOL_SOCKET, libc::SO_ERROR, &mut number) }
            .map_err(|error| SniffError::io("asking for the error of a packet socket", error))?;
        if number == 0 {
            return Ok(());
        }
        Err(SniffError::io("receiving frames", io::Error::from_raw_os_error(number)))
    }

    /// Hands on the frames that are there, one ring full at most, and says how many those were. A
    /// block goes back to the kernel once all of its frames were looked at.
    pub fn drain(&mut self, mut each: impl FnMut(Frame<'_>)) -> usize {
        let mut frames = 0;
        for _ in 0..self.blocks.count {
            let Some(block) = self.blocks.take(self.next) else { break };
            self.next = (self.next + 1) % block.blocks.count;
            for frame in Frames::new(block.bytes()) {
                frames += 1;
                each(frame);
            }
        }
        frames
    }

    /// What was counted since the last call, or since the ring was opened.
    ///
    /// # Errors
    ///
    /// Only if the kernel has no such counters.
    pub fn statistics(&self) -> Result<Statistics, SniffError> {
        let mut counted = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        // SAFETY: any bits are integers.
        unsafe { get(&self.socket, libc::SOL_PACKET, libc::PACKET_STATISTICS, &mut counted) }
            .map_err(|error| SniffError::io("reading a ring's counters", error))?;
        Ok(Statistics {
            wanted: counted.tp_packets.into(),
            lost: counted.tp_drops.into(),
            full: counted.tp_freeze_q_cnt.into(),
        })
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The memory of the ring.
#[derive(Debug)]
struct Blocks {
    base: NonNull<u8>,
    count: usize,
}

const BLOCK: usize = limits::SNIFF_BLOCK_BYTES;

// SAFETY: the memory belongs to the process and not to a thread, and `Blocks` is its only owner.
unsafe impl Send for Blocks {}

impl Blocks {
    fn new(socket: &OwnedFd, count: u32) -> Result<Self, SniffError> {
        let block_bytes = u32::try_from(BLOCK).unwrap_or(u32::MAX);
        let request = libc::tpacket_req3 {
            tp_block_size: block_bytes,
            tp_block_nr: count,
            tp_frame_size: FRAME_BYTES,
            tp_frame_nr: (block_bytes / FRAME_BYTES).saturating_mul(count),
            tp_retire_blk_tov: RETIRE_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)
            .map_err(|error| SniffError::io("making a receive ring", error))?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let bytes = count.saturating_mul(BLOCK);
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let number = socket.as_raw_fd();
        // SAFETY: a new mapping, of exactly what was asked for above; it takes no place of another.
        let base =
            unsafe { libc::mmap(null_mut(), bytes, protection, libc::MAP_SHARED, number, 0) };
        match NonNull::new(base.cast::<u8>()) {
            Some(memory) if base != libc::MAP_FAILED => Ok(Self { base: memory, count }),
            Some(_) | None => {
                Err(SniffError::io("mapping a receive ring", io::Error::last_os_error()))
            }
        }
    }

    /// The block of that number, if the kernel is done with it.
    fn take(&mut self, number: usize) -> Option<Block<'_>> {
        if number >= self.count {
            return None;
        }
        // SAFETY: `number` is below `count`, so that the whole block is in the mapping.
        let base = unsafe { self.base.add(number * BLOCK) };
        let block = Block { blocks: self, base };
        if block.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            // It is not ours: it must not be given back.
            std::mem::forget(block);
            return None;
        }
        Some(block)
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        // SAFETY: this is the whole mapping that `new` made, and a borrow of it borrows `self`.
        unsafe { libc::munmap(self.base.as_ptr().cast::<c_void>(), self.count * BLOCK) };
    }
}

/// A block that the kernel leaves alone until this is dropped.
struct Block<'a> {
    /// Borrowed mutably: no second `Block` can give it back in the meantime.
    blocks: &'a mut Blocks,
    base: NonNull<u8>,
}

impl Block<'_> {
    fn status(&self) -> &AtomicU32 {
        // SAFETY: the field lies within the block, aligned to four bytes since blocks are to pages,
        // and the kernel's accesses are in other address spaces, in single words.
        unsafe { AtomicU32::from_ptr(self.base.add(block::STATUS_AT).as_ptr().cast()) }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the block lies in the mapping, which lives as long as `blocks` is borrowed. The
        // status was loaded with acquire order and says that the kernel has written everything and
        // will write nothing until `drop`, which nothing that borrows from `self` outlives.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), BLOCK) }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}

/// Filters the socket, for good.
fn attach(socket: &OwnedFd, program: &[Instruction]) -> Result<(), SniffError> {
    let too_long = || SniffError::FilterTooLong(program.len());
    let mut code: Vec<libc::sock_filter> = program
        .iter()
        .map(|one| libc::sock_filter {
            code: one.code,
            jt: one.if_true,
            jf: one.if_false,
            k: one.operand,
        })
        .collect();
    let length = u16::try_from(code.len()).map_err(|_| too_long())?;
    // The kernel copies what the pointer leads to during the call, and only reads it.
    let program = libc::sock_fprog { len: length, filter: code.as_mut_ptr() };
    set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program).map_err(|error| match error
        .raw_os_error()
    {
        Some(libc::ENOMEM | libc::ENOBUFS) => too_long(),
        Some(_) | None => SniffError::io("attaching a filter", error),
    })?;
    let yes: libc::c_int = 1;
    set(socket, libc::SOL_SOCKET, libc::SO_LOCK_FILTER, &yes)
        .map_err(|error| SniffError::io("locking a filter", error))
}

/// Lets the socket receive every protocol, of an interface or of all (0).
fn bind(socket: &OwnedFd, interface: u32) -> Result<(), SniffError> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as libc::c_ushort,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: libc::c_int::try_from(interface).unwrap_or(libc::c_int::MAX),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let bytes = size_of_val(&address) as libc::socklen_t;
    // SAFETY: the address lives during the call and is as long as said.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), bytes) };
    checked("binding a packet socket", result)
}

fn checked(what: &'static str, result: libc::c_int) -> Result<(), SniffError> {
    if result < 0 { Err(SniffError::io(what, io::Error::last_os_error())) } else { Ok(()) }
}

/// Sets an option of a socket.
fn set<T>(socket: &OwnedFd, level: i32, name: i32, value: &T) -> io::Result<()> {
    let bytes = size_of::<T>() as libc::socklen_t;
    let value: *const T = value;
    // SAFETY: the value lives during the call, which only reads it, and is as long as said.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.cast(), bytes) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Reads an option of a socket.
///
/// # Safety
///
/// All bits that the kernel may write must be a `T`.
unsafe fn get<T>(socket: &OwnedFd, level: i32, name: i32, value: &mut T) -> io::Result<()> {
    let mut bytes = size_of::<T>() as libc::socklen_t;
    let value: *mut T = value;
    // SAFETY: the kernel writes no more than `bytes`, and what it writes is a `T`.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, value.cast(), &mut bytes) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

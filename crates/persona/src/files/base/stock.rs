//! Programs of packages that do nothing here but what can be seen of them from outside.
//!
//! **Invariant:** they say nothing that the real ones would not say.

use crate::commands::program;
use crate::kernel::{Proc, Signal};

/// A file with many names: what is run is the program of the name that it was called by, or else
/// that of the file.
pub(super) async fn by_name(p: &mut Proc) -> u32 {
    let called = p.name();
    let file = p.world.with(|world| world.table.get(&p.pid).map(|entry| entry.image.path.clone()));
    let file = file.unwrap_or_default();
    let file = file.rsplit(|&b| b == b'/').next().unwrap_or_default();
    match program(called.as_bytes()).or_else(|| program(file)) {
        Some(program) => (program.main)(p).await,
        None => other(p).await,
    }
}

/// A program that takes a moment and ends.
pub(super) async fn other(p: &mut Proc) -> u32 {
    p.sleep(4_000_000).await;
    0
}

/// A library is no program.
pub(super) async fn library(p: &mut Proc) -> u32 {
    p.signal(p.pid, Signal::SEGV).await;
    139
}

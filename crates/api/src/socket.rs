//! The name by which the kernel finds the socket, however long the folder's path is.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

/// A name of the socket that fits into a socket address, valid while this value lives.
#[derive(Debug)]
pub(crate) struct Name {
    path: PathBuf,
    // Holds the descriptor that `path` goes through.
    _folder: Option<File>,
}

impl Name {
    /// The name of the socket in `folder`.
    pub(crate) fn within(folder: &Path) -> io::Result<Self> {
        let direct = folder.join(FILE);
        if direct.as_os_str().len() <= ADDRESS_BYTES {
            return Ok(Self { path: direct, _folder: None });
        }
        let open = File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{FILE}", open.as_raw_fd()));
        Ok(Self { path, _folder: Some(open) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The socket's name in the data folder.
pub(crate) const FILE: &str = "decnet.sock";

/// Bytes of a path in `sockaddr_un` on Linux, without the final zero.
const ADDRESS_BYTES: usize = 107;

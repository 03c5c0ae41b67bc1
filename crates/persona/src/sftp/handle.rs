//! What a client has open.
//!
//! **Invariant:** no more than [`SFTP_HANDLES`] at once; numbers are given as `sftp-server` gives
//! them, the one that was free last first.

use crate::process::{Opened, Stat};
use decnet_core::limits::SFTP_HANDLES;

/// A file or folder that is open.
#[derive(Debug)]
pub(super) enum Handle {
    File(OpenFile),
    Folder(OpenFolder),
}

#[derive(Debug)]
pub(super) struct OpenFile {
    /// The path as sent.
    pub(super) name: Vec<u8>,
    pub(super) opened: Opened,
    pub(super) appends: bool,
    /// Bytes written, once some request to write was granted.
    pub(super) written: Option<u64>,
}

/// A file that was written and never closed.
#[derive(Debug)]
pub(super) struct Written {
    /// The path as sent.
    pub(super) name: Vec<u8>,
    /// Where it is.
    pub(super) at: Option<Vec<u8>>,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct OpenFolder {
    pub(super) path: Vec<u8>,
    pub(super) names: std::vec::IntoIter<Vec<u8>>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Handles {
    all: Vec<Option<Handle>>,
    free: Vec<usize>,
}

impl Handles {
    pub(super) fn is_full(&self) -> bool {
        self.all.len() - self.free.len() >= SFTP_HANDLES
    }

    /// A handle for that; there is room for one.
    pub(super) fn add(&mut self, handle: Handle) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.all.len() - 1
        });
        if let Some(slot) = self.all.get_mut(place) {
            *slot = Some(handle);
        }
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn place(handle: &[u8]) -> Option<usize> {
        let bytes: [u8; 4] = handle.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(bytes)).ok()
    }

    pub(super) fn close(&mut self, handle: &[u8]) -> Option<Handle> {
        let place = Self::place(handle)?;
        let closed = self.all.get_mut(place)?.take()?;
        self.free.push(place);
        Some(closed)
    }

    pub(super) fn file(&mut self, handle: &[u8]) -> Option<&mut OpenFile> {
        match self.all.get_mut(Self::place(handle)?)?.as_mut()? {
            Handle::File(file) => Some(file),
            Handle::Folder(_) => None,
        }
    }

    pub(super) fn folder(&mut self, handle: &[u8]) -> Option<&mut OpenFolder> {
        match self.all.get_mut(Self::place(handle)?)?.as_mut()? {
            Handle::Folder(folder) => Some(folder),
            Handle::File(_) => None,
        }
    }

    fn files(&mut self) -> impl Iterator<Item = &mut OpenFile> {
        self.all.iter_mut().flatten().filter_map(|handle| match handle {
            Handle::File(file) => Some(file),
            Handle::Folder(_) => None,
        })
    }

    /// Files that were written and are open still, as they are when all is over.
    pub(super) fn written(&mut self) -> Vec<Written> {
        let written = self.files().filter_map(|file| {
            let bytes = file.written.take()?;
            Some(Written { name: file.name.clone(), at: file.opened.path.clone(), bytes })
        });
        written.collect()
    }

    /// What was at a path is gone; who has it open has it still.
    pub(super) fn removed(&mut self, path: &[u8], gone: Stat) {
        for file in self.files() {
            if file.opened.path.as_deref() == Some(path) {
                file.opened.path = None;
                file.opened.gone = Stat { links: 0, ..gone };
            }
        }
    }

    /// What was at a path, or below, has another one.
    pub(super) fn renamed(&mut self, from: &[u8], to: &[u8]) {
        for file in self.files() {
            let Some(path) = &mut file.opened.path else { continue };
            let below = path.strip_prefix(from).filter(|b| b.is_empty() || b.starts_with(b"/"));
            if let Some(below) = below {
                *path = [to, below].concat();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_was_free_last_is_given_first() {
        let folder =
            || Handle::Folder(OpenFolder { path: Vec::new(), names: Vec::new().into_iter() });
        let mut handles = Handles::default();
        assert_eq!(
            [handles.add(folder()), handles.add(folder()), handles.add(folder())],
            [0, 1, 2]
        );
        assert!(handles.close(&[0, 0, 0, 0]).is_some());
        assert!(handles.close(&[0, 0, 0, 1]).is_some());
        assert!(handles.close(&[0, 0, 0, 1]).is_none());
        assert!(handles.close(&[1]).is_none());
        assert_eq!(
            [handles.add(folder()), handles.add(folder()), handles.add(folder())],
            [1, 0, 3]
        );
        while !handles.is_full() {
            handles.add(folder());
        }
        assert_eq!(handles.all.len(), SFTP_HANDLES);
    }
}

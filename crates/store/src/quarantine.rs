//! The folder of files that attackers brought, each once, under its SHA-256.
//!
//! **Invariant:** nothing outside of `<two digits>/<digest>` is ever touched; no file can be run, and
//! nobody but its owner can read it. What does not fit is dropped and counted, and what is there is
//! never overwritten, so that nobody can drive out what another one brought.

use decnet_core::event::file::Keeping;
use decnet_core::event::{Timestamp, network};
use decnet_core::limits;
use decnet_core::row::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files.
    pub bytes: u64,
    /// Files.
    pub files: u64,
    /// Bytes that one address may bring at once.
    pub address_bytes: u64,
    /// Bytes an hour that are paid back of those.
    pub address_bytes_per_hour: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: limits::QUARANTINE_BYTES,
            files: limits::QUARANTINE_FILES,
            address_bytes: limits::QUARANTINE_ADDRESS_BYTES,
            address_bytes_per_hour: limits::QUARANTINE_ADDRESS_BYTES_PER_HOUR,
        }
    }
}

/// What became of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// SHA-256 of them; nothing where their address had used up what it may bring.
    pub sha256: Option<[u8; 32]>,
    /// Whether they are kept.
    pub keeping: Keeping,
}

/// What is kept, and what was not since the program began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Files.
    pub files: u64,
    /// Bytes on disk that they take, in whole blocks.
    pub bytes: u64,
    /// Files that were dropped.
    pub dropped: u64,
    /// Bytes of those.
    pub dropped_bytes: u64,
    /// Files that could not be written.
    pub failed: u64,
}

/// The folder.
#[derive(Debug)]
pub struct Quarantine {
    folder: PathBuf,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Held,
    /// What addresses have used up, and when that was true.
    used: BTreeMap<IpAddr, (u64, Timestamp)>,
    /// Numbers for files that are being written.
    next: u64,
}

impl Quarantine {
    /// The quarantine in `folder`, which is made when the first file is. What a killed program left
    /// half written is removed.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn open(folder: impl Into<PathBuf>, limits: Limits) -> io::Result<Self> {
        let folder = folder.into();
        let mut held = Held::default();
        for part in entries(&folder)? {
            for path in entries(&part)? {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.ends_with(PARTIAL) {
                    fs::remove_file(&path)?;
                    continue;
                }
                held.files += 1;
                held.bytes += room(fs::symlink_metadata(&path)?.len());
            }
        }
        let state = Mutex::new(State { held, ..State::default() });
        Ok(Self { folder, limits, state })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file is, if it is.
    #[must_use]
    pub fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex(sha256);
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }

    /// What is kept, and what was not.
    #[must_use]
    pub fn held(&self) -> Held {
        self.state().held
    }

    /// Keeps bytes that an address brought. Each call costs the address their number, whether they
    /// are new or not: looking at them takes time too.
    pub fn keep(&self, now: Timestamp, address: IpAddr, bytes: &[u8]) -> Outcome {
        let size = bytes.len() as u64;
        if !self.state().pay(now, address, size, &self.limits) {
            self.state().drop_one(size);
            return Outcome { sha256: None, keeping: Keeping::Dropped };
        }
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        let keeping = self.put(&sha256, bytes);
        Outcome { sha256: Some(sha256), keeping }
    }

    fn put(&self, sha256: &[u8; 32], bytes: &[u8]) -> Keeping {
        let path = self.path(sha256);
        if fs::symlink_metadata(&path).is_ok() {
            return Keeping::Known;
        }
        let size = bytes.len() as u64;
        let number = {
            let mut state = self.state();
            let all = state.held.bytes.saturating_add(room(size));
            if all > self.limits.bytes || state.held.files >= self.limits.files {
                state.drop_one(size);
                return Keeping::Dropped;
            }
            // Room is taken before it is used: others write at the same time.
            state.held.bytes = all;
            state.held.files += 1;
            state.next += 1;
            state.next
        };
        let keeping = match write(&path, number, bytes) {
            Ok(()) => return Keeping::Kept,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Keeping::Known,
            Err(error) => {
                tracing::debug!(%error, "A file is not kept.");
                Keeping::Failed
            }
        };
        let mut state = self.state();
        state.held.bytes = state.held.bytes.saturating_sub(room(size));
        state.held.files = state.held.files.saturating_sub(1);
        state.held.failed += u64::from(keeping == Keeping::Failed);
        keeping
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes what bytes cost from what an address may bring; says whether it may.
    fn pay(&mut self, now: Timestamp, address: IpAddr, size: u64, limits: &Limits) -> bool {
        let address = network(address);
        let (used, at) = self.used.get(&address).copied().unwrap_or((0, now));
        let since = u128::from(now.us_since(at));
        let back = since * u128::from(limits.address_bytes_per_hour) / HOUR_US;
        let used = used.saturating_sub(u64::try_from(back).unwrap_or(u64::MAX));
        let after = used.saturating_add(size);
        let may = after <= limits.address_bytes;
        self.used.insert(address, (if may { after } else { used }, now));
        if self.used.len() > limits::QUARANTINE_ADDRESSES {
            let least = self.used.iter().filter(|(other, _)| **other != address);
            let least = least.min_by_key(|(_, (used, _))| *used).map(|(address, _)| *address);
            least.map(|least| self.used.remove(&least));
        }
        may
    }

    fn drop_one(&mut self, size: u64) {
        self.held.dropped += 1;
        self.held.dropped_bytes = self.held.dropped_bytes.saturating_add(size);
    }
}

/// Writes a file beside its place, and links it there: it is whole, or not there.
fn write(path: &Path, number: u64, bytes: &[u8]) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Err(io::ErrorKind::InvalidInput.into()) };
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let partial = folder.join(format!("{number}{PARTIAL}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    let written = file.write_all(bytes).and_then(|()| fs::hard_link(&partial, path));
    let removed = fs::remove_file(&partial);
    written.and(removed)
}

/// What is in a folder, in order; nothing where there is no folder. A link is none of ours.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_symlink() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file takes whole blocks: many tiny ones fill a disk too.
fn room(size: u64) -> u64 {
    size.max(1).next_multiple_of(BLOCK)
}

/// Bytes that a file system gives out at once, usually.
const BLOCK: u64 = 4_096;
const PARTIAL: &str = ".part";
const HOUR_US: u128 = 3_600_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const AT: Timestamp = Timestamp(0);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_file_is_kept_once_and_cannot_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path().join("q"), Limits::default()).unwrap();
        let first = quarantine.keep(AT, address(1), b"\x7fELF");
        assert_eq!(first.keeping, Keeping::Kept);
        let again = quarantine.keep(AT, address(2), b"\x7fELF");
        assert_eq!((again.keeping, again.sha256), (Keeping::Known, first.sha256));
        let path = quarantine.path(&first.sha256.unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"\x7fELF");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        // Another run finds what is there, and takes away what is half there.
        fs::write(path.parent().unwrap().join("7.part"), b"x").unwrap();
        let held = Quarantine::open(quarantine.folder(), Limits::default()).unwrap().held();
        assert_eq!((held.files, held.bytes), (1, BLOCK));
        assert_eq!(quarantine.held(), held);
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { bytes: 2 * BLOCK, files: 9, ..Limits::default() };
        let quarantine = Quarantine::open(folder.path(), limits).unwrap();
        let kept: Vec<Keeping> =
            (0..4).map(|n| quarantine.keep(AT, address(n), &[n; 10]).keeping).collect();
        assert_eq!(kept, [Keeping::Kept, Keeping::Kept, Keeping::Dropped, Keeping::Dropped]);
        let held = quarantine.held();
        assert_eq!((held.files, held.dropped, held.dropped_bytes), (2, 2, 20));
    }

    #[test]
    fn an_address_has_so_much_and_gets_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { address_bytes: 10, address_bytes_per_hour: 5, ..Limits::default() };
        let quarantine = Quarantine::open(folder.path(), limits).unwrap();
        let keep = |hours: i64, peer: &str| {
            let at = Timestamp::from_us(hours * 3_600_000_000);
            quarantine.keep(at, peer.parse().unwrap(), b"seven b").sha256.is_some()
        };
        assert!(keep(0, "2001:db8::1"));
        assert!(!keep(0, "2001:db8::2"));
        assert!(keep(0, "2001:db8:0:1::1"));
        assert!(!keep(0, "2001:db8::1"));
        assert!(keep(1, "2001:db8::3"));
    }
}

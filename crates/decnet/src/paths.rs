//! The data folder: where it is, what is in it, and that only one program writes there.
//!
//! **Invariant:** a folder that we make is for its owner alone (0700); files are made 0600. A
//! folder that was there before is never given another mode.

use anyhow::{Context as _, Result, bail};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Data(pub(crate) PathBuf);

/// The data folder, held against a second program.
#[derive(Debug)]
pub(crate) struct Held {
    // The kernel gives the lock back when the descriptor is closed, however the program ends.
    _lock: File,
}

/// What the environment says about where data may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// `STATE_DIRECTORY`, set by systemd.
    pub(crate) state_directory: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub(crate) xdg_state_home: Option<PathBuf>,
    /// `HOME`.
    pub(crate) home: Option<PathBuf>,
    /// Whether this is a system service: root, started by systemd or without a home.
    pub(crate) service: Service,
}

/// Whether this is a system service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Service {
    /// Somebody's own program.
    #[default]
    No,
    /// The system's.
    Yes,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let folder = |name| {
            let value = PathBuf::from(std::env::var_os(name)?);
            value.is_absolute().then_some(value)
        };
        let home = folder("HOME");
        let root = nix::unistd::Uid::effective().is_root();
        let by_systemd = std::env::var_os("INVOCATION_ID").is_some();
        let service =
            if root && (by_systemd || home.is_none()) { Service::Yes } else { Service::No };
        Self {
            // systemd separates several folders by colons.
            state_directory: std::env::var("STATE_DIRECTORY").ok().and_then(|folders| {
                folders.split(':').next().filter(|first| !first.is_empty()).map(PathBuf::from)
            }),
            xdg_state_home: folder("XDG_STATE_HOME"),
            home,
            service,
        }
    }

    /// The data folder where nobody named one.
    pub(crate) fn data(&self) -> Option<PathBuf> {
        if let Some(folder) = &self.state_directory {
            return Some(folder.clone());
        }
        if self.service == Service::Yes {
            return Some(PathBuf::from("/var/lib/decnet"));
        }
        let state = match (&self.xdg_state_home, &self.home) {
            (Some(state), _) => state.clone(),
            (None, Some(home)) => home.join(".local/state"),
            (None, None) => return None,
        };
        Some(state.join("decnet"))
    }
}

impl Data {
    /// The folder that is named, or the default.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        let folder = match named {
            Some(folder) => Some(folder.to_owned()),
            None => Surroundings::of_process().data(),
        };
        let Some(folder) = folder else {
            bail!("no data folder: HOME is not set; name one with --data DIR")
        };
        // Absolute, since messages and the running program's status show it.
        let folder = std::path::absolute(&folder)
            .with_context(|| format!("cannot tell where {} is", folder.display()))?;
        Ok(Self(folder))
    }

    /// Makes the folder where it is not there.
    pub(crate) fn create(&self) -> Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .with_context(|| format!("cannot make the data folder {}", self.0.display()))
    }

    /// Others who may write into the folder could put files in place of ours.
    pub(crate) fn is_writable_by_others(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|folder| folder.permissions().mode() & 0o022 != 0)
    }

    /// Holds the folder, or says who does.
    pub(crate) fn hold(&self) -> Result<Held> {
        let path = self.lock();
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Held { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("another decnet is using the data folder {}", self.0.display())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// The SQLite file where no other store is named.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("decnet.db")
    }

    /// The folder of recordings.
    pub(crate) fn recordings(&self) -> PathBuf {
        self.0.join("recordings")
    }

    /// The folder of files that attackers brought.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.0.join("quarantine")
    }

    /// The folder of what a decky is known by: machine seed and host keys.
    pub(crate) fn identity(&self, decky: &str) -> PathBuf {
        self.0.join("deckies").join(decky)
    }

    fn lock(&self) -> PathBuf {
        self.0.join("decnet.lock")
    }

    /// Everything at the top of the folder that is ours, for a change of owner.
    pub(crate) fn ours(&self) -> [PathBuf; 10] {
        [
            self.0.clone(),
            self.lock(),
            self.0.join("decnet.sock"),
            self.database(),
            self.0.join("decnet.db.lock"),
            self.0.join("decnet.db-wal"),
            self.0.join("decnet.db-shm"),
            self.recordings(),
            self.quarantine(),
            self.0.join("deckies"),
        ]
    }
}

/// Makes a folder for its owner alone, where it is not there.
pub(crate) fn create_private_folder(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file that only its owner may read: whole, or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        Surroundings { home: Some("/home/u".into()), ..Surroundings::default() }
    }

    #[test]
    fn the_data_folder_follows_the_surroundings() {
        let check = |surroundings: Surroundings, folder: Option<&str>| {
            assert_eq!(surroundings.data(), folder.map(PathBuf::from));
        };
        check(surroundings(), Some("/home/u/.local/state/decnet"));
        let state = Some(PathBuf::from("/s"));
        check(Surroundings { xdg_state_home: state, ..surroundings() }, Some("/s/decnet"));
        check(Surroundings { service: Service::Yes, ..surroundings() }, Some("/var/lib/decnet"));
        let state = Some(PathBuf::from("/var/lib/x"));
        check(Surroundings { state_directory: state, ..surroundings() }, Some("/var/lib/x"));
        check(Surroundings::default(), None);
    }

    #[test]
    fn a_folder_is_held_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data(folder.path().join("a/b"));
        data.create().unwrap();
        assert_eq!(fs::metadata(&data.0).unwrap().permissions().mode() & 0o777, 0o700);
        let held = data.hold().unwrap();
        assert!(data.hold().unwrap_err().to_string().contains("another decnet"));
        drop(held);
        data.hold().unwrap();
    }

    #[test]
    fn what_is_private_is_for_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        write_private(&path, "1\n").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }
}

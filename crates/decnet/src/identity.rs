//! What a decky is known by: the seed of its machine and its host keys, made at the first start.
//!
//! **Invariant:** once made they are never changed or replaced by the program: a machine that comes
//! back with other keys is one that was never there.

use crate::paths::{Data, create_private_folder, write_private};
use anyhow::{Context as _, Result};
use decnet_sensor::decoy::ssh::{HostKey, generate_host_keys};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// What a decky is known by.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// What its machine grows from.
    pub(crate) seed: u64,
    /// Its SSH host keys, in sshd's order.
    pub(crate) host_keys: Vec<HostKey>,
}

impl Identity {
    /// Reads a decky's identity, and makes what there is none of.
    pub(crate) fn load(data: &Data, decky: &str) -> Result<Self> {
        let folder = data.identity(decky);
        create_private_folder(&folder)?;
        Ok(Self { seed: seed(&folder.join("seed"))?, host_keys: host_keys(&folder)? })
    }
}

fn seed(file: &Path) -> Result<u64> {
    match fs::read_to_string(file) {
        Ok(text) => u64::from_str_radix(text.trim(), 16).with_context(|| {
            format!("{} is not the seed of a machine: 16 hex digits", file.display())
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let seed = random()?;
            write_private(file, &format!("{seed:016x}\n"))?;
            Ok(seed)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn random() -> Result<u64> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(u64::from_le_bytes(bytes))
}

/// The keys of the folder, in the order of their names in sshd's configuration.
fn host_keys(folder: &Path) -> Result<Vec<HostKey>> {
    let mut keys = Vec::new();
    for name in HOST_KEYS {
        let file = folder.join(name);
        match fs::read_to_string(&file) {
            Ok(text) => keys.push(
                HostKey::parse(&text)
                    .with_context(|| format!("{} is no host key", file.display()))?,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        }
    }
    // An operator may take one away; none at all means that none was made yet.
    if !keys.is_empty() {
        return Ok(keys);
    }
    for (name, text) in generate_host_keys() {
        write_private(&folder.join(&name), &text)?;
        keys.push(HostKey::parse(&text).with_context(|| format!("{name} cannot be made"))?);
    }
    Ok(keys)
}

const HOST_KEYS: &[&str] = &["ssh_host_rsa_key", "ssh_host_ecdsa_key", "ssh_host_ed25519_key"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_was_made_once_stays() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data(folder.path().to_owned());
        let first = Identity::load(&data, "decky-01").unwrap();
        let again = Identity::load(&data, "decky-01").unwrap();
        assert_eq!(first.seed, again.seed);
        assert_eq!(format!("{:?}", first.host_keys), format!("{:?}", again.host_keys));
        assert_eq!(first.host_keys.len(), HOST_KEYS.len());
        for entry in fs::read_dir(data.identity("decky-01")).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.path());
        }
        assert_ne!(Identity::load(&data, "decky-02").unwrap().seed, first.seed);
    }

    #[test]
    fn a_broken_seed_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seed");
        fs::write(&file, "nonsense").unwrap();
        assert!(seed(&file).unwrap_err().to_string().contains("seed"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "nonsense");
    }
}

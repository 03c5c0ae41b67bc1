//! Rights are given up as soon as the ports are bound.
//!
//! **Invariant:** after [`Plan::give_up`] no thread of the process has a capability, none can get
//! one again, and where the user was to change the old one cannot be had back. Whatever of this
//! fails ends the program.

use crate::output;
use crate::paths::Data;
use anyhow::{Context as _, Result, bail};
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{
    Gid, Uid, User, fchownat, getresgid, getresuid, setgroups, setresgid, setresuid, setuid,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::Barrier;

/// Who the program will be.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Who it is now: it was not started by root.
    Same,
    /// Another user.
    Become(User),
    /// Still root, without its capabilities.
    BareRoot(Why),
}

/// Why root stays root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The configuration says so.
    Configured,
    /// No user was named, and the one who would be taken cannot reach the data folder.
    OutOfReach,
    /// No user was named, and there is none to take.
    Nobody,
}

impl Plan {
    /// The plan for this process. `named` is the configured user; the data folder is there already.
    pub(crate) fn new(named: Option<&User>, data: &Data) -> Self {
        if !Uid::effective().is_root() {
            return Self::Same;
        }
        if let Some(user) = named {
            if user.uid.is_root() {
                return Self::BareRoot(Why::Configured);
            }
            return Self::Become(user.clone());
        }
        let taken = DEFAULT_USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
        match taken {
            None => Self::BareRoot(Why::Nobody),
            Some(user) if user.uid.is_root() => Self::BareRoot(Why::Nobody),
            Some(user) if may_reach(&user, &data.0) => Self::Become(user),
            Some(_) => Self::BareRoot(Why::OutOfReach),
        }
    }

    /// What the operator should know, where there is anything.
    pub(crate) fn warning(&self, data: &Data) -> Option<String> {
        match self {
            Self::Same | Self::Become(_) | Self::BareRoot(Why::Configured) => None,
            Self::BareRoot(Why::OutOfReach) => Some(format!(
                "stays root, without its capabilities: no `user` is configured and {} is in a \
                 folder that only root may enter; better: --data /var/lib/decnet, or not as root",
                data.0.display()
            )),
            Self::BareRoot(Why::Nobody) => Some(
                "stays root, without its capabilities: no `user` is configured and this system has \
                 neither decnet nor nobody"
                    .to_owned(),
            ),
        }
    }

    /// Gives what is ours in the data folder to the user that the program will be: without
    /// capabilities, root too can only open what is its own.
    pub(crate) fn hand_over(&self, data: &Data) -> Result<()> {
        if let Self::Become(user) = self
            && !may_reach(user, &data.0)
        {
            bail!(
                "user {} cannot reach the data folder {}: a folder above it is closed to that user",
                user.name,
                data.0.display()
            );
        }
        let (uid, gid) = match self {
            Self::Same => return Ok(()),
            Self::Become(user) => (user.uid, user.gid),
            Self::BareRoot(_) => (Uid::from_raw(0), Gid::from_raw(0)),
        };
        for path in data.ours() {
            let extent = if path == data.0 { Extent::Itself } else { Extent::Whole };
            hand_over(&path, uid, gid, extent)
                .with_context(|| format!("cannot change the owner of {}", path.display()))?;
        }
        Ok(())
    }

    /// Gives up rights, in every thread. To be called where `workers` threads of the runtime are
    /// idle and nothing else has started a thread.
    pub(crate) async fn give_up(&self, workers: usize) -> Result<()> {
        if let Self::Become(user) = self {
            become_user(user).with_context(|| format!("cannot become user {}", user.name))?;
        }
        renounce().context("cannot give up capabilities")?;
        // Capabilities belong to threads: each worker takes one of as many tasks, and none is done
        // before all have begun.
        let all = Arc::new(Barrier::new(workers));
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                let all = Arc::clone(&all);
                tokio::spawn(async move {
                    let done = renounce();
                    all.wait();
                    done
                })
            })
            .collect();
        for task in tasks {
            task.await?.context("cannot give up capabilities")?;
        }
        self.verify()
    }

    fn verify(&self) -> Result<()> {
        if let Self::Become(user) = self {
            let (ids, groups) = (getresuid()?, getresgid()?);
            let same = [ids.real, ids.effective, ids.saved].iter().all(|id| *id == user.uid)
                && [groups.real, groups.effective, groups.saved].iter().all(|id| *id == user.gid);
            if !same || setuid(Uid::from_raw(0)).is_ok() {
                bail!("root's rights could be had again after they were given up");
            }
        }
        for thread in fs::read_dir("/proc/self/task").into_iter().flatten() {
            // A thread that has ended has no rights.
            let Ok(status) = fs::read_to_string(thread?.path().join("status")) else { continue };
            if !is_bare(&status) {
                bail!("a thread still has capabilities after they were given up");
            }
        }
        Ok(())
    }
}

/// Raises the number of files and sockets that may be open to what is allowed.
pub(crate) fn raise_descriptors() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(DESCRIPTORS);
        if wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() {
            output::complain("the number of open connections stays limited by `ulimit -n`");
        }
    }
}

fn become_user(user: &User) -> nix::Result<()> {
    setgroups(&[user.gid])?;
    setresgid(user.gid, user.gid, user.gid)?;
    setresuid(user.uid, user.uid, user.uid)
}

/// Empties the calling thread's capabilities, and forbids it to gain any by running a program.
fn renounce() -> io::Result<()> {
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

/// Whether a thread's `status` shows no capability and that it can get none.
fn is_bare(status: &str) -> bool {
    let value = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    let empty = |name| value(name).is_some_and(|set| set.chars().all(|digit| digit == '0'));
    empty("CapPrm:")
        && empty("CapEff:")
        && empty("CapInh:")
        && empty("CapAmb:")
        && value("NoNewPrivs:").as_deref() == Some("1")
}

/// Whether every folder above `path` lets `user` through. Only what the mode says.
fn may_reach(user: &User, path: &Path) -> bool {
    path.ancestors().skip(1).all(|folder| {
        fs::metadata(folder).is_ok_and(|folder| {
            let mode = folder.permissions().mode();
            let bit = if folder.uid() == user.uid.as_raw() {
                0o100
            } else if folder.gid() == user.gid.as_raw() {
                0o010
            } else {
                0o001
            };
            mode & bit != 0
        })
    })
}

/// How much of a path changes its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// The folder or file.
    Itself,
    /// With everything in it.
    Whole,
}

/// Changes the owner of `path`. Symbolic links are changed themselves, and never followed.
fn hand_over(path: &Path, uid: Uid, gid: Gid, extent: Extent) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if found.uid() != uid.as_raw() || found.gid() != gid.as_raw() {
        fchownat(AT_FDCWD, path, Some(uid), Some(gid), AtFlags::AT_SYMLINK_NOFOLLOW)?;
    }
    if extent == Extent::Whole && found.is_dir() {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path(), uid, gid, extent)?;
        }
    }
    Ok(())
}

/// Who is taken where nobody is named: the first that there is.
const DEFAULT_USERS: &[&str] = &["decnet", "nobody"];

/// Files and sockets open at once.
const DESCRIPTORS: u64 = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_thread_has_nothing_and_gets_nothing() {
        let status = "Name:\tdecnet\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n\
                      CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n\
                      CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n";
        assert!(is_bare(status));
        assert!(!is_bare(&status.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0")));
        assert!(!is_bare(&status.replace("CapEff:\t0", "CapEff:\t4")));
        assert!(!is_bare(""));
    }

    #[test]
    fn a_closed_folder_is_out_of_reach_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("data");
        fs::create_dir(&inner).unwrap();
        let other = User {
            uid: Uid::from_raw(54_321),
            ..User::from_uid(Uid::from_raw(0)).unwrap().unwrap()
        };
        let other = User { gid: Gid::from_raw(54_321), ..other };
        let open =
            |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        open(0o700);
        assert!(!may_reach(&other, &inner));
        open(0o711);
        assert!(may_reach(&other, &inner));
    }
}

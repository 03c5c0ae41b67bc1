//! Names of files: made, removed, changed, followed.
//!
//! **Invariant:** what is looked at before something is done, and in which order, is what Linux
//! looks at, since the first error is the one that is answered.

use crate::files::{APPEND_ONLY, Access, Fault, IMMUTABLE, Kind, Last, NAME_BYTES, PATH_BYTES};
use crate::machine::Dice;
use crate::process::make::Making;
use crate::process::{NAME_WORK, Process, parent, shown};

/// Links that OpenSSH follows in one path.
const LINKS: usize = 32;

impl Process<'_> {
    pub(crate) fn mkdir(&mut self, path: &[u8], mode: u16) -> Result<(), Fault> {
        let found = self.find(path, Last::Keep)?;
        if self.node(&found).is_ok() {
            return Err(Fault::Exists);
        }
        // Linux makes no folder that gives its group away.
        self.make(&found, Kind::Folder, mode & 0o1777 & !self.me.umask, Making::Folder)
    }

    /// `unlink`; the path of what is gone.
    pub(crate) fn unlink(&mut self, path: &[u8]) -> Result<Vec<u8>, Fault> {
        let path = self.find(path, Last::Keep)?;
        if matches!(self.node(&path)?.kind, Kind::Folder) {
            return Err(Fault::IsFolder);
        }
        self.may_remove(&path)?;
        self.world.files.remove(&path)?;
        self.touch(parent(&path));
        Ok(path)
    }

    pub(crate) fn rmdir(&mut self, path: &[u8]) -> Result<(), Fault> {
        let found = self.find(path, Last::Keep)?;
        if !matches!(self.node(&found)?.kind, Kind::Folder) {
            return Err(Fault::NotFolder);
        }
        match path.rsplit(|&b| b == b'/').find(|part| !part.is_empty()) {
            Some(b".") => return Err(Fault::Invalid),
            Some(b"..") => return Err(Fault::NotEmpty),
            _ => {}
        }
        if found.is_empty() {
            return Err(Fault::Busy);
        }
        self.may_remove(&found)?;
        if self.world.files.mounts.at(&found).is_some() {
            return Err(Fault::Busy);
        }
        if !self.world.files.is_empty(&found) {
            return Err(Fault::NotEmpty);
        }
        self.world.files.remove(&found)?;
        self.touch(parent(&found));
        Ok(())
    }

    /// `rename`; where the two were and are.
    pub(crate) fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let source = self.find(from, Last::Keep)?;
        let target = self.find(to, Last::Keep)?;
        let folder = matches!(self.node(&source)?.kind, Kind::Folder);
        if source.is_empty() || target.is_empty() {
            return Err(Fault::Busy);
        }
        if source == target {
            return Ok((source, target));
        }
        if target.starts_with(&[source.as_slice(), b"/"].concat()) {
            return Err(Fault::Invalid);
        }
        if source.starts_with(&[target.as_slice(), b"/"].concat()) {
            return Err(Fault::NotEmpty);
        }
        let (here, there) = (self.world.files.mount(&source), self.world.files.mount(&target));
        if here.at != there.at {
            return Err(Fault::OtherDevice);
        }
        if [&source, &target].iter().any(|path| self.world.files.mounts.at(path).is_some()) {
            return Err(Fault::Busy);
        }
        self.may_remove(&source)?;
        self.may_make(&target, Making::Other)?;
        if let Ok(old) = self.node(&target) {
            match (folder, matches!(old.kind, Kind::Folder)) {
                (true, false) => return Err(Fault::NotFolder),
                (false, true) => return Err(Fault::IsFolder),
                (true, true) if !self.world.files.is_empty(&target) => {
                    return Err(Fault::NotEmpty);
                }
                (true | false, _) => {}
            }
            self.may_remove(&target)?;
            self.world.files.remove(&target)?;
        } else if !folder && to.ends_with(b"/") {
            return Err(Fault::NotFolder);
        }
        self.world.files.rename(&source, &target)?;
        self.touch(parent(&source));
        self.touch(parent(&target));
        Ok((source, target))
    }

    /// Another name for a file.
    pub(crate) fn link(&mut self, from: &[u8], to: &[u8]) -> Result<(), Fault> {
        let source = self.find(from, Last::Keep)?;
        let node = self.node(&source)?;
        let folder = matches!(node.kind, Kind::Folder);
        let fixed = node.has(IMMUTABLE | APPEND_ONLY);
        let target = self.find(to, Last::Keep)?;
        if self.node(&target).is_ok() {
            return Err(Fault::Exists);
        }
        if self.world.files.mount(&source).at != self.world.files.mount(&target).at {
            return Err(Fault::OtherDevice);
        }
        self.may_make(&target, Making::Other)?;
        if folder || fixed {
            return Err(Fault::NotPermitted);
        }
        self.world.files.link(&source, &target, self.now.0)?;
        self.touch(parent(&target));
        Ok(())
    }

    pub(crate) fn symlink(&mut self, to: &[u8], path: &[u8]) -> Result<(), Fault> {
        if to.is_empty() {
            return Err(Fault::Missing);
        }
        let found = self.find(path, Last::Keep)?;
        if self.node(&found).is_ok() {
            return Err(Fault::Exists);
        }
        self.make(&found, Kind::Link(to.to_vec()), 0o777, Making::Other)
    }

    pub(crate) fn readlink(&mut self, path: &[u8]) -> Result<Vec<u8>, Fault> {
        let path = self.find(path, Last::Keep)?;
        match &self.node(&path)?.kind {
            Kind::Link(to) => Ok(to.clone()),
            Kind::Folder
            | Kind::File(_)
            | Kind::Program(_)
            | Kind::Live(_)
            | Kind::Device(..)
            | Kind::Special(_) => Err(Fault::Invalid),
        }
    }

    /// Names in a folder as the file system gives them: in an order that means nothing.
    pub(crate) fn list(&mut self, path: &[u8]) -> Result<(Vec<u8>, Vec<Vec<u8>>), Fault> {
        let path = self.find(path, Last::Follow)?;
        if !matches!(self.node(&path)?.kind, Kind::Folder) {
            return Err(Fault::NotFolder);
        }
        self.may(&path, Access::Read)?;
        let mut names = self.world.files.names(&path);
        self.work += names.len() * 10 * NAME_WORK;
        names.extend([b".".to_vec(), b"..".to_vec()]);
        let seed = self.world.machine.ids[0];
        names.sort_by_cached_key(|name| place(seed, name));
        Ok((path, names))
    }

    /// The same for a resolved path, without `.` and `..`, and with the kinds.
    pub(crate) fn entries(&mut self, path: &[u8]) -> Result<Vec<(Vec<u8>, u32)>, Fault> {
        if !matches!(self.node(path)?.kind, Kind::Folder) {
            return Err(Fault::NotFolder);
        }
        self.may(path, Access::Read)?;
        let seed = self.world.machine.ids[0];
        let mut all = Vec::new();
        self.world.files.each(path, |name, node| {
            all.push((place(seed, name), (name.to_vec(), node.kind_bits())));
        });
        self.work += all.len() * 2 * NAME_WORK;
        all.sort_unstable_by_key(|(place, _)| *place);
        Ok(all.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The path without links, as OpenSSH follows it: part by part, of which the last may be
    /// missing, and where `..` takes away a part whatever that is.
    pub(crate) fn realpath(&mut self, path: &[u8]) -> Result<Vec<u8>, Fault> {
        if path.len() >= PATH_BYTES {
            return Err(Fault::TooLong);
        }
        crate::live::show_processes(self.world, self.me, path);
        let mut here = match path.first() {
            Some(b'/') => Vec::new(),
            _ => self.me.cwd.to_vec(),
        };
        let mut left = path.to_vec();
        let mut links = 0;
        loop {
            let end = left.iter().position(|&b| b == b'/');
            let rest = end.map(|end| left.split_off(end).split_off(1));
            let part = std::mem::replace(&mut left, rest.clone().unwrap_or_default());
            match part.as_slice() {
                b"" | b"." => {}
                b".." => here.truncate(parent(&here).len()),
                name => {
                    if name.len() > NAME_BYTES || here.len() + name.len() >= PATH_BYTES {
                        return Err(Fault::TooLong);
                    }
                    if !matches!(self.node(&here)?.kind, Kind::Folder) {
                        return Err(Fault::NotFolder);
                    }
                    let folder = here.len();
                    here.push(b'/');
                    here.extend_from_slice(name);
                    self.passes(&here)?;
                    match self.node(&here).map(|node| &node.kind) {
                        Ok(Kind::Link(to)) => {
                            links += 1;
                            if links > LINKS {
                                return Err(Fault::Loop);
                            }
                            let tail = rest.as_ref().map(|rest| [b"/", rest.as_slice()].concat());
                            left = [to.as_slice(), &tail.unwrap_or_default()].concat();
                            here.truncate(if to.starts_with(b"/") { 0 } else { folder });
                            continue;
                        }
                        Ok(_) => {}
                        Err(fault) if rest.is_some() => return Err(fault),
                        Err(_) => {}
                    }
                }
            }
            if rest.is_none() {
                return Ok(shown(&here));
            }
        }
    }
}

/// Where a name is in its folder: ext4 sorts by a hash.
fn place(seed: u64, name: &[u8]) -> u64 {
    name.iter().fold(seed, |hash, &b| Dice(hash ^ u64::from(b)).roll()) >> 32
}

//! Which files are searched.
//!
//! **Invariant:** folders are a list of what is left to do; no folder is looked into twice by way
//! of links more often than the kernel follows them.

use super::Run;
use super::settings::Folders;
use crate::commands::text::say;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FILE, FOLDER, KIND_BITS, LINK};

/// Folders in each other.
const DEPTH: usize = 64;

impl Run {
    /// One argument: a file, or a folder and all that is in it.
    pub(super) async fn argument(&mut self, p: &mut Proc, path: &[u8]) {
        // Without a name, what is in the present folder is named as it is there.
        let target: &[u8] = if path.is_empty() { b"." } else { path };
        if path == b"-" {
            self.search(p, path).await;
            return;
        }
        let stat = match p.fs(|process| process.stat(target, Last::Follow)) {
            Ok(stat) => stat,
            Err(why) => {
                self.complain(p, target, why);
                return;
            }
        };
        if !stat.is(FOLDER) {
            if self.wanted(target, Named::Argument) {
                self.search(p, path).await;
            }
            return;
        }
        match self.settings.folders {
            Folders::Read => {
                say(p, [path, b": Is a directory"].concat());
                self.failed = true;
            }
            Folders::Skip => {}
            Folders::Recurse | Folders::RecurseAll => {
                if !self.excluded_folder(target) || path.is_empty() {
                    self.folder(p, path).await;
                }
            }
        }
    }

    pub(super) fn complain(&mut self, p: &mut Proc, path: &[u8], why: Fault) {
        self.failed = true;
        if !self.settings.silent {
            p.complain(path, why.text());
        }
    }

    async fn folder(&mut self, p: &mut Proc, path: &[u8]) {
        let mut left = vec![(path.to_vec(), 0)];
        while let Some((path, depth)) = left.pop() {
            let target: &[u8] = if path.is_empty() { b"." } else { &path };
            let kind =
                p.fs(|process| process.stat(target, Last::Keep)).map(|stat| stat.mode & KIND_BITS);
            let follows = self.settings.folders == Folders::RecurseAll || depth == 0;
            let kind = match kind {
                Ok(LINK) if follows => p
                    .fs(|process| process.stat(target, Last::Follow))
                    .map(|stat| stat.mode & KIND_BITS),
                kind => kind,
            };
            match kind {
                Ok(FOLDER) if depth < DEPTH => {
                    if depth > 0 && self.excluded_folder(&path) {
                        continue;
                    }
                    let names = match p.fs(|process| process.list(target)) {
                        Ok((_, names)) => names,
                        Err(why) => {
                            self.complain(p, target, why);
                            continue;
                        }
                    };
                    let names =
                        names.into_iter().rev().filter(|name| name != b"." && name != b"..");
                    left.extend(names.map(|name| {
                        let path = match path.as_slice() {
                            [] => name,
                            [.., b'/'] => [path.as_slice(), &name].concat(),
                            _ => [path.as_slice(), b"/", &name].concat(),
                        };
                        (path, depth + 1)
                    }));
                }
                Ok(FILE) if self.wanted(&path, Named::Found) => {
                    self.search(p, &path).await;
                    if self.found && self.settings.quiet {
                        return;
                    }
                }
                // Devices are not read where nobody named them.
                Ok(_) => {}
                Err(why) => self.complain(p, &path, why),
            }
            p.tick(100).await;
        }
    }

    /// Whether globs let a file be searched.
    fn wanted(&self, path: &[u8], named: Named) -> bool {
        let base = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
        let globs = &self.settings.globs;
        let hit = globs.iter().rev().find(|(glob, _)| {
            glob.is_match(base) || named == Named::Argument && glob.is_match(path)
        });
        match (hit, globs.first()) {
            (Some((_, include)), _) => *include,
            // Where the first says what to search, nothing else is.
            (None, Some((_, include))) => !include,
            (None, None) => true,
        }
    }

    fn excluded_folder(&self, path: &[u8]) -> bool {
        let base = path.rsplit(|&b| b == b'/').find(|part| !part.is_empty()).unwrap_or(path);
        self.settings.folder_globs.iter().any(|glob| glob.is_match(base) || glob.is_match(path))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Argument,
    Found,
}

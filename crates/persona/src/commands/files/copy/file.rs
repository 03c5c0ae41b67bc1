//! Copies of single files.
//!
//! **Invariant:** what the file system can share is not read.

use super::Copying;
use crate::commands::files::always;
use crate::files::{Fault, Kind, Last, Special};
use crate::kernel::Proc;
use crate::process::{
    BLOCK, DEVICE, Direction, FIFO, KIND_BITS, LINK, Opening, SOCKET, Stat, Times,
};

impl Copying {
    /// Owner, permissions and dates, as far as they are kept.
    pub(super) fn attributes(&mut self, p: &mut Proc, to: &[u8], stat: &Stat) {
        let link = stat.is(LINK);
        if self.keep_owner {
            // Who is not root keeps what he may.
            let owner = (stat.uid, stat.gid);
            let done = p.fs(|process| process.chown(to, owner, Last::Keep));
            if done.is_err() {
                let _ = p.fs(|process| process.chown(to, (u32::MAX, stat.gid), Last::Keep));
            }
        }
        if self.keep_mode && !link {
            let mode = u16::try_from(stat.mode & 0o7777).unwrap_or(0o644);
            if let Err(fault) = p.fs(|process| process.chmod(to, mode, Last::Keep)) {
                self.fail(p, "preserving permissions for", to, fault);
            }
        }
        if self.keep_times {
            let whole = |seconds: i64, ns: u32| {
                Some(seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(ns)))
            };
            let times = Times::To {
                accessed: whole(stat.accessed, stat.accessed_ns),
                changed: whole(stat.changed, stat.changed_ns),
            };
            if let Err(fault) = p.fs(|process| process.set_times(to, times, Last::Keep)) {
                self.fail(p, "preserving times for", to, fault);
            }
        }
    }

    /// Makes the copy of what is no folder. Whether that went well.
    pub(super) async fn make(
        &mut self,
        p: &mut Proc,
        from: &[u8],
        to: &[u8],
        stat: &Stat,
        last: Last,
    ) -> bool {
        if self.soft {
            let done = p.fs(|process| process.symlink(from, to));
            if let Err(fault) = done {
                self.fail(p, "cannot create symbolic link", to, fault);
            }
            return false;
        }
        if self.hard {
            if let Err(fault) = p.fs(|process| process.link(from, to)) {
                let (to, from) = (always(p, to), always(p, from));
                let what = [&to, &b" to "[..], &from].concat();
                p.cannot_raw("cannot create hard link", &what, fault);
                self.failed = true;
            }
            return false;
        }
        let kind = match stat.mode & KIND_BITS {
            LINK => {
                let done = p.fs(|process| {
                    let there = process.readlink(from)?;
                    process.symlink(&there, to)
                });
                if let Err(fault) = done {
                    self.fail(p, "cannot create symbolic link", to, fault);
                }
                return !self.failed;
            }
            DEVICE if self.recursive => Kind::Device(stat.numbers.0, stat.numbers.1),
            BLOCK if self.recursive => {
                Kind::Special(Special::Block(stat.numbers.0, stat.numbers.1))
            }
            FIFO if self.recursive => Kind::Special(Special::Fifo),
            SOCKET if self.recursive => Kind::Special(Special::Socket),
            _ => return self.file(p, from, to, stat, last).await,
        };
        let mode = u16::try_from(stat.mode & 0o777).unwrap_or(0o644);
        if let Err(fault) = p.fs(|process| process.mknod(to, kind, mode)) {
            self.fail(p, "cannot create special file", to, fault);
            return false;
        }
        true
    }

    async fn file(
        &mut self,
        p: &mut Proc,
        from: &[u8],
        to: &[u8],
        stat: &Stat,
        last: Last,
    ) -> bool {
        let opened = p.fs(|process| process.open(from, Direction::Read, Opening::default()));
        if let Err(fault) = opened {
            let shown = always(p, from);
            let what = [shown.as_slice(), b" for reading"].concat();
            p.cannot_raw("cannot open", &what, fault);
            self.failed = true;
            return false;
        }
        let mode = u16::try_from(stat.mode & 0o777).unwrap_or(0o644);
        let opening =
            Opening { create: Some(mode), exclusive: false, truncate: !self.attributes_only };
        let mut made = p.fs(|process| process.open(to, Direction::Write, opening));
        if self.force && made.is_err() && p.stat(to, Last::Keep).is_ok() {
            made = p.fs(|process| {
                process.unlink(to)?;
                process.open(to, Direction::Write, opening)
            });
        }
        if let Err(fault) = made {
            let fault = if to.ends_with(b"/") && fault == Fault::IsFolder {
                Fault::NotFolder
            } else {
                fault
            };
            self.fail(p, "cannot create regular file", to, fault);
            return false;
        }
        if self.attributes_only {
            return true;
        }
        let shared = p.fs(|process| {
            let from = process.find(from, last)?;
            let to = process.find(to, Last::Follow)?;
            process.copy(&from, &to)
        });
        match shared {
            Ok(true) => return true,
            Ok(false) => {}
            Err(fault) => {
                self.fail(p, "error writing", to, fault);
                return false;
            }
        }
        match pour(p, from, to).await {
            Ok(()) => true,
            Err((true, fault)) => {
                self.fail(p, "error reading", from, fault);
                false
            }
            Err((false, fault)) => {
                self.fail(p, "error writing", to, fault);
                false
            }
        }
    }
}

/// Reads one and writes the other. An error says whether it was in reading.
async fn pour(p: &mut Proc, from: &[u8], to: &[u8]) -> Result<(), (bool, Fault)> {
    let read = |fault| (true, fault);
    let open = p.open(from, Direction::Read, Opening::default(), false).map_err(read)?;
    let source = p.add(open, 3);
    let open = p.open(to, Direction::Write, Opening::default(), false);
    let open = match open {
        Ok(open) => open,
        Err(fault) => {
            p.fds.remove(&source);
            return Err((false, fault));
        }
    };
    let sink = p.add(open, 3);
    let done = loop {
        match p.read(source, 65_536).await {
            Err(fault) => break Err((true, fault)),
            Ok(bytes) if bytes.is_empty() => break Ok(()),
            Ok(bytes) => {
                if let Err(fault) = p.write(sink, &bytes).await {
                    break Err((false, fault));
                }
            }
        }
    };
    p.fds.remove(&source);
    p.fds.remove(&sink);
    done
}

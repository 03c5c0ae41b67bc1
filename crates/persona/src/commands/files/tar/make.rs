//! Making archives.
//!
//! **Invariant:** a folder comes before what is in it.

use super::header::{BLOCK, Member};
use super::options::Packed;
use super::stream::Sink;
use super::{Doing, Run};
use crate::commands::files::join;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{
    BLOCK as DISK, DEVICE, Direction, FIFO, FOLDER, KIND_BITS, LINK, Opening, SOCKET, Stat,
};
use std::collections::BTreeMap;

/// Files with several names that are remembered.
const LINKED: usize = 10_000;

impl Run {
    pub(super) async fn create(&mut self, p: &mut Proc) -> Result<(), ()> {
        let (fd, start) = self.open_sink(p)?;
        match self.asked.packed {
            Packed::Bzip2 | Packed::Xz => {
                let name = if self.asked.packed == Packed::Xz { "xz" } else { "bzip2" };
                p.error(format!("tar (child): {name}: Cannot exec: No such file or directory"));
                p.error("tar (child): Error is not recoverable: exiting now");
                p.say(&[b"Child returned status 2"]);
                return Err(());
            }
            Packed::Any | Packed::Gzip => {}
        }
        let mut sink = Sink::new(fd, self.asked.packed == Packed::Gzip);
        sink.written = start;
        if let Some(folder) = self.asked.folder.clone() {
            match p.fs(|process| {
                let found = process.find(&folder, Last::Follow)?;
                process.entries(&found).map(|_| found)
            }) {
                Ok(found) => p.cwd = found,
                Err(fault) => {
                    p.say(&[&folder, b": Cannot open: ", fault.text().as_bytes()]);
                    return Err(());
                }
            }
        }
        let mut linked = BTreeMap::new();
        for name in self.asked.members.clone() {
            if self.tree(p, name, &mut sink, &mut linked).await.is_err() {
                let file = self.asked.file.clone();
                p.say(&[&file, b": Wrote only 0 of 10240 bytes"]);
                return Err(());
            }
        }
        if let Err(fault) = sink.finish(p).await {
            let file = self.asked.file.clone();
            p.say(&[&file, b": Cannot write: ", fault.text().as_bytes()]);
            return Err(());
        }
        Ok(())
    }

    /// Where the archive is written, and how long it is already.
    fn open_sink(&mut self, p: &mut Proc) -> Result<(u32, u64), ()> {
        let file = self.asked.file.clone();
        if file == b"-" {
            if p.is_terminal(1) {
                p.say(&[b"Refusing to write archive contents to terminal (missing -f option?)"]);
                return Err(());
            }
            return Ok((1, 0));
        }
        let append = self.asked.doing == Doing::Append;
        let opening = Opening { create: Some(0o666), truncate: !append, exclusive: false };
        match p.open(&file, Direction::Write, opening, false) {
            Ok(open) => {
                let mut start = 0;
                if append {
                    start = self.end_of(p, &file);
                    open.seek(start);
                }
                Ok((p.add(open, 3), start))
            }
            Err(fault) => {
                let packed = self.asked.packed == Packed::Gzip;
                let child = if packed { " (child)" } else { "" };
                let text = fault.text();
                let name = String::from_utf8_lossy(&file).into_owned();
                p.error(format!("tar{child}: {name}: Cannot open: {text}"));
                if packed {
                    p.error("tar (child): Error is not recoverable: exiting now");
                    p.say(&[b"Child returned status 2"]);
                }
                Err(())
            }
        }
    }

    /// Where the last member of an archive ends.
    fn end_of(&self, p: &Proc, file: &[u8]) -> u64 {
        p.fs(|process| {
            let Ok(opened) = process.open(file, Direction::Read, Opening::default()) else {
                return 0;
            };
            let mut at = 0_u64;
            loop {
                let mut block = Vec::new();
                if process.read(&opened, at, BLOCK, &mut block).is_err() {
                    return at;
                }
                let Some(member) = Member::read(&block) else { return at };
                let size = if member.kind == b'1' { 0 } else { member.size };
                let next = size.next_multiple_of(512);
                at = at.saturating_add(512).saturating_add(next);
                process.work += 1_000;
            }
        })
    }

    async fn tree(
        &mut self,
        p: &mut Proc,
        name: Vec<u8>,
        sink: &mut Sink,
        linked: &mut BTreeMap<(u64, u64), Vec<u8>>,
    ) -> Result<(), Fault> {
        let last = if self.asked.follow { Last::Follow } else { Last::Keep };
        let device = p.stat(&name, last).map_or(0, |stat| stat.device);
        let mut todo = vec![name];
        let mut gone = Vec::new();
        while let Some(path) = todo.pop() {
            p.tick(200).await;
            if self.is_excluded(&path) {
                continue;
            }
            let _ = self.stripped(p, &path, "member names");
            let stat = match p.stat(&path, last) {
                Ok(stat) => stat,
                Err(fault) => {
                    self.fail(p, &path, "Cannot stat", fault);
                    continue;
                }
            };
            if stat.is(SOCKET) {
                p.say(&[&path, b": socket ignored"]);
                continue;
            }
            if self.asked.one_system && stat.device != device {
                let text = b": file is on a different filesystem; not dumped";
                p.say(&[&path, text]);
                continue;
            }
            if stat.is(FOLDER) && !self.asked.flat {
                let names = p.fs(|process| {
                    let found = process.find(&path, Last::Follow)?;
                    process.entries(&found)
                });
                match names {
                    Ok(names) => {
                        todo.extend(names.iter().rev().map(|(name, _)| join(&path, name)));
                    }
                    Err(fault) => {
                        self.fail(p, &path, "Cannot open", fault);
                        continue;
                    }
                }
            }
            self.member(p, &path, &stat, sink, linked).await?;
            if self.asked.remove {
                gone.push((path, stat.is(FOLDER)));
            }
            p.flush_some().await;
        }
        for (path, folder) in gone.into_iter().rev() {
            let _ = p.fs(|process| {
                if folder { process.rmdir(&path) } else { process.unlink(&path).map(drop) }
            });
        }
        Ok(())
    }

    async fn member(
        &mut self,
        p: &mut Proc,
        path: &[u8],
        stat: &Stat,
        sink: &mut Sink,
        linked: &mut BTreeMap<(u64, u64), Vec<u8>>,
    ) -> Result<(), Fault> {
        let mut name = self.stripped(p, path, "member names");
        if stat.is(FOLDER) && !name.ends_with(b"/") {
            name.push(b'/');
        }
        let mut member = Member {
            name: name.clone(),
            mode: u16::try_from(stat.mode & 0o7777).unwrap_or(0o644),
            uid: stat.uid,
            gid: stat.gid,
            size: 0,
            changed: stat.changed,
            kind: match stat.mode & KIND_BITS {
                FOLDER => b'5',
                LINK => b'2',
                DEVICE => b'3',
                DISK => b'4',
                FIFO => b'6',
                _ => b'0',
            },
            link: Vec::new(),
            user: self.names.users.get(&stat.uid).cloned().unwrap_or_default(),
            group: self.names.groups.get(&stat.gid).cloned().unwrap_or_default(),
            numbers: stat.numbers,
        };
        if stat.is(LINK) {
            member.link = p.fs(|process| process.readlink(path)).unwrap_or_default();
        } else if member.kind == b'0' {
            if stat.links > 1
                && let Some(first) = linked.get(&(stat.device, stat.inode)).cloned()
            {
                member.kind = b'1';
                member.link = self.stripped(p, &first, "hard link targets");
            } else {
                member.size = stat.size;
                if stat.links > 1 && linked.len() < LINKED {
                    linked.insert((stat.device, stat.inode), name.clone());
                }
            }
        }
        let mut opened = None;
        if member.kind == b'0' {
            match p.fs(|process| process.open(path, Direction::Read, Opening::default())) {
                Ok(file) => opened = Some(file),
                Err(fault) => {
                    self.fail(p, path, "Cannot open", fault);
                    return Ok(());
                }
            }
        }
        self.show(p, &member, &name);
        sink.put(p, &member.write()).await?;
        let Some(opened) = opened else { return Ok(()) };
        let mut at = 0;
        while at < member.size {
            let length = usize::try_from((member.size - at).min(32_768)).unwrap_or(0);
            let mut bytes = Vec::new();
            let _ = p.fs(|process| process.read(&opened, at, length, &mut bytes));
            bytes.resize(length, 0);
            at += length as u64;
            sink.put(p, &bytes).await?;
        }
        let rest = usize::try_from(member.size.next_multiple_of(512) - member.size).unwrap_or(0);
        sink.put(p, &vec![0; rest]).await
    }

    /// The name, where it was asked for: on standard error if the archive is on standard output.
    fn show(&self, p: &mut Proc, member: &Member, name: &[u8]) {
        let fd = if self.asked.file == b"-" { 2 } else { 1 };
        let line = match self.asked.verbose {
            0 => return,
            1 => super::extract::shown(p, name),
            _ => self.long(p, member, name),
        };
        p.put(fd, &line);
        p.put(fd, b"\n");
    }
}

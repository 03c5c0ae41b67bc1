//! Listing archives and taking files out of them.
//!
//! **Invariant:** nothing is written outside the folder in which it is asked for, unless that is
//! asked for.

use super::header::{BLOCK, Member, pax};
use super::stream::{Source, Trouble};
use super::{Doing, Run};
use crate::commands::files::{folder_of, glob, quote, when};
use crate::files::{Fault, Kind, Last, Special};
use crate::kernel::Proc;
use crate::process::{Direction, FOLDER, Opening, Times, mode_text};

/// Bytes of a long name or of a pax header.
const LONG: u64 = 64 << 10;

/// A name as it is shown.
pub(super) fn shown(p: &Proc, name: &[u8]) -> Vec<u8> {
    quote::escaped(name, b"", quote::utf8(p))
}

/// How an archive ended.
enum End {
    Well,
    NoArchive,
    Cut,
}

impl Run {
    pub(super) async fn extract(&mut self, p: &mut Proc) -> Result<(), ()> {
        let file = self.asked.file.clone();
        let fd = if file == b"-" {
            if p.is_terminal(0) {
                p.say(&[b"Refusing to read archive contents from terminal (missing -f option?)"]);
                return Err(());
            }
            0
        } else {
            match p.open(&file, Direction::Read, Opening::default(), false) {
                Ok(open) => {
                    if open.path().is_some_and(|path| p.is_folder(&path)) {
                        p.say(&[&file, b": Cannot read: Is a directory"]);
                        p.say(&[b"At beginning of tape, quitting now"]);
                        return Err(());
                    }
                    p.add(open, 3)
                }
                Err(fault) => {
                    let child = self.asked.packed != super::options::Packed::Any;
                    let lead = if child { "tar (child)" } else { "tar" };
                    let name = String::from_utf8_lossy(&file).into_owned();
                    p.error(format!("{lead}: {name}: Cannot open: {}", fault.text()));
                    if child {
                        p.error("tar (child): Error is not recoverable: exiting now");
                        p.say(&[b"Child returned status 2"]);
                    }
                    return Err(());
                }
            }
        };
        if self.asked.doing == Doing::Extract
            && let Some(folder) = self.asked.folder.clone()
        {
            let found = p.fs(|process| {
                let found = process.find(&folder, Last::Follow)?;
                process.entries(&found).map(|_| found)
            });
            match found {
                Ok(found) => p.cwd = found,
                Err(fault) => {
                    p.say(&[&folder, b": Cannot open: ", fault.text().as_bytes()]);
                    return Err(());
                }
            }
        }
        let mut source = Source::new(fd, self.asked.packed);
        let mut unused: Vec<Vec<u8>> = self.asked.members.clone();
        let mut folders = Vec::new();
        let end = self.members(p, &mut source, &mut unused, &mut folders).await;
        // Dates of folders are set once nothing is put into them any more.
        for (path, changed) in folders.into_iter().rev() {
            let at = Some(i64::saturating_mul(changed, 1_000_000_000));
            let times = Times::To { accessed: None, changed: at };
            let _ = p.fs(|process| process.set_times(&path, times, Last::Keep));
        }
        if let Some(trouble) = source.trouble {
            return self.trouble(p, trouble);
        }
        match end {
            End::Well => {}
            End::NoArchive => {
                p.say(&[b"This does not look like a tar archive"]);
                self.failed = true;
            }
            End::Cut => {
                p.say(&[b"Unexpected EOF in archive"]);
                return Err(());
            }
        }
        for name in unused {
            p.say(&[&name, b": Not found in archive"]);
            self.failed = true;
        }
        Ok(())
    }

    fn trouble(&mut self, p: &mut Proc, trouble: Trouble) -> Result<(), ()> {
        use crate::commands::files::packed::Wrong;
        match trouble {
            Trouble::Read(fault) => {
                let file = self.asked.file.clone();
                p.say(&[&file, b": Cannot read: ", fault.text().as_bytes()]);
            }
            Trouble::Wrong(wrong) => {
                let text = match wrong {
                    Wrong::NotPacked => "not in gzip format",
                    Wrong::Data => "invalid compressed data--format violated",
                    Wrong::Crc => "invalid compressed data--crc error",
                    Wrong::End => "unexpected end of file",
                };
                p.error(format!("\ngzip: stdin: {text}"));
                if wrong == Wrong::End {
                    p.say(&[b"Unexpected EOF in archive"]);
                }
                p.say(&[b"Child returned status 1"]);
            }
            Trouble::Bzip2 | Trouble::Xz => {
                let name = if trouble == Trouble::Xz { "xz" } else { "bzip2" };
                p.error(format!("tar (child): {name}: Cannot exec: No such file or directory"));
                p.error("tar (child): Error is not recoverable: exiting now");
                p.say(&[b"Child returned status 2"]);
            }
        }
        Err(())
    }

    async fn members(
        &mut self,
        p: &mut Proc,
        source: &mut Source,
        unused: &mut Vec<Vec<u8>>,
        folders: &mut Vec<(Vec<u8>, i64)>,
    ) -> End {
        let mut first = true;
        let mut long: (Option<Vec<u8>>, Option<Vec<u8>>) = (None, None);
        let mut extended: Option<Vec<u8>> = None;
        loop {
            let block = source.take(p, BLOCK).await;
            if source.trouble.is_some() {
                return End::Cut;
            }
            if block.len() < BLOCK {
                return match (first, block.is_empty()) {
                    (true, _) => End::NoArchive,
                    (false, true) => End::Well,
                    (false, false) => End::Cut,
                };
            }
            if block.iter().all(|b| *b == 0) {
                return End::Well;
            }
            let Some(mut member) = Member::read(&block) else {
                if first {
                    return End::NoArchive;
                }
                p.say(&[b"Skipping to next header"]);
                self.failed = true;
                continue;
            };
            first = false;
            match member.kind {
                b'L' | b'K' | b'x' | b'g' => {
                    let size = member.size.min(LONG);
                    let padded = usize::try_from(member.size.next_multiple_of(512)).unwrap_or(0);
                    let mut text = self.skip(p, source, padded, size).await;
                    match member.kind {
                        b'x' => extended = Some(text),
                        b'g' => {}
                        kind => {
                            while text.last() == Some(&0) {
                                text.pop();
                            }
                            if kind == b'L' { long.0 = Some(text) } else { long.1 = Some(text) }
                        }
                    }
                    continue;
                }
                _ => {}
            }
            if let Some(name) = long.0.take() {
                member.name = name;
            }
            if let Some(link) = long.1.take() {
                member.link = link;
            }
            if let Some(text) = extended.take() {
                pax(&text, &mut member);
            }
            if !self.one(p, source, &member, unused, folders).await {
                return End::Cut;
            }
            p.flush_some().await;
        }
    }

    /// Reads so many bytes; the first ones of them.
    async fn skip(&self, p: &mut Proc, source: &mut Source, mut left: usize, keep: u64) -> Vec<u8> {
        let keep = usize::try_from(keep).unwrap_or(0);
        let mut kept = Vec::new();
        while left > 0 {
            let bytes = source.take(p, left.min(32_768)).await;
            if bytes.is_empty() {
                break;
            }
            left -= bytes.len();
            let room = keep.saturating_sub(kept.len());
            kept.extend(bytes.into_iter().take(room));
        }
        kept
    }

    fn is_wanted(&self, name: &[u8], unused: &mut Vec<Vec<u8>>) -> bool {
        if self.asked.members.is_empty() {
            return true;
        }
        let plain = name.strip_suffix(b"/").unwrap_or(name);
        let fits = |member: &Vec<u8>| {
            let member = member.strip_suffix(b"/").unwrap_or(member);
            let below = plain
                .strip_prefix(member)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
            below || self.asked.wildcards && glob::matches(member, plain)
        };
        unused.retain(|member| !fits(member));
        self.asked.members.iter().any(fits)
    }

    /// One member. `false` where the archive ended in it.
    async fn one(
        &mut self,
        p: &mut Proc,
        source: &mut Source,
        member: &Member,
        unused: &mut Vec<Vec<u8>>,
        folders: &mut Vec<(Vec<u8>, i64)>,
    ) -> bool {
        let has_bytes = matches!(member.kind, b'0' | b'7' | b'S');
        let size = if has_bytes { member.size } else { 0 };
        let padded = size.next_multiple_of(512);
        let wanted = self.is_wanted(&member.name, unused) && !self.is_excluded(&member.name);
        let mut path = self.strip(&member.name);
        let listing = self.asked.doing == Doing::List;
        let told = listing || self.asked.verbose > 0 && path.is_some();
        if wanted && told {
            let long = self.asked.verbose > usize::from(!listing);
            let line =
                if long { self.long(p, member, &member.name) } else { shown(p, &member.name) };
            let fd = if self.asked.to_stdout { 2 } else { 1 };
            p.put(fd, &line);
            p.put(fd, b"\n");
        }
        if !wanted || listing {
            path = None;
        }
        let mut opened = None;
        if let Some(path) = &path {
            if self.asked.to_stdout {
                // Only the bytes go anywhere.
            } else {
                let path = self.stripped(p, path, "member names");
                opened = self.make(p, member, &path, folders).await;
            }
        }
        let to_stdout = path.is_some() && self.asked.to_stdout && has_bytes;
        let mut at = 0_u64;
        while at < padded {
            let most = usize::try_from((padded - at).min(32_768)).unwrap_or(0);
            let bytes = source.take(p, most).await;
            if bytes.is_empty() {
                return false;
            }
            let left = usize::try_from(size.saturating_sub(at)).unwrap_or(usize::MAX);
            let body = bytes.get(..left.min(bytes.len())).unwrap_or_default();
            if let Some(file) = &mut opened
                && let Err(fault) = p.fs(|process| process.write(file, at, body).map(drop))
            {
                let shown = member.name.clone();
                self.fail(p, &shown, "Cannot write", fault);
                opened = None;
            }
            if to_stdout {
                p.print(body);
                p.flush().await;
            }
            at += bytes.len() as u64;
            p.tick(bytes.len() / 4).await;
        }
        if let Some(path) = path
            && !self.asked.to_stdout
        {
            let path = self.stripped(p, &path, "member names");
            self.finish(p, member, &path);
        }
        true
    }

    /// The name without its first parts; `None` where nothing is left.
    fn strip(&self, name: &[u8]) -> Option<Vec<u8>> {
        if self.asked.strip == 0 {
            return Some(name.to_vec());
        }
        let parts: Vec<&[u8]> = crate::files::parts(name).skip(self.asked.strip).collect();
        (!parts.is_empty()).then(|| parts.join(&b'/'))
    }

    /// Makes what a member is. Says what was opened, if it is a file.
    async fn make(
        &mut self,
        p: &mut Proc,
        member: &Member,
        path: &[u8],
        folders: &mut Vec<(Vec<u8>, i64)>,
    ) -> Option<crate::process::Opened> {
        let mode = member.mode & if self.asked.keep_mode { 0o7777 } else { 0o777 & !p.umask };
        let old = p.stat(path, Last::Keep);
        if member.kind == b'5' {
            let there = p.stat(path, Last::Follow).is_ok_and(|stat| stat.is(FOLDER));
            if !there
                && let Err((_, fault)) =
                    crate::commands::files::folders::parents(p, path, Some(mode | 0o700), false)
                        .await
            {
                self.fail(p, &member.name.clone(), "Cannot mkdir", fault);
                return None;
            }
            folders.push((path.to_vec(), member.changed));
            return None;
        }
        if let Ok(old) = old {
            if self.asked.keep_old {
                self.fail(p, &member.name.clone(), "Cannot open", Fault::Exists);
                return None;
            }
            let gone = if old.is(FOLDER) {
                p.fs(|process| process.rmdir(path))
            } else {
                p.fs(|process| process.unlink(path).map(drop))
            };
            if let Err(fault) = gone {
                self.fail(p, &member.name.clone(), "Cannot open", fault);
                return None;
            }
        } else if path.contains(&b'/') {
            let above = folder_of(path).to_vec();
            let _ = crate::commands::files::folders::parents(p, &above, None, false).await;
        }
        let made = match member.kind {
            b'2' => p.fs(|process| process.symlink(&member.link, path)).map_err(|fault| {
                (format!("Cannot create symlink to '{}'", text(&member.link)), fault)
            }),
            b'1' => {
                let to = self.stripped(p, &member.link, "hard link targets");
                p.fs(|process| process.link(&to, path)).map_err(|fault| {
                    (format!("Cannot hard link to '{}'", text(&member.link)), fault)
                })
            }
            b'3' | b'4' | b'6' => {
                let (major, minor) = member.numbers;
                let kind = match member.kind {
                    b'3' => Kind::Device(major, minor),
                    b'4' => Kind::Special(Special::Block(major, minor)),
                    _ => Kind::Special(Special::Fifo),
                };
                let made = p.fs(|process| process.mknod(path, kind, mode & 0o777));
                made.map_err(|fault| ("Cannot mknod".to_owned(), fault))
            }
            _ => {
                let opening = Opening { create: Some(mode), truncate: true, exclusive: false };
                match p.fs(|process| process.open(path, Direction::Write, opening)) {
                    Ok(opened) => return Some(opened),
                    Err(fault) => Err(("Cannot open".to_owned(), fault)),
                }
            }
        };
        if let Err((why, fault)) = made {
            self.fail(p, &member.name.clone(), &why, fault);
        }
        None
    }

    /// Owner, permissions and date of what was made.
    fn finish(&mut self, p: &mut Proc, member: &Member, path: &[u8]) {
        if member.kind == b'1' {
            return;
        }
        let link = member.kind == b'2';
        if self.asked.keep_owner {
            let id = |found: Option<u32>, number: u32| {
                if self.asked.numeric { number } else { found.unwrap_or(number) }
            };
            let user = if member.user.is_empty() { None } else { self.names.uid(&member.user) };
            let group = if member.group.is_empty() { None } else { self.names.gid(&member.group) };
            let owner = (id(user, member.uid), id(group, member.gid));
            let _ = p.fs(|process| process.chown(path, owner, Last::Keep));
        }
        if !link {
            let mode = member.mode & if self.asked.keep_mode { 0o7777 } else { 0o777 & !p.umask };
            let _ = p.fs(|process| process.chmod(path, mode, Last::Keep));
        }
        if !self.asked.touch {
            let at = Some(member.changed.saturating_mul(1_000_000_000));
            let times = Times::To { accessed: None, changed: at };
            let _ = p.fs(|process| process.set_times(path, times, Last::Keep));
        }
    }

    /// A line of `-tv`.
    pub(super) fn long(&self, p: &Proc, member: &Member, name: &[u8]) -> Vec<u8> {
        let kind = match member.kind {
            b'1' => 'h',
            b'2' => 'l',
            b'3' => 'c',
            b'4' => 'b',
            b'5' => 'd',
            b'6' => 'p',
            _ => '-',
        };
        let owner = |name: &[u8], id: u32| {
            if name.is_empty() || self.asked.numeric { id.to_string() } else { text(name) }
        };
        let (user, group) = (owner(&member.user, member.uid), owner(&member.group, member.gid));
        let size = match member.kind {
            b'3' | b'4' => format!("{},{}", member.numbers.0, member.numbers.1),
            _ => member.size.to_string(),
        };
        let used = user.len() + group.len() + size.len() + 1;
        let wide = 18_usize.saturating_sub(used) + size.len();
        let date = when::format(b"%Y-%m-%d %H:%M", i128::from(member.changed) * 1_000_000_000);
        let mut line = format!(
            "{kind}{} {user}/{group} {size:>wide$} {} ",
            mode_text(member.mode),
            text(&date)
        )
        .into_bytes();
        line.extend(shown(p, name));
        match member.kind {
            b'2' => line.extend([b" -> ", shown(p, &member.link).as_slice()].concat()),
            b'1' => line.extend([b" link to ", shown(p, &member.link).as_slice()].concat()),
            _ => {}
        }
        line
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

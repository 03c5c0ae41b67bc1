//! `ls`, `dir`, `vdir`.
//!
//! **Invariant:** what is shown of a file is what `stat` says of it.

mod color;
mod line;
mod order;
mod settings;

use super::{Names, quote};
use crate::commands::Program;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FOLDER, LINK, Stat};
pub(super) use line::permissions;
use settings::{Follow, Hidden, Settings, Shape};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("ls", |p| Box::pin(ls(p)), 151_344, super::BUILT),
    Program::new("dir", |p| Box::pin(ls(p)), 151_344, super::BUILT),
    Program::new("vdir", |p| Box::pin(ls(p)), 151_344, super::BUILT),
    Program::new("dircolors", |p| Box::pin(color::dircolors(p)), 52_144, super::BUILT),
];

/// A name that is shown.
struct Entry {
    name: Vec<u8>,
    /// As it is looked for: with the folder.
    path: Vec<u8>,
    /// `None` where it could not be asked for.
    stat: Option<Stat>,
    /// Of a link: where it goes, and what is there.
    target: Option<(Vec<u8>, Option<Stat>)>,
}

/// One run.
struct Run {
    settings: Settings,
    names: Names,
    status: u32,
    /// Something was printed: a blank line goes before the next folder.
    printed: bool,
    colored: bool,
}

/// Folders that wait to be shown.
const FOLDERS: usize = 100_000;

async fn ls(p: &mut Proc) -> u32 {
    let (settings, given) = match settings::read(p) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let names = Names::read(p);
    let mut run = Run { settings, names, status: 0, printed: false, colored: false };
    let given = if given.is_empty() { vec![b".".to_vec()] } else { given };
    let many = given.len() > 1 || run.settings.recursive;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for name in given {
        p.tick(name.len() + 50).await;
        let Some(entry) = run.given(p, &name) else { continue };
        let is_folder = entry.stat.is_some_and(|stat| stat.is(FOLDER));
        if is_folder && !run.settings.itself { folders.push(entry) } else { files.push(entry) }
    }
    order::sort(&mut files, &run.settings);
    order::sort(&mut folders, &run.settings);
    if !files.is_empty() {
        run.show(p, &files).await;
        run.printed = true;
    }
    let mut waiting: Vec<(Vec<u8>, bool)> =
        folders.into_iter().rev().map(|folder| (folder.name, true)).collect();
    while let Some((folder, was_given)) = waiting.pop() {
        let below = run.folder(p, &folder, was_given, many).await;
        if waiting.len() + below.len() < FOLDERS {
            waiting.extend(below.into_iter().rev().map(|folder| (folder, false)));
        }
        p.flush_some().await;
    }
    run.status
}

impl Run {
    fn failed(&mut self, was_given: bool) {
        self.status = self.status.max(if was_given { 2 } else { 1 });
    }

    /// What was named on the command line.
    fn given(&mut self, p: &mut Proc, name: &[u8]) -> Option<Entry> {
        let keep = p.stat(name, Last::Keep);
        let follows = match self.settings.follow {
            Follow::Always | Follow::Given => true,
            Follow::Folders => true,
            Follow::Never => false,
        };
        let is_link = keep.is_ok_and(|stat| stat.is(LINK));
        let stat = if is_link && follows { p.stat(name, Last::Follow) } else { keep };
        let folders_only = self.settings.follow == Follow::Folders;
        let stat = match (stat, keep) {
            (Ok(there), Ok(link)) if is_link && folders_only && !there.is(FOLDER) => Ok(link),
            // Of a link to nowhere, the link is shown.
            (Err(Fault::Missing), Ok(link)) if is_link => Ok(link),
            (stat, _) => stat,
        };
        match stat {
            Ok(stat) => Some(self.entry(p, name.to_vec(), name.to_vec(), stat)),
            Err(fault) => {
                p.cannot("cannot access", name, fault);
                self.failed(true);
                None
            }
        }
    }

    fn entry(&self, p: &Proc, name: Vec<u8>, path: Vec<u8>, stat: Stat) -> Entry {
        let wanted = self.settings.long() || self.settings.color.is_some();
        let target = (stat.is(LINK) && wanted).then(|| {
            let to = p.fs(|process| process.readlink(&path)).unwrap_or_default();
            (to, p.stat(&path, Last::Follow).ok())
        });
        Entry { name, path, stat: Some(stat), target }
    }

    /// Shows a folder; says which below it are to be shown too.
    async fn folder(
        &mut self,
        p: &mut Proc,
        folder: &[u8],
        was_given: bool,
        many: bool,
    ) -> Vec<Vec<u8>> {
        let list = match p.fs(|process| process.list(folder)) {
            Ok((_, list)) => list,
            Err(fault) => {
                p.cannot("cannot open directory", folder, fault);
                self.failed(was_given);
                return Vec::new();
            }
        };
        if many {
            let gap: &[u8] = if self.printed { b"\n" } else { b"" };
            let title = self.settings.title(folder);
            p.print([gap, &title, b":\n"].concat());
        }
        self.printed = true;
        let mut entries = Vec::new();
        for name in list {
            let dots = name == b"." || name == b"..";
            let shown = match self.settings.hidden {
                Hidden::Shown => true,
                Hidden::ButDots => !dots,
                Hidden::No => !name.starts_with(b"."),
            };
            if !shown || self.settings.is_ignored(&name) {
                continue;
            }
            p.tick(60).await;
            let path = super::join(folder, &name);
            let keep = p.stat(&path, Last::Keep);
            let is_link = keep.is_ok_and(|stat| stat.is(LINK));
            let stat = match self.settings.follow {
                Follow::Always if is_link => p.stat(&path, Last::Follow),
                Follow::Always | Follow::Given | Follow::Folders | Follow::Never => keep,
            };
            match stat {
                Ok(stat) => entries.push(self.entry(p, name, path, stat)),
                Err(fault) => {
                    p.cannot("cannot access", &path, fault);
                    self.failed(false);
                    entries.push(Entry { name, path, stat: None, target: None });
                }
            }
        }
        order::sort(&mut entries, &self.settings);
        if self.settings.long() || self.settings.blocks {
            let blocks: u64 = entries.iter().filter_map(|e| e.stat).map(|stat| stat.blocks).sum();
            let total = self.settings.block_text(blocks);
            p.print(format!("total {total}"));
            p.print([self.settings.end()]);
        }
        self.show(p, &entries).await;
        if !self.settings.recursive {
            return Vec::new();
        }
        let is_below = |entry: &&Entry| {
            let dots = entry.name == b"." || entry.name == b"..";
            !dots && entry.stat.is_some_and(|stat| stat.is(FOLDER))
        };
        entries.iter().filter(is_below).map(|entry| entry.path.clone()).collect()
    }

    async fn show(&mut self, p: &mut Proc, entries: &[Entry]) {
        match self.settings.shape {
            Shape::Long => self.long(p, entries).await,
            Shape::One => {
                let wide = self.widths(entries);
                for entry in entries {
                    let line = self.short(entry, &wide);
                    p.print(line);
                    p.print([self.settings.end()]);
                    p.flush_some().await;
                }
            }
            Shape::Columns | Shape::Rows => {
                let columns = self.columns(entries);
                p.tick(columns.len()).await;
                p.print(columns);
            }
            Shape::Commas => {
                let commas = self.commas(entries);
                p.print(commas);
            }
        }
    }
}

/// What is wrong with an option's argument, and which would be right.
fn invalid(p: &mut Proc, option: &str, given: &[u8], valid: &[&str]) {
    let (given, option) = (quote(p, given), quote(p, option.as_bytes()));
    p.say(&[b"invalid argument ", &given, b" for ", &option]);
    p.error("Valid arguments are:");
    for line in valid {
        let words: Vec<Vec<u8>> = line.split(' ').map(|word| quote(p, word.as_bytes())).collect();
        p.error([b"  - ", words.join(&b", "[..]).as_slice()].concat());
    }
    p.try_help();
}

/// A width or size that is none.
fn invalid_number(p: &mut Proc, what: &str, given: &[u8]) {
    let given = quote(p, given);
    p.say(&[b"invalid ", what.as_bytes(), b": ", &given]);
}

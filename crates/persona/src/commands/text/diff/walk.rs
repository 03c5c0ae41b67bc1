//! Folders, compared by names.
//!
//! **Invariant:** what is left to compare is a list, not a recursion.

use super::{Diff, Style, TROUBLE};
use crate::files::Last;
use crate::kernel::Proc;
use crate::process::{FILE, FOLDER};
use std::collections::BTreeSet;

/// Folders in each other.
const DEPTH: usize = 64;

/// What is left to do, the next at the end.
enum Task {
    Pair(Vec<u8>, Vec<u8>, usize),
    Folders(Vec<u8>, Vec<u8>, usize),
}

impl Diff {
    pub(super) async fn folders(&self, p: &mut Proc, first: &[u8], second: &[u8]) -> u32 {
        let mut status = 0;
        let mut tasks = vec![Task::Folders(first.to_vec(), second.to_vec(), 0)];
        while let Some(task) = tasks.pop() {
            let result = match task {
                Task::Folders(first, second, depth) => {
                    self.list(p, (&first, &second), depth, &mut tasks)
                }
                Task::Pair(first, second, depth) => {
                    self.entry(p, (&first, &second), depth, &mut tasks).await
                }
            };
            status = status.max(result);
            p.tick(100).await;
            p.flush_some().await;
        }
        status
    }

    fn list(
        &self,
        p: &mut Proc,
        (first, second): (&[u8], &[u8]),
        depth: usize,
        tasks: &mut Vec<Task>,
    ) -> u32 {
        let mut sides = Vec::new();
        for path in [first, second] {
            let names = match p.fs(|process| process.list(path)) {
                Ok((_, names)) => names,
                Err(_) if self.given.has(b'N') => Vec::new(),
                Err(why) => {
                    p.complain(path, why.text());
                    return TROUBLE;
                }
            };
            let names = names.into_iter().filter(|name| name != b"." && name != b"..");
            sides.push(names.filter(|name| !self.excluded(name)).collect::<BTreeSet<_>>());
        }
        let names: BTreeSet<&Vec<u8>> = sides.iter().flatten().collect();
        let inside = |folder: &[u8], name: &[u8]| {
            [folder.strip_suffix(b"/").unwrap_or(folder), b"/", name].concat()
        };
        for name in names.into_iter().rev() {
            tasks.push(Task::Pair(inside(first, name), inside(second, name), depth));
        }
        0
    }

    async fn entry(
        &self,
        p: &mut Proc,
        (first, second): (&[u8], &[u8]),
        depth: usize,
        tasks: &mut Vec<Task>,
    ) -> u32 {
        let kind = |p: &Proc, path: &[u8]| p.fs(|process| process.stat(path, Last::Follow)).ok();
        let (one, two) = (kind(p, first), kind(p, second));
        let is = |stat: &Option<crate::process::Stat>, kind| stat.is_some_and(|stat| stat.is(kind));
        if one.is_none() || two.is_none() {
            let there = if one.is_some() { first } else { second };
            let folder = is(&one, FOLDER) || is(&two, FOLDER);
            if self.given.has(b'N') && (!folder || self.given.has(b'r')) {
                if folder && depth < DEPTH {
                    tasks.push(Task::Folders(first.to_vec(), second.to_vec(), depth + 1));
                    return 0;
                }
                return self.files(p, first, second, Some(&self.command(first, second))).await;
            }
            let at = there.iter().rposition(|&b| b == b'/').unwrap_or(0);
            let (folder, name) = there.split_at_checked(at).unwrap_or((there, b""));
            let name = name.get(1..).unwrap_or_default();
            p.line([b"Only in ", folder, b": ", name].concat());
            return 1;
        }
        match (is(&one, FOLDER), is(&two, FOLDER)) {
            (true, true) if self.given.has(b'r') && depth < DEPTH => {
                tasks.push(Task::Folders(first.to_vec(), second.to_vec(), depth + 1));
                0
            }
            (true, true) => {
                p.line([&b"Common subdirectories: "[..], first, b" and ", second].concat());
                0
            }
            (false, false) => {
                let command = self.command(first, second);
                let before = (self.style != Style::Brief).then_some(command.as_slice());
                self.files(p, first, second, before).await
            }
            (folder, _) => {
                let word = |stat: &Option<crate::process::Stat>, folder: bool| {
                    let size = stat.map_or(0, |stat| stat.size);
                    match (folder, is(stat, FILE)) {
                        (true, _) => "directory",
                        (false, true) if size == 0 => "regular empty file",
                        (false, true) => "regular file",
                        (false, false) => "character special file",
                    }
                };
                let (a, b) = (word(&one, folder), word(&two, !folder));
                let text = [b"File ", first, b" is a ", a.as_bytes(), b" while file ", second];
                p.line([&text.concat()[..], b" is a ", b.as_bytes()].concat());
                1
            }
        }
    }

    /// The command that would compare these two.
    fn command(&self, first: &[u8], second: &[u8]) -> Vec<u8> {
        let mut words = vec![b"diff".to_vec()];
        words.extend(self.words.iter().map(|word| crate::text_format::quote_gnu(word)));
        words.push(crate::text_format::quote_gnu(first));
        words.push(crate::text_format::quote_gnu(second));
        words.join(&b' ')
    }
}

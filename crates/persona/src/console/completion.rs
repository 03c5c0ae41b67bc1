//! Tab: names of commands, files and folders.

use crate::console::Console;
use crate::editor::Again;
use crate::files::{Kind, Last};
use crate::record::Recorder;

/// Names that are shown; bash asks first where there are more.
const SHOWN: usize = 100;

impl Console {
    pub(super) fn complete(&mut self, again: Again, rec: &mut Recorder<'_>) {
        let before = self.editor.before_cursor();
        let begin =
            before.iter().rposition(|b| b" \t\n;|&<>(='\"".contains(b)).map_or(0, |at| at + 1);
        let word = before.get(begin..).unwrap_or(&[]);
        let first = before.get(..begin).unwrap_or(&[]).iter().rev().find(|b| !b" \t".contains(b));
        let command = first.is_none_or(|b| b";|&(".contains(b)) && !word.contains(&b'/');
        let (part, mut found) =
            if command { (word.to_vec(), self.commands(word)) } else { self.paths(word) };
        found.sort();
        found.dedup();
        self.work += 10 * found.len() + 1_000;
        let common = found.split_first().map(|(first, rest)| {
            let len = rest.iter().fold(first.len(), |len, name| {
                len.min(first.iter().zip(name).take_while(|(a, b)| a == b).count())
            });
            first.get(part.len()..len).unwrap_or(&[]).to_vec()
        });
        match (found.as_slice(), common) {
            ([name], Some(mut rest)) => {
                if !name.ends_with(b"/") {
                    rest.push(b' ');
                }
                self.editor.complete(&rest, rec.output());
            }
            ([], _) | (_, None) => rec.output().push(7),
            (_, Some(rest)) if !rest.is_empty() => {
                rec.output().push(7);
                self.editor.complete(&rest, rec.output());
            }
            (many, Some(_)) if again == Again::Repeated && many.len() <= SHOWN => {
                let cols = self.cols.unwrap_or(80) as usize;
                let text = columns(many, cols);
                let mut shown = Vec::new();
                for line in text.split_inclusive(|&b| b == b'\n') {
                    shown.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
                    shown.extend_from_slice(b"\r\n");
                }
                self.editor.list(&shown, rec.output());
            }
            (_, Some(_)) => rec.output().push(7),
        }
    }

    #[expect(clippy::unused_self, reason = "functions of the shell will be looked up here")]
    fn commands(&self, word: &[u8]) -> Vec<Vec<u8>> {
        let programs = crate::commands::programs().map(|program| program.name);
        let names = crate::shell::builtins::names().chain(programs);
        let fits = names.filter(|name| name.as_bytes().starts_with(word));
        fits.map(|name| name.as_bytes().to_vec()).collect()
    }

    /// The last part of a path, and the names in its folder that begin so.
    fn paths(&mut self, word: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let split = word.iter().rposition(|&b| b == b'/').map_or(0, |at| at + 1);
        let (folder, part) = (word.get(..split).unwrap_or(&[]), word.get(split..).unwrap_or(&[]));
        let mut from = if folder.is_empty() { b".".to_vec() } else { folder.to_vec() };
        let (cwd, home) = self.world.with(|world| {
            let asked = world.tty.asked.as_ref().and_then(|asked| world.table.get(&asked.pid));
            let entry = asked.map(|entry| (entry.cwd.clone(), entry.user.home.clone()));
            entry.unwrap_or_else(|| (Vec::new(), world.user.home.clone()))
        });
        if let Some(rest) = from.strip_prefix(b"~/") {
            from = [home.as_slice(), b"/", rest].concat();
        }
        let found = self.world.with(|world| {
            let files = &world.files;
            let path = files.resolve(&cwd, &from, Last::Follow).ok()?;
            let mut found = files.names(&path);
            found.retain(|name| {
                name.starts_with(part) && (part.starts_with(b".") || !name.starts_with(b"."))
            });
            for name in &mut found {
                let there = [path.as_slice(), b"/", name].concat();
                let target = files.resolve(&[], &there, Last::Follow).unwrap_or(there);
                if let Ok(Kind::Folder) = files.node(&target).map(|node| &node.kind) {
                    name.push(b'/');
                }
            }
            Some(found)
        });
        (part.to_vec(), found.unwrap_or_default())
    }
}

/// Names in columns, as they fit.
fn columns(names: &[Vec<u8>], width: usize) -> Vec<u8> {
    let longest = names.iter().map(Vec::len).max().unwrap_or(0) + 2;
    let across = (width / longest).max(1);
    let rows = names.len().div_ceil(across);
    let mut out = Vec::new();
    for row in 0..rows {
        let line: Vec<&Vec<u8>> = names.iter().skip(row).step_by(rows).collect();
        let last = line.len().saturating_sub(1);
        for (index, name) in line.into_iter().enumerate() {
            out.extend_from_slice(name);
            if index < last {
                out.resize(out.len() + longest - name.len(), b' ');
            }
        }
        out.push(b'\n');
    }
    out
}

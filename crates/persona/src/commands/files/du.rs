//! `du`.
//!
//! **Invariant:** the tree is walked with a list of folders; a file with several names counts once.

use super::df::{SI, Unit, unit};
use super::{glob, join, options, quote, when, with_unit};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FOLDER, Stat};
use std::collections::BTreeSet;

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("du", |p| Box::pin(du(p)), 175_440, super::BUILT)];

const APPARENT: u8 = 132;
const EXCLUDE: u8 = 133;
const INODES: u8 = 135;
const TIME: u8 = 136;
const STYLE: u8 = 137;
const FILES0: u8 = 138;
const DEPTH: u8 = b'd';

const DU: &[Flag] = &[
    Flag::new(b'0', "null"),
    Flag::new(b'a', "all"),
    Flag::new(APPARENT, "apparent-size"),
    Flag::with(b'B', "block-size"),
    Flag::new(b'b', "bytes"),
    Flag::new(b'c', "total"),
    Flag::new(b'D', "dereference-args"),
    Flag::with(DEPTH, "max-depth"),
    Flag::with(FILES0, "files0-from"),
    Flag::new(b'H', ""),
    Flag::new(b'h', "human-readable"),
    Flag::new(INODES, "inodes"),
    Flag::new(b'k', ""),
    Flag::new(b'L', "dereference"),
    Flag::new(b'l', "count-links"),
    Flag::new(b'm', ""),
    Flag::new(b'P', "no-dereference"),
    Flag::new(b'S', "separate-dirs"),
    Flag::new(SI, "si"),
    Flag::new(b's', "summarize"),
    Flag::with(b't', "threshold"),
    Flag::maybe(TIME, "time"),
    Flag::with(STYLE, "time-style"),
    Flag::with(b'X', "exclude-from"),
    Flag::with(EXCLUDE, "exclude"),
    Flag::new(b'x', "one-file-system"),
];

/// One run of `du`.
struct Du<'a> {
    given: &'a Options,
    unit: Unit,
    depth: u64,
    threshold: i64,
    excluded: Vec<Vec<u8>>,
    seen: BTreeSet<(u64, u64)>,
    status: u32,
    time: bool,
}

/// A folder that is being counted.
struct Level {
    path: Vec<u8>,
    at: Vec<u8>,
    names: std::vec::IntoIter<(Vec<u8>, u32)>,
    size: u64,
    changed: i64,
}

async fn du(p: &mut Proc) -> u32 {
    let given = match options(p, DU, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let unit = match unit(p, &given, &[b'h', SI, b'k', b'm', b'B', b'b']) {
        Ok(unit) => unit,
        Err(status) => return status,
    };
    let mut depth = u64::MAX;
    if let Some(text) = given.value(DEPTH) {
        let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        let Some(parsed) = parsed else {
            let text = quote(p, text);
            p.misused(&[b"invalid maximum depth ", &text]);
            return 1;
        };
        depth = parsed;
    }
    if given.has(b's') {
        if given.has(b'a') {
            p.misused(&[b"cannot both summarize and show all entries"]);
            return 1;
        }
        if given.has(DEPTH) && depth == 0 {
            p.say(&[b"warning: summarizing is the same as using --max-depth=0"]);
        } else if given.has(DEPTH) {
            let text = format!("warning: summarizing conflicts with --max-depth={depth}");
            p.misused(&[text.as_bytes()]);
            return 1;
        }
        depth = 0;
    }
    let threshold = given.value(b't').map_or(0, |text| {
        let (sign, text) = match text.strip_prefix(b"-") {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        sign * i64::try_from(with_unit(text, false).unwrap_or(0)).unwrap_or(i64::MAX)
    });
    let mut excluded: Vec<Vec<u8>> = given
        .given
        .iter()
        .filter(|(letter, _)| *letter == EXCLUDE)
        .filter_map(|(_, value)| value.clone())
        .collect();
    if let Some(file) = given.value(b'X')
        && let Ok(text) = p.content(file).await
    {
        excluded.extend(text.split(|&b| b == b'\n').take(1_000).map(<[u8]>::to_vec));
    }
    let mut du = Du {
        given: &given,
        unit,
        depth,
        threshold,
        excluded,
        seen: BTreeSet::new(),
        status: 0,
        time: given.has(TIME),
    };
    let here = [b".".to_vec()];
    let names = if given.rest.is_empty() { &here[..] } else { &given.rest };
    let mut total = 0_u64;
    let mut changed = i64::MIN;
    for name in names {
        let (size, at) = du.tree(p, name).await;
        total = total.saturating_add(size);
        changed = changed.max(at);
    }
    if given.has(b'c') {
        du.line(p, total, changed, b"total");
    }
    du.status
}

impl Du<'_> {
    /// Whether that is counted already under another name.
    fn is_known(&mut self, stat: &Stat) -> bool {
        let several = self.given.rest.len() > 1 || !stat.is(FOLDER) && stat.links > 1;
        several && !self.given.has(b'l') && !self.seen.insert((stat.device, stat.inode))
    }

    fn size(&self, stat: &Stat) -> u64 {
        if self.given.has(INODES) {
            1
        } else if self.given.has(APPARENT) || self.given.has(b'b') {
            if stat.is(FOLDER) || stat.is(crate::process::FILE) || stat.is(crate::process::LINK) {
                stat.size
            } else {
                0
            }
        } else {
            stat.blocks * 512
        }
    }

    fn line(&self, p: &mut Proc, size: u64, changed: i64, path: &[u8]) {
        let signed = i64::try_from(size).unwrap_or(i64::MAX);
        let hidden =
            if self.threshold < 0 { signed > -self.threshold } else { signed < self.threshold };
        if hidden {
            return;
        }
        let text = match (self.given.has(INODES), self.unit) {
            (true, Unit::Of(_)) => size.to_string(),
            (true | false, unit) => unit.text(size),
        };
        p.print(text);
        p.print(b"\t");
        if self.time {
            p.print(when::format(b"%Y-%m-%d %H:%M\t", i128::from(changed) * 1_000_000_000));
        }
        p.print(path);
        p.print(if self.given.has(b'0') { b"\0" } else { b"\n" });
    }

    fn is_excluded(&self, path: &[u8]) -> bool {
        let name = super::last_part(path);
        self.excluded
            .iter()
            .any(|pattern| glob::matches(pattern, name) || glob::matches(pattern, path))
    }

    fn fail(&mut self, p: &mut Proc, why: &str, path: &[u8], fault: Fault) {
        p.cannot(why, path, fault);
        self.status = 1;
    }

    fn open(&mut self, p: &mut Proc, path: Vec<u8>, at: Vec<u8>, stat: &Stat) -> Level {
        let size = self.size(stat);
        let names = match p.fs(|process| process.entries(&at)) {
            Ok(names) => names,
            Err(fault) => {
                self.fail(p, "cannot read directory", &path, fault);
                Vec::new()
            }
        };
        Level { path, at, names: names.into_iter(), size, changed: stat.changed }
    }

    /// The size of all that is below a name, and when something of it was changed last.
    async fn tree(&mut self, p: &mut Proc, name: &[u8]) -> (u64, i64) {
        let follow = self.given.has(b'L') || self.given.has(b'D') || self.given.has(b'H');
        let last = if follow { Last::Follow } else { Last::Keep };
        let found = p.fs(|process| {
            let at = process.find(name, last)?;
            Ok::<_, Fault>((process.stat_at(&at)?, at))
        });
        let (stat, at) = match found {
            Ok(found) => found,
            Err(fault) => {
                self.fail(p, "cannot access", name, fault);
                return (0, i64::MIN);
            }
        };
        if self.is_excluded(name) || self.is_known(&stat) {
            return (0, i64::MIN);
        }
        if !stat.is(FOLDER) {
            let size = self.size(&stat);
            self.line(p, size, stat.changed, name);
            return (size, stat.changed);
        }
        let device = stat.device;
        let mut levels = vec![self.open(p, name.to_vec(), at, &stat)];
        let mut all = 0_u64;
        loop {
            p.tick(20).await;
            let depth = levels.len() as u64;
            let Some(level) = levels.last_mut() else { return (0, i64::MIN) };
            let Some((name, _)) = level.names.next() else {
                let Some(level) = levels.pop() else { return (0, i64::MIN) };
                all =
                    if self.given.has(b'S') { all.saturating_add(level.size) } else { level.size };
                if depth <= self.depth.saturating_add(1) {
                    self.line(p, level.size, level.changed, &level.path);
                }
                match levels.last_mut() {
                    None => return (all, level.changed),
                    Some(above) => {
                        if !self.given.has(b'S') {
                            above.size = above.size.saturating_add(level.size);
                        }
                        above.changed = above.changed.max(level.changed);
                    }
                }
                p.flush_some().await;
                continue;
            };
            let path = join(&level.path, &name);
            let mut at = [level.at.as_slice(), b"/", &name].concat();
            if self.is_excluded(&path) {
                continue;
            }
            let follow = self.given.has(b'L');
            let stat = p.fs(|process| {
                if follow {
                    let there = process.find(&at, Last::Follow)?;
                    if !at.starts_with(&[there.as_slice(), b"/"].concat()) {
                        at = there;
                    }
                }
                process.stat_at(&at)
            });
            let stat = match stat {
                Ok(stat) => stat,
                Err(fault) => {
                    self.fail(p, "cannot access", &path, fault);
                    continue;
                }
            };
            if self.is_known(&stat) {
                continue;
            }
            if stat.is(FOLDER) {
                if self.given.has(b'x') && stat.device != device {
                    continue;
                }
                let inner = self.open(p, path, at, &stat);
                levels.push(inner);
                continue;
            }
            let size = self.size(&stat);
            if let Some(level) = levels.last_mut() {
                level.size = level.size.saturating_add(size);
                level.changed = level.changed.max(stat.changed);
            }
            if self.given.has(b'a') && depth <= self.depth {
                self.line(p, size, stat.changed, &path);
            }
            p.flush_some().await;
        }
    }
}

//! `find`.
//!
//! **Invariant:** the tree is walked with a list of folders, so that its depth costs no stack; of
//! files that no test asks about, only the kind is read.

mod parse;
mod print;
mod test;

use super::{Names, join, last_part, quote};
use crate::commands::Program;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FOLDER, LINK, Stat};
use parse::Plan;
use std::collections::BTreeMap;

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("find", |p| Box::pin(find(p)), 224_848, 1_673_201_273)];

/// Which links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    Never,
    Given,
    Always,
}

/// Something that was found.
struct Found {
    /// As it is shown.
    path: Vec<u8>,
    /// Resolved, but for a link at its end.
    at: Vec<u8>,
    /// What it was given as.
    start: usize,
    depth: usize,
    /// The bits of its kind; of a link that is followed, those of where it leads.
    kind: u32,
    stat: Option<Stat>,
}

/// One run.
struct Run {
    plan: Plan,
    names: Names,
    status: u32,
    /// What is not to be looked into.
    pruned: bool,
    quit: bool,
    /// Arguments that wait for `-exec … +`, by the place of that action.
    waiting: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Files that are written, by name.
    outputs: BTreeMap<Vec<u8>, u32>,
    starts: Vec<Vec<u8>>,
    now: i64,
}

/// What is left to do.
enum Step {
    Visit(Found),
    /// All that is in a folder was visited.
    Leave(Found),
}

/// Steps that wait: beyond, what is found is not looked into.
const STEPS: usize = 1_000_000;

async fn find(p: &mut Proc) -> u32 {
    let Some((plan, starts)) = parse::read(p) else { return 1 };
    if let Some(text) = plan.text {
        p.line(text);
        return 0;
    }
    let names = Names::read(p);
    let now = p.now().0;
    let mut run = Run {
        plan,
        names,
        status: 0,
        pruned: false,
        quit: false,
        waiting: BTreeMap::new(),
        outputs: BTreeMap::new(),
        starts,
        now,
    };
    if !run.open_outputs(p) {
        return 1;
    }
    for index in 0..run.starts.len() {
        let name = run.starts.get(index).cloned().unwrap_or_default();
        run.walk(p, name, index).await;
        if run.quit {
            break;
        }
    }
    run.finish(p).await;
    run.status
}

impl Run {
    fn complain(&mut self, p: &mut Proc, path: &[u8], fault: Fault) {
        let shown = quote(p, path);
        p.cannot_raw("", &shown, fault);
        self.status = 1;
    }

    async fn walk(&mut self, p: &mut Proc, name: Vec<u8>, start: usize) {
        let found = match self.given(p, name.clone(), start) {
            Ok(found) => found,
            Err(fault) => return self.complain(p, &name, fault),
        };
        let device = found.stat.map_or(0, |stat| stat.device);
        let mut steps = vec![Step::Visit(found)];
        let mut shown = 0_usize;
        while let Some(step) = steps.pop() {
            if self.quit {
                return;
            }
            shown += 1;
            if shown.is_multiple_of(16) {
                p.tick(160).await;
            }
            match step {
                Step::Leave(found) => self.apply(p, found).await,
                Step::Visit(found) => self.visit(p, found, device, &mut steps).await,
            }
            p.flush_some().await;
        }
    }

    /// What was named on the command line.
    fn given(&self, p: &Proc, path: Vec<u8>, start: usize) -> Result<Found, Fault> {
        let follow = self.plan.follow != Follow::Never;
        p.fs(|process| {
            let mut at = process.find(&path, Last::Keep)?;
            let mut stat = process.stat_at(&at)?;
            if follow
                && stat.is(LINK)
                && let Ok(there) = process.find(&path, Last::Follow)
                && let Ok(other) = process.stat_at(&there)
            {
                (at, stat) = (there, other);
            }
            let kind = stat.mode & crate::process::KIND_BITS;
            Ok(Found { path, at, start, depth: 0, kind, stat: Some(stat) })
        })
    }

    async fn visit(&mut self, p: &mut Proc, found: Found, device: u64, steps: &mut Vec<Step>) {
        let folder = found.kind == FOLDER && found.depth < self.plan.most;
        if self.plan.stays && found.depth > 0 && found.kind == FOLDER {
            let other = p.world.with(|world| world.files.mount(&found.at).device);
            if other != device {
                return self.apply(p, found).await;
            }
        }
        if self.plan.inside_first && folder {
            let below = self.below(p, &found);
            steps.push(Step::Leave(found));
            steps.extend(below.into_iter().rev().map(Step::Visit));
            return;
        }
        if !folder {
            return self.apply(p, found).await;
        }
        let (path, at, start, depth) =
            (found.path.clone(), found.at.clone(), found.start, found.depth);
        self.pruned = false;
        self.apply(p, found).await;
        if self.pruned || self.quit || steps.len() > STEPS {
            return;
        }
        let found = Found { path, at, start, depth, kind: FOLDER, stat: None };
        let below = self.below(p, &found);
        steps.extend(below.into_iter().rev().map(Step::Visit));
    }

    fn below(&mut self, p: &mut Proc, folder: &Found) -> Vec<Found> {
        let entries = match p.fs(|process| process.entries(&folder.at)) {
            Ok(entries) => entries,
            // It went away in between: that is no error of a run that removes.
            Err(Fault::Missing) => return Vec::new(),
            Err(fault) => {
                self.complain(p, &folder.path, fault);
                return Vec::new();
            }
        };
        let always = self.plan.follow == Follow::Always;
        let mut all = Vec::with_capacity(entries.len());
        for (name, kind) in entries {
            let path = join(&folder.path, &name);
            let mut at = [folder.at.as_slice(), b"/", &name].concat();
            let (mut kind, mut stat) = (kind, None);
            if always && kind == LINK {
                let there = p.fs(|process| {
                    let there = process.find(&at, Last::Follow)?;
                    Ok::<_, Fault>((process.stat_at(&there)?, there))
                });
                if let Ok((other, there)) = there {
                    if other.is(FOLDER) && at.starts_with(&[there.as_slice(), b"/"].concat()) {
                        let (shown, loops) = (quote(p, &path), quote(p, &there));
                        let text = b"File system loop detected; ";
                        let more = b" is part of the same file system loop as ";
                        p.say(&[text, &shown, more, &loops, b"."]);
                        self.status = 1;
                        continue;
                    }
                    kind = other.mode & crate::process::KIND_BITS;
                    stat = Some(other);
                    at = there;
                }
            }
            let depth = folder.depth + 1;
            all.push(Found { path, at, start: folder.start, depth, kind, stat });
        }
        all
    }

    async fn apply(&mut self, p: &mut Proc, mut found: Found) {
        if found.depth < self.plan.least {
            return;
        }
        self.test(p, &mut found).await;
    }

    /// What is known of it.
    fn stat(&mut self, p: &mut Proc, found: &mut Found) -> Option<Stat> {
        if found.stat.is_none() {
            let root = p.user.uid == 0;
            let stat = p.fs(|process| {
                if !root {
                    process.passes(&found.at)?;
                }
                process.stat_at(&found.at)
            });
            match stat {
                Ok(stat) => found.stat = Some(stat),
                Err(fault) => self.complain(p, &found.path.clone(), fault),
            }
        }
        found.stat
    }

    /// The path below what was given.
    fn below_start(&self, found: &Found) -> Vec<u8> {
        let start = self.starts.get(found.start).map_or(&[][..], Vec::as_slice);
        let rest = found.path.strip_prefix(start).unwrap_or(&found.path);
        rest.strip_prefix(b"/").unwrap_or(rest).to_vec()
    }
}

/// The last part of a path, as `-name` sees it.
fn base(path: &[u8]) -> &[u8] {
    last_part(path)
}

//! `tar`.
//!
//! **Invariant:** an archive goes through in pieces; a member is never held as a whole.

mod extract;
mod header;
mod make;
mod options;
mod stream;

use super::Names;
use crate::commands::Program;
use crate::files::Fault;
use crate::kernel::Proc;
use options::Asked;

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("tar", |p| Box::pin(tar(p)), 531_984, 1_705_742_827)];

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Create,
    Append,
    Extract,
    List,
}

/// One run.
struct Run {
    asked: Asked,
    names: Names,
    failed: bool,
    /// What was said once already.
    stripped: Vec<Vec<u8>>,
}

async fn tar(p: &mut Proc) -> u32 {
    let asked = match options::read(p) {
        Ok(asked) => asked,
        Err(status) => return status,
    };
    let names = Names::read(p);
    let mut run = Run { asked, names, failed: false, stripped: Vec::new() };
    let done = match run.asked.doing {
        Doing::Create | Doing::Append => run.create(p).await,
        Doing::Extract | Doing::List => run.extract(p).await,
    };
    match done {
        Err(()) => {
            p.say(&[b"Error is not recoverable: exiting now"]);
            2
        }
        Ok(()) if run.failed => {
            p.say(&[b"Exiting with failure status due to previous errors"]);
            2
        }
        Ok(()) => 0,
    }
}

impl Run {
    /// Something went wrong, and the rest goes on.
    fn fail(&mut self, p: &mut Proc, path: &[u8], why: &str, fault: Fault) {
        let text = fault.text();
        p.say(&[path, b": ", why.as_bytes(), b": ", text.as_bytes()]);
        self.failed = true;
    }

    /// A name without what leads out of the folder; says so once.
    fn stripped(&mut self, p: &mut Proc, name: &[u8], of: &str) -> Vec<u8> {
        if self.asked.absolute {
            return name.to_vec();
        }
        let mut start = 0;
        let mut at = 0;
        for part in name.split(|&b| b == b'/') {
            let end = at + part.len() + 1;
            if part == b".." || part.is_empty() && at == start {
                start = end.min(name.len());
            }
            at = end;
        }
        let (lead, rest) = name.split_at_checked(start).unwrap_or((name, b""));
        if !lead.is_empty() {
            let what = [lead, b"' from ", of.as_bytes()].concat();
            if !self.stripped.contains(&what) && self.stripped.len() < 64 {
                p.say(&[b"Removing leading `", &what]);
                self.stripped.push(what);
            }
        }
        if rest.is_empty() { b".".to_vec() } else { rest.to_vec() }
    }

    fn is_excluded(&self, name: &[u8]) -> bool {
        let name = name.strip_suffix(b"/").unwrap_or(name);
        self.asked.excluded.iter().any(|pattern| {
            // A pattern fits behind any slash.
            let starts = name.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at + 1);
            [0].into_iter().chain(starts).any(|start| {
                super::glob::matches(pattern, name.get(start..).unwrap_or_default())
            })
        })
    }
}

//! Programs that a script starts: with a shell's line, or by name; their input or output a pipe.
//!
//! **Invariant:** a child has its own descriptors; the ends of pipes that are the parent's are
//! closed in it.

use crate::commands::exec::look;
use crate::commands::{NoExec, exec, find};
use crate::files::Fault;
use crate::kernel::{Ended, Open, Proc, pipe};
use std::sync::Arc;

/// What a child's standard streams are, where they are not its parent's.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) input: Option<Arc<Open>>,
    pub(crate) output: Option<Arc<Open>>,
    pub(crate) errors: Option<Arc<Open>>,
}

/// `sh -c line`
pub(crate) fn shell(line: &[u8]) -> Vec<Vec<u8>> {
    vec![b"sh".to_vec(), b"-c".to_vec(), line.to_vec()]
}

/// Starts a program that PATH finds. Descriptors from 3 on are closed in it.
pub(crate) fn start(p: &Proc, args: Vec<Vec<u8>>, streams: Streams) -> Result<u32, NoExec> {
    let name = args.first().cloned().unwrap_or_default();
    let path = p.var("PATH").unwrap_or(b"/usr/local/bin:/usr/bin:/bin").to_vec();
    let file = if name == b"sh" { b"/bin/sh".to_vec() } else { find(p, &name, &path)? };
    look(p, &file).map_err(NoExec::Fault)?;
    let mut child = p.fork().map_err(NoExec::Fault)?;
    child.fds.retain(|fd, _| *fd < 3);
    for (fd, open) in [(0, streams.input), (1, streams.output), (2, streams.errors)] {
        if let Some(open) = open {
            child.fds.insert(fd, open);
        }
    }
    // The file's path goes in front of the arguments, for `becomes` to take off.
    child.args = [vec![file], args].concat();
    Ok(child.spawn(|child| Box::pin(becomes(child))))
}

async fn becomes(child: &mut Proc) -> u32 {
    let file = child.args.first().cloned().unwrap_or_default();
    child.args = child.rest();
    match exec(child, &file).await {
        Ok(status) => status,
        Err(Fault::NoExec) => {
            let rest = child.rest();
            child.args = vec![b"/bin/sh".to_vec(), file];
            child.args.extend(rest);
            exec(child, b"/bin/sh").await.unwrap_or(126)
        }
        Err(_) => 126,
    }
}

/// Runs a line in a shell, and waits for it: `system`.
pub(crate) async fn system(p: &mut Proc, line: &[u8]) -> Ended {
    p.flush().await;
    match start(p, shell(line), Streams::default()) {
        Ok(pid) => p.wait(pid).await,
        Err(_) => Ended::Exit(127),
    }
}

/// Starts a program whose output is read from the descriptor that comes back.
pub(crate) fn reading(p: &mut Proc, args: Vec<Vec<u8>>) -> Result<(u32, u32), NoExec> {
    let (reader, writer) = pipe();
    let streams = Streams { output: Some(writer), ..Streams::default() };
    let pid = start(p, args, streams)?;
    Ok((pid, p.add(reader, 3)))
}

/// Starts a program whose input is what is written to the descriptor that comes back.
pub(crate) fn writing(p: &mut Proc, args: Vec<Vec<u8>>) -> Result<(u32, u32), NoExec> {
    let (reader, writer) = pipe();
    let streams = Streams { input: Some(reader), ..Streams::default() };
    let pid = start(p, args, streams)?;
    Ok((pid, p.add(writer, 3)))
}

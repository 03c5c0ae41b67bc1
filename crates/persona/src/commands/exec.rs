//! Finding and starting programs, as `execve` and `execvp` do.

use crate::commands::Program;
use crate::files::{Access, Fault, Kind, Last};
use crate::kernel::{Ended, Proc};
use crate::process::Direction;

/// What is behind a path that is to be run.
pub(crate) enum Found {
    /// A program of the machine.
    Program(&'static Program),
    /// A script: its interpreter, that one's argument, if any.
    Script { interpreter: Vec<u8>, argument: Option<Vec<u8>> },
    /// Text without `#!`: shells run it themselves.
    Text,
    /// A program that somebody brought.
    Foreign,
    /// One of the machine's that has nothing to say.
    Silent,
}

/// Why something does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoExec {
    /// Not found by its name.
    Unknown,
    Fault(Fault),
}

/// Interpreters that are scripts themselves, one in another.
const INTERPRETERS: usize = 4;

/// The file of a command: by its path, or in one of the folders of PATH.
pub(crate) fn find(p: &Proc, name: &[u8], path: &[u8]) -> Result<Vec<u8>, NoExec> {
    if name.is_empty() {
        return Err(NoExec::Unknown);
    }
    if name.contains(&b'/') {
        return Ok(name.to_vec());
    }
    let mut denied = None;
    for folder in path.split(|&b| b == b':') {
        let file = match folder {
            [] => [b"./", name].concat(),
            folder => [folder.strip_suffix(b"/").unwrap_or(folder), b"/", name].concat(),
        };
        match look(p, &file) {
            Ok(_) => return Ok(file),
            Err(Fault::Denied) => denied = Some(file),
            Err(_) => {}
        }
    }
    // What is there and may not be run is found too, and then refused.
    denied.ok_or(NoExec::Unknown)
}

/// What is there to be run.
pub(crate) fn look(p: &Proc, path: &[u8]) -> Result<Found, Fault> {
    p.fs(|process| {
        let found = process.find(path, Last::Follow)?;
        let node = process.node(&found)?;
        if let Kind::Folder = node.kind {
            return Err(Fault::Denied);
        }
        let runs = node.mode & 0o111 != 0;
        if !runs || process.world.files.allowed(process.me.who, &found, Access::Execute).is_err() {
            return Err(Fault::Denied);
        }
        match &node.kind {
            Kind::Program(program) => Ok(Found::Program(program)),
            Kind::File(content) => Ok(match kind_of(&content.bytes) {
                Found::Foreign if !process.world.files.is_own(&found) => Found::Silent,
                kind => kind,
            }),
            Kind::Folder | Kind::Live(_) | Kind::Link(_) | Kind::Device(..) | Kind::Special(_) => {
                Err(Fault::Denied)
            }
        }
    })
}

fn kind_of(bytes: &[u8]) -> Found {
    if let Some(line) = bytes.strip_prefix(b"#!") {
        let line = line.split(|&b| b == b'\n').next().unwrap_or_default();
        let line = line.get(..256).unwrap_or(line).trim_ascii();
        let mut parts = line.splitn(2, |b| b" \t".contains(b));
        let interpreter = parts.next().unwrap_or_default().to_vec();
        let argument = parts.next().map(|rest| rest.trim_ascii().to_vec());
        return Found::Script { interpreter, argument };
    }
    let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let first = first.get(..80).unwrap_or(first);
    if bytes.starts_with(b"\x7fELF") || first.contains(&0) { Found::Foreign } else { Found::Text }
}

/// The process becomes that program: `p.args` are its arguments. Text without `#!` is
/// [`Fault::NoExec`], and whoever asked decides.
pub(crate) async fn exec(p: &mut Proc, path: &[u8]) -> Result<u32, Fault> {
    let mut path = path.to_vec();
    for _ in 0..INTERPRETERS {
        match look(p, &path)? {
            Found::Program(program) => {
                p.becomes([program.folder.as_bytes(), b"/", program.name.as_bytes()].concat());
                let status = (program.main)(p).await;
                p.flush().await;
                return Ok(status);
            }
            Found::Script { interpreter, argument } => {
                let mut args = vec![interpreter.clone()];
                args.extend(argument);
                args.push(std::mem::take(&mut path));
                args.extend(p.rest());
                p.args = args;
                path = interpreter;
            }
            Found::Text => return Err(Fault::NoExec),
            Found::Foreign => return foreign(p, &path).await,
            Found::Silent => {
                p.becomes(path);
                p.tick(500).await;
                return Ok(0);
            }
        }
    }
    Err(Fault::Loop)
}

/// A program that somebody brought. One for another kind of processor is refused as the kernel
/// refuses it; one for this kind starts, and dies of what it does not find.
async fn foreign(p: &mut Proc, path: &[u8]) -> Result<u32, Fault> {
    let open = p.open(path, Direction::Read, crate::process::Opening::default(), false)?;
    let fd = p.add(open, 3);
    let head = p.read(fd, 64).await.unwrap_or_default();
    p.fds.remove(&fd);
    let x86 = head.get(4) == Some(&2) && head.get(18..20) == Some(&[0x3e, 0]);
    let i386 = head.get(4) == Some(&1) && head.get(18..20) == Some(&[3, 0]);
    if head.len() < 52 || !(x86 || i386) {
        return Err(Fault::NoExec);
    }
    p.becomes(path.to_vec());
    p.sleep(3_000_000).await;
    p.signal(p.pid, crate::kernel::Signal::SEGV).await;
    Ok(139)
}

/// Runs a command found by PATH as a child, and waits for it.
pub(crate) async fn run(p: &mut Proc, args: Vec<Vec<u8>>) -> Result<Ended, NoExec> {
    p.flush().await;
    let name = args.first().cloned().unwrap_or_default();
    let path = p.var("PATH").unwrap_or(b"/usr/local/bin:/usr/bin:/bin").to_vec();
    let file = find(p, &name, &path)?;
    if let Err(fault) = look(p, &file) {
        return Err(NoExec::Fault(fault));
    }
    let mut child = p.fork().map_err(NoExec::Fault)?;
    child.args = args;
    let (world, pid) = (p.world.clone(), child.pid);
    let job: crate::kernel::Job<'static> = Box::pin(async move {
        let status = match exec(&mut child, &file).await {
            Ok(status) => status,
            // As execvp does: a shell is given what is no program.
            Err(Fault::NoExec) => {
                let rest = child.rest();
                child.args = vec![b"/bin/sh".to_vec(), file];
                child.args.extend(rest);
                exec(&mut child, b"/bin/sh").await.unwrap_or(126)
            }
            Err(_) => 126,
        };
        child.flush().await;
        status
    });
    world.with(|world| world.start(pid, job));
    Ok(p.wait(pid).await)
}

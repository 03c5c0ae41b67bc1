//! What can be asked of files and of texts with one operator.
//!
//! **Invariant:** a file that is not there has no property.

use crate::files::{Access, Last};
use crate::kernel::Proc;
use crate::process::{FILE, FOLDER, KIND_BITS, Stat};

const LINK: u32 = 0o120_000;
const BLOCK: u32 = 0o060_000;
const CHARACTER: u32 = 0o020_000;
const FIFO: u32 = 0o010_000;
const SOCKET: u32 = 0o140_000;

fn stat(p: &Proc, path: &[u8], last: Last) -> Option<Stat> {
    if path.is_empty() {
        return None;
    }
    p.fs(|process| process.stat(path, last)).ok()
}

/// Letters of all operators before a word that all know.
pub(super) const UNARY: &[u8] = b"bcdefgGhkLnOprsStuwxzN";

pub(super) fn unary(p: &Proc, letter: u8, word: &[u8]) -> bool {
    let kind =
        |kind: u32, last: Last| stat(p, word, last).is_some_and(|s| s.mode & KIND_BITS == kind);
    let bit = |bit: u32| stat(p, word, Last::Follow).is_some_and(|s| s.mode & bit != 0);
    match letter {
        b'n' => !word.is_empty(),
        b'z' => word.is_empty(),
        b'a' | b'e' => stat(p, word, Last::Follow).is_some(),
        b'f' => kind(FILE, Last::Follow),
        b'd' => kind(FOLDER, Last::Follow),
        b'b' => kind(BLOCK, Last::Follow),
        b'c' => kind(CHARACTER, Last::Follow),
        b'p' => kind(FIFO, Last::Follow) || is_pipe(p, word),
        b'S' => kind(SOCKET, Last::Follow),
        b'h' | b'L' => kind(LINK, Last::Keep),
        b's' => stat(p, word, Last::Follow).is_some_and(|s| s.size > 0),
        b'g' => bit(0o2000),
        b'u' => bit(0o4000),
        b'k' => bit(0o1000),
        b'O' => stat(p, word, Last::Follow).is_some_and(|s| s.uid == p.user.uid),
        b'G' => stat(p, word, Last::Follow).is_some_and(|s| s.gid == p.user.gid),
        b'N' => stat(p, word, Last::Follow).is_some_and(|s| s.changed > s.accessed),
        b'r' => may(p, word, Access::Read),
        b'w' => may(p, word, Access::Write),
        b'x' => may(p, word, Access::Execute),
        _ => false,
    }
}

/// `/dev/stdin` and its kind may be pipes.
fn is_pipe(p: &Proc, path: &[u8]) -> bool {
    let fd = match path {
        b"/dev/stdin" => 0,
        b"/dev/stdout" => 1,
        b"/dev/stderr" => 2,
        _ => return false,
    };
    p.fds.get(&fd).is_some_and(|open| !open.is_session() && open.path().is_none())
}

fn may(p: &Proc, path: &[u8], access: Access) -> bool {
    if path.is_empty() {
        return false;
    }
    p.fs(|process| {
        let Ok(found) = process.find(path, Last::Follow) else { return false };
        let Ok(node) = process.node(&found) else { return false };
        // Root may run what anybody may run.
        let runs = node.mode & 0o111 != 0 || matches!(node.kind, crate::files::Kind::Folder);
        if matches!(access, Access::Execute) && process.me.who.uid == 0 {
            return runs;
        }
        process.world.files.allowed(process.me.who, &found, access).is_ok()
    })
}

/// `-nt`, `-ot`, `-ef`
pub(super) fn binary(p: &Proc, operator: &[u8], a: &[u8], b: &[u8]) -> bool {
    let changed = |path: &[u8]| stat(p, path, Last::Follow).map(|stat| stat.changed);
    match operator {
        b"-nt" => match (changed(a), changed(b)) {
            (Some(a), Some(b)) => a > b,
            (a, _) => a.is_some(),
        },
        b"-ot" => match (changed(a), changed(b)) {
            (Some(a), Some(b)) => a < b,
            (_, b) => b.is_some(),
        },
        _ => {
            let place = |path: &[u8]| {
                p.fs(|process| {
                    let found = process.find(path, Last::Follow).ok()?;
                    process.node(&found).ok()?;
                    Some(found)
                })
            };
            !a.is_empty() && !b.is_empty() && place(a).is_some() && place(a) == place(b)
        }
    }
}

/// Whether a descriptor, by its number, is a terminal.
pub(super) fn is_terminal(p: &Proc, number: &[u8]) -> bool {
    let number = std::str::from_utf8(number).ok().and_then(|text| text.trim().parse().ok());
    number.is_some_and(|fd| p.is_terminal(fd))
}

//! `ls` of BusyBox: GNU's list, in its own columns.
//!
//! **Invariant:** names and order are those of the machine's `ls`.

use super::{attach, translated};
use crate::kernel::{Proc, pipe};

/// Bytes of a line that is not complete.
const LINE_BYTES: usize = 65_536;

pub(super) async fn ls(p: &mut Proc) -> u32 {
    let long = p.rest().iter().take_while(|word| word.as_slice() != b"--").any(|word| {
        word.starts_with(b"-") && !word.starts_with(b"--") && word.iter().any(|b| b"lng".contains(b))
    });
    if !long {
        return translated(p, "ls", "ls").await;
    }
    let (reader, writer) = pipe();
    let Ok(mut child) = p.fork() else { return 1 };
    child.fds.insert(1, writer);
    child.args.clone_from(&p.args);
    let pid = child.spawn(|p| Box::pin(translated(p, "ls", "ls")));
    let fd = attach(p, reader);
    let mut rest = Vec::new();
    while let Ok(bytes) = p.read(fd, 8_192).await {
        let ended = bytes.is_empty();
        rest.extend(bytes);
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            p.print(columns(&line).unwrap_or(line));
        }
        if ended || rest.len() > LINE_BYTES {
            p.print(std::mem::take(&mut rest));
        }
        p.flush().await;
        if ended {
            break;
        }
    }
    p.fds.remove(&fd);
    p.wait(pid).await.status()
}

/// A long line: `-rw-r--r--    1 root     root          1673 Nov 29 19:54 name`
fn columns(line: &[u8]) -> Option<Vec<u8>> {
    let mut rest = line;
    let mut words = Vec::new();
    for _ in 0..5 {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|&b| b == b' ')?;
        let (word, behind) = rest.split_at(end);
        words.push(String::from_utf8_lossy(word).into_owned());
        rest = behind;
    }
    let [mode, links, user, group, size] = words.as_slice() else { return None };
    if mode.len() != 10 || links.bytes().any(|b| !b.is_ascii_digit()) {
        return None;
    }
    let head = format!("{mode} {links:>4} {user:<8} {group:<8} {size:>9}");
    Some([head.as_bytes(), b" ", rest.trim_ascii_start()].concat())
}

#[test]
fn columns_are_wider() {
    let line = b"-rw-r--r-- 1 root root 1673 Nov 29 19:54 /etc/a b\n";
    let want = "-rw-r--r--    1 root     root          1673 Nov 29 19:54 /etc/a b\n";
    assert_eq!(columns(line).as_deref(), Some(want.as_bytes()));
    assert_eq!(columns(b"total 8\n"), None);
}

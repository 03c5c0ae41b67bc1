//! What GNU's programs complain about, in BusyBox's words.
//!
//! **Invariant:** a line that is not known goes through as it is.

use super::{attach, usage_text};
use crate::kernel::{Open, Proc};
use std::sync::Arc;

/// Whether the usage was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    Rightly,
    Wrongly,
}

/// Bytes of a line that is not complete.
const LINE_BYTES: usize = 8_192;

/// Passes on what a program says, line by line, until it ends.
pub(super) async fn pass_on(p: &mut Proc, reader: Arc<Open>, name: &str) -> Used {
    let fd = attach(p, reader);
    let mut used = Used::Rightly;
    let mut rest = Vec::new();
    while let Ok(bytes) = p.read(fd, 8_192).await {
        let ended = bytes.is_empty();
        rest.extend(bytes);
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            say(p, name, &String::from_utf8_lossy(&line), &mut used);
        }
        if ended || rest.len() > LINE_BYTES {
            p.put(2, &std::mem::take(&mut rest));
        }
        p.flush().await;
        if ended {
            break;
        }
    }
    p.fds.remove(&fd);
    used
}

fn say(p: &mut Proc, name: &str, line: &str, used: &mut Used) {
    if *used == Used::Wrongly {
        return;
    }
    let line = line.strip_suffix('\n').unwrap_or(line);
    let shown = ["missing operand", "missing file operand", "missing destination file operand", "you must specify"];
    let is_usage = line.starts_with("Try '") || line.starts_with("Usage:") || line.starts_with("usage:");
    if is_usage || shown.iter().any(|text| line.contains(text)) {
        *used = Used::Wrongly;
        p.put(2, usage_text(name).as_bytes());
        return;
    }
    match translate(name, line) {
        Some(text) => p.error(text),
        None => p.error(line),
    }
}

/// The name between quotes, and what is behind them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    for (open, close) in [("'", "': "), ("‘", "’: ")] {
        if let Some(inner) = text.strip_prefix(open)
            && let Some(end) = inner.rfind(close)
        {
            return Some((inner.get(..end)?, inner.get(end + close.len()..)?));
        }
    }
    None
}

/// A complaint in BusyBox's words.
pub(super) fn translate(name: &str, line: &str) -> Option<String> {
    let text = line.strip_prefix(name)?.strip_prefix(": ")?;
    let after = |begin: &str| text.strip_prefix(begin).and_then(quoted);
    match name {
        "cat" | "md5sum" | "sha1sum" | "sha256sum" | "sha512sum" => {
            let (file, why) = text.rsplit_once(": ")?;
            Some(format!("{name}: can't open '{file}': {why}"))
        }
        "head" | "tail" => {
            let (file, why) = after("cannot open ").or_else(|| {
                let (file, why) = text.strip_prefix("cannot open ")?.split_once(" for reading: ")?;
                Some((file.trim_matches(['\'', '‘', '’']), why))
            })?;
            Some(if name == "head" {
                format!("head: {file}: {why}")
            } else {
                format!("tail: can't open '{file}': {why}\ntail: no files")
            })
        }
        "rm" => after("cannot remove ").map(|(f, why)| format!("rm: can't remove '{f}': {why}")),
        "ls" => after("cannot access ")
            .or_else(|| after("cannot open directory "))
            .map(|(f, why)| format!("ls: {f}: {why}")),
        "cp" | "stat" => {
            after("cannot stat ").map(|(f, why)| format!("{name}: can't stat '{f}': {why}"))
        }
        "mv" => after("cannot stat ").map(|(f, why)| format!("mv: can't rename '{f}': {why}")),
        "mkdir" => after("cannot create directory ")
            .map(|(f, why)| format!("mkdir: can't create directory '{f}': {why}")),
        "rmdir" => after("failed to remove ").map(|(f, why)| format!("rmdir: '{f}': {why}")),
        "chmod" | "chown" | "chgrp" | "du" => after("cannot access ")
            .or_else(|| after("changing permissions of "))
            .or_else(|| after("changing ownership of "))
            .map(|(f, why)| format!("{name}: {f}: {why}")),
        "touch" => after("cannot touch ").map(|(f, why)| format!("touch: {f}: {why}")),
        "ln" => after("failed to create symbolic link ")
            .or_else(|| after("failed to create hard link "))
            .or_else(|| after("failed to access "))
            .map(|(f, why)| format!("ln: {f}: {why}")),
        "dd" => after("failed to open ").map(|(f, why)| format!("dd: can't open '{f}': {why}")),
        "find" => quoted(text).map(|(f, why)| format!("find: {f}: {why}")),
        "sort" => after("cannot read: ")
            .map(|(f, why)| format!("sort: {f}: {why}"))
            .or_else(|| Some(format!("sort: {}", text.strip_prefix("cannot read: ")?))),
        "sed" => Some(format!("sed: {}", text.strip_prefix("can't read ")?)),
        "diff" => {
            let (file, why) = text.rsplit_once(": ")?;
            Some(format!("diff: can't stat '{file}': {why}"))
        }
        "kill" => {
            let pid = text.trim_start_matches("sending signal to ").trim_start_matches('(');
            let pid: String = pid.chars().take_while(char::is_ascii_digit).collect();
            let why = text.rsplit([':', '-']).next()?.trim();
            Some(format!("kill: can't kill pid {pid}: {why}"))
        }
        "killall" => {
            Some(format!("killall: {}", text.replace(": no process found", ": no process killed")))
        }
        "id" => {
            let user = text.split(['\'', '‘', '’']).nth(1)?;
            Some(format!("id: unknown user {user}"))
        }
        "sleep" => {
            let word = text.strip_prefix("invalid time interval ")?.trim_matches(['\'', '‘', '’']);
            Some(format!("sleep: invalid number '{word}'"))
        }
        "sh" | "ash" => {
            let (number, rest) = text.split_once(": ")?;
            number.bytes().all(|b| b.is_ascii_digit()).then(|| format!("{name}: {rest}"))
        }
        _ => None,
    }
}

#[test]
fn complaints_are_translated() {
    for (name, line, want) in [
        ("cat", "cat: /x: No such file or directory", "cat: can't open '/x': No such file or directory"),
        ("rm", "rm: cannot remove '/x': No such file or directory", "rm: can't remove '/x': No such file or directory"),
        ("ls", "ls: cannot access '/x': No such file or directory", "ls: /x: No such file or directory"),
        ("mkdir", "mkdir: cannot create directory ‘/tmp’: File exists", "mkdir: can't create directory '/tmp': File exists"),
        ("chmod", "chmod: cannot access '/x': No such file or directory", "chmod: /x: No such file or directory"),
        ("sh", "sh: 1: nosuch: not found", "sh: nosuch: not found"),
        ("mv", "mv: cannot stat '/x': No such file or directory", "mv: can't rename '/x': No such file or directory"),
    ] {
        assert_eq!(translate(name, line).as_deref(), Some(want));
    }
    assert_eq!(translate("cat", "dog: x: y"), None);
}

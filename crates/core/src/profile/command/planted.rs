//! Public keys in text that goes into `authorized_keys`.
//!
//! **Invariant:** only whole keys: a type that OpenSSH knows by its beginning, and base64 that
//! decodes. Options before a key are passed over; the comment is all that is behind it.

use crate::event::file::is_authorized_keys;
use crate::limits;
use crate::profile::taxonomy::base_name;
use crate::shell::command::Invocation;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// A key of a line of `authorized_keys`, `AUTHORIZED_KEYS FILE FORMAT` of sshd(8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::profile) struct Planted {
    /// The public key in SSH wire encoding.
    pub(in crate::profile) key: Vec<u8>,
    /// What stands behind it.
    pub(in crate::profile) comment: Vec<u8>,
}

/// The keys that commands write into `authorized_keys`, in order.
pub(super) fn by_commands(commands: &[Invocation]) -> Vec<Planted> {
    let mut planted = Vec::new();
    for command in commands {
        if !command.targets.iter().any(|path| is_authorized_keys(path)) {
            continue;
        }
        let source = command.reads.and_then(|from| commands.get(from));
        for command in source.into_iter().chain([command]) {
            for line in written(command).split(|&byte| byte == b'\n') {
                planted.extend(key(line));
            }
        }
    }
    planted.truncate(limits::SSH_AGENT_KEYS);
    planted
}

/// The key of one line, if it has one.
pub(in crate::profile) fn key(line: &[u8]) -> Option<Planted> {
    let mut rest = line.get(..limits::KEY_LINE_BYTES.min(line.len()))?;
    while !rest.is_empty() {
        let (word, behind) = split(rest);
        if TYPES.iter().any(|kind| word.starts_with(kind.as_bytes())) {
            let (encoded, comment) = split(behind);
            let key = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded));
            if let Some(key) = key.ok().filter(|_| encoded.starts_with(b"AAAA")) {
                return Some(Planted { key, comment: comment.trim_ascii().to_vec() });
            }
        }
        rest = behind;
    }
    None
}

/// What a command writes, as far as its words say: `echo` and `printf` know `\n`.
fn written(command: &Invocation) -> Vec<u8> {
    let inner = command.inner();
    let real = inner.as_ref().unwrap_or(command);
    let mut text = match base_name(&real.name) {
        b"echo" | b"printf" => {
            let words = real.words.join(&b' ');
            let mut text = Vec::with_capacity(words.len());
            let mut rest = words.as_slice();
            while let Some((&byte, behind)) = rest.split_first() {
                rest = behind;
                if byte == b'\\'
                    && let Some((b'n', behind)) = rest.split_first()
                {
                    rest = behind;
                    text.push(b'\n');
                } else {
                    text.push(byte);
                }
            }
            text
        }
        _ => Vec::new(),
    };
    text.push(b'\n');
    text.extend_from_slice(&command.given);
    text
}

/// The first word, and what is behind it.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

const TYPES: &[&str] = &["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-", "rsa-sha2-"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

    #[test]
    fn keys_have_their_comments() {
        let comment = |line: &str| {
            let found = key(line.as_bytes())?;
            assert_eq!(found.key.len(), 51);
            Some(String::from_utf8(found.comment).unwrap())
        };
        let check = |line: String, expected: Option<&str>| {
            assert_eq!(comment(&line).as_deref(), expected, "{line}");
        };
        check(format!("ssh-ed25519 {KEY} me@home"), Some("me@home"));
        check(format!("ssh-ed25519 {KEY}"), Some(""));
        check(format!("  no-pty,command=\"a ssh-x b\" ssh-ed25519 {KEY} a b \r"), Some("a b"));
        check("ssh-ed25519 AAAAB".to_owned(), None);
        check("# ssh-rsa".to_owned(), None);
        check(String::new(), None);
    }

    proptest! {
        #[test]
        fn any_line_is_looked_at(line: Vec<u8>) {
            key(&line);
        }
    }
}

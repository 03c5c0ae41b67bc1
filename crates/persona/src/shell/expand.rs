//! Words become arguments: variables, command substitution, `~`, splitting, file name patterns.
//!
//! **Invariant:** what one command may grow to is bounded.

use crate::shell::parse::{Part, Quotes, Word};
use crate::shell::run::Engine;

/// Bytes that the words of one command may expand to.
const EXPANDED_BYTES: usize = 128 * 1024;
/// Words of one command after splitting and patterns.
const FIELDS: usize = 4_096;

/// The words cannot become arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// One field and where in it a pattern character counts.
#[derive(Default)]
struct Field {
    text: Vec<u8>,
    pattern: Pattern,
    begun: Begun,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pattern {
    #[default]
    No,
    Yes,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begun {
    #[default]
    No,
    Yes,
}

impl Engine {
    /// All words of a command.
    pub(crate) fn expand(&mut self, words: &[Word]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut arguments = Vec::new();
        let mut room = EXPANDED_BYTES;
        for word in words {
            for field in self.fields(word, &mut room)? {
                match field.pattern {
                    Pattern::Yes => arguments.extend(self.matching(field.text)),
                    Pattern::No => arguments.push(field.text),
                }
            }
            if arguments.len() > FIELDS {
                return Err(TooLong);
            }
        }
        Ok(arguments)
    }

    /// One word without splitting: a value, or the name of a file.
    pub(crate) fn expand_one(&mut self, word: &Word) -> Result<Vec<u8>, TooLong> {
        let quoted: Word = word
            .iter()
            .map(|part| match part.clone() {
                Part::Variable(name, _) => Part::Variable(name, Quotes::Double),
                Part::Command(text, _) => Part::Command(text, Quotes::Double),
                other @ (Part::Bare(_) | Part::Quoted(_)) => other,
            })
            .collect();
        let mut room = EXPANDED_BYTES;
        let fields = self.fields(&quoted, &mut room)?;
        Ok(fields.into_iter().flat_map(|field| field.text).collect())
    }

    fn fields(&mut self, word: &Word, room: &mut usize) -> Result<Vec<Field>, TooLong> {
        let mut fields = Vec::new();
        let mut field = Field::default();
        for (index, part) in word.iter().enumerate() {
            let value = match part {
                Part::Bare(text) => {
                    let text = if index == 0 { self.tilde(text) } else { text.clone() };
                    if text.iter().any(|b| matches!(b, b'*' | b'?')) {
                        field.pattern = Pattern::Yes;
                    }
                    field.begun = Begun::Yes;
                    text
                }
                Part::Quoted(text) => {
                    field.begun = Begun::Yes;
                    text.clone()
                }
                Part::Variable(name, quotes) => {
                    let value = self.variable(name);
                    if *quotes == Quotes::None {
                        self.split(&value, room, &mut field, &mut fields)?;
                        continue;
                    }
                    value
                }
                Part::Command(text, quotes) => {
                    let value = self.substitute(text);
                    if *quotes == Quotes::None {
                        self.split(&value, room, &mut field, &mut fields)?;
                        continue;
                    }
                    value
                }
            };
            *room = room.checked_sub(value.len()).ok_or(TooLong)?;
            field.text.extend_from_slice(&value);
        }
        if field.begun == Begun::Yes {
            fields.push(field);
        }
        Ok(fields)
    }

    #[expect(clippy::unused_self, reason = "IFS will be looked up here")]
    fn split(
        &self,
        value: &[u8],
        room: &mut usize,
        field: &mut Field,
        fields: &mut Vec<Field>,
    ) -> Result<(), TooLong> {
        *room = room.checked_sub(value.len()).ok_or(TooLong)?;
        for &byte in value {
            if matches!(byte, b' ' | b'\t' | b'\n') {
                if field.begun == Begun::Yes {
                    fields.push(std::mem::take(field));
                }
                if fields.len() > FIELDS {
                    return Err(TooLong);
                }
            } else {
                if matches!(byte, b'*' | b'?') {
                    field.pattern = Pattern::Yes;
                }
                field.begun = Begun::Yes;
                field.text.push(byte);
            }
        }
        Ok(())
    }

    fn tilde(&mut self, text: &[u8]) -> Vec<u8> {
        match text {
            [b'~'] | [b'~', b'/', ..] => {
                let home = self.variable(b"HOME");
                [home.as_slice(), text.get(1..).unwrap_or(&[])].concat()
            }
            _ => text.to_vec(),
        }
    }

    fn variable(&mut self, name: &[u8]) -> Vec<u8> {
        let level = self.shell.level();
        match name {
            b"?" => level.status.to_string().into_bytes(),
            b"$" => level.pid.to_string().into_bytes(),
            b"0" => level.name().as_bytes().to_vec(),
            b"#" => b"0".to_vec(),
            b"-" => b"himBHs".to_vec(),
            b"UID" | b"EUID" => level.user.uid.to_string().into_bytes(),
            b"HOSTNAME" => self.shell.machine.hostname.clone().into_bytes(),
            b"BASH_VERSION" => b"5.2.15(1)-release".to_vec(),
            b"HOSTTYPE" => b"x86_64".to_vec(),
            b"OSTYPE" => b"linux-gnu".to_vec(),
            b"MACHTYPE" => b"x86_64-pc-linux-gnu".to_vec(),
            b"BASH" | b"SHELL" => b"/bin/bash".to_vec(),
            _ => {
                let default = name.windows(2).position(|two| two == b":-");
                let (name, default) = match default {
                    Some(at) => (name.get(..at), name.get(at + 2..)),
                    None => (Some(name), None),
                };
                let value = level.get(name.unwrap_or(b"")).filter(|value| !value.is_empty());
                value.or(default).unwrap_or(b"").to_vec()
            }
        }
    }

    /// The paths that a pattern stands for; the pattern itself where there is none. Folders are
    /// matched part by part.
    fn matching(&mut self, pattern: Vec<u8>) -> Vec<Vec<u8>> {
        let cwd = self.shell.level().cwd.clone();
        let rooted = pattern.starts_with(b"/");
        let mut found: Vec<Vec<u8>> = vec![if rooted { b"/".to_vec() } else { Vec::new() }];
        for part in crate::files::parts(&pattern) {
            let mut next = Vec::new();
            for folder in &found {
                let path: &[u8] = if folder.is_empty() { b"." } else { folder };
                let Ok(path) = self.shell.files.resolve(&cwd, path, crate::files::Last::Follow)
                else {
                    continue;
                };
                let names = if part.iter().any(|b| matches!(b, b'*' | b'?')) {
                    let mut names = self.shell.files.names(&path);
                    names.retain(|name| {
                        (part.starts_with(b".") || !name.starts_with(b".")) && fits(part, name)
                    });
                    names
                } else {
                    vec![part.to_vec()]
                };
                for name in names {
                    let there = [path.as_slice(), b"/", &name].concat();
                    if self.shell.files.node(&there).is_ok() && next.len() < FIELDS {
                        let slash: &[u8] =
                            if folder.is_empty() || folder.ends_with(b"/") { b"" } else { b"/" };
                        next.push([folder.as_slice(), slash, &name].concat());
                    }
                }
            }
            self.count_work(40 * next.len() + 500 * found.len());
            found = next;
        }
        if found.is_empty() { vec![pattern] } else { found }
    }
}

/// Whether a name fits a pattern of `*` and `?`: one pass, one step back.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(b'?') => (p, n) = (p + 1, n + 1),
            Some(other) if other == byte => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((behind, from)) => {
                    star = Some((behind, from + 1));
                    (p, n) = (behind, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or(&[]).iter().all(|&b| b == b'*')
}

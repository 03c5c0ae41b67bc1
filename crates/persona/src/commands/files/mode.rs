//! Permissions as `chmod` reads them: numbers and letters.
//!
//! **Invariant:** what is asked is read once, and applied to as many files as there are.

/// What is to be done to permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    operator: u8,
    /// Bits of the classes that are named.
    who: u16,
    /// No class was named: the umask counts.
    everybody: bool,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Bits(u16),
    /// The same with `X`.
    BitsOrSearch(u16),
    /// The bits of another class: how far they are from the right.
    Class(u32),
    /// All, and of a folder those bits too that a short number leaves alone.
    Number {
        bits: u16,
        mentioned: u16,
    },
}

/// Letters that mean something in one change: more than a few are nonsense, but no error.
const CHANGES: usize = 4_096;

impl Mode {
    /// `None` where it is no mode.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        if text.first().is_some_and(|b| (b'0'..=b'7').contains(b)) {
            let bits = octal(text)?;
            // Of folders, a number with less than five digits clears no bits of groups.
            let mentioned = if text.len() < 5 { (bits & 0o6000) | 0o1777 } else { 0o7777 };
            let what = What::Number { bits, mentioned };
            let change = Change { operator: b'=', who: 0o7777, everybody: false, what };
            return Some(Self { changes: vec![change] });
        }
        let mut changes = Vec::new();
        for clause in text.split(|&b| b == b',') {
            let start = clause.iter().position(|b| !b"ugoa".contains(b)).unwrap_or(clause.len());
            let (classes, mut rest) = clause.split_at_checked(start)?;
            let who = classes.iter().fold(0, |who, class| {
                who | match class {
                    b'u' => 0o4700,
                    b'g' => 0o2070,
                    b'o' => 0o1007,
                    _ => 0o7777,
                }
            });
            if rest.is_empty() {
                return None;
            }
            while let Some((operator, more)) = rest.split_first() {
                if !b"+-=".contains(operator) || changes.len() >= CHANGES {
                    return None;
                }
                let end = more.iter().position(|b| b"+-=".contains(b)).unwrap_or(more.len());
                let (letters, after) = more.split_at_checked(end)?;
                rest = after;
                let what = what(letters, classes.is_empty())?;
                let everybody = classes.is_empty();
                let who = if everybody { 0o7777 } else { who };
                changes.push(Change { operator: *operator, who, everybody, what });
            }
        }
        Some(Self { changes })
    }

    /// What becomes of those permissions.
    pub(crate) fn apply(&self, mut mode: u16, folder: Folder, umask: u16) -> u16 {
        let is_folder = folder == Folder::Yes;
        for change in &self.changes {
            let mut omit = if is_folder { 0o6000 } else { 0 };
            let mut bits = match change.what {
                What::Bits(bits) => {
                    omit &= !bits;
                    bits
                }
                What::BitsOrSearch(bits) => {
                    omit &= !bits;
                    let search = is_folder || mode & 0o111 != 0;
                    if search { bits | 0o111 } else { bits }
                }
                What::Class(shift) => {
                    let bits = mode >> shift & 7;
                    bits << 6 | bits << 3 | bits
                }
                What::Number { bits, mentioned } => {
                    if !is_folder || mentioned & 0o6000 == 0o6000 {
                        omit = 0;
                    }
                    if is_folder {
                        omit &= !mentioned;
                    }
                    bits
                }
            };
            bits &= change.who & if change.everybody { !umask } else { !0 };
            match change.operator {
                b'+' => mode |= bits,
                b'-' => mode &= !bits,
                _ => {
                    let kept = if change.everybody { omit } else { !change.who | omit };
                    mode = mode & kept | bits;
                }
            }
        }
        mode & 0o7777
    }

    /// Whether a change with `-` or without class may leave more than was asked: then chmod looks
    /// at the umask and complains.
    pub(crate) fn uses_umask(&self) -> bool {
        self.changes.iter().any(|change| change.everybody)
    }
}

/// Whether permissions are those of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    Yes,
    No,
}

pub(crate) fn octal(text: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?;
    u32::from_str_radix(text, 8)
        .ok()
        .and_then(|bits| u16::try_from(bits).ok())
        .filter(|b| *b <= 0o7777)
}

fn what(letters: &[u8], _everybody: bool) -> Option<What> {
    match letters {
        b"u" => return Some(What::Class(6)),
        b"g" => return Some(What::Class(3)),
        b"o" => return Some(What::Class(0)),
        digits if !digits.is_empty() && digits.iter().all(|b| (b'0'..=b'7').contains(b)) => {
            let bits = octal(digits)?;
            return Some(What::Number { bits, mentioned: 0o7777 });
        }
        _ => {}
    }
    let (mut bits, mut search) = (0, false);
    for letter in letters {
        match letter {
            b'r' => bits |= 0o444,
            b'w' => bits |= 0o222,
            b'x' => bits |= 0o111,
            b's' => bits |= 0o6000,
            b't' => bits |= 0o1000,
            b'X' => search = true,
            _ => return None,
        }
    }
    Some(if search { What::BitsOrSearch(bits) } else { What::Bits(bits) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_become_what_chmod_makes_of_them() {
        let check = |text: &str, old: u16, new: u16| {
            let mode = Mode::read(text.as_bytes()).expect(text);
            let said = mode.apply(old, Folder::No, 0o022);
            assert_eq!(said, new, "{text} {old:o} → {said:o}, not {new:o}");
        };
        check("755", 0o644, 0o755);
        check("+x", 0o644, 0o755);
        check("u+x", 0o644, 0o744);
        check("+w", 0o444, 0o644);
        check("a+w", 0o444, 0o666);
        check("go-rwx", 0o755, 0o700);
        check("u=rwx,g=rx,o=", 0o644, 0o750);
        check("u+s", 0o755, 0o4755);
        check("+t", 0o755, 0o1755);
        check("g=u", 0o740, 0o770);
        check("a+X", 0o644, 0o644);
        check("a+X", 0o744, 0o755);
        check("=", 0o777, 0);
        check("u+x-w", 0o644, 0o544);
        check("0", 0o777, 0);
        let folder =
            |text: &str, old| Mode::read(text.as_bytes()).unwrap().apply(old, Folder::Yes, 0o022);
        assert_eq!(folder("755", 0o2777), 0o2755);
        assert_eq!(folder("00755", 0o2777), 0o755);
        assert_eq!(folder("a=rx", 0o2777), 0o2555);
        for bad in ["", "z", "u", "+q", "888", "u+x,", "77777", "u+ug"] {
            assert_eq!(Mode::read(bad.as_bytes()), None, "{bad}");
        }
    }
}

//! Names that fit a pattern: `*`, `?`, `[a-z]`.
//!
//! **Invariant:** the work is at most the product of both lengths.

/// Whether a whole name fits. A slash and a leading dot are like other bytes.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on after the last star: behind it, and one byte further in the name.
    let mut back: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            back = Some((p, n));
            continue;
        }
        let step = match (pattern.get(p), name.get(n)) {
            (None, None) => return true,
            (Some(_), Some(&b)) => one(pattern.get(p..).unwrap_or_default(), b),
            (None, Some(_)) | (Some(_), None) => None,
        };
        match (step, back) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((star, from))) if from < name.len() => {
                back = Some((star, from + 1));
                (p, n) = (star, from + 1);
            }
            (None, _) => return false,
        }
    }
}

/// The same, whatever the case of letters.
pub(super) fn matches_any_case(pattern: &[u8], name: &[u8]) -> bool {
    matches(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase())
}

/// How many bytes of the pattern one byte of the name takes.
fn one(pattern: &[u8], b: u8) -> Option<usize> {
    match pattern.first()? {
        b'?' => Some(1),
        b'\\' if pattern.len() > 1 => (pattern.get(1) == Some(&b)).then_some(2),
        b'[' => match set(pattern, b) {
            Some((hit, length)) => hit.then_some(length),
            None => (b == b'[').then_some(1),
        },
        plain => (*plain == b).then_some(1),
    }
}

/// Whether a byte is in the set at the begin of a pattern, and how long that is.
fn set(pattern: &[u8], b: u8) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let start = at;
    let mut hit = false;
    loop {
        let first = *pattern.get(at)?;
        if first == b']' && at > start {
            return Some((hit != negated, at + 1));
        }
        if pattern.get(at..).is_some_and(|rest| rest.starts_with(b"[:"))
            && let Some((class, length)) = class(pattern.get(at..)?, b)
        {
            hit |= class;
            at += length;
            continue;
        }
        let first = if first == b'\\' {
            at += 1;
            *pattern.get(at)?
        } else {
            first
        };
        at += 1;
        match (pattern.get(at), pattern.get(at + 1)) {
            (Some(b'-'), Some(&last)) if last != b']' => {
                hit |= (first..=last).contains(&b);
                at += 2;
            }
            _ => hit |= first == b,
        }
    }
}

fn class(text: &[u8], b: u8) -> Option<(bool, usize)> {
    let end = text.windows(2).position(|pair| pair == b":]")?;
    let hit = match text.get(2..end)? {
        b"alpha" => b.is_ascii_alphabetic(),
        b"digit" => b.is_ascii_digit(),
        b"alnum" => b.is_ascii_alphanumeric(),
        b"upper" => b.is_ascii_uppercase(),
        b"lower" => b.is_ascii_lowercase(),
        b"space" => b.is_ascii_whitespace() || b == 11,
        b"blank" => b == b' ' || b == b'\t',
        b"punct" => b.is_ascii_punctuation(),
        b"xdigit" => b.is_ascii_hexdigit(),
        b"cntrl" => b.is_ascii_control(),
        b"print" => (0x20..0x7f).contains(&b),
        b"graph" => b.is_ascii_graphic(),
        _ => return None,
    };
    Some((hit, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_the_library() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("*.env", ".env", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("[a-c]?", "bz", true),
            ("[!a-c]?", "bz", false),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[[:digit:]]*", "7up", true),
            ("a/b*", "a/b/c", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
        assert!(matches_any_case(b"ID_*", b"id_RSA"));
    }
}

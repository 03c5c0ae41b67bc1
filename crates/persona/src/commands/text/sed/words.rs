//! Escapes in the patterns and texts of a script.
//!
//! **Invariant:** an escape that makes a character which means something makes it mean nothing.

/// What an escape is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Pattern,
    Replacement,
    Text,
}

/// Understands `\t`, `\x41`, `\o101`, `\d65`, `\cA`; leaves all others.
pub(super) fn understand(text: &[u8], place: Place) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let Some(&letter) = text.get(at + 1) else {
            out.push(b'\\');
            break;
        };
        at += 2;
        let number = |radix: u32, most: usize| {
            let rest = text.get(at..).unwrap_or_default();
            let digits = rest.iter().take(most).map_while(|&b| char::from(b).to_digit(radix));
            digits.fold((0_u32, 0_usize), |(value, used), digit| (value * radix + digit, used + 1))
        };
        let (value, used) = match letter {
            b'a' => (7, 0),
            b'f' => (12, 0),
            b'v' => (11, 0),
            b't' => (9, 0),
            b'r' => (13, 0),
            b'c' if text.get(at).is_some() => {
                let control = text.get(at).copied().unwrap_or(0).to_ascii_uppercase() ^ 0x40;
                (u32::from(control), 1)
            }
            b'd' => number(10, 3),
            b'o' => number(8, 3),
            b'x' => number(16, 2),
            letter => {
                out.extend([b'\\', letter]);
                continue;
            }
        };
        if used == 0 && b"dox".contains(&letter) {
            out.extend([b'\\', letter]);
            continue;
        }
        at += used;
        let made = value.to_le_bytes()[0];
        let special: &[u8] = match place {
            Place::Pattern => b"*[].^$\\/+?{}()|",
            Place::Replacement => b"&\\",
            Place::Text => b"",
        };
        if b"dox".contains(&letter) && special.contains(&made) {
            // Brackets keep their backslash out of harm where it is one of several.
            out.push(b'\\');
        }
        out.push(made);
    }
    out
}

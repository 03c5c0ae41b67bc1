//! Members that are written again and again, kept by what they are made of: most of a capture's
//! hellos and requests are those of few programs, and cost a hash or two each.
//!
//! **Invariant:** members depend on their key alone. Of keys that share a place the latest is kept,
//! and nothing that is long, so that nobody can make this grow.

use super::object::Object;

/// Members by their keys.
#[derive(Debug, Default)]
pub(super) struct Memo {
    key: Key,
    places: Vec<Option<Box<Known>>>,
}

/// What members are made of.
#[derive(Debug, Default)]
pub(super) struct Key(Vec<u8>);

#[derive(Debug)]
struct Known {
    key: Vec<u8>,
    members: Vec<u8>,
}

/// Places for keys.
const PLACES: usize = 1_024;
/// Bytes of a key and its members that are kept.
const KNOWN_BYTES: usize = 12 << 10;

impl Memo {
    /// Begins a key of `kind`, which the caller fills.
    pub(super) fn key(&mut self, kind: &str) -> &mut Key {
        self.key.0.clear();
        self.key.bytes(kind.as_bytes())
    }

    /// Writes the members that belong to the key.
    pub(super) fn members(&mut self, line: &mut Object<'_>, make: impl FnOnce(&mut Object<'_>)) {
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || None);
        }
        let key = &self.key.0;
        let Some(place) = self.places.get_mut(hash(key) as usize % PLACES) else { return };
        if let Some(known) = place
            && known.key == *key
        {
            line.members(&known.members);
            return;
        }
        let mut members = Vec::new();
        make(&mut Object::inside(&mut members));
        line.members(&members);
        if key.len() + members.len() <= KNOWN_BYTES {
            members.shrink_to_fit();
            *place = Some(Box::new(Known { key: key.clone(), members }));
        }
    }
}

impl Key {
    /// Adds bytes; others never give the same key.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn number(&mut self, number: u16) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }
}

/// Four sums side by side, since each step of one waits for the step before it.
fn hash(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sums = [bytes.len() as u64, 1, 2, 3];
    let mut add = |part: &[u8; 32]| {
        for (sum, word) in sums.iter_mut().zip(part.as_chunks::<8>().0) {
            *sum = (*sum ^ u64::from_le_bytes(*word)).wrapping_mul(ODD).rotate_left(29);
        }
    };
    let (parts, rest) = bytes.as_chunks::<32>();
    parts.iter().for_each(&mut add);
    let mut last = [0; 32];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    add(&last);
    sums.iter().fold(0, |all: u64, sum| (all ^ sum).wrapping_mul(ODD).rotate_left(29))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(memo: &mut Memo, parts: &[&str], value: u32) -> String {
        let mut out = Vec::new();
        let key = memo.key("test");
        for part in parts {
            key.bytes(part.as_bytes());
        }
        memo.members(&mut Object::inside(&mut out), |line| line.number("value", value));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_was_made_of_a_key_is_written_again_and_of_another_it_is_not() {
        let mut memo = Memo::default();
        assert_eq!(written(&mut memo, &["ab", "c"], 1), r#","value":1"#);
        assert_eq!(written(&mut memo, &["ab", "c"], 2), r#","value":1"#);
        assert_eq!(written(&mut memo, &["a", "bc"], 3), r#","value":3"#);
        assert_eq!(written(&mut memo, &["ab", "c", ""], 4), r#","value":4"#);
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let mut memo = Memo::default();
        let long = "x".repeat(KNOWN_BYTES);
        assert_eq!(written(&mut memo, &[&long], 1), r#","value":1"#);
        assert_eq!(written(&mut memo, &[&long], 2), r#","value":2"#);
    }
}

//! Headers of members, in GNU's format; those of ustar and pax are read too.
//!
//! **Invariant:** reading survives any bytes; a header whose sum is wrong is none.

/// A member, as its header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u64,
    pub(super) changed: i64,
    /// `0` is a file.
    pub(super) kind: u8,
    pub(super) link: Vec<u8>,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    pub(super) numbers: (u32, u32),
}

pub(super) const BLOCK: usize = 512;
/// Blocks of a record: archives are filled up to that.
pub(super) const RECORD: u64 = 10_240;

fn field(block: &[u8], at: usize, length: usize) -> &[u8] {
    let bytes = block.get(at..at + length).unwrap_or_default();
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or(bytes)
}

/// A number in octal digits, or in binary where its first bit says so.
fn number(block: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = block.get(at..at + length)?;
    if let Some((first, rest)) = bytes.split_first()
        && first & 0x80 != 0
    {
        return rest.iter().try_fold(u64::from(first & 0x3f), |value, b| {
            value.checked_mul(256)?.checked_add(u64::from(*b))
        });
    }
    let text = std::str::from_utf8(field(block, at, length)).ok()?.trim();
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(text, 8).ok()
}

fn sum(block: &[u8]) -> u64 {
    let byte = |(at, b): (usize, &u8)| {
        if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*b) }
    };
    block.iter().enumerate().map(byte).sum()
}

impl Member {
    /// `None` where the block is no header.
    pub(super) fn read(block: &[u8]) -> Option<Self> {
        if number(block, 148, 8)? != sum(block) {
            return None;
        }
        let mut name = field(block, 0, 100).to_vec();
        let prefix = field(block, 345, 155);
        let posix = block.get(257..263) == Some(b"ustar\0");
        if posix && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        let small = |at| number(block, at, 8).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        Some(Self {
            name,
            mode: u16::try_from(number(block, 100, 8)? & 0o7777).unwrap_or(0o644),
            uid: small(108),
            gid: small(116),
            size: number(block, 124, 12)?,
            changed: i64::try_from(number(block, 136, 12)?).unwrap_or(0),
            kind: match block.get(156).copied().unwrap_or(0) {
                0 | b'7' => b'0',
                kind => kind,
            },
            link: field(block, 157, 100).to_vec(),
            user: field(block, 265, 32).to_vec(),
            group: field(block, 297, 32).to_vec(),
            numbers: (small(329), small(337)),
        })
    }

    /// Its headers: those for long names first.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (text, kind) in [(&self.link, b'K'), (&self.name, b'L')] {
            if text.len() > 100 {
                let long = Self {
                    name: b"././@LongLink".to_vec(),
                    mode: 0o644,
                    size: text.len() as u64 + 1,
                    kind,
                    user: b"root".to_vec(),
                    group: b"root".to_vec(),
                    ..Self::default()
                };
                out.extend(long.block());
                out.extend_from_slice(text);
                out.push(0);
                out.resize(out.len().next_multiple_of(BLOCK), 0);
            }
        }
        out.extend(self.block());
        out
    }

    fn block(&self) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        let mut put = |at: usize, length: usize, text: &[u8]| {
            let text = text.get(..length.min(text.len())).unwrap_or(text);
            if let Some(place) = block.get_mut(at..at + text.len()) {
                place.copy_from_slice(text);
            }
        };
        put(0, 100, &self.name);
        put(100, 8, format!("{:07o}", self.mode).as_bytes());
        put(108, 8, format!("{:07o}", self.uid).as_bytes());
        put(116, 8, format!("{:07o}", self.gid).as_bytes());
        if self.size < 1 << 33 {
            put(124, 12, format!("{:011o}", self.size).as_bytes());
        } else {
            put(124, 4, &[0x80, 0, 0, 0]);
            put(128, 8, &self.size.to_be_bytes());
        }
        put(136, 12, format!("{:011o}", self.changed.max(0)).as_bytes());
        put(156, 1, &[self.kind]);
        put(157, 100, &self.link);
        put(257, 8, b"ustar  \0");
        put(265, 31, &self.user);
        put(297, 31, &self.group);
        if matches!(self.kind, b'3' | b'4') {
            put(329, 8, format!("{:07o}", self.numbers.0).as_bytes());
            put(337, 8, format!("{:07o}", self.numbers.1).as_bytes());
        }
        let sum = sum(&block);
        let text = format!("{sum:06o}\0 ");
        if let Some(place) = block.get_mut(148..156) {
            place.copy_from_slice(text.as_bytes());
        }
        block
    }
}

/// What a pax header says of the next member.
pub(super) fn pax(text: &[u8], member: &mut Member) {
    let mut rest = text;
    while let Some(space) = rest.iter().position(|&b| b == b' ') {
        let length = rest.get(..space).and_then(|text| std::str::from_utf8(text).ok());
        let Some(length) = length.and_then(|text| text.parse::<usize>().ok()) else { return };
        let (Some(record), Some(more)) = (rest.get(space + 1..length), rest.get(length..)) else {
            return;
        };
        rest = more;
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let Some(equals) = record.iter().position(|&b| b == b'=') else { continue };
        let (key, value) = record.split_at_checked(equals).unwrap_or((record, b"="));
        let value = value.get(1..).unwrap_or_default();
        let number = || std::str::from_utf8(value).ok()?.split('.').next()?.parse::<u64>().ok();
        match key {
            b"path" => member.name = value.to_vec(),
            b"linkpath" => member.link = value.to_vec(),
            b"size" => member.size = number().unwrap_or(member.size),
            b"mtime" => {
                let seconds = number().and_then(|n| i64::try_from(n).ok());
                member.changed = seconds.unwrap_or(member.changed);
            }
            b"uname" => member.user = value.to_vec(),
            b"gname" => member.group = value.to_vec(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_what_was_written() {
        let member = Member {
            name: b"d/a".to_vec(),
            mode: 0o644,
            size: 3,
            changed: 1_795_980_641,
            kind: b'0',
            user: b"root".to_vec(),
            group: b"root".to_vec(),
            ..Member::default()
        };
        let block = member.write();
        assert_eq!(block.len(), BLOCK);
        assert_eq!(Member::read(&block), Some(member.clone()));
        let mut bad = block.clone();
        bad[0] ^= 1;
        assert_eq!(Member::read(&bad), None);
        let long = Member { name: vec![b'x'; 150], ..member };
        assert_eq!(long.write().len(), 3 * BLOCK);
        assert_eq!(Member::read(&[0; BLOCK]), None);
    }
}

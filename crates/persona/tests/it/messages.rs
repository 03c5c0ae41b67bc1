//! Messages of SFTP: requests as bytes, answers as words.

use crate::support::Peer;

pub(crate) fn string(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

pub(crate) fn raw(kind: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let length = u32::try_from(body.len() + 1).unwrap();
    [&length.to_be_bytes()[..], &[kind], &body].concat()
}

pub(crate) const ID: [u8; 4] = [0, 0, 3, 9];

/// A request about strings, and what is behind them.
pub(crate) fn ask(kind: u8, strings: &[&str], rest: &[&[u8]]) -> Vec<u8> {
    let strings: Vec<u8> = strings.iter().flat_map(string).collect();
    raw(kind, &[&ID, &strings, &rest.concat()])
}

pub(crate) fn extended(name: &str, strings: &[&str], rest: &[&[u8]]) -> Vec<u8> {
    let strings: Vec<u8> = strings.iter().flat_map(string).collect();
    raw(200, &[&ID, &string(name), &strings, &rest.concat()])
}

pub(crate) fn init() -> Vec<u8> {
    raw(1, &[&[0, 0, 0, 3]])
}

pub(crate) fn n32(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

pub(crate) fn n64(value: u64) -> [u8; 8] {
    value.to_be_bytes()
}

pub(crate) const NONE: &[u8] = &[0; 4];

pub(crate) fn mode(mode: u32) -> Vec<u8> {
    [n32(4), n32(mode)].concat()
}

pub(crate) fn h(handle: u32) -> Vec<u8> {
    string(n32(handle))
}

pub(crate) fn open(path: &str, flags: u32, attributes: &[u8]) -> Vec<u8> {
    ask(3, &[path], &[&n32(flags), attributes])
}

pub(crate) fn on(kind: u8, handle: u32, rest: &[&[u8]]) -> Vec<u8> {
    raw(kind, &[&ID, &h(handle), &rest.concat()])
}

pub(crate) fn write(handle: u32, offset: u64, data: &[u8]) -> Vec<u8> {
    on(6, handle, &[&n64(offset), &string(data)])
}

pub(crate) fn read(handle: u32, offset: u64, length: u32) -> Vec<u8> {
    on(5, handle, &[&n64(offset), &n32(length)])
}

/// The next whole message.
pub(crate) fn message(peer: &mut dyn Peer, rest: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(length) = rest.first_chunk::<4>() {
            let end = 4 + u32::from_be_bytes(*length) as usize;
            if rest.len() >= end {
                return Some(rest.drain(..end).skip(4).collect());
            }
        }
        let said = peer.said();
        if said.is_empty() {
            return None;
        }
        rest.extend(said);
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }
    fn n32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }
    fn string(&mut self) -> String {
        let length = self.n32() as usize;
        self.take(length).escape_ascii().to_string()
    }
    /// Attributes, without what differs between machines and moments.
    fn attributes(&mut self) -> String {
        let flags = self.n32();
        if flags == 0 {
            return "none".to_owned();
        }
        assert_eq!(flags, 15);
        let size = u64::from_be_bytes(self.take(8).try_into().unwrap());
        let (uid, gid, mode) = (self.n32(), self.n32(), self.n32());
        let (accessed, changed) = (self.n32(), self.n32());
        let folder = mode & 0o170_000 == 0o040_000;
        let size = if folder { 0 } else { size };
        // What was set is long ago.
        let old = |time| if time < 1_000_000_000 { time } else { 0 };
        format!("{size} {uid}:{gid} {mode:o} {} {}", old(accessed), old(changed))
    }
}

/// A line of `ls -l` without the count of links, a folder's size and the date.
pub(crate) fn masked(long: &str) -> String {
    let folder = long.starts_with('d');
    let size = if folder { "-" } else { &long[34..42] };
    let date = if long[43..55].contains("197") { &long[43..55] } else { "-" };
    format!("{}|{}|{}|{}", &long[..15 - 3], &long[15..33], size, date) + &long[55..]
}

/// What a message says, in words.
pub(crate) fn words(message: &[u8], base: &str) -> String {
    let mut fields = Fields(message);
    let kind = fields.take(1)[0];
    let id = fields.n32();
    let text = match kind {
        101 => {
            let code = fields.n32();
            let texts = if fields.0.is_empty() {
                String::new()
            } else {
                fields.string() + &fields.string()
            };
            format!("status {code} {texts}")
        }
        102 | 103 => fields.string(),
        104 => {
            let count = fields.n32();
            let mut names: Vec<String> = (0..count)
                .map(|_| {
                    let (name, long) = (fields.string(), fields.string());
                    let long = if name == long { String::new() } else { masked(&long) };
                    format!("{name} [{long}] {}", fields.attributes())
                })
                .collect();
            names.sort();
            format!("{count} names {}", names.join("\n  "))
        }
        105 => fields.attributes(),
        // Sizes of a file system.
        201 if fields.0.len() == 88 => {
            let values = fields.take(88);
            format!("file system {:?} {:?}", &values[..16], &values[80..])
        }
        2 | 201 => fields.take(fields.0.len()).escape_ascii().to_string(),
        _ => panic!("message {kind}"),
    };
    assert!(fields.0.is_empty(), "more behind a message {kind}");
    format!("{kind} {id}: {}", text.replace(base, "BASE"))
}

//! HTTP/2 with prior knowledge, RFC 9113: the preface, frames, and what a client's first ones say.
//!
//! **Invariant:** settings, priorities and fields in the order sent; a header block is unpacked
//! within [`HTTP2_FRAME_BYTES`] packed and [`HTTP2_FIELDS_BYTES`] unpacked.

use crate::limits::{DETAIL_BYTES, HTTP2_FIELDS_BYTES, HTTP2_FRAME_BYTES, HTTP2_SETTINGS};
use crate::wire::reader::Reader;
use crate::wire::{Malformed, Parsed};

use super::hpack::Decoder;

/// What a client sends first, RFC 9113 §3.4.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const PRIORITY_UPDATE: u8 = 16;

const FLAG_ACK: u8 = 1;
const FLAG_END_HEADERS: u8 = 4;
const FLAG_PADDED: u8 = 8;
const FLAG_PRIORITY: u8 = 0x20;

/// The preface: 24 bytes.
///
/// # Errors
/// [`Malformed`] at the first byte that differs.
pub fn preface(bytes: &[u8]) -> Parsed<()> {
    let same = bytes.iter().zip(PREFACE).all(|(byte, expected)| byte == expected);
    match same {
        false => Err(Malformed::Value("preface")),
        true if bytes.len() < PREFACE.len() => Ok(None),
        true => Ok(Some(((), PREFACE.len()))),
    }
}

/// A frame, RFC 9113 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream.
    pub stream: u32,
    /// Its payload.
    pub payload: &'a [u8],
}

/// One frame.
///
/// # Errors
/// [`Malformed::TooLong`] for one that no peer may send unasked.
pub fn frame(bytes: &[u8]) -> Parsed<Frame<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(length) = reader.u24() else { return Ok(None) };
    if length > HTTP2_FRAME_BYTES {
        return Err(Malformed::TooLong("HTTP/2 frame"));
    }
    let Some(kind) = reader.u8() else { return Ok(None) };
    let Some(flags) = reader.u8() else { return Ok(None) };
    let Some(stream) = reader.u32() else { return Ok(None) };
    let Some(payload) = reader.take(length) else { return Ok(None) };
    Ok(Some((Frame { kind, flags, stream: stream & 0x7fff_ffff, payload }, 9 + length)))
}

impl Frame<'_> {
    /// Identifiers and values of SETTINGS in the order sent; `None` for another frame or an ACK.
    #[must_use]
    pub fn settings(&self) -> Option<Vec<(u16, u32)>> {
        if self.kind != SETTINGS || self.flags & FLAG_ACK != 0 {
            return None;
        }
        let mut reader = Reader::new(self.payload);
        let all = std::iter::from_fn(|| Some((reader.u16()?, reader.u32()?)));
        Some(all.take(HTTP2_SETTINGS).collect())
    }
}

/// What a PRIORITY frame says, RFC 7540 §6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// The stream that it is about.
    pub stream: u32,
    /// Whether that stream alone shall depend on the other.
    pub is_exclusive: bool,
    /// The stream that it depends on.
    pub depends_on: u32,
    /// Its weight, as counted: 1 to 256.
    pub weight: u16,
}

fn priority(stream: u32, reader: &mut Reader<'_>) -> Option<Priority> {
    let word = reader.u32()?;
    let weight = u16::from(reader.u8()?) + 1;
    let depends_on = word & 0x7fff_ffff;
    Some(Priority { stream, is_exclusive: word >> 31 == 1, depends_on, weight })
}

/// A field out of a header block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; a pseudo-header's begins with a colon.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// A request, or trailers: the fields of one header block, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its stream.
    pub stream: u32,
    /// Priority fields of its HEADERS frame.
    pub priority: Option<Priority>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// Reads a client's frames, one after the other.
#[derive(Debug)]
pub struct Client {
    hpack: Decoder,
    /// A header block that goes on in CONTINUATION frames.
    open: Option<(u32, Option<Priority>, Vec<u8>)>,
    opening: Opening,
    is_open: bool,
}

/// What a client sends before its first request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Settings of its first SETTINGS frame, in order; `None` before that.
    pub settings: Option<Vec<(u16, u32)>>,
    /// The increment of its first `WINDOW_UPDATE` for the connection.
    pub window_update: Option<u32>,
    /// PRIORITY frames, in order.
    pub priorities: Vec<Priority>,
    /// `PRIORITY_UPDATE` frames, RFC 9218 §7.1, in order: the stream, and its new `priority` field.
    pub updates: Vec<(u32, Vec<u8>)>,
}

impl Default for Client {
    fn default() -> Self {
        let hpack = Decoder::default();
        Self { hpack, open: None, opening: Opening::default(), is_open: true }
    }
}

impl Client {
    /// What came before the first request.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Takes the next frame; gives the request that it completes.
    ///
    /// # Errors
    /// [`Malformed`] where its blocks cannot be read on: the state of the compression is lost.
    pub fn read(&mut self, frame: &Frame<'_>) -> Result<Option<Request>, Malformed> {
        let no = Malformed::Cut("HTTP/2 frame");
        if let Some((stream, priority, mut block)) = self.open.take() {
            if frame.kind != CONTINUATION || frame.stream != stream {
                return Err(Malformed::Value("frame in a header block"));
            }
            block.extend_from_slice(frame.payload);
            return self.block(frame, priority, block);
        }
        let mut reader = Reader::new(frame.payload);
        match frame.kind {
            SETTINGS if self.is_open && self.opening.settings.is_none() => {
                self.opening.settings = frame.settings();
            }
            WINDOW_UPDATE if self.is_open && frame.stream == 0 => {
                let increment = reader.u32().ok_or(no)? & 0x7fff_ffff;
                self.opening.window_update.get_or_insert(increment);
            }
            PRIORITY if self.is_open && self.opening.priorities.len() < HTTP2_SETTINGS => {
                let found = priority(frame.stream, &mut reader).ok_or(no)?;
                self.opening.priorities.push(found);
            }
            PRIORITY_UPDATE if self.is_open && self.opening.updates.len() < HTTP2_SETTINGS => {
                let stream = reader.u32().ok_or(no)? & 0x7fff_ffff;
                let value = reader.rest();
                let value = value.get(..DETAIL_BYTES).unwrap_or(value).to_vec();
                self.opening.updates.push((stream, value));
            }
            HEADERS => {
                let padding = match frame.flags & FLAG_PADDED {
                    0 => 0,
                    _ => usize::from(reader.u8().ok_or(no)?),
                };
                let found = match frame.flags & FLAG_PRIORITY {
                    0 => None,
                    _ => Some(priority(frame.stream, &mut reader).ok_or(no)?),
                };
                let length = reader.rest().len().checked_sub(padding).ok_or(no)?;
                let block = reader.take(length).unwrap_or_default().to_vec();
                return self.block(frame, found, block);
            }
            CONTINUATION => return Err(Malformed::Value("frame outside of a header block")),
            _ => {}
        }
        Ok(None)
    }

    fn block(
        &mut self,
        frame: &Frame<'_>,
        priority: Option<Priority>,
        block: Vec<u8>,
    ) -> Result<Option<Request>, Malformed> {
        if block.len() > HTTP2_FRAME_BYTES {
            return Err(Malformed::TooLong("header block"));
        }
        if frame.flags & FLAG_END_HEADERS == 0 {
            self.open = Some((frame.stream, priority, block));
            return Ok(None);
        }
        self.is_open = false;
        let (mut fields, mut size) = (Vec::new(), 0_usize);
        self.hpack.block(&block, |name, value| {
            // As RFC 9113 §6.5.2 counts a list of fields.
            size = size.saturating_add(name.len() + value.len() + 32);
            if size <= HTTP2_FIELDS_BYTES {
                fields.push(Field { name: name.to_vec(), value: value.to_vec() });
            }
        })?;
        Ok(Some(Request { stream: frame.stream, priority, fields }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    fn read(client: &mut Client, mut bytes: &[u8]) -> Result<Vec<Request>, Malformed> {
        let mut found = Vec::new();
        while let Some((frame, used)) = frame(bytes)? {
            found.extend(client.read(&frame)?);
            bytes = &bytes[used..];
        }
        Ok(found)
    }

    /// RFC 7541 §C.4.1 to §C.4.3, cut into frames.
    #[test]
    fn requests_are_unpacked_with_what_came_before() {
        let first = [
            0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab,
            0x90, 0xf4, 0xff,
        ];
        let second = [0x82, 0x86, 0x84, 0xbe, 0x58, 0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf];
        let bytes = [
            framed(4, 0, 0, &[0, 3, 0, 0, 0, 100, 0, 2, 0, 0, 0, 0]),
            framed(8, 0, 0, &[0, 1, 0, 0]),
            framed(2, 0, 3, &[0x80, 0, 0, 1, 200]),
            framed(1, 0x28, 1, &[&[1, 0, 0, 0, 0, 15][..], &first[..5], &[0]].concat()),
            framed(9, 4, 1, &first[5..]),
            framed(4, 1, 0, &[]),
            framed(1, 5, 3, &second),
        ]
        .concat();
        let mut client = Client::default();
        let found = read(&mut client, &bytes).unwrap();
        let text = |at: usize| -> Vec<String> {
            let all = found[at].fields.iter().map(|field| {
                let [name, value] = [&field.name, &field.value].map(|b| String::from_utf8_lossy(b));
                format!("{name}={value}")
            });
            all.collect()
        };
        assert_eq!(
            text(0),
            [":method=GET", ":scheme=http", ":path=/", ":authority=www.example.com"]
        );
        assert_eq!(text(1)[3..], [":authority=www.example.com", "cache-control=no-cache"]);
        let weight = found[0].priority.map(|priority| priority.weight);
        assert_eq!((weight, found[1].priority), (Some(16), None));
        assert_eq!(
            client.opening(),
            &Opening {
                settings: Some(vec![(3, 100), (2, 0)]),
                window_update: Some(65_536),
                priorities: vec![Priority {
                    stream: 3,
                    is_exclusive: true,
                    depends_on: 1,
                    weight: 201
                }],
                updates: vec![],
            }
        );
    }

    #[test]
    fn a_preface_is_refused_at_the_first_byte_that_differs() {
        assert_eq!(preface(b"PRI * HT"), Ok(None));
        assert_eq!(preface(PREFACE), Ok(Some(((), 24))));
        assert!(preface(b"PRX").is_err());
    }

    #[test]
    fn a_block_that_unpacks_without_an_end_is_cut() {
        // A long field in the table, and then one byte each to name it again.
        let mut block = vec![0x40, 1, b'x', 0x7f, 0xa1, 0x1e];
        block.extend([b'y'; 4_000]);
        block.resize(HTTP2_FRAME_BYTES, 0xbe);
        let found = read(&mut Client::default(), &framed(1, 4, 1, &block)).unwrap();
        assert!(found[0].fields.len() < 40);
        let too_long = [framed(1, 0, 1, &block), framed(9, 4, 1, &[0xbe])].concat();
        assert!(read(&mut Client::default(), &too_long).is_err());
        assert!(frame(&[1, 0, 0, 0]).is_err());
    }

    #[test]
    fn a_block_that_is_cut_is_refused() {
        for block in [&[0x3f][..], &[0x3f, 0xff, 0xff, 0xff, 0xff, 1], &[0x40, 1], &[0xff], &[0x41]]
        {
            let bytes = framed(1, 4, 1, block);
            assert!(read(&mut Client::default(), &bytes).is_err(), "{block:?}");
        }
    }

    proptest! {
        #[test]
        fn any_frames_are_read(
            frames in prop::collection::vec(
                (prop::sample::select(&[1_u8, 2, 4, 8, 9]), any::<u8>(), 0..3_u32,
                 prop::collection::vec(any::<u8>(), 0..40)),
                0..8,
            ),
            bytes: Vec<u8>,
        ) {
            let all: Vec<u8> = frames
                .iter()
                .flat_map(|(kind, flags, stream, payload)| framed(*kind, *flags, *stream, payload))
                .collect();
            let _ = (read(&mut Client::default(), &all), read(&mut Client::default(), &bytes));
        }
    }
}

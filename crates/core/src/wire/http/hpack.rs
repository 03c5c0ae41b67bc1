//! Header compression of HTTP/2, RFC 7541: from a block to its fields.
//!
//! **Invariant:** no more than [`HTTP2_TABLE_BYTES`] are kept of fields that may be named again. A
//! block that cannot be cut into whole fields is an error, and what is behind it cannot be read.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::limits::HTTP2_TABLE_BYTES;
use crate::wire::Malformed;
use crate::wire::reader::Reader;

/// What a connection's blocks have left to be named again.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Names and values, the latest in front.
    entries: VecDeque<Entry>,
    /// As RFC 7541 §4.1 counts them.
    bytes: usize,
    /// What the other side has set, at most [`HTTP2_TABLE_BYTES`].
    bytes_max: usize,
}

#[derive(Debug)]
struct Entry {
    name: Box<[u8]>,
    value: Box<[u8]>,
}

impl Entry {
    /// As RFC 7541 §4.1 counts it.
    fn bytes(&self) -> usize {
        self.name.len() + self.value.len() + 32
    }
}

type Text<'a> = Cow<'a, [u8]>;

impl Default for Decoder {
    fn default() -> Self {
        Self { entries: VecDeque::new(), bytes: 0, bytes_max: HTTP2_TABLE_BYTES }
    }
}

const CUT: Malformed = Malformed::Cut("header block");
const ODD: Malformed = Malformed::Value("header block");

impl Decoder {
    /// Gives names and values of a whole block to `take`, in order.
    pub(super) fn block(
        &mut self,
        block: &[u8],
        mut take: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), Malformed> {
        let mut reader = Reader::new(block);
        while let Some(&first) = reader.rest().first() {
            match first {
                0x80.. => {
                    let index = integer(&mut reader, 7).ok_or(CUT)?;
                    let (name, value) = self.named(index).ok_or(ODD)?;
                    take(name, value);
                }
                0x40..=0x7f => {
                    let (name, value) = self.literal(&mut reader, 6)?;
                    take(&name, &value);
                    let entry = Entry { name: name.into(), value: value.into() };
                    self.keep(entry);
                }
                0x20..=0x3f => {
                    let bytes = integer(&mut reader, 5).ok_or(CUT)?;
                    if bytes > HTTP2_TABLE_BYTES {
                        return Err(ODD);
                    }
                    self.bytes_max = bytes;
                    self.shrink(bytes);
                }
                0x00..=0x1f => {
                    let (name, value) = self.literal(&mut reader, 4)?;
                    take(&name, &value);
                }
            }
        }
        Ok(())
    }

    /// A field with a value of its own, and a name of its own or one that is known.
    fn literal<'a, 'b: 'a>(
        &'a self,
        reader: &mut Reader<'b>,
        bits: u32,
    ) -> Result<(Text<'a>, Text<'b>), Malformed> {
        let name = match integer(reader, bits).ok_or(CUT)? {
            0 => string(reader)?,
            index => Cow::Borrowed(self.named(index).ok_or(ODD)?.0),
        };
        Ok((name, string(reader)?))
    }

    /// A field that is known, from 1.
    fn named(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let at = index.checked_sub(1)?;
        match at.checked_sub(STATIC.len()) {
            None => STATIC.get(at).copied(),
            Some(at) => self.entries.get(at).map(|entry| (&*entry.name, &*entry.value)),
        }
    }

    fn keep(&mut self, entry: Entry) {
        let bytes = entry.bytes();
        self.shrink(self.bytes_max.saturating_sub(bytes));
        // One that is too large empties the table, RFC 7541 §4.4.
        if bytes <= self.bytes_max {
            self.bytes += bytes;
            self.entries.push_front(entry);
        }
    }

    /// Lets go of the oldest, down to so many bytes.
    fn shrink(&mut self, bytes: usize) {
        while self.bytes > bytes {
            let Some(entry) = self.entries.pop_back() else { break };
            self.bytes = self.bytes.saturating_sub(entry.bytes());
        }
    }
}

/// A number, RFC 7541 §5.1, of at most five bytes.
fn integer(reader: &mut Reader<'_>, bits: u32) -> Option<usize> {
    let mask = (1_u8 << bits) - 1;
    let first = reader.u8()? & mask;
    let mut value = usize::from(first);
    if first < mask {
        return Some(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A string, RFC 7541 §5.2.
fn string<'a>(reader: &mut Reader<'a>) -> Result<Text<'a>, Malformed> {
    let is_packed = reader.rest().first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(reader, 7).ok_or(CUT)?;
    let bytes = reader.take(length).ok_or(CUT)?;
    if is_packed { unpacked(bytes).map(Cow::Owned).ok_or(ODD) } else { Ok(Cow::Borrowed(bytes)) }
}

/// What a string was before it was packed, RFC 7541 §5.2: it is padded with fewer than eight ones.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    // No code has fewer than five bits.
    let mut text = Vec::with_capacity(bytes.len() * 8 / 5);
    let mut bytes = bytes.iter();
    // The next bits from the top down, and how many there are.
    let (mut bits, mut count) = (0_u64, 0_u32);
    loop {
        while count <= 56
            && let Some(byte) = bytes.next()
        {
            bits |= u64::from(*byte) << (56 - count);
            count += 8;
        }
        if count < 8 && bits == !(u64::MAX >> count) {
            return Some(text);
        }
        let next = (bits >> 32) as u32;
        let row = ROWS.iter().find(|row| next < row.end)?;
        if row.length > count {
            return None;
        }
        let place = (next - row.begin) >> (32 - row.length);
        text.push(*row.symbols.get(place as usize)?);
        bits <<= row.length;
        count -= row.length;
    }
}

/// Codes of one length. They count on from those that are shorter.
#[derive(Clone, Copy)]
struct Row {
    /// Their bits.
    length: u32,
    /// The first, and what is behind the last, as the first bits of 32.
    begin: u32,
    end: u32,
    symbols: &'static [u8],
}

/// So many bits, and what is packed into them.
type Code = (u32, &'static [u8]);

const ROWS: [Row; 21] = {
    let mut rows = [Row { length: 0, begin: 0, end: 0, symbols: &[] }; 21];
    let mut begin = 0;
    let mut rest: &[Code] = &CODES;
    let mut made: &mut [Row] = &mut rows;
    while let ([(length, symbols), codes @ ..], [row, others @ ..]) = (rest, made) {
        let end = begin + ((symbols.len() as u32) << (32 - *length));
        *row = Row { length: *length, begin, end, symbols };
        (begin, rest, made) = (end, codes, others);
    }
    rows
};

/// What is packed into codes of so many bits, RFC 7541 appendix B. The last code of all, the end of
/// a string, is in none.
const CODES: [Code; 21] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
    (10, b"!\"()?"),
    (11, b"'+|"),
    (12, b"#>"),
    (13, b"\x00$@[]~"),
    (14, b"^}"),
    (15, b"<`{"),
    (19, b"\\\xc3\xd0"),
    (20, b"\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"),
    (21, b"\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"),
    (22, b"\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6\xe4\xe8\xe9"),
    (23, b"\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc\xbf\xc5\xe7\xef"),
    (24, b"\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"),
    (25, b"\xc7\xcf\xea\xeb"),
    (26, b"\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"),
    (27, b"\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"),
    (28, b"\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\xdc\xf9"),
    (30, b"\x0a\x0d\x16"),
];

/// RFC 7541 appendix A.
const STATIC: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Fields = Vec<(Vec<u8>, Vec<u8>)>;

    fn read(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, Malformed> {
        let mut found = Vec::new();
        decoder.block(block, |name, value| found.push((name.to_vec(), value.to_vec())))?;
        Ok(found)
    }

    fn bytes(digits: &str) -> Vec<u8> {
        let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    fn text(fields: &Fields) -> String {
        let line = |(name, value): &(Vec<u8>, Vec<u8>)| {
            [name, value].map(|part| String::from_utf8_lossy(part).into_owned()).join(": ")
        };
        fields.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// RFC 7541 §C.6: responses, packed, with a table of 256 bytes from which entries fall out.
    #[test]
    fn the_responses_of_the_publication_are_read() {
        let mut decoder = Decoder { bytes_max: 256, ..Decoder::default() };
        let first =
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
            2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
        assert_eq!(
            text(&read(&mut decoder, &bytes(first)).unwrap()),
            ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n\
             location: https://www.example.com"
        );
        let second = "4883 640e ffc1 c0bf";
        assert!(text(&read(&mut decoder, &bytes(second)).unwrap()).starts_with(":status: 307\n"));
        let third =
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
            77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587
            3160 65c0 03ed 4ee5 b106 3d50 07";
        assert_eq!(
            text(&read(&mut decoder, &bytes(third)).unwrap()),
            ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n\
             location: https://www.example.com\ncontent-encoding: gzip\n\
             set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
        );
        assert_eq!((decoder.bytes, decoder.entries.len()), (215, 3));
    }

    /// RFC 7541 §C.2.1 to §C.2.3.
    #[test]
    fn what_is_not_to_be_kept_is_not() {
        let mut decoder = Decoder::default();
        let block = bytes(
            "040c 2f73 616d 706c 652f 7061 7468 1008 7061 7373 776f 7264 0673 6563 7265 74 400a
             6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572 be",
        );
        assert_eq!(
            text(&read(&mut decoder, &block).unwrap()),
            ":path: /sample/path\npassword: secret\ncustom-key: custom-header\n\
             custom-key: custom-header"
        );
        assert_eq!((decoder.bytes, decoder.entries.len()), (55, 1));
        // A table of nothing keeps nothing, nor does one that is smaller than the field.
        assert!(read(&mut decoder, &[0x20, 0xbe]).is_err());
        assert_eq!(decoder.bytes, 0);
        assert!(read(&mut decoder, &[0x3f, 0xe2, 0x1f]).is_err());
    }

    #[test]
    fn padding_is_short_and_of_ones() {
        assert_eq!(unpacked(&[0x07]), Some(b"0".to_vec()));
        assert_eq!(unpacked(&[0x06]), None);
        assert_eq!(unpacked(&[0x07, 0xff]), None);
        // The end of a string, in a string.
        assert_eq!(unpacked(&[0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(unpacked(&[]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn any_blocks_are_what_another_decoder_reads(
            blocks in prop::collection::vec(
                prop::collection::vec(
                    prop_oneof![
                        (0x80..0xd0_u8).prop_map(|index| vec![index]),
                        (0x20..0x3f_u8).prop_map(|size| vec![size]),
                        (
                            prop::sample::select(&[0x00_u8, 0x40, 0x10, 0x41, 0x7f, 0x0f]),
                            any::<u8>(),
                            prop::collection::vec(any::<u8>(), 0..9),
                            prop::collection::vec(any::<u8>(), 0..9),
                        )
                            .prop_map(|(kind, more, name, value)| {
                                let string = |text: Vec<u8>| {
                                    let length = u8::try_from(text.len()).unwrap();
                                    [&[length | more & 0x80], &text[..]].concat()
                                };
                                let head = match kind & 0x0f {
                                    0 => [&[kind][..], &string(name)].concat(),
                                    15 => vec![kind, more & 0x1f],
                                    _ => vec![kind],
                                };
                                [head, string(value)].concat()
                            }),
                    ],
                    0..6,
                ),
                0..4,
            ),
        ) {
            let (mut ours, mut theirs) = (Decoder::default(), fluke_hpack::Decoder::new());
            theirs.set_max_allowed_table_size(HTTP2_TABLE_BYTES);
            for block in blocks {
                // Theirs refuses a block that ends with a size.
                let block = [block.concat(), vec![0x82]].concat();
                let (found, expected) = (read(&mut ours, &block), theirs.decode(&block));
                prop_assert_eq!(found.is_ok(), expected.is_ok(), "{:?} {:?}", found, expected);
                let (Ok(found), Ok(expected)) = (found, expected) else { break };
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn what_another_encoder_writes_is_read(
            blocks in prop::collection::vec(
                prop::collection::vec(("[:a-z-]{1,12}", ".{0,40}"), 0..12),
                1..6,
            ),
        ) {
            let (mut decoder, mut encoder) = (Decoder::default(), fluke_hpack::Encoder::new());
            for fields in blocks {
                let pairs: Fields =
                    fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
                let block = encoder.encode(pairs.iter().map(|(n, v)| (&n[..], &v[..])));
                prop_assert_eq!(read(&mut decoder, &block).unwrap(), pairs);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = (read(&mut Decoder::default(), &bytes), unpacked(&bytes));
        }
    }
}

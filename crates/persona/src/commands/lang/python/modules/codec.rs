//! `binascii`, `zlib`, `struct`.
//!
//! **Invariant:** what is unpacked has a cap: memory's.

use crate::commands::lang::python::machine::{Answer, Thrown, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::types::bytes_of;
use crate::commands::lang::python::value::V;
use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

fn bytes(vm: &mut Vm, value: &V) -> Answer<Vec<u8>> {
    match (bytes_of(vm, value), value) {
        (Some(bytes), _) => Ok(bytes),
        (None, V::Str(text)) if text.is_ascii() => Ok(text.to_vec()),
        (None, V::Str(_)) => {
            Err(vm.value_error("string argument should contain only ASCII characters"))
        }
        (None, other) => {
            let kind = vm.type_name(other);
            Err(vm.type_error(&format!("a bytes-like object is required, not '{kind}'")))
        }
    }
}

fn error(vm: &mut Vm, module: &str, text: &str) -> Thrown {
    vm.error(&format!("{module}.error"), text)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 4 / 3 + 4);
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = word >> (18 - 6 * place) & 63;
            let digit = DIGITS.get(digit as usize).copied().unwrap_or(b'=');
            out.push(if place > three.len() { b'=' } else { digit });
        }
    }
    out
}

/// What is no digit is passed; the end has to be whole.
fn decode(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(bytes.len() * 3 / 4);
    let (mut word, mut count, mut pads) = (0_u32, 0_usize, 0_usize);
    for &byte in bytes {
        if byte == b'=' {
            pads += 1;
            if count >= 2 && count + pads >= 4 {
                break;
            }
            continue;
        }
        let Some(digit) = DIGITS.iter().position(|&digit| digit == byte) else { continue };
        pads = 0;
        word = word << 6 | u32::try_from(digit).unwrap_or_default();
        count += 1;
        if count == 4 {
            out.extend(word.to_be_bytes().iter().skip(1));
            (word, count) = (0, 0);
        }
    }
    match (count, pads) {
        (0, _) => Ok(out),
        (1, _) => Err("one"),
        (2, 2..) => {
            out.push(u8::try_from(word >> 4 & 255).unwrap_or_default());
            Ok(out)
        }
        (3, 1..) => {
            out.extend((word >> 2).to_be_bytes().iter().skip(2));
            Ok(out)
        }
        _ => Err("Incorrect padding"),
    }
}

pub(super) const BINASCII: &[Native] = &[
    Native::new("b2a_base64", |vm, _, args| {
        let bytes = bytes(vm, &args.value(0))?;
        vm.room(bytes.len() * 2)?;
        let mut out = encode(&bytes);
        if args.named("newline").is_none_or(|line| vm.truth(line)) {
            out.push(b'\n');
        }
        Ok(Ret::Value(vm.bytes(out)))
    }),
    Native::new("a2b_base64", |vm, _, args| {
        let text = bytes(vm, &args.value(0))?;
        vm.work += text.len() / 4;
        match decode(&text) {
            Ok(bytes) => Ok(Ret::Value(vm.bytes(bytes))),
            Err("one") => {
                let count = text.iter().filter(|b| DIGITS.contains(b)).count();
                let text = format!("Invalid base64-encoded string: number of data characters ({count}) cannot be 1 more than a multiple of 4");
                Err(error(vm, "binascii", &text))
            }
            Err(why) => Err(error(vm, "binascii", why)),
        }
    }),
    Native::new("hexlify", |vm, _, args| {
        let bytes = bytes(vm, &args.value(0))?;
        vm.room(bytes.len() * 2)?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Ret::Value(vm.bytes(text)))
    }),
    Native::new("unhexlify", |vm, _, args| {
        let text = bytes(vm, &args.value(0))?;
        if text.len() % 2 == 1 {
            return Err(error(vm, "binascii", "Odd-length string"));
        }
        let digits: Option<Vec<u32>> = text.iter().map(|b| char::from(*b).to_digit(16)).collect();
        let Some(digits) = digits else {
            return Err(error(vm, "binascii", "Non-hexadecimal digit found"));
        };
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|two| u8::try_from(two.iter().fold(0, |b, d| b * 16 + d)).unwrap_or_default())
            .collect();
        Ok(Ret::Value(vm.bytes(bytes)))
    }),
    Native::new("crc32", |vm, _, args| crc32(vm, &args)),
];

fn crc32(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let bytes = bytes(vm, &args.value(0))?;
    vm.work += bytes.len() / 8;
    let mut crc = Crc::new();
    crc.update(&bytes);
    Ok(Ret::Value(V::Int(crc.sum().into())))
}

/// Unpacks; `bits` below 0 is without a head, from 16 on with gzip's.
fn inflate(vm: &mut Vm, packed: &[u8], bits: i64) -> Answer<Vec<u8>> {
    let (packed, head) = match bits {
        ..0 => (packed, false),
        16.. if packed.starts_with(&[0x1f, 0x8b]) => {
            (gzip_body(packed).unwrap_or_default(), false)
        }
        _ => (packed, true),
    };
    let mut inflater = Decompress::new(head);
    let mut out = Vec::new();
    loop {
        vm.room(out.len() + 65_536)?;
        out.reserve(65_536);
        let used = usize::try_from(inflater.total_in()).unwrap_or_default();
        let rest = packed.get(used..).unwrap_or_default();
        let before = out.len();
        match inflater.decompress_vec(rest, &mut out, FlushDecompress::None) {
            Ok(Status::StreamEnd) => return Ok(out),
            Ok(_) if out.len() > before || !rest.is_empty() && inflater.total_in() as usize > used => {}
            Ok(_) => {
                let text = "Error -5 while decompressing data: incomplete or truncated stream";
                return Err(error(vm, "zlib", text));
            }
            Err(_) => {
                let text = if head && inflater.total_out() == 0 {
                    "Error -3 while decompressing data: incorrect header check"
                } else {
                    "Error -3 while decompressing data: invalid block type"
                };
                return Err(error(vm, "zlib", text));
            }
        }
        vm.work += (out.len() - before) / 8;
    }
}

/// What is behind gzip's head.
fn gzip_body(bytes: &[u8]) -> Option<&[u8]> {
    let flags = *bytes.get(3)?;
    let mut at = 10;
    if flags & 4 != 0 {
        let [low, high] = bytes.get(at..at + 2)? else { return None };
        at += 2 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += bytes.get(at..)?.iter().position(|&b| b == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    bytes.get(at..)
}

pub(super) const ZLIB: &[Native] = &[
    Native::new("compress", |vm, _, args| {
        let bytes = bytes(vm, &args.value(0))?;
        let head = args.named("wbits").and_then(|bits| vm.index(bits)).unwrap_or(15) > 0;
        vm.room(bytes.len() * 2 + 1_024)?;
        vm.work += bytes.len() / 2;
        let mut packer = Compress::new(Compression::default(), head);
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 1_024);
        let _ = packer.compress_vec(&bytes, &mut out, FlushCompress::Finish);
        Ok(Ret::Value(vm.bytes(out)))
    }),
    Native::new("decompress", |vm, _, args| {
        let packed = bytes(vm, &args.value(0))?;
        let bits = args.either(1, "wbits").and_then(|bits| vm.index(&bits)).unwrap_or(15);
        let out = inflate(vm, &packed, bits)?;
        Ok(Ret::Value(vm.bytes(out)))
    }),
    Native::new("crc32", |vm, _, args| crc32(vm, &args)),
    Native::new("adler32", |vm, _, args| {
        let bytes = bytes(vm, &args.value(0))?;
        let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
            let a = (a + u32::from(*byte)) % 65_521;
            (a, (a + b) % 65_521)
        });
        Ok(Ret::Value(V::Int((b << 16 | a).into())))
    }),
];

/// Letters of a format, each with how often it comes; and whether the low byte is first.
fn layout(vm: &mut Vm, format: &V) -> Answer<(Vec<(u8, usize)>, bool, bool)> {
    let text = match format {
        V::Str(text) | V::Bytes(text) => text.to_vec(),
        _ => Vec::new(),
    };
    let (little, native, body) = match text.split_first() {
        Some((b'<', rest)) => (true, false, rest),
        Some((b'>' | b'!', rest)) => (false, false, rest),
        Some((b'=', rest)) => (true, false, rest),
        Some((b'@', rest)) => (true, true, rest),
        _ => (true, true, &text[..]),
    };
    let mut all = Vec::new();
    let mut count: Option<usize> = None;
    for &letter in body {
        match letter {
            b'0'..=b'9' => {
                let before = count.unwrap_or_default().saturating_mul(10);
                count = Some(before.saturating_add(usize::from(letter - b'0')).min(1 << 20));
            }
            b' ' => {}
            b'x' | b'c' | b'b' | b'B' | b'?' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q'
            | b'Q' | b'f' | b'd' | b's' | b'P' | b'n' | b'N' => {
                all.push((letter, count.take().unwrap_or(1)));
            }
            _ => return Err(error(vm, "struct", "bad char in struct format")),
        }
    }
    Ok((all, little, native))
}

fn width(letter: u8, native: bool) -> usize {
    match letter {
        b'x' | b'c' | b'b' | b'B' | b'?' | b's' => 1,
        b'h' | b'H' => 2,
        b'l' | b'L' if native => 8,
        b'i' | b'I' | b'f' | b'l' | b'L' => 4,
        _ => 8,
    }
}

/// Bytes before a value that stands where its width divides the place.
fn gap(at: usize, letter: u8, native: bool) -> usize {
    let width = width(letter, native);
    if native && letter != b's' && letter != b'x' { (width - at % width) % width } else { 0 }
}

pub(super) const STRUCT: &[Native] = &[
    Native::new("calcsize", |vm, _, args| {
        let (all, _, native) = layout(vm, &args.value(0))?;
        let size = all.iter().fold(0, |at, (letter, count)| {
            at + gap(at, *letter, native) + width(*letter, native) * count
        });
        Ok(Ret::Value(V::Int(i64::try_from(size).unwrap_or_default())))
    }),
    Native::new("pack", |vm, _, args| {
        let (all, little, native) = layout(vm, &args.value(0))?;
        let mut values = args.plain.iter().skip(1);
        let mut out: Vec<u8> = Vec::new();
        for (letter, count) in all {
            out.resize(out.len() + gap(out.len(), letter, native), 0);
            vm.room(out.len() + count * 8)?;
            let size = width(letter, native);
            if letter == b'x' {
                out.resize(out.len() + count, 0);
                continue;
            }
            if letter == b's' {
                let mut text = values.next().and_then(|v| bytes_of(vm, v)).unwrap_or_default();
                text.resize(count, 0);
                out.extend(text);
                continue;
            }
            for _ in 0..count {
                let Some(value) = values.next() else {
                    return Err(error(vm, "struct", "pack expected more items for packing"));
                };
                let mut part = match letter {
                    b'c' => bytes_of(vm, value).unwrap_or_default(),
                    b'f' => {
                        #[expect(clippy::cast_possible_truncation, reason = "as C does")]
                        let number = vm.float_of(value).unwrap_or_default() as f32;
                        number.to_le_bytes().to_vec()
                    }
                    b'd' => vm.float_of(value).unwrap_or_default().to_le_bytes().to_vec(),
                    _ => {
                        let Some(number) = vm.big_of(value) else {
                            let text = "required argument is not an integer";
                            return Err(error(vm, "struct", text));
                        };
                        let number = i128::try_from(&number).unwrap_or(i128::MAX);
                        number.to_le_bytes().to_vec()
                    }
                };
                part.resize(size, 0);
                if !little {
                    part.reverse();
                }
                out.extend(part);
            }
        }
        Ok(Ret::Value(vm.bytes(out)))
    }),
    Native::new("unpack", |vm, _, args| {
        let (all, little, native) = layout(vm, &args.value(0))?;
        let packed = bytes(vm, &args.value(1))?;
        let (mut at, mut out) = (0, Vec::new());
        for (letter, count) in all {
            at += gap(at, letter, native);
            let size = width(letter, native);
            let times = if letter == b's' || letter == b'x' { 1 } else { count };
            let size = if letter == b's' || letter == b'x' { count } else { size };
            for _ in 0..times {
                let Some(part) = packed.get(at..at + size) else {
                    let text = format!("unpack requires a buffer of {} bytes", at + size);
                    return Err(error(vm, "struct", &text));
                };
                at += size;
                let mut part = part.to_vec();
                match letter {
                    b'x' => continue,
                    b's' | b'c' => {
                        out.push(vm.bytes(part));
                        continue;
                    }
                    _ => {}
                }
                if !little {
                    part.reverse();
                }
                let signed = letter.is_ascii_lowercase();
                let fill = if signed && part.last().is_some_and(|b| *b > 127) { 255 } else { 0 };
                let mut wide = part.clone();
                wide.resize(16, fill);
                let number = wide.try_into().map_or(0, i128::from_le_bytes);
                out.push(match letter {
                    b'?' => V::Bool(number != 0),
                    b'f' => V::Float(f64::from(part.try_into().map_or(0.0, f32::from_le_bytes))),
                    b'd' => V::Float(part.try_into().map_or(0.0, f64::from_le_bytes)),
                    _ => V::big(number.into()),
                });
            }
        }
        if at != packed.len() {
            let text = format!("unpack requires a buffer of {at} bytes");
            return Err(error(vm, "struct", &text));
        }
        Ok(Ret::Value(vm.tuple(out)))
    }),
];

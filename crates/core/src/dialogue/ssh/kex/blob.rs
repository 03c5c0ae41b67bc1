//! Strings and numbers of SSH, RFC 4251 §5, as OpenSSH writes and reads them.
//!
//! **Invariant:** what is read borrows, and no number is longer than OpenSSH takes.

use crate::limits::SSH_NUMBER_BYTES;
use crate::wire::reader::Reader;

/// Appends a number of four bytes.
pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a string: its length in four bytes, then its bytes.
pub fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

/// Appends a number that is not negative, given as its bytes, the highest first.
pub fn put_mpint(out: &mut Vec<u8>, magnitude: &[u8]) {
    let magnitude = trimmed(magnitude);
    let sign = usize::from(magnitude.first().is_some_and(|byte| byte & 0x80 != 0));
    put_u32(out, u32::try_from(magnitude.len() + sign).unwrap_or(u32::MAX));
    out.resize(out.len() + sign, 0);
    out.extend_from_slice(magnitude);
}

/// The next string, as a number that is not negative; leading zeros are taken and left out.
pub fn mpint<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    magnitude(reader.string()?)
}

/// The content of a number that is not negative, without its leading zeros.
#[must_use]
pub fn magnitude(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0x80..=0xff, ..] => None,
        [first, rest @ ..] if rest.len() >= SSH_NUMBER_BYTES => {
            (*first == 0 && rest.len() == SSH_NUMBER_BYTES).then(|| trimmed(rest))
        }
        _ => Some(trimmed(content)),
    }
}

/// A number's bytes without the zeros before them.
#[must_use]
pub fn trimmed(magnitude: &[u8]) -> &[u8] {
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    magnitude.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 4251 §5 that are not negative.
    #[test]
    fn numbers_are_written_as_the_standard_shows() {
        let check = |magnitude: &[u8], expected: &[u8]| {
            let mut out = Vec::new();
            put_mpint(&mut out, magnitude);
            assert_eq!(out, expected);
            assert_eq!(mpint(&mut Reader::new(&out)), Some(trimmed(magnitude)));
        };
        check(&[], &[0, 0, 0, 0]);
        check(&[0, 0], &[0, 0, 0, 0]);
        check(
            &[0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7],
            &[0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7],
        );
        check(&[0x80], &[0, 0, 0, 2, 0, 0x80]);
    }

    #[test]
    fn negative_and_endless_numbers_are_refused() {
        assert_eq!(magnitude(&[0x80]), None);
        assert_eq!(magnitude(&[0, 0, 0x80]), Some(&[0x80][..]));
        assert_eq!(magnitude(&[1; 2_048]).map(<[u8]>::len), Some(2_048));
        assert_eq!(magnitude(&[1; 2_049]), None);
        let mut long = [1; 2_049];
        long[0] = 0;
        assert_eq!(magnitude(&long).map(<[u8]>::len), Some(2_048));
        assert_eq!(magnitude(&[0; 2_050]), None);
    }
}

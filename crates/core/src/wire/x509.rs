//! What a certificate names, by number: the attributes of issuer and subject, and its extensions
//! (RFC 5280 §4.1, in DER).
//!
//! **Invariant:** nothing is checked but that fields are where they must be; each number is as it
//! stands there, and there are no more of them than bytes.

use crate::wire::Malformed;
use crate::wire::reader::Reader;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 2;
const OBJECT: u8 = 6;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// The length follows, in so many bytes.
const LENGTH_IN_1: u8 = 0x81;
const LENGTH_IN_2: u8 = 0x82;
const LENGTH_IN_3: u8 = 0x83;
const LENGTH_IN_4: u8 = 0x84;

/// Object identifiers of a certificate in DER, without tag and length, each list in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects<'a> {
    /// Types of the issuer's attributes.
    pub issuer: Vec<&'a [u8]>,
    /// Types of the subject's attributes.
    pub subject: Vec<&'a [u8]>,
    /// Extensions.
    pub extensions: Vec<&'a [u8]>,
}

/// The object identifiers of a certificate.
///
/// # Errors
/// [`Malformed`] where a field is missing or does not fit.
pub fn objects(der: &[u8]) -> Result<Objects<'_>, Malformed> {
    let mut certificate = Reader::new(field(&mut Reader::new(der), SEQUENCE, "certificate")?);
    let mut body = Reader::new(field(&mut certificate, SEQUENCE, "certificate's content")?);
    if body.rest().first() == Some(&VERSION) {
        field(&mut body, VERSION, "version")?;
    }
    field(&mut body, INTEGER, "serial number")?;
    field(&mut body, SEQUENCE, "signature algorithm")?;
    let issuer = attributes(field(&mut body, SEQUENCE, "issuer")?)?;
    field(&mut body, SEQUENCE, "validity")?;
    let subject = attributes(field(&mut body, SEQUENCE, "subject")?)?;
    field(&mut body, SEQUENCE, "public key")?;
    let mut extensions = Vec::new();
    while let Some((tag, content)) = value(&mut body) {
        if tag != EXTENSIONS {
            continue;
        }
        let mut list = Reader::new(field(&mut Reader::new(content), SEQUENCE, "extensions")?);
        while !list.rest().is_empty() {
            let mut extension = Reader::new(field(&mut list, SEQUENCE, "extension")?);
            extensions.push(field(&mut extension, OBJECT, "extension's number")?);
        }
    }
    Ok(Objects { issuer, subject, extensions })
}

/// The types of a name's attributes: sets of pairs.
fn attributes(name: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut types = Vec::new();
    let mut name = Reader::new(name);
    while !name.rest().is_empty() {
        let mut set = Reader::new(field(&mut name, SET, "relative name")?);
        while !set.rest().is_empty() {
            let mut pair = Reader::new(field(&mut set, SEQUENCE, "attribute")?);
            types.push(field(&mut pair, OBJECT, "attribute's type")?);
        }
    }
    Ok(types)
}

/// The content of the next value, which must have this tag.
fn field<'a>(reader: &mut Reader<'a>, tag: u8, place: &'static str) -> Result<&'a [u8], Malformed> {
    match value(reader) {
        Some((found, content)) if found == tag => Ok(content),
        Some(_) => Err(Malformed::Value(place)),
        None => Err(Malformed::Cut(place)),
    }
}

/// Tag and content of the next value. Lengths of more than four bytes, and tags of more than one,
/// are in no certificate.
fn value<'a>(reader: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    let tag = reader.u8()?;
    let length = match reader.u8()? {
        length @ 0..=0x7f => usize::from(length),
        LENGTH_IN_1 => usize::from(reader.u8()?),
        LENGTH_IN_2 => usize::from(reader.u16()?),
        LENGTH_IN_3 => reader.u24()?,
        LENGTH_IN_4 => usize::try_from(reader.u32()?).ok()?,
        _ => return None,
    };
    Some((tag, reader.take(length)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, &body].concat()
    }

    fn name(types: &[[u8; 3]]) -> Vec<u8> {
        let pairs = types.iter().map(|object| {
            let pair = tlv(SEQUENCE, &[&tlv(OBJECT, &[object]), &tlv(12, &[b"x"])]);
            tlv(SET, &[&pair])
        });
        tlv(SEQUENCE, &[&pairs.collect::<Vec<_>>().concat()])
    }

    fn certificate(extensions: &[[u8; 3]]) -> Vec<u8> {
        let list = extensions.iter().map(|object| tlv(SEQUENCE, &[&tlv(OBJECT, &[object])]));
        let list = tlv(SEQUENCE, &[&list.collect::<Vec<_>>().concat()]);
        let nothing = tlv(SEQUENCE, &[]);
        let body = tlv(
            SEQUENCE,
            &[
                &tlv(VERSION, &[&[2, 1, 2]]),
                &[2, 1, 9],
                &nothing,
                &name(&[[0x55, 4, 6], [0x55, 4, 10], [0x55, 4, 3]]),
                &nothing,
                &name(&[[0x55, 4, 3]]),
                &nothing,
                &tlv(EXTENSIONS, &[&list]),
            ],
        );
        tlv(SEQUENCE, &[&body, &nothing, &[3, 1, 0]])
    }

    #[test]
    fn numbers_are_found_in_order() {
        let der = certificate(&[[0x55, 0x1d, 15], [0x55, 0x1d, 37]]);
        let found = objects(&der).unwrap();
        assert_eq!(found.issuer, [[0x55, 4, 6], [0x55, 4, 10], [0x55, 4, 3]]);
        assert_eq!(found.subject, [[0x55, 4, 3]]);
        assert_eq!(found.extensions, [[0x55, 0x1d, 15], [0x55, 0x1d, 37]]);
    }

    #[test]
    fn a_cut_certificate_is_malformed() {
        let der = certificate(&[[0x55, 0x1d, 15]]);
        for length in 0..der.len() {
            assert!(objects(&der[..length]).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
            at in 0_usize..200,
        ) {
            let _ = objects(&bytes);
            let mut der = certificate(&[[0x55, 0x1d, 15]]);
            let end = (at + bytes.len()).min(der.len());
            der.splice(at.min(end)..end, bytes);
            let _ = objects(&der);
        }
    }
}

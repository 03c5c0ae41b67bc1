//! SQL values, and how a row struct of the fold becomes a list of them.
//!
//! **Invariant:** the order of a row's values is the order of its struct's fields, nested structs
//! flattened in place; the tests of [`crate::table`] hold that order and the catalogue together.

use serde::de::Error as _;
use serde::ser::{self, Impossible, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// One value of one column. `Null` means not observed or not computed, never zero.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not observed, not computed.
    Null,
    /// A whole number.
    Int(i64),
    /// A 64-bit float; seconds where it is a duration.
    Real(f64),
    /// UTF-8 text, JSON documents included.
    Text(String),
    /// Bytes of fixed or bounded length.
    Blob(Vec<u8>),
}

/// A document stored as JSON text in SQL, and shown as JSON (not as a string) everywhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// Bytes of a fixed length: BINARY(N) in SQL, lower-case hex digits in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob<const N: usize>(pub [u8; N]);

/// Bytes of any length: a column of octets in SQL. Never shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub Vec<u8>);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(JSON, &self.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Json)
    }
}

impl<const N: usize> Serialize for Blob<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(BLOB, &hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Blob<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text)
            .and_then(|bytes| <[u8; N]>::try_from(bytes).ok())
            .map(Blob)
            .ok_or_else(|| D::Error::custom("not hex digits of the right length"))
    }
}

/// The hexadecimal digit of a number from 0 to 15; of a larger one that of its last four bits.
#[must_use]
pub fn hex_digit(value: u8) -> u8 {
    match value & 15 {
        small @ 0..=9 => b'0' + small,
        large => b'a' + large - 10,
    }
}

/// Lower-case hexadecimal digits of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit);
    // Digits are ASCII.
    String::from_utf8(digits.collect()).unwrap_or_default()
}

/// The bytes that `text` spells in hexadecimal; `None` where it is not an even number of digits.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The values of a row, in field order.
///
/// # Errors
/// When a field is of a shape no column can hold (a map or a list outside of [`Json`]): a mistake
/// of ours that the catalogue's tests find.
pub fn values<T: Serialize>(row: &T) -> Result<Vec<Value>, RowError> {
    let mut collector = Collector { names: None, values: Vec::new() };
    row.serialize(&mut collector)?;
    Ok(collector.values)
}

/// The column names of a row, in field order.
///
/// # Errors
/// As [`values`].
pub fn names<T: Serialize>(row: &T) -> Result<Vec<&'static str>, RowError> {
    let mut collector = Collector { names: Some(Vec::new()), values: Vec::new() };
    row.serialize(&mut collector)?;
    Ok(collector.names.unwrap_or_default())
}

/// A row struct that holds something no column can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError(String);

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row cannot be stored: {}", self.0)
    }
}

impl std::error::Error for RowError {}

impl ser::Error for RowError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

const JSON: &str = "Json";
const BLOB: &str = "Blob";

struct Collector {
    names: Option<Vec<&'static str>>,
    values: Vec<Value>,
}

impl Collector {
    fn push(&mut self, value: Value) {
        self.values.push(value);
    }
}

fn unfit<T>(what: &str) -> Result<T, RowError> {
    Err(RowError(format!("{what} outside of Json")))
}

type No = Impossible<(), RowError>;

impl<'a> Serializer for &'a mut Collector {
    type Ok = ();
    type Error = RowError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = No;

    fn serialize_bool(self, v: bool) -> Result<(), RowError> {
        self.push(Value::Int(i64::from(v)));
        Ok(())
    }
    fn serialize_i8(self, v: i8) -> Result<(), RowError> {
        self.serialize_i64(i64::from(v))
    }
    fn serialize_i16(self, v: i16) -> Result<(), RowError> {
        self.serialize_i64(i64::from(v))
    }
    fn serialize_i32(self, v: i32) -> Result<(), RowError> {
        self.serialize_i64(i64::from(v))
    }
    fn serialize_i64(self, v: i64) -> Result<(), RowError> {
        self.push(Value::Int(v));
        Ok(())
    }
    fn serialize_u8(self, v: u8) -> Result<(), RowError> {
        self.serialize_i64(i64::from(v))
    }
    fn serialize_u16(self, v: u16) -> Result<(), RowError> {
        self.serialize_i64(i64::from(v))
    }
    fn serialize_u32(self, v: u32) -> Result<(), RowError> {
        self.serialize_i64(i64::from(v))
    }
    fn serialize_u64(self, v: u64) -> Result<(), RowError> {
        self.serialize_i64(i64::try_from(v).unwrap_or(i64::MAX))
    }
    fn serialize_f32(self, v: f32) -> Result<(), RowError> {
        self.serialize_f64(f64::from(v))
    }
    fn serialize_f64(self, v: f64) -> Result<(), RowError> {
        self.push(if v.is_finite() { Value::Real(v) } else { Value::Null });
        Ok(())
    }
    fn serialize_char(self, v: char) -> Result<(), RowError> {
        self.push(Value::Text(v.to_string()));
        Ok(())
    }
    fn serialize_str(self, v: &str) -> Result<(), RowError> {
        self.push(Value::Text(v.to_owned()));
        Ok(())
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<(), RowError> {
        self.push(Value::Blob(v.to_vec()));
        Ok(())
    }
    fn serialize_none(self) -> Result<(), RowError> {
        self.push(Value::Null);
        Ok(())
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), RowError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), RowError> {
        self.serialize_none()
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), RowError> {
        self.serialize_none()
    }
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), RowError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), RowError> {
        match name {
            JSON => {
                let text = serde_json::to_string(value).map_err(ser::Error::custom)?;
                self.push(Value::Text(text));
                Ok(())
            }
            BLOB => {
                value.serialize(&mut *self)?;
                if let Some(Value::Text(text)) = self.values.pop() {
                    self.push(unhex(&text).map_or(Value::Null, Value::Blob));
                }
                Ok(())
            }
            _ => value.serialize(self),
        }
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), RowError> {
        unfit("an enum with content")
    }
    fn serialize_seq(self, _len: Option<usize>) -> Result<No, RowError> {
        unfit("a list")
    }
    fn serialize_tuple(self, _len: usize) -> Result<No, RowError> {
        unfit("a tuple")
    }
    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<No, RowError> {
        unfit("a tuple")
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No, RowError> {
        unfit("an enum with content")
    }
    fn serialize_map(self, _len: Option<usize>) -> Result<No, RowError> {
        unfit("a map")
    }
    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStruct, RowError> {
        Ok(Fields(self))
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No, RowError> {
        unfit("an enum with content")
    }
    fn is_human_readable(&self) -> bool {
        true
    }
}

struct Fields<'a>(&'a mut Collector);

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = RowError;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), RowError> {
        let named = self.0.names.as_ref().map(Vec::len);
        let before = self.0.values.len();
        value.serialize(&mut *self.0)?;
        // A nested struct has named its own fields; anything else is one column of this name.
        if let Some(names) = self.0.names.as_mut()
            && named == Some(names.len())
            && self.0.values.len() > before
        {
            names.push(key);
        }
        Ok(())
    }

    fn end(self) -> Result<(), RowError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Inner {
        mean: Option<f64>,
        list: Json<Vec<u32>>,
    }

    #[derive(Serialize)]
    struct Outer {
        id: u64,
        inner: Inner,
        hash: Option<Blob<2>>,
        none: Option<Json<Vec<u32>>>,
    }

    fn outer() -> Outer {
        Outer {
            id: 7,
            inner: Inner { mean: Some(0.5), list: Json(vec![1, 2]) },
            hash: Some(Blob([0xab, 1])),
            none: None,
        }
    }

    #[test]
    fn nested_structs_flatten_in_field_order() {
        assert_eq!(names(&outer()).unwrap(), ["id", "mean", "list", "hash", "none"]);
        assert_eq!(
            values(&outer()).unwrap(),
            [
                Value::Int(7),
                Value::Real(0.5),
                Value::Text("[1,2]".into()),
                Value::Blob(vec![0xab, 1]),
                Value::Null
            ]
        );
    }

    #[test]
    fn json_shows_documents_and_hex() {
        assert_eq!(
            serde_json::to_string(&outer()).unwrap(),
            r#"{"id":7,"inner":{"mean":0.5,"list":[1,2]},"hash":"ab01","none":null}"#
        );
    }

    #[test]
    fn a_bare_list_is_refused() {
        assert!(values(&vec![1]).is_err());
    }

    #[test]
    fn not_a_number_is_not_stored() {
        assert_eq!(values(&f64::NAN).unwrap(), [Value::Null]);
    }

    #[test]
    fn hex_round_trips() {
        assert_eq!(unhex(&hex(&[0, 255, 16])).unwrap(), [0, 255, 16]);
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("zz"), None);
    }
}

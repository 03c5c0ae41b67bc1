//! Rows on their way to a table, in two pieces of memory however many they are.
//!
//! A batch is thousands of rows of twenty values each, made on one thread and written on another:
//! with a piece of memory for every value, half of the time would go into asking for it.
//!
//! **Invariant:** a lot holds what [`decnet_core::row::values`] gives, cut to the columns of its
//! table, so that both kinds of store hold the same.

use crate::dialect::Conflict;
use decnet_core::table::{Column, Sql, Table};
use serde::ser::{self, Impossible, SerializeStruct};
use serde::{Serialize, Serializer};
use std::fmt;

/// Longest text or byte string that a column of either store takes: MySQL's MEDIUMTEXT.
const LONGEST: usize = (16 << 20) - 1;

/// Rows of one table.
pub(crate) struct Lot {
    /// Which table.
    pub(crate) table: &'static Table,
    /// What to do with those that are there.
    pub(crate) conflict: Conflict,
    columns: Vec<&'static Column>,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
    /// Where each row is, for rows that are found by that.
    places: Vec<i64>,
}

/// One value; bytes are elsewhere.
#[derive(Clone, Copy)]
enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(usize, usize),
    Blob(usize, usize),
}

/// One value, with its bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Bound<'_> {
    /// Bytes that it takes on a wire, roughly.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Int(_) | Self::Real(_) => 8,
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len(),
        }
    }
}

impl Lot {
    pub(crate) fn new(table: &'static Table, conflict: Conflict) -> Self {
        let columns = table.filled().collect();
        Self { table, conflict, columns, cells: Vec::new(), bytes: Vec::new(), places: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn add<T: Serialize>(&mut self, row: &T) -> Result<(), RowFault> {
        row.serialize(&mut *self)?;
        if self.cells.len().is_multiple_of(self.width()) {
            return Ok(());
        }
        Err(RowFault(format!("a row of {} has another number of values", self.table.name)))
    }

    /// Says where the row that was added last is.
    pub(crate) fn place(&mut self, place: i64) {
        self.places.push(place);
    }

    /// Where rows are, in order.
    pub(crate) fn places(&self) -> &[i64] {
        &self.places
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.cells.len() / self.width()
    }

    /// Values of a row.
    pub(crate) fn width(&self) -> usize {
        self.columns.len().max(1)
    }

    /// Empties it, and gives what was in it.
    pub(crate) fn take(&mut self) -> Self {
        let (cells, bytes) = (self.cells.len(), self.bytes.len());
        Self {
            table: self.table,
            conflict: self.conflict,
            columns: self.columns.clone(),
            // The next lot will be about as large.
            cells: std::mem::replace(&mut self.cells, Vec::with_capacity(cells)),
            bytes: std::mem::replace(&mut self.bytes, Vec::with_capacity(bytes)),
            places: std::mem::take(&mut self.places),
        }
    }

    /// The rows, each as its values in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = Bound<'_>>> {
        self.cells.chunks(self.width()).map(|row| row.iter().map(|cell| self.bound(*cell)))
    }

    fn bound(&self, cell: Cell) -> Bound<'_> {
        let bytes = |from: usize, to: usize| self.bytes.get(from..to).unwrap_or_default();
        match cell {
            Cell::Null => Bound::Null,
            Cell::Int(number) => Bound::Int(number),
            Cell::Real(number) => Bound::Real(number),
            Cell::Text(from, to) => Bound::Text(bytes(from, to)),
            Cell::Blob(from, to) => Bound::Blob(bytes(from, to)),
        }
    }

    /// Ends a text that begins at `from`, cut to its column. A document cannot be cut; one that is
    /// too long becomes NULL.
    fn text(&mut self, from: usize) {
        let place = self.cells.len() % self.width();
        let length = self.bytes.len() - from;
        let cell = match self.columns.get(place).map(|column| column.sql) {
            Some(Sql::Text(max)) if length > usize::from(max) => {
                let text = std::str::from_utf8(self.bytes.get(from..).unwrap_or_default());
                let kept = text.unwrap_or_default().char_indices().nth(usize::from(max));
                self.bytes.truncate(from + kept.map_or(length, |(at, _)| at));
                Cell::Text(from, self.bytes.len())
            }
            Some(Sql::Long) if length > LONGEST => {
                let text = std::str::from_utf8(self.bytes.get(from..).unwrap_or_default());
                let kept = text.unwrap_or_default().floor_char_boundary(LONGEST);
                self.bytes.truncate(from + kept);
                Cell::Text(from, self.bytes.len())
            }
            Some(Sql::Json) if length > LONGEST => {
                self.bytes.truncate(from);
                Cell::Null
            }
            Some(_) | None => Cell::Text(from, self.bytes.len()),
        };
        self.cells.push(cell);
    }

    /// Makes bytes of the hexadecimal digits that were written last.
    fn unhex_last(&mut self) {
        let Some(Cell::Text(from, to)) = self.cells.pop() else { return };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as u8;
        let digits = self.bytes.get(from..to).unwrap_or_default();
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | digit(nibble)))
            .collect();
        self.bytes.truncate(from);
        self.bytes.extend(bytes);
        self.cells.push(Cell::Blob(from, self.bytes.len()));
    }
}

/// A row struct that holds something no column can: a mistake of ours.
#[derive(Debug)]
pub(crate) struct RowFault(String);

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RowFault {}

impl ser::Error for RowFault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type No = Impossible<(), RowFault>;

fn unfit<T>(what: &str) -> Result<T, RowFault> {
    Err(RowFault(format!("{what} outside of a document")))
}

macro_rules! whole_numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, number: $type) -> Result<(), RowFault> {
            self.cells.push(Cell::Int(number.into()));
            Ok(())
        })*
    };
}

impl<'a> Serializer for &'a mut Lot {
    type Ok = ();
    type Error = RowFault;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = No;

    whole_numbers!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32
    );
    fn serialize_u64(self, number: u64) -> Result<(), RowFault> {
        self.serialize_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }
    fn serialize_f32(self, number: f32) -> Result<(), RowFault> {
        self.serialize_f64(number.into())
    }
    fn serialize_f64(self, number: f64) -> Result<(), RowFault> {
        self.cells.push(if number.is_finite() { Cell::Real(number) } else { Cell::Null });
        Ok(())
    }
    fn serialize_char(self, c: char) -> Result<(), RowFault> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Result<(), RowFault> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.text(from);
        Ok(())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), RowFault> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.cells.push(Cell::Blob(from, self.bytes.len()));
        Ok(())
    }
    fn serialize_none(self) -> Result<(), RowFault> {
        self.cells.push(Cell::Null);
        Ok(())
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), RowFault> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), RowFault> {
        self.serialize_none()
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), RowFault> {
        self.serialize_none()
    }
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), RowFault> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), RowFault> {
        match name {
            "Json" => {
                let from = self.bytes.len();
                serde_json::to_writer(&mut self.bytes, value).map_err(ser::Error::custom)?;
                self.text(from);
                Ok(())
            }
            "Blob" => {
                // The column is longer in digits than in bytes, and is no text.
                value.serialize(&mut *self)?;
                self.unhex_last();
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
    ) -> Result<(), RowFault> {
        unfit("an enum with content")
    }
    fn serialize_seq(self, _len: Option<usize>) -> Result<No, RowFault> {
        unfit("a list")
    }
    fn serialize_tuple(self, _len: usize) -> Result<No, RowFault> {
        unfit("a tuple")
    }
    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<No, RowFault> {
        unfit("a tuple")
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No, RowFault> {
        unfit("an enum with content")
    }
    fn serialize_map(self, _len: Option<usize>) -> Result<No, RowFault> {
        unfit("a map")
    }
    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStruct, RowFault> {
        Ok(Fields(self))
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No, RowFault> {
        unfit("an enum with content")
    }
    fn is_human_readable(&self) -> bool {
        true
    }
}

/// The fields of a row struct; those of a struct inside it stand in its place.
pub(crate) struct Fields<'a>(&'a mut Lot);

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = RowFault;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        _key: &'static str,
        value: &T,
    ) -> Result<(), RowFault> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), RowFault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_core::profile::rows::{AuthAttemptRow, CredentialRow, KeystrokeRow};
    use decnet_core::profile::{Attacker, Behavior, Session};
    use decnet_core::row::{Blob, Json, Value, values};
    use decnet_core::table::table;
    use uuid::Uuid;

    fn owned(lot: &Lot) -> Vec<Value> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let one = |bound: Bound<'_>| match bound {
            Bound::Null => Value::Null,
            Bound::Int(number) => Value::Int(number),
            Bound::Real(number) => Value::Real(number),
            Bound::Text(bytes) => Value::Text(text(bytes)),
            Bound::Blob(bytes) => Value::Blob(bytes.to_vec()),
        };
        lot.rows().flat_map(|row| row.map(one).collect::<Vec<_>>()).collect()
    }

    #[track_caller]
    fn check<T: Serialize>(name: &str, row: &T) {
        let mut lot = Lot::new(table(name).unwrap(), Conflict::Replace);
        lot.add(row).unwrap();
        lot.add(row).unwrap();
        let twice = [values(row).unwrap(), values(row).unwrap()].concat();
        assert_eq!(owned(&lot), twice);
        assert_eq!(lot.take().len(), 2);
        assert_eq!(lot.len(), 0);
    }

    #[test]
    fn a_lot_holds_the_values_of_its_rows() {
        let attacker = Attacker::new("192.0.2.1".parse().unwrap());
        check("attackers", &attacker.row());
        check("attacker_behavior", &Behavior::new(attacker.uuid()).row());
        let session = Session::new(decnet_core::event::SessionId(Uuid::nil()));
        check("session", &session.row());
        check("session_profile", &session.profile_now());
        let gap_s = Some(0.25);
        check("auth_attempt", &AuthAttemptRow { gap_s, ..Default::default() });
        check("credential", &CredentialRow { id: Blob([0xa5; 16]), ..Default::default() });
        let instants_us = Json(vec![1, 2]);
        check("keystroke", &KeystrokeRow { instants_us, ..Default::default() });
    }

    #[test]
    fn texts_are_cut_by_characters() {
        let mut lot = Lot::new(table("auth_attempt").unwrap(), Conflict::Replace);
        let secret = Some("é".repeat(300));
        lot.add(&AuthAttemptRow { secret, user: "é".repeat(255), ..Default::default() }).unwrap();
        let values = owned(&lot);
        assert!(values.contains(&Value::Text("é".repeat(255))));
        assert!(values.iter().all(|v| !matches!(v, Value::Text(t) if t.chars().count() > 255)));
    }

    #[test]
    fn a_row_of_another_table_is_refused() {
        let mut lot = Lot::new(table("attackers").unwrap(), Conflict::Replace);
        assert!(lot.add(&AuthAttemptRow::default()).is_err());
    }
}

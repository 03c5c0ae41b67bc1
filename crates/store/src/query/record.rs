//! A row as it is shown: names in order, each value with its type.
//!
//! **Invariant:** JSON of a record is made from the catalogue's types, so that every way to ask
//! gives the same answer.

use decnet_core::row::{Value, hex};
use decnet_core::table::{Column, Sql};
use serde_json::{Map, Value as Json};

/// A row, and the rows that belong to it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Its columns, in order.
    pub fields: Vec<Field>,
    /// What belongs to it, by name, in order.
    pub children: Vec<(&'static str, Child)>,
}

/// One column of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The column's name.
    pub name: &'static str,
    /// Its type.
    pub sql: Sql,
    /// What it holds.
    pub value: Value,
}

/// What belongs to a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Child {
    /// One row of another table, or none.
    One(Option<Record>),
    /// Rows of another table.
    Many(Vec<Record>),
}

impl Record {
    /// A row of these columns.
    pub(super) fn of(columns: impl IntoIterator<Item = &'static Column>, row: Vec<Value>) -> Self {
        let fields = columns.into_iter().zip(row);
        let fields = fields
            .map(|(column, value)| Field { name: column.name, sql: column.sql, value })
            .collect();
        Self { fields, children: Vec::new() }
    }

    /// The column of that name, where it is not NULL.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        (field.value != Value::Null).then_some(&field.value)
    }

    /// The text in the column of that name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Null | Value::Int(_) | Value::Real(_) | Value::Blob(_)) | None => None,
        }
    }

    /// An object: documents as they are, bytes as hexadecimal digits, flags as such.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        for field in &self.fields {
            object.insert(field.name.to_owned(), field.to_json());
        }
        for (name, child) in &self.children {
            let child = match child {
                Child::One(record) => record.as_ref().map_or(Json::Null, Self::to_json),
                Child::Many(records) => records.iter().map(Self::to_json).collect(),
            };
            object.insert((*name).to_owned(), child);
        }
        Json::Object(object)
    }
}

impl Field {
    /// The value alone.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match (&self.value, self.sql) {
            (Value::Null, _) => Json::Null,
            (Value::Int(number), Sql::Flag) => Json::Bool(*number != 0),
            (Value::Int(number), _) => Json::from(*number),
            (Value::Real(number), _) => Json::from(*number),
            (Value::Text(text), Sql::Json) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::from(text.as_str()))
            }
            (Value::Text(text), _) => Json::from(text.as_str()),
            (Value::Blob(bytes), _) => Json::from(hex(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_follows_the_types() {
        let field = |name, sql, value| Field { name, sql, value };
        let record = Record {
            fields: vec![
                field("list", Sql::Json, Value::Text("[1,\"a\"]".into())),
                field("hash", Sql::Bytes(2), Value::Blob(vec![0xab, 1])),
                field("seen", Sql::Flag, Value::Int(1)),
                field("none", Sql::Real, Value::Null),
            ],
            children: vec![("keys", Child::Many(Vec::new())), ("behavior", Child::One(None))],
        };
        assert_eq!(
            record.to_json().to_string(),
            r#"{"behavior":null,"hash":"ab01","keys":[],"list":[1,"a"],"none":null,"seen":true}"#
        );
        assert_eq!(record.value("none"), None);
    }
}

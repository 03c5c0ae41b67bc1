//! The lists of users and groups as tables of fields, to be changed.
//!
//! **Invariant:** lines that are none of a list (comments, too few fields) stay as they are.


use crate::files::{APPEND_ONLY, Detail, Files, IMMUTABLE, Kind, Last, Node};
use crate::kernel::World;
use crate::people::{List, text};
use std::sync::Arc;

/// The lines of one list, in fields.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    list: List,
    pub(crate) rows: Vec<Vec<Vec<u8>>>,
}

impl Table {
    pub(crate) fn load(files: &Files, list: List) -> Self {
        let text = text(files, list.path());
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let fields = |line: &[u8]| line.split(|&b| b == b':').map(<[u8]>::to_vec).collect();
        let rows = if text.is_empty() {
            Vec::new()
        } else {
            text.split(|&b| b == b'\n').map(fields).collect()
        };
        Self { list, rows }
    }

    /// The first line of that name.
    pub(crate) fn row(&self, name: &[u8]) -> Option<&Vec<Vec<u8>>> {
        self.rows.iter().find(|row| row.first().is_some_and(|first| first == name))
    }

    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.row(name).is_some()
    }

    pub(crate) fn field(&self, name: &[u8], at: usize) -> Option<&[u8]> {
        self.row(name)?.get(at).map(Vec::as_slice)
    }

    /// A field as a number.
    pub(crate) fn number(&self, name: &[u8], at: usize) -> Option<i64> {
        number(self.field(name, at)?)
    }

    /// All numbers in a field.
    pub(crate) fn numbers(&self, at: usize) -> std::collections::BTreeSet<i64> {
        self.rows.iter().filter_map(|row| number(row.get(at)?)).collect()
    }

    /// Whether there is such a line, of which a field is changed.
    pub(crate) fn set(&mut self, name: &[u8], at: usize, value: &[u8]) -> bool {
        let row = self.rows.iter_mut().find(|row| row.first().is_some_and(|first| first == name));
        match row.and_then(|row| row.get_mut(at)) {
            Some(field) => {
                *field = value.to_vec();
                true
            }
            None => false,
        }
    }

    /// A new last line.
    pub(crate) fn add(&mut self, line: impl AsRef<[u8]>) {
        self.rows.push(line.as_ref().split(|&b| b == b':').map(<[u8]>::to_vec).collect());
    }

    /// Whether there was such a line, which is gone.
    pub(crate) fn remove(&mut self, name: &[u8]) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| row.first().is_none_or(|first| first != name));
        self.rows.len() != before
    }

    /// Names in a list of names.
    pub(crate) fn names(&self, name: &[u8], at: usize) -> Vec<Vec<u8>> {
        let field = self.field(name, at).unwrap_or_default();
        field.split(|&b| b == b',').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
    }

    /// Puts the list where it was, and what it was into its copy. Whether it may be written.
    pub(crate) fn save(&self, world: &mut World) -> bool {
        let mut bytes = Vec::new();
        for row in &self.rows {
            bytes.extend(row.join(&b':'));
            bytes.push(b'\n');
        }
        replace(world, self.list.path(), &bytes)
    }
}

/// A number that fills a field.
pub(crate) fn number(field: &[u8]) -> Option<i64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// Writes a file of the machine's as root does, and keeps what was in it in a file with `-` behind
/// its name. Whether it may be written.
pub(crate) fn replace(world: &mut World, path: &[u8], bytes: &[u8]) -> bool {
    let at = world.now.0;
    let Ok(path) = world.files.resolve(&[], path, Last::Follow) else { return false };
    let kind = Kind::File(Arc::new(bytes.into()));
    let mut node = match world.files.node(&path).cloned() {
        Ok(node) if node.has(IMMUTABLE | APPEND_ONLY) => return false,
        Ok(node) => {
            let copy = [path.as_slice(), b"-"].concat();
            // Where there is no room, there is no copy.
            let _ = world.files.put(&copy, Node { detail: Detail::default(), ..node.clone() });
            Node { kind, ..node }
        }
        Err(_) if path.ends_with(b"shadow") => Node::new(kind, 0o640, (0, 42), at),
        Err(_) => Node::new(kind, 0o644, (0, 0), at),
    };
    node.written(at);
    world.files.put(&path, node).is_ok()
}

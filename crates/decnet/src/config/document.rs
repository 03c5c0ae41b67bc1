//! Where in a configuration file something stands.
//!
//! **Invariant:** only reads; what a value means is not known here.

use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A place in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The key's full path, list entries counted from 0: `decky[0].ssh.listen`.
    pub(crate) path: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The value as written; empty for a table.
    pub(crate) value: String,
}

impl Place {
    /// The path without counts, as the list of keys has it.
    pub(crate) fn plain(&self) -> String {
        plain(&self.path)
    }
}

/// A path without counts.
pub(crate) fn plain(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|c| {
            let keep = !inside && *c != '[';
            inside = (inside || *c == '[') && *c != ']';
            keep
        })
        .collect()
}

/// The innermost key of `text` around `span`.
pub(crate) fn around(text: &str, span: &Range<usize>) -> Place {
    let mut places = Vec::new();
    collect(text, &mut places);
    let covers = |outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end;
    places
        .into_iter()
        .filter(|(_, key, value)| covers(key) || covers(value))
        .max_by_key(|(place, _, _)| place.path.len())
        .map_or_else(
            || Place { line: line(text, span.start), ..Place::default() },
            |(place, _, _)| Place { line: line(text, span.start), ..place },
        )
}

/// The place of the key with that path; where it is not written, that of the table around it.
pub(crate) fn at(text: &str, path: &str) -> Option<Place> {
    let mut places = Vec::new();
    collect(text, &mut places);
    let found = |wanted: &str| {
        places.iter().find(|(place, _, _)| place.path == wanted).map(|(place, _, _)| place.clone())
    };
    let mut wanted = path;
    loop {
        if let Some(place) = found(wanted) {
            return Some(place);
        }
        wanted = wanted.get(..wanted.rfind(['.', '['])?)?;
    }
}

/// The line of an offset, from 1.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

type Found = (Place, Range<usize>, Range<usize>);

fn collect(text: &str, places: &mut Vec<Found>) {
    let Ok(document) = DeTable::parse(text) else { return };
    table(text, "", document.get_ref(), places);
}

fn table(text: &str, path: &str, entries: &DeTable<'_>, places: &mut Vec<Found>) {
    for (key, value) in entries {
        let path = match path {
            "" => key.get_ref().to_string(),
            _ => format!("{path}.{}", key.get_ref()),
        };
        entry(text, &path, key.span(), value.span(), value.get_ref(), places);
    }
}

fn entry(
    text: &str,
    path: &str,
    key: Range<usize>,
    span: Range<usize>,
    value: &DeValue<'_>,
    places: &mut Vec<Found>,
) {
    let is_table = value.is_table()
        || value
            .as_array()
            .is_some_and(|array| array.iter().any(|entry| entry.get_ref().is_table()));
    let written = if is_table { "" } else { text.get(span.clone()).unwrap_or_default() };
    let place =
        Place { path: path.to_owned(), line: line(text, key.start), value: written.to_owned() };
    places.push((place, key, span));
    if let Some(entries) = value.as_table() {
        table(text, path, entries, places);
    }
    for (n, element) in value.as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}[{n}]");
        entry(text, &path, element.span(), element.span(), element.get_ref(), places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "user = 5\n[[decky]]\nname = 'a'\n[decky.ssh]\nlisten = [\n  'x',\n  'y',\n]\n";

    #[test]
    fn keys_are_found_by_path() {
        let check = |path: &str, line, value: &str| {
            let place = at(TEXT, path).unwrap();
            assert_eq!((place.line, place.value.as_str()), (line, value), "{path}");
        };
        check("user", 1, "5");
        check("decky[0].name", 3, "'a'");
        check("decky[0].ssh.listen[1]", 7, "'y'");
        check("decky[0].ssh.server_id", 4, "");
        assert_eq!(at(TEXT, "nothing"), None);
    }

    #[test]
    fn spans_are_found_in_the_innermost_key() {
        let offset = TEXT.find("'y'").unwrap();
        let place = around(TEXT, &(offset..offset + 3));
        assert_eq!((place.path.as_str(), place.line), ("decky[0].ssh.listen[1]", 7));
        assert_eq!(place.plain(), "decky.ssh.listen");
    }
}

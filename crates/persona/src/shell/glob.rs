//! Names of files that fit a pattern.

use super::Shell;
use super::pattern::{Pattern, Piece, Style};
use crate::files::Last;

/// Names that one word becomes at most; more is an argument list that is too long anyway.
const NAMES: usize = 65_536;

/// A piece of a field: whether it was quoted, and its bytes.
pub(super) type Text = (bool, Vec<u8>);

/// The pattern that a field is.
pub(super) fn pattern(field: &[Text], groups: bool, any_case: bool) -> Pattern {
    let pieces: Vec<Piece<'_>> = field
        .iter()
        .map(|(quoted, text)| if *quoted { Piece::Quoted(text) } else { Piece::Bare(text) })
        .collect();
    Pattern::styled(&pieces, Style { groups, any_case })
}

/// A field as plain bytes.
pub(super) fn plain(field: &[Text]) -> Vec<u8> {
    field.iter().flat_map(|(_, text)| text.iter().copied()).collect()
}

impl Shell {
    /// The files that a field means, sorted; none where it is no pattern, or nothing fits.
    pub(super) async fn files(&mut self, field: &[Text]) -> Vec<Vec<u8>> {
        let wild = |(quoted, text): &Text| !quoted && text.iter().any(|b| b"*?[".contains(b));
        if self.has("f") || !field.iter().any(wild) {
            return Vec::new();
        }
        let groups = self.shopts.contains("extglob");
        let mut parts: Vec<Vec<Text>> = vec![Vec::new()];
        for (quoted, text) in field {
            for (index, piece) in text.split(|&b| b == b'/').enumerate() {
                if index > 0 {
                    parts.push(Vec::new());
                }
                if !piece.is_empty()
                    && let Some(last) = parts.last_mut()
                {
                    last.push((*quoted, piece.to_vec()));
                }
            }
        }
        let count = parts.len();
        let mut found: Vec<Vec<u8>> = vec![Vec::new()];
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == count;
            let end: &[u8] = if last { b"" } else { b"/" };
            let fits = pattern(part, groups, self.shopts.contains("nocaseglob"));
            if part.is_empty() || !fits.has_wildcards() {
                let name = plain(part);
                for path in &mut found {
                    path.extend_from_slice(&name);
                    path.extend_from_slice(end);
                }
                continue;
            }
            let dots = fits.begins_with(b'.') || self.shopts.contains("dotglob");
            let mut next = Vec::new();
            for path in &found {
                let folder: &[u8] = if path.is_empty() { b"." } else { path };
                let Ok((_, mut names)) = self.p.fs(|process| process.list(folder)) else {
                    continue;
                };
                self.p.tick(names.len() * 20).await;
                names.sort_unstable();
                for name in names {
                    let hidden = name.starts_with(b".");
                    let itself = name == b"." || name == b"..";
                    if hidden && (!dots || itself) || next.len() >= NAMES || !fits.matches(&name) {
                        continue;
                    }
                    let file = [path.as_slice(), &name].concat();
                    if last || self.p.is_folder(&file) {
                        next.push([file.as_slice(), end].concat());
                    }
                }
            }
            found = next;
        }
        let p = &self.p;
        found.retain(|path| p.fs(|process| process.stat(path, Last::Keep)).is_ok());
        found
    }
}

//! Patterns of the shell: `*`, `?`, `[…]` and, where they are asked for, `@(…)` and its kind.
//!
//! **Invariant:** a match takes bounded work whatever the pattern: sets of places go through the
//! pattern once, and nothing is tried twice.

mod places;
mod syntax;

use decnet_core::limits::PATTERN_WORK;
use places::{Places, Text};
use syntax::{Node, parse};

/// A part of a pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// Stands for itself.
    Quoted(&'a [u8]),
    /// May be a pattern; a backslash in it quotes what follows.
    Bare(&'a [u8]),
}

/// What a pattern may hold beside `*`, `?` and `[…]`, and how letters compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// `?(…)`, `*(…)`, `+(…)`, `@(…)`, `!(…)` are patterns.
    pub(crate) groups: bool,
    /// Capital letters are as good as small ones.
    pub(crate) any_case: bool,
}

/// A pattern, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    nodes: Vec<Node>,
    /// The same from its end to its begin.
    reversed: Vec<Node>,
    /// What it stands for, if that is one text.
    literal: Option<Vec<u8>>,
    any_case: bool,
}

impl Pattern {
    /// Without `@(…)` and its kind.
    pub(crate) fn new(pieces: &[Piece<'_>]) -> Self {
        Self::styled(pieces, Style::default())
    }

    /// With `@(…)` and its kind, as in `[[ … == … ]]` and where `extglob` is set.
    pub(crate) fn extended(pieces: &[Piece<'_>]) -> Self {
        Self::styled(pieces, Style { groups: true, any_case: false })
    }

    pub(crate) fn styled(pieces: &[Piece<'_>], style: Style) -> Self {
        let nodes = parse(pieces, style);
        let reversed = syntax::reversed(&nodes);
        let mut literal = Some(Vec::new());
        for node in &nodes {
            match (node, &mut literal) {
                (Node::Unit(unit), Some(text)) if !style.any_case => text.extend_from_slice(unit),
                (Node::Unit(_) | Node::Any | Node::Star | Node::Set(_) | Node::Group(..), _) => {
                    literal = None;
                }
            }
        }
        Self { nodes, reversed, literal, any_case: style.any_case }
    }

    /// Whether it may stand for more than one text.
    pub(crate) fn has_wildcards(&self) -> bool {
        self.nodes.iter().any(|node| !matches!(node, Node::Unit(_)))
    }

    /// The only text that it stands for.
    pub(crate) fn literal(&self) -> Option<&[u8]> {
        self.literal.as_deref()
    }

    /// Whether it begins with this byte as itself, as `.profile` and `.*` do with a point.
    pub(crate) fn begins_with(&self, byte: u8) -> bool {
        matches!(self.nodes.first(), Some(Node::Unit(unit)) if unit.as_slice() == [byte])
    }

    /// Whether it stands for the whole text.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        if let Some(literal) = &self.literal {
            return literal == text;
        }
        let text = Text::new(text);
        self.ends(&text, 0, &mut { PATTERN_WORK }).last() == Some(&text.len())
    }

    /// The length of the longest begin of the text that it stands for.
    pub(crate) fn longest_prefix(&self, text: &[u8]) -> Option<usize> {
        let text = Text::new(text);
        let ends = self.ends(&text, 0, &mut { PATTERN_WORK });
        ends.last().map(|&end| text.offset(end))
    }

    /// The length of the shortest.
    pub(crate) fn shortest_prefix(&self, text: &[u8]) -> Option<usize> {
        let text = Text::new(text);
        let ends = self.ends(&text, 0, &mut { PATTERN_WORK });
        ends.first().map(|&end| text.offset(end))
    }

    /// Where the longest end of the text begins that it stands for.
    pub(crate) fn longest_suffix(&self, text: &[u8]) -> Option<usize> {
        let text = Text::new(text);
        self.starts(&text, &[text.len()], &mut { PATTERN_WORK }).first().map(|&at| text.offset(at))
    }

    /// Where the shortest begins.
    pub(crate) fn shortest_suffix(&self, text: &[u8]) -> Option<usize> {
        let text = Text::new(text);
        self.starts(&text, &[text.len()], &mut { PATTERN_WORK }).last().map(|&at| text.offset(at))
    }

    /// The longest match at the first place from `from` on: where it begins and ends. For all
    /// matches of a text there is [`Pattern::find_all`], which does not look through it again and
    /// again.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = text.get(from..)?;
        let text = Text::new(rest);
        let mut work = PATTERN_WORK;
        let all: Vec<usize> = (0..=text.len()).collect();
        let start = *self.starts(&text, &all, &mut work).first()?;
        let end = *self.ends(&text, start, &mut work).last()?;
        Some((from + text.offset(start), from + text.offset(end)))
    }

    /// All matches that `${name//pattern/…}` replaces, in order. An empty one is followed by a
    /// character that is passed, and there is none at the end of a text.
    pub(crate) fn find_all(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let text = Text::new(text);
        let mut work = PATTERN_WORK;
        let all: Vec<usize> = (0..=text.len()).collect();
        let mut found = Vec::new();
        let mut from = 0;
        for start in self.starts(&text, &all, &mut work) {
            if start < from || (start == text.len() && start > 0) {
                continue;
            }
            let Some(&end) = self.ends(&text, start, &mut work).last() else { break };
            found.push((text.offset(start), text.offset(end)));
            from = end.max(start + 1);
        }
        found
    }

    /// Where a match that begins there may end.
    fn ends(&self, text: &Text<'_>, start: usize, work: &mut usize) -> Vec<usize> {
        Places { text, any_case: self.any_case, work }.through(&self.nodes, vec![start])
    }

    /// Where a match that ends at one of these may begin.
    fn starts(&self, text: &Text<'_>, ends: &[usize], work: &mut usize) -> Vec<usize> {
        let reversed = text.reversed();
        let ends = ends.iter().rev().map(|end| text.len() - end).collect();
        let mut places = Places { text: &reversed, any_case: self.any_case, work };
        let found = places.through(&self.reversed, ends);
        found.iter().rev().map(|at| text.len() - at).collect()
    }
}

/// The text as a pattern that stands for nothing else.
pub(crate) fn escape(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    for &byte in text {
        if b"*?[]\\()|!+@^-".contains(&byte) {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    escaped
}

#[cfg(test)]
mod tests;

//! What kind of mistake a correction takes back.
//!
//! A correction is a word as it was typed and the word that stands in its place when the correction
//! is over. What both begin with is no part of it, nor, where the whole word had been typed, what
//! both end with. Of what is left:
//!
//! - *transposition*: two neighbours were typed in each other's place (`cta`, `cat`);
//! - *omission*: a character is missing (`ct`, `cat`);
//! - *insertion*: there is one too many (`caat`, `cat`);
//! - *substitution*: anything else, mostly another character (`cst`, `cat`);
//! - *wrong command*: the line's first word became another word and not the same one mended: they
//!   do not begin alike, or more than half of the longer one is different.
//!
//! **Invariant:** one pass over both words; words that are equal are no correction.

use super::keys::Glyph;
use serde::{Deserialize, Serialize};

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Kind {
    Transposition,
    Omission,
    Insertion,
    Substitution,
    WrongCommand,
}

/// Where in its line a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It names the command.
    Command,
    Argument,
}

/// How much of a word had been typed when it was corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it: something stands behind it.
    Whole,
    /// Perhaps not all: the correction was at the line's end.
    Begun,
}

impl Kind {
    /// As stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Transposition => "transposition",
            Self::Omission => "omission",
            Self::Insertion => "insertion",
            Self::Substitution => "substitution",
            Self::WrongCommand => "wrong_command",
        }
    }
}

/// The kind of a correction from `typed` to `became`; `None` where they are the same, or the one is
/// the other that goes on.
pub(super) fn kind(
    typed: &[Glyph],
    became: &[Glyph],
    place: Place,
    extent: Extent,
) -> Option<Kind> {
    let same = typed.iter().zip(became).take_while(|(one, other)| one == other).count();
    let (wrong, right) = (typed.get(same..)?, became.get(same..)?);
    if wrong.is_empty() && (right.is_empty() || extent == Extent::Begun) {
        return None;
    }
    let (wrong, right) = match extent {
        Extent::Begun => (wrong, right),
        Extent::Whole => without_end(wrong, right),
    };
    let small = match (wrong, right) {
        ([], _) => Some(Kind::Omission),
        (_, []) => Some(Kind::Insertion),
        ([first, second, rest @ ..], [one, other, end @ ..])
            if first == other && second == one && fits(rest, end, extent) =>
        {
            Some(Kind::Transposition)
        }
        (wrong, [_, end @ ..]) if fits(wrong, end, extent) => Some(Kind::Omission),
        ([_, rest @ ..], [_, end @ ..]) if fits(rest, end, extent) => Some(Kind::Substitution),
        ([_, rest @ ..], right) if fits(rest, right, extent) => Some(Kind::Insertion),
        _ => None,
    };
    let other = || match place {
        Place::Command if same == 0 || 2 * wrong.len().max(right.len()) > longer(typed, became) => {
            Kind::WrongCommand
        }
        Place::Command | Place::Argument => Kind::Substitution,
    };
    Some(small.unwrap_or_else(other))
}

fn longer(one: &[Glyph], other: &[Glyph]) -> usize {
    one.len().max(other.len())
}

/// Whether what was typed is what is there, as far as it goes.
fn fits(typed: &[Glyph], there: &[Glyph], extent: Extent) -> bool {
    match extent {
        Extent::Whole => typed == there,
        Extent::Begun => there.starts_with(typed),
    }
}

/// Both without what both end with.
fn without_end<'a>(one: &'a [Glyph], other: &'a [Glyph]) -> (&'a [Glyph], &'a [Glyph]) {
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let cut = |all: &'a [Glyph]| all.get(..all.len() - same).unwrap_or(all);
    (cut(one), cut(other))
}

#[cfg(test)]
mod tests {
    use super::super::keys::glyphs;
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(typed: &str, became: &str, place: Place, extent: Extent, expected: Option<Kind>) {
        let found = kind(&glyphs(typed.as_bytes()), &glyphs(became.as_bytes()), place, extent);
        assert_eq!(found, expected, "{typed} {became}");
    }

    #[test]
    fn mistakes_have_these_kinds() {
        use Extent::{Begun, Whole};
        use Kind::{Insertion, Omission, Substitution, Transposition, WrongCommand};
        use Place::{Argument, Command};
        for extent in [Begun, Whole] {
            check("cta", "cat", Command, extent, Some(Transposition));
            check("ct", "cat", Command, extent, Some(Omission));
            check("caat", "cat", Command, extent, Some(Insertion));
            check("catt", "cat", Command, extent, Some(Insertion));
            check("cst", "cat", Command, extent, Some(Substitution));
            check("ifconfig", "ip", Command, extent, Some(WrongCommand));
            check("ls", "id", Command, extent, Some(WrongCommand));
            check("/tmp", "/var", Argument, extent, Some(Substitution));
            check("cat", "cat", Command, extent, None);
        }
        check("cat", "cats", Command, Begun, None);
        check("cat", "cats", Command, Whole, Some(Omission));
        // The word was mended before it had come to its end.
        check("passwr", "password", Argument, Begun, Some(Omission));
        check("passwro", "password", Argument, Begun, Some(Transposition));
        check("pasd", "password", Argument, Begun, Some(Substitution));
        check("paass", "password", Argument, Begun, Some(Insertion));
        check("sl", "ls", Command, Begun, Some(Transposition));
        check("wegt", "wget", Command, Begun, Some(Transposition));
    }

    proptest! {
        #[test]
        fn equal_words_are_no_correction(word in "[a-z]{0,9}") {
            let word = glyphs(word.as_bytes());
            for place in [Place::Command, Place::Argument] {
                prop_assert_eq!(kind(&word, &word, place, Extent::Whole), None);
            }
        }

        #[test]
        fn a_word_with_two_neighbours_swapped_is_that(word in "[a-z]{3,9}", at in 0_usize..8) {
            let right = glyphs(word.as_bytes());
            let mut typed = right.clone();
            let at = at % (typed.len() - 1);
            typed.swap(at, at + 1);
            prop_assume!(typed != right);
            let found = kind(&typed, &right, Place::Argument, Extent::Whole);
            prop_assert_eq!(found, Some(Kind::Transposition));
        }
    }
}

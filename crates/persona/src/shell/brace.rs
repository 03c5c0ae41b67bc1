//! Braces: `{a,b}`, `{1..10..2}`, `{a..e}`.
//!
//! **Invariant:** what comes out is bounded in words and bytes; a word that would be more stays as
//! it is written. Nothing is read twice.

use decnet_core::limits::{BRACE_BYTES, BRACE_DEPTH, BRACE_WORDS};

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BracePart<T> {
    /// Text in which braces are braces.
    Bare(Vec<u8>),
    /// Whatever else: quoted text, variables, commands.
    Opaque(T),
}

/// A part of a word once its braces are known.
#[derive(Clone, Debug)]
enum Node<T> {
    Part(BracePart<T>),
    /// One of these.
    Choice(Vec<Vec<Node<T>>>),
    /// One of these texts.
    Range(Vec<Vec<u8>>),
}

/// The words that a word becomes; itself, where it has no braces that mean anything.
pub(crate) fn expand<T: Clone>(word: Vec<BracePart<T>>) -> Vec<Vec<BracePart<T>>> {
    let bare = |part: &BracePart<T>| matches!(part, BracePart::Bare(text) if text.contains(&b'{'));
    if !word.iter().any(bare) {
        return vec![word];
    }
    let signs = signs(&word);
    let pairs = pairs(&signs);
    let nodes = Reader { signs: &signs, pairs: &pairs }.sequence(0, signs.len());
    let size = Size::of(&nodes);
    if size.words > BRACE_WORDS || size.bytes > BRACE_BYTES {
        return vec![word];
    }
    words(&nodes).into_iter().map(joined).collect()
}

/// One byte of bare text, or a part that is no text.
enum Sign<'a, T> {
    Byte(u8),
    Opaque(&'a T),
}

impl<T> Sign<'_, T> {
    fn is(&self, byte: u8) -> bool {
        matches!(self, Self::Byte(found) if *found == byte)
    }
}

fn signs<T>(word: &[BracePart<T>]) -> Vec<Sign<'_, T>> {
    let mut signs = Vec::new();
    for part in word {
        match part {
            BracePart::Bare(text) => signs.extend(text.iter().map(|&byte| Sign::Byte(byte))),
            BracePart::Opaque(what) => signs.push(Sign::Opaque(what)),
        }
    }
    signs
}

/// A pair of braces that means something.
#[derive(Clone, Debug, Default)]
struct Pair {
    close: usize,
    /// Its own commas, in order.
    commas: Vec<usize>,
}

/// For each sign, the pair that it opens. One that is not closed is text.
fn pairs<T>(signs: &[Sign<'_, T>]) -> Vec<Option<Pair>> {
    struct Open {
        at: usize,
        commas: Vec<usize>,
        /// There is something between two ends.
        range: bool,
    }
    let mut pairs: Vec<Option<Pair>> = vec![None; signs.len()];
    let mut open: Vec<Open> = Vec::new();
    for (at, sign) in signs.iter().enumerate() {
        let next = |ahead: usize, byte| signs.get(at + ahead).is_some_and(|sign| sign.is(byte));
        if sign.is(b'{') {
            open.push(Open { at, commas: Vec::new(), range: false });
            continue;
        }
        let outermost = open.len() == 1;
        let Some(last) = open.last_mut() else { continue };
        if sign.is(b',') {
            last.commas.push(at);
        } else if sign.is(b'.') && next(1, b'.') && !next(2, b'}') {
            last.range = true;
        } else if sign.is(b'}') {
            let means_something = last.range || !last.commas.is_empty();
            // The outermost waits for one that makes a pair that means something.
            if outermost && !means_something {
                continue;
            }
            let Some(last) = open.pop() else { continue };
            if means_something
                && open.len() < BRACE_DEPTH
                && let Some(pair) = pairs.get_mut(last.at)
            {
                *pair = Some(Pair { close: at, commas: last.commas });
            }
        }
    }
    pairs
}

struct Reader<'a, T> {
    signs: &'a [Sign<'a, T>],
    pairs: &'a [Option<Pair>],
}

impl<T: Clone> Reader<'_, T> {
    fn sequence(&self, from: usize, to: usize) -> Vec<Node<T>> {
        let mut nodes = Vec::new();
        let mut at = from;
        while at < to {
            let Some(sign) = self.signs.get(at) else { break };
            let pair = self.pairs.get(at).and_then(Option::as_ref);
            if let Some(pair) = pair
                && let Some(node) = self.pair(at, pair)
            {
                nodes.push(node);
                at = pair.close + 1;
                continue;
            }
            at += 1;
            match (sign, nodes.last_mut()) {
                (Sign::Byte(byte), Some(Node::Part(BracePart::Bare(text)))) => text.push(*byte),
                (Sign::Byte(byte), _) => nodes.push(Node::Part(BracePart::Bare(vec![*byte]))),
                (Sign::Opaque(what), _) => {
                    nodes.push(Node::Part(BracePart::Opaque(T::clone(what))));
                }
            }
        }
        nodes
    }

    /// What a pair of braces is; `None` if it is text.
    fn pair(&self, open: usize, pair: &Pair) -> Option<Node<T>> {
        let inside = self.signs.get(open..=pair.close)?;
        if pair.commas.is_empty() && !inside.iter().any(|sign| sign.is(b',')) {
            let range = self.range(open + 1, pair.close).map(Node::Range);
            // What is no range is text, with all braces in it.
            let part = |sign: &Sign<'_, T>| match sign {
                Sign::Byte(byte) => Node::Part(BracePart::Bare(vec![*byte])),
                Sign::Opaque(what) => Node::Part(BracePart::Opaque(T::clone(what))),
            };
            return range.or_else(|| Some(Node::Choice(vec![inside.iter().map(part).collect()])));
        }
        let mut all = Vec::new();
        let mut from = open + 1;
        for &end in pair.commas.iter().chain([&pair.close]) {
            all.push(self.sequence(from, end));
            from = end + 1;
        }
        Some(Node::Choice(all))
    }

    /// `1..10`, `a..e`, `1..10..2`.
    fn range(&self, from: usize, to: usize) -> Option<Vec<Vec<u8>>> {
        // Three numbers are not longer.
        let signs = self.signs.get(from..to).filter(|signs| signs.len() < 80)?;
        let byte = |sign: &Sign<'_, T>| match sign {
            Sign::Byte(byte) => Some(*byte),
            Sign::Opaque(_) => None,
        };
        let text = signs.iter().map(byte).collect::<Option<Vec<u8>>>()?;
        let text = std::str::from_utf8(&text).ok()?;
        let (first, rest) = text.split_once("..")?;
        let (last, step) = match rest.split_once("..") {
            Some((last, step)) => (last, number(step)?),
            None => (rest, 1),
        };
        if let (&[first], &[last]) = (first.as_bytes(), last.as_bytes())
            && first.is_ascii_alphabetic()
            && last.is_ascii_alphabetic()
        {
            let bytes = range(i64::from(first), i64::from(last), step)?;
            // Bash takes a backslash that comes out for a quote of nothing.
            let text = |b: i64| if b == 92 { None } else { u8::try_from(b).ok() };
            return Some(bytes.map(|b| text(b).into_iter().collect()).collect());
        }
        let zeros = [first, last].iter().any(|end| is_padded(end));
        let width = if zeros { first.len().max(last.len()) } else { 0 };
        let numbers = range(number(first)?, number(last)?, step)?;
        Some(numbers.map(|n| format!("{n:0width$}").into_bytes()).collect())
    }
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// `01` and `-01` say how wide all numbers are.
fn is_padded(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0')
}

/// From one end to the other, at most as many as may be.
fn range(first: i64, last: i64, step: i64) -> Option<impl Iterator<Item = i64>> {
    let step = i64::try_from(step.unsigned_abs().max(1)).ok()?;
    let count = i128::from(first.abs_diff(last)) / i128::from(step);
    let count = usize::try_from(count).ok().filter(|count| *count < BRACE_WORDS)?;
    let step = if first <= last { step } else { -step };
    Some((0..=count).scan(first, move |at, _| {
        let now = *at;
        *at = now.wrapping_add(step);
        Some(now)
    }))
}

/// How much comes out.
#[derive(Clone, Copy, Debug)]
struct Size {
    words: usize,
    bytes: usize,
}

impl Size {
    fn of<T>(nodes: &[Node<T>]) -> Self {
        let mut size = Self { words: 1, bytes: 0 };
        for node in nodes {
            let more = match node {
                Node::Part(BracePart::Bare(text)) => Self { words: 1, bytes: text.len() },
                Node::Part(BracePart::Opaque(_)) => Self { words: 1, bytes: 16 },
                Node::Choice(all) => all
                    .iter()
                    .map(|nodes| Self::of(nodes))
                    .fold(Self { words: 0, bytes: 0 }, Self::plus),
                Node::Range(all) => {
                    Self { words: all.len(), bytes: all.iter().map(Vec::len).sum() }
                }
            };
            size = size.times(more);
        }
        size
    }

    fn plus(self, other: Self) -> Self {
        Self {
            words: self.words.saturating_add(other.words),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    fn times(self, other: Self) -> Self {
        let left = self.bytes.saturating_mul(other.words);
        let right = other.bytes.saturating_mul(self.words);
        Self { words: self.words.saturating_mul(other.words), bytes: left.saturating_add(right) }
    }
}

/// All words, the last choice changing first. [`Size`] has said that there are not too many.
fn words<T: Clone>(nodes: &[Node<T>]) -> Vec<Vec<BracePart<T>>> {
    let mut all: Vec<Vec<BracePart<T>>> = vec![Vec::new()];
    for node in nodes {
        let ends: Vec<Vec<BracePart<T>>> = match node {
            Node::Part(part) => {
                for word in &mut all {
                    word.push(part.clone());
                }
                continue;
            }
            Node::Choice(choices) => choices.iter().flat_map(|nodes| words(nodes)).collect(),
            Node::Range(texts) => {
                texts.iter().map(|text| vec![BracePart::Bare(text.clone())]).collect()
            }
        };
        let with = |word: &Vec<BracePart<T>>| {
            let word = word.clone();
            ends.iter().map(move |end| [word.as_slice(), end].concat()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}

/// Texts that stand side by side become one.
fn joined<T>(word: Vec<BracePart<T>>) -> Vec<BracePart<T>> {
    let mut parts: Vec<BracePart<T>> = Vec::new();
    for part in word {
        match (part, parts.last_mut()) {
            (BracePart::Bare(more), Some(BracePart::Bare(text))) => text.extend(more),
            (part, _) => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(word: &str) -> String {
        let word = vec![BracePart::<()>::Bare(word.as_bytes().to_vec())];
        let text = |parts: &Vec<BracePart<()>>| match parts.as_slice() {
            [] => String::new(),
            [BracePart::Bare(text)] => String::from_utf8(text.clone()).unwrap(),
            other => panic!("{other:?}"),
        };
        expand(word).iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn braces_are_what_they_are_for_bash() {
        for (word, expected) in [
            ("{1..{a,b}}", "1..a 1..b"),
            ("{x..{a,b}}c{d,e}", "x..acd x..ace x..bcd x..bce"),
            ("{a..{b..c}}", "{a..{b..c}}"),
            ("{xx..{b..c}}", "{xx..{b..c}}"),
            ("{a}b{c,d}", "{a}bc {a}bd"),
            ("{{a}{c,d}", "{{a}c {{a}d"),
            ("{a..}{c,d}", "{a..}c {a..}d"),
            ("{..}{c,d},e}", "..}c ..}d e"),
            ("{a}{b}{c,d},e}", "a}{b}c a}{b}d e"),
            ("{a,b}", "a b"),
            ("x{a,b}y", "xay xby"),
            ("{a}", "{a}"),
            ("{}", "{}"),
            ("{a,}", "a"),
            ("{,a}", "a"),
            ("{,}", ""),
            ("a{,b}c", "ac abc"),
            ("{a,b}{c,d}", "ac ad bc bd"),
            ("{a{b,c}}", "{ab} {ac}"),
            ("{a,b{c,d}}", "a bc bd"),
            ("{a,b{c,d}", "{a,bc {a,bd"),
            ("{{a,b}", "{a {b"),
            ("{a,b}}", "a} b}"),
            ("{a},b}", "a} b"),
            ("a}b{c,d}", "a}bc a}bd"),
            ("{1..5}", "1 2 3 4 5"),
            ("{5..1}", "5 4 3 2 1"),
            ("{1..10..3}", "1 4 7 10"),
            ("{10..1..3}", "10 7 4 1"),
            ("{1..10..-3}", "1 4 7 10"),
            ("{1..3..0}", "1 2 3"),
            ("{01..10}", "01 02 03 04 05 06 07 08 09 10"),
            ("{1..010}", "001 002 003 004 005 006 007 008 009 010"),
            ("{-3..3}", "-3 -2 -1 0 1 2 3"),
            ("{-01..3}", "-01 000 001 002 003"),
            ("{003..-3}", "003 002 001 000 -01 -02 -03"),
            ("{a..e}", "a b c d e"),
            ("{e..a}", "e d c b a"),
            ("{a..i..3}", "a d g"),
            ("{a..C}", "a ` _ ^ ] [ Z Y X W V U T S R Q P O N M L K J I H G F E D C"),
            ("{1..a}", "{1..a}"),
            ("{a..1}", "{a..1}"),
            ("{1..}", "{1..}"),
            ("{..3}", "{..3}"),
            ("{1...3}", "{1...3}"),
            ("{1..3..}", "{1..3..}"),
            ("{1..3..x}", "{1..3..x}"),
            ("{1..3,5}", "1..3 5"),
            ("{{1..3},5}", "1 2 3 5"),
            ("{a,{b,{c,d}}}", "a b c d"),
            ("{a,b,c}{1..3}", "a1 a2 a3 b1 b2 b3 c1 c2 c3"),
            ("{+1..3}", "1 2 3"),
            ("{1..+3}", "1 2 3"),
            ("{1.5..3}", "{1.5..3}"),
            ("{aa..cc}", "{aa..cc}"),
            ("{a..b..c}", "{a..b..c}"),
            ("{a,b..c}", "a b..c"),
            ("x{1..2}y{3..4}z", "x1y3z x1y4z x2y3z x2y4z"),
            ("{/etc,/var}/{log,tmp}", "/etc/log /etc/tmp /var/log /var/tmp"),
            ("{a..a}", "a"),
            ("{1..1}", "1"),
            ("{a,b,}", "a b"),
            ("{,,}", ""),
            (
                "{9223372036854775806..9223372036854775807}",
                "9223372036854775806 9223372036854775807",
            ),
            ("{1..2..9223372036854775807}", "1"),
            ("{0..0}", "0"),
            ("{00..3}", "00 01 02 03"),
            ("{-0..2}", "0 1 2"),
            ("{-00..2}", "000 001 002"),
            ("{1..-1}", "1 0 -1"),
            ("{a,b}c{d", "ac{d bc{d"),
            ("{a},{b}", "{a},{b}"),
            ("{{a},{b}}", "{a} {b}"),
            ("{a,{}", "{a,{}"),
            ("{,{}", "{,{}"),
            ("{{},{}}", "{} {}"),
            ("a,b", "a,b"),
            ("{a..c}{,}", "a a b b c c"),
            ("{1,2}..{3,4}", "1..3 1..4 2..3 2..4"),
            ("{5..-5..5}", "5 0 -5"),
            ("{-5..5..5}", "-5 0 5"),
            ("{a..z..26}", "a"),
            ("é{a,é}", "éa éé"),
            ("{é,ü}", "é ü"),
            ("{é..ü}", "{é..ü}"),
        ] {
            let found = all(word);
            let found: Vec<&str> = found.split_whitespace().collect();
            assert_eq!(found.join(" "), expected, "{word}");
        }
    }

    #[test]
    fn what_is_quoted_is_no_brace() {
        let bare = |text: &str| BracePart::Bare(text.as_bytes().to_vec());
        let word =
            vec![bare("a{"), BracePart::Opaque(1), bare(",x"), BracePart::Opaque(2), bare("}")];
        let expected =
            [vec![bare("a"), BracePart::Opaque(1)], vec![bare("ax"), BracePart::Opaque(2)]];
        assert_eq!(expand(word), expected);
        let word = vec![bare("{1.."), BracePart::Opaque(1), bare("}")];
        assert_eq!(expand(word.clone()), [word]);
    }

    #[test]
    fn hostile_braces_end() {
        assert_eq!(all(&"{a,b}".repeat(40)), "{a,b}".repeat(40));
        assert_eq!(all("{1..99999999}"), "{1..99999999}");
        assert_eq!(expand(vec![BracePart::<()>::Bare(b"{1..9}".repeat(4))]).len(), 6_561);
        all(&"{".repeat(50_000));
        all(&"{a,".repeat(50_000));
        all(&("{a,".repeat(20_000) + &"}".repeat(20_000)));
        all("{-9223372036854775808..9223372036854775807..1}");
        all("{1..2..-9223372036854775808}");
    }
}

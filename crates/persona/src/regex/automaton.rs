//! Patterns that an automaton can do, on `regex-automata`: the longest of the leftmost matches.
//!
//! **Invariant:** a search costs no more than text times pattern.

use super::ast::{Ast, Look, Set};
use super::{Captures, Error};
use regex_automata::meta;
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{self, Hir};
use std::sync::{Mutex, OnceLock, PoisonError};

#[derive(Debug)]
pub(super) struct Automaton {
    /// Finds whether and where, quickly.
    quick: meta::Regex,
    /// Finds how far, from there on, where the quick one does not say that right; made once it is
    /// asked for.
    longest: OnceLock<Option<Longest>>,
    groups: OnceLock<Option<Longest>>,
    hir: Hir,
    plain: bool,
}

#[derive(Debug)]
struct Longest {
    machine: PikeVM,
    cache: Mutex<Option<pikevm::Cache>>,
}

/// Bytes of an automaton.
const SIZE: usize = 1 << 20;
/// Groups of one pattern.
const GROUPS: usize = 1_000;
/// Places that one remembers: states times groups.
const SLOTS: usize = 1 << 21;

impl Automaton {
    pub(super) fn new(ast: &Ast, groups: usize) -> Result<Self, Error> {
        let hir = to_hir(ast);
        let config = meta::Config::new()
            .utf8_empty(false)
            .which_captures(WhichCaptures::Implicit)
            .nfa_size_limit(Some(SIZE / 2))
            .hybrid_cache_capacity(SIZE)
            .onepass(false)
            .dfa(false);
        let quick = meta::Builder::new().configure(config).build_from_hir(&hir);
        let quick = quick.map_err(|_| Error::TooBig)?;
        let plain = groups == 0 && is_plain(ast);
        if groups > GROUPS {
            return Err(Error::TooBig);
        }
        Ok(Self { quick, longest: OnceLock::new(), groups: OnceLock::new(), hir, plain })
    }

    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.quick.is_match(text)
    }

    pub(super) fn find(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        let input = Input::new(text).range(checked(text, start)?..);
        let found = self.quick.search(&input)?;
        if self.plain {
            return Some((found.start(), found.end()));
        }
        let longest =
            self.longest.get_or_init(|| Longest::new(&self.hir, WhichCaptures::Implicit).ok());
        longest.as_ref()?.at(text, found.start(), 1)?.first().copied().flatten()
    }

    pub(super) fn captures(&self, text: &[u8], start: usize, groups: usize) -> Option<Captures> {
        let input = Input::new(text).range(checked(text, start)?..);
        let found = self.quick.search(&input)?;
        let all = self.groups.get_or_init(|| Longest::new(&self.hir, WhichCaptures::All).ok());
        all.as_ref()?.at(text, found.start(), groups)
    }
}

fn checked(text: &[u8], start: usize) -> Option<usize> {
    (start <= text.len()).then_some(start)
}

impl Longest {
    fn new(hir: &Hir, which: WhichCaptures) -> Result<Self, Error> {
        let config =
            thompson::Config::new().utf8(false).which_captures(which).nfa_size_limit(Some(SIZE));
        let nfa: NFA = thompson::Compiler::new()
            .configure(config)
            .build_from_hir(hir)
            .map_err(|_| Error::TooBig)?;
        if nfa.states().len().saturating_mul(nfa.group_info().slot_len()) > SLOTS {
            return Err(Error::TooBig);
        }
        let config = pikevm::Config::new().match_kind(MatchKind::All);
        let machine = pikevm::Builder::new().configure(config).build_from_nfa(nfa);
        let machine = machine.map_err(|_| Error::TooBig)?;
        Ok(Self { machine, cache: Mutex::new(None) })
    }

    /// The longest match that starts there, and its groups.
    fn at(&self, text: &[u8], start: usize, groups: usize) -> Option<Captures> {
        let mut slots: Vec<Option<NonMaxUsize>> = vec![None; groups * 2];
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = cache.get_or_insert_with(|| self.machine.create_cache());
        self.machine.search_slots(cache, &input, &mut slots)?;
        let ends = slots.chunks(2).map(|pair| match pair {
            [Some(from), Some(to)] => Some((from.get(), to.get())),
            _ => None,
        });
        Some(ends.collect())
    }
}

/// Whether the first match is the longest: no alternatives, and nothing is repeated but single
/// characters, each of which could not be what stands behind.
fn is_plain(ast: &Ast) -> bool {
    match ast {
        Ast::Empty | Ast::Literal(_) | Ast::Set(_) | Ast::Look(_) => true,
        Ast::Concat(parts) => {
            let repeats = parts.iter().filter(|part| matches!(part, Ast::Repeat(..))).count();
            repeats <= 1 && parts.iter().all(is_plain)
        }
        Ast::Repeat(inner, _) => {
            matches!(**inner, Ast::Set(_))
                || matches!(&**inner, Ast::Literal(bytes) if bytes.len() == 1)
        }
        Ast::Group(..) | Ast::Alternate(_) | Ast::Back(_) | Ast::Assert(..) | Ast::Keep => false,
    }
}

fn to_hir(ast: &Ast) -> Hir {
    match ast {
        Ast::Empty => Hir::empty(),
        Ast::Literal(bytes) => Hir::literal(bytes.clone()),
        Ast::Set(Set::Bytes(class)) => Hir::class(hir::Class::Bytes(class.clone())),
        Ast::Set(Set::Chars(class)) => Hir::class(hir::Class::Unicode(class.clone())),
        Ast::Look(look) => look_hir(*look),
        Ast::Group(inner, None) => to_hir(inner),
        Ast::Group(inner, Some(number)) => Hir::capture(hir::Capture {
            index: u32::try_from(*number).unwrap_or(u32::MAX),
            name: None,
            sub: Box::new(to_hir(inner)),
        }),
        Ast::Concat(parts) => Hir::concat(parts.iter().map(to_hir).collect()),
        Ast::Alternate(parts) => Hir::alternation(parts.iter().map(to_hir).collect()),
        Ast::Repeat(inner, times) => Hir::repetition(hir::Repetition {
            min: times.min,
            max: times.max,
            greedy: times.greed != super::ast::Greed::Lazy,
            sub: Box::new(to_hir(inner)),
        }),
        // None of these reaches an automaton.
        Ast::Back(_) | Ast::Assert(..) | Ast::Keep => Hir::fail(),
    }
}

fn look_hir(look: Look) -> Hir {
    Hir::look(match look {
        Look::LineStart => hir::Look::StartLF,
        Look::LineEnd => hir::Look::EndLF,
        Look::TextStart => hir::Look::Start,
        Look::TextEnd => hir::Look::End,
        Look::TextEndLine => {
            let line = Hir::concat(vec![Hir::literal(*b"\n"), Hir::look(hir::Look::End)]);
            return Hir::alternation(vec![Hir::look(hir::Look::End), line]);
        }
        Look::Word => hir::Look::WordAscii,
        Look::NotWord => hir::Look::WordAsciiNegate,
        Look::WordStart => hir::Look::WordStartAscii,
        Look::WordEnd => hir::Look::WordEndAscii,
        Look::NoWordBefore => hir::Look::WordStartHalfAscii,
        Look::NoWordBehind => hir::Look::WordEndHalfAscii,
    })
}

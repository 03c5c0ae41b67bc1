//! Who sent a SYN, and from how far: our own open set of signatures, and its matcher.
//!
//! **Invariant:** no guess is better than a wrong one; of two that are equally good the more
//! general is given, and never one of them at random. Nothing is allocated for a guess.

mod signature;

use super::tcp::{Ip, Syn};
use signature::{Seen, Signature};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

/// What a SYN says of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// Its name, such as "Linux 4.20 or later".
    pub name: &'static str,
    /// What the names of one maker have in common, such as "Linux".
    pub family: &'static str,
    /// What kind of program sends it.
    pub kind: Kind,
    /// How well it fits.
    pub confidence: Confidence,
    /// Version of the set of signatures, from 1.
    pub version: u32,
    distance: Distance,
}

/// What kind of program sends a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The kernel of an operating system.
    System,
    /// A scanner that makes its own packets.
    Scanner,
    /// A stack or a packet library that programs bring along.
    Library,
}

/// How well a signature fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// In all that it asks.
    Exact,
    /// But for one of TTL, DF and identification, or the signature is a loose one.
    Near,
}

/// Whether the TTL tells the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distance {
    /// From this TTL.
    From(u8),
    /// The TTL is not one that this sender starts with: something rewrites it.
    Guessed,
    /// It is drawn at random.
    Unknown,
}

impl Guess {
    /// The hops to the sender, 0 to 35, where its TTL tells them.
    #[must_use]
    pub fn distance(&self, ttl: u8) -> Option<u8> {
        match self.distance {
            Distance::From(start) => start.checked_sub(ttl).filter(|hops| *hops <= HOPS_MAX),
            Distance::Guessed => distance(ttl),
            Distance::Unknown => None,
        }
    }
}

/// Where a SYN was sent to; some scanners put it into other fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Address; nobody does this with the longer ones.
    pub address: Ipv4Addr,
    /// Port.
    pub port: u16,
}

impl Target {
    /// The target of a SYN to this address; none of the longer ones.
    #[must_use]
    pub fn new(address: IpAddr, port: u16) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(address) => Some(Self { address, port }),
            IpAddr::V6(_) => None,
        }
    }

    /// The sequence number that is made of it.
    fn sequence(&self) -> u32 {
        self.address.to_bits()
    }

    /// The identification that is made of it and a sequence number.
    fn id(&self, sequence: u32) -> u16 {
        (self.address.to_bits() ^ u32::from(self.port) ^ sequence) as u16
    }
}

/// What signatures ask of the numbers of a SYN that its sender draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    /// The identification and the sequence number, where some signature asks for that value.
    numbers: [Option<u32>; 2],
    /// Whether they are those that are made of the target.
    are_of_target: [bool; 2],
}

/// What guesses depend on of the identification and the sequence number.
pub(super) fn drawn(syn: &Syn<'_>, target: Option<&Target>) -> Drawn {
    let id = match syn.ip {
        Ip::V4 { id, .. } => Some(id),
        Ip::V6 { .. } => None,
    };
    let [ids, sequences] = &set().asked;
    let asked = |known: &[u32], number: u32| Some(number).filter(|number| known.contains(number));
    Drawn {
        numbers: [id.and_then(|id| asked(ids, id.into())), asked(sequences, syn.sequence)],
        are_of_target: [
            target.is_some_and(|to| Some(to.id(syn.sequence)) == id),
            target.is_some_and(|to| to.sequence() == syn.sequence),
        ],
    }
}

/// Hops that are thought possible.
const HOPS_MAX: u8 = 35;

/// The set as it is written.
const TEXT: &str = include_str!("os/signatures.txt");

/// Signatures, by layout of options.
#[derive(Default)]
struct Set {
    version: u32,
    signatures: Vec<Signature>,
    /// Identifications and sequence numbers that some of them ask for.
    asked: [Vec<u32>; 2],
}

fn set() -> &'static Set {
    static SET: LazyLock<Set> = LazyLock::new(|| {
        let set = Set::parse(TEXT);
        debug_assert!(set.is_ok(), "line {:?}", set.as_ref().err());
        set.unwrap_or_default()
    });
    &SET
}

impl Set {
    /// The number of the line that is wrong, if one is.
    fn parse(text: &'static str) -> Result<Self, usize> {
        let mut set = Self::default();
        let mut title: Option<signature::Title> = None;
        for (number, line) in (1usize..).zip(text.lines()) {
            let words = line.trim();
            if words.is_empty() || words.starts_with('#') {
                continue;
            }
            if let Some(version) = words.strip_prefix("decnet-syn ") {
                set.version = version.parse().map_err(|_| number)?;
            } else if line.starts_with(' ') {
                let title = title.ok_or(number)?;
                set.signatures.extend(signature::parse(title, words).ok_or(number)?);
            } else {
                title = Some(signature::title(words).ok_or(number)?);
            }
        }
        for signature in &set.signatures {
            for (known, number) in set.asked.iter_mut().zip(signature.numbers()) {
                known.extend(number.filter(|number| !known.contains(number)));
            }
        }
        set.signatures.sort_by_key(|signature| signature.layout);
        Ok(set)
    }

    fn guess(&self, syn: &Syn<'_>, target: Option<&Target>) -> Option<Guess> {
        let seen = Seen::new(syn, target)?;
        let from = self.signatures.partition_point(|known| known.layout < seen.layout);
        let same = self.signatures.get(from..)?;
        let same = same.iter().take_while(|known| known.layout == seen.layout);
        let mut best: Option<(u32, u32, &Signature)> = None;
        // Of those that fit as well as the best: their name, their family.
        let (mut names, mut families) = (Agreement::Same, Agreement::Same);
        for known in same {
            let Some(off) = known.deviations(&seen) else { continue };
            let rank = (off, u32::MAX - known.conditions);
            match best {
                Some((off, conditions, _)) if rank > (off, conditions) => {}
                Some((off, conditions, other)) if rank == (off, conditions) => {
                    names.and(known.title.name == other.title.name);
                    families.and(known.title.family == other.title.family);
                }
                _ => {
                    best = Some((rank.0, rank.1, known));
                    (names, families) = (Agreement::Same, Agreement::Same);
                }
            }
        }
        let (off, _, known) = best?;
        let title = known.title;
        Some(Guess {
            name: match (names, families) {
                (Agreement::Same, _) => title.name,
                (Agreement::Differ, Agreement::Same) => title.family,
                (Agreement::Differ, Agreement::Differ) => return None,
            },
            family: title.family,
            kind: title.kind,
            confidence: if off == 0 { Confidence::Exact } else { Confidence::Near },
            version: self.version,
            distance: known.distance(syn.ttl),
        })
    }
}

#[derive(Clone, Copy)]
enum Agreement {
    Same,
    Differ,
}

impl Agreement {
    fn and(&mut self, is_same: bool) {
        if !is_same {
            *self = Self::Differ;
        }
    }
}

/// Who sent a SYN, or a SYN-ACK where a signature is of those; some scanners are known by what they
/// make of their target.
#[must_use]
pub fn guess(syn: &Syn<'_>, target: Option<&Target>) -> Option<Guess> {
    set().guess(syn, target)
}

/// Version of the set of signatures.
#[must_use]
pub fn version() -> u32 {
    set().version
}

/// The TTL that a packet started with: 32, 64, 128 or 255, the smallest that is not below.
#[must_use]
pub const fn initial_ttl(ttl: u8) -> u8 {
    match ttl {
        0..=32 => 32,
        33..=64 => 64,
        65..=128 => 128,
        _ => 255,
    }
}

/// The hops of a packet, 0 to 35; none where that would be more, since no start is then likely.
#[must_use]
pub const fn distance(ttl: u8) -> Option<u8> {
    match initial_ttl(ttl) - ttl {
        hops @ 0..=HOPS_MAX => Some(hops),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

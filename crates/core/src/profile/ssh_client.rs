//! Which program an SSH client is, by what it shows beside its name.
//!
//! **Invariant:** a function of what one connection showed. A banner is a claim like any other: it
//! makes a guess, and where what is shown is another's, both are told and each says what speaks
//! against it.

mod marks;

pub use marks::{CLIENTS, Client, Kind, Mark};

use crate::octets::Octets;
use serde::{Deserialize, Serialize};

/// What one connection showed of the marks in [`CLIENTS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown(u128);

/// A program that a client may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// Its name.
    pub tool: &'static str,
    /// Percent.
    pub confidence: u8,
    /// What speaks for it, in the order of the table.
    pub evidence: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
}

impl Shown {
    /// A client's identification line.
    pub fn ident(&mut self, line: &Octets) {
        let line = line.as_bytes();
        self.mark(|kind| matches!(kind, Kind::Banner(begin) if line.starts_with(begin.as_bytes())));
    }

    /// A client's KEXINIT. Those behind the first leave out what is no algorithm.
    pub fn kex_init(&mut self, lists: &[Octets; 10]) {
        let [kex, keys, ciphers, _, macs, _, compression, ..] = lists.each_ref().map(|l| &*l.0);
        let methods: Vec<&[u8]> = names(kex).into_iter().filter(is_algorithm).collect();
        let all: Vec<&[u8]> =
            [kex, keys, ciphers, macs, compression].into_iter().flat_map(names).collect();
        self.mark(|kind| match kind {
            Kind::Kex(list) => names(list.as_bytes()) == methods,
            Kind::Ciphers(list) => list.as_bytes() == ciphers,
            Kind::Macs(list) => list.as_bytes() == macs,
            Kind::Offers(name) => all.contains(&name.as_bytes()),
            Kind::Banner(_) | Kind::Channel(..) | Kind::Request(_) | Kind::Disconnect(..) => false,
        });
    }

    /// The window and the packet of a channel.
    pub fn channel(&mut self, window: Option<u32>, packet: Option<u32>) {
        let sizes = window.zip(packet);
        self.mark(|kind| matches!(kind, Kind::Channel(w, p) if sizes == Some((*w, *p))));
    }

    /// A request, global or of a channel.
    pub fn request(&mut self, asked: &Octets) {
        self.mark(|kind| matches!(kind, Kind::Request(name) if asked.0 == name.as_bytes()));
    }

    /// A DISCONNECT.
    pub fn disconnect(&mut self, code: u32, words: &Octets, tag: &Octets) {
        let said = (code, words.as_bytes(), tag.as_bytes());
        self.mark(|kind| match kind {
            Kind::Disconnect(code, words, tag) => said == (*code, words.as_bytes(), tag.as_bytes()),
            Kind::Banner(_)
            | Kind::Kex(_)
            | Kind::Ciphers(_)
            | Kind::Macs(_)
            | Kind::Offers(_)
            | Kind::Channel(..)
            | Kind::Request(_) => false,
        });
    }

    fn mark(&mut self, is_shown: impl Fn(&Kind) -> bool) {
        let marks = CLIENTS.iter().flat_map(|client| client.marks);
        for (at, mark) in marks.enumerate() {
            if is_shown(&mark.kind) {
                self.0 |= 1_u128.checked_shl(at as u32).unwrap_or_default();
            }
        }
    }

    /// All programs that the client may be, the likeliest first.
    #[must_use]
    pub fn guesses(self) -> Vec<Guess> {
        let mut at = 0_u32;
        let mut found = Vec::new();
        for client in CLIENTS {
            // What is left to doubt, and what is left without the banner, in 10⁻⁶.
            let (mut doubt, mut doubt_of_ways) = (1_000_000_u64, 1_000_000_u64);
            let (mut evidence, mut claim) = (Vec::new(), None);
            for mark in client.marks {
                let is_shown = self.0.checked_shr(at).is_some_and(|rest| rest & 1 == 1);
                at += 1;
                if !is_shown {
                    continue;
                }
                let left = 100 - u64::from(mark.percent.min(100));
                doubt = doubt * left / 100;
                if let Kind::Banner(begin) = mark.kind {
                    claim = Some(begin);
                } else {
                    doubt_of_ways = doubt_of_ways * left / 100;
                }
                evidence.push(mark.kind.words());
            }
            let percent = |doubt: u64| u8::try_from((1_000_000 - doubt) / 10_000).unwrap_or(100);
            found.push(Found {
                family: client.family,
                claim,
                ways: percent(doubt_of_ways),
                guess: Guess {
                    tool: client.name,
                    confidence: percent(doubt),
                    evidence,
                    against: Vec::new(),
                },
            });
        }
        contradict(&mut found);
        let mut guesses: Vec<Guess> = found
            .into_iter()
            .map(|found| found.guess)
            .filter(|guess| guess.confidence >= LEAST_PERCENT)
            .collect();
        // Stable: those of one confidence stay in the table's order.
        guesses.sort_by_key(|guess| std::cmp::Reverse(guess.confidence));
        guesses
    }
}

/// The names of a list.
fn names(list: &[u8]) -> Vec<&[u8]> {
    list.split(|byte| *byte == b',').collect()
}

fn is_algorithm(name: &&[u8]) -> bool {
    !name.starts_with(b"ext-info-") && !name.starts_with(b"kex-strict-")
}

/// Below it a guess is not told: what many have in common says nothing.
const LEAST_PERCENT: u8 = 30;
/// From here on, ways are taken for somebody's own.
const OWN_PERCENT: u8 = 50;

struct Found {
    family: &'static str,
    /// The banner that claims it.
    claim: Option<&'static str>,
    /// Confidence without the banner.
    ways: u8,
    guess: Guess,
}

/// Names contradictions between a banner and another's ways.
fn contradict(found: &mut [Found]) {
    let claims: Vec<(&str, &str, &str, u8)> = found
        .iter()
        .filter_map(|f| f.claim.map(|claim| (f.guess.tool, f.family, claim, f.ways)))
        .collect();
    // The family whose ways these are, first of the table among equals.
    let best = found.iter().rev().max_by_key(|f| f.ways).map(|f| (f.guess.tool, f.family, f.ways));
    let Some((tool, family, ways)) = best.filter(|(_, _, ways)| *ways >= OWN_PERCENT) else {
        return;
    };
    for (claimed, claimed_family, banner, claimed_ways) in claims {
        if claimed_family == family || claimed_ways >= ways {
            continue;
        }
        for found in &mut *found {
            if found.guess.tool == claimed {
                found.guess.against.push(format!("ways of {tool}"));
                // What is left is a name that anybody can say.
                found.guess.confidence = LEAST_PERCENT;
            } else if found.guess.tool == tool {
                found.guess.against.push(format!("banner {banner}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(kex: &str, ciphers: &str, macs: &str) -> [Octets; 10] {
        [kex, "", ciphers, ciphers, macs, macs, "none", "none", "", ""].map(Octets::from)
    }

    fn list_of(client: &str, list: fn(&Kind) -> &'static str) -> &'static str {
        let client = CLIENTS.iter().find(|row| row.name == client).unwrap();
        client.marks.iter().map(|mark| list(&mark.kind)).find(|list| !list.is_empty()).unwrap()
    }

    /// The ways of a client of the table, with a banner.
    fn shown(banner: &str, client: &str) -> Shown {
        let mut shown = Shown::default();
        shown.ident(&banner.into());
        let kex = list_of(client, |kind| if let Kind::Kex(list) = kind { list } else { "" });
        let ciphers =
            list_of(client, |kind| if let Kind::Ciphers(list) = kind { list } else { "" });
        let macs = list_of(client, |kind| if let Kind::Macs(list) = kind { list } else { "" });
        shown.kex_init(&lists(&format!("{kex},ext-info-c"), ciphers, macs));
        shown
    }

    #[test]
    fn marks_fit_into_what_a_connection_keeps() {
        assert!(CLIENTS.iter().map(|client| client.marks.len()).sum::<usize>() <= 128);
        for client in CLIENTS {
            assert!(!client.source.is_empty() && !client.marks.is_empty(), "{}", client.name);
            assert!(client.marks.iter().all(|mark| (1..100).contains(&mark.percent)));
        }
    }

    #[test]
    fn each_client_is_known_by_its_ways_without_its_name() {
        for client in
            ["OpenSSH", "PuTTY", "paramiko", "AsyncSSH", "libssh2", "libssh", "Go", "dropbear"]
        {
            let guesses = shown("SSH-2.0-x\r\n", client).guesses();
            assert_eq!(guesses[0].tool, client, "{guesses:?}");
            assert!(guesses[0].confidence >= 80, "{guesses:?}");
            assert_eq!(guesses[0].against, Vec::<String>::new());
        }
    }

    #[test]
    fn a_banner_that_lies_is_told_beside_whose_ways_they_are() {
        let mut shown = shown("SSH-2.0-OpenSSH_9.6\r\n", "Go");
        shown.channel(Some(2_097_152), Some(32_768));
        let guesses = shown.guesses();
        let told: Vec<_> = guesses.iter().map(|g| (g.tool, &*g.against)).collect();
        assert_eq!(
            told,
            [
                ("Go", &["banner SSH-2.0-OpenSSH".to_owned()][..]),
                ("OpenSSH", &["ways of Go".to_owned()][..]),
            ]
        );
        assert!(guesses[0].confidence > guesses[1].confidence);
    }

    #[test]
    fn a_scan_for_keys_is_openssh_and_no_lie() {
        let guesses = shown("SSH-2.0-OpenSSH-keyscan\r\n", "OpenSSH").guesses();
        assert!(guesses.iter().all(|guess| guess.against.is_empty()), "{guesses:?}");
        assert!(guesses.iter().any(|guess| guess.tool == "ssh-keyscan"));
    }

    #[test]
    fn what_many_do_is_no_guess() {
        let mut shown = Shown::default();
        shown.channel(Some(2_097_152), Some(32_768));
        assert_eq!(shown.guesses(), []);
    }

    #[test]
    fn a_farewell_alone_is_a_guess() {
        let mut shown = Shown::default();
        shown.disconnect(11, &"Bye Bye".into(), &"".into());
        assert_eq!(shown.guesses()[0].tool, "libssh");
        assert_eq!(shown.guesses()[0].evidence, ["disconnect 11 Bye Bye"]);
    }
}

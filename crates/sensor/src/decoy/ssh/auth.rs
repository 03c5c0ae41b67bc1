//! Who is let in: rules over user and password, and the little memory that keeps them believable.
//!
//! **Invariant:** never "anything goes". A credential that was refused stays refused, unless the
//! peer itself has made it the password; an empty password and every public key are refused always,
//! as Debian's sshd does.

use decnet_core::event::AuthOutcome;
use decnet_core::limits::{SSH_REMEMBERED, SSH_REMEMBERED_CREDENTIALS};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// A user name or password with `*` for any bytes, also none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<u8>);

impl Pattern {
    /// A pattern from its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    /// Whether all of `bytes` is of this pattern.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let mut parts = self.0.split(|&byte| byte == b'*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = bytes.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some(found) = position(rest, part) else { return false };
            rest = rest.get(found + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last)
    }
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() { Some(0) } else { bytes.windows(part.len()).position(|here| here == part) }
}

/// One way to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthRule {
    /// This user with this password.
    Exact {
        /// The user.
        user: Pattern,
        /// The password.
        password: Pattern,
    },
    /// This user with the first new password after so many different ones of the same address were
    /// refused; from then on with that one alone.
    AfterTries {
        /// The user.
        user: Pattern,
        /// How many are refused.
        tries: u32,
    },
}

/// The rules, in order; the first that accepts decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthPolicy {
    /// The rules.
    pub rules: Vec<AuthRule>,
}

impl AuthPolicy {
    /// Rules for exactly these users and passwords.
    #[must_use]
    pub fn exact(pairs: &[(&str, &str)]) -> Self {
        let rule = |(user, password): &(&str, &str)| AuthRule::Exact {
            user: Pattern::new(user),
            password: Pattern::new(password),
        };
        Self { rules: pairs.iter().map(rule).collect() }
    }
}

impl Default for AuthPolicy {
    fn default() -> Self {
        Self::exact(&[
            ("root", "root"),
            ("root", "123456"),
            ("admin", "admin"),
            ("ubuntu", "ubuntu"),
        ])
    }
}

/// What rules that count tries have to remember, by address.
///
/// The lock is shared by all connections of a decoy, since one address comes with many; it is held
/// for a look-up and never across a wait.
#[derive(Debug, Default)]
pub(super) struct AuthMemory {
    known: Mutex<Known>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Known {
    addresses: BTreeMap<IpAddr, Address>,
    order: VecDeque<IpAddr>,
}

#[derive(Debug, Default)]
struct Address {
    /// Hashes of user and password.
    refused: BTreeSet<u64>,
    /// Different passwords refused, by hash of the user.
    tries: BTreeMap<u64, u32>,
    /// The one password that was accepted, by hash of the user.
    accepted: BTreeMap<u64, u64>,
}

impl AuthMemory {
    /// What is answered to this user and password from this address. Where a session of the address
    /// has changed the user's password, `changed` says whether it is this one, and no rule counts.
    pub(super) fn decide(
        &self,
        policy: &AuthPolicy,
        address: IpAddr,
        user: &[u8],
        password: &[u8],
        changed: Option<bool>,
    ) -> AuthOutcome {
        if password.is_empty() {
            return AuthOutcome::Refused;
        }
        match changed {
            Some(true) => return AuthOutcome::Accepted,
            Some(false) => return AuthOutcome::Refused,
            None => {}
        }
        for rule in &policy.rules {
            let accepted = match rule {
                AuthRule::Exact { user: name, password: word } => {
                    name.matches(user) && word.matches(password)
                }
                AuthRule::AfterTries { user: name, tries } => {
                    name.matches(user) && self.patience_ends(*tries, address, user, password)
                }
            };
            if accepted {
                return AuthOutcome::Accepted;
            }
        }
        AuthOutcome::Refused
    }

    fn patience_ends(&self, tries: u32, address: IpAddr, user: &[u8], password: &[u8]) -> bool {
        let name = self.hasher.hash_one(user);
        let credential = self.hasher.hash_one((user, password));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = known.address(address.to_canonical());
        if let Some(&accepted) = seen.accepted.get(&name) {
            return accepted == credential;
        }
        if seen.refused.contains(&credential) || seen.refused.len() >= SSH_REMEMBERED_CREDENTIALS {
            return false;
        }
        let refused = seen.tries.entry(name).or_default();
        if *refused >= tries {
            seen.accepted.insert(name, credential);
            return true;
        }
        *refused += 1;
        seen.refused.insert(credential);
        false
    }
}

impl Known {
    fn address(&mut self, address: IpAddr) -> &mut Address {
        if !self.addresses.contains_key(&address) {
            if self.order.len() >= SSH_REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.addresses.remove(&oldest);
            }
            self.order.push_back(address);
        }
        self.addresses.entry(address).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn stars_stand_for_any_bytes() {
        let check = |pattern: &str, bytes: &str, expected| {
            assert_eq!(Pattern::new(pattern).matches(bytes.as_bytes()), expected, "{pattern}");
        };
        check("root", "root", true);
        check("root", "rooty", false);
        check("*", "", true);
        check("a*", "abc", true);
        check("*c", "abc", true);
        check("a*b*c", "a-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("ab*ba", "aba", false);
        check("**", "x", true);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn only_the_named_get_in() {
        let (policy, memory) = (AuthPolicy::default(), AuthMemory::default());
        let check = |user: &str, password: &str, expected| {
            let outcome = memory.decide(&policy, HERE, user.as_bytes(), password.as_bytes(), None);
            assert_eq!(outcome, expected, "{user}/{password}");
        };
        check("root", "root", AuthOutcome::Accepted);
        check("root", "admin", AuthOutcome::Refused);
        check("root", "admin", AuthOutcome::Refused);
        check("admin", "admin", AuthOutcome::Accepted);
        check("nobody", "", AuthOutcome::Refused);
        check("", "", AuthOutcome::Refused);
    }

    #[test]
    fn an_empty_password_is_refused_whatever_the_rules() {
        let (policy, memory) = (AuthPolicy::exact(&[("*", "*")]), AuthMemory::default());
        assert_eq!(memory.decide(&policy, HERE, b"x", b"", None), AuthOutcome::Refused);
        assert_eq!(memory.decide(&policy, HERE, b"x", b"y", None), AuthOutcome::Accepted);
    }

    #[test]
    fn a_password_that_was_changed_goes_before_the_rules() {
        let (policy, memory) = (AuthPolicy::default(), AuthMemory::default());
        let decide =
            |password: &[u8], changed| memory.decide(&policy, HERE, b"root", password, changed);
        assert_eq!(decide(b"new", Some(true)), AuthOutcome::Accepted);
        assert_eq!(decide(b"root", Some(false)), AuthOutcome::Refused);
        assert_eq!(decide(b"", Some(true)), AuthOutcome::Refused);
        assert_eq!(decide(b"root", None), AuthOutcome::Accepted);
    }

    #[test]
    fn patience_ends_for_a_new_password_and_for_that_alone() {
        let rules = vec![AuthRule::AfterTries { user: Pattern::new("root"), tries: 2 }];
        let (policy, memory) = (AuthPolicy { rules }, AuthMemory::default());
        let decide = |address, password: &str| {
            memory.decide(&policy, address, b"root", password.as_bytes(), None)
        };
        assert_eq!(decide(HERE, "a"), AuthOutcome::Refused);
        assert_eq!(decide(HERE, "a"), AuthOutcome::Refused);
        assert_eq!(decide(HERE, "b"), AuthOutcome::Refused);
        assert_eq!(decide(HERE, "a"), AuthOutcome::Refused);
        assert_eq!(decide(THERE, "c"), AuthOutcome::Refused);
        assert_eq!(decide(HERE, "c"), AuthOutcome::Accepted);
        assert_eq!(decide(HERE, "d"), AuthOutcome::Refused);
        assert_eq!(decide(HERE, "c"), AuthOutcome::Accepted);
    }

    #[test]
    fn memory_is_bounded() {
        let rules = vec![AuthRule::AfterTries { user: Pattern::new("*"), tries: 1_000 }];
        let (policy, memory) = (AuthPolicy { rules }, AuthMemory::default());
        for count in 0..2_000_u32 {
            let word = count.to_string();
            assert_eq!(
                memory.decide(&policy, HERE, b"x", word.as_bytes(), None),
                AuthOutcome::Refused
            );
        }
        for count in 0..6_000_u32 {
            let address = IpAddr::V4(count.into());
            memory.decide(&policy, address, b"x", b"y", None);
        }
        let known = memory.known.lock().unwrap();
        assert_eq!(known.addresses.len(), SSH_REMEMBERED);
        assert_eq!(known.order.len(), SSH_REMEMBERED);
    }
}

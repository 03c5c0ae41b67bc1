//! Public keys that an attacker shows, or has in an agent.
//!
//! **Invariant:** a row for each key of each fact, in the order in which they came.

use super::Attacker;
use crate::event::{AgentKey, AuthOutcome, KeyProof, Origin, Timestamp};
use crate::limits;
use crate::octets::Octets;
use crate::profile::command::Planted;
use crate::profile::rows::SshKeyRow;
use crate::profile::{Output, ssh};

impl Attacker {
    pub(in crate::profile) fn offered(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        offer: &ssh::KeyOffer<'_>,
        outcome: AuthOutcome,
        out: &mut Output,
    ) {
        let method = Octets::from("publickey");
        out.auth_attempts.push(self.attempt(seq, at, origin, &method, offer.user, &[], outcome));
        let number = self.connections.get_mut(&origin.connection).map_or(1, |connection| {
            connection.offers += 1;
            connection.offers
        });
        let (key_type, bits, fingerprint) = ssh::describe_key(&offer.key.0);
        out.ssh_keys.push(SshKeyRow {
            id: key_id(seq, 0),
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            source: "offered",
            offer: number,
            at: at.rfc3339(),
            user: Some(offer.user.readable()),
            key_type,
            bits,
            fingerprint,
            signature_algorithm: Some(offer.algorithm.readable()),
            proof: Some(match offer.proof {
                KeyProof::Asked => "asked",
                KeyProof::Signed => "signed",
            }),
            comment: None,
        });
    }

    /// The keys that a forwarded agent has.
    pub(in crate::profile) fn agent_listed(
        &self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        keys: &[AgentKey],
        out: &mut Output,
    ) {
        for (number, listed) in (0..).zip(keys.iter().take(limits::SSH_AGENT_KEYS)) {
            let (key_type, bits, fingerprint) = ssh::describe_key(&listed.key.0);
            out.ssh_keys.push(SshKeyRow {
                id: key_id(seq, number),
                attacker_uuid: self.uuid,
                connection: origin.connection.0,
                source: "agent",
                offer: number + 1,
                at: at.rfc3339(),
                user: None,
                key_type,
                bits,
                fingerprint,
                signature_algorithm: None,
                proof: None,
                comment: Some(listed.comment.readable()),
            });
        }
    }
}

impl Attacker {
    /// The rows of keys that were put into an `authorized_keys`.
    pub(in crate::profile) fn planted(
        &self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        source: &'static str,
        keys: &[Planted],
    ) -> Vec<SshKeyRow> {
        let row = |(number, planted): (u32, &Planted)| {
            let (key_type, bits, fingerprint) = ssh::describe_key(&planted.key);
            SshKeyRow {
                id: key_id(seq, number),
                attacker_uuid: self.uuid,
                connection: origin.connection.0,
                source,
                offer: number + 1,
                at: at.rfc3339(),
                user: None,
                key_type,
                bits,
                fingerprint,
                signature_algorithm: None,
                proof: None,
                comment: Some(Octets(planted.comment.clone()).readable()),
            }
        };
        (0..).zip(keys.iter().take(limits::SSH_AGENT_KEYS)).map(row).collect()
    }
}

/// A number for a key: an event may tell several.
fn key_id(seq: u64, number: u32) -> u64 {
    seq.saturating_mul(limits::SSH_AGENT_KEYS as u64).saturating_add(number.into())
}

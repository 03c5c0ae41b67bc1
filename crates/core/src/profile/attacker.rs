//! What is known of one source address.
//!
//! **Invariant:** bounded by `limits.rs`, whatever the address does: every event of it touches this.

mod connection;
mod keys;
mod watched;

pub(super) use connection::Connection;

use super::Output;
use super::behavior::{BehaviorChange, KexOffer};
use super::fingerprint::Fingerprint;
use super::fingerprint::ssh::hassh;
use super::rows::{
    AttackerRow, AuthAttemptRow, CredentialRow, FingerprintRow, KnownCommand, KnownFingerprint,
};
use super::ssh_client::{Guess, Shown};
use crate::event::{AuthOutcome, ConnectionId, Origin, Service, Side, Timestamp};
use crate::limits;
use crate::octets::Octets;
use crate::row::{Blob, Json, Raw};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use uuid::Uuid;

/// Fold state of one row of `attackers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attacker {
    ip: IpAddr,
    uuid: Uuid,
    first_seen: Option<Timestamp>,
    last_seen: Timestamp,
    events: u64,
    services: Vec<Service>,
    deckies: Vec<String>,
    /// The two lists are in columns of their own, whence [`Attacker::restore`] has them back.
    #[serde(skip)]
    fingerprints: Vec<KnownFingerprint>,
    #[serde(skip)]
    commands: VecDeque<KnownCommand>,
    credentials: u64,
    bounties: u64,
    /// Digests of the banners, KEXINITs and guesses that [`super::Behavior`] holds already.
    known: Vec<u64>,
    connections: BTreeMap<ConnectionId, Connection>,
    watched: watched::Watched,
}

/// What the store found to be new while it wrote rows that add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Learned {
    /// Credentials that this attacker had not tried before.
    pub credentials: u64,
    /// Fingerprints that this attacker had not shown before.
    pub fingerprints: u64,
}

/// The UUID of an address: version 5 in a namespace of ours, the same in every store.
#[must_use]
pub fn attacker_uuid(ip: IpAddr) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:decnet:attacker");
    Uuid::new_v5(&namespace, ip.to_canonical().to_string().as_bytes())
}

impl Attacker {
    /// Nothing known yet.
    #[must_use]
    pub fn new(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self {
            ip,
            uuid: attacker_uuid(ip),
            first_seen: None,
            last_seen: Timestamp::default(),
            events: 0,
            services: Vec::new(),
            deckies: Vec::new(),
            fingerprints: Vec::new(),
            commands: VecDeque::new(),
            credentials: 0,
            bounties: 0,
            known: Vec::new(),
            connections: BTreeMap::new(),
            watched: watched::Watched::default(),
        }
    }

    /// The address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The key of the row.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Takes back the lists that the row's columns `fingerprints` and `commands` hold.
    ///
    /// # Errors
    /// When they are not what [`Attacker::row`] made.
    pub fn restore(&mut self, fingerprints: &str, commands: &str) -> Result<(), serde_json::Error> {
        self.fingerprints = serde_json::from_str(fingerprints)?;
        self.commands = serde_json::from_str(commands)?;
        Ok(())
    }

    /// Adds what the store found to be new.
    pub fn learned(&mut self, learned: &Learned) {
        self.credentials += learned.credentials;
        self.bounties += learned.credentials + learned.fingerprints;
    }

    /// Bytes that the state takes in memory, roughly, for a cache that is bounded by bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let fingerprints: usize =
            self.fingerprints.iter().map(|f| f.raw.capacity() + f.hash.capacity() + 128).sum();
        let commands: usize = self.commands.iter().map(|c| c.command.capacity() + 128).sum();
        let connections: usize = self
            .connections
            .values()
            .map(|c| 192 + c.banner.as_ref().map_or(0, |b| b.0.capacity()) + c.channels.len() * 384)
            .sum();
        512 + fingerprints
            + commands
            + connections
            + self.watched.weight()
            + self.known.capacity() * 8
            + self.deckies.len() * 48
    }

    /// The row.
    #[must_use]
    pub fn row(&self) -> AttackerRow {
        AttackerRow {
            uuid: self.uuid,
            ip: self.ip.to_string(),
            first_seen: self.first_seen.unwrap_or(self.last_seen).rfc3339(),
            last_seen: self.last_seen.rfc3339(),
            event_count: self.events,
            service_count: self.services.len() as u64,
            decky_count: self.deckies.len() as u64,
            services: Json(self.services.iter().map(|s| s.name()).collect()),
            deckies: Json(self.deckies.clone()),
            traversal_path: self.deckies.join(" → "),
            is_traversal: self.deckies.len() > 1,
            bounty_count: self.bounties,
            credential_count: self.credentials,
            fingerprints: Json(self.fingerprints.clone()),
            commands: Json(self.commands.iter().cloned().collect()),
            updated_at: self.last_seen.rfc3339(),
            state: Raw(postcard::to_stdvec(self).unwrap_or_default()),
        }
    }

    pub(super) fn connection(&self, origin: &Origin) -> Option<&Connection> {
        self.connections.get(&origin.connection)
    }

    /// `spoken` is what the event shows of the protocol between the two.
    pub(super) fn seen(&mut self, at: Timestamp, origin: &Origin, spoken: Option<Service>) {
        self.events += 1;
        self.first_seen = Some(self.first_seen.map_or(at, |first| first.min(at)));
        self.last_seen = self.last_seen.max(at);
        if let Some(spoken) = spoken
            && !self.services.contains(&spoken)
        {
            self.services.push(spoken);
        }
        if self.deckies.len() < limits::DECKIES && !self.deckies.contains(&origin.decky) {
            self.deckies.push(origin.decky.clone());
        }
    }

    pub(super) fn ident(
        &mut self,
        origin: &Origin,
        side: Side,
        line: &Octets,
        took_us: u64,
        at: Timestamp,
        out: &mut Output,
    ) {
        if side != Side::Client {
            return;
        }
        let banner = Octets::capped(&line.0, limits::BANNER_BYTES);
        if self.is_new(b'b', &banner.0, limits::BANNERS) {
            out.behavior.push((self.uuid, BehaviorChange::Banner(banner.clone(), at)));
        }
        if let Some(connection) = self.connections.get_mut(&origin.connection) {
            connection.shown.ident(&banner);
            connection.banner = Some(banner);
            connection.banner_us = Some(took_us);
        }
    }

    pub(super) fn kex_offered(
        &mut self,
        origin: &Origin,
        side: Side,
        offer: KexOffer,
        lists: &[Octets; 10],
        at: Timestamp,
        out: &mut Output,
    ) {
        let kind = match side {
            Side::Client => "hassh",
            Side::Server => "hassh_server",
        };
        self.fingerprinted(kind, hassh(side, lists), origin, at, out);
        if side == Side::Client {
            self.shows(origin, |shown| shown.kex_init(lists));
        }
        if side == Side::Client && self.is_new(b'k', &offer.bytes(), limits::KEX_OFFERS) {
            out.behavior.push((self.uuid, BehaviorChange::KexOffer(Box::new(offer), at)));
        }
    }

    /// Tells what a connection's client may have been, once all of it was shown.
    fn guessed(&mut self, shown: Shown, began: Timestamp, out: &mut Output) {
        for guess in shown.guesses() {
            let Guess { tool, confidence, evidence, against } = &guess;
            let told = format!("{tool} {confidence} {evidence:?} {against:?}");
            if self.is_new(b't', told.as_bytes(), limits::TOOL_GUESSES) {
                out.behavior.push((self.uuid, BehaviorChange::Tool(Box::new(guess), began)));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one field of the fact each")]
    pub(super) fn tried(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        method: &Octets,
        user: &Octets,
        secrets: &[Octets],
        outcome: AuthOutcome,
        out: &mut Output,
    ) {
        let row = self.attempt(seq, at, origin, method, user, secrets, outcome);
        if let Some(secret) = secrets.first() {
            let id = digest(&[
                self.uuid.as_bytes(),
                origin.service.name().as_bytes(),
                &user.0,
                &secret.0,
            ]);
            out.credentials.push(CredentialRow {
                id: Blob(id),
                attacker_uuid: self.uuid,
                service: origin.service.name(),
                user: user.readable(),
                secret: secret.readable(),
                accepted: outcome == AuthOutcome::Accepted,
                first_seen: row.at.clone(),
                last_seen: row.at.clone(),
                count: 1,
            });
        }
        out.auth_attempts.push(row);
    }

    fn commanded(&mut self, at: Timestamp, origin: &Origin, line: &Octets) {
        if self.commands.len() >= limits::COMMANDS {
            self.commands.pop_front();
        }
        let line = Octets::capped(&line.0, limits::COMMAND_LIST_BYTES);
        self.commands.push_back(KnownCommand {
            service: origin.service.name().to_owned(),
            decky: origin.decky.clone(),
            command: line.readable(),
            at: at.rfc3339(),
        });
    }

    fn fingerprinted(
        &mut self,
        kind: &str,
        fingerprint: Fingerprint,
        origin: &Origin,
        at: Timestamp,
        out: &mut Output,
    ) {
        let Fingerprint { hash, raw } = fingerprint;
        let seen_by = match origin.service {
            Service::Tcp | Service::Udp => "sniffer",
            Service::Ssh => "ssh decoy",
            Service::Tls => "tls decoy",
            Service::Http => "http decoy",
        };
        let mut of_kind = 0;
        let known = self
            .fingerprints
            .iter_mut()
            .filter(|known| known.kind == kind)
            .inspect(|_| of_kind += 1)
            .find(|known| known.hash == hash);
        if let Some(known) = known {
            // The texts sort as their instants do.
            known.last_seen = std::mem::take(&mut known.last_seen).max(at.rfc3339());
        } else if self.fingerprints.len() < limits::FINGERPRINTS
            && of_kind < limits::FINGERPRINTS_OF_KIND
        {
            self.fingerprints.push(KnownFingerprint {
                kind: kind.to_owned(),
                hash: hash.clone(),
                raw: capped(&raw, limits::FINGERPRINT_LIST_BYTES).to_owned(),
                first_seen: at.rfc3339(),
                last_seen: at.rfc3339(),
                seen_by: seen_by.to_owned(),
            });
        }
        let id = digest(&[self.uuid.as_bytes(), kind.as_bytes(), hash.as_bytes()]);
        out.fingerprints.push(FingerprintRow {
            id: Blob(id),
            attacker_uuid: self.uuid,
            kind: kind.to_owned(),
            hash,
            raw: capped(&raw, limits::FINGERPRINT_BYTES).to_owned(),
            seen_by: seen_by.to_owned(),
            first_seen: at.rfc3339(),
            last_seen: at.rfc3339(),
            count: 1,
        });
    }

    #[expect(clippy::too_many_arguments, reason = "one field of the fact each")]
    fn attempt(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        method: &Octets,
        user: &Octets,
        secrets: &[Octets],
        outcome: AuthOutcome,
    ) -> AuthAttemptRow {
        let connection = self.connections.get_mut(&origin.connection);
        let (attempt, gap_us) = connection.map_or((1, None), |connection| {
            connection.tries += 1;
            let before = connection.last_try.replace(at);
            (connection.tries, before.map(|before| at.us_since(before)))
        });
        AuthAttemptRow {
            id: seq,
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            decky: origin.decky.clone(),
            service: origin.service.name(),
            attempt,
            at: at.rfc3339(),
            gap_s: gap_us.map(super::seconds),
            method: method.readable(),
            user: user.readable(),
            secret: (!secrets.is_empty())
                .then(|| secrets.iter().map(Octets::readable).collect::<Vec<_>>().join(" ")),
            outcome: match outcome {
                AuthOutcome::Accepted => "accepted",
                AuthOutcome::Refused => "refused",
            },
        }
    }

    /// Whether the attacker's [`super::Behavior`] has yet to hear of these bytes; remembers them.
    /// At most `max` of one `kind` are ever new.
    fn is_new(&mut self, kind: u8, bytes: &[u8], max: usize) -> bool {
        let digest = digest(&[&[kind], bytes]);
        // The kind stays readable in the digest, so that each kind can be counted.
        let [first, second, third, fourth, fifth, sixth, seventh, ..] = digest;
        let digest =
            u64::from_be_bytes([kind, first, second, third, fourth, fifth, sixth, seventh]);
        let of_kind = self.known.iter().filter(|known| known.to_be_bytes()[0] == kind).count();
        if of_kind >= max || self.known.contains(&digest) {
            return false;
        }
        self.known.push(digest);
        true
    }
}

/// The first `max` bytes of a text, or a few less where a character would be cut.
fn capped(text: &str, max: usize) -> &str {
    text.split_at(text.floor_char_boundary(max)).0
}

/// 16 bytes of SHA-256 over the parts, each with its length before it.
fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut digest = [0; 16];
    digest.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{About, Event, PeerFact};
    use std::sync::Arc;

    fn origin(peer: &str, decky: &str) -> Arc<Origin> {
        Arc::new(Origin {
            decky: decky.into(),
            service: Service::Ssh,
            connection: ConnectionId(Uuid::from_u128(7)),
            peer: peer.parse().unwrap(),
            local: "192.0.2.9:22".parse().unwrap(),
        })
    }

    fn feed(attacker: &mut Attacker, out: &mut Output, origin: &Arc<Origin>, facts: Vec<PeerFact>) {
        for (n, fact) in facts.into_iter().enumerate() {
            let about = About::Peer { origin: Arc::clone(origin), fact };
            let event = Event { at: Timestamp::from_us(n as i64 * 500_000), about };
            super::super::fold(n as u64 + 1, &event, attacker, None, out);
        }
    }

    fn password(user: &str, secret: &str) -> PeerFact {
        PeerFact::AuthAttempt {
            method: "password".into(),
            user: user.into(),
            secrets: vec![secret.into()],
            outcome: AuthOutcome::Refused,
        }
    }

    #[test]
    fn mapped_addresses_are_one_attacker() {
        let plain = attacker_uuid("192.0.2.1".parse().unwrap());
        assert_eq!(plain, attacker_uuid("::ffff:192.0.2.1".parse().unwrap()));
        assert_eq!(Attacker::new("::ffff:192.0.2.1".parse().unwrap()).uuid(), plain);
    }

    #[test]
    fn tries_are_numbered_and_their_gaps_measured() {
        let mut attacker = Attacker::new("192.0.2.1".parse().unwrap());
        let mut out = Output::default();
        feed(
            &mut attacker,
            &mut out,
            &origin("192.0.2.1:1", "d1"),
            vec![PeerFact::ConnectionOpened {}, password("root", "a"), password("root", "b")],
        );
        let gaps: Vec<_> = out.auth_attempts.iter().map(|a| (a.attempt, a.gap_s)).collect();
        assert_eq!(gaps, [(1, None), (2, Some(0.5))]);
        assert_ne!(out.credentials[0].id, out.credentials[1].id);
    }

    #[test]
    fn a_banner_is_new_once() {
        let mut attacker = Attacker::new("192.0.2.1".parse().unwrap());
        let mut out = Output::default();
        let ident =
            || PeerFact::SshIdent { side: Side::Client, line: "SSH-2.0-Go\r\n".into(), took_us: 3 };
        feed(&mut attacker, &mut out, &origin("192.0.2.1:1", "d1"), vec![ident(), ident()]);
        assert_eq!(out.behavior.len(), 1);
    }

    #[test]
    fn a_client_that_lies_is_guessed_once_it_is_gone() {
        let mut attacker = Attacker::new("192.0.2.1".parse().unwrap());
        let mut out = Output::default();
        let facts = || {
            let line = "SSH-2.0-OpenSSH_9.6\r\n".into();
            let (text, language) = ("Disconnected by application".into(), "en-US".into());
            vec![
                PeerFact::ConnectionOpened {},
                PeerFact::SshIdent { side: Side::Client, line, took_us: 3 },
                PeerFact::SshDisconnect { reason: 11, text, language },
                PeerFact::ConnectionClosed {
                    cause: crate::event::CloseCause::Peer,
                    received: 1,
                    sent: 1,
                },
            ]
        };
        for _ in 0..2 {
            feed(&mut attacker, &mut out, &origin("192.0.2.1:1", "d1"), facts());
        }
        let mut behavior = super::super::Behavior::new(attacker.uuid());
        out.behavior.iter().for_each(|(_, change)| behavior.apply(change));
        let tools = serde_json::to_value(behavior.row().tool_guesses).unwrap();
        let expected = serde_json::json!([
            {
                "tool": "AsyncSSH",
                "confidence": 0.8,
                "evidence": ["disconnect 11 Disconnected by application en-US"],
                "against": ["banner SSH-2.0-OpenSSH"],
                "first_seen": "1970-01-01T00:00:00.000000Z",
            },
            {
                "tool": "OpenSSH",
                "confidence": 0.3,
                "evidence": ["banner SSH-2.0-OpenSSH"],
                "against": ["ways of AsyncSSH"],
                "first_seen": "1970-01-01T00:00:00.000000Z",
            },
        ]);
        assert_eq!(tools, expected);
        // One change of each: the second connection said nothing new.
        assert_eq!(out.behavior.len(), 3);
    }

    #[test]
    fn deckies_make_a_path() {
        let mut attacker = Attacker::new("192.0.2.1".parse().unwrap());
        let mut out = Output::default();
        for decky in ["d2", "d1", "d2"] {
            let origin = origin("192.0.2.1:1", decky);
            feed(&mut attacker, &mut out, &origin, vec![PeerFact::ConnectionOpened {}]);
        }
        let row = attacker.row();
        assert_eq!(row.traversal_path, "d2 → d1");
        assert!(row.is_traversal);
        assert_eq!(row.event_count, 3);
    }

    #[test]
    fn the_state_survives_its_bytes() {
        let mut attacker = Attacker::new("2001:db8::1".parse().unwrap());
        let mut out = Output::default();
        let origin = origin("[2001:db8::1]:1", "d1");
        let channel = PeerFact::ChannelOpened {
            channel: 0,
            kind: "session".into(),
            target: None,
            originator: None,
            answer: crate::event::Answer::Granted,
            window: Some(2_097_152),
            packet: Some(32_768),
        };
        feed(&mut attacker, &mut out, &origin, vec![PeerFact::ConnectionOpened {}, channel]);
        let kex = PeerFact::SshKexInit {
            side: Side::Client,
            lists: Default::default(),
            first_kex_packet_follows: false,
            reserved: 0,
        };
        feed(&mut attacker, &mut out, &origin, vec![kex]);
        attacker.commanded(Timestamp(9), &origin, &"id \u{fe}".into());
        let row = attacker.row();
        let mut back: Attacker = postcard::from_bytes(&row.state.0).unwrap();
        assert_ne!(back, attacker);
        let fingerprints = serde_json::to_string(&row.fingerprints).unwrap();
        let commands = serde_json::to_string(&row.commands).unwrap();
        back.restore(&fingerprints, &commands).unwrap();
        assert_eq!(back, attacker);
    }
}

//! Where a connection is in an exchange of keys, the first or a later one.
//!
//! **Invariant:** the client's keys are used from behind its NEWKEYS on and ours from behind ours,
//! whoever began and whatever lies between.

use super::happening::What;
use super::kex::{
    Agreement, Answer, Exchange, Identities, Occasion, Refusal, Secrets, agree,
    hash::Digest,
    hostkey::Algorithm,
    negotiation::{self, Lists},
};
use super::message::{EXT_INFO, KEXINIT, NEWKEYS, Payload, TRANSPORT_MAX};
use super::packet::keys::{Direction, Keys};
use super::packet::sealer::{Random, Sequence};
use super::server::{Core, Effect, End, Handled, Stage};
use crate::event::{Anomaly, PeerFact, Side};
use crate::limits::SSH_LIST_BYTES;
use crate::octets::Octets;

/// The state of exchanges.
#[derive(Debug, Default)]
pub(super) struct Exchanging {
    /// The client's identification line without its ending.
    pub(super) client_line: Vec<u8>,
    phase: Phase,
    /// Exchanges that are over.
    done: u32,
    /// The first one is to be strict.
    strict: bool,
    /// The identifier of the session: the hash of the first exchange.
    session: Option<Digest>,
    /// Our offer's payload, while it is needed.
    ours: Vec<u8>,
    /// The client sent a packet on a wrong guess: its next one is dropped.
    drops_next: bool,
    /// The key that was agreed on signs again where keys are to be proved.
    pub(super) host_key: Option<Algorithm>,
    /// What the client takes signatures of RSA keys with: SHA-512, SHA-256.
    pub(super) rsa: [bool; 2],
}

#[derive(Debug, Default)]
enum Phase {
    /// No exchange.
    #[default]
    Quiet,
    /// Our offer is out.
    Offered,
    /// Both are; messages of the method go to and fro.
    Running(Box<Running>),
    /// Our NEWKEYS is out; the client's keys wait for its own.
    Replied(Box<Keys>),
}

struct Running {
    exchange: Exchange,
    agreement: Agreement,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("agreement", &self.agreement).finish_non_exhaustive()
    }
}

impl Exchanging {
    /// Before the end of a first exchange that is strict: no message is taken that does not belong.
    pub(super) fn is_first_and_strict(&self) -> bool {
        self.strict && self.done == 0
    }

    /// Whether a KEXINIT is in order.
    pub(super) fn takes_offer(&self) -> bool {
        matches!(self.phase, Phase::Quiet | Phase::Offered)
    }

    /// Whether our offer is out and the client's is not there.
    pub(super) fn waits_for_offer(&self) -> bool {
        matches!(self.phase, Phase::Offered)
    }

    /// Whether a message of a method may be in order.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// Whether NEWKEYS begins the client's sequence numbers anew, even one out of order.
    pub(super) fn restarts(&self) -> bool {
        self.strict
    }

    /// Whether NEWKEYS is in order.
    pub(super) fn takes_keys(&self) -> bool {
        matches!(self.phase, Phase::Replied(_))
    }

    /// Whether this message is the one that was sent on a wrong guess.
    pub(super) fn skips(&mut self, number: u8, stage: Stage) -> bool {
        let has_handler = stage != Stage::FirstKeys || number <= TRANSPORT_MAX;
        has_handler && std::mem::take(&mut self.drops_next)
    }

    /// The client's NEWKEYS has come.
    pub(super) fn new_keys(&mut self) -> Handled<Effect> {
        match std::mem::take(&mut self.phase) {
            Phase::Replied(keys) => {
                self.done = self.done.saturating_add(1);
                Ok(Effect::Keys(keys, self.sequence()))
            }
            Phase::Quiet | Phase::Offered | Phase::Running(_) => {
                Err(End::Silent("NEWKEYS without keys"))
            }
        }
    }

    fn sequence(&self) -> Sequence {
        if self.strict { Sequence::Restarts } else { Sequence::Continues }
    }

    /// The session's identifier.
    pub(super) fn session(&self) -> &[u8] {
        self.session.as_ref().map(Digest::as_ref).unwrap_or_default()
    }

    fn is_first(&self) -> bool {
        self.done == 0
    }
}

impl Core {
    /// Our KEXINIT.
    pub(super) fn offer(&mut self, random: &mut Random<'_>) {
        let mut cookie = [0; 16];
        random(&mut cookie);
        let kex = self.methods();
        let payload = negotiation::kexinit(&cookie, &self.lists(kex.as_bytes()));
        self.out.send(&payload, random);
        self.exchanging.ours = payload;
        self.exchanging.phase = Phase::Offered;
    }

    /// The methods that this client is offered: `compat_kex_proposal`.
    fn methods(&self) -> String {
        let is_offered = |name: &&str| {
            let is_exchange = name.starts_with("diffie-hellman-group-exchange-");
            let is_padded = *name == "curve25519-sha256@libssh.org";
            !(self.habits.no_group_exchange && is_exchange
                || self.habits.no_curve25519 && is_padded)
        };
        let names: Vec<&str> = self.config.release.kex.split(',').filter(is_offered).collect();
        names.join(",")
    }

    fn lists<'a>(&self, kex: &'a [u8]) -> Lists<'a> {
        let mut lists: Lists<'a> = self.config.release.lists();
        if let Some(first) = lists.first_mut() {
            *first = kex;
        }
        lists
    }

    /// New keys, since enough has passed under the old ones.
    pub(super) fn exchange_again(&mut self, random: &mut Random<'_>) {
        if matches!(self.exchanging.phase, Phase::Quiet) {
            self.traffic.exchanged(Side::Server);
            self.offer(random);
        }
    }

    /// The client's KEXINIT.
    pub(super) fn offered(
        &mut self,
        sequence: u32,
        payload: &[u8],
        random: &mut Random<'_>,
    ) -> Handled {
        let Ok(theirs) = negotiation::offer(payload) else {
            self.anomaly(Anomaly::SshKexInitMalformed, payload);
            return Err(End::Silent("KEXINIT that cannot be read"));
        };
        self.say(What::Peer(PeerFact::SshKexInit {
            side: Side::Client,
            lists: theirs.lists.map(|list| Octets::capped(list, SSH_LIST_BYTES)),
            first_kex_packet_follows: theirs.first_kex_packet_follows,
            reserved: theirs.reserved,
        }));
        if matches!(self.exchanging.phase, Phase::Quiet) {
            self.traffic.exchanged(Side::Client);
            self.offer(random);
        }
        let is_first = self.exchanging.is_first();
        let occasion = if is_first { Occasion::First { sequence } } else { Occasion::Again };
        let kex = self.methods();
        let agreement = agree(&theirs, &self.lists(kex.as_bytes()), occasion).map_err(refused)?;
        if is_first {
            self.exchanging.strict = agreement.strict;
            let [_, host_keys, ..] = theirs.lists;
            let has = |name: &[u8]| host_keys.split(|byte| *byte == b',').any(|one| one == name);
            self.exchanging.rsa = [has(b"rsa-sha2-512"), has(b"rsa-sha2-256")];
        }
        self.exchanging.drops_next = agreement.drops_next;
        self.exchanging.host_key = Some(agreement.host_key);
        let said = Identities {
            client: &self.exchanging.client_line,
            server: self.config.line.as_bytes(),
            client_offer: payload,
            server_offer: &self.exchanging.ours,
        };
        let exchange = Exchange::new(agreement.method, agreement.host_key, &said);
        self.exchanging.ours = Vec::new();
        self.exchanging.phase = Phase::Running(Box::new(Running { exchange, agreement }));
        Ok(())
    }

    /// A message of the method; `false` where it is none that is waited for.
    pub(super) fn exchange(&mut self, payload: &[u8], random: &mut Random<'_>) -> Handled<bool> {
        let Phase::Running(running) = &mut self.exchanging.phase else { return Ok(false) };
        let answer = running.exchange.receive(payload, &self.config.host_keys, random);
        match answer.map_err(refused)? {
            Answer::Unexpected => Ok(false),
            Answer::Group(reply) => {
                self.out.send(&reply, random);
                Ok(true)
            }
            Answer::Reply(reply, secrets) => {
                let agreement = running.agreement;
                self.reply(&reply, &secrets, agreement, random);
                Ok(true)
            }
        }
    }

    /// The exchange is over for us: reply, NEWKEYS, and what waited for them.
    fn reply(
        &mut self,
        reply: &[u8],
        secrets: &Secrets,
        agreement: Agreement,
        random: &mut Random<'_>,
    ) {
        let session = *self.exchanging.session.get_or_insert(secrets.exchange_hash);
        let keys = secrets.for_keys(&session);
        let output = Keys::derive(&keys, Direction::ServerToClient, agreement.output);
        let input = Keys::derive(&keys, Direction::ClientToServer, agreement.input);
        self.out.send(reply, random);
        self.out.send(&[NEWKEYS], random);
        self.out.sealer.install(output, self.exchanging.sequence());
        if self.exchanging.is_first() && agreement.ext_info {
            self.tell_extensions(random);
        }
        self.out.release(random);
        self.exchanging.phase = Phase::Replied(Box::new(input));
    }

    /// `kex_send_ext_info`.
    fn tell_extensions(&mut self, random: &mut Random<'_>) {
        let release = self.config.release;
        if release.signatures.is_empty() {
            return;
        }
        let count = if release.is_hostbound { 2 } else { 1 };
        let mut payload = Payload::new(EXT_INFO)
            .number(count)
            .string(b"server-sig-algs")
            .string(release.signatures.as_bytes());
        if release.is_hostbound {
            payload = payload.string(b"publickey-hostbound@openssh.com").string(b"0");
        }
        self.out.send(payload.as_ref(), random);
    }
}

fn refused(refusal: Refusal) -> End {
    match refusal.farewell() {
        Some(words) => End::words(words),
        None => End::Silent(match refusal {
            Refusal::Malformed => "key exchange that cannot be read",
            Refusal::NoCommon(_) => "nothing in common",
            Refusal::NotAMethod => "a mark for a method",
            Refusal::NoHostKey => "no host key for it",
            Refusal::NotFirst => "KEXINIT not first",
            Refusal::PublicValue => "a public value that is none",
            Refusal::GroupSizes => "sizes of no group",
            Refusal::Randomness => "no secret",
        }),
    }
}

const _: () = assert!(KEXINIT < TRANSPORT_MAX);

//! What every message meets before the protocol that it belongs to: the identification phase, the
//! dispatch table by stage, and the ways to end.
//!
//! **Invariant:** a message is handled once, by the stage that it finds; behind the end nothing is.

use super::habits::Habits;
use super::happening::{Ending, Happening, What};
use super::message::{
    DEBUG, DISCONNECT, EXT_INFO, Fields, IGNORE, KEXINIT, NEWKEYS, Payload, SERVICE_REQUEST,
    TRANSPORT_MAX, UNIMPLEMENTED, USERAUTH_REQUEST,
};
use super::packet::sealer::Random;
use super::server::{Core, Effect, End, Handled, Stage};
use crate::event::{Anomaly, PeerFact, Side, Timestamp};
use crate::limits::{DETAIL_BYTES, SSH_EXTENSIONS};
use crate::octets::Octets;
use crate::wire::{self, Malformed as Unreadable};

impl Core {
    /// Whether the driver has been asked something that comes before all else.
    pub(super) fn is_waiting(&self) -> bool {
        self.auth.is_waiting() || self.connection.connecting.is_some()
    }

    /// The identification line, or what stands for it.
    pub(super) fn identify(&mut self, input: &mut Vec<u8>, random: &mut Random<'_>) {
        let line = std::mem::take(input);
        let answer = match wire::ssh::ident(&line) {
            Ok(None) => {
                *input = line;
                return;
            }
            Ok(Some((ident, _))) => {
                let took = self.at.0.saturating_sub(self.begin.0) / 1_000;
                self.say(What::Peer(PeerFact::SshIdent {
                    side: Side::Client,
                    line: Octets::from(ident.raw),
                    took_us: u64::try_from(took).unwrap_or(0),
                }));
                self.habits = Habits::of(ident.software);
                if ident.speaks_version_2() {
                    if self.habits.is_probe {
                        return self.over(Ending::Protocol);
                    }
                    self.stage = Stage::FirstKeys;
                    self.exchanging.client_line = ident.text.to_vec();
                    return self.offer(random);
                }
                self.anomaly(Anomaly::SshVersionUnsupported, ident.raw);
                "Protocol major versions differ."
            }
            Err(Unreadable::TooLong(_)) => {
                self.anomaly(Anomaly::SshIdentTooLong, &line);
                INVALID
            }
            Err(Unreadable::Value(_) | Unreadable::Cut(_)) => {
                self.anomaly(Anomaly::SshIdentInvalid, &line);
                INVALID
            }
        };
        self.out.bytes.extend_from_slice(answer.as_bytes());
        self.has_unended_line = true;
        self.over(Ending::Protocol);
    }

    /// One message, as `ssh_packet_read_poll_seqnr` and the dispatch table behind it treat it.
    pub(super) fn message(
        &mut self,
        sequence: u32,
        payload: &[u8],
        random: &mut Random<'_>,
    ) -> Handled<Effect> {
        let Some((&number, body)) = payload.split_first() else { return Ok(Effect::Nothing) };
        if number == DISCONNECT {
            return self.disconnected(body).map(|()| Effect::Nothing);
        }
        let is_strict = self.exchanging.is_first_and_strict();
        if !is_strict && self.is_transport(number, body)? {
            return Ok(Effect::Nothing);
        }
        if self.exchanging.skips(number, self.stage) {
            return Ok(Effect::Nothing);
        }
        match (self.stage, number) {
            (Stage::Ident | Stage::Over, _) => {}
            (Stage::FirstKeys, KEXINIT) | (Stage::Connection, KEXINIT)
                if self.exchanging.takes_offer() =>
            {
                self.offered(sequence, payload, random)?;
            }
            (Stage::FirstKeys | Stage::Connection, NEWKEYS) if self.exchanging.takes_keys() => {
                Fields::new(body).end()?;
                let effect = self.exchanging.new_keys();
                if self.stage == Stage::FirstKeys {
                    self.stage = Stage::Authentication;
                }
                return effect;
            }
            (Stage::FirstKeys | Stage::Connection, 30..=TRANSPORT_MAX)
                if self.exchanging.is_running() =>
            {
                if !self.exchange(payload, random)? {
                    self.unexpected(sequence, number, random)?;
                }
            }
            (Stage::FirstKeys, 1..=TRANSPORT_MAX) => self.unexpected(sequence, number, random)?,
            // Nothing stands in the dispatch table there yet. The words are made and not sent.
            (Stage::FirstKeys, _) => return Err(End::Silent("a message before keys")),
            // Nobody asked for it, and 9.2 does not know what to do with it.
            (Stage::Authentication, EXT_INFO) => {
                self.extensions(body);
                self.unexpected(sequence, number, random)?;
            }
            // GSSAPI's, which its method takes out of the table with the first try.
            (Stage::Authentication, 61 | 63) if self.auth.has_tried() => {
                return Err(End::Silent("a message of GSSAPI"));
            }
            (Stage::Authentication, SERVICE_REQUEST) => self.service(body, random)?,
            (Stage::Authentication, USERAUTH_REQUEST) if self.auth.is_asked_for() => {
                self.login(body)?;
            }
            (Stage::Authentication, _) => self.unexpected(sequence, number, random)?,
            (Stage::Connection, _) => {
                if !self.connection_message(number, body, random)? {
                    self.unexpected(sequence, number, random)?;
                }
            }
        }
        if self.out.is_overfull() { Err(End::Limit("")) } else { Ok(Effect::Nothing) }
    }

    /// IGNORE, DEBUG and UNIMPLEMENTED, which no dispatch table sees.
    fn is_transport(&mut self, number: u8, body: &[u8]) -> Handled<bool> {
        let mut fields = Fields::new(body);
        match number {
            IGNORE => self.traffic.ignored(body.len()),
            DEBUG => {
                let always = fields.u8()? != 0;
                let text = fields.text()?;
                let language = fields.string().unwrap_or_default();
                if self.traffic.debugged() {
                    self.say(What::Peer(PeerFact::SshDebug {
                        always,
                        text: Octets::capped(text, DETAIL_BYTES),
                        language: Octets::capped(language, DETAIL_BYTES),
                    }));
                }
            }
            UNIMPLEMENTED => {
                let sequence = fields.u32()?;
                if self.traffic.unimplemented() {
                    self.say(What::Peer(PeerFact::SshUnimplemented { sequence }));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn disconnected(&mut self, body: &[u8]) -> Handled {
        let mut fields = Fields::new(body);
        let reason = fields.u32()?;
        let text = fields.string()?;
        let language = fields.string().unwrap_or_default();
        self.say(What::Peer(PeerFact::SshDisconnect {
            reason,
            text: Octets::capped(text, DETAIL_BYTES),
            language: Octets::capped(language, DETAIL_BYTES),
        }));
        Err(End::Peer)
    }

    /// What a client says of itself, as far as it can be read.
    fn extensions(&mut self, body: &[u8]) {
        let (mut fields, mut extensions) = (Fields::new(body), Vec::new());
        let Ok(_count) = fields.u32() else { return };
        while extensions.len() < SSH_EXTENSIONS
            && let (Ok(name), Ok(value)) = (fields.string(), fields.string())
        {
            let kept = |bytes| Octets::capped(bytes, DETAIL_BYTES);
            extensions.push((kept(name), kept(value)));
        }
        if self.traffic.extended() {
            self.say(What::Peer(PeerFact::SshExtensions { extensions }));
        }
    }

    /// `kex_protocol_error` and `dispatch_protocol_error`.
    fn unexpected(&mut self, sequence: u32, number: u8, random: &mut Random<'_>) -> Handled {
        if self.exchanging.is_first_and_strict() {
            return Err(End::words(format!(
                "strict KEX violation: unexpected packet type {number} (seqnr {sequence})"
            )));
        }
        let what = if self.stage == Stage::FirstKeys && self.exchanging.waits_for_offer() {
            Anomaly::SshKexInitMalformed
        } else {
            Anomaly::UnexpectedRequest
        };
        self.anomaly(what, format!("message {number}").as_bytes());
        self.out.send(Payload::new(UNIMPLEMENTED).number(sequence).as_ref(), random);
        Ok(())
    }

    /// Ends the connection as a handler wants it.
    pub(super) fn finish(&mut self, end: End, random: &mut Random<'_>) {
        match end {
            End::Silent(text) => {
                self.anomaly(Anomaly::SshProtocolError, text.as_bytes());
                self.over(Ending::Protocol);
            }
            End::Words(words) => {
                self.anomaly(Anomaly::SshProtocolError, &words);
                self.out.farewell(&words, random);
                self.over(Ending::Protocol);
            }
            End::Peer => self.over(Ending::Peer),
            End::Limit(words) => {
                if !words.is_empty() {
                    self.out.farewell(words.as_bytes(), random);
                }
                self.over(Ending::Limit);
            }
        }
    }

    pub(super) fn over(&mut self, ending: Ending) {
        self.close_all();
        self.stage = Stage::Over;
        self.say(What::Over(ending));
    }

    /// Notes something that happened.
    pub(super) fn say(&mut self, what: What) {
        self.happenings.push_back(Happening { at: self.at, what });
    }

    /// Notes a fact of an instant that has passed.
    pub(super) fn say_of(&mut self, at: Timestamp, fact: PeerFact) {
        self.happenings.push_back(Happening { at, what: What::Peer(fact) });
    }

    /// Notes an anomaly.
    pub(super) fn anomaly(&mut self, what: Anomaly, detail: &[u8]) {
        let detail = Octets::capped(detail, DETAIL_BYTES);
        self.say(What::Peer(PeerFact::Anomaly { what, detail }));
    }

    /// Bytes up to their cap, with an anomaly where that cuts them.
    pub(super) fn kept(&mut self, bytes: &[u8], max: usize) -> Octets {
        if bytes.len() > max {
            self.anomaly(Anomaly::FieldTooLong, bytes.len().to_string().as_bytes());
        }
        Octets::capped(bytes, max)
    }
}

const INVALID: &str = "Invalid SSH identification string.";

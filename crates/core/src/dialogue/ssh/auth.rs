//! Authentication, RFC 4252, as OpenSSH's `auth2.c` and its methods do it.
//!
//! **Invariant:** who is let in is the driver's to say, and nothing is read until it has; a try is
//! one fact, with what was answered.

use super::happening::{Login, Method, Proof, Verdict, What};
use super::kex::{blob, verification};
use super::message::{
    Fields, Payload, SERVICE_ACCEPT, USERAUTH_FAILURE, USERAUTH_PK_OK, USERAUTH_REQUEST,
    USERAUTH_SUCCESS,
};
use super::packet::sealer::Random;
use super::server::{Core, End, Handled};
use crate::event::{Anomaly, AuthOutcome, KeyProof, PeerFact, Timestamp};
use crate::limits::{DETAIL_BYTES, KEY_BYTES, SECRET_BYTES, SSH_KEYS_OFFERED, USER_BYTES};
use crate::octets::{Binary, Octets};

/// How far a client is with logging in.
#[derive(Debug, Default)]
pub(super) struct Auth {
    /// `ssh-userauth` was asked for.
    is_asked_for: bool,
    tries: u32,
    failures: u32,
    keys: u32,
    /// `none` works once, as sshd has it.
    none_used: bool,
    user: Vec<u8>,
    service: Vec<u8>,
    pending: Option<Box<Pending>>,
}

/// A try that waits for its answer.
#[derive(Debug)]
struct Pending {
    at: Timestamp,
    user: Octets,
    /// What is to be told, but for the outcome.
    method_name: Octets,
    secrets: Vec<Octets>,
    offer: Option<Offer>,
    is_none: bool,
    decided: Option<(Verdict, Timestamp)>,
}

/// A key that is shown.
#[derive(Debug)]
struct Offer {
    algorithm: Vec<u8>,
    key: Vec<u8>,
    proof: Proof,
}

impl Auth {
    pub(super) fn is_asked_for(&self) -> bool {
        self.is_asked_for
    }

    /// Whether a try waits for its answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.pending.is_some()
    }

    /// When the answer is to be given.
    pub(super) fn ready(&self) -> Option<Timestamp> {
        self.pending.as_ref()?.decided.map(|(_, ready)| ready)
    }

    /// Whether there was a try.
    pub(super) fn has_tried(&self) -> bool {
        self.tries > 0
    }

    /// The name of who tries to log in, or has.
    pub(super) fn user(&self) -> &[u8] {
        &self.user
    }
}

impl Core {
    /// `input_service_request`.
    pub(super) fn service(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let mut fields = Fields::new(body);
        let service = fields.text()?;
        fields.end()?;
        if service != b"ssh-userauth" {
            return Err(End::Words([b"bad service request ", service].concat()));
        }
        self.auth.is_asked_for = true;
        self.out.send(Payload::new(SERVICE_ACCEPT).string(service).as_ref(), random);
        Ok(())
    }

    /// `input_userauth_request`.
    pub(super) fn login(&mut self, body: &[u8]) -> Handled {
        let mut fields = Fields::new(body);
        let (user, service, method) = (fields.text()?, fields.text()?, fields.text()?);
        if self.auth.tries >= TRIES_MAX {
            return Err(self.too_many());
        }
        self.auth.tries += 1;
        // A role and a style may stand behind the name.
        let named = user;
        let user = named.split(|byte| matches!(byte, b'/' | b':')).next().unwrap_or_default();
        if self.auth.tries == 1 {
            self.auth.user = user.to_vec();
            self.auth.service = service.to_vec();
        } else if user != self.auth.user || service != self.auth.service {
            let change: [&[u8]; 9] = [
                b"Change of username or service not allowed: (",
                &self.auth.user,
                b",",
                &self.auth.service,
                b") -> (",
                user,
                b",",
                service,
                b")",
            ];
            return Err(End::Words(change.concat()));
        }
        let (mut secrets, mut offer) = (Vec::new(), None);
        let is_none = method == b"none";
        let how = match method {
            b"none" if !self.auth.none_used => {
                self.auth.none_used = true;
                fields.end()?;
                Method::None
            }
            b"password" => {
                let changes = fields.u8()? != 0;
                let password = fields.text()?;
                secrets.push(self.kept(password, SECRET_BYTES));
                if changes {
                    let new = fields.text()?;
                    secrets.push(self.kept(new, SECRET_BYTES));
                }
                fields.end()?;
                // A change is not supported, and a password beyond this is not looked at.
                if changes || password.len() > PASSWORD_BYTES {
                    Method::Other
                } else {
                    Method::Password(password.to_vec())
                }
            }
            b"publickey" => {
                let shown = self.key(fields, named, service, method)?;
                let how = Method::Key { key: shown.key.clone(), proof: shown.proof };
                offer = Some(shown);
                how
            }
            HOSTBOUND if self.config.release.is_hostbound => {
                let shown = self.key(fields, named, service, method)?;
                let how = Method::Key { key: shown.key.clone(), proof: shown.proof };
                offer = Some(shown);
                how
            }
            _ => Method::Other,
        };
        self.auth.pending = Some(Box::new(Pending {
            at: self.at,
            user: self.kept(named, USER_BYTES),
            method_name: Octets::capped(method, DETAIL_BYTES),
            secrets,
            offer,
            is_none,
            decided: None,
        }));
        self.say(What::Login(Login { user: user.to_vec(), method: how }));
        Ok(())
    }

    /// `userauth_pubkey`, up to the point at which somebody has to look for the key.
    fn key(
        &mut self,
        mut fields: Fields<'_>,
        user: &[u8],
        service: &[u8],
        method: &[u8],
    ) -> Handled<Offer> {
        let is_signed = fields.u8()? != 0;
        let algorithm = fields.text()?;
        let key = fields.string()?;
        let host_key = if method == HOSTBOUND {
            let host_key = fields.string()?;
            let is_ours = |ours: &super::kex::hostkey::HostKey| ours.blob() == host_key;
            let algorithm = self.exchanging.host_key;
            let signed = algorithm.is_some_and(|algorithm| {
                self.config.host_keys.iter().any(|key| key.signs_with(algorithm) && is_ours(key))
            });
            if !signed {
                return Err(End::Silent("another host's key in a hostbound request"));
            }
            Some(host_key)
        } else {
            None
        };
        let is_known = ACCEPTED.contains(&algorithm) && has_kind(key, algorithm);
        let proof = if !is_known {
            // sshd reads no further.
            Proof::Unusable
        } else if is_signed {
            let signature = fields.string()?;
            fields.end()?;
            let mut message = Vec::new();
            blob::put_string(&mut message, self.exchanging.session());
            message.push(USERAUTH_REQUEST);
            for part in [user, service, method] {
                blob::put_string(&mut message, part);
            }
            message.push(1);
            blob::put_string(&mut message, algorithm);
            blob::put_string(&mut message, key);
            if let Some(host_key) = host_key {
                blob::put_string(&mut message, host_key);
            }
            match verification::verify(key, algorithm, &message, signature) {
                verification::Verdict::Good => Proof::Signed,
                verification::Verdict::Bad
                | verification::Verdict::Malformed
                | verification::Verdict::Unsupported => Proof::Unusable,
            }
        } else {
            fields.end()?;
            Proof::Asked
        };
        Ok(Offer { algorithm: algorithm.to_vec(), key: key.to_vec(), proof })
    }

    /// The driver has decided: that is told at once, whoever waits for the answer.
    pub(super) fn decided(&mut self, verdict: Verdict, ready: Timestamp) {
        let Some(mut pending) = self.auth.pending.take() else { return };
        let proof = pending.offer.as_ref().map(|offer| offer.proof);
        // A key that is shown wrongly is never good.
        let verdict = match (verdict, proof) {
            (Verdict::Accepted, Some(Proof::Unusable)) => Verdict::Refused,
            (verdict, _) => verdict,
        };
        if pending.decided.is_none() {
            pending.decided = Some((verdict, ready));
            self.tell_try(&pending, verdict);
        }
        self.auth.pending = Some(pending);
    }

    /// `userauth_finish`, once the driver has decided and the time has come.
    pub(super) fn answer_login(&mut self, random: &mut Random<'_>) -> Handled<Verdict> {
        let Some(pending) = self.auth.pending.take() else { return Ok(Verdict::Refused) };
        let verdict = pending.decided.map_or(Verdict::Refused, |(verdict, _)| verdict);
        match (verdict, pending.offer) {
            (Verdict::Accepted, Some(Offer { algorithm, key, proof: Proof::Asked })) => {
                let ok = Payload::new(USERAUTH_PK_OK).string(&algorithm).string(&key);
                self.out.send(ok.as_ref(), random);
                Ok(Verdict::Refused)
            }
            // The monitor behind sshd knows one service.
            (Verdict::Accepted, _) if self.auth.service != b"ssh-connection" => {
                Err(End::Silent("a login for an unknown service"))
            }
            (Verdict::Accepted, _) => {
                self.out.send(&[USERAUTH_SUCCESS], random);
                Ok(Verdict::Accepted)
            }
            (Verdict::Refused, _) => {
                // The first try of `none` is free.
                if self.auth.tries > 1 || !pending.is_none {
                    self.auth.failures += 1;
                }
                if self.auth.failures >= self.config.auth_tries {
                    return Err(self.too_many());
                }
                let failure = Payload::new(USERAUTH_FAILURE).string(METHODS).byte(0);
                self.out.send(failure.as_ref(), random);
                Ok(Verdict::Refused)
            }
        }
    }

    fn tell_try(&mut self, pending: &Pending, verdict: Verdict) {
        let outcome = match verdict {
            Verdict::Accepted => AuthOutcome::Accepted,
            Verdict::Refused => AuthOutcome::Refused,
        };
        let user = pending.user.clone();
        let Some(offer) = &pending.offer else {
            let (method, secrets) = (pending.method_name.clone(), pending.secrets.clone());
            let fact = PeerFact::AuthAttempt { method, user, secrets, outcome };
            return self.say_of(pending.at, fact);
        };
        self.auth.keys = self.auth.keys.saturating_add(1);
        if self.auth.keys > SSH_KEYS_OFFERED {
            return;
        }
        let proof = match offer.proof {
            Proof::Signed => KeyProof::Signed,
            Proof::Asked | Proof::Unusable => KeyProof::Asked,
        };
        let (algorithm, key) = (offer.algorithm.clone(), offer.key.clone());
        let algorithm = self.kept(&algorithm, DETAIL_BYTES);
        let key = Binary(self.kept(&key, KEY_BYTES).0);
        self.say_of(pending.at, PeerFact::KeyOffered { user, algorithm, key, proof, outcome });
    }

    fn too_many(&mut self) -> End {
        let detail = self.auth.tries.to_string();
        self.anomaly(Anomaly::TooManyAuthAttempts, detail.as_bytes());
        End::Limit("Too many authentication failures")
    }
}

/// Whether the key's own type is one that an algorithm signs with.
fn has_kind(key: &[u8], algorithm: &[u8]) -> bool {
    let kind = Fields::new(key).text().unwrap_or_default();
    match algorithm {
        b"rsa-sha2-256" | b"rsa-sha2-512" => kind == b"ssh-rsa",
        _ => kind == algorithm,
    }
}

const METHODS: &[u8] = b"publickey,password";
const HOSTBOUND: &[u8] = b"publickey-hostbound-v00@openssh.com";
/// `auth2.c` gives up after so many.
const TRIES_MAX: u32 = 1_024;
/// OpenSSH's `MAX_PASSWORD_LEN`.
const PASSWORD_BYTES: usize = 1_024;
/// Debian's `PubkeyAcceptedAlgorithms`, without certificates, which nobody has here.
const ACCEPTED: &[&[u8]] = &[
    b"ssh-ed25519",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
    b"sk-ssh-ed25519@openssh.com",
    b"sk-ecdsa-sha2-nistp256@openssh.com",
    b"rsa-sha2-512",
    b"rsa-sha2-256",
];

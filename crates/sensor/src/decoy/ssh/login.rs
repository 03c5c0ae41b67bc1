//! The answers to tries to log in.
//!
//! **Invariant:** each try is one fact; every refusal names the same two methods, as sshd's do.

use crate::decoy::count;
use crate::decoy::ssh::draw;
use crate::decoy::ssh::handler::{Closing, SshHandler};
use crate::decoy::ssh::server::methods;
use decnet_core::event::{Anomaly, AuthOutcome, CloseCause, KeyProof, PeerFact};
use decnet_core::limits::{DETAIL_BYTES, KEY_BYTES, SECRET_BYTES, SSH_KEYS_OFFERED, USER_BYTES};
use decnet_core::octets::{Binary, Octets};
use russh::Disconnect;
use russh::keys::PublicKey;
use russh::server::Auth;
use std::ops::RangeInclusive;

impl SshHandler {
    pub(super) const ASKED: KeyProof = KeyProof::Asked;
    pub(super) const SIGNED: KeyProof = KeyProof::Signed;

    /// A password: the one method that can be right.
    pub(super) async fn password(&mut self, user: &str, password: &str) -> Result<Auth, Closing> {
        let connection = std::sync::Arc::clone(&self.connection);
        let at = self.at();
        let address = connection.origin.peer.ip();
        let policy = &connection.settings.auth;
        let outcome =
            connection.memory.decide(policy, address, user.as_bytes(), password.as_bytes());
        let fact = PeerFact::AuthAttempt {
            method: Octets::from("password"),
            user: connection.kept(at, user.as_bytes(), USER_BYTES).await,
            secrets: vec![connection.kept(at, password.as_bytes(), SECRET_BYTES).await],
            outcome,
        };
        connection.fact(at, fact).await;
        self.tries += 1;
        let timing = &connection.settings.timing;
        match outcome {
            AuthOutcome::Accepted => {
                self.wait(&timing.accept_ms).await?;
                count(&connection.counters.logins);
                self.user = user.as_bytes().to_vec();
                self.user.truncate(USER_BYTES);
                Ok(Auth::Accept)
            }
            AuthOutcome::Refused => {
                self.wait(&timing.refuse_ms).await?;
                self.refused().await
            }
        }
    }

    /// A method that is never right.
    pub(super) async fn tried(
        &mut self,
        method: &[u8],
        user: &str,
        answers: Vec<Vec<u8>>,
    ) -> Result<Auth, Closing> {
        let at = self.at();
        let mut secrets = Vec::with_capacity(answers.len().min(ANSWERS));
        for answer in answers.iter().take(ANSWERS) {
            secrets.push(self.connection.kept(at, answer, SECRET_BYTES).await);
        }
        let fact = PeerFact::AuthAttempt {
            method: Octets::capped(method, DETAIL_BYTES),
            user: self.connection.kept(at, user.as_bytes(), USER_BYTES).await,
            secrets,
            outcome: AuthOutcome::Refused,
        };
        self.connection.fact(at, fact).await;
        self.tries += 1;
        // The first `none` asks for the methods and is no failure.
        if method == b"none" {
            if self.tries == 1 {
                return Ok(reject());
            }
        } else {
            self.wait(&self.connection.settings.timing.refuse_key_ms).await?;
        }
        self.refused().await
    }

    /// A public key.
    pub(super) async fn key(
        &mut self,
        user: &str,
        key: &PublicKey,
        algorithm: &str,
        proof: KeyProof,
    ) -> Result<Auth, Closing> {
        let blob = key.to_bytes().unwrap_or_default();
        self.blob(user, &blob, algorithm, proof).await
    }

    /// A certificate, whose signature was good.
    pub(super) async fn certificate(
        &mut self,
        user: &str,
        certificate: &russh::keys::Certificate,
    ) -> Result<Auth, Closing> {
        let blob = certificate.to_bytes().unwrap_or_default();
        let algorithm = certificate.algorithm().to_certificate_type();
        self.blob(user, &blob, &algorithm, KeyProof::Signed).await
    }

    async fn blob(
        &mut self,
        user: &str,
        blob: &[u8],
        algorithm: &str,
        proof: KeyProof,
    ) -> Result<Auth, Closing> {
        let at = self.at();
        self.keys += 1;
        self.tries += 1;
        if self.keys <= SSH_KEYS_OFFERED {
            let user = self.connection.kept(at, user.as_bytes(), USER_BYTES).await;
            let key = self.connection.kept(at, blob, KEY_BYTES).await;
            let fact = PeerFact::KeyOffered {
                user,
                algorithm: Octets::capped(algorithm.as_bytes(), DETAIL_BYTES),
                key: Binary(key.0),
                proof,
                outcome: AuthOutcome::Refused,
            };
            self.connection.fact(at, fact).await;
        }
        self.wait(&self.connection.settings.timing.refuse_key_ms).await?;
        self.refused().await
    }

    /// Counts a failure; the last one allowed also ends the connection.
    async fn refused(&mut self) -> Result<Auth, Closing> {
        count(&self.connection.counters.auth_failures);
        self.failures += 1;
        if self.failures >= self.connection.settings.limits.auth_tries {
            let detail = self.failures.to_string();
            let what = Anomaly::TooManyAuthAttempts;
            self.connection.anomaly(self.at(), what, detail.as_bytes()).await;
            if let Some(library) = self.connection.library.get() {
                let words = "Too many authentication failures".to_owned();
                // Nothing else is in that queue before the login, so this does not wait.
                let _ = library.disconnect(Disconnect::ProtocolError, words, String::new()).await;
            }
            self.connection.end(CloseCause::Limit);
        }
        Ok(reject())
    }

    async fn wait(&self, range: &RangeInclusive<u64>) -> Result<(), Closing> {
        tokio::select! {
            () = tokio::time::sleep(draw(range)) => Ok(()),
            _ = self.connection.ended() => Err(Closing::Asked),
        }
    }
}

/// A refusal. The library strikes a method off its list unless the list is given each time.
fn reject() -> Auth {
    Auth::Reject { proceed_with_methods: Some(methods()), partial_success: false }
}

/// Answers kept of one response: more prompts than any honest server sends.
const ANSWERS: usize = 16;

//! A client whose keys are in step with a server's, for tests and fuzzers.
//!
//! **Invariant:** what the server says is opened packet by packet, as it comes, and new keys are
//! used from right behind NEWKEYS on.

use curve25519_dalek::MontgomeryPoint;
use std::sync::{Arc, OnceLock};

use crate::dialogue::ssh::happening::{Happening, Verdict, What};
use crate::dialogue::ssh::kex::blob::{put_mpint, put_string};
use crate::dialogue::ssh::kex::hash::digest;
use crate::dialogue::ssh::kex::hostkey::{HostKey, Kind};
use crate::dialogue::ssh::kex::negotiation::{Lists, kexinit};
use crate::dialogue::ssh::kex::{MSG_INIT, MSG_REPLY};
use crate::dialogue::ssh::message::{
    Fields, KEXINIT, NEWKEYS, Payload, SERVICE_REQUEST, USERAUTH_REQUEST, USERAUTH_SUCCESS,
};
use crate::dialogue::ssh::packet::algorithm::{Cipher, Compression, Mac, Suite};
use crate::dialogue::ssh::packet::keys::{Direction, Exchange, Hash, Keys};
use crate::dialogue::ssh::packet::opener::Opener;
use crate::dialogue::ssh::packet::sealer::{Sealer, Sequence};
use crate::dialogue::ssh::{Config, Release, Server};
use crate::event::Timestamp;
use crate::limits::SSH_AUTH_TRIES;

/// What the server says first.
pub const LINE: &str = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7";
/// When everything arrives.
pub const AT: Timestamp = Timestamp(2_000_000_000);

/// Random bytes that are always the same.
pub fn dice(bytes: &mut [u8]) {
    bytes.fill(9);
}

/// What all connections share: two host keys, made once.
#[must_use]
pub fn config() -> Arc<Config> {
    static SHARED: OnceLock<Arc<Config>> = OnceLock::new();
    let make = || {
        let kinds = [Kind::EcdsaNistp256, Kind::Ed25519];
        let host_keys = kinds.into_iter().filter_map(|kind| HostKey::generate(kind, &mut dice));
        Arc::new(Config {
            line: LINE.to_owned(),
            release: Release::nearest(LINE),
            host_keys: host_keys.collect(),
            auth_tries: SSH_AUTH_TRIES,
            port: 22,
        })
    };
    Arc::clone(SHARED.get_or_init(make))
}

/// What a client is and wants.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Its identification line without the ending.
    pub line: &'static str,
    /// Its methods of key exchange with their marks; `curve25519-sha256` is the first that is
    /// common, or guessed wrongly.
    pub methods: &'static str,
    /// What it wants both ways.
    pub suite: Suite,
    /// Bytes of a read of the server's.
    pub piece: usize,
}

/// A method and the mark of a strict exchange.
pub const STRICT: &str = "curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com";
/// The same without.
pub const LAX: &str = "curve25519-sha256,ext-info-c";

impl Default for Wishes {
    fn default() -> Self {
        let (cipher, mac) = (Cipher::ChaCha20Poly1305, Mac::HmacSha256);
        let suite = Suite { cipher, mac, compression: Compression::None };
        Self { line: "SSH-2.0-OpenSSH_9.9", methods: STRICT, suite, piece: usize::MAX }
    }
}

/// A client, and the server that it talks to.
#[derive(Debug)]
pub struct Client {
    /// The other side.
    pub server: Server,
    /// Payloads of the server's that nobody has taken.
    pub heard: Vec<Vec<u8>>,
    /// Bytes that the server has sent in all.
    pub sent: usize,
    wishes: Wishes,
    sealer: Sealer,
    opener: Opener,
    /// What cannot be opened yet.
    wire: Vec<u8>,
    /// Both offers.
    ours: Vec<u8>,
    theirs: Vec<u8>,
    /// Of the latest exchange, and the identifier of the session.
    secret: Vec<u8>,
    hash: Vec<u8>,
    session: Vec<u8>,
    /// The server has replied, and its NEWKEYS, or ours, has not gone.
    is_server_due: bool,
    is_client_due: bool,
}

impl Client {
    /// A client that has said its line.
    #[must_use]
    pub fn greeted(config: Arc<Config>, wishes: Wishes) -> Self {
        let mut server = Server::new(config, Timestamp(0));
        let sent = server.output().len();
        server.written(sent, &mut dice);
        let mut client = Self {
            server,
            heard: Vec::new(),
            sent,
            wishes,
            sealer: Sealer::new(),
            opener: Opener::new(),
            wire: Vec::new(),
            ours: Vec::new(),
            theirs: Vec::new(),
            secret: Vec::new(),
            hash: Vec::new(),
            session: Vec::new(),
            is_server_due: false,
            is_client_due: false,
        };
        client.give(&[wishes.line.as_bytes(), b"\r\n"].concat());
        client
    }

    /// A client behind its first exchange of keys.
    #[must_use]
    pub fn keyed(config: Arc<Config>, wishes: Wishes) -> Self {
        let mut client = Self::greeted(config, wishes);
        client.exchange();
        client
    }

    /// A client that is logged in.
    #[must_use]
    pub fn logged_in(config: Arc<Config>, wishes: Wishes) -> Self {
        let mut client = Self::keyed(config, wishes);
        client.log_in(b"root");
        client
    }

    /// Logs in with a password that is right.
    pub fn log_in(&mut self, user: &[u8]) {
        self.send(Payload::new(SERVICE_REQUEST).string(b"ssh-userauth"));
        let request = Payload::new(USERAUTH_REQUEST).string(user).string(b"ssh-connection");
        self.send(request.string(b"password").byte(0).string(b"right"));
        self.decide(Verdict::Accepted);
    }

    /// The answer to a try, at once.
    pub fn decide(&mut self, verdict: Verdict) {
        self.server.decide(verdict, AT, &mut dice);
        self.hear();
    }

    /// Exchanges keys: all that the client has to say, one after the other.
    pub fn exchange(&mut self) {
        let offer = self.offer();
        self.send(offer);
        self.send(Self::value());
        self.send([NEWKEYS]);
    }

    /// Its KEXINIT.
    #[must_use]
    pub fn offer(&self) -> Vec<u8> {
        let Suite { cipher, mac, compression } = self.wishes.suite;
        let (methods, cipher) = (self.wishes.methods.as_bytes(), cipher.name().as_bytes());
        let (mac, packing) = (mac.name().as_bytes(), compression.name().as_bytes());
        let key: &[u8] = b"ssh-ed25519";
        let lists: Lists<'_> = [methods, key, cipher, cipher, mac, mac, packing, packing, b"", b""];
        kexinit(&[1; 16], &lists)
    }

    /// Its value of the exchange.
    #[must_use]
    pub fn value() -> Vec<u8> {
        let public = MontgomeryPoint::mul_base_clamped(SECRET).to_bytes();
        Payload::new(MSG_INIT).string(&public).into()
    }

    /// The identifier of the session.
    #[must_use]
    pub fn session(&self) -> &[u8] {
        &self.session
    }

    /// Sends a payload.
    pub fn send(&mut self, payload: impl AsRef<[u8]>) {
        let mut bytes = Vec::new();
        self.seal(payload, &mut bytes);
        self.give(&bytes);
    }

    /// Appends the packet of a payload to what is sent later.
    pub fn seal(&mut self, payload: impl AsRef<[u8]>, bytes: &mut Vec<u8>) {
        let payload = payload.as_ref();
        self.sealer.seal(payload, &mut dice, bytes);
        match payload.first() {
            Some(&KEXINIT) => self.ours = payload.to_vec(),
            Some(&NEWKEYS) if std::mem::take(&mut self.is_client_due) => self.renew(),
            Some(_) | None => {}
        }
    }

    /// Uses the keys of the latest exchange from here on, as a first packet under strict rules.
    pub fn renew(&mut self) {
        let keys = self.keys(Direction::ClientToServer);
        self.sealer.install(keys, self.sequence());
    }

    /// Gives bytes to the server, however it reads them.
    pub fn give(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(self.wishes.piece) {
            self.server.receive(AT, part, &mut dice);
        }
        self.hear();
    }

    /// Opens what the server has said.
    pub fn hear(&mut self) {
        // What is written lets the server go on.
        while !self.server.output().is_empty() {
            let count = self.server.output().len();
            self.wire.extend_from_slice(self.server.output());
            self.sent += count;
            self.server.written(count, &mut dice);
        }
        loop {
            let (payload, used) = match self.opener.open(&mut self.wire) {
                Ok(Some(packet)) => (packet.payload.to_vec(), packet.used),
                Ok(None) => return,
                Err(_) => {
                    // The keys are out of step, whoever wanted that.
                    self.wire.clear();
                    return;
                }
            };
            self.wire.drain(..used);
            self.listen(&payload);
            self.heard.push(payload);
        }
    }

    /// The payloads since the last call.
    pub fn heard(&mut self) -> Vec<Vec<u8>> {
        self.hear();
        std::mem::take(&mut self.heard)
    }

    /// What has happened since the last call.
    pub fn happened(&mut self) -> Vec<What> {
        self.happenings().into_iter().map(|happening| happening.what).collect()
    }

    /// The same with its instants.
    pub fn happenings(&mut self) -> Vec<Happening> {
        std::iter::from_fn(|| self.server.happening()).collect()
    }

    fn listen(&mut self, payload: &[u8]) {
        match payload.first() {
            Some(&KEXINIT) => self.theirs = payload.to_vec(),
            Some(&MSG_REPLY) => self.derive(payload).unwrap_or_default(),
            Some(&NEWKEYS) if std::mem::take(&mut self.is_server_due) => {
                let keys = self.keys(Direction::ServerToClient);
                self.opener.install(keys, self.sequence());
            }
            Some(&USERAUTH_SUCCESS) => {
                self.opener.authenticated();
                self.sealer.authenticated();
            }
            Some(_) | None => {}
        }
    }

    /// What follows from a reply; `None` where it is none.
    fn derive(&mut self, reply: &[u8]) -> Option<()> {
        let mut fields = Fields::new(reply.get(1..)?);
        let (key, value) = (fields.string().ok()?, fields.string().ok()?);
        let shared = MontgomeryPoint(value.try_into().ok()?).mul_clamped(SECRET).to_bytes();
        let public = MontgomeryPoint::mul_base_clamped(SECRET).to_bytes();
        let (mut secret, mut hashed) = (Vec::new(), Vec::new());
        put_mpint(&mut secret, &shared);
        let lines = [self.wishes.line.as_bytes(), LINE.as_bytes()];
        let said = [&self.ours, &self.theirs, key, &public, value];
        lines.into_iter().chain(said).for_each(|part| put_string(&mut hashed, part));
        hashed.extend_from_slice(&secret);
        self.hash = digest(Hash::Sha256, &hashed).as_ref().to_vec();
        self.secret = secret;
        if self.session.is_empty() {
            self.session.clone_from(&self.hash);
        }
        (self.is_server_due, self.is_client_due) = (true, true);
        Some(())
    }

    fn keys(&self, direction: Direction) -> Keys {
        let Self { secret, hash, session, .. } = self;
        let exchange = Exchange { hash: Hash::Sha256, secret, digest: hash, session };
        Keys::derive(&exchange, direction, self.wishes.suite)
    }

    fn sequence(&self) -> Sequence {
        if self.wishes.methods.contains("kex-strict-c-v00@openssh.com") {
            Sequence::Restarts
        } else {
            Sequence::Continues
        }
    }
}

const SECRET: [u8; 32] = [7; 32];

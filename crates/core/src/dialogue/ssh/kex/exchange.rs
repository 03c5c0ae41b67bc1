//! One key exchange of the server's: the client's messages go in, replies and secrets come out.
//!
//! **Invariant:** each message is taken once and in its order; what comes at another time is said
//! to be unexpected and changes nothing.

use zeroize::Zeroizing;

use crate::dialogue::ssh::kex::blob::{self, put_mpint, put_string};
use crate::dialogue::ssh::kex::curve::{self, Side};
use crate::dialogue::ssh::kex::group::{Group, Secret, Sizes};
use crate::dialogue::ssh::kex::hash::{Digest, Running};
use crate::dialogue::ssh::kex::hostkey::{Algorithm, HostKey};
use crate::dialogue::ssh::kex::method::Method;
use crate::dialogue::ssh::kex::random::Random;
use crate::dialogue::ssh::kex::{
    MSG_GROUP_INIT, MSG_GROUP_REPLY, MSG_GROUP_REQUEST, MSG_INIT, MSG_REPLY, Refusal,
};
use crate::dialogue::ssh::packet::keys::{self, Hash};
use crate::wire::reader::Reader;

/// What both sides said before the exchange, for its hash.
#[derive(Clone, Copy, Debug)]
pub struct Identities<'a> {
    /// The client's identification line without its line ending.
    pub client: &'a [u8],
    /// Ours.
    pub server: &'a [u8],
    /// The payload of the client's KEXINIT, from its message number on, as it came.
    pub client_offer: &'a [u8],
    /// The payload of ours, as it was sent.
    pub server_offer: &'a [u8],
}

/// What an exchange leaves: the keys of both directions come from these, RFC 4253 §7.2.
#[derive(Debug)]
pub struct Secrets {
    /// The hash for deriving keys.
    pub hash: Hash,
    /// The exchange hash H; that of a connection's first exchange is its session identifier.
    pub exchange_hash: Digest,
    /// The shared secret K as it is hashed: as a number or a string with its length.
    pub shared: Zeroizing<Vec<u8>>,
}

impl Secrets {
    /// What keys are derived from, with the identifier of the connection's session.
    #[must_use]
    pub fn for_keys<'a>(&'a self, session: &'a Digest) -> keys::Exchange<'a> {
        let (secret, digest) = (&self.shared, self.exchange_hash.as_ref());
        keys::Exchange { hash: self.hash, secret, digest, session: session.as_ref() }
    }
}

/// What a message of the client's is answered with.
#[derive(Debug)]
pub enum Answer {
    /// A payload to send; the exchange goes on.
    Group(Vec<u8>),
    /// A payload to send, with NEWKEYS behind it; the exchange is over.
    Reply(Vec<u8>, Secrets),
    /// Nothing that this exchange waits for: UNIMPLEMENTED, or, in a strict first exchange, the end.
    Unexpected,
}

/// The exchange that an agreement begins.
pub struct Exchange {
    method: Method,
    algorithm: Algorithm,
    transcript: Running,
    state: State,
}

enum State {
    Init,
    GroupRequest,
    GroupInit(Sizes, Box<Secret>),
    Done,
}

impl Exchange {
    /// An exchange that waits for the client's first message of it.
    #[must_use]
    pub fn new(method: Method, algorithm: Algorithm, said: &Identities<'_>) -> Self {
        let mut transcript = Running::new(method.hash());
        for part in [said.client, said.server, said.client_offer, said.server_offer] {
            transcript.put_string(part);
        }
        let state = match method {
            Method::GroupExchange => State::GroupRequest,
            Method::Sntrup761X25519
            | Method::Curve25519
            | Method::EcdhNistp256
            | Method::EcdhNistp384
            | Method::EcdhNistp521
            | Method::Group14
            | Method::Group14Sha1
            | Method::Group16
            | Method::Group18 => State::Init,
        };
        Self { method, algorithm, transcript, state }
    }

    /// Takes the payload of one message, from its number on. `keys` are the host keys of the
    /// persona, of which the one that was agreed on signs.
    ///
    /// # Errors
    /// A [`Refusal`], after which the exchange is over and so is the connection.
    pub fn receive(
        &mut self,
        payload: &[u8],
        keys: &[HostKey],
        random: &mut Random<'_>,
    ) -> Result<Answer, Refusal> {
        let Some((number, body)) = payload.split_first() else { return Err(Refusal::Malformed) };
        match (std::mem::replace(&mut self.state, State::Done), *number) {
            (State::Init, MSG_INIT) => self.init(body, keys, random),
            (State::GroupRequest, MSG_GROUP_REQUEST) => self.group_request(body, random),
            (State::GroupInit(sizes, secret), MSG_GROUP_INIT) => {
                self.group_init(body, sizes, &secret, keys, random)
            }
            (state, _) => {
                self.state = state;
                Ok(Answer::Unexpected)
            }
        }
    }

    fn init(
        &mut self,
        body: &[u8],
        keys: &[HostKey],
        random: &mut Random<'_>,
    ) -> Result<Answer, Refusal> {
        let key = self.key(keys)?;
        let client = only_string(body)?;
        let Side { public, shared } = match self.method {
            Method::Sntrup761X25519 => curve::sntrup761_x25519(client, random),
            Method::Curve25519 => curve::curve25519(client, random),
            Method::EcdhNistp256 => curve::nist::<p256::NistP256>(client, random),
            Method::EcdhNistp384 => curve::nist::<p384::NistP384>(client, random),
            Method::EcdhNistp521 => curve::nist::<p521::NistP521>(client, random),
            Method::Group14 | Method::Group14Sha1 => fixed(Group::fixed_14(), client, random),
            Method::Group16 => fixed(Group::fixed_16(), client, random),
            Method::Group18 => fixed(Group::fixed_18(), client, random),
            Method::GroupExchange => Err(Refusal::NotAMethod),
        }?;
        let mut transcript = self.transcript.clone();
        transcript.put_string(key.blob());
        // The client's value as it was sent, also where a number has zeros before it.
        transcript.put_string(client);
        transcript.put_string(&public);
        let mut reply = vec![MSG_REPLY];
        put_string(&mut reply, key.blob());
        put_string(&mut reply, &public);
        self.finish(reply, transcript, shared, key, random)
    }

    fn group_request(&mut self, body: &[u8], random: &mut Random<'_>) -> Result<Answer, Refusal> {
        let mut reader = Reader::new(body);
        let mut size = || reader.u32().ok_or(Refusal::Malformed);
        let sizes = Sizes { least: size()?, wanted: size()?, most: size()? };
        if !reader.rest().is_empty() {
            return Err(Refusal::Malformed);
        }
        let secret = Secret::draw(Group::exchanged(sizes, random)?, random)?;
        let mut payload = vec![MSG_REPLY];
        put_mpint(&mut payload, secret.group().prime());
        put_mpint(&mut payload, &secret.group().generator());
        self.state = State::GroupInit(sizes, Box::new(secret));
        Ok(Answer::Group(payload))
    }

    fn group_init(
        &mut self,
        body: &[u8],
        sizes: Sizes,
        secret: &Secret,
        keys: &[HostKey],
        random: &mut Random<'_>,
    ) -> Result<Answer, Refusal> {
        let key = self.key(keys)?;
        let client = blob::magnitude(only_string(body)?).ok_or(Refusal::Malformed)?;
        let shared = as_number(&secret.shared(client)?);
        let mut hashed = Vec::new();
        put_string(&mut hashed, key.blob());
        for size in [sizes.least, sizes.wanted, sizes.most] {
            blob::put_u32(&mut hashed, size);
        }
        put_mpint(&mut hashed, secret.group().prime());
        put_mpint(&mut hashed, &secret.group().generator());
        put_mpint(&mut hashed, client);
        put_mpint(&mut hashed, secret.public());
        let mut transcript = self.transcript.clone();
        transcript.put(&hashed);
        let mut reply = vec![MSG_GROUP_REPLY];
        put_string(&mut reply, key.blob());
        put_mpint(&mut reply, secret.public());
        self.finish(reply, transcript, shared, key, random)
    }

    fn finish(
        &self,
        mut reply: Vec<u8>,
        mut transcript: Running,
        shared: Zeroizing<Vec<u8>>,
        key: &HostKey,
        random: &mut Random<'_>,
    ) -> Result<Answer, Refusal> {
        transcript.put(&shared);
        let exchange_hash = transcript.finish();
        let signature = key.sign(self.algorithm, exchange_hash.as_ref(), random);
        put_string(&mut reply, &signature.ok_or(Refusal::NoHostKey)?);
        Ok(Answer::Reply(reply, Secrets { hash: self.method.hash(), exchange_hash, shared }))
    }

    fn key<'a>(&self, keys: &'a [HostKey]) -> Result<&'a HostKey, Refusal> {
        keys.iter().find(|key| key.signs_with(self.algorithm)).ok_or(Refusal::NoHostKey)
    }
}

fn fixed(group: Option<Group>, client: &[u8], random: &mut Random<'_>) -> Result<Side, Refusal> {
    let secret = Secret::draw(group.ok_or(Refusal::NotAMethod)?, random)?;
    let client = blob::magnitude(client).ok_or(Refusal::Malformed)?;
    let shared = as_number(&secret.shared(client)?);
    // The content of a number: a zero stands before a value whose highest bit is set.
    let mut public = Vec::new();
    put_mpint(&mut public, secret.public());
    Ok(Side { public: public.split_off(4), shared })
}

fn as_number(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut shared = Zeroizing::new(Vec::with_capacity(secret.len() + 5));
    put_mpint(&mut shared, secret);
    shared
}

/// The one string that a message consists of.
fn only_string(body: &[u8]) -> Result<&[u8], Refusal> {
    let mut reader = Reader::new(body);
    let content = reader.string().ok_or(Refusal::Malformed)?;
    if reader.rest().is_empty() { Ok(content) } else { Err(Refusal::Malformed) }
}

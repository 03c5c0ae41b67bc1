//! How a client gets to where a probe begins: greetings, exchanges of keys, logins, channels.

use super::client::{Client, PASSWORD};
use super::exchange::{self, Group, Offer};
use super::message::{Message, password};
use super::own::OwnSealer;
use super::shown::show;
use decnet_core::dialogue::ssh::kex::verification::{Verdict, verify};
use decnet_core::dialogue::ssh::packet::keys::{Direction, Exchange, Hash, Keys};
use decnet_core::dialogue::ssh::packet::sealer::Sequence;
use decnet_core::wire::reader::Reader;
use std::net::SocketAddr;

impl Client {
    /// Behind both identification lines.
    pub(crate) fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address);
        client.greet();
        client
    }

    pub(crate) fn greet(&mut self) {
        self.send_line(b"SSH-2.0-probe\r\n");
        self.hear_line();
    }

    /// Behind a whole exchange.
    pub(crate) fn keyed(address: SocketAddr, offer: &Offer) -> Self {
        let mut client = Self::greeted(address);
        client.exchange(offer);
        client
    }

    /// Behind `SERVICE_ACCEPT`.
    pub(crate) fn served(address: SocketAddr) -> Self {
        let mut client = Self::keyed(address, &Offer::default());
        client.serve();
        client
    }

    pub(crate) fn serve(&mut self) {
        self.send(Message::new(5).string("ssh-userauth"));
        self.wait_for(&[6]);
    }

    /// As root, up to where the server has nothing more to say by itself.
    pub(crate) fn logged_in(address: SocketAddr) -> Self {
        Self::logged_in_with(address, &Offer::default())
    }

    pub(crate) fn logged_in_with(address: SocketAddr, offer: &Offer) -> Self {
        let mut client = Self::keyed(address, offer);
        client.serve();
        client.log_in();
        client.send(Message::new(80).string("probe@begin").byte(1));
        client.wait_for(&[82]);
        client
    }

    /// As [`Self::logged_in`], with packets that are sealed here.
    pub(crate) fn logged_in_by_itself(address: SocketAddr) -> Self {
        let mut client = Self::keyed(address, &Offer::default());
        client.own();
        client.serve();
        client.log_in();
        client.send(Message::new(80).string("probe@begin").byte(1));
        client.wait_for(&[82]);
        client
    }

    pub(crate) fn log_in(&mut self) {
        self.send(password("root", PASSWORD));
        self.wait_for(&[52]);
        self.sealer.authenticated();
        self.opener.authenticated();
    }

    pub(crate) fn own(&mut self) -> &mut OwnSealer {
        if self.own.is_none() {
            let (secret, digest) = &self.secrets;
            let own = OwnSealer::new(secret, digest, &self.session, self.sealer.sequence());
            self.own = Some(own);
        }
        self.own.as_mut().unwrap()
    }

    /// Sends an offer and what follows it together.
    pub(crate) fn offer_and(&mut self, offer: &Offer, payloads: &[Vec<u8>]) {
        self.know_offer(offer);
        let mut all = vec![offer.payload()];
        all.extend_from_slice(payloads);
        self.send_all(&all);
    }

    /// Sends an offer as the payload that it is.
    pub(crate) fn offer(&mut self, offer: &Offer) {
        self.know_offer(offer);
        self.send(offer.payload());
    }

    /// An offer that is sent by other means.
    pub(crate) fn know_offer(&mut self, offer: &Offer) {
        self.offered = offer.payload();
        self.our_offer = Some(offer.clone());
        self.agree_where_known();
    }

    /// Waits for the server's offer.
    pub(crate) fn hear_offer(&mut self) {
        self.wait_for(&[20]);
    }

    /// Both offers.
    pub(crate) fn agree(&mut self, offer: &Offer) {
        self.offer(offer);
        self.hear_offer();
    }

    /// What follows from both offers, where both are known.
    fn agree_where_known(&mut self) {
        let Some(offer) = &self.our_offer else { return };
        let was = self.agreed.as_ref().map(|agreed| agreed.is_strict);
        self.agreed = exchange::agree(offer, &self.server_offer);
        // Only a connection's first exchange says so.
        if let (Some(agreed), false) = (&mut self.agreed, self.session.is_empty()) {
            agreed.is_strict = was.unwrap_or(agreed.is_strict);
        }
    }

    /// A whole exchange, also again; what came in between is noted where it is none of it.
    pub(crate) fn exchange(&mut self, offer: &Offer) {
        self.agree(offer);
        self.finish();
    }

    /// An exchange from its first message on.
    pub(crate) fn finish(&mut self) {
        if self.is_over {
            return self.note("over");
        }
        if self.agreed.is_none() {
            return self.note("nothing in common");
        }
        if self.send_init() {
            self.end_exchange();
        }
    }

    /// The client's last message of an exchange, and its answer.
    pub(crate) fn send_init(&mut self) -> bool {
        if self.method() == Some("diffie-hellman-group-exchange-sha256") {
            return self.send_group_init([2_048, 2_048, 8_192]);
        }
        self.secrets.1.clear();
        self.send(exchange::init());
        self.wait_for(&[31]);
        !self.secrets.1.is_empty()
    }

    pub(crate) fn send_group_init(&mut self, sizes: [u32; 3]) -> bool {
        let request = sizes.into_iter().fold(Message::inner(), Message::u32).0;
        self.send(Message::new(34).raw(&request));
        let reply = self.wait_for(&[31]);
        let Some(group) = reply.get(1..).and_then(Group::read) else { return false };
        let public = group.public();
        self.send(Message::new(32).raw(&public));
        let reply = self.wait_for(&[33]);
        let [prime, generator] = [&group.prime, &group.generator].map(|it| exchange::number(it));
        let hashed = [request, prime, generator, public].concat();
        self.computed(&reply, &hashed, |server| Some(group.shared(server)))
    }

    fn computed(
        &mut self,
        reply: &[u8],
        hashed: &[u8],
        shared: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> bool {
        let Some(body) = reply.get(1..) else { return false };
        let mut reader = Reader::new(body);
        let (Some(key), Some(public)) = (reader.string(), reader.string()) else { return false };
        let Some(shared) = shared(public) else { return false };
        let mut head = Message::inner();
        for part in [&self.said, &self.server_line, &self.offered, &self.server_offer] {
            head = head.string(part);
        }
        let head = head.string(key).0;
        let public = Message::inner().string(public).0;
        let digest = exchange::digest(&[&head, hashed, &public, &shared]);
        if self.session.is_empty() {
            self.session.clone_from(&digest);
        }
        self.host_key = key.to_vec();
        let signature = reader.string().unwrap_or_default();
        let algorithm = Reader::new(signature).string().unwrap_or_default();
        let verdict = verify(key, algorithm, &digest, signature);
        if verdict != Verdict::Good {
            self.note(format!("signature of the host: {verdict:?}"));
        }
        self.secrets = (shared, digest);
        true
    }

    /// NEWKEYS of both sides.
    pub(crate) fn end_exchange(&mut self) {
        self.send([21]);
        self.new_keys_out();
        self.wait_for(&[21]);
    }

    fn keys(&self, direction: Direction) -> Option<(Keys, Sequence)> {
        let agreed = self.agreed.as_ref()?;
        let (secret, digest) = &self.secrets;
        let exchange = Exchange { hash: Hash::Sha256, secret, digest, session: &self.session };
        let suite = match direction {
            Direction::ClientToServer => agreed.output,
            Direction::ServerToClient => agreed.input,
        };
        let strict = if agreed.is_strict { Sequence::Restarts } else { Sequence::Continues };
        let is_known = !digest.is_empty();
        is_known.then(|| (Keys::derive(&exchange, direction, suite), strict))
    }

    pub(crate) fn new_keys_out(&mut self) {
        if let Some((keys, sequence)) = self.keys(Direction::ClientToServer) {
            self.sealer.install(keys, sequence);
        }
    }

    fn new_keys_in(&mut self) {
        if let Some((keys, sequence)) = self.keys(Direction::ServerToClient) {
            self.opener.install(keys, sequence);
        } else {
            self.is_blind = true;
        }
    }

    /// A session channel with a window; the server's number for it.
    pub(crate) fn session(&mut self) -> u32 {
        self.open(&Message::new(90).string("session").u32(0).u32(1 << 21).u32(1 << 15))
    }

    /// Any channel; the server's number for it.
    pub(crate) fn open(&mut self, message: &Message) -> u32 {
        self.send(message);
        let reply = self.wait_for(&[91, 92]);
        match reply.first() {
            Some(91) => u32::from_be_bytes(reply[5..9].try_into().unwrap()),
            _ => {
                self.note(format!("instead of a channel: {}", show(&reply)));
                0
            }
        }
    }

    /// What a packet does to this client itself.
    pub(super) fn take(&mut self, payload: &[u8]) {
        match payload[0] {
            20 => {
                self.server_offer = payload.to_vec();
                self.agree_where_known();
            }
            31 if self.is_init_ours && self.is_curve25519() => {
                let public = Message::inner().string(exchange::x25519_public()).0;
                self.computed(payload, &public, exchange::x25519_shared);
            }
            21 => self.new_keys_in(),
            _ => {}
        }
    }

    fn is_curve25519(&self) -> bool {
        self.method().is_some_and(|method| method.starts_with("curve25519"))
    }

    fn method(&self) -> Option<&str> {
        self.agreed.as_ref().map(|agreed| &*agreed.method)
    }
}

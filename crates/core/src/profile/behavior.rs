//! How an attacker's software behaves: the lists that change rarely and grow long.
//!
//! **Invariant:** apart from [`super::Attacker`], which every event touches, so that an event's cost
//! does not grow with what these lists hold.

use super::network::{FlowNews, Network, SynNews};
use super::rows::{BehaviorRow, KexOrder, ToolGuess};
use super::ssh_client::Guess;
use crate::event::Timestamp;
use crate::limits;
use crate::octets::Octets;
use crate::row::{Json, Raw};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Fold state of one row of `attacker_behavior`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behavior {
    attacker: Uuid,
    updated: Timestamp,
    /// The lists are in columns of their own, whence [`Behavior::restore`] has them back.
    #[serde(skip)]
    banners: Vec<String>,
    #[serde(skip)]
    offers: Vec<KexOrder>,
    #[serde(skip)]
    tools: Vec<ToolGuess>,
    network: Network,
}

/// Something that a behaviour row did not hold yet.
#[derive(Debug, Clone, PartialEq)]
pub enum BehaviorChange {
    /// A client's identification line.
    Banner(Octets, Timestamp),
    /// A client's KEXINIT.
    KexOffer(Box<KexOffer>, Timestamp),
    /// What a client may be, and since when it was there.
    Tool(Box<Guess>, Timestamp),
    /// A SYN.
    Syn(Box<SynNews>),
    /// A connection that ended.
    Flow(Box<FlowNews>),
}

/// The raw content of a client's KEXINIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KexOffer {
    lists: [Octets; 10],
    follows: bool,
}

impl KexOffer {
    pub(super) fn new(lists: &[Octets; 10], follows: bool) -> Self {
        let lists = lists.each_ref().map(|l| Octets::capped(&l.0, limits::KEX_LIST_BYTES));
        Self { lists, follows }
    }

    /// What makes it distinct.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.lists.each_ref().map(Octets::as_bytes).join(&b';');
        bytes.push(u8::from(self.follows));
        bytes
    }
}

impl Behavior {
    /// Nothing known yet.
    #[must_use]
    pub fn new(attacker: Uuid) -> Self {
        Self {
            attacker,
            updated: Timestamp::default(),
            banners: Vec::new(),
            offers: Vec::new(),
            tools: Vec::new(),
            network: Network::default(),
        }
    }

    /// Takes up what is new.
    pub fn apply(&mut self, change: &BehaviorChange) {
        match change {
            BehaviorChange::Banner(line, at) => {
                let line = line.readable();
                if self.banners.len() < limits::BANNERS && !self.banners.contains(&line) {
                    self.banners.push(line);
                    self.updated = *at;
                }
            }
            BehaviorChange::KexOffer(offer, at) => {
                let offer = offer.row(*at);
                let known = self.offers.iter().any(|known| known.is_same(&offer));
                if self.offers.len() < limits::KEX_OFFERS && !known {
                    self.offers.push(offer);
                    self.updated = *at;
                }
            }
            BehaviorChange::Tool(guess, at) => {
                self.guessed(guess, *at);
                self.updated = *at;
            }
            BehaviorChange::Syn(news) => {
                self.network.syn(news);
                self.updated = news.at;
            }
            BehaviorChange::Flow(news) => {
                self.network.flow(news);
                self.updated = news.at;
            }
        }
    }

    /// One entry a tool: what spoke for and against it in any connection, and the best of them.
    fn guessed(&mut self, guess: &Guess, at: Timestamp) {
        let at = at.rfc3339();
        let mut known = match self.tools.iter().position(|known| known.tool == guess.tool) {
            Some(place) => self.tools.remove(place),
            None => ToolGuess {
                tool: guess.tool.to_owned(),
                confidence: 0.0,
                evidence: Vec::new(),
                against: Vec::new(),
                first_seen: at.clone(),
            },
        };
        // The texts sort as their instants do.
        known.first_seen = std::mem::take(&mut known.first_seen).min(at);
        known.confidence = known.confidence.max(f64::from(guess.confidence) / 100.0);
        for (list, more) in
            [(&mut known.evidence, &guess.evidence), (&mut known.against, &guess.against)]
        {
            for word in more {
                if !list.contains(word) {
                    list.push(word.clone());
                }
            }
        }
        let place = self.tools.partition_point(|tool| tool.first_seen <= known.first_seen);
        self.tools.insert(place, known);
    }

    /// Takes back the lists that the row's columns hold; nothing where a column is NULL.
    ///
    /// # Errors
    /// When they are not what [`Behavior::row`] made.
    pub fn restore(
        &mut self,
        kex_order_raw: Option<&str>,
        ssh_client_banners: Option<&str>,
        tcp_fingerprint: Option<&str>,
        tool_guesses: Option<&str>,
    ) -> Result<(), serde_json::Error> {
        self.offers = kex_order_raw.map_or(Ok(Vec::new()), serde_json::from_str)?;
        self.banners = ssh_client_banners.map_or(Ok(Vec::new()), serde_json::from_str)?;
        self.tools = tool_guesses.map_or(Ok(Vec::new()), serde_json::from_str)?;
        self.network.fingerprint = tcp_fingerprint.map(serde_json::from_str).transpose()?;
        Ok(())
    }

    /// The row.
    #[must_use]
    pub fn row(&self) -> BehaviorRow {
        let network = self.network.columns();
        let clock = network.clock;
        let skew = clock.and_then(|clock| clock.skew);
        BehaviorRow {
            attacker_uuid: self.attacker,
            kex_order_raw: (!self.offers.is_empty()).then(|| Json(self.offers.clone())),
            ssh_client_banners: (!self.banners.is_empty()).then(|| Json(self.banners.clone())),
            tcp_fingerprint: self.network.fingerprint.clone().map(Json),
            retransmit_count: network.retransmit_count,
            clock_skew_ppm: skew.map(|(ppm, _)| ppm),
            ts_hz: clock.map(|clock| clock.hz),
            clock_skew_ci: skew.map(|(_, bound)| bound),
            clock_skew_points: clock.filter(|_| skew.is_some()).map(|clock| clock.points),
            isn_class: network.isn_class,
            ipid_class: network.ipid_class,
            link_type: network.link_type,
            ecn: network.ecn,
            os_guess: network.os_guess,
            hop_distance: network.hop_distance,
            tool_guesses: (!self.tools.is_empty()).then(|| Json(self.tools.clone())),
            updated_at: self.updated.rfc3339(),
            state: Raw(postcard::to_stdvec(self).unwrap_or_default()),
        }
    }
}

impl KexOffer {
    fn row(&self, at: Timestamp) -> KexOrder {
        let [kex, host_key, enc_c2s, enc_s2c, mac_c2s, mac_s2c, comp_c2s, comp_s2c, c2s, s2c] =
            self.lists.each_ref().map(Octets::readable);
        let markers = kex
            .split(',')
            .filter(|name| name.starts_with("ext-info-") || name.starts_with("kex-strict-"))
            .map(ToOwned::to_owned)
            .collect();
        KexOrder {
            kex_algorithms: kex,
            server_host_key_algorithms: host_key,
            encryption_algorithms_client_to_server: enc_c2s,
            encryption_algorithms_server_to_client: enc_s2c,
            mac_algorithms_client_to_server: mac_c2s,
            mac_algorithms_server_to_client: mac_s2c,
            compression_algorithms_client_to_server: comp_c2s,
            compression_algorithms_server_to_client: comp_s2c,
            languages_client_to_server: c2s,
            languages_server_to_client: s2c,
            first_kex_packet_follows: self.follows,
            markers,
            first_seen: at.rfc3339(),
        }
    }
}

impl KexOrder {
    /// Whether both are one offer, whenever they were seen.
    fn is_same(&self, other: &Self) -> bool {
        let seen_alike = Self { first_seen: other.first_seen.clone(), ..self.clone() };
        seen_alike == *other
    }
}

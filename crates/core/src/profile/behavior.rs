//! How an attacker's software behaves: the lists that change rarely and grow long.
//!
//! **Invariant:** apart from [`super::Attacker`], which every event touches, so that an event's cost
//! does not grow with what these lists hold.

use super::rows::{BehaviorRow, KexOrder};
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
    banners: Vec<Octets>,
    offers: Vec<(KexOffer, Timestamp)>,
    updated: Timestamp,
}

/// Something that a behaviour row did not hold yet.
#[derive(Debug, Clone, PartialEq)]
pub enum BehaviorChange {
    /// A client's identification line.
    Banner(Octets, Timestamp),
    /// A client's KEXINIT.
    KexOffer(Box<KexOffer>, Timestamp),
}

/// The raw content of a client's KEXINIT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        Self { attacker, banners: Vec::new(), offers: Vec::new(), updated: Timestamp::default() }
    }

    /// Takes up what is new.
    pub fn apply(&mut self, change: &BehaviorChange) {
        match change {
            BehaviorChange::Banner(line, at) => {
                if self.banners.len() < limits::BANNERS && !self.banners.contains(line) {
                    self.banners.push(line.clone());
                    self.updated = *at;
                }
            }
            BehaviorChange::KexOffer(offer, at) => {
                let known = self.offers.iter().any(|(known, _)| known == &**offer);
                if self.offers.len() < limits::KEX_OFFERS && !known {
                    self.offers.push((KexOffer::clone(offer), *at));
                    self.updated = *at;
                }
            }
        }
    }

    /// The row.
    #[must_use]
    pub fn row(&self) -> BehaviorRow {
        let banners: Vec<String> = self.banners.iter().map(Octets::readable).collect();
        let offers: Vec<KexOrder> = self.offers.iter().map(|(offer, at)| offer.row(*at)).collect();
        BehaviorRow {
            attacker_uuid: self.attacker,
            kex_order_raw: (!offers.is_empty()).then_some(Json(offers)),
            ssh_client_banners: (!banners.is_empty()).then_some(Json(banners)),
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

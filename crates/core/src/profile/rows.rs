//! The rows that the fold writes: one struct a table, its fields the table's columns in order.
//!
//! **Invariant:** plain data. A field that is `None` is NULL: not observed, not computed.

mod command;
mod wire;

pub use command::*;
pub use wire::*;

use super::{command as session_commands, keyboard};
use crate::event::{Answer, Origin, Target, Timestamp};
use crate::octets::Octets;
use crate::row::{Blob, Json, Raw};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `attackers`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct AttackerRow {
    pub uuid: Uuid,
    pub ip: String,
    pub first_seen: String,
    pub last_seen: String,
    pub event_count: u64,
    pub service_count: u64,
    pub decky_count: u64,
    pub services: Json<Vec<&'static str>>,
    pub deckies: Json<Vec<String>>,
    pub traversal_path: String,
    pub is_traversal: bool,
    pub bounty_count: u64,
    pub credential_count: u64,
    pub fingerprints: Json<Vec<KnownFingerprint>>,
    pub commands: Json<Vec<KnownCommand>>,
    pub updated_at: String,
    pub state: Raw,
}

/// An entry of `attackers.fingerprints`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KnownFingerprint {
    pub kind: String,
    pub hash: String,
    pub raw: String,
    pub first_seen: String,
    pub last_seen: String,
    pub seen_by: String,
}

/// An entry of `attackers.commands`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KnownCommand {
    pub service: String,
    pub decky: String,
    pub command: String,
    pub at: String,
}

/// `attacker_behavior`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct BehaviorRow {
    pub attacker_uuid: Uuid,
    pub kex_order_raw: Option<Json<Vec<KexOrder>>>,
    pub ssh_client_banners: Option<Json<Vec<String>>>,
    pub tcp_fingerprint: Option<Json<TcpFingerprint>>,
    pub retransmit_count: Option<u64>,
    pub clock_skew_ppm: Option<f64>,
    pub ts_hz: Option<f64>,
    pub clock_skew_ci: Option<f64>,
    pub clock_skew_points: Option<u64>,
    pub isn_class: Option<String>,
    pub ipid_class: Option<String>,
    pub link_type: Option<String>,
    pub ecn: Option<&'static str>,
    pub os_guess: Option<String>,
    pub hop_distance: Option<u8>,
    pub tool_guesses: Option<Json<Vec<ToolGuess>>>,
    pub updated_at: String,
    pub state: Raw,
}

/// An entry of `attacker_behavior.kex_order_raw`: one distinct KEXINIT of a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 4253 §7.1")]
pub struct KexOrder {
    pub kex_algorithms: String,
    pub server_host_key_algorithms: String,
    pub encryption_algorithms_client_to_server: String,
    pub encryption_algorithms_server_to_client: String,
    pub mac_algorithms_client_to_server: String,
    pub mac_algorithms_server_to_client: String,
    pub compression_algorithms_client_to_server: String,
    pub compression_algorithms_server_to_client: String,
    pub languages_client_to_server: String,
    pub languages_server_to_client: String,
    pub first_kex_packet_follows: bool,
    /// Names in the kex list that are no algorithms: `ext-info-c`, `kex-strict-c-v00@openssh.com`.
    pub markers: Vec<String>,
    pub first_seen: String,
}

/// An entry of `attacker_behavior.tool_guesses`: one program that the attacker's clients may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolGuess {
    /// Its name.
    pub tool: String,
    /// From 0 to 1, the best of all connections.
    pub confidence: f64,
    /// What spoke for it, in any connection.
    pub evidence: Vec<String>,
    /// What spoke against it, in any connection.
    pub against: Vec<String>,
    /// The begin of the first connection that spoke for it.
    pub first_seen: String,
}

/// `session`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct SessionRow {
    pub sid: Uuid,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub channel: u32,
    pub decky: String,
    pub service: &'static str,
    pub user: String,
    pub program: Option<&'static str>,
    pub command: Option<String>,
    pub opened_at: String,
    pub closed_at: Option<String>,
    pub close_cause: Option<String>,
    pub exit_status: Option<u32>,
    pub recording: Option<String>,
    pub recording_bytes: Option<u64>,
    pub recording_extent: Option<String>,
    pub state: Raw,
}

/// `session_profile`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct ProfileRow {
    pub sid: Uuid,
    pub log_id: u64,
    pub schema_version: u32,
    pub keyboard: keyboard::Columns,
    pub session_duration_s: Option<f64>,
    pub term: Option<String>,
    pub term_cols: Option<u32>,
    pub term_rows: Option<u32>,
    pub term_px: Option<String>,
    pub term_modes: Option<Json<TermModes>>,
    pub resize_count: Option<u32>,
    pub env: Option<Json<Ordered>>,
    pub locale: Option<String>,
    pub client_banner: Option<String>,
    pub client_banner_s: Option<f64>,
    pub src_port: u16,
    pub dst_port: u16,
    pub agent_forwarding: bool,
    pub channels_max: Option<u32>,
    pub created_at: String,
    pub commands: session_commands::Columns,
}

/// `session_profile.term_modes`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermModes {
    /// As sent, hexadecimal.
    pub raw: String,
    /// Decoded, by the names of RFC 4254 §8, in the order sent.
    pub modes: Ordered,
}

/// A JSON object whose keys keep their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ordered(pub Vec<(String, serde_json::Value)>);

impl Serialize for Ordered {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// `keystroke`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct KeystrokeRow {
    pub sid: Uuid,
    pub part: u32,
    pub keys: u32,
    pub instants_us: Json<Vec<u64>>,
    pub strokes: Raw,
}

/// `session_channel`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct ChannelRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub channel: Option<u32>,
    pub sid: Option<Uuid>,
    pub kind: String,
    pub program: Option<String>,
    pub target_host: Option<String>,
    pub target_port: Option<u32>,
    pub originator: Option<String>,
    pub answer: String,
    pub opened_at: String,
    pub closed_at: Option<String>,
}

impl ChannelRow {
    pub(super) fn opened(seq: u64, attacker: Uuid, origin: &Origin, at: Timestamp) -> Self {
        Self {
            id: seq,
            attacker_uuid: attacker,
            connection: origin.connection.0,
            opened_at: at.rfc3339(),
            ..Self::default()
        }
    }

    pub(super) fn channel(mut self, channel: u32) -> Self {
        self.channel = Some(channel);
        self
    }

    pub(super) fn describe(
        mut self,
        kind: &Octets,
        target: Option<&Target>,
        originator: Option<&Target>,
        answer: Answer,
    ) -> Self {
        self.kind = kind.readable();
        self.target_host = target.map(|t| t.host.readable());
        self.target_port = target.map(|t| t.port);
        self.originator = originator.map(|o| format!("{}:{}", o.host.readable(), o.port));
        self.answer = match answer {
            Answer::Granted => "granted".to_owned(),
            Answer::Refused => {
                // What was refused never was open.
                self.closed_at = Some(self.opened_at.clone());
                "refused".to_owned()
            }
        };
        self
    }
}

/// `auth_attempt`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct AuthAttemptRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub decky: String,
    pub service: &'static str,
    pub attempt: u32,
    pub at: String,
    pub gap_s: Option<f64>,
    pub method: String,
    pub user: String,
    pub secret: Option<String>,
    pub outcome: &'static str,
}

/// `credential`: to be added up with the row of the same id.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct CredentialRow {
    pub id: Blob<16>,
    pub attacker_uuid: Uuid,
    pub service: &'static str,
    pub user: String,
    pub secret: String,
    pub accepted: bool,
    pub first_seen: String,
    pub last_seen: String,
    pub count: u64,
}

impl Default for CredentialRow {
    fn default() -> Self {
        Self {
            id: Blob([0; 16]),
            attacker_uuid: Uuid::nil(),
            service: "",
            user: String::new(),
            secret: String::new(),
            accepted: false,
            first_seen: String::new(),
            last_seen: String::new(),
            count: 0,
        }
    }
}

/// `ssh_key`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct SshKeyRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub source: &'static str,
    pub offer: u32,
    pub at: String,
    pub user: Option<String>,
    pub key_type: String,
    pub bits: Option<u32>,
    pub fingerprint: String,
    pub signature_algorithm: Option<String>,
    pub proof: Option<&'static str>,
    pub comment: Option<String>,
}

/// `fingerprint`: to be added up with the row of the same id.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct FingerprintRow {
    pub id: Blob<16>,
    pub attacker_uuid: Uuid,
    pub kind: String,
    pub hash: String,
    pub raw: String,
    pub seen_by: String,
    pub first_seen: String,
    pub last_seen: String,
    pub count: u64,
}

impl Default for FingerprintRow {
    fn default() -> Self {
        Self {
            id: Blob([0; 16]),
            attacker_uuid: Uuid::nil(),
            kind: String::new(),
            hash: String::new(),
            raw: String::new(),
            seen_by: String::new(),
            first_seen: String::new(),
            last_seen: String::new(),
            count: 0,
        }
    }
}

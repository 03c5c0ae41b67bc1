//! Rows of what was seen on the wire.
//!
//! **Invariant:** as its parent: plain data. Durations in seconds, sizes in bytes.

use crate::row::{Json, hex};
use crate::wire::reader::Reader;
use crate::wire::tcp as wire;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// `tcp_syn`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct TcpSynRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub at: String,
    /// `client` or `server`.
    pub side: &'static str,
    /// The attacker's port, whoever sent it.
    pub src_port: u16,
    /// Our port.
    pub dst_port: u16,
    pub attempt: u32,
    /// Since the attempt before, s.
    pub since_s: Option<f64>,
    pub isn: u32,
    pub options: Json<TcpOptions>,
    pub ecn: Option<&'static str>,
    pub ttl: u8,
    pub ip_id: Option<u16>,
    pub df: Option<bool>,
    pub window: u16,
    pub mss: Option<u16>,
    pub wscale: Option<u8>,
    pub tsval: Option<u32>,
}

/// `tcp_syn.options`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TcpOptions {
    /// As sent, with their padding, hexadecimal.
    pub raw: String,
    /// What of them can be read, in order.
    pub options: Vec<TcpOption>,
}

/// One option of TCP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TcpOption {
    /// Its kind.
    pub kind: u8,
    /// Its name; of an unknown one `option-N`.
    pub name: String,
    /// A number, the two numbers of a timestamp, hexadecimal digits, or nothing.
    pub value: Value,
}

impl TcpOptions {
    pub(in crate::profile) fn new(bytes: &[u8]) -> Self {
        let mut options = Vec::new();
        for option in wire::TcpOptions::new(bytes) {
            // One that does not fit is there, and has no value.
            let value = option.value.map_or(Value::Null, |value| self::value(option.kind, value));
            options.push(TcpOption { kind: option.kind, name: option_name(option.kind), value });
            if option.kind == wire::END {
                break;
            }
        }
        Self { raw: hex(bytes), options }
    }
}

fn value(kind: u8, body: &[u8]) -> Value {
    let mut reader = Reader::new(body);
    match (kind, body.len()) {
        (_, 0) => Value::Null,
        (2, 2) => Value::from(reader.u16()),
        (3, 1) => Value::from(reader.u8()),
        (8, 8) => Value::from(vec![reader.u32(), reader.u32()]),
        (_, _) => Value::from(hex(body)),
    }
}

fn option_name(kind: u8) -> String {
    match kind {
        0 => "end".to_owned(),
        1 => "nop".to_owned(),
        2 => "mss".to_owned(),
        3 => "wscale".to_owned(),
        4 => "sack_permitted".to_owned(),
        5 => "sack".to_owned(),
        8 => "timestamps".to_owned(),
        19 => "md5".to_owned(),
        28 => "user_timeout".to_owned(),
        29 => "auth".to_owned(),
        30 => "multipath".to_owned(),
        34 => "fast_open".to_owned(),
        other => format!("option-{other}"),
    }
}

/// `attacker_behavior.tcp_fingerprint`: the latest SYN that is unlike those before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TcpFingerprint {
    /// That SYN.
    #[serde(flatten)]
    pub latest: SynShape,
    /// Those before it, each once, in order seen.
    pub others: Vec<SynShape>,
}

/// A SYN as far as all of one machine are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SynShape {
    /// Window, not scaled.
    pub window: u16,
    /// Window scale.
    pub wscale: Option<u8>,
    /// Maximum segment size.
    pub mss: Option<u16>,
    /// TTL of this one, as it arrived.
    pub ttl: u8,
    /// Options.
    pub options: Vec<TcpOption>,
    /// In p0f's notation, with the TTL that the sender starts with.
    pub signature: String,
    /// When it was seen first.
    pub first_seen: String,
}

/// `tcp_flow`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct TcpFlowRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub began_at: String,
    pub ended_at: String,
    pub end: &'static str,
    pub src_port: u16,
    pub dst_port: u16,
    pub direction: TcpDirection,
    pub server: Json<TcpDirection>,
}

/// One direction of a TCP connection: columns of `tcp_flow`, and `tcp_flow.server`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct TcpDirection {
    pub packets: u64,
    pub bytes: u64,
    pub repeats: u32,
    pub initial_window_segments: Option<u32>,
    pub initial_window_bytes: Option<u64>,
    pub rto_s: Option<Json<Retransmissions>>,
    pub mss: Option<u16>,
    pub max_segment: Option<u32>,
    pub pmtud: Option<String>,
    pub pacing: Option<Json<Pacing>>,
    pub marks: Json<Marks>,
}

/// `tcp_flow.rto_s`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retransmissions {
    /// The first ones, in order.
    pub delays: Vec<Delay>,
    /// Of segments that were sent more than twice: each wait over the wait before it.
    pub backoff: Vec<f64>,
}

/// A segment that was sent again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delay {
    /// 1 the first time.
    pub attempt: u16,
    /// Seconds since it was sent first.
    pub s: f64,
}

/// `tcp_flow.pacing`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pacing {
    /// Gaps in bursts, all of them.
    pub gaps: u32,
    /// Median, s.
    pub p50_s: f64,
    /// 95th percentile, s.
    pub p95_s: f64,
    /// Share of gaps under a millisecond.
    pub under_1ms: f64,
    /// Whether the sender spreads its packets; nothing with too few gaps to tell.
    pub paced: Option<bool>,
}

/// `tcp_flow.marks`: packets with marks of explicit congestion notification.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names are those of RFC 3168")]
pub struct Marks {
    pub ect0: u32,
    pub ect1: u32,
    pub ce: u32,
    pub ece: u32,
    pub cwr: u32,
}

/// `tls_session`; the later row of one id wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct TlsSessionRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub at: String,
    pub src_port: u16,
    pub dst_port: u16,
    pub carrier: String,
    pub sni: Option<String>,
    pub alpn: Option<Json<Vec<String>>>,
    pub offered_version: String,
    pub version: Option<String>,
    /// Four hexadecimal digits.
    pub cipher: Option<String>,
    pub chosen_alpn: Option<String>,
    pub resumption: Json<Resumption>,
}

/// `tls_session.resumption`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resumption {
    /// What the client offers.
    pub offered: Offered,
    /// What the server takes: `nothing`, `session`, `psk`; nothing where no answer was seen.
    pub accepted: Option<String>,
    /// Whether the server asked for another ClientHello, which is a row of its own.
    pub retry: bool,
}

/// What of an earlier session a client offers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// `none`, `offered`, or `unclear`: a client of TLS 1.3 sends one in any case.
    pub session_id: String,
    /// A ticket of TLS 1.2.
    pub ticket: bool,
    /// An identity of a pre-shared key.
    pub psk: bool,
    /// Early data.
    pub early_data: bool,
}

/// `http_client`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct HttpClientRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub at: String,
    pub h2_settings: Json<H2Settings>,
    pub h2_priority: Option<Json<H2Priorities>>,
}

/// `http_client.h2_settings`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct H2Settings {
    /// The first SETTINGS frame, in order.
    pub settings: Vec<H2Setting>,
    /// The increment of the first `WINDOW_UPDATE` of the connection.
    pub window_update: Option<u32>,
    /// Pseudo-headers of the first request, in order.
    pub pseudo_headers: Vec<String>,
}

/// A setting of HTTP/2.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct H2Setting {
    /// Its identifier.
    pub id: u16,
    /// Its name in RFC 9113 §6.5.2 and its successors.
    pub name: Option<&'static str>,
    /// Its value.
    pub value: u32,
}

/// `http_client.h2_priority`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct H2Priorities {
    /// PRIORITY frames before the first request, in order.
    pub frames: Vec<H2Priority>,
    /// Priority fields of the first request's HEADERS frame.
    pub headers: Option<H2Priority>,
    /// The first request's `priority` field, RFC 9218.
    pub priority: Option<String>,
    /// `PRIORITY_UPDATE` frames before the first request, in order: stream and priority.
    pub updates: Vec<(u32, String)>,
}

/// A priority of RFC 7540 §6.3.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::event::wire describes each field")]
pub struct H2Priority {
    pub stream: u32,
    pub exclusive: bool,
    pub depends_on: u32,
    pub weight: u16,
}

/// `http_request`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct HttpRequestRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub connection: Uuid,
    pub at: String,
    pub method: String,
    pub target: String,
    pub version: String,
    pub header_order: Json<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_named_and_those_that_lie_have_no_value() {
        let found = TcpOptions::new(&[2, 4, 5, 0xb4, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 200, 9, 1]);
        let shown: Vec<(&str, String)> =
            found.options.iter().map(|o| (o.name.as_str(), o.value.to_string())).collect();
        let expected =
            [("mss", "1460"), ("nop", "null"), ("timestamps", "[9,0]"), ("option-200", "null")];
        assert_eq!(shown, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(found.raw, "020405b401080a0000000900000000c80901");
        assert_eq!(TcpOptions::new(&[4, 2, 3, 2, 0, 0]).options.len(), 3);
    }
}

//! The members of each kind of line, as a JSON schema.
//!
//! **Invariant:** one table; a test holds it and the lines of real captures together.

use anyhow::Result;
use serde_json::{Map, Value, json};

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Whole,
    Real,
    Flag,
    /// Of texts.
    Texts,
    /// Of whole numbers.
    Wholes,
    /// Of numbers.
    Reals,
    /// An object with these.
    Object(&'static [Member]),
}

/// Whether every line of the kind has a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    Seen,
}

/// A member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) holds: Type,
    pub(super) when: When,
    pub(super) what: &'static str,
}

const fn always(name: &'static str, holds: Type, what: &'static str) -> Member {
    Member { name, holds, when: When::Always, what }
}

const fn seen(name: &'static str, holds: Type, what: &'static str) -> Member {
    Member { name, holds, when: When::Seen, what }
}

use Type::{Flag, Object, Real, Reals, Text, Texts, Whole, Wholes};

/// Members of every line.
pub(super) const COMMON: &[Member] = &[
    always("ts", Text, "when the packet was captured: RFC 3339, UTC, nanoseconds"),
    always("kind", Text, "the kind of line"),
    always("src", Text, "address of who sent it; of a tcp_flow, of who opened it"),
    always("sport", Whole, "port of the same"),
    always("dst", Text, "address of the other"),
    always("dport", Whole, "port of the other"),
    always("frame", Whole, "number of the packet that completed it, from 1"),
];

const SYN: &[Member] = &[
    always("attempt", Whole, "1, or more if the same was sent before"),
    seen("since_s", Real, "seconds since it was sent the time before"),
    always("ip_version", Whole, "4 or 6"),
    always("ttl", Whole, "time to live, or hop limit"),
    always("tos", Whole, "type of service, or traffic class"),
    seen("ip_id", Whole, "IPv4 identification"),
    seen("ip_flags", Whole, "IPv4 flags: 4 reserved, 2 don't fragment, 1 more fragments"),
    seen("flow_label", Whole, "IPv6 flow label"),
    always("isn", Whole, "initial sequence number"),
    always("ack", Whole, "acknowledgement number"),
    always("tcp_flags", Whole, "the twelve bits of flags"),
    always("ecn", Text, "none, or which of ae, ece, cwr are set"),
    always("window", Whole, "window, not scaled"),
    always("tcp_options", Wholes, "kinds of the options in order; padding zeros count"),
    always("tcp_options_raw", Text, "the options as sent, hexadecimal"),
    seen("mss", Whole, "maximum segment size, bytes"),
    seen("wscale", Whole, "window scale, bits"),
    seen("tsval", Whole, "timestamp"),
    seen("tsecr", Whole, "timestamp echoed"),
    seen("payload", Whole, "bytes of payload, where there is one"),
    seen("os_guess", Text, "who sends such, by the set of signatures"),
    seen("os_confidence", Text, "exact, or near: one of TTL, DF and IP identification is off"),
    seen("hop_distance", Whole, "routers in between, by the TTL"),
    seen("ja4t", Text, "JA4T of a SYN"),
    seen("ja4ts", Text, "JA4TS of a SYN-ACK"),
    seen("p0f_syn", Text, "signature of a SYN in p0f's notation"),
    seen("p0f_synack", Text, "signature of a SYN-ACK in p0f's notation"),
];

const SIDE: &[Member] = &[
    seen("first_frame", Whole, "number of its first packet"),
    always("packets", Whole, "packets"),
    always("bytes", Whole, "bytes of payload, repeated ones too"),
    seen("mss", Whole, "maximum segment size that its SYN names, bytes"),
    seen("df", Flag, "whether its SYN asks not to be fragmented"),
    always("max_segment", Whole, "bytes of the largest payload"),
    always("initial_window_segments", Whole, "segments before the first acknowledgement of data"),
    always("initial_window_bytes", Whole, "bytes of those"),
    always("retransmit_count", Whole, "segments that were sent again"),
    seen("rto_s", Reals, "of the first of those: seconds since they were sent first"),
    seen("rto_attempt", Wholes, "of the same: which try it was, from 1"),
    seen("pacing", Object(PACING), "how its packets follow one another in bursts"),
    seen("ect0", Whole, "packets marked ECT(0)"),
    seen("ect1", Whole, "packets marked ECT(1)"),
    seen("ce", Whole, "packets marked CE"),
    seen("ece", Whole, "packets behind the SYN with ECE"),
    seen("cwr", Whole, "packets behind the SYN with CWR"),
    seen("pmtu", Whole, "smallest MTU in an ICMP error about its packets, bytes"),
    seen("too_big", Whole, "such errors"),
    seen("ts_hz", Whole, "nominal frequency of its timestamps, Hz"),
    seen("ts_hz_measured", Real, "measured frequency of its timestamps, Hz"),
    seen("ts_points", Whole, "timestamps it was measured on"),
    seen("clock_skew_ppm", Real, "how much faster its clock runs than the capture's, ppm"),
    seen("clock_skew_ci", Real, "bound of that on either side, ppm"),
];

const PACING: &[Member] = &[
    always("gaps", Whole, "gaps inside bursts"),
    always("p50_s", Real, "median, s"),
    always("p95_s", Real, "95th percentile, s"),
    always("under_1ms", Real, "share of gaps under a millisecond"),
    seen("paced", Flag, "whether the sender spreads its packets"),
];

const OFFER: &[Member] = &[
    always("session_id", Text, "none, offered, or unclear: TLS 1.3 sends one in any case"),
    always("ticket", Flag, "a ticket of TLS 1.2"),
    always("psk", Flag, "an identity of a pre-shared key"),
    always("early_data", Flag, "early data is announced"),
];

const PRIORITY: &[Member] = &[
    always("stream", Whole, "the stream"),
    always("exclusive", Flag, "whether it alone depends on the other"),
    always("depends_on", Whole, "the stream that it depends on"),
    always("weight", Whole, "1 to 256"),
];

/// Kinds of lines and their members beside [`COMMON`].
pub(super) const KINDS: &[(&str, &[Member])] = &[
    ("tcp_syn", SYN),
    ("tcp_synack", SYN),
    (
        "tcp_flow",
        &[
            always("took_s", Real, "from its first packet to its last"),
            always("end", Text, "finished, reset, reused, idle, evicted, stopped"),
            always("client", Object(SIDE), "what the one who opened it sent"),
            always("server", Object(SIDE), "what the other sent"),
        ],
    ),
    (
        "ssh_ident",
        &[
            always("side", Text, "client or server"),
            always("ssh_banner", Text, "the identification line without its end"),
            always("ssh_banner_raw", Text, "the identification line as sent"),
            always("took_s", Real, "from the connection's begin to the line's last byte"),
        ],
    ),
    (
        "ssh_kex_init",
        &[
            always("side", Text, "client or server"),
            seen("hassh", Text, "HASSH of a client"),
            seen("hassh_raw", Text, "what it is the MD5 of"),
            seen("hassh_server", Text, "HASSHServer of a server"),
            seen("hassh_server_raw", Text, "what it is the MD5 of"),
            always("kex_order_raw", Texts, "the ten name-lists in the order of RFC 4253 §7.1"),
            always("first_kex_packet_follows", Flag, "the flag of that name"),
        ],
    ),
    (
        "ssh_traffic",
        &[
            seen("ja4ssh", Text, "JA4SSH"),
            always("whole", Flag, "whether the window is whole"),
            always("client_packets", Whole, "segments with payload of the client"),
            always("server_packets", Whole, "segments with payload of the server"),
            always("client_acks", Whole, "bare acknowledgements of the client"),
            always("server_acks", Whole, "bare acknowledgements of the server"),
            always("client_mode", Whole, "most frequent payload of the client, bytes"),
            always("server_mode", Whole, "most frequent payload of the server, bytes"),
        ],
    ),
    (
        "tls_client_hello",
        &[
            always("carrier", Text, "tcp, quic, dtls"),
            always("tls_version", Whole, "legacy_version"),
            always("ja3", Text, "JA3"),
            always("ja3_raw", Text, "what it is the MD5 of"),
            always("ja4", Text, "JA4"),
            always("ja4_raw", Text, "JA4 with its lists in place of their hashes"),
            seen("sni", Text, "host name asked for"),
            always("alpn", Texts, "application protocols offered, in order"),
            always("resumption", Object(OFFER), "what of an earlier session is offered"),
            always("session_id", Text, "session id, hexadecimal"),
        ],
    ),
    (
        "tls_server_hello",
        &[
            always("carrier", Text, "tcp, quic, dtls"),
            always("tls_version", Whole, "version chosen"),
            always("cipher", Whole, "cipher suite chosen"),
            always("ja3s", Text, "JA3S"),
            always("ja3s_raw", Text, "what it is the MD5 of"),
            seen("ja4s", Text, "JA4S"),
            seen("ja4s_raw", Text, "JA4S with its list in place of the hash"),
            always("alpn", Texts, "application protocol chosen, where it is in the clear"),
            always("retry", Flag, "whether it asks for another ClientHello"),
            always("psk", Flag, "whether a pre-shared key is taken"),
            always("session_id", Text, "session id, hexadecimal"),
        ],
    ),
    (
        "tls_certificates",
        &[
            always("carrier", Text, "tcp, dtls"),
            always("side", Text, "client or server"),
            always("certificate_bytes", Wholes, "size of each certificate, bytes"),
        ],
    ),
    (
        "http_request",
        &[
            always("http_version", Text, "as sent; 2 of HTTP/2"),
            always("method", Text, "as sent"),
            always("target", Text, "as sent"),
            seen("host", Text, "Host, or :authority"),
            seen("user_agent", Text, "User-Agent"),
            always("header_order", Texts, "names as sent, in order"),
            seen("ja4h", Text, "JA4H"),
            seen("ja4h_raw", Text, "JA4H with its lists in place of their hashes"),
            seen(
                "h2_akamai",
                Text,
                "Akamai string of an HTTP/2 connection, with its first request",
            ),
            seen("h2_akamai_hash", Text, "MD5 of it"),
            seen("h2_priority", Object(PRIORITY), "priority fields of its HEADERS frame"),
        ],
    ),
    (
        "http2_settings",
        &[
            always("side", Text, "client or server"),
            always("h2_settings", Text, "identifier:value, in order, between semicolons"),
        ],
    ),
    (
        "anomaly",
        &[
            always("anomaly", Text, "what no honest client sends, by name"),
            always("detail", Text, "the bytes or the place in question"),
        ],
    ),
];

/// The schema of a line, JSON Schema 2020-12.
pub(super) fn document() -> Result<String> {
    let kinds: Vec<Value> = KINDS
        .iter()
        .map(|(kind, members)| {
            let mut object = object(COMMON.iter().chain(*members));
            if let Some(member) = object.pointer_mut("/properties/kind") {
                *member = json!({ "const": kind, "description": "the kind of line" });
            }
            object
        })
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of `decnet read --json`",
        "description": "Members that were not seen are left out. Bytes of a peer are text; what is \
            not printable ASCII or valid UTF-8 is written as \\xNN, and a backslash then as \\\\.",
        "oneOf": kinds,
    });
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

fn object<'a>(members: impl Iterator<Item = &'a Member> + Clone) -> Value {
    let mut properties = Map::new();
    for member in members.clone() {
        let mut value = match member.holds {
            Type::Text => json!({ "type": "string" }),
            Type::Whole => json!({ "type": "integer" }),
            Type::Real => json!({ "type": "number" }),
            Type::Flag => json!({ "type": "boolean" }),
            Type::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Type::Wholes => json!({ "type": "array", "items": { "type": "integer" } }),
            Type::Reals => json!({ "type": "array", "items": { "type": "number" } }),
            Type::Object(members) => object(members.iter()),
        };
        if let Some(value) = value.as_object_mut() {
            value.insert("description".to_owned(), Value::from(member.what));
        }
        properties.insert(member.name.to_owned(), value);
    }
    let required: Vec<&str> =
        members.filter(|member| member.when == When::Always).map(|member| member.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::line::Lines;
    use decnet_core::flow::capture::{Block, Reader};
    use decnet_core::flow::eye::Eye;
    use decnet_core::flow::tracker::Config;
    use std::collections::BTreeMap;

    /// Lines of all captures that there are, or nothing where there are none.
    fn lines() -> Option<Vec<u8>> {
        let sources = std::fs::read_dir(decnet_testing::reference("pcap")?).unwrap();
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for source in sources.flatten().filter(|source| source.file_name() != "expected") {
            for file in std::fs::read_dir(source.path()).into_iter().flatten().flatten() {
                let bytes = std::fs::read(file.path()).unwrap();
                let (mut reader, mut rest) = (Reader::default(), bytes.as_slice());
                let mut eye = Eye::new(&Config::default());
                let mut take = |sight| lines.write(&sight, &mut out);
                while let Ok(Some((block, used))) = reader.next(rest) {
                    if let Block::Packet(record) = block {
                        eye.packet(&record, &mut take);
                    }
                    rest = &rest[used..];
                }
                eye.stop(&mut take);
            }
        }
        Some(out)
    }

    #[track_caller]
    fn check<'a>(
        object: &Map<String, Value>,
        members: &(impl Iterator<Item = &'a Member> + Clone),
        path: &str,
        met: &mut BTreeMap<String, u64>,
    ) {
        for member in members.clone().filter(|member| member.when == When::Always) {
            assert!(object.contains_key(member.name), "{path}: no {}", member.name);
        }
        for (name, value) in object {
            let member = members.clone().find(|member| member.name == name);
            let member = member.unwrap_or_else(|| panic!("{path}: {name} is in no schema"));
            let path = format!("{path}.{name}");
            let all = |test: fn(&Value) -> bool| {
                value.as_array().is_some_and(|items| items.iter().all(test))
            };
            let fits = match member.holds {
                Type::Text => value.is_string(),
                Type::Whole => value.is_u64(),
                Type::Real => value.is_number(),
                Type::Flag => value.is_boolean(),
                Type::Texts => all(Value::is_string),
                Type::Wholes => all(Value::is_u64),
                Type::Reals => all(Value::is_number),
                Type::Object(members) => {
                    check(value.as_object().unwrap(), &members.iter(), &path, met);
                    true
                }
            };
            assert!(fits, "{path}: {value}");
            *met.entry(path).or_default() += 1;
        }
    }

    #[test]
    fn lines_of_captures_are_as_the_schema_says() {
        let Some(lines) = lines() else { return };
        let mut met = BTreeMap::new();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let value: Value = serde_json::from_slice(line).unwrap();
            let kind = value["kind"].as_str().unwrap();
            let members = KINDS.iter().find(|(name, _)| *name == kind).unwrap().1;
            let members = COMMON.iter().chain(members);
            check(value.as_object().unwrap(), &members, kind, &mut met);
        }
        // What no capture shows would be a name without a test.
        let own: Vec<String> = KINDS
            .iter()
            .flat_map(|(kind, members)| members.iter().map(move |m| format!("{kind}.{}", m.name)))
            .filter(|name| !met.contains_key(name))
            .collect();
        println!("in no capture: {own:?}");
    }

    #[test]
    fn the_document_is_a_schema() {
        let schema: Value = serde_json::from_str(&document().unwrap()).unwrap();
        assert_eq!(schema["oneOf"].as_array().unwrap().len(), KINDS.len());
        assert_eq!(schema["oneOf"][0]["properties"]["kind"]["const"], "tcp_syn");
    }
}

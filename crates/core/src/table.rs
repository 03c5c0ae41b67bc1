//! The tables that operators query: names, columns, types, units. SQL schema, audit and documents
//! are made from this one list.
//!
//! **Invariant:** every column is either part of a table's keys or named by a signal of
//! [`crate::signal`]; written columns are exactly the fields of the fold's row structs, in order.

/// A table of profile rows: a cache of the journal, dropped and rebuilt at will.
#[derive(Debug)]
pub struct Table {
    /// Its name in SQL.
    pub name: &'static str,
    /// What one row is.
    pub what: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
    /// Columns of the primary key.
    pub primary_key: &'static [&'static str],
    /// Further indexes.
    pub indexes: &'static [Index],
}

/// An index besides the primary key.
#[derive(Debug)]
pub struct Index {
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Whether two rows may hold the same values in them.
    pub rows: Rows,
}

/// Whether two rows may hold the same values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// They may.
    Many,
    /// They may not.
    One,
}

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Its name in SQL and JSON.
    pub name: &'static str,
    /// Its type.
    pub sql: Sql,
    /// Unit, range or denominator; empty where the name says it.
    pub unit: &'static str,
    /// Whether the fold writes it.
    pub state: State,
}

/// Whether the fold writes a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It names or joins rows; no signal.
    Key,
    /// The fold writes it.
    Written,
    /// It exists and is NULL: no source emits what it is made from yet.
    Planned,
}

/// The type of a column, in words that both stores translate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sql {
    /// 64-bit whole number.
    Integer,
    /// 64-bit float.
    Real,
    /// 0 or 1.
    Flag,
    /// Text of at most so many characters; may be indexed.
    Text(u16),
    /// Text of up to 16 MiB.
    Long,
    /// A JSON document of up to 16 MiB.
    Json,
    /// RFC 3339, UTC, six decimals, 27 characters.
    Instant,
    /// A UUID, 36 characters.
    Uuid,
    /// So many bytes, exactly; may be indexed.
    Bytes(u16),
    /// Bytes of any number up to 16 MiB.
    Octets,
}

const fn key(name: &'static str, sql: Sql) -> Column {
    Column { name, sql, unit: "", state: State::Key }
}
const fn col(name: &'static str, sql: Sql, unit: &'static str) -> Column {
    Column { name, sql, unit, state: State::Written }
}
const fn planned(name: &'static str, sql: Sql, unit: &'static str) -> Column {
    Column { name, sql, unit, state: State::Planned }
}
const fn many(columns: &'static [&'static str]) -> Index {
    Index { columns, rows: Rows::Many }
}
const fn one(columns: &'static [&'static str]) -> Index {
    Index { columns, rows: Rows::One }
}

use Sql::{Bytes, Flag, Instant, Integer, Json, Long, Octets, Real, Text, Uuid};

/// Every table, in the order of the schema.
pub const TABLES: &[Table] = &[
    Table {
        name: "attackers",
        what: "one source address",
        columns: &[
            key("uuid", Uuid),
            key("ip", Text(45)),
            key("first_seen", Instant),
            key("last_seen", Instant),
            key("event_count", Integer),
            key("service_count", Integer),
            key("decky_count", Integer),
            key("services", Json),
            key("deckies", Json),
            col("traversal_path", Long, "deckies in first-contact order"),
            col("is_traversal", Flag, "more than one decky"),
            key("bounty_count", Integer),
            key("credential_count", Integer),
            col("fingerprints", Json, "[{kind, hash, raw, first_seen, last_seen, seen_by}]"),
            key("commands", Json),
            key("updated_at", Instant),
            key("state", Octets),
            planned("country_code", Text(2), "ISO 3166-1 alpha-2"),
            planned("country_source", Text(64), ""),
            planned("asn", Integer, ""),
        ],
        primary_key: &["uuid"],
        indexes: &[
            one(&["ip"]),
            many(&["first_seen"]),
            many(&["last_seen"]),
            many(&["updated_at"]),
            many(&["country_code"]),
        ],
    },
    Table {
        name: "attacker_behavior",
        what: "one attacker, how its software behaves",
        columns: &[
            key("attacker_uuid", Uuid),
            col("kex_order_raw", Json, "[{ten name-lists, first_kex_packet_follows, markers}]"),
            col("ssh_client_banners", Json, "distinct lines with their ends, in order seen"),
            col("tcp_fingerprint", Json, "latest SYN unlike those before; the others in it"),
            col("retransmit_count", Integer, "SYNs and segments with data, sent again"),
            col("clock_skew_ppm", Real, "ppm; above zero: faster than our clock"),
            col("ts_hz", Real, "Hz"),
            col("clock_skew_ci", Real, "ppm, either way"),
            key("clock_skew_points", Integer),
            col("isn_class", Text(64), "constant, incremental, time_driven, random (statistic)"),
            col("ipid_class", Text(64), "as isn_class"),
            col("link_type", Text(32), "by the largest packet that the path takes"),
            col("ecn", Text(32), "none, offers, offers_accurate, uses"),
            col("os_guess", Text(128), ""),
            col("hop_distance", Integer, "hops"),
            col("tool_guesses", Json, "all matches with their evidence, in time order"),
            key("updated_at", Instant),
            key("state", Octets),
            planned("behavior_class", Text(16), "one of seven"),
            planned("beacon_interval_s", Real, "s"),
            planned("beacon_jitter_pct", Real, "%"),
            planned("timing_stats", Json, "s"),
            planned("phase_sequence", Json, "recon_end, exfil_start, latency"),
        ],
        primary_key: &["attacker_uuid"],
        indexes: &[many(&["updated_at"])],
    },
    Table {
        name: "attacker_aggregate",
        what: "one attacker, over its life",
        columns: &[
            key("attacker_uuid", Uuid),
            planned("activity_dist_by_hour", Json, "events by UTC hour and weekday"),
            planned("session_duration_dist", Json, "s, percentiles"),
            planned("recon_to_action_ratio", Real, "recon events / action events"),
            planned("lateral_movement_graph", Json, "edges with dwell times, s"),
            planned("first_persistence_at", Instant, ""),
            planned("first_exfil_at", Instant, ""),
            planned("is_persistent", Flag, ""),
            planned("tool_sequence", Json, "in time order"),
            planned("error_response", Json, ""),
            key("updated_at", Instant),
        ],
        primary_key: &["attacker_uuid"],
        indexes: &[many(&["updated_at"])],
    },
    Table {
        name: "session",
        what: "one session: what joins its profile to attacker, decky, connection and recording",
        columns: &[
            key("sid", Uuid),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("channel", Integer),
            key("decky", Text(64)),
            key("service", Text(16)),
            key("user", Text(255)),
            key("program", Text(16)),
            key("command", Long),
            key("opened_at", Instant),
            key("closed_at", Instant),
            key("close_cause", Text(16)),
            key("exit_status", Integer),
            col("recording", Text(255), "file name in the folder of recordings"),
            col("recording_bytes", Integer, "bytes"),
            col("recording_extent", Text(16), "whole, cut_at_limit, cut_by_fault"),
            key("state", Octets),
        ],
        primary_key: &["sid"],
        indexes: &[many(&["attacker_uuid"]), many(&["opened_at"]), many(&["closed_at"])],
    },
    Table {
        name: "session_profile",
        what: "one recorded session, as features; also the wire format between operators",
        columns: &[
            key("sid", Uuid),
            key("log_id", Integer),
            key("schema_version", Integer),
            col("kd_iki_mean", Real, "s"),
            col("kd_iki_stdev", Real, "s, sample"),
            col("kd_iki_p50", Real, "s"),
            col("kd_iki_p95", Real, "s"),
            col("kd_enter_latency_p50", Real, "s"),
            col("kd_enter_latency_p95", Real, "s"),
            col("kd_burst_ratio", Real, "gaps under 30 ms / gaps"),
            col("kd_think_ratio", Real, "time in pauses over 2 s / session duration"),
            col("kd_pause_hist_burst", Integer, "gaps < 0.2 s"),
            col("kd_pause_hist_think", Integer, "0.2 s <= gaps < 1.5 s"),
            col("kd_pause_hist_distracted", Integer, "gaps >= 1.5 s"),
            col("kd_start_of_action_latency", Real, "s"),
            col("kd_ctrl_backspace", Real, "per keystroke"),
            col("kd_ctrl_wkill", Real, "per keystroke"),
            col("kd_ctrl_ukill", Real, "per keystroke"),
            col("kd_ctrl_abort", Real, "per keystroke"),
            col("kd_ctrl_eof", Real, "per keystroke"),
            col("kd_arrow_rate", Real, "per keystroke"),
            col("kd_tab_rate", Real, "per keystroke"),
            col("kd_digraph_simhash", Bytes(8), "compare by Hamming distance, same version only"),
            col("kd_typist_vector", Bytes(32), "int8[32]"),
            col("kd_digraph_count", Integer, "usable digraphs"),
            col("kd_table_version", Integer, ""),
            col("kd_top_bigrams", Json, "[digraph, count, mean gap s], at most 32"),
            col("paste_count", Integer, "pasted runs"),
            col("input_class", Text(16), "human, scripted, mixed"),
            col("input_evidence", Json, "each rule's value and verdict"),
            col("total_keystrokes", Integer, "keystrokes while echo was on"),
            col("session_duration_s", Real, "s"),
            col("term", Text(255), ""),
            col("term_cols", Integer, "characters"),
            col("term_rows", Integer, "characters"),
            col("term_px", Text(32), "width x height, pixels"),
            col("term_modes", Json, "{raw: hex, modes: {name: value}}"),
            col("resize_count", Integer, ""),
            col("env", Json, "object, first-seen order"),
            col("locale", Text(255), "LC_ALL, else LANG, else LC_CTYPE, else the first LC_*"),
            col("client_banner", Text(512), "identification line with its end"),
            col("client_banner_s", Real, "s from accept to the line's end"),
            col("src_port", Integer, ""),
            col("dst_port", Integer, ""),
            col("agent_forwarding", Flag, ""),
            col("channels_max", Integer, "open at once in the connection"),
            key("created_at", Instant),
            col("cmd_think_p50", Real, "s"),
            col("cmd_think_p95", Real, "s"),
            col("sensitive_pause_ratio", Real, "median pause at sensitive commands / at others"),
            col("cmd_ngrams", Json, "{1, 2, 3: [[names, count]]}, at most 32 each"),
            col("editors", Json, "[{editor, count, seconds}], in order of first use"),
            col("history_use", Json, "{kind: count}"),
            planned("kd_hold_mean", Real, "s"),
            planned("kd_hold_stdev", Real, "s"),
            planned("kd_hold_p50", Real, "s"),
            planned("kd_hold_p95", Real, "s"),
        ],
        primary_key: &["sid"],
        indexes: &[many(&["log_id"]), many(&["kd_digraph_simhash"]), many(&["created_at"])],
    },
    Table {
        name: "keystroke",
        what: "a run of keystrokes of a session, in order",
        columns: &[
            key("sid", Uuid),
            key("part", Integer),
            key("keys", Integer),
            col("instants_us", Json, "µs since session start, one a keystroke"),
            key("strokes", Octets),
        ],
        primary_key: &["sid", "part"],
        indexes: &[],
    },
    Table {
        name: "session_channel",
        what: "one channel, or one forwarding request, of a connection",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("channel", Integer),
            key("sid", Uuid),
            col("kind", Text(64), "channel type, or name of the request"),
            col("program", Text(64), "shell, exec, or the subsystem's name"),
            col("target_host", Text(255), "as sent; never connected"),
            col("target_port", Integer, ""),
            col("originator", Text(255), "host:port as sent"),
            col("answer", Text(16), "granted, refused"),
            col("opened_at", Instant, ""),
            col("closed_at", Instant, ""),
        ],
        primary_key: &["id"],
        indexes: &[many(&["connection"]), many(&["attacker_uuid"])],
    },
    Table {
        name: "session_command",
        what: "one command of a session",
        columns: &[
            key("sid", Uuid),
            key("n", Integer),
            col("line", Long, ""),
            col("started_at", Instant, "first key"),
            col("entered_at", Instant, "Enter; where nothing was typed, when it was handed over"),
            col("ended_at", Instant, ""),
            col("exit_status", Integer, ""),
            col("think_s", Real, "s, prompt to first key"),
            col("enter_latency_s", Real, "s, last key to Enter"),
            col("sensitive", Text(32), "class of what changes or takes something"),
            col("technique", Text(16), "ATT&CK Enterprise 17.1"),
            col("flags", Text(255), "as typed, in order"),
            col("canonical", Long, "the same for ls -la and ls -al"),
        ],
        primary_key: &["sid", "n"],
        indexes: &[],
    },
    Table {
        name: "session_typo",
        what: "one correction in a command line",
        columns: &[
            key("sid", Uuid),
            key("n", Integer),
            key("command", Integer),
            key("at", Instant),
            col("typed", Text(255), ""),
            col("became", Text(255), ""),
            col(
                "kind",
                Text(32),
                "transposition, omission, insertion, substitution, wrong_command",
            ),
        ],
        primary_key: &["sid", "n"],
        indexes: &[],
    },
    Table {
        name: "auth_attempt",
        what: "one try to log in",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("decky", Text(64)),
            key("service", Text(16)),
            col("attempt", Integer, "number in its connection, from 1"),
            col("at", Instant, ""),
            col("gap_s", Real, "s since the try before in its connection"),
            col("method", Text(64), ""),
            col("user", Text(255), ""),
            col("secret", Text(255), "NULL where the method has none"),
            col("outcome", Text(16), "accepted, refused"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "credential",
        what: "one user and secret that an attacker tried on a service",
        columns: &[
            key("id", Bytes(16)),
            key("attacker_uuid", Uuid),
            col("service", Text(16), ""),
            col("user", Text(255), ""),
            col("secret", Text(255), ""),
            col("accepted", Flag, "let in at least once"),
            col("first_seen", Instant, ""),
            col("last_seen", Instant, ""),
            col("count", Integer, "tries"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"]), many(&["secret"])],
    },
    Table {
        name: "ssh_key",
        what: "one public key offered, in a forwarded agent's list, or planted",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            col(
                "source",
                Text(32),
                "offered, agent, planted_shell, planted_sftp, planted_scp, ...",
            ),
            col("offer", Integer, "number in its connection, or in its list, from 1"),
            col("at", Instant, ""),
            col("user", Text(255), ""),
            col("key_type", Text(64), "algorithm name inside the key"),
            col("bits", Integer, "bits of the key; NULL where the type is unknown"),
            col("fingerprint", Text(64), "SHA256:base64"),
            col("signature_algorithm", Text(64), "as asked for"),
            col("proof", Text(16), "asked, signed"),
            col("comment", Text(255), "beside the key in an agent's list or a planted line"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"]), many(&["fingerprint"])],
    },
    Table {
        name: "fingerprint",
        what: "one fingerprint of an attacker's software",
        columns: &[
            key("id", Bytes(16)),
            key("attacker_uuid", Uuid),
            col("kind", Text(16), "ja3, ja4, hassh, p0f, h2_akamai, ..."),
            col("hash", Text(128), ""),
            col("raw", Long, "the string that is hashed"),
            col("seen_by", Text(32), ""),
            col("first_seen", Instant, ""),
            col("last_seen", Instant, ""),
            col("count", Integer, "times seen"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"]), many(&["hash"])],
    },
    Table {
        name: "tcp_syn",
        what: "one SYN, or the SYN-ACK that answers one",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("at", Instant),
            key("side", Text(8)),
            key("src_port", Integer),
            key("dst_port", Integer),
            key("attempt", Integer),
            key("since_s", Real),
            col("isn", Integer, "initial sequence number"),
            col("options", Json, "{raw: hex, options: [{kind, name, value}]}, in order"),
            col("ecn", Text(16), "flags: ece+cwr, ece, ae+ece+cwr, ...; NULL without"),
            key("ttl", Integer),
            key("ip_id", Integer),
            key("df", Flag),
            key("window", Integer),
            key("mss", Integer),
            key("wscale", Integer),
            key("tsval", Integer),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "tcp_flow",
        what: "one TCP connection, told at its end; the columns are the attacker's direction",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("began_at", Instant),
            key("ended_at", Instant),
            key("end", Text(16)),
            key("src_port", Integer),
            key("dst_port", Integer),
            key("packets", Integer),
            key("bytes", Integer),
            key("repeats", Integer),
            col("initial_window_segments", Integer, "before the first acknowledgement of data"),
            col("initial_window_bytes", Integer, "bytes"),
            col("rto_s", Json, "{delays: [{attempt, s}], backoff: ratios of successive waits}"),
            col("mss", Integer, "bytes, as its SYN says"),
            col("max_segment", Integer, "bytes of the largest payload"),
            col(
                "pmtud",
                Text(32),
                "too_big:MTU as a router said; df, off by the SYN; always: IPv6",
            ),
            col("pacing", Json, "gaps in bursts; p50_s, p95_s, under_1ms: of the first 64"),
            key("marks", Json),
            key("server", Json),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "tls_session",
        what: "one ClientHello, and what the server made of it",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("at", Instant),
            key("src_port", Integer),
            key("dst_port", Integer),
            key("carrier", Text(8)),
            key("sni", Text(255)),
            key("alpn", Json),
            key("offered_version", Text(16)),
            key("version", Text(16)),
            key("cipher", Text(8)),
            key("chosen_alpn", Text(255)),
            col("resumption", Json, "{offered: {session_id, ticket, psk, early_data}, accepted}"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "http_client",
        what: "one HTTP/2 connection's preface",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("at", Instant),
            col(
                "h2_settings",
                Json,
                "{settings: [{id, name, value}], window_update, pseudo_headers}",
            ),
            col("h2_priority", Json, "{frames, headers, priority: the field's value}"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "http_request",
        what: "one HTTP request",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("connection", Uuid),
            key("at", Instant),
            key("method", Text(32)),
            key("target", Long),
            key("version", Text(8)),
            col("header_order", Json, "names in order and case"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "http_cookie",
        what: "one cookie that a decoy set, and what became of it",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            planned("name", Text(255), ""),
            planned("fate", Text(16), "returned, dropped, altered, replayed"),
            planned("attributes", Json, "path, expiry, secure: respected or not"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "probe",
        what: "one active probe of an attacker's own port",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            planned("target", Text(64), ""),
            planned("result", Json, "JARM, certificate"),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"])],
    },
    Table {
        name: "smtp_targets",
        what: "one domain that an attacker sends mail to",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            planned("domain", Text(255), "no local part"),
            planned("first_seen", Instant, ""),
            planned("last_seen", Instant, ""),
            planned("count", Integer, ""),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"]), many(&["domain"]), one(&["attacker_uuid", "domain"])],
    },
    Table {
        name: "artifact",
        what: "one file that an attacker brought, wrote or asked for",
        columns: &[
            key("id", Integer),
            key("attacker_uuid", Uuid),
            key("sid", Uuid),
            key("at", Instant),
            key("path", Long),
            key("url", Long),
            col("sha256", Bytes(32), "of the bytes that were held"),
            col("size", Integer, "bytes"),
            col("mime", Text(128), "by its first bytes"),
            col("origin", Text(32), "sftp, scp, redirect, program; wget, curl, ... of wishes"),
            key("held", Integer),
            key("keeping", Text(16)),
        ],
        primary_key: &["id"],
        indexes: &[many(&["attacker_uuid"]), many(&["sid"]), many(&["sha256"])],
    },
    Table {
        name: "identity",
        what: "attackers and sessions that are the same hands",
        columns: &[
            key("id", Uuid),
            planned("label", Text(255), ""),
            planned("confidence", Real, "0 to 1"),
        ],
        primary_key: &["id"],
        indexes: &[],
    },
    Table {
        name: "identity_link",
        what: "one join of an identity, with its evidence",
        columns: &[
            key("id", Integer),
            key("identity", Uuid),
            planned("attacker_uuid", Uuid, ""),
            planned("evidence", Json, ""),
        ],
        primary_key: &["id"],
        indexes: &[many(&["identity"])],
    },
    Table {
        name: "federation_peer",
        what: "one operator that may ask",
        columns: &[key("id", Uuid), planned("public_key", Bytes(32), "Ed25519")],
        primary_key: &["id"],
        indexes: &[],
    },
    Table {
        name: "federation_query",
        what: "one question of an operator, and its answer",
        columns: &[
            key("id", Integer),
            planned("peer", Uuid, ""),
            planned("question", Json, ""),
            planned("answer", Json, "seen, count, first seen"),
        ],
        primary_key: &["id"],
        indexes: &[],
    },
];

/// The table of that name.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl Table {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that the fold fills, in order: keys and written ones.
    pub fn filled(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(|column| column.state != State::Planned)
    }

    /// Whether the fold writes rows of this table at all.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.columns.iter().any(|column| column.state == State::Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_snake_case() {
        let mut tables = BTreeSet::new();
        for table in TABLES {
            assert!(tables.insert(table.name), "{} twice", table.name);
            let mut columns = BTreeSet::new();
            for name in table.columns.iter().map(|c| c.name).chain([table.name]) {
                assert!(
                    name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                    "{name} is not snake_case"
                );
                assert!(columns.insert(name), "{}.{name} twice", table.name);
            }
        }
    }

    #[test]
    fn keys_and_indexes_name_columns_that_can_be_indexed() {
        for table in TABLES {
            let indexed = table.indexes.iter().flat_map(|i| i.columns).chain(table.primary_key);
            for name in indexed {
                let column = table.column(name).unwrap_or_else(|| panic!("{}.{name}", table.name));
                assert!(
                    !matches!(column.sql, Sql::Long | Sql::Json | Sql::Octets),
                    "{}.{name} cannot be indexed in MySQL",
                    table.name
                );
            }
        }
    }

    #[test]
    fn planned_columns_come_last_in_written_tables() {
        // Except `updated_at`-like keys, an INSERT lists a prefix of the columns.
        for table in TABLES.iter().filter(|table| table.is_written()) {
            let first_planned = table.columns.iter().position(|c| c.state == State::Planned);
            if let Some(first) = first_planned {
                assert!(
                    table.columns[first..].iter().all(|c| c.state == State::Planned),
                    "{}: written column after a planned one",
                    table.name
                );
            }
        }
    }
}

//! What was seen on the wire, as a person reads it: the latest few rows of each table, and their
//! documents as words.
//!
//! **Invariant:** nothing that is not in the rows; all of it is in the same command's JSON.

use crate::show::{value, when};
use decnet_core::row::Value;
use decnet_core::table::Sql;
use decnet_store::{Field, Record};
use serde_json::Value as Json;

/// Rows of a table that are shown.
const SHOWN: usize = 10;

/// SYNs and SYN-ACKs.
pub(crate) fn syns(rows: &[Record]) -> Vec<Record> {
    told(rows, |row| {
        vec![
            ("at", instant(row, "at")),
            ("side", value::of(row, "side")),
            ("ports", ports(row)),
            ("try", value::of(row, "attempt")),
            ("ttl", value::of(row, "ttl")),
            ("window", value::of(row, "window")),
            ("options", list(document(row, "options").get("options"), ", ", option)),
            ("ecn", value::of(row, "ecn")),
            ("isn", value::of(row, "isn")),
        ]
    })
}

/// Connections.
pub(crate) fn flows(rows: &[Record]) -> Vec<Record> {
    told(rows, |row| {
        let segments = value::of(row, "initial_window_segments");
        let bytes = value::of(row, "initial_window_bytes");
        let repeated = document(row, "rto_s");
        let pacing = document(row, "pacing");
        vec![
            ("began_at", instant(row, "began_at")),
            ("ports", ports(row)),
            ("end", value::of(row, "end")),
            ("packets", value::of(row, "packets")),
            ("bytes", value::of(row, "bytes")),
            ("first_flight", both(&segments, " / ", &bytes)),
            ("sent_again_s", list(repeated.get("delays"), " ", |delay| real(delay.get("s")))),
            ("backoff", list(repeated.get("backoff"), " ", |ratio| real(Some(ratio)))),
            ("mss", value::of(row, "mss")),
            ("max_segment", value::of(row, "max_segment")),
            ("pmtud", value::of(row, "pmtud")),
            ("gap_p50_s", real(pacing.get("p50_s"))),
            ("paced", word(pacing.get("paced"))),
        ]
    })
}

/// Handshakes of TLS.
pub(crate) fn tls_sessions(rows: &[Record]) -> Vec<Record> {
    told(rows, |row| {
        let resumption = document(row, "resumption");
        let offered = resumption.get("offered");
        let mut offers = Vec::new();
        for (name, shown) in [("ticket", "ticket"), ("psk", "psk"), ("early_data", "early data")] {
            if offered.and_then(|offered| offered.get(name)) == Some(&Json::Bool(true)) {
                offers.push(shown);
            }
        }
        if offered.and_then(|offered| offered.get("session_id")) == Some(&Json::from("offered")) {
            offers.push("session id");
        }
        let version = match value::of(row, "version") {
            version if version.is_empty() => both("up to ", "", &value::of(row, "offered_version")),
            version => version,
        };
        vec![
            ("at", instant(row, "at")),
            ("ports", ports(row)),
            ("carrier", value::of(row, "carrier")),
            ("sni", value::of(row, "sni")),
            ("alpn", list(Some(&document(row, "alpn")), " ", |name| word(Some(name)))),
            ("version", version),
            ("cipher", value::of(row, "cipher")),
            ("resumes_with", offers.join(", ")),
            ("accepted", word(resumption.get("accepted"))),
        ]
    })
}

/// What HTTP/2 connections begin with.
pub(crate) fn http_clients(rows: &[Record]) -> Vec<Record> {
    told(rows, |row| {
        let settings = document(row, "h2_settings");
        let priority = document(row, "h2_priority");
        vec![
            ("at", instant(row, "at")),
            ("settings", list(settings.get("settings"), " ", setting)),
            ("window_update", word(settings.get("window_update"))),
            ("order", list(settings.get("pseudo_headers"), " ", |name| word(Some(name)))),
            ("priority", word(priority.get("priority"))),
            ("frames", list(priority.get("frames"), " ", dependency)),
            ("headers", priority.get("headers").map(dependency).unwrap_or_default()),
        ]
    })
}

/// Requests of HTTP.
pub(crate) fn http_requests(rows: &[Record]) -> Vec<Record> {
    told(rows, |row| {
        vec![
            ("at", instant(row, "at")),
            ("method", value::of(row, "method")),
            ("target", value::of(row, "target")),
            ("version", value::of(row, "version")),
            ("header_order", list(Some(&document(row, "header_order")), ", ", |n| word(Some(n)))),
        ]
    })
}

fn told(rows: &[Record], tell: impl Fn(&Record) -> Vec<(&'static str, String)>) -> Vec<Record> {
    rows.iter()
        .take(SHOWN)
        .map(|row| Record {
            fields: tell(row).into_iter().map(field).collect(),
            ..Record::default()
        })
        .collect()
}

/// A column; one without text is not observed.
fn field((name, text): (&'static str, String)) -> Field {
    let value = if text.is_empty() { Value::Null } else { Value::Text(text) };
    Field { name, sql: Sql::Long, value }
}

fn instant(row: &Record, name: &str) -> String {
    when::short(&value::of(row, name))
}

fn ports(row: &Record) -> String {
    both(&value::of(row, "src_port"), ">", &value::of(row, "dst_port"))
}

/// Both with something between them; nothing where the second is nothing.
fn both(one: &str, between: &str, other: &str) -> String {
    if other.is_empty() { String::new() } else { format!("{one}{between}{other}") }
}

fn document(row: &Record, name: &str) -> Json {
    row.text(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Json::Null)
}

fn list(entries: Option<&Json>, between: &str, shown: impl Fn(&Json) -> String) -> String {
    let entries = entries.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    entries.iter().map(shown).collect::<Vec<_>>().join(between)
}

/// A value without quotes; nothing of `null`.
fn word(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::Bool(is)) => if *is { "yes" } else { "no" }.to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other @ (Json::Number(_) | Json::Array(_) | Json::Object(_))) => other.to_string(),
    }
}

fn real(number: Option<&Json>) -> String {
    number.and_then(Json::as_f64).map(value::real).unwrap_or_default()
}

/// `mss 1460`, `timestamps 256/0`, `nop`.
fn option(option: &Json) -> String {
    let name = word(option.get("name"));
    let text = match option.get("value") {
        Some(values @ Json::Array(_)) => list(Some(values), "/", |value| word(Some(value))),
        value => word(value),
    };
    if text.is_empty() { name } else { format!("{name} {text}") }
}

/// `4:65536`.
fn setting(setting: &Json) -> String {
    format!("{}:{}", word(setting.get("id")), word(setting.get("value")))
}

/// `3<0 201`, with `!` where exclusive; nothing where there is none.
fn dependency(priority: &Json) -> String {
    if priority.is_null() {
        return String::new();
    }
    let exclusive = if priority.get("exclusive") == Some(&Json::Bool(true)) { "!" } else { "" };
    format!(
        "{}<{}{exclusive} {}",
        word(priority.get("stream")),
        word(priority.get("depends_on")),
        word(priority.get("weight"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[(&'static str, &str)]) -> Record {
        let fields = fields.iter().map(|(name, text)| field((name, (*text).to_owned()))).collect();
        Record { fields, ..Record::default() }
    }

    #[test]
    fn options_are_words() {
        let options = r#"{"raw":"0204","options":[{"kind":2,"name":"mss","value":1460},
            {"kind":1,"name":"nop","value":null},{"kind":8,"name":"timestamps","value":[256,0]}]}"#;
        let shown = syns(&[row(&[("options", options), ("src_port", "7"), ("dst_port", "22")])]);
        assert_eq!(shown[0].text("options"), Some("mss 1460, nop, timestamps 256/0"));
        assert_eq!(shown[0].text("ports"), Some("7>22"));
        assert_eq!(shown[0].text("ecn"), None);
    }

    #[test]
    fn a_handshake_says_what_it_resumes_with() {
        let resumption = r#"{"offered":{"session_id":"unclear","ticket":false,"psk":true,
            "early_data":true},"accepted":"psk","retry":false}"#;
        let fields = [("resumption", resumption), ("offered_version", "TLS 1.3")];
        let shown = tls_sessions(&[row(&fields)]);
        assert_eq!(shown[0].text("resumes_with"), Some("psk, early data"));
        assert_eq!(shown[0].text("accepted"), Some("psk"));
        assert_eq!(shown[0].text("version"), Some("up to TLS 1.3"));
    }

    #[test]
    fn waits_are_in_order_and_the_latest_rows_alone_are_shown() {
        let rto =
            r#"{"delays":[{"attempt":1,"s":0.204},{"attempt":2,"s":0.62}],"backoff":[2.039]}"#;
        let rows = vec![row(&[("rto_s", rto), ("end", "reset")]); 30];
        let shown = flows(&rows);
        assert_eq!(shown.len(), SHOWN);
        assert_eq!(shown[0].text("sent_again_s"), Some("0.204 0.62"));
        assert_eq!(shown[0].text("first_flight"), None);
    }

    #[test]
    fn what_opens_a_connection_is_short() {
        let settings = r#"{"settings":[{"id":1,"name":"x","value":65536}],"window_update":9,
            "pseudo_headers":[":method",":path"]}"#;
        let priority = r#"{"frames":[{"stream":3,"exclusive":true,"depends_on":0,"weight":201}],
            "headers":null,"priority":"u=1"}"#;
        let fields = [("h2_settings", settings), ("h2_priority", priority)];
        let shown = http_clients(&[row(&fields)]);
        let text = |name| shown[0].text(name);
        assert_eq!((text("settings"), text("order")), (Some("1:65536"), Some(":method :path")));
        assert_eq!((text("frames"), text("headers")), (Some("3<0! 201"), None));
    }
}

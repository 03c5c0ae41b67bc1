//! Handshakes of TLS, and requests of HTTP.
//!
//! **Invariant:** a ClientHello waits for its answer only while it is one of the latest few.

use crate::event::wire::{Carrier, Http2Opening, Http2Priority, HttpRequest, TlsMessage};
use crate::event::{ConnectionId, Origin, Timestamp};
#[cfg(feature = "ja4plus")]
use crate::event::{Side, wire::TlsCertificates};
use crate::limits;
use crate::octets::Octets;
use crate::profile::Output;
use crate::profile::attacker::Attacker;
use crate::profile::fingerprint::{http, tls};
use crate::profile::rows::{
    H2Priorities, H2Priority, H2Setting, H2Settings, HttpClientRow, HttpRequestRow, Offered,
    Resumption, TlsSessionRow,
};
use crate::row::Json;
use crate::wire::tls::hello::{
    Accepted, ClientHello, Extensions, ServerHello, Words, client_hello, is_grease, server_hello,
};
#[cfg(feature = "ja4plus")]
use crate::wire::x509;
use serde::{Deserialize, Serialize};

/// A ClientHello that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hello {
    session_id: Vec<u8>,
    row: TlsSessionRow,
}

impl Hello {
    pub(super) fn connection(&self) -> ConnectionId {
        ConnectionId(self.row.connection)
    }

    pub(super) fn weight(&self) -> usize {
        let names = self.row.alpn.iter().flat_map(|names| &names.0);
        let names: usize = names.map(|name| name.len() + 24).sum();
        512 + names + self.row.sni.as_ref().map_or(0, String::len)
    }
}

impl Attacker {
    pub(in crate::profile) fn client_hello(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        message: &TlsMessage,
        out: &mut Output,
    ) {
        let Ok(hello) = client_hello(&message.body.0, message.carrier.transport()) else { return };
        self.fingerprinted("ja3", tls::ja3(&hello), origin, at, out);
        self.fingerprinted("ja4", tls::ja4(message.carrier, &hello), origin, at, out);
        let offer = hello.resumption();
        let names = hello.alpn().take(limits::ALPN_NAMES);
        let names: Vec<String> = names.map(|name| readable(name, limits::ALPN_BYTES)).collect();
        let row = TlsSessionRow {
            id: seq,
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            at: at.rfc3339(),
            src_port: origin.peer.port(),
            dst_port: origin.local.port(),
            carrier: message.carrier.name().to_owned(),
            sni: hello.server_name().map(|name| readable(name, limits::SERVER_NAME_BYTES)),
            alpn: (!names.is_empty()).then_some(Json(names)),
            offered_version: version_name(offered_version(message.carrier, &hello)),
            version: None,
            cipher: None,
            chosen_alpn: None,
            resumption: Json(Resumption {
                offered: Offered {
                    session_id: offer.session_id.name().to_owned(),
                    ticket: offer.ticket,
                    psk: offer.psk,
                    early_data: offer.early_data,
                },
                accepted: None,
                retry: false,
            }),
        };
        out.tls_sessions.push(row.clone());
        let hellos = &mut self.watched.hellos;
        if hellos.len() >= limits::FOLD_HELLOS {
            hellos.pop_front();
        }
        hellos.push_back(Hello { session_id: hello.session_id.to_vec(), row });
    }

    pub(in crate::profile) fn server_hello(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        message: &TlsMessage,
        out: &mut Output,
    ) {
        let Ok(hello) = server_hello(&message.body.0) else { return };
        self.fingerprinted("ja3s", tls::ja3s(&hello), origin, at, out);
        #[cfg(feature = "ja4plus")]
        self.fingerprinted("ja4s", tls::ja4s(message.carrier, &hello), origin, at, out);
        let hellos = &mut self.watched.hellos;
        let place = hellos.iter().rposition(|open| open.connection() == origin.connection);
        let Some(Hello { session_id, mut row }) = place.and_then(|place| hellos.remove(place))
        else {
            return;
        };
        row.version = Some(version_name(hello.chosen_version()));
        row.cipher = Some(format!("{:04x}", hello.cipher));
        row.chosen_alpn = hello.alpn().map(|name| readable(name, limits::ALPN_BYTES));
        row.resumption.0.retry = hello.is_retry();
        row.resumption.0.accepted = Some(match accepted(&hello, &session_id) {
            Accepted::Nothing => "nothing".to_owned(),
            Accepted::Session => "session".to_owned(),
            Accepted::Psk => "psk".to_owned(),
        });
        out.tls_sessions.push(row);
    }

    /// Certificates of a client are the attacker's own.
    #[cfg(feature = "ja4plus")]
    pub(in crate::profile) fn certificates(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        sent: &TlsCertificates,
        out: &mut Output,
    ) {
        let kind = match sent.side {
            Side::Client => "ja4x_client",
            Side::Server => "ja4x",
        };
        for certificate in sent.chain.iter().take(limits::CERTIFICATES) {
            if let Ok(objects) = x509::objects(&certificate.0) {
                self.fingerprinted(kind, tls::ja4x(&objects), origin, at, out);
            }
        }
    }

    pub(in crate::profile) fn request(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        request: &HttpRequest,
        out: &mut Output,
    ) {
        out.http_requests.push(HttpRequestRow {
            id: seq,
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            at: at.rfc3339(),
            method: request.method.readable(),
            target: request.target.readable(),
            version: request.version.readable(),
            header_order: Json(request.fields.iter().map(|(name, _)| name.readable()).collect()),
        });
        if let Some(opening) = &request.opening {
            out.http_clients.push(self.http_client(seq, at, origin, request, opening));
        }
        if let Some(found) = http::akamai(request) {
            self.fingerprinted("h2_akamai", found, origin, at, out);
        }
        #[cfg(feature = "ja4plus")]
        self.fingerprinted("ja4h", http::ja4h(request), origin, at, out);
    }

    fn http_client(
        &self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        request: &HttpRequest,
        opening: &Http2Opening,
    ) -> HttpClientRow {
        let names = request.fields.iter().map(|(name, _)| name);
        let settings = opening.settings.iter();
        let field = request.fields.iter().find(|(name, _)| name.0 == b"priority");
        let priorities = H2Priorities {
            frames: opening.priorities.iter().map(priority).collect(),
            headers: request.priority.as_ref().map(priority),
            priority: field.map(|(_, value)| value.readable()),
            updates: opening
                .priority_updates
                .iter()
                .map(|(stream, value)| (*stream, value.readable()))
                .collect(),
        };
        let is_empty = priorities == H2Priorities::default();
        HttpClientRow {
            id: seq,
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            at: at.rfc3339(),
            h2_settings: Json(H2Settings {
                settings: settings
                    .map(|&(id, value)| H2Setting { id, name: setting_name(id), value })
                    .collect(),
                window_update: opening.window_update,
                pseudo_headers: names
                    .filter(|name| name.0.starts_with(b":"))
                    .map(Octets::readable)
                    .collect(),
            }),
            h2_priority: (!is_empty).then_some(Json(priorities)),
        }
    }
}

fn readable(bytes: &[u8], max: usize) -> String {
    Octets::capped(bytes, max).readable()
}

/// What a server takes of an earlier session: of the client's hello only its session id counts.
fn accepted(hello: &ServerHello<'_>, session_id: &[u8]) -> Accepted {
    hello.accepts(&ClientHello {
        version: 0,
        random: &[],
        session_id,
        cookie: &[],
        ciphers: Words(&[]),
        compressions: &[],
        extensions: Extensions(&[]),
    })
}

/// The highest version that is offered and means something.
fn offered_version(carrier: Carrier, hello: &ClientHello<'_>) -> u16 {
    let offered = hello.supported_versions().into_iter().filter(|version| !is_grease(*version));
    match carrier {
        Carrier::Tcp | Carrier::Quic => offered.max(),
        // Those of DTLS count down.
        Carrier::Dtls => offered.min(),
    }
    .unwrap_or(hello.version)
}

fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301 => "TLS 1.0".to_owned(),
        0x0302 => "TLS 1.1".to_owned(),
        0x0303 => "TLS 1.2".to_owned(),
        0x0304 => "TLS 1.3".to_owned(),
        0xfeff => "DTLS 1.0".to_owned(),
        0xfefd => "DTLS 1.2".to_owned(),
        0xfefc => "DTLS 1.3".to_owned(),
        other => format!("{other:#06x}"),
    }
}

/// RFC 9113 §6.5.2, RFC 8441, RFC 9218.
fn setting_name(id: u16) -> Option<&'static str> {
    match id {
        1 => Some("HEADER_TABLE_SIZE"),
        2 => Some("ENABLE_PUSH"),
        3 => Some("MAX_CONCURRENT_STREAMS"),
        4 => Some("INITIAL_WINDOW_SIZE"),
        5 => Some("MAX_FRAME_SIZE"),
        6 => Some("MAX_HEADER_LIST_SIZE"),
        8 => Some("ENABLE_CONNECT_PROTOCOL"),
        9 => Some("NO_RFC7540_PRIORITIES"),
        _ => None,
    }
}

fn priority(priority: &Http2Priority) -> H2Priority {
    let Http2Priority { stream, exclusive, depends_on, weight } = *priority;
    H2Priority { stream, exclusive, depends_on, weight }
}

//! The fold: events in journal order become the rows that operators query.
//!
//! **Invariant:** a pure function of the journal. No clock, no randomness, no order but `seq`;
//! states are per attacker and per session, so that one attacker cannot move another's row.

mod artifact;
mod attacker;
mod behavior;
mod command;
pub mod fingerprint;
pub mod isn;
pub mod keyboard;
mod network;
pub mod rows;
mod session;
pub mod skew;
mod ssh;
pub mod ssh_client;
pub mod taxonomy;

pub use attacker::{Attacker, Learned, attacker_uuid};
pub use behavior::{Behavior, BehaviorChange};
pub use network::{FlowNews, SynNews};
pub use session::Session;

use crate::event::{About, Event, PeerFact, SensorFact, Service};
use uuid::Uuid;

/// Version of the fold. A store that was folded by another version is rebuilt from its journal.
pub const FOLD_VERSION: u32 = 5;

/// `session_profile.schema_version`: features of different versions are never compared.
pub const SCHEMA_VERSION: u32 = 1;

/// What the fold of some events adds besides the states that it changed.
#[derive(Debug, Default)]
pub struct Output {
    /// To be appended.
    pub auth_attempts: Vec<rows::AuthAttemptRow>,
    /// To be appended.
    pub ssh_keys: Vec<rows::SshKeyRow>,
    /// To be written over what has the same id; the later one wins.
    pub channels: Vec<rows::ChannelRow>,
    /// To be added up with what has the same id.
    pub credentials: Vec<rows::CredentialRow>,
    /// To be added up with what has the same id.
    pub fingerprints: Vec<rows::FingerprintRow>,
    /// To be applied to the attackers' [`Behavior`] states, in order.
    pub behavior: Vec<(Uuid, BehaviorChange)>,
    /// To be appended.
    pub tcp_syns: Vec<rows::TcpSynRow>,
    /// To be appended.
    pub tcp_flows: Vec<rows::TcpFlowRow>,
    /// To be written over what has the same id; the later one wins.
    pub tls_sessions: Vec<rows::TlsSessionRow>,
    /// To be appended.
    pub http_clients: Vec<rows::HttpClientRow>,
    /// To be appended.
    pub http_requests: Vec<rows::HttpRequestRow>,
    /// To be written over what has the same key; the later one wins.
    pub session_commands: Vec<rows::SessionCommandRow>,
    /// To be appended.
    pub session_typos: Vec<rows::SessionTypoRow>,
    /// To be appended.
    pub artifacts: Vec<rows::ArtifactRow>,
}

/// Folds one event. `attacker` is the state of [`Event::attacker`], `session` that of
/// [`Event::session`]; facts about a session that is not there change nothing but the attacker.
/// Facts about ourselves change nothing.
pub fn fold(
    seq: u64,
    event: &Event,
    attacker: &mut Attacker,
    session: Option<&mut Session>,
    out: &mut Output,
) {
    match &event.about {
        About::Sensor(
            SensorFact::Started { .. } | SensorFact::Stopped {} | SensorFact::Lost { .. },
        ) => {}
        About::Peer { origin, fact } => {
            attacker.seen(event.at, origin, spoken(origin.service, fact));
            match fact {
                PeerFact::ConnectionOpened {} => attacker.connected(event.at, origin),
                PeerFact::ConnectionClosed { .. } => attacker.disconnected(event.at, origin, out),
                PeerFact::SshIdent { side, line, took_us } => {
                    attacker.ident(origin, *side, line, *took_us, event.at, out);
                }
                PeerFact::SshKexInit { side, lists, first_kex_packet_follows, reserved: _ } => {
                    let offer = behavior::KexOffer::new(lists, *first_kex_packet_follows);
                    attacker.kex_offered(origin, *side, offer, lists, event.at, out);
                }
                PeerFact::AuthAttempt { method, user, secrets, outcome } => {
                    attacker.tried(seq, event.at, origin, method, user, secrets, *outcome, out);
                }
                PeerFact::KeyOffered { user, algorithm, key, proof, outcome } => {
                    let offer = ssh::KeyOffer { user, algorithm, key, proof: *proof };
                    attacker.offered(seq, event.at, origin, &offer, *outcome, out);
                }
                PeerFact::ChannelOpened {
                    channel,
                    kind,
                    target,
                    originator,
                    answer,
                    window,
                    packet,
                } => {
                    attacker.shows(origin, |shown| shown.channel(*window, *packet));
                    let row = rows::ChannelRow::opened(seq, attacker.uuid(), origin, event.at)
                        .channel(*channel)
                        .describe(kind, target.as_ref(), originator.as_ref(), *answer);
                    attacker.channel_opened(origin, *channel, row, out);
                }
                PeerFact::ChannelClosed { channel } => {
                    attacker.channel_closed(event.at, origin, *channel, out);
                }
                PeerFact::ForwardRequested { name, target, answer } => {
                    let row = rows::ChannelRow::opened(seq, attacker.uuid(), origin, event.at)
                        .describe(name, Some(target), None, *answer);
                    out.channels.push(row);
                }
                PeerFact::AgentKeys { keys } => {
                    attacker.agent_listed(seq, event.at, origin, keys, out);
                }
                PeerFact::SshDisconnect { reason, text, language } => {
                    attacker.shows(origin, |shown| shown.disconnect(*reason, text, language));
                }
                PeerFact::SshGlobalRequest { name, .. }
                | PeerFact::SshChannelRequest { name, .. } => {
                    attacker.shows(origin, |shown| shown.request(name));
                }
                PeerFact::SshDebug { .. }
                | PeerFact::SshUnimplemented { .. }
                | PeerFact::SshExtensions { .. }
                | PeerFact::SshPackets { .. } => {}
                PeerFact::TcpSyn(syn) => attacker.syn(seq, event.at, origin, syn, out),
                PeerFact::TcpFlow(flow) => attacker.flow(seq, event.at, origin, flow, out),
                PeerFact::SshTraffic(traffic) => {
                    attacker.ssh_traffic(event.at, origin, traffic, out);
                }
                PeerFact::TlsClientHello(hello) => {
                    attacker.client_hello(seq, event.at, origin, hello, out);
                }
                PeerFact::TlsServerHello(hello) => {
                    attacker.server_hello(event.at, origin, hello, out);
                }
                PeerFact::HttpRequest(request) => {
                    attacker.request(seq, event.at, origin, request, out);
                }
                #[cfg(feature = "ja4plus")]
                PeerFact::TlsCertificates(sent) => {
                    attacker.certificates(event.at, origin, sent, out);
                }
                #[cfg(not(feature = "ja4plus"))]
                PeerFact::TlsCertificates(_) => {}
                PeerFact::Http2Settings(_) | PeerFact::Anomaly { .. } => {}
            }
        }
        About::Session { origin, session: _, fact } => {
            attacker.seen(event.at, origin, Some(origin.service));
            attacker.session_fact(event.at, origin, event.session(), fact, out);
            if let Some(session) = session {
                session.fold(seq, event.at, origin, fact, attacker, out);
            }
        }
    }
}

/// The protocol that a fact shows to be spoken: the decoy's, or the one recognised on the wire.
fn spoken(service: Service, fact: &PeerFact) -> Option<Service> {
    if !service.is_watched() {
        return Some(service);
    }
    match fact {
        PeerFact::SshIdent { .. } | PeerFact::SshKexInit { .. } | PeerFact::SshTraffic(_) => {
            Some(Service::Ssh)
        }
        PeerFact::TlsClientHello(_)
        | PeerFact::TlsServerHello(_)
        | PeerFact::TlsCertificates(_) => Some(Service::Tls),
        PeerFact::HttpRequest(_) | PeerFact::Http2Settings(_) => Some(Service::Http),
        PeerFact::SshDisconnect { .. }
        | PeerFact::SshDebug { .. }
        | PeerFact::SshUnimplemented { .. }
        | PeerFact::SshExtensions { .. }
        | PeerFact::SshGlobalRequest { .. }
        | PeerFact::SshChannelRequest { .. }
        | PeerFact::AgentKeys { .. }
        | PeerFact::SshPackets { .. }
        | PeerFact::TcpSyn(_)
        | PeerFact::TcpFlow(_)
        | PeerFact::ConnectionOpened {}
        | PeerFact::ConnectionClosed { .. }
        | PeerFact::AuthAttempt { .. }
        | PeerFact::KeyOffered { .. }
        | PeerFact::ChannelOpened { .. }
        | PeerFact::ChannelClosed { .. }
        | PeerFact::ForwardRequested { .. }
        | PeerFact::Anomaly { .. } => None,
    }
}

/// Microseconds as seconds, the unit of SQL.
fn seconds(us: u64) -> f64 {
    // Exact below 2^53 µs, which is 285 years.
    us as f64 / 1e6
}

/// Nanoseconds as seconds.
fn seconds_of_ns(ns: u64) -> f64 {
    // Exact below 2^53 ns, which is 104 days.
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;
    use serde::Serialize;

    /// Each row struct's fields are exactly its table's filled columns, in order.
    #[track_caller]
    fn check<T: Serialize>(name: &str, row: &T) {
        let columns: Vec<&str> =
            table::table(name).unwrap().filled().map(|column| column.name).collect();
        assert_eq!(crate::row::names(row).unwrap(), columns, "{name}");
    }

    #[test]
    fn rows_and_catalogue_hold_each_other() {
        let ip = "192.0.2.1".parse().unwrap();
        let attacker = Attacker::new(ip);
        check("attackers", &attacker.row());
        check("attacker_behavior", &Behavior::new(attacker.uuid()).row());
        let session = Session::new(crate::event::SessionId(Uuid::nil()));
        check("session", &session.row());
        check("session_profile", &session.profile_now());
        check("keystroke", &rows::KeystrokeRow::default());
        check("session_channel", &rows::ChannelRow::default());
        check("auth_attempt", &rows::AuthAttemptRow::default());
        check("credential", &rows::CredentialRow::default());
        check("ssh_key", &rows::SshKeyRow::default());
        check("fingerprint", &rows::FingerprintRow::default());
        check("tcp_syn", &rows::TcpSynRow::default());
        check("tls_session", &rows::TlsSessionRow::default());
        check("http_client", &rows::HttpClientRow::default());
        check("http_request", &rows::HttpRequestRow::default());
        check("tcp_flow", &rows::TcpFlowRow::default());
        check("session_command", &rows::SessionCommandRow::default());
        check("session_typo", &rows::SessionTypoRow::default());
        check("artifact", &rows::ArtifactRow::default());
        let written: Vec<&str> =
            table::TABLES.iter().filter(|t| t.is_written()).map(|t| t.name).collect();
        assert_eq!(written.len(), 18, "a written table has no row struct here: {written:?}");
    }
}

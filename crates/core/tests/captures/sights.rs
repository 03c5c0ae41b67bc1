//! What a capture holds, read as the program reads it.

use super::Sight;
use decnet_core::event::wire::Http2Settings;
use decnet_core::event::{PeerFact, Side};
use decnet_core::flow::capture::{Block, Reader};
use decnet_core::flow::eye::{self, Eye};
use decnet_core::flow::tracker::Config;
use decnet_core::profile::fingerprint::tcp::Syn;
use decnet_core::profile::fingerprint::{
    http as http_print, ssh as ssh_print, tcp as tcp_print, tls as tls_print,
};
use decnet_core::wire::tls::hello;

/// Everything that is seen, with the frame in which it was complete.
pub(crate) fn all(mut file: &[u8]) -> Vec<(usize, Sight)> {
    let (mut reader, mut seen) = (Reader::default(), Vec::new());
    let mut eye = Eye::new(&Config::default());
    let mut take = |sight: eye::Sight| say(&sight, &mut seen);
    while let Ok(Some((block, used))) = reader.next(file) {
        if let Block::Packet(record) = block {
            eye.packet(&record, &mut take);
        }
        file = &file[used..];
    }
    eye.stop(&mut take);
    seen
}

fn say(sight: &eye::Sight, seen: &mut Vec<(usize, Sight)>) {
    let client = (sight.client.address, sight.client.port);
    let server = (sight.server.address, sight.server.port);
    let (source, target) = match sight.sender() {
        Side::Client => (client, server),
        Side::Server => (server, client),
    };
    let frame = usize::try_from(sight.at.frame).unwrap();
    let mut see = |kind: &str, value: String| {
        seen.push((frame, Sight { kind: kind.to_owned(), value, source, target }));
    };
    match &sight.fact {
        PeerFact::TcpSyn(found) => {
            let syn = Syn::from(&**found);
            let (ja4t, signature) = match found.side {
                Side::Client => ("ja4t", "p0f_syn"),
                Side::Server => ("ja4ts", "p0f_synack"),
            };
            #[cfg(feature = "ja4plus")]
            see(ja4t, tcp_print::ja4t(&syn).hash);
            let _ = ja4t;
            see(signature, tcp_print::p0f(&syn));
        }
        PeerFact::TlsClientHello(message) => {
            let found = hello::client_hello(&message.body.0, message.carrier.transport()).unwrap();
            see("ja3", tls_print::ja3(&found).hash);
            see("ja4", tls_print::ja4(message.carrier, &found).hash);
        }
        PeerFact::TlsServerHello(message) => {
            let found = hello::server_hello(&message.body.0).unwrap();
            see("ja3s", tls_print::ja3s(&found).hash);
            #[cfg(feature = "ja4plus")]
            see("ja4s", tls_print::ja4s(message.carrier, &found).hash);
        }
        PeerFact::SshIdent { side, line, .. } => {
            let kind = match side {
                Side::Client => "ssh_banner_client",
                Side::Server => "ssh_banner_server",
            };
            let text = line.0.strip_suffix(b"\n").unwrap_or(&line.0);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            see(kind, String::from_utf8_lossy(text).into_owned());
        }
        PeerFact::SshKexInit { side, lists, .. } => {
            let kind = match side {
                Side::Client => "hassh",
                Side::Server => "hassh_server",
            };
            see(kind, ssh_print::hassh(*side, lists).hash);
        }
        #[cfg(feature = "ja4plus")]
        PeerFact::SshTraffic(traffic) => see("ja4ssh", tcp_print::ja4ssh(traffic).hash),
        PeerFact::HttpRequest(request) => {
            #[cfg(feature = "ja4plus")]
            see("ja4h", http_print::ja4h(request).hash);
            if let Some(found) = http_print::akamai(request) {
                see("h2_akamai", found.raw);
            }
        }
        PeerFact::Http2Settings(Http2Settings { side, settings }) => {
            let kind = match side {
                Side::Client => "h2_settings_client",
                Side::Server => "h2_settings_server",
            };
            let shown: Vec<_> =
                settings.iter().map(|(id, value)| format!("{id}:{value}")).collect();
            see(kind, shown.join(";"));
        }
        _ => {}
    }
}

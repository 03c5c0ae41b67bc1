//! From what was seen on the wire to events.
//!
//! **Invariant:** the same packets give the same names, whenever they are read.

use std::net::SocketAddr;
use std::sync::Arc;

use uuid::Uuid;

use crate::event::{About, ConnectionId, Event, Origin, Timestamp};
use crate::flow::eye::Sight;
use crate::flow::tcp::Endpoint;

/// The event that a sight is; `decky` is what the machine that was reached is called. An origin that
/// is that of the event before is shared with it.
#[must_use]
pub fn event(sight: Sight, decky: &str, before: Option<&Arc<Origin>>) -> Event {
    let origin = origin(&sight, decky);
    let origin = match before {
        Some(before) if **before == origin => Arc::clone(before),
        Some(_) | None => Arc::new(origin),
    };
    let at = Timestamp(i64::try_from(sight.at.at_ns).unwrap_or(i64::MAX));
    Event { at, about: About::Peer { origin, fact: sight.fact } }
}

fn origin(sight: &Sight, decky: &str) -> Origin {
    let socket = |end: Endpoint| SocketAddr::new(end.address, end.port);
    Origin {
        decky: decky.to_owned(),
        service: sight.transport,
        connection: ConnectionId(connection(sight)),
        peer: socket(sight.client),
        local: socket(sight.server),
    }
}

/// A name of version 5, from both ends and what tells this connection between them from others.
fn connection(sight: &Sight) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:decnet:flow");
    let (client, server) = (sight.client, sight.server);
    let text = format!(
        "{} {} {} {} {} {}",
        sight.transport.name(),
        client.address,
        client.port,
        server.address,
        server.port,
        sight.mark.number()
    );
    Uuid::new_v5(&namespace, text.as_bytes())
}

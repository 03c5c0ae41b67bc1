//! Where a fact that was seen on the wire comes from, as events say it.
//!
//! **Invariant:** the same packets give the same names, whenever they are read.

use std::net::SocketAddr;

use uuid::Uuid;

use crate::event::{ConnectionId, Origin};
use crate::flow::eye::Sight;
use crate::flow::tcp::Endpoint;

/// The origin of a sight; `decky` is what the machine that was reached is called.
#[must_use]
pub fn origin(sight: &Sight, decky: &str) -> Origin {
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
        sight.mark
    );
    Uuid::new_v5(&namespace, text.as_bytes())
}

//! Facts out of HTTP: requests of either version, and what an HTTP/2 connection begins with.
//!
//! **Invariant:** heads and settings only; content is passed over unread.

use crate::event::wire::{Http2Opening, Http2Priority, HttpRequest};
use crate::octets::Octets;
use crate::wire::http::{RequestHead, h2};

/// A request of HTTP/1.
pub(super) fn request(head: &RequestHead<'_>) -> HttpRequest {
    HttpRequest {
        version: Octets::from(head.version),
        method: Octets::from(head.method),
        target: Octets::from(head.target),
        fields: head
            .fields
            .iter()
            .map(|field| (Octets::from(field.name), Octets::from(field.value)))
            .collect(),
        priority: None,
        opening: None,
    }
}

/// A request of HTTP/2; trailers are none.
pub(super) fn request2(found: h2::Request, opening: Option<&h2::Opening>) -> Option<HttpRequest> {
    let value = |name: &[u8]| {
        let field = found.fields.iter().find(|field| field.name == name);
        field.map(|field| Octets::from(field.value.as_slice()))
    };
    Some(HttpRequest {
        version: Octets::from("2"),
        method: value(b":method")?,
        target: value(b":path").unwrap_or_default(),
        priority: found.priority.map(priority),
        opening: opening.map(|opening| {
            Box::new(Http2Opening {
                settings: opening.settings.clone().unwrap_or_default(),
                window_update: opening.window_update,
                priorities: opening.priorities.iter().copied().map(priority).collect(),
                priority_updates: opening
                    .updates
                    .iter()
                    .map(|(stream, value)| (*stream, Octets::from(value.as_slice())))
                    .collect(),
            })
        }),
        fields: found
            .fields
            .into_iter()
            .map(|field| (Octets(field.name), Octets(field.value)))
            .collect(),
    })
}

fn priority(found: h2::Priority) -> Http2Priority {
    Http2Priority {
        stream: found.stream,
        exclusive: found.is_exclusive,
        depends_on: found.depends_on,
        weight: found.weight,
    }
}

//! Fingerprints of facts as the journal has them.
//!
//! **Invariant:** as [`super`]; a fact is looked at, and nothing is kept of it.

use super::{Fingerprint, http, md5_of};
use crate::event::Side;
use crate::event::wire::{Http2Priority, HttpRequest};
use crate::octets::Octets;
#[cfg(feature = "ja4plus")]
use crate::wire::http::Field;
use crate::wire::http::h2;

/// HASSH or `HASSHServer` of the name-lists of a KEXINIT.
#[must_use]
pub fn hassh(side: Side, lists: &[Octets; 10]) -> Fingerprint {
    let (raw, hash) = crate::profile::ssh::hassh(side, lists);
    Fingerprint { hash, raw }
}

/// JA4H of a request.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4h(request: &HttpRequest) -> Fingerprint {
    let fields = request.fields.iter();
    let fields = fields.map(|(name, value)| Field { name: &name.0, value: &value.0 });
    http::ja4h(&request.method.0, &request.version.0, fields)
}

/// The Akamai string of an HTTP/2 connection's first request, with its MD5; nothing of another.
#[must_use]
pub fn akamai(request: &HttpRequest) -> Option<Fingerprint> {
    let sent = request.opening.as_ref()?;
    let opening = h2::Opening {
        settings: Some(sent.settings.clone()),
        window_update: sent.window_update,
        priorities: sent.priorities.iter().map(priority).collect(),
        updates: Vec::new(),
    };
    let pseudo = request.fields.iter().take_while(|(name, _)| name.0.first() == Some(&b':'));
    let fields = pseudo.map(|(name, _)| h2::Field { name: name.0.clone(), value: Vec::new() });
    let shown = h2::Request { stream: 0, priority: None, fields: fields.collect() };
    Some(md5_of(http::akamai(&opening, &shown)))
}

fn priority(sent: &Http2Priority) -> h2::Priority {
    h2::Priority {
        stream: sent.stream,
        is_exclusive: sent.exclusive,
        depends_on: sent.depends_on,
        weight: sent.weight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::wire::Http2Opening;

    #[test]
    fn the_first_request_alone_has_an_akamai_string() {
        let mut request = HttpRequest {
            version: "2".into(),
            method: "GET".into(),
            target: "/".into(),
            fields: vec![(":method".into(), "GET".into()), (":path".into(), "/".into())],
            priority: None,
            opening: None,
        };
        assert_eq!(akamai(&request), None);
        let opening = Http2Opening { settings: vec![(3, 100)], ..Http2Opening::default() };
        request.opening = Some(Box::new(opening));
        let found = akamai(&request).unwrap();
        assert_eq!(found.raw, "3:100|00|0|m,p");
        assert_eq!(found.hash.len(), 32);
    }
}

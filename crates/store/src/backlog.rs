//! What has to be said about sessions that nobody saw the end of.
//!
//! **Invariant:** reads only; what it says becomes true when it is committed.

use crate::database::Database;
use crate::error::Error;
use crate::journal::{self, CHUNK};
use decnet_core::event::{
    About, CloseCause, ConnectionId, Event, PeerFact, SessionFact, SessionId,
};
use decnet_core::row::Value;
use std::collections::BTreeMap;

/// What is known of a connection, read from its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Something,
}

/// Walks back from `head` until the last event of every session that is not closed was found.
pub(crate) fn abandoned(reader: &mut Database, head: u64) -> Result<Vec<Event>, Error> {
    let rows = reader.rows("SELECT sid, connection FROM session WHERE closed_at IS NULL", &[])?;
    let mut sessions = BTreeMap::new();
    let mut connections = BTreeMap::new();
    for row in rows {
        if let [Value::Text(sid), Value::Text(connection)] = row.as_slice()
            && let (Ok(sid), Ok(connection)) = (sid.parse(), connection.parse())
        {
            let (sid, connection) = (SessionId(sid), ConnectionId(connection));
            sessions.insert(sid, connection);
            connections.insert(connection, Seen::Nothing);
        }
    }
    let (mut session_ends, mut connection_ends) = (Vec::new(), Vec::new());
    let mut next = head;
    while next > 0 && !sessions.is_empty() {
        let from = next.saturating_sub(CHUNK as u64 - 1).max(1);
        let events = journal::read(reader, from, usize::try_from(next - from + 1).unwrap_or(1))?;
        for (_, event) in events.into_iter().rev() {
            let Some(origin) = event.origin() else { continue };
            let Some(seen) = connections.get_mut(&origin.connection) else { continue };
            if *seen == Seen::Nothing {
                *seen = Seen::Something;
                if !is_end(&event) {
                    let cause = CloseCause::Killed;
                    let fact = PeerFact::ConnectionClosed { cause, received: 0, sent: 0 };
                    let about = About::Peer { origin: origin.clone(), fact };
                    connection_ends.push(Event { at: event.at, about });
                }
            }
            if let Some(session) = event.session()
                && sessions.remove(&session).is_some()
            {
                let fact = SessionFact::SessionClosed { cause: CloseCause::Killed, status: None };
                let about = About::Session { origin: origin.clone(), session, fact };
                session_ends.push(Event { at: event.at, about });
            }
        }
        next = from - 1;
    }
    session_ends.sort_by_key(|event| event.at);
    connection_ends.sort_by_key(|event| event.at);
    session_ends.append(&mut connection_ends);
    Ok(session_ends)
}

fn is_end(event: &Event) -> bool {
    matches!(&event.about, About::Peer { fact: PeerFact::ConnectionClosed { .. }, .. })
}

//! What is committed is there, joined as operators look for it.

use crate::events::{Visit, lost};
use crate::stores::on_every_store;
use decnet_core::row::Value;
use decnet_store::{Child, Engine, LogFilter, Reader, SessionFilter};

#[test]
fn a_session_is_found_with_all_that_belongs_to_it() {
    on_every_store(|store| {
        let mut engine = Engine::open(&store.url).unwrap();
        let visit = Visit::new(1, 0);
        engine.commit(&Visit::whole(1, 0)).unwrap();
        engine.commit(&[lost(3)]).unwrap();
        let mut reader = Reader::open(&store.url).unwrap();
        let source = Some(visit.origin.attacker());
        let list = reader.sessions(&SessionFilter { source, ..Default::default() }).unwrap();
        assert_eq!((list.total, list.rows.len()), (1, 1));
        let sid = visit.session.0.to_string();
        let record = reader.session(sid.get(..9).unwrap()).unwrap().unwrap();
        assert_eq!(record.text("sid"), Some(sid.as_str()));
        assert_eq!(record.text("term"), Some("xterm"));
        assert_eq!(record.value("total_keystrokes"), Some(&Value::Int(14)));
        let attempts = record.children.iter().find(|(name, _)| *name == "auth_attempts").unwrap();
        assert!(matches!(&attempts.1, Child::Many(rows) if rows.len() == 2), "{attempts:?}");
        assert_eq!(reader.keystrokes(visit.session).unwrap().instants_us.len(), 14);
        let attacker = reader.attacker(visit.origin.attacker()).unwrap().unwrap();
        assert_eq!(attacker.value("credential_count"), Some(&Value::Int(2)));
        assert_eq!(attacker.value("bounty_count"), Some(&Value::Int(3)));
        let logs = reader.logs(&LogFilter { limit: Some(1), ..Default::default() }).unwrap();
        assert_eq!(logs.rows[0].text("event"), Some(r#"{"lost":{"count":3}}"#));
        assert_eq!(logs.rows[0].text("timestamp"), Some("2026-11-22T04:35:52.000000Z"));
        assert_eq!(logs.total, engine.head());
        let counts = reader.audit_counts().unwrap();
        let term = counts.iter().find(|c| c.column == "term").unwrap();
        assert_eq!(term.count, 1);
    });
}

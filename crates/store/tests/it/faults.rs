//! Killed, full, gone: what was accepted is there, once.

use crate::child;
use crate::events::Visit;
use crate::stores::{TestStore, dump, on_every_store, same};
use decnet_core::event::{About, CloseCause, Event, PeerFact, SessionFact};
use decnet_store::{Engine, Reader, SessionFilter, Writer};
use mysql::prelude::Queryable;
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

#[test]
fn a_kill_loses_nothing_that_was_accepted() {
    on_every_store(|store| {
        for _ in 0..3 {
            let before = Engine::open(&store.url).unwrap().head();
            let mut child = child::start("commit", &store.address(), None);
            let mut said = 0;
            while said < before + 1_900 {
                said = child.said("committed").unwrap();
            }
            child.process.kill().unwrap();
            while let Some(more) = child.said("committed") {
                said = more;
            }
            child.process.wait().unwrap();
            let engine = Engine::open(&store.url).unwrap();
            assert!(engine.head() >= said, "{} of {said} are there", engine.head());
            assert!(engine.head() <= said + 190);
        }
        let live = dump(store);
        Engine::open(&store.url).unwrap().rebuild(&mut |_| {}).unwrap();
        same(&dump(store), &live);
    });
}

#[test]
fn sessions_that_a_kill_left_open_are_closed_at_the_next_start() {
    on_every_store(|store| {
        let mut child = child::start("linger", &store.address(), None);
        child.said("lingering").unwrap();
        child.process.kill().unwrap();
        child.process.wait().unwrap();
        let mut engine = Engine::open(&store.url).unwrap();
        let events = engine.abandoned_sessions().unwrap();
        let mut visit = Visit::new(1, 1);
        visit.arrive().open().keys("rm -r");
        let last = visit.events.last().unwrap().at;
        assert!(events.iter().all(|event| event.at == last), "{events:?}");
        let killed = |event: &Event| match &event.about {
            About::Session { fact: SessionFact::SessionClosed { cause, .. }, session, .. } => {
                assert_eq!(*session, visit.session);
                *cause
            }
            About::Peer { fact: PeerFact::ConnectionClosed { cause, .. }, .. } => *cause,
            About::Sensor(_) | About::Session { .. } | About::Peer { .. } => panic!("{event:?}"),
        };
        let causes: Vec<CloseCause> = events.iter().map(killed).collect();
        assert_eq!(causes, [CloseCause::Killed; 2]);
        engine.commit(&events).unwrap();
        assert_eq!(engine.abandoned_sessions().unwrap(), []);
        let mut reader = Reader::open(&store.url).unwrap();
        let open = SessionFilter { open: Some(true), ..Default::default() };
        assert_eq!(reader.sessions(&open).unwrap().total, 0);
        let record = reader.session(&visit.session.0.to_string()).unwrap().unwrap();
        assert_eq!(record.text("close_cause"), Some("killed"));
    });
}

fn lift_limit(process: u32) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &process.to_string(), "--fsize=unlimited"]);
    assert!(prlimit.status().unwrap().success());
}

#[test]
fn a_full_disk_is_waited_for() {
    let store = TestStore::sqlite();
    let mut child = child::start("write", &store.address(), Some(1_024));
    assert_eq!(child.said("retrying"), Some(1), "the limit was never reached");
    lift_limit(child.process.id());
    let sent = child.said("sent").unwrap();
    assert!(child.process.wait().unwrap().success());
    let mut engine = Engine::open(&store.url).unwrap();
    assert_eq!(engine.head(), sent);
    let live = dump(&store);
    engine.rebuild(&mut |_| {}).unwrap();
    same(&dump(&store), &live);
}

#[test]
fn a_full_disk_cuts_a_recording_and_no_more() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut child = child::start("record", folder.path().to_str().unwrap(), Some(64));
    let bytes = child.said("recorded").unwrap();
    assert!(child.process.wait().unwrap().success());
    let store = decnet_store::recording::RecordingStore::new(folder.path(), Default::default());
    assert_eq!(store.recover().unwrap(), []);
    let text = std::fs::read_to_string(store.path(&store.files().unwrap()[0])).unwrap();
    assert_eq!(text.len() as u64, bytes);
    assert!(text.ends_with("\"]\n"));
}

#[test]
fn a_server_that_goes_away_is_waited_for() {
    let Some(store) = TestStore::mysql() else {
        return decnet_testing::skip("MySQL going away: DECNET_TEST_MYSQL is not set");
    };
    let (sender, receiver) = sync_channel(100);
    let writer = Writer::spawn(Engine::open(&store.url).unwrap(), receiver).unwrap();
    let events: Vec<Event> =
        (0..30).flat_map(|visit| (0..8).flat_map(move |n| Visit::whole(n, visit))).collect();
    let mut server = store.server().unwrap();
    let database = store.database().unwrap().to_owned();
    let mut killed = 0;
    for (n, event) in events.iter().enumerate() {
        sender.send(event.clone()).unwrap();
        if n % 700 == 350 {
            let sql = "SELECT id FROM information_schema.processlist WHERE db = ?";
            let ids: Vec<u64> = server.exec(sql, (&database,)).unwrap();
            for id in ids {
                killed += u32::from(server.query_drop(format!("KILL {id}")).is_ok());
            }
        }
    }
    drop(sender);
    let engine = writer.finish(Duration::from_secs(60)).unwrap();
    assert!(killed > 4, "{killed} connections killed");
    assert_eq!(engine.head(), events.len() as u64);
    let expected = TestStore::sqlite();
    Engine::open(&expected.url).unwrap().commit(&events).unwrap();
    same(&dump(&store), &dump(&expected));
}

//! Journals of every released format can be read for ever, and become rows.

use crate::stores::{TestStore, dump, on_every_store, same};
use decnet_core::event::{Event, KINDS};
use decnet_store::{Engine, journal};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn fixture(format: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/journal");
    std::fs::read_to_string(root.join(format).join("events.jsonl")).unwrap()
}

fn import(store: &TestStore, text: &str) -> Engine {
    let mut engine = Engine::open(&store.url).unwrap();
    let count = journal::import(&mut engine, &mut text.as_bytes()).unwrap();
    assert_eq!(count, text.lines().count() as u64);
    engine
}

/// The folders with journals, one beside the other.
const FIXTURES: [&str; 4] = ["v1", "v2", "v3", "v4"];

#[test]
fn journals_are_read_and_written_as_they_were() {
    let mut kinds = BTreeSet::new();
    for folder in FIXTURES {
        for (line, number) in fixture(folder).lines().zip(1_u64..) {
            let event = journal::from_line(line).unwrap();
            kinds.insert(event.kind());
            assert_eq!(journal::to_line(Some(number), &event).unwrap(), line, "{folder}");
        }
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert!(missing.is_empty(), "kinds in no fixture: {missing:?}; add a folder beside v1");
}

/// The rows that a journal becomes, live and again from the journal.
fn rows(store: &TestStore, folder: &str) -> String {
    let mut engine = import(store, &fixture(folder));
    let live = dump(store);
    engine.rebuild(&mut |_| {}).unwrap();
    same(&dump(store), &live);
    // States are the fold's own affair, and keystrokes as bytes are in the instants.
    let shown: Vec<String> = live
        .iter()
        .map(|line| {
            let own = |word: &&str| !word.starts_with("state=") && !word.starts_with("strokes=");
            line.split(' ').filter(own).collect::<Vec<_>>().join(" ")
        })
        .collect();
    shown.join("\n")
}

#[test]
fn format_1_becomes_these_rows() {
    on_every_store(|store| insta::assert_snapshot!("format_1_as_rows", rows(store, "v1")));
}

#[test]
fn what_was_done_becomes_these_rows() {
    on_every_store(|store| insta::assert_snapshot!("commands_as_rows", rows(store, "v4")));
}

#[test]
fn states_of_what_was_done_come_back_as_they_were() {
    let text = fixture("v4");
    let events: Vec<Event> = text.lines().map(|line| journal::from_line(line).unwrap()).collect();
    let expected = TestStore::sqlite();
    Engine::open(&expected.url).unwrap().commit(&events).unwrap();
    on_every_store(|store| {
        for batch in events.chunks(7) {
            Engine::open(&store.url).unwrap().commit(batch).unwrap();
        }
        same(&dump(store), &dump(&expected));
    });
}

/// With fingerprints that a program can be built without.
#[cfg(feature = "ja4plus")]
#[test]
fn what_was_seen_on_the_wire_becomes_these_rows() {
    on_every_store(|store| insta::assert_snapshot!("wire_as_rows", rows(store, "v2")));
}

#[test]
fn states_of_what_was_seen_on_the_wire_come_back_as_they_were() {
    let text = fixture("v2");
    let events: Vec<Event> = text.lines().map(|line| journal::from_line(line).unwrap()).collect();
    let expected = TestStore::sqlite();
    Engine::open(&expected.url).unwrap().commit(&events).unwrap();
    on_every_store(|store| {
        // A new engine every few events: nothing is remembered but what the store holds.
        for batch in events.chunks(5) {
            Engine::open(&store.url).unwrap().commit(batch).unwrap();
        }
        same(&dump(store), &dump(&expected));
    });
}

#[test]
fn what_is_no_event_is_named_by_its_line() {
    let store = TestStore::sqlite();
    let text = fixture("v1");
    let mut lines: Vec<&str> = text.lines().take(3).collect();
    lines.push(r#"{"at_ns":1,"kind":"started","fact":{"stopped":{}}}"#);
    let mut engine = Engine::open(&store.url).unwrap();
    let error = journal::import(&mut engine, &mut lines.join("\n").as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("line 4: "), "{error}");
    assert_eq!(engine.head(), 3);
}

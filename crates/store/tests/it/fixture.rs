//! Journals of every released format can be read for ever, and become rows.

use crate::stores::{TestStore, dump, on_every_store, same};
use decnet_core::event::KINDS;
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

#[test]
fn format_1_is_read_and_written_as_it_was() {
    let mut kinds = BTreeSet::new();
    for (line, number) in fixture("v1").lines().zip(1_u64..) {
        let event = journal::from_line(line).unwrap();
        kinds.insert(event.kind());
        assert_eq!(journal::to_line(Some(number), &event).unwrap(), line);
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert!(missing.is_empty(), "kinds in no fixture: {missing:?}; add a folder beside v1");
}

#[test]
fn format_1_becomes_these_rows() {
    on_every_store(|store| {
        let mut engine = import(store, &fixture("v1"));
        let live = dump(store);
        engine.rebuild(&mut |_| {}).unwrap();
        same(&dump(store), &live);
        // States are the fold's own affair, and keystrokes as bytes are in the instants.
        let shown: Vec<String> = live
            .iter()
            .map(|line| {
                let own =
                    |word: &&str| !word.starts_with("state=") && !word.starts_with("strokes=");
                line.split(' ').filter(own).collect::<Vec<_>>().join(" ")
            })
            .collect();
        insta::assert_snapshot!("format_1_as_rows", shown.join("\n"));
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

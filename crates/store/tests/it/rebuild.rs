//! Rows are a cache of the journal: however it was cut into batches, whatever was mixed, whenever
//! they are made anew, they come out the same.

use crate::events::{Visit, lost, mixed};
use crate::stores::{TestStore, dump, on_every_store, same};
use decnet_core::event::{About, Event};
use decnet_store::{Engine, Progress, Reader, journal};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn commit_all(engine: &mut Engine, events: &[Event], batches: &[usize]) {
    let mut rest = events;
    let mut sizes = batches.iter().cycle();
    while !rest.is_empty() {
        let (now, later) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        engine.commit(now).unwrap();
        rest = later;
    }
}

fn visits(attackers: u32) -> Vec<Vec<Event>> {
    (0..attackers).flat_map(|n| [Visit::whole(n, 0), Visit::whole(n, 1)]).collect()
}

/// Lines about one attacker, without the numbers of events.
fn of_attacker(lines: &[String], uuid: &str, sessions: &[String]) -> Vec<String> {
    let numbered = |word: &&str| !word.starts_with("id=") && !word.starts_with("log_id=");
    let mut own: Vec<String> = lines
        .iter()
        .filter(|line| line.contains(uuid) || sessions.iter().any(|sid| line.contains(sid)))
        .filter(|line| !line.starts_with("logs: "))
        .map(|line| line.split(' ').filter(numbered).collect::<Vec<_>>().join(" "))
        .collect();
    own.sort();
    own
}

#[test]
fn rebuilt_rows_equal_live_rows_however_batches_were_cut() {
    let test = |store: &TestStore, choices: &[u8], batches: &[usize]| {
        let events = mixed(visits(3), choices);
        let mut engine = Engine::open(&store.url).unwrap();
        commit_all(&mut engine, &events, batches);
        let live = dump(store);
        engine.rebuild(&mut |_| {}).unwrap();
        same(&dump(store), &live);
        // The same events in one batch, in another store.
        let other = TestStore::sqlite();
        Engine::open(&other.url).unwrap().commit(&events).unwrap();
        same(&dump(&other), &live);
    };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(8) });
    let choices = prop::collection::vec(any::<u8>(), 1..64);
    let batches = prop::collection::vec(1_usize..90, 1..9);
    let cases = (choices, batches);
    runner
        .run(&cases, |(choices, batches)| {
            test(&TestStore::sqlite(), &choices, &batches);
            Ok(())
        })
        .unwrap();
    if let Some(store) = TestStore::mysql() {
        test(&store, &[3, 1, 4, 1, 5, 9, 2, 6], &[1, 50, 7, 90]);
    }
}

#[test]
fn one_attacker_cannot_move_the_row_of_another() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(8) });
    let choices = prop::collection::vec(any::<u8>(), 1..64);
    let alone = TestStore::sqlite();
    let own: Vec<Event> = visits(1).concat();
    let origin = own[0].origin().unwrap().clone();
    let uuid = decnet_core::profile::attacker_uuid(origin.attacker()).to_string();
    let mut sessions: Vec<String> =
        own.iter().filter_map(Event::session).map(|sid| sid.0.to_string()).collect();
    sessions.dedup();
    Engine::open(&alone.url).unwrap().commit(&mixed(visits(1), &[0])).unwrap();
    let expected = of_attacker(&dump(&alone), &uuid, &sessions);
    assert!(expected.len() > 10);
    runner
        .run(&choices, |choices| {
            let store = TestStore::sqlite();
            // Its own visits one after the other, those of others in between.
            let mut all = vec![mixed(visits(1), &[0])];
            all.extend(visits(4).split_off(2));
            let events = mixed(all, &choices);
            // Somebody else who claims its sessions.
            let thief = Visit::new(9, 0).origin;
            let stolen: Vec<Event> = events
                .iter()
                .filter_map(|event| match &event.about {
                    About::Session { session, fact, .. } => Some(Event {
                        at: event.at,
                        about: About::Session {
                            origin: thief.clone(),
                            session: *session,
                            fact: fact.clone(),
                        },
                    }),
                    About::Sensor(_) | About::Peer { .. } => None,
                })
                .collect();
            let mut engine = Engine::open(&store.url).unwrap();
            commit_all(&mut engine, &events, &[40]);
            commit_all(&mut engine, &stolen, &[40]);
            let found = of_attacker(&dump(&store), &uuid, &sessions);
            let other = found.iter().zip(&expected).find(|(found, expected)| found != expected);
            prop_assert!(other.is_none(), "{:?}", other);
            prop_assert_eq!(found.len(), expected.len());
            Ok(())
        })
        .unwrap();
}

#[test]
fn states_come_back_from_the_store_as_they_were() {
    on_every_store(|store| {
        let events = mixed(visits(2), &[1, 0, 2]);
        let expected = TestStore::sqlite();
        Engine::open(&expected.url).unwrap().commit(&events).unwrap();
        // A new engine every few events: nothing is remembered but what the store holds.
        for batch in events.chunks(23) {
            Engine::open(&store.url).unwrap().commit(batch).unwrap();
        }
        same(&dump(store), &dump(&expected));
    });
}

#[test]
fn an_interrupted_rebuild_goes_on_where_it_stopped() {
    on_every_store(|store| {
        let mut engine = Engine::open(&store.url).unwrap();
        for n in 0..5 {
            let visits = (0..50).map(|attacker| Visit::whole(attacker, n)).collect();
            engine.commit(&mixed(visits, &[5, 2, 7])).unwrap();
        }
        engine.commit(&(0..9_000).map(lost).collect::<Vec<_>>()).unwrap();
        let live = dump(store);
        let interrupted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            engine.rebuild(&mut |progress| assert!(progress.done < 8_000, "pulled the plug"))
        }));
        assert!(interrupted.is_err());
        assert_ne!(Reader::open(&store.url).unwrap().progress().unwrap().1, 0);
        let mut seen: Vec<Progress> = Vec::new();
        Engine::open_with(&store.url, &mut |progress| seen.push(progress)).unwrap();
        assert!(seen[0].done > 0 && seen[0].done < seen[0].total);
        same(&dump(store), &live);
    });
}

#[test]
fn an_export_makes_the_same_store_again() {
    on_every_store(|store| {
        let mut engine = Engine::open(&store.url).unwrap();
        engine.commit(&mixed(visits(2), &[1, 2, 3])).unwrap();
        engine.commit(&[lost(7)]).unwrap();
        let mut lines = Vec::new();
        let mut reader = Reader::open(&store.url).unwrap();
        let count = journal::export(&mut reader, 1, &mut lines).unwrap();
        assert_eq!(count, engine.head());
        let other = TestStore::sqlite();
        let mut engine = Engine::open(&other.url).unwrap();
        assert_eq!(journal::import(&mut engine, &mut lines.as_slice()).unwrap(), count);
        same(&dump(&other), &dump(store));
    });
}

//! The writer's thread: batches, and an end in order.

use crate::events::Visit;
use crate::stores::{TestStore, dump, on_every_store, same};
use decnet_core::event::Event;
use decnet_store::{Engine, Writer};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn everything_sent_is_committed_in_order_when_the_source_closes() {
    on_every_store(|store| {
        let (sender, receiver) = sync_channel(64);
        let writer = Writer::spawn(Engine::open(&store.url).unwrap(), receiver).unwrap();
        let events: Vec<Event> = (0..20).flat_map(|n| Visit::whole(n, 0)).collect();
        events.iter().cloned().for_each(|event| sender.send(event).unwrap());
        drop(sender);
        let watch = writer.watch();
        let engine = writer.finish(PATIENCE).unwrap();
        let health = watch.health();
        assert_eq!(engine.head(), events.len() as u64);
        assert_eq!((health.committed, health.head), (engine.head(), engine.head()));
        assert!(health.batches > 0 && health.retrying.is_none());
        let expected = TestStore::sqlite();
        Engine::open(&expected.url).unwrap().commit(&events).unwrap();
        same(&dump(store), &dump(&expected));
    });
}

#[test]
fn a_single_event_does_not_wait_for_company() {
    let store = TestStore::sqlite();
    let (sender, receiver) = sync_channel(64);
    let writer = Writer::spawn(Engine::open(&store.url).unwrap(), receiver).unwrap();
    sender.send(crate::events::lost(1)).unwrap();
    let begun = Instant::now();
    while writer.health().committed == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was committed");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(sender);
    writer.finish(PATIENCE).unwrap();
}

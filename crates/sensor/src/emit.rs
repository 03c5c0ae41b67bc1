//! The way out of a sensor: events into one bounded queue.
//!
//! **Invariant:** a queue that stays full costs events, never memory and never the peer's patience;
//! what was dropped is counted and said, as soon as there is a place, before anything newer.

use decnet_core::event::{About, Event, SensorFact, Timestamp};
use decnet_core::limits::QUEUE_WAIT_MS;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Where decoys put their events. Clones share the queue and the counters.
#[derive(Clone, Debug)]
pub struct Emitter {
    sender: mpsc::Sender<Event>,
    tally: Arc<Tally>,
}

/// What went through an emitter so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmitterCounters {
    /// Events that found a place.
    pub emitted: u64,
    /// Events that were dropped.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Tally {
    emitted: AtomicU64,
    lost: AtomicU64,
    /// The part of `lost` that no `Lost` event has told yet.
    untold: AtomicU64,
}

impl Emitter {
    /// An emitter into `sender`'s queue.
    #[must_use]
    pub fn new(sender: mpsc::Sender<Event>) -> Self {
        Self { sender, tally: Arc::default() }
    }

    /// Puts an event into the queue; waits for a place at most [`QUEUE_WAIT_MS`], then drops it.
    pub async fn emit(&self, event: Event) {
        // Most of the time there is a place, and no timer is needed.
        if let Some(event) = self.try_emit(event) {
            // Every connection has room for what it may wait with; this is rare and large.
            Box::pin(self.wait(event)).await;
        }
    }

    async fn wait(&self, event: Event) {
        let place = async {
            loop {
                let permit = self.sender.reserve().await?;
                match self.tally.untold.swap(0, Ordering::Relaxed) {
                    0 => return Ok::<_, mpsc::error::SendError<()>>(permit),
                    count => self.send(permit, loss(event.at, count)),
                }
            }
        };
        match tokio::time::timeout(Duration::from_millis(QUEUE_WAIT_MS), place).await {
            Ok(Ok(permit)) => self.send(permit, event),
            Ok(Err(_)) | Err(_) => self.drop_one(),
        }
    }

    /// Puts an event into the queue, or drops it: for places that cannot wait.
    pub fn emit_now(&self, event: Event) {
        if self.try_emit(event).is_some() {
            self.drop_one();
        }
    }

    /// Puts an event into the queue if more than half of the places are free, and gives it back if
    /// not: what comes in floods leaves the other half to the decoys.
    #[must_use]
    pub fn emit_spare(&self, event: Event) -> Option<Event> {
        if self.sender.capacity() <= self.sender.max_capacity() / 2 {
            return Some(event);
        }
        self.try_emit(event)
    }

    /// Whether less than a quarter of the places are taken: what comes in floods, and may be forged,
    /// leaves the others to what is not.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let places = self.sender.max_capacity();
        places - self.sender.capacity() < places.div_ceil(4)
    }

    /// Counts what was lost before it came here, to be told with the next event.
    pub fn lose(&self, count: u64) {
        self.tally.lost.fetch_add(count, Ordering::Relaxed);
        self.tally.untold.fetch_add(count, Ordering::Relaxed);
    }

    /// What went through so far.
    #[must_use]
    pub fn counters(&self) -> EmitterCounters {
        EmitterCounters {
            emitted: self.tally.emitted.load(Ordering::Relaxed),
            lost: self.tally.lost.load(Ordering::Relaxed),
        }
    }

    /// Gives the event back where there is no place for it, or none behind the word of a loss.
    fn try_emit(&self, event: Event) -> Option<Event> {
        loop {
            let Ok(permit) = self.sender.try_reserve() else { return Some(event) };
            match self.tally.untold.swap(0, Ordering::Relaxed) {
                0 => {
                    self.send(permit, event);
                    return None;
                }
                count => self.send(permit, loss(event.at, count)),
            }
        }
    }

    fn send(&self, permit: mpsc::Permit<'_, Event>, event: Event) {
        permit.send(event);
        self.tally.emitted.fetch_add(1, Ordering::Relaxed);
    }

    fn drop_one(&self) {
        self.lose(1);
    }
}

fn loss(at: Timestamp, count: u64) -> Event {
    Event { at, about: About::Sensor(SensorFact::Lost { count }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64) -> Event {
        Event { at: Timestamp(at), about: About::Sensor(SensorFact::Stopped {}) }
    }

    #[tokio::test]
    async fn a_loss_is_told_before_anything_newer() {
        let (sender, mut queue) = mpsc::channel(2);
        let emitter = Emitter::new(sender);
        emitter.emit(event(1)).await;
        emitter.emit_now(event(2));
        emitter.emit(event(3)).await;
        emitter.emit_now(event(4));
        assert_eq!(emitter.counters(), EmitterCounters { emitted: 2, lost: 2 });
        assert_eq!(queue.recv().await, Some(event(1)));
        assert_eq!(queue.recv().await, Some(event(2)));
        emitter.emit(event(5)).await;
        let lost = About::Sensor(SensorFact::Lost { count: 2 });
        assert_eq!(queue.recv().await, Some(Event { at: Timestamp(5), about: lost }));
        assert_eq!(queue.recv().await, Some(event(5)));
    }

    #[tokio::test]
    async fn what_comes_in_floods_takes_half_of_the_places() {
        let (sender, mut queue) = mpsc::channel(4);
        let emitter = Emitter::new(sender);
        assert!(emitter.is_quiet());
        assert_eq!(emitter.emit_spare(event(1)), None);
        assert!(!emitter.is_quiet());
        assert_eq!(emitter.emit_spare(event(2)), None);
        assert_eq!(emitter.emit_spare(event(3)), Some(event(3)));
        emitter.lose(7);
        emitter.emit_now(event(4));
        let lost = About::Sensor(SensorFact::Lost { count: 7 });
        for wanted in [event(1), event(2), Event { at: Timestamp(4), about: lost }, event(4)] {
            assert_eq!(queue.recv().await, Some(wanted));
        }
        assert_eq!(emitter.counters(), EmitterCounters { emitted: 4, lost: 7 });
    }

    #[tokio::test]
    async fn a_waiting_event_goes_as_soon_as_there_is_a_place() {
        let (sender, mut queue) = mpsc::channel(1);
        let emitter = Emitter::new(sender);
        emitter.emit(event(1)).await;
        let waiting = tokio::spawn({
            let emitter = emitter.clone();
            async move { emitter.emit(event(2)).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(queue.recv().await, Some(event(1)));
        waiting.await.unwrap();
        assert_eq!(queue.recv().await, Some(event(2)));
        assert_eq!(emitter.counters(), EmitterCounters { emitted: 2, lost: 0 });
    }

    #[tokio::test]
    async fn a_closed_queue_costs_nothing_but_the_events() {
        let (sender, queue) = mpsc::channel(1);
        drop(queue);
        let emitter = Emitter::new(sender);
        emitter.emit(event(1)).await;
        assert_eq!(emitter.counters(), EmitterCounters { emitted: 0, lost: 1 });
    }
}

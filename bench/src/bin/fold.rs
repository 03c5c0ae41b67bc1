//! The fold alone: keystroke events a second on one core, and whether a long session costs more a
//! keystroke than a short one.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures")]

use decnet_core::event::{
    About, CloseCause, ConnectionId, Event, Origin, Service, SessionFact, SessionId, Timestamp,
};
use decnet_core::profile::{Attacker, Output, Session, fold};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

fn main() {
    let short = events(1_000);
    let long = events(1_000_000);
    // Once to warm up, then the best of five each, taken in turn: machines are noisy.
    run(&short);
    let (mut best_short, mut best_long) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..1_000 {
            run(&short);
        }
        best_short = best_short.min(begun.elapsed().as_nanos() as f64 / 1e6);
        let begun = Instant::now();
        run(&long);
        best_long = best_long.min(begun.elapsed().as_nanos() as f64 / 1e6);
    }
    println!("session of     1,000 keystrokes: {best_short:6.1} ns a keystroke");
    println!("session of 1,000,000 keystrokes: {best_long:6.1} ns a keystroke");
    println!("keystroke events/s on one core:  {:9.0}", 1e9 / best_short.max(best_long));
    println!("long / short:                    {:9.2}", best_long / best_short);
}

/// A whole session: every event through the fold, then its profile.
fn run(events: &[Event]) {
    let ip = events.first().and_then(Event::attacker).unwrap();
    let mut attacker = Attacker::new(ip);
    let mut session = Session::new(SessionId(Uuid::from_u128(2)));
    let mut out = Output::default();
    for (seq, event) in events.iter().enumerate() {
        fold(seq as u64 + 1, event, &mut attacker, Some(&mut session), &mut out);
    }
    black_box(session.profile());
}

/// A session of so many keystrokes of text, one a read, with gaps that vary, in lines.
fn events(keys: usize) -> Vec<Event> {
    let origin = Arc::new(Origin {
        decky: "decky-01".into(),
        service: Service::Ssh,
        connection: ConnectionId(Uuid::from_u128(1)),
        peer: "192.0.2.1:4711".parse().unwrap(),
        local: "192.0.2.9:22".parse().unwrap(),
    });
    let text = b"find / -name the_other_thing -type f\x7f\x7ff 2>/dev/null | xargs grep -l there\r";
    let (mut at_us, mut state) = (0_i64, 0x2545_f491_4f6c_dd1d_u64);
    let mut facts = vec![SessionFact::SessionOpened { channel: 0, user: "root".into() }];
    facts.extend(text.iter().cycle().take(keys).map(|key| {
        let bytes = [*key];
        SessionFact::Input { bytes: bytes.as_slice().into() }
    }));
    facts.push(SessionFact::SessionClosed { cause: CloseCause::Peer, status: Some(0) });
    let about = |fact| About::Session {
        origin: Arc::clone(&origin),
        session: SessionId(Uuid::from_u128(2)),
        fact,
    };
    let stamped = facts.into_iter().map(|fact| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        at_us += 40_000 + (state % 200_000) as i64;
        Event { at: Timestamp::from_us(at_us), about: about(fact) }
    });
    stamped.collect()
}

//! Children of the test: this program again, told by its environment what to do.

use crate::events::Visit;
use decnet_core::event::{Event, RecordingExtent, SessionId, Timestamp, WindowSize};
use decnet_store::recording::{Header, Limits, RecordingStore};
use decnet_store::{Engine, StoreUrl, Writer};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use uuid::Uuid;

const ROLE: &str = "DECNET_TEST_CHILD";
const STORE: &str = "DECNET_TEST_CHILD_STORE";

/// A child at work, and what it says.
pub(crate) struct Running {
    pub(crate) process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

/// Starts this program as a child with a role. Files of its may grow to so many KiB.
pub(crate) fn start(role: &str, store: &str, file_kib: Option<u32>) -> Running {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    // A write beyond the limit shall fail, and not end the process.
    let limit = file_kib.map_or_else(String::new, |kib| format!("ulimit -S -f {};", kib * 2));
    command.arg("-c").arg(format!("trap '' XFSZ; {limit} exec \"$0\" \"$@\"")).arg(program);
    command.args(["--exact", "child::what_a_child_does", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(STORE, store).stdout(Stdio::piped()).stdin(Stdio::null());
    let mut process = command.spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    Running { process, lines }
}

impl Running {
    /// What it says next after `word`; `None` once it is silent for ever.
    pub(crate) fn said(&mut self, word: &str) -> Option<u64> {
        loop {
            let line = self.lines.next()?.ok()?;
            // The test harness talks too, and does not end its lines.
            if let Some((_, number)) = line.split_once(&format!("@{word} ")) {
                return number.trim().parse().ok();
            }
        }
    }
}

fn say(word: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{word} {number}").unwrap();
    out.flush().unwrap();
}

/// Not a test, unless somebody says which.
#[test]
fn what_a_child_does() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let store = std::env::var(STORE).unwrap();
    match role.as_str() {
        "commit" => commit(&store),
        "write" => write(&store),
        "record" => record(&store),
        "linger" => linger(&store),
        role => panic!("no such role: {role}"),
    }
}

/// Commits for ever, and says after each batch how many events are in the store.
fn commit(store: &str) {
    let mut engine = Engine::open(&StoreUrl::parse(store).unwrap()).unwrap();
    for visit in 0.. {
        let events: Vec<Event> = (0..20).flat_map(|n| Visit::whole(n, visit)).collect();
        for batch in events.chunks(190) {
            say("committed", engine.commit(batch).unwrap().last_seq);
        }
    }
}

/// Opens a session, and waits in it to be killed.
fn linger(store: &str) {
    let mut engine = Engine::open(&StoreUrl::parse(store).unwrap()).unwrap();
    engine.commit(&Visit::whole(1, 0)).unwrap();
    let mut visit = Visit::new(1, 1);
    visit.arrive().open().keys("rm -r");
    say("lingering", engine.commit(&visit.events).unwrap().last_seq);
    std::thread::sleep(Duration::from_secs(60));
}

/// Writes through the writer's thread, says when the store refuses, and how many it sent.
fn write(store: &str) {
    let engine = Engine::open(&StoreUrl::parse(store).unwrap()).unwrap();
    let (sender, receiver) = sync_channel(100_000);
    let writer = Writer::spawn(engine, receiver).unwrap();
    let mut sent = 0;
    for visit in 0..40 {
        for event in (0..20).flat_map(|n| Visit::whole(n, visit)) {
            sender.send(event).unwrap();
            sent += 1;
        }
    }
    drop(sender);
    while !writer.is_finished() && writer.health().retrying.is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    say("retrying", u64::from(writer.health().retrying.is_some()));
    let engine = writer.finish(Duration::from_secs(60)).unwrap();
    assert_eq!(engine.head(), sent);
    say("sent", sent);
}

/// Records until the disk is full, and on; says the size.
fn record(folder: &str) {
    let store = RecordingStore::new(folder, Limits::default());
    let header = Header {
        sid: SessionId(Uuid::from_u128(1)),
        at: Timestamp(crate::events::START),
        size: WindowSize::default(),
        term: None,
        title: None,
        command: None,
    };
    let mut writer = store.create(&header).unwrap();
    for n in 0..20_000 {
        writer.output(n * 1_000, b"This goes on and on, and the disk is not what it was.\r\n");
    }
    let finished = writer.finish();
    assert_eq!(finished.extent, RecordingExtent::CutByFault);
    say("recorded", finished.bytes);
}

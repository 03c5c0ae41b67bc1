//! Recordings: valid at any moment, no larger than allowed, playable by somebody else's player.

use crate::events::START;
use decnet_core::event::{RecordingExtent, SessionId, Timestamp, WindowSize};
use decnet_store::recording::{Header, Limits, RecordingStore, RecordingWriter};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use uuid::Uuid;

fn header(n: u128) -> Header {
    Header {
        sid: SessionId(Uuid::from_u128(n)),
        at: Timestamp(START),
        size: WindowSize { cols: 80, rows: 24, px_width: 0, px_height: 0 },
        term: Some("xterm-256color".into()),
        title: Some("root@decky-01 \"quoted\"".into()),
        command: None,
    }
}

fn store(limits: Limits) -> (TempDir, RecordingStore) {
    let folder = TempDir::new().unwrap();
    let store = RecordingStore::new(folder.path().join("recordings"), limits);
    (folder, store)
}

fn speak(writer: &mut RecordingWriter) {
    writer.output(0, b"\x1b[1m$ \x1b[0m");
    writer.input(1_250_000, b"l");
    writer.output(1_250_100, b"l");
    writer.input(1_500_000, b"\xc3");
    writer.input(1_600_000, b"\xbc\xff");
    writer.resize(1_700_000, 0, 50);
    writer.marker(1_800_000, "login");
    writer.output(1_700_000, b"na\xc3\xafve\r\n");
}

#[test]
fn a_recording_is_lines_of_json() {
    let (_folder, store) = store(Limits::default());
    let mut writer = store.create(&header(7)).unwrap();
    speak(&mut writer);
    let finished = writer.finish();
    assert_eq!(finished.file, "2026/11/22/00000000-0000-0000-0000-000000000007.cast");
    assert_eq!(finished.extent, RecordingExtent::Whole);
    let path = store.path(&finished.file);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.len() as u64, finished.bytes);
    insta::assert_snapshot!(text);
    let cast = decnet_core::cast::read(text.as_bytes()).unwrap();
    assert_eq!((cast.events.len(), cast.torn), (7, false));
}

#[test]
fn another_player_takes_it() {
    if !decnet_testing::has_programs(&["asciinema", "script"]) {
        return;
    }
    let (_folder, store) = store(Limits::default());
    let mut writer = store.create(&header(7)).unwrap();
    speak(&mut writer);
    let path = store.path(&writer.finish().file);
    // The player wants a terminal, and this gives it one.
    let mut player = Command::new("script");
    player.args(["--quiet", "--return", "--command"]);
    player.arg(format!("asciinema cat {}", path.display())).arg("/dev/null");
    let output = player.env("TERM", "xterm").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("\u{1b}[1m$ ") && shown.contains("naïve"), "{shown:?}");
}

#[test]
fn a_torn_line_is_cut_at_the_next_start() {
    let (_folder, store) = store(Limits::default());
    let mut writer = store.create(&header(7)).unwrap();
    speak(&mut writer);
    let path = store.path(writer.file());
    let whole = fs::read(&path).unwrap();
    // Killed in the middle of a write, at any byte after the first line.
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for length in first + 2..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let recovered = store.recover().unwrap();
        let left = fs::read(&path).unwrap();
        assert!(whole.starts_with(&left) && left.ends_with(b"\n"), "{length}");
        assert_eq!(recovered.is_empty(), left.len() == length);
        decnet_core::cast::read(&left).unwrap();
    }
    let left = store.left_behind(SessionId(Uuid::from_u128(7))).unwrap().unwrap();
    assert_eq!(left.extent, RecordingExtent::CutByFault);
    assert_eq!(left.bytes, fs::metadata(&path).unwrap().len());
    // Nothing but a piece of the first line.
    fs::write(&path, &whole[..first - 3]).unwrap();
    assert_eq!(store.recover().unwrap()[0].bytes, 0);
    assert_eq!(store.files().unwrap(), [""; 0]);
    assert_eq!(store.left_behind(SessionId(Uuid::from_u128(7))).unwrap(), None);
}

#[test]
fn a_recording_ends_at_its_limit_and_says_so() {
    let limit = 2_000;
    let (_folder, store) = store(Limits { recording_bytes: limit, ..Limits::default() });
    let mut writer = store.create(&header(7)).unwrap();
    for n in 0..1_000 {
        writer.output(n * 1_000, b"yes\r\n");
    }
    let finished = writer.finish();
    assert_eq!(finished.extent, RecordingExtent::CutAtLimit);
    assert!(finished.bytes <= limit);
    let text = fs::read_to_string(store.path(&finished.file)).unwrap();
    assert!(text.ends_with("\"m\", \"cut: size limit\"]\n"), "{text}");
    assert_eq!(text.matches("cut:").count(), 1);
}

#[test]
fn the_oldest_go_first_and_none_that_is_written() {
    let day = 86_400_000_000_000;
    // Room for two files, each of which takes a block of the disk.
    let limits = Limits { total_bytes: 10_000, days: 30, ..Limits::default() };
    let (_folder, store) = store(limits);
    let make = |n: u128, days: i64| {
        let at = Timestamp(START - days * day);
        let mut writer = store.create(&Header { at, ..header(n) }).unwrap();
        writer.output(0, &[b'x'; 250]);
        writer
    };
    let still_open = make(1, 40);
    for (n, days) in [(2, 31), (3, 29), (4, 3), (5, 2), (6, 1)] {
        drop(make(n, days).finish());
    }
    let outside = store.folder().join("notes.txt");
    fs::write(&outside, "mine").unwrap();
    let pruned = store.prune(Timestamp(START)).unwrap();
    let left: Vec<bool> = (1..=6)
        .map(|n| store.left_behind(SessionId(Uuid::from_u128(n))).unwrap().is_some())
        .collect();
    // 2 is too old; 3, 4 and 5 are too much; 1 is too old and too much, and at work.
    assert_eq!(left, [true, false, false, false, false, true], "{pruned:?}");
    assert!(outside.exists());
    drop(still_open);
    assert_eq!(store.prune(Timestamp(START)).unwrap().files, 1);
    assert!(!store.folder().join("2026/10").exists());
}

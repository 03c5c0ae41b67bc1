//! Keys, and what becomes of them.

use super::*;
use crate::profile::command::keys::{Decoder, bytes};
use proptest::prelude::*;

type Told = (String, String, Kind);

/// Lines entered, and corrections, of these keys.
fn typed(text: &[u8]) -> (Vec<Option<String>>, Vec<Told>) {
    let (mut decoder, mut line) = (Decoder::default(), Line::default());
    let (mut lines, mut out) = (Vec::new(), Vec::new());
    let shown = |glyphs: &[Glyph]| String::from_utf8_lossy(&bytes(glyphs)).into_owned();
    for byte in text {
        decoder.byte(*byte, &mut |key| {
            if let Led::Entered(text) = line.key(key, &mut out) {
                lines.push(text.map(|text| shown(&text)));
            }
        });
    }
    let out = out.iter().map(|c| (shown(&c.typed), shown(&c.became), c.kind)).collect();
    (lines, out)
}

#[track_caller]
fn check(text: &str, line: &str, corrections: &[(&str, &str, Kind)]) {
    let (lines, found) = typed(text.as_bytes());
    let found: Vec<_> = found.iter().map(|(t, b, k)| (t.as_str(), b.as_str(), *k)).collect();
    assert_eq!(found, corrections, "{}", text.escape_debug());
    assert_eq!(lines, [Some(line.to_owned())], "{}", text.escape_debug());
}

#[test]
fn corrections_are_told_as_words() {
    use Kind::{Insertion, Omission, Substitution, Transposition, WrongCommand};
    check("ls -la\r", "ls -la", &[]);
    check("cta\x7f\x7fat /x\r", "cat /x", &[("cta", "cat", Transposition)]);
    check("ct\x7fat /x\r", "cat /x", &[("ct", "cat", Omission)]);
    check("catt\x7f /x\r", "cat /x", &[("catt", "cat", Insertion)]);
    check(
        "cat /etc/pasd\x7fswd\r",
        "cat /etc/passwd",
        &[("/etc/pasd", "/etc/passwd", Substitution)],
    );
    check("ls\x15id -u\r", "id -u", &[("ls", "id", WrongCommand)]);
    check("ls /tmp\x15id -u\r", "id -u", &[("ls /tmp", "id -u", WrongCommand)]);
    check("echo a; sl\x17ls\r", "echo a; ls", &[("sl", "ls", Transposition)]);
    check("cat one\x17two\r", "cat two", &[("one", "two", Substitution)]);
    // In the middle of the line.
    check("ct /x\x1b[D\x1bOD\x1b[D\x1b[Da\r", "cat /x", &[("ct", "cat", Omission)]);
    check("caat /x\x01\x06\x06\x7f\r", "cat /x", &[("caat", "cat", Insertion)]);
    check("cst /x\x1b[H\x1b[C\x1b[3~a\r", "cat /x", &[("cst", "cat", Substitution)]);
    check("cta\x14\r", "cat", &[("cta", "cat", Transposition)]);
    // Twice in a line, and one inside the other.
    check(
        "sl\x7f\x7fls -al\x7f\x7fla\r",
        "ls -la",
        &[("sl", "ls", Transposition), ("-al", "-la", Transposition)],
    );
}

#[test]
fn what_changes_nothing_is_no_correction() {
    check("ls\x7fs\r", "ls", &[]);
    check("ls -l\x15\x19\r", "ls -l", &[]);
    check("ls -la\x01\x05\r", "ls -la", &[]);
    // More is typed where a word was cut short, and nothing else.
    check("ls /tm\x7f\x7ftmp\r", "ls /tmp", &[]);
    // Given up.
    let (lines, found) = typed(b"rm -rf /\x15\rrm x\x03");
    assert_eq!((lines, found), (vec![Some(String::new())], vec![]));
}

#[test]
fn a_paste_is_text() {
    check("\x1b[200~a\tb\rc\x1b[201~d\r", "a\tb\ncd", &[]);
}

#[test]
fn what_the_machine_put_there_is_not_known() {
    use Kind::Transposition;
    let (lines, found) = typed(b"cat /etc/pa\t fiel\x7f\x7fle\r");
    assert_eq!(lines, [None]);
    assert_eq!(found, [("fiel".into(), "file".into(), Transposition)]);
    for keys in ["\x1b[Ax\x7f\x7f\x7fy\r", "\x12ls\r", "\x12ls\x1b[Cx\x7f\r", "a\t\x15ls\r"] {
        assert_eq!(typed(keys.as_bytes()), (vec![None], vec![]), "{}", keys.escape_debug());
    }
}

#[test]
fn recall_and_search_are_counted() {
    let (mut decoder, mut line) = (Decoder::default(), Line::default());
    for byte in b"\x1b[A\x1b[A\r\x12a\x12b\r\x1bOA\r" {
        decoder.byte(*byte, &mut |key| drop(line.key(key, &mut Vec::new())));
    }
    assert_eq!((line.uses.up, line.uses.search), (2, 1));
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        8 => "[a-d /.;]".prop_map(String::into_bytes),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        4 => proptest::sample::select(vec![
            "\x7f", "\x17", "\x15", "\x0b", "\x19", "\x01", "\x05", "\x14", "\x1b[A", "\x1b[D",
            "\x1b[C", "\x1b[3~", "\x1bb", "\x1bd", "\t", "\x12", "\r", "\x1b[200~", "\x1b[201~",
        ])
        .prop_map(|key| key.as_bytes().to_vec()),
    ];
    proptest::collection::vec(key, 0..60).prop_map(|keys| keys.concat())
}

proptest! {
    #[test]
    fn typing_on_corrects_nothing(text in "[a-z /|;.-]{0,60}") {
        let (lines, found) = typed(format!("{text}\r").as_bytes());
        prop_assert_eq!(lines, [Some(text)]);
        prop_assert_eq!(found, []);
    }

    #[test]
    fn what_is_deleted_and_typed_again_is_no_correction(
        text in "[a-z ]{1,40}", back in 1_usize..40,
    ) {
        let back = back.min(text.len());
        let again = text.split_at(text.len() - back).1;
        let keys = format!("{text}{}{again}\r", "\x7f".repeat(back));
        prop_assert_eq!(typed(keys.as_bytes()), (vec![Some(text)], vec![]));
    }

    #[test]
    fn any_keys_stay_within_bounds(text in keys()) {
        let (mut decoder, mut line, mut out) =
            (Decoder::default(), Line::default(), Vec::new());
        for byte in &text {
            decoder.byte(*byte, &mut |key| drop(line.key(key, &mut out)));
            prop_assert!(line.cursor <= line.text.len());
            prop_assert!(line.text.len() <= limits::LINE_BYTES);
            let stored = postcard::to_stdvec(&line).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Line>(&stored).unwrap(), &line);
        }
        prop_assert!(out.len() <= text.len());
        for correction in out {
            prop_assert!(correction.typed != correction.became);
            prop_assert!(correction.typed.len() <= limits::TYPO_GLYPHS);
        }
    }
}

#[test]
fn a_line_is_bounded_and_corrections_are_few() {
    let (mut line, mut out) = (Line::default(), Vec::new());
    for _ in 0..2 * limits::LINE_BYTES {
        line.key(Key::Text('a'.into()), &mut out);
    }
    assert!(line.weight() < 64 << 10);
    line.key(Key::Control(3), &mut out);
    for _ in 0..1_000 {
        line.key(Key::Text('b'.into()), &mut out);
        line.key(Key::Control(0x7f), &mut out);
        line.key(Key::Text('c'.into()), &mut out);
    }
    assert!(out.len() <= limits::LINE_CORRECTIONS);
}

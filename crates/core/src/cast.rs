//! Reads asciicast v2 recordings, and computes the keyboard features of one.
//!
//! A recording that was cut off is still evidence: a last line that is torn is left out, an event
//! code that we do not know is kept as it is. Anything else that is wrong is an error which says
//! where and what.
//!
//! **Invariant:** a recording holds what was shown and what was typed while echo was on. Hidden
//! input is never in it, so that nothing here has to take it out.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::profile::keyboard::{Columns, Context, Decoder, columns};

/// A terminal session as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Columns of the terminal at the start.
    pub width: u32,
    /// Rows of the terminal at the start.
    pub height: u32,
    /// Instant of the last event, µs since the session began.
    pub duration_us: u64,
    /// The events in the order of the file.
    pub events: Vec<CastEvent>,
    /// Whether the last line was torn, and left out.
    pub torn: bool,
}

/// One line of a recording after the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastEvent {
    /// Instant, µs since the session began: the seconds of the file, rounded to the nearest.
    pub at_us: u64,
    /// What happened.
    pub kind: CastEventKind,
    /// What was written, typed, said; the size as `80x24`.
    pub data: String,
}

/// What an event of a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastEventKind {
    /// `o`: written to the terminal.
    Output,
    /// `i`: read from the terminal.
    Input,
    /// `r`: the terminal has another size.
    Resize,
    /// `m`: a marker.
    Marker,
    /// A code that we do not know, by its first character.
    Other(char),
}

/// Why a recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastError {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: CastFault,
}

/// What is wrong with a line of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastFault {
    /// There is no header.
    Empty,
    /// The header is not a JSON object with a version.
    Header,
    /// The header is of another version.
    Version(u64),
    /// The header does not say this.
    Missing(&'static str),
    /// The line is not `[seconds, "code", "data"]`.
    Event,
}

/// The features of a recording, named as the columns of `session_profile`.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct CastFeatures {
    /// Instant of the last event, s.
    pub session_duration_s: f64,
    /// What the keys say.
    #[serde(flatten)]
    pub columns: Columns,
}

/// Reads an asciicast v2 file.
///
/// # Errors
/// When there is no header of version 2, or a line before the last is no event.
pub fn read(bytes: &[u8]) -> Result<Recording, CastError> {
    let mut lines =
        (1..).zip(bytes.split(|byte| *byte == b'\n')).filter(|(_, line)| !is_blank(line));
    let (line, header) = lines.next().ok_or(CastError { line: 1, fault: CastFault::Empty })?;
    let (width, height) = size(header).map_err(|fault| CastError { line, fault })?;
    let mut recording =
        Recording { width, height, duration_us: 0, events: Vec::new(), torn: false };
    while let Some((line, text)) = lines.next() {
        match event(text) {
            Some(event) => {
                recording.duration_us = recording.duration_us.max(event.at_us);
                recording.events.push(event);
            }
            None if lines.next().is_none() => recording.torn = true,
            None => return Err(CastError { line, fault: CastFault::Event }),
        }
    }
    Ok(recording)
}

/// The keyboard features of a recording.
///
/// Instants at which a prompt was shown are its `prompt` markers. Where there are none, the last
/// output before the first key is the first prompt, and the last output between an Enter (or `^C`,
/// `^D`) and the next key is another: a shell that waits has written its prompt last. Where there
/// is no output at all, the session begins with its prompt.
#[must_use]
pub fn features(recording: &Recording) -> CastFeatures {
    let (mut decoder, mut strokes) = (Decoder::default(), Vec::new());
    for event in of_kind(recording, CastEventKind::Input) {
        decoder.read(event.at_us, event.data.as_bytes(), &mut strokes);
    }
    decoder.finish(&mut strokes);
    let prompts_us = prompts_us(recording);
    let context = Context { duration_us: recording.duration_us, prompts_us: &prompts_us };
    CastFeatures {
        session_duration_s: recording.duration_us as f64 / 1e6,
        columns: columns(&strokes, &context),
    }
}

/// Instants at which a prompt was shown, as [`features`] says.
fn prompts_us(recording: &Recording) -> Vec<u64> {
    let marked: Vec<u64> = of_kind(recording, CastEventKind::Marker)
        .filter(|event| event.data == "prompt")
        .map(|event| event.at_us)
        .collect();
    if !marked.is_empty() {
        return marked;
    }
    if of_kind(recording, CastEventKind::Output).next().is_none() {
        return vec![0];
    }
    let mut prompts_us = Vec::new();
    let (mut output_us, mut awaited) = (None, true);
    for event in &recording.events {
        match event.kind {
            CastEventKind::Output => output_us = Some(event.at_us),
            CastEventKind::Input => {
                if awaited {
                    prompts_us.extend(output_us);
                }
                output_us = None;
                awaited = event.data.ends_with(['\r', '\n', '\x03', '\x04']);
            }
            CastEventKind::Resize | CastEventKind::Marker | CastEventKind::Other(_) => {}
        }
    }
    prompts_us
}

fn of_kind(recording: &Recording, kind: CastEventKind) -> impl Iterator<Item = &CastEvent> {
    recording.events.iter().filter(move |event| event.kind == kind)
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn size(header: &[u8]) -> Result<(u32, u32), CastFault> {
    #[derive(Deserialize)]
    struct Header {
        version: u64,
        width: Option<u32>,
        height: Option<u32>,
    }
    let header: Header = serde_json::from_slice(header).map_err(|_| CastFault::Header)?;
    if header.version != 2 {
        return Err(CastFault::Version(header.version));
    }
    let width = header.width.ok_or(CastFault::Missing("width"))?;
    let height = header.height.ok_or(CastFault::Missing("height"))?;
    Ok((width, height))
}

fn event(line: &[u8]) -> Option<CastEvent> {
    #[derive(Deserialize)]
    struct Line<'a>(f64, #[serde(borrow)] Cow<'a, str>, String);
    let Line(seconds, code, data) = serde_json::from_slice(line).ok()?;
    let kind = match code.chars().next()? {
        'o' => CastEventKind::Output,
        'i' => CastEventKind::Input,
        'r' => CastEventKind::Resize,
        'm' => CastEventKind::Marker,
        other => CastEventKind::Other(other),
    };
    // An instant before the start is the start; `as` takes care of it.
    Some(CastEvent { at_us: (seconds * 1e6).round() as u64, kind, data })
}

impl fmt::Display for CastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

impl fmt::Display for CastFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the recording is empty"),
            Self::Header => f.write_str("not an asciicast header (a JSON object with a version)"),
            Self::Version(version) => write!(f, "asciicast version {version} where 2 is read"),
            Self::Missing(what) => write!(f, "the header does not say the terminal's {what}"),
            Self::Event => f.write_str("not an event ([seconds, \"code\", \"data\"])"),
        }
    }
}

impl std::error::Error for CastError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "{\"version\":2,\"width\":80,\"height\":24}\n";

    fn cast(lines: &str) -> Recording {
        read(format!("{HEADER}{lines}").as_bytes()).unwrap()
    }

    #[test]
    fn every_kind_of_event_is_read() {
        let recording = cast(
            "[0.1,\"o\",\"$ \"]\r\n\n[0.25,\"i\",\"\\u001b[A\"]\n[1,\"r\",\"100x30\"]\n\
             [1.5,\"m\",\"prompt\"]\n[2.000001,\"x\",\"?\"]\n",
        );
        let kinds: Vec<_> = recording.events.iter().map(|e| (e.at_us, e.kind)).collect();
        assert_eq!(
            kinds,
            [
                (100_000, CastEventKind::Output),
                (250_000, CastEventKind::Input),
                (1_000_000, CastEventKind::Resize),
                (1_500_000, CastEventKind::Marker),
                (2_000_001, CastEventKind::Other('x')),
            ]
        );
        assert_eq!((recording.width, recording.height), (80, 24));
        assert_eq!(recording.duration_us, 2_000_001);
        assert!(!recording.torn);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let table: &[(&str, usize, &str)] = &[
            ("", 1, "line 1: the recording is empty"),
            ("\n\n", 1, "line 1: the recording is empty"),
            ("[1]", 1, "line 1: not an asciicast header (a JSON object with a version)"),
            ("{\"version\":3,\"term\":{}}", 1, "line 1: asciicast version 3 where 2 is read"),
            ("\n{\"version\":1}", 2, "line 2: asciicast version 1 where 2 is read"),
            (
                "{\"version\":2,\"width\":80}",
                1,
                "line 1: the header does not say the terminal's height",
            ),
            (
                "{\"version\":2,\"width\":8,\"height\":2}\n[1,\"o\",\"a\"]\noops\n[2,\"o\",\"b\"]",
                3,
                "line 3: not an event ([seconds, \"code\", \"data\"])",
            ),
            (
                "{\"version\":2,\"width\":8,\"height\":2}\n[1,\"\",\"a\"]\n[2,\"o\",\"b\"]",
                2,
                "line 2: not an event ([seconds, \"code\", \"data\"])",
            ),
        ];
        for (text, line, message) in table {
            let error = read(text.as_bytes()).unwrap_err();
            assert_eq!((error.line, error.to_string().as_str()), (*line, *message));
        }
    }

    #[test]
    fn a_torn_last_line_is_left_out_wherever_it_is_torn() {
        let whole = format!("{HEADER}[1,\"i\",\"a\"]\n[2,\"i\",\"\u{e9}\"]");
        for end in HEADER.len()..=whole.len() {
            let recording = read(&whole.as_bytes()[..end]).unwrap();
            let complete = end == HEADER.len() || whole.as_bytes()[end - 1] == b']';
            let newline = whole.as_bytes()[end - 1] == b'\n';
            assert_eq!(recording.torn, !(complete || newline), "cut at {end}");
        }
    }

    #[test]
    fn instants_out_of_range_stay_in_it() {
        let recording = cast("[-1,\"i\",\"a\"]\n[1e300,\"i\",\"b\"]\n");
        assert_eq!(recording.events[0].at_us, 0);
        assert_eq!(recording.events[1].at_us, u64::MAX);
        let _ = features(&recording);
    }

    #[test]
    fn prompts_are_markers_or_else_the_last_output_before_a_command() {
        let table: &[(&str, &[u64])] = &[
            ("[5,\"i\",\"l\"]\n", &[0]),
            ("[1,\"m\",\"prompt\"]\n[2,\"o\",\"$ \"]\n[3,\"i\",\"l\"]\n", &[1_000_000]),
            ("[1,\"m\",\"echo off\"]\n[2,\"o\",\"$ \"]\n[3,\"i\",\"l\"]\n", &[2_000_000]),
            (
                "[1,\"o\",\"motd\"]\n[2,\"o\",\"$ \"]\n[3,\"i\",\"l\"]\n[3.1,\"o\",\"l\"]\n\
                 [4,\"i\",\"\\r\"]\n[4.1,\"o\",\"\\r\\n\"]\n[4.5,\"o\",\"$ \"]\n[5,\"i\",\"w\"]\n",
                &[2_000_000, 4_500_000],
            ),
            // Typed ahead: nothing was shown between the Enter and the next command.
            ("[1,\"o\",\"$ \"]\n[2,\"i\",\"l\\r\"]\n[2,\"i\",\"w\"]\n", &[1_000_000]),
        ];
        for (lines, expected) in table {
            assert_eq!(&prompts_us(&cast(lines)), expected, "{lines}");
        }
    }

    #[test]
    fn features_are_numbers_and_hex_in_one_object() {
        let mut lines = String::from("[0.1,\"o\",\"$ \"]\n");
        for key in 0..60 {
            let letter = char::from(b'a' + key % 7);
            lines += &format!("[{}.{},\"i\",\"{letter}\"]\n", 1 + key / 5, key % 5 * 2);
        }
        let json = serde_json::to_value(features(&cast(&lines))).unwrap();
        assert_eq!(json["session_duration_s"], 12.8);
        assert_eq!(json["total_keystrokes"], 60);
        assert_eq!(json["kd_start_of_action_latency"], 0.9);
        assert_eq!(json["kd_digraph_simhash"].as_str().unwrap().len(), 16);
        assert_eq!(json["kd_typist_vector"].as_str().unwrap().len(), 64);
        assert!(json["kd_top_bigrams"].is_null());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, lines in "(\\[[0-9.e-]{0,4},\"[iom]\",\"[a-z]{0,3}\"\\]\n?){0,6}") {
            let _ = read(&bytes);
            if let Ok(recording) = read(format!("{HEADER}{lines}").as_bytes()) {
                let _ = features(&recording);
            }
        }
    }
}

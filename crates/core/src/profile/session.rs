//! What is known of one session.
//!
//! **Invariant:** keystrokes are kept in parts that are stored as they fill, so that a batch rewrites
//! one part at most, however long the session is.

use super::attacker::{Attacker, Connection};
use super::command::{Commands, Moment, Told};
use super::keyboard::{self, Decoder, Stroke};
use super::rows::{KeystrokeRow, Ordered, ProfileRow, SessionRow, TermModes};
use super::{Output, SCHEMA_VERSION, artifact, seconds, ssh};
use crate::event::{
    Answer, CloseCause, Origin, Program, RecordingExtent, Service, SessionFact, SessionId,
    Timestamp, WindowSize,
};
use crate::limits;
use crate::octets::{Binary, Octets};
use crate::row::{Json, Raw, hex};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Keystrokes of one row of `keystroke`.
const PART: usize = 256;

/// Fold state of one row of `session` and of `session_profile`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    sid: SessionId,
    attacker: Uuid,
    connection: Uuid,
    channel: u32,
    decky: String,
    service: Service,
    src_port: u16,
    dst_port: u16,
    user: Octets,
    program: Option<Program>,
    opened: Timestamp,
    closed: Option<Closed>,
    recording: Option<(String, u64, RecordingExtent)>,
    terminal: Option<Terminal>,
    resizes: u32,
    env: Vec<(Octets, Octets)>,
    banner: Option<Octets>,
    banner_us: Option<u64>,
    agent: bool,
    channels_max: u32,
    prompts: Vec<u64>,
    commands: Commands,
    decoder: Decoder,
    /// Keystrokes beyond what is kept.
    uncounted: u64,
    #[serde(skip)]
    strokes: Vec<Stroke>,
    /// How many of `strokes` the store holds.
    #[serde(skip)]
    stored: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Closed {
    seq: u64,
    at: Timestamp,
    cause: CloseCause,
    status: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Terminal {
    term: Octets,
    size: WindowSize,
    modes: Binary,
}

impl Session {
    /// A session of which nothing is known yet.
    #[must_use]
    pub fn new(sid: SessionId) -> Self {
        Self {
            sid,
            attacker: Uuid::nil(),
            connection: Uuid::nil(),
            channel: 0,
            decky: String::new(),
            service: Service::Ssh,
            src_port: 0,
            dst_port: 0,
            user: Octets::default(),
            program: None,
            opened: Timestamp::default(),
            closed: None,
            recording: None,
            terminal: None,
            resizes: 0,
            env: Vec::new(),
            banner: None,
            banner_us: None,
            agent: false,
            channels_max: 0,
            prompts: Vec::new(),
            commands: Commands::default(),
            decoder: Decoder::default(),
            uncounted: 0,
            strokes: Vec::new(),
            stored: 0,
        }
    }

    /// The key of the rows.
    #[must_use]
    pub fn sid(&self) -> SessionId {
        self.sid
    }

    /// Whether the session has ended; nothing changes it any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Bytes that the state takes in memory, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        let env: usize = self.env.iter().map(|(n, v)| n.0.capacity() + v.0.capacity() + 48).sum();
        let lists = self.prompts.capacity() * 8 + self.strokes.capacity() * 8;
        1_024 + env + lists + self.commands.weight()
    }

    /// Takes back a stored part, in order; `strokes` is what the column of that name holds.
    pub fn restore_part(&mut self, strokes: &[u8]) {
        let (parts, _) = strokes.as_chunks::<8>();
        self.strokes.extend(parts.iter().map(|b| Stroke::from_bits(u64::from_be_bytes(*b))));
        self.stored = self.strokes.len();
    }

    /// The parts that the store does not hold as they are now.
    #[must_use]
    pub fn new_parts(&self) -> Vec<KeystrokeRow> {
        if self.stored == self.strokes.len() {
            return Vec::new();
        }
        let first = self.stored / PART;
        let changed = self.strokes.chunks(PART).enumerate().skip(first);
        changed.map(|(part, strokes)| self.part(part, strokes)).collect()
    }

    /// Says that the store holds every part now.
    pub fn mark_stored(&mut self) {
        self.stored = self.strokes.len();
    }

    fn part(&self, part: usize, strokes: &[Stroke]) -> KeystrokeRow {
        // The frame of a bracketed paste is a mark in the stream, and no key.
        let keys = strokes.iter().filter(|stroke| stroke.is_keystroke() || stroke.is_hidden());
        let instants: Vec<u64> = keys.map(|stroke| stroke.at_us()).collect();
        KeystrokeRow {
            sid: self.sid.0,
            part: u32::try_from(part).unwrap_or(u32::MAX),
            keys: u32::try_from(instants.len()).unwrap_or(u32::MAX),
            instants_us: Json(instants),
            strokes: Raw(strokes.iter().flat_map(|s| s.to_bits().to_be_bytes()).collect()),
        }
    }

    /// The row of `session`.
    #[must_use]
    pub fn row(&self) -> SessionRow {
        let (program, command) = match &self.program {
            None => (None, None),
            Some(Program::Shell) => (Some("shell"), None),
            Some(Program::Exec(line)) => (Some("exec"), Some(line.readable())),
            Some(Program::Subsystem(name)) => (Some("subsystem"), Some(name.readable())),
        };
        // A closed session never changes, so that it needs no state.
        let state = if self.is_closed() {
            Vec::new()
        } else {
            postcard::to_stdvec(self).unwrap_or_default()
        };
        SessionRow {
            sid: self.sid.0,
            attacker_uuid: self.attacker,
            connection: self.connection,
            channel: self.channel,
            decky: self.decky.clone(),
            service: self.service.name(),
            user: self.user.readable(),
            program,
            command,
            opened_at: self.opened.rfc3339(),
            closed_at: self.closed.map(|closed| closed.at.rfc3339()),
            close_cause: self.closed.map(|closed| word(&closed.cause)),
            exit_status: self.closed.and_then(|closed| closed.status),
            recording: self.recording.as_ref().map(|(file, _, _)| file.clone()),
            recording_bytes: self.recording.as_ref().map(|(_, bytes, _)| *bytes),
            recording_extent: self.recording.as_ref().map(|(_, _, extent)| word(extent)),
            state: Raw(state),
        }
    }

    /// The row of `session_profile`, once the session has ended.
    #[must_use]
    pub fn profile(&self) -> Option<ProfileRow> {
        self.is_closed().then(|| self.profile_now())
    }

    /// The profile as it would be if the session ended with what it has.
    #[must_use]
    pub fn profile_now(&self) -> ProfileRow {
        let closed = self.closed.unwrap_or(Closed {
            seq: 0,
            at: self.opened,
            cause: CloseCause::Exit,
            status: None,
        });
        let duration_us = closed.at.us_since(self.opened);
        let context = keyboard::Context { duration_us, prompts_us: &self.prompts };
        let mut keyboard = keyboard::columns(&self.strokes, &context);
        if let Some(total) = keyboard.total_keystrokes.as_mut() {
            *total += self.uncounted;
        }
        let size = self.terminal.as_ref().map(|terminal| terminal.size);
        let env = self.env.iter().map(|(name, value)| (name.readable(), value.readable().into()));
        ProfileRow {
            sid: self.sid.0,
            log_id: closed.seq,
            schema_version: SCHEMA_VERSION,
            keyboard,
            session_duration_s: Some(seconds(duration_us)),
            term: self.terminal.as_ref().map(|terminal| terminal.term.readable()),
            term_cols: size.map(|size| size.cols),
            term_rows: size.map(|size| size.rows),
            term_px: size.map(|size| format!("{}x{}", size.px_width, size.px_height)),
            term_modes: self.terminal.as_ref().map(|terminal| Json(terminal.modes())),
            resize_count: self.terminal.as_ref().map(|_| self.resizes),
            env: (!self.env.is_empty()).then(|| Json(Ordered(env.collect()))),
            locale: self.locale(),
            client_banner: self.banner.as_ref().map(Octets::readable),
            client_banner_s: self.banner_us.map(seconds),
            src_port: self.src_port,
            dst_port: self.dst_port,
            agent_forwarding: self.agent,
            channels_max: (self.channels_max > 0).then_some(self.channels_max),
            created_at: closed.at.rfc3339(),
            commands: self.commands.columns(),
        }
    }

    /// The locale that decides what a program prints: POSIX puts `LC_ALL` first; `LANG` is what
    /// people set, and a single `LC_*` is better than nothing.
    fn locale(&self) -> Option<String> {
        let named = |wanted: &[u8]| {
            self.env.iter().find(|(name, value)| name.0 == wanted && !value.0.is_empty())
        };
        let any =
            || self.env.iter().find(|(name, v)| name.0.starts_with(b"LC_") && !v.0.is_empty());
        let found =
            named(b"LC_ALL").or_else(|| named(b"LANG")).or_else(|| named(b"LC_CTYPE")).or_else(any);
        found.map(|(_, value)| value.readable())
    }

    pub(super) fn fold(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        fact: &SessionFact,
        attacker: &Attacker,
        out: &mut Output,
    ) {
        if self.is_closed() {
            return;
        }
        let moment = Moment { sid: self.sid.0, opened: self.opened, at };
        let mut told = Told::default();
        match fact {
            SessionFact::SessionOpened { channel, user } => {
                self.attacker = attacker.uuid();
                self.connection = origin.connection.0;
                self.channel = *channel;
                self.decky.clone_from(&origin.decky);
                self.service = origin.service;
                self.src_port = origin.peer.port();
                self.dst_port = origin.local.port();
                self.user = Octets::capped(&user.0, limits::USER_BYTES);
                self.opened = at;
                if let Some(connection) = attacker.connection(origin) {
                    self.know(connection);
                }
            }
            SessionFact::Env { name, value, answer: Answer::Granted | Answer::Refused } => {
                self.set(name, value);
            }
            SessionFact::Pty { term, size, modes } => {
                self.terminal = Some(Terminal {
                    term: term.clone(),
                    size: *size,
                    modes: Binary(modes.0.get(..limits::MODES_BYTES).unwrap_or(&modes.0).to_vec()),
                });
            }
            SessionFact::Resize { size: _ } => self.resizes = self.resizes.saturating_add(1),
            SessionFact::ProgramStarted { program } => self.program = Some(program.clone()),
            SessionFact::AgentForwarding { answer: Answer::Granted | Answer::Refused } => {
                self.agent = true;
            }
            SessionFact::Prompt {} => {
                if self.prompts.len() < limits::PROMPTS {
                    self.prompts.push(at.us_since(self.opened));
                }
                self.commands.prompted(moment);
            }
            SessionFact::Input { bytes } => {
                self.decoder.read(at.us_since(self.opened), &bytes.0, &mut self.strokes);
                self.cap_strokes();
                self.commands.typed(moment, &bytes.0, &mut told);
            }
            SessionFact::HiddenInput { keys } => {
                self.decoder.hidden(at.us_since(self.opened), *keys, &mut self.strokes);
                self.cap_strokes();
            }
            SessionFact::Recorded { file, bytes, extent } => {
                self.recording = Some((file.clone(), *bytes, *extent));
            }
            SessionFact::SessionClosed { cause, status } => {
                self.decoder.finish(&mut self.strokes);
                self.cap_strokes();
                if let Some(connection) = attacker.connection(origin) {
                    self.know(connection);
                }
                self.closed = Some(Closed { seq, at, cause: *cause, status: *status });
            }
            SessionFact::Command { line } => self.commands.command(moment, &line.0, &mut told),
            SessionFact::CommandDone { status } => {
                self.commands.done(moment, *status, &mut told);
            }
            SessionFact::Artifact(brought) => {
                let place = artifact::Place { seq, at, sid: self.sid.0, attacker: self.attacker };
                out.artifacts.push(artifact::brought(&place, brought));
                let keys = artifact::planted(brought);
                let source = artifact::source(brought.means);
                out.ssh_keys.extend(attacker.planted(seq, at, origin, source, &keys));
            }
            SessionFact::Wish { url, tool } => {
                let place = artifact::Place { seq, at, sid: self.sid.0, attacker: self.attacker };
                out.artifacts.push(artifact::wished(&place, url, tool));
            }
            SessionFact::X11Forwarding { .. }
            | SessionFact::ProgramRefused { .. }
            | SessionFact::Signal { .. }
            | SessionFact::FileRequest { .. }
            | SessionFact::FileWritten { .. } => {}
        }
        out.ssh_keys.extend(attacker.planted(seq, at, origin, "planted_shell", &told.planted));
        out.session_commands.append(&mut told.rows);
        out.session_typos.append(&mut told.typos);
    }

    fn know(&mut self, connection: &Connection) {
        self.banner.clone_from(&connection.banner);
        self.banner_us = connection.banner_us;
        self.channels_max = connection.channels_max;
    }

    /// Sets a variable; the place of the first setting stays.
    fn set(&mut self, name: &Octets, value: &Octets) {
        if let Some((_, old)) = self.env.iter_mut().find(|(known, _)| known == name) {
            old.clone_from(value);
            return;
        }
        let held: usize = self.env.iter().map(|(name, value)| name.0.len() + value.0.len()).sum();
        let room = held + name.0.len() + value.0.len() <= limits::ENV_ROW_BYTES;
        if room && self.env.len() < limits::ENV_VARIABLES {
            self.env.push((name.clone(), value.clone()));
        }
    }

    fn cap_strokes(&mut self) {
        let beyond = self.strokes.get(limits::STROKES..).unwrap_or_default();
        self.uncounted += beyond.iter().filter(|stroke| stroke.is_keystroke()).count() as u64;
        self.strokes.truncate(limits::STROKES);
    }
}

impl Terminal {
    fn modes(&self) -> TermModes {
        let modes = ssh::terminal_modes(&self.modes.0);
        TermModes {
            raw: hex(&self.modes.0),
            modes: Ordered(modes.into_iter().map(|(name, value)| (name, value.into())).collect()),
        }
    }
}

/// The word that a unit variant has in JSON.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{About, ConnectionId, Event};
    use crate::profile::{Output, fold};
    use std::sync::Arc;

    struct Bench {
        origin: Arc<Origin>,
        attacker: Attacker,
        session: Session,
        out: Output,
        seq: u64,
    }

    impl Bench {
        fn new() -> Self {
            let origin = Arc::new(Origin {
                decky: "d1".into(),
                service: Service::Ssh,
                connection: ConnectionId(Uuid::from_u128(1)),
                peer: "192.0.2.1:4711".parse().unwrap(),
                local: "192.0.2.9:22".parse().unwrap(),
            });
            let attacker = Attacker::new(origin.attacker());
            let session = Session::new(SessionId(Uuid::from_u128(2)));
            let mut bench = Self { origin, attacker, session, out: Output::default(), seq: 0 };
            bench.feed(0, SessionFact::SessionOpened { channel: 0, user: "root".into() });
            bench
        }

        fn feed(&mut self, at_us: i64, fact: SessionFact) {
            self.seq += 1;
            let about = About::Session {
                origin: Arc::clone(&self.origin),
                session: self.session.sid(),
                fact,
            };
            let event = Event { at: Timestamp::from_us(at_us), about };
            let session = Some(&mut self.session);
            fold(self.seq, &event, &mut self.attacker, session, &mut self.out);
        }

        fn close(&mut self, at_us: i64) -> ProfileRow {
            assert_eq!(self.session.profile(), None);
            let fact = SessionFact::SessionClosed { cause: CloseCause::Peer, status: Some(0) };
            self.feed(at_us, fact);
            self.session.profile().unwrap()
        }
    }

    fn env(name: &str, value: &str) -> SessionFact {
        SessionFact::Env { name: name.into(), value: value.into(), answer: Answer::Refused }
    }

    fn input(text: &str) -> SessionFact {
        SessionFact::Input { bytes: text.into() }
    }

    #[test]
    fn variables_keep_their_order_and_lc_all_is_the_locale() {
        let mut bench = Bench::new();
        for (name, value) in [("LANG", "de_DE.UTF-8"), ("ZZ", "1"), ("AA", "2"), ("ZZ", "3")] {
            bench.feed(1, env(name, value));
        }
        bench.feed(2, env("LC_ALL", "C"));
        let row = bench.close(10);
        let json = serde_json::to_string(&row.env).unwrap();
        assert_eq!(json, r#"{"LANG":"de_DE.UTF-8","ZZ":"3","AA":"2","LC_ALL":"C"}"#);
        assert_eq!(row.locale.as_deref(), Some("C"));
    }

    #[test]
    fn variables_are_capped_in_number_and_in_bytes() {
        let mut bench = Bench::new();
        for n in 0..10_000 {
            bench.feed(1, env(&format!("V{n}"), &"x".repeat(600)));
        }
        let held = bench.session.env.len();
        assert!(held > 10 && held <= limits::ENV_VARIABLES);
        assert!(bench.session.weight() < 64 << 10);
    }

    #[test]
    fn the_terminal_is_as_first_asked_for_and_changes_are_counted() {
        let mut bench = Bench::new();
        let size = WindowSize { cols: 80, rows: 24, px_width: 640, px_height: 480 };
        let modes = Binary(vec![53, 0, 0, 0, 1, 0]);
        bench.feed(1, SessionFact::Pty { term: "xterm-256color".into(), size, modes });
        bench.feed(2, SessionFact::Resize { size: WindowSize { cols: 120, ..size } });
        let row = bench.close(3);
        assert_eq!((row.term_cols, row.term_rows, row.resize_count), (Some(80), Some(24), Some(1)));
        assert_eq!(row.term_px.as_deref(), Some("640x480"));
        let modes = serde_json::to_string(&row.term_modes).unwrap();
        assert_eq!(modes, r#"{"raw":"350000000100","modes":{"ECHO":1}}"#);
    }

    #[test]
    fn parts_are_written_once_full_and_come_back_the_same() {
        let mut bench = Bench::new();
        let mut stored: std::collections::BTreeMap<u32, KeystrokeRow> = Default::default();
        for n in 0..700 {
            bench.feed(1_000 + n * 100_000, input("a"));
            if n % 7 == 0 {
                let parts = bench.session.new_parts();
                assert!(parts.len() <= 2, "a batch rewrites one part and may begin one");
                stored.extend(parts.into_iter().map(|part| (part.part, part)));
                bench.session.mark_stored();
            }
        }
        stored.extend(bench.session.new_parts().into_iter().map(|part| (part.part, part)));
        let bytes = postcard::to_stdvec(&bench.session).unwrap();
        assert!(bytes.len() < 512, "{} bytes of state", bytes.len());
        let mut back: Session = postcard::from_bytes(&bytes).unwrap();
        stored.values().for_each(|part| back.restore_part(&part.strokes.0));
        bench.session.mark_stored();
        assert_eq!(back, bench.session);
        assert_eq!(back.profile_now(), bench.session.profile_now());
    }

    #[test]
    fn what_was_typed_unseen_changes_no_feature() {
        let profile = |secret: &str| {
            let mut bench = Bench::new();
            bench.feed(0, SessionFact::Prompt {});
            for (n, key) in "sudo -s\r".chars().enumerate() {
                bench.feed(100_000 * (n as i64 + 1), input(&key.to_string()));
            }
            for n in 0..secret.len() {
                bench.feed(1_000_000 + 70_000 * n as i64, SessionFact::HiddenInput { keys: 1 });
            }
            bench.feed(9_000_000, input("x"));
            bench.close(10_000_000).keyboard
        };
        assert_eq!(profile("a"), profile("correct horse battery staple"));
    }

    #[test]
    fn a_closed_session_needs_no_state_and_never_changes() {
        let mut bench = Bench::new();
        bench.feed(5, input("a"));
        let row = bench.close(10);
        bench.feed(11, input("b"));
        assert_eq!(bench.session.profile().unwrap(), row);
        assert_eq!(bench.session.row().state, Raw(Vec::new()));
        assert_eq!(bench.session.row().close_cause.as_deref(), Some("peer"));
        assert_eq!((row.log_id, row.src_port, row.dst_port), (3, 4711, 22));
    }
}

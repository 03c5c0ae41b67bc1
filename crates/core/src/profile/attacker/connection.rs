//! What is known of an attacker's open connections and their channels.
//!
//! **Invariant:** bounded by `limits.rs`; a connection is forgotten when it closes.

use super::Attacker;
use crate::event::{Origin, Program, SessionFact, SessionId, Timestamp};
use crate::limits;
use crate::octets::Octets;
use crate::profile::Output;
use crate::profile::rows::ChannelRow;
use crate::profile::ssh_client::Shown;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a session may want to know of the connection that it runs in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::profile) struct Connection {
    pub(in crate::profile) banner: Option<Octets>,
    pub(in crate::profile) banner_us: Option<u64>,
    pub(in crate::profile) channels_max: u32,
    pub(super) tries: u32,
    pub(super) offers: u32,
    pub(super) last_try: Option<Timestamp>,
    pub(super) opened: Timestamp,
    pub(super) channels_open: u32,
    /// Mostly one: a map has room for eleven at once.
    pub(super) channels: BTreeMap<u32, Box<ChannelRow>>,
    pub(super) shown: Shown,
}

impl Attacker {
    pub(in crate::profile) fn connected(&mut self, at: Timestamp, origin: &Origin) {
        if self.connections.len() >= limits::FOLD_CONNECTIONS {
            let oldest = self.connections.iter().min_by_key(|(id, c)| (c.opened, **id));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.connections.remove(&id);
            }
        }
        let connection = Connection { opened: at, ..Connection::default() };
        self.connections.insert(origin.connection, connection);
    }

    pub(in crate::profile) fn disconnected(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        out: &mut Output,
    ) {
        let Some(connection) = self.connections.remove(&origin.connection) else { return };
        self.guessed(connection.shown, connection.opened, out);
        for mut row in connection.channels.into_values() {
            row.closed_at = Some(at.rfc3339());
            out.channels.push(*row);
        }
    }

    /// Takes note of what a client shows of the program that it is.
    pub(in crate::profile) fn shows(&mut self, origin: &Origin, what: impl FnOnce(&mut Shown)) {
        if let Some(connection) = self.connections.get_mut(&origin.connection) {
            what(&mut connection.shown);
        }
    }

    pub(in crate::profile) fn channel_opened(
        &mut self,
        origin: &Origin,
        channel: u32,
        row: ChannelRow,
        out: &mut Output,
    ) {
        if row.closed_at.is_none()
            && let Some(connection) = self.connections.get_mut(&origin.connection)
        {
            connection.channels_open += 1;
            connection.channels_max = connection.channels_max.max(connection.channels_open);
            if connection.channels.len() < limits::FOLD_CHANNELS {
                connection.channels.insert(channel, Box::new(row.clone()));
            }
        }
        out.channels.push(row);
    }

    pub(in crate::profile) fn channel_closed(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        channel: u32,
        out: &mut Output,
    ) {
        let Some(connection) = self.connections.get_mut(&origin.connection) else { return };
        connection.channels_open = connection.channels_open.saturating_sub(1);
        if let Some(mut row) = connection.channels.remove(&channel) {
            row.closed_at = Some(at.rfc3339());
            out.channels.push(*row);
        }
    }

    /// What a session's fact says about the attacker, its connection and its channel.
    pub(in crate::profile) fn session_fact(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        session: Option<SessionId>,
        fact: &SessionFact,
        out: &mut Output,
    ) {
        match fact {
            SessionFact::Command { line } => self.commanded(at, origin, line),
            SessionFact::SessionOpened { channel, user: _ } => {
                self.describe_channel(origin, *channel, out, |row| row.sid = session.map(|s| s.0));
            }
            SessionFact::ProgramStarted { program } => {
                let channel = self.connections.get(&origin.connection).and_then(|connection| {
                    let sid = session.map(|s| s.0);
                    connection.channels.iter().find(|(_, row)| row.sid == sid).map(|(n, _)| *n)
                });
                let Some(channel) = channel else { return };
                self.describe_channel(origin, channel, out, |row| {
                    row.program = Some(match program {
                        Program::Shell => "shell".to_owned(),
                        Program::Exec(_) => "exec".to_owned(),
                        Program::Subsystem(name) => {
                            row.kind = "subsystem".to_owned();
                            name.readable()
                        }
                    });
                });
            }
            SessionFact::Env { .. }
            | SessionFact::Pty { .. }
            | SessionFact::Resize { .. }
            | SessionFact::AgentForwarding { .. }
            | SessionFact::X11Forwarding { .. }
            | SessionFact::ProgramRefused { .. }
            | SessionFact::Signal { .. }
            | SessionFact::Prompt {}
            | SessionFact::Input { .. }
            | SessionFact::HiddenInput { .. }
            | SessionFact::CommandDone { .. }
            | SessionFact::Recorded { .. }
            | SessionFact::SessionClosed { .. }
            | SessionFact::FileRequest { .. }
            | SessionFact::FileWritten { .. }
            | SessionFact::Artifact(_)
            | SessionFact::Wish { .. } => {}
        }
    }

    fn describe_channel(
        &mut self,
        origin: &Origin,
        channel: u32,
        out: &mut Output,
        change: impl FnOnce(&mut ChannelRow),
    ) {
        let row = self
            .connections
            .get_mut(&origin.connection)
            .and_then(|connection| connection.channels.get_mut(&channel));
        if let Some(row) = row {
            change(row);
            out.channels.push(ChannelRow::clone(row));
        }
    }
}

//! Channels and what is asked for on them.
//!
//! **Invariant:** the answer is sshd's, given before the session's own task knows; a request that
//! sshd would not take in that state is refused and told.

use crate::decoy::ssh::handler::{Closing, OPEN_FAILED, SshHandler};
use crate::decoy::ssh::session::{SessionDoor, Told};
use decnet_core::event::{Anomaly, Answer, CloseCause, PeerFact, Program, Target, WindowSize};
use decnet_core::limits::{
    DETAIL_BYTES, ENV_NAME_BYTES, ENV_VALUE_BYTES, ENV_VARIABLES, MODES_BYTES, SSH_CHANNELS,
    SSH_REQUESTS, SSH_SESSIONS, TERM_BYTES, WINDOW_CELLS,
};
use decnet_core::octets::{Binary, Octets};
use russh::server::{ChannelOpenHandle, Session};
use russh::{ChannelId, ChannelOpenFailure, Disconnect, Pty, Sig};

/// What the handler knows of one session.
pub(super) struct Slot {
    door: SessionDoor,
    /// Variables recorded.
    env: usize,
    /// Variables beyond those.
    env_more: usize,
    has_terminal: bool,
    has_program: bool,
    has_eof: bool,
}

impl Slot {
    /// Whether a request that comes before the program is one.
    fn is_early(&self) -> bool {
        !self.has_program
    }
}

impl SshHandler {
    pub(super) async fn open_session(
        &mut self,
        channel: ChannelId,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        self.slots.retain(|_, slot| !slot.door.core.is_closed());
        if self.slots.len() >= SSH_SESSIONS {
            let detail = b"sessions at once";
            self.connection.anomaly(at, Anomaly::TooManyChannels, detail).await;
            return self.refuse_channel(b"session", None, None, OPEN_FAILED, reply).await;
        }
        let number = self.number_channel().await?;
        let fact = PeerFact::ChannelOpened {
            channel: number,
            kind: Octets::from("session"),
            target: None,
            originator: None,
            answer: Answer::Granted,
        };
        self.connection.fact(at, fact).await;
        let wire = (session.handle(), channel);
        let door = SessionDoor::open(&self.connection, at, number, &self.user, wire).await;
        let slot = Slot {
            door,
            env: 0,
            env_more: 0,
            has_terminal: false,
            has_program: false,
            has_eof: false,
        };
        self.slots.insert(channel, slot);
        reply.accept().await;
        Ok(())
    }

    pub(super) async fn refuse_channel(
        &mut self,
        kind: &[u8],
        target: Option<(&[u8], u32)>,
        originator: Option<(&[u8], u32)>,
        words: &str,
        reply: ChannelOpenHandle,
    ) -> Result<(), Closing> {
        let at = self.at();
        let number = self.number_channel().await?;
        let fact = PeerFact::ChannelOpened {
            channel: number,
            kind: Octets::from(kind),
            target: self.end_point(target).await,
            originator: self.end_point(originator).await,
            answer: Answer::Refused,
        };
        self.connection.fact(at, fact).await;
        reply.reject(ChannelOpenFailure::Other { code: 2, reason: words.to_owned() }).await;
        Ok(())
    }

    async fn end_point(&self, named: Option<(&[u8], u32)>) -> Option<Target> {
        let (host, port) = named?;
        Some(Target { host: self.connection.kept(self.at(), host, DETAIL_BYTES).await, port })
    }

    /// The number of the next channel in our facts: the library's are used again, these are not.
    async fn number_channel(&mut self) -> Result<u32, Closing> {
        if self.channels >= SSH_CHANNELS {
            let detail = self.channels.to_string();
            let what = Anomaly::TooManyChannels;
            self.connection.anomaly(self.at(), what, detail.as_bytes()).await;
            self.connection.end(CloseCause::Limit);
            return Err(Closing::Asked);
        }
        let number = self.channels;
        self.channels += 1;
        Ok(number)
    }

    /// Counts a request; past the cap it is refused and no more.
    pub(super) async fn is_counted(&mut self) -> bool {
        self.requests = self.requests.saturating_add(1);
        if self.requests <= SSH_REQUESTS {
            return true;
        }
        let detail = SSH_REQUESTS.to_string();
        let what = Anomaly::TooManyRequests;
        self.connection.anomaly(self.at(), what, detail.as_bytes()).await;
        false
    }

    pub(super) async fn unexpected(&self, what: &[u8]) -> Result<(), Closing> {
        self.connection.anomaly(self.at(), Anomaly::UnexpectedRequest, what).await;
        Ok(())
    }

    pub(super) async fn closed(&mut self, channel: ChannelId) -> Result<(), Closing> {
        if let Some(slot) = self.slots.remove(&channel) {
            self.tell_env_more(slot.env_more).await;
            slot.door.tell(self.at(), Told::Close);
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, channel: ChannelId) {
        let at = self.at();
        // A channel ends once, however often a peer says so.
        if let Some(slot) = self.slots.get_mut(&channel).filter(|slot| !slot.has_eof) {
            slot.has_eof = true;
            slot.door.tell(at, Told::Eof);
        }
    }

    pub(super) async fn data(&mut self, channel: ChannelId, data: &[u8]) -> Result<(), Closing> {
        let at = self.at();
        match self.slots.get(&channel) {
            Some(slot) if slot.has_program => {
                slot.door.tell_data(at, &self.connection.line, data);
                Ok(())
            }
            Some(_) | None => self.unexpected(b"data without a program").await,
        }
    }

    pub(super) async fn pty(
        &mut self,
        channel: ChannelId,
        term: &str,
        size: [u32; 4],
        modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        let early = self.slots.get(&channel).map(|slot| (slot.is_early(), slot.has_terminal));
        if early == Some((true, true)) {
            self.unexpected(b"pty-req twice").await?;
            let words = "Protocol error: you already have a pty.";
            session.disconnect(Disconnect::ProtocolError, words, "")?;
            self.connection.end(CloseCause::Protocol);
            return Ok(());
        }
        if early != Some((true, false)) || !self.is_counted().await {
            session.channel_failure(channel)?;
            return self.unexpected(b"pty-req").await;
        }
        let size = self.size(size).await;
        let term = self.connection.kept(at, term.as_bytes(), TERM_BYTES).await;
        let modes = self.connection.kept(at, &encoded(modes), MODES_BYTES).await;
        if let Some(slot) = self.slots.get_mut(&channel) {
            slot.has_terminal = true;
            slot.door.tell(at, Told::Pty(term, size, Binary(modes.0)));
        }
        session.channel_success(channel)?;
        Ok(())
    }

    async fn size(&self, [cols, rows, px_width, px_height]: [u32; 4]) -> WindowSize {
        if cols == 0 || rows == 0 || cols > WINDOW_CELLS || rows > WINDOW_CELLS {
            let detail = format!("{cols}x{rows}");
            let what = Anomaly::WindowSizeAbsurd;
            self.connection.anomaly(self.at(), what, detail.as_bytes()).await;
        }
        WindowSize { cols, rows, px_width, px_height }
    }

    pub(super) async fn window_change(
        &mut self,
        channel: ChannelId,
        size: [u32; 4],
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        if self.slots.contains_key(&channel) && self.is_counted().await {
            let size = self.size(size).await;
            if let Some(slot) = self.slots.get(&channel) {
                slot.door.tell(at, Told::Resize(size));
            }
        }
        session.channel_success(channel)?;
        Ok(())
    }

    pub(super) async fn env(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        // Debian's AcceptEnv. The cap is OpenSSH's own.
        let is_wanted = name == "LANG" || name.starts_with("LC_");
        let is_counted = self.is_counted().await;
        let Some(slot) = self.slots.get_mut(&channel).filter(|slot| slot.is_early()) else {
            session.channel_failure(channel)?;
            return self.unexpected(b"env").await;
        };
        if !is_counted || slot.env >= ENV_VARIABLES {
            slot.env_more += 1;
            session.channel_failure(channel)?;
            return Ok(());
        }
        slot.env += 1;
        let name = self.connection.kept(at, name.as_bytes(), ENV_NAME_BYTES).await;
        let value = self.connection.kept(at, value.as_bytes(), ENV_VALUE_BYTES).await;
        let answer = if is_wanted { Answer::Granted } else { Answer::Refused };
        if let Some(slot) = self.slots.get(&channel) {
            slot.door.tell(at, Told::Env(name, value, answer));
        }
        match answer {
            Answer::Granted => session.channel_success(channel)?,
            Answer::Refused => session.channel_failure(channel)?,
        }
        Ok(())
    }

    async fn tell_env_more(&self, count: usize) {
        if count > 0 {
            let detail = count.to_string();
            let what = Anomaly::TooManyEnv;
            self.connection.anomaly(self.at(), what, detail.as_bytes()).await;
        }
    }

    pub(super) async fn shell(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Closing> {
        self.start(channel, Program::Shell, session).await
    }

    pub(super) async fn exec(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Closing> {
        self.start(channel, Program::Exec(Octets::from(command)), session).await
    }

    async fn start(
        &mut self,
        channel: ChannelId,
        program: Program,
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        let Some(slot) = self.slots.get_mut(&channel).filter(|slot| slot.is_early()) else {
            session.channel_failure(channel)?;
            return self.unexpected(b"program").await;
        };
        slot.has_program = true;
        let more = std::mem::take(&mut slot.env_more);
        // The answer is in the library's buffer before the program can say anything.
        session.channel_success(channel)?;
        slot.door.tell(at, Told::Start(program));
        self.tell_env_more(more).await;
        Ok(())
    }

    pub(super) async fn subsystem(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        session.channel_failure(channel)?;
        if !self.is_counted().await {
            return Ok(());
        }
        let name = self.connection.kept(at, name.as_bytes(), DETAIL_BYTES).await;
        match self.slots.get(&channel).filter(|slot| slot.is_early()) {
            Some(slot) => {
                slot.door.tell(at, Told::Refused(Program::Subsystem(name)));
                Ok(())
            }
            None => self.unexpected(b"subsystem").await,
        }
    }

    pub(super) async fn agent(&mut self, channel: ChannelId) -> Result<bool, Closing> {
        let at = self.at();
        let is_counted = self.is_counted().await;
        match self.slots.get(&channel).filter(|slot| slot.is_early() && is_counted) {
            Some(slot) => {
                slot.door.tell(at, Told::Agent(Answer::Granted));
                Ok(true)
            }
            None => {
                self.unexpected(b"auth-agent-req@openssh.com").await?;
                Ok(false)
            }
        }
    }

    // sshd refuses too where no xauth is installed, as on most servers.
    pub(super) async fn x11(
        &mut self,
        channel: ChannelId,
        protocol: &str,
        screen: u32,
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        session.channel_failure(channel)?;
        if !self.is_counted().await {
            return Ok(());
        }
        let protocol = self.connection.kept(at, protocol.as_bytes(), DETAIL_BYTES).await;
        match self.slots.get(&channel).filter(|slot| slot.is_early()) {
            Some(slot) => {
                slot.door.tell(at, Told::X11(protocol, screen, Answer::Refused));
                Ok(())
            }
            None => self.unexpected(b"x11-req").await,
        }
    }

    pub(super) async fn signal(
        &mut self,
        channel: ChannelId,
        signal: &Sig,
        session: &mut Session,
    ) -> Result<(), Closing> {
        let at = self.at();
        if self.slots.contains_key(&channel) && self.is_counted().await {
            let name = self.connection.kept(at, signal_name(signal).as_bytes(), DETAIL_BYTES).await;
            if let Some(slot) = self.slots.get(&channel) {
                slot.door.tell(at, Told::Signal(name));
            }
        }
        session.channel_success(channel)?;
        Ok(())
    }
}

/// Terminal modes as RFC 4254 §8 has them on the wire. The library shows those that it does not
/// know as the end mark, which stands nowhere but at the end: they are left out.
fn encoded(modes: &[(Pty, u32)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(modes.len() * 5 + 1);
    for &(mode, value) in modes {
        if mode != Pty::TTY_OP_END {
            bytes.push(mode as u8);
            bytes.extend_from_slice(&value.to_be_bytes());
        }
    }
    bytes.push(0);
    bytes
}

fn signal_name(signal: &Sig) -> &str {
    match signal {
        Sig::ABRT => "ABRT",
        Sig::ALRM => "ALRM",
        Sig::FPE => "FPE",
        Sig::HUP => "HUP",
        Sig::ILL => "ILL",
        Sig::INT => "INT",
        Sig::KILL => "KILL",
        Sig::PIPE => "PIPE",
        Sig::QUIT => "QUIT",
        Sig::SEGV => "SEGV",
        Sig::TERM => "TERM",
        Sig::USR1 => "USR1",
        Sig::Custom(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_as_on_the_wire() {
        let modes = [(Pty::TTY_OP_OSPEED, 38_400), (Pty::TTY_OP_END, 0), (Pty::ECHO, 1)];
        let expected = [129, 0, 0, 0x96, 0, 53, 0, 0, 0, 1, 0];
        assert_eq!(encoded(&modes), expected);
    }
}

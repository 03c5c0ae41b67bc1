//! Requests: for the whole connection and on a channel, RFC 4254 §4, §6 and §7, as OpenSSH's
//! `serverloop.c` and `session.c` answer them.
//!
//! **Invariant:** what is granted costs nothing but a row in a list: no port, socket or terminal of
//! the host is behind it.

use super::channel::{Channel, Kind, State};
use super::connection::Forward;
use super::happening::What;
use super::kex::blob;
use super::kex::hostkey::Algorithm;
use super::message::{
    CHANNEL_FAILURE, CHANNEL_SUCCESS, Fields, GLOBAL_REQUEST, Payload, REQUEST_FAILURE,
    REQUEST_SUCCESS,
};
use super::packet::sealer::Random;
use super::server::{Core, End, Handled};
use crate::event::{Anomaly, Answer, PeerFact, Program, SessionFact, WindowSize};
use crate::limits::{
    COMMAND_BYTES, DETAIL_BYTES, ENV_NAME_BYTES, ENV_VALUE_BYTES, ENV_VARIABLES, MODES_BYTES,
    SSH_FORWARDS, SSH_PROOFS, SSH_REQUESTS, TERM_BYTES, WINDOW_CELLS,
};
use crate::octets::{Binary, Octets};

impl Core {
    /// `notify_hostkeys`: all host keys, once somebody is logged in.
    pub(super) fn tell_host_keys(&mut self, random: &mut Random<'_>) {
        if self.habits.no_host_keys || !self.config.release.tells_host_keys {
            return;
        }
        let mut payload = Payload::new(GLOBAL_REQUEST).string(b"hostkeys-00@openssh.com").byte(0);
        for key in &self.config.host_keys {
            payload = payload.string(key.blob());
        }
        self.out.send(payload.as_ref(), random);
    }

    /// `server_input_global_request`.
    pub(super) fn global_request(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let mut fields = Fields::new(body);
        let name = fields.text()?;
        let wants_reply = fields.u8()? != 0;
        let payload = fields.rest();
        let is_counted = self.is_counted();
        let mut said = Payload::new(REQUEST_SUCCESS);
        let answer = match name {
            b"tcpip-forward" => {
                let (host, port) = (fields.text()?, fields.u32()?);
                let given = self.forward(host, port, wants_reply, random);
                if is_counted {
                    self.forward_fact(name, host, port, granted(given.is_some()));
                }
                if let Some(given) = given.filter(|_| port == 0) {
                    said = said.number(given);
                }
                granted(given.is_some())
            }
            b"cancel-tcpip-forward" => {
                let (host, port) = (fields.text()?, fields.u32()?);
                let answer = granted(self.cancel(host, Some(port)));
                if is_counted {
                    self.forward_fact(name, host, port, answer);
                }
                answer
            }
            b"streamlocal-forward@openssh.com" => {
                let path = fields.text()?;
                let answer = granted(self.forward_path(path));
                if is_counted {
                    self.forward_fact(name, path, 0, answer);
                }
                answer
            }
            b"cancel-streamlocal-forward@openssh.com" => {
                let path = fields.text()?;
                let answer = granted(self.cancel(path, None));
                if is_counted {
                    self.forward_fact(name, path, 0, answer);
                }
                answer
            }
            b"no-more-sessions@openssh.com" => {
                self.connection.no_more_sessions = true;
                self.tell_global(is_counted, name, wants_reply, payload, Answer::Granted);
                Answer::Granted
            }
            b"hostkeys-prove-00@openssh.com" if self.config.release.tells_host_keys => {
                let proofs = self.prove(payload, random);
                let answer = granted(proofs.is_some());
                said = said.bytes(&proofs.unwrap_or_default());
                self.tell_global(is_counted, name, wants_reply, payload, answer);
                answer
            }
            _ => {
                self.tell_global(is_counted, name, wants_reply, payload, Answer::Refused);
                Answer::Refused
            }
        };
        if wants_reply {
            match answer {
                Answer::Granted => self.out.send(said.as_ref(), random),
                Answer::Refused => self.out.send(&[REQUEST_FAILURE], random),
            }
        }
        Ok(())
    }

    fn tell_global(
        &mut self,
        is_counted: bool,
        name: &[u8],
        wants_reply: bool,
        payload: &[u8],
        answer: Answer,
    ) {
        if is_counted {
            let name = self.kept(name, DETAIL_BYTES);
            let payload = Binary(self.kept(payload, DETAIL_BYTES).0);
            self.say(What::Peer(PeerFact::SshGlobalRequest { name, wants_reply, payload, answer }));
        }
    }

    /// Counts a request; past the cap it is answered and not told.
    fn is_counted(&mut self) -> bool {
        self.connection.requests = self.connection.requests.saturating_add(1);
        if self.connection.requests == SSH_REQUESTS.saturating_add(1) {
            self.anomaly(Anomaly::TooManyRequests, SSH_REQUESTS.to_string().as_bytes());
        }
        self.connection.requests <= SSH_REQUESTS
    }

    /// `tcpip-forward`: the port, where it is granted.
    fn forward(
        &mut self,
        host: &[u8],
        port: u32,
        wants_reply: bool,
        random: &mut Random<'_>,
    ) -> Option<u32> {
        let is_root = self.auth.user() == b"root";
        let may_bind = port == 0 || port >= 1_024 || is_root;
        let asked = port;
        if i32::try_from(port).is_err() || (port == 0 && !wants_reply) || !may_bind {
            self.send_debug("Server has disabled port forwarding.", random);
            return None;
        }
        if host.len() >= HOST_BYTES {
            return None;
        }
        let is_taken = |port: u32| {
            port == u32::from(self.config.port)
                || self.connection.forwards.iter().any(|forward| forward.port == Some(port))
        };
        // What does not fit is cut off, as where an address is made of it.
        let port = asked & 0xffff;
        let given = if port == 0 {
            let mut bytes = [0; 2];
            random(&mut bytes);
            let first = u32::from(u16::from_be_bytes(bytes)) % EPHEMERAL_PORTS;
            (0..EPHEMERAL_PORTS)
                .map(|step| EPHEMERAL_FIRST + (first + step) % EPHEMERAL_PORTS)
                .find(|port| !is_taken(*port))?
        } else {
            port
        };
        if is_taken(given) || self.connection.forwards.len() >= SSH_FORWARDS {
            return None;
        }
        // Both loopback addresses, unless one of them is asked for.
        let listeners = if matches!(host, b"127.0.0.1" | b"::1") { 1 } else { 2 };
        self.listen(host, Some(given), listeners);
        Some(given)
    }

    fn listen(&mut self, host: &[u8], port: Option<u32>, listeners: usize) {
        let slots = (0..listeners).map(|_| self.connection.listen()).collect();
        self.connection.forwards.push(Forward { host: host.to_vec(), port, slots });
    }

    fn forward_path(&mut self, path: &[u8]) -> bool {
        let is_new = !self
            .connection
            .forwards
            .iter()
            .any(|forward| forward.port.is_none() && forward.host == path);
        let folder = path.iter().rposition(|byte| *byte == b'/');
        let folder = folder.and_then(|end| path.get(..end)).unwrap_or(b".");
        let is_root = self.auth.user() == b"root";
        let is_there =
            OPEN_FOLDERS.contains(&folder) || (is_root && ROOT_FOLDERS.contains(&folder));
        let fits = path.len() < SOCKET_PATH_BYTES;
        let may = is_new && is_there && fits && self.connection.forwards.len() < SSH_FORWARDS;
        if may {
            self.listen(path, None, 1);
        }
        may
    }

    fn cancel(&mut self, host: &[u8], port: Option<u32>) -> bool {
        let forwards = &mut self.connection.forwards;
        let known =
            forwards.iter().position(|forward| forward.host == host && forward.port == port);
        let Some(forward) = known.map(|at| forwards.remove(at)) else { return false };
        forward.slots.into_iter().for_each(|slot| self.connection.unlisten(slot));
        true
    }

    /// `server_input_hostkeys_prove`: a signature by each key that is named, or nothing.
    fn prove(&mut self, payload: &[u8], random: &mut Random<'_>) -> Option<Vec<u8>> {
        self.connection.proofs = self.connection.proofs.saturating_add(1);
        if self.connection.proofs > SSH_PROOFS {
            return None;
        }
        let (mut fields, mut proofs) = (Fields::new(payload), Vec::new());
        let mut keys = 0;
        while !fields.rest().is_empty() {
            let named = fields.string().ok()?;
            let key = self.config.host_keys.iter().find(|key| key.blob() == named)?;
            keys += 1;
            // Each is a signature, and there are no more than we have keys.
            if keys > self.config.host_keys.len() {
                return None;
            }
            let mut message = Vec::new();
            blob::put_string(&mut message, b"hostkeys-prove-00@openssh.com");
            blob::put_string(&mut message, self.exchanging.session());
            blob::put_string(&mut message, key.blob());
            let rsa = match (self.exchanging.host_key, self.exchanging.rsa) {
                (Some(agreed @ (Algorithm::RsaSha512 | Algorithm::RsaSha256)), _) => agreed,
                (_, [true, _]) => Algorithm::RsaSha512,
                (_, [_, true]) => Algorithm::RsaSha256,
                _ => Algorithm::RsaSha1,
            };
            let algorithm = [Algorithm::Ed25519, Algorithm::EcdsaNistp256, rsa]
                .into_iter()
                .find(|algorithm| key.signs_with(*algorithm))?;
            blob::put_string(&mut proofs, &key.sign(algorithm, &message, random)?);
        }
        Some(proofs)
    }

    /// `server_input_channel_req`.
    pub(super) fn channel_request(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let mut fields = Fields::new(body);
        let id = fields.u32()?;
        let name = fields.text()?;
        let wants_reply = fields.u8()? != 0;
        let found = i32::try_from(id).is_ok().then(|| self.connection.by_id(id)).flatten();
        let Some(channel) = found else {
            let id = i64::from(i32::from_be_bytes(id.to_be_bytes()));
            return Err(End::words(format!("server_input_channel_req: unknown channel {id}")));
        };
        let (number, remote) = (channel.number, channel.remote);
        let is_session =
            channel.kind == Kind::Session && matches!(channel.state, State::Larval | State::Open);
        let is_larval = is_session && channel.state == State::Larval;
        let is_closing = channel.is_close_sent();
        let is_eow = name == b"eow@openssh.com";
        if is_eow {
            fields.end()?;
            channel.stop_reading();
        }
        let is_counted = self.is_counted();
        let answer = if is_session && !is_eow {
            let request = SessionRequest { number, is_larval, is_counted, name };
            self.session_request(&request, fields, random)?
        } else {
            Answer::Refused
        };
        let is_known = SESSION_REQUESTS.contains(&name) && is_session;
        if !is_known && is_counted {
            let (name, payload) =
                (self.kept(name, DETAIL_BYTES), self.kept(fields.rest(), DETAIL_BYTES));
            self.say(What::Peer(PeerFact::SshChannelRequest {
                channel: number,
                name,
                wants_reply,
                payload: Binary(payload.0),
                answer,
            }));
        }
        if wants_reply && !is_closing {
            let answer = match answer {
                Answer::Granted => CHANNEL_SUCCESS,
                Answer::Refused => CHANNEL_FAILURE,
            };
            self.out.send(Payload::new(answer).number(remote).as_ref(), random);
        }
        Ok(())
    }

    /// `session_input_channel_req`.
    fn session_request(
        &mut self,
        request: &SessionRequest<'_>,
        mut fields: Fields<'_>,
        random: &mut Random<'_>,
    ) -> Handled<Answer> {
        match (request.name, request.is_larval) {
            (b"shell", true) => {
                fields.end()?;
                self.start(request, Program::Shell, random)
            }
            (b"exec", true) => {
                let command = fields.text()?;
                fields.end()?;
                // Whoever runs it gets all of it; what is told has a cap.
                if command.len() > COMMAND_BYTES {
                    let detail = command.len().to_string();
                    self.anomaly(Anomaly::FieldTooLong, detail.as_bytes());
                }
                self.start(request, Program::Exec(Octets::from(command)), random)
            }
            (b"subsystem", true) => {
                let subsystem = fields.text()?;
                fields.end()?;
                let name = self.kept(subsystem, DETAIL_BYTES);
                let program = Program::Subsystem(name);
                if subsystem == b"sftp" {
                    return self.start(request, program, random);
                }
                self.tell(request, SessionFact::ProgramRefused { program });
                Ok(Answer::Refused)
            }
            (b"pty-req", true) => self.terminal(request, fields),
            (b"env", true) => self.variable(request, fields),
            (b"x11-req", true) => {
                fields.u8()?;
                let (protocol, cookie) = (fields.text()?, fields.text()?);
                let screen = fields.u32()?;
                fields.end()?;
                let answer = granted(self.show(request.number, protocol, cookie));
                let protocol = self.kept(protocol, DETAIL_BYTES);
                self.tell(request, SessionFact::X11Forwarding { protocol, screen, answer });
                Ok(answer)
            }
            (b"auth-agent-req@openssh.com", true) => {
                fields.end()?;
                // Once in a connection; its socket has a number too.
                let is_first = !std::mem::replace(&mut self.connection.agent_listens, true);
                if is_first {
                    self.connection.listen();
                }
                let answer = granted(is_first);
                self.tell(request, SessionFact::AgentForwarding { answer });
                Ok(answer)
            }
            (b"window-change", _) => {
                let size = size(&mut fields)?;
                fields.end()?;
                self.note_size(size);
                self.tell(request, SessionFact::Resize { size });
                Ok(Answer::Granted)
            }
            (b"break", _) => {
                fields.u32()?;
                fields.end()?;
                let has_terminal = self
                    .connection
                    .by_number_mut(request.number)
                    .is_some_and(|channel| channel.has_terminal);
                Ok(granted(has_terminal))
            }
            (b"signal", _) => {
                let Ok(name) = fields.text() else { return Ok(Answer::Refused) };
                if fields.end().is_err() {
                    return Ok(Answer::Refused);
                }
                let name = self.kept(name, DETAIL_BYTES);
                let known = SIGNALS.iter().copied().find(|known| *known == name.as_bytes());
                self.tell(request, SessionFact::Signal { name });
                // Root's sessions have nobody who may signal for them.
                let may = !request.is_larval && self.auth.user() != b"root";
                let Some(name) = known.filter(|_| may) else { return Ok(Answer::Refused) };
                self.say(What::Signal { channel: request.number, name });
                Ok(Answer::Granted)
            }
            (name, false) if SESSION_REQUESTS.contains(&name) => {
                self.anomaly(Anomaly::UnexpectedRequest, name);
                Ok(Answer::Refused)
            }
            _ => Ok(Answer::Refused),
        }
    }

    fn tell(&mut self, request: &SessionRequest<'_>, fact: SessionFact) {
        if request.is_counted {
            self.say(What::Session { channel: request.number, fact });
        }
    }

    fn start(
        &mut self,
        request: &SessionRequest<'_>,
        program: Program,
        random: &mut Random<'_>,
    ) -> Handled<Answer> {
        let more = self.connection.by_number_mut(request.number).map_or(0, |channel| {
            channel.variables.saturating_sub(u32::try_from(ENV_VARIABLES).unwrap_or(u32::MAX))
        });
        if more > 0 {
            self.anomaly(Anomaly::TooManyEnv, more.to_string().as_bytes());
        }
        let out = &mut self.out;
        if let Some(channel) = self.connection.by_number_mut(request.number) {
            channel.start(out, random);
        }
        // However many requests there were before: a program that was granted has to run.
        let fact = SessionFact::ProgramStarted { program };
        self.say(What::Session { channel: request.number, fact });
        Ok(Answer::Granted)
    }

    /// `session_pty_req`.
    fn terminal(
        &mut self,
        request: &SessionRequest<'_>,
        mut fields: Fields<'_>,
    ) -> Handled<Answer> {
        let channel: Option<&mut Channel> = self.connection.by_number_mut(request.number);
        if channel.as_ref().is_some_and(|channel| channel.has_terminal) {
            return Err(End::words("Protocol error: you already have a pty."));
        }
        let term = fields.text()?;
        let size = size(&mut fields)?;
        let modes = fields.string()?;
        fields.end()?;
        if !are_whole(modes) {
            return Err(End::Silent("terminal modes that end too early"));
        }
        if let Some(channel) = channel {
            channel.has_terminal = true;
        }
        self.note_size(size);
        let term = self.kept(term, TERM_BYTES);
        let modes = Binary(self.kept(modes, MODES_BYTES).0);
        // Not counted: what runs needs to know.
        let fact = SessionFact::Pty { term, size, modes };
        self.say(What::Session { channel: request.number, fact });
        Ok(Answer::Granted)
    }

    /// `session_x11_req`, where `xauth` is installed: a port is listened to on both loopback
    /// addresses. Nobody shows anything, so that nothing ever comes of it.
    fn show(&mut self, number: u32, protocol: &[u8], cookie: &[u8]) -> bool {
        let is_valid = |text: &[u8]| {
            text.iter().all(|byte| byte.is_ascii_alphanumeric() || b".:/-_".contains(byte))
        };
        if !is_valid(protocol) || !is_valid(cookie) {
            return false;
        }
        let has_none = |channel: &mut Channel| channel.display.is_none();
        if !self.connection.by_number_mut(number).is_some_and(has_none) {
            return false;
        }
        let listeners = [(); 2].map(|()| self.connection.listen());
        if let Some(channel) = self.connection.by_number_mut(number) {
            channel.display = Some(listeners);
        }
        true
    }

    fn note_size(&mut self, size: WindowSize) {
        let WindowSize { cols, rows, .. } = size;
        if cols == 0 || rows == 0 || cols > WINDOW_CELLS || rows > WINDOW_CELLS {
            self.anomaly(Anomaly::WindowSizeAbsurd, format!("{cols}x{rows}").as_bytes());
        }
    }

    /// `session_env_req`, with Debian's `AcceptEnv`.
    fn variable(
        &mut self,
        request: &SessionRequest<'_>,
        mut fields: Fields<'_>,
    ) -> Handled<Answer> {
        let (name, value) = (fields.text()?, fields.text()?);
        fields.end()?;
        let is_wanted = name == b"LANG" || name.starts_with(b"LC_");
        let count = self.connection.by_number_mut(request.number).map_or(0, |channel| {
            channel.variables = channel.variables.saturating_add(1);
            channel.variables
        });
        if usize::try_from(count).unwrap_or(usize::MAX) > ENV_VARIABLES {
            return Ok(Answer::Refused);
        }
        let answer = granted(is_wanted);
        let name = self.kept(name, ENV_NAME_BYTES);
        let value = self.kept(value, ENV_VALUE_BYTES);
        self.tell(request, SessionFact::Env { name, value, answer });
        Ok(answer)
    }
}

/// A request on a session's channel.
struct SessionRequest<'a> {
    number: u32,
    is_larval: bool,
    is_counted: bool,
    name: &'a [u8],
}

fn size(fields: &mut Fields<'_>) -> Handled<WindowSize> {
    Ok(WindowSize {
        cols: fields.u32()?,
        rows: fields.u32()?,
        px_width: fields.u32()?,
        px_height: fields.u32()?,
    })
}

/// `ssh_tty_parse_modes`: whether they are read to an end.
fn are_whole(modes: &[u8]) -> bool {
    let mut rest = modes;
    while let Some((&opcode, behind)) = rest.split_first() {
        if !(1..160).contains(&opcode) {
            return true;
        }
        let Some((_, next)) = behind.split_first_chunk::<4>() else { return false };
        rest = next;
    }
    true
}

fn granted(is_granted: bool) -> Answer {
    if is_granted { Answer::Granted } else { Answer::Refused }
}

/// Requests that have facts of their own.
const SESSION_REQUESTS: &[&[u8]] = &[
    b"shell",
    b"exec",
    b"subsystem",
    b"pty-req",
    b"env",
    b"x11-req",
    b"auth-agent-req@openssh.com",
    b"window-change",
    b"signal",
];
/// RFC 4254 §6.10, and what OpenSSH adds.
const SIGNALS: &[&[u8]] = &[
    b"ABRT", b"ALRM", b"FPE", b"HUP", b"ILL", b"INT", b"KILL", b"PIPE", b"QUIT", b"SEGV", b"TERM",
    b"USR1", b"USR2",
];
/// The C library's `NI_MAXHOST`, from which on sshd takes no address to listen on.
pub(super) const HOST_BYTES: usize = 1_025;
/// What the kernel takes of a socket's path, with the NUL behind it.
const SOCKET_PATH_BYTES: usize = 108;
/// Where everybody may make a socket.
const OPEN_FOLDERS: &[&[u8]] = &[b"/tmp", b"/var/tmp", b"/dev/shm", b"/run/lock"];
/// Where only root may.
const ROOT_FOLDERS: &[&[u8]] =
    &[b"", b"/root", b"/run", b"/var/run", b"/etc", b"/home", b"/opt", b"/srv", b"/var", b"/mnt"];
/// Linux's `ip_local_port_range`.
const EPHEMERAL_FIRST: u32 = 32_768;
const EPHEMERAL_PORTS: u32 = 28_232;

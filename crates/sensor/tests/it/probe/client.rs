//! A client that says whatever it is told to, and writes down what it hears.

use super::exchange::{Agreed, Offer, init};
use super::own::OwnSealer;
use super::shown::{quoted, show};
use decnet_core::dialogue::ssh::packet::opener::Opener;
use decnet_core::dialogue::ssh::packet::sealer::Sealer;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Both servers have users with this password.
pub(crate) const PASSWORD: &str = "root";
/// How long a server may take for what it certainly does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);
/// How long a server is silent when it has nothing to say.
pub(crate) const QUIET: Duration = Duration::from_millis(400);

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Packet(Vec<u8>),
    End(&'static str),
    Nothing,
}

pub(crate) struct Client {
    socket: TcpStream,
    inbox: Vec<u8>,
    pub(super) opener: Opener,
    pub(super) sealer: Sealer,
    pub(super) own: Option<OwnSealer>,
    pub(super) agreed: Option<Agreed>,
    pub(super) our_offer: Option<Offer>,
    /// Keys came that this client cannot know.
    pub(super) is_blind: bool,
    /// The public value that was sent is the one that this client can go on from.
    pub(super) is_init_ours: bool,
    pub(super) offered: Vec<u8>,
    pub(super) said: Vec<u8>,
    pub(crate) server_line: Vec<u8>,
    pub(crate) server_offer: Vec<u8>,
    pub(crate) session: Vec<u8>,
    pub(crate) host_key: Vec<u8>,
    /// K as it is hashed, and H, of the last exchange.
    pub(super) secrets: (Vec<u8>, Vec<u8>),
    pub(crate) lines: Vec<String>,
    /// When the last packet was there.
    pub(crate) at: Instant,
    pub(crate) is_over: bool,
    is_shut: bool,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            inbox: Vec::new(),
            opener: Opener::new(),
            sealer: Sealer::new(),
            own: None,
            agreed: None,
            our_offer: None,
            is_blind: false,
            is_init_ours: false,
            offered: Vec::new(),
            said: Vec::new(),
            server_line: Vec::new(),
            server_offer: Vec::new(),
            session: Vec::new(),
            host_key: Vec::new(),
            secrets: (Vec::new(), Vec::new()),
            lines: Vec::new(),
            at: Instant::now(),
            is_over: false,
            is_shut: false,
        }
    }

    /// Starts to note from here.
    pub(crate) fn note(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        // Who was refused may find the line closed.
        if self.socket.write_all(bytes).is_err() {
            self.is_over = true;
        }
    }

    pub(crate) fn send_line(&mut self, line: &[u8]) {
        self.said = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
        while self.said.last() == Some(&b'\r') {
            self.said.pop();
        }
        self.write(line);
    }

    /// No more comes from us.
    pub(crate) fn shut(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        self.is_shut = true;
    }

    fn fill(&mut self, wait: Duration) -> Heard {
        let mut chunk = [0; 65_536];
        self.socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
        match self.socket.read(&mut chunk) {
            Ok(0) => Heard::End("closed"),
            Ok(count) => {
                self.inbox.extend_from_slice(&chunk[..count]);
                Heard::Packet(Vec::new())
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Heard::Nothing,
                ErrorKind::ConnectionReset => Heard::End("reset"),
                other => panic!("{other}"),
            },
        }
    }

    /// The server's line, to its end.
    pub(crate) fn hear_line(&mut self) -> Heard {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.inbox.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.inbox.drain(..=at).collect();
                self.server_line = line.strip_suffix(b"\r\n").unwrap_or(&line).to_vec();
                return Heard::Packet(line);
            }
            match self.fill(end.saturating_duration_since(Instant::now())) {
                Heard::Packet(_) => {}
                other => return other,
            }
        }
    }

    /// Everything to the end as text, or what came until it was quiet.
    pub(crate) fn hear_text(&mut self, quiet: Duration) {
        let end = loop {
            match self.fill(quiet) {
                Heard::Packet(_) => {}
                Heard::End(how) => break how,
                Heard::Nothing => break "quiet",
            }
        };
        let text = std::mem::take(&mut self.inbox);
        if !text.is_empty() {
            self.note(quoted(&text));
        }
        self.note(end);
        self.is_over = end != "quiet";
    }

    /// The next bytes as they come.
    pub(crate) fn hear_bytes(&mut self, count: usize) -> Vec<u8> {
        while self.inbox.len() < count && matches!(self.fill(PATIENCE), Heard::Packet(_)) {}
        self.inbox.drain(..count.min(self.inbox.len())).collect()
    }

    /// What the server says to a line: its offer, after which it is still there, or words.
    pub(crate) fn hear_first(&mut self, quiet: Duration) {
        while self.inbox.is_empty() {
            match self.fill(quiet) {
                Heard::Packet(_) => {}
                Heard::End(how) => {
                    self.is_over = true;
                    return self.note(how);
                }
                Heard::Nothing => return self.note("quiet"),
            }
        }
        if self.inbox[0] == 0 {
            self.hear_until(&[20]);
            self.settle();
        } else {
            self.hear_text(quiet);
        }
    }

    /// The next packet.
    pub(crate) fn hear(&mut self, wait: Duration) -> Heard {
        if self.is_blind {
            return self.hear_blindly(wait);
        }
        let end = Instant::now() + wait;
        loop {
            match self.opener.open(&mut self.inbox) {
                Ok(Some(packet)) => {
                    let (payload, used) = (packet.payload.to_vec(), packet.used);
                    self.inbox.drain(..used);
                    self.at = Instant::now();
                    self.take(&payload);
                    return Heard::Packet(payload);
                }
                Ok(None) => {}
                Err(refusal) => {
                    let text = quoted(&self.inbox);
                    self.note(format!("no packet: {refusal:?} {text}"));
                    self.is_over = true;
                    return Heard::End("nonsense");
                }
            }
            match self.fill(end.saturating_duration_since(Instant::now())) {
                Heard::Packet(_) => {}
                other => {
                    self.is_over = matches!(other, Heard::End(_));
                    return other;
                }
            }
        }
    }

    /// Counts what comes under keys that are not known.
    fn hear_blindly(&mut self, wait: Duration) -> Heard {
        let end = loop {
            match self.fill(wait) {
                Heard::Packet(_) => {}
                other => break other,
            }
        };
        self.is_over = matches!(end, Heard::End(_));
        let count = std::mem::take(&mut self.inbox).len();
        if count > 0 {
            self.note(format!("{count} bytes under keys"));
        }
        end
    }

    /// Notes everything up to and with one of these messages, or the end.
    pub(crate) fn hear_until(&mut self, numbers: &[u8]) -> Vec<u8> {
        // Passwords and names of hosts take their time.
        let is_slow = numbers.iter().any(|number| [51, 52, 92].contains(number));
        let patience = if is_slow { PATIENCE } else { Duration::from_secs(4) };
        loop {
            match self.hear(patience) {
                Heard::Packet(payload) => {
                    self.note(show(&payload));
                    if numbers.contains(&payload[0]) {
                        return payload;
                    }
                }
                Heard::End(how) => {
                    self.note(how);
                    return Vec::new();
                }
                Heard::Nothing => {
                    self.note("quiet");
                    return Vec::new();
                }
            }
        }
    }

    /// As [`Self::hear_until`], without notes unless it ends otherwise.
    pub(crate) fn wait_for(&mut self, numbers: &[u8]) -> Vec<u8> {
        let lines = std::mem::take(&mut self.lines);
        let found = self.hear_until(numbers);
        let heard = std::mem::replace(&mut self.lines, lines);
        if found.is_empty() {
            self.lines.push(format!("instead of {numbers:?}:"));
            self.lines.extend(heard);
        }
        found
    }

    /// Notes everything until it is quiet.
    pub(crate) fn hear_all(&mut self, quiet: Duration) {
        loop {
            match self.hear(quiet) {
                Heard::Packet(payload) => self.note(show(&payload)),
                Heard::End(how) => return self.note(how),
                Heard::Nothing => return self.note("quiet"),
            }
        }
    }

    /// Notes what comes before the end, and then just that there was one.
    pub(crate) fn hear_end(&mut self) {
        loop {
            match self.hear(Duration::from_secs(3)) {
                Heard::Packet(payload) => self.note(show(&payload)),
                Heard::End(_) => return self.note("end"),
                Heard::Nothing => return self.note("quiet"),
            }
        }
    }

    /// Sends a payload and notes everything that the server says to it: up to its answer to a
    /// message that nobody knows, and which no server takes for the end. Both leave together, so
    /// that who closes has read them.
    pub(crate) fn ask(&mut self, payload: impl AsRef<[u8]>) {
        self.ask_within(payload.as_ref(), Duration::from_secs(3));
    }

    /// The same where a password may be looked at, which takes its time.
    pub(crate) fn ask_slowly(&mut self, payload: impl AsRef<[u8]>) {
        self.ask_within(payload.as_ref(), PATIENCE);
    }

    fn ask_within(&mut self, payload: &[u8], patience: Duration) {
        if self.is_over {
            return self.note("over");
        }
        let mut bytes = self.sealed(payload);
        let asked = self.sequence();
        bytes.extend(self.sealed([49]));
        self.write(&bytes);
        self.hear_answer(asked, patience);
    }

    /// As [`Self::ask`], behind what was sent before.
    pub(crate) fn settle(&mut self) {
        if self.is_over {
            return self.note("over");
        }
        if self.is_shut {
            return self.hear_all(PATIENCE);
        }
        let asked = self.sequence();
        self.send([49]);
        self.hear_answer(asked, Duration::from_secs(3));
    }

    fn hear_answer(&mut self, asked: u32, patience: Duration) {
        let answer = [&[3][..], &asked.to_be_bytes()].concat();
        loop {
            match self.hear(patience) {
                Heard::Packet(payload) if payload == answer => return,
                Heard::Packet(payload) => self.note(show(&payload)),
                Heard::End(how) => return self.note(how),
                Heard::Nothing => {
                    // Who waits once more waits for nothing.
                    self.is_over = true;
                    return self.note("no answer");
                }
            }
        }
    }

    /// Sends payloads together.
    pub(crate) fn send_all(&mut self, payloads: &[Vec<u8>]) {
        let packets: Vec<_> = payloads.iter().map(|payload| self.sealed(payload)).collect();
        self.write(&packets.concat());
    }

    /// The number of our next packet.
    pub(crate) fn sequence(&self) -> u32 {
        self.own.as_ref().map_or_else(|| self.sealer.sequence(), |own| own.sequence)
    }

    /// How long the server takes to answer a try to log in.
    pub(crate) fn timed(&mut self, message: impl AsRef<[u8]>) -> Duration {
        let begin = Instant::now();
        self.send(message);
        self.hear_until(&[51, 52]);
        self.at.duration_since(begin)
    }

    pub(crate) fn sealed(&mut self, payload: impl AsRef<[u8]>) -> Vec<u8> {
        let payload = payload.as_ref();
        if payload.first() == Some(&30) {
            self.is_init_ours = payload == init().0;
        }
        if let Some(own) = &mut self.own {
            return own.seal(payload);
        }
        let mut out = Vec::new();
        self.sealer.seal(payload, &mut |bytes| bytes.fill(0), &mut out);
        out
    }

    pub(crate) fn send(&mut self, payload: impl AsRef<[u8]>) {
        let packet = self.sealed(payload);
        self.write(&packet);
    }
}

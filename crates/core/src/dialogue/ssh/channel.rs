//! One channel, RFC 4254 §5: windows, what waits to be sent, and the way it ends.
//!
//! **Invariant:** the two halves end as in OpenSSH's `nchan.c`; what is sent never exceeds what the
//! client has allowed.

use std::collections::VecDeque;

use super::happening::Stream;
use super::message::{
    CHANNEL_CLOSE, CHANNEL_DATA, CHANNEL_EOF, CHANNEL_EXTENDED_DATA, CHANNEL_REQUEST,
    CHANNEL_WINDOW_ADJUST, Payload,
};
use super::outgoing::Outgoing;
use super::packet::sealer::Random;
use crate::event::{PeerFact, Timestamp};
use crate::limits::{SSH_CHANNEL_UNSENT_BYTES, SSH_UNSENT_BYTES};

/// What a channel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A session of the client's.
    Session,
    /// A connection that the client wanted to be made.
    Direct,
    /// Ours, to the client's agent.
    Agent,
}

/// How far its opening is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A session without a program.
    Larval,
    /// The driver has been asked to connect.
    Connecting,
    /// We have asked the client.
    Opening,
    /// Data may pass.
    Open,
}

/// Half of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Open,
    /// No more comes; what is there still goes.
    Draining,
    Closed,
}

/// What becomes known of a program at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Running,
    /// With a status, to be told once what it wrote is sent.
    Ended(u32),
    /// The same, of a signal.
    Killed(u32),
    Told,
}

/// A channel.
#[derive(Debug)]
pub(super) struct Channel {
    /// Unique in its connection.
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) state: State,
    /// What was asked for and when, until it is known what is answered.
    pub(super) wish: Option<Box<(Timestamp, PeerFact)>>,
    /// The client's number of it.
    pub(super) remote: u32,
    /// Bytes that the client takes yet, and in one message.
    pub(super) remote_window: u32,
    pub(super) remote_packet: u32,
    window: u32,
    window_max: u32,
    packet_max: u32,
    consumed: u32,
    /// Since the window was looked at.
    has_consumed: bool,
    exceeded: u32,
    /// From what runs here to the client.
    pub(super) to_client: Half,
    /// From the client to what runs here.
    pub(super) from_client: Half,
    queue: VecDeque<(Stream, Vec<u8>)>,
    /// Of the first of the queue.
    sent: usize,
    queued: usize,
    exit: Exit,
    /// Whatever ran here is no longer waited for.
    is_hung_up: bool,
    /// A window was just enough for its last bytes: sshd looks for its end after the next message.
    pub(super) is_late: bool,
    pub(super) has_terminal: bool,
    /// The numbers of what listens for its display.
    pub(super) display: Option<[usize; 2]>,
    pub(super) variables: u32,
    pub(super) eof_received: bool,
    pub(super) close_received: bool,
    close_sent: bool,
}

/// What a client may send on a channel that has its window.
pub(super) enum Room {
    Enough,
    /// It is dropped.
    TooMuch,
    /// For the last time.
    Ignored,
}

impl Channel {
    pub(super) fn new(number: u32, kind: Kind, state: State, window: u32, packet_max: u32) -> Self {
        Self {
            number,
            kind,
            state,
            wish: None,
            remote: 0,
            remote_window: 0,
            remote_packet: 0,
            window,
            window_max: window,
            packet_max,
            consumed: 0,
            has_consumed: false,
            exceeded: 0,
            to_client: Half::Open,
            from_client: Half::Open,
            queue: VecDeque::new(),
            sent: 0,
            queued: 0,
            exit: Exit::Running,
            is_hung_up: false,
            is_late: false,
            has_terminal: false,
            display: None,
            variables: 0,
            eof_received: false,
            close_received: false,
            close_sent: false,
        }
    }

    pub(super) fn window(&self) -> u32 {
        self.window
    }

    pub(super) fn packet_max(&self) -> u32 {
        self.packet_max
    }

    pub(super) fn is_close_sent(&self) -> bool {
        self.close_sent
    }

    /// A program runs: the client may send.
    pub(super) fn start(&mut self, out: &mut Outgoing, random: &mut Random<'_>) {
        self.state = State::Open;
        (self.window, self.window_max) = (SESSION_WINDOW, SESSION_WINDOW);
        self.adjust(SESSION_WINDOW, out, random);
    }

    fn adjust(&self, bytes: u32, out: &mut Outgoing, random: &mut Random<'_>) {
        let payload = Payload::new(CHANNEL_WINDOW_ADJUST).number(self.remote).number(bytes);
        out.send(payload.as_ref(), random);
    }

    /// Takes so many bytes of the client's out of its window.
    pub(super) fn take(&mut self, bytes: u32) -> Room {
        if bytes > self.packet_max {
            return Room::TooMuch;
        }
        if let Some(left) = self.window.checked_sub(bytes) {
            self.window = left;
            self.exceeded = 0;
            return Room::Enough;
        }
        self.exceeded = self.exceeded.saturating_add(bytes - self.window);
        self.window = 0;
        // sshd allows a tenth more, and takes what comes until then.
        if self.exceeded > self.window_max / 10 { Room::Ignored } else { Room::Enough }
    }

    /// The same for bytes that nobody wants any more, so that the client's window grows again.
    pub(super) fn waste(&mut self, bytes: u32) {
        self.window = self.window.saturating_sub(bytes);
        self.consumed = self.consumed.saturating_add(bytes);
        self.has_consumed = true;
    }

    /// What runs here has taken so many bytes.
    pub(super) fn consume(&mut self, bytes: u32) {
        self.consumed = self.consumed.saturating_add(bytes);
        self.has_consumed = true;
    }

    /// `channel_check_window`.
    fn check_window(&mut self, out: &mut Outgoing, random: &mut Random<'_>) {
        // sshd looks when it has handed something over, and not when more has come.
        if !std::mem::take(&mut self.has_consumed) {
            return;
        }
        let used = self.window_max.saturating_sub(self.window);
        let is_due = used > self.packet_max.saturating_mul(3) || self.window < self.window_max / 2;
        let is_open = self.state == State::Open && !self.close_sent && !self.close_received;
        if is_open && is_due && self.consumed > 0 {
            let grown = std::mem::take(&mut self.consumed);
            self.adjust(grown, out, random);
            self.window = self.window.saturating_add(grown);
        }
    }

    /// How many bytes what runs here may write now.
    pub(super) fn room(&self) -> usize {
        SSH_CHANNEL_UNSENT_BYTES.saturating_sub(self.queued)
    }

    /// Whether nothing waits.
    pub(super) fn is_drained(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() || self.to_client != Half::Open {
            return;
        }
        self.queued += bytes.len();
        match self.queue.back_mut() {
            Some((last, waiting)) if *last == stream && waiting.len() < JOINED_BYTES => {
                waiting.extend_from_slice(bytes);
            }
            _ => self.queue.push_back((stream, bytes.to_vec())),
        }
    }

    /// Nothing more is written here.
    pub(super) fn finish(&mut self) {
        if self.to_client == Half::Open {
            self.to_client = Half::Draining;
        }
    }

    /// Both halves are over, once what was written is sent.
    pub(super) fn hang_up(&mut self) {
        self.is_hung_up = true;
        self.finish();
        self.from_client = Half::Closed;
    }

    /// The program has ended.
    pub(super) fn exit(&mut self, status: u32) {
        if self.exit == Exit::Running {
            self.exit = Exit::Ended(status);
            self.finish();
        }
    }

    /// A signal has ended the program.
    pub(super) fn killed(&mut self, signal: u32) {
        if self.exit == Exit::Running {
            self.exit = Exit::Killed(signal);
            self.finish();
        }
    }

    /// `chan_rcvd_ieof`.
    pub(super) fn eof(&mut self) {
        self.eof_received = true;
        // What came before has been handed over, so that nothing is left to drain.
        self.from_client = Half::Closed;
    }

    /// `chan_rcvd_eow`: nobody reads what is written here.
    pub(super) fn stop_reading(&mut self) {
        if self.to_client == Half::Open {
            self.to_client = Half::Closed;
            self.queue.clear();
            (self.queued, self.sent) = (0, 0);
        }
    }

    /// `chan_rcvd_oclose`.
    pub(super) fn closed(&mut self, out: &mut Outgoing, random: &mut Random<'_>) {
        self.close_received = true;
        self.from_client = Half::Closed;
        if self.to_client == Half::Draining && self.state == State::Open {
            self.send_eof(out, random);
        }
        self.to_client = Half::Closed;
        self.queue.clear();
        (self.queued, self.sent) = (0, 0);
    }

    fn send_eof(&self, out: &mut Outgoing, random: &mut Random<'_>) {
        out.send(Payload::new(CHANNEL_EOF).number(self.remote).as_ref(), random);
    }

    /// Sends what can be sent; whether the channel is gone then.
    pub(super) fn pump(
        &mut self,
        takes_eow: bool,
        out: &mut Outgoing,
        random: &mut Random<'_>,
    ) -> bool {
        self.send_data(out, random);
        if self.queue.is_empty() && self.to_client == Half::Draining && !self.is_late {
            // A terminal's end is seen only after its program's.
            if self.has_terminal {
                self.tell_exit(takes_eow, out, random);
            }
            self.send_eof(out, random);
            self.to_client = Half::Closed;
        }
        // Where the client takes no more for now, sshd sees the program's end before its last words.
        if self.to_client == Half::Closed || self.remote_window.min(self.remote_packet) == 0 {
            self.tell_exit(takes_eow, out, random);
        }
        self.check_window(out, random);
        let is_running = self.kind == Kind::Session
            && self.state == State::Open
            && !self.is_hung_up
            && self.exit == Exit::Running;
        let is_dead =
            self.to_client == Half::Closed && self.from_client == Half::Closed && !is_running;
        if is_dead && !self.close_sent && self.has_remote() {
            self.close_sent = true;
            out.send(Payload::new(CHANNEL_CLOSE).number(self.remote).as_ref(), random);
        }
        is_dead && self.close_received
    }

    /// Whether the client has a number for it.
    fn has_remote(&self) -> bool {
        matches!(self.state, State::Larval | State::Open)
    }

    pub(super) fn send_data(&mut self, out: &mut Outgoing, random: &mut Random<'_>) {
        while self.state == State::Open
            && !out.is_exchanging()
            && out.bytes.len() < SSH_UNSENT_BYTES
        {
            let Some((stream, waiting)) = self.queue.front() else { break };
            let rest = waiting.get(self.sent..).unwrap_or_default();
            let most = self.remote_window.min(self.remote_packet).min(CHUNK_BYTES);
            let count = rest.len().min(usize::try_from(most).unwrap_or(usize::MAX));
            if count == 0 {
                break;
            }
            let part = rest.get(..count).unwrap_or_default();
            let head = match stream {
                Stream::Output => Payload::new(CHANNEL_DATA).number(self.remote),
                Stream::Error => {
                    Payload::new(CHANNEL_EXTENDED_DATA).number(self.remote).number(STDERR)
                }
            };
            out.send(head.string(part).as_ref(), random);
            self.remote_window -= u32::try_from(count).unwrap_or(self.remote_window);
            self.queued = self.queued.saturating_sub(count);
            self.sent += count;
            if self.sent >= waiting.len() {
                self.queue.pop_front();
                self.sent = 0;
            }
        }
        if self.queue.is_empty() {
            self.queue.shrink_to(0);
        }
    }

    /// `session_exit_message`: the status or the signal, and that nobody reads any more.
    fn tell_exit(&mut self, takes_eow: bool, out: &mut Outgoing, random: &mut Random<'_>) {
        let told = match self.exit {
            Exit::Running | Exit::Told => return,
            Exit::Ended(status) => self.request(b"exit-status").number(status),
            // Debian limits a core to nothing, so that there is none; then words and their language.
            Exit::Killed(signal) => {
                let told = self.request(b"exit-signal").string(signal_name(signal));
                told.byte(0).string(b"").string(b"")
            }
        };
        self.exit = Exit::Told;
        out.send(told.as_ref(), random);
        if self.from_client != Half::Closed {
            self.from_client = Half::Closed;
            if takes_eow {
                out.send(self.request(b"eow@openssh.com").as_ref(), random);
            }
        }
    }

    /// A request of ours that wants no answer.
    fn request(&self, name: &[u8]) -> Payload {
        Payload::new(CHANNEL_REQUEST).number(self.remote).string(name).byte(0)
    }
}

/// A signal of Linux as `sig2name` has it.
fn signal_name(signal: u32) -> &'static [u8] {
    match signal {
        1 => b"HUP",
        2 => b"INT",
        3 => b"QUIT",
        4 => b"ILL",
        6 => b"ABRT",
        8 => b"FPE",
        9 => b"KILL",
        10 => b"USR1",
        11 => b"SEGV",
        12 => b"USR2",
        13 => b"PIPE",
        14 => b"ALRM",
        15 => b"TERM",
        _ => b"SIG@openssh.com",
    }
}

/// OpenSSH's `CHAN_SES_WINDOW_DEFAULT`.
pub(super) const SESSION_WINDOW: u32 = 64 * SESSION_PACKET;
/// Its `CHAN_SES_PACKET_DEFAULT`.
pub(super) const SESSION_PACKET: u32 = 32 * 1_024;
const STDERR: u32 = 1;
/// What sshd reads of a program at once.
const CHUNK_BYTES: u32 = 32 * 1_024;
/// Bytes up to which what is written goes into one message with what waits.
const JOINED_BYTES: usize = 16 * 1_024;

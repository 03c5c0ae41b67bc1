//! The connection protocol, RFC 4254: channels by their numbers, and messages to them.
//!
//! **Invariant:** channels have the numbers that sshd would give them, listeners included; nothing
//! is ever connected or bound here.

use super::channel::{Channel, Half, Kind, Room, State};
use super::happening::{Stream, What};
use super::message::{
    CHANNEL_CLOSE, CHANNEL_DATA, CHANNEL_EOF, CHANNEL_EXTENDED_DATA, CHANNEL_FAILURE, CHANNEL_OPEN,
    CHANNEL_OPEN_CONFIRMATION, CHANNEL_OPEN_FAILURE, CHANNEL_REQUEST, CHANNEL_SUCCESS,
    CHANNEL_WINDOW_ADJUST, DEBUG, Fields, GLOBAL_REQUEST, Malformed, Payload, REQUEST_FAILURE,
    REQUEST_SUCCESS,
};
use super::packet::sealer::Random;
use super::server::{Core, End, Handled};
use crate::event::{Anomaly, Answer, PeerFact, Target, Timestamp};
use crate::limits::{DETAIL_BYTES, SSH_CHANNELS};
use crate::octets::Octets;

/// What is open in a connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) slots: Vec<Slot>,
    /// Channels so far.
    opened: u32,
    /// Requests so far.
    pub(super) requests: u32,
    /// A channel whose other side the driver has been asked for, before anything else is read.
    pub(super) connecting: Option<u32>,
    /// How often host keys were to be proved.
    pub(super) proofs: u32,
    pub(super) no_more_sessions: bool,
    pub(super) agent_listens: bool,
    pub(super) forwards: Vec<Forward>,
}

/// What has a number.
#[derive(Debug, Default)]
pub(super) enum Slot {
    #[default]
    Free,
    Channel(Box<Channel>),
    /// Something that would listen: ports, an agent's socket.
    Listener,
}

/// A forward that the client believes in.
#[derive(Debug)]
pub(super) struct Forward {
    /// The address, or the socket's path.
    pub(super) host: Vec<u8>,
    /// The port that was asked for, or given; `None` for a socket.
    pub(super) port: Option<u32>,
    pub(super) slots: Vec<usize>,
}

impl Connection {
    pub(super) fn channels(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.slots.iter_mut().filter_map(|slot| match slot {
            Slot::Channel(channel) => Some(&mut **channel),
            Slot::Free | Slot::Listener => None,
        })
    }

    fn by_number(&self, number: u32) -> Option<&Channel> {
        self.slots.iter().find_map(|slot| match slot {
            Slot::Channel(channel) if channel.number == number => Some(&**channel),
            Slot::Channel(_) | Slot::Free | Slot::Listener => None,
        })
    }

    pub(super) fn by_number_mut(&mut self, number: u32) -> Option<&mut Channel> {
        self.channels().find(|channel| channel.number == number)
    }

    /// The channel of our number on the wire.
    pub(super) fn by_id(&mut self, id: u32) -> Option<&mut Channel> {
        match self.slots.get_mut(usize::try_from(id).ok()?)? {
            Slot::Channel(channel) => Some(channel),
            Slot::Free | Slot::Listener => None,
        }
    }

    /// The lowest number that is free.
    pub(super) fn place(&mut self, what: Slot) -> usize {
        let free = self.slots.iter().position(|slot| matches!(slot, Slot::Free));
        let id = free.unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        });
        if let Some(slot) = self.slots.get_mut(id) {
            *slot = what;
        }
        id
    }

    pub(super) fn listen(&mut self) -> usize {
        self.place(Slot::Listener)
    }

    pub(super) fn unlisten(&mut self, id: usize) {
        if let Some(slot @ Slot::Listener) = self.slots.get_mut(id) {
            *slot = Slot::Free;
        }
    }

    pub(super) fn room(&self, number: u32) -> usize {
        self.by_number(number).map_or(0, Channel::room)
    }

    pub(super) fn is_drained(&self, number: u32) -> bool {
        self.by_number(number).is_none_or(Channel::is_drained)
    }

    pub(super) fn write(&mut self, number: u32, stream: Stream, bytes: &[u8]) {
        if let Some(channel) = self.by_number_mut(number) {
            channel.write(stream, bytes);
        }
    }

    pub(super) fn exit(&mut self, number: u32, status: u32) {
        if let Some(channel) = self.by_number_mut(number) {
            channel.exit(status);
        }
    }

    pub(super) fn killed(&mut self, number: u32, signal: u32) {
        if let Some(channel) = self.by_number_mut(number) {
            channel.killed(signal);
        }
    }

    pub(super) fn hang_up(&mut self, number: u32) {
        if let Some(channel) = self.by_number_mut(number) {
            channel.hang_up();
        }
    }

    pub(super) fn sessions(&mut self) -> usize {
        self.channels().filter(|channel| channel.kind == Kind::Session).count()
    }

    /// A number for the facts.
    pub(super) fn number(&mut self) -> Option<u32> {
        let number = self.opened;
        self.opened += 1;
        (number < SSH_CHANNELS).then_some(number)
    }
}

impl Core {
    /// A message behind the login; `false` where it is none.
    pub(super) fn connection_message(
        &mut self,
        number: u8,
        body: &[u8],
        random: &mut Random<'_>,
    ) -> Handled<bool> {
        self.connection.channels().for_each(|channel| channel.is_late = false);
        match number {
            GLOBAL_REQUEST => self.global_request(body, random)?,
            CHANNEL_OPEN => self.open(body, random)?,
            CHANNEL_REQUEST => self.channel_request(body, random)?,
            CHANNEL_DATA => self.data(body)?,
            CHANNEL_EXTENDED_DATA => self.extended_data(body)?,
            CHANNEL_WINDOW_ADJUST => self.window_adjusted(body, random)?,
            CHANNEL_EOF => {
                let channel = self.channel_of(body, "ieof")?;
                if channel.from_client == Half::Open {
                    channel.eof();
                    let channel = channel.number;
                    self.say(What::Eof { channel });
                } else {
                    channel.eof_received = true;
                }
            }
            CHANNEL_CLOSE => self.channel_closed(body, random)?,
            CHANNEL_OPEN_CONFIRMATION => self.confirmed(body, random)?,
            CHANNEL_OPEN_FAILURE => self.not_confirmed(body)?,
            // Answers to what sshd asks to see whether a client lives: nobody did.
            REQUEST_SUCCESS | REQUEST_FAILURE | CHANNEL_SUCCESS | CHANNEL_FAILURE => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `channel_from_packet_id`, for messages with nothing behind.
    fn channel_of(&mut self, body: &[u8], what: &str) -> Handled<&mut Channel> {
        let mut fields = Fields::new(body);
        let channel = self.channel(&mut fields, what)?;
        fields.end().map_err(|Malformed| End::words(format!("Invalid {what} message")))?;
        Ok(channel)
    }

    pub(super) fn channel(&mut self, fields: &mut Fields<'_>, what: &str) -> Handled<&mut Channel> {
        let Ok(id) = fields.u32() else {
            return Err(End::words(format!("Invalid {what} message")));
        };
        if i32::try_from(id).is_err() {
            return Err(End::words(format!("Invalid {what} channel id")));
        }
        self.connection.by_id(id).ok_or_else(|| {
            End::words(format!("{what} packet referred to nonexistent channel {id}"))
        })
    }

    /// `ssh_packet_send_debug`.
    pub(super) fn send_debug(&mut self, text: &str, random: &mut Random<'_>) {
        if !self.habits.no_debug {
            let payload = Payload::new(DEBUG).byte(0).string(text.as_bytes()).string(b"");
            self.out.send(payload.as_ref(), random);
        }
    }

    /// `channel_input_data`.
    fn data(&mut self, body: &[u8]) -> Handled {
        let mut fields = Fields::new(body);
        let channel = self.channel(&mut fields, "data")?;
        if channel.state != State::Open {
            self.anomaly(Anomaly::UnexpectedRequest, b"data without a program");
            return Ok(());
        }
        let bytes = fields.string()?;
        fields.end()?;
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (number, kind) = (channel.number, channel.kind);
        if channel.from_client != Half::Open {
            channel.waste(count);
            return Ok(());
        }
        match channel.take(count) {
            Room::Enough => {}
            Room::TooMuch => {
                self.anomaly(Anomaly::TooMuchInput, b"more than a packet takes");
                return Ok(());
            }
            Room::Ignored => {
                let id = fields_id(body);
                self.anomaly(Anomaly::TooMuchInput, b"beyond the window");
                return Err(End::words(format!("channel {id}: peer ignored channel window")));
            }
        }
        if kind == Kind::Agent {
            self.agent_data(number, bytes);
        } else {
            self.say(What::Data { channel: number, bytes: bytes.to_vec() });
        }
        Ok(())
    }

    /// `channel_input_extended_data`: nothing here takes any.
    fn extended_data(&mut self, body: &[u8]) -> Handled {
        let mut fields = Fields::new(body);
        let id = fields_id(body);
        let channel = self.channel(&mut fields, "extended data")?;
        if channel.state == State::Open && channel.eof_received {
            return Err(End::words(format!("Received extended_data after EOF on channel {id}.")));
        }
        self.anomaly(Anomaly::UnexpectedRequest, b"extended data");
        Ok(())
    }

    /// `channel_input_window_adjust`.
    fn window_adjusted(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let mut fields = Fields::new(body);
        let id = fields.u32().ok().filter(|id| i32::try_from(*id).is_ok());
        let Some(id) = id else { return Err(End::words("Invalid window adjust message")) };
        let Some(channel) = self.connection.by_id(id) else { return Ok(()) };
        let grown = fields.u32().and_then(|grown| fields.end().map(|()| grown));
        let grown = grown.map_err(|Malformed| End::words("Invalid window adjust message"))?;
        let window = channel.remote_window.checked_add(grown);
        channel.remote_window = window.ok_or(End::Silent("a window beyond all bounds"))?;
        // It is used at once.
        let is_drained = channel.is_drained();
        channel.send_data(&mut self.out, random);
        channel.is_late = !is_drained && channel.is_drained() && channel.remote_window == 0;
        Ok(())
    }

    /// `channel_input_oclose`.
    fn channel_closed(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let channel = self.channel_of(body, "oclose")?;
        let (number, is_larval) = (channel.number, channel.state == State::Larval);
        let out = &mut self.out;
        if let Some(channel) = self.connection.by_number_mut(number) {
            channel.closed(out, random);
        }
        if !is_larval {
            self.say(What::HungUp { channel: number });
        }
        Ok(())
    }

    /// What runs in a channel has taken bytes.
    pub(super) fn consumed(&mut self, number: u32, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if let Some(channel) = self.connection.by_number_mut(number) {
            channel.consume(bytes);
        }
    }

    /// Sends what waits in all channels, and lets go of those that are through.
    pub(super) fn pump(&mut self, random: &mut Random<'_>) {
        let takes_eow = self.habits.takes_eow;
        let mut gone = Vec::new();
        for slot in &mut self.connection.slots {
            if let Slot::Channel(channel) = slot
                && channel.pump(takes_eow, &mut self.out, random)
            {
                gone.push(std::mem::take(slot));
            }
        }
        for slot in gone {
            if let Slot::Channel(channel) = slot {
                // What listens for a display goes with its session.
                let listeners = channel.display.into_iter().flatten();
                listeners.for_each(|id| self.connection.unlisten(id));
                self.tell_gone(channel.number, channel.kind, channel.wish);
            }
        }
    }

    /// The end of a channel, or of what was asked for and not answered.
    fn tell_gone(&mut self, number: u32, kind: Kind, wish: Option<Box<(Timestamp, PeerFact)>>) {
        if wish.is_some() {
            self.tell_wish(wish, Answer::Refused);
        } else {
            self.tell_closed(number, kind);
        }
    }

    fn tell_closed(&mut self, channel: u32, kind: Kind) {
        if kind != Kind::Agent {
            self.say(What::Closed { channel });
            self.say(What::Peer(PeerFact::ChannelClosed { channel }));
        }
    }

    /// The connection is over, and every channel with it.
    pub(super) fn close_all(&mut self) {
        self.connection.connecting = None;
        for slot in std::mem::take(&mut self.connection.slots) {
            if let Slot::Channel(channel) = slot {
                self.tell_gone(channel.number, channel.kind, channel.wish);
            }
        }
    }

    /// A channel of ours to the client's agent, as the program that asks for its keys opens it.
    pub(super) fn open_agent(&mut self, random: &mut Random<'_>) {
        let channel =
            Channel::new(u32::MAX, Kind::Agent, State::Opening, AGENT_WINDOW, AGENT_PACKET);
        let id = self.connection.place(Slot::Channel(Box::new(channel)));
        let payload = Payload::new(CHANNEL_OPEN)
            .string(b"auth-agent@openssh.com")
            .number(u32::try_from(id).unwrap_or(u32::MAX))
            .number(AGENT_WINDOW)
            .number(AGENT_PACKET);
        self.out.send(payload.as_ref(), random);
    }

    /// `channel_input_open_confirmation`.
    fn confirmed(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let mut fields = Fields::new(body);
        let id = fields_id(body);
        let channel = self.channel(&mut fields, "open confirmation")?;
        if channel.state != State::Opening {
            return Err(End::words(format!(
                "Received open confirmation for non-opening channel {id}."
            )));
        }
        channel.remote = fields.u32()?;
        channel.remote_window = fields.u32()?;
        channel.remote_packet = fields.u32()?;
        channel.state = State::Open;
        channel.write(Stream::Output, super::agent::REQUEST_IDENTITIES);
        let _ = random;
        Ok(())
    }

    fn not_confirmed(&mut self, body: &[u8]) -> Handled {
        let mut fields = Fields::new(body);
        let id = fields_id(body);
        let channel = self.channel(&mut fields, "open failure")?;
        if channel.state != State::Opening {
            return Err(End::words(format!("Received open failure for non-opening channel {id}.")));
        }
        if let Some(slot) = self.connection.slots.get_mut(usize::try_from(id).unwrap_or(usize::MAX))
        {
            *slot = Slot::Free;
        }
        Ok(())
    }

    /// `bytes` of an agent's answer.
    fn agent_data(&mut self, number: u32, bytes: &[u8]) {
        if let Some(fact) = self.agent.receive(bytes) {
            self.say(What::Peer(fact));
            self.connection.hang_up(number);
        }
        self.consumed(number, bytes.len());
    }

    pub(super) fn forward_fact(&mut self, name: &[u8], host: &[u8], port: u32, answer: Answer) {
        let host = self.kept(host, DETAIL_BYTES);
        let (name, target) = (Octets::from(name), Target { host, port });
        self.say(What::Peer(PeerFact::ForwardRequested { name, target, answer }));
    }
}

/// The channel's number at the beginning of a message, for words about it.
fn fields_id(body: &[u8]) -> u32 {
    Fields::new(body).u32().unwrap_or_default()
}

/// OpenSSH's `CHAN_X11_WINDOW_DEFAULT` and `CHAN_X11_PACKET_DEFAULT`, which agents have too.
const AGENT_WINDOW: u32 = 64 * 1_024;
const AGENT_PACKET: u32 = 16 * 1_024;

//! Channels that a client wants to be opened, RFC 4254 §5.1, and what becomes of that.
//!
//! **Invariant:** each wish is one fact with its answer, in which a number of ours is never used
//! twice.

use super::channel::{Channel, Kind, SESSION_PACKET, State};
use super::connection::Slot;
use super::happening::{Connected, What};
use super::message::{CHANNEL_OPEN_CONFIRMATION, CHANNEL_OPEN_FAILURE, Fields, Payload};
use super::packet::sealer::Random;
use super::request::HOST_BYTES;
use super::server::{Core, End, Handled};
use crate::event::{Anomaly, Answer, PeerFact, Target, Timestamp};
use crate::limits::{DETAIL_BYTES, SSH_CHANNELS, SSH_SESSIONS};

/// What a client's `CHANNEL_OPEN` says before what is of its type.
struct Wish<'a> {
    kind: &'a [u8],
    remote: u32,
    window: u32,
    packet: u32,
}

impl Core {
    /// `server_input_channel_open`.
    pub(super) fn open(&mut self, body: &[u8], random: &mut Random<'_>) -> Handled {
        let mut fields = Fields::new(body);
        let kind = fields.text()?;
        let (remote, window, packet) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let wish = Wish { kind, remote, window, packet };
        match kind {
            b"session" => {
                fields.end()?;
                self.open_session(&wish, random)
            }
            b"direct-tcpip" => {
                let target = (fields.text()?, fields.u32()?);
                let originator = (fields.text()?, fields.u32()?);
                fields.end()?;
                if target.1 > PORT_MAX || originator.1 > PORT_MAX {
                    let ends = (Some(target), Some(originator));
                    return self.refuse(
                        &wish,
                        ends,
                        ADMINISTRATIVELY_PROHIBITED,
                        OPEN_FAILED,
                        random,
                    );
                }
                self.ask(&wish, target.0, Some(target.1), Some(originator))
            }
            b"direct-streamlocal@openssh.com" => {
                let path = fields.text()?;
                // Both are reserved.
                fields.text()?;
                fields.u32()?;
                fields.end()?;
                self.ask(&wish, path, None, None)
            }
            b"tun@openssh.com" => {
                let mode = fields.u32()?;
                if matches!(mode, 1 | 2) {
                    fields.u32()?;
                    fields.end()?;
                    self.send_debug("Server has rejected tunnel device forwarding", random);
                } else {
                    self.send_debug("Unsupported tunnel device mode.", random);
                }
                self.refuse(&wish, (None, None), CONNECT_FAILED, OPEN_FAILED, random)
            }
            _ => {
                // What it would have been, as far as that can be read.
                let mut end = || fields.string().ok().zip(fields.u32().ok());
                let ends = match kind {
                    b"forwarded-tcpip" => (end(), end()),
                    b"x11" => (None, end()),
                    _ => (None, None),
                };
                self.refuse(&wish, ends, CONNECT_FAILED, OPEN_FAILED, random)
            }
        }
    }

    fn open_session(&mut self, wish: &Wish<'_>, random: &mut Random<'_>) -> Handled {
        if self.connection.no_more_sessions {
            return Err(End::words(
                "Possible attack: attempt to open a session after additional sessions disabled",
            ));
        }
        if self.connection.sessions() >= SSH_SESSIONS {
            self.anomaly(Anomaly::TooManyChannels, b"sessions at once");
            return self.refuse(wish, (None, None), CONNECT_FAILED, OPEN_FAILED, random);
        }
        let number = self.open_number()?;
        let mut channel = Channel::new(number, Kind::Session, State::Larval, 0, SESSION_PACKET);
        (channel.remote, channel.remote_window, channel.remote_packet) =
            (wish.remote, wish.window, wish.packet);
        let id = self.connection.place(Slot::Channel(Box::new(channel)));
        self.tell_open(wish, number, (None, None), Answer::Granted);
        self.say(What::Opened { channel: number });
        self.confirm(id, random);
        Ok(())
    }

    /// Somebody else has to say whether there is anything to connect to.
    fn ask(
        &mut self,
        wish: &Wish<'_>,
        host: &[u8],
        port: Option<u32>,
        originator: Option<(&[u8], u32)>,
    ) -> Handled {
        let number = self.open_number()?;
        let mut channel =
            Channel::new(number, Kind::Direct, State::Connecting, DIRECT_WINDOW, SESSION_PACKET);
        (channel.remote, channel.remote_window, channel.remote_packet) =
            (wish.remote, wish.window, wish.packet);
        let target = Some((host, port.unwrap_or_default()));
        let fact = self.opened(wish, number, (target, originator), Answer::Refused);
        channel.wish = Some(Box::new((self.at, fact)));
        self.connection.place(Slot::Channel(Box::new(channel)));
        // A socket's answer comes at once, a port's when it comes.
        if port.is_none() {
            self.connection.connecting = Some(number);
        }
        // No name and no path is longer, and a packet may be.
        let host = host.get(..HOST_BYTES).unwrap_or(host).to_vec();
        self.say(What::Connect { channel: number, host, port });
        Ok(())
    }

    /// What became of that.
    pub(super) fn connected(
        &mut self,
        number: u32,
        connected: &Connected,
        random: &mut Random<'_>,
    ) {
        let slots = &mut self.connection.slots;
        let Some(id) = slots.iter().position(|slot| {
            matches!(slot, Slot::Channel(channel)
                if channel.number == number && channel.state == State::Connecting)
        }) else {
            return;
        };
        self.connection.connecting.take_if(|waiting| *waiting == number);
        match connected {
            Connected::Open => {
                if let Some(Slot::Channel(channel)) = slots.get_mut(id) {
                    channel.state = State::Open;
                    let wish = channel.wish.take();
                    self.tell_wish(wish, Answer::Granted);
                }
                self.confirm(id, random);
            }
            Connected::Refused { reason, words } => {
                if let Some(slot) = slots.get_mut(id)
                    && let Slot::Channel(channel) = std::mem::take(slot)
                {
                    self.tell_wish(channel.wish, Answer::Refused);
                    self.send_failure(channel.remote, *reason, words, random);
                }
            }
        }
    }

    fn confirm(&mut self, id: usize, random: &mut Random<'_>) {
        let id = u32::try_from(id).unwrap_or(u32::MAX);
        let Some(channel) = self.connection.by_id(id) else { return };
        let payload = Payload::new(CHANNEL_OPEN_CONFIRMATION)
            .number(channel.remote)
            .number(id)
            .number(channel.window())
            .number(channel.packet_max());
        self.out.send(payload.as_ref(), random);
    }

    fn refuse(
        &mut self,
        wish: &Wish<'_>,
        ends: Ends<'_>,
        reason: u32,
        words: &str,
        random: &mut Random<'_>,
    ) -> Handled {
        let number = self.open_number()?;
        self.tell_open(wish, number, ends, Answer::Refused);
        self.send_failure(wish.remote, reason, words, random);
        Ok(())
    }

    fn send_failure(&mut self, remote: u32, reason: u32, words: &str, random: &mut Random<'_>) {
        let payload = Payload::new(CHANNEL_OPEN_FAILURE)
            .number(remote)
            .number(reason)
            .string(words.as_bytes())
            .string(b"");
        self.out.send(payload.as_ref(), random);
    }

    fn open_number(&mut self) -> Handled<u32> {
        if let Some(number) = self.connection.number() {
            return Ok(number);
        }
        self.anomaly(Anomaly::TooManyChannels, SSH_CHANNELS.to_string().as_bytes());
        Err(End::Limit(""))
    }

    fn tell_open(&mut self, wish: &Wish<'_>, number: u32, ends: Ends<'_>, answer: Answer) {
        let fact = self.opened(wish, number, ends, answer);
        self.say(What::Peer(fact));
    }

    /// Tells what was asked for, now that it is known what is answered.
    pub(super) fn tell_wish(&mut self, wish: Option<Box<(Timestamp, PeerFact)>>, given: Answer) {
        if let Some(mut wish) = wish {
            if let PeerFact::ChannelOpened { answer, .. } = &mut wish.1 {
                *answer = given;
            }
            self.say_of(wish.0, wish.1);
        }
    }

    fn opened(&mut self, wish: &Wish<'_>, number: u32, ends: Ends<'_>, answer: Answer) -> PeerFact {
        let kind = self.kept(wish.kind, DETAIL_BYTES);
        let [target, originator] = [ends.0, ends.1].map(|end| {
            end.map(|(host, port)| Target { host: self.kept(host, DETAIL_BYTES), port })
        });
        PeerFact::ChannelOpened {
            channel: number,
            kind,
            target,
            originator,
            answer,
            window: Some(wish.window),
            packet: Some(wish.packet),
        }
    }
}

type Ends<'a> = (Option<(&'a [u8], u32)>, Option<(&'a [u8], u32)>);

/// `SSH_OPEN_ADMINISTRATIVELY_PROHIBITED`, RFC 4254 §5.1.
const ADMINISTRATIVELY_PROHIBITED: u32 = 1;
/// `SSH_OPEN_CONNECT_FAILED`.
const CONNECT_FAILED: u32 = 2;
const OPEN_FAILED: &str = "open failed";
const PORT_MAX: u32 = 65_535;
/// OpenSSH's `CHAN_TCP_WINDOW_DEFAULT`.
const DIRECT_WINDOW: u32 = 64 * SESSION_PACKET;

//! What is said on a TCP connection before encryption, in both directions.
//!
//! **Invariant:** each direction is read on its own, whatever the packets' edges. What is not
//! recognised is used up at once, and after [`EYE_TRIES`] segments nobody listens any longer.

use super::{Orientation, Sight, datagram, http};
use crate::event::wire::{Carrier, Http2Settings};
use crate::event::{Anomaly, PeerFact, Side};
use crate::flow::tcp::{Flow, Moment};
use crate::flow::tracker::Wants;
use crate::limits::{EYE_TRIES, EYE_TRIES_HTTP, EYE_WAITS, SSH_IDENT_BYTES, SSH_LIST_BYTES};
use crate::octets::Octets;
use crate::wire::http::{h2, request_head};
use crate::wire::{Malformed, ssh, tls};

#[derive(Debug, Default)]
pub(super) struct Speech {
    client: Voice,
    server: Voice,
    orientation: Option<Orientation>,
}

/// One direction.
#[derive(Debug, Default)]
struct Voice {
    mode: Mode,
    /// Bytes that were there already, and said nothing yet.
    held: usize,
    /// Segments since the last that was recognised.
    tries: u16,
    /// Segments that something which has begun has waited for since.
    waits: u16,
    /// How many of those there may be.
    patience: Patience,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Patience {
    #[default]
    Little,
    /// After a request: others may follow behind its content.
    Much,
}

#[derive(Debug, Default)]
enum Mode {
    /// Whatever may begin here.
    #[default]
    Unknown,
    /// An identification line that has begun.
    SshIdent,
    /// Behind the identification line.
    SshPackets,
    /// A handshake, of which so many messages were told.
    Tls(usize),
    /// An HTTP/2 client behind its preface.
    Http2(Box<Http2>),
    /// Nothing more to hear.
    Done,
}

#[derive(Debug, Default)]
struct Http2 {
    client: h2::Client,
    has_settings: bool,
    has_request: bool,
}

/// What the bytes at some place may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ssh,
    Tls,
    Http,
    Http2,
    Http2Settings,
    /// Too few to tell.
    Unclear,
    Nothing,
}

/// What became of the bytes in front.
enum Step {
    /// So many of them were used; what is behind is to be looked at.
    Used(usize),
    /// More are needed.
    More,
    /// Nothing that follows matters.
    Enough,
}

/// A fact, from the direction that is being read.
type Tell<'a> = &'a mut dyn FnMut(&mut Option<Orientation>, Speaker, PeerFact);

/// As what somebody speaks who sends this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    Client,
    Server,
    /// Both sides send the like.
    Either,
}

impl Speech {
    /// Whether neither direction has anything more to say.
    pub(super) fn is_done(&self) -> bool {
        matches!((&self.client.mode, &self.server.mode), (Mode::Done, Mode::Done))
    }

    pub(super) fn orientation(&self) -> Orientation {
        self.orientation.unwrap_or_default()
    }

    pub(super) fn is_turned(&self) -> bool {
        self.orientation() == Orientation::Turned
    }

    /// Reads what is new of a direction.
    pub(super) fn read(
        &mut self,
        flow: &Flow,
        side: Side,
        bytes: &[u8],
        at: Moment,
        out: &mut impl FnMut(Sight),
    ) -> Wants {
        let Self { client, server, orientation } = self;
        let voice = match side {
            Side::Client => client,
            Side::Server => server,
        };
        let mut tell = |orientation: &mut Option<Orientation>, speaker, fact| {
            let found = *orientation.get_or_insert_with(|| orient(flow, side, speaker));
            out(found.sight(flow, at, fact));
        };
        let mut used = 0;
        let began = flow.began.at_ns;
        let took_us = at.at_ns.saturating_sub(began) / 1_000;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                voice.held = 0;
                return Wants::Used(used);
            }
            let part = |orientation: &mut Option<Orientation>, speaker| {
                orientation.get_or_insert_with(|| orient(flow, side, speaker)).part(side)
            };
            let step = match &mut voice.mode {
                Mode::Unknown => voice.recognise(rest, orientation, &mut tell, &part),
                Mode::SshIdent => {
                    let step = ident(rest, orientation, took_us, &mut tell, &part);
                    if matches!(step, Step::Used(_)) {
                        voice.mode = Mode::SshPackets;
                    }
                    step
                }
                Mode::SshPackets => packets(rest, orientation, &mut tell, &part),
                Mode::Tls(given) => match handshake(rest, given, orientation, &mut tell, &part) {
                    Ok(step) => step,
                    Err(malformed) => {
                        let fact = anomaly(Anomaly::TlsMalformed, malformed);
                        tell(orientation, Speaker::Either, fact);
                        voice.mode = Mode::Unknown;
                        Step::Used(rest.len())
                    }
                },
                Mode::Http2(state) => match state.read(rest, orientation, &mut tell) {
                    Ok(step) => step,
                    Err(malformed) => {
                        let fact = anomaly(Anomaly::Http2Malformed, malformed);
                        tell(orientation, Speaker::Client, fact);
                        Step::Enough
                    }
                },
                Mode::Done => Step::Enough,
            };
            match step {
                Step::Used(count) => {
                    used += count;
                    voice.held = voice.held.saturating_sub(count);
                    voice.waits = if count > 0 { 0 } else { voice.waits };
                }
                Step::More => {
                    voice.held = rest.len();
                    voice.waits += 1;
                    // What is held is read again with each, so that somebody has to end it.
                    if voice.waits >= EYE_WAITS {
                        voice.mode = Mode::Done;
                        let detail = Octets::capped(rest, crate::limits::DETAIL_BYTES);
                        let what = Anomaly::TooManyPieces;
                        tell(orientation, Speaker::Either, PeerFact::Anomaly { what, detail });
                        return Wants::Enough;
                    }
                    return if used == 0 { Wants::More } else { Wants::Used(used) };
                }
                Step::Enough => {
                    let is_ssh = matches!(voice.mode, Mode::SshPackets);
                    voice.mode = Mode::Done;
                    return if is_ssh { Wants::Windows } else { Wants::Enough };
                }
            }
        }
    }
}

/// Who is the client of a flow, from who was seen to open it; else from who speaks as one.
fn orient(flow: &Flow, side: Side, speaker: Speaker) -> Orientation {
    if flow.client.opening.is_some() || flow.server.opening.is_some() {
        return Orientation::AsSeen;
    }
    let is_client = match speaker {
        Speaker::Client => side == Side::Client,
        Speaker::Server => side == Side::Server,
        // Who asks has mostly the higher port.
        Speaker::Either => flow.client.endpoint.port >= flow.server.endpoint.port,
    };
    if is_client { Orientation::AsSeen } else { Orientation::Turned }
}

fn anomaly(what: Anomaly, malformed: Malformed) -> PeerFact {
    PeerFact::Anomaly { what, detail: Octets::from(malformed.to_string()) }
}

impl Voice {
    fn recognise(
        &mut self,
        rest: &[u8],
        orientation: &mut Option<Orientation>,
        tell: Tell<'_>,
        part: &dyn Fn(&mut Option<Orientation>, Speaker) -> Side,
    ) -> Step {
        let fresh = self.held;
        let (mut kind, mut at) = (kind(rest), 0);
        // What a protocol says first begins a segment, whatever odd bytes came before.
        if matches!(kind, Kind::Nothing | Kind::Unclear)
            && fresh > 0
            && let Some(segment) = rest.get(fresh..).filter(|segment| !segment.is_empty())
        {
            let second = self::kind(segment);
            if kind == Kind::Nothing || !matches!(second, Kind::Nothing | Kind::Unclear) {
                (kind, at) = (second, fresh);
            }
        }
        // Servers may send lines of text before their identification, RFC 4253 §4.2.
        if kind == Kind::Nothing
            && let Some(line) = later_ident(rest)
        {
            (kind, at) = (Kind::Ssh, line);
        }
        if !matches!(kind, Kind::Nothing | Kind::Unclear) && at > 0 {
            self.held = 0;
            return Step::Used(at);
        }
        match kind {
            Kind::Ssh => self.mode = Mode::SshIdent,
            Kind::Tls => self.mode = Mode::Tls(0),
            Kind::Http2 => match h2::preface(rest) {
                Ok(Some(((), used))) => {
                    self.mode = Mode::Http2(Box::default());
                    return Step::Used(used);
                }
                Ok(None) => return Step::More,
                Err(_) => return self.missed(rest),
            },
            Kind::Http2Settings => {
                let frame = h2::frame(rest);
                let Ok(Some((frame, _))) = frame else { return Step::More };
                let settings = frame.settings().unwrap_or_default();
                let side = part(orientation, Speaker::Server);
                let fact = PeerFact::Http2Settings(Http2Settings { side, settings });
                tell(orientation, Speaker::Server, fact);
                return Step::Enough;
            }
            Kind::Http => match request_head(rest) {
                Ok(Some((head, used))) => {
                    let fact = PeerFact::HttpRequest(Box::new(http::request(&head)));
                    tell(orientation, Speaker::Client, fact);
                    (self.tries, self.patience) = (0, Patience::Much);
                    return Step::Used(used);
                }
                Ok(None) => return Step::More,
                Err(_) => return self.missed(rest),
            },
            Kind::Unclear => return Step::More,
            Kind::Nothing => return self.missed(rest),
        }
        Step::Used(0)
    }

    /// Passes over what is nothing that we know.
    fn missed(&mut self, rest: &[u8]) -> Step {
        self.tries += 1;
        let limit = match self.patience {
            Patience::Little => EYE_TRIES,
            Patience::Much => EYE_TRIES_HTTP,
        };
        if self.tries >= limit { Step::Enough } else { Step::Used(rest.len()) }
    }
}

/// Where the first line but one begins that is an identification.
fn later_ident(bytes: &[u8]) -> Option<usize> {
    let is_ident = |begin: &usize| bytes.get(*begin..).is_some_and(|b| b.starts_with(b"SSH-"));
    let in_part = |at: usize, part: &[u8]| {
        let ends = (at..).zip(part).filter(|(_, byte)| **byte == b'\n');
        ends.map(|(end, _)| end + 1).find(is_ident)
    };
    let mut at = 0;
    // Many bytes are looked at at once, each with the one behind it: most have no line's end among
    // them, and few an S behind that.
    while let Some((part, behind)) = chunk_at(bytes, at).zip(chunk_at(bytes, at + 1)) {
        let pairs = part.iter().zip(behind);
        if pairs.fold(false, |any, (end, next)| any | (*end == b'\n') & (*next == b'S')) {
            let found = in_part(at, part);
            if found.is_some() {
                return found;
            }
        }
        at += part.len();
    }
    in_part(at, bytes.get(at..).unwrap_or_default())
}

fn chunk_at(bytes: &[u8], at: usize) -> Option<&[u8; 64]> {
    bytes.get(at..)?.first_chunk()
}

/// What `bytes` may be the begin of.
fn kind(bytes: &[u8]) -> Kind {
    match bytes {
        [0x16, 3, _, _, _, kind, ..] => match *kind {
            tls::CLIENT_HELLO | tls::SERVER_HELLO => Kind::Tls,
            _ => Kind::Nothing,
        },
        [0x16] | [0x16, 3, ..] => Kind::Unclear,
        // SETTINGS of the whole connection: a length of a few times six, and no acknowledgement.
        [0, high, low, 4, 0, 0, 0, 0, 0, ..] => {
            let length = u16::from_be_bytes([*high, *low]);
            if length % 6 == 0 && length <= 384 { Kind::Http2Settings } else { Kind::Nothing }
        }
        [b'S', b'S', b'H', b'-', ..] => Kind::Ssh,
        [b'P', b'R', b'I', b' ', b'*', ..] => Kind::Http2,
        [b'S'] | [b'S', b'S'] | [b'S', b'S', b'H'] => Kind::Unclear,
        [b'\r' | b'\n', rest @ ..] if rest.len() < 4 => kind(rest),
        _ => method(bytes),
    }
}

/// Whether bytes begin as a request does: a method in capitals, and a space.
fn method(bytes: &[u8]) -> Kind {
    let is_capital = |byte: &&u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    let length = bytes.iter().take(24).take_while(is_capital).count();
    match bytes.get(length) {
        Some(b' ') if length > 2 => Kind::Http,
        None if length > 0 => Kind::Unclear,
        _ => Kind::Nothing,
    }
}

fn ident(
    rest: &[u8],
    orientation: &mut Option<Orientation>,
    took_us: u64,
    tell: Tell<'_>,
    part: &dyn Fn(&mut Option<Orientation>, Speaker) -> Side,
) -> Step {
    let line = rest.iter().take(SSH_IDENT_BYTES).position(|byte| *byte == b'\n');
    let Some(line) = line.and_then(|end| rest.get(..=end)) else {
        if rest.len() < SSH_IDENT_BYTES {
            return Step::More;
        }
        let detail = Octets::capped(rest, crate::limits::DETAIL_BYTES);
        let fact = PeerFact::Anomaly { what: Anomaly::SshIdentTooLong, detail };
        tell(orientation, Speaker::Either, fact);
        return Step::Enough;
    };
    let side = part(orientation, Speaker::Either);
    let fact = PeerFact::SshIdent { side, line: Octets::from(line), took_us };
    tell(orientation, Speaker::Either, fact);
    Step::Used(line.len())
}

fn packets(
    rest: &[u8],
    orientation: &mut Option<Orientation>,
    tell: Tell<'_>,
    part: &dyn Fn(&mut Option<Orientation>, Speaker) -> Side,
) -> Step {
    match ssh::watched_kexinit(rest) {
        Ok(None) => Step::More,
        Ok(Some((offer, _))) => {
            let side = part(orientation, Speaker::Either);
            let fact = PeerFact::SshKexInit {
                side,
                lists: offer.lists.map(|list| Octets::capped(list, SSH_LIST_BYTES)),
                first_kex_packet_follows: offer.first_kex_packet_follows,
                reserved: offer.reserved,
            };
            tell(orientation, Speaker::Either, fact);
            Step::Enough
        }
        // A server that gives up on who is no client of its says so in words.
        Err(_)
            if part(orientation, Speaker::Either) == Side::Server
                && rest.iter().take(4).all(|byte| matches!(byte, b' '..=b'~')) =>
        {
            Step::Enough
        }
        Err(malformed) => {
            let fact = anomaly(Anomaly::SshKexInitMalformed, malformed);
            tell(orientation, Speaker::Either, fact);
            Step::Enough
        }
    }
}

fn handshake(
    rest: &[u8],
    given: &mut usize,
    orientation: &mut Option<Orientation>,
    tell: Tell<'_>,
    part: &dyn Fn(&mut Option<Orientation>, Speaker) -> Side,
) -> Result<Step, Malformed> {
    let mut cursor = tls::Handshake::new(rest);
    let mut count = 0;
    loop {
        match cursor.step()? {
            Some(tls::Step::Message(message)) => {
                count += 1;
                if count <= *given {
                    continue;
                }
                *given = count;
                let speaker = match message.kind {
                    tls::CLIENT_HELLO => Speaker::Client,
                    tls::SERVER_HELLO => Speaker::Server,
                    _ => Speaker::Either,
                };
                let side = part(orientation, speaker);
                let fact = datagram::fact(Carrier::Tcp, side, message.kind, &message.body);
                if let Some(fact) = fact {
                    tell(orientation, speaker, fact);
                }
            }
            Some(tls::Step::Encrypted) => return Ok(Step::Enough),
            None => return Ok(Step::More),
        }
    }
}

impl Http2 {
    fn read(
        &mut self,
        rest: &[u8],
        orientation: &mut Option<Orientation>,
        tell: Tell<'_>,
    ) -> Result<Step, Malformed> {
        let Some((frame, used)) = h2::frame(rest)? else { return Ok(Step::More) };
        if !self.has_settings
            && let Some(settings) = frame.settings()
        {
            self.has_settings = true;
            let fact = PeerFact::Http2Settings(Http2Settings { side: Side::Client, settings });
            tell(orientation, Speaker::Client, fact);
        }
        if let Some(found) = self.client.read(&frame)? {
            let opening = (!self.has_request).then(|| self.client.opening());
            if let Some(request) = http::request2(found, opening) {
                self.has_request = true;
                tell(orientation, Speaker::Client, PeerFact::HttpRequest(Box::new(request)));
            }
        }
        Ok(Step::Used(used))
    }
}

//! One signature: its line in the set, and whether a SYN fits it.
//!
//! **Invariant:** what of the options cannot be read fits nothing.

use super::{Distance, HOPS_MAX, Kind, Target};
use crate::profile::fingerprint::tcp::{Ip, Options, Syn};
use crate::wire::tcp::{ACK, AE, CWR, ECE, END, MSS, NOP, SACK_PERMITTED, SCALE, SYN, TIMESTAMPS};

/// What a group of lines says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Title {
    pub(super) kind: Kind,
    pub(super) family: &'static str,
    pub(super) name: &'static str,
}

/// A line of the set, for one order of options.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub(super) title: Title,
    /// Order of options: their kinds, each a byte, the last one lowest.
    pub(super) layout: u128,
    /// How much it asks.
    pub(super) conditions: u32,
    version: Option<Version>,
    ttl: Option<Ttl>,
    df: Option<Flag>,
    id: Option<Value>,
    windows: Vec<Window>,
    mss: Option<(u16, u16)>,
    scale: Option<(u16, u16)>,
    sequence: Option<Value>,
    acknowledgement: Acknowledgement,
    header: Header,
    payload: Payload,
    segment: Segment,
    fit: Fit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Four,
    Six,
}

#[derive(Clone, Copy, Debug)]
enum Ttl {
    /// It started with this.
    Start(u8),
    /// It arrives in this range.
    Between(u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Set,
    Clear,
}

/// What a number must be.
#[derive(Clone, Copy, Debug)]
enum Value {
    Is(u32),
    /// Made from where the SYN goes to.
    OfTarget,
}

#[derive(Clone, Copy, Debug)]
enum Window {
    Is(u16),
    /// So many segments.
    Segments(u32),
    /// As many segments as sixteen bits can say.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acknowledgement {
    Zero,
    Set,
}

/// Whether flags, acknowledgement and urgent pointer are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    Plain,
    Odd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    None,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    Syn,
    SynAck,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Exact,
    Loose,
}

/// `KIND FAMILY: NAME`.
pub(super) fn title(line: &'static str) -> Option<Title> {
    let (head, name) = line.split_once(": ")?;
    let (kind, family) = head.split_once(' ')?;
    let kind = match kind {
        "system" => Kind::System,
        "scanner" => Kind::Scanner,
        "library" => Kind::Library,
        _ => return None,
    };
    Some(Title { kind, family, name })
}

/// The signatures of a line, one for each order of options; none if it cannot be read.
pub(super) fn parse(title: Title, line: &str) -> Option<Vec<Signature>> {
    let (conditions, layouts) = line.rsplit_once(' ').unwrap_or(("", line));
    let mut known = Signature {
        title,
        layout: 0,
        conditions: 0,
        version: None,
        ttl: None,
        df: None,
        id: None,
        windows: Vec::new(),
        mss: None,
        scale: None,
        sequence: None,
        acknowledgement: Acknowledgement::Zero,
        header: Header::Plain,
        payload: Payload::None,
        segment: Segment::Syn,
        fit: Fit::Exact,
    };
    for condition in conditions.split_whitespace() {
        known.conditions += 1;
        match condition.split_once('=').unwrap_or((condition, "")) {
            ("v4", "") => known.version = Some(Version::Four),
            ("v6", "") => known.version = Some(Version::Six),
            ("ttl", value) => {
                known.ttl = Some(match value.split_once('-') {
                    Some((from, to)) => Ttl::Between(from.parse().ok()?, to.parse().ok()?),
                    None => Ttl::Start(value.parse().ok()?),
                });
            }
            ("df", "") => known.df = Some(Flag::Set),
            ("nodf", "") => known.df = Some(Flag::Clear),
            ("id", value) => known.id = Some(number(value)?),
            ("seq", value) => known.sequence = Some(number(value)?),
            ("win", value) => {
                known.windows = value.split('|').map(window).collect::<Option<_>>()?;
            }
            ("mss", value) => known.mss = Some(range(value)?),
            ("ws", value) => known.scale = Some(range(value)?),
            ("ack", "set") => known.acknowledgement = Acknowledgement::Set,
            ("odd", "") => known.header = Header::Odd,
            ("data", "") => known.payload = Payload::Any,
            ("answer", "") => known.segment = Segment::SynAck,
            ("near", "") => known.fit = Fit::Loose,
            _ => return None,
        }
    }
    let layouts = layouts.split('|').map(layout).collect::<Option<Vec<_>>>()?;
    Some(layouts.into_iter().map(|layout| Signature { layout, ..known.clone() }).collect())
}

fn number(text: &str) -> Option<Value> {
    Some(if text == "target" { Value::OfTarget } else { Value::Is(text.parse().ok()?) })
}

fn window(text: &str) -> Option<Window> {
    Some(match text.strip_prefix("mss*") {
        Some(count) => Window::Segments(count.parse().ok()?),
        None if text == "full" => Window::Full,
        None => Window::Is(text.parse().ok()?),
    })
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

fn layout(text: &str) -> Option<u128> {
    if text == "-" {
        return Some(0);
    }
    text.split(',').try_fold(0, |layout, name| {
        let kind = match name {
            "eol" => END,
            "nop" => NOP,
            "mss" => MSS,
            "ws" => SCALE,
            "sok" => SACK_PERMITTED,
            "ts" => TIMESTAMPS,
            "mptcp" => 30,
            "tfo" => 34,
            other => other.strip_prefix('?')?.parse().ok()?,
        };
        push(layout, kind)
    })
}

/// One more option; none above sixteen, since nobody sends so many.
fn push(layout: u128, kind: u8) -> Option<u128> {
    // Zero would not count at the front, and nobody has 255.
    let digit = if kind == END { u8::MAX } else { kind };
    (layout >> 120 == 0 && kind != u8::MAX).then_some(layout << 8 | u128::from(digit))
}

/// A SYN, as far as signatures ask.
pub(super) struct Seen<'a> {
    syn: &'a Syn<'a>,
    target: Option<&'a Target>,
    pub(super) layout: u128,
    mss: Option<u16>,
    scale: Option<u8>,
    stamps: Stamps,
}

#[derive(Clone, Copy)]
enum Stamps {
    None,
    Offered,
}

impl<'a> Seen<'a> {
    /// None where the options are broken, or IP has some: then nobody is like it.
    pub(super) fn new(syn: &'a Syn<'a>, target: Option<&'a Target>) -> Option<Self> {
        let options = Options::new(syn.options);
        if options.is_broken || options.padding.iter().any(|byte| *byte != 0) {
            return None;
        }
        let mut layout = 0;
        for kind in options.kinds() {
            layout = push(layout, *kind)?;
            // What pads behind the end is no part of the order.
            if *kind == END {
                break;
            }
        }
        let stamps = if options.timestamps.is_some() { Stamps::Offered } else { Stamps::None };
        let seen = Self { syn, target, layout, mss: options.mss, scale: options.scale, stamps };
        (syn.ip_options == 0).then_some(seen)
    }
}

impl Signature {
    /// In how many ways a SYN is another, 0 or 1; none if it does not fit.
    pub(super) fn deviations(&self, seen: &Seen<'_>) -> Option<u32> {
        let syn = seen.syn;
        let segment = if syn.flags & ACK == 0 { Segment::Syn } else { Segment::SynAck };
        if segment != self.segment
            || !self.windows.is_empty() && !self.windows.iter().any(|one| one.fits(seen))
            || !fits(self.mss, seen.mss)
            || !fits(self.scale, seen.scale.map(u16::from))
            || self.payload == Payload::None && self.title.kind == Kind::System && syn.payload != 0
            || self.header == Header::Plain && !self.is_plain(syn)
            || !self.sequence.is_none_or(|value| match value {
                Value::Is(number) => number == syn.sequence,
                Value::OfTarget => seen.target.is_some_and(|to| to.sequence() == syn.sequence),
            })
        {
            return None;
        }
        let off = match syn.ip {
            Ip::V4 { id, flags } => {
                let flag = if flags & DF == 0 { Flag::Clear } else { Flag::Set };
                let is_id = self.id.is_none_or(|value| match value {
                    Value::Is(number) => number == u32::from(id),
                    Value::OfTarget => seen.target.is_some_and(|to| to.id(syn.sequence) == id),
                });
                if self.version == Some(Version::Six) {
                    return None;
                }
                u32::from(self.df.is_some_and(|known| known != flag))
                    + u32::from(!is_id)
                    + u32::from(!self.is_ttl(syn.ttl))
            }
            Ip::V6 { .. } => {
                if self.version == Some(Version::Four) || self.id.is_some() {
                    return None;
                }
                // Routers announce which limit the systems of a network are to start with.
                u32::from(self.title.kind != Kind::System && !self.is_ttl(syn.ttl))
            }
        };
        match (self.title.kind, off, self.fit) {
            (_, 0, Fit::Exact) => Some(0),
            (_, 0, Fit::Loose) => Some(1),
            // What takes any window and is not even like it otherwise would say nothing.
            (Kind::System, 1, Fit::Exact) if !self.windows.is_empty() => Some(1),
            _ => None,
        }
    }

    /// The identification and the sequence number that it asks for by their value.
    pub(super) fn numbers(&self) -> [Option<u32>; 2] {
        [self.id, self.sequence].map(|value| match value {
            Some(Value::Is(number)) => Some(number),
            Some(Value::OfTarget) | None => None,
        })
    }

    /// Whether the TTL tells the distance.
    pub(super) fn distance(&self, ttl: u8) -> Distance {
        match self.ttl {
            Some(Ttl::Start(start)) if self.is_ttl(ttl) => Distance::From(start),
            Some(Ttl::Start(_)) | None => Distance::Guessed,
            Some(Ttl::Between(..)) => Distance::Unknown,
        }
    }

    fn is_ttl(&self, ttl: u8) -> bool {
        self.ttl.is_none_or(|known| match known {
            Ttl::Start(start) => start >= ttl && start - ttl <= HOPS_MAX,
            Ttl::Between(from, to) => (from..=to).contains(&ttl),
        })
    }

    /// A SYN with or without ECN, and nothing in fields that its flags do not announce.
    fn is_plain(&self, syn: &Syn<'_>) -> bool {
        let is_acknowledgement = match (self.segment, self.acknowledgement) {
            (Segment::SynAck, _) => true,
            (Segment::Syn, Acknowledgement::Zero) => syn.acknowledgement == 0,
            (Segment::Syn, Acknowledgement::Set) => syn.acknowledgement != 0,
        };
        syn.flags & !(ECN | ACK) == SYN && syn.urgent == 0 && is_acknowledgement
    }
}

fn fits(range: Option<(u16, u16)>, value: Option<u16>) -> bool {
    // An order of options without the option has no value to ask for.
    match (range, value) {
        (Some((from, to)), Some(value)) => (from..=to).contains(&value),
        (Some(_) | None, None) | (None, Some(_)) => true,
    }
}

impl Window {
    fn fits(self, seen: &Seen<'_>) -> bool {
        let window = seen.syn.window;
        // Who answers knows whether there will be timestamps, and takes them off.
        let stamps = match seen.stamps {
            Stamps::Offered if seen.syn.flags & ACK != 0 => 12,
            Stamps::Offered | Stamps::None => 0,
        };
        let mss = seen.mss.and_then(|mss| mss.checked_sub(stamps)).filter(|mss| *mss > 0);
        match (self, mss) {
            (Self::Is(value), _) => value == window,
            (Self::Segments(count), Some(mss)) => u32::from(mss) * count == u32::from(window),
            (Self::Full, Some(mss)) => window.is_multiple_of(mss) && u16::MAX - window < mss,
            (Self::Segments(_) | Self::Full, None) => false,
        }
    }
}

#[cfg(test)]
impl Signature {
    /// A SYN that fits, and where it is sent to: options, and the rest around them.
    pub(super) fn example(&self) -> (Vec<u8>, Syn<'static>, Target) {
        let target = Target { address: [192, 0, 2, 7].into(), port: 23 };
        let mss = self.mss.map_or(1_460, |(from, to)| 1_460.clamp(from, to));
        let scale = self.scale.map_or(7, |(from, _)| from as u8);
        let digits = self.layout.to_be_bytes();
        let mut options: Vec<u8> = Vec::new();
        for digit in digits.into_iter().skip_while(|digit| *digit == 0) {
            match digit {
                u8::MAX => options.push(END),
                NOP => options.push(NOP),
                MSS => options.extend([MSS, 4, (mss >> 8) as u8, mss as u8]),
                SCALE => options.extend([SCALE, 3, scale]),
                TIMESTAMPS => options.extend([TIMESTAMPS, 10, 0, 0, 0, 9, 0, 0, 0, 0]),
                other => options.extend([other, 2]),
            }
        }
        let sequence = match self.sequence {
            Some(Value::Is(number)) => number,
            Some(Value::OfTarget) => target.address.to_bits(),
            None => 77,
        };
        let id = match self.id {
            Some(Value::Is(number)) => number as u16,
            Some(Value::OfTarget) => {
                (target.address.to_bits() ^ u32::from(target.port) ^ sequence) as u16
            }
            None => 4_321,
        };
        let is_short = self.segment == Segment::SynAck && digits.contains(&TIMESTAMPS);
        let size = if is_short { mss - 12 } else { mss };
        let window = match self.windows.first() {
            Some(Window::Is(value)) => *value,
            Some(Window::Segments(count)) => size * *count as u16,
            Some(Window::Full) => u16::MAX / size * size,
            None => 5_000,
        };
        let ip = match self.version {
            Some(Version::Six) => Ip::V6 { flow: 0 },
            Some(Version::Four) | None => {
                Ip::V4 { id, flags: if self.df == Some(Flag::Set) { DF } else { 0 } }
            }
        };
        let syn = Syn {
            ip,
            ttl: match self.ttl {
                Some(Ttl::Start(start)) => start - 9,
                Some(Ttl::Between(from, _)) => from,
                None => 55,
            },
            ip_options: 0,
            ecn: 0,
            sequence,
            acknowledgement: u32::from(self.acknowledgement == Acknowledgement::Set),
            flags: if self.segment == Segment::Syn { SYN } else { SYN | ACK },
            window,
            urgent: 0,
            options: &[],
            payload: 0,
        };
        (options, syn, target)
    }
}

/// Of the three bits before the fragment's offset.
const DF: u8 = 2;

/// ECE, CWR and AE, which say what is offered and not by whom.
const ECN: u16 = ECE | CWR | AE;

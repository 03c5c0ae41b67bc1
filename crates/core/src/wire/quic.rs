//! QUIC Initial packets, versions 1 and 2: whose keys everybody on the path can compute, and the
//! TLS handshake that they carry.
//!
//! **Invariant:** a packet that does not authenticate is as if it had not come; what a peer can
//! make it keep is one handshake in each direction, bounded by [`QUIC_CRYPTO_BYTES`].

mod protection;

use crate::limits::QUIC_CRYPTO_BYTES;
use crate::wire::pieces::Pieces;
use crate::wire::reader::Reader;
use crate::wire::tls::{Message, message};
use crate::wire::{Malformed, Parsed};
use protection::Keys;

/// Which of two ends sent a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Who opened the connection.
    Client,
    /// Who was asked.
    Server,
}

/// The versions whose Initial packets can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Drafts 29 to 32: version 1 with another salt.
    Draft29,
    /// RFC 9000; drafts 33 and 34 are the same.
    V1,
    /// RFC 9369.
    V2,
}

impl Version {
    fn from_wire(number: u32) -> Option<Self> {
        match number {
            1 | 0xff00_0021 | 0xff00_0022 => Some(Self::V1),
            0x6b33_43cf => Some(Self::V2),
            0xff00_001d..=0xff00_0020 => Some(Self::Draft29),
            _ => None,
        }
    }
}

/// An Initial packet as it came, RFC 9000 §17.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Initial<'a> {
    /// Its version.
    pub version: Version,
    /// The connection id that it is sent to.
    pub destination: &'a [u8],
    /// The connection id that its sender chose.
    pub source: &'a [u8],
    /// The token of a Retry or of an earlier connection; mostly empty.
    pub token: &'a [u8],
    /// The whole packet.
    packet: &'a [u8],
    /// Where its protected packet number begins.
    number_at: usize,
}

/// A packet with a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// An Initial packet.
    Initial(Initial<'a>),
    /// One whose keys nobody else knows, or that has none.
    Other,
}

/// One packet of a datagram with a long header, RFC 9000 §17.2; several may stand one behind the
/// other (§12.2).
///
/// # Errors
/// [`Malformed`] where it has no long header, or another version.
pub fn packet(bytes: &[u8]) -> Parsed<Packet<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(first) = reader.u8() else { return Ok(None) };
    if first & 0x80 == 0 {
        return Err(Malformed::Value("long header"));
    }
    let Some(number) = reader.u32() else { return Ok(None) };
    let version = Version::from_wire(number).ok_or(Malformed::Value("QUIC version"))?;
    // Connection ids of these versions have 20 bytes at most, RFC 9000 §17.2.
    let no = Malformed::TooLong("connection id");
    match reader.rest().first() {
        Some(0..=20) => {}
        Some(_) => return Err(no),
        None => return Ok(None),
    }
    let Some(destination) = reader.short() else { return Ok(None) };
    match reader.rest().first() {
        Some(0..=20) => {}
        Some(_) => return Err(no),
        None => return Ok(None),
    }
    let Some(source) = reader.short() else { return Ok(None) };
    // Version 2 numbers the types anew, RFC 9369 §3.2.
    let kind = match version {
        Version::V2 => (first >> 4).wrapping_sub(1) & 3,
        Version::V1 | Version::Draft29 => first >> 4 & 3,
    };
    let mut token = &[][..];
    match kind {
        0 => {
            let Some(length) = reader.varint() else { return Ok(None) };
            let length = usize::try_from(length).map_err(|_| Malformed::TooLong("token"))?;
            let Some(found) = reader.take(length) else { return Ok(None) };
            token = found;
        }
        // A Retry has no length and nothing behind it.
        3 => return Ok(Some((Packet::Other, bytes.len()))),
        _ => {}
    }
    let Some(length) = reader.varint() else { return Ok(None) };
    let length = usize::try_from(length).map_err(|_| Malformed::TooLong("packet"))?;
    let number_at = bytes.len() - reader.rest().len();
    if reader.take(length).is_none() {
        return Ok(None);
    }
    let used = number_at + length;
    let packet = bytes.get(..used).unwrap_or_default();
    Ok(Some((
        match kind {
            0 => {
                Packet::Initial(Initial { version, destination, source, token, packet, number_at })
            }
            _ => Packet::Other,
        },
        used,
    )))
}

/// Reads the handshakes of one connection out of its datagrams.
#[derive(Debug)]
pub struct Opening {
    /// Keys of the client and of the server, once the client's first packet named them.
    keys: Option<(Keys, Keys)>,
    client: Direction,
    server: Direction,
}

#[derive(Debug)]
struct Direction {
    crypto: Pieces,
    /// Bytes of it that were given as messages.
    given: usize,
}

impl Direction {
    fn new() -> Self {
        Self { crypto: Pieces::new(QUIC_CRYPTO_BYTES), given: 0 }
    }
}

impl Default for Opening {
    fn default() -> Self {
        Self { keys: None, client: Direction::new(), server: Direction::new() }
    }
}

impl Opening {
    /// Takes a datagram; says how many Initial packets of it could be opened.
    ///
    /// # Errors
    /// [`Malformed`] where it does not begin with a long header of a known version, or where an
    /// authentic packet holds what it must not.
    pub fn read(&mut self, from: Sender, datagram: &[u8]) -> Result<usize, Malformed> {
        let mut opened = 0;
        let mut rest = datagram;
        while let Some((packet, used)) = match packet(rest) {
            // What stands behind a first packet may be a short header or padding.
            Err(_) if rest.len() < datagram.len() => None,
            answer => answer?,
        } {
            rest = rest.get(used..).unwrap_or_default();
            if let Packet::Initial(initial) = packet
                && let Some(payload) = self.open(from, &initial)
            {
                opened += 1;
                let crypto = match from {
                    Sender::Client => &mut self.client.crypto,
                    Sender::Server => &mut self.server.crypto,
                };
                frames(&payload, crypto)?;
            }
        }
        Ok(opened)
    }

    /// The next handshake message of a direction, each once; `None` asks for more datagrams.
    ///
    /// # Errors
    /// [`Malformed`] where none can begin there.
    pub fn message(&mut self, from: Sender) -> Result<Option<Message<'_>>, Malformed> {
        let direction = match from {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        };
        let bytes = direction.crypto.start().get(direction.given..).unwrap_or_default();
        Ok(message(bytes)?.map(|(message, used)| {
            direction.given += used;
            message
        }))
    }

    /// The payload of an authentic packet.
    fn open(&mut self, from: Sender, initial: &Initial<'_>) -> Option<Vec<u8>> {
        let known = self.keys.as_ref().and_then(|(client, server)| match from {
            Sender::Client => initial.open(client),
            Sender::Server => initial.open(server),
        });
        if known.is_some() || from == Sender::Server {
            return known;
        }
        // A client's first packet, or its first after a Retry, names the keys itself.
        let client = Keys::new(initial.version, initial.destination, Sender::Client)?;
        let payload = initial.open(&client)?;
        let server = Keys::new(initial.version, initial.destination, Sender::Server)?;
        self.keys = Some((client, server));
        Some(payload)
    }
}

impl Initial<'_> {
    fn open(&self, keys: &Keys) -> Option<Vec<u8>> {
        keys.open(self.packet, self.number_at)
    }
}

/// Puts the CRYPTO frames of a payload where they belong; Initial packets have few other kinds,
/// RFC 9000 §12.4.
fn frames(payload: &[u8], crypto: &mut Pieces) -> Result<(), Malformed> {
    let cut = Malformed::Cut("frame");
    let mut reader = Reader::new(payload);
    while let Some(kind) = reader.varint() {
        match kind {
            // PADDING, PING.
            0 | 1 => {}
            // ACK: largest, delay, count of ranges, first range, and two numbers each.
            2 | 3 => {
                reader.varint().and_then(|_| reader.varint()).ok_or(cut)?;
                let ranges = reader.varint().ok_or(cut)?;
                reader.varint().ok_or(cut)?;
                for _ in 0..ranges {
                    reader.varint().and_then(|_| reader.varint()).ok_or(cut)?;
                }
                if kind == 3 {
                    for _ in 0..3 {
                        reader.varint().ok_or(cut)?;
                    }
                }
            }
            6 => {
                let too_long = Malformed::TooLong("handshake in pieces");
                let offset = usize::try_from(reader.varint().ok_or(cut)?).map_err(|_| too_long)?;
                let length = usize::try_from(reader.varint().ok_or(cut)?).map_err(|_| too_long)?;
                crypto.put(offset, reader.take(length).ok_or(cut)?)?;
            }
            // CONNECTION_CLOSE, and what must not be there: the end.
            _ => break,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

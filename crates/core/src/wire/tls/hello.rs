//! What a ClientHello and a ServerHello hold: SSL 3 to TLS 1.3, and DTLS.
//!
//! **Invariant:** raw and in order; reserved values (GREASE, RFC 8701) stay where they are.

use crate::wire::Malformed;
use crate::wire::reader::Reader;

/// Extension `server_name`, RFC 6066 §3.
pub const SERVER_NAME: u16 = 0;
/// Extension `supported_groups`, RFC 8422 §5.1.1.
pub const GROUPS: u16 = 10;
/// Extension `ec_point_formats`, RFC 8422 §5.1.2.
pub const POINT_FORMATS: u16 = 11;
/// Extension `signature_algorithms`, RFC 8446 §4.2.3.
pub const SIGNATURE_ALGORITHMS: u16 = 13;
/// Extension `application_layer_protocol_negotiation`, RFC 7301.
pub const ALPN: u16 = 16;
/// Extension `session_ticket`, RFC 5077.
pub const SESSION_TICKET: u16 = 35;
/// Extension `pre_shared_key`, RFC 8446 §4.2.11.
pub const PRE_SHARED_KEY: u16 = 41;
/// Extension `early_data`, RFC 8446 §4.2.10.
pub const EARLY_DATA: u16 = 42;
/// Extension `supported_versions`, RFC 8446 §4.2.1.
pub const SUPPORTED_VERSIONS: u16 = 43;

const TLS_1_3: u16 = 0x0304;
const DTLS_1_3: u16 = 0xfefc;

/// Whether a value is one of those that mean nothing, RFC 8701.
#[must_use]
pub fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

/// A ClientHello, borrowed from its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// `legacy_version`.
    pub version: u16,
    /// Its 32 random bytes.
    pub random: &'a [u8],
    /// The session id; of a TLS 1.3 client mostly random, RFC 8446 §D.4.
    pub session_id: &'a [u8],
    /// The cookie of DTLS 1.2 and before; else empty.
    pub cookie: &'a [u8],
    /// Cipher suites.
    pub ciphers: Words<'a>,
    /// Compression methods.
    pub compressions: &'a [u8],
    /// Extensions.
    pub extensions: Extensions<'a>,
}

/// Over which transport a hello came: DTLS has a field more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS, also inside QUIC.
    Stream,
    /// DTLS.
    Datagram,
}

/// A ClientHello from the whole body of its message, RFC 8446 §4.1.2, RFC 6347 §4.2.1.
///
/// # Errors
/// [`Malformed`] where a field does not fit or the version is none of SSL 3 and up.
pub fn client_hello(body: &[u8], transport: Transport) -> Result<ClientHello<'_>, Malformed> {
    let mut reader = Reader::new(body);
    let version = reader.u16().ok_or(Malformed::Cut("version"))?;
    if !matches!(version >> 8, 0x03 | 0x7f | 0xfe) && version != 0x0100 {
        return Err(Malformed::Value("version"));
    }
    let random = reader.take(32).ok_or(Malformed::Cut("random"))?;
    let session_id = reader.short().ok_or(Malformed::Cut("session id"))?;
    let cookie = match transport {
        Transport::Datagram => reader.short().ok_or(Malformed::Cut("cookie"))?,
        Transport::Stream => &[],
    };
    let ciphers = Words(reader.long().ok_or(Malformed::Cut("cipher suites"))?);
    let compressions = reader.short().ok_or(Malformed::Cut("compression methods"))?;
    let extensions = extensions(reader)?;
    Ok(ClientHello { version, random, session_id, cookie, ciphers, compressions, extensions })
}

impl<'a> ClientHello<'a> {
    /// The first host name of `server_name`.
    #[must_use]
    pub fn server_name(&self) -> Option<&'a [u8]> {
        let mut names = Reader::new(Reader::new(self.extensions.find(SERVER_NAME)?).long()?);
        loop {
            let kind = names.u8()?;
            let name = names.long()?;
            if kind == 0 {
                return Some(name);
            }
        }
    }

    /// The application protocols offered, in order.
    #[must_use]
    pub fn alpn(&self) -> Names<'a> {
        self.extensions.alpn()
    }

    /// The versions of `supported_versions`, in order; empty without it.
    #[must_use]
    pub fn supported_versions(&self) -> Words<'a> {
        let body = self.extensions.find(SUPPORTED_VERSIONS).unwrap_or_default();
        Words(Reader::new(body).short().unwrap_or_default())
    }

    /// Groups, once "elliptic curves", in order.
    #[must_use]
    pub fn groups(&self) -> Words<'a> {
        self.extensions.words(GROUPS)
    }

    /// Formats of points on curves, in order.
    #[must_use]
    pub fn point_formats(&self) -> &'a [u8] {
        let body = self.extensions.find(POINT_FORMATS).unwrap_or_default();
        Reader::new(body).short().unwrap_or_default()
    }

    /// Signature algorithms, in order.
    #[must_use]
    pub fn signature_algorithms(&self) -> Words<'a> {
        self.extensions.words(SIGNATURE_ALGORITHMS)
    }

    /// What of an earlier session the client offers.
    #[must_use]
    pub fn resumption(&self) -> Offer {
        let speaks_1_3 = self.supported_versions().into_iter().any(is_1_3);
        Offer {
            session_id: match (self.session_id.is_empty(), speaks_1_3) {
                (true, _) => SessionId::None,
                (false, true) => SessionId::Unclear,
                (false, false) => SessionId::Offered,
            },
            ticket: self.extensions.find(SESSION_TICKET).is_some_and(|body| !body.is_empty()),
            psk: self.extensions.find(PRE_SHARED_KEY).is_some_and(has_identity),
            early_data: self.extensions.find(EARLY_DATA).is_some(),
        }
    }
}

/// `identities` of `pre_shared_key`, RFC 8446 §4.2.11: at least one.
fn has_identity(body: &[u8]) -> bool {
    Reader::new(body)
        .long()
        .and_then(|list| Reader::new(list).long())
        .is_some_and(|identity| !identity.is_empty())
}

fn is_1_3(version: u16) -> bool {
    // Drafts of 1.3 count as 1.3.
    matches!(version, TLS_1_3 | DTLS_1_3 | 0x7f00..=0x7fff)
}

/// A session id in a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionId {
    /// None: the client starts anew, or has other means.
    None,
    /// A client of TLS 1.2 or before names a session, or goes with its ticket (RFC 5077 §3.4).
    Offered,
    /// A client of TLS 1.3 has one in any case; only a server that echoes it in TLS 1.2 makes it a
    /// resumption.
    Unclear,
}

impl SessionId {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Offered => "offered",
            Self::Unclear => "unclear",
        }
    }
}

/// What of an earlier session a client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The session id.
    pub session_id: SessionId,
    /// A ticket of TLS 1.2, not only the wish for one.
    pub ticket: bool,
    /// An identity of a pre-shared key, in TLS 1.3 a ticket.
    pub psk: bool,
    /// The announcement of early data.
    pub early_data: bool,
}

/// A ServerHello or HelloRetryRequest, borrowed from its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// `legacy_version`.
    pub version: u16,
    /// Its 32 random bytes.
    pub random: &'a [u8],
    /// The session id, in TLS 1.3 the client's echoed.
    pub session_id: &'a [u8],
    /// The cipher suite chosen.
    pub cipher: u16,
    /// The compression method chosen; 0 where a draft has no such field.
    pub compression: u8,
    /// Extensions.
    pub extensions: Extensions<'a>,
}

/// A ServerHello from the whole body of its message, RFC 8446 §4.1.3.
///
/// # Errors
/// [`Malformed`] where a field does not fit or the version is none of SSL 3 and up.
pub fn server_hello(body: &[u8]) -> Result<ServerHello<'_>, Malformed> {
    let mut reader = Reader::new(body);
    let version = reader.u16().ok_or(Malformed::Cut("version"))?;
    if !matches!(version >> 8, 0x03 | 0x7f | 0xfe) && version != 0x0100 {
        return Err(Malformed::Value("version"));
    }
    let random = reader.take(32).ok_or(Malformed::Cut("random"))?;
    // Drafts of TLS 1.3 up to 21 have no session id and no compression method.
    let is_draft = version >> 8 == 0x7f;
    let session_id = match is_draft {
        true => &[],
        false => reader.short().ok_or(Malformed::Cut("session id"))?,
    };
    let cipher = reader.u16().ok_or(Malformed::Cut("cipher suite"))?;
    let compression = match is_draft {
        true => 0,
        false => reader.u8().ok_or(Malformed::Cut("compression method"))?,
    };
    let extensions = extensions(reader)?;
    Ok(ServerHello { version, random, session_id, cipher, compression, extensions })
}

impl<'a> ServerHello<'a> {
    /// Whether it asks for another ClientHello.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        self.random == RETRY
    }

    /// The version chosen: `supported_versions`, else the version field.
    #[must_use]
    pub fn chosen_version(&self) -> u16 {
        self.extensions
            .find(SUPPORTED_VERSIONS)
            .and_then(|body| Reader::new(body).u16())
            .unwrap_or(self.version)
    }

    /// The application protocol chosen, where it is in the clear.
    #[must_use]
    pub fn alpn(&self) -> Option<&'a [u8]> {
        self.extensions.alpn().next()
    }

    /// Whether the server takes a pre-shared key, in TLS 1.3 a ticket.
    #[must_use]
    pub fn has_psk(&self) -> bool {
        self.extensions.find(PRE_SHARED_KEY).is_some()
    }

    /// What the server takes of an earlier session, as far as its hello says: whether early data is
    /// taken is encrypted, and a ticket of TLS 1.2 without a session id shows only in what follows.
    #[must_use]
    pub fn accepts(&self, client: &ClientHello<'_>) -> Accepted {
        if self.is_retry() {
            Accepted::Nothing
        } else if is_1_3(self.chosen_version()) {
            match self.extensions.find(PRE_SHARED_KEY) {
                Some(_) => Accepted::Psk,
                None => Accepted::Nothing,
            }
        } else if !self.session_id.is_empty() && self.session_id == client.session_id {
            Accepted::Session
        } else {
            Accepted::Nothing
        }
    }
}

/// What a server takes of an earlier session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Nothing that its hello says.
    Nothing,
    /// The session that the client's session id or ticket stands for (TLS 1.2 and before).
    Session,
    /// A pre-shared key (TLS 1.3).
    Psk,
}

/// Extensions, or nothing at all: SSL 3 and early TLS 1.0 have none.
fn extensions(mut reader: Reader<'_>) -> Result<Extensions<'_>, Malformed> {
    if reader.rest().is_empty() {
        return Ok(Extensions(&[]));
    }
    let block = reader.long().ok_or(Malformed::Cut("extensions"))?;
    Ok(Extensions(block))
}

/// The extensions of a hello, raw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extensions<'a>(pub &'a [u8]);

impl<'a> Extensions<'a> {
    /// Ids and bodies in the order sent. One that claims more than there is has what there is, and
    /// is the last.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut reader = Reader::new(self.0);
        std::iter::from_fn(move || {
            let (id, length) = (reader.u16()?, reader.u16()?);
            let rest = reader.rest();
            Some((id, reader.take(length.into()).or_else(|| reader.take(rest.len()))?))
        })
    }

    /// Whether all of them are as long as they claim.
    #[must_use]
    pub fn are_whole(self) -> bool {
        let mut reader = Reader::new(self.0);
        while reader.u16().and_then(|_| reader.long()).is_some() {}
        reader.rest().is_empty()
    }

    /// The body of the first extension with this id.
    #[must_use]
    pub fn find(self, id: u16) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == id).map(|(_, body)| body)
    }

    fn words(self, id: u16) -> Words<'a> {
        let body = self.find(id).unwrap_or_default();
        Words(Reader::new(body).long().unwrap_or_default())
    }

    fn alpn(self) -> Names<'a> {
        let body = self.find(ALPN).unwrap_or_default();
        Names(Reader::new(Reader::new(body).long().unwrap_or_default()))
    }
}

/// Numbers of two bytes, raw; an odd byte at the end is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words<'a>(pub &'a [u8]);

impl<'a> IntoIterator for Words<'a> {
    type Item = u16;
    type IntoIter = WordsIter<'a>;

    fn into_iter(self) -> WordsIter<'a> {
        WordsIter(Reader::new(self.0))
    }
}

/// The numbers of [`Words`].
#[derive(Clone, Debug)]
pub struct WordsIter<'a>(Reader<'a>);

impl Iterator for WordsIter<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.0.u16()
    }
}

/// Names with one byte of length each.
#[derive(Clone, Debug)]
pub struct Names<'a>(Reader<'a>);

impl<'a> Iterator for Names<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.0.short()
    }
}

/// The random of a HelloRetryRequest, RFC 8446 §4.1.3: SHA-256 of its name.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::Digest as _;

    fn long(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn extension(id: u16, body: &[u8]) -> Vec<u8> {
        [&id.to_be_bytes()[..], &long(body)].concat()
    }

    fn client(session_id: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(u8::try_from(session_id.len()).unwrap());
        body.extend(session_id);
        body.extend([0, 4, 0x1a, 0x1a, 0x13, 0x01, 1, 0]);
        body.extend(long(&extensions.concat()));
        body
    }

    fn server(session_id: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([9; 32]);
        body.push(u8::try_from(session_id.len()).unwrap());
        body.extend(session_id);
        body.extend([0x13, 0x01, 0]);
        body.extend(long(&extensions.concat()));
        body
    }

    fn read(body: &[u8]) -> ClientHello<'_> {
        client_hello(body, Transport::Stream).unwrap()
    }

    #[test]
    fn lists_are_read_in_order() {
        let body = client(
            &[],
            &[
                extension(0x0a0a, b""),
                extension(SERVER_NAME, b"\0\x06\0\0\x03a.b"),
                extension(ALPN, b"\0\x0c\x02h2\x08http/1.1"),
                extension(GROUPS, &[0, 4, 0x2a, 0x2a, 0, 29]),
                extension(POINT_FORMATS, &[1, 0]),
                extension(SIGNATURE_ALGORITHMS, &[0, 2, 4, 3]),
                extension(SUPPORTED_VERSIONS, &[4, 3, 4, 3, 3]),
            ],
        );
        let hello = read(&body);
        assert_eq!(hello.ciphers.into_iter().collect::<Vec<_>>(), [0x1a1a, 0x1301]);
        assert_eq!(hello.server_name(), Some(&b"a.b"[..]));
        assert_eq!(hello.alpn().collect::<Vec<_>>(), [&b"h2"[..], b"http/1.1"]);
        assert_eq!(hello.groups().into_iter().collect::<Vec<_>>(), [0x2a2a, 29]);
        assert_eq!(hello.point_formats(), [0]);
        assert_eq!(hello.signature_algorithms().0, [4, 3]);
        assert_eq!(hello.supported_versions().into_iter().collect::<Vec<_>>(), [0x304, 0x303]);
        assert_eq!(
            hello.extensions.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            [0x0a0a, 0, 16, 10, 11, 13, 43]
        );
        for end in 0..body.len() {
            let cut = client_hello(&body[..end], Transport::Stream);
            // Without its extensions it is a hello of long ago.
            assert_eq!(cut.is_ok(), end == 43, "at {end}");
        }
    }

    #[test]
    fn a_random_session_id_of_a_tls_1_3_client_resumes_nothing() {
        let versions = extension(SUPPORTED_VERSIONS, &[2, 3, 4]);
        let body = client(&[5; 32], std::slice::from_ref(&versions));
        let fresh = read(&body);
        let offer = fresh.resumption();
        assert_eq!((offer.session_id, offer.psk), (SessionId::Unclear, false));
        let chosen = extension(SUPPORTED_VERSIONS, &[3, 4]);
        let answer = server(&[5; 32], std::slice::from_ref(&chosen));
        assert_eq!(server_hello(&answer).unwrap().accepts(&fresh), Accepted::Nothing);

        let psk = extension(PRE_SHARED_KEY, &[0, 3, 0, 1, 8]);
        let body = client(&[5; 32], &[versions, extension(EARLY_DATA, b""), psk]);
        let again = read(&body);
        let offer = again.resumption();
        assert!(offer.psk && offer.early_data && !offer.ticket);
        let answer = server(&[5; 32], &[chosen, extension(PRE_SHARED_KEY, &[0, 0])]);
        assert_eq!(server_hello(&answer).unwrap().accepts(&again), Accepted::Psk);
    }

    #[test]
    fn a_server_of_tls_1_2_resumes_by_echoing_the_session_id() {
        let body = client(&[5; 32], &[extension(SESSION_TICKET, b"t")]);
        let hello = read(&body);
        let offer = hello.resumption();
        assert_eq!((offer.session_id, offer.ticket), (SessionId::Offered, true));
        let accepted = |id: &[u8]| server_hello(&server(id, &[])).unwrap().accepts(&hello);
        assert_eq!(accepted(&[5; 32]), Accepted::Session);
        assert_eq!(accepted(&[6; 32]), Accepted::Nothing);
        assert_eq!(accepted(&[]), Accepted::Nothing);
        let wish = client(&[], &[extension(SESSION_TICKET, b"")]);
        assert!(!read(&wish).resumption().ticket);
    }

    #[test]
    fn a_retry_is_known_by_its_random() {
        assert_eq!(RETRY, *sha2::Sha256::digest(b"HelloRetryRequest"));
        let mut body = server(&[], &[]);
        body[2..34].copy_from_slice(&RETRY);
        assert!(server_hello(&body).unwrap().is_retry());
    }

    #[test]
    fn an_extension_that_is_cut_counts() {
        let mut body = client(&[], &[extension(GROUPS, &[0, 2, 0, 29]), extension(ALPN, b"abc")]);
        assert!(read(&body).extensions.are_whole());
        let end = body.len() - 4;
        body[end] = 9;
        let hello = read(&body);
        assert!(!hello.extensions.are_whole());
        assert_eq!(hello.extensions.iter().map(|(id, _)| id).collect::<Vec<_>>(), [10, 16]);
        assert_eq!(hello.extensions.find(ALPN), Some(&b"abc"[..]));
    }

    #[test]
    fn a_draft_has_no_session_id() {
        let mut body = vec![0x7f, 0x12];
        body.extend([1; 32]);
        body.extend([0x13, 0x02]);
        body.extend(long(&extension(40, b"x")));
        let hello = server_hello(&body).unwrap();
        assert_eq!((hello.cipher, hello.chosen_version()), (0x1302, 0x7f12));
    }

    #[test]
    fn reserved_values_are_known() {
        let count = (0..=u16::MAX).filter(|value| is_grease(*value)).count();
        assert_eq!(count, 16);
        assert!(is_grease(0xfafa) && !is_grease(0x0a1a));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = server_hello(&bytes);
            let body = [&client(&[], &[])[..41], &long(&bytes)].concat();
            for transport in [Transport::Stream, Transport::Datagram] {
                let _ = client_hello(&bytes, transport);
                if let Ok(hello) = client_hello(&body, transport) {
                    let _ = (hello.server_name(), hello.resumption(), hello.alpn().count());
                }
            }
        }
    }
}

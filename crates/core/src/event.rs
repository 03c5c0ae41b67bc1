//! The closed set of facts, and the event that carries one through journal and transports.
//!
//! **Invariant:** a fact is raw. No hash, mean or guess is a fact; whatever is computed is computed
//! in the fold. The format is append-only: variants and fields are never renamed or removed, new
//! fields have defaults, and `testdata/journal/` keeps one fixture of every released version.

pub mod file;
pub mod wire;

use crate::octets::{Binary, Octets};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use uuid::Uuid;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z. A sensor reads its clock once per event;
/// nobody after it does.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

/// One TCP connection (or flow), named by the sensor that saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionId(pub Uuid);

/// One session: what a person or script did on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub Uuid);

/// Where a fact comes from: the protocol that a decoy speaks, or what was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// RFC 4251 to 4254.
    Ssh,
    /// TCP, watched from outside: whatever is spoken on it.
    Tcp,
    /// UDP, watched from outside.
    Udp,
    /// TLS, also inside QUIC and over datagrams.
    Tls,
    /// HTTP of any version.
    Http,
}

/// Where a fact about a peer was seen: the same for all facts of one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The decky's name, as configured.
    pub decky: String,
    /// The decoy's protocol.
    pub service: Service,
    /// The connection.
    pub connection: ConnectionId,
    /// The peer's address and port.
    pub peer: SocketAddr,
    /// The address and port that the peer reached.
    pub local: SocketAddr,
}

/// A fact, its instant, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When the bytes arrived, or when the thing happened.
    pub at: Timestamp,
    /// What the fact is about, and the fact.
    pub about: About,
}

/// The three levels of facts: about ourselves, about a peer's connection, about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// About this program.
    Sensor(SensorFact),
    /// About a peer.
    Peer {
        /// Where it was seen.
        origin: Arc<Origin>,
        /// What was seen.
        fact: PeerFact,
    },
    /// About a session of a peer.
    Session {
        /// Where it was seen.
        origin: Arc<Origin>,
        /// The session.
        session: SessionId,
        /// What was seen.
        fact: SessionFact,
    },
}

/// Facts about this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorFact {
    /// The program began to listen.
    Started {
        /// Version of the program.
        version: String,
    },
    /// The program ended in order.
    Stopped {},
    /// Events that had to be dropped because a queue was full: a hole in the data.
    Lost {
        /// How many.
        count: u64,
    },
}

/// Facts about a peer's connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerFact {
    /// A connection was accepted.
    ConnectionOpened {},
    /// A connection ended.
    ConnectionClosed {
        /// Who or what ended it.
        cause: CloseCause,
        /// Bytes that the peer sent.
        received: u64,
        /// Bytes that we sent.
        sent: u64,
    },
    /// The identification line, RFC 4253 §4.2.
    SshIdent {
        /// Who sent it.
        side: Side,
        /// The line, raw, with its line ending.
        line: Octets,
        /// From the connection's begin to the line's last byte, µs.
        took_us: u64,
    },
    /// `SSH_MSG_KEXINIT`, RFC 4253 §7.1.
    SshKexInit {
        /// Who sent it.
        side: Side,
        /// The ten name-lists, raw, in the order of the RFC: kex, host key, encryption c2s and
        /// s2c, MAC c2s and s2c, compression c2s and s2c, languages c2s and s2c.
        lists: [Octets; 10],
        /// `first_kex_packet_follows`.
        first_kex_packet_follows: bool,
        /// The reserved number; zero in every honest client.
        reserved: u32,
    },
    /// One try to authenticate with anything but a public key, RFC 4252.
    AuthAttempt {
        /// Method name as sent.
        method: Octets,
        /// User name as sent.
        user: Octets,
        /// The password, or the answers to keyboard-interactive prompts; empty for `none`.
        secrets: Vec<Octets>,
        /// What we answered.
        outcome: AuthOutcome,
    },
    /// A public key offered, RFC 4252 §7, with or without a signature.
    KeyOffered {
        /// User name as sent.
        user: Octets,
        /// The signature algorithm asked for, where the sensor can see it.
        algorithm: Octets,
        /// The public key in SSH wire encoding.
        key: Binary,
        /// Whether the peer asks, or proves that it has the key.
        proof: KeyProof,
        /// What we answered.
        outcome: AuthOutcome,
    },
    /// A channel was asked for, RFC 4254 §5.1.
    ChannelOpened {
        /// Our number of the channel, unique within its connection.
        channel: u32,
        /// Channel type as sent (`session`, `direct-tcpip`, `x11`, ...).
        kind: Octets,
        /// The host and port that the peer wanted to reach. Nothing is ever connected.
        target: Option<Target>,
        /// Where the peer says that the connection comes from.
        originator: Option<Target>,
        /// What we answered.
        answer: Answer,
        /// Bytes that the peer takes before we have to wait; unknown in older journals.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<u32>,
        /// Bytes that it takes in one message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        packet: Option<u32>,
    },
    /// A channel ended.
    ChannelClosed {
        /// Our number of the channel.
        channel: u32,
    },
    /// Port forwarding asked for (`tcpip-forward`, RFC 4254 §7.1), or cancelled.
    ForwardRequested {
        /// Request name as sent.
        name: Octets,
        /// The address and port to be bound on our side. Nothing is ever bound.
        target: Target,
        /// What we answered.
        answer: Answer,
    },
    /// `SSH_MSG_DISCONNECT`, RFC 4253 §11.1.
    SshDisconnect {
        /// Reason code as sent.
        reason: u32,
        /// Description as sent.
        text: Octets,
        /// Language tag as sent.
        language: Octets,
    },
    /// `SSH_MSG_DEBUG`, RFC 4253 §11.3.
    SshDebug {
        /// `always_display`.
        always: bool,
        /// The message.
        text: Octets,
        /// Language tag as sent.
        language: Octets,
    },
    /// `SSH_MSG_UNIMPLEMENTED`, RFC 4253 §11.4: what the peer did not understand of us.
    SshUnimplemented {
        /// The number of our packet.
        sequence: u32,
    },
    /// `SSH_MSG_EXT_INFO`, RFC 8308.
    SshExtensions {
        /// Names and values in order.
        extensions: Vec<(Octets, Octets)>,
    },
    /// `SSH_MSG_GLOBAL_REQUEST`, RFC 4254 §4, but for forwards.
    SshGlobalRequest {
        /// Its name.
        name: Octets,
        /// Whether an answer was wanted.
        wants_reply: bool,
        /// What is behind.
        payload: Binary,
        /// What we answered, or would have.
        answer: Answer,
    },
    /// `SSH_MSG_CHANNEL_REQUEST`, RFC 4254 §5.4, that has no fact of its own.
    SshChannelRequest {
        /// Our number of the channel.
        channel: u32,
        /// Its name.
        name: Octets,
        /// Whether an answer was wanted.
        wants_reply: bool,
        /// What is behind.
        payload: Binary,
        /// What we answered, or would have.
        answer: Answer,
    },
    /// The keys that a forwarded agent lists. It is asked for nothing else.
    AgentKeys {
        /// The keys, in the agent's order.
        keys: Vec<AgentKey>,
    },
    /// What came in SSH packets over a connection's life, told at its end.
    SshPackets {
        /// The first packets.
        first: Vec<PacketSeen>,
        /// All packets.
        packets: u64,
        /// Their bytes on the wire.
        bytes: u64,
        /// `SSH_MSG_IGNORE`, and the bytes in them.
        ignored: u32,
        /// See `ignored`.
        ignored_bytes: u64,
        /// `SSH_MSG_DEBUG`.
        debugged: u32,
        /// `SSH_MSG_UNIMPLEMENTED`.
        unimplemented: u32,
        /// Exchanges of keys behind the first that the peer began.
        client_exchanges: u32,
        /// Exchanges of keys behind the first that we began.
        server_exchanges: u32,
    },
    /// Seen on the wire: a SYN or SYN-ACK.
    TcpSyn(Box<wire::TcpSyn>),
    /// Seen on the wire: a connection ended, and how it went.
    TcpFlow(Box<wire::TcpFlow>),
    /// Seen on the wire: how packets of an SSH connection followed one another.
    SshTraffic(wire::SshTraffic),
    /// A ClientHello, RFC 8446 §4.1.2.
    TlsClientHello(wire::TlsMessage),
    /// A ServerHello or HelloRetryRequest, RFC 8446 §4.1.3.
    TlsServerHello(wire::TlsMessage),
    /// A chain of certificates in the clear, RFC 5246 §7.4.2.
    TlsCertificates(wire::TlsCertificates),
    /// An HTTP request.
    HttpRequest(Box<wire::HttpRequest>),
    /// The settings that one side of an HTTP/2 connection begins with.
    Http2Settings(wire::Http2Settings),
    /// Bytes that no honest client sends.
    Anomaly {
        /// Which kind.
        what: Anomaly,
        /// The bytes, or the number, in question; capped.
        detail: Octets,
    },
}

/// A key that an agent has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentKey {
    /// The public key in SSH wire encoding.
    pub key: Binary,
    /// The comment beside it.
    pub comment: Octets,
}

/// A packet of an SSH connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketSeen {
    /// When its last byte was read, µs since the connection's begin.
    pub at_us: u64,
    /// Its length on the wire, with its code.
    pub bytes: u32,
}

/// Facts about a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionFact {
    /// A session began: its channel was opened.
    SessionOpened {
        /// The channel's number within its connection.
        channel: u32,
        /// The user who is logged in.
        user: Octets,
    },
    /// An environment variable, RFC 4254 §6.4.
    Env {
        /// Its name.
        name: Octets,
        /// Its value.
        value: Octets,
        /// What we answered.
        answer: Answer,
    },
    /// A terminal asked for, RFC 4254 §6.2.
    Pty {
        /// TERM.
        term: Octets,
        /// The size.
        size: WindowSize,
        /// Encoded terminal modes, RFC 4254 §8, raw.
        modes: Binary,
    },
    /// The window changed, RFC 4254 §6.7.
    Resize {
        /// The new size.
        size: WindowSize,
    },
    /// The session became a shell, a command or a subsystem, RFC 4254 §6.5.
    ProgramStarted {
        /// Which.
        program: Program,
    },
    /// A shell, a command or a subsystem that we refused to start.
    ProgramRefused {
        /// Which.
        program: Program,
    },
    /// `auth-agent-req@openssh.com`: the peer forwards its agent.
    AgentForwarding {
        /// What we answered.
        answer: Answer,
    },
    /// `x11-req`, RFC 4254 §6.3.1.
    X11Forwarding {
        /// Authentication protocol as sent.
        protocol: Octets,
        /// Screen number.
        screen: u32,
        /// What we answered.
        answer: Answer,
    },
    /// A signal sent by the peer, RFC 4254 §6.9.
    Signal {
        /// Its name without `SIG`.
        name: Octets,
    },
    /// The prompt was shown: the machine waits for a command.
    Prompt {},
    /// What one read of channel data brought while echo was on.
    Input {
        /// The bytes.
        bytes: Octets,
    },
    /// What one read brought while echo was off: that, and never what.
    HiddenInput {
        /// Keystrokes.
        keys: u32,
    },
    /// A line that the shell was given to run; or the command of an exec request.
    Command {
        /// The line.
        line: Octets,
    },
    /// A command ended.
    CommandDone {
        /// Its exit status.
        status: u32,
    },
    /// The recording of the session was closed.
    Recorded {
        /// File name, relative to the folder of recordings.
        file: String,
        /// Its size.
        bytes: u64,
        /// Whether everything is in it.
        extent: RecordingExtent,
    },
    /// The session ended.
    SessionClosed {
        /// Who or what ended it.
        cause: CloseCause,
        /// The exit status that we reported, where we did.
        status: Option<u32>,
    },
    /// The peer asked an SFTP server or `scp` for something that has a name in the file system.
    FileRequest {
        /// What it asked: the request of SFTP in lower case (`open`, `realpath`), an extension by
        /// its name as sent, or the letter of `scp`'s message (`C`, `D`); `source` and `sink` are
        /// what `scp` was started for.
        request: Octets,
        /// The first path, as sent.
        path: Octets,
        /// The second path, as sent.
        second: Option<Octets>,
        /// The request's number: flags of `open`, the version of `init`, permissions of `mkdir`,
        /// `setstat` and `scp`'s messages.
        number: Option<u32>,
        /// What we answered: a status of SFTP (0 for what was granted), of `scp` 0 or 1; nothing
        /// where there was no answer.
        answer: Option<u32>,
    },
    /// A file that the peer wrote was closed.
    FileWritten {
        /// The path by which it was opened, as sent.
        path: Octets,
        /// How many bytes were written into it.
        bytes: u64,
    },
    /// What is in a file that the peer brought or wrote, once it was closed.
    Artifact(Box<file::Artifact>),
    /// Something on another machine that the peer wanted to have here. Nothing is ever fetched.
    Wish {
        /// Where it is, as asked.
        url: Octets,
        /// The program that was to fetch it.
        tool: Octets,
    },
}

/// Terminal size; zero where the peer sent zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Columns, characters.
    pub cols: u32,
    /// Rows, characters.
    pub rows: u32,
    /// Width, pixels.
    pub px_width: u32,
    /// Height, pixels.
    pub px_height: u32,
}

/// A host and a port as a peer named them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Host name or address, as sent.
    pub host: Octets,
    /// Port; 32 bits on the wire.
    pub port: u32,
}

/// What runs in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// A login shell.
    Shell,
    /// One command.
    Exec(Octets),
    /// A subsystem by name.
    Subsystem(Octets),
}

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one who opened the connection.
    Client,
    /// The one who accepted it.
    Server,
}

/// What we answered to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Granted, as far as the peer can tell.
    Granted,
    /// Refused.
    Refused,
}

/// What we answered to an authentication request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthOutcome {
    /// Logged in.
    Accepted,
    /// Refused.
    Refused,
}

/// How far a public key offer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyProof {
    /// "Would you take this key?"
    Asked,
    /// A valid signature came with it.
    Signed,
}

/// Who or what ended a connection or a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseCause {
    /// The peer, in order.
    Peer,
    /// The peer vanished: reset, broken pipe.
    Lost,
    /// We, since the program in the session ended.
    Exit,
    /// We, since a time limit passed.
    Timeout,
    /// We, since a limit on sessions or bytes was reached.
    Limit,
    /// We, since the peer broke the protocol.
    Protocol,
    /// We, since the program stops.
    Shutdown,
    /// Nobody saw the end: the program was killed. Set at the next start.
    Killed,
    /// We, since of a fault of our own.
    Fault,
}

/// Whether a recording holds everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingExtent {
    /// All of it.
    Whole,
    /// The first part, up to the size limit.
    CutAtLimit,
    /// What had been flushed when the program was killed or the disk was full.
    CutByFault,
}

/// What no honest client sends, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anomaly {
    /// The first line is no SSH identification.
    SshIdentInvalid,
    /// A protocol major version that is not 2.
    SshVersionUnsupported,
    /// The identification line has no end within the limit.
    SshIdentTooLong,
    /// The peer closed before its identification line was complete.
    SshIdentCut,
    /// No identification line in time.
    SshIdentTimeout,
    /// The first binary packet is no KEXINIT that can be read.
    SshKexInitMalformed,
    /// The transport library refused what came: a malformed packet, a bad MAC, no common algorithm.
    SshProtocolError,
    /// Not logged in within the time allowed.
    LoginTimeout,
    /// More tries to log in than allowed.
    TooManyAuthAttempts,
    /// More connections than allowed, from this address or in all.
    TooManyConnections,
    /// More channels than allowed.
    TooManyChannels,
    /// More environment variables than are kept.
    TooManyEnv,
    /// A request or string longer than is kept.
    FieldTooLong,
    /// A terminal size of 0 or beyond what a terminal can be.
    WindowSizeAbsurd,
    /// A line longer than a terminal takes.
    LineTooLong,
    /// Text that is not valid in its encoding.
    InvalidText,
    /// A request out of order or for a channel that is not there.
    UnexpectedRequest,
    /// Input faster or longer than a session may send.
    TooMuchInput,
    /// The peer does not read what it is sent.
    PeerNotReading,
    /// More requests in one connection than are recorded one by one.
    TooManyRequests,
    /// A TLS handshake that cannot be read on.
    TlsMalformed,
    /// HTTP/2 that cannot be read on.
    Http2Malformed,
    /// A message cut into more segments than anybody's who means well.
    TooManyPieces,
}

impl Event {
    /// The name of the fact: the journal's `kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.about {
            About::Sensor(fact) => fact.kind(),
            About::Peer { fact, .. } => fact.kind(),
            About::Session { fact, .. } => fact.kind(),
        }
    }

    /// Where the fact was seen; `None` for facts about ourselves.
    #[must_use]
    pub fn origin(&self) -> Option<&Arc<Origin>> {
        match &self.about {
            About::Sensor(_) => None,
            About::Peer { origin, .. } | About::Session { origin, .. } => Some(origin),
        }
    }

    /// The attacker's key: the peer's address without port, IPv4-mapped IPv6 as IPv4.
    #[must_use]
    pub fn attacker(&self) -> Option<IpAddr> {
        self.origin().map(|origin| origin.attacker())
    }

    /// The session, where the fact is about one.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        match &self.about {
            About::Sensor(_) | About::Peer { .. } => None,
            About::Session { session, .. } => Some(*session),
        }
    }

    /// The fact alone as JSON, the journal's `fact`.
    ///
    /// # Errors
    /// Never for the facts of this module; the signature is that of the serialiser.
    pub fn fact_json(&self) -> Result<String, serde_json::Error> {
        match &self.about {
            About::Sensor(fact) => serde_json::to_string(fact),
            About::Peer { fact, .. } => serde_json::to_string(fact),
            About::Session { fact, .. } => serde_json::to_string(fact),
        }
    }

    /// Puts an event together again from the journal's parts.
    ///
    /// # Errors
    /// When `fact` is no fact of the level that `origin` and `session` say.
    pub fn from_parts(
        at: Timestamp,
        origin: Option<Arc<Origin>>,
        session: Option<SessionId>,
        fact: &str,
    ) -> Result<Self, serde_json::Error> {
        let about = match (origin, session) {
            (None, _) => About::Sensor(serde_json::from_str(fact)?),
            (Some(origin), None) => About::Peer { origin, fact: serde_json::from_str(fact)? },
            (Some(origin), Some(session)) => {
                About::Session { origin, session, fact: serde_json::from_str(fact)? }
            }
        };
        Ok(Self { at, about })
    }
}

impl Origin {
    /// The attacker's key: the peer's address without port, IPv4-mapped IPv6 as IPv4.
    #[must_use]
    pub fn attacker(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }
}

/// Whom limits are about: an address, or of IPv6 the network of 64 bits that one customer is given.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

impl Service {
    /// The name that tables and configuration use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }

    /// Whether facts are seen from outside, and not by a decoy.
    #[must_use]
    pub fn is_watched(self) -> bool {
        match self {
            Self::Tcp | Self::Udp => true,
            Self::Ssh | Self::Tls | Self::Http => false,
        }
    }

    /// The service of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ssh" => Some(Self::Ssh),
            "tcp" => Some(Self::Tcp),
            "udp" => Some(Self::Udp),
            "tls" => Some(Self::Tls),
            "http" => Some(Self::Http),
            _ => None,
        }
    }
}

impl Side {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl SensorFact {
    /// Name of the variant, as in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Stopped {} => "stopped",
            Self::Lost { .. } => "lost",
        }
    }
}

impl PeerFact {
    /// Name of the variant, as in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConnectionOpened {} => "connection_opened",
            Self::ConnectionClosed { .. } => "connection_closed",
            Self::SshIdent { .. } => "ssh_ident",
            Self::SshKexInit { .. } => "ssh_kex_init",
            Self::AuthAttempt { .. } => "auth_attempt",
            Self::KeyOffered { .. } => "key_offered",
            Self::ChannelOpened { .. } => "channel_opened",
            Self::ChannelClosed { .. } => "channel_closed",
            Self::ForwardRequested { .. } => "forward_requested",
            Self::SshDisconnect { .. } => "ssh_disconnect",
            Self::SshDebug { .. } => "ssh_debug",
            Self::SshUnimplemented { .. } => "ssh_unimplemented",
            Self::SshExtensions { .. } => "ssh_extensions",
            Self::SshGlobalRequest { .. } => "ssh_global_request",
            Self::SshChannelRequest { .. } => "ssh_channel_request",
            Self::AgentKeys { .. } => "agent_keys",
            Self::SshPackets { .. } => "ssh_packets",
            Self::TcpSyn(_) => "tcp_syn",
            Self::TcpFlow(_) => "tcp_flow",
            Self::SshTraffic(_) => "ssh_traffic",
            Self::TlsClientHello(_) => "tls_client_hello",
            Self::TlsServerHello(_) => "tls_server_hello",
            Self::TlsCertificates(_) => "tls_certificates",
            Self::HttpRequest(_) => "http_request",
            Self::Http2Settings(_) => "http2_settings",
            Self::Anomaly { .. } => "anomaly",
        }
    }
}

impl SessionFact {
    /// Name of the variant, as in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SessionOpened { .. } => "session_opened",
            Self::Env { .. } => "env",
            Self::Pty { .. } => "pty",
            Self::Resize { .. } => "resize",
            Self::ProgramStarted { .. } => "program_started",
            Self::ProgramRefused { .. } => "program_refused",
            Self::AgentForwarding { .. } => "agent_forwarding",
            Self::X11Forwarding { .. } => "x11_forwarding",
            Self::Signal { .. } => "signal",
            Self::Prompt {} => "prompt",
            Self::Input { .. } => "input",
            Self::HiddenInput { .. } => "hidden_input",
            Self::Command { .. } => "command",
            Self::CommandDone { .. } => "command_done",
            Self::Recorded { .. } => "recorded",
            Self::SessionClosed { .. } => "session_closed",
            Self::FileRequest { .. } => "file_request",
            Self::FileWritten { .. } => "file_written",
            Self::Artifact(_) => "artifact",
            Self::Wish { .. } => "wish",
        }
    }
}

/// Every kind of fact there is, for the catalogue's tests.
pub const KINDS: &[&str] = &[
    "started",
    "stopped",
    "lost",
    "connection_opened",
    "connection_closed",
    "ssh_ident",
    "ssh_kex_init",
    "auth_attempt",
    "key_offered",
    "channel_opened",
    "channel_closed",
    "forward_requested",
    "ssh_disconnect",
    "ssh_debug",
    "ssh_unimplemented",
    "ssh_extensions",
    "ssh_global_request",
    "ssh_channel_request",
    "agent_keys",
    "ssh_packets",
    "tcp_syn",
    "tcp_flow",
    "ssh_traffic",
    "tls_client_hello",
    "tls_server_hello",
    "tls_certificates",
    "http_request",
    "http2_settings",
    "anomaly",
    "session_opened",
    "env",
    "pty",
    "resize",
    "program_started",
    "program_refused",
    "agent_forwarding",
    "x11_forwarding",
    "signal",
    "prompt",
    "input",
    "hidden_input",
    "command",
    "command_done",
    "recorded",
    "session_closed",
    "file_request",
    "file_written",
    "artifact",
    "wish",
];

impl Timestamp {
    /// From microseconds since 1970.
    #[must_use]
    pub fn from_us(us: i64) -> Self {
        Self(us.saturating_mul(1_000))
    }

    /// Microseconds since 1970, rounded down.
    #[must_use]
    pub fn as_us(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Microseconds from `earlier` to `self`; a clock that steps back gives zero, not a negative.
    #[must_use]
    pub fn us_since(self, earlier: Self) -> u64 {
        u64::try_from(self.as_us().saturating_sub(earlier.as_us())).unwrap_or(0)
    }

    /// RFC 3339, UTC, six decimals: `2026-11-22T04:35:52.000001Z`. Years beyond 1..=9999 are
    /// clamped, so that the text always has 27 characters and sorts as the instant does.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let us = self.as_us().clamp(-62_135_596_800_000_000, 253_402_300_799_999_999);
        let (seconds, micros) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
        let (days, in_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01 (the era-based algorithm:
/// years begin in March, 400 years have 146,097 days).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_rfc_3339() {
        let check = |us, text: &str| assert_eq!(Timestamp::from_us(us).rfc3339(), text);
        check(0, "1970-01-01T00:00:00.000000Z");
        check(-1, "1969-12-31T23:59:59.999999Z");
        check(951_782_400_000_001, "2000-02-29T00:00:00.000001Z");
        check(1_795_322_152_000_000, "2026-11-22T04:35:52.000000Z");
        check(i64::MAX, "2262-04-11T23:47:16.854775Z");
    }

    #[test]
    fn an_event_survives_its_parts() {
        let origin = Arc::new(Origin {
            decky: "decky-01".into(),
            service: Service::Ssh,
            connection: ConnectionId(Uuid::from_u128(1)),
            peer: "[::ffff:192.0.2.1]:4000".parse().unwrap(),
            local: "192.0.2.9:22".parse().unwrap(),
        });
        let event = Event {
            at: Timestamp(5),
            about: About::Session {
                origin: Arc::clone(&origin),
                session: SessionId(Uuid::from_u128(2)),
                fact: SessionFact::Input { bytes: Octets(vec![0xff, b'\\', 13]) },
            },
        };
        let json = event.fact_json().unwrap();
        assert_eq!(json, r#"{"input":{"bytes":"\\xff\\\\\\x0d"}}"#);
        let back = Event::from_parts(event.at, Some(origin), event.session(), &json).unwrap();
        assert_eq!(back, event);
        assert_eq!(event.attacker().unwrap().to_string(), "192.0.2.1");
        assert!(KINDS.contains(&event.kind()));
    }
}

//! What a server tells the one who drives it: facts, wishes and questions, in their order.
//!
//! **Invariant:** everything that a client says and that says something is in one of these, once.

use crate::event::{PeerFact, SessionFact, Timestamp};

/// One thing, and when its bytes arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The instant that the driver gave with the bytes.
    pub at: Timestamp,
    /// The thing.
    pub what: What,
}

/// The things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A fact about the peer.
    Peer(PeerFact),
    /// Somebody wants to log in: [`Server::decide`](super::Server::decide) is to be called, and
    /// nothing more is read before.
    Login(Login),
    /// It was granted; the user is logged in.
    LoggedIn,
    /// A session channel was opened.
    Opened {
        /// Its number.
        channel: u32,
    },
    /// A fact about a session. `ProgramStarted` wants the program to be started.
    Session {
        /// The channel's number.
        channel: u32,
        /// The fact.
        fact: SessionFact,
    },
    /// A signal that goes to what runs in a channel.
    Signal {
        /// The channel's number.
        channel: u32,
        /// Its name without `SIG`.
        name: &'static [u8],
    },
    /// Somebody wants to be connected: [`Server::connect`](super::Server::connect) is to be called
    /// with what became of it.
    Connect {
        /// The channel's number.
        channel: u32,
        /// The host, or the path of a socket, as sent.
        host: Vec<u8>,
        /// The port; `None` for a socket.
        port: Option<u32>,
    },
    /// Bytes for what runs in a channel; [`Server::consumed`](super::Server::consumed) is to be
    /// called when it has them.
    Data {
        /// The channel's number.
        channel: u32,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// No more will come for what runs in a channel.
    Eof {
        /// The channel's number.
        channel: u32,
    },
    /// The client has closed a channel: it neither sends nor reads any more, and what runs there
    /// will end by itself or with its terminal.
    HungUp {
        /// The channel's number.
        channel: u32,
    },
    /// A channel is gone.
    Closed {
        /// Its number.
        channel: u32,
    },
    /// The connection is over once the output is written: nothing more is read.
    Over(Ending),
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client said so.
    Peer,
    /// The client broke the protocol.
    Protocol,
    /// A limit was reached.
    Limit,
}

/// A try to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name as sent.
    pub user: Vec<u8>,
    /// How.
    pub method: Method,
}

/// A way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// `none`, RFC 4252 §5.2.
    None,
    /// `password`, RFC 4252 §8.
    Password(Vec<u8>),
    /// `publickey`, RFC 4252 §7.
    Key {
        /// The public key in its wire encoding.
        key: Vec<u8>,
        /// How far it went.
        proof: Proof,
    },
    /// Another one, which is refused.
    Other,
}

/// What a client shows of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: it asks whether the key would do.
    Asked,
    /// A signature that is good.
    Signed,
    /// A signature that is not, or a key that sshd does not look at.
    Unusable,
}

/// What becomes of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is granted; a key that is only [asked](Proof::Asked) for may be used.
    Accepted,
    /// It is not.
    Refused,
}

/// What became of a connection that a client wanted to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connected {
    /// The driver speaks for the other side.
    Open,
    /// There is none, for a reason of RFC 4254 §5.1 and in these words.
    Refused {
        /// `SSH_OPEN_CONNECT_FAILED` is 2.
        reason: u32,
        /// OpenSSH's words.
        words: &'static str,
    },
}

/// Which of a client's streams bytes go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, or the terminal.
    Output,
    /// Standard error.
    Error,
}

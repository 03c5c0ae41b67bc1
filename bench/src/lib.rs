//! Events like those of a busy sensor, for the programs that measure.
//!
//! **Invariant:** the same numbers give the same events; no clock and no chance.

use decnet_core::event::{
    About, Answer, AuthOutcome, CloseCause, ConnectionId, Event, Origin, PeerFact, Program,
    Service, SessionFact, SessionId, Side, Timestamp, WindowSize,
};
use decnet_core::octets::{Binary, Octets};
use std::net::Ipv4Addr;
use std::sync::Arc;
use uuid::Uuid;

/// What a client says of itself: its identification line and its ten name-lists.
struct Client {
    line: &'static str,
    lists: [&'static str; 10],
}

const CLIENTS: &[Client] = &[
    Client {
        line: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        lists: [
            "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,\
             ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,\
             diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,ext-info-c,\
             kex-strict-c-v00@openssh.com",
            "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,\
             ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,\
             sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,\
             rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-ed25519,\
             ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,\
             sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,\
             rsa-sha2-256",
            "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
             aes128-gcm@openssh.com,aes256-gcm@openssh.com",
            "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
             aes128-gcm@openssh.com,aes256-gcm@openssh.com",
            "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,\
             hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
             umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
            "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,\
             hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
             umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
            "none,zlib@openssh.com,zlib",
            "none,zlib@openssh.com,zlib",
            "",
            "",
        ],
    },
    Client {
        line: "SSH-2.0-Go\r\n",
        lists: [
            "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group14-sha256,\
             diffie-hellman-group14-sha1,ext-info-c",
            "rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,\
             ssh-rsa-cert-v01@openssh.com,ssh-dss-cert-v01@openssh.com,\
             ecdsa-sha2-nistp256-cert-v01@openssh.com,ssh-ed25519-cert-v01@openssh.com,\
             ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,\
             rsa-sha2-512,ssh-rsa,ssh-dss,ssh-ed25519",
            "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr",
            "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr",
            "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1,hmac-sha1-96",
            "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1,hmac-sha1-96",
            "none",
            "none",
            "",
            "",
        ],
    },
    Client {
        line: "SSH-2.0-libssh_0.9.6\r\n",
        lists: [
            "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group18-sha512,\
             diffie-hellman-group16-sha512,diffie-hellman-group-exchange-sha256,\
             diffie-hellman-group14-sha256,ext-info-c",
            "ssh-ed25519,ecdsa-sha2-nistp521,ecdsa-sha2-nistp384,ecdsa-sha2-nistp256,\
             rsa-sha2-512,rsa-sha2-256,ssh-rsa",
            "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
            "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
            "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512",
            "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512",
            "none",
            "none",
            "",
            "",
        ],
    },
];

/// What is typed in a session: commands, key by key.
const TYPED: &str = "uname -a\rcat /proc/cpuinfo\rexit\r";
/// Events of a visit that only guesses: accept, ident, KEXINIT, three tries, close.
const GUESSES: u32 = 7;
/// Events of a visit that gets in, besides its keystrokes and its lines (a `Command`, a
/// `CommandDone` and a `Prompt` each).
const FRAME: u32 = 15;
/// Lines of [`TYPED`].
const LINES: u32 = 3;
/// Of so many visits one gets in.
const VISITS: u32 = 4;
/// Events of all of them.
const CYCLE: u32 = (VISITS - 1) * GUESSES + FRAME + TYPED.len() as u32 + LINES * 3;

/// A generator of chance that always gives the same (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        u32::try_from(((self.roll() >> 32) * u64::from(end)) >> 32).unwrap_or(0)
    }
}

/// So many attackers, each going its own way through the decoys.
pub struct Crowd {
    /// How far each one is.
    steps: Vec<u32>,
    dice: Dice,
    at: i64,
}

impl Crowd {
    /// Nobody has come yet.
    #[must_use]
    pub fn new(attackers: u32) -> Self {
        // 2026-11-22T04:35:52Z.
        let at = 1_795_322_152_000_000_000;
        Self { steps: vec![0; attackers as usize], dice: Dice(42), at }
    }

    /// The next event of an attacker drawn at random.
    pub fn next_event(&mut self) -> Event {
        let attacker = self.dice.below(u32::try_from(self.steps.len()).unwrap_or(u32::MAX));
        let step = match self.steps.get_mut(attacker as usize) {
            Some(step) => {
                *step += 1;
                *step - 1
            }
            None => 0,
        };
        self.at += 9_137;
        event(attacker, step, Timestamp(self.at))
    }

    /// The next so many events.
    pub fn fill(&mut self, events: &mut Vec<Event>, count: usize) {
        events.clear();
        events.extend(std::iter::repeat_with(|| self.next_event()).take(count));
    }
}

/// Event number `step` in the life of `attacker`.
#[must_use]
pub fn event(attacker: u32, step: u32, at: Timestamp) -> Event {
    let (cycle, within) = (step / CYCLE, step % CYCLE);
    let guessing = (VISITS - 1) * GUESSES;
    let (visit, n) = if within < guessing {
        (within / GUESSES, within % GUESSES)
    } else {
        (VISITS - 1, within - guessing)
    };
    let visit = cycle * VISITS + visit;
    let id = (u128::from(attacker) << 64 | u128::from(visit) << 16)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let origin = Arc::new(Origin {
        decky: format!("decky-{:02}", (attacker + visit) % 4 + 1),
        service: Service::Ssh,
        connection: ConnectionId(Uuid::from_u128(id | 1)),
        peer: (Ipv4Addr::from(0x0b00_0000 + attacker), 32_768 + (visit % 20_000) as u16).into(),
        local: (Ipv4Addr::new(192, 0, 2, 9), 22).into(),
    });
    let session = SessionId(Uuid::from_u128(id.rotate_left(64) | 2));
    let kind = CLIENTS.get(attacker as usize % CLIENTS.len());
    let about = if within < guessing {
        About::Peer { origin, fact: guess(kind, attacker, visit, n) }
    } else {
        match stay(kind, attacker, visit, n) {
            Ok(fact) => About::Peer { origin, fact },
            Err(fact) => About::Session { origin, session, fact },
        }
    };
    Event { at, about }
}

fn arrive(client: Option<&Client>, n: u32) -> PeerFact {
    match (n, client) {
        (1, Some(client)) => {
            PeerFact::SshIdent { side: Side::Client, line: client.line.into(), took_us: 61_000 }
        }
        (2, Some(client)) => PeerFact::SshKexInit {
            side: Side::Client,
            lists: client.lists.map(Octets::from),
            first_kex_packet_follows: false,
            reserved: 0,
        },
        _ => PeerFact::ConnectionOpened {},
    }
}

fn attempt(attacker: u32, number: u32, outcome: AuthOutcome) -> PeerFact {
    PeerFact::AuthAttempt {
        method: "password".into(),
        user: if number.is_multiple_of(3) { "admin".into() } else { "root".into() },
        secrets: vec![format!("P@ss{}", (attacker + number) % 5_000).into()],
        outcome,
    }
}

fn closed() -> PeerFact {
    PeerFact::ConnectionClosed { cause: CloseCause::Peer, received: 2_312, sent: 3_544 }
}

fn guess(client: Option<&Client>, attacker: u32, visit: u32, n: u32) -> PeerFact {
    match n {
        0..=2 => arrive(client, n),
        3..=5 => attempt(attacker, visit * 3 + n, AuthOutcome::Refused),
        _ => closed(),
    }
}

fn stay(
    client: Option<&Client>,
    attacker: u32,
    visit: u32,
    n: u32,
) -> Result<PeerFact, SessionFact> {
    let size = WindowSize { cols: 120, rows: 40, px_width: 0, px_height: 0 };
    let granted = Answer::Granted;
    let end = 11 + TYPED.len() as u32 + LINES * 3;
    Err(match n {
        0..=2 => return Ok(arrive(client, n)),
        3 => return Ok(attempt(attacker, visit * 3, AuthOutcome::Accepted)),
        4 => {
            return Ok(PeerFact::ChannelOpened {
                channel: 0,
                kind: "session".into(),
                target: None,
                originator: None,
                answer: granted,
                window: Some(2_097_152),
                packet: Some(32_768),
            });
        }
        5 => SessionFact::SessionOpened { channel: 0, user: "root".into() },
        6 => SessionFact::Env { name: "LANG".into(), value: "en_US.UTF-8".into(), answer: granted },
        7 => SessionFact::Env { name: "LC_TIME".into(), value: "C".into(), answer: granted },
        8 => SessionFact::Pty {
            term: "xterm-256color".into(),
            size,
            modes: Binary(vec![1, 0, 0, 0, 3, 2, 0, 0, 0, 28, 53, 0, 0, 0, 1, 0]),
        },
        9 => SessionFact::ProgramStarted { program: Program::Shell },
        10 => SessionFact::Prompt {},
        _ if n < end => return Err(typing(n - 11)),
        _ if n == end => SessionFact::Recorded {
            file: "2026/11/22/recording.cast".into(),
            bytes: 5_210,
            extent: decnet_core::event::RecordingExtent::Whole,
        },
        _ if n == end + 1 => {
            SessionFact::SessionClosed { cause: CloseCause::Exit, status: Some(0) }
        }
        _ if n == end + 2 => return Ok(PeerFact::ChannelClosed { channel: 0 }),
        _ => return Ok(closed()),
    })
}

/// Key by key; after each Enter the command, its end, and a prompt.
fn typing(n: u32) -> SessionFact {
    let mut left = n;
    for line in TYPED.split_inclusive('\r') {
        let keys = line.len() as u32;
        if let Some(key) = line.as_bytes().get(left as usize) {
            return SessionFact::Input { bytes: Octets(vec![*key]) };
        }
        left -= keys;
        match left {
            0 => return SessionFact::Command { line: line.trim_end().into() },
            1 => return SessionFact::CommandDone { status: 0 },
            2 => return SessionFact::Prompt {},
            _ => left -= 3,
        }
    }
    SessionFact::Prompt {}
}

/// A client that takes every host key.
#[derive(Clone, Copy, Debug)]
pub struct Trusting;

impl russh::client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// The most memory that this process has had in use, bytes (`VmHWM`).
#[must_use]
pub fn peak_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

/// The value below which a share of the sorted numbers lies.
#[must_use]
pub fn quantile(sorted: &[u64], share: f64) -> u64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    sorted.get(at.min(last)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_cycle_is_whole() {
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        for step in 0..CYCLE {
            *kinds.entry(event(5, step, Timestamp(0)).kind()).or_default() += 1;
        }
        assert_eq!(kinds["connection_opened"], VISITS);
        assert_eq!(kinds["connection_closed"], VISITS);
        assert_eq!(kinds["session_closed"], 1);
        assert_eq!(kinds["input"], TYPED.len() as u32);
        assert_eq!((kinds["command"], kinds["command_done"], kinds["prompt"]), (3, 3, 4));
        let last = event(5, CYCLE - 1, Timestamp(0));
        assert_eq!(last.kind(), "connection_closed");
    }
}

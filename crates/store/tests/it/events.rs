//! Events as a sensor would make them.

use decnet_core::event::{
    About, Answer, AuthOutcome, CloseCause, ConnectionId, Event, Origin, PeerFact, Program,
    SensorFact, Service, SessionFact, SessionId, Side, Timestamp, WindowSize,
};
use decnet_core::octets::{Binary, Octets};
use std::net::Ipv4Addr;
use std::sync::Arc;
use uuid::Uuid;

/// 2026-11-22T04:35:52Z.
pub(crate) const START: i64 = 1_795_322_152_000_000_000;

/// One attacker's way through a decoy, from accept to close.
pub(crate) struct Visit {
    pub(crate) origin: Arc<Origin>,
    pub(crate) session: SessionId,
    at: i64,
    pub(crate) events: Vec<Event>,
}

impl Visit {
    pub(crate) fn new(attacker: u32, visit: u32) -> Self {
        let ip = Ipv4Addr::from(0xc633_6400 + attacker);
        let id = u128::from(attacker) << 64 | u128::from(visit) << 8;
        let origin = Origin {
            decky: format!("decky-{:02}", visit % 3 + 1),
            service: Service::Ssh,
            connection: ConnectionId(Uuid::from_u128(id | 1)),
            peer: (ip, 40_000).into(),
            local: "192.0.2.9:22".parse().unwrap(),
        };
        let at = START + i64::from(visit) * 3_600_000_000_000 + i64::from(attacker) * 1_000_000;
        let session = SessionId(Uuid::from_u128((id | 2).rotate_left(77)));
        Self { origin: Arc::new(origin), session, at, events: Vec::new() }
    }

    pub(crate) fn peer(&mut self, fact: PeerFact) -> &mut Self {
        self.at += 70_000_123;
        let about = About::Peer { origin: Arc::clone(&self.origin), fact };
        self.events.push(Event { at: Timestamp(self.at), about });
        self
    }

    pub(crate) fn session(&mut self, fact: SessionFact) -> &mut Self {
        self.at += 130_000_457;
        let about =
            About::Session { origin: Arc::clone(&self.origin), session: self.session, fact };
        self.events.push(Event { at: Timestamp(self.at), about });
        self
    }

    pub(crate) fn arrive(&mut self) -> &mut Self {
        let line = Octets::from("SSH-2.0-libssh_0.9.6\r\n");
        let lists = ["a,ext-info-c", "b", "c", "c", "d", "d", "none", "none", "", ""];
        self.peer(PeerFact::ConnectionOpened {})
            .peer(PeerFact::SshIdent { side: Side::Client, line, took_us: 70_000 })
            .peer(PeerFact::SshKexInit {
                side: Side::Client,
                lists: lists.map(Octets::from),
                first_kex_packet_follows: false,
                reserved: 0,
            })
    }

    pub(crate) fn guess(&mut self, user: &str, secret: &str, outcome: AuthOutcome) -> &mut Self {
        self.peer(PeerFact::AuthAttempt {
            method: "password".into(),
            user: user.into(),
            secrets: vec![secret.into()],
            outcome,
        })
    }

    pub(crate) fn open(&mut self) -> &mut Self {
        let channel = PeerFact::ChannelOpened {
            channel: 0,
            kind: "session".into(),
            target: None,
            originator: None,
            answer: Answer::Granted,
            window: Some(2_097_152),
            packet: Some(32_768),
        };
        let size = WindowSize { cols: 80, rows: 24, px_width: 0, px_height: 0 };
        self.peer(channel)
            .session(SessionFact::SessionOpened { channel: 0, user: "root".into() })
            .session(SessionFact::Env {
                name: "LANG".into(),
                value: "de_DE.UTF-8".into(),
                answer: Answer::Granted,
            })
            .session(SessionFact::Pty { term: "xterm".into(), size, modes: Binary(vec![0]) })
            .session(SessionFact::ProgramStarted { program: Program::Shell })
            .session(SessionFact::Prompt {})
    }

    pub(crate) fn keys(&mut self, text: &str) -> &mut Self {
        for key in text.bytes() {
            self.session(SessionFact::Input { bytes: Octets(vec![key]) });
        }
        self
    }

    pub(crate) fn leave(&mut self) -> &mut Self {
        self.session(SessionFact::SessionClosed { cause: CloseCause::Exit, status: Some(0) })
            .peer(PeerFact::ChannelClosed { channel: 0 })
            .peer(PeerFact::ConnectionClosed { cause: CloseCause::Peer, received: 9, sent: 8 })
    }

    /// All of it.
    pub(crate) fn whole(attacker: u32, visit: u32) -> Vec<Event> {
        let mut this = Self::new(attacker, visit);
        this.arrive()
            .guess("root", "123456", AuthOutcome::Refused)
            .guess("root", &format!("pass{}", visit % 4), AuthOutcome::Accepted)
            .open()
            .keys("uname -a\rexit\r")
            .leave();
        this.events
    }
}

pub(crate) fn lost(count: u64) -> Event {
    Event { at: Timestamp(START), about: About::Sensor(SensorFact::Lost { count }) }
}

/// Events of several visits, mixed as `choices` says; each visit's own stay in order.
pub(crate) fn mixed(visits: Vec<Vec<Event>>, choices: &[u8]) -> Vec<Event> {
    let mut rests: Vec<_> = visits.into_iter().map(Vec::into_iter).collect();
    let mut mixed = Vec::new();
    let mut n = 0;
    while !rests.is_empty() {
        let choice = choices.get(n % choices.len().max(1)).copied().unwrap_or(0);
        let at = (usize::from(choice) + n / 7) % rests.len();
        n += 1;
        match rests[at].next() {
            Some(event) => mixed.push(event),
            None => drop(rests.remove(at)),
        }
    }
    mixed
}

//! Services, and tries to log in.

use super::keys::{ed25519, query};
use crate::probe::Probes;
use crate::probe::client::{Client, PASSWORD, PATIENCE, QUIET};
use crate::probe::exchange::Offer;
use crate::probe::message::{Message, NO, YES, auth, password};
use crate::probe::sshd::PLAIN_USER;
use std::net::SocketAddr;
use std::time::Duration;

pub(super) fn add(probes: &mut Probes) {
    services(probes);
    methods(probes);
    passwords(probes);
    users(probes);
    counts(probes);
    ends(probes);
    after(probes);
}

pub(super) fn served(probes: &mut Probes, name: &str, messages: Vec<Message>) {
    probes.add(format!("auth-{name}"), move |address| said(Client::served(address), &messages));
}

/// What is said to messages, one after the other.
pub(super) fn said(mut client: Client, messages: &[Message]) -> Client {
    for message in messages {
        client.ask_slowly(message);
    }
    client
}

fn services(probes: &mut Probes) {
    let mut add = |name: &str, messages: Vec<Message>| {
        probes.add(format!("service-{name}"), move |address| {
            said(Client::keyed(address, &Offer::plain()), &messages)
        });
    };
    let service = |name: &str| Message::new(5).string(name);
    add("userauth", vec![service("ssh-userauth")]);
    add("connection", vec![service("ssh-connection")]);
    add("unknown", vec![service("x")]);
    add("empty", vec![service("")]);
    add("upper-case", vec![service("SSH-USERAUTH")]);
    add("trailing", vec![service("ssh-userauth").byte(0)]);
    add("nul", vec![Message::new(5).string(b"ssh-userauth\0")]);
    add("bare", vec![Message::new(5)]);
    add("userauth-twice", vec![service("ssh-userauth"), service("ssh-userauth")]);
    add("userauth-then-connection", vec![service("ssh-userauth"), service("ssh-connection")]);
    add("userauth-then-unknown", vec![service("ssh-userauth"), service("x")]);
    add("auth-without", vec![auth("root", "none")]);
    add("password-without", vec![password("root", PASSWORD)]);
    add("channel-without", vec![Message::new(90).string("session").u32(0).u32(9).u32(9)]);
    add("global-without", vec![Message::new(80).string("x").byte(1)]);
    probes.add("service-after-login", |address| {
        said(Client::logged_in(address), &[Message::new(5).string("ssh-connection")])
    });
    probes.add("service-with-auth-in-one-write", |address| {
        let mut client = Client::keyed(address, &Offer::plain());
        let bytes = [
            client.sealed(Message::new(5).string("ssh-userauth")),
            client.sealed(password("root", PASSWORD)),
            client.sealed(Message::new(90).string("session").u32(0).u32(9).u32(9)),
        ];
        client.write(&bytes.concat());
        client.hear_until(&[91]);
        client
    });
}

fn methods(probes: &mut Probes) {
    served(probes, "none", vec![auth("root", "none")]);
    served(probes, "none-twice", vec![auth("root", "none"), auth("root", "none")]);
    served(probes, "none-trailing", vec![auth("root", "none").byte(0)]);
    served(probes, "none-unknown-user", vec![auth("nobody-here", "none")]);
    served(probes, "none-empty-user", vec![auth("", "none")]);
    served(probes, "unknown", vec![auth("root", "x")]);
    served(probes, "empty", vec![auth("root", "")]);
    served(probes, "upper-case", vec![auth("root", "PASSWORD").byte(NO).string(PASSWORD)]);
    served(probes, "bare", vec![Message::new(50)]);
    served(probes, "cut", vec![Message::new(50).string("root").string("ssh-connection")]);
    served(probes, "interactive", vec![auth("root", "keyboard-interactive").string("").string("")]);
    served(
        probes,
        "interactive-pam",
        vec![auth("root", "keyboard-interactive").string("").string("pam")],
    );
    served(probes, "interactive-bare", vec![auth("root", "keyboard-interactive")]);
    served(probes, "interactive-answer", vec![Message::new(61).u32(1).string(PASSWORD)]);
    let hostbased = auth("root", "hostbased").string("ssh-ed25519").string(ed25519(&[9; 32]));
    served(probes, "hostbased", vec![hostbased.string("client").string("root").string("x")]);
    served(probes, "hostbased-bare", vec![auth("root", "hostbased")]);
    let kerberos = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
    served(
        probes,
        "gssapi-with-mic",
        vec![auth("root", "gssapi-with-mic").u32(1).string(kerberos)],
    );
    served(probes, "gssapi-keyex", vec![auth("root", "gssapi-keyex").string("x")]);
    served(probes, "gssapi-token", vec![Message::new(61).string("x")]);
    let service = |name: &str| Message::new(50).string("root").string(name).string("none");
    served(probes, "for-userauth", vec![service("ssh-userauth")]);
    served(probes, "for-unknown-service", vec![service("x")]);
    served(probes, "for-empty-service", vec![service("")]);
    served(probes, "service-change", vec![auth("root", "none"), service("x")]);
    served(probes, "service-change-back", vec![service("x"), auth("root", "none")]);
    served(
        probes,
        "password-unknown-service",
        vec![
            Message::new(50).string("root").string("x").string("password").byte(NO).string("root"),
        ],
    );
}

fn passwords(probes: &mut Probes) {
    for (name, user, word) in [
        ("right", "root", PASSWORD.as_bytes().to_vec()),
        ("right-plain-user", PLAIN_USER, PASSWORD.as_bytes().to_vec()),
        ("wrong", "root", b"wrong".to_vec()),
        ("empty", "root", Vec::new()),
        ("nul-behind", "root", b"root\0".to_vec()),
        ("nul-and-more", "root", b"root\0x".to_vec()),
        ("nul", "root", vec![0]),
        ("newline", "root", b"root\n".to_vec()),
        ("not-utf-8", "root", b"\xff\xfe\x80".to_vec()),
        ("1000", "root", vec![b'a'; 1_000]),
        ("1024", "root", vec![b'a'; 1_024]),
        ("1025", "root", vec![b'a'; 1_025]),
        ("20000", "root", vec![b'a'; 20_000]),
        ("unknown-user", "nobody-here", b"root".to_vec()),
        ("system-user", "daemon", b"root".to_vec()),
    ] {
        probes.add(format!("auth-password-{name}"), move |address| {
            said(Client::served(address), &[password(user, &word)])
        });
    }
    served(probes, "password-bare", vec![auth("root", "password")]);
    served(probes, "password-flag-only", vec![auth("root", "password").byte(NO)]);
    served(probes, "password-flag-2", vec![auth("root", "password").byte(2).string(PASSWORD)]);
    served(
        probes,
        "password-trailing",
        vec![auth("root", "password").byte(NO).string(PASSWORD).byte(0)],
    );
    let change = |old: &str, new: &str| auth("root", "password").byte(YES).string(old).string(new);
    served(probes, "password-change", vec![change(PASSWORD, "new")]);
    served(probes, "password-change-wrong", vec![change("wrong", "new")]);
    served(probes, "password-change-empty", vec![change("", "")]);
    served(
        probes,
        "password-change-without-new",
        vec![auth("root", "password").byte(YES).string(PASSWORD)],
    );
    served(
        probes,
        "password-wrong-then-right",
        vec![password("root", "wrong"), password("root", PASSWORD)],
    );
    served(
        probes,
        "password-wrong-twice-then-other",
        vec![password("root", "a"), password("root", "a"), password("root", "b")],
    );
    served(
        probes,
        "password-empty-then-right",
        vec![password("root", ""), password("root", PASSWORD)],
    );
    for (name, user, word) in [
        ("wrong", "root", "wrong"),
        ("unknown-user", "nobody-here", "wrong"),
        ("right", "root", PASSWORD),
        ("empty", "root", ""),
    ] {
        probes.add(format!("auth-time-{name}"), move |address| {
            let mut client = Client::served(address);
            let took = client.timed(password(user, word));
            client.note(class(took));
            client
        });
    }
    for (name, message) in [
        ("none", auth("root", "none")),
        ("unknown-method", auth("root", "x")),
        ("key", query("root", "ssh-ed25519", &ed25519(&[9; 32]))),
    ] {
        probes.add(format!("auth-time-{name}"), move |address| {
            let mut client = Client::served(address);
            let took = client.timed(&message);
            client.note(class(took));
            client
        });
    }
}

/// A3, A4.
fn class(took: Duration) -> &'static str {
    match took.as_millis() {
        0..1_200 => "quick",
        1_200..6_500 => "slow",
        _ => "very slow",
    }
}

fn users(probes: &mut Probes) {
    served(probes, "user-change", vec![auth("root", "none"), auth("admin", "none")]);
    served(probes, "user-change-case", vec![auth("root", "none"), auth("Root", "none")]);
    served(probes, "user-change-password", vec![auth("a", "none"), password("root", PASSWORD)]);
    served(probes, "user-change-nul", vec![auth("root", "none"), auth(b"root\0", "none")]);
    for (name, user) in [
        ("nul", &b"ro\0ot"[..]),
        ("nul-behind", b"root\0"),
        ("not-utf-8", b"\xff\xfe"),
        ("empty", b""),
        ("newline", b"root\n"),
        ("space", b"ro ot"),
        ("dash", b"-f root"),
        ("style", b"root:style"),
        ("slash", b"root/admin"),
        ("long", &[b'a'; 1_000]),
        ("very-long", &[b'a'; 30_000]),
    ] {
        probes.add(format!("auth-user-{name}-none"), move |address| {
            said(Client::served(address), &[auth(user, "none")])
        });
        probes.add(format!("auth-user-{name}-password"), move |address| {
            let message = auth(user, "password").byte(NO).string(PASSWORD);
            said(Client::served(address), &[message])
        });
    }
}

fn counts(probes: &mut Probes) {
    let blob = |first: u8| ed25519(&[[first].to_vec(), vec![9; 31]].concat());
    let repeated: Vec<(&str, Vec<Message>)> = vec![
        ("none", (0..12).map(|_| auth("root", "none")).collect()),
        ("unknown-method", (0..12).map(|_| auth("root", "x")).collect()),
        ("keys", (0..12).map(|at| query("root", "ssh-ed25519", &blob(at))).collect()),
        ("same-key", (0..12).map(|_| query("root", "ssh-ed25519", &blob(0))).collect()),
        ("empty-passwords", (0..12).map(|_| password("root", "")).collect()),
        ("none-then-keys", {
            let keys = (0..12).map(|at| query("root", "ssh-ed25519", &blob(at)));
            [auth("root", "none"), auth("root", "none")].into_iter().chain(keys).collect()
        }),
        ("interactive", {
            let ask = || auth("root", "keyboard-interactive").string("").string("");
            (0..12).map(|_| ask()).collect()
        }),
        ("unknown-user-keys", {
            (0..12).map(|at| query("nobody-here", "ssh-ed25519", &blob(at))).collect()
        }),
        ("passwords", (0..8).map(|at| password("root", format!("w{at}"))).collect()),
        ("unknown-user-passwords", {
            (0..8).map(|at| password("nobody-here", format!("w{at}"))).collect()
        }),
        ("none-then-passwords", {
            let words = (0..8).map(|at| password("root", format!("w{at}")));
            std::iter::once(auth("root", "none")).chain(words).collect()
        }),
        ("three-keys-then-passwords", {
            let keys = (0..3).map(|at| query("root", "ssh-ed25519", &blob(at)));
            keys.chain((0..6).map(|at| password("root", format!("w{at}")))).collect()
        }),
        ("five-keys-then-right", {
            let keys = (0..5).map(|at| query("root", "ssh-ed25519", &blob(at)));
            keys.chain([password("root", PASSWORD)]).collect()
        }),
        ("twenty-in-one-write", Vec::new()),
    ];
    for (name, messages) in repeated {
        probes.add(format!("auth-count-{name}"), move |address| {
            let mut client = Client::served(address);
            if messages.is_empty() {
                let bytes: Vec<_> = (0..20).map(|_| client.sealed(auth("root", "none"))).collect();
                client.write(&bytes.concat());
                client.hear_all(QUIET);
                return client;
            }
            for message in &messages {
                if client.is_over {
                    break;
                }
                client.send(message);
                client.hear_until(&[51, 52]);
            }
            client
        });
    }
}

fn ends(probes: &mut Probes) {
    for code in [0, 1, 2, 11, 14, 99, u32::MAX] {
        for (phase, is_late) in [("before", false), ("after", true)] {
            probes.add(format!("auth-disconnect-{code}-{phase}-login"), move |address| {
                let begin: fn(SocketAddr) -> Client =
                    if is_late { Client::logged_in } else { Client::served };
                let mut client = begin(address);
                client.send(Message::new(1).u32(code).string(b"bye\x1b\xff").string("en"));
                client.hear_all(PATIENCE);
                client
            });
        }
    }
    for (name, message) in [
        ("bare", Message::new(1)),
        ("cut", Message::new(1).u32(2).raw([0, 0, 0, 9])),
        ("trailing", Message::new(1).u32(2).string("").string("").byte(0)),
    ] {
        probes.add(format!("auth-disconnect-{name}"), move |address| {
            let mut client = Client::served(address);
            client.send(&message);
            client.hear_all(QUIET);
            client
        });
    }
    for (name, message) in [
        ("ignore", Message::new(2).string("x")),
        ("ignore-bare", Message::new(2)),
        ("ignore-cut", Message::new(2).u32(100)),
        ("debug", Message::new(4).byte(YES).string("x").string("")),
        ("debug-bare", Message::new(4)),
        ("debug-cut", Message::new(4).byte(1)),
        ("debug-trailing", Message::new(4).byte(1).string("").string("").byte(1)),
        ("unimplemented", Message::new(3).u32(0)),
        ("unimplemented-bare", Message::new(3)),
        ("unimplemented-trailing", Message::new(3).u32(0).u32(0)),
        ("success", Message::new(52)),
        ("failure", Message::new(51).string("x").byte(0)),
        ("banner", Message::new(53).string("x").string("")),
        ("info", Message::new(60).string("x").string("")),
    ] {
        let late = message.clone();
        served(probes, &format!("odd-{name}"), vec![message]);
        probes.add(format!("auth-odd-{name}-after-login"), move |address| {
            said(Client::logged_in(address), std::slice::from_ref(&late))
        });
    }
    probes.add("auth-shut-while-served", |address| {
        let mut client = Client::served(address);
        client.shut();
        client.hear_all(PATIENCE);
        client
    });
}

fn after(probes: &mut Probes) {
    probes.add("auth-success", |address| {
        let mut client = Client::served(address);
        client.send(password("root", PASSWORD));
        client.hear_until(&[80]);
        client.hear_all(QUIET);
        client
    });
    probes.add("auth-success-plain-user", |address| {
        let mut client = Client::served(address);
        client.send(password(PLAIN_USER, PASSWORD));
        client.hear_until(&[80]);
        client.hear_all(QUIET);
        client
    });
    probes.add("auth-success-compressed", |address| {
        use crate::probe::exchange::List;
        let zlib = "zlib@openssh.com";
        let offer = Offer::default().with(List::CompressionIn, zlib);
        let mut client = Client::logged_in_with(address, &offer.with(List::CompressionOut, zlib));
        client.settle();
        client
    });
    for (name, message) in [
        ("password", password("root", PASSWORD)),
        ("wrong", password("root", "x")),
        ("none", auth("root", "none")),
        ("other-user", auth("x", "none")),
        ("junk", Message::new(50)),
    ] {
        probes.add(format!("auth-again-{name}"), move |address| {
            said(Client::logged_in(address), std::slice::from_ref(&message))
        });
    }
}

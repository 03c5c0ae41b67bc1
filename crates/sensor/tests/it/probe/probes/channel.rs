//! Channels: how they open, their windows, and how they end.

use crate::probe::Probes;
use crate::probe::client::{Client, PATIENCE, QUIET};
use crate::probe::message::{Message, NO, YES, request};
use crate::probe::sshd::PLAIN_USER;
use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

pub(super) fn add(probes: &mut Probes) {
    opens(probes);
    direct(probes);
    counts(probes);
    windows(probes);
    strays(probes);
    closes(probes);
}

fn open(kind: impl AsRef<[u8]>) -> Message {
    Message::new(90).string(kind).u32(0).u32(1 << 21).u32(1 << 15)
}

fn said(mut client: Client, messages: &[Message]) -> Client {
    for message in messages {
        client.ask(message);
    }
    client
}

fn add_one(probes: &mut Probes, name: &str, messages: Vec<Message>) {
    probes
        .add(format!("channel-{name}"), move |address| said(Client::logged_in(address), &messages));
}

fn opens(probes: &mut Probes) {
    for kind in [
        "session",
        "x",
        "",
        "SESSION",
        "x11",
        "forwarded-tcpip",
        "forwarded-streamlocal@openssh.com",
        "auth-agent@openssh.com",
        "auth-agent",
        "tun@openssh.com",
        "direct-tcpip",
        "direct-streamlocal@openssh.com",
        "direct-tcpip@libssh.org",
    ] {
        let name = if kind.is_empty() { "empty" } else { kind }.replace('@', "-");
        add_one(probes, &format!("open-{name}-bare"), vec![open(kind)]);
        let full = open(kind).string("127.0.0.1").u32(1).string("127.0.0.1").u32(2);
        add_one(probes, &format!("open-{name}-full"), vec![full]);
    }
    add_one(probes, "open-nothing", vec![Message::new(90)]);
    add_one(probes, "open-cut", vec![Message::new(90).string("session").u32(0)]);
    add_one(probes, "open-nul", vec![open(b"session\0")]);
    add_one(probes, "open-not-utf-8", vec![open(b"\xff\xfe")]);
    add_one(probes, "open-trailing", vec![open("session").byte(1)]);
    let with = |number, window, packet| {
        Message::new(90).string("session").u32(number).u32(window).u32(packet)
    };
    add_one(probes, "open-number-max", vec![with(u32::MAX, 9, 9)]);
    add_one(probes, "open-number-twice", vec![with(5, 9, 9), with(5, 9, 9)]);
    add_one(probes, "open-window-0", vec![with(0, 0, 9)]);
    add_one(probes, "open-packet-0", vec![with(0, 9, 0)]);
    add_one(probes, "open-packet-max", vec![with(0, u32::MAX, u32::MAX)]);
    add_one(probes, "open-tun-mode-1", vec![open("tun@openssh.com").u32(1).u32(0)]);
    add_one(probes, "open-tun-mode-2", vec![open("tun@openssh.com").u32(2).u32(9)]);
    add_one(probes, "open-tun-mode-9", vec![open("tun@openssh.com").u32(9).u32(0)]);
}

fn to(host: &str, port: u32) -> Message {
    open("direct-tcpip").string(host).u32(port).string("127.0.0.1").u32(40_000)
}

/// K8.
fn direct(probes: &mut Probes) {
    for (name, host, port) in [
        ("closed", "127.0.0.1", 1),
        ("closed-name", "localhost", 1),
        ("closed-6", "::1", 1),
        ("unknown", "no.such.host.invalid", 80),
        ("empty", "", 80),
        ("port-0", "127.0.0.1", 0),
        ("port-65536", "127.0.0.1", 65_536),
        ("port-max", "127.0.0.1", u32::MAX),
        ("broadcast", "255.255.255.255", 80),
        ("any", "0.0.0.0", 1),
        ("junk", "a b", 80),
        ("dotted", "1.2.3.4.5", 80),
        ("number", "2130706433", 1),
        ("short", "127.1", 1),
    ] {
        add_one_slowly(probes, &format!("direct-{name}"), vec![to(host, port)]);
    }
    for (name, host) in [("nul", &b"127.0.0.1\0"[..]), ("nul-inside", b"127\0.0.0.1")] {
        let message = open("direct-tcpip").string(host).u32(1).string("127.0.0.1").u32(40_000);
        add_one_slowly(probes, &format!("direct-{name}"), vec![message]);
    }
    add_one(
        probes,
        "direct-cut",
        vec![open("direct-tcpip").string("127.0.0.1").u32(1).string("127.0.0.1")],
    );
    add_one(probes, "direct-trailing", vec![to("127.0.0.1", 1).byte(1)]);
    let local = |path: &str| open("direct-streamlocal@openssh.com").string(path).string("").u32(0);
    add_one(probes, "direct-local-nowhere", vec![local("/nothere/socket")]);
    add_one(probes, "direct-local-empty", vec![local("")]);
    add_one(probes, "direct-local-file", vec![local("/etc/hostname")]);
    add_one(probes, "direct-local-folder", vec![local("/etc")]);
    add_one(probes, "direct-local-long", vec![local(&"/x".repeat(100))]);
    probes.add("channel-direct-open", |address| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = Client::logged_in(address);
        client.send(to("127.0.0.1", listener.local_addr().unwrap().port().into()));
        client.hear_until(&[91, 92]);
        let Ok((mut socket, _)) = accept(&listener) else {
            client.note("nobody came");
            return client;
        };
        socket.write_all(b"hello").unwrap();
        client.hear_until(&[94]);
        client.send(Message::new(94).u32(0).string("back"));
        drop(socket);
        client.hear_all(QUIET);
        client
    });
    probes.add("channel-direct-open-and-eof", |address| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = Client::logged_in(address);
        client.send(to("127.0.0.1", listener.local_addr().unwrap().port().into()));
        client.hear_until(&[91, 92]);
        let Ok((socket, _)) = accept(&listener) else {
            client.note("nobody came");
            return client;
        };
        client.send(Message::new(96).u32(0));
        client.hear_all(QUIET);
        drop(socket);
        client.hear_all(QUIET);
        client.ask(Message::new(97).u32(0));
        client
    });
    probes.add("channel-direct-plain-user", |address| {
        let mut client = Client::keyed(address, &crate::probe::exchange::Offer::default());
        client.serve();
        client.send(crate::probe::message::password(PLAIN_USER, "root"));
        client.wait_for(&[80]);
        said(
            client,
            &[
                to("127.0.0.1", 1),
                open("direct-streamlocal@openssh.com").string("/x").string("").u32(0),
            ],
        )
    });
    for name in ["shell", "exec", "x"] {
        probes.add(format!("channel-direct-request-{name}"), move |address| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let mut client = Client::logged_in(address);
            client.send(to("127.0.0.1", listener.local_addr().unwrap().port().into()));
            client.hear_until(&[91, 92]);
            client.ask(request(0, name, YES).string("id"));
            client
        });
    }
}

fn accept(listener: &TcpListener) -> std::io::Result<(std::net::TcpStream, std::net::SocketAddr)> {
    listener.set_nonblocking(true).unwrap();
    for _ in 0..200 {
        match listener.accept() {
            Ok(found) => return Ok(found),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    listener.accept()
}

/// A connection that is tried takes its time, and other messages have answers before.
fn add_one_slowly(probes: &mut Probes, name: &str, messages: Vec<Message>) {
    probes.add(format!("channel-{name}"), move |address| {
        let mut client = Client::logged_in(address);
        for message in &messages {
            client.send(message);
            client.hear_until(&[91, 92]);
        }
        client.settle();
        client
    });
}

fn counts(probes: &mut Probes) {
    probes.add("channel-count-sessions", |address| {
        let mut client = Client::logged_in(address);
        for number in 0..13 {
            client.send(Message::new(90).string("session").u32(number).u32(9).u32(9));
        }
        client.settle();
        client
    });
    probes.add("channel-number-after-close", |address| {
        let mut client = Client::logged_in(address);
        for _ in 0..3 {
            client.ask(open("session"));
        }
        client.ask(Message::new(97).u32(1));
        client.ask(open("session"));
        client
    });
    probes.add("channel-number-after-failure", |address| {
        let mut client = Client::logged_in(address);
        client.send(open("x"));
        client.send(to("127.0.0.1", 1));
        client.hear_until(&[92]);
        client.hear_until(&[92]);
        client.ask(open("session"));
        client
    });
    probes.add("channel-two-commands", |address| {
        let mut client = Client::logged_in(address);
        for number in 0..2 {
            client.send(Message::new(90).string("session").u32(number).u32(999).u32(999));
            client.wait_for(&[91]);
        }
        client.send(request(0, "exec", YES).string("echo first"));
        client.hear_until(&[97]);
        client.send(request(1, "exec", YES).string("echo second"));
        client.hear_until(&[97]);
        client
    });
}

/// K4, and what is sent into windows.
fn windows(probes: &mut Probes) {
    for (window, packet) in [
        (0_u32, 32_768_u32),
        (1, 32_768),
        (5, 3),
        (10, 1),
        (100, 0),
        (7, u32::MAX),
        (u32::MAX, u32::MAX),
    ] {
        probes.add(format!("channel-window-{window}-packet-{packet}"), move |address| {
            let mut client = Client::logged_in(address);
            client.send(Message::new(90).string("session").u32(0).u32(window).u32(packet));
            client.hear_until(&[91]);
            client.send(request(0, "exec", YES).string("echo 0123456789"));
            client.hear_all(QUIET);
            client.send(Message::new(93).u32(0).u32(4));
            client.hear_all(QUIET);
            client.send(Message::new(93).u32(0).u32(100));
            client.hear_all(QUIET);
            client
        });
    }
    probes.add("channel-window-overflow", |address| {
        let mut client = Client::logged_in(address);
        client.send(Message::new(90).string("session").u32(0).u32(u32::MAX).u32(9));
        client.send(Message::new(93).u32(0).u32(u32::MAX));
        client.hear_all(QUIET);
        client
    });
    probes.add("channel-output-large", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("head -c 100000 /dev/zero"));
        let mut sizes = Vec::new();
        loop {
            match client.hear(PATIENCE) {
                crate::probe::client::Heard::Packet(payload) if payload[0] == 94 => {
                    sizes.push(payload.len() - 9);
                }
                crate::probe::client::Heard::Packet(payload) => {
                    client.note(crate::probe::shown::show(&payload));
                    if payload[0] == 97 {
                        break;
                    }
                }
                _ => break,
            }
        }
        // How it is cut is up to a scheduler, but for the most.
        let is_within = sizes.iter().all(|size| *size <= 32_768);
        let within = if is_within { "within packets" } else { "beyond packets" };
        client.note(format!("{} bytes {within}", sizes.iter().sum::<usize>()));
        client
    });
    for (name, count, size) in [("few", 3, 1_000), ("1-mb", 34, 32_000), ("2-mb", 64, 32_768)] {
        probes.add(format!("channel-input-{name}"), move |address| {
            let mut client = Client::logged_in(address);
            client.session();
            client.send(request(0, "exec", YES).string("cat >/dev/null"));
            client.hear_until(&[99]);
            for _ in 0..count {
                client.send(Message::new(94).u32(0).string(vec![b'a'; size]));
            }
            client.send(Message::new(96).u32(0));
            let mut adjusted = 0_u64;
            let mut least = u32::MAX;
            loop {
                match client.hear(PATIENCE) {
                    crate::probe::client::Heard::Packet(payload) if payload[0] == 93 => {
                        let more = u32::from_be_bytes(payload[5..9].try_into().unwrap());
                        if more == 1 << 21 {
                            client.note("window of 2 MiB");
                            continue;
                        }
                        adjusted += u64::from(more);
                        least = least.min(more);
                    }
                    crate::probe::client::Heard::Packet(payload) => {
                        client.note(crate::probe::shown::show(&payload));
                        if payload[0] == 97 {
                            break;
                        }
                    }
                    other => {
                        client.note(format!("{other:?}"));
                        break;
                    }
                }
            }
            let some = if adjusted == 0 { "no more window" } else { "more window" };
            client.note(some);
            let is_coarse = least >= 98_304;
            client.note(if is_coarse { "of three packets at least" } else { "of less" });
            client
        });
    }
    probes.add("channel-input-beyond-window", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        // There is no window before a program.
        client.ask(Message::new(94).u32(0).string("early"));
        client.send(request(0, "exec", YES).string("cat"));
        client.hear_all(QUIET);
        client
    });
    probes.add("channel-input-beyond-window-later", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("sleep 3"));
        client.hear_until(&[99]);
        let mut bytes = Vec::new();
        for _ in 0..70 {
            bytes.extend(client.sealed(Message::new(94).u32(0).string(vec![b'a'; 32_768])));
        }
        client.write(&bytes);
        client.hear_all(QUIET);
        client
    });
    probes.add("channel-input-packet-too-long", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("wc -c"));
        client.hear_until(&[99]);
        client.send(Message::new(94).u32(0).string(vec![b'a'; 32_769]));
        client.send(Message::new(94).u32(0).string(vec![b'a'; 100_000]));
        client.send(Message::new(96).u32(0));
        client.hear_all(Duration::from_millis(700));
        client
    });
}

/// Messages for channels that are not there, or not ready.
fn strays(probes: &mut Probes) {
    let all: Vec<(&str, Message)> = vec![
        ("data", Message::new(94).u32(7).string("x")),
        ("extended", Message::new(95).u32(7).u32(1).string("x")),
        ("adjust", Message::new(93).u32(7).u32(9)),
        ("eof", Message::new(96).u32(7)),
        ("close", Message::new(97).u32(7)),
        ("request", request(7, "x", YES)),
        ("request-unwanted", request(7, "x", NO)),
        ("success", Message::new(99).u32(7)),
        ("failure", Message::new(100).u32(7)),
        ("confirmation", Message::new(91).u32(7).u32(7).u32(9).u32(9)),
        ("open-failure", Message::new(92).u32(7).u32(1).string("").string("")),
        ("data-max", Message::new(94).u32(u32::MAX).string("x")),
        ("data-huge", Message::new(94).u32(0x7fff_ffff).string("x")),
    ];
    for (name, message) in all {
        let second = message.clone();
        add_one(probes, &format!("stray-{name}"), vec![message]);
        // The same to a session without a program.
        probes.add(format!("channel-fresh-{name}"), move |address| {
            let mut client = Client::logged_in(address);
            client.session();
            let mut message = second.clone();
            message.0[1..5].fill(0);
            client.ask(message);
            client
        });
    }
    for (name, message) in [
        ("data-bare", Message::new(94)),
        ("data-cut", Message::new(94).u32(0).u32(9)),
        ("data-trailing", Message::new(94).u32(0).string("").byte(1)),
        ("adjust-bare", Message::new(93)),
        ("adjust-cut", Message::new(93).u32(0)),
        ("adjust-trailing", Message::new(93).u32(0).u32(1).u32(1)),
        ("eof-bare", Message::new(96)),
        ("eof-trailing", Message::new(96).u32(0).u32(0)),
        ("close-bare", Message::new(97)),
        ("close-trailing", Message::new(97).u32(0).u32(0)),
        ("request-bare", Message::new(98)),
        ("request-cut", Message::new(98).u32(0).string("x")),
        ("extended-0", Message::new(95).u32(0).u32(0).string("")),
        ("extended-2", Message::new(95).u32(0).u32(2).string("")),
        ("extended-of-nothing", Message::new(95).u32(0).u32(1).string("")),
    ] {
        probes.add(format!("channel-malformed-{name}"), move |address| {
            let mut client = Client::logged_in(address);
            client.session();
            client.ask(&message);
            client
        });
    }
}

fn closes(probes: &mut Probes) {
    let probe = |probes: &mut Probes, name: &str, messages: Vec<Message>| {
        probes.add(format!("channel-end-{name}"), move |address| {
            let mut client = Client::logged_in(address);
            client.session();
            for message in &messages {
                client.ask(message);
            }
            client
        });
    };
    let (eof, close) = (|| Message::new(96).u32(0), || Message::new(97).u32(0));
    probe(probes, "close", vec![close()]);
    probe(probes, "close-twice", vec![close(), close()]);
    probe(probes, "eof", vec![eof()]);
    probe(probes, "eof-twice", vec![eof(), eof()]);
    probe(probes, "eof-close", vec![eof(), close()]);
    probe(probes, "eof-data", vec![eof(), Message::new(94).u32(0).string("")]);
    probe(probes, "close-data", vec![close(), Message::new(94).u32(0).string("x")]);
    probe(probes, "close-request", vec![close(), request(0, "shell", YES)]);
    probe(probes, "eof-exec", vec![eof(), request(0, "exec", YES).string("true")]);
    probes.add("channel-end-of-running", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("sleep 2; echo late"));
        client.hear_until(&[99]);
        client.send(Message::new(97).u32(0));
        client.hear_all(QUIET);
        client
    });
    probes.add("channel-end-cat", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("cat"));
        client.hear_until(&[99]);
        client.send(Message::new(94).u32(0).string("line\n"));
        client.hear_until(&[94]);
        client.send(Message::new(96).u32(0));
        client.hear_until(&[97]);
        client.ask(Message::new(97).u32(0));
        client
    });
    probes.add("channel-end-data-after-eof", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("cat; sleep 1"));
        client.hear_until(&[99]);
        client.send(Message::new(96).u32(0));
        client.send(Message::new(94).u32(0).string("late"));
        client.hear_all(QUIET);
        client
    });
    probes.add("channel-end-shut", |address| {
        let mut client = Client::logged_in(address);
        client.session();
        client.send(request(0, "exec", YES).string("sleep 1"));
        client.hear_until(&[99]);
        client.shut();
        client.hear_all(QUIET);
        client
    });
}

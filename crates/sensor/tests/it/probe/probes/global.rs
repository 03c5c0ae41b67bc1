//! Global requests.

use crate::probe::Probes;
use crate::probe::client::{Client, PASSWORD, QUIET};
use crate::probe::exchange::{List, Offer};
use crate::probe::message::{Message, NO, YES, password};
use decnet_core::dialogue::ssh::kex::verification::verify;
use decnet_core::wire::reader::Reader;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(super) fn add(probes: &mut Probes) {
    simple(probes);
    hostkeys(probes);
    forwards(probes);
    forwarded(probes);
}

fn global(name: &str, want: u8) -> Message {
    Message::new(80).string(name).byte(want)
}

fn said(mut client: Client, messages: &[Message]) -> Client {
    for message in messages {
        client.ask(message);
    }
    client
}

fn add_one(probes: &mut Probes, name: &str, messages: Vec<Message>) {
    probes
        .add(format!("global-{name}"), move |address| said(Client::logged_in(address), &messages));
}

fn simple(probes: &mut Probes) {
    for name in [
        "x",
        "",
        "keepalive@openssh.com",
        "keepalive@libssh2.org",
        "keepalive@golang.org",
        "no-more-sessions@openssh.com",
        "hostkeys-00@openssh.com",
        "hostkeys-prove-00@openssh.com",
        "hostkeys-prove@openssh.com",
        "auth-agent-req@openssh.com",
        "winadj@putty.projects.tartarus.org",
        "elevation",
        "ping@openssh.com",
        "NO-MORE-SESSIONS@OPENSSH.COM",
    ] {
        let label = if name.is_empty() { "empty" } else { name };
        add_one(probes, &format!("{label}-wanted").replace('@', "-"), vec![global(name, YES)]);
        add_one(probes, &format!("{label}-unwanted").replace('@', "-"), vec![global(name, NO)]);
        add_one(
            probes,
            &format!("{label}-with-more").replace('@', "-"),
            vec![global(name, YES).raw([1, 2, 3])],
        );
    }
    add_one(probes, "bare", vec![Message::new(80)]);
    add_one(probes, "without-want", vec![Message::new(80).string("x")]);
    add_one(probes, "want-2", vec![global("x", 2)]);
    add_one(probes, "nul", vec![Message::new(80).string(b"keepalive\0").byte(YES)]);
    add_one(probes, "not-utf-8", vec![Message::new(80).string(b"\xff\xfe").byte(YES)]);
    add_one(probes, "long", vec![global(&"x".repeat(20_000), YES)]);
    add_one(
        probes,
        "many",
        (0..20).map(|at| global("keepalive@openssh.com", u8::from(at % 2 == 0))).collect(),
    );
    add_one(probes, "success-unasked", vec![Message::new(81)]);
    add_one(probes, "failure-unasked", vec![Message::new(82)]);
    let open = Message::new(90).string("session").u32(0).u32(1 << 21).u32(1 << 15);
    add_one(
        probes,
        "no-more-sessions-then-session",
        vec![global("no-more-sessions@openssh.com", YES), open.clone()],
    );
    add_one(
        probes,
        "no-more-sessions-unwanted-then-session",
        vec![global("no-more-sessions@openssh.com", NO), open],
    );
}

fn hostkeys(probes: &mut Probes) {
    probes.add("global-hostkeys-order", |address| {
        let mut client = Client::served(address);
        client.send(password("root", PASSWORD));
        client.hear_until(&[80]);
        client
    });
    for (kind, algorithm) in [
        ("ed25519", "ssh-ed25519"),
        ("ecdsa", "ecdsa-sha2-nistp256"),
        ("rsa-512", "rsa-sha2-512"),
        ("rsa-256", "rsa-sha2-256"),
        // Which hash an RSA key signs with is in what the client knows for its host key.
        ("ed25519-and-256", "ssh-ed25519,rsa-sha2-256"),
        ("ed25519-and-512", "ssh-ed25519,rsa-sha2-512"),
        ("ed25519-and-both", "ssh-ed25519,rsa-sha2-256,rsa-sha2-512"),
        ("ed25519-and-ssh-rsa", "ssh-ed25519,ssh-rsa"),
    ] {
        for (name, which) in [
            ("first", &[0_usize][..]),
            ("second", &[1]),
            ("all", &[0, 1, 2]),
            ("backwards", &[2, 1, 0]),
            ("first-twice", &[0, 0]),
            ("and-unknown", &[0, 9]),
        ] {
            probes.add(format!("global-hostkeys-prove-{kind}-{name}"), move |address| {
                let offer = Offer::default().with(List::HostKeys, algorithm);
                prove(address, &offer, which)
            });
        }
    }
    add_one(
        probes,
        "hostkeys-prove-unknown",
        vec![global("hostkeys-prove-00@openssh.com", YES).string(super::keys::ed25519(&[9; 32]))],
    );
    add_one(
        probes,
        "hostkeys-prove-junk",
        vec![global("hostkeys-prove-00@openssh.com", YES).string("junk")],
    );
}

/// K2: asks for proofs of keys by their place in the server's list.
fn prove(address: SocketAddr, offer: &Offer, which: &[usize]) -> Client {
    let mut client = Client::keyed(address, offer);
    client.serve();
    client.send(password("root", PASSWORD));
    let request = client.wait_for(&[80]);
    let mut reader = Reader::new(request.get(1..).unwrap_or_default());
    reader.string();
    reader.u8();
    let keys: Vec<_> = std::iter::from_fn(|| reader.string()).collect();
    let unknown = super::keys::ed25519(&[9; 32]);
    let name = "hostkeys-prove-00@openssh.com";
    let asked: Vec<&[u8]> =
        which.iter().map(|at| keys.get(*at).copied().unwrap_or(&unknown)).collect();
    client.send(asked.iter().fold(global(name, YES), Message::string));
    let reply = client.hear_until(&[81, 82]);
    let mut reader = Reader::new(reply.get(1..).unwrap_or_default());
    for (key, signature) in asked.into_iter().zip(std::iter::from_fn(|| reader.string())) {
        let signed = Message::inner().string(name).string(&client.session).string(key).0;
        let algorithm = Reader::new(signature).string().unwrap_or_default();
        let verdict = verify(key, algorithm, &signed, signature);
        client.note(format!("{verdict:?}"));
    }
    client.settle();
    client
}

fn forward(name: &str, host: &str, port: u32) -> Message {
    global(name, YES).string(host).u32(port)
}

/// K9.
fn forwards(probes: &mut Probes) {
    let listen = |host: &str, port| forward("tcpip-forward", host, port);
    let cancel = |host: &str, port| forward("cancel-tcpip-forward", host, port);
    for (name, host) in [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("empty", ""),
        ("any", "0.0.0.0"),
        ("any-6", "::"),
        ("star", "*"),
        ("loopback-6", "::1"),
        ("elsewhere", "192.0.2.77"),
        ("name", "no.such.host.invalid"),
    ] {
        add_one(probes, &format!("forward-{name}-0"), vec![listen(host, 0)]);
    }
    let unwanted = Message::new(80).string("tcpip-forward").byte(NO).string("127.0.0.1").u32(0);
    add_one(probes, "forward-unwanted", vec![unwanted]);
    add_one(probes, "forward-65536", vec![listen("127.0.0.1", 65_536)]);
    add_one(probes, "forward-all-ones", vec![listen("127.0.0.1", u32::MAX)]);
    add_one(probes, "forward-bare", vec![global("tcpip-forward", YES)]);
    add_one(probes, "forward-cut", vec![global("tcpip-forward", YES).string("x")]);
    add_one(probes, "forward-trailing", vec![listen("127.0.0.1", 0).byte(1)]);
    add_one(probes, "forward-cancel-unknown", vec![cancel("127.0.0.1", 1)]);
    add_one(probes, "forward-cancel-0", vec![cancel("127.0.0.1", 0)]);
    add_one(probes, "forward-cancel-bare", vec![global("cancel-tcpip-forward", YES)]);
    let local = |name: &str, path: &str| global(name, YES).string(path);
    let stream = "streamlocal-forward@openssh.com";
    add_one(probes, "forward-local-nowhere", vec![local(stream, "/nothere/socket")]);
    add_one(probes, "forward-local-bare", vec![global(stream, YES)]);
    add_one(
        probes,
        "forward-local-cancel-unknown",
        vec![local("cancel-streamlocal-forward@openssh.com", "/nothere/socket")],
    );
    for (name, port) in [("taken", 0_u16), ("low", 1)] {
        probes.add(format!("global-forward-port-{name}"), move |address| {
            let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = if port == 0 { taken.local_addr().unwrap().port() } else { port };
            let client = Client::logged_in(address);
            said(client, &[forward("tcpip-forward", "127.0.0.1", port.into())])
        });
    }
    probes.add("global-forward-and-cancel", |address| {
        let mut client = Client::logged_in(address);
        client.send(forward("tcpip-forward", "127.0.0.1", 0));
        let reply = client.hear_until(&[81, 82]);
        let port = reply.get(1..5).map_or(0, |port| u32::from_be_bytes(port.try_into().unwrap()));
        let again = forward("tcpip-forward", "127.0.0.1", port);
        let other = forward("cancel-tcpip-forward", "localhost", port);
        let cancel = forward("cancel-tcpip-forward", "127.0.0.1", port);
        said(client, &[again, other, cancel.clone(), cancel])
    });
}

/// A connection to a forwarded port.
fn forwarded(probes: &mut Probes) {
    fn connected(address: SocketAddr) -> (Client, TcpStream, u32) {
        let mut client = Client::logged_in(address);
        client.send(forward("tcpip-forward", "127.0.0.1", 0));
        let reply = client.wait_for(&[81]);
        let port = u32::from_be_bytes(reply[1..5].try_into().unwrap());
        let port = u16::try_from(port).unwrap();
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let open = client.hear_until(&[90]);
        let mut reader = Reader::new(&open[1..]);
        reader.string();
        (client, socket, reader.u32().unwrap())
    }
    probes.add("global-forwarded-refused", |address| {
        let (mut client, mut socket, number) = connected(address);
        client.send(Message::new(92).u32(number).u32(2).string("no").string(""));
        let mut rest = Vec::new();
        socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let end = socket.read_to_end(&mut rest);
        client.note(format!("{} bytes, {}", rest.len(), if end.is_ok() { "end" } else { "error" }));
        client.settle();
        client
    });
    probes.add("global-forwarded-taken", |address| {
        use std::io::Write;
        let (mut client, mut socket, number) = connected(address);
        client.send(Message::new(91).u32(number).u32(7).u32(100).u32(100));
        socket.write_all(b"hello").unwrap();
        client.hear_until(&[94]);
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        client.hear_until(&[96]);
        client.send(Message::new(94).u32(number).string("back"));
        client.send(Message::new(96).u32(number));
        client.hear_all(QUIET);
        client.ask(Message::new(97).u32(number));
        client
    });
}

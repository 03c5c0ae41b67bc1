//! Sessions: their requests, programs, and the order of what comes back.

use crate::probe::Probes;
use crate::probe::client::{Client, Heard, PASSWORD, PATIENCE, QUIET};
use crate::probe::message::{Message, NO, YES, password, request};
use crate::probe::shown::show;
use crate::probe::sshd::PLAIN_USER;
use std::net::SocketAddr;
use std::time::Duration;

pub(super) fn add(probes: &mut Probes) {
    runs(probes);
    environment(probes);
    terminals(probes);
    requests(probes);
    orders(probes);
    subsystems(probes);
    signals(probes);
    shells(probes);
    rekeys(probes);
}

fn with_session(address: SocketAddr) -> Client {
    let mut client = Client::logged_in(address);
    client.session();
    client
}

fn said(probes: &mut Probes, name: &str, messages: Vec<Message>) {
    probes.add(format!("session-{name}"), move |address| {
        let mut client = with_session(address);
        for message in &messages {
            client.ask(message);
        }
        client
    });
}

fn exec(command: &str) -> Message {
    request(0, "exec", YES).string(command)
}

fn pty() -> Message {
    terminal("xterm", &[])
}

fn terminal(name: &str, modes: &[u8]) -> Message {
    request(0, "pty-req", YES).string(name).u32(80).u32(24).u32(640).u32(480).string(modes)
}

/// K5 and K6: a program from its request to its end.
fn run(probes: &mut Probes, name: &str, before: Vec<Message>, command: Message) {
    probes.add(format!("session-run-{name}"), move |address| {
        let mut client = with_session(address);
        for message in &before {
            client.ask(message);
        }
        client.send(&command);
        client.hear_until(&[97]);
        client.ask(Message::new(97).u32(0));
        client
    });
}

fn runs(probes: &mut Probes) {
    for (name, command) in [
        ("true", "true"),
        ("echo", "echo out"),
        ("stderr", "echo err >&2"),
        ("exit-3", "exit 3"),
        ("exit-255", "exit 255"),
        ("not-found", "nosuchcommand"),
        ("empty", ""),
        ("false", "false"),
        ("printf", "printf abc"),
        ("newlines", "printf 'a\\nb\\n'"),
        ("subshell", "(exit 7)"),
        ("whoami", "whoami"),
        ("pwd-of-root", "cd /; pwd"),
        ("uid", "id -u"),
        ("comment", "# nothing"),
        ("syntax", "echo 'open"),
    ] {
        run(probes, name, Vec::new(), exec(command));
        run(probes, &format!("{name}-unwanted"), Vec::new(), {
            request(0, "exec", NO).string(command)
        });
        run(probes, &format!("{name}-pty"), vec![pty()], exec(command));
    }
    for (name, signal) in [("kill", "KILL"), ("term", "TERM"), ("hup", "HUP"), ("int", "INT")] {
        run(probes, &format!("signal-{name}"), Vec::new(), exec(&format!("kill -{signal} $$")));
    }
    for (name, signal) in [("usr1", "USR1"), ("segv", "SEGV"), ("abrt", "ABRT"), ("quit", "QUIT")] {
        run(probes, &format!("signal-{name}"), Vec::new(), exec(&format!("kill -{signal} $$")));
    }
    said(probes, "run-bare", vec![request(0, "exec", YES)]);
    said(probes, "run-cut", vec![request(0, "exec", YES).u32(9)]);
    said(probes, "run-trailing", vec![exec("true").byte(1)]);
    run(probes, "nul", Vec::new(), request(0, "exec", YES).string(b"echo a\0"));
    said(probes, "run-nul-inside", vec![request(0, "exec", YES).string(b"echo a\0b")]);
}

/// K15.
fn environment(probes: &mut Probes) {
    let env = |name: &str, value: &str, want| request(0, "env", want).string(name).string(value);
    for name in ["LANG", "LC_ALL", "LC_X", "LC_", "FOO", "PATH", "TERM", "LANGUAGE", "", "lang"] {
        let label = if name.is_empty() { "empty" } else { name };
        said(probes, &format!("env-{label}"), vec![env(name, "C", YES)]);
        said(probes, &format!("env-{label}-unwanted"), vec![env(name, "C", NO)]);
    }
    run(probes, "env-lang", vec![env("LANG", "probe", YES)], exec("echo $LANG"));
    run(probes, "env-foo", vec![env("FOO", "probe", YES)], exec("echo $FOO."));
    run(
        probes,
        "env-twice",
        vec![env("LC_X", "one", YES), env("LC_X", "two", YES)],
        exec("echo $LC_X"),
    );
    said(probes, "env-bare", vec![request(0, "env", YES)]);
    said(probes, "env-cut", vec![request(0, "env", YES).string("LANG")]);
    said(probes, "env-trailing", vec![env("LANG", "C", YES).byte(1)]);
    said(probes, "env-nul", vec![request(0, "env", YES).string(b"LANG\0").string("C")]);
    said(probes, "env-200", (0..200).map(|at| env(&format!("LC_{at}"), "x", YES)).collect());
}

fn terminals(probes: &mut Probes) {
    said(probes, "pty", vec![pty()]);
    said(probes, "pty-twice", vec![pty(), pty()]);
    said(
        probes,
        "pty-unwanted",
        vec![{
            let mut message = pty();
            let at = 1 + 4 + 4 + 7;
            message.0[at] = NO;
            message
        }],
    );
    said(probes, "pty-bare", vec![request(0, "pty-req", YES)]);
    said(probes, "pty-empty-term", vec![terminal("", &[])]);
    said(probes, "pty-long-term", vec![terminal(&"x".repeat(5_000), &[])]);
    said(probes, "pty-modes", vec![terminal("xterm", &[53, 0, 0, 0, 0, 0])]);
    said(probes, "pty-modes-without-end", vec![terminal("xterm", &[53, 0, 0, 0, 0])]);
    said(probes, "pty-modes-cut", vec![terminal("xterm", &[53, 0, 0])]);
    said(probes, "pty-modes-unknown", vec![terminal("xterm", &[99, 0, 0, 0, 0, 0])]);
    said(probes, "pty-modes-160", vec![terminal("xterm", &[160, 0, 0, 0, 0, 0])]);
    said(
        probes,
        "pty-modes-speed",
        vec![terminal("xterm", &[128, 0, 0, 0x96, 0, 129, 0, 0, 0, 1, 0])],
    );
    said(probes, "pty-trailing", vec![pty().byte(1)]);
    said(
        probes,
        "pty-sizes-max",
        vec![{
            let max = u32::MAX;
            request(0, "pty-req", YES).string("x").u32(max).u32(max).u32(max).u32(max).string("")
        }],
    );
    let change = |want| request(0, "window-change", want).u32(100).u32(50).u32(0).u32(0);
    said(probes, "window-change-without-pty", vec![change(YES)]);
    said(probes, "window-change-without-pty-unwanted", vec![change(NO)]);
    said(probes, "window-change-with-pty", vec![pty(), change(YES)]);
    said(probes, "window-change-bare", vec![pty(), request(0, "window-change", YES)]);
    run(probes, "pty-term", vec![terminal("vt220", &[])], exec("echo $TERM"));
    run(probes, "pty-size", vec![pty()], exec("stty size"));
    run(probes, "pty-size-changed", vec![pty(), change(NO)], exec("stty size"));
    run(probes, "pty-stderr", vec![pty()], exec("echo err >&2"));
    run(probes, "pty-tty", Vec::new(), exec("tty"));
}

fn requests(probes: &mut Probes) {
    for name in [
        "x",
        "",
        "eow@openssh.com",
        "xon-xoff",
        "exit-status",
        "exit-signal",
        "signal",
        "break",
        "auth-agent-req@openssh.com",
        "auth-agent-req",
        "x11-req",
        "keepalive@openssh.com",
        "simple@putty.projects.tartarus.org",
        "winadj@putty.projects.tartarus.org",
        "shell ",
        "SHELL",
    ] {
        let label = match name {
            "" => "empty".to_owned(),
            "shell " => "shell-space".to_owned(),
            name => name.replace('@', "-"),
        };
        for (kind, want) in [("wanted", YES), ("unwanted", NO)] {
            said(probes, &format!("request-{label}-{kind}"), vec![request(0, name, want)]);
            said(
                probes,
                &format!("request-{label}-{kind}-with-more"),
                vec![request(0, name, want).u32(1)],
            );
        }
    }
    let x11 = |single| {
        request(0, "x11-req", YES)
            .byte(single)
            .string("MIT-MAGIC-COOKIE-1")
            .string("00112233445566778899aabbccddeeff")
            .u32(0)
    };
    said(probes, "x11", vec![x11(NO)]);
    said(probes, "x11-single", vec![x11(YES)]);
    said(probes, "x11-twice", vec![x11(NO), x11(NO)]);
    said(probes, "x11-trailing", vec![x11(NO).byte(1)]);
    said(
        probes,
        "x11-junk-cookie",
        vec![request(0, "x11-req", YES).byte(0).string("x").string("zz").u32(0)],
    );
    said(probes, "agent", vec![request(0, "auth-agent-req@openssh.com", YES)]);
    said(
        probes,
        "agent-twice",
        vec![
            request(0, "auth-agent-req@openssh.com", YES),
            request(0, "auth-agent-req@openssh.com", YES),
        ],
    );
    for (name, before) in [("x11", vec![x11(NO)]), ("no-x11", Vec::new())] {
        run(probes, &format!("{name}-display"), before, exec("test -n \"$DISPLAY\" && echo set"));
    }
    for name in ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "MOTD_SHOWN", "LOGNAME", "SHELL"] {
        let command = format!("test -n \"${name}\" && echo set");
        run(probes, &format!("variable-{name}"), Vec::new(), exec(&command));
        run(probes, &format!("variable-{name}-pty"), vec![pty()], exec(&command));
    }
    run(
        probes,
        "agent",
        vec![request(0, "auth-agent-req@openssh.com", YES)],
        exec("test -n \"$SSH_AUTH_SOCK\" && echo set"),
    );
}

/// Requests behind a program that runs.
fn orders(probes: &mut Probes) {
    let later: [(&str, Message); 11] = [
        ("shell", request(0, "shell", YES)),
        ("exec", exec("true")),
        ("pty", pty()),
        ("env", request(0, "env", YES).string("LANG").string("C")),
        ("subsystem", request(0, "subsystem", YES).string("sftp")),
        ("window-change", request(0, "window-change", YES).u32(1).u32(1).u32(1).u32(1)),
        ("break", request(0, "break", YES).u32(500)),
        ("signal", request(0, "signal", YES).string("TERM")),
        ("unknown", request(0, "x", YES)),
        ("agent", request(0, "auth-agent-req@openssh.com", YES)),
        ("eow", request(0, "eow@openssh.com", YES)),
    ];
    for (name, message) in later {
        probes.add(format!("session-later-{name}"), move |address| {
            let mut client = with_session(address);
            client.send(exec("cat"));
            client.hear_until(&[99]);
            client.send(&message);
            client.hear_all(QUIET);
            client.send(Message::new(96).u32(0));
            client.hear_all(QUIET);
            client
        });
    }
    probes.add("session-start-order", |address| {
        let mut client = with_session(address);
        client.send(exec("cat"));
        client.hear_all(QUIET);
        client
    });
    probes.add("session-all-in-one-write", |address| {
        let mut client = Client::logged_in(address);
        let open = Message::new(90).string("session").u32(0).u32(1 << 21).u32(1 << 15);
        let bytes = [client.sealed(open), client.sealed(exec("echo out"))];
        client.write(&bytes.concat());
        client.hear_until(&[97]);
        client
    });
    probes.add("session-input-before-answer", |address| {
        let mut client = with_session(address);
        let bytes = [
            client.sealed(exec("cat")),
            client.sealed(Message::new(94).u32(0).string("early\n")),
            client.sealed(Message::new(96).u32(0)),
        ];
        client.write(&bytes.concat());
        client.hear_all(Duration::from_millis(700));
        client
    });
    probes.add("session-background", |address| {
        let mut client = with_session(address);
        client.send(exec("sleep 1 & echo out"));
        client.hear_until(&[97]);
        client
    });
}

/// K12, K14, K16.
fn subsystems(probes: &mut Probes) {
    let subsystem = |name: &str, want| request(0, "subsystem", want).string(name);
    for name in ["x", "", "SFTP", "sftp ", "netconf", "scp"] {
        let label = if name.is_empty() { "empty" } else { name };
        let label = label.replace(' ', "-space");
        said(probes, &format!("subsystem-{label}"), vec![subsystem(name, YES)]);
        said(probes, &format!("subsystem-{label}-unwanted"), vec![subsystem(name, NO)]);
    }
    said(probes, "subsystem-bare", vec![request(0, "subsystem", YES)]);
    said(probes, "subsystem-unknown-then-known", vec![subsystem("x", YES), exec("true")]);
    probes.add("session-sftp-version", move |address| {
        let mut client = with_session(address);
        client.send(subsystem("sftp", YES));
        client.hear_until(&[99]);
        let init = [&[0, 0, 0, 5, 1][..], &3_u32.to_be_bytes()].concat();
        client.send(Message::new(94).u32(0).string(init));
        client.hear_until(&[94]);
        client.send(Message::new(96).u32(0));
        client.hear_until(&[97]);
        client
    });
    for (name, command, bytes) in [
        ("to", "scp -t /tmp", &[b"C0644 1 nothere/x\n".to_vec()][..]),
        ("from-nowhere", "scp -f /nothere", &[vec![0]]),
    ] {
        let bytes = bytes.to_vec();
        probes.add(format!("session-scp-{name}"), move |address| {
            let mut client = with_session(address);
            client.send(exec(command));
            client.hear_until(&[99]);
            for part in &bytes {
                client.send(Message::new(94).u32(0).string(part));
            }
            client.hear_all(QUIET);
            client.send(Message::new(96).u32(0));
            client.hear_all(QUIET);
            client
        });
    }
}

fn signals(probes: &mut Probes) {
    for signal in
        ["TERM", "KILL", "INT", "HUP", "QUIT", "USR1", "ABRT", "INFO", "STOP", "", "SIGTERM", "15"]
    {
        let label = if signal.is_empty() { "empty" } else { signal };
        for (kind, want) in [("wanted", YES), ("unwanted", NO)] {
            probes.add(format!("session-signal-{label}-{kind}"), move |address| {
                let mut client = with_session(address);
                client.send(exec("echo up; exec sleep 2"));
                client.hear_until(&[94]);
                client.send(request(0, "signal", want).string(signal));
                client.hear_all(QUIET);
                client
            });
        }
    }
    // Whose sessions are watched over by another process may send signals.
    for signal in ["TERM", "KILL", "INT", "HUP", "USR1", "INFO", "STOP", "X"] {
        probes.add(format!("session-signal-{signal}-plain-user"), move |address| {
            let mut client = Client::served(address);
            client.send(password(PLAIN_USER, PASSWORD));
            client.wait_for(&[80]);
            client.session();
            client.send(exec("echo up; exec sleep 2"));
            client.hear_until(&[94]);
            client.send(request(0, "signal", YES).string(signal));
            client.hear_all(QUIET);
            client
        });
    }
    said(probes, "signal-early", vec![request(0, "signal", YES).string("TERM")]);
}

/// The order of messages of a shell, without what it writes.
fn shells(probes: &mut Probes) {
    let heard = |client: &mut Client, quiet: Duration| loop {
        match client.hear(quiet) {
            Heard::Packet(payload) if payload[0] == 94 => {
                if client.lines.last().is_none_or(|line| line != "output") {
                    client.note("output");
                }
            }
            Heard::Packet(payload) => {
                client.note(show(&payload));
                if payload[0] == 97 {
                    return;
                }
            }
            Heard::End(how) => return client.note(how),
            Heard::Nothing => return client.note("quiet"),
        }
    };
    for (name, terminals, wants) in
        [("pty", 1, YES), ("pty-unwanted", 1, NO), ("plain", 0, YES), ("plain-unwanted", 0, NO)]
    {
        for (end, bytes) in [("exit", "exit 5\n"), ("eof", "")] {
            probes.add(format!("session-shell-{name}-{end}"), move |address| {
                let mut client = with_session(address);
                if terminals == 1 {
                    client.send(pty());
                    client.hear_until(&[99]);
                }
                client.send(request(0, "shell", wants));
                heard(&mut client, Duration::from_millis(900));
                if bytes.is_empty() {
                    client.send(Message::new(96).u32(0));
                } else {
                    client.send(Message::new(94).u32(0).string(bytes));
                }
                heard(&mut client, Duration::from_millis(900));
                client
            });
        }
    }
    probes.add("session-shell-trailing", move |address| {
        let mut client = with_session(address);
        client.send(request(0, "shell", YES).byte(1));
        heard(&mut client, QUIET);
        client
    });
    probes.add("session-shell-control-d", move |address| {
        let mut client = with_session(address);
        client.send(pty());
        client.hear_until(&[99]);
        client.send(request(0, "shell", YES));
        heard(&mut client, Duration::from_millis(900));
        client.send(Message::new(94).u32(0).string([4]));
        heard(&mut client, Duration::from_secs(2));
        client.ask(Message::new(97).u32(0));
        client
    });
    probes.add("session-shell-commands-plain", |address| {
        let mut client = with_session(address);
        client.send(request(0, "shell", YES));
        client.hear_until(&[99]);
        client.send(Message::new(94).u32(0).string("echo one\necho two >&2\nexit 4\n"));
        client.hear_until(&[97]);
        client
    });
    probes.add("session-shut-with-shell", |address| {
        let mut client = with_session(address);
        client.send(pty());
        client.send(request(0, "shell", YES));
        client.wait_for(&[94]);
        client.shut();
        let end = loop {
            match client.hear(PATIENCE) {
                Heard::Packet(_) => {}
                other => break other,
            }
        };
        client.note(format!("{end:?}"));
        client
    });
}

/// T35 with a program that runs.
fn rekeys(probes: &mut Probes) {
    use crate::probe::exchange::Offer;
    probes.add("session-rekey-in-between", |address| {
        let mut client = with_session(address);
        client.send(exec("cat"));
        client.hear_until(&[99]);
        client.hear_all(QUIET);
        for word in ["one\n", "two\n"] {
            client.exchange(&Offer::plain());
            client.send(Message::new(94).u32(0).string(word));
            client.hear_until(&[94]);
        }
        client.send(Message::new(96).u32(0));
        client.hear_until(&[97]);
        client
    });
    probes.add("session-rekey-holds-output", |address| {
        let mut client = with_session(address);
        client.send(exec("sleep 0.3; echo late"));
        client.hear_until(&[99]);
        client.hear_all(Duration::from_millis(100));
        client.agree(&Offer::plain());
        client.hear_all(Duration::from_millis(700));
        client.finish();
        client.hear_until(&[97]);
        client
    });
}

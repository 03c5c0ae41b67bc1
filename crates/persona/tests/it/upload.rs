//! The SFTP server alone: how reads may cut the bytes, what is told, kept and refused.

use crate::messages::{ID, NONE, ask, init, message, mode, n32, on, open, raw, read, words, write};
use crate::session::{NOW, login, machine};
use crate::support::{Ours, Peer, has};
use decnet_persona::{Console, Disk, Step};
use std::path::PathBuf;

#[test]
fn an_unknown_request_has_no_answer_and_holds_up_what_came_with_it() {
    let bytes = [raw(99, &[&ID, b"rest"]), ask(17, &["/"], &[])].concat();
    let mut ours = Ours::server();
    ours.send(&init());
    ours.said();
    let before = ours.steps.len();
    ours.send(&bytes);
    assert!(!ours.steps[before..].iter().any(|step| matches!(step, Step::Output(_))));
    // `sftp-server` reads on once more comes, and so do we. When both come in one read, which nobody
    // can say of a pipe, it says nothing at all; that is why it is not asked here.
    ours.send(&ask(16, &["/"], &[]));
    let mut rest = ours.said();
    let both = [message(&mut ours, &mut rest), message(&mut ours, &mut rest)];
    assert_eq!(both.map(|found| found.unwrap()[0]), [105, 104]);
}

#[test]
fn what_is_never_read_ends_the_server_before_it_is_much() {
    let mut ours = Ours::server();
    ours.send(&init());
    let unknown = raw(99, &[&ID]).repeat(3_000);
    let mut sent = 0;
    while !ours.steps.iter().any(|step| matches!(step, Step::Exit(_) | Step::Killed(_))) {
        ours.send(&unknown);
        sent += unknown.len();
        assert!(sent < 2 << 20);
    }
    assert!(sent > 512 << 10);
}

/// Users are no root: what is not theirs stays as it is.
#[test]
fn a_user_may_do_what_users_may() {
    let console = Console::subsystem(machine(), login("guest", None), b"sftp").unwrap();
    let mut ours = Ours::begin(console);
    ours.send(&init());
    let (mut rest, mut codes) = (ours.said(), Vec::new());
    message(&mut ours, &mut rest).unwrap();
    let requests = [
        open("/etc/passwd", 1, NONE),
        open("/etc/passwd", 2, NONE),
        open("/etc/shadow", 1, NONE),
        open("/etc/new", 2 | 8, NONE),
        open("/root/x", 1, NONE),
        ask(17, &["/root/x"], &[]),
        ask(11, &["/root"], &[]),
        ask(13, &["/etc/passwd"], &[]),
        ask(9, &["/etc/passwd"], &[&mode(0o666)]),
        ask(14, &["/tmp/d"], &[NONE]),
        ask(9, &["/tmp/d"], &[&[n32(2), n32(0), n32(0)].concat()]),
        ask(9, &["/tmp/d"], &[&mode(0o700)]),
        open("mine", 2 | 8, NONE),
    ];
    for request in requests {
        ours.send(&request);
        codes.push(words(&message(&mut ours, &mut rest).unwrap(), "-"));
    }
    let codes: Vec<&str> = codes.iter().map(|text| &text[9..]).collect();
    let denied = "status 3 Permission denied";
    let handle = |number: u8| format!("\\x00\\x00\\x00\\x{number:02x}");
    let fine = "status 0 Success";
    let shall: [&str; 13] = [
        &handle(0),
        denied,
        denied,
        denied,
        denied,
        denied,
        denied,
        denied,
        denied,
        fine,
        denied,
        fine,
        &handle(1),
    ];
    assert_eq!(codes, shall);
}

/// The same bytes, however they are cut.
#[test]
fn it_does_not_matter_how_reads_cut_the_bytes() {
    let mut bytes = [init(), open("f", 1 | 2 | 8, NONE)].concat();
    for part in 0..4 {
        bytes.extend(write(0, part * 40_000, &vec![b'a' + u8::try_from(part).unwrap(); 40_000]));
    }
    bytes.extend((0..4).flat_map(|part| read(0, part * 40_000, 40_000)));
    bytes.extend(on(4, 0, &[]));
    let run = |piece: usize| {
        let mut ours = Ours::server();
        bytes.chunks(piece).for_each(|piece| ours.send(piece));
        ours.finish();
        ours.said()
    };
    let whole = run(usize::MAX);
    assert_eq!(whole.len(), run(1).len());
    for piece in [1, 3, 1_000, 32_768, 40_033] {
        assert!(run(piece) == whole, "{piece}");
    }
}

#[test]
fn what_was_asked_is_told_and_what_was_written_is_handed_over() {
    let mut ours = Ours::server();
    ours.send(&init());
    ours.send(&open("up", 2 | 8 | 16, &mode(0o644)));
    ours.send(&write(0, 0, b"secret content"));
    ours.send(&on(4, 0, &[]));
    ours.send(&ask(18, &["up", "there"], &[]));
    ours.finish();
    let told: Vec<String> = ours
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::FileRequest(asked) => Some(format!(
                "{} {} {:?} {:?}",
                asked.request.escape_ascii(),
                asked.path.escape_ascii(),
                asked.number,
                asked.answer
            )),
            Step::FileWritten(path, bytes) => Some(format!("{} {bytes}", path.escape_ascii())),
            Step::Artifact(brought) => Some(format!(
                "{} {:?} {} {}",
                brought.path.escape_ascii(),
                brought.means,
                brought.size(),
                brought.bytes().escape_ascii()
            )),
            Step::Output(_) | Step::Exit(_) => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "init  Some(3) Some(0)",
            "open up Some(26) Some(0)",
            "up 14",
            "up Sftp 14 secret content",
            "rename up None Some(0)"
        ]
    );
}

#[test]
fn beyond_the_cap_requests_are_answered_and_told_of_once() {
    let mut ours = Ours::server();
    ours.send(&init());
    for _ in 0..5_000 {
        ours.send(&ask(17, &["/"], &[]));
    }
    let count = |wanted: fn(&Step) -> bool| ours.steps.iter().filter(|step| wanted(step)).count();
    assert_eq!(count(|step| matches!(step, Step::FileRequest(_))), 4_096);
    assert_eq!(count(|step| matches!(step, Step::Anomaly(..))), 1);
    assert_eq!(count(|step| matches!(step, Step::Output(_))), 5_001);
}

#[test]
fn what_one_session_wrote_the_next_one_finds() {
    let disk = Disk::default();
    let server = Console::subsystem(machine(), login("root", None), b"sftp").unwrap();
    let mut server = Ours::begin(server.on(&disk));
    server.send(&init());
    server.send(&open("/tmp/up", 2 | 8, NONE));
    server.send(&write(0, 0, b"#!/bin/sh\n"));
    let run = |command: &str| {
        let console = Console::exec(machine(), login("root", None), command.as_bytes());
        let mut ours = Ours::begin(console.on(&disk));
        String::from_utf8(ours.said()).unwrap()
    };
    assert_eq!(run("cat /tmp/up; rm /tmp/up; ls /tmp"), "#!/bin/sh\n");
    // Who has it open may write on, to nowhere.
    server.send(&write(0, 10, b"more"));
    let mut alone = Ours::exec("ls /tmp");
    assert_eq!(alone.said(), b"");
    assert!(Console::subsystem(machine(), login("root", None), b"netconf").is_none());
}

#[test]
fn a_large_upload_fills_the_disk_and_not_the_memory() {
    let mut ours = Ours::server();
    ours.send(&init());
    ours.send(&open("big", 1 | 2 | 8, NONE));
    ours.send(&write(0, 10 << 30, b"end"));
    ours.send(&write(0, 1 << 40, b"too far"));
    ours.send(&read(0, (10 << 30) - 1, 100));
    let (mut rest, mut texts) = (ours.said(), Vec::new());
    for _ in 0..5 {
        texts.push(words(&message(&mut ours, &mut rest).unwrap(), "-"));
    }
    assert_eq!(texts[2], "101 777: status 0 Success");
    assert_eq!(texts[3], "101 777: status 4 Failure");
    // What was not kept is zeros.
    assert_eq!(texts[4], "103 777: \\x00\\x00\\x00\\x00");
    assert_eq!(NOW.0 % 1_000_000_000, 0);
}

/// The real client, with our server behind it.
#[test]
fn the_client_of_openssh_works_with_it() {
    let server = std::env::current_exe().unwrap();
    let server: PathBuf = server.parent().unwrap().parent().unwrap().join("examples/sftp_server");
    if !has("/usr/bin/sftp") || !has(server.to_str().unwrap()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("up"), vec![b'u'; 500_000]).unwrap();
    let batch = "put up\nget up down\nmkdir d\nrename up d/x\nls -l d\nchmod 600 d/x\nln d/x d/y\n\
                 cp d/x d/z\nget -p d/z z\nrm d/*\nrmdir d\ndf\nget /etc/hostname h\n";
    std::fs::write(folder.path().join("batch"), batch).unwrap();
    let done = std::process::Command::new("sftp")
        .arg("-D")
        .arg(&server)
        .args(["-b", "batch"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for name in ["down", "z"] {
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), vec![b'u'; 500_000]);
    }
}

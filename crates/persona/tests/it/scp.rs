//! `scp -t` and `scp -f` beside OpenSSH's: the same bytes, the same answers.

use crate::support::{Ours, Peer, Real, has};
use decnet_persona::Step;

const SCP: &str = "/usr/bin/scp";

/// What is sent, and how many bytes are expected as the answer before the next is.
type Dialogue<'a> = &'a [(&'a [u8], usize)];

/// All that a program says, and its status.
fn hold(peer: &mut dyn Peer, greeting: usize, dialogue: Dialogue<'_>) -> (String, u32) {
    let mut said = Vec::new();
    let mut wait = |peer: &mut dyn Peer, count: usize| {
        let end = said.len() + count;
        while said.len() < end {
            let more = peer.said();
            if more.is_empty() {
                break;
            }
            said.extend(more);
        }
    };
    wait(peer, greeting);
    for (bytes, count) in dialogue {
        peer.send(bytes);
        wait(peer, *count);
    }
    let status = peer.status();
    loop {
        let more = peer.said();
        if more.is_empty() {
            break;
        }
        said.extend(more);
    }
    (said.escape_ascii().to_string(), status)
}

/// The same dialogue with both, in a folder that has `d/f` and `f`; then what is in them, and how
/// `ls` shows them without the date.
fn compare(options: &str, greeting: usize, dialogue: Dialogue<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "mkdir d; echo content > d/f; echo old content > f; scp {options}; cat f d/*; ls -l f d"
    );
    let lines = |said: &str| -> Vec<String> {
        let said = said.replace("\\n", "\n");
        let lines = said.lines().filter(|line| !line.starts_with("total"));
        lines
            .map(|line| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                [mode, _, user, group, size, _, _, _, name] => {
                    format!("{mode} {user} {group} {size} {name}")
                }
                _ => line.to_owned(),
            })
            .collect()
    };
    let real = format!("bash -c '{script}'");
    let shall = hold(&mut Real::start(folder.path(), &real), greeting, dialogue);
    let is = hold(&mut Ours::exec(&script), greeting, dialogue);
    assert_eq!(lines(&is.0), lines(&shall.0), "{options}");
}

/// Only the dialogue and the status.
fn alone(options: &str, greeting: usize, dialogue: Dialogue<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let make = "mkdir d && echo content > d/f && echo old content > f";
    let script = format!("bash -c '{make} && scp {options}'");
    let shall = hold(&mut Real::start(folder.path(), &script), greeting, dialogue);
    let is = hold(&mut Ours::exec(&format!("{make} && scp {options}")), greeting, dialogue);
    assert_eq!(
        is,
        shall,
        "{options} {:?}",
        dialogue.first().map(|(b, _)| b.escape_ascii().to_string())
    );
}

const FILE: &[u8] = b"C0644 5 new\n";

#[test]
fn files_are_taken_alike() {
    if !has(SCP) {
        return;
    }
    alone("-t .", 1, &[(FILE, 1), (b"hello\0", 1)]);
    alone("-t -d .", 1, &[(FILE, 1), (b"hello\0", 1)]);
    alone("-td f", 30, &[]);
    alone("-t -d no", 30, &[]);
    alone("-t no/x", 1, &[(FILE, 30), (FILE, 30)]);
    alone("-t d", 1, &[(b"C0400 2 f\n", 1), (b"ab\0", 1), (b"C0644 0 e\n", 1), (b"\0", 1)]);
    alone("-pt d", 1, &[(b"T1000 0 2000 0\n", 1), (b"C4711 2 f\n", 1), (b"ab\0", 1)]);
    alone("-t f", 1, &[(FILE, 1), (b"hello\x01trouble\n", 1), (FILE, 1), (b"hello\0", 1)]);
    alone("-t f", 1, &[(FILE, 1), (b"hello\x02fatal\n", 1)]);
    alone("-t f", 1, &[(FILE, 1), (b"hel", 0)]);
    alone("-t f", 1, &[(FILE, 1), (b"hello", 0)]);
    alone("-t f", 1, &[(b"\x01warning\n", 0), (FILE, 1), (b"hello\0", 1)]);
    alone("-t f", 1, &[(b"\x02fatal\n", 0)]);
    alone("-t", 10, &[]);
    alone("-t a b", 10, &[]);
    alone("-t /dev/full", 1, &[(FILE, 1), (b"hello\0", 20)]);
    alone("-t /dev/null", 1, &[(FILE, 1), (b"hello\0", 1)]);
}

#[test]
fn folders_are_taken_alike() {
    if !has(SCP) {
        return;
    }
    let deep: Dialogue<'_> = &[
        (b"D0755 0 a\n", 1),
        (b"D0500 0 b\n", 1),
        (FILE, 1),
        (b"hello\0", 1),
        (b"E\n", 1),
        (b"E\n", 1),
        (b"C0644 0 last\n", 1),
        (b"\0", 1),
    ];
    alone("-r -t .", 1, deep);
    alone("-r -p -t d", 1, deep);
    alone("-rt new", 1, &deep[..6]);
    alone("-rt new", 1, &[&deep[..6], &[(FILE, 20)]].concat());
    alone("-r -t .", 1, &[(b"D0755 0 f\n", 20), (b"E\n", 1)]);
    alone("-t .", 1, &[(b"D0755 0 a\n", 20)]);
    alone("-r -t .", 1, &[(b"D0755 0 a\n", 1)]);
    alone("-rd -t .", 1, &[(b"D0755 0 a\n", 1), (b"E", 0)]);
    alone("-t .", 1, &[(b"E\n", 1)]);
}

#[test]
fn what_is_no_protocol_is_refused_alike() {
    if !has(SCP) {
        return;
    }
    for line in [
        &b"\n"[..],
        b"X\n",
        b"C\n",
        b"C064 5 x\n",
        b"C0648 5 x\n",
        b"C06445 x\n",
        b"C0644 x\n",
        b"C0644 5x\n",
        b"C0644 5 \n",
        b"C0644 5 a/b\n",
        b"C0644 5 ..\n",
        b"C0644 5 .\n",
        b"C0644 99999999999999999999 x\n",
        b"C0644 9223372036854775808 x\n",
        b"T\n",
        b"Tx\n",
        b"T1\n",
        b"T1 \n",
        b"T1 0\n",
        b"T1 1000000 1 0\n",
        b"T1 0 x\n",
        b"T1 0 1\n",
        b"T1 0 1 0x\n",
        b"T1 0 1 -1\n",
        b"no such file\n",
        b"C0644 -5 x\n",
        b"D0755\n",
    ] {
        alone("-r -t .", 1, &[(line, 10)]);
        alone("-r -t .", 1, &[(b"T1 0 1 0\n", 1), (line, 10)]);
    }
    alone("-t .", 1, &[(b"C0644", 0)]);
    alone("-t .", 1, &[(&[b'C'; 3_000], 10)]);
}

#[test]
fn files_are_given_alike() {
    if !has(SCP) {
        return;
    }
    alone("-f f", 0, &[(b"\0", 11), (b"\0", 13), (b"\0", 0)]);
    alone("-f f d/f", 0, &[(b"\0", 11), (b"\0", 13), (b"\0", 10), (b"\0", 9), (b"\0", 0)]);
    alone("-f f", 0, &[(b"\x01no\n", 11), (b"\x01no\n", 0)]);
    alone("-f f", 0, &[(b"\0", 11), (b"\x02no\n", 0)]);
    alone("-f f", 0, &[(b"xyz\n", 0)]);
    alone("-f f", 0, &[(b"\0", 11), (b"\0", 13)]);
    alone("-f d", 0, &[(b"\0", 20)]);
    alone("-f /dev/null", 0, &[(b"\0", 20)]);
    alone("-f no f", 0, &[(b"\0", 30), (b"\0", 13), (b"\0", 0)]);
    alone("-r -f d", 0, &[(b"\0", 10), (b"\0", 10), (b"\0", 9), (b"\0", 2), (b"\0", 0)]);
    alone("-r -f d/ f", 0, &[(b"\0", 10), (b"\x01no\n", 11), (b"\0", 13), (b"\0", 0)]);
    alone("-f", 0, &[(b"\0", 0)]);
    alone("-z", 0, &[]);
    alone("-P", 0, &[]);
    alone("", 0, &[]);
}

#[test]
fn what_was_taken_is_as_it_was_sent() {
    if !has(SCP) {
        return;
    }
    compare("-t f", 1, &[(b"C0755 4 x\n", 1), (b"new\n\0", 1), (b"E\n", 1)]);
    compare("-t d", 1, &[(b"C0777 4 x\n", 1), (b"new\n\0", 1), (b"E\n", 1)]);
    compare("-pt d", 1, &[(b"C0777 4 x\n", 1), (b"new\n\0", 1), (b"E\n", 1)]);
    compare("-pt d", 1, &[(b"C0440 4 f\n", 1), (b"new\n\0", 1), (b"E\n", 1)]);
    compare("-t d", 1, &[(b"C0444 4 x\n", 1), (b"new\n\x01x\n", 1), (b"E\n", 1)]);
    compare("-prt d", 1, &[(b"D0770 0 x\n", 1), (b"E\n", 1), (b"E\n", 1)]);
}

#[test]
fn a_file_is_told_and_handed_over_and_never_shown() {
    let mut ours = Ours::exec("scp -t /tmp");
    for bytes in [&b"C0644 6 up\n"[..], b"secret", b"\0"] {
        ours.send(bytes);
    }
    ours.finish();
    let told: Vec<String> = ours.steps.iter().map(|step| format!("{step:?}")).collect();
    assert!(told.iter().all(|step| !step.contains("secret") && !step.contains("115, 101")));
    assert!(told.iter().any(|step| step.starts_with("FileWritten") && step.ends_with(", 6)")));
    let brought = ours.steps.iter().find_map(|step| match step {
        Step::Artifact(brought) => Some((brought.path.as_slice(), brought.bytes(), brought.size())),
        _ => None,
    });
    assert_eq!(brought, Some((&b"/tmp/up"[..], &b"secret"[..], 6)));
    let asked = ours.steps.iter().filter_map(|step| match step {
        Step::FileRequest(asked) => Some((asked.request.as_slice(), asked.path.as_slice())),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    assert_eq!(asked, [(&b"sink"[..], &b"/tmp"[..]), (b"C", b"/tmp/up")]);
}

//! The SFTP server beside OpenSSH's: the same requests, the same answers.

use crate::messages::{
    ID, NONE, ask, extended, h, init, message, mode, n32, n64, on, open, raw, read, string, words,
    write,
};
use crate::support::{Ours, Peer, Real, has};

const SERVER: &str = "/usr/lib/openssh/sftp-server";

/// The same requests to both, one after the other.
fn compare(requests: &[Vec<u8>]) {
    if !has(SERVER) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    std::fs::set_permissions(&base, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut real = Real::start(&base, SERVER);
    let mut ours = Ours::server();
    let (mut rest, mut our_rest) = (Vec::new(), Vec::new());
    let mut differences = Vec::new();
    for (number, request) in [init()].iter().chain(requests).enumerate() {
        real.send(request);
        ours.send(request);
        let is = message(&mut ours, &mut our_rest).map(|found| words(&found, "/root"));
        let shall = message(&mut real, &mut rest)
            .map(|found| words(&found, base.to_str().unwrap()).replace("/root", "BASE"));
        if is != shall {
            let asked = request.escape_ascii().to_string();
            let asked = asked.chars().take(300).collect::<String>();
            differences.push(format!("{number}: {asked}\n real {shall:?}\n ours {is:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn files_are_opened_written_and_read_alike() {
    let big = vec![b'x'; 100_000];
    compare(&[
        open("f", 1, NONE),
        open("f", 2, NONE),
        open("f", 2 | 8 | 16, &mode(0o666)),
        write(0, 0, b"hello"),
        write(0, 8, b"world"),
        read(0, 0, 10),
        on(8, 0, &[]),
        on(4, 0, &[]),
        on(4, 0, &[]),
        open("f", 1, NONE),
        read(0, 0, 100),
        read(0, 7, 100),
        read(0, 13, 1),
        read(0, 13, 0),
        read(0, 1 << 40, 5),
        read(0, u64::MAX, 5),
        write(0, 0, b"x"),
        on(10, 0, &[&n32(1), &n64(3)]),
        on(10, 0, &[&mode(0o4711)]),
        on(8, 0, &[]),
        open("f", 1 | 2 | 8 | 32, NONE),
        open("f", 1 | 2 | 4, NONE),
        write(1, 0, b"behind"),
        write(1, 5, b"more"),
        read(1, 0, 100),
        on(10, 1, &[&n32(1), &n64(3)]),
        read(1, 0, 100),
        on(10, 1, &[&n32(1 | 4 | 8), &n64(6), &n32(0o600), &n32(1_000), &n32(2_000)]),
        on(8, 1, &[]),
        on(10, 1, &[&n32(2), &n32(12), &n32(34)]),
        on(8, 1, &[]),
        write(1, 1 << 20, b""),
        write(1, 0, &big),
        read(1, 50_000, 300_000),
        on(4, 0, &[]),
        on(4, 1, &[]),
        open("f", 1 | 16, NONE),
        on(8, 1, &[]),
        open("e", 2 | 8, &mode(0o7777)),
        write(0, u64::MAX, b"x"),
        write(0, 1 << 33, b"x"),
        on(8, 0, &[]),
        ask(13, &["e"], &[]),
        write(0, 0, b"gone"),
        on(4, 0, &[]),
        open("f/", 1, NONE),
        open("f/x", 2 | 8, NONE),
        open("no/x", 2 | 8, NONE),
        open(".", 1, NONE),
        read(0, 0, 10),
        on(8, 0, &[]),
        open(".", 2, NONE),
        open("", 1, NONE),
        open(&"n".repeat(256), 2 | 8, NONE),
        open(&"n/".repeat(3_000), 1, NONE),
        open("w", 2 | 8, &[0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 0]),
        open("v", 0, NONE),
        open("/dev/null", 2, NONE),
        write(3, 0, b"nowhere"),
        read(3, 0, 1),
        open("/dev/zero", 1, NONE),
        read(4, 99, 3),
        open("/dev/full", 2, NONE),
        write(5, 0, b"x"),
        on(12, 5, &[]),
        read(77, 0, 1),
        write(77, 0, b""),
        on(8, 77, &[]),
        on(10, 77, &[NONE]),
        raw(8, &[&ID, &string("long handle")]),
        raw(4, &[&ID, &string("")]),
        raw(1, &[&[0, 0, 0, 2], b"extensions"]),
        ask(17, &["no"], &[]),
    ]);
}

#[test]
fn names_are_changed_alike() {
    let link = |to: &str, name: &str| ask(20, &[to, name], &[]);
    compare(&[
        ask(14, &["d"], &[NONE]),
        ask(14, &["d"], &[NONE]),
        ask(14, &["d/e"], &[&mode(0o7777)]),
        ask(14, &["d/f/"], &[&mode(0o41700)]),
        ask(14, &["no/f"], &[NONE]),
        ask(14, &[""], &[NONE]),
        ask(17, &["d/e"], &[]),
        ask(17, &["d/f"], &[]),
        open("d/a", 2 | 8, NONE),
        write(0, 0, b"content of a"),
        open("d/b", 2 | 8, &mode(0o400)),
        write(1, 0, b"b"),
        // Files do not replace files, but folders replace what leads nowhere.
        ask(18, &["d/a", "d/b"], &[]),
        ask(18, &["d/no", "d/b"], &[]),
        ask(18, &["d/a", "no/b"], &[]),
        ask(18, &["d/a", "d/e"], &[]),
        ask(18, &["d/a", "d/a"], &[]),
        ask(18, &["d/a", "d/c"], &[]),
        write(0, 0, b"CONTENT"),
        ask(7, &["d/c"], &[]),
        ask(18, &["d/e", "d/f"], &[]),
        ask(18, &["d/e", "d/e/x"], &[]),
        ask(18, &["d/e", "d/c/x"], &[]),
        ask(18, &["d/e", "d/g"], &[]),
        extended("posix-rename@openssh.com", &["d/c", "d/b"], &[]),
        extended("posix-rename@openssh.com", &["d/c", "d/b"], &[]),
        extended("posix-rename@openssh.com", &["d/b", "d/g"], &[]),
        extended("posix-rename@openssh.com", &["d/g", "d/b"], &[]),
        extended("posix-rename@openssh.com", &["d/f", "d/g"], &[]),
        extended("posix-rename@openssh.com", &["d", "d/g/x"], &[]),
        extended("posix-rename@openssh.com", &["d/g", "d"], &[]),
        extended("posix-rename@openssh.com", &["d/b", "d/b"], &[]),
        on(8, 0, &[]),
        on(8, 1, &[]),
        link("b", "d/l"),
        link("b", "d/l"),
        link("nowhere", "d/dangling"),
        link("", "d/empty"),
        link("loop", "d/loop"),
        link("/etc/passwd", "d/abs"),
        ask(7, &["d/l"], &[]),
        ask(17, &["d/l"], &[]),
        ask(17, &["d/dangling"], &[]),
        ask(17, &["d/loop"], &[]),
        ask(19, &["d/l"], &[]),
        ask(19, &["d/b"], &[]),
        ask(19, &["d/no"], &[]),
        open("d/dangling", 2 | 8 | 32, NONE),
        open("d/dangling", 2 | 8, NONE),
        ask(7, &["d/nowhere"], &[]),
        ask(18, &["d/l", "d/loop2"], &[]),
        ask(18, &["d/loop2", "d/loop"], &[]),
        ask(9, &["d/b"], &[&n32(1), &n64(2)]),
        ask(9, &["d/b"], &[&mode(0o4755)]),
        ask(9, &["d/b"], &[&[n32(8), n32(1), n32(2)].concat()]),
        ask(9, &["d/b"], &[&[n32(2), n32(5), n32(6)].concat()]),
        ask(17, &["d/b"], &[]),
        ask(9, &["d"], &[&n32(1), &n64(2)]),
        ask(9, &["d/no"], &[&n32(1), &n64(2)]),
        ask(9, &["d/no"], &[&mode(0)]),
        ask(9, &["d/no"], &[NONE]),
        ask(9, &["d/b"], &[&n32(1), &n64(u64::MAX)]),
        ask(9, &["d/g"], &[&mode(0o1700)]),
        ask(17, &["d/g"], &[]),
        extended("lsetstat@openssh.com", &["d/dangling"], &[&[n32(2), n32(5), n32(6)].concat()]),
        extended("lsetstat@openssh.com", &["d/dangling"], &[&[n32(8), n32(5), n32(6)].concat()]),
        extended("lsetstat@openssh.com", &["d/dangling"], &[&mode(0o600)]),
        extended("lsetstat@openssh.com", &["d/dangling"], &[&n32(1), &n64(2)]),
        extended("lsetstat@openssh.com", &["d/b"], &[&mode(0o640)]),
        ask(7, &["d/dangling"], &[]),
        ask(7, &["d/b"], &[]),
        extended("hardlink@openssh.com", &["d/b", "d/h"], &[]),
        extended("hardlink@openssh.com", &["d/b", "d/h"], &[]),
        extended("hardlink@openssh.com", &["d/no", "d/i"], &[]),
        extended("hardlink@openssh.com", &["d/g", "d/i"], &[]),
        ask(7, &["d/h"], &[]),
        ask(13, &["d/g"], &[]),
        ask(13, &["d/no"], &[]),
        ask(13, &["d/h"], &[]),
        ask(15, &["d"], &[]),
        ask(15, &["d/b"], &[]),
        ask(15, &["d/no"], &[]),
        ask(15, &["d/g/."], &[]),
        ask(15, &["d/g/.."], &[]),
        ask(15, &["d/g"], &[]),
        ask(15, &["/"], &[]),
        ask(11, &["d"], &[]),
        on(12, 3, &[]),
        on(12, 3, &[]),
        read(3, 0, 1),
        on(8, 3, &[]),
        on(4, 3, &[]),
        on(12, 3, &[]),
        ask(11, &["d/b"], &[]),
        ask(11, &["d/no"], &[]),
        ask(11, &[""], &[]),
    ]);
}

#[test]
fn paths_are_followed_alike() {
    let real = |path: &str| ask(16, &[path], &[]);
    let expand = |path: &str| extended("expand-path@openssh.com", &[path], &[]);
    let mut requests = vec![ask(14, &["d"], &[NONE]), open("d/f", 2 | 8, NONE)];
    requests.push(ask(20, &["d", "l"], &[]));
    requests.push(ask(20, &["x", "x"], &[]));
    for path in [
        "",
        ".",
        "d",
        "d/",
        "d/f",
        "d/f/",
        "d/f/x",
        "d/f/..",
        "d/f/.",
        "d/no",
        "d/no/",
        "d/no/x",
        "l",
        "l/f",
        "l/../d",
        "/",
        "//",
        "/etc//passwd",
        "/../..",
        "x",
        "x/y",
        "/no",
        "/no/no",
        "~",
        "/bin",
        "/bin/ls",
        "d/./f",
        "/root/no/..",
    ] {
        requests.extend([real(path), expand(path)]);
    }
    for path in
        ["~", "~/", "~/d", "~/no/no", "~root", "~root/", "~daemon/x", "~nobody1", "~nobody1/x"]
    {
        requests.push(expand(path));
    }
    compare(&requests);
}

#[test]
fn extensions_are_answered_alike() {
    let all = [&h(0)[..], &n64(0), &n64(0), &h(1), &n64(0)].concat();
    let copy = |from: u32, at: u64, length: u64, to: u32, to_at: u64| {
        extended("copy-data", &[], &[&h(from), &n64(at), &n64(length), &h(to), &n64(to_at)])
    };
    compare(&[
        extended("limits@openssh.com", &[], &[]),
        extended("statvfs@openssh.com", &["."], &[]),
        extended("statvfs@openssh.com", &["no"], &[]),
        extended("fstatvfs@openssh.com", &[], &[&h(0)]),
        extended("fsync@openssh.com", &[], &[&h(0)]),
        extended("home-directory", &["root"], &[]),
        extended("home-directory", &["daemon"], &[]),
        extended("home-directory", &["nobody1"], &[]),
        extended("home-directory", &[""], &[]),
        extended(
            "users-groups-by-id@openssh.com",
            &[],
            &[&string([n32(0), n32(33), n32(4_321)].concat()), &string([n32(0), n32(42)].concat())],
        ),
        extended("users-groups-by-id@openssh.com", &["", ""], &[]),
        extended("no@example.org", &["x"], &[]),
        extended("", &[], &[]),
        open("a", 1 | 2 | 8, NONE),
        open("b", 1 | 2 | 8, NONE),
        open("c", 1, NONE),
        write(0, 0, &[b'a'; 70_000]),
        extended("fstatvfs@openssh.com", &[], &[&h(0)]),
        extended("fsync@openssh.com", &[], &[&h(0)]),
        extended("copy-data", &[], &[&all]),
        on(8, 1, &[]),
        copy(0, 69_990, 10, 1, 0),
        copy(0, 69_990, 20, 1, 70_000),
        on(8, 1, &[]),
        copy(0, 0, 70_001, 1, 70_000),
        copy(0, 0, 200_000, 1, 70_000),
        on(8, 1, &[]),
        copy(0, 80_000, 5, 1, 0),
        copy(0, 80_000, 0, 1, 0),
        copy(0, 0, 0, 0, 0),
        copy(0, 0, 0, 9, 0),
        copy(0, u64::MAX, 1, 1, 0),
        copy(0, 0, 1, 1, u64::MAX),
        open("a", 2, NONE),
        copy(0, 0, 1, 2, 0),
        copy(2, 0, 1, 1, 0),
    ]);
}

#[test]
fn long_folders_are_listed_in_hundreds() {
    let mut requests = vec![ask(14, &["d"], &[NONE])];
    for number in 0..230 {
        requests.push(open(&format!("d/{number}"), 2 | 8, NONE));
        requests.push(on(4, 0, &[]));
    }
    requests.push(ask(11, &["d"], &[]));
    if !has(SERVER) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let lists = |peer: &mut dyn Peer| {
        let (mut rest, mut counts, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for request in [init()].iter().chain(&requests) {
            peer.send(request);
            message(peer, &mut rest).unwrap();
        }
        for _ in 0..4 {
            peer.send(&on(12, 0, &[]));
            let text = words(&message(peer, &mut rest).unwrap(), "-");
            let mut lines = text.lines();
            counts.push(lines.next().unwrap()[..20].to_owned());
            names.extend(text.split("names ").skip(1).flat_map(|t| t.lines()).map(str::to_owned));
        }
        names.iter_mut().for_each(|name| *name = name.trim().to_owned());
        names.sort();
        // The folder above is not the same on both.
        names.retain(|name| !name.starts_with(".."));
        (counts.iter().map(|c| c.split(' ').nth(2).unwrap().to_owned()).collect::<Vec<_>>(), names)
    };
    let shall = lists(&mut Real::start(folder.path(), SERVER));
    let is = lists(&mut Ours::server());
    assert_eq!(shall.0, is.0);
    assert_eq!(shall.1, is.1);
    assert_eq!(is.1.len(), 231);
}

#[test]
fn there_are_as_many_handles() {
    let mut requests = vec![open("f", 2 | 8, NONE)];
    requests.extend((0..1_025).map(|_| open("f", 1, NONE)));
    requests.extend([on(4, 500, &[]), on(4, 20, &[]), open("f", 1, NONE), ask(11, &["."], &[])]);
    requests.push(ask(11, &["."], &[]));
    compare(&requests);
}

#[test]
fn what_ends_the_server_ends_it_alike() {
    if !has(SERVER) {
        return;
    }
    let cases: &[(&str, Vec<u8>)] = &[
        ("nothing", Vec::new()),
        ("a request before init", ask(17, &["."], &[])),
        ("an extension before init", extended("limits@openssh.com", &[], &[])),
        ("too long", [init(), vec![0, 4, 0, 1, 3]].concat()),
        ("no message", [init(), vec![0, 0, 0, 0, 17]].concat()),
        ("no request", [init(), raw(17, &[])].concat()),
        ("a name that is cut", [init(), raw(17, &[&ID, &[0, 0, 0, 9, b'x']])].concat()),
        ("a name with NUL", [init(), ask(17, &["a\0b"], &[])].concat()),
        ("a name with NUL at its end", [init(), ask(17, &["/\0"], &[])].concat()),
        ("attributes that are cut", [init(), ask(9, &["/"], &[&n32(1), &[0, 0]])].concat()),
        ("unknown, cut", [init(), raw(99, &[&[0]])].concat()),
        ("init twice", [init(), init()].concat()),
        ("init without a version", raw(1, &[&[0]])),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in cases {
        let mut results = Vec::new();
        let mut peers: [Box<dyn Peer>; 2] =
            [Box::new(Real::start(folder.path(), SERVER)), Box::new(Ours::server())];
        for peer in &mut peers {
            peer.send(bytes);
            results.push(peer.status());
        }
        assert_eq!(results[0], results[1], "{name}");
    }
}

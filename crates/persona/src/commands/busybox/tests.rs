use crate::testing::Bench;

#[test]
fn applets_are_found() {
    let mut bench = Bench::new();
    let done = bench.run(&["busybox", "VDOSS"], "");
    assert_eq!((done.err.as_str(), done.status), ("VDOSS: applet not found\n", 127));
    assert_eq!(bench.run(&["busybox", "--list"], "").out.lines().count(), 258);
    let help = bench.run(&["busybox"], "");
    assert!(help.out.starts_with("BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n"));
    assert_eq!(help.status, 0);
    assert_eq!(bench.run(&["/bin/busybox", "echo", "-e", "hi\\x21"], "").out, "hi!\n");
    let done = bench.run(&["busybox", "cat", "--help"], "");
    assert!(done.err.contains("\nUsage: cat [-nbvteA] [FILE]...\n"), "{}", done.err);
}

#[test]
fn links_are_applets() {
    let mut bench = Bench::new();
    assert_eq!(bench.run(&["ln", "-s", "/bin/busybox", "/tmp/wget"], "").status, 0);
    let done = bench.run(&["/tmp/wget", "http://127.0.0.1/x"], "");
    assert_eq!(
        done.err,
        "Connecting to 127.0.0.1 (127.0.0.1:80)\nwget: can't connect to remote host (127.0.0.1): Connection refused\n"
    );
}

#[test]
fn complaints_are_its_own() {
    let mut bench = Bench::new();
    for (args, err, status) in [
        (&["busybox", "cat", "/no"][..], "cat: can't open '/no': No such file or directory\n", 1),
        (&["busybox", "ls", "/no"], "ls: /no: No such file or directory\n", 1),
        (&["busybox", "rm", "/no"], "rm: can't remove '/no': No such file or directory\n", 1),
        (&["busybox", "mkdir", "/tmp"], "mkdir: can't create directory '/tmp': File exists\n", 1),
        (&["busybox", "sh", "/no"], "sh: can't open '/no': No such file or directory\n", 2),
        (&["busybox", "sh", "-c", "nosuch"], "sh: nosuch: not found\n", 127),
        (&["busybox", "wget", "-q", "http://evil.example/"], "wget: bad address 'evil.example'\n", 1),
        (&["busybox", "tftp", "-g", "-r", "x", "evil.example"], "tftp: bad address 'evil.example'\n", 1),
        (&["busybox", "tftp", "-g", "-r", "x", "198.51.100.8"], "tftp: timeout\n", 1),
        (&["busybox", "ftpget", "198.51.100.8", "a", "b"], "ftpget: can't connect to remote host (198.51.100.8): No route to host\n", 1),
        (&["busybox", "nc", "127.0.0.1", "1"], "nc: can't connect to remote host (127.0.0.1): Connection refused\n", 1),
    ] {
        let done = bench.run(args, "");
        assert_eq!((done.err.as_str(), done.status), (err, status));
    }
    let done = bench.run(&["busybox", "ls", "-z"], "");
    assert!(done.err.starts_with("ls: invalid option -- 'z'\nBusyBox v1.35.0"), "{}", done.err);
    assert_eq!(done.status, 1);
    let done = bench.run(&["busybox", "ls", "-l", "/etc/hostname"], "");
    assert!(done.out.starts_with("-rw-r--r--    1 root     root     "), "{}", done.out);
    assert!(bench.run(&["busybox", "ps"], "").out.starts_with("PID   USER     TIME  COMMAND\n    1 root "));
}

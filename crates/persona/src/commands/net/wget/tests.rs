use crate::Step;
use crate::testing::Bench;

#[track_caller]
fn check(args: &[&str], err: &str, status: u32) {
    let mut bench = Bench::new();
    let done = bench.run(args, "");
    assert_eq!((done.err.as_str(), done.status), (err, status));
}

#[test]
fn other_machines_are_not_reached() {
    check(
        &["wget", "http://198.51.100.8/bins.sh"],
        "--2026-11-22 04:35:52--  http://198.51.100.8/bins.sh\n\
         Connecting to 198.51.100.8:80... failed: No route to host.\n",
        4,
    );
    check(
        &["wget", "http://evil.example/x"],
        "--2026-11-22 04:35:52--  http://evil.example/x\n\
         Resolving evil.example (evil.example)... failed: Temporary failure in name resolution.\n\
         wget: unable to resolve host address 'evil.example'\n",
        4,
    );
    check(&["wget", "-qO-", "http://198.51.100.8/x"], "", 4);
    check(&["wget", "-nv", "http://127.0.0.1/"], "failed: Connection refused.\n", 4);
}

#[test]
fn what_was_wanted_is_told() {
    let mut bench = Bench::new();
    bench.run(&["wget", "-q", "198.51.100.8/a", "ftp://u:p@h.example/b"], "");
    let wish = |url: &str| Step::Wish { url: url.as_bytes().to_vec(), tool: b"wget".to_vec() };
    assert_eq!(bench.steps, [wish("http://198.51.100.8/a"), wish("ftp://u:p@h.example/b")]);
}

#[test]
fn the_machine_itself_refuses() {
    check(
        &["wget", "localhost:81/a b"],
        "--2026-11-22 04:35:52--  http://localhost:81/a%20b\n\
         Resolving localhost (localhost)... ::1, 127.0.0.1\n\
         Connecting to localhost (localhost)|::1|:81... failed: Connection refused.\n\
         Connecting to localhost (localhost)|127.0.0.1|:81... failed: Connection refused.\n",
        4,
    );
    check(
        &["wget", "--tries=2", "--retry-connrefused", "http://127.0.0.1/x"],
        "--2026-11-22 04:35:52--  http://127.0.0.1/x\n\
         Connecting to 127.0.0.1:80... failed: Connection refused.\nRetrying.\n\n\
         --2026-11-22 04:35:53--  (try: 2)  http://127.0.0.1/x\n\
         Connecting to 127.0.0.1:80... failed: Connection refused.\nGiving up.\n\n",
        4,
    );
    check(
        &["wget", "ftp://u:p@127.0.0.1/d/x", "-P", "/tmp/d"],
        "--2026-11-22 04:35:52--  ftp://u:*password*@127.0.0.1/d/x\n           => '/tmp/d/x'\n\
         Connecting to 127.0.0.1:21... failed: Connection refused.\n",
        4,
    );
}

#[test]
fn wrong_uses_are_complained_about() {
    let usage = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n";
    check(&["wget"], &format!("wget: missing URL\n{usage}"), 1);
    check(&["wget", "-z"], &format!("wget: invalid option -- 'z'\n{usage}"), 2);
    check(&["wget", "http://"], "http://: Invalid host name.\n", 1);
    check(&["wget", "foo://x"], "foo://x: Unsupported scheme 'foo'.\n", 1);
    check(&["wget", "http://h:abc/"], "http://h:abc/: Bad port number.\n", 1);
    check(&["wget", "-T", "x", "http://h/"], "wget: --timeout: Invalid time period 'x'\n", 2);
    check(&["wget", "-O", "/no/a", "http://h/"], "/no/a: No such file or directory\n", 1);
    check(
        &["wget", "--post-file=/no", "http://127.0.0.1/"],
        "--2026-11-22 04:35:52--  http://127.0.0.1/\n\
         BODY data file '/no' missing: No such file or directory\n",
        3,
    );
}

#[test]
fn it_goes_on_in_the_background() {
    let mut bench = Bench::new();
    let done = bench.run(&["wget", "-b", "http://198.51.100.8/x", "-P", "/tmp"], "");
    assert!(done.out.starts_with("Continuing in background, pid "), "{}", done.out);
    assert!(done.out.ends_with("\nOutput will be written to 'wget-log'.\n"), "{}", done.out);
    bench.run(&["sleep", "2"], "");
    let log = bench.world.with(|world| crate::people::text(&world.files, b"/root/wget-log"));
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(log.contains("failed: No route to host.\n"), "{log}");
    assert_eq!(bench.run(&["wget", "-O", "/tmp/y", "http://198.51.100.8/x"], "").status, 4);
    bench.world.with(|world| assert!(world.files.node(b"/tmp/y").is_ok()));
}

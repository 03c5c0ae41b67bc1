use crate::testing::Bench;

#[track_caller]
fn check(args: &[&str], out: &str, err: &str, status: u32) {
    let mut bench = Bench::new();
    let done = bench.run(args, "");
    assert_eq!((done.out.as_str(), done.err.as_str(), done.status), (out, err, status));
}

const HEAD: &str = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
";
const NOTHING: &str =
    "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";

#[test]
fn other_machines_are_not_reached() {
    let mut bench = Bench::new();
    let done = bench.run(&["curl", "-fsSL", "http://198.51.100.8/x"], "");
    assert!(done.err.starts_with("curl: (7) Failed to connect to 198.51.100.8 port 80 after "));
    assert!(done.err.ends_with(" ms: Couldn't connect to server\n"));
    assert_eq!(done.status, 7);
    check(&["curl", "-s", "http://198.51.100.8/x"], "", "", 7);
    check(
        &["curl", "-sS", "evil.example"],
        "",
        "curl: (6) Could not resolve host: evil.example\n",
        6,
    );
    check(
        &["curl", "https://evil.example"],
        "",
        &format!("{HEAD}{NOTHING}curl: (6) Could not resolve host: evil.example\n"),
        6,
    );
    let refused =
        "curl: (7) Failed to connect to 127.0.0.1 port 80 after 0 ms: Couldn't connect to server\n";
    check(
        &["curl", "-O", "http://127.0.0.1/x"],
        "",
        &format!("{HEAD}{NOTHING}{NOTHING}\n{refused}"),
        7,
    );
    check(
        &["curl", "-sS", "-w", "%{http_code} %{url_effective}\\n", "http://127.0.0.1"],
        "000 http://127.0.0.1/\n",
        refused,
        7,
    );
    check(
        &["curl", "-sv", "http://127.0.0.1:1/"],
        "",
        "*   Trying 127.0.0.1:1...\n* connect to 127.0.0.1 port 1 failed: Connection refused\n\
         * Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server\n\
         * Closing connection 0\n",
        7,
    );
}

#[test]
fn files_are_read() {
    let mut bench = Bench::new();
    let host = bench.world.with(|world| world.machine.hostname.clone());
    assert_eq!(bench.run(&["curl", "-s", "file:///etc/hostname"], "").out, format!("{host}\n"));
    assert_eq!(bench.run(&["curl", "-s", "file:///etc/hostname", "-o", "/tmp/h"], "").out, "");
    assert_eq!(bench.run(&["curl", "-s", "file:///tmp/h"], "").out, format!("{host}\n"));
    let done = bench.run(&["curl", "file:///no"], "");
    assert_eq!((done.err.as_str(), done.status), ("curl: (37) Couldn't open file /no\n", 37));
}

#[test]
fn wrong_uses_are_complained_about() {
    let help = "curl: try 'curl --help' or 'curl --manual' for more information\n";
    check(&["curl"], "", help, 2);
    check(&["curl", "-s"], "", &format!("curl: no URL specified!\n{help}"), 2);
    check(&["curl", "--nosuch"], "", &format!("curl: option --nosuch: is unknown\n{help}"), 2);
    check(&["curl", "-o"], "", &format!("curl: option -o: requires parameter\n{help}"), 2);
    check(&["curl", "--dat", "x"], "", &format!("curl: option --dat: is ambiguous\n{help}"), 2);
    check(
        &["curl", "-m", "x", "h"],
        "",
        &format!("curl: option -m: expected a proper numerical parameter\n{help}"),
        2,
    );
    check(
        &["curl", "foo://x"],
        "",
        "curl: (1) Protocol \"foo\" not supported or disabled in libcurl\n",
        1,
    );
    check(&["curl", "http://"], "", "curl: (3) URL using bad/illegal format or missing URL\n", 3);
    check(
        &["curl", "-O", "http://127.0.0.1/"],
        "",
        "curl: Remote file name has no length!\n\
         curl: (23) Failed writing received data to disk/application\n",
        23,
    );
    check(
        &["curl", "http://127.0.0.1/[a"],
        "",
        "curl: (3) bad range in URL position 19:\nhttp://127.0.0.1/[a\n                  ^\n",
        3,
    );
}

#[test]
fn it_tries_again() {
    let mut bench = Bench::new();
    let before = bench.now;
    let args = ["curl", "-sS", "--retry", "2", "--retry-connrefused", "http://127.0.0.1/"];
    let done = bench.run(&args, "");
    assert_eq!(done.err.lines().count(), 3);
    assert!(bench.now.0 - before.0 > 3_000_000_000);
}

use crate::testing::Bench;

#[test]
fn other_machines_are_not_reached() {
    let mut bench = Bench::new();
    for (args, err, status) in [
        (&["ssh", "root@198.51.100.8", "id"][..], "ssh: connect to host 198.51.100.8 port 22: No route to host\r\n", 255),
        (&["ssh", "-p", "2222", "198.51.100.8"], "Pseudo-terminal will not be allocated because stdin is not a terminal.\r\nssh: connect to host 198.51.100.8 port 2222: No route to host\r\n", 255),
        (&["ssh", "-T", "evil.example"], "ssh: Could not resolve hostname evil.example: Temporary failure in name resolution\r\n", 255),
        (&["scp", "/etc/passwd", "a@198.51.100.8:/tmp/"], "ssh: connect to host 198.51.100.8 port 22: No route to host\r\nscp: Connection closed\r\n", 255),
        (&["sftp", "198.51.100.8"], "ssh: connect to host 198.51.100.8 port 22: No route to host\r\n\rConnection closed.  \nConnection closed\r\n", 255),
        (&["ssh", "-p", "abc", "h"], "Bad port 'abc'\n", 255),
        (&["ssh", "-o", "foo", "h"], "command-line line 0: no argument after keyword \"foo\"\r\n", 255),
        (&["ssh-copy-id", "root@198.51.100.8"], "/usr/bin/ssh-copy-id: ERROR: No identities found\n", 1),
    ] {
        let done = bench.run(args, "");
        assert_eq!((done.err.as_str(), done.status), (err, status), "{args:?}");
    }
    assert!(bench.run(&["ssh"], "").err.starts_with("usage: ssh [-46AaCfGg"));
    assert!(bench.run(&["ssh", "-V"], "").err.starts_with("OpenSSH_9.2p1 Debian-2+deb12u"));
}

#[test]
fn the_machine_itself_lets_nobody_in_without_a_password() {
    let mut bench = Bench::new();
    let done = bench.run(&["ssh", "127.0.0.1", "id"], "");
    assert_eq!((done.err.as_str(), done.status), ("Host key verification failed.\r\n", 255));
    let done = bench.run(&["ssh", "-o", "StrictHostKeyChecking=no", "root@127.0.0.1", "id"], "");
    assert_eq!(
        done.err,
        "Warning: Permanently added '127.0.0.1' (ED25519) to the list of known hosts.\r\n\
         Permission denied, please try again.\r\nPermission denied, please try again.\r\n\
         root@127.0.0.1: Permission denied (publickey,password).\r\n"
    );
    bench.run(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/.ssh/id_ed25519"], "");
    assert_eq!(bench.run(&["cp", "/root/.ssh/id_ed25519.pub", "/root/.ssh/authorized_keys"], "").status, 0);
    let done = bench.run(&["ssh", "root@127.0.0.1", "echo $HOME"], "");
    assert_eq!((done.out.as_str(), done.err.as_str()), ("/root\n", ""));
}

#[test]
fn keys_are_made() {
    let mut bench = Bench::new();
    let done = bench.run(&["ssh-keygen", "-t", "ed25519", "-f", "/tmp/k", "-N", "", "-C", "a@b"], "");
    assert!(done.out.starts_with("Generating public/private ed25519 key pair.\nYour identification has been saved in /tmp/k\n"));
    assert_eq!(done.out.lines().count(), 17);
    let line = bench.run(&["ssh-keygen", "-lf", "/tmp/k"], "").out;
    assert!(line.starts_with("256 SHA256:") && line.ends_with(" a@b (ED25519)\n"), "{line}");
    assert!(bench.run(&["ssh-keygen", "-y", "-f", "/tmp/k"], "").out.starts_with("ssh-ed25519 AAAA"));
    let done = bench.run(&["ssh-keygen", "-t", "ed25519", "-f", "/tmp/k", "-N", ""], "n\n");
    assert!(done.out.ends_with("/tmp/k already exists.\nOverwrite (y/n)? "), "{}", done.out);
    let done = bench.run(&["ssh-keygen"], "\n\n\n");
    assert!(done.out.contains("Your public key has been saved in /root/.ssh/id_rsa.pub\n"), "{}", done.out);
    assert_eq!(bench.run(&["ssh-keygen", "-t", "foo"], "").err, "unknown key type foo\r\n");
}

use crate::testing::Bench;

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.run(&["useradd", "-m", "-s", "/bin/bash", "bob"], "");
    bench.run(&["useradd", "-m", "-s", "/bin/bash", "-G", "sudo", "amy"], "");
    bench.run(&["chpasswd"], "bob:newsecret99\namy:newsecret99\n");
    bench
}

#[test]
fn root_runs_everything() {
    let mut bench = bench();
    assert_eq!(bench.run(&["sudo", "-u", "bob", "sh", "-c", "echo $HOME $SUDO_USER"], "").out, "/home/bob root\n");
    assert_eq!(bench.run(&["sudo", "-i", "-u", "bob", "pwd"], "").out, "/home/bob\n");
    assert_eq!(bench.run(&["sudo", "-s", "echo", "a b"], "").out, "a b\n");
    for (args, err) in [
        (&["sudo", "nocmd"][..], "sudo: nocmd: command not found\n"),
        (&["sudo", "-u", "nox", "id"], "sudo: unknown user nox\nsudo: error initializing audit plugin sudoers_audit\n"),
        (&["sudo", "/root"], "sudo: /root: command not found\n"),
    ] {
        let done = bench.run(args, "");
        assert_eq!((done.err.as_str(), done.status), (err, 1));
    }
    assert!(bench.run(&["sudo"], "").err.starts_with("usage: sudo -h | -K | -k | -V\nusage: sudo -v"));
}

#[test]
fn others_are_asked() {
    let mut bench = bench();
    let as_amy = |bench: &mut Bench, line: &str, input: &str| {
        let done = bench.run(&["su", "amy", "-c", line], input);
        (done.out, done.err, done.status)
    };
    let (_, err, status) = as_amy(&mut bench, "sudo true", "");
    assert_eq!(err, "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n");
    assert_eq!(status, 1);
    assert_eq!(as_amy(&mut bench, "sudo -n true", "").1, "sudo: a password is required\n");
    let (out, err, _) = as_amy(&mut bench, "sudo -S sh -c 'echo $USER'", "newsecret99\n");
    assert_eq!((out.as_str(), err.as_str()), ("root\n", "[sudo] password for amy: "));
    let (_, err, _) = as_amy(&mut bench, "sudo -S true", "bad\n");
    assert_eq!(err, "[sudo] password for amy: Sorry, try again.\n[sudo] password for amy: \nsudo: no password was provided\nsudo: 1 incorrect password attempt\n");
    let done = bench.run(&["su", "bob", "-c", "sudo -S id"], "newsecret99\n");
    assert_eq!(done.err, "[sudo] password for bob: bob is not in the sudoers file.\n");
}

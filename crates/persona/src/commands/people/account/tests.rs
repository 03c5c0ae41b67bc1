use crate::commands::people::tests::{lines, tail};
use crate::testing::Bench;

#[test]
fn users_are_added() {
    let mut bench = Bench::new();
    let args = ["useradd", "-u", "0", "-g", "0", "-o", "-d", "/", "suhelper", "-p", "$1$abc$def"];
    let done = bench.run(&args, "");
    let text =
        "useradd warning: suhelper's uid 0 outside of the UID_MIN 1000 and UID_MAX 60000 range.\n";
    assert_eq!((done.err.as_str(), done.status), (text, 0));
    assert_eq!(tail(&mut bench, "/etc/passwd"), "suhelper:x:0:0::/:/bin/sh");
    assert_eq!(tail(&mut bench, "/etc/shadow"), "suhelper:$1$abc$def:20779:0:99999:7:::");
    assert_eq!(
        bench.run(&["useradd", "bob", "-m", "-s", "/bin/zsh", "-G", "sudo"], "").err,
        "useradd: Warning: missing or non-executable shell '/bin/zsh'\n"
    );
    assert_eq!(tail(&mut bench, "/etc/passwd"), "bob:x:1001:1001::/home/bob:/bin/zsh");
    assert_eq!(tail(&mut bench, "/etc/group"), "bob:x:1001:");
    assert!(lines(&mut bench, "/etc/group", "sudo:").ends_with(",bob"));
    bench.world.with(|world| assert!(world.files.node(b"/home/bob").is_ok()));
    for (args, text, status) in [
        (&["useradd", "bob"][..], "useradd: user 'bob' already exists\n", 9),
        (&["useradd", "-u", "0", "x"], "useradd: UID 0 is not unique\n", 4),
        (&["useradd", "-g", "no", "x"], "useradd: group 'no' does not exist\n", 6),
        (&["useradd", "-u", "abc", "x"], "useradd: invalid user ID 'abc'\n", 3),
        (&["useradd", "-d", "rel", "x"], "useradd: invalid home directory 'rel'\n", 3),
        (&["useradd", "a:b"], "useradd: invalid user name 'a:b': use --badname to ignore\n", 3),
    ] {
        let done = bench.run(args, "");
        assert_eq!((done.err.as_str(), done.status), (text, status));
    }
    let done = bench.run(&["useradd", "-z"], "");
    assert!(
        done.err.starts_with("useradd: invalid option -- 'z'\nUsage: useradd [options] LOGIN\n")
    );
    assert_eq!(done.status, 2);
}

#[test]
fn users_are_removed() {
    let mut bench = Bench::new();
    bench.run(&["useradd", "-m", "bob"], "");
    bench.run(&["useradd", "-m", "amy"], "");
    assert_eq!(bench.run(&["userdel", "bob"], ""), crate::testing::Done::default());
    let done = bench.run(&["userdel", "-r", "amy"], "");
    assert_eq!(
        (done.err.as_str(), done.status),
        ("userdel: amy mail spool (/var/mail/amy) not found\n", 0)
    );
    bench.world.with(|world| {
        assert!(world.files.node(b"/home/bob").is_ok());
        assert!(world.files.node(b"/home/amy").is_err());
    });
    assert_eq!(lines(&mut bench, "/etc/group", "bob"), "");
    let done = bench.run(&["userdel", "bob"], "");
    assert_eq!((done.err.as_str(), done.status), ("userdel: user 'bob' does not exist\n", 6));
    assert_eq!(bench.run(&["userdel", "root"], "").status, 8);
}

#[test]
fn users_are_changed() {
    let mut bench = Bench::new();
    bench.run(&["useradd", "-m", "bob"], "");
    bench.run(&["usermod", "-aG", "sudo,adm", "-s", "/bin/bash", "-c", "hey", "bob"], "");
    assert_eq!(tail(&mut bench, "/etc/passwd"), "bob:x:1001:1001:hey:/home/bob:/bin/bash");
    assert_eq!(lines(&mut bench, "/etc/group", "adm:"), "adm:x:4:bob");
    bench.run(&["usermod", "-p", "abc", "-e", "1", "bob"], "");
    bench.run(&["usermod", "-L", "bob"], "");
    assert_eq!(tail(&mut bench, "/etc/shadow"), "bob:!abc:20779:0:99999:7::1:");
    bench.run(&["usermod", "-l", "rob", "-u", "0", "-o", "-d", "/opt/x", "-m", "bob"], "");
    assert_eq!(tail(&mut bench, "/etc/passwd"), "rob:x:0:1001:hey:/opt/x:/bin/bash");
    assert_eq!(lines(&mut bench, "/etc/group", "adm:"), "adm:x:4:rob");
    bench.world.with(|world| assert_eq!(world.files.node(b"/opt/x").map(|node| node.uid), Ok(0)));
    assert_eq!(bench.run(&["usermod", "no"], "").err, "usermod: user 'no' does not exist\n");
}

#[test]
fn groups_are_changed() {
    let mut bench = Bench::new();
    for (args, out, err, status) in [
        (&["groupadd", "g1"][..], "", "", 0),
        (&["groupadd", "g1"], "", "groupadd: group 'g1' already exists\n", 9),
        (&["groupadd", "-g", "5", "g2"], "", "groupadd: GID '5' already exists\n", 4),
        (&["groupadd", "a b"], "", "groupadd: 'a b' is not a valid group name\n", 3),
        (&["gpasswd", "-a", "root", "g1"], "Adding user root to group g1\n", "", 0),
        (&["gpasswd", "-d", "root", "g1"], "Removing user root from group g1\n", "", 0),
        (
            &["gpasswd", "-a", "root", "no"],
            "",
            "gpasswd: group 'no' does not exist in /etc/group\n",
            3,
        ),
        (&["groupmod", "-n", "g9", "g1"], "", "", 0),
        (&["groupdel", "g9"], "", "", 0),
        (&["groupdel", "g9"], "", "groupdel: group 'g9' does not exist\n", 6),
    ] {
        let done = bench.run(args, "");
        assert_eq!((done.out.as_str(), done.err.as_str(), done.status), (out, err, status));
    }
}

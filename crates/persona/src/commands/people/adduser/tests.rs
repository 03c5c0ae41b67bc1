use crate::commands::people::tests::{lines, tail};
use crate::testing::Bench;

#[test]
fn people_are_added() {
    let mut bench = Bench::new();
    let done = bench.run(&["adduser", "--disabled-password", "--gecos", "", "joe"], "");
    assert_eq!(
        done.out,
        "Adding user `joe' ...\nAdding new group `joe' (1001) ...\n\
         Adding new user `joe' (1001) with group `joe (1001)' ...\n\
         Creating home directory `/home/joe' ...\nCopying files from `/etc/skel' ...\n\
         Adding new user `joe' to supplemental / extra groups `users' ...\n\
         Adding user `joe' to group `users' ...\n"
    );
    assert_eq!(tail(&mut bench, "/etc/passwd"), "joe:x:1001:1001:,,,:/home/joe:/bin/bash");
    assert!(lines(&mut bench, "/etc/group", "users:").ends_with("joe"));
    let done = bench.run(&["adduser", "al"], "pw1\npw1\nFull\n1\n\n\n\ny\n");
    assert_eq!(done.err, "New password: Retype new password: passwd: password updated successfully\n");
    assert!(done.out.contains("\tFull Name []: \tRoom Number []: "), "{}", done.out);
    assert_eq!(tail(&mut bench, "/etc/passwd"), "al:x:1002:1002:Full,1,,:/home/al:/bin/bash");
    let done = bench.run(&["adduser", "--system", "svc"], "");
    assert_eq!(done.out.lines().count(), 3, "{}", done.out);
    for (args, err, status) in [
        (&["adduser", "joe"][..], "adduser: The user `joe' already exists.\n", 1),
        (&["adduser"], "adduser: Only one or two names allowed.\n", 1),
        (&["adduser", "joe", "nogr"], "adduser: The group `nogr' does not exist.\n", 1),
        (&["adduser", "--uid", "0", "rr"], "adduser: The UID 0 is already in use.\n", 1),
        (&["adduser", "--badopt", "x"], "Unknown option: badopt\n", 1),
    ] {
        let done = bench.run(args, "");
        assert_eq!((done.err.as_str(), done.status), (err, status));
    }
    assert_eq!(bench.run(&["adduser", "joe", "sudo"], "").out, "Adding user `joe' to group `sudo' ...\nDone.\n");
}

#[test]
fn people_are_removed() {
    let mut bench = Bench::new();
    bench.run(&["adduser", "--disabled-password", "--gecos", "", "joe"], "");
    let done = bench.run(&["deluser", "--remove-home", "joe"], "");
    assert_eq!(
        done.out,
        "Looking for files to backup/remove ...\nRemoving files ...\nRemoving user `joe' ...\nDone.\n"
    );
    assert_eq!(lines(&mut bench, "/etc/group", "joe:"), "");
    let done = bench.run(&["deluser", "joe"], "");
    assert_eq!((done.err.as_str(), done.status), ("deluser: The user `joe' does not exist.\n", 2));
    assert_eq!(bench.run(&["deluser", "root"], "").status, 9);
}

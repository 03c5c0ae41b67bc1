//! What the real programs print, taken from Debian 12.

use super::{folder_of, human, last_part, with_unit};
use crate::testing::Bench;

/// Runs lines of words; each must print that.
fn check(bench: &mut Bench, line: &str, out: &str, err: &str, status: u32) {
    let args: Vec<&str> = line.split(' ').collect();
    let done = bench.run(&args, "");
    assert_eq!((done.out.as_str(), done.err.as_str(), done.status), (out, err, status), "{line}");
}

fn prepare(bench: &mut Bench, lines: &[&str]) {
    for line in lines {
        check(bench, line, "", "", 0);
    }
}

#[test]
fn what_cannot_be_done_is_said_as_debian_says_it() {
    let mut bench = Bench::new();
    prepare(&mut bench, &["mkdir d x", "touch a f"]);
    let help = |name: &str| format!("Try '{name} --help' for more information.\n");
    for (line, err, status) in [
        ("ls nosuch", "ls: cannot access 'nosuch': No such file or directory\n", 2),
        ("mkdir a", "mkdir: cannot create directory 'a': File exists\n", 1),
        ("mkdir q/w", "mkdir: cannot create directory 'q/w': No such file or directory\n", 1),
        ("mkdir /proc/x", "mkdir: cannot create directory '/proc/x': No such file or directory\n", 1),
        ("touch /sys/x", "touch: cannot touch '/sys/x': Permission denied\n", 1),
        ("rmdir a", "rmdir: failed to remove 'a': Not a directory\n", 1),
        ("rm d", "rm: cannot remove 'd': Is a directory\n", 1),
        ("rm nosuch", "rm: cannot remove 'nosuch': No such file or directory\n", 1),
        ("cp d y", "cp: -r not specified; omitting directory 'd'\n", 1),
        ("mv x x/y", "mv: cannot move 'x' to a subdirectory of itself, 'x/y'\n", 1),
        ("cp -r x x/y", "cp: cannot copy a directory, 'x', into itself, 'x/y'\n", 1),
        ("cp a a", "cp: 'a' and 'a' are the same file\n", 1),
        ("mv f nodir/", "mv: cannot move 'f' to 'nodir/': Not a directory\n", 1),
        ("cp a f nodir", "cp: target 'nodir': No such file or directory\n", 1),
        ("ln x z", "ln: x: hard link not allowed for directory\n", 1),
        ("ln -s q f", "ln: failed to create symbolic link 'f': File exists\n", 1),
        ("chmod 755 nofile", "chmod: cannot access 'nofile': No such file or directory\n", 1),
        ("chown nosuch a", "chown: invalid user: 'nosuch'\n", 1),
        ("stat nosuch", "stat: cannot statx 'nosuch': No such file or directory\n", 1),
        ("find nosuch", "find: 'nosuch': No such file or directory\n", 1),
        ("find d -foo", "find: unknown predicate `-foo'\n", 1),
        ("find d -name", "find: missing argument to `-name'\n", 1),
        ("dd if=nofile", "dd: failed to open 'nofile': No such file or directory\n", 1),
        ("umount /", "umount: /: target is busy.\n", 32),
        ("gzip nosuch", "gzip: nosuch: No such file or directory\n", 1),
        ("chattr +i nofile", "chattr: No such file or directory while trying to stat nofile\n", 1),
    ] {
        check(&mut bench, line, "", err, status);
    }
    check(&mut bench, "cp a", "", &format!("cp: missing destination file operand after 'a'\n{}", help("cp")), 1);
    check(&mut bench, "rm", "", &format!("rm: missing operand\n{}", help("rm")), 1);
    check(&mut bench, "ls -z", "", &format!("ls: invalid option -- 'z'\n{}", help("ls")), 2);
}

#[test]
fn what_is_made_is_shown() {
    let mut bench = Bench::new();
    prepare(&mut bench, &[
        "mkdir -p d/e",
        "touch -d 2024-01-01 d/a d/b",
        "chmod 4755 d/a",
        "ln d/b d/h",
        "ln -s a d/l",
        "touch -h -d 2024-01-01 d/l",
        "touch -d 2024-01-01 d/e",
    ]);
    let list = "total 4\n-rwsr-xr-x 1 root root    0 Jan  1  2024 a\n\
-rw-r--r-- 2 root root    0 Jan  1  2024 b\ndrwxr-xr-x 2 root root 4096 Jan  1  2024 e\n\
-rw-r--r-- 2 root root    0 Jan  1  2024 h\nlrwxrwxrwx 1 root root    1 Jan  1  2024 l -> a\n";
    check(&mut bench, "ls -l d", list, "", 0);
    check(&mut bench, "ls -F d", "a*\nb\ne/\nh\nl@\n", "", 0);
    check(&mut bench, "ls -C d", "a  b  e  h  l\n", "", 0);
    check(&mut bench, "find d -perm -4000", "d/a\n", "", 0);
    check(&mut bench, "find d -type l -printf %p=%l,%s\\n", "d/l=a,1\n", "", 0);
    check(&mut bench, "stat -c %a,%h,%F,%y d/h", "644,2,regular empty file,2024-01-01 00:00:00.000000000 +0000\n", "", 0);
    check(&mut bench, "cp -av d/e n", "'d/e' -> 'n'\n", "", 0);
    check(&mut bench, "mv -v n m", "renamed 'n' -> 'm'\n", "", 0);
    check(&mut bench, "rm -rv m", "removed directory 'm'\n", "", 0);
    check(&mut bench, "readlink -f d/l", "/root/d/a\n", "", 0);
    check(&mut bench, "basename /a/b.c .c", "b\n", "", 0);
}

#[test]
fn what_must_not_be_changed_stays() {
    let mut bench = Bench::new();
    prepare(&mut bench, &["touch /tmp/a", "chattr +i /tmp/a"]);
    check(&mut bench, "lsattr /tmp/a", "----i---------e------- /tmp/a\n", "", 0);
    let err = "rm: cannot remove '/tmp/a': Operation not permitted\n";
    check(&mut bench, "rm -f /tmp/a", "", err, 1);
    prepare(&mut bench, &["chattr -ia /tmp/a", "rm /tmp/a"]);
}

#[test]
fn archives_come_out_as_they_went_in() {
    let mut bench = Bench::new();
    prepare(&mut bench, &["mkdir -p d/e o", "cp /etc/passwd d/e/b", "ln -s e/b d/l"]);
    check(&mut bench, "tar czf x.tgz d/e d/l", "", "", 0);
    check(&mut bench, "tar tf x.tgz", "d/e/\nd/e/b\nd/l\n", "", 0);
    check(&mut bench, "tar xzvf x.tgz -C o", "d/e/\nd/e/b\nd/l\n", "", 0);
    let size = bench.run(&["stat", "-c", "%s", "/etc/passwd"], "").out;
    check(&mut bench, "stat -L -c %s o/d/l", &size, "", 0);
    prepare(&mut bench, &["gzip o/d/e/b", "gunzip o/d/e/b.gz"]);
    check(&mut bench, "stat -c %s o/d/e/b", &size, "", 0);
    let err = "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n";
    check(&mut bench, "tar tf d/e/b", "", err, 2);
}

#[test]
fn a_copied_program_runs() {
    let mut bench = Bench::new();
    prepare(&mut bench, &["cp /bin/true /dev/shm/.x", "/dev/shm/.x"]);
    let done = bench.run(&["dd", "bs=4", "count=1", "if=/dev/shm/.x"], "");
    assert_eq!(done.out, "\u{7f}ELF");
    assert!(done.err.starts_with("1+0 records in\n1+0 records out\n4 bytes copied, "), "{}", done.err);
    prepare(&mut bench, &["truncate -s 10 /dev/shm/.x"]);
    check(&mut bench, "stat -c %s /dev/shm/.x", "10\n", "", 0);
}

#[test]
fn hostile_command_lines_end() {
    let mut bench = Bench::new();
    let nested: Vec<&str> =
        std::iter::once("find").chain(std::iter::repeat_n("(", 5_000)).collect();
    assert_eq!(bench.run(&nested, "").status, 1);
    let nots: Vec<&str> = std::iter::once("find").chain(std::iter::repeat_n("!", 5_000)).collect();
    assert_eq!(bench.run(&nots, "").status, 1);
    let long = "x".repeat(300);
    let done = bench.run(&["mkdir", &long], "");
    assert!(done.err.ends_with(": File name too long\n"), "{}", done.err);
    assert_eq!(bench.run(&["dd", "if=/dev/zero", "of=/dev/null", "bs=1G", "count=1"], "").status, 1);
    assert_eq!(bench.run(&["truncate", "-s", "100P", "t"], "").status, 1);
    assert_eq!(bench.run(&["ls", "-w", "99999999999999999999"], "").status, 2);
}

#[test]
fn sizes_are_rounded_up() {
    for (size, text) in
        [(999, "999"), (4_096, "4.0K"), (1_265_648, "1.3M"), (10_240, "10K"), (1_023_999, "1000K")]
    {
        assert_eq!(human(size, 1_024), text);
    }
    assert_eq!(human(1_500, 1_000), "1.5k");
    assert_eq!(with_unit(b"10k", false), Some(10_240));
    assert_eq!(with_unit(b"1MB", false), Some(1_000_000));
    assert_eq!(with_unit(b"x", false), None);
}

#[test]
fn paths_are_taken_apart() {
    for (path, last, folder) in [
        ("/usr/bin/x", "x", "/usr/bin"),
        ("x", "x", "."),
        ("x/", "x", "."),
        ("/", "/", "/"),
        ("//", "/", "/"),
        ("/x", "x", "/"),
        ("a//b", "b", "a"),
    ] {
        let parts = (last_part(path.as_bytes()), folder_of(path.as_bytes()));
        assert_eq!(parts, (last.as_bytes(), folder.as_bytes()), "{path}");
    }
}

//! What commands answer.

use crate::session::{NOW, Session, machine, output};
use decnet_core::event::{Anomaly, Timestamp};
use decnet_persona::Step;

#[test]
fn a_login_shows_kernel_legal_text_and_prompt() {
    let session = Session::shell("root", Some(80));
    let machine = machine();
    let shown = output(&session.steps);
    assert!(shown.starts_with(&format!("Linux {} {} #1 SMP", machine.hostname, machine.kernel)));
    assert!(shown.contains("Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY"));
    assert!(shown.ends_with(&format!("\r\n\x1b[?2004hroot@{}:~# ", machine.hostname)));
    assert_eq!(session.steps.last(), Some(&Step::Prompt));
}

#[test]
fn one_read_gives_steps_in_order() {
    let mut session = Session::shell("root", Some(80));
    let steps = session.send(b"echo hi\rfalse\r");
    let prompt = format!("\x1b[?2004hroot@{}:~# ", machine().hostname);
    let expected = [
        Step::Input(b"echo hi\r".to_vec()),
        Step::Output(b"echo hi\r\n\x1b[?2004l\r".to_vec()),
        Step::Command(b"echo hi".to_vec()),
        Step::Output(b"hi\r\n".to_vec()),
        Step::CommandDone(0),
        Step::Output(prompt.clone().into_bytes()),
        Step::Prompt,
        Step::Input(b"false\r".to_vec()),
        Step::Output(b"false\r\n\x1b[?2004l\r".to_vec()),
        Step::Command(b"false".to_vec()),
        Step::CommandDone(1),
        Step::Output(prompt.into_bytes()),
        Step::Prompt,
    ];
    assert_eq!(steps, expected);
}

#[test]
fn exec_runs_one_line_and_ends() {
    let check = |command: &str, out: &str, err: &str, status: u32| {
        let mut session = Session::exec("root", command);
        session.end();
        let take = |want_error: bool| {
            let picked: Vec<Step> = session
                .steps
                .iter()
                .filter(|step| matches!(step, Step::ErrorOutput(_)) == want_error)
                .cloned()
                .collect();
            output(&picked)
        };
        assert_eq!((take(false).as_str(), take(true).as_str()), (out, err), "{command}");
        assert_eq!(session.steps[0], Step::Command(command.into()), "{command}");
        assert_eq!(session.steps.last(), Some(&Step::Exit(status)), "{command}");
    };
    check("echo a; echo b", "a\nb\n", "", 0);
    check("foo", "", "bash: line 1: foo: command not found\n", 127);
    check("true && echo yes || echo no", "yes\n", "", 0);
    check("false && echo yes || echo no", "no\n", "", 0);
    check("! true; echo $?", "1\n", "", 0);
    check("exit 7", "", "", 7);
    check("echo $(echo $(echo deep))", "deep\n", "", 0);
    check("A=5; echo \"$A\" '$A' $A$A \\$A", "5 $A 55 $A\n", "", 0);
    check("echo a b   c|wc -w", "3\n", "", 0);
    check("echo x >/tmp/f; echo y >>/tmp/f; cat /tmp/f; wc -l /tmp/f", "x\ny\n2 /tmp/f\n", "", 0);
    check("cat /nothere", "", "cat: /nothere: No such file or directory\n", 1);
    check("rm /nothere", "", "rm: cannot remove '/nothere': No such file or directory\n", 1);
    check("foo 2>/dev/null || echo failed", "failed\n", "", 0);
    check("foo 2>&1 | wc -l", "1\n", "", 0);
    check("cd /nothere", "", "bash: line 1: cd: /nothere: No such file or directory\n", 1);
    check("cd /tmp && pwd && cd - && pwd", "/tmp\n/root\n/root\n", "", 0);
    check("whoami;id", "root\nuid=0(root) gid=0(root) groups=0(root)\n", "", 0);
    check("id nobody", "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n", "", 0);
    check("uname -p; uname -i; uname -o", "unknown\nunknown\nGNU/Linux\n", "", 0);
    check(
        "type cd; command -v ls; which ls",
        "cd is a shell builtin\n/usr/bin/ls\n/usr/bin/ls\n",
        "",
        0,
    );
    check("printf '%s-%03d\\n' a 7 b 8", "a-007\nb-008\n", "", 0);
    check("echo -e 'a\\tb\\x41\\041'; echo -n c", "a\tbA!\nc", "", 0);
    check("head -c 4 /bin/ls | wc -c", "4\n", "", 0);
    check("head -n 1 /etc/passwd", "root:x:0:0:root:/root:/bin/bash\n", "", 0);
    check("(cd /tmp; pwd); pwd", "/tmp\n/root\n", "", 0);
    check("bash -c 'echo $0 $UID'", "bash 0\n", "", 0);
    check("touch /tmp/a /tmp/b; ls /tmp; rm /tmp/a; ls /tmp/*", "a\nb\n/tmp/b\n", "", 0);
    check("mkdir -p /tmp/x/y && mv /tmp/x /tmp/z && ls -d /tmp/z/y", "/tmp/z/y\n", "", 0);
    check("cp /etc/hostname /tmp/h && cmp", "", "bash: line 1: cmp: command not found\n", 127);
    check("echo ~ $HOME ${NONE:-x} $SSH_CLIENT", "/root /root x 192.0.2.7 50022 22\n", "", 0);
    check("echo 'open", "", "bash: -c: line 1: unexpected EOF while looking for matching `''\n", 2);
    check("echo a ;; b", "", "bash: -c: line 1: syntax error near unexpected token `;'\n", 2);
    check("[ -f /etc/passwd ] && echo there", "there\n", "", 0);
    check("sudo id -u; su -c whoami", "0\nroot\n", "", 0);
    check(
        "echo 'a\nb'|passwd",
        "",
        "New password: Retype new password: Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n",
        10,
    );
    check("tty", "not a tty\n", "", 1);
    check("wc -c < /bin/ls", "151344\n", "", 0);
}

#[test]
fn standard_input_of_an_exec_is_a_pipe() {
    let mut session = Session::exec("root", "cat > /tmp/x; wc -c /tmp/x; cat");
    session.send(b"hello\n");
    let steps = session.end();
    assert_eq!(output(&steps), "6 /tmp/x\n");
    assert_eq!(steps.last(), Some(&Step::Exit(0)));
}

#[test]
fn a_shell_on_a_pipe_has_no_prompt_and_no_echo() {
    let mut session = Session::shell("root", None);
    let steps = session.send(b"echo one\necho 'two\nthree'\nfoo\nwhoami");
    assert_eq!(output(&steps), "one\ntwo\nthree\nbash: line 4: foo: command not found\n");
    assert!(!steps.contains(&Step::Prompt));
    let steps = session.end();
    assert_eq!(output(&steps), "root\n");
    assert_eq!(steps.last(), Some(&Step::Exit(0)));
}

#[test]
fn facts_agree() {
    let mut session = Session::shell("root", Some(80));
    let machine = machine();
    let cpus = machine.cpus.to_string();
    assert_eq!(session.run("nproc"), format!("{cpus}\n"));
    let cpuinfo = session.run("cat /proc/cpuinfo");
    assert_eq!(cpuinfo.matches("processor\t").count().to_string(), cpus);
    assert!(session.run("free").contains(&machine.memory_kib.to_string()));
    assert!(session.run("cat /proc/meminfo").contains(&machine.memory_kib.to_string()));
    assert_eq!(session.run("uname -n"), session.run("cat /etc/hostname"));
    assert_eq!(session.run("echo $HOSTNAME"), session.run("hostname"));
    assert!(session.run("uname -a").contains(&session.run("uname -r").trim().to_owned()));
    assert!(session.run("w").contains("192.0.2.7"));
    assert_eq!(session.run("date +%s"), format!("{}\n", NOW.0 / 1_000_000_000));
    assert_eq!(session.run("date"), "Sun Nov 22 04:35:52 AM UTC 2026\n");
}

#[test]
fn sleeping_takes_time_and_can_be_interrupted() {
    let mut session = Session::shell("root", Some(80));
    let steps = session.send(b"sleep 5\r");
    assert!(steps.contains(&Step::WakeAt(Timestamp(NOW.0 + 5_000_000_000))), "{steps:?}");
    let steps = session.send(b"echo x\x7fhi\rpw");
    assert_eq!(output(&steps), "echo x\x08 \x08hi\r\npw");
    let steps = session.after(5);
    assert!(steps.contains(&Step::Command(b"echo hi".to_vec())), "{steps:?}");
    assert!(output(&steps).ends_with("# pw"));
    session.send(b"\x15sleep 100; echo never\r");
    let steps = session.send(b"\x03");
    assert!(output(&steps).starts_with("^C\r\n\x1b[?2004h"), "{:?}", output(&steps));
    assert!(steps.contains(&Step::CommandDone(130)));
    assert_eq!(session.run("echo $?"), "130\n");
}

#[test]
fn programs_read_whole_lines_from_the_terminal() {
    let mut session = Session::shell("root", Some(80));
    let steps = session.send(b"cat\rab\x7fc\r\x04echo $?\r");
    assert!(output(&steps).contains("\x1b[?2004l\rab\x08 \x08c\r\nac\r\n\x1b[?2004h"));
    assert!(output(&steps).contains("\r0\r\n"), "{:?}", output(&steps));
}

#[test]
fn passwords_are_counted_and_gone() {
    let mut session = Session::shell("alice", Some(80));
    let steps = session.send(b"sudo -S id\rs\xc3\xa4cret\x1b[A\rwhoami\r");
    assert!(output(&steps).contains("[sudo] password for alice: \r\nuid=0(root)"), "{steps:?}");
    let at = steps.iter().position(|step| matches!(step, Step::HiddenInput(_))).unwrap();
    assert_eq!(steps[at], Step::HiddenInput(8));
    assert!(output(&steps).contains("\r\nalice\r\n") || output(&steps).contains("\ralice\r\n"));
    let steps = session.send(b"su\rtoor\r");
    assert!(steps.contains(&Step::HiddenInput(5)));
    let steps = session.after(3);
    assert!(output(&steps).starts_with("su: Authentication failure\r\n"), "{steps:?}");
    assert!(steps.contains(&Step::CommandDone(1)));

    let mut session = Session::shell("root", Some(80));
    let steps = session.send(b"passwd\rnew1\rnew1\r");
    let text =
        "New password: \r\nRetype new password: \r\npasswd: password updated successfully\r\n";
    assert!(output(&steps).contains(text), "{:?}", output(&steps));
    let steps = session.send(b"su - nobodyhere\r");
    assert!(output(&steps).contains("su: user nobodyhere does not exist"));
}

#[test]
fn shells_nest_and_end_one_by_one() {
    let mut session = Session::shell("alice", Some(80));
    let steps = session.send(b"sudo su -\rpw\rwhoami; pwd\rexit\rwhoami\r\x04");
    let shown = output(&steps);
    assert!(shown.contains("root\r\n/root\r\n"), "{shown:?}");
    assert!(shown.contains("logout\r\n"));
    assert!(shown.contains("\ralice\r\n"));
    assert_eq!(steps.last(), Some(&Step::Exit(0)));
}

#[test]
fn limits_hold() {
    let mut session = Session::shell("root", Some(80));
    let steps = session.send(&[b'a'; 5_000]);
    let said = steps.iter().filter(|s| matches!(s, Step::Anomaly(Anomaly::LineTooLong, _)));
    assert_eq!(said.count(), 1);
    session.send(b"\x03");
    session.send(b"A=aaaaaaaaaaaaaaaa\r");
    for _ in 0..40 {
        session.send(b"A=$A$A\r");
    }
    assert!(session.run("echo $A | wc -c").len() < 10);
    session.run("cat /dev/zero > /tmp/z; cat /dev/zero > /tmp/y");
    let text = session.run("mkdir -p /tmp/q; touch /tmp/q/a; ls /tmp/q");
    assert!(!text.contains("panicked"), "{text}");
    let nested = format!("{}id{}", "$(".repeat(60), ")".repeat(60));
    session.run(&format!("echo {nested}"));
    assert_eq!(session.run(&"command ".repeat(500)), "");
}

#[test]
fn listings_read_as_gnu_ls_writes_them() {
    let mut session = Session::shell("root", Some(80));
    session.run("mkdir /tmp/d; echo hello > /tmp/d/b.txt; touch /tmp/d/.h; mkdir /tmp/d/A");
    assert_eq!(session.run("ls /tmp/d"), "A  b.txt\n");
    let date = |text: &str| {
        let fields: Vec<&str> = text.split_whitespace().collect();
        format!("{} {:>2}  {}", fields[5], fields[6], fields[7])
    };
    let parent = date(&session.run("ls -ld /tmp"));
    assert_eq!(
        session.run("ls -la /tmp/d"),
        format!(
            "total 16\n\
             drwxr-xr-x 3 root root 4096 Nov 22 04:35 .\n\
             drwxrwxrwt 3 root root 4096 {parent} ..\n\
             drwxr-xr-x 2 root root 4096 Nov 22 04:35 A\n\
             -rw-r--r-- 1 root root    6 Nov 22 04:35 b.txt\n\
             -rw-r--r-- 1 root root    0 Nov 22 04:35 .h\n"
        )
    );
    assert!(session.run("ls /").starts_with("bin   "));
    let link = session.run("ls -l /bin");
    assert!(link.starts_with("lrwxrwxrwx 1 root root 7 ") && link.ends_with(" /bin -> usr/bin\n"));
}

#[test]
fn a_large_upload_has_its_size() {
    let check = |command: &str, expected: &str| {
        let mut session = Session::exec("root", command);
        for _ in 0..96 {
            session.send(&[b'\xfe'; 32_768]);
        }
        session.end();
        assert_eq!(output(&session.steps), expected, "{command}");
    };
    check("cat > /tmp/x; wc -c /tmp/x", "3145728 /tmp/x\n");
    check("wc -c", "3145728\n");
}

#[test]
fn a_pipe_gives_back_all_that_it_got() {
    let mut session = Session::exec("root", "cat");
    for _ in 0..96 {
        session.send(&[b'x'; 32_768]);
    }
    assert_eq!(output(&session.steps).len(), 96 * 32_768);
}

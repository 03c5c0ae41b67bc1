//! Bytes in, bytes out: recorded from bash 5.2.15 on a terminal, TERM=xterm, on Debian 12.

use crate::session::{Session, output};

/// The prompt of root at home.
fn prompt() -> String {
    format!("root@{}:~# ", crate::session::machine().hostname)
}

/// Keys one after another, each with what it must write. The expected bytes were recorded with the
/// prompt `$ `; movements from the line's begin differ with the prompt, so a prompt of two columns
/// is made by `>` continuation where that matters.
fn check(cols: u32, keys: &[(&[u8], &str)]) {
    let mut session = Session::shell("root", Some(cols));
    // An open quote gives the prompt `> `, as wide as the recorded one.
    session.send(b"'\r");
    for (index, (key, expected)) in keys.iter().enumerate() {
        let got = output(&session.send(key));
        assert_eq!(got, *expected, "key {index} {key:?} of {}", keys.len());
    }
}

const UP: &[u8] = b"\x1b[A";
const LEFT: &[u8] = b"\x1b[D";
const RIGHT: &[u8] = b"\x1b[C";

fn forward(count: usize) -> String {
    "\x1b[C".repeat(count)
}

fn type_in<'a>(text: &'a str, then: &[(&'a [u8], &'a str)]) -> Vec<(&'a [u8], &'a str)> {
    let mut keys: Vec<(&[u8], &str)> =
        (0..text.len()).map(|at| (&text.as_bytes()[at..=at], &text[at..=at])).collect();
    keys.extend_from_slice(then);
    keys
}

#[test]
fn erasing_at_the_end() {
    check(
        80,
        &type_in(
            "abc",
            &[
                (b"\x7f", "\x08\x1b[K"),
                (b"\x08", "\x08\x1b[K"),
                (b"\x15", "\x08\x1b[K"),
                (b"\x7f", "\x07"),
                (b"\x15", "\x07"),
                (b"\x17", "\x07"),
                (b"\x0b", ""),
                (b"\x01", ""),
                (LEFT, "\x07"),
                (RIGHT, "\x07"),
            ],
        ),
    );
}

#[test]
fn killing_and_yanking() {
    let home = format!("\r{}\x1b[K", forward(2));
    check(
        80,
        &type_in(
            "foo bar baz",
            &[
                (b"\x17", "\x08\x08\x08\x1b[K"),
                (b"\x15", &home),
                (b"\x19", "foo bar baz"),
                (b"\x17", "\x08\x08\x08\x1b[K"),
                (b"\x17", "\x08\x08\x08\x08\x1b[K"),
                (b"\x17", &home),
                (b"\x17", "\x07"),
            ],
        ),
    );
}

#[test]
fn inserting_and_deleting_inside_the_line() {
    let home = format!("\r{}", forward(2));
    check(
        80,
        &type_in(
            "hello world",
            &[
                (LEFT, "\x08"),
                (LEFT, "\x08"),
                (LEFT, "\x08"),
                (b"X", "Xrld\x08\x08\x08"),
                (b"Y", "Yrld\x08\x08\x08"),
                (b"\x7f", "\x08\x1b[1Prld\x08\x08\x08"),
                (b"\x01", &home),
                (b"z", "\x1b[1@z"),
                (b"\x0b", "\x1b[K"),
                (b"\x19", "hello woXrld"),
                (b"\x05", ""),
            ],
        ),
    );
    let delete = format!("\r{}\x1b[4Porld\r{}", forward(2), forward(2));
    check(
        80,
        &type_in(
            "hello world",
            &[
                (LEFT, "\x08"),
                (LEFT, "\x08"),
                (LEFT, "\x08"),
                (LEFT, "\x08"),
                (LEFT, "\x08"),
                (b"\x7f", "\x08\x1b[1Pworld\x08\x08\x08\x08\x08"),
                (b"\x7f", "\x08\x1b[1Pworld\x08\x08\x08\x08\x08"),
                (b"\x04", "\x1b[1Porld\x08\x08\x08\x08"),
                (b"\x17", &delete),
                (b"\x15", "\x07"),
            ],
        ),
    );
}

#[test]
fn moving() {
    let (home, end) = (format!("\r{}", forward(2)), forward(15));
    let end_less_two = forward(13);
    check(
        80,
        &type_in(
            "hello world foo",
            &[
                (b"\x01", &home),
                (b"\x05", &end),
                (b"\x1b[H", &home),
                (b"\x1b[F", &end),
                (b"\x1bOH", &home),
                (b"\x1bOF", &end),
                (b"\x02", "\x08"),
                (b"\x06", "\x1b[C"),
                (b"\x1bb", "\x08\x08\x08"),
                (b"\x1bf", "\x1b[C\x1b[C\x1b[C"),
                (b"\x1b[1~", &home),
                (b"\x04", "\x1b[1P"),
                (b"\x1b[3~", "\x1b[1P"),
                (b"\x1b[4~", &end_less_two),
                (b"\x04", "\x07"),
                (b"\x1b[3~", "\x07"),
                (b"\x1bb", "\x08\x08\x08"),
                (b"\x1bd", "\x1b[K"),
                (b"\x14", "\x08\x08 d"),
            ],
        ),
    );
}

#[test]
fn characters_of_more_than_one_byte() {
    check(
        80,
        &[
            (b"a", "a"),
            ("ä".as_bytes(), "ä"),
            ("日".as_bytes(), "日"),
            ("é".as_bytes(), "é"),
            (b"\x7f", "\x08\x1b[K"),
            (LEFT, "\x08\x08"),
            (b"\x7f", "\x08\x1b[1P日\x08\x08"),
            (b"x", "x日\x08\x08"),
        ],
    );
}

#[test]
fn rows_that_are_full() {
    let up = format!("\x1b[A{}\x1b[K\r\n\r\x1b[K\x1b[A{}", forward(19), forward(19));
    let mut keys = type_in(
        "aaaaaaaaaaaaaaaaa",
        &[
            (b"b", "b \r"),
            (b"c", "c"),
            (b"d", "d"),
            (b"\x7f", "\x08\x1b[K"),
            (b"\x7f", "\r\x1b[K"),
            (b"\x7f", &up),
            (b"\x7f", "\x08\x1b[K"),
            (b"x", "x"),
            (b"z", "z \r"),
            (b"x", "x"),
            (b"y", "y"),
            (b"z", "z"),
        ],
    );
    let kill = format!("\x1b[A\x08\x1b[K\r\n\r\x1b[K\x1b[A{}", forward(2));
    keys.push((b"\x15", &kill));
    check(20, &keys);
}

#[test]
fn editing_rows_above() {
    let mut session = Session::shell("root", Some(20));
    session.send(b"'\r");
    session.send(b"abcdefghijklmnopqrstuvwxyz0123456789");
    let mut key = |key: &[u8], expected: &str| assert_eq!(output(&session.send(key)), expected);
    key(b"\x01", &format!("\x1b[A\r{}", forward(2)));
    let insert = format!("Xabcdefghijklmnopqrstuvwxyz0123456789\x1b[A\r{}", forward(3));
    key(b"X", &insert);
    key(b"\x05", &format!("\r\n\r{}", forward(19)));
    key(b"\x01", &format!("\x1b[A\r{}", forward(2)));
    let delete = format!("abcdefghijklmnopqrs\x1b[1Ptuvwxyz0123456789\x1b[A\r{}", forward(2));
    key(b"\x04", &delete);
    key(b"\x0b", &format!("\x1b[K\r\n\r\x1b[K\x1b[A{}", forward(2)));
}

#[test]
fn history_is_shown_with_as_little_as_possible() {
    let mut session = Session::shell("root", Some(80));
    session.send(b"echo one\recho three\r");
    let mut key = |key: &[u8], expected: &str| assert_eq!(output(&session.send(key)), expected);
    key(UP, "echo three");
    key(UP, "\x08\x08\x08\x08\x08\x1b[2Pone");
    key(UP, "\x07");
    key(b"\x1b[B", "\x08\x08\x08three");
    let back = "\x08".repeat(10);
    key(b"\x1b[B", &format!("{back}\x1b[K"));
    key(b"\x1b[B", "\x07");
}

#[test]
fn enter_interrupt_and_end() {
    let prompt = prompt();
    let mut session = Session::shell("root", Some(80));
    let got = output(&session.send(b"true\r"));
    assert_eq!(got, format!("true\r\n\x1b[?2004l\r\x1b[?2004h{prompt}"));
    let got = output(&session.send(b"\r"));
    assert_eq!(got, format!("\r\n\x1b[?2004l\r\x1b[?2004h{prompt}"));
    let got = output(&session.send(b"ab\x03"));
    let cancelled = "^C\x1b[?2004l\r\x1b[?2004h\x1b[?2004l\r\r\n";
    assert_eq!(got, format!("ab{cancelled}\x1b[?2004h{prompt}"));
    assert_eq!(session.run("echo $?"), "130\n");
    let got = output(&session.send(b"ab\x0c"));
    assert_eq!(got, format!("ab\x1b[H\x1b[2J{prompt}ab"));
    let got = output(&session.send(b"\x15\x04"));
    assert!(got.ends_with("\x1b[?2004l\r\r\nlogout\r\n"), "{got:?}");
}

#[test]
fn pasted_text_is_marked_until_the_next_key() {
    let back = format!("\r{}foo barx", forward(4));
    check(
        80,
        &[
            (b"ab", "ab"),
            (b"\x1b[200~foo bar\x1b[201~", "\x1b[7mfoo bar\x1b[27m"),
            (b"x", &back),
            (LEFT, "\x08"),
            (b"\x1b[200~foo\x1b[201~", "\x1b[7mfoo\x1b[27mx\x08"),
        ],
    );
    check(
        80,
        &[
            (b"\x1b[200~foo\nbar\x1b[201~", "\x1b[7mfoo\x1b[27m\r\n\r\x1b[7mbar\x1b[27m"),
            (b"\x05", "\x1b[A\x08foo\r\n\rbar"),
        ],
    );
}

#[test]
fn searching_back() {
    let mut session = Session::shell("root", Some(80));
    session.send(b"echo one\recho two\r'\r");
    let mut key = |key: &[u8], expected: &str| assert_eq!(output(&session.send(key)), expected);
    key(b"\x12", "\r(reverse-i-search)`': ");
    key(b"o", "\x08\x08\x08o': echo tw\x1b[7mo\x1b[27m\x08");
    let n = format!("{}n': echo \x1b[7mon\x1b[27me\x08\x08\x08", "\x08".repeat(10));
    key(b"n", &n);
    let e = format!("{}e': echo \x1b[7mone\x1b[27m\x08\x08\x08", "\x08".repeat(8));
    key(b"e", &e);
    key(b"\x07", "\r> \x1b[K");
}

#[test]
fn tab_completes_from_what_is_there() {
    let mut session = Session::shell("root", Some(80));
    let mut key = |key: &[u8], expected: &str| assert_eq!(output(&session.send(key)), expected);
    key(b"cat /et\t", "cat /etc/");
    key(b"passw\t", "passwd ");
    key(b"zzz\t", "zzz\x07");
    let home = format!("\r{}\x1b[K", forward(prompt().len()));
    key(b"\x15", &home);
    key(b"whoa\t", "whoami ");
}

#[test]
fn the_size_is_what_the_peer_said() {
    let mut session = Session::shell("root", Some(132));
    assert_eq!(session.run("stty size; tty; echo $TERM"), "24 132\n/dev/pts/0\nvt220\n");
    session.resize(90);
    assert_eq!(session.run("stty size"), "30 90\n");
}

#[test]
fn a_user_has_the_prompt_of_the_skeleton() {
    let mut login = crate::session::login("alice", Some(80));
    login.terminal.as_mut().unwrap().term = b"xterm-256color".to_vec();
    let machine = crate::session::machine();
    let host = machine.hostname.clone();
    let mut console = decnet_persona::Console::shell(machine, login);
    let mut steps = Vec::new();
    console.open(crate::session::NOW, &mut steps);
    let expected = format!(
        "\x1b[?2004h\x1b]0;alice@{host}: ~\x07\x1b[01;32malice@{host}\x1b[00m:\x1b[01;34m~\x1b[00m$ "
    );
    assert!(output(&steps).ends_with(&expected), "{:?}", output(&steps));
}

#[test]
fn a_tail_is_shifted_only_where_readline_does() {
    let keys = |text: &'static str, key: &[u8], expected: &str, cols: u32| {
        let mut session = Session::shell("root", Some(cols));
        session.send(b"'\r");
        session.send(text.as_bytes());
        assert_eq!(output(&session.send(key)), expected, "{text:?} {key:?}");
    };
    keys("abc   \x1b[D\x1b[D\x1b[D", b"X", "\x1b[1@X", 80);
    keys("abc d\x1b[D\x1b[D", b"X", "X d\x08\x08", 80);
    keys("abc d \x1b[D\x1b[D", b"X", "\x1b[1@X", 80);
    keys("ab c\x01", "日".as_bytes(), "\x1b[2@日", 80);
    let overwritten = format!("\r{}d \x1b[K\x08\x08", forward(2));
    keys("/etc/d \x1b[D\x1b[D", b"\x15", &overwritten, 80);
    // A row that gets full is written, so that the terminal wraps.
    let wrapped = format!("1c d \x1b[A{}", forward(20));
    keys("ééa b c d\x1bb\x1b[D\x1b[Dwget http://", b"1", &wrapped, 24);
}

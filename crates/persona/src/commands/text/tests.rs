use crate::testing::{Bench, Done};

/// A line of a case, without its escapes.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match rest.next() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            other => other.expect("something escaped"),
        });
    }
    out
}

fn lossy(text: &str) -> String {
    String::from_utf8_lossy(&bytes(text)).into_owned()
}

/// Runs all cases of a file, in order, and names those that are answered otherwise.
fn check(cases: &str) {
    let mut bench = Bench::new();
    let mut wrong = Vec::new();
    let mut run: Option<(String, Vec<u8>, Done)> = None;
    for line in cases.lines().chain(["$"]) {
        let (mark, rest) = line.split_at(1);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match (mark, &mut run) {
            ("#", _) => {}
            ("@", _) => {
                let (name, content) = rest.split_once(' ').expect("a name and a content");
                assert_eq!(bench.run(&["tee", name], bytes(content)).status, 0);
            }
            ("%", _) => {
                let (name, value) = rest.split_once(' ').expect("a name and a value");
                bench.env.push((name.to_owned(), value.to_owned()));
            }
            ("$", run) => {
                let next = (rest.to_owned(), Vec::new(), Done::default());
                if let Some((words, input, want)) = run.replace(next) {
                    let words: Vec<String> = words
                        .split(' ')
                        .map(|word| if word == "''" { String::new() } else { lossy(word) })
                        .collect();
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    let done = bench.run(&words, input);
                    if done != want {
                        wrong.push(format!("{words:?}\n  wanted {want:?}\n  found  {done:?}"));
                    }
                }
            }
            ("<", Some((_, input, _))) => *input = bytes(rest),
            (">", Some((.., want))) => want.out = lossy(rest),
            ("!", Some((.., want))) => want.err = lossy(rest),
            ("=", Some((.., want))) => want.status = rest.parse().expect("a number"),
            (mark, _) => panic!("no such mark: {mark}"),
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

macro_rules! answers {
    ($($name:ident: $file:literal,)*) => {
        $(#[test]
        fn $name() {
            check(include_str!(concat!("cases/", $file)));
        })*
    };
}

answers! {
    files_are_shown_as_by_debian: "view.txt",
    lines_are_ordered_as_by_debian: "order.txt",
    text_is_found_as_by_debian: "grep.txt",
    streams_are_edited_as_by_debian: "sed.txt",
    text_is_printed_and_encoded_as_by_debian: "print.txt",
    bytes_are_dumped_as_by_debian: "bytes.txt",
    files_are_compared_as_by_debian: "compare.txt",
    text_is_brought_into_shape_as_by_debian: "shape.txt",
    names_are_quoted_as_the_locale_asks: "locale.txt",
}

/// What does not end stops where its reader does.
#[test]
fn a_script_that_never_ends_takes_turns() {
    let mut bench = Bench::new();
    let done = bench.run(&["sed", ":a;s/.*/&&/;ta"], "x\n");
    assert_eq!((done.err.as_str(), done.status), ("sed: memory exhausted\n", 4));
}

#[test]
fn tail_follows_as_long_as_a_process_runs() {
    let mut bench = Bench::new();
    bench.run(&["tee", "log"], "one\ntwo\n");
    let before = bench.now;
    let done = bench.run(&["tail", "-n1", "--pid=99999", "-f", "log"], "");
    assert_eq!((done.out.as_str(), done.status), ("two\n", 0));
    assert_eq!(bench.now.0 - before.0, 1_000_000_000);
}

#[test]
fn pieces_are_cut_where_the_separator_is() {
    let mut bench = Bench::new();
    bench.run(&["tee", "list"], "a\nb\nc\n");
    assert_eq!(bench.run(&["head", "-n1", "list"], "").out, "a\n");
    assert_eq!(bench.run(&["tac", "-b", "-s", "b", "list"], "").out, "b\nc\na\n");
}

#[test]
fn hostile_inputs_end() {
    let mut bench = Bench::new();
    let long = "a".repeat(200_000);
    assert_eq!(bench.run(&["grep", "-E", "(a*)*b"], &long).status, 1);
    assert_eq!(bench.run(&["grep", "-P", "(a*)*b"], "a".repeat(2_000)).status, 1);
    assert_eq!(bench.run(&["sort", "-k2,2n"], &long).status, 0);
    assert_eq!(bench.run(&["fmt"], "word ".repeat(20_000)).status, 0);
    assert_eq!(bench.run(&["fold", "-w1"], &long).out.len(), 399_999);
    let lines: String = (0..6_000).map(|line| format!("{}\n", line * 7_919 % 6_007)).collect();
    assert_eq!(bench.run(&["tee", "one"], &lines).status, 0);
    assert_eq!(bench.run(&["diff", "one", "-"], "x\n".repeat(6_000)).status, 1);
    assert_eq!(bench.run(&["xargs", "-n1"], "a ".repeat(500)).out.len(), 1_000);
    assert_eq!(bench.run(&["seq", "1", "30000"], "").status, 0);
    assert_eq!(bench.run(&["printf", "%1000000000d"], "").status, 0);
    assert_eq!(bench.run(&["tr", "[a*99999999999]", "b"], "a").status, 0);
    assert_eq!(bench.run(&["sed", &"{".repeat(30_000)], "").status, 1);
}

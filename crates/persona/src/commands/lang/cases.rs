//! Command lines, and what the real programs of Debian 12 printed for them.

use crate::testing::Bench;

/// One command line, and what it printed.
#[derive(Default)]
struct Case {
    args: Vec<String>,
    input: Vec<u8>,
    out: String,
    err: String,
    status: u32,
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next().unwrap() {
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'x' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    bytes
}

fn read(text: &str) -> Vec<Case> {
    let shown = |text: &str| String::from_utf8_lossy(&unescape(text)).into_owned();
    text.split("\n\n")
        .filter(|block| !block.trim().is_empty())
        .map(|block| {
            let mut case = Case::default();
            for line in block.lines() {
                let (what, value) = line.split_once(' ').unwrap_or((line, ""));
                match what {
                    "arg" => case.args.push(String::from_utf8(unescape(value)).unwrap()),
                    "in" => case.input = unescape(value),
                    "out" => case.out = shown(value),
                    "err" => case.err = shown(value),
                    "rc" => case.status = value.parse().unwrap(),
                    _ => panic!("what is {line:?}?"),
                }
            }
            case
        })
        .collect()
}

/// Runs all command lines of a file; each in a machine of its own.
pub(super) fn check(text: &str) {
    let mut wrong = String::new();
    let mut count = 0;
    let cases = read(text);
    for case in &cases {
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        let done = Bench::new().run(&args, &case.input);
        let same = done.out == case.out && done.err == case.err && done.status == case.status;
        if !same {
            count += 1;
            wrong += &format!(
                "{args:?}\n  got {:?} {:?} {}\n  not {:?} {:?} {}\n",
                done.out, done.err, done.status, case.out, case.err, case.status
            );
        }
    }
    assert!(count == 0, "{count} of {} differ:\n{wrong}", cases.len());
}

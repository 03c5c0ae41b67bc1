use super::read;
use crate::shell::tree::{Missing, Wrong};

const VERDICTS: &str = include_str!("../../../../../testdata/shell/verdicts.txt");

pub(super) fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (byte, byte == b'\\') {
            (_, true) => match bytes.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b't') => out.push(b'\t'),
                Some(b'\\') | None => out.push(b'\\'),
                Some(other) => out.extend([b'\\', other]),
            },
            (byte, false) => out.push(byte),
        }
    }
    out
}

/// Every text of the table.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    VERDICTS
        .lines()
        .filter(|line| !line.starts_with("# What"))
        .filter_map(|line| line.split_once('\t'))
}

/// As bash words it, behind `bash: -c: line `.
fn worded(wrong: &Wrong) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match wrong {
        Wrong::Incomplete { why: Missing::Match(byte), line } => {
            format!("{line}: unexpected EOF while looking for matching `{}'", char::from(*byte))
        }
        Wrong::Incomplete { why: Missing::End, line } => {
            format!("{line}: syntax error: unexpected end of file")
        }
        Wrong::Incomplete { why: Missing::HereDoc | Missing::Continuation, line } => {
            format!("{line}: incomplete")
        }
        Wrong::Unexpected { token, line, .. } => {
            format!("{line}: syntax error near unexpected token `{}'", text(token))
        }
        Wrong::Other { text: said, line } if !said.is_empty() => {
            format!("{line}: {}", text(said.split(|byte| *byte == b'\n').next().unwrap()))
        }
        Wrong::Other { .. } => String::new(),
        Wrong::TooMuch => "too much".into(),
    }
}

#[test]
fn verdicts_are_those_of_bash() {
    let mut wrong = Vec::new();
    for (text, said) in texts().filter(|(_, said)| !said.contains("warning: ")) {
        let ours = read(&unescaped(text).trim_ascii_end_newlines()).err();
        let ours = ours.as_ref().map(worded).unwrap_or_default();
        if ours != said {
            wrong.push(format!("{text}\n  bash: {said}\n  ours: {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a `$(…)` around a text does to its last line ends.
trait TrimNewlines {
    fn trim_ascii_end_newlines(self) -> Vec<u8>;
}

impl TrimNewlines for Vec<u8> {
    fn trim_ascii_end_newlines(mut self) -> Vec<u8> {
        while self.ends_with(b"\n") {
            self.pop();
        }
        self
    }
}

#[test]
fn known_differences_are_these() {
    let check = |text: &str, ours: &str| {
        let found = read(text.as_bytes()).err();
        assert_eq!(found.as_ref().map(worded).unwrap_or_default(), ours, "{text}");
    };
    // A pattern is read as if extglob was on.
    check("case a in !(a)) :;; esac", "");
    // bash -c says `syntax error near ((1)'; it reads a file as we do.
    check("((1)", "2: syntax error: unexpected end of file");
    // bash says nothing, and runs nothing.
    check("for ((;;)", "1: unexpected EOF while looking for matching `)'");
    // bash counts the semicolon in the parentheses, too.
    check("for (( a ; b ; (c;d) )); do :; done", "");
    // bash reads the here-document before it complains, and counts its lines.
    check("cat <<A; echo b)\nfoo\nA", "1: syntax error near unexpected token `)'");
    check("declare a=(1)b=(2)", "");
    // bash finds out when it runs.
    check("echo $((a) b)", "1: syntax error near unexpected token `b'");
    check("[[ a == b\n c ]]", "2: syntax error in conditional expression");
}

//! What no Rust file of ours may hold.
//!
//! **Invariant:** each rule is about one file at a time.

use super::token::{Token, tokens};
use super::{Excused, File, Problem, unused};

/// Lines in a file, tests included, above which somebody has to say why.
const LINES_MAX: usize = 600;

/// Files that are longer, and why each is better in one piece.
const LONG: &[Excused] = &[
    Excused {
        path: "crates/core/src/event.rs",
        reason: "the format that is for ever: whoever changes it should see all of it",
    },
    Excused {
        path: "crates/core/src/signal/catalogue.rs",
        reason: "one const table, a row per signal",
    },
    Excused { path: "crates/core/src/table.rs", reason: "one const table, a row per column" },
];

/// Files that may say `unsafe`, and the system call or the layout that needs it.
const UNSAFE: &[Excused] = &[Excused {
    path: "crates/sensor/src/sniff/ring.rs",
    reason: "packet sockets have no safe wrapper, and their ring is memory shared with the kernel",
}];

/// Macros that stand for work not done.
const UNDONE: &[&str] = &["todo", "unimplemented"];

/// Checks every Rust file.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    check_with(files, LONG, UNSAFE)
}

fn check_with(
    files: &[File],
    long: &'static [Excused],
    may_be_unsafe: &'static [Excused],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut found_long, mut found_unsafe) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| file.is_rust()) {
        let text = file.text.as_deref().unwrap_or_default();
        let lines = text.lines().count();
        if lines > LINES_MAX {
            found_long.push(file.path.as_str());
            if !excused(long, file) {
                let what = format!(
                    "{lines} lines: above {LINES_MAX}, split it or say why not in xtask's list"
                );
                problems.push(Problem::new(&file.path, 0, what));
            }
        }
        let tokens = tokens(text);
        for token in tokens.iter().filter(|token| token.word() == Some("unsafe")) {
            found_unsafe.push(file.path.as_str());
            if !excused(may_be_unsafe, file) {
                let what = "`unsafe` in a file that is not in xtask's list";
                problems.push(Problem::new(&file.path, token.line, what));
            }
        }
        problems.extend(undone(file, &tokens));
        problems.extend(ignored(file, &tokens));
    }
    problems.extend(unused(long, &found_long));
    problems.extend(unused(may_be_unsafe, &found_unsafe));
    problems
}

fn excused(table: &[Excused], file: &File) -> bool {
    table.iter().any(|excused| excused.path == file.path)
}

fn undone(file: &File, tokens: &[Token]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for three in tokens.windows(3) {
        let [name, mark, open] = three else { continue };
        let called = mark.is('!') && (open.is('(') || open.is('[') || open.is('{'));
        if let Some(word) = name.word().filter(|word| called && UNDONE.contains(word)) {
            problems.push(Problem::new(&file.path, name.line, format!("`{word}!` is undone work")));
        }
    }
    problems
}

fn ignored(file: &File, tokens: &[Token]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for four in tokens.windows(4) {
        let [hash, open, name, next] = four else { continue };
        if hash.is('#') && open.is('[') && name.word() == Some("ignore") && !next.is('=') {
            let what = "`#[ignore]` without a reason: `#[ignore = \"…\"]`";
            problems.push(Problem::new(&file.path, name.line, what));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, shown};
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        shown(&check_with(&[file("a.rs", text)], &[], &[]))
    }

    #[test]
    fn undone_work_fails_wherever_it_stands() {
        assert_eq!(
            problems(
                "fn f() {\n    todo!()\n}\n#[cfg(test)] mod tests { fn g() { unimplemented!(\"x\") } }"
            ),
            ["a.rs:2: `todo!` is undone work", "a.rs:4: `unimplemented!` is undone work"]
        );
        assert!(problems("// todo!()\nlet todo = 1; let x = todo != 2;").is_empty());
    }

    #[test]
    fn a_test_is_ignored_only_with_a_reason() {
        assert_eq!(problems("#[test]\n#[ignore]\nfn f() {}").len(), 1);
        assert!(problems("#[test]\n#[ignore = \"a timing run\"]\nfn f() {}").is_empty());
    }

    #[test]
    fn unsafe_needs_an_entry() {
        const LIST: &[Excused] = &[Excused { path: "a.rs", reason: "made up" }];
        let text = "#![deny(unsafe_code)]\n// unsafe\nfn f() { unsafe { g() } }";
        assert_eq!(problems(text), ["a.rs:3: `unsafe` in a file that is not in xtask's list"]);
        assert_eq!(check_with(&[file("a.rs", text)], &[], LIST), []);
        assert_eq!(check_with(&[file("a.rs", "fn f() {}")], &[], LIST).len(), 1);
    }

    #[test]
    fn a_long_file_needs_an_entry() {
        const LIST: &[Excused] = &[Excused { path: "a.rs", reason: "made up" }];
        let text = "\n".repeat(LINES_MAX + 1);
        assert_eq!(problems(&text).len(), 1);
        assert!(problems(&"\n".repeat(LINES_MAX)).is_empty());
        assert_eq!(check_with(&[file("a.rs", &text)], LIST, &[]), []);
        assert_eq!(check_with(&[file("a.rs", "short")], LIST, &[]).len(), 1);
    }
}

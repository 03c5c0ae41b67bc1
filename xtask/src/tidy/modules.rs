//! The arrows between the modules of `decnet-core`, and who may look at its `profile`.
//!
//! **Invariant:** an arrow that is not in the table fails, and so does a module without a row.
//! Tests are free: what they reach is not in the product.

use super::token::{Kind, Token, tokens, without_tests};
use super::{File, Problem};

/// A module at the root of `decnet-core` and the others that it may use.
struct Rule {
    name: &'static str,
    uses: &'static [&'static str],
}

/// `wire` ← `event` ← { `flow`, `dialogue` }, and `table` ← `signal` ← `profile` ← `cast`.
const RULES: &[Rule] = &[
    Rule { name: "limits", uses: &[] },
    Rule { name: "row", uses: &[] },
    Rule { name: "octets", uses: &["row"] },
    Rule { name: "wire", uses: &["limits", "octets"] },
    Rule { name: "event", uses: &["wire", "limits", "octets"] },
    Rule { name: "flow", uses: &["event", "wire", "limits", "octets"] },
    Rule { name: "shell", uses: &["limits"] },
    Rule { name: "dialogue", uses: &["event", "wire", "limits", "octets"] },
    Rule { name: "table", uses: &[] },
    // Which facts a signal comes from is said by name, and the names are checked.
    Rule { name: "signal", uses: &["table", "event"] },
    Rule {
        name: "profile",
        uses: &["signal", "table", "row", "event", "shell", "wire", "limits", "octets"],
    },
    // Somebody's recording, given to the same fold.
    Rule { name: "cast", uses: &["profile", "event", "limits", "octets"] },
];

const CORE: &str = "crates/core/src/";

/// The roots that join everything and are not themselves a module of the table.
const JOINTS: &[&str] = &["lib.rs", "fuzz.rs"];

/// Who may name `decnet_core::profile`: what stores rows, and what puts the program together.
const READERS: &[&str] = &["crates/store/", "crates/decnet/", "bench/"];

/// Holds every `crate::…` and `super::…` inside core against the table.
pub(super) fn arrows(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let Some(inside) = file.path.strip_prefix(CORE) else { continue };
        if JOINTS.contains(&inside) {
            continue;
        }
        let name = inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs");
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            let what = format!("`{name}` has no row in xtask's table of core's modules");
            problems.push(Problem::new(&file.path, 0, what));
            continue;
        };
        let tokens = without_tests(tokens(file.text.as_deref().unwrap_or_default()));
        let mut reached = heads(&tokens, "crate");
        // From a file at the root, or the root file of a module's folder, `super` is the crate.
        if !inside.contains('/') || inside == format!("{name}/mod.rs") {
            reached.extend(heads(&tokens, "super"));
        }
        for (line, head) in reached {
            let is_module = RULES.iter().any(|rule| rule.name == head);
            if is_module && head != name && !rule.uses.contains(&head) {
                let what = format!("`{name}` may not use `{head}`");
                problems.push(Problem::new(&file.path, line, what));
            }
        }
    }
    problems
}

/// Nobody but the store and the binary reads profiles.
pub(super) fn readers(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        if READERS.iter().any(|reader| file.path.starts_with(reader)) {
            continue;
        }
        let tokens = without_tests(tokens(file.text.as_deref().unwrap_or_default()));
        for (line, head) in heads(&tokens, "decnet_core") {
            if head == "profile" {
                let what = "only the store and the binary may use `decnet_core::profile`";
                problems.push(Problem::new(&file.path, line, what));
            }
        }
    }
    problems
}

/// The first names behind `root::`, whether alone or in braces, and their lines.
fn heads<'a>(tokens: &'a [Token], root: &str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if first.word() != Some(root) {
            continue;
        }
        let [path, behind @ ..] = tail else { break };
        if path.kind != Kind::Path {
            continue;
        }
        match behind {
            [token, ..] if token.is('{') => found.extend(group(behind)),
            [token, ..] => found.extend(token.word().map(|word| (token.line, word))),
            [] => {}
        }
    }
    found
}

/// The first name of each path in a `{ … }`, not looking into braces inside it.
fn group(tokens: &[Token]) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut at_start = false;
    for token in tokens {
        if token.is('{') {
            depth += 1;
            at_start = depth == 1;
        } else if token.is('}') {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                break;
            }
        } else if token.is(',') && depth == 1 {
            at_start = true;
        } else if at_start {
            found.extend(token.word().map(|word| (token.line, word)));
            at_start = false;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, shown};
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        shown(&arrows(&[file(path, text)]))
    }

    #[test]
    fn an_arrow_in_the_table_passes() {
        let text = "use crate::event::Fact;\nuse crate::{limits, wire::{ssh, tls}};\n";
        assert!(check("crates/core/src/dialogue/ftp.rs", text).is_empty());
    }

    #[test]
    fn an_arrow_against_the_table_fails() {
        assert_eq!(
            check("crates/core/src/wire/ssh.rs", "\nuse crate::event::Fact;\n"),
            ["crates/core/src/wire/ssh.rs:2: `wire` may not use `event`"]
        );
    }

    #[test]
    fn braces_hide_nothing() {
        let text = "use crate::{limits, octets::{a, b}, profile::X};";
        assert_eq!(check("crates/core/src/event.rs", text).len(), 1);
    }

    #[test]
    fn a_path_in_the_middle_of_code_counts() {
        let text = "fn f() { let x = crate::profile::f(); }";
        assert_eq!(check("crates/core/src/event.rs", text).len(), 1);
    }

    #[test]
    fn super_is_the_crate_only_at_the_root_of_a_module() {
        assert_eq!(check("crates/core/src/wire/mod.rs", "use super::event;").len(), 1);
        assert_eq!(check("crates/core/src/wire.rs", "use super::event;").len(), 1);
        assert!(check("crates/core/src/wire/tls.rs", "use super::event;").is_empty());
    }

    #[test]
    fn comments_and_tests_are_free() {
        let text = "// crate::event\n#[cfg(test)] mod tests { use crate::event::Fact; }";
        assert!(check("crates/core/src/wire/mod.rs", text).is_empty());
        assert!(check("crates/core/src/wire/tests.rs", "use crate::event::Fact;").is_empty());
    }

    #[test]
    fn a_module_needs_a_row() {
        assert_eq!(
            check("crates/core/src/helpers.rs", ""),
            ["crates/core/src/helpers.rs: `helpers` has no row in xtask's table of core's modules"]
        );
    }

    #[test]
    fn the_table_has_no_circle() {
        // Each row uses only rows that can be reached without coming back to it.
        fn reaches(from: &str, to: &str, depth: usize) -> bool {
            depth > 0
                && RULES.iter().filter(|rule| rule.name == from).any(|rule| {
                    rule.uses.iter().any(|used| *used == to || reaches(used, to, depth - 1))
                })
        }
        for rule in RULES {
            assert!(!reaches(rule.name, rule.name, RULES.len()), "{} uses itself", rule.name);
        }
    }

    #[test]
    fn only_the_store_and_the_binary_read_profiles() {
        let text = "use decnet_core::{event::Fact, profile::Rows};";
        for path in ["crates/store/src/rows.rs", "crates/decnet/src/main.rs", "bench/src/lib.rs"] {
            assert_eq!(readers(&[file(path, text)]), [], "{path}");
        }
        for path in ["crates/sensor/src/lib.rs", "crates/api/src/rows.rs"] {
            assert_eq!(readers(&[file(path, text)]).len(), 1, "{path}");
        }
        assert_eq!(readers(&[file("crates/sensor/tests/it/main.rs", text)]), []);
    }
}

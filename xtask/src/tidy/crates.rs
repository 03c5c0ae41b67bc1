//! The arrows between crates, and what every crate has to say of itself.
//!
//! **Invariant:** the table below is the one place where an arrow is allowed; a crate that is not
//! in it fails.

use std::path::Path;

use serde_json::Value;

use super::{File, Problem};

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub(super) struct Member {
    name: String,
    /// Its Cargo.toml, from the root of the repository.
    manifest: String,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug)]
struct Dependency {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What the crate is built with, build scripts included.
    Normal,
    /// What only its tests are built with.
    Dev,
}

/// A crate and the crates of the workspace that it may use.
struct Rule {
    name: &'static str,
    uses: &'static [&'static str],
}

/// The arrows. One more crate needs a decision record that names the dependency it stops.
const RULES: &[Rule] = &[
    Rule { name: "decnet-core", uses: &[] },
    Rule { name: "decnet-persona", uses: &["decnet-core"] },
    Rule { name: "decnet-sensor", uses: &["decnet-core", "decnet-persona"] },
    Rule { name: "decnet-store", uses: &["decnet-core"] },
    Rule { name: "decnet-api", uses: &["decnet-core", "decnet-store"] },
    Rule { name: "decnet", uses: EVERY_PART },
    Rule { name: "decnet-bench", uses: EVERY_PART },
    Rule { name: TESTING, uses: &[] },
    Rule { name: "xtask", uses: &[] },
];

/// What every crate's tests may use, and nothing but tests.
const TESTING: &str = "decnet-testing";

const EVERY_PART: &[&str] =
    &["decnet-core", "decnet-persona", "decnet-sensor", "decnet-store", "decnet-api"];

/// A library that one crate hides from all others. Tests may use it anywhere, and so may the
/// measuring programs, which compare with the library alone.
struct Hidden {
    library: &'static str,
    inside: &'static [&'static str],
}

const HIDDEN: &[Hidden] = &[
    Hidden { library: "russh", inside: &["decnet-bench"] },
    Hidden { library: "rusqlite", inside: &["decnet-store", "decnet-bench"] },
    Hidden { library: "mysql", inside: &["decnet-store", "decnet-bench"] },
];

/// What `core` does without even in its tests: I/O, a runtime, a store.
const NEVER_IN_CORE: &[&str] = &["tokio", "rusqlite", "mysql", "russh"];

/// Reads the members out of what `cargo metadata --no-deps` printed.
pub(super) fn members(metadata: &Value, root: &Path) -> Option<Vec<Member>> {
    let packages = metadata.get("packages")?.as_array()?;
    packages.iter().map(|package| member(package, root)).collect()
}

fn member(package: &Value, root: &Path) -> Option<Member> {
    let manifest = Path::new(package.get("manifest_path")?.as_str()?);
    let manifest = manifest.strip_prefix(root).unwrap_or(manifest);
    let dependencies = package.get("dependencies")?.as_array()?;
    Some(Member {
        name: package.get("name")?.as_str()?.to_owned(),
        manifest: manifest.to_str()?.replace('\\', "/"),
        dependencies: dependencies
            .iter()
            .map(|dependency| {
                Some(Dependency {
                    name: dependency.get("name")?.as_str()?.to_owned(),
                    kind: match dependency.get("kind")?.as_str() {
                        Some("dev") => Kind::Dev,
                        _ => Kind::Normal,
                    },
                })
            })
            .collect::<Option<_>>()?,
    })
}

/// Holds every dependency against the tables.
pub(super) fn arrows(members: &[Member]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for member in members {
        let mut say = |what: String| problems.push(Problem::new(&member.manifest, 0, what));
        let Some(rule) = RULES.iter().find(|rule| rule.name == member.name) else {
            say(format!("{} has no row in xtask's table of crates", member.name));
            continue;
        };
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            let in_workspace = members.iter().any(|other| other.name == name);
            let is_for_tests = name == TESTING && dependency.kind == Kind::Dev;
            if in_workspace && !is_for_tests && !rule.uses.contains(&name) {
                say(format!("{} may not use {name}", rule.name));
            }
            if rule.name == "decnet-core" && NEVER_IN_CORE.contains(&name) {
                say(format!("decnet-core may not use {name}, not even in tests"));
            }
            let hidden = HIDDEN.iter().find(|hidden| hidden.library == name);
            if let Some(hidden) = hidden
                && dependency.kind == Kind::Normal
                && !hidden.inside.contains(&rule.name)
            {
                say(format!("{name} is hidden in {}: use that", hidden.inside.join(" and ")));
            }
        }
    }
    problems
}

/// Every crate takes its lints from the workspace.
pub(super) fn lints(members: &[Member], files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for member in members {
        let manifest = files.iter().find(|file| file.path == member.manifest);
        let text = manifest.and_then(|file| file.text.as_deref()).unwrap_or_default();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let inherits = lines.any(|line| line == "[lints]")
            && lines.take_while(|line| !line.starts_with('[')).any(|line| {
                line.split_once('=').is_some_and(|(key, value)| {
                    key.trim() == "workspace" && value.trim().starts_with("true")
                })
            });
        if !inherits {
            problems.push(Problem::new(
                &member.manifest,
                0,
                "does not inherit the lints: `[lints]` and `workspace = true`",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, shown};
    use super::*;

    /// A workspace of made-up crates: name, then its dependencies with a kind.
    fn workspace(crates: &[(&str, &[(&str, &str)])]) -> Vec<Member> {
        let packages: Vec<Value> = crates
            .iter()
            .map(|(name, dependencies)| {
                let dependencies: Vec<Value> = dependencies
                    .iter()
                    .map(|(name, kind)| match *kind {
                        "normal" => serde_json::json!({ "name": name, "kind": null }),
                        kind => serde_json::json!({ "name": name, "kind": kind }),
                    })
                    .collect();
                serde_json::json!({
                    "name": name,
                    "manifest_path": format!("/root/{name}/Cargo.toml"),
                    "dependencies": dependencies,
                })
            })
            .collect();
        members(&serde_json::json!({ "packages": packages }), Path::new("/root")).unwrap()
    }

    #[test]
    fn arrows_that_are_in_the_table_pass() {
        let members = workspace(&[
            ("decnet-core", &[("serde", "normal"), ("proptest", "dev")]),
            ("decnet-persona", &[("decnet-core", "normal")]),
            ("decnet-sensor", &[("decnet-persona", "normal"), ("russh", "dev")]),
            ("decnet-store", &[("decnet-core", "normal"), ("rusqlite", "normal")]),
            ("decnet-api", &[("decnet-store", "normal"), ("rusqlite", "dev")]),
            ("decnet", &[("decnet-api", "normal"), ("russh", "dev")]),
        ]);
        assert_eq!(arrows(&members), []);
    }

    #[test]
    fn a_sensor_that_uses_the_store_fails() {
        let members =
            workspace(&[("decnet-store", &[]), ("decnet-sensor", &[("decnet-store", "normal")])]);
        assert_eq!(
            shown(&arrows(&members)),
            ["decnet-sensor/Cargo.toml: decnet-sensor may not use decnet-store"]
        );
    }

    #[test]
    fn an_arrow_for_tests_is_an_arrow() {
        let members =
            workspace(&[("decnet-core", &[("decnet-store", "dev")]), ("decnet-store", &[])]);
        assert_eq!(arrows(&members).len(), 1);
    }

    #[test]
    fn what_is_for_tests_is_for_tests_alone() {
        let uses = |kind| {
            workspace(&[("decnet-core", &[("decnet-testing", kind)]), ("decnet-testing", &[])])
        };
        assert_eq!(arrows(&uses("dev")), []);
        assert_eq!(arrows(&uses("normal")).len(), 1);
    }

    #[test]
    fn core_has_no_runtime_even_in_tests() {
        let members = workspace(&[("decnet-core", &[("tokio", "dev")])]);
        assert_eq!(
            shown(&arrows(&members)),
            ["decnet-core/Cargo.toml: decnet-core may not use tokio, not even in tests"]
        );
    }

    #[test]
    fn a_hidden_library_stays_hidden() {
        let members = workspace(&[("decnet-api", &[("mysql", "normal"), ("russh", "build")])]);
        assert_eq!(arrows(&members).len(), 2);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        let members = workspace(&[("decnet-extra", &[])]);
        assert_eq!(arrows(&members).len(), 1);
    }

    #[test]
    fn lints_are_inherited() {
        let members = workspace(&[("decnet-core", &[])]);
        let path = "decnet-core/Cargo.toml";
        let with = file(path, "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n");
        assert_eq!(lints(&members, &[with]), []);
        for text in
            ["[package]\nworkspace = true\n", "[lints]\n[package]\nworkspace = true\n", "[lints]\n"]
        {
            assert_eq!(lints(&members, &[file(path, text)]).len(), 1, "{text}");
        }
    }
}

//! What is in the repository beside code: generated files, test data, and what no file may name.
//!
//! **Invariant:** nothing in here knows the name of a machine or of a registry; what is forbidden
//! is known by its shape.

use std::collections::BTreeSet;

use super::{File, Problem};
use crate::generate::ARTIFACTS;

/// The endings that make a dotted word a host's name.
const HOST_ENDINGS: &[&str] = &["com", "dev", "io", "net", "org"];

/// The words by which a package registry's host is known.
const REGISTRY_WORDS: &[&str] = &["crates", "mirror", "npmjs", "pypi", "registry"];

/// Paths of the machine that somebody happened to work on.
const WORKPLACES: &[&str] = &[concat!("/", "work", "/")];

/// Checks all files.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let mut problems = generated(files);
    problems.extend(test_data(files));
    problems.extend(snapshots(files));
    problems.extend(links(files));
    for file in files {
        problems.extend(hosts(file));
        problems.extend(workplaces(file));
    }
    problems
}

/// `docs/generated` holds what `gen` makes, all of it and nothing else.
fn generated(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("docs/generated/")) {
        if !ARTIFACTS.iter().any(|artifact| artifact.path == file.path) {
            problems.push(Problem::new(&file.path, 0, "is not made by `cargo xtask gen`"));
        }
    }
    for artifact in ARTIFACTS {
        if !files.iter().any(|file| file.path == artifact.path) {
            problems.push(Problem::new(artifact.path, 0, "is missing: run `cargo xtask gen`"));
        }
    }
    problems
}

/// Every folder of test data says where it comes from and under which licence.
fn test_data(files: &[File]) -> Vec<Problem> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let folders: BTreeSet<&str> = paths
        .iter()
        .filter(|path| path.starts_with("testdata/"))
        .filter_map(|path| path.rsplit_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    folders
        .into_iter()
        .filter(|folder| !paths.contains(format!("{folder}/README.md").as_str()))
        .map(|folder| Problem::new(folder, 0, "has no README.md (origin, licence)"))
        .collect()
}

/// A snapshot outlives its test quietly; it must not outlive the file that its test was in.
fn snapshots(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".snap")) {
        let source = lines(file).find_map(|(_, line)| line.strip_prefix("source: "));
        let source = source.map(|source| source.trim().trim_matches('"'));
        if !source.is_some_and(|source| files.iter().any(|file| file.path == source)) {
            let what = format!("comes from a test file that is gone: {}", source.unwrap_or("?"));
            problems.push(Problem::new(&file.path, 0, what));
        }
    }
    problems
}

/// A link from one of our papers to a file of ours leads somewhere.
fn links(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (number, line) in lines(file) {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let target = target.split('#').next().unwrap_or(target);
                if target.is_empty() || target.contains(':') {
                    continue;
                }
                let path = beside(&file.path, target);
                let folder = format!("{path}/");
                let leads = |file: &File| file.path == path || file.path.starts_with(&folder);
                // What is generated has its own rule, with a better message.
                if !files.iter().any(leads) && !ARTIFACTS.iter().any(|made| made.path == path) {
                    let what = format!("links to {path}, which is not there");
                    problems.push(Problem::new(&file.path, number, what));
                }
            }
        }
    }
    problems
}

/// The path that `target` means in a file at `path`.
fn beside(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// No file names the host of a package registry: where packages come from is the machine's choice.
fn hosts(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in lines(file) {
        for word in line.split(|char: char| !(char.is_alphanumeric() || "-.".contains(char))) {
            let labels: Vec<&str> = word.trim_matches('.').split('.').collect();
            let Some((ending, names)) = labels.split_last() else { continue };
            let is_registry = HOST_ENDINGS.contains(ending)
                && names.iter().any(|name| REGISTRY_WORDS.iter().any(|word| name.contains(word)));
            if is_registry {
                let what = format!("names the host of a package registry: {word}");
                problems.push(Problem::new(&file.path, number, what));
            }
        }
    }
    problems
}

/// No file names a path of the machine it was written on.
fn workplaces(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in lines(file) {
        for place in WORKPLACES {
            // `~/x/work/` is a path of somebody else's; only the absolute one is ours.
            let ours = line.match_indices(place).any(|(at, _)| {
                let before = line.get(..at).and_then(|before| before.chars().last());
                !before.is_some_and(|char| char.is_alphanumeric() || "._-~*}".contains(char))
            });
            if ours {
                let what = format!("names a path of one machine: {place}");
                problems.push(Problem::new(&file.path, number, what));
            }
        }
    }
    problems
}

fn lines(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let text = file.text.as_deref().unwrap_or_default();
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, shown};
    use super::*;

    #[test]
    fn the_host_of_a_registry_is_known_by_its_shape() {
        // Put together, so that this file passes its own check.
        for labels in [&["crates", "io"][..], &["index", "registry-7", "example", "org"]] {
            let text = format!("fine\nsee https://{}/x.\n", labels.join("."));
            let problems = hosts(&file("a.md", &text));
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(problems.first().map(|problem| problem.line), Some(2));
        }
    }

    #[test]
    fn other_words_with_dots_pass() {
        for text in [
            "https://www.apache.org/licenses/",
            "registry.with(layer).init()",
            "crates/core/src/lib.rs and crates.iter()",
            "github.com/rust-lang/crates.io-index",
        ] {
            assert_eq!(hosts(&file("a.md", text)), [], "{text}");
        }
    }

    #[test]
    fn a_path_of_one_machine_fails() {
        let path = format!("{}main/Cargo.toml", WORKPLACES.concat());
        let problems = workplaces(&file("a.md", &format!("in `{path}`")));
        assert_eq!(problems.len(), 1);
        for text in [format!("/home/ana{path}"), format!("net{path}"), format!("~{path}")] {
            assert_eq!(workplaces(&file("a.md", &text)), [], "{text}");
        }
    }

    #[test]
    fn a_generated_file_that_nobody_generates_fails() {
        let mut files: Vec<File> =
            ARTIFACTS.iter().map(|artifact| file(artifact.path, "x")).collect();
        assert_eq!(generated(&files), []);
        files.push(file("docs/generated/notes.md", "x"));
        assert_eq!(
            shown(&generated(&files)),
            ["docs/generated/notes.md: is not made by `cargo xtask gen`"]
        );
    }

    #[test]
    fn a_generated_file_that_is_missing_fails() {
        assert_eq!(generated(&[]).len(), ARTIFACTS.len());
    }

    #[test]
    fn a_snapshot_does_not_outlive_its_test_file() {
        let files = [
            file("crates/core/src/event.rs", ""),
            file("a.snap", "---\nsource: crates/core/src/event.rs\n---\n"),
            file("b.snap", "---\nsource: crates/core/src/gone.rs\n---\n"),
        ];
        assert_eq!(
            shown(&snapshots(&files)),
            ["b.snap: comes from a test file that is gone: crates/core/src/gone.rs"]
        );
    }

    #[test]
    fn a_link_leads_somewhere() {
        let text = "[a](../README.md) [b](adr/) [c](adr/0001.md#top) [d](#here) [e](https://e.org)";
        let files = [file("README.md", ""), file("docs/adr/0001.md", ""), file("docs/x.md", text)];
        assert_eq!(links(&files), []);
        let files = [file("docs/x.md", "\n[a](README.md)")];
        assert_eq!(
            shown(&links(&files)),
            ["docs/x.md:2: links to docs/README.md, which is not there"]
        );
    }

    #[test]
    fn every_folder_of_test_data_has_a_readme() {
        let files = [
            file("testdata/pcap/a/input.pcap", ""),
            file("testdata/pcap/a/README.md", ""),
            file("testdata/pcap/b/input.pcap", ""),
            file("testdata/pcap/b/more/input.pcap", ""),
        ];
        assert_eq!(
            shown(&test_data(&files)),
            [
                "testdata/pcap/b: has no README.md (origin, licence)",
                "testdata/pcap/b/more: has no README.md (origin, licence)"
            ]
        );
    }
}

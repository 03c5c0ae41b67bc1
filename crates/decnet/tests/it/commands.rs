//! What the program says without a store.

use crate::running::{command, complaint, decnet, printed};
use std::io::Read as _;
use std::process::Stdio;

#[test]
fn the_command_line_is_this() {
    insta::assert_snapshot!(printed(&decnet(&["help-markdown"])));
}

#[test]
fn the_first_help_is_this() {
    let output = command(&["--help"]).env("COLUMNS", "100").output().unwrap();
    insta::assert_snapshot!(printed(&output));
}

#[test]
fn the_example_configuration_is_this_and_in_order() {
    let example = printed(&decnet(&["config", "--example"]));
    insta::assert_snapshot!(example);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decnet.toml");
    std::fs::write(&file, example).unwrap();
    let output = decnet(&["config", "--check", "--config", file.to_str().unwrap()]);
    assert!(printed(&output).ends_with("is in order: 1 decoy\n"));
}

#[test]
fn a_broken_configuration_is_the_operators_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decnet.toml");
    let name = file.to_str().unwrap();
    std::fs::write(&file, "[recordings]\ndayz = 3\n").unwrap();
    let expected =
        format!("decnet: {name}:2: recordings.dayz = 3: no such key; did you mean days?");
    for arguments in [
        &["config", "--check", "--config", name][..],
        &["up", "--data", name, "--config", name],
        &["status", "--config", name],
        &["sessions", "--config", name],
    ] {
        assert_eq!(complaint(&decnet(arguments), 2), expected);
    }
    let output = decnet(&["config", "--check", "--config", "/nowhere/decnet.toml"]);
    assert!(complaint(&output, 2).contains("cannot read the configuration /nowhere/decnet.toml"));
}

#[test]
fn wrong_arguments_are_the_operators_fault() {
    let check = |arguments: &[&str], wanted: &str| {
        let line = complaint(&decnet(arguments), 2);
        assert!(line.contains(wanted), "{line}");
    };
    check(&["sessions", "--since", "yesterday"], "--since: \"yesterday\" is no instant");
    check(&["sessions", "--source", "nobody"], "--source: \"nobody\" is no address");
    check(&["attacker", "1.2.3"], "ADDRESS: \"1.2.3\" is no address");
    check(&["logs", "--kind", "nonsense"], "--kind: \"nonsense\" is no kind of event");
    check(&["sessions", "--store", "postgres://x/y"], "--store: ");
    check(&["replay", "x", "--speed", "0"], "--speed 0: right would be");
}

#[test]
fn without_a_store_each_command_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for arguments in [
        &["sessions"][..],
        &["session", "last"],
        &["replay", "last"],
        &["attackers"],
        &["attacker", "192.0.2.1"],
        &["logs"],
        &["rebuild"],
    ] {
        let output = command(arguments).args(["--data", data]).output().unwrap();
        let line = complaint(&output, 1);
        assert!(line.contains("nothing is there"), "{arguments:?}: {line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn the_audit_works_without_a_store_and_counts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let plain = printed(&decnet(&["audit", "--data", data]));
    assert!(plain.contains("no counts: "), "{plain}");
    let json: serde_json::Value =
        serde_json::from_str(&printed(&decnet(&["audit", "--json", "--data", data]))).unwrap();
    assert_eq!(json["counted"], false);
    let all = json["total"].as_u64().unwrap();
    let part = |filter: &str| -> u64 {
        let text = printed(&decnet(&["audit", "--json", filter, "--data", data]));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["total"].as_u64().unwrap()
    };
    assert_eq!(part("--wired") + part("--pending"), all);
    assert!(part("--wired") > 0);
    assert!(printed(&decnet(&["audit", "--markdown"])).starts_with("# The signals\n"));
}

#[test]
fn schemas_and_completions_are_printed() {
    assert!(printed(&decnet(&["schema", "sqlite"])).contains("CREATE TABLE"));
    assert!(printed(&decnet(&["schema", "mysql"])).contains("CREATE TABLE"));
    assert!(printed(&decnet(&["completions", "bash"])).contains("_decnet"));
}

#[test]
fn a_reader_who_has_had_enough_is_no_fault() {
    let mut child = command(&["schema", "mysql"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert!(status.success(), "{status}: {complaints}");
    assert_eq!(complaints, "");
}

const CAST: &str = concat!(
    r#"{"version": 2, "width": 80, "height": 24}"#,
    "\n",
    r#"[0.0, "o", "$ "]"#,
    "\n",
    r#"[0.01, "o", "\u001b]0;title\u0007\u001b[6n\u001b[1mhello\u001b[?1049h"]"#,
    "\n",
    r#"[0.02, "i", "a"]"#,
    "\n",
    r#"[0.03, "r", "100x30"]"#,
    "\n",
    r#"[0.04, "o", "\u009b31m\u001bPq\u001b"]"#,
    "\n",
    r#"[0.05, "o", "\\ there\r\n"]"#,
    "\n",
);

#[test]
fn a_replay_shows_what_cannot_hurt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.cast");
    std::fs::write(&file, CAST).unwrap();
    let shown = printed(&decnet(&["replay", file.to_str().unwrap()]));
    assert_eq!(shown, "$ \x1b[1mhello\x1b[31m there\r\n\x1b[0m\r\n");
}

#[test]
fn features_are_json_and_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.cast");
    std::fs::write(&file, CAST).unwrap();
    let name = file.to_str().unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&printed(&decnet(&["features", name, "--json"]))).unwrap();
    assert_eq!(json["total_keystrokes"], 1);
    assert_eq!(json["session_duration_s"], 0.05);
    assert_eq!(json["kd_digraph_simhash"], serde_json::Value::Null);
    let plain = printed(&decnet(&["features", name]));
    assert!(plain.lines().any(|line| line.starts_with("total_keystrokes ")), "{plain}");
    std::fs::write(&file, "nonsense").unwrap();
    assert!(complaint(&decnet(&["features", name]), 1).contains("is not a recording"));
}

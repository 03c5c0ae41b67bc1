//! Lines that attackers have run, with what a real machine answered.

use crate::session::{Session, login, machine};
use decnet_persona::{Console, Disk, Step};
use std::path::PathBuf;

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("DECNET_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = folder.join("shell/corpus.json");
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("DECNET_TEST_REQUIRE_ALL").is_none(), "no {}", file.display());
    eprintln!("skipped: no {}", file.display());
    None
}

struct Answer {
    out: String,
    err: String,
    status: u32,
}

fn ask(disk: &Disk, command: &str, input: Option<&str>) -> Answer {
    let console = Console::exec(machine(), login("root", None), command.as_bytes()).on(disk);
    let mut session = Session::of(console);
    if let Some(input) = input {
        session.send(input.as_bytes());
    }
    session.end();
    session.finish();
    let text = |wanted: bool| {
        let bytes: Vec<u8> = session
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Output(bytes) if !wanted => Some(bytes.clone()),
                Step::ErrorOutput(bytes) if wanted => Some(bytes.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let status = session.steps.iter().find_map(|step| match step {
        Step::Exit(status) => Some(*status),
        Step::Killed(signal) => Some(128 + *signal),
        _ => None,
    });
    Answer { out: text(false), err: text(true), status: status.unwrap_or(9_999) }
}

fn patterns(list: &serde_json::Value) -> Vec<regex::Regex> {
    let all = list.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    all.map(|text| regex::Regex::new(text).unwrap()).collect()
}

/// What is wrong with an answer.
fn wrong(line: &serde_json::Value, answer: &Answer) -> Option<String> {
    for fits in patterns(&line["stdout_re"]) {
        if !fits.is_match(&answer.out) {
            return Some(format!("stdout does not fit {fits}"));
        }
    }
    for fits in patterns(&line["stderr_re"]) {
        if !fits.is_match(&answer.err) {
            return Some(format!("stderr does not fit {fits}"));
        }
    }
    for fits in patterns(&line["forbid_re"]) {
        if fits.is_match(&answer.out) || fits.is_match(&answer.err) {
            return Some(format!("forbidden: {fits}"));
        }
    }
    match line["rc"].as_u64() {
        Some(rc) if rc != u64::from(answer.status) => Some(format!("status is not {rc}")),
        _ => None,
    }
}

#[test]
fn attackers_get_the_answers_of_a_real_machine() {
    let Some(file) = data() else { return };
    let lines: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (mut right, mut all) = (0, 0);
    for line in lines.as_array().unwrap() {
        let command = line["command"].as_str().unwrap();
        if !line["auto"].as_bool().unwrap() {
            continue;
        }
        all += 1;
        let disk = Disk::default();
        let input = line["stdin"].as_str();
        let input = input.map(|_| "x".repeat(1_000));
        let answer = ask(&disk, command, input.as_deref());
        let mut why = wrong(line, &answer);
        if let (None, Some(command)) = (&why, line["second_session"].as_str()) {
            let again = ask(&disk, command, None);
            let then = &line["debian12_capture"]["v"];
            let expected = then[0].as_str().unwrap_or_default();
            // A hash begins alike and goes on otherwise.
            let begin = expected.get(..8).unwrap_or(expected);
            if !again.out.starts_with(begin) || again.out.is_empty() != expected.is_empty() {
                why = Some(format!("later: {:?} {:?}, not {expected:?}", again.out, again.err));
            }
        }
        match why {
            None => right += 1,
            Some(why) => eprintln!(
                "{}: {command}\n  {why}\n  {:?}\n  {:?}\n  {}",
                line["id"], answer.out, answer.err, answer.status
            ),
        }
    }
    eprintln!("right: {right} of {all}");
    assert_eq!(right, all);
}

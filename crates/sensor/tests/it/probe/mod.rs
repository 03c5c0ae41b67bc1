//! The decoy beside Debian's sshd: whatever a client sends, both answer the same.
//!
//! A probe is a name and what a client does; what it hears is written down in lines, and the lines
//! of both servers are compared. `DECNET_PROBES` names the probes to run, by how they begin and
//! with commas between, empty for all; `DECNET_PROBES_OUT` names a folder for what both say.

mod client;
mod differs;
mod exchange;
mod handshake;
mod message;
mod own;
mod probes;
mod shown;
mod sshd;

use crate::support::Decoy;
use client::Client;
use decnet_sensor::decoy::ssh::{AuthPolicy, SshSettings, SshTiming};
use sshd::{PLAIN_USER, Sshd};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

type Act = Box<dyn Fn(SocketAddr) -> Client + Send + Sync>;

/// What a client does to a server.
pub(crate) struct Probe {
    name: String,
    act: Act,
}

/// Probes in their order.
#[derive(Default)]
pub(crate) struct Probes(Vec<Probe>);

impl Probes {
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        act: impl Fn(SocketAddr) -> Client + Send + Sync + 'static,
    ) {
        self.0.push(Probe { name: name.into(), act: Box::new(act) });
    }
}

/// Connections at once to sshd, which makes processes of each.
const AT_ONCE_REAL: usize = 6;
/// Connections at once to the decoy.
const AT_ONCE: usize = 16;

/// How often what differs is asked again.
const TIMES_AGAIN: usize = 2;

/// What a probe hears, by its name.
type Answers = BTreeMap<String, Vec<String>>;

fn run<'a>(
    probes: impl IntoIterator<Item = &'a Probe>,
    address: SocketAddr,
    at_once: usize,
) -> Answers {
    let queue: Mutex<VecDeque<&Probe>> = Mutex::new(probes.into_iter().collect());
    let heard = Mutex::new(BTreeMap::new());
    let next = || queue.lock().unwrap().pop_front();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(probe) = next() {
                    let act = || (probe.act)(address).lines;
                    let lines = catch_unwind(AssertUnwindSafe(act))
                        .unwrap_or_else(|_| vec!["the probe failed".to_owned()]);
                    let lines = shown::merged(shown::settled(lines));
                    heard.lock().unwrap().insert(probe.name.clone(), lines);
                }
            });
        }
    });
    heard.into_inner().unwrap()
}

/// Those that are named, or all but those that are known to differ.
fn chosen(mut probes: Vec<Probe>) -> Vec<Probe> {
    match std::env::var("DECNET_PROBES") {
        Ok(only) => {
            probes.retain(|probe| only.split(',').any(|only| probe.name.starts_with(only)));
        }
        Err(_) => probes.retain(|probe| differs::reason(&probe.name).is_none()),
    }
    probes
}

/// Writes what a server says, for who wants to read it.
fn keep(probes: &[Probe], heard: &Answers, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let mut summary = String::new();
    for Probe { name, .. } in probes {
        let lines = heard[name].join("\n");
        std::fs::write(folder.join(format!("{name}.txt")), format!("{lines}\n")).unwrap();
        summary += &format!("## {name}\n\n```\n{lines}\n```\n\n");
    }
    std::fs::write(folder.join("SUMMARY.md"), summary).unwrap();
}

/// Asks sshd with these lines in its configuration, and a decoy with these settings.
async fn compare(
    group: &'static str,
    probes: Vec<Probe>,
    lines: &str,
    change: impl FnOnce(&mut SshSettings),
) -> Option<Vec<String>> {
    let sshd = Sshd::start(lines)?;
    let line = Client::greeted(sshd.address).server_line;
    let decoy = Decoy::start_with(|settings| {
        settings.server_id = String::from_utf8(line).unwrap();
        settings.auth =
            AuthPolicy::exact(&[("root", client::PASSWORD), (PLAIN_USER, client::PASSWORD)]);
        settings.limits.connections_per_address = 100;
        settings.timing = SshTiming::default();
        change(settings);
    })
    .await;
    let (real, ours) = (sshd.address, decoy.address);
    let compared = tokio::task::spawn_blocking(move || {
        let probes = chosen(probes);
        let folder = std::env::var_os("DECNET_PROBES_OUT");
        let keep = |name: &str, answers: &Answers| {
            if let Some(folder) = &folder {
                keep(&probes, answers, &Path::new(folder).join(group).join(name));
            }
        };
        let (sshd, decoy) = (real, ours);
        let (mut real, mut ours) = std::thread::scope(|scope| {
            let ours = scope.spawn(|| run(&probes, decoy, AT_ONCE));
            let real = run(&probes, sshd, AT_ONCE_REAL);
            (real, ours.join().unwrap())
        });
        // Silence is told by a clock, and a machine may be busy: what differs is asked again, one
        // after the other, and has to differ each time.
        for _ in 0..TIMES_AGAIN {
            let differs = |probe: &&Probe| real[&probe.name] != ours[&probe.name];
            let again: Vec<&Probe> = probes.iter().filter(differs).collect();
            real.extend(run(again.iter().copied(), sshd, 1));
            ours.extend(run(again, decoy, 1));
        }
        keep("sshd", &real);
        keep("decoy", &ours);
        differing(&probes, &real, &ours)
    });
    Some(compared.await.unwrap())
}

/// Prints a table of what differs; the names of those that may not.
fn differing(probes: &[Probe], real: &Answers, ours: &Answers) -> Vec<String> {
    let mut names = Vec::new();
    let mut allowed = 0;
    for Probe { name, .. } in probes {
        let (real, ours) = (&real[name], &ours[name]);
        if real == ours {
            continue;
        }
        let reason = differs::reason(name);
        match reason {
            Some(_) => allowed += 1,
            None => names.push(name.clone()),
        }
        eprintln!("{name} differs{}", reason.map_or(String::new(), |why| format!(", as {why}")));
        eprintln!("    sshd:  {}", real.join(" | "));
        eprintln!("    decoy: {}", ours.join(" | "));
    }
    let differ = names.len();
    eprintln!("{} probes: {differ} differ, {allowed} are known to differ", probes.len());
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decoy_answers_as_sshd_does() {
    let differing = compare("all", probes::all(), "MaxStartups 100\n", |_| {}).await;
    assert_eq!(differing.unwrap_or_default(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decoy_loses_patience_as_sshd_does() {
    let lines = "MaxStartups 100\nLoginGraceTime 2\n";
    let differing = compare("grace", probes::of_grace(), lines, |settings| {
        settings.limits.grace = Duration::from_secs(2);
    });
    assert_eq!(differing.await.unwrap_or_default(), [""; 0]);
}

//! Measures `decnet read --json` beside the programs that read captures and are installed here.
#![expect(clippy::print_stdout, reason = "a program whose purpose is to print figures")]

use anyhow::{Context, Result, bail};
use clap::Parser;
use decnet_core::flow::capture::{Block, Reader};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Reads one capture with every program that is found, in turns, and prints what each cost.
#[derive(Parser)]
struct Options {
    /// The capture; beside it, with `.json` behind its name, may be a manifest of what it holds.
    #[arg(long, required_unless_present_any = ["templates", "measure"])]
    capture: Option<PathBuf>,
    /// Make the capture from those in this folder, with `--generator`.
    #[arg(long, requires = "generator", conflicts_with = "capture")]
    templates: Option<PathBuf>,
    /// The script that makes it: `--templates FOLDER --out FILE --size SIZE`.
    #[arg(long)]
    generator: Option<PathBuf>,
    /// How large it is made.
    #[arg(long, default_value = "1500M")]
    size: String,
    /// Turns; of each program the one that took least counts.
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Run also what takes minutes.
    #[arg(long)]
    slow: bool,
    /// The program to measure, where it is not to be built.
    #[arg(long)]
    decnet: Option<PathBuf>,
    /// Run this and print what it cost; the program starts itself with it.
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true)]
    measure: Vec<OsString>,
}

/// A program and how it reads a capture.
struct Tool {
    name: String,
    command: Vec<OsString>,
    best: Option<Cost>,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    processor_us: u64,
    wall_us: u64,
    resident_kib: u64,
}

/// What reads a capture with each program that may be there; of `{}` the capture's name, of `{dir}`
/// a folder that is removed.
const TOOLS: [(&str, &str); 6] = [
    ("tcpdump", "-r {} -w /dev/null"),
    ("capinfos", "{}"),
    ("mercury", "-r {} -f /dev/null --metadata"),
    ("p0f", "-r {}"),
    ("ndpiReader", "-i {} -q"),
    ("suricata", "-r {} -l {dir} -k none"),
];
/// The same of those that take minutes.
const SLOW_TOOLS: [(&str, &str); 1] = [(
    "tshark",
    "-r {} -T fields -e frame.number -e tls.handshake.ja3 -e tls.handshake.ja4 -e ssh.kex.hassh",
)];

/// What a manifest counts, and which lines are those.
const KINDS: [(&str, &str); 7] = [
    ("syn", "tcp_syn"),
    ("synack", "tcp_synack"),
    ("ssh_banner", "ssh_ident"),
    ("ssh_kexinit", "ssh_kex_init"),
    ("client_hello", "tls_client_hello"),
    ("server_hello", "tls_server_hello"),
    ("http_request", "http_request"),
];

fn main() -> Result<()> {
    let options = Options::parse();
    if !options.measure.is_empty() {
        return measure(&options.measure);
    }
    let folder = tempfile::tempdir().context("a folder for what programs write")?;
    let capture = capture(&options, folder.path())?;
    let decnet = match &options.decnet {
        Some(path) => path.clone(),
        None => built()?,
    };
    let mut tools = tools(&options, &decnet, &capture, folder.path());
    let packets = packets(&capture)?;
    println!("{packets} packets, {} turns", options.runs);
    for _ in 0..options.runs {
        for tool in &mut tools {
            let cost = run(&tool.command).with_context(|| tool.name.clone())?;
            let is_better = |best: Cost| cost.processor_us < best.processor_us;
            if tool.best.is_none_or(is_better) {
                tool.best = Some(cost);
            }
        }
    }
    print(&tools, packets);
    found(&decnet, &capture)
}

/// The capture, made if it has to be.
fn capture(options: &Options, folder: &Path) -> Result<PathBuf> {
    if let Some(capture) = &options.capture {
        return Ok(capture.clone());
    }
    let (Some(templates), Some(generator)) = (&options.templates, &options.generator) else {
        bail!("name a capture, or templates and the script that makes one from them");
    };
    let made = folder.join("bench.pcap");
    let mut command = Command::new("python3");
    command.arg(generator).arg("--templates").arg(templates).arg("--out").arg(&made);
    let status = command.args(["--size", &options.size]).status().context("python3")?;
    anyhow::ensure!(status.success(), "the capture could not be made");
    Ok(made)
}

/// The program, built as this one is.
fn built() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.parent().context("a folder")?.join("decnet");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let status = Command::new(cargo).args(["build", "--release", "-p", "decnet"]).status()?;
        anyhow::ensure!(status.success(), "decnet could not be built");
    }
    anyhow::ensure!(path.exists(), "no {}; name it with --decnet", path.display());
    Ok(path)
}

/// What there is to run.
fn tools(options: &Options, decnet: &Path, capture: &Path, folder: &Path) -> Vec<Tool> {
    let mut found = Vec::new();
    let slow = SLOW_TOOLS.iter().filter(|_| options.slow);
    for (name, arguments) in TOOLS.iter().chain(slow) {
        let Some(path) = in_path(name) else {
            println!("{name} is not installed");
            continue;
        };
        let arguments = arguments.split(' ').map(|word| match word {
            "{}" => capture.as_os_str().to_owned(),
            "{dir}" => folder.as_os_str().to_owned(),
            word => word.into(),
        });
        let command = std::iter::once(path.into_os_string()).chain(arguments).collect();
        found.push(Tool { name: (*name).to_owned(), command, best: None });
    }
    for threads in ["1", "2"] {
        let mut command = vec![decnet.as_os_str().to_owned()];
        command.extend(["read", "--json", "--threads", threads].map(OsString::from));
        command.push(capture.as_os_str().to_owned());
        let name = format!("decnet --threads {threads}");
        found.push(Tool { name, command, best: None });
    }
    found
}

fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    // Some are where only an administrator looks.
    let more = ["/usr/sbin", "/usr/local/bin"].map(PathBuf::from);
    std::env::split_paths(&folders).chain(more).map(|dir| dir.join(name)).find(|p| p.is_file())
}

/// Runs a command in a process that has no other child, whose largest is then that one.
fn run(command: &[OsString]) -> Result<Cost> {
    let own = std::env::current_exe()?;
    let output = Command::new(own).arg("--measure").args(command).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [processor_us, wall_us, resident_kib] => {
            Ok(Cost { processor_us: *processor_us, wall_us: *wall_us, resident_kib: *resident_kib })
        }
        _ => bail!("it failed: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Runs a command, and prints processor time, wall time and peak memory.
fn measure(command: &[OsString]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no command")?;
    let begun = Instant::now();
    let mut child = Command::new(program);
    child.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = child.status()?;
    let wall_us = begun.elapsed().as_micros();
    anyhow::ensure!(status.success(), "it ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let us = |time: TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let processor_us = us(usage.user_time()) + us(usage.system_time());
    println!("{processor_us} {wall_us} {}", usage.max_rss());
    Ok(())
}

fn packets(capture: &Path) -> Result<u64> {
    let mut file = std::fs::File::open(capture).context("the capture")?;
    let (mut buffer, mut reader, mut count) = (Vec::new(), Reader::default(), 0);
    loop {
        let read = file.by_ref().take(1 << 20).read_to_end(&mut buffer)?;
        let mut used = 0;
        while let Some((block, length)) = next(&mut reader, buffer.get(used..).unwrap_or_default())?
        {
            used += length;
            count += u64::from(matches!(block, Block::Packet(_)));
        }
        buffer.drain(..used);
        if read == 0 {
            return Ok(count);
        }
    }
}

fn next<'a>(reader: &mut Reader, bytes: &'a [u8]) -> Result<Option<(Block<'a>, usize)>> {
    reader.next(bytes).map_err(|malformed| anyhow::anyhow!("the capture: {malformed}"))
}

fn print(tools: &[Tool], packets: u64) {
    let cost_of = |name: &str| tools.iter().find(|tool| tool.name == name)?.best;
    let base = cost_of("tcpdump").map(|cost| cost.processor_us);
    println!(
        "{:<20}{:>10}{:>12}{:>8}{:>10}{:>14}",
        "", "CPU s", "x tcpdump", "s", "MB", "packets/CPU s"
    );
    for tool in tools {
        let Some(cost) = tool.best else { continue };
        let seconds = cost.processor_us as f64 / 1e6;
        let ratio = base.map_or("-".to_owned(), |base| {
            format!("{:.2}", cost.processor_us as f64 / base as f64)
        });
        println!(
            "{:<20}{seconds:>10.2}{ratio:>12}{:>8.1}{:>10}{:>14.0}",
            tool.name,
            cost.wall_us as f64 / 1e6,
            cost.resident_kib / 1_024,
            packets as f64 / seconds,
        );
    }
}

/// Counts lines, and says beside them what the manifest counts.
fn found(decnet: &Path, capture: &Path) -> Result<()> {
    let mut command = Command::new(decnet);
    command.args(["read", "--json"]).arg(capture).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = BufReader::with_capacity(1 << 20, child.stdout.take().context("no output")?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        // It is the second member of every line.
        let text = String::from_utf8_lossy(line.get(..120).unwrap_or(&line)).into_owned();
        let kind = text.split_once("\"kind\":\"").and_then(|(_, rest)| rest.split_once('"'));
        *counts.entry(kind.map_or("?", |(kind, _)| kind).to_owned()).or_default() += 1;
        line.clear();
    }
    child.wait()?;
    let mut beside = capture.as_os_str().to_owned();
    beside.push(".json");
    let manifest: Value = match std::fs::read(Path::new(&beside)) {
        Ok(text) => serde_json::from_slice(&text).context("the manifest")?,
        Err(_) => Value::Null,
    };
    println!("{:<20}{:>10}{:>12}", "lines", "found", "manifest");
    for (kind, count) in counts {
        let counted = KINDS.iter().find(|(_, ours)| *ours == kind);
        let stated = counted.and_then(|(name, _)| manifest.get("must_find")?.get(name)?.as_u64());
        let stated = stated.map_or(String::new(), |stated| stated.to_string());
        println!("{kind:<20}{count:>10}{stated:>12}");
    }
    Ok(())
}

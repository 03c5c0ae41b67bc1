//! Files to and from the decoy beside Debian's own sshd, with OpenSSH's client, in turns: bytes a
//! second, and what the server takes of the processor.
#![allow(clippy::print_stdout, reason = "a program that measures")]

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use nix::unistd::{SysconfVar, sysconf};
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Options {
    /// The program to measure.
    #[arg(long, default_value = "target/release/decnet")]
    program: PathBuf,
    /// Where files and keys lie: in memory, so that no disk is measured.
    #[arg(long, default_value = "/dev/shm")]
    folder: PathBuf,
    /// MB of an upload.
    #[arg(long, default_value_t = 1_000)]
    megabytes: u64,
    /// How often 32 MB are fetched, which is about what the decoy keeps of an upload, and only as
    /// long as the connection lasts.
    #[arg(long, default_value_t = 20)]
    fetches: u64,
    /// Turns of each server with each set of algorithms.
    #[arg(long, default_value_t = 3)]
    turns: usize,
    /// A part of the names of the sets that are measured.
    #[arg(long, default_value = "")]
    only: String,
}

/// Ciphers, each with the code beside it, where it needs one.
const SETS: &[(&str, &str)] = &[
    ("chacha20-poly1305@openssh.com", ""),
    ("aes128-gcm@openssh.com", ""),
    ("aes256-gcm@openssh.com", ""),
    ("aes256-ctr", "umac-64-etm@openssh.com"),
    ("aes256-ctr", "umac-128-etm@openssh.com"),
    ("aes256-ctr", "hmac-sha2-256"),
    ("aes128-ctr", "hmac-sha2-512-etm@openssh.com"),
    ("aes128-ctr", "hmac-sha1"),
];

/// A server, until it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    /// Where its files lie.
    target: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to keep.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Which way files go, and how often the small one is fetched.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Up,
    Down(usize),
}

/// MB of the file that is fetched.
const FETCH_MB: u64 = 32;

/// What one turn took.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    /// Of the server, on the processor.
    processor: f64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir_in(&options.folder)?;
    prepare(folder.path(), &options)?;
    let servers = [Server::decoy(&options.program, folder.path())?, Server::sshd(folder.path())?];
    let fetches = usize::try_from(options.fetches)?;
    let down = (Direction::Down(fetches), FETCH_MB * options.fetches);
    println!("MB/s by the clock, and MB per second of the server's processor time");
    for (direction, megabytes) in [(Direction::Up, options.megabytes), down] {
        let title = format!("{direction:?}, {megabytes} MB");
        let [decoy, sshd, ratio] = ["decoy", "sshd", "ratio"];
        println!("{title:<60} {decoy:>6} {sshd:>6} {ratio:>6}   {decoy:>6} {sshd:>6} {ratio:>6}");
        for (cipher, mac) in SETS {
            let name = format!("{cipher} {mac}");
            if !name.contains(&options.only) {
                continue;
            }
            let mut found = [Vec::new(), Vec::new()];
            for _ in 0..options.turns {
                for (server, found) in servers.iter().zip(&mut found) {
                    found.push(server.copy(folder.path(), direction, (cipher, mac))?);
                }
            }
            let mb = megabytes as f64;
            let [decoy, sshd] = found.each_ref().map(|took| mb / median(took, |took| took.seconds));
            let [cpu, sshd_cpu] =
                found.each_ref().map(|took| mb / median(took, |took| took.processor));
            println!(
                "{name:<60} {decoy:>6.0} {sshd:>6.0} {:>6.2}   {cpu:>6.0} {sshd_cpu:>6.0} {:>6.2}",
                decoy / sshd,
                cpu / sshd_cpu
            );
        }
    }
    Ok(())
}

fn median(took: &[Took], of: fn(&Took) -> f64) -> f64 {
    let mut all: Vec<f64> = took.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Keys, the file to send, and the program that tells the client the password.
fn prepare(folder: &Path, options: &Options) -> anyhow::Result<()> {
    for name in ["host", "user"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-t", "ed25519", "-f"])
            .arg(folder.join(name))
            .stdin(Stdio::null())
            .status()
            .context("ssh-keygen")?;
        ensure!(made.success(), "ssh-keygen failed");
    }
    std::fs::copy(folder.join("user.pub"), folder.join("authorized"))?;
    File::create(folder.join("up"))?.set_len(options.megabytes * 1_000_000)?;
    File::create(folder.join("small"))?.set_len(FETCH_MB * 1_000_000)?;
    let ask = folder.join("ask");
    std::fs::write(&ask, "#!/bin/sh\necho root\n")?;
    std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}

impl Server {
    fn decoy(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let config = folder.join("decnet.toml");
        std::fs::write(&config, format!("[[decky]]\n[decky.ssh]\nlisten = [\"{address}\"]\n"))?;
        let child = Command::new(program)
            .arg("up")
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{}: build it first", program.display()))?;
        Self { child, address, target: PathBuf::from("/root") }.begin()
    }

    fn sshd(folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let config = folder.join("sshd_config");
        let text = format!(
            "ListenAddress {address}\nPidFile none\nPermitRootLogin yes\nStrictModes no\n\
             UsePAM no\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\n\
             Subsystem sftp /usr/lib/openssh/sftp-server\n",
            folder.display()
        );
        std::fs::write(&config, text)?;
        std::fs::create_dir_all("/run/sshd")?;
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stderr(File::create(folder.join("sshd.log"))?)
            .spawn()
            .context("/usr/sbin/sshd")?;
        let target = folder.join("kept");
        std::fs::create_dir(&target)?;
        Self { child, address, target }.begin()
    }

    fn begin(self) -> anyhow::Result<Self> {
        let begin = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            ensure!(begin.elapsed() < Duration::from_secs(20), "a server does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(self)
    }

    /// OpenSSH's client, without what would depend on the machine.
    fn client(&self, folder: &Path, (cipher, mac): (&str, &str)) -> Command {
        let mut client = Command::new("sftp");
        client.args(["-q", "-F", "/dev/null", "-P", &self.address.port().to_string()]);
        client.arg("-i").arg(folder.join("user"));
        // A password can be asked for in a batch too, where that is said first.
        client.args(["-o", "BatchMode=no", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"]);
        client.args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
        client.args(["-o", "PreferredAuthentications=publickey,password"]);
        client.arg("-o").arg(format!("Ciphers={cipher}"));
        if !mac.is_empty() {
            client.arg("-o").arg(format!("MACs={mac}"));
        }
        client.env("SSH_ASKPASS", folder.join("ask")).env("SSH_ASKPASS_REQUIRE", "force");
        client.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null()).stdout(Stdio::null());
        client
    }

    fn copy(&self, folder: &Path, direction: Direction, set: (&str, &str)) -> anyhow::Result<Took> {
        let (here, there) = (folder.display(), self.target.display());
        let text = match direction {
            Direction::Up => format!("put {here}/up {there}/up\n"),
            Direction::Down(times) => {
                let fetches = format!("get {there}/small /dev/null\n").repeat(times);
                format!("put {here}/small {there}/small\n{fetches}")
            }
        };
        let batch = folder.join("batch");
        std::fs::write(&batch, text)?;
        let mut client = self.client(folder, set);
        client.arg("-b").arg(batch).arg(format!("root@{}", self.address.ip()));
        let (begin, before) = (Instant::now(), self.processor()?);
        let ended = client.status().context("sftp")?;
        ensure!(ended.success(), "sftp failed: {ended}");
        let seconds = begin.elapsed().as_secs_f64();
        // What serves one connection is counted when it has ended.
        std::thread::sleep(Duration::from_millis(300));
        Ok(Took { seconds, processor: self.processor()? - before })
    }

    /// Seconds of processor time of the server and of those of its children that have ended.
    fn processor(&self) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, numbers) = text.rsplit_once(')').context("no process")?;
        let ticks: u64 = numbers
            .split_whitespace()
            .skip(11)
            .take(4)
            .map(|number| number.parse::<u64>().unwrap_or(0))
            .sum();
        let Some(per_second) = sysconf(SysconfVar::CLK_TCK)? else { bail!("no clock ticks") };
        Ok(ticks as f64 / per_second as f64)
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

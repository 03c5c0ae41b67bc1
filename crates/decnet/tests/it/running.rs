//! The compiled program, running for one test.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A decoy on a free port of this machine alone, and nothing that depends on rights.
pub const ANY_PORT: &str =
    "[sniffer]\nenabled = \"off\"\n[[decky]]\n[decky.ssh]\nlisten = [\"127.0.0.1:0\"]\n";

/// `decnet up`, until it is dropped.
pub struct Running {
    _home: TempDir,
    config: PathBuf,
    data: PathBuf,
    child: Child,
    printed: Arc<Mutex<String>>,
}

#[allow(dead_code, reason = "not every helper is used by every set of tests")]
impl Running {
    /// Starts the program with that configuration ([`ANY_PORT`] where it is empty) on a new data
    /// folder, and waits until it says that it is up.
    #[track_caller]
    pub fn start(config: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        Self::start_on(home, &data, config)
    }

    /// As [`Self::start`], on a data folder in `home`.
    #[track_caller]
    pub fn start_on(home: TempDir, data: &Path, config: &str) -> Self {
        let file = home.path().join("decnet.toml");
        std::fs::write(&file, if config.is_empty() { ANY_PORT } else { config }).unwrap();
        let (child, printed) = spawn(Command::new(PROGRAM), &file, data);
        let mut running = Self { _home: home, config: file, data: data.to_owned(), child, printed };
        running.wait_until_up();
        running
    }

    /// As [`Self::start`], by somebody who may not open packet sockets.
    #[track_caller]
    pub fn start_without_net_raw(config: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (data, file) = (home.path().join("data"), home.path().join("decnet.toml"));
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(PROGRAM);
        if nix::unistd::geteuid().is_root() {
            command = Command::new("setpriv");
            command.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", PROGRAM]);
        }
        let (child, printed) = spawn(command, &file, &data);
        let mut running = Self { _home: home, config: file, data, child, printed };
        running.wait_until_up();
        running
    }

    /// Starts it again on the same data folder, after [`Self::kill`] or [`Self::stop`].
    #[track_caller]
    pub fn restart(&mut self) {
        let (child, printed) = spawn(Command::new(PROGRAM), &self.config, &self.data);
        (self.child, self.printed) = (child, printed);
        self.wait_until_up();
    }

    #[track_caller]
    fn wait_until_up(&mut self) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.printed().contains("stop   Ctrl-C") {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("ended with {status}: {}", self.complaints());
            }
            assert!(Instant::now() < end, "not up: {}", self.printed());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has printed.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// What it has said on standard error.
    pub fn complaints(&self) -> String {
        std::fs::read_to_string(self.config.with_extension("stderr")).unwrap_or_default()
    }

    /// The addresses it listens on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let printed = self.printed();
        let lines = printed.lines().filter(|line| line.contains("  ssh  "));
        lines.map(|line| line.split_whitespace().last().unwrap().parse().unwrap()).collect()
    }

    /// The port of its first SSH decoy.
    pub fn ssh_port(&self) -> u16 {
        self.addresses()[0].port()
    }

    /// The data folder.
    pub fn data(&self) -> &str {
        self.data.to_str().unwrap()
    }

    /// The path of a recording by its name.
    pub fn recording(&self, file: &str) -> PathBuf {
        self.data.join("recordings").join(file)
    }

    /// The database, to be read.
    pub fn database(&self) -> rusqlite::Connection {
        let database = rusqlite::Connection::open(self.data.join("decnet.db")).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Sends a signal and waits for the end; how it ended, and how long that took.
    pub fn stop(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        self.signal(signal);
        (self.wait(), begin.elapsed())
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        self.stop(Signal::SIGKILL);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(mut program: Command, config: &Path, data: &Path) -> (Child, Arc<Mutex<String>>) {
    let complaints = std::fs::File::create(config.with_extension("stderr")).unwrap();
    let mut child = program
        .args(["up", "--config"])
        .arg(config)
        .arg("--data")
        .arg(data)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(complaints)
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let printed = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&printed);
    std::thread::spawn(move || {
        let mut piece = [0; 4_096];
        while let Ok(read @ 1..) = stdout.read(&mut piece) {
            sink.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..read]));
        }
    });
    (child, printed)
}

/// Runs the program to its end.
pub fn decnet(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The program with arguments, away from the settings of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null());
    for name in ["RUST_LOG", "COLUMNS", "NO_COLOR", "STATE_DIRECTORY", "INVOCATION_ID"] {
        command.env_remove(name);
    }
    command
}

/// What it printed, and that it ended well.
#[track_caller]
pub fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line of complaint, and that it ended with that status.
#[track_caller]
pub fn complaint(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_decnet");

//! The clients that people use, and what each of them gives away.
//!
//! Each is made to log in, to be refused, to run a command, to type, to copy files, to ask for
//! forwards and to exchange keys in mid-transfer; what it tells of that is compared with what it
//! tells of a real server, and then the facts are looked at.

mod asyncssh;
mod curl;
mod dropbear;
mod go;
mod libssh;
mod openssh;
mod paramiko;
mod putty;

use crate::support::Decoy;
use decnet_core::event::{Answer, PeerFact, SessionFact};
use decnet_core::profile::ssh_client::Shown;
use decnet_testing::has_programs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Bytes of the file that goes up and comes down.
const UP: usize = 1_500_000;

/// A folder of its own and a decoy's port: what a client needs.
struct Bench {
    folder: tempfile::TempDir,
    port: u16,
}

impl Bench {
    /// `None` where a program is missing: the test says so and is skipped, or fails if it must run.
    fn new(decoy: &Decoy, programs: &[&str]) -> Option<Self> {
        let bench = Self { folder: tempfile::tempdir().unwrap(), port: decoy.address.port() };
        has_programs(programs).then_some(bench)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file in the folder.
    fn file(&self, name: &str) -> String {
        self.path().join(name).into_os_string().into_string().unwrap()
    }

    /// A script in the folder.
    fn script(&self, name: &str, text: &str) -> String {
        let file = self.file(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
        file
    }

    /// Makes the file `up`, which compresses badly.
    fn up(&self) -> Vec<u8> {
        let mut state = 1_u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(UP)
        .collect();
        std::fs::write(self.file("up"), &bytes).unwrap();
        bytes
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    /// A program without the environment of whoever runs the tests, and with a minute to live:
    /// everybody's tests run at once.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--foreground", "60", program])
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("TERM", "vt220")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A program that goes through one scenario, as the tests of each library do: port, folder,
    /// the scenario's name, what else it wants to know. What it printed.
    async fn scenario(&self, program: &[&str], scenario: &str, more: &str) -> String {
        let port = self.port.to_string();
        let folder = self.path().to_str().unwrap().to_owned();
        let mut command = self.command(program[0], &program[1..]);
        command.args([port.as_str(), &folder, scenario]);
        if !more.is_empty() {
            command.arg(more);
        }
        let output = run(command).await;
        assert!(output.status.success(), "{scenario}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Runs to the end.
async fn run(command: Command) -> Output {
    run_with(command, Vec::new()).await
}

/// The same, with input that follows once the client has had time to ask for its terminal.
async fn run_with(mut command: Command, input: Vec<(Duration, &'static [u8])>) -> Output {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let typing = std::thread::spawn(move || {
            let Some(mut stdin) = stdin else { return };
            for (pause, bytes) in input {
                std::thread::sleep(pause);
                let _ = std::io::Write::write_all(&mut stdin, bytes);
            }
            // The program's end, not ours, ends the session.
            std::thread::sleep(Duration::from_secs(1));
        });
        let output = child.wait_with_output().unwrap();
        typing.join().unwrap();
        output
    })
    .await
    .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Waits until so many connections have ended, thirty seconds at most.
async fn until_ended(decoy: &Decoy, connections: usize) {
    let begin = Instant::now();
    while decoy.kinds("connection_closed") < connections {
        assert!(begin.elapsed() < Duration::from_secs(30), "still open: {:#?}", decoy.events());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn told<T>(decoy: &Decoy, what: impl Fn(PeerFact) -> Option<T>) -> Vec<T> {
    decoy.peer_facts().into_iter().filter_map(what).collect()
}

/// The clients' identification lines without their endings.
fn idents(decoy: &Decoy) -> Vec<String> {
    told(decoy, |fact| match fact {
        PeerFact::SshIdent { line, .. } => Some(text(&line.0).trim_end().to_owned()),
        _ => None,
    })
}

/// The clients' offers of key exchange.
fn offers(decoy: &Decoy) -> Vec<String> {
    told(decoy, |fact| match fact {
        PeerFact::SshKexInit { lists, .. } => Some(text(&lists[0].0)),
        _ => None,
    })
}

/// Code and text of each DISCONNECT.
fn disconnects(decoy: &Decoy) -> Vec<(u32, String)> {
    told(decoy, |fact| match fact {
        PeerFact::SshDisconnect { reason, text: words, .. } => Some((reason, text(&words.0))),
        _ => None,
    })
}

/// The methods by which the clients tried to log in.
fn methods(decoy: &Decoy) -> Vec<String> {
    told(decoy, |fact| match fact {
        PeerFact::AuthAttempt { method, .. } => Some(text(&method.0)),
        _ => None,
    })
}

/// Names of global requests and of requests of channels that have no fact of their own.
fn requests(decoy: &Decoy) -> Vec<String> {
    told(decoy, |fact| match fact {
        PeerFact::SshGlobalRequest { name, .. } | PeerFact::SshChannelRequest { name, .. } => {
            Some(text(&name.0))
        }
        _ => None,
    })
}

/// Window and packet of each channel.
fn windows(decoy: &Decoy) -> Vec<(u32, u32)> {
    told(decoy, |fact| match fact {
        PeerFact::ChannelOpened { window: Some(window), packet: Some(packet), .. } => {
            Some((window, packet))
        }
        _ => None,
    })
}

/// Exchanges of keys behind the first that each connection's client and server began.
fn exchanges(decoy: &Decoy) -> Vec<(u32, u32)> {
    told(decoy, |fact| match fact {
        PeerFact::SshPackets { client_exchanges, server_exchanges, .. } => {
            Some((client_exchanges, server_exchanges))
        }
        _ => None,
    })
}

/// Where clients wanted to go, which was refused, and what they wanted to be bound, which was not.
fn forwards(decoy: &Decoy) -> (Vec<u32>, Vec<Answer>) {
    let locals = told(decoy, |fact| match fact {
        PeerFact::ChannelOpened { target: Some(target), answer: Answer::Refused, .. } => {
            Some(target.port)
        }
        _ => None,
    });
    let remotes = told(decoy, |fact| match fact {
        PeerFact::ForwardRequested { answer, .. } => Some(answer),
        _ => None,
    });
    (locals, remotes)
}

/// Files that were written, and their sizes; of each there was what is in it too.
fn written(decoy: &Decoy) -> Vec<(String, u64)> {
    let file = |fact| match fact {
        SessionFact::FileWritten { path, bytes } => Some((text(&path.0), bytes)),
        _ => None,
    };
    let brought = |fact| match fact {
        SessionFact::Artifact(brought) => Some((text(&brought.path.0), brought.size)),
        _ => None,
    };
    let written: Vec<_> = decoy.session_facts().into_iter().filter_map(file).collect();
    let brought: Vec<_> = decoy.session_facts().into_iter().filter_map(brought).collect();
    assert_eq!(brought, written);
    written
}

/// What was asked of the file system, by name, each once.
fn asked(decoy: &Decoy) -> Vec<String> {
    let mut names = Vec::new();
    for fact in decoy.session_facts() {
        let SessionFact::FileRequest { request, .. } = fact else { continue };
        let name = text(&request.0);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What the last client of a decoy may be, by all that it showed but its name, and how sure: the
/// marks of the fold, held against the programs that they were measured on.
fn guesses(decoy: &Decoy) -> Vec<(&'static str, u8)> {
    let mut shown = Shown::default();
    for fact in decoy.peer_facts() {
        match fact {
            PeerFact::SshIdent { .. } => shown = Shown::default(),
            PeerFact::SshKexInit { lists, .. } => shown.kex_init(&lists),
            PeerFact::ChannelOpened { window, packet, .. } => shown.channel(window, packet),
            PeerFact::SshDisconnect { reason, text, language } => {
                shown.disconnect(reason, &text, &language);
            }
            PeerFact::SshGlobalRequest { name, .. } | PeerFact::SshChannelRequest { name, .. } => {
                shown.request(&name);
            }
            _ => {}
        }
    }
    shown.guesses().iter().map(|guess| (guess.tool, guess.confidence)).collect()
}

/// A client is known without its name, and taken for nobody else.
#[track_caller]
fn assert_is(decoy: &Decoy, tool: &str) {
    let guesses = guesses(decoy);
    assert!(guesses[0].0 == tool && guesses[0].1 >= 90, "{guesses:?}");
    assert!(guesses[1..].iter().all(|(_, percent)| *percent < 50), "{guesses:?}");
}

/// A port of this machine where nobody may be connected to, whatever a client asks for.
struct Target(tokio::net::TcpListener);

impl Target {
    async fn new() -> Self {
        Self(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    async fn stays_alone(self) {
        let nobody = tokio::time::timeout(Duration::from_millis(50), self.0.accept()).await;
        assert!(nobody.is_err(), "the decoy connected to something");
    }
}

const LS: &str = "ls: cannot access '/nothere': No such file or directory\n";

//! Programs of OpenSSH, and the console's in their place.

use crate::session::{NOW, login, machine};
use decnet_persona::{Console, Step};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Whether a program is there and root runs the test, since what root may do is compared.
pub(crate) fn has(program: &str) -> bool {
    use std::os::unix::fs::MetadataExt;
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let there = Path::new(program).exists() && root;
    if !there {
        assert!(std::env::var_os("DECNET_TEST_REQUIRE_ALL").is_none(), "no {program} for root");
        eprintln!("skipped: no {program} for root");
    }
    there
}

/// Something that answers bytes.
pub(crate) trait Peer {
    fn send(&mut self, bytes: &[u8]);
    /// What it says next, at least one byte; nothing if it has ended.
    fn said(&mut self) -> Vec<u8>;
    /// The status, once it has ended; ends its input if that is what it takes.
    fn status(&mut self) -> u32;
}

pub(crate) struct Real {
    child: Child,
    said: Receiver<Vec<u8>>,
}

/// Closes what the test's own programs leave open.
const NOTHING_ELSE: &str =
    "for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ $fd -lt 3 ] || eval \"exec $fd>&-\"; done";

impl Real {
    /// The program in a folder, as `sshd` of Debian starts it.
    pub(crate) fn start(folder: &Path, command: &str) -> Self {
        let script = format!("{NOTHING_ELSE}; umask 022; ulimit -n 1024; exec {command}");
        let mut child = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder)
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, said) = channel();
        let mut out = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 20];
            while let Ok(count) = out.read(&mut bytes) {
                if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, said }
    }
}

impl Peer for Real {
    fn send(&mut self, bytes: &[u8]) {
        // It may have ended.
        let _ = self.child.stdin.as_mut().unwrap().write_all(bytes);
    }

    fn said(&mut self) -> Vec<u8> {
        match self.said.recv_timeout(Duration::from_secs(10)) {
            Ok(bytes) => bytes,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Vec::new(),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("the program says nothing"),
        }
    }

    fn status(&mut self) -> u32 {
        for _ in 0..20 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return u32::try_from(status.code().unwrap_or(-1)).unwrap_or(999);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.stdin.take());
        u32::try_from(self.child.wait().unwrap().code().unwrap_or(-1)).unwrap_or(999)
    }
}

pub(crate) struct Ours {
    console: Console,
    pub(crate) steps: Vec<Step>,
    taken: usize,
}

impl Ours {
    pub(crate) fn server() -> Self {
        Self::begin(Console::subsystem(machine(), login("root", None), b"sftp").unwrap())
    }

    pub(crate) fn exec(command: &str) -> Self {
        Self::begin(Console::exec(machine(), login("root", None), command.as_bytes()))
    }

    pub(crate) fn begin(mut console: Console) -> Self {
        let mut steps = Vec::new();
        console.open(NOW, &mut steps);
        let mut ours = Self { console, steps, taken: 0 };
        ours.idle(0);
        ours
    }

    fn idle(&mut self, mut from: usize) {
        while self.steps[from..].iter().any(|step| matches!(step, Step::WakeAt(_))) {
            from = self.steps.len();
            self.console.wake(NOW, &mut self.steps);
        }
    }

    pub(crate) fn finish(&mut self) {
        let from = self.steps.len();
        self.console.end_of_input(NOW, &mut self.steps);
        self.idle(from);
    }
}

impl Peer for Ours {
    fn send(&mut self, bytes: &[u8]) {
        let from = self.steps.len();
        self.console.receive(NOW, bytes, &mut self.steps);
        self.idle(from);
    }

    fn said(&mut self) -> Vec<u8> {
        let said = self.steps[self.taken..].iter().filter_map(|step| match step {
            Step::Output(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        let said = said.collect::<Vec<_>>().concat();
        self.taken = self.steps.len();
        let ended = self.steps.iter().any(|step| matches!(step, Step::Exit(_) | Step::Killed(_)));
        assert!(ended || !said.is_empty(), "the program says nothing");
        said
    }

    fn status(&mut self) -> u32 {
        if !self.steps.iter().any(|step| matches!(step, Step::Exit(_) | Step::Killed(_))) {
            self.finish();
        }
        let status = self.steps.iter().find_map(|step| match step {
            Step::Exit(status) => Some(*status),
            _ => None,
        });
        status.unwrap()
    }
}

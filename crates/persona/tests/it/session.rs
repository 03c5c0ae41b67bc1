//! A session in a test.

use decnet_core::event::{Timestamp, WindowSize};
use decnet_persona::{Console, Login, Machine, Step, Terminal};
use std::sync::Arc;

/// 2026-11-22 04:35:52 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_322_152_000_000_000);

pub(crate) struct Session {
    console: Console,
    pub(crate) now: Timestamp,
    pub(crate) steps: Vec<Step>,
}

pub(crate) fn machine() -> Arc<Machine> {
    Arc::new(Machine::from_seed(42))
}

pub(crate) fn login(user: &str, cols: Option<u32>) -> Login {
    Login {
        user: user.into(),
        peer: "192.0.2.7:50022".parse().unwrap(),
        local: "198.51.100.9:22".parse().unwrap(),
        env: Vec::new(),
        terminal: cols.map(|cols| Terminal {
            term: b"vt220".to_vec(),
            size: WindowSize { cols, rows: 24, px_width: 0, px_height: 0 },
            modes: Vec::new(),
        }),
    }
}

impl Session {
    pub(crate) fn shell(user: &str, cols: Option<u32>) -> Self {
        Self::begin(Console::shell(machine(), login(user, cols)))
    }

    pub(crate) fn exec(user: &str, command: &str) -> Self {
        Self::begin(Console::exec(machine(), login(user, None), command.as_bytes()))
    }

    pub(crate) fn of(console: Console) -> Self {
        Self::begin(console)
    }

    /// Lets all the time pass that programs wait for.
    pub(crate) fn finish(&mut self) {
        for _ in 0..100_000 {
            if self.steps.iter().any(|step| matches!(step, Step::Exit(_) | Step::Killed(_))) {
                return;
            }
            let at = self.steps.iter().rev().find_map(|step| match step {
                Step::WakeAt(at) => Some(*at),
                _ => None,
            });
            let Some(at) = at else { return };
            self.now = Timestamp(at.0.max(self.now.0));
            self.console.wake(self.now, &mut self.steps);
        }
    }

    fn begin(mut console: Console) -> Self {
        let mut steps = Vec::new();
        console.open(NOW, &mut steps);
        let mut session = Self { console, now: NOW, steps };
        session.idle(0);
        session
    }

    /// Sends bytes in one read and lets the console do what it put off.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Vec<Step> {
        let before = self.steps.len();
        self.console.receive(self.now, bytes, &mut self.steps);
        self.idle(before);
        self.steps[before..].to_vec()
    }

    /// Calls `wake` for what is due within a second.
    fn idle(&mut self, mut from: usize) {
        while let Some(at) = self.steps[from..].iter().rev().find_map(|step| match step {
            Step::WakeAt(at) => Some(*at),
            _ => None,
        }) {
            if at.0 > self.now.0 + 1_000_000_000 {
                return;
            }
            from = self.steps.len();
            self.console.wake(at, &mut self.steps);
        }
    }

    pub(crate) fn after(&mut self, seconds: i64) -> Vec<Step> {
        let before = self.steps.len();
        self.now.0 += seconds * 1_000_000_000;
        self.console.wake(self.now, &mut self.steps);
        self.steps[before..].to_vec()
    }

    pub(crate) fn end(&mut self) -> Vec<Step> {
        let before = self.steps.len();
        self.console.end_of_input(self.now, &mut self.steps);
        self.idle(before);
        self.steps[before..].to_vec()
    }

    pub(crate) fn resize(&mut self, cols: u32) {
        self.console.resize(WindowSize { cols, rows: 30, px_width: 0, px_height: 0 });
    }

    /// What a line writes: from behind its own echo to before the next prompt.
    pub(crate) fn run(&mut self, line: &str) -> String {
        let steps = self.send(format!("{line}\r").as_bytes());
        let begin = steps.iter().position(|step| matches!(step, Step::Command(_))).unwrap();
        let end = steps.iter().rposition(|step| matches!(step, Step::CommandDone(_)));
        output(&steps[begin..end.unwrap_or(steps.len())]).replace("\r\n", "\n")
    }
}

pub(crate) fn output(steps: &[Step]) -> String {
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Output(bytes) | Step::ErrorOutput(bytes) => out.extend_from_slice(bytes),
            _ => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Steps without the edges that reads make: between two other steps all input is one, all output
/// is one, and so are keys.
pub(crate) fn merged(steps: &[Step]) -> Vec<Step> {
    let mut out = Vec::new();
    let (mut input, mut shown, mut error, mut hidden) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for step in steps.iter().chain([&Step::Prompt]) {
        match step {
            Step::Input(bytes) => input.extend_from_slice(bytes),
            Step::Output(bytes) => shown.extend_from_slice(bytes),
            Step::ErrorOutput(bytes) => error.extend_from_slice(bytes),
            Step::HiddenInput(keys) => hidden += keys,
            // When the rest of a large read is done is no matter of what is said.
            Step::WakeAt(_) => {}
            other => {
                out.push(Step::Input(std::mem::take(&mut input)));
                out.push(Step::HiddenInput(std::mem::take(&mut hidden)));
                out.push(Step::Output(std::mem::take(&mut shown)));
                out.push(Step::ErrorOutput(std::mem::take(&mut error)));
                out.push(other.clone());
            }
        }
    }
    out
}

//! How far a transfer is, as `curl` shows it on standard error.
//!
//! **Invariant:** nothing is shown where it was not asked for, or where what comes is shown too.

use super::given::Given;
use crate::kernel::Proc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Table,
    /// `-#`
    Bar,
}

/// The progress meter of one URL.
#[derive(Debug)]
pub(super) struct Meter {
    kind: Kind,
    begun: bool,
}

const HEAD: &str = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
";

impl Meter {
    pub(super) fn new(silent: bool, to_terminal: bool, given: &Given) -> Self {
        let kind = if silent || to_terminal {
            Kind::None
        } else if given.has("progress-bar") {
            Kind::Bar
        } else {
            Kind::Table
        };
        Self { kind, begun: false }
    }

    /// Nothing has come yet.
    pub(super) fn begin(&mut self, p: &mut Proc) {
        if self.kind == Kind::Table {
            if !std::mem::replace(&mut self.begun, true) {
                p.put(2, HEAD.as_bytes());
            }
            p.put(2, &nothing("--:--:--"));
        }
    }

    /// Nothing has come, and it took so long.
    pub(super) fn end(&self, p: &mut Proc, took: i64) {
        match self.kind {
            Kind::None => {}
            Kind::Bar => p.error(""),
            Kind::Table => {
                for second in 1..=(took / 1_000_000_000).min(600) {
                    p.put(2, &nothing(&format!(" 0:{:02}:{:02}", second / 60, second % 60)));
                }
                p.put(2, &nothing("--:--:--"));
                p.error("");
            }
        }
    }

    /// All of so many bytes has come.
    pub(super) fn all(&self, p: &mut Proc, size: u64, speed: u64) {
        if self.kind != Kind::Table {
            return;
        }
        let (size, speed) = (short(size), short(speed));
        let text = format!(
            "\r100 {size:>5}  100 {size:>5}    0     0 {speed:>6}      0 --:--:-- --:--:-- --:--:-- {speed:>5}\n"
        );
        p.put(2, text.as_bytes());
    }
}

fn nothing(spent: &str) -> Vec<u8> {
    format!("\r  0     0    0     0    0     0      0      0 --:--:-- {spent} --:--:--     0")
        .into_bytes()
}

/// A number in five columns.
fn short(number: u64) -> String {
    match number {
        0..100_000 => number.to_string(),
        100_000..10_240_000 => format!("{}k", number >> 10),
        10_240_000..104_857_600 => {
            format!("{}.{}M", number >> 20, ((number & 0xf_ffff) * 10) >> 20)
        }
        _ => format!("{}M", number >> 20),
    }
}

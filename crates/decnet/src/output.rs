//! Standard output and standard error: the one place that writes to either.
//!
//! **Invariant:** no control character and none that reorders or hides text leaves through here,
//! except line feeds, our own colours, and what [`crate::replay`] has let through.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

/// What is known of the place that standard output goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns that a table may take; `None` where it is not to be cut.
    pub(crate) width: Option<usize>,
    /// Whether colours are shown.
    pub(crate) colours: Colours,
}

/// Whether colours are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    /// They are.
    Shown,
    /// Plain text.
    Plain,
}

/// The few ways in which text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Headings.
    Bold,
    /// What is there but does not matter.
    Dim,
    /// In order.
    Good,
    /// In part.
    Fair,
    /// Not in order.
    Bad,
}

impl Screen {
    /// Standard output as it is now. Tables are cut to COLUMNS where it is set, else to the
    /// terminal's width; into a pipe or file nothing is cut.
    pub(crate) fn of_stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let width = columns.filter(|&width: &usize| width > 0).or_else(|| {
            let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
            (terminal && size.ws_col > 0).then_some(usize::from(size.ws_col))
        });
        Self { width, colours: Colours::on(terminal) }
    }

    /// Standard error, on which nothing is cut.
    pub(crate) fn of_stderr() -> Self {
        Self { width: None, colours: Colours::on(io::stderr().is_terminal()) }
    }

    /// `text` in `ink`, where colours are shown.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        match self.colours {
            Colours::Shown => format!("\x1b[{}m{text}\x1b[0m", ink.code()),
            Colours::Plain => text.to_owned(),
        }
    }
}

impl Colours {
    /// Shown on terminals, unless `NO_COLOR` is set or the terminal cannot.
    fn on(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if terminal && !refused { Self::Shown } else { Self::Plain }
    }
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Fair => "33",
            Self::Bad => "31",
        }
    }
}

/// `text` with every character escaped that could move a terminal or mislead an eye.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character could move a terminal or mislead an eye.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control() || is_deceptive(c)
}

/// Bidirectional controls, zero-width characters, line and paragraph separators, tags.
fn is_deceptive(c: char) -> bool {
    matches!(u32::from(c), 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e
        | 0x2060..=0x206f | 0xfe00..=0xfe0f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
}

/// JSON for a person or a program: what could move a terminal is escaped as JSON does.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(value)?;
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Outside of strings there is ASCII only, and line feeds are the pretty printer's.
        if c != '\n' && is_unsafe(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown.push('\n');
    Ok(shown)
}

/// Writes to standard output, all of it.
pub(crate) fn print(text: &str) -> io::Result<()> {
    write(text.as_bytes())
}

/// Writes bytes to standard output, all of them.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Writes one line to standard error; a failure to do so has nowhere to go.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "decnet: {}", safe(line));
}

/// An error with its causes, each said once, on one line.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // Many messages end with that of their cause already.
        if line.ends_with(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_cannot_move_a_terminal(text: String) {
            prop_assert!(!safe(&text).chars().any(is_unsafe));
        }

        #[test]
        fn json_stays_what_it_was(text: String) {
            let shown = json(&text).unwrap();
            prop_assert!(!shown.trim_end_matches('\n').chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }

    #[test]
    fn escapes_name_the_character() {
        assert_eq!(safe("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        assert_eq!(safe("plain ünïcödé"), "plain ünïcödé");
        assert_eq!(json(&"\u{9b}\u{e0001}").unwrap(), "\"\\u009b\\udb40\\udc01\"\n");
    }
}

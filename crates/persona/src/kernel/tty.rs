//! The session's terminal, as far as programs set it and ask for it.

use crate::Terminal;
use decnet_core::event::WindowSize;
use decnet_core::limits::WINDOW_CELLS;

/// A terminal, or none.
#[derive(Debug)]
pub(crate) struct Tty {
    /// Its size; `None` without a terminal.
    pub(crate) size: Option<WindowSize>,
    pub(crate) modes: Modes,
    /// Other settings that were changed, which mean nothing here but are shown.
    pub(crate) changed: Vec<(&'static str, bool)>,
    pub(crate) characters: Vec<(&'static str, String)>,
    /// Whether others may write to it.
    pub(crate) messages: bool,
    /// The group of processes that it belongs to.
    pub(crate) foreground: u32,
    /// The line that a shell wants, and what it was given.
    pub(crate) asked: Option<Asked>,
    pub(crate) answer: Option<Answer>,
}

/// What `stty` sets of it that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "flags of termios, each on its own")]
pub(crate) struct Modes {
    pub(crate) echo: bool,
    /// Whole lines, which the terminal edits.
    pub(crate) icanon: bool,
    pub(crate) isig: bool,
    pub(crate) icrnl: bool,
    pub(crate) opost: bool,
}

impl Modes {
    pub(crate) const COOKED: Self =
        Self { echo: true, icanon: true, isig: true, icrnl: true, opost: true };
    /// What full-screen programs set.
    pub(crate) const RAW: Self =
        Self { echo: false, icanon: false, isig: false, icrnl: false, opost: true };
}

/// A shell that reads a line with its editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) pid: u32,
    pub(crate) prompt: Vec<u8>,
    /// Behind a line that is not complete.
    pub(crate) continues: bool,
    /// `-bash`, `bash`, `sh`…
    pub(crate) login: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Line(Vec<u8>),
    EndOfFile,
    Interrupt,
}

impl Tty {
    pub(super) fn new(terminal: Option<&Terminal>) -> Self {
        let size = terminal.map(|terminal| terminal.size);
        let mut tty =
            Self { size: None, modes: Modes::COOKED, changed: Vec::new(), characters: Vec::new(), messages: false, foreground: 0, asked: None, answer: None };
        if let Some(size) = size {
            tty.resize(size);
        }
        tty
    }

    pub(crate) fn resize(&mut self, mut size: WindowSize) {
        size.cols = size.cols.min(WINDOW_CELLS);
        size.rows = size.rows.min(WINDOW_CELLS);
        self.size = Some(size);
    }

    pub(crate) fn is_there(&self) -> bool {
        self.size.is_some()
    }

    /// Columns; 80 where it does not say.
    pub(crate) fn cols(&self) -> u32 {
        self.size.map_or(80, |size| if size.cols == 0 { 80 } else { size.cols })
    }

    /// Rows; 24 where it does not say.
    pub(crate) fn rows(&self) -> u32 {
        self.size.map_or(24, |size| if size.rows == 0 { 24 } else { size.rows })
    }
}

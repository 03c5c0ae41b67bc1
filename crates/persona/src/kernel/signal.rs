//! Signals: their numbers and names, and what they do to a process that does not care.

/// A signal, by its number on x86-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signal(pub(crate) u32);

/// What a signal does by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Kill,
    Core,
    Stop,
    Continue,
    Nothing,
}

impl Signal {
    pub(crate) const HUP: Self = Self(1);
    pub(crate) const INT: Self = Self(2);
    pub(crate) const QUIT: Self = Self(3);
    pub(crate) const KILL: Self = Self(9);
    pub(crate) const SEGV: Self = Self(11);
    pub(crate) const PIPE: Self = Self(13);
    pub(crate) const TERM: Self = Self(15);
    pub(crate) const CHLD: Self = Self(17);
    pub(crate) const CONT: Self = Self(18);
    pub(crate) const STOP: Self = Self(19);
    pub(crate) const TSTP: Self = Self(20);
    pub(crate) const TTIN: Self = Self(21);
    pub(crate) const LAST: u32 = 64;

    /// Without `SIG`.
    pub(crate) fn name(self) -> String {
        let index = usize::try_from(self.0).unwrap_or(0);
        if let Some((name, _)) = NAMES.get(index) {
            return (*name).to_owned();
        }
        match self.0 {
            34 => "RTMIN".to_owned(),
            35..=49 => format!("RTMIN+{}", self.0 - 34),
            50..=63 => format!("RTMAX-{}", 64 - self.0),
            64 => "RTMAX".to_owned(),
            _ => self.0.to_string(),
        }
    }

    /// By number or name, with or without `SIG`, in any case.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        if let Ok(number) = text.parse::<u32>() {
            return (number <= Self::LAST).then_some(Self(number));
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        (0..=Self::LAST).map(Self).find(|signal| signal.name() == name)
    }

    /// What a shell says of a process that it ended: `Terminated`.
    pub(crate) fn text(self) -> &'static str {
        let index = usize::try_from(self.0).unwrap_or(0);
        NAMES.get(index).map_or("Unknown signal", |(_, text)| text)
    }

    pub(crate) fn effect(self) -> Effect {
        match self.0 {
            17 | 23 | 28 => Effect::Nothing,
            18 => Effect::Continue,
            19..=22 => Effect::Stop,
            3 | 4 | 5 | 6 | 7 | 8 | 11 | 24 | 25 | 31 => Effect::Core,
            _ => Effect::Kill,
        }
    }

    /// Its bit in a set.
    pub(crate) fn bit(self) -> u64 {
        1_u64.checked_shl(self.0.saturating_sub(1)).unwrap_or(0)
    }
}

const NAMES: &[(&str, &str)] = &[
    ("EXIT", ""),
    ("HUP", "Hangup"),
    ("INT", "Interrupt"),
    ("QUIT", "Quit"),
    ("ILL", "Illegal instruction"),
    ("TRAP", "Trace/breakpoint trap"),
    ("ABRT", "Aborted"),
    ("BUS", "Bus error"),
    ("FPE", "Floating point exception"),
    ("KILL", "Killed"),
    ("USR1", "User defined signal 1"),
    ("SEGV", "Segmentation fault"),
    ("USR2", "User defined signal 2"),
    ("PIPE", "Broken pipe"),
    ("ALRM", "Alarm clock"),
    ("TERM", "Terminated"),
    ("STKFLT", "Stack fault"),
    ("CHLD", "Child exited"),
    ("CONT", "Continued"),
    ("STOP", "Stopped (signal)"),
    ("TSTP", "Stopped"),
    ("TTIN", "Stopped (tty input)"),
    ("TTOU", "Stopped (tty output)"),
    ("URG", "Urgent I/O condition"),
    ("XCPU", "CPU time limit exceeded"),
    ("XFSZ", "File size limit exceeded"),
    ("VTALRM", "Virtual timer expired"),
    ("PROF", "Profiling timer expired"),
    ("WINCH", "Window changed"),
    ("IO", "I/O possible"),
    ("PWR", "Power failure"),
    ("SYS", "Bad system call"),
];

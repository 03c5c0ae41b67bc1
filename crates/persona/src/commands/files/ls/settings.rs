//! What `ls` was asked for.
//!
//! **Invariant:** the last of options that exclude each other counts.

mod words;

use super::color::Colors;
use super::invalid_number;
use crate::commands::files::{human, options, quote as names, when, with_unit};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::process::Stat;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    No,
    ButDots,
    Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Long,
    One,
    Columns,
    Rows,
    Commas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Name,
    Size,
    Time,
    Extension,
    Version,
    Width,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    Always,
    Given,
    /// Links on the command line that lead to folders.
    Folders,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Changed,
    Accessed,
    Altered,
    Born,
}

impl Time {
    /// Nanoseconds since 1970.
    pub(super) fn of(self, stat: &Stat) -> i128 {
        let whole = |seconds: i64, ns: u32| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        match self {
            Self::Changed => whole(stat.changed, stat.changed_ns),
            Self::Accessed => whole(stat.accessed, stat.accessed_ns),
            Self::Altered => stat.altered.into(),
            Self::Born => stat.born.into(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Literal,
    Maybe,
    Always,
    C,
    Escape,
    Locale,
}

/// What is put behind names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    Slash,
    Types,
    All,
}

/// How sizes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Usual,
    Human(u64),
    Of(u64),
    /// The same, and its letter is shown.
    Named(u64, u8),
}

#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
pub(super) struct Settings {
    pub(super) hidden: Hidden,
    pub(super) shape: Shape,
    pub(super) by: By,
    pub(super) time: Time,
    pub(super) follow: Follow,
    pub(super) quoting: Quoting,
    pub(super) mark: Mark,
    pub(super) unit: Unit,
    pub(super) blocks_unit: Unit,
    pub(super) color: Option<Colors>,
    pub(super) reverse: bool,
    pub(super) recursive: bool,
    pub(super) itself: bool,
    pub(super) numeric: bool,
    pub(super) inode: bool,
    pub(super) blocks: bool,
    pub(super) owner: bool,
    pub(super) group: bool,
    pub(super) author: bool,
    pub(super) context: bool,
    pub(super) folders_first: bool,
    pub(super) masked: bool,
    pub(super) zero: bool,
    pub(super) collated: bool,
    pub(super) utf8: bool,
    pub(super) width: usize,
    pub(super) tab: usize,
    pub(super) now: i64,
    /// For old and for new files.
    formats: [Vec<u8>; 2],
    ignored: Vec<(Vec<u8>, bool)>,
    backups: bool,
    style: Option<Vec<u8>>,
}

const COLOR: u8 = 130;
const BLOCK_SIZE: u8 = 131;
const FORMAT: u8 = 132;
const SORT: u8 = 133;
const TIME: u8 = 134;
const TIME_STYLE: u8 = 135;
const FULL_TIME: u8 = 136;
const FOLDERS_FIRST: u8 = 137;
const FILE_TYPE: u8 = 138;
const INDICATOR: u8 = 139;
const QUOTING: u8 = 140;
const SHOW_CONTROL: u8 = 141;
const SI: u8 = 142;
const FOLLOW_FOLDERS: u8 = 143;
const HIDE: u8 = 144;
const ZERO: u8 = 145;
const AUTHOR: u8 = 146;
const HYPERLINK: u8 = 147;

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'A', "almost-all"),
    Flag::new(AUTHOR, "author"),
    Flag::new(b'b', "escape"),
    Flag::with(BLOCK_SIZE, "block-size"),
    Flag::new(b'B', "ignore-backups"),
    Flag::new(b'c', ""),
    Flag::new(b'C', ""),
    Flag::maybe(COLOR, "color"),
    Flag::new(b'd', "directory"),
    Flag::new(b'D', "dired"),
    Flag::new(b'f', ""),
    Flag::maybe(129, "classify"),
    Flag::new(b'F', ""),
    Flag::new(FILE_TYPE, "file-type"),
    Flag::with(FORMAT, "format"),
    Flag::new(FULL_TIME, "full-time"),
    Flag::new(b'g', ""),
    Flag::new(FOLDERS_FIRST, "group-directories-first"),
    Flag::new(b'G', "no-group"),
    Flag::new(b'h', "human-readable"),
    Flag::new(SI, "si"),
    Flag::new(b'H', "dereference-command-line"),
    Flag::new(FOLLOW_FOLDERS, "dereference-command-line-symlink-to-dir"),
    Flag::with(HIDE, "hide"),
    Flag::maybe(HYPERLINK, "hyperlink"),
    Flag::with(INDICATOR, "indicator-style"),
    Flag::new(b'i', "inode"),
    Flag::with(b'I', "ignore"),
    Flag::new(b'k', "kibibytes"),
    Flag::new(b'l', ""),
    Flag::new(b'L', "dereference"),
    Flag::new(b'm', ""),
    Flag::new(b'n', "numeric-uid-gid"),
    Flag::new(b'N', "literal"),
    Flag::new(b'o', ""),
    Flag::new(b'p', ""),
    Flag::new(b'q', "hide-control-chars"),
    Flag::new(SHOW_CONTROL, "show-control-chars"),
    Flag::new(b'Q', "quote-name"),
    Flag::with(QUOTING, "quoting-style"),
    Flag::new(b'r', "reverse"),
    Flag::new(b'R', "recursive"),
    Flag::new(b's', "size"),
    Flag::new(b'S', ""),
    Flag::with(SORT, "sort"),
    Flag::with(TIME, "time"),
    Flag::with(TIME_STYLE, "time-style"),
    Flag::new(b't', ""),
    Flag::with(b'T', "tabsize"),
    Flag::new(b'u', ""),
    Flag::new(b'U', ""),
    Flag::new(b'v', ""),
    Flag::with(b'w', "width"),
    Flag::new(b'x', ""),
    Flag::new(b'X', ""),
    Flag::new(b'Z', "context"),
    Flag::new(ZERO, "zero"),
    Flag::new(b'1', ""),
];

/// The settings, and the other arguments; or the status with which `ls` ends.
pub(super) fn read(p: &mut Proc) -> Result<(Settings, Vec<Vec<u8>>), u32> {
    let given = options(p, FLAGS, 2)?;
    let terminal = p.is_terminal(1);
    let mut settings = Settings::usual(p, terminal);
    let mut changed_sort = false;
    let mut changed_time = false;
    for (letter, value) in &given.given {
        let value = value.as_deref().unwrap_or_default();
        settings.take(p, *letter, value)?;
        changed_sort |= b"StUXvf".contains(letter) || *letter == SORT;
        changed_time |= b"cu".contains(letter) || *letter == TIME;
    }
    // `-c` and `-u` alone sort by that time, unless they are shown in long lines.
    if !changed_sort && changed_time && !settings.long() {
        settings.by = By::Time;
    }
    if settings.long()
        && let Some(style) = settings.style.take()
    {
        settings.time_style(p, &style)?;
    }
    settings.follow(&given);
    if settings.zero && settings.shape != Shape::Long {
        settings.shape = Shape::One;
    }
    Ok((settings, given.rest))
}

/// Whether `ls` knows that the terminal has colors.
fn has_colors(p: &Proc) -> bool {
    const KNOWN: [&str; 32] = [
        "Eterm",
        "ansi",
        "*color*",
        "con[0-9]*x[0-9]*",
        "cons25",
        "console",
        "cygwin",
        "*direct*",
        "dtterm",
        "gnome",
        "hurd",
        "jfbterm",
        "konsole",
        "kterm",
        "linux",
        "linux-c",
        "mlterm",
        "putty",
        "rxvt*",
        "screen*",
        "st",
        "terminator",
        "tmux*",
        "vt100",
        "xterm*",
        "alacritty*",
        "vt220",
        "vt102",
        "foot*",
        "kitty",
        "nsterm",
        "wezterm",
    ];
    let term = p.var("TERM").unwrap_or_default();
    let colors = p.var("COLORTERM").is_some_and(|value| !value.is_empty());
    colors
        || KNOWN.iter().any(|known| crate::commands::files::glob::matches(known.as_bytes(), term))
}

impl Settings {
    fn usual(p: &Proc, terminal: bool) -> Self {
        let name = p.name();
        let columns = || {
            let cols = p.world.with(|world| world.tty.cols());
            usize::try_from(cols).unwrap_or(80)
        };
        let from_env = || std::str::from_utf8(p.var("COLUMNS")?).ok()?.parse().ok();
        let utf8 = names::utf8(p);
        let locale = ["LC_ALL", "LC_COLLATE", "LANG"].iter().filter_map(|name| p.var(name));
        let locale = locale.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        let quoting = match (name.as_str(), terminal) {
            ("dir" | "vdir", _) => Quoting::Escape,
            (_, true) => Quoting::Maybe,
            (_, false) => Quoting::Literal,
        };
        Self {
            hidden: Hidden::No,
            shape: match (name.as_str(), terminal) {
                ("dir", _) | ("ls", true) => Shape::Columns,
                ("vdir", _) => Shape::Long,
                _ => Shape::One,
            },
            by: By::Name,
            time: Time::Changed,
            follow: Follow::Folders,
            quoting,
            mark: Mark::None,
            unit: Unit::Usual,
            blocks_unit: Unit::Of(1_024),
            color: None,
            reverse: false,
            recursive: false,
            itself: false,
            numeric: false,
            inode: false,
            blocks: false,
            owner: true,
            group: true,
            author: false,
            context: false,
            folders_first: false,
            masked: terminal && name == "ls",
            zero: false,
            collated: utf8 && !locale.to_ascii_lowercase().starts_with(b"c."),
            utf8,
            width: if terminal { columns() } else { from_env().unwrap_or(80) },
            tab: 8,
            now: p.now().0,
            formats: [b"%b %e  %Y".to_vec(), b"%b %e %H:%M".to_vec()],
            ignored: Vec::new(),
            backups: false,
            style: p.var("TIME_STYLE").map(<[u8]>::to_vec),
        }
    }

    fn take(&mut self, p: &mut Proc, letter: u8, value: &[u8]) -> Result<(), u32> {
        match letter {
            b'a' => self.hidden = Hidden::Shown,
            b'A' => self.hidden = Hidden::ButDots,
            AUTHOR => self.author = true,
            b'b' => self.quoting = Quoting::Escape,
            b'B' => self.backups = true,
            b'c' => self.time = Time::Altered,
            b'u' => self.time = Time::Accessed,
            b'C' => self.shape = Shape::Columns,
            b'x' => self.shape = Shape::Rows,
            b'm' => self.shape = Shape::Commas,
            b'l' => self.shape = Shape::Long,
            b'g' => (self.shape, self.owner) = (Shape::Long, false),
            b'o' => (self.shape, self.group) = (Shape::Long, false),
            b'n' => (self.shape, self.numeric) = (Shape::Long, true),
            b'1' => {
                if self.shape != Shape::Long {
                    self.shape = Shape::One;
                }
            }
            b'd' => self.itself = true,
            b'f' => {
                (self.hidden, self.by, self.color) = (Hidden::Shown, By::Nothing, None);
                if self.shape == Shape::Long && p.is_terminal(1) {
                    self.shape = Shape::Columns;
                }
            }
            b'F' => self.mark = Mark::All,
            129 => {
                let on = matches!(value, b"" | b"always" | b"yes" | b"force");
                let auto = matches!(value, b"auto" | b"tty" | b"if-tty") && p.is_terminal(1);
                self.mark = if on || auto { Mark::All } else { Mark::None };
            }
            b'p' => self.mark = Mark::Slash,
            FILE_TYPE => self.mark = Mark::Types,
            b'G' => self.group = false,
            b'h' => (self.unit, self.blocks_unit) = (Unit::Human(1_024), Unit::Human(1_024)),
            SI => (self.unit, self.blocks_unit) = (Unit::Human(1_000), Unit::Human(1_000)),
            b'k' => self.blocks_unit = Unit::Of(1_024),
            b'i' => self.inode = true,
            b'I' => self.ignored.push((value.to_vec(), true)),
            HIDE => self.ignored.push((value.to_vec(), false)),
            b'N' => self.quoting = Quoting::Literal,
            b'Q' => self.quoting = Quoting::C,
            b'q' => self.masked = true,
            SHOW_CONTROL => self.masked = false,
            b'r' => self.reverse = true,
            b'R' => self.recursive = true,
            b's' => self.blocks = true,
            b'S' => self.by = By::Size,
            b't' => self.by = By::Time,
            b'U' => self.by = By::Nothing,
            b'v' => self.by = By::Version,
            b'X' => self.by = By::Extension,
            b'Z' => self.context = true,
            ZERO => {
                self.zero = true;
                (self.quoting, self.masked, self.color) = (Quoting::Literal, false, None);
            }
            FOLDERS_FIRST => self.folders_first = true,
            FULL_TIME => {
                self.shape = Shape::Long;
                let full = b"%Y-%m-%d %H:%M:%S.%N %z".to_vec();
                self.formats = [full.clone(), full];
            }
            b'w' => match with_unit(value, false) {
                Some(width) => self.width = usize::try_from(width).unwrap_or(0),
                None => {
                    invalid_number(p, "line width", value);
                    return Err(2);
                }
            },
            b'T' => match with_unit(value, false) {
                Some(tab) => self.tab = usize::try_from(tab).unwrap_or(8),
                None => {
                    invalid_number(p, "tab size", value);
                    return Err(2);
                }
            },
            _ => return self.take_word(p, letter, value),
        }
        Ok(())
    }

    fn follow(&mut self, given: &Options) {
        let last = given.last_of(&[b'L', b'H', FOLLOW_FOLDERS]);
        self.follow = match last {
            Some(b'L') => Follow::Always,
            Some(b'H') => Follow::Given,
            Some(_) => Follow::Folders,
            None if self.itself || self.mark == Mark::All || self.long() => Follow::Never,
            None => Follow::Folders,
        };
    }

    pub(super) fn long(&self) -> bool {
        self.shape == Shape::Long
    }

    /// What ends a line.
    pub(super) fn end(&self) -> u8 {
        if self.zero { 0 } else { b'\n' }
    }

    pub(super) fn is_ignored(&self, name: &[u8]) -> bool {
        let hit = |(pattern, always): &(Vec<u8>, bool)| {
            (*always || self.hidden == Hidden::No) && super::super::glob::matches(pattern, name)
        };
        self.backups && name.ends_with(b"~") || self.ignored.iter().any(hit)
    }

    pub(super) fn quoted(&self, name: &[u8]) -> Vec<u8> {
        let text = match self.quoting {
            Quoting::Literal => name.to_vec(),
            Quoting::Maybe => names::maybe(name, self.utf8),
            Quoting::Always => names::shell(name, self.utf8),
            Quoting::C => names::c(name, self.utf8),
            Quoting::Escape => names::escaped(name, b" ", self.utf8),
            Quoting::Locale if self.utf8 => {
                let inner = names::escaped(name, b"", true);
                ["‘".as_bytes(), &inner, "’".as_bytes()].concat()
            }
            Quoting::Locale => [b"'", names::escaped(name, b"'", false).as_slice(), b"'"].concat(),
        };
        if self.masked { names::masked(&text, self.utf8) } else { text }
    }

    /// The name of a folder before a colon.
    pub(super) fn title(&self, name: &[u8]) -> Vec<u8> {
        match self.quoting {
            Quoting::Maybe if name.contains(&b':') => names::shell(name, self.utf8),
            Quoting::Escape => names::escaped(name, b":", self.utf8),
            Quoting::Literal | Quoting::Maybe | Quoting::Always | Quoting::C | Quoting::Locale => {
                self.quoted(name)
            }
        }
    }

    pub(super) fn size_text(&self, size: u64) -> String {
        match self.unit {
            Unit::Usual => size.to_string(),
            Unit::Human(base) => human(size, base),
            Unit::Of(unit) => size.div_ceil(unit.max(1)).to_string(),
            Unit::Named(unit, letter) => {
                format!("{}{}", size.div_ceil(unit.max(1)), char::from(letter))
            }
        }
    }

    /// Of so many pieces of 512 bytes.
    pub(super) fn block_text(&self, blocks: u64) -> String {
        match self.blocks_unit {
            Unit::Usual => blocks.div_ceil(2).to_string(),
            Unit::Human(base) => human(blocks.saturating_mul(512), base),
            Unit::Of(unit) => blocks.saturating_mul(512).div_ceil(unit.max(1)).to_string(),
            Unit::Named(unit, letter) => {
                let count = blocks.saturating_mul(512).div_ceil(unit.max(1));
                format!("{count}{}", char::from(letter))
            }
        }
    }

    /// Within the last half year the time, else the year.
    pub(super) fn date(&self, stat: &Stat) -> Vec<u8> {
        const HALF_YEAR: i128 = 31_556_952 / 2 * 1_000_000_000;
        let at = self.time.of(stat);
        let now = i128::from(self.now);
        let recent = at <= now && at > now - HALF_YEAR;
        let [old, new] = &self.formats;
        when::format(if recent { new } else { old }, at)
    }
}

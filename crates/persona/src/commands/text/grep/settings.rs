//! The command line of `grep`.
//!
//! **Invariant:** patterns are separate here, whichever way they were given.

use super::TROUBLE;
use crate::commands::text::{about, quote, say};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::regex::{Around, Case, Chars, Flavor, Regex};

const HELP: u8 = 1;
const COLOR: u8 = 3;
const INCLUDE: u8 = 4;
const EXCLUDE: u8 = 5;
const EXCLUDE_FROM: u8 = 6;
const EXCLUDE_DIR: u8 = 7;
const BINARY_FILES: u8 = 8;
const LABEL: u8 = 9;
const LINE_BUFFERED: u8 = 10;
const SEPARATOR: u8 = 11;
const NO_SEPARATOR: u8 = 12;
const KEEP_CASE: u8 = 13;

const FLAGS: &[Flag] = &[
    Flag::with(b'A', "after-context"),
    Flag::with(b'B', "before-context"),
    Flag::with(b'C', "context"),
    Flag::new(b'E', "extended-regexp"),
    Flag::new(b'F', "fixed-strings"),
    Flag::new(b'F', "fixed-regexp"),
    Flag::new(b'G', "basic-regexp"),
    Flag::new(b'H', "with-filename"),
    Flag::new(b'I', ""),
    Flag::new(b'L', "files-without-match"),
    Flag::new(b'P', "perl-regexp"),
    Flag::new(b'R', "dereference-recursive"),
    Flag::new(b'T', "initial-tab"),
    Flag::new(b'U', "binary"),
    Flag::new(b'V', "version"),
    Flag::new(b'X', ""),
    Flag::new(b'Z', "null"),
    Flag::new(b'a', "text"),
    Flag::new(b'b', "byte-offset"),
    Flag::new(b'c', "count"),
    Flag::with(b'd', "directories"),
    Flag::with(b'D', "devices"),
    Flag::with(b'e', "regexp"),
    Flag::with(b'f', "file"),
    Flag::new(b'h', "no-filename"),
    Flag::new(b'i', "ignore-case"),
    Flag::new(b'l', "files-with-matches"),
    Flag::with(b'm', "max-count"),
    Flag::new(b'n', "line-number"),
    Flag::new(b'o', "only-matching"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'q', "silent"),
    Flag::new(b'r', "recursive"),
    Flag::new(b's', "no-messages"),
    Flag::new(b'u', "unix-byte-offsets"),
    Flag::new(b'v', "invert-match"),
    Flag::new(b'w', "word-regexp"),
    Flag::new(b'x', "line-regexp"),
    Flag::new(b'y', ""),
    Flag::new(b'z', "null-data"),
    Flag::new(HELP, "help"),
    Flag::maybe(COLOR, "color"),
    Flag::maybe(COLOR, "colour"),
    Flag::with(INCLUDE, "include"),
    Flag::with(EXCLUDE, "exclude"),
    Flag::with(EXCLUDE_FROM, "exclude-from"),
    Flag::with(EXCLUDE_DIR, "exclude-dir"),
    Flag::with(BINARY_FILES, "binary-files"),
    Flag::with(LABEL, "label"),
    Flag::new(LINE_BUFFERED, "line-buffered"),
    Flag::with(SEPARATOR, "group-separator"),
    Flag::new(NO_SEPARATOR, "no-group-separator"),
    Flag::new(KEEP_CASE, "no-ignore-case"),
];

/// What is done with folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folders {
    Read,
    Skip,
    Recurse,
    /// Links are followed.
    RecurseAll,
}

/// What is done with files that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    /// Only said that they match.
    Tell,
    Text,
    Skip,
}

/// What is listed instead of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    Lines,
    Matching,
    NotMatching,
    Counts,
}

#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
pub(super) struct Settings {
    pub(super) flavor: Flavor,
    /// Patterns are strings.
    pub(super) fixed: bool,
    pub(super) case: Case,
    pub(super) chars: Chars,
    pub(super) around: Around,
    pub(super) invert: bool,
    pub(super) listing: Listing,
    pub(super) quiet: bool,
    pub(super) silent: bool,
    pub(super) only: bool,
    pub(super) numbers: bool,
    pub(super) offsets: bool,
    pub(super) tab: bool,
    pub(super) named: Option<bool>,
    pub(super) names: bool,
    pub(super) zero_names: bool,
    pub(super) end: u8,
    pub(super) most: u64,
    pub(super) before: usize,
    pub(super) after: u64,
    pub(super) context: bool,
    pub(super) separator: Option<Vec<u8>>,
    pub(super) color: bool,
    pub(super) folders: Folders,
    pub(super) binary: Binary,
    pub(super) label: Vec<u8>,
    /// Globs of `--include` and `--exclude`; whether a name is wanted is what the last says.
    pub(super) globs: Vec<(Regex, bool)>,
    pub(super) folder_globs: Vec<Regex>,
}

type All = (Settings, Vec<Vec<u8>>, Vec<Vec<u8>>);

fn usage(p: &mut Proc) -> u32 {
    p.error("Usage: grep [OPTION]... PATTERNS [FILE]...");
    p.error("Try 'grep --help' for more information.");
    TROUBLE
}

/// `-5`, which is `-C 5`.
fn numbers_are_context(p: &mut Proc) {
    let mut digits: Vec<u8> = Vec::new();
    let mut value_next = false;
    for arg in p.args.iter_mut().skip(1) {
        if arg == b"--" {
            break;
        }
        let taken = std::mem::take(&mut value_next);
        if taken || arg.len() < 2 || !arg.starts_with(b"-") || arg.starts_with(b"--") {
            continue;
        }
        let takes = arg.iter().position(|b| b"ABCdDefm".contains(b));
        value_next = takes.is_some_and(|at| at + 1 == arg.len());
        let end = takes.unwrap_or(arg.len());
        let (letters, value) = arg.split_at_checked(end).unwrap_or((arg, &[]));
        digits.extend(letters.iter().filter(|b| b.is_ascii_digit()));
        let mut kept: Vec<u8> = letters.iter().copied().filter(|b| !b.is_ascii_digit()).collect();
        kept.extend(value);
        *arg = kept;
    }
    if !digits.is_empty() {
        p.args.retain(|arg| arg != b"-" || digits.is_empty());
        let at = 1.min(p.args.len());
        p.args.insert(at, [b"-C", digits.as_slice()].concat());
    }
}

pub(super) async fn read(p: &mut Proc) -> Result<All, u32> {
    let name = p.name();
    let has_digit = p.args.iter().skip(1).any(|arg| {
        arg.starts_with(b"-") && !arg.starts_with(b"--") && arg.iter().any(u8::is_ascii_digit)
    });
    // Programs are called by other names in scripts of their own; their messages say grep.
    if let Some(first) = p.args.first_mut() {
        *first = b"grep".to_vec();
    }
    if has_digit {
        numbers_are_context(p);
    }
    let Some(given) = Options::read(p, FLAGS, false) else {
        return Err(usage(p));
    };
    let mut settings = Settings::new(p, &name);
    let mut patterns = Vec::new();
    let mut any = false;
    let mut kinds = Vec::new();
    for (letter, value) in &given.given {
        let value = value.as_deref().unwrap_or_default();
        match *letter {
            b'e' => {
                any = true;
                patterns.extend(value.split(|&b| b == b'\n').map(<[u8]>::to_vec));
            }
            b'f' => {
                any = true;
                let text = match p.content(value).await {
                    Ok(text) => text,
                    Err(why) => {
                        p.complain(value, why.text());
                        return Err(TROUBLE);
                    }
                };
                let text = text.strip_suffix(b"\n").unwrap_or(&text);
                if !text.is_empty() {
                    patterns.extend(text.split(|&b| b == b'\n').map(<[u8]>::to_vec));
                }
            }
            kind @ (b'E' | b'F' | b'G' | b'P') => kinds.push(kind),
            b'V' => {
                version(p);
                return Err(0);
            }
            HELP => {
                p.line("Usage: grep [OPTION]... PATTERNS [FILE]...");
                p.line("Search for PATTERNS in each FILE.");
                p.line("Example: grep -i 'hello world' menu.h main.c");
                p.line("PATTERNS can contain multiple patterns separated by newlines.\n");
                p.line("General help using GNU software: <https://www.gnu.org/gethelp/>");
                return Err(0);
            }
            EXCLUDE_FROM => match p.content(value).await {
                Ok(text) => settings.exclude_lines(&text),
                Err(why) => {
                    p.complain(value, why.text());
                    return Err(TROUBLE);
                }
            },
            letter => settings.set(p, letter, value)?,
        }
    }
    settings.kinds(p, &kinds)?;
    let mut rest = given.rest;
    if !any {
        if rest.is_empty() {
            return Err(usage(p));
        }
        patterns.extend(rest.remove(0).split(|&b| b == b'\n').map(<[u8]>::to_vec));
    }
    if settings.flavor == Flavor::Perl && !settings.fixed && patterns.len() > 1 {
        say(p, "the -P option only supports a single pattern");
        return Err(TROUBLE);
    }
    Ok((settings, patterns, rest))
}

fn version(p: &mut Proc) {
    p.line("grep (GNU grep) 3.8");
    about::licence(p, "2022");
    p.line("\nWritten by Mike Haertel and others; see");
    p.line("<https://git.sv.gnu.org/cgit/grep.git/tree/AUTHORS>.");
}

impl Settings {
    fn new(p: &Proc, name: &str) -> Self {
        let (flavor, fixed) = match name {
            "egrep" => (Flavor::Egrep, false),
            "fgrep" => (Flavor::Grep, true),
            _ => (Flavor::Grep, false),
        };
        Self {
            flavor,
            fixed,
            case: Case::Exact,
            chars: crate::commands::text::chars(p),
            around: Around::Anything,
            invert: false,
            listing: Listing::Lines,
            quiet: false,
            silent: false,
            only: false,
            numbers: false,
            offsets: false,
            tab: false,
            named: None,
            names: false,
            zero_names: false,
            end: b'\n',
            most: u64::MAX,
            before: 0,
            after: 0,
            context: false,
            separator: Some(b"--".to_vec()),
            color: false,
            folders: if name == "rgrep" { Folders::Recurse } else { Folders::Read },
            binary: Binary::Tell,
            label: b"(standard input)".to_vec(),
            globs: Vec::new(),
            folder_globs: Vec::new(),
        }
    }

    fn kinds(&mut self, p: &mut Proc, kinds: &[u8]) -> Result<(), u32> {
        for kind in kinds {
            let (flavor, fixed) = match kind {
                b'E' => (Flavor::Egrep, false),
                b'F' => (Flavor::Grep, true),
                b'P' => (Flavor::Perl, false),
                _ => (Flavor::Grep, false),
            };
            self.fixed = fixed;
            self.flavor = flavor;
        }
        let perl = kinds.contains(&b'P') && kinds.iter().any(|kind| *kind != b'P');
        let fixed = kinds.contains(&b'F') && kinds.iter().any(|kind| *kind != b'F');
        if perl || fixed {
            say(p, "conflicting matchers specified");
            return Err(TROUBLE);
        }
        Ok(())
    }

    fn exclude_lines(&mut self, text: &[u8]) {
        let lines = text.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        self.globs.extend(lines.filter_map(|line| Some((Regex::glob(line).ok()?, false))));
    }

    fn set(&mut self, p: &mut Proc, letter: u8, value: &[u8]) -> Result<(), u32> {
        match letter {
            b'A' => self.after = context(p, value)?,
            b'B' => self.before = usize::try_from(context(p, value)?).unwrap_or(usize::MAX),
            b'C' => {
                self.after = context(p, value)?;
                self.before = usize::try_from(self.after).unwrap_or(usize::MAX);
            }
            b'm' => {
                let digits = value.strip_prefix(b"-").unwrap_or(value);
                let Some(most) = crate::commands::text::size(digits) else {
                    say(p, "invalid max count");
                    return Err(TROUBLE);
                };
                self.most = if value.starts_with(b"-") { u64::MAX } else { most };
            }
            b'd' => {
                self.folders = match value {
                    b"read" => Folders::Read,
                    b"skip" => Folders::Skip,
                    b"recurse" => Folders::Recurse,
                    _ => return Err(wrong_folders(p, value)),
                };
            }
            b'D' if !matches!(value, b"read" | b"skip") => {
                say(p, "unknown devices method");
                return Err(TROUBLE);
            }
            BINARY_FILES => {
                self.binary = match value {
                    b"binary" => Binary::Tell,
                    b"text" => Binary::Text,
                    b"without-match" => Binary::Skip,
                    _ => {
                        say(p, "unknown binary-files type");
                        return Err(TROUBLE);
                    }
                };
            }
            COLOR => match value {
                b"always" | b"yes" | b"force" => self.color = true,
                b"never" | b"no" | b"none" => self.color = false,
                b"" | b"auto" | b"tty" | b"if-tty" => {
                    let term = p.var("TERM").unwrap_or_default();
                    self.color = p.is_terminal(1) && !term.is_empty() && term != b"dumb";
                }
                _ => {
                    usage(p);
                    return Err(TROUBLE);
                }
            },
            b'u' => say(p, "warning: --unix-byte-offsets (-u) is obsolete"),
            INCLUDE | EXCLUDE => {
                self.globs.extend(Regex::glob(value).ok().map(|glob| (glob, letter == INCLUDE)));
            }
            EXCLUDE_DIR => {
                let name = value.strip_suffix(b"/").unwrap_or(value);
                self.folder_globs.extend(Regex::glob(name).ok());
            }
            LABEL => self.label = value.to_vec(),
            SEPARATOR => self.separator = Some(value.to_vec()),
            letter => self.switch(letter),
        }
        self.context |= b"ABC".contains(&letter);
        Ok(())
    }

    fn switch(&mut self, letter: u8) {
        match letter {
            b'H' => self.named = Some(true),
            b'h' => self.named = Some(false),
            b'I' => self.binary = Binary::Skip,
            b'a' => self.binary = Binary::Text,
            b'L' => self.listing = Listing::NotMatching,
            b'l' => self.listing = Listing::Matching,
            b'c' if self.listing == Listing::Lines => self.listing = Listing::Counts,
            b'R' => self.folders = Folders::RecurseAll,
            b'r' => self.folders = Folders::Recurse,
            b'T' => self.tab = true,
            b'Z' => self.zero_names = true,
            b'b' => self.offsets = true,
            b'n' => self.numbers = true,
            b'o' => self.only = true,
            b'q' => self.quiet = true,
            b's' => self.silent = true,
            b'v' => self.invert = true,
            b'w' if self.around == Around::Anything => self.around = Around::NoWord,
            b'x' => self.around = Around::Nothing,
            b'i' | b'y' => self.case = Case::Fold,
            KEEP_CASE => self.case = Case::Exact,
            b'z' => self.end = 0,
            NO_SEPARATOR => self.separator = None,
            _ => {}
        }
    }
}

fn context(p: &mut Proc, value: &[u8]) -> Result<u64, u32> {
    match crate::commands::text::size(value) {
        Some(number) => Ok(number),
        None => {
            p.complain(value, "invalid context length argument");
            Err(TROUBLE)
        }
    }
}

fn wrong_folders(p: &mut Proc, value: &[u8]) -> u32 {
    let (quoted, name) = (quote(p, value), quote(p, b"--directories"));
    say(p, [b"invalid argument ", &quoted[..], b" for ", &name].concat());
    p.error("Valid arguments are:");
    for known in [&b"read"[..], b"recurse", b"skip"] {
        let quoted = quote(p, known);
        p.error([b"  - ", &quoted[..]].concat());
    }
    usage(p);
    1
}

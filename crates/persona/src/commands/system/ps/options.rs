//! The command line of `ps`: UNIX options with a dash, BSD's without, GNU's with two.
//!
//! **Invariant:** a wrong word is refused with the real program's words.

use super::columns::column;

/// Which processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    All,
    /// All but leaders of sessions.
    NotLeaders,
    /// With a terminal, and no leader.
    WithTerminal,
    Pids(Vec<u32>),
    Parents(Vec<u32>),
    Names(Vec<Vec<u8>>),
    /// Names or numbers.
    Users(Vec<Vec<u8>>),
    Groups(Vec<Vec<u8>>),
    Sessions(Vec<u32>),
    Terminals(Vec<String>),
}

/// The columns, where none are asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    Full,
    ExtraFull,
    Long,
    LongNoFlags,
    Jobs,
    Bsd,
    BsdUser,
    BsdLong,
    BsdJobs,
    BsdMemory,
    BsdSignals,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) picks: Vec<Pick>,
    /// BSD's `a` and `x`.
    pub(super) others: bool,
    pub(super) without_terminal: bool,
    pub(super) bsd: bool,
    pub(super) negate: bool,
    pub(super) shape: Shape,
    /// Column and head, where another one was given.
    pub(super) columns: Vec<(String, Option<String>)>,
    pub(super) forest: bool,
    pub(super) indent: bool,
    pub(super) threads: Option<bool>,
    pub(super) label: bool,
    pub(super) heads: bool,
    pub(super) environment: bool,
    pub(super) wide: u32,
    /// Column, and whether the largest comes first.
    pub(super) sort: Vec<(String, bool)>,
    /// `c`: names, not command lines.
    pub(super) names_only: bool,
    pub(super) help: bool,
    pub(super) version: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            picks: Vec::new(),
            others: false,
            without_terminal: false,
            bsd: false,
            negate: false,
            shape: Shape::Plain,
            columns: Vec::new(),
            forest: false,
            indent: false,
            threads: None,
            label: false,
            heads: true,
            environment: false,
            wide: 0,
            sort: Vec::new(),
            names_only: false,
            help: false,
            version: false,
        }
    }
}

/// Reads the words; a complaint where one is wrong.
pub(super) fn read(words: &[Vec<u8>], is_user: &dyn Fn(&str) -> bool) -> Result<Request, String> {
    let mut request = Request::default();
    let mut words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            gnu(&mut request, long, &mut words)?;
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            // `-aux` is for everybody `aux`, unless there is a user x.
            let old = letters.starts_with("aux") || letters.starts_with("auxw");
            if old && !is_user("x") {
                bsd(&mut request, letters, &mut words)?;
            } else {
                unix(&mut request, letters, &mut words)?;
            }
        } else if word.starts_with(|c: char| c.is_ascii_digit()) {
            request.picks.push(Pick::Pids(numbers(&word, "process ID list syntax error")?));
            request.bsd = true;
        } else {
            bsd(&mut request, &word, &mut words)?;
        }
    }
    Ok(request)
}

fn list(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn bytes(text: &str) -> Vec<Vec<u8>> {
    list(text).into_iter().map(String::into_bytes).collect()
}

fn numbers(text: &str, wrong: &str) -> Result<Vec<u32>, String> {
    list(text).iter().map(|part| part.parse().map_err(|_| wrong.to_owned())).collect()
}

/// `pid,comm=NAME`
fn columns(request: &mut Request, text: &str) -> Result<(), String> {
    let (text, head) = match text.split_once('=') {
        // The head reaches to the end of the word.
        Some((text, head)) => (text, Some(head.to_owned())),
        None => (text, None),
    };
    let names = list(text);
    if names.is_empty() {
        return Err("improper format list".to_owned());
    }
    let last = names.len() - 1;
    for (place, name) in names.into_iter().enumerate() {
        if column(&name).is_none() {
            return Err(format!("unknown user-defined format specifier \"{name}\""));
        }
        request.columns.push((name, head.clone().filter(|_| place == last)));
    }
    Ok(())
}

fn sort(request: &mut Request, text: &str) -> Result<(), String> {
    for part in list(text) {
        let falls = part.starts_with('-');
        let name = part.trim_start_matches(['-', '+']).to_ascii_lowercase();
        if column(&name).is_none() {
            return Err(format!("unknown sort specifier"));
        }
        request.sort.push((name, falls));
    }
    Ok(())
}

fn gnu(request: &mut Request, long: &str, words: &mut dyn Iterator<Item = String>) -> Result<(), String> {
    let (name, given) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (long, None),
    };
    let mut value = |what: &str| given.clone().or_else(|| words.next()).ok_or(what.to_owned());
    match name {
        "help" => request.help = true,
        "version" | "info" => request.version = true,
        "no-headers" | "no-headings" | "noheaders" | "noheading" | "no-heading" => request.heads = false,
        "headers" | "cumulative" => {}
        "forest" => request.forest = true,
        "deselect" => request.negate = true,
        "sort" => {
            let value = value("long sort specification must follow --sort")?;
            sort(request, &value)?;
        }
        "format" => {
            let value = value("format specification must follow --format")?;
            columns(request, &value)?;
        }
        "pid" => {
            let value = value("list of process IDs must follow --pid")?;
            request.picks.push(Pick::Pids(numbers(&value, "process ID list syntax error")?));
        }
        "ppid" => {
            let value = value("list of process IDs must follow --ppid")?;
            request.picks.push(Pick::Parents(numbers(&value, "process ID list syntax error")?));
        }
        "user" | "User" => {
            let value = value("list of users must follow --user")?;
            request.picks.push(Pick::Users(bytes(&value)));
        }
        "group" | "Group" => {
            let value = value("list of real groups must follow --Group")?;
            request.picks.push(Pick::Groups(bytes(&value)));
        }
        "sid" => {
            let value = value("some sid thing(s) must follow --sid")?;
            request.picks.push(Pick::Sessions(numbers(&value, "session list syntax error")?));
        }
        "tty" => {
            let value = value("list of ttys must follow --tty")?;
            request.picks.push(Pick::Terminals(list(&value)));
        }
        "cols" | "columns" | "width" | "rows" | "lines" => {
            value("number of columns must follow --cols, --width, or --columns")?;
            request.wide = 2;
        }
        "context" => request.label = true,
        // Numbers: a process.
        name if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) => {
            request.picks.push(Pick::Pids(numbers(name, "process ID list syntax error")?));
        }
        _ => return Err("unknown gnu long option".to_owned()),
    }
    Ok(())
}

fn unix(request: &mut Request, letters: &str, words: &mut dyn Iterator<Item = String>) -> Result<(), String> {
    let mut rest = letters;
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or("");
        let mut value = |wrong: &str| -> Result<String, String> {
            let own = std::mem::take(&mut rest);
            if own.is_empty() { words.next().ok_or_else(|| wrong.to_owned()) } else { Ok(own.to_owned()) }
        };
        match letter {
            'A' | 'e' => request.picks.push(Pick::All),
            'a' => request.picks.push(Pick::WithTerminal),
            'd' => request.picks.push(Pick::NotLeaders),
            'N' => request.negate = true,
            'f' => request.shape = Shape::Full,
            'F' => request.shape = Shape::ExtraFull,
            'l' => request.shape = if request.shape == Shape::LongNoFlags { Shape::LongNoFlags } else { Shape::Long },
            'y' => request.shape = Shape::LongNoFlags,
            'j' => request.shape = Shape::Jobs,
            'H' => request.indent = true,
            'L' => request.threads = Some(false),
            'T' => request.threads = Some(true),
            'm' => {}
            'M' | 'Z' => request.label = true,
            'w' => request.wide += 1,
            'c' | 'P' => {}
            'x' => {
                request.bsd = true;
                request.without_terminal = true;
            }
            'V' => request.version = true,
            'o' => {
                let value = value("format specification must follow -o")?;
                columns(request, &value)?;
            }
            'O' => {
                let value = value("format or sort specification must follow -O")?;
                columns(request, "pid")?;
                columns(request, &value)?;
                columns(request, "s,tname,time,cmd")?;
            }
            'p' | 'q' => {
                let wrong = format!("list of process IDs must follow -{letter}");
                let value = value(&wrong)?;
                request.picks.push(Pick::Pids(numbers(&value, "process ID list syntax error")?));
            }
            'C' => {
                let value = value("list of command names must follow -C")?;
                request.picks.push(Pick::Names(bytes(&value)));
            }
            'u' | 'U' => {
                let value = value("list of users must follow -u")?;
                request.picks.push(Pick::Users(bytes(&value)));
            }
            'G' => {
                let value = value("list of real groups must follow -G")?;
                request.picks.push(Pick::Groups(bytes(&value)));
            }
            'g' | 's' | 'n' => {
                let value = value("list of session leaders OR effective group names must follow -g")?;
                match numbers(&value, "") {
                    Ok(numbers) => request.picks.push(Pick::Sessions(numbers)),
                    Err(_) => request.picks.push(Pick::Groups(bytes(&value))),
                }
            }
            't' => {
                let value = value("list of terminals (pty, tty...) must follow -t")?;
                request.picks.push(Pick::Terminals(list(&value)));
            }
            _ => return Err("unsupported SysV option".to_owned()),
        }
    }
    Ok(())
}

fn bsd(request: &mut Request, letters: &str, words: &mut dyn Iterator<Item = String>) -> Result<(), String> {
    request.bsd = true;
    let mut rest = letters;
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or("");
        let mut value = |wrong: &str| -> Result<String, String> {
            let own = std::mem::take(&mut rest);
            if own.is_empty() { words.next().ok_or_else(|| wrong.to_owned()) } else { Ok(own.to_owned()) }
        };
        match letter {
            'a' => request.others = true,
            'x' => request.without_terminal = true,
            'u' => request.shape = Shape::BsdUser,
            'l' => request.shape = Shape::BsdLong,
            'j' => request.shape = Shape::BsdJobs,
            'v' => request.shape = Shape::BsdMemory,
            's' => request.shape = Shape::BsdSignals,
            'f' => request.forest = true,
            'e' => request.environment = true,
            'w' => request.wide += 1,
            'h' => request.heads = false,
            'c' => request.names_only = true,
            'V' => request.version = true,
            'Z' => request.label = true,
            'r' | 'n' | 'S' | 'm' | 'H' | 'g' | 'T' | 'X' | 'L' => {}
            'o' => {
                let value = value("format specification must follow o")?;
                columns(request, &value)?;
            }
            'O' => {
                let value = value("format or sort specification must follow O")?;
                columns(request, "pid")?;
                columns(request, &value)?;
                columns(request, "state,tname,time,command")?;
            }
            'k' => {
                let value = value("long sort specification must follow 'k'")?;
                sort(request, &value)?;
            }
            'p' => {
                let value = value("list of process IDs must follow p")?;
                request.picks.push(Pick::Pids(numbers(&value, "process ID list syntax error")?));
            }
            't' => {
                let value = value("list of terminals must follow t")?;
                request.picks.push(Pick::Terminals(list(&value)));
            }
            'U' => {
                let value = value("list of users must follow U")?;
                request.picks.push(Pick::Users(bytes(&value)));
            }
            digit if digit.is_ascii_digit() => {
                let own = std::mem::take(&mut rest);
                let word = format!("{digit}{own}");
                request.picks.push(Pick::Pids(numbers(&word, "process ID list syntax error")?));
            }
            _ => return Err("unsupported option (BSD syntax)".to_owned()),
        }
    }
    Ok(())
}

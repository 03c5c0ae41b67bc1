//! `stty`, `tty`, `mesg`, `clear`, `reset`, `tput`, `tset`, `locale`, `wall`, `write`.
//!
//! **Invariant:** what is set of the terminal is what the session's terminal does from then on.

use super::{COREUTILS, UTIL_LINUX, gnu, linux, number, text, usage};
use crate::commands::{Flag, Options, Program, quote};
use crate::kernel::{Modes, Proc};
use decnet_core::event::WindowSize;

const NCURSES: i64 = 1_684_000_000;
const LIBC: i64 = 1_769_904_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("stty", |p| Box::pin(stty(p)), 80_576, COREUTILS),
    Program::new("tty", |p| Box::pin(tty(p)), 35_680, COREUTILS),
    Program::new("mesg", |p| Box::pin(mesg(p)), 14_664, UTIL_LINUX),
    Program::new("wall", |p| Box::pin(wall(p)), 31_048, UTIL_LINUX),
    Program::new("write", |p| Box::pin(write(p)), 22_864, UTIL_LINUX),
    Program::new("clear", |p| Box::pin(clear(p)), 14_568, NCURSES),
    Program::new("reset", |p| Box::pin(reset(p)), 26_864, NCURSES),
    Program::new("tset", |p| Box::pin(reset(p)), 26_864, NCURSES),
    Program::new("tput", |p| Box::pin(tput(p)), 26_864, NCURSES),
    Program::new("locale", |p| Box::pin(locale(p)), 59_216, LIBC),
];

async fn tty(p: &mut Proc) -> u32 {
    let flags = &[Flag::new(b's', "silent"), Flag::new(b's', "quiet")];
    let options = match gnu(p, flags, 2, "David MacKenzie") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"tty: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 2;
    }
    let is = p.is_terminal(0);
    if !options.has(b's') {
        p.line(if is { "/dev/pts/0" } else { "not a tty" });
    }
    u32::from(!is)
}

/// Settings in the order of `stty -a`, a line each, with their usual state.
const SETTINGS: &[&[(&str, bool)]] = &[
    &[("parenb", false), ("parodd", false), ("cmspar", false), ("cs8", true), ("hupcl", false), ("cstopb", false), ("cread", true), ("clocal", false), ("crtscts", false)],
    &[("ignbrk", false), ("brkint", false), ("ignpar", false), ("parmrk", false), ("inpck", false), ("istrip", false), ("inlcr", false), ("igncr", false), ("icrnl", true), ("ixon", true), ("ixoff", false), ("iuclc", false), ("ixany", false), ("imaxbel", false), ("iutf8", true)],
    &[("opost", true), ("olcuc", false), ("ocrnl", false), ("onlcr", true), ("onocr", false), ("onlret", false), ("ofill", false), ("ofdel", false)],
    &[("isig", true), ("icanon", true), ("iexten", true), ("echo", true), ("echoe", true), ("echok", true), ("echonl", false), ("noflsh", false), ("xcase", false), ("tostop", false), ("echoprt", false), ("echoctl", true), ("echoke", true), ("flusho", false), ("extproc", false)],
];

/// Those that `stty` shows without `-a` because `sane` sets them otherwise.
const NOT_SANE: &[&str] = &["brkint", "imaxbel", "iutf8"];

const CHARACTERS: &[(&str, &str)] = &[
    ("intr", "^C"), ("quit", "^\\"), ("erase", "^?"), ("kill", "^U"), ("eof", "^D"), ("eol", "<undef>"),
    ("eol2", "<undef>"), ("swtch", "<undef>"), ("start", "^Q"), ("stop", "^S"), ("susp", "^Z"), ("rprnt", "^R"),
    ("werase", "^W"), ("lnext", "^V"), ("discard", "^O"),
];

/// Whether a setting is on now.
fn is_on(modes: Modes, changed: &[(&'static str, bool)], name: &str, usual: bool) -> bool {
    match name {
        "echo" => modes.echo,
        "icanon" => modes.icanon,
        "isig" => modes.isig,
        "icrnl" => modes.icrnl,
        "opost" => modes.opost,
        _ => changed.iter().find(|(known, _)| *known == name).map_or(usual, |(_, on)| *on),
    }
}

async fn stty(p: &mut Proc) -> u32 {
    let mut words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    match words.first().map(String::as_str) {
        Some("--help") => {
            p.line(usage("stty"));
            return 0;
        }
        Some("--version") => {
            p.line("stty (GNU coreutils) 9.1");
            return 0;
        }
        _ => {}
    }
    let device = words.iter().position(|word| word == "-F" || word == "--file" || word.starts_with("-F/") || word.starts_with("--file="));
    if let Some(at) = device {
        let word = words.remove(at);
        let path = match word.strip_prefix("--file=").or_else(|| word.strip_prefix("-F").filter(|rest| !rest.is_empty())) {
            Some(path) => path.to_owned(),
            None if at < words.len() => words.remove(at),
            None => String::new(),
        };
        let there = p.fs(|process| process.stat(path.as_bytes(), crate::files::Last::Follow));
        if let Err(fault) = there {
            p.error(format!("stty: {path}: {}", fault.text()));
            return 1;
        }
        if !matches!(path.as_str(), "/dev/tty" | "/dev/pts/0" | "/dev/stdin") {
            p.error(format!("stty: {path}: Inappropriate ioctl for device"));
            return 1;
        }
    } else if !p.is_terminal(0) {
        // What is wrong in the words is said first.
        for word in &words {
            if !known(word) && !matches!(word.as_str(), "-a" | "--all" | "-g" | "--save") && word.parse::<u32>().is_err() && !value_follows(&words, word) {
                let word = quote(p, word.as_bytes());
                p.error([b"stty: invalid argument ", word.as_slice()].concat());
                p.try_help();
                return 1;
            }
        }
        p.error("stty: 'standard input': Inappropriate ioctl for device");
        return 1;
    }
    if !p.world.with(|world| world.tty.is_there()) {
        p.error("stty: /dev/tty: No such device or address");
        return 1;
    }
    if words.iter().any(|word| word == "-a" || word == "--all") {
        let said = p.world.with(|world| all(&world.tty));
        p.print(said);
        return 0;
    }
    if words.iter().any(|word| word == "-g" || word == "--save") {
        let modes = p.world.with(|world| world.tty.modes);
        let local = if modes.echo && modes.icanon { "8a3b" } else if modes.icanon { "8a33" } else { "a30" };
        p.line(format!("4500:5:bf:{local}:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0"));
        return 0;
    }
    if words.is_empty() {
        let said = p.world.with(|world| some(&world.tty));
        p.print(said);
        return 0;
    }
    apply(p, &words)
}

fn value_follows(words: &[String], word: &str) -> bool {
    let at = words.iter().position(|known| known == word).unwrap_or(0);
    let before = at.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
    matches!(before, Some("rows" | "cols" | "columns" | "min" | "time" | "ispeed" | "ospeed" | "line"))
        || before.is_some_and(|before| CHARACTERS.iter().any(|(name, _)| *name == before))
}

/// Whether a word is a setting.
fn known(word: &str) -> bool {
    let bare = word.strip_prefix('-').unwrap_or(word);
    SETTINGS.iter().flat_map(|line| line.iter()).any(|(name, _)| *name == bare)
        || CHARACTERS.iter().any(|(name, _)| *name == word)
        || matches!(bare, "raw" | "cooked" | "sane" | "cbreak" | "crterase" | "crtkill" | "ctlecho" | "prterase" | "tabs" | "nl" | "evenp" | "oddp" | "parity" | "litout" | "pass8" | "decctlq" | "dec" | "crt" | "ek" | "lcase" | "LCASE" | "drain" | "hup" | "tandem")
        || matches!(word, "size" | "speed" | "rows" | "cols" | "columns" | "min" | "time" | "ispeed" | "ospeed" | "line" | "cs5" | "cs6" | "cs7" | "cs8" | "nl0" | "nl1" | "cr0" | "tab0" | "tab3" | "bs0" | "vt0" | "ff0")
}

fn all(tty: &crate::kernel::Tty) -> String {
    let mut out = format!("speed 38400 baud; rows {}; columns {}; line = 0;\n", rows(tty), cols(tty));
    let mut line = String::new();
    let mut cells: Vec<String> = CHARACTERS
        .iter()
        .map(|(name, usual)| {
            let value = tty.characters.iter().find(|(known, _)| known == name);
            format!("{name} = {};", value.map_or(*usual, |(_, value)| value.as_str()))
        })
        .collect();
    cells.push("min = 1;".to_owned());
    cells.push("time = 0;".to_owned());
    for cell in cells {
        if line.len() + cell.len() + 1 > 80 {
            out.push_str(&line);
            out.push('\n');
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&cell);
    }
    out.push_str(&line);
    out.push('\n');
    for (place, group) in SETTINGS.iter().enumerate() {
        let mut words: Vec<String> = group
            .iter()
            .map(|(name, usual)| {
                let on = is_on(tty.modes, &tty.changed, name, *usual);
                if on { (*name).to_owned() } else { format!("-{name}") }
            })
            .collect();
        if place == 2 {
            words.extend(["nl0", "cr0", "tab0", "bs0", "vt0", "ff0"].map(str::to_owned));
        }
        let mut line = String::new();
        for word in words {
            if line.len() + word.len() + 1 > 80 {
                out.push_str(&line);
                out.push('\n');
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// What differs from `sane`.
fn some(tty: &crate::kernel::Tty) -> String {
    let mut out = String::from("speed 38400 baud; line = 0;\n");
    let cells: Vec<String> = tty.characters.iter().map(|(name, value)| format!("{name} = {value};")).collect();
    let raw = if tty.modes.icanon { "" } else { "min = 1; time = 0;" };
    let mut line = cells.join(" ");
    if !raw.is_empty() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(raw);
    }
    if !line.is_empty() {
        out.push_str(&format!("{line}\n"));
    }
    for group in SETTINGS {
        let words: Vec<String> = group
            .iter()
            .filter_map(|(name, usual)| {
                let on = is_on(tty.modes, &tty.changed, name, *usual);
                let shown = NOT_SANE.contains(name) && on == *usual && (*name != "iutf8" || on);
                (on != *usual || shown).then(|| if on { (*name).to_owned() } else { format!("-{name}") })
            })
            .collect();
        if !words.is_empty() {
            out.push_str(&format!("{}\n", words.join(" ")));
        }
    }
    out
}

fn rows(tty: &crate::kernel::Tty) -> u32 {
    tty.size.map_or(0, |size| size.rows)
}

fn cols(tty: &crate::kernel::Tty) -> u32 {
    tty.size.map_or(0, |size| size.cols)
}

fn apply(p: &mut Proc, words: &[String]) -> u32 {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "size" => {
                let (rows, cols) = p.world.with(|world| (rows(&world.tty), cols(&world.tty)));
                p.line(format!("{rows} {cols}"));
            }
            "speed" => p.line("38400"),
            "rows" | "cols" | "columns" => {
                let value = words.next().cloned().unwrap_or_default();
                let Ok(value) = value.parse::<u32>() else {
                    if value.is_empty() {
                        let word = quote(p, word.as_bytes());
                        p.error([b"stty: missing argument to ", word.as_slice()].concat());
                        p.try_help();
                    } else {
                        let value = quote(p, value.as_bytes());
                        p.error([b"stty: invalid integer argument: ", value.as_slice()].concat());
                    }
                    return 1;
                };
                p.world.with(|world| {
                    let mut size = world.tty.size.unwrap_or(WindowSize { cols: 0, rows: 0, ..Default::default() });
                    if word == "rows" {
                        size.rows = value;
                    } else {
                        size.cols = value;
                    }
                    world.tty.resize(size);
                });
            }
            "min" | "time" | "ispeed" | "ospeed" | "line" => {
                words.next();
            }
            "raw" | "-cooked" => set_modes(p, Modes { icanon: false, isig: false, icrnl: false, opost: false, ..modes(p) }),
            "cooked" | "-raw" => set_modes(p, Modes { icanon: true, isig: true, icrnl: true, opost: true, ..modes(p) }),
            "sane" => {
                set_modes(p, Modes::COOKED);
                p.world.with(|world| {
                    world.tty.changed.clear();
                    world.tty.characters.clear();
                });
            }
            "cbreak" => set_modes(p, Modes { icanon: false, ..modes(p) }),
            "-cbreak" => set_modes(p, Modes { icanon: true, ..modes(p) }),
            "nl" => set_modes(p, Modes { icrnl: false, ..modes(p) }),
            "-nl" => set_modes(p, Modes { icrnl: true, ..modes(p) }),
            word if word.contains(':') && word.split(':').count() > 10 => {
                // What `-g` has said.
                let local = word.split(':').nth(3).and_then(|part| u32::from_str_radix(part, 16).ok()).unwrap_or(0x8a3b);
                let (echo, icanon, isig) = (local & 8 != 0, local & 2 != 0, local & 1 != 0);
                let input = word.split(':').next().and_then(|part| u32::from_str_radix(part, 16).ok()).unwrap_or(0x500);
                set_modes(p, Modes { echo, icanon, isig, icrnl: input & 0x100 != 0, ..modes(p) });
            }
            word if word.bytes().all(|b| b.is_ascii_digit()) => {}
            word if !known(word) => {
                let word = quote(p, word.as_bytes());
                p.error([b"stty: invalid argument ", word.as_slice()].concat());
                p.try_help();
                return 1;
            }
            word => {
                if let Some((name, _)) = CHARACTERS.iter().find(|(name, _)| *name == word) {
                    let value = words.next().cloned().unwrap_or_default();
                    let value = if value == "undef" || value == "^-" { "<undef>".to_owned() } else { value };
                    let value: String = value.chars().take(7).filter(|c| c.is_ascii_graphic()).collect();
                    p.world.with(|world| {
                        world.tty.characters.retain(|(known, _)| known != name);
                        let usual = CHARACTERS.iter().find(|(known, _)| known == name).map_or("", |(_, usual)| usual);
                        if value != usual {
                            world.tty.characters.push((name, value));
                        }
                    });
                    continue;
                }
                let on = !word.starts_with('-');
                let bare = word.strip_prefix('-').unwrap_or(word);
                let now = modes(p);
                match bare {
                    "echo" => set_modes(p, Modes { echo: on, ..now }),
                    "icanon" => set_modes(p, Modes { icanon: on, ..now }),
                    "isig" => set_modes(p, Modes { isig: on, ..now }),
                    "icrnl" => set_modes(p, Modes { icrnl: on, ..now }),
                    "opost" => set_modes(p, Modes { opost: on, ..now }),
                    bare => {
                        let name = SETTINGS.iter().flat_map(|line| line.iter()).find(|(name, _)| *name == bare);
                        if let Some((name, _)) = name {
                            p.world.with(|world| {
                                world.tty.changed.retain(|(known, _)| known != name);
                                world.tty.changed.push((name, on));
                            });
                        }
                    }
                }
            }
        }
    }
    0
}

fn modes(p: &Proc) -> Modes {
    p.world.with(|world| world.tty.modes)
}

fn set_modes(p: &Proc, modes: Modes) {
    p.world.with(|world| world.tty.modes = modes);
}

async fn mesg(p: &mut Proc) -> u32 {
    let options = match linux(p, &[Flag::new(b'v', "verbose")]) {
        Ok(options) => options,
        Err(status) => return status,
    };
    if ![0, 1, 2].iter().any(|fd| p.is_terminal(*fd)) {
        if options.has(b'v') {
            p.error("mesg: no tty");
        }
        return 2;
    }
    match options.rest.first().map(Vec::as_slice) {
        None => {
            let on = p.world.with(|world| world.tty.messages);
            p.line(if on { "is y" } else { "is n" });
            u32::from(!on)
        }
        Some(word) if word.starts_with(b"y") || word.starts_with(b"n") => {
            let on = word.starts_with(b"y");
            p.world.with(|world| world.tty.messages = on);
            u32::from(!on)
        }
        Some(word) => {
            p.error(format!("mesg: invalid argument: {}", text(word)));
            p.error(usage("mesg"));
            2
        }
    }
}

async fn wall(p: &mut Proc) -> u32 {
    let options = match linux(p, &[Flag::with(b'g', "group"), Flag::new(b'n', "nobanner"), Flag::with(b't', "timeout")]) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let words = options.rest.join(&b' ');
    let words = if words.is_empty() { p.read_all(0).await.unwrap_or_default() } else { words };
    if p.world.with(|world| world.tty.is_there() && world.tty.messages) {
        let now = crate::calendar::Date::new(crate::calendar::seconds(p.now()));
        let user = text(&p.user.name);
        let host = p.world.with(|world| text(&crate::live::hostname(world)));
        let clock = now.clock();
        let head = format!("Broadcast message from {user}@{host} (pts/0) ({} {} {:2} {clock} {:04}):", now.weekday_name(), now.month_name(), now.day, now.year);
        p.print(format!("\r\n{head:<79}\r\n\r\n"));
        p.print(&words);
        p.print("\r\n\r\n");
    }
    0
}

async fn write(p: &mut Proc) -> u32 {
    let Some(user) = p.rest().into_iter().find(|word| !word.starts_with(b"-")) else {
        p.error("write: bad usage");
        p.try_help();
        return 1;
    };
    let there = p.world.with(|world| world.tty.is_there() && world.user.name == user);
    if !there {
        p.error(format!("write: {} is not logged in", text(&user)));
        return 1;
    }
    let _ = p.read_all(0).await;
    0
}

/// The kind of terminal, where it is known.
fn kind(p: &Proc, given: Option<&[u8]>) -> Option<Vec<u8>> {
    let term = given.or_else(|| p.var("TERM")).unwrap_or_default();
    let first = term.first().copied()?;
    let known = [b"/usr/share/terminfo/".as_slice(), b"/lib/terminfo/"].iter().any(|folder| {
        let path = [folder, [first].as_slice(), b"/", term].concat();
        p.fs(|process| process.stat(&path, crate::files::Last::Follow)).is_ok()
    });
    known.then(|| term.to_vec())
}

async fn clear(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[Flag::new(b'x', ""), Flag::with(b'T', ""), Flag::new(b'V', "")];
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(usage("clear"));
        return 1;
    };
    if options.has(b'V') {
        p.line("ncurses 6.4.20221231");
        return 0;
    }
    let given = options.value(b'T').map(<[u8]>::to_vec);
    if given.is_none() && p.var("TERM").unwrap_or_default().is_empty() {
        p.error("TERM environment variable not set.");
        return 1;
    }
    match kind(p, given.as_deref()) {
        None => {
            let term = given.unwrap_or_else(|| p.var("TERM").unwrap_or_default().to_vec());
            p.error(format!("'{}': unknown terminal type.", text(&term)));
            1
        }
        Some(term) if term == b"dumb" => 0,
        Some(term) => {
            let scrollback = term.starts_with(b"xterm") && !options.has(b'x');
            p.print(if scrollback { &b"\x1b[H\x1b[2J\x1b[3J"[..] } else { b"\x1b[H\x1b[2J" });
            0
        }
    }
}

async fn reset(p: &mut Proc) -> u32 {
    let terminal = [0, 1, 2].iter().any(|fd| p.is_terminal(*fd));
    let name = p.name();
    if !terminal {
        p.error(format!("{name}: terminal attributes: No such device or address\n"));
        return 1;
    }
    set_modes(p, Modes::COOKED);
    p.world.with(|world| {
        world.tty.changed.clear();
        world.tty.characters.clear();
    });
    p.sleep(1_000_000_000).await;
    if name == "reset" {
        p.put(2, b"\x1bc\x1b]104\x07\x1b[!p\x1b[?3;4l\x1b[4l\x1b>\r");
    }
    0
}

/// What capabilities of a terminal are: flags, numbers and strings.
fn capability(name: &str, arguments: &[i64]) -> Option<String> {
    let first = arguments.first().copied().unwrap_or(0);
    let second = arguments.get(1).copied().unwrap_or(0);
    let color = |base: i64, bright: i64, wide: i64| match first {
        0..=7 => format!("\x1b[{}m", base + first),
        8..=15 => format!("\x1b[{}m", bright + first - 8),
        _ => format!("\x1b[{wide};5;{first}m"),
    };
    Some(match name {
        "bold" => "\x1b[1m".to_owned(),
        "dim" => "\x1b[2m".to_owned(),
        "sitm" => "\x1b[3m".to_owned(),
        "ritm" => "\x1b[23m".to_owned(),
        "smul" => "\x1b[4m".to_owned(),
        "rmul" => "\x1b[24m".to_owned(),
        "blink" => "\x1b[5m".to_owned(),
        "rev" | "smso" => "\x1b[7m".to_owned(),
        "rmso" => "\x1b[27m".to_owned(),
        "invis" => "\x1b[8m".to_owned(),
        "sgr0" => "\x1b(B\x1b[m".to_owned(),
        "op" => "\x1b[39;49m".to_owned(),
        "setaf" => color(30, 90, 38),
        "setab" => color(40, 100, 48),
        "clear" => "\x1b[H\x1b[2J".to_owned(),
        "cup" => format!("\x1b[{};{}H", first + 1, second + 1),
        "home" => "\x1b[H".to_owned(),
        "el" => "\x1b[K".to_owned(),
        "el1" => "\x1b[1K".to_owned(),
        "ed" => "\x1b[J".to_owned(),
        "civis" => "\x1b[?25l".to_owned(),
        "cnorm" => "\x1b[?12l\x1b[?25h".to_owned(),
        "cvvis" => "\x1b[?12;25h".to_owned(),
        "smcup" => "\x1b[?1049h\x1b[22;0;0t".to_owned(),
        "rmcup" => "\x1b[?1049l\x1b[23;0;0t".to_owned(),
        "sc" => "\x1b7".to_owned(),
        "rc" => "\x1b8".to_owned(),
        "bel" => "\x07".to_owned(),
        "cr" => "\r".to_owned(),
        "cuu1" => "\x1b[A".to_owned(),
        "cud1" => "\n".to_owned(),
        "cuf1" => "\x1b[C".to_owned(),
        "cub1" => "\x08".to_owned(),
        "cuu" => format!("\x1b[{first}A"),
        "cud" => format!("\x1b[{first}B"),
        "cuf" => format!("\x1b[{first}C"),
        "cub" => format!("\x1b[{first}D"),
        "hpa" => format!("\x1b[{}G", first + 1),
        "vpa" => format!("\x1b[{}d", first + 1),
        "smkx" => "\x1b[?1h\x1b=".to_owned(),
        "rmkx" => "\x1b[?1l\x1b>".to_owned(),
        "init" | "is2" => "\x1b[!p\x1b[?3;4l\x1b[4l\x1b>".to_owned(),
        "reset" | "rs1" => "\x1bc\x1b]104\x07\x1b[!p\x1b[?3;4l\x1b[4l\x1b>".to_owned(),
        _ => return None,
    })
}

async fn tput(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[Flag::new(b'S', ""), Flag::with(b'T', ""), Flag::new(b'V', ""), Flag::new(b'x', "")];
    let Some(options) = Options::read(p, FLAGS, true) else {
        p.error(usage("tput"));
        return 2;
    };
    if options.has(b'V') {
        p.line("ncurses 6.4.20221231");
        return 0;
    }
    let given = options.value(b'T').map(<[u8]>::to_vec);
    let Some((name, rest)) = options.rest.split_first().filter(|_| !options.has(b'S')) else {
        if !options.has(b'S') {
            p.error(usage("tput"));
            return 2;
        }
        return 0;
    };
    if given.is_none() && p.var("TERM").unwrap_or_default().is_empty() {
        p.error("tput: No value for $TERM and no -T specified");
        return 2;
    }
    let Some(term) = kind(p, given.as_deref()) else {
        let term = given.unwrap_or_else(|| p.var("TERM").unwrap_or_default().to_vec());
        p.error(format!("tput: unknown terminal \"{}\"", text(&term)));
        return 3;
    };
    let name = text(name);
    let plain = matches!(term.as_slice(), b"dumb" | b"vt52");
    let arguments: Vec<i64> = rest.iter().filter_map(|word| number(word)).collect();
    let many = term.windows(8).any(|part| part == b"256color");
    match name.as_str() {
        "cols" | "lines" => {
            let (rows, cols) = p.world.with(|world| (world.tty.rows(), world.tty.cols()));
            let variable = p.var(if name == "cols" { "COLUMNS" } else { "LINES" }).and_then(number::<u32>);
            p.line(variable.unwrap_or(if name == "cols" { cols } else { rows }).to_string());
            0
        }
        "colors" => {
            p.line(if plain || term.starts_with(b"vt") { "-1" } else if many { "256" } else { "8" });
            0
        }
        "longname" => {
            p.print("xterm terminal emulator (X Window System)");
            0
        }
        "am" | "bce" | "km" | "mir" | "msgr" | "npc" | "xenl" => u32::from(plain && name != "am"),
        "it" | "pairs" | "ncv" => {
            p.line(match name.as_str() {
                "it" => "8",
                "pairs" if many => "65536",
                "pairs" => "64",
                _ => "-1",
            });
            0
        }
        _ if plain => {
            let there = capability(&name, &arguments).is_some();
            if !there {
                p.error(format!("tput: unknown terminfo capability '{name}'"));
                return 4;
            }
            1
        }
        _ => match capability(&name, &arguments) {
            Some(bytes) => {
                p.print(bytes);
                if name == "clear" && term.starts_with(b"xterm") && !options.has(b'x') {
                    p.print("\x1b[3J");
                }
                0
            }
            None => {
                p.error(format!("tput: unknown terminfo capability '{name}'"));
                4
            }
        },
    }
}

const CATEGORIES: &[&str] = &[
    "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_PAPER",
    "LC_NAME", "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
];

async fn locale(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    let get = |name: &str| p.var(name).map(text).filter(|value| !value.is_empty());
    let all = get("LC_ALL");
    let lang = get("LANG");
    let installed = |name: &str| {
        let lower = name.to_ascii_lowercase().replace('-', "");
        matches!(lower.as_str(), "c" | "posix" | "c.utf8" | "en_us.utf8")
    };
    let mut complaints = Vec::new();
    for category in ["LC_CTYPE", "LC_MESSAGES"] {
        let value = all.clone().or_else(|| get(category)).or_else(|| lang.clone());
        if value.is_some_and(|value| !installed(&value)) {
            complaints.push(category);
        }
    }
    if !complaints.is_empty() {
        complaints.push("LC_ALL");
    }
    let charmap = {
        let value = all.clone().or_else(|| get("LC_CTYPE")).or_else(|| lang.clone()).unwrap_or_default();
        let lower = value.to_ascii_lowercase();
        if installed(&value) && (lower.ends_with("utf-8") || lower.ends_with("utf8")) { "UTF-8" } else { "ANSI_X3.4-1968" }
    };
    match words.first().map(String::as_str) {
        Some("-a" | "--all-locales") => {
            p.line("C\nC.utf8\nen_US.utf8\nPOSIX");
            return 0;
        }
        Some("-m" | "--charmaps") => {
            p.line("ANSI_X3.110-1983\nANSI_X3.4-1968\nISO-8859-1\nISO-8859-15\nUTF-8");
            return 0;
        }
        Some("charmap") => {
            p.line(charmap);
            return 0;
        }
        Some("--version" | "-V") => {
            p.line("locale (Debian GLIBC 2.36-9+deb12u14) 2.36");
            return 0;
        }
        Some("-?" | "--help") => {
            p.line(usage("locale"));
            return 0;
        }
        Some(_) => return 0,
        None => {}
    }
    for category in complaints {
        p.error(format!("locale: Cannot set {category} to default locale: No such file or directory"));
    }
    p.line(format!("LANG={}", lang.clone().unwrap_or_default()));
    p.line(format!("LANGUAGE={}", get_again(p, "LANGUAGE")));
    for category in CATEGORIES {
        let own = get_again(p, category);
        match (&all, own.is_empty()) {
            (None, false) => p.line(format!("{category}={own}")),
            (Some(value), _) => p.line(format!("{category}=\"{value}\"")),
            (None, true) => {
                let value = lang.clone().unwrap_or_else(|| "POSIX".to_owned());
                p.line(format!("{category}=\"{value}\""));
            }
        }
    }
    p.line(format!("LC_ALL={}", all.unwrap_or_default()));
    0
}

fn get_again(p: &Proc, name: &str) -> String {
    p.var(name).map(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    fn terminal() -> crate::Terminal {
        let size = decnet_core::event::WindowSize { cols: 100, rows: 30, ..Default::default() };
        crate::Terminal { term: b"xterm".to_vec(), size, modes: Vec::new() }
    }

    #[test]
    fn the_terminal_is_set_and_shown() {
        let mut bench = Bench::with(Some(terminal()));
        assert_eq!(bench.run(&["stty", "size"], "").out, "30 100\n");
        assert_eq!(bench.run(&["stty"], "").out, "speed 38400 baud; line = 0;\n-brkint -imaxbel iutf8\n");
        assert_eq!(bench.run(&["stty", "-echo"], "").status, 0);
        assert_eq!(bench.run(&["stty"], "").out, "speed 38400 baud; line = 0;\n-brkint -imaxbel iutf8\n-echo\n");
        assert_eq!(bench.run(&["stty", "sane"], "").status, 0);
        let all = bench.run(&["stty", "-a"], "").out;
        assert!(all.starts_with("speed 38400 baud; rows 30; columns 100; line = 0;\nintr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n"), "{all}");
        assert!(all.ends_with("isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\nechoctl echoke -flusho -extproc\n"), "{all}");
        assert_eq!(bench.run(&["tty"], "").out, "/dev/pts/0\n");
        assert_eq!(bench.run(&["env", "TERM=xterm", "tput", "cols"], "").out, "100\n");
        assert_eq!(bench.run(&["env", "TERM=xterm", "clear"], "").out, "\x1b[H\x1b[2J\x1b[3J");
        assert_eq!(bench.run(&["stty", "foo"], "").err, "stty: invalid argument 'foo'\nTry 'stty --help' for more information.\n");
    }

    #[test]
    fn without_a_terminal_there_is_none() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["tty"], "").out, "not a tty\n");
        assert_eq!(bench.run(&["stty", "size"], "").err, "stty: 'standard input': Inappropriate ioctl for device\n");
        assert_eq!(bench.run(&["clear"], "").err, "TERM environment variable not set.\n");
        assert_eq!(bench.run(&["mesg"], "").status, 2);
        assert!(bench.run(&["env", "LANG=en_US.UTF-8", "locale"], "").out.starts_with("LANG=en_US.UTF-8\nLANGUAGE=\nLC_CTYPE=\"en_US.UTF-8\"\n"));
        assert_eq!(bench.run(&["locale", "charmap"], "").out, "ANSI_X3.4-1968\n");
    }
}

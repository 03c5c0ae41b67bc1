//! `df` and `stty`, `tty`, `clear`, `tput`, `mesg`.
//!
//! **Invariant:** disks are those of [`live::disks`]; the terminal is the session's.

use crate::commands::{Flag, Options, Program, quotef};
use crate::kernel::{Modes, Proc};
use crate::live;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("df", |p| Box::pin(df(p)), 102_200, super::COREUTILS),
    Program::new("stty", |p| Box::pin(stty(p)), 85_008, super::COREUTILS),
    Program::new("tty", |p| Box::pin(tty(p)), 35_696, super::COREUTILS),
    Program::new("clear", |p| Box::pin(clear(p)), 14_584, super::NCURSES),
    Program::new("reset", |p| Box::pin(clear(p)), 30_968, super::NCURSES),
    Program::new("tput", |p| Box::pin(tput(p)), 26_896, super::NCURSES),
    Program::new("mesg", |p| Box::pin(mesg(p)), 18_744, super::UTIL_LINUX),
];

const DF: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'h', "human-readable"),
    Flag::new(b'H', "si"),
    Flag::new(b'i', "inodes"),
    Flag::new(b'k', ""),
    Flag::new(b'l', "local"),
    Flag::new(b'm', ""),
    Flag::new(b'P', "portability"),
    Flag::new(b'T', "print-type"),
    Flag::with(b't', "type"),
    Flag::with(b'x', "exclude-type"),
    Flag::with(b'B', "block-size"),
    Flag::new(1, "total"),
];

/// Rounded up, with a unit.
fn human(kib: u64, base: u64) -> String {
    let mut value = if base == 1_000 { kib * 1_024 / 1_000 } else { kib };
    if value == 0 {
        return "0".to_owned();
    }
    let (mut rest, mut unit) = (0, if base == 1_000 { "k" } else { "K" });
    for next in ["M", "G", "T"] {
        if value < base {
            break;
        }
        (rest, value, unit) = (value % base, value / base, next);
    }
    let tenths = (rest * 10).div_ceil(base);
    if value < 10 {
        let (value, tenths) = (value + tenths / 10, tenths % 10);
        if value < 10 { format!("{value}.{tenths}{unit}") } else { format!("{value}{unit}") }
    } else {
        format!("{}{unit}", value + u64::from(rest > 0))
    }
}

/// A file system: name, type, size, used, free, where.
type Row = (String, String, u64, u64, u64, String);

fn rows(p: &Proc, inodes: bool) -> Vec<Row> {
    let disks = p.world.with(|world| live::disks(world));
    let row = |(name, size, used, at): (String, u64, u64, String)| {
        let kind = match name.as_str() {
            "udev" => "devtmpfs",
            "tmpfs" => "tmpfs",
            _ => "ext4",
        };
        // Five per cent of a disk are kept back for root.
        let kept = if at == "/" && !inodes { size / 20 } else { 0 };
        let (size, used) = match (inodes, at.as_str()) {
            (false, _) => (size, used),
            (true, "/") => (size / 16 / 8_192 * 8_192, 31_000 + used / 60),
            (true, _) => (size / 4, 2 + used),
        };
        (name, kind.to_owned(), size, used, size.saturating_sub(used + kept), at)
    };
    disks.into_iter().map(row).collect()
}

async fn df(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, DF, false) else {
        p.try_help();
        return 1;
    };
    let inodes = options.has(b'i');
    let all = rows(p, inodes);
    let mut status = 0;
    let mut shown: Vec<Row> = Vec::new();
    for path in &options.rest {
        match p.fs(|process| process.stat(path, crate::files::Last::Follow).and_then(|_| process.realpath(path))) {
            Ok(real) => {
                let real = String::from_utf8_lossy(&real).into_owned();
                let inside = |at: &str| at == "/" || real == at || real.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'));
                let found = all.iter().filter(|row| inside(&row.5) || row.0 == real).max_by_key(|row| row.5.len());
                shown.extend(found.cloned());
            }
            Err(fault) => {
                let name = quotef(path);
                p.complain(&name, fault.text());
                status = 1;
            }
        }
    }
    if options.rest.is_empty() {
        shown = all;
    }
    shown.retain(|row| options.value(b't').is_none_or(|kind| kind == row.1.as_bytes()));
    shown.retain(|row| options.value(b'x').is_none_or(|kind| kind != row.1.as_bytes()));
    if shown.is_empty() {
        if status == 0 {
            p.error("df: no file systems processed");
        }
        return 1;
    }
    if options.has(1) {
        let sum = |pick: fn(&Row) -> u64| shown.iter().map(pick).sum::<u64>();
        let total = (sum(|row| row.2), sum(|row| row.3), sum(|row| row.4));
        shown.push(("total".to_owned(), "-".to_owned(), total.0, total.1, total.2, "-".to_owned()));
    }
    table(p, &options, &shown);
    status
}

fn table(p: &mut Proc, options: &Options, shown: &[Row]) {
    let inodes = options.has(b'i');
    let unit = options.last_of(b"hHkmB");
    let block = match options.value(b'B').map(|value| value.to_ascii_uppercase()) {
        Some(value) if value.ends_with(b"M") => 1_024,
        Some(value) if value.ends_with(b"G") => 1_048_576,
        Some(_) | None => 1,
    };
    let show = |number: u64| match unit {
        Some(b'h') => human(if inodes { number.div_ceil(1_024) } else { number }, 1_024),
        Some(b'H') => human(if inodes { number.div_ceil(1_024) } else { number }, 1_000),
        Some(b'm') if !inodes => number.div_ceil(1_024).to_string(),
        Some(b'B') if !inodes => number.div_ceil(block).to_string(),
        Some(_) | None => number.to_string(),
    };
    let short = matches!(unit, Some(b'h' | b'H'));
    let size = match (inodes, unit) {
        (true, _) => "Inodes",
        (false, Some(b'h' | b'H')) => "Size",
        (false, Some(b'm')) => "1M-blocks",
        (false, Some(b'B')) if block == 1_024 => "1M-blocks",
        (false, Some(b'B')) if block > 1_024 => "1G-blocks",
        (false, _) if options.has(b'P') => "1024-blocks",
        (false, _) => "1K-blocks",
    };
    let (used, free, share) = match (inodes, short) {
        (true, _) => ("IUsed", "IFree", "IUse%"),
        (false, true) => ("Used", "Avail", "Use%"),
        (false, false) if options.has(b'P') => ("Used", "Available", "Capacity"),
        (false, false) => ("Used", "Available", "Use%"),
    };
    let mut lines = vec![["Filesystem", "Type", size, used, free, share, "Mounted on"].map(str::to_owned)];
    for (name, kind, size, used, free, at) in shown {
        let percent = if *size == 0 { "-".to_owned() } else { format!("{}%", (used * 100).div_ceil((used + free).max(1))) };
        lines.push([name.clone(), kind.clone(), show(*size), show(*used), show(*free), percent, at.clone()]);
    }
    let least = [14, 4, if short || inodes { 5 } else { 1 }, 5, 5, 4, 1];
    let mut widths = least;
    for line in &lines {
        for (width, field) in widths.iter_mut().zip(line) {
            *width = (*width).max(field.len());
        }
    }
    for line in &lines {
        let [name, kind, size, used, free, share, at] = line;
        let [w0, w1, w2, w3, w4, w5, _] = widths;
        let kind = if options.has(b'T') { format!(" {kind:<w1$}") } else { String::new() };
        p.line(format!("{name:<w0$}{kind} {size:>w2$} {used:>w3$} {free:>w4$} {share:>w5$} {at}"));
    }
}

async fn tty(p: &mut Proc) -> u32 {
    let silent = p.rest().iter().any(|word| word == b"-s" || word == b"--silent" || word == b"--quiet");
    let is = p.is_terminal(0);
    if !silent {
        p.line(if is { "/dev/pts/0" } else { "not a tty" });
    }
    u32::from(!is)
}

async fn mesg(p: &mut Proc) -> u32 {
    if !p.is_terminal(0) {
        return 2;
    }
    if p.rest().is_empty() {
        p.line("is n");
    }
    1
}

async fn clear(p: &mut Proc) -> u32 {
    if p.var("TERM").is_none_or(<[u8]>::is_empty) {
        p.error("TERM environment variable not set.");
        return 1;
    }
    let is_reset = p.name() == "reset";
    p.print(if is_reset { &b"\x1bc\x1b]104\x07\x1b[!p\x1b[?3;4l\x1b[4l\x1b>"[..] } else { &b"\x1b[H\x1b[2J\x1b[3J"[..] });
    if is_reset {
        p.world.with(|world| world.tty.modes = Modes::COOKED);
    }
    0
}

async fn tput(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let Some(name) = words.first() else {
        p.error("usage: tput [-S] [-T term] capname");
        return 2;
    };
    let known = p.var("TERM").is_some_and(|term| !term.is_empty());
    let (rows, cols) = p.world.with(|world| (world.tty.rows(), world.tty.cols()));
    match name.as_str() {
        "cols" => p.line(cols.to_string()),
        "lines" => p.line(rows.to_string()),
        _ if !known => {
            p.error("tput: No value for $TERM and no -T specified");
            return 2;
        }
        "colors" => p.line("256"),
        "clear" => p.print("\x1b[H\x1b[2J\x1b[3J"),
        "bold" => p.print("\x1b[1m"),
        "sgr0" => p.print("\x1b(B\x1b[m"),
        "smul" => p.print("\x1b[4m"),
        "rmul" => p.print("\x1b[24m"),
        "rev" => p.print("\x1b[7m"),
        "civis" => p.print("\x1b[?25l"),
        "cnorm" => p.print("\x1b[?12l\x1b[?25h"),
        "el" => p.print("\x1b[K"),
        "setaf" | "setab" => {
            let base = if name == "setaf" { 3 } else { 4 };
            let color: u32 = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
            p.print(match color {
                0..=7 => format!("\x1b[{base}{color}m"),
                _ => format!("\x1b[{base}8;5;{color}m"),
            });
        }
        other => {
            p.error(format!("tput: unknown terminfo capability '{other}'"));
            return 4;
        }
    }
    0
}

async fn stty(p: &mut Proc) -> u32 {
    let words = super::words(p);
    if !p.is_terminal(0) {
        p.error("stty: 'standard input': Inappropriate ioctl for device");
        return 1;
    }
    let (rows, cols, modes) = p.world.with(|world| (world.tty.rows(), world.tty.cols(), world.tty.modes));
    if words.is_empty() {
        p.line("speed 38400 baud; line = 0;");
        let changed: Vec<&str> = [(modes.icrnl, "-icrnl"), (modes.opost, "-opost"), (modes.isig, "-isig"), (modes.icanon, "-icanon"), (modes.echo, "-echo")]
            .into_iter()
            .filter_map(|(is, name)| (!is).then_some(name))
            .collect();
        p.line("-brkint -imaxbel iutf8");
        if !changed.is_empty() {
            p.line(changed.join(" "));
        }
    }
    let mut values = words.iter();
    while let Some(word) = values.next() {
        match word.as_str() {
            "size" => p.line(format!("{rows} {cols}")),
            "speed" => p.line("38400"),
            "-a" | "--all" => everything(p, rows, cols, modes),
            "-g" | "--save" => p.line("500:5:bf:8a3b:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0"),
            "-F" | "min" | "time" | "rows" | "cols" | "columns" | "intr" | "erase" | "kill" | "eof" | "susp" | "quit" => {
                values.next();
            }
            _ => {
                let known = p.world.with(|world| set(&mut world.tty.modes, word));
                if !known {
                    p.error(format!("stty: invalid argument '{word}'"));
                    p.try_help();
                    return 1;
                }
            }
        }
    }
    0
}

fn set(modes: &mut Modes, word: &str) -> bool {
    let on = !word.starts_with('-');
    match word.trim_start_matches('-') {
        "echo" => modes.echo = on,
        "icanon" => modes.icanon = on,
        "isig" => modes.isig = on,
        "icrnl" => modes.icrnl = on,
        "opost" => modes.opost = on,
        "sane" => *modes = Modes::COOKED,
        "raw" if on => *modes = Modes { echo: modes.echo, opost: false, ..Modes::RAW },
        "raw" | "cooked" => *modes = Modes { echo: modes.echo, ..Modes::COOKED },
        "cbreak" => modes.icanon = !on,
        // One that `-g` printed, or a flag that means nothing here.
        other => {
            return other.contains(':') || other.bytes().all(|b| b.is_ascii_digit())
                || ["ixon", "ixoff", "echoe", "echok", "echonl", "onlcr", "inlcr", "igncr", "iutf8", "iexten", "tostop", "nl", "evenp", "ek", "dec", "crt", "brkint", "imaxbel", "ixany", "noflsh", "echoctl", "echoke"].contains(&other);
        }
    }
    true
}

fn everything(p: &mut Proc, rows: u32, cols: u32, modes: Modes) {
    let sign = |is: bool| if is { "" } else { "-" };
    p.line(format!(
        "speed 38400 baud; rows {rows}; columns {cols}; line = 0;\n\
         intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n\
         eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\n\
         werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n\
         -parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n\
         -ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr {}icrnl ixon -ixoff\n\
         -iuclc -ixany -imaxbel iutf8\n\
         {}opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n\
         {}isig {}icanon iexten {}echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\n\
         echoctl echoke -flusho -extproc",
        sign(modes.icrnl),
        sign(modes.opost),
        sign(modes.isig),
        sign(modes.icanon),
        sign(modes.echo)
    ));
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn disks_and_the_terminal_are_shown() {
        let mut bench = Bench::new();
        let out = bench.run(&["df", "-h", "/"], "").out;
        assert!(out.starts_with("Filesystem      Size  Used Avail Use% Mounted on\n/dev/vda1 "), "{out}");
        assert_eq!(bench.run(&["df", "nosuch"], "").err, "df: nosuch: No such file or directory\n");
        let done = bench.run(&["tty"], "");
        assert_eq!((done.out.as_str(), done.status), ("not a tty\n", 1));
        assert_eq!(bench.run(&["stty"], "").err, "stty: 'standard input': Inappropriate ioctl for device\n");
    }
}

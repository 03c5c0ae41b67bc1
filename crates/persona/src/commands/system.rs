//! Commands about the machine, its users and its processes.

use crate::calendar::{Date, seconds};
use crate::commands::{Call, Outcome};
use crate::shell::run::Program;
use decnet_core::event::Timestamp;

pub(crate) fn hostname(call: &mut Call<'_>) -> Outcome {
    let host = call.shell.machine.hostname.clone();
    match call.arg(0) {
        None | Some(b"-s" | b"-f" | b"--short" | b"--fqdn") => call.line(host),
        Some(b"-I" | b"-i") => {
            let ip = call.shell.login.local.ip().to_canonical();
            call.line(format!("{ip} "));
        }
        Some(_) if call.shell.level().user.uid != 0 => {
            call.error("hostname: you must be root to change the host name");
            return Outcome::Done(1);
        }
        Some(_) => {}
    }
    Outcome::Done(0)
}

pub(crate) fn uname(call: &mut Call<'_>) -> Outcome {
    let machine = std::sync::Arc::clone(&call.shell.machine);
    let (short, long, rest) = call.flags();
    if let Some(extra) = rest.first() {
        call.error([b"uname: extra operand '", *extra, b"'"].concat());
        call.error("Try 'uname --help' for more information.");
        return Outcome::Done(1);
    }
    let mut letters = short;
    for long in long {
        letters.push(match long {
            b"--all" => b'a',
            b"--kernel-name" => b's',
            b"--nodename" => b'n',
            b"--kernel-release" => b'r',
            b"--kernel-version" => b'v',
            b"--machine" => b'm',
            b"--processor" => b'p',
            b"--hardware-platform" => b'i',
            b"--operating-system" => b'o',
            _ => b'?',
        });
    }
    if let Some(bad) = letters.iter().find(|b| !b"asnrvmpio".contains(b)) {
        call.error(format!("uname: invalid option -- '{}'", char::from(*bad)));
        call.error("Try 'uname --help' for more information.");
        return Outcome::Done(1);
    }
    if letters.is_empty() {
        letters.push(b's');
    }
    let all = letters.contains(&b'a');
    let fields = [
        (b's', "Linux"),
        (b'n', machine.hostname.as_str()),
        (b'r', machine.kernel),
        (b'v', machine.kernel_version.as_str()),
        (b'm', "x86_64"),
        (b'p', "unknown"),
        (b'i', "unknown"),
        (b'o', "GNU/Linux"),
    ];
    // `-a` leaves out what is unknown.
    let said = fields
        .iter()
        .filter(|(letter, text)| letters.contains(letter) || (all && *text != "unknown"));
    call.line(said.map(|(_, text)| *text).collect::<Vec<_>>().join(" "));
    Outcome::Done(0)
}

pub(crate) fn date(call: &mut Call<'_>) -> Outcome {
    let now = seconds(call.now);
    let d = Date::new(now);
    let format = call.args.iter().find_map(|arg| arg.strip_prefix(b"+"));
    let Some(format) = format else {
        let (hour, half) = twelve(d.hour);
        call.line(format!(
            "{} {} {:2} {:02}:{:02}:{:02} {} UTC {:04}",
            d.weekday_name(),
            d.month_name(),
            d.day,
            hour,
            d.minute,
            d.second,
            half,
            d.year
        ));
        return Outcome::Done(0);
    };
    let mut out = Vec::new();
    let mut bytes = format.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let text = match bytes.next() {
            Some(b's') => now.to_string(),
            Some(b'Y') => format!("{:04}", d.year),
            Some(b'y') => format!("{:02}", d.year % 100),
            Some(b'm') => format!("{:02}", d.month),
            Some(b'd') => format!("{:02}", d.day),
            Some(b'e') => format!("{:2}", d.day),
            Some(b'H') => format!("{:02}", d.hour),
            Some(b'M') => format!("{:02}", d.minute),
            Some(b'S') => format!("{:02}", d.second),
            Some(b'N') => format!("{:09}", call.now.0.rem_euclid(1_000_000_000)),
            Some(b'F') => format!("{:04}-{:02}-{:02}", d.year, d.month, d.day),
            Some(b'T') => d.clock(),
            Some(b'R') => format!("{:02}:{:02}", d.hour, d.minute),
            Some(b'a') => d.weekday_name().to_owned(),
            Some(b'b' | b'h') => d.month_name().to_owned(),
            Some(b'j') => format!("{:03}", d.day_of_year),
            Some(b'u') => (if d.weekday == 0 { 7 } else { d.weekday }).to_string(),
            Some(b'w') => d.weekday.to_string(),
            Some(b'Z') => "UTC".to_owned(),
            Some(b'z') => "+0000".to_owned(),
            Some(b'%') => "%".to_owned(),
            Some(other) => format!("%{}", char::from(other)),
            None => "%".to_owned(),
        };
        out.extend_from_slice(text.as_bytes());
    }
    call.line(out);
    Outcome::Done(0)
}

fn twelve(hour: i64) -> (i64, &'static str) {
    let half = if hour < 12 { "AM" } else { "PM" };
    (if hour % 12 == 0 { 12 } else { hour % 12 }, half)
}

pub(crate) fn nproc(call: &mut Call<'_>) -> Outcome {
    let cpus = call.shell.machine.cpus;
    call.line(cpus.to_string());
    Outcome::Done(0)
}

/// No longer than a session may last.
const SLEEP_S: f64 = 864_000.0;

pub(crate) fn sleep(call: &mut Call<'_>) -> Outcome {
    if call.args.is_empty() {
        call.error("sleep: missing operand\nTry 'sleep --help' for more information.");
        return Outcome::Done(1);
    }
    let mut total = 0.0;
    for arg in call.args {
        let text = std::str::from_utf8(arg).unwrap_or("");
        let (digits, factor) = match text.as_bytes().last() {
            Some(b's') => (text.strip_suffix('s'), 1.0),
            Some(b'm') => (text.strip_suffix('m'), 60.0),
            Some(b'h') => (text.strip_suffix('h'), 3_600.0),
            Some(b'd') => (text.strip_suffix('d'), 86_400.0),
            _ => (Some(text), 1.0),
        };
        match digits.and_then(|digits| digits.parse::<f64>().ok()).filter(|value| *value >= 0.0) {
            Some(value) => total += value * factor,
            None => {
                call.error([b"sleep: invalid time interval '", arg.as_slice(), b"'"].concat());
                call.error("Try 'sleep --help' for more information.");
                return Outcome::Done(1);
            }
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "capped to ten days")]
    let wait_ns = (total.min(SLEEP_S) * 1e9) as i64;
    let until = Timestamp(call.now.0.saturating_add(wait_ns));
    Outcome::Wait(Program::Pause { until, text: Vec::new(), status: 0 })
}

pub(crate) fn stty(call: &mut Call<'_>) -> Outcome {
    let Some(terminal) = call.shell.login.terminal.clone() else {
        call.error("stty: 'standard input': Inappropriate ioctl for device");
        return Outcome::Done(1);
    };
    match call.arg(0) {
        Some(b"size") => call.line(format!("{} {}", terminal.size.rows, terminal.size.cols)),
        None => call.line("speed 38400 baud; line = 0;\n-brkint -imaxbel iutf8"),
        Some(b"-a") => {
            let (rows, cols) = (terminal.size.rows, terminal.size.cols);
            call.line(format!("speed 38400 baud; rows {rows}; columns {cols}; line = 0;"));
            call.line(STTY_ALL);
        }
        Some(_) => {}
    }
    Outcome::Done(0)
}

const STTY_ALL: &str = "intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n\
eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\n\
werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n\
-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n\
-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n\
-iuclc -ixany -imaxbel iutf8\n\
opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n\
isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\n\
echoctl echoke -flusho -extproc";

pub(crate) fn tty(call: &mut Call<'_>) -> Outcome {
    if call.shell.login.terminal.is_some() {
        call.line("/dev/pts/0");
        Outcome::Done(0)
    } else {
        call.line("not a tty");
        Outcome::Done(1)
    }
}

pub(crate) fn clear(call: &mut Call<'_>) -> Outcome {
    if call.shell.login.terminal.is_none() {
        call.error("TERM environment variable not set.");
        return Outcome::Done(1);
    }
    call.print(b"\x1b[H\x1b[2J\x1b[3J");
    Outcome::Done(0)
}

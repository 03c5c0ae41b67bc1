//! `kill`, `history`, `umask`, `ulimit`, `help`.

use crate::kernel::Signal;
use crate::shell::Shell;

impl Shell {
    pub(super) fn list_signals(&mut self) {
        let mut line = String::new();
        for (index, number) in (1..=Signal::LAST).filter(|n| !(32..=33).contains(n)).enumerate() {
            line.push_str(&format!("{number:2}) SIG{:<12}", Signal(number).name()));
            if index % 5 == 4 {
                self.p.line(line.trim_end());
                line.clear();
            } else {
                line.push('\t');
            }
        }
        if !line.is_empty() {
            self.p.line(line.trim_end());
        }
    }

    pub(super) async fn kill(&mut self, args: &[Vec<u8>]) {
        let mut signal = Signal::TERM;
        let mut rest = args;
        self.status = 0;
        if let Some(first) = args.first()
            && let Some(name) = first.strip_prefix(b"-")
        {
            rest = rest.get(1..).unwrap_or_default();
            let mut wanted = name.to_vec();
            match name {
                b"l" | b"L" => {
                    match rest.first() {
                        None => self.list_signals(),
                        Some(what) => match Signal::parse(what) {
                            Some(signal) if what.first().is_some_and(u8::is_ascii_digit) => {
                                let signal =
                                    if signal.0 > 128 { Signal(signal.0 - 128) } else { signal };
                                self.p.line(signal.name());
                            }
                            Some(signal) => self.p.line(signal.0.to_string()),
                            None => self.status = 1,
                        },
                    }
                    return;
                }
                b"s" | b"n" => {
                    wanted = rest.first().cloned().unwrap_or_default();
                    rest = rest.get(1..).unwrap_or_default();
                }
                b"-" => wanted = b"TERM".to_vec(),
                _ => {}
            }
            match Signal::parse(&wanted) {
                Some(found) => signal = found,
                None => {
                    let text = if self.kind.dash {
                        [b"kill: Illegal option -", wanted.as_slice()].concat()
                    } else {
                        [b"kill: ", wanted.as_slice(), b": invalid signal specification"].concat()
                    };
                    self.complain(text);
                    self.status = 1;
                    return;
                }
            }
        }
        if rest.first().is_some_and(|arg| arg == b"--") {
            rest = rest.get(1..).unwrap_or_default();
        }
        if rest.is_empty() {
            self.p.error("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]");
            self.status = 2;
            return;
        }
        self.flush().await;
        for arg in rest {
            if arg.starts_with(b"%") {
                let job = self
                    .job(arg)
                    .and_then(|number| self.jobs.iter().find(|job| job.number == number));
                let Some(pids) = job.map(|job| job.pids.clone()) else {
                    self.complain([b"kill: ", arg.as_slice(), b": no such job"].concat());
                    self.status = 1;
                    continue;
                };
                self.p.world.with(|world| {
                    for pid in pids {
                        world.signal(pid, signal);
                        if signal == Signal::TERM || signal == Signal::HUP {
                            world.signal(pid, Signal::CONT);
                        }
                    }
                });
                continue;
            }
            let Some(pid) = std::str::from_utf8(arg).ok().and_then(|text| text.parse::<i64>().ok())
            else {
                let text = if self.kind.dash {
                    [b"kill: Illegal number: ", arg.as_slice()].concat()
                } else {
                    [b"kill: ", arg.as_slice(), b": arguments must be process or job IDs"].concat()
                };
                self.complain(text);
                self.status = 1;
                continue;
            };
            let why = crate::commands::kill(&self.p, pid, signal);
            if let Err(fault) = why {
                let text = if self.kind.dash {
                    format!("kill: {}", fault.text())
                } else {
                    format!("kill: ({pid}) - {}", fault.text())
                };
                self.complain(text);
                self.status = 1;
            }
        }
        self.p.pause().await;
    }

    pub(super) fn history(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        match args.first().map(Vec::as_slice) {
            Some(b"-c") => self.p.world.with(|world| world.history.clear()),
            Some(option) if option.starts_with(b"-") => {}
            wanted => {
                let most =
                    wanted.and_then(|text| std::str::from_utf8(text).ok()?.parse::<usize>().ok());
                if !self.kind.interactive {
                    return;
                }
                let rows: Vec<Vec<u8>> = self.p.world.with(|world| {
                    world
                        .history
                        .numbered()
                        .map(|(number, line)| [format!("{number:5}  ").as_bytes(), line].concat())
                        .collect()
                });
                let from = rows.len().saturating_sub(most.unwrap_or(usize::MAX));
                for row in rows.get(from..).unwrap_or_default() {
                    self.p.line(row);
                }
            }
        }
    }

    pub(super) fn umask_builtin(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        match args.first().map(Vec::as_slice) {
            None | Some(b"-p") => self.p.line(format!("{:04o}", self.umask)),
            Some(b"-S") => {
                let bits = !self.umask & 0o777;
                let part = |shift: u16| {
                    [(4, 'r'), (2, 'w'), (1, 'x')]
                        .iter()
                        .filter(|(bit, _)| bits >> shift & bit != 0)
                        .map(|(_, letter)| *letter)
                        .collect::<String>()
                };
                self.p.line(format!("u={},g={},o={}", part(6), part(3), part(0)));
            }
            Some(text) => match std::str::from_utf8(text)
                .ok()
                .and_then(|text| u16::from_str_radix(text, 8).ok())
            {
                Some(mask) if mask <= 0o777 => {
                    self.umask = mask;
                    self.p.umask = mask;
                }
                _ => {
                    self.complain([b"umask: ", text, b": octal number out of range"].concat());
                    self.status = 1;
                }
            },
        }
    }

    pub(super) fn ulimit(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        let memory = self.p.world.with(|world| world.machine.memory_kib);
        let pending = (memory / 270).to_string();
        let rows: &[(&str, &str, &str)] = &[
            ("real-time non-blocking time", "(microseconds, -R)", "unlimited"),
            ("core file size", "(blocks, -c)", "0"),
            ("data seg size", "(kbytes, -d)", "unlimited"),
            ("scheduling priority", "(-e)", "0"),
            ("file size", "(blocks, -f)", "unlimited"),
            ("pending signals", "(-i)", &pending),
            ("max locked memory", "(kbytes, -l)", "64"),
            ("max memory size", "(kbytes, -m)", "unlimited"),
            ("open files", "(-n)", "1024"),
            ("pipe size", "(512 bytes, -p)", "8"),
            ("POSIX message queues", "(bytes, -q)", "819200"),
            ("real-time priority", "(-r)", "0"),
            ("stack size", "(kbytes, -s)", "8192"),
            ("cpu time", "(seconds, -t)", "unlimited"),
            ("max user processes", "(-u)", &pending),
            ("virtual memory", "(kbytes, -v)", "unlimited"),
            ("file locks", "(-x)", "unlimited"),
        ];
        let letters: Vec<u8> = args
            .iter()
            .filter(|arg| arg.starts_with(b"-"))
            .flatten()
            .copied()
            .filter(|b| !b"-SH".contains(b))
            .collect();
        if args.iter().any(|arg| !arg.starts_with(b"-")) {
            return;
        }
        if letters.contains(&b'a') {
            for (name, unit, value) in rows {
                let width = 39_usize.saturating_sub(unit.len());
                self.p.line(format!("{name:<width$}{unit} {value}"));
            }
            return;
        }
        let wanted = letters.first().copied().unwrap_or(b'f');
        let row = rows
            .iter()
            .find(|(_, unit, _)| unit.trim_end_matches(')').as_bytes().last() == Some(&wanted));
        match row {
            Some((_, _, value)) => self.p.line(*value),
            None => {
                self.complain(format!("ulimit: -{}: invalid option", char::from(wanted)));
                self.status = 2;
            }
        }
    }

    pub(super) fn help(&mut self, args: &[Vec<u8>]) {
        self.status = 0;
        let Some(topic) = args.first() else {
            self.p.line("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)");
            self.p.line(
                "These shell commands are defined internally.  Type `help' to see this list.",
            );
            return;
        };
        if super::is_builtin(topic, false) {
            self.p.line([topic.as_slice(), b": ", topic].concat());
        } else {
            self.complain(
                [
                    b"help: no help topics match `",
                    topic.as_slice(),
                    b"'.  Try `help help' or `man -k ",
                    topic,
                    b"' or `info ",
                    topic,
                    b"'.",
                ]
                .concat(),
            );
            self.status = 1;
        }
    }
}

//! `ping` of iputils 20221126, and what BusyBox's says.
//!
//! **Invariant:** only the machine itself answers; the gateway says that what is behind it is
//! filtered.

use super::reach::{self, Whose};
use super::wish;
use crate::commands::people::dice;
use crate::commands::{Flag, Options};
use crate::kernel::{Proc, Signal};
use std::net::IpAddr;

const USAGE: &str = include_str!("texts/ping.txt");

const FLAGS: &[Flag] = &[
    Flag::new(b'4', ""),
    Flag::new(b'6', ""),
    Flag::new(b'a', ""),
    Flag::new(b'A', ""),
    Flag::new(b'b', ""),
    Flag::new(b'B', ""),
    Flag::with(b'c', ""),
    Flag::new(b'C', ""),
    Flag::new(b'd', ""),
    Flag::new(b'D', ""),
    Flag::with(b'e', ""),
    Flag::new(b'f', ""),
    Flag::with(b'F', ""),
    Flag::new(b'h', ""),
    Flag::with(b'I', ""),
    Flag::with(b'i', ""),
    Flag::with(b'l', ""),
    Flag::new(b'L', ""),
    Flag::with(b'm', ""),
    Flag::with(b'M', ""),
    Flag::new(b'n', ""),
    Flag::with(b'N', ""),
    Flag::new(b'O', ""),
    Flag::with(b'p', ""),
    Flag::with(b'Q', ""),
    Flag::new(b'q', ""),
    Flag::new(b'R', ""),
    Flag::new(b'r', ""),
    Flag::with(b's', ""),
    Flag::with(b'S', ""),
    Flag::with(b't', ""),
    Flag::with(b'T', ""),
    Flag::new(b'U', ""),
    Flag::new(b'v', ""),
    Flag::new(b'V', ""),
    Flag::with(b'w', ""),
    Flag::with(b'W', ""),
];

/// Whose words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Iputils,
    Busybox,
}

/// What is to be sent.
#[derive(Debug)]
pub(crate) struct Asked {
    host: Vec<u8>,
    address: IpAddr,
    style: Style,
    count: Option<u64>,
    interval: i64,
    deadline: Option<i64>,
    /// How long the last answer is waited for.
    linger: i64,
    size: u64,
    quiet: bool,
    numeric: bool,
}

const SECOND: i64 = 1_000_000_000;

fn number(options: &Options, letter: u8) -> Option<f64> {
    std::str::from_utf8(options.value(letter)?).ok()?.parse().ok()
}

fn nanoseconds(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
    let ns = (seconds * 1e9) as i64;
    ns
}

impl Asked {
    pub(crate) fn new(options: &Options, host: Vec<u8>, address: IpAddr, style: Style) -> Self {
        let whole = |letter| {
            options.value(letter).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
        };
        Self {
            host,
            address,
            style,
            count: whole(b'c').filter(|count: &u64| *count > 0),
            interval: number(options, b'i').map_or(SECOND, nanoseconds).max(2_000_000),
            deadline: number(options, b'w').map(nanoseconds).filter(|ns| *ns > 0),
            linger: number(options, b'W').map_or(10 * SECOND, nanoseconds),
            size: whole(b's').unwrap_or(56),
            quiet: options.has(b'q'),
            numeric: options.has(b'n') && style == Style::Iputils,
        }
    }
}

pub(super) async fn ping(p: &mut Proc) -> u32 {
    let name = p.name();
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.put(2, USAGE.as_bytes());
        return 2;
    };
    if options.has(b'h') {
        p.put(2, USAGE.as_bytes());
        return 2;
    }
    if options.has(b'V') {
        p.print(
            "ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): \
             yes, __fpending(): yes\n",
        );
        return 0;
    }
    for letter in [b'c', b's', b'i', b'w', b'W', b't'] {
        if let Some(text) = options.value(letter)
            && std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok()).is_none()
        {
            let text = [b"ping: invalid argument: '", text, b"'"].concat();
            p.error(text);
            return 1;
        }
    }
    let Some(host) = options.rest.last().cloned() else {
        p.error("ping: usage error: Destination address required");
        return 1;
    };
    wish(p, &host, "ping");
    let found = match reach::resolve(p, &host).await {
        Ok(addresses) => addresses,
        Err(why) => {
            p.error([b"ping: ", host.as_slice(), b": ", why.text().as_bytes()].concat());
            return 2;
        }
    };
    let six = options.has(b'6') || name == "ping6";
    let wanted = found.iter().find(|address| match (six, options.has(b'4')) {
        (true, _) => address.is_ipv6(),
        (false, true) => address.is_ipv4(),
        (false, false) => true,
    });
    let Some(address) = wanted.copied() else {
        let why = "Address family for hostname not supported";
        p.error([b"ping: ", host.as_slice(), b": ", why.as_bytes()].concat());
        return 2;
    };
    let asked = Asked::new(&options, host, address, Style::Iputils);
    run_ping(p, &asked).await
}

/// What came back.
#[derive(Debug, Default)]
struct Seen {
    sent: u64,
    received: u64,
    errors: u64,
    times: Vec<u64>,
}

/// Sends and waits, until it is enough or somebody interrupts.
pub(crate) async fn run_ping(p: &mut Proc, asked: &Asked) -> u32 {
    let whose = p.world.with(|world| reach::whose(world, asked.address));
    let shown = shown(p, asked);
    head(p, asked);
    if whose == Whose::Nobody {
        match asked.style {
            Style::Iputils => p.error("ping: connect: Network is unreachable"),
            Style::Busybox => p.error("ping: sendto: Network is unreachable"),
        }
        return if asked.style == Style::Iputils { 2 } else { 1 };
    }
    let pid = p.pid;
    let catch = 1_u64 << (Signal::INT.0 - 1);
    p.world.with(|world| {
        if let Some(entry) = world.table.get_mut(&pid) {
            entry.caught |= catch;
        }
    });
    let mut seen = Seen::default();
    let begun = p.now().0;
    loop {
        seen.sent += 1;
        answer(p, asked, whose, &shown, &mut seen).await;
        p.flush().await;
        if asked.count.is_some_and(|count| seen.sent >= count) {
            break;
        }
        let left = asked.deadline.map(|limit| begun.saturating_add(limit) - p.now().0);
        if left.is_some_and(|left| left <= 0) {
            break;
        }
        let wait = left.map_or(asked.interval, |left| left.min(asked.interval));
        if interrupted(p, wait).await {
            break;
        }
    }
    let silent = seen.received == 0 && (seen.errors == 0 || asked.style == Style::Busybox);
    let lasted = (p.now().0 - begun) / 1_000_000;
    if silent && asked.count.is_some() {
        interrupted(p, asked.linger.min(asked.deadline.unwrap_or(i64::MAX))).await;
    }
    statistics(p, asked, whose, &seen, lasted);
    u32::from(seen.received == 0)
}

/// Waits, in pieces, since a signal that is caught wakes nobody.
async fn interrupted(p: &mut Proc, ns: i64) -> bool {
    let until = p.now().0.saturating_add(ns);
    let pid = p.pid;
    loop {
        let left = until - p.now().0;
        if p.world.with(|world| world.take_caught(pid)) != 0 {
            return true;
        }
        if left <= 0 {
            return false;
        }
        p.sleep(left.min(100_000_000)).await;
    }
}

fn shown(p: &Proc, asked: &Asked) -> String {
    let address = asked.address.to_string();
    let by_name = reach::numeric(&asked.host).is_none() && !asked.numeric;
    // An address is looked up in /etc/hosts too, but only the loopback's is there.
    let _ = p;
    if by_name && asked.style == Style::Iputils {
        format!("{} ({address})", String::from_utf8_lossy(&asked.host))
    } else {
        address
    }
}

fn head(p: &mut Proc, asked: &Asked) {
    let size = asked.size;
    let tail = match (asked.style, asked.address.is_ipv6()) {
        (Style::Busybox, _) => format!(" ({}): {size} data bytes\n", asked.address),
        (Style::Iputils, true) => format!("({}) {size} data bytes\n", asked.address),
        (Style::Iputils, false) => {
            format!(" ({}) {size}({}) bytes of data.\n", asked.address, size + 28)
        }
    };
    p.print([b"PING ", asked.host.as_slice(), tail.as_bytes()].concat());
}

async fn answer(p: &mut Proc, asked: &Asked, whose: Whose, shown: &str, seen: &mut Seen) {
    let number = seen.sent;
    let jitter = dice(p).below(900).unsigned_abs();
    let (gateway, own) = p.world.with(|world| {
        let network = crate::live::net::network(world);
        (network.gateway, network.address)
    });
    match whose {
        Whose::Own | Whose::Gateway => {
            let us = if whose == Whose::Own { 18 + jitter / 20 } else { 310 + jitter };
            let ns = i64::try_from(us).unwrap_or(0) * 1_000;
            p.sleep(ns).await;
            seen.received += 1;
            if seen.times.len() < 100_000 {
                seen.times.push(us);
            }
            if asked.quiet {
                return;
            }
            let (size, ms) = (asked.size + 8, milliseconds(us));
            p.line(match asked.style {
                Style::Iputils => {
                    format!("{size} bytes from {shown}: icmp_seq={number} ttl=64 time={ms} ms")
                }
                Style::Busybox => {
                    let number = number - 1;
                    format!("{size} bytes from {shown}: seq={number} ttl=64 time={ms} ms")
                }
            });
        }
        Whose::Far if asked.style == Style::Iputils => {
            p.sleep(400_000 + i64::try_from(jitter).unwrap_or(0) * 1_000).await;
            seen.errors += 1;
            if !asked.quiet {
                p.line(format!("From {gateway} icmp_seq={number} Packet filtered"));
            }
        }
        // Three are lost before ARP gives up, and then all are told of at once.
        Whose::Neighbour if asked.style == Style::Iputils => {
            let last = asked.count.is_some_and(|count| number >= count);
            if number % 3 == 0 || last {
                let lost = if number % 3 == 0 { 3 } else { number % 3 };
                p.sleep(1_060_000_000 + (3 - i64::try_from(lost).unwrap_or(3)) * SECOND).await;
                for number in number + 1 - lost..=number {
                    seen.errors += 1;
                    if !asked.quiet {
                        p.line(format!("From {own} icmp_seq={number} Destination Host Unreachable"));
                    }
                }
            }
        }
        Whose::Far | Whose::Neighbour | Whose::Nobody => {}
    }
}

/// Three digits, as `ping` shows them.
fn milliseconds(us: u64) -> String {
    match us {
        0..1_000 => format!("0.{us:03}"),
        1_000..10_000 => format!("{}.{:02}", us / 1_000, us % 1_000 / 10),
        _ => format!("{}.{}", us / 1_000, us % 1_000 / 100),
    }
}

fn statistics(p: &mut Proc, asked: &Asked, whose: Whose, seen: &Seen, lasted: i64) {
    let host = String::from_utf8_lossy(&asked.host).into_owned();
    let (sent, received) = (seen.sent, seen.received);
    let loss = (sent - received) * 100 / sent.max(1);
    let ms = |us: u64| format!("{}.{:03}", us / 1_000, us % 1_000);
    let (least, most) =
        (seen.times.iter().min().copied().unwrap_or(0), seen.times.iter().max().copied().unwrap_or(0));
    let count = seen.times.len().max(1) as u64;
    let mean = seen.times.iter().sum::<u64>() / count;
    match asked.style {
        Style::Iputils => {
            let errors = match seen.errors {
                0 => String::new(),
                errors => format!("+{errors} errors, "),
            };
            p.line(format!(
                "\n--- {host} ping statistics ---\n{sent} packets transmitted, {received} received, \
                 {errors}{loss}% packet loss, time {lasted}ms"
            ));
            if received > 0 {
                let spread: u64 = seen.times.iter().map(|us| us.abs_diff(mean)).sum::<u64>() / count;
                p.line(format!(
                    "rtt min/avg/max/mdev = {}/{}/{}/{} ms",
                    ms(least),
                    ms(mean),
                    ms(most),
                    ms(spread)
                ));
            } else if whose == Whose::Neighbour {
                p.line(format!("pipe {}", sent.min(4)));
            } else {
                p.line("");
            }
        }
        Style::Busybox => {
            p.line(format!(
                "\n--- {host} ping statistics ---\n{sent} packets transmitted, {received} packets \
                 received, {loss}% packet loss"
            ));
            if received > 0 {
                p.line(format!(
                    "round-trip min/avg/max = {}/{}/{} ms",
                    ms(least),
                    ms(mean),
                    ms(most)
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn the_machine_itself_answers() {
        let mut bench = Bench::new();
        let done = bench.run(&["ping", "-c", "2", "127.0.0.1"], "");
        let lines: Vec<&str> = done.out.lines().collect();
        assert_eq!(lines[0], "PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.");
        assert!(lines[1].starts_with("64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.0"));
        assert!(done.out.contains("\n2 packets transmitted, 2 received, 0% packet loss, time 100"));
        assert_eq!(done.status, 0);
    }

    #[test]
    fn others_do_not() {
        let mut bench = Bench::new();
        let done = bench.run(&["ping", "-c", "1", "198.51.100.8"], "");
        assert_eq!(
            done.out,
            "PING 198.51.100.8 (198.51.100.8) 56(84) bytes of data.\n\
             From 192.0.2.254 icmp_seq=1 Packet filtered\n\n--- 198.51.100.8 ping statistics ---\n\
             1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n\n"
        );
        assert_eq!(done.status, 1);
        let done = bench.run(&["ping", "evil.example"], "");
        let text = "ping: evil.example: Temporary failure in name resolution\n";
        assert_eq!((done.err.as_str(), done.status), (text, 2));
        let done = bench.run(&["ping", "-c", "x", "127.0.0.1"], "");
        assert_eq!((done.err.as_str(), done.status), ("ping: invalid argument: 'x'\n", 1));
    }
}

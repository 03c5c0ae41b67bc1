//! `ss`.
//!
//! **Invariant:** columns are as wide as what is in them, as the real one sets them.

use super::super::{text, usage};
use crate::commands::Program;
use crate::kernel::Proc;
use crate::live::net::{self, Socket};
use std::net::IpAddr;

const IPROUTE: i64 = 1_671_468_000;

pub(super) const PROGRAMS: &[Program] = &[Program::new("ss", |p| Box::pin(ss(p)), 174_000, IPROUTE)];

#[derive(Clone, Debug, Default)]
struct Asked {
    tcp: bool,
    udp: bool,
    unix: bool,
    other: bool,
    all: bool,
    listening: bool,
    programs: bool,
    extended: bool,
    timers: bool,
    names: bool,
    heads: bool,
    v4: bool,
    v6: bool,
    /// `state` and `sport`.
    state: Option<String>,
    ports: Vec<u16>,
}

async fn ss(p: &mut Proc) -> u32 {
    let mut asked = Asked { names: true, heads: true, ..Asked::default() };
    let mut words = p.rest().into_iter().map(|word| text(&word));
    let mut summary = false;
    while let Some(word) = words.next() {
        let letters = match word.as_str() {
            "--tcp" => "t".to_owned(),
            "--udp" => "u".to_owned(),
            "--unix" => "x".to_owned(),
            "--all" => "a".to_owned(),
            "--listening" => "l".to_owned(),
            "--processes" => "p".to_owned(),
            "--numeric" => "n".to_owned(),
            "--extended" => "e".to_owned(),
            "--options" => "o".to_owned(),
            "--summary" => "s".to_owned(),
            "--no-header" => "H".to_owned(),
            "--ipv4" => "4".to_owned(),
            "--ipv6" => "6".to_owned(),
            "--help" => "h".to_owned(),
            "--version" => "V".to_owned(),
            "state" => {
                asked.state = words.next();
                continue;
            }
            word if word.starts_with("--") => {
                p.error(format!("ss: unrecognized option '{word}'"));
                p.error(usage("ss"));
                return 255;
            }
            word => match word.strip_prefix('-') {
                Some(letters) => letters.to_owned(),
                None => {
                    // A filter: the ports in it.
                    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
                    asked.ports.extend(digits.parse::<u16>().ok());
                    continue;
                }
            },
        };
        for letter in letters.chars() {
            match letter {
                't' => asked.tcp = true,
                'u' => asked.udp = true,
                'x' => asked.unix = true,
                'w' | '0' | 'S' | 'd' => asked.other = true,
                'a' => asked.all = true,
                'l' => asked.listening = true,
                'p' => asked.programs = true,
                'n' => asked.names = false,
                'e' => asked.extended = true,
                'o' => asked.timers = true,
                'H' => asked.heads = false,
                '4' => asked.v4 = true,
                '6' => asked.v6 = true,
                's' => summary = true,
                'm' | 'i' | 'r' | 'O' | 'T' | 'Z' | 'z' | 'b' | 'E' | 'K' | 'N' | 'B' | 'M' => {}
                'h' => {
                    p.line(usage("ss"));
                    return 0;
                }
                'V' => {
                    p.line("ss utility, iproute2-6.1.0");
                    return 0;
                }
                'f' | 'A' | 'F' | 'D' => match words.next().as_deref() {
                    Some("inet") => asked.v4 = true,
                    Some("inet6") => asked.v6 = true,
                    Some("tcp") => asked.tcp = true,
                    Some("udp") => asked.udp = true,
                    Some("unix") => asked.unix = true,
                    _ => {}
                },
                letter => {
                    p.error(format!("ss: invalid option -- '{letter}'"));
                    p.error(usage("ss"));
                    return 255;
                }
            }
        }
    }
    if summary {
        let all = p.world.with(|world| net::sockets(world));
        let count = |tcp: bool, v6: bool| all.iter().filter(|s| s.is_tcp == tcp && s.local.0.is_ipv6() == v6).count();
        let (t4, t6, u4) = (count(true, false), count(true, true), count(false, false));
        let open = all.iter().filter(|s| s.peer.is_some()).count();
        p.line(format!("Total: {}", 92 + all.len()));
        p.line(format!("TCP:   {} (estab {open}, closed 0, orphaned 0, timewait 0)\n", t4 + t6));
        p.line("Transport Total     IP        IPv6");
        for (name, v4, v6) in [("RAW", 0, 0), ("UDP", u4, 0), ("TCP", t4, t6), ("INET", t4 + u4, t6), ("FRAG", 0, 0)] {
            p.line(format!("{name}\t  {:<9} {v4:<9} {v6:<9}", v4 + v6));
        }
        p.line("");
        return 0;
    }
    let out = table(p, &asked);
    p.print(out);
    0
}

/// A row: kind, state, queues, address, port, address, port, the rest.
type Row = [String; 9];

fn table(p: &Proc, asked: &Asked) -> String {
    let any = asked.tcp || asked.udp || asked.unix || asked.other;
    let kinds = [asked.tcp, asked.udp, asked.unix, asked.other].iter().filter(|kind| **kind).count();
    let all = p.world.with(|world| net::sockets(world));
    let mut rows: Vec<Row> = Vec::new();
    if asked.unix || !any {
        unix(p, asked, &mut rows);
    }
    for is_tcp in [false, true] {
        let wanted = if is_tcp { asked.tcp || !any } else { asked.udp || !any };
        for v6 in [false, true] {
            if !wanted || asked.v4 && v6 || asked.v6 && !v6 {
                continue;
            }
            let own = all.iter().filter(|s| s.is_tcp == is_tcp && s.local.0.is_ipv6() == v6);
            rows.extend(own.filter(|socket| shown(asked, socket)).map(|socket| row(p, asked, socket)));
        }
    }
    // The kind is shown where there may be several, the state where it is not the same for all.
    let with_kind = kinds != 1;
    let with_state = asked.state.is_none();
    let heads: Row = [
        "Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port", "Process",
    ]
    .map(str::to_owned);
    let before = ["", " ", " ", " ", " ", ":", " ", ":", ""];
    let used: Vec<usize> = (0..9)
        .filter(|&place| match place {
            0 => with_kind,
            1 => with_state,
            _ => true,
        })
        .collect();
    let cell = |row: &Row, place: usize| row.get(place).cloned().unwrap_or_default();
    let delimiter = |place: usize| match used.first() {
        Some(first) if *first == place => "",
        _ => before.get(place).copied().unwrap_or(""),
    };
    let width = |place: usize| {
        let head = if asked.heads { heads.get(place).map_or(0, String::len) } else { 0 };
        rows.iter().map(|row| cell(row, place).len()).max().unwrap_or(0).max(head)
    };
    let widths: Vec<usize> = (0..9).map(width).collect();
    let line = |row: &Row| {
        let mut text = String::new();
        for &place in &used {
            let (value, wide) = (cell(row, place), widths.get(place).copied().unwrap_or(0));
            text.push_str(delimiter(place));
            if matches!(place, 4 | 6) {
                text.push_str(&format!("{value:>wide$}"));
            } else {
                text.push_str(&format!("{value:<wide$}"));
            }
        }
        text.push('\n');
        text
    };
    let mut out = String::new();
    if asked.heads {
        out.push_str(&line(&heads));
    }
    out.extend(rows.iter().map(line));
    out
}

fn shown(asked: &Asked, socket: &Socket) -> bool {
    let listens = socket.peer.is_none();
    let ports = asked.ports.is_empty()
        || asked.ports.contains(&socket.local.1)
        || socket.peer.is_some_and(|(_, port)| asked.ports.contains(&port));
    let state = match asked.state.as_deref() {
        None => match (asked.all, asked.listening) {
            (true, _) => true,
            (false, true) => listens,
            (false, false) => !listens,
        },
        Some("listening" | "listen") => listens && socket.is_tcp,
        Some("established" | "connected" | "synchronized") => !listens,
        Some("all") => true,
        Some(_) => false,
    };
    ports && state
}

fn end(asked: &Asked, (address, port): (IpAddr, u16), is_tcp: bool) -> (String, String) {
    let host = match address {
        IpAddr::V6(address) => format!("[{address}]"),
        IpAddr::V4(address) => address.to_string(),
    };
    let service = match (asked.names, port, is_tcp) {
        (_, 0, _) => "*".to_owned(),
        (true, 22, true) => "ssh".to_owned(),
        (true, 68, false) => "bootpc".to_owned(),
        (true, 80, true) => "http".to_owned(),
        (true, 443, true) => "https".to_owned(),
        (_, port, _) => port.to_string(),
    };
    (host, service)
}

fn row(p: &Proc, asked: &Asked, socket: &Socket) -> Row {
    let v6 = socket.local.0.is_ipv6();
    let none: IpAddr = if v6 { std::net::Ipv6Addr::UNSPECIFIED.into() } else { std::net::Ipv4Addr::UNSPECIFIED.into() };
    let (host, port) = end(asked, socket.local, socket.is_tcp);
    let (peer, peer_port) = end(asked, socket.peer.unwrap_or((none, 0)), socket.is_tcp);
    let state = match (socket.is_tcp, socket.peer) {
        (_, Some(_)) => "ESTAB",
        (true, None) => "LISTEN",
        (false, None) => "UNCONN",
    };
    let backlog = match (socket.is_tcp, socket.peer) {
        (true, None) => 128,
        _ => u64::from(socket.send_queue),
    };
    let mut more = String::new();
    if asked.timers && socket.send_queue > 0 {
        more.push_str(" timer:(on,212ms,0)");
    }
    if asked.programs && p.user.uid == 0 {
        let (program, pid, fd) = socket.owner;
        more.push_str(&format!(" users:((\"{program}\",pid={pid},fd={fd}))"));
    }
    if asked.extended {
        more.push_str(&format!(" ino:{} sk:{:x} cgroup:/system.slice/ssh.service", socket.inode, socket.inode % 4_096));
        if v6 {
            more.push_str(" v6only:1");
        }
        more.push_str(" <->");
    }
    let kind = if socket.is_tcp { "tcp" } else { "udp" };
    [
        kind.to_owned(),
        state.to_owned(),
        "0".to_owned(),
        backlog.to_string(),
        host,
        port,
        peer,
        peer_port,
        more,
    ]
}

fn unix(p: &Proc, asked: &Asked, rows: &mut Vec<Row>) {
    let first = p.world.with(|world| 10_400 + world.machine.ids[1] % 900);
    for ((kind, state, path), number) in net::UNIX.iter().zip(0_u64..) {
        let listens = !state.is_empty() || *kind == "SOCK_DGRAM";
        if !asked.all && asked.listening != listens {
            continue;
        }
        let (netid, backlog) = match *kind {
            "SOCK_DGRAM" => ("u_dgr", 0),
            "SOCK_SEQPACKET" => ("u_seq", 4_096),
            _ => ("u_str", 4_096),
        };
        let state = if *kind == "SOCK_DGRAM" { "UNCONN" } else { "LISTEN" };
        let owner = if asked.programs && p.user.uid == 0 { " users:((\"systemd\",pid=1,fd=40))" } else { "" };
        rows.push([
            netid.to_owned(),
            state.to_owned(),
            "0".to_owned(),
            backlog.to_string(),
            (*path).to_owned(),
            format!(" {}", first + number * 3).trim_start().to_owned(),
            "*".to_owned(),
            "0".to_owned(),
            owner.to_owned(),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut bench = Bench::new();
        let out = bench.run(&["ss", "-ltn"], "").out;
        assert_eq!(
            out,
            "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n\
             LISTEN 0      128          0.0.0.0:22        0.0.0.0:*          \n\
             LISTEN 0      128             [::]:22           [::]:*          \n"
        );
        let out = bench.run(&["ss", "-tn"], "").out;
        assert!(out.contains("ESTAB 0      36         192.0.2.1:22   198.51.100.7:40000"), "{out}");
        let out = bench.run(&["ss", "-tulpn"], "").out;
        assert!(out.contains("users:((\"sshd\",pid="), "{out}");
    }
}

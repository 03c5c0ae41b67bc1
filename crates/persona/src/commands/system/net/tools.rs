//! net-tools: `ifconfig`, `route`, `arp`, `netstat`.
//!
//! **Invariant:** sockets are listed as /proc/net lists them.

use super::super::{text, usage};
use crate::commands::Program;
use crate::kernel::Proc;
use crate::live::net::{self, Socket, Traffic};
use crate::live::tasks;
use crate::machine::{Network, mac_text};
use std::net::IpAddr;

const TOOLS: i64 = 1_745_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::system("ifconfig", |p| Box::pin(ifconfig(p)), 76_656, TOOLS),
    Program::system("route", |p| Box::pin(route(p)), 68_440, TOOLS),
    Program::system("arp", |p| Box::pin(arp(p)), 64_360, TOOLS),
    Program::new("netstat", |p| Box::pin(netstat(p)), 155_000, TOOLS),
];

/// `528.7 MiB`
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1_024.0 {
            return format!("{value:.1} {unit}");
        }
        value /= 1_024.0;
    }
    format!("{value:.1} PiB")
}

async fn ifconfig(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    let network = p.world.with(|world| net::network(world));
    match words.first().map(String::as_str) {
        Some("-V" | "--version") => {
            p.line("net-tools 2.10");
            return 0;
        }
        Some("-h" | "--help" | "-?") => {
            p.error(usage("ifconfig"));
            return 0;
        }
        _ => {}
    }
    let short = words.iter().any(|word| word == "-s");
    if let Some(bad) = words.iter().find(|word| word.starts_with('-') && !matches!(word.as_str(), "-a" | "-s" | "-v")) {
        p.error(format!("ifconfig: option `{bad}' not recognised."));
        p.error("ifconfig: `--help' gives usage information.");
        return 1;
    }
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let wanted = names.first().map(|name| name.as_str());
    if let Some(name) = wanted
        && name != "lo"
        && name != network.interface
    {
        p.error(format!("{name}: error fetching interface information: Device not found"));
        return 1;
    }
    if names.len() > 1 {
        if p.user.uid != 0 {
            p.error("SIOCSIFFLAGS: Operation not permitted");
            return 255;
        }
        return 0;
    }
    if short {
        p.line("Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg");
    }
    for name in [network.interface, "lo"] {
        if wanted.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let traffic = p.world.with(|world| net::traffic(world, name));
        if short {
            let row = counters(name, &traffic, 9);
            p.line(row);
        } else {
            let block = block(&network, name, &traffic);
            p.line(block);
        }
    }
    0
}

/// A row of `ifconfig -s` and `netstat -i`.
fn counters(name: &str, traffic: &Traffic, wide: usize) -> String {
    let ([_, received], [_, sent]) = (traffic.received, traffic.sent);
    let (mtu, flags) = if name == "lo" { (65_536, "LRU") } else { (1_500, "BMRU") };
    let gap = wide.saturating_sub(name.len().min(wide));
    format!("{name}{} {mtu:>11} {received:>8} {:>6} {:>6} {:<6} {sent:>8} {:>6} {:>6} {:>6} {flags}", " ".repeat(gap), 0, 0, 0, 0, 0, 0)
}

fn block(network: &Network, name: &str, traffic: &Traffic) -> String {
    let ([bytes, packets], [sent_bytes, sent]) = (traffic.received, traffic.sent);
    let mut out = String::new();
    if name == "lo" {
        out.push_str("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n");
    } else {
        out.push_str(&format!(
            "{name}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet {}  netmask {}  broadcast {}\n",
            network.address,
            network.mask(),
            network.broadcast()
        ));
        if let Some(global) = network.global {
            out.push_str(&format!("        inet6 {global}  prefixlen 64  scopeid 0x0<global>\n"));
        }
        out.push_str(&format!(
            "        inet6 {}  prefixlen 64  scopeid 0x20<link>\n        ether {}  txqueuelen 1000  (Ethernet)\n",
            network.link_local,
            mac_text(network.mac)
        ));
    }
    out.push_str(&format!(
        "        RX packets {packets}  bytes {bytes} ({})\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets {sent}  bytes {sent_bytes} ({})\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n",
        human(bytes),
        human(sent_bytes)
    ));
    out
}

async fn route(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    match words.iter().find(|word| !word.starts_with('-')).map(String::as_str) {
        Some("add" | "del" | "flush") => {
            if p.user.uid != 0 {
                p.error("SIOCADDRT: Operation not permitted");
                return 7;
            }
            return 0;
        }
        Some(_) => {
            p.error(usage("route"));
            return 4;
        }
        None => {}
    }
    let network = p.world.with(|world| net::network(world));
    match words.first().map(String::as_str) {
        Some("-V" | "--version") => p.line("net-tools 2.10\nroute 2001-04-15"),
        Some("-h" | "--help") => p.error(usage("route")),
        _ => {
            let numeric = words.iter().any(|word| word.starts_with('-') && word.contains('n'));
            p.line("Kernel IP routing table");
            p.line("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface");
            let default = if numeric { "0.0.0.0" } else { "default" };
            let none = "0.0.0.0";
            let (gateway, interface) = (network.gateway.to_string(), network.interface);
            p.line(format!("{default:<15} {gateway:<15} {none:<15} UG    0      0        0 {interface}"));
            let (base, mask) = (network.base().to_string(), network.mask().to_string());
            p.line(format!("{base:<15} {none:<15} {mask:<15} U     0      0        0 {interface}"));
        }
    }
    0
}

async fn arp(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    let network = p.world.with(|world| net::network(world));
    let (gateway, mac, interface) = (network.gateway.to_string(), mac_text(network.gateway_mac), network.interface);
    let has = |letter: char| words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter));
    if has('V') {
        p.line("net-tools 2.10");
        return 0;
    }
    if has('s') || has('d') {
        if p.user.uid != 0 {
            p.error("SIOCSARP: Operation not permitted");
            return 255;
        }
        return 0;
    }
    let host = words.iter().find(|word| !word.starts_with('-'));
    if let Some(host) = host
        && *host != gateway
    {
        if has('a') {
            p.line("arp: in 1 entries no match found.");
        } else {
            p.line(format!("{host} ({host}) -- no entry"));
        }
        return 1;
    }
    if has('a') {
        p.line(format!("? ({gateway}) at {mac} [ether] on {interface}"));
    } else {
        p.line("Address                  HWtype  HWaddress           Flags Mask            Iface");
        p.line(format!("{gateway:<24} ether   {mac:<19} C                     {interface}"));
    }
    0
}

/// What `netstat` was asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    tcp: bool,
    udp: bool,
    unix: bool,
    raw: bool,
    all: bool,
    listening: bool,
    programs: bool,
    extended: bool,
    timers: bool,
    v4: bool,
    v6: bool,
}

async fn netstat(p: &mut Proc) -> u32 {
    let mut asked = Asked::default();
    let (mut route_table, mut interfaces, mut statistics, mut groups) = (false, false, false, false);
    for word in p.rest() {
        let word = text(&word);
        let letters = match word.as_str() {
            "--tcp" => "t",
            "--udp" => "u",
            "--unix" => "x",
            "--all" => "a",
            "--listening" => "l",
            "--programs" => "p",
            "--numeric" => "n",
            "--route" => "r",
            "--interfaces" => "i",
            "--statistics" => "s",
            "--extend" => "e",
            "--timers" => "o",
            "--wide" => "W",
            "--version" => "V",
            "--help" => "h",
            "--inet" | "-4" => "4",
            "--inet6" | "-6" => "6",
            "--continuous" => "c",
            word if word.starts_with("--") => {
                p.error(format!("netstat: unrecognized option '{word}'"));
                p.error(usage("netstat"));
                return 4;
            }
            word => word.strip_prefix('-').unwrap_or(word),
        }
        .to_owned();
        for letter in letters.chars() {
            match letter {
                't' => asked.tcp = true,
                'u' => asked.udp = true,
                'x' => asked.unix = true,
                'w' | 'S' | 'U' => asked.raw = true,
                'a' => asked.all = true,
                'l' => asked.listening = true,
                'p' => asked.programs = true,
                'e' => asked.extended = true,
                'o' => asked.timers = true,
                '4' => asked.v4 = true,
                '6' => asked.v6 = true,
                'r' => route_table = true,
                'i' => interfaces = true,
                's' => statistics = true,
                'g' => groups = true,
                'n' | 'v' | 'W' | 'c' | 'N' | 'F' | 'C' | 'A' => {}
                'V' => {
                    p.line("net-tools 2.10\nFred Baumgarten, Alan Cox, Bernd Eckenfels, Phil Blundell, Tuan Hoang, Brian Micek and others");
                    return 0;
                }
                'h' => {
                    p.error(usage("netstat"));
                    return 0;
                }
                'Z' => {
                    p.error("SELinux is not enabled on this machine.");
                    return 1;
                }
                letter => {
                    p.error(format!("netstat: invalid option -- '{letter}'"));
                    p.error(usage("netstat"));
                    return 4;
                }
            }
        }
    }
    let network = p.world.with(|world| net::network(world));
    if route_table {
        p.line("Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface");
        let (none, interface) = ("0.0.0.0", network.interface);
        let (gateway, base, mask) = (network.gateway.to_string(), network.base().to_string(), network.mask().to_string());
        p.line(format!("{none:<15} {gateway:<15} {none:<15} UG        0 0          0 {interface}"));
        p.line(format!("{base:<15} {none:<15} {mask:<15} U         0 0          0 {interface}"));
        return 0;
    }
    if interfaces {
        p.line("Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg");
        for name in [network.interface, "lo"] {
            let traffic = p.world.with(|world| net::traffic(world, name));
            p.line(counters(name, &traffic, 9));
        }
        return 0;
    }
    if groups {
        p.line("IPv6/IPv4 Group Memberships\nInterface       RefCnt Group\n--------------- ------ ---------------------");
        p.line(format!("lo              1      224.0.0.1\n{:<15} 1      224.0.0.1", network.interface));
        return 0;
    }
    if statistics {
        let t = p.world.with(|world| net::traffic(world, network.interface));
        let ([_, received], [_, sent]) = (t.received, t.sent);
        p.line(format!("Ip:\n    Forwarding: 2\n    {received} total packets received\n    0 forwarded\n    0 incoming packets discarded\n    {received} incoming packets delivered\n    {sent} requests sent out\nIcmp:\n    {} ICMP messages received\n    0 input ICMP message failed\nTcp:\n    {} active connection openings\n    {} passive connection openings\n    {} failed connection attempts\n    1 connections established", received / 900, sent / 400, received / 60, received / 90));
        return 0;
    }
    sockets(p, asked);
    0
}

fn sockets(p: &mut Proc, asked: Asked) {
    let any = asked.tcp || asked.udp || asked.unix || asked.raw;
    let inet = asked.tcp || asked.udp || !any;
    let which = match (asked.listening, asked.all) {
        (true, _) => "(only servers)",
        (false, true) => "(servers and established)",
        (false, false) => "(w/o servers)",
    };
    let root = p.user.uid == 0;
    if asked.programs && !root {
        p.error("(Not all processes could be identified, non-owned process info\n will not be shown, you would have to be root to see it all.)");
    }
    if inet {
        p.line(format!("Active Internet connections {which}"));
        let mut head = String::from("Proto Recv-Q Send-Q Local Address           Foreign Address         State      ");
        if asked.extended {
            head.push_str(" User       Inode     ");
        }
        if asked.programs {
            head.push_str(" PID/Program name    ");
        }
        if asked.timers {
            head.push_str(" Timer");
        }
        p.line(head);
        let all = p.world.with(|world| net::sockets(world));
        for kind in [true, false] {
            for v6 in [false, true] {
                let shown = if kind { asked.tcp || !any } else { asked.udp || !any };
                if !shown || asked.v4 && v6 || asked.v6 && !v6 {
                    continue;
                }
                for socket in all.iter().filter(|s| s.is_tcp == kind && s.local.0.is_ipv6() == v6) {
                    let listens = socket.peer.is_none();
                    if asked.listening && !listens || !asked.listening && !asked.all && listens {
                        continue;
                    }
                    let line = row(p, asked, socket, v6, root);
                    p.line(line);
                }
            }
        }
    }
    if asked.unix || !any {
        unix(p, asked, which);
    }
}

fn row(p: &Proc, asked: Asked, socket: &Socket, v6: bool, root: bool) -> String {
    let name = match (socket.is_tcp, v6) {
        (true, false) => "tcp",
        (true, true) => "tcp6",
        (false, false) => "udp",
        (false, true) => "udp6",
    };
    let end = |(address, port): (IpAddr, u16)| {
        let port = if port == 0 { "*".to_owned() } else { port.to_string() };
        match address {
            IpAddr::V6(address) if address.is_unspecified() => format!(":::{port}"),
            address => format!("{address}:{port}"),
        }
    };
    let any: IpAddr = if v6 { std::net::Ipv6Addr::UNSPECIFIED.into() } else { std::net::Ipv4Addr::UNSPECIFIED.into() };
    let peer = socket.peer.unwrap_or((any, 0));
    let state = match (socket.is_tcp, socket.peer) {
        (true, None) => "LISTEN",
        (_, Some(_)) => "ESTABLISHED",
        (false, None) => "",
    };
    let mut line = format!("{name:<5} {:>6} {:>6} {:<23} {:<23} {state:<11}", 0, socket.send_queue, end(socket.local), end(peer));
    if asked.extended {
        let user = if socket.uid == 0 { "root".to_owned() } else { socket.uid.to_string() };
        line.push_str(&format!(" {user:<10} {:<10}", socket.inode));
    }
    if asked.programs {
        let (program, pid, _) = socket.owner;
        let owner = if root {
            let title = p.world.with(|world| tasks::one(world, pid)).map(|task| task.args.first().cloned().unwrap_or_default());
            let title = title.map(|title| String::from_utf8_lossy(&title).into_owned()).filter(|title| program == "sshd" && title.starts_with("sshd: "));
            let name = title.unwrap_or_else(|| program.to_owned());
            format!("{pid}/{name}").chars().take(19).collect::<String>()
        } else {
            "-".to_owned()
        };
        line.push_str(&format!(" {owner:<20}"));
    }
    if asked.timers {
        line.push_str(if socket.send_queue > 0 { " on (0.21/0/0)" } else { " off (0.00/0/0)" });
    }
    line
}

fn unix(p: &mut Proc, asked: Asked, which: &str) {
    p.line(format!("Active UNIX domain sockets {which}"));
    let mut head = String::from("Proto RefCnt Flags       Type       State         I-Node  ");
    if asked.programs {
        head.push_str(" PID/Program name    ");
    }
    p.line(format!("{head} Path"));
    let first = p.world.with(|world| 10_400 + world.machine.ids[1] % 900);
    for ((kind, state, path), number) in net::UNIX.iter().zip(0_u64..) {
        let listens = !state.is_empty();
        if asked.listening && !listens || !asked.listening && !asked.all && listens {
            continue;
        }
        let (flags, kind) = (if listens { "[ ACC ]" } else { "[ ]" }, kind.trim_start_matches("SOCK_"));
        let mut line = format!("unix  2      {flags:<11} {kind:<10} {state:<13} {:<8}", first + number * 3);
        if asked.programs {
            line.push_str(&format!(" {:<20}", if p.user.uid == 0 { "1/init" } else { "-" }));
        }
        p.line(format!("{line} {path}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn the_server_listens() {
        let mut bench = Bench::new();
        let out = bench.run(&["netstat", "-tulnp"], "").out;
        let mut lines = out.lines();
        assert_eq!(lines.next(), Some("Active Internet connections (only servers)"));
        assert_eq!(lines.next(), Some("Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    "));
        let first = lines.next().unwrap();
        assert!(first.starts_with("tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      "), "{first}");
        assert!(out.contains("tcp6       0      0 :::22                   :::*                    LISTEN      "), "{out}");
        let all = bench.run(&["netstat", "-an"], "").out;
        assert!(all.contains("tcp        0     36 192.0.2.1:22            198.51.100.7:40000      ESTABLISHED\n"), "{all}");
        assert_eq!(bench.run(&["ifconfig", "nosuch"], "").err, "nosuch: error fetching interface information: Device not found\n");
        assert!(bench.run(&["ifconfig"], "").out.contains("        inet 192.0.2.1  netmask 255.255.255.0  broadcast 192.0.2.255\n"));
        assert!(bench.run(&["route", "-n"], "").out.contains("0.0.0.0         192.0.2.254     0.0.0.0         UG    0      0        0 "));
        let tcp = bench.run(&["cat", "/proc/net/tcp"], "").out;
        assert!(tcp.contains("   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "), "{tcp}");
    }
}

//! `netstat`, `ss`, `ip`, `ifconfig`, `route`, `arp`.
//!
//! **Invariant:** addresses, routes and sockets are those of [`crate::live::net`].

use crate::commands::Program;
use crate::kernel::Proc;
use crate::live::net::{self, Socket, Traffic};
use crate::machine::{Network, mac_text};
use std::net::IpAddr;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("netstat", |p| Box::pin(netstat(p)), 155_304, super::NET_TOOLS),
    Program::new("ss", |p| Box::pin(ss(p)), 193_680, super::IPROUTE),
    Program::new("ip", |p| Box::pin(ip(p)), 691_016, super::IPROUTE),
    Program::system("ifconfig", |p| Box::pin(ifconfig(p)), 83_976, super::NET_TOOLS),
    Program::system("route", |p| Box::pin(async { route(p, false) }), 70_832, super::NET_TOOLS),
    Program::system("arp", |p| Box::pin(arp(p)), 67_720, super::NET_TOOLS),
];

fn letters(p: &Proc) -> String {
    let words = super::words(p);
    words.iter().filter_map(|word| word.strip_prefix('-').filter(|w| !w.starts_with('-'))).collect()
}

fn network(p: &Proc) -> Network {
    p.world.with(|world| net::network(world))
}

fn route(p: &mut Proc, windows: bool) -> u32 {
    let n = network(p);
    let (gateway, base, mask, name) = (n.gateway.to_string(), n.base().to_string(), n.mask().to_string(), n.interface);
    p.line("Kernel IP routing table");
    if windows {
        p.line("Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface");
        p.line(format!("0.0.0.0         {gateway:<15} 0.0.0.0         UG        0 0          0 {name}"));
        p.line(format!("{base:<15} 0.0.0.0         {mask:<15} U         0 0          0 {name}"));
    } else {
        let default = if letters(p).contains('n') { "0.0.0.0" } else { "default" };
        p.line("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface");
        p.line(format!("{default:<15} {gateway:<15} 0.0.0.0         UG    0      0        0 {name}"));
        p.line(format!("{base:<15} 0.0.0.0         {mask:<15} U     0      0        0 {name}"));
    }
    0
}

fn wanted(socket: &Socket, flags: &str) -> bool {
    let (tcp, udp) = (flags.contains('t'), flags.contains('u'));
    let kind = if tcp || udp { (socket.is_tcp && tcp) || (!socket.is_tcp && udp) } else { true };
    let listens = socket.peer.is_none();
    kind && (flags.contains('a') || flags.contains('l') == listens)
}

async fn netstat(p: &mut Proc) -> u32 {
    let flags = letters(p);
    if flags.contains('r') {
        return route(p, true);
    }
    let servers = match (flags.contains('a'), flags.contains('l')) {
        (true, _) => "(servers and established)",
        (false, true) => "(only servers)",
        (false, false) => "(w/o servers)",
    };
    let program = if flags.contains('p') { " PID/Program name    " } else { "" };
    p.line(format!("Active Internet connections {servers}"));
    p.line(format!("Proto Recv-Q Send-Q Local Address           Foreign Address         State      {program}"));
    let show = |(address, port): (IpAddr, u16)| {
        let port = if port == 0 { "*".to_owned() } else { port.to_string() };
        format!("{address}:{port}")
    };
    let root = p.user.uid == 0;
    let mut all = p.world.with(|world| net::sockets(world));
    all.sort_by_key(|socket| (!socket.is_tcp, socket.local.0.is_ipv6()));
    for socket in all.iter().filter(|socket| wanted(socket, &flags)) {
        let v6 = socket.local.0.is_ipv6();
        let proto = format!("{}{}", if socket.is_tcp { "tcp" } else { "udp" }, if v6 { "6" } else { "" });
        let peer = socket.peer.map_or_else(|| (if v6 { ":::*" } else { "0.0.0.0:*" }).to_owned(), show);
        let state = match (socket.peer, socket.is_tcp) {
            (Some(_), _) => "ESTABLISHED",
            (None, true) => "LISTEN",
            (None, false) => "",
        };
        let program = match (program.is_empty(), root) {
            (true, _) => String::new(),
            (false, true) => {
                let title = if socket.peer.is_some() { "sshd: root@" } else if socket.owner.0 == "sshd" { "sshd: /usr/sbin" } else { socket.owner.0 };
                let title = if socket.owner.0 == "sshd" { title } else { socket.owner.0 };
                format!(" {:<20.20}", format!("{}/{title}", socket.owner.1))
            }
            (false, false) => format!(" {:<20}", "-"),
        };
        p.line(format!("{proto:<5} {:>6} {:>6} {:<23} {peer:<23} {state:<11}{program}", 0, socket.send_queue, show(socket.local)));
    }
    0
}

async fn ss(p: &mut Proc) -> u32 {
    let flags = letters(p);
    let all = p.world.with(|world| net::sockets(world));
    if flags.contains('s') {
        let count = |tcp: bool, six: bool| all.iter().filter(|s| s.is_tcp == tcp && s.local.0.is_ipv6() == six).count();
        let (t4, t6, u4) = (count(true, false), count(true, true), count(false, false));
        let row = |name: &str, four: usize, six: usize| format!("{name}\t  {:<9} {four:<9} {six:<9}", four + six);
        p.line(format!("Total: {}\nTCP:   {} (estab 1, closed 0, orphaned 0, timewait 0)\n", 92 + t4 + t6, t4 + t6));
        p.line("Transport Total     IP        IPv6");
        for text in [row("RAW", 0, 0), row("UDP", u4, 0), row("TCP", t4, t6), row("INET", t4 + u4, t6), row("FRAG", 0, 0)] {
            p.line(text);
        }
        p.line("");
        return 0;
    }
    let net = flags.contains('t') == flags.contains('u');
    let show = |socket: &Socket, (address, port): (IpAddr, u16)| match address {
        IpAddr::V4(address) => (format!("{address}{}", socket.device.map(|d| format!("%{d}")).unwrap_or_default()), port.to_string()),
        IpAddr::V6(address) => (format!("[{address}]"), port.to_string()),
    };
    let mut rows: Vec<[String; 9]> = Vec::new();
    for socket in all.iter().filter(|socket| wanted(socket, &flags)) {
        let state = match (socket.peer, socket.is_tcp) {
            (Some(_), _) => "ESTAB",
            (None, true) => "LISTEN",
            (None, false) => "UNCONN",
        };
        let (local, port) = show(socket, socket.local);
        let none = (if socket.local.0.is_ipv6() { "[::]" } else { "0.0.0.0" }).to_owned();
        let (peer, other) = socket.peer.map_or((none, "*".to_owned()), |peer| show(socket, peer));
        let queue = if socket.peer.is_none() && socket.is_tcp { 128 } else { socket.send_queue };
        let (name, pid, fd) = socket.owner;
        let user = if flags.contains('p') && p.user.uid == 0 { format!("users:((\"{name}\",pid={pid},fd={fd}))") } else { String::new() };
        let kind = (if socket.is_tcp { "tcp" } else { "udp" }).to_owned();
        rows.push([kind, state.to_owned(), "0".to_owned(), queue.to_string(), local, port, peer, other, user]);
    }
    rows.sort_by_key(|row| row.first().is_some_and(|kind| kind == "tcp"));
    let heads = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port", "Process"];
    let head = heads.map(str::to_owned);
    let mut widths = [0; 9];
    for row in rows.iter().chain([&head]) {
        for (width, field) in widths.iter_mut().zip(row) {
            *width = (*width).max(field.len());
        }
    }
    let [w0, w1, w2, w3, w4, w5, w6, w7, w8] = widths;
    for [kind, state, received, sent, local, port, peer, other, user] in [head].iter().chain(&rows) {
        let kind = if net { format!("{kind:<w0$} ") } else { String::new() };
        p.line(format!("{kind}{state:<w1$} {received:<w2$} {sent:<w3$} {local:>w4$}:{port:<w5$} {peer:>w6$}:{other:<w7$}{user:<w8$}"));
    }
    0
}

async fn arp(p: &mut Proc) -> u32 {
    let n = network(p);
    let (address, mac, name) = (n.gateway.to_string(), mac_text(n.gateway_mac), n.interface);
    if letters(p).contains('a') {
        p.line(format!("? ({address}) at {mac} [ether] on {name}"));
    } else {
        p.line("Address                  HWtype  HWaddress           Flags Mask            Iface");
        p.line(format!("{address:<24} ether   {mac}   C                     {name}"));
    }
    0
}

/// `1234 (1.2 KiB)`
fn bytes(count: u64) -> String {
    let (mut value, mut unit, mut scale) = (count, "B", 1);
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1_024 {
            break;
        }
        (value, unit, scale) = (value / 1_024, next, scale * 1_024);
    }
    format!("{count} ({value}.{} {unit})", count % scale * 10 / scale)
}

async fn ifconfig(p: &mut Proc) -> u32 {
    let n = network(p);
    let wanted = super::words(p).into_iter().find(|word| !word.starts_with('-'));
    if let Some(name) = &wanted
        && name != "lo"
        && name != n.interface
    {
        p.error(format!("{name}: error fetching interface information: Device not found"));
        return 1;
    }
    for name in [n.interface, "lo"] {
        if wanted.as_deref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let Traffic { received, sent } = p.world.with(|world| net::traffic(world, name));
        if name == "lo" {
            p.line("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)");
        } else {
            p.line(format!("{name}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet {}  netmask {}  broadcast {}", n.address, n.mask(), n.broadcast()));
            p.line(format!("        inet6 {}  prefixlen 64  scopeid 0x20<link>", n.link_local));
            if let Some(global) = n.global {
                p.line(format!("        inet6 {global}  prefixlen 64  scopeid 0x0<global>"));
            }
            p.line(format!("        ether {}  txqueuelen 1000  (Ethernet)", mac_text(n.mac)));
        }
        p.line(format!(
            "        RX packets {}  bytes {}\n        RX errors 0  dropped 0  overruns 0  frame 0\n        \
             TX packets {}  bytes {}\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n",
            received[1], bytes(received[0]), sent[1], bytes(sent[0])
        ));
    }
    0
}

async fn ip(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let brief = words.iter().any(|word| word == "-br" || word == "-brief");
    let (four, six) = (words.iter().any(|word| word == "-4"), words.iter().any(|word| word == "-6"));
    let plain: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let n = network(p);
    let (name, mac, what) = (n.interface, mac_text(n.mac), plain.first().copied().unwrap_or(""));
    match what {
        "" => {
            p.error("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }");
            return 255;
        }
        "r" | "ro" | "route" if six => p.line(format!("fe80::/64 dev {name} proto kernel metric 256 pref medium")),
        "r" | "ro" | "route" => p.line(format!("default via {} dev {name} \n{}/{} dev {name} proto kernel scope link src {} ", n.gateway, n.base(), n.prefix, n.address)),
        "n" | "ne" | "neigh" | "neighbor" => p.line(format!("{} dev {name} lladdr {} REACHABLE", n.gateway, mac_text(n.gateway_mac))),
        "a" | "ad" | "addr" | "address" | "l" | "li" | "link" => {
            let address = what.starts_with('a');
            let device = plain.iter().skip_while(|word| **word != "dev" && **word != "show").last().copied().filter(|word| !matches!(*word, "dev" | "show" | "ls" | "list"));
            if let Some(device) = device.filter(|device| *device != "lo" && *device != name) {
                p.error(format!("Device \"{device}\" does not exist."));
                return 1;
            }
            let global = n.global.map(|address| format!("{address}/64 ")).unwrap_or_default();
            if device != Some(name) {
                p.line(match (brief, address) {
                    (true, true) => "lo               UNKNOWN        127.0.0.1/8 ::1/128 ".to_owned(),
                    (true, false) => "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> ".to_owned(),
                    (false, _) => interface(&["1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN", "loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"], address, four, six, "inet 127.0.0.1/8 scope host lo", &["inet6 ::1/128 scope host ".to_owned()]),
                });
            }
            if device != Some("lo") {
                let head = format!("2: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP");
                let ether = format!("ether {mac} brd ff:ff:ff:ff:ff:ff");
                let inet = format!("inet {}/{} brd {} scope global dynamic {name}", n.address, n.prefix, n.broadcast());
                let mut inet6: Vec<String> = n.global.iter().map(|address| format!("inet6 {address}/64 scope global ")).collect();
                inet6.push(format!("inet6 {}/64 scope link ", n.link_local));
                p.line(match (brief, address) {
                    (true, true) => format!("{name:<16} UP             {}/{} {global}{}/64 ", n.address, n.prefix, n.link_local),
                    (true, false) => format!("{name:<16} UP             {mac} <BROADCAST,MULTICAST,UP,LOWER_UP> "),
                    (false, _) => interface(&[&head, &ether], address, four, six, &inet, &inet6),
                });
            }
        }
        other => {
            p.error(format!("Object \"{other}\" is unknown, try \"ip help\"."));
            return 1;
        }
    }
    0
}

fn interface([head, link]: &[&str; 2], address: bool, four: bool, six: bool, inet: &str, inet6: &[String]) -> String {
    let mut lines = vec![format!("{head} {} group default qlen 1000", if address { "" } else { "mode DEFAULT" }).replace("  ", " ")];
    if !address || !(four || six) {
        lines.push(format!("    link/{link}"));
    }
    let forever = "       valid_lft forever preferred_lft forever".to_owned();
    if address && !six {
        lines.extend([format!("    {inet}"), forever.clone()]);
    }
    for inet6 in inet6.iter().filter(|_| address && !four) {
        lines.extend([format!("    {inet6}"), forever.clone()]);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn headings_are_those_of_net_tools() {
        let mut bench = Bench::new();
        let out = bench.run(&["netstat", "-tulnp"], "").out;
        assert!(out.starts_with("Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \ntcp"), "{out}");
        let out = bench.run(&["route", "-n"], "").out;
        assert!(out.starts_with("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n0.0.0.0         "), "{out}");
        let out = bench.run(&["ip", "-br", "a"], "").out;
        assert!(out.starts_with("lo               UNKNOWN        127.0.0.1/8 ::1/128 \n"), "{out}");
        assert!(bench.run(&["ss", "-tulpn"], "").out.starts_with("Netid State  Recv-Q Send-Q"));
    }
}

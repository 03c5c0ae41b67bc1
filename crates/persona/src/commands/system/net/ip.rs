//! `ip`: addresses, links, routes, neighbours, rules.
//!
//! **Invariant:** there are two interfaces: `lo` and the machine's own.

use super::super::{text, usage};
use crate::commands::Program;
use crate::kernel::Proc;
use crate::live::net;
use crate::machine::{Network, mac_text};

const IPROUTE: i64 = 1_671_468_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("ip", |p| Box::pin(ip(p)), 743_600, IPROUTE),
    Program::system("ip", |p| Box::pin(ip(p)), 743_600, IPROUTE),
];

/// Options before the object.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    brief: bool,
    one_line: bool,
    details: bool,
    statistics: bool,
    json: bool,
    /// 4 or 6.
    family: Option<u8>,
}

async fn ip(p: &mut Proc) -> u32 {
    let mut look = Look::default();
    let mut words = p.rest().into_iter().map(|word| text(&word)).peekable();
    while let Some(word) = words.next_if(|word| word.starts_with('-') && word.len() > 1) {
        match word.trim_start_matches('-') {
            "4" => look.family = Some(4),
            "6" => look.family = Some(6),
            "br" | "brief" => look.brief = true,
            "o" | "oneline" => look.one_line = true,
            "d" | "details" => look.details = true,
            "s" | "stats" | "statistics" => look.statistics = true,
            "j" | "json" => look.json = true,
            "V" | "Version" => {
                p.line("ip utility, iproute2-6.1.0, libbpf 1.1.2");
                return 0;
            }
            "h" | "help" => {
                p.error(usage("ip"));
                return 255;
            }
            "f" | "family" => match words.next().as_deref() {
                Some("inet6") => look.family = Some(6),
                Some("inet") => look.family = Some(4),
                _ => {}
            },
            "c" | "color" | "n" | "netns" | "a" | "all" | "p" | "pretty" | "N" | "r" | "resolve" | "t" | "ts" | "iec" | "human" => {
                if word == "-n" || word == "-netns" {
                    words.next();
                }
            }
            "0" | "B" | "l" | "loops" | "force" | "b" | "batch" | "rc" => {}
            _ if word.starts_with("-c") => {}
            _ => {
                p.error(format!("Option \"{word}\" is unknown, try \"ip -help\"."));
                return 255;
            }
        }
    }
    let Some(object) = words.next() else {
        p.error(usage("ip"));
        return 255;
    };
    let rest: Vec<String> = words.collect();
    let is = |full: &str| full.starts_with(&object) && !object.is_empty();
    let network = p.world.with(|world| net::network(world));
    if object == "help" {
        p.error(usage("ip"));
        return 255;
    }
    if is("address") {
        address(p, look, &network, &rest)
    } else if is("link") {
        link(p, look, &network, &rest)
    } else if is("route") {
        route(p, look, &network, &rest)
    } else if is("neighbor") || is("neighbour") {
        neighbour(p, look, &network, &rest)
    } else if is("rule") {
        for row in ["0:\tfrom all lookup local", "32766:\tfrom all lookup main", "32767:\tfrom all lookup default"] {
            if look.family != Some(6) || !row.ends_with("default") {
                p.line(row);
            }
        }
        0
    } else if is("maddress") {
        let interface = network.interface;
        p.line("1:\tlo\n\tinet  224.0.0.1\n\tinet6 ff02::1\n\tinet6 ff01::1");
        p.line(format!("2:\t{interface}\n\tlink  33:33:00:00:00:01\n\tlink  01:00:5e:00:00:01\n\tinet  224.0.0.1\n\tinet6 ff02::1\n\tinet6 ff01::1"));
        0
    } else if ["netns", "tunnel", "tuntap", "xfrm", "mroute", "mrule", "monitor", "token", "macsec", "vrf", "nexthop", "mptcp", "l2tp", "fou", "ila", "sr", "ioam", "stats", "tcp_metrics", "netconf", "addrlabel", "ntable"]
        .iter()
        .any(|full| is(full))
    {
        0
    } else {
        p.error(format!("Object \"{object}\" is unknown, try \"ip help\"."));
        1
    }
}

/// The interface that was asked for, or all; a complaint where there is none of that name.
fn interfaces<'a>(p: &mut Proc, network: &'a Network, words: &[String]) -> Option<Vec<(u32, &'a str)>> {
    let all = vec![(1, "lo"), (2, network.interface)];
    let mut words = words.iter().peekable();
    let mut wanted = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "show" | "list" | "sh" | "s" | "ls" | "l" | "lst" | "up" | "primary" | "secondary" | "dynamic" | "permanent" | "tentative" | "deprecated" => {}
            "scope" | "to" | "label" | "type" | "master" | "vrf" | "group" => {
                words.next();
            }
            "dev" => wanted = words.next().cloned(),
            name => wanted = Some(name.to_owned()),
        }
    }
    match wanted {
        None => Some(all),
        Some(name) => {
            let found: Vec<(u32, &str)> = all.into_iter().filter(|(_, known)| *known == name).collect();
            if found.is_empty() {
                p.error(format!("Device \"{name}\" does not exist."));
                return None;
            }
            Some(found)
        }
    }
}

/// Whether a word begins what is shown, rather than what is changed.
fn shows(words: &[String]) -> bool {
    match words.first().map(String::as_str) {
        None => true,
        Some(word) => !["add", "a", "change", "chg", "replace", "del", "delete", "d", "flush", "f", "set", "append", "save", "restore", "prepend"].contains(&word),
    }
}

/// What is changed needs root, and a device that there is.
fn change(p: &mut Proc, network: &Network, words: &[String]) -> u32 {
    let mut words = words.iter().skip(1).peekable();
    let mut device = None;
    while let Some(word) = words.next() {
        if word == "dev" {
            device = words.next().cloned();
        }
    }
    if let Some(device) = device
        && device != "lo"
        && device != network.interface
    {
        p.error(format!("Cannot find device \"{device}\""));
        return 1;
    }
    if p.user.uid != 0 {
        p.error("RTNETLINK answers: Operation not permitted");
        return 2;
    }
    0
}

fn head(index: u32, name: &str, is_link: bool) -> String {
    let mode = if is_link { "mode DEFAULT " } else { "" };
    if index == 1 {
        return format!("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN {mode}group default qlen 1000");
    }
    format!("{index}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP {mode}group default qlen 1000")
}

fn hardware(network: &Network, index: u32) -> String {
    match index {
        1 => "link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00".to_owned(),
        _ => format!("link/ether {} brd ff:ff:ff:ff:ff:ff", mac_text(network.mac)),
    }
}

/// Addresses of an interface: family, text, how long it is valid.
fn addresses(p: &Proc, network: &Network, index: u32) -> Vec<(u8, String, String, String)> {
    let forever = "valid_lft forever preferred_lft forever".to_owned();
    if index == 1 {
        return vec![
            (4, "127.0.0.1/8".to_owned(), "127.0.0.1/8 scope host lo".to_owned(), forever.clone()),
            (6, "::1/128".to_owned(), "::1/128 scope host ".to_owned(), forever),
        ];
    }
    let (address, prefix, broadcast) = (network.address, network.prefix, network.broadcast());
    // The lease runs down until it is renewed.
    let now = crate::calendar::seconds(p.now());
    let left = 86_400 - now.rem_euclid(43_200);
    let lease = format!("valid_lft {left}sec preferred_lft {left}sec");
    let name = network.interface;
    let mut all = vec![(
        4,
        format!("{address}/{prefix}"),
        format!("{address}/{prefix} brd {broadcast} scope global dynamic {name}"),
        lease,
    )];
    if let Some(global) = network.global {
        all.push((6, format!("{global}/64"), format!("{global}/64 scope global "), forever.clone()));
    }
    let local = network.link_local;
    all.push((6, format!("{local}/64"), format!("{local}/64 scope link "), forever));
    all
}

fn address(p: &mut Proc, look: Look, network: &Network, words: &[String]) -> u32 {
    if words.first().is_some_and(|word| word == "help") {
        p.error("Usage: ip address {add|change|replace} IFADDR dev IFNAME [ LIFETIME ]\n                                                      [ CONFFLAG-LIST ]\n       ip address del IFADDR dev IFNAME [mngtmpaddr]\n       ip address {save|flush} [ dev IFNAME ] [ scope SCOPE-ID ]\n                            [ to PREFIX ] [ FLAG-LIST ] [ label LABEL ] [up]");
        return 255;
    }
    if !shows(words) {
        return change(p, network, words);
    }
    let Some(list) = interfaces(p, network, words) else { return 1 };
    let mut objects = Vec::new();
    for (index, name) in list {
        let own: Vec<_> = addresses(p, network, index)
            .into_iter()
            .filter(|(family, ..)| look.family.is_none_or(|wanted| wanted == *family))
            .collect();
        if look.json {
            objects.push(json(network, index, name, &own));
        } else if look.brief {
            let state = if index == 1 { "UNKNOWN" } else { "UP" };
            let list: String = own.iter().map(|(_, short, ..)| format!("{short} ")).collect();
            p.line(format!("{name:<16} {state:<14} {list}"));
        } else if look.one_line {
            for (family, _, full, valid) in &own {
                let inet = if *family == 6 { "inet6" } else { "inet" };
                p.line(format!("{index}: {name}    {inet} {full}\\       {valid}"));
            }
        } else {
            if own.is_empty() && look.family.is_some() {
                continue;
            }
            if look.family != Some(6) || !own.is_empty() {
                let line = head(index, name, false);
                // Of one family, the queue is not asked for.
                p.line(line);
            }
            if look.family.is_none() {
                p.line(format!("    {}", hardware(network, index)));
                if index != 1 && name.starts_with("ens") {
                    let slot = name.trim_start_matches("ens");
                    p.line(format!("    altname enp0s{slot}"));
                }
            }
            for (family, _, full, valid) in &own {
                let inet = if *family == 6 { "inet6" } else { "inet" };
                p.line(format!("    {inet} {full}\n       {valid}"));
            }
            if look.statistics {
                statistics(p, name);
            }
        }
    }
    if look.json {
        p.line(format!("[{}]", objects.join(",")));
    }
    0
}

fn json(network: &Network, index: u32, name: &str, own: &[(u8, String, String, String)]) -> String {
    let list: Vec<String> = own
        .iter()
        .map(|(family, short, full, _)| {
            let (local, prefix) = short.split_once('/').unwrap_or((short, "0"));
            let inet = if *family == 6 { "inet6" } else { "inet" };
            let scope = full.split("scope ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("global");
            format!("{{\"family\":\"{inet}\",\"local\":\"{local}\",\"prefixlen\":{prefix},\"scope\":\"{scope}\",\"valid_life_time\":4294967295,\"preferred_life_time\":4294967295}}")
        })
        .collect();
    let (flags, mtu, qdisc, state, kind, mac, brd) = if index == 1 {
        ("\"LOOPBACK\",\"UP\",\"LOWER_UP\"", 65_536, "noqueue", "UNKNOWN", "loopback", "00:00:00:00:00:00".to_owned(), "00:00:00:00:00:00")
    } else {
        ("\"BROADCAST\",\"MULTICAST\",\"UP\",\"LOWER_UP\"", 1_500, "pfifo_fast", "UP", "ether", mac_text(network.mac), "ff:ff:ff:ff:ff:ff")
    };
    format!("{{\"ifindex\":{index},\"ifname\":\"{name}\",\"flags\":[{flags}],\"mtu\":{mtu},\"qdisc\":\"{qdisc}\",\"operstate\":\"{state}\",\"group\":\"default\",\"txqlen\":1000,\"link_type\":\"{kind}\",\"address\":\"{mac}\",\"broadcast\":\"{brd}\",\"addr_info\":[{}]}}", list.join(","))
}

fn statistics(p: &mut Proc, name: &str) {
    let t = p.world.with(|world| net::traffic(world, name));
    for (way, [bytes, packets]) in [("RX", t.received), ("TX", t.sent)] {
        let wide = bytes.to_string().len().max(5);
        let count = packets.to_string().len().max(7);
        let tail = if way == "RX" { " missed   mcast" } else { "carrier collsns" };
        p.line(format!("    {way}:  {:>wide$} {:>count$} errors dropped {tail}           ", "bytes", "packets"));
        p.line(format!("         {bytes:>wide$} {packets:>count$} {:>6} {:>7} {:>7} {:>7} ", 0, 0, 0, 0));
    }
}

fn link(p: &mut Proc, look: Look, network: &Network, words: &[String]) -> u32 {
    if !shows(words) {
        let mut rest = words.iter().skip(1).filter(|word| *word != "dev");
        if words.first().is_some_and(|word| word == "set") {
            let name = rest.next().map_or("", String::as_str);
            if name != "lo" && name != network.interface {
                p.error(format!("Cannot find device \"{name}\""));
                return 1;
            }
        } else if !words.iter().any(|word| word == "type") {
            p.error("Not enough information: \"type\" argument is required");
            return 255;
        }
        return change(p, network, &[]);
    }
    let Some(list) = interfaces(p, network, words) else { return 1 };
    for (index, name) in list {
        let mac = if index == 1 { "00:00:00:00:00:00".to_owned() } else { mac_text(network.mac) };
        if look.brief {
            let (state, flags) = if index == 1 {
                ("UNKNOWN", "LOOPBACK,UP,LOWER_UP")
            } else {
                ("UP", "BROADCAST,MULTICAST,UP,LOWER_UP")
            };
            p.line(format!("{name:<16} {state:<14} {mac} <{flags}> "));
        } else if look.one_line {
            p.line(format!("{}\\    {}", head(index, name, true), hardware(network, index)));
        } else {
            p.line(head(index, name, true));
            let details = if look.details {
                " promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535 addrgenmode eui64 numtxqueues 1 numrxqueues 1 gso_max_size 65536 gso_max_segs 65535 tso_max_size 65536 tso_max_segs 65535 gro_max_size 65536 "
            } else {
                ""
            };
            p.line(format!("    {}{details}", hardware(network, index)));
            if index != 1 && name.starts_with("ens") {
                p.line(format!("    altname enp0s{}", name.trim_start_matches("ens")));
            }
            if look.statistics {
                statistics(p, name);
            }
        }
    }
    0
}

fn route(p: &mut Proc, look: Look, network: &Network, words: &[String]) -> u32 {
    let (interface, gateway, address) = (network.interface, network.gateway, network.address);
    if words.first().is_some_and(|word| word == "get" || word == "g") {
        let to = words.get(1).cloned().unwrap_or_default();
        let Ok(target) = to.parse::<std::net::IpAddr>() else {
            let what = if to.is_empty() { "need at least a destination address" } else { "" };
            if what.is_empty() {
                p.error(format!("Error: any valid prefix is expected rather than \"{to}\"."));
            } else {
                p.error(what);
            }
            return 1;
        };
        let uid = p.user.uid;
        match target {
            target if target.is_loopback() || target == std::net::IpAddr::V4(address) => {
                p.line(format!("local {to} dev lo src {to} uid {uid} \n    cache <local> "));
            }
            std::net::IpAddr::V4(v4) => {
                let near = v4.to_bits() & network.mask().to_bits() == network.base().to_bits();
                let via = if near { String::new() } else { format!("via {gateway} ") };
                p.line(format!("{to} {via}dev {interface} src {address} uid {uid} \n    cache "));
            }
            std::net::IpAddr::V6(_) => {
                p.error("RTNETLINK answers: Network is unreachable");
                return 2;
            }
        }
        return 0;
    }
    if !shows(words) {
        return change(p, network, words);
    }
    if look.family == Some(6) {
        p.line("::1 dev lo proto kernel metric 256 pref medium");
        p.line(format!("fe80::/64 dev {interface} proto kernel metric 256 pref medium"));
        return 0;
    }
    let default = words.iter().any(|word| word == "default");
    let local = words.windows(2).any(|pair| matches!(pair, [table, which] if table == "table" && which == "local"));
    if local {
        p.line(format!("local {address} dev {interface} proto kernel scope host src {address} "));
        p.line(format!("broadcast {} dev {interface} proto kernel scope link src {address} ", network.broadcast()));
        p.line("local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 \nlocal 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 \nbroadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 ");
        return 0;
    }
    if look.json {
        p.line(format!("[{{\"dst\":\"default\",\"gateway\":\"{gateway}\",\"dev\":\"{interface}\",\"flags\":[]}},{{\"dst\":\"{}/{}\",\"dev\":\"{interface}\",\"protocol\":\"kernel\",\"scope\":\"link\",\"prefsrc\":\"{address}\",\"flags\":[]}}]", network.base(), network.prefix));
        return 0;
    }
    p.line(format!("default via {gateway} dev {interface} "));
    if !default {
        p.line(format!("{}/{} dev {interface} proto kernel scope link src {address} ", network.base(), network.prefix));
    }
    0
}

fn neighbour(p: &mut Proc, look: Look, network: &Network, words: &[String]) -> u32 {
    if !shows(words) {
        return change(p, network, words);
    }
    if look.family == Some(6) {
        return 0;
    }
    let mac = mac_text(network.gateway_mac);
    if look.brief {
        p.line(format!("{:<39} {:<16} {mac} ", network.gateway.to_string(), network.interface));
    } else {
        p.line(format!("{} dev {} lladdr {mac} REACHABLE ", network.gateway, network.interface));
    }
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn the_address_is_where_the_peer_came() {
        let mut bench = Bench::new();
        let name = bench.world.with(|world| world.machine.interface);
        let out = bench.run(&["ip", "a"], "").out;
        assert!(out.starts_with("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    inet6 ::1/128 scope host \n"), "{out}");
        assert!(out.contains(&format!("    inet 192.0.2.1/24 brd 192.0.2.255 scope global dynamic {name}\n")), "{out}");
        let route = bench.run(&["ip", "route"], "").out;
        assert_eq!(route, format!("default via 192.0.2.254 dev {name} \n192.0.2.0/24 dev {name} proto kernel scope link src 192.0.2.1 \n"));
        assert_eq!(bench.run(&["ip", "a", "show", "nosuch"], "").err, "Device \"nosuch\" does not exist.\n");
        assert_eq!(bench.run(&["ip", "foo"], "").err, "Object \"foo\" is unknown, try \"ip help\".\n");
        assert_eq!(bench.run(&["ip", "link", "set", name, "up"], "").status, 0);
        let brief = bench.run(&["ip", "-br", "-4", "a"], "").out;
        assert_eq!(brief, format!("lo               UNKNOWN        127.0.0.1/8 \n{name:<16} UP             192.0.2.1/24 \n"));
    }
}

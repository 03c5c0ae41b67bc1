//! `dig`, `host` and `nslookup` of BIND 9.18, `whois`, `traceroute`.
//!
//! **Invariant:** no server answers: the gateway lets nothing out.

use super::reach::{self, Whose};
use super::{name_servers, wish};
use crate::commands::people::dice;
use crate::kernel::Proc;
use std::net::IpAddr;

const VERSION: &str = "9.18.49-1~deb12u3-Debian";
const HOST: &str = include_str!("texts/host.txt");
const WHOIS: &str = include_str!("texts/whois.txt");
const TRACEROUTE: &str = include_str!("texts/traceroute.txt");

/// Asks servers: the first so often, each further one once. What went wrong with each is a line.
async fn ask_servers(p: &mut Proc, servers: &[String], tries: usize) {
    let firsts = servers.first().into_iter().cycle().take(if servers.is_empty() { 0 } else { tries });
    let all: Vec<String> = firsts.chain(servers.iter().skip(1)).cloned().collect();
    for server in all {
        let address = reach::numeric(server.as_bytes());
        let whose = address.map(|address| p.world.with(|world| reach::whose(world, address)));
        let (why, ns) = match whose {
            Some(Whose::Own | Whose::Gateway) => ("connection refused", 90_000),
            Some(Whose::Neighbour) => ("host unreachable", 3_060_000_000),
            Some(Whose::Far) => ("host unreachable", 600_000),
            Some(Whose::Nobody) | None => ("network unreachable", 10_000),
        };
        let more = dice(p).below(500_000);
        p.sleep(ns + more).await;
        p.line(format!(";; communications error to {server}#53: {why}"));
    }
}

pub(super) async fn dig(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let mut server = None;
    let (mut short, mut tries) = (false, 3);
    let mut name: Option<Vec<u8>> = None;
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-v" => {
                p.error(format!("DiG {VERSION}"));
                return 0;
            }
            b"+short" => short = true,
            word if word.starts_with(b"+tries=") || word.starts_with(b"+retry=") => {
                let digits = word.get(7..).and_then(|text| std::str::from_utf8(text).ok());
                tries = digits.and_then(|digits| digits.parse().ok()).unwrap_or(3).clamp(1, 10);
            }
            word if word.starts_with(b"+") => {
                if !is_dig_option(word) {
                    return dig_usage(p, word);
                }
            }
            word if word.starts_with(b"@") => server = word.get(1..).map(<[u8]>::to_vec),
            b"-x" => {
                let address = words.next().cloned().unwrap_or_default();
                name = Some(reverse(&address));
            }
            b"-t" | b"-c" | b"-p" | b"-b" | b"-f" | b"-k" | b"-y" => drop(words.next()),
            b"-q" => name = words.next().cloned(),
            b"-4" | b"-6" | b"-u" | b"-m" | b"-r" | b"-i" | b"-h" => {}
            word if word.starts_with(b"-") => return dig_usage(p, word),
            word => {
                if name.is_none() {
                    name = Some(word.to_vec());
                }
            }
        }
    }
    if let Some(name) = &name {
        wish(p, name, "dig");
    }
    let servers = match &server {
        Some(server) => match reach::resolve(p, server).await {
            Ok(addresses) => addresses.iter().map(IpAddr::to_string).take(1).collect(),
            Err(_) => {
                p.error([b"dig: couldn't get address for '", server.as_slice(), b"': failure"].concat());
                return 1;
            }
        },
        None => name_servers(p),
    };
    ask_servers(p, &servers, tries).await;
    if !short {
        let line = rest.join(&b' ');
        let line = [format!("\n; <<>> DiG {VERSION} <<>> ").as_bytes(), line.as_slice()].concat();
        p.line(line.trim_ascii_end());
        if server.is_some() {
            p.line("; (1 server found)");
        }
        p.line(";; global options: +cmd");
    }
    p.line(";; no servers could be reached");
    9
}

fn is_dig_option(word: &[u8]) -> bool {
    let known = [
        "aaonly", "additional", "all", "answer", "authority", "bufsize", "cdflag", "class", "cmd",
        "comments", "cookie", "dnssec", "domain", "edns", "expire", "identify", "idn", "ignore",
        "multiline", "ndots", "nocmd", "nsid", "nssearch", "qr", "question", "rdflag", "recurse",
        "retry", "search", "short", "stats", "subnet", "tcp", "time", "timeout", "tls", "trace",
        "tries", "ttlid", "vc", "yaml", "https", "adflag", "opcode", "padding", "ttlunits",
    ];
    let name = word.get(1..).unwrap_or_default();
    let name = name.strip_prefix(b"no").unwrap_or(name);
    let name = name.split(|&b| b == b'=').next().unwrap_or_default();
    !name.is_empty() && known.iter().any(|known| known.as_bytes().starts_with(name))
}

fn dig_usage(p: &mut Proc, word: &[u8]) -> u32 {
    p.error([b"Invalid option: ", word].concat());
    p.error(
        "Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} \
         host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} \
         [...]]\n\nUse \"dig -h\" (or \"dig -h | more\") for complete list of options",
    );
    1
}

/// `4.3.2.1.in-addr.arpa.`
fn reverse(address: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = address.split(|&b| b == b'.').rev().collect();
    [parts.join(&b'.').as_slice(), b".in-addr.arpa."].concat()
}

pub(super) async fn host(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let mut names = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-V" => {
                p.error(format!("host {VERSION}"));
                return 0;
            }
            b"-t" | b"-c" | b"-N" | b"-W" | b"-R" | b"-m" | b"-p" => drop(words.next()),
            word if word.starts_with(b"-") && word.len() > 1 => {
                let known = b"aACdilrTUvwsW46t";
                let odd = word.iter().skip(1).find(|letter| !known.contains(letter));
                if let Some(letter) = odd {
                    p.error(format!("host: illegal option -- {}", char::from(*letter)));
                    p.put(2, HOST.as_bytes());
                    return 1;
                }
            }
            word => names.push(word.to_vec()),
        }
    }
    let Some(name) = names.first() else {
        p.put(2, HOST.as_bytes());
        return 1;
    };
    wish(p, name, "host");
    let servers = match names.get(1) {
        Some(server) => match reach::resolve(p, server).await {
            Ok(addresses) => addresses.iter().map(IpAddr::to_string).take(1).collect(),
            Err(_) => {
                p.error([b"host: couldn't get address for '", server.as_slice(), b"': failure"].concat());
                return 1;
            }
        },
        None => name_servers(p),
    };
    ask_servers(p, &servers, 2).await;
    p.line(";; no servers could be reached");
    1
}

pub(super) async fn nslookup(p: &mut Proc) -> u32 {
    let rest = p.rest();
    if rest.iter().any(|word| word == b"-version") {
        p.error(format!("nslookup {VERSION}"));
        return 0;
    }
    let mut names: Vec<Vec<u8>> =
        rest.iter().filter(|word| !word.starts_with(b"-")).cloned().collect();
    if names.is_empty() {
        return interactive(p).await;
    }
    let name = names.remove(0);
    wish(p, &name, "nslookup");
    let servers = match names.first() {
        Some(server) => match reach::resolve(p, server).await {
            Ok(addresses) => addresses.iter().map(IpAddr::to_string).take(1).collect(),
            Err(_) => {
                p.line([b"nslookup: couldn't get address for '", server.as_slice(), b"': failure"].concat());
                return 1;
            }
        },
        None => name_servers(p),
    };
    ask_servers(p, &servers, 3).await;
    p.line(";; no servers could be reached\n");
    1
}

async fn interactive(p: &mut Proc) -> u32 {
    let Ok(mut input) = p.input(b"-") else { return 0 };
    loop {
        if p.is_terminal(0) {
            p.print("> ");
        }
        match input.line(p).await {
            Ok(Some(line)) => {
                let line = line.trim_ascii().to_vec();
                if line == b"exit" {
                    return 0;
                }
                if line.is_empty() || line.starts_with(b"set ") || line.starts_with(b"server ") {
                    continue;
                }
                wish(p, &line, "nslookup");
                let servers = name_servers(p);
                ask_servers(p, &servers, 3).await;
                p.line(";; no servers could be reached\n");
            }
            Ok(None) | Err(_) => {
                p.line("");
                return 0;
            }
        }
    }
}

pub(super) async fn whois(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let mut server = None;
    let mut names = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"--version" => {
                p.line("Version 5.5.17.\n\nReport bugs to <md+whois@linux.it>.");
                return 0;
            }
            b"-h" | b"--host" => server = words.next().cloned(),
            b"-p" | b"--port" | b"-i" | b"-T" | b"-s" | b"-g" | b"-t" | b"-v" | b"-q" => {
                drop(words.next());
            }
            word if word.starts_with(b"-") => {}
            word => names.push(word.to_vec()),
        }
    }
    if names.is_empty() {
        p.put(2, WHOIS.as_bytes());
        return 2;
    }
    let name = names.join(&b' ');
    wish(p, &[b"whois://", name.as_slice()].concat(), "whois");
    let server = server.unwrap_or_else(|| whois_server(&name));
    if server.is_empty() {
        p.line("No whois server is known for this kind of object.");
        return 1;
    }
    match reach::resolve(p, &server).await {
        Err(why) => {
            let text = [b"getaddrinfo(", server.as_slice(), b"): ", why.text().as_bytes()];
            p.error(text.concat());
        }
        Ok(addresses) => {
            let mut last = reach::Reach::NoRoute;
            for address in addresses {
                last = reach::connect(p, address, 43, None).await.0;
            }
            p.error(format!("connect: {}", last.text()));
        }
    }
    2
}

fn whois_server(name: &[u8]) -> Vec<u8> {
    if reach::numeric(name).is_some() {
        return b"whois.arin.net".to_vec();
    }
    let zone = name.rsplit(|&b| b == b'.').next().unwrap_or_default().to_ascii_lowercase();
    let server: &[u8] = match zone.as_slice() {
        _ if !name.contains(&b'.') => b"whois.iana.org",
        b"com" | b"net" | b"edu" => b"whois.verisign-grs.com",
        b"org" => b"whois.pir.org",
        b"de" => b"whois.denic.de",
        b"ru" | b"su" => b"whois.tcinet.ru",
        b"cn" => b"whois.cnnic.cn",
        b"eu" => b"whois.eu",
        b"uk" => b"whois.nic.uk",
        b"fr" => b"whois.nic.fr",
        b"nl" => b"whois.domain-registry.nl",
        b"info" => b"whois.nic.info",
        b"io" => b"whois.nic.io",
        b"example" | b"test" | b"invalid" | b"local" | b"localhost" => b"",
        _ => b"whois.iana.org",
    };
    server.to_vec()
}

pub(super) async fn traceroute(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let mut hops = 30;
    let mut numeric = false;
    let mut names = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"--version" | b"-V" => {
                p.error("Modern traceroute for Linux, version 2.1.2\nCopyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later");
                return 0;
            }
            b"--help" => {
                p.put(2, TRACEROUTE.as_bytes());
                return 0;
            }
            b"-n" => numeric = true,
            b"-m" => {
                let value = words.next().and_then(|text| std::str::from_utf8(text).ok());
                hops = value.and_then(|text| text.parse().ok()).unwrap_or(30);
            }
            b"-w" | b"-q" | b"-f" | b"-i" | b"-p" | b"-s" | b"-g" | b"-N" | b"-t" | b"-z" => {
                drop(words.next());
            }
            word if word.starts_with(b"-") => {}
            word => names.push(word.to_vec()),
        }
    }
    let Some(host) = names.first().cloned() else {
        p.put(2, TRACEROUTE.as_bytes());
        return 0;
    };
    wish(p, &host, "traceroute");
    let shown = String::from_utf8_lossy(&host).into_owned();
    let address = match reach::resolve(p, &host).await {
        Ok(addresses) => addresses.iter().copied().find(IpAddr::is_ipv4).or(addresses.first().copied()),
        Err(why) => {
            p.error(format!(
                "{shown}: {}\nCannot handle \"host\" cmdline arg `{shown}' on position 1 (argc 1)",
                why.text()
            ));
            return 2;
        }
    };
    let Some(address) = address else { return 2 };
    p.print(format!("traceroute to {shown} ({address}), {hops} hops max, 60 byte packets"));
    let (whose, gateway) = p.world.with(|world| {
        (reach::whose(world, address), crate::live::net::network(world).gateway)
    });
    let mut dice = dice(p);
    let mut times = |base: i64, mark: &str| {
        let mut text = String::new();
        for _ in 0..3 {
            let us = base + dice.below(base / 2 + 1);
            text.push_str(&format!("  {}.{:03} ms{mark}", us / 1_000, us % 1_000));
        }
        text
    };
    match whose {
        Whose::Nobody => {
            p.print("\n");
            p.flush().await;
            p.error("connect: Network is unreachable");
            return 1;
        }
        Whose::Own => {
            let name = if address.is_loopback() { "localhost".to_owned() } else { address.to_string() };
            let name = if numeric { address.to_string() } else { format!("{name} ({address})") };
            p.line(format!("\n 1  {name}{}", times(14, "")));
        }
        Whose::Gateway => {
            p.line(format!("\n 1  _gateway ({gateway}){}", times(420, "")));
        }
        Whose::Far => {
            let name = if numeric { gateway.to_string() } else { format!("_gateway ({gateway})") };
            p.line(format!("\n 1  {name}{}", times(420, " !X")));
        }
        Whose::Neighbour => {
            p.sleep(3_060_000_000).await;
            let own = p.world.with(|world| crate::live::net::network(world).address);
            let host = p.world.with(|world| world.machine.hostname.clone());
            let name = if numeric { own.to_string() } else { format!("{host} ({own})") };
            p.line(format!("\n 1  {name}{}", times(3_058_000, " !H")));
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn name_servers_are_not_reached() {
        let mut bench = Bench::new();
        bench.world.with(|world| {
            crate::people::replace(world, b"/etc/resolv.conf", b"nameserver 1.1.1.1\nnameserver 8.8.8.8\n")
        });
        let errors = ";; communications error to 1.1.1.1#53: host unreachable\n".repeat(3)
            + ";; communications error to 8.8.8.8#53: host unreachable\n";
        let done = bench.run(&["dig", "evil.example"], "");
        assert_eq!(
            done.out,
            format!("{errors}\n; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> evil.example\n;; global options: +cmd\n;; no servers could be reached\n")
        );
        assert_eq!(done.status, 9);
        let done = bench.run(&["nslookup", "evil.example", "127.0.0.7"], "");
        assert_eq!(
            done.out,
            ";; communications error to 127.0.0.7#53: connection refused\n".repeat(3)
                + ";; no servers could be reached\n\n"
        );
        assert_eq!(bench.run(&["host", "evil.example"], "").status, 1);
    }
}

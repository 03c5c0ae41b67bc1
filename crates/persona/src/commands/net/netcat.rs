//! `nc` of netcat-traditional 1.10, and `telnet` of inetutils 2.4.
//!
//! **Invariant:** nobody connects to what listens here, since the firewall lets nobody in.

use super::reach::{self, Reach};
use super::{banner, wish};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;

const NC: &str = include_str!("texts/nc.txt");
const TELNET: &str = include_str!("texts/telnet.txt");

const FLAGS: &[Flag] = &[
    Flag::with(b'c', ""),
    Flag::with(b'e', ""),
    Flag::new(b'b', ""),
    Flag::with(b'g', ""),
    Flag::with(b'G', ""),
    Flag::new(b'h', ""),
    Flag::with(b'i', ""),
    Flag::new(b'k', ""),
    Flag::new(b'l', ""),
    Flag::new(b'n', ""),
    Flag::with(b'o', ""),
    Flag::with(b'p', ""),
    Flag::new(b'r', ""),
    Flag::with(b'q', ""),
    Flag::with(b's', ""),
    Flag::with(b'T', ""),
    Flag::new(b't', ""),
    Flag::new(b'u', ""),
    Flag::new(b'v', ""),
    Flag::with(b'w', ""),
    Flag::new(b'C', ""),
    Flag::new(b'z', ""),
];

/// Ports of one command line that are tried.
const PORTS: usize = 65_536;

pub(super) async fn nc(p: &mut Proc) -> u32 {
    if p.rest().is_empty() {
        p.put(2, b"Cmd line: ");
        let line = p.read_line(0, 4_096).await.unwrap_or_default();
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let words: Vec<Vec<u8>> = words.map(<[u8]>::to_vec).collect();
        if words.is_empty() {
            p.error("wrong");
            return 1;
        }
        p.args.truncate(1);
        p.args.extend(words);
    }
    let Some(options) = Options::read(p, FLAGS, true) else {
        p.error("nc -h for help");
        return 1;
    };
    if options.has(b'h') {
        p.put(2, NC.as_bytes());
        return 0;
    }
    if options.has(b'l') {
        return listen(p, &options).await;
    }
    let Some(host) = options.rest.first().cloned() else {
        p.error("no destination");
        return 1;
    };
    let verbose = options.has(b'v');
    let found = match reach::resolve(p, &host).await {
        Ok(addresses) => addresses.into_iter().find(std::net::IpAddr::is_ipv4),
        Err(_) => None,
    };
    for port in options.rest.iter().skip(1) {
        wish(p, &[host.as_slice(), b":", port].concat(), "nc");
    }
    let Some(address) = found else {
        let text = if options.has(b'n') {
            [b"Can't parse ", host.as_slice(), b" as an IP address"].concat()
        } else {
            let why = b": forward host lookup failed: Host name lookup failure : Resource temporarily unavailable";
            [host.as_slice(), why].concat()
        };
        p.error(text);
        return 1;
    };
    if options.rest.len() < 2 {
        p.error("no port[s] to connect to");
        return 1;
    }
    let name = name(p, &host, address, verbose && !options.has(b'n'));
    let limit = options.value(b'w').and_then(|text| {
        let seconds: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        Some(seconds.saturating_mul(1_000_000_000))
    });
    let mut status = 1;
    let mut count = 0;
    for text in options.rest.iter().skip(1) {
        let Some(ports) = ports(text) else {
            p.error([b"invalid port ", text.as_slice()].concat());
            return 1;
        };
        for port in ports.rev() {
            count += 1;
            if count > PORTS {
                return status;
            }
            let service = service(port);
            let head = format!("{name} [{address}] {port} ({service})");
            if options.has(b'u') {
                if verbose {
                    p.error(format!("{head} open"));
                }
                return datagrams(p, &options).await;
            }
            let (reach, _) = reach::connect(p, address, port, limit).await;
            match reach {
                Reach::Open => {
                    status = 0;
                    if verbose {
                        p.error(format!("{head} open"));
                    }
                    if !options.has(b'z') {
                        return banner(p).await;
                    }
                }
                Reach::Refused if !verbose && options.rest.len() > 2 => {}
                other => p.error(format!("{head} : {}", other.text())),
            }
            p.flush_some().await;
        }
    }
    status
}

/// Datagrams are sent to nobody until the input ends.
async fn datagrams(p: &mut Proc, options: &Options) -> u32 {
    if !options.has(b'z') {
        while p.read(0, 8_192).await.is_ok_and(|bytes| !bytes.is_empty()) {}
    }
    0
}

/// What an address is called in messages.
fn name(p: &mut Proc, host: &[u8], address: std::net::IpAddr, looks_up: bool) -> String {
    if reach::numeric(host).is_none() {
        return String::from_utf8_lossy(host).into_owned();
    }
    if address.is_loopback() && looks_up {
        return "localhost".to_owned();
    }
    if looks_up {
        p.error(format!("{address}: inverse host lookup failed: Host name lookup failure"));
    }
    "(UNKNOWN)".to_owned()
}

fn ports(text: &[u8]) -> Option<std::ops::RangeInclusive<u16>> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some((low, high)) = text.split_once('-')
        && let (Ok(low), Ok(high)) = (low.parse::<u16>(), high.parse::<u16>())
    {
        return (low > 0 && low <= high).then_some(low..=high);
    }
    if let Ok(port) = text.parse::<u16>() {
        return (port > 0).then_some(port..=port);
    }
    let port = SERVICES.iter().find(|(_, name)| *name == text)?.0;
    Some(port..=port)
}

/// Ports with names, of /etc/services.
const SERVICES: &[(u16, &str)] = &[
    (7, "echo"),
    (9, "discard"),
    (13, "daytime"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (37, "time"),
    (43, "whois"),
    (53, "domain"),
    (69, "tftp"),
    (70, "gopher"),
    (79, "finger"),
    (80, "http"),
    (88, "kerberos"),
    (110, "pop3"),
    (111, "sunrpc"),
    (113, "auth"),
    (119, "nntp"),
    (123, "ntp"),
    (139, "netbios-ssn"),
    (143, "imap2"),
    (161, "snmp"),
    (179, "bgp"),
    (389, "ldap"),
    (443, "https"),
    (445, "microsoft-ds"),
    (465, "submissions"),
    (514, "shell"),
    (587, "submission"),
    (636, "ldaps"),
    (873, "rsync"),
    (993, "imaps"),
    (995, "pop3s"),
    (1_080, "socks"),
    (1_433, "ms-sql-s"),
    (2_049, "nfs"),
    (3_306, "mysql"),
    (5_222, "xmpp-client"),
    (5_432, "postgresql"),
    (6_667, "ircd"),
    (8_080, "http-alt"),
];

fn service(port: u16) -> &'static str {
    SERVICES.iter().find(|(number, _)| *number == port).map_or("?", |(_, name)| *name)
}

async fn listen(p: &mut Proc, options: &Options) -> u32 {
    let port = options.value(b'p').or_else(|| options.rest.first().map(Vec::as_slice));
    let port = match port.map(ports) {
        Some(Some(ports)) => *ports.start(),
        Some(None) => {
            p.error([b"invalid local port ", port.unwrap_or_default()].concat());
            return 1;
        }
        None => 0,
    };
    if port == 22 || (port != 0 && port < 1_024 && p.user.uid != 0) {
        let why = if port == 22 { "Address already in use" } else { "Permission denied" };
        p.error(format!("Can't grab 0.0.0.0:{port} with bind : {why}"));
        return 1;
    }
    if options.has(b'v') {
        let port = if port == 0 { 30_000 + p.pid % 20_000 } else { port.into() };
        p.error(format!("listening on [any] {port} ..."));
    }
    loop {
        p.sleep(3_600_000_000_000).await;
    }
}

const TELNET_FLAGS: &[Flag] = &[
    Flag::new(b'4', "ipv4"),
    Flag::new(b'6', "ipv6"),
    Flag::new(b'8', "binary"),
    Flag::new(b'a', "login"),
    Flag::with(b'b', "bind"),
    Flag::new(b'c', "no-rc"),
    Flag::new(b'd', "debug"),
    Flag::with(b'e', "escape"),
    Flag::new(b'E', "no-escape"),
    Flag::new(b'K', "no-login"),
    Flag::with(b'l', "user"),
    Flag::new(b'L', "binary-output"),
    Flag::with(b'n', "trace"),
    Flag::new(b'r', "rlogin"),
    Flag::with(b'X', "disable-auth"),
    Flag::new(b'x', "encrypt"),
    Flag::new(b'?', "help"),
    Flag::new(1, "usage"),
    Flag::new(b'V', "version"),
];

pub(super) async fn telnet(p: &mut Proc) -> u32 {
    let name = p.name();
    let Some(options) = Options::read(p, TELNET_FLAGS, false) else {
        p.error(format!("Try '{name} --help' or '{name} --usage' for more\ninformation."));
        return 64;
    };
    if options.has(b'?') || options.has(1) {
        p.print(TELNET);
        return 0;
    }
    if options.has(b'V') {
        p.print("telnet (GNU inetutils) 2.4\nCopyright (C) 2022 Free Software Foundation, Inc.\n");
        return 0;
    }
    let mut rest = options.rest.into_iter();
    match rest.next() {
        Some(host) => open(p, &host, rest.next().as_deref()).await,
        None => prompt(p, &name).await,
    }
}

/// Reads commands.
async fn prompt(p: &mut Proc, name: &str) -> u32 {
    loop {
        p.print(format!("{name}> "));
        let line = p.read_line(0, 4_096).await.unwrap_or_default();
        if line.is_empty() {
            return 0;
        }
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        match words.next() {
            None => {}
            Some(word) if !word.is_empty() && b"quit".starts_with(word) => return 0,
            Some(word) if b"open".starts_with(word) => {
                let (host, port) = (words.next(), words.next());
                match host {
                    Some(host) => drop(open(p, host, port).await),
                    None => p.line("(to) usage: open [-l user] [-a] host-name [port]"),
                }
            }
            Some(b"status") => p.print("No connection.\nEscape character is '^]'.\n"),
            Some(b"help" | b"?") => {
                p.print("Commands may be abbreviated.  Commands are:\n\nclose   \tclose current connection\nquit    \texit telnet\nopen    \tconnect to a site\nstatus  \tprint status information\n");
            }
            Some(_) => p.line("?Invalid command"),
        }
    }
}

async fn open(p: &mut Proc, host: &[u8], port: Option<&[u8]>) -> u32 {
    let shown = String::from_utf8_lossy(host).into_owned();
    let service = port.map_or_else(|| "telnet".to_owned(), |port| String::from_utf8_lossy(port).into_owned());
    wish(p, format!("telnet://{shown}:{}", if port.is_some() { &service } else { "23" }).as_bytes(), "telnet");
    let Some(number) = ports(service.as_bytes()).map(|ports| *ports.start()) else {
        p.line(format!("Server lookup failure:  {shown}:{service}, Servname not supported for ai_socktype"));
        return 1;
    };
    let addresses = match reach::resolve(p, host).await {
        Ok(addresses) => addresses,
        Err(why) => {
            p.line(format!("Server lookup failure:  {shown}:{service}, {}", why.text()));
            return 1;
        }
    };
    let count = addresses.len();
    for (at, address) in addresses.into_iter().enumerate() {
        p.line(format!("Trying {address}..."));
        let (reach, _) = reach::connect(p, address, number, None).await;
        match reach {
            Reach::Open => {
                p.line(format!("Connected to {shown}.\nEscape character is '^]'."));
                let status = banner(p).await;
                p.error("Connection closed by foreign host.");
                return status;
            }
            other if at + 1 == count => {
                p.error(format!("telnet: Unable to connect to remote host: {}", other.text()));
            }
            other => p.error(format!("telnet: connect to address {address}: {}", other.text())),
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn nobody_is_reached() {
        let mut bench = Bench::new();
        for (args, out, err, status) in [
            (&["nc", "127.0.0.1", "80"][..], "", "(UNKNOWN) [127.0.0.1] 80 (http) : Connection refused\n", 1),
            (&["nc", "-vz", "127.0.0.1", "80"], "", "localhost [127.0.0.1] 80 (http) : Connection refused\n", 1),
            (&["nc", "-nv", "198.51.100.8", "4444"], "", "(UNKNOWN) [198.51.100.8] 4444 (?) : No route to host\n", 1),
            (&["nc", "127.0.0.1"], "", "no port[s] to connect to\n", 1),
            (&["nc", "evil.example", "1"], "", "evil.example: forward host lookup failed: Host name lookup failure : Resource temporarily unavailable\n", 1),
            (&["nc", "-z", "127.0.0.1", "22"], "", "", 0),
            (&["telnet", "127.0.0.1"], "Trying 127.0.0.1...\n", "telnet: Unable to connect to remote host: Connection refused\n", 1),
            (&["telnet", "evil.example"], "Server lookup failure:  evil.example:telnet, Temporary failure in name resolution\n", "", 1),
        ] {
            let done = bench.run(args, "");
            assert_eq!((done.out.as_str(), done.err.as_str(), done.status), (out, err, status), "{args:?}");
        }
        let done = bench.run(&["nc", "127.0.0.1", "22"], "x\n");
        assert!(done.out.starts_with("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u"), "{}", done.out);
    }
}

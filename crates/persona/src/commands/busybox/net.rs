//! BusyBox's programs that talk to other machines.
//!
//! **Invariant:** nothing is sent; what was wanted is told.

use super::usage;
use crate::commands::net::ping::{Asked, Style, run_ping};
use crate::commands::net::reach::{self, Reach};
use crate::commands::net::url::Url;
use crate::commands::net::wish;
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::process::{Direction, Opening};
use std::net::IpAddr;

const WGET_FLAGS: &[Flag] = &[
    Flag::new(b'c', "continue"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'S', "server-response"),
    Flag::new(1, "spider"),
    Flag::with(b'O', "output-document"),
    Flag::with(b'o', "output-file"),
    Flag::with(2, "header"),
    Flag::with(3, "post-data"),
    Flag::with(4, "post-file"),
    Flag::with(b'Y', "proxy"),
    Flag::new(5, "no-check-certificate"),
    Flag::with(b'P', "directory-prefix"),
    Flag::with(b'U', "user-agent"),
    Flag::with(b'T', "timeout"),
    Flag::with(b't', "tries"),
    Flag::new(6, "passive-ftp"),
    Flag::new(7, "no-cache"),
    Flag::new(8, "no-verbose"),
    Flag::new(9, "no-clobber"),
    Flag::new(10, "no-host-directories"),
    Flag::new(11, "no-parent"),
    Flag::with(b'n', "no"),
];

/// The address of a host, or a complaint.
async fn address(p: &mut Proc, name: &str, host: &[u8]) -> Option<IpAddr> {
    match reach::resolve(p, host).await {
        Ok(addresses) => addresses.first().copied(),
        Err(_) => {
            p.error([name.as_bytes(), b": bad address '", host, b"'"].concat());
            None
        }
    }
}

/// Connects, or complains.
async fn connect(p: &mut Proc, name: &str, address: IpAddr, port: u16, limit: Option<i64>) -> bool {
    let (reach, _) = reach::connect(p, address, port, limit).await;
    if reach == Reach::Open {
        return true;
    }
    p.error(format!("{name}: can't connect to remote host ({address}): {}", reach.text()));
    false
}

fn seconds(text: Option<&[u8]>) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text?).ok()?.parse().ok()?;
    Some(number.saturating_mul(1_000_000_000)).filter(|ns| *ns > 0)
}

pub(super) async fn wget(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, WGET_FLAGS, false) else { return usage(p, "wget", 1) };
    if options.rest.is_empty() {
        return usage(p, "wget", 1);
    }
    for text in &options.rest {
        let url = Url::parse(text).unwrap_or_else(|| Url {
            scheme: b"http".to_vec(),
            ..Url::behind_scheme(text)
        });
        if ![&b"http"[..], b"https", b"ftp"].contains(&url.scheme.as_slice()) {
            p.error([b"wget: not an http or ftp url: ", text.as_slice()].concat());
            return 1;
        }
        let told = match Url::parse(text) {
            Some(_) => text.clone(),
            None => [b"http://", text.as_slice()].concat(),
        };
        wish(p, &told, "wget");
        if let Some(path) = options.value(b'O').filter(|path| *path != b"-") {
            let opening = Opening { create: Some(0o666), exclusive: false, truncate: !options.has(b'c') };
            if let Err(fault) = p.open(path, Direction::Write, opening, false) {
                p.error([b"wget: can't open '", path, b"': ", fault.text().as_bytes()].concat());
                return 1;
            }
        }
        let Some(address) = address(p, "wget", &url.host).await else { return 1 };
        let port = url.port_number().unwrap_or(80);
        if !options.has(b'q') {
            let place = format!(" ({address}:{port})");
            p.error([b"Connecting to ", url.host.as_slice(), place.as_bytes()].concat());
        }
        p.flush().await;
        if !connect(p, "wget", address, port, seconds(options.value(b'T'))).await {
            return 1;
        }
        p.error("wget: error getting response: Connection reset by peer");
        return 1;
    }
    0
}

const TFTP_FLAGS: &[Flag] = &[
    Flag::with(b'l', ""),
    Flag::with(b'r', ""),
    Flag::new(b'g', ""),
    Flag::new(b'p', ""),
    Flag::with(b'b', ""),
];

/// What all tries of `tftp` take together: they wait 50 ms, then half as much more, at most 2 s.
const TFTP_NS: i64 = 9_640_000_000;

pub(super) async fn tftp(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, TFTP_FLAGS, false) else { return usage(p, "tftp", 1) };
    let file = options.value(b'r').or(options.value(b'l')).map(<[u8]>::to_vec);
    let (Some(file), Some(host)) = (file, options.rest.first()) else {
        return usage(p, "tftp", 1);
    };
    if options.has(b'g') == options.has(b'p') || options.rest.len() > 2 {
        return usage(p, "tftp", 1);
    }
    if options.has(b'p')
        && let Some(path) = options.value(b'l').or(options.value(b'r'))
        && let Err(fault) = p.open(path, Direction::Read, Opening::default(), false)
    {
        p.error([b"tftp: can't open '", path, b"': ", fault.text().as_bytes()].concat());
        return 1;
    }
    wish(p, &[b"tftp://", host.as_slice(), b"/", &file].concat(), "tftp");
    let Some(address) = address(p, "tftp", host).await else { return 1 };
    if p.world.with(|world| reach::whose(world, address)) == reach::Whose::Nobody {
        p.error("tftp: sendto: Network is unreachable");
        return 1;
    }
    p.sleep(TFTP_NS).await;
    p.error("tftp: timeout");
    1
}

const FTP_FLAGS: &[Flag] = &[
    Flag::new(b'c', "continue"),
    Flag::new(b'v', "verbose"),
    Flag::with(b'u', "username"),
    Flag::with(b'p', "password"),
    Flag::with(b'P', "port"),
];

pub(super) async fn ftp(p: &mut Proc, name: &str) -> u32 {
    let Some(options) = Options::read(p, FTP_FLAGS, false) else { return usage(p, name, 1) };
    let (host, first, second) = match options.rest.as_slice() {
        [host, first] => (host, first, None),
        [host, first, second] => (host, first, Some(second)),
        _ => return usage(p, name, 1),
    };
    // `ftpget HOST LOCAL REMOTE`, `ftpput HOST REMOTE LOCAL`
    let remote = if name == "ftpget" { second.unwrap_or(first) } else { first };
    wish(p, &[b"ftp://", host.as_slice(), b"/", remote].concat(), name);
    let Some(address) = address(p, name, host).await else { return 1 };
    let port = options.value(b'P').and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    if connect(p, name, address, port.unwrap_or(21), None).await {
        p.error(format!("{name}: unexpected server response: SSH-2.0-OpenSSH_9.2p1"));
    }
    1
}

const NC_FLAGS: &[Flag] = &[
    Flag::new(b'l', ""),
    Flag::with(b'p', ""),
    Flag::with(b'w', ""),
    Flag::with(b'i', ""),
    Flag::with(b'f', ""),
    Flag::with(b'e', ""),
    Flag::new(b'n', ""),
    Flag::new(b'v', ""),
    Flag::new(b'u', ""),
];

pub(super) async fn nc(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, NC_FLAGS, true) else { return usage(p, "nc", 1) };
    if options.has(b'l') {
        loop {
            p.sleep(3_600_000_000_000).await;
        }
    }
    let [host, port, ..] = options.rest.as_slice() else { return usage(p, "nc", 1) };
    wish(p, &[host.as_slice(), b":", port].concat(), "nc");
    let Some(address) = address(p, "nc", host).await else { return 1 };
    let Some(port) = std::str::from_utf8(port).ok().and_then(|text| text.parse().ok()) else {
        p.error([b"nc: bad port '", port.as_slice(), b"'"].concat());
        return 1;
    };
    if connect(p, "nc", address, port, seconds(options.value(b'w'))).await {
        return crate::commands::net::banner(p).await;
    }
    1
}

pub(super) async fn telnet(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'a', ""), Flag::with(b'l', "")];
    let Some(options) = Options::read(p, &flags, false) else { return usage(p, "telnet", 1) };
    let Some(host) = options.rest.first() else { return usage(p, "telnet", 1) };
    let port = match options.rest.get(1) {
        None => 23,
        Some(text) => match std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
            Some(port) => port,
            None => {
                p.error([b"telnet: bad port '", text.as_slice(), b"'"].concat());
                return 1;
            }
        },
    };
    wish(p, format!("telnet://{}:{port}", String::from_utf8_lossy(host)).as_bytes(), "telnet");
    let Some(address) = address(p, "telnet", host).await else { return 1 };
    if connect(p, "telnet", address, port, None).await {
        return crate::commands::net::banner(p).await;
    }
    1
}

const PING_FLAGS: &[Flag] = &[
    Flag::new(b'4', ""),
    Flag::new(b'6', ""),
    Flag::with(b'c', ""),
    Flag::with(b's', ""),
    Flag::with(b'i', ""),
    Flag::new(b'A', ""),
    Flag::with(b't', ""),
    Flag::with(b'I', ""),
    Flag::with(b'W', ""),
    Flag::with(b'w', ""),
    Flag::new(b'q', ""),
    Flag::with(b'p', ""),
];

pub(super) async fn ping(p: &mut Proc, name: &str) -> u32 {
    let Some(options) = Options::read(p, PING_FLAGS, false) else { return usage(p, name, 1) };
    let [host] = options.rest.as_slice() else { return usage(p, name, 1) };
    for letter in [b'c', b's', b'W', b'w'] {
        if let Some(text) = options.value(letter)
            && !text.iter().all(u8::is_ascii_digit)
        {
            p.error([name.as_bytes(), b": invalid number '", text, b"'"].concat());
            return 1;
        }
    }
    wish(p, host, name);
    let Some(address) = address(p, name, host).await else { return 1 };
    let asked = Asked::new(&options, host.clone(), address, Style::Busybox);
    run_ping(p, &asked).await
}

pub(super) async fn nslookup(p: &mut Proc) -> u32 {
    let rest = p.rest();
    let names: Vec<&Vec<u8>> = rest.iter().filter(|word| !word.starts_with(b"-")).collect();
    let Some(name) = names.first() else { return usage(p, "nslookup", 1) };
    wish(p, name, "nslookup");
    let server = match names.get(1) {
        Some(server) => String::from_utf8_lossy(server).into_owned(),
        None => crate::commands::net::name_server(p),
    };
    p.line(format!("Server:\t\t{server}\nAddress:\t{server}:53\n"));
    p.sleep(10_000_000_000).await;
    p.line(";; connection timed out; no servers could be reached\n");
    1
}

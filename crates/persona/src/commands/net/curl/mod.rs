//! `curl` 7.88.1.
//!
//! **Invariant:** nothing comes from another machine; `file://` reads the session's files.

mod given;
mod glob;
mod local;
mod meter;
mod rows;

use super::reach::{self, Reach};
use super::url::Url;
use super::wish;
use crate::files::Last;
use crate::kernel::Proc;
use given::{Given, Output, Wrong};
use meter::Meter;

const HELP: &str = include_str!("../texts/curl-help.txt");
const HELP_ALL: &str = include_str!("../texts/curl-all.txt");
const VERSION: &str =
    "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13 \
brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 \
librtmp/2.3 OpenLDAP/2.5.13
Release-Date: 2023-02-20, security patched: 7.88.1-10+deb12u15
Protocols: dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp \
rtsp scp sftp smb smbs smtp smtps telnet tftp
Features: alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile libz \
NTLM NTLM_WB PSL SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd
";
const SCHEMES: &[&str] = &[
    "dict", "file", "ftp", "ftps", "gopher", "gophers", "http", "https", "imap", "imaps", "ldap",
    "ldaps", "mqtt", "pop3", "pop3s", "rtmp", "rtsp", "scp", "sftp", "smb", "smbs", "smtp",
    "smtps", "telnet", "tftp",
];
/// URLs of one command line; those beyond are left out.
const URLS: usize = 2_000;
/// The longest time between two tries.
const BACKOFF_S: i64 = 600;

/// How a transfer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Outcome {
    code: u32,
    text: Vec<u8>,
    /// It may be better next time.
    passing: Option<&'static str>,
}

impl Outcome {
    fn new(code: u32, text: impl AsRef<[u8]>) -> Self {
        Self { code, text: text.as_ref().to_vec(), passing: None }
    }
}

pub(super) async fn curl(p: &mut Proc) -> u32 {
    let given = match Given::read(&p.rest()) {
        Ok(given) => given,
        Err(wrong) => return refuse(p, wrong),
    };
    if let Some(path) = given.value("config").map(<[u8]>::to_vec)
        && path != b"-"
        && p.fs(|process| process.stat(&path, Last::Follow)).is_err()
    {
        p.error([b"curl: cannot read config from '", path.as_slice(), b"'"].concat());
        let wrong = Wrong::Option(b"-K".to_vec(), "error encountered when reading a file");
        return refuse(p, wrong);
    }
    if given.has("manual") {
        p.line("curl(1) is not in this build's manual");
        return 0;
    }
    if given.urls.is_empty() {
        if !p.rest().is_empty() {
            p.error("curl: no URL specified!");
        }
        return try_help(p);
    }
    if let Err(status) = check(p, &given) {
        return status;
    }
    run(p, &given).await
}

fn try_help(p: &mut Proc) -> u32 {
    p.error("curl: try 'curl --help' or 'curl --manual' for more information");
    2
}

fn refuse(p: &mut Proc, wrong: Wrong) -> u32 {
    match wrong {
        Wrong::Version => {
            p.print(VERSION);
            0
        }
        Wrong::Help(what) if what == b"all" => {
            p.print(HELP_ALL);
            0
        }
        Wrong::Help(_) => {
            p.print(HELP);
            0
        }
        Wrong::Option(option, why) => {
            p.error([b"curl: option ", option.as_slice(), b": ", why.as_bytes()].concat());
            try_help(p)
        }
    }
}

/// Looks at what is to be sent.
fn check(p: &mut Proc, given: &Given) -> Result<(), u32> {
    let is_there = |p: &Proc, path: &[u8]| p.fs(|process| process.stat(path, Last::Follow)).is_ok();
    let datas = ["data", "data-binary", "data-ascii", "data-urlencode", "json"];
    for data in datas.iter().flat_map(|name| given.values(name)) {
        if let Some(path) = data.strip_prefix(b"@").filter(|path| *path != b"-")
            && !is_there(p, path)
            && !given.has("silent")
        {
            let text = [
                b"Warning: Couldn't read data from file \"",
                path,
                b"\", this makes an empty POST.",
            ];
            p.error(text.concat());
        }
    }
    for form in given.values("form") {
        let file = form.splitn(2, |&b| b == b'=').nth(1).unwrap_or_default();
        let file = file.strip_prefix(b"@").or_else(|| file.strip_prefix(b"<"));
        let file = file.map(|file| file.split(|&b| b == b';').next().unwrap_or_default());
        if let Some(path) = file.filter(|path| *path != b"-")
            && !is_there(p, path)
        {
            p.error("curl: (26) Failed to open/read local data from file/application");
            return Err(26);
        }
    }
    if let Some(path) = given.value("upload-file").filter(|path| !matches!(*path, b"-" | b"."))
        && !is_there(p, path)
    {
        p.error([b"curl: Can't open '", path, b"'!"].concat());
        try_help(p);
        p.error("curl: (26) Failed to open/read local data from file/application");
        return Err(26);
    }
    Ok(())
}

async fn run(p: &mut Proc, given: &Given) -> u32 {
    let outputs = given.outputs();
    let mut status = 0;
    let mut count = 0;
    for (at, pattern) in given.urls.iter().enumerate() {
        let urls = if given.has("globoff") {
            vec![pattern.clone()]
        } else {
            match glob::expand(pattern) {
                Ok(urls) => urls,
                Err(wrong) => {
                    bad_pattern(p, pattern, &wrong);
                    return 3;
                }
            }
        };
        let output = match outputs.get(at) {
            Some(output) => output.clone(),
            None if given.has("remote-name-all") => Output::Remote,
            None => Output::Standard,
        };
        for url in urls {
            count += 1;
            if count > URLS {
                return status;
            }
            status = transfer(p, given, &url, &output).await;
            p.flush().await;
            if status != 0 && given.has("fail-early") {
                return status;
            }
        }
    }
    status
}

fn bad_pattern(p: &mut Proc, pattern: &[u8], wrong: &glob::Wrong) {
    let glob::Wrong(why, place) = wrong;
    p.error([format!("curl: (3) {why} in URL position {place}:\n").as_bytes(), pattern].concat());
    if pattern.len() < 512 {
        p.error([vec![b' '; place.saturating_sub(1)], b"^".to_vec()].concat());
    }
}

/// Tries one URL as often as is wanted.
async fn transfer(p: &mut Proc, given: &Given, text: &[u8], output: &Output) -> u32 {
    let silent = given.has("silent");
    let to_terminal = *output == Output::Standard && p.is_terminal(1) && !given.has("upload-file");
    let mut meter = Meter::new(silent || given.has("no-progress-meter"), to_terminal, given);
    let mut left: u32 = given.value("retry").map_or(0, |count| {
        std::str::from_utf8(count).ok().and_then(|count| count.parse().ok()).unwrap_or(0)
    });
    let mut backoff = 1;
    loop {
        let outcome = attempt(p, given, text, output, &mut meter).await;
        if outcome.code != 0 && (!silent || given.has("show-error")) {
            let code = outcome.code.to_string();
            let text = [b"curl: (", code.as_bytes(), b") ", &outcome.text].concat();
            p.error(text);
        }
        let again = outcome.passing.filter(|_| left > 0);
        let Some(problem) = again else {
            local::write_out(p, given, text, &outcome);
            return outcome.code;
        };
        let seconds = given.time("retry-delay").map_or(backoff, |ns| ns / 1_000_000_000);
        if !silent {
            let text = format!(
                "Problem : {problem}. Will retry in {seconds} seconds. {left} retries left."
            );
            warn(p, &text);
        }
        left -= 1;
        backoff = (backoff * 2).min(BACKOFF_S);
        p.sleep(seconds.saturating_mul(1_000_000_000)).await;
    }
}

/// A warning, in lines of 79 columns.
fn warn(p: &mut Proc, text: &str) {
    const WIDTH: usize = 70;
    let mut rest = text;
    while rest.len() > WIDTH {
        let head = rest.get(..WIDTH).unwrap_or(rest);
        let cut = head.rfind(' ').map_or(WIDTH, |at| at + 1);
        p.error(format!("Warning: {}", rest.get(..cut).unwrap_or_default()));
        rest = rest.get(cut..).unwrap_or_default();
    }
    p.error(format!("Warning: {rest}"));
}

/// A URL as `curl` understands it: what has no scheme gets one by its host's name.
fn parse(text: &[u8]) -> Result<Url, Outcome> {
    let bad = || Outcome::new(3, "URL using bad/illegal format or missing URL");
    let url = match Url::parse(text) {
        Some(url) => url,
        None => {
            let host = text.to_ascii_lowercase();
            let guess = ["ftp", "dict", "ldap", "imap", "smtp", "pop3"];
            let scheme = guess.iter().find(|name| host.starts_with(format!("{name}.").as_bytes()));
            let scheme = scheme.copied().unwrap_or("http").as_bytes().to_vec();
            Url { scheme, ..Url::behind_scheme(text) }
        }
    };
    let scheme = String::from_utf8_lossy(&url.scheme).into_owned();
    if !SCHEMES.contains(&scheme.as_str()) {
        let text = format!("Protocol \"{scheme}\" not supported or disabled in libcurl");
        return Err(Outcome::new(1, text));
    }
    if scheme == "file" {
        return Ok(url);
    }
    let odd = |b: &u8| b.is_ascii_whitespace() || b.is_ascii_control();
    if url.host.is_empty() || url.port_number().is_none() || text.iter().any(odd) {
        return Err(bad());
    }
    Ok(url)
}

async fn attempt(
    p: &mut Proc,
    given: &Given,
    text: &[u8],
    output: &Output,
    meter: &mut Meter,
) -> Outcome {
    let url = match parse(text) {
        Ok(url) => url,
        Err(outcome) => return outcome,
    };
    if *output == Output::Remote && url.file_name().is_empty() {
        p.error("curl: Remote file name has no length!");
        return Outcome::new(23, "Failed writing received data to disk/application");
    }
    if url.scheme == b"file" {
        return local::file(p, given, &url, output, meter).await;
    }
    let told = if Url::parse(text).is_some() {
        text.to_vec()
    } else {
        [url.scheme.as_slice(), b"://", text].concat()
    };
    wish(p, &told, "curl");
    meter.begin(p);
    let (host, port) = place(p, given, &url);
    reach_host(p, given, &host, port, meter).await
}

/// Whom to connect to: the host, its proxy, or what it is said to be.
fn place(p: &Proc, given: &Given, url: &Url) -> (Vec<u8>, u16) {
    let proxies = ["proxy", "preproxy", "socks5", "socks5-hostname", "socks4", "socks4a"];
    let scheme = String::from_utf8_lossy(&url.scheme).into_owned();
    let names = [format!("{scheme}_proxy"), "all_proxy".to_owned(), "ALL_PROXY".to_owned()];
    let given_proxy = proxies.iter().find_map(|name| given.value(name));
    let proxy = given_proxy.or_else(|| names.iter().find_map(|name| p.var(name)));
    if let Some(proxy) = proxy.filter(|proxy| !proxy.is_empty() && !given.has("noproxy")) {
        let proxy = Url::parse(proxy).unwrap_or_else(|| Url::behind_scheme(proxy));
        let port = match proxy.port {
            None => 1_080,
            Some(_) => proxy.port_number().unwrap_or(1_080),
        };
        return (proxy.host, port);
    }
    (url.host.clone(), url.port_number().unwrap_or(80))
}

async fn reach_host(
    p: &mut Proc,
    given: &Given,
    host: &[u8],
    port: u16,
    meter: &mut Meter,
) -> Outcome {
    let verbose = given.has("verbose");
    let name = String::from_utf8_lossy(host).into_owned();
    let set = given.values("resolve").find_map(|text| {
        let mut parts = text.splitn(3, |&b| b == b':');
        let same = parts.next()? == host && parts.next()? == port.to_string().as_bytes();
        same.then(|| reach::numeric(parts.next()?)).flatten()
    });
    let found = match set {
        Some(address) => Ok(vec![address]),
        None => reach::resolve(p, host).await,
    };
    let Ok(mut addresses) = found else {
        if verbose {
            p.error(format!("* Could not resolve host: {name}\n* Closing connection 0"));
        }
        let mut outcome = Outcome::new(6, format!("Could not resolve host: {name}"));
        outcome.passing = Some("timeout");
        return outcome;
    };
    if given.has("ipv4") || given.has("ipv6") {
        addresses.retain(|address| address.is_ipv4() == given.has("ipv4"));
    }
    let limit = match (given.time("connect-timeout"), given.time("max-time")) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let (mut took, mut last) = (0, Reach::NoRoute);
    for address in addresses {
        let number = address.to_string();
        let shown = if address.is_ipv6() { format!("[{number}]") } else { number.clone() };
        if verbose {
            p.error(format!("*   Trying {shown}:{port}..."));
        }
        let (reach, ns) = reach::connect(p, address, port, limit).await;
        took += ns;
        last = reach;
        match reach {
            Reach::Open => break,
            Reach::NoNetwork if verbose => {
                p.error(format!("* Immediate connect fail for {number}: {}", reach.text()));
            }
            Reach::Refused | Reach::NoRoute if verbose => {
                p.error(format!("* connect to {number} port {port} failed: {}", reach.text()));
            }
            Reach::Refused | Reach::NoRoute | Reach::NoNetwork | Reach::TimedOut => {}
        }
    }
    ended(p, given, (&name, port), (last, took), meter)
}

fn ended(
    p: &mut Proc,
    given: &Given,
    (name, port): (&str, u16),
    (last, took): (Reach, i64),
    meter: &mut Meter,
) -> Outcome {
    let ms = took / 1_000_000;
    let failed = format!("Failed to connect to {name} port {port} after {ms} ms:");
    let (text, code) = match last {
        Reach::Open => ("Received HTTP/0.9 when not allowed".to_owned(), 1),
        Reach::TimedOut if given.time("max-time").is_some_and(|limit| limit <= took) => {
            (format!("Connection timed out after {} milliseconds", ms + 1), 28)
        }
        Reach::TimedOut => (format!("{failed} Timeout was reached"), 28),
        Reach::Refused | Reach::NoRoute | Reach::NoNetwork => {
            (format!("{failed} Couldn't connect to server"), 7)
        }
    };
    if given.has("verbose") {
        p.error(format!("* {text}"));
    }
    meter.end(p, took);
    if given.has("verbose") {
        p.error("* Closing connection 0");
    }
    let mut outcome = Outcome::new(code, text);
    outcome.passing = match last {
        Reach::TimedOut => Some("timeout"),
        Reach::Refused if given.has("retry-connrefused") => Some("connection refused"),
        Reach::Refused | Reach::Open | Reach::NoRoute | Reach::NoNetwork => None,
    };
    outcome
}

#[cfg(test)]
mod tests;

//! `wget` 1.21.3.
//!
//! **Invariant:** nothing comes from another machine: every retrieval ends where it connects.

mod flags;
mod link;

use super::{quote, stamp, wish};
use crate::commands::Options;
use crate::commands::net::reach::{self, Reach};
use crate::files::Last;
use crate::kernel::Proc;
use crate::process::{Direction, Opening};
use flags::{
    BODY_FILE, BRIEF, FLAGS, HEADER, NO_CLOBBER, NO_PROXY, OTHER_TIMEOUT, POST_DATA, POST_FILE,
    PROGRESS, RETRY_REFUSED, SPIDER, WAIT_RETRY,
};
use link::Link;

const HELP: &str = include_str!("../texts/wget-help.txt");
const VERSION: &str = include_str!("../texts/wget-version.txt");

/// What `wget` says at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Talk {
    Quiet,
    Brief,
    All,
}

/// A run.
struct Wget {
    options: Options,
    /// Where it says what it does.
    log: u32,
    talk: Talk,
    timeout: Option<i64>,
    tries: u32,
    /// The lowest status of those that say something.
    status: Option<u32>,
    /// A URL was none.
    bad: bool,
}

/// A status for what could not be read or written here, and for what was not reached.
const FILES: u32 = 3;
const NETWORK: u32 = 4;
/// Retrievals of one run. Beyond, those of a list are left out.
const LINKS: usize = 2_000;

pub(super) async fn wget(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, false) else {
        usage(p);
        return 2;
    };
    if let Some(status) = early(p, &options) {
        return status;
    }
    let talk = match options.last_of(&[b'q', b'v', BRIEF, b'n', b'd']) {
        Some(b'q') => Talk::Quiet,
        Some(BRIEF) => Talk::Brief,
        Some(b'n') if options.value(b'n').is_some_and(|what| what.contains(&b'v')) => Talk::Brief,
        Some(_) | None => Talk::All,
    };
    if options.has(b'b') {
        return background(p, talk, &options);
    }
    let timeout = options.value(OTHER_TIMEOUT).or(options.value(b'T'));
    let timeout = timeout.and_then(link::period).filter(|ns| *ns > 0);
    let tries = options.value(b't').map_or(20, |tries| match tries {
        b"inf" | b"0" => 20,
        digits => std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(20),
    });
    let mut wget = Wget { options, log: 2, talk, timeout, tries, status: None, bad: false };
    if let Err(status) = wget.open_files(p) {
        return status;
    }
    wget.retrieve_all(p).await;
    p.flush().await;
    wget.status.unwrap_or(u32::from(wget.bad))
}

fn usage(p: &mut Proc) {
    p.error("Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.");
}

/// Whether a host is an address as it is usually written.
fn is_plain(host: &[u8]) -> bool {
    std::str::from_utf8(host).is_ok_and(|host| host.parse::<std::net::IpAddr>().is_ok())
}

/// What is answered before anything is done.
fn early(p: &mut Proc, options: &Options) -> Option<u32> {
    for (letter, value) in &options.given {
        let value = value.as_deref().unwrap_or_default();
        let complaint = match *letter {
            b'T' | OTHER_TIMEOUT if link::period(value).is_none() => {
                let name = if *letter == b'T' { "--timeout" } else { "--connect-timeout" };
                [name.as_bytes(), b": Invalid time period ", &quote(p, value)].concat()
            }
            HEADER if !value.contains(&b':') => {
                [b"--header: Invalid header ", quote(p, value).as_slice(), b"."].concat()
            }
            PROGRESS if !value.starts_with(b"bar") && !value.starts_with(b"dot") => {
                [b"--progress: Invalid progress type ", quote(p, value).as_slice(), b"."].concat()
            }
            b'e' if !link::is_setting(value) => {
                [b"Invalid --execute command ", quote(p, value).as_slice()].concat()
            }
            _ => continue,
        };
        p.error([b"wget: ", complaint.as_slice()].concat());
        return Some(2);
    }
    if options.has(b'V') {
        p.print(VERSION);
        return Some(0);
    }
    if options.has(b'h') {
        p.print(HELP);
        return Some(0);
    }
    if options.rest.is_empty() && !options.has(b'i') {
        p.error("wget: missing URL");
        usage(p);
        return Some(1);
    }
    if options.has(POST_DATA) && options.has(POST_FILE) {
        p.error("You cannot specify both --post-data and --post-file.");
        return Some(1);
    }
    if options.has(b'N') && options.has(b'O') {
        p.error("WARNING: timestamping does nothing in combination with -O. See the manual\nfor details.\n");
    }
    None
}

/// Goes on as a process that nobody waits for, and says where it writes.
fn background(p: &mut Proc, talk: Talk, options: &Options) -> u32 {
    let named = options.has(b'o') || options.has(b'a');
    let mut log = b"wget-log".to_vec();
    let mut number = 0;
    while p.fs(|process| process.stat(&log, Last::Keep)).is_ok() && number < 1_000 {
        number += 1;
        log = format!("wget-log.{number}").into_bytes();
    }
    let Ok(mut child) = p.fork() else {
        p.error("fork: Resource temporarily unavailable");
        return 1;
    };
    let mut args = vec![b"wget".to_vec()];
    for (letter, value) in &options.given {
        if matches!(letter, b'b' | b'V' | b'h') {
            continue;
        }
        let flag = FLAGS.iter().find(|flag| flag.letter == *letter);
        let mut word = format!("--{}", flag.map_or("", |flag| flag.long)).into_bytes();
        if let Some(value) = value {
            word.extend([b"=", value.as_slice()].concat());
        }
        args.push(word);
    }
    if !named && talk != Talk::Quiet {
        args.push([b"--output-file=", log.as_slice()].concat());
    }
    args.push(b"--".to_vec());
    args.extend(options.rest.iter().cloned());
    child.args = args;
    let pid = child.spawn(|p| Box::pin(wget(p)));
    p.line(format!("Continuing in background, pid {pid}."));
    if !named && talk != Talk::Quiet {
        let log = quote(p, &log);
        p.line([b"Output will be written to ", log.as_slice(), b"."].concat());
    }
    0
}

impl Wget {
    /// Opens what it writes into. A file that cannot be opened ends it.
    fn open_files(&mut self, p: &mut Proc) -> Result<(), u32> {
        let truncating = Opening { create: Some(0o666), exclusive: false, truncate: true };
        let appending = Opening { truncate: false, ..truncating };
        let log = self.options.last_of(b"oa").and_then(|letter| {
            let path = self.options.value(letter)?.to_vec();
            Some((path, letter == b'a'))
        });
        if let Some((path, append)) = log.filter(|(path, _)| path != b"-") {
            let opening = if append { appending } else { truncating };
            match p.open(&path, Direction::Write, opening, append) {
                Ok(open) => self.log = p.add(open, 3),
                Err(fault) => {
                    p.error([path.as_slice(), b": ", fault.text().as_bytes()].concat());
                    return Err(1);
                }
            }
        }
        let Some(path) = self.options.value(b'O').filter(|path| *path != b"-") else {
            return Ok(());
        };
        let opening = if self.options.has(b'c') { appending } else { truncating };
        match p.open(path, Direction::Write, opening, false) {
            Ok(_) => Ok(()),
            Err(fault) => {
                let text = [path, b": ", fault.text().as_bytes()].concat();
                self.say(p, Talk::Brief, &text);
                Err(1)
            }
        }
    }

    /// A line for those who want to know that much.
    fn say(&self, p: &mut Proc, talk: Talk, text: &[u8]) {
        self.put(p, talk, &[text, b"\n"].concat());
    }

    fn put(&self, p: &mut Proc, talk: Talk, text: &[u8]) {
        let wants = match (self.talk, talk) {
            (Talk::Quiet, _) | (Talk::Brief, Talk::All) => false,
            (Talk::Brief | Talk::All, Talk::Brief) | (Talk::All, Talk::All) => true,
            (_, Talk::Quiet) => true,
        };
        if wants {
            p.put(self.log, text);
        }
    }

    fn failed(&mut self, status: u32) {
        self.status = Some(self.status.map_or(status, |before| before.min(status)));
    }

    async fn retrieve_all(&mut self, p: &mut Proc) {
        for text in self.options.rest.clone() {
            self.retrieve(p, &text).await;
        }
        let Some(list) = self.options.value(b'i').map(<[u8]>::to_vec) else { return };
        let text = match p.content(&list).await {
            Ok(text) => text,
            Err(fault) => {
                let text = [list.as_slice(), b": ", fault.text().as_bytes()].concat();
                self.say(p, Talk::Brief, &text);
                Vec::new()
            }
        };
        let lines = text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
        let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).take(LINKS).collect();
        if lines.is_empty() {
            self.say(p, Talk::Brief, &[b"No URLs found in ", list.as_slice(), b"."].concat());
        }
        for line in lines {
            self.retrieve(p, line).await;
            p.flush_some().await;
        }
    }

    /// Tries to get one thing.
    async fn retrieve(&mut self, p: &mut Proc, text: &[u8]) {
        let link = match Link::parse(text) {
            Ok(link) => link,
            Err(why) => {
                self.say(p, Talk::Brief, &[why.0.as_slice(), b": ", &why.1].concat());
                self.bad = true;
                return;
            }
        };
        wish(p, &link.told, "wget");
        if self.stays(p, &link) {
            return;
        }
        if self.options.has(SPIDER) {
            self.say(p, Talk::All, b"Spider mode enabled. Check if remote file exists.");
        }
        for number in 1..=self.tries.min(LINKS as u32) {
            if !self.attempt(p, &link, number).await {
                return;
            }
            if number == self.tries {
                self.put(p, Talk::Brief, b"Giving up.\n\n");
                return;
            }
            self.put(p, Talk::All, b"Retrying.\n\n");
            let most = self.options.value(WAIT_RETRY).and_then(link::period);
            let wait = i64::from(number).saturating_mul(1_000_000_000);
            p.sleep(wait.min(most.unwrap_or(10_000_000_000))).await;
        }
    }

    /// Whether the file is there already, and is to stay.
    fn stays(&self, p: &mut Proc, link: &Link) -> bool {
        let kept = self.options.has(NO_CLOBBER)
            || self.options.value(b'n').is_some_and(|what| what.contains(&b'c'));
        if !kept || self.options.has(b'O') {
            return false;
        }
        let path = self.target(link);
        if p.fs(|process| process.stat(&path, Last::Follow)).is_err() {
            return false;
        }
        let name = quote(p, &path);
        let text = [b"File ", name.as_slice(), b" already there; not retrieving.\n"].concat();
        self.say(p, Talk::All, &text);
        true
    }

    /// Where it would be written.
    fn target(&self, link: &Link) -> Vec<u8> {
        if let Some(path) = self.options.value(b'O') {
            return path.to_vec();
        }
        let name = link.file();
        let name = if self.options.has(b'x') {
            [link.url.host.as_slice(), b"/", &name].concat()
        } else {
            name
        };
        match self.options.value(b'P') {
            Some(folder) => {
                [folder.strip_suffix(b"/").unwrap_or(folder), b"/", name.as_slice()].concat()
            }
            None => name,
        }
    }

    /// One try. Whether there is to be another.
    async fn attempt(&mut self, p: &mut Proc, link: &Link, number: u32) -> bool {
        let stamp = stamp(p);
        let count = if number > 1 { format!("(try:{number:2})  ") } else { String::new() };
        let text = [b"--", stamp.as_bytes(), b"--  ", count.as_bytes(), &link.shown].concat();
        self.say(p, Talk::All, &text);
        if link.url.scheme.starts_with(b"ftp") {
            let target = quote(p, &self.target(link));
            self.say(p, Talk::All, &[b"           => ", target.as_slice()].concat());
        }
        let body = self.options.value(POST_FILE).or(self.options.value(BODY_FILE));
        if let Some(path) = body.map(<[u8]>::to_vec)
            && let Err(fault) = p.fs(|process| process.stat(&path, Last::Follow))
        {
            let name = quote(p, &path);
            let text =
                [b"BODY data file ", name.as_slice(), b" missing: ", fault.text().as_bytes()];
            self.say(p, Talk::Brief, &text.concat());
            self.failed(FILES);
            return false;
        }
        p.flush().await;
        let (host, port) = self.proxy(p, link).unwrap_or_else(|| link.place());
        self.connect(p, &host, port).await
    }

    async fn connect(&mut self, p: &mut Proc, host: &[u8], port: u16) -> bool {
        let addresses = if is_plain(host) {
            reach::resolve(p, host).await.unwrap_or_default()
        } else {
            let text = [b"Resolving ", host, b" (", host, b")... "].concat();
            self.put(p, Talk::All, &text);
            match reach::resolve(p, host).await {
                Ok(addresses) => {
                    let list: Vec<String> =
                        addresses.iter().take(3).map(ToString::to_string).collect();
                    self.say(p, Talk::All, list.join(", ").as_bytes());
                    addresses
                }
                Err(why) => {
                    let text = format!("failed: {}.", why.text());
                    self.say(p, Talk::All, text.as_bytes());
                    Vec::new()
                }
            }
        };
        let wanted = |address: &std::net::IpAddr| match self.options.last_of(b"46") {
            Some(b'4') => address.is_ipv4(),
            Some(b'6') => address.is_ipv6(),
            Some(_) | None => true,
        };
        let usable: Vec<_> = addresses.iter().copied().filter(wanted).collect();
        if usable.is_empty() {
            if !addresses.is_empty() {
                self.say(p, Talk::All, b"failed: Address family for hostname not supported.");
            }
            let name = quote(p, host);
            let text = [b"wget: unable to resolve host address ", name.as_slice()].concat();
            self.say(p, Talk::Brief, &text);
            self.failed(NETWORK);
            return false;
        }
        let mut last = Reach::NoRoute;
        for address in usable {
            let name = match address {
                std::net::IpAddr::V6(address) if is_plain(host) => {
                    format!("[{address}]").into_bytes()
                }
                std::net::IpAddr::V4(address) if is_plain(host) => address.to_string().into_bytes(),
                address => {
                    [host, b" (", host, b")|", address.to_string().as_bytes(), b"|"].concat()
                }
            };
            let behind = format!(":{port}... ");
            self.put(p, Talk::All, &[b"Connecting to ", &name[..], behind.as_bytes()].concat());
            last = reach::connect(p, address, port, self.timeout).await.0;
            if last == Reach::Open {
                self.say(p, Talk::All, b"connected.");
                return self.served(p).await;
            }
            self.say(p, Talk::Brief, format!("failed: {}.", last.text()).as_bytes());
        }
        self.failed(NETWORK);
        last == Reach::TimedOut || (self.options.has(RETRY_REFUSED) && last != Reach::NoNetwork)
    }

    /// What listens here does not speak HTTP, and closes.
    async fn served(&mut self, p: &mut Proc) -> bool {
        self.put(p, Talk::All, b"HTTP request sent, awaiting response... ");
        p.sleep(2_000_000).await;
        self.say(p, Talk::All, b"Read error (Connection reset by peer) in headers.");
        self.failed(NETWORK);
        true
    }

    /// The proxy that is to be asked.
    fn proxy(&self, p: &Proc, link: &Link) -> Option<(Vec<u8>, u16)> {
        if self.options.has(NO_PROXY) {
            return None;
        }
        let scheme = String::from_utf8_lossy(&link.url.scheme).into_owned();
        let name = format!("{scheme}_proxy");
        let set = self.options.given.iter().rev().filter(|(letter, _)| *letter == b'e');
        let set = set
            .filter_map(|(_, value)| link::setting(value.as_deref()?))
            .find_map(|(key, value)| (key == name.as_bytes()).then(|| value.to_vec()));
        let proxy = set.or_else(|| p.var(&name).map(<[u8]>::to_vec))?;
        if proxy.is_empty() {
            return None;
        }
        Some(Link::parse(&proxy).ok()?.place())
    }
}

#[cfg(test)]
mod tests;

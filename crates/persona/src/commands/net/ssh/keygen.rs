//! `ssh-keygen`.
//!
//! **Invariant:** what it writes are the session's files.

use super::keyfile::{
    Secret, Sort, describe, fingerprint, make, old_fingerprint, private_blob, public_blob,
};
use super::picture::picture;
use super::say;
use crate::commands::people::{Echo, ask, dice};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, Opening};
use std::collections::BTreeMap;

const USAGE: &str = include_str!("../texts/ssh-keygen.txt");
/// Letters with values, and those without.
const VALUES: &[u8] = b"abCDEFfGIJjKMmNnOPRrSsTtVWwYZz";
const PLAIN: &[u8] = b"AABceghHiklLopqQUuvxXy";

/// What was given.
type Given = BTreeMap<u8, Vec<u8>>;

fn read(p: &mut Proc) -> Option<Given> {
    let args = p.rest();
    let mut words = args.iter();
    let mut given = Given::new();
    while let Some(word) = words.next() {
        let Some(mut letters) = word.strip_prefix(b"-") else {
            say(p, "Too many arguments.");
            p.put(2, USAGE.as_bytes());
            return None;
        };
        while let Some((letter, rest)) = letters.split_first() {
            letters = rest;
            if PLAIN.contains(letter) {
                given.insert(*letter, Vec::new());
                continue;
            }
            let value = if rest.is_empty() {
                words.next().cloned()
            } else {
                Some(std::mem::take(&mut letters).to_vec())
            };
            let known = VALUES.contains(letter);
            let Some(value) = value.filter(|_| known) else {
                let why = if known { "option requires an argument" } else { "unknown option" };
                say(p, format!("{why} -- {}", char::from(*letter)));
                p.put(2, USAGE.as_bytes());
                return None;
            };
            given.insert(*letter, value);
        }
    }
    Some(given)
}

pub(in crate::commands::net) async fn keygen(p: &mut Proc) -> u32 {
    let Some(given) = read(p) else { return 1 };
    if given.contains_key(&b'l') || given.contains_key(&b'B') {
        return show(p, &given).await;
    }
    if given.contains_key(&b'y') {
        return public(p, &given).await;
    }
    if given.contains_key(&b'R') || given.contains_key(&b'F') || given.contains_key(&b'H') {
        return known_hosts(p, &given).await;
    }
    if given.contains_key(&b'A') {
        return host_keys(p);
    }
    if given.contains_key(&b'p') || given.contains_key(&b'c') {
        return change(p, &given).await;
    }
    create(p, &given).await
}

/// What kind of key is wanted.
fn sort(p: &mut Proc, given: &Given) -> Option<Sort> {
    let bits = match given.get(&b'b') {
        None => None,
        Some(text) => match std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok()) {
            Some(bits) => Some(bits),
            None => {
                let text = String::from_utf8_lossy(text).into_owned();
                say(p, format!("Bits has bad value {text} (invalid)"));
                return None;
            }
        },
    };
    let name = given.get(&b't').map_or(&b"rsa"[..], Vec::as_slice);
    let wrong = match (name, bits) {
        (b"rsa" | b"ssh-rsa" | b"rsa-sha2-256" | b"rsa-sha2-512", bits) => match bits {
            Some(..1_024) => "Invalid RSA key length: minimum is 1024 bits".to_owned(),
            Some(16_385..) => "Invalid RSA key length: maximum is 16384 bits".to_owned(),
            bits => return Some(Sort::Rsa(bits.unwrap_or(3_072))),
        },
        (b"dsa" | b"ssh-dss", None | Some(1_024)) => return Some(Sort::Dsa),
        (b"dsa" | b"ssh-dss", Some(_)) => "Invalid DSA key length: must be 1024 bits".to_owned(),
        (b"ecdsa" | b"ecdsa-sha2-nistp256", None | Some(256)) => return Some(Sort::Ecdsa(256)),
        (b"ecdsa" | b"ecdsa-sha2-nistp384", Some(384)) => return Some(Sort::Ecdsa(384)),
        (b"ecdsa" | b"ecdsa-sha2-nistp521", Some(521)) => return Some(Sort::Ecdsa(521)),
        (b"ecdsa", Some(_)) => {
            "Invalid ECDSA key length: valid lengths are 256, 384 or 521 bits".to_owned()
        }
        (b"ed25519" | b"ssh-ed25519", _) => return Some(Sort::Ed25519),
        (other, _) => format!("unknown key type {}", String::from_utf8_lossy(other)),
    };
    if !wrong.starts_with("unknown") && !given.contains_key(&b'q') {
        p.line(format!("Generating public/private {} key pair.", String::from_utf8_lossy(name)));
    }
    say(p, wrong);
    None
}

/// Where the key is by default.
fn default_file(p: &Proc, sort: Sort) -> Vec<u8> {
    [p.user.home.as_slice(), b"/.ssh/id_", sort.name().as_bytes()].concat()
}

async fn create(p: &mut Proc, given: &Given) -> u32 {
    let Some(sort) = sort(p, given) else { return 255 };
    let quiet = given.contains_key(&b'q');
    if !quiet {
        p.line(format!("Generating public/private {} key pair.", sort.name()));
    }
    let file = match given.get(&b'f') {
        Some(file) => file.clone(),
        None => {
            let default = default_file(p, sort);
            let text = [b"Enter file in which to save the key (", default.as_slice(), b"): "];
            p.print(text.concat());
            match ask(p, b"", Echo::On).await {
                None => return 1,
                Some(answer) if answer.is_empty() => default,
                Some(answer) => answer,
            }
        }
    };
    if given.get(&b'f').is_none() || file.starts_with(&p.user.home) {
        let folder = crate::process::parent(&file).to_vec();
        if folder.ends_with(b"/.ssh") && p.fs(|process| process.mkdir(&folder, 0o700)).is_ok() {
            say(p, [b"Created directory '", folder.as_slice(), b"'."].concat());
        }
    }
    if p.fs(|process| process.stat(&file, Last::Follow)).is_ok() {
        p.print([file.as_slice(), b" already exists.\nOverwrite (y/n)? "].concat());
        let answer = ask(p, b"", Echo::On).await.unwrap_or_default();
        if !answer.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'y')) {
            return 1;
        }
    }
    let passphrase = match given.get(&b'N') {
        Some(text) => text.clone(),
        None => match new_passphrase(p).await {
            Some(text) => text,
            None => return 1,
        },
    };
    if !passphrase.is_empty() && passphrase.len() < 5 {
        say(p, format!("Saving key \"{}\" failed: passphrase is too short (minimum five characters)", String::from_utf8_lossy(&file)));
        return 1;
    }
    let mut dice = dice(p);
    if let Sort::Rsa(bits) = sort {
        let ms = i64::from(bits / 12) + dice.below(i64::from(bits / 6).max(1));
        p.sleep(ms * 1_000_000).await;
    }
    let host = p.world.with(|world| world.machine.hostname.clone());
    let own = [p.user.name.as_slice(), b"@", host.as_bytes()].concat();
    let comment = given.get(&b'C').cloned().unwrap_or(own);
    let secret = if passphrase.is_empty() { Secret::None } else { Secret::Some };
    let pair = make(sort, &comment, secret, &mut dice);
    let public = [pair.public.as_slice(), b" ", &comment, b"\n"].concat();
    let public_file = [file.as_slice(), b".pub"].concat();
    for (path, mode, bytes) in [(&file, 0o600, &pair.private), (&public_file, 0o644, &public)] {
        if let Err(fault) = save(p, path, mode, bytes).await {
            let path = String::from_utf8_lossy(path).into_owned();
            say(p, format!("Saving key \"{path}\" failed: {}", fault.text()));
            return 1;
        }
    }
    if !quiet {
        p.line([b"Your identification has been saved in ", file.as_slice()].concat());
        p.line([b"Your public key has been saved in ", public_file.as_slice()].concat());
        p.line("The key fingerprint is:");
        p.line([fingerprint(&pair.blob).as_bytes(), b" ", &comment].concat());
        p.line("The key's randomart image is:");
        let title = format!("{} {}", sort.name().to_uppercase(), sort.bits());
        p.print(picture(&pair.blob, &title));
    }
    0
}

async fn new_passphrase(p: &mut Proc) -> Option<Vec<u8>> {
    loop {
        let first = ask(p, b"Enter passphrase (empty for no passphrase): ", Echo::Off).await;
        let first = first.unwrap_or_default();
        let second = ask(p, b"Enter same passphrase again: ", Echo::Off).await.unwrap_or_default();
        if first == second {
            return Some(first);
        }
        p.line("Passphrases do not match.  Try again.");
        p.flush().await;
    }
}

async fn save(p: &mut Proc, path: &[u8], mode: u16, bytes: &[u8]) -> Result<(), Fault> {
    let opening = Opening { create: Some(mode), exclusive: false, truncate: true };
    let open = p.open(path, Direction::Write, opening, false)?;
    let fd = p.add(open, 3);
    let written = p.write(fd, bytes).await;
    p.fds.remove(&fd);
    written
}

/// The file that is meant, asked for where it was not given.
async fn file(p: &mut Proc, given: &Given) -> Option<Vec<u8>> {
    if let Some(file) = given.get(&b'f') {
        return Some(file.clone());
    }
    let default = default_file(p, Sort::Rsa(3_072));
    p.print([b"Enter file in which the key is (", default.as_slice(), b"): "].concat());
    let answer = ask(p, b"", Echo::On).await?;
    Some(if answer.is_empty() { default } else { answer })
}

async fn show(p: &mut Proc, given: &Given) -> u32 {
    let Some(file) = file(p, given).await else { return 1 };
    let Ok(text) = p.content(&file).await else {
        say(p, [b"ssh-keygen: ", file.as_slice(), b": No such file or directory"].concat());
        return 255;
    };
    let beside = p.content(&[file.as_slice(), b".pub"].concat()).await.unwrap_or_default();
    let mut shown = false;
    let lines = if text.starts_with(b"-----BEGIN") { beside } else { text.clone() };
    for line in lines.split(|&b| b == b'\n').take(1_000) {
        let Some(blob) = public_blob(line) else { continue };
        shown |= describe_line(p, given, &blob, line);
    }
    if !shown && let Some(blob) = private_blob(&text) {
        shown = describe_line(p, given, &blob, b"");
    }
    if !shown {
        say(p, [file.as_slice(), b" is not a public key file."].concat());
        return 255;
    }
    0
}

fn describe_line(p: &mut Proc, given: &Given, blob: &[u8], line: &[u8]) -> bool {
    let Some((kind, bits)) = describe(blob) else { return false };
    let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
    let at = words.iter().position(|word| word.starts_with(b"AAAA")).unwrap_or(0);
    let comment = words.get(at + 1..).unwrap_or_default().join(&b' ');
    let comment = if comment.is_empty() { b"no comment".to_vec() } else { comment };
    let print = match given.get(&b'E') {
        Some(name) if name.eq_ignore_ascii_case(b"md5") => old_fingerprint(blob),
        Some(_) | None => fingerprint(blob),
    };
    let head = format!("{bits} {print} ");
    p.line([head.as_bytes(), comment.as_slice(), format!(" ({kind})").as_bytes()].concat());
    if given.contains_key(&b'v') {
        p.print(picture(blob, &format!("{kind} {bits}")));
    }
    true
}

async fn public(p: &mut Proc, given: &Given) -> u32 {
    let Some(file) = file(p, given).await else { return 1 };
    let Ok(text) = p.content(&file).await else {
        say(p, [file.as_slice(), b": No such file or directory"].concat());
        return 255;
    };
    if private_blob(&text).is_none() {
        say(p, [b"Load key \"", file.as_slice(), b"\": error in libcrypto"].concat());
        return 255;
    }
    let beside = p.content(&[file.as_slice(), b".pub"].concat()).await;
    match beside {
        Ok(line) => p.print(line),
        Err(_) => {
            use base64::Engine;
            let blob = private_blob(&text).unwrap_or_default();
            let text = base64::engine::general_purpose::STANDARD.encode(&blob);
            let kind = describe(&blob).map_or("ssh-rsa", |(kind, _)| match kind {
                "ED25519" => "ssh-ed25519",
                "ECDSA" => "ecdsa-sha2-nistp256",
                "DSA" => "ssh-dss",
                _ => "ssh-rsa",
            });
            p.line(format!("{kind} {text}"));
        }
    }
    0
}

async fn known_hosts(p: &mut Proc, given: &Given) -> u32 {
    let default = [p.user.home.as_slice(), b"/.ssh/known_hosts"].concat();
    let file = given.get(&b'f').cloned().unwrap_or(default);
    let Ok(text) = p.content(&file).await else {
        say(p, [b"Cannot stat ", file.as_slice(), b": No such file or directory"].concat());
        return 255;
    };
    let host = given.get(&b'R').or(given.get(&b'F')).cloned().unwrap_or_default();
    let is_host = |line: &[u8]| {
        let names = line.split(|&b| b == b' ').next().unwrap_or_default();
        names.split(|&b| b == b',').any(|name| name == host)
    };
    let removes = given.contains_key(&b'R');
    let mut kept = Vec::new();
    let mut found = 0;
    for (at, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        if given.contains_key(&b'H') || !is_host(line) {
            kept.extend_from_slice(line);
            continue;
        }
        found += 1;
        let space = if removes { "" } else { " " };
        let head = format!(" found: line {}{space}", at + 1);
        p.line([b"# Host ", host.as_slice(), head.as_bytes()].concat());
        if !removes {
            p.print(line);
        }
    }
    if !given.contains_key(&b'H') {
        if found == 0 && removes {
            say(p, [b"Host ", host.as_slice(), b" not found in ", &file].concat());
            return 0;
        }
        if !removes {
            return u32::from(found == 0);
        }
    }
    let old = [file.as_slice(), b".old"].concat();
    // Where the disk is full, nothing is kept.
    let _ = save(p, &old, 0o600, &text).await;
    let _ = save(p, &file, 0o600, &kept).await;
    p.line([file.as_slice(), b" updated."].concat());
    p.line([b"Original contents retained as ", old.as_slice()].concat());
    0
}

/// Makes those of the host's keys that are not there.
fn host_keys(p: &mut Proc) -> u32 {
    let mut dice = dice(p);
    let host = p.world.with(|world| world.machine.hostname.clone());
    let comment = format!("root@{host}").into_bytes();
    let mut names = Vec::new();
    for sort in [Sort::Rsa(3_072), Sort::Ecdsa(256), Sort::Ed25519] {
        let path = format!("/etc/ssh/ssh_host_{}_key", sort.name());
        if p.fs(|process| process.stat(path.as_bytes(), Last::Follow)).is_ok() {
            continue;
        }
        let pair = make(sort, &comment, Secret::None, &mut dice);
        let line = [pair.public.as_slice(), b" ", &comment, b"\n"].concat();
        p.world.with(|world| {
            crate::people::replace(world, path.as_bytes(), &pair.private);
            crate::people::replace(world, format!("{path}.pub").as_bytes(), &line);
        });
        let _ = p.fs(|process| process.chmod(path.as_bytes(), 0o600, Last::Follow));
        names.push(sort.name().to_uppercase());
    }
    if !names.is_empty() {
        p.line(format!("ssh-keygen: generating new host keys: {} ", names.join(" ")));
    }
    0
}

async fn change(p: &mut Proc, given: &Given) -> u32 {
    let Some(file) = file(p, given).await else { return 1 };
    let text = match p.content(&file).await {
        Ok(text) => text,
        Err(fault) => {
            let why = fault.text().as_bytes();
            say(p, [b"Failed to load key ", file.as_slice(), b": ", why].concat());
            return 255;
        }
    };
    if private_blob(&text).is_none() {
        say(p, [b"Failed to load key ", file.as_slice(), b": error in libcrypto"].concat());
        return 255;
    }
    let beside = p.content(&[file.as_slice(), b".pub"].concat()).await.unwrap_or_default();
    let comment = beside.trim_ascii().splitn(3, |&b| b == b' ').nth(2).unwrap_or_default().to_vec();
    p.line([b"Key has comment '", comment.as_slice(), b"'"].concat());
    if given.contains_key(&b'c') {
        let new = given.get(&b'C').cloned().unwrap_or_default();
        let key: Vec<&[u8]> = beside.split(|&b| b == b' ').take(2).collect();
        let line = [key.join(&b' ').trim_ascii(), b" ", &new, b"\n"].concat();
        let _ = save(p, &[file.as_slice(), b".pub"].concat(), 0o644, &line).await;
        p.line(format!("Comment '{}' applied", String::from_utf8_lossy(&new)));
        return 0;
    }
    if !given.contains_key(&b'N') && new_passphrase(p).await.is_none() {
        return 1;
    }
    p.line("Your identification has been saved with the new passphrase.");
    0
}

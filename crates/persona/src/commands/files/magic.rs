//! `file`: what is in a file, by its first bytes.
//!
//! **Invariant:** pure in the bytes that are looked at; no more than [`HEAD`] of them are.

use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Kind, Last};
use crate::kernel::Proc;
use crate::machine::Dice;
use crate::process::{BLOCK, DEVICE, FIFO, FOLDER, KIND_BITS, LINK, SOCKET};

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("file", |p| Box::pin(file(p)), 27_120, 1_674_929_840)];

/// Bytes that are looked at.
const HEAD: usize = 256 << 10;

const BRIEF: u8 = b'b';
const MIME: u8 = b'i';
const MIME_TYPE: u8 = 128;
const MIME_ENCODING: u8 = 129;

const FLAGS: &[Flag] = &[
    Flag::new(BRIEF, "brief"),
    Flag::new(b'c', "checking-printout"),
    Flag::with(b'e', "exclude"),
    Flag::new(b'E', ""),
    Flag::with(b'f', "files-from"),
    Flag::with(b'F', "separator"),
    Flag::new(b'h', "no-dereference"),
    Flag::new(MIME, "mime"),
    Flag::new(130, "extension"),
    Flag::new(130, "apple"),
    Flag::new(b'k', "keep-going"),
    Flag::new(b'l', "list"),
    Flag::new(b'L', "dereference"),
    Flag::with(b'm', "magic-file"),
    Flag::new(MIME_TYPE, "mime-type"),
    Flag::new(MIME_ENCODING, "mime-encoding"),
    Flag::new(b'n', "no-buffer"),
    Flag::new(b'N', "no-pad"),
    Flag::new(b'p', "preserve-date"),
    Flag::with(b'P', "parameter"),
    Flag::new(b'r', "raw"),
    Flag::new(b's', "special-files"),
    Flag::new(b'S', "no-sandbox"),
    Flag::new(b'v', "version"),
    Flag::new(b'z', "uncompress"),
    Flag::new(b'Z', "uncompress-noreport"),
    Flag::new(b'0', "print0"),
    Flag::new(131, "help"),
];

const USAGE: &str = "Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]
            [--mime-type] [-e <testname>] [-F <separator>]  [-f <namefile>]
            [-m <magicfiles>] [-P <parameter=value>] [--exclude-quiet]
            <file> ...
       file -C [-m <magicfiles>]
       file [--help]";

/// What something is: in words, and as a type and an encoding for mail.
struct Known {
    text: String,
    mime: &'static str,
    encoding: &'static str,
}

fn known(text: impl Into<String>, mime: &'static str) -> Known {
    Known { text: text.into(), mime, encoding: "binary" }
}

async fn file(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.error(USAGE);
        return 1;
    };
    if given.has(b'v') {
        p.line("file-5.44\nmagic file from /etc/magic:/usr/share/misc/magic");
        return 0;
    }
    if given.has(131) {
        p.line("Usage: file [OPTION...] [FILE...]\nDetermine type of FILEs.\n");
        return 0;
    }
    let mut names = Vec::new();
    if let Some(list) = given.value(b'f').map(<[u8]>::to_vec) {
        let text = p.content(&list).await.unwrap_or_default();
        let lines = text.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        names.extend(lines.take(10_000).map(<[u8]>::to_vec));
    }
    names.extend(given.rest.iter().cloned());
    if names.is_empty() {
        p.error(USAGE);
        return 1;
    }
    let width = names.iter().map(Vec::len).max().unwrap_or(0);
    let separator = given.value(b'F').unwrap_or(b":").to_vec();
    for name in names {
        p.tick(500).await;
        let found = if name == b"-" {
            let bytes = p.read_all(0).await.unwrap_or_default();
            of_bytes(bytes.get(..HEAD).unwrap_or(&bytes), bytes.len() as u64)
        } else {
            look(p, &name, &given).await
        };
        let answer = if given.has(MIME) {
            format!("{}; charset={}", found.mime, found.encoding)
        } else if given.has(MIME_TYPE) {
            found.mime.to_owned()
        } else if given.has(MIME_ENCODING) {
            found.encoding.to_owned()
        } else {
            found.text
        };
        let mut line = Vec::new();
        if !given.has(BRIEF) {
            let shown: &[u8] = if name == b"-" { b"/dev/stdin" } else { &name };
            line.extend_from_slice(shown);
            if given.has(b'0') {
                line.push(0);
            }
            line.extend_from_slice(&separator);
            let pad = if given.has(b'N') { 0 } else { width.saturating_sub(shown.len()) };
            line.resize(line.len() + pad + 1, b' ');
        }
        line.extend(answer.bytes());
        p.line(line);
        p.flush_some().await;
    }
    0
}

async fn look(p: &mut Proc, name: &[u8], given: &Options) -> Known {
    let last = if given.has(b'L') { Last::Follow } else { Last::Keep };
    let stat = match p.stat(name, last) {
        Ok(stat) => stat,
        Err(fault) => {
            let shown = String::from_utf8_lossy(name).into_owned();
            return known(format!("cannot open `{shown}' ({})", fault.text()), "cannot open");
        }
    };
    let (major, minor) = stat.numbers;
    match stat.mode & KIND_BITS {
        FOLDER => {
            let text = match stat.mode & 0o3000 {
                0o1000 => "sticky, directory",
                0o2000 => "setgid, directory",
                0o3000 => "setgid, sticky, directory",
                _ => "directory",
            };
            return known(text, "inode/directory");
        }
        LINK => {
            let to = p.fs(|process| process.readlink(name)).unwrap_or_default();
            let broken = if p.stat(name, Last::Follow).is_ok() { "" } else { "broken " };
            let text = format!("{broken}symbolic link to {}", String::from_utf8_lossy(&to));
            return known(text, "inode/symlink");
        }
        DEVICE if !given.has(b's') => {
            return known(format!("character special ({major}/{minor})"), "inode/chardevice");
        }
        BLOCK if !given.has(b's') => {
            return known(format!("block special ({major}/{minor})"), "inode/blockdevice");
        }
        FIFO => return known("fifo (named pipe)", "inode/fifo"),
        SOCKET => return known("socket", "inode/socket"),
        _ => {}
    }
    let program = p.fs(|process| {
        let found = process.find(name, Last::Follow).ok()?;
        match &process.node(&found).ok()?.kind {
            Kind::Program(program) => Some(*program),
            Kind::Folder
            | Kind::File(_)
            | Kind::Live(_)
            | Kind::Link(_)
            | Kind::Device(..)
            | Kind::Special(_) => None,
        }
    });
    let special = match stat.mode & 0o6000 {
        0o4000 => "setuid ",
        0o2000 => "setgid ",
        0o6000 => "setuid, setgid ",
        _ => "",
    };
    if let Some(program) = program {
        let mut dice = Dice(program.size ^ program.date.unsigned_abs());
        let (a, b, c) = (dice.roll(), dice.roll(), dice.roll());
        let text = format!(
            "{special}ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked, \
             interpreter /lib64/ld-linux-x86-64.so.2, BuildID[sha1]={a:016x}{b:016x}{:08x}, for \
             GNU/Linux 3.2.0, stripped",
            c >> 32
        );
        return known(text, "application/x-pie-executable");
    }
    match p.content(name).await {
        Ok(bytes) => {
            let size = stat.size.max(bytes.len() as u64);
            let found = of_bytes(bytes.get(..HEAD).unwrap_or(&bytes), size);
            Known { text: format!("{special}{}", found.text), ..found }
        }
        Err(Fault::Denied | Fault::NotPermitted) => {
            let lead = if stat.mode & 0o111 != 0 { "executable, " } else { "" };
            known(format!("{lead}regular file, no read permission"), "cannot open")
        }
        Err(_) => known("data", "application/octet-stream"),
    }
}

/// Begins of files that say what they are.
const BEGINS: &[(&[u8], &str, &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "PNG image data", "image/png"),
    (b"\xff\xd8\xff", "JPEG image data", "image/jpeg"),
    (b"GIF87a", "GIF image data, version 87a", "image/gif"),
    (b"GIF89a", "GIF image data, version 89a", "image/gif"),
    (b"%PDF-", "PDF document, version 1.4", "application/pdf"),
    (
        b"PK\x03\x04\x14\0",
        "Zip archive data, at least v2.0 to extract, compression method=deflate",
        "application/zip",
    ),
    (
        b"PK\x03\x04\x0a\0",
        "Zip archive data, at least v1.0 to extract, compression method=store",
        "application/zip",
    ),
    (b"PK\x05\x06", "Zip archive data (empty)", "application/zip"),
    (b"\xfd7zXZ\0\0\x04", "XZ compressed data, checksum CRC64", "application/x-xz"),
    (b"\xfd7zXZ\0\0\x01", "XZ compressed data, checksum CRC32", "application/x-xz"),
    (b"\xfd7zXZ\0", "XZ compressed data", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-zip archive data, version 0.4", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07\x01\0", "RAR archive data, v5", "application/x-rar"),
    (b"\x28\xb5\x2f\xfd", "Zstandard compressed data (v0.8+)", "application/zstd"),
    (b"\x1f\x9d", "compress'd data 16 bits", "application/x-compress"),
    (
        b"!<arch>\ndebian-binary",
        "Debian binary package (format 2.0)",
        "application/vnd.debian.binary-package",
    ),
    (b"!<arch>\n", "current ar archive", "application/x-archive"),
    (b"SQLite format 3\0", "SQLite 3.x database", "application/vnd.sqlite3"),
    (b"-----BEGIN OPENSSH PRIVATE KEY-----", "OpenSSH private key", "text/plain"),
    (b"-----BEGIN RSA PRIVATE KEY-----", "PEM RSA private key", "text/plain"),
    (b"-----BEGIN EC PRIVATE KEY-----", "PEM EC private key", "text/plain"),
    (b"-----BEGIN CERTIFICATE-----", "PEM certificate", "text/plain"),
    (b"ssh-ed25519 ", "OpenSSH ED25519 public key", "text/plain"),
    (b"ssh-rsa ", "OpenSSH RSA public key", "text/plain"),
    (b"MZ", "MS-DOS executable", "application/x-dosexec"),
    (b"\xca\xfe\xba\xbe", "compiled Java class data", "application/x-java-applet"),
    (b"\xce\xfa\xed\xfe", "Mach-O i386 executable", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "Mach-O 64-bit x86_64 executable", "application/x-mach-binary"),
];

fn of_bytes(bytes: &[u8], size: u64) -> Known {
    if bytes.is_empty() {
        return known("empty", "inode/x-empty");
    }
    if bytes.starts_with(b"\x7fELF") {
        return known(super::elf::describe(bytes), "application/x-executable");
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return known(gzip(bytes, size), "application/gzip");
    }
    if let [b'B', b'Z', b'h', level @ b'1'..=b'9', ..] = bytes {
        let level = char::from(*level);
        let text = format!("bzip2 compressed data, block size = {level}00k");
        return known(text, "application/x-bzip2");
    }
    if bytes.get(257..265) == Some(b"ustar  \0") {
        return known("POSIX tar archive (GNU)", "application/x-tar");
    }
    if bytes.get(257..263) == Some(b"ustar\0") {
        return known("POSIX tar archive", "application/x-tar");
    }
    for (begin, text, mime) in BEGINS {
        if bytes.starts_with(begin) {
            let text = if *mime == "image/png" { png(bytes) } else { (*text).to_owned() };
            let encoding = if *mime == "text/plain" { "us-ascii" } else { "binary" };
            return Known { text, mime, encoding };
        }
    }
    text(bytes).unwrap_or_else(|| known("data", "application/octet-stream"))
}

fn png(bytes: &[u8]) -> String {
    let number = |at: usize| {
        let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        four.map_or(0, |four| u32::from_be_bytes(*four))
    };
    format!("PNG image data, {} x {}, 8-bit/color RGBA, non-interlaced", number(16), number(20))
}

fn gzip(bytes: &[u8], size: u64) -> String {
    let mut text = "gzip compressed data".to_owned();
    let flags = bytes.get(3).copied().unwrap_or(0);
    if flags & 8 != 0 {
        let name = bytes.get(10..).unwrap_or_default();
        let name = name.split(|&b| b == 0).next().unwrap_or_default();
        text.push_str(&format!(", was \"{}\"", String::from_utf8_lossy(name)));
    }
    let date = bytes.get(4..).and_then(|rest| rest.first_chunk::<4>());
    let date = date.map_or(0, |date| u32::from_le_bytes(*date));
    if date != 0 {
        let at = i128::from(date) * 1_000_000_000;
        let shown = super::when::format(b"%a %b %e %H:%M:%S %Y", at);
        text.push_str(&format!(", last modified: {}", String::from_utf8_lossy(&shown)));
    }
    match bytes.get(8) {
        Some(2) => text.push_str(", max compression"),
        Some(4) => text.push_str(", max speed"),
        Some(_) | None => {}
    }
    match bytes.get(9) {
        Some(3) => text.push_str(", from Unix"),
        Some(0) => text.push_str(", from FAT filesystem (MS-DOS, OS/2, NT)"),
        Some(_) | None => {}
    }
    if let (true, Some(end)) = (bytes.len() as u64 == size, bytes.last_chunk::<4>()) {
        let plain = u32::from_le_bytes(*end);
        text.push_str(&format!(", original size modulo 2^32 {plain}"));
    }
    text
}

/// Interpreters of scripts: how they end, what that is called, and its type.
const SCRIPTS: &[(&str, &str, &str)] = &[
    ("bash", "Bourne-Again shell script", "text/x-shellscript"),
    ("dash", "a /bin/dash script", "text/x-shellscript"),
    ("zsh", "Paul Falstad's zsh script", "text/x-shellscript"),
    ("ksh", "Korn shell script", "text/x-shellscript"),
    ("sh", "POSIX shell script", "text/x-shellscript"),
    ("python", "Python script", "text/x-script.python"),
    ("python2", "Python script", "text/x-script.python"),
    ("python3", "Python script", "text/x-script.python"),
    ("perl", "Perl script", "text/x-perl"),
    ("php", "PHP script", "text/x-php"),
    ("ruby", "Ruby script", "text/x-ruby"),
    ("node", "Node.js script", "application/javascript"),
    ("awk", "awk script", "text/x-awk"),
    ("tclsh", "Tcl script", "text/x-tcl"),
];

/// Text, with what is known of its language; `None` where it is none.
fn text(bytes: &[u8]) -> Option<Known> {
    let plain = |b: &u8| matches!(b, 7..=13 | 27) || (0x20..0x7f).contains(b);
    let ascii = bytes.iter().all(plain);
    let wide = || {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            // The last character may be cut.
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        text.bytes().all(|b| b >= 0x80 || plain(&b)).then_some(())
    };
    let latin = || bytes.iter().all(|b| plain(b) || *b >= 0xa0).then_some(());
    let (charset, encoding) = if ascii {
        ("ASCII text", "us-ascii")
    } else if wide().is_some() {
        if bytes.starts_with(b"\xef\xbb\xbf") {
            ("Unicode text, UTF-8 (with BOM) text", "utf-8")
        } else {
            ("Unicode text, UTF-8 text", "utf-8")
        }
    } else if latin().is_some() {
        ("ISO-8859 text", "iso-8859-1")
    } else {
        return None;
    };
    let (language, mime) = language(bytes);
    let mut text = match language {
        Some("JSON text data") => "JSON text data".to_owned(),
        Some(language @ "Perl script") => format!("{language} text"),
        Some(language) => format!("{language}, {charset}"),
        None => charset.to_owned(),
    };
    if bytes.starts_with(b"#!") && language.is_some() || language == Some("Python script") {
        text.push_str(" executable");
    }
    if language != Some("JSON text data") && language != Some("Perl script") {
        text.push_str(&lines(bytes));
    }
    Some(Known { text, mime, encoding })
}

/// What is unusual about the lines of a text.
fn lines(bytes: &[u8]) -> String {
    let mut text = String::new();
    let longest = bytes.split(|&b| b == b'\n').map(<[u8]>::len).max().unwrap_or(0);
    if longest > 300 {
        text.push_str(&format!(", with very long lines ({longest})"));
    }
    let count = |byte: u8| bytes.iter().filter(|b| **b == byte).count();
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let (feeds, returns) = (count(b'\n') - pairs, count(b'\r') - pairs);
    let ends: Vec<&str> = [(pairs, "CRLF"), (returns, "CR"), (feeds, "LF")]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, name)| *name)
        .collect();
    match ends.as_slice() {
        [] => text.push_str(", with no line terminators"),
        ["LF"] => {}
        ends => text.push_str(&format!(", with {} line terminators", ends.join(", "))),
    }
    if bytes.contains(&27) {
        text.push_str(", with escape sequences");
    }
    text
}

fn language(bytes: &[u8]) -> (Option<&'static str>, &'static str) {
    if let Some(line) = bytes.strip_prefix(b"#!") {
        let line = line.split(|&b| b == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line.get(..256).unwrap_or(line)).into_owned();
        let mut words = line.split_whitespace();
        let mut name = words.next().unwrap_or_default();
        if name.ends_with("/env") {
            name = words.next().unwrap_or_default();
        }
        let name = name.rsplit('/').next().unwrap_or(name);
        let found = SCRIPTS.iter().find(|(end, ..)| *end == name);
        return match found {
            Some((_, text, mime)) => (Some(text), mime),
            None => (Some("a script"), "text/plain"),
        };
    }
    let head = bytes.get(..4_096).unwrap_or(bytes);
    let start = head.trim_ascii_start();
    let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    let begins =
        |word: &[u8]| start.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let object = start.starts_with(b"{\"") && bytes.trim_ascii_end().ends_with(b"}");
    let list = start.starts_with(b"[{") && bytes.trim_ascii_end().ends_with(b"]");
    if object || list {
        return (Some("JSON text data"), "application/json");
    }
    if begins(b"<?php") {
        return (Some("PHP script"), "text/x-php");
    }
    if begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") {
        return (Some("HTML document"), "text/html");
    }
    if begins(b"<?xml") {
        return (Some("XML 1.0 document"), "text/xml");
    }
    if has(b"#include <") || has(b"#include \"") {
        return (Some("C source"), "text/x-c");
    }
    let line = |word: &[u8]| head.split(|&b| b == b'\n').any(|line| line.starts_with(word));
    if line(b"def ") && has(b"):") || line(b"import ") && (line(b"def ") || line(b"from ")) {
        return (Some("Python script"), "text/x-script.python");
    }
    (None, "text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_file_calls_them() {
        for (bytes, text) in [
            (&b"#!/bin/sh\necho hi\n"[..], "POSIX shell script, ASCII text executable"),
            (b"#!/bin/bash\n", "Bourne-Again shell script, ASCII text executable"),
            (b"#!/usr/bin/env python3\nprint(1)\n", "Python script, ASCII text executable"),
            (b"#!/usr/bin/perl\n", "Perl script text executable"),
            (b"hello\n", "ASCII text"),
            (b"hello", "ASCII text, with no line terminators"),
            (b"a\r\nb\r\n", "ASCII text, with CRLF line terminators"),
            (b"h\xc3\xa9\n", "Unicode text, UTF-8 text"),
            (b"\0\x01\x02\x03", "data"),
            (b"{\"a\":1}\n", "JSON text data"),
            (b"", "empty"),
            (b"BZh91AY", "bzip2 compressed data, block size = 900k"),
            (b"<?php echo 1;\n", "PHP script, ASCII text"),
            (b"\x7fELF\x01\x01\x01", "ELF 32-bit LSB"),
            (
                b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0\x01\0\0\0",
                "ELF 32-bit LSB executable, ARM, version 1 (SYSV)",
            ),
        ] {
            assert_eq!(of_bytes(bytes, bytes.len() as u64).text, text);
        }
    }

    #[test]
    fn headers_of_any_bytes_are_read_without_harm() {
        let mut dice = Dice(1);
        for _ in 0..2_000 {
            let mut bytes = b"\x7fELF".to_vec();
            for _ in 0..16 {
                bytes.extend(dice.roll().to_le_bytes());
            }
            of_bytes(&bytes, 132);
        }
    }
}

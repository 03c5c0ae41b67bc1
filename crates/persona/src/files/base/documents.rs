//! Files that are made when somebody reads them: what packages say of themselves, and bytes that
//! mean nothing to people.
//!
//! **Invariant:** the same file has the same bytes each time.

use super::names::{Name, What, of_package};
use super::packages::{PACKAGES, Package};
use super::{Builder, file};
use crate::calendar::Date;
use crate::files::content::program;
use crate::files::{Kind, Live};
use crate::machine::{Dice, Machine};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// /usr/share/doc/PACKAGE/copyright
    Copyright(u16),
    /// …/changelog.Debian.gz
    Changelog(u16),
    /// /var/lib/dpkg/status
    Status,
    /// /var/lib/dpkg/info/PACKAGE.list
    List(u16),
    /// …md5sums
    Sums(u16),
    /// …postinst and its like
    Script(u16),
    /// /var/log/dpkg.log
    DpkgLog,
    /// /usr/share/zoneinfo/…
    Zone(u16),
    /// A certificate authority's certificate.
    Certificate(u32),
    /// So many bytes; the first number makes them.
    Noise(u32, u32),
}

/// What a file of a package is, that is neither a text nor a program here.
pub(super) fn of(entry: &Name, size: u64) -> Document {
    let seed =
        entry.name.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    let package = entry.package.unwrap_or(0);
    let in_documents = entry.folder.starts_with("/usr/share/doc/");
    match entry.name {
        "copyright" if in_documents => Document::Copyright(package),
        name if in_documents && name.ends_with(".gz") => Document::Changelog(package),
        name if name.ends_with(".crt") => Document::Certificate(seed),
        name => {
            let zone = entry.folder.strip_prefix("/usr/share/zoneinfo").and_then(|folder| {
                ZONE_NUMBERS.get(format!("{folder}/{name}").trim_start_matches('/')).copied()
            });
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            zone.map_or(Document::Noise(seed, size), Document::Zone)
        }
    }
}

/// Zones and their rules: `Europe/Paris CET-1CEST,M3.5.0,M10.5.0/3`.
pub(crate) const ZONES: &str = include_str!("../../../data/zones.txt");

static ZONE_NUMBERS: LazyLock<BTreeMap<&'static str, u16>> =
    LazyLock::new(|| ZONES.lines().filter_map(|line| line.split(' ').next()).zip(0..).collect());

pub(crate) fn size(machine: &Machine, document: Document) -> u64 {
    match document {
        Document::Noise(_, size) => u64::from(size),
        document => text(machine, document).len() as u64,
    }
}

/// What is in it.
pub(crate) fn text(machine: &Machine, document: Document) -> Vec<u8> {
    let package = |number: u16| PACKAGES.get(usize::from(number)).copied();
    match document {
        Document::Copyright(number) => package(number).map(|it| copyright(&it)).unwrap_or_default(),
        Document::Changelog(number) => {
            let text = package(number).map(|it| changelog(&it, machine)).unwrap_or_default();
            crate::files::content::gzip(text.as_bytes())
        }
        Document::Status => {
            PACKAGES.iter().map(|package| package.status(machine)).collect::<String>().into_bytes()
        }
        Document::List(number) => list(machine, number).into_bytes(),
        Document::Sums(number) => sums(machine, number).into_bytes(),
        Document::Script(_) => b"#!/bin/sh\nset -e\n\nexit 0\n".to_vec(),
        Document::DpkgLog => dpkg_log(machine).into_bytes(),
        Document::Zone(number) => zone(number),
        Document::Certificate(seed) => certificate(seed).into_bytes(),
        Document::Noise(seed, size) => {
            let _ = seed;
            let mut out = Vec::new();
            // Most files that are no text are programs and libraries.
            program(u64::from(size), 0, NOISE_BYTES, &mut out);
            out
        }
    }
}

/// Bytes of a file that means nothing; the rest of a longer one cannot be read.
const NOISE_BYTES: usize = 4 << 20;

fn copyright(package: &Package) -> Vec<u8> {
    let name = if package.source.is_empty() { package.name } else { package.source };
    let source = match package.homepage {
        "" => format!("https://packages.debian.org/source/bookworm/{name}"),
        homepage => homepage.to_owned(),
    };
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {name}\nSource: {source}\n\nFiles: *\nCopyright: the authors of {name}\n\
         License: see /usr/share/common-licenses\n"
    )
    .into_bytes()
}

fn changelog(package: &Package, machine: &Machine) -> String {
    format!(
        "{} ({}) bookworm; urgency=medium\n\n  * Upload to bookworm.\n\n -- Debian Maintainers \
         <packages@lists.debian.org>  Sat, 10 May 2025 12:00:00 +0000\n",
        package.full_name(machine),
        package.version(machine)
    )
}

fn list(machine: &Machine, number: u16) -> String {
    let mut lines = std::collections::BTreeSet::from(["/.".to_owned()]);
    for name in of_package(number) {
        let path = name.path().replace("%k", machine.kernel);
        for (at, _) in path.match_indices('/').skip(1) {
            lines.insert(path.get(..at).unwrap_or_default().to_owned());
        }
        lines.insert(path);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn sums(machine: &Machine, number: u16) -> String {
    let files = of_package(number)
        .filter(|name| matches!(name.what, What::File(_)) && !name.folder.starts_with("/etc"));
    files
        .map(|name| {
            let path = name.path().replace("%k", machine.kernel);
            let seed =
                path.bytes().fold(u64::from(number), |sum, b| Dice(sum ^ u64::from(b)).roll());
            let mut dice = Dice(seed);
            let path = path.trim_start_matches('/');
            format!("{:016x}{:016x}  {path}\n", dice.roll(), dice.roll())
        })
        .collect()
}

/// `2026-07-09 11:02:44`
fn stamp(at: i64) -> String {
    let d = Date::new(at);
    format!("{:04}-{:02}-{:02} {}", d.year, d.month, d.day, d.clock())
}

fn dpkg_log(machine: &Machine) -> String {
    let mut text = String::new();
    let start = machine.installed - 40;
    text.push_str(&format!("{} startup archives install\n", stamp(start)));
    for (package, number) in PACKAGES.iter().zip(0_i64..) {
        let name = format!("{}:{}", package.full_name(machine), package.architecture);
        let version = package.version(machine);
        let at = stamp(start + number / 3);
        text.push_str(&format!("{at} install {name} <none> {version}\n"));
        for state in ["half-installed", "unpacked", "half-configured", "installed"] {
            text.push_str(&format!("{at} status {state} {name} {version}\n"));
        }
    }
    text
}

/// A zone without history: only the rule that holds.
fn zone(number: u16) -> Vec<u8> {
    let line = ZONES.lines().nth(usize::from(number)).unwrap_or("UTC UTC0");
    let rule = line.split(' ').nth(1).unwrap_or("UTC0");
    let head = |out: &mut Vec<u8>| {
        out.extend_from_slice(b"TZif2");
        out.extend_from_slice(&[0; 15]);
        for count in [0_u32, 0, 0, 0, 1, 4] {
            out.extend_from_slice(&count.to_be_bytes());
        }
        out.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(b"UTC\0");
    };
    let mut out = Vec::new();
    head(&mut out);
    head(&mut out);
    out.push(b'\n');
    out.extend_from_slice(rule.as_bytes());
    out.push(b'\n');
    out
}

fn certificate(seed: u32) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut dice = Dice(u64::from(seed));
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let rows = 20 + dice.below(12);
    for row in 0..rows {
        let line: String = (0..64).map(|_| char::from(dice.one_of(LETTERS, b'A'))).collect();
        if row == 0 {
            text.push_str("MIIF");
            text.push_str(line.get(4..).unwrap_or_default());
        } else {
            text.push_str(&line);
        }
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// Puts what packages leave outside of their own files.
pub(super) fn put(machine: &Machine, builder: &mut Builder) {
    let installed = machine.installed;
    let live = |document| Kind::Live(Live::Document(document));
    builder.folder("/var/lib/dpkg/info", 0o755, installed);
    builder.folder("/var/lib/dpkg/updates", 0o755, installed);
    builder.folder("/var/lib/dpkg/triggers", 0o755, installed);
    for name in ["/var/lib/dpkg/status", "/var/lib/dpkg/status-old"] {
        builder.add(name, live(Document::Status), 0o644, installed + 900);
    }
    builder.add("/var/lib/dpkg/available", file(b""), 0o644, installed - 90);
    builder.add("/var/lib/dpkg/arch", file(b"amd64\n"), 0o644, installed - 90);
    builder.add("/var/lib/dpkg/info/format", file(b"1\n"), 0o644, installed - 90);
    for (package, number) in PACKAGES.iter().zip(0..) {
        let name = package.file_name(machine);
        for end in package.info.split(',') {
            let (document, mode) = match end {
                "list" => (Document::List(number), 0o644),
                "md5sums" => (Document::Sums(number), 0o644),
                "postinst" | "postrm" | "preinst" | "prerm" | "config" => {
                    (Document::Script(number), 0o755)
                }
                _ => (Document::Noise(0, 0), 0o644),
            };
            let at = installed - 40 + i64::from(number) / 3;
            builder.add(&format!("/var/lib/dpkg/info/{name}.{end}"), live(document), mode, at);
        }
    }
    builder.add("/var/log/dpkg.log", live(Document::DpkgLog), 0o644, installed + 400);
}

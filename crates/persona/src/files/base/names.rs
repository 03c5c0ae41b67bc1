//! Names, sizes and dates of what Debian's packages put on a disk.
//!
//! **Invariant:** the list is read once; a name in it is in the package whose it is.

use super::documents;
use super::packages::PACKAGES;
use super::{Builder, file, stock};
use crate::commands::{Program, program};
use crate::files::{Kind, Live};
use crate::machine::Machine;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Folder,
    File(u64),
    Link(&'static str),
}

/// A name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) folder: &'static str,
    pub(crate) name: &'static str,
    pub(crate) what: What,
    pub(crate) mode: u16,
    pub(crate) owner: (u32, u32),
    /// Seconds since 1970; what the installation made has none.
    pub(crate) date: Option<i64>,
    /// Which package brought it, by its place among all.
    pub(crate) package: Option<u16>,
}

impl Name {
    pub(crate) fn path(&self) -> String {
        let folder = if self.folder == "/" { "" } else { self.folder };
        format!("{folder}/{}", self.name)
    }
}

/// All names, in the order of packages.
pub(crate) static NAMES: LazyLock<Vec<Name>> = LazyLock::new(read);

fn read() -> Vec<Name> {
    let numbers: BTreeMap<&str, u16> =
        PACKAGES.iter().zip(0..).map(|(package, number)| (package.name, number)).collect();
    let mut all = Vec::with_capacity(6_000);
    let (mut package, mut base, mut folder) = (None, 0, "/");
    for line in include_str!("../../../data/tree.txt").lines() {
        if let Some(head) = line.strip_prefix('@') {
            let mut words = head.split(' ');
            package = numbers.get(words.next().unwrap_or("")).copied();
            base = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        } else if let Some(entry) = line.strip_prefix(' ') {
            all.extend(name(entry, folder, base, package));
        } else {
            folder = line;
        }
    }
    all
}

fn name(line: &'static str, folder: &'static str, base: i64, package: Option<u16>) -> Option<Name> {
    let mut words = line.split(' ');
    let first = words.next()?;
    let is_program = folder.ends_with("bin");
    let mut entry = Name {
        folder,
        name: first.strip_suffix('/').unwrap_or(first),
        what: if first.ends_with('/') { What::Folder } else { What::File(0) },
        mode: if first.ends_with('/') || is_program { 0o755 } else { 0o644 },
        owner: (0, 0),
        date: Some(base),
        package,
    };
    for word in words {
        let (sign, rest) = word.split_at_checked(1)?;
        match sign {
            ">" => (entry.what, entry.mode) = (What::Link(rest), 0o777),
            "m" => entry.mode = u16::from_str_radix(rest, 8).ok()?,
            "o" => {
                let (uid, gid) = rest.split_once(':')?;
                entry.owner = (uid.parse().ok()?, gid.parse().ok()?);
            }
            "t" => entry.date = None,
            "d" => entry.date = Some(base + rest.parse::<i64>().ok()?),
            _ => entry.what = What::File(word.parse().ok()?),
        }
    }
    Some(entry)
}

/// Programs of the machine by the paths of their files, with sizes and dates of the list.
static PROGRAMS: LazyLock<BTreeMap<String, Program>> = LazyLock::new(|| {
    let links = links();
    // A program that is called by another name than that of its file: `awk` is `mawk`.
    let mut called: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for (path, (_, name)) in &links {
        if let Some(target) = follow(&links, path) {
            called.entry(target).or_default().push(name);
        }
    }
    let mut all = BTreeMap::new();
    for entry in NAMES.iter() {
        let What::File(size) = entry.what else { continue };
        let path = entry.path();
        if !is_program(entry) {
            continue;
        }
        let own = program(entry.name.as_bytes()).filter(|_| entry.folder.ends_with("bin"));
        let names = called.get(&path).map(Vec::as_slice).unwrap_or_default();
        let others = names.iter().filter_map(|name| program(name.as_bytes()));
        let mut mains = own.into_iter().chain(others).map(|program| program.main);
        let main: crate::kernel::Main = match (mains.next(), mains.next()) {
            (Some(main), None) => main,
            // Many names, each with a program of its own.
            (Some(_), Some(_)) => |p| Box::pin(stock::by_name(p)),
            (None, _) if entry.mode & 0o111 == 0 => |p| Box::pin(stock::library(p)),
            (None, _) => |p| Box::pin(stock::other(p)),
        };
        let date = entry.date.unwrap_or(0);
        let (name, folder) = (entry.name, entry.folder);
        all.insert(path, Program { name, folder, main, size, date, mode: entry.mode });
    }
    all
});

/// Links of the list: where they are, to where they lead, and their names.
fn links() -> BTreeMap<String, (String, &'static str)> {
    NAMES
        .iter()
        .filter_map(|entry| match entry.what {
            What::Link(to) => Some((entry.path(), (absolute(entry.folder, to), entry.name))),
            What::Folder | What::File(_) => None,
        })
        .collect()
}

/// Where a link leads, from the folder in which it is.
fn absolute(folder: &str, to: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let whole = if to.starts_with('/') { to.to_owned() } else { format!("{folder}/{to}") };
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = format!("/{}", parts.join("/"));
    // /bin and /sbin are links to those of /usr.
    match path.split('/').nth(1) {
        Some("bin" | "sbin" | "lib" | "lib64") => format!("/usr{path}"),
        _ => path,
    }
}

fn follow(links: &BTreeMap<String, (String, &'static str)>, path: &str) -> Option<String> {
    let mut here = links.get(path)?.0.clone();
    for _ in 0..8 {
        match links.get(&here) {
            Some((next, _)) => here.clone_from(next),
            None => return Some(here),
        }
    }
    None
}

/// Whether a file is one that a compiler made.
fn is_program(entry: &Name) -> bool {
    let in_lib = entry.folder.starts_with("/usr/lib")
        && !entry.folder.starts_with("/usr/lib/systemd/system");
    entry.folder == "/usr/bin"
        || entry.folder == "/usr/sbin"
        || (in_lib && (entry.name.contains(".so") || entry.name.ends_with(".ko")))
        || (entry.folder.starts_with("/usr/lib") && entry.mode & 0o111 != 0)
}

/// Puts all of them where they are.
pub(super) fn put(machine: &Machine, builder: &mut Builder) {
    let installed = machine.installed;
    builder.add("", Kind::Folder, 0o755, machine.settled());
    let texts = super::etc::stock_texts();
    for entry in NAMES.iter() {
        let path = entry.path();
        let date = entry.date.unwrap_or(installed - 40 + i64::from(entry.package.unwrap_or(0)));
        let kind = match entry.what {
            What::Folder => Kind::Folder,
            What::Link(to) => Kind::Link(to.replace("%k", machine.kernel).into_bytes()),
            What::File(size) => match (texts.get(path.as_str()), PROGRAMS.get(&path)) {
                (Some(text), _) => file(text.as_bytes()),
                (None, Some(program)) => Kind::Program(program),
                (None, None) => Kind::Live(Live::Document(documents::of(entry, size))),
            },
        };
        builder.own(&path, kind, entry.mode, date, entry.owner);
    }
    for program in crate::commands::programs() {
        let path = format!("{}/{}", program.folder, program.name);
        if !builder.tree.contains_key(path.as_bytes()) {
            builder.add(&path, Kind::Program(program), program.mode, program.date);
        }
    }
    // Folders that are named only by what is in them.
    let above: Vec<String> = NAMES.iter().map(|entry| entry.folder.to_owned()).collect();
    for path in above {
        let path = path.replace("%k", machine.kernel);
        if path != "/" && !builder.tree.contains_key(path.as_bytes()) {
            builder.folder(&path, 0o755, installed);
        }
    }
}

/// Paths that a package brought, without folders.
pub(crate) fn of_package(number: u16) -> impl Iterator<Item = &'static Name> {
    NAMES.iter().filter(move |entry| entry.package == Some(number))
}

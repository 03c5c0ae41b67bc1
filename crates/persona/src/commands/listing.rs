//! `ls`.

use crate::calendar::{Date, seconds};
use crate::commands::{Call, OutKind, Outcome};
use crate::files::{Access, Fault, Kind, Last, Node};

struct Options {
    hidden: Hidden,
    long: bool,
    human: bool,
    /// One name a line.
    single: bool,
    by_time: bool,
    reverse: bool,
    /// Folders themselves instead of what is in them.
    itself: bool,
    numeric: bool,
    inode: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    No,
    /// `-A`
    Almost,
    /// `-a`
    All,
}

struct Entry {
    name: Vec<u8>,
    /// Resolved, the link itself.
    path: Vec<u8>,
    node: Node,
}

pub(crate) fn ls(call: &mut Call<'_>) -> Outcome {
    let (short, long, names) = call.flags();
    if let Some(bad) = short.iter().find(|b| !b"aAlhtr1dnigoFSRpk".contains(b)) {
        call.error(format!("ls: invalid option -- '{}'", char::from(*bad)));
        call.error("Try 'ls --help' for more information.");
        return Outcome::Done(2);
    }
    let on = |flag: u8| short.contains(&flag);
    let options = Options {
        hidden: match (on(b'a') || long.contains(&b"--all".as_slice()), on(b'A')) {
            (true, _) => Hidden::All,
            (false, true) => Hidden::Almost,
            (false, false) => Hidden::No,
        },
        long: on(b'l') || on(b'n') || on(b'g') || on(b'o'),
        human: on(b'h'),
        single: on(b'1'),
        by_time: on(b't'),
        reverse: on(b'r'),
        itself: on(b'd'),
        numeric: on(b'n'),
        inode: on(b'i'),
    };
    let mut status = 0;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let here: &[&[u8]] = &[b"."];
    let given = if names.is_empty() { here } else { &names };
    for name in given {
        match entry(call, name, &options) {
            Ok(found) if matches!(found.node.kind, Kind::Folder) && !options.itself => {
                folders.push(found);
            }
            Ok(found) => files.push(found),
            Err(fault) => {
                let what = [b"cannot access '", *name, b"'"].concat();
                call.complain("ls", &what, fault.text());
                status = 2;
            }
        }
    }
    sort(&mut files, &options);
    sort(&mut folders, &options);
    show(call, &files, &options);
    let mut first = files.is_empty();
    for folder in folders {
        if given.len() > 1 {
            let gap: &[u8] = if first { b"" } else { b"\n" };
            call.print([gap, &folder.name, b":\n"].concat());
        }
        first = false;
        let who = call.shell.who();
        if call.shell.files.allowed(who, &folder.path, Access::Read).is_err() {
            let what = [b"cannot open directory '", folder.name.as_slice(), b"'"].concat();
            call.complain("ls", &what, Fault::Denied.text());
            status = 2;
            continue;
        }
        let entries = inside(call, &folder, &options);
        if options.long {
            let blocks: u64 =
                entries.iter().map(|entry| size(call, entry).div_ceil(4_096) * 4).sum();
            let text = if options.human { human(blocks * 1_024) } else { blocks.to_string() };
            call.line(format!("total {text}"));
        }
        show(call, &entries, &options);
    }
    Outcome::Done(status)
}

fn entry(call: &mut Call<'_>, name: &[u8], options: &Options) -> Result<Entry, Fault> {
    let last = if options.long || options.itself { Last::Keep } else { Last::Follow };
    let path = call.resolve(name, last)?;
    let node = call.shell.files.node(&path)?.clone();
    Ok(Entry { name: name.to_vec(), path, node })
}

fn inside(call: &mut Call<'_>, folder: &Entry, options: &Options) -> Vec<Entry> {
    let mut entries = Vec::new();
    for name in call.shell.files.names(&folder.path) {
        if options.hidden == Hidden::No && name.starts_with(b".") {
            continue;
        }
        let path = [folder.path.as_slice(), b"/", &name].concat();
        if let Ok(node) = call.shell.files.node(&path) {
            let node = node.clone();
            entries.push(Entry { name, path, node });
        }
    }
    if options.hidden == Hidden::All {
        let end = folder.path.iter().rposition(|&b| b == b'/').unwrap_or(0);
        let parent = folder.path.get(..end).unwrap_or(&[]).to_vec();
        for (name, path) in [(".", folder.path.clone()), ("..", parent)] {
            if let Ok(node) = call.shell.files.node(&path) {
                let node = node.clone();
                entries.push(Entry { name: name.into(), path, node });
            }
        }
    }
    sort(&mut entries, options);
    entries
}

/// As en_US.UTF-8 collates: letters and digits first, without regard to case; then all bytes.
fn sort(entries: &mut [Entry], options: &Options) {
    entries.sort_by_cached_key(|entry| {
        let letters: Vec<u8> = entry
            .name
            .iter()
            .filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
            .map(u8::to_ascii_lowercase)
            .collect();
        let newest = if options.by_time { -entry.node.changed } else { 0 };
        (newest, letters, entry.name.clone())
    });
    if options.reverse {
        entries.reverse();
    }
}

fn size(call: &mut Call<'_>, entry: &Entry) -> u64 {
    match &entry.node.kind {
        Kind::Folder => 4_096,
        Kind::File(content) => content.size(),
        Kind::Program(size) => *size,
        Kind::Live(live) if entry.path.starts_with(b"/etc") => {
            super::kernel::live(call.shell, call.now, *live).len() as u64
        }
        Kind::Link(to) => to.len() as u64,
        Kind::Live(_) | Kind::Device(..) => 0,
    }
}

fn show(call: &mut Call<'_>, entries: &[Entry], options: &Options) {
    if options.long {
        long(call, entries, options);
    } else {
        let names: Vec<Vec<u8>> = entries.iter().map(|entry| quoted(call, &entry.name)).collect();
        match call.out_kind {
            OutKind::Terminal(cols) if !options.single => {
                call.print(columns(&names, cols as usize));
            }
            OutKind::Terminal(_) | OutKind::Other => {
                for name in names {
                    call.line(name);
                }
            }
        }
    }
}

/// On a terminal, names that a shell would not read as one word are quoted.
fn quoted(call: &Call<'_>, name: &[u8]) -> Vec<u8> {
    let strange = name.iter().any(|b| b" \t\n*?[]$'\"\\;&|<>()!`#".contains(b));
    match call.out_kind {
        OutKind::Terminal(_) if strange => [b"'", name, b"'"].concat(),
        OutKind::Terminal(_) | OutKind::Other => name.to_vec(),
    }
}

/// The fewest rows in which the names fit, filled by columns, two blanks between them.
pub(crate) fn columns(names: &[Vec<u8>], width: usize) -> Vec<u8> {
    let width = if width == 0 { 80 } else { width };
    let len = |name: &Vec<u8>| String::from_utf8_lossy(name).chars().count();
    let mut rows = 1;
    let mut widths: Vec<usize>;
    loop {
        widths = names
            .chunks(rows)
            .map(|column| column.iter().map(len).max().unwrap_or(0) + 2)
            .collect();
        let total: usize = widths.iter().sum();
        if total.saturating_sub(2) < width || rows >= names.len() {
            break;
        }
        rows += 1;
    }
    let mut out = Vec::new();
    for row in 0..rows.min(names.len()) {
        for (index, column) in names.chunks(rows).enumerate() {
            let Some(name) = column.get(row) else { continue };
            out.extend_from_slice(name);
            let more = names.chunks(rows).nth(index + 1).is_some_and(|next| next.len() > row);
            if more {
                let wide = widths.get(index).copied().unwrap_or(0);
                out.resize(out.len() + wide - len(name), b' ');
            }
        }
        out.push(b'\n');
    }
    out
}

fn long(call: &mut Call<'_>, entries: &[Entry], options: &Options) {
    struct Row {
        mode: String,
        links: String,
        user: String,
        group: String,
        size: String,
        date: String,
        name: Vec<u8>,
    }
    let now = seconds(call.now);
    let mut rows = Vec::new();
    for entry in entries {
        let node = &entry.node;
        let (kind, link): (char, Option<&[u8]>) = match &node.kind {
            Kind::Folder => ('d', None),
            Kind::File(_) | Kind::Program(_) | Kind::Live(_) => ('-', None),
            Kind::Link(to) => ('l', Some(to)),
            Kind::Device(..) => ('c', None),
        };
        let links = if kind == 'd' {
            let folders = call.shell.files.names(&entry.path).into_iter().filter(|name| {
                let path = [entry.path.as_slice(), b"/", name].concat();
                matches!(call.shell.files.node(&path).map(|n| &n.kind), Ok(Kind::Folder))
            });
            2 + folders.count()
        } else {
            1
        };
        let bytes = size(call, entry);
        let mut name = quoted(call, &entry.name);
        if let Some(to) = link {
            name.extend_from_slice(b" -> ");
            name.extend_from_slice(to);
        }
        if options.inode {
            let mut dice = crate::machine::Dice(
                entry.path.iter().fold(7, |h, b| h * 31 % 999_983 + u64::from(*b)),
            );
            name = [format!("{} ", 131_072 + dice.below(400_000)).as_bytes(), &name].concat();
        }
        rows.push(Row {
            mode: format!("{kind}{}", mode_text(node.mode)),
            links: links.to_string(),
            user: owner(call, node.uid, options),
            group: owner(call, node.gid, options),
            size: match node.kind {
                Kind::Device(major, minor) => format!("{major}, {minor:3}"),
                Kind::Folder | Kind::File(_) | Kind::Program(_) | Kind::Live(_) | Kind::Link(_) => {
                    if options.human {
                        human(bytes)
                    } else {
                        bytes.to_string()
                    }
                }
            },
            date: date(node.changed, now),
            name,
        });
    }
    let wide =
        |text: fn(&Row) -> &String| rows.iter().map(|row| text(row).len()).max().unwrap_or(0);
    let (links, user) = (wide(|row| &row.links), wide(|row| &row.user));
    let (group, size) = (wide(|row| &row.group), wide(|row| &row.size));
    for row in &rows {
        call.print(format!(
            "{} {:>links$} {:<user$} {:<group$} {:>size$} {} ",
            row.mode, row.links, row.user, row.group, row.size, row.date
        ));
        call.line(&row.name);
    }
}

fn owner(call: &Call<'_>, id: u32, options: &Options) -> String {
    let own = &call.shell.first.user;
    match id {
        _ if options.numeric => id.to_string(),
        0 => "root".to_owned(),
        42 => "shadow".to_owned(),
        5 => "tty".to_owned(),
        1000 => call.shell.machine.user.to_owned(),
        _ if id == own.uid => String::from_utf8_lossy(&own.name).into_owned(),
        _ => id.to_string(),
    }
}

/// `rwxr-xr-x`
pub(crate) fn mode_text(mode: u16) -> String {
    let mut text = String::new();
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// Within the last half year the time, before it the year.
fn date(changed: i64, now: i64) -> String {
    const HALF_YEAR: i64 = 31_556_952 / 2;
    let d = Date::new(changed);
    if changed <= now && now - changed < HALF_YEAR {
        format!("{} {:2} {:02}:{:02}", d.month_name(), d.day, d.hour, d.minute)
    } else {
        format!("{} {:2}  {:4}", d.month_name(), d.day, d.year)
    }
}

/// `4.0K`, rounded up, one decimal below ten.
fn human(bytes: u64) -> String {
    if bytes < 1_024 {
        return bytes.to_string();
    }
    let mut scale = 1_024;
    for unit in ["K", "M", "G", "T"] {
        let tenths = (bytes * 10).div_ceil(scale);
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        if bytes.div_ceil(scale) < 1_024 {
            return format!("{}{unit}", bytes.div_ceil(scale));
        }
        scale *= 1_024;
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_filled_downwards() {
        let names: Vec<Vec<u8>> =
            ["a", "bbbb", "cc", "d", "eeeeee"].iter().map(|n| n.as_bytes().to_vec()).collect();
        assert_eq!(columns(&names, 80), b"a  bbbb  cc  d  eeeeee\n");
        assert_eq!(columns(&names, 16), b"a     d\nbbbb  eeeeee\ncc\n");
        assert_eq!(columns(&[], 80), b"");
    }

    #[test]
    fn modes_and_sizes_read_as_in_gnu_ls() {
        assert_eq!(mode_text(0o4755), "rwsr-xr-x");
        assert_eq!(mode_text(0o1777), "rwxrwxrwt");
        assert_eq!(human(4_096), "4.0K");
        assert_eq!(human(1_265_648), "1.3M");
        assert_eq!(human(999), "999");
    }
}

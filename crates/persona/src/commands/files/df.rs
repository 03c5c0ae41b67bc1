//! `df`.
//!
//! **Invariant:** what it counts is what the file system counts.

use super::stat::Room;
use super::{human, options, quote, with_unit};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::shown;

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("df", |p| Box::pin(df(p)), 102_200, super::BUILT)];

const OUTPUT: u8 = 128;
const TOTAL: u8 = 129;
const SYNC: u8 = 130;
const NO_SYNC: u8 = 131;
pub(super) const SI: u8 = 134;

const DF: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::with(b'B', "block-size"),
    Flag::new(b'h', "human-readable"),
    Flag::new(b'H', "si"),
    Flag::new(b'i', "inodes"),
    Flag::new(b'k', ""),
    Flag::new(b'l', "local"),
    Flag::new(b'm', ""),
    Flag::new(NO_SYNC, "no-sync"),
    Flag::maybe(OUTPUT, "output"),
    Flag::new(b'P', "portability"),
    Flag::new(SYNC, "sync"),
    Flag::new(TOTAL, "total"),
    Flag::with(b't', "type"),
    Flag::new(b'T', "print-type"),
    Flag::with(b'x', "exclude-type"),
    Flag::new(b'v', ""),
];

/// How sizes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Human(u64),
    Of(u64),
}

impl Unit {
    pub(super) fn text(self, bytes: u64) -> String {
        match self {
            Self::Human(base) => human(bytes, base),
            Self::Of(unit) => bytes.div_ceil(unit.max(1)).to_string(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Source,
    System,
    Files,
    FilesUsed,
    FilesFree,
    FilesShare,
    Size,
    Used,
    Available,
    Share,
    File,
    Target,
}

/// A line of `df`.
struct Row {
    source: Vec<u8>,
    system: &'static str,
    at: Vec<u8>,
    file: Vec<u8>,
    size: u64,
    used: u64,
    available: u64,
    files: u64,
    files_free: u64,
}

async fn df(p: &mut Proc) -> u32 {
    let given = match options(p, DF, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let unit = match unit(p, &given, b"hHkmB") {
        Ok(unit) => unit,
        Err(status) => return status,
    };
    let inodes = given.has(b'i');
    let columns = match columns(p, &given, inodes) {
        Ok(columns) => columns,
        Err(status) => return status,
    };
    let mut status = 0;
    let mut rows = Vec::new();
    if given.rest.is_empty() {
        let all = p.fs(|process| {
            let mounts = process.world.files.mounts.all().to_vec();
            mounts.into_iter().map(|mount| Room::on(process, mount)).collect::<Vec<_>>()
        });
        for room in all {
            let system = room.mount.system.name().as_bytes();
            let wanted = |letter| {
                let given = given.given.iter().filter(|(given, _)| *given == letter);
                given.filter_map(|(_, value)| value.as_deref()).any(|value| value == system)
            };
            let typed = !given.has(b't') || wanted(b't');
            if (room.blocks > 0 || given.has(b'a')) && typed && !wanted(b'x') {
                rows.push(Row::new(&room, b"-"));
            }
        }
    }
    for name in &given.rest {
        let room = p.fs(|process| {
            let path = process.find(name, Last::Follow)?;
            process.node(&path)?;
            Ok::<_, Fault>(Room::of(process, &path))
        });
        match room {
            Ok(room) => rows.push(Row::new(&room, name)),
            Err(fault) => {
                let name = super::before_colon(p, name);
                p.cannot_raw("", &name, fault);
                status = 1;
            }
        }
    }
    if rows.is_empty() {
        if status == 0 {
            p.say(&[b"no file systems processed"]);
        }
        return 1;
    }
    if given.has(TOTAL) {
        let sum = |of: fn(&Row) -> u64| rows.iter().map(of).fold(0, u64::saturating_add);
        rows.push(Row {
            source: b"total".to_vec(),
            system: "-",
            at: b"-".to_vec(),
            file: b"-".to_vec(),
            size: sum(|row| row.size),
            used: sum(|row| row.used),
            available: sum(|row| row.available),
            files: sum(|row| row.files),
            files_free: sum(|row| row.files_free),
        });
    }
    table(p, &columns, &rows, unit, given.has(b'P'));
    status
}

impl Row {
    fn new(room: &Room, file: &[u8]) -> Self {
        Self {
            source: room.mount.source.clone(),
            system: room.mount.system.name(),
            at: shown(&room.mount.at),
            file: file.to_vec(),
            size: room.blocks * 4_096,
            used: room.blocks.saturating_sub(room.free) * 4_096,
            available: room.available * 4_096,
            files: room.files,
            files_free: room.files_free,
        }
    }

    fn cell(&self, column: Column, unit: Unit) -> Vec<u8> {
        let files = |count: u64| match unit {
            Unit::Human(base) => human(count, base),
            Unit::Of(_) => count.to_string(),
        };
        let share = |used: u64, all: u64| match all {
            0 => "-".to_owned(),
            all => format!("{}%", (u128::from(used) * 100).div_ceil(u128::from(all))),
        };
        let used = self.files.saturating_sub(self.files_free);
        match column {
            Column::Source => return self.source.clone(),
            Column::System => self.system.to_owned(),
            Column::Files => files(self.files),
            Column::FilesUsed => files(used),
            Column::FilesFree => files(self.files_free),
            Column::FilesShare => share(used, self.files),
            Column::Size => unit.text(self.size),
            Column::Used => unit.text(self.used),
            Column::Available => unit.text(self.available),
            Column::Share => share(self.used, self.used.saturating_add(self.available)),
            Column::File => return self.file.clone(),
            Column::Target => return self.at.clone(),
        }
        .into_bytes()
    }
}

/// The unit that the last of these options names; blocks of 1,024 bytes without.
pub(super) fn unit(p: &mut Proc, given: &Options, letters: &[u8]) -> Result<Unit, u32> {
    Ok(match given.last_of(letters) {
        Some(b'h') => Unit::Human(1_024),
        Some(b'H' | SI) => Unit::Human(1_000),
        Some(b'm') => Unit::Of(1 << 20),
        Some(b'b') => Unit::Of(1),
        Some(b'B') => {
            let text = given.value(b'B').unwrap_or_default().to_vec();
            match with_unit(&text, false).filter(|unit| *unit > 0) {
                Some(unit) => Unit::Of(unit),
                None => {
                    let text = quote(p, &text);
                    p.say(&[b"invalid -B argument ", &text]);
                    return Err(1);
                }
            }
        }
        Some(_) | None => Unit::Of(1_024),
    })
}

const NAMES: [(&str, Column); 12] = [
    ("source", Column::Source),
    ("fstype", Column::System),
    ("itotal", Column::Files),
    ("iused", Column::FilesUsed),
    ("iavail", Column::FilesFree),
    ("ipcent", Column::FilesShare),
    ("size", Column::Size),
    ("used", Column::Used),
    ("avail", Column::Available),
    ("pcent", Column::Share),
    ("file", Column::File),
    ("target", Column::Target),
];

fn columns(p: &mut Proc, given: &Options, inodes: bool) -> Result<Vec<Column>, u32> {
    if given.has(OUTPUT) {
        let Some(words) = given.value(OUTPUT).map(<[u8]>::to_vec) else {
            return Ok(NAMES.iter().map(|(_, column)| *column).collect());
        };
        let mut columns = Vec::new();
        for word in words.split(|&b| b == b',') {
            match NAMES.iter().find(|(name, _)| name.as_bytes() == word) {
                Some((_, column)) => columns.push(*column),
                None => {
                    let word = quote(p, word);
                    p.misused(&[b"option --output: field ", &word, b" unknown"]);
                    return Err(1);
                }
            }
        }
        return Ok(columns);
    }
    let mut columns = vec![Column::Source];
    if given.has(b'T') {
        columns.push(Column::System);
    }
    columns.extend(if inodes {
        [Column::Files, Column::FilesUsed, Column::FilesFree, Column::FilesShare]
    } else {
        [Column::Size, Column::Used, Column::Available, Column::Share]
    });
    columns.push(Column::Target);
    Ok(columns)
}

fn title(column: Column, unit: Unit, portable: bool) -> String {
    match column {
        Column::Source => "Filesystem",
        Column::System => "Type",
        Column::Files => "Inodes",
        Column::FilesUsed => "IUsed",
        Column::FilesFree => "IFree",
        Column::FilesShare => "IUse%",
        Column::Size => match unit {
            Unit::Human(_) => "Size",
            Unit::Of(1_024) if portable => "1024-blocks",
            Unit::Of(1_024) => "1K-blocks",
            Unit::Of(1_048_576) => "1M-blocks",
            Unit::Of(1_073_741_824) => "1G-blocks",
            Unit::Of(unit) => return format!("{unit}B-blocks"),
        },
        Column::Used => "Used",
        Column::Available if matches!(unit, Unit::Human(_)) => "Avail",
        Column::Available => "Available",
        Column::Share if portable => "Capacity",
        Column::Share => "Use%",
        Column::File => "File",
        Column::Target => "Mounted on",
    }
    .to_owned()
}

fn table(p: &mut Proc, columns: &[Column], rows: &[Row], unit: Unit, portable: bool) {
    let mut lines: Vec<Vec<Vec<u8>>> =
        vec![columns.iter().map(|c| title(*c, unit, portable).into_bytes()).collect()];
    for row in rows {
        lines.push(columns.iter().map(|column| row.cell(*column, unit)).collect());
    }
    let least = |column: Column| match column {
        Column::Source => 14,
        Column::System | Column::Share | Column::FilesShare => 4,
        Column::File | Column::Target => 0,
        Column::Files
        | Column::FilesUsed
        | Column::FilesFree
        | Column::Size
        | Column::Used
        | Column::Available => 5,
    };
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = lines.iter().filter_map(|line| line.get(at)).map(Vec::len);
            cells.max().unwrap_or(0).max(least(*column))
        })
        .collect();
    for line in lines {
        let mut out = Vec::new();
        for (at, cell) in line.iter().enumerate() {
            let wide = widths.get(at).copied().unwrap_or(0);
            let last = at + 1 == line.len();
            let left = matches!(
                columns.get(at),
                Some(Column::Source | Column::System | Column::File | Column::Target)
            );
            if at > 0 {
                out.push(b' ');
            }
            let gap = wide.saturating_sub(cell.len());
            if !left {
                out.resize(out.len() + gap, b' ');
            }
            out.extend_from_slice(cell);
            if left && !last {
                out.resize(out.len() + gap, b' ');
            }
        }
        p.line(out);
    }
}

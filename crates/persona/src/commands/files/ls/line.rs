//! Lines and columns.
//!
//! **Invariant:** widths are columns of the terminal, not bytes.

use super::settings::{Mark, Quoting, Settings, Shape};
use super::{Entry, Run};
use crate::commands::files::quote;
use crate::kernel::Proc;
use crate::process::{BLOCK, DEVICE, FIFO, FILE, FOLDER, LINK, SOCKET, Stat, mode_text};

/// Widths of what stands before names.
#[derive(Default)]
pub(super) struct Widths {
    inode: usize,
    blocks: usize,
    /// Some name is quoted: the others have a blank where the quote is.
    quotes: bool,
}

struct Row {
    mode: String,
    links: String,
    owner: Vec<u8>,
    group: Vec<u8>,
    author: Vec<u8>,
    /// A size, or the numbers of a device.
    size: Result<String, (String, String)>,
    date: Vec<u8>,
}

/// The letter of a file's kind.
pub(super) fn letter(stat: &Stat) -> char {
    match stat.mode & crate::process::KIND_BITS {
        FOLDER => 'd',
        LINK => 'l',
        DEVICE => 'c',
        BLOCK => 'b',
        FIFO => 'p',
        SOCKET => 's',
        _ => '-',
    }
}

/// As `ls -l` shows permissions.
pub(in crate::commands::files) fn permissions(stat: &Stat) -> String {
    let mode = u16::try_from(stat.mode & 0o7777).unwrap_or(0);
    format!("{}{}", letter(stat), mode_text(mode))
}

impl Settings {
    /// What is put behind a name.
    fn mark(&self, stat: &Stat) -> &'static [u8] {
        match (self.mark, stat.mode & crate::process::KIND_BITS) {
            (Mark::None, _) => b"",
            (_, FOLDER) => b"/",
            (Mark::Slash, _) => b"",
            (_, LINK) => b"@",
            (_, FIFO) => b"|",
            (_, SOCKET) => b"=",
            (Mark::All, FILE) if stat.mode & 0o111 != 0 => b"*",
            (Mark::Types | Mark::All, _) => b"",
        }
    }
}

impl Run {
    pub(super) fn widths(&self, entries: &[Entry]) -> Widths {
        let mut widths = Widths::default();
        let maybe = self.settings.quoting == Quoting::Maybe;
        let lined = self.settings.shape != Shape::One && self.settings.shape != Shape::Commas;
        for entry in entries {
            let blocks = entry.stat.map_or(1, |s| self.settings.block_text(s.blocks).len());
            widths.blocks = widths.blocks.max(blocks);
            let inode = entry.stat.map_or(1, |stat| stat.inode.to_string().len());
            widths.inode = widths.inode.max(inode);
            widths.quotes |= maybe && lined && self.settings.quoted(&entry.name) != entry.name;
        }
        widths
    }

    /// Inode and blocks, as far as they are wanted.
    fn before(&self, entry: &Entry, widths: &Widths) -> Vec<u8> {
        let mut text = String::new();
        if self.settings.inode {
            let number = entry.stat.map_or("?".to_owned(), |stat| stat.inode.to_string());
            let wide = widths.inode;
            text.push_str(&format!("{number:>wide$} "));
        }
        if self.settings.blocks {
            let count =
                entry.stat.map_or("?".to_owned(), |stat| self.settings.block_text(stat.blocks));
            let wide = widths.blocks;
            text.push_str(&format!("{count:>wide$} "));
        }
        if self.settings.context && self.settings.shape != Shape::Long {
            text.push_str("? ");
        }
        text.into_bytes()
    }

    /// The name with quotes and color, and its width.
    fn name(&mut self, entry: &Entry, widths: &Widths) -> (Vec<u8>, usize) {
        let name = self.settings.quoted(&entry.name);
        let mut width = quote::width(&name, self.settings.utf8);
        let mut out = Vec::new();
        if widths.quotes && name == entry.name {
            out.push(b' ');
            width += 1;
        }
        let code = self.settings.color.as_ref().and_then(|colors| colors.of(entry));
        self.painted(&name, code, &mut out);
        (out, width)
    }

    fn painted(&mut self, name: &[u8], code: Option<Vec<u8>>, out: &mut Vec<u8>) {
        let Some(code) = code else {
            out.extend_from_slice(name);
            return;
        };
        if !std::mem::replace(&mut self.colored, true) {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.extend_from_slice(&[b"\x1b[", code.as_slice(), b"m", name, b"\x1b[0m"].concat());
    }

    /// A name with what stands before and behind it, for all but long lines.
    pub(super) fn short(&mut self, entry: &Entry, widths: &Widths) -> Vec<u8> {
        self.cell(entry, widths).0
    }

    fn cell(&mut self, entry: &Entry, widths: &Widths) -> (Vec<u8>, usize) {
        let mut out = self.before(entry, widths);
        let before = out.len();
        let (name, width) = self.name(entry, widths);
        out.extend_from_slice(&name);
        let mark = entry.stat.map_or(&b""[..], |stat| self.settings.mark(&stat));
        out.extend_from_slice(mark);
        (out, before + width + mark.len())
    }

    /// Names in columns: as few rows as there can be.
    pub(super) fn columns(&mut self, entries: &[Entry]) -> Vec<u8> {
        let widths = self.widths(entries);
        let cells: Vec<(Vec<u8>, usize)> =
            entries.iter().map(|entry| self.cell(entry, &widths)).collect();
        let by_rows = self.settings.shape == Shape::Rows;
        let sizes: Vec<usize> = cells.iter().map(|(_, width)| *width).collect();
        let wide = layout(&sizes, self.settings.width, by_rows);
        let columns = wide.len().max(1);
        let rows = cells.len().div_ceil(columns);
        let mut out = Vec::new();
        for row in 0..rows {
            let mut at = 0;
            let mut start = 0;
            for column in 0..columns {
                let index = if by_rows { row * columns + column } else { column * rows + row };
                let Some((text, width)) = cells.get(index) else { break };
                indent(at, start, self.settings.tab, &mut out);
                out.extend_from_slice(text);
                at = start + width;
                start += wide.get(column).copied().unwrap_or(0);
            }
            out.push(self.settings.end());
        }
        out
    }

    /// Names with commas between.
    pub(super) fn commas(&mut self, entries: &[Entry]) -> Vec<u8> {
        let widths = Widths::default();
        let mut out = Vec::new();
        let mut at = 0;
        for (place, entry) in entries.iter().enumerate() {
            let (text, width) = self.cell(entry, &widths);
            if place > 0 {
                if self.settings.width == 0 || at + width + 2 < self.settings.width {
                    at += 2;
                    out.extend_from_slice(b", ");
                } else {
                    at = 0;
                    out.extend_from_slice(b",\n");
                }
            }
            out.extend_from_slice(&text);
            at += width;
        }
        if !entries.is_empty() {
            out.push(self.settings.end());
        }
        out
    }

    fn row(&self, stat: &Stat) -> Row {
        let settings = &self.settings;
        let user =
            |id: u32| if settings.numeric { id.to_string().into() } else { self.names.user(id) };
        let group =
            |id: u32| if settings.numeric { id.to_string().into() } else { self.names.group(id) };
        Row {
            mode: permissions(stat),
            links: stat.links.to_string(),
            owner: user(stat.uid),
            group: group(stat.gid),
            author: user(stat.uid),
            size: if stat.is(DEVICE) || stat.is(BLOCK) {
                Err((stat.numbers.0.to_string(), stat.numbers.1.to_string()))
            } else {
                Ok(settings.size_text(stat.size))
            },
            date: settings.date(stat),
        }
    }

    pub(super) async fn long(&mut self, p: &mut Proc, entries: &[Entry]) {
        let widths = self.widths(entries);
        let rows: Vec<Row> = entries
            .iter()
            .map(|entry| match &entry.stat {
                Some(stat) => self.row(stat),
                None => unknown(),
            })
            .collect();
        let most = |size: &dyn Fn(&Row) -> usize| rows.iter().map(size).max().unwrap_or(0);
        let links = most(&|row| row.links.len());
        let owner = most(&|row| row.owner.len());
        let group = most(&|row| row.group.len());
        let author = most(&|row| row.author.len());
        let major = most(&|row| row.size.as_ref().err().map_or(0, |(major, _)| major.len()));
        let minor = most(&|row| row.size.as_ref().err().map_or(0, |(_, minor)| minor.len()));
        let plain = most(&|row| row.size.as_ref().map_or(0, String::len));
        let date = most(&|row| row.date.len());
        let size = if major > 0 { plain.max(major + 2 + minor) } else { plain };
        for (entry, row) in entries.iter().zip(&rows) {
            let mut line = self.before(entry, &widths);
            line.extend(format!("{} {:>links$} ", row.mode, row.links).bytes());
            for (wanted, text, wide) in [
                (self.settings.owner, &row.owner, owner),
                (self.settings.group, &row.group, group),
                (self.settings.author, &row.author, author),
            ] {
                if wanted {
                    line.extend_from_slice(text);
                    line.resize(line.len() + wide - text.len() + 1, b' ');
                }
            }
            if self.settings.context {
                line.extend_from_slice(b"? ");
            }
            match &row.size {
                Ok(text) => line.extend(format!("{text:>size$} ").bytes()),
                Err((first, second)) => {
                    let wide = size.saturating_sub(minor + 2).max(major);
                    line.extend(format!("{first:>wide$}, {second:>minor$} ").bytes());
                }
            }
            if entry.stat.is_some() {
                line.extend_from_slice(&row.date);
            } else {
                line.resize(line.len() + date.saturating_sub(1), b' ');
                line.push(b'?');
            }
            line.push(b' ');
            line.extend(self.name(entry, &widths).0);
            self.behind(entry, &mut line);
            line.push(self.settings.end());
            p.print(line);
            p.flush_some().await;
        }
    }

    /// Where a link goes, or the mark.
    fn behind(&mut self, entry: &Entry, line: &mut Vec<u8>) {
        let Some((to, there)) = &entry.target else {
            let mark = entry.stat.map_or(&b""[..], |stat| self.settings.mark(&stat));
            line.extend_from_slice(mark);
            return;
        };
        line.extend_from_slice(b" -> ");
        let name = self.settings.quoted(to);
        let colors = self.settings.color.as_ref();
        let code = colors.and_then(|colors| colors.of_target(to, there.as_ref()));
        self.painted(&name, code, line);
        if self.settings.mark != Mark::None
            && let Some(there) = there
        {
            line.extend_from_slice(self.settings.mark(there));
        }
    }
}

fn unknown() -> Row {
    let unknown = || b"?".to_vec();
    Row {
        mode: "-?????????".to_owned(),
        links: "?".to_owned(),
        owner: unknown(),
        group: unknown(),
        author: unknown(),
        size: Ok("?".to_owned()),
        date: Vec::new(),
    }
}

/// Columns that are tried at most.
const COLUMNS: usize = 256;

/// The widths of as many columns as fit into a line, with two blanks between.
pub(super) fn layout(sizes: &[usize], width: usize, by_rows: bool) -> Vec<usize> {
    let line = if width == 0 { usize::MAX } else { width };
    let most = sizes.len().min((line / 3).max(1)).min(COLUMNS);
    for columns in (2..=most).rev() {
        let rows = sizes.len().div_ceil(columns);
        let mut wide = vec![3_usize; columns];
        let mut used = 0;
        for (index, size) in sizes.iter().enumerate() {
            let column = if by_rows { index % columns } else { index / rows };
            used = used.max(column + 1);
            let size = size + if column + 1 == columns { 0 } else { 2 };
            if let Some(place) = wide.get_mut(column) {
                *place = (*place).max(size);
            }
        }
        if wide.iter().sum::<usize>() < line {
            return wide;
        }
        let _ = used;
    }
    vec![sizes.iter().copied().max().unwrap_or(0)]
}

/// Goes on to a column, with tabs where they help.
fn indent(mut from: usize, to: usize, tab: usize, out: &mut Vec<u8>) {
    while from < to {
        if tab != 0 && to / tab > (from + 1) / tab {
            out.push(b'\t');
            from += tab - from % tab;
        } else {
            out.push(b' ');
            from += 1;
        }
    }
}

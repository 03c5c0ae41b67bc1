//! What the terminal shows of the line being edited, and the bytes that change it into something
//! else, as readline on an xterm sends them.
//!
//! **Invariant:** knows nothing of keys. Every byte follows from what is shown and what shall be.

use crate::keys::Glyph;

/// The part of the terminal that belongs to the line editor: the prompt and what follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    cols: usize,
    prompt: Prompt,
    rows: Vec<Vec<Cell>>,
    /// For each row the first character of the text that begins in it or later, and its column.
    starts: Vec<(usize, usize)>,
    row: usize,
    /// Equal to `cols` after the last column was written: the terminal wraps with the next byte.
    col: usize,
}

/// A prompt: its bytes, and its cells without colours and titles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

/// One character as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    glyph: Glyph,
    width: u8,
    face: Face,
}

/// How a character is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Plain,
    /// Reverse video: what was just pasted, or found.
    Marked,
}

/// What shall be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) text: &'a [Glyph],
    /// Index into `text`.
    pub(crate) cursor: usize,
    /// Begin and end of the marked part of `text`.
    pub(crate) marked: (usize, usize),
}

impl Prompt {
    /// Escape sequences (CSI up to a letter, OSC up to BEL) take no place.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut visible = Vec::new();
        let mut rest = bytes.iter().copied();
        while let Some(byte) = rest.next() {
            match byte {
                0x1b => match rest.next() {
                    Some(b']') => rest.by_ref().take_while(|&b| b != 7).for_each(drop),
                    _ => rest.by_ref().take_while(|b| !b.is_ascii_alphabetic()).for_each(drop),
                },
                _ => visible.push(byte),
            }
        }
        let mut cells = Vec::new();
        for glyph in glyphs(&visible) {
            each_cell(glyph, Face::Plain, 0, |cell| cells.push(cell));
        }
        Self { bytes: bytes.to_vec(), cells }
    }
}

impl Screen {
    /// Shows the prompt on a fresh row.
    pub(crate) fn begin(&mut self, cols: usize, prompt: Prompt, out: &mut Vec<u8>) {
        self.cols = cols.max(2);
        out.extend_from_slice(&prompt.bytes);
        self.prompt = prompt;
        let layout = self.layout(View { text: &[], cursor: 0, marked: (0, 0) });
        (self.rows, self.starts) = (layout.rows, layout.starts);
        (self.row, self.col) = layout.cursor;
    }

    /// Gives the memory back when a line has ended.
    pub(crate) fn end(&mut self) {
        *self = Self { cols: self.cols, ..Self::default() };
    }

    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    /// From now on rows have so many columns. What is shown stays where it is.
    pub(crate) fn resize(&mut self, cols: usize) {
        self.cols = cols.max(2);
    }

    /// A plain character at the end of the text, with room behind it: the common case, for which
    /// nothing is compared. Says whether it was that case.
    pub(crate) fn append(&mut self, byte: u8, out: &mut Vec<u8>) -> Appended {
        let last = self.rows.len().saturating_sub(1);
        let Some(cells) = self.rows.get_mut(last) else { return Appended::No };
        if self.row != last || self.col + 1 >= self.cols || !(0x20..0x7f).contains(&byte) {
            return Appended::No;
        }
        cells.push(Cell { glyph: Glyph::new(&[byte]), width: 1, face: Face::Plain });
        self.col += 1;
        out.push(byte);
        Appended::Yes
    }

    /// Changes what is shown into `view`, behind `prompt`.
    pub(crate) fn refresh(&mut self, prompt: &Prompt, view: View<'_>, out: &mut Vec<u8>) {
        if *prompt != self.prompt {
            self.prompt = prompt.clone();
        }
        let Layout { rows: new, starts, cursor: (row, col), .. } = self.layout(view);
        let old = std::mem::take(&mut self.rows);
        let empty = Vec::new();
        // More rows must come from the terminal's own wrapping: nothing is shifted then.
        let tails = if new.len() > old.len() { Tails::Written } else { Tails::Shifted };
        for index in 0..old.len().max(new.len()) {
            let before = old.get(index).unwrap_or(&empty);
            match new.get(index) {
                Some(after) => self.update_row(index, before, after, tails, out),
                None => {
                    self.go(index, 0, out);
                    out.extend_from_slice(b"\x1b[K");
                }
            }
        }
        (self.rows, self.starts) = (new, starts);
        self.go(row, col, out);
    }

    /// The same again on a cleared screen.
    pub(crate) fn clear(&mut self, view: View<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[H\x1b[2J");
        let prompt = std::mem::take(&mut self.prompt);
        self.begin(self.cols, prompt, out);
        let prompt = self.prompt.clone();
        self.refresh(&prompt, view, out);
    }

    /// Leaves the line: to its last row, and a new one.
    pub(crate) fn leave(&mut self, out: &mut Vec<u8>) {
        let last = self.rows.len().saturating_sub(1);
        let above = last.checked_sub(1).and_then(|index| self.rows.get(index));
        let full = above.filter(|row| width(row) >= self.cols).and_then(|row| row.last().copied());
        match (self.rows.get(last).map(Vec::is_empty), full) {
            // The row below was only begun because the one above is full.
            (Some(true), Some(cell)) => {
                self.go(last - 1, self.cols - usize::from(cell.width), out);
                out.extend_from_slice(b"\x1b[K");
                out.extend_from_slice(cell.glyph.as_bytes());
            }
            _ if self.row < last => self.go(last, 0, out),
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
        self.end();
    }

    /// Moves the cursor in a text that is shown already; looks at one row only.
    pub(crate) fn move_to(&mut self, text: &[Glyph], cursor: usize, out: &mut Vec<u8>) {
        let row = self.starts.partition_point(|start| start.0 <= cursor).saturating_sub(1);
        let (first, mut col) = self.starts.get(row).copied().unwrap_or((0, 0));
        for glyph in text.get(first..cursor).unwrap_or(&[]) {
            col += shown_width(*glyph, col);
        }
        self.go(row, col, out);
    }

    fn layout(&self, view: View<'_>) -> Layout {
        let mut layout = Layout::new(self.cols);
        for &cell in &self.prompt.cells {
            layout.push(cell);
        }
        let mut cursor = None;
        for (index, &glyph) in view.text.iter().enumerate() {
            layout.start(index);
            if index == view.cursor {
                cursor = Some((layout.row(), layout.col));
            }
            if glyph.as_bytes() == b"\n" {
                layout.new_row();
                continue;
            }
            let marked = index >= view.marked.0 && index < view.marked.1;
            let face = if marked { Face::Marked } else { Face::Plain };
            each_cell(glyph, face, layout.col, |cell| layout.push(cell));
        }
        layout.start(view.text.len());
        layout.cursor = cursor.unwrap_or((layout.row(), layout.col));
        layout
    }

    fn update_row(
        &mut self,
        index: usize,
        before: &[Cell],
        after: &[Cell],
        tails: Tails,
        out: &mut Vec<u8>,
    ) {
        let mut before = std::borrow::Cow::Borrowed(before);
        if self.col >= self.cols && self.row + 1 == index {
            // The terminal is about to wrap: make it, with the first character or with a blank.
            self.row = index;
            if let Some(first) = after.first() {
                put(&[*first], out);
                self.col = usize::from(first.width);
                match before.to_mut().first_mut() {
                    Some(slot) => *slot = *first,
                    None => before.to_mut().push(*first),
                }
            } else {
                out.push(b' ');
                self.col = 1;
            }
        }
        let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let (Some(old), Some(new)) = (before.get(same..), after.get(same..)) else { return };
        if old.is_empty() && new.is_empty() {
            return;
        }
        // A prompt that changes is written as a whole.
        let whole = (same == 0 && index == 0) || tails == Tails::Written;
        let kept = if whole { 0 } else { kept_tail(old, new) };
        let changed = new.get(..new.len() - kept).unwrap_or(new);
        let (old_width, new_width) = (width(old), width(new));
        self.go(index, width(after.get(..same).unwrap_or(&[])), out);
        let mut clear = false;
        let mut shown = changed;
        if new_width > old_width {
            if kept > 0 {
                control(new_width - old_width, b'@', out);
            }
        } else if new_width < old_width {
            let gone = old_width - new_width;
            // Cheaper than to write the rest again, by readline's reckoning.
            if !new.is_empty() && 2 * new_width >= gone {
                control(gone, b'P', out);
            } else {
                clear = true;
                shown = new;
            }
        }
        if same == 0 && index == 0 && self.prompt.bytes.len() != self.prompt.cells.len() {
            // The prompt has colours: it is written as it is.
            let behind = shown.get(self.prompt.cells.len()..).unwrap_or(&[]);
            out.extend_from_slice(&self.prompt.bytes);
            put(behind, out);
        } else {
            put(shown, out);
        }
        self.col += width(shown);
        if clear && self.col < self.cols {
            out.extend_from_slice(b"\x1b[K");
        }
    }

    /// Moves the cursor: rows first. Going down begins at column zero.
    fn go(&mut self, row: usize, col: usize, out: &mut Vec<u8>) {
        if row < self.row {
            repeat(b"\x1b[A", self.row - row, out);
        } else if row > self.row {
            repeat(b"\r\n", row - self.row, out);
            out.push(b'\r');
            self.col = 0;
        }
        if col > self.col {
            repeat(b"\x1b[C", col - self.col, out);
        } else if col < self.col {
            let back = self.col - col;
            if col == 0 {
                out.push(b'\r');
            } else if col + 1 < back {
                out.push(b'\r');
                repeat(b"\x1b[C", col, out);
            } else {
                repeat(b"\x08", back, out);
            }
        }
        (self.row, self.col) = (row, col);
    }
}

/// What becomes of an unchanged tail of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tails {
    Shifted,
    Written,
}

/// Whether [`Screen::append`] did the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    Yes,
    No,
}

/// Cells put into rows one after another.
struct Layout {
    cols: usize,
    rows: Vec<Vec<Cell>>,
    starts: Vec<(usize, usize)>,
    col: usize,
    cursor: (usize, usize),
}

impl Layout {
    fn new(cols: usize) -> Self {
        Self { cols, rows: vec![Vec::new()], starts: Vec::new(), col: 0, cursor: (0, 0) }
    }

    fn row(&self) -> usize {
        self.rows.len() - 1
    }

    fn new_row(&mut self) {
        self.rows.push(Vec::new());
        self.col = 0;
    }

    fn push(&mut self, cell: Cell) {
        let wide = usize::from(cell.width);
        if self.col + wide > self.cols {
            self.new_row();
        }
        if let Some(last) = self.rows.last_mut() {
            last.push(cell);
        }
        self.col += wide;
        if self.col >= self.cols {
            self.new_row();
        }
    }

    /// The character `index` of the text begins here.
    fn start(&mut self, index: usize) {
        while self.starts.len() < self.rows.len() {
            self.starts.push((index, self.col));
        }
    }
}

/// How many cells at the end of both stay where they are, relative to the end. readline shifts an
/// unchanged tail only if there is a blank behind its first character, and writes it again
/// otherwise.
fn kept_tail(old: &[Cell], new: &[Cell]) -> usize {
    let most = old.len().min(new.len());
    let equal = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b);
    let (mut count, mut blank) = (0, false);
    for (cell, _) in equal {
        count += 1;
        blank |= count < most && cell.glyph.as_bytes() == b" ";
    }
    if blank { count } else { 0 }
}

fn put(cells: &[Cell], out: &mut Vec<u8>) {
    let mut face = Face::Plain;
    for cell in cells {
        if cell.face != face {
            face = cell.face;
            out.extend_from_slice(match face {
                Face::Plain => b"\x1b[27m",
                Face::Marked => b"\x1b[7m",
            });
        }
        out.extend_from_slice(cell.glyph.as_bytes());
    }
    if face == Face::Marked {
        out.extend_from_slice(b"\x1b[27m");
    }
}

fn control(count: usize, last: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\x1b[{count}").as_bytes());
    out.push(last);
}

fn repeat(bytes: &[u8], count: usize, out: &mut Vec<u8>) {
    for _ in 0..count {
        out.extend_from_slice(bytes);
    }
}

fn width(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| usize::from(cell.width)).sum()
}

/// The cells of one character: control characters as `^X`, a tab as blanks up to the next stop.
fn each_cell(glyph: Glyph, face: Face, col: usize, mut cell: impl FnMut(Cell)) {
    match glyph.as_bytes() {
        [b'\t'] => {
            let blank = Cell { glyph: Glyph::new(b" "), width: 1, face };
            (0..8 - col % 8).for_each(|_| cell(blank));
        }
        [byte @ (0..=0x1f | 0x7f)] => {
            cell(Cell { glyph: Glyph::new(b"^"), width: 1, face });
            cell(Cell { glyph: Glyph::new(&[byte ^ 0x40]), width: 1, face });
        }
        bytes => cell(Cell { glyph, width: glyph_width(bytes), face }),
    }
}

fn shown_width(glyph: Glyph, col: usize) -> usize {
    let mut columns = 0;
    each_cell(glyph, Face::Plain, col, |cell| columns += usize::from(cell.width));
    columns
}

/// Columns of a character on a terminal.
pub(crate) fn columns(c: char) -> usize {
    glyph_width(c.encode_utf8(&mut [0; 4]).as_bytes()).into()
}

/// Columns of a character: 0 for combining marks, 2 for East Asian wide and emoji, else 1.
fn glyph_width(bytes: &[u8]) -> u8 {
    if let [_] = bytes {
        return 1;
    }
    let Some(c) = std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next()) else {
        return 1;
    };
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfeff => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0x33ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xa000..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Text as characters; a byte that is not valid UTF-8 is one of its own.
pub(crate) fn glyphs(bytes: &[u8]) -> Vec<Glyph> {
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut buffer = [0; 4];
        out.extend(
            chunk.valid().chars().map(|c| Glyph::new(c.encode_utf8(&mut buffer).as_bytes())),
        );
        out.extend(chunk.invalid().iter().map(|&byte| Glyph::new(&[byte])));
    }
    out
}

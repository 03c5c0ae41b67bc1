//! Tables that fit the screen.
//!
//! **Invariant:** no line is wider than the screen; where something had to be cut, an ellipsis says
//! so. Where the width is not limited nothing is cut.

use crate::output::{Ink, Screen, safe};
use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Where its values stand.
    pub(crate) side: Side,
    /// The width below which it is not cut.
    pub(crate) least: usize,
}

/// Where values stand in their column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// One value.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    ink: Option<Ink>,
}

impl Cell {
    /// Plain text.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: safe(text.as_ref()).into_owned(), ink: None }
    }

    /// Text that stands out.
    pub(crate) fn inked(ink: Ink, text: impl AsRef<str>) -> Self {
        Self { ink: Some(ink), ..Self::new(text) }
    }
}

/// A column of text.
pub(crate) const fn text(title: &'static str, least: usize) -> Column {
    Column { title, side: Side::Left, least }
}

/// A column of numbers.
pub(crate) const fn number(title: &'static str) -> Column {
    Column { title, side: Side::Right, least: 20 }
}

/// A table with its headings, cut to the screen; one block per row where even that is too wide.
pub(crate) fn table(screen: Screen, columns: &[Column], rows: &[Vec<Cell>]) -> String {
    let natural: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let cells = rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.text.width());
            cells.chain([column.title.width()]).max().unwrap_or(0)
        })
        .collect();
    let Some(limit) = screen.width else { return lines(screen, columns, rows, &natural) };
    match fit(columns, &natural, limit) {
        Some(widths) => lines(screen, columns, rows, &widths),
        None => blocks(screen, columns, rows, limit),
    }
}

/// The widths of columns that together take `limit`; `None` where some would be too narrow.
fn fit(columns: &[Column], natural: &[usize], limit: usize) -> Option<Vec<usize>> {
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    let mut widths = natural.to_vec();
    while widths.iter().sum::<usize>() + gaps > limit {
        // The one with most to give: what lies above its least width.
        let (widest, _) = widths
            .iter()
            .zip(columns)
            .map(|(width, column)| width.saturating_sub(column.least.max(column.title.width())))
            .enumerate()
            .filter(|(_, spare)| *spare > 0)
            .max_by_key(|(_, spare)| *spare)?;
        if let Some(width) = widths.get_mut(widest) {
            *width -= 1;
        }
    }
    Some(widths)
}

fn lines(screen: Screen, columns: &[Column], rows: &[Vec<Cell>], widths: &[usize]) -> String {
    let mut shown = String::new();
    let heads: Vec<Cell> =
        columns.iter().map(|column| Cell::inked(Ink::Bold, column.title)).collect();
    for row in std::iter::once(&heads).chain(rows) {
        let last = row.len().saturating_sub(1);
        for (i, ((cell, column), width)) in row.iter().zip(columns).zip(widths).enumerate() {
            if i > 0 {
                shown.push_str(GAP);
            }
            let text = cut(&cell.text, *width);
            let space = " ".repeat(width.saturating_sub(text.width()));
            let text = cell.ink.map_or_else(|| text.clone(), |ink| screen.paint(ink, &text));
            match column.side {
                Side::Right => shown.push_str(&space),
                Side::Left => {}
            }
            shown.push_str(&text);
            if column.side == Side::Left && i < last {
                shown.push_str(&space);
            }
        }
        shown.push('\n');
    }
    shown
}

fn blocks(screen: Screen, columns: &[Column], rows: &[Vec<Cell>], limit: usize) -> String {
    let mut shown = String::new();
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            shown.push('\n');
        }
        for (column, cell) in columns.iter().zip(row) {
            let title = cut(column.title, limit);
            let rest = limit.saturating_sub(title.width() + 1);
            let text = if rest == 0 { String::new() } else { cut(&cell.text, rest) };
            let text = cell.ink.map_or_else(|| text.clone(), |ink| screen.paint(ink, &text));
            let line = format!("{} {text}", screen.paint(Ink::Bold, &title));
            let _ = writeln!(shown, "{}", line.trim_end_matches(' '));
        }
    }
    shown
}

/// `text` in at most `width` columns.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken + 1 > width {
            break;
        }
        shown.push(c);
    }
    // Characters that join can be wider together than one by one.
    while shown.width() + 1 > width && shown.pop().is_some() {}
    if width > 0 {
        shown.push('…');
    }
    shown
}

/// `text` broken into lines of at most `width` columns, after spaces and commas where there are any.
pub(crate) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut taken = 0;
    for word in text.split_inclusive([' ', ',']) {
        if taken > 0 && taken + word.trim_end_matches(' ').width() > width {
            lines.push(std::mem::take(&mut line).trim_end_matches(' ').to_owned());
            taken = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if taken + wide > width {
                if c == ' ' {
                    continue;
                }
                lines.push(std::mem::take(&mut line).trim_end_matches(' ').to_owned());
                taken = 0;
            }
            line.push(c);
            taken += wide;
        }
    }
    if !line.trim_end_matches(' ').is_empty() || lines.is_empty() {
        lines.push(line.trim_end_matches(' ').to_owned());
    }
    lines
}

const GAP: &str = "  ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Colours;
    use proptest::prelude::*;

    const COLUMNS: &[Column] = &[text("source", 8), number("keys"), text("command", 4)];

    fn screen(width: Option<usize>) -> Screen {
        Screen { width, colours: Colours::Plain }
    }

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![Cell::new("192.0.2.1"), Cell::new("12"), Cell::new("cat /etc/passwd")],
            vec![Cell::new("2001:db8::1"), Cell::new("3"), Cell::new("日本語\u{1b}[2J")],
        ]
    }

    #[test]
    fn nothing_is_cut_without_a_limit() {
        insta::assert_snapshot!(table(screen(None), COLUMNS, &rows()), @r"
        source       keys  command
        192.0.2.1      12  cat /etc/passwd
        2001:db8::1     3  日本語\u{1b}[2J
        ");
    }

    #[test]
    fn the_widest_gives_first() {
        insta::assert_snapshot!(table(screen(Some(28)), COLUMNS, &rows()), @r"
        source       keys  command
        192.0.2.1      12  cat /etc…
        2001:db8::1     3  日本語\u…
        ");
    }

    #[test]
    fn what_cannot_be_a_table_becomes_blocks() {
        insta::assert_snapshot!(table(screen(Some(14)), COLUMNS, &rows()), @r"
        source 192.0.…
        keys 12
        command cat /…

        source 2001:d…
        keys 3
        command 日本…
        ");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_screen(
            width in 1_usize..60,
            cells in proptest::collection::vec(("\\PC{0,30}", "[0-9]{0,9}", "\\PC{0,60}"), 0..5),
        ) {
            let rows: Vec<_> = cells
                .iter()
                .map(|(a, b, c)| vec![Cell::new(a), Cell::new(b), Cell::new(c)])
                .collect();
            for line in table(screen(Some(width)), COLUMNS, &rows).lines() {
                prop_assert!(line.width() <= width, "{line:?} is wider than {width}");
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(width in 2_usize..40, text in "\\PC{0,120}") {
            let lines = wrap(&text, Some(width));
            prop_assert!(lines.iter().all(|line| line.width() <= width));
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}

//! Tracebacks.
//!
//! **Invariant:** the lines of libraries are not shown, as those of CPython's that are written in C
//! are not.

use super::code::Mark;
use super::machine::{Trace, Vm};
use super::parser::SyntaxFault;
use super::value::{Obj, V};
use crate::commands::lang::heap::Id;

/// Exceptions that led to one another.
const CHAIN: usize = 20;

impl Vm {
    /// What is printed of an exception that nobody took.
    pub(super) fn traceback(&self, id: Id) -> String {
        let mut parts = Vec::new();
        let mut next = Some(id);
        let mut between = "";
        while let Some(id) = next.take() {
            let Some(Obj::Exception(exception)) = self.heap.get(id) else { break };
            parts.push(format!("{}{between}", self.traceback_of_one(id)));
            if parts.len() >= CHAIN {
                break;
            }
            if let Some(cause) = exception.cause {
                between = "\nThe above exception was the direct cause of the following exception:\n\n";
                next = Some(cause);
            } else if let Some(context) = exception.context.filter(|_| !exception.no_context) {
                between = "\nDuring handling of the above exception, another exception occurred:\n\n";
                next = Some(context);
            }
        }
        parts.reverse();
        parts.concat()
    }

    fn traceback_of_one(&self, id: Id) -> String {
        let Some(Obj::Exception(exception)) = self.heap.get(id) else { return String::new() };
        let mut out = "Traceback (most recent call last):\n".to_owned();
        let mut last = String::new();
        let mut same = 0_usize;
        let shown: Vec<&Trace> =
            exception.trace.iter().rev().filter(|trace| !trace.code.hidden).collect();
        for trace in &shown {
            let entry = self.entry(trace);
            if entry == last {
                same += 1;
                if same >= 3 {
                    continue;
                }
            } else {
                out += &repeated(same);
                (last, same) = (entry.clone(), 0);
            }
            out += &entry;
        }
        out += &repeated(same);
        if shown.is_empty() {
            out.clear();
        }
        out + &self.last_line(id)
    }

    /// `ValueError: text`
    pub(super) fn last_line(&self, id: Id) -> String {
        let Some(Obj::Exception(exception)) = self.heap.get(id) else { return String::new() };
        let name = self.exception_name(exception.class);
        let text = match exception.names.get("__text__") {
            Some(text) => self.text(text),
            None => self.text(&V::Obj(id)),
        };
        if text.is_empty() { format!("{name}\n") } else { format!("{name}: {text}\n") }
    }

    fn entry(&self, trace: &Trace) -> String {
        let (file, line) = (&trace.code.file, trace.mark.at.line);
        let mut out = format!("  File \"{file}\", line {line}, in {}\n", trace.code.name);
        let text = self.texts.get(file);
        let source = usize::try_from(line).ok().and_then(|line| {
            text.and_then(|text| text.lines().nth(line.checked_sub(1)?))
        });
        if let Some(source) = source {
            let bare = source.trim();
            out += &format!("    {bare}\n");
            if let Some(marks) = marks(source, trace.mark) {
                out += &format!("    {marks}\n");
            }
        }
        out
    }

    /// What is printed of a text that is no program.
    pub(super) fn syntax_text(&self, fault: &SyntaxFault, file: &str, text: &str) -> String {
        let mut out = format!("  File \"{file}\", line {}\n", fault.line);
        let line = usize::try_from(fault.line).unwrap_or(1).saturating_sub(1);
        let source = text.lines().nth(line).unwrap_or_default();
        if !fault.bare {
            let bare = source.trim_start_matches([' ', '\t', '\u{c}']);
            out += &format!("    {bare}\n");
            if let Some((start, end)) = fault.columns {
                let cut = source.len() - bare.len();
                let place = |column: u32| {
                    let column = usize::try_from(column).unwrap_or_default();
                    let before = source.get(cut..column.max(cut)).unwrap_or(bare);
                    before.chars().count() + column.saturating_sub(source.len())
                };
                let (from, to) = (place(start), place(end));
                let from = from.min(bare.trim_end_matches('\n').chars().count());
                let width = to.saturating_sub(from).max(1);
                out += &format!("    {}{}\n", " ".repeat(from), "^".repeat(width));
            }
        }
        out + &format!("{}: {}\n", fault.class, fault.text)
    }
}

fn repeated(same: usize) -> String {
    match same.saturating_sub(2) {
        0 => String::new(),
        1 => "  [Previous line repeated 1 more time]\n".to_owned(),
        times => format!("  [Previous line repeated {times} more times]\n"),
    }
}

/// `~~^~~` under the part of a line that is meant; nothing, if that is all of it.
fn marks(source: &str, mark: Mark) -> Option<String> {
    let bare = source.trim();
    let cut = source.len() - source.trim_start().len();
    let start = usize::try_from(mark.at.start).ok()?;
    let end = if mark.at.last > mark.at.line {
        cut + bare.len()
    } else {
        usize::try_from(mark.at.end).ok()?.min(cut + bare.len())
    };
    if start <= cut && end >= cut + bare.len() || end <= start {
        return None;
    }
    let width = |from: usize, to: usize| source.get(from..to).unwrap_or_default().chars().count();
    let mut line = " ".repeat(width(cut, start.max(cut)));
    match mark.anchor {
        Some((from, to)) => {
            let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
            let operator = source.get(from..to).unwrap_or_default();
            let blanks = operator.len() - operator.trim_start().len();
            let from = from + blanks;
            let to = from + operator.trim().len();
            line += &"~".repeat(width(start, from));
            line += &"^".repeat(width(from, to));
            line += &"~".repeat(width(to, end));
        }
        None => line += &"^".repeat(width(start, end)),
    }
    Some(line)
}

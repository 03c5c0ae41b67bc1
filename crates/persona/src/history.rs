//! The lines that a session has run, oldest first.
//!
//! **Invariant:** bounded in lines and in bytes; at the cap the oldest goes.

use std::collections::VecDeque;

/// A bounded list of lines, numbered from 1 as `history` shows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    lines: VecDeque<Vec<u8>>,
    gone: usize,
    bytes: usize,
}

/// Lines kept: HISTSIZE of bash without a configuration.
const LINES: usize = 500;
/// Bytes kept of all lines.
const BYTES: usize = 128 * 1024;

impl History {
    pub(crate) fn push(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || (self.bytes > BYTES && self.lines.len() > 1) {
            if let Some(oldest) = self.lines.pop_front() {
                self.bytes -= oldest.len();
                self.gone += 1;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        self.lines.get(index).map(Vec::as_slice)
    }

    pub(crate) fn last(&self) -> Option<&[u8]> {
        self.lines.back().map(Vec::as_slice)
    }

    /// Forgets all, as `history -c`.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Every line with its number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let first = self.gone + 1;
        self.lines.iter().enumerate().map(move |(index, line)| (first + index, line.as_slice()))
    }

    /// The newest line before `end` (an index) that holds `part`, and where in it.
    pub(crate) fn search(&self, part: &[u8], end: usize) -> Option<(usize, usize)> {
        let newest_first = self.lines.iter().enumerate().take(end).rev();
        newest_first.filter_map(|(index, line)| Some((index, rfind(line, part)?))).next()
    }
}

fn rfind(line: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return None;
    }
    line.windows(part.len()).rposition(|window| window == part)
}

/// What `!!`, `!$`, `!n`, `!text` and `^a^b` make of a line, or `None` where there is nothing of
/// it; an error is bash's complaint.
pub(crate) fn expand(history: &History, line: &[u8]) -> Result<Option<Vec<u8>>, Vec<u8>> {
    if let Some(rest) = line.strip_prefix(b"^") {
        let mut parts = rest.splitn(3, |&b| b == b'^');
        let (from, to) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let last = history.last().unwrap_or_default();
        let at = (!from.is_empty()).then(|| last.windows(from.len()).position(|part| part == from));
        let Some(at) = at.flatten() else {
            return Err([b":s", line, b": substitution failed"].concat());
        };
        let (before, rest) = last.split_at(at);
        let behind = rest.get(from.len()..).unwrap_or_default();
        return Ok(Some([before, to, behind, parts.next().unwrap_or_default()].concat()));
    }
    if !line.contains(&b'!') {
        return Ok(None);
    }
    let mut out = Vec::new();
    let (mut at, mut changed, mut single, mut double) = (0, false, false, false);
    while let Some(&byte) = line.get(at) {
        let next = line.get(at + 1).copied();
        match byte {
            b'\\' if !single => {
                out.push(byte);
                out.extend(next);
                at += 2;
                continue;
            }
            b'\'' if !double => single = !single,
            b'"' if !single => double = !double,
            b'!' if !single && next.is_some_and(|b| !b" \t\n=(\"".contains(&b)) => {
                let rest = line.get(at + 1..).unwrap_or_default();
                let (text, used) = event(history, rest)?;
                out.extend_from_slice(&text);
                changed = true;
                at += 1 + used;
                continue;
            }
            _ => {}
        }
        out.push(byte);
        at += 1;
    }
    Ok(changed.then_some(out))
}

/// What is behind a `!`: the text, and how many bytes named it.
fn event(history: &History, rest: &[u8]) -> Result<(Vec<u8>, usize), Vec<u8>> {
    let missing =
        |used: usize| [b"!", rest.get(..used).unwrap_or_default(), b": event not found"].concat();
    let words = |line: &[u8]| {
        line.split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    let last = || history.last().map(<[u8]>::to_vec);
    let (line, mut used) = match rest.first() {
        Some(b'!') => (last(), 1),
        Some(b'$') => {
            let line = last().ok_or_else(|| missing(1))?;
            return Ok((words(&line).pop().unwrap_or_default(), 1));
        }
        Some(b'^') => {
            let line = last().ok_or_else(|| missing(1))?;
            return Ok((words(&line).get(1).cloned().unwrap_or_default(), 1));
        }
        Some(b'*') => {
            let line = last().ok_or_else(|| missing(1))?;
            return Ok((words(&line).get(1..).unwrap_or_default().join(&b' '), 1));
        }
        Some(b'-' | b'0'..=b'9') => {
            let back = rest.first() == Some(&b'-');
            let digits =
                rest.iter().skip(usize::from(back)).take_while(|b| b.is_ascii_digit()).count();
            let used = digits + usize::from(back);
            let number =
                std::str::from_utf8(rest.get(usize::from(back)..used).unwrap_or_default()).ok();
            let number = number.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
            let found = if back {
                history.len().checked_sub(number).and_then(|at| history.get(at)).map(<[u8]>::to_vec)
            } else {
                history
                    .numbered()
                    .find(|(known, _)| *known == number)
                    .map(|(_, line)| line.to_vec())
            };
            (found, used)
        }
        _ => {
            let inside = rest.first() == Some(&b'?');
            let skip = usize::from(inside);
            let length =
                rest.iter().skip(skip).take_while(|b| !b" \t\n;&|:?\"".contains(b)).count();
            let wanted = rest.get(skip..skip + length).unwrap_or_default();
            let mut used = skip + length;
            if inside && rest.get(used) == Some(&b'?') {
                used += 1;
            }
            let found = (0..history.len()).rev().filter_map(|at| history.get(at)).find(|line| {
                if inside { rfind(line, wanted).is_some() } else { line.starts_with(wanted) }
            });
            (found.map(<[u8]>::to_vec), used)
        }
    };
    let line = line.ok_or_else(|| missing(used))?;
    // `!!:2` and its kind.
    let tail = rest.get(used..).unwrap_or_default();
    if let [b':', which, ..] = tail {
        let all = words(&line);
        let text = match which {
            b'$' => all.last().cloned(),
            b'^' => all.get(1).cloned(),
            b'*' => Some(all.get(1..).unwrap_or_default().join(&b' ')),
            digit if digit.is_ascii_digit() => all.get(usize::from(digit - b'0')).cloned(),
            _ => None,
        };
        if let Some(text) = text {
            used += 2;
            return Ok((text, used));
        }
    }
    Ok((line, used))
}

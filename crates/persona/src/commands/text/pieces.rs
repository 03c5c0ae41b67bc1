//! `split`, `csplit`, `shuf`.
//!
//! **Invariant:** at most [`PIECES`] files are made by one command.

use super::{Writing, bare, create, options, quote, quoteaf, quotef, say, size};
use crate::commands::{Flag, Options};
use crate::files::Fault;
use crate::kernel::Proc;
use crate::machine::Dice;
use crate::regex::{Case, Regex};
use decnet_core::limits::FILES_NODES;

const PIECES: usize = FILES_NODES;
const SUFFIX: u8 = 3;
const VERBOSE: u8 = 4;
const FILTER: u8 = 5;

const SPLIT: &[Flag] = &[
    Flag::with(b'a', "suffix-length"),
    Flag::with(SUFFIX, "additional-suffix"),
    Flag::with(b'b', "bytes"),
    Flag::with(b'C', "line-bytes"),
    Flag::maybe(b'd', "numeric-suffixes"),
    Flag::new(b'e', "elide-empty-files"),
    Flag::with(FILTER, "filter"),
    Flag::maybe(b'x', "hex-suffixes"),
    Flag::with(b'l', "lines"),
    Flag::with(b'n', "number"),
    Flag::with(b't', "separator"),
    Flag::new(b'u', "unbuffered"),
    Flag::new(VERBOSE, "verbose"),
];

/// The next name of a piece.
struct Names {
    prefix: Vec<u8>,
    letters: &'static [u8],
    length: usize,
    grows: bool,
    suffix: Vec<u8>,
    next: usize,
}

impl Names {
    fn name(&mut self) -> Option<Vec<u8>> {
        let base = self.letters.len();
        let mut length = self.length;
        let mut number = self.next;
        // Names that could be longer begin with the last letter once the others are used up.
        let mut first = Vec::new();
        if self.grows {
            let mut room = base.checked_pow(u32::try_from(length).ok()?)? / base * (base - 1);
            while number >= room {
                number -= room;
                first.extend(self.letters.last());
                length += 1;
                room = room.checked_mul(base)?;
            }
        }
        let mut name = Vec::new();
        for _ in 0..length {
            name.extend(self.letters.get(number % base));
            number /= base;
        }
        if number > 0 {
            return None;
        }
        self.next += 1;
        name.reverse();
        Some([&self.prefix[..], &first, &name, &self.suffix].concat())
    }
}

pub(super) async fn split(p: &mut Proc) -> u32 {
    let mut more: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, arg) in p.args.iter_mut().enumerate().skip(1).take_while(|(_, arg)| *arg != b"--") {
        let rest =
            arg.strip_prefix(b"-").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        if let Some(rest) = rest {
            *arg = [b"-l", rest].concat();
        } else if (arg.starts_with(b"-d") || arg.starts_with(b"-x")) && arg.len() > 2 {
            // A letter takes no value here, but its long form does.
            let letter = arg.remove(1);
            let rest = arg.split_off(1);
            more.push((index, [b"-", rest.as_slice()].concat()));
            arg.push(letter);
        }
    }
    for (index, arg) in more.into_iter().rev() {
        p.args.insert(index + 1, arg);
    }
    let given = match options(p, SPLIT, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if let Some(extra) = given.rest.get(2) {
        let quoted = quote(p, extra);
        say(p, [b"extra operand ", &quoted[..]].concat());
        p.try_help();
        return 1;
    }
    let number =
        |letter: u8| given.value(letter).map(|text| (size(text).filter(|n| *n > 0), text.to_vec()));
    for (letter, what) in [(b'l', "lines"), (b'b', "bytes"), (b'C', "bytes"), (b'n', "chunks")] {
        if let Some((None, text)) = number(letter)
            && !(letter == b'n' && text.contains(&b'/'))
        {
            let quoted = quote(p, &text);
            let zero = size(&text) == Some(0);
            let why: &[u8] = if zero { b": Numerical result out of range" } else { b"" };
            say(p, [b"invalid number of ", what.as_bytes(), b": ", &quoted, why].concat());
            return 1;
        }
    }
    let path = given.rest.first().cloned().unwrap_or_else(|| b"-".to_vec());
    let text = match p.content(&path).await {
        Ok(text) => text,
        Err(Fault::IsFolder) => {
            p.complain(&quotef(&path), Fault::IsFolder.text());
            return 1;
        }
        Err(why) => {
            p.complain(
                &[b"cannot open ", &quoteaf(&path)[..], b" for reading"].concat(),
                why.text(),
            );
            return 1;
        }
    };
    let length = given.value(b'a').and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let mut names = Names {
        prefix: given.rest.get(1).cloned().unwrap_or_else(|| b"x".to_vec()),
        letters: match (given.has(b'd'), given.has(b'x')) {
            (true, _) => b"0123456789",
            (false, true) => b"0123456789abcdef",
            (false, false) => b"abcdefghijklmnopqrstuvwxyz",
        },
        length: length.filter(|length| (1..=64).contains(length)).unwrap_or(2),
        grows: length.is_none(),
        suffix: given.value(SUFFIX).unwrap_or_default().to_vec(),
        next: given
            .value(b'd')
            .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
            .unwrap_or(0),
    };
    p.tick(text.len()).await;
    for (from, to) in cuts(&given, &text) {
        if names.next >= PIECES {
            break;
        }
        let Some(name) = names.name() else {
            say(p, "output file suffixes exhausted");
            return 1;
        };
        if given.has(VERBOSE) {
            p.line([b"creating file ", &quoteaf(&name)[..]].concat());
        }
        if let Err(why) = super::write_file(p, &name, text.get(from..to).unwrap_or_default()).await
        {
            p.complain(&quotef(&name), why.text());
            return 1;
        }
    }
    0
}

/// Where the pieces are.
fn cuts(given: &Options, text: &[u8]) -> Vec<(usize, usize)> {
    let number =
        |letter: u8| given.value(letter).and_then(size).and_then(|n| usize::try_from(n).ok());
    let end = match given.value(b't') {
        Some(b"\\0") => 0,
        Some(text) => text.first().copied().unwrap_or(b'\n'),
        None => b'\n',
    };
    let mut all = Vec::new();
    let mut at = 0;
    if let Some(bytes) = number(b'b') {
        while at < text.len() && all.len() < PIECES {
            let to = at.saturating_add(bytes).min(text.len());
            all.push((at, to));
            at = to;
        }
        return all;
    }
    if let Some(most) = number(b'C') {
        while at < text.len() && all.len() < PIECES {
            let whole = at.saturating_add(most).min(text.len());
            let piece = text.get(at..whole).unwrap_or_default();
            let line = piece.iter().rposition(|&b| b == end).map(|last| at + last + 1);
            let to = if whole == text.len() { whole } else { line.unwrap_or(whole) };
            all.push((at, to));
            at = to;
        }
        return all;
    }
    if let Some(words) = given.value(b'n') {
        let mut parts = words.split(|&b| b == b'/');
        let lines = words.starts_with(b"l/");
        let count = parts.next_back().and_then(size).and_then(|n| usize::try_from(n).ok());
        let count = count.unwrap_or(1).clamp(1, PIECES);
        let share = text.len() / count;
        for index in 0..count {
            let mut to = if index + 1 == count { text.len() } else { (index + 1) * share };
            if lines && index + 1 < count {
                let from = to.max(at).saturating_sub(1);
                let rest = text.get(from..).unwrap_or_default();
                to = rest.iter().position(|&b| b == end).map_or(text.len(), |last| from + last + 1);
                to = to.max(at);
            }
            all.push((at, to));
            at = to;
        }
        return all;
    }
    let lines = number(b'l').unwrap_or(1_000);
    let mut count = 0;
    for (index, _) in text.iter().enumerate().filter(|(_, b)| **b == end) {
        count += 1;
        if count == lines && all.len() < PIECES {
            all.push((at, index + 1));
            (at, count) = (index + 1, 0);
        }
    }
    if at < text.len() {
        all.push((at, text.len()));
    }
    all
}

const MATCHED: u8 = 3;

const CSPLIT: &[Flag] = &[
    Flag::with(b'b', "suffix-format"),
    Flag::with(b'f', "prefix"),
    Flag::new(b'k', "keep-files"),
    Flag::new(MATCHED, "suppress-matched"),
    Flag::with(b'n', "digits"),
    Flag::new(b's', "quiet"),
    Flag::new(b's', "silent"),
    Flag::new(b'z', "elide-empty-files"),
];

struct Pieces {
    prefix: Vec<u8>,
    format: Option<Vec<u8>>,
    digits: usize,
    made: Vec<Vec<u8>>,
    next: usize,
    quiet: bool,
    elide: bool,
}

impl Pieces {
    async fn write(&mut self, p: &mut Proc, lines: &[&[u8]]) -> Result<(), Fault> {
        let text = lines.concat();
        if text.is_empty() && self.elide || self.made.len() >= PIECES {
            return Ok(());
        }
        let number = match &self.format {
            Some(format) => {
                let args = [self.next.to_string().into_bytes()];
                crate::text_format::format(format, &args).0
            }
            None => {
                let digits = self.digits;
                format!("{:0digits$}", self.next).into_bytes()
            }
        };
        let name = [self.prefix.as_slice(), &number].concat();
        super::write_file(p, &name, &text).await?;
        self.made.push(name);
        self.next += 1;
        if !self.quiet {
            p.line(text.len().to_string());
        }
        Ok(())
    }
}

pub(super) async fn csplit(p: &mut Proc) -> u32 {
    let given = match options(p, CSPLIT, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.len() < 2 {
        match given.rest.first() {
            None => say(p, "missing operand"),
            Some(only) => {
                let quoted = quote(p, only);
                say(p, [b"missing operand after ", &quoted[..]].concat());
            }
        }
        p.try_help();
        return 1;
    }
    let path = given.rest.first().cloned().unwrap_or_default();
    let patterns = given.rest.get(1..).unwrap_or_default().to_vec();
    for pattern in &patterns {
        let known = pattern.first().is_some_and(|b| b.is_ascii_digit() || b"/%{".contains(b));
        if !known {
            let quoted = quote(p, pattern);
            say(p, [&quoted[..], b": invalid pattern"].concat());
            return 1;
        }
    }
    let text = match p.content(&path).await {
        Ok(text) => text,
        Err(why) => {
            p.complain(
                &[b"cannot open ", &quoteaf(&path)[..], b" for reading"].concat(),
                why.text(),
            );
            return 1;
        }
    };
    if super::too_many_lines(p, &text, b'\n') {
        return 1;
    }
    let lines: Vec<&[u8]> = text.split_inclusive(|&b| b == b'\n').collect();
    let mut pieces = Pieces {
        prefix: given.value(b'f').unwrap_or(b"xx").to_vec(),
        format: given.value(b'b').map(<[u8]>::to_vec),
        digits: given
            .value(b'n')
            .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
            .unwrap_or(2)
            .min(32),
        made: Vec::new(),
        next: 0,
        quiet: given.has(b's'),
        elide: given.has(b'z'),
    };
    let mut at = 0;
    let mut wrong = None;
    let mut index = 0;
    while let Some(pattern) = patterns.get(index) {
        index += 1;
        let repeat = match patterns.get(index).and_then(|next| next.strip_prefix(b"{")) {
            Some(count) => {
                index += 1;
                match count.strip_suffix(b"}") {
                    Some(b"*") => None,
                    Some(digits) => std::str::from_utf8(digits).ok().and_then(|t| t.parse().ok()),
                    None => Some(0),
                }
            }
            None => Some(0_usize),
        };
        for round in 0..=repeat.unwrap_or(PIECES) {
            p.tick(lines.len() * 20).await;
            match step(p, pattern, &lines, (at, round), &mut pieces).await {
                Ok(next) => at = next,
                // `{*}` ends where nothing is left.
                Err(_) if repeat.is_none() => break,
                Err(what) => {
                    wrong = Some((pattern.clone(), what));
                    break;
                }
            }
        }
        if wrong.is_some() {
            break;
        }
    }
    if let Some((pattern, what)) = wrong {
        let quoted = quote(p, &pattern);
        say(p, [&quoted[..], b": ", what.as_bytes()].concat());
        let _ = pieces.write(p, lines.get(at..).unwrap_or_default()).await;
        if !given.has(b'k') {
            for name in &pieces.made {
                let _ = p.fs(|process| process.unlink(name));
            }
        }
        return 1;
    }
    match pieces.write(p, lines.get(at..).unwrap_or_default()).await {
        Ok(()) => 0,
        Err(why) => {
            p.complain(&path, why.text());
            1
        }
    }
}

/// One pattern once: where the next piece begins.
async fn step(
    p: &mut Proc,
    pattern: &[u8],
    lines: &[&[u8]],
    (at, round): (usize, usize),
    pieces: &mut Pieces,
) -> Result<usize, &'static str> {
    let first = pattern.first().copied().unwrap_or(0);
    if first.is_ascii_digit() {
        let number = std::str::from_utf8(pattern).ok().and_then(|text| text.parse::<usize>().ok());
        let number = number.ok_or("invalid pattern")?.saturating_mul(round + 1);
        if number == 0 || number - 1 > lines.len() || number - 1 < at {
            return Err("line number out of range");
        }
        let piece = lines.get(at..number - 1).unwrap_or_default();
        pieces.write(p, piece).await.map_err(Fault::text)?;
        return Ok(number - 1);
    }
    let end = pattern.iter().rposition(|&b| b == first).filter(|end| *end > 0);
    let end = end.ok_or("closing delimiter missing")?;
    let regex = Regex::basic(pattern.get(1..end).unwrap_or_default(), Case::Exact);
    let regex = regex.map_err(|_| "invalid regular expression")?;
    let offset = std::str::from_utf8(pattern.get(end + 1..).unwrap_or_default()).unwrap_or("");
    let offset: i64 = offset.trim_start_matches('+').parse().unwrap_or(0);
    // A line that was found once is not found again.
    let from = at + usize::from(at > 0 || round > 0);
    let found = (from..lines.len())
        .find(|&line| lines.get(line).is_some_and(|line| regex.is_match(bare(line, b'\n'))));
    let found = found.ok_or("match not found")?;
    let target = i64::try_from(found).unwrap_or(0) + offset;
    let target = usize::try_from(target).ok().filter(|&to| to >= at && to <= lines.len());
    let target = target.ok_or("line number out of range")?;
    if first == b'/' {
        let piece = lines.get(at..target).unwrap_or_default();
        pieces.write(p, piece).await.map_err(Fault::text)?;
    }
    Ok(target)
}

const SOURCE: u8 = 3;

const SHUF: &[Flag] = &[
    Flag::new(b'e', "echo"),
    Flag::with(b'i', "input-range"),
    Flag::with(b'n', "head-count"),
    Flag::with(b'o', "output"),
    Flag::new(b'r', "repeat"),
    Flag::with(SOURCE, "random-source"),
    Flag::new(b'z', "zero-terminated"),
];

pub(super) async fn shuf(p: &mut Proc) -> u32 {
    let given = match options(p, SHUF, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.has(b'e') && given.has(b'i') {
        say(p, "cannot combine -e and -i options");
        p.try_help();
        return 1;
    }
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let mut most = usize::MAX;
    if let Some(text) = given.value(b'n') {
        let digits = text.iter().all(u8::is_ascii_digit) && !text.is_empty();
        if !digits {
            let quoted = quote(p, text);
            say(p, [b"invalid line count: ", &quoted[..]].concat());
            return 1;
        }
        most = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(most);
    }
    let allowed = if given.has(b'e') { usize::MAX } else { usize::from(!given.has(b'i')) };
    if let Some(extra) = given.rest.get(allowed) {
        let quoted = quote(p, extra);
        say(p, [b"extra operand ", &quoted[..]].concat());
        p.try_help();
        return 1;
    }
    let seed = p.world.with(|world| world.machine.ids[0]) ^ p.now().0.unsigned_abs();
    let mut dice = Dice(seed ^ u64::from(p.pid));
    let lines: Vec<Vec<u8>> = if let Some(range) = given.value(b'i') {
        let ends: Vec<Option<u64>> = range
            .splitn(2, |&b| b == b'-')
            .map(|text| std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()))
            .collect();
        let [Some(from), Some(to)] = ends.as_slice() else { return bad_range(p, range) };
        if from > to {
            return bad_range(p, range);
        }
        return numbers(p, (*from, *to), most, &mut dice, (given.has(b'r'), end)).await;
    } else if given.has(b'e') {
        given.rest.clone()
    } else {
        let path = given.rest.first().cloned().unwrap_or_else(|| b"-".to_vec());
        match p.content(&path).await {
            Ok(text) => {
                if super::too_many_lines(p, &text, end) {
                    return 1;
                }
                let text = text.strip_suffix(&[end]).unwrap_or(&text);
                if text.is_empty() {
                    Vec::new()
                } else {
                    text.split(|&b| b == end).map(<[u8]>::to_vec).collect()
                }
            }
            Err(Fault::IsFolder) => {
                p.complain(b"read error", Fault::IsFolder.text());
                return 1;
            }
            Err(why) => {
                p.complain(&quotef(&path), why.text());
                return 1;
            }
        }
    };
    let fd = match given.value(b'o') {
        None => 1,
        Some(path) => match create(p, path, Writing::New) {
            Ok(fd) => fd,
            Err(why) => {
                p.complain(&quotef(path), why.text());
                return 1;
            }
        },
    };
    let mut left = lines;
    let mut shown = 0;
    while shown < most && !left.is_empty() {
        let pick = usize::try_from(dice.roll() % left.len() as u64).unwrap_or(0);
        let line = if given.has(b'r') {
            left.get(pick).cloned().unwrap_or_default()
        } else {
            left.swap_remove(pick)
        };
        p.put(fd, &line);
        p.put(fd, &[end]);
        p.flush_some().await;
        p.tick(8).await;
        shown += 1;
    }
    p.flush().await;
    0
}

fn bad_range(p: &mut Proc, range: &[u8]) -> u32 {
    let quoted = quote(p, range);
    say(p, [b"invalid input range: ", &quoted[..]].concat());
    1
}

/// Numbers of a range, of which not all need be made.
async fn numbers(
    p: &mut Proc,
    (from, to): (u64, u64),
    most: usize,
    dice: &mut Dice,
    (repeat, end): (bool, u8),
) -> u32 {
    let count = (to - from).saturating_add(1);
    let mut moved: std::collections::BTreeMap<u64, u64> = std::collections::BTreeMap::new();
    let mut shown = 0_u64;
    let most = most as u64;
    while shown < most && (repeat || shown < count) {
        let value = if repeat {
            dice.roll() % count
        } else {
            // As if the list were there, and the picked one were changed with the next.
            let pick = shown + dice.roll() % (count - shown);
            let value = moved.get(&pick).copied().unwrap_or(pick);
            let next = moved.remove(&shown).unwrap_or(shown);
            if pick != shown && moved.len() < 1 << 18 {
                moved.insert(pick, next);
            }
            value
        };
        p.print([(from + value).to_string().as_bytes(), &[end]].concat());
        p.flush_some().await;
        p.tick(8).await;
        shown += 1;
    }
    0
}

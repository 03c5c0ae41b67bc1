//! `ln`, `link`, `unlink`, `touch`, `truncate`, `sync`, `fallocate`, `chroot`.
//!
//! **Invariant:** what is there is only replaced where that was asked for.

use super::{always, before_colon, join, last_part, options, quote, when, with_unit};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, FOLDER, Opening, Stat, Times};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("ln", |p| Box::pin(ln(p)), 72_824, super::BUILT),
    Program::new("link", |p| Box::pin(link(p)), 39_760, super::BUILT),
    Program::new("unlink", |p| Box::pin(unlink(p)), 39_760, super::BUILT),
    Program::new("touch", |p| Box::pin(touch(p)), 109_616, super::BUILT),
    Program::new("truncate", |p| Box::pin(truncate(p)), 43_920, super::BUILT),
    Program::new("fallocate", |p| Box::pin(fallocate(p)), 35_136, 1_732_219_314),
    Program::system("chroot", |p| Box::pin(chroot(p)), 48_112, super::BUILT),
    Program::new("sync", |p| Box::pin(sync(p)), 39_824, super::BUILT),
];

const LN: &[Flag] = &[
    Flag::new(b'b', ""),
    Flag::maybe(128, "backup"),
    Flag::new(b'd', "directory"),
    Flag::new(b'F', ""),
    Flag::new(b'f', "force"),
    Flag::new(b'i', "interactive"),
    Flag::new(b'L', "logical"),
    Flag::new(b'n', "no-dereference"),
    Flag::new(b'P', "physical"),
    Flag::new(b'r', "relative"),
    Flag::new(b's', "symbolic"),
    Flag::with(b'S', "suffix"),
    Flag::with(b't', "target-directory"),
    Flag::new(b'T', "no-target-directory"),
    Flag::new(b'v', "verbose"),
];

async fn ln(p: &mut Proc) -> u32 {
    let given = match options(p, LN, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut names = given.rest.clone();
    if names.is_empty() {
        p.misused(&[b"missing file operand"]);
        return 1;
    }
    let is_folder = |p: &Proc, name: &[u8]| {
        let last = if given.has(b'n') { Last::Keep } else { Last::Follow };
        p.stat(name, last).is_ok_and(|stat| stat.is(FOLDER))
    };
    let mut folder = given.value(b't').map(<[u8]>::to_vec);
    if given.has(b'T') {
        if let [only] = names.as_slice() {
            let only = always(p, only);
            p.misused(&[b"missing destination file operand after ", &only]);
            return 1;
        }
        if let Some(extra) = names.get(2) {
            let extra = always(p, extra);
            p.misused(&[b"extra operand ", &extra]);
            return 1;
        }
    } else if folder.is_none() {
        if names.len() == 1 {
            folder = Some(b".".to_vec());
        } else if let Some(target) = names.last().cloned() {
            if is_folder(p, &target) {
                folder = names.pop();
            } else if names.len() > 2 {
                let fault = match p.stat(&target, Last::Follow) {
                    Ok(_) => Fault::NotFolder,
                    Err(fault) => fault,
                };
                p.cannot("target", &target, fault);
                return 1;
            }
        }
    }
    let mut status = 0;
    match folder {
        Some(folder) => {
            for name in &names {
                let target = join(&folder, last_part(name));
                status |= u32::from(!link_one(p, name, &target, &given).await);
            }
        }
        None => {
            if let [name, target] = names.as_slice() {
                status |= u32::from(!link_one(p, name, target, &given).await);
            }
        }
    }
    status
}

async fn link_one(p: &mut Proc, name: &[u8], target: &[u8], given: &Options) -> bool {
    let symbolic = given.has(b's');
    let mut to = name.to_vec();
    if !symbolic {
        let last = if given.has(b'L') { Last::Follow } else { Last::Keep };
        match p.stat(name, last) {
            Ok(stat) if stat.is(FOLDER) => {
                let shown = before_colon(p, name);
                p.say(&[&shown, b": hard link not allowed for directory"]);
                return false;
            }
            Ok(_) => {}
            Err(fault) => {
                p.cannot("failed to access", name, fault);
                return false;
            }
        }
    } else if given.has(b'r') {
        to = super::path::relative(p, name, super::folder_of(target));
    }
    let old = p.stat(target, Last::Keep).ok();
    if let Some(old) = old {
        if !old.is(FOLDER)
            && (given.has(b'f') || given.has(b'i'))
            && same(p, name, target, symbolic)
        {
            let (name, target) = (always(p, name), always(p, target));
            p.say(&[&name, b" and ", &target, b" are the same file"]);
            return false;
        }
        if given.has(b'i') && !given.has(b'f') {
            let shown = always(p, target);
            if !p.asks(&[b"replace ", shown.as_slice(), b"? "].concat()).await {
                return true;
            }
        }
        if given.has(b'f') || given.has(b'i') {
            if old.is(FOLDER) {
                let shown = always(p, target);
                p.say(&[&shown, b": cannot overwrite directory"]);
                return false;
            }
            if let Err(fault) = p.fs(|process| process.unlink(target)) {
                p.cannot("cannot remove", target, fault);
                return false;
            }
        } else if given.has(b'b') || given.has(128) {
            let backup = [target, b"~"].concat();
            let _ = p.fs(|process| process.rename(target, &backup));
        }
    }
    let made = p.fs(|process| {
        if symbolic {
            return process.symlink(&to, target);
        }
        if given.has(b'L') {
            let real = process.find(name, Last::Follow)?;
            return process.link(&real, target);
        }
        process.link(name, target)
    });
    match made {
        Ok(()) => {
            if given.has(b'v') {
                let arrow: &[u8] = if symbolic { b" -> " } else { b" => " };
                let (target, to) = (always(p, target), always(p, &to));
                p.line([&target, arrow, &to].concat());
            }
            true
        }
        Err(fault) if symbolic => {
            p.cannot("failed to create symbolic link", target, fault);
            false
        }
        Err(fault @ (Fault::Exists | Fault::NoSpace | Fault::ReadOnly | Fault::Missing)) => {
            p.cannot("failed to create hard link", target, fault);
            false
        }
        Err(fault) => {
            let (target, name) = (always(p, target), always(p, name));
            let what = [&target, &b" => "[..], &name].concat();
            p.cannot_raw("failed to create hard link", &what, fault);
            false
        }
    }
}

/// Whether two names are one file: for a link, whether they are one name.
fn same(p: &Proc, name: &[u8], target: &[u8], symbolic: bool) -> bool {
    p.fs(|process| {
        let last = if symbolic { Last::Keep } else { Last::Follow };
        let (Ok(a), Ok(b)) = (process.find(name, last), process.find(target, Last::Keep)) else {
            return false;
        };
        a == b
    })
}

async fn link(p: &mut Proc) -> u32 {
    let given = match options(p, &[], 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    match given.rest.as_slice() {
        [] => p.misused(&[b"missing operand"]),
        [only] => {
            let only = quote(p, only);
            p.misused(&[b"missing operand after ", &only]);
        }
        [from, to] => match p.fs(|process| process.link(from, to)) {
            Ok(()) => return 0,
            Err(fault) => {
                let (from, to) = (always(p, from), always(p, to));
                let what = [&to, &b" to "[..], &from].concat();
                p.cannot_raw("cannot create link", &what, fault);
            }
        },
        [_, _, extra, ..] => {
            let extra = quote(p, extra);
            p.misused(&[b"extra operand ", &extra]);
        }
    }
    1
}

async fn unlink(p: &mut Proc) -> u32 {
    let given = match options(p, &[], 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    match given.rest.as_slice() {
        [] => p.misused(&[b"missing operand"]),
        [only] => match p.fs(|process| process.unlink(only)) {
            Ok(_) => return 0,
            Err(fault) => p.cannot("cannot unlink", only, fault),
        },
        [_, extra, ..] => {
            let extra = quote(p, extra);
            p.misused(&[b"extra operand ", &extra]);
        }
    }
    1
}

const TIME: u8 = 129;

const TOUCH: &[Flag] = &[
    Flag::new(b'a', ""),
    Flag::new(b'c', "no-create"),
    Flag::with(b'd', "date"),
    Flag::new(b'f', ""),
    Flag::new(b'h', "no-dereference"),
    Flag::new(b'm', ""),
    Flag::with(b'r', "reference"),
    Flag::with(b't', ""),
    Flag::with(TIME, "time"),
];

async fn touch(p: &mut Proc) -> u32 {
    let given = match options(p, TOUCH, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let now = p.now().0;
    let word = given.value(TIME).unwrap_or_default();
    let access = given.has(b'a') || matches!(word, b"access" | b"atime" | b"use");
    let change = given.has(b'm') || matches!(word, b"modify" | b"mtime");
    let (access, change) = if access || change { (access, change) } else { (true, true) };
    let mut base = None;
    if let Some(name) = given.value(b'r') {
        let last = if given.has(b'h') { Last::Keep } else { Last::Follow };
        match p.stat(name, last) {
            Ok(stat) => base = Some(times_of(&stat)),
            Err(fault) => {
                p.cannot("failed to get attributes of", name, fault);
                return 1;
            }
        }
    }
    if let Some((text, stamp)) = given
        .value(b'd')
        .map(|text| (text, when::read(text, base.map_or(now, |(_, changed)| changed))))
        .or_else(|| given.value(b't').map(|text| (text, stamp(text, now))))
    {
        let Some(at) = stamp else {
            let text = quote(p, text);
            p.say(&[b"invalid date format ", &text]);
            return 1;
        };
        base = Some((at, at));
    }
    if given.rest.is_empty() {
        p.misused(&[b"missing file operand"]);
        return 1;
    }
    let mut status = 0;
    for name in &given.rest {
        p.tick(50).await;
        let (a, m) = base.unwrap_or((now, now));
        let times = match base {
            None if access && change => Times::Now,
            _ => Times::To { accessed: access.then_some(a), changed: change.then_some(m) },
        };
        let last = if given.has(b'h') { Last::Keep } else { Last::Follow };
        status |= u32::from(!touch_one(p, name, times, last, given.has(b'c')));
    }
    status
}

fn touch_one(p: &mut Proc, name: &[u8], times: Times, last: Last, no_create: bool) -> bool {
    if name == b"-" {
        return true;
    }
    let opening = Opening { create: Some(0o666), ..Opening::default() };
    let opened = if no_create || last == Last::Keep {
        Ok(())
    } else {
        p.fs(|process| process.open(name, Direction::Write, opening).map(drop))
    };
    let set = p.fs(|process| {
        let found = process.find(name, last)?;
        process.node(&found)?;
        process.set_times(name, times, last)
    });
    match (opened, set) {
        (_, Ok(())) => true,
        (_, Err(Fault::Missing)) if no_create => true,
        (Err(Fault::IsFolder), Err(fault)) => {
            p.cannot("setting times of", name, fault);
            false
        }
        (Err(fault), Err(_)) => {
            p.cannot("cannot touch", name, fault);
            false
        }
        (Ok(()), Err(fault)) => {
            p.cannot("setting times of", name, fault);
            false
        }
    }
}

fn times_of(stat: &Stat) -> (i64, i64) {
    let whole = |seconds: i64, ns: u32| seconds.saturating_mul(1_000_000_000) + i64::from(ns);
    (whole(stat.accessed, stat.accessed_ns), whole(stat.changed, stat.changed_ns))
}

/// `[[CC]YY]MMDDhhmm[.ss]`
fn stamp(text: &[u8], now: i64) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "0"));
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let start = digits.len().checked_sub(8)?;
    let (year, rest) = digits.split_at_checked(start)?;
    let this = crate::calendar::Date::new(now.div_euclid(1_000_000_000)).year;
    let year = match year.len() {
        0 => this,
        2 => {
            let year: i64 = year.parse().ok()?;
            if year < 69 { 2_000 + year } else { 1_900 + year }
        }
        4 => year.parse().ok()?,
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2).and_then(|text| text.parse::<i64>().ok());
    let (month, day, hour, minute) = (part(0)?, part(2)?, part(4)?, part(6)?);
    let seconds: i64 = seconds.parse().ok()?;
    let right = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !right || hour > 23 || minute > 59 || seconds > 60 {
        return None;
    }
    let of_day = hour * 3_600 + minute * 60 + seconds;
    (when::days(year, month, day) * 86_400 + of_day).checked_mul(1_000_000_000)
}

const TRUNCATE: &[Flag] = &[
    Flag::new(b'c', "no-create"),
    Flag::new(b'o', "io-blocks"),
    Flag::with(b'r', "reference"),
    Flag::with(b's', "size"),
];

async fn truncate(p: &mut Proc) -> u32 {
    let given = match options(p, TRUNCATE, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let (operator, mut size) = match given.value(b's') {
        Some(text) => {
            let (operator, rest) = match text.split_first() {
                Some((sign @ (b'+' | b'-' | b'<' | b'>' | b'/' | b'%'), rest)) => (*sign, rest),
                Some(_) | None => (b'=', text),
            };
            match with_unit(rest, false) {
                Some(size) => (operator, size),
                None => {
                    let text = quote(p, rest);
                    p.say(&[b"Invalid number: ", &text]);
                    return 1;
                }
            }
        }
        None => (b'=', 0),
    };
    if let Some(name) = given.value(b'r') {
        match p.stat(name, Last::Follow) {
            Ok(stat) => size = stat.size,
            Err(fault) => {
                p.cannot("cannot stat", name, fault);
                return 1;
            }
        }
    } else if !given.has(b's') {
        let (size, reference) = (quote(p, b"--size"), quote(p, b"--reference"));
        p.misused(&[b"you must specify either ", &size, b" or ", &reference]);
        return 1;
    }
    if given.rest.is_empty() {
        p.misused(&[b"missing file operand"]);
        return 1;
    }
    let mut status = 0;
    for name in &given.rest {
        let opening = Opening { create: (!given.has(b'c')).then_some(0o666), ..Opening::default() };
        let opened = p.fs(|process| process.open(name, Direction::Write, opening));
        let old = p.stat(name, Last::Follow).map_or(0, |stat| stat.size);
        let wanted = match operator {
            b'+' => old.saturating_add(size),
            b'-' => old.saturating_sub(size),
            b'<' => old.min(size),
            b'>' => old.max(size),
            b'/' => old / size.max(1) * size,
            b'%' => old.div_ceil(size.max(1)).saturating_mul(size),
            _ => size,
        };
        match opened {
            Err(Fault::Missing) if given.has(b'c') => {}
            Err(fault) => {
                let shown = always(p, name);
                let what = [&shown, &b" for writing"[..]].concat();
                p.cannot_raw("cannot open", &what, fault);
                status = 1;
            }
            Ok(_) => {
                if let Err(fault) = p.fs(|process| process.truncate(name, wanted)) {
                    let why = "failed to truncate";
                    let shown = always(p, name);
                    let what = format!(" at {wanted} bytes");
                    p.cannot_raw(why, &[&shown, what.as_bytes()].concat(), fault);
                    status = 1;
                }
            }
        }
    }
    status
}

async fn fallocate(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'c', "collapse-range"),
        Flag::new(b'd', "dig-holes"),
        Flag::new(b'i', "insert-range"),
        Flag::with(b'l', "length"),
        Flag::new(b'n', "keep-size"),
        Flag::with(b'o', "offset"),
        Flag::new(b'p', "punch-hole"),
        Flag::new(b'z', "zero-range"),
        Flag::new(b'x', "posix"),
        Flag::new(b'v', "verbose"),
        Flag::new(b'h', "help"),
        Flag::new(b'V', "version"),
    ];
    let Some(given) = Options::read(p, &flags, false) else {
        p.try_help();
        return 1;
    };
    if given.has(b'V') {
        p.line("fallocate from util-linux 2.38.1");
        return 0;
    }
    if given.has(b'h') {
        p.line("\nUsage:\n fallocate [options] <filename>\n\nPreallocate space to, or deallocate space from a file.");
        return 0;
    }
    let Some(name) = given.rest.first().cloned() else {
        p.say(&[b"no filename specified"]);
        return 1;
    };
    let hole = given.has(b'd') || given.has(b'p') || given.has(b'c') || given.has(b'n');
    let Some(text) = given.value(b'l') else {
        if given.has(b'd') {
            return 0;
        }
        p.say(&[b"no length argument specified"]);
        return 1;
    };
    let Some(length) = with_unit(text, false) else {
        p.say(&[b"failed to parse length"]);
        return 1;
    };
    if length == 0 {
        p.say(&[b"invalid length value specified"]);
        return 1;
    }
    let offset = given.value(b'o').and_then(|text| with_unit(text, false)).unwrap_or(0);
    let create = (!given.has(b'p') && !given.has(b'c')).then_some(0o666);
    let opening = Opening { create, ..Opening::default() };
    if let Err(fault) = p.fs(|process| process.open(&name, Direction::Both, opening)) {
        let what = [b"cannot open ", name.as_slice()].concat();
        p.cannot_raw("", &what, fault);
        return 1;
    }
    let old = p.stat(&name, Last::Follow).map_or(0, |stat| stat.size);
    let wanted = if hole { old } else { old.max(offset.saturating_add(length)) };
    if let Err(fault) = p.fs(|process| process.truncate(&name, wanted)) {
        p.say(&[b"fallocate failed: ", fault.text().as_bytes()]);
        return 1;
    }
    if given.has(b'v') {
        let human = super::human(length, 1_024);
        let name = String::from_utf8_lossy(&name).into_owned();
        p.line(format!("{name}: {human} ({length} bytes) allocated."));
    }
    0
}

async fn sync(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'd', "data"), Flag::new(b'f', "file-system")];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() && given.has(b'd') {
        p.say(&[b"--data needs at least one argument"]);
        return 1;
    }
    let mut status = 0;
    for name in &given.rest {
        if let Err(fault) = p.stat(name, Last::Follow) {
            p.cannot("error opening", name, fault);
            status = 1;
        }
    }
    p.sleep(4_000_000).await;
    status
}

async fn chroot(p: &mut Proc) -> u32 {
    let flags = [
        Flag::with(130, "groups"),
        Flag::with(131, "userspec"),
        Flag::new(132, "skip-chdir"),
    ];
    let given = match super::about::strict_options(p, &flags, 125) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let Some((root, command)) = given.rest.split_first() else {
        p.misused(&[b"missing operand"]);
        return 125;
    };
    let found = p.fs(|process| {
        let found = process.find(root, Last::Follow)?;
        process.entries(&found)?;
        if process.me.who.uid == 0 { Ok(found) } else { Err(Fault::NotPermitted) }
    });
    let found = match found {
        Ok(found) => found,
        Err(fault) => {
            p.cannot("cannot change root directory to", root, fault);
            return 125;
        }
    };
    let command = if command.is_empty() {
        let shell = p.var("SHELL").filter(|shell| !shell.is_empty());
        vec![shell.unwrap_or(b"/bin/sh").to_vec(), b"-i".to_vec()]
    } else {
        command.to_vec()
    };
    if found.is_empty() {
        // The root folder that it has.
        p.cwd = Vec::new();
        if let Ok(ended) = crate::commands::run(p, command.clone()).await {
            return ended.status();
        }
    }
    let name = quote(p, command.first().map_or(&b""[..], Vec::as_slice));
    p.cannot_raw("failed to run command", &name, Fault::Missing);
    127
}

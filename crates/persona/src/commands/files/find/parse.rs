//! The expression of `find`.
//!
//! **Invariant:** it is kept as a list in which every operator knows where it goes on, so that
//! nesting costs no stack when it is tested; parentheses are capped when it is read.

mod values;

use super::Follow;
use super::print::Format;
use crate::commands::files::{Names, quote};
use crate::files::Last;
use crate::kernel::Proc;
use crate::process::Stat;
use crate::regex::Regex;
use decnet_core::limits::FIND_DEPTH;
use values::signed;

/// What is to be done.
pub(super) struct Plan {
    pub(super) follow: Follow,
    pub(super) expression: Expression,
    pub(super) most: usize,
    pub(super) least: usize,
    /// `-depth`
    pub(super) inside_first: bool,
    /// `-xdev`
    pub(super) stays: bool,
    /// What is printed instead: `-version`.
    pub(super) text: Option<String>,
}

pub(super) enum Expression {
    Test(Test),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    List(Vec<Expression>),
}

/// How a number is compared: `+n`, `-n`, `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    More,
    Less,
    Equal,
}

impl Sign {
    pub(super) fn holds<T: PartialOrd + Copy>(self, value: T, than: T) -> bool {
        match self {
            Self::More => value > than,
            Self::Less => value < than,
            Self::Equal => value == than,
        }
    }
}

/// Which of a file's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Changed,
    Accessed,
    Altered,
    Born,
}

impl Time {
    /// Nanoseconds since 1970.
    pub(super) fn of(self, stat: &Stat) -> i128 {
        let whole = |seconds: i64, ns: u32| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        match self {
            Self::Changed => whole(stat.changed, stat.changed_ns),
            Self::Accessed => whole(stat.accessed, stat.accessed_ns),
            Self::Altered => stat.altered.into(),
            Self::Born => stat.born.into(),
        }
    }
}

/// A place in the command line, which tells actions apart.
pub(super) type Place = usize;

pub(super) enum Test {
    True,
    False,
    Name { pattern: Vec<u8>, any_case: bool },
    Path { pattern: Vec<u8>, any_case: bool },
    Link { pattern: Vec<u8>, any_case: bool },
    Regex(Regex),
    Kind(Vec<u32>),
    /// Of a link, of what it leads to.
    OtherKind(Vec<u32>),
    Perm { sign: u8, file: u16, folder: u16 },
    Uid(Sign, u64),
    Gid(Sign, u64),
    NoUser,
    NoGroup,
    Size { sign: Sign, count: u64, unit: u64 },
    /// Whole units of so many seconds.
    Age { time: Time, sign: Sign, count: i128, unit: i128 },
    Newer { time: Time, than: i128 },
    Used(Sign, i64),
    Empty,
    Links(Sign, u64),
    Inode(Sign, u64),
    Same { inode: u64, device: u64 },
    System(Vec<u8>),
    Readable,
    Writable,
    Executable,
    Print { file: Option<Vec<u8>>, end: u8 },
    Printf { file: Option<Vec<u8>>, format: Format },
    Ls { file: Option<Vec<u8>> },
    Delete,
    Prune,
    Quit,
    Exec { args: Vec<Vec<u8>>, many: bool, place: Place, inside: bool, asks: bool },
}

struct Reader<'a> {
    p: &'a mut Proc,
    args: Vec<Vec<u8>>,
    at: usize,
    plan: Plan,
    /// Something is done with what is found.
    acts: bool,
    depth: usize,
    prunes: bool,
    deletes: bool,
    names: Names,
    regex_type: Vec<u8>,
}

pub(super) fn read(p: &mut Proc) -> Option<(Plan, Vec<Vec<u8>>)> {
    let args = p.rest();
    let mut at = 0;
    let mut follow = Follow::Never;
    while let Some(arg) = args.get(at) {
        match arg.as_slice() {
            b"-P" => follow = Follow::Never,
            b"-H" => follow = Follow::Given,
            b"-L" => follow = Follow::Always,
            b"-D" => at += 1,
            b"--" => {
                at += 1;
                break;
            }
            level if level.starts_with(b"-O") => {}
            _ => break,
        }
        at += 1;
    }
    let mut starts = Vec::new();
    while let Some(arg) = args.get(at) {
        let expression = arg.starts_with(b"-") && arg.len() > 1
            || matches!(arg.as_slice(), b"(" | b"!");
        if expression {
            break;
        }
        starts.push(arg.clone());
        at += 1;
    }
    if starts.is_empty() {
        starts.push(b".".to_vec());
    }
    let plan = Plan {
        follow,
        expression: Expression::And(Vec::new()),
        most: usize::MAX,
        least: 0,
        inside_first: false,
        stays: false,
        text: None,
    };
    let names = Names::read(p);
    let mut reader = Reader {
        p,
        args,
        at,
        plan,
        acts: false,
        depth: 0,
        prunes: false,
        deletes: false,
        names,
        regex_type: Vec::new(),
    };
    let expression = match reader.peek() {
        None => Expression::And(Vec::new()),
        Some(_) => reader.list()?,
    };
    if reader.plan.text.is_some() {
        return Some((reader.plan, starts));
    }
    if let Some(extra) = reader.peek().map(<[u8]>::to_vec) {
        match extra.as_slice() {
            b")" => {
                reader.say(&[b"invalid expression; you have too many ')'"]);
            }
            _ => {
                let shown = old_quote(&extra);
                reader.say(&[b"paths must precede expression: ", &shown]);
                if !extra.starts_with(b"-") && reader.p.stat(&extra, Last::Keep).is_ok() {
                    reader.say(&[b"possible unquoted pattern after predicate `-name'?"]);
                }
            }
        }
        return None;
    }
    if reader.deletes && reader.prunes && !reader.plan.inside_first {
        reader.say(&[b"The -delete action automatically turns on -depth, but -prune does nothing when -depth is in effect.  If you want to carry on anyway, just explicitly use the -depth option."]);
        return None;
    }
    if reader.deletes {
        reader.plan.inside_first = true;
    }
    let acts = reader.acts;
    let mut plan = reader.plan;
    plan.expression = if acts {
        expression
    } else {
        let print = Expression::Test(Test::Print { file: None, end: b'\n' });
        Expression::And(vec![expression, print])
    };
    Some((plan, starts))
}

/// `` `name' ``, as old messages quote.
fn old_quote(name: &[u8]) -> Vec<u8> {
    [b"`", name, b"'"].concat()
}

impl Reader<'_> {
    fn say(&mut self, parts: &[&[u8]]) {
        self.p.say(parts);
    }

    fn peek(&self) -> Option<&[u8]> {
        self.args.get(self.at).map(Vec::as_slice)
    }

    /// `a , b`
    fn list(&mut self) -> Option<Expression> {
        let mut all = vec![self.or()?];
        while self.peek() == Some(b",") {
            self.at += 1;
            all.push(self.or()?);
        }
        Some(if all.len() == 1 { all.pop()? } else { Expression::List(all) })
    }

    fn or(&mut self) -> Option<Expression> {
        let mut all = vec![self.and()?];
        while matches!(self.peek(), Some(b"-o" | b"-or")) {
            let word = self.peek().unwrap_or_default().to_vec();
            self.at += 1;
            if self.ends() {
                self.say(&[b"expected an expression after '", &word, b"'"]);
                return None;
            }
            all.push(self.and()?);
        }
        Some(if all.len() == 1 { all.pop()? } else { Expression::Or(all) })
    }

    fn ends(&self) -> bool {
        matches!(self.peek(), None | Some(b")" | b","))
    }

    fn and(&mut self) -> Option<Expression> {
        if matches!(self.peek(), Some(b"-o" | b"-or" | b"-a" | b"-and" | b",")) {
            let word = self.peek().unwrap_or_default().to_vec();
            let lead = b"invalid expression; you have used a binary operator '";
            self.say(&[lead, &word, b"' with nothing before it."]);
            return None;
        }
        let mut all = vec![self.not()?];
        loop {
            match self.peek() {
                None | Some(b")" | b"," | b"-o" | b"-or") => break,
                Some(b"-a" | b"-and") => {
                    let word = self.peek().unwrap_or_default().to_vec();
                    self.at += 1;
                    if self.ends() {
                        self.say(&[b"expected an expression after '", &word, b"'"]);
                        return None;
                    }
                }
                Some(word) if !word.starts_with(b"-") && word != b"(" && word != b"!" => break,
                Some(_) => {}
            }
            all.push(self.not()?);
            if self.plan.text.is_some() {
                break;
            }
        }
        Some(if all.len() == 1 { all.pop()? } else { Expression::And(all) })
    }

    fn not(&mut self) -> Option<Expression> {
        let mut negated = false;
        let mut word = Vec::new();
        while matches!(self.peek(), Some(b"!" | b"-not")) {
            word = self.peek().unwrap_or_default().to_vec();
            negated = !negated;
            self.at += 1;
        }
        if !word.is_empty() && self.ends() {
            self.say(&[b"expected an expression after '", &word, b"'"]);
            return None;
        }
        let inner = self.primary()?;
        Some(if negated { Expression::Not(Box::new(inner)) } else { inner })
    }

    fn primary(&mut self) -> Option<Expression> {
        let word = self.peek()?.to_vec();
        if word == b"(" {
            self.at += 1;
            self.depth += 1;
            if self.depth > FIND_DEPTH {
                self.say(&[b"expression is nested too deeply"]);
                return None;
            }
            match self.peek() {
                None => {
                    self.say(&[b"invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('"]);
                    return None;
                }
                Some(b")") => {
                    self.say(&[b"invalid expression; empty parentheses are not allowed."]);
                    return None;
                }
                Some(_) => {}
            }
            let inner = self.list()?;
            self.depth -= 1;
            if self.peek() != Some(b")") {
                self.say(&[b"invalid expression; I was expecting to find a ')' somewhere but did not see one."]);
                return None;
            }
            self.at += 1;
            return Some(inner);
        }
        if word == b")" {
            self.say(&[b"invalid expression; you have too many ')'"]);
            return None;
        }
        let place = self.at;
        self.at += 1;
        self.test(&word, place).map(Expression::Test)
    }

    fn value(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        match self.args.get(self.at).cloned() {
            Some(value) => {
                self.at += 1;
                Some(value)
            }
            None => {
                let shown = old_quote(name);
                self.say(&[b"missing argument to ", &shown]);
                None
            }
        }
    }

    fn bad(&mut self, name: &[u8], value: &[u8]) {
        let (name, value) = (old_quote(name), old_quote(value));
        self.say(&[b"invalid argument ", &value, b" to ", &name]);
    }

    /// `+5`, `-5`, `5`
    fn signed(&mut self, name: &[u8]) -> Option<(Sign, u64)> {
        let value = self.value(name)?;
        match signed(&value) {
            Some(found) => Some(found),
            None => {
                self.bad(name, &value);
                None
            }
        }
    }

    fn test(&mut self, word: &[u8], place: Place) -> Option<Test> {
        let name = word.get(1..).unwrap_or_default();
        let any_case = name.starts_with(b"i");
        Some(match name {
            b"name" | b"iname" => {
                let pattern = self.value(word)?;
                if pattern.contains(&b'/') && pattern.len() > 1 && self.p.is_terminal(0) {
                    let test = String::from_utf8_lossy(word).into_owned();
                    let path = if any_case { "-iwholename" } else { "-wholename" };
                    let text = format!(
                        "find: warning: {test} matches against basenames only, but the given pattern contains a directory separator ({}), thus the expression will evaluate to false all the time.  Did you mean {path}?",
                        String::from_utf8_lossy(&quote(self.p, b"/"))
                    );
                    self.p.error(text.replace(&test, &String::from_utf8_lossy(&quote(self.p, test.as_bytes()))));
                }
                Test::Name { pattern: trimmed(pattern), any_case }
            }
            b"path" | b"wholename" | b"ipath" | b"iwholename" => {
                Test::Path { pattern: self.value(word)?, any_case }
            }
            b"lname" | b"ilname" => Test::Link { pattern: self.value(word)?, any_case },
            b"regex" | b"iregex" => self.regex(word, any_case)?,
            b"regextype" => {
                self.regex_type = self.value(word)?;
                Test::True
            }
            b"type" | b"xtype" => {
                let kinds = self.kinds(word)?;
                if name == b"type" { Test::Kind(kinds) } else { Test::OtherKind(kinds) }
            }
            b"perm" => self.perm(word)?,
            b"user" => self.sign_or_name(word, true).map(|(sign, uid)| Test::Uid(sign, uid))?,
            b"group" => self.sign_or_name(word, false).map(|(sign, gid)| Test::Gid(sign, gid))?,
            b"uid" => self.signed(word).map(|(sign, uid)| Test::Uid(sign, uid))?,
            b"gid" => self.signed(word).map(|(sign, gid)| Test::Gid(sign, gid))?,
            b"nouser" => Test::NoUser,
            b"nogroup" => Test::NoGroup,
            b"size" => self.size(word)?,
            b"mtime" => self.age(word, Time::Changed, 86_400)?,
            b"atime" => self.age(word, Time::Accessed, 86_400)?,
            b"ctime" => self.age(word, Time::Altered, 86_400)?,
            b"mmin" => self.age(word, Time::Changed, 60)?,
            b"amin" => self.age(word, Time::Accessed, 60)?,
            b"cmin" => self.age(word, Time::Altered, 60)?,
            b"newer" | b"anewer" | b"cnewer" => {
                let time = match name {
                    b"anewer" => Time::Accessed,
                    b"cnewer" => Time::Altered,
                    _ => Time::Changed,
                };
                let than = self.time_of_file(Time::Changed)?;
                Test::Newer { time, than }
            }
            [b'n', b'e', b'w', b'e', b'r', x, y] if b"aBcm".contains(x) && b"aBcmt".contains(y) => {
                self.newer(word, *x, *y)?
            }
            b"used" => {
                let (sign, days) = self.signed(word)?;
                Test::Used(sign, i64::try_from(days).unwrap_or(i64::MAX))
            }
            b"empty" => Test::Empty,
            b"links" => self.signed(word).map(|(sign, count)| Test::Links(sign, count))?,
            b"inum" => self.signed(word).map(|(sign, count)| Test::Inode(sign, count))?,
            b"samefile" => {
                let stat = self.file()?;
                Test::Same { inode: stat.inode, device: stat.device }
            }
            b"fstype" => Test::System(self.value(word)?),
            b"readable" => Test::Readable,
            b"writable" => Test::Writable,
            b"executable" => Test::Executable,
            b"true" => Test::True,
            b"false" => Test::False,
            b"context" => {
                self.value(word)?;
                Test::False
            }
            _ => return self.option(word, name, place),
        })
    }

    /// Options, which are always true, and actions.
    fn option(&mut self, word: &[u8], name: &[u8], place: Place) -> Option<Test> {
        match name {
            b"maxdepth" | b"mindepth" => {
                let value = self.value(word)?;
                let text = std::str::from_utf8(&value).ok();
                let digits = text.filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
                let Some(depth) = digits.and_then(|text| text.parse().ok()) else {
                    let shown = quote(self.p, &value);
                    let lead = b"Expected a positive decimal integer argument to ";
                    self.say(&[lead, word, b", but got ", &shown]);
                    return None;
                };
                if name == b"maxdepth" {
                    self.plan.most = depth;
                } else {
                    self.plan.least = depth;
                }
            }
            b"depth" | b"d" => self.plan.inside_first = true,
            b"xdev" | b"mount" => self.plan.stays = true,
            b"follow" => self.plan.follow = Follow::Always,
            b"daystart"
            | b"noleaf"
            | b"warn"
            | b"nowarn"
            | b"ignore_readdir_race"
            | b"noignore_readdir_race" => {}
            b"version" | b"-version" => self.plan.text = Some(VERSION.to_owned()),
            b"help" | b"-help" => self.plan.text = Some(HELP.to_owned()),
            _ => return self.action(word, name, place),
        }
        Some(Test::True)
    }

    fn action(&mut self, word: &[u8], name: &[u8], place: Place) -> Option<Test> {
        let test = match name {
            b"print" => Test::Print { file: None, end: b'\n' },
            b"print0" => Test::Print { file: None, end: 0 },
            b"fprint" | b"fprint0" => {
                let end = if name == b"fprint0" { 0 } else { b'\n' };
                Test::Print { file: Some(self.value(word)?), end }
            }
            b"printf" => {
                let format = self.value(word)?;
                Test::Printf { file: None, format: Format::read(self.p, &format) }
            }
            b"fprintf" => {
                let file = Some(self.value(word)?);
                let format = self.value(word)?;
                Test::Printf { file, format: Format::read(self.p, &format) }
            }
            b"ls" => Test::Ls { file: None },
            b"fls" => Test::Ls { file: Some(self.value(word)?) },
            b"delete" => {
                self.deletes = true;
                Test::Delete
            }
            b"prune" => {
                self.prunes = true;
                return Some(Test::Prune);
            }
            b"quit" => {
                return Some(Test::Quit);
            }
            b"exec" | b"execdir" | b"ok" | b"okdir" => self.exec(word, name, place)?,
            _ => {
                let shown = old_quote(word);
                self.say(&[b"unknown predicate ", &shown]);
                return None;
            }
        };
        self.acts = true;
        Some(test)
    }

}

/// Slashes behind the pattern mean nothing.
fn trimmed(mut pattern: Vec<u8>) -> Vec<u8> {
    while pattern.len() > 1 && pattern.ends_with(b"/") {
        pattern.pop();
    }
    pattern
}

const VERSION: &str = "find (GNU findutils) 4.9.0
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.

Written by Eric B. Decker, James Youngman, and Kevin Dalley.
Features enabled: D_TYPE O_NOFOLLOW(enabled) LEAF_OPTIMISATION FTS(FTS_CWDFD) CBO(level=2) ";

const HELP: &str = "Usage: find [-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]
";

//! What `ps` is asked for: which processes, which columns, in which order.

use super::column::{Column, Facts, list};
use crate::live::tasks::Task;

/// What was asked.
#[derive(Default)]
pub(super) struct Asked {
    /// `-e`, `ax`
    everyone: bool,
    /// `a`, `x`, `-a`, `-d`
    with_tty: bool,
    mine: bool,
    no_leaders: bool,
    no_leaders_tty: bool,
    negate: bool,
    bsd: bool,
    pub(super) forest: bool,
    pub(super) header: bool,
    /// How often `w` was said.
    pub(super) wide: u32,
    /// Environments too.
    pub(super) env: bool,
    picks: Vec<Pick>,
    layout: Option<&'static str>,
    own: Vec<Column>,
    pub(super) sort: Vec<(String, bool)>,
}

/// A list of processes.
enum Pick {
    Pids(Vec<u32>),
    Parents(Vec<u32>),
    Sessions(Vec<u32>),
    Names(Vec<String>),
    Users(Vec<String>),
    Groups(Vec<String>),
    Terminals(Vec<String>),
}

impl Asked {
    pub(super) fn wants(&self, task: &Task, own: &Task, facts: &Facts) -> bool {
        self.selects(task, own, facts) != self.negate
    }

    fn selects(&self, task: &Task, own: &Task, facts: &Facts) -> bool {
        if self.picks.iter().any(|pick| pick.has(task, facts)) || self.everyone {
            return true;
        }
        let plain = !self.with_tty && !self.mine && !self.no_leaders && !self.no_leaders_tty;
        if plain {
            let terminal = if self.bsd { task.tty.is_some() } else { task.tty == own.tty };
            return self.picks.is_empty() && task.uid == own.uid && terminal;
        }
        (self.with_tty && self.mine)
            || (self.with_tty && task.tty.is_some())
            || (self.mine && task.uid == own.uid)
            || (self.no_leaders && !task.is_leader())
            || (self.no_leaders_tty && !task.is_leader() && task.tty.is_some())
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        if !self.own.is_empty() {
            return self.own.clone();
        }
        let layout = self.layout.unwrap_or(if self.bsd { BSD } else { UNIX });
        list(layout).unwrap_or_default()
    }
}

impl Pick {
    fn has(&self, task: &Task, facts: &Facts) -> bool {
        let number = |list: &[String], id: u32, name: Option<&str>| {
            list.iter().any(|word| *word == id.to_string() || Some(word.as_str()) == name)
        };
        match self {
            Self::Pids(list) => list.contains(&task.pid),
            Self::Parents(list) => list.contains(&task.parent),
            Self::Sessions(list) => list.contains(&task.session),
            Self::Names(list) => list
                .iter()
                .any(|name| name.as_bytes().get(..15).unwrap_or(name.as_bytes()) == task.name),
            Self::Users(list) => number(list, task.uid, facts.user(task.uid)),
            Self::Groups(list) => number(list, task.gid, facts.group(task.gid)),
            Self::Terminals(list) => list.iter().any(|word| {
                let word = word.strip_prefix("/dev/").unwrap_or(word);
                match task.tty {
                    Some(tty) => {
                        tty == word
                            || tty.strip_prefix("tty") == Some(word)
                            || tty.strip_prefix("pts/") == Some(word)
                    }
                    None => word == "?" || word == "-",
                }
            }),
        }
    }
}

const UNIX: &str = "pid,tname,time,ucmd";
const BSD: &str = "pid,tname,stat,bsdtime,args";
const USER: &str = "user,pid,%cpu,%mem,vsz,rss,tname,stat,start_time,bsdtime,args";
const FULL: &str = "UID,pid,ppid,c,stime,tname,time,cmd";
const FULLER: &str = "UID,pid,ppid,c,sz,rss,psr,stime,tname,time,cmd";
const THREADS: &str = "UID,pid,ppid,lwp,c,nlwp,stime,tname,time,cmd";
const LONG: &str = "f,s,uid,pid,ppid,c,pri,ni,addr,sz,wchan,tname,time,ucmd";
const LONG_FULL: &str = "f,s,UID,pid,ppid,c,pri,ni,addr,sz,wchan,stime,tname,time,cmd";
const BSD_LONG: &str = "f,uid,pid,ppid,pri,ni,vsz,rss,wchan,stat,tname,bsdtime,args";
const JOBS: &str = "pid,pgid,sid,tname,time,ucmd";
const JOBS_FULL: &str = "UID,pid,ppid,pgid,sid,c,stime,tname,time,cmd";
const BSD_JOBS: &str = "ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime,args";
const VIRTUAL: &str = "pid,tname,stat,bsdtime,rss,vsz,%mem,args";

/// Options that have a list behind them.
const LISTS: &[u8] = b"pCuUgGtsqok";

pub(super) fn read(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { header: true, ..Asked::default() };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            asked.long(name, value, &mut words)?;
        } else if let Some(letters) = word.strip_prefix('-') {
            asked.letters(letters, true, &mut words)?;
        } else if word.starts_with(|c: char| c.is_ascii_digit()) {
            asked.picks.push(Pick::Pids(numbers(word)?));
        } else {
            asked.letters(word, false, &mut words)?;
        }
    }
    Ok(asked)
}

fn split(list: &str) -> Vec<String> {
    let parts = list.split([',', ' ']).filter(|part| !part.is_empty());
    parts.take(1_000).map(str::to_owned).collect()
}

fn numbers(list: &str) -> Result<Vec<u32>, String> {
    let wrong = |_| "process ID list syntax error".to_owned();
    let all: Vec<u32> =
        split(list).iter().map(|part| part.parse()).collect::<Result<_, _>>().map_err(wrong)?;
    if all.is_empty() { Err("process ID list syntax error".to_owned()) } else { Ok(all) }
}

impl Asked {
    fn long<'a>(
        &mut self,
        name: &str,
        value: Option<&'a str>,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let mut list = |what: &str| {
            value
                .or_else(|| words.next())
                .ok_or_else(|| format!("list of {what} must follow --{name}"))
        };
        match name {
            "forest" => self.forest = true,
            "no-headers" | "no-heading" | "no-header" | "no-headings" | "noheader"
            | "noheaders" | "noheading" | "noheadings" => {
                self.header = false;
            }
            "headers" | "cumulative" => {}
            "deselect" => self.negate = true,
            "pid" => self.picks.push(Pick::Pids(numbers(list("process IDs")?)?)),
            "ppid" => self.picks.push(Pick::Parents(numbers(list("process IDs")?)?)),
            "sid" => self.picks.push(Pick::Sessions(numbers(list("session IDs")?)?)),
            "user" | "User" => self.picks.push(Pick::Users(split(list("user IDs")?))),
            "group" | "Group" => self.picks.push(Pick::Groups(split(list("group IDs")?))),
            "tty" => self.picks.push(Pick::Terminals(split(list("terminals")?))),
            "sort" => self.order(list("sort keys")?),
            "format" => self.format(list("format specifiers")?)?,
            "cols" | "columns" | "width" | "rows" | "lines" => {
                list("numbers")?;
            }
            _ => return Err("unknown gnu long option".to_owned()),
        }
        Ok(())
    }

    fn letters<'a>(
        &mut self,
        letters: &'a str,
        unix: bool,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        if letters.is_empty() {
            return Err("improper list".to_owned());
        }
        self.bsd |= !unix;
        if unix && letters.starts_with("au") && letters.contains('x') {
            return self.letters(letters, false, words);
        }
        for (at, letter) in letters.bytes().enumerate() {
            let takes = LISTS.contains(&letter)
                && (unix || !b"ugCGsqk".contains(&letter) || letter == b'k');
            if takes && (letter != b'u' || unix) && (letter != b's' || unix) {
                let rest = letters.get(at + 1..).unwrap_or_default();
                let value = if rest.is_empty() { words.next() } else { Some(rest) };
                return self.list(letter, value);
            }
            if unix { self.unix(letter)? } else { self.bsd(letter)? }
        }
        Ok(())
    }

    fn list(&mut self, letter: u8, value: Option<&str>) -> Result<(), String> {
        let Some(value) = value else {
            return Err(match letter {
                b'o' => "format specification must follow -o",
                b'p' | b'q' => "list of process IDs must follow -p",
                b'C' => "list of command names must follow -C",
                b'u' => "list of users must follow -u",
                b't' => "list of terminals (pty, tty...) must follow -t",
                b'k' => "long sort specification must follow 'k'",
                _ => "list of session leaders OR effective group names must follow -g",
            }
            .to_owned());
        };
        match letter {
            b'p' | b'q' => self.picks.push(Pick::Pids(numbers(value)?)),
            b'C' => self.picks.push(Pick::Names(split(value))),
            b'u' | b'U' => self.picks.push(Pick::Users(split(value))),
            b'G' => self.picks.push(Pick::Groups(split(value))),
            b't' => self.picks.push(Pick::Terminals(split(value))),
            b's' | b'g' => match numbers(value) {
                Ok(list) => self.picks.push(Pick::Sessions(list)),
                Err(_) => self.picks.push(Pick::Groups(split(value))),
            },
            b'k' => self.order(value),
            _ => self.format(value)?,
        }
        Ok(())
    }

    fn unix(&mut self, letter: u8) -> Result<(), String> {
        match letter {
            b'e' | b'A' => self.everyone = true,
            b'a' => self.no_leaders_tty = true,
            b'd' => self.no_leaders = true,
            b'N' => self.negate = true,
            b'f' => {
                self.layout = Some(match self.layout {
                    Some(LONG) => LONG_FULL,
                    Some(JOBS) => JOBS_FULL,
                    Some(THREADS) => THREADS,
                    Some(_) | None => FULL,
                });
            }
            b'F' => self.layout = Some(FULLER),
            b'l' => self.layout = Some(if self.layout == Some(FULL) { LONG_FULL } else { LONG }),
            b'j' => self.layout = Some(if self.layout == Some(FULL) { JOBS_FULL } else { JOBS }),
            b'L' | b'T' => self.layout = Some(THREADS),
            b'H' => self.forest = true,
            b'w' => self.wide += 1,
            b'y' | b'M' | b'c' | b'm' | b'P' | b'Z' => {}
            // `-aux`: what BSD has for it.
            b'x' => {
                self.bsd = true;
                self.with_tty |= std::mem::take(&mut self.no_leaders_tty);
                self.mine = true;
            }
            _ => return Err("unsupported SysV option".to_owned()),
        }
        Ok(())
    }

    fn bsd(&mut self, letter: u8) -> Result<(), String> {
        match letter {
            b'a' => self.with_tty = true,
            b'x' => self.mine = true,
            b'u' => self.layout = Some(USER),
            b'l' => self.layout = Some(BSD_LONG),
            b'j' => self.layout = Some(BSD_JOBS),
            b'v' => self.layout = Some(VIRTUAL),
            b'f' => self.forest = true,
            b'h' => self.header = false,
            b'w' => self.wide += 1,
            b'e' => self.env = true,
            b'A' => self.everyone = true,
            b'r' | b'c' | b'n' | b'S' | b'g' | b'H' | b'm' | b'T' | b'Z' => {}
            _ => return Err("unsupported option (BSD syntax)".to_owned()),
        }
        Ok(())
    }

    fn order(&mut self, keys: &str) {
        for key in split(keys) {
            let (down, key) = match key.strip_prefix('-') {
                Some(key) => (true, key.to_owned()),
                None => (false, key.strip_prefix('+').unwrap_or(&key).to_owned()),
            };
            self.sort.push((key, down));
        }
    }

    fn format(&mut self, text: &str) -> Result<(), String> {
        self.own.extend(list(text)?);
        Ok(())
    }
}

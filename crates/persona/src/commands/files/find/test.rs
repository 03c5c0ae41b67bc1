//! Testing what was found, and doing something with it.
//!
//! **Invariant:** tests are looked at from left to right, no more of them than decide; the depth of
//! an expression is capped where it is read.

use super::parse::{Expression, Sign, Test};
use super::{Found, Run, base};
use crate::commands::NoExec;
use crate::commands::files::{folder_of, glob, quote};
use crate::files::{Access, Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, FILE, FOLDER, KIND_BITS, LINK, Opening, Stat};
use std::future::Future;
use std::pin::Pin;

/// Arguments of one `-exec … +`, and their bytes.
const ARGUMENTS: usize = 20_000;
const ARGUMENT_BYTES: usize = 128 << 10;

impl Run {
    pub(super) async fn test(&mut self, p: &mut Proc, found: &mut Found) {
        let expression = std::mem::replace(
            &mut self.plan.expression,
            Expression::And(Vec::new()),
        );
        self.holds(p, &expression, found).await;
        self.plan.expression = expression;
    }

    fn holds<'a>(
        &'a mut self,
        p: &'a mut Proc,
        expression: &'a Expression,
        found: &'a mut Found,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            match expression {
                Expression::Test(test) => match self.quick(p, test, found) {
                    Some(holds) => holds,
                    None => self.act(p, test, found).await,
                },
                Expression::Not(inner) => !self.holds(p, inner, found).await,
                Expression::And(all) => {
                    for one in all {
                        // Most are decided here, without a future of their own.
                        let quick = match one {
                            Expression::Test(test) => self.quick(p, test, found),
                            Expression::Not(_)
                            | Expression::And(_)
                            | Expression::Or(_)
                            | Expression::List(_) => None,
                        };
                        let holds = match quick {
                            Some(holds) => holds,
                            None => self.holds(p, one, found).await,
                        };
                        if !holds || self.quit {
                            return false;
                        }
                    }
                    true
                }
                Expression::Or(all) => {
                    for one in all {
                        if self.holds(p, one, found).await {
                            return true;
                        }
                        if self.quit {
                            return false;
                        }
                    }
                    false
                }
                Expression::List(all) => {
                    let mut last = false;
                    for one in all {
                        last = self.holds(p, one, found).await;
                    }
                    last
                }
            }
        })
    }

    /// What can be said at once.
    fn quick(&mut self, p: &mut Proc, test: &Test, found: &mut Found) -> Option<bool> {
        let fits = |pattern: &[u8], name: &[u8], any_case: bool| {
            if any_case { glob::matches_any_case(pattern, name) } else { glob::matches(pattern, name) }
        };
        Some(match test {
            Test::True => true,
            Test::False => false,
            Test::Name { pattern, any_case } => fits(pattern, base(&found.path), *any_case),
            Test::Path { pattern, any_case } => fits(pattern, &found.path, *any_case),
            Test::Kind(kinds) => kinds.contains(&found.kind),
            Test::Prune => {
                self.pruned = true;
                true
            }
            Test::Quit => {
                self.quit = true;
                true
            }
            Test::Print { .. }
            | Test::Printf { .. }
            | Test::Ls { .. }
            | Test::Delete
            | Test::Exec { .. } => return None,
            Test::Link { pattern, any_case } => {
                let to = p.fs(|process| process.readlink(&found.at));
                to.is_ok_and(|to| fits(pattern, &to, *any_case))
            }
            Test::Regex(regex) => regex.is_match(&found.path),
            Test::OtherKind(kinds) => {
                let there = p.stat(&found.at, Last::Follow);
                let kind = there.map_or(LINK, |stat| stat.mode & KIND_BITS);
                kinds.contains(&kind)
            }
            Test::System(name) => {
                let system = p.world.with(|world| world.files.mount(&found.at).system.name());
                system.as_bytes() == name
            }
            Test::Readable => allowed(p, &found.at, Access::Read),
            Test::Writable => allowed(p, &found.at, Access::Write),
            Test::Executable => {
                let runs = self.stat(p, found).is_some_and(|stat| {
                    stat.is(FOLDER) || stat.mode & 0o111 != 0
                });
                runs && allowed(p, &found.at, Access::Execute)
            }
            Test::Empty => match found.kind {
                FILE => self.stat(p, found).is_some_and(|stat| stat.size == 0),
                FOLDER => match p.fs(|process| process.entries(&found.at)) {
                    Ok(entries) => entries.is_empty(),
                    Err(fault) => {
                        self.complain(p, &found.path, fault);
                        false
                    }
                },
                _ => false,
            },
            Test::Perm { .. }
            | Test::Uid(..)
            | Test::Gid(..)
            | Test::NoUser
            | Test::NoGroup
            | Test::Size { .. }
            | Test::Age { .. }
            | Test::Newer { .. }
            | Test::Used(..)
            | Test::Links(..)
            | Test::Inode(..)
            | Test::Same { .. } => match self.stat(p, found) {
                Some(stat) => self.of_stat(test, &stat),
                None => false,
            },
        })
    }

    fn of_stat(&self, test: &Test, stat: &Stat) -> bool {
        match test {
            Test::Perm { sign, file, folder } => {
                let wanted = if stat.is(FOLDER) { *folder } else { *file };
                let mode = u16::try_from(stat.mode & 0o7777).unwrap_or(0);
                match sign {
                    b'-' => mode & wanted == wanted,
                    b'/' => wanted == 0 || mode & wanted != 0,
                    _ => mode == wanted,
                }
            }
            Test::Uid(sign, uid) => sign.holds(u64::from(stat.uid), *uid),
            Test::Gid(sign, gid) => sign.holds(u64::from(stat.gid), *gid),
            Test::NoUser => !self.names.users.contains_key(&stat.uid),
            Test::NoGroup => !self.names.groups.contains_key(&stat.gid),
            Test::Size { sign, count, unit } => sign.holds(stat.size.div_ceil(*unit), *count),
            Test::Age { time, sign, count, unit } => {
                let age = i128::from(self.now) - time.of(stat);
                let second = 1_000_000_000;
                // Days count as wholes, minutes do not.
                if *unit == 86_400 {
                    return sign.holds(age.div_euclid(unit * second), count / second);
                }
                match sign {
                    Sign::More | Sign::Less => sign.holds(age, count * unit),
                    Sign::Equal => age < count * unit && age >= (count - second) * unit,
                }
            }
            Test::Newer { time, than } => time.of(stat) > *than,
            Test::Used(sign, days) => {
                let lag = (stat.accessed - crate::files::split(stat.altered).0).div_euclid(86_400);
                sign.holds(lag, *days)
            }
            Test::Links(sign, count) => sign.holds(stat.links, *count),
            Test::Inode(sign, count) => sign.holds(stat.inode, *count),
            Test::Same { inode, device } => stat.inode == *inode && stat.device == *device,
            Test::True
            | Test::False
            | Test::Name { .. }
            | Test::Path { .. }
            | Test::Link { .. }
            | Test::Regex(_)
            | Test::Kind(_)
            | Test::OtherKind(_)
            | Test::Empty
            | Test::System(_)
            | Test::Readable
            | Test::Writable
            | Test::Executable
            | Test::Print { .. }
            | Test::Printf { .. }
            | Test::Ls { .. }
            | Test::Delete
            | Test::Prune
            | Test::Quit
            | Test::Exec { .. } => false,
        }
    }

    async fn act(&mut self, p: &mut Proc, test: &Test, found: &mut Found) -> bool {
        match test {
            Test::Print { file, end } => {
                let mut line = found.path.clone();
                line.push(*end);
                if file.is_none() && *end == b'\n' && p.is_terminal(1) {
                    line = crate::commands::files::quote::masked(
                        &found.path,
                        crate::commands::files::quote::utf8(p),
                    );
                    line.push(b'\n');
                }
                self.put(p, file.as_deref(), &line).await;
                true
            }
            Test::Printf { file, format } => {
                if let Some(stat) = self.stat(p, found) {
                    let text = format.print(p, self, found, &stat);
                    self.put(p, file.as_deref(), &text).await;
                }
                true
            }
            Test::Ls { file } => {
                if let Some(stat) = self.stat(p, found) {
                    let line = super::print::ls(p, self, found, &stat);
                    self.put(p, file.as_deref(), &line).await;
                }
                true
            }
            Test::Delete => self.delete(p, found),
            Test::Exec { args, many: true, place, inside, .. } => {
                let name = if *inside {
                    [b"./", base(&found.path)].concat()
                } else {
                    found.path.clone()
                };
                let waiting = self.waiting.entry(*place).or_default();
                waiting.push(name);
                let bytes: usize = waiting.iter().map(|name| name.len() + 1).sum();
                if waiting.len() >= ARGUMENTS || bytes > ARGUMENT_BYTES || *inside {
                    let names = std::mem::take(waiting);
                    self.many(p, args, names).await;
                }
                true
            }
            Test::Exec { args, many: false, inside, asks, .. } => {
                self.exec(p, args, found, *inside, *asks).await
            }
            Test::True
            | Test::False
            | Test::Name { .. }
            | Test::Path { .. }
            | Test::Link { .. }
            | Test::Regex(_)
            | Test::Kind(_)
            | Test::OtherKind(_)
            | Test::Perm { .. }
            | Test::Uid(..)
            | Test::Gid(..)
            | Test::NoUser
            | Test::NoGroup
            | Test::Size { .. }
            | Test::Age { .. }
            | Test::Newer { .. }
            | Test::Used(..)
            | Test::Empty
            | Test::Links(..)
            | Test::Inode(..)
            | Test::Same { .. }
            | Test::System(_)
            | Test::Readable
            | Test::Writable
            | Test::Executable
            | Test::Prune
            | Test::Quit => true,
        }
    }

    fn delete(&mut self, p: &mut Proc, found: &Found) -> bool {
        if found.path == b"." {
            return true;
        }
        let folder = found.kind == FOLDER;
        let gone = p.fs(|process| {
            if folder { process.rmdir(&found.path) } else { process.unlink(&found.path).map(drop) }
        });
        match gone {
            Ok(()) => true,
            Err(fault) => {
                let shown = quote(p, &found.path);
                p.cannot_raw("cannot delete", &shown, fault);
                self.status = 1;
                false
            }
        }
    }

    async fn exec(
        &mut self,
        p: &mut Proc,
        args: &[Vec<u8>],
        found: &Found,
        inside: bool,
        asks: bool,
    ) -> bool {
        let name =
            if inside { [b"./", base(&found.path)].concat() } else { found.path.clone() };
        let args: Vec<Vec<u8>> = args.iter().map(|arg| replaced(arg, &name)).collect();
        if asks {
            let command = args.first().cloned().unwrap_or_default();
            let question = [b"< ", command.as_slice(), b" ... ", &name, b" > ? "].concat();
            p.put(2, &question);
            let answer = p.read_line(0, 4_096).await.unwrap_or_default();
            if !matches!(answer.first(), Some(b'y' | b'Y')) {
                return false;
            }
        }
        let folder = inside.then(|| folder_of(&found.path).to_vec());
        self.run(p, args, folder).await == 0
    }

    async fn run(&mut self, p: &mut Proc, args: Vec<Vec<u8>>, folder: Option<Vec<u8>>) -> u32 {
        let name = args.first().cloned().unwrap_or_default();
        let before = p.cwd.clone();
        if let Some(folder) = folder
            && let Ok(path) = p.fs(|process| process.find(&folder, Last::Follow))
        {
            p.cwd = path;
        }
        let done = crate::commands::run(p, args).await;
        p.cwd = before;
        match done {
            Ok(ended) => ended.status(),
            Err(why) => {
                let fault = match why {
                    NoExec::Unknown => Fault::Missing,
                    NoExec::Fault(fault) => fault,
                };
                let shown = quote(p, &name);
                p.cannot_raw("", &shown, fault);
                1
            }
        }
    }

    async fn many(&mut self, p: &mut Proc, args: &[Vec<u8>], names: Vec<Vec<u8>>) {
        if names.is_empty() {
            return;
        }
        let all: Vec<Vec<u8>> = args.iter().cloned().chain(names).collect();
        if self.run(p, all, None).await != 0 {
            self.status = 1;
        }
    }

    /// What waits still is run.
    pub(super) async fn finish(&mut self, p: &mut Proc) {
        let waiting = std::mem::take(&mut self.waiting);
        for (place, names) in waiting {
            let args = find_exec(&self.plan.expression, place).map(<[Vec<u8>]>::to_vec);
            if let Some(args) = args {
                self.many(p, &args, names).await;
            }
        }
    }

    async fn put(&mut self, p: &mut Proc, file: Option<&[u8]>, text: &[u8]) {
        match file.map(|name| self.outputs.get(name).copied()) {
            None => p.print(text),
            Some(Some(fd)) => p.put(fd, text),
            Some(None) => {}
        }
        p.flush_some().await;
    }

    /// Opens the files that are to be written. `false` where one cannot be.
    pub(super) fn open_outputs(&mut self, p: &mut Proc) -> bool {
        let mut names = Vec::new();
        outputs(&self.plan.expression, &mut names);
        for name in names {
            if self.outputs.contains_key(&name) {
                continue;
            }
            let opening = Opening { create: Some(0o666), truncate: true, exclusive: false };
            match p.open(&name, Direction::Write, opening, false) {
                Ok(open) => {
                    let fd = p.add(open, 3);
                    self.outputs.insert(name, fd);
                }
                Err(fault) => {
                    let shown = quote(p, &name);
                    p.cannot_raw("", &shown, fault);
                    return false;
                }
            }
        }
        true
    }
}

fn outputs(expression: &Expression, names: &mut Vec<Vec<u8>>) {
    match expression {
        Expression::Test(
            Test::Print { file: Some(name), .. }
            | Test::Printf { file: Some(name), .. }
            | Test::Ls { file: Some(name) },
        ) => names.push(name.clone()),
        Expression::Test(_) => {}
        Expression::Not(inner) => outputs(inner, names),
        Expression::And(all) | Expression::Or(all) | Expression::List(all) => {
            for one in all {
                outputs(one, names);
            }
        }
    }
}

fn find_exec(expression: &Expression, wanted: usize) -> Option<&[Vec<u8>]> {
    match expression {
        Expression::Test(Test::Exec { args, place, .. }) => (*place == wanted).then_some(args),
        Expression::Test(_) => None,
        Expression::Not(inner) => find_exec(inner, wanted),
        Expression::And(all) | Expression::Or(all) | Expression::List(all) => {
            all.iter().find_map(|one| find_exec(one, wanted))
        }
    }
}

/// The argument with the name in place of every `{}`.
fn replaced(arg: &[u8], name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = arg;
    while let Some((b, more)) = rest.split_first() {
        if rest.starts_with(b"{}") && out.len() < ARGUMENT_BYTES {
            out.extend_from_slice(name);
            rest = rest.get(2..).unwrap_or_default();
        } else {
            out.push(*b);
            rest = more;
        }
    }
    out
}

fn allowed(p: &Proc, at: &[u8], access: Access) -> bool {
    p.fs(|process| {
        let Ok(found) = process.find(at, Last::Follow) else { return false };
        process.world.files.allowed(process.me.who, &found, access).is_ok()
    })
}

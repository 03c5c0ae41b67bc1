//! Redirections.
//!
//! **Invariant:** what they change is put back once the command has run, unless it is `exec`.

use super::expand::Failed;
use super::{Flow, Shell};
use crate::files::{Fault, Kind, Last};
use crate::kernel::{Fds, Open, pipe};
use crate::process::{Direction, Opening};
use decnet_core::shell::tree::{Redirect, RedirectKind, Word};
use std::sync::Arc;

const TRUNCATE: Opening = Opening { create: Some(0o666), exclusive: false, truncate: true };
const APPEND: Opening = Opening { create: Some(0o666), exclusive: false, truncate: false };
const READ: Opening = Opening { create: None, exclusive: false, truncate: false };

impl Shell {
    /// Does the redirections, and gives back what there was. A failure is complained about, and all
    /// is as it was.
    pub(super) async fn redirect(&mut self, redirects: &[Redirect]) -> Result<Option<Fds>, Failed> {
        if redirects.is_empty() {
            return Ok(None);
        }
        self.flush().await;
        let before = self.p.fds.clone();
        for redirect in redirects {
            if let Err(failed) = self.one_redirect(redirect).await {
                self.flush().await;
                self.p.fds = before;
                return Err(failed);
            }
        }
        Ok(Some(before))
    }

    async fn one_redirect(&mut self, it: &Redirect) -> Result<(), Failed> {
        match &it.kind {
            RedirectKind::Read(word) => self.file(it, 0, word, Direction::Read, READ, false).await,
            RedirectKind::Write(word) => {
                if self.has("C") {
                    let path = self.one(word).await?;
                    let there = self.p.fs(|process| process.stat(&path, Last::Follow));
                    if there.is_ok_and(|stat| stat.is(crate::process::FILE)) {
                        self.complain(
                            [path.as_slice(), b": cannot overwrite existing file"].concat(),
                        );
                        self.status = 1;
                        return Err(Failed(Flow::Next));
                    }
                }
                self.file(it, 1, word, Direction::Write, TRUNCATE, false).await
            }
            RedirectKind::Clobber(word) => {
                self.file(it, 1, word, Direction::Write, TRUNCATE, false).await
            }
            RedirectKind::Append(word) => {
                self.file(it, 1, word, Direction::Write, APPEND, true).await
            }
            RedirectKind::ReadWrite(word) => {
                self.file(it, 0, word, Direction::Both, APPEND, false).await
            }
            RedirectKind::WriteBoth(word) => {
                self.file(it, 1, word, Direction::Write, TRUNCATE, false).await?;
                self.same_for_errors();
                Ok(())
            }
            RedirectKind::AppendBoth(word) => {
                self.file(it, 1, word, Direction::Write, APPEND, true).await?;
                self.same_for_errors();
                Ok(())
            }
            RedirectKind::DupIn(word) => self.duplicate(it, 0, word).await,
            RedirectKind::DupOut(word) => self.duplicate(it, 1, word).await,
            RedirectKind::HereDoc(word) => {
                let text = self.quoted(word).await?;
                self.here(it, text).await
            }
            RedirectKind::HereString(word) => {
                let mut text = self.one(word).await?;
                text.push(b'\n');
                self.here(it, text).await
            }
        }
    }

    fn same_for_errors(&mut self) {
        if let Some(open) = self.p.fds.get(&1).cloned() {
            self.p.fds.insert(2, open);
        }
    }

    /// Puts an open file where the redirection says.
    fn place(&mut self, it: &Redirect, default: u32, open: Arc<Open>) -> Result<(), Failed> {
        let fd = match &it.variable {
            Some(name) => {
                let fd = self.p.add(open, 10);
                if let Err(why) = self.assign(name, None, fd.to_string().into_bytes(), false) {
                    self.complain(why);
                }
                return Ok(());
            }
            None => it.fd.unwrap_or(default),
        };
        if fd >= 1_024 {
            self.complain(format!("{fd}: Bad file descriptor"));
            self.status = 1;
            return Err(Failed(Flow::Next));
        }
        self.p.fds.insert(fd, open);
        Ok(())
    }

    async fn file(
        &mut self,
        it: &Redirect,
        default: u32,
        word: &Word,
        direction: Direction,
        opening: Opening,
        append: bool,
    ) -> Result<(), Failed> {
        let field = self.text_of(word, false).await?;
        let mut path = super::glob::plain(&field);
        let mut names = self.files(&field).await;
        if names.len() == 1 {
            path = names.remove(0);
        } else if names.len() > 1 {
            self.complain([path.as_slice(), b": ambiguous redirect"].concat());
            self.status = 1;
            return Err(Failed(Flow::Next));
        }
        self.p.umask = self.umask;
        let opened = if path.starts_with(b"/dev/tcp/") || path.starts_with(b"/dev/udp/") {
            self.connect(&path).await
        } else {
            self.open_file(&path, direction, opening, append)
        };
        match opened {
            Ok(open) => self.place(it, default, open),
            Err(fault) => {
                let text = if self.kind.dash {
                    let what: &[u8] =
                        if opening.create.is_some() { b"cannot create " } else { b"cannot open " };
                    let why = match fault {
                        Fault::Missing if opening.create.is_some() => "Directory nonexistent",
                        Fault::Missing => "No such file",
                        fault => fault.text(),
                    };
                    [what, &path, b": ", why.as_bytes()].concat()
                } else {
                    [path.as_slice(), b": ", fault.text().as_bytes()].concat()
                };
                self.complain(text);
                self.status = if self.kind.dash { 2 } else { 1 };
                Err(Failed(Flow::Next))
            }
        }
    }

    /// bash's own way to the network: nobody is there.
    async fn connect(&mut self, path: &[u8]) -> Result<Arc<Open>, Fault> {
        let mut parts = path.split(|&b| b == b'/').skip(3);
        let (host, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let url = [b"tcp://", host, b":", port].concat();
        self.p.world.with(|world| world.tell(crate::Step::Wish { url, tool: b"bash".to_vec() }));
        let near = host == b"localhost" || host.starts_with(b"127.");
        let numeric =
            std::str::from_utf8(host).is_ok_and(|h| h.parse::<std::net::IpAddr>().is_ok());
        if near {
            self.complain("connect: Connection refused");
            return Err(Fault::Refused);
        }
        if !numeric {
            self.p.sleep(8_000_000_000).await;
            self.complain([host, b": Temporary failure in name resolution"].concat());
            return Err(Fault::Invalid);
        }
        self.p.sleep(130_000_000_000).await;
        self.complain("connect: Connection timed out");
        Err(Fault::TimedOut)
    }

    async fn duplicate(&mut self, it: &Redirect, default: u32, word: &Word) -> Result<(), Failed> {
        let text = self.one(word).await?;
        let fd = it.fd.unwrap_or(default);
        if text == b"-" {
            self.p.fds.remove(&fd);
            return Ok(());
        }
        let moved = text.len() > 1 && text.ends_with(b"-");
        let digits = if moved { text.get(..text.len() - 1).unwrap_or_default() } else { &text };
        let number = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<u32>().ok());
        let Some(number) = number else {
            if default == 1 && it.fd.is_none_or(|fd| fd == 1) {
                // `>&$file`: both.
                return match self.open_file(&text, Direction::Write, TRUNCATE, false) {
                    Ok(open) => {
                        self.p.fds.insert(1, open);
                        self.same_for_errors();
                        Ok(())
                    }
                    Err(fault) => {
                        self.complain([text.as_slice(), b": ", fault.text().as_bytes()].concat());
                        self.status = 1;
                        Err(Failed(Flow::Next))
                    }
                };
            }
            self.complain([text.as_slice(), b": ambiguous redirect"].concat());
            self.status = 1;
            return Err(Failed(Flow::Next));
        };
        let Some(open) = self.p.fds.get(&number).cloned() else {
            self.complain(format!("{number}: Bad file descriptor"));
            self.status = if self.kind.dash { 2 } else { 1 };
            return Err(Failed(Flow::Next));
        };
        if moved {
            self.p.fds.remove(&number);
        }
        self.place(it, default, open)
    }

    /// Text as standard input.
    async fn here(&mut self, it: &Redirect, text: Vec<u8>) -> Result<(), Failed> {
        let (reader, writer) = pipe();
        if let Ok(mut feeder) = self.p.fork() {
            feeder.fds = Fds::from([(1, writer)]);
            let (world, pid) = (feeder.world.clone(), feeder.pid);
            let job: crate::kernel::Job<'static> = Box::pin(async move {
                // Whoever does not read it all ends it.
                let _ = feeder.write(1, &text).await;
                0
            });
            world.with(|world| {
                if let Some(entry) = world.table.get_mut(&pid) {
                    entry.parent = 1;
                }
                world.start(pid, job);
            });
        }
        self.place(it, 0, reader)
    }

    /// Whether a path is a folder's.
    pub(super) fn is_folder(&self, path: &[u8]) -> bool {
        self.p
            .fs(|process| {
                process.find(path, Last::Follow).and_then(|found| {
                    process.node(&found).map(|node| matches!(node.kind, Kind::Folder))
                })
            })
            .unwrap_or(false)
    }
}

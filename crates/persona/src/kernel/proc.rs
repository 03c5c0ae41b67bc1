//! A process as the program in it sees it: arguments, environment, files, children, time.
//!
//! **Invariant:** whatever waits here is woken by [`super::run`]'s next turn; no lock is held while
//! waiting.

use super::open::{Ends, PIPE_BYTES, locked};
use super::{
    Answer, Asked, Ended, Fds, Handle, Image, Job, Main, Open, Signal, State, Stream, User, World,
};
use crate::files::{Fault, Last};
use crate::process::{Direction, Me, Opening, Process};
use decnet_core::event::Timestamp;
use decnet_core::limits::FIFOS;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

/// A process.
pub(crate) struct Proc {
    pub(crate) world: Handle,
    pub(crate) pid: u32,
    /// `argv`: the first is the name that it was called by.
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Absolute and without links; the root folder is empty.
    pub(crate) cwd: Vec<u8>,
    pub(crate) user: User,
    pub(crate) umask: u16,
    pub(crate) fds: Fds,
    /// What was printed and not written yet, in order.
    out: Vec<(u32, Vec<u8>)>,
}

/// Bytes that are read at once.
pub(crate) const CHUNK: usize = 32 << 10;
/// Bytes of input that a program holds as a whole.
pub(crate) const WHOLE_BYTES: usize = 16 << 20;

impl Proc {
    /// The first process of a session: its descriptors are the session's.
    pub(crate) fn first(world: &Handle, args: Vec<Vec<u8>>) -> Result<Self, Fault> {
        let user = world.with(|world| world.user.clone());
        let fds = [Stream::Out, Stream::Out, Stream::Err];
        let mut proc = Self {
            world: world.clone(),
            pid: 0,
            args,
            env: BTreeMap::new(),
            cwd: user.home.clone(),
            user,
            umask: 0o022,
            fds: (0..).zip(fds.map(|stream| Arc::new(Open::Session(stream)))).collect(),
            out: Vec::new(),
        };
        proc.pid = world.with(|world| {
            let parent = crate::live::tasks::shell_parent(world);
            world.fork(parent, &proc)
        })?;
        if !proc.is_folder(&proc.cwd.clone()) {
            proc.cwd = Vec::new();
        }
        Ok(proc)
    }

    /// The same process without descriptors: what is left where it was while a shell has it.
    pub(crate) fn first_like(like: &Self) -> Self {
        Self {
            world: like.world.clone(),
            pid: like.pid,
            args: like.args.clone(),
            env: like.env.clone(),
            cwd: like.cwd.clone(),
            user: like.user.clone(),
            umask: like.umask,
            fds: Fds::new(),
            out: Vec::new(),
        }
    }

    /// Asks the peer for a line, with the editor. `status` is that of the line before.
    pub(crate) async fn ask(&mut self, asked: Asked, status: u32) -> Answer {
        self.flush().await;
        self.world.with(|world| {
            if !asked.continues {
                world.end_command(status);
            }
            world.tty.answer = None;
            world.tty.asked = Some(asked);
            world.progress();
        });
        self.wait_for(|world| world.tty.answer.take()).await
    }

    /// As `read`, but not longer than until an instant; `None` when it has come.
    pub(crate) async fn read_until(
        &mut self,
        fd: u32,
        most: usize,
        until: Timestamp,
    ) -> Option<Result<Vec<u8>, Fault>> {
        let (world, pid) = (self.world.clone(), self.pid);
        let mut read = std::pin::pin!(self.read(fd, most));
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = read.as_mut().poll(context) {
                world.with(|world| world.alarms.remove(&pid));
                return Poll::Ready(Some(done));
            }
            world.with(|world| {
                if world.now >= until {
                    world.alarms.remove(&pid);
                    return Poll::Ready(None);
                }
                world.alarms.insert(pid, until);
                Poll::Pending
            })
        })
        .await
    }

    /// A child that is like this one.
    pub(crate) fn fork(&self) -> Result<Self, Fault> {
        let pid = self.world.with(|world| world.fork(self.pid, self))?;
        Ok(Self {
            world: self.world.clone(),
            pid,
            args: self.args.clone(),
            env: self.env.clone(),
            cwd: self.cwd.clone(),
            user: self.user.clone(),
            umask: self.umask,
            fds: self.fds.clone(),
            out: Vec::new(),
        })
    }

    /// Lets a forked process run this program; what it printed is written at its end.
    pub(crate) fn spawn(mut self, main: Main) -> u32 {
        let (world, pid) = (self.world.clone(), self.pid);
        let job: Job<'static> = Box::pin(async move {
            let status = main(&mut self).await;
            self.flush().await;
            status
        });
        world.with(|world| world.start(pid, job));
        pid
    }

    /// The process becomes that program, as `ps` shows it.
    pub(crate) fn becomes(&mut self, path: Vec<u8>) {
        let image = Image {
            path,
            args: self.args.clone(),
            env: self.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        let (user, cwd) = (self.user.clone(), self.cwd.clone());
        self.world.with(|world| {
            if let Some(entry) = world.table.get_mut(&self.pid) {
                (entry.image, entry.user, entry.cwd) = (image, user, cwd);
                entry.caught = 0;
            }
        });
    }

    /// Arguments behind the name.
    pub(crate) fn rest(&self) -> Vec<Vec<u8>> {
        self.args.get(1..).unwrap_or_default().to_vec()
    }

    /// The name that it was called by, without folders.
    pub(crate) fn name(&self) -> String {
        let name = self.args.first().map_or(&[][..], Vec::as_slice);
        let name = name.rsplit(|&b| b == b'/').next().unwrap_or(name);
        String::from_utf8_lossy(name).into_owned()
    }

    pub(crate) fn var(&self, name: &str) -> Option<&[u8]> {
        self.env.get(name.as_bytes()).map(Vec::as_slice)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.with(|world| world.now)
    }

    /// Prints on standard output: written by [`Proc::flush`] or at the end.
    pub(crate) fn print(&mut self, bytes: impl AsRef<[u8]>) {
        self.put(1, bytes.as_ref());
    }

    pub(crate) fn line(&mut self, bytes: impl AsRef<[u8]>) {
        self.put(1, bytes.as_ref());
        self.put(1, b"\n");
    }

    /// A line on standard error.
    pub(crate) fn error(&mut self, bytes: impl AsRef<[u8]>) {
        self.put(2, bytes.as_ref());
        self.put(2, b"\n");
    }

    /// `name: what: why` on standard error.
    pub(crate) fn complain(&mut self, what: &[u8], why: &str) {
        let name = self.name();
        self.error([name.as_bytes(), b": ", what, b": ", why.as_bytes()].concat());
    }

    /// Prints on any descriptor.
    pub(crate) fn put(&mut self, fd: u32, bytes: &[u8]) {
        match self.out.last_mut() {
            Some((last, text)) if *last == fd => text.extend_from_slice(bytes),
            _ => self.out.push((fd, bytes.to_vec())),
        }
    }

    /// Bytes printed and not written yet.
    pub(crate) fn printed(&self) -> usize {
        self.out.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Writes what was printed. Whoever prints in a loop does this in the loop: it waits for
    /// readers, and ends the process where there are none.
    pub(crate) async fn flush(&mut self) {
        for (fd, bytes) in std::mem::take(&mut self.out) {
            // Few programs look at whether what they print arrives.
            let _ = self.write(fd, &bytes).await;
        }
    }

    /// `flush`, once there is enough to write.
    pub(crate) async fn flush_some(&mut self) {
        if self.printed() >= 8_192 {
            self.flush().await;
        }
    }

    /// Counts work, in about bytes looked at, and lets others have their turn.
    pub(crate) async fn tick(&self, work: usize) {
        let goes_on = self.world.with(|world| {
            let goes_on = world.spend(self.pid, work);
            if !goes_on {
                world.progress();
            }
            goes_on
        });
        if !goes_on {
            self.pause().await;
        }
    }

    /// Waits for the next turn.
    pub(crate) async fn pause(&self) {
        let mut waited = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            // There is a next turn, whoever else waits.
            self.world.with(World::progress);
            Poll::Pending
        })
        .await;
    }

    /// Waits until `ready` says something.
    pub(crate) async fn wait_for<T>(&self, mut ready: impl FnMut(&mut World) -> Option<T>) -> T {
        std::future::poll_fn(|_| match self.world.with(&mut ready) {
            Some(value) => {
                self.world.with(World::progress);
                Poll::Ready(value)
            }
            None => Poll::Pending,
        })
        .await
    }

    /// Waits so many nanoseconds.
    pub(crate) async fn sleep(&mut self, ns: i64) {
        self.flush().await;
        let until = Timestamp(self.now().0.saturating_add(ns.max(0)));
        let pid = self.pid;
        self.wait_for(|world| {
            if world.now >= until {
                world.alarms.remove(&pid);
                return Some(());
            }
            world.alarms.insert(pid, until);
            None
        })
        .await;
    }

    /// Waits until a child has ended, and takes it out of the table.
    pub(crate) async fn wait(&self, child: u32) -> Ended {
        self.wait_for(|world| match world.table.get(&child) {
            None => Some(Ended::Exit(127)),
            Some(entry) => match entry.state {
                State::Zombie(_) => world.reap(child),
                State::Running | State::Stopped(_) => None,
            },
        })
        .await
    }

    /// As `wait`, but not longer than until an instant; `None` when it has come.
    pub(crate) async fn wait_until(&self, child: u32, until: Timestamp) -> Option<Ended> {
        let pid = self.pid;
        self.wait_for(|world| {
            let ended = match world.table.get(&child).map(|entry| entry.state) {
                None => Some(Ended::Exit(127)),
                Some(State::Zombie(_)) => world.reap(child),
                Some(State::Running | State::Stopped(_)) => None,
            };
            if ended.is_some() || world.now >= until {
                world.alarms.remove(&pid);
                return Some(ended);
            }
            world.alarms.insert(pid, until);
            None
        })
        .await
    }

    /// Sends a signal; where it is to the process itself, nothing behind this runs if it ends it.
    pub(crate) async fn signal(&self, pid: u32, signal: Signal) -> bool {
        let sent = self.world.with(|world| world.signal(pid, signal));
        self.pause().await;
        sent
    }

    pub(crate) fn is_terminal(&self, fd: u32) -> bool {
        self.fds.get(&fd).is_some_and(|open| open.is_session())
            && self.world.with(|world| world.tty.is_there())
    }

    /// At most so many bytes; none at the end of the input.
    pub(crate) async fn read(&mut self, fd: u32, most: usize) -> Result<Vec<u8>, Fault> {
        self.read_with(fd, most, usize::MAX).await
    }

    /// As `read`, but no byte behind the first line end.
    pub(crate) async fn read_line(&mut self, fd: u32, most: usize) -> Result<Vec<u8>, Fault> {
        let mut line = Vec::new();
        loop {
            let part = self.read_with(fd, most.saturating_sub(line.len()), 1).await?;
            let done = part.is_empty() || part.ends_with(b"\n");
            line.extend_from_slice(&part);
            if done || line.len() >= most {
                return Ok(line);
            }
        }
    }

    async fn read_with(&mut self, fd: u32, most: usize, lines: usize) -> Result<Vec<u8>, Fault> {
        self.flush().await;
        let open = Arc::clone(self.fds.get(&fd).ok_or(Fault::BadHandle)?);
        if most == 0 {
            return Ok(Vec::new());
        }
        self.tick(20).await;
        match &*open {
            Open::Writer(_) => Err(Fault::BadHandle),
            Open::Session(_) => {
                let pid = self.pid;
                Ok(self.wait_for(|world| world.read_input(pid, most, lines)).await)
            }
            Open::Reader(reader) => {
                let pipe = Arc::clone(&reader.0);
                let bytes = self
                    .wait_for(|_| {
                        let mut pipe = locked(&pipe);
                        if pipe.bytes.is_empty() {
                            return (pipe.written == Ends::Closed).then(Vec::new);
                        }
                        Some(take(&mut pipe.bytes, most, lines))
                    })
                    .await;
                self.tick(bytes.len() / 8).await;
                Ok(bytes)
            }
            Open::File(file) => {
                let mut bytes = Vec::new();
                let most = most.min(1 << 20);
                let (mut opened, offset) = {
                    let file = locked(file);
                    (file.opened.clone(), file.offset)
                };
                self.fs(|process| process.read(&mut opened, offset, most, &mut bytes))?;
                if lines == 1
                    && let Some(end) = bytes.iter().position(|&b| b == b'\n')
                {
                    bytes.truncate(end + 1);
                }
                locked(file).offset = offset.saturating_add(bytes.len() as u64);
                self.tick(bytes.len() / 8).await;
                Ok(bytes)
            }
        }
    }

    /// All that can be read, up to a cap.
    pub(crate) async fn read_all(&mut self, fd: u32) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        loop {
            let bytes = self.read(fd, CHUNK).await?;
            if bytes.is_empty() || all.len() >= WHOLE_BYTES {
                return Ok(all);
            }
            all.extend_from_slice(&bytes);
        }
    }

    /// Writes all of it, and waits for whoever reads it.
    pub(crate) async fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<(), Fault> {
        let open = Arc::clone(self.fds.get(&fd).ok_or(Fault::BadHandle)?);
        self.tick(20 + bytes.len() / 8).await;
        match &*open {
            Open::Reader(_) => Err(Fault::BadHandle),
            Open::Session(stream) => {
                for part in bytes.chunks(CHUNK) {
                    self.wait_for(|world| {
                        if world.is_full() {
                            return None;
                        }
                        world.show(*stream, part);
                        Some(())
                    })
                    .await;
                }
                Ok(())
            }
            Open::Writer(writer) => {
                let pipe = Arc::clone(&writer.0);
                let mut rest = bytes;
                while !rest.is_empty() {
                    let pid = self.pid;
                    let written = self
                        .wait_for(|world| {
                            let mut pipe = locked(&pipe);
                            if pipe.read == Ends::Awaited {
                                return None;
                            }
                            if pipe.read == Ends::Closed {
                                world.signal(pid, Signal::PIPE);
                                return Some(None);
                            }
                            let room = PIPE_BYTES.saturating_sub(pipe.bytes.len()).min(rest.len());
                            if room == 0 {
                                return None;
                            }
                            pipe.bytes.extend(rest.get(..room).unwrap_or_default());
                            Some(Some(room))
                        })
                        .await;
                    let Some(written) = written else {
                        // Whoever does not ignore it is gone at the next turn.
                        self.pause().await;
                        return Err(Fault::Pipe);
                    };
                    rest = rest.get(written..).unwrap_or_default();
                }
                Ok(())
            }
            Open::File(file) => {
                let (mut opened, mut offset, append) = {
                    let file = locked(file);
                    (file.opened.clone(), file.offset, file.append)
                };
                if append {
                    offset = self.fs(|process| process.size(&opened));
                }
                self.fs(|process| process.write(&mut opened, offset, bytes))?;
                let mut file = locked(file);
                file.opened = opened;
                file.offset = offset.saturating_add(bytes.len() as u64);
                file.written = file.written.saturating_add(bytes.len() as u64);
                Ok(())
            }
        }
    }

    /// Asks the file system, as this process' user in its folder.
    pub(crate) fn fs<R>(&self, ask: impl FnOnce(&mut Process<'_>) -> R) -> R {
        self.world.with(|world| {
            let now = world.now;
            let me = Me {
                cwd: &self.cwd,
                who: self.user.who(),
                umask: self.umask,
                pid: self.pid,
                fds: Some(&self.fds),
            };
            let mut process = Process::new(world, me, now);
            let answer = ask(&mut process);
            let work = process.work / 50 + 10;
            world.spend(self.pid, work);
            answer
        })
    }

    /// Opens a file. The descriptor is what [`Proc::add`] makes of it.
    pub(crate) fn open(
        &self,
        path: &[u8],
        direction: Direction,
        opening: Opening,
        append: bool,
    ) -> Result<Arc<Open>, Fault> {
        match path {
            b"/dev/tty" | b"/dev/pts/0" if self.world.with(|world| world.tty.is_there()) => {
                return Ok(Arc::new(Open::Session(Stream::Out)));
            }
            b"/dev/tty" => return Err(Fault::NoDevice),
            b"/dev/stdin" => return self.same(0),
            b"/dev/stdout" => return self.same(1),
            b"/dev/stderr" => return self.same(2),
            _ => {}
        }
        for folder in [&b"/dev/fd/"[..], b"/proc/self/fd/"] {
            if let Some(number) = path.strip_prefix(folder) {
                let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
                return self.same(number.ok_or(Fault::Missing)?);
            }
        }
        let opened = self.fs(|process| {
            process.appends = append;
            process.open(path, direction, opening)
        })?;
        if let Some(open) = self.named(&opened, direction)? {
            return Ok(open);
        }
        Ok(Open::file(opened, append))
    }

    /// One end of a pipe with a name, if that is what was opened.
    fn named(
        &self,
        opened: &crate::process::Opened,
        direction: Direction,
    ) -> Result<Option<Arc<Open>>, Fault> {
        let Some(path) = &opened.path else { return Ok(None) };
        let inode = self.fs(|process| {
            let node = process.node(path).ok()?;
            (node.kind_bits() == crate::process::FIFO).then_some(node.detail.inode)
        });
        let Some(inode) = inode else { return Ok(None) };
        self.world.with(|world| {
            if world.fifos.len() >= FIFOS && !world.fifos.contains_key(&inode) {
                return Err(Fault::TooManyHandles);
            }
            let pipe = world.fifos.entry(inode).or_insert_with(super::Named::new);
            Ok(Some(if direction == Direction::Read { pipe.reader() } else { pipe.writer() }))
        })
    }

    fn same(&self, fd: u32) -> Result<Arc<Open>, Fault> {
        self.fds.get(&fd).cloned().ok_or(Fault::Missing)
    }

    /// The lowest free descriptor from `from` on.
    pub(crate) fn add(&mut self, open: Arc<Open>, from: u32) -> u32 {
        let fd = (from..).find(|fd| !self.fds.contains_key(fd)).unwrap_or(from);
        self.fds.insert(fd, open);
        fd
    }

    /// Opens a file to read it; `-` is standard input.
    pub(crate) fn input(&mut self, path: &[u8]) -> Result<Input, Fault> {
        if path == b"-" {
            return Ok(Input { fd: 0, buffer: Vec::new(), at: 0, owned: false, ended: false });
        }
        let open = self.open(path, Direction::Read, Opening::default(), false)?;
        if let Some(path) = open.path()
            && self.is_folder(&path)
        {
            return Err(Fault::IsFolder);
        }
        let fd = self.add(open, 3);
        Ok(Input { fd, buffer: Vec::new(), at: 0, owned: true, ended: false })
    }

    /// The whole content of a file, up to a cap; `-` is standard input.
    pub(crate) async fn content(&mut self, path: &[u8]) -> Result<Vec<u8>, Fault> {
        let input = self.input(path)?;
        let all = self.read_all(input.fd).await;
        self.done(&input);
        all
    }

    /// Closes what [`Proc::input`] opened.
    pub(crate) fn done(&mut self, input: &Input) {
        if input.owned {
            self.fds.remove(&input.fd);
        }
    }

    pub(crate) fn is_folder(&self, path: &[u8]) -> bool {
        self.fs(|process| process.stat(path, Last::Follow))
            .is_ok_and(|stat| stat.is(crate::process::FOLDER))
    }
}

/// A file that is read line by line or piece by piece.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) fd: u32,
    buffer: Vec<u8>,
    at: usize,
    owned: bool,
    ended: bool,
}

/// Bytes of one line; what is longer comes in pieces.
pub(crate) const INPUT_LINE_BYTES: usize = 4 << 20;

impl Input {
    /// What was read and not given out.
    pub(crate) fn ahead(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// The next bytes, as they come; none at the end.
    pub(crate) async fn chunk(&mut self, p: &mut Proc) -> Result<Vec<u8>, Fault> {
        if self.at < self.buffer.len() {
            let rest = self.buffer.split_off(self.at);
            self.buffer = Vec::new();
            self.at = 0;
            return Ok(rest);
        }
        p.read(self.fd, CHUNK).await
    }

    /// The next line with its end (the last one may have none); `None` behind the last.
    pub(crate) async fn line(&mut self, p: &mut Proc) -> Result<Option<Vec<u8>>, Fault> {
        self.until(p, b'\n').await
    }

    /// As [`Input::line`], for lines that end with another byte.
    pub(crate) async fn until(&mut self, p: &mut Proc, end: u8) -> Result<Option<Vec<u8>>, Fault> {
        let mut seen = 0;
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let found = rest.get(seen..).and_then(|new| new.iter().position(|&b| b == end));
            if let Some(found) = found {
                let line = rest.get(..=seen + found).unwrap_or_default().to_vec();
                self.at += line.len();
                p.tick(line.len() / 8 + 1).await;
                return Ok(Some(line));
            }
            seen = rest.len();
            if self.ended || seen >= INPUT_LINE_BYTES {
                let line = rest.to_vec();
                self.at = self.buffer.len();
                return Ok((!line.is_empty()).then_some(line));
            }
            if self.at > 0 {
                self.buffer.drain(..self.at);
                self.at = 0;
            }
            let more = p.read(self.fd, CHUNK).await?;
            self.ended = more.is_empty();
            self.buffer.extend_from_slice(&more);
        }
    }
}

/// Takes bytes from the front: at most so many, and so many lines.
pub(super) fn take(
    bytes: &mut std::collections::VecDeque<u8>,
    most: usize,
    lines: usize,
) -> Vec<u8> {
    let mut count = most.min(bytes.len());
    if lines == 1
        && let Some(end) = bytes.iter().take(count).position(|&b| b == b'\n')
    {
        count = end + 1;
    }
    bytes.drain(..count).collect()
}

impl World {
    /// What a process that reads the session's input gets.
    fn read_input(&mut self, pid: u32, most: usize, lines: usize) -> Option<Vec<u8>> {
        if self.tty.is_there()
            && let Some(entry) = self.table.get(&pid)
            && entry.group != self.tty.foreground
            && self.tty.foreground != 0
        {
            self.signal(pid, Signal::TTIN);
            return None;
        }
        if !self.input.is_empty() {
            // A terminal gives one line at a time.
            let lines = if self.tty.is_there() && self.tty.modes.icanon { 1 } else { lines };
            return Some(take(&mut self.input, most, lines));
        }
        if self.input_ends > 0 {
            if self.tty.is_there() {
                self.input_ends -= 1;
            }
            return Some(Vec::new());
        }
        self.reading = true;
        None
    }
}

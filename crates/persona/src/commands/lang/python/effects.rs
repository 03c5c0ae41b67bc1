//! What a Python program waits for.
//!
//! **Invariant:** whatever waits, waits here; what has come goes back to the machine as a value or
//! an exception.

use super::machine::{Answer, Vm};
use super::native::Effect;
use super::types::{file_of, give};
use super::value::{Obj, V};
use crate::commands::lang::child;
use crate::commands::net::reach::{self, NoName, Reach};
use crate::commands::lang::heap::Id;
use crate::files::Fault;
use crate::kernel::{Ended, Proc};

/// Bytes that are read at once.
const READ_BYTES: usize = 4_096;
/// Bytes of one line, and of a whole file.
const WHOLE_BYTES: usize = 16 << 20;

/// Does what is waited for, and lets the machine go on.
pub(super) async fn perform(vm: &mut Vm, p: &mut Proc, effect: Effect) {
    let answer = match effect {
        Effect::Sleep(ns) => {
            p.sleep(ns).await;
            Ok(V::None)
        }
        Effect::System(line) => {
            flush(vm, p).await;
            Ok(V::Int(status(child::system(p, &line).await)))
        }
        Effect::Read(fd, most) => match p.read(fd, most).await {
            Ok(bytes) => Ok(vm.bytes(bytes)),
            Err(fault) => Err(vm.os_error(fault, None)),
        },
        Effect::Write(fd, bytes) => {
            flush(vm, p).await;
            match p.write(fd, &bytes).await {
                Ok(()) => Ok(V::Int(i64::try_from(bytes.len()).unwrap_or_default())),
                Err(fault) => Err(vm.os_error(fault, None)),
            }
        }
        Effect::Wait(pid) => {
            flush(vm, p).await;
            Ok(V::Int(status(p.wait(pid).await)))
        }
        Effect::Flush => {
            flush(vm, p).await;
            Ok(V::None)
        }
        Effect::Line(id, end) => match line(vm, p, id).await {
            Ok(text) if text.is_empty() && end.is_some() => {
                if let Err(thrown) = vm.end_of_lines(end.unwrap_or(usize::MAX)) {
                    vm.fail(thrown);
                }
                return;
            }
            Ok(text) => Ok(text_of(vm, id, text)),
            Err(fault) => Err(vm.os_error(fault, None)),
        },
        Effect::All(id, most) => match all(vm, p, id, most).await {
            Ok(bytes) => match vm.room(bytes.len()) {
                Ok(()) => Ok(text_of(vm, id, bytes)),
                Err(thrown) => Err(thrown),
            },
            Err(fault) => Err(vm.os_error(fault, None)),
        },
        Effect::Lines(id) => lines(vm, p, id).await,
        Effect::Input(prompt) => input(vm, p, &prompt).await,
        Effect::Connect(host, port) => connect(vm, p, &host, port).await,
        Effect::Resolve(host) => Ok(resolve(vm, p, &host).await),
        Effect::Forever => {
            flush(vm, p).await;
            loop {
                p.sleep(3_600_000_000_000).await;
            }
        }
    };
    vm.resume(answer);
}

/// Writes what was printed, and closes what was to be closed behind that.
pub(super) async fn flush(vm: &mut Vm, p: &mut Proc) {
    p.flush().await;
    for fd in std::mem::take(&mut vm.closing) {
        p.fds.remove(&fd);
    }
}

/// As `wait` has it.
fn status(ended: Ended) -> i64 {
    match ended {
        Ended::Exit(status) => i64::from(status & 255) << 8,
        Ended::Signal(signal) => i64::from(signal.0),
    }
}

fn text_of(vm: &mut Vm, id: Id, bytes: Vec<u8>) -> V {
    let binary = matches!(vm.heap.get(id), Some(Obj::File(file)) if file.binary);
    give(vm, binary, bytes)
}

/// Reads more into a file's buffer. Whether there was any.
async fn more(vm: &mut Vm, p: &mut Proc, id: Id) -> Result<bool, Fault> {
    let Some(file) = file_of(vm, &V::Obj(id)) else { return Ok(false) };
    let Some(fd) = file.fd.filter(|_| !file.ended) else { return Ok(false) };
    let bytes = p.read(fd, READ_BYTES).await?;
    let Some(file) = file_of(vm, &V::Obj(id)) else { return Ok(false) };
    file.ended = bytes.is_empty() && !p.is_terminal(fd);
    file.buffer.extend_from_slice(&bytes);
    Ok(!bytes.is_empty())
}

/// The next line, with its end.
async fn line(vm: &mut Vm, p: &mut Proc, id: Id) -> Result<Vec<u8>, Fault> {
    let mut seen = 0;
    loop {
        let Some(file) = file_of(vm, &V::Obj(id)) else { return Ok(Vec::new()) };
        let new = file.buffer.get(seen..).unwrap_or_default();
        if let Some(end) = new.iter().position(|&b| b == b'\n') {
            let rest = file.buffer.split_off(seen + end + 1);
            return Ok(std::mem::replace(&mut file.buffer, rest));
        }
        seen = file.buffer.len();
        if seen >= WHOLE_BYTES || !more(vm, p, id).await? {
            let Some(file) = file_of(vm, &V::Obj(id)) else { return Ok(Vec::new()) };
            return Ok(std::mem::take(&mut file.buffer));
        }
        p.tick(READ_BYTES / 16).await;
    }
}

/// Bytes of as many characters, or all.
async fn all(vm: &mut Vm, p: &mut Proc, id: Id, most: Option<usize>) -> Result<Vec<u8>, Fault> {
    loop {
        let Some(file) = file_of(vm, &V::Obj(id)) else { return Ok(Vec::new()) };
        let have = file.buffer.len();
        if let Some(most) = most
            && have >= most
        {
            let at = if file.binary {
                most
            } else {
                let text = String::from_utf8_lossy(&file.buffer);
                text.char_indices().nth(most).map_or(have, |(at, _)| at.min(have))
            };
            let rest = file.buffer.split_off(at);
            return Ok(std::mem::replace(&mut file.buffer, rest));
        }
        if have >= WHOLE_BYTES || !more(vm, p, id).await? {
            let Some(file) = file_of(vm, &V::Obj(id)) else { return Ok(Vec::new()) };
            return Ok(std::mem::take(&mut file.buffer));
        }
        p.tick(READ_BYTES / 16).await;
    }
}

async fn lines(vm: &mut Vm, p: &mut Proc, id: Id) -> Answer<V> {
    let mut lines = Vec::new();
    loop {
        match line(vm, p, id).await {
            Ok(text) if text.is_empty() => return Ok(vm.list(lines)),
            Ok(text) => {
                vm.room(text.len() + lines.len() * 100)?;
                let text = text_of(vm, id, text);
                lines.push(text);
            }
            Err(fault) => return Err(vm.os_error(fault, None)),
        }
    }
}

async fn input(vm: &mut Vm, p: &mut Proc, prompt: &[u8]) -> Answer<V> {
    p.print(prompt);
    flush(vm, p).await;
    let stdin = vm.stream("stdin");
    let text = match stdin {
        V::Obj(id) => line(vm, p, id).await.unwrap_or_default(),
        _ => p.read_line(0, WHOLE_BYTES).await.unwrap_or_default(),
    };
    if text.is_empty() {
        return Err(vm.error("EOFError", "EOF when reading a line"));
    }
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok(vm.str(String::from_utf8_lossy(text)))
}

/// A connection to an address.
async fn connect(vm: &mut Vm, p: &mut Proc, host: &str, port: u16) -> Answer<V> {
    flush(vm, p).await;
    crate::commands::net::wish(p, format!("tcp://{host}:{port}").as_bytes(), "python3");
    let Some(address) = reach::numeric(host.as_bytes()) else { return Ok(V::None) };
    let (found, _) = reach::connect(p, address, port, None).await;
    let number = match found {
        Reach::Open => return Ok(V::None),
        Reach::Refused => 111,
        Reach::NoRoute => 113,
        Reach::NoNetwork => 101,
        Reach::TimedOut => 110,
    };
    Err(vm.os_error_number(number, found.text(), None))
}

/// A name's address, or why it has none: a number and a text.
async fn resolve(vm: &mut Vm, p: &mut Proc, host: &str) -> V {
    flush(vm, p).await;
    match reach::resolve(p, host.as_bytes()).await {
        Ok(all) => {
            let four = all.iter().find(|address| address.is_ipv4()).or(all.first());
            vm.str(four.map(ToString::to_string).unwrap_or_default())
        }
        Err(why) => {
            let number = if why == NoName::Again { -3 } else { -2 };
            let text = vm.str(why.text());
            vm.tuple(vec![V::Int(number), text])
        }
    }
}

//! `scp -t` and `scp -f` of OpenSSH 9.2p1: the side of the old protocol that runs on the server.
//!
//! **Invariant:** each byte is answered as `scp` answers it, at the byte that lets it answer; of
//! what is in files nothing is kept here.

mod sink;
mod source;

use crate::FileRequest;
use crate::kernel::{Proc, Stream};
use crate::process::Process;
use sink::Sink;
use source::Source;

/// One that runs.
#[derive(Debug)]
pub(crate) struct Scp {
    side: Side,
    common: Common,
}

#[derive(Debug)]
enum Side {
    Sink(Sink),
    Source(Source),
}

/// What both sides have.
#[derive(Debug, Default)]
struct Common {
    recursive: bool,
    preserve: bool,
    verbose: bool,
    /// The target must be a folder.
    into_folder: bool,
    /// Whether something went wrong.
    failed: bool,
    /// What is to be written, in order.
    said: Vec<(Stream, Vec<u8>)>,
    /// The status it ended with.
    ended: Option<u32>,
}

/// Bytes of a line.
const LINE_BYTES: usize = 2_048;
const USAGE: &str = "\
usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]
           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]
           [-P port] [-S program] [-X sftp_option] source ... target";

impl Common {
    fn say(&mut self, stream: Stream, bytes: &[u8]) {
        match self.said.last_mut() {
            Some((last, text)) if *last == stream => text.extend_from_slice(bytes),
            _ => self.said.push((stream, bytes.to_vec())),
        }
    }

    /// Says that all is well.
    fn confirm(&mut self) {
        self.say(Stream::Out, b"\0");
    }

    /// Says that something went wrong.
    fn complain(&mut self, text: &[u8]) {
        self.failed = true;
        self.say(Stream::Out, &[b"\x01scp: ", text, b"\n"].concat());
    }

    /// What `-v` shows.
    fn tell(&mut self, what: &[u8], line: &[u8]) {
        if self.verbose {
            self.say(Stream::Err, &[what, line].concat());
        }
    }

    fn end(&mut self, status: u32) {
        self.ended.get_or_insert(status);
    }

    fn end_as_it_went(&mut self) {
        self.end(u32::from(self.failed));
    }

    fn note(process: &mut Process<'_>, letter: &str, path: &[u8], mode: Option<u32>, answer: u32) {
        process.world.note_request(FileRequest {
            request: letter.into(),
            path: path.to_vec(),
            second: None,
            number: mode,
            answer: Some(answer),
        });
    }
}

impl Scp {
    /// Bytes of the other side.
    pub(crate) fn feed(&mut self, process: &mut Process<'_>, bytes: &[u8]) {
        match &mut self.side {
            Side::Sink(sink) => sink.feed(&mut self.common, process, bytes),
            Side::Source(source) => source.feed(&mut self.common, process, bytes),
        }
    }

    /// The other side sends no more.
    pub(crate) fn end_of_file(&mut self, process: &mut Process<'_>) {
        match &mut self.side {
            Side::Sink(sink) => sink.end_of_file(&mut self.common, process),
            Side::Source(_) => self.common.end(1),
        }
        self.common.end(1);
    }

    /// Goes on sending, once what was said is sent.
    pub(crate) fn go_on(&mut self, process: &mut Process<'_>) {
        match &mut self.side {
            Side::Sink(_) => {}
            Side::Source(source) => source.go_on(&mut self.common, process),
        }
    }

    /// Whether it has more to send without being asked.
    pub(crate) fn is_sending(&self) -> bool {
        match &self.side {
            Side::Sink(_) => false,
            Side::Source(source) => self.common.ended.is_none() && source.is_sending(),
        }
    }

    /// What is to be written, in order.
    pub(crate) fn said(&mut self) -> Vec<(Stream, Vec<u8>)> {
        std::mem::take(&mut self.common.said)
    }

    /// The status with which it ended, once it has.
    pub(crate) fn ended(&self) -> Option<u32> {
        self.common.ended
    }
}

/// Which side was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Client,
    Sink,
    Source,
}

/// The command.
pub(crate) async fn scp(p: &mut Proc) -> u32 {
    let mut common = Common::default();
    let mut asked = Asked::Client;
    let args = p.rest();
    let mut args = args.iter().map(Vec::as_slice).peekable();
    while let Some(letters) = args.peek().and_then(|arg| arg.strip_prefix(b"-")) {
        if letters.is_empty() {
            break;
        }
        args.next();
        if letters == b"-" {
            break;
        }
        let mut rest = letters;
        while let Some((letter, more)) = rest.split_first() {
            rest = more;
            match letter {
                b'r' => common.recursive = true,
                b'p' => common.preserve = true,
                b'v' => common.verbose = true,
                b'd' => common.into_folder = true,
                b't' => asked = Asked::Sink,
                b'f' if asked != Asked::Sink => asked = Asked::Source,
                b'f' | b'1' | b'2' | b'3' | b'4' | b'6' | b'A' | b'B' | b'C' | b'T' | b'O'
                | b'q' | b'R' | b's' => {}
                b'D' | b'F' | b'J' | b'P' | b'S' | b'c' | b'i' | b'l' | b'o' | b'X' => {
                    if rest.is_empty() && args.next().is_none() {
                        let letter = char::from(*letter);
                        p.error(format!("scp: option requires an argument -- {letter}"));
                        p.error(USAGE);
                        return 1;
                    }
                    rest = b"";
                }
                _ => {
                    p.error(format!("scp: unknown option -- {}", char::from(*letter)));
                    p.error(USAGE);
                    return 1;
                }
            }
        }
    }
    let paths: Vec<Vec<u8>> = args.map(<[u8]>::to_vec).collect();
    let side = match asked {
        Asked::Client => return crate::commands::scp_client(p).await,
        Asked::Sink => p.fs(|process| Side::Sink(Sink::new(&mut common, process, &paths))),
        Asked::Source => Side::Source(Source::new(paths)),
    };
    serve(p, Scp { side, common }).await
}

/// Speaks with the other side until it ends.
async fn serve(p: &mut Proc, mut scp: Scp) -> u32 {
    let direct = p.fds.get(&0).is_some_and(|open| open.is_session()) && !p.is_terminal(0);
    if direct {
        p.world.with(|world| world.takes_files = true);
    }
    let status = loop {
        for (stream, bytes) in scp.said() {
            p.put(if stream == Stream::Out { 1 } else { 2 }, &bytes);
        }
        p.flush().await;
        if let Some(status) = scp.ended() {
            break status;
        }
        if scp.is_sending() {
            p.fs(|process| scp.go_on(process));
            continue;
        }
        let bytes = p.read(0, 1 << 17).await.unwrap_or_default();
        if bytes.is_empty() {
            p.fs(|process| scp.end_of_file(process));
        } else {
            p.fs(|process| scp.feed(process, &bytes));
        }
    };
    if direct {
        p.world.with(|world| world.takes_files = false);
    }
    status
}

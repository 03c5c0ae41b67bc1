//! How many megabytes a second the SFTP server takes and gives, in order and in pieces of 32 KiB, as
//! OpenSSH's client sends and asks for them.

use decnet_core::event::Timestamp;
use decnet_persona::{Console, Login, Machine, Step};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

const PIECE: u32 = 32_768;
const PIECES: u32 = 32_768;

fn message(kind: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let length = u32::try_from(body.len() + 1).unwrap_or(0);
    [&length.to_be_bytes()[..], &[kind], &body].concat()
}

fn write_to(piece: u32) -> Vec<u8> {
    let offset = (u64::from(piece) * u64::from(PIECE)).to_be_bytes();
    let handle = [0, 0, 0, 4, 0, 0, 0, 0];
    message(6, &[&[0; 4], &handle, &offset, &PIECE.to_be_bytes(), &[7; PIECE as usize]])
}

fn read_from(piece: u32) -> Vec<u8> {
    let offset = (u64::from(piece % 1_000) * u64::from(PIECE)).to_be_bytes();
    message(5, &[&[0; 4], &[0, 0, 0, 4, 0, 0, 0, 0], &offset, &PIECE.to_be_bytes()])
}

/// Hands over all messages as a channel would, and says how fast it went.
fn measure(what: &str, requests: impl Iterator<Item = Vec<u8>>) -> std::io::Result<()> {
    let local = ([127, 0, 0, 1], 22).into();
    let login =
        Login { user: b"root".to_vec(), peer: local, local, env: Vec::new(), terminal: None };
    let machine = Arc::new(Machine::from_seed(7));
    let Some(mut console) = Console::subsystem(machine, login, b"sftp") else { return Ok(()) };
    let now = Timestamp(1_795_322_152_000_000_000);
    let mut steps = Vec::new();
    console.open(now, &mut steps);
    let open = [&[0; 4][..], &[0, 0, 0, 1, b'f'], &[0, 0, 0, 27], &[0; 4]];
    console.receive(now, &message(1, &[&[0, 0, 0, 3]]), &mut steps);
    console.receive(now, &message(3, &open), &mut steps);
    console.receive(now, &write_to(1_024), &mut steps);
    let (mut waiting, mut took, mut answered) = (Vec::new(), 0, 0);
    let mut requests = requests.peekable();
    while requests.peek().is_some() {
        waiting.extend(requests.by_ref().take(64).flatten());
        let start = Instant::now();
        for chunk in waiting.chunks(32_768) {
            console.receive(now, chunk, &mut steps);
            while steps.iter().any(|step| matches!(step, Step::WakeAt(_))) {
                steps.retain(|step| !matches!(step, Step::WakeAt(_)));
                let mut more = Vec::new();
                console.wake(now, &mut more);
                steps.extend(more);
            }
            answered += steps.drain(..).filter(|step| matches!(step, Step::Output(_))).count();
        }
        took += start.elapsed().as_micros();
        waiting.clear();
    }
    let bytes = u128::from(PIECE) * u128::from(PIECES);
    let speed = bytes / took.max(1);
    writeln!(std::io::stdout(), "{what}: {speed} MB/s, {answered} outputs")
}

fn main() -> std::io::Result<()> {
    measure("written, kept", (0..PIECES).map(|piece| write_to(piece % 1_000)))?;
    measure("written, one file of 1 GiB", (0..PIECES).map(write_to))?;
    measure("read", (0..PIECES).map(read_from))
}

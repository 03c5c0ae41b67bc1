//! The exchange of identification lines, in front of the SSH library: the library takes only 255
//! bytes of UTF-8 and answers a bad line in words that OpenSSH does not know.
//!
//! **Invariant:** a line is accepted or refused as OpenSSH's server 9.2 does, with its words; what
//! came is kept raw, and whatever came behind the line is passed on.

use crate::decoy::ssh::connection::Connection;
use crate::decoy::ssh::draw;
use decnet_core::event::{Anomaly, CloseCause, PeerFact, Side, Timestamp};
use decnet_core::limits::{DETAIL_BYTES, SSH_IDENT_BYTES};
use decnet_core::octets::Octets;
use decnet_core::wire::{Malformed, ssh};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The client's line, good enough to go on.
#[derive(Debug)]
pub(super) struct Greeting {
    /// The line for the library, with its ending: the client's own where the library can take it.
    pub(super) line: Vec<u8>,
    /// What the client sent behind it.
    pub(super) rest: Vec<u8>,
}

/// Sends our line, reads the client's, emits it; answers and names the end of a connection whose
/// line is bad.
pub(super) async fn exchange(
    connection: &Connection,
    socket: &mut TcpStream,
) -> Result<Greeting, CloseCause> {
    let settings = &connection.settings;
    let (mut reader, mut writer) = socket.split();
    // The client's line is timed from the start and does not wait for ours.
    let ours = async {
        tokio::time::sleep(draw(&settings.timing.ident_ms)).await;
        let line = format!("{}\r\n", settings.server_id);
        if writer.write_all(line.as_bytes()).await.is_ok() {
            connection.line.note_written(line.len());
        }
    };
    let mut bytes = Vec::new();
    let theirs = async {
        let mut chunk = [0; CHUNK_BYTES];
        while let Ok(None) = ssh::ident(&bytes) {
            match reader.read(&mut chunk).await {
                Ok(0) => break,
                Ok(count) => {
                    connection.line.note_read(count);
                    bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
                }
                Err(_) => {
                    connection.line.note_error();
                    break;
                }
            }
        }
    };
    let grace = tokio::time::timeout(settings.limits.grace, async { tokio::join!(ours, theirs) });
    let in_time = tokio::select! {
        cause = connection.ended() => return Err(cause),
        result = grace => result.is_ok(),
    };
    let at = connection.line.last_read();
    let answer = match ssh::ident(&bytes) {
        Ok(Some((ident, used))) => {
            let took_us = at.0.saturating_sub(connection.clock.begin().0) / 1_000;
            let fact = PeerFact::SshIdent {
                side: Side::Client,
                line: Octets::from(ident.raw),
                took_us: u64::try_from(took_us).unwrap_or(0),
            };
            connection.fact(at, fact).await;
            if ident.speaks_version_2() {
                if is_probe(ident.software) {
                    return Err(CloseCause::Protocol);
                }
                let rest = bytes.get(used..).unwrap_or_default().to_vec();
                return Ok(Greeting { line: stand_in(&ident), rest });
            }
            connection.anomaly(at, Anomaly::SshVersionUnsupported, ident.raw).await;
            "Protocol major versions differ.\r\n"
        }
        Ok(None) => return Err(unfinished(connection, &bytes, in_time).await),
        Err(Malformed::TooLong(_)) => {
            connection.anomaly(at, Anomaly::SshIdentTooLong, kept(&bytes)).await;
            INVALID
        }
        Err(Malformed::Value(_) | Malformed::Cut(_)) => {
            connection.anomaly(at, Anomaly::SshIdentInvalid, kept(&bytes)).await;
            INVALID
        }
    };
    // Whether the last words arrive is the peer's affair.
    if writer.write_all(answer.as_bytes()).await.is_ok() {
        connection.line.note_written(answer.len());
    }
    let _ = writer.shutdown().await;
    Err(CloseCause::Protocol)
}

/// No line: out of time, closed, or gone.
async fn unfinished(connection: &Connection, bytes: &[u8], in_time: bool) -> CloseCause {
    let at: Timestamp = connection.clock.now();
    if !in_time {
        connection.anomaly(at, Anomaly::SshIdentTimeout, kept(bytes)).await;
        return CloseCause::Timeout;
    }
    connection.anomaly(at, Anomaly::SshIdentCut, kept(bytes)).await;
    if connection.line.is_broken() { CloseCause::Lost } else { CloseCause::Peer }
}

fn kept(bytes: &[u8]) -> &[u8] {
    bytes.get(..DETAIL_BYTES).unwrap_or(bytes)
}

/// The programs whose line makes OpenSSH close without a word.
fn is_probe(software: &[u8]) -> bool {
    software.starts_with(b"SSH_Version_Mapper") || software.starts_with(b"Probe-")
}

/// The line for the library. It takes versions 2.0 and 1.99, UTF-8 and 255 bytes; for any other
/// line that OpenSSH accepts it gets one that it takes, so that the exchange of keys begins. Such a
/// client cannot finish it, since both sides hash the line.
fn stand_in(ident: &ssh::Ident<'_>) -> Vec<u8> {
    let prefix = ident.text.starts_with(b"SSH-2.0-") || ident.text.starts_with(b"SSH-1.99-");
    if prefix && ident.raw.len() <= LIBRARY_IDENT_BYTES && std::str::from_utf8(ident.text).is_ok() {
        // Carriage returns beyond the first would end up in the library's line.
        [ident.text, b"\r\n"].concat()
    } else {
        b"SSH-2.0-unknown\r\n".to_vec()
    }
}

const INVALID: &str = "Invalid SSH identification string.\r\n";
const LIBRARY_IDENT_BYTES: usize = 255;
const CHUNK_BYTES: usize = 2_048;
const _: () = assert!(CHUNK_BYTES <= SSH_IDENT_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_gets_a_line_that_it_takes() {
        let check = |line: &[u8], expected: &[u8]| {
            let (ident, _) = ssh::ident(line).unwrap().unwrap();
            assert_eq!(stand_in(&ident), expected);
        };
        check(b"SSH-2.0-x y\n", b"SSH-2.0-x y\r\n");
        check(b"SSH-1.99-x\r\r\n", b"SSH-1.99-x\r\n");
        check(b"SSH-2.1-x\r\n", b"SSH-2.0-unknown\r\n");
        check(b"SSH-2.0-\xff\r\n", b"SSH-2.0-unknown\r\n");
        let long = [b"SSH-2.0-".to_vec(), vec![b'a'; 300], b"\n".to_vec()].concat();
        check(&long, b"SSH-2.0-unknown\r\n");
    }
}

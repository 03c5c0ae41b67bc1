//! The side that asks: blocking, with time limits, for one question.

use crate::socket::Name;
use crate::{Refusal, Request, Status};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens on the folder's socket.
    #[error("not running: nothing answers in {}", .0.display())]
    NotRunning(PathBuf),
    /// The socket belongs to somebody else.
    #[error("may not open the socket in {}", .0.display())]
    NotAllowed(PathBuf),
    /// It broke off.
    #[error("the running program did not answer: {0}")]
    Io(#[from] io::Error),
    /// It answered something else.
    #[error("the running program answered something unknown: {0}")]
    Answer(String),
}

/// Asks the program that runs on the data folder `data` how it is.
///
/// # Errors
/// When none runs there, or it does not answer in time.
pub fn ask(data: &Path) -> Result<Status, AskError> {
    let mut stream = connect(data)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(&Request::Status)
        .map_err(|error| AskError::Answer(error.to_string()))?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer)?;
    serde_json::from_slice(&answer).map_err(|error| {
        let refusal = serde_json::from_slice::<Refusal>(&answer).map(|refusal| refusal.error);
        AskError::Answer(refusal.unwrap_or_else(|_| error.to_string()))
    })
}

fn connect(data: &Path) -> Result<UnixStream, AskError> {
    let refused = |error: io::Error| {
        let kind = error.kind();
        if NOBODY.contains(&kind) {
            AskError::NotRunning(data.to_owned())
        } else if kind == io::ErrorKind::PermissionDenied {
            AskError::NotAllowed(data.to_owned())
        } else {
            AskError::Io(error)
        }
    };
    let name = Name::within(data).map_err(refused)?;
    UnixStream::connect(name.path()).map_err(refused)
}

/// What the kernel says where no program listens.
const NOBODY: &[io::ErrorKind] =
    &[io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused, io::ErrorKind::NotADirectory];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Bytes of an answer.
const ANSWER_BYTES: u64 = 4 << 20;

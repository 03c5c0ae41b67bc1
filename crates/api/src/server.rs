//! The side that answers, in the running program.
//!
//! **Invariant:** a client has [`PATIENCE`] and [`REQUEST_BYTES`] to ask, and [`CLIENTS`] are served
//! at once; further ones wait in the kernel.

use crate::socket::{FILE, Name};
use crate::{Refusal, Request, Status};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::debug;

/// Why the socket cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the control socket {}: {source}", path.display())]
pub struct BindError {
    path: PathBuf,
    source: io::Error,
}

/// The socket, bound. Its file goes away with this value.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

impl Server {
    /// Binds the socket in the data folder, in place of one that a killed process left. The caller
    /// holds the folder's lock, so that nobody else can be listening there.
    ///
    /// # Errors
    /// When the folder cannot be written, or the file cannot be protected.
    pub fn bind(data: &Path) -> Result<Self, BindError> {
        let path = data.join(FILE);
        let failed = |source| BindError { path: path.clone(), source };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let name = Name::within(data).map_err(failed)?;
        let listener = UnixListener::bind(name.path()).map_err(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path })
    }

    /// Answers until `shutdown` is ready.
    pub async fn serve<S, F>(self, status: S, shutdown: F)
    where
        S: Fn() -> Status + Send + Sync + 'static,
        F: Future<Output = ()>,
    {
        let status = Arc::new(status);
        let places = Arc::new(Semaphore::new(CLIENTS));
        let accept = async {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
                match self.listener.accept().await {
                    Ok((stream, _)) => {
                        let status = Arc::clone(&status);
                        tokio::spawn(async move {
                            if let Err(error) = answer(stream, status.as_ref()).await {
                                debug!(%error, "Operator's question broke off.");
                            }
                            drop(place);
                        });
                    }
                    Err(error) => {
                        debug!(%error, "Control socket cannot accept.");
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = accept => {}
            () = shutdown => {}
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A file that stays is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

async fn answer(mut stream: UnixStream, status: &(impl Fn() -> Status + Sync)) -> io::Result<()> {
    let asked = timeout(PATIENCE, question(&mut stream)).await.map_err(io::Error::from)??;
    let answer = match serde_json::from_slice::<Request>(&asked) {
        Ok(Request::Status) => serde_json::to_vec(&status()),
        Err(_) => serde_json::to_vec(&Refusal { error: "no such request".to_owned() }),
    };
    let mut line = answer.map_err(io::Error::from)?;
    line.push(b'\n');
    timeout(PATIENCE, async {
        stream.write_all(&line).await?;
        stream.shutdown().await
    })
    .await
    .map_err(io::Error::from)?
}

/// What came before the first line feed, or the end, or the limit.
async fn question(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut asked = Vec::new();
    let mut piece = [0; 256];
    while asked.len() < REQUEST_BYTES {
        let read = stream.read(&mut piece).await?;
        let piece = piece.get(..read).unwrap_or_default();
        if let Some(end) = piece.iter().position(|&byte| byte == b'\n') {
            asked.extend_from_slice(piece.get(..end).unwrap_or_default());
            break;
        }
        if piece.is_empty() {
            break;
        }
        asked.extend_from_slice(piece);
    }
    Ok(asked)
}

/// How long a client may take to ask, and to read the answer.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a question; the rest is not read.
pub const REQUEST_BYTES: usize = 4_096;
/// Clients at once.
pub const CLIENTS: usize = 8;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Sniffer, Store};
    use crate::{AskError, ask};
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream as Blocking;
    use tokio::sync::oneshot;

    fn status() -> Status {
        Status {
            running: true,
            version: "1".into(),
            pid: 1,
            started_at: String::new(),
            uptime_s: 0,
            data: String::new(),
            decoys: Vec::new(),
            sniffer: Sniffer::default(),
            store: Store {
                url: String::new(),
                committed: 0,
                lag: 0,
                retrying: false,
                error: String::new(),
            },
            events_lost: 0,
        }
    }

    /// Runs `client` on a thread of its own while a server answers in `folder`.
    fn with_server<T: Send + 'static>(
        folder: &Path,
        client: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::bind(folder).unwrap();
            let (stop, stopped) = oneshot::channel::<()>();
            let serving = tokio::spawn(server.serve(status, async {
                let _ = stopped.await;
            }));
            let answer = tokio::task::spawn_blocking(client).await.unwrap();
            drop(stop);
            serving.await.unwrap();
            answer
        })
    }

    #[test]
    fn whoever_asks_is_answered_and_the_file_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        assert_eq!(with_server(folder.path(), move || ask(&path)).unwrap(), status());
        assert!(!folder.path().join(FILE).exists());
        assert!(matches!(ask(folder.path()), Err(AskError::NotRunning(_))));
    }

    #[test]
    fn a_socket_that_was_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        drop(std::os::unix::net::UnixListener::bind(folder.path().join(FILE)).unwrap());
        assert!(matches!(ask(folder.path()), Err(AskError::NotRunning(_))));
        let path = folder.path().to_owned();
        assert!(with_server(folder.path(), move || ask(&path)).is_ok());
    }

    #[test]
    fn a_folder_may_have_a_long_path() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120)).join("e".repeat(120));
        fs::create_dir_all(&deep).unwrap();
        let path = deep.clone();
        assert!(with_server(&deep, move || ask(&path)).is_ok());
    }

    #[test]
    fn garbage_hurts_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let answers = with_server(folder.path(), move || {
            let mut answers = Vec::new();
            for garbage in [&b"\n"[..], b"[[[[\n", &[0xff; 100_000], b"{\"status\":1}\n", b""] {
                let mut stream = Blocking::connect(path.join(FILE)).unwrap();
                // The server may have stopped reading.
                let _ = stream.write_all(garbage);
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let mut answer = String::new();
                let _ = stream.read_to_string(&mut answer);
                answers.push(answer);
            }
            ask(&path).unwrap();
            answers
        });
        assert_eq!(answers.first().map(String::as_str), Some("{\"error\":\"no such request\"}\n"));
    }

    #[test]
    fn only_the_owner_may_ask() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mode = with_server(folder.path(), move || fs::metadata(path).unwrap().permissions());
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}

//! From the shell's steps to bytes on the wire, facts and the recording.
//!
//! **Invariant:** facts go out even where bytes cannot; hidden input is a number here already.

use crate::decoy::ssh::session::{Session, overrun};
use decnet_core::event::{Anomaly, CloseCause, SessionFact, Timestamp};
use decnet_core::limits::{
    COMMAND_BYTES, DETAIL_BYTES, FILE_PATH_BYTES, INPUT_FACT_BYTES, RECORDING_BYTES,
    SESSION_INPUT_KEPT_BYTES,
};
use decnet_core::octets::Octets;
use decnet_persona::{Console, Step};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Which of the peer's streams bytes go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

/// Runs something of the shell's; `None` where it panicked, which ends one session and no more.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    if result.is_none() {
        tracing::error!("Shell failed; its session is closed.");
    }
    result
}

impl Session {
    /// Lets the shell do something, then does what it wants.
    pub(super) async fn drive(
        &mut self,
        at: Timestamp,
        work: impl FnOnce(&mut Console, Timestamp, &mut Vec<Step>),
    ) -> Option<CloseCause> {
        let console = self.console.as_mut()?;
        let mut steps = Vec::new();
        if guarded(|| work(console, at, &mut steps)).is_none() {
            // It may be in any state: it is not asked again.
            self.console = None;
            return Some(CloseCause::Fault);
        }
        let mut ended = None;
        for step in steps {
            if let Some(cause) = self.perform(at, step).await {
                // What the peer did is still told; what it would have seen is not sent.
                self.is_silent = true;
                ended.get_or_insert(cause);
            }
        }
        ended
    }

    async fn perform(&mut self, at: Timestamp, step: Step) -> Option<CloseCause> {
        match step {
            Step::Output(bytes) => return self.output(at, Stream::Output, bytes).await,
            Step::ErrorOutput(bytes) => return self.output(at, Stream::Error, bytes).await,
            Step::Prompt => {
                self.fact(at, SessionFact::Prompt {}).await;
                let at_us = self.at_us(at);
                if let Some(recorder) = &mut self.recorder {
                    recorder.marker(at_us, "prompt");
                }
            }
            Step::Input(bytes) => {
                let at_us = self.at_us(at);
                if let Some(recorder) = &mut self.recorder {
                    recorder.input(at_us, &bytes);
                    self.pay(&bytes);
                }
                if self.input_kept >= SESSION_INPUT_KEPT_BYTES {
                    let detail = format!("after {}", self.input_kept);
                    let what = Anomaly::TooMuchInput;
                    self.connection.anomaly(at, what, detail.as_bytes()).await;
                    return None;
                }
                self.input_kept += u64::try_from(bytes.len()).unwrap_or(0);
                for part in bytes.chunks(INPUT_FACT_BYTES) {
                    self.fact(at, SessionFact::Input { bytes: Octets::from(part) }).await;
                }
            }
            Step::HiddenInput(keys) => self.fact(at, SessionFact::HiddenInput { keys }).await,
            Step::Command(line) => {
                let line = self.connection.kept(at, &line, COMMAND_BYTES).await;
                self.fact(at, SessionFact::Command { line }).await;
            }
            Step::CommandDone(status) => {
                self.fact(at, SessionFact::CommandDone { status }).await;
            }
            Step::Anomaly(what, detail) => self.connection.anomaly(at, what, &detail).await,
            Step::WakeAt(at) => self.wake = Some(at),
            Step::FileRequest(asked) => {
                let request = self.connection.kept(at, &asked.request, DETAIL_BYTES).await;
                let path = self.connection.kept(at, &asked.path, FILE_PATH_BYTES).await;
                let second = match asked.second {
                    Some(path) => Some(self.connection.kept(at, &path, FILE_PATH_BYTES).await),
                    None => None,
                };
                let (number, answer) = (asked.number, asked.answer);
                let fact = SessionFact::FileRequest { request, path, second, number, answer };
                self.fact(at, fact).await;
            }
            Step::FileWritten(path, bytes) => {
                let path = self.connection.kept(at, &path, FILE_PATH_BYTES).await;
                self.fact(at, SessionFact::FileWritten { path, bytes }).await;
            }
            Step::Exit(status) => return Some(self.exit(status).await),
        }
        None
    }

    /// Takes from the address's allowance what a recording grows by, while it grows.
    fn pay(&mut self, bytes: &[u8]) {
        if self.recorded_bytes < RECORDING_BYTES {
            let cost = self.connection.allowance.take_recorded(bytes);
            self.recorded_bytes += u64::try_from(cost).unwrap_or(0);
        }
    }

    async fn output(
        &mut self,
        at: Timestamp,
        stream: Stream,
        bytes: Vec<u8>,
    ) -> Option<CloseCause> {
        if self.is_silent || bytes.is_empty() {
            return None;
        }
        let at_us = self.at_us(at);
        if let Some(recorder) = &mut self.recorder {
            recorder.output(at_us, &bytes);
            self.pay(&bytes);
        }
        if bytes.len() <= CHUNK_BYTES {
            return self.send(stream, bytes).await;
        }
        // The library's queue holds messages, so they must not be large.
        for chunk in bytes.chunks(CHUNK_BYTES) {
            if let Some(cause) = self.send(stream, chunk.to_vec()).await {
                return Some(cause);
            }
        }
        None
    }

    /// Sends one message; a peer that does not read is waited for, and told of once.
    async fn send(&mut self, stream: Stream, bytes: Vec<u8>) -> Option<CloseCause> {
        let Self { connection, library, core, channel, limit, .. } = self;
        let sending = async {
            match stream {
                Stream::Output => library.data(*channel, bytes).await.is_ok(),
                Stream::Error => library.extended_data(*channel, 1, bytes).await.is_ok(),
            }
        };
        tokio::pin!(sending);
        let mut stuck = None;
        loop {
            let patience = if stuck.is_none() { STUCK } else { STALL };
            tokio::select! {
                // The library is gone: its connection will say why.
                sent = &mut sending => {
                    return if sent { None } else { Some(connection.ended().await) };
                }
                cause = connection.ended() => return Some(cause),
                () = core.overrun.notified() => return Some(overrun(connection).await),
                () = tokio::time::sleep(patience) => {
                    if stuck.is_none() {
                        stuck = Some(connection.line.stick());
                        continue;
                    }
                    let at = connection.clock.now();
                    connection.anomaly(at, Anomaly::PeerNotReading, b"").await;
                    if tokio::time::Instant::now() >= *limit {
                        return Some(CloseCause::Timeout);
                    }
                }
            }
        }
    }

    /// The program's end on the wire, in OpenSSH's order: a command's output ends before its status
    /// is told, a terminal's after.
    async fn exit(&mut self, status: u32) -> CloseCause {
        if self.is_silent {
            return CloseCause::Exit;
        }
        let Self { connection, library, core, channel, limit, .. } = self;
        let has_terminal = self.terminal.is_some();
        // Whatever else the peer sends, its word that it has read must be heard.
        core.deafen();
        let _stuck = connection.line.stick();
        let goodbye = async {
            if has_terminal {
                library.exit_status_request(*channel, status).await?;
                library.eof(*channel).await?;
            } else {
                library.eof(*channel).await?;
                library.exit_status_request(*channel, status).await?;
            }
            library.close(*channel).await
        };
        tokio::select! {
            result = goodbye => {
                if result.is_ok() {
                    self.status = Some(status);
                    CloseCause::Exit
                } else {
                    connection.ended().await
                }
            }
            cause = connection.ended() => cause,
            () = core.overrun.notified() => overrun(connection).await,
            () = tokio::time::sleep_until(*limit) => CloseCause::Timeout,
        }
    }
}

const CHUNK_BYTES: usize = 32_768;
/// After so long, what the peer has to say is needed to go on.
const STUCK: Duration = Duration::from_millis(100);
const STALL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_shell_that_fails_takes_nobody_with_it() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| -> u8 { panic!("as asked") }), None);
    }
}

//! The wire beside the decoys: opened with their sockets, read from the start to the end.
//!
//! **Invariant:** a machine on which it cannot be watched has decoys all the same.

use crate::output;
use decnet_api::status;
use decnet_sensor::Emitter;
use decnet_sensor::sniff::{SniffError, Sniffer, SnifferCounters, SnifferSettings, Sniffing};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The wire, watched or not.
#[derive(Debug, Default)]
pub(super) struct Wire {
    report: Report,
    opened: Option<Sniffer>,
    sniffing: Option<Sniffing>,
}

/// What is known of it from outside; keeps being true.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    interfaces: Vec<String>,
    error: String,
    counters: Option<Arc<SnifferCounters>>,
}

impl Wire {
    /// Opens what needs rights, for the decoys at these addresses. Where that fails it says so.
    pub(super) fn open(
        settings: Option<&SnifferSettings>,
        decoys: &[(String, SocketAddr)],
    ) -> Self {
        let Some(settings) = settings else { return Self::default() };
        match Sniffer::open(decoys, settings) {
            Ok(sniffer) => {
                let interfaces = sniffer.interfaces().to_vec();
                let report = Report { interfaces, ..Report::default() };
                Self { report, opened: Some(sniffer), sniffing: None }
            }
            Err(error) => {
                let help = match &error {
                    SniffError::NoPermission => NO_PERMISSION,
                    SniffError::NoInterface(_)
                    | SniffError::NoListener
                    | SniffError::InterfaceDown
                    | SniffError::FilterTooLong(_)
                    | SniffError::Unsupported(_)
                    | SniffError::Io { .. } => "",
                };
                output::complain(&format!("the wire is not watched: {error}{help}"));
                let report = Report { error: error.to_string(), ..Report::default() };
                Self { report, ..Self::default() }
            }
        }
    }

    /// The names of the interfaces that are watched, or that none is.
    pub(super) fn announced(&self) -> String {
        match self.report.interfaces.as_slice() {
            [] => "not watched".to_owned(),
            names => format!("watched on {}", names.join(", ")),
        }
    }

    /// Starts to read, after rights were given up.
    pub(super) fn start(&mut self, emitter: &Emitter) {
        let Some(sniffer) = self.opened.take() else { return };
        match sniffer.start(emitter.clone()) {
            Ok(sniffing) => {
                self.report.counters = Some(sniffing.counters());
                self.sniffing = Some(sniffing);
            }
            Err(error) => {
                output::complain(&format!("the wire is not watched: no thread for it: {error}"));
                self.report = Report { error: error.to_string(), ..Report::default() };
            }
        }
    }

    /// What is known of it from outside.
    pub(super) fn report(&self) -> Report {
        self.report.clone()
    }

    /// Lets everything that was seen be emitted, and ends.
    pub(super) async fn stop(self) {
        let Some(sniffing) = self.sniffing else { return };
        let stopping = tokio::task::spawn_blocking(|| sniffing.stop());
        if tokio::time::timeout(PATIENCE, stopping).await.is_err() {
            tracing::warn!("The sniffer did not stop in time.");
        }
    }
}

impl Report {
    /// How it is.
    pub(super) fn status(&self) -> status::Sniffer {
        let failure = self.counters.as_ref().map(|counters| counters.failure());
        let error = failure.unwrap_or_else(|| self.error.clone());
        let value = |of: fn(&SnifferCounters) -> &AtomicU64| {
            self.counters.as_ref().map_or(0, |counters| of(counters).load(Ordering::Relaxed))
        };
        status::Sniffer {
            watching: self.counters.is_some() && error.is_empty(),
            interfaces: self.interfaces.clone(),
            error,
            packets: value(|counters| &counters.packets),
            packets_lost: value(|counters| &counters.packets_lost),
            flows: value(|counters| &counters.flows),
            given_up: value(|counters| &counters.given_up),
            facts: value(|counters| &counters.facts),
            facts_lost: value(|counters| &counters.facts_lost),
        }
    }
}

const NO_PERMISSION: &str = "; start as root, or give the program the right with `setcap \
                             cap_net_raw+ep` or systemd's AmbientCapabilities=CAP_NET_RAW, or say \
                             enabled = \"off\" in [sniffer]";
/// Until what was seen is in the queue.
const PATIENCE: Duration = Duration::from_millis(1_200);

//! The order of what arrives and what answers it: bytes become [`Step`]s here and nowhere else.
//!
//! **Invariant:** a byte that arrived while echo was off is counted and dropped before it could
//! reach a step.

use crate::Step;
use decnet_core::event::{Anomaly, Timestamp};
use decnet_core::limits::{DETAIL_BYTES, INPUT_FACT_BYTES};

/// Collects the steps of one call. Neighbouring bytes of one direction become one step, so that a
/// pasted line is one input and its echo one output.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    steps: &'a mut Vec<Step>,
    input: Vec<u8>,
    hidden_keys: u32,
    output: Vec<u8>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(steps: &'a mut Vec<Step>) -> Self {
        Self { steps, input: Vec::new(), hidden_keys: 0, output: Vec::new() }
    }

    /// A byte of the peer, echo on.
    pub(crate) fn input(&mut self, byte: u8) {
        if self.hidden_keys > 0 || self.input.len() >= INPUT_FACT_BYTES {
            self.flush();
        }
        self.input.push(byte);
    }

    /// Keystrokes of the peer, echo off.
    pub(crate) fn hidden(&mut self, keys: u32) {
        if keys == 0 {
            return;
        }
        if !self.input.is_empty() || !self.output.is_empty() {
            self.flush();
        }
        self.hidden_keys = self.hidden_keys.saturating_add(keys);
    }

    /// What the terminal, or standard output, shows; the bytes as they go to the peer.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Standard error of a session without a terminal.
    pub(crate) fn error_output(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.step(Step::ErrorOutput(bytes));
        }
    }

    /// Anything else, after all that came before it.
    pub(crate) fn step(&mut self, step: Step) {
        self.flush();
        self.steps.push(step);
    }

    /// See [`Step::Anomaly`].
    pub(crate) fn anomaly(&mut self, what: Anomaly, detail: &[u8]) {
        let detail = detail.get(..DETAIL_BYTES).unwrap_or(detail).to_vec();
        self.step(Step::Anomaly(what, detail));
    }

    /// See [`Step::WakeAt`].
    pub(crate) fn wake_at(&mut self, at: Timestamp) {
        self.step(Step::WakeAt(at));
    }

    fn flush(&mut self) {
        if self.hidden_keys > 0 {
            self.steps.push(Step::HiddenInput(std::mem::take(&mut self.hidden_keys)));
        }
        if !self.input.is_empty() {
            self.steps.push(Step::Input(std::mem::take(&mut self.input)));
        }
        if !self.output.is_empty() {
            self.steps.push(Step::Output(std::mem::take(&mut self.output)));
        }
    }
}

impl Drop for Recorder<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}

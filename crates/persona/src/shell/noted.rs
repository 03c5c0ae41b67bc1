//! What was asked of files, for those who keep it.
//!
//! **Invariant:** of what is in files nothing is told, only how much it was.

use crate::shell::Shell;
use crate::{FileRequest, Step};
use decnet_core::event::Anomaly;
use decnet_core::limits::FILE_REQUESTS;

impl Shell {
    /// Tells of a request, and beyond the cap once that there were more.
    pub(crate) fn note_request(&mut self, request: FileRequest) {
        self.requests = self.requests.saturating_add(1);
        if self.requests <= FILE_REQUESTS {
            self.noted.push(Step::FileRequest(request));
        } else if self.requests == FILE_REQUESTS + 1 {
            let detail = format!("for files, after {FILE_REQUESTS}").into_bytes();
            self.noted.push(Step::Anomaly(Anomaly::TooManyRequests, detail));
        }
    }

    /// Tells that a file was written; such count as requests do.
    pub(crate) fn note_written(&mut self, path: Vec<u8>, bytes: u64) {
        if self.requests <= FILE_REQUESTS {
            self.noted.push(Step::FileWritten(path, bytes));
        }
    }
}

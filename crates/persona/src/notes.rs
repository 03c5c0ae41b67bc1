//! What was asked of files, for those who keep it.
//!
//! **Invariant:** what is in a file is shared with who keeps it, once the file is closed, and never
//! copied.

use crate::files::Kind;
use crate::kernel::World;
use crate::{Brought, FileRequest, Step};
use decnet_core::event::Anomaly;
use decnet_core::event::file::Means;
use decnet_core::limits::FILE_REQUESTS;

impl World {
    /// Tells of a request, and beyond the cap once that there were more.
    pub(crate) fn note_request(&mut self, request: FileRequest) {
        self.requests = self.requests.saturating_add(1);
        if self.requests <= FILE_REQUESTS {
            self.tell(Step::FileRequest(request));
        } else if self.requests == FILE_REQUESTS + 1 {
            let detail = format!("for files, after {FILE_REQUESTS}").into_bytes();
            self.tell(Step::Anomaly(Anomaly::TooManyRequests, detail));
        }
    }

    /// Tells that a file was written; such count as requests do.
    pub(crate) fn note_written(&mut self, path: Vec<u8>, bytes: u64) {
        if self.requests <= FILE_REQUESTS {
            self.tell(Step::FileWritten(path, bytes));
        }
    }

    /// Tells what is in a file that was written, if it is there still: `at` is where it is, without
    /// links. Such count as requests do.
    pub(crate) fn note_artifact(&mut self, path: Vec<u8>, at: Option<&[u8]>, means: Means) {
        let node = at.and_then(|at| self.files.node(at).ok());
        if let Some(Kind::File(content)) = node.map(|node| &node.kind)
            && self.requests <= FILE_REQUESTS
        {
            let content = std::sync::Arc::clone(content);
            self.tell(Step::Artifact(Brought::new(path, means, content)));
        }
    }
}

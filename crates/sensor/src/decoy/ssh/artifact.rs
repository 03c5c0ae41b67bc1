//! Files that a session's peer brought: into the quarantine, and into a fact.
//!
//! **Invariant:** of what is in a file a fact has its first bytes and the lines of an
//! `authorized_keys`, both capped; the rest goes to the quarantine only.

use crate::decoy::ssh::session::Scene;
use decnet_core::event::file::{Artifact, is_authorized_keys};
use decnet_core::event::{Anomaly, SessionFact, Timestamp};
use decnet_core::limits::{
    ARTIFACT_HEAD_BYTES, ARTIFACTS, FILE_PATH_BYTES, KEY_LINE_BYTES, KEY_LINES,
};
use decnet_core::octets::{Binary, Octets};
use decnet_persona::Brought;

/// The files of a session so far.
#[derive(Debug, Default)]
pub(super) struct Artifacts(u32);

impl Artifacts {
    /// The fact of a file; nothing beyond the cap, of which an anomaly tells once.
    pub(super) fn fact(
        &mut self,
        at: Timestamp,
        brought: &Brought,
        scene: &mut Scene<'_>,
    ) -> Option<SessionFact> {
        self.0 = self.0.saturating_add(1);
        if self.0 > ARTIFACTS {
            if self.0 == ARTIFACTS + 1 {
                let detail = format!("files, after {ARTIFACTS}");
                scene.voice.anomaly(at, Anomaly::TooManyRequests, detail.as_bytes());
            }
            return None;
        }
        let bytes = brought.bytes();
        let peer = scene.voice.origin.attacker();
        let quarantined = scene.recordings.quarantine().keep(peer, bytes);
        let head = bytes.get(..ARTIFACT_HEAD_BYTES).unwrap_or(bytes);
        Some(SessionFact::Artifact(Box::new(Artifact {
            path: scene.voice.kept(at, &brought.path, FILE_PATH_BYTES),
            means: brought.means,
            size: brought.size(),
            held: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256: quarantined.sha256.map(|hash| Binary(hash.to_vec())),
            head: Binary(head.to_vec()),
            keeping: quarantined.keeping,
            keys: keys(&brought.path, bytes),
        })))
    }
}

/// The lines of a file that says who may log in; none of any other.
fn keys(path: &[u8], bytes: &[u8]) -> Vec<Octets> {
    if !is_authorized_keys(path) {
        return Vec::new();
    }
    let lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty()).take(KEY_LINES);
    lines.map(|line| Octets::capped(line, KEY_LINE_BYTES)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_key_files_are_told() {
        assert_eq!(keys(b".ssh/authorized_keys", b"a\r\n\n b \n").len(), 2);
        assert_eq!(keys(b"/etc/passwd", b"root:x:0:0::/root:/bin/sh\n"), []);
        assert_eq!(keys(b"authorized_keys", &b"x\n".repeat(1_000)).len(), KEY_LINES);
    }
}

//! Rows of what was done in sessions.

use crate::row::Blob;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `session_command`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct SessionCommandRow {
    pub sid: Uuid,
    pub n: u32,
    pub line: String,
    pub started_at: Option<String>,
    pub entered_at: String,
    pub ended_at: Option<String>,
    pub exit_status: Option<u32>,
    pub think_s: Option<f64>,
    pub enter_latency_s: Option<f64>,
    pub sensitive: Option<String>,
    pub technique: Option<String>,
    pub flags: Option<String>,
    pub canonical: Option<String>,
}

/// `session_typo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct SessionTypoRow {
    pub sid: Uuid,
    pub n: u32,
    pub command: u32,
    pub at: String,
    pub typed: String,
    pub became: String,
    pub kind: &'static str,
}

/// `artifact`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "crate::table describes each column")]
pub struct ArtifactRow {
    pub id: u64,
    pub attacker_uuid: Uuid,
    pub sid: Uuid,
    pub at: String,
    pub path: Option<String>,
    pub url: Option<String>,
    pub sha256: Option<Blob<32>>,
    pub size: Option<u64>,
    pub mime: Option<&'static str>,
    pub origin: String,
    pub held: Option<u64>,
    pub keeping: &'static str,
}

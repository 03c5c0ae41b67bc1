//! Files that attackers brought, wrote or asked for.
//!
//! **Invariant:** what kind of file it is comes from its first bytes and never from its name.

use super::command::{Planted, planted_key};
use super::rows::ArtifactRow;
use crate::event::Timestamp;
use crate::event::file::{Artifact, Means, is_authorized_keys};
use crate::limits;
use crate::octets::Octets;
use crate::row::Blob;
use uuid::Uuid;

/// Where and when it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) sid: Uuid,
    pub(super) attacker: Uuid,
}

/// The row of a file that came.
pub(super) fn brought(place: &Place, artifact: &Artifact) -> ArtifactRow {
    let sha256 = artifact.sha256.as_ref().and_then(|hash| hash.0.as_slice().try_into().ok());
    ArtifactRow {
        id: place.seq,
        attacker_uuid: place.attacker,
        sid: place.sid,
        at: place.at.rfc3339(),
        path: Some(artifact.path.readable()),
        url: None,
        sha256: sha256.map(Blob),
        size: Some(artifact.size),
        mime: mime(&artifact.head.0),
        origin: artifact.means.name().to_owned(),
        held: Some(artifact.held),
        keeping: artifact.keeping.name(),
    }
}

/// The row of a file that was wanted.
pub(super) fn wished(place: &Place, url: &Octets, tool: &Octets) -> ArtifactRow {
    ArtifactRow {
        id: place.seq,
        attacker_uuid: place.attacker,
        sid: place.sid,
        at: place.at.rfc3339(),
        path: None,
        url: Some(Octets::capped(&url.0, limits::COMMAND_ROW_BYTES).readable()),
        sha256: None,
        size: None,
        mime: None,
        origin: Octets::capped(&tool.0, 32).readable(),
        held: None,
        keeping: "wished",
    }
}

/// The keys in a file that says who may log in.
pub(super) fn planted(artifact: &Artifact) -> Vec<Planted> {
    if !is_authorized_keys(&artifact.path.0) {
        return Vec::new();
    }
    artifact.keys.iter().take(limits::KEY_LINES).filter_map(|line| planted_key(&line.0)).collect()
}

/// `ssh_key.source` of keys that came so.
pub(super) fn source(means: Means) -> &'static str {
    match means {
        Means::Sftp => "planted_sftp",
        Means::Scp => "planted_scp",
        Means::Redirect => "planted_redirect",
        Means::Program => "planted_program",
    }
}

/// The kind of a file by its first bytes, as a media type; nothing of an empty one.
fn mime(head: &[u8]) -> Option<&'static str> {
    if head.is_empty() {
        return None;
    }
    let known = MAGIC
        .iter()
        .find(|(at, magic, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if let Some((_, _, mime)) = known {
        return Some(mime);
    }
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if let Some(program) = line.strip_prefix(b"#!") {
        let runs = |name: &[u8]| program.windows(name.len()).any(|window| window == name);
        return Some(match () {
            () if runs(b"python") => "text/x-python",
            () if runs(b"perl") => "text/x-perl",
            () if runs(b"php") => "text/x-php",
            () if runs(b"ruby") => "text/x-ruby",
            () => "text/x-shellscript",
        });
    }
    // A character at the end may be cut.
    let text = match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            head.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok())
        }
        Err(_) => None,
    };
    let is_text = text.is_some_and(|text| {
        text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b'))
    });
    Some(if is_text { "text/plain" } else { "application/octet-stream" })
}

/// Place, bytes, and what has them there.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"!<arch>\n", "application/x-archive"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"\xca\xfe\xba\xbe", "application/java-vm"),
    (0, b"\0asm", "application/wasm"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"-----BEGIN ", "application/x-pem-file"),
    (0, b"<?php", "text/x-php"),
    (0, b"<?xml", "text/xml"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::file::Keeping;
    use crate::octets::Binary;
    use proptest::prelude::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let check = |head: &[u8], expected| assert_eq!(mime(head), expected);
        check(b"", None);
        check(b"\x7fELF\x02\x01", Some("application/x-elf"));
        check(b"#!/bin/sh\nid\n", Some("text/x-shellscript"));
        check(b"#!/usr/bin/env python3\n", Some("text/x-python"));
        check(b"\x1f\x8b\x08", Some("application/gzip"));
        check("h\u{e9}llo\n".as_bytes(), Some("text/plain"));
        check(b"cut \xe2\x82", Some("text/plain"));
        check(b"\0\0\0", Some("application/octet-stream"));
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar");
        check(&tar, Some("application/x-tar"));
    }

    #[test]
    fn keys_count_only_in_a_file_of_that_name() {
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
        let of = |path: &str| Artifact {
            path: path.into(),
            means: Means::Sftp,
            size: 9,
            held: 9,
            sha256: Some(Binary(vec![1; 32])),
            head: Binary(Vec::new()),
            keeping: Keeping::Kept,
            keys: vec!["# x".into(), format!("ssh-ed25519 {key} me").into()],
        };
        let found = planted(&of("/root/.ssh/authorized_keys"));
        assert_eq!(found.iter().map(|p| p.comment.as_slice()).collect::<Vec<_>>(), [b"me"]);
        assert_eq!(planted(&of("/tmp/x")), []);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_kind(head: Vec<u8>) {
            prop_assert_eq!(mime(&head).is_none(), head.is_empty());
        }
    }
}

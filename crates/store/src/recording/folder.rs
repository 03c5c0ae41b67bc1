//! The folder of recordings: names, what a killed program left, and what is too old or too much.
//!
//! **Invariant:** nothing outside of `<yyyy>/<mm>/<dd>/<sid>.cast` is ever touched, and no file that
//! is being written is ever removed.

use super::{Finished, RecordingWriter};
use decnet_core::event::{RecordingExtent, SessionId, Timestamp, WindowSize};
use decnet_core::limits;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are looked at together, from a file's end.
const STEP: u64 = 64 << 10;
const DAY_NS: i64 = 86_400 * 1_000_000_000;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one recording.
    pub recording_bytes: u64,
    /// Bytes of all of them.
    pub total_bytes: u64,
    /// Days that one is kept.
    pub days: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            recording_bytes: limits::RECORDING_BYTES,
            total_bytes: limits::RECORDINGS_BYTES,
            days: limits::RECORDING_DAYS,
        }
    }
}

/// What a recording's first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The session; the file is named after it.
    pub sid: SessionId,
    /// When it began.
    pub at: Timestamp,
    /// Size of its terminal; where there is none, 80 by 24 is written.
    pub size: WindowSize,
    /// TERM, readable.
    pub term: Option<String>,
    /// A title.
    pub title: Option<String>,
    /// The command of an exec request, readable.
    pub command: Option<String>,
}

/// A recording that was cut in the middle of a line, and is valid again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// File name, relative to the folder.
    pub file: String,
    /// Its size now; 0 where nothing was left and the file is gone.
    pub bytes: u64,
    /// Bytes taken away.
    pub cut: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// The folder of recordings.
#[derive(Debug, Clone)]
pub struct RecordingStore {
    folder: PathBuf,
    limits: Limits,
    open: Arc<Mutex<BTreeSet<String>>>,
}

/// The name of a recording at work, as long as it is.
pub(super) struct Open {
    name: String,
    all: Arc<Mutex<BTreeSet<String>>>,
}

impl Open {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl RecordingStore {
    /// The recordings in `folder`, which is made when the first one is.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, limits: Limits) -> Self {
        Self { folder: folder.into(), limits, open: Arc::default() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of a recording by its name.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Begins a recording: `<yyyy>/<mm>/<dd>/<sid>.cast`, its owner's alone.
    ///
    /// # Errors
    /// When the file is there already, or cannot be made.
    pub fn create(&self, header: &Header) -> io::Result<RecordingWriter> {
        let name = name(header.sid, header.at);
        let path = self.folder.join(&name);
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let first = header.line();
        if let Err(error) = file.write_all(first.as_bytes()) {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        let open = Open { name, all: Arc::clone(&self.open) };
        let limit = self.limits.recording_bytes;
        Ok(RecordingWriter::new(file, path, open, first.len() as u64, limit))
    }

    /// Cuts the torn last lines that a kill left; to be called at start, before the first recording.
    ///
    /// # Errors
    /// When a file cannot be read or cut.
    pub fn recover(&self) -> io::Result<Vec<Recovered>> {
        let mut recovered = Vec::new();
        for file in self.files()? {
            let path = self.folder.join(&file);
            let mut handle = OpenOptions::new().read(true).write(true).open(&path)?;
            let length = handle.metadata()?.len();
            let bytes = whole_lines(&mut handle, length)?;
            if bytes == 0 {
                fs::remove_file(&path)?;
            } else if bytes < length {
                handle.set_len(bytes)?;
            } else {
                continue;
            }
            recovered.push(Recovered { file, bytes, cut: length - bytes });
        }
        Ok(recovered)
    }

    /// The recording that a killed program left of a session, for the event that tells of it. To be
    /// asked after [`RecordingStore::recover`].
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn left_behind(&self, sid: SessionId) -> io::Result<Option<Finished>> {
        let wanted = format!("{}.cast", sid.0);
        for day in self.days()?.into_iter().rev() {
            let file = format!("{day}/{wanted}");
            if let Ok(data) = fs::symlink_metadata(self.folder.join(&file)) {
                let extent = RecordingExtent::CutByFault;
                return Ok(Some(Finished { file, bytes: data.len(), extent }));
            }
        }
        Ok(None)
    }

    /// Removes what is older than the limits allow, then the oldest until the rest is small enough.
    ///
    /// # Errors
    /// When a folder cannot be read or a file cannot be removed.
    pub fn prune(&self, now: Timestamp) -> io::Result<Pruned> {
        let days = i64::try_from(self.limits.days).unwrap_or(i64::MAX);
        let oldest = day(Timestamp(now.0.saturating_sub(days.saturating_mul(DAY_NS))));
        let mut files = Vec::new();
        let mut total = 0;
        for file in self.files()? {
            let data = fs::symlink_metadata(self.folder.join(&file))?;
            // A file takes whole blocks: many tiny recordings fill a disk too.
            let room = data.len().next_multiple_of(BLOCK);
            total += room;
            files.push((file.get(..10).map(str::to_owned), data.modified()?, file, room));
        }
        files.sort();
        let mut pruned = Pruned::default();
        for (day, _, file, bytes) in files {
            let old = day.is_some_and(|day| day < oldest);
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).contains(&file);
            if open || !(old || total > self.limits.total_bytes) {
                continue;
            }
            let path = self.folder.join(&file);
            fs::remove_file(&path)?;
            // A folder that holds others stays.
            for folder in path.ancestors().skip(1).take(3) {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
            total -= bytes;
            pruned.files += 1;
            pruned.bytes += bytes;
        }
        Ok(pruned)
    }

    /// The names of all recordings, in order.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn files(&self) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        for day in self.days()? {
            for name in entries(&self.folder.join(&day))? {
                if name.ends_with(".cast") {
                    files.push(format!("{day}/{name}"));
                }
            }
        }
        Ok(files)
    }

    /// The folders of days, in order.
    fn days(&self) -> io::Result<Vec<String>> {
        let mut paths = vec![String::new()];
        for digits in [4, 2, 2] {
            let mut deeper = Vec::new();
            for path in &paths {
                for name in entries(&self.folder.join(path))? {
                    if name.len() == digits && name.bytes().all(|b| b.is_ascii_digit()) {
                        deeper.push(if path.is_empty() { name } else { format!("{path}/{name}") });
                    }
                }
            }
            paths = deeper;
        }
        Ok(paths)
    }
}

impl Header {
    fn line(&self) -> String {
        let text = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| {
                format!(", \"{name}\": {}", serde_json::to_string(value).unwrap_or_default())
            })
        };
        let env = self.term.as_ref().map_or_else(String::new, |term| {
            format!("\"TERM\": {}", serde_json::to_string(term).unwrap_or_default())
        });
        format!(
            "{{\"version\": 2, \"width\": {}, \"height\": {}, \"timestamp\": {}, \"env\": \
             {{{env}}}{}{}}}\n",
            cells(self.size.cols, 80),
            cells(self.size.rows, 24),
            self.at.0.div_euclid(1_000_000_000),
            text("title", &self.title),
            text("command", &self.command)
        )
    }
}

/// A size that a player can show.
pub(super) fn cells(sent: u32, usual: u32) -> u32 {
    if sent == 0 { usual } else { sent.min(limits::WINDOW_CELLS) }
}

fn name(sid: SessionId, at: Timestamp) -> String {
    format!("{}/{}.cast", day(at), sid.0)
}

/// `yyyy/mm/dd`.
fn day(at: Timestamp) -> String {
    at.rfc3339().get(..10).unwrap_or("0000-00-00").replace('-', "/")
}

/// The names in a folder, in order; none where there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        // A link is none of ours.
        if entry.file_type()?.is_symlink() {
            continue;
        }
        if let Ok(name) = entry.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The length up to the end of the last whole line.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut buffer = Vec::new();
    while end > 0 {
        let begin = end.saturating_sub(STEP);
        buffer.clear();
        file.seek(SeekFrom::Start(begin))?;
        file.take(end - begin).read_to_end(&mut buffer)?;
        if let Some(at) = buffer.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

/// Bytes that a file system gives out at once, usually.
const BLOCK: u64 = 4_096;

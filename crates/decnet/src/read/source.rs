//! The bytes of a capture: a file's, or those of standard input.
//!
//! **Invariant:** no more is held than one block of a capture may have.

use anyhow::{Context as _, Result, bail};
use decnet_core::limits::CAPTURE_BLOCK_BYTES;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that are read at once: they stay in the processor's cache.
const CHUNK_BYTES: usize = 256 << 10;

/// A capture that is being read.
pub(super) struct Source {
    name: String,
    input: Box<dyn Read>,
    buffer: Vec<u8>,
    /// Where what is there begins, and ends.
    begin: usize,
    end: usize,
    bar: ProgressBar,
}

impl Source {
    /// Opens a file, or standard input for none and for `-`.
    pub(super) fn open(file: Option<&Path>) -> Result<Self> {
        let file = file.filter(|file| *file != Path::new("-"));
        let (name, input, length): (_, Box<dyn Read>, _) = match file {
            None => ("standard input".to_owned(), Box::new(io::stdin()), None),
            Some(path) => {
                let name = path.display().to_string();
                let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
                let about = file.metadata().with_context(|| format!("cannot read {name}"))?;
                if about.is_dir() {
                    bail!("{name} is a folder");
                }
                let length = about.is_file().then_some(about.len());
                (name, Box::new(file), length)
            }
        };
        // Hidden by itself where standard error is no terminal.
        let (bar, form) = match length {
            Some(length) => {
                (ProgressBar::new(length), "{bar:40} {bytes}/{total_bytes}, {eta} left")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {bytes_per_sec}"),
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        let mut source = Self { name, input, buffer: vec![0; CHUNK_BYTES], begin: 0, end: 0, bar };
        source.fill()?;
        if source.bytes().starts_with(&[0x1f, 0x8b]) {
            bail!("{0}: compressed; `zcat {0} | decnet read` reads it", source.name);
        }
        Ok(source)
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is there and has not been used.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.begin..self.end).unwrap_or_default()
    }

    /// Lets go of the first `used` bytes and reads on; whether there was anything more.
    pub(super) fn more(&mut self, used: usize) -> Result<bool> {
        self.begin = (self.begin + used).min(self.end);
        self.fill()
    }

    fn fill(&mut self) -> Result<bool> {
        self.buffer.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, self.end - self.begin);
        // One block alone may be larger than the buffer.
        if self.end == self.buffer.len() && self.end <= CAPTURE_BLOCK_BYTES {
            self.buffer.resize(self.end * 2, 0);
        }
        let space = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = loop {
            match self.input.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.with_context(|| format!("cannot read {}", self.name))?,
            }
        };
        self.end += count;
        self.bar.inc(count as u64);
        Ok(count > 0)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

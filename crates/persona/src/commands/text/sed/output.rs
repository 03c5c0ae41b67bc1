//! Where `sed` prints: standard output, the file that is edited, the files of `w`.
//!
//! **Invariant:** a line end that an input's last line lacks is lacking in the output, unless
//! something follows.

use crate::commands::text::{Writing, create};
use crate::files::Fault;
use crate::kernel::{Proc, WHOLE_BYTES};

#[derive(Default)]
pub(super) struct Output {
    /// What becomes of the file that is edited.
    pub(super) edited: Option<Vec<u8>>,
    /// Descriptors of the script's files, and whether a line end is lacking.
    files: Vec<(u32, bool)>,
    lacking: bool,
}

impl Output {
    /// Empties the script's files.
    pub(super) fn open(p: &mut Proc, names: &[Vec<u8>]) -> Result<Self, (Vec<u8>, Fault)> {
        let mut output = Self::default();
        for name in names {
            let fd = match name.as_slice() {
                b"/dev/stdout" => 1,
                b"/dev/stderr" => 2,
                name => create(p, name, Writing::New).map_err(|why| (name.to_vec(), why))?,
            };
            output.files.push((fd, false));
        }
        Ok(output)
    }

    /// Prints text; a line end behind it where there is one to be.
    pub(super) fn text(&mut self, p: &mut Proc, text: &[u8], end: Option<u8>) {
        let lacking = std::mem::take(&mut self.lacking);
        let mut out = Vec::with_capacity(text.len() + 2);
        if lacking {
            out.push(b'\n');
        }
        out.extend(text);
        match end {
            Some(end) => out.push(end),
            None => self.lacking = true,
        }
        match &mut self.edited {
            Some(edited) if edited.len() < WHOLE_BYTES => edited.extend(out),
            Some(_) => {}
            None => p.print(out),
        }
    }

    /// Prints what has its own line ends.
    pub(super) fn raw(&mut self, p: &mut Proc, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.text(p, text, None);
        self.lacking = false;
    }

    /// Prints into one of the script's files.
    pub(super) fn write(&mut self, p: &mut Proc, file: usize, text: &[u8], end: Option<u8>) {
        let Some((fd, lacking)) = self.files.get_mut(file) else { return };
        if *fd == 1 && self.edited.is_none() {
            self.text(p, text, end);
            return;
        }
        if std::mem::take(lacking) {
            p.put(*fd, b"\n");
        }
        p.put(*fd, text);
        match end {
            Some(end) => p.put(*fd, &[end]),
            None => *lacking = true,
        }
    }

    /// A file begins that is on its own.
    pub(super) fn begin_edited(&mut self) {
        self.edited = Some(Vec::new());
        self.lacking = false;
    }
}

//! `grep` and its other names.
//!
//! **Invariant:** a line at a time, with the lines of context before it; folders are walked with a
//! list of what is left to do.

mod matcher;
mod scan;
mod settings;
mod walk;

use crate::kernel::Proc;
use matcher::Matcher;
use settings::{Folders, Settings};

/// Exit statuses: a line was selected, none was, something was wrong.
const TROUBLE: u32 = 2;

pub(super) async fn grep(p: &mut Proc) -> u32 {
    let (settings, patterns, files) = match settings::read(p).await {
        Ok(all) => all,
        Err(status) => return status,
    };
    let matcher = match Matcher::new(p, &settings, &patterns) {
        Ok(matcher) => matcher,
        Err(text) => {
            super::say(p, text);
            return TROUBLE;
        }
    };
    let mut run = Run { settings, matcher, found: false, failed: false, width: 0 };
    let recursive = run.settings.folders != Folders::Read && run.settings.folders != Folders::Skip;
    let files = match (files.is_empty(), recursive) {
        (true, true) => vec![Vec::new()],
        (true, false) => vec![b"-".to_vec()],
        (false, _) => files,
    };
    let is_folder = |path: &[u8]| path.is_empty() || path != b"-" && p.is_folder(path);
    let many = files.len() > 1 || recursive && files.iter().any(|path| is_folder(path));
    run.settings.names = run.settings.named.unwrap_or(many);
    for path in &files {
        run.argument(p, path).await;
        if run.found && run.settings.quiet {
            return 0;
        }
    }
    match (run.found, run.failed) {
        (true, true) if run.settings.quiet => 0,
        (_, true) => TROUBLE,
        (true, false) => 0,
        (false, false) => 1,
    }
}

struct Run {
    settings: Settings,
    matcher: Matcher,
    found: bool,
    failed: bool,
    /// Digits of the file's size, for `-T`.
    width: usize,
}

//! `decnet rebuild`: all profile rows, anew from the journal.

use crate::cli;
use crate::output;
use crate::show::store::Located;
use anyhow::{Result, bail};
use decnet_store::{Engine, Progress};
use indicatif::{ProgressBar, ProgressStyle};

/// `decnet rebuild`.
pub(crate) fn run(place: &cli::Place) -> Result<()> {
    let located = Located::find(place)?;
    if decnet_api::ask(&located.data.0).is_ok() {
        bail!(
            "`decnet up` is running on {}: stop it first, rows are made anew by one program alone",
            located.data.0.display()
        );
    }
    if let Some(path) = located.url.path()
        && !path.is_file()
    {
        bail!("store {}: nothing is there, so that there is nothing to rebuild", located.url);
    }
    // A store elsewhere needs no data folder.
    let _held = located.data.0.is_dir().then(|| located.data.hold()).transpose()?;
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events, {eta} left")
    {
        bar.set_style(style);
    }
    let mut show = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let mut engine = Engine::open_with(&located.url, &mut show)?;
    engine.rebuild(&mut show)?;
    bar.finish_and_clear();
    let events = engine.head();
    output::print(&format!("all rows are made anew from {events} events\n"))?;
    Ok(())
}

//! `findmnt`.
//!
//! **Invariant:** every mount is shown once, below the one on which it is.

use super::{Branches, all, branches, lossy, read, table};
use crate::commands::Flag;
use crate::commands::files::human;
use crate::files::Last;
use crate::files::mounts::Mount;
use crate::kernel::Proc;
use crate::process::shown;

pub(super) async fn findmnt(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'l', "list"),
        Flag::new(b'n', "noheadings"),
        Flag::with(b'o', "output"),
        Flag::with(b't', "types"),
        Flag::with(b'T', "target"),
        Flag::with(b'S', "source"),
        Flag::with(b'M', "mountpoint"),
        Flag::new(b'a', "ascii"),
        Flag::new(b'r', "raw"),
        Flag::new(b'A', "all"),
        Flag::new(b'k', "kernel"),
        Flag::new(b'm', "mtab"),
        Flag::new(b'D', "df"),
        Flag::new(b'b', "bytes"),
        Flag::new(b'J', "json"),
        Flag::new(b'f', "first-only"),
        Flag::new(b'v', "nofsroot"),
    ];
    let given = match read(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mounts = all(p);
    let kinds = given.value(b't');
    let place = given.value(b'M').or(given.rest.first().map(Vec::as_slice)).map(<[u8]>::to_vec);
    let inside = given.value(b'T').map(<[u8]>::to_vec);
    let inside = inside.map(|path| {
        p.fs(|process| {
            let path = process.find(&path, Last::Follow).unwrap_or_default();
            process.world.files.mount(&path).at.clone()
        })
    });
    let wanted = |mount: &&Mount| {
        let name = mount.system.name().as_bytes();
        let at = shown(&mount.at);
        kinds.is_none_or(|kinds| kinds.split(|&b| b == b',').any(|kind| kind == name))
            && place.as_ref().is_none_or(|place| *place == at || *place == mount.source)
            && given.value(b'S').is_none_or(|source| source == mount.source)
            && inside.as_ref().is_none_or(|inside| *inside == mount.at)
    };
    let filtered = kinds.is_some() || place.is_some() || inside.is_some() || given.has(b'S');
    let rows: Vec<(String, Mount)> = if filtered || given.has(b'l') {
        let found = mounts.iter().filter(wanted);
        found.map(|mount| (lossy(&shown(&mount.at)), mount.clone())).collect()
    } else {
        tree(&mounts, &branches(p))
    };
    if rows.is_empty() {
        return 1;
    }
    let columns: Vec<String> = match given.value(b'o') {
        Some(words) => {
            let words = words.split(|&b| b == b',');
            words.map(|word| lossy(&word.to_ascii_uppercase())).collect()
        }
        None => ["TARGET", "SOURCE", "FSTYPE", "OPTIONS"].map(str::to_owned).to_vec(),
    };
    let mut lines = if given.has(b'n') { Vec::new() } else { vec![columns.clone()] };
    for (name, mount) in rows {
        let cell = |column: &String| match column.as_str() {
            "TARGET" => name.clone(),
            "SOURCE" => lossy(&mount.source),
            "FSTYPE" => mount.system.name().to_owned(),
            "OPTIONS" | "VFS-OPTIONS" => lossy(&mount.options),
            "SIZE" if mount.kib > 0 => human(mount.kib * 1_024, 1_024),
            _ => String::new(),
        };
        lines.push(columns.iter().map(cell).collect());
    }
    table(p, &lines, &[]);
    0
}

/// Mounts below each other, with branches before their names.
fn tree(mounts: &[Mount], branches: &Branches) -> Vec<(String, Mount)> {
    let parent = |mount: &Mount| {
        let above = mounts.iter().filter(|other| {
            let rest = mount.at.strip_prefix(other.at.as_slice());
            other.at.len() < mount.at.len() && rest.is_some_and(|rest| rest.starts_with(b"/"))
        });
        above.max_by_key(|other| other.at.len()).map(|other| other.at.clone())
    };
    let below = |at: Option<&[u8]>| -> Vec<&Mount> {
        mounts.iter().filter(|mount| parent(mount).as_deref() == at).collect()
    };
    let mut rows = Vec::new();
    let mut todo: Vec<(String, String, &Mount)> =
        below(None).into_iter().rev().map(|mount| (String::new(), String::new(), mount)).collect();
    while let Some((lead, next, mount)) = todo.pop() {
        rows.push((format!("{lead}{}", lossy(&shown(&mount.at))), mount.clone()));
        let inner = below(Some(&mount.at));
        let count = inner.len();
        if rows.len() > mounts.len() {
            break;
        }
        for (at, inner) in inner.into_iter().enumerate().rev() {
            let last = at + 1 == count;
            let branch = if last { branches.last } else { branches.middle };
            let line = if last { "  " } else { branches.line };
            todo.push((format!("{next}{branch}"), format!("{next}{line}"), inner));
        }
    }
    rows
}

//! Programs about the machine itself: what it is, what it runs, who is there.
//!
//! **Invariant:** every number is that of [`crate::live`] and of the machine; two programs that show
//! one fact show it alike.

mod date;
mod disk;
mod kernel;
mod machine;
mod net;
mod people;
mod ps;
mod run;
mod signals;
mod top;

use super::Program;
use crate::kernel::Proc;

/// The lists of all of them.
pub(super) const PROGRAMS: [&[Program]; 10] = [
    date::PROGRAMS,
    disk::PROGRAMS,
    kernel::PROGRAMS,
    machine::PROGRAMS,
    net::PROGRAMS,
    people::PROGRAMS,
    ps::PROGRAMS,
    run::PROGRAMS,
    signals::PROGRAMS,
    top::PROGRAMS,
];

/// When packages were built: dates of their files, seconds since 1970.
pub(super) const COREUTILS: i64 = 1_663_687_647;
pub(super) const PROCPS: i64 = 1_671_429_998;
pub(super) const UTIL_LINUX: i64 = 1_732_219_314;
pub(super) const SYSTEMD: i64 = 1_748_538_242;
pub(super) const NET_TOOLS: i64 = 1_748_287_643;
pub(super) const IPROUTE: i64 = 1_684_761_592;
pub(super) const NCURSES: i64 = 1_683_470_027;
pub(super) const LIBC: i64 = 1_777_320_873;

/// Words as text, for programs whose words are plain.
pub(super) fn words(p: &Proc) -> Vec<String> {
    p.rest().iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// `prog: extra operand 'x'`
pub(super) fn extra(p: &mut Proc, operand: &[u8]) -> u32 {
    let quoted = super::quote(p, operand);
    let name = p.name();
    p.error([name.as_bytes(), b": extra operand ", &quoted].concat());
    p.try_help();
    1
}

/// Tenths of a part of a whole, rounded down: `12.3`.
pub(super) fn tenths(part: u64, whole: u64) -> String {
    let thousandths = part.saturating_mul(1_000) / whole.max(1);
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

//! `bash`, `sh` and their names, and `scp`.

use crate::commands::Program;
use crate::scp::scp;
use crate::shell::shell;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("bash", |p| Box::pin(shell(p)), 1_265_648, 1_744_962_000),
    Program::new("rbash", |p| Box::pin(shell(p)), 1_265_648, 1_744_962_000),
    Program::new("sh", |p| Box::pin(shell(p)), 125_640, 1_672_900_000),
    Program::new("scp", |p| Box::pin(scp(p)), 168_552, 1_746_000_000),
    Program::new("dash", |p| Box::pin(shell(p)), 125_640, 1_672_900_000),
];

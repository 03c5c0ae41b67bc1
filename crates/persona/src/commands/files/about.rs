//! `--help`, `--version` and the complaint about a wrong command line.
//!
//! **Invariant:** none of it depends on input.

use crate::commands::{Flag, Options};
use crate::kernel::Proc;

/// Letters of the two options that all have.
const HELP: u8 = 1;
const VERSION: u8 = 2;

/// Reads a command line of coreutils, where options may stand anywhere. What is wrong ends the
/// program with this status.
pub(super) fn options(p: &mut Proc, flags: &[Flag], wrong: u32) -> Result<Options, u32> {
    read(p, flags, wrong, false)
}

/// The same, where what stands behind the first argument is none of the program's.
pub(super) fn strict_options(p: &mut Proc, flags: &[Flag], wrong: u32) -> Result<Options, u32> {
    read(p, flags, wrong, true)
}

#[expect(clippy::fn_params_excessive_bools, reason = "private")]
fn read(p: &mut Proc, flags: &[Flag], wrong: u32, strict: bool) -> Result<Options, u32> {
    let mut all = flags.to_vec();
    all.extend([Flag::new(HELP, "help"), Flag::new(VERSION, "version")]);
    let Some(options) = Options::read(p, &all, strict) else {
        p.try_help();
        return Err(wrong);
    };
    match options.last_of(&[HELP, VERSION]) {
        Some(HELP) => {
            help(p);
            Err(0)
        }
        Some(_) => {
            version(p);
            Err(0)
        }
        None => Ok(options),
    }
}

/// Name, usages behind the name, what it does, who wrote it.
type About = (&'static str, &'static [&'static str], &'static str, &'static str);

const ABOUT: &[About] = &[
    (
        "ls",
        &["[OPTION]... [FILE]..."],
        "List information about the FILEs (the current directory by default).",
        "Richard M. Stallman and David MacKenzie",
    ),
    (
        "dir",
        &["[OPTION]... [FILE]..."],
        "List information about the FILEs (the current directory by default).",
        "Richard M. Stallman and David MacKenzie",
    ),
    (
        "vdir",
        &["[OPTION]... [FILE]..."],
        "List information about the FILEs (the current directory by default).",
        "Richard M. Stallman and David MacKenzie",
    ),
    (
        "cp",
        &[
            "[OPTION]... [-T] SOURCE DEST",
            "[OPTION]... SOURCE... DIRECTORY",
            "[OPTION]... -t DIRECTORY SOURCE...",
        ],
        "Copy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.",
        "Torbjorn Granlund, David MacKenzie, and Jim Meyering",
    ),
    (
        "mv",
        &[
            "[OPTION]... [-T] SOURCE DEST",
            "[OPTION]... SOURCE... DIRECTORY",
            "[OPTION]... -t DIRECTORY SOURCE...",
        ],
        "Rename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.",
        "Mike Parker, David MacKenzie, and Jim Meyering",
    ),
    (
        "rm",
        &["[OPTION]... [FILE]..."],
        "Remove (unlink) the FILE(s).",
        "Paul Rubin, David MacKenzie, Richard M. Stallman,\nand Jim Meyering",
    ),
    (
        "mkdir",
        &["[OPTION]... DIRECTORY..."],
        "Create the DIRECTORY(ies), if they do not already exist.",
        "David MacKenzie",
    ),
    (
        "rmdir",
        &["[OPTION]... DIRECTORY..."],
        "Remove the DIRECTORY(ies), if they are empty.",
        "David MacKenzie",
    ),
    (
        "ln",
        &[
            "[OPTION]... [-T] TARGET LINK_NAME",
            "[OPTION]... TARGET",
            "[OPTION]... TARGET... DIRECTORY",
            "[OPTION]... -t DIRECTORY TARGET...",
        ],
        "In the 1st form, create a link to TARGET with the name LINK_NAME.",
        "Mike Parker and David MacKenzie",
    ),
    (
        "link",
        &["FILE1 FILE2", "OPTION"],
        "Call the link function to create a link named FILE2 to an existing FILE1.",
        "Michael Stone",
    ),
    (
        "unlink",
        &["FILE", "OPTION"],
        "Call the unlink function to remove the specified FILE.",
        "Michael Stone",
    ),
    (
        "touch",
        &["[OPTION]... FILE..."],
        "Update the access and modification times of each FILE to the current time.",
        "Paul Rubin, Arnold Robbins, Jim Kingdon,\nDavid MacKenzie, and Randy Smith",
    ),
    (
        "mktemp",
        &["[OPTION]... [TEMPLATE]"],
        "Create a temporary file or directory, safely, and print its name.",
        "Jim Meyering and Eric Blake",
    ),
    ("stat", &["[OPTION]... FILE..."], "Display file or file system status.", "Michael Meskes"),
    (
        "du",
        &["[OPTION]... [FILE]...", "[OPTION]... --files0-from=F"],
        "Summarize device usage of the set of FILEs, recursively for directories.",
        "Torbjorn Granlund, David MacKenzie, Paul Eggert,\nand Jim Meyering",
    ),
    (
        "df",
        &["[OPTION]... [FILE]..."],
        "Show information about the file system on which each FILE resides,",
        "Torbjorn Granlund, David MacKenzie, and Paul Eggert",
    ),
    (
        "readlink",
        &["[OPTION]... FILE..."],
        "Print value of a symbolic link or canonical file name",
        "Dmitry V. Levin",
    ),
    (
        "realpath",
        &["[OPTION]... FILE..."],
        "Print the resolved absolute file name;",
        "Padraig Brady",
    ),
    (
        "basename",
        &["NAME [SUFFIX]", "OPTION... NAME..."],
        "Print NAME with any leading directory components removed.",
        "David MacKenzie",
    ),
    (
        "dirname",
        &["[OPTION] NAME..."],
        "Output each NAME with its last non-slash component and trailing slashes",
        "David MacKenzie and Jim Meyering",
    ),
    (
        "pwd",
        &["[OPTION]..."],
        "Print the full filename of the current working directory.",
        "Jim Meyering",
    ),
    (
        "chmod",
        &[
            "[OPTION]... MODE[,MODE]... FILE...",
            "[OPTION]... OCTAL-MODE FILE...",
            "[OPTION]... --reference=RFILE FILE...",
        ],
        "Change the mode of each FILE to MODE.",
        "David MacKenzie and Jim Meyering",
    ),
    (
        "chown",
        &["[OPTION]... [OWNER][:[GROUP]] FILE...", "[OPTION]... --reference=RFILE FILE..."],
        "Change the owner and/or group of each FILE to OWNER and/or GROUP.",
        "David MacKenzie and Jim Meyering",
    ),
    (
        "chgrp",
        &["[OPTION]... GROUP FILE...", "[OPTION]... --reference=RFILE FILE..."],
        "Change the group of each FILE to GROUP.",
        "David MacKenzie and Jim Meyering",
    ),
    (
        "install",
        &[
            "[OPTION]... [-T] SOURCE DEST",
            "[OPTION]... SOURCE... DIRECTORY",
            "[OPTION]... -t DIRECTORY SOURCE...",
            "[OPTION]... -d DIRECTORY...",
        ],
        "",
        "David MacKenzie",
    ),
    (
        "truncate",
        &["OPTION... FILE..."],
        "Shrink or extend the size of each FILE to the specified size",
        "Padraig Brady",
    ),
    (
        "dd",
        &["[OPERAND]...", "OPTION"],
        "Copy a file, converting and formatting according to the operands.",
        "Paul Rubin, David MacKenzie, and Stuart Kemp",
    ),
    (
        "sync",
        &["[OPTION] [FILE]..."],
        "Synchronize cached writes to persistent storage",
        "Jim Meyering and Giuseppe Scrivano",
    ),
    (
        "shred",
        &["[OPTION]... FILE..."],
        "Overwrite the specified FILE(s) repeatedly, in order to make it harder",
        "Colin Plumb",
    ),
    (
        "mknod",
        &["[OPTION]... NAME TYPE [MAJOR MINOR]"],
        "Create the special file NAME of the given TYPE.",
        "David MacKenzie",
    ),
    (
        "mkfifo",
        &["[OPTION]... NAME..."],
        "Create named pipes (FIFOs) with the given NAMEs.",
        "David MacKenzie",
    ),
    (
        "chroot",
        &["[OPTION] NEWROOT [COMMAND [ARG]...]", "OPTION"],
        "Run COMMAND with root directory set to NEWROOT.",
        "Roland McGrath",
    ),
    (
        "dircolors",
        &["[OPTION]... [FILE]"],
        "Output commands to set the LS_COLORS environment variable.",
        "H. Peter Anvin",
    ),
];

fn about(p: &Proc) -> (String, Option<&'static About>) {
    let name = p.name();
    let found = ABOUT.iter().find(|(known, ..)| *known == name);
    (name, found)
}

fn help(p: &mut Proc) {
    let (name, about) = about(p);
    let (_, usages, what, _) = about.unwrap_or(&("", &["[OPTION]..."], "", ""));
    for (place, usage) in usages.iter().enumerate() {
        let lead = if place == 0 { "Usage:" } else { "  or: " };
        p.line(format!("{lead} {name} {usage}"));
    }
    p.line(format!("{what}\n"));
    p.line("      --help        display this help and exit");
    p.line("      --version     output version information and exit\n");
    p.line("GNU coreutils online help: <https://www.gnu.org/software/coreutils/>");
    p.line(format!("Full documentation <https://www.gnu.org/software/coreutils/{name}>"));
    p.line(format!("or available locally via: info '(coreutils) {name} invocation'"));
}

fn version(p: &mut Proc) {
    let (name, about) = about(p);
    p.line(format!("{name} (GNU coreutils) 9.1"));
    licence(p, "2022");
    if let Some((.., authors)) = about {
        p.line(format!("\nWritten by {authors}."));
    }
}

/// The lines that all of GNU's programs have behind their first.
pub(super) fn licence(p: &mut Proc, year: &str) {
    p.line(format!("Copyright (C) {year} Free Software Foundation, Inc."));
    p.line("License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.");
    p.line("This is free software: you are free to change and redistribute it.");
    p.line("There is NO WARRANTY, to the extent permitted by law.");
}

//! `--help`, `--version` and the complaint about a wrong command line.
//!
//! **Invariant:** none of it depends on input.

use crate::commands::{Flag, Options};
use crate::kernel::Proc;

/// Letters of the two options that all have.
const HELP: u8 = 1;
const VERSION: u8 = 2;

/// Reads a command line of coreutils, where options may stand anywhere.
pub(crate) fn options(p: &mut Proc, flags: &[Flag], wrong: u32) -> Result<Options, u32> {
    let mut all = flags.to_vec();
    all.extend([Flag::new(HELP, "help"), Flag::new(VERSION, "version")]);
    let Some(options) = Options::read(p, &all, false) else {
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

/// Name, usage behind the name, what it does, who wrote it.
type About = (&'static str, &'static str, &'static str, &'static str);

const ABOUT: &[About] = &[
    (
        "base32",
        "[OPTION]... [FILE]",
        "Base32 encode or decode FILE, or standard input, to standard output.",
        "Simon Josefsson",
    ),
    (
        "base64",
        "[OPTION]... [FILE]",
        "Base64 encode or decode FILE, or standard input, to standard output.",
        "Simon Josefsson",
    ),
    (
        "b2sum",
        "[OPTION]... [FILE]...",
        "Print or check BLAKE2b (512-bit) checksums.",
        "Padraig Brady and Samuel Neves",
    ),
    (
        "cat",
        "[OPTION]... [FILE]...",
        "Concatenate FILE(s) to standard output.",
        "Torbjorn Granlund and Richard M. Stallman",
    ),
    (
        "cksum",
        "[OPTION]... [FILE]...",
        "Print or verify checksums.",
        "Padraig Brady and Q. Frank Xia",
    ),
    (
        "comm",
        "[OPTION]... FILE1 FILE2",
        "Compare sorted files FILE1 and FILE2 line by line.",
        "Richard M. Stallman and David MacKenzie",
    ),
    (
        "csplit",
        "[OPTION]... FILE PATTERN...",
        "Output pieces of FILE separated by PATTERN(s) to files 'xx00', 'xx01', ...,",
        "Stuart Kemp and David MacKenzie",
    ),
    (
        "cut",
        "OPTION... [FILE]...",
        "Print selected parts of lines from each FILE to standard output.",
        "David M. Ihnat, David MacKenzie, and Jim Meyering",
    ),
    (
        "echo",
        "[SHORT-OPTION]... [STRING]...",
        "Echo the STRING(s) to standard output.",
        "Brian Fox and Chet Ramey",
    ),
    (
        "expand",
        "[OPTION]... [FILE]...",
        "Convert tabs in each FILE to spaces, writing to standard output.",
        "David MacKenzie",
    ),
    (
        "fmt",
        "[-WIDTH] [OPTION]... [FILE]...",
        "Reformat each paragraph in the FILE(s), writing to standard output.",
        "Ross Paterson",
    ),
    (
        "fold",
        "[OPTION]... [FILE]...",
        "Wrap input lines in each FILE, writing to standard output.",
        "David MacKenzie",
    ),
    (
        "head",
        "[OPTION]... [FILE]...",
        "Print the first 10 lines of each FILE to standard output.",
        "David MacKenzie and Jim Meyering",
    ),
    (
        "join",
        "[OPTION]... FILE1 FILE2",
        "For each pair of input lines with identical join fields, write a line to",
        "Mike Haertel",
    ),
    (
        "md5sum",
        "[OPTION]... [FILE]...",
        "Print or check MD5 (128-bit) checksums.",
        "Ulrich Drepper, Scott Miller, and David Madore",
    ),
    (
        "nl",
        "[OPTION]... [FILE]...",
        "Write each FILE to standard output, with line numbers added.",
        "Scott Bartram and David MacKenzie",
    ),
    (
        "od",
        "[OPTION]... [FILE]...",
        "Write an unambiguous representation, octal bytes by default,",
        "Jim Meyering",
    ),
    (
        "paste",
        "[OPTION]... [FILE]...",
        "Write lines consisting of the sequentially corresponding lines from",
        "David M. Ihnat and David MacKenzie",
    ),
    (
        "printf",
        "FORMAT [ARGUMENT]...",
        "Print ARGUMENT(s) according to FORMAT, or execute according to OPTION:",
        "David MacKenzie",
    ),
    (
        "seq",
        "[OPTION]... LAST",
        "Print numbers from FIRST to LAST, in steps of INCREMENT.",
        "Ulrich Drepper",
    ),
    (
        "sha1sum",
        "[OPTION]... [FILE]...",
        "Print or check SHA1 (160-bit) checksums.",
        "Ulrich Drepper, Scott Miller, and David Madore",
    ),
    (
        "sha224sum",
        "[OPTION]... [FILE]...",
        "Print or check SHA224 (224-bit) checksums.",
        "Ulrich Drepper, Scott Miller, and David Madore",
    ),
    (
        "sha256sum",
        "[OPTION]... [FILE]...",
        "Print or check SHA256 (256-bit) checksums.",
        "Ulrich Drepper, Scott Miller, and David Madore",
    ),
    (
        "sha384sum",
        "[OPTION]... [FILE]...",
        "Print or check SHA384 (384-bit) checksums.",
        "Ulrich Drepper, Scott Miller, and David Madore",
    ),
    (
        "sha512sum",
        "[OPTION]... [FILE]...",
        "Print or check SHA512 (512-bit) checksums.",
        "Ulrich Drepper, Scott Miller, and David Madore",
    ),
    (
        "shuf",
        "[OPTION]... [FILE]",
        "Write a random permutation of the input lines to standard output.",
        "Paul Eggert",
    ),
    (
        "sort",
        "[OPTION]... [FILE]...",
        "Write sorted concatenation of all FILE(s) to standard output.",
        "Mike Haertel and Paul Eggert",
    ),
    (
        "split",
        "[OPTION]... [FILE [PREFIX]]",
        "Output pieces of FILE to PREFIXaa, PREFIXab, ...;",
        "Torbjorn Granlund and Richard M. Stallman",
    ),
    (
        "sum",
        "[OPTION]... [FILE]...",
        "Print or check BSD (16-bit) checksums.",
        "Kayvan Aghaiepour and David MacKenzie",
    ),
    (
        "tac",
        "[OPTION]... [FILE]...",
        "Write each FILE to standard output, last line first.",
        "Jay Lepreau and David MacKenzie",
    ),
    (
        "tail",
        "[OPTION]... [FILE]...",
        "Print the last 10 lines of each FILE to standard output.",
        "Paul Rubin, David MacKenzie, Ian Lance Taylor,\nand Jim Meyering",
    ),
    (
        "tee",
        "[OPTION]... [FILE]...",
        "Copy standard input to each FILE, and also to standard output.",
        "Mike Parker, Richard M. Stallman, and David MacKenzie",
    ),
    (
        "tr",
        "[OPTION]... STRING1 [STRING2]",
        "Translate, squeeze, and/or delete characters from standard input,",
        "Jim Meyering",
    ),
    (
        "unexpand",
        "[OPTION]... [FILE]...",
        "Convert blanks in each FILE to tabs, writing to standard output.",
        "David MacKenzie",
    ),
    (
        "uniq",
        "[OPTION]... [INPUT [OUTPUT]]",
        "Filter adjacent matching lines from INPUT (or standard input),",
        "Richard M. Stallman and David MacKenzie",
    ),
    (
        "wc",
        "[OPTION]... [FILE]...",
        "Print newline, word, and byte counts for each FILE, and a total line if",
        "Paul Rubin and David MacKenzie",
    ),
];

fn about(p: &Proc) -> (String, Option<&'static About>) {
    let name = p.name();
    let found = ABOUT.iter().find(|(known, ..)| *known == name);
    (name, found)
}

pub(crate) fn help(p: &mut Proc) {
    let (name, about) = about(p);
    let (_, usage, what, _) = about.unwrap_or(&("", "[OPTION]...", "", ""));
    p.line(format!("Usage: {name} {usage}\n{what}\n"));
    p.line("      --help        display this help and exit");
    p.line("      --version     output version information and exit\n");
    p.line("GNU coreutils online help: <https://www.gnu.org/software/coreutils/>");
    p.line(format!("Full documentation <https://www.gnu.org/software/coreutils/{name}>"));
    p.line(format!("or available locally via: info '(coreutils) {name} invocation'"));
}

/// What `--version` of a program of coreutils says.
pub(crate) fn version(p: &mut Proc) {
    let (name, about) = about(p);
    p.line(format!("{name} (GNU coreutils) 9.1"));
    licence(p, "2022");
    if let Some((.., authors)) = about {
        p.line(format!("\nWritten by {authors}."));
    }
}

/// The lines that all of GNU's programs have behind their first.
pub(crate) fn licence(p: &mut Proc, year: &str) {
    p.line(format!("Copyright (C) {year} Free Software Foundation, Inc."));
    p.line("License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.");
    p.line("This is free software: you are free to change and redistribute it.");
    p.line("There is NO WARRANTY, to the extent permitted by law.");
}

//! `test` and `[`: coreutils' program, and what bash and dash have instead.
//!
//! **Invariant:** conditions in brackets nest no deeper than [`SCRIPT_DEPTH`]; nothing waits.

mod files;
mod ladder;
mod ours;
#[cfg(test)]
mod tests;

use crate::commands::{COREUTILS, Program};
use crate::kernel::Proc;

pub(in crate::commands) const PROGRAMS: &[Program] = &[
    Program::new("test", |p| Box::pin(main(p)), 60_304, COREUTILS),
    Program::new("[", |p| Box::pin(main(p)), 68_496, COREUTILS),
];

/// Whose `test` it is: they differ in what they say and in what they know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Bash,
    Dash,
    Coreutils,
}

/// What only a shell knows: `-v` (a variable is set), `-o` (an option is on), `-R` (a variable is a
/// reference), by that letter.
pub(crate) type Ask<'a> = &'a mut dyn FnMut(u8, &[u8]) -> bool;

/// Whether the words of `test`, without its name and without a `]`, are true; or what it says of
/// them, without its name.
pub(crate) fn test(
    p: &Proc,
    words: &[Vec<u8>],
    voice: Voice,
    ask: Ask<'_>,
) -> Result<bool, Vec<u8>> {
    match voice {
        Voice::Dash => ours::evaluate(p, words),
        Voice::Bash | Voice::Coreutils => ladder::evaluate(p, words, voice, ask),
    }
}

/// Whether one operator before a word is true: `[[ -f x ]]` of bash.
pub(crate) fn unary(p: &Proc, letter: u8, word: &[u8]) -> bool {
    files::unary(p, letter, word)
}

/// Whether one of `-nt`, `-ot`, `-ef` is true.
pub(crate) fn of_two_files(p: &Proc, operator: &[u8], a: &[u8], b: &[u8]) -> bool {
    files::binary(p, operator, a, b)
}

async fn main(p: &mut Proc) -> u32 {
    let mut words = p.rest();
    let name = p.args.first().cloned().unwrap_or_default();
    if p.name() == "[" {
        if let [only] = words.as_slice() {
            match only.as_slice() {
                b"--help" => {
                    p.print(HELP);
                    return 0;
                }
                b"--version" => {
                    p.print(VERSION);
                    return 0;
                }
                _ => {}
            }
        }
        if words.pop().as_deref() != Some(b"]") {
            let quoted = crate::commands::quote(p, b"]");
            p.error([name.as_slice(), b": missing ", &quoted].concat());
            return 2;
        }
    }
    p.tick(words.len() * 20 + 50).await;
    match test(p, &words, Voice::Coreutils, &mut |_, _| false) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(why) => {
            p.error([name.as_slice(), b": ", &why].concat());
            2
        }
    }
}

const VERSION: &str = "\
[ (GNU coreutils) 9.1
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.

Written by Kevin Braunsdorf and Matthew Bradburn.
";

const HELP: &str = "\
Usage: test EXPRESSION
  or:  test
  or:  [ EXPRESSION ]
  or:  [ ]
  or:  [ OPTION
Exit with the status determined by EXPRESSION.

      --help        display this help and exit
      --version     output version information and exit

An omitted EXPRESSION defaults to false.  Otherwise,
EXPRESSION is true or false and sets exit status.  It is one of:

  ( EXPRESSION )               EXPRESSION is true
  ! EXPRESSION                 EXPRESSION is false
  EXPRESSION1 -a EXPRESSION2   both EXPRESSION1 and EXPRESSION2 are true
  EXPRESSION1 -o EXPRESSION2   either EXPRESSION1 or EXPRESSION2 is true

  -n STRING            the length of STRING is nonzero
  STRING               equivalent to -n STRING
  -z STRING            the length of STRING is zero
  STRING1 = STRING2    the strings are equal
  STRING1 != STRING2   the strings are not equal

  INTEGER1 -eq INTEGER2   INTEGER1 is equal to INTEGER2
  INTEGER1 -ge INTEGER2   INTEGER1 is greater than or equal to INTEGER2
  INTEGER1 -gt INTEGER2   INTEGER1 is greater than INTEGER2
  INTEGER1 -le INTEGER2   INTEGER1 is less than or equal to INTEGER2
  INTEGER1 -lt INTEGER2   INTEGER1 is less than INTEGER2
  INTEGER1 -ne INTEGER2   INTEGER1 is not equal to INTEGER2

  FILE1 -ef FILE2   FILE1 and FILE2 have the same device and inode numbers
  FILE1 -nt FILE2   FILE1 is newer (modification date) than FILE2
  FILE1 -ot FILE2   FILE1 is older than FILE2

  -b FILE     FILE exists and is block special
  -c FILE     FILE exists and is character special
  -d FILE     FILE exists and is a directory
  -e FILE     FILE exists
  -f FILE     FILE exists and is a regular file
  -g FILE     FILE exists and is set-group-ID
  -G FILE     FILE exists and is owned by the effective group ID
  -h FILE     FILE exists and is a symbolic link (same as -L)
  -k FILE     FILE exists and has its sticky bit set
  -L FILE     FILE exists and is a symbolic link (same as -h)
  -N FILE     FILE exists and has been modified since it was last read
  -O FILE     FILE exists and is owned by the effective user ID
  -p FILE     FILE exists and is a named pipe
  -r FILE     FILE exists and the user has read access
  -s FILE     FILE exists and has a size greater than zero
  -S FILE     FILE exists and is a socket
  -t FD       file descriptor FD is opened on a terminal
  -u FILE     FILE exists and its set-user-ID bit is set
  -w FILE     FILE exists and the user has write access
  -x FILE     FILE exists and the user has execute (or search) access

Except for -h and -L, all FILE-related tests dereference symbolic links.
Beware that parentheses need to be escaped (e.g., by backslashes) for shells.
INTEGER may also be -l STRING, which evaluates to the length of STRING.

NOTE: Binary -a and -o are inherently ambiguous.  Use 'test EXPR1 && test
EXPR2' or 'test EXPR1 || test EXPR2' instead.

NOTE: [ honors the --help and --version options, but test does not.
test treats each of those as it treats any other nonempty STRING.

NOTE: your shell may have its own version of test and/or [, which usually supersedes
the version described here.  Please refer to your shell's documentation
for details about the options it supports.

GNU coreutils online help: <https://www.gnu.org/software/coreutils/>
Report any translation bugs to <https://translationproject.org/team/>
Full documentation <https://www.gnu.org/software/coreutils/test>
or available locally via: info '(coreutils) test invocation'
";

//! `sed`.
//!
//! **Invariant:** what a script holds has a cap; a script that loops is told on every round how
//! much it did, so that others have their turn.

mod input;
mod output;
mod parse;
mod run;
mod script;
mod substitute;
mod words;

use super::about;
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use parse::Parser;

const HELP: u8 = 1;
const VERSION: u8 = 2;
const POSIX: u8 = 3;
const DEBUG: u8 = 4;
const SANDBOX: u8 = 5;
const FOLLOW: u8 = 6;

const FLAGS: &[Flag] = &[
    Flag::new(b'b', "binary"),
    Flag::new(DEBUG, "debug"),
    Flag::new(b'E', "regexp-extended"),
    Flag::with(b'e', "expression"),
    Flag::with(b'f', "file"),
    Flag::new(FOLLOW, "follow-symlinks"),
    Flag::maybe(b'i', "in-place"),
    Flag::with(b'l', "line-length"),
    Flag::new(b'n', "quiet"),
    Flag::new(b'n', "silent"),
    Flag::new(POSIX, "posix"),
    Flag::new(b'r', ""),
    Flag::new(SANDBOX, "sandbox"),
    Flag::new(b's', "separate"),
    Flag::new(b'u', "unbuffered"),
    Flag::new(b'z', "null-data"),
    Flag::new(HELP, "help"),
    Flag::new(VERSION, "version"),
];

/// What the command line says beside the script.
#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
pub(super) struct Settings {
    pub(super) quiet: bool,
    pub(super) extended: bool,
    pub(super) separate: bool,
    /// Files are changed; the backup's suffix, if one is kept.
    pub(super) in_place: Option<Vec<u8>>,
    pub(super) end: u8,
    pub(super) wrap: usize,
    pub(super) sandbox: bool,
    pub(super) posix: bool,
    pub(super) chars: crate::regex::Chars,
}

const USAGE: &str = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...

  -n, --quiet, --silent
                 suppress automatic printing of pattern space
      --debug
                 annotate program execution
  -e script, --expression=script
                 add the script to the commands to be executed
  -f script-file, --file=script-file
                 add the contents of script-file to the commands to be executed
  --follow-symlinks
                 follow symlinks when processing in place
  -i[SUFFIX], --in-place[=SUFFIX]
                 edit files in place (makes backup if SUFFIX supplied)
  -l N, --line-length=N
                 specify the desired line-wrap length for the `l' command
  --posix
                 disable all GNU extensions.
  -E, -r, --regexp-extended
                 use extended regular expressions in the script
                 (for portability use POSIX -E).
  -s, --separate
                 consider files as separate rather than as a single,
                 continuous long stream.
      --sandbox
                 operate in sandbox mode (disable e/r/w commands).
  -u, --unbuffered
                 load minimal amounts of data from the input files and flush
                 the output buffers more often
  -z, --null-data
                 separate lines by NUL characters
      --help     display this help and exit
      --version  output version information and exit

If no -e, --expression, -f, or --file option is given, then the first
non-option argument is taken as the sed script to interpret.  All
remaining arguments are names of input files; if no input files are
specified, then the standard input is read.

GNU sed home page: <https://www.gnu.org/software/sed/>.
General help using GNU software: <https://www.gnu.org/gethelp/>.
";

pub(super) async fn sed(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.put(2, USAGE.as_bytes());
        return 1;
    };
    if given.has(HELP) {
        p.print(USAGE);
        return 0;
    }
    if given.has(VERSION) {
        p.line("sed (GNU sed) 4.9\nPackaged by Debian");
        about::licence(p, "2022");
        p.line("\nWritten by Jay Fenlason, Tom Lord, Ken Pizzini,");
        p.line("Paolo Bonzini, Jim Meyering, and Assaf Gordon.\n");
        p.line("This sed program was built with SELinux support.");
        p.line("SELinux is disabled on this system.\n");
        p.line("GNU sed home page: <https://www.gnu.org/software/sed/>.");
        p.line("General help using GNU software: <https://www.gnu.org/gethelp/>.");
        p.line("E-mail bug reports to: <bug-sed@gnu.org>.");
        return 0;
    }
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<usize>().ok();
    let mut settings = Settings {
        quiet: given.has(b'n'),
        extended: given.has(b'E') || given.has(b'r'),
        separate: given.has(b's') || given.has(b'i'),
        in_place: given.has(b'i').then(|| given.value(b'i').unwrap_or_default().to_vec()),
        end: if given.has(b'z') { 0 } else { b'\n' },
        wrap: given.value(b'l').map_or(Some(70), number).unwrap_or(70),
        sandbox: given.has(SANDBOX),
        posix: given.has(POSIX),
        chars: super::chars(p),
    };
    let mut files = given.rest.clone();
    let mut parts = Vec::new();
    for (letter, value) in &given.given {
        let value = value.clone().unwrap_or_default();
        match letter {
            b'e' => parts.push((None, value)),
            b'f' => match p.content(&value).await {
                Ok(text) => parts.push((Some(value), text)),
                Err(why) => {
                    let what = [b"couldn't open file ", value.as_slice()].concat();
                    p.complain(&what, why.text());
                    return 1;
                }
            },
            _ => {}
        }
    }
    if parts.is_empty() {
        if files.is_empty() {
            p.put(2, USAGE.as_bytes());
            return 1;
        }
        parts.push((None, files.remove(0)));
    }
    let script = match Parser::script(&mut settings, &parts) {
        Ok(script) => script,
        Err(text) => {
            let status = if text.contains("can't find label") { 4 } else { 1 };
            p.error(text);
            return status;
        }
    };
    if files.is_empty() {
        if settings.in_place.is_some() {
            super::say(p, "no input files");
            return 4;
        }
        files.push(b"-".to_vec());
    }
    run::run(p, &settings, &script, files).await
}

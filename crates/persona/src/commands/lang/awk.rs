//! `mawk`, which is `awk` on Debian.
//!
//! **Invariant:** the program is read before anything runs; what it holds, how deep it nests and
//! how long it runs before others have their turn is bounded.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "words and steps are many, and where few are meant the others are all alike"
)]

mod array;
mod code;
mod lexer;
mod machine;
mod parser;
mod printf;
mod record;
mod streams;
#[cfg(test)]
mod tests;
mod value;

use crate::commands::Program;
use crate::files::Fault;
use crate::kernel::Proc;
use machine::{Machine, Stop};
use parser::Wrong;
use value::Value;

pub(in crate::commands) const PROGRAMS: &[Program] =
    &[Program::new("mawk", |p| Box::pin(awk(p)), 158_376, 1_655_480_126)];

/// What the command line says.
#[derive(Debug, Default)]
struct Line {
    /// The program's text, and the file that it is from.
    text: Option<Vec<u8>>,
    file: Option<Vec<u8>>,
    separator: Option<Vec<u8>>,
    assigned: Vec<(Vec<u8>, Vec<u8>)>,
    rest: Vec<Vec<u8>>,
}

/// The command line is done with this status, or it says what to do.
type Read = Result<Line, u32>;

async fn awk(p: &mut Proc) -> u32 {
    let line = match read(p).await {
        Ok(line) => line,
        Err(status) => return status,
    };
    let name = p.name();
    let text = line.text.unwrap_or_default();
    let program = match parser::parse(&text) {
        Ok(program) => program,
        Err(wrong) => {
            complain(p, &name, line.file.as_deref(), &wrong);
            return 2;
        }
    };
    p.tick(text.len() * 10).await;
    let now = p.now().0.unsigned_abs();
    let seed = (now / 1_000_000_000, now ^ u64::from(p.pid) << 40);
    let mut machine = Machine::new(program, name.clone(), seed);
    let mut ran = prepare(p, &mut machine, &line.separator, &line.assigned, &line.rest);
    if ran.is_ok() {
        ran = machine.run(p).await;
    }
    match ran {
        Ok(()) | Err(Stop::Exit) => machine.status,
        Err(Stop::Trouble(what)) => {
            p.error([name.as_bytes(), b": run time error: ", &what].concat());
            let place = machine.place();
            p.error(place);
            2
        }
        Err(Stop::Fatal(what)) => {
            p.error([name.as_bytes(), b": ", &what].concat());
            2
        }
    }
}

fn complain(p: &mut Proc, name: &str, file: Option<&[u8]>, wrong: &Wrong) {
    let file = file.map(|file| [file, b": "].concat()).unwrap_or_default();
    let mut say = |what: &[u8], line: usize| {
        let line = format!("line {line}: ");
        p.error([name.as_bytes(), b": ", &file, line.as_bytes(), what].concat());
    };
    match wrong {
        Wrong::Said(what, line) => say(what, *line),
        Wrong::Twice(first, second, line) => {
            say(first.as_bytes(), *line);
            say(second.as_bytes(), *line);
        }
        Wrong::Unexpected(byte, line) => {
            let what = format!("{name}: {line}: unexpected character '");
            p.error([what.as_bytes(), &[*byte], b"'"].concat());
        }
    }
}

fn prepare(
    p: &Proc,
    machine: &mut Machine,
    separator: &Option<Vec<u8>>,
    assigned: &[(Vec<u8>, Vec<u8>)],
    rest: &[Vec<u8>],
) -> Result<(), Stop> {
    let text = |machine: &Machine, text: &[u8]| Value::Input(machine.meter.text(text));
    for (name, value) in &p.env {
        let key = Value::Text(machine.meter.text(name.clone()));
        let value = text(machine, value);
        machine.set_element("ENVIRON", &key, value);
    }
    let name = text(machine, machine.name.clone().as_bytes());
    machine.set_element("ARGV", &Value::Number(0.0), name);
    let mut count = 1.0;
    for word in rest {
        let value = text(machine, word);
        machine.set_element("ARGV", &Value::Number(count), value);
        count += 1.0;
    }
    machine.set_global("ARGC", Value::Number(count));
    if let Some(separator) = separator {
        machine.separate_by(separator)?;
    }
    for (name, value) in assigned {
        machine.assign(name, value)?;
    }
    Ok(())
}

async fn read(p: &mut Proc) -> Read {
    let name = p.name();
    let args = p.rest();
    let mut args = args.into_iter();
    let mut line = Line::default();
    let mut args_are_over = false;
    while let Some(arg) = args.next() {
        let Some(option) = arg.strip_prefix(b"-").filter(|option| !option.is_empty()) else {
            line.rest.push(arg);
            break;
        };
        if option == b"-" {
            args_are_over = true;
            break;
        }
        let (letter, inside) = option.split_first().unwrap_or((&0, &[]));
        if !b"Ffv".contains(letter) && *letter != b'W' {
            p.error([name.as_bytes(), b": not an option: ", &arg].concat());
            return Err(2);
        }
        let value = if inside.is_empty() { args.next() } else { Some(inside.to_vec()) };
        let Some(value) = value else {
            let letter = char::from(*letter);
            p.error(format!("{name}: option -{letter} lacks argument"));
            return Err(2);
        };
        match letter {
            b'F' => line.separator = Some(value),
            b'v' => match machine::assignment(&value) {
                Some((name, value)) => line.assigned.push((name.to_vec(), value.to_vec())),
                None => {
                    p.error([name.as_bytes(), b": improper assignment: -v ", &value].concat());
                    return Err(2);
                }
            },
            b'f' => program_file(p, &mut line, &value).await?,
            _ => {
                if special(p, &mut line, &value, &mut args).await? {
                    break;
                }
            }
        }
    }
    line.rest.extend(args);
    if line.text.is_none() {
        if args_are_over && line.rest.is_empty() {
            return Err(0);
        }
        if line.rest.is_empty() {
            p.put(2, USAGE.as_bytes());
            return Err(0);
        }
        line.text = Some(line.rest.remove(0));
    }
    Ok(line)
}

async fn program_file(p: &mut Proc, line: &mut Line, path: &[u8]) -> Result<(), u32> {
    let content: Result<Vec<u8>, Fault> = p.content(path).await;
    match content {
        Ok(content) => {
            let text = line.text.get_or_insert_default();
            text.extend(content);
            text.push(b'\n');
            line.file.get_or_insert_with(|| path.to_vec());
            Ok(())
        }
        Err(fault) => {
            let name = p.name();
            let why = fault.text().as_bytes();
            p.error([name.as_bytes(), b": cannot open ", path, b" (", why, b")"].concat());
            Err(2)
        }
    }
}

/// `-W …`: whether what follows are no more options.
async fn special(
    p: &mut Proc,
    line: &mut Line,
    value: &[u8],
    args: &mut impl Iterator<Item = Vec<u8>>,
) -> Result<bool, u32> {
    let word = value.split(|&b| b == b'=').next().unwrap_or_default().to_ascii_lowercase();
    let is = |name: &[u8]| !word.is_empty() && name.starts_with(&word);
    if is(b"version") {
        p.print(VERSION);
        p.put(2, LIMITS.as_bytes());
        Err(0)
    } else if is(b"help") || is(b"usage") {
        p.put(2, USAGE.as_bytes());
        Err(0)
    } else if is(b"exec") {
        let Some(path) = args.next() else {
            let name = p.name();
            p.error(format!("{name}: option -W lacks argument"));
            return Err(2);
        };
        program_file(p, line, &path).await?;
        Ok(true)
    } else if is(b"interactive") || is(b"random") || is(b"sprintf") || is(b"posix_space") {
        Ok(false)
    } else if is(b"dump") {
        Err(0)
    } else {
        let name = p.name();
        p.error([name.as_bytes(), b": vacuous option: -W ", value].concat());
        Ok(false)
    }
}

const VERSION: &str = "\
mawk 1.3.4 20200120
Copyright 2008-2019,2020, Thomas E. Dickey
Copyright 1991-1996,2014, Michael D. Brennan

";

const LIMITS: &str = "\
random-funcs:       srandom/random
regex-funcs:        internal
compiled limits:
sprintf buffer      8192
maximum-integer     2147483647
";

const USAGE: &str = "\
Usage: mawk [Options] [Program] [file ...]

Program:
    The -f option value is the name of a file containing program text.
    If no -f option is given, a \"--\" ends option processing; the following
    parameters are the program text.

Options:
    -f program-file  Program  text is read from file instead of from the
                     command-line.  Multiple -f options are accepted.
    -F value         sets the field separator, FS, to value.
    -v var=value     assigns value to program variable var.
    --               unambiguous end of options.

    Implementation-specific options are prefixed with \"-W\".  They can be
    abbreviated:

    -W version       show version information and exit.
    -W dump          show assembler-like listing of program and exit.
    -W help          show this message and exit.
    -W interactive   set unbuffered output, line-buffered input.
    -W exec file     use file as program as well as last option.
    -W random=number set initial random seed.
    -W sprintf=number adjust size of sprintf buffer.
    -W posix_space   do not consider \"\\n\" a space.
    -W usage         show this message and exit.
";

//! `python3`: a small Python, for the programs that people type.
//!
//! **Invariant:** a program is read and compiled before it runs; what it holds, how deep it calls
//! and how long it runs before others have their turn is bounded.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "values, words and steps are many, and where few are meant the others are all alike"
)]

mod ast;
mod builtins;
mod code;
mod compile;
mod dict;
mod effects;
mod format;
mod lexer;
mod machine;
mod modules;
mod native;
mod parser;
mod prompt;
mod show;
#[cfg(test)]
mod tests;
mod trace;
mod types;
mod value;

use crate::commands::Program;
use crate::commands::lang::heap::Id;
use crate::files::Fault;
use crate::kernel::Proc;
use code::Code;
use compile::Mode;
use decnet_core::limits::SCRIPT_TEXT_BYTES;
use machine::{After, Flow, Thrown, Vm};
use std::sync::Arc;
use value::{Obj, V};

pub(in crate::commands) const PROGRAMS: &[Program] =
    &[Program::new("python3.11", |p| Box::pin(python(p)), 6_831_736, 1_745_849_508)];

/// What the command line says is to be run.
enum What {
    Text(String),
    Module(String),
    File(Vec<u8>),
    Stdin,
    Prompt,
}

async fn python(p: &mut Proc) -> u32 {
    let (what, argv) = match read(p) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let random = p.now().0.unsigned_abs() ^ u64::from(p.pid).rotate_left(40);
    let mut vm = Vm::new(argv, random);
    if let Some(code) = builtins::fill(&mut vm) {
        let scope = vm.builtins;
        vm.begin(code, scope, After::Drop);
        run(&mut vm, p).await.ok();
    }
    // The streams are there before anybody imports them.
    run_text(&mut vm, p, "import sys", "<frozen>", Mode::Library).await.ok();
    let main = vm.main;
    if let Some(scope) = vm.scope(main) {
        scope.names.remove("sys");
    }
    match what {
        What::Text(text) => program(&mut vm, p, &text, "<string>").await,
        What::Module(name) => module(&mut vm, p, &name).await,
        What::Stdin => match p.read_all(0).await {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                program(&mut vm, p, &text, "<stdin>").await
            }
            Err(_) => 1,
        },
        What::File(path) => file(&mut vm, p, &path).await,
        What::Prompt => prompt::run(&mut vm, p).await,
    }
}

/// Runs until all is done.
async fn run(vm: &mut Vm, p: &mut Proc) -> Result<V, Thrown> {
    loop {
        let flow = vm.steps(p);
        let work = std::mem::take(&mut vm.work);
        p.tick(work).await;
        match flow {
            Flow::On => {
                if p.printed() > 8_192 {
                    effects::flush(vm, p).await;
                }
            }
            Flow::Wait(effect) => effects::perform(vm, p, effect).await,
            Flow::Ended(ended) => return ended,
        }
    }
}

async fn run_code(vm: &mut Vm, p: &mut Proc, code: Arc<Code>) -> Result<V, Thrown> {
    let main = vm.main;
    vm.begin(code, main, After::Push);
    run(vm, p).await
}

async fn run_text(
    vm: &mut Vm,
    p: &mut Proc,
    text: &str,
    file: &str,
    mode: Mode,
) -> Result<V, Thrown> {
    match parser::parse(text) {
        Ok(body) => {
            let code = compile::module(&body, file, mode, &vm.meter);
            run_code(vm, p, code).await
        }
        Err(_) => Ok(V::None),
    }
}

/// Runs a whole program, to its exit status.
async fn program(vm: &mut Vm, p: &mut Proc, text: &str, file: &str) -> u32 {
    if text.len() > SCRIPT_TEXT_BYTES {
        p.error("MemoryError");
        return 1;
    }
    p.tick(text.len() * 10).await;
    let body = match parser::parse(text) {
        Ok(body) => body,
        Err(fault) => {
            let text = vm.syntax_text(&fault, file, text);
            p.put(2, text.as_bytes());
            return 1;
        }
    };
    let code = compile::module(&body, file, Mode::Program, &vm.meter);
    let ended = run_code(vm, p, code).await;
    let status = match ended {
        Ok(_) => 0,
        Err(thrown) => uncaught(vm, p, thrown).await,
    };
    effects::flush(vm, p).await;
    status
}

/// Tells of an exception that nobody took: the exit status.
async fn uncaught(vm: &mut Vm, p: &mut Proc, thrown: Thrown) -> u32 {
    let value = V::Obj(thrown.0);
    let class = vm.class_of(&value).unwrap_or_default();
    if let Some(exit) = vm.classes.get("SystemExit").copied()
        && vm.is_subclass(class, exit)
    {
        let code = match vm.heap.get(thrown.0) {
            Some(Obj::Exception(exception)) => exception.args.first().cloned(),
            _ => None,
        };
        return match code {
            None | Some(V::None) => 0,
            Some(code) => match vm.index(&code) {
                Some(number) => u32::try_from(number & 255).unwrap_or_default(),
                None => {
                    let text = vm.text(&code);
                    p.error(text);
                    1
                }
            },
        };
    }
    say_text(vm, p, thrown.0).await;
    effects::flush(vm, p).await;
    let text = vm.traceback(thrown.0);
    p.put(2, text.as_bytes());
    1
}

/// Lets the exception's own class make its text.
async fn say_text(vm: &mut Vm, p: &mut Proc, id: Id) {
    let value = V::Obj(id);
    if vm.text_method(&value, &["__str__"]).is_none() {
        return;
    }
    let kept = value.clone();
    vm.kept.push(kept);
    if vm.call_str(p, value, After::Push).is_ok()
        && let Ok(text) = run(vm, p).await
        && let Some(Obj::Exception(exception)) = vm.heap.get_mut(id)
    {
        exception.names.insert("__text__".into(), text);
    }
}

async fn file(vm: &mut Vm, p: &mut Proc, path: &[u8]) -> u32 {
    let content: Result<Vec<u8>, Fault> = p.content(path).await;
    let name = p.args.first().cloned().unwrap_or_default();
    let shown = String::from_utf8_lossy(path).into_owned();
    let content = match content {
        Ok(content) => content,
        Err(fault) => {
            let cwd = p.fs(|process| process.folder());
            let whole = if path.starts_with(b"/") {
                shown
            } else {
                format!("{}/{shown}", String::from_utf8_lossy(&cwd).trim_end_matches('/'))
            };
            let number = machine::errno(fault);
            let why = fault.text();
            let name = String::from_utf8_lossy(&name);
            if fault == Fault::IsFolder {
                p.error(format!("{name}: can't find '__main__' module in '{whole}'"));
                return 1;
            }
            p.error(format!("{name}: can't open file '{whole}': [Errno {number}] {why}"));
            return 2;
        }
    };
    let text = String::from_utf8_lossy(&content).into_owned();
    neighbours(vm, p, path, &text).await;
    let whole = p.fs(|process| process.realpath(path)).map_or_else(
        |_| shown.clone(),
        |found| String::from_utf8_lossy(&found).into_owned(),
    );
    let shown = if path.starts_with(b"/") { shown } else { whole };
    vm.texts.insert(shown.as_str().into(), text.as_str().into());
    let value = vm.str(&shown);
    let main = vm.main;
    vm.set_name(main, "__file__".into(), value);
    program(vm, p, &text, &shown).await
}

/// Reads modules that stand next to a program and that it names.
async fn neighbours(vm: &mut Vm, p: &mut Proc, path: &[u8], text: &str) {
    let end = path.iter().rposition(|&b| b == b'/').map_or(0, |at| at + 1);
    let folder = path.get(..end).unwrap_or_default().to_vec();
    let lines = text.lines().filter(|line| line.contains("import")).take(64);
    let names: Vec<String> = lines
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty() && modules::source(word).is_none())
        .map(str::to_owned)
        .take(256)
        .collect();
    for name in names {
        let file = [&folder[..], name.as_bytes(), b".py"].concat();
        if vm.found_files.contains_key(&name) || modules::is_known(&name) {
            continue;
        }
        if let Ok(content) = p.content(&file).await
            && content.len() <= SCRIPT_TEXT_BYTES
        {
            let content = String::from_utf8_lossy(&content).into_owned();
            vm.found_files.insert(name, content);
        }
    }
}

/// `-m name`
async fn module(vm: &mut Vm, p: &mut Proc, name: &str) -> u32 {
    let text = match name {
        "http.server" => "import http.server, sys\nhttp.server._main(sys.argv[1:])",
        "json.tool" => {
            "import json, sys\ntry:\n    print(json.dumps(json.load(open(sys.argv[1]) if len(sys.argv) > 1 else sys.stdin), indent=4, ensure_ascii=False))\nexcept ValueError as e:\n    raise SystemExit(e)"
        }
        "base64" => "import sys, base64\nsys.stdout.buffer.write(base64.encodebytes(sys.stdin.buffer.read()))",
        "platform" => "import platform\nprint(platform.platform())",
        "this" => "print('The Zen of Python, by Tim Peters')",
        name if modules::source(name).is_some() || modules::is_known(name) => "",
        name => {
            p.error(format!("/usr/bin/python3: No module named {name}"));
            return 1;
        }
    };
    match run_text(vm, p, text, "<frozen runpy>", Mode::Library).await {
        Ok(_) => {
            effects::flush(vm, p).await;
            0
        }
        Err(thrown) => uncaught(vm, p, thrown).await,
    }
}

/// The command line.
fn read(p: &mut Proc) -> Result<(What, Vec<Vec<u8>>), u32> {
    let name = String::from_utf8_lossy(p.args.first().map_or(&[][..], Vec::as_slice)).into_owned();
    let args = p.rest();
    let mut interactive = false;
    let mut at = 0;
    let rest = |from: usize| args.get(from..).unwrap_or_default().to_vec();
    let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    while let Some(word) = args.get(at) {
        at += 1;
        match word.as_slice() {
            b"-" => return Ok((What::Stdin, [vec![b"-".to_vec()], rest(at)].concat())),
            b"--version" => {
                p.line("Python 3.11.2");
                return Err(0);
            }
            b"--help" => {
                p.print(HELP);
                return Err(0);
            }
            b"--" => {
                if let Some(file) = args.get(at) {
                    return Ok((What::File(file.clone()), rest(at)));
                }
                break;
            }
            [b'-', b'-', ..] => {
                let option = text(word);
                p.error(format!("unknown option {option}"));
                usage(p, &name);
                return Err(2);
            }
            [b'-', letters @ ..] => {
                let mut letters = letters.to_vec();
                while !letters.is_empty() {
                    let letter = letters.remove(0);
                    match letter {
                        b'c' | b'm' | b'W' | b'X' => {
                            let value = if letters.is_empty() {
                                let value = args.get(at).cloned();
                                at += 1;
                                value
                            } else {
                                Some(std::mem::take(&mut letters))
                            };
                            let Some(value) = value else {
                                let letter = char::from(letter);
                                p.error(format!("Argument expected for the -{letter} option"));
                                usage(p, &name);
                                return Err(2);
                            };
                            let first = format!("-{}", char::from(letter)).into_bytes();
                            if letter == b'c' {
                                let argv = [vec![first], rest(at)].concat();
                                return Ok((What::Text(text(&value) + "\n"), argv));
                            }
                            if letter == b'm' {
                                let argv = [vec![value.clone()], rest(at)].concat();
                                return Ok((What::Module(text(&value)), argv));
                            }
                        }
                        b'V' => {
                            if letters.first() == Some(&b'V') {
                                p.line(format!("Python {}", modules::VERSION));
                            } else {
                                p.line("Python 3.11.2");
                            }
                            return Err(0);
                        }
                        b'h' | b'?' => {
                            p.print(HELP);
                            return Err(0);
                        }
                        b'i' => interactive = true,
                        b'u' | b'B' | b'E' | b's' | b'S' | b'O' | b'q' | b'v' | b'I' | b'b'
                        | b'd' | b'x' | b'P' => {}
                        other => {
                            p.error(format!("Unknown option: -{}", char::from(other)));
                            usage(p, &name);
                            return Err(2);
                        }
                    }
                }
            }
            file => return Ok((What::File(file.to_vec()), rest(at - 1))),
        }
    }
    let what = if interactive || p.is_terminal(0) { What::Prompt } else { What::Stdin };
    Ok((what, vec![Vec::new()]))
}

fn usage(p: &mut Proc, name: &str) {
    p.error(format!("usage: {name} [option] ... [-c cmd | -m mod | file | -] [arg] ..."));
    p.error("Try `python -h' for more information.");
}

const HELP: &str = "\
usage: python3 [option] ... [-c cmd | -m mod | file | -] [arg] ...
Options (and corresponding environment variables):
-b     : issue warnings about str(bytes_instance), str(bytearray_instance)
         and comparing bytes/bytearray with str. (-bb: issue errors)
-B     : don't write .pyc files on import; also PYTHONDONTWRITEBYTECODE=x
-c cmd : program passed in as string (terminates option list)
-h     : print this help message and exit (also -? or --help)
-m mod : run library module as a script (terminates option list)
-V     : print the Python version number and exit (also --version)
";

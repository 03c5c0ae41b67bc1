//! Python's prompt.
//!
//! **Invariant:** a statement runs once it is complete; an exception ends it and not the prompt.

use super::compile::{Mode, module};
use super::lexer::{Kind, tokens};
use super::machine::Vm;
use super::parser::parse;
use super::value::{Obj, V};
use super::{effects, run_code, uncaught};
use crate::kernel::Proc;

/// Reads and runs until the end of the input, or `exit()`.
pub(super) async fn run(vm: &mut Vm, p: &mut Proc) -> u32 {
    let version = super::modules::VERSION;
    p.put(2, format!("Python {version} on linux\n").as_bytes());
    p.put(2, b"Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n");
    let mut text = String::new();
    loop {
        p.print(if text.is_empty() { ">>> " } else { "... " });
        effects::flush(vm, p).await;
        let Ok(line) = p.read_line(0, 1 << 16).await else { return 0 };
        if line.is_empty() {
            p.print("\n");
            return 0;
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let blank = line.trim().is_empty();
        if text.is_empty() && blank {
            continue;
        }
        text += &line;
        if text.len() < 1 << 20 && !is_complete(&text, blank) {
            continue;
        }
        let whole = std::mem::take(&mut text);
        if let Some(status) = statement(vm, p, &whole).await {
            return status;
        }
    }
}

/// Whether more lines belong to it.
fn is_complete(text: &str, blank: bool) -> bool {
    match tokens(text) {
        Ok(all) => {
            let begins = text.trim_start();
            let block = all.iter().rev().find(|token| {
                !matches!(token.kind, Kind::LineEnd | Kind::Dedent | Kind::End)
            });
            let opens = block.is_some_and(|token| token.kind == Kind::Sign(":"));
            let words = ["if ", "for ", "while ", "def ", "class ", "try", "with ", "@", "async "];
            let compound = words.iter().any(|word| begins.starts_with(word));
            blank || !(opens || compound)
        }
        Err(fault) => !fault.text.contains("was never closed") && !fault.text.contains("triple-quoted"),
    }
}

async fn statement(vm: &mut Vm, p: &mut Proc, text: &str) -> Option<u32> {
    p.tick(text.len() * 10).await;
    let body = match parse(text) {
        Ok(body) => body,
        Err(fault) => {
            let text = vm.syntax_text(&fault, "<stdin>", text);
            p.put(2, text.as_bytes());
            return None;
        }
    };
    for stmt in &body {
        let code = module(std::slice::from_ref(stmt), "<stdin>", Mode::Lines, &vm.meter);
        let ended = run_code(vm, p, code).await;
        show(vm, p);
        let Err(thrown) = ended else { continue };
        let class = vm.class_of(&V::Obj(thrown.0)).unwrap_or_default();
        let exit = vm.classes.get("SystemExit").copied();
        let leaves = exit.is_some_and(|exit| vm.is_subclass(class, exit));
        let status = uncaught(vm, p, thrown).await;
        if let Some(Obj::Exception(exception)) = vm.heap.get_mut(thrown.0) {
            exception.trace.clear();
        }
        return leaves.then_some(status);
    }
    None
}

/// Prints values of lines.
fn show(vm: &mut Vm, p: &mut Proc) {
    for value in std::mem::take(&mut vm.kept) {
        if let V::Str(text) = value {
            p.print(&text[..]);
        }
    }
}

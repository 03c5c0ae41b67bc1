use proptest::prelude::*;

use super::verdicts::{texts, unescaped};
use super::{canonical, read};
use crate::shell::print;
use crate::shell::reader::{Options, Reader};
use crate::shell::tree::{Script, Wrong};

const PIECES: &[&str] = &[
    "a",
    "b1",
    "ls",
    "-p",
    "=",
    "a=1",
    "b+=",
    "x=(",
    "c[",
    "]",
    " ",
    " ",
    " ",
    "\n",
    "\n",
    "\t",
    ";",
    ";",
    "&",
    "&&",
    "|",
    "||",
    "|&",
    ";;",
    ";&",
    "(",
    ")",
    "((",
    "))",
    "<",
    ">",
    ">>",
    "<<",
    "<<-",
    "<<<",
    "<&",
    ">&",
    "2>",
    "&>",
    "<(",
    "{v}>",
    "'",
    "\"",
    "\\",
    "`",
    "$",
    "$(",
    "$((",
    "${",
    "}",
    "${a:-",
    "${#",
    "${!",
    "/",
    "%",
    "#",
    "@",
    "*",
    "?",
    "!",
    "{",
    "if ",
    "; then ",
    "; fi",
    "else ",
    "elif ",
    "for x in ",
    "; do ",
    "; done",
    "while ",
    "case a in ",
    " esac",
    "function f ",
    "f() ",
    "[[ ",
    " ]]",
    "==",
    "=~",
    "-f ",
    "time ",
    "coproc ",
    "declare ",
    "A\n",
    "<<A\n",
    "\nA\n",
    "$'",
    "$\"",
    "\\\n",
    "~",
    "'a b'",
    "\"$a\"",
    "$a",
    "$1",
    "$(b)",
    "`b`",
    "{ ",
    "; }",
    "\0",
    "\u{fc}",
    "@(",
    "$[",
    "$$",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

const SHAPES: &[&str] = &[
    "if %; then %; fi",
    "if %; then %; elif %; then %; else %; fi",
    "while %; do %; done",
    "until %\ndo\n%\ndone",
    "for x in a $(%); do %; done",
    "for x; do %; done",
    "{ %; }",
    "( % )",
    "(%)",
    "% && %",
    "% || %",
    "% | %",
    "% |& %",
    "%; %",
    "% & %",
    "%\n%",
    "f() { %; }",
    "f() ( % ) >x",
    "function g { %; } 2>&1",
    "case a in b) %;; c|d) %;& *) % ;; esac",
    "echo $(%)",
    "echo \"$(%)\"",
    "echo `%`",
    "echo <(%) >(%)",
    "a=$(%) b",
    "x=($(%) [1]=`%`)",
    "echo ${a:-$(%)} \"${b#$(%)}\" ${c/$(%)/x}",
    "echo $(( $(%) + 1 ))",
    "[[ $(%) == a && ! -f b || ( c =~ d$ ) ]]",
    "cat <<E && %\n$(%)\nE\n%",
    "cat <<'E' | %\na\nE\n%",
    "time %",
    "! %",
    "coproc % ",
    "coproc N { %; }",
    "{ %; } >a 2>&1 <<<\"$(%)\"",
    "for ((i=0;i<$(%);i++)); do %; done",
    "select x in a; do %; done",
    "% <<A | %\nb\nA\n",
    "declare x=(a \"$(%)\") y=$(%)",
];

/// Scripts in scripts.
fn nested() -> impl Strategy<Value = String> {
    let good: Vec<_> = texts().filter(|(_, said)| said.is_empty()).map(|(text, _)| text).collect();
    let leaf = prop::sample::select(good)
        .prop_map(|text| String::from_utf8_lossy(&unescaped(text)).into_owned());
    leaf.prop_recursive(4, 24, 5, |inner| {
        let inner = prop::collection::vec(inner, 5);
        (prop::sample::select(SHAPES), inner).prop_map(|(shape, inner)| {
            let mut inner = inner.into_iter();
            shape
                .split('%')
                .map(ToOwned::to_owned)
                .reduce(|all, text| format!("{all}{}{text}", inner.next().unwrap()))
                .unwrap()
        })
    })
}

fn plain(mut script: Script) -> Script {
    canonical::script(&mut script);
    script
}

/// Whether this is a script, which then is the same one after it was written and read.
fn comes_back(text: &[u8]) -> bool {
    let Ok(script) = read(text) else { return false };
    let printed = print::script(&script);
    match read(&printed) {
        Ok(again) => assert_eq!(plain(again), plain(script), "{}", printed.escape_ascii()),
        Err(wrong) => assert_eq!(wrong, Wrong::TooMuch, "{}", printed.escape_ascii()),
    }
    true
}

#[test]
fn what_bash_accepts_comes_back() {
    for (text, said) in texts() {
        if said.is_empty() {
            comes_back(&unescaped(text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(text in prop::collection::vec(any::<u8>(), 0..200)) {
        comes_back(&text);
    }

    #[test]
    fn any_tokens_are_read_and_come_back(text in soup()) {
        comes_back(&text);
    }

    #[test]
    fn scripts_in_scripts_come_back(text in nested()) {
        comes_back(text.as_bytes());
    }

    #[test]
    fn line_by_line_is_the_same_as_at_once(text in soup()) {
        let mut items = Vec::new();
        let mut wrong = None;
        let mut reader = Reader::new(&text, Options::default());
        for line in reader.by_ref() {
            match line {
                Ok(script) => items.extend(script.items),
                Err(found) => wrong = Some(found),
            }
        }
        prop_assert!(reader.next().is_none());
        prop_assert_eq!(read(&text), wrong.map_or(Ok(Script { items }), Err));
    }

    #[test]
    fn a_prompt_asks_for_more_or_agrees(text in soup()) {
        let options = Options { here_docs_end: false, ..Options::default() };
        if let Ok(script) = crate::shell::reader::parse(&text, options) {
            prop_assert_eq!(read(&text), Ok(script));
        }
    }
}

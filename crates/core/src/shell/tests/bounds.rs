use super::read;
use crate::shell::command::commands;
use crate::shell::print;
use crate::shell::reader::{Options, parse};
use crate::shell::tree::Wrong;

fn nested(open: &str, inner: &str, close: &str, times: usize) -> Vec<u8> {
    [open.repeat(times), inner.into(), close.repeat(times)].concat().into_bytes()
}

const NESTS: &[(&str, &str, &str)] = &[
    ("echo $(", "a", ")"),
    ("echo \"$(", "a", ")\""),
    ("(", "a", ")"),
    ("( ", "a", ")"),
    ("{ ", "a; ", "}; "),
    ("${a:-", "b", "}"),
    ("\"${a:-", "b", "}\""),
    ("if ", "a", "; then b; fi"),
    ("while a; do ", "b", "; done"),
    ("case a in b) ", "c", ";; esac"),
    ("f() { ", "a", "; }"),
    ("echo <(", "a", ")"),
    ("a=(", "b", ")"),
    ("a[", "b", "]=1"),
    ("a[$(", "b", ")]=1"),
    ("$((", "1", "))"),
    ("$(( $( ", "1", " ) ))"),
    ("(( $( ", "1", " ) ))"),
    ("((", "a", "); b)"),
    ("$((", "a", "); b)"),
    ("[[ ! ", "a", " ]]"),
    ("! ", "a", ""),
    ("coproc ", "a", ""),
    ("time ", "a", ""),
    ("function f ", "{ a; }", ""),
    ("cat <<A$(", "a", ")"),
    ("cat <<A\n$(", "a", "\nA\n)"),
    ("`", "a", "`"),
    ("\\`", "a", "\\`"),
    ("[[ a == ", "!(b)", " ]]"),
];

#[test]
fn sixty_substitutions_are_read() {
    for (open, close) in [("echo $(", ")"), ("echo \"$(", ")\"")] {
        assert!(read(&nested(open, "a", close, 60)).is_ok());
    }
}

#[test]
fn no_nesting_uses_up_the_stack() {
    for (open, inner, close) in NESTS {
        println!("N {open}");
        for times in [10, 60, 89, 90, 91, 179, 180, 181, 1_000, 10_000] {
            let text = nested(open, inner, close, times);
            for text in [text.as_slice(), text.get(..open.len() * times).unwrap()] {
                if let Ok(script) = read(text) {
                    let _ = (commands(&script), print::script(&script), script.clone() == script);
                }
            }
        }
    }
    let ifs = nested("[[ ( ", "a", " ) ]]", 2_000);
    assert!(read(&ifs).is_err());
    for (open, joint) in [("[[ a", " && a"), ("[[ a", " || a"), ("[[ ", "! "), ("[[ ", "( ")] {
        let text = [open, &joint.repeat(5_000), " ]]"].concat();
        assert_eq!(read(text.as_bytes()), Err(Wrong::TooMuch));
    }
}

#[test]
fn a_text_that_is_looked_at_too_often_is_refused() {
    let double = |name: &[u8]| {
        let letter = *name.first()?;
        (name.len() == 1 && letter < b'z').then(|| {
            let next = char::from(letter + 1);
            format!("{next};{next}").into_bytes()
        })
    };
    let options = Options { aliases: Some(&double), ..Options::default() };
    assert_eq!(parse(b"a", options), Err(Wrong::TooMuch));
}

#[test]
fn long_texts_are_read() {
    for unit in [
        "echo a;", "echo a\n", "a|", "a&&", "x", "\"a\"", "$a", "a<b ", "((1));", "a=1 ", "`a` ",
        "# a\n",
    ] {
        let mut text = unit.repeat(15_000 / unit.len());
        text.push('a');
        assert!(read(text.as_bytes()).is_ok(), "{unit}");
    }
    for unit in
        ["((", "`", "cat <<A;", "cat <<A\n", "$(", "\"", "'", "${", "$((", "a(", "\\", "a[", "=("]
    {
        let _ = read(unit.repeat(15_000 / unit.len()).as_bytes());
    }
}

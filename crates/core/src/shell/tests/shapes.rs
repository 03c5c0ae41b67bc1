use super::read;
use crate::shell::command::commands;
use crate::shell::print;
use crate::shell::reader::{Options, Reader, Warning, parse};
use crate::shell::tree::{
    Argument, CommandKind, Missing, Operation, Part, RedirectKind, Script, Word, Wrong,
};

fn words(text: &str) -> Vec<Word> {
    let script = read(text.as_bytes()).unwrap();
    let CommandKind::Simple { words, .. } = &script.items[0].first.commands[0].kind else {
        panic!("{text} is no simple command")
    };
    let word = |argument: &Argument| match argument {
        Argument::Word(word) => word.clone(),
        Argument::Assignment(_) => Word::default(),
    };
    words.iter().map(word).collect()
}

fn literal(text: &str) -> Part {
    Part::Literal(text.into())
}

fn quoted(text: &str) -> Part {
    Part::Quoted(text.into())
}

#[test]
fn quotes_are_gone_and_known() {
    let check = |text: &str, parts: &[Part]| assert_eq!(words(text)[0].0, parts, "{text}");
    check("a'b c'\\d", &[literal("a"), quoted("b cd")]);
    check("$'a\\x41\\101\\n\\'\\u00e9\\cA\\q'", &[quoted("aAA\n'\u{e9}\u{1}\\q")]);
    check("$'a\\0b'", &[quoted("a")]);
    check("''", &[quoted("")]);
    check("a\\\nb", &[literal("ab")]);
    check("\"a\\$b\\c\\\"\"", &[Part::Double(vec![literal("a$b\\c\"")])]);
    check("$\"a\"", &[Part::Double(vec![literal("a")])]);
    check("a#b$", &[literal("a#b$")]);
}

#[test]
fn parameters_are_what_they_look_like() {
    let check = |text: &str, expected: &str| {
        let Part::Parameter(found) = &words(text)[0].0[0] else { panic!("{text}") };
        let name = String::from_utf8_lossy(&found.name);
        let kind = format!("{:?}", found.operation);
        let kind = kind.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap().to_owned();
        assert_eq!(format!("{name} {kind} {}", found.indirect), expected, "{text}");
    };
    check("$a", "a Value false");
    check("${10}", "10 Value false");
    check("$10", "1 Value false");
    check("${#}", "# Value false");
    check("${#a}", "a Length false");
    check("${##}", "# Length false");
    check("${#-x}", "# Default false");
    check("${##x}", "# Trim false");
    check("${!a}", "a Value true");
    check("${!a*}", "a Names false");
    check("${!a[@]}", "a Keys false");
    check("${!a:-b}", "a Default true");
    check("${!}", "! Value false");
    check("${a:1}", "a Slice false");
    check("${a: -1:2}", "a Slice false");
    check("${a/b/c}", "a Replace false");
    check("${a^^}", "a Case false");
    check("${a@Q}", "a Transform false");
    check("${a[1]%x}", "a Trim false");
    for bad in ["${a b}", "${}", "${a:}", "${#a:-b}", "${a[1}", "${a$(b)}", "${-a b}x"] {
        let Part::Parameter(found) = &words(bad)[0].0[0] else { panic!("{bad}") };
        if bad != "${-a b}x" {
            assert_eq!(found.operation, Operation::Bad(bad.into()));
        }
    }
}

#[test]
fn here_documents_have_their_text() {
    let docs = |text: &str| {
        let script = read(text.as_bytes()).unwrap();
        let redirects = script.items[0].first.commands[0].redirects.clone();
        redirects
            .into_iter()
            .map(|redirect| {
                let RedirectKind::HereDoc(word) = redirect.kind else { panic!("{redirect:?}") };
                word.0
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        docs("cat <<A <<-'B'\na\\$\nA\n\t$b\n\tB\n"),
        [vec![Part::Double(vec![literal("a$\n")])], vec![quoted("$b\n")]]
    );
    assert_eq!(docs("cat <<A\nb"), [vec![Part::Double(vec![literal("b\n")])]]);
    let mut reader = Reader::new(b"cat <<A\nb\n", Options::default());
    assert!(reader.next().is_some_and(|line| line.is_ok()));
    assert_eq!(reader.warnings(), [Warning { line: 2, begun: 1, wanted: b"A".to_vec() }]);
    assert!(
        matches!(docs("cat <<A\n$(if)\nA\n")[0][0], Part::Double(ref parts) if matches!(parts[..], [Part::Broken { .. }]))
    );
}

#[test]
fn a_prompt_asks_for_more() {
    let options = Options { here_docs_end: false, ..Options::default() };
    let check = |text: &str, why: Missing| match parse(text.as_bytes(), options) {
        Err(Wrong::Incomplete { why: found, .. }) => assert_eq!(found, why, "{text}"),
        other => panic!("{text}: {other:?}"),
    };
    check("cat <<A\nb\n", Missing::HereDoc);
    check("cat <<A", Missing::HereDoc);
    check("a \\\n", Missing::Continuation);
    check("a \\", Missing::Continuation);
    check("a |", Missing::End);
    check("if a\n", Missing::End);
    check("[[ a &&\n", Missing::End);
    check("[[ a == b\n", Missing::End);
    check("((1)\n", Missing::End);
    check("echo 'a\n", Missing::Match(b'\''));
    check("echo \"a", Missing::Match(b'"'));
    check("echo $(a\n", Missing::Match(b')'));
    check("x=(1\n", Missing::Match(b')'));
    check("f() {\n", Missing::End);
}

#[test]
fn earlier_lines_are_read_before_an_error() {
    let mut reader = Reader::new(b"a\nb; c\n\n(d\n)\ne )\nf", Options::default());
    let lengths: Vec<_> =
        reader.by_ref().map(|line| line.map(|script| script.items.len())).collect();
    let wrong = Wrong::Unexpected { token: b")".to_vec(), line: 6, source: b"e )".to_vec() };
    assert_eq!(lengths, [Ok(1), Ok(2), Ok(1), Err(wrong)]);
}

fn expanded(text: &str) -> String {
    let aliases = |name: &[u8]| match name {
        b"ll" => Some(b"ls -l".to_vec()),
        b"ls" => Some(b"ls --color".to_vec()),
        b"sudo" => Some(b"sudo ".to_vec()),
        b"loop" => Some(b"while a; do".to_vec()),
        b"x" => Some(b"y".to_vec()),
        b"y" => Some(b"x".to_vec()),
        _ => None,
    };
    let options = Options { aliases: Some(&aliases), ..Options::default() };
    String::from_utf8(print::script(&parse(text.as_bytes(), options).unwrap())).unwrap()
}

#[test]
fn aliases_stand_in_for_commands() {
    assert_eq!(expanded("ll"), "ls --color -l");
    assert_eq!(expanded("a ll; ll b"), "a ll; ls --color -l b");
    assert_eq!(expanded("sudo ll ll"), "sudo ls --color -l ll");
    assert_eq!(expanded("sudo sudo ll"), "sudo sudo ls --color -l");
    assert_eq!(expanded("loop ll; done"), "while a; do\n    ls --color -l;\ndone");
    assert_eq!(expanded("\\ll | 'll' | x"), "\\ll | 'll' | x");
    assert_eq!(expanded("a=1 ll"), "a=1 ls --color -l");
    assert_eq!(expanded("$(ll) `ll`"), "$(ls --color -l) $(ls --color -l)");
}

#[test]
fn every_command_is_found() {
    let text = b"cd /tmp && wget -q \"http://x/$a\" || (curl -O `id`) & f() { rm -rf 'a b'; }\n\
                 if [[ $(w) ]]; then a=$(uname -a) b <<E; fi\n${c:-$(d)}\nE\n";
    let script: Script = read(text).unwrap();
    let found: Vec<_> = commands(&script)
        .iter()
        .map(|found| [vec![found.name.clone()], found.words.clone()].concat().join(&b'|'))
        .map(|words| String::from_utf8(words).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "cd|/tmp",
            "wget|-q|http://x/$a",
            "curl|-O|$(id)",
            "id",
            "rm|-rf|a b",
            "w",
            "b",
            "uname|-a",
            "d"
        ]
    );
}

#[test]
fn functions_are_written_as_bash_does() {
    let script =
        read(b"f() { a; b | c & if d; then e; elif g; then h; fi; case $i in j|k) l;; esac; }")
            .unwrap();
    let CommandKind::Function { name, body } = &script.items[0].first.commands[0].kind else {
        panic!()
    };
    let text = String::from_utf8(print::function(name, body)).unwrap();
    let bash = "f () \n{ \n    a;\n    b | c & if d; then\n        e;\n    else\n        if g; then\n            h;\n        fi;\n    fi;\n    case $i in \n        j | k)\n            l\n        ;;\n    esac\n}";
    assert_eq!(text, bash);
}

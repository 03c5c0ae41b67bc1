use super::{Voice, test};
use crate::commands::lang::cases;
use crate::kernel::Proc;
use crate::testing::Bench;

#[test]
fn it_prints_what_coreutils_print() {
    cases::check(include_str!("../cases/test.txt"));
}

/// What bash 5.2 and dash say of these words: 0, 1, or a complaint.
const OF_SHELLS: &[(&str, &str, &str)] = &[
    ("a b", "a: unary operator expected", "a: unexpected operator"),
    ("a b c", "b: binary operator expected", "a: unexpected operator"),
    ("1 -eq", "1: unary operator expected", "-eq: argument expected"),
    ("a -eq 1", "a: integer expression expected", "Illegal number: a"),
    ("1 -eq 1x", "1x: integer expression expected", "Illegal number: 1x"),
    ("( a", "(: unary operator expected", "closing paren expected"),
    ("a = b c", "too many arguments", "b: unexpected operator"),
    ("a = b c d", "too many arguments", "b: unexpected operator"),
    ("-f", "0", "0"),
    ("! a", "1", "1"),
    ("! a b", "a: unary operator expected", "a: unexpected operator"),
    ("! a b c", "b: binary operator expected", "a: unexpected operator"),
    ("-x a b", "a: binary operator expected", "a: unexpected operator"),
    ("a -a", "a: unary operator expected", "1"),
    ("a -a b", "0", "0"),
    ("a -o", "a: unary operator expected", "0"),
    ("1 -lt 2 -a", "argument expected", "1"),
    ("-z", "0", "0"),
    ("-q a", "-q: unary operator expected", "-q: unexpected operator"),
    ("( )", "(: unary operator expected", "1"),
    ("( a )", "0", "0"),
    ("( a b )", "a: unary operator expected", "a: unexpected operator"),
    ("! ( a ) b", "too many arguments", "): unexpected operator"),
    ("a = a -a ( b", "`)' expected", "closing paren expected"),
    ("a = b -o c = c", "0", "0"),
    ("-t x", "1", "Illegal number: x"),
    ("-t 0", "1", "1"),
    ("a b c d e", "too many arguments", "a: unexpected operator"),
    ("-n a -a -z b", "1", "1"),
    ("! ! a", "0", "0"),
    ("! ! ! a", "1", "0"),
    ("-e / -a -d /", "0", "0"),
    ("a -nt b", "1", "1"),
    ("a =~ b", "=~: binary operator expected", "a: unexpected operator"),
    ("a == a", "0", "a: unexpected operator"),
    ("( ( a ) )", "0", "0"),
    ("a -eq", "a: unary operator expected", "-eq: argument expected"),
    (") a", "): unary operator expected", "): unexpected operator"),
    ("-a a", "1", "-a: unexpected operator"),
    ("1 -eq 2 3 4", "too many arguments", "2: unexpected operator"),
    ("-h", "0", "0"),
    ("--help x", "--help: unary operator expected", "--help: unexpected operator"),
    ("-d /etc", "0", "0"),
    ("-f /etc/passwd", "0", "0"),
    ("-s /etc/passwd", "0", "0"),
    ("-e /nope", "1", "1"),
    ("-r /etc/passwd", "0", "0"),
    ("-x /etc", "0", "0"),
    ("-L /bin", "0", "0"),
    ("-h /etc/passwd", "1", "1"),
    ("-c /dev/null", "0", "0"),
    ("-b /dev/null", "1", "1"),
    ("-p /etc", "1", "1"),
    ("-S /etc", "1", "1"),
    ("-w /etc/passwd", "0", "0"),
    ("-O /etc", "0", "0"),
    ("-G /etc", "0", "0"),
    ("-k /tmp", "0", "0"),
    ("-u /etc", "1", "1"),
    ("-g /etc", "1", "1"),
    ("1 -eq 1", "0", "0"),
    ("1 -ne 1", "1", "1"),
    ("1 -lt 2", "0", "0"),
    ("2 -le 1", "1", "1"),
    ("3 -gt 2", "0", "0"),
    ("3 -ge 4", "1", "1"),
    ("-5 -lt 3", "0", "0"),
    ("+5 -eq 5", "0", "0"),
    ("007 -eq 7", "0", "0"),
    ("0 -eq -0", "0", "0"),
    ("abc = abc", "0", "0"),
    ("abc != abc", "1", "1"),
    ("abc = ABC", "1", "1"),
    ("! -e /nope", "0", "0"),
    ("! 1 -eq 2", "0", "0"),
    ("-n x", "0", "0"),
    ("-z x", "1", "1"),
    ("! -z x", "0", "0"),
    ("( 1 -eq 1 )", "0", "0"),
    ("( 1 -eq 1 ) -a ( 2 -eq 2 )", "0", "0"),
    ("1 -eq 1 -a 2 -eq 3 -o 4 -eq 4", "0", "0"),
    ("! ( a = b )", "0", "0"),
    ("a -a", "a: unary operator expected", "1"),
    ("-a -a -a", "0", "0"),
    ("! = !", "0", "0"),
    ("= = =", "0", "0"),
    ("( = (", "0", "0"),
    ("-n = -n", "0", "0"),
    ("! -n", "1", "1"),
    ("-f = x", "1", "1"),
    ("/etc -ef /etc", "0", "0"),
    ("/bin -ef /usr/bin", "0", "0"),
    ("/etc -nt /nope", "0", "1"),
    ("/nope -ot /etc", "0", "1"),
    ("x", "0", "0"),
    ("0", "0", "0"),
    ("!", "0", "0"),
    ("(", "0", "0"),
    ("-e", "0", "0"),
    ("--", "0", "0"),
    ("-n -n", "0", "0"),
    ("-x -eq 1", "-x: integer expression expected", "Illegal number: -x"),
    ("1 -foo 2", "-foo: binary operator expected", "1: unexpected operator"),
    ("a -a b -o c", "0", "0"),
    ("a -o b -a", "argument expected", "0"),
    ("( a", "(: unary operator expected", "closing paren expected"),
    ("a )", "a: unary operator expected", "a: unexpected operator"),
    ("( a ) )", "a: unary operator expected", "a: unexpected operator"),
    ("-1 -eq -1", "0", "0"),
    ("1. -eq 1", "1.: integer expression expected", "Illegal number: 1."),
    ("a > b", "1", "1"),
    ("b < a", "1", "1"),
    (
        "999999999999999999999 -gt 1",
        "999999999999999999999: integer expression expected",
        "Illegal number: 999999999999999999999",
    ),
    ("9223372036854775807 -eq 9223372036854775807", "0", "0"),
    (
        "9223372036854775808 -gt 1",
        "9223372036854775808: integer expression expected",
        "Illegal number: 9223372036854775808",
    ),
];

#[test]
fn shells_have_their_own() {
    let bench = Bench::new();
    let p = Proc::first(&bench.world, vec![b"test".to_vec()]).unwrap();
    let mut wrong = String::new();
    for (line, bash, dash) in OF_SHELLS {
        let words: Vec<Vec<u8>> =
            line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
        for (voice, expected) in [(Voice::Bash, bash), (Voice::Dash, dash)] {
            let found = match test(&p, &words, voice, &mut |_, _| false) {
                Ok(true) => "0".to_owned(),
                Ok(false) => "1".to_owned(),
                Err(why) => String::from_utf8(why).unwrap(),
            };
            if found != *expected {
                wrong += &format!("{line:?} {voice:?}: {found:?} not {expected:?}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn hostile_words_end() {
    let bench = Bench::new();
    let p = Proc::first(&bench.world, vec![b"test".to_vec()]).unwrap();
    for word in ["(", "!", "-a", "-o", "=", "x"] {
        let words = vec![word.as_bytes().to_vec(); 20_000];
        for voice in [Voice::Bash, Voice::Dash, Voice::Coreutils] {
            test(&p, &words, voice, &mut |_, _| false).ok();
        }
    }
}

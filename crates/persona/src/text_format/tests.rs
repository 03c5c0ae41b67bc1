use super::{Dialect, Escapes, printf, unescape};

fn ran(dialect: Dialect, args: &[&str]) -> (String, Vec<String>, u32) {
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    let (format, args) = args.split_first().expect("a format");
    let done = printf(dialect, format, args, 86_400);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let complaints = done
        .complaints
        .iter()
        .map(|complaint| text(&complaint.text(dialect, ("'", "'"))))
        .collect();
    (text(&done.out), complaints, done.status)
}

#[test]
fn formats_are_c_s() {
    let cases: &[(&[&str], &str)] = &[
        (&["%5.1f|%-5d|%05d\\n", "3.14159", "42", "42"], "  3.1|42   |00042\n"),
        (&["%e %g %a", "12345.678", "0.00001", "1"], "1.234568e+04 1e-05 0x8p-3"),
        (&["%x %o %X %#x", "-1", "8", "255", "255"], "ffffffffffffffff 10 FF 0xff"),
        (&["%s-", "a", "b"], "a-b-"),
        (&["%d", "'A"], "65"),
        (&["%d %d", "0x1f"], "31 0"),
        (&["%+d % d %.3d", "5", "5", "5"], "+5  5 005"),
        (&["%*d|%-*d|", "4", "7", "4", "7"], "   7|7   |"),
        (&["%.2s|%5s|%-5s|", "abc", "ab", "ab"], "ab|   ab|ab   |"),
        (&["\\x41\\101\\t\\\\%%"], "AA\t\\%"),
        (&["%b", "a\\0101\\x41\\n"], "aAA\n"),
        (&["%g %g %g", "100000", "1000000", "0.1"], "100000 1e+06 0.1"),
        (&["%c%c", "abc", "de"], "ad"),
    ];
    for (args, want) in cases {
        for dialect in [Dialect::Bash, Dialect::Gnu] {
            assert_eq!(ran(dialect, args), ((*want).to_owned(), vec![], 0), "{args:?}");
        }
    }
}

#[test]
fn each_complains_in_its_own_words() {
    let one = |text: &str| vec![text.to_owned()];
    use Dialect::{Bash, Dash, Gnu};
    assert_eq!(ran(Bash, &["%d", "12abc"]), ("12".into(), one("12abc: invalid number"), 1));
    assert_eq!(ran(Bash, &["%d", "08"]), ("0".into(), one("08: invalid octal number"), 1));
    assert_eq!(ran(Bash, &["%y"]).1, one("`y': invalid format character"));
    assert_eq!(ran(Bash, &["ab%"]), ("ab".into(), one("`%': missing format character"), 1));
    assert_eq!(ran(Bash, &["%-10"]).1, one("`%-10': missing format character"));
    assert_eq!(ran(Bash, &["x", "a"]), ("x".into(), vec![], 0));
    assert_eq!(ran(Bash, &["%q %q %q", "a b", "x'y", "a\nb"]).0, "a\\ b x\\'y $'a\\nb'");
    assert_eq!(ran(Bash, &["%(%F %T)T"]).0, "1970-01-02 00:00:00");
    assert_eq!(ran(Bash, &["a\\cb"]).0, "a\\cb");
    let gnu = one("'12abc': value not completely converted");
    assert_eq!(ran(Gnu, &["%d", "12abc"]), ("12".into(), gnu, 1));
    assert_eq!(ran(Gnu, &["%d", "abc"]).1, one("'abc': expected a numeric value"));
    assert_eq!(ran(Gnu, &["%y"]), (String::new(), one("%y: invalid conversion specification"), 1));
    let excess = one("warning: ignoring excess arguments, starting with 'a'");
    assert_eq!(ran(Gnu, &["x", "a", "b"]), ("x".into(), excess, 0));
    assert_eq!(ran(Gnu, &["%d", "99999999999999999999"]).0, "9223372036854775807");
    assert_eq!(ran(Gnu, &["%q", "a b"]).0, "'a b'");
    assert_eq!(ran(Dash, &["%d", "12abc"]).1, one("12abc: not completely converted"));
    assert_eq!(ran(Dash, &["\\x41 \\101"]).0, "\\x41 A");
}

#[test]
fn echo_knows_what_its_shell_knows() {
    let text = br"a\tb\x41\0101\101\cxx";
    assert_eq!(unescape(text, Escapes::BashEcho), (b"a\tbAA\\101".to_vec(), true));
    assert_eq!(unescape(text, Escapes::DashEcho), (b"a\tb\\x41AA".to_vec(), true));
    assert_eq!(unescape(text, Escapes::GnuEcho), (b"a\tbAAA".to_vec(), true));
    assert_eq!(unescape(b"\\x47\\x7f\\", Escapes::BashEcho), (b"G\x7f\\".to_vec(), false));
}

#[test]
fn hostile_formats_end() {
    let huge = ran(Dialect::Bash, &["%999999999999999999999d%.99999999f", "1", "2"]);
    assert!(huge.0.len() < 1 << 20);
    let many = vec!["%s%s%s".to_owned(); 5_000];
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ran(Dialect::Bash, &many).2, 0);
}

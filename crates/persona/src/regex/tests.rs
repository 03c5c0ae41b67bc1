use super::{Case, Chars, Error, Flavor, Lines, Regex, Syntax};

fn found(flavor: Flavor, pattern: &str, text: &str) -> Option<String> {
    let regex = Regex::new(pattern.as_bytes(), Syntax::new(flavor)).expect(pattern);
    let (from, to) = regex.find_at(text.as_bytes(), 0)?;
    assert!(regex.is_match(text.as_bytes()));
    let all = regex.captures_at(text.as_bytes(), 0).expect("the same");
    assert_eq!(all[0], Some((from, to)), "{pattern} {text}");
    text.get(from..to).map(str::to_owned)
}

fn error(flavor: Flavor, pattern: &str) -> Option<Error> {
    Regex::new(pattern.as_bytes(), Syntax::new(flavor)).err()
}

#[test]
fn the_longest_of_the_leftmost_matches_wins() {
    let cases = [
        ("a|ab|abc", "xabcd", "abc"),
        ("(a|ab)(c|bcd)", "abcd", "abcd"),
        ("(a*)(ab)*", "aab", "aab"),
        ("x*", "aaa", ""),
        ("[0-9]{1,3}(\\.[0-9]{1,3}){3}", "ip 10.1.22.3 up", "10.1.22.3"),
        ("(^|,)b", "a,b", ",b"),
        ("\\bfoo\\b", "afoo foo", "foo"),
        ("a{,2}", "aaa", "aa"),
        ("(a)(b)?\\1", "xaab", "aa"),
        ("(.)\\1", "abccd", "cc"),
        ("[]a]+", "x]a]", "]a]"),
        ("[^]a]+", "]xy]", "xy"),
        ("[[:digit:]x-]+", "a1-x2", "1-x2"),
        ("()", "a", ""),
        ("a||b", "b", "b"),
    ];
    for (pattern, text, want) in cases {
        assert_eq!(found(Flavor::Extended, pattern, text).as_deref(), Some(want), "{pattern}");
    }
}

#[test]
fn basic_ones_have_their_letters_behind_backslashes() {
    let cases = [
        ("*a", "b*a", "*a"),
        ("^*ab", "*ab", "*ab"),
        ("a\\|b*", "xbb", ""),
        ("\\(*a\\)", "*a", "*a"),
        ("a\\{2\\}", "aaa", "aa"),
        ("a+", "aa+", "a+"),
        ("a\\+", "caa", "aa"),
        ("a{", "a{", "a{"),
        ("x$y", "x$y", "x$y"),
        ("x^y", "x^y", "x^y"),
        ("\\(a\\)\\1", "xaa", "aa"),
        ("\\(^a\\)", "ab", "a"),
        ("a\\.b", "axb a.b", "a.b"),
    ];
    for (pattern, text, want) in cases {
        assert_eq!(found(Flavor::Basic, pattern, text).as_deref(), Some(want), "{pattern}");
    }
}

#[test]
fn wrong_ones_are_refused_in_glibcs_words() {
    let extended = Flavor::Extended;
    for (pattern, want) in [
        ("*a", Error::Repeat),
        ("a|*b", Error::Repeat),
        ("a{", Error::Brace),
        ("a{1,", Error::Brace),
        ("a{2,1}", Error::BraceContent),
        ("a{99999}", Error::TooBig),
        ("a)", Error::CloseParen),
        ("(a", Error::OpenParen),
        ("[a", Error::Bracket),
        ("a\\", Error::Escape),
        ("(a)\\2", Error::Reference),
        ("[[:foo:]]", Error::Class),
        ("[b-a]", Error::Range),
        ("[[.xx.]]", Error::Collate),
    ] {
        assert_eq!(error(extended, pattern), Some(want), "{pattern}");
    }
    assert_eq!(error(Flavor::Basic, "a**"), Some(Error::Repeat));
    assert_eq!(found(Flavor::Egrep, "a)", "a)").as_deref(), Some("a)"));
    assert_eq!(found(Flavor::Egrep, "*a", "ba").as_deref(), Some("a"));
    assert_eq!(found(Flavor::Egrep, "a{", "ba{").as_deref(), Some("a{"));
}

#[test]
fn perls_look_around_and_keep() {
    let cases = [
        ("(?<=inet )[\\d.]+", "inet 10.0.0.1/8", "10.0.0.1"),
        ("inet \\K\\d+", "inet 10.0", "10"),
        ("foo(?!bar)", "foobar foox", "foo"),
        ("\".*?\"", "a \"b\" \"c\"", "\"b\""),
        ("(?i)ABC", "xabc", "abc"),
        ("a|ab", "ab", "a"),
        ("\\bx\\d{2,}?", "x123", "x12"),
        ("(?:ab)++c", "ababc", "ababc"),
        ("(\\w)\\1", "hello", "ll"),
        ("(?<y>a)\\k<y>", "baa", "aa"),
        ("[\\w.-]+@", "to a.b-c@d", "a.b-c@"),
        ("\\x41\\.", "A.", "A."),
        ("(a*)*b", "aab", "aab"),
        ("(?<!a)b", "ab b", "b"),
        ("\\Qa.b\\E", "axb a.b", "a.b"),
    ];
    for (pattern, text, want) in cases {
        assert_eq!(found(Flavor::Perl, pattern, text).as_deref(), Some(want), "{pattern}");
    }
    assert_eq!(error(Flavor::Perl, "(?<=a*)b"), Some(Error::Lookbehind));
}

#[test]
fn case_lines_and_characters() {
    let syntax = Syntax {
        flavor: Flavor::Extended,
        case: Case::Fold,
        chars: Chars::Utf8,
        lines: Lines::Each,
    };
    let regex = Regex::new("^é.$".as_bytes(), syntax).expect("a pattern");
    assert_eq!(regex.find_at("a\nÉü\nb".as_bytes(), 0), Some((2, 6)));
    let bytes = Regex::extended(b"^..$", Case::Exact).expect("a pattern");
    assert!(bytes.is_match("é".as_bytes()));
    assert!(!bytes.is_match(b"a\nb"));
    let back = Regex::new(b"(a)\\1", syntax).expect("a pattern");
    assert_eq!(back.find_at(b"xaA", 0), Some((1, 3)));
}

#[test]
fn groups_are_where_they_matched() {
    let regex = Regex::extended(b"([a-z]+)=([0-9]*)(x)?", Case::Exact).expect("a pattern");
    assert_eq!(regex.groups(), 4);
    assert_eq!(
        regex.captures_at(b"- ab=12", 0),
        Some(vec![Some((2, 7)), Some((2, 4)), Some((5, 7)), None])
    );
    assert_eq!(regex.captures_at(b"- ab=12", 4), None);
}

#[test]
fn hostile_ones_end() {
    for pattern in
        ["(".repeat(5_000), "a*".repeat(3_000), "(a{1000}){1000}".into(), "((a*)*)*b".into()]
    {
        if let Ok(regex) = Regex::extended(pattern.as_bytes(), Case::Exact) {
            assert!(regex.find_at("a".repeat(300).as_bytes(), 0).is_none_or(|(from, _)| from == 0));
        }
    }
    let stars = "*".repeat(10_000);
    assert!(Regex::new(format!("a{stars}").as_bytes(), Syntax::new(Flavor::Grep)).is_ok());
    let slow = Regex::extended(b"(a*)*\\1b", Case::Exact).expect("a pattern");
    assert_eq!(slow.find_at("a".repeat(200).as_bytes(), 0), None);
    assert!(slow.work() > 10_000);
    let many = "a?".repeat(2_000);
    let _ = Regex::new(format!("({many})\\1").as_bytes(), Syntax::new(Flavor::Extended));
}

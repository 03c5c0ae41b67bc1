use super::*;

fn bare(pattern: &str) -> Pattern {
    Pattern::extended(&[Piece::Bare(pattern.as_bytes())])
}

fn hits(pattern: &str, text: &str) -> bool {
    bare(pattern).matches(text.as_bytes())
}

#[test]
fn a_pattern_stands_for_what_bash_says() {
    // Taken from bash: `[[ $text == $pattern ]]`.
    for (pattern, yes, no) in [
        ("a*", &["a", "abc"][..], &["", "ba"][..]),
        ("*.sh", &[".sh", "a.sh"], &["a.shx", "sh"]),
        ("?", &["a", "é"], &["", "ab"]),
        ("[abc]", &["a", "c"], &["d", "", "ab"]),
        ("[!abc]", &["d"], &["a", ""]),
        ("[^a-c]*", &["dx"], &["ax"]),
        ("[]x]", &["]", "x"], &["y"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[[:digit:]_]*", &["1a", "_"], &["a"]),
        ("[a", &["[a"], &["a"]),
        ("a\\*", &["a*"], &["ab"]),
        ("@(ab|cd)", &["ab", "cd"], &["", "abcd"]),
        ("?(ab)c", &["c", "abc"], &["ababc"]),
        ("*(ab)c", &["c", "abc", "ababc"], &["ab"]),
        ("+(ab)c", &["abc", "ababc"], &["c"]),
        ("!(ab)", &["", "a", "abc"], &["ab"]),
        ("!(*.txt|*.c)", &["a.h"], &["a.txt", "a.c"]),
        ("!(a)b", &["b", "aab"], &["ab"]),
        ("@(a|!(b|c))", &["a", "d", ""], &["b", "c"]),
        ("*(a|b[|)])", &["", "ab|", "b)b|a"], &["b"]),
    ] {
        for text in yes {
            assert!(hits(pattern, text), "{pattern} should be {text:?}");
        }
        for text in no {
            assert!(!hits(pattern, text), "{pattern} should not be {text:?}");
        }
    }
}

#[test]
fn what_is_quoted_is_itself() {
    let pattern = Pattern::new(&[Piece::Quoted(b"*["), Piece::Bare(b"?")]);
    assert!(pattern.matches(b"*[x"));
    assert!(!pattern.matches(b"a[x"));
    assert!(pattern.has_wildcards());
    assert!(!Pattern::new(&[Piece::Quoted(b"*")]).has_wildcards());
    assert!(!Pattern::new(&[Piece::Bare(b"@(a)")]).has_wildcards());
    assert_eq!(Pattern::new(&[Piece::Bare(&escape(b"a*[b]\\"))]).literal(), Some(&b"a*[b]\\"[..]));
    let set = Pattern::new(&[Piece::Bare(b"["), Piece::Quoted(b"]-"), Piece::Bare(b"a]")]);
    assert!(set.matches(b"]") && set.matches(b"-") && set.matches(b"a") && !set.matches(b"^"));
}

#[test]
fn parts_of_a_text_are_found() {
    let text = b"/usr/local/bin/x.tar.gz";
    assert_eq!(bare("*/").longest_prefix(text), Some(15));
    assert_eq!(bare("*/").shortest_prefix(text), Some(1));
    assert_eq!(bare(".*").longest_suffix(text), Some(16));
    assert_eq!(bare(".*").shortest_suffix(text), Some(20));
    assert_eq!(bare("y").longest_suffix(text), None);
    assert_eq!(bare("l*l").find(text, 0), Some((5, 10)));
    assert_eq!(bare("/").find(text, 1), Some((4, 5)));
    assert_eq!(bare("?").find_all("aé".as_bytes()), [(0, 1), (1, 3)]);
    // Of bash: `v=abc; echo ${v//*(x)/-}` prints -a-b-c.
    assert_eq!(bare("*(x)").find_all(b"abc"), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(bare("*").find_all(b""), [(0, 0)]);
}

#[test]
fn letters_may_have_any_case() {
    let style = Style { groups: true, any_case: true };
    let pattern = Pattern::styled(&[Piece::Bare(b"aB[c-d]")], style);
    assert!(pattern.matches(b"AbC") && pattern.matches(b"abd") && !pattern.matches(b"abe"));
}

#[test]
fn hostile_patterns_end() {
    let long = "a".repeat(50_000);
    assert!(!hits("*a*a*a*a*a*a*a*a*b", &long));
    assert!(!hits("*(*(a)*(a)b)", &long));
    assert!(!hits(&"*(".repeat(20_000), &long));
    assert!(hits("+(a|aa|+(a))", &long));
    bare("@(a|a*z)").find_all(long.as_bytes());
    bare("!(!(!(a)))").find_all(long.as_bytes());
    hits(&format!("{}b", "!(".repeat(30) + "a" + &")".repeat(30)), &long);
}

#[test]
fn brackets_that_nothing_closes_end() {
    let pattern = "[[:x:]".repeat(10_000);
    assert!(!hits(&pattern, "x"));
    assert!(!hits(&"[".repeat(60_000), "x"));
}

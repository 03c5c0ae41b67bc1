use super::*;
use std::collections::BTreeMap;

#[derive(Default)]
struct Table(BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>);

impl Variables for Table {
    fn get(&mut self, name: &[u8], index: Option<&[u8]>) -> Vec<u8> {
        let key = (name.to_vec(), index.unwrap_or_default().to_vec());
        self.0.get(&key).cloned().unwrap_or_default()
    }

    fn set(&mut self, name: &[u8], index: Option<&[u8]>, value: i64) -> Result<(), Vec<u8>> {
        let key = (name.to_vec(), index.unwrap_or_default().to_vec());
        self.0.insert(key, value.to_string().into_bytes());
        Ok(())
    }
}

fn answer(table: &mut Table, text: &str) -> String {
    match evaluate(text.as_bytes(), table) {
        Ok(value) => value.to_string(),
        Err(why) => String::from_utf8(why).unwrap(),
    }
}

/// What bash 5.2 prints for `$((…))` where no variable is set.
const OF_BASH: &[(&str, &str)] = &[
    ("1/0", "1/0: division by 0 (error token is \"0\")"),
    ("1 + ", "1 + : syntax error: operand expected (error token is \"+ \")"),
    ("08", "08: value too great for base (error token is \"08\")"),
    ("1+08+2", "1+08: value too great for base (error token is \"08\")"),
    ("2**-1", "2**-1: exponent less than 0 (error token is \"1\")"),
    ("a b", "a b: syntax error in expression (error token is \"b\")"),
    ("1 2", "1 2: syntax error in expression (error token is \"2\")"),
    ("(1", "(1: missing `)' (error token is \"1\")"),
    ("1)", "1): syntax error in expression (error token is \")\")"),
    ("5=3", "5=3: attempted assignment to non-variable (error token is \"=3\")"),
    ("++", "++: syntax error: operand expected (error token is \"+\")"),
    ("++5", "5"),
    ("x++=7", "x++=7: attempted assignment to non-variable (error token is \"=7\")"),
    ("1?2", "1?2: `:' expected for conditional expression (error token is \"2\")"),
    ("1?:2", "1?:2: expression expected (error token is \":2\")"),
    ("1?2:", "1?2:: expression expected (error token is \":\")"),
    ("3#", "3#: invalid integer constant (error token is \"3#\")"),
    ("3#4", "3#4: value too great for base (error token is \"3#4\")"),
    ("1#1", "1#1: invalid arithmetic base (error token is \"1#1\")"),
    ("65#1", "65#1: invalid arithmetic base (error token is \"65#1\")"),
    ("0x", "0"),
    ("09x", "09x: value too great for base (error token is \"09x\")"),
    ("0#1", "0#1: invalid number (error token is \"0#1\")"),
    ("1.5", "1.5: syntax error: invalid arithmetic operator (error token is \".5\")"),
    ("a[", "a[: bad array subscript (error token is \"a[\")"),
    ("a[1]", "0"),
    ("@", "@: syntax error: operand expected (error token is \"@\")"),
    ("1 @", "1 @: syntax error: invalid arithmetic operator (error token is \"@\")"),
    ("$", "$: syntax error: operand expected (error token is \"$\")"),
    ("1+$", "1+$: syntax error: operand expected (error token is \"$\")"),
    ("x=", "x=: syntax error: operand expected (error token is \"=\")"),
    ("x+=1,x", "1"),
    ("x/=0", "x/=0: division by 0 (error token is \"0\")"),
    ("5%0", "5%0: division by 0 (error token is \"0\")"),
    ("1 / 0 + 3", "1 / 0 + 3: division by 0 (error token is \"0 + 3\")"),
    ("--x", "-1"),
    ("- -5", "5"),
    ("!1", "0"),
    ("~5", "-6"),
    ("-2**2", "4"),
    ("2**3**2", "512"),
    ("1<<65", "2"),
    ("1>>-1", "0"),
    ("-1>>1", "-1"),
    ("7&&0", "0"),
    ("0&&1/0", "0"),
    ("1||1/0", "1"),
    ("1?5:1/0", "5"),
    ("++x++", "++x++: ++: assignment requires lvalue (error token is \"++\")"),
    ("--3", "3"),
    ("3--", "3--: syntax error: operand expected (error token is \"-\")"),
    ("3++", "3++: syntax error: operand expected (error token is \"+\")"),
    ("3++4", "7"),
    ("x+++3", "3"),
    ("x=y=3", "3"),
    ("1=2", "1=2: attempted assignment to non-variable (error token is \"=2\")"),
    ("(x)=3", "(x)=3: attempted assignment to non-variable (error token is \"=3\")"),
    ("+x=3", "+x=3: attempted assignment to non-variable (error token is \"=3\")"),
    ("x+1=3", "x+1=3: attempted assignment to non-variable (error token is \"=3\")"),
    ("a=1?2:3", "2"),
    ("1?a=2:3", "2"),
    ("1?2:a=3", "1?2:a=3: attempted assignment to non-variable (error token is \"=3\")"),
    ("9223372036854775807+1", "-9223372036854775808"),
    ("9223372036854775808", "-9223372036854775808"),
    ("99999999999999999999", "7766279631452241919"),
    ("-9223372036854775808/-1", "-9223372036854775808"),
    ("-9223372036854775808%-1", "0"),
    ("1,2", "2"),
    ("1,,2", "1,,2: syntax error: operand expected (error token is \",2\")"),
    (",", ",: syntax error: operand expected (error token is \",\")"),
    ("()", "(): syntax error: operand expected (error token is \")\")"),
    ("( )", "( ): syntax error: operand expected (error token is \")\")"),
    ("x[1", "x[1: bad array subscript (error token is \"x[1\")"),
    ("x[", "x[: bad array subscript (error token is \"x[\")"),
    ("10#08", "8"),
    ("36#z", "35"),
    ("37#z", "35"),
    ("64#_", "63"),
    ("64#@", "62"),
    ("16#ff", "255"),
    ("0xfF", "255"),
    ("1a", "1a: value too great for base (error token is \"1a\")"),
    ("1_000", "1_000: value too great for base (error token is \"1_000\")"),
    ("a.b", "a.b: syntax error: invalid arithmetic operator (error token is \".b\")"),
    ("a=b", "0"),
    ("\"1\"", "\"1\": syntax error: operand expected (error token is \"\"1\"\")"),
    ("é", "é: syntax error: operand expected (error token is \"é\")"),
    ("1é", "1é: syntax error: invalid arithmetic operator (error token is \"é\")"),
    ("!", "!: syntax error: operand expected (error token is \"!\")"),
    ("1 !", "1 !: syntax error in expression (error token is \"!\")"),
    ("1 ~", "1 ~: syntax error in expression (error token is \"~\")"),
    ("1 ( 2", "1 ( 2: syntax error in expression (error token is \"( 2\")"),
    ("a(b)", "a(b): syntax error in expression (error token is \"(b)\")"),
    ("5 x", "5 x: syntax error in expression (error token is \"x\")"),
    ("1:2", "1:2: syntax error in expression (error token is \":2\")"),
    (":", ":: syntax error: operand expected (error token is \":\")"),
    ("1?2:3:4", "1?2:3:4: syntax error in expression (error token is \":4\")"),
    ("2#", "2#: invalid integer constant (error token is \"2#\")"),
    ("2#x", "2#x: value too great for base (error token is \"2#x\")"),
    ("1;2", "1;2: syntax error: invalid arithmetic operator (error token is \";2\")"),
    ("a;b", "a;b: syntax error: invalid arithmetic operator (error token is \";b\")"),
    (";", ";: syntax error: operand expected (error token is \";\")"),
    ("1=", "1=: attempted assignment to non-variable (error token is \"=\")"),
    ("==1", "==1: syntax error: operand expected (error token is \"==1\")"),
    ("1==", "1==: syntax error: operand expected (error token is \"==\")"),
    ("1== =1", "1== =1: syntax error: operand expected (error token is \"=1\")"),
    ("a b c", "a b c: syntax error in expression (error token is \"b c\")"),
    ("x---1", "-1"),
    ("1 +++ 2", "3"),
    ("1---2", "-1"),
    ("{1}", "{1}: syntax error: operand expected (error token is \"{1}\")"),
    ("1 } 2", "1 } 2: syntax error: invalid arithmetic operator (error token is \"} 2\")"),
    ("1\\2", "1\\2: syntax error: invalid arithmetic operator (error token is \"\\2\")"),
    ("x = 5 = 6", "x = 5 = 6: attempted assignment to non-variable (error token is \"= 6\")"),
    ("++ x", "1"),
    ("x ++", "0"),
    ("x++ + ++x", "2"),
    ("2 ** 0", "1"),
    ("0**0", "1"),
    ("-1**2", "1"),
    ("1+=1", "1+=1: attempted assignment to non-variable (error token is \"+=1\")"),
    ("a+b+=1", "a+b+=1: attempted assignment to non-variable (error token is \"+=1\")"),
    ("1 ? 2 : 3 ? 4 : 5", "2"),
    ("x=1,y=2,x+y", "3"),
    ("1e3", "1e3: value too great for base (error token is \"1e3\")"),
    ("0b1", "0b1: value too great for base (error token is \"0b1\")"),
    ("#1", "#1: syntax error: operand expected (error token is \"#1\")"),
    ("1#", "1#: invalid arithmetic base (error token is \"1#\")"),
    ("a#", "a#: syntax error: invalid arithmetic operator (error token is \"#\")"),
    ("0x1G", "0x1G: value too great for base (error token is \"0x1G\")"),
    ("2**", "2**: syntax error: operand expected (error token is \"**\")"),
    ("*2", "*2: syntax error: operand expected (error token is \"*2\")"),
    ("/1", "/1: syntax error: operand expected (error token is \"/1\")"),
    ("%", "%: syntax error: operand expected (error token is \"%\")"),
    ("&1", "&1: syntax error: operand expected (error token is \"&1\")"),
    ("<1", "<1: syntax error: operand expected (error token is \"<1\")"),
    ("1<", "1<: syntax error: operand expected (error token is \"<\")"),
    ("1<<", "1<<: syntax error: operand expected (error token is \"<<\")"),
    ("1>>=", "1>>=: attempted assignment to non-variable (error token is \">>=\")"),
    ("x>>=", "x>>=: syntax error: operand expected (error token is \">>=\")"),
    ("x<<=2", "0"),
    ("x**=2", "x**=2: syntax error: operand expected (error token is \"=2\")"),
    ("x||=1", "x||=1: syntax error: operand expected (error token is \"=1\")"),
    ("x^=1", "1"),
    ("  1 / 0", "1 / 0: division by 0 (error token is \"0\")"),
];

#[test]
fn expressions_are_what_they_are_for_bash() {
    for (text, expected) in OF_BASH {
        assert_eq!(answer(&mut Table::default(), text), *expected, "{text}");
    }
}

#[test]
fn variables_are_expressions() {
    let mut table = Table::default();
    let mut set = |name: &str, value: &str| {
        table.0.insert((name.into(), Vec::new()), value.into());
    };
    set("a", "b+1");
    set("b", "2*c");
    set("c", "x=5");
    set("bad", "1+");
    set("loop", "loop");
    set("nul", "0x1F ");
    assert_eq!(answer(&mut table, "a"), "11");
    assert_eq!(answer(&mut table, "x"), "5");
    assert_eq!(answer(&mut table, "nul"), "31");
    assert_eq!(
        answer(&mut table, "3*bad"),
        "1+: syntax error: operand expected (error token is \"+\")"
    );
    assert_eq!(
        answer(&mut table, "loop"),
        "loop: expression recursion level exceeded (error token is \"loop\")"
    );
    assert_eq!(answer(&mut table, "y[i+1]=4,y[i+1]++,y[i+1]"), "5");
}

#[test]
fn hostile_expressions_end() {
    let mut table = Table::default();
    for (name, next) in ('a'..='y').zip('b'..='z') {
        let value = format!("{next}+{next}+{next}+{next}");
        table.0.insert((name.to_string().into_bytes(), Vec::new()), value.into_bytes());
    }
    assert!(answer(&mut table, "a").contains("recursion level exceeded"));
    for part in ["(", "!", "-", "~", "1?", "a=", "2**", "x[", "1+(", "++"] {
        evaluate(part.repeat(20_000).as_bytes(), &mut Table::default()).ok();
    }
}

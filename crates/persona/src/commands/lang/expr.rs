//! `expr`
//!
//! **Invariant:** the words are read once, and brackets nest no deeper than [`SCRIPT_DEPTH`].

use crate::commands::{COREUTILS, Program};
use crate::kernel::Proc;
use crate::regex::{Case, Chars, Error, Regex, width_at};
use decnet_core::limits::SCRIPT_DEPTH;

pub(in crate::commands) const PROGRAMS: &[Program] =
    &[Program::new("expr", |p| Box::pin(expr(p)), 117_808, COREUTILS)];

/// What is said, and the exit status with it.
type Fault = (Vec<u8>, u32);

async fn expr(p: &mut Proc) -> u32 {
    let mut words = p.rest();
    if let [only] = words.as_slice() {
        match only.as_slice() {
            b"--help" => {
                p.print(HELP);
                return 0;
            }
            b"--version" => {
                p.print(VERSION);
                return 0;
            }
            _ => {}
        }
    }
    if words.first().is_some_and(|word| word == b"--") {
        words.remove(0);
    }
    if words.is_empty() {
        p.error("expr: missing operand");
        p.try_help();
        return 2;
    }
    p.tick(words.iter().map(|word| word.len() + 20).sum()).await;
    let mut reader = Reader { p, words: &words, at: 0, depth: 0, work: 0 };
    let value = reader.whole();
    let work = reader.work;
    p.tick(work).await;
    match value {
        Ok(value) => {
            p.line(value.text());
            u32::from(value.is_null())
        }
        Err((why, status)) => {
            p.error([b"expr: ", why.as_slice()].concat());
            status
        }
    }
}

#[derive(Clone, Debug)]
enum Value {
    Whole(i128),
    Text(Vec<u8>),
}

impl Value {
    fn text(&self) -> Vec<u8> {
        match self {
            Self::Whole(number) => number.to_string().into_bytes(),
            Self::Text(text) => text.clone(),
        }
    }

    fn whole(&self) -> Option<i128> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Text(text) => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                std::str::from_utf8(text).ok()?.parse().ok()
            }
        }
    }

    /// Empty, or zero.
    fn is_null(&self) -> bool {
        match self {
            Self::Whole(number) => *number == 0,
            Self::Text(text) => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                text.is_empty() || (!digits.is_empty() && digits.iter().all(|&b| b == b'0'))
            }
        }
    }
}

struct Reader<'a> {
    p: &'a Proc,
    words: &'a [Vec<u8>],
    at: usize,
    depth: usize,
    work: usize,
}

type Answer = Result<Value, Fault>;

impl Reader<'_> {
    fn whole(&mut self) -> Answer {
        let value = self.or(true)?;
        match self.words.get(self.at) {
            None => Ok(value),
            Some(word) => Err(self.about("syntax error: unexpected argument ", word)),
        }
    }

    fn about(&self, what: &str, word: &[u8]) -> Fault {
        ([what.as_bytes(), &crate::commands::quote(self.p, word)].concat(), 2)
    }

    fn takes(&mut self, text: &[u8]) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| word == text);
        self.at += usize::from(found);
        found
    }

    /// The operator of these that is next.
    fn takes_one<'t>(&mut self, all: &[&'t str]) -> Option<&'t str> {
        all.iter().copied().find(|text| self.takes(text.as_bytes()))
    }

    fn needs_more(&self) -> Result<(), Fault> {
        match (self.words.get(self.at), self.words.last()) {
            (None, Some(last)) => Err(self.about("syntax error: missing argument after ", last)),
            _ => Ok(()),
        }
    }

    /// `a | b`; what is not meant to count is read and not calculated.
    fn or(&mut self, counts: bool) -> Answer {
        let mut left = self.and(counts)?;
        while self.takes(b"|") {
            let right = self.and(counts && left.is_null())?;
            if left.is_null() {
                left = if right.is_null() { Value::Whole(0) } else { right };
            }
        }
        Ok(left)
    }

    fn and(&mut self, counts: bool) -> Answer {
        let mut left = self.compared(counts)?;
        while self.takes(b"&") {
            let right = self.compared(counts && !left.is_null())?;
            if left.is_null() || right.is_null() {
                left = Value::Whole(0);
            }
        }
        Ok(left)
    }

    fn compared(&mut self, counts: bool) -> Answer {
        let mut left = self.sum(counts)?;
        while let Some(operator) = self.takes_one(&["<=", "<", "==", "=", "!=", ">=", ">"]) {
            let right = self.sum(counts)?;
            let order = match (left.whole(), right.whole()) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => left.text().cmp(&right.text()),
            };
            let holds = match operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                _ => order.is_gt(),
            };
            left = Value::Whole(i128::from(holds));
        }
        Ok(left)
    }

    fn sum(&mut self, counts: bool) -> Answer {
        let mut left = self.product(counts)?;
        while let Some(operator) = self.takes_one(&["+", "-"]) {
            let right = self.product(counts)?;
            if counts {
                left = calculate(operator, &left, &right)?;
            }
        }
        Ok(left)
    }

    fn product(&mut self, counts: bool) -> Answer {
        let mut left = self.matched(counts)?;
        while let Some(operator) = self.takes_one(&["*", "/", "%"]) {
            let right = self.matched(counts)?;
            if counts {
                left = calculate(operator, &left, &right)?;
            }
        }
        Ok(left)
    }

    fn matched(&mut self, counts: bool) -> Answer {
        let mut left = self.function(counts)?;
        while self.takes(b":") {
            let right = self.function(counts)?;
            if counts {
                left = self.find(&left.text(), &right.text())?;
            }
        }
        Ok(left)
    }

    fn chars(&self) -> Chars {
        if crate::commands::quote(self.p, b"").len() > 2 { Chars::Utf8 } else { Chars::Bytes }
    }

    fn count(&mut self, text: &[u8]) -> i128 {
        self.work += text.len();
        let chars = self.chars();
        let (mut count, mut at) = (0, 0);
        while at < text.len() {
            at += width_at(chars, text, at).max(1);
            count += 1;
        }
        count
    }

    fn find(&mut self, text: &[u8], pattern: &[u8]) -> Answer {
        let regex = Regex::basic(pattern, Case::Exact).map_err(|error| {
            let bracket = error == Error::Bracket;
            let text = if bracket { "Invalid regular expression" } else { error.text() };
            (text.as_bytes().to_vec(), 2)
        })?;
        let found = regex.captures_at(text, 0);
        self.work += regex.work();
        let found = found.filter(|groups| matches!(groups.first(), Some(Some((0, _)))));
        let part = |range: Option<&Option<(usize, usize)>>| match range {
            Some(Some((start, end))) => text.get(*start..*end).unwrap_or_default().to_vec(),
            _ => Vec::new(),
        };
        if regex.groups() > 1 {
            let group = found.map(|groups| part(groups.get(1))).unwrap_or_default();
            return Ok(Value::Text(group));
        }
        let whole = found.map(|groups| part(groups.first()));
        Ok(Value::Whole(whole.map_or(0, |whole| self.count(&whole))))
    }

    fn function(&mut self, counts: bool) -> Answer {
        self.depth += 1;
        if self.depth > SCRIPT_DEPTH {
            return Err((b"memory exhausted".to_vec(), 3));
        }
        let value = self.function_inside(counts);
        self.depth -= 1;
        value
    }

    fn function_inside(&mut self, counts: bool) -> Answer {
        self.needs_more()?;
        if self.takes(b"+") {
            self.needs_more()?;
            return Ok(self.word());
        }
        if self.takes(b"length") {
            let text = self.function(counts)?.text();
            return Ok(Value::Whole(self.count(&text)));
        }
        if self.takes(b"match") {
            let text = self.function(counts)?;
            let pattern = self.function(counts)?;
            return if counts { self.find(&text.text(), &pattern.text()) } else { Ok(text) };
        }
        if self.takes(b"index") {
            let text = self.function(counts)?.text();
            let set = self.function(counts)?.text();
            self.work += text.len() * set.len().min(64);
            let found = text.iter().position(|byte| set.contains(byte));
            return Ok(Value::Whole(found.map_or(0, |at| i128::try_from(at + 1).unwrap_or(0))));
        }
        if self.takes(b"substr") {
            let text = self.function(counts)?.text();
            let from = self.function(counts)?.whole();
            let length = self.function(counts)?.whole();
            return Ok(Value::Text(self.part(&text, from, length)));
        }
        if self.takes(b"(") {
            let value = self.or(counts)?;
            if self.takes(b")") {
                return Ok(value);
            }
            let last = self.words.get(self.at.saturating_sub(1)).cloned().unwrap_or_default();
            return Err(match self.words.get(self.at) {
                None => self.about("syntax error: expecting ')' after ", &last),
                Some(word) => self.about("syntax error: expecting ')' instead of ", word),
            });
        }
        if self.takes(b")") {
            return Err((b"syntax error: unexpected ')'".to_vec(), 2));
        }
        Ok(self.word())
    }

    fn word(&mut self) -> Value {
        let word = self.words.get(self.at).cloned().unwrap_or_default();
        self.at += 1;
        Value::Text(word)
    }

    fn part(&mut self, text: &[u8], from: Option<i128>, length: Option<i128>) -> Vec<u8> {
        let (Some(from @ 1..), Some(length @ 1..)) = (from, length) else { return Vec::new() };
        let chars = self.chars();
        let (mut out, mut at, mut number) = (Vec::new(), 0, 1_i128);
        while at < text.len() {
            let next = at + width_at(chars, text, at).max(1);
            if number >= from && number - from < length {
                out.extend_from_slice(text.get(at..next).unwrap_or_default());
            }
            (at, number) = (next, number + 1);
        }
        self.work += text.len();
        out
    }
}

fn calculate(operator: &str, left: &Value, right: &Value) -> Answer {
    let (Some(a), Some(b)) = (left.whole(), right.whole()) else {
        return Err((b"non-integer argument".to_vec(), 2));
    };
    if b == 0 && (operator == "/" || operator == "%") {
        return Err((b"division by zero".to_vec(), 2));
    }
    let value = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    value.map(Value::Whole).ok_or_else(|| (b"memory exhausted".to_vec(), 3))
}

const VERSION: &str = "\
expr (GNU coreutils) 9.1
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.

Written by Mike Parker, James Youngman, and Paul Eggert.
";

const HELP: &str = "\
Usage: expr EXPRESSION
  or:  expr OPTION

      --help        display this help and exit
      --version     output version information and exit

Print the value of EXPRESSION to standard output.  A blank line below
separates increasing precedence groups.  EXPRESSION may be:

  ARG1 | ARG2       ARG1 if it is neither null nor 0, otherwise ARG2

  ARG1 & ARG2       ARG1 if neither argument is null or 0, otherwise 0

  ARG1 < ARG2       ARG1 is less than ARG2
  ARG1 <= ARG2      ARG1 is less than or equal to ARG2
  ARG1 = ARG2       ARG1 is equal to ARG2
  ARG1 != ARG2      ARG1 is unequal to ARG2
  ARG1 >= ARG2      ARG1 is greater than or equal to ARG2
  ARG1 > ARG2       ARG1 is greater than ARG2

  ARG1 + ARG2       arithmetic sum of ARG1 and ARG2
  ARG1 - ARG2       arithmetic difference of ARG1 and ARG2

  ARG1 * ARG2       arithmetic product of ARG1 and ARG2
  ARG1 / ARG2       arithmetic quotient of ARG1 divided by ARG2
  ARG1 % ARG2       arithmetic remainder of ARG1 divided by ARG2

  STRING : REGEXP   anchored pattern match of REGEXP in STRING

  match STRING REGEXP        same as STRING : REGEXP
  substr STRING POS LENGTH   substring of STRING, POS counted from 1
  index STRING CHARS         index in STRING where any CHARS is found, or 0
  length STRING              length of STRING
  + TOKEN                    interpret TOKEN as a string, even if it is a
                               keyword like 'match' or an operator like '/'

  ( EXPRESSION )             value of EXPRESSION

Beware that many operators need to be escaped or quoted for shells.
Comparisons are arithmetic if both ARGs are numbers, else lexicographical.
Pattern matches return the string matched between \\( and \\) or null; if
\\( and \\) are not used, they return the number of characters matched or 0.

Exit status is 0 if EXPRESSION is neither null nor 0, 1 if EXPRESSION is null
or 0, 2 if EXPRESSION is syntactically invalid, and 3 if an error occurred.

GNU coreutils online help: <https://www.gnu.org/software/coreutils/>
Report any translation bugs to <https://translationproject.org/team/>
Full documentation <https://www.gnu.org/software/coreutils/expr>
or available locally via: info '(coreutils) expr invocation'
";

#[cfg(test)]
#[test]
fn it_prints_what_coreutils_print() {
    crate::commands::lang::cases::check(include_str!("cases/expr.txt"));
}

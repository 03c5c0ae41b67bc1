//! `[[ … ]]` and `[ … ]`: what holds.

use super::expand::{Failed, Later};
use super::{Shell, glob};
use crate::files::{Access, Kind, Last};
use crate::regex::{Case, Regex};
use decnet_core::shell::tree::Condition;

impl Shell {
    pub(super) fn condition<'a>(
        &'a mut self,
        it: &'a Condition,
    ) -> Later<'a, Result<bool, Failed>> {
        Box::pin(async move {
            Ok(match it {
                Condition::Word(word) => !self.one(word).await?.is_empty(),
                Condition::Unary(letter, word) => {
                    let text = self.one(word).await?;
                    self.unary(*letter, &text)
                }
                Condition::Not(inner) => !self.condition(inner).await?,
                Condition::And(one, two) => {
                    self.condition(one).await? && self.condition(two).await?
                }
                Condition::Or(one, two) => {
                    self.condition(one).await? || self.condition(two).await?
                }
                Condition::Binary(one, operator, two) => {
                    let left = self.one(one).await?;
                    match operator.as_slice() {
                        b"=" | b"==" | b"!=" => {
                            let field = self.text_of(two, false).await?;
                            let any_case = self.shopts.contains("nocasematch");
                            let fits = glob::pattern(&field, true, any_case).matches(&left);
                            fits != (operator == b"!=")
                        }
                        b"=~" => {
                            let field = self.text_of(two, false).await?;
                            self.regular(&left, &field)?
                        }
                        b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" => {
                            let right = self.one(two).await?;
                            let (a, b) = (self.arithmetic(&left)?, self.arithmetic(&right)?);
                            compared(operator, a, b)
                        }
                        operator => {
                            let right = self.one(two).await?;
                            self.binary(&left, operator, &right).unwrap_or(false)
                        }
                    }
                }
            })
        })
    }

    /// `=~`: sets BASH_REMATCH.
    fn regular(&mut self, text: &[u8], field: &[glob::Text]) -> Result<bool, Failed> {
        let mut pattern = Vec::new();
        for (quoted, piece) in field {
            for byte in piece {
                if *quoted && b"\\^$.|?*+()[]{}".contains(byte) {
                    pattern.push(b'\\');
                }
                pattern.push(*byte);
            }
        }
        let case = if self.shopts.contains("nocasematch") { Case::Fold } else { Case::Exact };
        let Ok(regex) = Regex::extended(&pattern, case) else {
            self.status = 2;
            return Err(Failed(super::Flow::Next));
        };
        let found = regex.captures_at(text, 0);
        let groups = found.iter().flatten().map(|span| {
            span.and_then(|(from, to)| text.get(from..to)).unwrap_or_default().to_vec()
        });
        let value = super::Value::Indexed((0..).zip(groups).collect());
        self.variables.entry(b"BASH_REMATCH".to_vec()).or_default().value = value;
        Ok(found.is_some())
    }

    /// `-f text` and its kind.
    pub(super) fn unary(&mut self, letter: u8, text: &[u8]) -> bool {
        let stat = |last| self.p.fs(|process| process.stat(text, last));
        let kind = |wanted: u32| stat(Last::Follow).is_ok_and(|stat| stat.is(wanted));
        let may = |access| {
            let who = self.p.user.who();
            self.p
                .fs(|process| {
                    let found = process.find(text, Last::Follow)?;
                    let node = process.node(&found)?;
                    if who.uid == 0
                        && matches!(access, Access::Execute)
                        && node.mode & 0o111 == 0
                        && !matches!(node.kind, Kind::Folder)
                    {
                        return Err(crate::files::Fault::Denied);
                    }
                    process.world.files.allowed(who, &found, access)
                })
                .is_ok()
        };
        match letter {
            b'n' => !text.is_empty(),
            b'z' => text.is_empty(),
            b'e' | b'a' => stat(Last::Follow).is_ok(),
            b'f' => kind(crate::process::FILE),
            b'd' => kind(crate::process::FOLDER),
            b'h' | b'L' => stat(Last::Keep).is_ok_and(|stat| stat.is(0o120_000)),
            b'c' => kind(0o020_000),
            b'b' => kind(0o060_000),
            b'p' => kind(0o010_000),
            b'S' => kind(0o140_000),
            b's' => stat(Last::Follow).is_ok_and(|stat| stat.size > 0),
            b'r' => may(Access::Read),
            b'w' => may(Access::Write),
            b'x' => may(Access::Execute),
            b'u' => stat(Last::Follow).is_ok_and(|stat| stat.mode & 0o4000 != 0),
            b'g' => stat(Last::Follow).is_ok_and(|stat| stat.mode & 0o2000 != 0),
            b'k' => stat(Last::Follow).is_ok_and(|stat| stat.mode & 0o1000 != 0),
            b'O' => stat(Last::Follow).is_ok_and(|stat| stat.uid == self.p.user.uid),
            b'G' => stat(Last::Follow).is_ok_and(|stat| stat.gid == self.p.user.gid),
            b'N' => stat(Last::Follow).is_ok_and(|stat| stat.changed > stat.accessed),
            b't' => {
                let fd = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
                fd.is_some_and(|fd| self.p.is_terminal(fd))
            }
            b'v' => self.lookup(text).is_some(),
            b'o' => super::builtins::option_letter(text).is_some_and(|name| self.has(name)),
            _ => false,
        }
    }

    /// `one op two`; `None` where there is no such operator.
    pub(super) fn binary(&mut self, one: &[u8], operator: &[u8], two: &[u8]) -> Option<bool> {
        let time = |path: &[u8]| {
            self.p.fs(|process| process.stat(path, Last::Follow)).ok().map(|stat| stat.changed)
        };
        Some(match operator {
            b"=" | b"==" => one == two,
            b"!=" => one != two,
            b"<" => one < two,
            b">" => one > two,
            b"-nt" => time(one) > time(two),
            b"-ot" => time(one) < time(two),
            b"-ef" => {
                let real = |path: &[u8]| self.p.fs(|process| process.find(path, Last::Follow)).ok();
                real(one).is_some() && real(one) == real(two)
            }
            _ => return None,
        })
    }

    /// `test`: what holds, or what is said and the status 2.
    pub(super) fn test(&mut self, args: &[Vec<u8>]) -> Result<bool, Vec<u8>> {
        let mut at = 0;
        match args {
            [] => return Ok(false),
            [one] => return Ok(!one.is_empty()),
            [not, one] if not == b"!" => return Ok(one.is_empty()),
            [op, text] => {
                return match op.as_slice() {
                    [b'-', letter] if UNARY.contains(letter) => Ok(self.unary(*letter, text)),
                    op => Err([op, b": unary operator expected"].concat()),
                };
            }
            [one, op, two] if op != b"-a" && op != b"-o" => {
                if let Some(found) = self.test_binary(one, op, two) {
                    return found;
                }
                if one == b"!" {
                    return self.test(args.get(1..).unwrap_or_default()).map(|holds| !holds);
                }
                if one == b"(" && two == b")" {
                    return Ok(!op.is_empty());
                }
                return Err(if self.kind.dash {
                    [one.as_slice(), b": unexpected operator"].concat()
                } else {
                    [op.as_slice(), b": binary operator expected"].concat()
                });
            }
            [not, _, _, _] if not == b"!" => {
                return self.test(args.get(1..).unwrap_or_default()).map(|holds| !holds);
            }
            _ => {}
        }
        let holds = self.test_or(args, &mut at, 0)?;
        if at < args.len() {
            return Err(b"too many arguments".to_vec());
        }
        Ok(holds)
    }

    fn test_binary(&mut self, one: &[u8], op: &[u8], two: &[u8]) -> Option<Result<bool, Vec<u8>>> {
        if let b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" = op {
            let number = |text: &[u8]| {
                std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.trim().parse::<i64>().ok())
                    .ok_or_else(|| {
                        let why: &[u8] = if self.kind.dash { b"Illegal number: " } else { b"" };
                        let end: &[u8] =
                            if self.kind.dash { b"" } else { b": integer expression expected" };
                        [why, text, end].concat()
                    })
            };
            return Some(number(one).and_then(|a| number(two).map(|b| compared(op, a, b))));
        }
        self.binary(one, op, two).map(Ok)
    }

    fn test_or(&mut self, args: &[Vec<u8>], at: &mut usize, depth: u32) -> Result<bool, Vec<u8>> {
        let mut holds = self.test_and(args, at, depth)?;
        while args.get(*at).is_some_and(|arg| arg == b"-o") {
            *at += 1;
            holds |= self.test_and(args, at, depth)?;
        }
        Ok(holds)
    }

    fn test_and(&mut self, args: &[Vec<u8>], at: &mut usize, depth: u32) -> Result<bool, Vec<u8>> {
        let mut holds = self.test_term(args, at, depth)?;
        while args.get(*at).is_some_and(|arg| arg == b"-a") {
            *at += 1;
            holds &= self.test_term(args, at, depth)?;
        }
        Ok(holds)
    }

    fn test_term(&mut self, args: &[Vec<u8>], at: &mut usize, depth: u32) -> Result<bool, Vec<u8>> {
        let Some(first) = args.get(*at) else { return Err(b"argument expected".to_vec()) };
        if depth > 50 {
            return Err(b"too many arguments".to_vec());
        }
        if let (Some(op), Some(two)) = (args.get(*at + 1), args.get(*at + 2))
            && let Some(found) = self.test_binary(first, op, two)
        {
            *at += 3;
            return found;
        }
        match first.as_slice() {
            b"!" => {
                *at += 1;
                self.test_term(args, at, depth + 1).map(|holds| !holds)
            }
            b"(" => {
                *at += 1;
                let holds = self.test_or(args, at, depth + 1)?;
                if args.get(*at).is_none_or(|arg| arg != b")") {
                    return Err(b"`)' expected".to_vec());
                }
                *at += 1;
                Ok(holds)
            }
            [b'-', letter] if UNARY.contains(letter) && args.len() > *at + 1 => {
                let text = args.get(*at + 1).cloned().unwrap_or_default();
                *at += 2;
                Ok(self.unary(*letter, &text))
            }
            text => {
                *at += 1;
                Ok(!text.is_empty())
            }
        }
    }
}

const UNARY: &[u8] = b"abcdefghknoprstuvwxzGLNOS";

fn compared(operator: &[u8], a: i64, b: i64) -> bool {
    match operator {
        b"-eq" => a == b,
        b"-ne" => a != b,
        b"-lt" => a < b,
        b"-le" => a <= b,
        b"-gt" => a > b,
        _ => a >= b,
    }
}

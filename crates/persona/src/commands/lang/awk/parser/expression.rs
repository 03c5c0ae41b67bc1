//! Expressions.
//!
//! **Invariant:** an expression leaves one value on the stack.

use super::{Answer, Kind, LATER, Parser, Wrong};
use crate::commands::lang::awk::code::{Arith, Compare, Op, Source, Target};
use crate::commands::lang::awk::lexer::{Builtin, Key, Word};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Answer<()> {
        self.deeper(Self::choice)
    }

    /// `a ? b : c`
    fn choice(&mut self) -> Answer<()> {
        self.or()?;
        if !self.takes("?")? {
            return Ok(());
        }
        self.skip_lines()?;
        let no = self.emit(Op::JumpUnless(LATER));
        self.expression()?;
        self.skip_lines()?;
        self.needs(":")?;
        self.skip_lines()?;
        let over = self.emit(Op::Jump(LATER));
        self.land(no);
        self.expression()?;
        self.land(over);
        Ok(())
    }

    fn or(&mut self) -> Answer<()> {
        self.and()?;
        while self.takes("||")? {
            self.skip_lines()?;
            let yes = self.emit(Op::JumpIf(LATER));
            self.and()?;
            self.either(yes, 1.0);
        }
        Ok(())
    }

    fn and(&mut self) -> Answer<()> {
        self.within()?;
        while self.takes("&&")? {
            self.skip_lines()?;
            let no = self.emit(Op::JumpUnless(LATER));
            self.within()?;
            self.either(no, 0.0);
        }
        Ok(())
    }

    /// The truth of what is on the stack, or this, where the jump comes to.
    fn either(&mut self, jump: usize, value: f64) {
        self.emit(Op::Truth);
        let over = self.emit(Op::Jump(LATER));
        self.land(jump);
        self.emit(Op::Number(value));
        self.land(over);
    }

    /// `key in array`
    fn within(&mut self) -> Answer<()> {
        self.matching()?;
        while self.word == Word::Key(Key::In) {
            self.next()?;
            let Word::Name(name) = self.word.clone() else { return Err(self.wrong()) };
            let array = self.variable(&name, Kind::Array)?;
            self.next()?;
            self.emit(Op::In(array));
        }
        Ok(())
    }

    fn matching(&mut self) -> Answer<()> {
        self.comparison()?;
        loop {
            let not = self.is("!~");
            if !not && !self.is("~") {
                return Ok(());
            }
            self.next()?;
            let start = self.here();
            self.comparison()?;
            // A pattern that stands alone is not matched with the record.
            let alone = self.here() == start + 1;
            match self.program.code.last() {
                Some(Op::Matches(regex)) if alone => {
                    let regex = std::sync::Arc::clone(regex);
                    self.program.code.pop();
                    self.emit(Op::MatchesThis(regex));
                }
                Some(Op::Text(text)) if alone => {
                    let regex = self.pattern(&std::sync::Arc::clone(text))?;
                    self.program.code.pop();
                    self.emit(Op::MatchesThis(regex));
                }
                _ => {
                    self.emit(Op::MatchesText);
                }
            }
            if not {
                self.emit(Op::Not);
            }
        }
    }

    fn comparison(&mut self) -> Answer<()> {
        self.concat()?;
        loop {
            let compare = match self.word {
                Word::Sign("<") => Compare::Less,
                Word::Sign("<=") => Compare::LessEqual,
                Word::Sign("==") => Compare::Equal,
                Word::Sign("!=") => Compare::NotEqual,
                Word::Sign(">") if !self.redirects => Compare::More,
                Word::Sign(">=") => Compare::MoreEqual,
                _ => return Ok(()),
            };
            if compare == Compare::MoreEqual && self.redirects {
                return Err(Wrong::said("syntax error at or near =", self.line));
            }
            self.next()?;
            self.concat()?;
            self.emit(Op::Compare(compare));
        }
    }

    /// Texts side by side; or an assignment, which may stand wherever these may.
    pub(super) fn concat(&mut self) -> Answer<()> {
        let first = self.maybe_target()?;
        if let Some(target) = first
            && let Some(operation) = self.assigns()
        {
            self.next()?;
            self.skip_lines()?;
            self.expression()?;
            // The old value is looked at behind the new one.
            self.emit(match operation {
                Some(operation) => Op::Update(target, operation),
                None => Op::Save(target),
            });
            return Ok(());
        }
        self.additive(first)?;
        while self.begins_operand() {
            self.additive(None)?;
            self.emit(Op::Concat);
        }
        Ok(())
    }

    /// What an assignment does beside assigning, if the word is one.
    fn assigns(&self) -> Option<Option<Arith>> {
        Some(match self.word {
            Word::Sign("=") => None,
            Word::Sign("+=") => Some(Arith::Add),
            Word::Sign("-=") => Some(Arith::Sub),
            Word::Sign("*=") => Some(Arith::Mul),
            Word::Sign("/=") => Some(Arith::Div),
            Word::Sign("%=") => Some(Arith::Mod),
            Word::Sign("^=") => Some(Arith::Pow),
            _ => return None,
        })
    }

    fn begins_operand(&self) -> bool {
        match &self.word {
            Word::Number(_) | Word::Text(_) | Word::Name(_) | Word::Call(_) => true,
            Word::Key(key) => matches!(key, Key::Builtin(_)),
            Word::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "++" | "--"),
            Word::LineEnd | Word::End => false,
        }
    }

    fn additive(&mut self, first: Option<Target>) -> Answer<()> {
        self.multiplied(first)?;
        loop {
            let operation = match self.word {
                Word::Sign("+") => Arith::Add,
                Word::Sign("-") => Arith::Sub,
                _ => return Ok(()),
            };
            self.next()?;
            self.multiplied(None)?;
            self.emit(Op::Arith(operation));
        }
    }

    fn multiplied(&mut self, first: Option<Target>) -> Answer<()> {
        self.signed(first)?;
        loop {
            let operation = match self.word {
                Word::Sign("*") => Arith::Mul,
                Word::Sign("/") => Arith::Div,
                Word::Sign("%") => Arith::Mod,
                _ => return Ok(()),
            };
            self.next()?;
            self.signed(None)?;
            self.emit(Op::Arith(operation));
        }
    }

    /// `!a`, `-a`, `+a`, and `a | getline`.
    fn signed(&mut self, first: Option<Target>) -> Answer<()> {
        let op = match (&self.word, first) {
            (Word::Sign("!"), None) => Op::Not,
            (Word::Sign("-"), None) => Op::Negate,
            (Word::Sign("+"), None) => Op::Plus,
            _ => {
                self.power(first)?;
                while self.is("|") && self.is_getline_next() {
                    self.next()?;
                    self.getline(Source::Command)?;
                }
                return Ok(());
            }
        };
        self.next()?;
        self.deeper(|this| this.signed(None))?;
        self.emit(op);
        Ok(())
    }

    fn power(&mut self, first: Option<Target>) -> Answer<()> {
        self.primary(first)?;
        if self.takes("^")? {
            self.deeper(|this| this.signed(None))?;
            self.emit(Op::Arith(Arith::Pow));
        }
        Ok(())
    }

    pub(super) fn is_getline_next(&self) -> bool {
        self.lexer.clone().next() == Ok(Word::Key(Key::Getline))
    }

    /// A value that nothing binds closer than; its target may have been read.
    pub(super) fn primary(&mut self, first: Option<Target>) -> Answer<()> {
        let target = match first {
            Some(target) => Some(target),
            None => self.maybe_target()?,
        };
        if let Some(target) = target {
            let by = if self.is("++") {
                1.0
            } else if self.is("--") {
                -1.0
            } else {
                self.emit(Op::Load(target));
                return Ok(());
            };
            self.next()?;
            self.emit(Op::Step { target, by, old: true });
            return Ok(());
        }
        match self.word.clone() {
            Word::Number(value) => {
                self.emit(Op::Number(value));
                self.next()
            }
            Word::Text(text) => {
                self.emit(Op::Text(text.into()));
                self.next()
            }
            Word::Call(name) => self.call(&name),
            Word::Key(Key::Getline) => self.getline(Source::Main),
            Word::Key(Key::Builtin(builtin)) => self.builtin(builtin),
            Word::Sign(sign @ ("/" | "/=")) => {
                let text = self.lexer.regex(sign)?;
                let regex = self.pattern(&text)?;
                self.emit(Op::Matches(regex));
                self.next()
            }
            Word::Sign(sign @ ("++" | "--")) => {
                self.next()?;
                let Some(target) = self.maybe_target()? else { return Err(self.wrong()) };
                let by = if sign == "++" { 1.0 } else { -1.0 };
                self.emit(Op::Step { target, by, old: false });
                Ok(())
            }
            Word::Sign("(") => self.group(),
            Word::Name(_) | Word::Key(_) | Word::Sign(_) | Word::LineEnd | Word::End => {
                Err(self.wrong())
            }
        }
    }

    /// `(a)`, `(a, b) in array`
    fn group(&mut self) -> Answer<()> {
        self.next()?;
        let redirects = std::mem::replace(&mut self.redirects, false);
        let count = self.list()?;
        self.redirects = redirects;
        self.needs(")")?;
        if count > 1 {
            if self.word != Word::Key(Key::In) {
                return Err(self.wrong());
            }
            self.emit(Op::Subscript(count));
        }
        Ok(())
    }

    /// What follows `$`.
    pub(super) fn field_operand(&mut self) -> Answer<()> {
        self.deeper(|this| match this.word {
            Word::Sign(sign @ ("-" | "+" | "!")) => {
                this.next()?;
                this.field_operand()?;
                this.emit(match sign {
                    "-" => Op::Negate,
                    "+" => Op::Plus,
                    _ => Op::Not,
                });
                Ok(())
            }
            Word::Name(_) | Word::Sign("$") => {
                // `$x++` adds to the field.
                let Some(target) = this.maybe_target()? else { return Err(this.wrong()) };
                this.emit(Op::Load(target));
                Ok(())
            }
            _ => this.primary(None),
        })
    }

    fn call(&mut self, name: &[u8]) -> Answer<()> {
        let function = self.function_named(name);
        let line = self.line;
        self.next()?;
        self.needs("(")?;
        self.skip_lines()?;
        let redirects = std::mem::replace(&mut self.redirects, false);
        let mut count = 0;
        while !self.is(")") {
            self.argument()?;
            count += 1;
            if !self.takes(",")? {
                break;
            }
            self.skip_lines()?;
        }
        self.redirects = redirects;
        self.needs(")")?;
        self.calls.push((function, count, line));
        self.emit(Op::Call { function, count });
        Ok(())
    }

    /// One argument of a call: a name alone may be an array's.
    fn argument(&mut self) -> Answer<()> {
        if let Word::Name(name) = self.word.clone() {
            let mark = self.mark();
            self.next()?;
            if self.is(",") || self.is(")") {
                let var = self.variable(&name, Kind::Open)?;
                self.emit(Op::Argument(var));
                return Ok(());
            }
            self.back(mark);
        }
        self.expression()
    }

    fn builtin(&mut self, builtin: Builtin) -> Answer<()> {
        let line = self.line;
        let (name, least, most) = builtin.shape();
        self.next()?;
        if !self.is("(") {
            if builtin == Builtin::Length {
                self.emit(Op::Builtin { builtin, count: 0 });
                return Ok(());
            }
            return Err(self.wrong());
        }
        self.next()?;
        self.skip_lines()?;
        let redirects = std::mem::replace(&mut self.redirects, false);
        let count = match builtin {
            Builtin::Length => {
                if let Some(var) = self.whole_array()? {
                    self.redirects = redirects;
                    self.emit(Op::Length(var));
                    return Ok(());
                }
                self.arguments(builtin)?
            }
            _ => self.arguments(builtin)?,
        };
        self.redirects = redirects;
        self.needs(")")?;
        if count < least || count > most {
            let what = format!("wrong number of arguments in call to {name}");
            return Err(Wrong::said(&what, line));
        }
        if !matches!(builtin, Builtin::Sub | Builtin::Gsub | Builtin::Split) {
            self.emit(Op::Builtin { builtin, count });
        }
        Ok(())
    }

    /// `length(name)` of what may be an array.
    fn whole_array(&mut self) -> Answer<Option<super::Var>> {
        let Word::Name(name) = self.word.clone() else { return Ok(None) };
        let known = self.locals.get(&name).or_else(|| self.globals.get(&name));
        if known.is_some_and(|known| known.kind == Kind::Scalar) {
            return Ok(None);
        }
        let mark = self.mark();
        self.next()?;
        if self.takes(")")? {
            let known = self.locals.contains_key(&name)
                || self.globals.get(&name).is_some_and(|known| known.kind == Kind::Array);
            let kind = if known { Kind::Open } else { Kind::Scalar };
            return self.variable(&name, kind).map(Some);
        }
        self.back(mark);
        Ok(None)
    }

    /// Arguments of a function that is there, and their number.
    fn arguments(&mut self, builtin: Builtin) -> Answer<usize> {
        if self.is(")") {
            return Ok(0);
        }
        match builtin {
            Builtin::Split => self.split(),
            Builtin::Sub | Builtin::Gsub => self.replace(builtin == Builtin::Gsub),
            Builtin::Match => {
                self.expression()?;
                let mut count = 1;
                while self.takes(",")? {
                    self.skip_lines()?;
                    self.pattern_argument()?;
                    count += 1;
                }
                Ok(count)
            }
            _ => self.list(),
        }
    }

    /// A pattern, or an expression whose value is one.
    fn pattern_argument(&mut self) -> Answer<()> {
        let start = self.here();
        self.expression()?;
        if self.here() == start + 1
            && let Some(Op::Matches(regex)) = self.program.code.last()
        {
            let regex = std::sync::Arc::clone(regex);
            self.program.code.pop();
            self.emit(Op::Pattern(regex));
        }
        Ok(())
    }

    fn split(&mut self) -> Answer<usize> {
        self.expression()?;
        if !self.takes(",")? {
            return Ok(1);
        }
        self.skip_lines()?;
        let Word::Name(name) = self.word.clone() else { return Err(self.wrong()) };
        let into = self.variable(&name, Kind::Array)?;
        self.next()?;
        let separator = self.takes(",")?;
        if separator {
            self.skip_lines()?;
            self.pattern_argument()?;
        }
        self.emit(Op::Split { into, separator });
        Ok(if separator { 3 } else { 2 })
    }

    fn replace(&mut self, all: bool) -> Answer<usize> {
        self.pattern_argument()?;
        if !self.takes(",")? {
            return Ok(1);
        }
        self.skip_lines()?;
        self.expression()?;
        let target = if self.takes(",")? {
            self.skip_lines()?;
            let Some(target) = self.maybe_target()? else { return Err(self.wrong()) };
            target
        } else {
            self.emit(Op::Number(0.0));
            Target::Field
        };
        self.emit(Op::Replace { all, target });
        Ok(2)
    }
}

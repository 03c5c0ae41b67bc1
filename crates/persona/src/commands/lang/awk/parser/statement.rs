//! Statements.
//!
//! **Invariant:** a statement leaves the stack as it found it.

use super::{Answer, Kind, LATER, Loop, Parser, Place, Wrong};
use crate::commands::lang::awk::code::{Op, Redirect, Target, Var};
use crate::commands::lang::awk::lexer::{Key, Word};

impl Parser<'_> {
    /// `{ … }`
    pub(super) fn block(&mut self) -> Answer<()> {
        self.needs("{")?;
        self.deeper(|this| {
            loop {
                while this.word == Word::LineEnd || this.is(";") {
                    this.next()?;
                }
                if this.takes("}")? {
                    return Ok(());
                }
                this.statement()?;
            }
        })
    }

    /// What ends a simple statement.
    fn ends(&mut self) -> Answer<()> {
        if self.word == Word::LineEnd || self.is(";") {
            return self.next();
        }
        if self.is("}") { Ok(()) } else { Err(self.wrong()) }
    }

    fn is_over(&self) -> bool {
        self.word == Word::LineEnd || self.is(";") || self.is("}")
    }

    pub(super) fn statement(&mut self) -> Answer<()> {
        self.deeper(|this| {
            let Word::Key(key) = this.word else { return this.plain_statement() };
            match key {
                Key::If => this.when(),
                Key::While => this.while_loop(),
                Key::Do => this.do_loop(),
                Key::For => this.for_loop(),
                Key::Break | Key::Continue => this.leaves(key),
                Key::Next | Key::NextFile => {
                    if matches!(this.place, Place::Begin | Place::End) {
                        let name = String::from_utf8_lossy(this.lexer.shown()).into_owned();
                        let what = format!("improper use of {name}");
                        return Err(Wrong::said(&what, this.line));
                    }
                    this.next()?;
                    this.emit(if key == Key::Next { Op::Next } else { Op::NextFile });
                    this.ends()
                }
                Key::Exit => this.exit(),
                Key::Return => this.returns(),
                Key::Delete | Key::Print | Key::Printf | Key::Getline | Key::Builtin(_) => {
                    this.plain_statement()
                }
                Key::Begin | Key::End | Key::Function | Key::Else | Key::In => Err(this.wrong()),
            }
        })
    }

    fn plain_statement(&mut self) -> Answer<()> {
        if self.is("{") {
            return self.block();
        }
        if self.is(";") {
            return self.next();
        }
        self.simple()?;
        self.ends()
    }

    /// A statement that `for (…)` may hold too.
    fn simple(&mut self) -> Answer<()> {
        match self.word {
            Word::Key(Key::Print) => self.print(false),
            Word::Key(Key::Printf) => self.print(true),
            Word::Key(Key::Delete) => self.delete(),
            _ => {
                self.expression()?;
                self.emit(Op::Drop);
                Ok(())
            }
        }
    }

    fn exit(&mut self) -> Answer<()> {
        self.next()?;
        if self.is_over() {
            self.emit(Op::Number(f64::NAN));
        } else {
            self.expression()?;
        }
        self.emit(Op::Exit);
        self.ends()
    }

    fn returns(&mut self) -> Answer<()> {
        if self.place != Place::Function {
            return Err(Wrong::said("return outside function body", self.line));
        }
        self.next()?;
        if self.is_over() {
            self.emit(Op::Load(Target::Var(Var::Local(LATER))));
        } else {
            self.expression()?;
        }
        self.emit(Op::Return);
        self.ends()
    }

    fn leaves(&mut self, key: Key) -> Answer<()> {
        let name = if key == Key::Break { "break" } else { "continue" };
        if self.loops.is_empty() {
            let what = format!("{name} statement outside of loop");
            return Err(Wrong::said(&what, self.line));
        }
        self.next()?;
        let jump = self.emit(Op::Jump(LATER));
        if let Some(inner) = self.loops.last_mut() {
            let jumps = if key == Key::Break { &mut inner.breaks } else { &mut inner.continues };
            jumps.push(jump);
        }
        self.ends()
    }

    /// `( … )` of `if` and `while`.
    fn in_brackets(&mut self) -> Answer<()> {
        self.next()?;
        self.needs("(")?;
        self.expression()?;
        self.needs(")")
    }

    /// A statement in a loop or behind `if`, which may stand on the next line.
    fn body(&mut self) -> Answer<()> {
        self.skip_lines()?;
        self.statement()
    }

    /// The body of a loop, which may be `;`.
    fn loop_body(&mut self) -> Answer<()> {
        self.loops.push(Loop::default());
        if self.is(";") { self.next() } else { self.body() }
    }

    fn when(&mut self) -> Answer<()> {
        self.in_brackets()?;
        let skip = self.emit(Op::JumpUnless(LATER));
        self.body()?;
        // `else` may follow on another line, or behind `;`.
        while self.word == Word::LineEnd || self.is(";") {
            self.next()?;
        }
        if self.word != Word::Key(Key::Else) {
            self.land(skip);
            return Ok(());
        }
        self.next()?;
        let over = self.emit(Op::Jump(LATER));
        self.land(skip);
        self.body()?;
        self.land(over);
        Ok(())
    }

    /// Lets all jumps of the innermost loop go where they have to.
    fn leave(&mut self, again: usize) {
        let inner = self.loops.pop().unwrap_or_default();
        for jump in inner.continues {
            self.aim(jump, again);
        }
        for jump in inner.breaks {
            self.land(jump);
        }
    }

    fn while_loop(&mut self) -> Answer<()> {
        let again = self.here();
        self.in_brackets()?;
        let out = self.emit(Op::JumpUnless(LATER));
        self.loop_body()?;
        self.emit(Op::Jump(again));
        self.land(out);
        self.leave(again);
        Ok(())
    }

    fn do_loop(&mut self) -> Answer<()> {
        self.next()?;
        let begin = self.here();
        self.loop_body()?;
        while self.word == Word::LineEnd || self.is(";") {
            self.next()?;
        }
        if self.word != Word::Key(Key::While) {
            return Err(self.wrong());
        }
        let again = self.here();
        self.in_brackets()?;
        self.emit(Op::JumpIf(begin));
        self.leave(again);
        self.ends()
    }

    fn for_loop(&mut self) -> Answer<()> {
        self.next()?;
        self.needs("(")?;
        if let Some((name, array)) = self.keys_of()? {
            return self.for_keys(&name, &array);
        }
        if !self.is(";") {
            self.simple()?;
        }
        self.needs(";")?;
        self.skip_lines()?;
        let test = self.here();
        let mut out = None;
        if !self.is(";") {
            self.expression()?;
            out = Some(self.emit(Op::JumpUnless(LATER)));
        }
        self.needs(";")?;
        self.skip_lines()?;
        let over = self.emit(Op::Jump(LATER));
        let again = self.here();
        if !self.is(")") {
            self.simple()?;
        }
        self.emit(Op::Jump(test));
        self.needs(")")?;
        self.land(over);
        self.loop_body()?;
        self.emit(Op::Jump(again));
        if let Some(out) = out {
            self.land(out);
        }
        self.leave(again);
        Ok(())
    }

    /// `name in array)`, if that is what follows.
    fn keys_of(&mut self) -> Answer<Option<(Vec<u8>, Vec<u8>)>> {
        let Word::Name(name) = self.word.clone() else { return Ok(None) };
        let mark = self.mark();
        self.next()?;
        if self.word == Word::Key(Key::In) {
            self.next()?;
            if let Word::Name(array) = self.word.clone() {
                self.next()?;
                if self.takes(")")? {
                    return Ok(Some((name, array)));
                }
            }
        }
        self.back(mark);
        Ok(None)
    }

    fn for_keys(&mut self, name: &[u8], array: &[u8]) -> Answer<()> {
        let target = Target::Var(self.variable(name, Kind::Scalar)?);
        let array = self.variable(array, Kind::Array)?;
        self.emit(Op::LoopBegin(array));
        let again = self.emit(Op::LoopNext { target, end: LATER });
        self.loop_body()?;
        self.emit(Op::Jump(again));
        self.land(again);
        self.leave(again);
        self.emit(Op::LoopEnd);
        Ok(())
    }

    fn delete(&mut self) -> Answer<()> {
        self.next()?;
        let Word::Name(name) = self.word.clone() else { return Err(self.wrong()) };
        let array = self.variable(&name, Kind::Array)?;
        self.next()?;
        if self.takes("[")? {
            self.subscript()?;
            self.emit(Op::Delete(array));
        } else {
            self.emit(Op::DeleteAll(array));
        }
        Ok(())
    }

    fn print(&mut self, formatted: bool) -> Answer<()> {
        self.next()?;
        let count = self.print_list()?;
        if formatted && count == 0 {
            return Err(self.wrong());
        }
        let to = match self.word {
            Word::Sign(">") => Redirect::File,
            Word::Sign(">>") => Redirect::Append,
            Word::Sign("|") => Redirect::Pipe,
            _ => Redirect::No,
        };
        if to != Redirect::No {
            self.next()?;
            self.expression()?;
        }
        self.emit(Op::Print { count, to, formatted });
        Ok(())
    }

    /// What is printed: `a, b`, or `(a, b)`.
    fn print_list(&mut self) -> Answer<usize> {
        if self.is_over() || self.is(">") || self.is(">>") || self.is("|") {
            return Ok(0);
        }
        if self.is("(") {
            let mark = self.mark();
            self.next()?;
            let count = self.list()?;
            self.needs(")")?;
            let pipe = self.is("|") && !self.is_getline_next();
            if self.is_over() || self.is(">") || self.is(">>") || pipe {
                return Ok(count);
            }
            self.back(mark);
        }
        let before = std::mem::replace(&mut self.redirects, true);
        let count = self.list();
        self.redirects = before;
        count
    }

    /// Expressions between commas.
    pub(super) fn list(&mut self) -> Answer<usize> {
        let mut count = 0;
        loop {
            self.expression()?;
            count += 1;
            if !self.takes(",")? {
                return Ok(count);
            }
            self.skip_lines()?;
        }
    }
}

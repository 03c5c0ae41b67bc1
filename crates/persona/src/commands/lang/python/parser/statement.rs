//! Statements.
//!
//! **Invariant:** a block counts as depth.

use super::{Answer, Parser, SyntaxFault};
use crate::commands::lang::python::ast::{
    Arg, Binary, Def, Expr, ExprKind, Handler, Name, Span, Stmt, StmtKind, Trailer,
};
use crate::commands::lang::python::lexer::Kind;
use std::sync::Arc;

const UPDATES: &[(&str, Binary)] = &[
    ("+=", Binary::Add),
    ("-=", Binary::Sub),
    ("*=", Binary::Mul),
    ("/=", Binary::Div),
    ("//=", Binary::FloorDiv),
    ("%=", Binary::Mod),
    ("**=", Binary::Pow),
    (">>=", Binary::Right),
    ("<<=", Binary::Left),
    ("&=", Binary::And),
    ("|=", Binary::Or),
    ("^=", Binary::Xor),
    ("@=", Binary::MatMul),
];

impl Parser {
    /// A line of statements, or one with a block.
    pub(super) fn statement(&mut self, out: &mut Vec<Stmt>) -> Answer<()> {
        if self.kind() == &Kind::LineEnd {
            self.at += 1;
            return Ok(());
        }
        let start = self.start();
        if let Some(kind) = self.compound()? {
            out.push(Stmt { kind, at: start });
            return Ok(());
        }
        loop {
            let start = self.start();
            let kind = self.simple()?;
            out.push(Stmt { kind, at: self.since(start) });
            if !self.takes(";") {
                break;
            }
            if self.kind() == &Kind::LineEnd {
                break;
            }
        }
        match self.kind() {
            Kind::LineEnd => {
                self.at += 1;
                Ok(())
            }
            Kind::End => Ok(()),
            _ => Err(self.invalid()),
        }
    }

    fn compound(&mut self) -> Answer<Option<StmtKind>> {
        let line = self.start().line;
        let word = match self.kind() {
            Kind::Name(word) => word.clone(),
            Kind::Sign("@") => "@".to_owned(),
            _ => return Ok(None),
        };
        let kind = match word.as_str() {
            "if" => self.when(line)?,
            "while" => {
                self.at += 1;
                let test = self.test()?;
                let body = self.looped("'while' statement", line)?;
                StmtKind::While(test, body, self.otherwise()?)
            }
            "for" => self.for_loop(line)?,
            "try" => self.tries(line)?,
            "with" => self.with(line)?,
            "def" => StmtKind::Def(self.def(Vec::new(), line)?),
            "class" => self.class(Vec::new(), line)?,
            "async" => {
                self.at += 1;
                return match self.compound()? {
                    Some(kind) => Ok(Some(kind)),
                    None => Err(self.invalid()),
                };
            }
            "@" => self.decorated()?,
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// A condition of `if` or `while`; a single `=` in it is a slip.
    fn test(&mut self) -> Answer<Expr> {
        let start = self.start();
        let test = self.named()?;
        if self.is("=") {
            self.at += 1;
            if self.expression().is_ok() {
                let what = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
                let at = self.since(start);
                return Err(self.span_fault(what, at));
            }
            return Err(self.invalid());
        }
        Ok(test)
    }

    /// `:` and the block of that statement.
    fn block(&mut self, of: &str, line: u32) -> Answer<Vec<Stmt>> {
        self.expects(":")?;
        let mut body = Vec::new();
        if self.kind() != &Kind::LineEnd {
            self.deeper(|this| this.statement(&mut body))?;
            return Ok(body);
        }
        if self.next_kind() != &Kind::Indent {
            if self.next_kind() != &Kind::End && self.next_kind() != &Kind::Dedent {
                self.at += 1;
            }
            let what = format!("expected an indented block after {of} on line {line}");
            return Err(SyntaxFault { class: "IndentationError", ..self.fault(&what) });
        }
        self.at += 2;
        self.deeper(|this| {
            while !matches!(this.kind(), Kind::Dedent | Kind::End) {
                this.statement(&mut body)?;
            }
            Ok(())
        })?;
        if self.kind() == &Kind::Dedent {
            self.at += 1;
        }
        Ok(body)
    }

    fn looped(&mut self, of: &str, line: u32) -> Answer<Vec<Stmt>> {
        self.loops += 1;
        let body = self.block(of, line);
        self.loops -= 1;
        body
    }

    fn otherwise(&mut self) -> Answer<Vec<Stmt>> {
        let line = self.start().line;
        if self.takes_key("else") { self.block("'else' statement", line) } else { Ok(Vec::new()) }
    }

    fn when(&mut self, line: u32) -> Answer<StmtKind> {
        self.at += 1;
        let mut branches = Vec::new();
        let test = self.test()?;
        branches.push((test, self.block("'if' statement", line)?));
        loop {
            let line = self.start().line;
            if !self.takes_key("elif") {
                return Ok(StmtKind::If(branches, self.otherwise()?));
            }
            let test = self.test()?;
            branches.push((test, self.block("'elif' statement", line)?));
        }
    }

    /// `a, b` of `for a, b in …`.
    pub(super) fn target_list(&mut self) -> Answer<Expr> {
        let start = self.start();
        let one = |this: &mut Self| -> Answer<Expr> {
            let start = this.start();
            if this.takes("*") {
                let inner = this.trailers()?;
                return Ok(this.expr(start, ExprKind::Star(Box::new(inner))));
            }
            this.trailers()
        };
        let first = one(self)?;
        let mut all = vec![first];
        let mut tuple = false;
        while self.takes(",") {
            tuple = true;
            if self.is_key("in") {
                break;
            }
            all.push(one(self)?);
        }
        let target = if tuple {
            self.expr(start, ExprKind::Tuple(all))
        } else {
            all.remove(0)
        };
        self.assignable(&target, "assign to")?;
        Ok(target)
    }

    /// What follows `in` and `if` of a comprehension: no `a if b else c`.
    pub(super) fn condition(&mut self) -> Answer<Expr> {
        if self.is_key("lambda") { self.expression() } else { self.any_of() }
    }

    fn for_loop(&mut self, line: u32) -> Answer<StmtKind> {
        self.at += 1;
        let target = self.target_list()?;
        if !self.takes_key("in") {
            return Err(self.invalid());
        }
        let iter = self.list()?;
        let body = self.looped("'for' statement", line)?;
        Ok(StmtKind::For(target, iter, body, self.otherwise()?))
    }

    fn tries(&mut self, line: u32) -> Answer<StmtKind> {
        self.at += 1;
        let body = self.block("'try' statement", line)?;
        let mut handlers = Vec::new();
        loop {
            let line = self.start().line;
            if !self.takes_key("except") {
                break;
            }
            self.takes("*");
            let mut handler = Handler { kind: None, name: None, body: Vec::new() };
            if !self.is(":") {
                handler.kind = Some(self.list()?);
                if self.takes_key("as") {
                    handler.name = Some(self.name()?.into());
                }
            }
            handler.body = self.block("'except' statement", line)?;
            handlers.push(handler);
        }
        let other = if handlers.is_empty() { Vec::new() } else { self.otherwise()? };
        let line = self.start().line;
        let has_finally = self.takes_key("finally");
        let last =
            if has_finally { self.block("'finally' statement", line)? } else { Vec::new() };
        if handlers.is_empty() && !has_finally {
            if self.at > 0 && self.kind() == &Kind::End {
                self.at -= 1;
            }
            return Err(self.fault("expected 'except' or 'finally' block"));
        }
        Ok(StmtKind::Try(body, handlers, other, last))
    }

    fn with(&mut self, line: u32) -> Answer<StmtKind> {
        self.at += 1;
        let brackets = self.is("(") && self.brackets_hold_items();
        self.at += usize::from(brackets);
        let mut items = Vec::new();
        loop {
            let context = self.expression()?;
            let target = if self.takes_key("as") {
                let target = self.trailers()?;
                self.assignable(&target, "assign to")?;
                Some(target)
            } else {
                None
            };
            items.push((context, target));
            if !self.takes(",") || self.is(")") {
                break;
            }
        }
        if brackets {
            self.needs(")")?;
        }
        Ok(StmtKind::With(items, self.block("'with' statement", line)?))
    }

    /// Whether `with (` begins a list of items: its bracket is closed before the colon.
    fn brackets_hold_items(&self) -> bool {
        let mut depth = 0_usize;
        for (ahead, token) in self.tokens.iter().skip(self.at).enumerate() {
            match token.kind {
                Kind::Sign("(" | "[" | "{") => depth += 1,
                Kind::Sign(")" | "]" | "}") => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        let next = self.tokens.get(self.at + ahead + 1);
                        return next.is_some_and(|next| next.kind == Kind::Sign(":"));
                    }
                }
                Kind::LineEnd | Kind::End => return false,
                _ => {}
            }
        }
        false
    }

    fn decorated(&mut self) -> Answer<StmtKind> {
        let mut decorators = Vec::new();
        while self.takes("@") {
            decorators.push(self.named()?);
            if self.kind() != &Kind::LineEnd {
                return Err(self.invalid());
            }
            self.at += 1;
        }
        let line = self.start().line;
        self.takes_key("async");
        if self.is_key("class") {
            return self.class(decorators, line);
        }
        if !self.is_key("def") {
            return Err(self.invalid());
        }
        Ok(StmtKind::Def(self.def(decorators, line)?))
    }

    fn def(&mut self, decorators: Vec<Expr>, line: u32) -> Answer<Arc<Def>> {
        self.at += 1;
        let name: Name = self.name()?.into();
        self.expects("(")?;
        let params = self.params(")")?;
        self.needs(")")?;
        if self.takes("->") {
            self.expression()?;
        }
        self.functions += 1;
        let loops = std::mem::take(&mut self.loops);
        let yields = std::mem::replace(&mut self.yields, false);
        let body = self.block("function definition", line);
        let is_generator = std::mem::replace(&mut self.yields, yields);
        self.loops = loops;
        self.functions -= 1;
        Ok(Arc::new(Def { name, params, body: body?, decorators, is_generator }))
    }

    fn class(&mut self, decorators: Vec<Expr>, line: u32) -> Answer<StmtKind> {
        self.at += 1;
        let name: Name = self.name()?.into();
        let args: Vec<Arg> = if self.is("(") { self.arguments()? } else { Vec::new() };
        let loops = std::mem::take(&mut self.loops);
        let functions = std::mem::take(&mut self.functions);
        let body = self.block("class definition", line);
        (self.loops, self.functions) = (loops, functions);
        Ok(StmtKind::Class(name, args, body?, decorators))
    }

    fn simple(&mut self) -> Answer<StmtKind> {
        let start = self.start();
        let Kind::Name(word) = self.kind().clone() else { return self.expression_statement() };
        let kind = match word.as_str() {
            "pass" => StmtKind::Pass,
            "break" if self.loops == 0 => {
                return Err(SyntaxFault::bare("'break' outside loop", start.line));
            }
            "break" => StmtKind::Break,
            "continue" if self.loops == 0 => {
                return Err(SyntaxFault::bare("'continue' not properly in loop", start.line));
            }
            "continue" => StmtKind::Continue,
            "return" => return self.returns(start),
            "raise" => {
                self.at += 1;
                let value = if self.begins_expression() { Some(self.expression()?) } else { None };
                let cause = if self.takes_key("from") { Some(self.expression()?) } else { None };
                return Ok(StmtKind::Raise(value, cause));
            }
            "assert" => {
                self.at += 1;
                let test = self.expression()?;
                let text = if self.takes(",") { Some(self.expression()?) } else { None };
                return Ok(StmtKind::Assert(test, text));
            }
            "del" => {
                self.at += 1;
                let list = self.list()?;
                self.assignable(&list, "delete")?;
                let all = match list.kind {
                    ExprKind::Tuple(all) => all,
                    _ => vec![list],
                };
                return Ok(StmtKind::Delete(all));
            }
            "global" | "nonlocal" => return self.declared(&word, start),
            "import" => return self.import(),
            "from" => return self.from(),
            "else" | "elif" | "except" | "finally" | "in" | "is" | "and" | "or" | "as" => {
                return Err(self.invalid());
            }
            _ => return self.expression_statement(),
        };
        self.at += 1;
        Ok(kind)
    }

    fn returns(&mut self, start: Span) -> Answer<StmtKind> {
        if self.functions == 0 {
            return Err(SyntaxFault::bare("'return' outside function", start.line));
        }
        self.at += 1;
        let value = if self.begins_expression() { Some(self.list()?) } else { None };
        Ok(StmtKind::Return(value))
    }

    fn declared(&mut self, word: &str, start: Span) -> Answer<StmtKind> {
        self.at += 1;
        let mut names: Vec<Name> = vec![self.name()?.into()];
        while self.takes(",") {
            names.push(self.name()?.into());
        }
        if word == "global" {
            return Ok(StmtKind::Global(names));
        }
        if self.functions == 0 {
            let what = "nonlocal declaration not allowed at module level";
            return Err(SyntaxFault::bare(what, start.line));
        }
        Ok(StmtKind::Nonlocal(names))
    }

    fn dotted(&mut self) -> Answer<String> {
        let mut name = self.name()?;
        while self.takes(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    fn import(&mut self) -> Answer<StmtKind> {
        self.at += 1;
        let mut all = Vec::new();
        loop {
            let module: Name = self.dotted()?.into();
            let name = if self.takes_key("as") { Some(self.name()?.into()) } else { None };
            all.push((module, name));
            if !self.takes(",") {
                return Ok(StmtKind::Import(all));
            }
        }
    }

    fn from(&mut self) -> Answer<StmtKind> {
        self.at += 1;
        let mut module = String::new();
        while self.is(".") || self.is("...") {
            module.push('.');
            self.at += 1;
        }
        if module.is_empty() || !self.is_key("import") {
            module += &self.dotted()?;
        }
        if !self.takes_key("import") {
            return Err(self.invalid());
        }
        if self.takes("*") {
            return Ok(StmtKind::From(module.into(), vec![("*".into(), None)]));
        }
        let brackets = self.takes("(");
        let mut all = Vec::new();
        loop {
            let name: Name = self.name()?.into();
            let other = if self.takes_key("as") { Some(self.name()?.into()) } else { None };
            all.push((name, other));
            if !self.takes(",") || (brackets && self.is(")")) {
                break;
            }
        }
        if brackets {
            self.needs(")")?;
        }
        Ok(StmtKind::From(module.into(), all))
    }

    fn expression_statement(&mut self) -> Answer<StmtKind> {
        let start = self.start();
        let first = self.list()?;
        if let Kind::Sign(sign) = self.kind()
            && let Some((_, operator)) = UPDATES.iter().find(|(text, _)| text == sign)
        {
            self.assignable(&first, "assign to")?;
            self.at += 1;
            let value = self.list()?;
            return Ok(StmtKind::Update(first, *operator, value));
        }
        if self.takes(":") {
            self.assignable(&first, "annotate")?;
            self.expression()?;
            if self.takes("=") {
                let value = self.list()?;
                return Ok(StmtKind::Assign(vec![first], value));
            }
            return Ok(StmtKind::Pass);
        }
        if !self.is("=") {
            self.old_print(&first, start)?;
            return Ok(StmtKind::Expr(first));
        }
        let mut targets = Vec::new();
        let mut value = first;
        while self.takes("=") {
            self.assignable(&value, "assign to")?;
            targets.push(value);
            value = self.list()?;
        }
        Ok(StmtKind::Assign(targets, value))
    }

    /// `print "x"`, as Python 2 had it.
    fn old_print(&mut self, first: &Expr, start: Span) -> Answer<()> {
        let ExprKind::Name(name) = &first.kind else { return Ok(()) };
        let operand = self.begins_expression() && !matches!(self.kind(), Kind::Sign(_));
        if !matches!(&**name, "print" | "exec") || !operand {
            return Ok(());
        }
        let Ok(_) = self.list() else { return Ok(()) };
        let what =
            format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?");
        let at = self.since(start);
        Err(self.span_fault(&what, at))
    }

    /// Whether something can be assigned to, or deleted.
    fn assignable(&self, target: &Expr, what: &str) -> Answer<()> {
        let name = match &target.kind {
            ExprKind::Name(_) => return Ok(()),
            ExprKind::Trailers(_, list) => match list.last() {
                Some((Trailer::Call(_), _)) => "function call",
                _ => return Ok(()),
            },
            ExprKind::Tuple(all) | ExprKind::List(all) => {
                return all.iter().try_for_each(|one| self.assignable(one, what));
            }
            ExprKind::Star(inner) => return self.assignable(inner, what),
            ExprKind::None => "None",
            ExprKind::True => "True",
            ExprKind::False => "False",
            ExprKind::Ellipsis => "ellipsis",
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Text(_) | ExprKind::Bytes(_) => {
                "literal"
            }
            ExprKind::Format(_) => "f-string expression",
            ExprKind::Set(_) => "set display",
            ExprKind::Dict(_) => "dict literal",
            ExprKind::Comprehension(..) => "comprehension",
            ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::All(_) | ExprKind::Any(_) => {
                "expression"
            }
            ExprKind::Compare(..) => "comparison",
            ExprKind::Choice(..) => "conditional expression",
            ExprKind::Lambda(..) => "lambda",
            ExprKind::Slice(..) => "slice",
            ExprKind::Walrus(..) => "named expression",
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => "yield expression",
        };
        let hint = what == "assign to" && !matches!(name, "None" | "True" | "False");
        let hint =
            if hint { " here. Maybe you meant '==' instead of '='?" } else { "" };
        let text = format!("cannot {what} {name}{hint}");
        Err(self.span_fault(&text, target.at))
    }
}

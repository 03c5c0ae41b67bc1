//! Expressions, from the weakest operator to the strongest.
//!
//! **Invariant:** every way into an expression counts as one level of depth.

use super::{Answer, Parser};
use crate::commands::lang::python::ast::{
    Binary, Compare, Expr, ExprKind, Param, ParamKind, Unary,
};
use crate::commands::lang::python::lexer::Kind;

/// Operators by their strength, the weakest first.
const LEVELS: &[&[(&str, Binary)]] = &[
    &[("|", Binary::Or)],
    &[("^", Binary::Xor)],
    &[("&", Binary::And)],
    &[("<<", Binary::Left), (">>", Binary::Right)],
    &[("+", Binary::Add), ("-", Binary::Sub)],
    &[
        ("*", Binary::Mul),
        ("/", Binary::Div),
        ("//", Binary::FloorDiv),
        ("%", Binary::Mod),
        ("@", Binary::MatMul),
    ],
];

impl Parser {
    /// Expressions between commas: a tuple, if there is a comma.
    pub(super) fn list(&mut self) -> Answer<Expr> {
        let start = self.start();
        let first = self.starred()?;
        if !self.is(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.takes(",") {
            if !self.begins_expression() {
                break;
            }
            all.push(self.starred()?);
        }
        Ok(self.expr(start, ExprKind::Tuple(all)))
    }

    pub(super) fn begins_expression(&self) -> bool {
        match self.kind() {
            Kind::Name(name) => {
                self.is_name()
                    || matches!(
                        name.as_str(),
                        "None" | "True" | "False" | "not" | "lambda" | "yield" | "await"
                    )
            }
            Kind::Int(_) | Kind::Float(_) | Kind::Text(_) | Kind::Bytes(_) | Kind::Format(..) => true,
            Kind::Sign(sign) => {
                matches!(*sign, "(" | "[" | "{" | "-" | "+" | "~" | "..." | "*")
            }
            Kind::LineEnd | Kind::Indent | Kind::Dedent | Kind::End => false,
        }
    }

    /// `*x`, or an expression.
    pub(super) fn starred(&mut self) -> Answer<Expr> {
        let start = self.start();
        if self.takes("*") {
            let inner = self.binary(0)?;
            return Ok(self.expr(start, ExprKind::Star(Box::new(inner))));
        }
        self.named()
    }

    /// `name := x`
    pub(super) fn named(&mut self) -> Answer<Expr> {
        let start = self.start();
        let walrus = matches!(self.next_kind(), Kind::Sign(":="));
        if walrus && self.is_name() {
            let name = self.name()?;
            self.at += 1;
            let value = self.expression()?;
            return Ok(self.expr(start, ExprKind::Walrus(name.into(), Box::new(value))));
        }
        self.expression()
    }

    pub(super) fn expression(&mut self) -> Answer<Expr> {
        self.deeper(|this| {
            if this.is_key("lambda") {
                return this.lambda();
            }
            if this.is_key("yield") {
                return this.yielded();
            }
            this.choice()
        })
    }

    fn yielded(&mut self) -> Answer<Expr> {
        let start = self.start();
        if self.functions == 0 {
            return Err(super::SyntaxFault::bare("'yield' outside function", start.line));
        }
        self.at += 1;
        self.yields = true;
        if self.takes_key("from") {
            let value = self.expression()?;
            return Ok(self.expr(start, ExprKind::YieldFrom(Box::new(value))));
        }
        let value = if self.begins_expression() { Some(Box::new(self.list()?)) } else { None };
        Ok(self.expr(start, ExprKind::Yield(value)))
    }

    /// `a if b else c`
    fn choice(&mut self) -> Answer<Expr> {
        let start = self.start();
        let yes = self.any()?;
        if !self.is_key("if") {
            return Ok(yes);
        }
        self.at += 1;
        let test = self.any()?;
        if !self.takes_key("else") {
            if self.kind() == &Kind::LineEnd || self.is(")") {
                let at = self.since(start);
                return Err(self.span_fault("expected 'else' after 'if' expression", at));
            }
            return Err(self.invalid());
        }
        let no = self.expression()?;
        let kind = ExprKind::Choice(Box::new(test), Box::new(yes), Box::new(no));
        Ok(self.expr(start, kind))
    }

    /// `a or b`, without `if`.
    pub(super) fn any_of(&mut self) -> Answer<Expr> {
        self.any()
    }

    fn any(&mut self) -> Answer<Expr> {
        let start = self.start();
        let first = self.all()?;
        if !self.is_key("or") {
            return Ok(first);
        }
        let mut list = vec![first];
        while self.takes_key("or") {
            list.push(self.all()?);
        }
        Ok(self.expr(start, ExprKind::Any(list)))
    }

    fn all(&mut self) -> Answer<Expr> {
        let start = self.start();
        let first = self.not()?;
        if !self.is_key("and") {
            return Ok(first);
        }
        let mut list = vec![first];
        while self.takes_key("and") {
            list.push(self.not()?);
        }
        Ok(self.expr(start, ExprKind::All(list)))
    }

    fn not(&mut self) -> Answer<Expr> {
        let start = self.start();
        if !self.takes_key("not") {
            return self.comparison();
        }
        let inner = self.deeper(Self::not)?;
        Ok(self.expr(start, ExprKind::Unary(Unary::Not, Box::new(inner))))
    }

    fn compares(&mut self) -> Option<Compare> {
        let compare = match self.kind() {
            Kind::Sign("<") => Compare::Less,
            Kind::Sign("<=") => Compare::LessEqual,
            Kind::Sign("==") => Compare::Equal,
            Kind::Sign("!=") => Compare::NotEqual,
            Kind::Sign(">") => Compare::More,
            Kind::Sign(">=") => Compare::MoreEqual,
            Kind::Name(name) if name == "in" => Compare::In,
            Kind::Name(name) if name == "is" => {
                self.at += 1;
                return Some(if self.takes_key("not") { Compare::IsNot } else { Compare::Is });
            }
            Kind::Name(name) if name == "not" => {
                if !matches!(self.next_kind(), Kind::Name(next) if next == "in") {
                    return None;
                }
                self.at += 1;
                Compare::NotIn
            }
            _ => return None,
        };
        self.at += 1;
        Some(compare)
    }

    fn comparison(&mut self) -> Answer<Expr> {
        let start = self.start();
        let first = self.binary(0)?;
        let mut list = Vec::new();
        while let Some(compare) = self.compares() {
            list.push((compare, self.binary(0)?));
        }
        if list.is_empty() {
            return Ok(first);
        }
        Ok(self.expr(start, ExprKind::Compare(Box::new(first), list)))
    }

    /// Operators of this strength and stronger ones.
    pub(super) fn binary(&mut self, level: usize) -> Answer<Expr> {
        let Some(operators) = LEVELS.get(level) else { return self.signed() };
        let start = self.start();
        let first = self.binary(level + 1)?;
        let mut list = Vec::new();
        while let Kind::Sign(sign) = self.kind() {
            let Some((_, operator)) = operators.iter().find(|(text, _)| text == sign) else { break };
            self.at += 1;
            list.push((*operator, self.binary(level + 1)?));
        }
        if list.is_empty() {
            return Ok(first);
        }
        Ok(self.expr(start, ExprKind::Binary(Box::new(first), list)))
    }

    fn signed(&mut self) -> Answer<Expr> {
        let start = self.start();
        let unary = match self.kind() {
            Kind::Sign("-") => Unary::Minus,
            Kind::Sign("+") => Unary::Plus,
            Kind::Sign("~") => Unary::Invert,
            _ => return self.power(),
        };
        self.at += 1;
        let inner = self.deeper(Self::signed)?;
        Ok(self.expr(start, ExprKind::Unary(unary, Box::new(inner))))
    }

    fn power(&mut self) -> Answer<Expr> {
        let start = self.start();
        self.takes_key("await");
        let base = self.trailers()?;
        if !self.takes("**") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        let kind = ExprKind::Binary(Box::new(base), vec![(Binary::Pow, exponent)]);
        Ok(self.expr(start, kind))
    }

    fn lambda(&mut self) -> Answer<Expr> {
        let start = self.start();
        self.at += 1;
        let params = self.params(":")?;
        self.expects(":")?;
        self.functions += 1;
        let yields = std::mem::replace(&mut self.yields, false);
        let body = self.expression();
        self.yields = yields;
        self.functions -= 1;
        let kind = ExprKind::Lambda(params, Box::new(body?));
        Ok(self.expr(start, kind))
    }

    /// Parameters up to that sign, which stays.
    pub(super) fn params(&mut self, end: &str) -> Answer<Vec<Param>> {
        let mut params: Vec<Param> = Vec::new();
        let mut named = false;
        while !self.is(end) {
            if self.takes("/") {
                // Those before take no names; that they do harms nobody.
            } else if self.takes("**") {
                let name = self.name()?.into();
                params.push(Param { name, kind: ParamKind::Stars, default: None });
            } else if self.takes("*") {
                named = true;
                if self.is_name() {
                    let name = self.name()?.into();
                    params.push(Param { name, kind: ParamKind::Star, default: None });
                }
            } else {
                let fault = self.start();
                let name: std::sync::Arc<str> = self.name()?.into();
                if params.iter().any(|param| param.name == name) {
                    let what = format!("duplicate argument '{name}' in function definition");
                    return Err(super::SyntaxFault::bare(&what, fault.line));
                }
                if end == ")" && self.takes(":") {
                    self.expression()?;
                }
                let default = if self.takes("=") { Some(self.expression()?) } else { None };
                let before = params.last().is_some_and(|last| last.default.is_some());
                if default.is_none() && before && !named {
                    let what = "non-default argument follows default argument";
                    return Err(self.span_fault(what, fault));
                }
                let kind = if named { ParamKind::Named } else { ParamKind::Plain };
                params.push(Param { name, kind, default });
            }
            if let Some(param) = params.last()
                && matches!(param.kind, ParamKind::Star | ParamKind::Stars)
                && end == ")"
                && self.takes(":")
            {
                self.expression()?;
            }
            if !self.takes(",") {
                break;
            }
        }
        Ok(params)
    }
}

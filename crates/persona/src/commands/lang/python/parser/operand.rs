//! Values, what follows them, displays and f-strings.
//!
//! **Invariant:** an f-string in an f-string counts as depth.

use super::{Answer, Parser, SyntaxFault};
use crate::commands::lang::python::ast::{
    Arg, ArgKind, Comprehension, Expr, ExprKind, For, Piece, Trailer,
};
use crate::commands::lang::python::lexer::{Kind, tokens, unescape};

impl Parser {
    /// A value with its calls, indexes and attributes.
    pub(super) fn trailers(&mut self) -> Answer<Expr> {
        let start = self.start();
        let base = self.atom()?;
        let mut list = Vec::new();
        loop {
            if self.takes(".") {
                let Ok(name) = self.name() else { return Err(self.invalid()) };
                list.push((Trailer::Attribute(name.into()), self.since(start)));
            } else if self.is("(") {
                let args = self.deeper(Self::arguments)?;
                list.push((Trailer::Call(args), self.since(start)));
            } else if self.is("[") {
                self.at += 1;
                let index = self.deeper(Self::index)?;
                self.needs("]")?;
                list.push((Trailer::Index(Box::new(index)), self.since(start)));
            } else {
                break;
            }
        }
        if list.is_empty() {
            return Ok(base);
        }
        Ok(self.expr(start, ExprKind::Trailers(Box::new(base), list)))
    }

    pub(super) fn arguments(&mut self) -> Answer<Vec<Arg>> {
        self.needs("(")?;
        let mut args: Vec<Arg> = Vec::new();
        while !self.is(")") {
            let start = self.start();
            let arg = if self.takes("**") {
                Arg { kind: ArgKind::Stars, value: self.expression()? }
            } else if self.takes("*") {
                Arg { kind: ArgKind::Star, value: self.expression()? }
            } else if self.is_name() && matches!(self.next_kind(), Kind::Sign("=")) {
                let name = self.name()?;
                self.at += 1;
                Arg { kind: ArgKind::Named(name.into()), value: self.expression()? }
            } else {
                self.plain_argument(start, &args)?
            };
            args.push(arg);
            if !self.takes(",") {
                break;
            }
        }
        if !self.is(")") {
            if self.begins_expression()
                && let Some(last) = args.last()
                && last.kind == ArgKind::Plain
                && !matches!(self.kind(), Kind::Sign(_))
            {
                let at = self.start();
                let span = crate::commands::lang::python::ast::Span { end: at.end, ..last.value.at };
                let what = "invalid syntax. Perhaps you forgot a comma?";
                return Err(self.span_fault(what, span));
            }
            return Err(self.invalid());
        }
        self.at += 1;
        Ok(args)
    }

    fn plain_argument(
        &mut self,
        start: crate::commands::lang::python::ast::Span,
        before: &[Arg],
    ) -> Answer<Arg> {
        let value = self.named()?;
        let value = if self.is_key("for") || self.is_key("async") {
            let fors = self.fors()?;
            let kind = Comprehension::Generator;
            let kind = ExprKind::Comprehension(kind, Box::new(value), None, fors);
            self.expr(start, kind)
        } else {
            value
        };
        let behind_named = before.iter().any(|arg| matches!(arg.kind, ArgKind::Named(_)));
        if behind_named && !matches!(value.kind, ExprKind::Star(_)) {
            return Err(self.fault("positional argument follows keyword argument"));
        }
        Ok(Arg { kind: ArgKind::Plain, value })
    }

    fn index(&mut self) -> Answer<Expr> {
        let start = self.start();
        let first = self.slice()?;
        if !self.is(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.takes(",") {
            if self.is("]") {
                break;
            }
            all.push(self.slice()?);
        }
        Ok(self.expr(start, ExprKind::Tuple(all)))
    }

    fn slice(&mut self) -> Answer<Expr> {
        let start = self.start();
        let part = |this: &mut Self| -> Answer<Option<Box<Expr>>> {
            if this.is(":") || this.is("]") || this.is(",") {
                return Ok(None);
            }
            Ok(Some(Box::new(this.named()?)))
        };
        let from = part(self)?;
        if !self.takes(":") {
            return match from {
                Some(index) => Ok(*index),
                None => Err(self.invalid()),
            };
        }
        let to = part(self)?;
        let step = if self.takes(":") { part(self)? } else { None };
        Ok(self.expr(start, ExprKind::Slice(from, to, step)))
    }

    fn atom(&mut self) -> Answer<Expr> {
        let start = self.start();
        let kind = match self.kind().clone() {
            Kind::Name(name) => match name.as_str() {
                "None" => ExprKind::None,
                "True" => ExprKind::True,
                "False" => ExprKind::False,
                _ => {
                    let name = self.name()?;
                    return Ok(self.expr(start, ExprKind::Name(name.into())));
                }
            },
            Kind::Int(value) => ExprKind::Int(value),
            Kind::Float(value) => ExprKind::Float(value),
            Kind::Text(_) | Kind::Bytes(_) | Kind::Format(..) => return self.texts(),
            Kind::Sign("...") => ExprKind::Ellipsis,
            Kind::Sign("(") => return self.deeper(Self::tuple),
            Kind::Sign("[") => return self.deeper(Self::display_list),
            Kind::Sign("{") => return self.deeper(Self::braces),
            Kind::Sign(_) | Kind::LineEnd | Kind::Indent | Kind::Dedent | Kind::End => {
                return Err(self.invalid());
            }
        };
        self.at += 1;
        Ok(self.expr(start, kind))
    }

    /// Texts side by side are one.
    fn texts(&mut self) -> Answer<Expr> {
        let start = self.start();
        let mut text = String::new();
        let mut bytes: Option<Vec<u8>> = None;
        let mut pieces: Option<Vec<Piece>> = None;
        let mut first = true;
        loop {
            match self.kind().clone() {
                Kind::Text(more) if bytes.is_none() => match &mut pieces {
                    Some(pieces) => pieces.push(Piece::Text(more)),
                    None => text.push_str(&more),
                },
                Kind::Bytes(more) if first || bytes.is_some() => {
                    bytes.get_or_insert_default().extend(more);
                }
                Kind::Format(more, raw) if bytes.is_none() => {
                    let all = pieces.get_or_insert_default();
                    if !text.is_empty() {
                        all.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    let line = self.start();
                    let more = self.deeper(|this| this.format(&more, raw, line.line))?;
                    if let Some(pieces) = &mut pieces {
                        pieces.extend(more);
                    }
                }
                Kind::Text(_) | Kind::Bytes(_) | Kind::Format(..) => {
                    return Err(self.fault("cannot mix bytes and nonbytes literals"));
                }
                _ => break,
            }
            first = false;
            self.at += 1;
        }
        let kind = match (bytes, pieces) {
            (Some(bytes), _) => ExprKind::Bytes(bytes),
            (None, Some(pieces)) => ExprKind::Format(pieces),
            (None, None) => ExprKind::Text(text),
        };
        Ok(self.expr(start, kind))
    }

    /// The parts of an f-string's text.
    fn format(&mut self, body: &str, raw: bool, line: u32) -> Answer<Vec<Piece>> {
        let wrong = |what: &str| {
            let what = format!("f-string: {what}");
            SyntaxFault::new("SyntaxError", &what, line, 0, 1)
        };
        let mut pieces = Vec::new();
        let mut rest = body;
        let mut text = String::new();
        loop {
            let Some(at) = rest.find(['{', '}']) else {
                text.push_str(rest);
                break;
            };
            text.push_str(rest.get(..at).unwrap_or_default());
            let behind = rest.get(at + 1..).unwrap_or_default();
            let brace = rest.as_bytes().get(at).copied().unwrap_or_default();
            if behind.as_bytes().first() == Some(&brace) {
                text.push(char::from(brace));
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            if brace == b'}' {
                return Err(wrong("single '}' is not allowed"));
            }
            self.text_piece(&mut pieces, &mut text, raw).map_err(|what| wrong(&what))?;
            let Some(end) = value_end(behind) else { return Err(wrong("expecting '}'")) };
            let inside = behind.get(..end).unwrap_or_default();
            self.value_piece(&mut pieces, inside, raw, line)?;
            rest = behind.get(end + 1..).unwrap_or_default();
        }
        self.text_piece(&mut pieces, &mut text, raw).map_err(|what| wrong(&what))?;
        Ok(pieces)
    }

    fn text_piece(
        &self,
        pieces: &mut Vec<Piece>,
        text: &mut String,
        raw: bool,
    ) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(text);
        pieces.push(Piece::Text(if raw { text } else { unescape(&text)? }));
        Ok(())
    }

    /// `value!r:format`, without the braces.
    fn value_piece(
        &mut self,
        pieces: &mut Vec<Piece>,
        inside: &str,
        raw: bool,
        line: u32,
    ) -> Answer<()> {
        let wrong = |what: &str| SyntaxFault::new("SyntaxError", what, line, 0, 1);
        let (value, convert, format) = parts(inside);
        let (value, shows) = match value.trim_end().strip_suffix('=') {
            Some(shorter) if !shorter.ends_with(['=', '!', '<', '>']) => (shorter, true),
            _ => (value, false),
        };
        if value.trim().is_empty() {
            return Err(wrong("f-string: empty expression not allowed"));
        }
        if shows {
            let equals = inside.get(..value.len() + 1).unwrap_or(value);
            pieces.push(Piece::Text(equals.to_owned()));
        }
        let mut all = tokens(&format!("({value})"))?;
        for token in &mut all {
            token.line = line;
        }
        let mut inner = Self::new(all, self.depth);
        (inner.functions, inner.loops) = (self.functions, self.loops);
        let expression = inner.list()?;
        if inner.kind() != &Kind::LineEnd {
            return Err(wrong("f-string: invalid syntax"));
        }
        self.yields |= inner.yields;
        let convert = match convert {
            None if shows && format.is_none() => Some('r'),
            other => other,
        };
        let format = match format {
            Some(format) => Some(self.deeper(|this| this.format(format, raw, line))?),
            None => None,
        };
        pieces.push(Piece::Value(expression, convert, format));
        Ok(())
    }

    fn tuple(&mut self) -> Answer<Expr> {
        let start = self.start();
        self.at += 1;
        if self.takes(")") {
            return Ok(self.expr(start, ExprKind::Tuple(Vec::new())));
        }
        let first = self.starred()?;
        if self.is_key("for") || self.is_key("async") {
            let fors = self.fors()?;
            self.needs(")")?;
            let kind = Comprehension::Generator;
            return Ok(self.expr(start, ExprKind::Comprehension(kind, Box::new(first), None, fors)));
        }
        if self.takes(")") {
            // The brackets belong to the place but not to the value.
            let at = if matches!(first.kind, ExprKind::Tuple(_)) { self.since(start) } else { first.at };
            return Ok(Expr { at, ..first });
        }
        let mut all = vec![first];
        while self.takes(",") {
            if self.is(")") {
                break;
            }
            all.push(self.starred()?);
        }
        if !self.is(")") && self.begins_expression() && !matches!(self.kind(), Kind::Sign(_)) {
            return Err(self.invalid());
        }
        self.needs(")")?;
        Ok(self.expr(start, ExprKind::Tuple(all)))
    }

    fn display_list(&mut self) -> Answer<Expr> {
        let start = self.start();
        self.at += 1;
        let mut all = Vec::new();
        while !self.is("]") {
            all.push(self.starred()?);
            if all.len() == 1 && (self.is_key("for") || self.is_key("async")) {
                let fors = self.fors()?;
                self.needs("]")?;
                let value = Box::new(all.remove(0));
                let kind = ExprKind::Comprehension(Comprehension::List, value, None, fors);
                return Ok(self.expr(start, kind));
            }
            if !self.takes(",") {
                break;
            }
        }
        self.needs("]")?;
        Ok(self.expr(start, ExprKind::List(all)))
    }

    fn braces(&mut self) -> Answer<Expr> {
        let start = self.start();
        self.at += 1;
        let (mut pairs, mut set) = (Vec::new(), Vec::new());
        while !self.is("}") {
            if self.takes("**") {
                pairs.push((None, self.binary(0)?));
            } else {
                let key = self.starred()?;
                if set.is_empty() && self.is(":") {
                    self.at += 1;
                    let value = self.expression()?;
                    if pairs.is_empty() && (self.is_key("for") || self.is_key("async")) {
                        let fors = self.fors()?;
                        self.needs("}")?;
                        let (key, value) = (Box::new(key), Some(Box::new(value)));
                        let kind = Comprehension::Dict;
                        let kind = ExprKind::Comprehension(kind, key, value, fors);
                        return Ok(self.expr(start, kind));
                    }
                    pairs.push((Some(key), value));
                } else if !pairs.is_empty() {
                    let mut fault = self.span_fault("':' expected after dictionary key", key.at);
                    fault.columns = fault.columns.map(|(_, end)| (end - 1, end));
                    return Err(fault);
                } else {
                    if set.is_empty() && (self.is_key("for") || self.is_key("async")) {
                        let fors = self.fors()?;
                        self.needs("}")?;
                        let kind = Comprehension::Set;
                        let kind = ExprKind::Comprehension(kind, Box::new(key), None, fors);
                        return Ok(self.expr(start, kind));
                    }
                    set.push(key);
                }
            }
            if !self.takes(",") {
                break;
            }
        }
        self.needs("}")?;
        let kind = if set.is_empty() { ExprKind::Dict(pairs) } else { ExprKind::Set(set) };
        Ok(self.expr(start, kind))
    }

    fn fors(&mut self) -> Answer<Vec<For>> {
        let mut all = Vec::new();
        loop {
            self.takes_key("async");
            if !self.takes_key("for") {
                return Ok(all);
            }
            let target = self.target_list()?;
            if !self.takes_key("in") {
                return Err(self.invalid());
            }
            let iter = self.deeper(Self::condition)?;
            let mut tests = Vec::new();
            while self.takes_key("if") {
                tests.push(self.deeper(Self::condition)?);
            }
            all.push(For { target, iter, tests });
        }
    }
}

/// Where the value in braces ends: brackets and texts in it are passed.
fn value_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote: Option<u8> = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'(' | b'[' | b'{', None) => depth += 1,
            (b'}', None) if depth == 0 => return Some(at),
            (b')' | b']' | b'}', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// The value, its conversion and its format.
fn parts(inside: &str) -> (&str, Option<char>, Option<&str>) {
    let mut depth = 0_usize;
    let mut quote: Option<u8> = None;
    let bytes = inside.as_bytes();
    let mut end = inside.len();
    let mut colon = None;
    for (at, byte) in inside.bytes().enumerate() {
        match (byte, quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'(' | b'[' | b'{', None) => depth += 1,
            (b')' | b']' | b'}', None) => depth = depth.saturating_sub(1),
            (b'!', None) if depth == 0 && bytes.get(at + 1) != Some(&b'=') => {
                end = end.min(at);
            }
            (b':', None) if depth == 0 => {
                colon = Some(at);
                break;
            }
            _ => {}
        }
    }
    let value = inside.get(..end.min(colon.unwrap_or(inside.len()))).unwrap_or_default();
    let convert = if end < inside.len() { inside.get(end + 1..).unwrap_or_default().chars().next() } else { None };
    let format = colon.and_then(|colon| inside.get(colon + 1..));
    (value, convert, format)
}

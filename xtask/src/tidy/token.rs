//! Rust source cut into the few kinds of token that the checks look at.
//!
//! **Invariant:** what is in a comment, a string or a character is no token, and no text is so
//! broken that this fails: what cannot be understood is skipped.

/// A token and the line it starts on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier, a keyword or a number.
    Word(String),
    /// `::`
    Path,
    /// Any other character that is not white space.
    Mark(char),
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Path | Kind::Mark(_) => None,
        }
    }

    pub(super) fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Cuts a source text into tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, line: 1, out: Vec::new() };
    while lexer.step() {}
    lexer.out
}

/// The tokens without those inside a `#[cfg(test)] mod … { … }`.
pub(super) fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter();
    while let Some(token) = rest.next() {
        let opens_module = token.is('{') && is_test_module(&kept);
        kept.push(token);
        if !opens_module {
            continue;
        }
        let mut depth = 1_usize;
        for token in rest.by_ref() {
            depth += usize::from(token.is('{'));
            depth -= usize::from(token.is('}'));
            if depth == 0 {
                kept.push(token);
                break;
            }
        }
    }
    kept
}

/// Whether what stands before an opening brace is `#[cfg(test)] … mod name`.
fn is_test_module(before: &[Token]) -> bool {
    let mut backwards = before.iter().rev();
    let named = backwards.next().is_some_and(|token| token.word().is_some());
    if !named || backwards.next().and_then(Token::word) != Some("mod") {
        return false;
    }
    // Between the attribute and the module there may be other attributes or a visibility, but no
    // other item.
    let item: Vec<&Token> =
        backwards.take_while(|token| !(token.is(';') || token.is('}') || token.is('{'))).collect();
    item.windows(3).any(|window| match window {
        [inner, open, cfg] => {
            inner.word() == Some("test") && open.is('(') && cfg.word() == Some("cfg")
        }
        _ => false,
    })
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let char = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(char == '\n');
        Some(char)
    }

    fn push(&mut self, kind: Kind, line: usize) {
        self.out.push(Token { kind, line });
    }

    /// Takes one token or one thing that is none; `false` at the end.
    fn step(&mut self) -> bool {
        let line = self.line;
        let Some(char) = self.peek(0) else { return false };
        match (char, self.peek(1)) {
            ('/', Some('/')) => self.skip_line(),
            ('/', Some('*')) => self.skip_comment(),
            ('"', _) => self.skip_string(),
            ('\'', _) => self.skip_quote(),
            (':', Some(':')) => {
                self.at += 2;
                self.push(Kind::Path, line);
            }
            (char, _) if is_word(char) => self.word(),
            (char, _) => {
                self.bump();
                if !char.is_whitespace() {
                    self.push(Kind::Mark(char), line);
                }
            }
        }
        true
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|char| char != '\n') {
            self.bump();
        }
    }

    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some('*'), Some('/')) => {
                    depth = depth.saturating_sub(1);
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                (Some(_), _) => {
                    self.bump();
                }
                (None, _) => return,
            }
        }
    }

    fn skip_string(&mut self) {
        self.bump();
        while let Some(char) = self.bump() {
            match char {
                '\\' => {
                    self.bump();
                }
                '"' => return,
                _ => {}
            }
        }
    }

    /// A raw string, from its hashes on.
    fn skip_raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(0) == Some('#') {
            self.bump();
            hashes += 1;
        }
        self.bump();
        while let Some(char) = self.bump() {
            if char == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                self.at += hashes;
                return;
            }
        }
    }

    /// A character, or the quote and the name of a lifetime.
    fn skip_quote(&mut self) {
        self.bump();
        if self.peek(0) == Some('\\') {
            self.bump();
            self.bump();
            while self.bump().is_some_and(|char| char != '\'') {}
        } else if self.peek(1) == Some('\'') {
            self.bump();
            self.bump();
        } else {
            while self.peek(0).is_some_and(is_word) {
                self.bump();
            }
        }
    }

    fn word(&mut self) {
        let line = self.line;
        let mut word = String::new();
        while let Some(char) = self.peek(0).filter(|char| is_word(*char)) {
            word.push(char);
            self.bump();
        }
        match (word.as_str(), self.peek(0)) {
            ("r" | "br" | "cr", Some('"')) => self.skip_raw_string(),
            ("r" | "br" | "cr", Some('#')) if self.hashes_then_quote() => self.skip_raw_string(),
            ("b" | "c", Some('"')) => self.skip_string(),
            ("b", Some('\'')) => self.skip_quote(),
            // A raw identifier: the word behind the hash is the name.
            ("r", Some('#')) => {
                self.bump();
            }
            _ => self.push(Kind::Word(word), line),
        }
    }

    fn hashes_then_quote(&self) -> bool {
        let hashes = self.chars.iter().skip(self.at).take_while(|char| **char == '#').count();
        self.peek(hashes) == Some('"')
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).iter().filter_map(|token| token.word().map(str::to_owned)).collect()
    }

    #[test]
    fn comments_strings_and_characters_are_no_tokens() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(words(r#"a "b \" c" d"#), ["a", "d"]);
        assert_eq!(words(r###"a r#"b " c"# br"d" b"e" c"f" g"###), ["a", "g"]);
        assert_eq!(words(r"a 'b' '\'' '\u{41}' b'c' d"), ["a", "d"]);
    }

    #[test]
    fn a_lifetime_is_not_a_character() {
        assert_eq!(
            words("fn f<'a>(x: &'a str) -> &'a str { 'y' }"),
            ["fn", "f", "x", "str", "str"]
        );
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let text = "a\n/*\n*/ \"\n\" 'b'\nc";
        let lines: Vec<usize> = tokens(text).iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 5]);
    }

    #[test]
    fn broken_text_ends() {
        for text in ["\"", "'", "/*", "r#\"", "'\\", "b'", "r#", "::", ":"] {
            tokens(text);
        }
    }

    #[test]
    fn a_test_module_is_left_out_and_nothing_else() {
        let text = "a; #[cfg(test)] #[allow(x)] pub(crate) mod tests { b { c } } d; mod e { f }";
        let kept: Vec<String> = without_tests(tokens(text))
            .iter()
            .filter_map(|token| token.word().map(str::to_owned))
            .collect();
        for word in ["a", "d", "e", "f"] {
            assert!(kept.iter().any(|kept| kept == word), "{word} is gone from {kept:?}");
        }
        for word in ["b", "c"] {
            assert!(!kept.iter().any(|kept| kept == word), "{word} is still in {kept:?}");
        }
    }

    #[test]
    fn a_module_behind_a_test_item_stays() {
        let text = "#[cfg(test)] use a::b; mod c { d }";
        assert!(without_tests(tokens(text)).iter().any(|token| token.word() == Some("d")));
    }
}

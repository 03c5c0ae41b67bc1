//! Writes a tree down as bash does in `type`, `declare -f` and `jobs`.
//!
//! **Invariant:** what is written means what the tree means; where bash writes something that could
//! not be read again (`coproc COPROC ls`), this does not.

use crate::shell::compound::is_reserved;
use crate::shell::print_word::{self, Around};
use crate::shell::tree::{
    Argument, Assignment, CaseEnd, Command, CommandKind, Condition, Item, Joint, Part, Pipeline,
    Redirect, RedirectKind, Script, Time, Word,
};

/// A script on one line, as far as bash has it so.
#[must_use]
pub fn script(script: &Script) -> Vec<u8> {
    Printer::inline(script)
}

/// A list without what ends it: what `jobs` shows.
#[must_use]
pub fn item(item: &Item) -> Vec<u8> {
    let mut printer = Printer::new(Lines::One);
    printer.item(item);
    printer.flush();
    printer.out
}

/// A command: what `jobs` shows of a stopped one.
#[must_use]
pub fn command(command: &Command) -> Vec<u8> {
    let mut printer = Printer::new(Lines::One);
    printer.command(command);
    printer.flush();
    printer.out
}

/// A function, as `declare -f` and `type` show it, without a line end.
#[must_use]
pub fn function(name: &[u8], body: &Command) -> Vec<u8> {
    let mut printer = Printer::new(Lines::Many);
    printer.put(name);
    printer.put(b" () \n");
    printer.body(body);
    printer.out
}

/// A word.
#[must_use]
pub fn word(word: &Word) -> Vec<u8> {
    let mut out = Vec::new();
    print_word::word(word, Around::Bare, &mut out);
    out
}

/// A part of a word.
#[must_use]
pub fn part(part: &Part) -> Vec<u8> {
    let mut out = Vec::new();
    print_word::parts(std::slice::from_ref(part), Around::Bare, &mut out);
    out
}

/// An assignment.
#[must_use]
pub fn assignment(assignment: &Assignment) -> Vec<u8> {
    let mut out = Vec::new();
    print_word::assignment(assignment, &mut out);
    out
}

/// How the commands of a list are put apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// `; `
    One,
    /// Each on its line: in a function.
    Many,
}

/// Something that is being written.
pub(super) struct Printer {
    out: Vec<u8>,
    indent: usize,
    lines: Lines,
    /// Here-documents whose texts come behind this line.
    docs: Vec<u8>,
    /// Of how many first words of a simple command bash asks whether they are reserved.
    watched: usize,
    /// Patterns of a `case` have both parentheses.
    paired: bool,
}

impl Printer {
    fn new(lines: Lines) -> Self {
        Self { out: Vec::new(), indent: 0, lines, docs: Vec::new(), watched: 1, paired: false }
    }

    /// A script in a word. Whoever looks for the end of an expression around it counts parentheses.
    pub(super) fn inside(script: &Script) -> Vec<u8> {
        let mut printer = Self::new(Lines::One);
        printer.paired = true;
        printer.closed(script);
        printer.out
    }

    /// A script on a line.
    fn inline(script: &Script) -> Vec<u8> {
        let mut printer = Self::new(Lines::One);
        printer.closed(script);
        printer.out
    }

    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    fn word(&mut self, word: &Word) {
        print_word::word(word, Around::Bare, &mut self.out);
    }

    fn indented(&mut self, text: &[u8]) {
        self.out.extend(std::iter::repeat_n(b' ', self.indent.saturating_mul(4)));
        self.put(text);
    }

    /// Begins a line with this.
    fn line(&mut self, text: &[u8]) {
        if !self.flush() && !self.out.ends_with(b"\n") {
            self.put(b"\n");
        }
        self.indented(text);
    }

    /// Writes the here-documents that wait. Whether there were any.
    fn flush(&mut self) -> bool {
        let docs = std::mem::take(&mut self.docs);
        if docs.is_empty() {
            return false;
        }
        self.put(b"\n");
        self.put(&docs);
        true
    }

    /// Ends a command, where nothing else does.
    fn semicolon(&mut self) {
        if !self.flush() && !self.out.ends_with(b"\n") && !self.out.ends_with(b" &") {
            self.put(b";");
        }
    }

    fn script(&mut self, script: &Script) {
        let mut items = script.items.iter().peekable();
        while let Some(item) = items.next() {
            self.item(item);
            if item.background {
                self.put(b" &");
            }
            if items.peek().is_none() {
                return;
            }
            if item.background && self.docs.is_empty() {
                self.put(b" ");
                continue;
            }
            self.semicolon();
            let fresh = self.out.ends_with(b"\n");
            match self.lines {
                Lines::One if fresh => {}
                Lines::One => self.put(b" "),
                Lines::Many => self.line(b""),
            }
        }
    }

    /// A list in front of a parenthesis, which ends all but a `time` without a command.
    fn closed(&mut self, script: &Script) {
        self.script(script);
        self.flush();
        let last = script.items.last();
        let last = last.map(|item| item.rest.last().map_or(&item.first, |(_, last)| last));
        if last.is_some_and(|pipeline| pipeline.commands.is_empty()) {
            self.put(b";");
        }
    }

    /// A list that goes one deeper, ended.
    fn inner(&mut self, script: &Script) {
        self.indent = self.indent.saturating_add(1);
        self.indented(b"");
        self.script(script);
        self.semicolon();
        self.indent = self.indent.saturating_sub(1);
    }

    fn item(&mut self, item: &Item) {
        self.pipeline(&item.first);
        for (joint, pipeline) in &item.rest {
            let joint: &[u8] = match joint {
                Joint::And => b" && ",
                Joint::Or => b" || ",
            };
            self.put(joint);
            self.flush();
            self.pipeline(pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        match pipeline.timed {
            Some(Time::Bash) => self.put(b"time "),
            Some(Time::Posix) => self.put(b"time -p "),
            None => {}
        }
        if pipeline.negated {
            self.put(b"! ");
        } else if pipeline.commands.is_empty() && pipeline.timed.is_none() {
            self.put(b"! ! ");
        }
        for (at, command) in pipeline.commands.iter().enumerate() {
            if at > 0 {
                self.put(b" | ");
                self.flush();
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        match &command.kind {
            CommandKind::Simple { assignments, words } => {
                self.simple(assignments, words, &command.redirects);
                return;
            }
            CommandKind::Group(script) => self.group(script),
            CommandKind::Subshell(script) => {
                self.put(b"( ");
                self.closed(script);
                self.put(b" )");
            }
            CommandKind::If { arms, otherwise } => self.conditional(arms, otherwise.as_ref()),
            CommandKind::Loop { until, condition, body } => {
                self.put(if *until { b"until " } else { b"while " });
                self.script(condition);
                self.semicolon();
                self.put(b" do\n");
                self.inner(body);
                self.line(b"done");
            }
            CommandKind::For { name, words, body } => {
                self.each(b"for ", name, words.as_deref(), body);
            }
            CommandKind::Select { name, words, body } => {
                self.each(b"select ", name, words.as_deref(), body);
            }
            CommandKind::ForArithmetic { parts, body } => {
                self.put(b"for ((");
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        self.put(b"; ");
                    }
                    if part.0.is_empty() {
                        self.put(b"1");
                    }
                    print_word::word(part, Around::Double, &mut self.out);
                }
                self.put(b"))");
                self.turn(body);
            }
            CommandKind::Case { word, arms } => {
                self.put(b"case ");
                self.word(word);
                self.put(b" in ");
                self.indent = self.indent.saturating_add(1);
                for arm in arms {
                    self.arm(&arm.patterns, &arm.body, arm.end);
                }
                self.indent = self.indent.saturating_sub(1);
                self.line(b"esac");
            }
            CommandKind::Function { name, body } => {
                self.put(b"function ");
                self.put(name);
                self.put(b" () \n");
                self.indented(b"");
                self.body(body);
            }
            CommandKind::Arithmetic(word) => {
                self.put(b"((");
                print_word::word(word, Around::Double, &mut self.out);
                self.put(b"))");
            }
            CommandKind::Condition(condition) => {
                self.put(b"[[ ");
                self.condition(condition, 0);
                self.put(b" ]]");
            }
            CommandKind::Coproc { name, body } => {
                self.put(b"coproc ");
                if !matches!(body.kind, CommandKind::Simple { .. }) {
                    self.put(name);
                    self.put(b" ");
                } else {
                    self.watched = 2;
                }
                self.command(body);
            }
        }
        for redirect in &command.redirects {
            self.put(b" ");
            self.redirect(redirect);
        }
    }

    fn simple(&mut self, assignments: &[Assignment], words: &[Argument], redirects: &[Redirect]) {
        let begin = self.out.len();
        for found in assignments {
            self.gap(begin);
            print_word::assignment(found, &mut self.out);
        }
        // Behind a redirection, no word is reserved.
        let watched = std::mem::replace(&mut self.watched, 1);
        let first = assignments.is_empty()
            && words.iter().take(watched).any(|word| match word {
                Argument::Word(Word(parts)) => {
                    matches!(parts.as_slice(), [Part::Literal(text)] if is_reserved(text))
                }
                Argument::Assignment(_) => false,
            });
        let count = if first { redirects.len() } else { 0 };
        let (before, after) = redirects.split_at(count);
        for redirect in before {
            self.gap(begin);
            self.redirect(redirect);
        }
        for found in words {
            self.gap(begin);
            match found {
                Argument::Word(word) => self.word(word),
                Argument::Assignment(found) => print_word::assignment(found, &mut self.out),
            }
        }
        for redirect in after {
            self.gap(begin);
            self.redirect(redirect);
        }
    }

    fn gap(&mut self, begin: usize) {
        if self.out.len() > begin {
            self.put(b" ");
        }
    }

    fn group(&mut self, script: &Script) {
        self.put(b"{ ");
        if self.lines == Lines::Many {
            self.put(b"\n");
            self.indent = self.indent.saturating_add(1);
            self.indented(b"");
            self.script(script);
            self.flush();
            self.indent = self.indent.saturating_sub(1);
            self.line(b"}");
        } else {
            self.script(script);
            self.semicolon();
            self.put(b" }");
        }
    }

    /// A function's body, which bash puts in braces if it has none.
    fn body(&mut self, body: &Command) {
        let lines = std::mem::replace(&mut self.lines, Lines::Many);
        if matches!(body.kind, CommandKind::Group(_)) {
            self.command(body);
        } else {
            self.put(b"{ \n");
            self.indent = self.indent.saturating_add(1);
            self.indented(b"");
            self.command(body);
            self.indent = self.indent.saturating_sub(1);
            self.line(b"}");
        }
        self.lines = lines;
    }

    fn conditional(&mut self, arms: &[(Script, Script)], otherwise: Option<&Script>) {
        let mut depth = 0_usize;
        for (at, (condition, body)) in arms.iter().enumerate() {
            if at > 0 {
                self.line(b"else\n");
                self.indent = self.indent.saturating_add(1);
                self.indented(b"");
                depth = depth.saturating_add(1);
            }
            self.put(b"if ");
            self.script(condition);
            self.semicolon();
            self.put(b" then\n");
            self.inner(body);
        }
        if let Some(body) = otherwise {
            self.line(b"else\n");
            self.inner(body);
        }
        self.line(b"fi");
        for _ in 0..depth {
            self.put(b";");
            self.indent = self.indent.saturating_sub(1);
            self.line(b"fi");
        }
    }

    fn each(&mut self, word: &[u8], name: &[u8], words: Option<&[Word]>, body: &Script) {
        self.put(word);
        self.put(name);
        self.put(b" in ");
        match words {
            None => self.put(b"\"$@\""),
            Some(words) => {
                for (at, word) in words.iter().enumerate() {
                    if at > 0 {
                        self.put(b" ");
                    }
                    self.word(word);
                }
            }
        }
        self.put(b";");
        self.turn(body);
    }

    fn turn(&mut self, body: &Script) {
        self.line(b"do\n");
        self.inner(body);
        self.line(b"done");
    }

    fn arm(&mut self, patterns: &[Word], body: &Script, end: CaseEnd) {
        self.line(b"");
        let esac =
            |word: &Word| matches!(word.0.as_slice(), [Part::Literal(text)] if text == b"esac");
        if self.paired || patterns.first().is_some_and(esac) {
            self.put(b"(");
        }
        for (at, pattern) in patterns.iter().enumerate() {
            if at > 0 {
                self.put(b" | ");
            }
            self.word(pattern);
        }
        self.put(b")\n");
        if !body.items.is_empty() {
            self.indent = self.indent.saturating_add(1);
            self.indented(b"");
            self.script(body);
            self.indent = self.indent.saturating_sub(1);
        }
        if !self.flush() {
            self.put(b"\n");
        }
        self.indented(match end {
            CaseEnd::Break => b";;",
            CaseEnd::Fall => b";&",
            CaseEnd::Continue => b";;&",
        });
    }

    /// A condition; `level` is 0 where `||` may stand, 1 where `&&` may, 2 where neither may.
    fn condition(&mut self, condition: &Condition, level: u8) {
        match condition {
            Condition::Word(word) => {
                self.put(b"-n ");
                self.word(word);
            }
            Condition::Unary(letter, word) => {
                self.put(&[b'-', *letter, b' ']);
                self.word(word);
            }
            Condition::Binary(left, op, right) => {
                self.word(left);
                self.put(b" ");
                self.put(op);
                self.put(b" ");
                self.word(right);
            }
            Condition::Not(inner) => {
                self.put(b"! ");
                self.condition(inner, 2);
            }
            Condition::And(left, right) if level < 2 => {
                self.condition(left, 2);
                self.put(b" && ");
                self.condition(right, 1);
            }
            Condition::Or(left, right) if level < 1 => {
                self.condition(left, 1);
                self.put(b" || ");
                self.condition(right, 0);
            }
            Condition::And(..) | Condition::Or(..) => {
                self.put(b"( ");
                self.condition(condition, 0);
                self.put(b" )");
            }
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        if let Some(name) = &redirect.variable {
            self.put(&[b"{", name.as_slice(), b"}"].concat());
        } else if let Some(fd) = redirect.fd {
            self.put(fd.to_string().as_bytes());
        }
        let (op, word): (&[u8], _) = match &redirect.kind {
            RedirectKind::Read(word) => (b"< ", word),
            RedirectKind::Write(word) => (b"> ", word),
            RedirectKind::Clobber(word) => (b">| ", word),
            RedirectKind::Append(word) => (b">> ", word),
            RedirectKind::ReadWrite(word) => (b"<> ", word),
            RedirectKind::WriteBoth(word) => (b"&> ", word),
            RedirectKind::AppendBoth(word) => (b"&>> ", word),
            RedirectKind::DupIn(word) => (b"<&", word),
            RedirectKind::DupOut(word) => (b">&", word),
            RedirectKind::HereString(word) => (b"<<< ", word),
            RedirectKind::HereDoc(word) => return self.here_doc(word),
        };
        self.put(op);
        self.word(word);
    }

    fn here_doc(&mut self, word: &Word) {
        let mut text = Vec::new();
        let quoted = match word.0.as_slice() {
            [Part::Quoted(body)] => {
                text.extend_from_slice(body);
                true
            }
            parts => {
                print_word::parts(parts, Around::HereDoc, &mut text);
                false
            }
        };
        let mut end = b"EOF".to_vec();
        // As long as no line of the text has it.
        let longest = text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(&end));
        let more = longest.map(<[u8]>::len).max().map_or(0, |length| length.saturating_sub(2));
        end.extend(std::iter::repeat_n(b'F', more));
        self.put(b"<<");
        self.put(if quoted { b"'" } else { b"" });
        self.put(&end);
        self.put(if quoted { b"'" } else { b"" });
        self.docs.extend(text);
        self.docs.extend(end);
        self.docs.push(b'\n');
    }
}

//! Words become fields: braces, tildes, parameters, commands, arithmetic, splitting, file names.
//!
//! **Invariant:** what was quoted is never split and never a pattern.

use super::brace::{self, BracePart};
use super::glob::{self, Text};
use super::variables::{Value, is_name};
use super::{Flow, Shell, arithmetic};
use crate::kernel::{Job, Open, pipe};
use crate::process::{Direction, Opening};
use decnet_core::limits::COMMAND_OUTPUT_BYTES;
use decnet_core::shell::print;
use decnet_core::shell::tree::{
    CommandKind, Operation, Parameter, Part, Place, RedirectKind, Script, Word, Wrong,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A future of the shell's, which may come back to itself.
pub(super) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An expansion that failed, after it was complained about: how the command ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed(pub(super) Flow);

/// Fields as they grow.
#[derive(Debug, Default)]
struct Fields {
    done: Vec<Vec<Text>>,
    /// The one that grows; not there between fields.
    now: Option<Vec<Text>>,
}

impl Fields {
    fn push(&mut self, quoted: bool, text: &[u8]) {
        let now = self.now.get_or_insert_default();
        match now.last_mut() {
            Some((last, bytes)) if *last == quoted => bytes.extend_from_slice(text),
            _ => now.push((quoted, text.to_vec())),
        }
    }

    fn end(&mut self) {
        self.done.extend(self.now.take());
    }

    /// Text that is split where the separators say.
    fn split(&mut self, text: &[u8], ifs: &[u8]) {
        let blank = |b: &u8| ifs.contains(b) && b" \t\n".contains(b);
        let mut rest = text;
        if rest.first().is_some_and(blank) {
            self.end();
            rest = rest.get(rest.iter().take_while(|b| blank(b)).count()..).unwrap_or_default();
        }
        while !rest.is_empty() {
            let end = rest.iter().position(|b| ifs.contains(b));
            let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
            let blanks = behind.iter().take_while(|b| blank(b)).count();
            let mut next = behind.get(blanks..).unwrap_or_default();
            let hard = next.first().is_some_and(|b| ifs.contains(b));
            if hard {
                next = next.get(1..).unwrap_or_default();
                next = next.get(next.iter().take_while(|b| blank(b)).count()..).unwrap_or_default();
            }
            if !word.is_empty() || hard {
                self.push(false, word);
            }
            if end.is_some() {
                self.end();
            }
            rest = next;
        }
    }
}

/// What a parameter is.
enum Found {
    None,
    One(Vec<u8>),
    /// `@` and `*`, of the arguments or of an array.
    Many {
        all: Vec<Vec<u8>>,
        joined: bool,
    },
}

impl Shell {
    fn ifs(&self) -> Vec<u8> {
        self.text(b"IFS").unwrap_or(b" \t\n").to_vec()
    }

    /// All fields of these words.
    pub(super) async fn words(&mut self, words: &[&Word]) -> Result<Vec<Vec<u8>>, Failed> {
        let mut all = Vec::new();
        for word in words {
            for field in self.fields(word).await? {
                let names = self.files(&field).await;
                if !names.is_empty() {
                    all.extend(names);
                } else if self.shopts.contains("nullglob")
                    && field.iter().any(|(q, t)| !q && t.iter().any(|b| b"*?[".contains(b)))
                {
                    // Nothing.
                } else {
                    all.push(glob::plain(&field));
                }
            }
        }
        Ok(all)
    }

    async fn fields(&mut self, word: &Word) -> Result<Vec<Vec<Text>>, Failed> {
        // The common word is plain text.
        if let [Part::Literal(text)] = word.0.as_slice()
            && !text.iter().any(|b| b"{~".contains(b))
        {
            return Ok(vec![vec![(false, text.clone())]]);
        }
        let parts: Vec<BracePart<Part>> = word
            .0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => BracePart::Bare(text.clone()),
                part => BracePart::Opaque(part.clone()),
            })
            .collect();
        let words = if self.kind.dash { vec![parts] } else { brace::expand(parts) };
        let mut all = Vec::new();
        for word in words {
            let word = word.into_iter().map(|part| match part {
                BracePart::Bare(text) => Part::Literal(text),
                BracePart::Opaque(part) => part,
            });
            let word = self.tilde(word.collect(), false);
            let mut fields = Fields::default();
            for part in &word {
                self.part(part, false, true, &mut fields).await?;
            }
            fields.end();
            all.append(&mut fields.done);
        }
        Ok(all)
    }

    /// A word that is one field whatever is in it: the value of an assignment, a file's name.
    pub(super) async fn one(&mut self, word: &Word) -> Result<Vec<u8>, Failed> {
        Ok(glob::plain(&self.text_of(word, true).await?))
    }

    /// A word as one field that remembers what was quoted: a pattern.
    pub(super) async fn text_of(&mut self, word: &Word, value: bool) -> Result<Vec<Text>, Failed> {
        let mut fields = Fields::default();
        for part in &self.tilde(word.0.clone(), value) {
            self.part(part, false, false, &mut fields).await?;
        }
        fields.end();
        let mut all = fields.done.into_iter();
        let mut first = all.next().unwrap_or_default();
        for field in all {
            first.push((false, b" ".to_vec()));
            first.extend(field);
        }
        Ok(first)
    }

    /// The text of a here-document or an expression: as in double quotes.
    pub(super) async fn quoted(&mut self, word: &Word) -> Result<Vec<u8>, Failed> {
        let mut fields = Fields::default();
        for part in &word.0 {
            self.part(part, true, false, &mut fields).await?;
        }
        fields.end();
        Ok(fields.done.iter().map(|field| glob::plain(field)).collect::<Vec<_>>().join(&b' '))
    }

    /// `~` and `~user` at a word's begin; in values behind `:` too.
    fn tilde(&self, mut word: Vec<Part>, value: bool) -> Vec<Part> {
        let whole = word.len() == 1;
        let Some(Part::Literal(text)) = word.first() else { return word };
        if !text.contains(&b'~') {
            return word;
        }
        let mut parts = Vec::new();
        let mut bare: Vec<u8> = Vec::new();
        let pieces: Vec<&[u8]> =
            if value { text.split(|&b| b == b':').collect() } else { vec![text.as_slice()] };
        let count = pieces.len();
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                bare.push(b':');
            }
            let end = piece.iter().position(|&b| b == b'/').unwrap_or(piece.len());
            let (name, rest) = piece.split_at(end);
            let open = rest.is_empty() && index + 1 == count && !whole;
            match name.strip_prefix(b"~").and_then(|user| self.home(user)) {
                Some(home) if !open => {
                    parts.push(Part::Literal(std::mem::take(&mut bare)));
                    parts.push(Part::Quoted(home));
                    bare.extend_from_slice(rest);
                }
                _ => bare.extend_from_slice(piece),
            }
        }
        parts.push(Part::Literal(bare));
        parts.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
        parts.extend(word.drain(1..));
        parts
    }

    fn home(&self, user: &[u8]) -> Option<Vec<u8>> {
        match user {
            b"" => {
                Some(self.text(b"HOME").map_or_else(|| self.p.user.home.clone(), <[u8]>::to_vec))
            }
            b"+" => self.text(b"PWD").map(<[u8]>::to_vec),
            b"-" => self.text(b"OLDPWD").map(<[u8]>::to_vec),
            name => self
                .p
                .world
                .with(|world| crate::people::by_name(&world.files, name))
                .map(|user| user.home),
        }
    }

    fn part<'a>(
        &'a mut self,
        part: &'a Part,
        quoted: bool,
        split: bool,
        fields: &'a mut Fields,
    ) -> Later<'a, Result<(), Failed>> {
        Box::pin(async move {
            match part {
                Part::Literal(text) => fields.push(quoted, text),
                Part::Quoted(text) => fields.push(true, text),
                Part::Double(parts) => {
                    let empty = parts.iter().all(|part| match part {
                        Part::Parameter(it) => it.name == b"@" || is_all(it),
                        _ => false,
                    });
                    if parts.is_empty() || !empty {
                        fields.push(true, b"");
                    }
                    for part in parts {
                        self.part(part, true, split, fields).await?;
                    }
                }
                Part::Parameter(parameter) => {
                    self.parameter(parameter, quoted, split, fields).await?
                }
                Part::Command(script) => {
                    let text = self.substitute(script).await;
                    self.add(&text, quoted, split, fields);
                }
                Part::Broken { text, wrong } => {
                    self.wrong(wrong, text).await;
                    self.substituted = Some(2);
                }
                Part::Arithmetic(word) => {
                    let text = self.quoted(word).await?;
                    let number = self.arithmetic(&text)?;
                    self.add(number.to_string().as_bytes(), quoted, split, fields);
                }
                Part::Process { out, script } => {
                    let path = self.process_substitution(*out, script);
                    fields.push(true, &path);
                }
            }
            Ok(())
        })
    }

    fn add(&self, text: &[u8], quoted: bool, split: bool, fields: &mut Fields) {
        if quoted {
            fields.push(true, text);
        } else if split {
            fields.split(text, &self.ifs());
        } else if !text.is_empty() {
            fields.push(false, text);
        }
    }

    /// The value of an expression; a wrong one ends the command.
    pub(super) fn arithmetic(&mut self, text: &[u8]) -> Result<i64, Failed> {
        match arithmetic::evaluate(text, self) {
            Ok(number) => Ok(number),
            Err(why) => {
                if self.kind.dash {
                    self.complain([b"arithmetic expression: ", why.as_slice()].concat());
                    self.status = 2;
                    return Err(Failed(Flow::Exit));
                }
                self.complain(why);
                self.status = 1;
                Err(Failed(Flow::Next))
            }
        }
    }

    /// What `$name` is, before anything is done with it.
    async fn found(&mut self, it: &Parameter) -> Result<Found, Failed> {
        if let Some(index) = &it.index {
            let all = is_all(it);
            let key = if all { Vec::new() } else { self.quoted(index).await? };
            let Some(value) = self.lookup(&it.name) else { return Ok(Found::None) };
            if all {
                let joined = matches!(index.0.as_slice(), [Part::Literal(text)] if text == b"*");
                return Ok(Found::Many { all: value.all(), joined });
            }
            let text = match value {
                Value::Keyed(all) => all.get(&key).cloned(),
                Value::Indexed(all) => {
                    let mut number = self.arithmetic(&key)?;
                    if number < 0 {
                        number += all.keys().next_back().map_or(0, |last| last + 1);
                    }
                    all.get(&number).cloned()
                }
                value => (self.arithmetic(&key)? == 0)
                    .then(|| value.scalar().map(<[u8]>::to_vec))
                    .flatten(),
            };
            return Ok(text.map_or(Found::None, Found::One));
        }
        Ok(self.named(&it.name))
    }

    fn named(&mut self, name: &[u8]) -> Found {
        let one = |text: String| Found::One(text.into_bytes());
        match name {
            b"@" | b"*" => Found::Many { all: self.params.clone(), joined: name == b"*" },
            b"#" => one(self.params.len().to_string()),
            b"?" => one(self.status.to_string()),
            b"$" => one(self.pid.to_string()),
            b"!" => self.background.map_or(Found::None, |pid| one(pid.to_string())),
            b"-" => {
                let mut letters: Vec<&str> =
                    self.options.iter().copied().filter(|name| name.len() == 1).collect();
                letters.sort_unstable_by_key(|letter| "himBHs".find(*letter).unwrap_or(0));
                let mut text = letters.concat();
                if self.kind.child {
                    text.push('c');
                }
                Found::One(text.into_bytes())
            }
            b"0" => Found::One(self.name.clone()),
            digits if digits.first().is_some_and(u8::is_ascii_digit) => {
                let at =
                    std::str::from_utf8(digits).ok().and_then(|text| text.parse::<usize>().ok());
                let text = at.and_then(|at| self.params.get(at.checked_sub(1)?)).cloned();
                text.map_or(Found::None, Found::One)
            }
            name => match self.lookup(name).and_then(|v| v.scalar().map(<[u8]>::to_vec)) {
                Some(text) => Found::One(text),
                None => Found::None,
            },
        }
    }

    async fn parameter(
        &mut self,
        it: &Parameter,
        quoted: bool,
        split: bool,
        fields: &mut Fields,
    ) -> Result<(), Failed> {
        if let Operation::Bad(text) = &it.operation {
            let why = if self.kind.dash {
                "Bad substitution".to_owned()
            } else {
                format!("{}: bad substitution", String::from_utf8_lossy(text))
            };
            self.complain(why);
            self.status = if self.kind.dash { 2 } else { 1 };
            return Err(Failed(if self.kind.interactive { Flow::Next } else { Flow::Exit }));
        }
        if let Operation::Names { separate } = it.operation {
            let names = self.variables.keys().filter(|name| name.starts_with(&it.name)).cloned();
            let all = names.collect();
            self.many(all, !separate, quoted, split, fields);
            return Ok(());
        }
        if let Operation::Keys { separate } = it.operation {
            let all = self.lookup(&it.name).map(|value| value.keys()).unwrap_or_default();
            self.many(all, !separate, quoted, split, fields);
            return Ok(());
        }
        let mut found = self.found(it).await?;
        if it.indirect {
            let name = match found {
                Found::One(name) => name,
                Found::None | Found::Many { .. } => Vec::new(),
            };
            found = match name.iter().position(|&b| b == b'[') {
                Some(at) if name.ends_with(b"]") => {
                    let index = name.get(at + 1..name.len() - 1).unwrap_or_default().to_vec();
                    let name = name.get(..at).unwrap_or_default().to_vec();
                    let text = arithmetic::Variables::get(self, &name, Some(&index));
                    Found::One(text)
                }
                _ => self.named(&name),
            };
        }
        let found = match self.operate(it, found, quoted, split, fields).await? {
            Some(found) => found,
            None => return Ok(()),
        };
        match found {
            Found::None => {}
            Found::One(text) => self.add(&text, quoted, split, fields),
            Found::Many { all, joined } => self.many(all, joined, quoted, split, fields),
        }
        Ok(())
    }

    /// `$@` and `$*`.
    fn many(
        &self,
        all: Vec<Vec<u8>>,
        joined: bool,
        quoted: bool,
        split: bool,
        fields: &mut Fields,
    ) {
        if joined && quoted || !split {
            let ifs = self.ifs();
            let glue = if joined { ifs.get(..1).unwrap_or_default() } else { b" " };
            if !all.is_empty() {
                fields.push(quoted, &all.join(glue));
            }
            return;
        }
        for (index, text) in all.iter().enumerate() {
            if index > 0 {
                fields.end();
            }
            self.add(text, quoted, split, fields);
        }
    }

    /// Does what stands behind the name. `None` where the fields have it already.
    async fn operate(
        &mut self,
        it: &Parameter,
        found: Found,
        quoted: bool,
        split: bool,
        fields: &mut Fields,
    ) -> Result<Option<Found>, Failed> {
        let empty = match &found {
            Found::None => true,
            Found::One(text) => text.is_empty(),
            Found::Many { all, .. } => all.iter().all(Vec::is_empty),
        };
        let unset = match &found {
            Found::None => true,
            Found::One(_) => false,
            Found::Many { all, .. } => all.is_empty(),
        };
        let lacks = |colon: bool| if colon { empty } else { unset };
        match &it.operation {
            Operation::Default { colon, word } | Operation::Alternative { colon, word }
                if lacks(*colon) == matches!(it.operation, Operation::Default { .. }) =>
            {
                let word = if quoted { word.0.clone() } else { self.tilde(word.0.clone(), false) };
                for part in &word {
                    self.part(part, quoted, split, fields).await?;
                }
                return Ok(None);
            }
            Operation::Default { .. } => {}
            Operation::Alternative { .. } => return Ok(Some(Found::None)),
            Operation::Assign { colon, word } => {
                if lacks(*colon) {
                    let text = self.one(word).await?;
                    if let Err(why) = self.assign(&it.name, None, text.clone(), false) {
                        self.complain(why);
                        return Err(Failed(Flow::Exit));
                    }
                    return Ok(Some(Found::One(text)));
                }
            }
            Operation::Error { colon, word } => {
                if lacks(*colon) {
                    let mut text = self.one(word).await?;
                    if text.is_empty() {
                        text = if *colon {
                            b"parameter null or not set".to_vec()
                        } else {
                            b"parameter not set".to_vec()
                        };
                    }
                    self.complain([it.name.as_slice(), b": ", &text].concat());
                    self.status = if self.kind.dash { 2 } else { 127 };
                    return Err(Failed(if self.kind.interactive {
                        Flow::Next
                    } else {
                        Flow::Exit
                    }));
                }
            }
            _ if unset && self.has("u") && !matches!(it.name.as_slice(), b"@" | b"*") => {
                let why: &[u8] =
                    if self.kind.dash { b": parameter not set" } else { b": unbound variable" };
                self.complain([it.name.as_slice(), why].concat());
                self.status = if self.kind.dash { 2 } else { 1 };
                return Err(Failed(if self.kind.interactive { Flow::Next } else { Flow::Exit }));
            }
            Operation::Length => {
                let length = match &found {
                    Found::None => 0,
                    Found::One(text) => String::from_utf8_lossy(text).chars().count(),
                    Found::Many { all, .. } => all.len(),
                };
                return Ok(Some(Found::One(length.to_string().into_bytes())));
            }
            Operation::Slice { offset, length } => {
                return self.slice(it, found, offset, length.as_ref()).await.map(Some);
            }
            Operation::Value
            | Operation::Bad(_)
            | Operation::Names { .. }
            | Operation::Keys { .. }
            | Operation::Trim { .. }
            | Operation::Replace { .. }
            | Operation::Case { .. }
            | Operation::Transform(_) => {}
        }
        let change = self.change(it).await?;
        let Some(change) = change else { return Ok(Some(found)) };
        self.p.tick(100).await;
        Ok(Some(match found {
            Found::None => Found::None,
            Found::One(text) => Found::One(change(&text)),
            Found::Many { all, joined } => {
                Found::Many { all: all.iter().map(|text| change(text)).collect(), joined }
            }
        }))
    }

    /// What is done with each value, if anything.
    async fn change(
        &mut self,
        it: &Parameter,
    ) -> Result<Option<Box<dyn Fn(&[u8]) -> Vec<u8> + Send>>, Failed> {
        let groups = self.shopts.contains("extglob");
        Ok(Some(match &it.operation {
            Operation::Trim { suffix, longest, pattern } => {
                let fits = glob::pattern(&self.text_of(pattern, false).await?, groups, false);
                let (suffix, longest) = (*suffix, *longest);
                Box::new(move |text| {
                    let cut = match (suffix, longest) {
                        (false, false) => fits.shortest_prefix(text),
                        (false, true) => fits.longest_prefix(text),
                        (true, false) => fits.shortest_suffix(text),
                        (true, true) => fits.longest_suffix(text),
                    };
                    match cut {
                        None => text.to_vec(),
                        Some(at) if suffix => text.get(..at).unwrap_or(text).to_vec(),
                        Some(at) => text.get(at..).unwrap_or_default().to_vec(),
                    }
                })
            }
            Operation::Replace { place, pattern, with } => {
                let fits = glob::pattern(&self.text_of(pattern, false).await?, groups, false);
                let with = self.one(with).await?;
                let place = *place;
                Box::new(move |text| replace(text, place, &fits, &with))
            }
            Operation::Case { upper, all, pattern } => {
                let pattern = self.text_of(pattern, false).await?;
                let fits = (!pattern.is_empty()).then(|| glob::pattern(&pattern, groups, false));
                let (upper, all) = (*upper, *all);
                Box::new(move |text| {
                    let mut text = text.to_vec();
                    let many = if all { usize::MAX } else { 1 };
                    for byte in text.iter_mut().take(many) {
                        if fits.as_ref().is_none_or(|fits| fits.matches(&[*byte])) {
                            *byte = if upper {
                                byte.to_ascii_uppercase()
                            } else {
                                byte.to_ascii_lowercase()
                            };
                        }
                    }
                    text
                })
            }
            Operation::Transform(letter) => {
                let (letter, name) = (*letter, it.name.clone());
                let flags = self
                    .variables
                    .get(&it.name)
                    .map(super::builtins::attributes)
                    .unwrap_or_default();
                Box::new(move |text| match letter {
                    b'Q' => quote(text),
                    b'U' => text.to_ascii_uppercase(),
                    b'L' => text.to_ascii_lowercase(),
                    b'u' => text
                        .iter()
                        .enumerate()
                        .map(|(at, b)| if at == 0 { b.to_ascii_uppercase() } else { *b })
                        .collect(),
                    b'E' => {
                        crate::text_format::unescape(text, crate::text_format::Escapes::Quoted).0
                    }
                    b'A' => [name.as_slice(), b"=", &quote(text)].concat(),
                    b'a' => flags.trim_start_matches('-').as_bytes().to_vec(),
                    _ => text.to_vec(),
                })
            }
            Operation::Value
            | Operation::Length
            | Operation::Names { .. }
            | Operation::Keys { .. }
            | Operation::Default { .. }
            | Operation::Assign { .. }
            | Operation::Error { .. }
            | Operation::Alternative { .. }
            | Operation::Slice { .. }
            | Operation::Bad(_) => return Ok(None),
        }))
    }

    async fn slice(
        &mut self,
        it: &Parameter,
        found: Found,
        offset: &Word,
        length: Option<&Word>,
    ) -> Result<Found, Failed> {
        let offset = self.quoted(offset).await?;
        let offset = self.arithmetic(&offset)?;
        let length = match length {
            Some(word) => {
                let text = self.quoted(word).await?;
                Some(self.arithmetic(&text)?)
            }
            None => None,
        };
        let range = |count: usize| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let begin = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
            let end = match length {
                None => count,
                Some(length) if length < 0 => count + length,
                Some(length) => begin.saturating_add(length).min(count),
            };
            let (begin, end) =
                (usize::try_from(begin).unwrap_or(0), usize::try_from(end.max(begin)).unwrap_or(0));
            (begin, end)
        };
        Ok(match found {
            Found::None => Found::None,
            Found::One(text) => {
                let units: Vec<&[u8]> = text
                    .utf8_chunks()
                    .flat_map(|chunk| {
                        let valid = chunk.valid().char_indices().map(|(at, c)| {
                            chunk.valid().as_bytes().get(at..at + c.len_utf8()).unwrap_or_default()
                        });
                        valid.chain(chunk.invalid().chunks(1)).collect::<Vec<_>>()
                    })
                    .collect();
                let (begin, end) = range(units.len());
                Found::One(units.get(begin..end).unwrap_or_default().concat())
            }
            Found::Many { mut all, joined } => {
                // `${@:0}` begins with `$0`.
                if matches!(it.name.as_slice(), b"@" | b"*") && it.index.is_none() {
                    all.insert(0, self.name.clone());
                    if offset > 0 || offset < 0 {
                        let (begin, end) = range(all.len());
                        return Ok(Found::Many {
                            all: all.get(begin..end).unwrap_or_default().to_vec(),
                            joined,
                        });
                    }
                }
                let (begin, end) = range(all.len());
                Found::Many { all: all.get(begin..end).unwrap_or_default().to_vec(), joined }
            }
        })
    }

    /// `$(…)`: what it writes, without the line ends at the end.
    pub(super) async fn substitute(&mut self, script: &Arc<Script>) -> Vec<u8> {
        // `$(<file)` reads without a process.
        if let [item] = script.items.as_slice()
            && let ([command], true) = (item.first.commands.as_slice(), item.rest.is_empty())
            && let CommandKind::Simple { assignments, words } = &command.kind
            && assignments.is_empty()
            && words.is_empty()
            && let [redirect] = command.redirects.as_slice()
            && let RedirectKind::Read(word) = &redirect.kind
            && redirect.fd.is_none_or(|fd| fd == 0)
        {
            let Ok(path) = self.one(word).await else { return Vec::new() };
            return match self.p.content(&path).await {
                Ok(text) => trimmed(text),
                Err(fault) => {
                    self.complain([path.as_slice(), b": ", fault.text().as_bytes()].concat());
                    self.substituted = Some(1);
                    Vec::new()
                }
            };
        }
        let Some(mut child) = self.forked().await else {
            self.substituted = Some(254);
            return Vec::new();
        };
        self.flush().await;
        let (reader, writer) = pipe();
        child.p.fds.insert(1, writer);
        let pid = child.p.pid;
        let script = Arc::clone(script);
        child.start(script);
        let fd = self.p.add(reader, 10);
        let mut text = Vec::new();
        loop {
            let bytes = self.p.read(fd, 65_536).await.unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            if text.len() < COMMAND_OUTPUT_BYTES {
                text.extend(bytes.into_iter().filter(|b| *b != 0));
            }
        }
        self.p.fds.remove(&fd);
        let status = self.p.wait(pid).await.status();
        self.substituted = Some(status);
        self.status = status;
        trimmed(text)
    }

    /// A child shell, or a complaint and nothing.
    pub(super) async fn forked(&mut self) -> Option<Self> {
        for wait in [1_i64, 2, 4, 8] {
            match self.fork() {
                Ok(child) => return Some(child),
                Err(_) if wait == 8 || self.kind.dash => break,
                Err(fault) => {
                    self.complain(format!("fork: retry: {}", fault.text()));
                    self.p.sleep(wait * 1_000_000_000).await;
                }
            }
        }
        let why = crate::files::Fault::Again.text();
        self.complain(if self.kind.dash {
            "Cannot fork".to_owned()
        } else {
            format!("fork: {why}")
        });
        self.status = 254;
        None
    }

    /// A forked shell runs a script and ends.
    pub(super) fn start(mut self, script: Arc<Script>) {
        let (world, pid) = (self.p.world.clone(), self.p.pid);
        let job: Job<'static> = Box::pin(async move {
            self.script(&script).await;
            self.leave().await
        });
        world.with(|world| world.start(pid, job));
    }

    /// `<(…)`: a path from which another process is read.
    fn process_substitution(&mut self, out: bool, script: &Arc<Script>) -> Vec<u8> {
        let Ok(mut child) = self.fork() else { return Vec::new() };
        let (reader, writer) = pipe();
        let mine = if out {
            child.p.fds.insert(0, reader);
            writer
        } else {
            child.p.fds.insert(1, writer);
            reader
        };
        child.start(Arc::clone(script));
        let fd = (0..=63).rev().find(|fd| !self.p.fds.contains_key(fd)).unwrap_or(63);
        self.p.fds.insert(fd, mine);
        self.lent.push(fd);
        format!("/dev/fd/{fd}").into_bytes()
    }

    /// Complains of a text that is no script.
    pub(super) async fn wrong(&mut self, wrong: &Wrong, text: &[u8]) {
        self.syntax(wrong, text);
        self.flush().await;
    }

    pub(super) fn open_file(
        &self,
        path: &[u8],
        direction: Direction,
        opening: Opening,
        append: bool,
    ) -> Result<Arc<Open>, crate::files::Fault> {
        self.p.open(path, direction, opening, append)
    }
}

/// `name[@]`, `name[*]`
fn is_all(it: &Parameter) -> bool {
    matches!(it.index.as_ref().map(|word| word.0.as_slice()), Some([Part::Literal(text)]) if text == b"@" || text == b"*")
}

fn trimmed(mut text: Vec<u8>) -> Vec<u8> {
    while text.last() == Some(&b'\n') {
        text.pop();
    }
    text
}

fn replace(text: &[u8], place: Place, fits: &super::pattern::Pattern, with: &[u8]) -> Vec<u8> {
    let spans = match place {
        Place::First => fits.find(text, 0).into_iter().collect(),
        Place::All => fits.find_all(text),
        Place::Begin => fits.longest_prefix(text).map(|end| (0, end)).into_iter().collect(),
        Place::End => {
            fits.longest_suffix(text).map(|at| (at, text.len())).into_iter().collect::<Vec<_>>()
        }
    };
    let mut out = Vec::new();
    let mut at = 0;
    for (begin, end) in spans {
        if begin < at || out.len() > super::VALUE_BYTES {
            continue;
        }
        out.extend_from_slice(text.get(at..begin).unwrap_or_default());
        out.extend_from_slice(with);
        at = end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

/// A text in quotes, as `${name@Q}` and `declare -p` need it.
pub(super) fn quote(text: &[u8]) -> Vec<u8> {
    if text.iter().any(|b| b.is_ascii_control()) {
        return print::word(&Word(vec![Part::Quoted(text.to_vec())]));
    }
    let mut out = b"'".to_vec();
    for byte in text {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}

pub(super) fn is_assignable(name: &[u8]) -> bool {
    let end = name.iter().position(|&b| b == b'[').unwrap_or(name.len());
    is_name(name.get(..end).unwrap_or_default())
}

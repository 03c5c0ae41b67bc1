//! Which part of a line is compared, and how: `-k 2.3,4nr`.
//!
//! **Invariant:** a part is a piece of its line.

/// How parts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "letters of an option, each on its own")]
pub(super) struct Order {
    pub(super) skip_start: bool,
    pub(super) skip_end: bool,
    pub(super) dictionary: bool,
    pub(super) fold: bool,
    pub(super) general: bool,
    pub(super) human: bool,
    pub(super) printing: bool,
    pub(super) month: bool,
    pub(super) numeric: bool,
    pub(super) random: bool,
    pub(super) version: bool,
    pub(super) reverse: bool,
}

impl Order {
    /// Sets what a letter stands for; not `r`.
    pub(super) fn set(&mut self, letter: u8) {
        match letter {
            b'b' => (self.skip_start, self.skip_end) = (true, true),
            b'd' => self.dictionary = true,
            b'f' => self.fold = true,
            b'g' => self.general = true,
            b'h' => self.human = true,
            b'i' if !self.dictionary => self.printing = true,
            b'M' => self.month = true,
            b'n' => self.numeric = true,
            b'R' => self.random = true,
            b'V' => self.version = true,
            _ => {}
        }
    }

    /// Whether nothing but the direction is said.
    pub(super) fn is_default(self) -> bool {
        self == Self { reverse: self.reverse, ..Self::default() }
    }

    /// Letters that cannot go together.
    pub(super) fn conflict(self) -> Option<String> {
        let all = [
            (self.dictionary, 'd'),
            (self.fold, 'f'),
            (self.general, 'g'),
            (self.human, 'h'),
            (self.printing, 'i'),
            (self.month, 'M'),
            (self.numeric, 'n'),
            (self.random, 'R'),
            (self.version, 'V'),
        ];
        let numbers = [self.numeric, self.general, self.human, self.month];
        let others = self.version || self.random || self.dictionary || self.printing;
        let count = numbers.iter().filter(|on| **on).count() + usize::from(others);
        if count < 2 {
            return None;
        }
        let letters = all.iter().filter(|(on, letter)| *on && *letter != 'f');
        Some(letters.map(|(_, letter)| *letter).collect())
    }
}

/// One `-k`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    from_field: usize,
    from_char: usize,
    /// Fields before the end; none is the end of the line.
    to_field: Option<usize>,
    to_char: usize,
    pub(super) order: Order,
}

/// What is wrong with it, and the part that is.
type Wrong = (&'static str, Vec<u8>);

impl Key {
    /// The whole line.
    pub(super) fn whole(order: Order) -> Self {
        Self { from_field: 0, from_char: 0, to_field: None, to_char: 0, order }
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, Wrong> {
        const ZERO: &str = "field number is zero: invalid field specification";
        let mut key = Self::whole(Order::default());
        let mut rest = text;
        let from = number(&mut rest).ok_or_else(|| {
            ("invalid number at field start: invalid count at start of", rest.to_vec())
        })?;
        key.from_field = from.checked_sub(1).ok_or_else(|| (ZERO, text.to_vec()))?;
        if let Some(behind) = rest.strip_prefix(b".") {
            rest = behind;
            let from = number(&mut rest).ok_or_else(|| {
                ("invalid number after '.': invalid count at start of", rest.to_vec())
            })?;
            key.from_char = from.checked_sub(1).ok_or_else(|| {
                ("character offset is zero: invalid field specification", text.to_vec())
            })?;
        }
        letters(&mut rest, &mut key.order, End::Start);
        if let Some(behind) = rest.strip_prefix(b",") {
            rest = behind;
            let to = number(&mut rest).ok_or_else(|| {
                ("invalid number after ',': invalid count at start of", rest.to_vec())
            })?;
            key.to_field = Some(to.checked_sub(1).ok_or_else(|| (ZERO, text.to_vec()))?);
            if let Some(behind) = rest.strip_prefix(b".") {
                rest = behind;
                key.to_char = number(&mut rest).ok_or_else(|| {
                    ("invalid number after '.': invalid count at start of", rest.to_vec())
                })?;
            }
            letters(&mut rest, &mut key.order, End::End);
        }
        if rest.is_empty() {
            return Ok(key);
        }
        Err(("stray character in field spec: invalid field specification", text.to_vec()))
    }

    /// The part of a line.
    pub(super) fn part<'a>(&self, line: &'a [u8], tab: Option<u8>) -> &'a [u8] {
        let from = self.begin(line, tab);
        let to = self.end(line, tab).max(from);
        line.get(from..to).unwrap_or_default()
    }

    fn begin(&self, line: &[u8], tab: Option<u8>) -> usize {
        let mut at = 0;
        for _ in 0..self.from_field {
            if at >= line.len() {
                break;
            }
            at = match tab {
                Some(tab) => next_tab(line, at, tab) + 1,
                None => behind_field(line, at),
            };
        }
        let mut at = at.min(line.len());
        if self.order.skip_start {
            at = behind_blanks(line, at);
        }
        at.saturating_add(self.from_char).min(line.len())
    }

    fn end(&self, line: &[u8], tab: Option<u8>) -> usize {
        let Some(fields) = self.to_field else { return line.len() };
        let whole = self.to_char == 0;
        let count = if whole { fields.saturating_add(1) } else { fields };
        let mut at = 0;
        for left in (0..count).rev() {
            if at >= line.len() {
                break;
            }
            at = match tab {
                Some(tab) => {
                    let found = next_tab(line, at, tab);
                    if found < line.len() && (left > 0 || !whole) { found + 1 } else { found }
                }
                None => behind_field(line, at),
            };
        }
        let mut at = at.min(line.len());
        if !whole {
            if self.order.skip_end {
                at = behind_blanks(line, at);
            }
            at = at.saturating_add(self.to_char).min(line.len());
        }
        at
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Start,
    End,
}

fn letters(rest: &mut &[u8], order: &mut Order, end: End) {
    while let Some((letter, behind)) = rest.split_first() {
        match letter {
            b'b' if end == End::Start => order.skip_start = true,
            b'b' => order.skip_end = true,
            b'r' => order.reverse = true,
            b'd' | b'f' | b'g' | b'h' | b'i' | b'M' | b'n' | b'R' | b'V' => order.set(*letter),
            _ => return,
        }
        *rest = behind;
    }
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, behind) = rest.split_at_checked(digits).filter(|_| digits > 0)?;
    *rest = behind;
    Some(
        number.iter().fold(0, |value: usize, b| {
            value.saturating_mul(10).saturating_add(usize::from(b - b'0'))
        }),
    )
}

fn blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t' || byte == b'\n'
}

fn behind_blanks(line: &[u8], at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| blank(**b)).count()
}

fn behind_field(line: &[u8], at: usize) -> usize {
    let at = behind_blanks(line, at);
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| !blank(**b)).count()
}

fn next_tab(line: &[u8], at: usize, tab: u8) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().position(|&b| b == tab).unwrap_or(rest.len())
}

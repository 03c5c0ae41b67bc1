//! Runs the steps of an awk program.
//!
//! **Invariant:** steps do not recurse: calls are frames of a list that has a cap. Work is counted
//! with every step and given up at the latest after [`SLICE`].

mod builtins;
mod effects;
mod variables;

pub(super) use effects::assignment;

use super::array::Array;
use super::code::{Arith, Compare, Op, Program, Special};
use super::record::{Record, Separator};
use super::streams::{Reader, Streams};
use super::value::{Pair, Value};
use crate::commands::lang::text::{Meter, Text};
use crate::kernel::Proc;
use crate::regex::Regex;
use decnet_core::limits::SCRIPT_CALLS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Work between two turns of others.
const SLICE: usize = 4_000;
/// Work of a step.
const STEP: usize = 8;
/// Values that wait on mawk's stack.
const STACK: usize = 1_024;
/// Patterns made from texts that are kept.
const PATTERNS: usize = 64;

/// Why a program stops.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// `exit`
    Exit,
    /// `mawk: run time error: what`, with where in the input.
    Trouble(Vec<u8>),
    /// `mawk: what`
    Fatal(Vec<u8>),
}

impl Stop {
    pub(super) fn memory() -> Self {
        Self::Fatal(b"out of memory".to_vec())
    }
}

/// Where the steps go on.
#[derive(Debug)]
struct Frame {
    back: usize,
    /// Where the function's variables begin on the stack.
    base: usize,
    loops: usize,
    arrays: usize,
}

/// Keys that `for` still has to meet.
type Keys = std::vec::IntoIter<Text>;

pub(super) struct Machine {
    program: Arc<Program>,
    pub(super) meter: Meter,
    stack: Vec<Value>,
    frames: Vec<Frame>,
    loops: Vec<Keys>,
    globals: Vec<Value>,
    /// Arrays: first one for each global, then those of functions.
    arrays: Vec<Option<Array>>,
    specials: BTreeMap<Special, Value>,
    separator: Separator,
    records: Separator,
    record: Record,
    ranges: Vec<bool>,
    /// FS is that of `-F`: line ends separate no fields then, whatever RS is.
    fs_option: bool,
    patterns: BTreeMap<Vec<u8>, Arc<Regex>>,
    streams: Streams,
    input: Option<Reader>,
    /// The next argument that may be a file.
    argument: f64,
    /// Whether any argument was a file.
    had_file: bool,
    at: usize,
    work: usize,
    pub(super) status: u32,
    seed: u64,
    random: u64,
    pub(super) name: String,
}

/// What the loop of steps does next.
enum Flow {
    On,
    /// Something that may wait.
    Effect(Op),
    /// The next record.
    Next,
    NextFile,
    Done,
}

type Answer<T> = Result<T, Stop>;

impl Machine {
    pub(super) fn new(program: Program, name: String, (seed, random): (u64, u64)) -> Self {
        let meter = Meter::default();
        let globals = vec![Value::Nothing; program.globals.len()];
        let arrays = program.globals.iter().map(|_| None).collect();
        let text = |text: &str| Value::Text(meter.text(text));
        let specials = BTreeMap::from([
            (Special::Nr, Value::Number(0.0)),
            (Special::Fnr, Value::Number(0.0)),
            (Special::Fs, text(" ")),
            (Special::Ofs, text(" ")),
            (Special::Rs, text("\n")),
            (Special::Ors, text("\n")),
            (Special::Filename, Value::Nothing),
            (Special::Subsep, text("\x1c")),
            (Special::Convfmt, text("%.6g")),
            (Special::Ofmt, text("%.6g")),
            (Special::Rstart, Value::Nothing),
            (Special::Rlength, Value::Nothing),
        ]);
        Self {
            record: Record::new(&meter),
            ranges: vec![false; program.ranges],
            program: Arc::new(program),
            meter,
            stack: Vec::new(),
            frames: Vec::new(),
            loops: Vec::new(),
            globals,
            arrays,
            specials,
            separator: Separator::Blanks,
            records: Separator::Byte(b'\n'),
            fs_option: false,
            patterns: BTreeMap::new(),
            streams: Streams::default(),
            input: None,
            argument: 1.0,
            had_file: false,
            at: 0,
            work: 0,
            status: 0,
            seed,
            random,
            name,
        }
    }

    /// Runs all parts: what is to be said when it ends badly.
    pub(super) async fn run(&mut self, p: &mut Proc) -> Answer<()> {
        let program = Arc::clone(&self.program);
        let mut stopped = Ok(());
        if let Some(begin) = program.begin {
            stopped = self.part(p, begin).await.map(|_| ());
        }
        if stopped.is_ok() && (program.rules.is_some() || program.end.is_some()) {
            stopped = self.records(p, program.rules).await;
        }
        if let Some(end) = program.end
            && matches!(stopped, Ok(()) | Err(Stop::Exit))
        {
            stopped = self.part(p, end).await.map(|_| ());
        }
        self.streams.close_all(p).await;
        if stopped == Err(Stop::Exit) { Ok(()) } else { stopped }
    }

    async fn records(&mut self, p: &mut Proc, rules: Option<usize>) -> Answer<()> {
        while let Some(record) = self.next_record(p).await? {
            self.record.set(record);
            let Some(rules) = rules else { continue };
            if let Flow::NextFile = self.part(p, rules).await? {
                self.close_input(p).await;
            }
            p.flush_some().await;
        }
        Ok(())
    }

    /// Runs from there to the end of the part.
    async fn part(&mut self, p: &mut Proc, start: usize) -> Answer<Flow> {
        self.at = start;
        self.stack.clear();
        self.frames.clear();
        self.loops.clear();
        let globals = self.globals.len();
        self.arrays.truncate(globals);
        loop {
            let flow = self.steps()?;
            if self.work >= SLICE {
                let work = std::mem::take(&mut self.work);
                p.tick(work).await;
                p.flush_some().await;
            }
            match flow {
                Flow::On => {}
                Flow::Effect(op) => self.effect(p, op).await?,
                Flow::Next | Flow::NextFile | Flow::Done => return Ok(flow),
            }
        }
    }

    /// Steps until something may wait, or the slice is over.
    fn steps(&mut self) -> Answer<Flow> {
        let program = Arc::clone(&self.program);
        while self.work < SLICE {
            let Some(op) = program.code.get(self.at) else { return Ok(Flow::Done) };
            self.at += 1;
            self.work += STEP;
            match self.step(op)? {
                Flow::On => {}
                flow => return Ok(flow),
            }
            if self.meter.is_full(0) {
                return Err(Stop::memory());
            }
        }
        Ok(Flow::On)
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value::Nothing)
    }

    fn pop_number(&mut self) -> f64 {
        self.pop().number()
    }

    fn pop_text(&mut self) -> Text {
        let value = self.pop();
        self.text_of(&value)
    }

    fn text_of(&mut self, value: &Value) -> Text {
        match value {
            Value::Text(text) | Value::Input(text) => text.clone(),
            value => {
                let format = self.special_text(Special::Convfmt);
                value.text(&format, &self.meter)
            }
        }
    }

    /// Whether something is so, with a pattern as the record's match.
    fn is_true(&mut self, value: &Value) -> bool {
        match value {
            Value::Pattern(regex) => {
                let text = self.whole_record();
                self.is_match(regex, &text)
            }
            value => value.is_true(),
        }
    }

    fn is_match(&mut self, regex: &Regex, text: &[u8]) -> bool {
        let found = regex.is_match(text);
        self.work += regex.work() + text.len() / 32;
        found
    }

    /// A pattern from a value: one of the program, or a text.
    fn pattern_of(&mut self, value: &Value) -> Answer<Arc<Regex>> {
        if let Value::Pattern(regex) = value {
            return Ok(Arc::clone(regex));
        }
        let text = self.text_of(value);
        if let Some(found) = self.patterns.get(&text[..]) {
            return Ok(Arc::clone(found));
        }
        self.work += text.len() * 20 + 200;
        let regex = super::parser::compile(&text)
            .map(Arc::new)
            .map_err(|why| Stop::Fatal([b"line 0: ", why.as_slice()].concat()))?;
        if self.patterns.len() >= PATTERNS {
            self.patterns.clear();
        }
        self.patterns.insert(text.to_vec(), Arc::clone(&regex));
        Ok(regex)
    }

    fn step(&mut self, op: &Op) -> Answer<Flow> {
        match op {
            Op::Number(number) => self.push(Value::Number(*number)),
            Op::Text(text) => {
                let text = self.meter.text(text.to_vec());
                self.push(Value::Text(text));
            }
            Op::Pattern(regex) => self.push(Value::Pattern(Arc::clone(regex))),
            Op::Matches(regex) => {
                let text = self.whole_record();
                let found = self.is_match(regex, &text);
                self.push(Value::truth(found));
            }
            Op::MatchesThis(regex) => {
                let text = self.pop_text();
                let found = self.is_match(regex, &text);
                self.push(Value::truth(found));
            }
            Op::MatchesText => {
                let pattern = self.pop();
                let text = self.pop_text();
                let regex = self.pattern_of(&pattern)?;
                let found = self.is_match(&regex, &text);
                self.push(Value::truth(found));
            }
            Op::Argument(var) => {
                let value = self.argument_of(*var);
                self.push(value);
            }
            Op::Load(target) => self.load(*target, false)?,
            Op::Save(target) => {
                let value = self.pop();
                self.save(*target, value.clone())?;
                self.push(value);
            }
            Op::Update(target, arith) => {
                let by = self.pop_number();
                self.load(*target, true)?;
                let value = Value::Number(calculate(*arith, self.pop_number(), by));
                self.save(*target, value.clone())?;
                self.push(value);
            }
            Op::Step { target, by, old } => self.step_value(*target, *by, *old)?,
            Op::Drop => {
                self.pop();
            }
            Op::Call { function, count } => self.call(*function, *count)?,
            Op::Return => self.give_back(),
            Op::Next => return Ok(Flow::Next),
            Op::NextFile => return Ok(Flow::NextFile),
            Op::Done => return Ok(Flow::Done),
            Op::Exit => {
                let status = self.pop_number();
                if !status.is_nan() {
                    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
                    let status = status as i32;
                    self.status = u32::try_from(status & 255).unwrap_or_default();
                }
                return Err(Stop::Exit);
            }
            Op::Print { .. } | Op::Getline { .. } => return Ok(Flow::Effect(op.clone())),
            Op::Builtin { builtin, count } => {
                if builtin.waits() {
                    return Ok(Flow::Effect(op.clone()));
                }
                self.builtin(*builtin, *count)?;
            }
            Op::Replace { all, target } => self.replace(*all, *target)?,
            Op::Split { into, separator } => self.split_into(*into, *separator)?,
            op => self.plain(op)?,
        }
        Ok(Flow::On)
    }

    /// Steps that only compute or jump.
    fn plain(&mut self, op: &Op) -> Answer<()> {
        match op {
            Op::Arith(arith) => {
                let b = self.pop_number();
                let a = self.pop_number();
                self.push(Value::Number(calculate(*arith, a, b)));
            }
            Op::Compare(compare) => {
                let b = self.pop();
                let a = self.pop();
                let found = self.compare(*compare, &a, &b);
                self.push(Value::truth(found));
            }
            Op::Concat => {
                let b = self.pop_text();
                let a = self.pop_text();
                if self.meter.is_full(a.len() + b.len()) {
                    return Err(Stop::memory());
                }
                self.work += (a.len() + b.len()) / 16;
                let text = self.meter.text([&a[..], &b[..]].concat());
                self.push(Value::Text(text));
            }
            Op::Negate => {
                let number = -self.pop_number();
                self.push(Value::Number(number));
            }
            Op::Plus => {
                let number = self.pop_number();
                self.push(Value::Number(number));
            }
            Op::Not | Op::Truth => {
                let value = self.pop();
                let truth = self.is_true(&value) != matches!(op, Op::Not);
                self.push(Value::truth(truth));
            }
            Op::Jump(to) => self.at = *to,
            Op::JumpIf(to) | Op::JumpUnless(to) => {
                let value = self.pop();
                if self.is_true(&value) == matches!(op, Op::JumpIf(_)) {
                    self.at = *to;
                }
            }
            Op::Subscript(count) => {
                let from = self.stack.len().saturating_sub(*count);
                let values = self.stack.split_off(from);
                let between = self.special_text(Special::Subsep);
                let texts: Vec<Text> = values.iter().map(|value| self.text_of(value)).collect();
                let text =
                    texts.iter().map(|text| &text[..]).collect::<Vec<_>>().join(&between[..]);
                let text = self.meter.text(text);
                self.push(Value::Text(text));
            }
            Op::RangeBegin { range, end } => {
                if self.ranges.get(*range) == Some(&true) {
                    self.at = *end;
                }
            }
            Op::RangeSet { range, on } => {
                if let Some(range) = self.ranges.get_mut(*range) {
                    *range = *on;
                }
            }
            op => self.with_array(op)?,
        }
        Ok(())
    }

    fn compare(&mut self, compare: Compare, a: &Value, b: &Value) -> bool {
        let order = match a.pair(b) {
            Pair::Numbers(a, b) => match a.partial_cmp(&b) {
                Some(order) => order,
                // Nothing is more or less than what is no number; it differs.
                None => return matches!(compare, Compare::NotEqual),
            },
            Pair::Texts => {
                let (a, b) = (self.text_of(a), self.text_of(b));
                self.work += a.len().min(b.len()) / 16;
                a[..].cmp(&b[..])
            }
        };
        match compare {
            Compare::Less => order.is_lt(),
            Compare::LessEqual => order.is_le(),
            Compare::Equal => order.is_eq(),
            Compare::NotEqual => order.is_ne(),
            Compare::More => order.is_gt(),
            Compare::MoreEqual => order.is_ge(),
        }
    }

    fn call(&mut self, function: usize, count: usize) -> Answer<()> {
        let program = Arc::clone(&self.program);
        let Some(function) = program.functions.get(function) else { return Ok(()) };
        if self.stack.len() + function.params > STACK || self.frames.len() >= SCRIPT_CALLS {
            let text = format!("program limit exceeded: eval stack size={STACK}");
            return Err(Stop::Fatal(text.into_bytes()));
        }
        let base = self.stack.len().saturating_sub(count);
        self.stack.resize(base + function.params, Value::Nothing);
        let (loops, arrays) = (self.loops.len(), self.arrays.len());
        self.frames.push(Frame { back: self.at, base, loops, arrays });
        self.at = function.start.unwrap_or(usize::MAX);
        Ok(())
    }

    fn give_back(&mut self) {
        let value = match self.pop() {
            Value::Open(_) => Value::Nothing,
            value => value,
        };
        let Some(frame) = self.frames.pop() else { return };
        self.at = frame.back;
        self.stack.truncate(frame.base);
        self.loops.truncate(frame.loops);
        self.arrays.truncate(frame.arrays);
        self.push(value);
    }
}

fn calculate(arith: Arith, a: f64, b: f64) -> f64 {
    let value = match arith {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Div => a / b,
        Arith::Mod => a % b,
        Arith::Pow => a.powf(b),
    };
    // What is no number is a negative one on this machine, as its processor makes it.
    if value.is_nan() && !a.is_nan() && !b.is_nan() { -f64::NAN.abs() } else { value }
}

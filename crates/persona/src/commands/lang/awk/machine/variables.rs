//! Variables, elements and fields of a running program.
//!
//! **Invariant:** what mawk sets itself is always what it should be: NF is the record's, the
//! separators are those of FS and RS.

use super::{Answer, Machine, Stop};
use crate::commands::lang::awk::array::{Array, Key};
use crate::commands::lang::awk::code::{Op, Special, Target, Var};
use crate::commands::lang::awk::record::Separator;
use crate::commands::lang::awk::value::{INT_MAX, Value};
use crate::commands::lang::text::Text;
use decnet_core::limits::AWK_FIELDS;

impl Machine {
    pub(super) fn special(&self, special: Special) -> Value {
        self.specials.get(&special).cloned().unwrap_or(Value::Nothing)
    }

    pub(super) fn special_text(&self, special: Special) -> Text {
        match self.specials.get(&special) {
            Some(Value::Text(text) | Value::Input(text)) => text.clone(),
            Some(value) => value.text(b"%.6g", &self.meter),
            None => self.meter.text(""),
        }
    }

    pub(super) fn set_special(&mut self, special: Special, value: Value) -> Answer<()> {
        match special {
            Special::Nf => {
                let number = value.number();
                if number < 0.0 {
                    return Err(Stop::Trouble(b"negative value assigned to NF".to_vec()));
                }
                let count = self.field_number(number)?;
                self.split();
                self.record.set_count(count, &self.meter);
                return Ok(());
            }
            Special::Fs => {
                self.split();
                self.fs_option = false;
                let text = self.text_of(&value);
                self.separator = Separator::of(&text).map_err(|text| fault(&text))?;
            }
            Special::Rs => {
                let text = self.text_of(&value);
                self.records = match &text[..] {
                    [byte] => Separator::Byte(*byte),
                    text => Separator::of(text).map_err(|text| fault(&text))?,
                };
            }
            Special::Nr
            | Special::Fnr
            | Special::Ofs
            | Special::Ors
            | Special::Filename
            | Special::Subsep
            | Special::Convfmt
            | Special::Ofmt
            | Special::Rstart
            | Special::Rlength => {}
        }
        self.specials.insert(special, value);
        Ok(())
    }

    fn field_number(&self, number: f64) -> Answer<usize> {
        if number < 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            let text = format!("negative field index ${}", number as i32);
            return Err(Stop::Trouble(text.into_bytes()));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let field = number as usize;
        if field > AWK_FIELDS || self.meter.is_full(field.saturating_mul(48)) {
            return Err(Stop::memory());
        }
        Ok(field)
    }

    pub(super) fn split(&mut self) {
        let lines = matches!(self.records, Separator::Empty) && !self.fs_option;
        self.record.split(&self.separator, lines, &self.meter, &mut self.work);
    }

    pub(super) fn whole_record(&mut self) -> Text {
        let between = self.special_text(Special::Ofs);
        let format = self.special_text(Special::Convfmt);
        self.record.text(&between, &format, &self.meter)
    }

    fn local(&self, number: usize) -> Option<usize> {
        let base = self.frames.last()?.base;
        let at = base.checked_add(number)?;
        (at < self.stack.len()).then_some(at)
    }

    fn variable(&mut self, var: Var) -> Value {
        match var {
            Var::Special(Special::Nf) => {
                self.split();
                #[expect(clippy::cast_precision_loss, reason = "there are not that many fields")]
                Value::Number(self.record.count() as f64)
            }
            Var::Special(special) => self.special(special),
            Var::Global(number) => self.globals.get(number).cloned().unwrap_or(Value::Nothing),
            Var::Local(number) => match self.local(number).and_then(|at| self.stack.get(at)) {
                Some(Value::Open(_)) | None => Value::Nothing,
                Some(value) => value.clone(),
            },
        }
    }

    fn set_variable(&mut self, var: Var, value: Value) -> Answer<()> {
        let value = match value {
            Value::Pattern(_) => {
                let truth = self.is_true(&value);
                Value::truth(truth)
            }
            value => value,
        };
        match var {
            Var::Special(special) => return self.set_special(special, value),
            Var::Global(number) => {
                if let Some(place) = self.globals.get_mut(number) {
                    *place = value;
                }
            }
            Var::Local(number) => {
                if let Some(place) = self.local(number).and_then(|at| self.stack.get_mut(at)) {
                    *place = value;
                }
            }
        }
        Ok(())
    }

    /// A variable as an argument.
    pub(super) fn argument_of(&mut self, var: Var) -> Value {
        match var {
            Var::Special(_) => self.variable(var),
            Var::Global(number) => match self.globals.get(number) {
                Some(Value::Nothing) | None => Value::Open(number),
                Some(value) => value.clone(),
            },
            Var::Local(number) => {
                let Some(at) = self.local(number) else { return Value::Nothing };
                match self.stack.get(at) {
                    Some(Value::Nothing) | None => {
                        self.arrays.push(None);
                        let open = Value::Open(self.arrays.len() - 1);
                        if let Some(place) = self.stack.get_mut(at) {
                            *place = open.clone();
                        }
                        open
                    }
                    Some(value) => value.clone(),
                }
            }
        }
    }

    fn array_number(&mut self, var: Var) -> Option<usize> {
        match var {
            Var::Special(_) => None,
            Var::Global(number) => Some(number),
            Var::Local(_) => match self.argument_of(var) {
                Value::Open(number) => Some(number),
                Value::Nothing
                | Value::Number(_)
                | Value::Text(_)
                | Value::Input(_)
                | Value::Pattern(_) => None,
            },
        }
    }

    pub(super) fn array(&mut self, var: Var) -> Answer<&mut Array> {
        let number = self.array_number(var);
        let meter = self.meter.clone();
        match number.and_then(|number| self.arrays.get_mut(number)) {
            Some(place) => Ok(place.get_or_insert_with(|| Array::new(&meter))),
            None => Err(Stop::Trouble(b"type error: a scalar is used as an array".to_vec())),
        }
    }

    /// An array that may be none, by its variable.
    fn array_length(&mut self, var: Var) -> Option<usize> {
        let number = self.array_number(var)?;
        Some(self.arrays.get(number)?.as_ref()?.len())
    }

    pub(super) fn key_of(&mut self, value: &Value) -> Key {
        match value {
            Value::Number(number) if number.fract() == 0.0 && number.abs() <= INT_MAX =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "it is within the bounds")]
                Key::Number(*number as i32)
            }
            value => Key::Text(self.text_of(value)),
        }
    }

    /// Pushes a value; with `keep`, what it is found by stays below.
    pub(super) fn load(&mut self, target: Target, keep: bool) -> Answer<()> {
        let value = match target {
            Target::Var(var) => self.variable(var),
            Target::Element(var) => {
                let key = self.pop();
                let found = self.key_of(&key);
                let value = self.array(var)?.element(&found).cloned().unwrap_or(Value::Nothing);
                if keep {
                    self.push(key);
                }
                value
            }
            Target::Field => {
                let key = self.pop();
                let number = self.field_number(key.number())?;
                if keep {
                    self.push(key);
                }
                if number == 0 {
                    Value::Input(self.whole_record())
                } else {
                    self.split();
                    self.record.field(number, &self.meter)
                }
            }
        };
        self.push(value);
        Ok(())
    }

    /// Assigns; what the place is found by is on the stack.
    pub(super) fn save(&mut self, target: Target, value: Value) -> Answer<()> {
        match target {
            Target::Var(var) => self.set_variable(var, value),
            Target::Element(var) => {
                let key = self.pop();
                let key = self.key_of(&key);
                if let Some(place) = self.array(var)?.element(&key) {
                    *place = value;
                }
                Ok(())
            }
            Target::Field => {
                let number = self.pop_number();
                let number = self.field_number(number)?;
                if number == 0 {
                    let text = self.text_of(&value);
                    self.record.set(text);
                } else {
                    self.split();
                    self.record.set_field(number, value, &self.meter);
                }
                Ok(())
            }
        }
    }

    pub(super) fn step_value(&mut self, target: Target, by: f64, old: bool) -> Answer<()> {
        self.load(target, true)?;
        let before = self.pop_number();
        self.save(target, Value::Number(before + by))?;
        self.push(Value::Number(if old { before } else { before + by }));
        Ok(())
    }

    /// Steps that are about arrays.
    pub(super) fn with_array(&mut self, op: &Op) -> Answer<()> {
        match op {
            Op::In(var) => {
                let key = self.pop();
                let key = self.key_of(&key);
                let found = self.array(*var)?.has(&key);
                self.push(Value::truth(found));
            }
            Op::Delete(var) => {
                let key = self.pop();
                let key = self.key_of(&key);
                self.array(*var)?.remove(&key);
            }
            Op::DeleteAll(var) => {
                let empty = Array::new(&self.meter);
                *self.array(*var)? = empty;
            }
            Op::Length(var) => {
                let length = match self.array_length(*var) {
                    Some(length) => length,
                    None => {
                        let value = self.variable(*var);
                        self.text_of(&value).len()
                    }
                };
                #[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes")]
                self.push(Value::Number(length as f64));
            }
            Op::LoopBegin(var) => {
                let keys = self.array(*var)?.keys();
                self.work += keys.len() * 4;
                self.loops.push(keys.into_iter());
            }
            Op::LoopNext { target, end } => match self.loops.last_mut().and_then(Iterator::next) {
                Some(key) => self.save(*target, Value::Text(key))?,
                None => self.at = *end,
            },
            Op::LoopEnd => {
                self.loops.pop();
            }
            _ => {}
        }
        Ok(())
    }

    /// `name=value` of a command line, or of `-v`. Whether there is such a variable.
    pub(in crate::commands::lang::awk) fn assign(&mut self, name: &[u8], raw: &[u8]) -> Answer<()> {
        let text = self.meter.text(crate::commands::lang::awk::lexer::unescape(raw));
        let value = Value::Input(text);
        let special = crate::commands::lang::awk::code::SPECIALS.iter();
        if let Some((_, special)) = special.clone().find(|(text, _)| text.as_bytes() == name) {
            return self.set_special(*special, value);
        }
        let program = std::sync::Arc::clone(&self.program);
        if let Some(number) = program.globals.iter().position(|global| global == name)
            && let Some(place) = self.globals.get_mut(number)
        {
            *place = value;
        }
        Ok(())
    }

    /// The element of an array of the program, by the array's name.
    pub(in crate::commands::lang::awk) fn set_element(
        &mut self,
        name: &str,
        key: &Value,
        value: Value,
    ) {
        let program = std::sync::Arc::clone(&self.program);
        let number = program.globals.iter().position(|global| global == name.as_bytes());
        let Some(number) = number else { return };
        let key = self.key_of(key);
        if let Ok(array) = self.array(Var::Global(number))
            && let Some(place) = array.element(&key)
        {
            *place = value;
        }
    }

    /// `-F`
    pub(in crate::commands::lang::awk) fn separate_by(&mut self, raw: &[u8]) -> Answer<()> {
        self.assign(b"FS", raw)?;
        self.fs_option = true;
        Ok(())
    }

    pub(in crate::commands::lang::awk) fn set_global(&mut self, name: &str, value: Value) {
        let number = self.program.globals.iter().position(|global| global == name.as_bytes());
        if let Some(place) = number.and_then(|number| self.globals.get_mut(number)) {
            *place = value;
        }
    }

    pub(super) fn global(&self, name: &str) -> Option<usize> {
        self.program.globals.iter().position(|global| global == name.as_bytes())
    }
}

fn fault(text: &[u8]) -> Stop {
    Stop::Fatal([b"line 0: ", text].concat())
}

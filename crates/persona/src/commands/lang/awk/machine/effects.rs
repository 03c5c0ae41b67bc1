//! What an awk program does outside itself: prints, reads, runs commands.
//!
//! **Invariant:** whatever waits, waits here.

use super::{Answer, Machine, Stop};
use crate::commands::lang::awk::code::{Op, Redirect, Source, Special, Target};
use crate::commands::lang::awk::lexer::Builtin;
use crate::commands::lang::awk::streams::{Reader, To, status};
use crate::commands::lang::awk::value::Value;
use crate::commands::lang::child;
use crate::commands::lang::text::Text;
use crate::files::Fault;
use crate::kernel::Proc;

/// What `getline` found.
enum Got {
    Record(Vec<u8>),
    End,
    Failed,
}

impl Machine {
    pub(super) async fn effect(&mut self, p: &mut Proc, op: Op) -> Answer<()> {
        match op {
            Op::Print { count, to, formatted } => self.print(p, count, to, formatted).await,
            Op::Getline { from, target } => self.getline(p, from, target).await,
            Op::Builtin { builtin, count } => self.waiting(p, builtin, count).await,
            _ => Ok(()),
        }
    }

    async fn waiting(&mut self, p: &mut Proc, builtin: Builtin, count: usize) -> Answer<()> {
        let value = match builtin {
            Builtin::System => {
                let line = self.pop_text();
                status(child::system(p, &line).await)
            }
            Builtin::Close => {
                let name = self.pop_text();
                self.streams.close(p, &name).await
            }
            Builtin::Fflush => {
                for _ in 0..count {
                    self.pop();
                }
                p.flush().await;
                0.0
            }
            Builtin::Systime => seconds(p),
            Builtin::Srand => {
                let seed = if count == 0 { seconds(p) } else { self.pop_number() };
                #[expect(clippy::cast_precision_loss, reason = "seeds are shown as mawk has them")]
                let before = self.seed as f64;
                self.seed = seed.to_bits();
                if seed.fract() == 0.0 && seed >= 0.0 {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "it saturates"
                    )]
                    let whole = seed as u64;
                    self.seed = whole;
                }
                self.random = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
                before
            }
            _ => 0.0,
        };
        self.push(Value::Number(value));
        Ok(())
    }

    async fn print(
        &mut self,
        p: &mut Proc,
        count: usize,
        to: Redirect,
        formatted: bool,
    ) -> Answer<()> {
        let name = if to == Redirect::No { None } else { Some(self.pop_text()) };
        let from = self.stack.len().saturating_sub(count);
        let values = self.stack.split_off(from);
        let fd = match (&name, to) {
            (None, _) | (_, Redirect::No) => 1,
            (Some(name), Redirect::File) => self.writer(p, name, To::File)?,
            (Some(name), Redirect::Append) => self.writer(p, name, To::Append)?,
            (Some(name), Redirect::Pipe) => self.writer(p, name, To::Command)?,
        };
        let text = if formatted { self.formatted(p, fd, &values)? } else { self.printed(&values) };
        p.put(fd, &text);
        p.flush_some().await;
        Ok(())
    }

    fn writer(&mut self, p: &mut Proc, name: &Text, to: To) -> Answer<u32> {
        self.streams.writer(p, name, to).map_err(|fault| {
            if fault == Fault::Again {
                return Stop::Fatal(b"cannot fork".to_vec());
            }
            let why = fault.text().as_bytes();
            Stop::Fatal([b"cannot open \"", &name[..], b"\" for output (", why, b")"].concat())
        })
    }

    /// What `printf` prints; what came out before a fault is printed too.
    fn formatted(&mut self, p: &mut Proc, fd: u32, values: &[Value]) -> Answer<Vec<u8>> {
        let (format, rest) = values.split_first().unwrap_or((&Value::Nothing, &[]));
        let format = self.text_of(format);
        let convert = self.special_text(Special::Convfmt);
        let printed = crate::commands::lang::awk::printf::print(
            &format,
            rest,
            &convert,
            "printf",
            &self.meter,
        );
        self.work += printed.text.len() / 8;
        match printed.trouble {
            Some(trouble) => {
                p.put(fd, &printed.text);
                Err(Stop::Trouble(trouble))
            }
            None => Ok(printed.text),
        }
    }

    fn printed(&mut self, values: &[Value]) -> Vec<u8> {
        let end = self.special_text(Special::Ors);
        if values.is_empty() {
            return [&self.whole_record()[..], &end[..]].concat();
        }
        let between = self.special_text(Special::Ofs);
        let format = self.special_text(Special::Ofmt);
        let mut out = Vec::new();
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(&between);
            }
            out.extend_from_slice(&value.text(&format, &self.meter));
        }
        out.extend_from_slice(&end);
        self.work += out.len() / 8;
        out
    }

    async fn getline(&mut self, p: &mut Proc, from: Source, target: Option<Target>) -> Answer<()> {
        // What the place is found by lies above the file and below the command.
        let (mut name, mut key) = (None, None);
        let keyed = matches!(target, Some(Target::Element(_) | Target::Field));
        match from {
            Source::Main => {}
            Source::File => name = Some(self.pop_text()),
            Source::Command => {}
        }
        if keyed {
            key = Some(self.pop());
        }
        if from == Source::Command {
            name = Some(self.pop_text());
        }
        let got = match (from, name) {
            (Source::Main, _) | (_, None) => match self.next_record(p).await? {
                Some(record) => Got::Record(record.to_vec()),
                None => Got::End,
            },
            (Source::File, Some(name)) => {
                let by = self.records.clone();
                match self.streams.file(p, &name) {
                    Some(reader) => got(reader.record(p, &by).await),
                    None => Got::Failed,
                }
            }
            (Source::Command, Some(line)) => {
                p.flush().await;
                let by = self.records.clone();
                let got = match self.streams.command(p, &line) {
                    Some(reader) => got(reader.record(p, &by).await),
                    None => Got::Failed,
                };
                if let Got::Record(_) = got {
                    self.count_records()?;
                }
                got
            }
        };
        let answer = match got {
            Got::Record(record) => {
                let text = self.meter.text(record);
                self.put_record(text, target, key)?;
                1.0
            }
            Got::End => 0.0,
            Got::Failed => -1.0,
        };
        self.push(Value::Number(answer));
        Ok(())
    }

    fn put_record(&mut self, text: Text, target: Option<Target>, key: Option<Value>) -> Answer<()> {
        match target {
            Some(target) => {
                if let Some(key) = key {
                    self.push(key);
                }
                self.save(target, Value::Input(text))
            }
            None => {
                self.record.set(text);
                Ok(())
            }
        }
    }

    fn count_records(&mut self) -> Answer<()> {
        for special in [Special::Nr, Special::Fnr] {
            let number = self.special(special).number();
            self.set_special(special, Value::Number(number + 1.0))?;
        }
        Ok(())
    }

    /// The next record of the input, whichever file it is in.
    pub(super) async fn next_record(&mut self, p: &mut Proc) -> Answer<Option<Text>> {
        loop {
            if self.input.is_none() && !self.next_file(p).await? {
                return Ok(None);
            }
            let Some(reader) = &mut self.input else { return Ok(None) };
            // A folder is as good as an empty file.
            let record = reader.record(p, &self.records).await.unwrap_or_default();
            match record {
                Some(record) => {
                    self.count_records()?;
                    return Ok(Some(self.meter.text(record)));
                }
                None => self.close_input(p).await,
            }
        }
    }

    pub(super) async fn close_input(&mut self, p: &mut Proc) {
        if let Some(reader) = self.input.take() {
            reader.close(p).await;
        }
    }

    /// Opens the next file of the arguments.
    async fn next_file(&mut self, p: &mut Proc) -> Answer<bool> {
        loop {
            let argc = self.global("ARGC").and_then(|number| self.globals.get(number));
            let argc = argc.map_or(0.0, Value::number);
            if self.argument >= argc {
                if self.had_file {
                    return Ok(false);
                }
                self.had_file = true;
                return self.open(p, b"-").map(|()| true);
            }
            let key = Value::Number(self.argument);
            self.argument += 1.0;
            let value = self.argv(&key)?;
            let word = self.text_of(&value);
            if word.is_empty() {
                continue;
            }
            if let Some((name, text)) = assignment(&word) {
                let (name, text) = (name.to_vec(), text.to_vec());
                self.assign(&name, &text)?;
                continue;
            }
            self.had_file = true;
            self.open(p, &word)?;
            return Ok(true);
        }
    }

    fn argv(&mut self, key: &Value) -> Answer<Value> {
        let Some(number) = self.global("ARGV") else { return Ok(Value::Nothing) };
        let key = self.key_of(key);
        let array = self.array(crate::commands::lang::awk::code::Var::Global(number))?;
        Ok(if array.has(&key) {
            array.element(&key).cloned().unwrap_or(Value::Nothing)
        } else {
            Value::Nothing
        })
    }

    fn open(&mut self, p: &mut Proc, path: &[u8]) -> Answer<()> {
        match Reader::open(p, path) {
            Ok(reader) => {
                let name = Value::Text(self.meter.text(path));
                self.set_special(Special::Filename, name)?;
                self.set_special(Special::Fnr, Value::Number(0.0))?;
                self.input = Some(reader);
                Ok(())
            }
            Err(fault) => {
                let why = fault.text().as_bytes();
                Err(Stop::Fatal([b"cannot open ", path, b" (", why, b")"].concat()))
            }
        }
    }

    /// What is said of the place in the input with a run time error.
    pub(in crate::commands::lang::awk) fn place(&mut self) -> Vec<u8> {
        let file = self.special_text(Special::Filename);
        let (fnr, nr) = (self.special(Special::Fnr).number(), self.special(Special::Nr).number());
        let numbers = format!("\" FNR={fnr:.0} NR={nr:.0}");
        [b"\tFILENAME=\"", &file[..], numbers.as_bytes()].concat()
    }
}

fn got(record: Result<Option<Vec<u8>>, Fault>) -> Got {
    match record {
        Ok(Some(record)) => Got::Record(record),
        Ok(None) => Got::End,
        Err(_) => Got::Failed,
    }
}

fn seconds(p: &Proc) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds have few digits")]
    let seconds = crate::calendar::seconds(p.now()) as f64;
    seconds
}

/// `name=value`
pub(in crate::commands::lang::awk) fn assignment(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = word.iter().position(|&b| b == b'=')?;
    let (name, value) = word.split_at_checked(at)?;
    let begins = name.first().is_some_and(|&b| b.is_ascii_alphabetic() || b == b'_');
    let is_name = begins && name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((name, value.get(1..)?))
}

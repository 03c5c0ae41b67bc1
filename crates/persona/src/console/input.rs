//! What a byte of the peer means: to the line editor, to a program that reads, to one that asks for
//! a password.

use crate::console::{Console, Kind, Seen, State};
use crate::editor::Edited;
use crate::record::Recorder;
use crate::shell::LevelKind;
use crate::shell::run::Fed;
use crate::terminal::{Hidden, Typed};
use decnet_core::event::{Anomaly, Timestamp};
use decnet_core::limits::COMMAND_BYTES;

impl Console {
    pub(super) fn edit(&mut self, now: Timestamp, byte: u8, seen: Seen, rec: &mut Recorder<'_>) {
        if seen == Seen::No {
            rec.input(byte);
        }
        let edited = self.editor.byte(byte, &self.engine.shell.history, rec.output());
        self.work += self.editor.take_work();
        match edited {
            Edited::More => {}
            Edited::TooLong => {
                let line = self.editor.before_cursor();
                rec.anomaly(Anomaly::LineTooLong, &line);
            }
            Edited::Complete(again) => self.complete(again, rec),
            Edited::Interrupt => {
                self.partial.clear();
                self.engine.interrupt(130);
                self.prompt(rec);
            }
            Edited::EndOfInput => self.end_of_file(now, rec),
            Edited::Line(line) => {
                self.lines.extend(line.split(|&b| b == b'\n').map(<[u8]>::to_vec));
                self.next_lines(now, rec);
            }
        }
    }

    /// ^D at the prompt.
    pub(super) fn end_of_file(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        if !std::mem::take(&mut self.partial).is_empty() {
            let name = self.engine.shell.level().name();
            let text = format!(
                "{name}: unexpected EOF while looking for matching `''\n\
                 {name}: syntax error: unexpected end of file\n"
            );
            self.write(text.as_bytes(), rec);
            self.engine.shell.level().status = 2;
            self.prompt(rec);
            return;
        }
        let login = self.engine.shell.level().kind == LevelKind::Login;
        self.write(if login { b"logout\n" } else { b"exit\n" }, rec);
        self.engine.end_shell();
        self.state = State::Running;
        self.settle(now, rec);
    }

    pub(super) fn piped_line(
        &mut self,
        now: Timestamp,
        byte: u8,
        seen: Seen,
        rec: &mut Recorder<'_>,
    ) {
        if seen == Seen::No {
            rec.input(byte);
        }
        if byte == b'\n' {
            let line = std::mem::take(&mut self.partial);
            // What is open from the lines before stands in front of it.
            let begin = line.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
            self.partial = line.get(..begin).unwrap_or(&[]).to_vec();
            self.lines.push_back(line.get(begin..).unwrap_or(&[]).to_vec());
            self.next_lines(now, rec);
        } else if self.partial.len() < COMMAND_BYTES {
            self.partial.push(byte);
            if self.partial.len() == COMMAND_BYTES {
                rec.anomaly(Anomaly::LineTooLong, &[]);
            }
        }
    }

    pub(super) fn hidden_byte(&mut self, now: Timestamp, byte: u8, rec: &mut Recorder<'_>) {
        let (keys, led) = self.hidden.byte(byte);
        rec.hidden(keys);
        match led {
            Hidden::More => {}
            Hidden::Line(secret) => {
                self.engine.secret(now, secret);
                self.settle(now, rec);
            }
            Hidden::EndOfFile => {
                self.engine.end_of_file(now);
                self.settle(now, rec);
            }
            Hidden::Signal(status) => self.interrupt(now, status, rec),
        }
    }

    pub(super) fn cooked_byte(
        &mut self,
        now: Timestamp,
        byte: u8,
        seen: Seen,
        rec: &mut Recorder<'_>,
    ) {
        let mut unseen = Vec::new();
        let typed = if seen == Seen::No {
            rec.input(byte);
            self.line.byte(byte, rec.output())
        } else {
            self.line.byte(byte, &mut unseen)
        };
        match typed {
            Typed::More => {}
            Typed::TooLong => rec.anomaly(Anomaly::LineTooLong, &[]),
            Typed::Line(line) => {
                if self.engine.feed(&line) == Fed::Left {
                    self.keep_ahead(&line);
                }
                self.show(rec);
            }
            Typed::EndOfFile => {
                if self.paused() {
                    self.keep_ahead(&[byte]);
                } else {
                    self.engine.end_of_file(now);
                    self.settle(now, rec);
                }
            }
            Typed::Signal(status) => self.interrupt(now, status, rec),
        }
    }

    /// A signal key: the program ends, and so does an exec as a whole.
    pub(super) fn interrupt(&mut self, now: Timestamp, status: u32, rec: &mut Recorder<'_>) {
        self.engine.interrupt(status);
        self.lines.clear();
        self.ahead.clear();
        let text: &[u8] = match status {
            131 => b"Quit\n",
            148 => b"\n[1]+  Stopped\n",
            _ => b"\n",
        };
        if matches!(self.kind, Kind::Shell) {
            self.write(text, rec);
        }
        self.settle(now, rec);
    }
}

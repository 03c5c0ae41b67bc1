//! What a byte of the peer means: to the line editor, to a program that reads, to one that asks for
//! a password.

use crate::console::{Console, Kind, Seen};
use crate::editor::Edited;
use crate::kernel::{Answer, Signal};
use crate::record::Recorder;
use crate::terminal::{Hidden, Typed};
use decnet_core::event::{Anomaly, Timestamp};

impl Console {
    pub(super) fn edit(&mut self, now: Timestamp, byte: u8, seen: Seen, rec: &mut Recorder<'_>) {
        if seen == Seen::No {
            rec.input(byte);
        }
        let editor = &mut self.editor;
        let edited = self.world.with(|world| editor.byte(byte, &world.history, rec.output()));
        self.work += self.editor.take_work();
        match edited {
            Edited::More => {}
            Edited::TooLong => {
                let line = self.editor.before_cursor();
                rec.anomaly(Anomaly::LineTooLong, &line);
            }
            Edited::Complete(again) => self.complete(again, rec),
            Edited::Interrupt => self.answer(now, Answer::Interrupt, rec),
            Edited::EndOfInput => self.answer(now, Answer::EndOfFile, rec),
            Edited::Line(line) => self.answer(now, Answer::Line(line), rec),
        }
    }

    pub(super) fn hidden_byte(&mut self, now: Timestamp, byte: u8, rec: &mut Recorder<'_>) {
        let (keys, led) = self.hidden.byte(byte);
        rec.hidden(keys);
        match led {
            Hidden::More => {}
            Hidden::Line(mut secret) => {
                secret.0.push(b'\n');
                self.give(now, &secret.0, rec);
            }
            Hidden::EndOfFile => {
                self.world.with(|world| world.end_input());
                self.settle(now, rec);
            }
            Hidden::Signal(status) => self.interrupt(now, status, rec),
        }
    }

    /// A key for a program that reads each on its own.
    pub(super) fn raw_byte(&mut self, now: Timestamp, byte: u8, rec: &mut Recorder<'_>) {
        let modes = self.world.with(|world| world.tty.modes);
        rec.input(byte);
        if modes.echo {
            rec.output().push(byte);
        }
        match byte {
            3 if modes.isig => self.interrupt(now, 130, rec),
            0x1a if modes.isig => self.interrupt(now, 148, rec),
            0x1c if modes.isig => self.interrupt(now, 131, rec),
            b'\r' if modes.icrnl => self.give(now, b"\n", rec),
            byte => self.give(now, &[byte], rec),
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
            Typed::Line(line) => self.give(now, &line, rec),
            Typed::EndOfFile => {
                self.world.with(|world| world.end_input());
                self.settle(now, rec);
            }
            Typed::Signal(status) => self.interrupt(now, status, rec),
        }
    }

    /// A signal key: it is for the programs in the foreground.
    pub(super) fn interrupt(&mut self, now: Timestamp, status: u32, rec: &mut Recorder<'_>) {
        let signal = match status {
            131 => Signal::QUIT,
            148 => Signal::TSTP,
            _ => Signal::INT,
        };
        self.ahead.clear();
        self.world.with(|world| {
            world.input.clear();
            let group = world.tty.foreground;
            if group != 0 {
                world.signal_group(group, signal);
            } else {
                let first = self.first;
                let _ = first;
                let pids: Vec<u32> = world.table.keys().copied().collect();
                for pid in pids {
                    world.signal(pid, signal);
                }
            }
        });
        if matches!(self.kind, Kind::Exec(_)) {
            self.work += 1;
        }
        self.settle(now, rec);
    }
}

//! The options of `ls` that take one of a few words.
//!
//! **Invariant:** a word that is unknown is answered with those that are not.

use super::{
    BLOCK_SIZE, By, COLOR, FORMAT, INDICATOR, Mark, QUOTING, Quoting, SORT, Settings, Shape, TIME,
    TIME_STYLE, Time, Unit, has_colors,
};
use crate::commands::files::ls::color::Colors;
use crate::commands::files::ls::invalid;
use crate::commands::files::{quote as names, with_unit};
use crate::kernel::Proc;

impl Settings {
    pub(super) fn take_word(&mut self, p: &mut Proc, letter: u8, value: &[u8]) -> Result<(), u32> {
        let is = |words: &[&str]| words.iter().any(|word| word.as_bytes() == value);
        match letter {
            COLOR => {
                if is(&["", "always", "yes", "force"])
                    || is(&["auto", "tty", "if-tty"]) && p.is_terminal(1)
                {
                    let known = p.var("LS_COLORS").is_some() || has_colors(p);
                    self.color = known.then(|| Colors::read(p.var("LS_COLORS")));
                    self.tab = 0;
                } else if is(&["never", "no", "none", "auto", "tty", "if-tty"]) {
                    self.color = None;
                } else {
                    let valid = ["always yes force", "never no none", "auto tty if-tty"];
                    invalid(p, "--color", value, &valid);
                    return Err(1);
                }
            }
            BLOCK_SIZE => match value {
                b"human-readable" => self.blocks_unit = Unit::Human(1_024),
                b"si" => self.blocks_unit = Unit::Human(1_000),
                value => match with_unit(value, false).filter(|unit| *unit > 0) {
                    Some(unit) => {
                        let letter = value.first().copied().filter(|b| !b.is_ascii_digit());
                        let unit =
                            letter.map_or(Unit::Of(unit), |letter| Unit::Named(unit, letter));
                        (self.unit, self.blocks_unit) = (unit, unit);
                    }
                    None => {
                        let given = names::quote(p, value);
                        p.say(&[b"invalid --block-size argument ", &given]);
                        return Err(2);
                    }
                },
            },
            FORMAT => {
                self.shape = match value {
                    b"verbose" | b"long" => Shape::Long,
                    b"commas" => Shape::Commas,
                    b"horizontal" | b"across" => Shape::Rows,
                    b"vertical" => Shape::Columns,
                    b"single-column" => Shape::One,
                    _ => {
                        let valid = [
                            "verbose long",
                            "commas",
                            "horizontal across",
                            "vertical",
                            "single-column",
                        ];
                        invalid(p, "--format", value, &valid);
                        return Err(1);
                    }
                }
            }
            SORT => {
                self.by = match value {
                    b"none" => By::Nothing,
                    b"time" => By::Time,
                    b"size" => By::Size,
                    b"extension" => By::Extension,
                    b"version" => By::Version,
                    b"width" => By::Width,
                    _ => {
                        let valid = ["none", "time", "size", "extension", "version", "width"];
                        invalid(p, "--sort", value, &valid);
                        return Err(1);
                    }
                }
            }
            TIME => {
                self.time = match value {
                    b"atime" | b"access" | b"use" => Time::Accessed,
                    b"ctime" | b"status" => Time::Altered,
                    b"mtime" | b"modification" => Time::Changed,
                    b"birth" | b"creation" => Time::Born,
                    _ => {
                        let valid = [
                            "atime access use",
                            "ctime status",
                            "mtime modification",
                            "birth creation",
                        ];
                        invalid(p, "--time", value, &valid);
                        return Err(1);
                    }
                }
            }
            // Only looked at where dates are shown.
            TIME_STYLE => self.style = Some(value.to_vec()),
            INDICATOR => {
                self.mark = match value {
                    b"slash" => Mark::Slash,
                    b"file-type" => Mark::Types,
                    b"classify" => Mark::All,
                    _ => Mark::None,
                }
            }
            QUOTING => {
                self.quoting = match value {
                    b"literal" => Quoting::Literal,
                    b"shell" | b"shell-escape" => Quoting::Maybe,
                    b"shell-always" | b"shell-escape-always" => Quoting::Always,
                    b"c" | b"c-maybe" => Quoting::C,
                    b"escape" => Quoting::Escape,
                    b"locale" | b"clocale" => Quoting::Locale,
                    _ => {
                        let valid = [
                            "literal",
                            "shell",
                            "shell-always",
                            "shell-escape",
                            "shell-escape-always",
                            "c",
                            "c-maybe",
                            "escape",
                            "locale",
                            "clocale",
                        ];
                        invalid(p, "--quoting-style", value, &valid);
                        return Err(1);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn time_style(&mut self, p: &mut Proc, value: &[u8]) -> Result<(), u32> {
        let value = value.strip_prefix(b"posix-").unwrap_or(value);
        let pair: [&[u8]; 2] = match value {
            b"full-iso" => [b"%Y-%m-%d %H:%M:%S.%N %z"; 2],
            b"long-iso" => [b"%Y-%m-%d %H:%M"; 2],
            b"iso" => [b"%Y-%m-%d ", b"%m-%d %H:%M"],
            b"locale" => [b"%b %e  %Y", b"%b %e %H:%M"],
            [b'+', format @ ..] => {
                let mut both = format.splitn(2, |&b| b == b'\n');
                let old = both.next().unwrap_or_default();
                [old, both.next().unwrap_or(old)]
            }
            _ => {
                let (given, option) = (names::quote(p, value), names::quote(p, b"time style"));
                p.say(&[b"invalid argument ", &given, b" for ", &option]);
                p.error("Valid arguments are:");
                for line in [
                    "[posix-]full-iso",
                    "[posix-]long-iso",
                    "[posix-]iso",
                    "[posix-]locale",
                    "+FORMAT (e.g., +%H:%M) for a 'date'-style format",
                ] {
                    p.error(format!("  - {line}"));
                }
                p.try_help();
                return Err(2);
            }
        };
        self.formats = pair.map(<[u8]>::to_vec);
        Ok(())
    }
}

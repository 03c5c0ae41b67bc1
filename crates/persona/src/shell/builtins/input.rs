//! `read`, `mapfile`, `getopts`.

use crate::shell::{Shell, Value};
use decnet_core::event::Timestamp;

/// Bytes of one line that `read` takes.
const LINE_BYTES: usize = 1 << 20;

impl Shell {
    pub(super) async fn read_builtin(&mut self, args: &[Vec<u8>]) {
        let (mut raw, mut silent, mut array, mut prompt) = (false, false, None, None);
        let (mut end, mut most, mut fd, mut timeout) = (b'\n', usize::MAX, 0, None);
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut all = args.iter();
        while let Some(arg) = all.next() {
            let Some(letters) =
                arg.strip_prefix(b"-").filter(|rest| !rest.is_empty() && names.is_empty())
            else {
                names.push(arg.clone());
                continue;
            };
            let mut rest = letters;
            while let Some((letter, more)) = rest.split_first() {
                rest = more;
                match letter {
                    b'r' => raw = true,
                    b's' => silent = true,
                    b'e' => {}
                    b'a' | b'p' | b'd' | b'n' | b'N' | b't' | b'u' | b'i' => {
                        let value = if rest.is_empty() {
                            all.next().cloned().unwrap_or_default()
                        } else {
                            std::mem::take(&mut rest).to_vec()
                        };
                        let number = std::str::from_utf8(&value)
                            .ok()
                            .and_then(|text| text.parse::<f64>().ok());
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "saturates"
                        )]
                        match letter {
                            b'a' => array = Some(value),
                            b'p' => prompt = Some(value),
                            b'd' => end = value.first().copied().unwrap_or(0),
                            b'n' | b'N' => most = number.unwrap_or(0.0) as usize,
                            b'u' => fd = number.unwrap_or(0.0) as u32,
                            b't' => timeout = number,
                            _ => {}
                        }
                    }
                    other => {
                        let text = if self.kind.dash {
                            [b"read: Illegal option -", &[*other][..]].concat()
                        } else {
                            [b"read: -", &[*other][..], b": invalid option"].concat()
                        };
                        self.complain(text);
                        self.status = 2;
                        return;
                    }
                }
            }
        }
        let terminal = self.p.is_terminal(fd);
        if let (Some(prompt), true) = (prompt, terminal) {
            self.p.put(2, &prompt);
        }
        self.flush().await;
        if silent && terminal {
            self.p.world.with(|world| world.tty.modes.echo = false);
        }
        let few = most != usize::MAX && terminal;
        if few {
            self.p.world.with(|world| world.tty.modes.icanon = false);
        }
        let (line, complete) = match timeout {
            Some(0.0) => (Vec::new(), true),
            timeout => self.take_line(fd, end, most, raw, timeout).await,
        };
        if (silent || few) && terminal {
            self.p.world.with(|world| world.tty.modes = crate::kernel::Modes::COOKED);
        }
        self.status = u32::from(!complete);
        self.share(line, array, names);
    }

    /// A line, with what a backslash quoted marked; and whether its end came.
    async fn take_line(
        &mut self,
        fd: u32,
        end: u8,
        most: usize,
        raw: bool,
        timeout: Option<f64>,
    ) -> (Vec<(bool, u8)>, bool) {
        let mut line = Vec::new();
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let until = timeout.map(|seconds| self.p.now().0.saturating_add((seconds * 1e9) as i64));
        let mut quoted = false;
        loop {
            if line.len() >= most.min(LINE_BYTES) {
                return (line, true);
            }
            let bytes = match until {
                Some(until) => match self.p.read_until(fd, 1, Timestamp(until)).await {
                    Some(bytes) => bytes.unwrap_or_default(),
                    None => return (line, false),
                },
                None if end == b'\n' && most == usize::MAX => {
                    self.p.read_line(fd, LINE_BYTES).await.unwrap_or_default()
                }
                None => self.p.read(fd, 1).await.unwrap_or_default(),
            };
            if bytes.is_empty() {
                return (line, false);
            }
            for byte in bytes {
                if std::mem::take(&mut quoted) {
                    if byte != b'\n' {
                        line.push((true, byte));
                    }
                } else if byte == b'\\' && !raw {
                    quoted = true;
                } else if byte == end {
                    return (line, true);
                } else if byte != 0 {
                    line.push((false, byte));
                }
            }
        }
    }

    /// Shares a line out among variables.
    fn share(&mut self, line: Vec<(bool, u8)>, array: Option<Vec<u8>>, names: Vec<Vec<u8>>) {
        let ifs = self.text(b"IFS").unwrap_or(b" \t\n").to_vec();
        let separates = |it: &(bool, u8)| !it.0 && ifs.contains(&it.1);
        let blank = |it: &(bool, u8)| separates(it) && b" \t\n".contains(&it.1);
        let text = |part: &[(bool, u8)]| part.iter().map(|(_, byte)| *byte).collect::<Vec<u8>>();
        if array.is_none() && names.is_empty() {
            let _ = self.assign(b"REPLY", None, text(&line), false);
            return;
        }
        let mut rest = line.as_slice();
        let skip = |rest: &mut &[(bool, u8)]| {
            let blanks = rest.iter().take_while(|it| blank(it)).count();
            *rest = rest.get(blanks..).unwrap_or_default();
        };
        let mut words = Vec::new();
        let count = if array.is_some() { usize::MAX } else { names.len() };
        skip(&mut rest);
        while !rest.is_empty() {
            if words.len() + 1 == count {
                let blanks = rest.iter().rev().take_while(|it| blank(it)).count();
                let mut last = rest.get(..rest.len() - blanks).unwrap_or_default();
                // One separator behind the last word alone does not count.
                if let Some((end, before)) = last.split_last()
                    && separates(end)
                    && !before.iter().any(separates)
                {
                    last = before;
                }
                words.push(text(last));
                break;
            }
            let end = rest.iter().position(separates).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            words.push(text(word));
            rest = behind;
            skip(&mut rest);
            if rest.first().is_some_and(|it| separates(it) && !blank(it)) {
                rest = rest.get(1..).unwrap_or_default();
                skip(&mut rest);
            }
        }
        if let Some(name) = array {
            let value = Value::Indexed((0..).zip(words).collect());
            self.variables.entry(name).or_default().value = value;
            return;
        }
        let mut words = words.into_iter();
        for name in names {
            if let Err(why) = self.assign(&name, None, words.next().unwrap_or_default(), false) {
                self.complain([b"read: ", why.as_slice()].concat());
                self.status = 1;
            }
        }
    }

    pub(super) async fn mapfile(&mut self, args: &[Vec<u8>]) {
        let strips = args.iter().any(|arg| arg == b"-t");
        let name = args
            .iter()
            .rev()
            .find(|arg| !arg.starts_with(b"-"))
            .cloned()
            .unwrap_or_else(|| b"MAPFILE".to_vec());
        let mut all = std::collections::BTreeMap::new();
        let mut at = 0;
        loop {
            let mut line = self.p.read_line(0, LINE_BYTES).await.unwrap_or_default();
            if line.is_empty() || all.len() >= 16_384 {
                break;
            }
            if strips && line.ends_with(b"\n") {
                line.pop();
            }
            all.insert(at, line);
            at += 1;
        }
        self.variables.entry(name).or_default().value = Value::Indexed(all);
        self.status = 0;
    }

    pub(super) fn getopts(&mut self, args: &[Vec<u8>]) {
        let (Some(options), Some(name)) = (args.first(), args.get(1)) else {
            self.p.error("getopts: usage: getopts optstring name [arg ...]");
            self.status = 2;
            return;
        };
        let params = if args.len() > 2 {
            args.get(2..).unwrap_or_default().to_vec()
        } else {
            self.params.clone()
        };
        let mut at: usize = self
            .text(b"OPTIND")
            .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
            .unwrap_or(1);
        if at <= 1 && self.letter == 0 {
            at = 1;
        }
        let silent = options.starts_with(b":");
        let arg = params.get(at - 1).cloned().unwrap_or_default();
        if !arg.starts_with(b"-") || arg.len() < 2 || arg == b"--" {
            if arg == b"--" {
                at += 1;
            }
            self.letter = 0;
            let _ = self.assign(name, None, b"?".to_vec(), false);
            self.put(b"OPTIND", at.to_string().into_bytes(), false);
            self.status = 1;
            return;
        }
        let place = self.letter.max(1);
        let letter = arg.get(place).copied().unwrap_or(b'?');
        let mut next = if place + 1 < arg.len() { (at, place + 1) } else { (at + 1, 0) };
        let found = options.iter().position(|b| *b == letter && letter != b':');
        let mut said = letter;
        self.variables.remove(&b"OPTARG"[..]);
        match found {
            None => {
                said = b'?';
                if silent {
                    self.put(b"OPTARG", vec![letter], false);
                } else {
                    let own = self.name.clone();
                    self.p.error([own.as_slice(), b": illegal option -- ", &[letter]].concat());
                }
            }
            Some(index) if options.get(index + 1) == Some(&b':') => {
                let value = if place + 1 < arg.len() {
                    arg.get(place + 1..).map(<[u8]>::to_vec)
                } else {
                    params.get(at).cloned()
                };
                next = if place + 1 < arg.len() { (at + 1, 0) } else { (at + 2, 0) };
                match value {
                    Some(value) => self.put(b"OPTARG", value, false),
                    None => {
                        said = if silent { b':' } else { b'?' };
                        if silent {
                            self.put(b"OPTARG", vec![letter], false);
                        } else {
                            let own = self.name.clone();
                            self.p.error(
                                [own.as_slice(), b": option requires an argument -- ", &[letter]]
                                    .concat(),
                            );
                        }
                    }
                }
            }
            Some(_) => {}
        }
        self.letter = next.1;
        self.put(b"OPTIND", next.0.to_string().into_bytes(), false);
        let _ = self.assign(name, None, vec![said], false);
        self.status = 0;
    }
}

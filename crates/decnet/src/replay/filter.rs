//! What of a recording may reach the operator's terminal: an allow list.
//!
//! **Invariant:** everything that leaves is printable text, a line feed, carriage return, tab or
//! backspace, or a control sequence `ESC [ digits ; … letter` whose letter is in [`FINALS`]. Titles,
//! clipboard, queries that a terminal answers, modes, resets, character sets and C1 never pass,
//! however they are split over events.

/// Lets through what a terminal may be shown. Keeps its place between pieces of output.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    state: State,
    parameters: String,
    /// Characters swallowed in a string, so that one without end does not hide everything.
    swallowed: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Text.
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate: one final character to come.
    EscapeRest,
    /// In a control sequence that may still pass.
    Control,
    /// In a control sequence that does not pass.
    ControlDropped,
    /// In a string (OSC, DCS, SOS, PM, APC): dropped to its end.
    String,
    /// After ESC in a string.
    StringEscape,
}

impl Filter {
    /// The part of `text` that may be shown.
    pub(crate) fn pass(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for c in text.chars() {
            self.step(c, &mut shown);
        }
        shown
    }

    fn step(&mut self, c: char, shown: &mut String) {
        match self.state {
            State::String => self.string(c),
            State::StringEscape if c == '\\' => self.state = State::Ground,
            State::StringEscape => {
                // Not the end of the string, but the begin of another sequence.
                self.state = State::Escape;
                self.step(c, shown);
            }
            State::Ground => self.ground(c, shown),
            // Controls inside a sequence act as outside of it; CAN and SUB give it up.
            _ if c == '\x18' || c == '\x1a' => self.state = State::Ground,
            _ if c.is_control() => self.ground(c, shown),
            State::Escape => self.escape(c),
            State::EscapeRest => {
                if !matches!(c, ' '..='/') {
                    self.state = State::Ground;
                }
            }
            State::Control => self.control(c, shown),
            State::ControlDropped => {
                if !matches!(c, ' '..='?') {
                    self.state = State::Ground;
                }
            }
        }
    }

    fn ground(&mut self, c: char, shown: &mut String) {
        match c {
            '\x1b' => self.state = State::Escape,
            '\u{9b}' => self.begin_control(),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => self.begin_string(),
            '\n' | '\r' | '\t' | '\x08' => shown.push(c),
            _ if crate::output::is_unsafe(c) => {}
            _ => shown.push(c),
        }
    }

    fn escape(&mut self, c: char) {
        match c {
            '[' => self.begin_control(),
            ']' | 'P' | 'X' | '^' | '_' => self.begin_string(),
            ' '..='/' => self.state = State::EscapeRest,
            _ => self.state = State::Ground,
        }
    }

    fn begin_control(&mut self) {
        self.parameters.clear();
        self.state = State::Control;
    }

    fn begin_string(&mut self) {
        self.swallowed = 0;
        self.state = State::String;
    }

    fn control(&mut self, c: char, shown: &mut String) {
        match c {
            '0'..='9' | ';' if self.parameters.len() < PARAMETER_BYTES => self.parameters.push(c),
            ' '..='?' => self.state = State::ControlDropped,
            _ => {
                self.state = State::Ground;
                if FINALS.contains(&c) && self.is_harmless(c) {
                    shown.push_str("\x1b[");
                    shown.push_str(&self.parameters);
                    shown.push(c);
                }
            }
        }
    }

    fn is_harmless(&self, last: char) -> bool {
        let mut numbers = self.parameters.split(';');
        match last {
            // `ESC [ 3 J` erases what the operator's terminal has scrolled away.
            'J' => matches!(self.parameters.as_str(), "" | "0" | "1" | "2"),
            _ => numbers.all(|number| number.len() <= 4),
        }
    }

    fn string(&mut self, c: char) {
        self.swallowed += 1;
        match c {
            '\x1b' => self.state = State::StringEscape,
            '\x07' | '\x18' | '\x1a' | '\u{9c}' => self.state = State::Ground,
            _ if self.swallowed >= STRING_CHARS => self.state = State::Ground,
            _ => {}
        }
    }
}

/// Last letters of the sequences that pass: cursor movement, erasing and shifting of cells, colours
/// and attributes.
pub(crate) const FINALS: &[char] = &[
    '@', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'P', 'X', '`', 'a', 'd', 'e',
    'f', 'm',
];

/// Attributes off: what a replay leaves behind.
pub(crate) const RESET: &str = "\x1b[0m";

const PARAMETER_BYTES: usize = 64;
const STRING_CHARS: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pass(text: &str) -> String {
        Filter::default().pass(text)
    }

    #[test]
    fn what_a_shell_prints_passes() {
        for text in [
            "root@srv:~# ls\r\n",
            "\x1b[01;34mbin\x1b[0m\tetc\r\n",
            "ab\x08\x08\x1b[K",
            "\x1b[2J\x1b[H\x1b[10;20Hx",
            "\x1b[38;5;208mü日\x1b[m",
            "\x1b[1@\x1b[3P",
        ] {
            assert_eq!(pass(text), text);
        }
    }

    #[test]
    fn what_would_act_on_the_terminal_does_not() {
        let check = |text: &str, shown: &str| assert_eq!(pass(text), shown, "{text:?}");
        check("a\x1b]0;title\x07b", "ab");
        check("a\x1b]52;c;cm0gLXJm\x1b\\b", "ab");
        check("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb");
        check("a\u{9d}0;title\u{9c}b", "ab");
        check("a\x1bP+q544e\x1b\\b", "ab");
        check("a\x1b_Gi=1\x1b\\\x1b^x\x1b\\\x1bXy\x1b\\b", "ab");
        check("a\x1b[6n\x1b[c\x1b[>0c\x1b[5n\x1b[18t\x1b[?1$pb", "ab");
        check("a\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[4h\x1b[r\x1b[sb", "ab");
        check("a\x1bc\x1b7\x1b8\x1b=\x1b#8\x1b(0\x1b%Gb\x0e\x0f\x05\x07", "ab");
        check("a\x1b[3Jb", "ab");
        check("a\u{9b}31mb\u{9b}6nc", "a\x1b[31mbc");
        check("a\u{202e}\u{200b}b\u{85}", "ab");
        check("a\x1b[12\x1b[6nb", "ab");
        check("\x1b[1\r\n2m", "\r\n\x1b[12m");
        check("\x1b[99999Cx", "x");
        check("a\x1b]0;t\x1b[31mb", "a\x1b[31mb");
    }

    #[test]
    fn a_string_without_end_does_not_hide_everything() {
        let text = format!("\x1b]0;{}end", "x".repeat(STRING_CHARS));
        assert!(pass(&text).ends_with("end"));
    }

    /// Whether `text` holds nothing but what the invariant names.
    fn is_clean(text: &str) -> bool {
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\n' | '\r' | '\t' | '\x08' => {}
                '\x1b' => {
                    if rest.next() != Some('[') {
                        return false;
                    }
                    while rest.next_if(|c| c.is_ascii_digit() || *c == ';').is_some() {}
                    if !rest.next().is_some_and(|last| FINALS.contains(&last)) {
                        return false;
                    }
                }
                _ if c.is_control() => return false,
                _ => {}
            }
        }
        true
    }

    /// Text in which sequences are likely.
    fn hostile() -> impl Strategy<Value = String> {
        let parts = prop_oneof![
            Just("\x1b".to_owned()),
            Just("\x1b[".to_owned()),
            Just("\u{9b}".to_owned()),
            "[\\]PX^_?>;0-9$ -/@-~]{1,4}",
            "[\\x00-\\x1f\\x7f-\\u{9f}]{1,2}",
            any::<String>(),
        ];
        proptest::collection::vec(parts, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_sequence_outside_of_the_list_passes(text in hostile()) {
            let shown = pass(&text);
            prop_assert!(is_clean(&shown), "{shown:?}");
        }

        #[test]
        fn how_output_is_split_does_not_matter(text in hostile(), at in 0_usize..200) {
            let mut filter = Filter::default();
            let first: String = text.chars().take(at).collect();
            let rest: String = text.chars().skip(at).collect();
            let split = filter.pass(&first) + &filter.pass(&rest);
            prop_assert_eq!(split, pass(&text));
        }
    }
}

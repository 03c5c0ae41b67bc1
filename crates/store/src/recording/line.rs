//! One event as a line, and bytes as text that a line can hold.
//!
//! **Invariant:** a character is in one piece even where its bytes were not; a byte that is part of
//! no character becomes U+FFFD, as it does in a terminal. The journal has the bytes.

/// A stream of bytes becoming text.
#[derive(Default)]
pub(super) struct Text {
    /// The begin of a character whose end has not come.
    begun: Vec<u8>,
}

impl Text {
    /// The characters that are complete with these bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    break;
                }
                Err(error) => {
                    let (valid, broken) = rest.split_at(error.valid_up_to());
                    text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.begun = broken.to_vec();
                        break;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = broken.get(length..).unwrap_or_default();
                }
            }
        }
        text
    }

    /// What is left when nothing more comes.
    pub(super) fn rest(&mut self) -> String {
        if std::mem::take(&mut self.begun).is_empty() {
            String::new()
        } else {
            char::REPLACEMENT_CHARACTER.to_string()
        }
    }
}

/// `[seconds, "code", "text"]` and a line's end.
pub(super) fn line(at_us: u64, code: char, text: &str) -> String {
    // Text is always JSON.
    let data = serde_json::to_string(text).unwrap_or_default();
    format!("[{}.{:06}, \"{code}\", {data}]\n", at_us / 1_000_000, at_us % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_what_players_read() {
        assert_eq!(
            line(1_000_042, 'o', "a\r\n\u{1b}\""),
            "[1.000042, \"o\", \"a\\r\\n\\u001b\\\"\"]\n"
        );
    }

    #[test]
    fn stray_bytes_are_replaced_and_begun_characters_kept() {
        let mut text = Text::default();
        assert_eq!(text.take(b"a\xff\xc3"), "a\u{fffd}");
        assert_eq!(text.take(b"\xbc!"), "\u{fc}!");
        assert_eq!(text.take(b"\xe2\x82"), "");
        assert_eq!(text.rest(), "\u{fffd}");
        assert_eq!(text.rest(), "");
    }

    proptest! {
        #[test]
        fn where_reads_end_does_not_matter(bytes: Vec<u8>, at in 0..64_usize) {
            let mut whole = Text::default();
            let expected = whole.take(&bytes) + &whole.rest();
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            let mut split = Text::default();
            let text = split.take(first) + &split.take(second) + &split.rest();
            prop_assert_eq!(text, expected);
        }
    }
}

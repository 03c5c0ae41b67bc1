//! `true`, `false`, `yes`, `sleep`.

use crate::commands::{COREUTILS, Program};
use crate::kernel::Proc;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("true", |_| Box::pin(async { 0 }), 35_664, COREUTILS),
    Program::new("false", |_| Box::pin(async { 1 }), 35_664, COREUTILS),
    Program::new("sleep", |p| Box::pin(sleep(p)), 43_888, COREUTILS),
    Program::new("yes", |p| Box::pin(yes(p)), 43_888, COREUTILS),
];

async fn yes(p: &mut Proc) -> u32 {
    let words = p.rest();
    let mut line = if words.is_empty() { b"y".to_vec() } else { words.join(&b' ') };
    line.push(b'\n');
    let block = line.repeat((8_192 / line.len()).max(1));
    loop {
        p.print(&block);
        p.flush().await;
    }
}

async fn sleep(p: &mut Proc) -> u32 {
    let words = p.rest();
    if words.is_empty() {
        p.error("sleep: missing operand");
        p.try_help();
        return 1;
    }
    let mut total = 0_f64;
    let mut status = 0;
    for word in words {
        match duration(&word) {
            Some(seconds) => total += seconds,
            None => {
                let text = [b"sleep: invalid time interval '", word.as_slice(), b"'"].concat();
                p.error(text);
                status = 1;
            }
        }
    }
    if status != 0 {
        p.try_help();
        return status;
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
    p.sleep((total * 1e9) as i64).await;
    0
}

/// Seconds of `1.5`, `2m`, `1h`, `infinity`.
pub(crate) fn duration(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let (number, unit) = match text.as_bytes().last()? {
        b's' => (text.get(..text.len() - 1)?, 1.0),
        b'm' => (text.get(..text.len() - 1)?, 60.0),
        b'h' => (text.get(..text.len() - 1)?, 3_600.0),
        b'd' => (text.get(..text.len() - 1)?, 86_400.0),
        _ => (text, 1.0),
    };
    let number: f64 = number.trim().parse().ok()?;
    (number >= 0.0).then_some(number * unit)
}

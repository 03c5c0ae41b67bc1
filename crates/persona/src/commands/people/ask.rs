//! Questions on the terminal or a pipe, as PAM asks them.
//!
//! **Invariant:** while a secret is asked for, the terminal does not echo, and it echoes again
//! however that ends.

use crate::kernel::{Handle, Proc};
use decnet_core::limits::PASSWORD_BYTES;

/// Whether what is typed is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    On,
    Off,
}

/// The terminal without echo, until it is dropped.
struct Silence(Handle);

impl Silence {
    fn new(p: &Proc) -> Self {
        p.world.with(|world| world.tty.modes.echo = false);
        Self(p.world.clone())
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.0.with(|world| world.tty.modes.echo = true);
    }
}

/// Asks on standard error and reads one line of standard input, without its end. `None` at the end
/// of the input.
pub(crate) async fn ask(p: &mut Proc, question: &[u8], echo: Echo) -> Option<Vec<u8>> {
    p.put(2, question);
    let hidden = echo == Echo::Off && p.is_terminal(0);
    let silence = hidden.then(|| Silence::new(p));
    let line = p.read_line(0, PASSWORD_BYTES).await.unwrap_or_default();
    drop(silence);
    if hidden {
        p.put(2, b"\n");
    }
    if line.is_empty() {
        return None;
    }
    Some(line.strip_suffix(b"\n").unwrap_or(&line).to_vec())
}

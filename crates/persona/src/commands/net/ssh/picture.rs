//! The picture of a fingerprint: the way of a drunken bishop.
//!
//! **Invariant:** the same hash gives the same picture as OpenSSH's.

use sha2::{Digest, Sha256};

const WIDTH: usize = 17;
const HEIGHT: usize = 9;
const SIGNS: &[u8] = b" .o+=*BOX@%&#/^SE";

/// The picture of a public key, with its frame; `title` is like `RSA 3072`.
pub(super) fn picture(blob: &[u8], title: &str) -> String {
    let hash = Sha256::digest(blob);
    let mut field = [[0_usize; WIDTH]; HEIGHT];
    let last = SIGNS.len() - 1;
    let (mut x, mut y) = (WIDTH / 2, HEIGHT / 2);
    for byte in hash {
        let mut steps = byte;
        for _ in 0..4 {
            x = if steps & 1 == 1 { (x + 1).min(WIDTH - 1) } else { x.saturating_sub(1) };
            y = if steps & 2 == 2 { (y + 1).min(HEIGHT - 1) } else { y.saturating_sub(1) };
            if let Some(place) = field.get_mut(y).and_then(|row| row.get_mut(x))
                && *place < last - 2
            {
                *place += 1;
            }
            steps >>= 2;
        }
    }
    for (row, column, sign) in [(HEIGHT / 2, WIDTH / 2, last - 1), (y, x, last)] {
        if let Some(place) = field.get_mut(row).and_then(|row| row.get_mut(column)) {
            *place = sign;
        }
    }
    let mut text = frame(&format!("[{title}]"));
    for row in field {
        let signs: String =
            row.iter().map(|at| char::from(SIGNS.get(*at).copied().unwrap_or(b' '))).collect();
        text.push_str(&format!("|{signs}|\n"));
    }
    text.push_str(&frame("[SHA256]"));
    text
}

/// A line of the frame with a title in its middle.
fn frame(title: &str) -> String {
    let before = WIDTH.saturating_sub(title.len()) / 2;
    let behind = WIDTH.saturating_sub(title.len() + before);
    format!("+{}{title}{}+\n", "-".repeat(before), "-".repeat(behind))
}

#[test]
fn pictures_are_those_of_openssh() {
    use base64::Engine;
    let key = "AAAAC3NzaC1lZDI1NTE5AAAAIMnAtZaO7Iq27p9WpurB2LpUTysrV0ucnQwspNpcP6lG";
    let blob = base64::engine::general_purpose::STANDARD.decode(key).expect("a key");
    assert_eq!(
        picture(&blob, "ED25519 256"),
        "+--[ED25519 256]--+
|..o*. .   ..  .o |
|.==.+. . oo . . +|
|.ooo .  + .o . oo|
|+ . o .o .      E|
|o+ + +. S        |
|. o +oo.         |
| . ...B.         |
|  . .* +o        |
|  .o  o.+o       |
+----[SHA256]-----+
"
    );
}

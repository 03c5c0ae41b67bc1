//! Passwords as /etc/shadow keeps them: what `crypt` makes of them.
//!
//! **Invariant:** the same password and setting give the same text, and what MD5 and SHA settings
//! give is what every Linux gives. What yescrypt would give takes memory that a decoy has no use
//! for: it is a text of the same form here, that only this machine can make.

use crate::machine::Dice;
use decnet_core::limits::{CRYPT_ROUNDS, PASSWORD_BYTES};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

/// How a password is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Md5,
    /// What Apache and OpenSSL call apr1.
    Apache,
    Sha256,
    Sha512,
    Yescrypt,
}

const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Method {
    fn prefix(self) -> &'static str {
        match self {
            Self::Md5 => "$1$",
            Self::Apache => "$apr1$",
            Self::Sha256 => "$5$",
            Self::Sha512 => "$6$",
            Self::Yescrypt => "$y$j9T$",
        }
    }

    fn salt_letters(self) -> usize {
        match self {
            Self::Md5 | Self::Apache => 8,
            Self::Sha256 | Self::Sha512 => 16,
            Self::Yescrypt => 22,
        }
    }

    /// A setting with a salt of its own.
    pub(crate) fn setting(self, dice: &mut Dice) -> Vec<u8> {
        let mut setting = self.prefix().as_bytes().to_vec();
        setting.extend(letters(dice, self.salt_letters()));
        setting
    }
}

/// So many random letters of those that salts are made of.
pub(crate) fn letters(dice: &mut Dice, count: usize) -> Vec<u8> {
    (0..count).map(|_| letter(dice.roll())).collect()
}

fn letter(number: u64) -> u8 {
    usize::try_from(number & 63).ok().and_then(|at| LETTERS.get(at)).copied().unwrap_or(b'.')
}

/// What is kept of a password under a setting (what is kept already is one too). `None` for
/// settings that nothing comes out of.
pub(crate) fn crypt(password: &[u8], setting: &[u8]) -> Option<Vec<u8>> {
    let password = password.get(..PASSWORD_BYTES).unwrap_or(password);
    for method in [Method::Md5, Method::Apache, Method::Sha256, Method::Sha512, Method::Yescrypt] {
        let Some(rest) = setting.strip_prefix(method.prefix().as_bytes()) else { continue };
        let mut parts = rest.split(|&b| b == b'$');
        let salt = parts.next().unwrap_or_default();
        return match method {
            Method::Md5 | Method::Apache => Some(md5_crypt(password, salt, method)),
            Method::Sha256 | Method::Sha512 => {
                let rounds = salt.strip_prefix(b"rounds=");
                let salt = if rounds.is_some() { parts.next().unwrap_or_default() } else { salt };
                sha_crypt(password, salt, rounds, method)
            }
            Method::Yescrypt => Some(like_yescrypt(password, salt)),
        };
    }
    None
}

fn like_yescrypt(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::digest([b"yescrypt", salt, b"$", password].concat());
    for _ in 0..64 {
        let again = [hash.as_slice(), salt, password].concat();
        hash = Sha256::digest(again);
    }
    let mut text = [Method::Yescrypt.prefix().as_bytes(), salt, b"$"].concat();
    for three in hash.chunks(3) {
        let number = three.iter().rev().fold(0, |number, &b| number << 8 | u32::from(b));
        encode(&mut text, number, three.len() + 1);
    }
    text
}

fn encode(text: &mut Vec<u8>, mut number: u32, letters: usize) {
    for _ in 0..letters {
        text.push(letter(u64::from(number)));
        number >>= 6;
    }
}

/// Three bytes of a hash as four letters, by their places.
fn encode_places(text: &mut Vec<u8>, hash: &[u8], places: [usize; 3]) {
    let number = places
        .iter()
        .fold(0, |number, at| number << 8 | u32::from(hash.get(*at).copied().unwrap_or(0)));
    encode(text, number, 4);
}

fn md5_crypt(password: &[u8], salt: &[u8], method: Method) -> Vec<u8> {
    let salt = salt.get(..8).unwrap_or(salt);
    let prefix = method.prefix().as_bytes();
    let inner = Md5::digest([password, salt, password].concat());
    let mut first = [password, prefix, salt].concat();
    first.extend(inner.iter().cycle().take(password.len()));
    let mut bits = password.len();
    while bits > 0 {
        let byte = if bits & 1 == 1 { 0 } else { password.first().copied().unwrap_or(0) };
        first.push(byte);
        bits >>= 1;
    }
    let mut hash = Md5::digest(first);
    for round in 0..1_000 {
        let mut next = Md5::new();
        next.update(if round & 1 == 1 { password } else { hash.as_slice() });
        next.update(if round % 3 == 0 { &[][..] } else { salt });
        next.update(if round % 7 == 0 { &[][..] } else { password });
        next.update(if round & 1 == 1 { hash.as_slice() } else { password });
        hash = next.finalize();
    }
    let mut text = [prefix, salt, b"$"].concat();
    for places in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        encode_places(&mut text, &hash, places);
    }
    encode(&mut text, hash.get(11).copied().unwrap_or(0).into(), 2);
    text
}

fn sha_crypt(
    password: &[u8],
    salt: &[u8],
    rounds: Option<&[u8]>,
    method: Method,
) -> Option<Vec<u8>> {
    let salt = salt.get(..16).unwrap_or(salt);
    let mut text = method.prefix().as_bytes().to_vec();
    let count = match rounds {
        None => 5_000,
        Some(digits) => {
            let count: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
            let count = count.max(1_000);
            text.extend(format!("rounds={count}$").as_bytes());
            count
        }
    };
    if count > CRYPT_ROUNDS {
        return None;
    }
    text.extend([salt, b"$"].concat());
    if method == Method::Sha256 {
        let hash = sha_rounds::<Sha256>(password, salt, count);
        let mut places = [0, 10, 20];
        for _ in 0..10 {
            encode_places(&mut text, &hash, places);
            let [a, b, c] = places;
            places = [c + 1, a + 1, b + 1];
        }
        let at = |place| u32::from(hash.get(place).copied().unwrap_or(0));
        encode(&mut text, at(31) << 8 | at(30), 3);
    } else {
        let hash = sha_rounds::<Sha512>(password, salt, count);
        let mut places = [0, 21, 42];
        for _ in 0..21 {
            encode_places(&mut text, &hash, places);
            let [a, b, c] = places;
            places = [b + 1, c + 1, a + 1];
        }
        encode(&mut text, hash.get(63).copied().unwrap_or(0).into(), 2);
    }
    Some(text)
}

fn sha_rounds<D: Digest>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let length = password.len();
    let inner = D::digest([password, salt, password].concat());
    let mut first = [password, salt].concat();
    first.extend(inner.iter().cycle().take(length));
    let mut bits = length;
    while bits > 0 {
        first.extend_from_slice(if bits & 1 == 1 { inner.as_slice() } else { password });
        bits >>= 1;
    }
    let mut hash = D::digest(first);
    let long_password = D::digest(password.repeat(length));
    let long_password: Vec<u8> = long_password.iter().copied().cycle().take(length).collect();
    let times = 16 + usize::from(hash.first().copied().unwrap_or(0));
    let long_salt = D::digest(salt.repeat(times));
    let long_salt: Vec<u8> = long_salt.iter().copied().cycle().take(salt.len()).collect();
    for round in 0..rounds {
        let mut next = D::new();
        next.update(if round & 1 == 1 { long_password.as_slice() } else { hash.as_slice() });
        next.update(if round % 3 == 0 { &[][..] } else { &long_salt });
        next.update(if round % 7 == 0 { &[][..] } else { &long_password });
        next.update(if round & 1 == 1 { hash.as_slice() } else { &long_password });
        hash = next.finalize();
    }
    hash.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_become_what_linux_makes_of_them() {
        let long = "0123456789012345678901234567890123456789012345678901234567890123456789";
        for (password, kept) in [
            ("", "$1$abcdefgh$M55TzYaaccxVGbptZWaxX/"),
            ("Hello world!", "$1$abcdefgh$fzmjzFdo5nMtBG8gtud5e0"),
            (long, "$1$abcdefgh$DC/CTuib5/eOQTFf3npgs."),
            ("a", "$apr1$abc$RUt4qVhwNewYFWnPyK2Vf/"),
            ("a", "$5$saltst$f0g9T3rBOWrHY5NdyhSwQeHsWWxYGivJekSdJJndUt6"),
            (long, "$5$saltst$7YJQ3kF7MFD4844h6dsgkBqXuSTWUmOYTG/7wIjZgD1"),
            (
                "Hello world!",
                "$6$xy$KH0bW3gITlmI.mAIWEz8JTpsyxhqCSnAUfyyLBXVG5pa.2Izgi5corPNX7EkYb46bjVs6N85xeKng/cziqqWg/",
            ),
            (
                long,
                "$6$xy$NTMO306zTq67jReP7zOdaRdJISGLtDz.cuHG.fHRTVZLWNzzSbeAVr8dYmpATeq2UhDqp0CbyCye0U2xJyjIR0",
            ),
        ] {
            let made = crypt(password.as_bytes(), kept.as_bytes()).expect("a known method");
            assert_eq!(String::from_utf8_lossy(&made), kept);
        }
    }

    #[test]
    fn the_same_password_gives_the_same_text() {
        let setting = Method::Yescrypt.setting(&mut Dice(3));
        let kept = crypt(b"hunter2", &setting).expect("a known method");
        assert_eq!(kept.len(), 7 + 22 + 1 + 43);
        assert_eq!(crypt(b"hunter2", &kept).as_ref(), Some(&kept));
        assert_ne!(crypt(b"hunter3", &kept).as_ref(), Some(&kept));
        assert_eq!(crypt(b"x", b"*"), None);
        assert_eq!(crypt(b"x", b"$6$rounds=999999999$a$b"), None);
    }
}

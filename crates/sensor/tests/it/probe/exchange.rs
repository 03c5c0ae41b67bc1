//! The client's side of key exchanges, and of what they begin with.

use super::message::Message;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use curve25519_dalek::MontgomeryPoint;
use decnet_core::dialogue::ssh::kex::blob::{mpint, put_mpint, trimmed};
use decnet_core::dialogue::ssh::packet::algorithm::{Cipher, Compression, Mac, Suite};
use decnet_core::wire::reader::Reader;
use decnet_core::wire::ssh::{KexInit, kexinit};
use sha2::{Digest as _, Sha256};

/// What a client offers.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) lists: [String; 10],
    pub(crate) follows: u8,
    pub(crate) reserved: u32,
}

/// The lists of an offer, by what stands in them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    Methods,
    HostKeys,
    CipherIn,
    CipherOut,
    MacIn,
    MacOut,
    CompressionIn,
    CompressionOut,
    LanguageIn,
    LanguageOut,
}

pub(crate) const STRICT: &str = "kex-strict-c-v00@openssh.com";
pub(crate) const EXT_INFO: &str = "ext-info-c";

impl Default for Offer {
    /// Keys that every probe can deal with, ext-info and a strict exchange.
    fn default() -> Self {
        let methods = format!("curve25519-sha256,{EXT_INFO},{STRICT}");
        let texts = ["ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256"];
        let [keys, cipher_in, cipher_out, mac_in, mac_out] = texts.map(str::to_owned);
        let none = || "none".to_owned();
        let empty = String::new;
        Self {
            lists: [
                methods,
                keys,
                cipher_in,
                cipher_out,
                mac_in,
                mac_out,
                none(),
                none(),
                empty(),
                empty(),
            ],
            follows: 0,
            reserved: 0,
        }
    }
}

impl Offer {
    /// As the default one, with neither ext-info nor a strict exchange.
    pub(crate) fn plain() -> Self {
        Self::default().with(List::Methods, "curve25519-sha256")
    }

    pub(crate) fn with(mut self, list: List, text: &str) -> Self {
        text.clone_into(&mut self.lists[list as usize]);
        self
    }

    /// Both directions' cipher and code.
    pub(crate) fn suite(self, cipher: &str, mac: &str) -> Self {
        self.with(List::CipherIn, cipher)
            .with(List::CipherOut, cipher)
            .with(List::MacIn, mac)
            .with(List::MacOut, mac)
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        let mut message = Message::new(20).raw([7; 16]);
        for list in &self.lists {
            message = message.string(list);
        }
        message.byte(self.follows).u32(self.reserved).0
    }
}

/// What two offers lead to.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) method: String,
    pub(crate) input: Suite,
    pub(crate) output: Suite,
    pub(crate) is_strict: bool,
}

/// The first names of the client's that the server has too; `None` where there is none.
pub(crate) fn agree(client: &Offer, server: &[u8]) -> Option<Agreed> {
    let server: KexInit<'_> = kexinit(server).ok()?;
    let choose = |list: List| -> Option<&str> {
        let theirs = server.lists[list as usize];
        let has = |name: &&str| theirs.split(|byte| *byte == b',').any(|it| it == name.as_bytes());
        client.lists[list as usize].split(',').find(has)
    };
    let suite = |cipher, mac, compression| {
        Some(Suite {
            cipher: Cipher::named(choose(cipher)?.as_bytes())?,
            mac: choose(mac).and_then(|name| Mac::named(name.as_bytes())).unwrap_or(Mac::ALL[0]),
            compression: Compression::named(choose(compression)?.as_bytes())?,
        })
    };
    let strict = b"kex-strict-s-v00@openssh.com";
    Some(Agreed {
        method: choose(List::Methods)?.to_owned(),
        input: suite(List::CipherOut, List::MacOut, List::CompressionOut)?,
        output: suite(List::CipherIn, List::MacIn, List::CompressionIn)?,
        is_strict: client.lists[0].split(',').any(|name| name == STRICT)
            && server.lists[0].split(|byte| *byte == b',').any(|name| name == strict),
    })
}

/// A number as it is hashed.
pub(crate) fn number(magnitude: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_mpint(&mut out, magnitude);
    out
}

/// The exponent of every client here: who measures a server has no secrets.
const SECRET: [u8; 32] = [7; 32];

pub(crate) fn x25519_public() -> Vec<u8> {
    MontgomeryPoint::mul_base_clamped(SECRET).to_bytes().to_vec()
}

/// The message that begins a key exchange on Curve25519.
pub(crate) fn init() -> Message {
    Message::new(30).string(x25519_public())
}

/// The shared secret as it is hashed; `None` where the server's value is no point.
pub(crate) fn x25519_shared(server: &[u8]) -> Option<Vec<u8>> {
    let point = MontgomeryPoint(server.try_into().ok()?);
    Some(number(&point.mul_clamped(SECRET).to_bytes()))
}

/// A group that the server gave.
pub(crate) struct Group {
    pub(crate) prime: Vec<u8>,
    pub(crate) generator: Vec<u8>,
    params: BoxedMontyParams,
}

impl Group {
    /// From the body of the server's message.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let (prime, generator) = (mpint(&mut reader)?, mpint(&mut reader)?);
        let odd = Odd::new(BoxedUint::from_be_slice_vartime(prime)).into_option()?;
        let params = BoxedMontyParams::new_vartime(odd);
        Some(Self { prime: prime.to_vec(), generator: generator.to_vec(), params })
    }

    pub(crate) fn bits(&self) -> usize {
        let zeros = self.prime.first().map_or(0, |byte| byte.leading_zeros());
        self.prime.len() * 8 - zeros as usize
    }

    fn power(&self, base: &[u8]) -> Vec<u8> {
        let bits = u32::try_from(self.bits()).unwrap();
        let base = BoxedUint::from_be_slice(base, bits).unwrap();
        let base = BoxedMontyForm::new(base, &self.params);
        let exponent = BoxedUint::from_be_slice(&SECRET, 256).unwrap();
        base.pow(&exponent).retrieve().to_be_bytes().to_vec()
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        number(&self.power(&self.generator))
    }

    /// As it is hashed.
    pub(crate) fn shared(&self, server: &[u8]) -> Vec<u8> {
        number(&self.power(trimmed(server)))
    }
}

/// The hash of every method here.
pub(crate) fn digest(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

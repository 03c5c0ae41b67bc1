//! UMAC, RFC 4418: a code of 8 bytes from two hashes, or of 16 from four.
//!
//! **Invariant:** the message is a packet. Beyond 16 MiB the RFC hashes in another way, which is
//! not here.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a message that are hashed at a time.
const CHUNK: usize = 1_024;
/// 32-bit words of the key for a chunk.
const WORDS: usize = CHUNK / 4;
/// Words by which the keys of two hashes lie apart: Toeplitz.
const SHIFT: usize = 4;
/// Words of the key of four hashes.
const WORDS_ALL: usize = WORDS + 3 * SHIFT;

/// UMAC with `N` hashes of 4 bytes.
pub(super) struct Umac<const N: usize> {
    nh: [u32; WORDS_ALL],
    hashes: [Hash; N],
    pad: Aes128,
}

/// The keys of one hash behind NH.
#[derive(Clone, Copy, Default)]
struct Hash {
    /// Of the polynomial.
    poly: u64,
    /// Of the inner product. The first four of the RFC's eight meet zeros only.
    product: [u64; 4],
    /// What the result is hidden with.
    mask: u32,
}

impl<const N: usize> Drop for Umac<N> {
    fn drop(&mut self) {
        self.nh.zeroize();
        for hash in &mut self.hashes {
            hash.poly.zeroize();
            hash.product.zeroize();
            hash.mask.zeroize();
        }
    }
}

impl<const N: usize> Umac<N> {
    pub(super) fn new(key: [u8; 16]) -> Self {
        let key = Zeroizing::new(key);
        let cipher = Aes128::new(&(*key).into());
        let mut nh = [0; WORDS_ALL];
        let stream = derive(&cipher, 1, WORDS_ALL * 4);
        for (word, bytes) in nh.iter_mut().zip(stream.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        let mut hashes = [Hash::default(); N];
        let polys = derive(&cipher, 2, N * 24);
        let products = derive(&cipher, 3, N * 64);
        let masks = derive(&cipher, 4, N * 4);
        let keys = polys.as_chunks::<24>().0.iter().zip(products.as_chunks::<64>().0);
        for (hash, ((poly, products), mask)) in
            hashes.iter_mut().zip(keys.zip(masks.as_chunks::<4>().0))
        {
            hash.poly =
                poly.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) & POLY_MASK;
            let late = products.as_chunks::<8>().0.iter().skip(4);
            for (word, bytes) in hash.product.iter_mut().zip(late) {
                *word = u64::from_be_bytes(*bytes) % PRIME_36;
            }
            hash.mask = u32::from_be_bytes(*mask);
        }
        let pad: Zeroizing<[u8; 16]> = Zeroizing::new(super::keys::first(&derive(&cipher, 0, 16)));
        Self { nh, hashes, pad: Aes128::new(&(*pad).into()) }
    }

    /// The hashes of a message, before a nonce hides them.
    fn hash(&self, message: &[u8]) -> [u32; N] {
        let (chunks, rest) = message.as_chunks::<CHUNK>();
        let is_long = message.len() > CHUNK;
        let mut sums = [1_u64; N];
        let mut take = |chunk: &[u8]| {
            let bits = (chunk.len() as u64) * 8;
            let mut key = self.nh.as_slice();
            for (sum, hash) in sums.iter_mut().zip(&self.hashes) {
                let chunk = nh(key, chunk).wrapping_add(bits);
                *sum = if is_long { hash.step(*sum, chunk) } else { chunk };
                key = key.get(SHIFT..).unwrap_or_default();
            }
        };
        chunks.iter().for_each(|chunk| take(chunk));
        // Nothing at all is one chunk too.
        if !rest.is_empty() || chunks.is_empty() {
            take(rest);
        }
        let mut out = [0; N];
        for ((out, sum), hash) in out.iter_mut().zip(sums).zip(&self.hashes) {
            *out = hash.finish(sum);
        }
        out
    }

    /// The block of the pad for a nonce.
    fn block(&self, nonce: u64) -> u128 {
        let mut block = (u128::from(nonce) << 64).to_be_bytes().into();
        self.pad.encrypt_block(&mut block);
        u128::from_be_bytes(block.into())
    }
}

impl Umac<2> {
    /// The code of a message; of two nonces, each takes one half of a block.
    pub(super) fn tag(&self, nonce: u64, message: &[u8]) -> [u8; 8] {
        let [high, low] = self.hash(message);
        let block = self.block(nonce & !1).to_be_bytes();
        let ([even, odd], _) = block.as_chunks::<8>() else { return [0; 8] };
        let pad = u64::from_be_bytes(if nonce & 1 == 0 { *even } else { *odd });
        ((u64::from(high) << 32 | u64::from(low)) ^ pad).to_be_bytes()
    }
}

impl Umac<4> {
    /// The code of a message.
    pub(super) fn tag(&self, nonce: u64, message: &[u8]) -> [u8; 16] {
        let words = self.hash(message);
        let hash = words.iter().fold(0, |sum, word| sum << 32 | u128::from(*word));
        (hash ^ self.block(nonce)).to_be_bytes()
    }
}

/// §4.2: a prime, and the bits that a polynomial's key has.
const OFFSET_64: u64 = 59;
const PRIME_64: u64 = u64::MAX - OFFSET_64 + 1;
const POLY_MASK: u64 = 0x01ff_ffff_01ff_ffff;
/// Words from here on are hashed in two steps.
const POLY_RANGE: u64 = 0xffff_ffff_0000_0000;
/// §4.3.
const PRIME_36: u64 = (1 << 36) - 5;

impl Hash {
    /// §5.3.2: one more word of the polynomial.
    fn step(&self, sum: u64, word: u64) -> u64 {
        if word >= POLY_RANGE {
            let marked = self.times(sum, PRIME_64 - 1);
            self.times(marked, word - OFFSET_64)
        } else {
            self.times(sum, word)
        }
    }

    /// `poly * sum + word`, modulo the prime. A key has 57 bits, so that what is carried over 64
    /// bits, times the offset, has at most 63.
    fn times(&self, sum: u64, word: u64) -> u64 {
        let product = u128::from(self.poly) * u128::from(sum) + u128::from(word);
        let (high, low) = ((product >> 64) as u64, product as u64);
        let (reduced, carried) = low.overflowing_add(high * OFFSET_64);
        let reduced = if carried { reduced.wrapping_add(OFFSET_64) } else { reduced };
        if reduced >= PRIME_64 { reduced - PRIME_64 } else { reduced }
    }

    /// §5.4: 64 bits to 32.
    fn finish(&self, sum: u64) -> u32 {
        let quarters = [48, 32, 16, 0].map(|shift| sum >> shift & 0xffff);
        let product: u64 = quarters.iter().zip(self.product).map(|(part, key)| part * key).sum();
        (product % PRIME_36) as u32 ^ self.mask
    }
}

/// §5.2.2: the inner loop.
fn nh(key: &[u32], chunk: &[u8]) -> u64 {
    let (groups, rest) = chunk.as_chunks::<32>();
    let (keys, _) = key.as_chunks::<8>();
    let sum = groups
        .iter()
        .zip(keys)
        .fold(0, |sum: u64, (group, key)| sum.wrapping_add(pairs(group, key)));
    if rest.is_empty() && !groups.is_empty() {
        return sum;
    }
    let last = super::keys::first::<32>(rest);
    let key = keys.get(groups.len()).unwrap_or(&[0; 8]);
    sum.wrapping_add(pairs(&last, key))
}

#[inline(always)]
fn pairs(group: &[u8; 32], key: &[u32; 8]) -> u64 {
    let (words, _) = group.as_chunks::<4>();
    let mut sums = [0_u32; 8];
    for ((sum, word), key) in sums.iter_mut().zip(words).zip(key) {
        *sum = u32::from_le_bytes(*word).wrapping_add(*key);
    }
    let [a, b, c, d, e, f, g, h] = sums.map(u64::from);
    (a * e).wrapping_add(b * f).wrapping_add(c * g).wrapping_add(d * h)
}

/// §3.2: bytes of a key that serves one purpose.
fn derive(cipher: &Aes128, purpose: u64, bytes: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.next_multiple_of(16)));
    for count in 1_u64.. {
        if out.len() >= bytes {
            break;
        }
        let mut block = (u128::from(purpose) << 64 | u128::from(count)).to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        out.extend_from_slice(&block);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::hex;

    /// RFC 4418, appendix: `UMAC-64`, and `UMAC-96`, which is how `UMAC-128` begins.
    #[test]
    fn codes_are_those_of_the_specification() {
        const VECTORS: &[(&[u8], usize, &str, &str)] = &[
            (b"", 0, "6e155fad26900be1", "32fedb100c79ad58f07ff764"),
            (b"a", 3, "44b5cb542f220104", "185e4fe905cba7bd85e4c2dc"),
            (b"a", 1 << 10, "26bf2f5d60118bd9", "7a54abe04af82d60fb298c3c"),
            (b"a", 1 << 15, "27f8ef643b0d118d", "7b136bd911e4b734286ef2be"),
            (b"a", 1 << 20, "a4477e87e9f55853", "f8acfa3ac31cfeea047f7b11"),
            (b"abc", 1, "d4d7b9f6bd4fbfcf", "883c3d4b97a61976ffcf2323"),
            (b"abc", 500, "d4cf26ddefd5c01a", "8824a260c53c66a36c9260a6"),
        ];
        let key = *b"abcdefghijklmnop";
        let nonce = u64::from_be_bytes(*b"bcdefghi");
        let (short, long) = (Umac::<2>::new(key), Umac::<4>::new(key));
        for &(unit, count, in_64, in_96) in VECTORS {
            let message = unit.repeat(count);
            assert_eq!(hex(&short.tag(nonce, &message)), in_64, "{count} of {unit:?}");
            assert_eq!(hex(&long.tag(nonce, &message)[..12]), in_96, "{count} of {unit:?}");
        }
    }

    /// The division that [`Hash::times`] does without.
    #[test]
    fn a_step_is_taken_modulo_the_prime() {
        for poly in [0, 1, POLY_MASK, 0x0123_4567_0089_abcd] {
            let hash = Hash { poly, ..Hash::default() };
            for sum in [0, 1, PRIME_64 - 1, 0x8000_0000_0000_0000] {
                for word in [0, 58, POLY_RANGE - 1, PRIME_64 - 1] {
                    let whole = u128::from(poly) * u128::from(sum) + u128::from(word);
                    assert_eq!(u128::from(hash.times(sum, word)), whole % u128::from(PRIME_64));
                }
            }
        }
    }
}

//! Groups of numbers for Diffie-Hellman: the fixed ones of RFC 3526, and those of group exchange.
//!
//! **Invariant:** every modulus is a safe prime of our own files or of the RFC; a client chooses
//! sizes and never numbers.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use zeroize::Zeroizing;

use crate::dialogue::ssh::kex::Refusal;
use crate::dialogue::ssh::kex::blob::trimmed;
use crate::dialogue::ssh::kex::random::Random;

/// A group: the numbers below a safe prime, and what generates them.
#[derive(Clone, Debug)]
pub(super) struct Group {
    prime: Vec<u8>,
    generator: u8,
}

/// Three sizes in bits, as a client asks for them, RFC 4419 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) least: u32,
    pub(super) wanted: u32,
    pub(super) most: u32,
}

impl Sizes {
    /// The sizes that a group is looked for with: OpenSSH raises and lowers what was asked into
    /// its own range, and closes where nothing is left.
    fn within_range(self) -> Option<Self> {
        if self.most < self.least || self.wanted < self.least || self.most < self.wanted {
            return None;
        }
        let least = self.least.max(BITS_MIN);
        let most = self.most.min(BITS_MAX);
        let wanted = self.wanted.clamp(BITS_MIN, BITS_MAX);
        let is_range = least <= wanted && wanted <= most;
        is_range.then_some(Self { least, wanted, most })
    }
}

impl Group {
    /// Group 14 of RFC 3526, 2,048 bits.
    pub(super) fn fixed_14() -> Option<Self> {
        Self::from_hex(2, &GROUP_14.concat())
    }

    /// Group 16 of RFC 3526, 4,096 bits.
    pub(super) fn fixed_16() -> Option<Self> {
        Self::from_hex(2, &GROUP_16.concat())
    }

    /// Group 18 of RFC 3526, 8,192 bits.
    pub(super) fn fixed_18() -> Option<Self> {
        Self::from_hex(2, &GROUP_18.concat())
    }

    /// A group of the size that OpenSSH would choose of our list, any of those that have it.
    ///
    /// # Errors
    /// [`Refusal::GroupSizes`].
    pub(super) fn exchanged(sizes: Sizes, random: &mut Random<'_>) -> Result<Self, Refusal> {
        let sizes = sizes.within_range().ok_or(Refusal::GroupSizes)?;
        let mut best = 0;
        for size in listed().map(|(size, ..)| size) {
            if size > sizes.most || size < sizes.least {
                continue;
            }
            let is_nearer_above = size > sizes.wanted && size < best;
            let is_nearer_below = size > best && best < sizes.wanted;
            if is_nearer_above || is_nearer_below {
                best = size;
            }
        }
        let mut draw = [0; 8];
        random(&mut draw);
        let of_size = || listed().filter(|(size, ..)| *size == best);
        let count = u64::try_from(of_size().count()).unwrap_or(0);
        let number = u64::from_be_bytes(draw).checked_rem(count).unwrap_or(0);
        let chosen = of_size().nth(usize::try_from(number).unwrap_or(0));
        let group = match chosen {
            Some((_, generator, prime)) => Self::from_hex(generator, prime),
            // What OpenSSH falls back to where its list has nothing.
            None if sizes.most < 3_072 => Self::fixed_14(),
            None if sizes.most < 6_144 => Self::fixed_16(),
            None => Self::fixed_18(),
        };
        group.ok_or(Refusal::GroupSizes)
    }

    fn from_hex(generator: u8, hex: &str) -> Option<Self> {
        let digits = hex.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        Some(Self { prime: digits.map(byte).collect::<Option<_>>()?, generator })
    }

    /// The modulus, the highest byte first.
    pub(super) fn prime(&self) -> &[u8] {
        &self.prime
    }

    /// The generator, as a number of one byte.
    pub(super) fn generator(&self) -> [u8; 1] {
        [self.generator]
    }

    fn bits(&self) -> u32 {
        u32::try_from(self.prime.len() * 8).unwrap_or(0)
    }

    /// A number of this group, if the bytes are one that OpenSSH takes: above 1, below the prime
    /// less 1, and with four bits set at least.
    fn member(&self, magnitude: &[u8]) -> Option<BoxedUint> {
        let magnitude = trimmed(magnitude);
        let (prime, one) = (self.prime.as_slice(), [1].as_slice());
        let most = prime.split_last().map(|(last, rest)| [rest, &[last - 1]].concat())?;
        let is_below = (magnitude.len(), magnitude) < (most.len(), most.as_slice());
        let set: u32 = magnitude.iter().map(|byte| byte.count_ones()).sum();
        if magnitude.is_empty() || magnitude == one || !is_below || set < BITS_SET_MIN {
            return None;
        }
        BoxedUint::from_be_slice(magnitude, self.bits()).ok()
    }

    fn params(&self) -> Option<BoxedMontyParams> {
        let prime = BoxedUint::from_be_slice(&self.prime, self.bits()).ok()?;
        Some(BoxedMontyParams::new_vartime(Odd::new(prime).into_option()?))
    }
}

/// A secret exponent, and what is published of it.
pub(super) struct Secret {
    exponent: Zeroizing<BoxedUint>,
    params: BoxedMontyParams,
    group: Group,
    public: Vec<u8>,
}

impl Secret {
    /// Draws an exponent whose power the client will take.
    ///
    /// # Errors
    /// [`Refusal::Randomness`] where no draw makes one.
    pub(super) fn draw(group: Group, random: &mut Random<'_>) -> Result<Self, Refusal> {
        let params = group.params().ok_or(Refusal::GroupSizes)?;
        let generator = BoxedUint::from_be_slice(&group.generator(), group.bits());
        let generator = generator.map_err(|_| Refusal::GroupSizes)?;
        for _ in 0..DRAWS {
            let mut bytes = Zeroizing::new([0; EXPONENT_BYTES]);
            random(bytes.as_mut());
            let exponent = BoxedUint::from_be_slice(bytes.as_ref(), EXPONENT_BITS);
            let exponent = Zeroizing::new(exponent.map_err(|_| Refusal::Randomness)?);
            let public = power(&generator, &exponent, &params).to_vec();
            if group.member(&public).is_some() {
                return Ok(Self { exponent, params, group, public });
            }
        }
        Err(Refusal::Randomness)
    }

    /// What is sent: the generator to the power of the secret, the highest byte first.
    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    /// The group.
    pub(super) fn group(&self) -> &Group {
        &self.group
    }

    /// What only the two sides know, from the client's public value.
    ///
    /// # Errors
    /// [`Refusal::PublicValue`].
    pub(super) fn shared(&self, client: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let base = self.group.member(client).ok_or(Refusal::PublicValue)?;
        Ok(power(&base, &self.exponent, &self.params))
    }
}

fn power(base: &BoxedUint, exponent: &BoxedUint, params: &BoxedMontyParams) -> Zeroizing<Vec<u8>> {
    let form = BoxedMontyForm::new(base.clone(), params);
    let power = Zeroizing::new(form.pow_bounded_exp(exponent, EXPONENT_BITS).retrieve());
    Zeroizing::new(power.to_be_bytes().into_vec())
}

/// Size, generator and prime of the groups for exchange.
fn listed() -> impl Iterator<Item = (u32, u8, &'static str)> {
    LISTED.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let size = words.next()?.parse().ok()?;
        Some((size, words.next()?.parse().ok()?, words.next()?))
    })
}

/// A line for each group: bits, generator, prime. How they were made is said beside.
const LISTED: &str = include_str!("groups/groups.txt");

/// OpenSSH's `DH_GRP_MIN` and `DH_GRP_MAX`.
const BITS_MIN: u32 = 2_048;
const BITS_MAX: u32 = 8_192;
/// A public value with fewer bits set shows its exponent.
const BITS_SET_MIN: u32 = 4;
/// Twice the longest key of OpenSSH's ciphers and MACs, which is its own choice for the secret.
const EXPONENT_BITS: u32 = 1_024;
const EXPONENT_BYTES: usize = 128;
/// Only a source that is broken needs a second draw.
const DRAWS: usize = 2;

/// RFC 3526 §3.
const GROUP_14: &[&str] = &[
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879",
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B",
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836",
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804",
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6",
    "955817183995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
];
/// RFC 3526 §5.
const GROUP_16: &[&str] = &[
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879",
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B",
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836",
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804",
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6",
    "955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64",
    "ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D226",
    "1AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2",
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A92108011A723C12A787E6D788719A10BDBA5B2699C32718",
    "6AF4E23C1A946834B6150BDA2583E9CA2AD44CE8DBBBC2DB04DE8EF92E8EFC141FBECAA6287C59474E6BC05D",
    "99B2964FA090C3A2233BA186515BE7ED1F612970CEE2D7AFB81BDD762170481CD0069127D5B05AA993B4EA98",
    "8D8FDDC186FFB7DC90A6C08F4DF435C934063199FFFFFFFFFFFFFFFF",
];
/// RFC 3526 §7.
const GROUP_18: &[&str] = &[
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879",
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B",
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836",
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804",
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6",
    "955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64",
    "ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D226",
    "1AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2",
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A92108011A723C12A787E6D788719A10BDBA5B2699C32718",
    "6AF4E23C1A946834B6150BDA2583E9CA2AD44CE8DBBBC2DB04DE8EF92E8EFC141FBECAA6287C59474E6BC05D",
    "99B2964FA090C3A2233BA186515BE7ED1F612970CEE2D7AFB81BDD762170481CD0069127D5B05AA993B4EA98",
    "8D8FDDC186FFB7DC90A6C08F4DF435C93402849236C3FAB4D27C7026C1D4DCB2602646DEC9751E763DBA37BD",
    "F8FF9406AD9E530EE5DB382F413001AEB06A53ED9027D831179727B0865A8918DA3EDBEBCF9B14ED44CE6CBA",
    "CED4BB1BDB7F1447E6CC254B332051512BD7AF426FB8F401378CD2BF5983CA01C64B92ECF032EA15D1721D03",
    "F482D7CE6E74FEF6D55E702F46980C82B5A84031900B1C9E59E7C97FBEC7E8F323A97A7E36CC88BE0F1D45B7",
    "FF585AC54BD407B22B4154AACC8F6D7EBF48E1D814CC5ED20F8037E0A79715EEF29BE32806A1D58BB7C5DA76",
    "F550AA3D8A1FBFF0EB19CCB1A313D55CDA56C9EC2EF29632387FE8D76E3C0468043E8F663F4860EE12BF2D5B",
    "0B7474D6E694F91E6DBE115974A3926F12FEE5E438777CB6A932DF8CD8BEC4D073B931BA3BC832B68D9DD300",
    "741FA7BF8AFC47ED2576F6936BA424663AAB639C5AE4F5683423B4742BF1C978238F16CBE39D652DE3FDB8BE",
    "FC848AD922222E04A4037C0713EB57A81A23F0C73473FC646CEA306B4BCBC8862F8385DDFA9D4B7FA2C087E8",
    "79683303ED5BDD3A062B3CF5B3A278A66D2A13F83F44F82DDF310EE074AB6A364597E899A0255DC164F31CC5",
    "0846851DF9AB48195DED7EA1B1D510BD7EE74D73FAF36BC31ECFA268359046F4EB879F924009438B481C6CD7",
    "889A002ED5EE382BC9190DA6FC026E479558E4475677E9AA9E3050E2765694DFC81F56E880B96E7160C980DD",
    "98EDD3DFFFFFFFFFFFFFFFFF",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(seed: u8) -> impl FnMut(&mut [u8]) {
        let mut state = u64::from(seed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        move |bytes: &mut [u8]| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
        }
    }

    fn size_for(least: u32, wanted: u32, most: u32) -> Result<u32, Refusal> {
        Group::exchanged(Sizes { least, wanted, most }, &mut seeded(1)).map(|group| group.bits())
    }

    #[test]
    fn every_listed_prime_has_its_size_and_a_generator_of_openssh() {
        let mut sizes = std::collections::BTreeMap::new();
        for (size, generator, prime) in listed() {
            let group = Group::from_hex(generator, prime).unwrap();
            assert_eq!(group.bits(), size);
            assert!(group.prime[0] & 0x80 != 0 && group.prime.last().unwrap() & 3 == 3);
            let rest =
                |by: u32| group.prime.iter().fold(0, |rest, &b| (rest * 256 + u32::from(b)) % by);
            match generator {
                2 => assert!([11, 23].contains(&rest(24))),
                5 => assert!([3, 7].contains(&rest(10))),
                other => panic!("generator {other}"),
            }
            *sizes.entry(size).or_insert(0) += 1;
        }
        assert!(sizes.len() >= 3, "{sizes:?}");
        assert_eq!(listed().count(), LISTED.lines().filter(|line| !line.starts_with('#')).count());
    }

    #[test]
    fn sizes_are_chosen_as_openssh_does() {
        assert_eq!(size_for(2_048, 3_072, 8_192), Ok(3_072));
        assert_eq!(size_for(1_024, 1_024, 8_192), Ok(2_048));
        assert_eq!(size_for(1_024, 2_049, 4_096), Ok(3_072));
        assert_eq!(size_for(4_096, 4_096, 4_096), Ok(4_096));
        assert_eq!(size_for(2_048, 2_048, u32::MAX), Ok(2_048));
        // Nothing listed: the fixed groups.
        assert_eq!(size_for(2_050, 2_060, 2_070), Ok(2_048));
        assert_eq!(size_for(5_000, 5_001, 5_002), Ok(4_096));
        assert_eq!(size_for(7_000, 7_001, 7_002), Ok(8_192));
    }

    #[test]
    fn sizes_that_contradict_each_other_are_refused() {
        for (least, wanted, most) in [
            (4_096, 2_048, 8_192),
            (2_048, 8_192, 4_096),
            (8_192, 8_192, 2_048),
            (1_024, 1_024, 1_024),
            (0, 0, 0),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            assert_eq!(
                size_for(least, wanted, most),
                Err(Refusal::GroupSizes),
                "{least} {wanted} {most}"
            );
        }
    }

    #[test]
    fn any_prime_of_a_size_is_drawn() {
        let count = listed().filter(|(size, ..)| *size == 2_048).count();
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..count {
            let mut random = |bytes: &mut [u8]| {
                bytes.copy_from_slice(&(number as u64).to_be_bytes());
            };
            let sizes = Sizes { least: 2_048, wanted: 2_048, most: 2_048 };
            seen.insert(Group::exchanged(sizes, &mut random).unwrap().prime);
        }
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn values_that_give_the_secret_away_are_refused() {
        let group = Group::fixed_14().unwrap();
        let secret = Secret::draw(group.clone(), &mut seeded(2)).unwrap();
        let mut less_one = group.prime.clone();
        *less_one.last_mut().unwrap() -= 1;
        let mut less_two = group.prime.clone();
        *less_two.last_mut().unwrap() -= 2;
        let above = [&[1][..], &group.prime].concat();
        for refused in [&[][..], &[0], &[1], &[0, 1], &[2], &[7], &less_one, &group.prime, &above] {
            assert_eq!(secret.shared(refused), Err(Refusal::PublicValue), "{refused:?}");
        }
        assert!(secret.shared(&[15]).is_ok() && secret.shared(&less_two).is_ok());
        // The prime less two is -2: its power is that of 2, or what that lacks to the prime.
        assert_eq!(secret.shared(&less_two).unwrap().len(), 256);
    }

    #[test]
    fn two_sides_come_to_the_same() {
        for group in [Group::fixed_14(), Group::fixed_16()] {
            let group = group.unwrap();
            let ours = Secret::draw(group.clone(), &mut seeded(3)).unwrap();
            let theirs = Secret::draw(group, &mut seeded(4)).unwrap();
            assert_ne!(ours.public(), theirs.public());
            assert_eq!(ours.shared(theirs.public()), theirs.shared(ours.public()));
        }
    }

    #[test]
    fn a_source_of_nothing_makes_no_secret() {
        let drawn = Secret::draw(Group::fixed_14().unwrap(), &mut |bytes: &mut [u8]| bytes.fill(0));
        assert_eq!(drawn.err(), Some(Refusal::Randomness));
    }
}

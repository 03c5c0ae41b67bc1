//! What the fingerprints of a SYN depend on, so that who sees many that are alike computes them
//! once.
//!
//! **Invariant:** SYNs of one shape have the same p0f signature, JA4T and guess.

use super::os::{self, Drawn, Target};
use super::tcp::{Ip, Options, Syn};

/// All of a SYN, or SYN-ACK, but what each draws anew: of numbers that are drawn, what
/// fingerprints look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Options, with 0 and 1 in the place of timestamps that are zero and that are not.
    options: [u8; 40],
    options_length: u8,
    ttl: u8,
    window: u16,
    flags: u16,
    ecn: u8,
    ip: Network,
    ip_options: usize,
    drawn: Drawn,
    is_first_zero: bool,
    /// Whether there is an acknowledgement number, and the bit of it that p0f looks at.
    acknowledgement: (bool, bool),
    is_urgent: bool,
    is_longer: bool,
}

/// What only one version of IP has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    V4 { flags: u8, is_marked: bool },
    V6 { is_marked: bool },
}

impl Shape {
    /// The shape of a SYN to a target, if that is known; `options` are those of the SYN. None where
    /// it has more of them than a header holds.
    #[must_use]
    pub fn new(syn: &Syn<'_>, options: &Options<'_>, target: Option<&Target>) -> Option<Self> {
        let mut kept = [0; 40];
        kept.get_mut(..syn.options.len())?.copy_from_slice(syn.options);
        if let Some((value, echo)) = options.timestamps
            && let Some(place) = options.timestamps_at.and_then(|at| kept.get_mut(at..at + 8))
        {
            let zeros = [value, echo].map(|number| u32::from(number != 0).to_be_bytes());
            place.copy_from_slice(zeros.as_flattened());
        }
        Some(Self {
            options: kept,
            options_length: syn.options.len() as u8,
            ttl: syn.ttl,
            window: syn.window,
            flags: syn.flags,
            ecn: syn.ecn,
            ip: match syn.ip {
                Ip::V4 { id, flags } => Network::V4 { flags, is_marked: id != 0 },
                Ip::V6 { flow } => Network::V6 { is_marked: flow != 0 },
            },
            ip_options: syn.ip_options,
            drawn: os::drawn(syn, target),
            is_first_zero: syn.sequence == 0,
            acknowledgement: (syn.acknowledgement != 0, syn.acknowledgement >> 24 & 1 != 0),
            is_urgent: syn.urgent != 0,
            is_longer: syn.payload != 0,
        })
    }

    /// A number that is mostly another for another shape.
    #[must_use]
    pub fn number(&self) -> u64 {
        // What the SYNs of one program differ in too: they would take one place from each other.
        let is_marked = match self.ip {
            Network::V4 { is_marked, .. } | Network::V6 { is_marked } => is_marked,
        };
        let (is_answer, is_odd) = self.acknowledgement;
        let bits = [is_marked, is_answer, is_odd, self.is_first_zero, self.is_longer]
            .into_iter()
            .fold(0, |bits, bit| bits << 1 | u64::from(bit));
        let first = bits << 48
            | u64::from(self.window) << 32
            | u64::from(self.ttl) << 16
            | u64::from(self.flags);
        let (words, _) = self.options.as_chunks::<8>();
        words.iter().map(|word| u64::from_be_bytes(*word)).fold(first, |state, word| {
            (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tcp;
    use super::*;
    use proptest::prelude::*;

    fn drawn_numbers() -> impl Strategy<Value = u32> {
        prop_oneof![
            Just(0),
            Just(1),
            Just(54_321),
            Just(0xc000_0207),
            Just(0xc000_0207 ^ 22),
            any::<u32>()
        ]
    }

    proptest! {
        #[test]
        fn one_shape_has_one_set_of_fingerprints(
            options in prop_oneof![
                Just(b"\x02\x04\x05\xb4\x04\x02\x08\x0a........\x01\x03\x03\x07".to_vec()),
                Just(b"\x08\x0a........\x08\x0a........\x00".to_vec()),
                Just(vec![]),
                prop::collection::vec(0..11_u8, 0..40),
            ],
            stamps in prop::array::uniform2(prop::array::uniform2(prop::sample::select(&[0, 7, 9]))),
            ids in prop::array::uniform2(drawn_numbers()),
            sequences in prop::array::uniform2(drawn_numbers()),
            acknowledgements in prop::array::uniform2(drawn_numbers()),
            window in prop::sample::select(&[512_u16, 8_192, 29_200, 65_535]),
            flags in prop::sample::select(&[2_u16, 0x12, 0x42, 0x22]),
            ip_flags in prop::sample::select(&[0_u8, 2]),
            is_six: bool,
        ) {
            let target = Target { address: [192, 0, 2, 7].into(), port: 22 };
            let texts = stamps.map(|stamps| {
                let mut text = options.clone();
                let mut at = 0;
                let mut marks = stamps.into_iter().cycle();
                while let Some(found) = text[at..].windows(4).position(|part| part == b"....") {
                    at += found + 4;
                    text[at - 4..at].copy_from_slice(&[0, 0, 0, marks.next().unwrap()]);
                }
                text
            });
            let syn = |one: usize| Syn {
                ip: match is_six {
                    true => Ip::V6 { flow: ids[one] & 0xf_ffff },
                    false => Ip::V4 { id: ids[one] as u16, flags: ip_flags },
                },
                ttl: 57,
                ip_options: 0,
                ecn: 0,
                sequence: sequences[one],
                acknowledgement: acknowledgements[one],
                flags,
                window,
                urgent: 0,
                options: &texts[one],
                payload: 0,
            };
            let [one, other] = [0, 1].map(syn);
            let shape = |syn: &Syn<'_>| Shape::new(syn, &Options::new(syn.options), Some(&target));
            prop_assert!(shape(&one).is_some());
            if shape(&one) == shape(&other) {
                prop_assert_eq!(tcp::p0f(&one), tcp::p0f(&other));
                #[cfg(feature = "ja4plus")]
                prop_assert_eq!(tcp::ja4t(&one), tcp::ja4t(&other));
                let guess = |syn| (os::guess(syn, None), os::guess(syn, Some(&target)));
                prop_assert_eq!(guess(&one), guess(&other));
            }
        }
    }

    #[test]
    fn what_each_draws_is_no_other_shape() {
        let options = |stamp| [8, 10, 0, 0, 0, stamp, 0, 0, 0, 0];
        let shape = |id, sequence, options: &[u8]| {
            let syn = Syn {
                ip: Ip::V4 { id, flags: 2 },
                ttl: 64,
                ip_options: 0,
                ecn: 0,
                sequence,
                acknowledgement: 0,
                flags: 2,
                window: 1_024,
                urgent: 0,
                options,
                payload: 0,
            };
            Shape::new(&syn, &Options::new(options), None)
        };
        assert_eq!(shape(7, 8, &options(9)), shape(17, 18, &options(19)));
        assert_ne!(shape(7, 8, &options(9)), shape(7, 8, &options(0)));
        assert_ne!(shape(7, 8, &options(9)), shape(0, 8, &options(9)));
    }
}

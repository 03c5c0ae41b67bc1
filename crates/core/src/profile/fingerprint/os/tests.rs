use super::*;
use crate::profile::fingerprint::tcp::Ip;
use proptest::prelude::*;

fn guess(syn: &Syn<'_>) -> Option<Guess> {
    super::guess(syn, None)
}

const LINUX: Syn<'static> = Syn {
    ip: Ip::V4 { id: 7, flags: 2 },
    ttl: 57,
    ip_options: 0,
    ecn: 0,
    sequence: 1,
    acknowledgement: 0,
    flags: 2,
    window: 64_240,
    urgent: 0,
    options: &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7],
    payload: 0,
};

const BARE: Syn<'static> =
    Syn { ip: Ip::V4 { id: 7, flags: 0 }, ttl: 64, window: 1_024, options: &[], ..LINUX };

const MSS_ONLY: &[u8] = &[2, 4, 5, 0xb4];
const WINDOWS: &[u8] = &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];

fn named(syn: &Syn<'_>) -> Option<(&'static str, Confidence)> {
    guess(syn).map(|found| (found.name, found.confidence))
}

#[test]
fn the_set_can_be_read() {
    assert_eq!(Set::parse(TEXT).map(|set| set.signatures.len() > 80), Ok(true));
    assert_eq!(version(), 1);
}

#[test]
fn a_line_that_makes_no_sense_is_named() {
    for (wrong, line) in [
        ("decnet-syn x\n", 1),
        ("decnet-syn 1\n ttl=64 mss\n", 2),
        ("system Linux: Linux\n ttl=x mss\n", 2),
        ("system Linux: Linux\n mss,huh\n", 2),
        ("gadget Linux: Linux\n", 1),
    ] {
        assert_eq!(Set::parse(wrong).err(), Some(line), "{wrong}");
    }
}

/// Of a general line, a more particular one may be the answer; of the same family.
#[test]
fn each_signature_is_found_by_a_syn_made_of_it() {
    for known in &set().signatures {
        let (options, syn, target) = known.example();
        let syn = Syn { options: &options, ..syn };
        let found = super::guess(&syn, Some(&target));
        let found = found.map(|found| (found.family, found.kind));
        assert_eq!(found, Some((known.title.family, known.title.kind)), "{known:?}");
        assert_ne!(known.deviations(&Seen::new(&syn, Some(&target)).unwrap()), None, "{known:?}");
    }
}

#[test]
fn systems_are_told_apart() {
    use Confidence::{Exact, Near};
    let linux = |window| named(&Syn { window, ..LINUX });
    assert_eq!(linux(64_240), Some(("Linux 4.20 or later", Exact)));
    assert_eq!(linux(29_200), Some(("Linux 3.11 to 4.19", Exact)));
    assert_eq!(linux(14_600), Some(("Linux 2.6.39 to 3.10", Exact)));
    assert_eq!(linux(5_840), Some(("Linux 2.4 to 2.6.38", Exact)));
    assert_eq!(linux(65_535), Some(("Linux with a large receive buffer, often Android", Exact)));
    assert_eq!(linux(1_152), Some(("Linux", Exact)));
    assert_eq!(named(&Syn { ttl: 120, ..LINUX }), Some(("Linux 4.20 or later", Near)));
    assert_eq!(named(&Syn { flags: 0xc2, ..LINUX }), Some(("Linux 4.20 or later", Exact)));
    let windows = Syn { ttl: 117, options: WINDOWS, ..LINUX };
    assert_eq!(named(&windows), Some(("Windows 10 or later, Server 2016 or later", Exact)));
    let windows = Syn { window: 8_192, ..windows };
    assert_eq!(named(&windows), Some(("Windows Vista to 8.1, Server 2008 to 2012", Exact)));
    assert_eq!(named(&Syn { window: 700, ..windows }), Some(("Windows", Exact)));
    let darwin: &[u8] =
        &[2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 4, 2, 0, 0];
    let darwin = Syn { window: 65_535, options: darwin, ..LINUX };
    assert_eq!(named(&darwin), Some(("macOS (OS X 10.9 or later) or iOS", Exact)));
    let padded: Vec<u8> = darwin.options.iter().rev().skip(1).rev().copied().chain([9]).collect();
    assert_eq!(named(&Syn { options: &padded, ..darwin }), None);
}

#[test]
fn a_limit_that_a_router_announces_says_nothing_of_a_system() {
    let syn = Syn { ip: Ip::V6 { flow: 1 }, ttl: 61, options: WINDOWS, ..LINUX };
    assert_eq!(guess(&syn).map(|found| found.confidence), Some(Confidence::Exact));
    assert_eq!(guess(&syn).map(|found| found.family), Some("Windows"));
}

/// As Linux 6.18 answers, at MTUs of 1,500 and 1,400 bytes.
#[test]
fn an_answer_takes_its_timestamps_off_the_segment() {
    let ip = Ip::V4 { id: 0, flags: 2 };
    let answer = Syn { ip, flags: 0x12, acknowledgement: 9, window: 65_160, ..LINUX };
    assert_eq!(named(&answer), Some(("Linux 4.20 or later", Confidence::Exact)));
    assert_eq!(
        named(&Syn { flags: 2, acknowledgement: 0, ..answer }),
        Some(("Linux", Confidence::Exact))
    );
    let options: &[u8] = &[2, 4, 5, 0x50, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 9, 1, 3, 3, 10];
    let answer = Syn { options, window: 64_704, ..answer };
    assert_eq!(named(&answer), Some(("Linux 4.20 or later", Confidence::Exact)));
}

/// As they were read off the wire.
#[test]
fn scanners_are_told_apart() {
    let nmap = Syn { ttl: 41, options: MSS_ONLY, ..BARE };
    assert_eq!(guess(&nmap).map(|found| found.name), Some("nmap SYN scan"));
    assert_eq!(guess(&nmap).and_then(|found| found.distance(41)), None);
    let masscan = Syn { ttl: 244, ..BARE };
    assert_eq!(guess(&masscan).map(|found| found.name), Some("masscan"));
    assert_eq!(guess(&masscan).and_then(|found| found.distance(244)), Some(11));
    let zmap = Syn { ip: Ip::V4 { id: 54_321, flags: 0 }, ttl: 240, window: 65_535, ..BARE };
    assert_eq!(guess(&zmap).map(|found| found.name), Some("ZMap"));
    let disguised = Syn { options: WINDOWS, ip: Ip::V4 { id: 99, flags: 0 }, ..zmap };
    assert_eq!(guess(&disguised).map(|found| found.name), Some("ZMap"));
    let hping = Syn { window: 512, acknowledgement: 0x12a0_fc59, ..BARE };
    assert_eq!(guess(&hping).map(|found| found.name), Some("hping"));
    let scapy = Syn { ip: Ip::V4 { id: 1, flags: 0 }, sequence: 0, window: 8_192, ..BARE };
    assert_eq!(guess(&scapy).map(|found| (found.name, found.kind)), Some(("Scapy", Kind::Library)));
    let probe: &[u8] = &[3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2];
    let probe = Syn { window: 1, acknowledgement: 0xe166_51bf, options: probe, ..nmap };
    assert_eq!(guess(&probe).map(|found| found.name), Some("nmap OS detection"));
    let unknown = Syn { window: 3_000, ..BARE };
    assert_eq!(named(&unknown), Some(("raw packets", Confidence::Near)));
}

/// 10.77.3.2 as masscan 1.3.2 and Mirai's scanner see it.
#[test]
fn scanners_put_the_target_into_other_fields() {
    let target = Target { address: [10, 77, 3, 2].into(), port: 82 };
    let sequence = 0x6fba_ec7b;
    let syn = Syn { ip: Ip::V4 { id: 61_227, flags: 0 }, sequence, window: 9_000, ..BARE };
    let name = |syn: &Syn<'_>| super::guess(syn, Some(&target)).map(|found| found.name);
    assert_eq!(name(&syn), Some("masscan"));
    assert_eq!(guess(&syn).map(|found| found.name), Some("raw packets"));
    assert_eq!(name(&Syn { sequence: target.address.to_bits(), ..syn }), Some("Mirai"));
}

#[test]
fn what_nobody_sends_is_nobody() {
    for odd in [
        Syn { urgent: 1, ..LINUX },
        Syn { flags: 0x0a, ..LINUX },
        Syn { flags: 0x12, ..LINUX },
        Syn { acknowledgement: 1, ..LINUX },
        Syn { payload: 1, ..LINUX },
        Syn { ip_options: 4, ..LINUX },
        Syn { ip: Ip::V4 { id: 7, flags: 0 }, ttl: 120, ..LINUX },
        Syn { ttl: 120, window: 1_152, ..LINUX },
        Syn { options: &[8, 3, 1], ..LINUX },
        Syn { options: &[2, 0], ..LINUX },
        Syn { options: &[1; 40], ..LINUX },
    ] {
        assert_eq!(guess(&odd), None, "{odd:?}");
    }
}

#[test]
fn equally_good_names_give_what_they_have_in_common() {
    let text = "decnet-syn 3\nsystem Linux: a\n win=5 mss\nsystem Linux: b\n ttl=64 mss\n\
                system BSD: c\n df mss,ws\nsystem Linux: d\n ttl=64 mss,ws\n";
    let set = Set::parse(text).unwrap();
    let both = Syn { window: 5, options: MSS_ONLY, ..LINUX };
    let found = set.guess(&both, None).unwrap();
    assert_eq!((found.name, found.family, found.version), ("Linux", "Linux", 3));
    assert_eq!(set.guess(&Syn { window: 6, ..both }, None).unwrap().name, "b");
    let strangers = Syn { options: &[2, 4, 5, 0xb4, 3, 3, 1], ..LINUX };
    assert_eq!(set.guess(&strangers, None), None);
}

#[test]
fn a_distance_has_an_end() {
    assert_eq!(
        [0, 32, 33, 64, 65, 128, 129, 255].map(initial_ttl),
        [32, 32, 64, 64, 128, 128, 255, 255]
    );
    assert_eq!(distance(57), Some(7));
    assert_eq!(distance(93), Some(35));
    assert_eq!(distance(92), None);
    assert_eq!(distance(0), Some(32));
    // Linux from afar: the name knows better where it started.
    let far = Syn { ttl: 30, ..LINUX };
    assert_eq!(guess(&far).and_then(|found| found.distance(30)), Some(34));
}

proptest! {
    #[test]
    fn any_options_are_answered(options: Vec<u8>, window: u16, ttl: u8, id: u16, flags: u16) {
        let ip = Ip::V4 { id, flags: 2 };
        let syn = Syn { ip, options: &options, window, ttl, flags, ..LINUX };
        let found = guess(&syn);
        prop_assert!(found.is_none_or(|found| found.version == version()));
        prop_assert_eq!(found, guess(&syn));
    }
}

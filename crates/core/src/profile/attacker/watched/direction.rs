//! One direction of a TCP connection as columns.
//!
//! **Invariant:** total functions of one fact; what was not seen is `None`.

use crate::event::wire::FlowSide;
use crate::profile::rows::{Delay, Marks, Pacing, Retransmissions, TcpDirection};
use crate::profile::seconds_of_ns;
use crate::row::Json;
use std::net::IpAddr;

/// Gaps below which nobody can tell whether a sender spreads its packets.
const PACED_GAPS_MIN: usize = 16;
/// Gaps of who spreads them are alike: the 95th percentile is below so many times the median.
const PACED_RATIO: u64 = 3;
/// A gap below a millisecond is one inside a burst.
const BURST_GAP_NS: u32 = 1_000_000;

pub(super) fn columns(ip: IpAddr, side: &FlowSide) -> TcpDirection {
    let has_data = side.flight_segments > 0;
    let [ect0, ect1, ce] = side.marks;
    let [ece, cwr] = side.echoes;
    TcpDirection {
        packets: side.packets,
        bytes: side.bytes,
        repeats: side.repeats,
        initial_window_segments: has_data.then_some(side.flight_segments),
        initial_window_bytes: has_data.then_some(side.flight_bytes),
        rto_s: retransmissions(&side.repeated).map(Json),
        mss: side.mss,
        max_segment: (side.max_segment > 0).then_some(side.max_segment),
        pmtud: discovery(ip, side),
        pacing: Pacing::of(side).map(Json),
        marks: Json(Marks { ect0, ect1, ce, ece, cwr }),
    }
}

/// Path MTU discovery: what a router has said; else, of IPv4, whether packets may be fragmented.
fn discovery(ip: IpAddr, side: &FlowSide) -> Option<String> {
    match (side.too_big, ip, side.df) {
        (Some(too_big), _, _) => Some(format!("too_big:{}", too_big.mtu)),
        // Nobody fragments packets of IPv6 on their way.
        (None, IpAddr::V6(_), _) => Some("always".to_owned()),
        (None, IpAddr::V4(_), Some(true)) => Some("df".to_owned()),
        (None, IpAddr::V4(_), Some(false)) => Some("off".to_owned()),
        (None, IpAddr::V4(_), None) => None,
    }
}

/// A segment that is sent again and again.
struct Chain {
    attempt: u16,
    /// Since it was sent first, and since it was sent last, nanoseconds.
    delay_ns: u64,
    wait_ns: u64,
}

fn retransmissions(repeated: &[(u16, u64)]) -> Option<Retransmissions> {
    if repeated.is_empty() {
        return None;
    }
    let mut chains: Vec<Chain> = Vec::new();
    let mut backoff = Vec::new();
    for &(attempt, delay_ns) in repeated {
        // The latest segment of which this can be the next try.
        let before = chains.iter_mut().rev().find(|chain| {
            chain.attempt.checked_add(1) == Some(attempt) && chain.delay_ns <= delay_ns
        });
        let Some(chain) = before else {
            chains.push(Chain { attempt, delay_ns, wait_ns: delay_ns });
            continue;
        };
        let wait_ns = delay_ns - chain.delay_ns;
        if chain.wait_ns > 0 {
            backoff.push(wait_ns as f64 / chain.wait_ns as f64);
        }
        *chain = Chain { attempt, delay_ns, wait_ns };
    }
    let delays = repeated
        .iter()
        .map(|&(attempt, delay_ns)| Delay { attempt, s: seconds_of_ns(delay_ns) })
        .collect();
    Some(Retransmissions { delays, backoff })
}

impl Pacing {
    /// How the gaps of a direction are; nothing without any.
    ///
    /// Who spreads packets over time leaves gaps that are alike and not short: with at least 16
    /// gaps, the 95th percentile is under three times the median, and at most half are under a
    /// millisecond.
    #[must_use]
    pub fn of(side: &FlowSide) -> Option<Self> {
        let mut gaps = side.gaps_ns.clone();
        gaps.sort_unstable();
        let p50 = percentile(&gaps, 50)?;
        let p95 = percentile(&gaps, 95)?;
        let short = gaps.iter().filter(|gap| **gap < BURST_GAP_NS).count();
        let is_paced = u64::from(p95) < PACED_RATIO * u64::from(p50) && short * 2 <= gaps.len();
        Some(Self {
            gaps: side.gaps,
            p50_s: seconds_of_ns(p50.into()),
            p95_s: seconds_of_ns(p95.into()),
            under_1ms: short as f64 / gaps.len() as f64,
            paced: (gaps.len() >= PACED_GAPS_MIN).then_some(is_paced),
        })
    }
}

/// The smallest value that so many in a hundred are not above; `sorted` is in order.
fn percentile(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::wire::TooBig;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn waits_of_one_segment_are_compared_also_between_those_of_another() {
        let ms = 1_000_000;
        let repeated = [(1, 200 * ms), (1, 300 * ms), (2, 900 * ms), (2, 600 * ms)];
        let found = retransmissions(&repeated).unwrap();
        assert_eq!(found.backoff, [2.0, 2.0]);
        assert_eq!(found.delays[3], Delay { attempt: 2, s: 0.6 });
        assert_eq!(retransmissions(&[]), None);
    }

    #[test]
    fn pacing_is_told_from_bursts() {
        let side = |gaps_ns: Vec<u32>| FlowSide { gaps: 99, gaps_ns, ..FlowSide::default() };
        let even = (0..40).map(|n| 10_000_000 + n % 3 * 1_000_000).collect();
        let found = Pacing::of(&side(even)).unwrap();
        assert_eq!((found.paced, found.p50_s, found.under_1ms), (Some(true), 0.011, 0.0));
        let bursts = (0..40).map(|n| if n % 10 == 9 { 50_000_000 } else { 20_000 }).collect();
        let found = Pacing::of(&side(bursts)).unwrap();
        assert_eq!((found.paced, found.p95_s, found.under_1ms), (Some(false), 0.05, 0.9));
        assert_eq!(Pacing::of(&side(vec![5_000_000; 3])).unwrap().paced, None);
        assert_eq!(Pacing::of(&side(vec![])), None);
    }

    #[test]
    fn discovery_is_what_a_router_said_before_what_a_syn_asks() {
        let with = |df, too_big| FlowSide { df, too_big, ..FlowSide::default() };
        let too_big = Some(TooBig { mtu: 1_280, count: 2 });
        let check = |ip, side, text: &str| assert_eq!(discovery(ip, &side).unwrap(), text);
        check(V4, with(Some(true), too_big), "too_big:1280");
        check(V4, with(Some(true), None), "df");
        check(V4, with(Some(false), None), "off");
        check(V6, with(None, None), "always");
        assert_eq!(discovery(V4, &with(None, None)), None);
    }

    #[test]
    fn a_side_without_data_has_no_first_flight() {
        let found = columns(V4, &FlowSide { packets: 3, ..FlowSide::default() });
        assert_eq!(
            (found.packets, found.initial_window_segments, found.max_segment),
            (3, None, None)
        );
    }
}

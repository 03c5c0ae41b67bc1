//! Facts about connections as such: how they open, and how they went.
//!
//! **Invariant:** values as the tracker has them; nothing is computed but differences of instants.

use super::{Mark, Orientation, Sight};
use crate::event::wire::{FlowEnd, FlowSide, SshTraffic, TcpFlow, TcpSyn, TooBig, WindowExtent};
use crate::event::{PeerFact, Service, Side};
use crate::flow::tcp::{Direction, Endpoint, Flow, Moment, Opening};
use crate::flow::tracker::End;
use crate::flow::window::SshWindow;
use crate::octets::Binary;

/// A SYN or SYN-ACK.
pub(super) fn opening(
    from: Endpoint,
    to: Endpoint,
    opening: &Opening,
    attempt: u32,
    since_ns: Option<u64>,
) -> Sight {
    let (side, client, server, mark) = match opening.is_answer() {
        true => (Side::Server, to, from, opening.ack.wrapping_sub(1)),
        false => (Side::Client, from, to, opening.isn),
    };
    let syn = TcpSyn {
        side,
        ttl: opening.ttl,
        tos: opening.tos,
        ip_id: opening.id,
        ip_flags: opening.ip_flags,
        flow_label: opening.label,
        ip_options: opening.ip_options,
        isn: opening.isn,
        ack: opening.ack,
        flags: opening.flags,
        window: opening.window,
        urgent: opening.urgent,
        options: Binary(opening.options().to_vec()),
        payload: opening.payload,
        attempt,
        since_ns,
    };
    Sight {
        at: opening.at,
        transport: Service::Tcp,
        client,
        server,
        mark: Mark::Sequence(mark),
        first_frames: [None; 2],
        is_answered: false,
        fact: PeerFact::TcpSyn(Box::new(syn)),
    }
}

/// A window of packets of an SSH connection.
pub(super) fn window(
    flow: &Flow,
    orientation: Orientation,
    window: &SshWindow,
    at: Moment,
) -> Sight {
    let sides = [
        (window.client_packets, window.client_acks, window.client_mode),
        (window.server_packets, window.server_acks, window.server_mode),
    ];
    let [client, server] = match orientation {
        Orientation::AsSeen => sides,
        Orientation::Turned => [sides[1], sides[0]],
    };
    let fact = SshTraffic {
        client_packets: client.0,
        server_packets: server.0,
        client_acks: client.1,
        server_acks: server.1,
        client_mode: client.2.into(),
        server_mode: server.2.into(),
        extent: if window.is_full { WindowExtent::Whole } else { WindowExtent::Cut },
    };
    orientation.sight(flow, at, PeerFact::SshTraffic(fact))
}

/// The end of a flow.
pub(super) fn flow(flow: &Flow, orientation: Orientation, why: End) -> Sight {
    let (client, server) = match orientation {
        Orientation::AsSeen => (&flow.client, &flow.server),
        Orientation::Turned => (&flow.server, &flow.client),
    };
    let fact = TcpFlow {
        took_ns: flow.latest.at_ns.saturating_sub(flow.began.at_ns),
        end: match why {
            End::Finished => FlowEnd::Finished,
            End::Reset => FlowEnd::Reset,
            End::Reused => FlowEnd::Reused,
            End::Idle => FlowEnd::Idle,
            End::Evicted => FlowEnd::Evicted,
            End::Stopped => FlowEnd::Stopped,
        },
        client: side(client, flow.began),
        server: side(server, flow.began),
    };
    let first_frames = [client, server].map(|side| side.first.map(|first| first.frame));
    let fact = PeerFact::TcpFlow(Box::new(fact));
    Sight { first_frames, ..orientation.sight(flow, flow.latest, fact) }
}

fn side(direction: &Direction, began: Moment) -> FlowSide {
    FlowSide {
        packets: direction.packets,
        bytes: direction.bytes,
        mss: direction.opening.and_then(|opening| opening.mss()),
        df: direction.opening.map(|opening| opening.df),
        max_segment: direction.max_segment,
        flight_segments: direction.flight.segments,
        flight_bytes: direction.flight.bytes,
        repeats: direction.repeats,
        repeated: direction.repeated.iter().map(|r| (r.attempt, r.delay_ns)).collect(),
        gaps: direction.gaps,
        gaps_ns: direction.gaps_ns.clone(),
        marks: direction.marks,
        echoes: direction.echoes,
        too_big: direction.too_big.map(|found| TooBig { mtu: found.mtu, count: found.count }),
        ticks: direction
            .ticks()
            .map(|tick| (tick.at_ns.saturating_sub(began.at_ns), tick.value))
            .collect(),
    }
}

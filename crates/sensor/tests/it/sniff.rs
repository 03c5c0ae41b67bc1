//! The sniffer between two network namespaces.

use decnet_core::flow::packet::{Transport, ip};
use decnet_core::limits;
use decnet_sensor::sniff::{
    Direction, Frame, Instruction, Network, Ring, Selection, SniffError, Stop, Turn, Watch,
    Watcher, interfaces,
};
use decnet_testing::netns::Namespaces;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, SockaddrIn6, sendto,
    socket,
};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::num::NonZeroU32;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_secs(10);
const BLOCKS: NonZeroU32 = NonZeroU32::new(limits::SNIFF_BLOCKS).unwrap();
/// The end of what a test sends.
const END: &[u8] = b"that was all";

/// A frame that outlives its block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    bytes: Vec<u8>,
    direction: Direction,
    interface: u32,
    at_ns: u64,
    is_merged: bool,
    original_length: u32,
}

impl Kept {
    fn of(frame: &Frame<'_>) -> Self {
        Self {
            bytes: frame.bytes.to_vec(),
            direction: frame.direction,
            interface: frame.interface,
            at_ns: frame.at_ns,
            is_merged: frame.is_merged,
            original_length: frame.original_length,
        }
    }

    /// Source, destination, and SYN and ACK if it is TCP.
    fn ends(&self) -> (IpAddr, IpAddr, Option<(bool, bool)>) {
        let packet = ip(&self.bytes).unwrap();
        let flags = match packet.transport() {
            Ok(Transport::Tcp(tcp)) => Some((tcp.flags & 0x02 != 0, tcp.flags & 0x10 != 0)),
            _ => None,
        };
        (packet.source, packet.destination, flags)
    }

    fn is_end(&self) -> bool {
        self.bytes.ends_with(END)
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

/// What to watch for decoys that listen there.
fn watch(namespaces: &Namespaces, listen: &[&str]) -> Watch {
    let listen: Vec<IpAddr> = listen.iter().map(|one| address(one)).collect();
    namespaces.inside(&namespaces.decoy, || Watch::of(&interfaces().unwrap(), &listen)).unwrap()
}

fn open(namespaces: &Namespaces, watch: &Watch, never: &[Network]) -> (Watcher, Stop) {
    namespaces.inside(&namespaces.decoy, || Watcher::open(watch, never, BLOCKS)).unwrap()
}

/// Reads until enough was seen.
fn read(watcher: &mut Watcher, is_enough: impl Fn(&[Kept]) -> bool) -> Vec<Kept> {
    let begin = Instant::now();
    let mut kept = Vec::new();
    while !is_enough(&kept) {
        assert!(begin.elapsed() < PATIENCE, "{kept:#?}");
        let turn = watcher.turn(Duration::from_millis(50), |frame| kept.push(Kept::of(&frame)));
        assert!(matches!(turn.unwrap(), Turn::Frames(_)));
    }
    kept
}

fn until_end(watcher: &mut Watcher) -> Vec<Kept> {
    let mut kept = read(watcher, |kept| kept.iter().any(Kept::is_end));
    assert!(kept.pop().unwrap().is_end());
    kept
}

/// Sends datagrams from an address of the peer.
fn send(namespaces: &Namespaces, from: &str, to: &[(&str, &[u8])]) {
    namespaces.inside(&namespaces.peer, || {
        let socket = UdpSocket::bind((address(from), 0)).unwrap();
        for (to, bytes) in to {
            socket.send_to(bytes, (address(to), 9)).unwrap();
        }
    });
}

#[test]
fn a_handshake_is_seen_from_both_sides() {
    let Some(namespaces) = Namespaces::new() else { return };
    for (peer, decoy) in [("192.0.2.2", "192.0.2.1"), ("2001:db8::2", "2001:db8::1")] {
        let watch = watch(&namespaces, &[decoy]);
        let begin = now_ns();
        let (mut watcher, _stop) = open(&namespaces, &watch, &[]);
        let listener = namespaces
            .inside(&namespaces.decoy, || TcpListener::bind((address(decoy), 0)))
            .unwrap();
        let to: SocketAddr = listener.local_addr().unwrap();
        let sent = vec![7; 200_000];
        namespaces.inside(&namespaces.peer, || {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let mut received = Vec::new();
                    listener.accept().unwrap().0.read_to_end(&mut received).unwrap();
                    assert_eq!(received, sent);
                });
                TcpStream::connect(to).unwrap().write_all(&sent).unwrap();
            });
        });
        send(&namespaces, peer, &[(decoy, END)]);
        let kept = until_end(&mut watcher);
        let syn = (address(peer), address(decoy), Some((true, false)));
        let answer = (address(decoy), address(peer), Some((true, true)));
        assert_eq!((kept[0].ends(), kept[0].direction), (syn, Direction::Incoming));
        assert_eq!((kept[1].ends(), kept[1].direction), (answer, Direction::Outgoing));
        // Veth cuts nothing, so that large writes arrive as they were made, and say so.
        let is_large = |kept: &&Kept| kept.bytes.len() > 1_500;
        assert!(kept.iter().filter(is_large).count() > 0);
        assert!(kept.iter().filter(is_large).all(|kept| kept.is_merged));
        assert!(!kept[0].is_merged && !kept[1].is_merged);
        let mut payload = 0;
        for kept in &kept {
            assert_eq!(watch.interfaces, BTreeSet::from([kept.interface]));
            assert!(kept.at_ns >= begin && kept.at_ns <= now_ns(), "{kept:?}");
            assert_eq!(kept.original_length as usize, kept.bytes.len());
            let packet = ip(&kept.bytes).unwrap();
            if let (Direction::Incoming, Ok(Transport::Tcp(tcp))) =
                (kept.direction, packet.transport())
            {
                payload += tcp.payload.len();
            }
        }
        assert!(payload >= sent.len(), "{payload}");
        // Nanoseconds, not microseconds or jiffies.
        assert!(kept.iter().any(|kept| kept.at_ns % 1_000 != 0));
        assert_eq!(watcher.statistics().unwrap().lost, 0);
    }
}

#[test]
fn others_are_not_seen_however_many_decoys_there_are() {
    let Some(namespaces) = Namespaces::new() else {
        return;
    };
    namespaces.run(&namespaces.decoy, "ip address add 192.0.2.3/24 dev veth0");
    namespaces.run(&namespaces.peer, "ip address add 192.0.2.4/24 dev veth0");
    let mut watch = watch(&namespaces, &["192.0.2.1"]);
    let never: Network = "192.0.2.4/31".parse().unwrap();
    // With a program of the kernel, and with more addresses than one takes.
    for decoys in [1, 2_000] {
        let more = (1..decoys).map(|one| IpAddr::V4(Ipv4Addr::from_bits(0xc633_6400 + one)));
        watch.addresses.extend(more);
        let (mut watcher, _stop) = open(&namespaces, &watch, &[never]);
        send(&namespaces, "192.0.2.4", &[("192.0.2.1", b"operator")]);
        send(&namespaces, "192.0.2.2", &[("192.0.2.3", b"elsewhere"), ("192.0.2.1", b"decoy")]);
        send(&namespaces, "192.0.2.2", &[("192.0.2.1", END)]);
        let kept = until_end(&mut watcher);
        assert_eq!(kept.len(), 1, "{kept:#?}");
        assert!(kept[0].bytes.ends_with(b"decoy"));
    }
}

#[test]
fn the_kernel_chooses_as_the_rules_say() {
    let Some(namespaces) = Namespaces::new() else { return };
    let local = ["192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8:7::1", "2001:db8:7::2"];
    let never = ["203.0.113.128/25", "198.51.100.77/32", "2001:db8:9::/47"];
    let selection = Selection {
        interfaces: (1..9).collect(),
        local: local.iter().map(|one| address(one)).collect(),
        never: never.iter().map(|one| one.parse().unwrap()).collect(),
    };
    let all = [Instruction { code: 0x06, if_true: 0, if_false: 0, operand: u32::MAX }];
    let program = selection.program().unwrap();
    let open = |program: &[Instruction]| Ring::open(None, BLOCKS, program).unwrap();
    let [mut chosen, mut all] =
        namespaces.inside(&namespaces.decoy, || [open(&program), open(&all)]);
    namespaces.inside(&namespaces.peer, send_anything);
    send(&namespaces, "192.0.2.2", &[("192.0.2.1", END)]);
    let drain = |ring: &mut Ring, is_kept: &dyn Fn(&Frame<'_>) -> bool| {
        let (begin, mut is_over, mut seen, mut kept) = (Instant::now(), false, 0, Vec::new());
        while !is_over {
            assert!(begin.elapsed() < PATIENCE);
            ring.wait(Duration::from_millis(50)).unwrap();
            seen += ring.drain(|frame| {
                is_over |= frame.bytes.ends_with(END);
                if !is_over && is_kept(&frame) {
                    kept.push((frame.protocol, frame.bytes.to_vec(), frame.direction));
                }
            });
        }
        assert_eq!(ring.statistics().unwrap().lost, 0);
        kept.sort();
        (seen, kept)
    };
    let (seen, wanted) = drain(&mut all, &|frame| selection.is_wanted(frame));
    let (_, chosen) = drain(&mut chosen, &|_| true);
    assert!(wanted == chosen, "{} wanted, {} chosen", wanted.len(), chosen.len());
    assert!(wanted.len() > 200 && seen - wanted.len() > 200, "{} of {seen}", wanted.len());
}

/// Packets of every kind between addresses that matter and others, from raw sockets.
fn send_anything() {
    let open =
        |family| socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::Raw).unwrap();
    let (v4, v6) = (open(AddressFamily::Inet), open(AddressFamily::Inet6));
    let v4_ends = ["192.0.2.1", "198.51.100.7", "198.51.100.8", "203.0.113.127", "203.0.113.128"];
    let v6_ends =
        ["2001:db8::1", "2001:db8:7::1", "2001:db8:7::3", "2001:db8:9::1", "2001:db8:a::1"];
    let kinds = [6_u8, 17, 1, 58, 0, 43, 44, 51, 60, 41, 47, 132];
    let mut state = 1_u64;
    let mut below = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % most
    };
    for _ in 0..1_000 {
        let (source, destination, kind) = (below(5), below(5), kinds[below(kinds.len())]);
        let mut payload: Vec<u8> = (0..8 + below(32)).map(|_| below(16) as u8).collect();
        let first = [0x45, 0x45, 0x46, 0x48][below(4)];
        let place = [0, 0, 0, 0x20, 0x01][below(5)];
        let options = (usize::from(first & 0x0f) - 5) * 4;
        // No-operations, which no router looks at.
        let mut packet = vec![first, 0, 0, 0, 0, 7, place, 0, 64, kind, 0, 0];
        for end in [source, destination] {
            packet.extend(v4_ends[end].parse::<Ipv4Addr>().unwrap().octets());
        }
        packet.extend(vec![1; options]);
        packet.extend(&payload);
        let to: Ipv4Addr = v4_ends[destination].parse().unwrap();
        let to = SockaddrIn::from(std::net::SocketAddrV4::new(to, 0));
        sendto(v4.as_raw_fd(), &packet, &to, MsgFlags::empty()).unwrap();
        let mut packet = vec![0x60, 0, 0, 0, 0, payload.len() as u8, kind, 64];
        for end in [source, destination] {
            packet.extend(v6_ends[end].parse::<Ipv6Addr>().unwrap().octets());
        }
        packet.append(&mut payload);
        let to: Ipv6Addr = v6_ends[destination].parse().unwrap();
        let to = SockaddrIn6::from(std::net::SocketAddrV6::new(to, 0, 0, 0));
        sendto(v6.as_raw_fd(), &packet, &to, MsgFlags::empty()).unwrap();
    }
}

#[test]
fn what_finds_no_room_is_counted() {
    let Some(namespaces) = Namespaces::new() else { return };
    let selection =
        Selection { local: BTreeSet::from([address("192.0.2.1")]), ..Selection::default() };
    let program = selection.program().unwrap();
    let blocks = NonZeroU32::new(2).unwrap();
    let mut ring =
        namespaces.inside(&namespaces.decoy, || Ring::open(None, blocks, &program)).unwrap();
    let datagram = [0; 1_000];
    send(&namespaces, "192.0.2.2", &vec![("192.0.2.1", &datagram[..]); 2_000]);
    let counted = ring.statistics().unwrap();
    assert!(counted.wanted <= 2_000 && counted.full > 0, "{counted:?}");
    // Two blocks hold fewer than 500 of them.
    assert!(counted.lost > counted.wanted - 500, "{counted:?}");
    let (begin, mut frames) = (Instant::now(), 0);
    while frames < counted.wanted - counted.lost {
        assert!(begin.elapsed() < PATIENCE, "{frames} of {counted:?}");
        ring.wait(Duration::from_millis(50)).unwrap();
        frames += ring.drain(|frame| assert_eq!(frame.bytes.len(), 1_028)) as u64;
    }
    assert_eq!(frames, counted.wanted - counted.lost);
    // And there is room again.
    send(&namespaces, "192.0.2.2", &[("192.0.2.1", END)]);
    let mut is_over = false;
    while !is_over {
        assert!(begin.elapsed() < PATIENCE);
        ring.wait(Duration::from_millis(50)).unwrap();
        ring.drain(|frame| is_over |= frame.bytes.ends_with(END));
    }
    let counted = ring.statistics().unwrap();
    assert_eq!((counted.wanted, counted.lost), (1, 0));
}

#[test]
fn loopback_shows_each_frame_once() {
    let Some(namespaces) = Namespaces::new() else { return };
    let watch = watch(&namespaces, &["127.0.0.1", "::1"]);
    let (mut watcher, _stop) = open(&namespaces, &watch, &[]);
    namespaces.inside(&namespaces.decoy, || {
        let v6 = UdpSocket::bind("[::1]:0").unwrap();
        let v4 = UdpSocket::bind("127.0.0.1:0").unwrap();
        for number in 0..3 {
            v6.send_to(&[number], v6.local_addr().unwrap()).unwrap();
            v4.send_to(&[number], v4.local_addr().unwrap()).unwrap();
        }
        v4.send_to(END, v4.local_addr().unwrap()).unwrap();
    });
    let kept = until_end(&mut watcher);
    assert_eq!(kept.len(), 6, "{kept:#?}");
    assert!(kept.iter().all(|kept| kept.direction == Direction::Incoming));
    assert_eq!(kept[0].ends(), (address("::1"), address("::1"), None));
}

#[test]
fn a_wildcard_watches_all_interfaces() {
    let Some(namespaces) = Namespaces::new() else { return };
    let watch = watch(&namespaces, &["::"]);
    assert_eq!(watch.interfaces.len(), 2);
    let (mut watcher, _stop) = open(&namespaces, &watch, &[]);
    namespaces.inside(&namespaces.decoy, || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(b"near", socket.local_addr().unwrap()).unwrap();
    });
    send(&namespaces, "2001:db8::2", &[("2001:db8::1", b"far")]);
    send(&namespaces, "192.0.2.2", &[("192.0.2.1", END)]);
    let kept = until_end(&mut watcher);
    let has = |end: &[u8]| kept.iter().filter(|kept| kept.bytes.ends_with(end)).count();
    assert_eq!((has(b"near"), has(b"far")), (1, 1), "{kept:#?}");
}

#[test]
fn an_interface_may_go_down_and_come_back() {
    let Some(namespaces) = Namespaces::new() else {
        return;
    };
    let watch = watch(&namespaces, &["192.0.2.1"]);
    let (mut watcher, _stop) = open(&namespaces, &watch, &[]);
    namespaces.run(&namespaces.decoy, "ip link set veth0 down");
    let turn = watcher.turn(PATIENCE, |_| {});
    assert!(matches!(turn, Err(SniffError::InterfaceDown)), "{turn:?}");
    namespaces.run(&namespaces.decoy, "ip link set veth0 up");
    send(&namespaces, "192.0.2.2", &[("192.0.2.1", END)]);
    until_end(&mut watcher);
}

#[test]
fn an_interface_must_be_there() {
    let Some(namespaces) = Namespaces::new() else { return };
    let addresses = BTreeSet::from([address("192.0.2.1")]);
    let watch = Watch { interfaces: BTreeSet::from([999_999]), addresses };
    let opened = namespaces.inside(&namespaces.decoy, || Watcher::open(&watch, &[], BLOCKS));
    assert!(matches!(opened, Err(SniffError::InterfaceDown)), "{opened:?}");
    let opened = Watcher::open(&Watch::default(), &[], BLOCKS);
    assert!(matches!(opened, Err(SniffError::NoListener)), "{opened:?}");
}

#[test]
fn who_waits_is_stopped() {
    let Some(namespaces) = Namespaces::new() else { return };
    let watch = watch(&namespaces, &["127.0.0.1"]);
    let (mut watcher, stop) = open(&namespaces, &watch, &[]);
    let waiting = std::thread::spawn(move || watcher.turn(Duration::from_secs(3_600), |_| {}));
    drop(stop);
    assert!(matches!(waiting.join().unwrap(), Ok(Turn::Stopped)));
}

/// Runs itself again without the capability, if it has it.
#[test]
fn who_may_not_is_told_what_is_missing() {
    const AGAIN: &str = "DECNET_TEST_WITHOUT_NET_RAW";
    if nix::unistd::geteuid().is_root() && std::env::var_os(AGAIN).is_none() {
        let again = Command::new("setpriv")
            .args(["--bounding-set=-net_raw", "--inh-caps=-net_raw"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "sniff::who_may_not_is_told_what_is_missing", "--nocapture"])
            .env(AGAIN, "1")
            .output()
            .unwrap();
        assert!(again.status.success(), "{again:?}");
        assert!(String::from_utf8_lossy(&again.stdout).contains("1 passed"), "{again:?}");
        return;
    }
    let addresses = BTreeSet::from([address("127.0.0.1")]);
    let watch = Watch { interfaces: BTreeSet::from([1]), addresses };
    let opened = Watcher::open(&watch, &[], BLOCKS);
    assert!(matches!(opened, Err(SniffError::NoPermission)), "{opened:?}");
    let error = opened.unwrap_err().to_string();
    assert_eq!(error, "reading from interfaces needs the capability CAP_NET_RAW");
}

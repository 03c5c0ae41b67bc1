//! A cable that delays, loses and reorders, as `tc netem` does where the kernel has it, but knows
//! what it did: whatever happens before the sniffer must not be taken for what a sender did.

use super::{DECOY, PEER, Scene, all, one};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One way.
const DELAY: Duration = Duration::from_millis(20);
/// In a thousand packets.
const LOST: u64 = 30;
const HURRIED: u64 = 20;

/// What the cable did with segments of the peer that carry data.
#[derive(Debug, Default)]
struct Tally {
    delivered: BTreeSet<(u16, u32)>,
    /// Segments that were delivered before.
    again: i64,
    lost: i64,
    /// Packets that overtook others.
    hurried: i64,
}

/// Lays the cable between the ends `veth0` of both namespaces, which are taken out.
fn lay(namespaces: &super::Namespaces, home: &Path, tally: &Arc<Mutex<Tally>>) -> Vec<Child> {
    namespaces.run(&namespaces.peer, "ip link delete veth0");
    let mut children = Vec::new();
    let (mut ends, mut far) = (Vec::new(), Vec::new());
    for (inside, address) in [(&namespaces.peer, PEER), (&namespaces.decoy, DECOY)] {
        let (near, beyond) = (home.join(format!("{address}.cable")), home.join(address));
        let end = UnixDatagram::bind(&near).unwrap();
        // Whoever waits for somebody who waits for it waits for ever: what finds no room is lost.
        end.set_nonblocking(true).unwrap();
        let device = format!("TUN:{address}/24,tun-name=veth0,iff-no-pi,iff-up");
        let socket = format!("UNIX-SENDTO:{},bind={}", near.display(), beyond.display());
        let mut socat = Command::new("ip");
        socat.args(["netns", "exec", inside, "socat", &device, &socket]);
        children.push(socat.stdin(Stdio::null()).spawn().unwrap());
        ends.push(end);
        far.push(beyond);
    }
    for path in &far {
        let end = Instant::now() + super::PATIENCE;
        while !path.exists() {
            assert!(Instant::now() < end, "socat does not run");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let [peer, decoy] = <[UnixDatagram; 2]>::try_from(ends).unwrap();
    let clones = (peer.try_clone().unwrap(), decoy.try_clone().unwrap());
    let ways = [(peer, decoy, far[1].clone()), (clones.1, clones.0, far[0].clone())];
    for (from, to, beyond) in ways {
        let tally = Arc::clone(tally);
        // It ends with the socket that it would send to.
        std::thread::spawn(move || carry(&from, &to, &beyond, &tally));
    }
    children
}

/// Carries packets one way.
fn carry(from: &UnixDatagram, to: &UnixDatagram, beyond: &Path, tally: &Mutex<Tally>) {
    let mut waiting: BTreeMap<(Instant, u64), Vec<u8>> = BTreeMap::new();
    let mut packet = vec![0; 65_536];
    let mut random = 0x5eed_u64;
    for number in 0_u64.. {
        if let Ok(length) = from.recv(&mut packet) {
            let packet = &packet[..length];
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let luck = (random >> 33) % 1_000;
            let now = Instant::now();
            let mut tally = tally.lock().unwrap();
            let segment = segment(packet);
            if luck < LOST {
                tally.lost += i64::from(segment.is_some());
            } else if luck < LOST + HURRIED && !waiting.is_empty() {
                tally.hurried += i64::from(segment.is_some());
                waiting.insert((now, number), packet.to_vec());
            } else {
                waiting.insert((now + DELAY, number), packet.to_vec());
            }
        } else {
            std::thread::sleep(Duration::from_micros(500));
        }
        while let Some(first) = waiting.first_entry() {
            if first.key().0 > Instant::now() {
                break;
            }
            let packet = first.remove();
            let is_sent = to.send_to(&packet, beyond).is_ok();
            if let Some(segment) = segment(&packet) {
                let mut tally = tally.lock().unwrap();
                if is_sent {
                    tally.again += i64::from(!tally.delivered.insert(segment));
                } else {
                    tally.lost += 1;
                }
            }
        }
        if !beyond.exists() {
            return;
        }
    }
}

/// The client's port and the sequence number of one of its segments with data to port 80.
fn segment(packet: &[u8]) -> Option<(u16, u32)> {
    let (ip, tcp) = packet.split_at_checked(20)?;
    let data = tcp.len().checked_sub(usize::from(tcp.get(12)? >> 4) * 4)?;
    let [from0, from1, to0, to1, s0, s1, s2, s3] = *tcp.first_chunk::<8>()?;
    let is_meant = ip[0] == 0x45 && ip[9] == 6 && [to0, to1] == 80_u16.to_be_bytes();
    let seq = u32::from_be_bytes([s0, s1, s2, s3]);
    (is_meant && data > 0).then_some((u16::from_be_bytes([from0, from1]), seq))
}

#[test]
fn what_a_bad_link_does_is_not_taken_for_what_the_sender_does() {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let cable = |namespaces: &super::Namespaces, home: &Path| lay(namespaces, home, &tally);
    let Some(mut scene) = Scene::start_over(&["socat"], "", cable) else { return };
    let before = scene.counter("RetransSegs");
    scene.upload(1_000_000);
    let counted = scene.counter("RetransSegs") - before;
    let database = scene.end();
    let tally = tally.lock().unwrap();
    let found: i64 = one(&database, "select repeats from tcp_flow where dst_port = 80");
    assert!(tally.lost > 10 && tally.hurried > 3, "{tally:?}");
    // The kernel sent again what was lost, and the sniffer never saw those twice.
    assert!(counted >= tally.lost, "{counted} {}", tally.lost);
    assert!((found - tally.again).abs() <= 2 + tally.again / 10, "{found} of {}", tally.again);
    let requests: Vec<String> = all(&database, "select method || ' ' || target from http_request");
    assert_eq!(requests, ["PUT /upload"]);
    let bytes: i64 = one(&database, "select bytes from tcp_flow where dst_port = 80");
    assert!(bytes >= 1_000_000, "{bytes}");
}

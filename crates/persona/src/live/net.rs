//! What the kernel says of the network: interfaces, routes, neighbours, sockets.
//!
//! **Invariant:** `ip`, `ifconfig`, `ss`, `netstat` and /proc/net show one set of sockets and
//! numbers.

use crate::kernel::World;
use crate::live::{tasks, up_seconds};
use crate::machine::{Network, mac_text};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes and packets, received and sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    pub(crate) received: [u64; 2],
    pub(crate) sent: [u64; 2],
}

/// A socket.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) is_tcp: bool,
    pub(crate) local: (IpAddr, u16),
    pub(crate) peer: Option<(IpAddr, u16)>,
    pub(crate) uid: u32,
    pub(crate) inode: u64,
    /// Program, process and descriptor.
    pub(crate) owner: (&'static str, u32, u32),
    /// Bytes sent and not acknowledged.
    pub(crate) send_queue: u32,
    /// Bound to an interface: what `ss` puts behind the address.
    pub(crate) device: Option<&'static str>,
}

/// The machine's place in the network, as the session sees it.
pub(crate) fn network(world: &World) -> Network {
    Network::new(&world.machine, world.login.local.ip())
}

/// Counters of an interface.
pub(crate) fn traffic(world: &World, interface: &str) -> Traffic {
    let up = u64::try_from(up_seconds(world)).unwrap_or(0) + 40;
    if interface == "lo" {
        let packets = 96 + up / 1_900;
        return Traffic { received: [packets * 83, packets], sent: [packets * 83, packets] };
    }
    let ids = world.machine.ids;
    let (received, sent) = (up * (3 + ids[0] % 4) + up / 7, up * (2 + ids[1] % 3) + up / 11);
    Traffic {
        received: [received * (170 + ids[1] % 90) + 31_402_118, received + 22_410],
        sent: [sent * (190 + ids[0] % 120) + 1_204_533, sent + 9_822],
    }
}

/// All sockets that listen, and those of the session.
pub(crate) fn sockets(world: &World) -> Vec<Socket> {
    let machine = &world.machine;
    let network = network(world);
    let pid = |unit: &str| tasks::service_pid(machine, unit).unwrap_or(1);
    let inode = 14_000 + machine.ids[0] % 4_000;
    let sshd = ("sshd", pid("ssh.service"));
    let local_port = world.login.local.port();
    let socket = |is_tcp, local, owner: (&'static str, u32), fd, number| Socket {
        is_tcp,
        local,
        peer: None,
        uid: 0,
        inode: number,
        owner: (owner.0, owner.1, fd),
        send_queue: 0,
        device: None,
    };
    let dhclient = ("dhclient", pid("ifup@%i.service"));
    let mut all = vec![
        socket(false, (Ipv4Addr::UNSPECIFIED.into(), 68), dhclient, 9, inode - 812),
        socket(true, (Ipv4Addr::UNSPECIFIED.into(), local_port), sshd, 3, inode),
        socket(true, (Ipv6Addr::UNSPECIFIED.into(), local_port), sshd, 4, inode + 2),
    ];
    let peer = world.login.peer;
    let (own, server) = match network.global {
        Some(global) => (IpAddr::V6(global), world.sshd),
        None => (IpAddr::V4(network.address), world.sshd),
    };
    let mut session =
        socket(true, (own, local_port), ("sshd", server), 4, 30_000 + u64::from(world.sshd) * 3);
    session.peer = Some((peer.ip().to_canonical(), peer.port()));
    session.send_queue = 36;
    all.push(session);
    all
}

/// `0100007F:0016`
fn hex(address: IpAddr, port: u16) -> String {
    match address {
        IpAddr::V4(address) => format!("{:08X}:{port:04X}", address.to_bits().swap_bytes()),
        IpAddr::V6(address) => {
            let mut text = String::new();
            for part in address.octets().chunks(4) {
                text.extend(part.iter().rev().map(|byte| format!("{byte:02X}")));
            }
            format!("{text}:{port:04X}")
        }
    }
}

/// /proc/net/tcp and its like.
pub(crate) fn table(world: &World, is_tcp: bool, is_v6: bool) -> String {
    let mut text = match (is_v6, is_tcp) {
        (true, _) => "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode".to_owned(),
        (false, true) => "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode".to_owned(),
        (false, false) => "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops".to_owned(),
    };
    if !is_v6 {
        let width = if is_tcp { 149 } else { 127 };
        text = format!("{text:<width$}");
    }
    text.push('\n');
    let all = sockets(world);
    let these = all.iter().filter(|s| s.is_tcp == is_tcp && s.local.0.is_ipv6() == is_v6);
    for (index, socket) in these.enumerate() {
        let none = if is_v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let (peer, port) = socket.peer.unwrap_or((none, 0));
        let state = match (socket.peer, is_tcp) {
            (Some(_), _) => "01",
            (None, true) => "0A",
            (None, false) => "07",
        };
        let timer = if socket.send_queue > 0 { "01:00000014" } else { "00:00000000" };
        let pointer = socket.inode.wrapping_mul(0x9e37_79b9) & 0xffff_ffff;
        let row = format!(
            "{index:>4}: {} {} {state} {:08X}:00000000 {timer} 00000000 {:>5} {:>8} {} {} {pointer:016x}",
            hex(socket.local.0, socket.local.1),
            hex(peer, port),
            socket.send_queue,
            socket.uid,
            0,
            socket.inode,
            if socket.peer.is_some() {
                4
            } else if is_tcp {
                1
            } else {
                2
            },
        );
        let row = match (is_tcp, socket.peer) {
            (true, Some(_)) => format!("{row} 24 4 29 10 -1"),
            (true, None) => format!("{row} 100 0 0 10 0"),
            (false, _) => format!("{:>5}{} 0", index + 1_204, row.get(4..).unwrap_or_default()),
        };
        if is_v6 || !is_tcp {
            text.push_str(&row);
        } else {
            text.push_str(&format!("{row:<149}"));
        }
        text.push('\n');
    }
    text
}

/// /proc/net/dev
pub(crate) fn devices(world: &World) -> String {
    let mut text = String::from(
        "Inter-|   Receive                                                |  Transmit\n \
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs \
         drop fifo colls carrier compressed\n",
    );
    for name in ["lo", world.machine.interface] {
        let t = traffic(world, name);
        let ([bytes, packets], [sent, out]) = (t.received, t.sent);
        text.push_str(&format!(
            "{name:>6}: {bytes:>7} {packets:>7}    0    0    0     0          0         0 {sent:>8} \
             {out:>7}    0    0    0     0       0          0\n"
        ));
    }
    text
}

/// /proc/net/route
pub(crate) fn routes(world: &World) -> String {
    let n = network(world);
    let little = |address: Ipv4Addr| format!("{:08X}", address.to_bits().swap_bytes());
    let zero = little(Ipv4Addr::UNSPECIFIED);
    let rows = [
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
            .to_owned(),
        format!("{}\t{zero}\t{}\t0003\t0\t0\t0\t{zero}\t0\t0\t0", n.interface, little(n.gateway)),
        format!(
            "{}\t{}\t{zero}\t0001\t0\t0\t0\t{}\t0\t0\t0",
            n.interface,
            little(n.base()),
            little(n.mask())
        ),
    ];
    rows.iter().map(|row| format!("{row:<127}\n")).collect()
}

/// /proc/net/arp
pub(crate) fn arp(world: &World) -> String {
    let n = network(world);
    format!(
        "IP address       HW type     Flags       HW address            Mask     Device\n\
         {:<16} 0x1         0x2         {}     *        {}\n",
        n.gateway.to_string(),
        mac_text(n.gateway_mac),
        n.interface
    )
}

/// /proc/net/if_inet6
pub(crate) fn addresses6(world: &World) -> String {
    let n = network(world);
    let plain = |address: Ipv6Addr| -> String {
        address.octets().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut text = String::new();
    if let Some(global) = n.global {
        text.push_str(&format!("{} 02 40 00 80 {:>8}\n", plain(global), n.interface));
    }
    text.push_str(&format!("{} 02 40 20 80 {:>8}\n", plain(n.link_local), n.interface));
    text.push_str("00000000000000000000000000000001 01 80 10 80       lo\n");
    text
}

/// /proc/net/sockstat
pub(crate) fn sockstat(world: &World) -> String {
    let all = sockets(world);
    let tcp = all.iter().filter(|s| s.is_tcp && s.local.0.is_ipv4()).count();
    let count = 92 + world.table.len();
    format!(
        "sockets: used {count}\nTCP: inuse {tcp} orphan 0 tw 0 alloc {} mem 2\nUDP: inuse 1 mem 0\n\
         UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n",
        tcp + 1
    )
}

/// Sockets of the file system: type, state, path, program, unit.
pub(crate) const UNIX: &[(&str, &str, &str)] = &[
    ("SOCK_DGRAM", "", "/run/systemd/notify"),
    ("SOCK_STREAM", "LISTENING", "/run/systemd/private"),
    ("SOCK_STREAM", "LISTENING", "/run/systemd/userdb/io.systemd.DynamicUser"),
    ("SOCK_STREAM", "LISTENING", "/run/systemd/io.system.ManagedOOM"),
    ("SOCK_DGRAM", "", "/run/systemd/journal/syslog"),
    ("SOCK_STREAM", "LISTENING", "/run/systemd/fsck.progress"),
    ("SOCK_STREAM", "LISTENING", "/run/systemd/journal/stdout"),
    ("SOCK_SEQPACKET", "LISTENING", "/run/udev/control"),
    ("SOCK_DGRAM", "", "/run/systemd/journal/socket"),
    ("SOCK_DGRAM", "", "/run/systemd/journal/dev-log"),
    ("SOCK_STREAM", "LISTENING", "/run/systemd/journal/io.systemd.journal"),
    ("SOCK_STREAM", "LISTENING", "/run/dbus/system_bus_socket"),
];

/// /proc/net/unix
pub(crate) fn unix(world: &World) -> String {
    let mut text = String::from("Num       RefCount Protocol Flags    Type St Inode Path\n");
    let mut dice = world.machine.dice("unix");
    let first = 10_400 + world.machine.ids[1] % 900;
    for ((kind, state, path), number) in UNIX.iter().zip(0_u64..) {
        let (kind, count) = match *kind {
            "SOCK_DGRAM" => ("0002", 2),
            "SOCK_SEQPACKET" => ("0005", 2),
            _ => ("0001", 2),
        };
        let (flags, state) = if state.is_empty() { ("00000000", "01") } else { ("00010000", "01") };
        text.push_str(&format!(
            "{:016x}: {count:08X} 00000000 {flags} {kind} {state} {:>5} {path}\n",
            dice.roll() & 0xffff_ffff,
            first + number * 3
        ));
    }
    text
}

//! What is on the other side: which addresses names have, and what becomes of a connection.
//!
//! **Invariant:** nothing is ever reached but the machine itself, and all programs are told the same
//! story. The gateway lets nothing out: it answers that this is prohibited, which Linux calls `No
//! route to host`; so it answers what is asked of name servers. Neighbours do not exist.

use crate::commands::people::dice;
use crate::kernel::{Proc, World};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Somebody listens.
    Open,
    Refused,
    /// The gateway says no, or nobody has the address.
    NoRoute,
    /// The machine has no such network.
    NoNetwork,
    /// The program did not wait for more.
    TimedOut,
}

impl Reach {
    /// As `strerror` says it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Open => "Success",
            Self::Refused => "Connection refused",
            Self::NoRoute => "No route to host",
            Self::NoNetwork => "Network is unreachable",
            Self::TimedOut => "Connection timed out",
        }
    }
}

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The machine's own.
    Own,
    Gateway,
    /// Of the same network, where nobody has it.
    Neighbour,
    /// Behind the gateway.
    Far,
    /// Of no network that the machine has a way to.
    Nobody,
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoName {
    /// No name server answers.
    Again,
    /// It is no name.
    Unknown,
}

impl NoName {
    /// As `gai_strerror` says it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Again => "Temporary failure in name resolution",
            Self::Unknown => "Name or service not known",
        }
    }
}

/// Until ARP gives up.
const ARP_NS: i64 = 3_060_000_000;

/// Whose an address is.
pub(crate) fn whose(world: &World, address: IpAddr) -> Whose {
    let network = crate::live::net::network(world);
    let address = address.to_canonical();
    if address.is_loopback() || address.is_unspecified() {
        return Whose::Own;
    }
    match address {
        IpAddr::V4(address) if address == network.address => Whose::Own,
        IpAddr::V4(address) if address.is_multicast() || address.is_broadcast() => Whose::Nobody,
        IpAddr::V4(address) if address == network.gateway => Whose::Gateway,
        IpAddr::V4(address) if address.to_bits() & network.mask().to_bits() == network.base().to_bits() => {
            Whose::Neighbour
        }
        IpAddr::V4(_) => Whose::Far,
        IpAddr::V6(address) if address == network.link_local => Whose::Own,
        IpAddr::V6(address) if Some(address) == network.global => Whose::Own,
        IpAddr::V6(_) if network.global.is_some() => Whose::Far,
        IpAddr::V6(_) => Whose::Nobody,
    }
}

/// Whether the machine listens at a port of its own.
pub(crate) fn listens(port: u16) -> bool {
    port == 22
}

/// Tries to connect; so many nanoseconds at most. How long it took comes with it.
pub(crate) async fn connect(
    p: &mut Proc,
    address: IpAddr,
    port: u16,
    limit: Option<i64>,
) -> (Reach, i64) {
    let whose = p.world.with(|world| whose(world, address));
    let jitter = dice(p).below(900_000);
    let (reach, takes) = match whose {
        Whose::Own if listens(port) => (Reach::Open, 40_000 + jitter / 20),
        Whose::Own => (Reach::Refused, 40_000 + jitter / 20),
        Whose::Gateway => (Reach::Refused, 300_000 + jitter),
        Whose::Far => (Reach::NoRoute, 400_000 + jitter),
        Whose::Neighbour => (Reach::NoRoute, ARP_NS + jitter * 30),
        Whose::Nobody => (Reach::NoNetwork, 20_000),
    };
    let (reach, takes) = match limit {
        Some(limit) if limit < takes => (Reach::TimedOut, limit),
        Some(_) | None => (reach, takes),
    };
    p.sleep(takes).await;
    (reach, takes)
}

/// An address as `inet_aton` and `inet_pton` read it: `127.1`, `0x7f000001`, `::1`.
pub(crate) fn numeric(name: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(name).ok()?;
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some(address.into());
    }
    let parts: Vec<u32> = text.split('.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let room = 4_usize.checked_sub(first.len()).filter(|room| *room > 0)?;
    let bits = u32::try_from(room * 8).ok()?;
    if bits < 32 && *last >> bits != 0 {
        return None;
    }
    let mut all = *last;
    for (place, part) in first.iter().enumerate() {
        if *part > 255 {
            return None;
        }
        all |= part << (24 - 8 * u32::try_from(place).ok()?);
    }
    Some(Ipv4Addr::from_bits(all).into())
}

fn part(text: &str) -> Option<u32> {
    if text.starts_with(['+', '-']) {
        return None;
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.starts_with(['+', '-']) => None,
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}

/// The addresses of a name: of /etc/hosts, since name servers cannot be reached.
pub(crate) async fn resolve(p: &mut Proc, name: &[u8]) -> Result<Vec<IpAddr>, NoName> {
    if let Some(address) = numeric(name) {
        return Ok(vec![address]);
    }
    let hosts = p.world.with(|world| crate::people::text(&world.files, b"/etc/hosts"));
    let mut found = in_hosts(&hosts, name);
    if found.is_empty() && (name == b"localhost" || name.ends_with(b".localhost")) {
        found.push(Ipv4Addr::LOCALHOST.into());
    }
    if !found.is_empty() {
        found.sort_by_key(IpAddr::is_ipv4);
        found.dedup();
        return Ok(found);
    }
    let odd = |b: &u8| !b.is_ascii_alphanumeric() && !b"-._".contains(b) && b.is_ascii();
    let label = |label: &[u8]| label.len() > 63 || label.starts_with(b"-") || label.is_empty();
    let stem = name.strip_suffix(b".").unwrap_or(name);
    if name.is_empty() || name.iter().any(odd) || name.len() > 253 {
        return Err(NoName::Unknown);
    }
    if stem.split(|&b| b == b'.').any(label) {
        return Err(NoName::Unknown);
    }
    // Two servers, asked twice for two kinds of address.
    let more = dice(p).below(2_500_000);
    p.sleep(4_100_000 + more).await;
    Err(NoName::Again)
}

fn in_hosts(hosts: &[u8], name: &[u8]) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in hosts.split(|&b| b == b'\n') {
        let line = line.split(|&b| b == b'#').next().unwrap_or_default();
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(address) = words.next().and_then(numeric) else { continue };
        if words.any(|word| word.eq_ignore_ascii_case(name)) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_libc_reads_them() {
        for (text, address) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("127.1", Some("127.0.0.1")),
            ("0x7f000001", Some("127.0.0.1")),
            ("2130706433", Some("127.0.0.1")),
            ("010.1.1.1", Some("8.1.1.1")),
            ("0", Some("0.0.0.0")),
            ("::1", Some("::1")),
            ("256.1.1.1", None),
            ("1.2.3.4.5", None),
            ("1.2.3.", None),
            ("", None),
            ("evil.example", None),
        ] {
            let found = numeric(text.as_bytes()).map(|address| address.to_string());
            assert_eq!(found.as_deref(), address, "{text}");
        }
    }

    #[test]
    fn hosts_are_looked_up() {
        let hosts =
            b"127.0.0.1\tlocalhost\n# 1.2.3.4 no\n::1 localhost ip6 # x\n10.0.0.5 db db.lan\n";
        assert_eq!(in_hosts(hosts, b"DB.lan").len(), 1);
        assert_eq!(in_hosts(hosts, b"localhost").len(), 2);
        assert_eq!(in_hosts(hosts, b"no").len(), 0);
    }
}

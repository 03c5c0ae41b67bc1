//! What a forwarded connection would find: the persona's own ports and nothing else.
//!
//! **Invariant:** nothing is ever connected or looked up.

use decnet_core::dialogue::ssh::happening::Connected;
use decnet_core::event::Origin;
use decnet_persona::Machine;
use std::net::{IpAddr, Ipv4Addr};

/// What becomes of a connection to `host`: the one port that is open is that of the server itself.
pub(super) fn reach(
    host: &[u8],
    port: Option<u32>,
    machine: &Machine,
    origin: &Origin,
) -> Connected {
    let refused = |words| Connected::Refused { reason: CONNECT_FAILED, words };
    let Some(port) = port else { return refused(OPEN_FAILED) };
    match found(host, machine) {
        Ok(Some(address)) if port == u32::from(origin.local.port()) => {
            let is_here = address.is_loopback()
                || address.is_unspecified()
                || address.to_canonical() == origin.local.ip().to_canonical();
            if is_here { Connected::Open } else { refused(CONNECTION_REFUSED) }
        }
        // Nobody may connect to everybody.
        Ok(Some(IpAddr::V4(Ipv4Addr::BROADCAST))) => refused(OPEN_FAILED),
        Ok(_) => refused(CONNECTION_REFUSED),
        Err(words) => refused(words),
    }
}

/// The address of a host, as the resolver has it, or its words.
fn found(host: &[u8], machine: &Machine) -> Result<Option<IpAddr>, &'static str> {
    let text = std::str::from_utf8(host).unwrap_or_default();
    let is_own_name = matches!(text, "localhost" | "ip6-localhost") || text == machine.hostname;
    match text.parse::<IpAddr>().ok().or_else(|| number(text).map(IpAddr::V4)) {
        Some(address) => Ok(Some(address)),
        None if is_own_name => Ok(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
        None => Err("Name or service not known"),
    }
}

/// An address as `inet_aton` takes it: up to four numbers, decimal, octal or hexadecimal, of which
/// the last fills what is left.
fn number(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, before) = parts.split_last()?;
    let left = 4_u32.checked_sub(u32::try_from(before.len()).ok()?).filter(|left| *left > 0)?;
    let last = whole(last)?;
    if left < 4 && last >= 1 << (8 * left) {
        return None;
    }
    let mut address = last;
    for (part, shift) in before.iter().zip([24, 16, 8]) {
        address |= u32::from(u8::try_from(whole(part)?).ok()?) << shift;
    }
    Some(Ipv4Addr::from_bits(address))
}

fn whole(text: &str) -> Option<u32> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match (hexadecimal, text.strip_prefix('0').filter(|digits| !digits.is_empty())) {
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) => u32::from_str_radix(digits, 8).ok(),
        (None, None) if text.starts_with('+') => None,
        (None, None) => text.parse().ok(),
    }
}

/// `SSH_OPEN_CONNECT_FAILED`, RFC 4254 §5.1.
const CONNECT_FAILED: u32 = 2;
pub(super) const OPEN_FAILED: &str = "open failed";
pub(super) const CONNECTION_REFUSED: &str = "Connection refused";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_a_c_program_takes() {
        let check = |text, expected: Option<&str>| {
            assert_eq!(number(text).map(|address| address.to_string()).as_deref(), expected);
        };
        check("127.1", Some("127.0.0.1"));
        check("2130706433", Some("127.0.0.1"));
        check("0x7f.0.1", Some("127.0.0.1"));
        check("0177.0.0.01", Some("127.0.0.1"));
        check("1.2.3.256", None);
        check("256.1", None);
        check("1.2.3.4.5", None);
        check("", None);
        check("a", None);
    }

    #[test]
    fn words_are_those_of_whoever_fails() {
        let machine = Machine::from_seed(1);
        let origin = Origin {
            decky: String::new(),
            service: decnet_core::event::Service::Ssh,
            connection: decnet_core::event::ConnectionId(uuid::Uuid::nil()),
            peer: "192.0.2.7:1".parse().unwrap(),
            local: "192.0.2.1:22".parse().unwrap(),
        };
        let words = |host: &str, port| match reach(host.as_bytes(), port, &machine, &origin) {
            Connected::Refused { words, .. } => words,
            Connected::Open => "open",
        };
        for host in ["127.0.0.1", "127.1", "::1", "localhost", "192.0.2.1", "0.0.0.0"] {
            assert_eq!(words(host, Some(22)), "open");
        }
        assert_eq!(words("192.0.2.2", Some(22)), CONNECTION_REFUSED);
        assert_eq!(words("127.0.0.1", Some(1)), CONNECTION_REFUSED);
        assert_eq!(words("localhost", Some(1)), CONNECTION_REFUSED);
        assert_eq!(words("nowhere.example", Some(1)), "Name or service not known");
        assert_eq!(words("255.255.255.255", Some(1)), OPEN_FAILED);
        assert_eq!(words("/run/docker.sock", None), OPEN_FAILED);
    }
}

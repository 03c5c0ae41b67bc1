//! What kind of link lies on the way, by the largest packet that it takes.
//!
//! **Invariant:** a size that is not in the table is named by its number.

/// Sizes in bytes, by what standards and makers say: RFC 894 and 2516 for Ethernet and its sessions,
/// RFC 2003 and 4213 for a header of IP more, RFC 2784 for that and four bytes, 60 or 80 bytes of
/// `WireGuard`, the least of RFC 791 and 8200, and what systems set for their own loopback.
const LINKS: &[(u32, &str)] = &[
    (576, "IPv4 minimum"),
    (1_280, "IPv6 minimum, tunnel"),
    (1_400, "tunnel"),
    (1_420, "WireGuard"),
    (1_440, "WireGuard over IPv4"),
    (1_454, "PPPoE, tunnelled"),
    (1_460, "cloud network"),
    (1_476, "GRE"),
    (1_480, "IP in IP"),
    (1_492, "PPPoE"),
    (1_500, "Ethernet"),
    (9_000, "jumbo frames"),
    (9_001, "jumbo frames, cloud"),
    (16_384, "loopback of BSD"),
    (65_535, "loopback of Linux"),
    (65_536, "loopback of Linux"),
];

/// The link whose largest packet has so many bytes.
pub(super) fn name(mtu: u32) -> String {
    if let Some((_, name)) = LINKS.iter().find(|(size, _)| *size == mtu) {
        return (*name).to_owned();
    }
    match mtu {
        1_281..1_500 => format!("tunnel ({mtu} bytes)"),
        _ => format!("{mtu} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_known_by_their_size() {
        assert!(LINKS.is_sorted());
        assert_eq!(name(1_492), "PPPoE");
        assert_eq!(name(1_412), "tunnel (1412 bytes)");
        assert_eq!(name(1_501), "1501 bytes");
    }
}

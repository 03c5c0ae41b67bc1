//! What servers announce, release by release: the identification line and the lists that go with it.
//!
//! **Invariant:** line and lists are pairs as they were captured; none announces
//! `ping@openssh.com`, behind which newer clients hide the rhythm of their keys.

use super::kex::negotiation::Lists;
use super::packet::sealer::ClearPadding;

/// What one release of a server announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The identification line without its ending.
    pub line: &'static str,
    /// The first patch of the distribution (`u2` of `deb12u2`) that announces these lists.
    since: u32,
    /// The methods of key exchange with their marks.
    pub kex: &'static str,
    /// What host keys sign with.
    pub host_key: &'static str,
    /// Ciphers, both ways.
    pub ciphers: &'static str,
    /// Codes, both ways.
    pub macs: &'static str,
    /// Compression, both ways.
    pub compression: &'static str,
    /// Signature algorithms of clients in `EXT_INFO`; empty where none is sent.
    pub signatures: &'static str,
    /// Whether it offers `publickey-hostbound-v00@openssh.com`.
    pub is_hostbound: bool,
    /// Whether it tells its host keys after a login.
    pub tells_host_keys: bool,
    /// What it fills packets with before there are keys.
    pub padding: ClearPadding,
}

impl Release {
    /// What goes with an identification line: the lists of that patch, or of the release whose line
    /// begins most like it, so that the lists fit what is announced.
    #[must_use]
    pub fn nearest(line: &str) -> &'static Self {
        let (family, patch) = patched(line);
        let of_family = RELEASES.iter().filter(|release| patched(release.line).0 == family);
        let fitting = of_family.filter(|release| release.since <= patch);
        let shared = |release: &&Self| {
            let ours = release.line.bytes();
            ours.zip(line.bytes()).take_while(|(ours, theirs)| ours == theirs).count()
        };
        fitting
            .max_by_key(|release| release.since)
            // Of several that share as much, the first.
            .or_else(|| RELEASES.iter().rev().max_by_key(shared))
            .unwrap_or(&DEBIAN_12)
    }

    /// The ten lists of a KEXINIT, RFC 4253 §7.1.
    #[must_use]
    pub fn lists(&self) -> Lists<'static> {
        let [kex, host_key, ciphers, macs, compression] =
            [self.kex, self.host_key, self.ciphers, self.macs, self.compression].map(str::as_bytes);
        [kex, host_key, ciphers, ciphers, macs, macs, compression, compression, b"", b""]
    }
}

/// A line without what the distribution has patched, and the patch: `…+deb12u7` is 7.
fn patched(line: &str) -> (&str, u32) {
    let Some((family, patch)) = line.split_once("+deb") else { return (line, 0) };
    let number = patch.rsplit('u').next().and_then(|number| number.parse().ok());
    (family, number.unwrap_or(0))
}

/// All of them, the default first.
pub const RELEASES: &[Release] =
    &[DEBIAN_12, DEBIAN_12_U3, DEBIAN_12_U1, DEBIAN_11, DEBIAN_11_U2, DROPBEAR];

/// 9.2p1-2+deb12u10.
const DEBIAN_12: Release = Release {
    line: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10",
    since: 4,
    kex: "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,\
          curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
          diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,\
          diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,\
          kex-strict-s-v00@openssh.com",
    host_key: "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519",
    ciphers: "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
              aes128-gcm@openssh.com,aes256-gcm@openssh.com",
    macs: "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,\
           hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
           umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
    compression: "none,zlib@openssh.com",
    signatures: "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,\
                 ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,\
                 webauthn-sk-ecdsa-sha2-nistp256@openssh.com,ssh-dss,ssh-rsa,rsa-sha2-256,\
                 rsa-sha2-512",
    is_hostbound: true,
    tells_host_keys: true,
    padding: ClearPadding::Zeros,
};

/// Before sntrup761 had a name of its own.
const DEBIAN_12_U3: Release = Release {
    line: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3",
    since: 2,
    kex: "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,\
          ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
          diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,\
          diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,\
          kex-strict-s-v00@openssh.com",
    ..DEBIAN_12
};

/// Before strict exchanges.
const DEBIAN_12_U1: Release = Release {
    line: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u1",
    since: 0,
    kex: "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,\
          ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
          diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,\
          diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
    ..DEBIAN_12
};

/// 8.4p1-5+deb11u7.
const DEBIAN_11: Release = Release {
    line: "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u7",
    since: 3,
    kex: "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,\
          ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,\
          diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,\
          kex-strict-s-v00@openssh.com",
    host_key: "rsa-sha2-512,rsa-sha2-256,ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519",
    signatures: "ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,\
                 ssh-dss,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,\
                 sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    is_hostbound: false,
    ..DEBIAN_12
};

/// Before strict exchanges.
const DEBIAN_11_U2: Release = Release {
    line: "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u2",
    since: 0,
    kex: "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,\
          ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,\
          diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
    ..DEBIAN_11
};

/// What routers and cameras have, as Debian builds it. Only what it announces is Dropbear's; how it
/// answers is OpenSSH's.
const DROPBEAR: Release = Release {
    line: "SSH-2.0-dropbear_2022.83",
    since: 0,
    kex: "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp521,ecdh-sha2-nistp384,\
          ecdh-sha2-nistp256,diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,\
          kexguess2@matt.ucc.asn.au,kex-strict-s-v00@openssh.com",
    host_key: "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256,ssh-rsa",
    ciphers: "chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr",
    macs: "hmac-sha1,hmac-sha2-256",
    compression: "zlib@openssh.com,none",
    signatures: "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,\
                 ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-256,ssh-rsa,\
                 ssh-dss",
    is_hostbound: false,
    tells_host_keys: false,
    padding: ClearPadding::Random,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::ssh::kex::hostkey::Algorithm;
    use crate::dialogue::ssh::kex::method::Method;
    use crate::dialogue::ssh::kex::negotiation::kexinit;
    use crate::dialogue::ssh::packet::algorithm::{Cipher, Compression, Mac};

    #[test]
    fn a_line_has_the_lists_of_its_patch() {
        let line = |line: &str| Release::nearest(line).line;
        for release in RELEASES {
            assert_eq!(line(release.line), release.line);
        }
        assert_eq!(line("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"), DEBIAN_12.line);
        assert_eq!(line("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), DEBIAN_12_U3.line);
        assert_eq!(line("SSH-2.0-OpenSSH_9.2p1 Debian-2"), DEBIAN_12_U1.line);
        assert_eq!(line("SSH-2.0-dropbear_2020.81"), DROPBEAR.line);
        assert_eq!(line("SSH-2.0-something"), DEBIAN_12.line);
    }

    #[test]
    fn everything_that_is_announced_can_be_done() {
        for release in RELEASES {
            let marks = ["kex-strict-s-v00@openssh.com", "kexguess2@matt.ucc.asn.au"];
            let is_method =
                |name: &str| Method::by_name(name.as_bytes()).is_some() || marks.contains(&name);
            assert!(release.kex.split(',').all(is_method), "{}", release.line);
            let names = release.host_key.split(',');
            assert!(names.map(str::as_bytes).all(|name| Algorithm::by_name(name).is_some()));
            let names = release.ciphers.split(',');
            assert!(names.map(str::as_bytes).all(|name| Cipher::named(name).is_some()));
            let names = release.macs.split(',');
            assert!(names.map(str::as_bytes).all(|name| Mac::named(name).is_some()));
            let names = release.compression.split(',');
            assert!(names.map(str::as_bytes).all(|name| Compression::named(name).is_some()));
            assert!(!release.kex.contains("ping"));
        }
    }

    /// As measured of the payload: 1,120 bytes of `u4` to `u10`, and of Dropbear 520.
    #[test]
    fn offers_are_as_long_as_those_that_were_captured() {
        let length = |release: &Release| kexinit(&[0; 16], &release.lists()).len();
        assert_eq!(length(&DEBIAN_12), 1_120);
        assert_eq!(length(&DEBIAN_11), 1_070);
        assert_eq!(length(&DROPBEAR), 520);
    }
}

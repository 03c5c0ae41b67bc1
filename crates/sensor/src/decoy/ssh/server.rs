//! What the SSH library is told to be: the lists and limits nearest to Debian's OpenSSH 9.2p1 that
//! it can keep.
//!
//! **Invariant:** nothing is announced that the library does not do, and nothing that OpenSSH 9.2
//! does not know. `ping@openssh.com` is not announced: a client that sees it hides the rhythm of
//! its keys. What OpenSSH has and the library has not: `sntrup761x25519-sha512@openssh.com`, the
//! four UMACs, and what is in `EXT_INFO` beside the host key algorithms.

use crate::decoy::ssh::SshSettings;
use russh::client::GexParams;
use russh::kex::dh::groups::{DH_GROUP14, DH_GROUP15, DH_GROUP16, DH_GROUP17, DH_GROUP18, DhGroup};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::server::Config;
use russh::{Limits, MethodKind, MethodSet, Preferred, SshId, cipher, compression, kex, mac};
use std::borrow::Cow;
use std::time::Duration;

/// What `publickey,password` is to the library: Debian's default, and the answer to every refusal.
pub(super) fn methods() -> MethodSet {
    MethodSet::from(&[MethodKind::PublicKey, MethodKind::Password][..])
}

/// The library's configuration for one decoy.
pub(super) fn config(settings: &SshSettings) -> Config {
    Config {
        server_id: SshId::Standard(Cow::Owned(settings.server_id.clone())),
        methods: methods(),
        // Refusals take the time that the login's rules draw, and no more.
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: settings.host_keys.iter().map(super::HostKey::private).collect(),
        certificates: Vec::new(),
        // OpenSSH rekeys by bytes and not by time.
        limits: Limits {
            rekey_write_limit: 1 << 30,
            rekey_read_limit: 1 << 30,
            rekey_time_limit: Duration::from_secs(365 * 86_400),
        },
        window_size: 2_097_152,
        maximum_packet_size: 32_768,
        // Channel handles are dropped at once; nothing ever waits in these.
        channel_buffer_size: 1,
        event_buffer_size: 8,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Borrowed(HOST_KEYS),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(COMPRESSION),
        },
        // Tries are counted in the handler; this bounds those that the library never shows.
        max_auth_attempts: usize::try_from(settings.limits.auth_tries).unwrap_or(6) + UNSEEN_TRIES,
        // Time limits are kept by the connection's own task.
        inactivity_timeout: None,
        keepalive_interval: None,
        keepalive_max: 0,
        nodelay: true,
    }
}

const UNSEEN_TRIES: usize = 14;

const KEX: &[kex::Name] = &[
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ed25519,
];

const CIPHERS: &[cipher::Name] = &[
    cipher::CHACHA20_POLY1305,
    cipher::AES_128_CTR,
    cipher::AES_192_CTR,
    cipher::AES_256_CTR,
    cipher::AES_128_GCM,
    cipher::AES_256_GCM,
];

const MACS: &[mac::Name] = &[
    mac::HMAC_SHA256_ETM,
    mac::HMAC_SHA512_ETM,
    mac::HMAC_SHA1_ETM,
    mac::HMAC_SHA256,
    mac::HMAC_SHA512,
    mac::HMAC_SHA1,
];

const COMPRESSION: &[compression::Name] = &[compression::NONE, compression::ZLIB_LEGACY];

/// The group for a Diffie-Hellman group exchange: the smallest that holds what is preferred, within
/// what sshd takes (2,048 to 8,192 bits); none, and the exchange ends, where nothing fits.
pub(super) fn group(wanted: &GexParams) -> Option<DhGroup> {
    let least = wanted.min_group_size().max(LEAST_BITS);
    let most = wanted.max_group_size().min(MOST_BITS);
    let mut groups = [DH_GROUP14, DH_GROUP15, DH_GROUP16, DH_GROUP17, DH_GROUP18]
        .into_iter()
        .filter(|group| (least..=most).contains(&group.bit_size()));
    let largest = groups.clone().next_back();
    groups.find(|group| group.bit_size() >= wanted.preferred_group_size()).or(largest)
}

const LEAST_BITS: usize = 2_048;
const MOST_BITS: usize = 8_192;

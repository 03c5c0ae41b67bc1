//! Public keys that are shown, and signatures.

use super::auth::{said, served};
use crate::probe::Probes;
use crate::probe::client::Client;
use crate::probe::message::{Message, NO, YES, auth};
use decnet_core::dialogue::ssh::kex::hostkey::{Algorithm, HostKey, Kind};

pub(super) fn add(probes: &mut Probes) {
    keys(probes);
    signatures(probes);
}

pub(super) fn ed25519(point: &[u8]) -> Vec<u8> {
    Message::inner().string("ssh-ed25519").string(point).0
}

fn rsa(bytes: usize) -> Vec<u8> {
    let number = [vec![0], vec![0xc5; bytes]].concat();
    Message::inner().string("ssh-rsa").string([1, 0, 1]).string(number).0
}

/// The generator of P-256: a point that is one.
const P256: &[u8] = b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
    4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

pub(super) fn p256() -> Vec<u8> {
    let digits = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    [4].into_iter().chain(P256.chunks(2).map(digits)).collect()
}

pub(super) fn query(user: &str, algorithm: &str, blob: &[u8]) -> Message {
    auth(user, "publickey").byte(NO).string(algorithm).string(blob)
}

fn keys(probes: &mut Probes) {
    let ecdsa = |kind: &str, curve: &str, point: &[u8]| {
        Message::inner().string(kind).string(curve).string(point).0
    };
    let p256_key = ecdsa("ecdsa-sha2-nistp256", "nistp256", &p256());
    let sk = Message::inner().string("sk-ssh-ed25519@openssh.com").string([9; 32]).string("ssh:").0;
    let sk_ecdsa = Message::inner()
        .string("sk-ecdsa-sha2-nistp256@openssh.com")
        .string("nistp256")
        .string(p256())
        .string("ssh:")
        .0;
    let dss = Message::inner()
        .string("ssh-dss")
        .string([vec![0], vec![0xc5; 128]].concat())
        .string([vec![0], vec![0xc5; 20]].concat())
        .string([vec![0x5; 128]].concat())
        .string([vec![0x5; 128]].concat())
        .0;
    let cert = Message::inner()
        .string("ssh-ed25519-cert-v01@openssh.com")
        .string([1; 32])
        .string([9; 32])
        .u32(0)
        .u32(1)
        .u32(1)
        .string("id")
        .string("")
        .u32(0)
        .u32(0)
        .u32(u32::MAX)
        .u32(u32::MAX)
        .string("")
        .string("")
        .string("")
        .string(ed25519(&[9; 32]))
        .string(Message::inner().string("ssh-ed25519").string([1; 64]))
        .0;
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("ed25519", "ssh-ed25519", ed25519(&[9; 32])),
        ("ed25519-no-point", "ssh-ed25519", ed25519(&[2; 32])),
        ("ed25519-short", "ssh-ed25519", ed25519(&[9; 31])),
        ("ed25519-trailing", "ssh-ed25519", [ed25519(&[9; 32]), vec![0]].concat()),
        ("rsa-sha2-256", "rsa-sha2-256", rsa(256)),
        ("rsa-sha2-512", "rsa-sha2-512", rsa(256)),
        ("rsa-3072", "rsa-sha2-512", rsa(384)),
        ("rsa-1024", "rsa-sha2-512", rsa(128)),
        ("rsa-512", "rsa-sha2-512", rsa(64)),
        ("rsa-16384", "rsa-sha2-512", rsa(2_048)),
        ("rsa-20000", "rsa-sha2-512", rsa(2_500)),
        ("ssh-rsa", "ssh-rsa", rsa(256)),
        ("rsa-as-ed25519", "ssh-ed25519", rsa(256)),
        ("ed25519-as-rsa", "rsa-sha2-256", ed25519(&[9; 32])),
        ("ecdsa-256", "ecdsa-sha2-nistp256", p256_key.clone()),
        ("ecdsa-as-384", "ecdsa-sha2-nistp384", p256_key),
        ("ecdsa-no-point", "ecdsa-sha2-nistp256", {
            ecdsa("ecdsa-sha2-nistp256", "nistp256", &[9; 65])
        }),
        ("ecdsa-wrong-curve", "ecdsa-sha2-nistp256", {
            ecdsa("ecdsa-sha2-nistp256", "nistp384", &p256())
        }),
        ("sk-ed25519", "sk-ssh-ed25519@openssh.com", sk),
        ("sk-ecdsa", "sk-ecdsa-sha2-nistp256@openssh.com", sk_ecdsa.clone()),
        ("webauthn", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", sk_ecdsa),
        ("dss", "ssh-dss", dss),
        ("cert", "ssh-ed25519-cert-v01@openssh.com", cert),
        ("cert-empty", "ssh-ed25519-cert-v01@openssh.com", Vec::new()),
        ("unknown", "x", ed25519(&[9; 32])),
        ("empty-name", "", ed25519(&[9; 32])),
        ("empty-blob", "ssh-ed25519", Vec::new()),
        ("junk-blob", "ssh-ed25519", b"junkjunkjunk".to_vec()),
        ("blob-of-other-kind", "ssh-ed25519", Message::inner().string("x").string("y").0),
        ("xmss", "ssh-xmss@openssh.com", Message::inner().string("ssh-xmss@openssh.com").0),
        ("x509", "x509v3-ssh-rsa", Message::inner().string("x509v3-ssh-rsa").0),
    ];
    for (name, algorithm, blob) in cases {
        served(probes, &format!("key-{name}"), vec![query("root", algorithm, &blob)]);
        let signed = auth("root", "publickey")
            .byte(YES)
            .string(algorithm)
            .string(&blob)
            .string(Message::inner().string(algorithm).string([1; 64]));
        served(probes, &format!("key-{name}-signed-badly"), vec![signed]);
    }
    let blob = ed25519(&[9; 32]);
    served(probes, "key-unknown-user", vec![query("nobody-here", "ssh-ed25519", &blob)]);
    served(probes, "key-trailing", vec![query("root", "ssh-ed25519", &blob).byte(0)]);
    served(probes, "key-bare", vec![auth("root", "publickey")]);
    served(probes, "key-flag-only", vec![auth("root", "publickey").byte(NO)]);
    served(probes, "key-without-blob", vec![auth("root", "publickey").byte(NO).string("x")]);
    served(
        probes,
        "key-flag-2",
        vec![auth("root", "publickey").byte(2).string("ssh-ed25519").string(&blob).string("x")],
    );
    served(
        probes,
        "key-signed-without",
        vec![auth("root", "publickey").byte(YES).string("ssh-ed25519").string(&blob)],
    );
    served(
        probes,
        "key-signed-empty",
        vec![auth("root", "publickey").byte(YES).string("ssh-ed25519").string(&blob).string("")],
    );
    probes.add("auth-key-hostbound", |address| {
        let mut client = Client::served(address);
        let host_key = client.host_key.clone();
        let message = auth("root", "publickey-hostbound-v00@openssh.com")
            .byte(NO)
            .string("ssh-ed25519")
            .string(ed25519(&[9; 32]));
        let messages = [
            message.clone().string(host_key),
            message.clone().string(ed25519(&[1; 32])),
            message.clone().string(""),
            message,
        ];
        client = said(client, &messages);
        client
    });
    for (name, index) in [("right", 0), ("other", 1), ("empty", 2), ("without", 3)] {
        probes.add(format!("auth-key-hostbound-{name}"), move |address| {
            let client = Client::served(address);
            let message = auth("root", "publickey-hostbound-v00@openssh.com")
                .byte(NO)
                .string("ssh-ed25519")
                .string(ed25519(&[9; 32]));
            let message = match index {
                0 => message.string(&client.host_key),
                1 => message.string(ed25519(&[1; 32])),
                2 => message.string(""),
                _ => message,
            };
            said(client, &[message])
        });
    }
}

/// Signatures that are right, by a key that nobody knows.
fn signatures(probes: &mut Probes) {
    for (name, change) in [("right", 0), ("other-user", 1), ("other-session", 2)] {
        probes.add(format!("auth-signature-{name}"), move |address| {
            let client = Client::served(address);
            let mut state = 1_u8;
            let mut random = |bytes: &mut [u8]| {
                for byte in bytes {
                    state = state.wrapping_mul(5).wrapping_add(29);
                    *byte = state;
                }
            };
            let key = HostKey::generate(Kind::Ed25519, &mut random).unwrap();
            let request = |user: &str| {
                auth(user, "publickey").byte(YES).string("ssh-ed25519").string(key.blob())
            };
            let session = if change == 2 { vec![0; 32] } else { client.session.clone() };
            let user = if change == 1 { "other" } else { "root" };
            let signed = Message::inner().string(session).raw(request(user)).0;
            let signature = key.sign(Algorithm::Ed25519, &signed, &mut random).unwrap();
            said(client, &[request("root").string(signature)])
        });
    }
}

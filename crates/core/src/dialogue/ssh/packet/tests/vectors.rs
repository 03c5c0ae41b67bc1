//! Packets that another implementation made.

use super::*;
use crate::row::hex;

/// Two packets each, numbered 3 and 4, made by `AsyncSSH` 2 (with OpenSSL for ciphers and HMAC, and
/// Nettle for UMAC): the payloads of [`payloads`], keys of [`pattern`], and padding of 0xa5. The
/// counter of AES-GCM begins at its end.
const PACKETS: &[(Cipher, Mac, &str)] = &[
    (
        Cipher::ChaCha20Poly1305,
        Mac::Umac64,
        "da994a1c8fa6c22c04446ee56966474f4494435aa19fc5f2fd51e23a4a5bdf903f2dfad6ad5708b673c3\
         c6614275450a4348464322947f1104e66c018db9ded401da3091328b47ae605a1db0b6d85202fa6aad75\
         c235656f67d67b159f6cc92710d1307b84f6e57a",
    ),
    (
        Cipher::Aes128Gcm,
        Mac::Umac64,
        "00000010c54accdb791a865b06b50d3e59aef58662b8dde451a2725ee9f89cfa0d286e55000000308a7a\
         c2b80592a29b80f492762d8bd561df63941a2f53dae2d897ea8b87d3a63ebf89ca8a9c4ad82be91be525\
         fc594a87494e5ca60240752eaa9d3646bf14b086",
    ),
    (
        Cipher::Aes256Gcm,
        Mac::Umac64,
        "0000001084957b4f377014e55c7e5bb7906a57663a92478b7305427e7397e09f0a177cac0000003008f2\
         d62bf1952918545addb17f1040827e69939844486d411f8d818ffe497b966a1c9e3f106c66601b602410\
         0bc8731375c73dcf4818740a861038274e3eab7b",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::Umac64Etm,
        "000000103a259479ccfd08481384fe392b29282958da9b92be790a0300000030a97ad8680837ff1afdf3\
         81c85b122eeacf63c880ee61c33b3f3a0b40b90d96f3243f0f141220418d9ec72727c68589e80c1ec27a\
         5fa5ee20",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::Umac128Etm,
        "000000103a259479ccfd08481384fe392b2928296480e1d1a5ef4cc6dd26bb6f61d19aab00000030a97a\
         d8680837ff1afdf381c85b122eeacf63c880ee61c33b3f3a0b40b90d96f3243f0f141220418d9ec72727\
         c68589e80c1ec27a5fa5ee20c8173208e5d053dc",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::HmacSha256Etm,
        "000000103a259479ccfd08481384fe392b2928294e5390683d108808060553b8661080195ec2c9f4431a\
         763cfc26d3fe242f9a7100000030a97ad8680837ff1afdf381c85b122eeacf63c880ee61c33b3f3a0b40\
         b90d96f3243f0f141220418d9ec72727c68589e82ec295704df30dbf8dcac0957c980a40ab1135e9a3d9\
         bac8c920433d7eac4efd",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::HmacSha512Etm,
        "000000103a259479ccfd08481384fe392b292829c4896b896dba792c11ba2c16b5edfdf9997e05b5d05c\
         093334ffce0ace10c8f8358ec8d9f47bf42fa7217a8d6f6bca17ee102ee26a5c74a3c88ef85b50e353bb\
         00000030a97ad8680837ff1afdf381c85b122eeacf63c880ee61c33b3f3a0b40b90d96f3243f0f141220\
         418d9ec72727c68589e8db6896be71a2cf35f3ead3a0b3d06b07150d5b6bcc9b0b1e7241d2f21f261d75\
         ebaae1be031ee307df7d910338f7a0dc4b54571b9a40ac550b70787cac976b8d",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::HmacSha1Etm,
        "000000103a259479ccfd08481384fe392b2928299f8a84de09ceac315f2ea4f8cfc65ab430ca6d670000\
         0030a97ad8680837ff1afdf381c85b122eeacf63c880ee61c33b3f3a0b40b90d96f3243f0f141220418d\
         9ec72727c68589e8c80f3ea97ae1772aa3bc299f1a34b44709cbd58b",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::Umac64,
        "3c7bf70caecb0e5306883eeeebe828290abd7cc9aa9857af4b403d71e195ae67629e83805b55a544e44d\
         f988cb39ff7f7b764f1ce549dab760434b585e641dc9da8bbfc220666501e2b292c767bb935090a06fef\
         c9422f80b5bca3821996711ea652349c0f862323fff6b59b348ed4ff",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::Umac128,
        "3c7bf70caecb0e5306883eeeebe828290abd7cc9aa9857af4b403d71e195ae675ec4f9c340c3e3812207\
         9fac60b62098e44df988cb39ff7f7b764f1ce549dab760434b585e641dc9da8bbfc220666501e2b292c7\
         67bb935090a06fefc9422f80b5bca3821996711ea652349c0f862323fff6b59b348ed4ffd60cef68466c\
         0055",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::HmacSha256,
        "3c7bf70caecb0e5306883eeeebe828290abd7cc9aa9857af4b403d71e195ae67d54bb3a26ff1e37528f5\
         e91f48cbea77e433980c35a31c216f468957dd95ce2ae44df988cb39ff7f7b764f1ce549dab760434b58\
         5e641dc9da8bbfc220666501e2b292c767bb935090a06fefc9422f80b5bca3821996711ea652349c0f86\
         232367dd0aa375232579178a8b28537969e53cf714554a2f158a10e80213fc44460f",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::HmacSha512,
        "3c7bf70caecb0e5306883eeeebe828290abd7cc9aa9857af4b403d71e195ae67597dd3c881be820a0484\
         90196b470f157b601c985789d4028d1c14f6aa4363a5f3e3999dd2622054e757df75f9696d948b8d35f0\
         236be17f01efd39a395711e2e44df988cb39ff7f7b764f1ce549dab760434b585e641dc9da8bbfc22066\
         6501e2b292c767bb935090a06fefc9422f80b5bca3821996711ea652349c0f8623234754eb9ef88f5328\
         27a6ece27fbd075165b1e897ea15b212d6f99cb18b7dbec7572b01701b129c43a8c271ba7866fe7f1f24\
         1c9cd4612dc387f57ced96381ec3",
    ),
    (
        Cipher::Aes128Ctr,
        Mac::HmacSha1,
        "3c7bf70caecb0e5306883eeeebe828290abd7cc9aa9857af4b403d71e195ae67c203d89d99d33f143cb1\
         b661dde2fb6817cebf0ce44df988cb39ff7f7b764f1ce549dab760434b585e641dc9da8bbfc220666501\
         e2b292c767bb935090a06fefc9422f80b5bca3821996711ea652349c0f862323004539bfa348a83ca9d8\
         be953fc49de83b8da64a",
    ),
    (
        Cipher::Aes192Ctr,
        Mac::HmacSha256,
        "a76e5248d839875da6d8d2bef043946093323d7149dcbeb04f48082b8f7e56e5d54bb3a26ff1e37528f5\
         e91f48cbea77e433980c35a31c216f468957dd95ce2af0379e964747cdf51c679b3177ddbbaf9035c3eb\
         701afbbf2dd2f8c823c5fd194129f3501bdfec8d801d671f0f849efbb10960ab8706b107d345411f8f08\
         9b1867dd0aa375232579178a8b28537969e53cf714554a2f158a10e80213fc44460f",
    ),
    (
        Cipher::Aes256Ctr,
        Mac::Umac128Etm,
        "0000001005386f5c26e4cd64479ab65fe6181ec52dcf6a2893c862db72c60f56b0c8d5c1000000301085\
         c3741462f49e5068652b16942f3edcebce79f6b2059383c3e6bb61d445efe4d750b2a0c7609fea719efe\
         647fb658e51c3940d0532123601b0fa4f03170f7",
    ),
];

fn pattern(length: usize, factor: usize, first: usize) -> Vec<u8> {
    (0..length).map(|at| (at * factor + first) as u8).collect()
}

fn payloads() -> [Vec<u8>; 2] {
    [b"\x5eciphered".to_vec(), [vec![0x62], pattern(40, 3, 1)].concat()]
}

fn keys(cipher: Cipher, mac: Mac) -> Keys {
    let mut iv = pattern(16, 13, 250);
    if matches!(cipher, Cipher::Aes128Gcm | Cipher::Aes256Gcm) {
        iv[4..12].fill(0xff);
    }
    let suite = Suite { cipher, mac, compression: Compression::None };
    Keys::known(suite, &iv, &pattern(64, 7, 1), &pattern(64, 29, 5))
}

#[test]
fn packets_are_sealed_as_others_seal_them() {
    for &(cipher, mac, wire) in PACKETS {
        let (mut sealer, mut out) = (Sealer::new(), Vec::new());
        for _ in 0..3 {
            sealer.seal(b"\x02", &mut no_random, &mut out);
        }
        out.clear();
        sealer.install(keys(cipher, mac), Sequence::Continues);
        for payload in payloads() {
            sealer.seal(&payload, &mut |bytes| bytes.fill(0xa5), &mut out);
        }
        assert_eq!(hex(&out), wire, "{cipher:?} {mac:?}");
    }
}

#[test]
fn packets_of_others_are_opened() {
    for &(cipher, mac, wire) in PACKETS {
        let mut opener = Opener::new();
        for _ in 0..3 {
            let mut clear = [0, 0, 0, 12, 10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            opener.open(&mut clear).unwrap().unwrap();
        }
        opener.install(keys(cipher, mac), Sequence::Continues);
        let mut bytes = unhex(wire);
        let mut rest = &mut bytes[..];
        for (payload, sequence) in payloads().into_iter().zip(3..) {
            let packet = opener.open(rest).unwrap().unwrap();
            assert_eq!((packet.payload, packet.sequence), (&*payload, sequence));
            assert!(packet.padding.iter().all(|&byte| byte == 0xa5));
            let used = packet.used;
            rest = &mut rest[used..];
        }
        assert!(rest.is_empty(), "{cipher:?} {mac:?}");
    }
}

//! The table of marks.
//!
//! **Invariant:** data alone, each row measured with the version that its source names.

/// A program, and what it shows.
#[derive(Debug)]
pub struct Client {
    /// Its name.
    pub name: &'static str,
    /// Programs of one family have ways in common: none makes another's banner a lie.
    pub family: &'static str,
    /// The version that was measured.
    pub source: &'static str,
    /// What it shows.
    pub marks: &'static [Mark],
}

/// Something that a client shows, and how much it says by itself.
#[derive(Debug)]
pub struct Mark {
    /// How many of a hundred that show it are this client.
    pub percent: u8,
    /// What is shown.
    pub kind: Kind,
}

/// What is shown.
#[derive(Debug)]
pub enum Kind {
    /// An identification line that begins so.
    Banner(&'static str),
    /// Methods of key exchange, all and in order, but for names that are no methods.
    Kex(&'static str),
    /// Ciphers to the server, all and in order.
    Ciphers(&'static str),
    /// MACs to the server, all and in order.
    Macs(&'static str),
    /// A name somewhere in a KEXINIT.
    Offers(&'static str),
    /// Window and packet of a channel.
    Channel(u32, u32),
    /// A request, global or of a channel.
    Request(&'static str),
    /// Code, words and language of a DISCONNECT.
    Disconnect(u32, &'static str, &'static str),
}

impl Kind {
    /// In words, short enough for a list.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Banner(begin) => format!("banner {begin}"),
            Self::Kex(_) => "key exchanges".to_owned(),
            Self::Ciphers(_) => "ciphers".to_owned(),
            Self::Macs(_) => "macs".to_owned(),
            Self::Offers(name) => format!("offers {name}"),
            Self::Channel(window, packet) => format!("window {window} packet {packet}"),
            Self::Request(name) => format!("request {name}"),
            Self::Disconnect(code, words, language) => {
                format!("disconnect {code} {words} {language}").trim_end().to_owned()
            }
        }
    }
}

const fn mark(percent: u8, kind: Kind) -> Mark {
    Mark { percent, kind }
}

/// All of them.
pub const CLIENTS: &[Client] = &[
    Client {
        name: "OpenSSH",
        family: "OpenSSH",
        source: "measured: OpenSSH_9.2p1 Debian-2+deb12u10",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-OpenSSH")),
            mark(
                70,
                Kind::Kex(
                    "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,\
             curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group-exchange-sha256,\
             diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,\
             diffie-hellman-group14-sha256",
                ),
            ),
            mark(
                40,
                Kind::Ciphers(
                    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
             aes128-gcm@openssh.com,aes256-gcm@openssh.com",
                ),
            ),
            mark(
                40,
                Kind::Macs(
                    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,\
             hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,\
             hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
             umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
                ),
            ),
            mark(5, Kind::Channel(2_097_152, 32_768)),
            mark(40, Kind::Channel(1_048_576, 16_384)),
            mark(60, Kind::Request("no-more-sessions@openssh.com")),
            mark(10, Kind::Request("keepalive@openssh.com")),
            mark(60, Kind::Disconnect(11, "disconnected by user", "")),
        ],
    },
    Client {
        name: "ssh-keyscan",
        family: "OpenSSH",
        source: "measured: ssh-keyscan of OpenSSH 9.2p1",
        marks: &[mark(80, Kind::Banner("SSH-2.0-OpenSSH-keyscan"))],
    },
    Client {
        name: "dropbear",
        family: "dropbear",
        source: "measured: dbclient 2022.83",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-dropbear")),
            mark(
                80,
                Kind::Kex(
                    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp521,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp256,\
             diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,\
             kexguess2@matt.ucc.asn.au",
                ),
            ),
            mark(50, Kind::Ciphers("chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr")),
            mark(20, Kind::Macs("hmac-sha1,hmac-sha2-256")),
            mark(70, Kind::Offers("kexguess2@matt.ucc.asn.au")),
            mark(70, Kind::Channel(24_576, 32_759)),
            mark(10, Kind::Request("keepalive@openssh.com")),
        ],
    },
    Client {
        name: "PuTTY",
        family: "PuTTY",
        source: "measured: plink 0.78",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-PuTTY")),
            mark(
                80,
                Kind::Kex(
                    "sntrup761x25519-sha512@openssh.com,curve448-sha512,\
             curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group-exchange-sha256,\
             diffie-hellman-group-exchange-sha1,diffie-hellman-group18-sha512,\
             diffie-hellman-group17-sha512,diffie-hellman-group16-sha512,\
             diffie-hellman-group15-sha512,diffie-hellman-group14-sha256,\
             diffie-hellman-group14-sha1,rsa2048-sha256,rsa1024-sha1,\
             diffie-hellman-group1-sha1",
                ),
            ),
            mark(
                60,
                Kind::Ciphers(
                    "aes256-ctr,aes256-cbc,rijndael-cbc@lysator.liu.se,aes192-ctr,\
             aes192-cbc,aes128-ctr,aes128-cbc,chacha20-poly1305@openssh.com,\
             aes128-gcm@openssh.com,aes256-gcm@openssh.com,3des-ctr,3des-cbc,\
             blowfish-ctr,blowfish-cbc,arcfour256,arcfour128",
                ),
            ),
            mark(
                50,
                Kind::Macs(
                    "hmac-sha2-256,hmac-sha1,hmac-sha1-96,hmac-md5,\
             hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,\
             hmac-sha1-96-etm@openssh.com,hmac-md5-etm@openssh.com",
                ),
            ),
            mark(30, Kind::Offers("rsa1024-sha1")),
            mark(50, Kind::Channel(2_147_483_647, 16_384)),
            mark(90, Kind::Request("simple@putty.projects.tartarus.org")),
        ],
    },
    Client {
        name: "paramiko",
        family: "paramiko",
        source: "measured: paramiko 2.12.0",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-paramiko")),
            mark(
                80,
                Kind::Kex(
                    "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group16-sha512,\
             diffie-hellman-group-exchange-sha256,\
             diffie-hellman-group14-sha256,diffie-hellman-group-exchange-sha1,\
             diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
                ),
            ),
            mark(
                50,
                Kind::Ciphers(
                    "aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,aes192-cbc,aes256-cbc,\
             3des-cbc",
                ),
            ),
            mark(
                50,
                Kind::Macs(
                    "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,\
             hmac-sha2-512-etm@openssh.com,hmac-sha1,hmac-md5,hmac-sha1-96,\
             hmac-md5-96",
                ),
            ),
            mark(5, Kind::Channel(2_097_152, 32_768)),
            mark(80, Kind::Request("keepalive@lag.net")),
        ],
    },
    Client {
        name: "AsyncSSH",
        family: "AsyncSSH",
        source: "measured: AsyncSSH 2.10.1",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-AsyncSSH")),
            mark(
                80,
                Kind::Kex(
                    "curve25519-sha256,curve25519-sha256@libssh.org,curve448-sha512,\
             ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,\
             ecdh-sha2-1.3.132.0.10,diffie-hellman-group-exchange-sha256,\
             diffie-hellman-group14-sha256,diffie-hellman-group15-sha512,\
             diffie-hellman-group16-sha512,diffie-hellman-group17-sha512,\
             diffie-hellman-group18-sha512,\
             diffie-hellman-group14-sha256@ssh.com,diffie-hellman-group14-sha1,\
             rsa2048-sha256",
                ),
            ),
            mark(
                30,
                Kind::Ciphers(
                    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,\
             aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
                ),
            ),
            mark(
                60,
                Kind::Macs(
                    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,\
             hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,\
             hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
             umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1,\
             hmac-sha256-2@ssh.com,hmac-sha224@ssh.com,hmac-sha256@ssh.com,\
             hmac-sha384@ssh.com,hmac-sha512@ssh.com",
                ),
            ),
            mark(60, Kind::Offers("ecdh-sha2-1.3.132.0.10")),
            mark(40, Kind::Offers("hmac-sha256-2@ssh.com")),
            mark(5, Kind::Channel(2_097_152, 32_768)),
            mark(10, Kind::Request("keepalive@openssh.com")),
            mark(80, Kind::Disconnect(11, "Disconnected by application", "en-US")),
        ],
    },
    Client {
        name: "libssh2",
        family: "libssh2",
        source: "measured: libssh2 1.10.0 in curl 7.88.1",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-libssh2")),
            mark(
                80,
                Kind::Kex(
                    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group-exchange-sha256,\
             diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,\
             diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,\
             diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1",
                ),
            ),
            mark(
                60,
                Kind::Ciphers(
                    "aes128-ctr,aes192-ctr,aes256-ctr,aes256-cbc,\
             rijndael-cbc@lysator.liu.se,aes192-cbc,aes128-cbc,blowfish-cbc,\
             arcfour128,arcfour,cast128-cbc,3des-cbc",
                ),
            ),
            mark(
                50,
                Kind::Macs(
                    "hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-sha1-96,hmac-md5,\
             hmac-md5-96,hmac-ripemd160,hmac-ripemd160@openssh.com",
                ),
            ),
            mark(5, Kind::Channel(2_097_152, 32_768)),
            mark(60, Kind::Disconnect(11, "Shutdown", "")),
        ],
    },
    Client {
        name: "libssh",
        family: "libssh",
        source: "measured: libssh 0.10.6",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-libssh_")),
            mark(
                80,
                Kind::Kex(
                    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group18-sha512,diffie-hellman-group16-sha512,\
             diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256",
                ),
            ),
            mark(
                60,
                Kind::Ciphers(
                    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,\
             aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr,",
                ),
            ),
            mark(
                40,
                Kind::Macs(
                    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,\
             hmac-sha2-256,hmac-sha2-512",
                ),
            ),
            mark(60, Kind::Channel(64_000, 32_768)),
            mark(10, Kind::Request("keepalive@openssh.com")),
            mark(60, Kind::Disconnect(11, "Bye Bye", "")),
        ],
    },
    Client {
        name: "Go",
        family: "Go",
        source: "measured: golang.org/x/crypto of Debian 12 with go 1.19",
        marks: &[
            mark(70, Kind::Banner("SSH-2.0-Go")),
            mark(
                70,
                Kind::Kex(
                    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
             ecdh-sha2-nistp384,ecdh-sha2-nistp521,\
             diffie-hellman-group14-sha256,diffie-hellman-group14-sha1",
                ),
            ),
            mark(
                60,
                Kind::Ciphers(
                    "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,\
             aes192-ctr,aes256-ctr",
                ),
            ),
            mark(
                50,
                Kind::Macs("hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1,hmac-sha1-96"),
            ),
            mark(5, Kind::Channel(2_097_152, 32_768)),
        ],
    },
];

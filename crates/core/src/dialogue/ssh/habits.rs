//! What OpenSSH's server does otherwise for a client whose identification line it knows.
//!
//! **Invariant:** only differences that a peer can see are in here; what nobody sees (old
//! signatures of our own side, padding of passwords) is not.

/// How a client is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// It is told that nobody reads on (`eow@openssh.com`).
    pub takes_eow: bool,
    /// It stumbles over DEBUG, and is sent none.
    pub no_debug: bool,
    /// It stumbles over `hostkeys-00@openssh.com`, and is not told.
    pub no_host_keys: bool,
    /// It cannot exchange keys again.
    pub no_rekey: bool,
    /// It asks for groups in an older form, and is offered no exchange of them.
    pub no_group_exchange: bool,
    /// It sends too few bytes of X25519's values, and is not offered `curve25519-sha256@libssh.org`.
    pub no_curve25519: bool,
    /// It is closed without a word.
    pub is_probe: bool,
}

impl Habits {
    /// By the software version of an identification line: what is behind `SSH-2.0-`. As in OpenSSH
    /// 9.2p1's `compat.c`, the first pattern that matches decides.
    #[must_use]
    pub fn of(software: &[u8]) -> Self {
        let known = KNOWN.iter().find(|(patterns, _)| {
            patterns.split(',').any(|pattern| matches(pattern.as_bytes(), software))
        });
        known.map_or_else(Self::default, |(_, habits)| *habits)
    }
}

/// Whether all of `text` is of a pattern with `*` for any bytes and `?` for one.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    // Where the latest star was, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(in_text) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken + 1));
                at = back + 1;
                in_text = taken + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

const PLAIN: Habits = Habits {
    takes_eow: false,
    no_debug: false,
    no_host_keys: false,
    no_rekey: false,
    no_group_exchange: false,
    no_curve25519: false,
    is_probe: false,
};
const OPENSSH: Habits = Habits { takes_eow: true, ..PLAIN };
const OLD_GROUPS: Habits = Habits { no_group_exchange: true, ..PLAIN };

const KNOWN: &[(&str, Habits)] = &[
    ("OpenSSH_2*,OpenSSH_3*,OpenSSH_4*", PLAIN),
    ("OpenSSH_6.6.1*", OPENSSH),
    ("OpenSSH_6.5*,OpenSSH_6.6*", Habits { no_curve25519: true, ..OPENSSH }),
    ("OpenSSH*", OPENSSH),
    ("Sun_SSH_1.0*", Habits { no_rekey: true, ..PLAIN }),
    ("*MindTerm*", PLAIN),
    ("3.0.*", Habits { no_debug: true, ..PLAIN }),
    ("3.0 SecureCRT*,1.7 SecureFX*,1.2.18*,1.2.19*,1.2.20*,1.2.21*,1.2.22*,1.3.2*", PLAIN),
    ("Cisco-1.*", Habits { no_host_keys: true, ..PLAIN }),
    ("*SSH Compatible Server*,*OSU_0*,OSU_1.0*,OSU_1.1*,OSU_1.2*,OSU_1.3*,OSU_1.4*", PLAIN),
    ("OSU_1.5alpha1*,OSU_1.5alpha2*,OSU_1.5alpha3*", PLAIN),
    ("*SSH_Version_Mapper*", Habits { is_probe: true, ..PLAIN }),
    ("PuTTY_Local:*,PuTTY-Release-0.5*,PuTTY_Release_0.5*,PuTTY_Release_0.60*", OLD_GROUPS),
    ("PuTTY_Release_0.61*,PuTTY_Release_0.62*,PuTTY_Release_0.63*,PuTTY_Release_0.64*", OLD_GROUPS),
    ("FuTTY*", OLD_GROUPS),
    ("Probe-*", Habits { is_probe: true, ..PLAIN }),
    (
        "TeraTerm SSH*,TTSSH/1.5.*,TTSSH/2.1*,TTSSH/2.2*,TTSSH/2.3*,TTSSH/2.4*,TTSSH/2.5*,\
         TTSSH/2.6*,TTSSH/2.70*,TTSSH/2.71*,TTSSH/2.72*",
        Habits { no_host_keys: true, ..PLAIN },
    ),
    ("WinSCP_release_4*,WinSCP_release_5.0*,WinSCP_release_5.1,WinSCP_release_5.1.*", OLD_GROUPS),
    (
        "WinSCP_release_5.5,WinSCP_release_5.5.*,WinSCP_release_5.6,WinSCP_release_5.6.*,\
         WinSCP_release_5.7,WinSCP_release_5.7.1,WinSCP_release_5.7.2,WinSCP_release_5.7.3,\
         WinSCP_release_5.7.4",
        OLD_GROUPS,
    ),
    ("ConfD-*,Twisted_*", PLAIN),
    ("Twisted*", Habits { no_debug: true, ..PLAIN }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_matched_whole() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        };
        check("OpenSSH*", "OpenSSH_9.2p1", true);
        check("OpenSSH*", "xOpenSSH", false);
        check("*MindTerm*", "3.1 MindTerm v2", true);
        check("*a*b", "ab-ab", true);
        check("*a*b", "ab-a", false);
        check("a?c", "abc", true);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn the_first_pattern_decides() {
        assert_eq!(Habits::of(b"OpenSSH_4.3"), PLAIN);
        assert!(Habits::of(b"OpenSSH_9.2p1 Debian-2").takes_eow);
        assert!(Habits::of(b"PuTTY_Release_0.62").no_group_exchange);
        assert!(!Habits::of(b"PuTTY_Release_0.78").no_group_exchange);
        assert!(Habits::of(b"Probe-1").is_probe);
        assert!(Habits::of(b"Twisted-1").no_debug && !Habits::of(b"Twisted_1").no_debug);
        assert_eq!(Habits::of(b"Go"), PLAIN);
    }
}

//! The p0f signature of a SYN, and with the feature `ja4plus` JA4T and JA4SSH.
//!
//! **Invariant:** computed from the headers of one segment, options as sent; of a SYN-ACK the
//! segment size of the SYN that it answers counts too.

use super::Fingerprint;
use super::ascii::Ascii;
use super::os::initial_ttl;
use crate::event::wire::TcpSyn;
use crate::wire::reader::Reader;
use crate::wire::tcp::{
    ACK, CWR, ECE, END, MSS, NOP, PUSH, RST, SACK, SACK_PERMITTED, SCALE, TIMESTAMPS, TcpOption,
    TcpOptions, URG,
};

/// IP and TCP headers of a SYN or SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syn<'a> {
    /// What only one of the two versions of IP has.
    pub ip: Ip,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Bytes of options or extension headers of IP.
    pub ip_options: usize,
    /// The two ECN bits of the traffic class.
    pub ecn: u8,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// The twelve bits behind the header's length: four reserved or AE, CWR, ECE, URG, ACK, PSH,
    /// RST, SYN, FIN.
    pub flags: u16,
    /// Window, as sent.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// The options of TCP, raw, with their padding.
    pub options: &'a [u8],
    /// Bytes behind the header.
    pub payload: usize,
}

/// What only one version of IP has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// Version 4.
    V4 {
        /// The identification.
        id: u16,
        /// The three bits before the fragment's offset: reserved, DF, MF.
        flags: u8,
    },
    /// Version 6.
    V6 {
        /// The flow label.
        flow: u32,
    },
}

impl<'a> From<&'a TcpSyn> for Syn<'a> {
    fn from(syn: &'a TcpSyn) -> Self {
        Self {
            ip: match syn.ip_id {
                Some(id) => Ip::V4 { id, flags: syn.ip_flags.unwrap_or(0) },
                None => Ip::V6 { flow: syn.flow_label },
            },
            ttl: syn.ttl,
            ip_options: usize::from(syn.ip_options),
            ecn: syn.tos & 3,
            sequence: syn.isn,
            acknowledgement: syn.ack,
            flags: syn.flags,
            window: syn.window,
            urgent: syn.urgent,
            options: &syn.options.0,
            payload: usize::from(syn.payload),
        }
    }
}

/// The options of a SYN: what of them can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'a> {
    kinds: Kinds,
    /// Maximum segment size.
    pub mss: Option<u16>,
    /// Window scale.
    pub scale: Option<u8>,
    /// Value and echo of the timestamp.
    pub timestamps: Option<(u32, u32)>,
    /// Where those stand.
    pub(super) timestamps_at: Option<usize>,
    /// Bytes behind the first end-of-list.
    pub padding: &'a [u8],
    /// Whether one has a length that it must not have.
    pub is_broken: bool,
}

/// At most as many kinds as there are bytes of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds {
    kinds: [u8; 40],
    count: u8,
}

impl Default for Kinds {
    fn default() -> Self {
        Self { kinds: [0; 40], count: 0 }
    }
}

impl Kinds {
    fn push(&mut self, kind: u8) {
        if let Some(place) = self.kinds.get_mut(usize::from(self.count)) {
            *place = kind;
            self.count += 1;
        }
    }
}

impl<'a> Options<'a> {
    /// Their kinds in order; each zero at the end of the list counts.
    #[must_use]
    pub fn kinds(&self) -> &[u8] {
        self.kinds.kinds.get(..usize::from(self.kinds.count)).unwrap_or_default()
    }

    /// The options of a header, at most 40 bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut found = Self::default();
        let mut walk = TcpOptions::new(bytes);
        let mut has_ended = false;
        while let Some(TcpOption { kind, value }) = walk.next() {
            found.kinds.push(kind);
            if kind == END && !has_ended {
                has_ended = true;
                found.padding = walk.rest();
            }
            let Some(value) = value else {
                found.is_broken = true;
                break;
            };
            let mut inside = Reader::new(value);
            match (kind, value.len()) {
                (MSS, 2) => found.mss = inside.u16(),
                (SCALE, 1) => found.scale = inside.u8(),
                (TIMESTAMPS, 8) => {
                    found.timestamps = inside.u32().zip(inside.u32());
                    found.timestamps_at = Some(bytes.len() - walk.rest().len() - 8);
                }
                (MSS | SCALE | TIMESTAMPS, _) => found.is_broken = true,
                (SACK_PERMITTED, length) if length != 0 => found.is_broken = true,
                _ => {}
            }
        }
        found
    }
}

/// JA4T, of a SYN-ACK JA4TS (FoxIO License 1.1): `window_options_mss_scale`.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4t(syn: &Syn<'_>) -> Fingerprint {
    let options = Options::new(syn.options);
    let mut text = Ascii::new();
    text.decimal(syn.window.into()).byte(b'_');
    match options.kinds() {
        [] | [END] => text.text("00"),
        kinds => text.decimals(kinds.iter().copied().map(u16::from)),
    };
    for number in [options.mss.unwrap_or(0), options.scale.unwrap_or(0).into()] {
        text.byte(b'_');
        match number {
            0 => text.text("00"),
            number => text.decimal(number.into()),
        };
    }
    let text = text.done();
    Fingerprint::plain(text)
}

/// JA4SSH (FoxIO License 1.1) of a whole window of packets:
/// `c{mode}s{mode}_c{packets}s{packets}_c{acks}s{acks}`.
#[cfg(feature = "ja4plus")]
#[must_use]
pub fn ja4ssh(traffic: &crate::event::wire::SshTraffic) -> Fingerprint {
    let text = format!(
        "c{}s{}_c{}s{}_c{}s{}",
        traffic.client_mode,
        traffic.server_mode,
        traffic.client_packets,
        traffic.server_packets,
        traffic.client_acks,
        traffic.server_acks,
    );
    Fingerprint::plain(text)
}

/// The signature of a SYN in p0f's notation (Zalewski, version 3):
/// `version:ttl+distance:ip options:mss:window,scale:layout:quirks:payload`.
#[must_use]
pub fn p0f(syn: &Syn<'_>) -> String {
    let mut ttl = Ascii::new();
    ttl.decimal(syn.ttl.into()).byte(b'+');
    match initial_ttl(syn.ttl) - syn.ttl {
        near @ 0..=35 => ttl.decimal(near.into()),
        _ => ttl.byte(b'?'),
    };
    written(syn, None, &ttl.done())
}

/// As [`p0f`], but with the TTL that the sender starts with in the place of TTL and distance, so
/// that it is the same from everywhere; the hash is its MD5. `peer_mss` is the segment size that
/// the SYN named which a SYN-ACK answers.
#[must_use]
pub fn signature(syn: &Syn<'_>, peer_mss: Option<u16>) -> Fingerprint {
    Fingerprint::of(written(syn, peer_mss, &initial_ttl(syn.ttl).to_string()))
}

fn written(syn: &Syn<'_>, peer_mss: Option<u16>, ttl: &str) -> String {
    let options = Options::new(syn.options);
    let is_ack = syn.flags & ACK != 0;
    let mut text = Ascii::new();
    text.byte(match syn.ip {
        Ip::V4 { .. } => b'4',
        Ip::V6 { .. } => b'6',
    });
    text.byte(b':').text(ttl).byte(b':').decimal(syn.ip_options as u32).byte(b':');
    text.decimal(options.mss.unwrap_or(0).into()).byte(b':');
    window(&mut text, syn, &options, peer_mss.filter(|_| is_ack));
    text.byte(b',').decimal(options.scale.unwrap_or(0).into()).byte(b':');
    for (place, kind) in options.kinds().iter().enumerate() {
        if place > 0 {
            text.byte(b',');
        }
        match *kind {
            END => {
                text.text("eol+").decimal(options.padding.len() as u32);
                break;
            }
            NOP => text.text("nop"),
            MSS => text.text("mss"),
            SCALE => text.text("ws"),
            SACK_PERMITTED => text.text("sok"),
            SACK => text.text("sack"),
            TIMESTAMPS => text.text("ts"),
            other => text.byte(b'?').decimal(other.into()),
        };
    }
    text.byte(b':');
    let mut is_first = true;
    for (_, name) in quirks(syn, &options, is_ack).into_iter().filter(|(is, _)| *is) {
        if !is_first {
            text.byte(b',');
        }
        is_first = false;
        text.text(name);
    }
    text.text(if syn.payload == 0 { ":0" } else { ":+" });
    text.done()
}

/// The window as a multiple of what a segment holds, where it is one.
fn window(text: &mut Ascii, syn: &Syn<'_>, options: &Options<'_>, peer_mss: Option<u16>) {
    let window = u32::from(syn.window);
    let mss = options.mss.filter(|mss| *mss >= 100).map(u32::from);
    let Some(mss) = mss.filter(|_| window != 0) else {
        text.decimal(window);
        return;
    };
    // Some count the timestamps in, some count without, some round to a common link.
    let stamped = options.timestamps.is_some_and(|(value, _)| value != 0);
    let is_v6 = matches!(syn.ip, Ip::V6 { .. });
    let ip_header = if is_v6 { 40 } else { 20 };
    let headers = (ip_header + syn.ip_options + 20 + syn.options.len()) as u32;
    // Some answer with a multiple of what the other side takes.
    let peer_mss = peer_mss.map_or(0, u32::from);
    // A size of zero divides nothing.
    let only = |is: bool, size: u32| if is { size } else { 0 };
    let sizes = [
        (mss, "mss*"),
        (only(stamped, mss - 12), "mss*"),
        (1_460, "mss*"),
        (1_448, "mss*"),
        (only(is_v6, 1_440), "mss*"),
        (only(is_v6, 1_428), "mss*"),
        (mss + 40, "mtu*"),
        (mss.saturating_add(headers), "mtu*"),
        (only(is_v6, mss + 60), "mtu*"),
        (1_500, "mtu*"),
        (peer_mss, "mss*"),
        (peer_mss.saturating_sub(12), "mss*"),
    ];
    match sizes.into_iter().find(|(size, _)| window.checked_rem(*size) == Some(0)) {
        Some((size, name)) => text.text(name).decimal(window / size),
        None => text.decimal(window),
    };
}

/// p0f's quirks in the order in which it prints them. Where the acknowledgement number is set
/// without its flag, p0f looks at one bit of it on the machines that it is run on; so do we, since
/// signatures are there to be compared.
fn quirks(syn: &Syn<'_>, options: &Options<'_>, is_ack: bool) -> [(bool, &'static str); 17] {
    let (df, id, reserved, flow) = match syn.ip {
        Ip::V4 { id, flags } => (flags & 2 != 0, Some(id), flags & 4 != 0, 0),
        Ip::V6 { flow } => (false, None, false, flow),
    };
    let is_ecn = syn.ecn != 0 || syn.flags & (ECE | CWR) != 0;
    [
        (df, "df"),
        (df && id.is_some_and(|id| id != 0), "id+"),
        (!df && id == Some(0), "id-"),
        (is_ecn, "ecn"),
        (reserved, "0+"),
        (flow != 0, "flow"),
        (syn.sequence == 0, "seq-"),
        (!is_ack && syn.acknowledgement >> 24 & 1 != 0 && syn.flags & RST == 0, "ack+"),
        (is_ack && syn.acknowledgement == 0, "ack-"),
        (syn.flags & URG == 0 && syn.urgent != 0, "uptr+"),
        (syn.flags & URG != 0, "urgf+"),
        (syn.flags & PUSH != 0, "pushf+"),
        (options.timestamps.is_some_and(|(value, _)| value == 0), "ts1-"),
        (!is_ack && options.timestamps.is_some_and(|(_, echo)| echo != 0), "ts2+"),
        (options.padding.iter().any(|byte| *byte != 0), "opt+"),
        (options.scale.is_some_and(|scale| scale > 14), "exws"),
        (options.is_broken, "bad"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SYN: Syn<'static> = Syn {
        ip: Ip::V4 { id: 7, flags: 2 },
        ttl: 57,
        ip_options: 0,
        ecn: 0,
        sequence: 1,
        acknowledgement: 0,
        flags: 2,
        window: 29_200,
        urgent: 0,
        options: &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7],
        payload: 0,
    };

    const MACOS: Syn<'static> = Syn {
        ip: Ip::V4 { id: 0, flags: 0 },
        ttl: 64,
        flags: 0xc2,
        window: 65_535,
        options: &[2, 4, 5, 0xb4, 1, 3, 3, 6, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 4, 2, 0, 0],
        ..SYN
    };

    #[test]
    fn signatures_are_in_p0fs_notation() {
        assert_eq!(p0f(&SYN), "4:57+7:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0");
        assert_eq!(p0f(&MACOS), "4:64+0:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:id-,ecn:0");
        let bare = Syn { ip: Ip::V6 { flow: 3 }, options: &[], window: 1_024, payload: 4, ..SYN };
        assert_eq!(p0f(&bare), "6:57+7:0:0:1024,0::flow:+");
        let broken = Syn { options: &[8, 3, 1, 2, 9], ..SYN };
        assert_eq!(p0f(&broken), "4:57+7:0:0:29200,0:ts,mss:df,id+,bad:0");
    }

    #[test]
    fn a_signature_is_the_same_from_everywhere() {
        let text = "4:64:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0";
        assert_eq!(signature(&SYN, None).raw, text);
        assert_eq!(signature(&Syn { ttl: 40, ..SYN }, None), signature(&SYN, None));
        let answer = Syn { flags: 0x12, acknowledgement: 9, window: 13 * 1_300, ..SYN };
        assert!(signature(&answer, Some(1_300)).raw.contains(":mss*13,7:"));
        assert!(signature(&answer, None).raw.contains(":16900,7:"));
        // A SYN answers nothing.
        assert!(signature(&Syn { flags: 2, ..answer }, Some(1_300)).raw.contains(":16900,7:"));
    }

    /// The values that the publication gives for Linux and macOS.
    #[cfg(feature = "ja4plus")]
    #[test]
    fn ja4t_counts_each_zero_at_the_end() {
        assert_eq!(ja4t(&SYN).hash, "29200_2-4-8-1-3_1460_7");
        assert_eq!(ja4t(&MACOS).hash, "65535_2-1-3-1-1-8-4-0-0_1460_6");
        assert_eq!(ja4t(&Syn { options: &[], ..SYN }).hash, "29200_00_00_00");
    }

    proptest! {
        #[test]
        fn any_options_have_a_signature(options: Vec<u8>, window: u16, ttl: u8) {
            let syn = Syn { options: &options, window, ttl, ..SYN };
            prop_assert_eq!(p0f(&syn).split(':').count(), 8);
        }
    }
}

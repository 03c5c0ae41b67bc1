//! The signal catalogue: everything an attacker gives away, as one const table.
//!
//! **Invariant:** every row of the specification is here from the start. Whether a signal is wired
//! is derived from what exists (facts, written columns), never claimed.

use crate::event;
use crate::table::{self, State};

/// One thing that an attacker gives away.
#[derive(Debug)]
pub struct Signal {
    /// Its id in the specification: a group letter and a number.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What exactly.
    pub what: &'static str,
    /// What kind of knowledge about a person it is.
    pub privacy: Privacy,
    /// The kinds of facts that it is computed from; empty until a source emits them.
    pub from: &'static [&'static str],
    /// Where it is stored: table and column.
    pub columns: &'static [(&'static str, &'static str)],
}

/// What kind of knowledge a signal is, for retention and export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// What their software says about itself.
    Software,
    /// What their network says.
    Network,
    /// How they behave.
    Behaviour,
    /// What they typed, sent or tried.
    Content,
    /// Who they are: keys, identities.
    Identity,
    /// What only their body does: typing rhythm.
    Biometric,
}

/// How much of a stage is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wired {
    /// Nothing of it.
    No,
    /// Some of it.
    Partly,
    /// All of it.
    Fully,
}

/// The four stages of one signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stages {
    /// A source puts it into a typed event.
    pub emission: Wired,
    /// The event survives the journal and every transport.
    pub transport: Wired,
    /// It is in its columns.
    pub storage: Wired,
    /// API, dashboard and audit show it.
    pub query: Wired,
}

/// A way for events to reach the journal, and whether it exists.
pub const TRANSPORTS: &[(&str, Wired)] =
    &[("in-process", Wired::Fully), ("syslog", Wired::No), ("nats", Wired::No)];

/// A way to ask for rows, and whether it exists.
pub const QUERIES: &[(&str, Wired)] = &[
    ("sql", Wired::Fully),
    ("command line", Wired::Fully),
    ("audit", Wired::Fully),
    ("api", Wired::No),
    ("dashboard", Wired::No),
];

impl Wired {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Partly => "partly",
            Self::Fully => "yes",
        }
    }

    fn all<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        let (mut low, mut high) = (Self::Fully, Self::No);
        for part in parts {
            low = low.min(part);
            high = high.max(part);
        }
        match (low, high) {
            (Self::Fully, Self::Fully) => Self::Fully,
            (_, Self::No) => Self::No,
            _ => Self::Partly,
        }
    }
}

impl Privacy {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Network => "network",
            Self::Behaviour => "behaviour",
            Self::Content => "content",
            Self::Identity => "identity",
            Self::Biometric => "biometric",
        }
    }
}

impl Signal {
    /// The group's letter.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.get(..1).unwrap_or(self.id)
    }

    /// What of the signal is wired, from what exists in the code.
    #[must_use]
    pub fn stages(&self) -> Stages {
        let storage = Wired::all(self.columns.iter().map(|(table, column)| {
            match table::table(table).and_then(|t| t.column(column)).map(|c| c.state) {
                Some(State::Key | State::Written) => Wired::Fully,
                Some(State::Planned) | None => Wired::No,
            }
        }));
        let known = self.from.iter().all(|kind| event::KINDS.contains(kind));
        // A column without a source, or facts that feed only part of the columns: not all is seen.
        let emission = match (self.from.is_empty() || !known, storage) {
            (true, _) => Wired::No,
            (false, Wired::No | Wired::Fully) => Wired::Fully,
            (false, Wired::Partly) => Wired::Partly,
        };
        let storage = if emission == Wired::No { Wired::No } else { storage };
        let reach = |ways: &[(&str, Wired)], upper: Wired| match upper {
            Wired::No => Wired::No,
            Wired::Partly | Wired::Fully => {
                Wired::all(ways.iter().map(|(_, wired)| *wired).chain([upper]))
            }
        };
        Stages {
            emission,
            transport: reach(TRANSPORTS, emission),
            storage,
            query: reach(QUERIES, storage),
        }
    }
}

/// The name of a group.
#[must_use]
pub fn group_title(group: &str) -> &'static str {
    match group {
        "A" => "Session environment",
        "B" => "Keyboard and human",
        "C" => "SSH transport",
        "D" => "Network and TCP",
        "E" => "TLS and HTTP",
        "F" => "Behaviour over an attacker",
        _ => "",
    }
}

/// Every signal, in the specification's order.
pub const SIGNALS: &[Signal] = &[
    Signal {
        id: "A1",
        title: "TERM",
        what: "Terminal type that the client names: SSH pty-req, Telnet TERMINAL-TYPE",
        privacy: Privacy::Software,
        from: &["pty"],
        columns: &[("session_profile", "term")],
    },
    Signal {
        id: "A2",
        title: "Locale",
        what: "LANG, LC_* and every other variable that the client sends",
        privacy: Privacy::Software,
        from: &["env"],
        columns: &[("session_profile", "env"), ("session_profile", "locale")],
    },
    Signal {
        id: "A3",
        title: "Client version string",
        what: "Identification line, RFC 4253 §4.2, raw with its line ending, and the time it took",
        privacy: Privacy::Software,
        from: &["ssh_ident"],
        columns: &[
            ("attacker_behavior", "ssh_client_banners"),
            ("session_profile", "client_banner"),
            ("session_profile", "client_banner_s"),
        ],
    },
    Signal {
        id: "A4",
        title: "Terminal size and modes",
        what: "Columns, rows, pixels, later changes, encoded terminal modes raw and decoded",
        privacy: Privacy::Software,
        from: &["pty", "resize"],
        columns: &[
            ("session_profile", "term_cols"),
            ("session_profile", "term_rows"),
            ("session_profile", "term_px"),
            ("session_profile", "term_modes"),
            ("session_profile", "resize_count"),
        ],
    },
    Signal {
        id: "B1",
        title: "Per-keystroke timing",
        what: "Arrival instant of every keystroke; the full stream stays in the recording",
        privacy: Privacy::Behaviour,
        from: &["input", "hidden_input", "recorded"],
        columns: &[
            ("keystroke", "instants_us"),
            ("session", "recording"),
            ("session", "recording_bytes"),
            ("session", "recording_extent"),
        ],
    },
    Signal {
        id: "B2",
        title: "Inter-key interval",
        what: "Gaps between successive keystrokes",
        privacy: Privacy::Behaviour,
        from: &["input"],
        columns: &[
            ("session_profile", "kd_iki_mean"),
            ("session_profile", "kd_iki_stdev"),
            ("session_profile", "kd_iki_p50"),
            ("session_profile", "kd_iki_p95"),
        ],
    },
    Signal {
        id: "B3",
        title: "Enter latency",
        what: "Gap between the last keystroke of a line and its Enter",
        privacy: Privacy::Behaviour,
        from: &["input"],
        columns: &[
            ("session_profile", "kd_enter_latency_p50"),
            ("session_profile", "kd_enter_latency_p95"),
        ],
    },
    Signal {
        id: "B4",
        title: "Cadence ratios",
        what: "Share of gaps under 30 ms; time in pauses over 2 s",
        privacy: Privacy::Behaviour,
        from: &["input"],
        columns: &[("session_profile", "kd_burst_ratio"), ("session_profile", "kd_think_ratio")],
    },
    Signal {
        id: "B5",
        title: "Pause histogram",
        what: "Gaps by length",
        privacy: Privacy::Behaviour,
        from: &["input"],
        columns: &[
            ("session_profile", "kd_pause_hist_burst"),
            ("session_profile", "kd_pause_hist_think"),
            ("session_profile", "kd_pause_hist_distracted"),
        ],
    },
    Signal {
        id: "B6",
        title: "Start-of-action latency",
        what: "Median gap before the first keystroke after an idle of more than 1 s",
        privacy: Privacy::Behaviour,
        from: &["input", "prompt"],
        columns: &[("session_profile", "kd_start_of_action_latency")],
    },
    Signal {
        id: "B7",
        title: "Control characters",
        what: "Backspace, ^W, ^U, ^C, ^D, arrows, tab",
        privacy: Privacy::Behaviour,
        from: &["input"],
        columns: &[
            ("session_profile", "kd_ctrl_backspace"),
            ("session_profile", "kd_ctrl_wkill"),
            ("session_profile", "kd_ctrl_ukill"),
            ("session_profile", "kd_ctrl_abort"),
            ("session_profile", "kd_ctrl_eof"),
            ("session_profile", "kd_arrow_rate"),
            ("session_profile", "kd_tab_rate"),
        ],
    },
    Signal {
        id: "B8",
        title: "Digraph SimHash",
        what: "Hash of the timing of digraphs, never of content, and the vector it is cut from",
        privacy: Privacy::Biometric,
        from: &["input"],
        columns: &[
            ("session_profile", "kd_digraph_simhash"),
            ("session_profile", "kd_typist_vector"),
            ("session_profile", "kd_digraph_count"),
            ("session_profile", "kd_table_version"),
        ],
    },
    Signal {
        id: "B9",
        title: "Top digraphs",
        what: "At most 32 frequent digraphs of letters and space with their mean gaps",
        privacy: Privacy::Biometric,
        from: &["input"],
        columns: &[("session_profile", "kd_top_bigrams")],
    },
    Signal {
        id: "B10",
        title: "Think time between commands",
        what: "Prompt shown to first keystroke of the next command",
        privacy: Privacy::Behaviour,
        from: &["prompt", "input"],
        columns: &[
            ("session_command", "think_s"),
            ("session_profile", "cmd_think_p50"),
            ("session_profile", "cmd_think_p95"),
        ],
    },
    Signal {
        id: "B11",
        title: "Pause before sensitive commands",
        what: "Latencies of commands that change or take something, against the others",
        privacy: Privacy::Behaviour,
        from: &["prompt", "input", "command"],
        columns: &[
            ("session_command", "enter_latency_s"),
            ("session_command", "sensitive"),
            ("session_profile", "sensitive_pause_ratio"),
        ],
    },
    Signal {
        id: "B12",
        title: "Command sequence and n-grams",
        what: "Every command in order with its instants and exit status",
        privacy: Privacy::Content,
        from: &["command", "command_done"],
        columns: &[
            ("session_command", "line"),
            ("session_command", "started_at"),
            ("session_command", "entered_at"),
            ("session_command", "ended_at"),
            ("session_command", "exit_status"),
            ("session_profile", "cmd_ngrams"),
        ],
    },
    Signal {
        id: "B13",
        title: "Flag preference",
        what: "Flags as typed and in canonical form",
        privacy: Privacy::Behaviour,
        from: &["command"],
        columns: &[("session_command", "flags"), ("session_command", "canonical")],
    },
    Signal {
        id: "B14",
        title: "Typos",
        what: "Corrections: what was typed, what it became, which kind",
        privacy: Privacy::Content,
        from: &["input"],
        columns: &[("session_typo", "typed"), ("session_typo", "became"), ("session_typo", "kind")],
    },
    Signal {
        id: "B15",
        title: "Editor choice",
        what: "Which editors, how often, how long",
        privacy: Privacy::Behaviour,
        from: &["command"],
        columns: &[("session_profile", "editors")],
    },
    Signal {
        id: "B16",
        title: "Shell history use",
        what: "Recall by kind",
        privacy: Privacy::Behaviour,
        from: &["input", "command"],
        columns: &[("session_profile", "history_use")],
    },
    Signal {
        id: "B17",
        title: "Paste and automation",
        what: "Pasted runs, and human, scripted or mixed with its evidence",
        privacy: Privacy::Behaviour,
        from: &["input", "prompt"],
        columns: &[
            ("session_profile", "paste_count"),
            ("session_profile", "input_class"),
            ("session_profile", "input_evidence"),
        ],
    },
    Signal {
        id: "B18",
        title: "Hold time",
        what: "How long keys are held: crosses the wire in RFB only",
        privacy: Privacy::Biometric,
        from: &[],
        columns: &[
            ("session_profile", "kd_hold_mean"),
            ("session_profile", "kd_hold_stdev"),
            ("session_profile", "kd_hold_p50"),
            ("session_profile", "kd_hold_p95"),
        ],
    },
    Signal {
        id: "B19",
        title: "Totals",
        what: "Keystrokes, duration",
        privacy: Privacy::Behaviour,
        from: &["input", "session_opened", "session_closed"],
        columns: &[
            ("session_profile", "total_keystrokes"),
            ("session_profile", "session_duration_s"),
        ],
    },
    Signal {
        id: "C1",
        title: "HASSH, HASSHServer",
        what: "MD5 of the kex;enc;mac;comp lists",
        privacy: Privacy::Software,
        from: &["ssh_kex_init"],
        columns: &[
            ("attackers", "fingerprints"),
            ("fingerprint", "kind"),
            ("fingerprint", "hash"),
            ("fingerprint", "raw"),
            ("fingerprint", "seen_by"),
            ("fingerprint", "first_seen"),
            ("fingerprint", "last_seen"),
            ("fingerprint", "count"),
        ],
    },
    Signal {
        id: "C2",
        title: "KEX order",
        what: "All ten KEXINIT name-lists, raw and in order, with first_kex_packet_follows and markers",
        privacy: Privacy::Software,
        from: &["ssh_kex_init"],
        columns: &[("attacker_behavior", "kex_order_raw")],
    },
    Signal {
        id: "C3",
        title: "Public key comment",
        what: "In a forwarded agent's list, and in planted authorized_keys",
        privacy: Privacy::Identity,
        from: &[],
        columns: &[("ssh_key", "comment")],
    },
    Signal {
        id: "C4",
        title: "Key type",
        what: "Algorithm, bits and fingerprint of every public key offered, in order",
        privacy: Privacy::Identity,
        from: &["key_offered"],
        columns: &[
            ("ssh_key", "source"),
            ("ssh_key", "offer"),
            ("ssh_key", "at"),
            ("ssh_key", "user"),
            ("ssh_key", "key_type"),
            ("ssh_key", "bits"),
            ("ssh_key", "fingerprint"),
            ("ssh_key", "signature_algorithm"),
            ("ssh_key", "proof"),
        ],
    },
    Signal {
        id: "C5",
        title: "Agent forwarding",
        what: "auth-agent-req@openssh.com seen; the identities then listed",
        privacy: Privacy::Identity,
        from: &["agent_forwarding"],
        columns: &[("session_profile", "agent_forwarding")],
    },
    Signal {
        id: "C6",
        title: "Channel multiplexing",
        what: "Every channel's open and close, type, target, most at once",
        privacy: Privacy::Behaviour,
        from: &["channel_opened", "channel_closed", "forward_requested", "program_started"],
        columns: &[
            ("session_channel", "kind"),
            ("session_channel", "program"),
            ("session_channel", "target_host"),
            ("session_channel", "target_port"),
            ("session_channel", "originator"),
            ("session_channel", "answer"),
            ("session_channel", "opened_at"),
            ("session_channel", "closed_at"),
            ("session_profile", "channels_max"),
        ],
    },
    Signal {
        id: "C7",
        title: "SSH_CLIENT, SSH_CONNECTION",
        what: "Ports of the connection that the session runs in",
        privacy: Privacy::Network,
        from: &["session_opened"],
        columns: &[("session_profile", "src_port"), ("session_profile", "dst_port")],
    },
    Signal {
        id: "C8",
        title: "Authentication behaviour",
        what: "Methods in order, each credential, its instant, the gaps between tries",
        privacy: Privacy::Content,
        from: &["auth_attempt", "key_offered"],
        columns: &[
            ("auth_attempt", "attempt"),
            ("auth_attempt", "at"),
            ("auth_attempt", "gap_s"),
            ("auth_attempt", "method"),
            ("auth_attempt", "user"),
            ("auth_attempt", "secret"),
            ("auth_attempt", "outcome"),
            ("credential", "accepted"),
        ],
    },
    Signal {
        id: "D1",
        title: "Clock skew",
        what: "Slope of the TCP timestamp clock against ours",
        privacy: Privacy::Network,
        from: &[],
        columns: &[
            ("attacker_behavior", "clock_skew_ppm"),
            ("attacker_behavior", "ts_hz"),
            ("attacker_behavior", "clock_skew_ci"),
        ],
    },
    Signal {
        id: "D2",
        title: "ISN generator",
        what: "Initial sequence numbers and IP IDs over a source",
        privacy: Privacy::Network,
        from: &[],
        columns: &[
            ("tcp_syn", "isn"),
            ("attacker_behavior", "isn_class"),
            ("attacker_behavior", "ipid_class"),
        ],
    },
    Signal {
        id: "D3",
        title: "TCP option order",
        what: "Raw option kinds and values of each SYN",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("tcp_syn", "options"), ("attacker_behavior", "tcp_fingerprint")],
    },
    Signal {
        id: "D4",
        title: "Initial congestion window",
        what: "Segments and bytes of the first flight",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("tcp_flow", "initial_window_segments"), ("tcp_flow", "initial_window_bytes")],
    },
    Signal {
        id: "D5",
        title: "Retransmissions",
        what: "Count, delays and back-off",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("attacker_behavior", "retransmit_count"), ("tcp_flow", "rto_s")],
    },
    Signal {
        id: "D6",
        title: "MTU, path MTU discovery",
        what: "MSS, largest segment, DF, ICMP errors, link type",
        privacy: Privacy::Network,
        from: &[],
        columns: &[
            ("tcp_flow", "mss"),
            ("tcp_flow", "max_segment"),
            ("tcp_flow", "pmtud"),
            ("attacker_behavior", "link_type"),
        ],
    },
    Signal {
        id: "D7",
        title: "Packet pacing",
        what: "Gaps inside bursts from kernel stamps",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("tcp_flow", "pacing")],
    },
    Signal {
        id: "D8",
        title: "Window scaling",
        what: "Scale and raw window",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("attacker_behavior", "tcp_fingerprint")],
    },
    Signal {
        id: "D9",
        title: "ECN",
        what: "ECE and CWR in the SYN, ECT and CE marks",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("tcp_syn", "ecn"), ("attacker_behavior", "ecn")],
    },
    Signal {
        id: "D10",
        title: "OS and distance",
        what: "Match from an open signature set, initial TTL, hops",
        privacy: Privacy::Network,
        from: &[],
        columns: &[("attacker_behavior", "os_guess"), ("attacker_behavior", "hop_distance")],
    },
    Signal {
        id: "E1",
        title: "JA3, JA3S, JA4, JA4S",
        what: "Hash and raw string of each, also over QUIC",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("fingerprint", "hash"), ("fingerprint", "raw")],
    },
    Signal {
        id: "E2",
        title: "Session resumption",
        what: "Ticket, PSK, early data, session id: offered and accepted",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("tls_session", "resumption")],
    },
    Signal {
        id: "E3",
        title: "HTTP/2 SETTINGS",
        what: "Identifiers and values in order, WINDOW_UPDATE, pseudo-header order",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("http_client", "h2_settings")],
    },
    Signal {
        id: "E4",
        title: "HTTP/2 prioritisation",
        what: "PRIORITY frames, priority fields, RFC 9218",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("http_client", "h2_priority")],
    },
    Signal {
        id: "E5",
        title: "HTTP header order",
        what: "Names in the order and case received; JA4H",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("http_request", "header_order")],
    },
    Signal {
        id: "E6",
        title: "Cookies",
        what: "Each cookie the decoy set: returned, dropped, altered, replayed",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("http_cookie", "name"), ("http_cookie", "fate"), ("http_cookie", "attributes")],
    },
    Signal {
        id: "E7",
        title: "JARM, certificate",
        what: "Active probe of the attacker's own TLS ports",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("probe", "target"), ("probe", "result")],
    },
    Signal {
        id: "F1",
        title: "Time of day",
        what: "Events by UTC hour and weekday",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("attacker_aggregate", "activity_dist_by_hour")],
    },
    Signal {
        id: "F2",
        title: "Session durations",
        what: "Percentiles",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("attacker_aggregate", "session_duration_dist")],
    },
    Signal {
        id: "F3",
        title: "Recon-to-action ratio",
        what: "From one event taxonomy with ATT&CK technique ids",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("attacker_aggregate", "recon_to_action_ratio")],
    },
    Signal {
        id: "F4",
        title: "Lateral movement",
        what: "Decoys in first-contact order, edges with dwell times",
        privacy: Privacy::Behaviour,
        from: &["connection_opened"],
        columns: &[
            ("attackers", "traversal_path"),
            ("attackers", "is_traversal"),
            ("attacker_aggregate", "lateral_movement_graph"),
        ],
    },
    Signal {
        id: "F5",
        title: "Persistence first or exfiltration first",
        what: "First events of both, their order",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[
            ("attacker_aggregate", "first_persistence_at"),
            ("attacker_aggregate", "first_exfil_at"),
            ("attacker_aggregate", "is_persistent"),
        ],
    },
    Signal {
        id: "F6",
        title: "Tool chain",
        what: "Tools in order of first use",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("attacker_aggregate", "tool_sequence")],
    },
    Signal {
        id: "F7",
        title: "Response to errors",
        what: "Retry, variation, switch, quit; time to recover",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("attacker_aggregate", "error_response")],
    },
    Signal {
        id: "F8",
        title: "Timing class",
        what: "Beaconing, interactive, scanning, brute force, slow scan, mixed",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[
            ("attacker_behavior", "behavior_class"),
            ("attacker_behavior", "beacon_interval_s"),
            ("attacker_behavior", "beacon_jitter_pct"),
            ("attacker_behavior", "timing_stats"),
        ],
    },
    Signal {
        id: "F9",
        title: "Phases",
        what: "Recon end, exfiltration start, latency between",
        privacy: Privacy::Behaviour,
        from: &[],
        columns: &[("attacker_behavior", "phase_sequence")],
    },
    Signal {
        id: "F10",
        title: "Tool attribution",
        what: "All tools matched, with the evidence",
        privacy: Privacy::Software,
        from: &[],
        columns: &[("attacker_behavior", "tool_guesses")],
    },
    Signal {
        id: "F11",
        title: "Credentials",
        what: "User, secret, service; reuse across sources and decoys",
        privacy: Privacy::Content,
        from: &["auth_attempt"],
        columns: &[
            ("credential", "service"),
            ("credential", "user"),
            ("credential", "secret"),
            ("credential", "first_seen"),
            ("credential", "last_seen"),
            ("credential", "count"),
            ("attackers", "credential_count"),
        ],
    },
    Signal {
        id: "F12",
        title: "Mail targets",
        what: "Recipient domains only",
        privacy: Privacy::Content,
        from: &[],
        columns: &[
            ("smtp_targets", "domain"),
            ("smtp_targets", "first_seen"),
            ("smtp_targets", "last_seen"),
            ("smtp_targets", "count"),
        ],
    },
    Signal {
        id: "F13",
        title: "Origin",
        what: "Country and its source, ASN",
        privacy: Privacy::Network,
        from: &[],
        columns: &[
            ("attackers", "country_code"),
            ("attackers", "country_source"),
            ("attackers", "asn"),
        ],
    },
    Signal {
        id: "F14",
        title: "Payloads",
        what: "Files uploaded, downloaded-for, or written",
        privacy: Privacy::Content,
        from: &[],
        columns: &[
            ("artifact", "sha256"),
            ("artifact", "size"),
            ("artifact", "mime"),
            ("artifact", "origin"),
        ],
    },
    Signal {
        id: "F15",
        title: "Identity across addresses",
        what: "Sessions and sources joined, with the evidence",
        privacy: Privacy::Identity,
        from: &[],
        columns: &[
            ("identity", "label"),
            ("identity", "confidence"),
            ("identity_link", "attacker_uuid"),
            ("identity_link", "evidence"),
        ],
    },
    Signal {
        id: "F16",
        title: "Seen elsewhere",
        what: "One signed question between operators",
        privacy: Privacy::Identity,
        from: &[],
        columns: &[
            ("federation_peer", "public_key"),
            ("federation_query", "peer"),
            ("federation_query", "question"),
            ("federation_query", "answer"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TABLES;
    use std::collections::BTreeSet;

    #[test]
    fn every_place_of_a_signal_is_a_column() {
        for signal in SIGNALS {
            assert!(!signal.columns.is_empty(), "{} is stored nowhere", signal.id);
            for (table, column) in signal.columns {
                let found = table::table(table).and_then(|t| t.column(column));
                assert!(found.is_some(), "{}: no column {table}.{column}", signal.id);
            }
        }
    }

    #[test]
    fn every_column_that_is_no_key_is_a_place_of_a_signal() {
        let places: BTreeSet<_> = SIGNALS.iter().flat_map(|s| s.columns).collect();
        for table in TABLES {
            for column in table.columns.iter().filter(|c| c.state != State::Key) {
                assert!(
                    places.contains(&(table.name, column.name)),
                    "{}.{} belongs to no signal",
                    table.name,
                    column.name
                );
            }
        }
    }

    #[test]
    fn signals_name_facts_that_exist() {
        for signal in SIGNALS {
            for kind in signal.from {
                assert!(event::KINDS.contains(kind), "{}: no fact {kind}", signal.id);
            }
        }
    }

    #[test]
    fn written_columns_have_a_source() {
        for signal in SIGNALS.iter().filter(|s| s.from.is_empty()) {
            for (table, column) in signal.columns {
                let shared = SIGNALS
                    .iter()
                    .any(|s| !s.from.is_empty() && s.columns.contains(&(*table, *column)));
                let state = table::table(table).and_then(|t| t.column(column)).map(|c| c.state);
                assert!(
                    shared || state == Some(State::Planned),
                    "{}: {table}.{column} is written from no fact",
                    signal.id
                );
            }
        }
    }

    #[test]
    fn ids_are_unique_and_in_order() {
        let numbers: Vec<(String, u32)> =
            SIGNALS.iter().map(|s| (s.group().to_owned(), s.id[1..].parse().unwrap())).collect();
        assert!(numbers.is_sorted() && numbers.windows(2).all(|w| w[0] != w[1]));
        assert_eq!(SIGNALS.len(), 64);
    }
}

//! Everything that a peer can grow has its cap here, with a threat id and what happens at the cap.
//!
//! **Invariant:** code that meets a peer's bytes names a constant of this file, or a configured
//! value whose default is one, before it keeps anything.

/// TM-NET-001: connections open at once from one address; further ones are closed at accept and
/// recorded as an anomaly.
pub const CONNECTIONS_PER_ADDRESS: usize = 64;
/// TM-NET-002: connections open at once in all; further ones are closed at accept.
pub const CONNECTIONS_MAX: usize = 4_096;
/// TM-NET-003: seconds from accept to a successful login (OpenSSH's `LoginGraceTime`); then closed.
pub const LOGIN_GRACE_S: u64 = 120;
/// TM-NET-004: seconds without a byte from a logged-in peer; then closed.
pub const IDLE_S: u64 = 3_600;
/// TM-NET-005: seconds that a session may last; then closed.
pub const SESSION_S: u64 = 24 * 3_600;

/// TM-SSH-001: bytes of an identification line that OpenSSH accepts; more is an anomaly and closed.
pub const SSH_IDENT_BYTES: usize = 8_192;
/// TM-SSH-002: bytes of one KEXINIT name-list that are kept; the rest is cut.
pub const SSH_LIST_BYTES: usize = 64 << 10;
/// TM-SSH-003: authentication tries in one connection (OpenSSH's `MaxAuthTries`); then closed.
pub const SSH_AUTH_TRIES: u32 = 6;
/// TM-SSH-004: public keys offered in one connection that are kept; further ones are refused.
pub const SSH_KEYS_OFFERED: u32 = 64;
/// TM-SSH-005: session channels open at once in one connection (OpenSSH's `MaxSessions`); further
/// ones are refused.
pub const SSH_SESSIONS: usize = 10;
/// TM-SSH-006: channels opened in one connection's life that are recorded; then it is closed.
pub const SSH_CHANNELS: u32 = 1_024;
/// TM-SSH-007: requests (env, window-change, unknown, forwards) of one connection that are recorded
/// each on their own; further ones are refused and only counted.
pub const SSH_REQUESTS: u32 = 4_096;
/// TM-SSH-008: bytes of a packet before encryption that is read (what RFC 4253 §6.1 asks of every
/// implementation), and of what may stand before the KEXINIT; more is an anomaly.
pub const SSH_CLEAR_PACKET_BYTES: usize = 35_000;
/// TM-SSH-009: addresses whose refused credentials a decoy's rules remember; the one that came
/// first is forgotten.
pub const SSH_REMEMBERED: usize = 4_096;
/// TM-SSH-010: refused credentials of one address that are remembered; with more, no rule that
/// counts tries accepts any longer.
pub const SSH_REMEMBERED_CREDENTIALS: usize = 256;
/// TM-SSH-011: bytes of input that wait for the programs of one connection; a peer that has sent
/// more without reading what it is sent loses the session.
pub const SSH_WAITING_BYTES: usize = 8 << 20;
/// TM-SSH-012: bytes of input that wait for the programs of one connection, from which on no more
/// is read of it; unless a program waits for the peer, whose word may be in what was not read.
pub const SSH_WAITING_PAUSE_BYTES: usize = 128 << 10;
/// TM-SSH-013: bytes of input that wait for programs, in all connections of a decoy, from which on
/// nobody is read beyond [`SSH_WAITING_PAUSE_BYTES`].
pub const SSH_WAITING_ALL_BYTES: usize = 256 << 20;

/// TM-SSH-014: bytes of a packet before encryption between others, which are only watched (what
/// OpenSSH takes at most), and of what may stand before the KEXINIT; more is malformed.
pub const SSH_WATCHED_PACKET_BYTES: usize = 256 << 10;
/// TM-SSH-015: bytes of a packet of a connection of ours without its length and code (what OpenSSH
/// takes at most); a longer one ends the connection.
pub const SSH_PACKET_BYTES: usize = 256 << 10;
/// TM-SSH-016: bytes of a payload once it is unpacked; a longer one ends the connection. OpenSSH
/// stops at 128 MiB, and no client sends what needs more than a packet's length.
pub const SSH_UNPACKED_BYTES: usize = 1 << 20;
/// TM-SSH-017: bytes of memory for a payload that stay with a connection behind a longer one.
pub const SSH_KEPT_BYTES: usize = 4 << 10;
/// TM-SSH-018: bytes of a number in a key exchange, a key or a signature (OpenSSH's 16,384 bits); a
/// longer one is malformed.
pub const SSH_NUMBER_BYTES: usize = 2_048;

/// TM-SSH-019: bytes of a connection's output that wait for the socket, from which on nothing more
/// of the peer is read, answered or run.
pub const SSH_UNSENT_BYTES: usize = 256 << 10;
/// TM-SSH-020: bytes that what runs in a channel may write before the peer takes them.
pub const SSH_CHANNEL_UNSENT_BYTES: usize = 128 << 10;
/// TM-SSH-021: bytes of answers that wait for the end of an exchange of keys; a peer that asks on
/// without ending it is closed.
pub const SSH_HELD_BYTES: usize = 1 << 20;
/// TM-SSH-022: DEBUG and UNIMPLEMENTED, each, that are recorded one by one; further ones are counted.
pub const SSH_ODDITIES: u32 = 16;
/// TM-SSH-023: packets of a connection whose sizes and instants are recorded: the first ones.
pub const SSH_PACKETS_SEEN: usize = 200;
/// TM-SSH-024: forwards that one connection can believe in; further ones are refused.
pub const SSH_FORWARDS: usize = 64;
/// TM-SSH-028: connections that one connection can make through itself to the same server at once;
/// the next one finds nobody there.
pub const SSH_TUNNELS: usize = 10;
/// TM-SSH-029: times that one connection has the host keys proved, each a signature that costs a
/// thousandth of a second or more; further ones fail.
pub const SSH_PROOFS: u32 = 32;
/// TM-SSH-025: bytes of an agent's list of keys (OpenSSH's agents send no more); a longer one is
/// none.
pub const SSH_AGENT_BYTES: usize = 256 << 10;
/// TM-SSH-026: keys of an agent that are recorded: the first ones.
pub const SSH_AGENT_KEYS: usize = 64;
/// TM-SSH-027: extensions of a client that are recorded: the first ones.
pub const SSH_EXTENSIONS: usize = 16;

/// TM-FIL-001: bytes of one message of SFTP (`sftp-server`'s own bound); a longer one ends the
/// server.
pub const SFTP_MESSAGE_BYTES: usize = 256 << 10;
/// TM-FIL-002: handles of one SFTP server that are open at once (what is left of the 1,024 files that
/// a process of Debian may have open); the next one fails.
pub const SFTP_HANDLES: usize = 1_021;
/// TM-FIL-003: bytes of one uploaded file that are kept; those behind are counted, and are zeros
/// where somebody reads them.
pub const FILE_KEPT_BYTES: usize = 32 << 20;
/// TM-FIL-004: bytes that the sessions of one address keep in files; further ones are counted as
/// above, and files whose sizes together fill the machine's disk find it full.
pub const FILES_KEPT_BYTES: usize = 64 << 20;
/// TM-FIL-005: bytes that all sessions of one machine keep in files; as above.
pub const FILES_KEPT_ALL_BYTES: usize = 1 << 30;
/// TM-FIL-006: files, folders and links that one address has made or changed; the disk is full for the next.
pub const FILES_NODES: usize = 16_384;
/// TM-SHL-040: parentheses in each other in an expression of `find`; a deeper one is refused.
pub const FIND_DEPTH: usize = 32;
/// TM-SHL-041: bytes of a block of `dd`; a larger one does not fit into the machine's memory.
pub const DD_BLOCK_BYTES: u64 = 16 << 20;
/// TM-FIL-010: pipes with names that one session has opened; the next one cannot be.
pub const FIFOS: usize = 256;
/// TM-FIL-009: file systems that are mounted at once; the next one is refused.
pub const MOUNTS: usize = 256;
/// TM-FIL-007: requests for files of one session that are facts; further ones are answered, and an
/// anomaly says so.
pub const FILE_REQUESTS: u32 = 4_096;
/// TM-FIL-008: bytes kept of a path that a request for files names; longer ones are cut (no path of
/// Linux is).
pub const FILE_PATH_BYTES: usize = 4_096;

/// TM-SHL-009: processes of one session at once, dead ones that nobody asked for among them; the
/// next `fork` fails as it does at the limit of a user.
pub const PROCESSES: usize = 96;
/// TM-SHL-006: bytes that `$(…)` gives; what a command writes beyond is read and dropped.
pub const COMMAND_OUTPUT_BYTES: usize = 1 << 20;
/// TM-SHL-060: steps of one match of a shell's pattern, in about characters looked at; what has not
/// matched by then does not match.
pub const PATTERN_WORK: usize = 8 << 20;
/// TM-SHL-061: groups in groups of a shell's pattern; a deeper one stands for its text.
pub const PATTERN_DEPTH: usize = 24;
/// TM-SHL-062: brackets, signs and variables of an arithmetic expression that lead into each other;
/// a deeper one is too deep, as it is for bash at its own limit.
pub const ARITHMETIC_DEPTH: usize = 48;
/// TM-SHL-063: words of an arithmetic expression, those of the variables in it included; the next
/// one is too deep.
pub const ARITHMETIC_WORDS: usize = 1 << 16;
/// TM-SHL-064: words that braces make of one; a word that makes more stays as it is written.
pub const BRACE_WORDS: usize = 1 << 16;
/// TM-SHL-065: bytes of these words; as above.
pub const BRACE_BYTES: usize = 4 << 20;
/// TM-SHL-066: braces in braces; a deeper one stands for its text.
pub const BRACE_DEPTH: usize = 24;
/// TM-SHL-067: bytes that the values of an awk, Python or Perl program take; at the cap the program
/// ends as one that gets no memory.
pub const SCRIPT_BYTES: usize = 48 << 20;
/// TM-SHL-068: expressions and blocks in each other of such a program; a deeper one is refused.
pub const SCRIPT_DEPTH: usize = 64;
/// TM-SHL-069: functions of such a program that have called each other; at the cap the program ends
/// as it does at the real one's limit.
pub const SCRIPT_CALLS: usize = 1_000;
/// TM-SHL-071: bytes of such a program's text; a longer one is refused.
pub const SCRIPT_TEXT_BYTES: usize = 1 << 20;
/// TM-SHL-070: fields of a record of awk; a program that wants more ends.
pub const AWK_FIELDS: usize = 1 << 20;
/// TM-SHL-010: steps of one search for a pattern that has to be tried (with references back, or
/// Perl's); then there is no match.
pub const REGEX_STEPS: usize = 400_000;
/// TM-SHL-012: patterns of one `grep`; further ones match nothing.
pub const GREP_PATTERNS: usize = 4_096;
/// TM-SHL-013: bytes of lines before a match that `grep` holds to show them; the first ones of more
/// are not shown.
pub const GREP_CONTEXT_BYTES: usize = 4 << 20;
/// TM-SHL-014: commands of one script of `sed`; a longer one is refused for lack of memory.
pub const SED_COMMANDS: usize = 20_000;
/// TM-SHL-015: bytes of each of the two spaces of `sed`; beyond, it ends for lack of memory.
pub const SED_SPACE_BYTES: usize = 2 << 20;
/// TM-SHL-016: lines that `sort`, `diff` and others hold; with more, they end for lack of memory.
pub const TEXT_LINES: usize = 400_000;
/// TM-SHL-017: bytes of input whose words `xargs` and `column` hold; what is behind is not read.
pub const XARGS_BYTES: usize = 1 << 20;
/// TM-SHL-011: bytes that one `printf` prints; what follows is left out.
pub const FORMATTED_BYTES: usize = 4 << 20;
/// TM-FIL-009: bytes of a file's begin that are in the fact about it.
pub const ARTIFACT_HEAD_BYTES: usize = 512;
/// TM-FIL-010: lines of an `authorized_keys` that are in the fact about it: the first ones.
pub const KEY_LINES: usize = 64;
/// TM-FIL-011: bytes of such a line; a longer one is cut.
pub const KEY_LINE_BYTES: usize = 24 << 10;
/// TM-FIL-012: files of one session whose content is looked at; of further ones there is only that
/// they were written.
pub const ARTIFACTS: u32 = 1_024;
/// TM-FIL-013: bytes of all files in the quarantine; what does not fit is dropped and counted.
pub const QUARANTINE_BYTES: u64 = 4 << 30;
/// TM-FIL-014: files in the quarantine; as above.
pub const QUARANTINE_FILES: u64 = 100_000;
/// TM-FIL-015: bytes that one address (of IPv6, one network of 64 bits) may have looked at and kept
/// at once, known ones included; of further files there are no digests, and they are dropped and
/// counted.
pub const QUARANTINE_ADDRESS_BYTES: u64 = 256 << 20;
/// TM-FIL-018: addresses (of IPv6, networks of 64 bits) whose changes are kept for their next
/// connection; beyond, those that were there least lately find the machine as it was.
pub const DISKS: usize = 4_096;
/// TM-FIL-019: bytes of what addresses have changed that have no connection open; as above.
pub const DISKS_BYTES: usize = FILES_KEPT_ALL_BYTES / 2;
/// TM-FIL-020: days that they are kept.
pub const DISK_DAYS: u64 = 7;
/// TM-FIL-016: bytes an hour that are paid back of those.
pub const QUARANTINE_ADDRESS_BYTES_PER_HOUR: u64 = 64 << 20;
/// TM-FIL-017: addresses of which is known what they used up; beyond, the one that used the least is
/// forgotten.
pub const QUARANTINE_ADDRESSES: usize = 4_096;
/// TM-SHL-031: rounds of SHA that one password may ask for; a setting with more makes nothing of
/// any password, as one that is not known.
pub const CRYPT_ROUNDS: u32 = 40_000;
/// TM-SHL-032: bytes of a password; the rest counts for nothing, as where PAM reads it.
pub const PASSWORD_BYTES: usize = 512;

/// TM-TLS-001: bytes of one handshake message (certificate chains are the long ones); a longer one
/// is malformed.
pub const TLS_MESSAGE_BYTES: usize = 128 << 10;
/// TM-TLS-002: ranges of a handshake that came out of order; a piece that makes one more is refused.
pub const HANDSHAKE_GAPS: usize = 64;
/// TM-TLS-003: bytes of a QUIC handshake in one direction; what lies behind is refused.
pub const QUIC_CRYPTO_BYTES: usize = 64 << 10;
/// TM-HTP-001: bytes of a request head; a longer one is malformed.
pub const HTTP_HEAD_BYTES: usize = 64 << 10;
/// TM-HTP-002: bytes of an HTTP/2 frame, and of a header block in several; more is malformed.
pub const HTTP2_FRAME_BYTES: usize = 16 << 10;
/// TM-HTP-003: bytes of a header block once it is unpacked; the fields behind are dropped.
pub const HTTP2_FIELDS_BYTES: usize = 128 << 10;
/// TM-HTP-004: settings, and priority frames, kept of an HTTP/2 client: the first ones.
pub const HTTP2_SETTINGS: usize = 64;
/// TM-HTP-005: bytes of an HTTP/2 client's fields that it may name again, as before any setting of
/// the server (RFC 9113 §6.5.2); a client that was allowed more and uses it cannot be read on.
pub const HTTP2_TABLE_BYTES: usize = 4_096;

/// TM-FLD-001: bytes kept of a user name.
pub const USER_BYTES: usize = 1_024;
/// TM-FLD-002: bytes kept of a password or another answer.
pub const SECRET_BYTES: usize = 1_024;
/// TM-FLD-003: environment variables kept for a session: the first ones; one anomaly counts the
/// rest.
pub const ENV_VARIABLES: usize = 129;
/// TM-FLD-004: bytes kept of a variable's name.
pub const ENV_NAME_BYTES: usize = 256;
/// TM-FLD-005: bytes kept of a variable's value.
pub const ENV_VALUE_BYTES: usize = 1_024;
/// TM-FLD-006: bytes kept of TERM.
pub const TERM_BYTES: usize = 256;
/// TM-FLD-007: bytes kept of encoded terminal modes.
pub const MODES_BYTES: usize = 1_024;
/// TM-FLD-008: bytes kept of an exec request or a typed line (a Linux terminal's canonical mode
/// takes 4,095; exec takes far more).
pub const COMMAND_BYTES: usize = 65_536;
/// TM-FLD-009: bytes kept of any other name or detail.
pub const DETAIL_BYTES: usize = 1_024;
/// TM-FLD-010: bytes kept of a public key blob.
pub const KEY_BYTES: usize = 16_384;
/// TM-FLD-011: columns or rows beyond which a terminal size is absurd; it is recorded as sent, and
/// the terminal behind it is given this much.
pub const WINDOW_CELLS: u32 = 10_000;

/// TM-TTY-001: bytes of one line in the line editor; further keys ring the bell.
pub const LINE_BYTES: usize = 4_095;
/// TM-TTY-002: bytes of input in one session; then the session ends.
pub const SESSION_INPUT_BYTES: u64 = 64 << 20;
/// TM-TTY-004: bytes of input of one session that are facts; further ones are in the recording, as
/// far as that goes, and an anomaly says so. Who types needs days for as much.
pub const SESSION_INPUT_KEPT_BYTES: u64 = 1 << 20;
/// TM-TTY-003: bytes of one input fact; a longer read becomes several with the same instant.
pub const INPUT_FACT_BYTES: usize = 4_096;

/// TM-REC-001: bytes of one recording; what follows is not recorded, and the file says so.
pub const RECORDING_BYTES: u64 = 16 << 20;
/// TM-REC-002: bytes of all recordings; the oldest are removed at the cap.
pub const RECORDINGS_BYTES: u64 = 4 << 30;
/// TM-REC-003: days that a recording is kept.
pub const RECORDING_DAYS: u64 = 365;

/// TM-JRN-001: bytes that one address (of IPv6, one network of 64 bits) may cause in journal and
/// recordings at once. Beyond, its connections are read more slowly, its sessions rest, and further
/// connections are closed at accept and only counted.
pub const JOURNAL_BURST_BYTES: i64 = 256 << 20;
/// TM-JRN-002: bytes a second that are paid back of those: 64 connections that try one password
/// after the other need two thirds, someone who types a tenth.
pub const JOURNAL_BYTES_PER_S: i64 = 62_500;
/// TM-JRN-003: addresses of which is known what they caused; beyond, one without a connection is
/// forgotten.
pub const JOURNAL_ADDRESSES: usize = 16_384;

/// TM-MEM-001: keystrokes of one session that reach its features; later ones are only counted.
pub const STROKES: usize = 2_000_000;
/// TM-MEM-002: prompt instants of one session that reach its features: the first ones.
pub const PROMPTS: usize = 256;
/// TM-MEM-003: distinct client banners kept per attacker: the first ones.
pub const BANNERS: usize = 64;
/// TM-MEM-010: bytes of a client banner kept in a row; the journal has the whole line.
pub const BANNER_BYTES: usize = 512;
/// TM-MEM-029: distinct guesses at what a client is kept per attacker: the first ones.
pub const TOOL_GUESSES: usize = 64;
/// TM-MEM-004: distinct KEXINIT offers kept per attacker: the first ones.
pub const KEX_OFFERS: usize = 16;
/// TM-MEM-011: bytes of a KEXINIT name-list kept in a row; the journal has the whole list.
pub const KEX_LIST_BYTES: usize = 2_048;
/// TM-MEM-012: bytes of all variables of a session in its row; further ones are in the journal.
pub const ENV_ROW_BYTES: usize = 16_384;
/// TM-MEM-013: open channels of one connection whose rows the fold can close; further ones stay
/// without an end.
pub const FOLD_CHANNELS: usize = 64;
/// TM-MEM-005: fingerprints in the list of an attacker's row: the first ones; the table
/// `fingerprint` has them all.
pub const FINGERPRINTS: usize = 64;
/// TM-MEM-006: commands in the list of an attacker's row: the latest ones; the journal has all.
pub const COMMANDS: usize = 16;
/// TM-MEM-007: bytes of one command in the list of an attacker's row.
pub const COMMAND_LIST_BYTES: usize = 256;
/// TM-MEM-008: deckies in an attacker's list, in first-contact order: the first ones.
pub const DECKIES: usize = 256;
/// TM-MEM-014: fingerprints of one kind in the list of an attacker's row: the first ones, so that
/// those of one kind do not keep out the others.
pub const FINGERPRINTS_OF_KIND: usize = 8;
/// TM-MEM-015: bytes of the text behind a fingerprint in the list of an attacker's row.
pub const FINGERPRINT_LIST_BYTES: usize = 2_048;
/// TM-MEM-016: bytes of the text behind a fingerprint in its row; the journal has what it is of.
pub const FINGERPRINT_BYTES: usize = 64 << 10;
/// TM-MEM-017: SYNs of an attacker whose numbers are compared: the first ones.
pub const FOLD_SYNS: usize = 64;
/// TM-MEM-018: distinct SYNs kept per attacker: the first ones.
pub const SYN_SHAPES: usize = 16;
/// TM-MEM-019: connections of an attacker whose SYN waits for its SYN-ACK; the oldest is given up.
pub const FOLD_OPENINGS: usize = 16;
/// TM-MEM-020: hellos of an attacker that wait for the server's; the oldest is given up, and
/// its row stays without an answer.
pub const FOLD_HELLOS: usize = 8;
/// TM-MEM-021: our addresses whose timestamps of an attacker are measured as one series each: the
/// first ones.
pub const CLOCK_SERIES: usize = 4;
/// TM-MEM-022: timestamps in a series; every second one is forgotten when there are as many.
pub const CLOCK_POINTS: usize = 128;
/// TM-MEM-023: connections of an attacker whose clocks are measured each on its own: those with the
/// smallest bounds.
pub const CLOCK_FLOWS: usize = 8;
/// TM-MEM-024: application protocols of a ClientHello in its row: the first ones.
pub const ALPN_NAMES: usize = 8;
/// TM-MEM-025: bytes of one such.
pub const ALPN_BYTES: usize = 64;
/// TM-MEM-026: bytes of a server name in a row; the journal has the whole hello.
pub const SERVER_NAME_BYTES: usize = 255;
/// TM-MEM-027: timestamps of one connection that go into a series, evenly spread.
pub const CLOCK_FLOW_POINTS: usize = 8;
/// TM-MEM-028: certificates of a chain that have a fingerprint: the first ones.
pub const CERTIFICATES: usize = 16;
/// TM-MEM-009: connections whose state the fold keeps per attacker; the oldest is given up.
pub const FOLD_CONNECTIONS: usize = 256;

/// TM-CMD-001: commands of one line that are looked at: the first ones.
pub const COMMAND_INVOCATIONS: usize = 256;
/// TM-CMD-002: words of one command that are looked at: the first ones.
pub const COMMAND_WORDS: usize = 1_024;
/// TM-CMD-003: bytes of a command line, and of its canonical form, in a row; the journal has the
/// whole line.
pub const COMMAND_ROW_BYTES: usize = 16 << 10;
/// TM-CMD-004: bytes of the flags of a line in a row.
pub const FLAGS_BYTES: usize = 255;
/// TM-CMD-005: corrections of one line: the first ones.
pub const LINE_CORRECTIONS: usize = 16;
/// TM-CMD-006: characters of a correction, before and after, that are kept.
pub const TYPO_GLYPHS: usize = 128;
/// TM-CMD-007: pauses of each kind of a session's commands that reach its features: the first ones.
pub const COMMANDS_MEASURED: usize = 256;
/// Pauses of each kind under which they are not compared.
pub const PAUSES_LEAST: usize = 3;
/// TM-CMD-008: names of commands of a session that are told apart: the first ones.
pub const COMMAND_NAMES: usize = 128;
/// TM-CMD-009: bytes of such a name.
pub const COMMAND_NAME_BYTES: usize = 64;
/// TM-CMD-010: commands of a session whose order is kept: the first ones.
pub const COMMANDS_ORDERED: usize = 1_024;
/// TM-CMD-011: runs of names of each length in a session's row: the most frequent ones.
pub const NGRAMS: usize = 32;

/// TM-FLW-001: bytes of one packet or block of a capture; more is malformed.
pub const CAPTURE_BLOCK_BYTES: usize = 16 << 20;
/// TM-FLW-002: interfaces of a section of a capture: the first ones; packets of further ones are
/// numbered and not read.
pub const CAPTURE_INTERFACES: usize = 4_096;
/// TM-FLW-003: fragmented packets that are put together at once; the oldest is given up.
pub const FRAGMENTED_PACKETS: usize = 256;
/// TM-FLW-004: bytes of a packet that came in fragments; one that would be longer is given up.
pub const FRAGMENT_BYTES: usize = 65_535;
/// TM-FLW-005: separate parts of a packet that came in fragments; then it is given up.
pub const FRAGMENT_PARTS: usize = 64;
/// TM-FLW-006: nanoseconds that a packet waits for its fragments (Linux: 30 s); then it is given up.
pub const FRAGMENT_AGE_NS: u64 = 30_000_000_000;
/// TM-FLW-007: bytes of each direction of a flow that are put together; what follows is counted.
pub const FLOW_STREAM_BYTES: usize = 64 << 10;
/// TM-FLW-008: pieces of a direction that wait for one in front of them; then a new one is dropped.
pub const FLOW_PIECES: usize = 64;
/// TM-FLW-009: flows in which both sides have spoken; one of those that are silent longest is given
/// up. Flows are dealt out to shards, and each has an equal part of this and the next three caps.
pub const FLOWS: usize = 32_768;
/// TM-FLW-010: flows of which one side is seen that sends data; one of those that are silent longest
/// is given up. Anybody can forge such, so that they have a cap of their own.
pub const FLOWS_ONE_SIDED: usize = 8_192;
/// TM-FLW-011: connections that are not more than a handshake yet; one of those that are silent
/// longest is given up.
pub const FLOWS_HALF_OPEN: usize = 32_768;
/// TM-FLW-012: bytes of all streams that wait for who reads them; those that wait longest are given
/// up until there is room, and their flows are counted on.
pub const FLOW_BUFFER_BYTES: usize = 48 << 20;
/// TM-FLW-013: nanoseconds of silence after which a flow has ended.
pub const FLOW_IDLE_NS: u64 = 300_000_000_000;
/// TM-FLW-014: timestamps, gaps, and repeated segments kept of each direction of a flow; every
/// second timestamp is forgotten when there are as many, of the others the first are kept.
pub const FLOW_SAMPLES: usize = 64;
/// TM-FLW-015: segments of a direction that a repeated one is looked for in: the latest.
pub const FLOW_SEGMENTS: usize = 32;
/// TM-FLW-021: parts of a direction that are known to have been missed; what fills one of those
/// before is taken for sent again.
pub const FLOW_GAPS: usize = 16;
/// TM-FLW-019: segments with payload in one of JA4SSH's windows: its definition's 200.
pub const SSH_WINDOW_SEGMENTS: usize = 200;
/// TM-FLW-020: segments with payload that a flow keeps the lengths of before anybody knows whether
/// it is SSH; who asks later gets windows from there on. At most 16.
pub const SSH_WINDOW_EARLY: usize = 12;

/// TM-FLW-016: segments of a direction in which no protocol was recognised; then it is only counted.
pub const EYE_TRIES: u16 = 32;
/// TM-FLW-017: the same behind an HTTP request, whose content comes before the next one.
pub const EYE_TRIES_HTTP: u16 = 512;
/// TM-FLW-020: segments that one message of a protocol is waited for; then its direction is only
/// counted, and an anomaly says so.
pub const EYE_WAITS: u16 = 256;
/// TM-FLW-018: handshakes over UDP that are followed at once; the one that began first is given up.
pub const DATAGRAM_HANDSHAKES: usize = 1_024;

/// TM-SNF-001: blocks of the ring that the kernel puts frames into; frames that find none free are
/// lost and counted.
pub const SNIFF_BLOCKS: u32 = 32;
/// TM-SNF-002: bytes of one such block.
pub const SNIFF_BLOCK_BYTES: usize = 256 << 10;
/// TM-SNF-003: bytes kept of one frame, whose length is kept too; it may be several segments.
pub const SNIFF_FRAME_BYTES: u32 = 64 << 10;

/// TM-SNF-004: facts of addresses that may be forged (SYNs, datagrams, data without a handshake) that
/// are recorded at once, in all; further ones are counted as lost.
pub const SNIFF_STRANGERS_BURST: u64 = 10_000;
/// TM-SNF-005: such facts a second that are paid back.
pub const SNIFF_STRANGERS_PER_S: u64 = 200;
/// TM-SNF-006: such facts of one address (of IPv6, one network of 64 bits) at once. This goes too
/// for an address that has shown before that it is not forged, which needs no place in
/// [`SNIFF_STRANGERS_BURST`].
pub const SNIFF_STRANGER_BURST: u64 = 2_000;
/// TM-SNF-007: such facts of one address a second that are paid back.
pub const SNIFF_STRANGER_PER_S: u64 = 20;
/// TM-SNF-008: bytes that the connections of one address may cause in the journal at once by being
/// watched; further facts are counted as lost.
pub const SNIFF_SOURCE_BURST_BYTES: u64 = 64 << 20;
/// TM-SNF-009: bytes a second that are paid back of those.
pub const SNIFF_SOURCE_BYTES_PER_S: u64 = 62_500;
/// TM-SNF-010: addresses of which is known what they caused, of each of both kinds; beyond, those of
/// which nothing came for longest are forgotten.
pub const SNIFF_SOURCES: usize = 16_384;
/// TM-SNF-011: SYNs that were refused and are held until their connection turns out to be none of a
/// flood; the oldest is lost.
pub const SNIFF_HELD_SYNS: usize = 16_384;
/// TM-SNF-012: nanoseconds that such a SYN is held; then it is lost.
pub const SNIFF_HELD_NS: u64 = 10_000_000_000;

/// TM-QUE-001: events waiting for the journal; a source that finds the queue full waits
/// [`QUEUE_WAIT_MS`], then drops and counts.
pub const QUEUE_EVENTS: usize = 8_192;
/// TM-QUE-002: milliseconds that a source waits for a place in the queue.
pub const QUEUE_WAIT_MS: u64 = 250;

/// TM-SHL-001: how deep a shell's text may be nested, where a quote or a brace counts once and a
/// command or a substitution twice; a deeper one is refused whole.
pub const SHELL_NESTING: usize = 180;
/// TM-SHL-002: bytes of a shell's text that are read in one go; a longer one is refused whole.
pub const SHELL_TEXT_BYTES: usize = 4 << 20;
/// TM-SHL-003: how often a byte of a shell's text is looked at on average, aliases and second looks
/// together; then the text is refused.
pub const SHELL_LOOKS: u64 = 512;
/// TM-SHL-004: looks that every text has beyond those.
pub const SHELL_LOOKS_LEAST: u64 = 1 << 20;
/// TM-SHL-005: bytes that the aliases of one text may add; then the text is refused.
pub const SHELL_ALIAS_BYTES: usize = 1 << 20;

//! What the decoy answers otherwise than sshd.
//!
//! **Invariant:** what is in here is not asked, unless by its name, and each has a reason that is
//! none of the dialogue's.

const NEVER_BOUND: &str = "no port is ever bound, so that none is taken and nobody comes";
const NEVER_CONNECTED: &str = "nothing is ever connected but this server itself";
const AGENT: &str = "the keys of an agent are asked for at once, as a login script would";
const QUIT: &str = "the shell behind it dies of a signal that bash ignores";
const PIPE: &str =
    "the program behind it takes all that comes, as none of Debian's does while it sleeps";
const RACE: &str = "sshd loses what it has made when it ends within the same read";
const GROUP: &str = "we have no group of 7,680 bits of our own";

/// Beginnings of probes' names, and why they differ.
const DIFFERS: &[(&str, &str)] = &[
    ("channel-direct-open", NEVER_CONNECTED),
    ("channel-direct-request", NEVER_CONNECTED),
    ("channel-input-beyond-window-later", PIPE),
    ("channel-window-overflow", RACE),
    ("global-forward-port-taken", NEVER_BOUND),
    ("global-forwarded", NEVER_BOUND),
    ("kex-group-7680", GROUP),
    ("session-run-agent", AGENT),
    ("session-run-signal-quit", QUIT),
];

pub(super) fn reason(name: &str) -> Option<&'static str> {
    DIFFERS.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, reason)| *reason)
}

//! The clients of OpenSSH 9.2p1: `ssh`, `scp`, `sftp`, `ssh-copy-id`, `ssh-keyscan`, `ssh-add`.
//!
//! **Invariant:** only the machine's own server is reached, and who logs in there says a password
//! that [`people::knows`](crate::people::knows) knows.

mod copy;
mod keyfile;
mod keygen;
mod local;
mod picture;

pub(super) use copy::{add, agent, copy_id, keyscan, sftp};
pub(crate) use copy::scp;
pub(super) use keygen::keygen;

use super::reach::{self, Reach};
use super::wish;
use crate::files::Last;
use crate::kernel::Proc;

const USAGE: &str = include_str!("../texts/ssh.txt");

/// What a client is to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) user: Option<Vec<u8>>,
    pub(super) host: Vec<u8>,
    pub(super) port: Option<u16>,
    /// `-o`, with keys in small letters.
    settings: Vec<(Vec<u8>, Vec<u8>)>,
    identities: Vec<Vec<u8>>,
    command: Vec<Vec<u8>>,
    /// Letters that were given.
    letters: Vec<u8>,
}

impl Plan {
    fn has(&self, letter: u8) -> bool {
        self.letters.contains(&letter)
    }

    /// What was set by `-o`, in small letters.
    fn setting(&self, key: &str) -> Option<String> {
        let found = self.settings.iter().find(|(name, _)| name == key.as_bytes())?;
        Some(String::from_utf8_lossy(&found.1).to_lowercase())
    }

    /// Takes `user@host`, `ssh://user@host:port`.
    fn set_host(&mut self, text: &[u8]) {
        let text = match text.strip_prefix(b"ssh://") {
            Some(rest) => {
                let url = super::url::Url::behind_scheme(rest);
                self.port = self.port.or_else(|| {
                    url.port.and_then(|port| std::str::from_utf8(&port).ok()?.parse().ok())
                });
                if url.user.is_some() {
                    self.user = url.user;
                }
                self.host = url.host;
                return;
            }
            None => text,
        };
        match text.iter().rposition(|&b| b == b'@') {
            Some(at) => {
                self.user = text.get(..at).map(<[u8]>::to_vec);
                self.host = text.get(at + 1..).unwrap_or_default().to_vec();
            }
            None => self.host = text.to_vec(),
        }
    }

    /// Takes `Key=value` or `Key value`. What is wrong with it, otherwise.
    fn set(&mut self, text: &[u8]) -> Result<(), String> {
        let at = text.iter().position(|b| b"= \t".contains(b));
        let key = text.get(..at.unwrap_or(text.len())).unwrap_or_default().to_ascii_lowercase();
        let shown = String::from_utf8_lossy(&key).into_owned();
        let value = at.and_then(|at| text.get(at + 1..)).unwrap_or_default();
        let value = value.trim_ascii();
        let value = value.strip_prefix(b"=").unwrap_or(value).trim_ascii();
        if value.is_empty() {
            return Err(format!("command-line line 0: no argument after keyword \"{shown}\""));
        }
        if !SETTINGS.contains(&shown.as_str()) {
            return Err(format!("command-line: line 0: Bad configuration option: {shown}"));
        }
        match shown.as_str() {
            "port" => self.port = std::str::from_utf8(value).ok().and_then(|port| port.parse().ok()),
            "user" => self.user = Some(value.to_vec()),
            "identityfile" => self.identities.push(value.to_vec()),
            _ => {}
        }
        self.settings.push((key, value.to_vec()));
        Ok(())
    }

    /// What its user is called on the other side.
    fn user(&self, p: &Proc) -> Vec<u8> {
        self.user.clone().unwrap_or_else(|| p.user.name.clone())
    }
}

/// Keys of ssh_config(5).
const SETTINGS: &[&str] = &[
    "addkeystoagent", "addressfamily", "batchmode", "bindaddress", "bindinterface",
    "canonicaldomains", "canonicalizehostname", "casignaturealgorithms", "certificatefile",
    "checkhostip", "ciphers", "clearallforwardings", "compression", "connectionattempts",
    "connecttimeout", "controlmaster", "controlpath", "controlpersist", "dynamicforward",
    "enableescapecommandline", "enablesshkeysign", "escapechar", "exitonforwardfailure",
    "fingerprinthash", "forkafterauthentication", "forwardagent", "forwardx11",
    "forwardx11timeout", "forwardx11trusted", "gatewayports", "globalknownhostsfile",
    "gssapiauthentication", "gssapidelegatecredentials", "hashknownhosts",
    "hostbasedacceptedalgorithms", "hostbasedauthentication", "hostkeyalgorithms",
    "hostkeyalias", "hostname", "identitiesonly", "identityagent", "identityfile", "ignoreunknown",
    "include", "ipqos", "kbdinteractiveauthentication", "challengeresponseauthentication",
    "kbdinteractivedevices", "kexalgorithms", "knownhostscommand", "localcommand", "localforward",
    "loglevel", "logverbose", "macs", "nohostauthenticationforlocalhost",
    "numberofpasswordprompts", "passwordauthentication", "permitlocalcommand",
    "permitremoteopen", "pkcs11provider", "port", "preferredauthentications", "proxycommand",
    "proxyjump", "proxyusefdpass", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes",
    "pubkeyauthentication", "rekeylimit", "remotecommand", "remoteforward", "requesttty",
    "requiredrsasize", "revokedhostkeys", "securitykeyprovider", "sendenv",
    "serveralivecountmax", "serveraliveinterval", "sessiontype", "setenv", "stdinnull",
    "streamlocalbindmask", "streamlocalbindunlink", "stricthostkeychecking", "syslogfacility",
    "tcpkeepalive", "tunnel", "tunneldevice", "updatehostkeys", "user", "userknownhostsfile",
    "verifyhostkeydns", "visualhostkey", "xauthlocation",
];

/// A line as OpenSSH's programs log it.
fn say(p: &mut Proc, text: impl AsRef<[u8]>) {
    p.put(2, text.as_ref());
    p.put(2, b"\r\n");
}

fn usage(p: &mut Proc) -> u32 {
    p.put(2, USAGE.as_bytes());
    255
}

/// Options with values, and those without.
const VALUES: &[u8] = b"BbcDEeFIiJLlmOopQRSWw";
const PLAIN: &[u8] = b"1246aACfGgKkMNnqsTtVvXxYy";

/// Reads a command line. The status it ends with, otherwise.
fn read(p: &mut Proc) -> Result<Plan, u32> {
    let args = p.rest();
    let mut words = args.iter();
    let mut plan = Plan::default();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
            if plan.host.is_empty() {
                plan.set_host(word);
                continue;
            }
            plan.command.push(word.clone());
            plan.command.extend(words.by_ref().cloned());
            break;
        };
        let mut letters = letters;
        while let Some((letter, rest)) = letters.split_first() {
            letters = rest;
            if PLAIN.contains(letter) {
                plan.letters.push(*letter);
                if *letter == b'V' {
                    let version = p.world.with(|world| world.machine.openssh);
                    p.error(format!("OpenSSH_{version}, OpenSSL 3.0.22 25 Aug 2026"));
                    return Err(0);
                }
                continue;
            }
            if !VALUES.contains(letter) {
                say(p, [b"unknown option -- ", &[*letter][..]].concat());
                return Err(usage(p));
            }
            let value = if rest.is_empty() {
                words.next().cloned()
            } else {
                Some(std::mem::take(&mut letters).to_vec())
            };
            let Some(value) = value else {
                say(p, [b"option requires an argument -- ", &[*letter][..]].concat());
                return Err(usage(p));
            };
            value_of(p, &mut plan, *letter, value)?;
        }
    }
    if plan.host.is_empty() { Err(usage(p)) } else { Ok(plan) }
}

fn value_of(p: &mut Proc, plan: &mut Plan, letter: u8, value: Vec<u8>) -> Result<(), u32> {
    match letter {
        b'p' => {
            let port = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
            if port.is_none_or(|port: u16| port == 0) {
                p.error([b"Bad port '", value.as_slice(), b"'"].concat());
                return Err(255);
            }
            plan.port = port;
        }
        b'l' => plan.user = Some(value),
        b'i' => {
            if let Err(fault) = p.fs(|process| process.stat(&value, Last::Follow)) {
                let text = [b"Warning: Identity file ", value.as_slice(), b" not accessible: "];
                let text = [&text.concat(), fault.text().as_bytes(), b"."].concat();
                p.error(text);
            } else {
                plan.identities.push(value);
            }
        }
        b'o' => {
            if let Err(why) = plan.set(&value) {
                say(p, why);
                return Err(255);
            }
        }
        b'Q' => {
            let list = match value.as_slice() {
                b"cipher" => "3des-cbc\naes128-cbc\naes192-cbc\naes256-cbc\naes128-ctr\naes192-ctr\naes256-ctr\naes128-gcm@openssh.com\naes256-gcm@openssh.com\nchacha20-poly1305@openssh.com",
                b"key" | b"HostKeyAlgorithms" => "ssh-ed25519\nssh-ed25519-cert-v01@openssh.com\nsk-ssh-ed25519@openssh.com\necdsa-sha2-nistp256\necdsa-sha2-nistp384\necdsa-sha2-nistp521\nssh-dss\nssh-rsa",
                b"mac" => "hmac-sha1\nhmac-sha1-96\nhmac-sha2-256\nhmac-sha2-512\nhmac-md5\nhmac-md5-96\numac-64@openssh.com\numac-128@openssh.com",
                b"kex" => "diffie-hellman-group1-sha1\ndiffie-hellman-group14-sha1\ndiffie-hellman-group14-sha256\ndiffie-hellman-group16-sha512\ndiffie-hellman-group18-sha512\ndiffie-hellman-group-exchange-sha1\ndiffie-hellman-group-exchange-sha256\necdh-sha2-nistp256\necdh-sha2-nistp384\necdh-sha2-nistp521\ncurve25519-sha256\ncurve25519-sha256@libssh.org\nsntrup761x25519-sha512@openssh.com",
                _ => {
                    say(p, [b"Unsupported query \"", value.as_slice(), b"\""].concat());
                    return Err(255);
                }
            };
            p.line(list);
            return Err(0);
        }
        _ => {}
    }
    plan.letters.push(letter);
    Ok(())
}

pub(super) async fn ssh(p: &mut Proc) -> u32 {
    let plan = match read(p) {
        Ok(plan) => plan,
        Err(status) => return status,
    };
    let shell = plan.command.is_empty() && !plan.has(b'N') && !plan.has(b'W');
    if shell && !plan.has(b'T') && !p.is_terminal(0) {
        say(p, "Pseudo-terminal will not be allocated because stdin is not a terminal.");
    }
    if !connect(p, &plan, "ssh").await {
        return 255;
    }
    let Some(user) = local::log_in(p, &plan).await else { return 255 };
    local::run(p, &plan, user).await
}

/// Reaches the server. Complains where that fails.
async fn connect(p: &mut Proc, plan: &Plan, tool: &str) -> bool {
    let host = plan.setting("hostname").map_or_else(|| plan.host.clone(), String::into_bytes);
    let shown = String::from_utf8_lossy(&host).into_owned();
    let port = plan.port.unwrap_or(22);
    let user = String::from_utf8_lossy(&plan.user(p)).into_owned();
    wish(p, format!("ssh://{user}@{shown}:{port}").as_bytes(), tool);
    let mut addresses = match reach::resolve(p, &host).await {
        Ok(addresses) => addresses,
        Err(why) => {
            say(p, format!("ssh: Could not resolve hostname {shown}: {}", why.text()));
            return false;
        }
    };
    if plan.has(b'4') || plan.has(b'6') {
        addresses.retain(|address| address.is_ipv4() == plan.has(b'4'));
    }
    let limit = plan.setting("connecttimeout").and_then(|text| text.parse::<i64>().ok());
    let limit = limit.map(|seconds| seconds.saturating_mul(1_000_000_000));
    let mut last = Reach::NoRoute;
    for address in addresses {
        last = reach::connect(p, address, port, limit).await.0;
        if last == Reach::Open {
            return true;
        }
    }
    say(p, format!("ssh: connect to host {shown} port {port}: {}", last.text()));
    false
}

#[cfg(test)]
mod tests;

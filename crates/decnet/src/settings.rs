//! The configuration, checked and typed: the second of two steps.
//!
//! **Invariant:** whoever holds [`Settings`] need not check anything again that could be known
//! before the program runs.

use crate::config::document::plain;
use crate::config::{Config, Decky, Error, Login, Sniffer, Source, Ssh, keys};
use decnet_sensor::decoy::ssh::{AuthPolicy, AuthRule, Pattern, SshLimits};
use decnet_sensor::sniff::SnifferSettings;
use decnet_store::StoreUrl;
use nix::unistd::User;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the program does.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The data folder, where one is named.
    pub(crate) data: Option<PathBuf>,
    /// The store, where one is named.
    pub(crate) store: Option<StoreUrl>,
    /// Who to become, where one is named.
    pub(crate) user: Option<User>,
    /// Caps on recordings.
    pub(crate) recordings: RecordingCaps,
    /// How the wire is watched, if it is to be.
    pub(crate) sniffer: Option<SnifferSettings>,
    /// The decoys.
    pub(crate) decoys: Vec<SshDecoy>,
}

/// Caps on recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordingCaps {
    /// Bytes of one.
    pub(crate) file_bytes: u64,
    /// Bytes of all.
    pub(crate) total_bytes: u64,
    /// Days that one is kept.
    pub(crate) days: u64,
}

/// One SSH decoy on one address.
#[derive(Clone, Debug)]
pub(crate) struct SshDecoy {
    /// The decky's name.
    pub(crate) decky: String,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// The identification line.
    pub(crate) server_id: Option<String>,
    /// Who is let in.
    pub(crate) auth: AuthPolicy,
    /// Caps.
    pub(crate) limits: SshLimits,
}

impl Settings {
    /// The settings of a file, or the defaults; all faults at once.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Error> {
        let source = Source::read(file)?;
        let config = source.parse()?;
        let mut check = Check { source: &source, lines: Vec::new() };
        let settings = check.settings(&config);
        if check.lines.is_empty() { Ok(settings) } else { Err(Error { lines: check.lines }) }
    }
}

struct Check<'a> {
    source: &'a Source,
    lines: Vec<String>,
}

impl Check<'_> {
    fn settings(&mut self, config: &Config) -> Settings {
        Settings {
            data: self.data(config.data.as_deref()),
            store: self.store(config.store.as_deref()),
            user: self.user(config.user.as_deref()),
            recordings: RecordingCaps {
                file_bytes: self.number(
                    "recordings.file_mib",
                    config.recordings.file_mib,
                    1,
                    1_024,
                ) << 20,
                total_bytes: self.number(
                    "recordings.total_mib",
                    config.recordings.total_mib,
                    1,
                    1_048_576,
                ) << 20,
                days: self.number("recordings.days", config.recordings.days, 1, 36_500),
            },
            sniffer: self.sniffer(&config.sniffer),
            decoys: self.decoys(&config.decky),
        }
    }

    fn sniffer(&mut self, sniffer: &Sniffer) -> Option<SnifferSettings> {
        let mut never = Vec::new();
        for (n, network) in sniffer.never.iter().enumerate() {
            match network.parse() {
                Ok(network) => never.push(network),
                Err(_) => self.fault(&format!("sniffer.never[{n}]"), "not a network"),
            }
        }
        let ring_mib = self.number("sniffer.ring_mib", sniffer.ring_mib, 1, 1_024);
        let ring_mib = NonZeroU32::new(whole(ring_mib)).unwrap_or(NonZeroU32::MIN);
        match sniffer.enabled.as_str() {
            "auto" => return Some(SnifferSettings { never, ring_mib }),
            "off" => {}
            _ => self.fault("sniffer.enabled", "neither"),
        }
        None
    }

    fn data(&mut self, named: Option<&Path>) -> Option<PathBuf> {
        let named = named?;
        if named.as_os_str().is_empty() {
            self.fault("data", "is empty");
        }
        Some(named.to_owned())
    }

    fn store(&mut self, named: Option<&str>) -> Option<StoreUrl> {
        let named = named?;
        match StoreUrl::parse(named) {
            Ok(url) => Some(url),
            Err(decnet_store::Error::Url { text, why }) => {
                self.fault("store", &format!("{text:?} {why}"));
                None
            }
            Err(error) => {
                self.fault("store", &error.to_string());
                None
            }
        }
    }

    fn user(&mut self, named: Option<&str>) -> Option<User> {
        let named = named?;
        match User::from_name(named) {
            Ok(Some(user)) => return Some(user),
            Ok(None) => self.fault("user", "no such user"),
            Err(error) => self.fault("user", &format!("cannot be looked up: {}", error.desc())),
        }
        None
    }

    fn decoys(&mut self, deckies: &[Decky]) -> Vec<SshDecoy> {
        if deckies.is_empty() {
            self.fault("decky", "there is no decky");
        }
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let mut addresses: BTreeMap<SocketAddr, String> = BTreeMap::new();
        let mut decoys = Vec::new();
        for (n, decky) in deckies.iter().enumerate() {
            let path = format!("decky[{n}]");
            if let Some(first) = names.insert(&decky.name, n) {
                self.fault(&format!("{path}.name"), &format!("the name of decky[{first}] too"));
            }
            let mut letters = decky.name.chars();
            let named = letters.next().is_some_and(|c| c.is_ascii_alphanumeric())
                && letters.all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
                && decky.name.len() <= 64;
            if !named {
                self.fault(&format!("{path}.name"), "not a decky's name");
            }
            match &decky.ssh {
                None => self.fault(&format!("{path}.ssh"), "the decky has no decoy"),
                Some(ssh) => {
                    let path = format!("{path}.ssh");
                    let found = self.ssh(&path, &decky.name, ssh);
                    for (n, decoy) in found.iter().enumerate() {
                        let path = format!("{path}.listen[{n}]");
                        if decoy.listen.port() == 0 {
                            continue;
                        }
                        if let Some(other) = addresses.insert(decoy.listen, path.clone()) {
                            self.fault(&path, &format!("the address of {other} too"));
                        }
                    }
                    decoys.extend(found);
                }
            }
        }
        decoys
    }

    fn ssh(&mut self, path: &str, decky: &str, ssh: &Ssh) -> Vec<SshDecoy> {
        let is_line = |id: &str| {
            let text = id.strip_prefix("SSH-2.0-").unwrap_or_default();
            (1..=200).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b))
        };
        if ssh.server_id.as_deref().is_some_and(|id| !is_line(id)) {
            self.fault(&format!("{path}.server_id"), "not an identification line");
        }
        let mut number = |name: &str, value, least, most| {
            self.number(&format!("{path}.{name}"), value, least, most)
        };
        let limits = SshLimits {
            burst: SshLimits::default().burst,
            grace: Duration::from_secs(number("login_grace_s", ssh.login_grace_s, 1, 3_600)),
            idle: Duration::from_secs(number("idle_s", ssh.idle_s, 10, 604_800)),
            session: Duration::from_secs(number("session_s", ssh.session_s, 10, 2_592_000)),
            connections_per_address: whole(number(
                "connections_per_address",
                ssh.connections_per_address,
                1,
                65_535,
            )),
            connections: whole(number("connections", ssh.connections, 1, 65_535)),
            auth_tries: whole(number("auth_tries", ssh.auth_tries, 1, 100)),
            changes: Duration::from_secs(
                number("changes_days", ssh.changes_days, 0, 3_650) * 86_400,
            ),
        };
        let rules = ssh.login.iter().enumerate();
        let rules = rules
            .filter_map(|(n, login)| self.login(&format!("{path}.login[{n}]"), login))
            .collect();
        let auth = AuthPolicy { rules };
        if ssh.listen.is_empty() {
            self.fault(&format!("{path}.listen"), "the decoy listens nowhere");
        }
        let mut decoys = Vec::new();
        for (n, address) in ssh.listen.iter().enumerate() {
            match address.parse() {
                Ok(listen) => decoys.push(SshDecoy {
                    decky: decky.to_owned(),
                    listen,
                    server_id: ssh.server_id.clone(),
                    auth: auth.clone(),
                    limits,
                }),
                Err(_) => self.fault(&format!("{path}.listen[{n}]"), "not an address with a port"),
            }
        }
        decoys
    }

    fn login(&mut self, path: &str, login: &Login) -> Option<AuthRule> {
        let user = Pattern::new(&login.user);
        match (&login.password, login.after_tries) {
            (Some(password), None) => {
                if password.is_empty() {
                    self.fault(&format!("{path}.password"), "an empty password is refused always");
                }
                Some(AuthRule::Exact { user, password: Pattern::new(password) })
            }
            (None, Some(tries)) => {
                let tries = self.number(&format!("{path}.after_tries"), tries, 1, 1_000);
                Some(AuthRule::AfterTries { user, tries: whole(tries) })
            }
            (Some(_), Some(_)) | (None, None) => {
                self.fault(path, "a rule has either password or after_tries");
                None
            }
        }
    }

    fn number(&mut self, path: &str, value: u64, least: u64, most: u64) -> u64 {
        if !(least..=most).contains(&value) {
            self.fault(path, "out of range");
        }
        value.clamp(least, most)
    }

    fn fault(&mut self, path: &str, why: &str) {
        let wants = keys::key(&plain(path)).map_or("", |key| key.wants);
        self.lines.push(self.source.fault(path, why, wants));
    }
}

/// A number that was checked against its range before.
fn whole<T: TryFrom<u64> + Default>(value: u64) -> T {
    T::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::{KEYS, Value, example};
    use std::io::Write as _;

    fn load(text: &str) -> Result<Settings, Vec<String>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let name = file.path().display().to_string();
        Settings::load(Some(file.path())).map_err(|error| {
            error.lines.into_iter().map(|line| line.replace(&name, "FILE")).collect()
        })
    }

    #[test]
    fn the_example_is_the_defaults() {
        let source = Source { file: None, text: example() };
        assert_eq!(source.parse().unwrap(), Config::default());
        assert_eq!(Source::default().parse().unwrap(), Config::default());
    }

    #[test]
    fn the_defaults_are_settings() {
        let settings = load("").unwrap();
        assert_eq!(settings.decoys.len(), 1);
        let decoy = &settings.decoys[0];
        assert_eq!(decoy.listen.to_string(), "0.0.0.0:2222");
        assert_eq!(decoy.auth, AuthPolicy::default());
        assert_eq!(format!("{:?}", decoy.limits), format!("{:?}", SshLimits::default()));
    }

    #[test]
    fn every_key_that_has_no_default_may_be_uncommented() {
        for key in KEYS {
            if let Value::None(value) = key.value {
                // A decky is one of a list.
                let (table, name) = match key.path.rsplit_once('.') {
                    Some((table, name)) => (format!("[[decky]]\n[{table}]\n"), name),
                    None => (String::new(), key.path),
                };
                let text = format!("{table}{name} = {value}");
                let source = Source { file: None, text };
                assert!(source.parse().is_ok(), "{}", key.path);
            }
        }
    }

    #[test]
    fn every_fault_names_key_value_line_and_what_would_be_right() {
        let check =
            |text: &str, wanted: &[&str]| assert_eq!(load(text).unwrap_err(), wanted, "{text}");
        check("usr = 'x'\n", &["FILE:1: usr = 'x': no such key; did you mean user?"]);
        check(
            "[[decky]]\nname = 'a'\n[decky.ssh]\nlisen = ['x']\n",
            &["FILE:4: decky[0].ssh.lisen = ['x']: no such key; did you mean listen?"],
        );
        check(
            "[recordings]\nqqq = 1\n",
            &["FILE:2: recordings.qqq = 1: no such key; known here: file_mib, total_mib, days"],
        );
        check(
            "\n[recordings]\ndays = '7'\n",
            &[
                "FILE:3: recordings.days = '7': of the wrong type; right would be a whole number from \
               1 to 36500",
            ],
        );
        check(
            "[recordings]\ndays = -1\n",
            &[
                "FILE:2: recordings.days = -1: of the wrong type; right would be a whole number from 1 \
               to 36500",
            ],
        );
        check(
            "[recordings]\ndays = 0\nfile_mib = 9999\n",
            &[
                "FILE:3: recordings.file_mib = 9999: out of range; right would be a whole number \
                 from 1 to 1024",
                "FILE:2: recordings.days = 0: out of range; right would be a whole number from 1 to \
                 36500",
            ],
        );
        check(
            "[[decky]]\n[decky.ssh]\nlisten = [\n  '0.0.0.0:22',\n  '0.0.0.0',\n]\n",
            &[
                "FILE:5: decky[0].ssh.listen[1] = '0.0.0.0': not an address with a port; right would \
               be a list of addresses with ports, such as [\"0.0.0.0:2222\", \"[::]:2222\"]",
            ],
        );
        check(
            "[[decky]]\nname = '../x'\n[decky.ssh]\n",
            &[
                "FILE:2: decky[0].name = '../x': not a decky's name; right would be 1 to 64 letters, \
               digits, dots, dashes or underscores, beginning with a letter or digit",
            ],
        );
        check(
            "[[decky]]\n",
            &["FILE:1: decky[0].ssh: the decky has no decoy; right would be a table: [decky.ssh]"],
        );
        check(
            "[[decky]]\n[decky.ssh]\n[[decky]]\nname = 'b'\n[decky.ssh]\n",
            &["FILE:5: decky[1].ssh.listen[0]: the address of decky[0].ssh.listen[0] too; right \
               would be a list of addresses with ports, such as [\"0.0.0.0:2222\", \"[::]:2222\"]"],
        );
        check(
            "[[decky]]\n[decky.ssh]\nlogin = [{ user = 'a' }, { password = 'b' }]\n",
            &[
                "FILE:3: decky[0].ssh.login[1].user: not given; right would be a user name, in which \
               * stands for any characters",
            ],
        );
        check(
            "[[decky]]\n[decky.ssh]\nlogin = [{ user = 'a' }]\n",
            &[
                "FILE:3: decky[0].ssh.login[0]: a rule has either password or after_tries; right would \
               be a list of rules such as { user = \"root\", password = \"123456\" }",
            ],
        );
        check(
            "user = 'no-such-user-here'\n",
            &[
                "FILE:1: user = 'no-such-user-here': no such user; right would be the name of a user \
               of this system",
            ],
        );
        check(
            "[sniffer]\nenabled = 'on'\nnever = ['192.0.2.0/24', '192.0.2.0/33']\nring_mib = 0\n",
            &[
                "FILE:3: sniffer.never[1] = '192.0.2.0/33': not a network; right would be a list of \
               networks, such as [\"192.0.2.0/24\", \"2001:db8::/32\"]",
                "FILE:4: sniffer.ring_mib = 0: out of range; right would be a whole number from 1 to \
               1024",
                "FILE:2: sniffer.enabled = 'on': neither; right would be \"auto\" or \"off\"",
            ],
        );
        check(
            "decky = 5\n",
            &["FILE:1: decky = 5: of the wrong type; right would be a list of tables: [[decky]]"],
        );
    }

    #[test]
    fn what_is_not_toml_names_its_line() {
        let lines = load("a = 1\nb = = 2\n").unwrap_err();
        assert!(lines[0].starts_with("FILE:2: not TOML: "), "{lines:?}");
    }

    #[test]
    fn a_password_of_a_store_is_not_shown() {
        let lines = load("store = 'mysql://u:s3cret@host'\n").unwrap_err();
        assert!(!lines[0].contains("s3cret"), "{lines:?}");
    }
}

//! `iptables`, `ip6tables` and their kind, `nft`.
//!
//! **Invariant:** rules are kept as they were given, for as long as the session lasts; there are
//! none before. Their number is capped.

use super::super::{text, usage};
use crate::commands::Program;
use crate::kernel::Proc;
use std::collections::BTreeMap;

const IPTABLES: i64 = 1_673_960_000;
const NFTABLES: i64 = 1_690_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::system("iptables", |p| Box::pin(iptables(p)), 224_472, IPTABLES),
    Program::system("ip6tables", |p| Box::pin(iptables(p)), 224_472, IPTABLES),
    Program::system("iptables-save", |p| Box::pin(save(p)), 224_472, IPTABLES),
    Program::system("ip6tables-save", |p| Box::pin(save(p)), 224_472, IPTABLES),
    Program::system("iptables-restore", |p| Box::pin(restore(p)), 224_472, IPTABLES),
    Program::system("ip6tables-restore", |p| Box::pin(restore(p)), 224_472, IPTABLES),
    Program::system("nft", |p| Box::pin(nft(p)), 27_080, NFTABLES),
];

/// TM-SHL-020: rules that a session keeps; more are refused as the kernel refuses them.
const RULES: usize = 512;

/// Chains of one family: by table and chain.
pub(crate) type Chains = BTreeMap<(String, String), Chain>;

/// A chain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    /// One that was there from the start.
    policy: Option<String>,
    rules: Vec<Vec<String>>,
}

/// What a session knows of its firewall: IPv4 and IPv6.
#[derive(Clone, Debug, Default)]
pub(crate) struct Firewall {
    families: [Chains; 2],
    rules: usize,
}

fn builtin(table: &str) -> Option<&'static [&'static str]> {
    Some(match table {
        "filter" => &["INPUT", "FORWARD", "OUTPUT"],
        "nat" => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "mangle" => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        "raw" => &["PREROUTING", "OUTPUT"],
        "security" => &["INPUT", "FORWARD", "OUTPUT"],
        _ => return None,
    })
}

impl Firewall {
    fn chains(&mut self, family: usize) -> Option<&mut Chains> {
        self.families.get_mut(family)
    }

    fn chain(&mut self, family: usize, table: &str, chain: &str) -> Option<&mut Chain> {
        let key = (table.to_owned(), chain.to_owned());
        let own = builtin(table)?.contains(&chain);
        let chains = self.chains(family)?;
        if own {
            return Some(chains.entry(key).or_insert_with(|| Chain { policy: Some("ACCEPT".to_owned()), ..Chain::default() }));
        }
        chains.get_mut(&key)
    }

    /// Names of a table's chains, those first that were there from the start.
    fn names(&self, family: usize, table: &str) -> Vec<String> {
        let own = builtin(table).unwrap_or_default();
        let mut names: Vec<String> = own.iter().map(|name| (*name).to_owned()).collect();
        if let Some(chains) = self.families.get(family) {
            names.extend(chains.keys().filter(|(t, name)| t == table && !own.contains(&name.as_str())).map(|(_, name)| name.clone()));
        }
        names
    }
}

/// What one call asks for.
#[derive(Debug, Default)]
struct Call {
    table: String,
    command: Option<char>,
    chain: Option<String>,
    number: Option<usize>,
    value: Option<String>,
    rule: Vec<String>,
    numeric: bool,
    verbose: bool,
    lines: bool,
}

fn parse(words: &[String]) -> Result<Call, (String, u32)> {
    let mut call = Call { table: "filter".to_owned(), ..Call::default() };
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let command = match word.as_str() {
            "-A" | "--append" => Some('A'),
            "-C" | "--check" => Some('C'),
            "-D" | "--delete" => Some('D'),
            "-I" | "--insert" => Some('I'),
            "-R" | "--replace" => Some('R'),
            "-L" | "--list" => Some('L'),
            "-S" | "--list-rules" => Some('S'),
            "-F" | "--flush" => Some('F'),
            "-Z" | "--zero" => Some('Z'),
            "-N" | "--new-chain" => Some('N'),
            "-X" | "--delete-chain" => Some('X'),
            "-P" | "--policy" => Some('P'),
            "-E" | "--rename-chain" => Some('E'),
            _ => None,
        };
        if let Some(command) = command {
            call.command = Some(command);
            let plain = |word: &&String| !word.starts_with('-');
            let needs = "ACDIRNPE".contains(command);
            call.chain = words.next_if(|word| plain(&word)).cloned();
            if needs && call.chain.is_none() {
                return Err((format!("option \"{word}\" requires an argument"), 2));
            }
            if "DIRLS".contains(command) {
                let number = words.next_if(|word| word.parse::<usize>().is_ok());
                call.number = number.and_then(|word| word.parse().ok());
            }
            if "PE".contains(command) {
                call.value = words.next().cloned();
            }
            continue;
        }
        match word.as_str() {
            "-t" | "--table" => call.table = words.next().cloned().unwrap_or_default(),
            "-n" | "--numeric" => call.numeric = true,
            "-v" | "--verbose" => call.verbose = true,
            "--line-numbers" => call.lines = true,
            "-x" | "--exact" | "-4" | "-6" | "--ipv4" | "--ipv6" | "-w" | "--wait" | "-W" => {
                if word == "-w" || word == "-W" {
                    words.next_if(|word| word.parse::<u32>().is_ok());
                }
            }
            // Letters that stand together: `-nvL`, `-Lnv`.
            letters if letters.starts_with('-') && !letters.starts_with("--") && letters.len() > 2 && letters.chars().skip(1).all(|c| "nvxLSFZX".contains(c)) => {
                for letter in letters.chars().skip(1) {
                    match letter {
                        'n' => call.numeric = true,
                        'v' => call.verbose = true,
                        'x' => {}
                        letter => call.command = Some(letter),
                    }
                }
                if letters.chars().any(|c| "LSFZX".contains(c)) {
                    call.chain = words.next_if(|word| !word.starts_with('-')).cloned();
                }
            }
            other => call.rule.push(other.to_owned()),
        }
    }
    Ok(call)
}

async fn iptables(p: &mut Proc) -> u32 {
    let name = p.name();
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    let shown = format!("{name} v1.8.9 (nf_tables)");
    match words.first().map(String::as_str) {
        Some("-V" | "--version") => {
            p.line(shown);
            return 0;
        }
        Some("-h" | "--help") => {
            p.line(usage("iptables").replace("iptables v", &format!("{name} v")));
            return 0;
        }
        _ => {}
    }
    let fail = |p: &mut Proc, why: &str, status: u32| {
        p.error(format!("{shown}: {why}"));
        if status == 2 {
            p.error(format!("Try `{name} -h' or '{name} --help' for more information."));
        }
        status
    };
    let call = match parse(&words) {
        Ok(call) => call,
        Err((why, status)) => return fail(p, &why, status),
    };
    let Some(command) = call.command else {
        return fail(p, "no command specified", 2);
    };
    if p.user.uid != 0 {
        return fail(p, "Could not fetch rule set generation id: Permission denied (you must be root)\n", 4);
    }
    if builtin(&call.table).is_none() {
        p.error(format!("{shown}: can't initialize {name} table `{}': Table does not exist (do you need to insmod?)", call.table));
        p.error(format!("Perhaps {name} or your kernel needs to be upgraded."));
        return 3;
    }
    let family = usize::from(name.starts_with("ip6"));
    let said = p.world.with(|world| apply(&mut world.firewall, family, command, &call));
    match said {
        Ok(text) => {
            p.print(text);
            0
        }
        Err((why, status)) => {
            if why.starts_with("iptables: ") {
                p.error(why.replacen("iptables", &name, 1));
                return status;
            }
            fail(p, &why, status)
        }
    }
}

fn apply(firewall: &mut Firewall, family: usize, command: char, call: &Call) -> Result<String, (String, u32)> {
    let table = &call.table;
    let missing = || ("iptables: No chain/target/match by that name.".to_owned(), 1);
    let full = firewall.rules >= RULES;
    match command {
        'A' | 'I' => {
            let chain = call.chain.as_deref().unwrap_or_default();
            check(firewall, family, table, &call.rule)?;
            let place = firewall.chain(family, table, chain).ok_or_else(missing)?;
            if full {
                return Err(("iptables: Memory allocation problem.".to_owned(), 4));
            }
            if command == 'A' {
                place.rules.push(call.rule.clone());
            } else {
                let at = call.number.unwrap_or(1).saturating_sub(1);
                if at > place.rules.len() {
                    return Err(("iptables: Index of insertion too big.".to_owned(), 1));
                }
                place.rules.insert(at, call.rule.clone());
            }
            firewall.rules += 1;
            Ok(String::new())
        }
        'C' | 'D' | 'R' => {
            let chain = call.chain.as_deref().unwrap_or_default();
            let place = firewall.chain(family, table, chain).ok_or_else(missing)?;
            let at = match call.number {
                Some(number) if number > 0 && number <= place.rules.len() => Some(number - 1),
                Some(_) => return Err(("iptables: Index of deletion too big.".to_owned(), 1)),
                None => place.rules.iter().position(|rule| *rule == call.rule),
            };
            let Some(at) = at else {
                return Err(("iptables: Bad rule (does a matching rule exist in that chain?).".to_owned(), 1));
            };
            match command {
                'D' => {
                    place.rules.remove(at);
                    firewall.rules = firewall.rules.saturating_sub(1);
                }
                'R' => {
                    if let Some(rule) = place.rules.get_mut(at) {
                        rule.clone_from(&call.rule);
                    }
                }
                _ => {}
            }
            Ok(String::new())
        }
        'F' => {
            if let Some(chain) = &call.chain {
                let place = firewall.chain(family, table, chain).ok_or_else(missing)?;
                let gone = place.rules.len();
                place.rules.clear();
                firewall.rules = firewall.rules.saturating_sub(gone);
                return Ok(String::new());
            }
            let mut gone = 0;
            if let Some(chains) = firewall.chains(family) {
                for ((t, _), chain) in chains.iter_mut() {
                    if t == table {
                        gone += chain.rules.len();
                        chain.rules.clear();
                    }
                }
            }
            firewall.rules = firewall.rules.saturating_sub(gone);
            Ok(String::new())
        }
        'N' => {
            let chain = call.chain.clone().unwrap_or_default();
            if firewall.chain(family, table, &chain).is_some() {
                return Err(("iptables: Chain already exists.".to_owned(), 1));
            }
            if full {
                return Err(("iptables: Memory allocation problem.".to_owned(), 4));
            }
            firewall.rules += 1;
            if let Some(chains) = firewall.chains(family) {
                chains.insert((table.clone(), chain), Chain::default());
            }
            Ok(String::new())
        }
        'X' => {
            let own = builtin(table).unwrap_or_default();
            let chains = firewall.chains(family).ok_or_else(missing)?;
            match &call.chain {
                Some(chain) => {
                    chains.remove(&(table.clone(), chain.clone())).ok_or_else(missing)?;
                }
                None => chains.retain(|(t, chain), _| t != table || own.contains(&chain.as_str())),
            }
            Ok(String::new())
        }
        'P' => {
            let chain = call.chain.as_deref().unwrap_or_default();
            let value = call.value.clone().unwrap_or_default();
            if !matches!(value.as_str(), "ACCEPT" | "DROP") {
                return Err(("iptables: Bad policy name. Run `dmesg' for more information.".to_owned(), 1));
            }
            let place = firewall.chain(family, table, chain).ok_or_else(|| ("iptables: Bad built-in chain name.".to_owned(), 1))?;
            place.policy = Some(value);
            Ok(String::new())
        }
        'L' => list(firewall, family, call),
        'S' => rules(firewall, family, call),
        _ => Ok(String::new()),
    }
}

/// Whether a rule can be one.
fn check(firewall: &mut Firewall, family: usize, table: &str, rule: &[String]) -> Result<(), (String, u32)> {
    const TARGETS: &[&str] = &[
        "ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "MASQUERADE", "SNAT", "DNAT", "REDIRECT", "MARK",
        "TCPMSS", "QUEUE", "NFQUEUE", "CT", "NOTRACK", "TTL", "TOS", "CONNMARK", "TRACE", "SET",
    ];
    let mut words = rule.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-j" | "--jump" | "-g" | "--goto" => {
                let target = words.next().cloned().unwrap_or_default();
                if !TARGETS.contains(&target.as_str()) && firewall.chain(family, table, &target).is_none() {
                    return Err((format!("Couldn't load target `{target}':No such file or directory\n"), 2));
                }
            }
            "--dport" | "--sport" | "--destination-port" | "--source-port" => {
                let has = rule.windows(2).any(|pair| matches!(pair, [option, value] if matches!(option.as_str(), "-p" | "--protocol" | "-m") && matches!(value.as_str(), "tcp" | "udp" | "sctp")));
                if !has {
                    return Err((format!("unknown option \"{word}\""), 2));
                }
                words.next();
            }
            _ => {}
        }
    }
    Ok(())
}

fn option<'a>(rule: &'a [String], names: &[&str]) -> Option<&'a str> {
    let at = rule.iter().position(|word| names.contains(&word.as_str()))?;
    rule.get(at + 1).map(String::as_str)
}

fn list(firewall: &mut Firewall, family: usize, call: &Call) -> Result<String, (String, u32)> {
    let names = match &call.chain {
        Some(chain) => vec![chain.clone()],
        None => firewall.names(family, &call.table),
    };
    let mut blocks = Vec::new();
    let any = if family == 1 { "::/0" } else { "0.0.0.0/0" };
    for name in names {
        let references = firewall.families.get(family).map_or(0, |chains| {
            let rules = chains.values().flat_map(|chain| &chain.rules);
            rules.filter(|rule| option(rule, &["-j", "--jump"]) == Some(&name)).count()
        });
        let Some(chain) = firewall.chain(family, &call.table, &name) else {
            return Err(("iptables: No chain/target/match by that name.".to_owned(), 1));
        };
        let mut text = match (&chain.policy, call.verbose) {
            (Some(policy), true) => format!("Chain {name} (policy {policy} 0 packets, 0 bytes)\n"),
            (Some(policy), false) => format!("Chain {name} (policy {policy})\n"),
            (None, _) => format!("Chain {name} ({references} references)\n"),
        };
        if call.lines {
            text.push_str("num  ");
        }
        text.push_str(if call.verbose {
            " pkts bytes target     prot opt in     out     source               destination         \n"
        } else {
            "target     prot opt source               destination         \n"
        });
        for (rule, number) in chain.rules.iter().zip(1..) {
            let target = option(rule, &["-j", "--jump", "-g"]).unwrap_or("");
            let protocol = option(rule, &["-p", "--protocol"]).unwrap_or("all");
            let protocol = match (call.numeric, protocol) {
                (true, "tcp") => "6",
                (true, "udp") => "17",
                (true, "icmp") => "1",
                (true, "all") => "0",
                (_, name) => name,
            };
            let place = |names: &[&str]| match option(rule, names) {
                Some(address) => address.trim_end_matches("/32").to_owned(),
                None if call.numeric || call.verbose && call.numeric => any.to_owned(),
                None => "anywhere".to_owned(),
            };
            let (source, destination) = (place(&["-s", "--source", "--src"]), place(&["-d", "--destination", "--dst"]));
            let more = extras(rule, call.numeric);
            let more = if more.is_empty() { more } else { format!(" {more}") };
            if call.lines {
                text.push_str(&format!("{number:<5}"));
            }
            if call.verbose {
                let (inside, outside) = (option(rule, &["-i", "--in-interface"]).unwrap_or(if call.numeric { "*" } else { "any" }), option(rule, &["-o", "--out-interface"]).unwrap_or(if call.numeric { "*" } else { "any" }));
                text.push_str(&format!("{:>5} {:>5} {target:<9}  {protocol:<4} --  {inside:<6} {outside:<6}  {source:<19}  {destination:<19} {more}\n", 0, 0));
            } else {
                text.push_str(&format!("{target:<9}  {protocol:<4} --  {source:<19}  {destination:<19} {more}\n"));
            }
        }
        blocks.push(text);
    }
    Ok(blocks.join("\n"))
}

/// What stands behind the addresses of a rule.
fn extras(rule: &[String], numeric: bool) -> String {
    let mut text = String::new();
    let protocol = option(rule, &["-p", "--protocol"]).unwrap_or("");
    let port = |value: &str| match (numeric, value) {
        (false, "22") => "ssh".to_owned(),
        (false, "80") => "http".to_owned(),
        (false, "443") => "https".to_owned(),
        (false, "23") => "telnet".to_owned(),
        (_, value) => value.to_owned(),
    };
    let ports = [("--dport", "dpt"), ("--destination-port", "dpt"), ("--sport", "spt"), ("--source-port", "spt")];
    let mut shown = false;
    for (name, short) in ports {
        if let Some(value) = option(rule, &[name]) {
            if !shown {
                text.push_str(&format!("{protocol} "));
                shown = true;
            }
            let short = if value.contains(':') { format!("{short}s") } else { short.to_owned() };
            text.push_str(&format!("{short}:{} ", port(value)));
        }
    }
    if let Some(state) = option(rule, &["--state"]) {
        text.push_str(&format!("state {state} "));
    }
    if let Some(state) = option(rule, &["--ctstate"]) {
        text.push_str(&format!("ctstate {state} "));
    }
    if let Some(list) = option(rule, &["--dports"]) {
        text.push_str(&format!("multiport dports {list} "));
    }
    if let Some(comment) = option(rule, &["--comment"]) {
        text.push_str(&format!("/* {comment} */ "));
    }
    match option(rule, &["-j", "--jump"]) {
        Some("REJECT") => text.push_str("reject-with icmp-port-unreachable"),
        Some("DNAT") => text.push_str(&option(rule, &["--to-destination", "--to"]).map(|to| format!("to:{to}")).unwrap_or_default()),
        Some("SNAT") => text.push_str(&option(rule, &["--to-source", "--to"]).map(|to| format!("to:{to}")).unwrap_or_default()),
        Some("REDIRECT") => text.push_str(&option(rule, &["--to-ports", "--to-port"]).map(|to| format!("redir ports {to}")).unwrap_or_default()),
        _ => {}
    }
    text.trim_end().to_owned()
}

/// A rule as it is written back.
fn written(rule: &[String]) -> String {
    let mut words = Vec::new();
    for (at, word) in rule.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| rule.get(at)).map(String::as_str);
        let address = matches!(before, Some("-s" | "-d" | "--source" | "--destination")) && !word.contains('/');
        let word = match word.as_str() {
            "--protocol" => "-p",
            "--source" | "--src" => "-s",
            "--destination" | "--dst" => "-d",
            "--jump" => "-j",
            "--in-interface" => "-i",
            "--out-interface" => "-o",
            "--destination-port" => "--dport",
            "--source-port" => "--sport",
            word => word,
        };
        if matches!(word, "--dport" | "--sport") && !rule.iter().any(|word| word == "-m") {
            let protocol = option(rule, &["-p", "--protocol"]).unwrap_or("tcp");
            words.push(format!("-m {protocol}"));
        }
        words.push(match (address, word.contains(' ')) {
            (true, _) if word.contains(':') => format!("{word}/128"),
            (true, _) => format!("{word}/32"),
            (false, true) => format!("\"{word}\""),
            (false, false) => word.to_owned(),
        });
    }
    words.join(" ")
}

fn rules(firewall: &mut Firewall, family: usize, call: &Call) -> Result<String, (String, u32)> {
    let names = match &call.chain {
        Some(chain) => vec![chain.clone()],
        None => firewall.names(family, &call.table),
    };
    let (mut heads, mut bodies) = (String::new(), String::new());
    for name in names {
        let Some(chain) = firewall.chain(family, &call.table, &name) else {
            return Err(("iptables: No chain/target/match by that name.".to_owned(), 1));
        };
        heads.push_str(&match &chain.policy {
            Some(policy) => format!("-P {name} {policy}\n"),
            None => format!("-N {name}\n"),
        });
        for rule in &chain.rules {
            bodies.push_str(&format!("-A {name} {}\n", written(rule)));
        }
    }
    Ok(heads + &bodies)
}

async fn save(p: &mut Proc) -> u32 {
    let name = p.name();
    if p.user.uid != 0 {
        p.error(format!("{name} v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)"));
        return 4;
    }
    let family = usize::from(name.starts_with("ip6"));
    let at = super::super::date::Moment { seconds: crate::calendar::seconds(p.now()), nanos: 0, offset: 0, zone: "UTC", american: false };
    let when = String::from_utf8_lossy(&super::super::date::format(b"%a %b %e %H:%M:%S %Y", &at)).into_owned();
    let text = p.world.with(|world| {
        let firewall = &mut world.firewall;
        let mut text = String::new();
        for table in ["mangle", "raw", "filter", "nat"] {
            let used = firewall.families.get(family).is_some_and(|chains| chains.keys().any(|(t, _)| t == table));
            if !used {
                continue;
            }
            text.push_str(&format!("# Generated by {name} v1.8.9 (nf_tables) on {when}\n*{table}\n"));
            let mut bodies = String::new();
            for name in firewall.names(family, table) {
                let Some(chain) = firewall.chain(family, table, &name) else { continue };
                let policy = chain.policy.clone().unwrap_or_else(|| "-".to_owned());
                text.push_str(&format!(":{name} {policy} [0:0]\n"));
                for rule in &chain.rules {
                    bodies.push_str(&format!("-A {name} {}\n", written(rule)));
                }
            }
            text.push_str(&format!("{bodies}COMMIT\n# Completed on {when}\n"));
        }
        text
    });
    p.print(text);
    0
}

async fn restore(p: &mut Proc) -> u32 {
    let name = p.name();
    let family = usize::from(name.starts_with("ip6"));
    let bytes = p.read_all(0).await.unwrap_or_default();
    let mut table = "filter".to_owned();
    for (line, number) in bytes.split(|&b| b == b'\n').zip(1..) {
        let line = text(line);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line == "COMMIT" || line.starts_with(':') {
            continue;
        }
        if let Some(new) = line.strip_prefix('*') {
            new.clone_into(&mut table);
            continue;
        }
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let done = match parse(&words) {
            Ok(mut call) => {
                call.table.clone_from(&table);
                match call.command {
                    Some(command) => p.world.with(|world| apply(&mut world.firewall, family, command, &call)).map(drop),
                    None => Err((String::new(), 2)),
                }
            }
            Err(why) => Err(why),
        };
        if done.is_err() {
            p.error(format!("{name}: line {number} failed"));
            return 1;
        }
        p.tick(100).await;
    }
    0
}

async fn nft(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).filter(|word| !matches!(word.as_str(), "-a" | "-n" | "-nn" | "-s" | "-j" | "-y")).collect();
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    match words.first().copied() {
        Some("-v" | "--version") => {
            p.line("nftables v1.0.6 (Lester Gooch #5)");
            return 0;
        }
        Some("-h" | "--help") | None => {
            p.line(usage("nft"));
            return u32::from(words.is_empty());
        }
        _ => {}
    }
    if p.user.uid != 0 {
        p.error("Operation not permitted (you must be root)");
        return 1;
    }
    match words.as_slice() {
        ["list", ..] => {
            let out = p.world.with(|world| {
                let firewall = &mut world.firewall;
                let mut out = String::new();
                for (family, kind) in [(0, "ip"), (1, "ip6")] {
                    for table in ["filter", "nat", "mangle", "raw"] {
                        let used = firewall.families.get(family).is_some_and(|chains| chains.keys().any(|(t, _)| t == table));
                        if used {
                            out.push_str(&format!("table {kind} {table} {{\n"));
                            for name in firewall.names(family, table) {
                                out.push_str(&format!("\tchain {name} {{\n\t}}\n\n"));
                            }
                            out.push_str("}\n");
                        }
                    }
                }
                out
            });
            p.print(out);
        }
        ["flush", "ruleset"] => p.world.with(|world| world.firewall = Firewall::default()),
        ["add" | "create" | "delete" | "insert" | "flush" | "reset" | "-f" | "monitor" | "rename" | "replace", ..] => {}
        [other, ..] => {
            p.error(format!("Error: syntax error, unexpected string\n{other}\n{}", "^".repeat(other.len())));
            return 1;
        }
        [] => {}
    }
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn tables_are_empty_until_rules_come() {
        let mut bench = Bench::new();
        let empty = "Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination         \n\nChain FORWARD (policy ACCEPT)\ntarget     prot opt source               destination         \n\nChain OUTPUT (policy ACCEPT)\ntarget     prot opt source               destination         \n";
        assert_eq!(bench.run(&["iptables", "-L"], "").out, empty);
        assert_eq!(bench.run(&["iptables", "-F"], ""), crate::testing::Done::default());
        assert_eq!(bench.run(&["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "DROP"], "").status, 0);
        assert_eq!(bench.run(&["iptables", "-S"], "").out, "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\n");
        let list = bench.run(&["iptables", "-nL", "INPUT"], "").out;
        assert!(list.ends_with("DROP       6    --  0.0.0.0/0            0.0.0.0/0            tcp dpt:22\n"), "{list}");
        bench.run(&["iptables", "-F"], "");
        assert_eq!(bench.run(&["iptables", "-L"], "").out, empty);
        let wrong = bench.run(&["iptables"], "");
        assert_eq!((wrong.err.as_str(), wrong.status), ("iptables v1.8.9 (nf_tables): no command specified\nTry `iptables -h' or 'iptables --help' for more information.\n", 2));
    }
}

//! `scp`, `sftp`, `ssh-copy-id`, `ssh-keyscan`, `ssh-add`, `ssh-agent`.
//!
//! **Invariant:** as `ssh`: nobody but the machine itself is reached.

use super::keyfile::public_blob;
use super::{Plan, connect, local, say};
use crate::commands::net::reach::{self, Reach};
use crate::commands::net::wish;
use crate::files::Last;
use crate::kernel::Proc;
use crate::people;

const SFTP: &str = include_str!("../texts/sftp.txt");
const COPY_ID: &str = include_str!("../texts/ssh-copy-id.txt");
const SCP: &str = "usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]
           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]
           [-P port] [-S program] [-X sftp_option] source ... target
";

/// Reads options as `scp` and `sftp` have them; what is left are names.
fn read(
    p: &mut Proc,
    plain: &[u8],
    values: &[u8],
    text: &str,
) -> Result<(Plan, Vec<Vec<u8>>), u32> {
    let args = p.rest();
    let mut words = args.iter();
    let mut plan = Plan::default();
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        let letters = word.strip_prefix(b"-").filter(|letters| !letters.is_empty());
        let Some(mut letters) = letters.filter(|_| names.is_empty()) else {
            names.push(word.clone());
            continue;
        };
        if letters == b"-" {
            names.extend(words.by_ref().cloned());
            break;
        }
        while let Some((letter, rest)) = letters.split_first() {
            letters = rest;
            if plain.contains(letter) {
                plan.letters.push(*letter);
                continue;
            }
            if !values.contains(letter) {
                say(p, [b"unknown option -- ", &[*letter][..]].concat());
                p.put(2, text.as_bytes());
                return Err(1);
            }
            let value = if rest.is_empty() {
                words.next().cloned()
            } else {
                Some(std::mem::take(&mut letters).to_vec())
            };
            let Some(value) = value else {
                say(p, [b"option requires an argument -- ", &[*letter][..]].concat());
                p.put(2, text.as_bytes());
                return Err(1);
            };
            let letter = if *letter == b'P' { b'p' } else { *letter };
            if matches!(letter, b'i' | b'o' | b'p') {
                super::value_of(p, &mut plan, letter, value)?;
            }
        }
    }
    Ok((plan, names))
}

/// `user@host:path`, or `scp://user@host:port/path`: the host with its user, and the path.
fn remote(name: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Some(rest) = name.strip_prefix(b"scp://") {
        let end = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        return Some(([b"ssh://", host].concat(), path.get(1..).unwrap_or_default().to_vec()));
    }
    let colon = name.iter().position(|&b| b == b':')?;
    let (host, path) = name.split_at(colon);
    if host.contains(&b'/') || host.is_empty() {
        return None;
    }
    Some((host.to_vec(), path.get(1..).unwrap_or_default().to_vec()))
}

/// The client's side of `scp`.
pub(crate) async fn scp(p: &mut Proc) -> u32 {
    let (mut plan, names) = match read(p, b"346ABCOpqRrsTv12", b"cDFiJloPSX", SCP) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let Some((target, sources)) = names.split_last().filter(|(_, sources)| !sources.is_empty())
    else {
        p.put(2, SCP.as_bytes());
        return 1;
    };
    let there = sources.iter().chain([target]).find_map(|name| remote(name));
    if let Some((host, _)) = &there {
        plan.set_host(host);
        if remote(target).is_none() || sources.iter().all(|source| remote(source).is_none()) {
            let urls = sources.iter().chain([target]).filter_map(|name| Some((name, remote(name)?)));
            for (name, _) in urls.take(16) {
                wish(p, &[b"scp://", name.as_slice()].concat(), "scp");
            }
        }
        if !connect(p, &plan, "scp").await {
            say(p, "scp: Connection closed");
            return 255;
        }
        let Some(user) = local::log_in(p, &plan).await else {
            say(p, "scp: Connection closed");
            return 255;
        };
        return copy_here(p, &plan, sources, target, user).await;
    }
    copy_here(p, &plan, sources, target, p.user.clone()).await
}

/// Copies where both sides are this machine: `cp` does it, as the user of the other side.
async fn copy_here(
    p: &mut Proc,
    plan: &Plan,
    sources: &[Vec<u8>],
    target: &[u8],
    user: crate::kernel::User,
) -> u32 {
    for source in sources.iter().filter(|source| remote(source).is_none()) {
        match p.fs(|process| process.stat(source, Last::Follow)) {
            Err(fault) => {
                let why = fault.text().as_bytes();
                say(p, [b"scp: stat local \"", source.as_slice(), b"\": ", why].concat());
                return 1;
            }
            Ok(stat) if stat.is(crate::process::FOLDER) && !plan.has(b'r') => {
                say(p, [b"scp: local \"", source.as_slice(), b"\" is not a regular file"].concat());
                return 1;
            }
            Ok(_) => {}
        }
    }
    let path = |name: &[u8]| match remote(name) {
        Some((_, path)) if path.starts_with(b"/") => path,
        Some((_, path)) => [user.home.as_slice(), b"/", &path].concat(),
        None => name.to_vec(),
    };
    let mut args = vec![b"cp".to_vec()];
    if plan.has(b'r') {
        args.push(b"-r".to_vec());
    }
    args.push(b"--".to_vec());
    args.extend(sources.iter().map(|source| path(source)));
    args.push(path(target));
    crate::commands::run(p, args).await.map_or(1, |ended| u32::from(ended.status() != 0))
}

pub(in crate::commands::net) async fn sftp(p: &mut Proc) -> u32 {
    let (mut plan, names) = match read(p, b"1246AaCfhNpqrv", b"BbcDFiJloPRSsX", SFTP) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let Some(name) = names.first() else {
        p.put(2, SFTP.as_bytes());
        return 1;
    };
    let host = match name.strip_prefix(b"sftp://") {
        Some(rest) => [b"ssh://", rest].concat(),
        None => remote(name).map_or_else(|| name.clone(), |(host, _)| host),
    };
    plan.set_host(&host);
    let reached = connect(p, &plan, "sftp").await;
    if !reached || local::log_in(p, &plan).await.is_none() {
        p.put(2, b"\rConnection closed.  \n");
        say(p, "Connection closed");
        return 255;
    }
    let host = String::from_utf8_lossy(&plan.host).into_owned();
    p.error(format!("Connected to {host}."));
    loop {
        p.print("sftp> ");
        let line = p.read_line(0, 4_096).await.unwrap_or_default();
        let word = line.trim_ascii().split(|&b| b == b' ').next().unwrap_or_default().to_vec();
        match word.as_slice() {
            _ if line.is_empty() => {
                p.line("");
                return 0;
            }
            b"" => {}
            b"bye" | b"exit" | b"quit" => return 0,
            b"pwd" => {
                let cwd = p.user.home.clone();
                p.line([b"Remote working directory: ", cwd.as_slice()].concat());
            }
            _ => p.line("Invalid command."),
        }
    }
}

pub(in crate::commands::net) async fn copy_id(p: &mut Proc) -> u32 {
    let args = p.rest();
    let mut words = args.iter();
    let mut plan = Plan::default();
    let mut key: Option<Vec<u8>> = None;
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-i" => key = words.next().cloned(),
            b"-p" => {
                let port = words.next().cloned().unwrap_or_default();
                if let Err(status) = super::value_of(p, &mut plan, b'p', port) {
                    return status;
                }
            }
            b"-o" => {
                let text = words.next().cloned().unwrap_or_default();
                if let Err(why) = plan.set(&text) {
                    say(p, why);
                    return 1;
                }
            }
            b"-F" => drop(words.next()),
            b"-h" | b"-?" => {
                p.put(2, COPY_ID.as_bytes());
                return 1;
            }
            word if word.starts_with(b"-i") => key = word.get(2..).map(<[u8]>::to_vec),
            word if word.starts_with(b"-") => {}
            word => plan.set_host(word),
        }
    }
    if plan.host.is_empty() {
        p.put(2, COPY_ID.as_bytes());
        return 1;
    }
    let Some(file) = key_file(p, key) else { return 1 };
    let shown = String::from_utf8_lossy(&file).into_owned();
    p.error(format!("/usr/bin/ssh-copy-id: INFO: Source of key(s) to be installed: \"{shown}\""));
    p.error(
        "/usr/bin/ssh-copy-id: INFO: attempting to log in with the new key(s), to filter out any \
         that are already installed",
    );
    let host = String::from_utf8_lossy(&plan.host).into_owned();
    let port = plan.port.unwrap_or(22);
    wish(p, format!("ssh://{host}:{port}").as_bytes(), "ssh-copy-id");
    let why = match reach::resolve(p, &plan.host).await {
        Err(why) => format!("ssh: Could not resolve hostname {host}: {}", why.text()),
        Ok(addresses) => {
            let mut last = Reach::NoRoute;
            for address in addresses {
                last = reach::connect(p, address, port, None).await.0;
                if last == Reach::Open {
                    break;
                }
            }
            if last == Reach::Open {
                return install(p, &plan, &file).await;
            }
            format!("ssh: connect to host {host} port {port}: {}", last.text())
        }
    };
    p.error(format!("\n/usr/bin/ssh-copy-id: ERROR: {why}\r\n"));
    1
}

fn key_file(p: &mut Proc, key: Option<Vec<u8>>) -> Option<Vec<u8>> {
    let there = |p: &Proc, path: &[u8]| p.fs(|process| process.stat(path, Last::Follow)).is_ok();
    match key {
        Some(key) => {
            let file =
                if key.ends_with(b".pub") { key } else { [key.as_slice(), b".pub"].concat() };
            if there(p, &file) {
                return Some(file);
            }
            let text = [
                b"\n/usr/bin/ssh-copy-id: ERROR: failed to open ID file '",
                file.as_slice(),
                b"': No such file",
            ];
            p.line(text.concat());
            None
        }
        None => {
            let home = p.user.home.clone();
            for name in ["id_ed25519", "id_ecdsa", "id_rsa"] {
                let file = [home.as_slice(), b"/.ssh/", name.as_bytes(), b".pub"].concat();
                if there(p, &file) {
                    return Some(file);
                }
            }
            p.error("/usr/bin/ssh-copy-id: ERROR: No identities found");
            None
        }
    }
}

async fn install(p: &mut Proc, plan: &Plan, file: &[u8]) -> u32 {
    p.error(
        "/usr/bin/ssh-copy-id: INFO: 1 key(s) remain to be installed -- if you are prompted now it \
         is to install the new keys",
    );
    let Some(user) = local::log_in(p, plan).await else { return 1 };
    let key = p.content(file).await.unwrap_or_default();
    let at = p.now().0;
    p.world.with(|world| {
        let folder = [user.home.as_slice(), b"/.ssh"].concat();
        let list = [folder.as_slice(), b"/authorized_keys"].concat();
        let ids = (user.uid, user.gid);
        use crate::files::{Kind, Node};
        if world.files.node(&folder).is_err() {
            // Where the disk is full, nothing is installed.
            let _ = world.files.put(&folder, Node::new(Kind::Folder, 0o700, ids, at));
        }
        if world.files.node(&list).is_err() {
            let _ = world.files.put(&list, Node::new(Kind::File(Default::default()), 0o600, ids, at));
        }
        people::append(&mut world.files, &list, &key);
    });
    let host = String::from_utf8_lossy(&plan.host).into_owned();
    p.print(format!(
        "\nNumber of key(s) added: 1\n\nNow try logging into the machine, with:   \"ssh '{host}'\"\nand \
         check to make sure that only the key(s) you wanted were added.\n\n"
    ));
    0
}

pub(in crate::commands::net) async fn keyscan(p: &mut Proc) -> u32 {
    let args = p.rest();
    let mut words = args.iter();
    let mut hosts = Vec::new();
    let mut port = 22;
    let mut kinds = 5;
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"-p" => {
                let value = words.next().and_then(|text| std::str::from_utf8(text).ok());
                port = value.and_then(|text| text.parse().ok()).unwrap_or(22);
            }
            b"-t" => {
                let list = words.next().cloned().unwrap_or_default();
                kinds = list.split(|&b| b == b',').count();
            }
            b"-T" | b"-f" | b"-O" => drop(words.next()),
            word if word.starts_with(b"-") => {}
            word => hosts.push(word.to_vec()),
        }
    }
    if hosts.is_empty() {
        p.error("usage: ssh-keyscan [-46cDHv] [-f file] [-p port] [-T timeout] [-t type]\n\t\t   [host | addrlist namelist]");
        return 1;
    }
    let mut status = 1;
    for host in hosts {
        let shown = String::from_utf8_lossy(&host).into_owned();
        wish(p, format!("ssh://{shown}:{port}").as_bytes(), "ssh-keyscan");
        for _ in 0..kinds.min(5) {
            match reach::resolve(p, &host).await {
                Err(why) => say(p, format!("getaddrinfo {shown}: {}", why.text())),
                Ok(addresses) => {
                    let Some(address) = addresses.first() else { continue };
                    if reach::connect(p, *address, port, Some(5_000_000_000)).await.0 == Reach::Open {
                        status = 0;
                        let version = p.world.with(|world| world.machine.openssh);
                        p.error(format!("# {shown}:{port} SSH-2.0-OpenSSH_{version}"));
                    }
                }
            }
        }
        if status == 0 {
            for kind in ["rsa", "ecdsa", "ed25519"] {
                let path = format!("/etc/ssh/ssh_host_{kind}_key.pub");
                let text = p.world.with(|world| people::text(&world.files, path.as_bytes()));
                if public_blob(&text).is_some() {
                    let key: Vec<&[u8]> = text.split(|&b| b == b' ').take(2).collect();
                    p.line([host.as_slice(), b" ", key.join(&b' ').trim_ascii()].concat());
                }
            }
        }
    }
    status
}

pub(in crate::commands::net) async fn add(p: &mut Proc) -> u32 {
    p.error("Could not open a connection to your authentication agent.");
    2
}

pub(in crate::commands::net) async fn agent(p: &mut Proc) -> u32 {
    let csh = p.rest().iter().any(|word| word == b"-c");
    if p.rest().iter().any(|word| word == b"-k") {
        p.error("SSH_AGENT_PID not set, cannot kill agent");
        return 1;
    }
    let name = people::letters(&mut crate::commands::people::dice(p), 12);
    let name: String =
        name.iter().map(|&b| if b.is_ascii_alphanumeric() { char::from(b) } else { 'x' }).collect();
    let (socket, pid) = (p.pid, p.pid + 1);
    let path = format!("/tmp/ssh-{name}/agent.{socket}");
    p.print(if csh {
        format!("setenv SSH_AUTH_SOCK {path};\nsetenv SSH_AGENT_PID {pid};\necho Agent pid {pid};\n")
    } else {
        format!(
            "SSH_AUTH_SOCK={path}; export SSH_AUTH_SOCK;\nSSH_AGENT_PID={pid}; export \
             SSH_AGENT_PID;\necho Agent pid {pid};\n"
        )
    });
    0
}

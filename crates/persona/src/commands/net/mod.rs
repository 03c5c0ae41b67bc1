//! Programs that talk to other machines. Here they never reach one.
//!
//! **Invariant:** nothing is sent anywhere; what was wanted is told ([`wish`]), and what is answered
//! is [`reach`]'s one story.

mod curl;
mod lookup;
mod netcat;
pub(super) mod ping;
pub(super) mod reach;
mod ssh;
pub(super) mod url;
mod wget;

pub(crate) use ssh::scp;

use crate::Step;
use crate::commands::Program;
use crate::kernel::Proc;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("wget", |p| Box::pin(wget::wget(p)), 470_384, 1_741_008_752),
    Program::new("curl", |p| Box::pin(curl::curl(p)), 280_800, 1_778_249_781),
    Program::new("ping", |p| Box::pin(ping::ping(p)), 90_568, 1_727_197_236),
    Program::new("ping4", |p| Box::pin(ping::ping(p)), 90_568, 1_727_197_236),
    Program::new("ping6", |p| Box::pin(ping::ping(p)), 90_568, 1_727_197_236),
    Program::new("nc", |p| Box::pin(netcat::nc(p)), 34_952, 1_629_459_713),
    Program::new("netcat", |p| Box::pin(netcat::nc(p)), 34_952, 1_629_459_713),
    Program::new("nc.traditional", |p| Box::pin(netcat::nc(p)), 34_952, 1_629_459_713),
    Program::new("telnet", |p| Box::pin(netcat::telnet(p)), 190_664, 1_774_882_330),
    Program::new("inetutils-telnet", |p| Box::pin(netcat::telnet(p)), 190_664, 1_774_882_330),
    Program::new("dig", |p| Box::pin(lookup::dig(p)), 146_200, 1_791_920_972),
    Program::new("host", |p| Box::pin(lookup::host(p)), 117_456, 1_791_920_972),
    Program::new("nslookup", |p| Box::pin(lookup::nslookup(p)), 117_496, 1_791_920_972),
    Program::new("whois", |p| Box::pin(lookup::whois(p)), 160_104, 1_683_116_677),
    Program::new("traceroute", |p| Box::pin(lookup::traceroute(p)), 73_064, 1_671_999_432),
    Program::new("ssh", |p| Box::pin(ssh::ssh(p)), 1_129_504, OPENSSH),
    Program::new("sftp", |p| Box::pin(ssh::sftp(p)), 289_376, OPENSSH),
    Program::new("ssh-copy-id", |p| Box::pin(ssh::copy_id(p)), 12_676, 1_675_340_514),
    Program::new("ssh-keyscan", |p| Box::pin(ssh::keyscan(p)), 637_408, OPENSSH),
    Program::new("ssh-keygen", |p| Box::pin(ssh::keygen(p)), 661_952, OPENSSH),
    Program::new("ssh-add", |p| Box::pin(ssh::add(p)), 530_880, OPENSSH),
    Program::new("ssh-agent", |p| Box::pin(ssh::agent(p)), 485_760, OPENSSH),
];

/// When the package `openssh-client` was built.
const OPENSSH: i64 = 1_777_976_816;

/// Tells what somebody wanted from another machine.
pub(super) fn wish(p: &Proc, url: &[u8], tool: &str) {
    let url = url.get(..WISH_BYTES).unwrap_or(url).to_vec();
    let tool = tool.as_bytes().to_vec();
    p.world.with(|world| world.tell(Step::Wish { url, tool }));
}

/// Bytes of what was wanted that are told.
const WISH_BYTES: usize = 2_048;

/// Whether messages may have letters beyond ASCII.
pub(super) fn is_utf8(p: &Proc) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| p.var(name));
    let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.ends_with(b".utf-8") || locale.ends_with(b".utf8")
}

/// A name in quotes, as GNU programs put them.
pub(super) fn quote(p: &Proc, name: &[u8]) -> Vec<u8> {
    if is_utf8(p) {
        ["‘".as_bytes(), name, "’".as_bytes()].concat()
    } else {
        [b"'", name, b"'"].concat()
    }
}

/// `2026-11-22 03:27:22`
pub(super) fn stamp(p: &Proc) -> String {
    let date = crate::calendar::Date::new(crate::calendar::seconds(p.now()));
    format!("{:04}-{:02}-{:02} {}", date.year, date.month, date.day, date.clock())
}

/// The name servers of /etc/resolv.conf.
pub(super) fn name_servers(p: &Proc) -> Vec<String> {
    let text = p.world.with(|world| crate::people::text(&world.files, b"/etc/resolv.conf"));
    let text = String::from_utf8_lossy(&text).into_owned();
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "nameserver").then(|| words.next().map(str::to_owned))?
    });
    let servers: Vec<String> = servers.take(3).collect();
    if servers.is_empty() { vec!["127.0.0.1".to_owned()] } else { servers }
}

/// The first name server.
pub(super) fn name_server(p: &Proc) -> String {
    name_servers(p).into_iter().next().unwrap_or_default()
}

/// What the SSH server says to whoever connects without a client for it.
pub(super) async fn banner(p: &mut Proc) -> u32 {
    let version = p.world.with(|world| world.machine.openssh);
    p.print(format!("SSH-2.0-OpenSSH_{version}\r\n"));
    let line = p.read_line(0, 8_192).await.unwrap_or_default();
    if line.is_empty() {
        // The time that the server gives for a login.
        p.sleep(120_000_000_000).await;
    } else if !line.starts_with(b"SSH-") {
        p.print("Invalid SSH identification string.\r\n");
    }
    0
}

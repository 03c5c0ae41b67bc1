//! Two network namespaces with a cable between them.

use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A peer and a decoy's machine. In each, `veth0` is the end of the cable, and loopback is up.
pub(crate) struct Namespaces {
    /// Has 192.0.2.2/24 and `2001:db8::2/64`, and everything else beyond the decoy.
    pub(crate) peer: String,
    /// Has 192.0.2.1/24 and `2001:db8::1/64`.
    pub(crate) decoy: String,
}

impl Namespaces {
    /// `None` where the process may make none: the test says so and is skipped, or fails if it must
    /// run.
    pub(crate) fn new(test: &str) -> Option<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = |end| format!("decnet-{}-{number}-{end}", std::process::id());
        let namespaces = Self { peer: name("peer"), decoy: name("decoy") };
        // From here on `drop` cleans up.
        for name in [&namespaces.peer, &namespaces.decoy] {
            if let Err(error) = ip(&["netns", "add", name]) {
                let required = std::env::var_os("DECNET_TEST_REQUIRE_ALL").is_some();
                assert!(!required, "{test} wants network namespaces: {error}");
                eprintln!("skipped: {test} wants network namespaces: {error}");
                return None;
            }
        }
        let Self { peer, decoy } = &namespaces;
        namespaces.run(peer, &format!("ip link add veth0 type veth peer name veth0 netns {decoy}"));
        for (name, end, other) in [(peer, 2, 1), (decoy, 1, 2)] {
            let run = |command: String| namespaces.run(name, &command);
            run(format!("ip link set veth0 address 02:00:00:00:00:0{end}"));
            run(format!("ip address add 192.0.2.{end}/24 dev veth0"));
            run(format!("ip address add 2001:db8::{end}/64 dev veth0 nodad"));
            run("ip link set lo up".to_owned());
            run("ip link set veth0 up".to_owned());
            // Nobody has to ask, so that packets of both families come in the order of sending.
            for address in [format!("192.0.2.{other}"), format!("2001:db8::{other}")] {
                run(format!("ip neighbor add {address} lladdr 02:00:00:00:00:0{other} dev veth0"));
            }
        }
        namespaces.run(peer, "ip route add default via 192.0.2.1");
        namespaces.run(peer, "ip route add default via 2001:db8::1");
        Some(namespaces)
    }

    /// Runs a command, without quotes, in one of the namespaces, and returns what it printed.
    #[expect(clippy::unused_self, reason = "the namespaces must be there")]
    pub(crate) fn run(&self, inside: &str, command: &str) -> String {
        let mut all = vec!["netns", "exec", inside];
        all.extend(command.split_whitespace());
        ip(&all).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Does something in one of the namespaces, in a thread of its own. What it opens stays there.
    #[expect(clippy::unused_self, reason = "the namespaces must be there")]
    pub(crate) fn inside<T: Send>(&self, inside: &str, act: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let file = File::open(format!("/run/netns/{inside}")).unwrap();
                setns(file, CloneFlags::CLONE_NEWNET).unwrap();
                act()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in [&self.peer, &self.decoy] {
            let _ = ip(&["netns", "delete", name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("ip").args(arguments).output().map_err(|error| error.to_string())?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

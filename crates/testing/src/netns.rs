//! Two network namespaces with a cable between them.

use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A peer and a decoy's machine. In each, `veth0` is the end of the cable, and loopback is up.
pub struct Namespaces {
    /// Has 192.0.2.2/24 and `2001:db8::2/64`, and everything else beyond the decoy.
    pub peer: String,
    /// Has 192.0.2.1/24 and `2001:db8::1/64`.
    pub decoy: String,
}

impl Namespaces {
    /// `None` where the process may make none; see [`crate::skip`].
    pub fn new() -> Option<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = |end| format!("decnet-{}-{number}-{end}", std::process::id());
        // From here on `drop` cleans up.
        let namespaces = Self { peer: name("peer"), decoy: name("decoy") };
        match namespaces.set_up() {
            Ok(()) => Some(namespaces),
            Err(error) => {
                crate::skip(format_args!("no network namespaces: {error}"));
                None
            }
        }
    }

    fn set_up(&self) -> Result<(), String> {
        let Self { peer, decoy } = self;
        ip(&format!("netns add {peer}"))?;
        ip(&format!("netns add {decoy}"))?;
        ip(&format!("-n {peer} link add veth0 type veth peer name veth0 netns {decoy}"))?;
        for (name, end, other) in [(peer, 2, 1), (decoy, 1, 2)] {
            let run = |command: &str| ip(&format!("-n {name} {command}"));
            run(&format!("link set veth0 address 02:00:00:00:00:0{end}"))?;
            run(&format!("address add 192.0.2.{end}/24 dev veth0"))?;
            run(&format!("address add 2001:db8::{end}/64 dev veth0 nodad"))?;
            run("link set lo up")?;
            run("link set veth0 up")?;
            // Nobody has to ask, so that packets of both families come in the order of sending.
            for address in [format!("192.0.2.{other}"), format!("2001:db8::{other}")] {
                run(&format!("neighbor add {address} lladdr 02:00:00:00:00:0{other} dev veth0"))?;
            }
        }
        ip(&format!("-n {peer} route add default via 192.0.2.1"))?;
        ip(&format!("-n {peer} route add default via 2001:db8::1"))?;
        Ok(())
    }

    /// Runs a command, without quotes, in one of the namespaces, and returns what it printed.
    ///
    /// # Panics
    /// Where it fails.
    pub fn run(&self, inside: &str, command: &str) -> String {
        ip(&format!("netns exec {inside} {command}"))
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Does something in one of the namespaces, in a thread of its own. What it opens stays there.
    ///
    /// # Panics
    /// With `act`, or where the namespace cannot be entered.
    pub fn inside<T: Send>(&self, inside: &str, act: impl FnOnce() -> T + Send) -> T {
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
            let _ = ip(&format!("netns delete {name}"));
        }
    }
}

/// Runs `ip` with arguments without quotes.
fn ip(arguments: &str) -> Result<String, String> {
    let mut command = Command::new("ip");
    command.args(arguments.split_whitespace());
    let output = command.output().map_err(|error| format!("ip: {error}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

//! Debian's own sshd, with its own users, on loopback.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Users whose password is the one of probes: root, and one who may less.
pub(crate) const PLAIN_USER: &str = "tester";

pub(crate) struct Sshd {
    pub(crate) address: SocketAddr,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Sshd {
    /// With Debian's configuration and these lines before it; `None` where there is no sshd, or
    /// nobody who may start it.
    pub(crate) fn start(lines: &str) -> Option<Self> {
        if !Path::new("/usr/sbin/sshd").exists() {
            decnet_testing::skip("no /usr/sbin/sshd");
            return None;
        }
        if !nix::unistd::geteuid().is_root() {
            decnet_testing::skip("sshd wants root");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Others than root look for their home in there.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        // Nobody else binds it in this moment, or this fails and says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        configure(folder.path(), port, lines);
        users(folder.path());
        std::fs::create_dir_all("/run/sshd").unwrap();
        let script = "mount --bind passwd /etc/passwd && mount --bind shadow /etc/shadow \
                      && exec /usr/sbin/sshd -D -e -f \"$PWD/config\"";
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd =
            Self { address: SocketAddr::from(([127, 0, 0, 1], port)), child, _folder: folder };
        let begin = Instant::now();
        while TcpStream::connect(sshd.address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(10), "sshd does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(sshd)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(folder: &Path, port: u16, lines: &str) {
    let mut text = format!("Port {port}\nListenAddress 127.0.0.1\nPidFile none\n");
    text += "PermitRootLogin yes\n";
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let file = folder.join(format!("ssh_host_{kind}_key"));
        let status = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-t", kind, "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        writeln!(text, "HostKey {}", file.display()).unwrap();
    }
    text += lines;
    let debian = std::fs::read_to_string("/usr/share/openssh/sshd_config").unwrap();
    for line in debian.lines().filter(|line| !line.starts_with("Include")) {
        writeln!(text, "{line}").unwrap();
    }
    std::fs::write(folder.join("config"), text).unwrap();
}

/// The machine's own users, and ours, in files that only this sshd sees.
fn users(folder: &Path) {
    let read = |name| std::fs::read_to_string(Path::new("/etc").join(name)).unwrap();
    let others = |text: String| -> String {
        text.lines()
            .filter(|line| !line.starts_with("root:"))
            .fold(String::new(), |text, line| text + line + "\n")
    };
    let at = folder.display();
    let passwd = format!(
        "root:x:0:0:root:{at}/root:/bin/bash\n{PLAIN_USER}:x:4711:4711::{at}/home:/bin/bash\n{}",
        others(read("passwd"))
    );
    // crypt(3) of "root", with SHA-512.
    let hash = "$6$abcdefgh$cnW4XDznaFa1hR9LnqrjoiAqed87oTXop3rUraOEgMC9xZ8cZ4bnv81B/PgWNFtDN0PNbtGZlCIhm8Jws2OPr0";
    let user = |name| format!("{name}:{hash}:19000:0:99999:7:::\n");
    let shadow = format!("{}{}{}", user("root"), user(PLAIN_USER), others(read("shadow")));
    std::fs::write(folder.join("passwd"), passwd).unwrap();
    std::fs::write(folder.join("shadow"), shadow).unwrap();
    for (name, mode) in [("passwd", 0o644), ("shadow", 0o600)] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.join(name), permissions).unwrap();
    }
    for name in ["root", "home"] {
        std::fs::create_dir(folder.join(name)).unwrap();
        // No message of the day, which is not what is compared.
        std::fs::write(folder.join(name).join(".hushlogin"), "").unwrap();
        std::fs::write(folder.join(name).join(".Xauthority"), "").unwrap();
    }
    chown(folder.join("home"), Some(4711), Some(4711)).unwrap();
}

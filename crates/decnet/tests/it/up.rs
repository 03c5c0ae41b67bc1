//! Starting, asking, stopping, and what can go wrong.

use crate::running::{ANY_PORT, Running, command, complaint, decnet, printed};
use nix::sys::signal::Signal;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

/// A decoy on a free port, and the wire watched where rights allow it.
const WITH_WIRE: &str = "[[decky]]\n[decky.ssh]\nlisten = [\"127.0.0.1:0\"]\n";

fn status(running: &Running) -> serde_json::Value {
    let output = decnet(&["status", "--json", "--data", running.data()]);
    serde_json::from_str(&printed(&output)).unwrap()
}

#[test]
fn it_says_where_everything_is_and_ends_in_order() {
    let mut running = Running::start("");
    let text = running.printed();
    let address = running.addresses()[0];
    assert!(text.contains(&format!("decky-01  ssh  {address}\n")), "{text}");
    assert!(text.contains(&format!("data   {}\n", running.data())), "{text}");
    assert!(text.contains(&format!("ssh -p {} root@127.0.0.1", address.port())), "{text}");

    let json = status(&running);
    assert_eq!(json["running"], true);
    assert_eq!(json["decoys"][0]["address"], address.to_string());
    assert_eq!(json["decoys"][0]["health"], "listening");
    assert_eq!(json["pid"], running.pid());
    assert_eq!(json["events_lost"], 0);
    let plain = printed(&decnet(&["status", "--data", running.data()]));
    assert!(plain.contains(&address.to_string()), "{plain}");

    // A hang-up changes nothing.
    running.signal(Signal::SIGHUP);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(status(&running)["running"], true);

    let (ended, took) = running.stop(Signal::SIGTERM);
    assert_eq!(ended.code(), Some(0), "{}", running.complaints());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let kinds: Vec<String> = running
        .database()
        .prepare("select kind from journal order by seq")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(kinds, ["started", "stopped"]);

    let output = decnet(&["status", "--data", running.data()]);
    assert!(complaint(&output, 1).contains("not running"));
    let output = decnet(&["status", "--json", "--data", running.data()]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json, serde_json::json!({ "running": false }));
}

#[test]
fn ctrl_c_ends_it_in_order_with_a_connection_open() {
    let mut running = Running::start("");
    let _open = std::net::TcpStream::connect(running.addresses()[0]).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while status(&running)["decoys"][0]["counters"][0]["value"] != 1 {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(10));
    }
    let (ended, took) = running.stop(Signal::SIGINT);
    assert_eq!(ended.code(), Some(0), "{}", running.complaints());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let fact: String = running
        .database()
        .query_one("select fact from journal where kind = 'connection_closed'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(fact.contains("\"shutdown\""), "{fact}");
}

#[test]
fn a_kill_leaves_nothing_in_the_way() {
    let mut running = Running::start("");
    running.kill();
    assert!(std::path::Path::new(running.data()).join("decnet.sock").exists());
    let output = decnet(&["status", "--data", running.data()]);
    assert!(complaint(&output, 1).contains("not running"));
    running.restart();
    assert_eq!(status(&running)["running"], true);
}

#[test]
fn one_data_folder_has_one_program() {
    let running = Running::start("");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decnet.toml");
    std::fs::write(&file, ANY_PORT).unwrap();
    let config = file.to_str().unwrap();
    let output = decnet(&["up", "--data", running.data(), "--config", config]);
    assert!(complaint(&output, 1).contains("another decnet is using the data folder"));
    let output = decnet(&["rebuild", "--data", running.data()]);
    assert!(complaint(&output, 1).contains("`decnet up` is running"));
}

#[test]
fn a_port_in_use_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decnet.toml");
    let config = format!("[[decky]]\n[decky.ssh]\nlisten = [\"{address}\"]\n");
    std::fs::write(&file, config).unwrap();
    let data = folder.path().join("data");
    let arguments = ["up", "--data", data.to_str().unwrap(), "--config", file.to_str().unwrap()];
    let line = complaint(&decnet(&arguments), 1);
    assert!(line.contains(&format!("cannot bind {address}")), "{line}");
    assert!(line.contains("in use"), "{line}");

    // A decoy beside it listens all the same, and the status tells of both.
    let both = format!("[[decky]]\n[decky.ssh]\nlisten = [\"{address}\", \"127.0.0.1:0\"]\n");
    let running = Running::start(&both);
    assert_eq!(running.addresses().len(), 1);
    assert!(running.complaints().contains(&format!("cannot bind {address}")));
    let json = status(&running);
    assert_eq!(json["decoys"][0]["health"], "failed");
    assert_eq!(json["decoys"][1]["health"], "listening");
}

#[test]
fn a_store_that_cannot_be_opened_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decnet.toml");
    std::fs::write(&file, ANY_PORT).unwrap();
    let data = folder.path().join("data");
    let check = |store: &str| {
        let output = command(&["up", "--config", file.to_str().unwrap()])
            .args(["--data", data.to_str().unwrap(), "--store", store])
            .output()
            .unwrap();
        // Besides what root is told.
        let text = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("stays root")).collect();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(lines.len() == 1 && lines[0].starts_with("decnet: "), "{text}");
        assert!(lines[0].contains("store") || lines[0].contains(store), "{text}");
    };
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is no database, and never was one".repeat(100)).unwrap();
    check(garbage.to_str().unwrap());
    check(folder.path().to_str().unwrap());
    check("/proc/nowhere/decnet.db");
    check("mysql://u:p@127.0.0.1:1/decnet");
}

#[test]
fn what_is_kept_is_for_the_owner_alone() {
    let running = Running::start("");
    let mut folders = vec![std::path::PathBuf::from(running.data())];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode, 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 6, "{files}");
}

#[test]
fn a_data_folder_may_have_a_long_path() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("d".repeat(100)).join("e".repeat(100));
    let running = Running::start_on(home, &data, "");
    assert_eq!(status(&running)["data"], data.to_str().unwrap());
}

#[test]
fn no_thread_keeps_a_right() {
    let home = tempfile::tempdir().unwrap();
    let root = nix::unistd::Uid::effective().is_root();
    if root {
        // Others may pass, so that the program can become one of them.
        let open = std::fs::Permissions::from_mode(0o711);
        std::fs::set_permissions(home.path(), open).unwrap();
    }
    let data = home.path().join("data");
    let running = Running::start_on(home, &data, WITH_WIRE);
    let mut threads = 0;
    for thread in std::fs::read_dir(format!("/proc/{}/task", running.pid())).unwrap() {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(value("CapEff:"), ["0000000000000000"]);
        assert_eq!(value("CapPrm:"), ["0000000000000000"]);
        assert_eq!(value("NoNewPrivs:"), ["1"]);
        if root {
            assert!(value("Uid:").iter().all(|id| id != "0"), "{status}");
            assert!(value("Gid:").iter().all(|id| id != "0"), "{status}");
            assert!(value("Groups:").iter().all(|id| id != "0"), "{status}");
        }
        threads += 1;
    }
    assert!(threads >= 3, "{threads}");
    assert_eq!(status(&running)["running"], true);
}

#[test]
fn it_is_small_while_nothing_happens() {
    let running = Running::start(WITH_WIRE);
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = resident.split_whitespace().next().unwrap().parse().unwrap();
    assert!(kib < 40 << 10, "{kib} KiB");
}

/// Root without the one capability is as good as anybody else without it.
#[test]
fn who_may_not_watch_is_told_so_once_and_has_decoys() {
    if nix::unistd::geteuid().is_root() && !decnet_testing::has_programs(&["setpriv"]) {
        return;
    }
    let running = Running::start_without_net_raw(WITH_WIRE);
    let complaints = running.complaints();
    let lines: Vec<&str> = complaints.lines().filter(|line| line.contains("wire")).collect();
    let [line] = lines[..] else { panic!("{complaints}") };
    assert!(line.contains("CAP_NET_RAW") && line.contains("setcap cap_net_raw+ep"), "{line}");
    assert!(running.printed().contains("wire   not watched\n"), "{}", running.printed());
    let json = status(&running);
    assert_eq!(json["sniffer"]["watching"], false);
    let why = "reading from interfaces needs the capability CAP_NET_RAW";
    assert_eq!(json["sniffer"]["error"], why);
    assert_eq!(json["decoys"][0]["health"], "listening");
    let plain = printed(&decnet(&["status", "--data", running.data()]));
    assert!(plain.contains(&format!("wire    not watched: {why}\n")), "{plain}");
}

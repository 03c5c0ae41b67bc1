//! What a path tells: how far it is, how much fits through it, whether congestion is marked; and
//! what is not to be told.

use super::{DECOY, PEER, Scene, all, one};

#[test]
fn ecn_is_seen_in_the_handshake_and_in_use() {
    let Some(mut scene) = Scene::start(&["sysctl"]) else { return };
    scene.namespaces.run(&scene.namespaces.peer, "sysctl -qw net.ipv4.tcp_ecn=1");
    scene.upload(100_000);
    let database = scene.end();
    let row = |side: &str| {
        one(&database, &format!("select ecn from tcp_syn where side = '{side}' and dst_port = 80"))
    };
    let (asked, answered): (String, String) = (row("client"), row("server"));
    assert_eq!((asked.as_str(), answered.as_str()), ("ece+cwr", "ece"));
    let marked: i64 = one(&database, "select marks ->> '$.ect0' from tcp_flow where dst_port = 80");
    // Every segment with data, of which there are about 70.
    assert!(marked >= 50, "{marked}");
    assert_eq!(one::<String>(&database, "select ecn from attacker_behavior"), "uses");
}

#[test]
fn a_router_that_refuses_a_packet_is_tied_to_its_flow() {
    let Some(mut scene) = Scene::start(&["sysctl"]) else { return };
    let files = scene.home.path().join("files");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("big"), vec![0x5a; 50_000]).unwrap();
    // The peer becomes a router, with a narrower cable to somebody behind it.
    let (peer, decoy) = (scene.namespaces.peer.clone(), scene.namespaces.decoy.clone());
    let far = Far::new(&scene, &format!("{peer}-far"));
    for (inside, command) in [
        (&peer, "sysctl -qw net.ipv4.ip_forward=1"),
        (&peer, "ip address add 198.51.100.1/24 dev far0"),
        (&peer, "ip link set far0 mtu 1400 up"),
        (&far.name, "ip address add 198.51.100.2/24 dev far0"),
        (&far.name, "ip link set far0 up"),
        (&far.name, "ip link set lo up"),
        (&far.name, "ip route add default via 198.51.100.1"),
        (&decoy, &format!("ip route add 198.51.100.0/24 via {PEER}")),
    ] {
        scene.namespaces.run(inside, command);
    }
    let url = format!("http://{DECOY}/files/big");
    let output = scene.command(&far.name, "curl").args(["-sS", &url]).output().unwrap();
    assert_eq!(output.stdout.len(), 50_000, "{output:?}");
    let database = scene.end_with(&["198.51.100.2"]);
    let pmtud: String = one(&database, "select server ->> '$.pmtud' from tcp_flow");
    assert_eq!(pmtud, "too_big:1400");
    assert_eq!(one::<String>(&database, "select pmtud from tcp_flow"), "df");
    assert_eq!(one::<i64>(&database, "select hop_distance from attacker_behavior"), 1);
}

/// Somebody behind the peer, at the other end of `far0`.
struct Far {
    name: String,
}

impl Far {
    fn new(scene: &Scene, name: &str) -> Self {
        let far = Self { name: name.to_owned() };
        far.ip(&["netns", "add", name]);
        let cable = ["link", "add", "far0", "type", "veth", "peer", "name", "far0"];
        far.ip(&[&["-n", &scene.namespaces.peer], &cable[..], &["netns", name]].concat());
        far
    }

    #[expect(clippy::unused_self, reason = "it must be there")]
    fn ip(&self, arguments: &[&str]) {
        let output = std::process::Command::new("ip").args(arguments).output().unwrap();
        assert!(output.status.success(), "ip {arguments:?}: {output:?}");
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        let _ = std::process::Command::new("ip").args(["netns", "delete", &self.name]).output();
    }
}

#[test]
fn whoever_is_never_to_be_recorded_is_not() {
    let never = format!("[sniffer]\nnever = [\"{PEER}/32\"]\n");
    let Some(mut scene) = Scene::start_with(&[], &never) else { return };
    let url = format!("http://{DECOY}/");
    scene.peer("curl", &["-sS", &url]);
    // A connection to the decoy itself is a fact of the decoy's, which was asked for nothing.
    let secondary = "ip address add 192.0.2.3/24 dev veth0";
    scene.namespaces.run(&scene.namespaces.peer, secondary);
    scene.peer("curl", &["-sS", "--interface", "192.0.2.3", &url]);
    let database = scene.end_with(&["192.0.2.3"]);
    let sources: Vec<String> =
        all(&database, "select distinct src from journal where src is not null");
    assert_eq!(sources, ["192.0.2.3"]);
}

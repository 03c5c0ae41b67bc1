//! Loss, repetition and pacing, found again and compared with what the kernel that sent counted.
//!
//! Packets are dropped behind the sniffer, by the decoy's own kernel, so that it sees all that was
//! sent, as the sender's counters do. Which ones are dropped is a matter of counting, not of luck.

use super::{DECOY, Scene, all, documents, one};

/// Drops what a rule of nftables says of the packets that come to the decoy.
fn drop_where(scene: &Scene, rule: &str) {
    for command in [
        "nft add table inet trouble",
        "nft add chain inet trouble input { type filter hook input priority 0 ; }",
        &format!("nft add rule inet trouble input {rule} drop"),
    ] {
        scene.namespaces.run(&scene.namespaces.decoy, command);
    }
}

/// Numbers in a list of a document.
fn numbers(list: &serde_json::Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn what_was_sent_again_is_what_the_sender_counted() {
    let Some(mut scene) = Scene::start(&["nft"]) else { return };
    drop_where(&scene, "tcp dport 80 meta length > 1000 numgen inc mod 29 == 7");
    let before = scene.counter("RetransSegs");
    scene.upload(2_000_000);
    let counted = scene.counter("RetransSegs") - before;
    let database = scene.end();
    // Of about 1,430 segments; one in 29 of those is dropped, and of those sent again.
    assert!((49..100).contains(&counted), "{counted}");
    let found: i64 = one(&database, "select retransmit_count from attacker_behavior");
    // A FIN that is sent again has no data.
    assert!((found - counted).abs() <= 1, "{found} of {counted}");
    let rto = &documents(&database, "select rto_s from tcp_flow where dst_port = 80")[0];
    let delays = rto["delays"].as_array().unwrap();
    assert!(delays.len() > 20, "{rto}");
    assert!(delays.iter().all(|delay| delay["s"].as_f64().unwrap() > 0.0), "{rto}");
}

#[test]
fn timeouts_and_their_back_off_are_those_of_the_sender() {
    let Some(mut scene) = Scene::start(&["nft"]) else { return };
    // The first segments with data, until the third timeout: nothing else is in flight.
    drop_where(&scene, "tcp dport 80 meta length > 70 quota until 640 bytes");
    let before = ["RetransSegs", "TCPTimeouts"].map(|name| scene.counter(name));
    scene.peer("curl", &["-sS", &format!("http://{DECOY}/")]);
    let after = ["RetransSegs", "TCPTimeouts"].map(|name| scene.counter(name));
    let database = scene.end();
    let counted = after[0] - before[0];
    assert!(counted >= 3 && after[1] > before[1], "{before:?} {after:?}");
    let found: i64 = one(&database, "select retransmit_count from attacker_behavior");
    assert_eq!(found, counted);
    let rto = &documents(&database, "select rto_s from tcp_flow where dst_port = 80")[0];
    // Probes for a lost tail may come before the first timeout; each later one is twice as long.
    let backoff = numbers(&rto["backoff"]);
    let last = backoff.last().unwrap();
    assert!((1.7..2.3).contains(last), "{rto}");
    let delays = rto["delays"].as_array().unwrap();
    assert_eq!(delays.len() as i64, counted, "{rto}");
    let first = delays[0]["s"].as_f64().unwrap();
    // From the least that Linux waits.
    assert!((0.19..1.5).contains(&first), "{rto}");
}

#[test]
fn a_syn_that_is_sent_again_is_told_with_its_delays() {
    let Some(mut scene) = Scene::start(&["nft"]) else { return };
    drop_where(&scene, "tcp dport 80 tcp flags & (syn | ack) == syn numgen inc mod 3 < 2");
    let before = scene.counter("RetransSegs");
    scene.peer("curl", &["-sS", &format!("http://{DECOY}/")]);
    let counted = scene.counter("RetransSegs") - before;
    let database = scene.end();
    let sql = "from tcp_syn where side = 'client' and dst_port = 80 order by at";
    let attempts: Vec<i64> = all(&database, &format!("select attempt {sql}"));
    assert_eq!(attempts, [1, 2, 3]);
    let since: Vec<Option<f64>> = all(&database, &format!("select since_s {sql}"));
    // RFC 6298: a second at first, and then the same or twice that, never less.
    let [None, Some(first), Some(second)] = since[..] else { panic!("{since:?}") };
    assert!((0.9..1.9).contains(&first) && second > 0.9, "{since:?}");
    let found: i64 = one(&database, "select retransmit_count from attacker_behavior");
    assert_eq!((found, counted), (2, 2));
}

#[test]
fn a_shaped_sender_is_paced_and_another_is_not() {
    let Some(mut scene) = Scene::start(&["tc"]) else { return };
    scene.upload(300_000);
    // A frame of 1,514 bytes every 6.056 ms.
    let shape = "tc qdisc add dev veth0 root tbf rate 2mbit burst 1600 limit 400000";
    scene.namespaces.run(&scene.namespaces.peer, shape);
    scene.upload(300_000);
    let database = scene.end();
    let sql =
        "select pacing from tcp_flow where dst_port = 80 and bytes > 300000 order by began_at";
    let [fast, shaped] = &documents(&database, sql)[..] else { panic!("two uploads") };
    assert_eq!((&fast["paced"], &shaped["paced"]), (&false.into(), &true.into()));
    let p50 = shaped["p50_s"].as_f64().unwrap();
    assert!((0.005..0.007).contains(&p50), "{shaped}");
    assert!(fast["p50_s"].as_f64().unwrap() < 0.001, "{fast}");
}

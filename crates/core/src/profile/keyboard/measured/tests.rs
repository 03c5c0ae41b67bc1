//! Checks against typing of many people, which is not in the repository: see `table/README.md` for
//! the table's source. The folder is `$DECNET_TEST_DATA`, or `shared/data` beside the workspace.
#![allow(
    clippy::disallowed_methods,
    reason = "tests read recordings that may not be copied into the repository, and take times"
)]

use decnet_testing::reference;
use std::collections::BTreeMap;
use std::path::Path;

use crate::cast::{self, CastFeatures};
use crate::profile::keyboard::{InputClass, hamming, same_typist_score, table};

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    text(path)
        .lines()
        .skip(1)
        .map(|line| line.trim().split(',').map(str::to_owned).collect())
        .collect()
}

fn features(keys: &Path, session: &str) -> CastFeatures {
    let path = keys.join(session).with_extension("cast");
    let recording = cast::read(text(&path).as_bytes());
    cast::features(&recording.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Every session that the pairs name, read once.
fn sessions(keys: &Path, pairs: &[Vec<String>]) -> BTreeMap<String, CastFeatures> {
    let mut sessions = BTreeMap::new();
    for session in pairs.iter().flat_map(|row| row.iter().take(2)) {
        if !sessions.contains_key(session) {
            sessions.insert(session.clone(), features(keys, session));
        }
    }
    sessions
}

#[test]
fn recordings_hash_as_the_reference_does() {
    let Some(keys) = reference("keys") else { return };
    let vectors = rows(&keys.join("reference/test_vectors.csv"));
    assert!(!vectors.is_empty());
    for row in vectors {
        let columns = features(&keys, &row[0]).columns;
        let hash = columns.kd_digraph_simhash.map(|blob| crate::row::hex(&blob.0));
        assert_eq!(hash.unwrap_or_default(), row[1], "{}", row[0]);
        assert_eq!(columns.kd_digraph_count.unwrap().to_string(), row[2], "{}", row[0]);
    }
}

#[test]
fn the_shipped_table_is_the_published_one() {
    let Some(keys) = reference("keys") else { return };
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_str(&text(&keys.join("reference").join(name))).unwrap()
    };
    /// All numbers under a value, in order, each written by `put`.
    fn write(value: &serde_json::Value, out: &mut Vec<u8>, put: &dyn Fn(f64, &mut Vec<u8>)) {
        match value.as_array() {
            Some(list) => list.iter().for_each(|item| write(item, out, put)),
            None => put(value.as_f64().unwrap(), out),
        }
    }
    let published = json("kd_table_v1.json");
    let mut hash = Vec::new();
    write(&published["version"], &mut hash, &|n, out| out.extend((n as u32).to_le_bytes()));
    for name in ["mu", "isd"] {
        write(&published[name], &mut hash, &|n, out| out.extend((n as i16).to_le_bytes()));
    }
    write(&published["motor"], &mut hash, &|n, out| out.push(n as u8));
    write(&published["top"], &mut hash, &|n, out| out.extend((n as u16).to_le_bytes()));
    write(&published["A"], &mut hash, &|n, out| out.extend((n as i8).to_le_bytes()));
    write(&published["b"], &mut hash, &|n, out| out.extend((n as i32).to_le_bytes()));
    assert!(hash == table::HASH, "kd_table_v1.bin is not made from kd_table_v1.json");

    let published = json("kd_plda32_v1.json");
    let mut vector = Vec::new();
    write(&published["version"], &mut vector, &|n, out| out.extend((n as u32).to_le_bytes()));
    for name in ["mu", "W", "e"] {
        write(&published[name], &mut vector, &|n, out| {
            let scaled = n * table::VECTOR_SCALE as f64;
            assert!((scaled - scaled.round()).abs() < 1e-2, "{name} has more than five decimals");
            out.extend((scaled.round() as i32).to_le_bytes());
        });
    }
    assert!(vector == table::VECTOR, "kd_plda32_v1.bin is not made from kd_plda32_v1.json");
}

#[test]
fn typists_are_told_apart_as_well_as_was_measured() {
    let Some(keys) = reference("keys") else { return };
    let pairs = rows(&keys.join("pairs.csv"));
    let sessions = sessions(&keys, &pairs);
    // Highest equal error rates in %, hash and vector: the design paper's figures at full length,
    // and what a sample of this size adds.
    let limits = [
        ("villani", 10.5, 7.5),
        ("villani_net", 10.8, 7.5),
        ("klicke", 10.5, 7.5),
        ("ikdd", 17.0, 14.0),
        ("cmu", 23.5, 23.5),
    ];
    println!("set            pairs  hash EER %  vector EER %");
    for (set, hash_limit, vector_limit) in limits {
        let (mut by_hash, mut by_vector) = ([vec![], vec![]], [vec![], vec![]]);
        for row in pairs.iter().filter(|row| row[3] == set) {
            let [a, b] = [&sessions[&row[0]].columns, &sessions[&row[1]].columns];
            let (Some(a_hash), Some(b_hash)) = (a.kd_digraph_simhash, b.kd_digraph_simhash) else {
                continue;
            };
            let (a, b) = (a.kd_typist_vector.unwrap(), b.kd_typist_vector.unwrap());
            let same = usize::from(row[2] == "1");
            by_hash[same].push(-f64::from(hamming(a_hash.0, b_hash.0)));
            by_vector[same].push(same_typist_score(&a.0, &b.0));
        }
        let count = by_hash[0].len() + by_hash[1].len();
        if count == 0 {
            println!("skipped {set}: no pairs");
            continue;
        }
        let (hash, vector) = (equal_error_rate(by_hash), equal_error_rate(by_vector));
        println!("{set:12} {count:7} {hash:11.2} {vector:13.2}");
        assert!(hash <= hash_limit, "{set}: hash {hash:.2} %");
        assert!(vector <= vector_limit, "{set}: vector {vector:.2} %");
    }
}

/// The rate in % at which as many different pairs are taken for the same as the reverse.
fn equal_error_rate([mut different, mut same]: [Vec<f64>; 2]) -> f64 {
    different.sort_by(f64::total_cmp);
    same.sort_by(f64::total_cmp);
    let mut before = (1.0, 0.0);
    let mut thresholds: Vec<f64> = same.iter().chain(&different).copied().collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    for threshold in thresholds {
        let below = |scores: &[f64]| {
            scores.partition_point(|score| *score < threshold) as f64 / scores.len() as f64
        };
        let (accepted, refused) = (1.0 - below(&different), below(&same));
        if accepted <= refused {
            let (accepted_before, refused_before) = before;
            let (high, low) = (accepted_before - refused_before, refused - accepted);
            let part = if high + low > 0.0 { high / (high + low) } else { 0.5 };
            return 100.0 * (accepted_before + part * (accepted - accepted_before));
        }
        before = (accepted, refused);
    }
    50.0
}

#[test]
fn people_are_seldom_taken_for_programs() {
    let Some(keys) = reference("keys") else { return };
    let sessions = sessions(&keys, &rows(&keys.join("pairs.csv")));
    let of = |class| sessions.values().filter(|s| s.columns.input_class == class).count();
    let human = of(Some(InputClass::Human));
    let (scripted, mixed) = (of(Some(InputClass::Scripted)), of(Some(InputClass::Mixed)));
    println!("human {human}, scripted {scripted}, mixed {mixed}, of {}", sessions.len());
    assert!(scripted * 100 <= sessions.len(), "scripted {scripted}");
    assert!(human * 100 >= sessions.len() * 98, "human {human}");
}

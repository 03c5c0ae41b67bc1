//! SIGKILL at any instant: what was older than the commit window is there, and rows are what the
//! journal says.

use crate::running::{Running, decnet};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often the program is killed.
const ROUNDS: u64 = 50;
/// What may be missing: the commit window of 50 ms, and what a busy machine adds to it.
const WINDOW: Duration = Duration::from_millis(250);
/// Sessions that type at once.
const TYPISTS: usize = 4;

/// When each key's echo came back, by the client's port.
type Echoes = Arc<Mutex<BTreeMap<u16, Vec<Instant>>>>;

struct Trusting;

impl russh::client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// Logs in and types comment lines, a key a millisecond, until the connection breaks.
async fn typist(port: u16, echoes: Echoes) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let own = socket.local_addr()?.port();
    let config = Arc::new(russh::client::Config::default());
    let mut session = russh::client::connect_stream(config, socket, Trusting).await?;
    if !session.authenticate_password("root", "root").await?.success() {
        return Err("refused".into());
    }
    let channel = session.channel_open_session().await?;
    channel.request_pty(false, "xterm", 200, 50, 0, 0, &[]).await?;
    channel.request_shell(true).await?;
    let (mut reader, writer) = channel.split();
    let typing = tokio::spawn(async move {
        for n in 0_u64.. {
            let key: &[u8] = match n % 40 {
                0 => b"#",
                39 => b"\r",
                _ => b"x",
            };
            if writer.data_bytes(key.to_vec()).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    while let Some(message) = reader.wait().await {
        if let russh::ChannelMsg::Data { data } = message {
            let now = Instant::now();
            let count = data.iter().filter(|byte| **byte == b'x').count();
            let mut echoes = echoes.lock().map_err(|_| "poisoned")?;
            echoes.entry(own).or_default().extend(std::iter::repeat_n(now, count));
        }
    }
    typing.abort();
    Ok(())
}

/// Every row of every profile table, in key order, as text.
fn dump(db: &Connection) -> BTreeMap<String, Vec<String>> {
    let mut tables = db
        .prepare(
            "select name from sqlite_master where type = 'table' \
             and name not in ('journal', 'meta') and name not like 'sqlite_%'",
        )
        .unwrap();
    let names: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = BTreeMap::new();
    for name in names {
        let mut rows = db.prepare(&format!("select * from {name}")).unwrap();
        let width = rows.column_count();
        let mut lines: Vec<String> = rows
            .query_map([], |row| {
                let values: Result<Vec<_>, _> =
                    (0..width).map(|n| row.get::<_, rusqlite::types::Value>(n)).collect();
                Ok(format!("{:?}", values?))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        lines.sort();
        all.insert(name, lines);
    }
    all
}

#[test]
fn sigkill_loses_nothing_older_than_the_commit_window() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut running = Running::start("");
    let mut compared = 0;
    for round in 0..ROUNDS {
        if round > 0 {
            running.restart();
        }
        let echoes = Echoes::default();
        let port = running.ssh_port();
        for _ in 0..TYPISTS {
            runtime.spawn(typist(port, Arc::clone(&echoes)));
        }
        // Wait until all type; then any instant of the next half second.
        let end = Instant::now() + Duration::from_secs(30);
        while echoes.lock().unwrap().values().filter(|e| e.len() > 5).count() < TYPISTS {
            assert!(Instant::now() < end, "round {round}: nobody types");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(300 + (round * 7_919) % 500));
        running.kill();
        let killed = Instant::now();
        std::thread::sleep(Duration::from_millis(20));

        let db = running.database();
        for (port, echoes) in echoes.lock().unwrap().iter() {
            let due = echoes.iter().filter(|at| **at + WINDOW < killed).count();
            let kept: usize = db
                .prepare("select fact from journal where kind = 'input' and src_port = ?")
                .unwrap()
                .query_map([port], |row| row.get::<_, String>(0))
                .unwrap()
                .map(|fact| fact.unwrap().matches('x').count())
                .sum();
            assert!(kept >= due, "round {round}: {due} keys were due, {kept} are kept");
            compared += due;
        }
        let rows = dump(&db);
        drop(db);
        let output = decnet(&["rebuild", "--data", running.data()]);
        assert!(output.status.success(), "{output:?}");
        let rebuilt = dump(&running.database());
        for (table, lines) in &rows {
            assert_eq!(lines, &rebuilt[table], "round {round}: {table}");
        }
        assert_eq!(rows.len(), rebuilt.len());
    }
    assert!(compared > 100 * ROUNDS as usize, "{compared} keys were compared");
}

//! Who may open a store, and what is said to those who may not.

use crate::events::Visit;
use crate::stores::{TestStore, dump, on_every_store, same};
use decnet_store::{Engine, Error, Reader, StoreUrl};
use mysql::prelude::Queryable;

fn run(store: &TestStore, sql: &str) {
    match &store.url {
        StoreUrl::Sqlite(path) => {
            rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
        }
        StoreUrl::Mysql(address) => {
            let opts = mysql::Opts::from_url(address).unwrap();
            mysql::Conn::new(opts).unwrap().query_drop(sql).unwrap();
        }
    }
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    on_every_store(|store| {
        let mut engine = Engine::open(&store.url).unwrap();
        let error = Engine::open(&store.url).err().unwrap();
        assert!(matches!(error, Error::Locked { .. }), "{error}");
        engine.commit(&Visit::whole(1, 0)).unwrap();
        Reader::open(&store.url).unwrap();
        drop(engine);
        Engine::open(&store.url).unwrap();
    });
}

#[test]
fn a_store_that_is_not_there_is_named() {
    on_every_store(|store| {
        let error = Reader::open(&store.url).err().unwrap();
        assert!(matches!(error, Error::Absent { .. }), "{error}");
        assert!(error.to_string().contains(&store.url.to_string()));
    });
}

#[test]
fn what_is_none_of_ours_is_left_alone() {
    on_every_store(|store| {
        run(store, "CREATE TABLE recipes (name INTEGER)");
        let error = Engine::open(&store.url).err().unwrap();
        assert!(matches!(error, Error::Foreign { .. }), "{error}");
        run(store, "SELECT * FROM recipes");
    });
    let store = TestStore::sqlite();
    std::fs::write(store.url.path().unwrap(), "Dear diary, today I learned to count.\n").unwrap();
    assert!(matches!(Engine::open(&store.url).err().unwrap(), Error::Sqlite { .. }));
    assert!(matches!(Reader::open(&store.url).err().unwrap(), Error::Sqlite { .. }));
}

#[test]
fn a_newer_journal_is_not_written() {
    on_every_store(|store| {
        drop(Engine::open(&store.url).unwrap());
        run(store, "UPDATE meta SET value = '99' WHERE name = 'format'");
        assert!(matches!(Engine::open(&store.url).err().unwrap(), Error::Foreign { .. }));
        assert!(matches!(Reader::open(&store.url).err().unwrap(), Error::Foreign { .. }));
    });
}

#[test]
fn rows_of_another_fold_are_made_anew() {
    on_every_store(|store| {
        let mut engine = Engine::open(&store.url).unwrap();
        engine.commit(&Visit::whole(1, 0)).unwrap();
        let live = dump(store);
        drop(engine);
        run(store, "UPDATE meta SET value = '0' WHERE name = 'fold'");
        run(store, "UPDATE attackers SET event_count = 77");
        let mut calls = 0;
        Engine::open_with(&store.url, &mut |_| calls += 1).unwrap();
        assert!(calls > 0);
        same(&dump(store), &live);
    });
}

#[test]
fn a_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let store = TestStore::sqlite();
    let mut engine = Engine::open(&store.url).unwrap();
    engine.commit(&Visit::whole(1, 0)).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(store.folder()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
        files += 1;
    }
    assert_eq!(files, 4, "database, log, index of the log, lock");
}

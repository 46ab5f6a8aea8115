//! A database that ends, hangs, fills up, takes no writes, or is replaced by its replica. Whatever happens, what was
//! acknowledged is there, nothing is there by half, and who asks is told soon.

use super::*;
use crate::random;
use core::sync::atomic::{AtomicU64, Ordering};
use server::{PASSWORD, shared};
use std::{collections::BTreeSet, time::Duration};
use tokio::{task::JoinHandle, time};

/// A row of a pair; both have the number of their batch in their key.
fn half(of: u8, number: u64) -> Vec<u8> {
    [&[of][..], &number.to_be_bytes()].concat()
}

/// Enclaves that write pairs of rows until they are told to stop, and remember what was acknowledged.
struct Writers {
    tasks: Vec<JoinHandle<Vec<u64>>>,
    acknowledged: Arc<AtomicU64>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Writers {
    fn start(store: &Arc<Postgres>) -> Self {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let acknowledged = Arc::new(AtomicU64::new(0));
        let start = |_| {
            let (store, stopped, acknowledged) =
                (Arc::clone(store), stopped.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while !*stopped.borrow() {
                    let number = random::system_seed();
                    let pair = [0, 1].map(|of| put(&half(of, number), Expect::Absent, 1, &[7; 300]));
                    match store.commit(batch(pair.to_vec(), Vec::new())).await {
                        Ok(()) => {
                            mine.push(number);
                            acknowledged.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => {
                            assert!(matches!(error, StoreError::Unavailable | StoreError::Full), "{error:?}");
                            time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
                mine
            })
        };
        let tasks = (0..4).map(start).collect();
        Self { tasks, acknowledged, stop }
    }

    /// Waits until so many more were acknowledged.
    async fn write(&self, more: u64) {
        let enough = self.acknowledged.load(Ordering::Relaxed) + more;
        while self.acknowledged.load(Ordering::Relaxed) < enough {
            assert!(self.tasks.iter().all(|task| !task.is_finished()), "a writer failed");
            time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn stop(self) -> Vec<u64> {
        self.stop.send_replace(true);
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await.unwrap());
        }
        all
    }
}

/// Every pair that was acknowledged is there, and of no pair only one row.
fn check(server: &Server, database: &str, acknowledged: &[u64]) {
    let keys = server.sql(database, "SELECT encode(key, 'hex') FROM sealed_rows");
    let keys: BTreeSet<&str> = keys.lines().collect();
    let there = |of, number: u64| keys.contains(format!("{of:02x}{number:016x}").as_str());
    for number in acknowledged {
        assert!(there(0, *number) && there(1, *number), "acknowledged and lost");
    }
    for key in &keys {
        let number = u64::from_str_radix(&key[2..], 16).unwrap();
        assert!(there(0, number) && there(1, number), "half a batch");
    }
    assert!(keys.len() >= 2 * acknowledged.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_among_commits_has_all_that_it_acknowledged() {
    let Some(mut server) = Server::start() else { return };
    let database = server.database();
    let store = Arc::new(store(&server, &database).await);
    let writers = Writers::start(&store);
    for more in [1, 40, 17, 83, 5] {
        writers.write(more).await;
        server.kill();
        server.start_again();
    }
    writers.write(20).await;
    let acknowledged = writers.stop().await;
    assert!(acknowledged.len() >= 166);
    check(&server, &database, &acknowledged);
    assert!(!server.logged().contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_primary_is_killed_and_its_replica_promoted_nothing_acknowledged_is_lost() {
    let Some(mut primary) = Server::start() else { return };
    let database = primary.database();
    let replica = primary.replica();
    let both = format!("localhost:{},localhost:{}", replica.port(), primary.port());
    let url = format!("postgres://postgres:{PASSWORD}@{both}/{database}?target_session_attrs=read-write");
    let address = Address::parse(&url, false).unwrap();
    let store = Postgres::connect(&address, Trust::only(primary.authority()).unwrap()).await.unwrap();
    let store = Arc::new(store);
    store.enroll([7; 32], LATER_S).await.unwrap();
    let claim = store.claim_one([1; 16], [7; 32]).await.unwrap().unwrap();

    let writers = Writers::start(&store);
    writers.write(60).await;
    primary.kill();
    replica.promote();
    writers.write(60).await;
    let acknowledged = writers.stop().await;
    check(&replica, &database, &acknowledged);
    assert_eq!(store.commit(batch(Vec::new(), vec![claim])).await, Ok(()), "claims came over as well");
    drop(store);
    drop(primary);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_told_at_once_and_one_that_is_back_is_used() {
    let Some(mut server) = Server::start() else { return };
    let database = server.database();
    let store = store(&server, &database).await;
    assert!(store.get(Table::Meta, b"a").await.unwrap().is_none());
    server.kill();
    // What is under way fails; after it, every call is told without waiting.
    let mut failures = 0;
    while failures < 50 {
        let limit = Duration::from_secs(6);
        let answer =
            time::timeout(limit, store.get(Table::Meta, b"a")).await.expect("an answer in bounded time");
        assert_eq!(answer.err(), Some(StoreError::Unavailable));
        failures += 1;
    }
    let address = Address::parse(&server.url(&database), false).unwrap();
    let again = Postgres::connect(&address, Trust::only(server.authority()).unwrap()).await;
    assert_eq!(again.err(), Some(StoreError::Unavailable));
    server.start_again();
    back(&store).await;
}

/// Waits, within the pauses between attempts, until writes succeed again.
async fn back(store: &Postgres) {
    let mut attempts = 0;
    let key = random::bytes::<16>();
    while store.commit(batch(vec![put(&key, Expect::Absent, 1, b"")], Vec::new())).await.is_err() {
        attempts += 1;
        assert!(attempts < 200, "it stays away");
        time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_unavailable_in_bounded_time() {
    let Some(server) = Server::start() else { return };
    let database = server.database();
    let store = store(&server, &database).await;
    back(&store).await;
    server.freeze(true);
    let put = put(b"row", Expect::Absent, 1, b"");
    let answers = time::timeout(Duration::from_secs(15), async {
        tokio::join!(
            store.get(Table::Meta, b"a"),
            store.commit(batch(vec![put], Vec::new())),
            store.use_envelope([1; 16], LATER_S),
        )
    });
    let (read, written, used) = answers.await.expect("bounded");
    server.freeze(false);
    assert_eq!(read.err(), Some(StoreError::Unavailable));
    assert_eq!(written, Err(StoreError::Unavailable));
    assert_eq!(used, Err(StoreError::Unavailable));
    back(&store).await;
}

/// A new row.
fn one(key: &[u8]) -> Batch {
    batch(vec![put(key, Expect::Absent, 1, b"")], Vec::new())
}

/// Commits rows until one is refused as a setting of the server's has it, of which each connection learns by itself: that row.
async fn refused(store: &Postgres, why: StoreError) -> [u8; 16] {
    for _ in 0..200 {
        let row = random::bytes::<16>();
        if store.commit(one(&row)).await == Err(why) {
            return row;
        }
        time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no commit is refused: {why:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_never_confirms_keeps_a_commit_from_being_acknowledged() {
    let Some(server) = Server::start() else { return };
    let database = server.database();
    let store = store(&server, &database).await;
    // Nobody by this name follows: PostgreSQL commits here and waits for ever. Interrupted, it says that it committed.
    server.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let row = refused(&store, StoreError::Unavailable).await;
    assert_eq!(store.use_envelope([1; 16], LATER_S).await, Err(StoreError::Unavailable));
    server.sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
    server.sql("postgres", "SELECT pg_reload_conf()");
    back(&store).await;
    // What became of it was not known. It was made, as reading it tells.
    assert_eq!(store.commit(one(&row)).await, Err(StoreError::Conflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_says_so_until_it_does() {
    let Some(server) = Server::start() else { return };
    let database = server.database();
    let store = store(&server, &database).await;
    back(&store).await;
    server.sql("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    server.sql("postgres", "SELECT pg_reload_conf()");
    refused(&store, StoreError::ReadOnly).await;
    server.sql("postgres", "ALTER SYSTEM RESET default_transaction_read_only");
    server.sql("postgres", "SELECT pg_reload_conf()");
    back(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_undoes_the_whole_batch_and_has_a_name() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let store = store(server, &database).await;
    // The server's own code for a disk that is full, said in the midst of a batch.
    server.sql(
        &database,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON sealed_rows FOR EACH ROW WHEN (NEW.key = 'b') \
         EXECUTE FUNCTION full_disk()",
    );
    let change =
        || batch(vec![put(b"a", Expect::Absent, 1, b""), put(b"b", Expect::Absent, 1, b"")], Vec::new());
    assert_eq!(store.commit(change()).await, Err(StoreError::Full));
    assert!(store.get(Table::Account, b"a").await.unwrap().is_none());
    server.sql(&database, "DROP TRIGGER full_disk ON sealed_rows");
    assert_eq!(store.commit(change()).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_caller_leaves_is_made_to_its_end_and_costs_no_connection() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let store = store(server, &database).await;
    let asked = |what: &str| format!("SELECT {what} FROM pg_stat_activity WHERE datname = '{database}'");
    server.until(&asked("count(*)"), "8");
    let connections = asked("string_agg(pid::text, ' ' ORDER BY pid)");
    let before = server.sql("postgres", &connections);
    for attempt in 0_u8..40 {
        let limit = Duration::from_micros(u64::from(attempt) * 50);
        let key = [attempt];
        let call = store.commit(batch(vec![put(&key, Expect::Absent, 1, b"")], Vec::new()));
        let _ = time::timeout(limit, call).await;
        let _ = time::timeout(limit, store.get(Table::Account, &key)).await;
        let _ = time::timeout(limit, store.scan(Table::Account, b"", None, 9)).await;
    }
    let mut made = 0;
    for _ in 0..200 {
        made = store.scan(Table::Account, b"", None, 99).await.unwrap().len();
        if made == 40 {
            break;
        }
        time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(made, 40);
    assert_eq!(server.sql("postgres", &connections), before, "the same connections as before");
}

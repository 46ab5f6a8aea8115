//! The contract of stores, races on one row, the versions of the tables, and who is believed to be the database.

use super::{
    super::{
        pool::{Pool, Wire},
        schema,
        trouble::NoConnection,
    },
    *,
};
use crate::store::contract;
use server::{PASSWORD, shared};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract_of_stores() {
    let Some(server) = shared() else { return };
    contract::run(Arc::new(store(server, &server.database()).await)).await;
}

/// Two enclaves count in one row, each by what it read; what they counted is what is there.
async fn race(server: &Server, database: &str) {
    let stores = [store(server, database).await, store(server, database).await];
    stores[0].commit(batch(vec![put(b"row", Expect::Absent, 1, b"")], Vec::new())).await.unwrap();
    let count = |store: Postgres| async move {
        let (mut made, mut refused) = (0_u64, 0_u64);
        while made < 40 {
            let version = store.get(Table::Account, b"row").await.unwrap().unwrap().version;
            let change = put(b"row", Expect::Version(version), version + 1, b"");
            match store.commit(batch(vec![change], Vec::new())).await {
                Ok(()) => made += 1,
                Err(error) => {
                    assert_eq!(error, StoreError::Conflict);
                    refused += 1;
                }
            }
        }
        (store, refused)
    };
    let [first, second] = stores.map(|store| tokio::spawn(count(store)));
    let ((store, refused), (_, too)) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!(store.get(Table::Account, b"row").await.unwrap().unwrap().version, 81);
    assert!(refused + too > 0, "they never met: the race proves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_write_a_row_at_once_one_is_refused() {
    let Some(server) = shared() else { return };
    race(server, &server.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_every_transaction_is_serializable_those_that_were_undone_are_made_again() {
    let Some(server) = shared() else { return };
    let database = server.database();
    server.sql(
        "postgres",
        &format!("ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'"),
    );
    race(server, &database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_lock_rows_crosswise_are_both_made() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let store = Arc::new(store(server, &database).await);
    let keys: Vec<[u8; 1]> = (0..20).map(|key| [key]).collect();
    let first = keys.iter().map(|key| put(key, Expect::Absent, 1, b"")).collect();
    store.commit(batch(first, Vec::new())).await.unwrap();
    // Nothing is expected of what is deleted, so none of them can be refused.
    let forget = move || {
        let store = Arc::clone(&store);
        let keys = keys.clone();
        tokio::spawn(async move {
            let change = |key: &[u8; 1]| Change { row: None, ..put(key, Expect::Any, 1, b"") };
            store.commit(batch(keys.iter().map(change).collect(), Vec::new())).await
        })
    };
    for task in [forget(), forget(), forget(), forget()] {
        assert_eq!(task.await.unwrap(), Ok(()));
    }
    assert_eq!(server.sql(&database, "SELECT count(*) FROM sealed_rows"), "0");
}

const MADE: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS first (a bigint)",
    "CREATE TABLE IF NOT EXISTS second (a bigint); INSERT INTO first VALUES (2)",
    "INSERT INTO first SELECT 3",
];

fn pool(server: &Server, database: &str) -> Pool {
    let address = Address::parse(&server.url(database), false).unwrap();
    Pool::open(&address, Trust::only(server.authority()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_every_earlier_version_become_those_of_this_one() {
    let Some(server) = shared() else { return };
    for from in 0..=MADE.len() {
        let database = server.database();
        let pool = pool(server, &database);
        assert_eq!(schema::migrate(&pool, &MADE[..from]).await, Ok(()));
        assert_eq!(schema::migrate(&pool, MADE).await, Ok(()));
        assert_eq!(schema::migrate(&pool, MADE).await, Ok(()), "once is enough");
        let sql = "SELECT string_agg(a::text, ',' ORDER BY a) FROM first";
        assert_eq!(server.sql(&database, sql), "2,3", "from {from}: each script ran once");
        let sql = "SELECT string_agg(version::text, ',' ORDER BY version) FROM schema_versions";
        assert_eq!(server.sql(&database, sql), "1,2,3");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_release_are_left_alone() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let pool = pool(server, &database);
    schema::migrate(&pool, MADE).await.unwrap();
    assert_eq!(schema::migrate(&pool, &MADE[..2]).await, Err(StoreError::Newer));
    let address = Address::parse(&server.url(&database), false).unwrap();
    let connected = Postgres::connect(&address, Trust::only(server.authority()).unwrap()).await;
    assert_eq!(connected.err(), Some(StoreError::Newer));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_start_at_once_make_the_tables_once() {
    let Some(server) = shared() else { return };
    for _ in 0..5 {
        let database = server.database();
        let pools: Vec<_> = (0..4).map(|_| pool(server, &database)).collect();
        let tasks: Vec<_> = pools
            .into_iter()
            .map(|pool| tokio::spawn(async move { schema::migrate(&pool, MADE).await }))
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Ok(()));
        }
        assert_eq!(server.sql(&database, "SELECT count(*) FROM first"), "2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_fails_leaves_nothing_and_is_run_again() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let pool = pool(server, &database);
    let broken = &["CREATE TABLE first (a bigint); INSERT INTO missing VALUES (1)"];
    assert_eq!(schema::migrate(&pool, broken).await, Err(StoreError::Corrupt));
    assert_eq!(
        server.sql(
            &database,
            "SELECT to_regclass('first') IS NULL AND NOT EXISTS (SELECT FROM schema_versions)"
        ),
        "t"
    );
    assert_eq!(schema::migrate(&pool, MADE).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_and_column_says_what_it_tells_the_operator() {
    let Some(server) = shared() else { return };
    let database = server.database();
    drop(store(server, &database).await);
    let silent = "SELECT coalesce(string_agg(c.relname || '.' || a.attname, ' '), '') FROM pg_class c \
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'schema_versions' \
        AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)";
    assert_eq!(server.sql(&database, silent), "");
}

/// What a connection comes to.
async fn tried(url: &str, trust: Trust) -> Result<(), NoConnection> {
    let wire = Wire::new(&Address::parse(url, true).unwrap(), trust);
    wire.connect().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_server_that_the_authority_vouches_for_by_its_name_is_connected_to() {
    let Some(server) = shared() else { return };
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem();
    let trust = || Trust::only(server.authority()).unwrap();
    let url = server.url("postgres");
    assert_eq!(tried(&url, trust()).await, Ok(()));
    assert_eq!(
        tried(&format!("{url}?channel_binding=require"), trust()).await,
        Ok(()),
        "the login names the certificate"
    );
    assert_eq!(tried(&url, Trust::only(other.as_bytes()).unwrap()).await, Err(NoConnection::Certificate));
    assert_eq!(tried(&url, Trust::web()).await, Err(NoConnection::Certificate));
    // The same server by a name that its certificate does not have.
    assert_eq!(tried(&server.url_at("127.0.0.1", "postgres"), trust()).await, Err(NoConnection::Certificate));
    let wrong = url.replace(PASSWORD, "another");
    assert_eq!(tried(&wrong, trust()).await, Err(NoConnection::Login));
    assert_eq!(tried(&server.url("missing"), trust()).await, Err(NoConnection::NoDatabase));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_sent_no_password() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 8];
        socket.read_exact(&mut heard).await.unwrap();
        // 'N': I speak no TLS.
        socket.write_all(b"N").await.unwrap();
        socket.read_to_end(&mut heard).await.unwrap();
        heard
    });
    let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/d");
    assert_eq!(tried(&url, Trust::web()).await, Err(NoConnection::Handshake));
    // An SSLRequest, and nothing after it: https://www.postgresql.org/docs/current/protocol-message-formats.html
    assert_eq!(heard.await.unwrap(), [0, 0, 0, 8, 4, 210, 22, 47]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_build_may_do_without_tls_on_this_machine() {
    let Some(server) = shared() else { return };
    let url = format!("{}?sslmode=disable", server.url_at("127.0.0.1", "postgres"));
    assert_eq!(tried(&url, Trust::web()).await, Ok(()));
    let directory = server.directory().display().to_string().replace('/', "%2F");
    let url = format!("postgres://postgres@{directory}:{}/postgres?sslmode=disable", server.port());
    assert_eq!(tried(&url, Trust::web()).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_does_not_obey_a_database_that_was_told_to_hurry() {
    let Some(server) = shared() else { return };
    let database = server.database();
    server.sql("postgres", &format!("ALTER DATABASE {database} SET synchronous_commit = 'off'"));
    let pool = pool(server, &database);
    let rows = pool.query("SELECT current_setting('synchronous_commit')", &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, &str>(0), "on");
}

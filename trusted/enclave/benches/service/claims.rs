//! How many accounts enclaves claim in a second from one PostgreSQL, as they do when another enclave is gone.

use crate::{
    figure,
    server::Server,
    store::{Address, Postgres, Store as _, Trust},
};
use std::time::Instant;

const ACCOUNTS: usize = 20_000;
/// As an enclave asks for them (`polls.rs`).
const AT_ONCE: usize = 256;

pub(crate) async fn measure() {
    let Some(server) = Server::start() else {
        return println!("skipped claims PERFAGG_POSTGRES_BIN is not set");
    };
    for (name, enclaves) in [("claims", 1), ("claims_by_4", 4)] {
        figure(name, per_second(&server, enclaves).await, "accounts/s");
    }
}

async fn per_second(server: &Server, enclaves: u8) -> f64 {
    let database = server.database();
    let address = Address::parse(&server.url(&database), false).unwrap();
    let mut stores = Vec::new();
    for _ in 0..enclaves {
        stores.push(Postgres::connect(&address, Trust::only(server.authority()).unwrap()).await.unwrap());
    }
    server.sql(
        &database,
        &format!(
            "INSERT INTO claims SELECT sha256(n::text::bytea), '', 1, 4000000000 FROM generate_series(1, {ACCOUNTS}) AS n"
        ),
    );
    server.sql(&database, "ANALYZE");
    let start = Instant::now();
    let claiming = stores.into_iter().zip(1..).map(|(store, enclave)| {
        tokio::spawn(async move {
            let mut claims = 0;
            loop {
                let more = store.claim([enclave; 16], AT_ONCE).await.unwrap();
                if more.is_empty() {
                    return claims;
                }
                claims += more.len();
            }
        })
    });
    let mut all = 0;
    for claims in claiming.collect::<Vec<_>>() {
        all += claims.await.unwrap();
    }
    let rate = all as f64 / start.elapsed().as_secs_f64();
    assert_eq!(all, ACCOUNTS, "each account has one holder");
    rate
}

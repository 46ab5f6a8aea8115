//! The store on a real server, which the tests start themselves.

mod server;
mod basics;
mod claiming;
mod faults;

use super::*;
use crate::store::{Change, Expect};
use server::Server;

/// A store of one enclave in a database.
async fn store(server: &Server, database: &str) -> Postgres {
    let address = Address::parse(&server.url(database), false).unwrap();
    Postgres::connect(&address, Trust::only(server.authority()).unwrap()).await.unwrap()
}

/// One row of a batch.
fn put(key: &[u8], expect: Expect, version: u64, sealed: &[u8]) -> Change {
    let row = Stored { generation: 1, version, sealed: sealed.to_vec() };
    Change { table: Table::Account, key: key.to_vec(), expect, row: Some(row) }
}

fn batch(changes: Vec<Change>, fences: Vec<Claim>) -> Batch {
    Batch { changes, fences }
}

/// An instant that no test lives to see.
const LATER_S: u64 = 4_000_000_000;

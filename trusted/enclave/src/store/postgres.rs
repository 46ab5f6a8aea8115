//! Rows in PostgreSQL, or an engine that speaks its protocol: for several enclaves that share accounts.
//!
//! ```text
//! address ─► pool (tls) ─► schema ─► rows, claims
//! ```
//!
//! The database is trusted for availability only. It sees the columns of `schema/*.sql`, each of which says what it
//! tells; what it could do is withhold rows or put older ones back.
//!
//! Not used, because distributed engines lack it or make it a bottleneck: LISTEN and NOTIFY, advisory locks, serial keys,
//! extensions, stored procedures, keys that grow with time. What is used where engines differ:
//!
//! - SKIP LOCKED: CockroachDB since 22.2 (<https://github.com/cockroachdb/docs/issues/14770>), YugabyteDB
//!   (<https://docs.yugabyte.com/stable/explore/transactions/explicit-locking/>)
//! - DELETE … USING: <https://www.cockroachlabs.com/docs/stable/delete>
//! - changes of tables that end the transaction: `autocommit_before_ddl`,
//!   <https://www.cockroachlabs.com/docs/stable/session-variables>; `schema.rs` is made for it
//! - 40001: a transaction that must be made again; `pool::again`

mod address;
mod tls;
mod trouble;
mod pool;
mod schema;
mod rows;
mod claims;
#[cfg(test)]
mod tests;

pub(crate) use address::Address;
pub(crate) use tls::Trust;

use super::{Answer, Batch, Claim, Instance, Store, StoreError, Stored, Table};
use crate::random;
use core::time::Duration;
use pool::Pool;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// What is past is swept so often, a little earlier or later by chance.
const SWEEP_S: u64 = 60;

/// Rows in a database.
pub(crate) struct Postgres {
    pool: Arc<Pool>,
    sweeping: AbortHandle,
}

impl Postgres {
    /// Connects, and makes the tables or brings them up to date. Fails within seconds if the database cannot be used; the
    /// log says why. Later it may go and come back.
    pub(crate) async fn connect(address: &Address, trust: Trust) -> Result<Self, StoreError> {
        let pool = Arc::new(Pool::open(address, trust));
        schema::migrate(&pool, schema::VERSIONS).await?;
        let sweeping = tokio::spawn(keep_swept(Arc::clone(&pool))).abort_handle();
        Ok(Self { pool, sweeping })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.sweeping.abort();
    }
}

async fn keep_swept(pool: Arc<Pool>) {
    loop {
        tokio::time::sleep(Duration::from_millis(SWEEP_S * 500 + random::system_seed() % (SWEEP_S * 1000)))
            .await;
        // What is left over is swept the next time.
        let _ = claims::sweep(&pool).await;
    }
}

impl Store for Postgres {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Stored>> {
        Box::pin(rows::get(&self.pool, table, key))
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        at_most: usize,
    ) -> Answer<'a, Vec<(Vec<u8>, Stored)>> {
        Box::pin(rows::scan(Arc::clone(&self.pool), table, prefix, after, at_most))
    }

    fn commit(&self, batch: Batch) -> Answer<'_, ()> {
        Box::pin(rows::commit(Arc::clone(&self.pool), batch))
    }

    fn enroll(&self, account: [u8; 32], until_s: u64) -> Answer<'_, ()> {
        Box::pin(claims::enroll(&self.pool, account, until_s))
    }

    fn withdraw(&self, account: [u8; 32]) -> Answer<'_, ()> {
        Box::pin(claims::withdraw(&self.pool, account))
    }

    fn claim(&self, by: Instance, at_most: usize) -> Answer<'_, Vec<Claim>> {
        Box::pin(claims::claim(&self.pool, by, None, at_most))
    }

    fn claim_one(&self, by: Instance, account: [u8; 32]) -> Answer<'_, Option<Claim>> {
        Box::pin(async move { Ok(claims::claim(&self.pool, by, Some(account), 1).await?.pop()) })
    }

    fn others(&self, by: Instance) -> Answer<'_, bool> {
        Box::pin(claims::others(&self.pool, by))
    }

    fn renew(&self, by: Instance) -> Answer<'_, Vec<Claim>> {
        Box::pin(claims::renew(&self.pool, by))
    }

    fn release(&self, by: Instance, account: Option<[u8; 32]>) -> Answer<'_, ()> {
        Box::pin(claims::release(&self.pool, by, account))
    }

    fn use_envelope(&self, id: [u8; 16], expires_s: u64) -> Answer<'_, bool> {
        Box::pin(claims::use_envelope(&self.pool, id, expires_s))
    }

    fn is_shared(&self) -> bool {
        true
    }
}

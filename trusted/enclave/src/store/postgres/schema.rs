//! The tables, in versions: each is a script, applied in order, once.
//!
//! Two enclaves may start at once, and no lock is taken that only some engines have: the number of a version is inserted
//! in the transaction that makes it, so that who comes second is refused, undone, and looks again. Where an engine changes
//! tables outside of transactions, a script that was cut off is run again: each of its statements can be run twice.

use super::{
    pool::{Pool, again, within_limit},
    trouble::Trouble,
};
use crate::store::StoreError;
use core::time::Duration;
use tokio::time;
use tokio_postgres::{Client, Error, error::SqlState, types::Type};

/// The versions, from 1 on. What was released is never changed.
pub(super) const VERSIONS: &[&str] = &[include_str!("schema/1.sql")];

/// To make one version, whose script may go over all rows.
const LIMIT: Duration = Duration::from_secs(600);

const VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_versions (
        version    bigint      NOT NULL PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE schema_versions IS 'Which versions of the tables were made, and when.'";

/// Brings the tables to the last of `versions`; `Newer` if they are beyond it, and then nothing is touched.
pub(super) async fn migrate(pool: &Pool, versions: &[&str]) -> Result<(), StoreError> {
    while let Some((number, script)) = within_limit(again(|| next(pool, versions))).await? {
        // What somebody else makes at the same time is no trouble: it is there when we read again.
        let made = again(|| async {
            match next(pool, versions).await? {
                Some(still) if still == (number, script) => make(pool, number, script).await,
                _ => Ok(()),
            }
        });
        time::timeout(LIMIT, made).await.unwrap_or(Err(StoreError::Unavailable))?;
    }
    Ok(())
}

/// The version that is to be made now, if any is.
async fn next<'a>(pool: &Pool, versions: &[&'a str]) -> Result<Option<(usize, &'a str)>, Trouble> {
    let present = present(pool).await?;
    if present > versions.len() {
        return Err(StoreError::Newer.into());
    }
    Ok(versions.get(present).map(|script| (present.saturating_add(1), *script)))
}

/// The version of the tables; 0 before the first.
async fn present(pool: &Pool) -> Result<usize, Trouble> {
    let lent = pool.lend().await?;
    let client = lent.client()?;
    let versions = "SELECT COALESCE(MAX(version), 0) FROM schema_versions";
    let mut read = client.query_typed(versions, &[]).await;
    if read.as_ref().is_err_and(|error| error.code() == Some(&SqlState::UNDEFINED_TABLE)) {
        client.batch_execute(VERSIONS_TABLE).await.map_err(|error| second(&error))?;
        read = client.query_typed(versions, &[]).await;
    }
    let rows = read.map_err(|error| Trouble::from(&error))?;
    lent.give_back();
    let version = rows.first().and_then(|row| row.try_get::<_, i64>(0).ok());
    let version = version.and_then(|version| usize::try_from(version).ok());
    version.ok_or(Trouble::Because(StoreError::Corrupt))
}

/// Makes one version. When it fails, its connection is closed and so it is undone.
async fn make(pool: &Pool, version: usize, script: &str) -> Result<(), Trouble> {
    let number = i64::try_from(version).map_err(|_| StoreError::Corrupt)?;
    let lent = pool.lend().await?;
    made(lent.client()?, number, script).await.map_err(|error| second(&error))?;
    lent.give_back();
    tracing::info!(version, "the database has the tables of this version now");
    Ok(())
}

async fn made(client: &Client, number: i64, script: &str) -> Result<(), Error> {
    client.batch_execute("BEGIN").await?;
    client.batch_execute("SET LOCAL statement_timeout = 0").await?;
    client.batch_execute(script).await?;
    // Last: an engine that commits each change of a table by itself has made them all when this says so.
    let insert = "INSERT INTO schema_versions (version) VALUES ($1)";
    client.execute_typed(insert, &[(&number, Type::INT8)]).await?;
    client.batch_execute("COMMIT").await
}

/// Two that make one version at the same time: the second is refused, in several words. It looks again.
fn second(error: &Error) -> Trouble {
    match error.code() {
        Some(&SqlState::UNIQUE_VIOLATION | &SqlState::DUPLICATE_TABLE | &SqlState::DUPLICATE_OBJECT) => {
            Trouble::Again
        }
        _ => Trouble::from(error),
    }
}
